//! What the shapes of all models have to keep to, in one place: sizes, vocabularies, and parts of values. What only one kind
//! of model asks for is checked there.

use std::ops::RangeInclusive;

use crate::LanguageError;

/// Words of a vocabulary, the reserved ones among them.
pub(super) const WORDS: RangeInclusive<usize> = 4..=1 << 31;
pub(super) const DIM: RangeInclusive<usize> = 1..=8192;
pub(super) const LAYERS: RangeInclusive<usize> = 1..=16;

/// # Errors
/// If one of the sizes, each with its name and what is allowed, is out of range.
pub(super) fn check_sizes(sizes: &[(&'static str, usize, RangeInclusive<usize>)]) -> Result<(), LanguageError> {
    match sizes.iter().find(|(_, found, allowed)| !allowed.contains(found)) {
        Some((what, found, allowed)) => {
            Err(LanguageError::unfit(what, found, format!("{} to {}", allowed.start(), allowed.end())))
        }
        None => Ok(()),
    }
}

/// # Errors
/// If words are to be copied from one vocabulary into another.
pub(super) fn check_copied(copy: bool, n_source: usize, n_target: usize) -> Result<(), LanguageError> {
    if !copy || n_source == n_target {
        return Ok(());
    }
    let found = format!("{n_source} and {n_target}");
    Err(LanguageError::unfit("source and target words of a model that copies", found, "the same words"))
}

/// # Errors
/// If the part that is dropped, that is spread over all words, or the weight of coverage is out of the card's range.
pub(super) fn check_parts(dropout: f32, label_smoothing: f32, coverage: f32) -> Result<(), LanguageError> {
    let parts = [("dropout", dropout, 0.95), ("label_smoothing", label_smoothing, 0.9), ("coverage", coverage, 100.0)];
    match parts.into_iter().find(|(_, found, most)| !(0.0..=*most).contains(found)) {
        Some((what, found, most)) => Err(LanguageError::unfit(what, found, format!("0 to {most}"))),
        None => Ok(()),
    }
}
