//! Reads a table's files directly, batch by batch, without the engine: for merges, erasure and the extraction of
//! interactions. A file written before its table had a column is read as if that were empty in every row.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatchOptions, new_null_array};
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
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
    let doing = "read the file's footer";
    // Our own schema is given, so that files do not need the embedded one.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let footer = ArrowReaderMetadata::load(&opened, options).map_err(DataError::parquet(&path, doing))?;
    let stored = stored_schema(spec, &footer);
    let options = ArrowReaderOptions::new().with_schema(stored.clone());
    let footer =
        ArrowReaderMetadata::try_new(footer.metadata().clone(), options).map_err(DataError::parquet(&path, doing))?;
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(opened, footer);
    let wanted = wanted_schema(spec, columns);
    let roots: Vec<usize> = wanted.fields().iter().filter_map(|field| stored.index_of(field.name()).ok()).collect();
    let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
    let reader = builder
        .with_projection(mask)
        .with_batch_size(BATCH_ROWS)
        .build()
        .map_err(DataError::parquet(&path, "read the file"))?;
    Ok(reader.map(move |batch| {
        batch
            .and_then(|batch| widened(batch, &wanted))
            .map_err(|error| DataError::Parquet { path: path.clone(), message: format!("cannot read rows: {error}") })
    }))
}

/// The table's schema as the file has it: without the optional columns that came later.
fn stored_schema(spec: &'static TableSpec, footer: &ArrowReaderMetadata) -> SchemaRef {
    let all = schema(spec);
    let has = |name: &str| footer.schema().index_of(name).is_ok();
    let fields = all.fields().iter().filter(|field| !field.is_nullable() || has(field.name())).cloned();
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn wanted_schema(spec: &'static TableSpec, columns: Option<&[&str]>) -> SchemaRef {
    let all = schema(spec);
    let Some(names) = columns else { return all };
    let fields = all.fields().iter().filter(|field| names.contains(&field.name().as_str())).cloned();
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The batch with empty columns where the file has none.
fn widened(batch: RecordBatch, wanted: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    if batch.num_columns() == wanted.fields().len() {
        return Ok(batch);
    }
    let column = |name: &str| batch.column_by_name(name).cloned();
    let columns: Vec<ArrayRef> = wanted
        .fields()
        .iter()
        .map(|field| column(field.name()).unwrap_or_else(|| new_null_array(field.data_type(), batch.num_rows())))
        .collect();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(wanted.clone(), columns, &options)
}
