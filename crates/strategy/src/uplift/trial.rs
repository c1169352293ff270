//! A trial: who got which treatment, and what came of it. Not here: how it was assigned, which only the shop knows, and what
//! is concluded from it.

use crate::StrategyError;
use crate::boost::Features;

/// Arms of a trial at most, the control among them.
pub const ARMS_MAX: usize = 32;

/// How likely each row was to get each arm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Assignment<'a> {
    /// By lot, each row with the same chances: the shares of the arms.
    Randomised,
    /// Logged when it was decided. Shape: (n_rows, n_arms), control first, each row summing to 1.
    Logged(&'a [f64]),
    /// Not known: estimated from the features on other rows, and only as good as those tell all that mattered.
    Estimated,
}

/// Rows to learn an effect from.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'a> {
    pub features: &'a Features,
    /// 0 is control. Shape: (n_rows).
    pub arms: &'a [u32],
    /// 0 and 1, or amounts. Shape: (n_rows).
    pub outcome: &'a [f64],
    pub assignment: Assignment<'a>,
}

impl<'a> Trial<'a> {
    /// # Errors
    /// If lengths differ, outcomes are not finite, there is no control or no treatment, or a logged chance is not between
    /// 0 and 1 or does not sum to 1. A chance of 0 for what a row got is an error of the log.
    pub fn new(
        features: &'a Features,
        arms: &'a [u32],
        outcome: &'a [f64],
        assignment: Assignment<'a>,
    ) -> Result<Self, StrategyError> {
        let trial = Trial { features, arms, outcome, assignment };
        trial.check()?;
        Ok(trial)
    }

    fn check(&self) -> Result<(), StrategyError> {
        let n = self.features.n_rows();
        check_arms(self.arms, n)?;
        crate::boost::check_rows(n, self.outcome, None, crate::boost::Loss::Squared)?;
        let Assignment::Logged(chances) = self.assignment else { return Ok(()) };
        let n_arms = self.n_arms();
        if chances.len() != n * n_arms {
            let what = format!("logged chances ({n_arms} arms a row)");
            return Err(StrategyError::Length { what, found: chances.len(), expected: n * n_arms });
        }
        for (row, (chances, &arm)) in chances.chunks_exact(n_arms).zip(self.arms).enumerate() {
            let sum: f64 = chances.iter().sum();
            if chances.iter().any(|p| !(0.0..=1.0).contains(p)) || (sum - 1.0).abs() > 1e-6 {
                let allowed = "numbers from 0 to 1 that sum to 1";
                return Err(StrategyError::bad_value("logged chances", row, format!("{chances:?}"), allowed));
            }
            if chances[arm as usize] == 0.0 {
                let allowed = "more than 0 for the arm that the row got";
                return Err(StrategyError::bad_value("logged chances", row, 0, allowed));
            }
        }
        Ok(())
    }

    pub fn n_rows(&self) -> usize {
        self.arms.len()
    }

    /// With the control.
    pub fn n_arms(&self) -> usize {
        self.arms.iter().max().map_or(1, |&arm| arm as usize + 1)
    }

    /// Rows of each arm. Shape: (n_arms).
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.n_arms()];
        self.arms.iter().for_each(|&arm| counts[arm as usize] += 1);
        counts
    }

    /// Whether the outcome is 0 or 1 throughout.
    pub fn is_binary(&self) -> bool {
        self.outcome.iter().all(|&y| y == 0.0 || y == 1.0)
    }
}

/// Checks the arms of `n_rows` rows: a control, at least one treatment, not too many.
pub(super) fn check_arms(arms: &[u32], n_rows: usize) -> Result<(), StrategyError> {
    if n_rows == 0 {
        return Err(StrategyError::Empty { needed: 2 });
    }
    if arms.len() != n_rows {
        return Err(StrategyError::Length { what: "arms".to_owned(), found: arms.len(), expected: n_rows });
    }
    if let Some(row) = arms.iter().position(|&arm| arm as usize >= ARMS_MAX) {
        return Err(StrategyError::bad_value("arms", row, arms[row], format!("0 (control) to {}", ARMS_MAX - 1)));
    }
    if !arms.contains(&0) {
        return Err(StrategyError::unfit("rows of the control", 0, "at least 1"));
    }
    if arms.iter().all(|&arm| arm == 0) {
        return Err(StrategyError::unfit("rows of a treatment", 0, "at least 1"));
    }
    Ok(())
}

/// Combinations of chances that are tried, at most.
const COMBINATIONS_MAX: usize = 100_000;

/// All arms' chances from those of the arms that rows got, which is all that most logs hold. With two arms the other has what is
/// left to one. With more, customers of one kind have one chance of each arm, and these sum to one: of the different chances that were
/// seen, one combination alone may fit each. `None` where none or several do. Shapes: (n_rows); the answer's (n_rows, n_arms).
///
/// # Errors
/// If lengths differ, or a chance is not above 0 and at most 1.
pub fn complete_chances(arms: &[u32], own: &[f64]) -> Result<Option<Vec<f64>>, StrategyError> {
    check_arms(arms, own.len())?;
    if let Some(row) = own.iter().position(|chance| !(*chance > 0.0 && *chance <= 1.0)) {
        return Err(StrategyError::bad_value("logged chances", row, own[row], "above 0, up to 1"));
    }
    let n_arms = arms.iter().max().map_or(1, |&arm| arm as usize + 1);
    if n_arms == 2 {
        let row = |(arm, own): (&u32, &f64)| if *arm == 0 { [*own, 1.0 - own] } else { [1.0 - own, *own] };
        return Ok(Some(arms.iter().zip(own).flat_map(row).collect()));
    }
    let mut seen: Vec<Vec<f64>> = vec![Vec::new(); n_arms];
    for (arm, own) in arms.iter().zip(own) {
        let of = &mut seen[*arm as usize];
        if !of.iter().any(|known| is_same(*known, *own)) {
            of.push(*own);
        }
        if of.len() > COMBINATIONS_MAX.isqrt() {
            return Ok(None);
        }
    }
    let n_combinations = seen.iter().try_fold(1usize, |n, of| n.checked_mul(of.len()));
    if n_combinations.is_none_or(|n| n > COMBINATIONS_MAX || n == 0) {
        return Ok(None);
    }
    let mut fitting: Vec<Vec<f64>> = vec![Vec::new()];
    for of in &seen {
        let with =
            |found: &Vec<f64>| of.iter().map(|chance| [found.as_slice(), &[*chance]].concat()).collect::<Vec<_>>();
        fitting = fitting.iter().flat_map(with).filter(|found| found.iter().sum::<f64>() < 1.0 + 1e-6).collect();
    }
    fitting.retain(|found| (found.iter().sum::<f64>() - 1.0).abs() < 1e-6);
    let mut all = Vec::with_capacity(own.len() * n_arms);
    for (arm, own) in arms.iter().zip(own) {
        let mut of_row = fitting.iter().filter(|found| is_same(found[*arm as usize], *own));
        match (of_row.next(), of_row.next()) {
            (Some(found), None) => all.extend(found),
            _ => return Ok(None),
        }
    }
    Ok(Some(all))
}

fn is_same(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

/// Rows of each fold, drawn so that every arm is spread evenly. Shape: n_folds lists of rows in order.
pub(super) fn folds(arms: &[u32], n_folds: usize, seed: u64) -> Vec<Vec<u32>> {
    let mut folds = vec![Vec::new(); n_folds];
    let n_arms = arms.iter().max().map_or(0, |&arm| arm + 1);
    let mut at = 0;
    for arm in 0..n_arms {
        let mut rows: Vec<u32> = (0..arms.len() as u32).filter(|&row| arms[row as usize] == arm).collect();
        math::Random::stream(seed, 100 + u64::from(arm)).shuffle(&mut rows);
        for row in rows {
            folds[at % n_folds].push(row);
            at += 1;
        }
    }
    folds.iter_mut().for_each(|rows| rows.sort_unstable());
    folds
}

/// All rows that are not in the sorted list `held`.
pub(super) fn others(n_rows: usize, held: &[u32]) -> Vec<u32> {
    (0..n_rows as u32).filter(|row| held.binary_search(row).is_err()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boost::Feature;

    #[test]
    fn what_is_wrong_with_a_trial_is_told() {
        let features = Features::new(vec![("a".to_owned(), Feature::Number(vec![1.0, 2.0]))]).unwrap();
        let told = |arms: &[u32], outcome: &[f64], assignment| {
            Trial::new(&features, arms, outcome, assignment).unwrap_err().to_string()
        };
        let plain = Assignment::Randomised;
        assert_eq!(told(&[0], &[0.0, 1.0], plain), "arms has 1 rows where 2 were expected");
        assert_eq!(told(&[1, 1], &[0.0, 1.0], plain), "rows of the control: found 0, allowed at least 1");
        assert_eq!(told(&[0, 0], &[0.0, 1.0], plain), "rows of a treatment: found 0, allowed at least 1");
        assert_eq!(told(&[0, 99], &[0.0, 1.0], plain), "arms, row 1 holds 99; allowed: 0 (control) to 31");
        assert_eq!(told(&[0, 1], &[0.0, f64::NAN], plain), "target, row 1 holds NaN; allowed: a finite number");
        let zero = Assignment::Logged(&[0.5, 0.5, 1.0, 0.0]);
        let expected = "logged chances, row 1 holds 0; allowed: more than 0 for the arm that the row got";
        assert_eq!(told(&[0, 1], &[0.0, 1.0], zero), expected);
    }

    #[test]
    fn chances_of_other_arms_follow_where_one_combination_fits() {
        let two = complete_chances(&[0, 1, 1], &[0.25, 0.75, 0.4]).unwrap().unwrap();
        assert_eq!(two, [0.25, 0.75, 0.25, 0.75, 0.6, 0.4]);
        // Two kinds of customers: 0.4, 0.3, 0.3 and 0.2, 0.4, 0.4.
        let (arms, own) = ([0, 1, 2, 0, 1, 2], [0.4, 0.3, 0.3, 0.2, 0.4, 0.4]);
        let found = complete_chances(&arms, &own).unwrap().unwrap();
        assert_eq!(
            found,
            [[0.4, 0.3, 0.3]; 3].concat().into_iter().chain([[0.2, 0.4, 0.4]; 3].concat()).collect::<Vec<_>>()
        );
        // 0.5 could go with 0.2 and 0.3 either way round, and 0.9 with nothing.
        let either = complete_chances(&[0, 1, 1, 2, 2], &[0.5, 0.2, 0.3, 0.3, 0.2]).unwrap();
        assert_eq!((either, complete_chances(&[0, 1, 2], &[0.9, 0.3, 0.3]).unwrap()), (None, None));
        let told = complete_chances(&[0, 1], &[0.5, 0.0]).unwrap_err().to_string();
        assert_eq!(told, "logged chances, row 1 holds 0; allowed: above 0, up to 1");
    }

    #[test]
    fn folds_share_out_every_arm() {
        let arms: Vec<u32> = (0..90).map(|row| u32::from(row % 3 == 0)).collect();
        let folds = folds(&arms, 3, 1);
        for fold in &folds {
            assert_eq!((fold.len(), fold.iter().filter(|&&row| arms[row as usize] == 1).count()), (30, 10));
            assert_eq!(others(90, fold).len(), 60);
        }
    }
}
