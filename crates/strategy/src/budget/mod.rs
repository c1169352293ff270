//! How much for which channel, week, region and customer: money split over response curves under floors and ceilings, goals
//! turned into budgets, plans for the periods to come, coupons and trade-in subsidies. Every split stands beside the equal one
//! and the present one. Not here: how curves are learned (`mix`).

mod concave;
mod coupon;
mod curve;
mod goal;
mod lab;
mod plan;
mod shaped;
mod trade_in;
mod tree;

pub use concave::allocate_concave;
pub use coupon::{Choice, Offer, choose};
pub use curve::{Curve, Flight, Mean, Response};
pub use goal::{Goal, Reached, seek};
pub use lab::{BUDGET, COUPONS};
pub use plan::{Plan, Planned, plan};
pub(crate) use plan::{interval, quantile};
pub use shaped::{STEPS_DEFAULT, allocate_shaped, value_by_budget};
pub use trade_in::{TRADE_IN, TradeIn};
pub use tree::{Kind, Node, equal_split};

use crate::StrategyError;

/// A split of a budget over the cells of a tree.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Allocation {
    /// Of each cell, in the order of [`Node::cells`].
    pub spends: Vec<f64>,
    pub value: f64,
    /// What one more coin would bring; where no cell is between its bounds, what the best that may take more would bring.
    pub shadow_price: f64,
    /// Groups held at a bound of their own, by the method of equal slopes.
    pub group_prices: Vec<GroupPrice>,
    /// No split of this budget brings more than this.
    pub bound: f64,
}

/// What a bound of a group is worth.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct GroupPrice {
    pub group: String,
    /// What one more coin would bring within the group.
    pub price: f64,
    /// By how much that is above the price outside: what moving its ceiling by one coin brings; negative for a floor.
    pub premium: f64,
}

/// How a split is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// Equal slopes where every curve is concave, else dynamic programming.
    #[default]
    Auto,
    Concave,
    Shaped,
}

impl Method {
    fn for_curves<R: Response>(self, root: &Node<R>) -> Method {
        match self {
            Method::Auto if root.is_concave() => Method::Concave,
            Method::Auto => Method::Shaped,
            chosen => chosen,
        }
    }
}

/// The best split of `budget` over the cells of `root`.
///
/// # Errors
/// As [`allocate_concave`] and [`allocate_shaped`].
pub fn allocate<R: Response>(root: &Node<R>, budget: f64, method: Method) -> Result<Allocation, StrategyError> {
    match method.for_curves(root) {
        Method::Concave => allocate_concave(root, budget),
        _ => allocate_shaped(root, budget, shaped::steps_for(root.cells().len())),
    }
}
