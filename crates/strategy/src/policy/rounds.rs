//! Logged rounds as an evaluation needs them: for each the reward, the probability with which the logging policy chose what it
//! chose, and the probability with which the other policy would have chosen the same; and how those two fit together.

use rayon::prelude::*;
use serde::Serialize;

use crate::StrategyError;

/// A model's opinion of the rewards. Shape of both: (n_rounds).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Predicted<'a> {
    /// Of the action that was chosen.
    pub chosen: &'a [f64],
    /// The mean over all actions as the target policy chooses them.
    pub target: &'a [f64],
}

/// Checked rounds. Shape of every column: (n_rounds).
#[derive(Clone, Copy, Debug)]
pub struct Rounds<'a> {
    pub(super) reward: &'a [f64],
    pub(super) propensity: &'a [f64],
    pub(super) target: &'a [f64],
    pub(super) predicted: Option<Predicted<'a>>,
}

impl<'a> Rounds<'a> {
    /// # Errors
    /// If there are fewer than two rounds, columns differ in length, a reward or prediction is not finite, a propensity is
    /// not above 0 and at most 1 (an action that was never to be chosen cannot have been), or a target probability is
    /// not in 0 to 1.
    pub fn new(
        reward: &'a [f64],
        propensity: &'a [f64],
        target: &'a [f64],
        predicted: Option<Predicted<'a>>,
    ) -> Result<Self, StrategyError> {
        let n = reward.len();
        if n < 2 {
            return Err(StrategyError::Empty { needed: 2 });
        }
        column("the rewards", reward, n, f64::is_finite, "a finite number")?;
        column("the propensities", propensity, n, |p| p > 0.0 && p <= 1.0, "above 0 and at most 1")?;
        column("the target's probabilities", target, n, |p| (0.0..=1.0).contains(&p), "0 to 1")?;
        if let Some(predicted) = predicted {
            column("the predictions of chosen actions", predicted.chosen, n, f64::is_finite, "a finite number")?;
            column("the predictions of the target", predicted.target, n, f64::is_finite, "a finite number")?;
        }
        Ok(Rounds { reward, propensity, target, predicted })
    }

    pub fn n(&self) -> usize {
        self.reward.len()
    }

    /// How often the target chooses this action for once that the logging policy chose it.
    pub(super) fn weight(&self, row: usize) -> f64 {
        self.target[row] / self.propensity[row]
    }

    pub fn weights(&self) -> Weights {
        let n = self.n() as f64;
        let (mut sum, mut squares, mut largest, mut n_rewarded) = (0.0, 0.0, 0.0_f64, 0);
        for row in 0..self.n() {
            let weight = self.weight(row);
            sum += weight;
            squares += weight * weight;
            largest = largest.max(weight);
            n_rewarded += usize::from(weight > 0.0 && self.reward[row] != 0.0);
        }
        let mean = sum / n;
        Weights {
            mean,
            largest,
            effective_n: if squares > 0.0 { sum * sum / squares } else { 0.0 },
            standard_error: ((squares / n - mean * mean).max(0.0) / n).sqrt(),
            n_rewarded,
        }
    }
}

fn column(
    what: &str,
    values: &[f64],
    expected: usize,
    is_allowed: impl Fn(f64) -> bool,
    allowed: &str,
) -> Result<(), StrategyError> {
    if values.len() != expected {
        return Err(StrategyError::Length { what: what.to_owned(), found: values.len(), expected });
    }
    match values.iter().position(|value| !is_allowed(*value)) {
        Some(row) => Err(StrategyError::bad_value(what, row, values[row], allowed)),
        None => Ok(()),
    }
}

/// How the two policies fit together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Weights {
    /// 1 on average when the propensities are right and the logging policy tried all that the target does; the part of the
    /// target's choices that was tried at all when it did not.
    pub mean: f64,
    /// Of the mean.
    pub standard_error: f64,
    pub largest: f64,
    /// (Σw)² / Σw².
    pub effective_n: f64,
    /// Rounds with a weight and a reward other than 0.
    pub n_rewarded: usize,
}

/// Probabilities or predictions for every action of every round. Shape: (n_rounds, n_actions, n_positions), the last running
/// fastest.
#[derive(Clone, Copy, Debug)]
pub struct Dense<'a> {
    pub values: &'a [f64],
    pub n_actions: usize,
    pub n_positions: usize,
}

impl Dense<'_> {
    fn row(&self, row: usize) -> &[f64] {
        let width = self.n_actions * self.n_positions;
        &self.values[row * width..(row + 1) * width]
    }
}

/// What an evaluation needs of a dense policy and dense predictions. Shape of every column: (n_rounds).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choices {
    pub target: Vec<f64>,
    pub predicted_chosen: Vec<f64>,
    pub predicted_target: Vec<f64>,
}

impl Choices {
    /// Picks the chosen actions out and averages predictions over the target. `action` and `position` count from 0.
    ///
    /// # Errors
    /// If shapes do not fit together, an action or position is not below its number, or a round's probabilities over the
    /// actions of its position are negative or do not sum to 1.
    pub fn of(
        action: &[u32],
        position: Option<&[u32]>,
        policy: &Dense,
        predictions: Option<&Dense>,
    ) -> Result<Self, StrategyError> {
        let (n, n_actions, n_positions) = (action.len(), policy.n_actions, policy.n_positions);
        let width = n_actions * n_positions;
        let lengths = [
            ("the policy", policy.values.len(), n * width),
            ("the positions", position.map_or(n, <[u32]>::len), n),
            ("the predictions", predictions.map_or(n * width, |dense| dense.values.len()), n * width),
            ("a round of predictions", predictions.map_or(n_actions, |dense| dense.n_actions), n_actions),
        ];
        if let Some((what, found, expected)) = lengths.into_iter().find(|(_, found, expected)| found != expected) {
            return Err(StrategyError::Length { what: what.to_owned(), found, expected });
        }
        let below = |what: &str, values: &[u32], n: usize| match values.iter().position(|value| *value as usize >= n) {
            Some(row) => Err(StrategyError::bad_value(what, row, values[row], format!("below {n}"))),
            None => Ok(()),
        };
        below("the actions", action, n_actions)?;
        below("the positions", position.unwrap_or(&[]), n_positions)?;
        const CHUNK: usize = 16_384;
        let parts: Vec<Result<Choices, StrategyError>> = (0..n.div_ceil(CHUNK))
            .into_par_iter()
            .map(|part| {
                Choices::of_rows(part * CHUNK..n.min((part + 1) * CHUNK), action, position, policy, predictions)
            })
            .collect();
        let mut whole = Choices::default();
        for part in parts {
            let part = part?;
            whole.target.extend(part.target);
            whole.predicted_chosen.extend(part.predicted_chosen);
            whole.predicted_target.extend(part.predicted_target);
        }
        Ok(whole)
    }

    fn of_rows(
        rows: std::ops::Range<usize>,
        action: &[u32],
        position: Option<&[u32]>,
        policy: &Dense,
        predictions: Option<&Dense>,
    ) -> Result<Choices, StrategyError> {
        let mut found = Choices::default();
        found.target.reserve(rows.len());
        for row in rows {
            let (action, position) = (action[row] as usize, position.map_or(0, |position| position[row] as usize));
            let probabilities = policy.row(row)[position..].iter().step_by(policy.n_positions);
            let (mut sum, mut least) = (0.0, 0.0_f64);
            for probability in probabilities.clone() {
                sum += probability;
                least = least.min(*probability);
            }
            if !((sum - 1.0).abs() < 1e-6 && least >= 0.0) {
                let told = format!("probabilities that sum to {sum}, the least {least}");
                return Err(StrategyError::bad_value("the policy", row, told, "0 or more, summing to 1"));
            }
            let at = action * policy.n_positions + position;
            found.target.push(policy.row(row)[at].min(1.0));
            if let Some(predictions) = predictions {
                let predicted = predictions.row(row)[position..].iter().step_by(policy.n_positions);
                found.predicted_chosen.push(predictions.row(row)[at]);
                found.predicted_target.push(probabilities.zip(predicted).map(|(p, q)| p * q).sum());
            }
        }
        Ok(found)
    }

    /// `None` where there were no predictions.
    pub fn predicted(&self) -> Option<Predicted<'_>> {
        let some = !self.predicted_chosen.is_empty();
        some.then_some(Predicted { chosen: &self.predicted_chosen, target: &self.predicted_target })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_rounds_are_named() {
        let told = |reward: &[f64], propensity: &[f64], target: &[f64]| {
            Rounds::new(reward, propensity, target, None).unwrap_err().to_string()
        };
        assert_eq!(
            told(&[1.0, 0.0], &[0.5, 0.0], &[0.5, 0.5]),
            "the propensities, row 1 holds 0; allowed: above 0 and at most 1"
        );
        assert!(told(&[1.0, 0.0], &[0.5, f64::NAN], &[0.5, 0.5]).contains("row 1 holds NaN"));
        assert!(told(&[1.0, f64::INFINITY], &[0.5; 2], &[0.5; 2]).starts_with("the rewards, row 1"));
        assert!(told(&[1.0, 0.0], &[0.5; 2], &[0.5, 1.2]).starts_with("the target's probabilities, row 1"));
        assert_eq!(told(&[1.0; 3], &[0.5; 2], &[0.5; 3]), "the propensities has 2 rows where 3 were expected");
        assert_eq!(told(&[1.0], &[1.0], &[1.0]), "there are no rows; at least 2 are needed");
    }

    #[test]
    fn chosen_actions_are_picked_out_at_their_positions() {
        // Two actions at two positions; action 1 at position 1 was chosen.
        let policy = Dense { values: &[0.3, 0.1, 0.7, 0.9], n_actions: 2, n_positions: 2 };
        let predictions = Dense { values: &[1.0, 2.0, 3.0, 4.0], n_actions: 2, n_positions: 2 };
        let found = Choices::of(&[1], Some(&[1]), &policy, Some(&predictions)).unwrap();
        assert_eq!((found.target, found.predicted_chosen), (vec![0.9], vec![4.0]));
        assert!((found.predicted_target[0] - (0.1 * 2.0 + 0.9 * 4.0)).abs() < 1e-15);
        let told = |action, values: &[f64]| {
            let policy = Dense { values, n_actions: 2, n_positions: 1 };
            Choices::of(&[action], None, &policy, None).unwrap_err().to_string()
        };
        assert_eq!(told(2, &[0.5, 0.5]), "the actions, row 0 holds 2; allowed: below 2");
        assert!(told(1, &[0.5, 0.6]).contains("sum to 1.1"));
        assert!(told(1, &[-0.5, 1.5]).contains("the least -0.5"));
        assert_eq!(told(1, &[1.0]), "the policy has 1 rows where 2 were expected");
    }
}
