//! A plan for the periods to come: what comes anyway (the baseline and what earlier spends leave), what the plan's money adds, and
//! what the best split adds over the equal and the present one, each with an interval over the draws of the model behind it.

use super::curve::{Flight, Mean, Response};
use super::tree::{Node, equal_split};
use super::{Allocation, Method, allocate};
use crate::{Answer, Caveat, Estimate, StrategyError, Support};

/// Draws that are accepted, at most: each costs one curve per cell.
const DRAWS_MAX: usize = 10_000;

/// What is to be planned.
pub struct Plan<'a> {
    /// Cells hold one flight for each draw of the model.
    pub root: &'a Node<Mean<Flight>>,
    /// What the horizon brings without any marketing, one sum for each draw. Shape: (n_draws).
    pub baseline: &'a [f64],
    /// The present spends over as many periods, one a cell, if there are any.
    pub current: Option<&'a [f64]>,
    pub budget: f64,
    /// The share of intervals that hold the truth.
    pub level: f64,
    /// Rows that the model rests on.
    pub n_rows: usize,
}

/// What the plan brings over its horizon.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Planned {
    pub allocation: Allocation,
    /// The baseline, what earlier spends still bring, and what the plan adds to both.
    pub baseline: Estimate,
    pub left_over: Estimate,
    pub added: Estimate,
    /// All three together.
    pub total: Estimate,
    pub equal: Vec<f64>,
    /// How much more the best split adds than the equal one, draw by draw.
    pub over_equal: Estimate,
    /// How much more it adds than the present spends, which may sum to another budget.
    pub over_current: Option<Estimate>,
}

/// Finds the split with the best mean over the draws, and says what it brings.
///
/// # Errors
/// If cells, baseline and present spends do not agree in length, or the budget does not fit the floors and ceilings.
pub fn plan(plan: &Plan) -> Result<Answer<Planned>, StrategyError> {
    let n_draws = plan.baseline.len();
    let cells = plan.root.cells();
    if n_draws == 0 {
        return Err(StrategyError::Empty { needed: 1 });
    }
    if n_draws > DRAWS_MAX {
        return Err(StrategyError::unfit("draws of a plan", n_draws, DRAWS_MAX));
    }
    if let Some((cell, response)) = cells.iter().find(|(_, response)| response.0.len() != n_draws) {
        let what = format!("draws of '{}'", cell.name);
        return Err(StrategyError::Length { what, found: response.0.len(), expected: n_draws });
    }
    if let Some(current) = plan.current.filter(|current| current.len() != cells.len()) {
        let what = "present spends".to_owned();
        return Err(StrategyError::Length { what, found: current.len(), expected: cells.len() });
    }
    let allocation = allocate(plan.root, plan.budget, Method::Auto)?;
    let equal = equal_split(plan.root, plan.budget);
    // One sum for each draw.
    let of = |spends: &[f64]| -> Vec<f64> {
        let of_cell = |draw: usize, mean: &Mean<Flight>, spend: f64| mean.0[draw].value(spend);
        let sum = |draw| cells.iter().zip(spends).map(|((_, mean), spend)| of_cell(draw, mean, *spend)).sum::<f64>();
        (0..n_draws).map(sum).collect()
    };
    let less = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>();
    let (best, nothing) = (of(&allocation.spends), of(&vec![0.0; cells.len()]));
    let estimate = |draws: &[f64]| interval(draws, plan.level);
    let total: Vec<f64> = best.iter().zip(plan.baseline).map(|(media, base)| media + base).collect();
    let over_equal = estimate(&less(&best, &of(&equal)));
    let planned = Planned {
        baseline: estimate(plan.baseline),
        left_over: estimate(&nothing),
        added: estimate(&less(&best, &nothing)),
        total: estimate(&total),
        over_equal,
        over_current: plan.current.map(|current| estimate(&less(&best, &of(current)))),
        equal,
        allocation,
    };
    let answer = Answer::given(planned, Support::of(plan.n_rows));
    Ok(if over_equal.low <= 0.0 {
        answer.doubted(Caveat::new(
            "no_clear_gain",
            "最优分配相对平均分配的优势在误差范围之内，差别可能只是偶然。",
            "What the best split gains over the equal one is within its error: the difference may be chance.",
        ))
    } else {
        answer
    })
}

/// The mean of `draws` with the quantiles that enclose `level` of them.
pub(crate) fn interval(draws: &[f64], level: f64) -> Estimate {
    let mut sorted = draws.to_vec();
    sorted.sort_by(f64::total_cmp);
    let value = draws.iter().sum::<f64>() / draws.len().max(1) as f64;
    let (low, high) = (quantile(&sorted, (1.0 - level) / 2.0), quantile(&sorted, (1.0 + level) / 2.0));
    // A mean may lie outside the quantiles of a skewed sample.
    Estimate { value, low: low.min(value), high: high.max(value), level }
}

/// The quantile of sorted values, between neighbours in proportion (R's type 7).
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    if sorted.is_empty() {
        return f64::NAN;
    }
    let at = share * (sorted.len() - 1) as f64;
    let (low, rest) = (at.floor() as usize, at.fract());
    sorted[low] + rest * (sorted[(low + 1).min(sorted.len() - 1)] - sorted[low])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Curve;
    use crate::mix::Saturation;

    fn cell(name: &str, height: f64, n_draws: usize) -> Node<Mean<Flight>> {
        let flight = |draw: usize| {
            let height = height * (1.0 + 0.05 * ((draw % 7) as f64 - 3.0));
            let curve = Curve::new(Saturation::Logistic, [height, 1.0, 0.0]).unwrap();
            Flight::new(curve, &[0.6, 0.4], &[1.0], &[0.25; 4]).unwrap()
        };
        Node::cell(name, Mean((0..n_draws).map(flight).collect()), 0.0, 50.0)
    }

    #[test]
    fn a_plan_adds_up_and_is_better_than_the_equal_and_the_present_split() {
        let root = Node::group("all", vec![cell("search", 5.0, 70), cell("feed", 1.0, 70)], 0.0, f64::INFINITY);
        let baseline: Vec<f64> = (0..70).map(|draw| 100.0 + f64::from(draw % 5)).collect();
        let current = [1.0, 7.0];
        let request =
            Plan { root: &root, baseline: &baseline, current: Some(&current), budget: 8.0, level: 0.9, n_rows: 100 };
        let answer = plan(&request).unwrap();
        let planned = answer.value.unwrap();
        let sum = planned.baseline.value + planned.left_over.value + planned.added.value;
        assert!((planned.total.value - sum).abs() < 1e-9, "{planned:?}");
        assert!(planned.over_equal.low > 0.0 && planned.over_current.unwrap().value > planned.over_equal.value);
        assert!((planned.allocation.spends.iter().sum::<f64>() - 8.0).abs() < 1e-9);
        assert!(planned.allocation.spends[0] > 4.0 && answer.caveats.is_empty());
        let twins = Node::group("all", vec![cell("a", 5.0, 70), cell("b", 5.0, 70)], 0.0, f64::INFINITY);
        let answer = plan(&Plan { root: &twins, ..request }).unwrap();
        assert_eq!(answer.caveats[0].kind, "no_clear_gain");
    }

    #[test]
    fn lengths_that_disagree_are_named() {
        let root = Node::group("all", vec![cell("search", 5.0, 3)], 0.0, f64::INFINITY);
        let told = |baseline: &[f64], current: Option<&[f64]>| {
            let request = Plan { root: &root, baseline, current, budget: 8.0, level: 0.9, n_rows: 100 };
            plan(&request).unwrap_err().to_string()
        };
        assert!(told(&[1.0], None).contains("draws of 'search' has 3 rows where 1"));
        assert!(told(&[], None).contains("at least 1"));
        assert!(told(&[1.0; 3], Some(&[1.0, 2.0])).contains("2 rows where 1"));
    }

    #[test]
    fn quantiles_are_those_of_r() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), 3.0);
        let found = interval(&[3.0, 1.0, 2.0], 0.5);
        assert_eq!((found.value, found.low, found.high), (2.0, 1.5, 2.5));
    }
}
