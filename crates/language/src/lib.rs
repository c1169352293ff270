//! What people write: text, vectors of words, sequence to sequence, classifiers, opinions, search.
//!
//! Chinese first, English complete. Pure: no files, no network, no clock, no environment, no async. Texts come in as
//! strings, models as bytes, seeds as arguments, and the result is a value.

pub mod classify;
pub mod error;
pub mod opinion;
pub mod registry;
pub mod search;
pub mod seq2seq;
pub mod text;
pub mod vectors;

pub use error::LanguageError;
pub use registry::cards;
