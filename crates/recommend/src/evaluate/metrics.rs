//! Measures of one ranked list against what the customer then took. Definitions, with `hits` the relevant items among
//! the first k and `R` the set of relevant items:
//!
//! - recall = hits / |R|; precision = hits / k; hit = 1 if hits > 0
//! - ndcg: binary gains 1 / log2(rank + 1), divided by that sum over ranks 1 … min(k, |R|)
//! - map: mean over ranks of hits of the precision at that rank, divided by min(k, |R|)
//! - mrr: 1 / rank of the first hit, 0 without one
//!
//! A list shorter than k counts as if filled with irrelevant items. Means over users are in [`super`].

/// The measures of one list at one k.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ListMetrics {
    pub recall: f64,
    pub precision: f64,
    pub ndcg: f64,
    pub map: f64,
    pub mrr: f64,
    pub hit: f64,
}

impl ListMetrics {
    /// The names in reports, in the order of [`ListMetrics::values`].
    pub const NAMES: [&'static str; 6] = ["recall", "precision", "ndcg", "map", "mrr", "hit"];

    pub fn values(self) -> [f64; 6] {
        [self.recall, self.precision, self.ndcg, self.map, self.mrr, self.hit]
    }

    /// Judges the first `k` of `list` against `relevant`, which is sorted, unique and not empty.
    pub fn of(list: &[u32], relevant: &[u32], k: usize) -> ListMetrics {
        let n_ideal = k.min(relevant.len());
        let mut metrics = ListMetrics::default();
        let mut n_hits = 0usize;
        for (at, item) in list.iter().take(k).enumerate() {
            if relevant.binary_search(item).is_err() {
                continue;
            }
            n_hits += 1;
            metrics.ndcg += discount(at);
            metrics.map += n_hits as f64 / (at + 1) as f64;
            if n_hits == 1 {
                metrics.mrr = 1.0 / (at + 1) as f64;
                metrics.hit = 1.0;
            }
        }
        metrics.recall = n_hits as f64 / relevant.len() as f64;
        metrics.precision = n_hits as f64 / k as f64;
        metrics.ndcg /= (0..n_ideal).map(discount).sum::<f64>();
        metrics.map /= n_ideal as f64;
        metrics
    }
}

fn discount(at: usize) -> f64 {
    1.0 / ((at + 2) as f64).log2()
}

/// The Gini coefficient of non-negative counts: 0 when all are equal, towards 1 when one has all. 0 if all are 0.
pub fn gini(counts: &[u64]) -> f64 {
    let mut sorted = counts.to_vec();
    sorted.sort_unstable();
    let total: u64 = sorted.iter().sum();
    if total == 0 {
        return 0.0;
    }
    let n = sorted.len() as f64;
    let weighted: f64 = sorted.iter().enumerate().map(|(at, &count)| (at + 1) as f64 * count as f64).sum();
    2.0 * weighted / (n * total as f64) - (n + 1.0) / n
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(list: &[u32], relevant: &[u32], k: usize, expected: [f64; 6]) {
        let found = ListMetrics::of(list, relevant, k).values();
        for ((name, found), expected) in ListMetrics::NAMES.iter().zip(found).zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{name} of {list:?} against {relevant:?}: {found} {expected}");
        }
    }

    /// Worked by hand. 1/log2(3) = 0.63093, 1/log2(4) = 0.5.
    #[test]
    fn lists_are_judged_as_on_paper() {
        let second = 1.0 / 3f64.log2();
        // Hits at ranks 1 and 3 of three relevant items.
        let ideal = 1.0 + second + 0.5;
        let map = (1.0 + 2.0 / 3.0) / 3.0;
        check(&[5, 9, 7, 8], &[2, 5, 7], 4, [2.0 / 3.0, 0.5, 1.5 / ideal, map, 1.0, 1.0]);
        // The same list cut at 2: one hit, and the ideal has two ranks.
        check(&[5, 9, 7, 8], &[2, 5, 7], 2, [1.0 / 3.0, 0.5, 1.0 / (1.0 + second), 0.5, 1.0, 1.0]);
        // One relevant item at rank 2.
        check(&[9, 5], &[5], 10, [1.0, 0.1, second, 0.5, 0.5, 1.0]);
        // Nothing found; nothing shown.
        check(&[1, 2], &[5], 2, [0.0; 6]);
        check(&[], &[5], 2, [0.0; 6]);
    }

    #[test]
    fn gini_of_known_distributions() {
        for (counts, expected) in [
            (&[1, 1, 1, 1][..], 0.0),
            (&[0, 0, 0, 8], 0.75),
            (&[0, 0], 0.0),
            // Mean absolute difference over twice the mean: (1 + 2 + 1)·2/9 / (2·2).
            (&[3, 1, 2], 2.0 / 9.0),
        ] {
            assert!((gini(counts) - expected).abs() < 1e-12, "{counts:?}: {}", gini(counts));
        }
    }
}
