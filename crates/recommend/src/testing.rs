//! Small models and data for unit tests whose right answers are obvious. Not compiled into the product.

use domain::Card;
use math::Csr;

use crate::{Contribution, HistoryEntry, Interactions, Recommender, Source};

/// A model that is its own table of item-to-item weights: score = Σ weight of history × table[history item][item].
pub(crate) struct ByTable {
    table: Vec<Vec<f32>>,
}

static CARD: Card = Card {
    name: "by_table",
    sentence: "Item-to-item weights given by hand.",
    family: "test",
    params: &[],
    input: "none",
    source: "none",
};

impl ByTable {
    /// Shape of `table`: (n_items, n_items), one row per history item.
    pub(crate) fn new(table: Vec<Vec<f32>>) -> Self {
        ByTable { table }
    }
}

impl Recommender for ByTable {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn n_items(&self) -> usize {
        self.table.len()
    }

    fn score(&self, history: &[HistoryEntry], scores: &mut [f32]) {
        scores.fill(0.0);
        for entry in history {
            if let Some(row) = self.table.get(entry.item as usize) {
                scores.iter_mut().zip(row).for_each(|(score, weight)| *score += entry.weight * weight);
            }
        }
    }

    fn contributions(&self, history: &[HistoryEntry], item: u32) -> Vec<Contribution> {
        let mut parts: Vec<_> = history
            .iter()
            .filter_map(|entry| {
                let value = entry.weight * self.table.get(entry.item as usize)?[item as usize];
                (value != 0.0).then_some(Contribution { source: Source::Item(entry.item), value })
            })
            .collect();
        parts.sort_by(|a, b| b.value.abs().total_cmp(&a.value.abs()));
        parts
    }

    fn similar(&self, item: u32, n: usize) -> Vec<(u32, f32)> {
        let row = &self.table[item as usize];
        let best = crate::evaluate::top(row, n + 1).into_iter().filter(|&other| other != item).take(n);
        best.map(|other| (other, row[other as usize])).collect()
    }

    fn fit_report(&self) -> Vec<(&'static str, f64)> {
        Vec::new()
    }

    fn to_bytes(&self) -> Vec<u8> {
        Vec::new()
    }
}

/// Interactions of weight 1 without times.
pub(crate) fn interactions(n_users: usize, n_items: usize, pairs: &[(u32, u32)]) -> Interactions {
    let triplets: Vec<_> = pairs.iter().map(|&(user, item)| (user, item, 1.0)).collect();
    Interactions { matrix: Csr::from_triplets(n_users, n_items, &triplets), times: None }
}
