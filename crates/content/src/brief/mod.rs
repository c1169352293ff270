//! What is wanted: which product, for whom, why, on which channel, in which tone and language, with which offer. A brief is
//! checked before anything is planned. Not here: what may be said of the product (see [`crate::plan`]).

mod check;
mod error;
mod offer;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use domain::{Day, Product};
use serde::{Deserialize, Serialize};

pub use error::BriefError;
pub use offer::Offer;

/// The language that is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lang {
    #[default]
    Zh,
    En,
}

impl Lang {
    /// One of two, by language.
    pub fn choose<T>(self, zh: T, en: T) -> T {
        match self {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }
}

/// How many days after its launch a product may be called new.
pub const NEWS_DAYS: i32 = 60;

/// What the copy is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// A product that is new in the shop.
    #[default]
    Launch,
    /// An offer that ends.
    Promotion,
    /// To customers who have not been back for long.
    WinBack,
    /// Something that goes with what the customer owns.
    CrossSell,
    /// A newer one of what the customer owns.
    Upgrade,
}

impl Goal {
    pub const ALL: [Goal; 5] = [Goal::Launch, Goal::Promotion, Goal::WinBack, Goal::CrossSell, Goal::Upgrade];

    /// The name in requests and in the grammar.
    pub fn name(self) -> &'static str {
        match self {
            Goal::Launch => "launch",
            Goal::Promotion => "promotion",
            Goal::WinBack => "win_back",
            Goal::CrossSell => "cross_sell",
            Goal::Upgrade => "upgrade",
        }
    }
}

/// How it is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// Matter of fact.
    #[default]
    Plain,
    /// As to somebody one knows.
    Warm,
    /// Short and quick.
    Lively,
    /// To somebody who reads data sheets.
    Expert,
    /// Quiet and chosen.
    Refined,
}

impl Tone {
    pub const ALL: [Tone; 5] = [Tone::Plain, Tone::Warm, Tone::Lively, Tone::Expert, Tone::Refined];

    /// The name in requests and in the grammar.
    pub fn name(self) -> &'static str {
        match self {
            Tone::Plain => "plain",
            Tone::Warm => "warm",
            Tone::Lively => "lively",
            Tone::Expert => "expert",
            Tone::Refined => "refined",
        }
    }
}

/// How much of a field's room is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    Short,
    #[default]
    Medium,
    Long,
}

/// For whom: what a group of customers cares about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Audience {
    /// What the group is called in the shop; never said in a copy.
    pub name: Option<String>,
    /// Attribute of a spec (`memory`) or aspect of an opinion (`battery`) → how much it matters, 0 to 1. What is not named
    /// matters 0.5.
    pub weights: BTreeMap<String, f64>,
    /// 0: price hardly matters, 1: price decides. Absent: 0.5.
    pub price_sensitivity: Option<f64>,
    /// What they own: the predecessor for [`Goal::Upgrade`], the device for [`Goal::CrossSell`].
    pub owned: Option<Product>,
}

/// What is to be written. The first product is written about; the others are named with it where there is room.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Brief {
    pub products: Vec<Product>,
    pub audience: Audience,
    pub goal: Goal,
    /// The name of a card of [`crate::channel`].
    pub channel: String,
    pub tone: Tone,
    pub lang: Lang,
    pub offer: Option<Offer>,
    pub length: Length,
    /// Who sends it: the signature of text messages.
    pub shop_name: String,
    /// ISO 4217, of all prices.
    pub currency: String,
    /// Today in the shop's own time zone; offers that have ended are refused.
    pub today: Option<Day>,
    /// Whether a product may be compared with the shop's other products ("3 of 24 …").
    pub may_compare: bool,
}

impl Brief {
    /// The product that is written about.
    ///
    /// # Panics
    /// If there is none, which [`Brief::check`] refuses.
    pub fn hero(&self) -> &Product {
        &self.products[0]
    }

    /// Whether the shop knows that it was launched within [`NEWS_DAYS`] before today: only then a text may call it new.
    pub fn is_news(&self) -> bool {
        let days = self.hero().launched_on.zip(self.today).map(|(launched, today)| today.0 - launched.0);
        days.is_some_and(|days| (0..=NEWS_DAYS).contains(&days))
    }

    /// What its texts begin with, in the grammar's words: what is no news is shown, not announced.
    pub fn opening(&self) -> &'static str {
        match self.goal {
            Goal::Launch if !self.is_news() => "present",
            goal => goal.name(),
        }
    }
}
