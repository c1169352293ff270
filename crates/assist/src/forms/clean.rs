//! A message made ready for reading: without what cannot be seen, letters and digits in half width, clipped. And looking
//! for words in it. It understands nothing.

use std::ops::Range;

use language::text::to_simplified;

/// Characters of a message that a form reads at most.
pub const CHARACTERS_MAX: usize = 4000;

/// A message twice, byte for byte alike in length: as it is kept, and folded for looking up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    pub text: String,
    /// In lower case, in simplified characters.
    pub folded: String,
}

impl Words {
    pub fn of(text: &str) -> Words {
        let text: String = text.chars().filter_map(shown).take(CHARACTERS_MAX).collect();
        let text = text.trim().to_owned();
        let folded = folded(&text);
        Words { text, folded }
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub fn n_characters(&self) -> usize {
        self.text.chars().count()
    }

    /// Where a word first stands; Latin words and numbers only as whole words. `word` is in lower case.
    pub fn find(&self, word: &str) -> Option<Range<usize>> {
        find(&self.folded, word)
    }

    pub fn has(&self, word: &str) -> bool {
        !word.is_empty() && self.find(&word.to_ascii_lowercase()).is_some()
    }

    pub fn has_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.find(word).is_some())
    }

    /// The message without some ranges of it: what else was said.
    pub fn without(&self, ranges: &[Range<usize>]) -> String {
        let mut ranges: Vec<&Range<usize>> =
            ranges.iter().filter(|range| self.text.get((*range).clone()).is_some()).collect();
        ranges.sort_by_key(|range| range.start);
        let (mut out, mut at) = (String::new(), 0);
        for range in ranges {
            if range.start >= at {
                out.push_str(&self.text[at..range.start]);
                out.push(' ');
            }
            at = at.max(range.end);
        }
        out.push_str(&self.text[at..]);
        out
    }
}

/// In lower case, and traditional characters as simplified ones where that moves nothing.
fn folded(text: &str) -> String {
    let simplified = to_simplified(text);
    let lengths = |text: &str| text.chars().map(char::len_utf8).collect::<Vec<_>>();
    let alike = simplified.len() == text.len() && lengths(&simplified) == lengths(text);
    if alike { simplified.to_ascii_lowercase() } else { text.to_ascii_lowercase() }
}

/// Where a word stands in a folded text.
pub fn find(folded: &str, word: &str) -> Option<Range<usize>> {
    let latin = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = folded.as_bytes();
    folded.match_indices(word).map(|(at, _)| at..at + word.len()).find(|range| {
        let (first, last) = (bytes[range.start..].first(), bytes[..range.end].last());
        let begins = !latin(first) || range.start == 0 || !latin(bytes.get(range.start - 1));
        let ends = !latin(last) || !latin(bytes.get(range.end));
        begins && ends && !range.is_empty()
    })
}

/// A character as it is kept; none for what cannot be seen.
fn shown(character: char) -> Option<char> {
    match character {
        '\n' | '\t' | '\r' | '\u{3000}' | '\u{a0}' => Some(' '),
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => None,
        // Letters, digits and what stands in numbers and addresses; full-width marks of sentences stay.
        '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' | '＠' | '．' | '＋' | '－' | '＿' | '＃' => {
            char::from_u32(u32::from(character) - 0xFEE0)
        }
        _ if character.is_control() => None,
        _ => Some(character),
    }
}

/// A value as it is kept: on one line, single spaces, no marks around it.
pub fn tidy(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.trim_matches(|mark: char| mark.is_whitespace() || ",，。;；:：、.!！~～-—\"'“”‘’".contains(mark)).to_owned()
}
