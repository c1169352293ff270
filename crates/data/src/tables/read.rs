//! Reads a table's files directly, batch by batch, without the engine: for merges, erasure and the extraction of
//! interactions.

use std::fs::File;
use std::path::Path;

use datafusion::arrow::record_batch::RecordBatch;
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use domain::TableSpec;

use super::manifest::FileEntry;
use super::schema::schema;
use crate::DataError;

const BATCH_ROWS: usize = 8192;

/// The batches of one file, in the order of its rows, with only `columns` (in the table's order) when given.
pub(crate) fn batches(
    folder: &Path,
    spec: &'static TableSpec,
    file: &FileEntry,
    columns: Option<&[&str]>,
) -> Result<impl Iterator<Item = Result<RecordBatch, DataError>> + use<>, DataError> {
    let path = folder.join(&file.path);
    let opened = File::open(&path).map_err(DataError::io(&path, "open the file"))?;
    // Our own schema is given, so that files do not need the embedded one.
    let options = ArrowReaderOptions::new().with_schema(schema(spec));
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(opened, options)
        .map_err(DataError::parquet(&path, "read the file's footer"))?;
    let mask = match columns {
        Some(names) => {
            let roots = names.iter().map(|name| schema(spec).index_of(name).expect("a column of the table"));
            ProjectionMask::roots(builder.parquet_schema(), roots)
        }
        None => ProjectionMask::all(),
    };
    let reader = builder
        .with_projection(mask)
        .with_batch_size(BATCH_ROWS)
        .build()
        .map_err(DataError::parquet(&path, "read the file"))?;
    Ok(reader.map(move |batch| {
        batch.map_err(|error| DataError::Parquet { path: path.clone(), message: format!("cannot read rows: {error}") })
    }))
}
