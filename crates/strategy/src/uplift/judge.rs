//! How good predicted effects are, on rows that they were not learned from: Qini with a bootstrap interval, effects in the
//! best shares, and deciles of predicted beside found effects. Not here: how a curve is defined ([`super::curves`]).

use math::Random;
use rayon::prelude::*;

use super::curves::{Ranked, difference};
use crate::{Estimate, StrategyError};

/// Standard normal quantile of 95 %: 90 % intervals.
const Z_90: f64 = 1.644_853_626_951_472_2;
pub(super) const LEVEL: f64 = 0.9;
/// Groups by predicted effect.
const N_GROUPS: usize = 10;

/// value ± 1.645 standard errors.
pub(super) fn normal_interval(value: f64, variance: f64) -> Estimate {
    let half = Z_90 * variance.max(0.0).sqrt();
    Estimate { value, low: value - half, high: value + half, level: LEVEL }
}

/// One group of a calibration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Group {
    pub n_treated: usize,
    pub n_controls: usize,
    pub predicted: f64,
    /// `None` with fewer than two rows of an arm.
    pub found: Option<Estimate>,
}

/// The area between Qini curve and chance, over the square of the rows, with a 90 % percentile interval from `n_samples`
/// bootstrap samples drawn within each arm.
///
/// # Errors
/// If `n_samples` is not 20 to 100,000.
pub fn qini(ranked: &Ranked, n_samples: usize, seed: u64) -> Result<Estimate, StrategyError> {
    if !(20..=100_000).contains(&n_samples) {
        return Err(StrategyError::unfit("n_samples", n_samples, "20 to 100000"));
    }
    let arms = [false, true].map(|arm| {
        (0..ranked.n_rows() as u32).filter(|&at| ranked.is_treated()[at as usize] == arm).collect::<Vec<u32>>()
    });
    let one = |sample: usize| {
        let mut random = Random::stream(seed, 1000 + sample as u64);
        let mut times = vec![0u32; ranked.n_rows()];
        for rows in &arms {
            for _ in 0..rows.len() {
                times[rows[random.below(rows.len())] as usize] += 1;
            }
        }
        ranked.qini_per_row(|at| f64::from(times[at]))
    };
    let mut samples: Vec<f64> = (0..n_samples).into_par_iter().map(one).collect();
    samples.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| samples[((n_samples as f64 * share) as usize).min(n_samples - 1)];
    let value = ranked.qini();
    let tail = (1.0 - LEVEL) / 2.0;
    Ok(Estimate { value, low: at(tail).min(value), high: at(1.0 - tail).max(value), level: LEVEL })
}

/// Difference of the arms' means: the effect on all, if chance alone assigned them. `None` with fewer than two rows of an arm.
pub fn average_effect(outcome: &[f64], is_treated: &[bool]) -> Option<Estimate> {
    let (value, variance) = difference(outcome.iter().copied().zip(is_treated.iter().copied()))?;
    Some(normal_interval(value, variance))
}

/// Ten groups by predicted effect, the best first. Shapes: (n_rows).
pub fn deciles(effect: &[f64], outcome: &[f64], is_treated: &[bool]) -> Vec<Group> {
    let mut order: Vec<u32> = (0..effect.len() as u32).collect();
    order.sort_by(|&a, &b| effect[b as usize].total_cmp(&effect[a as usize]));
    let group = |at: usize| {
        let n = order.len();
        let rows = &order[at * n / N_GROUPS..(at + 1) * n / N_GROUPS];
        let found = difference(rows.iter().map(|&row| (outcome[row as usize], is_treated[row as usize])));
        let n_treated = rows.iter().filter(|&&row| is_treated[row as usize]).count();
        let predicted = rows.iter().map(|&row| effect[row as usize]).sum::<f64>() / rows.len().max(1) as f64;
        let found = found.map(|(value, variance)| normal_interval(value, variance));
        Group { n_treated, n_controls: rows.len() - n_treated, predicted, found }
    };
    (0..N_GROUPS).map(group).collect()
}

/// Slope of found on predicted effects over the groups, each weighted by its precision: 1 is calibrated, below 1 the
/// predictions spread too far, 0 says nothing. `None` if fewer than three groups tell.
pub fn calibration_slope(groups: &[Group]) -> Option<Estimate> {
    let points: Vec<(f64, f64, f64)> = groups
        .iter()
        .filter_map(|group| {
            let found = group.found?;
            let error = (found.high - found.low) / (2.0 * Z_90);
            (error > 0.0).then(|| (group.predicted, found.value, 1.0 / (error * error)))
        })
        .collect();
    if points.len() < 3 {
        return None;
    }
    let total: f64 = points.iter().map(|point| point.2).sum();
    let mean = |of: fn(&(f64, f64, f64)) -> f64| points.iter().map(|point| point.2 * of(point)).sum::<f64>() / total;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let spread: f64 = points.iter().map(|point| point.2 * (point.0 - x) * (point.0 - x)).sum();
    let together: f64 = points.iter().map(|point| point.2 * (point.0 - x) * (point.1 - y)).sum();
    (spread > 0.0).then(|| normal_interval(together / spread, 1.0 / spread))
}
