//! Customer service: one turn of a conversation, from what a customer says to what is answered and done.
//!
//! understand → decide → act → say. Pure: no files, network, clock, environment or async. The catalogue, orders, documents
//! and an optional writer come in as small traits ([`world`]); time is an argument; a conversation's memory ([`state`]) is a
//! value that goes in and comes out. An answer says nothing that its evidence does not ([`evidence`]).

pub mod act;
pub mod assistant;
pub mod decide;
pub mod error;
pub mod evidence;
pub mod forms;
pub mod golden;
pub mod hand_over;
pub mod knowledge;
pub mod memory;
pub mod policy;
pub mod proactive;
pub mod questions;
pub mod say;
pub mod select;
pub mod small_talk;
pub mod state;
pub mod turn;
pub mod understand;
pub mod world;
pub mod writer;

pub use assistant::Assistant;
pub use error::AssistError;
pub use state::Dialogue;
pub use turn::{Action, Message, Turn};
