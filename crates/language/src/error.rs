//! Why text cannot be understood, learned from or searched: what was found and what is allowed.

/// The one error of this crate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LanguageError {
    #[error("{what}: found {found}, allowed {allowed}")]
    Unfit { what: &'static str, found: String, allowed: String },
    #[error("the model cannot be read: {0}")]
    Corrupt(String),
    #[error(transparent)]
    Settings(#[from] domain::SettingsError),
    #[error(transparent)]
    Neural(#[from] neural::NeuralError),
    #[error("cancelled")]
    Cancelled,
    /// An encoder outside this crate cannot answer now.
    #[error("{0}")]
    Unavailable(String),
}

impl LanguageError {
    pub fn unfit(what: &'static str, found: impl ToString, allowed: impl ToString) -> Self {
        LanguageError::Unfit { what, found: found.to_string(), allowed: allowed.to_string() }
    }
}
