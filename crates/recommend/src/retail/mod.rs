//! What a 3C shop knows beyond taste: how long a thing lasts, what fits it, what is bought with it, what replaces it.
//! Learned from the shop's own rows into [`Knowledge`]; the ranker turns it into named terms.

mod bundles;
mod cycles;
mod fits;
mod successors;

use domain::{Card, Fit, Kind, Millis, Param};
use serde::{Deserialize, Serialize};

pub use bundles::{Bundle, Bundles};
pub use cycles::{Cycle, CycleOrigin, Cycles};
pub use fits::FitPairs;
pub use successors::Successors;

use crate::rank::{Catalogue, Policy};

/// One bought line, in indexes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Purchase {
    pub customer: u32,
    /// Lines of one order share this number.
    pub order: u64,
    pub item: u32,
    pub at: Millis,
}

/// Everything learned for the ranker besides the model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Knowledge {
    /// Shape: (n_items). How many customers bought or touched each item in training; shorter means 0 for the rest.
    pub n_customers_of_item: Vec<u32>,
    pub cycles: Cycles,
    /// Made anew from the catalogue and the `fits` rows by [`Knowledge::refreshed`], so it is not stored.
    #[serde(skip)]
    pub fits: FitPairs,
    pub bundles: Bundles,
    pub successors: Successors,
}

impl Knowledge {
    /// Learns from the shop's purchases (any order) and `fits` rows.
    pub fn learn(
        catalogue: &Catalogue,
        purchases: &[Purchase],
        fits: &[Fit],
        n_customers_of_item: Vec<u32>,
        policy: &Policy,
    ) -> Knowledge {
        Knowledge {
            n_customers_of_item,
            cycles: Cycles::learn(catalogue, purchases, &policy.settings(&DURABLE)),
            fits: FitPairs::resolve(catalogue, fits),
            bundles: Bundles::learn(purchases, catalogue.n_items(), &policy.settings(&BUNDLE)),
            successors: Successors::of(catalogue),
        }
    }

    /// What was learned, for the catalogue and the `fits` rows as they are now; both may have grown since. The items
    /// learned about must come first in `catalogue`, in their order.
    pub fn refreshed(&self, catalogue: &Catalogue, fits: &[Fit]) -> Knowledge {
        Knowledge {
            n_customers_of_item: self.n_customers_of_item.clone(),
            cycles: self.cycles.with_new_categories(catalogue),
            fits: FitPairs::resolve(catalogue, fits),
            bundles: self.bundles.clone(),
            successors: Successors::of(catalogue),
        }
    }
}

const fn weight(sentence: &'static str, default: f64) -> Param {
    let kind = Kind::Float { min: 0.0, max: 100.0, default };
    Param { name: "weight", sentence, unit: "of the best model score", kind }
}

const fn days(name: &'static str, sentence: &'static str, default: f64) -> Param {
    Param { name, sentence, unit: "days", kind: Kind::Float { min: 0.0, max: 36_500.0, default } }
}

pub static DURABLE: Card = Card {
    name: "durable",
    sentence: "Holds back the category of a durable product the customer owns until its replacement is near.",
    family: "retail",
    params: &[
        weight("How far a category just bought is held back.", 1.5),
        Param {
            name: "prior_intervals",
            sentence: "How many observed intervals the built-in cycle of a category is worth.",
            unit: "intervals",
            kind: Kind::Float { min: 0.1, max: 1e6, default: 30.0 },
        },
        Param {
            name: "min_intervals",
            sentence: "Observed intervals needed before the shop's own times count at all.",
            unit: "intervals",
            kind: Kind::Int { min: 2, max: 1_000_000, default: 30 },
        },
        Param {
            name: "stretch",
            sentence: "A learned median stays within this factor of the built-in one: customers who replace elsewhere look \
                       like customers who never replace.",
            unit: "",
            kind: Kind::Float { min: 1.0, max: 100.0, default: 1.5 },
        },
    ],
    input: "purchases with times, one row per order line",
    source: "Log-normal replacement times with right censoring, by expectation maximisation; own defaults per category",
};

pub static ACCESSORY: Card = Card {
    name: "accessory",
    sentence: "Raises accessories that fit what the customer owns or looks at, and withholds those that fit nothing of it.",
    family: "retail",
    params: &[
        weight("How far a fitting accessory is raised.", 0.4),
        days("half_life_days", "After how long the raise has halved.", 90.0),
        Param {
            name: "must_fit",
            sentence: "Withhold accessories that fit nothing the customer owns or looks at.",
            unit: "",
            kind: Kind::Bool { default: true },
        },
    ],
    input: "the fits table and product specs",
    source: "Own",
};

pub static BUNDLE: Card = Card {
    name: "bundle",
    sentence: "Raises what is surely bought together with the product at hand, in the cart, or just bought.",
    family: "retail",
    params: &[
        weight("How far a companion with a tenfold lift is raised.", 0.4),
        days("window_days", "How long after a purchase its companions are raised.", 30.0),
        Param {
            name: "min_support",
            sentence: "Orders that must hold both products.",
            unit: "orders",
            kind: Kind::Int { min: 1, max: 1_000_000, default: 5 },
        },
        Param {
            name: "z",
            sentence: "Standard normal quantile of the lower bound on lift: 1.96 leaves 2.5 % below.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 10.0, default: 1.96 },
        },
    ],
    input: "purchases with order numbers, one row per order line",
    source: "Lift with the lower Wilson (1927) bound of the conditional share",
};

pub static SUCCESSOR: Card = Card {
    name: "successor",
    sentence: "Raises the newest successor of what the customer owns as the upgrade becomes due.",
    family: "retail",
    params: &[
        weight("How far the successor of a product past its cycle is raised.", 1.0),
        days("without_cycle_days", "The median cycle assumed for a category without one.", 1095.0),
    ],
    input: "products with predecessor_id",
    source: "Own",
};

pub static PRICE_DROP: Card = Card {
    name: "price_drop",
    sentence: "Raises a product the customer looked at and did not buy whose price has fallen since.",
    family: "retail",
    params: &[
        weight("How far a fall to half the price is raised.", 0.5),
        Param {
            name: "min_drop",
            sentence: "Smallest fall that counts, as a share of the price seen.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 1.0, default: 0.03 },
        },
        days("half_life_days", "After how long since the look the raise has halved.", 30.0),
    ],
    input: "events with the price seen",
    source: "Own",
};

pub static NEW_PRODUCT: Card = Card {
    name: "new_product",
    sentence: "Gives a product a start that fades over its first weeks, and content's score while few know it.",
    family: "retail",
    params: &[
        weight("How far a product launched today is raised.", 0.1),
        days("window_days", "After how long the raise has gone.", 60.0),
        Param {
            name: "content_weight",
            sentence: "Weight of the content model for products that few customers have.",
            unit: "of the best model score",
            kind: Kind::Float { min: 0.0, max: 100.0, default: 0.5 },
        },
        Param {
            name: "min_customers",
            sentence: "From how many customers on the content model is no longer asked.",
            unit: "customers",
            kind: Kind::Int { min: 0, max: 1_000_000, default: 5 },
        },
    ],
    input: "products with launched_on; a content model if there is one",
    source: "Own",
};
