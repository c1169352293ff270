//! What all policies have in common, and how a choice or a slate is drawn with known probabilities.

use math::Random;
use serde::Serialize;

use crate::StrategyError;

/// At most this many arms.
pub const ARMS_MAX: usize = 1000;

/// What is known of the one for whom is chosen; a policy that looks at nothing takes the default.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Context<'a> {
    /// For linear policies. Shape: (n_features).
    pub features: &'a [f64],
    /// For the attribute tree: the value of each attribute, counted from 0. Shape: (n_attributes).
    pub attributes: &'a [u32],
}

/// A policy that learns.
pub trait Bandit {
    fn n_arms(&self) -> usize;

    /// The probability with which each arm is chosen now. Shape: (n_arms), summing to 1.
    ///
    /// # Errors
    /// If the context is not of the policy's shape.
    fn probabilities(&self, context: &Context) -> Result<Vec<f64>, StrategyError>;

    /// Takes in what an arm brought.
    ///
    /// # Errors
    /// If there is no such arm, the context is not of the policy's shape, or the reward is none the policy can learn from.
    fn learn(&mut self, context: &Context, arm_idx: usize, reward: f64) -> Result<(), StrategyError>;
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Choice {
    pub arm_idx: usize,
    /// To be logged with what was shown.
    pub propensity: f64,
}

/// Several arms in an order, none twice.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Slate {
    pub arms: Vec<usize>,
    /// Of each, given those before it; their product is the whole slate's.
    pub propensities: Vec<f64>,
}

/// Draws one arm. `allowed`, if given, closes arms for this one choice; a part `floor` of choices is spread evenly over what is
/// open, so that every arm has a propensity above 0 and can be judged from the log.
///
/// # Errors
/// If the context is not of the policy's shape, `floor` is not in 0 to 1, or no arm is open.
pub fn choose<B: Bandit + ?Sized>(
    bandit: &B,
    context: &Context,
    allowed: Option<&[bool]>,
    floor: f64,
    random: &mut Random,
) -> Result<Choice, StrategyError> {
    let slate = slate(bandit, context, allowed, floor, 1, random)?;
    Ok(Choice { arm_idx: slate.arms[0], propensity: slate.propensities[0] })
}

/// Draws `k` different arms one after the other, each in proportion to the policy's probabilities among those left (Plackett,
/// Luce); fewer if fewer are open.
///
/// # Errors
/// As [`choose`], or if `k` is 0.
pub fn slate<B: Bandit + ?Sized>(
    bandit: &B,
    context: &Context,
    allowed: Option<&[bool]>,
    floor: f64,
    k: usize,
    random: &mut Random,
) -> Result<Slate, StrategyError> {
    let n = bandit.n_arms();
    if !(0.0..=1.0).contains(&floor) {
        return Err(StrategyError::unfit("the floor", floor, "0 to 1"));
    }
    if let Some(allowed) = allowed
        && allowed.len() != n
    {
        return Err(StrategyError::Length { what: "the allowed arms".to_owned(), found: allowed.len(), expected: n });
    }
    let mut open: Vec<usize> = (0..n).filter(|arm| allowed.is_none_or(|allowed| allowed[*arm])).collect();
    if open.is_empty() || k == 0 {
        return Err(StrategyError::unfit("arms to choose", open.len().min(k), "at least 1"));
    }
    let mut weights = bandit.probabilities(context)?;
    let (mut arms, mut propensities) = (Vec::new(), Vec::new());
    while arms.len() < k && !open.is_empty() {
        let sum: f64 = open.iter().map(|arm| weights[*arm]).sum();
        let even = 1.0 / open.len() as f64;
        let chance = |arm: usize| {
            let own = if sum > 0.0 { weights[arm] / sum } else { even };
            (1.0 - floor) * own + floor * even
        };
        let chances: Vec<f64> = open.iter().map(|arm| chance(*arm)).collect();
        let at = drawn(&chances, random);
        propensities.push(chances[at]);
        let arm = open.remove(at);
        weights[arm] = 0.0;
        arms.push(arm);
    }
    Ok(Slate { arms, propensities })
}

/// An index, drawn with these probabilities; never one whose probability is 0.
fn drawn(chances: &[f64], random: &mut Random) -> usize {
    let mut left = random.uniform() * chances.iter().sum::<f64>();
    for (at, chance) in chances.iter().enumerate() {
        if left < *chance {
            return at;
        }
        left -= chance;
    }
    chances.iter().rposition(|chance| *chance > 0.0).expect("chances sum to 1")
}

/// Even over the arms with the highest score; scores are finite or infinite, not NaN.
pub(super) fn even_over_best(scores: &[f64]) -> Vec<f64> {
    let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let n_best = scores.iter().filter(|score| **score == best).count() as f64;
    scores.iter().map(|score| if *score == best { 1.0 / n_best } else { 0.0 }).collect()
}

pub(super) fn check_arms(n_arms: usize) -> Result<(), StrategyError> {
    if (1..=ARMS_MAX).contains(&n_arms) {
        return Ok(());
    }
    Err(StrategyError::unfit("arms", n_arms, format!("1 to {ARMS_MAX}")))
}

pub(super) fn check_arm(arm_idx: usize, n_arms: usize) -> Result<(), StrategyError> {
    if arm_idx < n_arms { Ok(()) } else { Err(StrategyError::unfit("the arm", arm_idx, format!("below {n_arms}"))) }
}

pub(super) fn check_reward(reward: f64, is_allowed: bool, allowed: &str) -> Result<(), StrategyError> {
    if is_allowed { Ok(()) } else { Err(StrategyError::unfit("the reward", reward, allowed)) }
}

pub(super) fn check_features(features: &[f64], expected: usize) -> Result<(), StrategyError> {
    if features.len() != expected {
        return Err(StrategyError::Length { what: "the features".to_owned(), found: features.len(), expected });
    }
    match features.iter().position(|value| !value.is_finite()) {
        Some(row) => Err(StrategyError::bad_value("the features", row, features[row], "a finite number")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(Vec<f64>);

    impl Bandit for Fixed {
        fn n_arms(&self) -> usize {
            self.0.len()
        }

        fn probabilities(&self, _: &Context) -> Result<Vec<f64>, StrategyError> {
            Ok(self.0.clone())
        }

        fn learn(&mut self, _: &Context, _: usize, _: f64) -> Result<(), StrategyError> {
            Ok(())
        }
    }

    #[test]
    fn arms_are_chosen_as_often_as_their_propensities_say() {
        let bandit = Fixed(vec![0.7, 0.0, 0.3]);
        let mut random = Random::new(5);
        let (mut counts, n) = ([0.0; 3], 20_000);
        for _ in 0..n {
            let choice = choose(&bandit, &Context::default(), None, 0.3, &mut random).unwrap();
            let expected = [0.59, 0.1, 0.31][choice.arm_idx];
            assert!((choice.propensity - expected).abs() < 1e-12);
            counts[choice.arm_idx] += 1.0 / f64::from(n);
        }
        for (found, expected) in counts.iter().zip([0.59, 0.1, 0.31]) {
            assert!((found - expected).abs() < 0.015, "{counts:?}");
        }
    }

    /// Σ over all slates of their propensities, each drawn slate weighted by its inverse, is their number: 3 × 2 of two.
    #[test]
    fn slates_have_their_propensities_and_no_arm_twice() {
        let bandit = Fixed(vec![0.5, 0.3, 0.2]);
        let (mut random, mut sum, n) = (Random::new(6), 0.0, 20_000);
        for _ in 0..n {
            let slate = slate(&bandit, &Context::default(), None, 0.0, 2, &mut random).unwrap();
            assert_ne!(slate.arms[0], slate.arms[1]);
            sum += slate.propensities.iter().product::<f64>().recip() / f64::from(n);
        }
        assert!((sum - 6.0).abs() < 0.15, "{sum}");
        let all = slate(&bandit, &Context::default(), None, 0.0, 9, &mut random).unwrap();
        assert_eq!((all.arms.len(), all.propensities[2]), (3, 1.0));
    }

    #[test]
    fn closed_arms_are_never_chosen_and_nothing_open_is_an_error() {
        let bandit = Fixed(vec![1.0, 0.0]);
        let mut random = Random::new(7);
        let context = Context::default();
        let choice = choose(&bandit, &context, Some(&[false, true]), 0.0, &mut random).unwrap();
        assert_eq!(choice, Choice { arm_idx: 1, propensity: 1.0 });
        assert!(choose(&bandit, &context, Some(&[false, false]), 0.0, &mut random).is_err());
        assert!(choose(&bandit, &context, Some(&[true]), 0.0, &mut random).is_err());
        assert!(choose(&bandit, &context, None, 1.5, &mut random).is_err());
        assert!(slate(&bandit, &context, None, 0.0, 0, &mut random).is_err());
    }
}
