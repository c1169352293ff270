//! How a reader is learned: which source words can be read back from the pairs' texts, and by what signs.

use math::{Csr, Random};
use rustc_hash::FxHashMap;

use super::{GRAMS_MAX, ORDER, Pair, ReadBack, Signs, WAYS, WORDS_MAX, n_grams};
use crate::LanguageError;
use crate::classify::Run;
use crate::classify::linear::{Linear, Method, Wanted, fit};
use crate::classify::svm::Loss;
use crate::seq2seq::decode::UNKNOWN;

/// N-grams in fewer texts teach nothing about others.
const TEXTS_MIN: usize = 2;
/// A source word is read back if so many sources have it, and so many do not.
const PAIRS_MIN: usize = 10;
/// A source word comes back as it is if so large a part of its pairs' texts has the same word …
const COPIED_MIN: f64 = 0.75;
/// … and so large a part of the texts with that word has it in the source.
const COPIED_FROM_SOURCE_MIN: f64 = 0.95;
/// Parts of the pairs; each is judged by what was learned from the others.
const FOLDS: usize = 5;

impl ReadBack {
    /// Learns from pairs. `same` names the target word that is spelled like a source word.
    ///
    /// # Errors
    /// If learning fails; fewer than ten pairs with and without a word only leave it out.
    pub fn learn(pairs: &[Pair], same: &dyn Fn(u32) -> Option<u32>, seed: u64) -> Result<Self, LanguageError> {
        let all: Vec<u32> = (0..pairs.len() as u32).collect();
        let (columns, rows) = grams(pairs);
        ReadBack::of(pairs, &columns, &rows, &all, same, seed)
    }

    fn of(
        pairs: &[Pair],
        columns: &FxHashMap<[u32; ORDER], u32>,
        rows: &Csr,
        which: &[u32],
        same: &dyn Fn(u32) -> Option<u32>,
        seed: u64,
    ) -> Result<Self, LanguageError> {
        let mut words = Vec::new();
        for word in worth_reading(pairs, which) {
            let signs = match same(word).filter(|&other| comes_back(pairs, which, word, other)) {
                Some(other) => Signs::Same(other),
                None => Signs::Learned(learned(pairs, rows, which, word, seed)?, ways(pairs, which, word)),
            };
            words.push((word, signs));
        }
        words.sort_unstable_by_key(|(word, _)| *word);
        Ok(ReadBack { columns: columns.clone(), words })
    }
}

/// The pairs with sources cut to what their texts say, for learning to say all one is asked for and nothing else. Whether a
/// text says a word is judged by what other sources' pairs taught; what cannot be read back stays. Sources of which
/// nothing would be left stay whole.
///
/// # Errors
/// As [`ReadBack::learn`].
pub fn cut_to_said(pairs: &[Pair], same: &dyn Fn(u32) -> Option<u32>, seed: u64) -> Result<Vec<Pair>, LanguageError> {
    let (columns, rows) = grams(pairs);
    let fold_of = folds(pairs, seed);
    let mut cut = pairs.to_vec();
    for fold in 0..FOLDS {
        let (own, others): (Vec<u32>, Vec<u32>) = (0..pairs.len() as u32).partition(|&at| fold_of[at as usize] == fold);
        let reader = ReadBack::of(pairs, &columns, &rows, &others, same, seed)?;
        for at in own {
            let (source, text) = &pairs[at as usize];
            let (missing, _) = reader.differences(source, text);
            if source.iter().any(|word| !missing.contains(word)) {
                cut[at as usize].0.retain(|word| !missing.contains(word));
            }
        }
    }
    Ok(cut)
}

/// The part each pair is in: pairs with one source together, since their texts are alike.
fn folds(pairs: &[Pair], seed: u64) -> Vec<usize> {
    let mut sources: Vec<&[u32]> = pairs.iter().map(|pair| &pair.0[..]).collect();
    sources.sort_unstable();
    sources.dedup();
    Random::new(seed).shuffle(&mut sources);
    let fold: FxHashMap<&[u32], usize> = sources.into_iter().zip((0..FOLDS).cycle()).collect();
    pairs.iter().map(|pair| fold[&pair.0[..]]).collect()
}

/// Source words with enough pairs on either side, at most as many as allowed.
fn worth_reading(pairs: &[Pair], which: &[u32]) -> Vec<u32> {
    let mut counts: FxHashMap<u32, usize> = FxHashMap::default();
    let mut own = Vec::new();
    for &at in which {
        own.clone_from(&pairs[at as usize].0);
        own.sort_unstable();
        own.dedup();
        own.iter().filter(|&&word| word > UNKNOWN).for_each(|&word| *counts.entry(word).or_default() += 1);
    }
    let is_worth = |count: usize| count >= PAIRS_MIN && which.len() - count >= PAIRS_MIN;
    let mut words: Vec<(u32, usize)> = counts.into_iter().filter(|&(_, count)| is_worth(count)).collect();
    words.sort_unstable_by_key(|&(word, count)| (std::cmp::Reverse(count), word));
    words.truncate(WORDS_MAX);
    words.into_iter().map(|(word, _)| word).collect()
}

/// Whether `word` of sources comes back as `other` in texts.
fn comes_back(pairs: &[Pair], which: &[u32], word: u32, other: u32) -> bool {
    let (mut in_source, mut in_text, mut in_both) = (0, 0, 0);
    for (source, text) in which.iter().map(|&at| &pairs[at as usize]) {
        let (asked, said) = (source.contains(&word), text.contains(&other));
        in_source += usize::from(asked);
        in_text += usize::from(said);
        in_both += usize::from(asked && said);
    }
    let part = |whole: usize| f64::from(in_both as u32) / f64::from(whole.max(1) as u32);
    part(in_source) >= COPIED_MIN && part(in_text) >= COPIED_FROM_SOURCE_MIN
}

/// The words of texts that go most clearly with a source word: by the likelihood ratio of both counts (Dunning 1993).
fn ways(pairs: &[Pair], which: &[u32], word: u32) -> Vec<u32> {
    let mut counts: FxHashMap<u32, [f64; 2]> = FxHashMap::default();
    let mut n = [0f64; 2];
    for (source, text) in which.iter().map(|&at| &pairs[at as usize]) {
        let side = usize::from(source.contains(&word));
        n[side] += 1.0;
        unique(text.clone()).into_iter().for_each(|other| counts.entry(other).or_default()[side] += 1.0);
    }
    let share = |[without, with]: [f64; 2]| (without / n[0], with / n[1]);
    let term = |k: f64, expected: f64| if k > 0.0 { k * (k / expected).ln() } else { 0.0 };
    let ratio = |count: [f64; 2]| {
        let all = (count[0] + count[1]) / (n[0] + n[1]);
        (0..2)
            .map(|side| term(count[side], n[side] * all) + term(n[side] - count[side], n[side] * (1.0 - all)))
            .sum::<f64>()
    };
    let more = counts.into_iter().filter(|&(other, count)| other > UNKNOWN && share(count).1 > share(count).0);
    let mut ranked: Vec<(u32, f64)> = more.map(|(other, count)| (other, ratio(count))).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranked.into_iter().take(WAYS).map(|(other, _)| other).collect()
}

fn learned(pairs: &[Pair], rows: &Csr, which: &[u32], word: u32, seed: u64) -> Result<Linear, LanguageError> {
    let labels: Vec<u32> = pairs.iter().map(|(source, _)| u32::from(source.contains(&word))).collect();
    let wanted = Wanted { method: Method::OneVsRest(Loss::Logistic), ..Wanted::default() };
    fit(rows, &labels, 2, None, which, &wanted, &Run::new(seed, &|_| true))
}

/// The columns of n-grams, and each text's row of them.
fn grams(pairs: &[Pair]) -> (FxHashMap<[u32; ORDER], u32>, Csr) {
    let own: Vec<Vec<[u32; ORDER]>> = pairs.iter().map(|(_, text)| unique(n_grams(text).collect())).collect();
    let mut counts: FxHashMap<[u32; ORDER], usize> = FxHashMap::default();
    own.iter().flatten().for_each(|&gram| *counts.entry(gram).or_default() += 1);
    let mut kept: Vec<([u32; ORDER], usize)> = counts.into_iter().filter(|&(_, count)| count >= TEXTS_MIN).collect();
    kept.sort_unstable_by_key(|&(gram, count)| (std::cmp::Reverse(count), gram));
    kept.truncate(GRAMS_MAX);
    let columns: FxHashMap<[u32; ORDER], u32> = kept.iter().map(|&(gram, _)| gram).zip(0..).collect();
    let triplets: Vec<(u32, u32, f32)> = (0..)
        .zip(&own)
        .flat_map(|(row, grams)| grams.iter().map(move |gram| (row, gram)))
        .filter_map(|(row, gram)| Some((row, *columns.get(gram)?, 1.0)))
        .collect();
    let rows = Csr::from_triplets(pairs.len(), columns.len().max(1), &triplets);
    (columns, rows)
}

fn unique<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort_unstable();
    values.dedup();
    values
}
