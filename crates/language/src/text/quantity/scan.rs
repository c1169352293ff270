//! One pass over a text that finds every quantity. At a number it looks at what follows; nothing is looked at twice.

use super::context;
use super::numbers::{Number, chinese, digits, opens_chinese};
use super::units::{CHINESE, Case, LATIN, SIZES, Unit, currency};
use super::{Bound, Quantity, QuantityKind as Kind, dates};

/// What was found at a place: one quantity, or two (`8G+256G`).
struct Found {
    pub quantities: Vec<Quantity>,
    pub end: usize,
}

impl Found {
    fn one(quantity: Quantity) -> Self {
        Found { end: quantity.range.end, quantities: vec![quantity] }
    }
}

/// The quantities of a text in normal form, in order, not overlapping.
pub(crate) fn scan(text: &str) -> Vec<Quantity> {
    let mut quantities = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.as_bytes().get(at) {
        at = if byte.is_ascii_digit() {
            match number_at(text, at, None) {
                Some(found) => push(&mut quantities, found),
                None => end_of_code(text, at),
            }
        } else if byte.is_ascii_alphabetic() {
            match letters_at(text, at) {
                Some(found) => push(&mut quantities, found),
                None => end_of_code(text, at),
            }
        } else if byte < 0x80 && byte != b'$' {
            at + 1
        } else {
            match sign_or_ideograph(text, at) {
                Ok(found) => push(&mut quantities, found),
                Err(next) => next,
            }
        };
    }
    quantities
}

fn push(quantities: &mut Vec<Quantity>, found: Found) -> usize {
    quantities.extend(found.quantities);
    found.end
}

/// The end of a run of letters and digits, with hyphens and points inside: codes hold no quantities.
fn end_of_code(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let mut end = at + 1;
    let follows = |end: usize| bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
    while follows(end) || (matches!(bytes.get(end), Some(b'-' | b'_' | b'.')) && follows(end + 1)) {
        end += 1;
    }
    end
}

/// A currency's code before a number (`RMB 5999`).
fn letters_at(text: &str, at: usize) -> Option<Found> {
    for code in ["us$", "hk$", "rmb", "cny", "usd", "inr"] {
        let head = text.as_bytes().get(at..at + code.len())?;
        if head.eq_ignore_ascii_case(code.as_bytes()) {
            return priced(text, at, at + code.len(), code);
        }
    }
    None
}

fn sign_or_ideograph(text: &str, at: usize) -> Result<Found, usize> {
    let character = text[at..].chars().next().expect("within the text");
    let next = at + character.len_utf8();
    let found = match character {
        '¥' | '$' | '€' | '£' | '₹' => priced(text, at, next, &text[at..next]),
        _ if opens_chinese(character) => {
            return in_chinese(text, at).ok_or_else(|| past_numerals(text, next));
        }
        _ => None,
    };
    found.ok_or(next)
}

/// So that the middle of a number in characters is not taken for one.
fn past_numerals(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    at + rest.len() - rest.trim_start_matches(opens_chinese).len()
}

/// A number after a sign of currency.
fn priced(text: &str, start: usize, after_sign: usize, sign: &str) -> Option<Found> {
    let at = after_sign + usize::from(text[after_sign..].starts_with(' '));
    if !text.as_bytes().get(at)?.is_ascii_digit() {
        return None;
    }
    let money = currency(&sign.to_lowercase());
    number_at(text, at, Some((start, money)))
}

/// A quantity whose number in digits begins at `at`. `money` is where a sign of currency stood, and which.
fn number_at(text: &str, at: usize, money: Option<(usize, &'static str)>) -> Option<Found> {
    if money.is_none()
        && let Some(found) = ratio(text, at).or_else(|| moment(text, at))
    {
        return Some(found);
    }
    let number = digits(text, at)?;
    if let Some((start, currency)) = money {
        return Some(Found::one(price(text, start, number, currency)));
    }
    if let Some(found) = resolution(text, at, number).or_else(|| memory_pair(text, at, number)) {
        return Some(found);
    }
    if let Some(found) = range(text, at, number) {
        return Some(found);
    }
    match unit_at(text, at, number) {
        Some((unit, end)) => measured(text, at, number, unit, end).map(Found::one),
        None => bare(text, at, number).map(Found::one),
    }
}

/// A quantity whose number is written in characters. Everyday words hold such numbers too (一天, 一块), so that less is
/// believed than of digits.
fn in_chinese(text: &str, at: usize) -> Option<Found> {
    if text[..at].ends_with(['第', '零', '十', '百', '千', '万', '点']) {
        return None;
    }
    let number = chinese(text, at)?;
    let (unit, end) = unit_at(text, at, number)?;
    let believed = match unit.kind {
        Kind::Price => number.value >= 100.0 || (number.value > 1.0 && unit.written != "块" && unit.written != "刀"),
        Kind::Duration => number.value > 1.0 && number.times < 100.0,
        Kind::Screen | Kind::Camera | Kind::Battery | Kind::Power => true,
        Kind::Discount | Kind::Generation | Kind::Cores => number.value > 1.0 && number.value < 100.0,
        Kind::Weight => matches!(unit.written, "斤" | "公斤" | "千克"),
        _ => false,
    };
    if !believed {
        return None;
    }
    measured(text, at, number, unit, end).map(Found::one)
}

/// A quantity of the given kind, with the words that bound it.
fn quantity(text: &str, kind: Kind, value: f64, start: usize, end: usize) -> Quantity {
    let (bound, extent) = context::bound(text, start, end);
    Quantity { kind, value, high: None, bound, unit: kind.unit(), range: start..end, extent }
}

fn price(text: &str, start: usize, number: Number, currency: &'static str) -> Quantity {
    let mut end = number.end;
    let mut high = None;
    if let Some(at) = separator(text, end) {
        let at = at
            + text[at..]
                .chars()
                .next()
                .filter(|sign| matches!(sign, '¥' | '$' | '€' | '£' | '₹'))
                .map_or(0, char::len_utf8);
        if let Some(second) = digits(text, at).filter(|second| second.value > number.value) {
            (high, end) = (Some(second.value), second.end);
        }
    }
    // ¥5999元 says it twice.
    for word in ["元", "块"] {
        if text[end..].starts_with(word) {
            end += word.len();
        }
    }
    Quantity { high, unit: currency, ..quantity(text, Kind::Price, number.value, start, end) }
}

/// `16:9`.
fn ratio(text: &str, at: usize) -> Option<Found> {
    for (written, value) in [
        ("16:9", 16.0 / 9.0),
        ("16:10", 1.6),
        ("21:9", 21.0 / 9.0),
        ("32:9", 32.0 / 9.0),
        ("4:3", 4.0 / 3.0),
        ("3:2", 1.5),
        ("19.5:9", 19.5 / 9.0),
        ("20:9", 20.0 / 9.0),
    ] {
        let rest = text[at..].strip_prefix(written);
        if rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == ':')) {
            return Some(Found::one(quantity(text, Kind::AspectRatio, value, at, at + written.len())));
        }
    }
    None
}

fn moment(text: &str, at: usize) -> Option<Found> {
    let moment = dates::read(text, at)?;
    let kind = if moment.is_time { Kind::Time } else { Kind::Date };
    Some(Found::one(quantity(text, kind, moment.value, at, moment.end)))
}

/// `1920x1080`, `2560 × 1440`.
fn resolution(text: &str, at: usize, width: Number) -> Option<Found> {
    let pixels = |number: &Number| number.times == 1.0 && number.value >= 200.0 && number.value.fract() == 0.0;
    let rest = text[width.end..].trim_start_matches(' ');
    let mark = rest.chars().next().filter(|mark| matches!(mark, 'x' | 'X' | '×' | '*'))?;
    let after = rest[mark.len_utf8()..].trim_start_matches(' ');
    let height = digits(text, text.len() - after.len()).filter(pixels)?;
    let fits = pixels(&width) && !ends_in_code(text, height.end);
    fits.then(|| Found::one(quantity(text, Kind::Resolution, width.value * height.value, at, height.end)))
}

fn ends_in_code(text: &str, end: usize) -> bool {
    text[end..].starts_with(|next: char| next.is_ascii_alphanumeric())
}

/// `8G+256G`, `12GB + 1TB`, `8+256`: memory and storage.
fn memory_pair(text: &str, at: usize, first: Number) -> Option<Found> {
    const MEMORY: &[f64] = &[2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 18.0, 24.0, 32.0, 48.0, 64.0];
    const STORAGE: &[f64] = &[16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0];
    let gb = |from: usize| {
        let rest = &text.as_bytes()[from..];
        let n = ["gb", "g"]
            .iter()
            .find(|unit| rest.get(..unit.len()).is_some_and(|head| head.eq_ignore_ascii_case(unit.as_bytes())));
        n.map_or(from, |unit| from + unit.len())
    };
    let first_end = gb(first.end);
    let rest = text[first_end..].trim_start_matches(' ');
    let mark = rest.chars().next().filter(|mark| matches!(mark, '+' | '/'))?;
    let after = rest[1..].trim_start_matches(' ');
    let second_at = text.len() - after.len();
    let second = digits(text, second_at)?;
    let (storage, end) = match unit_at(text, second_at, second) {
        Some((unit, end)) if unit.kind == Kind::Storage => (second.value * unit.factor, end),
        Some(_) => return None,
        None if ends_in_code(text, second.end) => return None,
        None => (second.value, second.end),
    };
    // A slash also stands between dates and alternatives: at least one unit is wanted then.
    let named = first_end > first.end || end > second.end;
    let fits = MEMORY.contains(&first.value) && STORAGE.contains(&storage) && storage > first.value;
    if !fits || (mark == '/' && !named) || first.times != 1.0 || second.times != 1.0 {
        return None;
    }
    let memory = quantity(text, Kind::Memory, first.value, at, first_end);
    let storage = quantity(text, Kind::Storage, storage, second_at, end);
    Some(Found { quantities: vec![memory, storage], end })
}

/// Where the second number of a range begins, if `at` is followed by a sign or word for a range.
fn separator(text: &str, at: usize) -> Option<usize> {
    for mark in ["-", "~", "～", "到", "至", " - ", " to ", "—", " ~ "] {
        if let Some(rest) = text[at..].strip_prefix(mark) {
            return Some(text.len() - rest.len());
        }
    }
    None
}

/// `5000-6000元`, `5000元到6000元`, `3到5千`, `13-14英寸`.
fn range(text: &str, at: usize, low: Number) -> Option<Found> {
    let first = unit_at(text, at, low);
    let second_at = separator(text, first.as_ref().map_or(low.end, |(_, end)| *end))?;
    let high = digits(text, second_at)?;
    let (unit, end) = match unit_at(text, second_at, high) {
        Some(found) => found,
        // 3000到5000 without a unit is a price if the words say so.
        None if first.is_none() && low.value >= 100.0 && !ends_in_code(text, high.end) => {
            let mut found = bare(text, second_at, high).or_else(|| {
                let asked = context::speaks_of_price(text, at) || text[high.end..].trim_start().starts_with("之间");
                asked.then(|| quantity(text, Kind::Price, high.value, second_at, high.end))
            })?;
            (found.value, found.high) = (low.value, Some(high.value));
            (found.range.start, found.extent.start, found.bound) = (at, at, Bound::Exactly);
            return (low.value < high.value).then(|| Found::one(found));
        }
        None => return None,
    };
    if first.is_some_and(|(first, _)| first.kind != unit.kind) {
        return None;
    }
    let times = if low.times == 1.0 && low.value < high.value / high.times { high.times } else { 1.0 };
    let mut found = measured(text, second_at, high, unit, end)?;
    let low = low.value * times * (found.value / high.value);
    if low >= found.value {
        return None;
    }
    (found.high, found.value, found.bound) = (Some(found.value), low, Bound::Exactly);
    (found.range.start, found.extent.start) = (at, at);
    Some(Found::one(found))
}

/// The unit after a number, and where it ends.
fn unit_at(text: &str, at: usize, number: Number) -> Option<(&'static Unit, usize)> {
    let rest = &text[number.end..];
    let gap = usize::from(rest.starts_with(' ') || rest.starts_with('-'));
    let rest = &rest[gap..];
    let first = rest.chars().next()?;
    if first.is_ascii_alphabetic() || matches!(first, '%' | '"' | '\'' | '″' | '°' | '℃' | '€') {
        let found = latin_unit(text, at, number, number.end + gap, gap > 0)?;
        return (!rest.is_empty()).then_some(found);
    }
    if gap > 0 && text.as_bytes()[number.end] == b'-' {
        return None;
    }
    // 8个小时: the counter belongs to the unit. 5000多块: about.
    let more = if rest.starts_with('多') { '多'.len_utf8() } else { 0 };
    let rest = &rest[more..];
    let unit = CHINESE.iter().find(|unit| rest.starts_with(unit.written) && unit.allowed.allows(number.value))?;
    let after = &rest[unit.written.len()..];
    let other_word = OTHER_WORDS.iter().any(|(written, next)| *written == unit.written && after.starts_with(*next));
    let few = matches!(unit.written, "块" | "刀") && number.value < 10.0 || unit.written == "代" && number.value > 40.0;
    if other_word || few || (unit.kind == Kind::Camera && number.value < 1e4) {
        return None;
    }
    Some((unit, number.end + gap + more + unit.written.len()))
}

/// Characters that make another word of what looks like a unit: 安全, 核实, 折叠.
const OTHER_WORDS: &[(&str, &[char])] = &[
    ("安", &['全', '装', '卓', '心', '兔', '静']),
    ("核", &['实', '对', '桃', '查']),
    ("折", &['叠', '腾', '旧', '扣']),
    ("代", &['码', '表', '替', '理', '购', '言']),
    ("年", &['轻', '级', '龄', '度', '货', '会']),
    ("天", &['玑', '猫', '然', '下', '生', '空']),
    ("米", &['家', '粉', '色', '白', '饭']),
    ("元", &['素', '件', '旦', '宇', '器']),
    ("刀", &['片', '具', '锋']),
    ("块", &['屏', '硬', '电', '显', '主', '内', '固', '钢', '玻', '板']),
    ("周", &['边', '围', '末', '到', '年']),
    ("秒", &['杀', '拍', '回', '充', '发']),
    ("克", &['隆', '服']),
];

fn latin_unit(text: &str, at: usize, number: Number, from: usize, apart: bool) -> Option<(&'static Unit, usize)> {
    let bytes = &text.as_bytes()[from..];
    let n_letters = bytes.iter().take(16).take_while(|byte| byte.is_ascii_alphabetic()).count();
    let hyphen = apart && text.as_bytes()[number.end] == b'-';
    for unit in LATIN {
        let written = unit.written.as_bytes();
        let Some(head) = bytes.get(..written.len()).filter(|head| head.eq_ignore_ascii_case(written)) else { continue };
        let lettered = written[0].is_ascii_alphabetic();
        let whole =
            !lettered || n_letters == written.len() || bytes.get(n_letters) == Some(&b'/') && written.contains(&b'/');
        let glued = matches!(unit.written, "gb" | "tb" | "g")
            && followed_by_part(&bytes[written.len()..n_letters.max(written.len())]);
        let case_fits = match unit.case {
            Case::Either => true,
            Case::Lower => head.iter().all(|byte| !byte.is_ascii_uppercase()),
            Case::Upper => head.iter().all(|byte| !byte.is_ascii_lowercase()),
        };
        let short = lettered && written.len() == 1 || matches!(unit.written, "in" | "\"" | "''" | "″");
        // Only of grams a small letter may stand apart: in "2 m" and "5 w" it may be anything.
        let apart_fits = !apart
            || !short
            || unit.written == "g"
            || matches!(unit.written, "t" | "w") && head[0].is_ascii_uppercase();
        let hyphen_fits = !hyphen
            || matches!(
                unit.written,
                "inch" | "core" | "hour" | "day" | "week" | "year" | "month" | "minute" | "megapixel"
            );
        let next_fits = !lettered || !bytes.get(written.len()).is_some_and(u8::is_ascii_digit);
        if !((whole || glued)
            && case_fits
            && apart_fits
            && hyphen_fits
            && next_fits
            && unit.allowed.allows(number.value))
        {
            continue;
        }
        if unit.written == "g" && !g_fits(text, at, number, from, unit.kind, head[0]) {
            continue;
        }
        if matches!(unit.written, "\"" | "''") && closes_quotation(text, at) {
            continue;
        }
        return Some((unit, from + written.len()));
    }
    None
}

/// `512GBSSD`, `16GDDR5`.
fn followed_by_part(rest: &[u8]) -> bool {
    ["ssd", "ddr", "lpddr", "ram", "rom", "hdd", "nvme", "emmc"]
        .iter()
        .any(|part| rest.eq_ignore_ascii_case(part.as_bytes()))
}

/// Whether `16g` is read as bytes (`Storage`) or as a weight.
fn g_fits(text: &str, at: usize, number: Number, from: usize, kind: Kind, letter: u8) -> bool {
    let weight = letter == b'g'
        && (context::is_weight(text, at, from + 1) || !(SIZES.contains(&number.value) || number.value == 5.0));
    weight == (kind == Kind::Weight)
}

/// Whether an odd number of quotation marks stand shortly before.
fn closes_quotation(text: &str, at: usize) -> bool {
    let from = at.saturating_sub(64);
    text.as_bytes()[from..at].iter().filter(|byte| **byte == b'"').count() % 2 == 1
}

/// A number with its unit, the unit's kind settled by what stands around.
fn measured(text: &str, at: usize, number: Number, unit: &'static Unit, end: usize) -> Option<Quantity> {
    let value = number.value * unit.factor;
    let mut found = quantity(text, unit.kind, value, at, end);
    if text[number.end..end].contains('多') {
        found.bound = Bound::About;
    }
    match unit.kind {
        Kind::Storage if unit.written == "g" && context::is_network(text, at, end, number.value) => {
            (found.kind, found.value) = (Kind::Network, number.value);
        }
        Kind::Storage if unit.factor <= 1.0 => found.kind = context::bytes_kind(text, at, end, value),
        Kind::RefreshRate if value > 1000.0 => (found.kind, found.value) = (Kind::Frequency, value / 1e6),
        Kind::Price => {
            found.unit = currency(unit.written);
            return Some(found);
        }
        Kind::Discount if number.value >= 10.0 => found.value = value / 10.0,
        Kind::Power if unit.written == "w" && number.value <= 50.0 && tens_of_thousands(text, at, end) => {
            (found.kind, found.value) = (Kind::Price, number.value * 1e4);
        }
        Kind::Resolution if unit.written == "p" => found.value = lines(number.value),
        Kind::Resolution => match k_of(text, at, end, found.bound) {
            Kind::Price => (found.kind, found.value) = (Kind::Price, number.value * 1000.0),
            _ => found.value = columns(number.value),
        },
        _ => {}
    }
    found.unit = found.kind.unit();
    Some(found)
}

/// 2w块, 预算1w左右: `w` for 万.
fn tens_of_thousands(text: &str, at: usize, end: usize) -> bool {
    text.as_bytes()[end - 1] == b'w' && (context::speaks_of_price(text, at) || text[end..].starts_with(['块', '元']))
}

/// Whether `5k` is money or columns of pixels.
fn k_of(text: &str, at: usize, end: usize, bound: Bound) -> Kind {
    let about_money = context::speaks_of_price(text, at) || text[end..].starts_with(['块', '元']);
    if about_money || (bound != Bound::Exactly && text.as_bytes()[end - 1] == b'k') {
        Kind::Price
    } else {
        Kind::Resolution
    }
}

/// Pixels of a picture with this many lines, 16 to 9.
fn lines(lines: f64) -> f64 {
    (lines * 16.0 / 9.0).round() * lines
}

/// Pixels of a screen named by thousands of columns.
fn columns(thousands: f64) -> f64 {
    match thousands {
        2.0 | 2.5 => 2560.0 * 1440.0,
        2.8 => 2880.0 * 1800.0,
        3.0 => 3072.0 * 1920.0,
        4.0 => 3840.0 * 2160.0,
        5.0 => 5120.0 * 2880.0,
        8.0 => 7680.0 * 4320.0,
        _ => thousands * 1000.0 * thousands * 562.5,
    }
}

/// Whether an English noun that is counted stands next: `about 1420 pages` are no sum.
fn counts_next(rest: &str) -> bool {
    const COUNTED: &[&str] = &[
        "page",
        "pages",
        "sheet",
        "sheets",
        "print",
        "prints",
        "review",
        "reviews",
        "level",
        "levels",
        "piece",
        "pieces",
        "pcs",
        "people",
        "customers",
        "times",
        "photo",
        "photos",
        "shots",
        "songs",
        "charges",
        "cycles",
        "clicks",
        "steps",
        "units",
    ];
    let rest = rest.trim_start_matches([' ', '-']);
    let end = rest.find(|one: char| !one.is_ascii_alphabetic()).unwrap_or(rest.len());
    COUNTED.iter().any(|word| rest[..end].eq_ignore_ascii_case(word))
}

/// A number without a unit: a price if the words say so, a count if it is said in 万 or 千.
fn bare(text: &str, at: usize, number: Number) -> Option<Quantity> {
    if ends_in_code(text, number.end) || text[number.end..].starts_with(['-', '.', ':']) {
        return None;
    }
    let found = quantity(text, Kind::Price, number.value, at, number.end);
    if number.times >= 1e4 && context::speaks_of_camera(text, number.end) {
        return Some(Quantity { kind: Kind::Camera, value: number.value / 1e6, unit: Kind::Camera.unit(), ..found });
    }
    let counted = text[found.extent.end..].trim_start().starts_with([
        '次', '个', '台', '部', '人', '条', '张', '只', '件', '款', '名', '位', '家', '种', '遍', '里', '度', '倍',
        '字', '页', '粉', '级', '键', '档',
    ]) || counts_next(&text[found.extent.end..]);
    let vague = text[number.end..].trim_start().starts_with('多');
    let bounded = found.bound != Bound::Exactly && !vague && number.n_digits <= 7;
    if number.value >= 100.0 && !counted && (bounded || context::speaks_of_price(text, at)) {
        return Some(found);
    }
    (number.times > 1.0).then_some(Quantity { kind: Kind::Count, unit: "", ..found })
}
