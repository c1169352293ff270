//! An optional language model that words what has been decided. It never decides what is true: what it writes is checked
//! against the evidence, and the built-in reply stands if it is slow, down or wrong. The client that speaks to it is
//! elsewhere; here is the trait, what it is asked, and the check.

use crate::AssistError;
use crate::evidence::Evidence;
use crate::turn::Lang;

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
