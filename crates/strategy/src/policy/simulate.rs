//! Logged rounds whose truth is known: a few kinds of customers, each with its own chance of a reward for each action, a logging
//! policy that prefers some actions, and a target that prefers others. For tests, demonstrations and benches.

use math::Random;

/// What is true, and how far the two policies are from choosing at random.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Truth {
    pub n_rounds: usize,
    pub n_kinds: usize,
    pub n_actions: usize,
    /// Of the logging policy: 0 chooses at random; negative ones prefer what is worse.
    pub logging_sharpness: f64,
    pub target_sharpness: f64,
    /// How wrong predictions are; 0 for the truth.
    pub prediction_noise: f64,
}

impl Default for Truth {
    fn default() -> Self {
        Truth {
            n_rounds: 2000,
            n_kinds: 6,
            n_actions: 5,
            logging_sharpness: -1.0,
            target_sharpness: 3.0,
            prediction_noise: 0.1,
        }
    }
}

/// Rounds, and the answer. Shape of every column: (n_rounds).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    pub kind: Vec<u32>,
    pub action: Vec<u32>,
    pub reward: Vec<f64>,
    pub propensity: Vec<f64>,
    pub target: Vec<f64>,
    pub predicted_chosen: Vec<f64>,
    pub predicted_target: Vec<f64>,
    /// What the target brings a round.
    pub value: f64,
    /// What the logging policy brings a round.
    pub value_logged: f64,
}

/// Shape: (n_actions), summing to 1; eˢᑫ for sharpness s and mean reward q, in proportion.
fn softmax(rewards: &[f64], sharpness: f64) -> Vec<f64> {
    let weights: Vec<f64> = rewards.iter().map(|reward| (sharpness * reward).exp()).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

fn mean(probabilities: &[f64], values: &[f64]) -> f64 {
    probabilities.iter().zip(values).map(|(p, value)| p * value).sum()
}

/// An index, drawn with these probabilities.
fn drawn(probabilities: &[f64], random: &mut Random) -> usize {
    let mut left = random.uniform();
    let within = |probability: &f64| {
        left -= probability;
        left < 0.0
    };
    probabilities.iter().position(within).unwrap_or(probabilities.len() - 1)
}

/// The world (chances of rewards) comes from `world`, the rounds from `seed`: many logs of one truth.
pub fn simulate(truth: &Truth, world: u64, seed: u64) -> Log {
    let mut random = Random::new(world);
    let mut chances = || (0..truth.n_actions).map(|_| 0.05 + 0.9 * random.uniform()).collect::<Vec<f64>>();
    let rewards: Vec<Vec<f64>> = (0..truth.n_kinds).map(|_| chances()).collect();
    let mut wrong = |q: &f64| (q + truth.prediction_noise * random.normal()).clamp(0.0, 1.0);
    let predictions: Vec<Vec<f64>> = rewards.iter().map(|kind| kind.iter().map(&mut wrong).collect()).collect();
    let policy = |sharpness| rewards.iter().map(|kind| softmax(kind, sharpness)).collect::<Vec<_>>();
    let (logging, target) = (policy(truth.logging_sharpness), policy(truth.target_sharpness));
    let value =
        |policy: &[Vec<f64>]| policy.iter().zip(&rewards).map(|(p, q)| mean(p, q)).sum::<f64>() / truth.n_kinds as f64;
    let mut log = Log { value: value(&target), value_logged: value(&logging), ..Log::default() };
    let mut random = Random::stream(world, seed);
    for _ in 0..truth.n_rounds {
        let kind = random.below(truth.n_kinds);
        let action = drawn(&logging[kind], &mut random);
        log.kind.push(kind as u32);
        log.action.push(action as u32);
        log.reward.push(f64::from(u8::from(random.uniform() < rewards[kind][action])));
        log.propensity.push(logging[kind][action]);
        log.target.push(target[kind][action]);
        log.predicted_chosen.push(predictions[kind][action]);
        log.predicted_target.push(mean(&target[kind], &predictions[kind]));
    }
    log
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Estimator, Interval, Predicted, Rounds, estimates, evaluate};

    fn rounds(log: &Log) -> Rounds<'_> {
        let predicted = Predicted { chosen: &log.predicted_chosen, target: &log.predicted_target };
        Rounds::new(&log.reward, &log.propensity, &log.target, Some(predicted)).unwrap()
    }

    /// Over 200 logs the intervals of 90 % of the estimators without bias hold the truth 85 to 95 times in a hundred, and
    /// that of the predictions alone does not.
    #[test]
    fn intervals_of_ninety_percent_cover_about_ninety_percent() {
        let truth = Truth::default();
        let how = Interval { level: 0.9, ..Interval::default() };
        let (mut covered, mut gains) = ([0; 7], 0);
        for seed in 0..200 {
            let log = simulate(&truth, 3, seed);
            for (estimator, found) in estimates(&rounds(&log), &how).unwrap() {
                covered[estimator as usize] += usize::from((found.low..found.high).contains(&log.value));
            }
            let gain = evaluate(&rounds(&log), &how).unwrap().value.unwrap().gain;
            gains += usize::from((gain.low..gain.high).contains(&(log.value - log.value_logged)));
        }
        for estimator in [Estimator::Ips, Estimator::Snips, Estimator::Dr, Estimator::Sndr] {
            crate::coverage::assert_covers(&format!("off-policy: {estimator:?}"), covered[estimator as usize], 200);
        }
        assert!(covered[Estimator::Dm as usize] < 100, "{covered:?}");
        assert!((170..=190).contains(&gains), "{gains}");
    }

    #[test]
    fn good_predictions_narrow_the_interval() {
        let log = simulate(&Truth { prediction_noise: 0.0, ..Truth::default() }, 3, 1);
        let found = estimates(&rounds(&log), &Interval::default()).unwrap();
        let width = |estimator: Estimator| found[estimator as usize].1.high - found[estimator as usize].1.low;
        assert!(width(Estimator::Dr) < 0.8 * width(Estimator::Ips), "{found:?}");
    }

    #[test]
    fn the_same_seed_gives_the_same_rounds() {
        let truth = Truth { n_rounds: 50, ..Truth::default() };
        assert_eq!(simulate(&truth, 1, 2), simulate(&truth, 1, 2));
        assert_ne!(simulate(&truth, 1, 2).action, simulate(&truth, 1, 3).action);
    }
}
