//! Who is alike? Clustering, and what turns clusters of customers into groups that people understand and use.
//!
//! Pure: no files, no network, no clock, no environment, no async. Points come in as matrices, time and seeds as
//! arguments, and the result is a value.

pub mod agreement;
pub mod cluster;
pub mod cohort;
pub mod dbscan;
pub mod error;
pub mod features;
pub mod hdbscan;
pub mod hierarchical;
pub mod k_means;
pub mod lineage;
pub mod lookalike;
pub mod migration;
pub mod month;
pub mod points;
pub mod profile;
pub mod registry;
pub mod rfm;
pub mod stability;
pub mod taste;

pub use cluster::{Clustering, Method, NOISE, RunOptions};
pub use domain::Text;
pub use error::SegmentError;
pub use month::Month;
pub use points::{Matrix, Points, Real};
pub use registry::{method, other_cards, registry};
