//! Postal addresses, Chinese and English, as one line. Whether one is plausible, not whether it exists.

use super::Reading;
use crate::forms::clean::{Words, tidy};
use crate::forms::notice::Notice;
use language::text::{ENGLISH_ROADS, PersonalKind, mask};

const CHARACTERS: std::ops::RangeInclusive<usize> = 6..=200;
/// What stands in front of an address in a sentence.
const BEFORE: &[&str] = &[
    "收货地址",
    "新地址",
    "地址",
    "上门地址",
    "寄到",
    "寄往",
    "送到",
    "改到",
    "改成",
    "改为",
    "换成",
    "是",
    "为",
    "在",
    "到",
    "：",
    ":",
    "请",
    "我的",
    "把",
    "不对",
    "，",
    ",",
    "应该",
    "address",
    "my",
    "new",
    "the",
    "is",
    "to",
    "change",
    "please",
    "deliver",
    "ship",
    "send",
    "it",
    "no",
];
/// What Chinese addresses are made of, from the region to the room.
const PARTS: &[&str] = &[
    "省",
    "自治区",
    "市",
    "区",
    "县",
    "旗",
    "镇",
    "乡",
    "村",
    "街道",
    "大道",
    "路",
    "街",
    "巷",
    "弄",
    "胡同",
    "号",
    "栋",
    "幢",
    "座",
    "楼",
    "单元",
    "层",
    "室",
    "小区",
    "花园",
    "大厦",
    "广场",
    "公寓",
    "苑",
    "园",
    "城",
];
/// What stands in English addresses that name no road.
const FLATS: &[&str] = &["suite", "apt", "apartment", "floor", "unit", "building"];

/// Reads an address. Asked for, the rest of the message is meant as one; otherwise only what surely is one.
pub fn read(message: &Words, rest: &str, asked: bool) -> Reading {
    if let Some(hidden) = mask(&message.text).hidden.into_iter().find(|hidden| hidden.kind == PersonalKind::Address) {
        let range = hidden.range;
        // What was found may be cut short; asked for, the whole rest counts below.
        if !asked && let Some(found) = message.text.get(range.clone()) {
            let value = tidy(found);
            return if is_plausible(&value) { Reading::Value(value, Some(range)) } else { Reading::Silent };
        }
    }
    if !asked {
        return Reading::Silent;
    }
    // Longer texts are no addresses, and would be searched word by word.
    if rest.chars().count() > 2 * CHARACTERS.end() {
        return Reading::Bad(Notice::Address);
    }
    let value = without_words_before(&tidy(rest));
    if is_plausible(&value) { Reading::value(value) } else { Reading::Bad(Notice::Address) }
}

fn without_words_before(text: &str) -> String {
    let mut rest = text;
    loop {
        let folded = rest.to_ascii_lowercase();
        let word = BEFORE.iter().filter(|word| {
            let next = folded.as_bytes().get(word.len());
            let ends = !word.is_ascii() || !next.is_some_and(u8::is_ascii_alphanumeric);
            folded.starts_with(**word) && ends
        });
        match word.map(|word| word.len()).max() {
            Some(length) => rest = rest[length..].trim_start(),
            None => return tidy(rest),
        }
    }
}

fn is_plausible(address: &str) -> bool {
    if !CHARACTERS.contains(&address.chars().count()) {
        return false;
    }
    let folded = Words::of(address);
    let numbered = |extra: &str| address.chars().any(|one| one.is_ascii_digit() || extra.contains(one));
    let chinese = address.chars().filter(|one| ('\u{4e00}'..='\u{9fff}').contains(one)).count();
    if chinese >= 4 {
        let parts = PARTS.iter().filter(|part| folded.folded.contains(**part)).count();
        return parts >= 2 && numbered("一二三四五六七八九十百甲乙丙丁");
    }
    let words = address
        .split(|mark: char| !mark.is_alphanumeric())
        .filter(|word| word.chars().any(char::is_alphabetic))
        .count();
    words >= 2 && numbered("") && (address.contains(',') || folded.has_any(ENGLISH_ROADS) || folded.has_any(FLATS))
}
