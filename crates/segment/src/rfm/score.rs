//! Scores from 1 to 5 by where a value stands among all customers'.
//!
//! Frequency and value: 1 + ⌊5 × customers with less / customers⌋. Recency: 5 − ⌊5 × customers with fewer days /
//! customers⌋. Equal values so share a score whatever their order. Where many are equal, as those who bought once in a trade
//! of durable goods, they are together at the end that fits: the least frequent have 1, the latest 5, and a shop whose
//! customers all came today has nothing but new ones. Fewer distinct values than scores leave scores unused.

use std::collections::BTreeMap;

use domain::{Cents, Day};
use serde::{Deserialize, Serialize};

use super::group::RfmGroup;
use crate::SegmentError;

/// What one customer did up to a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// Days since the last purchase.
    pub recency_days: i32,
    /// Days with a purchase, so that a basket split into orders counts once.
    pub n_days: u32,
    /// All that was paid, less what was refunded.
    pub monetary_cents: Cents,
}

impl Activity {
    /// The activities by customer as of the end of `as_of`, from sums per customer and day in any order; later days are
    /// left out. A day is one of purchase if its sum is positive; refunds count for the value alone. Customers without a
    /// day of purchase are left out.
    pub fn of<K: Ord + Copy>(days: impl IntoIterator<Item = (K, Day, Cents)>, as_of: Day) -> BTreeMap<K, Activity> {
        let mut sums: BTreeMap<(K, Day), i64> = BTreeMap::new();
        for (customer, day, cents) in days {
            if day <= as_of {
                *sums.entry((customer, day)).or_default() += cents.0;
            }
        }
        let mut activities: BTreeMap<K, Activity> = BTreeMap::new();
        for ((customer, day), cents) in sums {
            let activity = activities.entry(customer).or_insert(Activity::NONE);
            activity.add(day, Cents(cents), as_of);
        }
        activities.retain(|_, activity| activity.n_days > 0);
        activities
    }

    pub(crate) const NONE: Activity = Activity { recency_days: 0, n_days: 0, monetary_cents: Cents(0) };

    /// Adds the sum of a day that was not added before, days in order.
    fn add(&mut self, day: Day, cents: Cents, as_of: Day) {
        self.monetary_cents.0 += cents.0;
        if cents.0 > 0 {
            self.n_days += 1;
            self.recency_days = as_of.0 - day.0;
        }
    }
}

/// Where the steps from 1 to 5 begin: the least values of the steps 2, 3, 4 and 5. `None` where no customer stood on that
/// step or a higher one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Steps([Option<i64>; 4]);

impl Steps {
    fn learn(mut values: Vec<i64>) -> Self {
        values.sort_unstable();
        let n = values.len();
        let mut steps = [None; 4];
        let mut below = 0;
        for equal in values.chunk_by(|x, y| x == y) {
            let step = 1 + 5 * below / n;
            for step in &mut steps[..step - 1] {
                step.get_or_insert(equal[0]);
            }
            below += equal.len();
        }
        Steps(steps)
    }

    fn of(&self, value: i64) -> u8 {
        1 + self.0.iter().filter(|step| step.is_some_and(|step| value >= step)).count() as u8
    }
}

/// Learned scores: a function from an activity to 1 to 5 three times over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cuts {
    /// Of days, whose first step is the score 5.
    recency: Steps,
    frequency: Steps,
    monetary: Steps,
}

/// The scores of a customer, each 1 to 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scores {
    pub recency: u8,
    pub frequency: u8,
    pub monetary: u8,
}

impl Scores {
    /// Frequency and value in one: their mean, halves rounded up.
    pub fn combined(self) -> u8 {
        (self.frequency + self.monetary).div_ceil(2)
    }

    pub fn group(self) -> RfmGroup {
        RfmGroup::of(self.recency, self.combined())
    }
}

impl Cuts {
    /// # Errors
    /// If there is no activity.
    pub fn learn<'a>(activities: impl IntoIterator<Item = &'a Activity> + Clone) -> Result<Self, SegmentError> {
        let values = |value: fn(&Activity) -> i64| activities.clone().into_iter().map(value).collect::<Vec<_>>();
        let recency = values(|activity| i64::from(activity.recency_days));
        if recency.is_empty() {
            return Err(SegmentError::unfit("customers who have bought", 0, "1 or more"));
        }
        Ok(Cuts {
            recency: Steps::learn(recency),
            frequency: Steps::learn(values(|activity| i64::from(activity.n_days))),
            monetary: Steps::learn(values(|activity| activity.monetary_cents.0)),
        })
    }

    /// The days since the last purchase from which the score is 4, 3, 2 and 1; `None` where nobody has it.
    pub fn recency_days(&self) -> [Option<i64>; 4] {
        self.recency.0
    }

    /// The days with a purchase from which the score is 2, 3, 4 and 5.
    pub fn frequency(&self) -> [Option<i64>; 4] {
        self.frequency.0
    }

    /// The value from which the score is 2, 3, 4 and 5.
    pub fn monetary_cents(&self) -> [Option<i64>; 4] {
        self.monetary.0
    }

    pub fn score(&self, activity: &Activity) -> Scores {
        Scores {
            recency: 6 - self.recency.of(i64::from(activity.recency_days)),
            frequency: self.frequency.of(i64::from(activity.n_days)),
            monetary: self.monetary.of(activity.monetary_cents.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn activities_are_counted_by_day_up_to_the_day_given() {
        let rows = [
            ("a", "2026-01-05", 5_000),
            ("a", "2026-01-05", 2_000),
            ("a", "2026-02-01", 1_000),
            // A refund lowers the value and is no visit.
            ("a", "2026-02-10", -1_500),
            ("a", "2026-03-02", 9_900),
            ("b", "2026-02-28", 100),
            ("c", "2026-03-01", 100),
            ("d", "2026-01-01", -100),
        ];
        let found =
            Activity::of(rows.map(|(customer, at, cents)| (customer, day(at), Cents(cents))), day("2026-02-28"));
        let expected = |recency_days, n_days, cents| Activity { recency_days, n_days, monetary_cents: Cents(cents) };
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [("a", expected(27, 2, 6_500)), ("b", expected(0, 1, 100))]);
    }

    #[test]
    fn equal_values_share_a_score() {
        let check = |values: &[i64], expected: &[u8]| {
            let steps = Steps::learn(values.to_vec());
            let found: Vec<u8> = values.iter().map(|&value| steps.of(value)).collect();
            assert_eq!(found, expected, "{values:?}");
        };
        check(&[10, 20, 30, 40, 50], &[1, 2, 3, 4, 5]);
        check(&[7, 7, 7], &[1, 1, 1]);
        check(&[4], &[1]);
        // None and seven of ten with less.
        check(&[1, 1, 1, 1, 1, 1, 1, 2, 2, 2], &[1, 1, 1, 1, 1, 1, 1, 4, 4, 4]);
        // None, six and eight of ten.
        check(&[1, 1, 1, 1, 1, 1, 2, 2, 9, 9], &[1, 1, 1, 1, 1, 1, 4, 4, 5, 5]);
        check(&[2, 1], &[3, 1]);
    }

    /// Ten customers worked by hand: days since, days with a purchase, yuan.
    #[test]
    fn a_table_worked_by_hand() {
        let table = [
            (1, 9, 9_000, (5, 5, 5), RfmGroup::Champions),
            (3, 1, 200, (5, 1, 1), RfmGroup::New),
            (10, 4, 3_000, (4, 4, 4), RfmGroup::Loyal),
            (12, 1, 100, (4, 1, 1), RfmGroup::Promising),
            (40, 2, 800, (3, 3, 3), RfmGroup::NeedAttention),
            (45, 1, 300, (3, 1, 2), RfmGroup::NeedAttention),
            (90, 3, 2_000, (2, 4, 4), RfmGroup::AtRisk),
            (120, 1, 600, (2, 1, 2), RfmGroup::AboutToSleep),
            (300, 6, 8_000, (1, 5, 5), RfmGroup::CannotLoseThem),
            (400, 2, 900, (1, 3, 3), RfmGroup::AtRisk),
        ];
        let activity = |&(recency_days, n_days, yuan, ..): &(i32, u32, i64, (u8, u8, u8), RfmGroup)| Activity {
            recency_days,
            n_days,
            monetary_cents: Cents(yuan * 100),
        };
        let activities: Vec<Activity> = table.iter().map(activity).collect();
        let cuts = Cuts::learn(&activities).unwrap();
        for (row, activity) in table.iter().zip(&activities) {
            let scores = cuts.score(activity);
            assert_eq!((scores.recency, scores.frequency, scores.monetary), row.3, "{activity:?}");
            assert_eq!(scores.group(), row.4, "{activity:?}");
        }
        // All alike and today: nobody but new customers.
        let same = [activity(&table[1]); 3].map(|activity| Activity { recency_days: 0, ..activity });
        assert_eq!(Cuts::learn(&same).unwrap().score(&same[0]).group(), RfmGroup::New);
        assert!(Cuts::learn(&[]).unwrap_err().to_string().contains("found 0"));
    }

    proptest! {
        /// Scores rise with values, are the definition's, and do not depend on the order of customers.
        #[test]
        fn scores_are_those_defined(mut values in proptest::collection::vec(-5i64..30, 1..60)) {
            let steps = Steps::learn(values.clone());
            let n = values.len();
            for &value in &values {
                let below = values.iter().filter(|&&other| other < value).count() as f64;
                let expected = 1.0 + (5.0 * below / n as f64 + 1e-9).floor();
                prop_assert_eq!(f64::from(steps.of(value)), expected);
            }
            values.reverse();
            prop_assert_eq!(Steps::learn(values), steps);
            prop_assert!((-6..31).all(|value| steps.of(value) <= steps.of(value + 1)));
        }
    }
}
