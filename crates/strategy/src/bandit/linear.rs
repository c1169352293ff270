//! LinUCB: what an arm brings is linear in what is known of the customer, and the arm is chosen whose upper bound is highest.

use serde::Serialize;

use super::choose::{Bandit, Context, check_arm, check_arms, check_features, check_reward, even_over_best};
use crate::StrategyError;

/// At most this many features: an arm keeps a square of them.
pub const FEATURES_MAX: usize = 512;

/// The inverse of λI + Σ cxxᵀ, kept up to date by Sherman and Morrison's formula.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Inverse {
    n: usize,
    /// Shape: (n, n), symmetric.
    values: Vec<f64>,
}

impl Inverse {
    pub(super) fn new(n: usize, ridge: f64) -> Self {
        let mut values = vec![0.0; n * n];
        (0..n).for_each(|at| values[at * n + at] = 1.0 / ridge);
        Inverse { n, values }
    }

    /// The product with `x`. Shape: (n).
    pub(super) fn times(&self, x: &[f64]) -> Vec<f64> {
        self.values.chunks_exact(self.n).map(|row| dot(row, x)).collect()
    }

    /// Adds `weight` xxᵀ to what is inverted; gives the old product with `x` over 1 + weight xᵀA⁻¹x, which is the new one.
    pub(super) fn add(&mut self, x: &[f64], weight: f64) -> Vec<f64> {
        let mut product = self.times(x);
        let scale = 1.0 / (1.0 + weight * dot(&product, x));
        for (row, a) in self.values.chunks_exact_mut(self.n).zip(&product) {
            let factor = weight * scale * a;
            row.iter_mut().zip(&product).for_each(|(value, b)| *value -= factor * b);
        }
        product.iter_mut().for_each(|value| *value *= scale);
        product
    }
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub(super) fn check_shape(n_features: usize, ridge: f64) -> Result<(), StrategyError> {
    if !(1..=FEATURES_MAX).contains(&n_features) {
        return Err(StrategyError::unfit("features", n_features, format!("1 to {FEATURES_MAX}")));
    }
    if ridge > 0.0 && ridge.is_finite() {
        return Ok(());
    }
    Err(StrategyError::unfit("the ridge", ridge, "above 0"))
}

/// Li, Chu, Langford, Schapire 2010, algorithm 1 (disjoint arms).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LinUcb {
    alpha: f64,
    n_features: usize,
    arms: Vec<LinearArm>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct LinearArm {
    inverse: Inverse,
    /// A⁻¹b. Shape: (n_features).
    coefficients: Vec<f64>,
}

impl LinUcb {
    /// `alpha` is how many standard errors the bound lies above the mean; `ridge` is the λ of λI, 1 in the paper.
    ///
    /// # Errors
    /// If there are no or too many arms or features, `alpha` is negative, or the ridge is not above 0.
    pub fn new(n_arms: usize, n_features: usize, alpha: f64, ridge: f64) -> Result<Self, StrategyError> {
        check_arms(n_arms)?;
        check_shape(n_features, ridge)?;
        if !(alpha >= 0.0 && alpha.is_finite()) {
            return Err(StrategyError::unfit("alpha", alpha, "0 or more"));
        }
        let arm = LinearArm { inverse: Inverse::new(n_features, ridge), coefficients: vec![0.0; n_features] };
        Ok(LinUcb { alpha, n_features, arms: vec![arm; n_arms] })
    }
}

impl Bandit for LinUcb {
    fn n_arms(&self) -> usize {
        self.arms.len()
    }

    fn probabilities(&self, context: &Context) -> Result<Vec<f64>, StrategyError> {
        let x = context.features;
        check_features(x, self.n_features)?;
        let score = |arm: &LinearArm| {
            let variance = dot(&arm.inverse.times(x), x).max(0.0);
            dot(&arm.coefficients, x) + self.alpha * variance.sqrt()
        };
        Ok(even_over_best(&self.arms.iter().map(score).collect::<Vec<_>>()))
    }

    fn learn(&mut self, context: &Context, arm_idx: usize, reward: f64) -> Result<(), StrategyError> {
        let x = context.features;
        check_arm(arm_idx, self.arms.len())?;
        check_features(x, self.n_features)?;
        check_reward(reward, reward.is_finite(), "a finite number")?;
        let arm = &mut self.arms[arm_idx];
        let surprise = reward - dot(&arm.coefficients, x);
        let gain = arm.inverse.add(x, 1.0);
        arm.coefficients.iter_mut().zip(gain).for_each(|(coefficient, gain)| *coefficient += gain * surprise);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use math::Random;

    /// Recursive least squares is ridge regression: Aθ = b, with A and b summed up beside it.
    #[test]
    fn coefficients_solve_the_normal_equations() {
        let (mut bandit, mut random) = (LinUcb::new(1, 3, 1.0, 2.0).unwrap(), Random::new(3));
        let (mut a, mut b) = ([[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 2.0]], [0.0; 3]);
        for _ in 0..200 {
            let x: Vec<f64> = (0..3).map(|_| random.normal()).collect();
            let reward = random.normal() + x[0];
            bandit.learn(&Context { features: &x, ..Context::default() }, 0, reward).unwrap();
            for i in 0..3 {
                (0..3).for_each(|j| a[i][j] += x[i] * x[j]);
                b[i] += reward * x[i];
            }
        }
        for (row, b) in a.iter().zip(b) {
            assert!((dot(row, &bandit.arms[0].coefficients) - b).abs() < 1e-8);
            let unit = bandit.arms[0].inverse.times(row);
            assert!((unit.iter().map(|value| value * value).sum::<f64>() - 1.0).abs() < 1e-9, "{unit:?}");
        }
    }

    #[test]
    fn features_of_another_shape_are_errors() {
        let mut bandit = LinUcb::new(2, 2, 1.0, 1.0).unwrap();
        let of = |features| Context { features, ..Context::default() };
        let told = bandit.probabilities(&of(&[1.0])).unwrap_err().to_string();
        assert_eq!(told, "the features has 1 rows where 2 were expected");
        assert!(bandit.learn(&of(&[1.0, f64::NAN]), 0, 1.0).is_err());
        assert!(LinUcb::new(2, 0, 1.0, 1.0).is_err() && LinUcb::new(2, 2, -1.0, 1.0).is_err());
        assert!(LinUcb::new(2, 2, 1.0, 0.0).is_err());
    }
}
