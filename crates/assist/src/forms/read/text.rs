//! Free text. Whatever it says is kept as it stands and shown as text; nothing in it is obeyed.

use super::Reading;
use crate::forms::clean::tidy;
use crate::forms::notice::Notice;

/// The rest of a message as the value of a field of at most `max` characters.
pub fn read(rest: &str, max: usize) -> Reading {
    let value = tidy(rest);
    if !value.chars().any(char::is_alphanumeric) {
        return Reading::Bad(Notice::NoText);
    }
    if value.chars().count() > max {
        return Reading::Bad(Notice::TextLong(max));
    }
    Reading::value(value)
}
