//! From one sequence to another: recurrent and attention-only encoder-decoders, how they are trained and how they write.

pub mod checkpoint;
pub mod decode;
mod limits;
pub mod metrics;
pub mod model;
pub mod placeholders;
pub mod planned;
pub mod read_back;
pub mod small;
pub mod train;
pub mod transformer;
pub mod units;
pub mod vocabulary;
