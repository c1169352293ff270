//! Forms that a conversation fills in: a return, a repair, an invoice, price protection, a trade-in. What a form asks and
//! checks is data ([`Form`]; built in, and in the shop's `service.toml`); filling one in can be corrected, interrupted by
//! other questions, taken up again and cancelled. What a complete form leads to is the shop's business.
//!
//! Every value is data: what a customer writes into a field is stored and shown, never read as an order to the service.
//! A form is submitted only after a yes to its last question.

mod book;
mod clean;
mod notice;
mod purchases;
mod read;
mod say;
mod spared;
mod step;
#[cfg(test)]
mod tests;
mod view;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{Day, Millis, Product};
use serde::{Deserialize, Serialize};

pub use self::book::FormBook;
pub(crate) use self::clean::Words;
pub(crate) use self::purchases::RECENT_DAYS;
pub use self::step::{again, step};
pub use self::view::{masked, view};
pub(crate) use self::words::yes_no;
use crate::evidence::Evidence;
use crate::policy::Policies;
use crate::turn::Lang;
use crate::world::OrderRecord;

/// What [`Filling::asked`] holds while only the customer's yes is missing. No field may be called so.
pub const CONFIRM: &str = "confirm";
/// The form by which a customer asks to be told as soon as something can be had.
pub const STOCK_ALERT: &str = "stock_alert";
/// Refusals in a row after which a person is offered.
pub const REFUSALS_MAX: u8 = 2;

/// What a form asks for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Form {
    /// The intent that opens it.
    pub name: String,
    pub title_zh: String,
    pub title_en: String,
    pub fields: Vec<Field>,
    /// Names of policies that must allow it before it is submitted: see [`crate::policy::windows::POLICIES`].
    #[serde(default)]
    pub policies: Vec<String>,
    /// Words that open it; a form that is no intent needs some.
    #[serde(default)]
    pub words: Vec<String>,
    /// Whether it is filled in only by a customer whom the shop vouches for; forms about orders always are.
    #[serde(default)]
    pub signed_in: bool,
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
    /// Asked only where another field, a choice that stands before it, has one of these values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_if: Option<Condition>,
}

impl Field {
    /// Whether a message is, word for word, one of the field's choices.
    pub fn offers(&self, message: &str) -> bool {
        let FieldKind::Choice { options } = &self.kind else { return false };
        let said = message.trim().to_lowercase();
        let texts = options.iter().flat_map(|one| [&one.value, &one.zh, &one.en].into_iter().chain(&one.words));
        texts.into_iter().any(|text| text.to_lowercase() == said)
    }
}

/// `only_if = { field = "kind", is = ["company"] }`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    pub field: String,
    pub is: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FieldKind {
    /// One of the customer's own orders.
    Order,
    /// A line of that order: the id of its product.
    OrderLine,
    /// A product of the shop, or words for one.
    Product,
    Choice {
        options: Vec<Choice>,
    },
    /// At most so many characters.
    Text {
        max: usize,
    },
    Phone,
    Email,
    Address,
    Day {
        from_today: bool,
    },
    /// An organisation's tax number (统一社会信用代码 with its check digit, or 15 digits of old ones).
    TaxNumber,
    /// 1 to `max`, and not more than were bought of the order line, if the form has one.
    Count {
        max: i64,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// The field that was asked for last; [`CONFIRM`] for the last question. Absent: just opened.
    pub asked: Option<String>,
    /// Times in a row that the answer was no value of the field.
    pub n_refused: u8,
    /// Values offered with the last question, in the order in which "the second" counts.
    pub offered: Vec<String>,
    /// Optional fields that the customer left out.
    pub skipped: Vec<String>,
}

/// What a form may know while it is filled in.
pub struct FormWorld<'a> {
    /// Who it is, if the shop vouches for it.
    pub customer_id: Option<&'a str>,
    /// The customer's own orders, newest first; empty without a customer.
    pub orders: &'a [OrderRecord],
    pub product: &'a dyn Fn(&str) -> Option<Arc<Product>>,
    pub policies: &'a Policies,
    /// In the shop's time zone.
    pub today: Day,
    /// See [`crate::world::World::day_of`].
    pub day_of: &'a dyn Fn(Millis) -> Day,
    /// ISO 4217.
    pub currency: &'a str,
    pub lang: Lang,
    /// The order talked about.
    pub order_id: Option<&'a str>,
    /// Products talked about, the last first.
    pub products: &'a [String],
}

/// What follows from a message for the form in hand. All texts are in the customer's language; every figure in them that
/// is not the customer's own stands in the evidence.
#[derive(Clone, Debug, PartialEq)]
pub enum FormStep {
    /// A field is asked for. `suggestions` are answers to click.
    Ask { field: String, text: String, evidence: Vec<Evidence>, suggestions: Vec<String> },
    /// The answer is no value of the field. `text` says why and asks again; from the second time on a person is offered.
    Refused {
        field: String,
        why: String,
        text: String,
        evidence: Vec<Evidence>,
        suggestions: Vec<String>,
        offer_person: bool,
    },
    /// Everything is there and only a yes is missing.
    Confirm { text: String, evidence: Vec<Evidence>, suggestions: Vec<String> },
    /// Confirmed: the filling is over.
    Submit { submission: Submission, text: String, evidence: Vec<Evidence> },
    /// A policy does not allow it: the filling is over. `instead` is the intent of what is possible, or `human`.
    NotAllowed { policy: String, why: String, evidence: Vec<Evidence>, instead: Option<String> },
    /// It needs a customer whom the shop vouches for. The filling waits.
    SignIn { text: String },
    /// The customer does not want it any more: the filling is over.
    Cancelled { text: String },
    /// The message is about something else. The filling waits; [`again`] takes it up.
    NotMine,
}

impl FormStep {
    /// Whether the filling is over, whatever way.
    pub fn ends(&self) -> bool {
        matches!(self, FormStep::Submit { .. } | FormStep::NotAllowed { .. } | FormStep::Cancelled { .. })
    }
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
    /// In words; what is personal is masked.
    pub value: Option<String>,
    pub is_asked: bool,
    /// For a choice, an order or an order line: what may be answered.
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

impl Form {
    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The first field of a kind.
    pub fn of_kind(&self, is: impl Fn(&FieldKind) -> bool) -> Option<&Field> {
        self.fields.iter().find(|field| is(&field.kind))
    }

    /// Whether it can only be filled in for a customer whom the shop vouches for.
    pub fn needs_identity(&self) -> bool {
        self.signed_in || self.of_kind(|kind| matches!(kind, FieldKind::Order | FieldKind::OrderLine)).is_some()
    }

    pub fn title(&self, lang: Lang) -> &str {
        lang.choose(&self.title_zh, &self.title_en)
    }
}

impl Field {
    pub fn label(&self, lang: Lang) -> &str {
        lang.choose(&self.label_zh, &self.label_en)
    }

    /// Whether it is to be filled in, given the fields before it.
    pub fn applies(&self, filling: &Filling) -> bool {
        self.only_if.as_ref().is_none_or(|condition| {
            filling.values.get(&condition.field).is_some_and(|value| condition.is.contains(value))
        })
    }
}

impl Choice {
    pub fn label(&self, lang: Lang) -> &str {
        lang.choose(&self.zh, &self.en)
    }
}
