//! What a message means: its language, what is wanted and how surely, what it names, how it feels, what it refers back to.
//! Rules and learned models together; what follows from it is decided elsewhere.

pub mod colours;
mod courtesies;
mod cues;
pub mod emotion;
pub mod entities;
mod heard;
pub mod intents;
pub mod kinds;
mod lang;
pub(crate) mod lists;
pub(crate) mod markup;
mod masked;
mod nearest;
pub mod products;
pub mod references;
mod rules;
pub mod scope;
pub(crate) mod shorthand;
mod spelling;
pub mod variants;

use std::ops::Range;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

pub use self::emotion::Emotion;
pub use self::intents::{INTENTS, Intent, IntentModel};
pub use self::products::ProductNames;
use crate::AssistError;
use crate::state::{Asked, Dialogue};
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
    /// A product of the shop; several if the name fits several, best first: at most five, or all variants of one.
    Product {
        candidates: Vec<String>,
        text: String,
    },
    /// A brand or category of the shop.
    Brand {
        value: String,
    },
    Category {
        value: String,
    },
    /// An attribute of products: `memory`, `screen`, `battery` … (names as in `language::search`, and `price`, `weight`,
    /// `stock`, `warranty`, `color`, `ports`, `os`, …).
    Attribute {
        name: String,
    },
    /// A value with its unit: `16 GB`, `6.7 in`.
    Spec {
        attribute: String,
        value: f64,
        unit: String,
    },
    OrderNumber {
        value: String,
    },
    Money {
        cents: i64,
        is_max: bool,
        is_min: bool,
    },
    /// A day, worked out from the shop's today where the text is relative (`昨天`, `last Friday`).
    Day {
        day: domain::Day,
    },
    /// `两台`, `3 pieces`.
    Count {
        value: i64,
    },
    Phone {
        value: String,
    },
    Email {
        value: String,
    },
    Address {
        value: String,
    },
    /// A reason given for a return or repair: the words as they stand.
    Reason {
        text: String,
    },
    YesNo {
        yes: bool,
    },
    Rating {
        stars: u8,
    },
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
    /// What an earlier conversation was about: `上次说的那款`, `the laptop we spoke of yesterday`. Not sure: `之前那个` may be of this
    /// conversation.
    Earlier { is_sure: bool },
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
    model: Arc<IntentModel>,
    names: Arc<ProductNames>,
    order_numbers: Vec<Regex>,
}

impl Understander {
    /// Both are large: whoever makes one after another shares them.
    pub fn new(model: impl Into<Arc<IntentModel>>, names: impl Into<Arc<ProductNames>>) -> Self {
        Understander { model: model.into(), names: names.into(), order_numbers: Vec::new() }
    }

    /// With the forms of the shop's order numbers as regular expressions (`TC\d{8}`), beside what order numbers look like
    /// everywhere.
    ///
    /// # Errors
    /// If an expression cannot be read, or matches empty text.
    pub fn with_order_numbers<S: AsRef<str>>(self, forms: &[S]) -> Result<Self, AssistError> {
        let allowed = "a regular expression such as TC\\d{8} that matches no empty text";
        let read = |form: &S| {
            let form = form.as_ref();
            let regex = RegexBuilder::new(&heard::ascii_bounds(form)).case_insensitive(true).build().ok();
            regex
                .filter(|regex| !regex.is_match(""))
                .ok_or_else(|| AssistError::unfit("form of order numbers", form, allowed))
        };
        let order_numbers = forms.iter().map(read).collect::<Result<Vec<Regex>, AssistError>>()?;
        Ok(Understander { order_numbers, ..self })
    }

    /// What a message means, in a conversation that remembers `dialogue`. `threshold`: the probability from which an
    /// intent counts, 0 to 1. Time is linear in the message's length, of which [`TEXT_BYTES_MAX`] bytes are read.
    pub fn understand(
        &self,
        message: &Message,
        dialogue: &Dialogue,
        today: domain::Day,
        threshold: f32,
    ) -> Understanding {
        let text = head(message.text);
        let folded = heard::fold(text);
        let asks_confirmation =
            dialogue.forms.last().and_then(|form| form.asked.as_deref()) == Some(crate::forms::CONFIRM);
        let context = entities::Context {
            names: &self.names,
            order_numbers: &self.order_numbers,
            today,
            asks_yes_no: asks_confirmation || matches!(dialogue.asked, Some(Asked::HandOver { .. })),
            asks_rating: matches!(dialogue.asked, Some(Asked::Rating)),
        };
        let entities = entities::find(text, &folded, &context);
        let mut references = references::find(folded.text());
        if !context.asks_rating
            && let Some(chosen) = references::bare_number(folded.text(), dialogue.listed.len())
        {
            references = vec![chosen];
        }
        let said = rules::Said { text, folded: &folded, entities: &entities, references: &references };
        let (intent, likely) = match rules::intent(&said, dialogue) {
            Some((intent, sureness)) => (Some(intent.to_owned()), vec![(intent.to_owned(), sureness)]),
            None => self.by_model(&said, threshold),
        };
        let lang = lang::of(text, &entities, message.page_lang, dialogue.lang);
        Understanding {
            lang,
            confidence: likely.first().map_or(0.0, |(_, p)| *p),
            intent,
            likely,
            emotion: emotion::feel(text, folded.text()),
            is_injection: emotion::is_injection(folded.text()),
            references: references.into_iter().map(|(_, reference)| reference).collect(),
            entities,
        }
    }

    /// The model's likeliest intents, and the first if it is sure enough.
    fn by_model(&self, said: &rules::Said, threshold: f32) -> (Option<String>, Vec<(String, f32)>) {
        let asked = self.model.ask_masked(&masked::masked(said.text, said.entities));
        // Who says that they want no person does not want one.
        let declines = rules::declines_person(said.folded.text());
        let kept = asked.iter().filter(|(name, _)| !(declines && *name == "human"));
        let mut likely: Vec<(String, f32)> = kept.take(3).map(|&(name, p)| (name.to_owned(), p)).collect();
        let sure = likely.first().filter(|(_, p)| *p >= threshold).map(|(name, _)| name.clone());
        let intent = sure.or_else(|| {
            let (intent, sureness) = rules::fallback(said)?;
            likely.retain(|(name, _)| name != intent);
            likely.insert(0, (intent.to_owned(), sureness.max(threshold)));
            likely.truncate(3);
            Some(intent.to_owned())
        });
        (intent, likely)
    }
}

/// Where words of a text point to one of what was listed or talked about: `第一款`, "the cheaper one", `它`. They say which is meant
/// and ask for nothing. A colour may be what is asked, and is none of them. Bytes of the text.
pub(crate) fn pointers(text: &str) -> Vec<Range<usize>> {
    let text = head(text);
    let folded = heard::fold(text);
    let points = |one: &Reference| match one {
        Reference::Ordinal { .. } | Reference::It | Reference::All | Reference::Other => true,
        Reference::With { attribute, .. } => attribute != "color",
        Reference::Earlier { .. } | Reference::Order { .. } => false,
    };
    let found = references::find(folded.text()).into_iter();
    found.filter(|(_, one)| points(one)).map(|(range, _)| folded.original(range)).collect()
}

/// Whether somebody says that they want no person.
pub(crate) fn declines_person(text: &str) -> bool {
    rules::declines_person(heard::fold(head(text)).text())
}

/// Whether a yes or a no is about all that a message says.
pub(crate) fn is_short_yes(text: &str) -> bool {
    rules::is_short_yes(heard::fold(head(text)).text())
}

/// The attribute by which things are set against each other, and which end of it is asked for: `哪个大`, "which one is lighter".
pub(crate) fn compared_by(text: &str) -> Option<(&'static str, Extreme)> {
    measures_compared(text).into_iter().next()
}

/// All of them: `哪个屏大哪个轻`.
pub(crate) fn measures_compared(text: &str) -> Vec<(&'static str, Extreme)> {
    references::compared_by(heard::fold(head(text)).text())
}

/// The part of a text that is read.
fn head(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]
}

#[cfg(test)]
mod tests;
