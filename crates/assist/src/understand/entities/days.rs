//! Days: written out, and counted from today. A day that is said without its week or year is the nearest that the words about
//! it allow: an order was placed in the past, a technician comes in the future.

use std::ops::Range;
use std::sync::LazyLock;

use domain::Day;
use regex::{Captures, Regex};

use super::super::heard::pattern;
use super::numbers::numeral;
use super::{Gathered, Named};

/// Where days lie that are not said in full.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Past,
    Future,
    Nearest,
}

pub(super) fn find(gathered: &mut Gathered, today: Day) {
    let folded = gathered.folded.text();
    let side = side(folded);
    let mut found: Vec<(Range<usize>, Day)> = Vec::new();
    relative(folded, today, &mut found);
    weekdays(folded, today, side, &mut found);
    dates(folded, today, side, &mut found);
    // The longer of two readings at one place.
    found.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    for (range, day) in found {
        gathered.add_folded(range, Named::Day { day });
    }
}

fn side(text: &str) -> Side {
    const PAST: &[&str] = &[
        "下的单",
        "下单",
        "买的",
        "订的",
        "拍的",
        "收到",
        "付的",
        "ordered",
        "bought",
        "placed",
        "purchased",
        "received",
        "paid",
    ];
    const FUTURE: &[&str] = &[
        "预约",
        "约",
        "上门",
        "来取",
        "来修",
        "送到",
        "取件",
        "book",
        "schedule",
        "come",
        "pick up",
        "appointment",
        "deliver on",
    ];
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    match (has(PAST), has(FUTURE)) {
        (true, false) => Side::Past,
        (false, true) => Side::Future,
        _ => Side::Nearest,
    }
}

const WORDS: &[(&str, i32)] = &[
    ("大前天", -3),
    ("前天", -2),
    ("前日", -2),
    ("昨天", -1),
    ("昨日", -1),
    ("昨晚", -1),
    ("今天", 0),
    ("今日", 0),
    ("今早", 0),
    ("今晚", 0),
    ("明天", 1),
    ("明日", 1),
    ("明早", 1),
    ("后天", 2),
    ("大后天", 3),
    ("the day before yesterday", -2),
    ("day before yesterday", -2),
    ("yesterday", -1),
    ("today", 0),
    ("tonight", 0),
    ("tomorrow", 1),
    ("day after tomorrow", 2),
    ("the day after tomorrow", 2),
];

fn relative(text: &str, today: Day, found: &mut Vec<(Range<usize>, Day)>) {
    static WORD: LazyLock<Regex> = LazyLock::new(|| {
        let mut words: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        pattern(&words.join("|"))
    });
    static COUNTED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?P<zh>\d{1,3}|[一二两三四五六七八九十])(?P<unit>天|周|个?星期|个?礼拜)(?:之)?(?P<way>前|后|以前|以后)|\b(?P<ago>\d{1,3}|a|one|two|three|four|five|six|seven|eight|nine|ten) (?P<ago_unit>day|week)s? ago|\bin (?P<in>\d{1,3}|a|one|two|three|four|five|six|seven) (?P<in_unit>day|week)s?\b",
        )
    });
    for word in WORD.find_iter(text) {
        if let Some((_, days)) = WORDS.iter().find(|(own, _)| *own == word.as_str()) {
            found.extend(moved(today, *days).map(|day| (word.range(), day)));
        }
    }
    for captures in COUNTED.captures_iter(text) {
        let range = captures.get(0).expect("the whole").range();
        found.extend(counted(&captures).and_then(|days| moved(today, days)).map(|day| (range, day)));
    }
}

/// Days from today, of `三天前`, `two weeks ago`, `in 3 days`.
fn counted(captures: &Captures) -> Option<i32> {
    let text = |name: &str| captures.name(name).map(|found| found.as_str());
    let number = |word: &str| if word == "a" { Some(1.0) } else { numeral(word) };
    let (n, unit, sign) = match (text("zh"), text("ago"), text("in")) {
        (Some(n), ..) => (n, text("unit")?, if text("way")?.ends_with('前') { -1 } else { 1 }),
        (_, Some(n), _) => (n, text("ago_unit")?, -1),
        (.., Some(n)) => (n, text("in_unit")?, 1),
        _ => return None,
    };
    let length = if matches!(unit, "天" | "day") { 1 } else { 7 };
    Some(sign * length * number(n)? as i32)
}

fn moved(day: Day, days: i32) -> Option<Day> {
    day.0.checked_add(days).map(Day)
}

/// Days since Monday.
fn weekday(day: Day) -> i32 {
    // 1970-01-01 was a Thursday.
    (day.0.rem_euclid(7) + 3) % 7
}

fn weekdays(text: &str, today: Day, side: Side, found: &mut Vec<(Range<usize>, Day)>) {
    static ZH: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?P<which>上上|上|这|本|下下|下)?个?(?:周|星期|礼拜)(?P<day>[一二三四五六日天])"));
    static EN: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:(?P<which>last|this|next|on) )?(?P<day>monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b",
        )
    });
    const ZH_DAYS: &str = "一二三四五六日";
    const EN_DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let monday = today.0.saturating_sub(weekday(today));
    for captures in ZH.captures_iter(text) {
        let name = captures["day"].replace('天', "日");
        let Some(n) = ZH_DAYS.chars().position(|day| name.starts_with(day)) else { continue };
        let range = captures.get(0).expect("the whole").range();
        let weeks = match captures.name("which").map(|which| which.as_str()) {
            Some("上上") => Some(-2),
            Some("上") => Some(-1),
            Some("这" | "本") => Some(0),
            Some("下") => Some(1),
            Some("下下") => Some(2),
            _ => None,
        };
        let day = match weeks {
            Some(weeks) => Day(monday.saturating_add(7 * weeks + n as i32)),
            None => bare_weekday(today, n as i32, side),
        };
        found.push((range, day));
    }
    for captures in EN.captures_iter(text) {
        let Some(n) = EN_DAYS.iter().position(|day| *day == &captures["day"]) else { continue };
        let n = n as i32;
        let day = match captures.name("which").map(|which| which.as_str()) {
            // The last one that has been.
            Some("last") => Day(today.0.saturating_sub((weekday(today) - n - 1).rem_euclid(7) + 1)),
            Some("this") => Day(monday.saturating_add(n)),
            Some("next") => Day(monday.saturating_add(7 + n)),
            _ => bare_weekday(today, n, side),
        };
        found.push((captures.get(0).expect("the whole").range(), day));
    }
}

/// The next of these days, today included, unless the past is spoken of.
fn bare_weekday(today: Day, n: i32, side: Side) -> Day {
    let ahead = (n - weekday(today)).rem_euclid(7);
    if side == Side::Past && ahead > 0 {
        Day(today.0.saturating_add(ahead - 7))
    } else {
        Day(today.0.saturating_add(ahead))
    }
}

fn dates(text: &str, today: Day, side: Side, found: &mut Vec<(Range<usize>, Day)>) {
    static DATE: LazyLock<Regex> = LazyLock::new(|| {
        let months = "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?";
        pattern(&format!(
            r"(?P<y1>\d{{4}})[-/.年](?P<m1>\d{{1,2}})[-/.月](?P<d1>\d{{1,2}})(?:日|号)?|(?P<m2>\d{{1,2}}|十[一二]?|[一二三四五六七八九])月(?P<d2>\d{{1,2}})(?:日|号)?|\b(?P<m3>{months})\.? (?P<d3>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (?P<y3>\d{{4}}))?|\b(?P<d4>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?(?P<m4>{months})\b(?:,? (?P<y4>\d{{4}}))?|(?P<m5>\d{{1,2}})/(?P<d5>\d{{1,2}})|(?P<d6>\d{{1,2}})号"
        ))
    });
    for captures in DATE.captures_iter(text) {
        let range = captures.get(0).expect("the whole").range();
        let is_digit = |character: char| character.is_ascii_digit() || matches!(character, '/' | '.' | '-');
        let inside = text[..range.start].ends_with(is_digit)
            || text[range.end..].starts_with(|next: char| next.is_ascii_digit() || next == '/');
        // `1号楼`, `2号线`.
        let is_place = text[range.end..].starts_with(['楼', '线', '门', '院', '机', '店', '仓', '柜', '馆']);
        if !inside && !is_place {
            found.extend(date(&captures, today, side).map(|day| (range, day)));
        }
    }
}

fn date(captures: &Captures, today: Day, side: Side) -> Option<Day> {
    let text = |names: &[&str]| names.iter().find_map(|name| captures.name(name)).map(|found| found.as_str());
    let day: u32 = text(&["d1", "d2", "d3", "d4", "d5", "d6"])?.parse().ok()?;
    let Some(month) = text(&["m1", "m2", "m3", "m4", "m5"]) else { return of_month(day, today, side) };
    let month = month_of(month)?;
    match text(&["y1", "y3", "y4"]) {
        Some(year) => on(year.parse().ok()?, month, day),
        None => of_year(month, day, today, side),
    }
}

fn month_of(text: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let in_english = || MONTHS.iter().position(|month| text.starts_with(month)).map(|at| at as u32 + 1);
    let in_chinese = || match text {
        "十一" => Some(11),
        "十二" => Some(12),
        _ => numeral(text).map(|value| value as u32),
    };
    text.parse().ok().or_else(in_english).or_else(in_chinese)
}

fn on(year: i32, month: u32, day: u32) -> Option<Day> {
    format!("{year:04}-{month:02}-{day:02}").parse().ok()
}

/// The year and month of a day.
fn year_and_month(day: Day) -> Option<(i32, u32)> {
    let text = day.to_date()?.to_string();
    let mut parts = text.split('-');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// A day of some year: on the right side of today, and nearest to it.
fn of_year(month: u32, day: u32, today: Day, side: Side) -> Option<Day> {
    let (year, _) = year_and_month(today)?;
    nearest((year - 1..=year + 1).filter_map(|year| on(year, month, day)), today, side)
}

/// `18号`: of this month or the one beside it.
fn of_month(day: u32, today: Day, side: Side) -> Option<Day> {
    let (year, month) = year_and_month(today)?;
    let before = if month == 1 { (year - 1, 12) } else { (year, month - 1) };
    let after = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    nearest([before, (year, month), after].into_iter().filter_map(|(year, month)| on(year, month, day)), today, side)
}

fn nearest(days: impl Iterator<Item = Day>, today: Day, side: Side) -> Option<Day> {
    let fits = |day: &Day| match side {
        Side::Past => day.0 <= today.0,
        Side::Future => day.0 >= today.0,
        Side::Nearest => true,
    };
    days.filter(fits).min_by_key(|day| (day.0.abs_diff(today.0), *day))
}
