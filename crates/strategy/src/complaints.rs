//! Products of which more is complained than of others of their kind: a fault of a batch shows first as low ratings. Each product
//! against the rest of its group by the exact binomial test (Clopper and Pearson 1934, Biometrika 26), all of them together by the
//! procedure of Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57.
//!
//! Not here: what the complaints say.

use math::distributions::beta_cdf;

use crate::{Estimate, StrategyError};

/// Fewer complaints of a product are no batch.
pub const COMPLAINTS_MIN: u64 = 5;
/// A product must be complained of so many times as often as others.
const TIMES_MIN: f64 = 1.5;

/// A product's ratings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rated {
    pub group: u32,
    pub n: u64,
    /// Low ones among them.
    pub n_low: u64,
}

/// A product that stands out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spike {
    /// Its place in the input.
    pub at: usize,
    /// The share of its ratings that are low; and that of the rest of its group.
    pub share: Estimate,
    pub usual: f64,
    pub p_value: f64,
}

/// Products that are complained of more than chance explains, in the order of the input. At most `false_share` of them are chance,
/// on average.
///
/// # Errors
/// If a product has more low ratings than ratings, or `false_share` is out of range.
pub fn spikes(rated: &[Rated], false_share: f64) -> Result<Vec<Spike>, StrategyError> {
    if !(1e-6..=0.5).contains(&false_share) {
        return Err(StrategyError::unfit("share of false findings", false_share, "1e-6 to 0.5"));
    }
    if let Some(row) = rated.iter().position(|one| one.n_low > one.n) {
        return Err(StrategyError::bad_value("low ratings", row, rated[row].n_low, format!("0 to {}", rated[row].n)));
    }
    let n_groups = rated.iter().map(|one| one.group as usize + 1).max().unwrap_or(0);
    let mut groups = vec![(0u64, 0u64); n_groups];
    for one in rated {
        let of = &mut groups[one.group as usize];
        *of = (of.0 + one.n, of.1 + one.n_low);
    }
    let (all, low) = groups.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let overall = low as f64 / (all as f64).max(1.0);
    let mut found: Vec<Spike> = Vec::new();
    for (at, one) in rated.iter().enumerate().filter(|(_, one)| one.n > 0) {
        let (rest, rest_low) = (groups[one.group as usize].0 - one.n, groups[one.group as usize].1 - one.n_low);
        // A small group is taken to be as the shop is, as twenty ratings would have it.
        let usual = (rest_low as f64 + 20.0 * overall) / (rest as f64 + 20.0);
        // At least so many of n by chance.
        let (k, n) = (one.n_low as f64, one.n as f64);
        let p_value = if one.n_low == 0 { 1.0 } else { beta_cdf(usual.clamp(1e-9, 1.0 - 1e-9), k, n - k + 1.0) };
        found.push(Spike { at, share: Estimate::share(k, n, 0.9), usual, p_value });
    }
    let mut order: Vec<usize> = (0..found.len()).collect();
    order.sort_by(|a, b| found[*a].p_value.total_cmp(&found[*b].p_value));
    let m = found.len() as f64;
    let n_kept = (1..=order.len())
        .rev()
        .find(|rank| found[order[rank - 1]].p_value <= *rank as f64 / m * false_share)
        .unwrap_or(0);
    let limit = if n_kept == 0 { -1.0 } else { found[order[n_kept - 1]].p_value };
    found.retain(|spike| {
        let one = rated[spike.at];
        let is_many = one.n_low >= COMPLAINTS_MIN && spike.share.value >= TIMES_MIN * spike.usual;
        spike.p_value <= limit && is_many
    });
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use math::Random;

    fn rated(n_products: usize, seed: u64, faulty: Option<usize>) -> Vec<Rated> {
        let mut random = Random::new(seed);
        let one = |at: usize| {
            let n = 20 + random.below(60) as u64;
            let share = if faulty == Some(at) { 0.45 } else { 0.1 };
            let n_low = (0..n).filter(|_| random.uniform() < share).count() as u64;
            Rated { group: (at % 4) as u32, n, n_low }
        };
        (0..n_products).map(one).collect()
    }

    /// SciPy 1.17.1: binomtest(12, 40, 0.1, "greater").pvalue = 0.00037226.
    #[test]
    fn a_faulty_product_stands_out_by_the_exact_test() {
        let mut all = vec![Rated { group: 0, n: 40, n_low: 12 }];
        // So many others that the group's share is a tenth.
        all.push(Rated { group: 0, n: 1_000_000, n_low: 100_000 });
        let found = spikes(&all, 0.05).unwrap();
        assert_eq!((found.len(), found[0].at), (1, 0));
        assert!((found[0].usual - 0.1).abs() < 1e-5 && found[0].share.low > 0.1);
        let exact: f64 = 1.0 - (0..12).map(|k| binomial(40, k, 0.1)).sum::<f64>();
        assert!((found[0].p_value / exact - 1.0).abs() < 1e-3, "{} {exact}", found[0].p_value);
    }

    fn binomial(n: u32, k: u32, p: f64) -> f64 {
        let choose: f64 = (0..k).map(|at| f64::from(n - at) / f64::from(at + 1)).product();
        choose * p.powi(k as i32) * (1.0 - p).powi((n - k) as i32)
    }

    #[test]
    fn few_are_found_where_there_is_nothing_and_the_one_where_it_is() {
        let (mut n_false, mut n_right) = (0, 0);
        for seed in 0..100 {
            n_false += spikes(&rated(80, seed, None), 0.05).unwrap().len();
            n_right += spikes(&rated(80, seed, Some(3)), 0.05).unwrap().iter().filter(|one| one.at == 3).count();
        }
        assert!(n_false <= 12 && n_right >= 90, "{n_false} {n_right}");
    }

    #[test]
    fn a_few_complaints_are_no_batch_and_wrong_counts_are_told() {
        assert!(
            spikes(&[Rated { group: 0, n: 4, n_low: 4 }, Rated { group: 0, n: 500, n_low: 5 }], 0.05)
                .unwrap()
                .is_empty()
        );
        assert!(spikes(&[], 0.05).unwrap().is_empty());
        assert!(spikes(&[Rated { group: 0, n: 1, n_low: 2 }], 0.05).unwrap_err().to_string().contains("0 to 1"));
        assert!(spikes(&[], 0.9).is_err());
    }
}
