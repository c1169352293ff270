//! The lab's run of clustering methods: points from a file, labels and whatever else a method finds as arrays.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use data::lab::points::{LabPoints, Numbers, Out, read_cells, read_points, write_npy};
use domain::{Card, Settings};
use segment::features::{Column, ColumnKind, ColumnSpec, Preparation, Table, Values};
use segment::{Clustering, Matrix, Method, Points, RunOptions};
use serde_json::{Map, Value, json};

use super::{LabFailure, LabRequest, answer};
use crate::usage::Usage;

/// Without a file to write to, arrays of at most so many rows stand in the answer.
const ROWS_SHOWN_MAX: usize = 10_000;

/// A text column with more different values names things, or tells days, rather than kinds.
const LEVELS_MAX: usize = 100;

pub(super) fn run(
    method: &'static Method,
    settings: &Settings,
    request: &LabRequest,
    progress: &(dyn Fn(f64) -> bool + Sync),
) -> Result<Value, LabFailure> {
    let loading = Instant::now();
    let (points, table) = match request.prepare {
        true => prepared(&request.train)?,
        false => (read_points(&request.train)?, None),
    };
    let centres = centres(method.card, settings)?;
    let load_seconds = loading.elapsed().as_secs_f64();
    let options = RunOptions {
        seed: request.seed,
        n_threads: request.n_threads,
        centres: centres.as_ref(),
        weights: None,
        progress,
    };
    let before = Usage::now();
    let found = cluster(method, &points, settings, &options)?;
    let fitted = Usage::now().since(&before);
    let mut result: Map<String, Value> =
        found.figures.iter().map(|(name, value)| ((*name).to_owned(), figure(*value))).collect();
    result.insert("n".to_owned(), json!(points.n));
    result.insert("d".to_owned(), json!(points.d));
    if let Some(table) = &table {
        result.insert("groups".to_owned(), table.groups(&found.labels));
    }
    match &request.output {
        Some(path) => write(path, &found)?,
        None if points.n <= ROWS_SHOWN_MAX => show(&found, &mut result),
        None => {}
    }
    Ok(answer(method.card, settings, request, load_seconds, &fitted, result))
}

/// A table of mixed columns, for saying what the groups are.
struct Mixed {
    columns: Vec<Column>,
}

/// The columns as points: numbers scaled, categories spread, gaps filled. Columns that name a row, or hold texts of their own,
/// are left out.
fn prepared(path: &Path) -> Result<(LabPoints, Option<Mixed>), LabFailure> {
    let (names, rows) = read_cells(path)?;
    let column = |at: usize| {
        let cells: Vec<&str> = rows.iter().map(|row| row[at].as_str()).collect();
        let known: Vec<&str> = cells.iter().copied().filter(|cell| !cell.is_empty()).collect();
        let n_distinct = known.iter().collect::<BTreeSet<_>>().len();
        let is_id = names[at].to_lowercase().ends_with("id") && n_distinct == known.len();
        let numbers: Option<Vec<Option<f64>>> =
            cells
                .iter()
                .map(|cell| {
                    if cell.is_empty() {
                        Some(None)
                    } else {
                        cell.parse().ok().filter(|n: &f64| n.is_finite()).map(Some)
                    }
                })
                .collect();
        match numbers {
            _ if is_id || n_distinct < 2 => None,
            Some(numbers) => Some(Column {
                spec: ColumnSpec::new(&names[at], ColumnKind::Numeric),
                values: Values::Numbers(numbers),
            }),
            None if n_distinct * 2 > known.len() || n_distinct > LEVELS_MAX => None,
            None => {
                let levels = cells.iter().map(|cell| Some(*cell).filter(|cell| !cell.is_empty())).collect();
                Some(Column { spec: ColumnSpec::new(&names[at], ColumnKind::Category), values: Values::Levels(levels) })
            }
        }
    };
    let columns: Vec<Column> = (0..names.len()).filter_map(column).collect();
    let table = Table::new(columns.clone())?;
    let preparation = Preparation::fit(&table)?;
    let points = LabPoints {
        values: Numbers::F64(preparation.apply(&table)?),
        n: rows.len(),
        d: preparation.d(),
        columns: preparation.outputs().into_iter().map(|output| output.column).collect(),
    };
    Ok((points, Some(Mixed { columns })))
}

impl Mixed {
    /// Size, means and commonest levels of each group.
    fn groups(&self, labels: &[i32]) -> Value {
        let all: BTreeSet<i32> = labels.iter().copied().collect();
        let group = |label: i32| {
            let rows: Vec<usize> = (0..labels.len()).filter(|&row| labels[row] == label).collect();
            let mut told = Map::from_iter([("label".to_owned(), json!(label)), ("n".to_owned(), json!(rows.len()))]);
            for column in &self.columns {
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

/// Counts as whole numbers.
fn figure(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 { json!(value as i64) } else { json!(value) }
}

fn cluster(
    method: &Method,
    points: &LabPoints,
    settings: &Settings,
    options: &RunOptions,
) -> Result<Clustering, LabFailure> {
    Ok(match &points.values {
        Numbers::F32(values) => (method.run_f32)(Points::new(values, points.n, points.d)?, settings, options)?,
        Numbers::F64(values) => (method.run_f64)(Points::new(values, points.n, points.d)?, settings, options)?,
    })
}

/// A method whose `init` is neither of its words is given a file of first centres.
fn centres(card: &Card, settings: &Settings) -> Result<Option<Matrix>, LabFailure> {
    let Some(domain::Value::Text(init)) = card.param("init").and_then(|_| settings.get("init")) else {
        return Ok(None);
    };
    if init.starts_with("k_means_") {
        return Ok(None);
    }
    let LabPoints { values, n, d, .. } = read_points(Path::new(init))?;
    let values = match values {
        Numbers::F32(values) => values.into_iter().map(f64::from).collect(),
        Numbers::F64(values) => values,
    };
    Ok(Some(Matrix { values, n, d }))
}

/// Labels to `path`; other arrays beside it: `out.npy`, `out.centres.npy` …
fn write(path: &Path, found: &Clustering) -> Result<(), LabFailure> {
    if path.extension().and_then(|ending| ending.to_str()) != Some("npy") {
        let found = path.display();
        return Err(LabFailure::Output(format!("the output is '{found}'; allowed: a name that ends in .npy")));
    }
    let beside = |name: &str| -> PathBuf { path.with_extension(format!("{name}.npy")) };
    write_npy(path, &Out::I32(&found.labels), found.labels.len(), None)?;
    for (name, matrix) in [("centres", &found.centres), ("merges", &found.merges)] {
        if let Some(matrix) = matrix {
            write_npy(&beside(name), &Out::F64(&matrix.values), matrix.n, Some(matrix.d))?;
        }
    }
    for (name, values) in [("probabilities", &found.probabilities), ("outlier_scores", &found.outlier_scores)] {
        if let Some(values) = values {
            write_npy(&beside(name), &Out::F64(values), values.len(), None)?;
        }
    }
    Ok(())
}

fn show(found: &Clustering, result: &mut Map<String, Value>) {
    result.insert("labels".to_owned(), json!(found.labels));
    for (name, matrix) in [("centres", &found.centres), ("merges", &found.merges)] {
        if let Some(matrix) = matrix {
            let rows: Vec<&[f64]> = (0..matrix.n).map(|row| matrix.row(row)).collect();
            result.insert(name.to_owned(), json!(rows));
        }
    }
    for (name, values) in [("probabilities", &found.probabilities), ("outlier_scores", &found.outlier_scores)] {
        if let Some(values) = values {
            result.insert(name.to_owned(), json!(values));
        }
    }
}
