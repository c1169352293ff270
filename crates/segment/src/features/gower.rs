//! Gower's dissimilarity between rows of a table (Gower 1971, eq. 5–7): numbers differ by their distance over the column's
//! range, categories and flags by being different, and a column counts only where both rows have a value. For tables that
//! fit in memory as pairs: 20,000 rows are 200 million distances, 0.8 GB.

use math::mixed;

use super::table::{Table, Values};
use crate::SegmentError;
use crate::cluster::on_threads;

/// All pairs, condensed as SciPy does: (0, 1), (0, 2) … (1, 2) …; 0 to 1, and 1 for two rows that have no column in
/// common. Columns count by their weights; money by its logarithm. Shape: (n (n − 1) / 2).
///
/// # Errors
/// If the table has no row.
pub fn gower(table: &Table, n_threads: usize) -> Result<Vec<f32>, SegmentError> {
    if table.n_rows() == 0 {
        return Err(SegmentError::Empty { n: 0, d: table.columns().len() });
    }
    let columns = table.columns().iter().map(|column| {
        let compared = match (&column.values, column.numbers()) {
            (Values::Flags(flags), _) => codes(flags.iter().map(|flag| flag.map(u32::from))),
            (Values::Levels(levels), _) => codes(levels.codes.iter().copied()),
            (_, Some(values)) => mixed::Column::Numbers(over_range(&values)),
            (_, None) => unreachable!("every column is of levels or of numbers"),
        };
        (compared, column.spec.weight as f32)
    });
    let mixed = mixed::Mixed::new(table.n_rows(), columns.collect());
    Ok(on_threads(n_threads, || mixed.condensed()))
}

fn codes(codes: impl Iterator<Item = Option<u32>>) -> mixed::Column {
    mixed::Column::Codes(codes.map(|code| code.unwrap_or(mixed::MISSING)).collect())
}

/// Values from 0 to 1 by the range; 0 where there is none; gaps are NaN.
fn over_range(values: &[Option<f64>]) -> Vec<f32> {
    let known = || values.iter().copied().flatten();
    let (least, most) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    let factor = if most > least { 1.0 / (most - least) } else { 0.0 };
    values.iter().map(|value| value.map_or(f32::NAN, |value| ((value - least) * factor) as f32)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::table::{Column, ColumnKind, ColumnSpec};
    use super::*;

    fn column(kind: ColumnKind, values: Values) -> Column {
        Column { spec: ColumnSpec::new(format!("{kind:?}"), kind), values }
    }

    /// The rows of `bench/peers/segment/golden_features.py`: `gower_matrix` of gower 0.1.2.
    #[test]
    fn distances_match_the_package() {
        let table = Table::new(vec![
            column(ColumnKind::Numeric, Values::Numbers([22.0, 35.0, 47.0, 31.0, 60.0].map(Some).to_vec())),
            column(ColumnKind::Share, Values::Numbers([0.1, 0.9, 0.35, 0.5, 0.2].map(Some).to_vec())),
            column(
                ColumnKind::Category,
                Values::Levels(["east", "west", "east", "north", "west"].map(Some).into_iter().collect()),
            ),
            column(ColumnKind::Flag, Values::Flags([true, false, true, true, false].map(Some).to_vec())),
        ])
        .unwrap();
        let expected: [f32; 10] = [
            0.835_526_3,
            0.242_598_68,
            0.434_210_54,
            0.781_25,
            0.750_822_37,
            0.651_315_8,
            0.383_223_68,
            0.402_138_17,
            0.632_401_35,
            0.784_539_46,
        ];
        for (found, expected) in gower(&table, 2).unwrap().iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found}, not {expected}");
        }
    }

    /// By hand: ranges 10 and 1 unit of logarithm; gaps leave a column out of a pair.
    #[test]
    fn gaps_and_weights_count_as_defined() {
        let mut number = column(ColumnKind::Numeric, Values::Numbers(vec![Some(0.0), Some(10.0), None, Some(4.0)]));
        number.spec.weight = 3.0;
        let category =
            column(ColumnKind::Category, Values::Levels([Some("a"), Some("b"), Some("a"), None].into_iter().collect()));
        let table = Table::new(vec![number, category]).unwrap();
        let found = gower(&table, 1).unwrap();
        let expected = [1.0, 0.0, 0.4, 1.0, 0.6, 1.0];
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found}, not {expected}");
        }
        let money = column(ColumnKind::Money, Values::Cents(vec![Some(0), Some(900), Some(9_900)]));
        let found = gower(&Table::new(vec![money]).unwrap(), 1).unwrap();
        assert!((found[0] - 0.5).abs() < 1e-6 && (found[1] - 1.0).abs() < 1e-6);
        let constant = column(ColumnKind::Numeric, Values::Numbers(vec![Some(5.0); 2]));
        assert_eq!(gower(&Table::new(vec![constant]).unwrap(), 1).unwrap(), [0.0]);
    }
}
