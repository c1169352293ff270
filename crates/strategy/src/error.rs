//! Why there is no answer at all: what was found, what was allowed. Too little data to be sure is no error but a refusal
//! that carries its reasons ([`crate::Answer`]).

/// The one error of this crate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StrategyError {
    #[error("there are no rows; at least {needed} are needed")]
    Empty { needed: usize },
    #[error("there is no column '{name}'; there are: {found}")]
    NoColumn { name: String, found: String },
    #[error("column '{name}' holds {found}; allowed: {allowed}")]
    ColumnKind { name: String, found: &'static str, allowed: &'static str },
    #[error("{what}, row {row} holds {found}; allowed: {allowed}")]
    BadValue { what: String, row: usize, found: String, allowed: String },
    #[error("{what} has {found} rows where {expected} were expected")]
    Length { what: String, found: usize, expected: usize },
    #[error("{what}: found {found}, allowed {allowed}")]
    Unfit { what: &'static str, found: String, allowed: String },
    #[error(transparent)]
    Settings(#[from] domain::SettingsError),
    #[error("cancelled")]
    Cancelled,
}

impl StrategyError {
    pub fn unfit(what: &'static str, found: impl ToString, allowed: impl ToString) -> Self {
        StrategyError::Unfit { what, found: found.to_string(), allowed: allowed.to_string() }
    }

    /// Row `row` of `what`, counted from 0, holds something that is not allowed.
    pub fn bad_value(what: impl ToString, row: usize, found: impl ToString, allowed: impl ToString) -> Self {
        StrategyError::BadValue { what: what.to_string(), row, found: found.to_string(), allowed: allowed.to_string() }
    }
}
