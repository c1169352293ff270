//! Whom to treat, and how: a margin a unit of outcome, a cost a treatment, a budget. Not here: effects; they come from any
//! learner.
//!
//! Under a budget this is a multiple-choice knapsack: each customer gets one arm or none. The Lagrangian of the budget is
//! bisected (Sinha and Zoltners 1979): at a price λ of money everyone gets the arm with the largest gain − λ · cost. The
//! answer is within the gain of one customer of the best there is.

use super::judge::normal_interval;
use super::trial::{Assignment, Trial};
use crate::{Estimate, StrategyError};

/// Money for treating.
#[derive(Clone, Debug, PartialEq)]
pub struct Money<'a> {
    /// Of one unit of outcome: the margin of a purchase, or 1 if the outcome is money.
    pub margin: f64,
    /// Of each treatment for each row: a parcel, a message, a coupon times the chance that it is redeemed. Shape: (n_arms − 1)
    /// of one value for all, or one a row.
    pub costs: &'a [Vec<f64>],
    /// Most to spend; none if what pays for itself may be spent.
    pub budget: Option<f64>,
}

impl Money<'_> {
    fn cost(&self, arm: usize, row: usize) -> f64 {
        let costs = &self.costs[arm];
        if costs.len() == 1 { costs[0] } else { costs[row] }
    }

    fn check(&self, n_arms: usize, n_rows: usize) -> Result<(), StrategyError> {
        if !self.margin.is_finite() {
            return Err(StrategyError::unfit("margin", self.margin, "a finite number"));
        }
        if let Some(budget) = self.budget
            && !(budget.is_finite() && budget >= 0.0)
        {
            return Err(StrategyError::unfit("budget", budget, "a finite number, 0 or more"));
        }
        if self.costs.len() != n_arms {
            let what = "costs (one list a treatment)".to_owned();
            return Err(StrategyError::Length { what, found: self.costs.len(), expected: n_arms });
        }
        for costs in self.costs {
            if costs.len() != 1 && costs.len() != n_rows {
                let what = "costs of a treatment (one, or one a row)".to_owned();
                return Err(StrategyError::Length { what, found: costs.len(), expected: n_rows });
            }
            if let Some(row) = costs.iter().position(|cost| !cost.is_finite() || *cost < 0.0) {
                return Err(StrategyError::bad_value("costs", row, costs[row], "a finite number, 0 or more"));
            }
        }
        Ok(())
    }
}

/// Who gets what.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// 0 is nothing. Shape: (n_rows).
    pub arms: Vec<u32>,
    pub n_treated: usize,
    pub cost: f64,
    /// Margin of the predicted effects less cost.
    pub expected_gain: f64,
    /// What the last unit of money brought beyond itself; 0 if the budget does not bind.
    pub shadow_price: f64,
}

/// The arms that bring most money within the budget. Shape of `effects`: (n_arms − 1)(n_rows).
///
/// # Errors
/// If money does not fit the effects, or an effect is not finite.
pub fn whom_to_treat(effects: &[Vec<f64>], money: &Money) -> Result<Policy, StrategyError> {
    let n_rows = effects.first().map_or(0, Vec::len);
    money.check(effects.len(), n_rows)?;
    for effects in effects {
        if effects.len() != n_rows {
            let what = "effects of a treatment".to_owned();
            return Err(StrategyError::Length { what, found: effects.len(), expected: n_rows });
        }
        if let Some(row) = effects.iter().position(|effect| !effect.is_finite()) {
            return Err(StrategyError::bad_value("effects", row, effects[row], "a finite number"));
        }
    }
    let choice = Choice { effects, money, n_rows };
    let free = choice.at(0.0);
    let Some(budget) = money.budget.filter(|&budget| free.cost > budget) else { return Ok(free) };
    // At this price nobody is worth anything: the largest gain for its cost.
    let worth = |(arm, row): (usize, usize)| choice.gain(arm, row) / money.cost(arm, row);
    let cells = (0..effects.len()).flat_map(|arm| (0..n_rows).map(move |row| (arm, row)));
    let most = cells.filter(|&(arm, row)| money.cost(arm, row) > 0.0).map(worth).fold(0.0, f64::max);
    let (mut low, mut high) = (0.0, most * 1.000_001 + 1e-12);
    let mut found = choice.at(high);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        let next = choice.at(middle);
        if next.cost <= budget {
            (found, high) = (next, middle);
        } else {
            low = middle;
        }
    }
    choice.fill(&mut found, low, budget);
    found.shadow_price = high;
    Ok(found)
}

struct Choice<'a> {
    effects: &'a [Vec<f64>],
    money: &'a Money<'a>,
    n_rows: usize,
}

impl Choice<'_> {
    fn gain(&self, arm: usize, row: usize) -> f64 {
        self.money.margin * self.effects[arm][row] - self.money.cost(arm, row)
    }

    /// The arm of a row at a price of money, 0 for none; the cheaper one of equals.
    fn arm(&self, row: usize, price: f64) -> u32 {
        let (mut best, mut most) = (0, 0.0);
        for arm in 0..self.effects.len() {
            let worth = self.gain(arm, row) - price * self.money.cost(arm, row);
            let is_cheaper = best > 0 && worth == most && self.money.cost(arm, row) < self.money.cost(best - 1, row);
            if worth > most || is_cheaper {
                (best, most) = (arm + 1, worth);
            }
        }
        best as u32
    }

    fn at(&self, price: f64) -> Policy {
        let mut policy =
            Policy { arms: vec![0; self.n_rows], n_treated: 0, cost: 0.0, expected_gain: 0.0, shadow_price: 0.0 };
        for row in 0..self.n_rows {
            self.set(&mut policy, row, self.arm(row, price));
        }
        policy
    }

    fn set(&self, policy: &mut Policy, row: usize, arm: u32) {
        let sign = |arm: u32| if arm == 0 { None } else { Some(arm as usize - 1) };
        if let Some(before) = sign(policy.arms[row]) {
            policy.cost -= self.money.cost(before, row);
            policy.expected_gain -= self.gain(before, row);
            policy.n_treated -= 1;
        }
        if let Some(now) = sign(arm) {
            policy.cost += self.money.cost(now, row);
            policy.expected_gain += self.gain(now, row);
            policy.n_treated += 1;
        }
        policy.arms[row] = arm;
    }

    /// Spends what is left on those who would have been next, in the order of the rows, where it still fits.
    fn fill(&self, policy: &mut Policy, price: f64, budget: f64) {
        for row in 0..self.n_rows {
            let wanted = self.arm(row, price);
            if wanted == 0 || wanted == policy.arms[row] {
                continue;
            }
            let now = policy.arms[row];
            let before = if now == 0 { 0.0 } else { self.money.cost(now as usize - 1, row) };
            if policy.cost - before + self.money.cost(wanted as usize - 1, row) <= budget {
                self.set(policy, row, wanted);
            }
        }
    }
}

/// Money a row that a policy brings against treating nobody, by the outcomes of rows that happened to get what it says,
/// weighted by their chances (inverse propensity, with means for whom the policy gives the arm), and its 90 % interval.
///
/// # Errors
/// If shapes or money do not fit; or if chances are not known ([`Assignment::Estimated`]).
pub fn value(arms: &[u32], trial: &Trial, money: &Money) -> Result<Estimate, StrategyError> {
    let (n, n_arms) = (trial.n_rows(), trial.n_arms());
    if arms.len() != n {
        return Err(StrategyError::Length { what: "arms of the policy".to_owned(), found: arms.len(), expected: n });
    }
    money.check(n_arms - 1, n)?;
    if let Some(row) = arms.iter().position(|&arm| arm as usize >= n_arms) {
        return Err(StrategyError::bad_value("arms of the policy", row, arms[row], format!("0 to {}", n_arms - 1)));
    }
    let chance = |row: usize, arm: usize| match trial.assignment {
        Assignment::Logged(chances) => Ok(chances[row * n_arms + arm]),
        Assignment::Randomised => Ok(0.0),
        Assignment::Estimated => Err(StrategyError::unfit("assignment", "estimated", "randomised or logged")),
    };
    let (mut sum, mut variance) = (0.0, 0.0);
    for arm in 1..n_arms {
        let rows: Vec<usize> = (0..n).filter(|&row| arms[row] as usize == arm).collect();
        let mut sides = [Weighted::default(); 2];
        for &row in &rows {
            sum -= money.cost(arm - 1, row);
            let got = trial.arms[row] as usize;
            if got != 0 && got != arm {
                continue;
            }
            let weight = match chance(row, got)? {
                0.0 => 1.0,
                chance => 1.0 / chance,
            };
            sides[usize::from(got == arm)].add(weight, trial.outcome[row]);
        }
        // Without rows of both, nothing is known of these: they bring what they cost.
        if let (Some((control, noise)), Some((treated, more))) = (sides[0].mean(), sides[1].mean()) {
            let size = rows.len() as f64 * money.margin;
            sum += size * (treated - control);
            variance += size * size * (noise + more);
        }
    }
    Ok(normal_interval(sum / n as f64, variance / (n as f64 * n as f64)))
}

#[derive(Clone, Copy, Default)]
struct Weighted {
    n: usize,
    weight: f64,
    squares: f64,
    sum: f64,
    sum_of_squares: f64,
}

impl Weighted {
    fn add(&mut self, weight: f64, value: f64) {
        self.n += 1;
        self.weight += weight;
        self.squares += weight * weight;
        self.sum += weight * value;
        self.sum_of_squares += weight * value * value;
    }

    /// The weighted mean and its variance, over Kish's effective number of rows.
    fn mean(&self) -> Option<(f64, f64)> {
        if self.n < 2 {
            return None;
        }
        let mean = self.sum / self.weight;
        let spread = (self.sum_of_squares / self.weight - mean * mean).max(0.0);
        Some((mean, spread * self.squares / (self.weight * self.weight)))
    }
}

/// Net incremental revenue as Starbucks' exercise counts it, on the rows of `is_chosen`: margin × (purchases of the treated −
/// purchases of the controls) − cost × treated. It is a total over both arms as they are, not divided by their sizes: fair
/// only where the arms are about equal. Shapes: (n_rows).
pub fn net_incremental_revenue(
    is_chosen: &[bool],
    outcome: &[f64],
    is_treated: &[bool],
    margin: f64,
    cost: f64,
) -> f64 {
    let rows = is_chosen.iter().zip(outcome).zip(is_treated).filter(|((is_chosen, _), _)| **is_chosen);
    rows.map(|((_, y), &is_treated)| if is_treated { margin * y - cost } else { -margin * y }).sum()
}
