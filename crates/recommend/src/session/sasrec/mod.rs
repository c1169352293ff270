//! `sasrec`: what comes after what a customer touched last. A causal transformer reads the recent items in their order and
//! its last row, multiplied by the items' vectors, scores what comes next; the same vectors are what it reads.
//!
//! It learns to tell each next item from all others (softmax over the catalogue, or over a sample of it), not from a single
//! random one as in the paper, which is worth about half as much again in recall (Klenitskiy and Vasilev 2023). Before the
//! first item stands a start row, so that an empty history is answered by what people begin with. Not a model of time:
//! only the order counts.

mod card;
mod learn;
mod network;
mod softmax;
#[cfg(test)]
mod tests;

use std::ops::Range;

use domain::{Card, Settings};
use math::ridge::Factors;
use neural::{Compute, Params, Precision};

pub use card::CARD;
use network::Network;
use softmax::{Classes, dot};

use crate::batch::{self, Lists};
use crate::bytes::{Reader, Writer};
use crate::fitting::on_threads;
use crate::linear::item_weights::{best_first, largest_first};
use crate::{Algorithm, Contribution, FitError, HistoryEntry, Interactions, Recommender, Source};

pub static ALGORITHM: Algorithm = Algorithm {
    card: &CARD,
    fit: |interactions, settings, options| Ok(Box::new(learn::fit(interactions, settings, options)?)),
    from_bytes: |bytes| Ok(Box::new(Sasrec::from_bytes(bytes)?)),
};

/// A fitted model.
pub struct Sasrec {
    settings: Settings,
    network: Network,
    params: Params,
    /// The items' vectors once more, laid out for scoring.
    items: Factors,
    report: Vec<(&'static str, f64)>,
}

/// Figures of the fit, in the order in which they are kept.
const REPORT: [&str; 5] = ["loss", "n_epochs", "best_epoch", "valid_ndcg@10", "valid_recall@10"];

impl Sasrec {
    fn new(settings: Settings, network: Network, params: Params, figures: &[f64]) -> Self {
        let vectors = Classes::all(&network, &params).vectors;
        let mut items = Factors::zeros(network.n_items, network.dim);
        for item in 0..network.n_items {
            items.row_mut(item)[..network.dim].copy_from_slice(vectors.row(item));
        }
        let report = REPORT.iter().copied().zip(figures.iter().copied()).collect();
        Sasrec { settings, network, params, items, report }
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, FitError> {
        let reader = Reader::new(bytes, &CARD)?;
        let settings = reader.settings().clone();
        let figures = reader.f64s("report")?;
        // As many items as there are vectors: no memory is taken for a number that nothing stands behind.
        let n_vectors = reader.f32s(network::ITEMS)?.len() / settings.usize("dim");
        let n_items = n_vectors.checked_sub(1).ok_or_else(|| FitError::Corrupt("it has no item".to_owned()))?;
        let (network, mut params) = Network::new(n_items, &settings, 0)?;
        let ids: Vec<_> = params.iter().map(|(id, param)| (id, param.name.clone())).collect();
        for (id, name) in ids {
            let values = reader.f32s_of_len(&name, params.value(id).values.len())?;
            if let Some(value) = values.iter().find(|value| !value.is_finite()) {
                return Err(FitError::Corrupt(format!("'{name}' holds {value}")));
            }
            params.value_mut(id).values = values;
        }
        if figures.len() != REPORT.len() {
            return Err(FitError::Corrupt(format!("{} figures of the fit, wanted {}", figures.len(), REPORT.len())));
        }
        Ok(Sasrec::new(settings, network, params, &figures))
    }

    /// What the network reads of a history: known items in the order of time, the newest so many.
    fn recent(&self, history: &[HistoryEntry]) -> Vec<u32> {
        let mut known: Vec<&HistoryEntry> =
            history.iter().filter(|entry| (entry.item as usize) < self.network.n_items).collect();
        known.sort_by_key(|entry| entry.at);
        let from = known.len().saturating_sub(self.network.max_length);
        known[from..].iter().map(|entry| entry.item).collect()
    }

    /// The network's answers to a history: after the start, after the first item, and so on. Shape: (1 + n, dim).
    fn rows(&self, recent: &[u32]) -> neural::Matrix {
        self.network.read(&Compute::new(Precision::F32), &self.params, &[recent])
    }
}

impl Recommender for Sasrec {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn n_items(&self) -> usize {
        self.network.n_items
    }

    fn score(&self, history: &[HistoryEntry], scores: &mut [f32]) {
        let rows = self.rows(&self.recent(history));
        let mut x = vec![0f32; self.items.stride];
        x[..self.network.dim].copy_from_slice(rows.row(rows.n_rows - 1));
        self.items.dot_all(&x, scores);
    }

    /// By how much the score changed as each item came: the network sees only what came before, so its rows hold the scores
    /// after every beginning of the history. What the start alone gives is popularity.
    fn contributions(&self, history: &[HistoryEntry], item: u32) -> Vec<Contribution> {
        if item as usize >= self.network.n_items {
            return Vec::new();
        }
        let recent = self.recent(history);
        let rows = self.rows(&recent);
        let vector = &self.items.row(item as usize)[..self.network.dim];
        let scores: Vec<f32> = (0..rows.n_rows).map(|row| dot(rows.row(row), vector)).collect();
        let start = Contribution { source: Source::Popularity, value: scores[0] };
        let steps = recent.iter().zip(scores.windows(2));
        let steps = steps.map(|(&from, pair)| Contribution { source: Source::Item(from), value: pair[1] - pair[0] });
        largest_first(std::iter::once(start).chain(steps).collect())
    }

    /// By cosine of the vectors.
    fn similar(&self, item: u32, n: usize) -> Vec<(u32, f32)> {
        if item as usize >= self.network.n_items {
            return Vec::new();
        }
        let length = |row: &[f32]| dot(row, row).sqrt().max(f32::MIN_POSITIVE);
        let own = self.items.row(item as usize);
        let mut products = vec![0f32; self.items.n_rows];
        self.items.dot_all(own, &mut products);
        let others = (0..self.items.n_rows).filter(|&other| other != item as usize);
        let cosine = |other: usize| (other as u32, products[other] / length(own) / length(self.items.row(other)));
        best_first(others.map(cosine).collect(), n)
    }

    fn item_vectors(&self) -> Option<(Vec<f32>, usize)> {
        let rows = (0..self.network.n_items).flat_map(|item| &self.items.row(item)[..self.network.dim]);
        Some((rows.copied().collect(), self.network.dim))
    }

    fn fit_report(&self) -> Vec<(&'static str, f64)> {
        self.report.clone()
    }

    fn recommend_batch(&self, interactions: &Interactions, users: Range<usize>, k: usize, n_threads: usize) -> Lists {
        let fold_in = || {
            move |histories: &[Vec<HistoryEntry>], vectors: &mut [f32]| {
                let recent: Vec<Vec<u32>> = histories.iter().map(|history| self.recent(history)).collect();
                let recent: Vec<&[u32]> = recent.iter().map(Vec::as_slice).collect();
                // Blocks of customers are what threads share already.
                let answers =
                    on_threads(1, || self.network.answers(&Compute::new(Precision::F32), &self.params, &recent));
                for (at, vector) in vectors.chunks_mut(self.items.stride).enumerate() {
                    vector.fill(0.0);
                    vector[..self.network.dim].copy_from_slice(answers.row(at));
                }
            }
        };
        batch::by_factors_of_many(&self.items, fold_in, interactions, users, k, n_threads)
    }

    fn to_bytes(&self) -> Vec<u8> {
        let figures: Vec<f64> = self.report.iter().map(|figure| figure.1).collect();
        let mut writer = Writer::new(&CARD, &self.settings).f64s("report", &figures);
        for (_, param) in self.params.iter() {
            writer = writer.f32s(&param.name, &param.value.values);
        }
        writer.finish()
    }
}
