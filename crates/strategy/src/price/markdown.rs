//! When to lower the price by how much, so that stock is gone before the successor comes: prices from a list that never rise
//! again, demand that answers to them by chance, what is left sold for its scrap value. The best policy by dynamic
//! programming, which says the price for every week and every stock; and what it is expected to bring beside holding the price
//! and beside the best single price.
//!
//! Gallego and van Ryzin (1994), Optimal dynamic pricing of inventories with stochastic demand over finite horizons,
//! Management Science 40; Bitran and Mondschein (1997), Periodic pricing of seasonal products in retailing, Management Science
//! 43 (prices that only fall).

use math::Random;

use crate::{Answer, Caveat, Estimate, StrategyError, Support};

pub const WEEKS_MAX: usize = 104;
pub const PRICES_MAX: usize = 30;
/// Stocks above this are planned in lots of several pieces.
const LOTS_MAX: usize = 400;
/// Ways through the weeks that are drawn for the intervals.
const N_DRAWS: usize = 2000;

/// What is to be cleared.
#[derive(Clone, Debug)]
pub struct Stock {
    /// Pieces.
    pub n: usize,
    /// Expected sales a week at the first price, of the weeks that are left. Shape: (n_weeks).
    pub demand: Vec<f64>,
    /// Prices that may be asked, the present one first, falling. Shape: (n_prices).
    pub prices: Vec<f64>,
    /// Of demand to price, below 0.
    pub elasticity: f64,
    /// What a piece that is left brings; below 0 if it costs to get rid of.
    pub salvage: f64,
}

/// What one way of pricing brings.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Clearance {
    /// Money, with that of what is left.
    pub revenue: Estimate,
    /// Pieces sold in the weeks.
    pub sold: Estimate,
    /// The chance that nothing is left.
    pub sold_out: f64,
}

/// The best policy, and what it and the simple ones bring.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Schedule {
    /// The price to ask in each week if sales go as expected: place in the list of prices. Shape: (n_weeks).
    pub usual: Vec<usize>,
    /// By week, and then by the share of the stock that is left (0.1, 0.2 … 1): the place of the price. What was asked before is
    /// the first price. Shape: (n_weeks, 10).
    pub policy: Vec<[usize; 10]>,
    pub best: Clearance,
    /// Holding the first price.
    pub hold: Clearance,
    /// The best single price from the first week on, and its place.
    pub single: Clearance,
    pub single_price: usize,
    /// How much more the policy brings than holding, draw by draw.
    pub over_hold: Estimate,
}

impl Stock {
    fn check(&self) -> Result<(), StrategyError> {
        let unfit = |what, found: String, allowed: &str| Err(StrategyError::unfit(what, found, allowed));
        if self.n == 0 || self.n > 10_000_000 {
            return unfit("pieces in stock", self.n.to_string(), "1 to 10,000,000");
        }
        if self.demand.is_empty() || self.demand.len() > WEEKS_MAX {
            return unfit("weeks left", self.demand.len().to_string(), "1 to 104");
        }
        if let Some(week) = self.demand.iter().position(|one| !(*one >= 0.0 && *one <= 1e7)) {
            return Err(StrategyError::bad_value("demand", week, self.demand[week], "0 to 10,000,000 pieces a week"));
        }
        if self.prices.is_empty() || self.prices.len() > PRICES_MAX {
            return unfit("prices", self.prices.len().to_string(), "1 to 30");
        }
        if self.prices.iter().any(|price| !(*price > 0.0 && price.is_finite())) {
            return unfit("prices", format!("{:?}", self.prices), "above 0");
        }
        if self.prices.windows(2).any(|pair| pair[1] >= pair[0]) {
            return unfit("prices", format!("{:?}", self.prices), "falling, the present one first");
        }
        if !(-20.0..0.0).contains(&self.elasticity) {
            return unfit("elasticity", self.elasticity.to_string(), "-20 to below 0");
        }
        if !(self.salvage < self.prices[self.prices.len() - 1] && self.salvage.is_finite()) {
            return unfit("salvage value", self.salvage.to_string(), "below the lowest price");
        }
        Ok(())
    }

    /// Pieces a lot, and lots in stock.
    fn lots(&self) -> (f64, usize) {
        let n_lots = self.n.min(LOTS_MAX);
        (self.n as f64 / n_lots as f64, n_lots)
    }

    /// Lots expected to be asked for in a week at a price.
    fn wanted(&self, week: usize, price: usize, lot: f64) -> f64 {
        self.demand[week] * (self.prices[price] / self.prices[0]).powf(self.elasticity) / lot
    }
}

/// The best prices for the weeks that are left. `level` is that of the intervals.
///
/// # Errors
/// If the stock is not as allowed (see its fields).
pub fn clear(stock: &Stock, level: f64, seed: u64) -> Result<Answer<Schedule>, StrategyError> {
    stock.check()?;
    if !(0.5..1.0).contains(&level) {
        return Err(StrategyError::unfit("level of the intervals", level, "0.5 or more and below 1"));
    }
    let plan = Policy::best(stock);
    let drawn = |policy: &dyn Fn(usize, usize, usize) -> usize| draws(stock, policy, seed);
    let best = drawn(&|week, left, before| plan.at(week, left, before));
    let hold = drawn(&|_, _, _| 0);
    let singles: Vec<Draws> = (0..stock.prices.len()).map(|price| drawn(&move |_, _, _| price)).collect();
    let mean = |draws: &Draws| draws.revenue.iter().sum::<f64>() / draws.revenue.len() as f64;
    // Of equal ones the highest price.
    let single_price = (0..singles.len()).rev().max_by(|a, b| mean(&singles[*a]).total_cmp(&mean(&singles[*b])));
    let single_price = single_price.unwrap_or(0);
    let over: Vec<f64> = best.revenue.iter().zip(&hold.revenue).map(|(best, hold)| best - hold).collect();
    let schedule = Schedule {
        usual: plan.usual(stock),
        policy: plan.by_share(stock),
        best: best.told(level),
        hold: hold.told(level),
        single: singles[single_price].told(level),
        single_price,
        over_hold: crate::budget::interval(&over, level),
    };
    let answer = Answer::given(schedule, Support::of(stock.demand.len()));
    Ok(answer.doubted(Caveat::new(
        "elasticity_assumed",
        "结果取决于所给的价格弹性和需求预测：请用弹性区间的两端各算一次。",
        "This rests on the elasticity and the demand that were given: try both ends of the elasticity's interval.",
    )))
}

/// How much more the policy that is best at the stock's elasticity brings than holding, if customers answer prices by another one: what
/// was planned stays, what comes of it does not. `elasticity` is not above 0.
///
/// # Errors
/// If the stock is not as allowed, or the elasticity not −20 to 0.
pub fn over_hold_at(stock: &Stock, elasticity: f64, level: f64, seed: u64) -> Result<Estimate, StrategyError> {
    stock.check()?;
    if !(-20.0..=0.0).contains(&elasticity) {
        return Err(StrategyError::unfit("elasticity", elasticity.to_string(), "-20 to 0"));
    }
    let (plan, truth) = (Policy::best(stock), Stock { elasticity, ..stock.clone() });
    let best = draws(&truth, &|week, left, before| plan.at(week, left, before), seed);
    let hold = draws(&truth, &|_, _, _| 0, seed);
    let over: Vec<f64> = best.revenue.iter().zip(&hold.revenue).map(|(best, hold)| best - hold).collect();
    Ok(crate::budget::interval(&over, level))
}

/// The price for every week, stock and price before.
struct Policy {
    n_lots: usize,
    n_prices: usize,
    /// Shape: (n_weeks, n_lots + 1, n_prices).
    choice: Vec<u8>,
}

impl Policy {
    fn at(&self, week: usize, left: usize, before: usize) -> usize {
        usize::from(self.choice[(week * (self.n_lots + 1) + left) * self.n_prices + before])
    }

    /// From the last week back: V(week, left, before) = max over prices not above `before` of what is sold now and what the rest
    /// brings then.
    fn best(stock: &Stock) -> Policy {
        let (lot, n_lots) = stock.lots();
        let (n_weeks, n_prices) = (stock.demand.len(), stock.prices.len());
        let mut choice = vec![0u8; n_weeks * (n_lots + 1) * n_prices];
        // By lots left and price before.
        let mut ahead: Vec<f64> =
            (0..=n_lots).flat_map(|left| vec![stock.salvage * lot * left as f64; n_prices]).collect();
        for week in (0..n_weeks).rev() {
            let chances: Vec<Vec<f64>> =
                (0..n_prices).map(|price| poisson(stock.wanted(week, price, lot), n_lots)).collect();
            let mut now = vec![0.0; ahead.len()];
            for left in 0..=n_lots {
                let brings: Vec<f64> = (0..n_prices)
                    .map(|price| {
                        expected(&chances[price], left, |sold| {
                            stock.prices[price] * lot * sold as f64 + ahead[(left - sold) * n_prices + price]
                        })
                    })
                    .collect();
                // The best of the prices from `before` down; of equal ones the highest.
                let mut top = n_prices - 1;
                for before in (0..n_prices).rev() {
                    if brings[before] >= brings[top] {
                        top = before;
                    }
                    now[left * n_prices + before] = brings[top];
                    choice[(week * (n_lots + 1) + left) * n_prices + before] = top as u8;
                }
            }
            ahead = now;
        }
        Policy { n_lots, n_prices, choice }
    }

    /// The prices if every week sells what is expected of it.
    fn usual(&self, stock: &Stock) -> Vec<usize> {
        let (lot, n_lots) = stock.lots();
        let (mut left, mut before) = (n_lots as f64, 0);
        (0..stock.demand.len())
            .map(|week| {
                before = self.at(week, left.round() as usize, before);
                left = (left - stock.wanted(week, before, lot)).max(0.0);
                before
            })
            .collect()
    }

    fn by_share(&self, stock: &Stock) -> Vec<[usize; 10]> {
        let place = |tenth: usize| (self.n_lots * (tenth + 1)).div_ceil(10);
        (0..stock.demand.len()).map(|week| std::array::from_fn(|tenth| self.at(week, place(tenth), 0))).collect()
    }
}

/// Probabilities of 0, 1 … `most` − 1 and of `most` or more. Shape: (most + 1).
fn poisson(mean: f64, most: usize) -> Vec<f64> {
    let mut chances = vec![0.0; most + 1];
    let mut log = -mean;
    let mut sum = 0.0;
    for (n, chance) in chances.iter_mut().take(most).enumerate() {
        if n > 0 {
            log += (mean / n as f64).ln();
        }
        *chance = log.exp();
        sum += *chance;
    }
    chances[most] = (1.0 - sum).max(0.0);
    chances
}

/// The mean of `value` over what is sold of `left` lots.
fn expected(chances: &[f64], left: usize, value: impl Fn(usize) -> f64) -> f64 {
    let (mut sum, mut used) = (0.0, 0.0);
    for (sold, chance) in chances.iter().enumerate().take(left) {
        if *chance > 0.0 {
            sum += chance * value(sold);
            used += chance;
        }
    }
    sum + (1.0 - used).max(0.0) * value(left)
}

struct Draws {
    revenue: Vec<f64>,
    sold: Vec<f64>,
    n_sold_out: usize,
}

impl Draws {
    fn told(&self, level: f64) -> Clearance {
        Clearance {
            revenue: crate::budget::interval(&self.revenue, level),
            sold: crate::budget::interval(&self.sold, level),
            sold_out: self.n_sold_out as f64 / self.revenue.len() as f64,
        }
    }
}

/// Ways through the weeks under a policy; the same chances for each policy, so that their differences are not chance.
fn draws(stock: &Stock, policy: &dyn Fn(usize, usize, usize) -> usize, seed: u64) -> Draws {
    let (lot, n_lots) = stock.lots();
    let mut drawn = Draws { revenue: Vec::new(), sold: Vec::new(), n_sold_out: 0 };
    let n_prices = stock.prices.len();
    let ways: Vec<Vec<f64>> = (0..stock.demand.len())
        .flat_map(|week| (0..n_prices).map(move |price| (week, price)))
        .map(|(week, price)| poisson(stock.wanted(week, price, lot), n_lots))
        .collect();
    for draw in 0..N_DRAWS {
        let mut random = Random::stream(seed, draw as u64);
        let (mut left, mut before, mut revenue) = (n_lots, 0, 0.0);
        for week in 0..stock.demand.len() {
            let chance = random.uniform();
            before = policy(week, left, before);
            let sold = at_chance(&ways[week * n_prices + before], chance).min(left);
            revenue += stock.prices[before] * lot * sold as f64;
            left -= sold;
        }
        drawn.revenue.push(revenue + stock.salvage * lot * left as f64);
        drawn.sold.push(lot * (n_lots - left) as f64);
        drawn.n_sold_out += usize::from(left == 0);
    }
    drawn
}

/// The smallest count whose cumulated probability reaches `chance`.
fn at_chance(chances: &[f64], chance: f64) -> usize {
    let mut sum = 0.0;
    chances
        .iter()
        .position(|one| {
            sum += one;
            chance < sum
        })
        .unwrap_or(chances.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stock(n: usize, demand: &[f64], prices: &[f64], elasticity: f64, salvage: f64) -> Stock {
        Stock { n, demand: demand.to_vec(), prices: prices.to_vec(), elasticity, salvage }
    }

    /// At the elasticity that was planned with it is what the plan says; where customers hardly mind the price, the plan loses what it gives
    /// away: at 0 as many are sold, each cheaper.
    #[test]
    fn a_plan_is_worth_less_where_customers_mind_the_price_less() {
        let stock = stock(60, &[4.0; 6], &[100.0, 80.0, 60.0], -4.0, 10.0);
        let planned = clear(&stock, 0.9, 1).unwrap().value.unwrap().over_hold;
        assert!(planned.low > 0.0, "{planned:?}");
        assert_eq!(over_hold_at(&stock, -4.0, 0.9, 1).unwrap(), planned);
        let at_zero = over_hold_at(&stock, 0.0, 0.9, 1).unwrap();
        assert!(at_zero.high < 0.0, "{at_zero:?}");
        assert!(over_hold_at(&stock, 0.5, 0.9, 1).is_err() && over_hold_at(&stock, f64::NAN, 0.9, 1).is_err());
    }

    /// All plans of prices that do not depend on what is left, by adding up over every way of selling: the policy, which may
    /// look, is at least as good; and in a single week, where there is nothing to look at, it is the best of them.
    #[test]
    fn no_fixed_plan_is_better_and_one_week_is_worked_out() {
        let value = |stock: &Stock, plan: &[usize]| {
            let (lot, n_lots) = stock.lots();
            let mut chances = vec![0.0; n_lots + 1];
            chances[n_lots] = 1.0;
            let mut revenue = 0.0;
            for (week, price) in plan.iter().enumerate() {
                let demand = poisson(stock.wanted(week, *price, lot), n_lots);
                let mut next = vec![0.0; n_lots + 1];
                for left in 0..=n_lots {
                    for (wanted, chance) in demand.iter().enumerate() {
                        let sold = wanted.min(left);
                        revenue += chances[left] * chance * stock.prices[*price] * sold as f64;
                        next[left - sold] += chances[left] * chance;
                    }
                }
                chances = next;
            }
            revenue + stock.salvage * chances.iter().enumerate().map(|(left, chance)| left as f64 * chance).sum::<f64>()
        };
        let policy_value = |stock: &Stock| {
            let plan = Policy::best(stock);
            let mut states = std::collections::BTreeMap::from([((stock.n, 0usize), 1.0)]);
            let mut revenue = 0.0;
            for week in 0..stock.demand.len() {
                let mut next = std::collections::BTreeMap::new();
                for ((left, before), chance) in states {
                    let price = plan.at(week, left, before);
                    for (wanted, p) in poisson(stock.wanted(week, price, 1.0), stock.n).iter().enumerate() {
                        let sold = wanted.min(left);
                        revenue += chance * p * stock.prices[price] * sold as f64;
                        *next.entry((left - sold, price)).or_insert(0.0) += chance * p;
                    }
                }
                states = next;
            }
            revenue + states.iter().map(|((left, _), chance)| stock.salvage * *left as f64 * chance).sum::<f64>()
        };
        let two = stock(6, &[2.0, 1.5], &[100.0, 80.0, 60.0], -2.5, 20.0);
        let best = policy_value(&two);
        let mut plans = Vec::new();
        for first in 0..3 {
            (first..3).for_each(|second| plans.push(value(&two, &[first, second])));
        }
        let top = plans.iter().copied().fold(0.0, f64::max);
        assert!(best > top && best < 1.1 * top, "{best} {top}");
        let one = stock(5, &[2.0], &[100.0, 80.0, 60.0], -2.5, 20.0);
        let singles: Vec<f64> = (0..3).map(|price| value(&one, &[price])).collect();
        assert!((policy_value(&one) - singles.iter().copied().fold(0.0, f64::max)).abs() < 1e-9, "{singles:?}");
    }

    #[test]
    fn much_stock_is_marked_down_and_little_is_not() {
        let prices = [100.0, 90.0, 80.0, 70.0];
        let run = |n: usize| clear(&stock(n, &[10.0; 8], &prices, -2.0, 5.0), 0.9, 1).unwrap().value.unwrap();
        let little = run(40);
        assert!(little.usual.iter().all(|price| *price == 0), "{:?}", little.usual);
        let much = run(150);
        assert!(much.usual[7] > 0 && much.usual.is_sorted(), "{:?}", much.usual);
        assert!(much.over_hold.value > 0.0 && much.best.revenue.value >= much.single.revenue.value - 1e-9);
        assert!(much.best.sold.value > much.hold.sold.value);
        // With little left there is no hurry.
        assert!(much.policy.iter().all(|week| week.is_sorted()), "{:?}", much.policy);
        let many = clear(&stock(100_000, &[8000.0; 8], &prices, -2.0, 5.0), 0.9, 1).unwrap().value.unwrap();
        assert!(many.usual[7] > 0 && many.best.sold.value <= 100_000.0);
    }

    #[test]
    fn chances_sum_to_one_and_what_is_wrong_is_named() {
        for (mean, most) in [(0.0, 5), (3.0, 4), (800.0, 400), (0.5, 400)] {
            let chances = poisson(mean, most);
            assert!((chances.iter().sum::<f64>() - 1.0).abs() < 1e-9 && chances.iter().all(|one| *one >= 0.0));
        }
        let told = |stock: Stock| clear(&stock, 0.9, 1).unwrap_err().to_string();
        assert!(told(stock(0, &[1.0], &[1.0], -1.0, 0.0)).contains("pieces in stock"));
        assert!(told(stock(5, &[1.0], &[1.0, 2.0], -1.0, 0.0)).contains("falling"));
        assert!(told(stock(5, &[f64::NAN], &[1.0], -1.0, 0.0)).contains("demand, row 0 holds NaN"));
        assert!(told(stock(5, &[1.0], &[1.0], 1.0, 0.0)).contains("elasticity"));
        assert!(told(stock(5, &[1.0], &[1.0], -1.0, 2.0)).contains("below the lowest price"));
    }
}
