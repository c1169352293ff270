//! Numbers that know no shop: sparse and dense matrices, top-k selection, exact search for the largest products, random numbers, special
//! functions, minima, statistics.
//!
//! What is not here: I/O, logging, clocks, and any word of retail.

pub mod bitmap;
pub mod dense;
pub mod disjoint_sets;
pub mod distributions;
mod draw;
mod factors_in_bytes;
pub mod k_nearest;
pub mod kd_tree;
pub mod largest;
pub mod leaf_tiles;
pub mod masked;
pub mod minimise;
pub mod mixed;
pub mod nearest;
pub mod neighbours;
pub mod random;
pub mod ridge;
pub mod self_adjoint;
pub mod sparse;
pub mod special;
pub mod symmetric;
pub mod top_k;
mod widest;

pub use bitmap::Bitmap;
pub use disjoint_sets::DisjointSets;
pub use random::Random;
pub use ridge::Factors;
pub use sparse::Csr;
pub use symmetric::Symmetric;
