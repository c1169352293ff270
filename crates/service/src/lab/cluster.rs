//! The lab's run of clustering methods: points or a table from a file, labels and whatever else a method finds as arrays.

use std::path::{Path, PathBuf};
use std::time::Instant;

use data::lab::points::{LabPoints, Numbers, Out, read_points, write_npy};
use data::lab::table::{Cells, is_table, write_table};
use domain::{Card, Settings};
use segment::k_means::choose::Curves;
use segment::{Clustering, Matrix, Method, Points, RunOptions, SegmentError};
use serde_json::{Map, Value, json};

use super::mixed::Mixed;
use super::{LabFailure, LabRequest, answer};
use crate::usage::Usage;

/// Without a file to write to, arrays of at most so many rows stand in the answer.
pub(super) const ROWS_SHOWN_MAX: usize = 10_000;

/// Gower's dissimilarity holds all pairs: of so many rows they take 2.4 GB.
const GOWER_ROWS_MAX: usize = 20_000;

pub(super) fn run(
    method: &'static Method,
    settings: &Settings,
    request: &LabRequest,
    progress: &(dyn Fn(f64) -> bool + Sync),
) -> Result<Value, LabFailure> {
    let loading = Instant::now();
    let input = Input::read(settings, request)?;
    let centres = centres(method.card, settings)?;
    let load_seconds = loading.elapsed().as_secs_f64();
    let options = RunOptions {
        seed: request.seed,
        n_threads: request.n_threads,
        centres: centres.as_ref(),
        weights: input.weights.as_deref(),
        progress,
    };
    let before = Usage::now();
    let found = input.cluster(method, settings, &options)?;
    let fitted = Usage::now().since(&before);
    let mut result: Map<String, Value> =
        found.figures.iter().map(|(name, value)| ((*name).to_owned(), figure(*value))).collect();
    let (n, d) = input.shape();
    result.insert("n".to_owned(), json!(n));
    result.insert("d".to_owned(), json!(d));
    if let Some(curves) = &found.choice {
        result.insert("choice".to_owned(), choice(curves));
    }
    if let Some(table) = &input.mixed {
        result.insert("groups".to_owned(), table.groups(&found.labels));
    }
    match &request.output {
        Some(path) => write(path, &found, &input.names())?,
        None if n <= ROWS_SHOWN_MAX => show(&found, &mut result),
        None => {}
    }
    Ok(answer(method.card, settings, request, load_seconds, &fitted, result))
}

/// What is clustered.
struct Input {
    /// None where rows of `mixed` are compared as they are.
    points: Option<LabPoints>,
    mixed: Option<Mixed>,
    weights: Option<Vec<f64>>,
}

impl Input {
    fn read(settings: &Settings, request: &LabRequest) -> Result<Input, LabFailure> {
        let text = |name: &str| match settings.get(name) {
            Some(domain::Value::Text(text)) => text.as_str(),
            _ => "",
        };
        let (by_rows, named) = (text("metric") == "gower", text("weights"));
        if !by_rows && !request.prepare {
            let mut points = read_points(&request.train)?;
            let weights = weights(named, &points.columns.clone(), points.n, |at| Ok(taken(&mut points, at)))?;
            return Ok(Input { points: Some(points), mixed: None, weights });
        }
        let mut mixed = Mixed::read(&request.train)?;
        let n = mixed.n_rows();
        if by_rows && n > GOWER_ROWS_MAX {
            return Err(SegmentError::unfit("rows to compare by gower", n, format!("at most {GOWER_ROWS_MAX}")).into());
        }
        let names = mixed.names().to_vec();
        let weights = weights(named, &names, n, |at| mixed.take_numbers(at))?;
        mixed.choose_columns()?;
        let points = if by_rows { None } else { Some(mixed.prepared()?) };
        Ok(Input { points, mixed: Some(mixed), weights })
    }

    /// Rows and columns.
    fn shape(&self) -> (usize, usize) {
        match (&self.points, &self.mixed) {
            (Some(points), _) => (points.n, points.d),
            (None, Some(mixed)) => (mixed.n_rows(), mixed.table().columns().len()),
            (None, None) => (0, 0),
        }
    }

    /// Names of the points' columns, if there are any.
    fn names(&self) -> Vec<String> {
        self.points.as_ref().map(|points| points.columns.clone()).unwrap_or_default()
    }

    fn cluster(&self, method: &Method, settings: &Settings, options: &RunOptions) -> Result<Clustering, LabFailure> {
        match (&self.points, &self.mixed, method.run_table) {
            (None, Some(mixed), Some(run)) => Ok(run(mixed.table(), settings, options)?),
            (Some(points), ..) => cluster(method, points, settings, options),
            // Only cards of methods that run on tables have that metric.
            _ => Err(LabFailure::Input(format!("{} compares no rows of tables", method.card.name))),
        }
    }
}

/// The weights that `named` is: a column, which `take` then takes from the input, or a file.
fn weights(
    named: &str,
    columns: &[String],
    n: usize,
    take: impl FnOnce(usize) -> Result<Vec<f64>, LabFailure>,
) -> Result<Option<Vec<f64>>, LabFailure> {
    if named.is_empty() {
        return Ok(None);
    }
    if let Some(at) = columns.iter().position(|column| column == named) {
        return take(at).map(Some);
    }
    let path = Path::new(named);
    if !path.is_file() {
        let found = if columns.is_empty() { "no names".to_owned() } else { columns.join(", ") };
        let message = format!("weights={named} is neither a column (found: {found}) nor a file with a number a point");
        return Err(LabFailure::Input(message));
    }
    let read = read_points(path)?;
    if (read.n, read.d) != (n, 1) {
        let message = format!("{named} holds {} rows of {} numbers; allowed: {n} rows of one", read.n, read.d);
        return Err(LabFailure::Input(message));
    }
    Ok(Some(wide(read.values)))
}

fn wide(values: Numbers) -> Vec<f64> {
    match values {
        Numbers::F32(values) => values.into_iter().map(f64::from).collect(),
        Numbers::F64(values) => values,
    }
}

/// Takes a column out of the points.
fn taken(points: &mut LabPoints, at: usize) -> Vec<f64> {
    fn split<T: Copy>(values: &mut Vec<T>, d: usize, at: usize) -> Vec<T> {
        let column = values.iter().skip(at).step_by(d).copied().collect();
        let mut place = 0;
        values.retain(|_| {
            place += 1;
            (place - 1) % d != at
        });
        column
    }
    let d = points.d;
    points.columns.remove(at);
    points.d -= 1;
    match &mut points.values {
        Numbers::F32(values) => split(values, d, at).into_iter().map(f64::from).collect(),
        Numbers::F64(values) => split(values, d, at),
    }
}

/// The curves by which a number of clusters was chosen.
fn choice(curves: &Curves) -> Value {
    json!({
        "k": curves.ks,
        "inertia": curves.inertia,
        "silhouette": curves.silhouette,
        "gap": curves.gap,
        "gap_error": curves.gap_error,
        "by_elbow": curves.by_elbow,
        "by_silhouette": curves.by_silhouette,
        "by_gap": curves.by_gap,
        "recommended": curves.recommended,
    })
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
    Ok(Some(Matrix { values: wide(values), n, d }))
}

/// Labels to `path`; other arrays beside it: `out.centres.npy` … by the side of `out.npy`, `out.centres.parquet` by that of
/// `out.parquet`, whose columns are `label` and what else there is for each point.
fn write(path: &Path, found: &Clustering, names: &[String]) -> Result<(), LabFailure> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("npy") => write_arrays(path, found),
        Some(ending) if is_table(path) => write_tables(path, ending, found, names),
        _ => {
            let found = path.display();
            let allowed = "a name that ends in .npy, .parquet, .csv or .tsv";
            Err(LabFailure::Output(format!("the output is '{found}'; allowed: {allowed}")))
        }
    }
}

fn matrices(found: &Clustering) -> impl Iterator<Item = (&'static str, &Matrix)> {
    let all = [("centres", &found.centres), ("merges", &found.merges), ("condensed", &found.condensed)];
    all.into_iter().filter_map(|(name, matrix)| Some((name, matrix.as_ref()?)))
}

fn of_points(found: &Clustering) -> impl Iterator<Item = (&'static str, &Vec<f64>)> {
    let all = [("probabilities", &found.probabilities), ("outlier_scores", &found.outlier_scores)];
    all.into_iter().filter_map(|(name, values)| Some((name, values.as_ref()?)))
}

fn write_arrays(path: &Path, found: &Clustering) -> Result<(), LabFailure> {
    let beside = |name: &str| -> PathBuf { path.with_extension(format!("{name}.npy")) };
    write_npy(path, &Out::I32(&found.labels), found.labels.len(), None)?;
    for (name, matrix) in matrices(found) {
        write_npy(&beside(name), &Out::F64(&matrix.values), matrix.n, Some(matrix.d))?;
    }
    for (name, values) in of_points(found) {
        write_npy(&beside(name), &Out::F64(values), values.len(), None)?;
    }
    Ok(())
}

fn write_tables(path: &Path, ending: &str, found: &Clustering, names: &[String]) -> Result<(), LabFailure> {
    let mut columns = vec![("label", Cells::I32(&found.labels))];
    for (name, values) in of_points(found) {
        // One value a row, so the column is named in the singular.
        columns.push((if name == "probabilities" { "probability" } else { "outlier_score" }, Cells::F64(values)));
    }
    write_table(path, &columns)?;
    for (name, matrix) in matrices(found) {
        let headings: Vec<String> = match name {
            "merges" => ["left", "right", "height", "n_points"].map(str::to_owned).to_vec(),
            "condensed" => ["parent", "child", "density", "n_points"].map(str::to_owned).to_vec(),
            _ => (0..matrix.d).map(|at| heading(names, at)).collect(),
        };
        write_matrix(&path.with_extension(format!("{name}.{ending}")), &headings, matrix)?;
    }
    Ok(())
}

/// The name of a coordinate: of spread categories several have the same, and numbers tell them apart.
fn heading(names: &[String], at: usize) -> String {
    match names.get(at) {
        None => format!("x{}", at + 1),
        Some(name) if names.iter().filter(|other| *other == name).count() > 1 => format!("{name} {}", at + 1),
        Some(name) => name.clone(),
    }
}

/// A matrix as a table, one column a coordinate.
pub(super) fn write_matrix(path: &Path, headings: &[String], matrix: &Matrix) -> Result<(), LabFailure> {
    let columns: Vec<Vec<f64>> =
        (0..matrix.d).map(|at| matrix.values.iter().skip(at).step_by(matrix.d).copied().collect()).collect();
    let columns: Vec<(&str, Cells)> =
        headings.iter().zip(&columns).map(|(name, values)| (name.as_str(), Cells::F64(values))).collect();
    Ok(write_table(path, &columns)?)
}

fn show(found: &Clustering, result: &mut Map<String, Value>) {
    result.insert("labels".to_owned(), json!(found.labels));
    for (name, matrix) in matrices(found) {
        let rows: Vec<&[f64]> = (0..matrix.n).map(|row| matrix.row(row)).collect();
        result.insert(name.to_owned(), json!(rows));
    }
    for (name, values) in of_points(found) {
        result.insert(name.to_owned(), json!(values));
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use data::lab::points::read_cells;

    /// A file of this name with this text, and the lab asked of it.
    fn asked(folder: &Path, text: &str, card: &str, set: &[&str]) -> LabRequest {
        let input = folder.join("points.csv");
        std::fs::write(&input, text).unwrap();
        LabRequest {
            set: set.iter().map(|text| (*text).to_owned()).collect(),
            n_threads: 1,
            ..LabRequest::new(card, &input)
        }
    }

    fn run(request: &LabRequest) -> Result<Value, String> {
        super::super::run(request, &|_| true).map_err(|error| error.to_string())
    }

    /// Four points; the heavy one draws the centre of its group to itself.
    #[test]
    fn weights_come_from_a_column_or_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let text = "x,visits,y\n0,1,0\n4,3,0\n100,1,1\n102,1,1\n";
        let set = ["n_clusters=2", "weights=visits"];
        let by_column = run(&asked(folder.path(), text, "k_means", &set)).unwrap();
        assert_eq!(by_column["result"]["d"], 2);
        let mut centres: Vec<Vec<f64>> = serde_json::from_value(by_column["result"]["centres"].clone()).unwrap();
        centres.sort_by(|a, b| a[0].total_cmp(&b[0]));
        assert_eq!(centres, [[3.0, 0.0], [101.0, 1.0]]);
        let weights = folder.path().join("weights.txt");
        std::fs::write(&weights, "1\n3\n1\n1\n").unwrap();
        let named = format!("weights={}", weights.display());
        let plain = "x,y\n0,0\n4,0\n100,1\n102,1\n";
        let by_file = run(&asked(folder.path(), plain, "k_means", &["n_clusters=2", &named])).unwrap();
        assert_eq!(by_file["result"]["centres"], by_column["result"]["centres"]);
        // Prepared columns are weighted too, and their weight is no column.
        let prepared = LabRequest { prepare: true, ..asked(folder.path(), text, "k_means", &set) };
        assert_eq!(run(&prepared).unwrap()["result"]["d"], 2);
        // Of four points whose weights are 1 only the one of weight 3 is a core.
        let cores = ["eps=1", "min_points=3", "weights=visits"];
        let found = run(&asked(folder.path(), text, "dbscan", &cores)).unwrap();
        assert_eq!(found["result"]["labels"], json!([-1, 0, -1, -1]));
        let error = run(&asked(folder.path(), text, "k_means", &["weights=height"])).unwrap_err();
        assert!(error.contains("neither a column (found: x, visits, y) nor a file"), "{error}");
        std::fs::write(&weights, "1\n3\n").unwrap();
        let error = run(&asked(folder.path(), plain, "k_means", &["n_clusters=2", &named])).unwrap_err();
        assert!(error.contains("2 rows of 1 numbers; allowed: 4 rows of one"), "{error}");
    }

    #[test]
    fn rows_of_mixed_columns_are_compared_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let text = "id,age,gender\n1,20,f\n2,21,f\n3,60,m\n4,61,m\n5,,x\n6,,x\n";
        let set = ["metric=gower", "linkage=average", "n_clusters=3"];
        let found = run(&asked(folder.path(), text, "hierarchical", &set)).unwrap();
        let result = &found["result"];
        assert_eq!((result["n"].as_u64(), result["d"].as_u64()), (Some(6), Some(2)), "an id tells nothing");
        assert_eq!(result["labels"], json!([0, 0, 1, 1, 2, 2]));
        assert_eq!(result["groups"][0]["gender"], "f 100 %");
        // A year of 41 over two columns; and the last two have but a word of their own.
        let height = |merge: usize| result["merges"][merge][2].as_f64().unwrap();
        assert!((height(1) - 0.5 / 41.0).abs() < 1e-6 && (height(4) - 1.0).abs() < 1e-6, "{result}");
        let error = run(&asked(folder.path(), text, "hierarchical", &["metric=gower"])).unwrap_err();
        assert!(error.contains("found ward, allowed average"), "{error}");
        let by_density = ["metric=gower", "eps=0.1", "min_points=2"];
        let found = run(&asked(folder.path(), text, "dbscan", &by_density)).unwrap();
        assert_eq!(found["result"]["labels"], json!([0, 0, 1, 1, 2, 2]));
    }

    #[test]
    fn tables_hold_what_arrays_hold() {
        let folder = tempfile::tempdir().unwrap();
        let text = "0 0\n0 1\n1 0\n9 9\n9 8\n8 9\n50 50\n";
        let set = ["min_cluster_size=3", "min_samples=2"];
        let request = asked(folder.path(), text, "hdbscan", &set);
        let shown = run(&request).unwrap();
        let tree = shown["result"]["condensed"].as_array().unwrap();
        assert_eq!(tree[0].as_array().unwrap().len(), 4);
        for ending in ["parquet", "csv"] {
            let output = folder.path().join(format!("out.{ending}"));
            run(&LabRequest { output: Some(output.clone()), ..request.clone() }).unwrap();
            let (names, rows) = read_cells(&output).unwrap();
            assert_eq!(names, ["label", "probability", "outlier_score"]);
            let labels: Vec<i32> = rows.iter().map(|row| row[0].parse().unwrap()).collect();
            assert_eq!(json!(labels), shown["result"]["labels"]);
            let (names, rows) = read_cells(&folder.path().join(format!("out.condensed.{ending}"))).unwrap();
            assert_eq!(names, ["parent", "child", "density", "n_points"]);
            assert_eq!(rows.len(), tree.len());
            assert!(folder.path().join(format!("out.merges.{ending}")).exists());
        }
        let arrays = folder.path().join("out.npy");
        run(&LabRequest { output: Some(arrays), ..request.clone() }).unwrap();
        let read = read_points(&folder.path().join("out.condensed.npy")).unwrap();
        assert_eq!((read.n, read.d), (tree.len(), 4));
        let error = run(&LabRequest { output: Some(folder.path().join("out.txt")), ..request }).unwrap_err();
        assert!(error.contains(".npy, .parquet, .csv or .tsv"), "{error}");
    }

    #[test]
    fn the_number_of_groups_is_chosen_and_told() {
        let folder = tempfile::tempdir().unwrap();
        let point = |at: usize| format!("{} {}\n", at % 2 * 100 + at / 2 % 5, at / 10 % 4);
        let text: String = (0..60).map(point).collect();
        let found = run(&asked(folder.path(), &text, "k_means", &["n_clusters_max=5", "n_init=4"])).unwrap();
        let choice = &found["result"]["choice"];
        assert_eq!((&choice["k"], &choice["recommended"]), (&json!([1, 2, 3, 4, 5]), &json!(2)));
        assert_eq!(choice["silhouette"][0], Value::Null);
        assert_eq!(found["result"]["n_clusters"], 2);
    }
}
