//! Days: dates as they are written in Chinese and English, and days told from today (`明天`, `下周五`, `next Monday`). What is
//! read is a day; a time of day is not.

use std::sync::LazyLock;

use domain::Day;
use regex::Regex;

use super::Reading;
use crate::forms::clean::Words;
use crate::forms::notice::Notice;
use crate::understand::{Named, Understanding};

/// Days ahead at most: what lies further is a slip of the year.
const AHEAD_MAX: i32 = 366;
/// A day to come without its year is next year's where this year's is over for longer than this.
const HALF_A_YEAR: i32 = 183;
/// No shop has sold anything before.
const FIRST: Day = Day(0);

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a test reads it")
}

static FULL: LazyLock<Regex> = LazyLock::new(|| pattern(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})"));
static MONTH_DAY: LazyLock<Regex> = LazyLock::new(|| pattern(r"(\d{1,2})\s*月\s*(\d{1,2})"));
static SLASH: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:^|[^\d/.-])(\d{1,2})[/.-](\d{1,2})(?:$|[^\d/.-])"));
static OF_MONTH: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:^|[^\d])(\d{1,2})\s*[号日]"));
static IN_DAYS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(\d{1,3})\s*天[之以]?后|in (\d{1,3}) days?"));
static WEEK: LazyLock<Regex> = LazyLock::new(|| pattern(r"(下下|下个?|这个?|本)?(?:周|星期|礼拜)([一二三四五六日天])"));
static ENGLISH_WEEK: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"\b(next |this |coming )?(mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b")
});
static MONTH_FIRST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+(\d{1,2})(?:st|nd|rd|th)?\b(?:,?\s+(\d{4}))?",
    )
});
static DAY_FIRST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b(?:,?\s+(\d{4}))?",
    )
});

/// Days told from today; the longer first, since 大后天 has a 后天 in it.
const FROM_TODAY: &[(&str, i32)] = &[
    ("大后天", 3),
    ("后天", 2),
    ("大前天", -3),
    ("前天", -2),
    ("明天", 1),
    ("明日", 1),
    ("昨天", -1),
    ("昨日", -1),
    ("今天", 0),
    ("今日", 0),
    ("day after tomorrow", 2),
    ("day before yesterday", -2),
    ("tomorrow", 1),
    ("yesterday", -1),
    ("today", 0),
];

/// Reads a day from today on, or one up to today.
pub fn read(message: &Words, understanding: &Understanding, asked: bool, today: Day, from_today: bool) -> Reading {
    let entity = understanding.entities.iter().find_map(|entity| match entity.what {
        Named::Day { day } => Some(day),
        _ => None,
    });
    let day = written(&message.folded, asked, today, from_today).or(entity);
    match day {
        None => Reading::Silent,
        Some(day) if from_today && day < today => Reading::Bad(Notice::DayPast(day)),
        Some(day) if !from_today && day > today => Reading::Bad(Notice::DayToCome(day)),
        Some(day) if day < FIRST || day.0.saturating_sub(today.0) > AHEAD_MAX => Reading::Bad(Notice::DayFar(day)),
        Some(day) => Reading::value(day.to_string()),
    }
}

fn written(folded: &str, asked: bool, today: Day, from_today: bool) -> Option<Day> {
    let told = || FROM_TODAY.iter().find(|(word, _)| crate::forms::clean::find(folded, word).is_some());
    full(folded)
        .or_else(|| without_year(folded, asked, today, from_today))
        .or_else(|| told().map(|(_, days)| Day(today.0.saturating_add(*days))))
        .or_else(|| in_days(folded, today))
        .or_else(|| weekday(folded, today, from_today))
}

fn full(folded: &str) -> Option<Day> {
    if let Some(found) = FULL.captures(folded) {
        return date(found[1].parse().ok()?, found[2].parse().ok()?, found[3].parse().ok()?);
    }
    let (month, day, year) = english(folded)?;
    date(year?, month, day)
}

/// Month, day and perhaps the year.
fn english(folded: &str) -> Option<(i32, i32, Option<i32>)> {
    let (month, day, year) = match (MONTH_FIRST.captures(folded), DAY_FIRST.captures(folded)) {
        (_, Some(found)) => (found.get(2), found.get(1), found.get(3)),
        (Some(found), None) => (found.get(1), found.get(2), found.get(3)),
        (None, None) => return None,
    };
    const MONTHS: &str = "janfebmaraprmayjunjulaugsepoctnovdec";
    let month = i32::try_from(MONTHS.find(month?.as_str())? / 3 + 1).ok()?;
    Some((month, day?.as_str().parse().ok()?, year.and_then(|year| year.as_str().parse().ok())))
}

fn without_year(folded: &str, asked: bool, today: Day, from_today: bool) -> Option<Day> {
    let (year, month, _) = parts(today)?;
    let two = |found: regex::Captures| Some((found[1].parse().ok()?, found[2].parse().ok()?));
    let month_day = MONTH_DAY
        .captures(folded)
        .and_then(two)
        .or_else(|| english(folded).map(|(month, day, _)| (month, day)))
        .or_else(|| SLASH.captures(folded).filter(|_| asked).and_then(two));
    if let Some((month, day)) = month_day {
        let this = date(year, month, day);
        return match this {
            Some(this) if from_today && today.0 - this.0 > HALF_A_YEAR => date(year + 1, month, day),
            // What has happened has happened within a year.
            Some(this) if !from_today && this > today => date(year - 1, month, day),
            // The 29th of February.
            None => date(year + 1, month, day),
            this => this,
        };
    }
    // 3号 alone is of this month, or of the next where this one's is over.
    let day: i32 = OF_MONTH.captures(folded).filter(|_| asked)?[1].parse().ok()?;
    let this = date(year, month, day);
    let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    match this {
        Some(this) if this >= today || !from_today => Some(this),
        _ => date(next_year, next_month, day),
    }
}

fn in_days(folded: &str, today: Day) -> Option<Day> {
    let found = IN_DAYS.captures(folded)?;
    let days: i32 = found.get(1).or(found.get(2))?.as_str().parse().ok()?;
    Some(Day(today.0.saturating_add(days)))
}

/// A day of the week: the coming one, or that of a week named. Weeks begin on Monday.
fn weekday(folded: &str, today: Day, from_today: bool) -> Option<Day> {
    let of_week = |day: &str| "一二三四五六日天".chars().position(|one| day.starts_with(one)).map(|n| n.min(6));
    let (which, day) = match (WEEK.captures(folded), ENGLISH_WEEK.captures(folded)) {
        (Some(found), _) => (found.get(1).map_or("", |which| which.as_str()).to_owned(), of_week(&found[2])?),
        (None, Some(found)) => {
            let day =
                ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].iter().position(|name| found[2].starts_with(name))?;
            (found.get(1).map_or("", |which| which.as_str().trim()).to_owned(), day)
        }
        (None, None) => return None,
    };
    let day = i32::try_from(day).ok()?;
    let now = (today.0 + 3).rem_euclid(7);
    let monday = today.0 - now;
    Some(Day(match which.as_str() {
        "下下" => monday + 14 + day,
        "下" | "下个" | "next" => monday + 7 + day,
        "这" | "这个" | "本" => monday + day,
        _ if from_today => today.0 + (day - now).rem_euclid(7),
        _ => today.0 - (now - day).rem_euclid(7),
    }))
}

fn date(year: i32, month: i32, day: i32) -> Option<Day> {
    format!("{year:04}-{month:02}-{day:02}").parse().ok()
}

fn parts(day: Day) -> Option<(i32, i32, i32)> {
    let date = day.to_date()?;
    Some((i32::from(date.year()), i32::from(date.month()), i32::from(date.day())))
}
