//! What every recommendation algorithm offers: a card, a fit, and a fitted model that scores items for a history.
//!
//! A model is item-side: a user is whatever history is handed in, so a new event counts at once and nobody needs to
//! be known at training time.

use std::ops::Range;

use domain::{Card, Settings};

use crate::batch::{self, Lists};
use crate::{HistoryEntry, Interactions};

/// One algorithm of the registry: its card and how to fit and read it back.
pub struct Algorithm {
    pub card: &'static Card,
    pub fit: FitFn,
    pub from_bytes: FromBytesFn,
}

/// Learns a model from interactions.
pub type FitFn = fn(&Interactions, &Settings, &FitOptions) -> Result<Box<dyn Recommender>, FitError>;

/// The inverse of [`Recommender::to_bytes`].
pub type FromBytesFn = fn(&[u8]) -> Result<Box<dyn Recommender>, FitError>;

/// What a fit needs beyond data and settings.
#[derive(Clone)]
pub struct FitOptions<'a> {
    pub seed: u64,
    pub n_threads: usize,
    /// Called now and then with the share done, 0 to 1; returning `false` cancels the fit.
    pub progress: &'a (dyn Fn(f64) -> bool + Sync),
}

impl Default for FitOptions<'_> {
    fn default() -> Self {
        FitOptions { seed: 1, n_threads: 2, progress: &|_| true }
    }
}

/// Why a model could not be fitted or read.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    #[error("there are no interactions to learn from: found {n_users} users, {n_items} items and no entry")]
    Empty { n_users: usize, n_items: usize },
    #[error("interaction {at} has the value {value}; every value must be finite")]
    NotFinite { at: usize, value: f32 },
    #[error("{what}: found {found}, allowed {allowed}")]
    Unfit { what: &'static str, found: String, allowed: String },
    #[error("the model's bytes cannot be read: {0}")]
    Corrupt(String),
    #[error("cancelled")]
    Cancelled,
}

/// Where a part of a score comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// An item of the customer's own history.
    Item(u32),
    /// A training user with similar taste.
    User(u32),
    /// The item's popularity.
    Popularity,
    /// The model's constant or baseline part.
    Baseline,
}

/// One exact summand of a score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contribution {
    pub source: Source,
    pub value: f32,
}

/// A fitted model.
pub trait Recommender: Send + Sync {
    fn card(&self) -> &'static Card;

    fn n_items(&self) -> usize;

    /// Writes the score of every item for someone with this `history` into `scores`; higher is better. Items the
    /// model cannot reach get 0 (or the model's own neutral value). Seen items are scored too; whoever selects
    /// filters. Shape of `scores`: (n_items). Entries of `history` whose item is out of range are ignored.
    fn score(&self, history: &[HistoryEntry], scores: &mut [f32]);

    /// The exact split of `score(history)[item]` into summands, largest magnitude first: their sum equals the score
    /// to rounding.
    fn contributions(&self, history: &[HistoryEntry], item: u32) -> Vec<Contribution>;

    /// The items most like `item` with their similarity, best first, ties by id, without `item` itself.
    fn similar(&self, item: u32, n: usize) -> Vec<(u32, f32)>;

    /// The items as vectors whose directions are tastes, row by row with their length, for models that have such. Shape:
    /// (n_items, length).
    fn item_vectors(&self) -> Option<(Vec<f32>, usize)> {
        None
    }

    /// Figures of the fit for people and for `lab`: `n_pairs`, `loss` …
    fn fit_report(&self) -> Vec<(&'static str, f64)>;

    /// The model as bytes, self-describing enough that another version refuses what it cannot read.
    fn to_bytes(&self) -> Vec<u8>;

    /// The best `k` items that each of `users` has not seen, by the order of `score`, ties by id, without items whose
    /// score is 0. The same for any number of threads. Models with a faster way than scoring one by one override it.
    fn recommend_batch(&self, interactions: &Interactions, users: Range<usize>, k: usize, n_threads: usize) -> Lists {
        batch::by_scoring(self, interactions, users, k, n_threads)
    }
}
