//! How sure a mean over users is, and whether one algorithm truly beats another. Users are the unit that is resampled;
//! nothing is assumed about the distribution of a measure.

use math::Random;
use serde::Serialize;

/// A mean with a percentile bootstrap interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    pub mean: f64,
    /// Bounds of the interval; absent for figures that are not means over users (coverage, Gini).
    pub low: Option<f64>,
    pub high: Option<f64>,
}

/// How to resample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bootstrap {
    /// Samples drawn; 0 for no interval.
    pub n_samples: usize,
    /// Probability content of the interval, such as 0.95.
    pub level: f64,
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Bootstrap { n_samples: 500, level: 0.95, seed: 1 }
    }
}

/// One measure of two algorithms on the same users.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    pub metric: String,
    pub first: f64,
    pub second: f64,
    /// Second minus first, mean over users.
    pub difference: Estimate,
    /// Two-sided p-value of a sign-flip permutation test: the chance of a mean difference at least this large if the
    /// two were exchangeable user by user.
    pub p_value: f64,
    pub n_users: usize,
}

impl Estimate {
    /// A figure without an interval.
    pub fn exact(mean: f64) -> Estimate {
        Estimate { mean, low: None, high: None }
    }

    /// The mean of `values`, one per user, with its interval.
    pub fn of(values: &[f64], bootstrap: &Bootstrap) -> Estimate {
        let mean = mean(values);
        if bootstrap.n_samples == 0 || values.is_empty() {
            return Estimate::exact(mean);
        }
        let mut means = resampled_means(values, bootstrap);
        means.sort_by(f64::total_cmp);
        let tail = (1.0 - bootstrap.level) / 2.0;
        Estimate { mean, low: Some(quantile(&means, tail)), high: Some(quantile(&means, 1.0 - tail)) }
    }
}

impl Comparison {
    /// Compares measures of the same users, in the same order.
    ///
    /// # Panics
    /// If the two do not have the same length.
    pub fn of(metric: &str, first: &[f64], second: &[f64], bootstrap: &Bootstrap) -> Comparison {
        assert_eq!(first.len(), second.len(), "a paired comparison needs the same users");
        let differences: Vec<f64> = first.iter().zip(second).map(|(first, second)| second - first).collect();
        Comparison {
            metric: metric.to_owned(),
            first: mean(first),
            second: mean(second),
            difference: Estimate::of(&differences, bootstrap),
            p_value: sign_flip_p_value(&differences, bootstrap),
            n_users: differences.len(),
        }
    }
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

fn resampled_means(values: &[f64], bootstrap: &Bootstrap) -> Vec<f64> {
    use rayon::prelude::*;
    let draw = |sample: usize| {
        let mut random = Random::stream(bootstrap.seed, sample as u64);
        (0..values.len()).map(|_| values[random.below(values.len())]).sum::<f64>() / values.len() as f64
    };
    (0..bootstrap.n_samples).into_par_iter().map(draw).collect()
}

/// Linear interpolation between order statistics, as numpy's default.
fn quantile(sorted: &[f64], probability: f64) -> f64 {
    let at = probability.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let (below, above) = (at.floor() as usize, at.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * (at - below as f64)
}

fn sign_flip_p_value(differences: &[f64], bootstrap: &Bootstrap) -> f64 {
    let observed = differences.iter().sum::<f64>().abs();
    let n_flips = bootstrap.n_samples.max(1);
    let as_large = (0..n_flips)
        .filter(|&sample| {
            let mut random = Random::stream(bootstrap.seed ^ 0x5167_4e5f, sample as u64);
            let flip = |value: &f64| if random.next_u64() & 1 == 1 { -value } else { *value };
            differences.iter().map(flip).sum::<f64>().abs() >= observed
        })
        .count();
    // The observed assignment counts as one of the permutations, so the value is never 0.
    (as_large + 1) as f64 / (n_flips + 1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_cover_the_true_mean_about_as_often_as_they_say() {
        let n_covering = (0..200)
            .filter(|&trial| {
                let mut random = Random::new(trial);
                let values: Vec<f64> = (0..60).map(|_| random.uniform()).collect();
                let estimate = Estimate::of(&values, &Bootstrap { n_samples: 300, level: 0.9, seed: trial });
                estimate.low.unwrap() <= 0.5 && 0.5 <= estimate.high.unwrap()
            })
            .count();
        assert!((165..=195).contains(&n_covering), "{n_covering} of 200 at level 0.9");
    }

    #[test]
    fn a_real_difference_is_found() {
        let mut random = Random::new(3);
        let first: Vec<f64> = (0..200).map(|_| random.uniform()).collect();
        let better: Vec<f64> = first.iter().map(|value| value + 0.05 + 0.02 * random.uniform()).collect();
        let found = Comparison::of("ndcg@10", &first, &better, &Bootstrap::default());
        assert!(found.p_value < 0.01 && found.difference.low.unwrap() > 0.04, "{found:?}");
        assert_eq!(Comparison::of("ndcg@10", &first, &first, &Bootstrap::default()).p_value, 1.0);
    }

    #[test]
    fn an_absent_difference_is_claimed_as_rarely_as_promised() {
        let claims = |trial: u64| {
            let mut random = Random::new(trial);
            let noise: Vec<f64> = (0..50).map(|_| random.uniform() - 0.5).collect();
            sign_flip_p_value(&noise, &Bootstrap { seed: trial, ..Bootstrap::default() }) <= 0.1
        };
        let n_claims = (0..300).filter(|&trial| claims(trial)).count();
        assert!((12..=50).contains(&n_claims), "{n_claims} of 300 at level 0.1");
    }

    #[test]
    fn quantiles_interpolate() {
        let sorted = [0.0, 1.0, 2.0, 4.0];
        for (probability, expected) in [(0.0, 0.0), (0.5, 1.5), (1.0, 4.0), (0.9, 3.4)] {
            assert!((quantile(&sorted, probability) - expected).abs() < 1e-12);
        }
    }
}
