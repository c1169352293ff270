//! Thompson sampling over logistic regressions: for yes or no that depends on what is known of the customer.

use serde::Serialize;

use super::choose::{Bandit, Context, check_arm, check_arms, check_features, check_reward};
use super::linear::{Inverse, check_shape, dot};
use super::thompson::{Belief, chances_best};
use crate::StrategyError;

/// One regression an arm, its coefficients believed normal. Each observation is one Newton step, as in the extended Kalman
/// filter; the covariance is whole, where Chapelle and Li (2011, algorithm 3) keep its diagonal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LogisticThompson {
    n_features: usize,
    arms: Vec<LogisticArm>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct LogisticArm {
    covariance: Inverse,
    /// Shape: (n_features).
    coefficients: Vec<f64>,
}

impl LogisticThompson {
    /// `ridge` is the precision with which coefficients are believed to be 0 beforehand.
    ///
    /// # Errors
    /// If there are no or too many arms or features, or the ridge is not above 0.
    pub fn new(n_arms: usize, n_features: usize, ridge: f64) -> Result<Self, StrategyError> {
        check_arms(n_arms)?;
        check_shape(n_features, ridge)?;
        let arm = LogisticArm { covariance: Inverse::new(n_features, ridge), coefficients: vec![0.0; n_features] };
        Ok(LogisticThompson { n_features, arms: vec![arm; n_arms] })
    }

    /// The probability of a yes, at the mean of the belief. Shape: (n_arms).
    ///
    /// # Errors
    /// If the features are not of the policy's shape.
    pub fn predicted(&self, features: &[f64]) -> Result<Vec<f64>, StrategyError> {
        check_features(features, self.n_features)?;
        Ok(self.arms.iter().map(|arm| logistic(dot(&arm.coefficients, features))).collect())
    }
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

impl Bandit for LogisticThompson {
    fn n_arms(&self) -> usize {
        self.arms.len()
    }

    fn probabilities(&self, context: &Context) -> Result<Vec<f64>, StrategyError> {
        let x = context.features;
        check_features(x, self.n_features)?;
        let belief = |arm: &LogisticArm| {
            let variance = dot(&arm.covariance.times(x), x).max(1e-300);
            Belief::Normal { mean: dot(&arm.coefficients, x), deviation: variance.sqrt() }
        };
        Ok(chances_best(&self.arms.iter().map(belief).collect::<Vec<_>>()))
    }

    fn learn(&mut self, context: &Context, arm_idx: usize, reward: f64) -> Result<(), StrategyError> {
        let x = context.features;
        check_arm(arm_idx, self.arms.len())?;
        check_features(x, self.n_features)?;
        check_reward(reward, (0.0..=1.0).contains(&reward), "0 to 1")?;
        let arm = &mut self.arms[arm_idx];
        let expected = logistic(dot(&arm.coefficients, x));
        // A certain expectation would freeze the belief; it is never that certain.
        let gain = arm.covariance.add(x, (expected * (1.0 - expected)).max(1e-4));
        let surprise = reward - expected;
        arm.coefficients.iter_mut().zip(gain).for_each(|(coefficient, gain)| *coefficient += gain * surprise);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use math::Random;

    #[test]
    fn coefficients_are_recovered() {
        let (mut bandit, mut random) = (LogisticThompson::new(1, 3, 1.0).unwrap(), Random::new(3));
        let truth = [-1.0, 0.8, -0.5];
        for _ in 0..20_000 {
            let x = [1.0, random.normal(), random.normal()];
            let reward = f64::from(u8::from(random.uniform() < logistic(dot(&truth, &x))));
            bandit.learn(&Context { features: &x, ..Context::default() }, 0, reward).unwrap();
        }
        let arm = &bandit.arms[0];
        for (at, truth) in truth.iter().enumerate() {
            let mut unit = [0.0; 3];
            unit[at] = 1.0;
            let deviation = arm.covariance.times(&unit)[at].sqrt();
            assert!((arm.coefficients[at] - truth).abs() < 4.0 * deviation, "{:?} ± {deviation}", arm.coefficients);
            assert!(deviation < 0.03);
        }
    }

    #[test]
    fn perfect_separation_stays_finite() {
        let mut bandit = LogisticThompson::new(2, 1, 1.0).unwrap();
        let context = Context { features: &[1e3], ..Context::default() };
        for _ in 0..1000 {
            bandit.learn(&context, 0, 1.0).unwrap();
            bandit.learn(&context, 1, 0.0).unwrap();
        }
        let chances = bandit.probabilities(&context).unwrap();
        assert!(chances[0] > 0.99 && chances.iter().all(|chance| chance.is_finite()), "{chances:?}");
        assert!(bandit.learn(&context, 0, 2.0).is_err());
    }
}
