//! What a turn may ask of the shop, as small traits. The shop implements them over its tables; tests over a few rows. Each
//! may fail: then the turn says what it cannot tell, and offers a person.

use std::sync::Arc;

pub use domain::DeliveryStatus;
use domain::{Cents, Day, Millis, Product};
use serde::{Deserialize, Serialize};

use crate::AssistError;

/// Everything of the shop that a turn may ask.
pub struct World<'a> {
    pub catalogue: &'a dyn Catalogue,
    pub orders: &'a dyn Orders,
    pub library: &'a dyn Library,
    pub recommender: &'a dyn Recommender,
    /// Today in the shop's own time zone.
    pub today: Day,
    /// Minutes since midnight there.
    pub minute_of_day: u32,
    /// The shop's day of any moment, by its own clocks: in summer another offset from UTC may hold than now.
    pub day_of: &'a (dyn Fn(Millis) -> Day + Sync),
    /// ISO 4217.
    pub currency: &'a str,
    pub shop_name: &'a str,
}

/// What the shop sells.
pub trait Catalogue: Sync {
    fn product(&self, product_id: &str) -> Option<Arc<Product>>;

    /// Products found by what somebody types, best first, conditions in words understood (`5000元以下 16G 轻薄本`).
    fn search(&self, text: &str, n: usize) -> Result<Vec<Found>, AssistError>;

    /// Whether the shop has written down what a product fits.
    fn is_accessory(&self, product_id: &str) -> bool;

    /// Whether an accessory fits a product.
    fn fits(&self, accessory_id: &str, product_id: &str) -> Fitness;

    /// Accessories that fit a product, those bought most first.
    fn accessories(&self, product_id: &str, n: usize) -> Vec<Arc<Product>>;

    /// The product that replaces this one in its line, if any.
    fn successor(&self, product_id: &str) -> Option<Arc<Product>>;

    /// All variants of a product (colours, storage) that share its name, itself among them, in the catalogue's order; none if
    /// it is the only one.
    fn variants(&self, _product_id: &str) -> Vec<Arc<Product>> {
        Vec::new()
    }

    /// Products that a condition accepts, each with how often it was ordered, in the catalogue's order; nothing if
    /// the catalogue can only be searched.
    fn select(&self, _accepts: &dyn Fn(&Product) -> bool) -> Vec<(Arc<Product>, i64)> {
        Vec::new()
    }

    /// What customers praise and complain about, added up from reviews.
    fn opinions(&self, product_id: &str) -> Vec<OpinionCount>;
}

/// A product found, and what of the query it does not meet.
#[derive(Clone, Debug)]
pub struct Found {
    pub product: Arc<Product>,
    /// Larger is better; comparable within one search only.
    pub score: f32,
    /// Conditions of the query that nothing met and that were set aside, in the query's words.
    pub relaxed: Vec<String>,
}

/// Whether something fits, and the row that says so.
#[derive(Clone, Debug, PartialEq)]
pub enum Fitness {
    Yes(FitRow),
    /// The accessory has rows, and none is met.
    No(Vec<FitRow>),
    /// The shop has no row for this accessory, or one that asks for what is not written down of the product.
    Unknown,
}

impl Fitness {
    /// What an accessory's rows say of a product: the row that is met; of those that are not, a row that asks for a property of which
    /// the product's sheet says nothing leaves it open. `value` gives the product's own value of an attribute.
    pub fn of(rows: &[FitRow], product_id: &str, value: &dyn Fn(&str) -> Option<String>) -> Fitness {
        let key = |text: &str| text.trim().to_lowercase();
        let (mut is_open, mut met) = (rows.is_empty(), None);
        for row in rows {
            let own = row.attribute.as_deref().map(value);
            let is_met = row.with_product_id.as_deref() == Some(product_id)
                || own
                    .as_ref()
                    .zip(row.value.as_deref())
                    .is_some_and(|(own, wanted)| own.as_deref().is_some_and(|own| key(own) == key(wanted)));
            is_open |= own.is_some_and(|own| own.is_none());
            if is_met {
                met = Some(row.clone());
                break;
            }
        }
        match met {
            Some(row) => Fitness::Yes(row),
            None if is_open => Fitness::Unknown,
            None => Fitness::No(rows.to_vec()),
        }
    }
}

/// A row of the table `fits`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FitRow {
    pub product_id: String,
    pub with_product_id: Option<String>,
    pub attribute: Option<String>,
    pub value: Option<String>,
}

/// How many reviews praise and complain about an aspect of a product.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OpinionCount {
    /// `screen`, `battery` …, as `language::opinion::ASPECTS` names them.
    pub aspect: String,
    pub label_zh: String,
    pub label_en: String,
    pub n_praise: u32,
    pub n_complaint: u32,
    /// Words of customers, with the review they stand in.
    pub quote: Option<String>,
    /// Words of customers who complain about it.
    #[serde(default)]
    pub complaint: Option<String>,
}

/// What customers have bought, and where it is. A shop answers only for the customer it vouches for.
pub trait Orders: Sync {
    /// A customer's orders, newest first.
    fn orders_of(&self, customer_id: &str) -> Result<Vec<OrderRecord>, AssistError>;
}

/// One order with its lines.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OrderRecord {
    pub order_id: String,
    pub customer_id: String,
    pub ordered_at: Millis,
    pub lines: Vec<OrderLine>,
    /// Absent: the shop has told us nothing of it.
    pub delivery: Option<Delivery>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OrderLine {
    pub product_id: String,
    /// Negative for a return or cancellation.
    pub quantity: i64,
    pub unit_price_cents: Cents,
    pub discount_cents: Option<Cents>,
}

/// Where an order is: what a row of the table `deliveries` says of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    pub status: DeliveryStatus,
    pub updated_at: Millis,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    pub expected_on: Option<Day>,
    pub delivered_on: Option<Day>,
}

/// Documents and curated answers.
pub trait Library: Sync {
    /// Pieces of documents that answer a question, best first. With products named, pieces about them count before
    /// others and pieces about other products are left out.
    fn passages(&self, question: &str, product_ids: &[&str], n: usize) -> Result<Vec<Passage>, AssistError>;

    /// Questions that a person of the shop has answered, nearest first.
    fn curated(&self, question: &str, n: usize) -> Result<Vec<CuratedHit>, AssistError>;
}

/// A piece of a document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Passage {
    pub document_id: String,
    /// Which version of the document it was read from.
    pub version: String,
    pub title: String,
    /// Headings above it, outermost first.
    pub sections: Vec<String>,
    pub text: String,
    /// Bytes of the document.
    pub start: usize,
    pub end: usize,
    /// 0 to 1: how much of the question the piece covers, comparable between questions.
    pub coverage: f32,
    pub score: f32,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CuratedHit {
    pub answer_id: String,
    pub question: String,
    pub answer: String,
    /// 0 to 1.
    pub similarity: f32,
}

/// Personal recommendations.
pub trait Recommender: Sync {
    /// Products for a customer (or for anybody), each with the reason in words, zh and en. `like` narrows to products such as
    /// this one; `category` to a category's path.
    fn recommend(&self, wish: &Wish, n: usize) -> Result<Vec<Recommended>, AssistError>;
}

/// What somebody would like to be recommended.
#[derive(Clone, Debug, Default)]
pub struct Wish<'a> {
    pub customer_id: Option<&'a str>,
    pub like_product_id: Option<&'a str>,
    pub category: Option<&'a str>,
    pub price_max_cents: Option<i64>,
}

#[derive(Clone, Debug)]
pub struct Recommended {
    pub product: Arc<Product>,
    pub reason_zh: Option<String>,
    pub reason_en: Option<String>,
}
