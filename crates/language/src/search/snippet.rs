//! The piece of a text that shows best why it was found, and which bytes of the text to highlight. Offsets are those of
//! the text as it was put in, so that others can cite exactly.

use std::ops::Range;

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::units::{cut, each_unit, fold};

/// Bytes of a piece, about.
const LENGTH: usize = 300;
/// Bytes of a text that are looked through.
const LOOKED_THROUGH: usize = 64 << 10;
const HIGHLIGHTS_MAX: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Snippet {
    /// Bytes of the entry's body.
    pub range: Range<usize>,
    pub text: String,
    /// Bytes of the entry's body, within the range, ascending, apart from each other.
    pub highlights: Vec<Range<usize>>,
}

/// The piece with most different terms; the text's beginning if it has none; nothing if it is empty.
pub(super) fn snippet(body: &str, terms: &[&str]) -> Option<Snippet> {
    let looked_at = cut(body, LOOKED_THROUGH);
    if looked_at.trim().is_empty() {
        return None;
    }
    let found = occurrences(looked_at, terms);
    let start = best_start(&found);
    let range = piece(looked_at, start);
    let inside =
        found.into_iter().map(|(_, place)| place).filter(|place| range.start <= place.start && place.end <= range.end);
    Some(Snippet { text: body[range.clone()].to_owned(), highlights: joined(inside), range })
}

/// Bytes of a name to highlight.
pub(super) fn name_highlights(name: &str, terms: &[&str]) -> Vec<Range<usize>> {
    joined(occurrences(cut(name, LENGTH), terms).into_iter().map(|(_, place)| place))
}

/// Where terms stand in the original, each with its number, by place.
fn occurrences(text: &str, terms: &[&str]) -> Vec<(usize, Range<usize>)> {
    let numbers: FxHashMap<&str, usize> = terms.iter().enumerate().map(|(at, term)| (*term, at)).collect();
    let folded = fold(text);
    let mut found = Vec::new();
    each_unit(folded.text(), |unit| {
        if let Some(&at) = numbers.get(unit.text) {
            found.push((at, folded.original(unit.range)));
        }
    });
    found.sort_by_key(|(_, place)| (place.start, place.end));
    found
}

/// Where the piece begins that has most different terms, then most terms, then stands first.
fn best_start(found: &[(usize, Range<usize>)]) -> usize {
    let (mut best, mut best_worth) = (0, (0, 0));
    let mut inside: FxHashMap<usize, usize> = FxHashMap::default();
    let mut end = 0;
    for (at, (term, place)) in found.iter().enumerate() {
        while end < found.len() && found[end].1.end <= place.start + LENGTH {
            *inside.entry(found[end].0).or_default() += 1;
            end += 1;
        }
        let worth = (inside.len(), end - at.min(end));
        if worth > best_worth {
            (best, best_worth) = (place.start, worth);
        }
        if let Some(n) = inside.get_mut(term) {
            *n -= 1;
            if *n == 0 {
                inside.remove(term);
            }
        }
    }
    best
}

/// About [`LENGTH`] bytes from shortly before `start`, from and to the ends of sentences or words where there are some.
fn piece(text: &str, start: usize) -> Range<usize> {
    let earliest = floor(text, start.saturating_sub(LENGTH / 4));
    let before = &text[earliest..start];
    let is_end = |character: char| matches!(character, '.' | '!' | '?' | '。' | '！' | '？' | '\n' | '；');
    let from = match before.char_indices().rev().find(|(_, character)| is_end(*character)) {
        Some((at, character)) => earliest + at + character.len_utf8(),
        None if earliest == 0 => 0,
        None => before.find(' ').map_or(earliest, |at| earliest + at + 1),
    };
    let from = from + (text[from..].len() - text[from..].trim_start().len());
    let latest = floor(text, (from + LENGTH).min(text.len()));
    if latest == text.len() {
        return from..from + text[from..].trim_end().len();
    }
    let after = &text[from..latest];
    let least = LENGTH / 2;
    let sentence = after.char_indices().rev().find(|(at, character)| *at > least && is_end(*character));
    let to = match sentence {
        Some((at, character)) => from + at + character.len_utf8(),
        None => after.rfind(' ').filter(|at| *at > least).map_or(latest, |at| from + at),
    };
    from..to.max(from)
}

fn floor(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

fn joined(places: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut all: Vec<Range<usize>> = Vec::new();
    for place in places.filter(|place| !place.is_empty()) {
        match all.last_mut() {
            Some(last) if place.start <= last.end => last.end = last.end.max(place.end),
            _ => all.push(place),
        }
    }
    all.truncate(HIGHLIGHTS_MAX);
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_best_piece_is_shown() {
        let body = format!("{} Turn on the power saving mode. 充電時請關閉手機！", "Nothing here. ".repeat(60));
        let found = snippet(&body, &["power", "save", "sav", "mode"]).unwrap();
        assert!(found.text.starts_with("Turn on the power saving mode."), "{}", found.text);
        let shown: Vec<&str> = found.highlights.iter().map(|place| &body[place.clone()]).collect();
        assert_eq!(shown, ["power", "saving", "mode"]);
        let found = snippet(&body, &["手机", "充电"]).unwrap();
        let shown: Vec<&str> = found.highlights.iter().map(|place| &body[place.clone()]).collect();
        assert_eq!(shown, ["充電", "手機"]);
        assert_eq!(snippet("  \n", &["a"]), None);
        assert_eq!(snippet("abc", &[]).unwrap().text, "abc");
    }

    proptest! {
        #[test]
        fn places_are_within_the_text(body in "(\\PC|[a-c 。.\n]|手机|ﬁ|㎏){0,200}", terms in prop::collection::vec("[a-c]|手机|fi|k", 0..4)) {
            let terms: Vec<&str> = terms.iter().map(String::as_str).collect();
            if let Some(found) = snippet(&body, &terms) {
                prop_assert_eq!(&found.text, &body[found.range.clone()]);
                for place in &found.highlights {
                    prop_assert!(found.range.start <= place.start && place.end <= found.range.end);
                    prop_assert!(!body[place.clone()].is_empty());
                }
            }
        }
    }
}
