//! What will be said, before any word: selling points of a product, each with the fields it rests on, ranked by what sets the
//! product apart from its nearest neighbours in the shop, by what the audience cares about, by what reviews praise, and by how
//! sure the evidence is. What contradicts itself is left out and named. Not here: sentences (see [`crate::write`]).

pub mod aspects;
pub mod attributes;
mod evidence;
pub mod facts;
pub mod kinds;
pub mod names;
mod points;
mod shelf;
#[cfg(test)]
mod tests;
pub mod units;
pub mod uses;

use domain::{Cents, Product};
use serde::{Deserialize, Serialize};

pub use evidence::Evidence;
pub use facts::Omitted;
pub use points::{Change, Claim, Point};
pub use shelf::{Shelf, Standing};

use crate::brief::{Brief, Goal};
use kinds::{Kind, kind_of};

/// How many reviews name an aspect of a product, and how many of them praise it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Opinion {
    /// `screen`, `battery` …, as `language::opinion::ASPECTS` names them.
    pub aspect: String,
    pub label_zh: String,
    pub label_en: String,
    pub n_praise: u32,
    /// Reviews that name the aspect, praise and complaint together.
    pub n_reviews: u32,
}

/// What is known of the product beside its own fields.
#[derive(Clone, Copy, Debug, Default)]
pub struct Market<'a> {
    /// The shop's products, for comparisons.
    pub shelf: Option<&'a Shelf>,
    /// The product that it replaces in its line.
    pub predecessor: Option<&'a Product>,
    pub opinions: &'a [Opinion],
}

/// What will be said of a product.
#[derive(Clone, Debug)]
pub struct Plan {
    pub product_id: String,
    /// In one line, without what cannot be shown.
    pub name: String,
    /// What it is called the second time.
    pub short: String,
    /// Whether English speaks of several by that name: earbuds are.
    pub is_plural: bool,
    pub brand: Option<String>,
    pub kind: Option<&'static Kind>,
    pub price_cents: Option<Cents>,
    /// The best first.
    pub points: Vec<Point>,
    /// What the points compare with, where they do: id and short name.
    pub predecessor: Option<(String, String)>,
    /// What the customers own: short name.
    pub owned: Option<String>,
    /// Other products of the brief: id, short name.
    pub others: Vec<(String, String)>,
    /// What was read and is not said, and why.
    pub omitted: Vec<Omitted>,
    /// The field that says that a computer comes without an operating system, and its value: who buys it has to know.
    pub without_os: Option<(String, String)>,
}

impl Plan {
    /// Plans a checked brief.
    pub fn new(brief: &Brief, market: &Market) -> Plan {
        let hero = brief.hero();
        let kind = kind_of(hero);
        let read = facts::facts(hero, kind);
        // To somebody who owns the older one, that is what the new one is compared with.
        let owned = brief.audience.owned.as_ref();
        let older = owned.filter(|_| brief.goal == Goal::Upgrade).or(market.predecessor);
        let called = |product: &Product| names::short(&names::clean(&product.name), product.brand.as_deref());
        let points = points::points(brief, market, kind, &read, older);
        let clean_brand = hero.brand.as_deref().map(names::clean).filter(|brand| !brand.is_empty());
        // A brand in small letters is written as the name writes it.
        let clean_brand = clean_brand.map(|brand| names::as_in(&brand, &hero.name));
        Plan {
            product_id: hero.product_id.clone(),
            name: names::clean(&hero.name),
            is_plural: names::is_plural(&called(hero)),
            short: called(hero),
            brand: clean_brand.filter(|brand| brand.chars().count() <= 30),
            kind,
            price_cents: hero.price_cents.filter(|price| price.0 > 0),
            points,
            predecessor: older.map(|product| (product.product_id.clone(), called(product))),
            owned: owned.map(called),
            others: brief.products[1..].iter().map(|one| (one.product_id.clone(), called(one))).collect(),
            omitted: read.omitted,
            without_os: facts::without_os(hero, kind),
        }
    }

    /// Whether nothing can be said beyond name and price.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }
}
