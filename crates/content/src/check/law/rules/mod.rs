//! The rules, by subject: our own reading of the laws and of how shops write, as tables. A new rule is one entry here and
//! one line in the tests; nothing is computed in this folder.

mod absolute;
mod english;
mod mend;
mod people;
mod price;
mod product;

use super::rule::Rule;

pub(super) use mend::{HEARD_AS, MENDED};

/// All rules, in the order in which they are numbered.
pub(super) fn all() -> impl Iterator<Item = &'static Rule> {
    [absolute::RULES, price::RULES, product::RULES, people::RULES, english::RULES].into_iter().flatten()
}
