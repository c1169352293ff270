//! What an engine counts per group: customers or purchases at levels of attributes, and sums of numbers.

use domain::Cents;
use serde::{Deserialize, Serialize};

use crate::{SegmentError, Text};

/// All that a profile is made of. Every list over groups is in the order of `groups`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    pub groups: Vec<GroupFacts>,
    pub attributes: Vec<AttributeFacts>,
    pub numbers: Vec<NumberFacts>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupFacts {
    pub key: String,
    pub n_customers: u64,
    /// What its customers ever paid.
    pub value_cents: Cents,
    /// How they fare lately; `None` unless both periods are known whole.
    pub recent: Option<Recent>,
}

/// A period up to the present, and the one before, as long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent {
    /// Customers who bought.
    pub n_active: u64,
    pub n_active_before: u64,
    /// What was paid.
    pub value_cents: Cents,
    pub value_cents_before: Cents,
}

/// Counts at the levels of an attribute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttributeFacts {
    pub attribute: Attribute,
    pub per: Per,
    /// Price bands from low to high; others in any order.
    pub levels: Vec<Level>,
    /// Shape: (n_groups, n_levels).
    pub counts: Vec<Vec<u64>>,
}

/// What a level is a level of. Some have levels of given keys, because words depend on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    Category,
    Brand,
    PriceBand,
    Channel,
    /// Keys `0` to `23`, of the shop's clock. Counted by purchase.
    Hour,
    /// Keys `1` (Monday) to `7`. Counted by purchase.
    Weekday,
    /// Keys `newest` (bought when just launched), `previous` (a generation behind), `older`; others by their names.
    Generation,
    AgeBand,
    Region,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// Customers who have the level; one may have several. Shares are of the group's customers.
    Customer,
    /// Purchases; shares are of the group's purchases at all levels.
    Purchase,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    pub key: String,
    /// As words are made of it: categories in the plural in English ("Laptops").
    pub name: Text,
}

/// Sums of a number over a group's customers who have one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NumberFacts {
    pub measure: Measure,
    /// Shape: (n_groups).
    pub moments: Vec<Moments>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    pub n: u64,
    pub sum: f64,
    pub sum_squares: f64,
}

/// A number about a customer that has words of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Days since the last purchase.
    RecencyDays,
    /// Orders in all.
    Orders,
    /// Cents paid in all.
    SpendCents,
    /// Cents per order.
    BasketCents,
    /// Orders with a discount, 0 to 1.
    DiscountShare,
    /// Orders with a return, 0 to 1.
    ReturnShare,
    /// Days since the main device was bought.
    DeviceAgeDays,
    /// Purchases that are accessories, 0 to 1.
    AccessoryShare,
    /// Times the service was asked.
    ServiceContacts,
    /// Products looked at.
    Views,
}

impl Facts {
    pub(super) fn check(&self) -> Result<(), SegmentError> {
        let n_groups = self.groups.len();
        for facts in &self.attributes {
            facts.check(&self.groups)?;
        }
        for facts in &self.numbers {
            if facts.moments.len() != n_groups {
                let found = format!("{} for {:?}", facts.moments.len(), facts.measure);
                return Err(SegmentError::unfit("groups of a number", found, n_groups));
            }
            for (row, moments) in facts.moments.iter().enumerate() {
                for (column, value) in [moments.sum, moments.sum_squares].into_iter().enumerate() {
                    if !value.is_finite() {
                        return Err(SegmentError::NotFinite { row, column, value });
                    }
                }
            }
        }
        Ok(())
    }
}

impl AttributeFacts {
    fn check(&self, groups: &[GroupFacts]) -> Result<(), SegmentError> {
        let name = format!("{:?}", self.attribute);
        let (found, allowed) = (self.counts.len(), groups.len());
        if found != allowed {
            return Err(SegmentError::unfit("groups of an attribute", format!("{found} for {name}"), allowed));
        }
        if let Some(counts) = self.counts.iter().find(|counts| counts.len() != self.levels.len()) {
            let found = format!("{} for {name}", counts.len());
            return Err(SegmentError::unfit("levels of an attribute", found, self.levels.len()));
        }
        if matches!(self.attribute, Attribute::Hour | Attribute::Weekday) {
            if self.per != Per::Purchase {
                return Err(SegmentError::unfit("counts of times", format!("{name} per customer"), "per purchase"));
            }
            let range = if self.attribute == Attribute::Hour { 0..=23 } else { 1..=7 };
            let fits = |level: &&Level| level.key.parse().is_ok_and(|number: u32| range.contains(&number));
            if let Some(level) = self.levels.iter().find(|level| !fits(level)) {
                let allowed = format!("{} to {}", range.start(), range.end());
                return Err(SegmentError::unfit("level of a time", format!("'{}' of {name}", level.key), allowed));
            }
        }
        if self.per == Per::Customer {
            for (group, counts) in groups.iter().zip(&self.counts) {
                if let Some(count) = counts.iter().find(|&&count| count > group.n_customers) {
                    let found = format!("{count} of {name} in '{}'", group.key);
                    return Err(SegmentError::unfit(
                        "customers at a level",
                        found,
                        format!("at most {}", group.n_customers),
                    ));
                }
            }
        }
        Ok(())
    }
}
