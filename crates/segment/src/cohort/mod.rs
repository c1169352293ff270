//! Retention: of the customers whose first purchase was in a month, how many came back in each month after, and what they
//! paid. Months are those of the shop's own days. What is not here: predictions of months to come, which stay empty.

use std::collections::BTreeMap;

use domain::{Card, Cents, Day};
use serde::Serialize;

use crate::rfm::card::{AS_OF, CUSTOMER, DAY, MONEY, PURCHASES};
use crate::{Month, SegmentError};

pub static CARD: Card = Card {
    name: "cohort",
    sentence: "Counts how many of the customers who began in a month came back in each month after, and what they paid.",
    family: "scores",
    params: &[CUSTOMER, DAY, MONEY, AS_OF],
    input: PURCHASES,
    source: "retention by month of the first purchase; the months of the days as they stand",
};

/// What an engine counts: customers first seen in one month who bought in another, or in the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CohortCount {
    pub first: Month,
    pub month: Month,
    pub n_customers: u64,
    /// Less refunds.
    pub revenue_cents: Cents,
}

/// The triangle. Columns count months since the first purchase, from 0.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Retention {
    /// The last month looked at.
    pub until: Month,
    /// Whether that month was over, so that its figures are final.
    pub is_until_complete: bool,
    /// Month by month from the first with a first purchase, months without one too.
    pub cohorts: Vec<Cohort>,
    /// All cohorts that are old enough, together. Shape: (n_columns).
    pub overall: Vec<Option<Kept>>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cohort {
    pub first: Month,
    pub n_customers: u64,
    /// By months since; `None` where the future is. Shape: (n_columns).
    pub kept: Vec<Option<Kept>>,
}

/// Who bought in a month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Kept {
    pub n_customers: u64,
    /// Of the cohort's customers; 0 for a cohort of none.
    pub share: f64,
    pub revenue_cents: Cents,
    /// Per customer of the cohort, whether or not one came back; 0 for a cohort of none.
    pub revenue_cents_per_customer: f64,
}

/// Counts from sums per customer and day in any order, up to the end of `as_of`. A month is one of purchase if one of its
/// days has a positive sum; refunds count for the revenue alone, and before a first purchase not at all.
///
/// # Errors
/// If a day is outside the calendar.
pub fn count<K: Ord + Copy>(
    days: impl IntoIterator<Item = (K, Day, Cents)>,
    as_of: Day,
) -> Result<Vec<CohortCount>, SegmentError> {
    let mut sums: BTreeMap<(K, Day), i64> = BTreeMap::new();
    for (customer, day, cents) in days {
        if day <= as_of {
            *sums.entry((customer, day)).or_default() += cents.0;
        }
    }
    // Days are in order within a customer, so the first purchase is met first.
    let mut months: BTreeMap<(K, Month), (bool, i64)> = BTreeMap::new();
    let mut firsts: BTreeMap<K, Month> = BTreeMap::new();
    for ((customer, day), cents) in sums {
        let month = Month::checked(day)?;
        if cents > 0 {
            firsts.entry(customer).or_insert(month);
        }
        if firsts.contains_key(&customer) {
            let (bought, sum) = months.entry((customer, month)).or_default();
            *bought |= cents > 0;
            *sum += cents;
        }
    }
    let mut counts: BTreeMap<(Month, Month), (u64, i64)> = BTreeMap::new();
    for ((customer, month), (bought, cents)) in months {
        let (n, sum) = counts.entry((firsts[&customer], month)).or_default();
        *n += u64::from(bought);
        *sum += cents;
    }
    let count =
        |((first, month), (n_customers, cents))| CohortCount { first, month, n_customers, revenue_cents: Cents(cents) };
    Ok(counts.into_iter().map(count).collect())
}

/// The triangle of counts up to the month of `as_of`.
///
/// # Errors
/// If a count lies before its cohort's first month or after `as_of`, stands twice, is of more customers than the cohort
/// has, or a day is outside the calendar.
pub fn retention(counts: &[CohortCount], as_of: Day) -> Result<Retention, SegmentError> {
    let until = Month::checked(as_of)?;
    let mut cells: BTreeMap<(Month, Month), CohortCount> = BTreeMap::new();
    for count in counts {
        if count.month < count.first || count.month > until {
            let found = format!("{} for the customers of {}", count.month, count.first);
            return Err(SegmentError::unfit("month of a cohort", found, format!("{} to {until}", count.first)));
        }
        if cells.insert((count.first, count.month), *count).is_some() {
            let found = format!("{} for the customers of {} twice", count.month, count.first);
            return Err(SegmentError::unfit("counts of a cohort", found, "once"));
        }
    }
    let size = |first: Month| cells.get(&(first, first)).map_or(0, |count| count.n_customers);
    if let Some(count) = cells.values().find(|count| count.n_customers > size(count.first)) {
        let found = format!("{} in {} for the cohort of {}", count.n_customers, count.month, count.first);
        return Err(SegmentError::unfit("customers of a cohort", found, format!("at most its {}", size(count.first))));
    }
    let from = cells.keys().next().map_or(Month(until.0 + 1), |&(first, _)| first);
    let n_columns = (until.0 - from.0 + 1) as usize;
    let cohort = |first: Month| {
        let cell = |since: usize| {
            let month = Month(first.0 + since as i32);
            let (n, cents) =
                cells.get(&(first, month)).map_or((0, 0), |count| (count.n_customers, count.revenue_cents.0));
            (month <= until).then(|| Kept::new(n, cents, size(first)))
        };
        Cohort { first, n_customers: size(first), kept: (0..n_columns).map(cell).collect() }
    };
    let cohorts: Vec<Cohort> = from.up_to(until).map(cohort).collect();
    let overall = (0..n_columns).map(|since| overall(&cohorts, since)).collect();
    Ok(Retention { until, is_until_complete: until.last_day() == Some(as_of), cohorts, overall })
}

fn overall(cohorts: &[Cohort], since: usize) -> Option<Kept> {
    let old = || cohorts.iter().filter_map(|cohort| Some((cohort.n_customers, cohort.kept[since]?)));
    old().next()?;
    let size = old().map(|(size, _)| size).sum();
    Some(Kept::new(
        old().map(|(_, kept)| kept.n_customers).sum(),
        old().map(|(_, kept)| kept.revenue_cents.0).sum(),
        size,
    ))
}

impl Kept {
    fn new(n_customers: u64, cents: i64, size: u64) -> Self {
        let per = |sum: f64| if size > 0 { sum / size as f64 } else { 0.0 };
        Kept {
            n_customers,
            share: per(n_customers as f64),
            revenue_cents: Cents(cents),
            revenue_cents_per_customer: per(cents as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    const ROWS: [(u32, &str, i64); 11] = [
        (1, "2025-11-30", 1_000),
        (1, "2025-12-31", 500),
        (1, "2026-02-01", 200),
        (2, "2025-11-01", 3_000),
        // Bought and given back on one day: no purchase.
        (2, "2025-12-05", 700),
        (2, "2025-12-05", -700),
        (3, "2026-01-15", 400),
        (3, "2026-01-16", 400),
        // A refund in a month without a purchase.
        (3, "2026-02-10", -100),
        // A refund of what was bought before all records, then a first purchase; and a day in the future.
        (4, "2025-10-01", -900),
        (4, "2026-03-02", 900),
    ];

    fn rows() -> impl Iterator<Item = (u32, Day, Cents)> {
        ROWS.into_iter().map(|(customer, at, cents)| (customer, day(at), Cents(cents)))
    }

    #[test]
    fn a_triangle_worked_by_hand() {
        let as_of = day("2026-02-15");
        let found = retention(&count(rows(), as_of).unwrap(), as_of).unwrap();
        let cells = |cohort: &Cohort| -> Vec<Option<(u64, i64)>> {
            cohort.kept.iter().map(|kept| kept.map(|kept| (kept.n_customers, kept.revenue_cents.0))).collect()
        };
        assert_eq!(found.until.to_string(), "2026-02");
        assert!(!found.is_until_complete);
        let by_month: Vec<String> = found.cohorts.iter().map(|cohort| cohort.first.to_string()).collect();
        assert_eq!(by_month, ["2025-11", "2025-12", "2026-01", "2026-02"]);
        assert_eq!(cells(&found.cohorts[0]), [Some((2, 4_000)), Some((1, 500)), Some((0, 0)), Some((1, 200))]);
        assert_eq!(cells(&found.cohorts[1]), [Some((0, 0)), Some((0, 0)), Some((0, 0)), None]);
        assert_eq!(cells(&found.cohorts[2]), [Some((1, 800)), Some((0, -100)), None, None]);
        assert_eq!(cells(&found.cohorts[3]), [Some((0, 0)), None, None, None]);
        // One of three came back after a month; nobody of two after two; one of two after three.
        let shares: Vec<f64> = found.overall.iter().map(|kept| kept.unwrap().share).collect();
        assert_eq!(shares, [1.0, 1.0 / 3.0, 0.0, 0.5]);
        assert_eq!(found.cohorts[0].kept[1].unwrap().revenue_cents_per_customer, 250.0);
        assert!(retention(&[], day("2026-02-28")).unwrap().is_until_complete);
        assert!(retention(&[], as_of).unwrap().cohorts.is_empty());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let cell = |first: &str, month: &str, n_customers| CohortCount {
            first: first.parse().unwrap(),
            month: month.parse().unwrap(),
            n_customers,
            revenue_cents: Cents(0),
        };
        let error = |counts: &[CohortCount]| retention(counts, day("2026-02-15")).unwrap_err().to_string();
        assert!(error(&[cell("2026-02", "2026-01", 1)]).contains("2026-01 for the customers of 2026-02"));
        assert!(error(&[cell("2026-02", "2026-03", 1)]).contains("allowed 2026-02 to 2026-02"));
        assert!(error(&[cell("2026-01", "2026-01", 1), cell("2026-01", "2026-01", 2)]).contains("twice"));
        assert!(error(&[cell("2026-01", "2026-01", 1), cell("2026-01", "2026-02", 2)]).contains("at most its 1"));
    }

    #[test]
    fn every_purchase_month_is_counted_once() {
        let as_of = day("2026-03-31");
        let found = retention(&count(rows(), as_of).unwrap(), as_of).unwrap();
        let kept = || found.cohorts.iter().flat_map(|cohort| cohort.kept.iter().flatten());
        assert_eq!(kept().map(|kept| kept.n_customers).sum::<u64>(), 3 + 1 + 1 + 1);
        // All money but the refund before a first purchase.
        let cents: i64 = ROWS.iter().map(|row| row.2).sum::<i64>() + 900;
        assert_eq!(kept().map(|kept| kept.revenue_cents.0).sum::<i64>(), cents);
        assert_eq!(found.cohorts.iter().map(|cohort| cohort.n_customers).sum::<u64>(), 4);
        assert!(serde_json::to_string(&found).unwrap().contains("\"first\":\"2025-11\""));
    }
}
