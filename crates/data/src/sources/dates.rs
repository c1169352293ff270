//! Dates and times in the forms retailers write them. The shape is recognised value by value; the one thing a single
//! value cannot tell, whether `3/4/2023` is in March or April, is decided for the whole column (see [`OrderVotes`]).
//! Local times are placed in a zone given by the caller. Not here: the clock.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Which part of `a/b/yyyy` comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    DayFirst,
    MonthFirst,
}

impl DateOrder {
    /// Reads `d/m/y` or `m/d/y` (also `dmy`, `mdy`).
    pub fn from_name(name: &str) -> Option<Self> {
        let letters: String = name.chars().filter(char::is_ascii_alphabetic).collect();
        match letters.to_ascii_lowercase().as_str() {
            "dmy" | "ddmmyyyy" | "ddmmyy" | "dmyyyy" => Some(DateOrder::DayFirst),
            "mdy" | "mmddyyyy" | "mmddyy" | "mdyyyy" => Some(DateOrder::MonthFirst),
            _ => None,
        }
    }
}

/// A date and time as written, before a zone is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// Local wall-clock milliseconds since 1970-01-01T00:00:00 in whatever zone the source means.
    Local(i64),
    /// A point in time: the text named its zone, or counts from the epoch.
    Utc(i64),
}

impl Written {
    /// The milliseconds alone, to compare times of one column.
    pub fn millis(self) -> i64 {
        match self {
            Written::Local(ms) | Written::Utc(ms) => ms,
        }
    }
}

const DAY_MS: i64 = 86_400_000;
/// Excel's day 0 is 1899-12-30 once its invented 1900-02-29 is behind us.
const EXCEL_EPOCH_DAYS: i64 = -25_569;

/// Days since 1970-01-01 of a valid Gregorian date with a year in 1000..=9999.
fn days_of(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1000..=9999).contains(&year) || !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    // Count years from March, so that the leap day is the last of its year (Hinnant's `days_from_civil`).
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Reads a date with optional time. `order` is needed only for `a/b/yyyy`; without it such a text is `None`.
pub fn parse(text: &str, order: Option<DateOrder>) -> Option<Written> {
    let text = text.trim();
    let bytes = text.as_bytes();
    if bytes.len() >= 10 && bytes[4] == b'-' && bytes[7] == b'-' {
        return iso(bytes);
    }
    if bytes.is_empty() || bytes.len() > 64 {
        return None;
    }
    if bytes.iter().all(|b| b.is_ascii_digit() || *b == b'.') && bytes.iter().filter(|b| **b == b'.').count() <= 1 {
        return numeric(text);
    }
    if text.contains('年') {
        return chinese(text);
    }
    let (date, rest) = read_date(bytes, order)?;
    with_time(date, rest)
}

/// `2019-10-01`, `2019-10-01 00:00:00 UTC`, `2019-10-01T08:00:00.5+08:00`.
fn iso(bytes: &[u8]) -> Option<Written> {
    let days = days_of(digits(&bytes[..4])?, digits(&bytes[5..7])?, digits(&bytes[8..10])?)?;
    with_time(days, &bytes[10..])
}

fn digits(bytes: &[u8]) -> Option<i64> {
    if bytes.is_empty() || bytes.len() > 9 {
        return None;
    }
    let mut value = 0;
    for b in bytes {
        if !b.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i64::from(b - b'0');
    }
    Some(value)
}

/// The time of day and zone that follow a date.
fn with_time(days: i64, rest: &[u8]) -> Option<Written> {
    let local = days * DAY_MS;
    if rest.is_empty() {
        return Some(Written::Local(local));
    }
    let rest = match rest {
        [b'T' | b't' | b',', rest @ ..] => rest.trim_ascii_start(),
        [b' ', ..] => rest.trim_ascii_start(),
        _ => return None,
    };
    let (time, zone) = time_of_day(rest)?;
    let local = local + time;
    match zone.trim_ascii() {
        b"" => Some(Written::Local(local)),
        b"UTC" | b"Z" | b"z" | b"GMT" | b"utc" => Some(Written::Utc(local)),
        zone => Some(Written::Utc(local - offset_ms(zone)?)),
    }
}

/// `8:46`, `08:46:07.123`, `8:46 PM` to milliseconds of the day, with what follows.
fn time_of_day(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let (hour, rest) = leading(bytes, 2)?;
    let [b':', rest @ ..] = rest else { return None };
    let (minute, mut rest) = leading(rest, 2)?;
    let mut ms = 0;
    if let [b':', after @ ..] = rest {
        let (second, after) = leading(after, 2)?;
        ms = second.min(59) * 1000;
        if second > 60 {
            return None;
        }
        rest = after;
        if let [b'.' | b',', after @ ..] = rest {
            let n = after.iter().take_while(|b| b.is_ascii_digit()).count();
            for (digit, unit) in after[..n].iter().zip([100, 10, 1]) {
                ms += i64::from(digit - b'0') * unit;
            }
            rest = &after[n..];
        }
    }
    let (hour, rest) = half_day(hour, rest)?;
    (hour < 24 && minute < 60).then_some((hour * 3_600_000 + minute * 60_000 + ms, rest))
}

/// Applies a following `AM` or `PM`.
fn half_day(hour: i64, rest: &[u8]) -> Option<(i64, &[u8])> {
    let trimmed = rest.trim_ascii_start();
    let Some(mark) = trimmed.get(..2) else { return Some((hour, rest)) };
    let afternoon = match mark.to_ascii_lowercase().as_slice() {
        b"am" => 0,
        b"pm" => 12,
        _ => return Some((hour, rest)),
    };
    (1..=12).contains(&hour).then(|| (hour % 12 + afternoon, &trimmed[2..]))
}

/// Up to `n_max` leading digits as a number, with the rest.
fn leading(bytes: &[u8], n_max: usize) -> Option<(i64, &[u8])> {
    let n = bytes.iter().take(n_max).take_while(|b| b.is_ascii_digit()).count();
    Some((digits(&bytes[..n])?, &bytes[n..]))
}

/// `+08:00`, `-0530`, `+8`.
fn offset_ms(zone: &[u8]) -> Option<i64> {
    let (sign, rest) = match zone {
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, rest) = leading(rest, 2)?;
    let rest = rest.strip_prefix(b":").unwrap_or(rest);
    let minutes = if rest.is_empty() { 0 } else { digits(rest)? };
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 3_600_000 + minutes * 60_000))
}

/// Epoch seconds, milliseconds or microseconds, `yyyymmdd`, `yyyymmddhhmmss`, or an Excel serial day, by size.
fn numeric(text: &str) -> Option<Written> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let bytes = whole.as_bytes();
    if bytes.len() == 14 && fraction.is_empty() {
        let date = days_of(digits(&bytes[..4])?, digits(&bytes[4..6])?, digits(&bytes[6..8])?)?;
        let (hour, minute, second) = (digits(&bytes[8..10])?, digits(&bytes[10..12])?, digits(&bytes[12..14])?);
        let valid = hour < 24 && minute < 60 && second < 60;
        return valid.then(|| Written::Local(date * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000));
    }
    match bytes.len() {
        5 => {
            let serial = format!("{whole}.{fraction}").parse::<f64>().ok()?;
            // A minute of rounding noise is in the fraction; whole seconds are not.
            let ms = (serial.fract() * 86_400.0).round() as i64 * 1000;
            Some(Written::Local((serial.trunc() as i64 + EXCEL_EPOCH_DAYS) * DAY_MS + ms))
        }
        8 if fraction.is_empty() => {
            let days = days_of(digits(&bytes[..4])?, digits(&bytes[4..6])?, digits(&bytes[6..8])?)?;
            Some(Written::Local(days * DAY_MS))
        }
        9 | 10 => {
            let ms: String = fraction.chars().chain("000".chars()).take(3).collect();
            Some(Written::Utc(whole.parse::<i64>().ok()? * 1000 + digits(ms.as_bytes())?))
        }
        12 | 13 => Some(Written::Utc(whole.parse().ok()?)),
        16 => Some(Written::Utc(whole.parse::<i64>().ok()? / 1000)),
        _ => None,
    }
}

/// `2023年5月1日`, `2023年5月1日 14时30分5秒`, `2023年5月1日 14:30`.
fn chinese(text: &str) -> Option<Written> {
    let (year, rest) = text.split_once('年')?;
    let (month, rest) = rest.split_once('月')?;
    let (day, rest) = rest.split_once(['日', '号']).unwrap_or((rest, ""));
    let number = |part: &str| digits(part.trim().as_bytes());
    let days = days_of(number(year)?, number(month)?, number(day)?)?;
    let time = rest.trim().replace(['时', '分', '点'], ":").replace('秒', "");
    let time = time.trim_end_matches(':');
    let time = match time {
        "" => return Some(Written::Local(days * DAY_MS)),
        hour if !hour.contains(':') => format!(" {hour}:00"),
        other => format!(" {other}"),
    };
    with_time(days, time.as_bytes())
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A run of a date: a number or a month's name.
enum Part {
    Number { value: i64, n_digits: usize },
    Month(i64),
}

/// The date at the start, three parts between `/`, `-`, `.`, spaces or a comma, with what follows.
fn read_date(bytes: &[u8], order: Option<DateOrder>) -> Option<(i64, &[u8])> {
    let (first, rest) = part(bytes)?;
    let (second, rest) = part(after_separator(rest)?)?;
    let (third, rest) = part(after_separator(rest)?)?;
    let (year, month, day) = match (first, second, third) {
        (
            Part::Number { value: year, n_digits: 4 },
            Part::Number { value: month, .. },
            Part::Number { value: day, .. },
        ) => (year, month, day),
        (Part::Number { value: a, .. }, Part::Number { value: b, .. }, Part::Number { value, n_digits }) => {
            let (month, day) = match order? {
                DateOrder::MonthFirst => (a, b),
                DateOrder::DayFirst => (b, a),
            };
            (full_year(value, n_digits)?, month, day)
        }
        (Part::Number { value: day, .. }, Part::Month(month), Part::Number { value, n_digits })
        | (Part::Month(month), Part::Number { value: day, .. }, Part::Number { value, n_digits }) => {
            (full_year(value, n_digits)?, month, day)
        }
        _ => return None,
    };
    Some((days_of(year, month, day)?, rest))
}

fn part(bytes: &[u8]) -> Option<(Part, &[u8])> {
    let n_digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    if n_digits > 0 {
        let value = digits(&bytes[..n_digits])?;
        return (n_digits <= 4).then_some((Part::Number { value, n_digits }, &bytes[n_digits..]));
    }
    let n_letters = bytes.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let name = bytes.get(..3)?.to_ascii_lowercase();
    let month = MONTHS.iter().position(|month| month.as_bytes() == name)? as i64 + 1;
    (3..=9).contains(&n_letters).then(|| (Part::Month(month), &bytes[n_letters..]))
}

fn after_separator(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [b',', b' ', rest @ ..] | [b'.', b' ', rest @ ..] => Some(rest),
        [b'/' | b'-' | b'.' | b' ', rest @ ..] => Some(rest),
        _ => None,
    }
}

/// Two digits below 69 are this century's (POSIX).
fn full_year(value: i64, n_digits: usize) -> Option<i64> {
    match n_digits {
        4 => Some(value),
        2 if value < 69 => Some(2000 + value),
        2 => Some(1900 + value),
        _ => None,
    }
}

/// Evidence, over a column, of which order `a/b/yyyy` is in.
#[derive(Clone, Debug, Default)]
pub struct OrderVotes {
    /// A value that can only be day first, or only month first.
    pub day_first: Option<String>,
    pub month_first: Option<String>,
    /// A value that can be both and would differ.
    pub ambiguous: Option<String>,
    /// A value was seen that reads the same in either order.
    pub has_plain: bool,
}

impl OrderVotes {
    /// Looks at one value.
    pub fn see(&mut self, text: &str) {
        let text = text.trim();
        if !text.bytes().take(6).any(|b| matches!(b, b'/' | b'-' | b'.')) {
            self.has_plain |= !text.is_empty();
            return;
        }
        let day_first = parse(text, Some(DateOrder::DayFirst));
        let month_first = parse(text, Some(DateOrder::MonthFirst));
        let slot = match (day_first, month_first) {
            (Some(_), None) => &mut self.day_first,
            (None, Some(_)) => &mut self.month_first,
            (Some(a), Some(b)) if a != b => &mut self.ambiguous,
            _ => {
                self.has_plain |= parse(text, None).is_some();
                return;
            }
        };
        slot.get_or_insert_with(|| text.to_owned());
    }

    /// Whether the order is known, or looks as if it will not be asked for.
    pub fn is_settled(&self) -> bool {
        let is_decided = self.day_first.is_some() || self.month_first.is_some();
        is_decided || (self.has_plain && self.ambiguous.is_none())
    }
}

/// Places local times in one zone. Keeps the last hour's offset, since neighbouring rows are near in time.
#[derive(Clone, Debug)]
pub struct Clockwork {
    zone: TimeZone,
    is_utc: bool,
    hour: i64,
    offset_ms: i64,
}

impl Clockwork {
    pub fn new(zone: TimeZone) -> Self {
        let is_utc = zone == TimeZone::UTC;
        Self { zone, is_utc, hour: i64::MIN, offset_ms: 0 }
    }

    /// UTC milliseconds. A time that the clocks skip or repeat is taken with the offset before the change.
    pub fn instant(&mut self, written: Written) -> Option<i64> {
        let local = match written {
            Written::Utc(ms) => return Some(ms),
            Written::Local(ms) if self.is_utc => return Some(ms),
            Written::Local(ms) => ms,
        };
        // Offsets change on quarter hours at the finest.
        let quarter = local.div_euclid(900_000);
        if quarter != self.hour {
            let civil = civil(local)?;
            let instant = self.zone.to_ambiguous_timestamp(civil).compatible().ok()?.as_millisecond();
            (self.hour, self.offset_ms) = (quarter, local - instant);
        }
        Some(local - self.offset_ms)
    }

    /// The local day, as days since 1970-01-01.
    pub fn day(&mut self, written: Written) -> Option<i32> {
        let local = match written {
            Written::Local(ms) => ms,
            Written::Utc(ms) => {
                let timestamp = jiff::Timestamp::from_millisecond(ms).ok()?;
                ms + i64::from(self.zone.to_offset(timestamp).seconds()) * 1000
            }
        };
        i32::try_from(local.div_euclid(DAY_MS)).ok()
    }
}

fn civil(local_ms: i64) -> Option<DateTime> {
    let timestamp = jiff::Timestamp::from_millisecond(local_ms).ok()?;
    Some(TimeZone::UTC.to_datetime(timestamp))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn forms_that_name_their_order() {
        for (text, expected) in [
            ("2023-05-01", "2023-05-01T00:00:00Z"),
            ("2019-10-01 00:00:00 UTC", "2019-10-01T00:00:00Z"),
            ("2016-01-31 23:59:02", "2016-01-31T23:59:02Z"),
            ("2023-05-01T08:00:00+08:00", "2023-05-01T00:00:00Z"),
            ("2023-05-01T08:00:00.250Z", "2023-05-01T08:00:00.250Z"),
            ("2023/5/1 8:05", "2023-05-01T08:05:00Z"),
            ("2023.05.01", "2023-05-01T00:00:00Z"),
            ("20230501", "2023-05-01T00:00:00Z"),
            ("20230501123456", "2023-05-01T12:34:56Z"),
            ("2023年5月1日", "2023-05-01T00:00:00Z"),
            ("2023年5月1日 14时30分5秒", "2023-05-01T14:30:05Z"),
            ("2023年5月1日 14:30", "2023-05-01T14:30:00Z"),
            ("1 May 2023", "2023-05-01T00:00:00Z"),
            ("May 1, 2023 3:04 PM", "2023-05-01T15:04:00Z"),
            ("01-May-23", "2023-05-01T00:00:00Z"),
            ("1442004589", "2015-09-11T20:49:49Z"),
            ("1520061164.0", "2018-03-03T07:12:44Z"),
            ("1433221332117", "2015-06-02T05:02:12.117Z"),
            ("45047", "2023-05-01T00:00:00Z"),
            ("45047.5", "2023-05-01T12:00:00Z"),
        ] {
            let written = parse(text, None).unwrap_or_else(|| panic!("{text}"));
            let (Written::Local(found) | Written::Utc(found)) = written;
            assert_eq!(found, ms(expected), "{text}");
        }
    }

    #[test]
    fn slashes_follow_the_order() {
        for (text, order, expected) in [
            ("1/2/2016", DateOrder::MonthFirst, "2016-01-02T00:00:00Z"),
            ("1/2/2016", DateOrder::DayFirst, "2016-02-01T00:00:00Z"),
            ("04/19/19 08:46", DateOrder::MonthFirst, "2019-04-19T08:46:00Z"),
            ("19.04.2019", DateOrder::DayFirst, "2019-04-19T00:00:00Z"),
            ("12/31/99 12:00 AM", DateOrder::MonthFirst, "1999-12-31T00:00:00Z"),
        ] {
            assert_eq!(parse(text, Some(order)), Some(Written::Local(ms(expected))), "{text}");
        }
        for text in ["1/2/2016", "2023-02-30", "2023-13-01", "", "soon", "99", "2023-05-01 25:00", "2023-05-01x"] {
            assert_eq!(parse(text, None), None, "{text}");
        }
    }

    #[test]
    fn the_column_decides_the_order() {
        let votes = |texts: &[&str]| {
            let mut votes = OrderVotes::default();
            texts.iter().for_each(|text| votes.see(text));
            (votes.day_first.is_some(), votes.month_first.is_some(), votes.ambiguous.is_some())
        };
        assert_eq!(votes(&["1/2/2016", "1/13/2016"]), (false, true, true));
        assert_eq!(votes(&["13/1/2016"]), (true, false, false));
        assert_eq!(votes(&["1/1/2016", "2016-05-04", "20160504"]), (false, false, false));
    }

    #[test]
    fn zones_apply_to_local_times() {
        let mut shanghai = Clockwork::new(TimeZone::get("Asia/Shanghai").unwrap());
        let local = Written::Local(ms("2016-02-01T07:59:00Z"));
        assert_eq!(shanghai.instant(local), Some(ms("2016-01-31T23:59:00Z")));
        assert_eq!(shanghai.day(Written::Utc(ms("2016-01-31T23:59:00Z"))), Some(16_832));
        let mut london = Clockwork::new(TimeZone::get("Europe/London").unwrap());
        for (local, utc) in
            [("2011-03-27T00:30:00Z", "2011-03-27T00:30:00Z"), ("2011-03-27T02:30:00Z", "2011-03-27T01:30:00Z")]
        {
            assert_eq!(london.instant(Written::Local(ms(local))), Some(ms(utc)), "{local}");
        }
    }
}
