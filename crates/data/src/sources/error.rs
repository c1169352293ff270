//! What can stop an import as a whole. A bad row never does: it becomes a reject. Every message says what was found,
//! what is allowed and what to do.

use std::path::PathBuf;

/// Why a file could not be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("no file matches '{found}'; give files, a folder, or a pattern such as 'sales/*.csv.gz'")]
    NoFiles { found: String },
    #[error("cannot read {path}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error(
        "{path} ends too early: the compressed data breaks off at byte {position} (the file has {size} bytes), after \
         {n_rows} rows; nothing of it was kept. Fetch the file again and repeat the import"
    )]
    Truncated { path: PathBuf, position: u64, size: u64, n_rows: u64 },
    #[error("{path} is empty; a file with at least one row is needed")]
    Empty { path: PathBuf },
    #[error("{path}: {found}; {allowed}. {help}")]
    Shape { path: PathBuf, found: String, allowed: String, help: String },
    #[error(
        "{path}: column '{column}' has dates such as '{example}' that may be day/month or month/day, and no row of the \
         file decides it; pass --dates d/m/y or --dates m/d/y"
    )]
    AmbiguousDates { path: PathBuf, column: String, example: String },
    #[error(
        "{path}: column '{column}' has '{month_first}', which can only be month/day, and '{day_first}', which can only be \
         day/month; a column must use one order. Mend the file, or pass --dates to reject the rows that differ"
    )]
    MixedDates { path: PathBuf, column: String, month_first: String, day_first: String },
    #[error("{path} has no column for: {missing}. Its columns are: {found}. {help}")]
    MissingColumns { path: PathBuf, missing: String, found: String, help: String },
    #[error("'{found}' is no {what}; allowed: {allowed}")]
    Unknown { what: &'static str, found: String, allowed: String },
    #[error("mapping {origin}: {found}; {help}")]
    Mapping { origin: String, found: String, help: String },
    #[error("{path}: {found}; {help}")]
    Parquet { path: PathBuf, found: String, help: String },
    #[error(
        "lookup file {path} has more than {limit} rows; a lookup is held in memory. Join the files before importing them"
    )]
    LookupTooLarge { path: PathBuf, limit: usize },
    #[error("the import was stopped; nothing of the file under way is in the shop")]
    Stopped,
    /// What the receiver of the rows said: a full disk, a locked folder …
    #[error(transparent)]
    Sink(Box<dyn std::error::Error + Send + Sync>),
}
