//! Changes other than imports: rows upserted or deleted one by one, erasure of a customer, compaction, and collection
//! of files nobody names.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use datafusion::arrow::array::AsArray;
use domain::{Delivery, Order, TableSpec};

use super::manifest::{FileEntry, Manifest};
use super::merge::{SMALL_FILE_ROWS, filtered};
use super::rows::Row;
use super::writer::{Change, note_live};
use super::{ImportReport, PartsWriter, SourceTag, Tables, read};
use crate::DataError;
use crate::files::Step;

/// Files with fewer rows than this are joined by a compaction.
const COMPACT_BELOW_ROWS: u64 = 1 << 20;
/// Rows encoded at a time.
const BLOCK_ROWS: usize = 1 << 16;

/// What a collection removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    pub n_files: u64,
    pub n_bytes: u64,
}

impl Tables {
    /// Adds rows or, in a keyed table, replaces those with the same key. Durable when it returns.
    pub fn upsert<R: Row>(&self, rows: &[R], source_name: &str) -> Result<ImportReport, DataError> {
        let mut writer = self.writer(R::spec(), SourceTag::live(source_name))?;
        writer.write(R::to_batch(rows)?)?;
        let report = writer.finish()?;
        self.collect_garbage(GRACE)?;
        Ok(report)
    }

    /// Deletes the rows whose text column `column` is one of `values`; how many there were. The files that held them
    /// are removed at once.
    pub fn delete_where(
        &self,
        spec: &'static TableSpec,
        column: &str,
        values: &BTreeSet<String>,
    ) -> Result<u64, DataError> {
        let guard = self.commit_guard(spec);
        let manifest = self.manifest(spec)?;
        let folder = self.folder(spec);
        let mut affected = Vec::new();
        for file in &manifest.files {
            if holds(&folder, spec, file, column, values)? {
                affected.push(file.clone());
            }
        }
        if affected.is_empty() {
            return Ok(0);
        }
        let change = self.rewrite(spec, &affected, column, values)?;
        let (n_deleted, removed) = (change.n_replaced, change.removed.clone());
        self.commit(spec, manifest, change)?;
        drop(guard);
        self.remove_files(&folder, &removed)?;
        Ok(n_deleted)
    }

    /// Puts `rows` in the place of those whose text column `column` is `value`, as one change: a reader sees the rows before or
    /// the rows after, never neither. How many there were. The new rows must have that value, and no key twice.
    pub fn replace_where<R: Row>(
        &self,
        column: &str,
        value: &str,
        rows: impl IntoIterator<Item = R>,
        source_name: &str,
    ) -> Result<u64, DataError> {
        let (spec, values) = (R::spec(), BTreeSet::from([value.to_owned()]));
        let guard = self.commit_guard(spec);
        let mut manifest = self.manifest(spec)?;
        let folder = self.folder(spec);
        let mut affected = Vec::new();
        for file in &manifest.files {
            if file.n_rows < SMALL_FILE_ROWS || holds(&folder, spec, file, column, &values)? {
                affected.push(file.clone());
            }
        }
        let job = self.start_job(spec)?;
        let mut parts = self.parts_writer(spec, &job);
        let n_replaced = self.copy_without(spec, &affected, column, &values, &mut parts)?;
        let mut rows = rows.into_iter();
        let mut n_rows = 0;
        loop {
            let block: Vec<R> = rows.by_ref().take(BLOCK_ROWS).collect();
            if block.is_empty() {
                break;
            }
            n_rows += block.len() as u64;
            parts.write(&R::to_batch(&block)?)?;
        }
        let removed = affected.iter().map(|file| file.path.clone()).collect();
        let change = Change { added: parts.finish()?, removed, n_replaced };
        note_live(&mut manifest, source_name, &job, n_rows, n_replaced);
        self.commit(spec, manifest, change)?;
        drop(guard);
        // Whoever reads the state before has time to finish.
        self.collect_garbage(GRACE)?;
        Ok(n_replaced)
    }

    /// Removes every row of every table that names this customer or one of the customer's orders, and the raw text of rejected rows that contain the
    /// name; how many rows there were.
    pub fn delete_where_customer(&self, customer_id: &str) -> Result<u64, DataError> {
        self.lock().hold()?;
        let values = BTreeSet::from([customer_id.to_owned()]);
        let orders = self.orders_of(customer_id)?;
        let mut n_deleted = self.delete_where(Delivery::spec(), "order_id", &orders)?;
        for spec in domain::table::ALL.iter().filter(|spec| spec.column("customer_id").is_some()) {
            n_deleted += self.delete_where(spec, "customer_id", &values)?;
        }
        for spec in domain::table::ALL {
            redact_rejects(&self.folder(spec).join("rejects"), customer_id)?;
        }
        // Files replaced earlier but kept for readers may still hold the rows.
        self.collect_garbage(Duration::ZERO)?;
        Ok(n_deleted)
    }

    /// The ids of a customer's orders.
    fn orders_of(&self, customer_id: &str) -> Result<BTreeSet<String>, DataError> {
        let (spec, mut found) = (Order::spec(), BTreeSet::new());
        for file in &self.manifest(spec)?.files {
            for batch in read::batches(&self.folder(spec), spec, file, Some(&["order_id", "customer_id"]))? {
                let batch = batch?;
                let (orders, customers) = (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
                let own = orders.iter().zip(customers).filter(|(_, customer)| *customer == Some(customer_id));
                found.extend(own.filter_map(|(order, _)| order.map(str::to_owned)));
            }
        }
        Ok(found)
    }

    /// Writes `files` anew without the rows to delete.
    fn rewrite(
        &self,
        spec: &'static TableSpec,
        files: &[FileEntry],
        column: &str,
        values: &BTreeSet<String>,
    ) -> Result<Change, DataError> {
        let job = self.start_job(spec)?;
        let mut parts = self.parts_writer(spec, &job);
        let n_replaced = self.copy_without(spec, files, column, values, &mut parts)?;
        Ok(Change { added: parts.finish()?, removed: files.iter().map(|file| file.path.clone()).collect(), n_replaced })
    }

    /// Copies `files` without the rows whose `column` is one of `values`; how many those were.
    fn copy_without(
        &self,
        spec: &'static TableSpec,
        files: &[FileEntry],
        column: &str,
        values: &BTreeSet<String>,
        parts: &mut PartsWriter,
    ) -> Result<u64, DataError> {
        let folder = self.folder(spec);
        let mut n_left_out = 0;
        for file in files {
            for batch in read::batches(&folder, spec, file, None)? {
                let batch = batch?;
                let keep: Vec<bool> = match batch.column_by_name(column) {
                    Some(cells) => cells.as_string::<i32>().iter().map(|cell| !is_one_of(cell, values)).collect(),
                    None => vec![true; batch.num_rows()],
                };
                n_left_out += keep.iter().filter(|keep| !**keep).count() as u64;
                parts.write(&filtered(&batch, keep)?)?;
            }
        }
        Ok(n_left_out)
    }

    /// Joins the small files of each month into one; how many files became fewer.
    pub fn compact(&self, spec: &'static TableSpec) -> Result<usize, DataError> {
        let guard = self.commit_guard(spec);
        let manifest = self.manifest(spec)?;
        let small = small_files(&manifest);
        if small.is_empty() {
            return Ok(0);
        }
        let nobody = BTreeSet::new();
        let change = self.rewrite(spec, &small, "", &nobody)?;
        let n_fewer = change.removed.len().saturating_sub(change.added.files.len());
        self.commit(spec, manifest, change)?;
        drop(guard);
        self.collect_garbage(GRACE)?;
        Ok(n_fewer)
    }

    /// Removes files that no manifest names and that were last written longer than `grace` ago; a reader that still
    /// has the earlier manifest has that long to open them.
    pub fn collect_garbage(&self, grace: Duration) -> Result<Collected, DataError> {
        self.lock().hold()?;
        let mut collected = Collected::default();
        for spec in domain::table::ALL {
            let _guard = self.commit_guard(spec);
            let orphans = self.orphans(spec)?;
            let old = orphans.into_iter().filter(|path| age(path).is_none_or(|age| age >= grace));
            for path in old.collect::<Vec<_>>() {
                collected.n_bytes += fs::metadata(&path).map_or(0, |metadata| metadata.len());
                collected.n_files += 1;
                self.remove(&path)?;
            }
        }
        Ok(collected)
    }

    /// Files in the folders of jobs that the manifest does not name, apart from jobs under way in this process.
    pub(crate) fn orphans(&self, spec: &'static TableSpec) -> Result<Vec<PathBuf>, DataError> {
        let folder = self.folder(spec);
        let manifest = self.manifest(spec)?;
        let named: BTreeSet<PathBuf> = manifest.files.iter().map(|file| folder.join(&file.path)).collect();
        let mut orphans = Vec::new();
        for job in list(&folder)? {
            let is_job = job.file_name().is_some_and(|name| name.to_string_lossy().starts_with("job-"));
            if is_job && job.is_dir() && !self.live_jobs().contains(&job) {
                orphans.extend(list(&job)?.into_iter().filter(|file| !named.contains(file)));
            }
        }
        let rejects: BTreeSet<PathBuf> = manifest
            .sources
            .iter()
            .filter_map(|source| source.rejects.as_ref())
            .map(|name| folder.join(name))
            .collect();
        let live: BTreeSet<String> = self.live_jobs().iter().filter_map(|job| stem(job)).collect();
        let unnamed = |file: &PathBuf| !rejects.contains(file) && !stem(file).is_some_and(|stem| live.contains(&stem));
        orphans.extend(list(&folder.join("rejects"))?.into_iter().filter(unnamed));
        Ok(orphans)
    }

    fn remove_files(&self, folder: &Path, names: &[String]) -> Result<(), DataError> {
        names.iter().try_for_each(|name| self.remove(&folder.join(name)))
    }

    fn remove(&self, path: &Path) -> Result<(), DataError> {
        (self.hook())(Step::RemoveOld)
            .and_then(|()| fs::remove_file(path))
            .map_err(DataError::io(path, "remove a file that is no longer used"))?;
        // The folder goes with its last file.
        let _ = path.parent().map(fs::remove_dir);
        Ok(())
    }
}

/// How long files that are no longer used are kept for readers that still know them.
pub(crate) const GRACE: Duration = Duration::from_secs(15 * 60);

fn stem(path: &Path) -> Option<String> {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned())
}

fn age(path: &Path) -> Option<Duration> {
    fs::metadata(path).ok()?.modified().ok()?.elapsed().ok()
}

/// The folder's entries in order; none when there is no folder.
fn list(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(Vec::new()) };
    let entries = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<_> = entries.collect::<Result<_, _>>().map_err(DataError::io(folder, "list the folder"))?;
    paths.sort();
    Ok(paths)
}

fn is_one_of(cell: Option<&str>, values: &BTreeSet<String>) -> bool {
    cell.is_some_and(|cell| values.contains(cell))
}

fn holds(
    folder: &Path,
    spec: &'static TableSpec,
    file: &FileEntry,
    column: &str,
    values: &BTreeSet<String>,
) -> Result<bool, DataError> {
    for batch in read::batches(folder, spec, file, Some(&[column]))? {
        let batch = batch?;
        if batch.column(0).as_string::<i32>().iter().any(|cell| is_one_of(cell, values)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The files worth joining: small ones that share a month with another small one.
fn small_files(manifest: &Manifest) -> Vec<FileEntry> {
    let small: Vec<_> = manifest.files.iter().filter(|file| file.n_rows < COMPACT_BELOW_ROWS).collect();
    let has_company = |file: &FileEntry| small.iter().filter(|other| other.month == file.month).take(2).count() == 2;
    small.iter().filter(|file| has_company(file)).map(|file| (*file).clone()).collect()
}

/// Blanks the lines of rejected rows that contain `text`.
fn redact_rejects(folder: &Path, text: &str) -> Result<(), DataError> {
    for path in list(folder)? {
        let content = fs::read_to_string(&path).map_err(DataError::io(&path, "read the rejects"))?;
        if !content.contains(text) {
            continue;
        }
        let redacted: String = content
            .split_inclusive('\n')
            .map(|line| if line.contains(text) { "0,\"erased\",\"\"\n" } else { line })
            .collect();
        crate::files::replace(&path, redacted.as_bytes(), &crate::files::no_hook())?;
    }
    Ok(())
}
