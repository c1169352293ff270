//! Recency, frequency, monetary value: three scores from 1 to 5 that every shop understands, and the eleven groups that
//! they are usually read as. What is not here: predictions (how long a customer stays, what one will spend).
//!
//! An [`Activity`] per customer comes from an engine or from [`Activity::of`]; [`Cuts`] are learned from all customers'
//! activities and score each; [`Rfm`] counts what came out.

pub(crate) mod card;
mod group;
mod score;
mod summary;

pub use card::CARD;
pub use group::RfmGroup;
pub use score::{Activity, Cuts, Scores};
pub use summary::{Cell, GroupSummary, Rfm};
