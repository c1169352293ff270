//! The launch desk: what a new product will sell in its first weeks, from launches of products like it and from its own pre-orders
//! and sales as they come, and whether the stock ordered for it should stay, be raised or be cut.
//!
//! Curves are normalised to the horizon: a level (what is sold in all) and a shape (how it falls on the weeks). Shapes are those of
//! Hu, Acimovic, Erize, Thomas and Van Mieghem (2019), Forecasting new product life cycle curves: practical approach and empirical
//! analysis, Manufacturing & Service Operations Management 21: triangles, trapezoids and the curve of Bass, and the look-alikes' own
//! mean curve with a tilt. Levels and shapes of the look-alikes are pooled (empirical Bayes, Laplace's approximation), each week's sales are
//! negative binomial around the curve, and which shape is used is decided by foretelling each look-alike from the others.
//!
//! Not here: which products are look-alikes, what a season or a promotion does to a week (it comes in as exposure), and the curve over
//! a product's whole life (`forecast::bass`).

mod decide;
mod lab;
mod outlook;
mod pool;
mod shape;
mod simulate;
mod tried;

pub use decide::{Decision, Economics, NextWeek, Step, decide};
pub use lab::LAUNCH_DESK;
pub use outlook::{Launch, Outlook, outlook};
pub use shape::Kind;
pub use simulate::{Family, simulate};
pub use tried::{Desk, Tried, desk};

use crate::StrategyError;

/// As few look-alikes as a forecast is made from.
pub const LOOKALIKES_MIN: usize = 3;
/// More look-alikes are not looked at: they would be less and less alike.
pub const LOOKALIKES_MAX: usize = 40;
/// Fewest periods of a look-alike that tell of its curve.
pub const PERIODS_MIN: usize = 4;
/// Periods of the horizon.
pub const HORIZON_MAX: usize = 104;

/// A product's sales since its launch. Shape: `sales` and `exposure` are of equal length, one value a period.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Past {
    /// Pieces sold in each period from the launch on.
    pub sales: Vec<f64>,
    /// How much of a usual period each one was: 0.5 for half a week, 3 for one in which the whole shop sold three times as much.
    pub exposure: Vec<f64>,
    /// Pieces ordered before the launch, where they could be.
    pub preorders: Option<f64>,
}

impl Past {
    /// Every period a usual one.
    pub fn usual(sales: Vec<f64>) -> Past {
        Past { exposure: vec![1.0; sales.len()], sales, preorders: None }
    }

    /// The first `n` periods alone.
    pub fn first(&self, n: usize) -> Past {
        let n = n.min(self.sales.len());
        Past { sales: self.sales[..n].to_vec(), exposure: self.exposure[..n].to_vec(), preorders: self.preorders }
    }

    fn total(&self) -> f64 {
        // A sum of nothing is −0.
        self.sales.iter().fold(0.0, |sum, value| sum + value)
    }

    fn check(&self) -> Result<(), StrategyError> {
        if self.sales.len() != self.exposure.len() {
            let (found, expected) = (self.exposure.len(), self.sales.len());
            return Err(StrategyError::Length { what: "exposure".to_owned(), found, expected });
        }
        let is_wrong = |value: &f64| !(0.0..=1e9).contains(value);
        for (what, values) in [("sales", &self.sales), ("exposure", &self.exposure)] {
            if let Some(row) = values.iter().position(is_wrong) {
                return Err(StrategyError::bad_value(what, row, values[row], "0 to 1e9"));
            }
        }
        match self.preorders.filter(is_wrong) {
            Some(found) => Err(StrategyError::unfit("pre-orders", found, "0 to 1e9")),
            None => Ok(()),
        }
    }
}
