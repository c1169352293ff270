//! The shop's tables on disk: Parquet files named by an atomic manifest.
//!
//! ```text
//! tables/<table>/manifest.json            which files are the table; replaced by rename
//! tables/<table>/<job>/<month>-NNNN.parquet   written once, never changed
//! tables/<table>/rejects/<job>.csv        rows an import refused: line number, reason, raw text
//! ```
//!
//! A job (import, merge, compaction, erasure) writes a new folder, syncs it, then replaces the manifest. A crash at
//! any point leaves the previous manifest and its files; folders that no manifest names are collected later.

mod change;
pub mod manifest;
mod merge;
pub(crate) mod parts;
pub(crate) mod read;
mod rows;
pub mod schema;
mod staging;
mod writer;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use domain::TableSpec;

use crate::DataError;
use crate::files::{Hook, Step};
use crate::shop::{WriteLock, create_private_folder};

pub use self::change::Collected;
pub(crate) use self::change::GRACE;
pub use self::manifest::{FileEntry, Manifest, SourceEntry};
pub use self::parts::PartLimits;
pub(crate) use self::parts::{FinishedParts, PartsWriter};
pub use self::rows::Row;
pub use self::schema::schema;
pub use self::writer::{ImportReport, SourceTag, TableWriter};

/// All tables of one shop. Cheap to clone.
#[derive(Clone)]
pub struct Tables {
    inner: Arc<Inner>,
}

struct Inner {
    root: PathBuf,
    lock: Arc<WriteLock>,
    hook: Hook,
    limits: PartLimits,
    /// One per table, in the order of `domain::table::ALL`: held while a manifest is read, changed and replaced.
    commits: Vec<Mutex<()>>,
    /// Folders being written by this process, which must not be collected.
    live_jobs: Mutex<BTreeSet<PathBuf>>,
}

impl Tables {
    pub(crate) fn new(root: PathBuf, lock: Arc<WriteLock>, hook: Hook, limits: PartLimits) -> Self {
        let commits = domain::table::ALL.iter().map(|_| Mutex::new(())).collect();
        let live_jobs = Mutex::new(BTreeSet::new());
        Tables { inner: Arc::new(Inner { root, lock, hook, limits, commits, live_jobs }) }
    }

    /// The folder of one table.
    pub fn folder(&self, spec: &TableSpec) -> PathBuf {
        self.inner.root.join(spec.name)
    }

    /// The table as it is now.
    pub fn manifest(&self, spec: &'static TableSpec) -> Result<Manifest, DataError> {
        Manifest::read(&self.folder(spec), spec)
    }

    /// The table called `name`, or an error that lists the tables.
    pub fn spec(name: &str) -> Result<&'static TableSpec, DataError> {
        TableSpec::named(name).ok_or_else(|| DataError::UnknownTable {
            found: name.to_owned(),
            allowed: domain::table::ALL.iter().map(|table| table.name).collect::<Vec<_>>().join(", "),
        })
    }

    pub(crate) fn lock_handle(&self) -> Arc<WriteLock> {
        self.inner.lock.clone()
    }

    pub(crate) fn lock(&self) -> &WriteLock {
        &self.inner.lock
    }

    pub(crate) fn hook(&self) -> &Hook {
        &self.inner.hook
    }

    pub(crate) fn limits(&self) -> &PartLimits {
        &self.inner.limits
    }

    /// Held from reading a manifest to replacing it, so that two jobs of this process do not lose each other's change.
    fn commit_guard(&self, spec: &TableSpec) -> MutexGuard<'_, ()> {
        let at = domain::table::ALL.iter().position(|table| table.name == spec.name).expect("every table is listed");
        self.inner.commits[at].lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Creates the folder of a new job.
    fn start_job(&self, spec: &'static TableSpec) -> Result<Job, DataError> {
        self.lock().hold()?;
        let folder = self.folder(spec);
        create_private_folder(&folder)?;
        (self.hook())(Step::CreateJob).map_err(DataError::io(&folder, "create the job's folder"))?;
        let mut number = next_job_number(&folder)?;
        loop {
            let name = format!("job-{number:06}");
            let path = folder.join(&name);
            // Registered first, so that no collection can see the folder unregistered.
            if self.live_jobs().insert(path.clone()) {
                match fs::create_dir(&path) {
                    Ok(()) => return Ok(Job { tables: self.clone(), name, path }),
                    Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                    Err(error) => {
                        self.live_jobs().remove(&path);
                        return Err(DataError::io(&path, "create the job's folder")(error));
                    }
                }
                self.live_jobs().remove(&path);
            }
            number += 1;
        }
    }

    fn live_jobs(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.inner.live_jobs.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn parts_writer(&self, spec: &'static TableSpec, job: &Job) -> PartsWriter {
        PartsWriter::new(spec, &self.folder(spec), job.name.clone(), self.limits().clone(), self.hook().clone())
    }
}

/// A job's folder, shielded from collection while the job runs.
pub(crate) struct Job {
    tables: Tables,
    name: String,
    path: PathBuf,
}

impl Drop for Job {
    fn drop(&mut self) {
        self.tables.live_jobs().remove(&self.path);
        // Only an empty folder goes; one with files belongs to a manifest or is removed by its writer.
        let _ = fs::remove_dir(&self.path);
    }
}

/// One more than the largest number in use by a folder or a file of rejects.
fn next_job_number(folder: &Path) -> Result<u64, DataError> {
    let mut largest = 0;
    for folder in [folder.to_owned(), folder.join("rejects")] {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let name = entry.map_err(DataError::io(&folder, "list the folder"))?.file_name();
            let name = name.to_string_lossy();
            let number = name.strip_prefix("job-").and_then(|rest| rest.split('.').next()?.parse::<u64>().ok());
            largest = largest.max(number.unwrap_or(0));
        }
    }
    Ok(largest + 1)
}

/// Milliseconds since 1970; for the record of when something was written, never for a result.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}
