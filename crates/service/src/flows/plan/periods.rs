//! Days put together to weeks and months: whole ones only, since half a week looks like a slump.

use domain::Day;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{Result, ServiceError, clipped};

/// How long a period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Day,
    /// From Monday to Sunday.
    Week,
    Month,
}

impl Step {
    /// # Errors
    /// If it is none of them.
    pub fn named(name: &str) -> Result<Step> {
        match name {
            "day" => Ok(Step::Day),
            "week" => Ok(Step::Week),
            "month" => Ok(Step::Month),
            _ => {
                let message = format!("the period is '{}'; allowed: day, week, month", clipped(name));
                Err(ServiceError::usage("period", message))
            }
        }
    }

    /// Periods after which sales are alike: the days of a week, the weeks or months of a year.
    pub fn season(self) -> usize {
        match self {
            Step::Day => 7,
            Step::Week => 52,
            Step::Month => 12,
        }
    }

    /// The place of the period in which a day lies, counted on without a gap.
    pub fn of(self, day: Day) -> i64 {
        match self {
            Step::Day => i64::from(day.0),
            // The first of January 1970 was a Thursday.
            Step::Week => i64::from((day.0 + 3).div_euclid(7)),
            Step::Month => segment::Month::of(day).map_or(0, |month| i64::from(month.0)),
        }
    }

    /// The first day of a period.
    pub fn first(self, period: i64) -> Day {
        match self {
            Step::Day => Day(period as i32),
            Step::Week => Day(period as i32 * 7 - 3),
            Step::Month => segment::Month(period as i32).first_day().unwrap_or(Day(0)),
        }
    }

    /// The whole periods between two days, both included, as the first and the one after the last. Empty if there is none.
    pub fn whole(self, from: Day, until: Day) -> std::ops::Range<i64> {
        let begin = self.of(from) + i64::from(self.first(self.of(from)) != from);
        // The day after the last one lies in the first period that is not over.
        let end = self.of(Day(until.0.saturating_add(1)));
        begin..end.max(begin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn periods_begin_where_the_calendar_says() {
        // The 23rd of November 2026 is a Monday.
        for text in ["2026-11-23", "2026-11-29"] {
            assert_eq!(Step::Week.first(Step::Week.of(day(text))), day("2026-11-23"));
        }
        assert_eq!(Step::Month.first(Step::Month.of(day("2026-02-28"))), day("2026-02-01"));
        assert_eq!(Step::Week.of(day("1969-12-29")) + 1, Step::Week.of(day("1970-01-05")));
        for step in [Step::Day, Step::Week, Step::Month] {
            let at = step.of(day("2024-02-29"));
            assert_eq!(step.of(step.first(at + 1)), at + 1);
        }
    }

    #[test]
    fn only_whole_periods_count() {
        let weeks = Step::Week.whole(day("2026-11-24"), day("2026-12-13"));
        assert_eq!((Step::Week.first(weeks.start), weeks.end - weeks.start), (day("2026-11-30"), 2));
        let months = Step::Month.whole(day("2026-01-01"), day("2026-03-30"));
        assert_eq!((Step::Month.first(months.start), months.end - months.start), (day("2026-01-01"), 2));
        assert!(Step::Month.whole(day("2026-01-02"), day("2026-01-30")).is_empty());
        assert_eq!(Step::Day.whole(day("2026-01-02"), day("2026-01-02")).count(), 1);
    }
}
