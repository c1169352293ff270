//! The list of all clustering methods, one line each, and of the other cards. Command line, `lab`, API, console and
//! conformance tests read them.

use domain::Card;

use crate::{Method, cohort, dbscan, features, hdbscan, hierarchical, k_means, lookalike, migration, rfm};

static REGISTRY: &[&Method] = &[&k_means::METHOD, &hierarchical::METHOD, &dbscan::METHOD, &hdbscan::METHOD];

static OTHERS: &[&Card] = &[&rfm::CARD, &lookalike::CARD, &cohort::CARD, &migration::CARD, &features::PCA_CARD];

/// The cards of what reads a file and finds no clusters: scores, likeness, retention, movement, projection.
pub fn other_cards() -> &'static [&'static Card] {
    OTHERS
}

/// Every method, in the order in which lists show them.
pub fn registry() -> &'static [&'static Method] {
    REGISTRY
}

/// The method whose card has this name.
pub fn method(name: &str) -> Option<&'static Method> {
    registry().iter().copied().find(|method| method.card.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_card_is_whole_and_none_stands_twice() {
        let cards: Vec<&Card> =
            registry().iter().map(|method| method.card).chain(other_cards().iter().copied()).collect();
        let names: BTreeSet<&str> = cards.iter().map(|card| card.name).collect();
        assert_eq!(names.len(), cards.len());
        for card in cards {
            for text in [card.sentence, card.family, card.input, card.source] {
                assert!(!text.is_empty(), "{}", card.name);
            }
            let params: BTreeSet<&str> = card.params.iter().map(|param| param.name).collect();
            assert_eq!(params.len(), card.params.len(), "{}", card.name);
            assert!(card.sentence.ends_with('.') && card.params.iter().all(|param| param.sentence.ends_with('.')));
        }
    }

    /// A metric that compares rows of tables is on the card if and only if the method runs on tables.
    #[test]
    fn tables_are_clustered_by_those_who_say_so() {
        for method in registry() {
            let says = method.card.settings([("metric", "gower")]).is_ok();
            assert_eq!(method.run_table.is_some(), says, "{}", method.card.name);
        }
    }
}
