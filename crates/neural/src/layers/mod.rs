//! Layers: each with its forward pass and, beside it, its backward pass, which adds to the gradients of its parameters
//! and gives that by its input. What the backward pass needs is returned by the forward pass or handed in again.

pub mod attention;
pub mod bidirectional;
pub mod dropout;
mod embedding;
mod feed_forward;
mod gru;
mod heads;
mod layer_norm;
pub mod linear;
mod lstm;
mod multi_head;
mod pass;
pub mod recurrent;
mod spans;
mod stepping;
mod transformer;
#[cfg(test)]
mod transformer_tests;

pub use attention::{Attention, Score};
pub use bidirectional::Bidirectional;
pub use dropout::Dropout;
pub use embedding::Embedding;
pub use feed_forward::{Activation, Fed, FeedForward};
pub use layer_norm::{LayerNorm, Normalised};
pub use linear::Linear;
pub use multi_head::{Attending, AttentionShape, CrossAttention, SelfAttention};
pub use pass::Pass;
pub use recurrent::{Cell, Recurrent, Steps};
pub use spans::Spans;
pub use stepping::{Stepper, Written};
pub use transformer::{Other, Positions, Stack, StackShape, Stacked};
