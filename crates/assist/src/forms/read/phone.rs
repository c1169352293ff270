//! Telephone numbers: mobile and fixed lines of mainland China, service numbers, and international ones (ITU-T E.164: at
//! most fifteen digits, the country code first). Stored as `13812345678`, `021-58881234`, `4008881234`, `+14155552671`.

use std::ops::Range;

use super::Reading;
use crate::forms::clean::Words;
use crate::forms::notice::Notice;
use crate::turn::Lang;

/// Pieces between spaces that may be one number: `+44 20 7946 0958` has four.
const PIECES_MAX: usize = 6;

/// Reads a number. Asked for, any is taken; otherwise only what can be nothing else.
pub fn read(message: &Words, asked: bool, lang: Lang) -> Reading {
    let runs = runs(&message.folded);
    for run in &runs {
        if let Some((value, range)) = within(&message.folded, run.clone(), asked, lang) {
            return Reading::Value(value, Some(range));
        }
    }
    let meant = runs.iter().any(|run| message.folded[run.clone()].bytes().filter(u8::is_ascii_digit).count() >= 5);
    if asked && meant { Reading::Bad(Notice::Phone) } else { Reading::Silent }
}

/// Stretches of digits with what stands between them in numbers.
fn runs(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let (mut runs, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        if !(bytes[at].is_ascii_digit() || matches!(bytes[at], b'+' | b'(')) {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && (bytes[at].is_ascii_digit() || b"+()-. ".contains(&bytes[at])) {
            at += 1;
        }
        let inside = start > 0 && bytes[start - 1].is_ascii_alphanumeric();
        // A run that belongs to a word (TC100023, iPhone 15) goes on after its first piece.
        let from = if inside { start + text[start..at].find(' ').unwrap_or(at - start) } else { start };
        let end = from + text[from..at].trim_end_matches(|mark: char| !mark.is_ascii_digit()).len();
        let from = from + (text[from..end].len() - text[from..end].trim_start_matches([' ', '-', '.', ')']).len());
        let cut = bytes.get(end).is_some_and(u8::is_ascii_alphabetic);
        if from < end && !cut {
            runs.push(from..end);
        }
    }
    runs
}

/// The first number among the pieces of a run, the longest that begins at a piece first.
fn within(text: &str, run: Range<usize>, asked: bool, lang: Lang) -> Option<(String, Range<usize>)> {
    let mut pieces = Vec::new();
    let mut at = run.start;
    for piece in text[run.clone()].split(' ') {
        if !piece.is_empty() {
            pieces.push(at..at + piece.len());
        }
        at += piece.len() + 1;
    }
    for (n, first) in pieces.iter().enumerate() {
        for last in pieces[n..].iter().take(PIECES_MAX).rev() {
            let range = first.start..last.end;
            if let Some(value) = canonical(&text[range.clone()], asked, lang) {
                return Some((value, range));
            }
        }
    }
    None
}

/// A number as it is stored; none if it is no number.
fn canonical(written: &str, asked: bool, lang: Lang) -> Option<String> {
    let digits: String = written.chars().filter(char::is_ascii_digit).collect();
    let plus = written.starts_with('+') || written.starts_with("(+");
    if written.matches('+').count() > usize::from(plus) || digits.len() > 17 {
        return None;
    }
    let abroad = if plus { Some(digits.as_str()) } else { digits.strip_prefix("00") };
    match abroad.map(|rest| (rest, rest.strip_prefix("86"))) {
        Some((_, Some(national))) => mainland(national, true),
        Some((rest, None)) => international(rest),
        None if mobile(&digits) => Some(digits),
        None if digits.len() == 13 && digits.starts_with("86") => {
            Some(&digits[2..]).filter(|rest| mobile(rest)).map(str::to_owned)
        }
        None if asked => mainland(&digits, false).or_else(|| north_american(&digits, lang)),
        None => None,
    }
}

fn mobile(digits: &str) -> bool {
    digits.len() == 11 && digits.starts_with('1') && matches!(digits.as_bytes()[1], b'3'..=b'9')
}

/// A number in mainland China, `after_code` where +86 stood before it, so that the area's 0 may be missing.
fn mainland(digits: &str, after_code: bool) -> Option<String> {
    if mobile(digits) {
        return Some(digits.to_owned());
    }
    if digits.len() == 10 && (digits.starts_with("400") || digits.starts_with("800")) {
        return Some(digits.to_owned());
    }
    let area = match digits.strip_prefix('0') {
        Some(rest) => rest,
        None if after_code => digits,
        None => return None,
    };
    // 10 and 2x are areas of two digits, the others of three.
    let n = if area.starts_with("10") || area.starts_with('2') { 2 } else { 3 };
    let (code, local) = (area.get(..n)?, area.get(n..)?);
    let fits = matches!(local.len(), 7 | 8) && matches!(local.as_bytes()[0], b'2'..=b'8') && !code.starts_with('0');
    fits.then(|| format!("0{code}-{local}"))
}

fn international(digits: &str) -> Option<String> {
    let length = if digits.starts_with('1') { 11..=11 } else { 8..=15 };
    let repeated = digits.bytes().all(|digit| Some(&digit) == digits.as_bytes().first());
    (!digits.starts_with('0') && length.contains(&digits.len()) && !repeated).then(|| format!("+{digits}"))
}

/// Ten digits as they are written in North America, where an English-speaking customer is asked.
fn north_american(digits: &str, lang: Lang) -> Option<String> {
    let bytes = digits.as_bytes();
    let fits = bytes.len() == 10 && (b'2'..=b'9').contains(&bytes[0]) && (b'2'..=b'9').contains(&bytes[3]);
    (lang == Lang::En && fits).then(|| format!("+1{digits}"))
}
