//! The parts of a shop's data that models are judged on, and by whom: one place, so that `train` and `evaluate` mean the
//! same by a word. How data are divided is `recommend::evaluate`'s business; who is judged is decided here.

use recommend::Interactions;
use recommend::evaluate::{Split, SplitKind};

use crate::error::{Result, ServiceError, clipped};

/// What `temporal` means: the last tenth of all entries.
pub const TEMPORAL: SplitKind = SplitKind::TemporalShare { test_share: 0.1 };
/// Customers judged at most where time decides; more change the figures little and cost much.
pub const JUDGED_MAX: usize = 5_000;

/// A part held out, with the customers judged by it.
pub struct Held {
    pub split: Split,
    pub kind: SplitKind,
    /// Ascending.
    pub users: Vec<u32>,
}

impl Held {
    /// Holds out by `kind`. Customers without a past are not judged: to them every model shows what is popular.
    pub fn new(data: &Interactions, kind: SplitKind, seed: u64) -> Result<Held> {
        let split = Split::new(data, kind, seed).map_err(|error| ServiceError::usage("split", error.to_string()))?;
        let has_past = |user: &u32| !split.train.matrix.row(*user as usize).0.is_empty();
        let users = split.test_users().into_iter().filter(has_past).collect();
        Ok(Held { split, kind, users })
    }

    /// The same, judged by every n-th customer where there are more than [`JUDGED_MAX`].
    pub fn sampled(mut self) -> Held {
        let stride = self.users.len().div_ceil(JUDGED_MAX).max(1);
        self.users = self.users.into_iter().step_by(stride).collect();
        self
    }

    /// What was held out and who is judged, in words.
    pub fn words(&self) -> &'static str {
        match self.kind {
            SplitKind::LeaveOneOut => "leave-one-out, the last thing of each customer",
            SplitKind::Random { .. } => "random, a fifth of what each customer has",
            _ => "temporal, last 10 % of the entries",
        }
    }
}

/// The division called `name`.
pub fn split_kind(name: &str) -> Result<SplitKind> {
    match name {
        "temporal" => Ok(TEMPORAL),
        "random" => Ok(SplitKind::Random { test_share: 0.2 }),
        "leave-one-out" => Ok(SplitKind::LeaveOneOut),
        _ => Err(ServiceError::usage(
            "split",
            format!("the split is '{}'; allowed: temporal, random, leave-one-out", clipped(name)),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use math::Csr;

    /// Twenty entries at the times 0 to 19: customer 0 has only a past, 1 both, 2 only the end.
    fn example() -> Interactions {
        let mut triplets: Vec<(u32, u32, f32)> = (0..18).map(|item| (0, item, 1.0)).collect();
        triplets.extend([(1, 0, 1.0), (1, 18, 1.0), (2, 19, 1.0)]);
        let mut times: Vec<i64> = (0..18).collect();
        times.extend([0, 18, 19]);
        Interactions { matrix: Csr::from_triplets(3, 20, &triplets), times: Some(times) }
    }

    #[test]
    fn only_customers_with_a_past_are_judged() {
        let judged = |name: &str| {
            let held = Held::new(&example(), split_kind(name).unwrap(), 1).unwrap();
            (held.split.test.matrix.n_stored(), held.users)
        };
        // Of 21 entries the last tenth, from the 18th on: 17, 18 and 19.
        assert_eq!(judged("temporal"), (3, vec![0, 1]));
        assert_eq!(judged("leave-one-out"), (2, vec![0, 1]));
        assert_eq!(judged("random").1, [0]);
        assert!(split_kind("tea").unwrap_err().message.contains("allowed: temporal, random, leave-one-out"));
    }

    #[test]
    fn many_customers_are_thinned_evenly() {
        for (n, kept) in [(0u32, 0), (1, 1), (5_000, 5_000), (5_001, 2_501), (12_000, 4_000)] {
            let held = Held { users: (0..n).collect(), ..Held::new(&example(), TEMPORAL, 1).unwrap() };
            assert_eq!(held.sampled().users.len(), kept, "{n}");
        }
    }
}
