//! A writer that is a language model somewhere else: what it is asked, how its answer is read, and what each of its words rests on.
//! The model is a trait, so that this crate reaches nothing; whoever calls it brings client, time-outs and budget. It is asked only
//! for fields that are free text; key words, topics, labels, pages and mails stay forms of ours. An answer with a figure that no
//! claim bears, a sentence that claims something without a claim, or a word that neither plan nor grammar has, is refused, as in
//! customer service (docs/adr/0011). Not here: law, prices and limits of rules (the checks read every draft alike).

mod answer;
mod claims;
mod prompt;
#[cfg(test)]
mod tests;
mod words;

pub use claims::{Asked, asked};
pub use prompt::Prompt;

use super::{Draft, Task, WriteError, Writer};

/// Something that answers a prompt with a text.
pub trait LanguageModel {
    /// The text for a prompt, as it stands. Must return within the time the shop allows.
    ///
    /// # Errors
    /// Why there is none, in words for people.
    fn answer(&self, prompt: &Prompt) -> Result<String, String>;
}

/// Times that one draft is asked for: once more with what was wrong.
const TRIES: usize = 2;
/// Drafts of one task.
const DRAFTS_MAX: usize = 4;
/// Characters of an answer that are read.
pub const ANSWER_CHARS_MAX: usize = 20_000;

/// The writer over a language model.
#[derive(Clone, Copy, Debug)]
pub struct Prompted<M> {
    pub model: M,
}

/// Why an answer is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the answer is no JSON object of texts: {0}")]
    Form(String),
    #[error("the answer has no text for the field '{0}'")]
    Missing(String),
    #[error("the answer has a field '{0}', which was not asked for")]
    Unknown(String),
    #[error("'{found}' of the field '{field}' stands in no claim")]
    Figure { field: String, found: String },
    #[error("the field '{field}' names {found}, which is not claimed")]
    Citation { field: String, found: String },
    #[error("the sentence '{found}' of the field '{field}' rests on no claim")]
    Claimless { field: String, found: String },
    #[error("'{found}' of the field '{field}' is a word of neither plan nor shop")]
    Word { field: String, found: String },
    #[error("the text of the field '{field}' is {found} long; allowed: {max}")]
    Long { field: String, found: usize, max: usize },
}

impl<M: LanguageModel> Writer for Prompted<M> {
    fn name(&self) -> &str {
        NAME
    }

    /// # Errors
    /// If the channel has no field of free text, the model does not answer, or every answer is refused: the last reason.
    fn write(&self, task: &Task, n: usize) -> Result<Vec<Draft>, WriteError> {
        let unavailable = |why: String| WriteError::Unavailable { writer: NAME.to_owned(), why };
        let asked =
            asked(task).ok_or_else(|| unavailable(format!("'{}' has no field of free text", task.channel.name)))?;
        let (mut drafts, mut last) = (Vec::new(), None);
        for nth in 0..n.min(DRAFTS_MAX) {
            let mut wrong: Option<Refusal> = None;
            for _ in 0..TRIES {
                let prompt = asked.prompt(nth, wrong.as_ref());
                let answer = self.model.answer(&prompt).map_err(&unavailable)?;
                match asked.read(&answer, nth) {
                    Ok(draft) => {
                        drafts.push(draft);
                        break;
                    }
                    Err(refusal) => wrong = Some(refusal),
                }
            }
            last = wrong.or(last);
        }
        match (drafts.is_empty(), last) {
            (true, Some(refusal)) => Err(unavailable(refusal.to_string())),
            _ => Ok(drafts),
        }
    }
}

const NAME: &str = "model";
