//! Quantities as `language` reads them, and those it does not believe in running text because the unit is one letter after a
//! space: `189 g` of a specification is a weight, and numbers in words before a unit (`spelled`). No other way of reading figures is added.

use language::text::{Bound, Quantity, QuantityKind, quantities};

use super::spelled::Spelled;

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

/// The quantities of a text, in order; those in words by the place of the words.
pub(super) fn read(text: &str) -> Vec<Quantity> {
    let Some(spelled) = Spelled::of(text) else { return read_digits(text) };
    let mut all = read_digits(&spelled.text);
    for quantity in &mut all {
        quantity.range = spelled.back(quantity.range.clone());
        quantity.extent = spelled.back(quantity.extent.clone());
    }
    all
}

fn read_digits(text: &str) -> Vec<Quantity> {
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
            // `… than the Sirra 4. A body of …`: a sentence ends before what looks like its unit.
            if !text[..at].ends_with(|last: char| last.is_ascii_digit()) {
                continue;
            }
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
    all.iter_mut().for_each(|quantity| settle(text, quantity));
    all.sort_by_key(|quantity| quantity.range.start);
    all
}

/// One letter is two units: `4G` is a network unless sizes stand beside it (6G+128G), and `192g` is a weight where no memory has
/// that size.
fn settle(text: &str, quantity: &mut Quantity) {
    const SIZES: &[f64] =
        &[1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 18.0, 24.0, 32.0, 48.0, 64.0, 96.0, 128.0, 256.0, 512.0];
    let written = text[quantity.range.clone()].trim();
    let is_size = matches!(quantity.kind, QuantityKind::Memory | QuantityKind::Storage | QuantityKind::GraphicsMemory);
    let is_beside =
        text[quantity.range.end..].starts_with(['+', '/']) || text[..quantity.range.start].ends_with(['+', '/']);
    if !is_size || is_beside {
        return;
    }
    let number = written.trim_end_matches(['g', 'G']).trim_end();
    if written.ends_with('G') && matches!(number, "2" | "3" | "4" | "5") {
        (quantity.kind, quantity.unit) = (QuantityKind::Network, QuantityKind::Network.unit());
    } else if written.ends_with('g') && !SIZES.contains(&quantity.value) && number.parse::<f64>() == Ok(quantity.value)
    {
        (quantity.kind, quantity.unit) = (QuantityKind::Weight, QuantityKind::Weight.unit());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_letter_after_a_space() {
        let said = |text: &str| read(text).iter().map(|one| (one.kind, one.value)).collect::<Vec<_>>();
        assert_eq!(said("weight 189 g, 67 W"), [(QuantityKind::Weight, 189.0), (QuantityKind::Power, 67.0)]);
        assert_eq!(said("X7 gaming, 16 good reasons"), []);
        assert_eq!(said("more than the Sirra 4. A body of"), []);
        assert_eq!(said("重189g"), [(QuantityKind::Weight, 189.0)]);
        assert_eq!(said("192g的机身"), [(QuantityKind::Weight, 192.0)]);
        assert_eq!(said("骁龙680 4G处理器").last(), Some(&(QuantityKind::Network, 4.0)));
    }
}
