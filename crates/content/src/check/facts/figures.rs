//! Quantities as `language` reads them, and those it does not believe in running text because the unit is one letter after a
//! space: `189 g` of a specification is a weight. No other way of reading figures is added.

use language::text::{Bound, Quantity, QuantityKind, quantities};

/// One-letter units with what they measure and their factor to its base unit.
const LETTERS: &[(&str, QuantityKind, f64)] = &[
    ("g", QuantityKind::Weight, 1.0),
    ("h", QuantityKind::Duration, 3600.0),
    ("s", QuantityKind::Duration, 1.0),
    ("m", QuantityKind::Length, 1000.0),
    ("W", QuantityKind::Power, 1.0),
    ("V", QuantityKind::Voltage, 1.0),
    ("A", QuantityKind::Current, 1.0),
];

/// The quantities of a text, in order.
pub(super) fn read(text: &str) -> Vec<Quantity> {
    let mut all = quantities(text);
    let n_read = all.len();
    for (letter, kind, factor) in LETTERS {
        let unit = format!(" {letter}");
        for (at, _) in text.match_indices(unit.as_str()) {
            let end = at + unit.len();
            let is_longer = text[end..].starts_with(|next: char| next.is_ascii_alphanumeric());
            let n_digits = text[..at]
                .bytes()
                .rev()
                .take_while(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','))
                .count();
            let start = at - n_digits;
            let is_name = text[..start].ends_with(|before: char| before.is_ascii_alphanumeric() || before == '-');
            let Ok(number) = text[start..at].replace(',', "").parse::<f64>() else { continue };
            let is_read = all[..n_read].iter().any(|other| other.range.start < end && start < other.range.end);
            if !is_longer && !is_name && !is_read {
                let value = number * factor;
                let (range, extent) = (start..end, start..end);
                all.push(Quantity {
                    kind: *kind,
                    value,
                    high: None,
                    bound: Bound::Exactly,
                    unit: kind.unit(),
                    range,
                    extent,
                });
            }
        }
    }
    all.sort_by_key(|quantity| quantity.range.start);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_letter_after_a_space() {
        let said = |text: &str| read(text).iter().map(|one| (one.kind, one.value)).collect::<Vec<_>>();
        assert_eq!(said("weight 189 g, 67 W"), [(QuantityKind::Weight, 189.0), (QuantityKind::Power, 67.0)]);
        assert_eq!(said("X7 gaming, 16 good reasons"), []);
        assert_eq!(said("重189g"), [(QuantityKind::Weight, 189.0)]);
    }
}
