//! Did it work? Groups of customers compared: fixed-horizon, always-valid and Bayesian tests of means, shares and ratios,
//! with CUPED; power and duration; several measures with guardrails; and who sees what, decided by a salted hash.
//!
//! The unit of everything here is what was assigned at random, commonly a customer: rows of events must be summed to one row a
//! unit before. What customers saw without being assigned is the matter of `policy`.

pub mod assign;
pub mod bayesian;
pub mod compare;
pub mod effect;
mod lab;
pub mod power;
pub mod sample;
pub mod sample_ratio;
pub mod sequential;
pub mod several;
pub mod simulate;

pub use assign::{Arm, Assignment, Holdout, Place, position};
pub use bayesian::{Posterior, Prior};
pub use compare::{Comparison, Method, Question, compare};
pub use effect::{Effect, Scale};
pub use lab::MODEL;
pub use power::Design;
pub use sample::{Adjusted, Joint, Moments, Sample, Units, samples};
pub use several::{Correction, Decision, Measure, Role, Step, decide};
