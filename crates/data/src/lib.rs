//! The shop's data: the shop folder, its tables in Parquet, SQL over them, and the operational state. The only crate
//! that knows DataFusion, Parquet and SQLite. No model is known here.

pub mod backup;
mod config;
pub mod doctor;
pub mod engine;
mod error;
pub mod export;
pub mod files;
mod flush;
mod handed_out;
pub mod intake;
mod interactions;
mod knowledge;
pub mod lab;
mod models;
pub mod shop;
pub mod simulate;
pub mod sources;
pub mod state;
pub mod status;
pub mod tables;

pub use error::DataError;
pub use interactions::{InteractionQuery, InteractionTable};
pub use knowledge::Changes;
pub use models::{Models, is_model_name};
pub use shop::{Shop, ShopConfig};
pub use tables::{ImportReport, SourceTag, TableWriter, Tables};

/// Arrow as the engine uses it, so that nobody picks another version.
pub use datafusion::arrow;
