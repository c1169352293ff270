//! The best split over curves of any shape, an S among them, by dynamic programming over a grid of coins, then over finer grids
//! around what was found. A solver that climbs from the equal split stops at the wrong point there (0.5108 where 0.7329 is
//! possible). The answer carries an upper bound from the Lagrange dual, so that what is lost is known. Not here: the quicker way
//! for concave curves (`concave`).

use super::Allocation;
use super::curve::Response;
use super::tree::{Kind, Node};
use crate::StrategyError;

/// Coins of the first grid.
pub const STEPS_DEFAULT: usize = 1000;

/// Products of cells and coins squared that are computed, at most: some seconds.
const WORK_MAX: usize = 20_000_000_000;

/// How much finer each further grid is, and how many coins of the coarser one it reaches to either side.
const FINER: usize = 8;
const REACH: usize = 2;

/// What each number of coins brings at best within a node.
struct Best {
    /// Best value of 0, 1, … coins; minus infinity where they cannot be spent.
    values: Vec<f64>,
    /// Of a group: for each child, the coins it takes at each sum of the children up to it. Of a cell: empty.
    taken: Vec<Vec<u32>>,
    children: Vec<Best>,
}

/// A grid of coins over the cells: cell i has `starts[i]` and at most `each` coins; more than `all` are of no interest.
#[derive(Clone, Copy)]
struct Grid<'a> {
    starts: &'a [f64],
    unit: f64,
    each: usize,
    all: usize,
}

/// Splits `budget` over the cells of `root` on a grid of `n_steps` coins, then refines.
///
/// # Errors
/// If the budget does not fit the floors and ceilings, or the grid has no or too many coins.
pub fn allocate_shaped<R: Response>(root: &Node<R>, budget: f64, n_steps: usize) -> Result<Allocation, StrategyError> {
    root.check_budget(budget)?;
    check_grid(root.cells().len(), n_steps)?;
    let (low, _) = root.range();
    let unit = (budget - low).max(0.0) / n_steps as f64;
    // The first grid starts at each cell's floor.
    let starts: Vec<f64> = root.cells().iter().map(|(cell, _)| cell.floor).collect();
    // Floors of groups that no whole number of coins meets: any split that meets them is where the refinement begins.
    let found = on_grid(root, &starts, unit, budget, n_steps).unwrap_or_else(|| feasible(root, budget));
    Ok(finish(root, budget, refine(root, found, unit, budget)))
}

/// Coins for a grid over `n_cells`: few cells get the whole grid, many a coarser one, for which the refinement makes up.
pub(super) fn steps_for(n_cells: usize) -> usize {
    ((5e8 / n_cells.max(1) as f64).sqrt() as usize).clamp(20, STEPS_DEFAULT)
}

fn check_grid(n_cells: usize, n_steps: usize) -> Result<(), StrategyError> {
    let work = n_cells.saturating_mul(n_steps).saturating_mul(n_steps);
    if n_steps == 0 || work > WORK_MAX {
        let most = (WORK_MAX as f64 / n_cells as f64).sqrt() as usize;
        return Err(StrategyError::unfit("coins of the grid", n_steps, format!("1 to {most} for {n_cells} cells")));
    }
    Ok(())
}

/// The best value of every whole number of coins from the floors up to `budget`: value by spend, for goals.
///
/// # Errors
/// As [`allocate_shaped`].
pub fn value_by_budget<R: Response>(
    root: &Node<R>,
    budget: f64,
    n_steps: usize,
) -> Result<Vec<(f64, f64)>, StrategyError> {
    root.check_budget(budget)?;
    check_grid(root.cells().len(), n_steps)?;
    let starts: Vec<f64> = root.cells().iter().map(|(cell, _)| cell.floor).collect();
    let floor: f64 = starts.iter().sum();
    let unit = (budget - floor).max(0.0) / n_steps.max(1) as f64;
    let best = tabulate(root, &Grid { starts: &starts, unit, each: n_steps, all: n_steps });
    let spends = (0..best.values.len()).map(|coins| floor + coins as f64 * unit);
    Ok(spends.zip(best.values.iter().copied()).filter(|(_, value)| value.is_finite()).collect())
}

fn finish<R: Response>(root: &Node<R>, budget: f64, spends: Vec<f64>) -> Allocation {
    let value = root.value(&spends);
    let price = price_at(root, &spends);
    let bound = dual(root, budget, price).max(value);
    Allocation { spends, value, shadow_price: price, group_prices: Vec::new(), bound }
}

/// The slope that cells between their bounds have in common; where none is, the best slope of one that may take more.
fn price_at<R: Response>(root: &Node<R>, spends: &[f64]) -> f64 {
    let cells = root.cells();
    let margin = |cell: &Node<R>| 1e-9 * (cell.ceiling.min(1e300) - cell.floor).max(1e-300);
    let slopes = |inner: bool| {
        let each = cells.iter().zip(spends);
        each.filter(move |((cell, _), spend)| {
            **spend < cell.ceiling - margin(cell) && (!inner || **spend > cell.floor + margin(cell))
        })
        .map(|((_, response), spend)| response.slope(*spend))
        .filter(|slope| slope.is_finite())
        .fold(0.0, f64::max)
    };
    let inner = slopes(true);
    if inner > 0.0 { inner } else { slopes(false) }
}

/// An upper bound on what any split brings: the least over prices of price · budget + Σ max (value − price · spend), groups'
/// own bounds left out. `near` is where the search for the price begins.
fn dual<R: Response>(root: &Node<R>, budget: f64, near: f64) -> f64 {
    let cells = root.cells();
    // Fine enough to be within a hundredth or so, and never more than some millions of values.
    let n_steps = (4_000_000 / cells.len().max(1)).clamp(20, 2000);
    let tables: Vec<Vec<(f64, f64)>> = cells
        .iter()
        .map(|(cell, response)| {
            let high = cell.ceiling.min(budget).max(cell.floor);
            let at = |step: usize| cell.floor + (high - cell.floor) * step as f64 / n_steps as f64;
            // Values never fall, so the value at a grid interval's end bounds all within it from its start's cost.
            (0..=n_steps).map(|step| (at(step.saturating_sub(1)), response.value(at(step)))).collect()
        })
        .collect();
    let bound = |price: f64| {
        let net = |(spend, value): &(f64, f64)| value - price * spend;
        let best = |table: &Vec<(f64, f64)>| table.iter().map(net).fold(f64::NEG_INFINITY, f64::max);
        price * budget + tables.iter().map(best).sum::<f64>()
    };
    // The bound is convex in the price; the dearest that can matter is everything for the whole budget.
    let dearest = tables.iter().flatten().map(|(_, value)| *value).fold(0.0, f64::max) / budget.max(1e-300);
    let (mut low, mut high) = (0.0, 4.0 * near.max(dearest));
    for _ in 0..100 {
        let (left, right) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
        if bound(left) < bound(right) { high = right } else { low = left }
    }
    bound(0.5 * (low + high))
}

/// Some split that meets every bound: proportional between the least and the most of each node.
fn feasible<R: Response>(root: &Node<R>, budget: f64) -> Vec<f64> {
    fn down<R: Response>(node: &Node<R>, spend: f64, out: &mut Vec<f64>) {
        match &node.kind {
            Kind::Cell(_) => out.push(spend),
            Kind::Group(nodes) => {
                let range = |node: &Node<R>| (node.range().0, node.range().1.min(node.range().0 + spend));
                let ranges: Vec<(f64, f64)> = nodes.iter().map(range).collect();
                let (low, high) = ranges.iter().fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
                let share = if high > low { ((spend - low) / (high - low)).clamp(0.0, 1.0) } else { 0.0 };
                for (node, (low, high)) in nodes.iter().zip(ranges) {
                    down(node, low + share * (high - low), out);
                }
            }
        }
    }
    let mut out = Vec::new();
    down(root, budget, &mut out);
    out
}

/// Finer and finer grids around `spends`, until a coin no longer matters.
fn refine<R: Response>(root: &Node<R>, mut spends: Vec<f64>, mut unit: f64, budget: f64) -> Vec<f64> {
    let end = 1e-10 * budget;
    // Where a wider step still helps, the grid is moved before it is refined; a bound, for curves that are flat.
    for _ in 0..60 {
        if unit <= end {
            break;
        }
        let finer = unit / FINER as f64;
        let reach = REACH * FINER;
        let starts: Vec<f64> = spends.iter().map(|spend| spend - reach as f64 * finer).collect();
        let before = root.value(&spends);
        match on_grid(root, &starts, finer, budget, 2 * reach) {
            Some(better) if root.value(&better) >= before => {
                let is_at_edge = better.iter().zip(&spends).any(|(a, b)| (a - b).abs() > (reach as f64 - 0.5) * finer);
                spends = better;
                if !is_at_edge {
                    unit = finer;
                }
            }
            _ => unit = finer,
        }
    }
    spends
}

/// The best split in which cell i has `starts[i]` and at most `n_steps` coins of `unit`, and all together have `budget`.
fn on_grid<R: Response>(root: &Node<R>, starts: &[f64], unit: f64, budget: f64, n_steps: usize) -> Option<Vec<f64>> {
    let n_coins = ((budget - starts.iter().sum::<f64>()) / unit.max(1e-300)).round().max(0.0) as usize;
    let best = tabulate(root, &Grid { starts, unit, each: n_steps.min(n_coins), all: n_coins });
    if !best.values.get(n_coins).is_some_and(|value| value.is_finite()) {
        return None;
    }
    let mut coins = Vec::with_capacity(starts.len());
    trace(&best, n_coins, &mut coins);
    let mut spends: Vec<f64> = starts.iter().zip(&coins).map(|(start, coins)| start + *coins as f64 * unit).collect();
    // Rounding: the last digits go to the cell with the most room to both sides.
    let cells = root.cells();
    for (spend, (cell, _)) in spends.iter_mut().zip(&cells) {
        *spend = spend.clamp(cell.floor, cell.ceiling);
    }
    let rest = budget - spends.iter().sum::<f64>();
    let room = |at: &usize| (spends[*at] - cells[*at].0.floor).min(cells[*at].0.ceiling - spends[*at]);
    let widest = (0..spends.len()).max_by(|a, b| room(a).total_cmp(&room(b)))?;
    spends[widest] = (spends[widest] + rest).clamp(cells[widest].0.floor, cells[widest].0.ceiling);
    Some(spends)
}

fn tabulate<R: Response>(node: &Node<R>, grid: &Grid) -> Best {
    let slack = 1e-9 * grid.unit;
    let nodes = match &node.kind {
        Kind::Cell(response) => {
            let value = |coins: usize| {
                let spend = grid.starts[0] + coins as f64 * grid.unit;
                let is_allowed = spend >= node.floor - slack && spend <= node.ceiling + slack;
                if is_allowed { response.value(spend.clamp(node.floor, node.ceiling)) } else { f64::NEG_INFINITY }
            };
            return Best { values: (0..=grid.each).map(value).collect(), taken: Vec::new(), children: Vec::new() };
        }
        Kind::Group(nodes) => nodes,
    };
    let (mut children, mut taken, mut values, mut n_cells) = (Vec::new(), Vec::new(), vec![0.0], 0);
    for node in nodes {
        let child = tabulate(node, &Grid { starts: &grid.starts[n_cells..], ..*grid });
        let (sum, by) = join(&values, &child.values, grid.all);
        n_cells += node.cells().len();
        values = sum;
        taken.push(by);
        children.push(child);
    }
    let start: f64 = grid.starts[..n_cells].iter().sum();
    let slack = slack + 1e-12 * start.abs();
    for (coins, value) in values.iter_mut().enumerate() {
        let spend = start + coins as f64 * grid.unit;
        if spend < node.floor - slack || spend > node.ceiling + slack {
            *value = f64::NEG_INFINITY;
        }
    }
    Best { values, taken, children }
}

/// The best of every sum of coins from two tables, and what the second takes of it.
fn join(a: &[f64], b: &[f64], most: usize) -> (Vec<f64>, Vec<u32>) {
    let n = (a.len() + b.len() - 1).min(most + 1);
    let mut values = vec![f64::NEG_INFINITY; n];
    let mut taken = vec![0u32; n];
    for (second, gain) in b.iter().enumerate().take(n).filter(|(_, gain)| gain.is_finite()) {
        for (first, value) in a.iter().enumerate().take(n - second) {
            if value + gain > values[first + second] {
                values[first + second] = value + gain;
                taken[first + second] = second as u32;
            }
        }
    }
    (values, taken)
}

fn trace(best: &Best, mut coins: usize, out: &mut Vec<usize>) {
    if best.children.is_empty() {
        out.push(coins);
        return;
    }
    let mut of_child = vec![0; best.children.len()];
    for (at, taken) in best.taken.iter().enumerate().rev() {
        of_child[at] = taken[coins] as usize;
        coins -= of_child[at];
    }
    for (child, coins) in best.children.iter().zip(of_child) {
        trace(child, coins, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::{Curve, allocate_concave, equal_split};
    use crate::mix::{Saturation, golden};
    use math::Random;

    fn hill(name: &str, height: f64, slope: f64, half: f64) -> Node<Curve> {
        Node::cell(name, Curve::new(Saturation::Hill, [height, slope, half]).unwrap(), 0.0, f64::INFINITY)
    }

    fn all(nodes: Vec<Node<Curve>>) -> Node<Curve> {
        Node::group("all", nodes, 0.0, f64::INFINITY)
    }

    /// `allocation.json`, `budget_hill_nonconvex`: where a local solver from the equal split stays at it.
    #[test]
    fn the_best_split_over_two_s_curves_is_all_or_nothing() {
        let Some(file) = golden::json("allocation.json") else { return };
        let file = &file["budget_hill_nonconvex"];
        let root = all(vec![hill("a", 1.0, 3.0, 0.5), hill("b", 1.0, 3.0, 0.5)]);
        let equal = root.value(&equal_split(&root, 0.7));
        golden::assert_close("equal", &[equal], &[file["equal_split_value"].as_f64().unwrap()], 1e-9);
        let found = allocate_shaped(&root, 0.7, STEPS_DEFAULT).unwrap();
        golden::assert_close("best", &[found.value], &[file["best_value"].as_f64().unwrap()], 1e-9);
        assert!(found.spends.iter().any(|spend| *spend < 1e-9), "{:?}", found.spends);
        assert!(found.bound >= found.value && (found.spends.iter().sum::<f64>() - 0.7).abs() < 1e-12);
    }

    #[test]
    fn on_concave_curves_it_finds_what_equal_slopes_find() {
        let cell = |height, lambda| {
            Node::cell("c", Curve::new(Saturation::Logistic, [height, lambda, 0.0]).unwrap(), 0.0, 0.9)
        };
        let root = all(vec![cell(3.0, 4.0), cell(2.0, 3.0), cell(1.2, 1.0)]);
        let (shaped, concave) = (allocate_shaped(&root, 1.7, 100).unwrap(), allocate_concave(&root, 1.7).unwrap());
        assert!((shaped.value - concave.value).abs() < 1e-9 * concave.value, "{shaped:?} {concave:?}");
        assert!((shaped.shadow_price - concave.shadow_price).abs() < 1e-3 * concave.shadow_price);
        assert!(shaped.bound < 1.01 * shaped.value, "{} {}", shaped.bound, shaped.value);
    }

    #[test]
    fn no_split_on_a_fine_grid_is_better() {
        let mut random = Random::new(5);
        for _ in 0..20 {
            let some = |random: &mut Random| {
                hill("h", 0.3 + random.uniform(), 1.0 + 4.0 * random.uniform(), 0.1 + 0.5 * random.uniform())
            };
            let root = all(vec![some(&mut random), some(&mut random), some(&mut random)]);
            let found = allocate_shaped(&root, 0.8, 200).unwrap();
            for a in 0..=160 {
                for b in 0..=(160 - a) {
                    let spends = [a as f64 / 200.0, b as f64 / 200.0, (160 - a - b) as f64 / 200.0];
                    assert!(root.value(&spends) <= found.value + 1e-12, "{spends:?} {found:?}");
                }
            }
        }
    }

    #[test]
    fn groups_keep_their_bounds_and_too_fine_a_grid_is_refused() {
        let group = |name: &str, high: f64| {
            Node::group(name, vec![hill("a", 1.0, 3.0, 0.3), hill("b", 0.9, 2.0, 0.2)], 0.0, high)
        };
        let root = all(vec![group("north", 0.25), group("south", 9.0)]);
        let found = allocate_shaped(&root, 1.0, 200).unwrap();
        assert!(found.spends[0] + found.spends[1] <= 0.25 + 1e-9, "{found:?}");
        assert!((found.spends.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let free = allocate_shaped(&all(vec![group("north", 9.0), group("south", 9.0)]), 1.0, 200).unwrap();
        assert!(free.value > found.value);
        let told = allocate_shaped(&root, 1.0, 1_000_000).unwrap_err().to_string();
        assert!(told.contains("for 4 cells"), "{told}");
    }
}
