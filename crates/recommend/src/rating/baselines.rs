//! Baselines: the overall mean plus how generous a user and how well liked an item is, by alternating least squares
//! with Surprise's constants (10 rounds, 15 for users, 10 for items).

use domain::Card;
use math::Csr;

use super::{Prediction, RatingModel, Reason, scale};
use crate::bytes::{Reader, Writer};
use crate::{Contribution, FitError, HistoryEntry, Source};

pub static BASELINE_CARD: Card = Card {
    name: "baseline",
    sentence: "Predicts a rating from the user's generosity and the item's standing alone.",
    family: "baseline",
    params: &[],
    input: "(n_users, n_items) ratings, one row per user",
    source: "Koren 2010, Factor in the neighbors: scalable and accurate collaborative filtering, section 2.1",
};

const N_EPOCHS: usize = 10;
const REG_USER: f64 = 15.0;
const REG_ITEM: f64 = 10.0;

/// The fitted baselines.
#[derive(Clone, Debug, PartialEq)]
pub struct Baselines {
    pub mean: f64,
    /// Shape: (n_users).
    pub users: Vec<f64>,
    /// Shape: (n_items).
    pub items: Vec<f64>,
    /// Shape: (n_items). How many ratings each item has.
    n_ratings: Vec<u32>,
    scale: (f64, f64),
}

impl Baselines {
    pub fn fit(ratings: &Csr) -> Self {
        let by_item = ratings.transpose();
        let total: f64 = ratings.values.iter().map(|&rating| f64::from(rating)).sum();
        let mean = total / ratings.n_stored().max(1) as f64;
        let (mut users, mut items) = (vec![0.0; ratings.n_rows], vec![0.0; ratings.n_cols]);
        for _ in 0..N_EPOCHS {
            solve(&by_item, mean, &users, REG_ITEM, &mut items);
            solve(ratings, mean, &items, REG_USER, &mut users);
        }
        let n_ratings = crate::neighbourhood::counts(ratings);
        Baselines { mean, users, items, n_ratings, scale: scale(&ratings.values) }
    }

    /// The baseline of a training user and an item.
    pub fn of(&self, user: usize, item: u32) -> f64 {
        self.mean + self.users[user] + self.items[item as usize]
    }

    /// The generosity of someone with this history.
    pub fn of_history(&self, history: &[HistoryEntry]) -> f64 {
        let known = history.iter().filter_map(|entry| Some((entry, self.items.get(entry.item as usize)?)));
        let (sum, n) = known
            .fold((0.0, 0.0), |(sum, n), (entry, item)| (sum + f64::from(entry.weight) - self.mean - item, n + 1.0));
        sum / (REG_USER + n)
    }

    fn prediction(&self, user: f64, item: u32, reason: Reason) -> Prediction {
        let is_known = self.n_ratings.get(item as usize).is_some_and(|&n| n > 0);
        let offset = if is_known { self.items[item as usize] } else { 0.0 };
        let reason = if is_known { reason } else { Reason::UnknownItem };
        Prediction { value: (self.mean + user + offset).clamp(self.scale.0, self.scale.1), reason }
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FitError> {
        let reader = Reader::new(bytes, &BASELINE_CARD)?;
        let (items, n_ratings) = (reader.f64s("items")?, reader.u32s("n_ratings")?);
        if items.len() != n_ratings.len() {
            return Err(FitError::Corrupt("'items' and 'n_ratings' differ in length".to_owned()));
        }
        let scale = (reader.f64("low")?, reader.f64("high")?);
        if scale.0 > scale.1 || scale.0.is_nan() || scale.1.is_nan() {
            return Err(FitError::Corrupt(format!("the scale runs from {} to {}", scale.0, scale.1)));
        }
        Ok(Baselines { mean: reader.f64("mean")?, users: reader.f64s("users")?, items, n_ratings, scale })
    }
}

/// One side's offsets given the other's; one row of `rows` per offset solved for.
fn solve(rows: &Csr, mean: f64, others: &[f64], reg: f64, offsets: &mut [f64]) {
    for (row, offset) in offsets.iter_mut().enumerate() {
        let (cols, values) = rows.row(row);
        let pairs = cols.iter().zip(values);
        let residual: f64 = pairs.map(|(&col, &value)| f64::from(value) - mean - others[col as usize]).sum();
        *offset = residual / (reg + cols.len() as f64);
    }
}

impl RatingModel for Baselines {
    fn card(&self) -> &'static Card {
        &BASELINE_CARD
    }

    fn n_items(&self) -> usize {
        self.items.len()
    }

    fn predict_for(&self, history: &[HistoryEntry], items: &[u32]) -> Vec<Prediction> {
        let reason = if history.is_empty() { Reason::UnknownUser } else { Reason::NoCommonItems };
        let user = self.of_history(history);
        items.iter().map(|&item| self.prediction(user, item, reason)).collect()
    }

    fn predict(&self, user: u32, items: &[u32]) -> Vec<Prediction> {
        let (offset, reason) = match self.users.get(user as usize) {
            Some(&offset) => (offset, Reason::NoCommonItems),
            None => (0.0, Reason::UnknownUser),
        };
        items.iter().map(|&item| self.prediction(offset, item, reason)).collect()
    }

    fn score(&self, history: &[HistoryEntry], scores: &mut [f32]) {
        let user = self.of_history(history);
        scores.iter_mut().zip(&self.items).for_each(|(score, item)| *score = (self.mean + user + item) as f32);
    }

    fn contributions(&self, history: &[HistoryEntry], item: u32) -> Vec<Contribution> {
        let offset = self.items.get(item as usize).copied().unwrap_or(0.0);
        let value = (self.mean + self.of_history(history) + offset) as f32;
        vec![Contribution { source: Source::Baseline, value }]
    }

    fn similar(&self, _: u32, _: usize) -> Vec<(u32, f32)> {
        Vec::new()
    }

    fn fit_report(&self) -> Vec<(&'static str, f64)> {
        vec![("mean", self.mean)]
    }

    fn to_bytes(&self) -> Vec<u8> {
        Writer::new(&BASELINE_CARD, &BASELINE_CARD.defaults())
            .f64("mean", self.mean)
            .f64s("users", &self.users)
            .f64s("items", &self.items)
            .u32s("n_ratings", &self.n_ratings)
            .f64("low", self.scale.0)
            .f64("high", self.scale.1)
            .finish()
    }
}
