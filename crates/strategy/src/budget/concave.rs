//! The best split over concave curves: at the optimum every cell that is neither at its floor nor at its ceiling has the same
//! slope, the shadow price (Karush, Kuhn and Tucker), which is found by halving. Groups nest: a group at its own bound has a
//! price of its own. Not here: curves with an S, where equal slopes may be the worst split (`shaped`).

use super::curve::Response;
use super::tree::{Kind, Node};
use super::{Allocation, GroupPrice};
use crate::StrategyError;

/// Splits `budget` over the cells of `root`.
///
/// # Errors
/// If a curve is not concave, or the budget does not fit the floors and ceilings.
pub fn allocate_concave<R: Response>(root: &Node<R>, budget: f64) -> Result<Allocation, StrategyError> {
    root.check_budget(budget)?;
    if let Some((cell, _)) = root.cells().into_iter().find(|(_, response)| !response.is_concave()) {
        return Err(StrategyError::unfit(
            "response curve",
            format!("an S ({})", cell.name),
            "concave curves; the method 'shaped' takes any",
        ));
    }
    Ok(split(root, budget))
}

/// As [`allocate_concave`], of what has been checked.
pub(super) fn split<R: Response>(root: &Node<R>, budget: f64) -> Allocation {
    let mut spends = Vec::new();
    let mut prices = Vec::new();
    let price = hand_down(root, budget, None, &mut spends, &mut prices);
    let value = root.value(&spends);
    let shadow_price = if price > LEAST_PRICE { price } else { 0.0 };
    Allocation { spends, value, shadow_price, group_prices: prices, bound: value }
}

/// Below this a coin brings nothing.
const LEAST_PRICE: f64 = 1e-280;

/// A ceiling for cells without one, beyond what can be spent: at the price sought, somebody would spend more than there is.
fn most_of(spend: f64) -> f64 {
    2.0 * spend + 1e-9
}

/// What a node spends, at most `most`, when the next coin must bring `price`.
fn demand<R: Response>(node: &Node<R>, price: f64, most: f64) -> f64 {
    let ceiling = node.ceiling.min(most);
    match &node.kind {
        Kind::Cell(response) if ceiling > node.floor => response.spend_at_price(price, node.floor, ceiling),
        Kind::Cell(_) => node.floor,
        Kind::Group(nodes) => {
            let (low, high) = node.range();
            nodes.iter().map(|node| demand(node, price, most)).sum::<f64>().clamp(low, high.max(low))
        }
    }
}

/// Gives `spend` to the cells below `node` and returns the price there.
fn hand_down<R: Response>(
    node: &Node<R>,
    spend: f64,
    outer: Option<f64>,
    spends: &mut Vec<f64>,
    prices: &mut Vec<GroupPrice>,
) -> f64 {
    let nodes = match &node.kind {
        Kind::Cell(response) => {
            spends.push(spend);
            return response.slope(spend);
        }
        Kind::Group(nodes) => nodes,
    };
    let most = most_of(spend);
    let wanted = |price: f64| nodes.iter().map(|node| demand(node, price, most)).sum::<f64>();
    // A group that is free spends what its parent's price asks for; only one at a bound has a price of its own.
    let is_free = outer.is_some_and(|price| (wanted(price) - spend).abs() <= 1e-9 * spend.max(1e-300));
    let price = match outer {
        Some(price) if is_free => price,
        _ => price_of(nodes, spend),
    };
    if let Some(outer) = outer.filter(|_| !is_free) {
        prices.push(GroupPrice { group: node.name.clone(), price, premium: price - outer });
    }
    let mut parts: Vec<f64> = nodes.iter().map(|node| demand(node, price, most)).collect();
    spread_rest(nodes, spend, price, &mut parts);
    for (node, part) in nodes.iter().zip(parts) {
        hand_down(node, part, Some(price), spends, prices);
    }
    price
}

/// The price at which the nodes together want `spend`.
fn price_of<R: Response>(nodes: &[Node<R>], spend: f64) -> f64 {
    let most = most_of(spend);
    let wanted = |price: f64| nodes.iter().map(|node| demand(node, price, most)).sum::<f64>();
    // Halving the logarithm: prices span many powers of ten.
    let (mut low, mut high) = (LEAST_PRICE, 1.0 / LEAST_PRICE);
    if wanted(low) <= spend {
        return low;
    }
    for _ in 0..200 {
        let middle = if high / low > 4.0 { low.sqrt() * high.sqrt() } else { 0.5 * (low + high) };
        if middle <= low || middle >= high {
            break;
        }
        if wanted(middle) > spend { low = middle } else { high = middle }
    }
    high
}

/// What rounding, or a curve that is straight at the price, left over: given where there is room, so that the budget is met.
fn spread_rest<R: Response>(nodes: &[Node<R>], spend: f64, price: f64, parts: &mut [f64]) {
    let mut rest = spend - parts.iter().sum::<f64>();
    // Those who would take more at a slightly lower price come first: the others are at a bound or worth less.
    let mut order: Vec<usize> = (0..nodes.len()).collect();
    let at_price = |at: usize, factor: f64| demand(&nodes[at], price * factor, most_of(spend));
    let eager = |at: &usize| at_price(*at, 1.0 - 1e-9) - at_price(*at, 1.0 + 1e-9);
    let eagerness: Vec<f64> = order.iter().map(eager).collect();
    order.sort_by(|a, b| eagerness[*b].total_cmp(&eagerness[*a]));
    for at in order {
        let (low, high) = nodes[at].range();
        let moved = rest.clamp(low - parts[at], high - parts[at]);
        parts[at] += moved;
        rest -= moved;
        if rest == 0.0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::{Curve, equal_split};
    use crate::mix::{Saturation, golden};
    use math::Random;

    fn logistic(height: f64, lambda: f64) -> Curve {
        Curve::new(Saturation::Logistic, [height, lambda, 0.0]).unwrap()
    }

    /// SciPy 1.17.1 (`brentq` on the condition, and SLSQP): `allocation.json`, `budget_logistic`.
    #[test]
    fn splits_and_prices_are_those_of_the_reference() {
        let Some(file) = golden::json("allocation.json") else { return };
        let file = &file["budget_logistic"];
        let list = |name: &str| golden::numbers(&file[name]);
        let (beta, lambda, low, high) = (list("beta"), list("lam"), list("lo"), list("hi"));
        let cells = (0..4).map(|at| Node::cell(format!("c{at}"), logistic(beta[at], lambda[at]), low[at], high[at]));
        let root = Node::group("all", cells.collect(), 0.0, f64::INFINITY);
        for (budget, solution) in file["solutions"].as_object().unwrap() {
            let budget: f64 = budget.parse().unwrap();
            let found = allocate_concave(&root, budget).unwrap();
            golden::assert_close("split", &found.spends, &golden::numbers(&solution["b_kkt"]), 1e-8);
            let told = [found.shadow_price, found.value];
            let right = ["shadow_price", "value"].map(|name| solution[name].as_f64().unwrap());
            golden::assert_close("price and value", &told, &right, 1e-8);
            // The reference cuts its equal split off at the ceilings without spending the rest.
            let cut: Vec<f64> = high.iter().map(|high| high.min(budget / 4.0)).collect();
            golden::assert_close(
                "equal",
                &[root.value(&cut)],
                &[solution["value_equal_split"].as_f64().unwrap()],
                1e-9,
            );
            assert!(root.value(&equal_split(&root, budget)) < found.value);
        }
    }

    #[test]
    fn no_random_split_within_the_bounds_is_better_and_the_price_is_what_one_more_coin_brings() {
        let mut random = Random::new(3);
        for _ in 0..50 {
            let cells = (0..5).map(|at| {
                let curve = logistic(0.1 + random.uniform() * 4.0, 0.2 + random.uniform() * 5.0);
                let floor = random.uniform() * 0.2;
                Node::cell(format!("c{at}"), curve, floor, floor + 0.05 + random.uniform())
            });
            let root = Node::group("all", cells.collect(), 0.0, f64::INFINITY);
            let (low, high) = root.range();
            let budget = low + (high - low) * (0.1 + 0.8 * random.uniform());
            let best = allocate_concave(&root, budget).unwrap();
            assert!((best.spends.iter().sum::<f64>() - budget).abs() < 1e-9);
            for _ in 0..200 {
                // Some coin goes from one cell to another.
                let mut other = best.spends.clone();
                let (from, to) = (random.below(5), random.below(5));
                let cells = root.cells();
                let room = (other[from] - cells[from].0.floor).min(cells[to].0.ceiling - other[to]);
                let moved = room.max(0.0) * random.uniform();
                other[from] -= moved;
                other[to] += moved;
                assert!(root.value(&other) <= best.value + 1e-12);
            }
            let step = 1e-6;
            let more = allocate_concave(&root, budget + step).unwrap();
            assert!(((more.value - best.value) / step - best.shadow_price).abs() < 1e-4 * best.shadow_price.max(1.0));
        }
    }

    #[test]
    fn a_group_at_its_ceiling_has_a_price_of_its_own() {
        let week = |name: &str, high: f64| {
            let cells = vec![
                Node::cell("search", logistic(3.0, 4.0), 0.0, 9.0),
                Node::cell("feed", logistic(2.0, 3.0), 0.0, 9.0),
            ];
            Node::group(name, cells, 0.0, high)
        };
        let root = Node::group("quarter", vec![week("w1", 0.4), week("w2", 9.0)], 0.0, f64::INFINITY);
        let found = allocate_concave(&root, 2.0).unwrap();
        assert!((found.spends[0] + found.spends[1] - 0.4).abs() < 1e-9, "{found:?}");
        assert!((found.spends.iter().sum::<f64>() - 2.0).abs() < 1e-9);
        assert_eq!(found.group_prices.len(), 1);
        let capped = &found.group_prices[0];
        assert!(capped.group == "w1" && capped.premium > 0.1, "{capped:?}");
        let curve = logistic(3.0, 4.0);
        assert!((curve.slope(found.spends[0]) - capped.price).abs() < 1e-6);
        assert!((curve.slope(found.spends[2]) - found.shadow_price).abs() < 1e-6);
        // A floor costs: the group's premium is negative.
        let mut root = root;
        if let Kind::Group(nodes) = &mut root.kind {
            (nodes[0].floor, nodes[0].ceiling) = (1.5, 9.0);
        }
        let found = allocate_concave(&root, 2.0).unwrap();
        assert!(found.group_prices[0].premium < 0.0);
    }

    #[test]
    fn an_s_is_refused_by_name_and_a_straight_or_worthless_curve_is_not() {
        let hill = Node::cell("tv", Curve::new(Saturation::Hill, [1.0, 3.0, 0.5]).unwrap(), 0.0, 1.0);
        let root = Node::group("all", vec![hill], 0.0, 1.0);
        assert!(allocate_concave(&root, 0.5).unwrap_err().to_string().contains("an S (tv)"));
        let cells = vec![Node::cell("a", logistic(0.0, 1.0), 0.0, 5.0), Node::cell("b", logistic(1.0, 1.0), 0.0, 5.0)];
        let found = allocate_concave(&Node::group("all", cells, 0.0, 9.0), 7.0).unwrap();
        assert!((found.spends.iter().sum::<f64>() - 7.0).abs() < 1e-9 && found.spends[1] > 4.9, "{found:?}");
    }
}
