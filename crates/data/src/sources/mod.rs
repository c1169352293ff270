//! From a shop's own files to rows of its tables: what `tercet import` does. Not here: how tables are stored
//! (`tables`), nor any model.
//!
//! ```text
//! open → encoding → blocks → records        bytes, characters, whole records, fields
//! profile                                   what a file is, from its beginning
//! mapping · headings · presets              which column is which
//! cells (dates, money, numbers, units)      texts to typed columns, or a reason
//! read → import                             in parallel and in order, into a table
//! documents → library                       texts for service: Markdown, HTML, PDF, DOCX
//! pairs                                     a file of pairs of texts, to learn writing from
//! ```

mod blocks;
mod cells;
pub mod dates;
mod decimal;
mod documents;
pub mod encoding;
mod error;
mod headings;
mod import;
#[cfg(test)]
mod laws;
mod library;
mod mapping;
pub mod money;
pub mod numbers;
mod open;
pub mod pairs;
pub mod presets;
mod profile;
mod read;
pub(crate) mod records;
pub mod units;

pub use error::ImportError;
pub use import::{FileReport, ImportRequest, OnProgress, Progress, import, import_into, named_files};
pub use library::read_document;
pub use mapping::version_of;
pub use presets::Preset;
pub(crate) use profile::open_parquet;
pub use read::{Counts, RowSink};
