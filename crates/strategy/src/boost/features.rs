//! The columns that a model of rows learns from: numbers or codes of categories, either with missing values. Not here: how
//! they are cut into bins ([`super::bins`]) or made into a design matrix ([`crate::linear`]).

use crate::{Column, StrategyError, Table};

/// The code of a category that is not known.
pub const MISSING: u32 = u32::MAX;

/// More columns than this are a mistake of whoever built the table, and would need gigabytes of sums.
pub const FEATURES_MAX: usize = 4096;

/// One column. Shape: (n_rows).
#[derive(Clone, Debug, PartialEq)]
pub enum Feature {
    /// Missing is NaN; infinite values are refused.
    Number(Vec<f64>),
    /// Codes that say which category, without order; missing is [`MISSING`].
    Category(Vec<u32>),
}

impl Feature {
    pub fn len(&self) -> usize {
        match self {
            Feature::Number(values) => values.len(),
            Feature::Category(codes) => codes.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn take(&self, rows: &[u32]) -> Feature {
        match self {
            Feature::Number(values) => Feature::Number(rows.iter().map(|&row| values[row as usize]).collect()),
            Feature::Category(codes) => Feature::Category(rows.iter().map(|&row| codes[row as usize]).collect()),
        }
    }
}

/// Named columns of one length.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    names: Vec<String>,
    columns: Vec<Feature>,
    n_rows: usize,
}

impl Features {
    /// # Errors
    /// If there are no columns or too many, they differ in length, or a number is infinite.
    pub fn new(columns: Vec<(String, Feature)>) -> Result<Self, StrategyError> {
        if columns.is_empty() || columns.len() > FEATURES_MAX {
            return Err(StrategyError::unfit("number of features", columns.len(), format!("1 to {FEATURES_MAX}")));
        }
        let n_rows = columns[0].1.len();
        for (name, column) in &columns {
            check(name, column, n_rows)?;
        }
        let (names, columns) = columns.into_iter().unzip();
        Ok(Features { names, columns, n_rows })
    }

    /// The columns called `names` of a table; texts become categories, numbered in the order of the alphabet.
    ///
    /// # Errors
    /// As [`Features::new`], or if there is no such column.
    pub fn of_table(table: &Table, names: &[String]) -> Result<Self, StrategyError> {
        let mut columns = Vec::with_capacity(names.len());
        for name in names {
            let column = match table.get(name) {
                Some(Column::Number(values)) => Feature::Number(values.clone()),
                Some(Column::Text(texts)) => Feature::Category(codes(texts)),
                None => {
                    let found = table.names().collect::<Vec<_>>().join(", ");
                    return Err(StrategyError::NoColumn { name: name.clone(), found });
                }
            };
            columns.push((name.clone(), column));
        }
        Features::new(columns)
    }

    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    pub fn n_features(&self) -> usize {
        self.columns.len()
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }

    pub fn columns(&self) -> &[Feature] {
        &self.columns
    }

    /// The same with one more column.
    ///
    /// # Errors
    /// As [`Features::new`], or if there is one of that name.
    pub fn with(&self, name: &str, column: Feature) -> Result<Self, StrategyError> {
        check(name, &column, self.n_rows)?;
        if self.names.iter().any(|other| other == name) {
            return Err(StrategyError::unfit("name of a further feature", name, "one that is not taken"));
        }
        let mut all = self.clone();
        all.names.push(name.to_owned());
        all.columns.push(column);
        Ok(all)
    }

    /// Only these rows, in this order.
    #[must_use]
    pub fn take(&self, rows: &[u32]) -> Self {
        let columns = self.columns.iter().map(|column| column.take(rows)).collect();
        Features { names: self.names.clone(), columns, n_rows: rows.len() }
    }
}

fn check(name: &str, column: &Feature, n_rows: usize) -> Result<(), StrategyError> {
    if column.len() != n_rows {
        let what = format!("feature '{name}'");
        return Err(StrategyError::Length { what, found: column.len(), expected: n_rows });
    }
    let Feature::Number(values) = column else { return Ok(()) };
    match values.iter().position(|value| value.is_infinite()) {
        Some(row) => {
            let allowed = "a finite number, or none";
            Err(StrategyError::bad_value(format!("feature '{name}'"), row, values[row], allowed))
        }
        None => Ok(()),
    }
}

/// Numbers texts in the order of the alphabet; the empty text is [`MISSING`].
pub(crate) fn codes(texts: &[String]) -> Vec<u32> {
    let mut levels: Vec<&str> = texts.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    levels.sort_unstable();
    levels.dedup();
    let code = |text: &String| levels.binary_search(&text.as_str()).map_or(MISSING, |at| at as u32);
    texts.iter().map(code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_do_not_fit_are_named() {
        let told = |columns: Vec<(&str, Feature)>| {
            let columns = columns.into_iter().map(|(name, column)| (name.to_owned(), column)).collect();
            Features::new(columns).unwrap_err().to_string()
        };
        assert_eq!(told(vec![]), "number of features: found 0, allowed 1 to 4096");
        let short = ("b", Feature::Category(vec![1]));
        assert_eq!(
            told(vec![("a", Feature::Number(vec![1.0, f64::NAN])), short]),
            "feature 'b' has 1 rows where 2 were expected"
        );
        assert_eq!(
            told(vec![("a", Feature::Number(vec![1.0, f64::INFINITY]))]),
            "feature 'a', row 1 holds inf; allowed: a finite number, or none"
        );
    }

    #[test]
    fn texts_are_numbered_by_the_alphabet() {
        let texts = ["wechat", "", "app", "wechat"].map(str::to_owned);
        assert_eq!(codes(&texts), [1, MISSING, 0, 1]);
    }
}
