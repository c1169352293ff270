//! Numbers that know no shop: sparse and dense matrices, top-k selection, random numbers, statistics.
//!
//! What is not here: I/O, logging, clocks, and any word of retail.

pub mod bitmap;
pub mod random;
pub mod sparse;

pub use bitmap::Bitmap;
pub use random::Random;
pub use sparse::Csr;
