//! What an index counts: every ideograph and every pair of neighbours, so that Chinese of any length is found however
//! words are cut; stems of English; model numbers whole and in parts (`i7-13700H`: `i713700h`, `i7`, `13700h`, `13700`);
//! sizes in one spelling (`16G`, `16 GB`: `16gb`). Queries are cut in the same way, which is why they meet.
//! Where words end is not decided here.

use std::ops::Range;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use super::stem::stem;
use crate::text::{Normalised, Normaliser};

/// A longer run of letters or digits is cut to this many bytes: no word, but hostile or encoded matter.
pub(super) const WORD_MAX: usize = 48;

/// What a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One ideograph.
    Character,
    /// Two neighbouring ideographs.
    Pair,
    /// A word in letters (its stem) or a number.
    Word,
    /// Letters and digits that stand together.
    Model,
    /// Letters or digits within a model.
    Part,
    /// Words joined by hyphens, or a number with its unit, written as one.
    Joined,
}

/// A unit with its place in the folded text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unit<'a> {
    pub text: &'a str,
    pub range: Range<usize>,
    pub position: usize,
    pub kind: Kind,
}

/// One form for what is the same to searchers: width, case, traditional characters.
pub(super) fn fold(text: &str) -> Normalised<'_> {
    Normaliser { simplify: true, fold_case: true, max_repeats: 0, keep_lines: true }.apply(text)
}

/// Characters that are words or syllables by themselves.
pub(super) fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

fn is_word_character(character: char) -> bool {
    if character.is_ascii() {
        character.is_ascii_alphanumeric()
    } else {
        character.is_alphanumeric() && !is_ideograph(character)
    }
}

/// Calls `emit` for every unit of a folded text, by place.
pub(super) fn each_unit(folded: &str, mut emit: impl FnMut(Unit)) {
    let mut cutter = Cutter { folded, position: 0, stem: String::new(), joined: String::new() };
    let mut at = 0;
    while let Some(character) = folded[at..].chars().next() {
        at = if is_ideograph(character) {
            cutter.ideographs(at, &mut emit)
        } else if is_word_character(character) {
            cutter.words(at, &mut emit)
        } else {
            at + character.len_utf8()
        };
    }
}

/// All units, owned: for queries.
pub(super) fn units(folded: &str) -> Vec<(String, Range<usize>, usize, Kind)> {
    let mut all = Vec::new();
    each_unit(folded, |unit| all.push((unit.text.to_owned(), unit.range, unit.position, unit.kind)));
    all
}

struct Cutter<'a> {
    folded: &'a str,
    position: usize,
    stem: String,
    joined: String,
}

impl Cutter<'_> {
    fn ideographs(&mut self, from: usize, emit: &mut impl FnMut(Unit)) -> usize {
        let mut at = from;
        loop {
            let rest = &self.folded[at..];
            let Some(first) = rest.chars().next().filter(|&character| is_ideograph(character)) else { return at };
            let next = at + first.len_utf8();
            let position = self.position;
            self.position += 1;
            emit(Unit { text: &self.folded[at..next], range: at..next, position, kind: Kind::Character });
            if let Some(second) = self.folded[next..].chars().next().filter(|&character| is_ideograph(character)) {
                let end = next + second.len_utf8();
                emit(Unit { text: &self.folded[at..end], range: at..end, position, kind: Kind::Pair });
            }
            at = next;
        }
    }

    /// Words with nothing but hyphens between them.
    fn words(&mut self, from: usize, emit: &mut impl FnMut(Unit)) -> usize {
        let first_position = self.position;
        let (mut at, mut n_words) = (from, 0);
        self.joined.clear();
        loop {
            let end = word_end(self.folded, at);
            n_words += 1;
            if self.joined.len() + (end - at) <= WORD_MAX {
                self.joined.push_str(&self.folded[at..end]);
            }
            self.word(at..end, emit);
            match self.folded.as_bytes().get(end) {
                Some(b'-' | b'_') if self.folded[end + 1..].chars().next().is_some_and(is_word_character) => {
                    at = end + 1;
                }
                Some(b'\'') => return self.apostrophe(from, end, n_words, first_position, emit),
                _ => {
                    self.join(from..end, n_words, first_position, emit);
                    return end;
                }
            }
        }
    }

    /// `'s` and `'t` belong to the word before and say nothing.
    fn apostrophe(&mut self, from: usize, end: usize, n: usize, position: usize, emit: &mut impl FnMut(Unit)) -> usize {
        self.join(from..end, n, position, emit);
        let after = word_end(self.folded, end + 1);
        if after - end <= 3 { after.max(end + 1) } else { end + 1 }
    }

    fn join(&mut self, range: Range<usize>, n_words: usize, position: usize, emit: &mut impl FnMut(Unit)) {
        if (2..=4).contains(&n_words) && self.joined.len() <= WORD_MAX {
            let joined = std::mem::take(&mut self.joined);
            emit(Unit { text: &joined, range, position, kind: Kind::Joined });
            self.joined = joined;
        }
    }

    fn word(&mut self, range: Range<usize>, emit: &mut impl FnMut(Unit)) {
        let word = cut(&self.folded[range.clone()], WORD_MAX);
        let has_digit = word.bytes().any(|byte| byte.is_ascii_digit());
        let has_letter = word.chars().any(char::is_alphabetic);
        if !has_digit || !has_letter {
            let position = self.position;
            self.position += 1;
            let text = if has_letter { stem(word, &mut self.stem) } else { word };
            emit(Unit { text, range: range.clone(), position, kind: Kind::Word });
            if !has_letter {
                self.size_after(word, range, position, emit);
            }
            return;
        }
        if let Some(size) = one_spelling(word) {
            emit(Unit { text: &size, range, position: self.position, kind: Kind::Word });
            self.position += 1;
            return;
        }
        emit(Unit { text: word, range: range.clone(), position: self.position, kind: Kind::Model });
        let before = self.position;
        for part in parts(word) {
            let place = range.start + part.start..range.start + part.end;
            let text = &self.folded[place.clone()];
            emit(Unit { text, range: place, position: self.position, kind: Kind::Part });
            self.position += 1;
        }
        self.position = self.position.max(before + 1);
    }

    /// A number whose unit follows after a space is also written as one: `16 GB`.
    fn size_after(&mut self, number: &str, range: Range<usize>, position: usize, emit: &mut impl FnMut(Unit)) {
        let Some(rest) = self.folded[range.end..].strip_prefix(' ') else { return };
        let end = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        if (1..=3).contains(&end)
            && let Some(size) = one_spelling(&format!("{number}{}", &rest[..end]))
        {
            emit(Unit { text: &size, range: range.start..range.end + 1 + end, position, kind: Kind::Joined });
        }
    }
}

/// Where the letters and digits that begin at `at` end; a point between digits belongs to them.
fn word_end(folded: &str, at: usize) -> usize {
    let bytes = folded.as_bytes();
    let mut end = at;
    while let Some(character) = folded[end..].chars().next() {
        let point = character == '.'
            && end > at
            && bytes[end - 1].is_ascii_digit()
            && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
        if !point && !is_word_character(character) {
            break;
        }
        end += character.len_utf8();
    }
    end
}

/// The first bytes of a text, not more than `n`, ending between characters.
pub(super) fn cut(text: &str, n: usize) -> &str {
    if text.len() <= n {
        return text;
    }
    let end = (0..=n).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    &text[..end]
}

/// Runs of two or more letters, or of two or more digits and points, within a model.
fn parts(word: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let is_number = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    let bytes = word.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let start = at;
            let number = is_number(bytes[start]);
            at += bytes[start..].iter().take_while(|&&byte| is_number(byte) == number).count();
            if at - start >= 2 {
                return Some(start..at);
            }
        }
        None
    })
}

/// A size of memory, a frequency, a charge in one spelling, if that is what the word is. `5g` is a network, not a size.
fn one_spelling(word: &str) -> Option<String> {
    let end = word.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let (number, unit) = word.split_at(end);
    if number.is_empty() || number.len() > 8 {
        return None;
    }
    let unit = match unit {
        "gb" => "gb",
        "g" if !matches!(number, "2" | "3" | "4" | "5" | "6") => "gb",
        "t" | "tb" => "tb",
        "mb" => "mb",
        "hz" | "mah" | "kg" | "mm" | "w" | "inch" => unit,
        _ => return None,
    };
    Some(format!("{number}{unit}"))
}

/// The units of a text as tantivy asks for them.
#[derive(Clone, Default)]
pub(super) struct UnitTokenizer {
    tokens: Vec<(u32, u32, u32)>,
    texts: String,
}

pub(super) struct UnitStream<'a> {
    units: &'a UnitTokenizer,
    at: usize,
    start: usize,
    token: Token,
}

impl Tokenizer for UnitTokenizer {
    type TokenStream<'a> = UnitStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> UnitStream<'a> {
        self.tokens.clear();
        self.texts.clear();
        let folded = fold(text);
        each_unit(folded.text(), |unit| {
            self.texts.push_str(unit.text);
            let position = u32::try_from(unit.position).unwrap_or(u32::MAX - 1);
            self.tokens.push((self.texts.len() as u32, position, unit.range.start as u32));
        });
        UnitStream { units: self, at: 0, start: 0, token: Token::default() }
    }
}

impl TokenStream for UnitStream<'_> {
    fn advance(&mut self) -> bool {
        let Some(&(end, position, place)) = self.units.tokens.get(self.at) else { return false };
        self.token.text.clear();
        self.token.text.push_str(&self.units.texts[self.start..end as usize]);
        self.token.position = position as usize;
        self.token.offset_from = place as usize;
        self.token.offset_to = place as usize + self.token.text.len();
        self.start = end as usize;
        self.at += 1;
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        units(fold(text).text()).into_iter().map(|(text, ..)| text).collect()
    }

    #[test]
    fn texts_are_cut() {
        for (text, wanted) in [
            ("", &[] as &[&str]),
            ("华为手机", &["华", "华为", "为", "为手", "手", "手机", "机"]),
            ("華為", &["华", "华为", "为"]),
            ("i7-13700H", &["i7", "13700h", "13700", "i713700h"]),
            ("Mate60Pro", &["mate60pro", "mate", "60", "pro"]),
            ("ＲＴＸ４０６０", &["rtx4060", "rtx", "4060"]),
            ("16G 16 GB 16GB", &["16gb", "16", "16gb", "gb", "16gb"]),
            ("5G", &["5g"]),
            ("the camera's settings", &["the", "camera", "set"]),
            ("13.3寸 4.2.1", &["13.3", "寸", "4.2.1"]),
            ("Wi-Fi", &["wi", "fi", "wifi"]),
            ("a && \"b\" (c):*~", &["a", "b", "c"]),
            ("👍🏽 \u{0}\u{7}x", &["x"]),
        ] {
            assert_eq!(texts(text), wanted, "{text}");
        }
    }

    #[test]
    fn places_are_those_of_the_folded_text() {
        let text = "买 iPhone15 手机壳, don't";
        let folded = fold(text);
        let mut last = 0;
        for (unit, range, position, kind) in units(folded.text()) {
            assert!(position >= last || kind == Kind::Joined, "{unit}");
            last = last.max(position);
            if matches!(kind, Kind::Character | Kind::Pair | Kind::Model | Kind::Part) {
                assert_eq!(&folded.text()[range], unit);
            }
        }
    }

    #[test]
    fn one_megabyte_of_one_character_is_cut_in_linear_time() {
        for character in ["a", "7", "华", "-", ".", "'", "1.", "a-", "👍", "\u{301}"] {
            let text = character.repeat(1_000_000 / character.len());
            let mut n = 0;
            each_unit(fold(&text).text(), |unit| n += usize::from(unit.text.len() <= 2 * WORD_MAX));
            assert!(n <= 2_000_000);
        }
    }
}
