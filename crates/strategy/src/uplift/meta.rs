//! Learners of an individual effect that are put together from ordinary models of outcomes.
//!
//! | learner | what it learns | source |
//! |---|---|---|
//! | `s` | one model of the outcome that knows the arm as a feature | Künzel et al. 2019, section 2 |
//! | `t` | a model of the outcome in each arm | the same |
//! | `x` | effects imputed by the other arm's model, weighted by the propensity | the same, equations 9 to 11 |
//! | `r` | (Y − m(x)) / (W − e(x)), weighted by (W − e(x))² | Nie and Wager 2021, equation 4 |
//! | `dr` | the doubly robust score of each row | Kennedy 2023, algorithm 1 |
//! | `transformed` | Y (W − e) / (e (1 − e)) | Athey and Imbens 2016, section 3.1 |
//!
//! With several treatments each is set against the control by itself. What a row's own outcome enters is predicted by models
//! that have not seen the row (cross-fitting).
//!
//! Not here: trees that split by the effect itself ([`super::tree`]).

use math::Random;
use rayon::prelude::*;

use super::base::{Base, Fitted, Prepared};
use super::trial::{Assignment, Trial, folds, others};
use crate::StrategyError;
use crate::boost::{Feature, Features, Loss};

/// Name of the column by which the S-learner knows the arm; no feature may have it.
const ARM: &str = "(arm)";
/// Estimated chances are kept away from 0 and 1 by this: a row counts at most fifty times.
pub(super) const CLIP: f64 = 0.02;

/// How an effect is learned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Learner {
    S,
    #[default]
    T,
    X,
    R,
    Dr,
    Transformed,
}

/// What a learner is made with.
#[derive(Clone, Debug, PartialEq)]
pub struct MetaSettings {
    pub learner: Learner,
    pub base: Base,
    /// Parts for cross-fitting: 2 to 20.
    pub n_folds: usize,
    pub seed: u64,
}

impl Default for MetaSettings {
    fn default() -> Self {
        MetaSettings { learner: Learner::T, base: Base::default(), n_folds: 3, seed: 1 }
    }
}

/// A learner that has learned.
#[derive(Clone, Debug)]
pub struct Meta {
    learner: Learner,
    prepared: Prepared,
    /// Of each arm (T), or one for all (S).
    outcomes: Vec<Fitted>,
    /// Of each treatment: one model, or the two of the X-learner with what weighs them.
    effects: Vec<Effect>,
    n_arms: usize,
}

#[derive(Clone, Debug)]
enum Effect {
    One(Fitted),
    /// From the treated, from the controls, and the chance of treatment.
    Two(Box<(Fitted, Fitted, Chance)>),
}

#[derive(Clone, Debug)]
enum Chance {
    Constant(f64),
    Model(Fitted),
}

impl Meta {
    /// # Errors
    /// If the settings do not fit, or an arm has too few rows for the folds.
    pub fn fit(trial: &Trial, settings: &MetaSettings) -> Result<Self, StrategyError> {
        if !(2..=20).contains(&settings.n_folds) {
            return Err(StrategyError::unfit("n_folds", settings.n_folds, "2 to 20"));
        }
        let counts = trial.counts();
        if let Some(arm) = counts.iter().position(|&n| n < settings.n_folds) {
            let found = format!("{} in arm {arm}", counts[arm]);
            return Err(StrategyError::unfit("rows of an arm", found, format!("at least {}", settings.n_folds)));
        }
        let features = match settings.learner {
            Learner::S => with_arm(trial.features, trial.arms.to_vec(), trial.n_arms(), &settings.base)?,
            _ => trial.features.clone(),
        };
        let prepared = Prepared::new(&features, &settings.base)?;
        let loss = if trial.is_binary() { Loss::Logistic } else { Loss::Squared };
        let work = Work { trial, settings, prepared: &prepared, loss };
        let (outcomes, effects) = match settings.learner {
            Learner::S => (vec![Fitted::fit(&settings.base, &prepared, trial.outcome, None, loss, false)?], Vec::new()),
            Learner::T => (work.arm_models()?, Vec::new()),
            _ => (Vec::new(), (1..trial.n_arms() as u32).map(|arm| work.effect(arm)).collect::<Result<_, _>>()?),
        };
        Ok(Meta { learner: settings.learner, prepared, outcomes, effects, n_arms: trial.n_arms() })
    }

    /// The expected change of the outcome by each treatment against control. Shape: (n_arms − 1)(n_rows).
    ///
    /// # Errors
    /// If these are not the features that it learned from.
    pub fn effects(&self, features: &Features) -> Result<Vec<Vec<f64>>, StrategyError> {
        if let Some(outcomes) = self.outcomes(features)? {
            let minus = |arm: &Vec<f64>| arm.iter().zip(&outcomes[0]).map(|(a, b)| a - b).collect();
            return Ok(outcomes[1..].iter().map(minus).collect());
        }
        let rows = self.prepared.same(features)?;
        self.effects.iter().map(|effect| effect.predict(&rows)).collect()
    }

    /// What is expected in each arm, control first; `None` for learners that know effects only. Shape: (n_arms)(n_rows).
    ///
    /// # Errors
    /// As [`Meta::effects`].
    pub fn outcomes(&self, features: &Features) -> Result<Option<Vec<Vec<f64>>>, StrategyError> {
        match self.learner {
            Learner::S => {
                let base = self.base();
                let of = |arm: usize| {
                    let told = with_arm(features, vec![arm as u32; features.n_rows()], self.n_arms, &base)?;
                    self.outcomes[0].predict(&self.prepared.same(&told)?)
                };
                (0..self.n_arms).map(of).collect::<Result<_, _>>().map(Some)
            }
            Learner::T => {
                let rows = self.prepared.same(features)?;
                self.outcomes.iter().map(|model| model.predict(&rows)).collect::<Result<_, _>>().map(Some)
            }
            _ => Ok(None),
        }
    }

    /// The kind of base, as far as the form of the arm's column depends on it.
    fn base(&self) -> Base {
        match self.prepared {
            Prepared::Bins(_) => Base::default(),
            Prepared::Columns(_) => Base::Linear { l2: 1.0 },
        }
    }
}

impl Effect {
    fn predict(&self, rows: &Prepared) -> Result<Vec<f64>, StrategyError> {
        match self {
            Effect::One(model) => model.predict(rows),
            Effect::Two(models) => {
                let (treated, control, chance) = models.as_ref();
                let (from_treated, from_control) = (treated.predict(rows)?, control.predict(rows)?);
                let chances = chance.predict(rows, from_treated.len())?;
                let mix = |((t, c), e): ((f64, f64), f64)| e * c + (1.0 - e) * t;
                Ok(from_treated.into_iter().zip(from_control).zip(chances).map(mix).collect())
            }
        }
    }
}

impl Chance {
    fn predict(&self, rows: &Prepared, n: usize) -> Result<Vec<f64>, StrategyError> {
        match self {
            Chance::Constant(share) => Ok(vec![*share; n]),
            Chance::Model(model) => Ok(model.predict(rows)?.into_iter().map(clip).collect()),
        }
    }
}

pub(super) fn clip(chance: f64) -> f64 {
    chance.clamp(CLIP, 1.0 - CLIP)
}

/// The features with the arm: as a number where there are two, for trees a category where there are more. A linear model
/// gets the arm times every number as well, or all rows would have the same effect.
fn with_arm(features: &Features, arms: Vec<u32>, n_arms: usize, base: &Base) -> Result<Features, StrategyError> {
    if matches!(base, Base::Linear { .. }) {
        let mut all = features.clone();
        for arm in 1..n_arms as u32 {
            let is_arm: Vec<f64> = arms.iter().map(|&other| f64::from(other == arm)).collect();
            for (name, column) in features.names().iter().zip(features.columns()) {
                let Feature::Number(values) = column else { continue };
                let times = values.iter().zip(&is_arm).map(|(x, w)| if x.is_nan() { 0.0 } else { x * w }).collect();
                all = all.with(&format!("{ARM} {arm} {name}"), Feature::Number(times))?;
            }
            all = all.with(&format!("{ARM} {arm}"), Feature::Number(is_arm))?;
        }
        return Ok(all);
    }
    let column =
        if n_arms == 2 { Feature::Number(arms.into_iter().map(f64::from).collect()) } else { Feature::Category(arms) };
    features.with(ARM, column)
}

struct Work<'a> {
    trial: &'a Trial<'a>,
    settings: &'a MetaSettings,
    prepared: &'a Prepared,
    loss: Loss,
}

/// A treatment set against the control: rows of both, and for each what is needed of it.
struct Pair {
    rows: Vec<u32>,
    prepared: Prepared,
    /// 1 for the treatment.
    treated: Vec<f64>,
    outcome: Vec<f64>,
    /// Chance of the treatment among the two.
    chance: Vec<f64>,
    folds: Vec<Vec<u32>>,
}

impl Work<'_> {
    fn arm_models(&self) -> Result<Vec<Fitted>, StrategyError> {
        let of = |arm: u32| {
            let rows: Vec<u32> =
                (0..self.trial.n_rows() as u32).filter(|&row| self.trial.arms[row as usize] == arm).collect();
            let target: Vec<f64> = rows.iter().map(|&row| self.trial.outcome[row as usize]).collect();
            Fitted::fit(&self.settings.base, &self.prepared.take(&rows), &target, None, self.loss, false)
        };
        (0..self.trial.n_arms() as u32).into_par_iter().map(of).collect()
    }

    fn pair(&self, arm: u32) -> Result<Pair, StrategyError> {
        let is_in = |row: &u32| [0, arm].contains(&self.trial.arms[*row as usize]);
        let rows: Vec<u32> = (0..self.trial.n_rows() as u32).filter(is_in).collect();
        let treated: Vec<f64> = rows.iter().map(|&row| f64::from(self.trial.arms[row as usize] == arm)).collect();
        let outcome = rows.iter().map(|&row| self.trial.outcome[row as usize]).collect();
        let codes: Vec<u32> = treated.iter().map(|&treated| treated as u32).collect();
        let folds = folds(&codes, self.settings.n_folds, self.settings.seed);
        let mut pair = Pair { prepared: self.prepared.take(&rows), rows, treated, outcome, chance: Vec::new(), folds };
        pair.chance = self.chances(&pair, arm)?;
        Ok(pair)
    }

    fn chances(&self, pair: &Pair, arm: u32) -> Result<Vec<f64>, StrategyError> {
        match self.trial.assignment {
            Assignment::Randomised => {
                let share = pair.treated.iter().sum::<f64>() / pair.treated.len() as f64;
                Ok(vec![share; pair.treated.len()])
            }
            Assignment::Logged(chances) => {
                let n_arms = self.trial.n_arms();
                let of = |&row: &u32| {
                    let (control, own) =
                        (chances[row as usize * n_arms], chances[row as usize * n_arms + arm as usize]);
                    // Of each other's kind only: where one of both could not be, no row of it speaks for the other.
                    clip(own / (control + own))
                };
                Ok(pair.rows.iter().map(of).collect())
            }
            Assignment::Estimated => {
                let found = self.cross_fit(pair, &pair.treated, None, Loss::Logistic)?;
                Ok(found.into_iter().map(clip).collect())
            }
        }
    }

    /// For each row of a pair, what a model of the other folds predicts; of rows with `only` treated or not, if told.
    fn cross_fit(&self, pair: &Pair, target: &[f64], only: Option<f64>, loss: Loss) -> Result<Vec<f64>, StrategyError> {
        let of = |fold: &Vec<u32>| {
            let mut rows = others(target.len(), fold);
            rows.retain(|&row| only.is_none_or(|only| pair.treated[row as usize] == only));
            let train: Vec<f64> = rows.iter().map(|&row| target[row as usize]).collect();
            let model = Fitted::fit(&self.settings.base, &pair.prepared.take(&rows), &train, None, loss, false)?;
            model.predict(&pair.prepared.take(fold))
        };
        let parts: Vec<Vec<f64>> = pair.folds.par_iter().map(of).collect::<Result<_, StrategyError>>()?;
        let mut all = vec![0.0; target.len()];
        for (fold, part) in pair.folds.iter().zip(parts) {
            fold.iter().zip(part).for_each(|(&row, value)| all[row as usize] = value);
        }
        Ok(all)
    }

    fn effect(&self, arm: u32) -> Result<Effect, StrategyError> {
        let pair = self.pair(arm)?;
        let one = |target: &[f64], weights: Option<&[f64]>| {
            Fitted::fit(&self.settings.base, &pair.prepared, target, weights, Loss::Squared, true).map(Effect::One)
        };
        let each = |of: &dyn Fn(f64, f64, f64) -> f64| -> Vec<f64> {
            let rows = pair.outcome.iter().zip(&pair.treated).zip(&pair.chance);
            rows.map(|((&y, &w), &e)| of(y, w, e)).collect()
        };
        match self.settings.learner {
            Learner::Transformed => one(&each(&|y, w, e| y * (w - e) / (e * (1.0 - e))), None),
            Learner::R => {
                let expected = self.cross_fit(&pair, &pair.outcome, None, self.loss)?;
                let residual = pair.outcome.iter().zip(&expected);
                let others = pair.treated.iter().zip(&pair.chance);
                let target: Vec<f64> = residual.zip(others).map(|((y, m), (w, e))| (y - m) / (w - e)).collect();
                one(&target, Some(&each(&|_, w, e| (w - e) * (w - e))))
            }
            Learner::Dr => one(&self.scores(&pair)?, None),
            _ => self.x_learner(pair, arm),
        }
    }

    /// μ₁ − μ₀ + w (y − μ₁) / e − (1 − w)(y − μ₀) / (1 − e), with μ of models that have not seen the row.
    fn scores(&self, pair: &Pair) -> Result<Vec<f64>, StrategyError> {
        let (treated, control) = (
            self.cross_fit(pair, &pair.outcome, Some(1.0), self.loss)?,
            self.cross_fit(pair, &pair.outcome, Some(0.0), self.loss)?,
        );
        let score = |row: usize| {
            let (y, w, e) = (pair.outcome[row], pair.treated[row], pair.chance[row]);
            let (one, zero) = (treated[row], control[row]);
            one - zero + w * (y - one) / e - (1.0 - w) * (y - zero) / (1.0 - e)
        };
        Ok((0..pair.outcome.len()).map(score).collect())
    }

    fn x_learner(&self, pair: Pair, arm: u32) -> Result<Effect, StrategyError> {
        let base = &self.settings.base;
        let of = |wanted: f64| -> Vec<u32> {
            (0..pair.treated.len() as u32).filter(|&row| pair.treated[row as usize] == wanted).collect()
        };
        let sides = [of(0.0), of(1.0)];
        let outcome = |rows: &[u32]| rows.iter().map(|&row| pair.outcome[row as usize]).collect::<Vec<f64>>();
        let prepared = sides.each_ref().map(|rows| pair.prepared.take(rows));
        let model = |side: usize| Fitted::fit(base, &prepared[side], &outcome(&sides[side]), None, self.loss, false);
        let (control, treated) = rayon::join(|| model(0), || model(1));
        let models = [control?, treated?];
        let effect = |side: usize| {
            // What the other arm's model says would have been.
            let would_be = models[1 - side].predict(&prepared[side])?;
            let sign = if side == 1 { 1.0 } else { -1.0 };
            let imputed: Vec<f64> =
                outcome(&sides[side]).iter().zip(would_be).map(|(y, other)| sign * (y - other)).collect();
            Fitted::fit(base, &prepared[side], &imputed, None, Loss::Squared, true)
        };
        let (from_control, from_treated) = rayon::join(|| effect(0), || effect(1));
        let chance = match self.trial.assignment {
            Assignment::Estimated => {
                Chance::Model(Fitted::fit(base, &pair.prepared, &pair.treated, None, Loss::Logistic, false)?)
            }
            // Logged chances of rows to come are not known here; their mean weighs the two models well enough.
            _ => Chance::Constant(pair.chance.iter().sum::<f64>() / pair.chance.len() as f64),
        };
        debug_assert!(arm > 0);
        Ok(Effect::Two(Box::new((from_treated?, from_control?, chance))))
    }
}

/// Tells the effects of rows. Shape: (n_arms − 1)(n_rows).
pub type Predictor = Box<dyn Fn(&Features) -> Result<Vec<Vec<f64>>, StrategyError>>;

/// For every row, the effects told by learners of the other folds. Shape: (n_arms − 1)(n_rows).
///
/// # Errors
/// As [`Meta::fit`].
pub fn out_of_fold(
    trial: &Trial,
    n_folds: usize,
    seed: u64,
    fit: impl Fn(&Trial) -> Result<Predictor, StrategyError>,
) -> Result<Vec<Vec<f64>>, StrategyError> {
    let n_arms = trial.n_arms();
    let mut all = vec![vec![0.0; trial.n_rows()]; n_arms - 1];
    let seed = Random::stream(seed, 5).next_u64();
    for fold in folds(trial.arms, n_folds, seed) {
        let rows = others(trial.n_rows(), &fold);
        let arms: Vec<u32> = rows.iter().map(|&row| trial.arms[row as usize]).collect();
        let outcome: Vec<f64> = rows.iter().map(|&row| trial.outcome[row as usize]).collect();
        let chances: Option<Vec<f64>> = match trial.assignment {
            Assignment::Logged(chances) => {
                Some(rows.iter().flat_map(|&row| &chances[row as usize * n_arms..][..n_arms]).copied().collect())
            }
            _ => None,
        };
        let assignment = chances.as_deref().map_or(trial.assignment, Assignment::Logged);
        let features = trial.features.take(&rows);
        let learned = fit(&Trial::new(&features, &arms, &outcome, assignment)?)?;
        let found = learned(&trial.features.take(&fold))?;
        for (all, found) in all.iter_mut().zip(found) {
            fold.iter().zip(found).for_each(|(&row, value)| all[row as usize] = value);
        }
    }
    Ok(all)
}
