//! Why a turn cannot be taken, or a file of the shop's service cannot be read: what was found and what is allowed.

/// The one error of this crate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AssistError {
    #[error("{what}: found {found}, allowed {allowed}")]
    Unfit { what: &'static str, found: String, allowed: String },
    /// A part of the shop cannot be asked now. The turn goes on without it and says so.
    #[error("{what} cannot be asked now: {why}")]
    Unavailable { what: &'static str, why: String },
    #[error("the model cannot be read: {0}")]
    Corrupt(String),
    #[error(transparent)]
    Language(#[from] language::LanguageError),
}

impl AssistError {
    pub fn unfit(what: &'static str, found: impl ToString, allowed: impl ToString) -> Self {
        AssistError::Unfit { what, found: found.to_string(), allowed: allowed.to_string() }
    }
}
