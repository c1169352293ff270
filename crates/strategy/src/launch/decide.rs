//! Go, raise or cut: whether the stock ordered for a launch should stay as it is. The stock that earns most over the draws of what is to
//! come is that of the newsvendor (Arrow, Harris and Marschak 1951): the quantile at which one piece more earns as often as it is left over. The
//! order is left alone as long as changing it would gain less than a small part of what is earned anyway.
//!
//! Not here: how long a supplier takes, and what cancelling costs.

use super::outlook::{Drawn, Outlook, at_share, estimated, suited};
use crate::{Estimate, StrategyError};

/// What a piece costs and brings, in one unit of money.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Economics {
    pub price: f64,
    pub cost: f64,
    /// What a piece brings that is left at the end of the horizon; below the cost.
    pub salvage: f64,
    /// Changes of the order that gain less than this part of what is earned are not worth making.
    pub worth: f64,
}

/// What to do with the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Go,
    Raise,
    Cut,
}

impl Step {
    pub fn name(self) -> &'static str {
        match self {
            Step::Go => "go",
            Step::Raise => "raise",
            Step::Cut => "cut",
        }
    }
}

/// What the next period's sales would change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NextWeek {
    pub sales: Estimate,
    /// The order is raised if so many or more are sold, and cut if so many or fewer; absent where no likely number does.
    pub raise_from: Option<f64>,
    pub cut_to: Option<f64>,
    /// The chances of it.
    pub raise_chance: f64,
    pub cut_chance: f64,
}

/// What to do with a stock, and what it brings. Stocks are of what is still to be sold: pieces on hand and on their way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    pub step: Step,
    pub stock: f64,
    /// The stock that earns most, and the stocks that earn nearly as much.
    pub best_stock: f64,
    pub go_from: f64,
    pub go_to: f64,
    /// The chance of selling more than is covered at which one more piece pays for itself no longer: 1 − this is the quantile of the best stock.
    pub critical_ratio: f64,
    /// Pieces left at the end, and customers who find none.
    pub left: Estimate,
    pub short: Estimate,
    pub sold_out: f64,
    /// What the stock earns within the horizon, and what the best stock earns more.
    pub earns: Estimate,
    pub gain: Estimate,
    pub next: Option<NextWeek>,
}

fn profit(stock: f64, demand: f64, of: &Economics) -> f64 {
    let sold = demand.min(stock);
    of.price * sold + of.salvage * (stock - sold) - of.cost * stock
}

/// Demands with weights, ascending.
struct Weighted {
    demands: Vec<(f64, f64)>,
    weight: f64,
}

impl Weighted {
    fn new(demands: impl Iterator<Item = (f64, f64)>) -> Weighted {
        let mut demands: Vec<(f64, f64)> = demands.collect();
        demands.sort_by(|a, b| a.0.total_cmp(&b.0));
        Weighted { weight: demands.iter().map(|(_, weight)| weight).sum(), demands }
    }

    /// The least demand that is not exceeded with so large a chance.
    fn quantile(&self, p: f64) -> f64 {
        let mut sum = 0.0;
        for (demand, weight) in &self.demands {
            sum += weight;
            if sum >= p * self.weight {
                return *demand;
            }
        }
        self.demands.last().map_or(0.0, |last| last.0)
    }

    fn earns(&self, stock: f64, of: &Economics) -> f64 {
        self.demands.iter().map(|(demand, weight)| weight * profit(stock, *demand, of)).sum::<f64>() / self.weight
    }

    fn best(&self, of: &Economics) -> f64 {
        let ratio = ((of.price - of.cost) / (of.price - of.salvage)).clamp(0.0, 1.0);
        if ratio <= 0.0 { 0.0 } else { self.quantile(ratio).ceil() }
    }

    fn step(&self, stock: f64, of: &Economics) -> Step {
        let best = self.best(of);
        let most = self.earns(best, of);
        match () {
            () if most - self.earns(stock, of) <= of.worth * most.abs() => Step::Go,
            () if best > stock => Step::Raise,
            () => Step::Cut,
        }
    }

    /// The stocks around the best one that earn less than it by no more than what is worth a change.
    fn range(&self, of: &Economics) -> (f64, f64) {
        let best = self.best(of);
        let most = self.earns(best, of);
        let is_near = |stock: f64| most - self.earns(stock, of) <= of.worth * most.abs();
        let far = 2.0 * self.demands.last().map_or(0.0, |last| last.0) + best + 1.0;
        let side = |mut near: f64, mut far: f64| {
            // What is earned falls to both sides: the end lies between.
            while (far - near).abs() > 1.0 {
                let middle = ((near + far) / 2.0).floor();
                if middle == near || middle == far {
                    break;
                }
                if is_near(middle) { near = middle } else { far = middle }
            }
            if is_near(far) { far } else { near }
        };
        (side(best, 0.0), side(best, far))
    }
}

/// What to do with so large a stock.
///
/// # Errors
/// If the stock is negative or not finite, or what is left brings as much as it costs.
pub fn decide(outlook: &Outlook, stock: f64, of: &Economics) -> Result<Decision, StrategyError> {
    if !(0.0..=1e12).contains(&stock) {
        return Err(StrategyError::unfit("stock", stock, "0 to 1e12"));
    }
    let is_sound = of.price > 0.0 && of.cost > 0.0 && of.salvage < of.cost && of.salvage < of.price;
    if !is_sound || ![of.price, of.cost, of.salvage, of.worth].iter().all(|value| value.is_finite()) {
        let found = format!("price {}, cost {}, left {}", of.price, of.cost, of.salvage);
        return Err(StrategyError::unfit(
            "money of a piece",
            found,
            "a price and a cost above 0, and less for what is left than it cost",
        ));
    }
    let drawn = &outlook.drawn;
    let level = outlook.total.level;
    let demands = Weighted::new(drawn.remaining.iter().map(|demand| (*demand, 1.0)));
    let best_stock = demands.best(of);
    let (go_from, go_to) = demands.range(of);
    let each = |value: &dyn Fn(f64) -> f64| drawn.remaining.iter().map(|demand| value(*demand)).collect::<Vec<f64>>();
    let n = drawn.remaining.len() as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / n;
    // Money is a mean over the draws: what one decides by.
    let money = |values: Vec<f64>| {
        let mean = mean(&values);
        let told = estimated(values, level);
        Estimate { value: mean, low: told.low.min(mean), high: told.high.max(mean), level }
    };
    let gains = each(&|demand| profit(best_stock, demand, of) - profit(stock, demand, of));
    Ok(Decision {
        step: demands.step(stock, of),
        stock,
        best_stock,
        go_from,
        go_to,
        critical_ratio: ((of.price - of.cost) / (of.price - of.salvage)).clamp(0.0, 1.0),
        left: estimated(each(&|demand| (stock - demand).max(0.0)), level),
        short: estimated(each(&|demand| (demand - stock).max(0.0)), level),
        sold_out: each(&|demand| f64::from(u8::from(demand >= stock))).iter().sum::<f64>() / n,
        earns: money(each(&|demand| profit(stock, demand, of))),
        gain: money(gains),
        next: next(drawn, stock, of, level),
    })
}

/// Numbers of sales tried for the next period.
const N_NEXT: usize = 60;

/// What the next period would have to sell for another step.
fn next(drawn: &Drawn, stock: f64, of: &Economics, level: f64) -> Option<NextWeek> {
    let later = |at: usize| drawn.remaining[at] - drawn.next[at];
    if drawn.next.is_empty() || (0..drawn.next.len()).all(|at| later(at) <= 0.0) {
        return None;
    }
    let mut sorted = drawn.next.clone();
    sorted.sort_by(f64::total_cmp);
    let (first, last) = (at_share(&sorted, 0.002).floor(), at_share(&sorted, 0.998).ceil());
    let stride = ((last - first) / N_NEXT as f64).max(1.0).ceil();
    let mut tried: Vec<(f64, Step)> = Vec::new();
    let mut sales = first;
    while sales <= last {
        let weights = suited(drawn, sales);
        let demands = Weighted::new((0..drawn.next.len()).map(|at| (later(at), weights[at])));
        tried.push((sales, demands.step((stock - sales).max(0.0), of)));
        sales += stride;
    }
    // From the ends inwards, as far as all agree: draws are a sample, and in between single numbers may flicker.
    let raise_from = tried.iter().rev().take_while(|(_, step)| *step == Step::Raise).last().map(|(sales, _)| *sales);
    let cut_to = tried.iter().take_while(|(_, step)| *step == Step::Cut).last().map(|(sales, _)| *sales);
    let share =
        |is: &dyn Fn(f64) -> bool| sorted.iter().filter(|sales| is(**sales)).count() as f64 / sorted.len() as f64;
    Some(NextWeek {
        sales: estimated(sorted.clone(), level),
        raise_from,
        cut_to,
        raise_chance: raise_from.map_or(0.0, |from| share(&|sales| sales >= from)),
        cut_chance: cut_to.map_or(0.0, |to| share(&|sales| sales <= to)),
    })
}

#[cfg(test)]
mod tests {
    use super::super::simulate::{Family, simulate};
    use super::super::{Kind, Launch, Past, outlook};
    use super::*;
    use math::Random;

    fn told() -> Outlook {
        let mut random = Random::new(5);
        let lookalikes: Vec<Past> = (0..12).map(|_| simulate(&Family::default(), &[1.0; 26], &mut random)).collect();
        let asked = Launch { lookalikes, own: Past::default(), ahead: vec![1.0; 26], level: 0.9, seed: 1 };
        outlook(&asked, Kind::Trapezoid).unwrap().unwrap()
    }

    const OF: Economics = Economics { price: 100.0, cost: 70.0, salvage: 40.0, worth: 0.02 };

    #[test]
    fn the_best_stock_is_the_newsvendors_and_steps_lead_to_it() {
        let told = told();
        let of = |stock: f64| decide(&told, stock, &OF).unwrap();
        let best = of(100.0).best_stock;
        // Half: 30 to gain, 30 to lose.
        assert!((of(0.0).critical_ratio - 0.5).abs() < 1e-12 && (best / told.total.value - 1.0).abs() < 0.02, "{best}");
        assert_eq!((of(best).step, of(0.2 * best).step, of(5.0 * best).step), (Step::Go, Step::Raise, Step::Cut));
        assert_eq!(of(best).gain.value, 0.0);
        assert!(of(0.2 * best).gain.value > 0.0 && of(5.0 * best).gain.value > 0.0);
        // The ends of the range are where the step changes.
        let (from, to) = (of(best).go_from, of(best).go_to);
        assert!(from < best && best < to, "{from} {best} {to}");
        assert_eq!(
            [of(from).step, of(from - 1.0).step, of(to).step, of(to + 1.0).step],
            [Step::Go, Step::Raise, Step::Go, Step::Cut]
        );
    }

    #[test]
    fn the_next_week_tells_what_would_change_it() {
        let told = told();
        let decision = decide(&told, told.total.value.round(), &OF).unwrap();
        let next = decision.next.unwrap();
        assert_eq!(decision.step, Step::Go);
        let (raise, cut) = (next.raise_from.unwrap(), next.cut_to.unwrap());
        assert!(cut < next.sales.value && next.sales.value < raise, "{next:?}");
        assert!(
            next.raise_chance > 0.05 && next.cut_chance > 0.05 && next.raise_chance + next.cut_chance < 1.0,
            "{next:?}"
        );
    }

    #[test]
    fn no_margin_orders_nothing_and_what_makes_no_sense_is_told() {
        let told = told();
        let dear = Economics { cost: 120.0, ..OF };
        let decision = decide(&told, 50.0, &dear).unwrap();
        assert_eq!((decision.step, decision.best_stock), (Step::Cut, 0.0));
        assert!(decide(&told, 50.0, &Economics { salvage: 70.0, ..OF }).is_err());
        assert!(decide(&told, -1.0, &OF).is_err());
    }
}
