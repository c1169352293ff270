//! Why an item stands in a list, said to a person. Made from the stored terms and from nothing else, so a reason is true
//! by construction: it names the customer's own events and the relations that raised the item, each with its share of
//! everything that did. Nothing about other customers is said, nor anything personal beyond the customer's own events.
//!
//! Shares are over the positive terms and sum to 1. What lowered the item (an own durable, a doubled brand) is not a
//! reason for showing it and stays in the terms.

mod words;

use domain::EventKind;
use serde::{Deserialize, Serialize};

use crate::rank::{AnswerItem, Catalogue, Term, TermName};

/// A language reasons are given in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    #[default]
    Zh,
    En,
}

impl Language {
    /// The language of a tag such as `en`, `en-GB`, `zh-CN`.
    pub fn from_tag(tag: &str) -> Option<Language> {
        match tag.split(['-', '_']).next().map(str::to_ascii_lowercase).as_deref() {
            Some("zh") => Some(Language::Zh),
            Some("en") => Some(Language::En),
            _ => None,
        }
    }
}

/// One reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// The name of the term, or `pinned`.
    pub kind: String,
    pub text: String,
    /// Of everything that raised the item, 0 to 1.
    pub share: f64,
    /// The customer's own product the reason names.
    pub product_id: Option<String>,
    pub product_name: Option<String>,
}

/// What makes two terms one reason to a person.
type Key = (TermName, Option<String>, Option<EventKind>, Option<String>);

/// The reasons for an item, strongest first; empty when nothing raised it. A pinned item says so first, with share 0
/// unless nothing else speaks for it.
pub fn explain(item: &AnswerItem, catalogue: &Catalogue, language: Language) -> Vec<Reason> {
    let groups = grouped(&item.terms);
    let total: f64 = groups.iter().map(|group| group.1).sum();
    let reason = |(key, value): (Key, f64)| reason(key, value / total, catalogue, language);
    let mut reasons: Vec<Reason> = groups.into_iter().map(reason).collect();
    if item.pinned_by.is_some() {
        let share = if reasons.is_empty() { 1.0 } else { 0.0 };
        let text = words::pinned(language).to_owned();
        reasons.insert(0, Reason { kind: "pinned".to_owned(), text, share, product_id: None, product_name: None });
    }
    reasons
}

/// Positive terms, those that say the same to a person added up; largest first, ties in the order of the terms.
fn grouped(terms: &[Term]) -> Vec<(Key, f64)> {
    let mut groups: Vec<(Key, f64)> = Vec::new();
    for term in terms.iter().filter(|term| term.value > 0.0) {
        let key = (term.name, term.product_id.clone(), term.kind, term.rule.clone());
        match groups.iter_mut().find(|group| group.0 == key || is_popularity(group.0.0) && is_popularity(key.0)) {
            Some(group) => group.1 += term.value,
            None => groups.push((key, term.value)),
        }
    }
    groups.sort_by(|a, b| b.1.total_cmp(&a.1));
    groups
}

/// The model's popularity and the score's own say the same to a person; the first of them speaks.
fn is_popularity(name: TermName) -> bool {
    matches!(name, TermName::ModelPopularity | TermName::Popularity)
}

fn reason(key: Key, share: f64, catalogue: &Catalogue, language: Language) -> Reason {
    let (name, product_id, kind, _) = key;
    let product = product_id.as_deref().and_then(|id| catalogue.item(id)).map(|item| catalogue.product(item));
    // A product that has left the catalogue is named by its id.
    let product_name = product.map(|product| product.name.clone()).filter(|name| !name.is_empty());
    let product_name = product_name.or_else(|| product_id.clone());
    let text = words::text(name, kind, product_name.as_deref(), language);
    Reason { kind: name.name().to_owned(), text, share, product_id, product_name }
}

#[cfg(test)]
mod tests {
    use domain::{Millis, Product};

    use super::*;

    fn term(name: TermName, value: f64, own: Option<(&str, EventKind)>) -> Term {
        Term {
            name,
            value,
            product_id: own.map(|own| own.0.to_owned()),
            kind: own.map(|own| own.1),
            at: own.map(|_| Millis(0)),
            rule: None,
        }
    }

    fn item(terms: Vec<Term>) -> AnswerItem {
        let score = terms.iter().map(|term| term.value).sum();
        let (propensity, explored) = (1.0, false);
        AnswerItem { product_id: "x".into(), position: 1, score, propensity, explored, pinned_by: None, terms }
    }

    fn catalogue() -> Catalogue {
        let named = |id: &str, name: &str| Product { product_id: id.into(), name: name.into(), ..Product::default() };
        Catalogue::new(vec![named("a", "Galaxy S24"), named("b", "MateBook 14"), named("x", "Case")])
    }

    #[test]
    fn popularity_is_said_once() {
        let item = item(vec![term(TermName::ModelPopularity, 0.75, None), term(TermName::Popularity, 0.25, None)]);
        let reasons = explain(&item, &catalogue(), Language::En);
        let said: Vec<_> = reasons.iter().map(|reason| (reason.kind.as_str(), reason.share)).collect();
        assert_eq!(said, [("model_popularity", 1.0)]);
    }

    #[test]
    fn reasons_name_own_events_with_their_shares() {
        let item = item(vec![
            term(TermName::OwnEvent, 0.25, Some(("b", EventKind::View))),
            term(TermName::Durable, -1.0, Some(("b", EventKind::Purchase))),
            term(TermName::Accessory, 0.5, Some(("a", EventKind::Purchase))),
            term(TermName::Popularity, 0.25, None),
        ]);
        let said = |language| {
            let reasons = explain(&item, &catalogue(), language);
            reasons.into_iter().map(|reason| (reason.text, reason.share)).collect::<Vec<_>>()
        };
        let en = ["It fits the Galaxy S24 you bought", "You viewed MateBook 14", "Many customers have chosen it"];
        let zh = ["与您购买过的“Galaxy S24”适配", "您浏览过“MateBook 14”", "许多顾客都选择了它"];
        assert_eq!(said(Language::En), en.map(str::to_owned).into_iter().zip([0.5, 0.25, 0.25]).collect::<Vec<_>>());
        assert_eq!(said(Language::Zh), zh.map(str::to_owned).into_iter().zip([0.5, 0.25, 0.25]).collect::<Vec<_>>());
    }

    /// Every term has its own words in both languages, with and without a product, and shares sum to 1.
    #[test]
    fn every_term_is_worded_and_shares_sum_to_one() {
        let names = TermName::ALL;
        for language in [Language::Zh, Language::En] {
            for own in [None, Some(("a", EventKind::Cart))] {
                let terms = names.iter().zip(1..).map(|(&name, at)| term(name, f64::from(at), own)).collect();
                let reasons = explain(&item(terms), &catalogue(), language);
                assert_eq!(reasons.len(), names.len() - 1, "both popularities are one");
                assert!((reasons.iter().map(|reason| reason.share).sum::<f64>() - 1.0).abs() < 1e-12);
                assert!(reasons.iter().all(|reason| !reason.text.is_empty() && !reason.text.contains('{')));
            }
        }
    }

    #[test]
    fn a_pinned_item_says_so() {
        let mut pinned = item(vec![]);
        pinned.pinned_by = Some("spring sale".into());
        let reasons = explain(&pinned, &catalogue(), Language::En);
        assert_eq!((reasons[0].kind.as_str(), reasons[0].share), ("pinned", 1.0));
        assert!(!reasons[0].text.contains("spring sale"), "rules are the shop's own business");
        assert!(explain(&item(vec![]), &catalogue(), Language::En).is_empty());
    }
}
