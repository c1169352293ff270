//! The list of all algorithms, one line each. Command line, `lab`, API, console and conformance tests read it; nothing
//! else names an algorithm.

use domain::Card;

use crate::{
    Algorithm, FitError, Recommender, bytes, content, factor, graph, hybrid, linear, neighbourhood, popularity, rating,
    session,
};

static REGISTRY: &[&Algorithm] = &[
    &neighbourhood::item_knn::ALGORITHM,
    &neighbourhood::user_knn::ALGORITHM,
    &linear::ease::ALGORITHM,
    &linear::slim::ALGORITHM,
    &graph::rp3beta::ALGORITHM,
    &factor::ials::ALGORITHM,
    &session::vmis_knn::ALGORITHM,
    &session::item2vec::ALGORITHM,
    &session::sasrec::ALGORITHM,
    &popularity::ALGORITHM,
    &rating::SVD_ALGORITHM,
    &hybrid::ALGORITHM,
];

/// Every algorithm, in the order in which lists show them.
pub fn registry() -> &'static [&'static Algorithm] {
    REGISTRY
}

/// The cards of all algorithms: those of the registry, and those fitted otherwise (`content` from the catalogue alone,
/// `baseline` for ratings alone).
pub fn cards() -> Vec<&'static Card> {
    let fitted_here = REGISTRY.iter().map(|algorithm| algorithm.card);
    fitted_here.chain([&content::CARD, &rating::BASELINE_CARD]).collect()
}

/// The algorithm whose card has this name.
pub fn algorithm(name: &str) -> Option<&'static Algorithm> {
    registry().iter().copied().find(|algorithm| algorithm.card.name == name)
}

/// Cards whose fit takes minutes where others take seconds. A comparison of everything leaves them out unless they are named.
const SLOW: &[&str] = &["sasrec"];

/// Whether the card's fit takes minutes where others take seconds.
pub fn is_slow(card: &Card) -> bool {
    SLOW.contains(&card.name)
}

/// Reads a model of whichever algorithm wrote `model`.
pub fn from_bytes(model: &[u8]) -> Result<Box<dyn Recommender>, FitError> {
    let name = bytes::card_name(model)?;
    let algorithm = algorithm(name).ok_or_else(|| {
        let known: Vec<_> = registry().iter().map(|algorithm| algorithm.card.name).collect();
        FitError::Corrupt(format!("card '{name}' is not known here; known: {}", known.join(", ")))
    })?;
    (algorithm.from_bytes)(model)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_cards_exist() {
        assert!(SLOW.iter().all(|name| algorithm(name).is_some_and(|algorithm| is_slow(algorithm.card))));
        assert!(registry().iter().any(|algorithm| !is_slow(algorithm.card)));
    }

    #[test]
    fn names_are_unique() {
        let cards = cards();
        for (at, card) in cards.iter().enumerate() {
            assert!(cards[..at].iter().all(|other| other.name != card.name), "{} twice", card.name);
        }
    }
}
