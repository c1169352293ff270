//! Predicted ratings: how many stars would this customer give? Neighbourhoods around a centre, biased factors, and the
//! baselines alone. A predicted rating says how good, not how likely: ranking by interest is not here.

mod baselines;
mod knn;
mod svd;

use domain::{Card, Settings};

pub use baselines::{BASELINE_CARD, Baselines};
pub use knn::KnnRating;
pub use svd::{SVD_ALGORITHM, SVD_CARD, Svd};

use crate::neighbourhood::{check_input, item_knn, user_knn};
use crate::{Contribution, FitError, FitOptions, HistoryEntry, Interactions, Recommender};

/// A predicted rating within the scale of the training data, and how it came about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    pub value: f64,
    pub reason: Reason,
}

/// What a prediction rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// So many neighbours had a say.
    Neighbours(usize),
    /// The customer's and the item's factors.
    Factors,
    /// Nobody alike has rated both: the model's centre (mean or baseline) stands alone.
    NoCommonItems,
    /// The customer has no history here.
    UnknownUser,
    /// Nobody has rated the item.
    UnknownItem,
}

/// A fitted model of ratings.
pub trait RatingModel: Send + Sync {
    fn card(&self) -> &'static Card;

    fn n_items(&self) -> usize;

    /// The ratings that a customer with this `history` would give to `items`, in their order.
    fn predict_for(&self, history: &[HistoryEntry], items: &[u32]) -> Vec<Prediction>;

    /// The ratings that a training user would give.
    fn predict(&self, user: u32, items: &[u32]) -> Vec<Prediction>;

    /// The prediction for every item before it is brought into the scale: the sum of `contributions`.
    fn score(&self, history: &[HistoryEntry], scores: &mut [f32]);

    /// The summands of `score`, largest magnitude first.
    fn contributions(&self, history: &[HistoryEntry], item: u32) -> Vec<Contribution>;

    /// The items most like `item`, best first, ties by id.
    fn similar(&self, item: u32, n: usize) -> Vec<(u32, f32)>;

    fn fit_report(&self) -> Vec<(&'static str, f64)>;

    fn to_bytes(&self) -> Vec<u8>;
}

/// The cards that predict ratings.
pub fn cards() -> [&'static Card; 4] {
    [&user_knn::CARD, &item_knn::CARD, &SVD_CARD, &BASELINE_CARD]
}

/// Fits the rating model of a card; `user_knn` and `item_knn` whatever their `task` says.
pub fn fit(
    card: &str,
    interactions: &Interactions,
    settings: &Settings,
    options: &FitOptions,
) -> Result<Box<dyn RatingModel>, FitError> {
    check_input(interactions)?;
    match card {
        "user_knn" => Ok(Box::new(KnnRating::fit(true, interactions, settings, options)?)),
        "item_knn" => Ok(Box::new(KnnRating::fit(false, interactions, settings, options)?)),
        "svd" => Ok(Box::new(Svd::fit(interactions, settings, options)?)),
        "baseline" => Ok(Box::new(Baselines::fit(&interactions.matrix))),
        other => {
            let allowed = cards().map(|card| card.name).join(", ");
            Err(FitError::Unfit { what: "card for ratings", found: other.to_owned(), allowed })
        }
    }
}

/// The inverse of [`RatingModel::to_bytes`].
pub fn from_bytes(card: &'static Card, bytes: &[u8]) -> Result<Box<dyn RatingModel>, FitError> {
    match card.name {
        "svd" => Ok(Box::new(Svd::from_bytes(bytes)?)),
        "baseline" => Ok(Box::new(Baselines::from_bytes(bytes)?)),
        _ => Ok(Box::new(KnnRating::from_bytes(card, bytes)?)),
    }
}

/// A rating model that ranks items by the rating it predicts.
struct ByRating(Box<dyn RatingModel>);

/// Fits `card` for ratings and offers it as a recommender.
pub(crate) fn as_recommender(
    card: &'static Card,
    interactions: &Interactions,
    settings: &Settings,
    options: &FitOptions,
) -> Result<Box<dyn Recommender>, FitError> {
    Ok(Box::new(ByRating(fit(card.name, interactions, settings, options)?)))
}

pub(crate) fn recommender_from_bytes(card: &'static Card, bytes: &[u8]) -> Result<Box<dyn Recommender>, FitError> {
    Ok(Box::new(ByRating(from_bytes(card, bytes)?)))
}

impl Recommender for ByRating {
    fn card(&self) -> &'static Card {
        self.0.card()
    }

    fn n_items(&self) -> usize {
        self.0.n_items()
    }

    fn score(&self, history: &[HistoryEntry], scores: &mut [f32]) {
        self.0.score(history, scores);
    }

    fn contributions(&self, history: &[HistoryEntry], item: u32) -> Vec<Contribution> {
        self.0.contributions(history, item)
    }

    fn similar(&self, item: u32, n: usize) -> Vec<(u32, f32)> {
        self.0.similar(item, n)
    }

    fn fit_report(&self) -> Vec<(&'static str, f64)> {
        self.0.fit_report()
    }

    fn to_bytes(&self) -> Vec<u8> {
        self.0.to_bytes()
    }
}

/// The smallest and largest rating given.
fn scale(values: &[f32]) -> (f64, f64) {
    let range = values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)));
    (f64::from(range.0), f64::from(range.1))
}

/// A history by item, each item once and within the catalogue.
fn tidy(history: &[HistoryEntry], n_items: usize) -> Vec<HistoryEntry> {
    let mut tidy: Vec<_> = history.iter().copied().filter(|entry| (entry.item as usize) < n_items).collect();
    tidy.sort_by_key(|entry| entry.item);
    tidy.dedup_by_key(|entry| entry.item);
    tidy
}
