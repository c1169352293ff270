//! The lab's run of strategy's models: a table of named columns in, an answer with intervals, support and doubts out, and
//! its tables as files. What a model computes is in its crate.

use std::path::Path;
use std::time::Instant;

use data::lab::points::read_cells;
use data::lab::table::{Cells, is_table, write_table};
use domain::Settings;
use serde_json::{Map, Value, json};
use strategy::{Answer, Column, Model, Report, ReportTable, RunOptions, Table};

use super::{LabFailure, LabRequest, answer};
use crate::usage::Usage;

/// Columns that a model reads, each with what it holds.
pub fn columns_of(card: &str) -> &'static [(&'static str, &'static str)] {
    strategy::model(card).map_or(&[], |model| model.columns)
}

pub(super) fn run(
    model: &Model,
    settings: &Settings,
    request: &LabRequest,
    progress: &(dyn Fn(f64) -> bool + Sync),
) -> Result<Value, LabFailure> {
    if let Some(path) = request.output.as_ref().filter(|path| !is_table(path)) {
        let message = format!("--output {}: its tables go to files of .csv, .tsv or .parquet", path.display());
        return Err(LabFailure::Output(message));
    }
    let loading = Instant::now();
    let table = read(&request.train)?;
    let load_seconds = loading.elapsed().as_secs_f64();
    let before = Usage::now();
    let options = RunOptions { seed: request.seed, n_threads: request.n_threads, progress };
    let told = (model.run)(&table, settings, &options).map_err(|error| refused(model, &error))?;
    let fitted = Usage::now().since(&before);
    if let (Some(path), Some(report)) = (&request.output, &told.value) {
        report.tables.iter().try_for_each(|table| write(path, table))?;
    }
    Ok(answer(model.card, settings, request, load_seconds, &fitted, result(&told)))
}

/// Each figure with its interval under its name in `values`, or in `baselines` if no model was needed for it (`figures` has
/// the order of both), the model's own parameters also in `params`, its tables, and what the answer rests on.
fn result(told: &Answer<Report>) -> Map<String, Value> {
    let mut result = Map::new();
    if let Some(report) = &told.value {
        let of = |is_baseline: bool| -> Map<String, Value> {
            let figures = report.figures.iter().filter(|figure| figure.is_baseline == is_baseline);
            figures.map(|figure| (figure.name.clone(), json!(figure.estimate))).collect()
        };
        result.insert("summary".to_owned(), json!(report.summary));
        result.insert("figures".to_owned(), report.figures.iter().map(|figure| json!(figure.name)).collect());
        result.insert("values".to_owned(), Value::Object(of(false)));
        result.insert("baselines".to_owned(), Value::Object(of(true)));
        let params = report.figures.iter().filter(|figure| figure.is_parameter);
        let params: Map<String, Value> =
            params.map(|figure| (figure.name.clone(), json!(figure.estimate.value))).collect();
        if !params.is_empty() {
            result.insert("params".to_owned(), Value::Object(params));
        }
        if let Some(found) = report.figures.iter().find(|figure| figure.name == "log_likelihood") {
            result.insert(found.name.clone(), json!(found.estimate.value));
        }
        result.insert("tables".to_owned(), report.tables.iter().map(told_table).collect());
    }
    result.insert("support".to_owned(), json!(told.support));
    result.insert("caveats".to_owned(), json!(told.caveats));
    result.insert("would_change".to_owned(), json!(told.would_change));
    result
}

/// `{"name", "title", "columns": [{"name", "values"}, …]}`.
fn told_table(table: &ReportTable) -> Value {
    let column = |name: &str| json!({"name": name, "values": table.table.get(name)});
    let columns: Vec<Value> = table.table.names().map(column).collect();
    json!({"name": table.name, "title": table.title, "columns": columns})
}

/// What is wrong, and for a missing column which the model reads.
fn refused(model: &Model, error: &strategy::StrategyError) -> LabFailure {
    let name = |(name, what): &(&str, &str)| format!("{name} ({what})");
    match error {
        strategy::StrategyError::NoColumn { .. } => {
            let columns: Vec<String> = model.columns.iter().map(name).collect();
            LabFailure::Input(format!("{error}; {} reads {}", model.card.name, columns.join(", ")))
        }
        // People count the rows of a file from 1, its heading apart.
        strategy::StrategyError::BadValue { what, row, found, allowed } => {
            LabFailure::Input(format!("{what}, row {} holds {found}; allowed: {allowed}", row + 1))
        }
        _ => LabFailure::Input(error.to_string()),
    }
}

/// A table with a header; a column whose known cells are all numbers holds numbers, any other texts.
fn read(path: &Path) -> Result<Table, LabFailure> {
    let (names, rows) = read_cells(path)?;
    let mut columns: Vec<Vec<String>> = names.iter().map(|_| Vec::with_capacity(rows.len())).collect();
    for row in rows {
        columns.iter_mut().zip(row).for_each(|(column, cell)| column.push(cell));
    }
    let columns = names.into_iter().zip(columns.into_iter().map(typed)).collect();
    Table::new(columns).map_err(|error| LabFailure::Input(error.to_string()))
}

fn typed(cells: Vec<String>) -> Column {
    let numbers: Option<Vec<f64>> = cells.iter().map(|cell| number(cell)).collect();
    match numbers {
        Some(numbers) if numbers.iter().any(|number| !number.is_nan()) => Column::Number(numbers),
        _ => Column::Text(cells),
    }
}

/// `None` for what is no number; an empty cell is a missing one. `007` is a code: as a number it would lose its zeros.
fn number(cell: &str) -> Option<f64> {
    let is_code = cell.len() > 1 && cell.starts_with('0') && cell.bytes().all(|byte| byte.is_ascii_digit());
    match cell {
        "" => Some(f64::NAN),
        _ if is_code => None,
        _ => cell.parse().ok(),
    }
}

/// `plan.csv` and the table `allocation` make `plan.allocation.csv`.
fn write(path: &Path, table: &ReportTable) -> Result<(), LabFailure> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let path = path.with_extension(format!("{}.{ending}", table.name));
    let cells = |name: &str| match table.table.get(name) {
        Some(Column::Number(values)) => Cells::F64(values),
        Some(Column::Text(values)) => Cells::Text(values.iter().map(String::as_str).collect()),
        None => Cells::Text(Vec::new()),
    };
    let columns: Vec<(&str, Cells)> = table.table.names().map(|name| (name, cells(name))).collect();
    Ok(write_table(&path, &columns)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_on(
        card: &str,
        text: &str,
        set: &[&str],
        output: Option<&str>,
    ) -> (tempfile::TempDir, Result<Value, String>) {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("input.csv");
        std::fs::write(&input, text).unwrap();
        let mut request = LabRequest::new(card, &input);
        request.set = set.iter().map(|text| (*text).to_owned()).collect();
        request.output = output.map(|name| folder.path().join(name));
        let answer = super::super::run(&request, &|_| true).map_err(|error| error.to_string());
        (folder, answer)
    }

    /// Equal spending is best where the curves are equal, and Lagrange's multiplier is then the slope of both.
    #[test]
    fn a_budget_is_split_and_its_table_written() {
        let text = "cell,height,rate,slope\nsearch,100,50,1\nmail,100,50,1\n";
        let (folder, answer) = run_on("budget", text, &["budget=100", "saturation=hill"], Some("plan.csv"));
        let answer = answer.unwrap();
        assert_eq!((&answer["card"], &answer["result"]["support"]["verdict"]), (&json!("budget"), &json!("enough")));
        let written = std::fs::read_to_string(folder.path().join("plan.allocation.csv")).unwrap();
        let spent: Vec<f64> =
            written.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().parse().unwrap()).collect();
        assert!(spent.len() == 2 && spent.iter().all(|spent| (spent - 50.0).abs() < 1e-6), "{written}");
    }

    /// The names of other tools' files, and the places where scripts look for results.
    #[test]
    fn a_lifetime_is_fitted_to_a_file_as_others_name_it() {
        let row = |at: usize| {
            let (frequency, age) = (at % 7 % 4, 30 + at % 10);
            format!("c{at},{frequency},{},{age}\n", if frequency == 0 { 0 } else { (3 * at) % 29 + 1 })
        };
        let text = format!("ID,frequency,recency,T\n{}", (0..300).map(row).collect::<String>());
        let (_folder, answer) = run_on("bg_nbd", &text, &["listed=3"], None);
        let result = answer.unwrap()["result"].take();
        assert!(result["log_likelihood"].as_f64().unwrap() < 0.0, "{result}");
        assert_eq!(result["params"].as_object().unwrap().keys().collect::<Vec<_>>(), ["a", "alpha", "b", "r"]);
        assert_eq!(result["params"]["r"], result["values"]["r"]["value"]);
        assert!(result["baselines"]["purchases_at_the_rate_so_far"]["value"].as_f64().unwrap() > 0.0);
        let listed = &result["tables"][0];
        assert_eq!((&listed["name"], &listed["columns"][0]["name"]), (&json!("customers"), &json!("customer")));
        assert!(listed["columns"][0]["values"][0].as_str().unwrap().starts_with('c'));
    }

    #[test]
    fn what_is_wrong_is_said_with_what_is_read() {
        let (_folder, answer) = run_on("gamma_gamma", "frequency,money\n1,2\n", &[], None);
        let said = answer.unwrap_err();
        assert!(
            said.contains("there is no column 'mean_value'") && said.contains("gamma_gamma reads frequency"),
            "{said}"
        );
        let (_folder, answer) = run_on("gamma_gamma", "frequency,mean_value\n1,2\n", &[], Some("out.npy"));
        assert!(answer.unwrap_err().contains(".csv, .tsv or .parquet"));
    }

    #[test]
    fn codes_and_gaps_are_not_numbers() {
        let texts = |cells: &[&str]| typed(cells.iter().map(|cell| (*cell).to_owned()).collect());
        assert_eq!(texts(&["007", "12"]), Column::Text(vec!["007".into(), "12".into()]));
        assert_eq!(texts(&["", ""]), Column::Text(vec![String::new(), String::new()]));
        let Column::Number(numbers) = texts(&["0", "", "0.5"]) else { panic!("numbers") };
        assert!(numbers[0] == 0.0 && numbers[1].is_nan() && numbers[2] == 0.5);
    }
}
