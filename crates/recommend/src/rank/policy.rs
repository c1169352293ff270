//! The shop's own will about lists: rules, and the settings of every term of the score. Serialises as the shop's TOML
//! section `[recommend]`:
//!
//! ```toml
//! [recommend.terms.margin]
//! weight = 0.1
//! ```

use std::collections::BTreeMap;

use domain::{Card, Kind, Param, Settings, SettingsError};
use serde::{Deserialize, Serialize};

use super::catalogue::{Catalogue, FNV_START, fnv};
use super::rules::{Rule, RuleError, check_rules};
use crate::retail;

/// Rules and term settings; everything not given is at its card's default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    pub rules: Vec<Rule>,
    /// Card name to parameter to value.
    pub terms: BTreeMap<String, BTreeMap<String, serde_json::Value>>,
}

/// Why a policy cannot be followed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PolicyError {
    #[error("there is no term '{found}'; terms: {allowed}")]
    UnknownTerm { found: String, allowed: String },
    #[error(transparent)]
    Setting(#[from] SettingsError),
    #[error(transparent)]
    Rule(#[from] RuleError),
}

/// Every term of the score that has settings, in the order of reference pages.
pub fn term_cards() -> &'static [&'static Card] {
    static CARDS: [&Card; 12] = [
        &POPULARITY_TERM,
        &MARGIN,
        &STOCK,
        &retail::DURABLE,
        &retail::ACCESSORY,
        &retail::BUNDLE,
        &retail::SUCCESSOR,
        &retail::PRICE_DROP,
        &retail::NEW_PRODUCT,
        &DIVERSITY,
        &EXPLORATION,
        &ALLOCATION,
    ];
    &CARDS
}

impl Policy {
    /// Everything wrong with the policy; names of brands, categories and products only when a catalogue is given.
    pub fn check(&self, catalogue: Option<&Catalogue>) -> Vec<PolicyError> {
        let mut errors: Vec<PolicyError> = check_rules(&self.rules, catalogue).into_iter().map(Into::into).collect();
        for name in self.terms.keys() {
            match term_cards().iter().find(|card| card.name == name) {
                Some(card) => errors.extend(self.try_settings(card).err().map(Into::into)),
                None => errors.push(PolicyError::UnknownTerm {
                    found: name.clone(),
                    allowed: term_cards().iter().map(|card| card.name).collect::<Vec<_>>().join(", "),
                }),
            }
        }
        errors
    }

    /// The settings of one term; those of a term that [`Policy::check`] refuses count as not given.
    pub fn settings(&self, card: &'static Card) -> Settings {
        self.try_settings(card).unwrap_or_else(|_| card.defaults())
    }

    /// The policy with one setting changed.
    pub fn with(mut self, card: &Card, param: &str, value: impl Into<serde_json::Value>) -> Policy {
        self.terms.entry(card.name.to_owned()).or_default().insert(param.to_owned(), value.into());
        self
    }

    fn try_settings(&self, card: &'static Card) -> Result<Settings, SettingsError> {
        let given = self.terms.get(card.name);
        let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let pairs: Vec<_> = given.into_iter().flatten().map(|(name, value)| (name.as_str(), text(value))).collect();
        card.settings(pairs.iter().map(|(name, value)| (*name, value.as_str())))
    }

    /// Equal policies have equal digests.
    pub fn digest(&self) -> u64 {
        fnv(FNV_START, &serde_json::to_vec(self).expect("a policy is plain data"))
    }
}

const fn weight(sentence: &'static str, default: f64) -> Param {
    let kind = Kind::Float { min: 0.0, max: 100.0, default };
    Param { name: "weight", sentence, unit: "of the best model score", kind }
}

pub static POPULARITY_TERM: Card = Card {
    name: "popularity",
    sentence: "Raises what many customers have; alone it orders the list of someone without history.",
    family: "ranking",
    params: &[
        weight("How far the most popular product is raised.", 0.05),
        Param {
            name: "region_weight",
            sentence: "How far the favourite of the customer's region is raised while nothing is known of the customer.",
            unit: "of the best popularity",
            kind: Kind::Float { min: 0.0, max: 100.0, default: 0.5 },
        },
    ],
    input: "number of customers per item",
    source: "ln(1 + customers), scaled to 1 at the most popular",
};

pub static MARGIN: Card = Card {
    name: "margin",
    sentence: "Raises products that earn more per price.",
    family: "ranking",
    params: &[weight("How far a product that costs the shop nothing is raised.", 0.0)],
    input: "products with price_cents and cost_cents",
    source: "(price − cost) / price, within 0 and 1",
};

pub static STOCK: Card = Card {
    name: "stock",
    sentence: "Lowers products that are about to sell out.",
    family: "ranking",
    params: &[
        weight("How far the last unit is lowered.", 0.0),
        Param {
            name: "low_stock",
            sentence: "Units below which a product counts as running out.",
            unit: "units",
            kind: Kind::Int { min: 1, max: 1_000_000, default: 10 },
        },
    ],
    input: "products with stock",
    source: "Own",
};

pub static DIVERSITY: Card = Card {
    name: "diversity",
    sentence: "Lowers what resembles something already in the list.",
    family: "ranking",
    params: &[
        weight("How far an exact double is lowered.", 0.1),
        Param {
            name: "pool",
            sentence: "Best items among which each position is decided.",
            unit: "items",
            kind: Kind::Int { min: 1, max: 10_000, default: 100 },
        },
    ],
    input: "any similarity of two items",
    source: "Maximal marginal relevance: Carbonell and Goldstein 1998",
};

pub static ALLOCATION: Card = Card {
    name: "allocation",
    sentence: "Limits how many customers get a product when lists are made for all of them at once.",
    family: "ranking",
    params: &[
        Param {
            name: "within_stock",
            sentence: "Give a product to no more customers than there are units; products without stock are not limited.",
            unit: "",
            kind: Kind::Bool { default: false },
        },
        Param {
            name: "customers_max",
            sentence: "Give no product to more customers than this; 0 means no limit.",
            unit: "customers",
            kind: Kind::Int { min: 0, max: 1_000_000_000, default: 0 },
        },
        Param {
            name: "candidates",
            sentence: "Products considered for each customer, as a multiple of the length of the list.",
            unit: "",
            kind: Kind::Int { min: 1, max: 100, default: 4 },
        },
    ],
    input: "the lists of all customers",
    source: "Lagrangian relaxation: Fisher 1981",
};

pub static EXPLORATION: Card = Card {
    name: "exploration",
    sentence: "Shows something else now and then, with known probability, so that policies can be judged from the log.",
    family: "ranking",
    params: &[
        Param {
            name: "kind",
            sentence: "slots: the last places are given to a uniformly drawn candidate with probability epsilon; \
                       plackett_luce: each place is drawn by softmax of the score.",
            unit: "",
            kind: Kind::Choice { options: &["none", "slots", "plackett_luce"], default: "none" },
        },
        Param {
            name: "epsilon",
            sentence: "Probability with which a slot explores.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 1.0, default: 0.2 },
        },
        Param {
            name: "n_slots",
            sentence: "Places at the end of the list that may explore.",
            unit: "places",
            kind: Kind::Int { min: 1, max: 100, default: 1 },
        },
        Param {
            name: "candidates",
            sentence: "Items each slot chooses among, the best one included.",
            unit: "items",
            kind: Kind::Int { min: 2, max: 1000, default: 20 },
        },
        Param {
            name: "temperature",
            sentence: "Score difference that makes an item e times likelier, for plackett_luce.",
            unit: "of the best model score",
            kind: Kind::Float { min: 1e-6, max: 100.0, default: 0.1 },
        },
    ],
    input: "none",
    source: "Epsilon-greedy slots; Plackett–Luce by sequential draws",
};
