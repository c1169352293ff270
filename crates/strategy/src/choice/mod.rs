//! What buyers choose among what is on the shelf, and what a step of a spec is worth to them in money.
//!
//! | module | what it holds |
//! |---|---|
//! | [`logit`] | the conditional logit and what it says in money |
//! | [`simulate`] | choices drawn from known tastes |
//! | `lab` | the card `choice` |
//!
//! Not here: which products stood beside which, which the shop's tables tell.

mod lab;
pub mod logit;
pub mod simulate;

pub use lab::CHOICE;
pub use logit::{Attribute, Choices, Fitted, Worth, fit, worths};
pub use simulate::{SimulateSettings, Simulated, simulate};
