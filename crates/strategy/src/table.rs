//! Columns by name: what the lab reads from a plain file and hands to a model's card. The models themselves take slices.

use serde::Serialize;

use crate::StrategyError;

/// One column.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Column {
    /// Missing is NaN.
    Number(Vec<f64>),
    /// Missing is empty.
    Text(Vec<String>),
}

impl Column {
    pub fn len(&self) -> usize {
        match self {
            Column::Number(values) => values.len(),
            Column::Text(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn kind(&self) -> &'static str {
        match self {
            Column::Number(_) => "numbers",
            Column::Text(_) => "text",
        }
    }
}

/// Columns of one length, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Table {
    columns: Vec<(String, Column)>,
}

impl Table {
    /// # Errors
    /// If the columns are not of one length.
    pub fn new(columns: Vec<(String, Column)>) -> Result<Self, StrategyError> {
        let expected = columns.first().map_or(0, |(_, column)| column.len());
        match columns.iter().find(|(_, column)| column.len() != expected) {
            Some((name, column)) => {
                Err(StrategyError::Length { what: format!("column '{name}'"), found: column.len(), expected })
            }
            None => Ok(Table { columns }),
        }
    }

    pub fn n_rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.len())
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    pub fn get(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|(other, _)| other == name).map(|(_, column)| column)
    }

    /// The first of these names that a column has; none: the first of them, so that an error names it.
    pub fn named<'a>(&self, names: &[&'a str]) -> &'a str {
        names.iter().find(|name| self.get(name).is_some()).unwrap_or(&names[0])
    }

    fn column(&self, name: &str) -> Result<&Column, StrategyError> {
        self.get(name).ok_or_else(|| StrategyError::NoColumn {
            name: name.to_owned(),
            found: self.names().collect::<Vec<_>>().join(", "),
        })
    }

    /// A column of numbers, none of them missing or infinite. Shape: (n_rows).
    ///
    /// # Errors
    /// If there is no such column, it holds text, or a value is not finite.
    pub fn numbers(&self, name: &str) -> Result<&[f64], StrategyError> {
        let column = self.column(name)?;
        let Column::Number(values) = column else {
            if self.n_rows() == 0 {
                return Err(StrategyError::Empty { needed: 1 });
            }
            return Err(StrategyError::ColumnKind { name: name.to_owned(), found: column.kind(), allowed: "numbers" });
        };
        match values.iter().position(|value| !value.is_finite()) {
            Some(row) => Err(StrategyError::bad_value(format!("column '{name}'"), row, values[row], "a finite number")),
            None => Ok(values),
        }
    }

    /// That no two rows hold the same in these columns.
    ///
    /// # Errors
    /// If there is no such column, or a row holds what another does.
    pub fn one_row_each(&self, names: &[&str]) -> Result<(), StrategyError> {
        let columns = names.iter().map(|name| self.texts(name)).collect::<Result<Vec<_>, _>>()?;
        let mut seen = std::collections::BTreeMap::new();
        for row in 0..self.n_rows() {
            let key: Vec<&str> = columns.iter().map(|column| column[row].as_str()).collect();
            let found = key.join(", ");
            if seen.insert(key, row).is_some() {
                let allowed = "one row each, and another row is the same";
                return Err(StrategyError::bad_value(format!("columns {}", names.join(", ")), row, found, allowed));
            }
        }
        Ok(())
    }

    /// A column as texts; numbers are written out. Shape: (n_rows).
    ///
    /// # Errors
    /// If there is no such column.
    pub fn texts(&self, name: &str) -> Result<Vec<String>, StrategyError> {
        Ok(match self.column(name)? {
            Column::Number(values) => values.iter().map(f64::to_string).collect(),
            Column::Text(values) => values.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        Table::new(vec![
            ("spend".to_owned(), Column::Number(vec![1.0, 2.5])),
            ("channel".to_owned(), Column::Text(vec!["search".to_owned(), "mail".to_owned()])),
            ("gap".to_owned(), Column::Number(vec![1.0, f64::NAN])),
        ])
        .unwrap()
    }

    #[test]
    fn columns_are_found_by_name_and_kind() {
        assert_eq!(table().numbers("spend").unwrap(), [1.0, 2.5]);
        assert_eq!(table().texts("channel").unwrap(), ["search", "mail"]);
        assert_eq!(table().texts("spend").unwrap(), ["1", "2.5"]);
        assert_eq!((table().named(&["cost", "spend"]), table().named(&["cost", "price"])), ("spend", "cost"));
    }

    #[test]
    fn a_row_that_is_there_twice_is_named() {
        let text = |values: &[&str]| Column::Text(values.iter().map(|one| (*one).to_owned()).collect());
        let twice = Table::new(vec![
            ("group".to_owned(), text(&["a", "a", "b", "a"])),
            ("offer".to_owned(), Column::Number(vec![0.0, 5.0, 5.0, 5.0])),
        ])
        .unwrap();
        assert_eq!(
            twice.one_row_each(&["group", "offer"]).unwrap_err().to_string(),
            "columns group, offer, row 3 holds a, 5; allowed: one row each, and another row is the same"
        );
        assert!(table().one_row_each(&["channel"]).is_ok());
    }

    /// A table without rows has columns of no kind: what is missing are rows.
    #[test]
    fn a_table_without_rows_is_said_to_have_none() {
        let empty = Table::new(vec![("spend".to_owned(), Column::Text(Vec::new()))]).unwrap();
        assert_eq!(empty.numbers("spend").unwrap_err().to_string(), "there are no rows; at least 1 are needed");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let told = |error: StrategyError| error.to_string();
        assert_eq!(
            told(table().numbers("cost").unwrap_err()),
            "there is no column 'cost'; there are: spend, channel, gap"
        );
        assert_eq!(told(table().numbers("channel").unwrap_err()), "column 'channel' holds text; allowed: numbers");
        assert_eq!(
            told(table().numbers("gap").unwrap_err()),
            "column 'gap', row 1 holds NaN; allowed: a finite number"
        );
        let ragged = vec![("a".to_owned(), Column::Number(vec![1.0])), ("b".to_owned(), Column::Number(vec![]))];
        assert_eq!(told(Table::new(ragged).unwrap_err()), "column 'b' has 0 rows where 1 were expected");
    }
}
