//! A sparse table of item-to-item weights and how it scores. It is what SLIM, RP3beta and a truncated EASE have in
//! common once fitted; how the weights were found is not its business.

use std::ops::Range;

use domain::{Card, Settings};
use math::Csr;

use crate::batch::{self, Lists};
use crate::bytes::{Reader, Writer};
use crate::{Contribution, FitError, HistoryEntry, Interactions, Recommender, Source};

/// Score of item j = Σ over history entries i of weight(i) × `weights`[i][j].
#[derive(Clone, Debug, PartialEq)]
pub struct ItemWeights {
    /// Shape: (n_items, n_items), one row per item of the history.
    pub weights: Csr,
    /// Whether an entry counts as 1 rather than by its weight.
    pub binary: bool,
}

impl ItemWeights {
    pub fn n_items(&self) -> usize {
        self.weights.n_cols
    }

    pub fn score(&self, history: &[HistoryEntry], scores: &mut [f32]) {
        scores.fill(0.0);
        for (item, weight) in weighed(history, self.n_items(), self.binary) {
            let (items, values) = self.weights.row(item as usize);
            for (&other, &value) in items.iter().zip(values) {
                scores[other as usize] += weight * value;
            }
        }
    }

    pub fn contributions(&self, history: &[HistoryEntry], item: u32) -> Vec<Contribution> {
        let parts = weighed(history, self.n_items(), self.binary).filter_map(|(from, weight)| {
            let (items, values) = self.weights.row(from as usize);
            let at = items.binary_search(&item).ok()?;
            Some(Contribution { source: Source::Item(from), value: weight * values[at] })
        });
        largest_first(parts.collect())
    }

    /// The items that owning `item` speaks for most.
    pub fn similar(&self, item: u32, n: usize) -> Vec<(u32, f32)> {
        if item as usize >= self.n_items() {
            return Vec::new();
        }
        let (items, values) = self.weights.row(item as usize);
        best_first(items.iter().copied().zip(values.iter().copied()).filter(|pair| pair.0 != item).collect(), n)
    }
}

/// A fitted model that is nothing but its table: what SLIM and RP3beta answer.
pub(crate) struct ItemWeightsModel {
    card: &'static Card,
    settings: Settings,
    weights: ItemWeights,
}

impl ItemWeightsModel {
    pub(crate) fn new(card: &'static Card, settings: &Settings, weights: ItemWeights) -> Self {
        ItemWeightsModel { card, settings: settings.clone(), weights }
    }

    /// The inverse of `to_bytes`, for a model of this card.
    pub(crate) fn from_bytes(card: &'static Card, bytes: &[u8]) -> Result<Box<dyn Recommender>, FitError> {
        let reader = Reader::new(bytes, card)?;
        let settings = reader.settings().clone();
        let weights = ItemWeights { weights: reader.csr("weights")?, binary: settings.bool("binary") };
        if weights.weights.n_rows != weights.weights.n_cols {
            let (n_rows, n_cols) = (weights.weights.n_rows, weights.weights.n_cols);
            return Err(FitError::Corrupt(format!("'weights' has {n_rows} rows and {n_cols} columns")));
        }
        Ok(Box::new(ItemWeightsModel { card, settings, weights }))
    }
}

impl Recommender for ItemWeightsModel {
    fn card(&self) -> &'static Card {
        self.card
    }

    fn n_items(&self) -> usize {
        self.weights.n_items()
    }

    fn score(&self, history: &[HistoryEntry], scores: &mut [f32]) {
        self.weights.score(history, scores);
    }

    fn contributions(&self, history: &[HistoryEntry], item: u32) -> Vec<Contribution> {
        self.weights.contributions(history, item)
    }

    fn similar(&self, item: u32, n: usize) -> Vec<(u32, f32)> {
        self.weights.similar(item, n)
    }

    fn fit_report(&self) -> Vec<(&'static str, f64)> {
        vec![("n_pairs", self.weights.weights.n_stored() as f64)]
    }

    fn to_bytes(&self) -> Vec<u8> {
        Writer::new(self.card, &self.settings).csr("weights", &self.weights.weights).finish()
    }

    fn recommend_batch(&self, interactions: &Interactions, users: Range<usize>, k: usize, n_threads: usize) -> Lists {
        let binary = self.weights.binary;
        let weigh = |history: &[HistoryEntry]| -> Vec<f32> {
            history.iter().map(|entry| if binary { 1.0 } else { entry.weight }).collect()
        };
        batch::by_item_weights(&self.weights.weights, None, &weigh, interactions, users, k, n_threads)
    }
}

/// The known items of a history with the weight they count by.
pub(crate) fn weighed(history: &[HistoryEntry], n_items: usize, binary: bool) -> impl Iterator<Item = (u32, f32)> + '_ {
    let known = history.iter().filter(move |entry| (entry.item as usize) < n_items);
    known.map(move |entry| (entry.item, if binary { 1.0 } else { entry.weight }))
}

/// Drops zeros and orders by magnitude, ties in the order of history.
pub(crate) fn largest_first(mut parts: Vec<Contribution>) -> Vec<Contribution> {
    parts.retain(|part| part.value != 0.0);
    parts.sort_by(|a, b| b.value.abs().total_cmp(&a.value.abs()));
    parts
}

/// The `n` best pairs, best first, ties by id.
pub(crate) fn best_first(mut pairs: Vec<(u32, f32)>, n: usize) -> Vec<(u32, f32)> {
    let order = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if n > 0 && pairs.len() > n {
        pairs.select_nth_unstable_by(n - 1, order);
    }
    pairs.truncate(n);
    pairs.sort_unstable_by(order);
    pairs
}
