//! The whole turn: understand, decide, act, say. What it needs of the shop comes in as a [`World`]; what it remembers, as a
//! [`Dialogue`].

use crate::policy::Policies;
use crate::state::Dialogue;
use crate::turn::{Message, Turn};
use crate::understand::Understander;
use crate::world::World;
use crate::writer::Writer;

/// What answers, made ready once and shared by all conversations.
pub struct Assistant {
    pub understander: Understander,
    pub policies: Policies,
}

impl Assistant {
    /// Answers one message. Never fails: what cannot be asked or answered is said, and offered to a person. The same message,
    /// memory and world give the same turn.
    pub fn turn(&self, message: &Message, dialogue: &mut Dialogue, world: &World, writer: Option<&dyn Writer>) -> Turn {
        crate::decide::turn(self, message, dialogue, world, writer)
    }
}
