//! Copy that sells, says nothing false and breaks no law: from a product and a goal to texts that fit a channel.
//!
//! Pure: no files, no network, no clock, no environment, no async. Products, prices and opinions come in as values, time and
//! seeds as arguments, and the result is a value.

pub mod brief;
pub mod channel;
pub mod check;
pub mod panel;
pub mod plan;
pub mod poster;
pub mod response;
pub mod sheets;
pub mod translate;
pub mod vary;
pub mod write;
