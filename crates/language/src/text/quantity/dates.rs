//! Dates and times of day.

/// A date or time read from a text: its number, and where it ends.
pub(super) struct Moment {
    pub value: f64,
    pub end: usize,
    pub is_time: bool,
}

/// `2024-06-18`, `2024年6月18日`, `6月18日`, `2024年`, `2024款`, `12:30` at `at`.
pub(super) fn read(text: &str, at: usize) -> Option<Moment> {
    let (first, n_first, end) = digits(text, at)?;
    let rest = &text[end..];
    let date = |value: u32, end: usize| Some(Moment { value: f64::from(value), end, is_time: false });
    if n_first == 4 && (1970..=2099).contains(&first) {
        if let Some((month, day, end)) = numeric(text, end) {
            return date(first * 10_000 + month * 100 + day, end);
        }
        if let Some(after) = rest.strip_prefix('年') {
            let from = text.len() - after.len();
            return match month_day(text, from) {
                Some((month, day, end)) => date(first * 10_000 + month * 100 + day, end),
                None => date(first * 10_000, from),
            };
        }
        return rest.starts_with('款').then_some(Moment { value: f64::from(first * 10_000), end, is_time: false });
    }
    if let Some((month, day, end)) = month_day(text, at) {
        return date(month * 100 + day, end);
    }
    if n_first <= 2 && first < 24 && rest.starts_with(':') {
        let (minute, n_minute, end) = digits(text, end + 1)?;
        let alone = !text[end..].starts_with(|next: char| next == ':' || next.is_ascii_alphanumeric());
        if n_minute == 2 && minute < 60 && alone {
            return Some(Moment { value: f64::from(first * 60 + minute), end, is_time: true });
        }
    }
    None
}

/// Up to four digits: value, how many, where they end.
fn digits(text: &str, at: usize) -> Option<(u32, usize, usize)> {
    let n = text.as_bytes()[at..].iter().take(5).take_while(|byte| byte.is_ascii_digit()).count();
    if n == 0 || n > 4 {
        return None;
    }
    Some((text[at..at + n].parse().ok()?, n, at + n))
}

/// `-06-18`, `/6/18`, `.6.18` after a year.
fn numeric(text: &str, at: usize) -> Option<(u32, u32, usize)> {
    let mark = *text.as_bytes().get(at)?;
    if !matches!(mark, b'-' | b'/' | b'.') {
        return None;
    }
    let (month, n_month, end) = digits(text, at + 1)?;
    if text.as_bytes().get(end) != Some(&mark) {
        return None;
    }
    let (day, n_day, end) = digits(text, end + 1)?;
    let fits = n_month <= 2 && n_day <= 2 && (1..=12).contains(&month) && (1..=31).contains(&day);
    (fits && !text[end..].starts_with(|next: char| next.is_ascii_alphanumeric())).then_some((month, day, end))
}

/// `6月18日`, `6月18号`, `6月` (not `6个月`).
fn month_day(text: &str, at: usize) -> Option<(u32, u32, usize)> {
    let (month, _, end) = digits(text, at)?;
    if !(1..=12).contains(&month) || !text[end..].starts_with('月') {
        return None;
    }
    let after = end + '月'.len_utf8();
    if let Some((day, _, end)) = digits(text, after)
        && (1..=31).contains(&day)
        && text[end..].starts_with(['日', '号'])
    {
        return Some((month, day, end + '日'.len_utf8()));
    }
    Some((month, 0, after))
}

/// As people sort dates; parts that are not named are left out.
pub(super) fn written(value: u32) -> String {
    let (year, month, day) = (value / 10_000, value / 100 % 100, value % 100);
    match (year, month, day) {
        (0, _, 0) => format!("{month}月"),
        (0, ..) => format!("{month:02}-{day:02}"),
        (_, 0, _) => format!("{year}年"),
        (_, _, 0) => format!("{year}-{month:02}"),
        _ => format!("{year}-{month:02}-{day:02}"),
    }
}
