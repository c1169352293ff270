//! What comes in and what goes out. Reply and action are separate fields of one turn, so that neither swallows the other: a
//! hand-over stands in `action` whatever was said. How it is worked out stands elsewhere.

use domain::Millis;
use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;
use crate::forms::{FormView, Submission};
use crate::hand_over::HandOver;
use crate::memory::Fact;
use crate::understand::Understanding;

/// The languages that service speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lang {
    #[default]
    Zh,
    En,
}

impl Lang {
    /// One of two texts.
    pub fn choose<T>(self, zh: T, en: T) -> T {
        match self {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }
}

/// What a customer says.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    pub text: &'a str,
    pub at: Millis,
    /// Who it is, if the shop vouches for it. Only then may orders be told.
    pub customer_id: Option<&'a str>,
    /// The product of the page it is said on.
    pub page_product_id: Option<&'a str>,
    /// The language of the page, for texts too short to tell.
    pub page_lang: Option<Lang>,
    /// What is known of this customer from earlier conversations; empty for somebody unknown.
    pub memory: &'a [Fact],
}

/// The answer to one message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    pub reply: Reply,
    pub action: Action,
    pub understood: Understanding,
    /// Which way the turn was decided, in order: for people who look after the service.
    pub trace: Vec<Step>,
}

/// What is said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    pub lang: Lang,
    /// Plain text with line breaks; `[1]` refers to `evidence[0]`. Nothing in it is markup.
    pub text: String,
    /// The text without what the blocks show as well, for where they are shown; absent if there is no such thing. Where only
    /// text can be shown, `text` is complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brief: Option<String>,
    pub blocks: Vec<Block>,
    /// What the text rests on. A number `[n]` in the text always has its entry here.
    pub evidence: Vec<Evidence>,
    /// What the customer may want to say next: short texts to click.
    pub suggestions: Vec<String>,
    /// Who wrote the text.
    pub author: Author,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// Our own sentences.
    #[default]
    BuiltIn,
    /// A question and answer that a person of the shop wrote.
    Curated,
    /// A language model, checked against the evidence.
    Writer,
}

/// What is shown beside the text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Block {
    /// Products to choose from, in the order in which "the second one" counts.
    Products {
        products: Vec<ProductCard>,
    },
    Comparison(Comparison),
    Order(OrderCard),
    Form(FormView),
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProductCard {
    pub product_id: String,
    pub name: String,
    pub price_cents: Option<i64>,
    pub in_stock: Option<bool>,
    pub image_url: Option<String>,
    /// Why it stands here, in the customer's language.
    pub why: Option<String>,
}

/// Products side by side.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    pub products: Vec<ProductCard>,
    pub rows: Vec<ComparisonRow>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ComparisonRow {
    /// The attribute in the customer's language.
    pub label: String,
    /// One a product, as the catalogue has it; absent where the catalogue says nothing.
    pub values: Vec<Option<String>>,
    /// The product that is better in this attribute, where better is not a matter of taste.
    pub better: Option<usize>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OrderCard {
    pub order_id: String,
    pub ordered_at: Millis,
    /// In the customer's language; absent if the shop does not know.
    pub status: Option<String>,
    pub lines: Vec<OrderLineCard>,
    pub total_cents: i64,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    /// While it is on its way.
    pub expected_on: Option<domain::Day>,
    #[serde(default)]
    pub delivered_on: Option<domain::Day>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OrderLineCard {
    pub product_id: String,
    pub name: String,
    pub quantity: i64,
    pub unit_price_cents: i64,
}

/// What is done besides answering.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Action {
    #[default]
    None,
    /// A question to the customer that the answer waits for.
    AskBack {
        /// `which_product`, `which_order`, `field`, `confirm`, `sign_in`, `rephrase`.
        what: String,
    },
    /// A form is complete and confirmed: to be stored and carried out by the shop.
    Submit(Submission),
    /// A person takes over.
    HandOver(HandOver),
    /// The conversation is over.
    Close,
}

/// One step on the way to an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// `understand`, `form`, `curated`, `documents`, `products`, `orders`, `fits`, `recommend`, `small_talk`, `writer`, `hand_over` …
    pub stage: String,
    pub found: String,
}

impl Step {
    pub fn new(stage: impl Into<String>, found: impl Into<String>) -> Self {
        Step { stage: stage.into(), found: found.into() }
    }
}
