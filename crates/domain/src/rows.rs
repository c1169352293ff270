//! One struct per table of the shop. Fields in the order of the table's columns; an `Option` is a column that may be
//! absent. `extra` keeps what a source had and no column names.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Cents, Day, Millis};

/// Something the shop sells.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Product {
    pub product_id: String,
    pub name: String,
    pub brand: Option<String>,
    /// A path from general to special, parts separated by `/`: `Computers/Laptops`.
    pub category: Option<String>,
    pub price_cents: Option<Cents>,
    pub cost_cents: Option<Cents>,
    pub launched_on: Option<Day>,
    pub retired_on: Option<Day>,
    /// The product this one replaces in its line.
    pub predecessor_id: Option<String>,
    /// Units on hand; `None` means not tracked, which counts as available.
    pub stock: Option<i64>,
    /// Attribute to value with its unit: `memory` → `16 GB`.
    pub specs: BTreeMap<String, String>,
    pub description: Option<String>,
    pub image_url: Option<String>,
    pub extra: Option<String>,
}

/// A person (or firm) who buys or may buy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Customer {
    pub customer_id: String,
    pub joined_on: Option<Day>,
    pub birth_year: Option<i32>,
    pub gender: Option<String>,
    pub region: Option<String>,
    pub city: Option<String>,
    pub first_channel: Option<String>,
    /// Channels on which the customer agreed to be addressed.
    pub consent: Vec<String>,
    pub extra: Option<String>,
}

/// What an event was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    View,
    Search,
    Favourite,
    Cart,
    Uncart,
    Purchase,
    Rate,
    Return,
    Ask,
}

impl EventKind {
    pub const ALL: [EventKind; 9] = [
        EventKind::View,
        EventKind::Search,
        EventKind::Favourite,
        EventKind::Cart,
        EventKind::Uncart,
        EventKind::Purchase,
        EventKind::Rate,
        EventKind::Return,
        EventKind::Ask,
    ];

    /// The name in tables and in the API.
    pub fn name(self) -> &'static str {
        match self {
            EventKind::View => "view",
            EventKind::Search => "search",
            EventKind::Favourite => "favourite",
            EventKind::Cart => "cart",
            EventKind::Uncart => "uncart",
            EventKind::Purchase => "purchase",
            EventKind::Rate => "rate",
            EventKind::Return => "return",
            EventKind::Ask => "ask",
        }
    }

    /// The kind with this exact name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One thing a customer did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub at: Millis,
    pub customer_id: String,
    pub session_id: Option<String>,
    pub product_id: Option<String>,
    pub kind: EventKind,
    /// Stars, 1 to 5, for `rate`.
    pub value: Option<f64>,
    pub quantity: Option<i64>,
    pub price_cents: Option<Cents>,
    pub channel: Option<String>,
    pub campaign_id: Option<String>,
    pub query: Option<String>,
    pub extra: Option<String>,
}

/// One line of an order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Order {
    pub order_id: String,
    pub ordered_at: Millis,
    pub customer_id: String,
    pub product_id: String,
    /// Negative for a return or cancellation.
    pub quantity: i64,
    pub unit_price_cents: Cents,
    pub discount_cents: Option<Cents>,
    pub store: Option<String>,
    pub channel: Option<String>,
    pub extra: Option<String>,
}

/// Where an order is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// Ordered, not paid yet.
    #[default]
    Placed,
    Paid,
    Packed,
    Shipped,
    OutForDelivery,
    Delivered,
    Cancelled,
    /// All of it went back.
    Returned,
}

impl DeliveryStatus {
    pub const ALL: [DeliveryStatus; 8] = [
        DeliveryStatus::Placed,
        DeliveryStatus::Paid,
        DeliveryStatus::Packed,
        DeliveryStatus::Shipped,
        DeliveryStatus::OutForDelivery,
        DeliveryStatus::Delivered,
        DeliveryStatus::Cancelled,
        DeliveryStatus::Returned,
    ];

    /// The name in tables and in the API.
    pub fn name(self) -> &'static str {
        match self {
            DeliveryStatus::Placed => "placed",
            DeliveryStatus::Paid => "paid",
            DeliveryStatus::Packed => "packed",
            DeliveryStatus::Shipped => "shipped",
            DeliveryStatus::OutForDelivery => "out_for_delivery",
            DeliveryStatus::Delivered => "delivered",
            DeliveryStatus::Cancelled => "cancelled",
            DeliveryStatus::Returned => "returned",
        }
    }

    /// The status with this exact name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// What became of an order since it was placed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Delivery {
    pub order_id: String,
    pub status: DeliveryStatus,
    /// Since when it has this status.
    pub updated_at: Millis,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    /// The day promised.
    pub expected_on: Option<Day>,
    pub delivered_on: Option<Day>,
    pub extra: Option<String>,
}

/// A customer's opinion of a product.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Review {
    pub review_id: Option<String>,
    pub at: Millis,
    pub customer_id: Option<String>,
    pub product_id: String,
    /// 1 to 5.
    pub stars: Option<f64>,
    pub text: String,
    pub extra: Option<String>,
}

/// A campaign's contact with (or deliberate silence towards) a customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Exposure {
    pub at: Millis,
    pub customer_id: String,
    pub campaign_id: String,
    pub arm: String,
    /// The probability with which this arm was chosen for this customer, in (0, 1].
    pub propensity: Option<f64>,
    pub channel: Option<String>,
    pub cost_cents: Option<Cents>,
    pub responded: Option<bool>,
    pub revenue_cents: Option<Cents>,
    pub extra: Option<String>,
}

/// A day's media spend on one channel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Spend {
    pub day: Day,
    pub channel: String,
    pub spend_cents: Cents,
    pub impressions: Option<i64>,
    pub clicks: Option<i64>,
    pub extra: Option<String>,
}

/// A document customer service may cite.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KnowledgeDocument {
    pub document_id: String,
    pub title: String,
    pub text: String,
    pub product_ids: Vec<String>,
    pub source: Option<String>,
    /// Sixteen hexadecimal digits of the digest of `text`, or what the source calls its version.
    pub version: Option<String>,
    pub extra: Option<String>,
}

/// A question with the answer that a person of the shop wrote: given before anything is looked for elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CuratedAnswer {
    pub answer_id: String,
    pub question: String,
    /// Other ways of asking the same, in any language.
    pub variants: Vec<String>,
    /// In the shop's language.
    pub answer: String,
    /// In English, where `answer` is not.
    pub answer_en: Option<String>,
    /// The products it is about; empty: any.
    pub product_ids: Vec<String>,
    /// Whether it is given; `None` counts as yes.
    pub is_on: Option<bool>,
    pub source: Option<String>,
    pub extra: Option<String>,
}

/// Accessory compatibility: `product_id` fits `with_product_id`, or every product whose `attribute` equals `value`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fit {
    pub product_id: String,
    pub with_product_id: Option<String>,
    pub attribute: Option<String>,
    pub value: Option<String>,
    pub extra: Option<String>,
}

/// The group a customer is in: made by `train segment`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SegmentMember {
    pub customer_id: String,
    /// The key of the group, if the customer has done anything to be grouped by.
    pub segment: Option<String>,
    /// The key of the named group by recency, frequency and money.
    pub rfm: Option<String>,
    /// 1 to 5, as are the next two; 5 is the most recent fifth.
    pub recency_score: Option<i64>,
    pub frequency_score: Option<i64>,
    pub monetary_score: Option<i64>,
    /// Since the last order, at the day the groups were made for.
    pub recency_days: Option<i64>,
    /// Days with a purchase.
    pub n_purchases: Option<i64>,
    pub spent_cents: Option<Cents>,
    /// To the centre of the group, in standard deviations.
    pub distance: Option<f64>,
    /// Place on the map of customers.
    pub x: Option<f64>,
    pub y: Option<f64>,
}

/// One customer of an audience.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AudienceMember {
    pub audience_id: String,
    pub customer_id: String,
    /// How much like the seeds, for look-alike audiences.
    pub score: Option<f64>,
    pub added_at: Millis,
}

/// How much a customer is drawn to a brand or a category.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CustomerTaste {
    pub customer_id: String,
    /// `brand` or `category`.
    pub kind: String,
    /// The brand, or the path of the category.
    pub name: String,
    /// Up to 1: the cosine of what the customer touched to what stands under this name, seen from the mean of everything.
    pub affinity: f64,
    pub made_at: Millis,
}

/// What is to be expected of a customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CustomerLifetime {
    pub customer_id: String,
    /// The probability of not having left.
    pub alive: f64,
    /// Days with a purchase expected within the next 90.
    pub purchases: f64,
    /// Worth over the next twelve months, discounted; absent where what is spent a purchase cannot be told.
    pub value_cents: Option<Cents>,
    /// The last day of what it rests on.
    pub as_of: Day,
}

/// What a customer owns and may replace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CustomerUpgrade {
    pub customer_id: String,
    /// 1 is what is likeliest to be replaced.
    pub place: i64,
    pub category: String,
    /// What they own.
    pub product_id: String,
    /// Whole months since it was bought.
    pub owned_months: i64,
    /// The chance that they buy another of the category here within three months.
    pub chance: f64,
    /// The newest product of its line that is on sale, if that is newer.
    pub successor_id: Option<String>,
    /// The last day of what it rests on.
    pub as_of: Day,
}

/// How near a customer is to the shop.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CrowdMember {
    pub customer_id: String,
    /// One of [`crate::table::CROWD_STATES`].
    pub state: String,
    /// The same thirty days before; absent for who was in none.
    pub state_before: Option<String>,
    /// The channel of what brought the customer there.
    pub channel: Option<String>,
    pub as_of: Day,
}

/// One place of the list that a customer would be given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecommendedProduct {
    pub customer_id: String,
    /// 1 is the top.
    pub position: i64,
    pub product_id: String,
    pub score: f64,
    /// The model that it came from; absent if it was popularity alone.
    pub model_version: Option<String>,
    pub made_at: Millis,
}
