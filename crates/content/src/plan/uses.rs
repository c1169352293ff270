//! What a number is good for: a table of our own (`uses.tsv`) with thresholds, so that a statement is said only where the
//! number carries it. Not here: statements about what no field gives.

use std::sync::LazyLock;

use super::kinds::Kind;
use super::units::{Dimension, Reading, leading_number};

/// One statement and its condition.
#[derive(Debug)]
pub struct Use {
    pub attribute: &'static str,
    kinds: Vec<&'static str>,
    condition: Condition,
    /// A word that the value must not hold.
    without: Option<&'static str>,
    /// What other attributes of the product must meet, too: two windows side by side need pixels beside inches.
    beside: Vec<(&'static str, Condition)>,
    /// The condition as the table has it: `16-31GB`, `15-16.9in&resolution:2-Mpx`.
    pub threshold: &'static str,
    pub zh: Vec<&'static str>,
    pub en: Vec<&'static str>,
}

#[derive(Debug)]
enum Condition {
    /// In base units of the dimension.
    Range(f64, f64, Dimension),
    Is(&'static str),
    Holds(&'static str),
}

/// The table, read once.
pub static USES: LazyLock<Vec<Use>> =
    LazyLock::new(|| parse(include_str!("uses.tsv")).expect("the table is part of the program and tested"));

/// The first statement that holds for a value of an attribute of a kind of goods. `of_other` gives the value of another attribute of the
/// same product, with its words.
pub fn use_of<'f>(
    attribute: &str,
    kind: Option<&Kind>,
    (reading, raw): (&Reading, &str),
    of_other: impl Fn(&str) -> Option<(&'f Reading, &'f str)>,
) -> Option<&'static Use> {
    let kind = kind?.key;
    let holds_beside = |(other, condition): &(&'static str, Condition)| {
        of_other(other).is_some_and(|(reading, raw)| condition.holds(reading, raw))
    };
    USES.iter().find(|one| {
        one.attribute == attribute
            && one.kinds.iter().any(|name| *name == "*" || *name == kind)
            && one.condition.holds(reading, raw)
            && one.without.is_none_or(|word| !raw.contains(word))
            && one.beside.iter().all(holds_beside)
    })
}

impl Condition {
    fn holds(&self, reading: &Reading, raw: &str) -> bool {
        match self {
            Condition::Range(low, high, dimension) => {
                reading.number.is_some_and(|(number, of)| of == *dimension && (*low..=*high).contains(&number))
            }
            Condition::Is(word) => raw.trim().eq_ignore_ascii_case(word),
            Condition::Holds(word) => raw.contains(word),
        }
    }
}

fn parse(text: &'static str) -> Result<Vec<Use>, String> {
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(row).collect()
}

fn row(line: &'static str) -> Result<Use, String> {
    let cells: Vec<&str> = line.split('\t').collect();
    let [attribute, kinds, condition, zh, en] = cells[..] else { return Err(format!("not five cells: {line}")) };
    let threshold = condition;
    let mut all = condition.split('&');
    let condition = all.next().unwrap_or_default();
    let (condition, without) = condition.split_once('!').map_or((condition, None), |(front, word)| (front, Some(word)));
    Ok(Use {
        attribute,
        kinds: kinds.split(',').collect(),
        condition: self::condition(condition).ok_or_else(|| format!("no condition '{condition}'"))?,
        without,
        beside: all.map(beside).collect::<Option<_>>().ok_or_else(|| format!("no condition in '{threshold}'"))?,
        threshold,
        zh: zh.split('|').collect(),
        en: en.split('|').collect(),
    })
}

/// `resolution:2-Mpx`.
fn beside(text: &'static str) -> Option<(&'static str, Condition)> {
    let (attribute, rest) = text.split_once(':')?;
    Some((attribute, condition(rest)?))
}

/// `16-31GB`, `-14.1in`, `120-Hz`, `=active`, `~OLED`.
fn condition(text: &'static str) -> Option<Condition> {
    if let Some(word) = text.strip_prefix('=') {
        return Some(Condition::Is(word));
    }
    if let Some(word) = text.strip_prefix('~') {
        return Some(Condition::Holds(word));
    }
    let (low, rest) = text.split_once('-')?;
    let (high, unit) = match leading_number(rest) {
        Some((high, unit)) => (high, unit),
        None => (f64::INFINITY, rest),
    };
    let low = if low.is_empty() { 0.0 } else { low.parse().ok()? };
    let (factor, dimension) = base(unit)?;
    Some(Condition::Range(low * factor, high * factor, dimension))
}

/// Base units in one of the table's units, and what it measures.
fn base(unit: &str) -> Option<(f64, Dimension)> {
    use Dimension::*;
    Some(match unit {
        "" => (1.0, Count),
        "GB" => (1.0, Bytes),
        "Hz" => (1.0, Hertz),
        "MP" => (1.0, Megapixels),
        "Mpx" => (1e6, Pixels),
        "mAh" => (1.0, Charge),
        "Wh" => (1.0, Energy),
        "W" => (1.0, Power),
        "g" => (1.0, Mass),
        "kg" => (1000.0, Mass),
        "Mbps" => (1.0, Speed),
        "Gbps" => (1000.0, Speed),
        "MB/s" => (1.0, ByteSpeed),
        "dpi" => (1.0, Dpi),
        "ppm" => (1.0, PagesPerMinute),
        "pages" => (1.0, Pages),
        "minutes" => (1.0, Duration),
        "hours" => (60.0, Duration),
        "in" => (25.4, Length),
        "m" => (1000.0, Length),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::attributes::attribute;
    use crate::plan::kinds::{KINDS, kind};
    use crate::plan::units::read;

    #[test]
    fn every_row_names_what_exists() {
        assert!(USES.len() > 100);
        for one in USES.iter() {
            assert!(attribute(one.attribute).is_some_and(|found| found.key == one.attribute), "{}", one.attribute);
            let is_attribute = |name: &str| attribute(name).is_some_and(|found| found.key == name);
            assert!(one.beside.iter().all(|(other, _)| is_attribute(other)), "{}", one.threshold);
            assert!(one.kinds.iter().all(|name| KINDS.iter().any(|kind| kind.key == *name)), "{:?}", one.kinds);
            assert!(one.zh.iter().chain(&one.en).all(|text| !text.trim().is_empty() && text.trim() == *text));
            assert!(
                one.en.iter().all(|text| text
                    .chars()
                    .next()
                    .is_some_and(|first| first.is_lowercase() || text.starts_with("PDF"))),
                "{:?}",
                one.en
            );
        }
    }

    fn said(name: &str, of: &str, value: &str) -> Option<&'static str> {
        let reading = read(value, attribute(name).unwrap().dimensions).unwrap();
        use_of(name, kind(of), (&reading, value), |_| None).map(|one| one.threshold)
    }

    /// Columns of a sheet need pixels, not inches alone.
    #[test]
    fn a_statement_may_need_another_attribute() {
        let size = read("15.6 inch", attribute("screen_size").unwrap().dimensions).unwrap();
        for (pixels, is_said) in [("1366 x 768 px", false), ("1920 x 1080 px", true)] {
            let resolution = read(pixels, attribute("resolution").unwrap().dimensions).unwrap();
            let of_other = |name: &str| (name == "resolution").then_some((&resolution, pixels));
            assert_eq!(
                use_of("screen_size", kind("laptop"), (&size, "15.6 inch"), of_other).is_some(),
                is_said,
                "{pixels}"
            );
        }
        assert_eq!(said("screen_size", "laptop", "15.6 inch"), None, "of unknown pixels nothing is said");
    }

    /// How it feels, that it costs no effort, that a worry is spared: no number tells that.
    #[test]
    fn no_statement_tells_what_no_number_tells() {
        const UNTOLD: &[&str] = &[
            "effort",
            "feels",
            "worry",
            "easy",
            "comfort",
            "pocket",
            "hurry",
            "drama",
            "wait worth",
            "不费",
            "轻松",
            "舒服",
            "放心",
            "不用愁",
            "裤兜",
            "衣兜",
            "口袋",
            "不用守",
            "不慌",
            "必备",
            "享受",
            "完美",
            "没压力",
        ];
        let features = include_str!("features.tsv").lines().filter(|line| !line.starts_with('#'));
        let of_uses = USES.iter().flat_map(|one| one.zh.iter().chain(&one.en).copied());
        for text in of_uses.chain(features) {
            // That a light mouse takes less effort to move is told by its weight.
            let told = text.replace("take less effort", "");
            assert!(!UNTOLD.iter().any(|word| told.contains(word)), "{text}");
        }
    }

    #[test]
    fn a_statement_needs_its_number() {
        for (attribute, kind, value, expected) in [
            ("memory", "laptop", "16 GB", Some("16-31GB")),
            ("memory", "laptop", "32 GB", Some("32-GB")),
            ("memory", "laptop", "4 GB", None),
            ("memory", "phone", "16 GB", Some("12-GB")),
            ("weight", "laptop", "1.3 kg", Some("-1.3kg")),
            ("weight", "laptop", "1.8 kg", None),
            // The number is of another dimension.
            ("battery", "laptop", "5000 mAh", None),
            ("screen_size", "laptop", "14 in", Some("-14.1in")),
            ("noise_cancelling", "earbuds", "active", Some("=active")),
            ("resolution", "camera", "45 MP", Some("33-MP")),
        ] {
            assert_eq!(said(attribute, kind, value), expected, "{attribute} of {kind}: {value}");
        }
    }
}
