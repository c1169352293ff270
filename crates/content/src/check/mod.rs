//! What a text may not say and what it must: law, facts, prices, limits, personal data, the brand's voice, repetition. For
//! texts from anywhere, by whomever written. [`report::Checks`] makes the checks that are asked for and joins them in one
//! [`report::Report`]; each check is a module that works alone. Nothing here writes copy.

pub mod called;
mod clause;
pub mod copy;
pub mod duplicate;
pub mod facts;
pub mod finding;
pub mod law;
pub mod limits;
pub mod markup;
pub mod personal;
pub mod price;
pub mod report;
pub mod voice;

pub use copy::{CopyCheck, House};
pub use finding::{Check, Finding, Fix, Risk, Said, Span, apply};
pub use report::{Checks, Report, Verdict};
