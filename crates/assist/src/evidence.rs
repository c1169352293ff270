//! What an answer rests on: a field of a product, a row of an order, a piece of a document, a policy of the shop. Every
//! figure in a reply must stand in its evidence; [`unsupported`] finds those that do not. It knows no sentences.

pub mod figures;

use serde::{Deserialize, Serialize};

pub use self::figures::{Figure, figures};
use self::figures::{Unit, Value};

/// One thing that a reply rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "snake_case")]
pub enum Evidence {
    /// A field of the table `products`.
    Product { product_id: String, name: String, field: String, value: String },
    /// A row of `orders` or `deliveries`.
    Order { order_id: String, field: String, value: String },
    /// A row of `fits`.
    Fit { product_id: String, with: String, value: String },
    /// A piece of a document, with the bytes it stands at.
    Document { document_id: String, version: String, title: String, text: String, start: usize, end: usize },
    /// A question and answer of the shop.
    Curated { answer_id: String, question: String, text: String },
    /// A policy in `service.toml`.
    Policy { name: String, value: String },
    /// Reviews added up.
    Opinions { product_id: String, aspect: String, value: String },
    /// What a rule computed from other evidence, with how: `2026-11-03 + 7 days = 2026-11-10`.
    Computed { how: String, value: String },
}

impl Evidence {
    /// The text in which figures are looked for.
    pub fn text(&self) -> &str {
        match self {
            Evidence::Product { value, .. }
            | Evidence::Order { value, .. }
            | Evidence::Fit { value, .. }
            | Evidence::Policy { value, .. }
            | Evidence::Opinions { value, .. } => value,
            Evidence::Document { text, .. } | Evidence::Curated { text, .. } => text,
            Evidence::Computed { value, .. } => value,
        }
    }

    /// What it is a piece or field of: names, titles and numbers that a reply may say as well.
    pub fn names(&self) -> [&str; 2] {
        match self {
            Evidence::Product { product_id, name, .. } => [product_id, name],
            Evidence::Order { order_id, .. } => [order_id, ""],
            Evidence::Fit { with, .. } => [with, ""],
            Evidence::Document { title, .. } => [title, ""],
            Evidence::Curated { .. } | Evidence::Policy { .. } | Evidence::Computed { .. } => ["", ""],
            Evidence::Opinions { product_id, .. } => [product_id, ""],
        }
    }
}

/// Figures of a reply that neither its evidence nor `allowed` (what the customer said, the shop's name) has; and marks
/// `[n]` that have no entry, as figures with a name. Empty: the reply may be said.
pub fn unsupported(text: &str, evidence: &[Evidence], allowed: &[&str]) -> Vec<Figure> {
    let mut known = Known::default();
    for one in evidence {
        known.add(one.text());
        one.names().into_iter().for_each(|name| known.add(name));
    }
    for text in allowed {
        known.add(text);
        // `3. …` opens a list where a text begins, and is a number where the text is repeated within another.
        known.add(&format!(": {text}"));
    }
    let mut missing: Vec<Figure> = figures(text).into_iter().filter(|figure| !known.has(&figure.value)).collect();
    missing.extend(citations(text).into_iter().filter(|(n, _)| *n == 0 || *n > evidence.len()).map(|(n, range)| {
        Figure { text: text[range.clone()].to_owned(), range, value: Value::Name(format!("[{n}]")) }
    }));
    missing
}

/// The marks `[n]` of a text, with their bytes, in order.
pub fn citations(text: &str) -> Vec<(usize, std::ops::Range<usize>)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('[') {
        let digits = text[at + 1..].bytes().take(4).take_while(u8::is_ascii_digit).count();
        let end = at + 1 + digits;
        if (1..=3).contains(&digits) && text.as_bytes().get(end) == Some(&b']') {
            found.push((text[at + 1..end].parse().expect("at most three digits"), at..end + 1));
        }
    }
    found
}

/// Figures that may be said.
#[derive(Default)]
struct Known {
    values: Vec<Value>,
    /// Numbers with two decimals and no unit: sums, which may be said with the currency.
    amounts: Vec<f64>,
    /// Parts of names with digits: `I7-13700H` also has `I7` and `13700H`.
    parts: std::collections::BTreeSet<String>,
}

impl Known {
    fn add(&mut self, text: &str) {
        for figure in figures(text) {
            if let Value::Number { raw, unit: Unit::Bare, .. } = figure.value
                && figure.text.as_bytes().iter().rev().position(|byte| *byte == b'.') == Some(2)
            {
                self.amounts.push(raw);
            }
            if let Value::Name(name) = &figure.value {
                self.parts.extend(name.split('-').map(str::to_owned));
                self.parts.insert(name.replace('-', ""));
            }
            self.values.push(figure.value);
        }
    }

    fn has(&self, said: &Value) -> bool {
        match said {
            Value::Name(name) => {
                let with_digit = |part: &&str| part.bytes().any(|byte| byte.is_ascii_digit());
                self.parts.contains(&name.replace('-', ""))
                    || name.split('-').filter(with_digit).all(|part| self.parts.contains(part))
            }
            Value::Number { base, unit, .. }
                if unit.is_money() && self.amounts.iter().any(|amount| same(*amount, *base)) =>
            {
                true
            }
            _ => self.values.iter().any(|known| meets(known, said)),
        }
    }
}

/// Whether a figure that is known allows one that is said.
fn meets(known: &Value, said: &Value) -> bool {
    match (known, said) {
        (Value::Number { raw, base, unit }, Value::Number { raw: said_raw, base: said_base, unit: said_unit }) => {
            match said_unit {
                Unit::Bare => same(*raw, *said_raw) || same(*base, *said_raw),
                Unit::Count => matches!(unit, Unit::Bare | Unit::Count) && same(*raw, *said_raw),
                // "7 in stock" is no seven inches.
                Unit::Inch if *unit == Unit::Bare => same(*raw, *said_raw),
                _ => unit == said_unit && same(*base, *said_base),
            }
        }
        (Value::Day { year, month, day }, Value::Day { year: said_year, month: said_month, day: said_day }) => {
            (month, day) == (said_month, said_day) && (year == said_year || year.is_none() || said_year.is_none())
        }
        (Value::Time(known), Value::Time(said)) => known == said,
        _ => false,
    }
}

fn same(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-6 * a.abs().max(b.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(field: &str, value: &str) -> Evidence {
        Evidence::Product {
            product_id: "P7".into(),
            name: "Nimbo 14 Pro".into(),
            field: field.into(),
            value: value.into(),
        }
    }

    fn missing(text: &str, evidence: &[Evidence], allowed: &[&str]) -> Vec<String> {
        unsupported(text, evidence, allowed).into_iter().map(|figure| figure.text).collect()
    }

    #[test]
    fn figures_must_stand_in_the_evidence() {
        let evidence = [product("memory", "16 GB"), product("price", "¥5,999"), product("cpu", "i7-13700H")];
        assert_eq!(
            missing("Nimbo 14 Pro：内存 16GB，售价 5999.00 元，处理器 i7-13700H", &evidence, &[]),
            Vec::<String>::new()
        );
        assert_eq!(missing("内存 32GB", &evidence, &[]), ["32GB"]);
        assert_eq!(missing("5999.00 元", &[product("price", "5999.00")], &[]), Vec::<String>::new());
        assert_eq!(missing("5999.00 GB", &[product("price", "5999.00")], &[]), ["5999.00 GB"]);
        // The same number measures something else.
        assert_eq!(missing("屏幕 16 英寸", &evidence, &[]), ["16 英寸"]);
        assert_eq!(missing("$5,999", &evidence, &[]), ["$5,999"]);
        assert_eq!(missing("处理器 i9-13700H", &evidence, &[]), ["i9-13700H"]);
        assert_eq!(missing("内存 32GB", &evidence, &["我要 32 GB 的"]), Vec::<String>::new());
    }

    #[test]
    fn a_citation_has_its_entry() {
        let evidence = [product("memory", "16 GB")];
        assert_eq!(missing("16 GB [1]", &evidence, &[]), Vec::<String>::new());
        assert_eq!(missing("16 GB [2][0]", &evidence, &[]), ["[2]", "[0]"]);
        assert_eq!(citations("a [1] b[12] [x] [1234] ["), [(1, 2..5), (12, 7..11)]);
    }

    #[test]
    fn days_may_leave_out_the_year() {
        let evidence =
            [Evidence::Order { order_id: "O1".into(), field: "expected_on".into(), value: "2026-12-02".into() }];
        assert_eq!(missing("预计 12月2日 送达", &evidence, &[]), Vec::<String>::new());
        assert_eq!(missing("预计 2025年12月2日 送达", &evidence, &[]), ["2025年12月2日"]);
    }
}
