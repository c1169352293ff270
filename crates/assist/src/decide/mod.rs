//! The order in which a turn is decided: who speaks, what must come first, the form in hand, what was asked back, the intent.

use crate::assistant::Assistant;
use crate::state::Dialogue;
use crate::turn::{Action, Message, Reply, Turn};
use crate::understand::Understanding;
use crate::world::World;
use crate::writer::Writer;

/// Answers one message; see [`Assistant::turn`].
pub fn turn(
    assistant: &Assistant,
    message: &Message,
    dialogue: &mut Dialogue,
    world: &World,
    writer: Option<&dyn Writer>,
) -> Turn {
    let _ = (assistant, world, writer);
    dialogue.n_turns = dialogue.n_turns.saturating_add(1);
    dialogue.last_at = Some(message.at);
    Turn { reply: Reply::default(), action: Action::None, understood: Understanding::default(), trace: Vec::new() }
}
