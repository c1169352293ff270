//! The other way round: the least money that reaches a revenue, and the most that keeps what a sale costs below a limit. Not
//! here: how a given sum is split.

use super::curve::Response;
use super::shaped::{self, allocate_shaped};
use super::tree::Node;
use super::{Allocation, Method, concave};
use crate::StrategyError;

/// What is to be reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// At least this much value from the cells, with as little money as possible.
    Value(f64),
    /// As much value as possible while budget / value stays at or below this: a cost per acquisition, or one over the return.
    CostPerValue(f64),
}

/// The budget that a goal asks for, and its split; `None` in place of the allocation if no allowed budget reaches the goal.
#[derive(Clone, Debug, PartialEq)]
pub struct Reached {
    pub budget: f64,
    pub allocation: Option<Allocation>,
    /// The best value of the goal's own measure that is possible at all: the largest value, or the lowest cost per value.
    pub best_possible: f64,
}

/// Seeks between the floors and `most`.
///
/// # Errors
/// If the goal is not a number above 0, or `most` cannot be spent.
pub fn seek<R: Response>(root: &Node<R>, goal: Goal, most: f64, method: Method) -> Result<Reached, StrategyError> {
    root.check()?;
    let (low, high) = root.range();
    let most = most.min(high);
    root.check_budget(most)?;
    if !most.is_finite() {
        return Err(StrategyError::unfit("largest budget", most, "a finite sum"));
    }
    let (Goal::Value(wanted) | Goal::CostPerValue(wanted)) = goal;
    if !(wanted > 0.0 && wanted.is_finite()) {
        return Err(StrategyError::unfit("goal", wanted, "a number above 0"));
    }
    match method.for_curves(root) {
        Method::Concave => {
            concave::allocate_concave(root, most)?;
            Ok(by_halving(root, goal, low, most))
        }
        _ => on_the_grid(root, goal, most),
    }
}

/// Over concave curves value rises with the budget, and so does the cost of a value.
fn by_halving<R: Response>(root: &Node<R>, goal: Goal, low: f64, most: f64) -> Reached {
    let split = |budget: f64| concave::split(root, budget);
    let is_enough = |budget: f64| match goal {
        Goal::Value(wanted) => split(budget).value >= wanted,
        Goal::CostPerValue(limit) => budget > limit * split(budget).value,
    };
    let least_cost = || {
        let budget = if low > 0.0 { low } else { most * 1e-9 };
        let value = split(budget).value;
        if value > 0.0 { budget / value } else { f64::INFINITY }
    };
    let best_possible = if matches!(goal, Goal::Value(_)) { split(most).value } else { least_cost() };
    let halve = || {
        let (mut below, mut above) = (low, most);
        for _ in 0..60 {
            let middle = 0.5 * (below + above);
            if is_enough(middle) { above = middle } else { below = middle }
        }
        (below, above)
    };
    let budget = match goal {
        Goal::Value(wanted) if best_possible < wanted => None,
        Goal::Value(_) if is_enough(low) => Some(low),
        Goal::Value(_) => Some(halve().1),
        Goal::CostPerValue(limit) if best_possible > limit => None,
        Goal::CostPerValue(_) if !is_enough(most) => Some(most),
        Goal::CostPerValue(_) => Some(halve().0),
    };
    Reached { budget: budget.unwrap_or(most), allocation: budget.map(split), best_possible }
}

/// Over an S the cost of a value falls before it rises, so every budget of the grid is looked at.
fn on_the_grid<R: Response>(root: &Node<R>, goal: Goal, most: f64) -> Result<Reached, StrategyError> {
    let n_steps = shaped::steps_for(root.cells().len());
    let table = shaped::value_by_budget(root, most, n_steps)?;
    let cost = |(budget, value): &(f64, f64)| if *value > 0.0 { budget / value } else { f64::INFINITY };
    let (found, best_possible) = match goal {
        Goal::Value(wanted) => {
            (table.iter().find(|(_, value)| *value >= wanted), table.iter().map(|one| one.1).fold(0.0, f64::max))
        }
        Goal::CostPerValue(limit) => (
            table.iter().rev().find(|one| cost(one) <= limit && one.0 > 0.0),
            table.iter().filter(|one| one.0 > 0.0).map(cost).fold(f64::INFINITY, f64::min),
        ),
    };
    let budget = found.map_or(most, |(budget, _)| *budget);
    let allocation = found.map(|_| allocate_shaped(root, budget, n_steps)).transpose()?;
    Ok(Reached { budget, allocation, best_possible })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::{Curve, allocate};
    use crate::mix::Saturation;

    fn root(saturation: Saturation) -> Node<Curve> {
        let cell = |name: &str, params| Node::cell(name, Curve::new(saturation, params).unwrap(), 0.0, 5.0);
        let second = if saturation == Saturation::Hill { [1.0, 3.0, 0.5] } else { [1.0, 3.0, 0.0] };
        Node::group("all", vec![cell("a", [2.0, 2.0, 0.7]), cell("b", second)], 0.0, f64::INFINITY)
    }

    #[test]
    fn the_budget_for_a_revenue_brings_it_and_no_less_does() {
        for (saturation, tolerance) in [(Saturation::Logistic, 1e-6), (Saturation::Hill, 0.01)] {
            let root = root(saturation);
            let reached = seek(&root, Goal::Value(2.2), 8.0, Method::Auto).unwrap();
            assert!(reached.allocation.as_ref().unwrap().value >= 2.2 - 1e-9);
            let less = allocate(&root, reached.budget * (1.0 - 2.0 * tolerance), Method::Auto).unwrap();
            assert!(less.value < 2.2, "{saturation:?} {}", less.value);
            let never = seek(&root, Goal::Value(9.0), 8.0, Method::Auto).unwrap();
            assert!(never.allocation.is_none() && never.best_possible < 3.1);
        }
    }

    #[test]
    fn the_budget_for_a_cost_per_acquisition_keeps_it_and_no_more_does() {
        for (saturation, tolerance) in [(Saturation::Logistic, 1e-6), (Saturation::Hill, 0.01)] {
            let root = root(saturation);
            let reached = seek(&root, Goal::CostPerValue(1.0), 8.0, Method::Auto).unwrap();
            let value = reached.allocation.as_ref().unwrap().value;
            assert!(reached.budget / value <= 1.0 + 1e-9);
            let more = reached.budget * (1.0 + 2.0 * tolerance);
            assert!(more / allocate(&root, more, Method::Auto).unwrap().value > 1.0, "{saturation:?}");
            assert!(seek(&root, Goal::CostPerValue(1e-3), 8.0, Method::Auto).unwrap().allocation.is_none());
        }
        assert!(seek(&root(Saturation::Hill), Goal::Value(-1.0), 8.0, Method::Auto).is_err());
    }
}
