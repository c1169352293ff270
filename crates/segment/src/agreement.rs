//! How far two labellings of the same points agree, whatever the labels are called.

use std::collections::BTreeMap;

/// The adjusted Rand index (Hubert and Arabie 1985, eq. 5): 1 for the same partition, about 0 for independent ones. Noise
/// (a negative label) counts as one group more. Two labellings that each put all points together, or each apart, agree: 1.
///
/// # Panics
/// If the labellings are of different length.
pub fn adjusted_rand_index(left: &[i32], right: &[i32]) -> f64 {
    assert_eq!(left.len(), right.len(), "labellings of different points");
    let mut both: BTreeMap<(i32, i32), u64> = BTreeMap::new();
    let mut lefts: BTreeMap<i32, u64> = BTreeMap::new();
    let mut rights: BTreeMap<i32, u64> = BTreeMap::new();
    for (&l, &r) in left.iter().zip(right) {
        *both.entry((l, r)).or_default() += 1;
        *lefts.entry(l).or_default() += 1;
        *rights.entry(r).or_default() += 1;
    }
    let pairs = |n: u64| n as f64 * (n as f64 - 1.0) / 2.0;
    let together: f64 = both.values().map(|&n| pairs(n)).sum();
    let (of_left, of_right): (f64, f64) =
        (lefts.values().map(|&n| pairs(n)).sum(), rights.values().map(|&n| pairs(n)).sum());
    let all = pairs(left.len() as u64);
    let expected = if all > 0.0 { of_left * of_right / all } else { 0.0 };
    let most = (of_left + of_right) / 2.0;
    if most == expected { 1.0 } else { (together - expected) / (most - expected) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        let check = |left: &[i32], right: &[i32], expected: f64| {
            let found = adjusted_rand_index(left, right);
            assert!((found - expected).abs() < 1e-12, "{left:?} {right:?}: {found}, not {expected}");
            assert_eq!(found, adjusted_rand_index(right, left));
        };
        check(&[0, 0, 1, 1], &[5, 5, -1, -1], 1.0);
        // scikit-learn's documented examples of adjusted_rand_score.
        check(&[0, 0, 1, 2], &[0, 0, 1, 1], 0.571_428_571_428_571_4);
        check(&[0, 0, 0, 0], &[0, 1, 2, 3], 0.0);
        check(&[0, 0, 1, 1], &[0, 1, 0, 1], -0.5);
        check(&[3, 3, 3], &[1, 1, 1], 1.0);
        check(&[0, 1, 2], &[2, 1, 0], 1.0);
        check(&[], &[], 1.0);
    }
}
