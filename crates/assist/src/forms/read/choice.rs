//! One of several choices: by its number in the list, its label, or other words for it. Where two fit alike, none is taken.

use std::sync::LazyLock;

use regex::Regex;

use super::Reading;
use crate::forms::Choice;
use crate::forms::clean::{Words, find};
use crate::forms::notice::Notice;

/// What turns the word behind it around: 不是质量问题.
const NOT: &[&str] = &["不是", "不", "没有", "没", "非", "not ", "isnt ", "no ", "never "];
/// Before these a 不 or 没 belongs to the word itself.
const CHARACTERS_BEFORE: usize = 3;

/// Reads a choice. Asked for, a bare number counts in the list.
pub fn read(options: &[Choice], message: &Words, asked: bool) -> Reading {
    if asked && let Some(n) = number(&message.folded) {
        return match options.get(n.wrapping_sub(1)) {
            Some(option) => Reading::value(&option.value),
            None => Reading::Bad(Notice::Choice),
        };
    }
    let scored: Vec<(usize, &Choice)> = options.iter().map(|option| (fit(option, message), option)).collect();
    let best = scored.iter().map(|(score, _)| *score).max().unwrap_or(0);
    let mut at_best = scored.iter().filter(|(score, _)| *score == best && best > 0);
    match (at_best.next(), at_best.next()) {
        (Some((_, option)), None) => Reading::value(&option.value),
        _ => match beside_number(&message.folded).filter(|_| asked).and_then(|(n, _)| options.get(n.wrapping_sub(1))) {
            Some(option) => Reading::value(&option.value),
            None => Reading::Silent,
        },
    }
}

/// Characters of the longest of a choice's words that the message has. Many leave out the apostrophe: `dont want it`.
fn fit(option: &Choice, message: &Words) -> usize {
    let plain = |text: &str| text.replace(['\'', '’'], "");
    let folded = plain(&message.folded);
    let words = [&option.zh, &option.en].into_iter().chain(&option.words);
    let hits = words.filter(|word| stands(&plain(&word.to_lowercase()), &folded));
    hits.map(|word| word.chars().count()).max().unwrap_or(0)
}

fn stands(word: &str, folded: &str) -> bool {
    let Some(range) = find(folded, word) else { return false };
    let from =
        folded[..range.start].char_indices().rev().take(CHARACTERS_BEFORE + 3).last().map_or(range.start, |(at, _)| at);
    let before = &folded[from..range.start];
    !NOT.iter().any(|not| before.ends_with(not))
}

/// A place in a list said before or after other words, and set off from them: `2, keys don't register`, `就是有气泡 2`. A number within a
/// sentence counts something else. With the other words.
pub fn beside_number(text: &str) -> Option<(usize, &str)> {
    static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^\W*(\d{1,2})(?:\s*[,，.、:：;；)）-]+\s*[^\d\s]|\s+\p{Han})").expect("a sound pattern")
    });
    static AFTER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:\p{Han}\s+|[^\d\s][,，.。;；:：(（]\s*)(\d{1,2})[)）.。]?$").expect("a sound pattern")
    });
    const MARKS: &[char] = &[' ', ',', '，', '.', '。', '、', ':', '：', ';', '；', ')', '）', '(', '（', '-'];
    let text = text.trim();
    let (number, rest) = match BEFORE.captures(text).and_then(|found| found.get(1)) {
        Some(number) => (number, &text[number.end()..]),
        None => {
            let number = AFTER.captures(text).and_then(|found| found.get(1))?;
            (number, &text[..number.start()])
        }
    };
    Some((number.as_str().parse().ok()?, rest.trim_matches(MARKS)))
}

/// A place in a list, from 1: `2`, `第二个`, `选3`, `the second one`, `option b`.
pub fn number(folded: &str) -> Option<usize> {
    const ORDINALS: &[(&str, usize)] = &[
        ("first", 1),
        ("second", 2),
        ("third", 3),
        ("fourth", 4),
        ("fifth", 5),
        ("sixth", 6),
        ("seventh", 7),
        ("eighth", 8),
        ("ninth", 9),
        ("tenth", 10),
    ];
    const CHARACTERS_MAX: usize = 20;
    if folded.is_empty() || folded.chars().count() > CHARACTERS_MAX {
        return None;
    }
    let mut rest = folded.trim_matches(|mark: char| !mark.is_alphanumeric());
    for before in ["我选", "我要", "选择", "选", "就", "是", "the ", "option ", "number ", "no. ", "no.", "#"]
    {
        rest = rest.strip_prefix(before).unwrap_or(rest).trim_start();
    }
    let counted = rest.strip_prefix('第');
    let mut rest = counted.unwrap_or(rest);
    for after in ["吧", "的", "项", "种", "个", "单", "笔", "号", "one", "option"] {
        rest = rest.strip_suffix(after).unwrap_or(rest).trim_end();
    }
    if let Some((_, n)) = ORDINALS.iter().find(|(word, _)| *word == rest) {
        return Some(*n);
    }
    let rest = ["st", "nd", "rd", "th", ".", "、"].iter().find_map(|end| rest.strip_suffix(end)).unwrap_or(rest);
    match rest.parse::<usize>() {
        Ok(n) if (1..=99).contains(&n) => Some(n),
        Ok(_) => None,
        // 一 alone is a number; in a sentence it is not.
        Err(_) => super::count::chinese(rest).filter(|_| counted.is_some() || rest.chars().count() == 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_set_off_from_other_words_is_a_place() {
        for (text, wanted) in [
            ("2, keys dont register half the time", Some(2)),
            ("就是有气泡 2", Some(2)),
            ("2 质量不行", Some(2)),
            ("3) it came broken", Some(3)),
            ("it has 2 dead keys", None),
            ("用了2天就坏", None),
            ("since day 2", None),
            ("2.4 ghz does not work", None),
            ("13.3", None),
        ] {
            assert_eq!(beside_number(text).map(|(n, _)| n), wanted, "{text}");
        }
        assert_eq!(beside_number("2, keys dont register"), Some((2, "keys dont register")));
        assert_eq!(beside_number("就是有气泡 2"), Some((2, "就是有气泡")));
    }
}
