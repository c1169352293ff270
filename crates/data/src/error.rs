//! The one error of this crate. Each message names what was found, what was allowed and what to do.

use std::io;
use std::path::{Path, PathBuf};

use datafusion::arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use datafusion::parquet::errors::ParquetError;

#[derive(Debug, thiserror::Error)]
pub enum DataError {
    #[error("{}: cannot {doing}: {source}", path.display())]
    Io { path: PathBuf, doing: &'static str, source: io::Error },

    #[error(
        "{}: cannot {doing}: the disk is full. Nothing was changed; free some space and do it again",
        path.display()
    )]
    DiskFull { path: PathBuf, doing: &'static str },

    #[error("{} is not a shop folder: {missing} is missing. `tercet init {}` makes one", path.display(), path.display())]
    NotAShop { path: PathBuf, missing: &'static str },

    #[error("{} already holds {found}; a new shop needs an empty or absent folder", path.display())]
    NotEmpty { path: PathBuf, found: String },

    #[error("{} exists already; give the backup a name that no file has", path.display())]
    BackupExists { path: PathBuf },

    #[error("there is no folder {}; make it, or put the backup elsewhere", path.display())]
    NoFolder { path: PathBuf },

    #[error(
        "{} has format {found}; this program knows formats up to {known}. Use a newer version of Tercet",
        path.display()
    )]
    NewerFormat { path: PathBuf, found: u64, known: u64 },

    #[error(
        "another process is using this shop: {} is locked. Wait until it has finished or stop it (`tercet serve` and `tercet import` hold the lock while they run); reading commands such as `status` and `sql` may run beside it",
        path.display()
    )]
    Locked { path: PathBuf },

    #[error("{}: {message}", path.display())]
    Config { path: PathBuf, message: String },

    #[error("there is no table '{found}'; the tables are: {allowed}")]
    UnknownTable { found: String, allowed: String },

    #[error("table '{table}': {found}; {allowed}")]
    Batch { table: &'static str, found: String, allowed: String },

    #[error(
        "'{source_name}' was already imported into '{table}' as {earlier_name} ({rows_kept} rows kept); nothing was changed"
    )]
    AlreadyImported { table: &'static str, source_name: String, earlier_name: String, rows_kept: u64 },

    #[error("{}: {found}. {help}", path.display())]
    Corrupt { path: PathBuf, found: String, help: &'static str },

    #[error("{}: Parquet: {message}", path.display())]
    Parquet { path: PathBuf, message: String },

    #[error("SQL: {message}")]
    Sql { message: String },

    #[error(
        "SQL: found {found}; allowed: one reading statement at a time (select, with, explain, show tables). Tables are changed by `tercet import` and the API"
    )]
    ReadOnly { found: String },

    #[error("{what} '{found}' is unknown; known: {allowed}")]
    Unknown { what: &'static str, found: String, allowed: String },

    #[error("state: {message}")]
    State { message: String },

    #[error("{}: {found}; {allowed}. {help}", path.display())]
    Source { path: PathBuf, found: String, allowed: String, help: String },
}

impl DataError {
    /// For `map_err`: an I/O failure while `doing` something at `path`.
    pub fn io(path: impl AsRef<Path>, doing: &'static str) -> impl FnOnce(io::Error) -> DataError {
        let path = path.as_ref().to_owned();
        move |source| match is_disk_full(&source) {
            true => DataError::DiskFull { path, doing },
            false => DataError::Io { path, doing, source },
        }
    }

    /// For `map_err`: a Parquet failure at `path`; a full disk keeps its own name.
    pub fn parquet(path: impl AsRef<Path>, doing: &'static str) -> impl FnOnce(ParquetError) -> DataError {
        let path = path.as_ref().to_owned();
        move |error| match error {
            ParquetError::External(inner) => match inner.downcast::<io::Error>() {
                Ok(source) => DataError::io(path, doing)(*source),
                Err(other) => DataError::Parquet { path, message: format!("cannot {doing}: {other}") },
            },
            // On closing a file the library keeps only the words of the failure beneath.
            other if says_disk_full(&other.to_string()) => {
                DataError::io(path, doing)(io::Error::from(io::ErrorKind::StorageFull))
            }
            other => DataError::Parquet { path, message: format!("cannot {doing}: {other}") },
        }
    }

    /// For `map_err`: a failure of Arrow on data already in memory.
    pub(crate) fn arrow(error: ArrowError) -> DataError {
        DataError::Sql { message: error.to_string() }
    }

    /// Whether the disk (or the quota) was full.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, DataError::DiskFull { .. })
    }
}

fn is_disk_full(error: &io::Error) -> bool {
    use io::ErrorKind::{QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded)
}

impl From<DataFusionError> for DataError {
    fn from(error: DataFusionError) -> Self {
        crate::engine::refusal::reworded(error)
    }
}

/// The words of the system for a full disk, bare and as this language's standard library puts them.
fn says_disk_full(text: &str) -> bool {
    text.contains("No space left on device") || text.contains("no storage space")
}
