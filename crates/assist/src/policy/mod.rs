//! The shop's own rules of service, read from `service.toml`: windows for returns and price protection, who answers when,
//! when to hand over, the name the assistant goes by. Data, how they are read and checked ([`Policies::from_toml`]), and
//! what the windows allow ([`windows`]); what else they decide stands in `decide`, `forms`, `hand_over`.

mod reading;
#[cfg(test)]
mod tests;
pub mod warranty;
pub mod windows;
pub mod written;

use domain::Day;
use serde::{Deserialize, Serialize};

#[cfg(test)]
pub(crate) use self::reading::check_form;
use self::warranty::WarrantyRule;
use crate::forms::Form;
use crate::proactive::ProactiveRules;

/// What a shop gets: every key with its default and what it means.
pub const TEMPLATE: &str = include_str!("../service.toml");

/// Everything in `service.toml`. What is left out has the defaults below.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policies {
    pub assistant: AssistantRules,
    pub returns: ReturnRules,
    pub desk: DeskRules,
    pub proactive: ProactiveRules,
    /// Built-in forms that the shop does not offer, by name.
    pub forms_off: Vec<String>,
    /// Forms of the shop's own, and built-in ones changed: by name.
    pub forms: Vec<Form>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AssistantRules {
    pub name_zh: String,
    pub name_en: String,
    /// A curated answer is given from this similarity on, 0 to 1.
    pub curated_threshold: f32,
    /// A piece of a document answers from this coverage on, 0 to 1.
    pub document_threshold: f32,
    /// An intent counts from this confidence on, 0 to 1.
    pub intent_threshold: f32,
    /// Misses in a row after which a person is offered.
    pub misses_max: u8,
    /// Anger from which a person is called, 0 to 1.
    pub anger_max: f32,
}

impl Default for AssistantRules {
    fn default() -> Self {
        AssistantRules {
            name_zh: "小特".into(),
            name_en: "Terry".into(),
            curated_threshold: 0.72,
            document_threshold: 0.55,
            intent_threshold: 0.45,
            misses_max: 2,
            anger_max: 0.7,
        }
    }
}

/// Days count from delivery, or from payment where `from_payment` names the window; where the delivery is not known, from the order.
/// The last of them still counts. What the shop has not set is absent: it is told by the shop's documents or a person, never guessed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReturnRules {
    /// 七天无理由退货.
    pub no_reason_days: Option<u32>,
    /// Returns because of a defect.
    pub defect_return_days: Option<u32>,
    pub defect_exchange_days: Option<u32>,
    pub warranty_days: Option<u32>,
    pub price_protection_days: Option<u32>,
    /// Names of the windows above that count from payment. An order is taken to be paid on the day it is made.
    pub from_payment: Vec<String>,
    /// Category paths that are not taken back without a reason.
    pub no_reason_except: Vec<String>,
    /// Categories whose warranty is another than `warranty_days`; the first that covers a product holds.
    pub warranty: Vec<WarrantyRule>,
}

/// Whether a category lies at a path or below it.
fn is_below(category: &str, path: &str) -> bool {
    let rest = category.strip_prefix(path.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl ReturnRules {
    /// Every window with its name and its days, if the shop has set them.
    pub fn windows(&self) -> [(&'static str, Option<u32>); 5] {
        [
            ("returns.no_reason_days", self.no_reason_days),
            ("returns.defect_return_days", self.defect_return_days),
            ("returns.defect_exchange_days", self.defect_exchange_days),
            ("returns.warranty_days", self.warranty_days),
            ("returns.price_protection_days", self.price_protection_days),
        ]
    }

    /// Whether a category, a path such as `Computers/Laptops`, is not taken back without a reason; with the entry that
    /// says so. An entry covers what lies below it.
    pub fn excepted(&self, category: &str) -> Option<&str> {
        self.no_reason_except.iter().map(String::as_str).find(|path| is_below(category, path))
    }

    /// The rule of the warranty that covers a category, with the entry that does.
    pub fn warranty_of(&self, category: &str) -> Option<(&WarrantyRule, &str)> {
        let covering = |rule: &'_ WarrantyRule| rule.categories.iter().position(|path| is_below(category, path));
        self.warranty.iter().find_map(|rule| Some((rule, rule.categories[covering(rule)?].as_str())))
    }

    /// Whether a window, `returns.price_protection_days`, counts from payment.
    pub fn is_from_payment(&self, key: &str) -> bool {
        self.from_payment.iter().any(|name| key.strip_prefix("returns.") == Some(name))
    }
}

#[cfg(test)]
impl Policies {
    /// Of a shop that has set every window.
    pub fn all_set() -> Policies {
        let returns = ReturnRules {
            no_reason_days: Some(7),
            defect_return_days: Some(7),
            defect_exchange_days: Some(15),
            warranty_days: Some(365),
            price_protection_days: Some(7),
            ..ReturnRules::default()
        };
        Policies { returns, ..Policies::default() }
    }
}

/// Who answers when the assistant does not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeskRules {
    /// Open from and to, `HH:MM` in the shop's time zone; the same for both: around the clock. Closing before opening: it
    /// stays open over midnight, and the night belongs to the day on which it began.
    pub opens: String,
    pub closes: String,
    /// 1 (Monday) to 7.
    pub days: Vec<u8>,
    /// Intent to queue; others go to `general`.
    pub skills: std::collections::BTreeMap<String, String>,
    /// Words that always call a person.
    pub words: Vec<String>,
    /// Days on which nobody is there, whatever day of the week they are.
    pub closed: Vec<Day>,
    /// When else a person takes over.
    pub rules: Vec<DeskRule>,
}

/// A rule of when a person takes over: when all that is set here is so. At least one condition is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeskRule {
    /// For the shop's people.
    pub name: String,
    /// What is wanted is surely one of these.
    pub intents: Vec<String>,
    /// The message has one of these.
    pub words: Vec<String>,
    /// The product last talked about lies in one of these category paths.
    pub categories: Vec<String>,
    /// It costs at least as much.
    pub price_from_cents: Option<i64>,
    /// The queue it goes to; else that of its intent.
    pub skill: Option<String>,
    /// 0 (can wait) to 3 (now); else as for other hand-overs.
    pub priority: Option<u8>,
}

impl DeskRule {
    /// Whether it depends on a product.
    pub fn asks_of_product(&self) -> bool {
        !self.categories.is_empty() || self.price_from_cents.is_some()
    }
}

impl Default for DeskRules {
    fn default() -> Self {
        DeskRules {
            opens: "09:00".into(),
            closes: "21:00".into(),
            days: (1..=7).collect(),
            skills: Default::default(),
            words: Vec::new(),
            closed: Vec::new(),
            rules: Vec::new(),
        }
    }
}
