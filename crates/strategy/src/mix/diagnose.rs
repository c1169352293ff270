//! Whether chains agree and how many independent draws they are worth: rank-normalised split R-hat, bulk and tail effective sample
//! size. Source: Vehtari, Gelman, Simpson, Carpenter and Bürkner (2021), "Rank-normalization, folding, and localization: An
//! improved R-hat for assessing convergence of MCMC", sections 3 and 4.

use math::distributions::normal_quantile;

/// What the chains say of one quantity.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Agreement {
    /// 1 if the chains cannot be told apart; the larger of that of ranks and that of distances from the median.
    pub r_hat: f64,
    pub ess_bulk: f64,
    pub ess_tail: f64,
}

/// `chains` of equal length. Fewer than 4 draws a chain say nothing: NaN.
pub fn agreement(chains: &[Vec<f64>]) -> Agreement {
    let n = chains.iter().map(Vec::len).min().unwrap_or(0);
    if n < 4 {
        return Agreement { r_hat: f64::NAN, ess_bulk: f64::NAN, ess_tail: f64::NAN };
    }
    let halves = split(chains, n);
    let mut all: Vec<f64> = halves.concat();
    all.sort_by(f64::total_cmp);
    let median = crate::budget::quantile(&all, 0.5);
    let ranked = normal_ranks(&halves);
    let folded = halves.iter().map(|half| half.iter().map(|x| (x - median).abs()).collect()).collect::<Vec<Vec<f64>>>();
    let below = |share: f64| {
        let limit = crate::budget::quantile(&all, share);
        let is_below = |x: &f64| if *x <= limit { 1.0 } else { 0.0 };
        ess(&halves.iter().map(|half| half.iter().map(is_below).collect()).collect::<Vec<Vec<f64>>>())
    };
    Agreement {
        r_hat: r_hat(&ranked).max(r_hat(&normal_ranks(&folded))),
        ess_bulk: ess(&ranked),
        ess_tail: below(0.05).min(below(0.95)),
    }
}

/// Each chain as two.
fn split(chains: &[Vec<f64>], n: usize) -> Vec<Vec<f64>> {
    let half = n / 2;
    chains.iter().flat_map(|chain| [chain[..half].to_vec(), chain[n - half..n].to_vec()]).collect()
}

/// Values as normal scores of their ranks among all chains; equal values share their mean rank.
fn normal_ranks(chains: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let n = chains[0].len();
    let all: Vec<f64> = chains.concat();
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by(|a, b| all[*a].total_cmp(&all[*b]));
    let mut scores = vec![0.0; all.len()];
    let mut first = 0;
    while first < order.len() {
        let same = order[first..].iter().take_while(|at| all[**at] == all[order[first]]).count();
        let rank = first as f64 + (same as f64 + 1.0) / 2.0;
        let score = normal_quantile((rank - 0.375) / (all.len() as f64 + 0.25));
        order[first..first + same].iter().for_each(|at| scores[*at] = score);
        first += same;
    }
    scores.chunks(n).map(<[f64]>::to_vec).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn variance(values: &[f64]) -> f64 {
    let middle = mean(values);
    values.iter().map(|x| (x - middle) * (x - middle)).sum::<f64>() / (values.len() as f64 - 1.0)
}

/// Variance within chains, and that of all together as it is overestimated from their means.
fn variances(chains: &[Vec<f64>]) -> (f64, f64) {
    let n = chains[0].len() as f64;
    let within = mean(&chains.iter().map(|chain| variance(chain)).collect::<Vec<_>>());
    let means: Vec<f64> = chains.iter().map(|chain| mean(chain)).collect();
    let between = if chains.len() > 1 { variance(&means) } else { 0.0 };
    (within, within * (n - 1.0) / n + between)
}

fn r_hat(chains: &[Vec<f64>]) -> f64 {
    let (within, all) = variances(chains);
    if within > 0.0 { (all / within).sqrt() } else { 1.0 }
}

/// Geyer's initial monotone sequence over the chains' mean autocovariance.
fn ess(chains: &[Vec<f64>]) -> f64 {
    let (n, n_chains) = (chains[0].len(), chains.len() as f64);
    let (within, all) = variances(chains);
    let n_all = n as f64 * n_chains;
    if all <= 0.0 {
        return n_all;
    }
    let means: Vec<f64> = chains.iter().map(|chain| mean(chain)).collect();
    let autocovariance = |lag: usize| {
        let of = |(chain, middle): (&Vec<f64>, &f64)| {
            chain.iter().zip(&chain[lag..]).map(|(a, b)| (a - middle) * (b - middle)).sum::<f64>() / n as f64
        };
        chains.iter().zip(&means).map(of).sum::<f64>() / n_chains
    };
    // Autocovariance with divisor n against a variance with divisor n − 1.
    let correction = n as f64 / (n as f64 - 1.0);
    let correlation = |lag: usize| 1.0 - (within - autocovariance(lag) * correction) / all;
    let (mut sum, mut last) = (0.0, f64::INFINITY);
    let mut lag = 0;
    while lag + 1 < n {
        let first = if lag == 0 { 1.0 } else { correlation(lag) };
        let pair = (first + correlation(lag + 1)).min(last);
        if pair <= 0.0 {
            break;
        }
        sum += pair;
        last = pair;
        lag += 2;
    }
    let time = (2.0 * sum - 1.0).max(1.0 / n_all.log10().max(1.0));
    n_all / time
}

#[cfg(test)]
mod tests {
    use super::*;
    use math::Random;

    fn chains(n_chains: usize, n: usize, carry: f64, apart: f64) -> Vec<Vec<f64>> {
        let chain = |at: usize| {
            let mut random = Random::stream(9, at as u64);
            let mut x = 0.0;
            let step = |_| {
                x = carry * x + (1.0 - carry * carry).sqrt() * random.normal();
                x + apart * at as f64
            };
            (0..n).map(step).collect()
        };
        (0..n_chains).map(chain).collect()
    }

    #[test]
    fn independent_draws_agree_and_count_whole() {
        let found = agreement(&chains(4, 1000, 0.0, 0.0));
        assert!(found.r_hat < 1.01 && (3200.0..4800.0).contains(&found.ess_bulk), "{found:?}");
        assert!((3000.0..5000.0).contains(&found.ess_tail), "{found:?}");
    }

    /// An autoregression of 0.9 is worth (1 − 0.9) / (1 + 0.9) of its length.
    #[test]
    fn draws_that_follow_each_other_count_less() {
        let found = agreement(&chains(4, 5000, 0.9, 0.0));
        let right = 20_000.0 * 0.1 / 1.9;
        assert!((found.ess_bulk / right - 1.0).abs() < 0.25, "{found:?} {right}");
    }

    #[test]
    fn chains_apart_disagree_and_so_do_chains_of_different_spread() {
        assert!(agreement(&chains(4, 1000, 0.0, 0.5)).r_hat > 1.1);
        let mut wide = chains(4, 1000, 0.0, 0.0);
        wide[0].iter_mut().for_each(|x| *x *= 3.0);
        assert!(agreement(&wide).r_hat > 1.05);
        assert!(agreement(&[vec![1.0; 3]]).r_hat.is_nan());
        assert_eq!(agreement(&[vec![1.0; 10], vec![1.0; 10]]).r_hat, 1.0);
    }
}
