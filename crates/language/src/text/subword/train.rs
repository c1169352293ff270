//! Learning the merges.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use domain::Settings;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{FIRST_CHARACTER, SubwordModel, pieces};
use crate::LanguageError;

type Pair = (u32, u32);
/// Merges between two reports of progress.
const N_BETWEEN_REPORTS: usize = 256;

/// Learns from texts; `settings` are of [`super::CARD`].
///
/// # Errors
/// If `progress` says to stop.
pub fn train<'a>(
    texts: impl IntoIterator<Item = &'a str>,
    settings: &Settings,
    progress: &(dyn Fn(f64) -> bool + Sync),
) -> Result<SubwordModel, LanguageError> {
    let mut counts: FxHashMap<&str, u64> = FxHashMap::default();
    for text in texts {
        for piece in pieces(text) {
            *counts.entry(piece).or_default() += 1;
        }
    }
    train_on_words(counts, settings, progress)
}

/// Learns from words with how often they occur; merges do not cross them. The order of the words does not matter.
///
/// # Errors
/// If `progress` says to stop.
pub fn train_on_words<'a>(
    words: impl IntoIterator<Item = (&'a str, u64)>,
    settings: &Settings,
    progress: &(dyn Fn(f64) -> bool + Sync),
) -> Result<SubwordModel, LanguageError> {
    let words: BTreeMap<&str, u64> = words.into_iter().fold(BTreeMap::new(), |mut all, (word, n)| {
        *all.entry(word).or_default() += n;
        all
    });
    let size = settings.usize("vocabulary");
    let n_characters = settings.usize("max_characters").min(size.saturating_sub(FIRST_CHARACTER as usize));
    let characters = alphabet(&words, n_characters);
    let mut learner = Learner::new(&words, &characters);
    let mut merges = Vec::new();
    let min_count = settings.int("min_count").max(1);
    while learner.texts.len() < size {
        if merges.len().is_multiple_of(N_BETWEEN_REPORTS) && !progress(learner.texts.len() as f64 / size as f64) {
            return Err(LanguageError::Cancelled);
        }
        match learner.merge_most_frequent(min_count) {
            Some(pair) => merges.push(pair),
            None => break,
        }
    }
    SubwordModel::new(characters, merges).map_err(LanguageError::Corrupt)
}

/// The most frequent characters, in order.
fn alphabet(words: &BTreeMap<&str, u64>, most: usize) -> Vec<char> {
    let mut counts: FxHashMap<char, u64> = FxHashMap::default();
    for (word, n) in words {
        for character in word.chars() {
            *counts.entry(character).or_default() += n;
        }
    }
    let mut by_count: Vec<_> = counts.into_iter().map(|(character, n)| (Reverse(n), character)).collect();
    by_count.sort_unstable();
    let mut characters: Vec<_> = by_count.into_iter().take(most).map(|(_, character)| character).collect();
    characters.sort_unstable();
    characters
}

/// Stands for a character that is no piece: nothing merges with it.
const GAP: u32 = u32::MAX;

/// Words as ids, with counts of pairs that follow every merge.
struct Learner {
    words: Vec<(Vec<u32>, i64)>,
    counts: FxHashMap<Pair, i64>,
    /// By pair: words that hold it, or held it once.
    places: FxHashMap<Pair, Vec<u32>>,
    /// Highest count first, then the smaller pair. Counts may have fallen since.
    queue: BinaryHeap<(i64, Reverse<Pair>)>,
    texts: Vec<String>,
    by_text: FxHashMap<String, u32>,
}

impl Learner {
    fn new(words: &BTreeMap<&str, u64>, characters: &[char]) -> Self {
        let ids: FxHashMap<char, u32> =
            characters.iter().zip(FIRST_CHARACTER..).map(|(&character, id)| (character, id)).collect();
        let mut texts = vec![String::new(); FIRST_CHARACTER as usize];
        texts.extend(characters.iter().map(char::to_string));
        let by_text = texts.iter().cloned().zip(0..).skip(FIRST_CHARACTER as usize).collect();
        let words = words
            .iter()
            .map(|(word, &n)| {
                let ids = word.chars().map(|character| ids.get(&character).copied().unwrap_or(GAP)).collect();
                (ids, i64::try_from(n).unwrap_or(i64::MAX / 2))
            })
            .collect();
        let mut learner = Learner {
            words,
            counts: FxHashMap::default(),
            places: FxHashMap::default(),
            queue: BinaryHeap::new(),
            texts,
            by_text,
        };
        learner.count_all();
        learner
    }

    fn count_all(&mut self) {
        for (at, (word, n)) in self.words.iter().enumerate() {
            for pair in pairs(word) {
                *self.counts.entry(pair).or_default() += n;
                let places = self.places.entry(pair).or_default();
                if places.last() != Some(&(at as u32)) {
                    places.push(at as u32);
                }
            }
        }
        self.queue = self.counts.iter().map(|(&pair, &n)| (n, Reverse(pair))).collect();
    }

    /// Merges the most frequent pair everywhere; none if it occurs less often than `min_count`.
    fn merge_most_frequent(&mut self, min_count: i64) -> Option<Pair> {
        loop {
            let (queued, Reverse(pair)) = self.queue.pop()?;
            let n = self.counts.get(&pair).copied().unwrap_or(0);
            if n < queued {
                if n >= min_count {
                    self.queue.push((n, Reverse(pair)));
                }
            } else if n < min_count {
                return None;
            } else if n == queued {
                let text = [self.texts[pair.0 as usize].as_str(), self.texts[pair.1 as usize].as_str()].concat();
                if text.len() <= super::N_TEXT_MAX {
                    let id = self.id_of(text);
                    self.merge(pair, id);
                    return Some(pair);
                }
            }
        }
    }

    fn id_of(&mut self, text: String) -> u32 {
        let fresh = self.texts.len() as u32;
        let texts = &mut self.texts;
        *self.by_text.entry(text).or_insert_with_key(|text| {
            texts.push(text.clone());
            fresh
        })
    }

    fn merge(&mut self, pair: Pair, id: u32) {
        let mut touched: FxHashSet<Pair> = FxHashSet::default();
        for at in self.places.remove(&pair).unwrap_or_default() {
            let (word, n) = &mut self.words[at as usize];
            if !pairs(word).any(|one| one == pair) {
                continue;
            }
            for old in pairs(word) {
                *self.counts.entry(old).or_default() -= *n;
            }
            join(word, pair, id);
            for new in pairs(word) {
                *self.counts.entry(new).or_default() += *n;
                if new.0 == id || new.1 == id {
                    touched.insert(new);
                    let places = self.places.entry(new).or_default();
                    if places.last() != Some(&at) {
                        places.push(at);
                    }
                }
            }
        }
        self.counts.remove(&pair);
        // The order in which they are queued does not show: the queue orders by count and pair.
        self.queue.extend(touched.into_iter().filter_map(|new| Some((*self.counts.get(&new)?, Reverse(new)))));
    }
}

/// Neighbours that are pieces both.
fn pairs(word: &[u32]) -> impl Iterator<Item = Pair> {
    word.windows(2).map(|pair| (pair[0], pair[1])).filter(|pair| pair.0 != GAP && pair.1 != GAP)
}

/// Writes `id` for every occurrence of the pair, from the left.
fn join(word: &mut Vec<u32>, pair: Pair, id: u32) {
    let (mut from, mut to) = (0, 0);
    while from < word.len() {
        if from + 1 < word.len() && (word[from], word[from + 1]) == pair {
            word[to] = id;
            from += 2;
        } else {
            word[to] = word[from];
            from += 1;
        }
        to += 1;
    }
    word.truncate(to);
}
