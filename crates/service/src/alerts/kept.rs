//! What became of alerts: since when each lasts, and when it was over. A look that finds what was found before tells nothing new.

use std::sync::Mutex;

use data::Shop;
use domain::{Day, Millis};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Alert, look, unchecked};
use crate::clock;
use crate::error::Result;
use crate::flows::segment::Text;
use crate::store::Store;

/// The setting under which they are kept.
const KEPT: &str = "alerts";
/// What was over is kept for so many.
const OVER_MAX: usize = 50;

/// One look at a time.
static LOOKS: Mutex<()> = Mutex::new(());

/// An alert and how long it lasted. Times are UTC milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = KeptAlert)]
pub struct Kept {
    #[serde(flatten)]
    pub alert: Alert,
    pub since: i64,
    /// Absent as long as it lasts.
    pub over_at: Option<i64>,
}

/// Alerts as of the last look.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Alerts {
    /// The day that was looked at; absent before the first look.
    pub day: Option<String>,
    /// UTC milliseconds.
    pub looked_at: Option<i64>,
    /// Those that last, the newest first.
    pub open: Vec<Kept>,
    /// Those that are over, the last first.
    pub over: Vec<Kept>,
    /// What nothing could be said of, and why: no alert there does not mean that all is well.
    #[serde(default)]
    pub unchecked: Vec<Text>,
}

/// What a look found that was not known before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct News {
    pub begun: Vec<Kept>,
    pub over: Vec<Kept>,
}

impl Alerts {
    /// Takes over what a look found; what is new.
    pub fn after(&mut self, found: Vec<Alert>, day: Day, now: Millis) -> News {
        let mut news = News::default();
        let before = std::mem::take(&mut self.open);
        for alert in found {
            match before.iter().find(|kept| kept.alert.key == alert.key) {
                Some(known) => self.open.push(Kept { alert, ..known.clone() }),
                None => {
                    let kept = Kept { alert, since: now.0, over_at: None };
                    news.begun.push(kept.clone());
                    self.open.push(kept);
                }
            }
        }
        for known in before {
            if !self.open.iter().any(|open| open.alert.key == known.alert.key) {
                news.over.push(Kept { over_at: Some(now.0), ..known });
            }
        }
        self.open.sort_by(|a, b| b.since.cmp(&a.since).then_with(|| a.alert.key.cmp(&b.alert.key)));
        self.over.splice(0..0, news.over.iter().cloned());
        self.over.truncate(OVER_MAX);
        (self.day, self.looked_at) = (Some(day.to_string()), Some(now.0));
        news
    }
}

/// As of the last look.
///
/// # Errors
/// If the store cannot be read.
pub fn last(store: &Store) -> Result<Alerts> {
    let kept = store.setting(KEPT)?;
    // What another version kept is found again.
    Ok(kept.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

/// Looks, keeps what was found, and hands over what is new. Whoever tells somebody of it does so before it is kept: `tell` is called with
/// the news, and where it fails nothing is kept, so that the next look finds the same news again.
///
/// # Errors
/// If the tables cannot be read, the store cannot be written, or telling fails.
pub async fn check(
    shop: &Shop,
    store: &Store,
    day: Day,
    now: Millis,
    tell: impl FnOnce(&News) -> Result<()>,
) -> Result<Alerts> {
    let (found, unknown) = (look(shop, store, day).await?, unchecked(shop, store, day).await?);
    let _alone = LOOKS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut alerts = last(store)?;
    let news = alerts.after(found, day, now);
    alerts.unchecked = unknown;
    tell(&news)?;
    store.set_setting(KEPT, &serde_json::to_string(&alerts)?)?;
    for kept in &news.begun {
        tracing::warn!(alert = %kept.alert.key, found = %kept.alert.found.en, "an alert");
    }
    Ok(alerts)
}

impl Kept {
    /// By which a delivery of it is known: telling again is telling the same.
    pub fn occurrence(&self) -> String {
        let what = if self.over_at.is_some() { "over" } else { "begun" };
        let day = &clock::rfc3339(Millis(self.since))[..10];
        format!("{}.{day}.{what}", self.alert.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::text;

    fn alert(key: &str) -> Alert {
        let words = || text("a", "a");
        Alert {
            key: key.to_owned(),
            kind: "silence".to_owned(),
            title: words(),
            found: words(),
            expected: words(),
            help: words(),
            value: 2.0,
            limit: 1.0,
            sql: None,
            page: None,
        }
    }

    fn keys(kept: &[Kept]) -> Vec<&str> {
        kept.iter().map(|one| one.alert.key.as_str()).collect()
    }

    #[test]
    fn each_occurrence_is_told_once_and_told_when_over() {
        let mut alerts = Alerts::default();
        let mut look = |found: &[&str], now: i64| {
            let news = alerts.after(found.iter().map(|key| alert(key)).collect(), Day(7), Millis(now));
            (news, alerts.clone())
        };
        let (news, all) = look(&["silence.orders"], 10);
        assert_eq!((keys(&news.begun), keys(&news.over), all.looked_at), (vec!["silence.orders"], vec![], Some(10)));
        let (news, all) = look(&["silence.orders", "silence.events"], 20);
        assert_eq!(
            (keys(&news.begun), keys(&all.open)),
            (vec!["silence.events"], vec!["silence.events", "silence.orders"])
        );
        assert_eq!(all.open[1].since, 10);
        let (news, all) = look(&["silence.events"], 30);
        assert_eq!((keys(&news.begun), keys(&news.over)), (vec![], vec!["silence.orders"]));
        assert_eq!((all.over[0].since, all.over[0].over_at), (10, Some(30)));
        // The same again is another occurrence.
        let (news, _) = look(&["silence.events", "silence.orders"], 40);
        assert_eq!(keys(&news.begun), ["silence.orders"]);
        assert_ne!(news.begun[0].occurrence(), all.over[0].occurrence());
        let (news, _) = look(&["silence.events", "silence.orders"], 50);
        assert_eq!(news, News::default());
    }
}
