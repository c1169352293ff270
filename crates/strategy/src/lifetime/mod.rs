//! How long customers stay, how often they will buy, and what they are worth, from nothing but their purchases: BG/NBD,
//! MBG/NBD and Pareto/NBD with covariates, Gamma-Gamma for the money, and a discrete-time hazard for churn where there are
//! features.
//!
//! One direction: purchases → [`summarise`] → [`Histories`] → [`fit()`] → [`Lifetime`] → scores, values, a check against
//! what came after. Not here: contracts, where the end is seen, but for [`hazard`].

mod beta_geometric;
mod fit;
mod gamma_gamma;
pub mod hazard;
mod histories;
mod holdout;
mod lab;
mod lifetime_value;
mod likelihood;
mod pareto;
mod predict;
mod purchases;
mod simulate;
#[cfg(test)]
mod tests;

pub use fit::{FitOptions, Lifetime, fit};
pub use gamma_gamma::{Spend, fit_spend, simulate_spend};
pub use histories::{Covariates, Histories};
pub use holdout::{Calibration, CalibrationRow, Errors, calibrate};
pub use lab::{BG_NBD, CUSTOMER_VALUE, GAMMA_GAMMA, HAZARD, MBG_NBD, PARETO_NBD};
pub use lifetime_value::{Horizon, values, worth_interval};
pub use predict::Scores;
pub use purchases::{Purchase, Summary, summarise};
pub use simulate::{Simulated, Simulation, simulate};

use serde::Serialize;

/// What is assumed of how customers buy and how they leave. Each buys as a Poisson process at a rate λ of its own,
/// λ ~ Gamma(r, α), until it leaves unseen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Process {
    /// Leaves after a repeat purchase with probability p ~ Beta(a, b); who never came back cannot have left
    /// (Fader, Hardie and Lee 2005).
    BgNbd,
    /// As BG/NBD, but may leave after the first purchase too (Batislam, Denizel and Filiztekin 2007).
    MbgNbd,
    /// Leaves at any time, at a rate μ ~ Gamma(s, β) (Schmittlein, Morrison and Colombo 1987).
    ParetoNbd,
}

impl Process {
    /// The names of the four parameters, in the order in which they are kept.
    pub fn parameter_names(self) -> [&'static str; 4] {
        match self {
            Process::BgNbd | Process::MbgNbd => ["r", "alpha", "a", "b"],
            Process::ParetoNbd => ["r", "alpha", "s", "beta"],
        }
    }

    /// Chances to leave before the first repeat purchase: 1 if the first purchase is one.
    fn first_chances(self) -> u32 {
        u32::from(self == Process::MbgNbd)
    }

    /// Which parameter a covariate on leaving moves, and the sign in its exponent: a ∝ e^(γz), β ∝ e^(−γz).
    fn leaving(self) -> (usize, f64) {
        match self {
            Process::BgNbd | Process::MbgNbd => (2, 1.0),
            Process::ParetoNbd => (3, -1.0),
        }
    }
}
