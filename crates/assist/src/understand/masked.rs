//! Texts without names: what is named is put as one character for each sort of thing, so that no model learns that a
//! certain telephone is always returned. Also fills the placeholders of the built-in examples. Nothing is found here that
//! [`entities`](super::entities) does not find, but for names of well-known series.

use std::sync::LazyLock;

use domain::Day;
use language::text::MAKERS;
use regex::Regex;

use super::entities::{self, Context};
use super::heard::{fold, pattern};
use super::lists;
use super::products::ProductNames;
use super::{Entity, Named};

/// What stands for a sort of thing: rare characters, each a word of its own.
const PRODUCT: char = '㐀';
const ORDER: char = '㐁';
const SPEC: char = '㐂';
const MONEY: char = '㐃';
const DAY: char = '㐄';
const CONTACT: char = '㐅';
const BRAND: char = '㐆';
const KIND: char = '㐇';

fn mark_of(what: &Named) -> Option<char> {
    Some(match what {
        Named::Product { .. } => PRODUCT,
        Named::OrderNumber { .. } => ORDER,
        Named::Spec { .. } => SPEC,
        Named::Money { .. } => MONEY,
        Named::Day { .. } => DAY,
        Named::Phone { .. } | Named::Email { .. } | Named::Address { .. } => CONTACT,
        Named::Brand { .. } => BRAND,
        Named::Category { .. } => KIND,
        _ => return None,
    })
}

/// A text without what was found in it.
pub(super) fn masked(text: &str, entities: &[Entity]) -> String {
    let mut marked = String::with_capacity(text.len());
    let mut at = 0;
    for entity in entities {
        if let Some(mark) = mark_of(&entity.what)
            && entity.range.start >= at
        {
            marked.push_str(&text[at..entity.range.start]);
            marked.extend([' ', mark, ' ']);
            at = entity.range.end;
        }
    }
    marked.push_str(&text[at..]);
    general(&marked)
}

/// A text without what can be found in it by form alone.
pub(super) fn plain(text: &str) -> String {
    static NONE: LazyLock<ProductNames> = LazyLock::new(ProductNames::default);
    let folded = fold(text);
    let context =
        Context { names: &NONE, order_numbers: &[], today: Day(20_000), asks_yes_no: false, asks_rating: false };
    masked(text, &entities::find(text, &folded, &context))
}

/// Masks what every shop hears: series, makers, kinds of things; leaves out marks; joins spaces.
fn general(marked: &str) -> String {
    let folded = fold(marked);
    let text = replaced(folded.text(), &SERIES, PRODUCT);
    let brands = lists::BRAND_WORDS.find(&text).into_iter().map(|(range, ())| (range, BRAND));
    let kinds = lists::KIND_LIST.find(&text).into_iter().map(|(range, ())| (range, KIND));
    let mut found: Vec<_> = brands.chain(kinds).collect();
    found.sort_by_key(|(range, _)| range.start);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (range, mark) in found {
        if range.start >= at {
            words(&text[at..range.start], &mut out);
            out.extend([' ', mark, ' ']);
            at = range.end;
        }
    }
    words(&text[at..], &mut out);
    // A maker and its product are one name.
    let joined: Vec<&str> = out.split(' ').filter(|word| !word.is_empty()).collect();
    let is_before_product = |at: usize| {
        joined[at] == BRAND.to_string() && joined.get(at + 1).is_some_and(|next| *next == PRODUCT.to_string())
    };
    let kept = (0..joined.len()).filter(|&at| !is_before_product(at)).map(|at| joined[at]);
    kept.collect::<Vec<_>>().join(" ")
}

/// Names of series with what goes on after them, and codes of letters and digits.
static SERIES: LazyLock<Regex> = LazyLock::new(|| {
    let series = lists::SERIES.join("|");
    let brands: Vec<&str> = MAKERS.iter().flat_map(|maker| maker.names.iter().copied()).collect();
    let brands = brands.join("|");
    let suffix = format!(r"(?:\s?(?:{}|air)\b)*", lists::SUFFIXES.join("|"));
    pattern(&format!(
        r"(?:\b(?:{series})|拯救者|小新)(?:\s?[a-z]{{0,2}}\d{{1,4}}[a-z]{{0,2}})?{suffix}|(?:{brands})\s?[a-z]{{0,2}}\d{{1,4}}[a-z]{{0,2}}\b{suffix}|\b(?:[a-z]{{1,5}}-?\d{{2,5}}[a-z]{{0,4}}\d?|[a-z]{{2,8}}\d{{1,4}})\b{suffix}"
    ))
});

/// Codes that are no products: `usb3`, `wifi6`, `win11`.
fn is_part(code: &str) -> bool {
    const PARTS: &[&str] =
        &["usb", "wifi", "win", "ddr", "hdmi", "ip", "mp", "type", "ps", "cat", "gen", "bt", "nfc", "sim"];
    PARTS.iter().any(|part| code.strip_prefix(part).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())))
}

fn replaced(text: &str, pattern: &Regex, mark: char) -> String {
    let with = |captures: &regex::Captures| {
        let found = &captures[0];
        if is_part(found) { found.to_owned() } else { format!(" {mark} ") }
    };
    pattern.replace_all(text, with).into_owned()
}

/// Letters and digits stay; marks become spaces.
fn words(text: &str, out: &mut String) {
    let keep = |c: char| if c.is_alphanumeric() || c == '\'' || (!c.is_ascii() && !is_mark(c)) { c } else { ' ' };
    out.extend(text.chars().map(keep));
}

fn is_mark(character: char) -> bool {
    matches!(character, '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' | '·')
}

/// Names to fill placeholders with, for texts about products that a shop does not have.
const PRODUCTS: &[&str] = &[
    "iPhone 15",
    "小米14",
    "MacBook Air",
    "华为Mate 60 Pro",
    "ThinkPad X1",
    "AirPods Pro",
    "Galaxy S24",
    "罗技G502",
    "iPad Pro",
    "WH-1000XM5",
    "荣耀Magic6",
    "Redmi K70",
    "XPS 13",
    "Switch OLED",
    "拯救者Y7000",
    "Velo 5 Pro",
    "Kindle",
    "一加12",
    "Pixel 8",
    "Sirra 3 Plus",
];
const KINDS: &[&str] = &["手机", "笔记本", "耳机", "平板", "显示器", "键盘", "手表", "充电宝"];
const KINDS_EN: &[&str] =
    &["phone", "laptop", "headphones", "tablet", "monitor", "keyboard", "smartwatch", "power bank"];
const BRANDS: &[&str] = &["华为", "联想", "索尼", "小米", "罗技"];
const BRANDS_EN: &[&str] = &["Apple", "Samsung", "Sony", "Dell", "Logitech"];

/// Examples ready to learn from: names masked, each placeholder by its mark; a second time, those with `{product}`, with a
/// product that no shop is known to have. None twice.
pub(super) fn filled<'a>(rows: &[(&'a str, &str)]) -> Vec<(&'a str, String)> {
    let mut all: Vec<(&str, String)> = Vec::with_capacity(rows.len() * 2);
    for (at, (label, text)) in rows.iter().enumerate() {
        if text.contains('{') {
            all.push((label, marked(text)));
            if text.contains("{product}") {
                all.push((label, plain(&with_names(text, at))));
            }
        } else {
            all.push((label, plain(text)));
        }
    }
    all.retain(|(_, text)| !text.is_empty());
    let mut seen = rustc_hash::FxHashSet::default();
    all.retain(|row| seen.insert(row.clone()));
    all
}

/// Placeholders by their marks.
fn marked(text: &str) -> String {
    const MARKS: &[(&str, char)] = &[
        ("{product}", PRODUCT),
        ("{order}", ORDER),
        ("{spec}", SPEC),
        ("{money}", MONEY),
        ("{day}", DAY),
        ("{address}", CONTACT),
        ("{email}", CONTACT),
        ("{number}", ORDER),
        ("{brand}", BRAND),
        ("{category}", KIND),
    ];
    let marked = MARKS.iter().fold(text.to_owned(), |text, (name, mark)| text.replace(name, &format!(" {mark} ")));
    plain(&marked)
}

/// Placeholders by names, others from example to example.
fn with_names(text: &str, at: usize) -> String {
    let is_english = text.is_ascii();
    let mut out = text.to_owned();
    for n in 0..2 {
        out = out.replacen("{product}", PRODUCTS[(at * 7 + n * 3) % PRODUCTS.len()], 1);
    }
    let (kinds, brands) = if is_english { (KINDS_EN, BRANDS_EN) } else { (KINDS, BRANDS) };
    let fixed = [
        ("{order}", "TC20260912001"),
        ("{spec}", "16GB"),
        ("{money}", if is_english { "$500" } else { "3000元" }),
        ("{day}", if is_english { "yesterday" } else { "昨天" }),
        ("{category}", kinds[at % kinds.len()]),
        ("{brand}", brands[at % brands.len()]),
    ];
    fixed.iter().fold(out, |out, (name, value)| out.replace(name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_masked_alike() {
        assert_eq!(plain("iPhone 15多少钱？"), plain("小米14 多少钱"));
        assert_eq!(plain("how much is the Galaxy S24 Ultra"), "how much is the 㐀");
        assert_eq!(plain("订单TC20260912001到哪了"), plain("订单 TC99999999 到哪了"));
        assert_eq!(plain("16GB的笔记本"), "㐂 的 㐇");
        assert_eq!(plain("支持wifi6吗"), "支持wifi6吗");
        assert_eq!(plain("？！"), "");
        assert_eq!(marked("{product}有貨嗎"), "㐀 有货吗");
    }

    #[test]
    fn placeholders_are_filled() {
        let rows = filled(&[("price", "{product}多少钱"), ("greeting", "你好"), ("greeting", "你好！")]);
        assert!(rows.iter().all(|(_, text)| !text.contains(['{', '}'])), "{rows:?}");
        assert_eq!(rows.iter().filter(|(label, _)| *label == "greeting").count(), 1);
        for (_, text) in filled(&super::super::intents::seeds().collect::<Vec<_>>()) {
            assert!(!text.contains(['{', '}']), "{text}");
        }
    }
}
