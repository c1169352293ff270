//! A text as the law check reads it: one width, simplified, lower case, look-alike characters as what they look like, and
//! without what is put between characters to hide words (`最*佳`, `最 佳`, `最❤佳`). Every character knows where it stands in
//! the original. No word is judged here.

use std::ops::Range;

use language::text::{Normalised, Normaliser};

/// A text in the form that terms are looked for in.
pub(crate) struct Folded<'a> {
    normal: Normalised<'a>,
    pub chars: Vec<char>,
    /// Bytes of the normal form.
    from: Vec<u32>,
    to: Vec<u32>,
}

const FORM: Normaliser = Normaliser { simplify: true, fold_case: true, max_repeats: 0, keep_lines: true };

impl<'a> Folded<'a> {
    /// Folds a text. Time is linear in its length.
    ///
    /// # Panics
    /// If the text has 4 GiB or more.
    pub fn new(text: &'a str) -> Self {
        assert!(u32::try_from(text.len()).is_ok(), "a text below 4 GiB");
        let normal = FORM.apply(text);
        let n_likely = text.len() / 2;
        let mut writer = Writer { chars: Vec::with_capacity(n_likely), from: Vec::new(), to: Vec::new() };
        writer.from.reserve(n_likely);
        writer.to.reserve(n_likely);
        // Characters that may stand between others, until it is known what follows them.
        let mut waiting: Vec<(u32, char)> = Vec::new();
        // Where a pair of brackets closes that stands around a part of a word.
        let mut closes_at = None;
        for (at, character) in normal.text().char_indices() {
            let is_within = writer.chars.last().is_some_and(|before| is_chinese(*before));
            let closing = is_within.then(|| closing_bracket(&normal.text()[at..])).flatten();
            closes_at = closing.map(|length| at + length).or(closes_at);
            let is_bracket = closing.is_some() || closes_at == Some(at);
            let at = at as u32;
            // A sign that stands for a word is none between words.
            let is_filler = is_filler(character) && look_alike(character) == character;
            if is_bracket || is_filler {
                waiting.push((at, character));
                continue;
            }
            let character = look_alike(character);
            if !waiting.is_empty() {
                let hides = writer.chars.last().is_some_and(|before| hidden_between(*before, character));
                if !hides {
                    waiting.iter().for_each(|(at, filler)| writer.push(*at, *filler, filler.len_utf8()));
                }
                waiting.clear();
            }
            writer.push(at, character, width(normal.text(), at));
        }
        let Writer { chars, from, to } = writer;
        Folded { normal, chars, from, to }
    }

    /// The original's bytes of these characters.
    ///
    /// # Panics
    /// If the range is empty or not within the text.
    pub fn original(&self, chars: Range<usize>) -> Range<usize> {
        self.normal.original(self.from[chars.start] as usize..self.to[chars.end - 1] as usize)
    }

    /// Whether something stood between these characters.
    pub fn is_parted(&self, chars: Range<usize>) -> bool {
        (chars.start + 1..chars.end).any(|at| self.to[at - 1] < self.from[at])
    }
}

struct Writer {
    chars: Vec<char>,
    from: Vec<u32>,
    to: Vec<u32>,
}

impl Writer {
    fn push(&mut self, at: u32, character: char, n_bytes: usize) {
        let mut one = |character| {
            self.chars.push(character);
            self.from.push(at);
            self.to.push(at + n_bytes as u32);
        };
        if character == '№' {
            ['n', 'o', '.'].into_iter().for_each(one);
        } else {
            one(character);
        }
    }
}

/// Bytes of the character at `at`.
fn width(text: &str, at: u32) -> usize {
    match text.as_bytes()[at as usize] {
        0..0x80 => 1,
        0x80..0xe0 => 2,
        0xe0..0xf0 => 3,
        _ => 4,
    }
}

/// Where the bracket closes that this begins with, if one or two ideographs stand in it and one follows: `最(高)级`.
fn closing_bracket(text: &str) -> Option<usize> {
    let mut rest = text.char_indices();
    let close = match rest.next()?.1 {
        '(' => ')',
        '【' => '】',
        '[' => ']',
        _ => return None,
    };
    let (_, first) = rest.next()?;
    let (mut at, mut next) = rest.next()?;
    if is_chinese(first) && is_chinese(next) {
        (at, next) = rest.next()?;
    }
    (is_chinese(first) && next == close && rest.next().is_some_and(|(_, after)| is_chinese(after))).then_some(at)
}

/// Whether what stands between these two is there to part a word: beside Chinese, and not at the edge of a clause.
fn hidden_between(before: char, after: char) -> bool {
    (is_chinese(before) || is_chinese(after)) && !ends_clause(before) && !ends_clause(after)
}

pub(crate) fn is_chinese(character: char) -> bool {
    matches!(character, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '〇')
}

/// Marks after which another thing is said.
pub(crate) fn ends_clause(character: char) -> bool {
    matches!(
        character,
        ',' | '。' | '!' | '?' | ';' | '\n' | '…' | '、' | ':' | '(' | ')' | '【' | '】' | '《' | '》' | '〈' | '〉'
    )
}

/// Marks after which another sentence begins.
pub(crate) fn ends_sentence(character: char) -> bool {
    matches!(character, '。' | '!' | '?' | '\n' | ';')
}

/// Characters that are put between those of a word to hide it.
fn is_filler(character: char) -> bool {
    matches!(
        character,
        ' ' | '*'
            | '·'
            | '•'
            | '・'
            | '.'
            | '-'
            | '_'
            | '~'
            | '—'
            | '―'
            | '/'
            | '\\'
            | '|'
            | '^'
            | '`'
            | '\''
            | '"'
            | '“'
            | '”'
            | '「'
            | '」'
            | '『'
            | '』'
            | '+'
            | '='
            | '&'
            | '#'
            | '@'
            | '<'
            | '>'
            | '{'
            | '}'
            | '¦'
            | '│'
            | '※'
            | '㊣'
            | '㊙'
            | '\u{200d}'
            | '\u{20e3}'
            | '\u{fe0f}'
            | '‖'
            | '¨'
            | '°'
            | '﹒'
            | 'の'
    ) || matches!(character as u32,
        0x1f000..=0x1faff | 0x2600..=0x27bf | 0x2b00..=0x2bff | 0x2300..=0x23ff | 0x2190..=0x21ff | 0x2500..=0x25ff
        | 0xe0020..=0xe007f)
        && !matches!(character, '❶'..='❾' | '➀'..='➈')
}

/// What a character is written for.
fn look_alike(character: char) -> char {
    if (character as u32) < 0x80 {
        return character;
    }
    let digit = |first: char| char::from_digit(character as u32 - first as u32 + 1, 10).unwrap_or(character);
    match character {
        '蕞' | '朂' | '冣' => '最',
        '髙' => '高',
        'Β' | 'β' => 'b',
        '囯' | '圀' => '国',
        '夲' => '本',
        '対' => '对',
        // Pinyin with its tones, and letters in circles.
        'ā' | 'á' | 'ǎ' | 'à' => 'a',
        'ē' | 'é' | 'ě' | 'è' => 'e',
        'ī' | 'í' | 'ǐ' | 'ì' => 'i',
        'ō' | 'ó' | 'ǒ' | 'ò' => 'o',
        'ū' | 'ú' | 'ǔ' | 'ù' => 'u',
        'ǖ' | 'ǘ' | 'ǚ' | 'ǜ' | 'ü' => 'v',
        'ⓐ'..='ⓩ' => char::from(b'a' + (character as u32 - 'ⓐ' as u32) as u8),
        '悳' => '德',
        '🈶' => '有',
        '🈚' => '无',
        '🉑' => '可',
        '🉐' => '得',
        '🈵' => '满',
        '🈲' => '禁',
        '①'..='⑨' => digit('①'),
        '⑴'..='⑼' => digit('⑴'),
        '❶'..='❾' => digit('❶'),
        '➀'..='➈' => digit('➀'),
        '㊀' | '㈠' | '弌' => '一',
        // Cyrillic and Greek letters that look Latin.
        'а' | 'α' => 'a',
        'е' => 'e',
        'о' | 'ο' | 'σ' => 'o',
        'р' | 'ρ' => 'p',
        'с' => 'c',
        'т' | 'τ' => 't',
        'н' => 'h',
        'в' => 'b',
        'м' => 'm',
        'х' => 'x',
        'у' => 'y',
        'ν' => 'v',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folded(text: &str) -> String {
        Folded::new(text).chars.iter().collect()
    }

    #[test]
    fn what_hides_a_word_goes() {
        for (text, expected) in [
            ("最*佳", "最佳"),
            ("最 佳", "最佳"),
            ("最❤️佳", "最佳"),
            ("第-①名", "第1名"),
            ("國/家/級", "国家级"),
            ("№1 的", "no.1的"),
            ("ＮＯ．１手机", "no.1手机"),
            ("蕞\u{200b}好", "最好"),
            ("the  BEST one", "the best one"),
            ("USB-C 3.0", "usb-c 3.0"),
            ("很好， 最佳", "很好, 最佳"),
            ("1️⃣号", "1号"),
            ("тор1", "top1"),
            ("", ""),
            (" * ", ""),
        ] {
            assert_eq!(folded(text), expected, "{text}");
        }
    }

    #[test]
    fn places_are_those_of_the_original() {
        let text = "品质全國第😀①！";
        let read = Folded::new(text);
        let at = read.chars.iter().position(|character| *character == '第').unwrap();
        assert_eq!(&text[read.original(at..at + 2)], "第😀①");
        assert!(read.is_parted(at..at + 2) && !read.is_parted(at - 2..at + 1));
    }

    proptest! {
        #[test]
        fn every_character_has_its_place(text in "\\PC{0,40}[最佳*№①❤\u{fe0f}\u{200d}\u{301}ﾞａ㏀ \n]{0,30}\\PC{0,10}") {
            let read = Folded::new(&text);
            let mut before = 0;
            for at in 0..read.chars.len() {
                let bytes = read.original(at..at + 1);
                prop_assert!(text.get(bytes.clone()).is_some_and(|part| !part.is_empty()), "{bytes:?}");
                prop_assert!(bytes.start >= before);
                before = bytes.start;
            }
        }
    }
}
