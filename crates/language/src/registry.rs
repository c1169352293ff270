//! The list of all cards of this crate, one line each. `lab`, the API and the reference pages read it.

use domain::Card;

use crate::{classify, opinion, search, seq2seq, text, vectors};

static CARDS: &[&Card] = &[
    &vectors::train::CARD,
    &vectors::phrases::CARD,
    &seq2seq::model::CARD,
    &text::perceptron::CARD,
    &text::subword::CARD,
    &classify::SENTIMENT,
    &classify::INTENT,
    &opinion::ASPECT_POLARITY,
    &search::CARD,
];

/// Every card, in the order in which lists show them.
pub fn cards() -> &'static [&'static Card] {
    CARDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_say_something() {
        for (at, card) in cards().iter().enumerate() {
            assert!(cards()[..at].iter().all(|other| other.name != card.name), "{} twice", card.name);
            assert!(!card.sentence.is_empty() && !card.source.is_empty() && !card.input.is_empty(), "{}", card.name);
            card.defaults();
        }
    }
}
