//! Why a network cannot be built, trained or read: what was found and what is allowed.

/// The one error of this crate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NeuralError {
    #[error("{what}: found {found}, allowed {allowed}")]
    Unfit { what: &'static str, found: String, allowed: String },
    #[error("the model cannot be read: {0}")]
    Corrupt(String),
    #[error("the loss is {loss} at step {step}: learning has diverged; lower the learning rate or clip gradients")]
    Diverged { step: u64, loss: f32 },
    #[error("cancelled")]
    Cancelled,
}

impl NeuralError {
    pub fn unfit(what: &'static str, found: impl ToString, allowed: impl ToString) -> Self {
        NeuralError::Unfit { what, found: found.to_string(), allowed: allowed.to_string() }
    }
}
