//! The new rows of a keyed table until it is known which of them stay: one file of Arrow's stream format in the job's
//! folder, removed when dropped. Rows are encoded for good only once, by the merge; this is written and read about as
//! fast as memory is copied, and memory does not grow with the import.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};

use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::arrow::record_batch::RecordBatch;
use domain::TableSpec;

use super::schema::schema;
use crate::DataError;
use crate::files::{Hook, Step};

const NAME: &str = "staged.arrow";
const BUFFER_BYTES: usize = 256 << 10;

pub(crate) struct Staging {
    spec: &'static TableSpec,
    file: StagedFile,
    hook: Hook,
    writer: StreamWriter<BufWriter<File>>,
    n_rows: u64,
}

impl Staging {
    /// Begins the file in `folder`, which must exist.
    pub(crate) fn create(spec: &'static TableSpec, folder: &Path, hook: Hook) -> Result<Staging, DataError> {
        let path = folder.join(NAME);
        let doing = "create the file of new rows";
        hook(Step::StageRows).map_err(DataError::io(&path, doing))?;
        let file = File::create_new(&path).map_err(DataError::io(&path, doing))?;
        let guard = StagedFile(path);
        let writer = StreamWriter::try_new(BufWriter::with_capacity(BUFFER_BYTES, file), &schema(spec))
            .map_err(|error| failed(&guard.0, error, doing))?;
        Ok(Staging { spec, file: guard, hook, writer, n_rows: 0 })
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), DataError> {
        let doing = "write new rows";
        (self.hook)(Step::StageRows).map_err(DataError::io(&self.file.0, doing))?;
        self.n_rows += batch.num_rows() as u64;
        self.writer.write(batch).map_err(|error| failed(&self.file.0, error, doing))
    }

    /// Ends the file. It is not synced: what a crash leaves of it belongs to nobody.
    pub(crate) fn finish(self) -> Result<Staged, DataError> {
        let Staging { spec, file, writer, n_rows, .. } = self;
        let doing = "finish the file of new rows";
        // Writes the end of the stream and what is still buffered.
        let buffered = writer.into_inner().map_err(|error| failed(&file.0, error, doing))?;
        buffered.into_inner().map_err(|error| DataError::io(&file.0, doing)(error.into_error()))?;
        Ok(Staged { spec, file, n_rows })
    }
}

/// All new rows of an import.
pub(crate) struct Staged {
    spec: &'static TableSpec,
    file: StagedFile,
    pub(crate) n_rows: u64,
}

impl Staged {
    /// The rows in the order they came, with only `columns` (in the table's order) when given.
    pub(crate) fn batches(
        &self,
        columns: Option<&[&str]>,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, DataError>> + use<>, DataError> {
        let path = self.file.0.clone();
        let doing = "read new rows";
        let opened = File::open(&path).map_err(DataError::io(&path, doing))?;
        let schema = schema(self.spec);
        let projection = columns.map(|names| {
            let mut places: Vec<usize> =
                names.iter().map(|name| schema.index_of(name).expect("a column of the table")).collect();
            places.sort_unstable();
            places
        });
        let reader = StreamReader::try_new(BufReader::with_capacity(BUFFER_BYTES, opened), projection)
            .map_err(|error| failed(&path, error, doing))?;
        Ok(reader.map(move |batch| batch.map_err(|error| failed(&path, error, doing))))
    }
}

/// The file's path; dropping it removes the file.
struct StagedFile(PathBuf);

impl Drop for StagedFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn failed(path: &Path, error: ArrowError, doing: &'static str) -> DataError {
    match error {
        ArrowError::IoError(_, error) => DataError::io(path, doing)(error),
        other => DataError::arrow(other),
    }
}
