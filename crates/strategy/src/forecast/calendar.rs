//! The sales and holidays of the trade, as data: which days of which year. More can be added to the list by the caller.
//! Not the effect of any of them: that is estimated ([`super::effects`]).

use domain::{Day, Text};

use crate::StrategyError;

/// When an event comes back.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// From month and day to month and day, both included; over New Year if the end is before the start.
    Fixed { from: (u8, u8), to: (u8, u8) },
    /// From `before` days before to `after` days after the `nth` (from 1) `weekday` (1 Monday to 7 Sunday) of `month`.
    Nth { month: u8, weekday: u8, nth: u8, before: u8, after: u8 },
    /// Listed by their first day, for what follows the moon; `days` long.
    Listed { first_days: Vec<Day>, days: u8 },
}

/// One event of the calendar.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// A stable name, also of its regressor: `double_11`.
    pub key: String,
    pub name: Text,
    pub rule: Rule,
}

/// First days of the Spring Festival (lunar New Year), as the State Council's yearly notices and the Hong Kong
/// Observatory's conversion tables have them.
const SPRING_FESTIVALS: &[(i32, u8, u8)] = &[
    (2010, 2, 14),
    (2011, 2, 3),
    (2012, 1, 23),
    (2013, 2, 10),
    (2014, 1, 31),
    (2015, 2, 19),
    (2016, 2, 8),
    (2017, 1, 28),
    (2018, 2, 16),
    (2019, 2, 5),
    (2020, 1, 25),
    (2021, 2, 12),
    (2022, 2, 1),
    (2023, 1, 22),
    (2024, 2, 10),
    (2025, 1, 29),
    (2026, 2, 17),
    (2027, 2, 6),
    (2028, 1, 26),
    (2029, 2, 13),
    (2030, 2, 3),
    (2031, 1, 23),
    (2032, 2, 11),
    (2033, 1, 31),
    (2034, 2, 19),
    (2035, 2, 8),
];

/// The events that move the sales of electronics in China and abroad.
pub fn retail() -> Vec<Event> {
    let fixed = |key: &str, zh: &str, en: &str, from, to| Event {
        key: key.to_owned(),
        name: Text::new(zh, en),
        rule: Rule::Fixed { from, to },
    };
    let listed = SPRING_FESTIVALS.iter().filter_map(|&(year, month, day)| day_of(year, month, day)).collect();
    vec![
        fixed("new_year", "元旦", "New Year", (1, 1), (1, 1)),
        Event {
            key: "spring_festival".to_owned(),
            name: Text::new("春节", "Spring Festival"),
            rule: Rule::Listed { first_days: listed, days: 7 },
        },
        fixed("labour_day", "五一", "Labour Day", (5, 1), (5, 5)),
        fixed("618", "618", "618", (6, 1), (6, 18)),
        fixed("back_to_school", "开学季", "Back to school", (8, 15), (9, 10)),
        fixed("national_day", "国庆", "National Day", (10, 1), (10, 7)),
        fixed("double_11", "双11", "Double 11", (11, 1), (11, 11)),
        Event {
            key: "black_friday".to_owned(),
            name: Text::new("黑色星期五", "Black Friday"),
            // To Cyber Monday; Thanksgiving is the fourth Thursday.
            rule: Rule::Nth { month: 11, weekday: 4, nth: 4, before: 0, after: 4 },
        },
        fixed("double_12", "双12", "Double 12", (12, 10), (12, 12)),
        fixed("christmas", "圣诞", "Christmas", (12, 20), (12, 25)),
    ]
}

fn day_of(year: i32, month: u8, day: u8) -> Option<Day> {
    format!("{year:04}-{month:02}-{day:02}").parse().ok()
}

impl Event {
    /// Whether `day` is one of the event's days.
    pub fn holds(&self, day: Day) -> bool {
        let Some(date) = day.to_date() else { return false };
        let here = (date.month() as u8, date.day() as u8);
        let year = i32::from(date.year());
        match &self.rule {
            Rule::Fixed { from, to } if from <= to => (*from..=*to).contains(&here),
            Rule::Fixed { from, to } => here >= *from || here <= *to,
            Rule::Nth { month, weekday, nth, before, after } => {
                // The last days of a rule may lie in the next month, of December in the next year.
                [year - 1, year, year + 1]
                    .into_iter()
                    .filter_map(|year| nth_weekday(year, *month, *weekday, *nth))
                    .any(|centre| (centre.0 - i32::from(*before)..=centre.0 + i32::from(*after)).contains(&day.0))
            }
            Rule::Listed { first_days, days } => {
                first_days.iter().any(|first| (first.0..first.0 + i32::from(*days)).contains(&day.0))
            }
        }
    }

    /// The share of the days `first` to `first + n_days − 1` on which the event holds: its regressor for a week or a month.
    pub fn share(&self, first: Day, n_days: u32) -> f64 {
        let days = (0..n_days as i32).filter(|at| self.holds(Day(first.0 + at))).count();
        days as f64 / f64::from(n_days.max(1))
    }
}

fn nth_weekday(year: i32, month: u8, weekday: u8, nth: u8) -> Option<Day> {
    let first = day_of(year, month, 1)?;
    // 1 January 1970 was a Thursday.
    let begins = (first.0 + 3).rem_euclid(7) + 1;
    let ahead = (i32::from(weekday) - begins).rem_euclid(7);
    Some(Day(first.0 + ahead + 7 * (i32::from(nth) - 1)))
}

/// One regressor an event for periods that begin on `firsts` and last `n_days`; events that hold in none of them are left
/// out. Shape: (n_events) of (n_periods).
///
/// # Errors
/// If a period is not 1 to 31 days long.
pub fn regressors(events: &[Event], firsts: &[Day], n_days: u32) -> Result<Vec<(String, Vec<f64>)>, StrategyError> {
    if !(1..=31).contains(&n_days) {
        return Err(StrategyError::unfit("days in a period", n_days, "1 to 31"));
    }
    let of = |event: &Event| (event.key.clone(), firsts.iter().map(|first| event.share(*first, n_days)).collect());
    let all = events.iter().map(of);
    Ok(all.filter(|(_, shares): &(String, Vec<f64>)| shares.iter().any(|share| *share > 0.0)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(key: &str, year: i32, month: u8, day: u8) -> bool {
        let event = retail().into_iter().find(|event| event.key == key).unwrap();
        event.holds(day_of(year, month, day).unwrap())
    }

    #[test]
    fn the_days_are_those_of_the_calendar() {
        assert!(holds("618", 2024, 6, 18) && !holds("618", 2024, 6, 19));
        assert!(holds("double_11", 2023, 11, 11) && holds("double_12", 2023, 12, 12));
        // Black Friday fell on 24 November 2023 and 29 November 2024, Cyber Monday 2024 on 2 December.
        assert!(holds("black_friday", 2023, 11, 24) && holds("black_friday", 2024, 11, 29));
        assert!(holds("black_friday", 2024, 12, 2) && !holds("black_friday", 2024, 12, 3));
        assert!(holds("spring_festival", 2024, 2, 10) && !holds("spring_festival", 2024, 2, 9));
        let over = Event {
            key: "over".to_owned(),
            name: Text::new("跨年", "over New Year"),
            rule: Rule::Fixed { from: (12, 30), to: (1, 2) },
        };
        assert!(over.holds(day_of(2023, 12, 31).unwrap()) && over.holds(day_of(2024, 1, 2).unwrap()));
        assert!(!over.holds(day_of(2024, 1, 3).unwrap()));
    }

    #[test]
    fn a_periods_regressor_is_the_share_of_its_days() {
        let firsts: Vec<Day> = [27, 34, 41].into_iter().map(|at| Day(day_of(2024, 10, 1).unwrap().0 + at)).collect();
        let found = regressors(&retail(), &firsts, 7).unwrap();
        // Weeks from 28 October, 4 and 11 November.
        assert_eq!(found, [("double_11".to_owned(), vec![3.0 / 7.0, 1.0, 1.0 / 7.0])]);
        assert!(regressors(&retail(), &firsts, 0).is_err());
    }
}
