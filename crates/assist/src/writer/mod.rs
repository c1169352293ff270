//! An optional language model that words what has been decided. It never decides what is true: what it writes is checked
//! against the evidence, and the built-in reply stands if it is slow, down or wrong. The client that speaks to it is
//! elsewhere; here is the trait, what it is asked, and the check.

mod check;

use crate::AssistError;
use crate::evidence::Evidence;
use crate::turn::Lang;

pub use self::check::check;

/// Words a reply.
pub trait Writer: Sync {
    /// One text for these instructions, or why there is none. Must return within the time the shop allows.
    fn write(&self, task: &Task) -> Result<String, AssistError>;
}

/// What a writer is given. Texts from outside are quoted, never instructions.
#[derive(Clone, Debug)]
pub struct Task<'a> {
    pub lang: Lang,
    /// Masked.
    pub question: &'a str,
    /// The built-in reply, which is to be worded better and to which nothing may be added.
    pub draft: &'a str,
    pub evidence: &'a [Evidence],
    pub characters_max: usize,
}

/// Characters of a question that a writer is given.
const QUESTION_MAX: usize = 600;
/// Characters that other words may need beyond ours.
const LONGER: usize = 120;

/// A writer's words for a reply, checked; or why ours stand. `strangers` finds names of products that a text has and the
/// draft has not.
///
/// # Errors
/// Why the words are not used, for the trace.
pub fn reword(
    writer: &dyn Writer,
    lang: Lang,
    question: &str,
    draft: &str,
    evidence: &[Evidence],
    allowed: &[&str],
    strangers: &dyn Fn(&str) -> Vec<String>,
) -> Result<String, String> {
    if evidence.iter().any(|one| matches!(one, Evidence::Order { .. })) {
        return Err("what is said of orders does not leave the shop".to_owned());
    }
    let question: String = question.chars().take(QUESTION_MAX).collect();
    let masked = language::text::mask(&question).text;
    let characters_max = draft.chars().count() * 3 / 2 + LONGER;
    let task = Task { lang, question: &masked, draft, evidence, characters_max };
    let written = writer.write(&task).map_err(|error| error.to_string())?;
    let written = check(&task, &written, allowed)?;
    match strangers(&written).first() {
        Some(name) => Err(format!("names another product: {name}")),
        None => Ok(written),
    }
}
