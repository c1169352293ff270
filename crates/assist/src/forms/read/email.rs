//! E-mail addresses: the common form of RFC 5321, without quoted local parts and address literals. Stored in lower case.

use std::ops::Range;

use super::Reading;
use crate::forms::clean::Words;
use crate::forms::notice::Notice;

pub fn read(message: &Words, asked: bool) -> Reading {
    let text = &message.folded;
    for (at, _) in text.match_indices('@') {
        let range = around(text, at);
        if is_valid(&text[range.clone()]) {
            return Reading::Value(text[range.clone()].to_owned(), Some(range));
        }
    }
    if asked && (text.contains('@') || (text.contains('.') && !text.contains(' '))) {
        return Reading::Bad(Notice::Email);
    }
    Reading::Silent
}

/// What may belong to the address around an at sign.
fn around(text: &str, at: usize) -> Range<usize> {
    let local = |byte: &u8| byte.is_ascii_alphanumeric() || b"._%+-".contains(byte);
    let host = |byte: &u8| byte.is_ascii_alphanumeric() || b".-".contains(byte);
    let bytes = text.as_bytes();
    let start = at - bytes[..at].iter().rev().take(65).take_while(|byte| local(byte)).count();
    let end = at + 1 + bytes[at + 1..].iter().take(255).take_while(|byte| host(byte)).count();
    // A sentence ends with a full stop.
    let end = at + 1 + text[at + 1..end].trim_end_matches(['.', '-']).len();
    start..end
}

fn is_valid(address: &str) -> bool {
    let Some((local, host)) = address.split_once('@') else { return false };
    let dots = |text: &str| !text.starts_with('.') && !text.ends_with('.') && !text.contains("..");
    let labels: Vec<&str> = host.split('.').collect();
    let label = |label: &&str| (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-');
    let top = labels.last().is_some_and(|top| top.len() >= 2 && top.bytes().all(|byte| byte.is_ascii_lowercase()));
    (1..=64).contains(&local.len())
        && dots(local)
        && address.len() <= 254
        && labels.len() >= 2
        && labels.iter().all(label)
        && top
}
