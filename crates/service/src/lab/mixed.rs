//! A table of mixed columns, as the lab reads one: which columns count and as what, and what is typical of groups of its rows.

use std::collections::BTreeSet;
use std::path::Path;

use data::lab::points::{LabPoints, Numbers, read_cells};
use segment::features::{Column, ColumnKind, ColumnSpec, Preparation, Table, Values};
use serde_json::{Map, Value, json};

use super::LabFailure;

/// A text column with more different values names things, or tells days, rather than kinds.
const LEVELS_MAX: usize = 100;

/// A table as read, and once they are chosen the columns that count.
pub(super) struct Mixed {
    names: Vec<String>,
    rows: Vec<Vec<String>>,
    chosen: Option<Table>,
}

impl Mixed {
    pub fn read(path: &Path) -> Result<Mixed, LabFailure> {
        let (names, rows) = read_cells(path)?;
        Ok(Mixed { names, rows, chosen: None })
    }

    pub fn n_rows(&self) -> usize {
        self.rows.len()
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Takes a column out of the table.
    pub fn take(&mut self, at: usize) -> Vec<String> {
        self.names.remove(at);
        self.rows.iter_mut().map(|row| row.remove(at)).collect()
    }

    /// Takes a column of numbers out of the table.
    ///
    /// # Errors
    /// If a cell holds none.
    pub fn take_numbers(&mut self, at: usize) -> Result<Vec<f64>, LabFailure> {
        let name = self.names[at].clone();
        let number = |(row, cell): (usize, String)| {
            let wrong =
                || LabFailure::Input(format!("row {}, column '{name}' holds '{cell}'; allowed: a number", row + 1));
            cell.parse::<f64>().map_err(|_| wrong())
        };
        self.take(at).into_iter().enumerate().map(number).collect()
    }

    /// Decides which of the columns count: all but those that name a row, or hold texts of their own, or the same in every row.
    ///
    /// # Errors
    /// If none does.
    pub fn choose_columns(&mut self) -> Result<(), LabFailure> {
        self.chosen = Some(Table::new((0..self.names.len()).filter_map(|at| self.column(at)).collect())?);
        Ok(())
    }

    fn column(&self, at: usize) -> Option<Column> {
        let cells: Vec<&str> = self.rows.iter().map(|row| row[at].as_str()).collect();
        let known: Vec<&str> = cells.iter().copied().filter(|cell| !cell.is_empty()).collect();
        let n_distinct = known.iter().collect::<BTreeSet<_>>().len();
        let is_id = self.names[at].to_lowercase().ends_with("id") && n_distinct == known.len();
        if is_id || n_distinct < 2 {
            return None;
        }
        let number = |cell: &&str| match *cell {
            "" => Some(None),
            cell => cell.parse().ok().filter(|n: &f64| n.is_finite()).map(Some),
        };
        let numbers: Option<Vec<Option<f64>>> = cells.iter().map(number).collect();
        let column = |kind, values| Some(Column { spec: ColumnSpec::new(&self.names[at], kind), values });
        match numbers {
            Some(numbers) => column(ColumnKind::Numeric, Values::Numbers(numbers)),
            None if n_distinct * 2 > known.len() || n_distinct > LEVELS_MAX => None,
            None => {
                let levels = cells.iter().map(|cell| Some(*cell).filter(|cell| !cell.is_empty())).collect();
                column(ColumnKind::Category, Values::Levels(levels))
            }
        }
    }

    /// # Panics
    /// If the columns were not chosen.
    pub fn table(&self) -> &Table {
        self.chosen.as_ref().expect("columns are chosen before they are used")
    }

    /// The columns as points: numbers scaled, categories spread, gaps filled.
    pub fn prepared(&self) -> Result<LabPoints, LabFailure> {
        let preparation = Preparation::fit(self.table())?;
        Ok(LabPoints {
            values: Numbers::F64(preparation.apply(self.table())?),
            n: self.n_rows(),
            d: preparation.d(),
            columns: preparation.outputs().into_iter().map(|output| output.column).collect(),
        })
    }

    /// Size, means and commonest levels of each group.
    pub fn groups(&self, labels: &[i32]) -> Value {
        let all: BTreeSet<i32> = labels.iter().copied().collect();
        let group = |label: i32| {
            let rows: Vec<usize> = (0..labels.len()).filter(|&row| labels[row] == label).collect();
            let mut told = Map::from_iter([("label".to_owned(), json!(label)), ("n".to_owned(), json!(rows.len()))]);
            for column in self.table().columns() {
                told.insert(column.spec.name.clone(), typical(column, &rows));
            }
            Value::Object(told)
        };
        Value::Array(all.into_iter().map(group).collect())
    }
}

/// The mean of a number, or the commonest level with its share.
fn typical(column: &Column, rows: &[usize]) -> Value {
    match &column.values {
        Values::Numbers(values) => {
            let known: Vec<f64> = rows.iter().filter_map(|&row| values[row]).collect();
            json!(known.iter().sum::<f64>() / known.len().max(1) as f64)
        }
        Values::Levels(levels) => {
            let mut counts = vec![0usize; levels.names.len()];
            rows.iter().filter_map(|&row| levels.codes[row]).for_each(|code| counts[code as usize] += 1);
            let most = (0..counts.len()).max_by_key(|&at| (counts[at], std::cmp::Reverse(at))).unwrap_or(0);
            json!(format!("{} {:.0} %", levels.names[most], counts[most] as f64 * 100.0 / rows.len().max(1) as f64))
        }
        Values::Cents(_) | Values::Flags(_) => Value::Null,
    }
}
