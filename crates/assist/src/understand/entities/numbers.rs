//! Numbers of orders, amounts of money, measures of things, counts.

use std::ops::Range;
use std::sync::LazyLock;

use language::text::{Bound, Quantity, QuantityKind, quantities};
use regex::Regex;

use super::super::heard::{joins, pattern};
use super::{Gathered, Named};

/// Digits of an order number at least: with letters before them, and without.
const DIGITS_WITH_LETTERS: usize = 5;
const DIGITS_ALONE: usize = 9;
/// A number without a unit is money from here on, if it is bounded.
const MONEY_MIN: f64 = 50.0;

/// By the forms that the shop gave.
pub(super) fn shop_orders(gathered: &mut Gathered, forms: &[Regex]) {
    for form in forms {
        let ranges: Vec<Range<usize>> = form.find_iter(gathered.text).map(|found| found.range()).collect();
        for range in ranges {
            let value = gathered.code(range.clone());
            gathered.add(range, Named::OrderNumber { value });
        }
    }
}

/// After words that say so: `订单号 TC1234`, `order #1234`.
pub(super) fn marked_orders(gathered: &mut Gathered) {
    static MARKED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?:订单编号|订单号码|订单号|订单|单号|\border(?:\s+(?:number|no\.?|num|id))?)(?:\s*(?:is|是|为|:|：|#|=))*\s*(?P<n>[a-z0-9][a-z0-9_-]{3,31})",
        )
    });
    // `2227000 这单`, `把2227000号订单取消`: what it is follows.
    static FOLLOWED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?P<n>[a-z]{0,5}[-_]?\d{5,24}(?:[-_]\d{1,12}){0,3})\s*(?:(?:这|那|此|该|号)一?(?:个|笔|份|张)?(?:订单|单子|单)|(?:的)?(?:订单|单子))|\b(?P<en>[a-z]{0,4}\d{5,24})\s+order\b",
        )
    });
    let folded = gathered.folded.text();
    let named = |found: regex::Captures| Some(found.name("n").or(found.name("en"))?.range());
    let before = MARKED.captures_iter(folded).filter_map(named);
    let found: Vec<Range<usize>> = before.chain(FOLLOWED.captures_iter(folded).filter_map(named)).collect();
    for range in found {
        let text = &gathered.folded.text()[range.clone()];
        let n_digits = text.bytes().filter(u8::is_ascii_digit).count();
        let is_whole = !joins(gathered.folded.text(), range.start) && !joins(gathered.folded.text(), range.end);
        if n_digits >= 4 && is_whole && !is_mobile(text) {
            add_order(gathered, range);
        }
    }
}

/// By their form alone.
pub(super) fn orders(gathered: &mut Gathered) {
    static FORM: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?P<letters>[a-z]{0,5})[-_]?\d{5,24}(?:[-_]\d{2,12}){0,3}[a-z0-9]{0,3}"));
    let folded = gathered.folded.text();
    let mut found: Vec<Range<usize>> = Vec::new();
    for captures in FORM.captures_iter(folded) {
        let range = captures.get(0).expect("the whole").range();
        let text = &folded[range.clone()];
        let n_digits = text.bytes().filter(u8::is_ascii_digit).count();
        let n_letters = captures.name("letters").map_or(0, |letters| letters.len());
        let least = if n_letters > 0 { DIGITS_WITH_LETTERS } else { DIGITS_ALONE };
        let before = folded[..range.start].trim_end_matches([' ', ':', '：', '#']);
        let is_other = ["税号", "税务号", "信用代码", "imei", "sn", "序列号", "tax number", "serial number"]
            .iter()
            .any(|word| before.ends_with(word));
        if n_digits >= least
            && !joins(folded, range.start)
            && !joins(folded, range.end)
            && !is_mobile(text)
            && !is_other
        {
            found.push(range);
        }
    }
    found.into_iter().for_each(|range| add_order(gathered, range));
}

fn add_order(gathered: &mut Gathered, range: Range<usize>) {
    let range = gathered.folded.original(range);
    let value = gathered.code(range.clone());
    gathered.add(range, Named::OrderNumber { value });
}

/// The form of a mobile telephone's number in China.
fn is_mobile(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 11 && bytes.iter().all(u8::is_ascii_digit) && bytes[0] == b'1' && bytes[1] >= b'3'
}

/// `12+512`, `16G+1T`: memory and storage as phones and laptops are sold.
pub(super) fn memory_and_storage(gathered: &mut Gathered) {
    static PAIR: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?P<memory>\d{1,3})\s?(?:gb?)?\s?\+\s?(?P<storage>\d{1,4})\s?(?P<unit>gb?|tb?)?"));
    const MEMORY: &[u32] = &[2, 3, 4, 6, 8, 12, 16, 18, 24, 32, 36, 48, 64, 96, 128];
    const STORAGE: &[u32] = &[16, 32, 64, 128, 256, 512, 1024, 2048, 4096];
    let folded = gathered.folded.text();
    let mut found = Vec::new();
    for captures in PAIR.captures_iter(folded) {
        let whole = captures.get(0).expect("the whole").range();
        let number = |name: &str| captures[name].parse::<u32>().ok();
        let is_tera = captures.name("unit").is_some_and(|unit| unit.as_str().starts_with('t'));
        let (Some(memory), Some(storage)) = (number("memory"), number("storage")) else { continue };
        let storage = storage.saturating_mul(if is_tera { 1024 } else { 1 });
        let is_part = joins(folded, whole.start) || joins(folded, whole.end);
        if !is_part && MEMORY.contains(&memory) && STORAGE.contains(&storage) {
            let at = captures.name("memory").expect("a part of every match").end();
            found.push((whole.start..at, "memory", memory));
            found.push((
                captures.name("storage").expect("a part of every match").start()..whole.end,
                "storage",
                storage,
            ));
        }
    }
    for (range, attribute, value) in found {
        let (attribute, unit) = (attribute.to_owned(), "GB".to_owned());
        gathered.add_folded(range, Named::Spec { attribute, value: f64::from(value), unit });
    }
}

/// What lasts for a time: the words that say so, and the attribute.
const LASTING: &[(&str, &[&str])] = &[
    ("flight_time", &["飞行", "滞空", "flight", "fly"]),
    ("battery_life", &["续航", "播放", "待机", "battery life", "playback", "play time", "playtime", "battery"]),
];

/// The attribute of hours or minutes that a product lasts, and their number in hours: `续航超过40小时`.
fn lasting(text: &str, quantity: &Quantity) -> Option<(&'static str, f64)> {
    let hours = quantity.value / 3600.0;
    if quantity.kind != QuantityKind::Duration || !(0.05..=1000.0).contains(&hours) {
        return None;
    }
    let text = text.to_lowercase();
    let of = LASTING.iter().find(|(_, words)| words.iter().any(|word| text.contains(word)))?;
    Some((of.0, hours))
}

/// Money and measures.
pub(super) fn measures(gathered: &mut Gathered) {
    memory_and_storage(gathered);
    for quantity in quantities(gathered.text) {
        if let Some((attribute, value)) = lasting(gathered.text, &quantity) {
            let (attribute, unit) = (attribute.to_owned(), "h".to_owned());
            gathered.add(quantity.range.clone(), Named::Spec { attribute, value, unit });
            continue;
        }
        if is_price(&quantity) {
            money(gathered, quantity.extent.clone(), &quantity);
        } else if let Some(attribute) = attribute_of(quantity.kind) {
            let unit = quantity.unit.to_owned();
            gathered.add(
                quantity.range.clone(),
                Named::Spec { attribute: attribute.to_owned(), value: quantity.value, unit },
            );
        }
    }
}

fn is_price(quantity: &Quantity) -> bool {
    let is_bounded = matches!(quantity.bound, Bound::AtMost | Bound::AtLeast | Bound::About) || quantity.high.is_some();
    match quantity.kind {
        QuantityKind::Price => true,
        QuantityKind::Count => quantity.value >= MONEY_MIN && is_bounded,
        _ => false,
    }
}

fn money(gathered: &mut Gathered, range: Range<usize>, quantity: &Quantity) {
    let Some(low) = cents(quantity.value) else { return };
    match quantity.high.and_then(cents) {
        Some(high) => {
            if gathered.add(range.clone(), Named::Money { cents: low, is_max: false, is_min: true }) {
                gathered
                    .entities
                    .push(super::Entity { range, what: Named::Money { cents: high, is_max: true, is_min: false } });
            }
        }
        None => {
            let (is_max, is_min) = (quantity.bound == Bound::AtMost, quantity.bound == Bound::AtLeast);
            gathered.add(range, Named::Money { cents: low, is_max, is_min });
        }
    }
}

fn cents(value: f64) -> Option<i64> {
    let cents = (value * 100.0).round();
    (cents.is_finite() && cents.abs() < 9e15).then_some(cents as i64)
}

/// What only shoppers write: `5k以下`, `under 5k`, `预算三千`.
pub(super) fn thousands(gathered: &mut Gathered) {
    static THOUSANDS: LazyLock<Regex> = LazyLock::new(|| {
        let number = r"\d{1,6}(?:\.\d{1,2})?";
        pattern(&format!(
            r"(?:(?P<most>under|below|less than|up to|max|within|不超过|低于|最多)|(?P<about>预算|budget(?:\s+(?:is|of))?|around|about|大概|大约))\s*(?P<a>{number}|[一二两三四五六七八九])\s*(?P<ua>k|w|千|万|百)?(?:元|块|dollars|usd|rmb)?(?P<after>以下|以内|之内|左右|上下|出头)?|(?P<b>{number}|[一二两三四五六七八九])\s*(?P<ub>k|w|千|万)(?:元|块)?\s*(?P<then>以下|以内|之内|左右|上下|出头|以上|or less)"
        ))
    });
    let folded = gathered.folded.text();
    let mut found = Vec::new();
    for captures in THOUSANDS.captures_iter(folded) {
        let whole = captures.get(0).expect("the whole").range();
        let number = captures.name("a").or(captures.name("b")).map_or("", |number| number.as_str());
        let unit = captures.name("ua").or(captures.name("ub")).map_or("", |unit| unit.as_str());
        let after = captures.name("after").or(captures.name("then")).map_or("", |after| after.as_str());
        let Some(value) = numeral(number).map(|value| value * times(unit)) else { continue };
        if value < MONEY_MIN || joins(folded, whole.end) {
            continue;
        }
        let is_max = captures.name("most").is_some() || ["以下", "以内", "之内", "or less"].contains(&after);
        if let Some(cents) = cents(value) {
            found.push((whole, Named::Money { cents, is_max, is_min: after == "以上" }));
        }
    }
    found.into_iter().for_each(|(range, what)| {
        gathered.add_folded(range, what);
    });
}

fn times(unit: &str) -> f64 {
    match unit {
        "k" | "千" => 1e3,
        "w" | "万" => 1e4,
        "百" => 100.0,
        _ => 1.0,
    }
}

/// Up to ten in words of either language, or digits.
pub(in super::super) fn numeral(text: &str) -> Option<f64> {
    const WORDS: &[(&str, f64)] = &[
        ("零", 0.0),
        ("一", 1.0),
        ("二", 2.0),
        ("两", 2.0),
        ("俩", 2.0),
        ("三", 3.0),
        ("四", 4.0),
        ("五", 5.0),
        ("六", 6.0),
        ("七", 7.0),
        ("八", 8.0),
        ("九", 9.0),
        ("十", 10.0),
        ("one", 1.0),
        ("two", 2.0),
        ("three", 3.0),
        ("four", 4.0),
        ("five", 5.0),
        ("six", 6.0),
        ("seven", 7.0),
        ("eight", 8.0),
        ("nine", 9.0),
        ("ten", 10.0),
    ];
    text.parse().ok().or_else(|| WORDS.iter().find(|(word, _)| *word == text).map(|(_, value)| *value))
}

fn attribute_of(kind: QuantityKind) -> Option<&'static str> {
    Some(match kind {
        QuantityKind::Memory => "memory",
        QuantityKind::GraphicsMemory => "gpu",
        QuantityKind::Storage => "storage",
        QuantityKind::Screen => "screen",
        QuantityKind::Battery => "battery",
        QuantityKind::Energy => "energy",
        QuantityKind::Power => "power",
        QuantityKind::RefreshRate => "refresh",
        QuantityKind::Frequency => "frequency",
        QuantityKind::Weight => "weight",
        QuantityKind::Length => "size",
        QuantityKind::Resolution => "resolution",
        QuantityKind::Camera => "camera",
        QuantityKind::FrameRate => "frame_rate",
        QuantityKind::Brightness => "brightness",
        QuantityKind::Density => "density",
        QuantityKind::Voltage => "voltage",
        QuantityKind::Current => "current",
        QuantityKind::Speed => "speed",
        QuantityKind::Cores => "cpu",
        QuantityKind::Network => "network",
        _ => return None,
    })
}

/// `两台`, `3 pieces`, `buy two`. One of something is a count only where it is bought.
pub(super) fn counts(gathered: &mut Gathered) {
    static ZH: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?P<before>买|要|拍|订|退|换|来|再|修)?(?P<n>\d{1,5}|[一二两三四五六七八九十俩])(?:台|个|件|部|只|条|套|张|副|双|支|份|根|盒)(?P<after>月|小时|星期|礼拜|人|问题|地址|年|点|多)?",
        )
    });
    static EN: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:(?P<n>\d{1,5}|one|two|three|four|five|six|seven|eight|nine|ten)\s*(?:pieces|piece|pcs|units|unit|items|sets|copies|of (?:them|these|those|it))\b|(?:buy|order|return|want|need|get|take)\s+(?P<m>\d{1,4}|two|three|four|five|six|seven|eight|nine|ten)\b)",
        )
    });
    let folded = gathered.folded.text();
    let mut found = Vec::new();
    for captures in ZH.captures_iter(folded) {
        let number = captures.name("n").expect("a part of every match");
        let value = numeral(number.as_str()).unwrap_or(0.0);
        let is_place = folded[..number.start()]
            .ends_with(['第', '这', '那', '前', '上', '下', '另', '哪', '每', '几', '后', '头', '.']);
        if captures.name("after").is_none()
            && !is_place
            && (value >= 2.0 || captures.name("before").is_some() && value > 0.0)
        {
            found.push((number.start()..captures.get(0).expect("the whole").end(), value));
        }
    }
    for captures in EN.captures_iter(folded) {
        let number = captures.name("n").or(captures.name("m")).expect("one of both");
        let end = captures.get(0).expect("the whole").end();
        found.extend(numeral(number.as_str()).map(|value| (number.start()..end, value)));
    }
    for (range, value) in found {
        gathered.add_folded(range, Named::Count { value: value as i64 });
    }
}
