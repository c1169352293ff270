//! Forecasts of sales by period: dynamic optimised Theta unless told otherwise, exponential smoothing, free baselines,
//! intermittent demand, effects of promotions, prices and holidays, sums that agree across categories and brands, and the
//! curve of a new product from its predecessors. Each with intervals, and judged by forecasts from the past.
//!
//! What is not here: reading tables or calendars from files, and any decision on stock or budget.

pub mod accuracy;
mod baseline;
pub mod bass;
pub mod calendar;
pub mod effects;
pub mod ets;
pub mod hierarchy;
pub mod intermittent;
pub mod lab;
pub mod method;
pub mod reconcile;
mod search;
pub mod season;
pub mod series;
mod small;
#[cfg(test)]
mod testing;
pub mod theta;

pub use accuracy::{Accuracy, backtest};
pub use method::{Forecast, Method, Options, forecast};
pub(crate) use search::{Stop, nelder_mead};
pub use series::{Filling, Series, regular};
pub(crate) use small::Cholesky;
