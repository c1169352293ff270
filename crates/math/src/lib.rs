//! Numbers that know no shop: sparse and dense matrices, top-k selection, random numbers, statistics.
//!
//! What is not here: I/O, logging, clocks, and any word of retail.

pub mod sparse;

pub use sparse::Csr;
