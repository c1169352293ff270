//! Alerts: data that stopped arriving, a mix that is another than it was, a model worse than the simple one, spend far from its own past.
//! Each says what was found, what was expected and what to do; it is told once when it begins and once when it is over. Not here: what
//! health the folder is in (`doctor`), and what to do about the shop (`decisions`).

mod drift;
mod kept;
mod quality;
mod rules;
mod silence;
mod spend;

use data::Shop;
use domain::Day;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock;
use crate::error::Result;
use crate::flows::audience::sql::Present;
use crate::flows::segment::Text;
use crate::store::Store;

pub use self::kept::{Alerts, Kept, News, check, last};
pub use self::quality::{Quality, quality};
pub use self::rules::Rules;

/// Kinds of alerts.
pub const KINDS: [&str; 4] = ["silence", "drift", "model", "spend"];

/// Something that is out of order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Alert {
    /// The kind and what it is about, as `silence.orders`: the same as long as it lasts.
    pub key: String,
    /// `silence`, `drift`, `model` or `spend`.
    pub kind: String,
    pub title: Text,
    pub found: Text,
    pub expected: Text,
    /// What to do.
    pub help: Text,
    /// What was measured, and its limit.
    pub value: f64,
    pub limit: f64,
    /// The statement that it is the answer of.
    pub sql: Option<String>,
    /// The page of the console that tells more.
    pub page: Option<String>,
}

fn text(zh: impl Into<String>, en: impl Into<String>) -> Text {
    Text { zh: zh.into(), en: en.into() }
}

/// Things that are looked at: each table that is expected to go on, and the model.
pub const N_CHECKED: usize = silence::TABLES.len() + 1;

/// What nothing can be said of on a day, and why: no alert there does not mean that all is well.
///
/// # Errors
/// If `[alerts]` is wrong, or the tables cannot be read.
pub async fn unchecked(shop: &Shop, store: &Store, day: Day) -> Result<Vec<Text>> {
    let rules = Rules::of(shop.config())?;
    let present = Present { day, zone: clock::zone(&shop.config().time_zone) };
    let mut all = silence::unknown(shop, &rules, &present, day).await?;
    if quality(shop, store)?.is_none() {
        all.push(text(
            "推荐模型：还没有和热门榜放在一起评估过",
            "the model that recommends: it was not judged beside most popular first yet",
        ));
    }
    Ok(all)
}

/// What is out of order on a day, as far as the tables go up to it; nothing is kept.
///
/// # Errors
/// If `[alerts]` is wrong, or the tables cannot be read.
pub async fn look(shop: &Shop, store: &Store, day: Day) -> Result<Vec<Alert>> {
    let rules = Rules::of(shop.config())?;
    let present = Present { day, zone: clock::zone(&shop.config().time_zone) };
    let mut found = Vec::new();
    silence::look(shop, &rules, &present, day, &mut found).await?;
    // Where nothing comes any more, what came last is no news.
    let is_silent = |found: &[Alert], table: &str| found.iter().any(|alert| alert.key == format!("silence.{table}"));
    let mut drifted = Vec::new();
    drift::look(shop, &rules, &present, day, &mut drifted).await?;
    drifted.retain(|alert| {
        let table = alert.key.split('.').nth(1).unwrap_or("");
        !is_silent(&found, table)
    });
    found.extend(drifted);
    spend::look(shop, &rules, day, &mut found).await?;
    quality::look(shop, store, &rules, &mut found)?;
    Ok(found)
}
