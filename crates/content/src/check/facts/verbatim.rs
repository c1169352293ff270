//! Sentences that the caller knows to be true as they stand: where one stands in a text word for word it is borne out whole, and
//! the other parts of the check do not read it. What stands around it is read as ever.

use std::ops::Range;

use super::grounds::Stated;

/// Shorter ones could stand in any text by chance.
const CHARS_MIN: usize = 4;

/// Where the sentences stand, in order, and the text with blanks in their place, every character as long as before.
pub(super) fn find<'a>(text: &str, said: &'a [Stated]) -> (String, Vec<(Range<usize>, &'a Stated)>) {
    let lower = text.to_ascii_lowercase();
    let mut longest: Vec<&Stated> = said.iter().filter(|one| one.value.chars().count() >= CHARS_MIN).collect();
    longest.sort_by(|a, b| b.value.len().cmp(&a.value.len()).then_with(|| a.value.cmp(&b.value)));
    let mut found: Vec<(Range<usize>, &Stated)> = Vec::new();
    for one in longest {
        for (at, _) in lower.match_indices(&one.value.to_ascii_lowercase()) {
            let range = at..at + one.value.len();
            let is_taken = found.iter().any(|(other, _)| other.start < range.end && range.start < other.end);
            if !is_taken && is_whole(&lower, &range) {
                found.push((range, one));
            }
        }
    }
    found.sort_by_key(|(range, _)| range.start);
    (blanked(text, &found), found)
}

/// Whether neither a longer word nor a longer number goes on beside it.
fn is_whole(text: &str, range: &Range<usize>) -> bool {
    let joins = |side: Option<char>, own: Option<char>| {
        side.is_some_and(|side| side.is_ascii_alphanumeric()) && own.is_some_and(|own| own.is_ascii_alphanumeric())
    };
    let inside = &text[range.clone()];
    !joins(text[..range.start].chars().next_back(), inside.chars().next())
        && !joins(text[range.end..].chars().next(), inside.chars().next_back())
}

fn blanked(text: &str, found: &[(Range<usize>, &Stated)]) -> String {
    let mut made = String::with_capacity(text.len());
    let mut copied = 0;
    for (range, _) in found {
        made.push_str(&text[copied..range.start]);
        made.extend(text[range.clone()].chars().map(blank));
        copied = range.end;
    }
    made.push_str(&text[copied..]);
    made
}

/// A blank of the same length in UTF-8; there is none of four bytes, so a private character stands for it.
fn blank(one: char) -> char {
    match one.len_utf8() {
        1 => ' ',
        2 => '\u{a0}',
        3 => '\u{3000}',
        _ => '\u{f0000}',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_found_whole_and_blanked_in_place() {
        let said = |value: &str| Stated { field: "memory".into(), value: value.into() };
        let all = [said("内存多了4GB"), said("4 of the 9 phones have less"), said("4GB")];
        let text = "这一代内存多了4GB😀。 4 Of the 9 phones have less.";
        let (masked, found) = find(text, &all);
        assert_eq!(found.iter().map(|(range, _)| &text[range.clone()]).collect::<Vec<_>>().len(), 2);
        assert_eq!((masked.len(), masked.chars().count()), (text.len(), text.chars().count()));
        assert!(!masked.contains('4') && masked.contains("这一代") && masked.ends_with('.'));
        assert_eq!(find("14 of the 9 phones have less", &all).1, []);
        assert_eq!(find("内存多了4GBs", &all).1, []);
    }
}
