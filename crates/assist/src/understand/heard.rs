//! A message in one form for looking words up (simplified, lower case, half width), with the way back to its bytes; and
//! lists of words that are looked for in it. No meaning.

use std::ops::Range;

use language::text::{Normalised, Normaliser};
use regex::Regex;
use rustc_hash::FxHashMap;

const FORM: Normaliser = Normaliser { simplify: true, fold_case: true, max_repeats: 0, keep_lines: true };

/// A text in the form in which words are looked up.
pub(super) fn fold(text: &str) -> Normalised<'_> {
    FORM.apply(text)
}

/// Whether letters and digits on both sides of `at` are one word of Latin script.
pub(super) fn joins(text: &str, at: usize) -> bool {
    let is_letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    at > 0 && is_letter(text.as_bytes().get(at - 1)) && is_letter(text.as_bytes().get(at))
}

pub(super) fn is_han(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

/// A pattern of our own. Words of Latin letters end where others begin: `\b` also stands between a letter and a Han
/// character.
pub(super) fn pattern(text: &str) -> Regex {
    Regex::new(&ascii_bounds(text)).expect("a sound pattern")
}

pub(super) fn ascii_bounds(pattern: &str) -> String {
    pattern.replace(r"\b", r"(?-u:\b)")
}

/// Words and what they stand for; the longest at each place is meant.
#[derive(Clone, Debug, Default)]
pub(super) struct Words<V> {
    values: FxHashMap<Box<str>, V>,
    /// In bytes.
    longest: usize,
}

/// Longer words are not looked for, so that looking is linear in a text's length.
const WORD_MAX: usize = 48;

impl<V> Words<V> {
    /// Words must be in folded form.
    pub fn new<'a>(words: impl IntoIterator<Item = (&'a str, V)>) -> Self {
        let mut all = Words { values: FxHashMap::default(), longest: 0 };
        for (word, value) in words {
            all.add(word, value);
        }
        all
    }

    /// The first meaning of a word stays.
    pub fn add(&mut self, word: &str, value: V) {
        if !word.is_empty() && word.len() <= WORD_MAX {
            self.longest = self.longest.max(word.len());
            self.values.entry(word.into()).or_insert(value);
        }
    }

    pub fn get(&self, word: &str) -> Option<&V> {
        self.values.get(word)
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Words from left to right, none within another. Words of letters stand alone, but for a plural's `s`.
    pub fn find<'s>(&'s self, text: &str) -> Vec<(Range<usize>, &'s V)> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(character) = text[at..].chars().next() {
            match self.at(text, at) {
                Some((end, value)) => {
                    found.push((at..end, value));
                    at = end;
                }
                None => at += character.len_utf8(),
            }
        }
        found
    }

    fn at(&self, text: &str, at: usize) -> Option<(usize, &V)> {
        if joins(text, at) {
            return None;
        }
        let last = text.floor_char_boundary(at + self.longest);
        (at + 1..=last).rev().filter(|&end| text.is_char_boundary(end)).find_map(|end| {
            let ends = if !joins(text, end) {
                end
            } else if text.as_bytes()[end] == b's' && !joins(text, end + 1) {
                end + 1
            } else {
                return None;
            };
            Some((ends, self.values.get(&text[at..end])?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_word_is_found_and_letters_stand_alone() {
        let words = Words::new([("内存", 1), ("内存卡", 2), ("ram", 3), ("cable", 4)]);
        let found = |text: &str| words.find(text).into_iter().map(|(range, value)| (range, *value)).collect::<Vec<_>>();
        assert_eq!(found("内存卡和内存"), [(0..9, 2), (12..18, 1)]);
        assert_eq!(found("program ram, frame"), [(8..11, 3)]);
        assert_eq!(found("两根cables"), [(6..12, 4)]);
        assert!(found("cablesx").is_empty());
        assert!(Words::<u8>::default().find("abc").is_empty());
    }
}
