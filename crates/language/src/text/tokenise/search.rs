//! What an index wants besides the whole: the parts of names and quantities that people may type alone.

use std::borrow::Cow;
use std::ops::Range;

use super::TokenKind;
use super::words::Sink;

/// The number of a quantity as it was written, without the commas: `5999` of `¥5,999`.
pub(super) fn number_of(text: &str, range: &Range<usize>, sink: &mut Sink) {
    let written = &text[range.clone()];
    let number = |one: char| one.is_ascii_digit() || one == '.' || one == ',';
    let Some(from) = written.find(|one: char| one.is_ascii_digit()) else { return };
    let len = written[from..].find(|one| !number(one)).unwrap_or(written.len() - from);
    let digits = written[from..from + len].trim_end_matches(['.', ',']);
    let at = range.start + from;
    let plain = if digits.contains(',') { Cow::Owned(digits.replace(',', "")) } else { Cow::Borrowed(digits) };
    sink(at..at + digits.len(), TokenKind::Number, plain);
}

/// The words of a name, and letters and digits of each apart: `i7`, `13700h`, `13700` of `i7-13700H`.
pub(super) fn parts_of_name(text: &str, range: Range<usize>, sink: &mut Sink) {
    let name = &text[range.clone()];
    let mut offset = 0;
    for word in name.split_inclusive([' ', '-', '+']) {
        let at = range.start + offset;
        offset += word.len();
        let word = word.trim_end_matches([' ', '-', '+']);
        for (from, to) in pieces(word) {
            part(text, at + from..at + to, sink);
        }
        // A name of one word is the whole.
        if word.len() < name.len() {
            part(text, at..at + word.len(), sink);
        }
    }
}

/// Where letters and digits of a word stand apart, if it has both and they are long enough to be typed alone.
fn pieces(word: &str) -> Vec<(usize, usize)> {
    let class = |one: char| if one.is_ascii_digit() || one == '.' { 1 } else { 2 };
    let mut found = Vec::new();
    let mut from = 0;
    for (at, character) in word.char_indices() {
        if class(character) != word[from..].chars().next().map_or(0, class) {
            found.push((from, at));
            from = at;
        }
    }
    if from == 0 {
        return Vec::new();
    }
    found.push((from, word.len()));
    found.retain(|(from, to)| word[*from..*to].chars().count() >= 2);
    found
}

fn part(text: &str, range: Range<usize>, sink: &mut Sink) {
    let word = &text[range.clone()];
    if word.is_empty() {
        return;
    }
    let kind = if word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        TokenKind::Number
    } else if word.bytes().any(|byte| byte.is_ascii_digit()) {
        TokenKind::Model
    } else if word.is_ascii() {
        TokenKind::Latin
    } else {
        TokenKind::Word
    };
    sink(range, kind, Cow::Owned(word.to_lowercase()));
}
