//! Copy for a shop's goods, from its tables to texts that were checked: what is asked becomes a brief, the catalogue a shelf to
//! compare with, what reviews say, what was paid and what was said before become grounds; writers write, a judge ranks, every field of
//! each is checked, and what is blocked is thrown away. What may be said, and how, is the business of the crate `content`.

pub mod alone;
pub mod asked;
mod audience;
pub mod batch;
pub mod batch_file;
pub mod before;
pub mod campaign;
pub mod config;
pub mod drafts;
pub mod export;
pub mod hands;
pub mod house;
pub mod learned;
pub mod look;
pub mod prices;
pub mod response;
pub mod sheets;
mod stock;
pub mod translate;
pub mod write;

pub use self::asked::{AudienceAsked, OfferAsked, WriteAsked};
pub use self::house::{Rules, VoiceSummary, Voiced};
pub use self::stock::Stock;
pub use self::write::{Grounds, Prepared, Purpose, Written};

/// Characters of a text that is checked.
pub const TEXT_CHARS_MAX: usize = 100_000;
