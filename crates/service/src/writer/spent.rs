//! What writers did on each day of the shop, by endpoint: tokens, cost, how replies went. Whole numbers in the shop's state, to
//! which the server and commands beside it add; so limits of a day hold over restarts and for all of them together.

use std::collections::BTreeMap;

use domain::Day;
use serde::Serialize;

use crate::error::Result;
use crate::store::Store;

/// Names of settings: `writer/DAY/ENDPOINT/WHAT`.
const PREFIX: &str = "writer/";
/// Days that are kept.
pub(super) const KEPT_DAYS: i64 = 92;

/// What one endpoint did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WriterSpent {
    pub tokens_in: u64,
    pub tokens_out: u64,
    /// In millionths of the currency of its prices.
    pub cost_micros: u64,
    /// Replies said in its words.
    pub n_used: u64,
    /// Replies that it worded and that were not said so: the check refused them.
    pub n_refused: u64,
    /// Messages it said the intent of.
    pub n_understood: u64,
    /// Calls that took longer than allowed.
    pub n_slow: u64,
    /// Calls that failed otherwise.
    pub n_failed: u64,
}

impl WriterSpent {
    fn fields(&mut self) -> [(&'static str, &mut u64); 8] {
        [
            ("tokens_in", &mut self.tokens_in),
            ("tokens_out", &mut self.tokens_out),
            ("cost_micros", &mut self.cost_micros),
            ("n_used", &mut self.n_used),
            ("n_refused", &mut self.n_refused),
            ("n_understood", &mut self.n_understood),
            ("n_slow", &mut self.n_slow),
            ("n_failed", &mut self.n_failed),
        ]
    }

    pub fn add(&mut self, other: &WriterSpent) {
        let mut other = other.clone();
        for ((_, own), (_, more)) in self.fields().into_iter().zip(other.fields()) {
            *own = own.saturating_add(*more);
        }
    }

    pub fn tokens(&self) -> u64 {
        self.tokens_in.saturating_add(self.tokens_out)
    }

    /// In the currency of its prices.
    pub fn cost(&self) -> f64 {
        self.cost_micros as f64 / 1e6
    }
}

/// Adds to what an endpoint did on a day.
///
/// # Errors
/// If the store cannot be written.
pub(super) fn add(store: &Store, day: Day, endpoint: &str, spent: &WriterSpent) -> Result<()> {
    let mut spent = spent.clone();
    let counted = spent.fields().into_iter().filter(|(_, n)| **n > 0);
    let name = |what: &str| format!("{PREFIX}{day}/{endpoint}/{what}");
    let added: Vec<(String, i64)> =
        counted.map(|(what, n)| (name(what), i64::try_from(*n).unwrap_or(i64::MAX))).collect();
    if added.is_empty() { Ok(()) } else { store.add_to_settings(added) }
}

/// What each endpoint did from one day to another, both counted, by name.
///
/// # Errors
/// If the store cannot be read.
pub fn between(store: &Store, first: Day, last: Day) -> Result<BTreeMap<String, WriterSpent>> {
    let rows = store.settings_between(&format!("{PREFIX}{first}/"), &format!("{PREFIX}{last}0"))?;
    let mut all: BTreeMap<String, WriterSpent> = BTreeMap::new();
    for (name, value) in rows {
        let mut parts = name.split('/').skip(2);
        let (Some(endpoint), Some(what)) = (parts.next(), parts.next()) else { continue };
        let spent = all.entry(endpoint.to_owned()).or_default();
        let field = spent.fields().into_iter().find(|(field, _)| *field == what);
        if let Some((_, n)) = field {
            *n = n.saturating_add(value.parse().unwrap_or(0));
        }
    }
    Ok(all)
}

/// Forgets the days before one.
///
/// # Errors
/// If the store cannot be written.
pub(super) fn forget_before(store: &Store, day: Day) -> Result<()> {
    store.forget_settings_between(PREFIX, &format!("{PREFIX}{day}"))
}
