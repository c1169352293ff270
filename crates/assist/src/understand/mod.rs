//! What a message means: its language, what is wanted and how surely, what it names, how it feels, what it refers back to.
//! Rules and learned models together; what follows from it is decided elsewhere.

pub mod emotion;
pub mod entities;
pub mod intents;
pub mod products;
pub mod references;

use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use self::emotion::Emotion;
pub use self::intents::{INTENTS, Intent, IntentModel};
pub use self::products::ProductNames;
use crate::state::Dialogue;
use crate::turn::{Lang, Message};

/// A message understood. Ranges are bytes of the message as it came.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Understanding {
    pub lang: Lang,
    /// Name of an [`Intent`]; absent if none is sure enough.
    pub intent: Option<String>,
    /// Of that intent, 0 to 1; of the likeliest if none is sure enough.
    pub confidence: f32,
    /// The likeliest intents, best first, at most three.
    pub likely: Vec<(String, f32)>,
    pub entities: Vec<Entity>,
    /// What is referred back to: "the second one", "它", "the 16-inch one".
    pub references: Vec<Reference>,
    pub emotion: Emotion,
    /// A message that tries to give orders to the service itself.
    pub is_injection: bool,
}

/// Something named in a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entity {
    pub range: Range<usize>,
    #[serde(flatten)]
    pub what: Named,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Named {
    /// A product of the shop; several if the name fits several, best first (at most five).
    Product { candidates: Vec<String>, text: String },
    /// A brand or category of the shop.
    Brand { value: String },
    Category { value: String },
    /// An attribute of products: `memory`, `screen`, `battery` … (names as in `language::search`, and `price`, `weight`,
    /// `stock`, `warranty`, `color`, `ports`, `os`, …).
    Attribute { name: String },
    /// A value with its unit: `16 GB`, `6.7 in`.
    Spec { attribute: String, value: f64, unit: String },
    OrderNumber { value: String },
    Money { cents: i64, is_max: bool, is_min: bool },
    /// A day, worked out from the shop's today where the text is relative (`昨天`, `last Friday`).
    Day { day: domain::Day },
    /// `两台`, `3 pieces`.
    Count { value: i64 },
    Phone { value: String },
    Email { value: String },
    Address { value: String },
    /// A reason given for a return or repair: the words as they stand.
    Reason { text: String },
    YesNo { yes: bool },
    Rating { stars: u8 },
}

/// What a message points back to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reference {
    /// The n-th of what was listed, from 1; -1 is the last.
    Ordinal { n: i32 },
    /// The thing talked about: `它`, `this one`, `the same one`.
    It,
    /// Both or all of what was listed: `这两个`, `both`.
    All,
    /// The other one of two.
    Other,
    /// The one with a property: `16 寸那个`, `the cheaper one`.
    With { attribute: String, value: Option<String>, extreme: Option<Extreme> },
    /// The order talked about: `那个订单`, `that order`; `最近的订单` is the newest.
    Order { newest: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extreme {
    Least,
    Most,
}

impl Understanding {
    /// Ids of products named without doubt, in the order of the text.
    pub fn products(&self) -> impl Iterator<Item = &str> {
        self.entities.iter().filter_map(|entity| match &entity.what {
            Named::Product { candidates, .. } if candidates.len() == 1 => Some(candidates[0].as_str()),
            _ => None,
        })
    }

    pub fn order_number(&self) -> Option<&str> {
        self.entities.iter().find_map(|entity| match &entity.what {
            Named::OrderNumber { value } => Some(value.as_str()),
            _ => None,
        })
    }

    pub fn yes_no(&self) -> Option<bool> {
        self.entities.iter().find_map(|entity| match entity.what {
            Named::YesNo { yes } => Some(yes),
            _ => None,
        })
    }

    pub fn is(&self, intent: &str) -> bool {
        self.intent.as_deref() == Some(intent)
    }
}

/// Bytes of a message that are read; what follows is not seen.
pub const TEXT_BYTES_MAX: usize = 8 << 10;

/// What understands messages, made ready once and shared by all conversations.
#[derive(Clone, Debug)]
pub struct Understander {
    model: IntentModel,
    names: ProductNames,
}

impl Understander {
    pub fn new(model: IntentModel, names: ProductNames) -> Self {
        Understander { model, names }
    }

    /// What a message means. `threshold`: the probability from which an intent counts, 0 to 1.
    pub fn understand(&self, message: &Message, dialogue: &Dialogue, today: domain::Day, threshold: f32) -> Understanding {
        let lang = message.page_lang.or(dialogue.lang).unwrap_or_default();
        let likely = self.model.ask(head(message.text), lang);
        let (best, confidence) = likely.first().copied().unwrap_or_default();
        let _ = (&self.names, today);
        Understanding {
            lang,
            intent: (confidence >= threshold).then(|| best.to_owned()),
            confidence,
            likely: likely.iter().take(3).map(|&(name, p)| (name.to_owned(), p)).collect(),
            ..Understanding::default()
        }
    }
}

/// The part of a text that is read.
fn head(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]
}
