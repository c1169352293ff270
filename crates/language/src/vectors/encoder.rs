//! What turns texts into vectors of one space, however it does so: our own (see `documents`), an endpoint somewhere, a model
//! read from a file.

use math::Factors;

use crate::LanguageError;

/// Texts as vectors. Texts that mean the same should have vectors of a similar direction.
pub trait SentenceEncoder: Send + Sync {
    /// For people, and to tell vectors of different encoders apart: `sif-100`, `text-embedding-3-small`.
    fn name(&self) -> &str;

    /// Length of the vectors.
    fn dim(&self) -> usize;

    /// The vectors of `texts`, in their order, at length 1, or 0 where nothing of a text is known. Shape: (n_texts, dim).
    ///
    /// # Errors
    /// If the texts cannot be encoded now: an endpoint does not answer, a model does not fit.
    fn encode(&self, texts: &[&str]) -> Result<Factors, LanguageError>;
}

/// How texts become words; whoever encodes has to do it as whoever trained did.
pub trait Tokenise: Send + Sync {
    fn tokens(&self, text: &str) -> Vec<String>;
}

impl<F: Fn(&str) -> Vec<String> + Send + Sync> Tokenise for F {
    fn tokens(&self, text: &str) -> Vec<String> {
        self(text)
    }
}
