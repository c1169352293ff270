//! Texts that say nearly the same: the Jaccard similarity of their shingles (runs of four characters), exactly, by the
//! prefix filter of Chaudhuri, Ganti and Kaushik (2006, doi:10.1109/ICDE.2006.9): two sets that are alike share one of
//! their rarest members. Same words in another order are alike; the same thing said otherwise is not.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHasher};
use serde::{Deserialize, Serialize};

use super::finding::{Check, Finding, Risk, Said};
use super::law::FoldedText;

/// Characters of a shingle.
const N_SHINGLE: usize = 4;
/// Shingles of one text that are kept; the rest of a longer text is not compared.
const N_SHINGLES_MAX: usize = 20_000;

/// Two texts that are alike.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// Places in the list, `first < second`.
    pub first: usize,
    pub second: usize,
    /// Shared shingles over all shingles, in (0, 1].
    pub similarity: f64,
}

/// All pairs of texts at least as alike as `threshold`, in order of first and second. Case, width and script do not matter.
///
/// # Panics
/// If the threshold is not in (0, 1].
pub fn pairs<S: AsRef<str>>(texts: &[S], threshold: f64) -> Vec<Pair> {
    assert!(threshold > 0.0 && threshold <= 1.0, "a threshold in (0, 1], found {threshold}");
    let sets = by_rarity(texts.iter().map(|text| shingles(text.as_ref())).collect());
    let mut index: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
    let mut found = Vec::new();
    for (second, set) in sets.iter().enumerate() {
        let mut candidates: Vec<usize> = Vec::new();
        for shingle in &set[..prefix(set.len(), threshold)] {
            let others = index.entry(*shingle).or_default();
            candidates.extend_from_slice(others);
            others.push(second);
        }
        candidates.sort_unstable();
        candidates.dedup();
        for first in candidates {
            let (few, many) = minmax(sets[first].len(), set.len());
            if (few as f64) < threshold * many as f64 {
                continue;
            }
            let similarity = jaccard(&sets[first], set);
            if similarity >= threshold {
                found.push(Pair { first, second, similarity });
            }
        }
    }
    found.sort_by_key(|pair| (pair.first, pair.second));
    found
}

/// A finding for a text that is nearly one of `others`; the most alike is named by its place, counted from 1.
pub fn check<S: AsRef<str>>(text: &str, others: &[S], threshold: f64) -> Option<Finding> {
    let own = shingles(text);
    let sets: Vec<Vec<u64>> = others.iter().map(|other| shingles(other.as_ref())).collect();
    let (similarity, at) = most_alike(&own, sets.iter())?;
    let n = at + 1;
    (similarity >= threshold).then(|| repeats(&format!("第 {n} 篇文案"), &format!("text {n}"), similarity))
}

/// Texts that were said before, read once for any number of checks.
#[derive(Clone, Debug, Default)]
pub struct SaidBefore {
    sets: Vec<(String, Vec<u64>)>,
}

impl SaidBefore {
    /// Texts, each with the name that a finding calls it by.
    pub fn new<'t>(named: impl IntoIterator<Item = (&'t str, &'t str)>) -> SaidBefore {
        SaidBefore { sets: named.into_iter().map(|(name, text)| (name.to_owned(), shingles(text))).collect() }
    }

    /// A finding for a text that is nearly one of them; the most alike is named.
    pub fn check(&self, text: &str, threshold: f64) -> Option<Finding> {
        if self.sets.is_empty() {
            return None;
        }
        let (similarity, at) = most_alike(&shingles(text), self.sets.iter().map(|(_, set)| set))?;
        let name = &self.sets[at].0;
        (similarity >= threshold).then(|| repeats(&format!("“{name}”"), &format!("“{name}”"), similarity))
    }
}

/// The most alike of sorted sets, and its place; of equal ones the first.
fn most_alike<'s>(own: &[u64], others: impl Iterator<Item = &'s Vec<u64>>) -> Option<(f64, usize)> {
    let alike = others.enumerate().map(|(at, other)| (jaccard(own, other), at));
    alike.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))
}

fn repeats(zh: &str, en: &str, similarity: f64) -> Finding {
    let percent = (similarity * 100.0).round();
    Finding {
        check: Check::Duplicate,
        category: Cow::Borrowed("near_duplicate"),
        risk: Risk::Review,
        span: None,
        matched: String::new(),
        article: None,
        message: Said::new(format!("与{zh}有 {percent}% 相同"), format!("is {percent}% the same as {en}")),
        suggestion: Said::fixed("换一个卖点或者角度", "choose another point or angle"),
        fix: None,
    }
}

/// The shingles of a text, each once. A text shorter than one is its own.
fn shingles(text: &str) -> Vec<u64> {
    let read = FoldedText::new(text);
    let chars: Vec<char> = read.chars.iter().copied().filter(|character| character.is_alphanumeric()).collect();
    let windows = if chars.len() <= N_SHINGLE { chars.chunks(N_SHINGLE) } else { [].chunks(1) };
    let mut hashes: Vec<u64> = chars.windows(N_SHINGLE).take(N_SHINGLES_MAX).chain(windows).map(hash).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

fn hash(run: &[char]) -> u64 {
    let mut hasher = FxHasher::default();
    run.hash(&mut hasher);
    hasher.finish()
}

fn sorted(mut set: Vec<u64>) -> Vec<u64> {
    set.sort_unstable();
    set
}

/// Renames shingles by how rare they are over all texts, so that sorting puts the rarest first.
fn by_rarity(sets: Vec<Vec<u64>>) -> Vec<Vec<u64>> {
    let mut counts: FxHashMap<u64, u32> = FxHashMap::default();
    sets.iter().flatten().for_each(|shingle| *counts.entry(*shingle).or_default() += 1);
    let mut order: Vec<(u32, u64)> = counts.into_iter().map(|(shingle, count)| (count, shingle)).collect();
    order.sort_unstable();
    let ranks: FxHashMap<u64, u64> = order.iter().enumerate().map(|(rank, one)| (one.1, rank as u64)).collect();
    sets.into_iter().map(|set| sorted(set.iter().map(|shingle| ranks[shingle]).collect())).collect()
}

/// How many of the rarest members of a set of `n` have to be looked at.
fn prefix(n: usize, threshold: f64) -> usize {
    // A little less, so that rounding never asks for one shared member too many.
    let n_shared_min = (threshold * n as f64 - 1e-9).ceil().max(1.0) as usize;
    (n + 1).saturating_sub(n_shared_min).min(n)
}

fn minmax(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

/// Of sorted sets; 0 if both are empty.
fn jaccard(a: &[u64], b: &[u64]) -> f64 {
    let (mut i, mut j, mut n_shared) = (0, 0, 0usize);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                n_shared += 1;
                i += 1;
                j += 1;
            }
        }
    }
    let n_all = a.len() + b.len() - n_shared;
    if n_all == 0 { 0.0 } else { n_shared as f64 / n_all as f64 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shared_shingles_over_all() {
        // abcde has abcd and bcde; abcdf has abcd and bcdf: one shared of three.
        let found = pairs(&["abcde", "abcdf", "xyzvw"], 0.3);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].first, found[0].second), (0, 1));
        assert!((found[0].similarity - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn writing_does_not_matter() {
        let found = pairs(&["星曜 X7，拍照清楚", "星曜Ｘ７拍照清楚！", "星曜x7拍照清楚"], 1.0);
        assert_eq!(found.iter().map(|pair| (pair.first, pair.second)).collect::<Vec<_>>(), [(0, 1), (0, 2), (1, 2)]);
        assert_eq!(pairs(&["", "", "。"], 0.5), []);
        assert_eq!(pairs(&["好", "好"], 1.0).len(), 1);
    }

    #[test]
    fn one_text_is_held_against_others() {
        let others = ["续航两天，出门不带充电器", "屏幕清楚，看文档省眼"];
        let found = check("屏幕清楚，看文档省眼！", &others, 0.8).unwrap();
        assert!(found.message.en.ends_with("text 2"), "{}", found.message.en);
        assert_eq!(check("全新的一句话在这里", &others, 0.5), None);
        let before = SaidBefore::new([("续航篇", others[0]), ("屏幕篇", others[1])]);
        let found = before.check("屏幕清楚，看文档省眼！", 0.8).unwrap();
        assert_eq!(found.message.zh, "与“屏幕篇”有 100% 相同");
        assert_eq!((before.check("全新的一句话在这里", 0.5), SaidBefore::default().check("x", 0.1)), (None, None));
    }

    proptest! {
        #[test]
        fn the_filter_loses_nothing(texts in prop::collection::vec("[ab最]{0,14}", 0..12), threshold in 0.05f64..1.0) {
            let sets: Vec<_> = texts.iter().map(|text| shingles(text)).collect();
            let mut expected = Vec::new();
            for first in 0..texts.len() {
                for second in first + 1..texts.len() {
                    if jaccard(&sets[first], &sets[second]) >= threshold {
                        expected.push((first, second));
                    }
                }
            }
            let found: Vec<_> = pairs(&texts, threshold).iter().map(|pair| (pair.first, pair.second)).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
