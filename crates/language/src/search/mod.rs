//! Documents and products found by what people type: words, parts of words, misspellings, sounds, specifications, meaning.
//!
//! [`Index`] takes [`Entry`]s in and out; its [`Snapshot`] answers a [`Request`]. [`understand`] reads conditions
//! (`5000元以下 16G 轻薄本`) out of a query first; [`chunks`] cuts long documents; [`Suggester`] completes what is being
//! typed. Nothing here keeps files: an index is bytes.

mod answer;
mod card;
mod chunks;
mod entry;
mod facets;
mod filter;
mod heard;
mod index;
mod numbers;
mod plan;
mod rank;
mod segment;
mod shelf;
mod snapshot;
mod snippet;
mod sounds;
mod stem;
mod stop;
mod suggest;
mod surfaces;
#[cfg(test)]
mod tests;
pub mod understand;
mod units;
mod vectors;
mod vocabulary;

pub use answer::{Answer, DEPTH_MAX, Hit, Ids, Request, Sort};
pub use card::{CARD, Fusion, Settled};
pub use chunks::{Chunk, ChunkSizes, chunks};
pub use entry::{Entry, ID_MAX, TEXT_MAX};
pub use facets::{Band, Facet};
pub use filter::{Condition, Filter};
pub use index::{Changes, Index};
pub use numbers::Measure;
pub use plan::{QUERY_MAX, Reading};
pub use rank::TermScore;
pub use snapshot::Snapshot;
pub use snippet::Snippet;
pub use stem::stem;
pub use suggest::{Completion, Suggester};
pub use understand::{Attributes, Understood, parse_query};
