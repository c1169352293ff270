//! The writer an import uses: rows in, rejects in, one atomic change at the end. Dropped before `finish`, nothing
//! happened.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use datafusion::arrow::record_batch::RecordBatch;
use domain::TableSpec;
use serde::{Deserialize, Serialize};

use super::change::GRACE;
use super::manifest::{Manifest, SourceEntry};
use super::merge::merge;
use super::schema::schema;
use super::staging::{Staged, Staging};
use super::{FinishedParts, Job, PartsWriter, Tables, now_ms};
use crate::DataError;
use crate::files::{self, Step};

/// What is imported.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceTag {
    /// For people: a file name, `api`, `simulate` …
    pub name: String,
    /// Digest of the source's bytes and of how they are mapped, by which a second import is recognised. `None` for
    /// live changes.
    pub digest: Option<String>,
}

impl SourceTag {
    /// A file or the like, recognised by its digest.
    pub fn source(name: impl Into<String>, digest: impl Into<String>) -> Self {
        SourceTag { name: name.into(), digest: Some(digest.into()) }
    }

    /// Live changes, which are never a repetition.
    pub fn live(name: impl Into<String>) -> Self {
        SourceTag { name: name.into(), digest: None }
    }
}

/// What an import did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportReport {
    pub table: String,
    pub source: String,
    /// Kept and rejected rows together.
    pub rows_read: u64,
    pub rows_kept: u64,
    pub rows_rejected: u64,
    /// Rows of a keyed table, older or earlier in the same source, that a later row with the same key replaced.
    pub rows_replaced: u64,
    /// How many Parquet files were written.
    pub files: usize,
    pub bytes: u64,
    pub reject_path: Option<PathBuf>,
}

/// Longest raw text kept of a rejected row, in bytes.
const RAW_BYTES_MAX: usize = 4096;

pub struct TableWriter {
    tables: Tables,
    spec: &'static TableSpec,
    tag: SourceTag,
    // Before `job`: files are removed first, then the empty folder.
    sink: Sink,
    rejects: Option<Rejects>,
    rows_kept: u64,
    rows_rejected: u64,
    log_offsets: Option<(i64, i64)>,
    /// Whether what was there before goes.
    replaces_all: bool,
    job: Job,
}

/// Where rows go until `finish`.
enum Sink {
    /// Encoded for good: rows of a table without a key.
    Parts(PartsWriter),
    Staging(Staging),
}

enum Finished {
    Parts(FinishedParts),
    Staged(Staged),
}

struct Rejects {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Tables {
    /// Starts an import into `spec`. A source that was imported before is an [`DataError::AlreadyImported`]; for a
    /// keyed table only when nothing else was imported since, because then it would change nothing.
    pub fn writer(&self, spec: &'static TableSpec, tag: SourceTag) -> Result<TableWriter, DataError> {
        refuse_repetition(&self.manifest(spec)?, spec, &tag)?;
        let job = self.start_job(spec)?;
        let sink = match spec.key.is_empty() {
            true => Sink::Parts(self.parts_writer(spec, &job)),
            false => Sink::Staging(Staging::create(spec, &job.path, self.hook().clone())?),
        };
        Ok(TableWriter::new(self, spec, tag, sink, job))
    }

    /// As [`Tables::writer`]; when it finishes, the table holds its rows and no others. Rows must not repeat a key.
    pub fn replacing_writer(&self, spec: &'static TableSpec, source_name: &str) -> Result<TableWriter, DataError> {
        let job = self.start_job(spec)?;
        let sink = Sink::Parts(self.parts_writer(spec, &job));
        let tag = SourceTag::live(source_name);
        Ok(TableWriter { replaces_all: true, ..TableWriter::new(self, spec, tag, sink, job) })
    }
}

fn refuse_repetition(manifest: &Manifest, spec: &'static TableSpec, tag: &SourceTag) -> Result<(), DataError> {
    if tag.digest.is_none() {
        return Ok(());
    }
    let mut candidates = match spec.key.is_empty() {
        true => manifest.sources.iter(),
        false => manifest.sources[manifest.sources.len().saturating_sub(1)..].iter(),
    };
    match candidates.find(|source| source.digest == tag.digest) {
        None => Ok(()),
        Some(earlier) => Err(DataError::AlreadyImported {
            table: spec.name,
            source_name: tag.name.clone(),
            earlier_name: earlier.name.clone(),
            rows_kept: earlier.rows_kept,
        }),
    }
}

impl TableWriter {
    fn new(tables: &Tables, spec: &'static TableSpec, tag: SourceTag, sink: Sink, job: Job) -> Self {
        TableWriter {
            tables: tables.clone(),
            spec,
            tag,
            sink,
            rejects: None,
            rows_kept: 0,
            rows_rejected: 0,
            log_offsets: None,
            replaces_all: false,
            job,
        }
    }

    pub fn spec(&self) -> &'static TableSpec {
        self.spec
    }

    /// Adds rows. The batch must have the table's schema; fields in its order.
    pub fn write(&mut self, batch: RecordBatch) -> Result<(), DataError> {
        let batch = conform(self.spec, batch)?;
        self.rows_kept += batch.num_rows() as u64;
        match &mut self.sink {
            Sink::Parts(parts) => parts.write(&batch),
            Sink::Staging(staging) => staging.write(&batch),
        }
    }

    /// Records a row that was refused. Of `raw` the first 4096 bytes are kept.
    pub fn reject(&mut self, line_number: u64, reason: &str, raw: impl AsRef<[u8]>) -> Result<(), DataError> {
        self.rows_rejected += 1;
        let raw = raw.as_ref();
        let raw = String::from_utf8_lossy(&raw[..raw.len().min(RAW_BYTES_MAX)]);
        let rejects = match &mut self.rejects {
            Some(rejects) => rejects,
            None => self.rejects.insert(Rejects::create(&self.job)?),
        };
        writeln!(rejects.file, "{line_number},{},{}", quoted(reason), quoted(&raw))
            .map_err(DataError::io(&rejects.path, "write a rejected row"))
    }

    /// Notes that these rows are the state store's events after `before` up to `after`; see `flush`.
    pub(crate) fn set_log_offset(&mut self, before: i64, after: i64) {
        self.log_offsets = Some((before, after));
    }

    /// Makes the rows part of the table, all at once, durably.
    pub fn finish(self) -> Result<ImportReport, DataError> {
        let TableWriter { tables, spec, tag, sink, rejects, rows_kept, rows_rejected, log_offsets, replaces_all, job } =
            self;
        let sink = match sink {
            Sink::Parts(parts) => Finished::Parts(parts.finish()?),
            Sink::Staging(staging) => Finished::Staged(staging.finish()?),
        };
        let guard = tables.commit_guard(spec);
        let mut manifest = tables.manifest(spec)?;
        refuse_repetition(&manifest, spec, &tag)?;
        // Before a merge, which moves the rows to another job's folder: this one is removed when empty.
        let rejects = rejects.map(|rejects| rejects.publish(&tables, spec, &job)).transpose()?;
        let change = match sink {
            Finished::Parts(added) if replaces_all => {
                let removed = manifest.files.iter().map(|file| file.path.clone()).collect();
                Change { added, removed, n_replaced: manifest.n_rows() }
            }
            Finished::Parts(added) => Change { added, removed: Vec::new(), n_replaced: 0 },
            Finished::Staged(staged) => merge(&tables, spec, &manifest, staged)?,
        };
        let folder = tables.folder(spec);
        let report = ImportReport {
            table: spec.name.to_owned(),
            source: tag.name.clone(),
            rows_read: rows_kept + rows_rejected,
            rows_kept,
            rows_rejected,
            rows_replaced: change.n_replaced,
            files: change.added.files.len(),
            bytes: change.added.files.iter().map(|file| file.n_bytes).sum(),
            reject_path: rejects.as_ref().map(|name| folder.join(name)),
        };
        note_source(&mut manifest, &tag, &job, &report, rejects);
        if let Some((before, after)) = log_offsets {
            assert_eq!(manifest.log_offset, before, "two flushes ran at once");
            manifest.log_offset = after;
        }
        tables.commit(spec, manifest, change)?;
        drop(guard);
        if replaces_all {
            tables.collect_garbage(GRACE)?;
        }
        Ok(report)
    }
}

/// What a job does to a table's files.
pub(crate) struct Change {
    pub(crate) added: FinishedParts,
    /// Paths of files that are no longer part of the table.
    pub(crate) removed: Vec<String>,
    pub(crate) n_replaced: u64,
}

impl Tables {
    /// Replaces the manifest; the caller holds the table's commit guard and `manifest` is the current one.
    pub(crate) fn commit(
        &self,
        spec: &'static TableSpec,
        mut manifest: Manifest,
        change: Change,
    ) -> Result<(), DataError> {
        let folder = self.folder(spec);
        files::sync_folder(&folder)?;
        manifest.files.retain(|file| !change.removed.contains(&file.path));
        manifest.files.extend(change.added.files.iter().cloned());
        manifest.generation += 1;
        manifest.updated_at = now_ms();
        manifest.schema = Manifest::empty(spec).schema;
        match manifest.write(&folder, self.hook()) {
            // Renamed but perhaps not synced: the files may be in use and must stay.
            Err(error) if self.manifest(spec).is_ok_and(|now| now.generation == manifest.generation) => {
                change.added.adopt();
                Err(error)
            }
            Err(error) => Err(error),
            Ok(()) => {
                change.added.adopt();
                Ok(())
            }
        }
    }
}

fn note_source(manifest: &mut Manifest, tag: &SourceTag, job: &Job, report: &ImportReport, rejects: Option<String>) {
    // Live changes would make the manifest grow without end and can never be recognised again; one entry stands for
    // all of the same name.
    if tag.digest.is_none() {
        manifest.sources.retain(|source| source.digest.is_some() || source.name != tag.name);
    }
    manifest.sources.push(SourceEntry {
        name: tag.name.clone(),
        digest: tag.digest.clone(),
        job: job.name.clone(),
        imported_at: now_ms(),
        rows_read: report.rows_read,
        rows_kept: report.rows_kept,
        rows_rejected: report.rows_rejected,
        rows_replaced: report.rows_replaced,
        rejects,
    });
}

/// Notes rows that the product made itself.
pub(crate) fn note_live(manifest: &mut Manifest, name: &str, job: &Job, n_rows: u64, n_replaced: u64) {
    let report = ImportReport {
        table: String::new(),
        source: name.to_owned(),
        rows_read: n_rows,
        rows_kept: n_rows,
        rows_rejected: 0,
        rows_replaced: n_replaced,
        files: 0,
        bytes: 0,
        reject_path: None,
    };
    note_source(manifest, &SourceTag::live(name), job, &report, None);
}

impl Rejects {
    fn create(job: &Job) -> Result<Self, DataError> {
        let path = job.path.join("rejects.csv");
        let file = File::create_new(&path).map_err(DataError::io(&path, "create the file of rejects"))?;
        let mut file = BufWriter::new(file);
        writeln!(file, "line_number,reason,raw").map_err(DataError::io(&path, "write the file of rejects"))?;
        Ok(Rejects { path, file })
    }

    /// Moves the file to its lasting place; its name relative to the table's folder.
    fn publish(self, tables: &Tables, spec: &TableSpec, job: &Job) -> Result<String, DataError> {
        let doing = "publish the file of rejects";
        let file = self.file.into_inner().map_err(|error| DataError::io(&self.path, doing)(error.into_error()))?;
        (tables.hook())(Step::PublishRejects)
            .and_then(|()| file.sync_all())
            .map_err(DataError::io(&self.path, doing))?;
        let folder = tables.folder(spec).join("rejects");
        fs::create_dir_all(&folder).map_err(DataError::io(&folder, doing))?;
        let name = format!("rejects/{}.csv", job.name);
        let path = tables.folder(spec).join(&name);
        fs::rename(&self.path, &path).map_err(DataError::io(&path, doing))?;
        files::sync_folder(&folder)?;
        Ok(name)
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// The batch with exactly the table's schema, or what is wrong with it.
fn conform(spec: &'static TableSpec, batch: RecordBatch) -> Result<RecordBatch, DataError> {
    let schema = schema(spec);
    let found = batch.schema();
    if found == schema {
        return Ok(batch);
    }
    let wrong = |found: String, allowed: String| DataError::Batch { table: spec.name, found, allowed };
    if found.fields().len() != schema.fields().len() {
        let n = schema.fields().len();
        return Err(wrong(format!("a batch has {} columns", found.fields().len()), format!("the table has {n}")));
    }
    for (has, wants) in found.fields().iter().zip(schema.fields()) {
        if has.name() != wants.name() || has.data_type() != wants.data_type() {
            return Err(wrong(
                format!("a batch has the column {}: {}", has.name(), has.data_type()),
                format!("in its place stands {}: {}", wants.name(), wants.data_type()),
            ));
        }
    }
    RecordBatch::try_new(schema, batch.columns().to_vec())
        .map_err(|error| wrong(error.to_string(), "required columns admit no null".to_owned()))
}
