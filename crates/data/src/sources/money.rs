//! Currency text to integer cents: `$6.62 `, `₹10,999`, `1.234,56 €`, `￥1,299.00`, `(12.50)`, `1.2万`.
//! Digits are read as text, so no rounding error of floats comes in. Not here: exchange rates.

/// The amount in cents, rounded half away from zero, or `None` when the text is no amount.
pub fn cents(text: &str) -> Option<i64> {
    if let Some(value) = plain(text.as_bytes()) {
        return Some(value);
    }
    let amount = strip_marks(text)?;
    let (digits, decimals) = split_decimals(&amount)?;
    let scale_power = 2 + amount.power;
    let value = to_cents(&digits, &decimals, scale_power)?;
    Some(if amount.negative { -value } else { value })
}

/// The common case, `-?\d+(\.\d{1,2})?`, without allocation.
fn plain(bytes: &[u8]) -> Option<i64> {
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    if digits.is_empty() || digits.len() > 15 {
        return None;
    }
    let mut value = 0i64;
    let mut n_decimals = None;
    for (i, &b) in digits.iter().enumerate() {
        match b {
            b'0'..=b'9' => {
                value = value * 10 + i64::from(b - b'0');
                n_decimals = n_decimals.map(|n: u32| n + 1);
            }
            b'.' if n_decimals.is_none() && i > 0 => n_decimals = Some(0),
            _ => return None,
        }
    }
    let value = match n_decimals {
        None => value * 100,
        Some(1) => value * 10,
        Some(2) => value,
        Some(_) => return None,
    };
    Some(if negative { -value } else { value })
}

struct Amount {
    negative: bool,
    /// Digits, dots and commas only.
    body: String,
    /// Powers of ten to multiply by: 4 for 万.
    power: usize,
    /// Written with a currency that uses the decimal comma.
    comma_country: bool,
}

/// Currency symbols and codes that may stand before or after an amount.
const CODES: [&str; 22] = [
    "USD", "EUR", "GBP", "CNY", "RMB", "INR", "JPY", "CAD", "AUD", "HKD", "TWD", "KRW", "SGD", "CHF", "SEK", "US",
    "HK", "NT", "Rs.", "Rs", "kr", "元",
];

fn strip_marks(text: &str) -> Option<Amount> {
    let mut rest = text.trim();
    let mut negative = false;
    if let Some(inner) = rest.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
        (negative, rest) = (true, inner.trim());
    }
    let mut power = 0;
    let mut comma_country = false;
    loop {
        let before = rest;
        comma_country |= rest.ends_with('€') || rest.ends_with("EUR");
        rest = rest.trim_matches(|c: char| c.is_whitespace() || "$€£¥￥₹₩₽฿₫".contains(c));
        for code in CODES {
            rest = rest.strip_prefix(code).or_else(|| rest.strip_suffix(code)).unwrap_or(rest);
        }
        if power == 0
            && let Some(inner) = rest.strip_suffix('万')
        {
            (power, rest) = (4, inner);
        }
        let signless = rest.strip_prefix(['-', '−']).or_else(|| rest.strip_suffix(['-', '−']));
        if let (false, Some(inner)) = (negative, signless) {
            (negative, rest) = (true, inner);
        }
        if rest == before {
            break;
        }
    }
    let rest = rest.strip_prefix('+').unwrap_or(rest);
    let body: String = rest
        .chars()
        .filter(|c| !matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\'' | '’'))
        .map(|c| if c == '，' { ',' } else { c })
        .collect();
    let ok = body.bytes().any(|b| b.is_ascii_digit()) && body.bytes().all(|b| b.is_ascii_digit() || b".,".contains(&b));
    ok.then_some(Amount { negative, body, power, comma_country })
}

/// Splits into whole digits and decimals. The last separator is the decimal one if both occur; a lone comma before
/// exactly three digits, or any separator that occurs twice, groups thousands.
fn split_decimals(amount: &Amount) -> Option<(String, String)> {
    let body = amount.body.as_str();
    let count = |c: char| body.matches(c).count();
    let decimal = match (count('.'), count(',')) {
        (0, 0) => None,
        (1, 0) if amount.comma_country && groups_of_three(body, '.') => None,
        (1, 0) => Some('.'),
        (_, 0) => None,
        (0, 1) if groups_of_three(body, ',') => None,
        (0, 1) => Some(','),
        (0, _) => None,
        (n_dots, n_commas) => {
            let last = body.rfind(['.', ','])?;
            let decimal = if body.as_bytes()[last] == b'.' { '.' } else { ',' };
            if (if decimal == '.' { n_dots } else { n_commas }) > 1 {
                return None;
            }
            Some(decimal)
        }
    };
    let (whole, decimals) = match decimal {
        Some(mark) => body.split_once(mark)?,
        None => (body, ""),
    };
    let whole = ungroup(whole)?;
    decimals.bytes().all(|b| b.is_ascii_digit()).then(|| (whole, decimals.to_owned()))
}

fn groups_of_three(body: &str, mark: char) -> bool {
    body.split_once(mark).is_some_and(|(whole, rest)| rest.len() == 3 && (1..=3).contains(&whole.len()) && whole != "0")
}

fn ungroup(whole: &str) -> Option<String> {
    let groups: Vec<&str> = whole.split(['.', ',']).collect();
    if let [_, middle @ .., last] = groups.as_slice() {
        let proper = last.len() == 3 && middle.iter().all(|group| (2..=3).contains(&group.len()));
        if !proper || groups[0].is_empty() || groups[0].len() > 3 {
            return None;
        }
    }
    Some(groups.concat())
}

fn to_cents(whole: &str, decimals: &str, power: usize) -> Option<i64> {
    let mut value: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let bytes = decimals.as_bytes();
    for i in 0..power {
        let digit = bytes.get(i).map_or(0, |b| i64::from(b - b'0'));
        value = value.checked_mul(10)?.checked_add(digit)?;
    }
    let round_up = bytes.get(power).is_some_and(|&b| b >= b'5');
    value.checked_add(i64::from(round_up))
}

#[cfg(test)]
mod tests {
    use super::cents;

    #[test]
    fn amounts_as_shops_write_them() {
        for (text, expected) in [
            ("$6.62 ", Some(662)),
            ("$2,899.99 ", Some(289_999)),
            ("₹10,999", Some(1_099_900)),
            ("₹1,10,999.50", Some(11_099_950)),
            ("1.234,56 €", Some(123_456)),
            ("1.234 €", Some(123_400)),
            ("€ 12,50", Some(1250)),
            ("￥1,299.00", Some(129_900)),
            ("¥1299元", Some(129_900)),
            ("(12.50)", Some(-1250)),
            ("-$3", Some(-300)),
            ("$-3.5", Some(-350)),
            ("12.50-", Some(-1250)),
            ("1.2万", Some(1_200_000)),
            ("1 234,50", Some(123_450)),
            ("1'234.50", Some(123_450)),
            ("USD 7", Some(700)),
            ("7 US$", Some(700)),
            ("Rs. 499", Some(49_900)),
            ("0.001", Some(0)),
            ("0.005", Some(1)),
            ("-0.005", Some(-1)),
            ("1339.69", Some(133_969)),
            (".5", Some(50)),
            ("0,500", Some(50)),
            ("1,2,3", None),
            ("1.2.3,4,5", None),
            ("free", None),
            ("", None),
            ("$", None),
            ("NaN", None),
            ("12abc", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(cents(text), expected, "{text:?}");
        }
    }
}
