//! How many pieces: digits or words, Chinese and English.

use super::Reading;
use crate::forms::clean::{Words, find};
use crate::forms::notice::Notice;

const DIGITS: &str = "零一二三四五六七八九";
const WORDS: &[&str] = &["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
/// What only pieces of goods are counted with.
const SURE: &[&str] =
    &["台", "件", "部", "副", "套", "只", "piece", "pieces", "pcs", "unit", "units", "of them", "items", "item"];
const ALL: &[&str] = &["全部", "都", "全都", "所有", "all", "both", "everything", "every one"];

/// Reads a count of 1 to `max`. Asked for, any number is one; otherwise it must be counted in pieces.
pub fn read(message: &Words, asked: bool, max: i64) -> Reading {
    let found = numbers(&message.folded).into_iter().find(|(_, after)| {
        let after = after.trim_start();
        (asked && !after.starts_with(|next: char| "年月日号元块万".contains(next)))
            || SURE.iter().any(|unit| find(after, unit).is_some_and(|range| range.start == 0))
    });
    match found {
        Some((n, _)) if n < 1 => Reading::Bad(Notice::NoCount),
        Some((n, _)) if n > max => Reading::Bad(Notice::CountOver(max)),
        Some((n, _)) => Reading::value(n.to_string()),
        None if asked && message.has_any(ALL) => Reading::value(max.to_string()),
        None => Reading::Silent,
    }
}

/// Numbers of a text, each with what follows it.
fn numbers(folded: &str) -> Vec<(i64, &str)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(character) = folded[at..].chars().next() {
        let is_word = |one: char| one.is_ascii_alphanumeric();
        let length = if is_word(character) {
            folded[at..].chars().take_while(|&one| is_word(one)).count()
        } else {
            folded[at..].chars().take_while(|&one| is_numeral(one)).map(char::len_utf8).sum()
        };
        if length == 0 {
            at += character.len_utf8();
            continue;
        }
        let (word, after) = (&folded[at..at + length], &folded[at + length..]);
        let number = match word.parse::<i64>() {
            Ok(number) => Some(number),
            Err(_) if character.is_ascii_digit() && word.bytes().all(|byte| byte.is_ascii_digit()) => Some(i64::MAX),
            // x2
            Err(_) if word.starts_with('x') => word[1..].parse().ok(),
            Err(_) => english(word).or_else(|| chinese(word).and_then(|n| i64::try_from(n).ok())),
        };
        found.extend(number.map(|number| (number, after)));
        at += length;
    }
    found
}

fn is_numeral(character: char) -> bool {
    DIGITS.contains(character) || matches!(character, '两' | '俩' | '仨' | '十')
}

fn english(word: &str) -> Option<i64> {
    WORDS.iter().position(|known| *known == word).and_then(|n| i64::try_from(n).ok())
}

/// A Chinese number below a hundred: `两`, `十二`, `二十`.
pub fn chinese(word: &str) -> Option<usize> {
    let digit = |text: &str| -> Option<usize> {
        match text {
            "两" | "俩" => Some(2),
            "仨" => Some(3),
            _ if text.chars().count() == 1 => DIGITS.chars().position(|known| text.starts_with(known)),
            _ => None,
        }
    };
    let Some((tens, ones)) = word.split_once('十') else { return digit(word) };
    let tens = if tens.is_empty() { 1 } else { digit(tens)? };
    let ones = if ones.is_empty() { 0 } else { digit(ones)? };
    Some(tens * 10 + ones)
}
