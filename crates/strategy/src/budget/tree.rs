//! What money is split over: cells with a response, floors and ceilings, in groups (week, region, product) with floors and
//! ceilings of their own, groups within groups. Not here: groups that cross each other; the split itself.

use super::curve::Response;
use crate::StrategyError;

/// Cells and groups that are accepted, at most.
pub const NODES_MAX: usize = 100_000;

/// How deep groups may stand within groups.
const DEPTH_MAX: usize = 16;

/// A cell or a group of them, with the spends it may have.
pub struct Node<R> {
    pub name: String,
    pub floor: f64,
    pub ceiling: f64,
    pub kind: Kind<R>,
}

pub enum Kind<R> {
    Cell(R),
    Group(Vec<Node<R>>),
}

impl<R: Response> Node<R> {
    pub fn cell(name: impl Into<String>, response: R, floor: f64, ceiling: f64) -> Self {
        Node { name: name.into(), floor, ceiling, kind: Kind::Cell(response) }
    }

    pub fn group(name: impl Into<String>, nodes: Vec<Node<R>>, floor: f64, ceiling: f64) -> Self {
        Node { name: name.into(), floor, ceiling, kind: Kind::Group(nodes) }
    }

    /// The cells in their order; allocations are lists in this order.
    pub fn cells(&self) -> Vec<(&Node<R>, &R)> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect<'a>(&'a self, found: &mut Vec<(&'a Node<R>, &'a R)>) {
        match &self.kind {
            Kind::Cell(response) => found.push((self, response)),
            Kind::Group(nodes) => nodes.iter().for_each(|node| node.collect(found)),
        }
    }

    /// What `spends`, one a cell, bring together.
    pub fn value(&self, spends: &[f64]) -> f64 {
        self.cells().iter().zip(spends).map(|((_, response), spend)| response.value(*spend)).sum()
    }

    pub fn is_concave(&self) -> bool {
        self.cells().iter().all(|(_, response)| response.is_concave())
    }

    /// The least and the most that can be spent here under all floors and ceilings within.
    pub fn range(&self) -> (f64, f64) {
        match &self.kind {
            Kind::Cell(_) => (self.floor, self.ceiling),
            Kind::Group(nodes) => {
                let ranges = nodes.iter().map(Node::range);
                let (low, high) = ranges.fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
                (self.floor.max(low), self.ceiling.min(high))
            }
        }
    }

    /// # Errors
    /// If there is no cell, there are too many, or a floor is negative, not a number, or above what can be spent.
    pub fn check(&self) -> Result<(), StrategyError> {
        let mut n_nodes = 0;
        self.check_from(0, &mut n_nodes)?;
        if self.cells().is_empty() {
            return Err(StrategyError::Empty { needed: 1 });
        }
        Ok(())
    }

    fn check_from(&self, depth: usize, n_nodes: &mut usize) -> Result<(), StrategyError> {
        *n_nodes += 1;
        if *n_nodes > NODES_MAX {
            return Err(StrategyError::unfit("cells of an allocation", "more", NODES_MAX));
        }
        if depth > DEPTH_MAX {
            return Err(StrategyError::unfit("depth of groups", depth, DEPTH_MAX));
        }
        let wrong = |what, found: f64, allowed: String| {
            Err(StrategyError::unfit(what, format!("{found} ({})", self.name), allowed))
        };
        if !(self.floor >= 0.0 && self.floor.is_finite()) {
            return wrong("floor of a cell or group", self.floor, "0 or more".to_owned());
        }
        if self.ceiling.is_nan() || self.ceiling < self.floor {
            return wrong("ceiling of a cell or group", self.ceiling, format!("{} or more", self.floor));
        }
        if let Kind::Group(nodes) = &self.kind {
            nodes.iter().try_for_each(|node| node.check_from(depth + 1, n_nodes))?;
            let (low, high) = self.range();
            if low > high {
                return wrong("floors within a group", low, format!("at most {high}, its ceilings"));
            }
        }
        Ok(())
    }

    /// # Errors
    /// As [`Node::check`], and if `budget` cannot be spent under the floors and ceilings.
    pub fn check_budget(&self, budget: f64) -> Result<(), StrategyError> {
        self.check()?;
        let (low, high) = self.range();
        // A budget read from a file may miss the sum of the floors in its last digit.
        let slack = 1e-9 * budget.abs();
        if !(budget.is_finite() && low <= budget + slack && budget <= high + slack) {
            return Err(StrategyError::unfit(
                "budget",
                budget,
                format!("{low} to {high} under the floors and ceilings"),
            ));
        }
        Ok(())
    }
}

/// `total` over `n` cells alike, as far as each one's floor and ceiling let it: the baseline every plan is held against.
pub fn equal_split<R: Response>(root: &Node<R>, total: f64) -> Vec<f64> {
    let cells = root.cells();
    let clamped = |level: f64| cells.iter().map(move |(cell, _)| level.clamp(cell.floor, cell.ceiling));
    let (mut low, mut high) = (0.0, total.max(0.0));
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if clamped(middle).sum::<f64>() < total { low = middle } else { high = middle }
    }
    clamped(high).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Curve;
    use crate::mix::Saturation;

    fn cell(name: &str, floor: f64, ceiling: f64) -> Node<Curve> {
        Node::cell(name, Curve::new(Saturation::Logistic, [1.0, 1.0, 0.0]).unwrap(), floor, ceiling)
    }

    #[test]
    fn what_cannot_be_spent_is_named() {
        let told = |node: &Node<Curve>, budget| node.check_budget(budget).unwrap_err().to_string();
        let node = Node::group("all", vec![cell("a", 1.0, 2.0), cell("b", 0.0, 3.0)], 0.0, 4.0);
        assert!(node.check_budget(4.0).is_ok());
        assert!(told(&node, 4.5).contains("1 to 4"));
        assert!(told(&node, f64::NAN).contains("NaN"));
        assert!(
            told(&Node::group("all", vec![cell("a", 2.0, 1.0)], 0.0, 9.0), 1.0).contains("1 (a), allowed 2 or more")
        );
        assert!(told(&Node::group("all", vec![cell("a", 2.0, 2.0)], 0.0, 1.0), 1.0).contains("floors within a group"));
        assert!(told(&Node::group("all", vec![], 0.0, 1.0), 1.0).contains("at least 1"));
    }

    #[test]
    fn an_equal_split_keeps_floors_and_ceilings_and_spends_all() {
        let node = Node::group("all", vec![cell("a", 0.0, 0.3), cell("b", 0.0, 9.0), cell("c", 2.0, 9.0)], 0.0, 99.0);
        let split = equal_split(&node, 3.0);
        assert!((split[0] - 0.3).abs() < 1e-12 && (split[1] - 0.7).abs() < 1e-12 && split[2] == 2.0, "{split:?}");
    }
}
