//! Linear item models: a score is the sum of item-to-item weights over the history, so every weight is a reason.

pub mod ease;
pub mod item_weights;
pub mod slim;
