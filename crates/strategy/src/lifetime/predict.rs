//! What a fitted model says of customers: alive or gone, purchases to come, and how far these may be off.

use math::Random;
use math::distributions::normal_quantile;
use math::self_adjoint::eigen;
use rayon::prelude::*;
use serde::Serialize;

use super::fit::LOG_TIME_MAX;
use super::histories::hash;
use super::likelihood::dot;
use super::{Covariates, Histories, Lifetime, Process, beta_geometric, pareto};
use crate::{Estimate, StrategyError};

/// Customers scored by one thread at a time.
const CHUNK: usize = 1 << 16;
/// Entries of the table in which the last answers are looked up.
const CACHE: usize = 1 << 12;
const PURCHASES_MAX: u32 = 1_000_000;
/// Logarithms of drawn parameters stay within this.
const DRAWN_LOG_MAX: f64 = 20.0;

/// One score a customer. Shapes: (n_customers).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Scores {
    /// The probability of not having left.
    pub alive: Vec<f64>,
    /// Purchases expected within the horizon.
    pub purchases: Vec<f64>,
}

impl Lifetime {
    /// The parameters of a customer with these covariates. Shape of `row`: (n_columns), empty without any.
    fn own(&self, row: &[f64]) -> [f64; 4] {
        let mut own = self.parameters;
        own[1] *= (-dot(row, &self.buying_effects)).exp();
        let (leaving, sign) = self.process.leaving();
        if !self.leaving_effects.is_empty() {
            own[leaving] *= (sign * dot(row, &self.leaving_effects)).exp();
        }
        own
    }

    fn check(&self, histories: &Histories, covariates: Option<&Covariates>, horizon: f64) -> Result<(), StrategyError> {
        histories.check()?;
        covariates.map_or(Ok(()), |covariates| covariates.check(histories.len()))?;
        let found = covariates.map_or(0, |covariates| covariates.n_columns);
        if found != self.buying_effects.len() {
            let allowed = format!("{}, as in the fit", self.buying_effects.len());
            return Err(StrategyError::unfit("columns of covariates", found, allowed));
        }
        if !(0.0..=1e9).contains(&horizon) {
            return Err(StrategyError::unfit("horizon", horizon, "0 to 1e9"));
        }
        Ok(())
    }

    /// Scores every customer for the time `horizon` from now on.
    ///
    /// # Errors
    /// If histories or covariates are not as described there, the covariates are not those of the fit, or the horizon is
    /// negative.
    pub fn score(
        &self,
        histories: &Histories,
        covariates: Option<&Covariates>,
        horizon: f64,
    ) -> Result<Scores, StrategyError> {
        self.check(histories, covariates, horizon)?;
        let n = histories.len();
        let mut scores = Scores { alive: vec![0.0; n], purchases: vec![0.0; n] };
        let parts = scores.alive.par_chunks_mut(CHUNK).zip(scores.purchases.par_chunks_mut(CHUNK)).enumerate();
        parts.for_each(|(part, (alive, purchases))| {
            let from = part * CHUNK;
            if covariates.is_none() {
                return self.score_alike(histories, from, horizon, alive, purchases);
            }
            for at in 0..alive.len() {
                let row = covariates.map_or(&[][..], |covariates| covariates.row(from + at));
                let own = self.own(row);
                alive[at] = self.alive(&own, history(histories, from + at));
                purchases[at] = alive[at] * self.if_alive(&own, history(histories, from + at), horizon);
            }
        });
        Ok(scores)
    }

    /// Without covariates. What is dear depends on frequency and age alone (BG, MBG), or on all three (Pareto), which many
    /// customers share: the last answers are kept in a small table by hash.
    fn score_alike(&self, histories: &Histories, from: usize, horizon: f64, alive: &mut [f64], purchases: &mut [f64]) {
        #[derive(Clone, Copy)]
        struct Kept {
            frequency: u32,
            recency: f64,
            age: f64,
            purchases: f64,
            /// ln(α + T) (BG, MBG) or P(alive) (Pareto).
            other: f64,
        }
        let own = self.parameters;
        let is_pareto = self.process == Process::ParetoNbd;
        let first_chances = self.process.first_chances();
        let none = Kept { frequency: u32::MAX, recency: 0.0, age: 0.0, purchases: 0.0, other: 0.0 };
        let mut cache = vec![none; CACHE];
        for at in 0..alive.len() {
            let (frequency, recency, age) = history(histories, from + at);
            let by = if is_pareto { recency } else { 0.0 };
            let slot = &mut cache[hash(frequency, by, age, &[]) as usize % CACHE];
            if slot.frequency != frequency || slot.age != age || slot.recency != by {
                let history = (frequency, recency, age);
                let other = if is_pareto { pareto::alive(&own, history) } else { (own[1] + age).ln() };
                *slot = Kept { frequency, recency: by, age, purchases: self.if_alive(&own, history, horizon), other };
            }
            let kept = *slot;
            alive[at] = if is_pareto {
                kept.other
            } else if frequency + first_chances == 0 {
                1.0
            } else {
                let since = kept.other - (own[1] + recency).ln();
                1.0 / (1.0 + beta_geometric::odds_of_having_left(&own, first_chances, frequency, since))
            };
            purchases[at] = kept.purchases * alive[at];
        }
    }

    fn alive(&self, own: &[f64; 4], (frequency, recency, age): (u32, f64, f64)) -> f64 {
        if self.process == Process::ParetoNbd {
            return pareto::alive(own, (frequency, recency, age));
        }
        let since = ((own[1] + age) / (own[1] + recency)).ln();
        1.0 / (1.0 + beta_geometric::odds_of_having_left(own, self.process.first_chances(), frequency, since))
    }

    fn if_alive(&self, own: &[f64; 4], (frequency, _, age): (u32, f64, f64), horizon: f64) -> f64 {
        match self.process {
            Process::ParetoNbd => pareto::purchases_if_alive(own, frequency, age, horizon),
            process => beta_geometric::purchases_if_alive(own, process.first_chances(), frequency, age, horizon),
        }
    }

    /// Repeat purchases expected of a customer within `horizon` of its first purchase. Shape of `row`: (n_columns).
    pub fn expected_of_new(&self, row: &[f64], horizon: f64) -> f64 {
        let own = self.own(row);
        self.alive(&own, (0, 0.0, 0.0)) * self.if_alive(&own, (0, 0.0, 0.0), horizon)
    }

    /// Numbers of purchases of one customer within `horizon`, drawn from what its history leaves open, parameters taken
    /// as known: their quantiles are the interval of its purchases. Shape: (n_draws).
    pub fn draws(&self, history: (u32, f64, f64), row: &[f64], horizon: f64, n_draws: usize, seed: u64) -> Vec<u32> {
        let own = self.own(row);
        let alive = self.alive(&own, history);
        let mut random = Random::new(seed);
        (0..n_draws).map(|_| self.draw(&own, alive, history, horizon, &mut random)).collect()
    }

    fn draw(&self, own: &[f64; 4], alive: f64, history: (u32, f64, f64), horizon: f64, random: &mut Random) -> u32 {
        if random.uniform() >= alive {
            return 0;
        }
        let (frequency, _, age) = history;
        let rate = random.gamma(own[0] + f64::from(frequency)) / (own[1] + age);
        match self.process {
            // Given that it is alive, what is known of both rates is gamma again.
            Process::ParetoNbd => {
                let leaving = random.gamma(own[2]) / (own[3] + age);
                let until = horizon.min(random.exponential() / leaving);
                count_until(rate, until, || false, random)
            }
            process => {
                let chances = f64::from(frequency + process.first_chances());
                let leave = random.beta(own[2], own[3] + chances);
                let mut coins = Random::new(random.next_u64());
                count_until(rate, horizon, || coins.uniform() < leave, random)
            }
        }
    }

    /// Purchases of all customers together within `horizon`: expected, with an interval that holds both what each will
    /// do and what is not known of the parameters. Costs a simulation of all customers for each draw.
    ///
    /// # Errors
    /// As [`Lifetime::score`]; or if there are fewer than 20 draws, or the level is not between 0 and 1.
    pub fn total(
        &self,
        histories: &Histories,
        covariates: Option<&Covariates>,
        horizon: f64,
        (level, n_draws, seed): (f64, usize, u64),
    ) -> Result<Estimate, StrategyError> {
        if n_draws < 20 || !(0.0 < level && level < 1.0) {
            return Err(StrategyError::unfit(
                "draws and level",
                format!("{n_draws} and {level}"),
                "at least 20, and between 0 and 1",
            ));
        }
        let value: f64 = self.score(histories, covariates, horizon)?.purchases.iter().sum();
        let point = self.point();
        let axes = self.covariance.as_ref().and_then(|covariance| eigen(covariance, point.len()));
        let mean_age = histories.age.iter().sum::<f64>() / histories.len().max(1) as f64;
        let total = |draw: usize| -> f64 {
            let mut random = Random::stream(seed, draw as u64);
            let mut moved = point.clone();
            for (axis, variance) in axes.iter().flat_map(|axes| axes.vectors.chunks(point.len()).zip(&axes.values)) {
                let step = random.normal() * variance.max(0.0).sqrt();
                moved.iter_mut().zip(axis).for_each(|(entry, axis)| *entry += step * axis);
            }
            if self.process == Process::ParetoNbd {
                bound_times(&mut moved, mean_age);
            }
            bound(&mut moved);
            let model = self.moved(&moved);
            let one = |at: usize| {
                let own = model.own(covariates.map_or(&[][..], |covariates| covariates.row(at)));
                let history = history(histories, at);
                f64::from(model.draw(&own, model.alive(&own, history), history, horizon, &mut random))
            };
            (0..histories.len()).map(one).sum()
        };
        let mut totals: Vec<f64> = (0..n_draws).into_par_iter().map(total).collect();
        totals.sort_unstable_by(f64::total_cmp);
        let (low, high) = (quantile(&totals, 0.5 - level / 2.0), quantile(&totals, 0.5 + level / 2.0));
        Ok(Estimate { value, low: low.min(value), high: high.max(value), level })
    }

    /// A customer's probability of being alive with an interval from what is not known of the parameters (delta method on
    /// the logit); without a covariance the interval is all of 0 to 1.
    pub fn alive_with_interval(&self, history: (u32, f64, f64), row: &[f64], level: f64) -> Estimate {
        let value = self.alive(&self.own(row), history);
        let Some(covariance) = &self.covariance else { return Estimate { value, low: 0.0, high: 1.0, level } };
        if value <= 0.0 || value >= 1.0 {
            return Estimate { value, low: value, high: value, level };
        }
        let point = self.point();
        let n = point.len();
        let logit_at = |at: usize, step: f64| {
            let mut moved = point.clone();
            moved[at] += step;
            let model = self.moved(&moved);
            let alive = model.alive(&model.own(row), history);
            (alive / (1.0 - alive)).ln()
        };
        let slopes: Vec<f64> = (0..n).map(|at| (logit_at(at, 1e-5) - logit_at(at, -1e-5)) / 2e-5).collect();
        let variance: f64 = (0..n * n).map(|at| slopes[at / n] * covariance[at] * slopes[at % n]).sum();
        let wide = normal_quantile(0.5 + level / 2.0) * variance.max(0.0).sqrt();
        let logit = (value / (1.0 - value)).ln();
        let back = |logit: f64| 1.0 / (1.0 + (-logit).exp());
        Estimate { value, low: back(logit - wide).min(value), high: back(logit + wide).max(value), level }
    }
}

/// Where the likelihood is flat, draws of α and β run as far as nobody fits them: they are brought back to where a fit ends, and the
/// rates' means stay. `point` as [`Lifetime::point`].
fn bound_times(point: &mut [f64], mean_age: f64) {
    let most = LOG_TIME_MAX + mean_age.max(f64::MIN_POSITIVE).ln();
    for (shape, time) in [(0, 1), (2, 3)] {
        let beyond = (point[time] - most).max(0.0);
        point[shape] -= beyond;
        point[time] -= beyond;
    }
}

/// The same for draws that run off together where customers do not differ at all, so that no distribution of that shape exists: the ratio
/// of a pair is kept, and each stays within what can be told from it. `point` as [`Lifetime::point`], in logarithms.
fn bound(point: &mut [f64]) {
    for pair in [0, 2] {
        let beyond = (point[pair].max(point[pair + 1]) - DRAWN_LOG_MAX).max(0.0);
        for entry in &mut point[pair..pair + 2] {
            *entry = (*entry - beyond).clamp(-DRAWN_LOG_MAX, DRAWN_LOG_MAX);
        }
    }
}

/// Purchases of a Poisson process until `until`, or until `ends` says after one that it was the last.
pub(super) fn count_until(rate: f64, until: f64, mut ends: impl FnMut() -> bool, random: &mut Random) -> u32 {
    let (mut time, mut n) = (0.0, 0);
    loop {
        time += random.exponential() / rate;
        if time.is_nan() || time > until || n >= PURCHASES_MAX {
            return n;
        }
        n += 1;
        if ends() {
            return n;
        }
    }
}

pub(super) fn history(histories: &Histories, at: usize) -> (u32, f64, f64) {
    (histories.frequency[at], histories.recency[at], histories.age[at])
}

/// Of sorted values, between neighbours in a straight line.
pub(super) fn quantile(sorted: &[f64], p: f64) -> f64 {
    let at = p.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let (below, share) = (at.floor() as usize, at.fract());
    sorted[below] + share * (sorted[(below + 1).min(sorted.len() - 1)] - sorted[below])
}
