//! Points for `lab`: matrices as `.npy` (f32 or f64, C order), `.csv`, `.tsv` and spaces (with or without a header, packed or
//! not), or the numeric columns of Parquet. Results go out as `.npy`.
//!
//! What is not here: other types of NumPy, Fortran order, texts as columns.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;

use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type};

use super::{LabError, io_error, open};
use crate::sources::open_parquet;
use crate::sources::records::Records;

/// Numbers of either precision.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    F32(Vec<f32>),
    F64(Vec<f64>),
}

/// A matrix as read. Shape: (n, d), row by row; values may be anything a float can be.
#[derive(Clone, Debug, PartialEq)]
pub struct LabPoints {
    pub values: Numbers,
    pub n: usize,
    pub d: usize,
    /// Names of the columns, if the file has them.
    pub columns: Vec<String>,
}

/// Reads a matrix.
///
/// # Errors
/// If the file cannot be read, rows differ in length, or a cell is no number.
pub fn read_points(path: &Path) -> Result<LabPoints, LabError> {
    let bad = |problem: String| LabError::File { path: path.to_path_buf(), problem };
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("npy") => {
            let mut bytes = Vec::new();
            File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(io_error(path))?;
            from_npy(&bytes).map_err(bad)
        }
        Some("parquet") => from_parquet(path),
        _ => {
            let mut text = String::new();
            open(path)?.read_to_string(&mut text).map_err(io_error(path))?;
            from_text(&text).map_err(bad)
        }
    }
}

/// A table of texts as read: names of its columns, and its rows, each as long.
pub type Cells = (Vec<String>, Vec<Vec<String>>);

/// Reads a table with a header whatever its cells hold: `.csv`, `.tsv` (packed or not), Parquet. A missing cell is empty.
///
/// # Errors
/// If the file cannot be read or rows differ in length.
pub fn read_cells(path: &Path) -> Result<Cells, LabError> {
    let bad = |problem: String| LabError::File { path: path.to_path_buf(), problem };
    if path.extension().is_some_and(|ending| ending == "parquet") {
        return cells_of_parquet(path);
    }
    let mut text = String::new();
    open(path)?.read_to_string(&mut text).map_err(io_error(path))?;
    let mut rows = Vec::new();
    let found = each_row(&text, Some(b' '), |_, cells| {
        rows.push(cells.iter().map(|cell| (*cell).to_owned()).collect());
        Ok(())
    });
    found.map_err(bad)?;
    let columns = rows.remove(0);
    Ok((columns, rows))
}

/// Hands over the cells of every line that is not blank, with its number; quotes as in CSV. The separator is the tab, semicolon or
/// comma that stands in the first line, else `otherwise`, else any blanks.
///
/// # Errors
/// If there is no line, lines differ in length, or `each` says so.
fn each_row(
    text: &str,
    otherwise: Option<u8>,
    mut each: impl FnMut(u64, &[&str]) -> Result<(), String>,
) -> Result<(), String> {
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().find(|line| !line.trim().is_empty()).ok_or("the file is empty")?;
    let separator = [b'\t', b';', b','].into_iter().find(|byte| first.as_bytes().contains(byte)).or(otherwise);
    let mut width = None;
    let mut whole = |line: u64, cells: &[&str]| {
        let allowed = *width.get_or_insert(cells.len());
        match cells.len() == allowed {
            true => each(line, cells),
            false => Err(format!("line {line} has {} cells; allowed: {allowed}, as the lines before", cells.len())),
        }
    };
    let Some(separator) = separator else {
        let mut lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
        return lines.try_for_each(|(line, number)| whole(number, &line.split_whitespace().collect::<Vec<_>>()));
    };
    let mut records = Records::new(text, separator, 1);
    let mut fields: Vec<Cow<str>> = Vec::new();
    while let Some(place) = records.next_into(&mut fields) {
        if !records.raw(place).trim().is_empty() {
            let cells: Vec<&str> = fields.iter().map(|field| field.trim()).collect();
            whole(place.line, &cells)?;
        }
    }
    Ok(())
}

fn cells_of_parquet(path: &Path) -> Result<Cells, LabError> {
    let bad = |problem: String| LabError::File { path: path.to_path_buf(), problem };
    let (reader, columns) = open_parquet(path).map_err(|error| bad(error.to_string()))?;
    let mut rows = Vec::new();
    for batch in reader {
        let batch = batch.map_err(|error| bad(error.to_string()))?;
        let texts = batch.columns().iter().map(|column| cast(column, &DataType::Utf8));
        let texts = texts.collect::<Result<Vec<_>, _>>().map_err(|error| bad(error.to_string()))?;
        let cell = |column: &datafusion::arrow::array::ArrayRef, row: usize| match column.is_valid(row) {
            true => column.as_string::<i32>().value(row).to_owned(),
            false => String::new(),
        };
        rows.extend((0..batch.num_rows()).map(|row| texts.iter().map(|column| cell(column, row)).collect()));
    }
    Ok((columns, rows))
}

const MAGIC: &[u8] = b"\x93NUMPY";

/// NumPy's format, versions 1 to 3.
fn from_npy(bytes: &[u8]) -> Result<LabPoints, String> {
    let cut = || "the file ends within NumPy's header".to_owned();
    if !bytes.starts_with(MAGIC) {
        return Err("the file does not begin as NumPy's .npy files do".to_owned());
    }
    let (length, begins): (usize, usize) = match bytes.get(6).ok_or_else(cut)? {
        1 => (usize::from(u16::from_le_bytes(bytes.get(8..10).ok_or_else(cut)?.try_into().expect("two bytes"))), 10),
        _ => (u32::from_le_bytes(bytes.get(8..12).ok_or_else(cut)?.try_into().expect("four bytes")) as usize, 12),
    };
    let header = bytes.get(begins..begins.saturating_add(length)).ok_or_else(cut)?;
    let header = std::str::from_utf8(header).map_err(|_| "NumPy's header is not text".to_owned())?;
    let after = |key: &str| header.split_once(key).map(|(_, rest)| rest.trim_start_matches([':', ' ']));
    let kind = after("'descr'").and_then(|rest| rest.split('\'').nth(1)).unwrap_or_default();
    if after("'fortran_order'").is_none_or(|rest| !rest.starts_with("False")) {
        return Err("the matrix is in Fortran order; allowed: C order (numpy.ascontiguousarray)".to_owned());
    }
    let shape = after("'shape'").and_then(|rest| rest.strip_prefix('(')?.split_once(')')).map(|(shape, _)| shape);
    let shape: Option<Vec<usize>> = shape.and_then(|shape| {
        shape.split(',').map(str::trim).filter(|part| !part.is_empty()).map(|part| part.parse().ok()).collect()
    });
    let (n, d) = match shape.as_deref() {
        Some([n, d]) => (*n, *d),
        Some([n]) => (*n, 1),
        _ => return Err(format!("the array has the shape {shape:?}; allowed: one or two dimensions")),
    };
    let body = &bytes[begins + length..];
    let size = match kind {
        "<f4" => 4,
        "<f8" => 8,
        _ => return Err(format!("the numbers are '{kind}'; allowed: <f4, <f8 (little-endian float32, float64)")),
    };
    if n.checked_mul(d).and_then(|count| count.checked_mul(size)) != Some(body.len()) {
        return Err(format!("{} bytes do not fill {n} rows of {d} numbers of {size} bytes", body.len()));
    }
    let values = match size {
        4 => Numbers::F32(
            body.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().expect("four"))).collect(),
        ),
        _ => Numbers::F64(
            body.chunks_exact(8).map(|bytes| f64::from_le_bytes(bytes.try_into().expect("eight"))).collect(),
        ),
    };
    Ok(LabPoints { values, n, d, columns: Vec::new() })
}

fn from_text(text: &str) -> Result<LabPoints, String> {
    let number = |cell: &str| if cell.is_empty() { Some(f64::NAN) } else { cell.parse::<f64>().ok() };
    let (mut columns, mut values, mut n, mut d): (Vec<String>, Vec<f64>, usize, usize) = Default::default();
    each_row(text, None, |line, cells| {
        // A first line that is not all numbers names the columns.
        if d == 0 {
            d = cells.len();
            if cells.iter().any(|cell| number(cell).is_none()) {
                columns = cells.iter().map(|cell| (*cell).to_owned()).collect();
                return Ok(());
            }
        }
        for (column, cell) in cells.iter().enumerate() {
            values.push(number(cell).ok_or_else(|| {
                let name = columns.get(column).map_or_else(|| (column + 1).to_string(), |name| format!("'{name}'"));
                let found: String = cell.chars().take(60).collect();
                format!("line {line}, column {name} holds '{found}'; allowed: a number")
            })?);
        }
        n += 1;
        Ok(())
    })?;
    Ok(LabPoints { values: Numbers::F64(values), n, d, columns })
}

/// The numeric columns; a null is no number.
fn from_parquet(path: &Path) -> Result<LabPoints, LabError> {
    let bad = |problem: String| LabError::File { path: path.to_path_buf(), problem };
    let (reader, _) = open_parquet(path).map_err(|error| bad(error.to_string()))?;
    let (mut values, mut n, mut columns) = (Vec::new(), 0, Vec::new());
    for batch in reader {
        let batch = batch.map_err(|error| bad(error.to_string()))?;
        let schema = batch.schema();
        let numeric: Vec<usize> =
            (0..batch.num_columns()).filter(|&at| schema.field(at).data_type().is_numeric()).collect();
        columns = numeric.iter().map(|&at| schema.field(at).name().clone()).collect();
        let cells = numeric.iter().map(|&at| cast(batch.column(at), &DataType::Float64));
        let cells = cells.collect::<Result<Vec<_>, _>>().map_err(|error| bad(error.to_string()))?;
        for row in 0..batch.num_rows() {
            let cell = |column: &datafusion::arrow::array::ArrayRef| match column.is_valid(row) {
                true => column.as_primitive::<Float64Type>().value(row),
                false => f64::NAN,
            };
            values.extend(cells.iter().map(cell));
        }
        n += batch.num_rows();
    }
    if columns.is_empty() {
        return Err(bad("no column holds numbers".to_owned()));
    }
    Ok(LabPoints { values: Numbers::F64(values), n, d: columns.len(), columns })
}

/// An array to be written.
pub enum Out<'a> {
    I32(&'a [i32]),
    F64(&'a [f64]),
}

/// Writes NumPy's format. Shape: (n) if `d` is `None`, else (n, d).
pub fn write_npy(path: &Path, out: &Out, n: usize, d: Option<usize>) -> Result<(), LabError> {
    let kind = match out {
        Out::I32(_) => "<i4",
        Out::F64(_) => "<f8",
    };
    let shape = d.map_or_else(|| format!("({n},)"), |d| format!("({n}, {d})"));
    let mut header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}");
    // Data begin at a multiple of 64, after a line's end.
    let filled = (10 + header.len() + 1).next_multiple_of(64) - 11 - header.len();
    header.push_str(&" ".repeat(filled));
    header.push('\n');
    let write = || -> std::io::Result<()> {
        let mut file = BufWriter::new(File::create(path)?);
        file.write_all(MAGIC)?;
        file.write_all(&[1, 0])?;
        file.write_all(&(header.len() as u16).to_le_bytes())?;
        file.write_all(header.as_bytes())?;
        match out {
            Out::I32(values) => values.iter().try_for_each(|value| file.write_all(&value.to_le_bytes()))?,
            Out::F64(values) => values.iter().try_for_each(|value| file.write_all(&value.to_le_bytes()))?,
        }
        file.flush()
    };
    write().map_err(io_error(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_with_and_without_a_header() {
        let expected = LabPoints { values: Numbers::F64(vec![1.0, 2.5, -3.0, 4e2]), n: 2, d: 2, columns: Vec::new() };
        for text in ["1,2.5\n-3,4e2\n", "1\t2.5\r\n\r\n-3\t4e2", "1 2.5\n-3  4e2\n", "1;2.5\n-3;4e2"] {
            assert_eq!(from_text(text).unwrap(), expected, "{text}");
        }
        let named = from_text("\u{feff}\"a\",b\n1,2.5\n-3,4e2\n").unwrap();
        assert_eq!((named.columns, named.values), (vec!["a".to_owned(), "b".to_owned()], expected.values));
        let quoted = from_text("\"a, b\",c\n\"1\",2\n").unwrap();
        assert_eq!((quoted.columns, quoted.n), (vec!["a, b".to_owned(), "c".to_owned()], 1));
        let gap = from_text("a,b\n1,\n").unwrap();
        assert!(matches!(gap.values, Numbers::F64(values) if values[0] == 1.0 && values[1].is_nan()));
    }

    #[test]
    fn tables_of_texts_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "\u{feff}a,b\n\"x, \"\"y\"\"\",1\n,2\n").unwrap();
        let (columns, rows) = read_cells(&path).unwrap();
        assert_eq!(
            (columns, rows),
            (vec!["a".into(), "b".into()], vec![vec!["x, \"y\"".into(), "1".into()], vec!["".into(), "2".into()]])
        );
        std::fs::write(&path, "a,b\n1\n").unwrap();
        assert!(read_cells(&path).unwrap_err().to_string().contains("line 2 has 1 cells; allowed: 2"));
        // A quoted cell may hold separators and lines' ends; a quote within one is a character like any other.
        std::fs::write(&path, "a;b\r\n\"x;\r\ny\";15\" wide\r\n\r\n").unwrap();
        assert_eq!(read_cells(&path).unwrap().1, [["x;\r\ny", "15\" wide"]]);
        std::fs::write(&path, "\n").unwrap();
        assert!(read_cells(&path).unwrap_err().to_string().contains("the file is empty"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let said = |text: &str, part: &str| {
            let error = from_text(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        };
        said("", "empty");
        said("a,b\n1,x\n", "line 2, column 'b' holds 'x'");
        said("1,2\n3\n", "line 2 has 1 cells; allowed: 2");
        assert!(from_npy(b"PK\x03\x04").unwrap_err().contains("does not begin"));
        assert!(from_npy(b"\x93NUMPY\x01\x00\xff").unwrap_err().contains("ends within"));
    }

    #[test]
    fn npy_files_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        let values = [1.5, -2.0, f64::NAN, 4.0, 5.0, 6.0];
        write_npy(&path, &Out::F64(&values), 3, Some(2)).unwrap();
        let read = read_points(&path).unwrap();
        assert_eq!((read.n, read.d), (3, 2));
        assert!(matches!(read.values, Numbers::F64(read) if read.len() == 6 && read[0] == 1.5 && read[2].is_nan()));
        write_npy(&path, &Out::I32(&[1, 2]), 2, None).unwrap();
        assert!(read_points(&path).unwrap_err().to_string().contains("allowed: <f4, <f8"));
        let mut bytes = std::fs::read(&path).unwrap();
        assert_eq!((bytes.len() - 8) % 64, 0);
        bytes.truncate(bytes.len() - 1);
        let error = from_npy(&String::from_utf8_lossy(&bytes).replace("<i4", "<f4").into_bytes());
        assert!(error.is_err());
    }
}
