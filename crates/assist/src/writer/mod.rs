//! An optional language model: it words what has been decided, and says which of a few intents a message may have that we are
//! not sure of. It never decides what is true: what it writes is checked against the evidence, what it chooses must be on the
//! list, and the built-in way stands if it is slow, down or wrong. The client that speaks to it is elsewhere; here is the
//! trait, what it is asked and in which words, and the checks.

mod binding;
mod check;
mod choice;
mod masked;
mod prompt;
mod words;

use self::masked::Masking;
use crate::AssistError;
use crate::evidence::Evidence;
use crate::turn::Lang;

pub use self::check::{Basis, check};
pub use self::choice::{Choice, choose};
pub use self::prompt::Prompt;

/// Words a reply, and chooses among intents.
pub trait Writer: Sync {
    /// One text for this task, or why there is none. Must return within the time the shop allows.
    ///
    /// # Errors
    /// Why there is none, in words for the trace.
    fn write(&self, task: &Task) -> Result<String, AssistError>;

    /// What it says to a choice, as it stands; `None` if it is not to be asked.
    ///
    /// # Errors
    /// Why there is no answer, in words for the trace.
    fn choose(&self, _: &Choice) -> Result<Option<String>, AssistError> {
        Ok(None)
    }
}

/// What a writer is given. Texts from outside are quoted, never instructions; what is personal in them is masked, with
/// numbered marks such as `[PHONE_1]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    pub lang: Lang,
    pub question: String,
    /// The built-in reply, which is to be worded better and to which nothing may be added.
    pub draft: String,
    /// What it rests on, a line each: the first is what `[1]` refers to.
    pub evidence: Vec<String>,
    /// Of the text to be written; what is longer is not used.
    pub characters_max: usize,
}

/// Characters of a question, and of one piece of evidence, that a writer is given.
const QUESTION_MAX: usize = 600;
const EVIDENCE_MAX: usize = 600;
/// Pieces of evidence that a writer is given.
const N_EVIDENCE_MAX: usize = 24;
/// Characters of a reply that is still worded anew: longer ones are quotations and lists.
const DRAFT_MAX: usize = 1_200;
/// Characters that other words may need beyond ours.
const LONGER: usize = 120;

/// A writer's words for a reply, checked; or why ours stand. `strangers` finds names of products that a text has and the
/// draft has not.
///
/// # Errors
/// Why the words are not used, for the trace.
pub fn reword(
    writer: &dyn Writer,
    basis: &Basis,
    question: &str,
    strangers: &dyn Fn(&str) -> Vec<String>,
) -> Result<String, String> {
    if basis.evidence.iter().any(|one| matches!(one, Evidence::Order { .. })) {
        return Err("not asked: what is said of orders does not leave the shop".to_owned());
    }
    if basis.draft.chars().count() > DRAFT_MAX {
        return Err(format!("not asked: the reply is longer than {DRAFT_MAX} characters"));
    }
    let masking = Masking::of(&clipped(question, QUESTION_MAX), basis.draft, &lines(basis.evidence));
    let task = masking.task(basis.lang, basis.characters_max());
    let written = writer.write(&task).map_err(|error| format!("not used: {error}"))?;
    let written = masking.unmasked(&bare(&written)).map_err(|why| format!("refused: {why}"))?;
    let written = check(basis, &written).map_err(|why| format!("refused: {why}"))?;
    if written == basis.draft.trim() {
        return Err("not used: it says the reply as it stands".to_owned());
    }
    match strangers(&written).first() {
        Some(name) => Err(format!("refused: names another product: {name}")),
        None => Ok(written),
    }
}

/// Evidence as a writer reads it: what it is of, and what it says.
fn lines(evidence: &[Evidence]) -> Vec<String> {
    let line = |one: &Evidence| {
        let text = clipped(one.text(), EVIDENCE_MAX);
        match one {
            Evidence::Product { name, field, .. } => format!("{name}, {field}: {text}"),
            Evidence::Fit { with, .. } => format!("{with}: {text}"),
            Evidence::Document { title, .. } => format!("{title}: {text}"),
            Evidence::Opinions { aspect, .. } => format!("{aspect}: {text}"),
            _ => text,
        }
    };
    evidence.iter().take(N_EVIDENCE_MAX).map(line).collect()
}

/// Without what models put around a text: quotation marks, the word for what it is, the tag of the prompt.
fn bare(text: &str) -> String {
    let mut text = text.trim();
    for (open, close) in [("<reply>", "</reply>"), ("\"", "\""), ("“", "”"), ("「", "」")] {
        let inner = text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        text = inner.map_or(text, str::trim);
    }
    text.to_owned()
}

fn clipped(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_a_text_is_taken_away() {
        assert_eq!(bare(" \"16 GB.\" "), "16 GB.");
        assert_eq!(bare("<reply>\n“16 GB。”\n</reply>"), "16 GB。");
        assert_eq!(bare("16 inch: 16\""), "16 inch: 16\"");
    }
}
