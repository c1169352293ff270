//! Results as Parquet and CSV files outside the shop's tables: for people and programs that take them away.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use datafusion::arrow::array::Array;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::parquet::arrow::ArrowWriter;

use crate::DataError;
use crate::engine::show::json_value;
use crate::tables::parts::properties;

/// A Parquet file being written; complete only after [`ParquetFile::finish`].
pub struct ParquetFile {
    path: PathBuf,
    writer: ArrowWriter<File>,
}

impl ParquetFile {
    pub fn create(path: &Path, schema: SchemaRef) -> Result<ParquetFile, DataError> {
        let file = File::create(path).map_err(DataError::io(path, "create the file"))?;
        let writer = ArrowWriter::try_new(file, schema, Some(properties()));
        let writer = writer.map_err(DataError::parquet(path, "start the file"))?;
        Ok(ParquetFile { path: path.to_owned(), writer })
    }

    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), DataError> {
        self.writer.write(batch).map_err(DataError::parquet(&self.path, "write rows"))
    }

    pub fn finish(self) -> Result<(), DataError> {
        self.writer.close().map_err(DataError::parquet(&self.path, "close the file"))?;
        Ok(())
    }
}

/// A CSV file being written: a header, times in UTC, nothing for null, lists and maps as JSON.
pub struct CsvFile {
    path: PathBuf,
    file: BufWriter<File>,
}

impl CsvFile {
    pub fn create(path: &Path, schema: SchemaRef) -> Result<CsvFile, DataError> {
        let file = File::create(path).map_err(DataError::io(path, "create the file"))?;
        let mut made = CsvFile { path: path.to_owned(), file: BufWriter::new(file) };
        let names: Vec<_> = schema.fields().iter().map(|field| csv_field(field.name())).collect();
        made.write_text(&format!("{}\n", names.join(",")))?;
        Ok(made)
    }

    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), DataError> {
        self.write_text(&csv_rows(batch)?)
    }

    pub fn finish(mut self) -> Result<(), DataError> {
        self.file.flush().map_err(DataError::io(&self.path, "write rows"))
    }

    fn write_text(&mut self, text: &str) -> Result<(), DataError> {
        self.file.write_all(text.as_bytes()).map_err(DataError::io(&self.path, "write rows"))
    }
}

fn csv_rows(batch: &RecordBatch) -> Result<String, DataError> {
    let options = FormatOptions::default();
    let mut formatters = Vec::with_capacity(batch.num_columns());
    for column in batch.columns() {
        formatters.push(ArrayFormatter::try_new(column.as_ref(), &options).map_err(DataError::arrow)?);
    }
    let mut text = String::new();
    for row in 0..batch.num_rows() {
        for (at, (column, formatter)) in batch.columns().iter().zip(&formatters).enumerate() {
            let cell = match column.data_type() {
                _ if column.is_null(row) => String::new(),
                DataType::List(_) | DataType::Map(_, _) => json_value(column, row)?.to_string(),
                _ => formatter.value(row).to_string(),
            };
            text.push_str(if at > 0 { "," } else { "" });
            text.push_str(&csv_field(&cell));
        }
        text.push('\n');
    }
    Ok(text)
}

/// A field of a CSV row, quoted where it must be.
pub fn csv_field(text: &str) -> Cow<'_, str> {
    match text.contains([',', '"', '\n', '\r']) {
        true => Cow::Owned(format!("\"{}\"", text.replace('"', "\"\""))),
        false => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::csv_field;

    #[test]
    fn fields_are_quoted_when_they_must_be() {
        for (text, field) in
            [("a b", "a b"), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("a\nb", "\"a\nb\""), ("", "")]
        {
            assert_eq!(csv_field(text), field);
        }
    }
}
