//! Figures and words of a report as people read them, in one language. Not here: what they stand in.

use super::told::{Cell, Figure};
use crate::error::{Result, ServiceError, clipped};
use crate::flows::segment::Text;

/// The language of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    Zh,
    En,
}

impl Lang {
    /// # Errors
    /// If it is neither.
    pub fn named(name: &str) -> Result<Lang> {
        match name {
            "zh" => Ok(Lang::Zh),
            "en" => Ok(Lang::En),
            _ => Err(ServiceError::usage("lang", format!("lang is '{}'; allowed: zh, en", clipped(name)))),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Lang::Zh => "zh",
            Lang::En => "en",
        }
    }

    pub fn of(self, text: &Text) -> &str {
        match self {
            Lang::Zh => &text.zh,
            Lang::En => &text.en,
        }
    }

    pub fn choose(self, zh: &'static str, en: &'static str) -> &'static str {
        match self {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }
}

/// What comes before an amount.
fn symbol(currency: &str) -> String {
    match currency {
        "CNY" | "JPY" => "¥".to_owned(),
        "USD" => "$".to_owned(),
        "EUR" => "€".to_owned(),
        "GBP" => "£".to_owned(),
        "INR" => "₹".to_owned(),
        "KRW" => "₩".to_owned(),
        other => format!("{other} "),
    }
}

/// With commas between thousands.
pub fn grouped(value: f64, digits: usize) -> String {
    let text = format!("{:.digits$}", value.abs());
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let mut made = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            made.push(',');
        }
        made.push(digit);
    }
    if !rest.is_empty() {
        made.push('.');
        made.push_str(rest);
    }
    // What rounds to nothing has no sign.
    let is_nothing = !made.contains(|c: char| ('1'..='9').contains(&c));
    if value < 0.0 && !is_nothing { format!("−{made}") } else { made }
}

/// A number in its unit.
pub fn number(value: f64, unit: &str, currency: &str) -> String {
    match unit {
        "money" => {
            let amount = value / 100.0;
            let text = grouped(amount, if amount.abs() < 1000.0 { 2 } else { 0 });
            match text.strip_prefix('−') {
                Some(rest) => format!("−{}{rest}", symbol(currency)),
                None => format!("{}{text}", symbol(currency)),
            }
        }
        "share" => format!("{} %", grouped(100.0 * value, 1)),
        "change" => {
            let text = grouped(100.0 * value, 1);
            if value > 0.0 && text != "0.0" { format!("+{text} %") } else { format!("{text} %") }
        }
        "count" => grouped(value.round(), 0),
        "stars" => grouped(value, 2),
        _ if value.abs() >= 100.0 => grouped(value, 0),
        _ if value.abs() >= 1.0 => grouped(value, 1),
        _ => grouped(value, 3),
    }
}

fn with_interval(value: Option<f64>, ends: (Option<f64>, Option<f64>), unit: &str, currency: &str) -> String {
    let Some(value) = value else { return "–".to_owned() };
    let text = number(value, unit, currency);
    match ends {
        (Some(low), Some(high)) if low < high => {
            format!("{text} [{}, {}]", number(low, unit, currency), number(high, unit, currency))
        }
        _ => text,
    }
}

pub fn figure(figure: &Figure, currency: &str) -> String {
    with_interval(figure.value, (figure.low, figure.high), &figure.unit, currency)
}

pub fn cell(cell: &Cell, unit: &str, currency: &str, lang: Lang) -> String {
    match &cell.text {
        Some(text) => lang.of(text).to_owned(),
        None => with_interval(cell.value, (cell.low, cell.high), unit, currency),
    }
}

/// A piece of a paragraph: words, or the place of a figure.
#[derive(Debug, PartialEq)]
pub enum Piece<'a> {
    Words(&'a str),
    Figure(&'a Figure),
}

/// A paragraph cut at its figures; a place that has none stays as it is written.
pub fn pieces<'a>(text: &'a str, figures: &'a [Figure]) -> Vec<Piece<'a>> {
    let mut made = Vec::new();
    let mut rest = text;
    let mut from = 0;
    while let Some(open) = rest[from..].find('{').map(|at| at + from) {
        let close = rest[open..].find('}').map(|at| at + open);
        let named = close.and_then(|close| figures.get(rest[open + 1..close].parse::<usize>().ok()?));
        match (named, close) {
            (Some(figure), Some(close)) => {
                made.push(Piece::Words(&rest[..open]));
                made.push(Piece::Figure(figure));
                (rest, from) = (&rest[close + 1..], 0);
            }
            _ => from = open + 1,
        }
    }
    made.push(Piece::Words(rest));
    made.retain(|piece| *piece != Piece::Words(""));
    made
}

/// A paragraph in plain words.
pub fn plain(text: &str, figures: &[Figure], currency: &str) -> String {
    let one = |piece: &Piece<'_>| match piece {
        Piece::Words(words) => (*words).to_owned(),
        Piece::Figure(of) => figure(of, currency),
    };
    pieces(text, figures).iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_in_their_units() {
        for (value, unit, shown) in [
            (123_456_789.0, "money", "¥1,234,568"),
            (-12_345.0, "money", "−¥123.45"),
            (0.0, "money", "¥0.00"),
            (-0.3, "money", "¥0.00"),
            (0.1234, "share", "12.3 %"),
            (0.1234, "change", "+12.3 %"),
            (-0.05, "change", "−5.0 %"),
            (0.00001, "change", "0.0 %"),
            (1_234_567.4, "count", "1,234,567"),
            (4.678, "stars", "4.68"),
            (0.12345, "number", "0.123"),
            (12.345, "number", "12.3"),
        ] {
            assert_eq!(number(value, unit, "CNY"), shown, "{value} {unit}");
        }
        assert_eq!(number(100.0, "money", "CHF"), "CHF 1.00");
    }

    #[test]
    fn figures_stand_where_they_are_named() {
        let of = |value: f64| Figure::new("数", "figure", value, "count", 1);
        let figures = [of(3.0), Figure { low: Some(1.0), high: Some(5.0), ..of(2.0) }];
        assert_eq!(plain("a {1} b {0}.", &figures, "CNY"), "a 2 [1, 5] b 3.");
        assert_eq!(plain("{2} {x} { {0} 数{1}}", &figures, "CNY"), "{2} {x} { 3 数2 [1, 5]}");
        assert_eq!(plain("", &figures, "CNY"), "");
    }
}
