//! Tax numbers of organisations in mainland China: 统一社会信用代码, eighteen characters of which the last is a check digit
//! modulo 31 (GB 32100-2015), or the fifteen digits of earlier ones, which have none. Stored in upper case.

use super::Reading;
use crate::forms::clean::Words;
use crate::forms::notice::Notice;

/// The 31 characters, in the order of their values.
const SIGNS: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

pub fn read(message: &Words, asked: bool) -> Reading {
    let bytes = message.folded.as_bytes();
    let mut worst = None;
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        // Written in groups, it stays one number.
        while at < bytes.len() && (bytes[at].is_ascii_alphanumeric() || (at > start && asked && joins(bytes, at))) {
            at += 1;
        }
        if at == start {
            at += 1;
            continue;
        }
        let written: String = message.text[start..at].chars().filter(char::is_ascii_alphanumeric).collect();
        let code = written.to_ascii_uppercase();
        match check(&code) {
            Ok(()) if asked || code.len() == 18 => return Reading::Value(code, Some(start..at)),
            Ok(()) => {}
            Err(notice) if code.len() >= 8 => worst = worst.or(Some(notice)),
            Err(_) => {}
        }
    }
    match worst {
        Some(notice) if asked => Reading::Bad(notice),
        _ => Reading::Silent,
    }
}

/// Whether a space or dash stands between two groups of a number.
fn joins(bytes: &[u8], at: usize) -> bool {
    let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    matches!(bytes[at], b' ' | b'-')
        && (digit(bytes.get(at + 1)) || digit(bytes.get(at.wrapping_sub(1))))
        && bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric)
}

/// Whether a number in upper case is one.
pub fn check(code: &str) -> Result<(), Notice> {
    match code.len() {
        15 if code.bytes().all(|byte| byte.is_ascii_digit()) => Ok(()),
        18 => {
            let values: Option<Vec<usize>> =
                code.bytes().map(|byte| SIGNS.iter().position(|&sign| sign == byte)).collect();
            let values = values.ok_or(Notice::TaxSigns)?;
            if check_digit(&values[..17]) == values[17] { Ok(()) } else { Err(Notice::TaxCheck) }
        }
        _ => Err(Notice::TaxLength),
    }
}

/// The value of the eighteenth character: 31 less the weighted sum, with weights 3^i modulo 31.
fn check_digit(values: &[usize]) -> usize {
    let (mut sum, mut weight) = (0, 1);
    for value in values {
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    (31 - sum % 31) % 31
}
