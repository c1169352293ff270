//! From columns about customers to numbers that distances make sense of: [`Table`] holds typed columns with gaps,
//! [`Preparation`] learns from one how to fill, scale and spread them and turns blocks of rows into points, [`gower()`]
//! compares rows without any of that, and [`Pca`] finds the directions that matter and a map to draw.
//!
//! What is not here: where columns come from (an engine computes them), and clustering.

mod gower;
mod pca;
mod prepare;
mod table;

pub use gower::gower;
pub use pca::{CARD as PCA_CARD, Covariance, Pca};
pub use prepare::{Output, Preparation};
pub use table::{Column, ColumnKind, ColumnSpec, Levels, Scale, Table, Values};
