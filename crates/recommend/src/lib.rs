//! What would this customer want next? Algorithms and everything around them that decides a list.
//!
//! Pure: no files, no network, no clock, no environment, no async. Data come in as matrices and rows, time and seeds
//! as arguments, and a fitted model is a value that can be written to bytes.

pub mod batch;
pub mod bytes;
#[cfg(test)]
mod conformance;
pub mod content;
pub mod evaluate;
pub mod explain;
pub mod factor;
mod fitting;
pub mod graph;
pub mod hybrid;
pub mod interactions;
pub mod linear;
pub mod model;
pub mod neighbourhood;
pub mod popularity;
pub mod rank;
pub mod rating;
pub mod registry;
pub mod retail;
pub mod session;
#[cfg(test)]
pub(crate) mod testing;
pub mod tune;

pub use batch::{Lists, NO_ITEM, recommend_all};
pub use interactions::{HistoryEntry, Interactions};
pub use model::{Algorithm, Contribution, FitError, FitOptions, Recommender, Source};
pub use registry::{algorithm, registry};
