//! Results as Parquet files outside the shop's tables: for people and programs that take them away.

use std::fs::File;
use std::path::{Path, PathBuf};

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::parquet::arrow::ArrowWriter;

use crate::DataError;
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
