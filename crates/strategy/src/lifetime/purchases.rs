//! From single purchases to histories. A day on which a customer bought counts once, however many orders it holds.

use serde::Serialize;

use super::Histories;
use crate::StrategyError;

const DAY_MAX: i32 = 1_000_000;

/// One order, or one line of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Purchase {
    pub customer: u32,
    /// Days since any one day, the same for all.
    pub day: i32,
    /// Money; refunds are negative.
    pub amount: f64,
}

/// Customers in ascending order, times in days. Shapes: (n_customers).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    pub customer: Vec<u32>,
    pub frequency: Vec<u32>,
    pub recency: Vec<f64>,
    pub age: Vec<f64>,
    /// The mean over days of repeat purchases; 0 without any.
    pub mean_value: Vec<f64>,
    /// Days with a purchase in the holdout period.
    pub holdout: Vec<u32>,
    /// Orders after the last day that counts: left out.
    pub n_future: usize,
    /// Days whose orders add up to less than nothing: refunds, no purchase.
    pub n_refund_days: usize,
}

impl Summary {
    pub fn histories(&self) -> Histories<'_> {
        Histories { frequency: &self.frequency, recency: &self.recency, age: &self.age }
    }
}

/// Puts purchases until the end of day `end` together by customer; those after it, until `holdout_end`, are counted as what
/// came later. Customers whose first purchase comes later are not there.
///
/// # Errors
/// If there are no purchases until `end`, an amount is not finite, a day is further than a million days away, or the holdout
/// period ends before it begins.
pub fn summarise(purchases: &[Purchase], end: i32, holdout_end: Option<i32>) -> Result<Summary, StrategyError> {
    let last = holdout_end.unwrap_or(end);
    if last < end {
        return Err(StrategyError::unfit("end of the holdout period", last, format!("day {end} or later")));
    }
    for (row, purchase) in purchases.iter().enumerate() {
        if !purchase.amount.is_finite() {
            return Err(StrategyError::bad_value("amount", row, purchase.amount, "a finite number"));
        }
        if purchase.day.abs() > DAY_MAX {
            return Err(StrategyError::bad_value("day", row, purchase.day, format!("−{DAY_MAX} to {DAY_MAX}")));
        }
    }
    let mut sorted: Vec<Purchase> = purchases.iter().copied().filter(|purchase| purchase.day <= last).collect();
    sorted.sort_by_key(|purchase| (purchase.customer, purchase.day));
    let mut summary = Summary { n_future: purchases.len() - sorted.len(), ..Summary::default() };
    for of in sorted.chunk_by(|a, b| a.customer == b.customer) {
        summary.add(of, end);
    }
    if summary.customer.is_empty() {
        return Err(StrategyError::Empty { needed: 1 });
    }
    Ok(summary)
}

impl Summary {
    /// One customer's purchases in the order of days.
    fn add(&mut self, of: &[Purchase], end: i32) {
        let (mut first, mut latest) = (None, 0);
        let (mut frequency, mut spent, mut holdout) = (0u32, 0.0, 0u32);
        for day in of.chunk_by(|a, b| a.day == b.day) {
            let amount: f64 = day.iter().map(|purchase| purchase.amount).sum();
            if amount < 0.0 {
                self.n_refund_days += 1;
            } else if day[0].day > end {
                holdout += 1;
            } else if first.is_none() {
                first = Some(day[0].day);
                latest = day[0].day;
            } else {
                latest = day[0].day;
                frequency += 1;
                spent += amount;
            }
        }
        let Some(first) = first else { return };
        self.customer.push(of[0].customer);
        self.frequency.push(frequency);
        self.recency.push(f64::from(latest - first));
        self.age.push(f64::from(end - first));
        self.mean_value.push(if frequency > 0 { spent / f64::from(frequency) } else { 0.0 });
        self.holdout.push(holdout);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(customer: u32, day: i32, amount: f64) -> Purchase {
        Purchase { customer, day, amount }
    }

    #[test]
    fn orders_become_histories() {
        let orders = [
            at(7, 10, 5.0),
            at(3, 0, 100.0),
            at(3, 4, 20.0),
            at(3, 4, 10.0),
            at(3, 9, -15.0),
            at(3, 20, 50.0),
            at(7, 12, 8.0),
            at(9, 13, 1.0),
            at(9, 99, 1.0),
        ];
        let found = summarise(&orders, 12, Some(30)).unwrap();
        let expected = Summary {
            customer: vec![3, 7],
            frequency: vec![1, 1],
            recency: vec![4.0, 2.0],
            age: vec![12.0, 2.0],
            mean_value: vec![30.0, 8.0],
            holdout: vec![1, 0],
            n_future: 1,
            n_refund_days: 1,
        };
        assert_eq!(found, expected);
        assert!(found.histories().check().is_ok());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert_eq!(summarise(&[], 5, None), Err(StrategyError::Empty { needed: 1 }));
        assert_eq!(summarise(&[at(1, 9, 1.0)], 5, None), Err(StrategyError::Empty { needed: 1 }));
        assert!(summarise(&[at(1, 2, f64::NAN)], 5, None).unwrap_err().to_string().contains("amount, row 0"));
        assert!(summarise(&[at(1, i32::MAX, 1.0)], 5, None).unwrap_err().to_string().contains("day, row 0"));
        assert!(summarise(&[at(1, 2, 1.0)], 5, Some(4)).unwrap_err().to_string().contains("day 5 or later"));
    }
}
