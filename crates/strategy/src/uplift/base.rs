//! The models that meta-learners are made of: boosted trees or linear ones, on rows cut into bins once. Not here: how they
//! are put together to tell an effect.

use crate::StrategyError;
use crate::boost::{Binned, BoostSettings, Boosted, Features, Loss};
use crate::linear::{Linear, LinearSettings};

/// What the models inside a meta-learner are.
#[derive(Clone, Debug, PartialEq)]
pub enum Base {
    /// Boosted trees: of outcomes, and of effects, which are far noisier and want smaller trees.
    Boost { outcome: Box<BoostSettings>, effect: Box<BoostSettings> },
    /// Linear models with this ridge.
    Linear { l2: f64 },
}

impl Default for Base {
    fn default() -> Self {
        let effect = BoostSettings {
            loss: Loss::Squared,
            n_leaves: 8,
            n_trees: 60,
            learning_rate: 0.05,
            min_rows_in_leaf: 200,
            ..BoostSettings::default()
        };
        let outcome = BoostSettings { n_trees: 60, n_leaves: 16, min_rows_in_leaf: 100, ..BoostSettings::default() };
        Base::Boost { outcome: Box::new(outcome), effect: Box::new(effect) }
    }
}

/// Features in the form that a base learns from.
#[derive(Clone, Debug)]
pub(super) enum Prepared {
    Bins(Binned),
    Columns(Features),
}

impl Prepared {
    pub(super) fn new(features: &Features, base: &Base) -> Result<Self, StrategyError> {
        Ok(match base {
            Base::Boost { outcome, .. } => Prepared::Bins(Binned::new(features, outcome.max_bins)?),
            Base::Linear { .. } => Prepared::Columns(features.clone()),
        })
    }

    /// Other rows in the same form.
    pub(super) fn same(&self, features: &Features) -> Result<Self, StrategyError> {
        Ok(match self {
            Prepared::Bins(binned) => Prepared::Bins(binned.same_bins(features)?),
            Prepared::Columns(_) => Prepared::Columns(features.clone()),
        })
    }

    pub(super) fn take(&self, rows: &[u32]) -> Self {
        match self {
            Prepared::Bins(binned) => Prepared::Bins(binned.take(rows)),
            Prepared::Columns(features) => Prepared::Columns(features.take(rows)),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) enum Fitted {
    Boost(Boosted),
    Linear(Linear),
}

impl Fitted {
    /// Learns an outcome (0 and 1 with logistic loss) or, with `is_effect`, an effect.
    pub(super) fn fit(
        base: &Base,
        rows: &Prepared,
        target: &[f64],
        weights: Option<&[f64]>,
        loss: Loss,
        is_effect: bool,
    ) -> Result<Self, StrategyError> {
        match (base, rows) {
            (Base::Boost { outcome, effect }, Prepared::Bins(binned)) => {
                let chosen = if is_effect { effect } else { outcome };
                let settings = BoostSettings { loss, ..chosen.as_ref().clone() };
                Ok(Fitted::Boost(Boosted::fit_binned(binned, target, weights, &settings, &|_| true)?))
            }
            (Base::Linear { l2 }, Prepared::Columns(features)) => {
                let settings = LinearSettings { loss, l2: *l2, ..LinearSettings::default() };
                Ok(Fitted::Linear(Linear::fit(features, target, weights, &settings)?))
            }
            _ => unreachable!("rows are prepared for the base that learns from them"),
        }
    }

    /// Shape: (n_rows).
    pub(super) fn predict(&self, rows: &Prepared) -> Result<Vec<f64>, StrategyError> {
        match (self, rows) {
            (Fitted::Boost(model), Prepared::Bins(binned)) => Ok(model.predict_binned(binned)),
            (Fitted::Linear(model), Prepared::Columns(features)) => model.predict(features),
            _ => unreachable!("rows are prepared for the base that learned from them"),
        }
    }
}
