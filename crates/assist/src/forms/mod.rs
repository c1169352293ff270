//! Forms that a conversation fills in: a return, a repair, an invoice, price protection, a trade-in. What a form asks and
//! checks is data ([`Form`]; built in, and in the shop's `service.toml`); filling one in can be corrected, interrupted by
//! other questions, taken up again and cancelled. What a complete form leads to is the shop's business.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a form asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Form {
    /// The intent that opens it.
    pub name: String,
    pub title_zh: String,
    pub title_en: String,
    pub fields: Vec<Field>,
    /// Names of policies that must allow it before it is submitted: `return_window`, `price_protection_window` …
    #[serde(default)]
    pub policies: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field {
    pub name: String,
    pub label_zh: String,
    pub label_en: String,
    pub ask_zh: String,
    pub ask_en: String,
    #[serde(flatten)]
    pub kind: FieldKind,
    #[serde(default)]
    pub optional: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FieldKind {
    /// One of the customer's own orders.
    Order,
    /// A line of that order.
    OrderLine,
    /// A product of the shop, or words for one.
    Product,
    Choice { options: Vec<Choice> },
    Text { max: usize },
    Phone,
    Email,
    Address,
    Day { from_today: bool },
    /// An organisation's tax number (统一社会信用代码 with its check digit, or 15 digits of old ones).
    TaxNumber,
    Count { max: i64 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    pub value: String,
    pub zh: String,
    pub en: String,
    /// Other words for it.
    #[serde(default)]
    pub words: Vec<String>,
}

/// A form being filled in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filling {
    pub form: String,
    pub values: BTreeMap<String, String>,
    /// The field that was asked for last; `confirm` for the last question.
    pub asked: Option<String>,
    /// Times in a row that the answer was no value of the field.
    pub n_refused: u8,
}

/// A form as shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FormView {
    pub form: String,
    pub title: String,
    pub fields: Vec<FieldView>,
    /// Everything is there, and only the customer's yes is missing.
    pub to_confirm: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FieldView {
    pub name: String,
    pub label: String,
    pub value: Option<String>,
    pub is_asked: bool,
    /// For a choice.
    pub options: Vec<String>,
}

/// A complete and confirmed form.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    pub form: String,
    pub customer_id: Option<String>,
    pub values: BTreeMap<String, String>,
    /// Policies that allowed it, with what they were checked against.
    pub allowed_by: Vec<String>,
}
