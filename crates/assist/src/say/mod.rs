//! Every sentence that the assistant says, in Chinese and English side by side, and how money, days and lists are written.
//! Sentences take values and give text; what is true is decided elsewhere.

pub mod follow_up;
pub mod format;
pub mod memory;
pub mod orders;
pub mod person;
pub mod proactive;
pub mod products;
pub mod talk;
pub mod variants;
