//! What customers praise and complain about: aspects of products, polarity, quoted evidence.
//!
//! A [`Lexicon`] finds aspects and opinion words, [`learn`] extends it from reviews, a [`PolarityModel`] judges better than
//! words alone, [`Miner`] puts them together, and [`digest`] adds opinions up per product. Texts are data: whatever they
//! say, it is only counted and quoted.

mod aspects;
mod bytes;
mod card;
pub mod digest;
mod english;
mod extract;
pub mod learn;
mod miner;
mod polarity;
mod quotes;
mod scope;
pub mod stars;
pub mod stats;
#[cfg(test)]
mod tests;
mod words;

pub use aspects::{ASPECTS, Aspect, aspect};
pub use card::{ASPECT_POLARITY, Trial, run, wanted};
pub use digest::{AspectOpinions, ProductOpinions, Review, digest};
pub use extract::{Lexicon, Opinion, Polarity, clauses};
pub use learn::learn;
pub use miner::Miner;
pub use polarity::{Judged, Mention, PolarityModel, Wanted};
pub use quotes::Quote;
