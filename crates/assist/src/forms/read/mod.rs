//! What a message says for a field: a value in the one way it is stored, or something meant as one that cannot be. Each kind
//! has its own reader; orders and their lines are read in `purchases`.

pub mod address;
pub mod choice;
pub mod count;
pub mod day;
pub mod email;
pub mod phone;
pub mod tax_number;
pub mod text;

use std::ops::Range;

use super::notice::Notice;

/// What a message says for a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Nothing.
    Silent,
    /// A value, and where in the message it stands, if it is one place.
    Value(String, Option<Range<usize>>),
    /// Meant as a value, and none.
    Bad(Notice),
}

impl Reading {
    pub fn value(value: impl Into<String>) -> Reading {
        Reading::Value(value.into(), None)
    }
}
