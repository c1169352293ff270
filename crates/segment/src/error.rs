//! Why points cannot be clustered: what was found and what is allowed.

/// The one error of this crate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SegmentError {
    #[error("there are no points: found {n} rows of {d} columns; at least one row and one column are needed")]
    Empty { n: usize, d: usize },
    #[error(
        "row {row}, column {column} holds {value}; every value must be finite (fill in or drop missing values first)"
    )]
    NotFinite { row: usize, column: usize, value: f64 },
    #[error("{found} values do not fill {n} rows of {d} columns")]
    Shape { found: usize, n: usize, d: usize },
    #[error("{what}: found {found}, allowed {allowed}")]
    Unfit { what: &'static str, found: String, allowed: String },
    #[error(transparent)]
    Settings(#[from] domain::SettingsError),
    #[error("cancelled")]
    Cancelled,
}

impl SegmentError {
    pub fn unfit(what: &'static str, found: impl ToString, allowed: impl ToString) -> Self {
        SegmentError::Unfit { what, found: found.to_string(), allowed: allowed.to_string() }
    }
}
