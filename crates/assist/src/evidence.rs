//! What an answer rests on: a field of a product, a row of an order, a piece of a document, a policy of the shop. Every
//! figure in a reply must stand in its evidence; [`unsupported`] finds those that do not. It knows no sentences.

use serde::{Deserialize, Serialize};

/// One thing that a reply rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "snake_case")]
pub enum Evidence {
    /// A field of the table `products`.
    Product { product_id: String, name: String, field: String, value: String },
    /// A row of `orders` or `deliveries`.
    Order { order_id: String, field: String, value: String },
    /// A row of `fits`.
    Fit { product_id: String, with: String, value: String },
    /// A piece of a document, with the bytes it stands at.
    Document { document_id: String, version: String, title: String, text: String, start: usize, end: usize },
    /// A question and answer of the shop.
    Curated { answer_id: String, question: String, text: String },
    /// A policy in `service.toml`.
    Policy { name: String, value: String },
    /// Reviews added up.
    Opinions { product_id: String, aspect: String, value: String },
    /// What a rule computed from other evidence, with how: `2026-11-03 + 7 days = 2026-11-10`.
    Computed { how: String, value: String },
}

impl Evidence {
    /// The text in which figures are looked for.
    pub fn text(&self) -> &str {
        match self {
            Evidence::Product { value, .. }
            | Evidence::Order { value, .. }
            | Evidence::Fit { value, .. }
            | Evidence::Policy { value, .. }
            | Evidence::Opinions { value, .. } => value,
            Evidence::Document { text, .. } | Evidence::Curated { text, .. } => text,
            Evidence::Computed { value, .. } => value,
        }
    }
}
