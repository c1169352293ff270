//! Whom, when, on which channel, with how much money, and did it work? Lifetimes, uplift, bandits and their evaluation,
//! experiments, marketing mix, attribution, budgets, forecasts, launches, prices, what specs are worth, promotions, contacts, the life
//! of product generations, and how near customers are.
//!
//! Pure: no files, no network, no clock, no environment, no async. Columns come in by value, time and seeds as arguments,
//! and every answer says how sure it is, what it rests on and what would change it.

pub mod answer;
pub mod attribution;
pub mod bandit;
pub mod boost;
pub mod budget;
pub mod choice;
pub mod complaints;
pub mod contact;
#[cfg(test)]
mod coverage;
pub mod crowd;
pub mod error;
pub mod experiment;
pub mod forecast;
pub mod generation;
pub mod launch;
pub mod lifetime;
pub mod linear;
pub mod mix;
pub mod policy;
pub mod price;
pub mod promotion;
mod quadrature;
pub mod registry;
pub mod table;
pub mod uplift;

pub use answer::{Answer, Caveat, Estimate, Support, Verdict};
pub use error::StrategyError;
pub use registry::{Figure, Model, Report, ReportTable, RunOptions, model, registry};
pub use table::{Column, Table};
