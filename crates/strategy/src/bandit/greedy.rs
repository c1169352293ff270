//! The two policies every other is measured against: ε-greedy, which tries at random a fixed part of the time and so pays for it
//! for ever, and UCB1, which tries what it knows least of.

use serde::Serialize;

use super::choose::{Bandit, Context, check_arm, check_arms, check_reward, even_over_best};
use crate::StrategyError;

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
struct Tried {
    n: f64,
    mean: f64,
}

impl Tried {
    fn learn(&mut self, reward: f64) {
        self.n += 1.0;
        self.mean += (reward - self.mean) / self.n;
    }
}

/// The best mean so far, and anything at random in a part `epsilon` of choices (Sutton, Barto 2018, section 2.2).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EpsilonGreedy {
    epsilon: f64,
    arms: Vec<Tried>,
}

impl EpsilonGreedy {
    /// # Errors
    /// If there are no or too many arms, or `epsilon` is not in 0 to 1.
    pub fn new(n_arms: usize, epsilon: f64) -> Result<Self, StrategyError> {
        check_arms(n_arms)?;
        if !(0.0..=1.0).contains(&epsilon) {
            return Err(StrategyError::unfit("epsilon", epsilon, "0 to 1"));
        }
        Ok(EpsilonGreedy { epsilon, arms: vec![Tried::default(); n_arms] })
    }
}

impl Bandit for EpsilonGreedy {
    fn n_arms(&self) -> usize {
        self.arms.len()
    }

    /// Arms that were never tried count as best.
    fn probabilities(&self, _: &Context) -> Result<Vec<f64>, StrategyError> {
        let score = |arm: &Tried| if arm.n == 0.0 { f64::INFINITY } else { arm.mean };
        let mut probabilities = even_over_best(&self.arms.iter().map(score).collect::<Vec<_>>());
        let even = self.epsilon / self.arms.len() as f64;
        probabilities.iter_mut().for_each(|p| *p = even + (1.0 - self.epsilon) * *p);
        Ok(probabilities)
    }

    fn learn(&mut self, _: &Context, arm_idx: usize, reward: f64) -> Result<(), StrategyError> {
        check_arm(arm_idx, self.arms.len())?;
        check_reward(reward, reward.is_finite(), "a finite number")?;
        self.arms[arm_idx].learn(reward);
        Ok(())
    }
}

/// The largest mean plus √(2 ln n / nᵢ) (Auer, Cesa-Bianchi, Fischer 2002, figure 1), for rewards in 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ucb1 {
    arms: Vec<Tried>,
}

impl Ucb1 {
    /// # Errors
    /// If there are no or too many arms.
    pub fn new(n_arms: usize) -> Result<Self, StrategyError> {
        check_arms(n_arms)?;
        Ok(Ucb1 { arms: vec![Tried::default(); n_arms] })
    }
}

impl Bandit for Ucb1 {
    fn n_arms(&self) -> usize {
        self.arms.len()
    }

    fn probabilities(&self, _: &Context) -> Result<Vec<f64>, StrategyError> {
        let n: f64 = self.arms.iter().map(|arm| arm.n).sum();
        let score = |arm: &Tried| if arm.n == 0.0 { f64::INFINITY } else { arm.mean + (2.0 * n.ln() / arm.n).sqrt() };
        Ok(even_over_best(&self.arms.iter().map(score).collect::<Vec<_>>()))
    }

    fn learn(&mut self, _: &Context, arm_idx: usize, reward: f64) -> Result<(), StrategyError> {
        check_arm(arm_idx, self.arms.len())?;
        check_reward(reward, (0.0..=1.0).contains(&reward), "0 to 1")?;
        self.arms[arm_idx].learn(reward);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epsilon_greedy_tries_everything_and_then_mostly_the_best() {
        let mut bandit = EpsilonGreedy::new(2, 0.1).unwrap();
        let context = Context::default();
        assert_eq!(bandit.probabilities(&context).unwrap(), [0.5, 0.5]);
        bandit.learn(&context, 0, 1.0).unwrap();
        let is_preferred = |bandit: &EpsilonGreedy, arm: usize| {
            (bandit.probabilities(&Context::default()).unwrap()[arm] - 0.95_f64).abs() < 1e-12
        };
        assert!(is_preferred(&bandit, 1));
        bandit.learn(&context, 1, 0.0).unwrap();
        assert!(is_preferred(&bandit, 0));
    }

    #[test]
    fn what_cannot_be_is_an_error() {
        let context = Context::default();
        assert!(EpsilonGreedy::new(0, 0.1).is_err() && EpsilonGreedy::new(2, 1.1).is_err());
        let mut bandit = Ucb1::new(2).unwrap();
        assert_eq!(bandit.learn(&context, 2, 0.0).unwrap_err().to_string(), "the arm: found 2, allowed below 2");
        assert_eq!(bandit.learn(&context, 0, 1.5).unwrap_err().to_string(), "the reward: found 1.5, allowed 0 to 1");
        assert!(EpsilonGreedy::new(2, 0.1).unwrap().learn(&context, 0, f64::NAN).is_err());
    }
}
