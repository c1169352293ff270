//! The Chinese words of an entry that people may type by their sound: of its name, brand and category. Descriptions are
//! left out: too many words that nobody looks for sound like one that somebody does.

use std::collections::BTreeSet;

use super::entry::Entry;
use super::units::{fold, is_ideograph};
use crate::text::Tokeniser;

/// Characters of a word.
const LENGTHS: std::ops::RangeInclusive<usize> = 2..=6;

/// The words, each once, in order.
pub(super) fn words(entry: &Entry, tokeniser: &Tokeniser) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let categories = entry.category.iter().flat_map(|path| path.split('/'));
    for text in [entry.name.as_str()].into_iter().chain(entry.brand.as_deref()).chain(categories) {
        let folded = fold(text);
        for run in folded.text().split(|character| !is_ideograph(character)) {
            super::segment::words(tokeniser, run).into_iter().for_each(|word| add(word, &mut words));
            add(run, &mut words);
        }
    }
    words
}

fn add(word: &str, words: &mut BTreeSet<String>) {
    if LENGTHS.contains(&word.chars().count()) {
        words.insert(word.to_owned());
    }
}
