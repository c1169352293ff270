//! Which of several classes a text belongs to, how surely, and which words decided.

pub(crate) mod bytes;
pub mod calibrate;
mod card;
mod explain;
mod lanes;
mod levels;
pub mod linear;
mod maxent;
mod model;
pub mod ngrams;
mod packed;
pub mod points;
mod slips;
pub mod svm;
#[cfg(test)]
mod tests;
pub mod vocabulary;

pub use calibrate::Calibration;
pub use card::{INTENT, SENTIMENT, Trial, run, wanted};
pub use explain::{Reasons, Span};
pub use model::{Evaluation, Example, Prediction, TextClassifier, Wanted};

/// How a training runs.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    pub seed: u64,
    /// Asked as work goes on, with the part that is done; false ends it with [`LanguageError::Cancelled`].
    ///
    /// [`LanguageError::Cancelled`]: crate::LanguageError::Cancelled
    pub progress: &'a (dyn Fn(f64) -> bool + Sync),
    /// The part of the whole that this training is.
    part: (f64, f64),
}

impl<'a> Run<'a> {
    pub fn new(seed: u64, progress: &'a (dyn Fn(f64) -> bool + Sync)) -> Self {
        Run { seed, progress, part: (0.0, 1.0) }
    }

    /// The same for a part of the work.
    fn within(&self, from: f64, to: f64) -> Self {
        let at = |x: f64| self.part.0 + x * (self.part.1 - self.part.0);
        Run { part: (at(from), at(to)), ..*self }
    }

    /// Tells how far this part is; whether to go on.
    fn goes_on(&self, done: f64) -> bool {
        (self.progress)(self.part.0 + done.clamp(0.0, 1.0) * (self.part.1 - self.part.0))
    }
}

impl Default for Run<'_> {
    fn default() -> Self {
        Run::new(0, &|_| true)
    }
}
