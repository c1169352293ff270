//! `svd`: biased matrix factorisation of ratings by stochastic gradient descent (Funk). A customer who was not there
//! at training time is folded in by ridge regression on the item factors, so that any history can be scored.

use domain::{Card, Kind, Param, Settings};
use math::{Random, top_k::TopK};

use super::{Prediction, RatingModel, Reason, scale, tidy};
use crate::bytes::{Reader, Writer};
use crate::neighbourhood::{counts, sort_contributions};
use crate::{Algorithm, Contribution, FitError, FitOptions, HistoryEntry, Interactions, Recommender, Source};

pub static SVD_CARD: Card = Card {
    name: "svd",
    sentence: "Predicts ratings from a few latent tastes per user and item, around both sides' offsets.",
    family: "factor",
    params: &[
        Param {
            name: "n_factors",
            sentence: "How many latent tastes.",
            unit: "factors",
            kind: Kind::Int { min: 1, max: 1000, default: 100 },
        },
        Param {
            name: "n_epochs",
            sentence: "How often all ratings are gone through.",
            unit: "passes",
            kind: Kind::Int { min: 1, max: 10_000, default: 20 },
        },
        Param {
            name: "learning_rate",
            sentence: "Length of a step.",
            unit: "",
            kind: Kind::Float { min: 1e-6, max: 1.0, default: 0.005 },
        },
        Param {
            name: "reg",
            sentence: "How strongly factors and offsets are held near 0, per rating.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 100.0, default: 0.02 },
        },
    ],
    input: "(n_users, n_items) ratings, one row per user",
    source: "Funk 2006, Netflix update: try this at home; Koren, Bell, Volinsky 2009, Matrix factorization techniques \
             for recommender systems, equations 4 and 5",
};

pub static SVD_ALGORITHM: Algorithm = Algorithm {
    card: &SVD_CARD,
    fit: |interactions, settings, options| super::as_recommender(&SVD_CARD, interactions, settings, options),
    from_bytes: |bytes| -> Result<Box<dyn Recommender>, FitError> { super::recommender_from_bytes(&SVD_CARD, bytes) },
};

/// Spread of the factors before training.
const INIT_SPREAD: f64 = 0.1;

/// A fitted factorisation.
pub struct Svd {
    settings: Settings,
    mean: f32,
    users: Side,
    items: Side,
    /// Shape: (n_items).
    n_ratings: Vec<u32>,
    scale: (f64, f64),
    rmse_fit: f64,
}

/// One side's offsets and factors.
struct Side {
    /// Shape: (n).
    offsets: Vec<f32>,
    /// Shape: (n, n_factors).
    factors: Vec<f32>,
}

impl Side {
    fn row(&self, id: usize, n_factors: usize) -> &[f32] {
        &self.factors[id * n_factors..(id + 1) * n_factors]
    }
}

impl Svd {
    pub fn fit(interactions: &Interactions, settings: &Settings, options: &FitOptions) -> Result<Self, FitError> {
        let matrix = &interactions.matrix;
        let n_factors = settings.usize("n_factors");
        let mut random = Random::new(options.seed);
        let total: f64 = matrix.values.iter().map(|&value| f64::from(value)).sum();
        let mut side = |n: usize| Side {
            offsets: vec![0.0; n],
            factors: (0..n * n_factors).map(|_| (INIT_SPREAD * normal(&mut random)) as f32).collect(),
        };
        let (users, items) = (side(matrix.n_rows), side(matrix.n_cols));
        let mut model = Svd {
            settings: settings.clone(),
            mean: (total / matrix.n_stored() as f64) as f32,
            users,
            items,
            n_ratings: counts(matrix),
            scale: scale(&matrix.values),
            rmse_fit: 0.0,
        };
        let row_of = |user: usize| (matrix.indptr[user]..matrix.indptr[user + 1]).map(move |at| (user, at));
        let mut order: Vec<(usize, usize)> = (0..matrix.n_rows).flat_map(row_of).collect();
        let n_epochs = settings.usize("n_epochs");
        for epoch in 0..n_epochs {
            if !(options.progress)(epoch as f64 / n_epochs as f64) {
                return Err(FitError::Cancelled);
            }
            random.shuffle(&mut order);
            let squares = order
                .iter()
                .map(|&(user, at)| f64::from(model.step(user, matrix.indices[at] as usize, matrix.values[at])).powi(2));
            model.rmse_fit = (squares.sum::<f64>() / order.len() as f64).sqrt();
        }
        if !model.rmse_fit.is_finite() {
            let found = format!("learning_rate {}, with which training diverged", settings.float("learning_rate"));
            return Err(FitError::Unfit { what: "svd", found, allowed: "a smaller learning_rate".to_owned() });
        }
        Ok(model)
    }

    /// One gradient step; answers the error before it.
    fn step(&mut self, user: usize, item: usize, rating: f32) -> f32 {
        let n = self.n_factors();
        let (rate, reg) = (self.settings.float("learning_rate") as f32, self.settings.float("reg") as f32);
        let p = &mut self.users.factors[user * n..(user + 1) * n];
        let q = &mut self.items.factors[item * n..(item + 1) * n];
        let (bu, bi) = (&mut self.users.offsets[user], &mut self.items.offsets[item]);
        let error = rating - (self.mean + *bu + *bi + dot(p, q));
        *bu += rate * (error - reg * *bu);
        *bi += rate * (error - reg * *bi);
        for (p, q) in p.iter_mut().zip(q) {
            let (old_p, old_q) = (*p, *q);
            *p += rate * (error * old_q - reg * old_p);
            *q += rate * (error * old_p - reg * old_q);
        }
        error
    }

    fn n_factors(&self) -> usize {
        self.settings.usize("n_factors")
    }

    fn is_known(&self, item: u32) -> bool {
        self.n_ratings.get(item as usize).is_some_and(|&n| n > 0)
    }

    /// The item's offset and the direction in which a user's (offset, factors) count: (1, factors).
    fn direction(&self, item: u32) -> Vec<f64> {
        let factors = self.items.row(item as usize, self.n_factors());
        std::iter::once(1.0).chain(factors.iter().map(|&q| f64::from(q))).collect()
    }

    /// What each entry of `history` lacks beyond mean and item offset.
    fn residuals(&self, history: &[HistoryEntry]) -> Vec<f64> {
        history
            .iter()
            .map(|entry| f64::from(entry.weight - self.mean - self.items.offsets[entry.item as usize]))
            .collect()
    }

    /// The ridge system of a history: XᵀX + λI with one row (1, factors) per entry, as its Cholesky factor.
    fn system(&self, history: &[HistoryEntry]) -> Vec<Vec<f64>> {
        let n = self.n_factors() + 1;
        let reg = self.settings.float("reg").max(1e-6) * history.len().max(1) as f64;
        let mut system = vec![vec![0.0; n]; n];
        for entry in history {
            let x = self.direction(entry.item);
            for (row, &xi) in system.iter_mut().zip(&x) {
                row.iter_mut().zip(&x).for_each(|(cell, &xj)| *cell += xi * xj);
            }
        }
        (0..n).for_each(|at| system[at][at] += reg);
        cholesky(&mut system);
        system
    }

    /// (offset, factors) of someone with this history.
    fn fold_in(&self, history: &[HistoryEntry]) -> Vec<f64> {
        let mut sum = vec![0.0; self.n_factors() + 1];
        for (entry, residual) in history.iter().zip(self.residuals(history)) {
            sum.iter_mut().zip(self.direction(entry.item)).for_each(|(sum, x)| *sum += residual * x);
        }
        solve(&self.system(history), &mut sum);
        sum
    }

    /// The rating of someone with this (offset, factors), before it is brought into the scale.
    fn value(&self, asker: &[f64], item: u32) -> f64 {
        if !self.is_known(item) {
            return f64::from(self.mean) + asker[0];
        }
        let factors = self.items.row(item as usize, self.n_factors());
        let product: f64 = asker[1..].iter().zip(factors).map(|(&p, &q)| p * f64::from(q)).sum();
        f64::from(self.mean + self.items.offsets[item as usize]) + asker[0] + product
    }

    fn predictions(&self, asker: &[f64], items: &[u32], reason: Reason) -> Vec<Prediction> {
        let predict = |&item: &u32| Prediction {
            value: self.value(asker, item).clamp(self.scale.0, self.scale.1),
            reason: if self.is_known(item) { reason } else { Reason::UnknownItem },
        };
        items.iter().map(predict).collect()
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FitError> {
        let reader = Reader::new(bytes, &SVD_CARD)?;
        let n_factors = reader.settings().usize("n_factors");
        let side = |name: &str| {
            let offsets = reader.f32s(&format!("{name}.offsets"))?;
            let factors = reader.f32s_of_len(&format!("{name}.factors"), offsets.len() * n_factors)?;
            Ok::<_, FitError>(Side { offsets, factors })
        };
        let (users, items, n_ratings) = (side("users")?, side("items")?, reader.u32s("n_ratings")?);
        let scale = (reader.f64("low")?, reader.f64("high")?);
        if n_ratings.len() != items.offsets.len() || scale.0.is_nan() || scale.1.is_nan() || scale.0 > scale.1 {
            return Err(FitError::Corrupt("the number of ratings per item or the scale is not sound".to_owned()));
        }
        let (mean, rmse_fit) = (reader.f64("mean")? as f32, reader.f64("rmse_fit")?);
        Ok(Svd { settings: reader.settings().clone(), mean, users, items, n_ratings, scale, rmse_fit })
    }
}

impl RatingModel for Svd {
    fn card(&self) -> &'static Card {
        &SVD_CARD
    }

    fn n_items(&self) -> usize {
        self.n_ratings.len()
    }

    fn predict_for(&self, history: &[HistoryEntry], items: &[u32]) -> Vec<Prediction> {
        let history = tidy(history, self.n_items());
        let reason = if history.is_empty() { Reason::UnknownUser } else { Reason::Factors };
        self.predictions(&self.fold_in(&history), items, reason)
    }

    fn predict(&self, user: u32, items: &[u32]) -> Vec<Prediction> {
        let n = self.n_factors();
        match self.users.offsets.get(user as usize) {
            Some(&offset) => {
                let factors = self.users.row(user as usize, n).iter().map(|&p| f64::from(p));
                let asker: Vec<f64> = std::iter::once(f64::from(offset)).chain(factors).collect();
                self.predictions(&asker, items, Reason::Factors)
            }
            None => self.predictions(&vec![0.0; n + 1], items, Reason::UnknownUser),
        }
    }

    fn score(&self, history: &[HistoryEntry], scores: &mut [f32]) {
        let asker = self.fold_in(&tidy(history, self.n_items()));
        scores.iter_mut().enumerate().for_each(|(item, score)| *score = self.value(&asker, item as u32) as f32);
    }

    /// Ridge regression is linear in what it is given, so each entry has an exact share: its residual times
    /// (1, q_item)ᵀ (XᵀX + λI)⁻¹ (1, q_entry).
    fn contributions(&self, history: &[HistoryEntry], item: u32) -> Vec<Contribution> {
        let history = tidy(history, self.n_items());
        let mut target = vec![1.0];
        target.resize(self.n_factors() + 1, 0.0);
        let mut baseline = self.mean;
        if self.is_known(item) {
            target = self.direction(item);
            baseline += self.items.offsets[item as usize];
        }
        solve(&self.system(&history), &mut target);
        let share = |(entry, residual): (&HistoryEntry, f64)| {
            let weight: f64 = target.iter().zip(self.direction(entry.item)).map(|(t, x)| t * x).sum();
            Contribution { source: Source::Item(entry.item), value: (weight * residual) as f32 }
        };
        let mut parts: Vec<_> = history.iter().zip(self.residuals(&history)).map(share).collect();
        parts.push(Contribution { source: Source::Baseline, value: baseline });
        sort_contributions(&mut parts);
        parts
    }

    /// By cosine of the factors.
    fn similar(&self, item: u32, n: usize) -> Vec<(u32, f32)> {
        if !self.is_known(item) {
            return Vec::new();
        }
        let row = |item: u32| self.items.row(item as usize, self.n_factors());
        let norm = |item: u32| dot(row(item), row(item)).sqrt().max(f32::MIN_POSITIVE);
        let mut best = TopK::new(n);
        for other in (0..self.n_items() as u32).filter(|&other| other != item && self.is_known(other)) {
            best.offer(other, dot(row(item), row(other)) / (norm(item) * norm(other)));
        }
        best.into_sorted()
    }

    fn fit_report(&self) -> Vec<(&'static str, f64)> {
        vec![("rmse_fit", self.rmse_fit)]
    }

    fn to_bytes(&self) -> Vec<u8> {
        Writer::new(&SVD_CARD, &self.settings)
            .f64("mean", f64::from(self.mean))
            .f32s("users.offsets", &self.users.offsets)
            .f32s("users.factors", &self.users.factors)
            .f32s("items.offsets", &self.items.offsets)
            .f32s("items.factors", &self.items.factors)
            .u32s("n_ratings", &self.n_ratings)
            .f64("low", self.scale.0)
            .f64("high", self.scale.1)
            .f64("rmse_fit", self.rmse_fit)
            .finish()
    }
}

/// Eight running sums, so that the compiler can use vector instructions.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0f32; 8];
    for (a, b) in a.iter().zip(b) {
        (0..8).for_each(|lane| sums[lane] += a[lane] * b[lane]);
    }
    sums.iter().sum::<f32>() + rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum::<f32>()
}

/// Standard normal, by Box and Muller.
fn normal(random: &mut Random) -> f64 {
    let radius = (-2.0 * (1.0 - random.uniform()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.uniform()).cos()
}

/// Replaces the lower half of a positive definite matrix by its Cholesky factor.
fn cholesky(matrix: &mut [Vec<f64>]) {
    for i in 0..matrix.len() {
        let (done, rest) = matrix.split_at_mut(i);
        let row = &mut rest[0];
        for (j, above) in done.iter().enumerate() {
            let sum: f64 = row[..j].iter().zip(&above[..j]).map(|(a, b)| a * b).sum();
            row[j] = (row[j] - sum) / above[j];
        }
        let sum: f64 = row[..i].iter().map(|a| a * a).sum();
        row[i] = (row[i] - sum).max(1e-12).sqrt();
    }
}

/// Solves L Lᵀ x = b in place of b.
fn solve(lower: &[Vec<f64>], b: &mut [f64]) {
    for i in 0..b.len() {
        let sum: f64 = lower[i][..i].iter().zip(&b[..i]).map(|(l, x)| l * x).sum();
        b[i] = (b[i] - sum) / lower[i][i];
    }
    for i in (0..b.len()).rev() {
        let sum: f64 = (i + 1..b.len()).map(|j| lower[j][i] * b[j]).sum();
        b[i] = (b[i] - sum) / lower[i][i];
    }
}
