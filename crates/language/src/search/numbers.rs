//! Numbers in specifications and queries: `16GB`, `1.5-2kg`, `15.6英寸`, `三千五`, `1万`, `3k`. What each measure is
//! called in catalogues, and the unit it is compared in. Nothing is known here of sentences.

use std::sync::LazyLock;

use regex::Regex;

/// What can be compared, besides the price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// GB.
    Memory,
    /// GB.
    Storage,
    /// Inches.
    Screen,
    /// Kilograms.
    Weight,
    /// mAh.
    Battery,
    /// Hz.
    Refresh,
}

impl Measure {
    pub const ALL: [Measure; 6] =
        [Self::Memory, Self::Storage, Self::Screen, Self::Weight, Self::Battery, Self::Refresh];

    /// The attribute's name in an index.
    pub fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Storage => "storage",
            Self::Screen => "screen",
            Self::Weight => "weight",
            Self::Battery => "battery",
            Self::Refresh => "refresh",
        }
    }

    pub fn unit(self) -> &'static str {
        match self {
            Self::Memory | Self::Storage => "GB",
            Self::Screen => "in",
            Self::Weight => "kg",
            Self::Battery => "mAh",
            Self::Refresh => "Hz",
        }
    }

    pub fn named(name: &str) -> Option<Measure> {
        Self::ALL.into_iter().find(|measure| measure.name() == name)
    }
}

/// Names of specifications, folded, by what they mean.
const NAMES: &[(&str, &[&str])] = &[
    ("memory", &["memory", "ram", "内存", "运存", "运行内存", "内存容量", "memory size", "system memory"]),
    ("storage", &["storage", "rom", "硬盘", "存储", "硬盘容量", "存储容量", "机身存储", "ssd", "internal storage"]),
    ("screen", &["screen", "screen size", "inches", "屏幕", "屏幕尺寸", "尺寸", "display size", "display_size"]),
    ("weight", &["weight", "重量", "裸机重量", "机身重量", "净重"]),
    ("battery", &["battery", "电池", "电池容量", "battery capacity", "battery_size"]),
    ("refresh", &["refresh", "refresh rate", "refresh_rate", "刷新率", "屏幕刷新率"]),
    ("color", &["color", "colour", "颜色", "colors"]),
];

/// What a specification is called in an index, if catalogues have several names for it.
pub(super) fn canonical_name(name: &str) -> Option<&'static str> {
    let folded = super::units::fold(name.trim()).into_text().into_owned();
    NAMES.iter().find(|(_, names)| names.contains(&folded.as_str())).map(|(canonical, _)| *canonical)
}

/// The number that a specification's text states, in the measure's unit. Of a range the upper end: a bound from above
/// must not let in what may be heavier.
pub(super) fn value_of(measure: Measure, text: &str) -> Option<f64> {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(\d{1,7}(?:\.\d{1,6})?)(?:\s*(?:-|~|至|到)\s*(\d{1,7}(?:\.\d{1,6})?))?\s*([a-z]+|英寸|寸|公斤|千克|克|斤|毫安时|毫安|赫兹)?")
            .expect("a sound pattern")
    });
    let folded = super::units::fold(super::units::cut(text, 256)).into_text().into_owned();
    NUMBER.captures_iter(&folded).find_map(|found| {
        let low: f64 = found[1].parse().ok()?;
        let number = found.get(2).and_then(|high| high.as_str().parse().ok()).map_or(low, |high: f64| high.max(low));
        Some(number * factor(measure, found.get(3).map_or("", |unit| unit.as_str()), number)?)
    })
}

/// What one of `unit` is in the measure's unit; nothing if it is a unit of something else.
pub(super) fn factor(measure: Measure, unit: &str, number: f64) -> Option<f64> {
    let factor = match (measure, unit) {
        (Measure::Memory | Measure::Storage, "gb" | "g" | "") => 1.0,
        (Measure::Memory | Measure::Storage, "tb" | "t") => 1024.0,
        (Measure::Memory | Measure::Storage, "mb" | "m") => 1.0 / 1024.0,
        (Measure::Screen, "英寸" | "寸" | "inch" | "inches" | "in" | "") => 1.0,
        (Measure::Screen, "cm") => 1.0 / 2.54,
        (Measure::Weight, "kg" | "公斤" | "千克") => 1.0,
        (Measure::Weight, "g" | "克") => 1e-3,
        (Measure::Weight, "斤") => 0.5,
        (Measure::Weight, "lb" | "lbs" | "pounds") => 0.453_592_37,
        // A telephone of 199 has no unit but can only be in grams.
        (Measure::Weight, "") => {
            if number > 30.0 {
                1e-3
            } else {
                1.0
            }
        }
        (Measure::Battery, "mah" | "毫安时" | "毫安" | "") => 1.0,
        (Measure::Refresh, "hz" | "赫兹" | "") => 1.0,
        _ => return None,
    };
    Some(factor)
}

/// A number in Chinese characters or digits with 千, 万, `k`, `w` behind it: `三千五` is 3500, `1万2` 12000, `3k` 3000.
/// Nothing if the text is anything else.
pub(super) fn amount(text: &str) -> Option<f64> {
    let plain: String = text.chars().filter(|character| *character != ',').collect();
    if plain.is_empty() {
        return None;
    }
    if let Ok(number) = plain.parse::<f64>() {
        return (number.is_finite() && number >= 0.0).then_some(number);
    }
    let mut total = 0.0;
    let mut pending: Option<f64> = None;
    let mut last_unit = 0.0;
    let mut at = 0;
    while let Some(character) = plain[at..].chars().next() {
        if character.is_ascii_digit() {
            let end = plain[at..].bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
            pending = Some(plain[at..at + end].parse().ok()?);
            at += end;
            continue;
        }
        at += character.len_utf8();
        if let Some(digit) = chinese_digit(character) {
            pending = Some(pending.filter(|_| last_unit == 0.0).map_or(digit, |before| before * 10.0 + digit));
            continue;
        }
        let unit = match character {
            '十' => 10.0,
            '百' => 100.0,
            '千' | 'k' => 1000.0,
            '万' | 'w' => 10_000.0,
            _ => return None,
        };
        let counted = pending.take();
        if unit >= 10_000.0 && total > 0.0 {
            total = (total + counted.unwrap_or(0.0)) * unit;
        } else {
            let counted = counted.or((unit == 10.0).then_some(1.0))?;
            total += counted * unit;
        }
        last_unit = unit;
    }
    // `三千五`: the last digit counts tenths of the unit before it.
    if let Some(rest) = pending {
        total += if last_unit >= 100.0 && rest < 10.0 && rest.fract() == 0.0 { rest * last_unit / 10.0 } else { rest };
    }
    total.is_finite().then_some(total)
}

fn chinese_digit(character: char) -> Option<f64> {
    if character == '两' {
        return Some(2.0);
    }
    "零一二三四五六七八九".chars().position(|digit| digit == character).map(|digit| digit as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read() {
        for (text, wanted) in [
            ("5000", Some(5000.0)),
            ("1,299.50", Some(1299.5)),
            ("3k", Some(3000.0)),
            ("3.5k", Some(3500.0)),
            ("1万", Some(10_000.0)),
            ("1.2万", Some(12_000.0)),
            ("1万2", Some(12_000.0)),
            ("1w", Some(10_000.0)),
            ("三千", Some(3000.0)),
            ("三千五", Some(3500.0)),
            ("三千五百", Some(3500.0)),
            ("一万二", Some(12_000.0)),
            ("两千", Some(2000.0)),
            ("十", Some(10.0)),
            ("八百", Some(800.0)),
            ("十二万", Some(120_000.0)),
            ("五", Some(5.0)),
            ("一二三", Some(123.0)),
            ("", None),
            ("千", None),
            ("abc", None),
            ("1.2.3k", None),
        ] {
            assert_eq!(amount(text), wanted, "{text}");
        }
    }

    #[test]
    fn specifications_are_read() {
        for (measure, text, wanted) in [
            (Measure::Memory, "16 GB DDR5", Some(16.0)),
            (Measure::Memory, "8GB", Some(8.0)),
            (Measure::Storage, "1TB SSD", Some(1024.0)),
            (Measure::Storage, "128GB SSD + 1TB HDD", Some(128.0)),
            (Measure::Screen, "15.6\"", Some(15.6)),
            (Measure::Screen, "IPS 14英寸", Some(14.0)),
            (Measure::Weight, "1.37kg", Some(1.37)),
            (Measure::Weight, "199.0", Some(0.199)),
            (Measure::Weight, "187 g", Some(0.187)),
            (Measure::Battery, "5000mAh", Some(5000.0)),
            (Measure::Refresh, "120Hz", Some(120.0)),
            (Measure::Weight, "轻", None),
        ] {
            let found = value_of(measure, text);
            assert!(
                found.zip(wanted).map_or(found.is_none() && wanted.is_none(), |(a, b)| (a - b).abs() < 1e-9),
                "{text}: {found:?}"
            );
        }
    }
}
