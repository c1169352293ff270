//! Numbers that are personal by their form alone: phones, national ids, bank cards, devices, network addresses, and
//! numbers too long to be a price or a specification.

use super::{PersonalKind as Kind, Spot};

/// Most characters of one number with what stands between its digits.
const N_SPAN: usize = 48;
/// Digits from which a number of no known kind is hidden.
const N_LONG: usize = 11;

/// Digits with at most one space, hyphen or point between two of them.
struct Digits {
    values: Vec<u8>,
    /// Where each stands.
    places: Vec<usize>,
    /// Lengths of the groups that separators make.
    groups: Vec<usize>,
}

impl Digits {
    fn read(text: &str, at: usize) -> Self {
        let bytes = text.as_bytes();
        let mut digits = Digits { values: Vec::new(), places: Vec::new(), groups: vec![0] };
        let mut i = at;
        while i < bytes.len() && i < at + N_SPAN {
            if bytes[i].is_ascii_digit() {
                digits.values.push(bytes[i] - b'0');
                digits.places.push(i);
                *digits.groups.last_mut().expect("one group at least") += 1;
                i += 1;
            } else if matches!(bytes[i], b' ' | b'-' | b'.') && bytes.get(i + 1).is_some_and(u8::is_ascii_digit) {
                digits.groups.push(0);
                i += 1;
            } else {
                break;
            }
        }
        digits
    }

    /// Digits of the first `n` groups, if there are so many.
    fn of_groups(&self, n: usize) -> usize {
        self.groups[..n].iter().sum()
    }

    /// The end of the first `n` digits.
    fn end(&self, n: usize) -> usize {
        self.places[n - 1] + 1
    }
}

pub(super) fn find(text: &str, spots: &mut Vec<Spot>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if byte == b'@' {
            spots.extend(email(text, at));
        }
        let starts = byte.is_ascii_digit() && (at == 0 || !bytes[at - 1].is_ascii_digit());
        let found = match byte {
            b'+' => international(text, at),
            b'(' => in_brackets(text, at),
            _ if starts => number(text, at),
            _ => None,
        };
        at = match found {
            Some(spot) => {
                let end = spot.0.end;
                spots.push(spot);
                end
            }
            None => at + 1,
        };
    }
}

/// A number that begins at `at`, by the surest kind that it fits.
fn number(text: &str, at: usize) -> Option<Spot> {
    let digits = Digits::read(text, at);
    if let Some(spot) = ip(text, at, &digits) {
        return Some(spot);
    }
    // The whole of what separators join, then less and less of it.
    for n_groups in (1..=digits.groups.len()).rev() {
        let n = digits.of_groups(n_groups);
        if !(10..=19).contains(&n) {
            continue;
        }
        if let Some((kind, n_taken)) = kind_of(text, at, &digits, n_groups, n) {
            let mut end = digits.end(n_taken);
            if kind == Kind::Id && n_taken == 17 {
                end += 1;
            }
            return Some((at..end, kind));
        }
    }
    long(text, at)
}

fn kind_of(text: &str, at: usize, digits: &Digits, n_groups: usize, n: usize) -> Option<(Kind, usize)> {
    let values = &digits.values[..n];
    let groups = &digits.groups[..n_groups];
    if national_id(text, digits, n) {
        return Some((Kind::Id, n));
    }
    if is_mobile(values, groups) {
        return Some((Kind::Phone, n));
    }
    if n == 15
        && groups.len() == 1
        && luhn(values)
        && matches!((values[0], values[1]), (3, 5) | (8, 6) | (9, 9) | (0, 1))
    {
        return Some((Kind::Imei, n));
    }
    if (13..=19).contains(&n) && matches!(values[0], 3..=6) && luhn(values) && card_groups(groups) {
        return Some((Kind::Card, n));
    }
    (is_landline(values, groups) || is_american(text, at, digits.end(n), values, groups)).then_some((Kind::Phone, n))
}

/// 11 digits from 13 to 19, grouped as people group them; with or without the country's 86.
fn is_mobile(values: &[u8], groups: &[usize]) -> bool {
    let (values, groups) = match (values, groups) {
        ([8, 6, rest @ ..], [2, groups @ ..]) if !groups.is_empty() => (rest, groups.to_vec()),
        ([8, 6, rest @ ..], [first, groups @ ..]) if values.len() == 13 => {
            (rest, [&[first - 2.min(*first)], groups].concat())
        }
        ([0, 0, 8, 6, rest @ ..], [4, groups @ ..]) if !groups.is_empty() => (rest, groups.to_vec()),
        ([0, 0, 8, 6, rest @ ..], [first, groups @ ..]) if values.len() == 15 => {
            (rest, [&[first - 4.min(*first)], groups].concat())
        }
        _ => (values, groups.to_vec()),
    };
    values.len() == 11
        && values[0] == 1
        && values[1] >= 3
        && (matches!(groups.as_slice(), [11] | [3, 4, 4] | [3, 8] | [7, 4] | [3, 3, 5])
            || groups.iter().all(|&n| n == 1)
            || groups.iter().all(|&n| n <= 2) && groups.len() >= 6)
}

/// An area code from 0 and seven or eight digits.
fn is_landline(values: &[u8], groups: &[usize]) -> bool {
    let area = match values {
        [0, 1 | 2, ..] => 3,
        [0, 3..=9, ..] => 4,
        _ => return false,
    };
    let local = values.len() - area.min(values.len());
    let grouped = match groups {
        [all] => *all >= 11,
        [first, ..] => *first == area,
        [] => false,
    };
    matches!(local, 7 | 8) && values[area] >= 2 && grouped
}

/// `555-123-4567`, `555.123.4567`, `1-555-123-4567`, where nothing of a model stands beside it.
fn is_american(text: &str, at: usize, end: usize, values: &[u8], groups: &[usize]) -> bool {
    let (values, groups) = match (values, groups) {
        ([1, rest @ ..], [1, groups @ ..]) => (rest, groups),
        _ => (values, groups),
    };
    let free = at == 0 || !text.as_bytes()[at - 1].is_ascii_alphanumeric();
    let open = !text[end..].starts_with(|next: char| next.is_ascii_alphanumeric());
    // 400-… and 800-… are a shop's own lines.
    let service = matches!(values, [4 | 8, 0, 0, ..]);
    groups == [3, 3, 4] && values[0] >= 2 && values[3] >= 2 && free && open && !service
}

/// `+86 138…`, `+1 (555) 123-4567`, `+44 20 7946 0958`.
fn international(text: &str, at: usize) -> Option<Spot> {
    let bytes = text.as_bytes();
    if !bytes.get(at + 1)?.is_ascii_digit() || (at > 0 && bytes[at - 1].is_ascii_alphanumeric()) {
        return None;
    }
    let (mut n, mut i, mut end) = (0, at + 1, at);
    while i < bytes.len() && i < at + 24 {
        match bytes[i] {
            byte if byte.is_ascii_digit() => {
                n += 1;
                end = i + 1;
            }
            b' ' | b'-' | b'(' | b')' | b'.' => {}
            _ => break,
        }
        i += 1;
    }
    let whole = !bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
    ((9..=15).contains(&n) && whole).then_some((at..end, Kind::Phone))
}

/// `(010)12345678`, `(555) 123-4567`.
fn in_brackets(text: &str, at: usize) -> Option<Spot> {
    let close = text.as_bytes()[at..].iter().take(7).position(|&byte| byte == b')')? + at;
    let area = &text[at + 1..close];
    if !(3..=4).contains(&area.len()) || !area.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let local_at = close + 1 + usize::from(text[close + 1..].starts_with([' ', '-']));
    if !text.as_bytes().get(local_at)?.is_ascii_digit() {
        return None;
    }
    let digits = Digits::read(text, local_at);
    for n_groups in (1..=digits.groups.len().min(3)).rev() {
        let n = digits.of_groups(n_groups);
        let chinese = area.starts_with('0') && matches!(n, 7 | 8);
        let american = !area.starts_with('0') && digits.groups[..n_groups] == [3, 4];
        if chinese || american {
            return Some((at..digits.end(n), Kind::Phone));
        }
    }
    None
}

/// 17 digits and a check digit or X, a date inside, and a province in front (GB 11643-1999).
fn national_id(text: &str, digits: &Digits, n: usize) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &[u8; 11] = b"10X98765432";
    let values = &digits.values[..n];
    let check = match n {
        18 => values[17] + b'0',
        17 if text[digits.end(17)..].starts_with(['X', 'x']) => b'X',
        15 => {
            return (11..=82).contains(&number_of(&values[..2]))
                && is_date(&[&[1, 9], &values[6..12]].concat())
                && digits.groups.len() == 1;
        }
        _ => return false,
    };
    let sum: u32 = values.iter().zip(WEIGHTS).map(|(&value, weight)| u32::from(value) * weight).sum();
    (11..=82).contains(&number_of(&values[..2])) && is_date(&values[6..14]) && CHECKS[(sum % 11) as usize] == check
}

fn is_date(digits: &[u8]) -> bool {
    let (year, month, day) = (number_of(&digits[..4]), number_of(&digits[4..6]), number_of(&digits[6..8]));
    (1900..=2099).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)
}

fn number_of(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |sum, &digit| sum * 10 + u32::from(digit))
}

/// The check of cards and devices (ISO/IEC 7812-1, annex B).
pub(super) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, &digit)| {
            let value = u32::from(digit) * if at % 2 == 1 { 2 } else { 1 };
            value / 10 + value % 10
        })
        .sum();
    sum.is_multiple_of(10) && digits.iter().any(|&digit| digit != digits[0])
}

fn card_groups(groups: &[usize]) -> bool {
    groups.len() == 1 || groups[..groups.len() - 1].iter().all(|&n| n == 4) || groups == [4, 6, 5] || groups == [6, 13]
}

fn ip(text: &str, at: usize, digits: &Digits) -> Option<Spot> {
    let bytes = text.as_bytes();
    if digits.groups.len() < 4
        || digits.groups[..4].iter().any(|&n| n > 3)
        || (at > 0 && matches!(bytes[at - 1], b'.' | b'v' | b'V'))
    {
        return None;
    }
    let end = digits.end(digits.of_groups(4));
    let parts: Vec<u32> = text[at..end].split('.').filter_map(|part| part.parse().ok()).collect();
    let [a, b, _, d] = *parts.as_slice() else { return None };
    let private = a == 10 || a == 127 || a == 0 || (a == 192 && b == 168) || (a == 172 && (16..=31).contains(&b));
    let version = {
        let from = text.floor_char_boundary(at.saturating_sub(24));
        let before = text[from..at].to_lowercase();
        ["版本", "版", "version", "固件", "firmware", "系统", "ver", "ios", "os"]
            .iter()
            .any(|word| before.contains(word))
    };
    let more = text[end..].starts_with('.') && text[end + 1..].starts_with(|next: char| next.is_ascii_digit());
    let fits = parts.iter().all(|&part| part < 256) && !private && !version && !more && (a >= 10 || d >= 10);
    fits.then_some((at..end, Kind::Ip))
}

/// A run of digits that is too long for a price, a count or a specification.
fn long(text: &str, at: usize) -> Option<Spot> {
    let run = &text.as_bytes()[at..];
    let n = run.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let all_one = run[..n].iter().all(|&digit| digit == run[0]);
    let round = run[..n].iter().skip(2).all(|&digit| digit == b'0');
    if n < N_LONG || all_one || round {
        return None;
    }
    Some((at..at + n, Kind::Number))
}

fn email(text: &str, at: usize) -> Option<Spot> {
    let bytes = text.as_bytes();
    let local = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-');
    let domain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let n_local = bytes[..at].iter().rev().take(64).take_while(|byte| local(byte)).count();
    let n_domain = bytes[at + 1..].iter().take(255).take_while(|byte| domain(byte)).count();
    let name = text[at + 1..at + 1 + n_domain].trim_end_matches(['.', '-']);
    let top = name.rsplit('.').next().unwrap_or_default();
    let fits =
        n_local > 0 && name.contains('.') && top.len() >= 2 && top.bytes().all(|byte| byte.is_ascii_alphabetic());
    fits.then_some((at - n_local..at + 1 + name.len(), Kind::Email))
}
