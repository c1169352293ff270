//! What a message says is not meant: `就退壳，手机不退`, "return the phone but not the case". Which thing of an order a form is for is read
//! from the rest.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::understand::Understanding;

/// Where a text names things that are to be left alone; nothing where nothing else is said.
pub fn ranges(text: &str) -> Vec<Range<usize>> {
    const KEPT: &[&str] = &[
        "不退",
        "不用退",
        "不要退",
        "不想退",
        "别退",
        "不换",
        "不用换",
        "留着",
        "都留",
        "留用",
        "自己留",
        "留下",
        "保留",
        "不动",
        "不用修",
        "不修",
        "没事",
        "没毛病",
        "没坏",
        "好好的",
    ];
    static NOT: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"不是[^,，。;；!！?？\s是]{1,10}").expect("a sound pattern"));
    static EN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i)\b(?:but |and |just )?not (?:the|my|that|this) [a-z0-9' ]{2,40}|\b(?:keep|keeping|hold on to) (?:the|my|that|this) [a-z0-9' ]{2,40}|\b(?:(?:the|my) )?(?:[a-z0-9']+ ){1,4}?(?:stays?|(?:is|are) (?:fine|ok|okay|good)|works? fine|i'?ll keep|i'?m keeping|i keep)\b|\b[a-z]+'s (?:fine|ok|okay)\b",
        )
        .expect("a sound pattern")
    });
    let mut all = Vec::new();
    let mut at = 0;
    for clause in text.split_inclusive([',', '，', '。', ';', '；', '!', '！', ' ', '\n']) {
        if KEPT.iter().any(|word| clause.contains(word)) {
            all.push(at..at + clause.len());
        }
        at += clause.len();
    }
    all.extend(NOT.find_iter(text).map(|found| found.range()));
    all.extend(EN.find_iter(text).map(|found| {
        // "Not the case but the phone": what follows is meant; "keeping the phone and charger" keeps both.
        const VERBS: &[&str] =
            &["return", "send", "give", "want", "need", "would", "i ", "please", "exchange", "swap", "refund", "take"];
        let folded = found.as_str().to_lowercase();
        let is_end = |word: &str, at: usize| {
            word == " but " || VERBS.iter().any(|verb| folded[at + word.len()..].starts_with(verb))
        };
        let ends = [" but ", " and "].iter().filter_map(|word| {
            let at = folded.get(5..)?.find(word)? + 5;
            is_end(word, at).then_some(at)
        });
        found.start()..found.start() + ends.min().unwrap_or(found.len())
    }));
    if blanked(text, &all).chars().any(char::is_alphanumeric) { all } else { Vec::new() }
}

/// The text with blanks for ranges of it: what is left stands where it stood.
pub fn blanked(text: &str, ranges: &[Range<usize>]) -> String {
    let is_in = |at: usize| ranges.iter().any(|range| range.contains(&at));
    text.char_indices().map(|(at, character)| if is_in(at) { ' ' } else { character }).collect()
}

/// What was understood of the rest.
pub fn rest_of(understanding: &Understanding, ranges: &[Range<usize>]) -> Understanding {
    let mut rest = understanding.clone();
    rest.entities.retain(|entity| !ranges.iter().any(|range| range.contains(&entity.range.start)));
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_left_alone_is_found() {
        for (text, left) in [
            ("壳不合适想退掉 就退壳 手机不退", "壳不合适想退掉 就退壳"),
            ("我要退的是壳不是手机", "我要退的是壳"),
            ("退手机，壳留着", "退手机，"),
            ("return the phone but not the case", "return the phone"),
            ("I want to give back the case, not the phone please", "I want to give back the case,"),
            ("keep the phone and return the case", "and return the case"),
            ("return the case, the phone stays", "return the case,"),
            ("case is ugly, wanna send it back. keeping the phone and charger", "case is ugly, wanna send it back."),
            ("send that back pls. watch stays w me", "send that back pls.             w me"),
            ("return the charger, phone's fine", "return the charger,"),
            ("镜头对不上焦 申请退了它 相机和卡都没事儿", "镜头对不上焦 申请退了它"),
            ("镜头太沉 就退镜头 相机电池都留", "镜头太沉 就退镜头"),
            // Alone it is a wish of its own.
            ("手机不退了", "手机不退了"),
            ("I do not want it any more", "I do not want it any more"),
        ] {
            assert_eq!(blanked(text, &ranges(text)).trim(), left, "{text}");
        }
    }
}
