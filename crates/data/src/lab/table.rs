//! Tables that `lab` writes: named columns as Parquet, or as text with a header. The ending of the name decides.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray};
use datafusion::parquet::arrow::ArrowWriter;

use super::{LabError, io_error};
use crate::export::csv_field;

/// The values of a column.
pub enum Cells<'a> {
    I32(&'a [i32]),
    I64(&'a [i64]),
    F64(&'a [f64]),
    Text(Vec<&'a str>),
}

impl Cells<'_> {
    fn len(&self) -> usize {
        match self {
            Cells::I32(values) => values.len(),
            Cells::I64(values) => values.len(),
            Cells::F64(values) => values.len(),
            Cells::Text(values) => values.len(),
        }
    }

    fn array(&self) -> ArrayRef {
        match self {
            Cells::I32(values) => Arc::new(Int32Array::from(values.to_vec())),
            Cells::I64(values) => Arc::new(Int64Array::from(values.to_vec())),
            Cells::F64(values) => Arc::new(Float64Array::from(values.to_vec())),
            Cells::Text(values) => Arc::new(StringArray::from(values.clone())),
        }
    }

    fn text(&self, row: usize) -> String {
        match self {
            Cells::I32(values) => values[row].to_string(),
            Cells::I64(values) => values[row].to_string(),
            Cells::F64(values) => values[row].to_string(),
            Cells::Text(values) => values[row].to_owned(),
        }
    }
}

/// Whether a table can be written to a file of this name.
pub fn is_table(path: &Path) -> bool {
    matches!(path.extension().and_then(|ending| ending.to_str()), Some("parquet" | "csv" | "tsv"))
}

/// Writes columns of the same length to a file whose name ends in `.parquet`, `.csv` or `.tsv`.
///
/// # Errors
/// If the name ends otherwise, or the file cannot be written.
///
/// # Panics
/// If columns differ in length.
pub fn write_table(path: &Path, columns: &[(&str, Cells)]) -> Result<(), LabError> {
    let n_rows = columns.first().map_or(0, |(_, cells)| cells.len());
    assert!(columns.iter().all(|(_, cells)| cells.len() == n_rows), "columns of one length");
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("parquet") => write_parquet(path, columns),
        Some("csv") => write_text(path, columns, n_rows, ',').map_err(io_error(path)),
        Some("tsv") => write_text(path, columns, n_rows, '\t').map_err(io_error(path)),
        _ => {
            let problem = "the name of a table's file ends otherwise; allowed: .parquet, .csv, .tsv".to_owned();
            Err(LabError::File { path: path.to_path_buf(), problem })
        }
    }
}

fn write_parquet(path: &Path, columns: &[(&str, Cells)]) -> Result<(), LabError> {
    let bad = |problem: String| LabError::File { path: path.to_path_buf(), problem };
    let batch = RecordBatch::try_from_iter(columns.iter().map(|(name, cells)| (*name, cells.array())));
    let batch = batch.map_err(|error| bad(error.to_string()))?;
    let file = File::create(path).map_err(io_error(path))?;
    let write = || {
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None)?;
        writer.write(&batch)?;
        writer.close()
    };
    write().map(drop).map_err(|error| bad(error.to_string()))
}

fn write_text(path: &Path, columns: &[(&str, Cells)], n_rows: usize, separator: char) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut line = |cells: &mut dyn Iterator<Item = String>| -> std::io::Result<()> {
        // In a table with tabs a tab or a line's end within a text would be one of the table's.
        let field = |cell: String| match separator {
            ',' => csv_field(&cell).into_owned(),
            _ => cell.replace(['\t', '\n', '\r'], " "),
        };
        let cells: Vec<String> = cells.map(field).collect();
        writeln!(file, "{}", cells.join(&separator.to_string()))
    };
    line(&mut columns.iter().map(|(name, _)| (*name).to_owned()))?;
    for row in 0..n_rows {
        line(&mut columns.iter().map(|(_, cells)| cells.text(row)))?;
    }
    file.flush()
}

#[cfg(test)]
mod tests {
    use super::super::points::read_cells;
    use super::*;

    #[test]
    fn tables_come_back_from_every_form() {
        let folder = tempfile::tempdir().unwrap();
        let columns = || {
            [
                ("who", Cells::Text(vec!["a, b", "\"c\""])),
                ("label", Cells::I32(&[0, -1])),
                ("cents", Cells::I64(&[1 << 40, -5])),
                ("score", Cells::F64(&[0.5, -2.25])),
            ]
        };
        for ending in ["parquet", "csv", "tsv"] {
            let path = folder.path().join(format!("out.{ending}"));
            write_table(&path, &columns()).unwrap();
            assert!(is_table(&path));
            let (names, rows) = read_cells(&path).unwrap();
            assert_eq!(names, ["who", "label", "cents", "score"], "{ending}");
            assert_eq!(rows[0][1..], ["0", "1099511627776", "0.5"], "{ending}");
            assert_eq!(rows[1][1..], ["-1", "-5", "-2.25"], "{ending}");
            assert_eq!(rows[0][0], "a, b", "{ending}");
        }
        let error = write_table(&folder.path().join("out.npy"), &columns()).unwrap_err().to_string();
        assert!(error.contains("allowed: .parquet, .csv, .tsv"), "{error}");
    }
}
