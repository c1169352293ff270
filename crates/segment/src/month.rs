//! Calendar months, counted so that one can be taken from another.

use std::fmt;
use std::str::FromStr;

use domain::Day;
use serde::{Deserialize, Serialize};

use crate::SegmentError;

/// A month of the shop's calendar: months since January of the year 0. Written `YYYY-MM`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(pub i32);

impl Month {
    /// The month a day lies in; `None` outside the years −9999 to 9999.
    pub fn of(day: Day) -> Option<Self> {
        day.to_date().map(|date| Month(i32::from(date.year()) * 12 + i32::from(date.month()) - 1))
    }

    pub fn year(self) -> i32 {
        self.0.div_euclid(12)
    }

    /// 1 to 12.
    pub fn month(self) -> i32 {
        self.0.rem_euclid(12) + 1
    }

    /// The first day; `None` outside the years −9999 to 9999.
    pub fn first_day(self) -> Option<Day> {
        // The mean month puts the guess within days of it.
        let guess = Day(((self.0 - 1970 * 12) as f64 * 30.436_875) as i32);
        (guess.0 - 45..=guess.0 + 45).map(Day).find(|&day| Month::of(day) == Some(self))
    }

    /// The last day; `None` outside the years −9999 to 9998.
    pub fn last_day(self) -> Option<Day> {
        Month(self.0 + 1).first_day().map(|day| Day(day.0 - 1))
    }

    /// This month and the following up to `last`.
    pub fn up_to(self, last: Month) -> impl Iterator<Item = Month> {
        (self.0..=last.0).map(Month)
    }

    /// # Errors
    /// If the day is outside the calendar.
    pub(crate) fn checked(day: Day) -> Result<Self, SegmentError> {
        Month::of(day).ok_or_else(|| SegmentError::unfit("a day", day, "a day of the years -9999 to 9999"))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.month())
    }
}

impl FromStr for Month {
    type Err = SegmentError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let day = format!("{text}-01").parse::<Day>().ok().and_then(Month::of);
        day.ok_or_else(|| SegmentError::unfit("a month", text, "YYYY-MM"))
    }
}

impl Serialize for Month {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_and_days_agree() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        for (text, month, last) in [
            ("1969-12-31", "1969-12", "1969-12-31"),
            ("1970-01-01", "1970-01", "1970-01-31"),
            ("2024-02-29", "2024-02", "2024-02-29"),
            ("2026-11-23", "2026-11", "2026-11-30"),
        ] {
            let found = Month::of(day(text)).unwrap();
            assert_eq!((found.to_string(), found), (month.to_owned(), month.parse().unwrap()));
            assert_eq!(found.last_day(), Some(day(last)));
            assert_eq!(found.first_day(), Some(day(&format!("{month}-01"))));
        }
        for month in Month(0).up_to(Month(2200 * 12)).step_by(7) {
            let (first, last) = (month.first_day().unwrap(), month.last_day().unwrap());
            assert!((28..=31).contains(&(last.0 - first.0 + 1)) && Month::of(last) == Some(month));
        }
        assert!("2026-13".parse::<Month>().is_err());
    }
}
