//! Numbers as people of a language read them: 1.2万, 3.4亿; 12.3K, 4.5M; shares in per cent.

use serde::{Deserialize, Serialize};

use crate::Text;

/// How the shop's money is written: after the number in Chinese, before it in English.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Currency {
    pub zh_after: String,
    pub en_before: String,
}

impl Default for Currency {
    fn default() -> Self {
        Currency { zh_after: "元".into(), en_before: "¥".into() }
    }
}

/// A number, short: whole below the first unit, one decimal above where it says something.
pub fn compact(value: f64) -> Text {
    Text::new(with_units(value, &[(1e8, "亿"), (1e4, "万")]), with_units(value, &[(1e9, "B"), (1e6, "M"), (1e3, "K")]))
}

/// An amount, short.
pub fn money(cents: f64, currency: &Currency) -> Text {
    let number = compact((cents / 100.0).abs());
    let sign = if cents / 100.0 <= -0.5 { "-" } else { "" };
    Text::new(format!("{sign}{}{}", number.zh, currency.zh_after), format!("{sign}{}{}", currency.en_before, number.en))
}

/// A share: whole per cents from 10 % on, one decimal below.
pub fn percent(share: f64) -> String {
    let percents = share * 100.0;
    match percents.abs() {
        size if size >= 9.95 => format!("{percents:.0}%"),
        0.0 => "0%".into(),
        size if size < 0.05 => format!("{}<0.1%", if percents < 0.0 { "-" } else { "" }),
        _ => format!("{}%", without_zero(percents)),
    }
}

/// How many times, with a decimal where it says something.
pub(super) fn decimal(value: f64) -> String {
    if value.abs() >= 99.95 { format!("{value:.0}") } else { without_zero(value) }
}

fn with_units(value: f64, units: &[(f64, &str)]) -> String {
    for &(unit, name) in units {
        // What rounds up to a unit is written with it.
        if value.abs() >= unit * 0.9995 || value.abs().round() >= unit {
            return format!("{}{name}", decimal(value / unit));
        }
    }
    // Minus zero is no number for people.
    format!("{:.0}", value.round() + 0.0)
}

fn without_zero(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (value, zh, en) in [
            (0.0, "0", "0"),
            (-0.2, "0", "0"),
            (999.0, "999", "999"),
            (3_650.0, "3650", "3.6K"),
            (9_996.0, "1万", "10K"),
            (10_000.0, "1万", "10K"),
            (123_456.0, "12.3万", "123K"),
            (999_960.0, "100万", "1M"),
            (1_250_000.0, "125万", "1.2M"),
            (99_990_000.0, "1亿", "100M"),
            (450_000_000.0, "4.5亿", "450M"),
            (-25_000.0, "-2.5万", "-25K"),
        ] {
            assert_eq!(compact(value), Text::new(zh, en));
        }
        assert_eq!(money(365_000.0, &Currency::default()), Text::new("3650元", "¥3.6K"));
        assert_eq!(money(-2_500_000.0, &Currency::default()), Text::new("-2.5万元", "-¥25K"));
    }

    #[test]
    fn shares_are_in_per_cent() {
        for (share, text) in [
            (0.0, "0%"),
            (0.0001, "<0.1%"),
            (0.004, "0.4%"),
            (0.02, "2%"),
            (0.099, "9.9%"),
            (0.0996, "10%"),
            (0.615, "62%"),
            (1.0, "100%"),
            (-0.12, "-12%"),
        ] {
            assert_eq!(percent(share), text);
        }
    }
}
