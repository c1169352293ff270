//! Gradient-boosted trees on bins of features: second order, logistic or squared loss, weights, missing values, categories
//! without order, monotone features, early stopping on held-out rows, and what each feature gained. The same rows and seed
//! give the same model whatever the number of threads.
//!
//! Source: Friedman (2001), "Greedy function approximation"; Chen and Guestrin (2016), "XGBoost", equations 5 to 7; Ke et al.
//! (2017), "LightGBM", for bins, growth by leaves, sibling sums by subtraction and categories in the order of their
//! gradients (Fisher 1958). Differs from them: gradients are summed as whole numbers ([`grow`]), and no rows or features
//! are bundled or dropped by gradient.
//!
//! Not here: what is done with the scores, such as uplift or churn.

pub(crate) mod auc;
pub mod bins;
pub mod features;
mod grow;
mod loss;
mod model;
#[cfg(test)]
mod tests;
pub(crate) mod threads;
mod tree;

use std::sync::Arc;

use math::Random;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use bins::Binned;
pub use features::{Feature, Features, MISSING};
pub use loss::Loss;
pub use model::MODEL;
pub(crate) use model::other_columns;

use crate::StrategyError;
use bins::FeatureBins;
use grow::Grower;
use tree::Tree;

/// Rows that one thread predicts at a time.
const BLOCK: usize = 1024;

/// What a model is learned with.
#[derive(Clone, Debug, PartialEq)]
pub struct BoostSettings {
    pub loss: Loss,
    /// At most so many trees; fewer if early stopping finds that the last ones did not help.
    pub n_trees: usize,
    pub learning_rate: f64,
    /// Leaves of a tree: 2 to 4096.
    pub n_leaves: usize,
    /// Questions above a leaf at most; 0 sets no limit.
    pub max_depth: usize,
    pub min_rows_in_leaf: usize,
    /// Least sum of second derivatives in a leaf.
    pub min_hessian_in_leaf: f64,
    /// Ridge on the values of leaves.
    pub l2: f64,
    /// A split must gain more than this.
    pub min_gain: f64,
    /// Bins of a feature: 2 to 255.
    pub max_bins: usize,
    /// Share of rows that each tree learns from, drawn without replacement.
    pub row_fraction: f64,
    /// Share of features that each tree may ask.
    pub feature_fraction: f64,
    /// Stops after so many trees without less loss on held-out rows; 0 uses all rows and trees.
    pub patience: usize,
    /// Share of rows held out for that.
    pub valid_fraction: f64,
    /// By feature: 1 if the score must not fall where it rises, −1 if not rise, 0 free. Empty: all free. Numbers only.
    pub monotone: Vec<i8>,
    pub seed: u64,
}

impl Default for BoostSettings {
    /// LightGBM's defaults.
    fn default() -> Self {
        BoostSettings {
            loss: Loss::Logistic,
            n_trees: 100,
            learning_rate: 0.1,
            n_leaves: 31,
            max_depth: 0,
            min_rows_in_leaf: 20,
            min_hessian_in_leaf: 1e-3,
            l2: 0.0,
            min_gain: 0.0,
            max_bins: 255,
            row_fraction: 1.0,
            feature_fraction: 1.0,
            patience: 0,
            valid_fraction: 0.2,
            monotone: Vec::new(),
            seed: 1,
        }
    }
}

impl BoostSettings {
    fn check(&self, binned: &Binned) -> Result<(), StrategyError> {
        let within = |what, found: f64, low: f64, high: f64| {
            // Not a number is in no range.
            if (low..=high).contains(&found) {
                return Ok(());
            }
            Err(StrategyError::unfit(what, found, format!("{low} to {high}")))
        };
        within("n_trees", self.n_trees as f64, 0.0, 1e5)?;
        within("learning_rate", self.learning_rate, 1e-6, 1.0)?;
        within("n_leaves", self.n_leaves as f64, 2.0, 4096.0)?;
        within("min_hessian_in_leaf", self.min_hessian_in_leaf, 0.0, f64::MAX)?;
        within("l2", self.l2, 0.0, f64::MAX)?;
        within("min_gain", self.min_gain, 0.0, f64::MAX)?;
        within("row_fraction", self.row_fraction, 1e-3, 1.0)?;
        within("feature_fraction", self.feature_fraction, 1e-3, 1.0)?;
        within("valid_fraction", self.valid_fraction, 1e-3, 0.9)?;
        if !self.monotone.is_empty() && self.monotone.len() != binned.n_features() {
            let what = "monotone".to_owned();
            return Err(StrategyError::Length { what, found: self.monotone.len(), expected: binned.n_features() });
        }
        let is_wrong = |(at, sign): (usize, &i8)| sign.abs() > 1 || *sign != 0 && binned.is_category(at);
        match self.monotone.iter().enumerate().position(is_wrong) {
            Some(at) => Err(StrategyError::unfit(
                "monotone",
                format!("{} for '{}'", self.monotone[at], binned.names[at]),
                "-1, 0, 1; for categories 0",
            )),
            None => Ok(()),
        }
    }
}

/// A learned sum of trees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Boosted {
    loss: Loss,
    names: Vec<String>,
    bins: Vec<FeatureBins>,
    start: f64,
    trees: Vec<Tree>,
    gains: Vec<f64>,
    /// Mean loss on held-out rows after each tree, those among them that were dropped again; empty without early stopping.
    valid_losses: Vec<f64>,
}

impl Boosted {
    /// Learns from `features`, `target` and `weights` (1 each if none). Shapes: (n_rows).
    ///
    /// # Errors
    /// If lengths, settings or values do not fit: targets must be finite, with logistic loss from 0 to 1; weights finite,
    /// not negative, and not all 0.
    pub fn fit(
        features: &Features,
        target: &[f64],
        weights: Option<&[f64]>,
        settings: &BoostSettings,
    ) -> Result<Self, StrategyError> {
        let binned = Binned::new(features, settings.max_bins)?;
        Boosted::fit_binned(&binned, target, weights, settings, &|_| true)
    }

    /// As [`Boosted::fit`], from rows already cut into bins; `go_on` hears the share of trees done and may end it.
    ///
    /// # Errors
    /// As [`Boosted::fit`], or [`StrategyError::Cancelled`].
    pub fn fit_binned(
        binned: &Binned,
        target: &[f64],
        weights: Option<&[f64]>,
        settings: &BoostSettings,
        go_on: &(dyn Fn(f64) -> bool + Sync),
    ) -> Result<Self, StrategyError> {
        settings.check(binned)?;
        check_rows(binned.n_rows(), target, weights, settings.loss)?;
        let rows = Rows { binned, target, weights };
        if settings.patience == 0 {
            return rows.fit(None, settings, go_on);
        }
        let (train, valid) = held_out(binned.n_rows(), settings);
        let (train, valid) = (Owned::take(&rows, &train), Owned::take(&rows, &valid));
        // Rows held out by chance may be all that weigh something, or none of them.
        if train.weight() <= 0.0 || valid.weight() <= 0.0 {
            return rows.fit(None, settings, go_on);
        }
        train.rows().fit(Some(&valid.rows()), settings, go_on)
    }

    /// What the target is expected to be: a probability or a value. Shape: (n_rows).
    ///
    /// # Errors
    /// If these are not the features that the model was learned from.
    pub fn predict(&self, features: &Features) -> Result<Vec<f64>, StrategyError> {
        let mut scores = self.scores(features)?;
        scores.iter_mut().for_each(|score| *score = self.loss.mean(*score));
        Ok(scores)
    }

    /// Scores before the link: log-odds or a value. Shape: (n_rows).
    ///
    /// # Errors
    /// As [`Boosted::predict`].
    pub fn scores(&self, features: &Features) -> Result<Vec<f64>, StrategyError> {
        let binned = Binned::with(Arc::new(self.bins.clone()), Arc::new(self.names.clone()), features)?;
        Ok(self.scores_binned(&binned))
    }

    /// As [`Boosted::predict`] for rows cut as those it learned from.
    ///
    /// # Panics
    /// If they were cut in another way: a mistake in our code.
    pub fn predict_binned(&self, binned: &Binned) -> Vec<f64> {
        let mut scores = self.scores_binned(binned);
        scores.iter_mut().for_each(|score| *score = self.loss.mean(*score));
        scores
    }

    fn scores_binned(&self, binned: &Binned) -> Vec<f64> {
        assert!(binned.bins() == self.bins.as_slice(), "rows cut in another way");
        let mut scores = vec![self.start; binned.n_rows()];
        scores.par_chunks_mut(BLOCK).enumerate().for_each(|(block, scores)| {
            for tree in &self.trees {
                tree.add(binned, block * BLOCK, scores);
            }
        });
        scores
    }

    pub fn loss(&self) -> Loss {
        self.loss
    }

    pub fn n_trees(&self) -> usize {
        self.trees.len()
    }

    /// Each feature and the share that its splits had in all gain, those who gained most first.
    pub fn gains(&self) -> Vec<(&str, f64)> {
        let total: f64 = self.gains.iter().sum();
        let share = |gain: &f64| if total > 0.0 { gain / total } else { 0.0 };
        let mut all: Vec<(&str, f64)> =
            self.names.iter().map(String::as_str).zip(self.gains.iter().map(share)).collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        all
    }

    /// Mean loss on held-out rows after each tree; empty without early stopping.
    pub fn valid_losses(&self) -> &[f64] {
        &self.valid_losses
    }
}

/// Checks that rows, targets and weights can be learned from.
pub(crate) fn check_rows(
    n_rows: usize,
    target: &[f64],
    weights: Option<&[f64]>,
    loss: Loss,
) -> Result<(), StrategyError> {
    if n_rows == 0 {
        return Err(StrategyError::Empty { needed: 1 });
    }
    if target.len() != n_rows {
        return Err(StrategyError::Length { what: "target".to_owned(), found: target.len(), expected: n_rows });
    }
    let is_wrong = |y: &f64| !y.is_finite() || loss == Loss::Logistic && !(0.0..=1.0).contains(y);
    if let Some(row) = target.iter().position(is_wrong) {
        let allowed = if loss == Loss::Logistic { "0 to 1" } else { "a finite number" };
        return Err(StrategyError::bad_value("target", row, target[row], allowed));
    }
    let Some(weights) = weights else { return Ok(()) };
    if weights.len() != n_rows {
        return Err(StrategyError::Length { what: "weights".to_owned(), found: weights.len(), expected: n_rows });
    }
    if let Some(row) = weights.iter().position(|weight| !weight.is_finite() || *weight < 0.0) {
        return Err(StrategyError::bad_value("weights", row, weights[row], "a finite number, 0 or more"));
    }
    if weights.iter().all(|&weight| weight == 0.0) {
        return Err(StrategyError::unfit("sum of weights", 0, "more than 0"));
    }
    Ok(())
}

fn held_out(n_rows: usize, settings: &BoostSettings) -> (Vec<u32>, Vec<u32>) {
    let mut random = Random::stream(settings.seed, 1);
    (0..n_rows as u32).partition(|_| random.uniform() >= settings.valid_fraction)
}

/// Rows to learn or to judge by.
struct Rows<'a> {
    binned: &'a Binned,
    target: &'a [f64],
    weights: Option<&'a [f64]>,
}

struct Owned {
    binned: Binned,
    target: Vec<f64>,
    weights: Option<Vec<f64>>,
}

impl Owned {
    fn take(rows: &Rows, wanted: &[u32]) -> Self {
        let pick = |values: &[f64]| wanted.iter().map(|&row| values[row as usize]).collect::<Vec<f64>>();
        Owned { binned: rows.binned.take(wanted), target: pick(rows.target), weights: rows.weights.map(pick) }
    }

    fn rows(&self) -> Rows<'_> {
        Rows { binned: &self.binned, target: &self.target, weights: self.weights.as_deref() }
    }

    fn weight(&self) -> f64 {
        self.weights.as_ref().map_or(self.target.len() as f64, |weights| weights.iter().sum())
    }
}

impl Rows<'_> {
    fn fit(
        &self,
        valid: Option<&Rows>,
        settings: &BoostSettings,
        go_on: &(dyn Fn(f64) -> bool + Sync),
    ) -> Result<Boosted, StrategyError> {
        let start = settings.loss.start(self.target, self.weights);
        let mut scores = vec![start; self.target.len()];
        let mut watch = valid.map(|valid| Watch::new(valid, start, settings));
        let mut gradients = vec![[0, 0]; self.target.len()];
        let mut grower = Grower::new(self.binned, settings);
        let mut random = Random::stream(settings.seed, 2);
        let mut trees = Vec::with_capacity(settings.n_trees);
        for at in 0..settings.n_trees {
            if !go_on(at as f64 / settings.n_trees as f64) {
                return Err(StrategyError::Cancelled);
            }
            let scales = settings.loss.gradients(self.target, self.weights, &scores, &mut gradients);
            let chosen = self.chosen(settings, &mut random);
            let rows = (0..self.target.len()).filter(|&row| chosen.as_ref().is_none_or(|chosen| chosen[row]));
            let tree = grower.grow(rows.map(|row| row as u32), &gradients, scales, &mut random);
            // Without a split on all rows there will be none later either.
            if tree.n_nodes() == 0 && chosen.is_none() && settings.feature_fraction >= 1.0 {
                break;
            }
            self.step(&tree, &grower, chosen.as_deref(), &mut scores);
            let is_enough = watch.as_mut().is_some_and(|watch| watch.is_enough(&tree));
            trees.push(tree);
            if is_enough {
                break;
            }
        }
        let mut valid_losses = Vec::new();
        if let Some(watch) = watch {
            trees.truncate(watch.n_best);
            valid_losses = watch.losses;
        }
        Ok(Boosted {
            loss: settings.loss,
            names: self.binned.names.to_vec(),
            bins: self.binned.bins().to_vec(),
            start,
            trees,
            gains: grower.gains,
            valid_losses,
        })
    }

    /// Which rows the next tree learns from, unless all do. Rows that weigh nothing are never counted.
    fn chosen(&self, settings: &BoostSettings, random: &mut Random) -> Option<Vec<bool>> {
        let weighs = |row: usize| self.weights.is_none_or(|weights| weights[row] > 0.0);
        if settings.row_fraction >= 1.0 && self.weights.is_none_or(|weights| weights.iter().all(|&weight| weight > 0.0))
        {
            return None;
        }
        let mut draw = |row| {
            let is_drawn = settings.row_fraction >= 1.0 || random.uniform() < settings.row_fraction;
            is_drawn && weighs(row)
        };
        Some((0..self.target.len()).map(&mut draw).collect())
    }

    fn step(&self, tree: &Tree, grower: &Grower, chosen: Option<&[bool]>, scores: &mut [f64]) {
        for (rows, value) in grower.leaf_rows().zip(&tree.values) {
            for &row in rows {
                scores[row as usize] += value;
            }
        }
        let Some(chosen) = chosen else { return };
        for (row, score) in scores.iter_mut().enumerate().filter(|(row, _)| !chosen[*row]) {
            *score += tree.values[tree.leaf_of(self.binned.row(row))];
        }
    }
}

/// Held-out rows, and when they say that it is enough.
struct Watch<'a> {
    rows: &'a Rows<'a>,
    loss: Loss,
    patience: usize,
    scores: Vec<f64>,
    losses: Vec<f64>,
    least: f64,
    /// Trees up to the least loss.
    n_best: usize,
}

impl<'a> Watch<'a> {
    fn new(rows: &'a Rows<'a>, start: f64, settings: &BoostSettings) -> Self {
        let scores = vec![start; rows.target.len()];
        let least = settings.loss.average(rows.target, rows.weights, &scores);
        Watch { rows, loss: settings.loss, patience: settings.patience, scores, losses: Vec::new(), least, n_best: 0 }
    }

    fn is_enough(&mut self, tree: &Tree) -> bool {
        tree.add(self.rows.binned, 0, &mut self.scores);
        let loss = self.loss.average(self.rows.target, self.rows.weights, &self.scores);
        self.losses.push(loss);
        if loss < self.least {
            (self.least, self.n_best) = (loss, self.losses.len());
        }
        self.losses.len() - self.n_best >= self.patience
    }
}
