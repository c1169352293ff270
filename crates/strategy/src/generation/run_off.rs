//! The old generation's last months: what part of its sales goes on after the next one has come, learned from every
//! succession that the shop has seen, and how much of a stock will be left.
//!
//! A ratio estimator: sales after over what would have been sold at the rate before, summed over successions; intervals by drawing
//! successions anew (Efron 1979). A product's own sales since its successor came move its forecast away from the mean of all by
//! a gamma prior, as far as they tell more than chance.
//!
//! Not here: why (a lower price, no stock and no interest look alike).

use domain::Text;
use math::Random;

use crate::{Answer, Caveat, Estimate, StrategyError, Support};

/// Successions seen in fewer than so many products are refused, or not told of that period.
const SEEN_MIN: usize = 5;
const SEEN_ENOUGH: usize = 20;
const N_DRAWS: usize = 400;
/// So many expected sales weigh as much as the mean of all successions.
const PRIOR_SALES: f64 = 6.0;

/// An old product around the coming of its successor.
#[derive(Clone, Debug, PartialEq)]
pub struct Succession {
    /// Pieces a period before.
    pub before: f64,
    /// Pieces in the first, second … period after, as far as seen. Shape: (n_periods).
    pub after: Vec<f64>,
}

/// What is left of sales, period by period.
#[derive(Clone, Debug, PartialEq)]
pub struct RunOff {
    /// In parts of the sales before. Shape: (n_periods).
    pub shares: Vec<Estimate>,
    /// Successions that were seen in each. Shape: (n_periods).
    pub n_seen: Vec<usize>,
    draws: Vec<Vec<f64>>,
}

/// What becomes of a stock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exit {
    pub sold: Estimate,
    pub left: Estimate,
    /// The chance that nothing is left.
    pub sold_out: f64,
}

/// Learns how sales run off. `level` is that of the intervals.
///
/// Refuses where fewer than five successions were seen.
///
/// # Errors
/// If sales are negative or not finite, or `level` is out of range.
pub fn run_off(successions: &[Succession], level: f64, seed: u64) -> Result<Answer<RunOff>, StrategyError> {
    if !(0.5..1.0).contains(&level) {
        return Err(StrategyError::unfit("level of the intervals", level, "0.5 or more and below 1"));
    }
    let is_count = |units: &f64| *units >= 0.0 && units.is_finite();
    for (row, one) in successions.iter().enumerate() {
        if let Some(found) = std::iter::once(&one.before).chain(&one.after).find(|units| !is_count(units)) {
            return Err(StrategyError::bad_value("sales of a succession", row, found, "0 or more"));
        }
    }
    let seen = |period: usize| successions.iter().filter(move |one| one.after.len() > period && one.before > 0.0);
    let n_periods = (0..).take_while(|period| seen(*period).count() >= SEEN_MIN).count();
    let n = seen(0).count();
    let support = Support::of(n);
    if n_periods == 0 {
        let caveat = Caveat::new(
            "few_successions",
            format!("只看到 {n} 次新旧换代，至少需要 {SEEN_MIN} 次，看不出旧款会怎样退场。"),
            format!("{n} successions were seen; at least {SEEN_MIN} are needed to tell how old ones run off."),
        );
        return Ok(Answer::refused(support, caveat));
    }
    let all: Vec<&Succession> = seen(0).collect();
    let shares = |chosen: &[&Succession]| -> Vec<f64> {
        let share = |period: usize| {
            let of = || chosen.iter().filter(|one| one.after.len() > period);
            let before: f64 = of().map(|one| one.before).sum();
            if before > 0.0 { of().map(|one| one.after[period]).sum::<f64>() / before } else { 0.0 }
        };
        (0..n_periods).map(share).collect()
    };
    let draw = |at: usize| {
        let mut random = Random::stream(seed, at as u64);
        let chosen: Vec<&Succession> = (0..all.len()).map(|_| all[random.below(all.len())]).collect();
        shares(&chosen)
    };
    let (usual, draws): (_, Vec<Vec<f64>>) = (shares(&all), (0..N_DRAWS).map(draw).collect());
    let period = |at: usize| estimate(usual[at], draws.iter().map(|shares| shares[at]).collect(), level);
    let found = RunOff {
        shares: (0..n_periods).map(period).collect(),
        n_seen: (0..n_periods).map(|at| seen(at).count()).collect(),
        draws,
    };
    let mut answer = Answer::given(found, support).changed_by(Text::new(
        "更多已经完成的换代；每次换代前后的库存，才能分清“卖不动”和“没有货”。",
        "More successions; and stocks around them, to tell what did not sell from what was not there.",
    ));
    if n < SEEN_ENOUGH {
        answer = answer.doubted(Caveat::new(
            "few_successions",
            format!("只看到 {n} 次新旧换代。"),
            format!("Only {n} successions were seen."),
        ));
    }
    Ok(answer)
}

fn estimate(value: f64, mut draws: Vec<f64>, level: f64) -> Estimate {
    draws.sort_by(f64::total_cmp);
    let at = |share: f64| crate::budget::quantile(&draws, share);
    let (low, high) = (at((1.0 - level) / 2.0), at((1.0 + level) / 2.0));
    Estimate { value, low: low.min(value), high: high.max(value), level }
}

impl RunOff {
    /// The share of a period; periods beyond those that were seen keep the last.
    fn share(shares: &[f64], period: usize) -> f64 {
        shares.get(period).or(shares.last()).copied().unwrap_or(0.0)
    }

    /// What becomes of `stock` pieces in the next `horizon` periods, where the successor has been there for `own.after.len()`.
    pub fn exit(&self, own: &Succession, stock: u64, horizon: usize, seed: u64) -> Exit {
        let level = self.shares.first().map_or(0.9, |share| share.level);
        let usual: Vec<f64> = self.shares.iter().map(|share| share.value).collect();
        let since = own.after.len();
        let sold: f64 = own.after.iter().sum();
        let ahead = |shares: &[f64]| {
            let expected = own.before * (0..since).map(|at| RunOff::share(shares, at)).sum::<f64>();
            let base = own.before * (since..since + horizon).map(|at| RunOff::share(shares, at)).sum::<f64>();
            (base, PRIOR_SALES + sold, PRIOR_SALES + expected)
        };
        let (base, shape, rate) = ahead(&usual);
        let capped = |sales: f64| sales.min(stock as f64);
        let mut draws = Vec::with_capacity(self.draws.len());
        for (at, shares) in self.draws.iter().enumerate() {
            let mut random = Random::stream(seed, at as u64);
            let (base, shape, rate) = ahead(shares);
            let mean = base * random.gamma(shape) / rate;
            // Counts scatter about their mean by its square root.
            draws.push(capped((mean + mean.sqrt() * random.normal()).max(0.0)));
        }
        let sold_out = draws.iter().filter(|sold| **sold >= stock as f64).count() as f64 / draws.len().max(1) as f64;
        let sold = estimate(capped(base * shape / rate), draws, level);
        let left = Estimate {
            value: stock as f64 - sold.value,
            low: stock as f64 - sold.high,
            high: stock as f64 - sold.low,
            level,
        };
        Exit { sold, left, sold_out }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poisson(random: &mut Random, mean: f64) -> f64 {
        let (mut n, mut left) = (0.0, random.exponential());
        while left < mean {
            (n, left) = (n + 1.0, left + random.exponential());
        }
        n
    }

    const TRUTH: [f64; 6] = [0.6, 0.35, 0.3, 0.2, 0.1, 0.05];

    fn successions(n: usize, seed: u64) -> Vec<Succession> {
        let mut random = Random::new(seed);
        let one = |at: usize| {
            let mean = 2.0 + 20.0 * random.uniform();
            let before = (0..3).map(|_| poisson(&mut random, mean)).sum::<f64>() / 3.0;
            let after = TRUTH[..1 + at % 6].iter().map(|share| poisson(&mut random, share * mean)).collect();
            Succession { before, after }
        };
        (0..n).map(one).collect()
    }

    #[test]
    fn what_is_left_of_sales_is_found() {
        let found = run_off(&successions(600, 1), 0.9, 1).unwrap().value.unwrap();
        assert_eq!((found.shares.len(), found.n_seen[0], found.n_seen[5]), (6, 600, 100));
        for (share, truth) in found.shares.iter().zip(TRUTH) {
            assert!((share.value - truth).abs() < 0.04 && share.low < share.high, "{share:?} {truth}");
        }
    }

    #[test]
    fn intervals_hold_what_is_sold() {
        let (mut held, mut n) = (0, 0);
        for seed in 0..200 {
            let found = run_off(&successions(60, seed), 0.9, 1).unwrap().value.unwrap();
            let mut random = Random::stream(7, seed);
            let mean = 12.0;
            let before = (0..3).map(|_| poisson(&mut random, mean)).sum::<f64>() / 3.0;
            let own = Succession { before, after: vec![poisson(&mut random, TRUTH[0] * mean)] };
            let sold: f64 = TRUTH[1..4].iter().map(|share| poisson(&mut random, share * mean)).sum();
            let exit = found.exit(&own, 1000, 3, seed);
            n += 1;
            held += usize::from(exit.sold.low <= sold && sold <= exit.sold.high);
        }
        crate::coverage::assert_covers("old stock: what is sold", held, n);
    }

    #[test]
    fn a_small_stock_sells_out_and_own_sales_count() {
        let found = run_off(&successions(300, 2), 0.9, 1).unwrap().value.unwrap();
        let own = |sold: f64| Succession { before: 20.0, after: vec![sold, sold] };
        let small = found.exit(&own(8.0), 2, 3, 1);
        assert!(small.sold_out > 0.95 && small.left.value == 0.0 && small.left.low == 0.0, "{small:?}");
        let (slow, fast) = (found.exit(&own(1.0), 500, 3, 1), found.exit(&own(19.0), 500, 3, 1));
        assert!(slow.sold.high < fast.sold.low && slow.sold_out == 0.0);
        assert!((slow.left.value + slow.sold.value - 500.0).abs() < 1e-9);
    }

    #[test]
    fn few_successions_and_wrong_sales_are_told() {
        let answer = run_off(&successions(4, 1), 0.9, 1).unwrap();
        assert_eq!((answer.value, answer.caveats[0].kind), (None, "few_successions"));
        assert!(run_off(&successions(9, 1), 0.9, 1).unwrap().caveats[0].kind == "few_successions");
        let wrong = [Succession { before: -1.0, after: vec![] }];
        assert!(run_off(&wrong, 0.9, 1).unwrap_err().to_string().contains("0 or more"));
        assert!(run_off(&[], 0.9, 1).unwrap().value.is_none());
    }
}
