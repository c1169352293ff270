//! What is personal in a text is hidden behind typed marks: `[PHONE]`, `[ID]`, `[ADDRESS]` … By form, by check digits, and
//! by the words beside it; model numbers, prices and specifications stay. It hides what it recognises: a name that
//! nothing marks as one is not found, so masking is no licence to publish.
//!
//! Digits are recognised in full width, spaced, dashed, and with characters that cannot be seen between them.

mod address;
mod kinds;
mod marked;
mod numbers;
#[cfg(test)]
mod tests;

use std::ops::Range;

use regex::Regex;
use rustc_hash::{FxHashMap, FxHashSet};

use super::normalise::Normaliser;
use crate::LanguageError;
pub use address::ENGLISH_ROADS;
pub use kinds::PersonalKind;

/// Something that was hidden.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hidden {
    pub kind: PersonalKind,
    /// Bytes of the original.
    pub range: Range<usize>,
    /// Bytes of the masked text: where its mark stands.
    pub masked: Range<usize>,
    /// What stands in the masked text: `[PHONE]`, or `[PHONE_2]` where marks are numbered.
    pub mark: String,
}

/// A text without what is personal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masked {
    pub text: String,
    /// In order.
    pub hidden: Vec<Hidden>,
}

impl Masked {
    /// What each mark stands for, for [`unmask`]. It is as personal as the original: for whoever may see that.
    pub fn key<'a>(&'a self, original: &'a str) -> Vec<(&'a str, &'a str)> {
        self.hidden.iter().map(|hidden| (hidden.mark.as_str(), &original[hidden.range.clone()])).collect()
    }
}

/// Puts back what numbered marks stand for. Marks that the key does not have stay.
pub fn unmask(text: &str, key: &[(impl AsRef<str>, impl AsRef<str>)]) -> String {
    let key: FxHashMap<&str, &str> = key.iter().map(|(mark, original)| (mark.as_ref(), original.as_ref())).collect();
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('[') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (mark, after) = rest.split_at(mark_len(rest));
        out.push_str(key.get(mark).unwrap_or(&mark));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Length of the mark that begins with this bracket; 1 if none does.
fn mark_len(text: &str) -> usize {
    let inner = text.bytes().skip(1).take(N_MARK_MAX).position(|byte| matches!(byte, b'[' | b']'));
    inner.filter(|at| text.as_bytes()[at + 1] == b']').map_or(1, |at| at + 2)
}

/// What the text already has that looks like a numbered mark: not to be used for another.
fn marks_in(text: &str) -> FxHashSet<&str> {
    text.match_indices('[').map(|(at, _)| &text[at..at + mark_len(&text[at..])]).filter(|mark| mark.len() > 1).collect()
}

/// Longest mark in bytes.
const N_MARK_MAX: usize = 32;

/// Hides what is personal.
#[derive(Clone, Debug, Default)]
pub struct Masker {
    order_numbers: Vec<Regex>,
    numbered: bool,
}

/// Hides what is personal, by what is known without a shop.
pub fn mask(text: &str) -> Masked {
    Masker::default().mask(text)
}

/// What one recogniser found: bytes of the text in normal form.
type Spot = (Range<usize>, PersonalKind);

impl Masker {
    /// With the forms of a shop's order numbers as regular expressions (`TC\d{8}`).
    ///
    /// # Errors
    /// If an expression cannot be read, or matches empty text.
    pub fn new<S: AsRef<str>>(order_numbers: &[S]) -> Result<Self, LanguageError> {
        let mut read = Vec::with_capacity(order_numbers.len());
        for pattern in order_numbers {
            let pattern = pattern.as_ref();
            let regex = Regex::new(pattern).map_err(|_| {
                LanguageError::unfit("form of order numbers", pattern, "a regular expression such as TC\\d{8}")
            })?;
            if regex.is_match("") {
                return Err(LanguageError::unfit("form of order numbers", pattern, "one that matches no empty text"));
            }
            read.push(regex);
        }
        Ok(Masker { order_numbers: read, numbered: false })
    }

    /// Numbers the marks of a text by value (`[PHONE_1]`), so that they can be put back.
    pub fn numbered(self) -> Self {
        Masker { numbered: true, ..self }
    }

    /// Hides what is personal. Time is linear in the text's length.
    pub fn mask(&self, text: &str) -> Masked {
        let form = Normaliser { simplify: true, fold_case: false, max_repeats: 0, keep_lines: true };
        let normal = form.apply(text);
        let mut spots: Vec<Spot> = Vec::new();
        for pattern in &self.order_numbers {
            spots.extend(pattern.find_iter(normal.text()).map(|found| (found.range(), PersonalKind::Order)));
        }
        numbers::find(normal.text(), &mut spots);
        marked::find(normal.text(), &mut spots);
        address::find(normal.text(), &mut spots);
        let spots = without_overlaps(spots);
        let ranges = spots.into_iter().map(|(range, kind)| (normal.original(range), kind));
        self.write(text, ranges)
    }

    fn write(&self, text: &str, spots: impl Iterator<Item = Spot>) -> Masked {
        let mut masked = Masked { text: String::with_capacity(text.len()), hidden: Vec::new() };
        let mut values: FxHashMap<(PersonalKind, &str), usize> = FxHashMap::default();
        let mut n_values: FxHashMap<PersonalKind, usize> = FxHashMap::default();
        let taken = if self.numbered { marks_in(text) } else { FxHashSet::default() };
        let mut copied = 0;
        for (range, kind) in spots {
            masked.text.push_str(&text[copied..range.start]);
            let mark = if self.numbered {
                let n = *values.entry((kind, &text[range.clone()])).or_insert_with(|| {
                    let n = n_values.entry(kind).or_default();
                    *n += 1;
                    while taken.contains(format!("[{}_{n}]", kind.name()).as_str()) {
                        *n += 1;
                    }
                    *n
                });
                format!("[{}_{n}]", kind.name())
            } else {
                format!("[{}]", kind.name())
            };
            let at = masked.text.len();
            masked.text.push_str(&mark);
            copied = range.end;
            masked.hidden.push(Hidden { kind, range, masked: at..masked.text.len(), mark });
        }
        masked.text.push_str(&text[copied..]);
        masked
    }
}

/// Of spots that overlap the one that begins first, then the surer, then the longer.
fn without_overlaps(mut spots: Vec<Spot>) -> Vec<Spot> {
    spots.sort_by_key(|(range, kind)| (range.start, *kind, std::cmp::Reverse(range.end)));
    let mut kept: Vec<Spot> = Vec::with_capacity(spots.len());
    for (range, kind) in spots {
        match kept.last_mut() {
            Some((last, _)) if range.start < last.end => last.end = last.end.max(range.end),
            _ => kept.push((range, kind)),
        }
    }
    kept
}
