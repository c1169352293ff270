//! What a copy rests on: a field of a product, the shop's other products, the predecessor, reviews added up, the offer, or a
//! statement of the table of uses. Every figure, spec, name and comparison in a copy points to one of these.

use serde::{Deserialize, Serialize};

/// One thing that a copy rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "snake_case")]
pub enum Evidence {
    /// A field of the product: `name`, `price_cents`, `specs.memory`. For what was read from a text, `value` is the part read.
    Field { product_id: String, field: String, value: String },
    /// Where a spec stands among the shop's products of the same kind at a similar price.
    Neighbours {
        product_id: String,
        field: String,
        value: String,
        n: usize,
        n_worse: usize,
        n_equal: usize,
        n_better: usize,
        price_low_cents: i64,
        price_high_cents: i64,
    },
    /// The difference to the product that this one replaces.
    Predecessor {
        product_id: String,
        field: String,
        value: String,
        other_id: String,
        other_name: String,
        other_value: String,
        /// In English with its unit.
        difference: String,
    },
    /// Reviews that name an aspect, and how many of them praise it.
    Opinions { product_id: String, aspect: String, n_praise: u32, n_reviews: u32 },
    /// A part of the offer: `price_cents`, `coupon`, `coupon_off_cents`, `gift`, `ends_on`.
    Offer { part: String, value: String },
    /// What was reckoned from other evidence, with how.
    Computed { how: String, value: String },
    /// What a value is good for, by our table: attribute, the condition that the value meets, the value.
    Use { product_id: String, field: String, value: String, attribute: String, threshold: String },
    /// Something of the brief: the shop's name, what the customers own.
    Brief { part: String, value: String },
}

impl Evidence {
    /// The value in which what is said must be found.
    pub fn value(&self) -> &str {
        match self {
            Evidence::Field { value, .. }
            | Evidence::Neighbours { value, .. }
            | Evidence::Predecessor { value, .. }
            | Evidence::Offer { value, .. }
            | Evidence::Computed { value, .. }
            | Evidence::Use { value, .. }
            | Evidence::Brief { value, .. } => value,
            Evidence::Opinions { aspect, .. } => aspect,
        }
    }
}
