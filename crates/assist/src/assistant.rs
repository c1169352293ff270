//! The whole turn: understand, decide, act, say. What it needs of the shop comes in as a [`World`]; what it remembers, as a
//! [`Dialogue`].

use std::sync::Arc;

use crate::AssistError;
use crate::forms::FormBook;
use crate::policy::Policies;
use crate::small_talk::SmallTalk;
use crate::state::Dialogue;
use crate::turn::{Message, Turn};
use crate::understand::Understander;
use crate::world::World;
use crate::writer::Writer;

/// What answers, made ready once and shared by all conversations.
pub struct Assistant {
    pub understander: Understander,
    pub policies: Policies,
    /// The forms of the policies.
    pub book: FormBook,
    /// Answers what asks nothing of the shop; without it sentences of ours do.
    pub small_talk: Option<Arc<SmallTalk>>,
}

impl Assistant {
    /// Made ready with the rules of a shop.
    ///
    /// # Errors
    /// [`AssistError::Unfit`] for rules that contradict themselves, or a form that cannot be filled in.
    pub fn new(understander: Understander, policies: Policies) -> Result<Self, AssistError> {
        let book = FormBook::of(&policies)?;
        Ok(Assistant { understander, policies, book, small_talk: None })
    }

    pub fn with_small_talk(self, small_talk: Arc<SmallTalk>) -> Self {
        Assistant { small_talk: Some(small_talk), ..self }
    }

    /// Answers one message. Never fails: what cannot be asked or answered is said, and offered to a person. The same message,
    /// memory and world give the same turn.
    pub fn turn(&self, message: &Message, dialogue: &mut Dialogue, world: &World, writer: Option<&dyn Writer>) -> Turn {
        crate::decide::turn(self, message, dialogue, world, writer)
    }
}
