//! Which group of a new grouping is which of the one before. A group goes on under its key if it shares more than half of the
//! customers that it or the former has (Jaccard's coefficient above 1/2; below that Hennig 2007 calls a cluster dissolved). Of
//! two former groups without common customers at most one can be so close, and so no assignment has to be solved: every
//! answer is the only one. What is not here: who is in which group.

/// Share of common customers, among all of either, beyond which a group goes on.
const ALIKE: f64 = 0.5;

/// The former group that each present one continues, if any. `moved` counts customers who are in both groupings by the group
/// they were in (row) and are in (column). Shape: (n_before, n_now).
pub fn continued(moved: &[Vec<u64>]) -> Vec<Option<usize>> {
    let n_now = moved.first().map_or(0, Vec::len);
    let is_alike = |before: usize, now: usize| jaccard(moved, before, now) > ALIKE;
    (0..n_now).map(|now| (0..moved.len()).find(|&before| is_alike(before, now))).collect()
}

/// Customers whom both groups have, of all whom either has; 0 if neither has any.
pub fn jaccard(moved: &[Vec<u64>], before: usize, now: usize) -> f64 {
    let was: u64 = moved[before].iter().sum();
    let is: u64 = moved.iter().map(|row| row[now]).sum();
    let both = moved[before][now];
    let either = was + is - both;
    if either == 0 { 0.0 } else { both as f64 / either as f64 }
}

/// Keys of the present groups: a former one where it goes on, else `g` and the next number that no group ever had. `n_given` is the
/// highest number given so far; the second of the answer is the highest afterwards.
pub fn keys(continued: &[Option<usize>], former: &[String], n_given: usize) -> (Vec<String>, usize) {
    let mut n_given = n_given;
    let key = |before: &Option<usize>| match before {
        Some(before) => former[*before].clone(),
        None => {
            n_given += 1;
            format!("g{n_given}")
        }
    };
    (continued.iter().map(key).collect(), n_given)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keyed(moved: &[Vec<u64>], former: &[&str], n_given: usize) -> Vec<String> {
        let former: Vec<String> = former.iter().map(|key| (*key).to_owned()).collect();
        keys(&continued(moved), &former, n_given).0
    }

    #[test]
    fn groups_go_on_swap_split_and_merge() {
        let check = |moved: &[Vec<u64>], expected: &[&str]| assert_eq!(keyed(moved, &["g1", "g2"], 7), expected);
        // Nobody moved; everybody did, together.
        check(&[vec![50, 0], vec![0, 40]], &["g1", "g2"]);
        check(&[vec![0, 50], vec![40, 0]], &["g2", "g1"]);
        // The larger part of a group that splits goes on, and the larger of two that merge.
        check(&[vec![30, 0, 20], vec![0, 40, 0]], &["g1", "g2", "g8"]);
        check(&[vec![50], vec![40]], &["g1"]);
        // Exactly half is not more than half; a group that nobody is left of vanishes.
        check(&[vec![20, 20], vec![0, 0]], &["g8", "g9"]);
        check(&[vec![20, 30], vec![25, 25]], &["g8", "g9"]);
    }

    #[test]
    fn the_first_grouping_numbers_from_one() {
        assert_eq!(keys(&[None, None, None], &[], 0), (vec!["g1".into(), "g2".into(), "g3".into()], 3));
        assert_eq!(continued(&[]), []);
    }

    proptest! {
        /// No key is given twice, none that vanished comes back, and only one former group can be close enough.
        #[test]
        fn keys_are_unique(moved in proptest::collection::vec(proptest::collection::vec(0u64..30, 5), 1..6)) {
            let former: Vec<String> = (1..=moved.len()).map(|number| format!("g{number}")).collect();
            let (found, n_given) = keys(&continued(&moved), &former, 9);
            for now in 0..5 {
                prop_assert!((0..moved.len()).filter(|&before| jaccard(&moved, before, now) > ALIKE).count() <= 1);
            }
            let distinct: std::collections::BTreeSet<&String> = found.iter().collect();
            prop_assert_eq!(distinct.len(), 5);
            let n_new = found.iter().filter(|key| !former.contains(key)).count();
            prop_assert_eq!(n_given, 9 + n_new);
        }
    }
}
