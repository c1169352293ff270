//! Ways to hold out a part of what customers did. Both parts keep the shape of the whole, so indexes stay valid.
//! Nothing is filtered by popularity and no user is dropped: a user without a held-out item is simply not judged.

use domain::Millis;
use math::{Csr, Random};

use crate::Interactions;

/// A division into what a model may learn from and what it is judged on.
#[derive(Clone, Debug)]
pub struct Split {
    pub train: Interactions,
    pub test: Interactions,
}

/// How to divide.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SplitKind {
    /// Of each user's entries a share drawn at random, rounded to nearest; at least one stays in training.
    Random { test_share: f64 },
    /// Each user's latest entry (ties: the larger item index), if the user has two or more. Without times: one at
    /// random.
    LeaveOneOut,
    /// Everything at or after a point in time. What came after is judged only for users known before it, unless the
    /// model can serve them from an empty history.
    Temporal { at: Millis },
    /// As `Temporal`, at the point that leaves this share of all entries for the test.
    TemporalShare { test_share: f64 },
}

impl SplitKind {
    /// The name in reports and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            SplitKind::Random { .. } => "random",
            SplitKind::LeaveOneOut => "leave-one-out",
            SplitKind::Temporal { .. } | SplitKind::TemporalShare { .. } => "temporal",
        }
    }
}

/// Why data cannot be divided as asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SplitError {
    #[error("the test share is {found}; it must lie strictly between 0 and 1")]
    Share { found: f64 },
    #[error("a temporal split needs times, and these interactions have none; use a random or leave-one-out split")]
    NoTimes,
}

impl Split {
    /// Divides `all`; the same seed gives the same division.
    pub fn new(all: &Interactions, kind: SplitKind, seed: u64) -> Result<Split, SplitError> {
        let held_out = match kind {
            SplitKind::Random { test_share } => hold_out_random(all, checked(test_share)?, seed),
            SplitKind::LeaveOneOut => hold_out_last(all, seed),
            SplitKind::Temporal { at } => hold_out_since(all, at.0)?,
            SplitKind::TemporalShare { test_share } => hold_out_since(all, quantile(all, checked(test_share)?)?)?,
        };
        Ok(Split { train: select(all, |at| !held_out[at]), test: select(all, |at| held_out[at]) })
    }

    /// Users with at least one held-out item, ascending.
    pub fn test_users(&self) -> Vec<u32> {
        let indptr = &self.test.matrix.indptr;
        (0..self.test.n_users()).filter(|&user| indptr[user] < indptr[user + 1]).map(|user| user as u32).collect()
    }
}

fn checked(share: f64) -> Result<f64, SplitError> {
    if share > 0.0 && share < 1.0 { Ok(share) } else { Err(SplitError::Share { found: share }) }
}

fn hold_out_random(all: &Interactions, share: f64, seed: u64) -> Vec<bool> {
    let mut held_out = vec![false; all.matrix.n_stored()];
    for user in 0..all.n_users() {
        let mut entries: Vec<usize> = (all.matrix.indptr[user]..all.matrix.indptr[user + 1]).collect();
        let n_test = ((entries.len() as f64 * share).round() as usize).min(entries.len().saturating_sub(1));
        Random::stream(seed, user as u64).shuffle(&mut entries);
        for &at in &entries[..n_test] {
            held_out[at] = true;
        }
    }
    held_out
}

fn hold_out_last(all: &Interactions, seed: u64) -> Vec<bool> {
    let mut held_out = vec![false; all.matrix.n_stored()];
    for user in 0..all.n_users() {
        let entries = all.matrix.indptr[user]..all.matrix.indptr[user + 1];
        if entries.len() < 2 {
            continue;
        }
        let last = match &all.times {
            // `max_by_key` keeps the last of equals: the larger item index, as items ascend within a row.
            Some(times) => entries.max_by_key(|&at| times[at]).expect("at least two entries"),
            None => entries.start + Random::stream(seed, user as u64).below(entries.len()),
        };
        held_out[last] = true;
    }
    held_out
}

fn hold_out_since(all: &Interactions, at: i64) -> Result<Vec<bool>, SplitError> {
    let times = all.times.as_ref().ok_or(SplitError::NoTimes)?;
    Ok(times.iter().map(|&time| time >= at).collect())
}

fn quantile(all: &Interactions, test_share: f64) -> Result<i64, SplitError> {
    let mut times = all.times.clone().ok_or(SplitError::NoTimes)?;
    times.sort_unstable();
    let at = (times.len() as f64 * (1.0 - test_share)) as usize;
    Ok(times.get(at).copied().unwrap_or(i64::MAX))
}

/// The entries for which `keep`, in the same shape.
pub(crate) fn select(all: &Interactions, keep: impl Fn(usize) -> bool) -> Interactions {
    let source = &all.matrix;
    let mut matrix = Csr::empty(source.n_rows, source.n_cols);
    let mut times = all.times.as_ref().map(|_| Vec::new());
    for row in 0..source.n_rows {
        for at in (source.indptr[row]..source.indptr[row + 1]).filter(|&at| keep(at)) {
            matrix.indices.push(source.indices[at]);
            matrix.values.push(source.values[at]);
            if let (Some(times), Some(all)) = (&mut times, &all.times) {
                times.push(all[at]);
            }
        }
        matrix.indptr[row + 1] = matrix.indices.len();
    }
    Interactions { matrix, times }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Interactions {
        let triplets: Vec<_> = (0..5u32).flat_map(|u| (0..u + 1).map(move |i| (u, i, 1.0))).collect();
        let times = (0..15).map(|at| (at * 7 % 15) as i64).collect();
        Interactions { matrix: Csr::from_triplets(5, 5, &triplets), times: Some(times) }
    }

    #[test]
    fn parts_are_disjoint_and_complete() {
        let all = example();
        for kind in [
            SplitKind::Random { test_share: 0.4 },
            SplitKind::LeaveOneOut,
            SplitKind::Temporal { at: Millis(9) },
            SplitKind::TemporalShare { test_share: 0.4 },
        ] {
            let split = Split::new(&all, kind, 3).unwrap();
            assert_eq!(split.train.matrix.n_stored() + split.test.matrix.n_stored(), 15, "{kind:?}");
            for user in 0..5 {
                let (train, test) = (split.train.matrix.row(user).0, split.test.matrix.row(user).0);
                assert!(test.iter().all(|item| !train.contains(item)), "{kind:?}");
            }
        }
    }

    #[test]
    fn each_kind_holds_out_what_it_says() {
        let all = example();
        let n_test = |kind, seed| {
            let split = Split::new(&all, kind, seed).unwrap();
            (0..5).map(|user| split.test.matrix.row(user).0.len()).collect::<Vec<_>>()
        };
        assert_eq!(n_test(SplitKind::Random { test_share: 0.5 }, 1), [0, 1, 2, 2, 3]);
        assert_eq!(n_test(SplitKind::LeaveOneOut, 1), [0, 1, 1, 1, 1]);
        assert_eq!(n_test(SplitKind::TemporalShare { test_share: 0.4 }, 1).iter().sum::<usize>(), 6);
        let split = Split::new(&all, SplitKind::Temporal { at: Millis(9) }, 1).unwrap();
        assert!(split.train.times.unwrap().iter().all(|&time| time < 9));
        assert!(split.test.times.unwrap().iter().all(|&time| time >= 9));
        // The last user's times are 10·7 mod 15 … 14·7 mod 15 = 10, 2, 9, 1, 8: the first item is the latest.
        let last = Split::new(&all, SplitKind::LeaveOneOut, 1).unwrap();
        assert_eq!(last.test.matrix.row(4).0, [0]);
    }

    #[test]
    fn seeds_repeat_and_differ() {
        let all = example();
        let kind = SplitKind::Random { test_share: 0.4 };
        let rows = |seed| Split::new(&all, kind, seed).unwrap().test.matrix;
        assert_eq!(rows(1), rows(1));
        assert!((2..20).any(|seed| rows(seed) != rows(1)));
    }

    #[test]
    fn impossible_divisions_are_refused() {
        let mut all = example();
        for share in [0.0, 1.0, f64::NAN, -0.5] {
            assert!(matches!(
                Split::new(&all, SplitKind::Random { test_share: share }, 1),
                Err(SplitError::Share { .. })
            ));
        }
        all.times = None;
        assert_eq!(Split::new(&all, SplitKind::Temporal { at: Millis(0) }, 1).unwrap_err(), SplitError::NoTimes);
    }
}
