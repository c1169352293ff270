//! Text to numbers: quantities, ratings, identifiers that a spreadsheet or data frame turned into floats.
//! Not here: money (see `money`) and dates (see `dates`).

use std::borrow::Cow;

/// A whole number, also written `1,234`, `2.0` or `+3`. `None` when it is anything else.
pub fn integer(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(value) = text.parse::<i64>() {
        return Some(value);
    }
    let whole = match text.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|b| b == b'0') => whole,
        Some(_) => return None,
        None => text,
    };
    if whole.contains(',') { ungroup(whole)?.parse().ok() } else { whole.parse().ok() }
}

/// A finite number, also written `1,234.5`, `85%` (0.85) or, with a comma alone, `4,5`.
pub fn float(text: &str) -> Option<f64> {
    let text = text.trim();
    let (text, scale) = match text.strip_suffix('%') {
        Some(rest) => (rest.trim_end(), 0.01),
        None => (text, 1.0),
    };
    if !text.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    let value: f64 = match text.parse() {
        Ok(value) => value,
        Err(_) => with_commas(text)?,
    };
    value.is_finite().then_some(value * scale)
}

fn with_commas(text: &str) -> Option<f64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if let Some(whole) = ungroup(whole) {
        return format!("{whole}.{fraction}").parse().ok();
    }
    if text.contains('.') { None } else { text.replacen(',', ".", 1).parse().ok() }
}

/// Removes thousands separators, if they stand where they belong (`1,234,567`, or the Indian `12,34,567`).
fn ungroup(text: &str) -> Option<String> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut groups = digits.split(',');
    let first = groups.next()?;
    if first.is_empty() || first.len() > 3 || !first.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let rest: Vec<&str> = groups.collect();
    let (last, middle) = rest.split_last()?;
    let proper =
        |group: &str, low: usize| (low..=3).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_digit());
    (proper(last, 3) && middle.iter().all(|group| proper(group, 2))).then(|| text.replace(',', ""))
}

/// An identifier as the source meant it: `266079.0`, which a data frame with missing values writes, is `266079`.
pub fn identifier(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    match text.split_once('.') {
        Some((whole, fraction))
            if !whole.is_empty()
                && !fraction.is_empty()
                && whole.bytes().all(|b| b.is_ascii_digit())
                && fraction.bytes().all(|b| b == b'0') =>
        {
            Cow::Borrowed(whole)
        }
        _ => Cow::Borrowed(text),
    }
}

/// `true`/`false` as shops write it, in English and Chinese.
pub fn boolean(text: &str) -> Option<bool> {
    let text = text.trim();
    if text.len() > 16 {
        return None;
    }
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "t" | "yes" | "y" | "1.0" | "是" | "有" => Some(true),
        "0" | "false" | "f" | "no" | "n" | "0.0" | "否" | "无" => Some(false),
        _ => None,
    }
}

/// Whether a source means "nothing" by this text.
pub fn is_nothing(text: &str) -> bool {
    matches!(text, "" | "NULL" | "null" | "\\N" | "N/A" | "#N/A" | "None" | "<NA>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers() {
        for (text, expected) in [
            ("12", Some(12)),
            (" -3 ", Some(-3)),
            ("2.0", Some(2)),
            ("2.5", None),
            ("1,234", Some(1234)),
            ("1,234,567", Some(1_234_567)),
            ("12,34,567", Some(1_234_567)),
            ("1,23", None),
            ("", None),
            ("9223372036854775808", None),
            ("NaN", None),
        ] {
            assert_eq!(integer(text), expected, "{text}");
        }
    }

    #[test]
    fn floats() {
        for (text, expected) in [
            ("4.5", Some(4.5)),
            ("4,5", Some(4.5)),
            ("1,234.5", Some(1234.5)),
            ("50%", Some(0.5)),
            ("NaN", None),
            ("inf", None),
            ("1e999", None),
            ("-Infinity", None),
            ("", None),
        ] {
            assert_eq!(float(text), expected, "{text}");
        }
    }

    #[test]
    fn identifiers() {
        for (text, expected) in
            [("266079.0", "266079"), ("85123A", "85123A"), ("1.5", "1.5"), (".0", ".0"), ("1.", "1."), (" x ", "x")]
        {
            assert_eq!(identifier(text), expected, "{text}");
        }
    }
}
