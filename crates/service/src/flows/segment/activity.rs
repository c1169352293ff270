//! Who bought on which day for how much, and what follows from it: scores and named groups by recency, frequency and money,
//! retention by month of the first purchase, movement between the groups. All on the shop's own days.

use std::collections::BTreeMap;

use data::Shop;
use data::arrow::array::Array;
use domain::{Cents, Day};
use segment::Month;
use segment::cohort::{CohortCount, Retention, retention};
use segment::migration::{Migration, migrate};
use segment::rfm::{Activity, Cuts, Rfm, Scores};

use super::slices::Slice;
use crate::error::Result;
use crate::flows::audience::sql::Present;
use crate::flows::rows::{integers, texts};

/// Without a purchase for so long, a customer is asleep in the picture of movement.
pub const DORMANT_DAYS: i32 = 365;
/// Months of movement shown.
pub const MONTHS_MAX: i32 = 24;

/// A customer's purchases of one day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Purchase {
    /// Place among the customers.
    pub customer: u32,
    pub day: Day,
    /// Less what was given back.
    pub cents: Cents,
}

/// Purchases by customer (as they stand in `ids`, ascending) and day, up to `present`.
pub async fn purchases(shop: &Shop, ids: &[Box<str>], present: &Present, slices: &[Slice]) -> Result<Vec<Purchase>> {
    let end = present.begins(Day(present.day.0.saturating_add(1)));
    let mut purchases = Vec::new();
    let mut at = 0;
    let mut take = |batch: data::arrow::array::RecordBatch| -> Result<()> {
        let (who, days, cents) = (texts(&batch, "customer_id")?, integers(&batch, "day")?, integers(&batch, "cents")?);
        for row in (0..batch.num_rows()).filter(|&row| who.is_valid(row)) {
            // Both are sorted alike, so the place only moves on. Who only gave things back stands in no group.
            let id = who.value(row);
            while ids.get(at).is_some_and(|known| **known < *id) {
                at += 1;
            }
            if ids.get(at).is_some_and(|known| **known == *id) {
                let day = Day(days.value(row) as i32);
                purchases.push(Purchase { customer: at as u32, day, cents: Cents(cents.value(row)) });
            }
        }
        Ok(())
    };
    for slice in slices {
        let sql = format!(
            "select customer_id, cast(day as int) as day, cents from (
              select customer_id, shop_day(ordered_at) as day, sum(quantity * unit_price_cents - coalesce(discount_cents, 0)) as cents
              from orders where ordered_at < {end}{} group by customer_id, shop_day(ordered_at)) as days
            order by customer_id, day",
            slice.and("customer_id")
        );
        shop.engine()?.for_each(&sql, &mut take).await?;
    }
    Ok(purchases)
}

/// What a customer did so far, if anything was bought on balance. Shape: one entry per customer.
pub fn activities(purchases: &[Purchase], n_customers: usize, as_of: Day) -> Vec<Option<Activity>> {
    let mut activities = vec![None; n_customers];
    for of_one in purchases.chunk_by(|a, b| a.customer == b.customer) {
        let bought = || of_one.iter().filter(|purchase| purchase.cents.0 > 0);
        let Some(last) = bought().map(|purchase| purchase.day).max() else { continue };
        activities[of_one[0].customer as usize] = Some(Activity {
            recency_days: as_of.0 - last.0,
            n_days: bought().count() as u32,
            monetary_cents: Cents(of_one.iter().map(|purchase| purchase.cents.0).sum()),
        });
    }
    activities
}

/// Scores of everybody who bought, and all of them counted. `None` if nobody did.
pub fn scores(activities: &[Option<Activity>]) -> Option<(Vec<Option<Scores>>, Rfm, Cuts)> {
    let cuts = Cuts::learn(activities.iter().flatten()).ok()?;
    let mut rfm = Rfm::default();
    let scored = activities.iter().map(|activity| {
        let activity = activity.as_ref()?;
        let scores = cuts.score(activity);
        rfm.add(activity, scores);
        Some(scores)
    });
    let scored = scored.collect();
    Some((scored, rfm, cuts))
}

/// Retention of the customers who began in each month.
pub fn cohorts(purchases: &[Purchase], as_of: Day) -> Result<Retention> {
    let mut counts: BTreeMap<(Month, Month), (u64, i64)> = BTreeMap::new();
    for of_one in purchases.chunk_by(|a, b| a.customer == b.customer) {
        let Some(begun) = of_one.iter().position(|purchase| purchase.cents.0 > 0) else { continue };
        let Some(first) = Month::of(of_one[begun].day) else { continue };
        for of_month in of_one[begun..].chunk_by(|a, b| Month::of(a.day) == Month::of(b.day)) {
            let Some(month) = Month::of(of_month[0].day) else { continue };
            let (n, cents) = counts.entry((first, month)).or_default();
            *n += u64::from(of_month.iter().any(|purchase| purchase.cents.0 > 0));
            *cents += of_month.iter().map(|purchase| purchase.cents.0).sum::<i64>();
        }
    }
    let count =
        |((first, month), (n_customers, cents))| CohortCount { first, month, n_customers, revenue_cents: Cents(cents) };
    Ok(retention(&counts.into_iter().map(count).collect::<Vec<_>>(), as_of)?)
}

/// Movement between the groups over the last months that are over, `n_months_max` at most; asleep is who has bought nothing
/// for `dormant_days`. `None` before there are two months' ends.
pub fn movement(
    purchases: &[Purchase],
    n_customers: usize,
    as_of: Day,
    dormant_days: i32,
    n_months_max: i32,
) -> Result<Option<Migration>> {
    let days = purchases.iter().map(|purchase| purchase.day);
    let (Some(begin), Some(end)) = (days.min().and_then(Month::of), Month::of(as_of)) else { return Ok(None) };
    let last = if end.last_day() == Some(as_of) { end } else { Month(end.0 - 1) };
    let first = Month((last.0 - n_months_max).max(begin.0));
    if first >= last {
        return Ok(None);
    }
    let mut by_day: Vec<(Day, u32, Cents)> = purchases.iter().map(|one| (one.day, one.customer, one.cents)).collect();
    by_day.sort_unstable_by_key(|&(day, customer, _)| (day, customer));
    let days = by_day.into_iter().map(|(day, customer, cents)| (customer, day, cents));
    Ok(Some(migrate(days, n_customers, first, last, dormant_days)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purchases(rows: &[(u32, &str, i64)]) -> Vec<Purchase> {
        let purchase = |&(customer, day, cents): &(u32, &str, i64)| Purchase {
            customer,
            day: day.parse().unwrap(),
            cents: Cents(cents),
        };
        rows.iter().map(purchase).collect()
    }

    /// The same as the library's own slower counts, which take rows in any order.
    #[test]
    fn counts_are_those_of_the_library() {
        let rows = [
            (0, "2025-10-01", -900),
            (0, "2026-03-02", 900),
            (2, "2025-11-30", 1_000),
            (2, "2025-12-31", 500),
            (2, "2026-02-01", 200),
            (3, "2025-11-01", 3_000),
            (3, "2025-12-05", 0),
            (4, "2026-01-15", 400),
            (4, "2026-01-16", 400),
            (4, "2026-02-10", -100),
            (5, "2026-02-10", -100),
        ];
        let found = purchases(&rows);
        let as_of: Day = "2026-03-31".parse().unwrap();
        let plain = || found.iter().map(|one| (one.customer, one.day, one.cents));
        let expected = retention(&segment::cohort::count(plain(), as_of).unwrap(), as_of).unwrap();
        assert_eq!(cohorts(&found, as_of).unwrap(), expected);
        let activities = activities(&found, 6, as_of);
        let expected = Activity::of(plain(), as_of);
        for (customer, activity) in activities.iter().enumerate() {
            assert_eq!(activity.as_ref(), expected.get(&(customer as u32)), "{customer}");
        }
        let moved = movement(&found, 6, as_of, DORMANT_DAYS, MONTHS_MAX).unwrap().unwrap();
        assert_eq!(moved.steps.len(), 5);
        assert!(moved.steps.iter().all(|step| step.counts.iter().flatten().sum::<u64>() == 6));
    }
}
