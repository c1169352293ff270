//! What sets each group apart, in figures and in words: levels that are over- and under-represented, numbers that differ,
//! a name and a description in Chinese and English, and three things to do next. Input is sufficient statistics that an
//! engine aggregates ([`Facts`]); a customer is never seen. What is not here: the groups themselves, and carrying out what
//! is suggested.

mod actions;
mod contrast;
mod describe;
mod facts;
mod name;
mod number;

pub use actions::{Action, ActionKind, Target};
pub use contrast::{LevelContrast, NumberContrast};
pub use facts::{Attribute, AttributeFacts, Facts, GroupFacts, Level, Measure, Moments, NumberFacts, Per, Recent};
pub use number::{Currency, compact, money, percent};

use domain::Cents;
use serde::Serialize;

use crate::{SegmentError, Text};

/// How groups are told apart.
#[derive(Clone, Debug, PartialEq)]
pub struct ProfileOptions {
    pub currency: Currency,
    /// The share of false facts that may be among those told (Benjamini and Hochberg 1995).
    pub false_share: f64,
    /// Customers that the expectation of no difference is worth.
    pub prior: f64,
    /// Over- and under-represented levels that are listed, at most, of each.
    pub n_levels_max: usize,
    /// Length of the periods of [`Recent`].
    pub recent_days: u32,
}

impl Default for ProfileOptions {
    fn default() -> Self {
        ProfileOptions {
            currency: Currency::default(),
            false_share: 0.05,
            prior: 100.0,
            n_levels_max: 12,
            recent_days: 90,
        }
    }
}

/// A group as people see it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupProfile {
    pub key: String,
    /// No other group of the same profile has it, in either language.
    pub name: Text,
    pub description: Text,
    pub n_customers: u64,
    /// Of all customers; 0 if there are none.
    pub customers_share: f64,
    pub value_cents: Cents,
    /// Of all groups' value; 0 if that is not positive.
    pub value_share: f64,
    pub trend: Trend,
    /// Sure to be over-represented, the most telling first.
    pub over: Vec<LevelContrast>,
    /// Sure to be under-represented, the most telling first.
    pub under: Vec<LevelContrast>,
    /// All numbers, the most different first.
    pub numbers: Vec<NumberContrast>,
    /// Three, the most fitting first.
    pub actions: Vec<Action>,
}

/// The last period against the one before, as relative changes; `None` where that is unknown or was nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Trend {
    /// Of customers who bought.
    pub customers_change: Option<f64>,
    pub value_change: Option<f64>,
    pub direction: Direction,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The value by 5 % or more.
    Growing,
    Steady,
    /// By 5 % or more.
    Shrinking,
    Unknown,
}

/// Profiles of all groups, in their order.
///
/// # Errors
/// If shapes do not fit, more customers are counted at a level than a group has, a moment is not finite, or an option is
/// out of range.
pub fn profile(facts: &Facts, options: &ProfileOptions) -> Result<Vec<GroupProfile>, SegmentError> {
    facts.check()?;
    if !(options.false_share > 0.0 && options.false_share < 1.0) {
        return Err(SegmentError::unfit("share of false facts", options.false_share, "more than 0, less than 1"));
    }
    if !(options.prior.is_finite() && options.prior > 0.0) {
        return Err(SegmentError::unfit("prior", options.prior, "more than 0"));
    }
    let contrasts = contrast::of_all(facts, options);
    let n_customers: u64 = facts.groups.iter().map(|group| group.n_customers).sum();
    let cents: i64 = facts.groups.iter().map(|group| group.value_cents.0).sum();
    let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    let profiles = facts.groups.iter().zip(&contrasts).map(|(group, contrasts)| {
        let mut profile = GroupProfile {
            key: group.key.clone(),
            name: Text::default(),
            description: Text::default(),
            n_customers: group.n_customers,
            customers_share: share(group.n_customers as f64, n_customers as f64),
            value_cents: group.value_cents,
            value_share: share(group.value_cents.0 as f64, cents as f64),
            trend: Trend::of(group),
            over: contrasts.listed(true, options.n_levels_max),
            under: contrasts.listed(false, options.n_levels_max),
            numbers: contrasts.numbers.clone(),
            actions: Vec::new(),
        };
        profile.description = describe::describe(&profile, contrasts, options);
        profile.actions = actions::suggest(&profile, contrasts, &options.currency);
        profile
    });
    let mut profiles: Vec<GroupProfile> = profiles.collect();
    let sizes: Vec<u64> = profiles.iter().map(|profile| profile.n_customers).collect();
    for (profile, name) in profiles.iter_mut().zip(name::names(&contrasts, &sizes)) {
        profile.name = name;
    }
    Ok(profiles)
}

impl Trend {
    fn of(group: &GroupFacts) -> Self {
        let change = |of: fn(&Recent) -> (f64, f64)| {
            let (now, before) = of(group.recent.as_ref()?);
            (before > 0.0).then(|| now / before - 1.0)
        };
        let value_change = change(|recent| (recent.value_cents.0 as f64, recent.value_cents_before.0 as f64));
        let direction = match value_change {
            Some(0.05..) => Direction::Growing,
            Some(change) if change <= -0.05 => Direction::Shrinking,
            Some(_) => Direction::Steady,
            None => Direction::Unknown,
        };
        let customers_change = change(|recent| (recent.n_active as f64, recent.n_active_before as f64));
        Trend { customers_change, value_change, direction }
    }
}

#[cfg(test)]
mod tests;
