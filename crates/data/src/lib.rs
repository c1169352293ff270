//! The shop's data: the shop folder, its tables in Parquet, SQL over them, and the operational state. The only crate
//! that knows DataFusion, Parquet and SQLite. No model is known here.

mod config;
pub mod engine;
mod error;
pub mod files;
mod flush;
pub mod lab;
mod models;
pub mod shop;
pub mod simulate;
pub mod sources;
pub mod state;
pub mod tables;

pub use error::DataError;
pub use models::Models;
pub use shop::{Shop, ShopConfig};
pub use tables::{ImportReport, SourceTag, TableWriter, Tables};

/// Arrow as the engine uses it, so that nobody picks another version.
pub use datafusion::arrow;
