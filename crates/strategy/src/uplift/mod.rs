//! Uplift: what a treatment changes, for whom, and whom it pays to treat.
//!
//! | module | what it holds |
//! |---|---|
//! | [`trial`] | rows with arms, outcomes and chances |
//! | [`support`] | whether they can be concluded from at all |
//! | [`meta`], [`base`] | S-, T-, X-, R-, DR-learners and transformed outcome over boosted trees or linear models |
//! | [`tree`] | trees and forests that split by the effect |
//! | [`curves`], [`judge`] | Qini, AUUC (each definition named), uplift in the best shares, deciles, intervals |
//! | [`policy`] | whom to treat under a budget, and what that brings |
//! | [`simulate`] | trials with known effects |
//!
//! Not here: bandits, and experiments that only ask for the average.

pub mod base;
pub mod curves;
pub mod judge;
pub mod meta;
mod model;
pub mod policy;
pub mod simulate;
pub mod support;
#[cfg(test)]
mod tests;
pub mod tree;
pub mod trial;

pub use base::Base;
pub use curves::{Kind, Ranked};
pub use meta::{Learner, Meta, MetaSettings, out_of_fold};
pub use model::MODEL;
pub use policy::{Money, Policy, whom_to_treat};
pub use simulate::{SimulateSettings, Simulated, simulate};
pub use support::{Check, check};
pub use tree::{Criterion, Forest, TreeSettings};
pub use trial::{Assignment, Trial, complete_chances};
