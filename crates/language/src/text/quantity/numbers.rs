//! Numbers as they are written: `5,999`, `1.2万`, `五千`, `3k`.

/// A number read from a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Number {
    pub value: f64,
    /// Where it ends.
    pub end: usize,
    /// What a word for a large number multiplied it by; 1 if there was none.
    pub times: f64,
    /// Digits before the point, if it was written in digits.
    pub n_digits: usize,
    pub in_chinese: bool,
}

/// Longest run of digits that is a number; longer ones are codes.
const N_DIGITS_MAX: usize = 12;

/// The number in digits at `at`, with thousands grouped by commas, a fraction, and 万, 千, 亿 after it.
pub(super) fn digits(text: &str, at: usize) -> Option<Number> {
    let bytes = text.as_bytes();
    let run = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let n_first = run(at);
    if n_first == 0 || n_first > N_DIGITS_MAX {
        return None;
    }
    let mut end = at + n_first;
    let mut value = whole(&bytes[at..end]);
    if n_first <= 3 {
        let mut n_groups = 0;
        while n_groups < 3 && bytes.get(end) == Some(&b',') && run_is_three(&bytes[end + 1..]) {
            value = value * 1000.0 + whole(&bytes[end + 1..end + 4]);
            end += 4;
            n_groups += 1;
        }
    }
    let n_digits = bytes[at..end].iter().filter(|byte| byte.is_ascii_digit()).count();
    if bytes.get(end) == Some(&b'.') {
        let n_fraction = run(end + 1);
        if n_fraction > 0 && n_fraction <= N_DIGITS_MAX {
            value = text[at..end + 1 + n_fraction].replace(',', "").parse().ok()?;
            end += 1 + n_fraction;
        }
    }
    let (times, end) = times(text, end);
    Some(Number { value: value * times, end, times, n_digits, in_chinese: false })
}

fn whole(digits: &[u8]) -> f64 {
    digits.iter().fold(0.0, |sum, digit| sum * 10.0 + f64::from(digit - b'0'))
}

fn run_is_three(bytes: &[u8]) -> bool {
    bytes.len() >= 3 && bytes[..3].iter().all(u8::is_ascii_digit) && !bytes.get(3).is_some_and(u8::is_ascii_digit)
}

/// The word for a large number at `at`, and where it ends.
fn times(text: &str, at: usize) -> (f64, usize) {
    for (word, times) in [("亿", 1e8), ("万", 1e4), ("千", 1e3), ("百", 1e2)] {
        if text[at..].starts_with(word) {
            // 千克, 千瓦, 百分 are units.
            let after = &text[at + word.len()..];
            if ["克", "瓦", "兆", "分"].iter().any(|unit| after.starts_with(unit)) {
                return (1.0, at);
            }
            return (times, at + word.len());
        }
    }
    (1.0, at)
}

fn digit(character: char) -> Option<f64> {
    let at = "零一二三四五六七八九".chars().position(|digit| digit == character);
    match character {
        '两' => Some(2.0),
        _ => at.map(|at| at as f64),
    }
}

/// The number in Chinese characters at `at`: 五千, 一万二, 三百五十, 六点七, 两千.
pub(super) fn chinese(text: &str, at: usize) -> Option<Number> {
    let (mut total, mut section, mut last) = (0.0, 0.0, None);
    let (mut end, mut last_times, mut n_characters) = (at, 1.0, 0);
    for character in text[at..].chars().take(12) {
        let times = match character {
            '十' => 10.0,
            '百' => 100.0,
            '千' => 1000.0,
            '万' => 1e4,
            _ => 0.0,
        };
        if let Some(value) = digit(character) {
            if last.is_some_and(|last| last != 0.0) {
                return None;
            }
            last = Some(value);
        } else if character == '万' {
            total = (total + section + last.take().unwrap_or(0.0)).max(1.0) * 1e4;
            (section, last_times) = (0.0, 1e4);
        } else if times > 0.0 {
            section += last.take().unwrap_or(1.0) * times;
            last_times = times;
        } else {
            break;
        }
        end += character.len_utf8();
        n_characters += 1;
    }
    if n_characters == 0 {
        return None;
    }
    // 三千五 is 3500, but 三十五 is 35 and 一千零五 is 1005.
    let scale = if last_times > 10.0 && !text[at..end].contains('零') { last_times / 10.0 } else { 1.0 };
    let mut value = total + section + last.unwrap_or(0.0) * scale;
    if let Some(after) = text[end..].strip_prefix('点') {
        let mut part = 0.1;
        let mut n_parts = 0;
        for value_of in after.chars().map_while(digit).take(3) {
            value += value_of * part;
            part /= 10.0;
            n_parts += 1;
        }
        if n_parts > 0 {
            value = (value * 1000.0).round() / 1000.0;
            end += '点'.len_utf8() + 3 * n_parts;
        }
    }
    Some(Number { value, end, times: last_times, n_digits: 0, in_chinese: true })
}

/// Whether a character may open a number in Chinese.
#[inline]
pub(super) fn opens_chinese(character: char) -> bool {
    matches!(character, '一' | '二' | '三' | '四' | '五' | '六' | '七' | '八' | '九' | '两' | '十' | '百' | '千' | '万')
}
