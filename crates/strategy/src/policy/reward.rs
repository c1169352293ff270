//! The simplest model of rewards: the mean of each action at each position, held towards the mean of all where rounds are few;
//! and policies that choose without looking at who is there. Models that look belong to `uplift` and are handed in as
//! predictions.

use super::Choices;
use crate::StrategyError;
use math::Random;

/// A policy that chooses alike in every round. Shape: (n_actions, n_positions), the last running fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct CellPolicy {
    n_actions: usize,
    n_positions: usize,
    probabilities: Vec<f64>,
}

impl CellPolicy {
    /// # Errors
    /// If the shape does not fit, or the probabilities of a position are negative or do not sum to 1.
    pub fn new(n_actions: usize, n_positions: usize, probabilities: Vec<f64>) -> Result<Self, StrategyError> {
        let (found, expected) = (probabilities.len(), n_actions * n_positions);
        if found != expected || expected == 0 {
            return Err(StrategyError::Length { what: "the policy".to_owned(), found, expected: expected.max(1) });
        }
        for position in 0..n_positions {
            let cells = || probabilities[position..].iter().step_by(n_positions);
            let sum: f64 = cells().sum();
            if !((sum - 1.0).abs() < 1e-6 && cells().all(|p| *p >= 0.0)) {
                let told = format!("probabilities that sum to {sum}");
                return Err(StrategyError::bad_value(
                    "the policy at position",
                    position,
                    told,
                    "0 or more, summing to 1",
                ));
            }
        }
        Ok(CellPolicy { n_actions, n_positions, probabilities })
    }

    pub fn uniform(n_actions: usize, n_positions: usize) -> Result<Self, StrategyError> {
        CellPolicy::new(n_actions, n_positions, vec![1.0 / n_actions.max(1) as f64; n_actions * n_positions])
    }

    fn cell(&self, action: u32, position: u32) -> Result<usize, StrategyError> {
        if action as usize >= self.n_actions || position as usize >= self.n_positions {
            let allowed = format!("below {} and {}", self.n_actions, self.n_positions);
            return Err(StrategyError::unfit("action and position", format!("{action} and {position}"), allowed));
        }
        Ok(action as usize * self.n_positions + position as usize)
    }

    fn cells(&self, action: &[u32], position: &[u32]) -> Result<Vec<usize>, StrategyError> {
        if action.len() != position.len() {
            let what = "the positions".to_owned();
            return Err(StrategyError::Length { what, found: position.len(), expected: action.len() });
        }
        action.iter().zip(position).map(|(action, position)| self.cell(*action, *position)).collect()
    }
}

/// Mean rewards of actions at positions.
#[derive(Clone, Debug, PartialEq)]
pub struct RewardTable {
    /// Shape: (n_actions, n_positions), as the policy's.
    means: Vec<f64>,
}

impl RewardTable {
    /// (Σ reward + `prior_rounds` × mean of all) / (rounds + `prior_rounds`) for each cell, over the rows of `cells` that
    /// `is_in` takes.
    fn fit(cells: &[usize], reward: &[f64], n_cells: usize, prior_rounds: f64, is_in: impl Fn(usize) -> bool) -> Self {
        let (mut sums, mut counts) = (vec![0.0; n_cells], vec![0.0; n_cells]);
        for (row, cell) in cells.iter().enumerate().filter(|(row, _)| is_in(*row)) {
            sums[*cell] += reward[row];
            counts[*cell] += 1.0;
        }
        let n: f64 = counts.iter().sum();
        let mean = if n > 0.0 { sums.iter().sum::<f64>() / n } else { 0.0 };
        let mean_of = |(sum, count): (&f64, &f64)| {
            let rounds = count + prior_rounds;
            if rounds > 0.0 { (sum + prior_rounds * mean) / rounds } else { mean }
        };
        RewardTable { means: sums.iter().zip(&counts).map(mean_of).collect() }
    }

    /// What an evaluation of `policy` needs, with predictions from a table of all rounds.
    ///
    /// # Errors
    /// If columns differ in length, or an action or position is not the policy's.
    pub fn predict(
        action: &[u32],
        position: &[u32],
        reward: &[f64],
        policy: &CellPolicy,
        prior_rounds: f64,
    ) -> Result<Choices, StrategyError> {
        let all = vec![0; action.len()];
        RewardTable::by_folds(action, position, reward, policy, prior_rounds, &all)
    }

    /// As [`RewardTable::predict`], but each round is predicted from a table of the other folds, so that no round helps to
    /// predict itself: the intervals of estimators that use predictions need it when cells are small.
    ///
    /// # Errors
    /// As [`RewardTable::predict`], or if there are fewer than two folds.
    pub fn predict_crossed(
        action: &[u32],
        position: &[u32],
        reward: &[f64],
        policy: &CellPolicy,
        prior_rounds: f64,
        n_folds: usize,
        seed: u64,
    ) -> Result<Choices, StrategyError> {
        if n_folds < 2 || n_folds > action.len().max(2) {
            return Err(StrategyError::unfit("folds", n_folds, "2 up to the number of rounds"));
        }
        let mut folds: Vec<usize> = (0..action.len()).map(|row| row % n_folds).collect();
        Random::new(seed).shuffle(&mut folds);
        RewardTable::by_folds(action, position, reward, policy, prior_rounds, &folds)
    }

    /// One fold alone means a table of everything.
    fn by_folds(
        action: &[u32],
        position: &[u32],
        reward: &[f64],
        policy: &CellPolicy,
        prior_rounds: f64,
        folds: &[usize],
    ) -> Result<Choices, StrategyError> {
        let cells = policy.cells(action, position)?;
        if reward.len() != cells.len() {
            let what = "the rewards".to_owned();
            return Err(StrategyError::Length { what, found: reward.len(), expected: cells.len() });
        }
        let n_folds = folds.iter().max().map_or(1, |last| last + 1);
        let n_cells = policy.probabilities.len();
        let tables: Vec<(RewardTable, Vec<f64>)> = (0..n_folds)
            .map(|fold| {
                let is_in = |row: usize| n_folds == 1 || folds[row] != fold;
                let table = RewardTable::fit(&cells, reward, n_cells, prior_rounds, is_in);
                let values = (0..policy.n_positions).map(|position| table.value(policy, position)).collect();
                (table, values)
            })
            .collect();
        let mut found = Choices::default();
        for (row, cell) in cells.iter().enumerate() {
            let (table, values) = &tables[folds[row]];
            found.target.push(policy.probabilities[*cell]);
            found.predicted_chosen.push(table.means[*cell]);
            found.predicted_target.push(values[position[row] as usize]);
        }
        Ok(found)
    }

    /// The mean reward of the policy at one position.
    fn value(&self, policy: &CellPolicy, position: usize) -> f64 {
        let at = |values: &[f64]| values[position..].iter().step_by(policy.n_positions).copied().collect::<Vec<_>>();
        at(&policy.probabilities).iter().zip(at(&self.means)).map(|(p, q)| p * q).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_held_towards_the_mean_of_all() {
        let policy = CellPolicy::new(2, 1, vec![0.25, 0.75]).unwrap();
        let found = RewardTable::predict(&[0, 0, 1], &[0; 3], &[1.0, 0.0, 0.0], &policy, 1.0).unwrap();
        let (first, second) = ((1.0 + 1.0 / 3.0) / 3.0, (1.0 / 3.0) / 2.0);
        for (found, expected) in found.predicted_chosen.iter().zip([first, first, second]) {
            assert!((found - expected).abs() < 1e-15);
        }
        assert!((found.predicted_target[0] - (0.25 * first + 0.75 * second)).abs() < 1e-15);
        assert_eq!(found.target, [0.25, 0.25, 0.75]);
    }

    #[test]
    fn no_round_helps_to_predict_itself() {
        let (action, position): (Vec<u32>, Vec<u32>) = ((0..40).collect(), vec![0; 40]);
        let reward: Vec<f64> = action.iter().map(|action| f64::from(action % 2)).collect();
        let policy = CellPolicy::uniform(40, 1).unwrap();
        let crossed = RewardTable::predict_crossed(&action, &position, &reward, &policy, 0.0, 4, 1).unwrap();
        let spread = crossed.predicted_chosen.iter().map(|q| (q - 0.5).abs()).fold(0.0, f64::max);
        // Each action was seen once: all that the others say of it is the mean of all.
        assert!(spread < 0.25, "{spread}");
        assert!(RewardTable::predict_crossed(&action, &position, &reward, &policy, 0.0, 1, 1).is_err());
    }

    #[test]
    fn policies_that_cannot_be_are_errors() {
        assert!(CellPolicy::new(2, 1, vec![0.5, 0.6]).is_err() && CellPolicy::new(2, 1, vec![1.0]).is_err());
        assert!(CellPolicy::uniform(0, 1).is_err());
        let policy = CellPolicy::uniform(2, 1).unwrap();
        let error = RewardTable::predict(&[2], &[0], &[1.0], &policy, 1.0).unwrap_err();
        assert_eq!(error.to_string(), "action and position: found 2 and 0, allowed below 2 and 1");
    }
}
