//! How a product may be called: the name without what cannot be shown, and the short name by which it is called the second
//! time. Both are made of the name's own words only.

use std::sync::LazyLock;

use regex::Regex;

/// Characters of a name that are looked at.
const NAME_CHARS_MAX: usize = 240;
/// Characters of a short name,
const SHORT_CHARS_MAX: usize = 48;
/// and of one that ends with what the thing is.
const SHORT_WITH_NOUN_MAX: usize = 58;

/// The name in one line: no control characters, no characters that turn or hide text, no marks of registration, no dots where a
/// source cut it off.
pub fn clean(name: &str) -> String {
    let mut made = String::new();
    for one in name.chars().take(NAME_CHARS_MAX * 2) {
        match one {
            // `{{…}}` is a place that senders of mails fill.
            '®' | '™' | '©' | '℠' | '{' | '}' => {}
            one if is_hidden(one) => {}
            one if one.is_whitespace() || one.is_control() => {
                if !made.ends_with(' ') {
                    made.push(' ');
                }
            }
            one => made.push(one),
        }
    }
    let cut = made.trim_end().ends_with("...") || made.trim_end().ends_with('…');
    let mut text = made.trim().trim_end_matches(['.', '…']).trim_end();
    if cut {
        // The last word may be half a word.
        text = text.rsplit_once([' ', '|', ',']).map_or(text, |(head, _)| head);
    }
    let clipped: String = text.chars().take(NAME_CHARS_MAX).collect();
    let start = clipped.trim_start_matches(|one: char| one.is_whitespace() || ",|-–/&+".contains(one));
    start.trim_end_matches(|one: char| one.is_whitespace() || ",|-–/&(（".contains(one)).to_owned()
}

/// Characters that are not seen, or that turn the direction of text.
fn is_hidden(one: char) -> bool {
    matches!(u32::from(one), 0x00AD | 0x200B..=0x200C | 0x200E..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0xFEFF | 0xFFF9..=0xFFFB)
}

/// Where a short name ends: what follows tells of the product and is no name of it.
const STOPS: &[&str] = &[
    "(",
    "（",
    "|",
    ",",
    "，",
    ";",
    " with ",
    " With ",
    " - ",
    " – ",
    " for ",
    " For ",
    " Compatible",
    " compatible",
    ": ",
    "【",
    "[",
    " / ",
    " Upto ",
    " upto ",
    " Up to ",
    " up to ",
    " Pack of ",
    " Set of ",
    " Combo of ",
];

/// The short name of a clean name: its head, at most 48 characters, ending between words. `brand` is put in front as the shop
/// writes `Brand - Model`.
pub fn short(clean: &str, brand: Option<&str>) -> String {
    let joined = without_sizes(&without_bracket(&joined_brand(clean, brand)));
    let text = joined.as_str();
    // A head of one short word is no name.
    let mut ends: Vec<usize> = STOPS.iter().filter_map(|stop| stop_at(text, stop)).filter(|at| *at >= 5).collect();
    ends.sort_unstable();
    ends.push(text.len());
    let heads = ends.iter().map(|end| tidy_end(without_specs(tidy_end(&text[..*end]))));
    let is_name = |head: &&str| head.split(' ').count() >= 2 || !head.is_ascii();
    let head = heads.clone().find(is_name).or_else(|| heads.clone().next()).unwrap_or(text);
    let cut = without_torn_figure(tidy_end(clipped(head)), text);
    if cut.is_empty() { clipped(text).to_owned() } else { cut.to_owned() }
}

/// A figure whose unit was cut off (`… Edition 15` of `… Edition 15 Hours`) says nothing, or something else, and goes with it. `cut` is the
/// beginning of `whole`.
pub(crate) fn without_torn_figure<'t>(cut: &'t str, whole: &str) -> &'t str {
    const UNITS: &[&str] = &[
        "mah",
        "wh",
        "gb",
        "tb",
        "mb",
        "hz",
        "khz",
        "mhz",
        "ghz",
        "w",
        "watt",
        "watts",
        "v",
        "volt",
        "volts",
        "amp",
        "amps",
        "mm",
        "cm",
        "m",
        "meter",
        "meters",
        "metre",
        "metres",
        "mtr",
        "ft",
        "feet",
        "inch",
        "inches",
        "hour",
        "hours",
        "working",
        "hr",
        "hrs",
        "min",
        "mins",
        "minutes",
        "day",
        "days",
        "month",
        "months",
        "year",
        "years",
        "mp",
        "megapixel",
        "megapixels",
        "dpi",
        "ppi",
        "fps",
        "rpm",
        "kg",
        "gm",
        "grams",
        "ml",
        "liter",
        "liters",
        "litres",
        "pcs",
        "pieces",
        "pack",
        "ports",
        "port",
        "pin",
    ];
    const HAN_UNITS: &[&str] = &[
        "英寸",
        "毫米",
        "厘米",
        "小时",
        "分钟",
        "毫安时",
        "千克",
        "公斤",
        "个月",
        "米",
        "瓦",
        "克",
        "年",
        "寸",
        "件",
        "片",
        "支",
    ];
    let Some((front, last)) = cut.rsplit_once(' ') else { return cut };
    let last = last.trim_start_matches(['@', '~']);
    let tail = last.trim_start_matches(|one: char| one.is_ascii_digit() || matches!(one, '.' | ','));
    let is_figure = tail.len() < last.len() && last.starts_with(|one: char| one.is_ascii_digit());
    let behind = &whole[cut.len()..];
    let is_torn = match tail.is_empty() {
        true => {
            let rest = behind.trim_start_matches([' ', '-', '\u{a0}']).to_lowercase();
            let word: String = rest.chars().take_while(|one| one.is_alphanumeric()).collect();
            // `3 in 1` is one of such figures.
            UNITS.contains(&word.as_str())
                || rest.starts_with(['"', '”', '″'])
                || rest.starts_with("in 1")
                || HAN_UNITS.iter().any(|unit| rest.starts_with(unit))
        }
        // Cut in the middle of the unit.
        false => HAN_UNITS
            .iter()
            .any(|unit| unit.strip_prefix(tail).is_some_and(|left| !left.is_empty() && behind.starts_with(left))),
    };
    match is_figure && is_torn && (front.contains(' ') || !front.is_ascii()) {
        true => tidy_end(front),
        false => cut,
    }
}

/// Where a stop stands first; a comma between digits is part of a number.
fn stop_at(text: &str, stop: &str) -> Option<usize> {
    let is_digit = |one: Option<char>| one.is_some_and(|one| one.is_ascii_digit());
    let within_number =
        |at: usize| stop == "," && is_digit(text[..at].chars().next_back()) && is_digit(text[at + 1..].chars().next());
    text.match_indices(stop).map(|(at, _)| at).find(|at| !within_number(*at))
}

/// At most 48 characters; up to 58 where the name then ends with what the thing is.
fn clipped(head: &str) -> &str {
    use crate::channel::{Count, clip};
    let longer = clip(head, SHORT_WITH_NOUN_MAX, Count::Chars);
    if head.chars().count() > SHORT_CHARS_MAX
        && head.is_ascii()
        && let Some(end) = super::kinds::noun_end(longer, longer.len()).filter(|end| *end > SHORT_CHARS_MAX / 2)
    {
        return &longer[..end];
    }
    clip(head, SHORT_CHARS_MAX, Count::Chars)
}

/// A name without the sizes in two units that it gives in the middle (`Hisense 108 cm (43 inches) … TV`), and without the list of
/// memory, storage and processor that shops put behind it.
fn without_sizes(name: &str) -> String {
    static TWICE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"\s\d+(?:\.\d+)?\s?cm\s?\(\d+(?:\.\d+)?[ -]?(?i:inch|inches|")\)"#).expect("a constant")
    });
    // `3 1.85" HD`, `10" (25.4 cm) Ring Light`.
    static INCHES: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"\s\d+(?:\.\d+)?(?:["”″]|'')(?:\s?\(\d+(?:\.\d+)?\s?cm\))?"#).expect("a constant")
    });
    static LIST: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\s(?:\d+\s?(?i:GB|TB)\s?(?i:RAM|ROM|Storage|SSD|DDR)|(?:\d+th Gen )?(?:Intel Core|Intel Celeron|AMD Ryzen|Core i\d))\b").expect("a constant")
    });
    let name = INCHES.replace(&TWICE.replace(name, ""), "").into_owned();
    match LIST.find(&name) {
        Some(found) if name[..found.start()].split(' ').count() >= 2 => name[..found.start()].to_owned(),
        _ => name,
    }
}

/// Whether a name is spoken of as several in English: the noun that it ends with, model numbers aside, is one that has no
/// singular in shops, or stands in the plural.
pub fn is_plural(short: &str) -> bool {
    const SEVERAL: &[&str] = &[
        "earbuds",
        "buds",
        "earphones",
        "headphones",
        "airpods",
        "airdopes",
        "earpods",
        "speakers",
        "batteries",
        "cables",
        "cases",
        "covers",
        "protectors",
        "chargers",
        "cards",
        "straps",
        "bands",
        "adapters",
        "glasses",
        "sleeves",
        "skins",
        "clips",
        "filters",
        "guards",
        "holders",
        "stands",
        "tips",
    ];
    const ONE: &[&str] = &[
        "case",
        "cover",
        "charger",
        "cable",
        "strap",
        "adapter",
        "stand",
        "holder",
        "protector",
        "guard",
        "glass",
        "battery",
        "pack",
        "kit",
        "set",
        "bag",
        "pouch",
        "speaker",
        "headphone",
        "headset",
        "earphone",
        "earbud",
        "mount",
        "clip",
        "sleeve",
        "card",
        "dock",
        "hub",
        "microphone",
        "neckband",
        "skin",
        "box",
        "pair",
    ];
    let mut words = short.split([' ', '/']).rev().map(str::to_lowercase);
    words
        .find(|word| SEVERAL.contains(&word.as_str()) || ONE.contains(&word.as_str()))
        .is_some_and(|word| SEVERAL.contains(&word.as_str()))
}

/// A brand as it is written at the beginning of a name, if that differs in nothing but capitals.
pub fn as_in(brand: &str, name: &str) -> String {
    let head = clean(name);
    match head.get(..brand.len()) {
        Some(written) if written.eq_ignore_ascii_case(brand) => written.to_owned(),
        _ => brand.to_owned(),
    }
}

/// Without signs and words at the end that lead on to what was cut off.
pub(crate) fn tidy_end(text: &str) -> &str {
    const LEADING_ON: &[&str] = &[
        "and",
        "with",
        "for",
        "in",
        "of",
        "to",
        "the",
        "a",
        "by",
        "or",
        "designed",
        "compatible",
        "made",
        "&",
        "bluetooth",
        "usb",
        "portable",
        "electronic",
        "rechargeable",
        "multi",
        "high",
        "best",
        "charging",
        "truly",
        "working",
    ];
    let is_power = |word: &str| word.strip_suffix(['W', 'w']).is_some_and(|number| number.parse::<u32>().is_ok());
    let mut text = text;
    loop {
        text = text.trim_end_matches(|one: char| one.is_whitespace() || "-–|,/&:".contains(one));
        match text.rsplit_once(' ') {
            Some((front, last))
                if LEADING_ON.contains(&last.to_lowercase().as_str()) || (is_power(last) && front.contains(' ')) =>
            {
                text = front;
            }
            _ => return text,
        }
    }
}

/// `(Renewed) Samsung Buds` is `Renewed Samsung Buds`: what a name begins with in brackets is told, and no brackets begin it.
fn without_bracket(name: &str) -> String {
    let inside = name.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    match inside {
        Some((word, rest)) if !word.is_empty() && !word.contains('(') => {
            format!("{} {}", word.trim(), rest.trim()).trim().to_owned()
        }
        _ => name.to_owned(),
    }
}

/// `OtterBox - Strada Case` is `OtterBox Strada Case`.
fn joined_brand(clean: &str, brand: Option<&str>) -> String {
    let Some((head, rest)) = clean.split_once(" - ") else { return clean.to_owned() };
    // `Amazon Brand - Solimo Case`: whose brand it is is no part of the name.
    if head.ends_with(" Brand") {
        return rest.to_owned();
    }
    let is_brand =
        brand.is_some_and(|brand| self::clean(brand).eq_ignore_ascii_case(head)) || head.chars().count() <= 16;
    match is_brand {
        true if rest.to_lowercase().starts_with(&head.to_lowercase()) => rest.to_owned(),
        true => format!("{head} {rest}"),
        false => clean.to_owned(),
    }
}

/// `Velo 2 笔记本电脑 16GB+512GB` without the sizes at its end; `iPhone 6s 64GB` likewise.
fn without_specs(head: &str) -> &str {
    let mut text = head;
    while let Some((front, last)) = text.rsplit_once(' ') {
        let is_size = last.bytes().next().is_some_and(|byte| byte.is_ascii_digit())
            && ["GB", "TB", "gb", "G+", "TB+"].iter().any(|unit| last.ends_with(unit) || last.contains("GB+"));
        let is_unit = ["GB", "TB"].contains(&last);
        if is_size {
            text = front;
        } else if is_unit
            && let Some((front, number)) = front.rsplit_once(' ')
            && number.bytes().all(|byte| byte.is_ascii_digit())
        {
            text = front;
        } else {
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_cannot_be_shown() {
        for (name, expected) in [
            ("  Case\tfor Apple® iPhone®  6 ", "Case for Apple iPhone 6"),
            ("Speaker, 10 Hour Backup, Built-in Rechargea...", "Speaker, 10 Hour Backup, Built-in"),
            ("a\u{202E}b\u{200B}c\u{0}d", "abc d"),
            ("", ""),
            (" \n ", ""),
        ] {
            assert_eq!(clean(name), expected);
        }
        assert!(clean(&"x".repeat(100_000)).chars().count() <= NAME_CHARS_MAX);
    }

    #[test]
    fn some_names_are_several() {
        for (name, expected) in [
            ("boAt Airdopes 141", true),
            ("Sony WH-1000XM5 Headphones", true),
            ("Samsung Galaxy Buds 2 Case", false),
            ("Apple AirPods Pro", true),
            ("Moto G Plus", false),
            ("Spigen Cases", true),
            ("Lenovo Legion", false),
        ] {
            assert_eq!(is_plural(name), expected, "{name}");
        }
    }

    #[test]
    fn short_names_are_heads() {
        for (name, brand, expected) in [
            (
                "OtterBox - Strada Series Case for Apple iPhone 7 Plus - Pacific opal",
                Some("OtterBox"),
                "OtterBox Strada Series Case",
            ),
            ("Samsung Galaxy M33 5G (Mystique Green, 6GB, 128GB Storage)", None, "Samsung Galaxy M33 5G"),
            ("Apple - iPhone 7 128GB - Jet Black (AT&T)", Some("Apple"), "Apple iPhone 7"),
            ("Huawei - Honor 8 4G LTE with 64GB Memory Cell Phone (Unlocked)", Some("Huawei"), "Huawei Honor 8 4G LTE"),
            ("科梵 Velo 2 Pro 笔记本电脑 16GB+512GB", Some("科梵"), "科梵 Velo 2 Pro 笔记本电脑"),
            ("HP 250 G6", Some("HP"), "HP 250 G6"),
            ("Realme 12+ 256GB", None, "Realme 12+"),
            ("OnePlus 11R 5G Aramid Fiber Case Black in", None, "OnePlus 11R 5G Aramid Fiber Case Black"),
            ("boAt Partypal 50 20W Bluetooth, Wireless, USB Speaker", None, "boAt Partypal 50"),
            ("Redmi Note 12 5G Mystique Blue 6GB RAM 128GB ROM | 1st Phone", None, "Redmi Note 12 5G Mystique Blue"),
            ("(Renewed) Lenovo ThinkPad T450 Intel Core i5-5300U 14 inches", None, "Renewed Lenovo ThinkPad T450"),
            (
                "Zebronics Jet PRO Premium Wired Gaming On Ear Headphone with LED",
                None,
                "Zebronics Jet PRO Premium Wired Gaming On Ear Headphone",
            ),
            (
                "Hisense 108 cm (43 inches) 4K Smart LED Google TV 43A6H (Black)",
                None,
                "Hisense 4K Smart LED Google TV 43A6H",
            ),
            ("Amazon Brand - Solimo Soft Back Cover for OnePlus 6T", None, "Solimo Soft Back Cover"),
            (
                "Rayovac - Mini Portable 2,200 mAh Power Bank - Gray",
                Some("Rayovac"),
                "Rayovac Mini Portable 2,200 mAh Power Bank",
            ),
            ("Osaka 10\" (25.4 cm) Professional LED Ring Light with Tripod", None, "Osaka Professional LED Ring Light"),
            ("boAt Rockerz 450 Masaba Edition Upto 15 Hours Playback, 40MM", None, "boAt Rockerz 450 Masaba Edition"),
            (
                "boAt Rockerz 450 Captain America Edition 15 Hours Battery, 40mm Drivers",
                None,
                "boAt Rockerz 450 Captain America Edition",
            ),
            (
                "Zinq Technologies Full HD 1080P 2.1 Megapixel 30 FPS Auto Focus Webcam",
                None,
                "Zinq Technologies Full HD 1080P 2.1 Megapixel",
            ),
            (
                "REDTECH One Plus Latest Mobile USB Type C to 3.5 mm Jack Audio Connector",
                None,
                "REDTECH One Plus Latest Mobile USB Type C",
            ),
            (
                "AMACOOL 5000mAh Rechargeable Neck Fan 21 Working Hours Max 4 Speeds",
                None,
                "AMACOOL 5000mAh Rechargeable Neck Fan",
            ),
            ("RPM Finger Sleeves Pack of 2 Boxes/ 4 Pieces", None, "RPM Finger Sleeves"),
            ("Amozo Designed for iPhone 14 Cover | Ultra Hybrid", None, "Amozo Designed for iPhone 14 Cover"),
            ("(Renewed) Samsung SM-R180 Buds, Black", None, "Renewed Samsung SM-R180 Buds"),
        ] {
            assert_eq!(short(name, brand), expected);
        }
        // Also where a field takes still less.
        for (cut, whole, expected) in [
            ("机匠角 Brisk 电脑内胆包 13.3英", "机匠角 Brisk 电脑内胆包 13.3英寸 灰色", "机匠角 Brisk 电脑内胆包"),
            (
                "机匠角 Brisk 电脑内胆包 13.3英寸",
                "机匠角 Brisk 电脑内胆包 13.3英寸 灰色",
                "机匠角 Brisk 电脑内胆包 13.3英寸",
            ),
            ("Apple iPhone 14", "Apple iPhone 14 Pro Max", "Apple iPhone 14"),
            ("Dell S2721HNM @75", "Dell S2721HNM @75 Hz", "Dell S2721HNM"),
            ("Cable 1", "Cable 1 m", "Cable 1"),
        ] {
            assert_eq!(without_torn_figure(cut, whole), expected);
        }
        let long = short(&"字".repeat(500), None);
        assert_eq!(long.chars().count(), SHORT_CHARS_MAX);
    }
}
