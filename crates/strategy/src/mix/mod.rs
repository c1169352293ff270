//! The marketing mix: how much of what was sold each channel brought, from weekly sums alone. Carry-over (`adstock`), saturation,
//! trend, season, holidays, controls and price, with priors and, where there are any, experiments. Not here: where to put the
//! money (`budget`), and who gets the credit for one customer's sale (`attribution`).

mod adstock;
mod ahead;
mod design;
mod diagnose;
mod fit;
#[cfg(test)]
pub(crate) mod golden;
mod holidays;
mod lab;
mod laplace;
mod posterior;
mod prior;
mod sample;
mod saturation;
mod simulate;
#[cfg(test)]
mod tests;

pub use adstock::{Adstock, LAGS_MAX, RobynWeibull, carry_over, robyn_geometric, robyn_weibull_weights};
pub use design::{CHANNELS_MAX, Experiment, MixData, MixSettings, Named, PERIODS_MAX};
pub use diagnose::{Agreement, agreement};
pub use fit::{ChannelEffect, Diagnostics, MixFit, Mode, ParameterEstimate, fit};
pub use holidays::{HOLIDAYS, Holiday, Market};
pub use lab::MIX;
pub use prior::Prior;
pub use sample::SampleSettings;
pub use saturation::{Saturation, michaelis_menten_inverse, robyn_hill};
pub use simulate::{Channel, Simulated, World, simulate};
