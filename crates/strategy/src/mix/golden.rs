//! How the tests of marketing mix and budget find values of other tools; compiled for tests alone.

#[cfg(test)]
use std::path::PathBuf;

use serde_json::Value;

/// The folder of real data, which tests read in place.
pub(crate) fn data() -> PathBuf {
    let named = std::env::var_os("TERCET_DATA").map(PathBuf::from);
    named.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"))
}

pub(crate) fn read(file: PathBuf) -> Option<String> {
    let text = std::fs::read_to_string(&file).ok();
    if text.is_none() {
        println!("skipped: {} is not there", file.display());
    }
    text
}

pub(crate) fn text(name: &str) -> Option<String> {
    read(data().join("../golden/strategy").join(name))
}

pub(crate) fn json(name: &str) -> Option<Value> {
    text(name).map(|text| serde_json::from_str(&text).unwrap())
}

pub(crate) fn pymc() -> Option<Value> {
    json("mmm_pymc.json")
}

pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|one| one.as_f64().unwrap()).collect()
}

/// The numbers of the line that begins with `name`.
pub(crate) fn after(text: &str, name: &str) -> Vec<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no line '{name}'"));
    line.split_whitespace().map(|word| word.parse().unwrap()).collect()
}

#[track_caller]
pub(crate) fn assert_close(name: &str, ours: &[f64], theirs: &[f64], tolerance: f64) {
    assert_eq!(ours.len(), theirs.len(), "{name}");
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert!((ours - theirs).abs() <= tolerance * theirs.abs().max(1.0), "{name}: {ours} where {theirs} is right");
    }
}

/// Columns of a plain comma-separated file without quotes that hold commas: names, then one text per row and column.
pub(crate) fn csv(path: &str) -> Option<(Vec<String>, Vec<Vec<String>>)> {
    let text = read(data().join(path))?;
    let cells = |line: &str| line.split(',').map(|cell| cell.trim_matches('"').to_owned()).collect::<Vec<_>>();
    let mut lines = text.lines();
    let names = cells(lines.next()?);
    Some((names, lines.filter(|line| !line.is_empty()).map(cells).collect()))
}
