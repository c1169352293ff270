//! Layers with their own backward passes, optimisers and checkpoints; embeddings of ids learned from sequences.
//!
//! Knows ids, not words and not products: `language` and `recommend` say what an id is. Pure: no files, no network, no
//! clock, no environment. No automatic differentiation: each layer has a backward pass beside its forward pass, checked
//! against finite differences.

pub mod adam;
pub mod checkpoint;
pub mod error;
pub mod layers;
pub mod loss;
pub mod math_functions;
pub mod matrix;
pub mod params;
pub mod product;
pub mod sequences;
pub mod testing;

pub use error::NeuralError;
pub use matrix::{Matrix, View, ViewMut};
pub use params::{Builder, Gradients, Init, ParamId, Params};
pub use product::{Compute, Mode, Packed, Precision};

/// Runs `work` where rayon uses `n_threads` threads.
pub fn on_threads<T: Send>(n_threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads.max(1)).build();
    pool.expect("threads can be started").install(work)
}
