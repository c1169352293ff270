//! What launches have in common: mean and covariance of their levels and shapes, and how weeks scatter around curves. Empirical Bayes by
//! expectation and maximisation, each product's posterior as Laplace approximates it (Tierney and Kadane 1986), so that a product
//! of which little was sold moves nothing.

use super::shape::Shape;
use super::{PERIODS_MIN, Past};
use crate::forecast::Cholesky;

const N_ROUNDS: usize = 30;
const N_STEPS: usize = 25;
/// As if so many look-alikes more had been seen, so far off in each logarithm: a few tell little of how far products scatter.
pub(super) const EXTRA: f64 = 1.0;
const APART: f64 = 0.5;
/// The variance of a period beyond Poisson's, in parts of its mean squared: no less, no more.
const SCATTER: (f64, f64) = (1e-4, 4.0);

/// Level (its logarithm) and shape of a product as they are known: normal. Shape of `covariance`: (n, n), row-major.
#[derive(Clone, Debug)]
pub(super) struct Normal {
    pub mean: Vec<f64>,
    pub covariance: Vec<f64>,
}

impl Normal {
    pub fn precision(&self) -> Vec<f64> {
        inverse(&self.covariance, self.mean.len())
    }
}

/// What look-alikes tell of a product like them.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    pub shape: Shape,
    /// Of a product that is yet to come.
    pub prior: Normal,
    /// Variance of a period's sales is mean + scatter · mean².
    pub scatter: f64,
    pub n: usize,
    /// Logarithm of pre-orders over level: mean and variance for a new product, and of how many.
    pub preorders: Option<(f64, f64, usize)>,
}

/// The inverse of a covariance; with more on its diagonal where it is singular to working precision.
pub(super) fn inverse(matrix: &[f64], n: usize) -> Vec<f64> {
    let mut matrix = matrix.to_vec();
    for _ in 0..40 {
        if let Some(found) = Cholesky::new(matrix.clone(), n) {
            return found.inverse();
        }
        for i in 0..n {
            matrix[i * n + i] = matrix[i * n + i].abs() * 1.5 + 1e-9;
        }
    }
    // Not reached for finite numbers: by then the diagonal outweighs the rest.
    (0..n * n).map(|at| f64::from(u8::from(at / n == at % n))).collect()
}

/// Expected sales of the periods that were seen.
pub(super) fn means(shape: &Shape, x: &[f64], exposure: &[f64]) -> Vec<f64> {
    let level = x[0].clamp(-30.0, 40.0).exp();
    shape.shares(&x[1..]).iter().zip(exposure).map(|(share, exposure)| (level * share * exposure).max(1e-9)).collect()
}

/// The logarithm of the negative binomial density, without what does not depend on the mean.
pub(super) fn log_density(sales: f64, mean: f64, scatter: f64) -> f64 {
    sales * mean.ln() - (sales + 1.0 / scatter) * (scatter * mean).ln_1p()
}

/// How well a product's sales and a prior suit each other at `x`: a logarithm, up to a constant.
pub(super) fn log_posterior(
    shape: &Shape,
    past: &Past,
    x: &[f64],
    prior: &Normal,
    precision: &[f64],
    scatter: f64,
) -> f64 {
    let n = x.len();
    let off: Vec<f64> = x.iter().zip(&prior.mean).map(|(x, mean)| x - mean).collect();
    let distance: f64 = (0..n * n).map(|at| off[at / n] * precision[at] * off[at % n]).sum();
    let fit: f64 = means(shape, x, &past.exposure)
        .iter()
        .zip(&past.sales)
        .map(|(mean, sales)| log_density(*sales, *mean, scatter))
        .sum();
    fit - 0.5 * distance
}

/// A product's level and shape given its sales: the most probable ones and the covariance around them, by Fisher's scoring.
pub(super) fn posterior(shape: &Shape, past: &Past, prior: &Normal, scatter: f64, start: &[f64]) -> Normal {
    let n = prior.mean.len();
    let precision = prior.precision();
    let mut x = start.to_vec();
    let mut value = log_posterior(shape, past, &x, prior, &precision, scatter);
    let mut information = precision.clone();
    for _ in 0..N_STEPS {
        let (gradient, found) = slopes(shape, past, &x, prior, &precision, scatter);
        information = found;
        let Some(factor) = Cholesky::new(information.clone(), n) else { break };
        let mut step = gradient;
        factor.solve(&mut step);
        // No parameter, a logarithm, moves further than by 2 at once.
        let longest = step.iter().fold(0.0_f64, |most, part| most.max(part.abs()));
        let mut size = if longest > 2.0 { 2.0 / longest } else { 1.0 };
        let mut is_better = false;
        for _ in 0..12 {
            let next: Vec<f64> = x.iter().zip(&step).map(|(x, step)| x + size * step).collect();
            let found = log_posterior(shape, past, &next, prior, &precision, scatter);
            if found > value {
                is_better = found > value + 1e-9 * (1.0 + value.abs());
                (x, value) = (next, found);
                break;
            }
            size *= 0.5;
        }
        if !is_better {
            break;
        }
    }
    Normal { mean: x, covariance: inverse(&information, n) }
}

/// The gradient of the posterior's logarithm and Fisher's information.
fn slopes(
    shape: &Shape,
    past: &Past,
    x: &[f64],
    prior: &Normal,
    precision: &[f64],
    scatter: f64,
) -> (Vec<f64>, Vec<f64>) {
    let n = x.len();
    let mean = means(shape, x, &past.exposure);
    let mut by: Vec<Vec<f64>> = vec![mean.clone()];
    for i in 1..n {
        let mut moved = x.to_vec();
        moved[i] += 1e-4;
        let up = means(shape, &moved, &past.exposure);
        by.push(up.iter().zip(&mean).map(|(up, mean)| (up - mean) / 1e-4).collect());
    }
    let (mut gradient, mut information) = (vec![0.0; n], precision.to_vec());
    for i in 0..n {
        gradient[i] = -(0..n).map(|j| precision[i * n + j] * (x[j] - prior.mean[j])).sum::<f64>();
    }
    for (t, mean) in mean.iter().enumerate() {
        let variance = mean * (1.0 + scatter * mean);
        let error = past.sales[t] - mean;
        for i in 0..n {
            gradient[i] += by[i][t] * error / variance;
            for j in 0..n {
                information[i * n + j] += by[i][t] * by[j][t] / variance;
            }
        }
    }
    (gradient, information)
}

impl Pool {
    /// What `past` have in common under a shape that was learned from them. Those with too few periods or no sale at all tell of the
    /// level, too. `None` if nothing was sold at all.
    pub fn of(shape: Shape, past: &[&Past]) -> Option<Pool> {
        let seen: Vec<Past> =
            past.iter().filter(|one| one.sales.len() >= PERIODS_MIN).map(|one| one.first(shape.n_periods)).collect();
        let sold: f64 = seen.iter().map(Past::total).sum();
        if seen.is_empty() || sold <= 0.0 {
            return None;
        }
        let (centre, widths) = shape.start();
        let usual = shape.shares(&centre);
        let level = |one: &Past| {
            let weight: f64 = usual.iter().zip(&one.exposure).map(|(share, exposure)| share * exposure).sum();
            ((one.total() + 0.5) / weight.max(0.02)).ln()
        };
        let n = centre.len() + 1;
        let levels: Vec<f64> = seen.iter().map(level).collect();
        let hyper = Hyper { centre, widths };
        let mut prior = Normal { mean: vec![0.0; n], covariance: vec![0.0; n * n] };
        prior.mean[0] = levels.iter().sum::<f64>() / levels.len() as f64;
        prior.mean[1..].copy_from_slice(&hyper.centre);
        prior.covariance[0] = 1.0;
        hyper
            .widths
            .iter()
            .enumerate()
            .for_each(|(i, width)| prior.covariance[(i + 1) * (n + 1)] = 0.25 * width * width);
        let mut scatter = 0.1;
        let mut known: Vec<Normal> = levels
            .iter()
            .map(|level| Normal {
                mean: std::iter::once(*level).chain(hyper.centre.iter().copied()).collect(),
                covariance: prior.covariance.clone(),
            })
            .collect();
        for _ in 0..N_ROUNDS {
            known = seen
                .iter()
                .zip(&known)
                .map(|(one, known)| posterior(&shape, one, &prior, scatter, &known.mean))
                .collect();
            scatter = scattered(&shape, &seen, &known);
            let pooled = hyper.pooled(&known, &prior);
            let before = std::mem::replace(&mut prior, pooled);
            let moved = before.mean.iter().zip(&prior.mean).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            let spread =
                before.covariance.iter().zip(&prior.covariance).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            if moved < 1e-4 && spread < 1e-4 {
                break;
            }
        }
        let n_seen = seen.len();
        // The mean is estimated, too.
        prior.covariance.iter_mut().for_each(|value| *value *= 1.0 + 1.0 / n_seen as f64);
        let preorders = preordered(&seen, &known);
        Some(Pool { shape, prior, scatter, n: n_seen, preorders })
    }

    /// The prior of a product with so many pre-orders, by what part of the level they were of look-alikes.
    pub fn with_preorders(&self, preorders: Option<f64>) -> Normal {
        let (Some(found), Some((ratio, variance, _))) = (preorders, self.preorders) else { return self.prior.clone() };
        let (seen, variance) = ((found + 0.5).ln() - ratio, variance + 1.0 / (found + 0.5));
        let n = self.prior.mean.len();
        let covariance = &self.prior.covariance;
        let gain: Vec<f64> = (0..n).map(|i| covariance[i * n] / (covariance[0] + variance)).collect();
        let off = seen - self.prior.mean[0];
        Normal {
            mean: self.prior.mean.iter().zip(&gain).map(|(mean, gain)| mean + gain * off).collect(),
            covariance: (0..n * n).map(|at| covariance[at] - gain[at / n] * covariance[at % n]).collect(),
        }
    }
}

/// What is taken for granted of shapes before any was seen.
struct Hyper {
    centre: Vec<f64>,
    widths: Vec<f64>,
}

impl Hyper {
    /// Mean and covariance of products of which each is known so far.
    fn pooled(&self, known: &[Normal], prior: &Normal) -> Normal {
        let (n, count) = (prior.mean.len(), known.len() as f64);
        let precision = prior.precision();
        let sums: Vec<f64> = (0..n).map(|i| known.iter().map(|one| one.mean[i]).sum()).collect();
        let mut left: Vec<f64> = precision.iter().map(|value| count * value).collect();
        let mut right: Vec<f64> = (0..n).map(|i| (0..n).map(|j| precision[i * n + j] * sums[j]).sum()).collect();
        for (i, (centre, width)) in self.centre.iter().zip(&self.widths).enumerate() {
            left[(i + 1) * (n + 1)] += 1.0 / (width * width);
            right[i + 1] += centre / (width * width);
        }
        let mean: Vec<f64> = match Cholesky::new(left, n) {
            Some(factor) => {
                factor.solve(&mut right);
                right
            }
            None => prior.mean.clone(),
        };
        let covariance = (0..n * n)
            .map(|at| {
                let (i, j) = (at / n, at % n);
                let of = |one: &Normal| (one.mean[i] - mean[i]) * (one.mean[j] - mean[j]) + one.covariance[at];
                let extra = if i == j { EXTRA * APART * APART } else { 0.0 };
                (known.iter().map(of).sum::<f64>() + extra) / (count - 1.0 + EXTRA)
            })
            .collect();
        Normal { mean, covariance }
    }
}

/// How far weeks lie from the curves beyond Poisson, by moments; a parameter of each curve was fitted to them.
fn scattered(shape: &Shape, seen: &[Past], known: &[Normal]) -> f64 {
    let (mut errors, mut counts, mut squares, mut n) = (0.0, 0.0, 0.0, 0.0);
    for (one, known) in seen.iter().zip(known) {
        for (mean, sales) in means(shape, &known.mean, &one.exposure).iter().zip(&one.sales) {
            // Weighed so that one large product does not speak for all.
            let weight = 1.0 / (1.0 + mean).powi(2);
            errors += weight * (sales - mean) * (sales - mean);
            counts += weight * mean;
            squares += weight * mean * mean;
            n += 1.0;
        }
    }
    let freedom = (n / (n - 1.5 * seen.len() as f64).max(1.0)).min(2.0);
    ((freedom * errors - counts) / squares.max(1e-12)).clamp(SCATTER.0, SCATTER.1)
}

/// Pre-orders over level, in the logarithm; of three look-alikes and more that had any.
fn preordered(seen: &[Past], known: &[Normal]) -> Option<(f64, f64, usize)> {
    let of = |(one, known): (&Past, &Normal)| {
        one.preorders.filter(|found| *found > 0.0).map(|found| (found + 0.5).ln() - known.mean[0])
    };
    let ratios: Vec<f64> = seen.iter().zip(known).filter_map(of).collect();
    let n = ratios.len() as f64;
    if ratios.len() < super::LOOKALIKES_MIN {
        return None;
    }
    let mean = ratios.iter().sum::<f64>() / n;
    let square: f64 = ratios.iter().map(|ratio| (ratio - mean) * (ratio - mean)).sum();
    let variance = (square + EXTRA * APART * APART) / (n - 1.0 + EXTRA) * (1.0 + 1.0 / n);
    Some((mean, variance, ratios.len()))
}
