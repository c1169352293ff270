//! Days on which everybody sells, as data: 618, 双11, 双12, the Spring Festival, Black Friday. Not here: what a holiday is worth,
//! which the mix model learns from the shop's own weeks.

use domain::{Day, Text};
use jiff::civil::Date;

/// Which markets' days count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Market {
    #[default]
    None,
    China,
    West,
    All,
}

/// A selling season of every year.
pub struct Holiday {
    pub key: &'static str,
    zh: &'static str,
    en: &'static str,
    market: Market,
    /// The first and last day in a year, if it is known.
    days: fn(i16) -> Option<(Date, Date)>,
}

/// Seasons, in the order of the year. 618 and 双11 are counted from the first sale of their main wave to the day itself.
pub static HOLIDAYS: &[Holiday] = &[
    Holiday {
        key: "spring_festival", zh: "春节", en: "Spring Festival", market: Market::China, days: spring_festival
    },
    Holiday { key: "618", zh: "618", en: "618", market: Market::China, days: |year| between(year, (6, 16), (6, 18)) },
    Holiday {
        key: "double_11",
        zh: "双11",
        en: "Double 11",
        market: Market::China,
        days: |year| between(year, (11, 9), (11, 11)),
    },
    Holiday {
        key: "black_friday", zh: "黑色星期五", en: "Black Friday", market: Market::West, days: black_friday
    },
    Holiday {
        key: "double_12",
        zh: "双12",
        en: "Double 12",
        market: Market::China,
        days: |year| between(year, (12, 10), (12, 12)),
    },
];

/// The first day of the Chinese year, 2010 to 2035.
const NEW_YEARS: [(i8, i8); 26] = [
    (2, 14),
    (2, 3),
    (1, 23),
    (2, 10),
    (1, 31),
    (2, 19),
    (2, 8),
    (1, 28),
    (2, 16),
    (2, 5),
    (1, 25),
    (2, 12),
    (2, 1),
    (1, 22),
    (2, 10),
    (1, 29),
    (2, 17),
    (2, 6),
    (1, 26),
    (2, 13),
    (2, 3),
    (1, 23),
    (2, 11),
    (1, 31),
    (2, 19),
    (2, 8),
];

fn between(year: i16, from: (i8, i8), to: (i8, i8)) -> Option<(Date, Date)> {
    Some((Date::new(year, from.0, from.1).ok()?, Date::new(year, to.0, to.1).ok()?))
}

/// New Year's Eve and the six days after it.
fn spring_festival(year: i16) -> Option<(Date, Date)> {
    let at = usize::try_from(year.checked_sub(2010)?).ok()?;
    let (month, day) = *NEW_YEARS.get(at)?;
    let first = Date::new(year, month, day).ok()?;
    let days = |n: i64| jiff::Span::new().try_days(n).ok();
    Some((first.checked_sub(days(1)?).ok()?, first.checked_add(days(5)?).ok()?))
}

/// The Friday after the fourth Thursday of November, to the Monday after it.
fn black_friday(year: i16) -> Option<(Date, Date)> {
    let first = Date::new(year, 11, 1).ok()?;
    let thursday = first.nth_weekday_of_month(4, jiff::civil::Weekday::Thursday).ok()?;
    let days = |n: i64| thursday.checked_add(jiff::Span::new().try_days(n).ok()?).ok();
    Some((days(1)?, days(4)?))
}

impl Holiday {
    pub fn name(&self) -> Text {
        Text::new(self.zh, self.en)
    }

    fn is_of(&self, market: Market) -> bool {
        market == Market::All || market != Market::None && self.market == market
    }

    /// The share of the season's days that lie in the `n_days` days from `first` on.
    fn share_in(&self, first: Day, n_days: i32) -> f64 {
        let last = Day(first.0 + n_days - 1);
        let (Some(from), Some(to)) = (first.to_date(), last.to_date()) else { return 0.0 };
        let of_year = |year: i16| {
            let Some((begin, end)) = (self.days)(year) else { return 0.0 };
            let (begin, end) = (Day::from(begin).0, Day::from(end).0);
            let common = end.min(last.0) - begin.max(first.0) + 1;
            f64::from(common.max(0)) / f64::from(end - begin + 1)
        };
        (from.year()..=to.year()).map(of_year).sum()
    }
}

/// One column a season of `market` that touches any period: the share of its days in each period. Periods begin on `days`, the
/// last one is as long as the one before it. Shape of each: (n_periods).
pub fn columns(days: &[Day], market: Market) -> Vec<(&'static Holiday, Vec<f64>)> {
    let length = |at: usize| {
        let (a, b) = if at + 1 < days.len() { (at, at + 1) } else { (at.saturating_sub(1), at) };
        (days[b].0 - days[a].0).clamp(1, 366)
    };
    let of = |holiday: &'static Holiday| {
        let column = days.iter().enumerate().map(|(at, day)| holiday.share_in(*day, length(at))).collect::<Vec<_>>();
        (holiday, column)
    };
    let found = HOLIDAYS.iter().filter(|holiday| holiday.is_of(market)).map(of);
    found.filter(|(_, column)| column.iter().any(|share| *share > 0.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    /// Dates from public calendars.
    #[test]
    fn seasons_fall_on_their_days() {
        let of = |key: &str, year| {
            let holiday = HOLIDAYS.iter().find(|holiday| holiday.key == key).unwrap();
            (holiday.days)(year).map(|(from, to)| format!("{from} {to}"))
        };
        assert_eq!(of("black_friday", 2024).unwrap(), "2024-11-29 2024-12-02");
        assert_eq!(of("black_friday", 2025).unwrap(), "2025-11-28 2025-12-01");
        assert_eq!(of("spring_festival", 2024).unwrap(), "2024-02-09 2024-02-15");
        assert_eq!(of("spring_festival", 2026).unwrap(), "2026-02-16 2026-02-22");
        assert_eq!(of("spring_festival", 2050), None);
        assert_eq!(of("618", 2025).unwrap(), "2025-06-16 2025-06-18");
    }

    #[test]
    fn a_season_is_shared_by_the_weeks_it_lies_in() {
        let days: Vec<Day> = (0..52).map(|week| Day(day("2025-01-06").0 + 7 * week)).collect();
        let found = columns(&days, Market::All);
        assert_eq!(
            found.iter().map(|(holiday, _)| holiday.key).collect::<Vec<_>>(),
            ["spring_festival", "618", "double_11", "black_friday", "double_12"]
        );
        for (holiday, column) in &found {
            assert!((column.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{}", holiday.key);
        }
        // 2025-11-09 is a Sunday, the last day of its week.
        let double_11 = &found[2].1;
        let share = double_11.iter().filter(|share| **share > 0.0).copied().collect::<Vec<_>>();
        assert!((share[0] - 1.0 / 3.0).abs() < 1e-12 && share.len() == 2, "{share:?}");
        assert!(columns(&days, Market::None).is_empty() && columns(&days, Market::West).len() == 1);
    }
}
