//! A table of customer columns with what each one is: number, money, share, category or flag, each with gaps. Checked when
//! it is made, so that nothing behind it looks again.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::SegmentError;

/// What a column holds and how it is to be compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnSpec {
    pub name: String,
    pub kind: ColumnKind,
    /// How numbers, money and shares are scaled; categories and flags have a scale of their own.
    pub scale: Scale,
    /// How much the column counts: the variance it has in the end, all its outputs together; a number's default is 1.
    pub weight: f64,
    /// Whether rows without a value are told apart by an output of their own.
    pub missing_indicator: bool,
    /// Levels of a category rarer than this share of the known values are folded into one.
    pub share_min: f64,
    /// So are those after this many, the commonest first.
    pub n_levels_max: usize,
}

impl ColumnSpec {
    pub fn new(name: impl Into<String>, kind: ColumnKind) -> Self {
        ColumnSpec {
            name: name.into(),
            kind,
            scale: Scale::Standard,
            weight: 1.0,
            missing_indicator: false,
            share_min: 0.01,
            n_levels_max: 20,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    Numeric,
    /// Cents, compared by the logarithm of 1 + the whole units; debts mirror credits.
    Money,
    /// From 0 to 1.
    Share,
    Category,
    Flag,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Less the mean, by the standard deviation.
    Standard,
    /// Less the median, by the distance between the quartiles (over 1.349, so that a normal column comes out the same).
    Robust,
}

/// The values of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Numbers and shares.
    Numbers(Vec<Option<f64>>),
    Cents(Vec<Option<i64>>),
    Levels(Levels),
    Flags(Vec<Option<bool>>),
}

/// Texts, each kept once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Levels {
    /// Distinct, in the order in which they were met.
    pub names: Vec<String>,
    /// Which of the names each row has.
    pub codes: Vec<Option<u32>>,
}

impl<'a> FromIterator<Option<&'a str>> for Levels {
    fn from_iter<I: IntoIterator<Item = Option<&'a str>>>(texts: I) -> Self {
        let (mut levels, mut seen) = (Levels::default(), HashMap::new());
        for text in texts {
            let code = text.map(|text| {
                *seen.entry(text).or_insert_with(|| {
                    levels.names.push(text.to_owned());
                    levels.names.len() as u32 - 1
                })
            });
            levels.codes.push(code);
        }
        levels
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub spec: ColumnSpec,
    pub values: Values,
}

impl Column {
    fn len(&self) -> usize {
        match &self.values {
            Values::Numbers(values) => values.len(),
            Values::Cents(values) => values.len(),
            Values::Levels(levels) => levels.codes.len(),
            Values::Flags(values) => values.len(),
        }
    }

    /// Numbers as they are compared, before scaling: money by its logarithm, a flag as 0 or 1; `None` for categories.
    pub(super) fn numbers(&self) -> Option<Vec<Option<f64>>> {
        match &self.values {
            Values::Numbers(values) => Some(values.clone()),
            Values::Cents(values) => Some(values.iter().map(|cents| cents.map(log_money)).collect()),
            Values::Flags(values) => {
                Some(values.iter().map(|flag| flag.map(|flag| f64::from(u8::from(flag)))).collect())
            }
            Values::Levels(_) => None,
        }
    }

    fn check(&self, column: usize) -> Result<(), SegmentError> {
        let spec = &self.spec;
        let holds = match &self.values {
            Values::Numbers(_) => "numbers",
            Values::Cents(_) => "cents",
            Values::Levels(_) => "levels",
            Values::Flags(_) => "flags",
        };
        let wanted = match spec.kind {
            ColumnKind::Numeric | ColumnKind::Share => "numbers",
            ColumnKind::Money => "cents",
            ColumnKind::Category => "levels",
            ColumnKind::Flag => "flags",
        };
        if holds != wanted {
            return Err(SegmentError::unfit("values of a column", format!("'{}' with {holds}", spec.name), wanted));
        }
        if !(spec.weight.is_finite() && spec.weight >= 0.0) {
            return Err(SegmentError::unfit(
                "weight of a column",
                format!("'{}' with {}", spec.name, spec.weight),
                "0 or more",
            ));
        }
        if let Values::Numbers(values) = &self.values {
            for (row, value) in values.iter().enumerate() {
                let Some(value) = *value else { continue };
                if !value.is_finite() {
                    return Err(SegmentError::NotFinite { row, column, value });
                }
                if spec.kind == ColumnKind::Share && !(0.0..=1.0).contains(&value) {
                    let found = format!("{value} in row {row} of '{}'", spec.name);
                    return Err(SegmentError::unfit("a share", found, "0 to 1"));
                }
            }
        }
        if let Values::Levels(levels) = &self.values {
            let n = levels.names.len();
            if let Some(code) = levels.codes.iter().flatten().find(|&&code| code as usize >= n) {
                return Err(SegmentError::unfit(
                    "code of a level",
                    format!("{code} in '{}'", spec.name),
                    format!("below {n}"),
                ));
            }
        }
        Ok(())
    }
}

/// Sign(x) · ln(1 + |x|) of whole units x.
pub(super) fn log_money(cents: i64) -> f64 {
    let units = cents as f64 / 100.0;
    units.signum() * units.abs().ln_1p()
}

/// Columns of the same length.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    columns: Vec<Column>,
    n_rows: usize,
}

impl Table {
    /// # Errors
    /// If there is no column, lengths or names collide, a column's values are not of its kind, a number is not finite or a
    /// share outside 0 to 1.
    pub fn new(columns: Vec<Column>) -> Result<Self, SegmentError> {
        let n_rows = columns.first().map_or(0, Column::len);
        if columns.is_empty() {
            return Err(SegmentError::Empty { n: n_rows, d: 0 });
        }
        for (at, column) in columns.iter().enumerate() {
            if column.len() != n_rows {
                let found = format!("{} rows in '{}'", column.len(), column.spec.name);
                return Err(SegmentError::unfit(
                    "length of a column",
                    found,
                    format!("{n_rows}, as the first column's"),
                ));
            }
            if columns[..at].iter().any(|other| other.spec.name == column.spec.name) {
                return Err(SegmentError::unfit(
                    "name of a column",
                    format!("'{}' twice", column.spec.name),
                    "each name once",
                ));
            }
            column.check(at)?;
        }
        Ok(Table { columns, n_rows })
    }

    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    pub fn columns(&self) -> &[Column] {
        &self.columns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said() {
        let error = |columns| Table::new(columns).unwrap_err().to_string();
        let numbers = |name: &str, kind, values: &[f64]| Column {
            spec: ColumnSpec::new(name, kind),
            values: Values::Numbers(values.iter().copied().map(Some).collect()),
        };
        assert!(error(vec![]).contains("0 columns"));
        assert!(error(vec![numbers("a", ColumnKind::Numeric, &[1.0, f64::NAN])]).contains("row 1, column 0 holds NaN"));
        assert!(error(vec![numbers("a", ColumnKind::Share, &[1.5])]).contains("1.5 in row 0 of 'a'"));
        assert!(error(vec![numbers("a", ColumnKind::Money, &[1.5])]).contains("'a' with numbers, allowed cents"));
        let two = |second| vec![numbers("a", ColumnKind::Numeric, &[1.0]), second];
        assert!(error(two(numbers("b", ColumnKind::Numeric, &[]))).contains("0 rows in 'b'"));
        assert!(error(two(numbers("a", ColumnKind::Numeric, &[1.0]))).contains("'a' twice"));
        let levels = Levels { names: vec!["x".into()], codes: vec![Some(1)] };
        let column = Column { spec: ColumnSpec::new("c", ColumnKind::Category), values: Values::Levels(levels) };
        assert!(error(vec![column]).contains("1 in 'c', allowed below 1"));
    }

    #[test]
    fn texts_are_kept_once() {
        let levels: Levels = [Some("b"), None, Some("a"), Some("b")].into_iter().collect();
        assert_eq!(levels.names, ["b", "a"]);
        assert_eq!(levels.codes, [Some(0), None, Some(1), Some(0)]);
    }
}
