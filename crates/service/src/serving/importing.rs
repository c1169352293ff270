//! Files imported while the shop is served: taken from its intake one job after the other, then followed by catalogue, search,
//! histories and customer service. A process that dies in between takes them up again. What is not here: reading the files
//! (`data::sources`), receiving them (`api::import`).

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use data::DataError;
use data::intake::files_below;
use data::sources::{FileReport, ImportError, ImportRequest, Progress, import};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{ServedShop, off_thread};
use crate::error::{Result, ServiceError};
use crate::jobs::{Handle, queued};
use crate::store::JobRecord;

/// Kind of the job.
const KIND: &str = "import";
/// What one import may bring unless `[serve] import_megabytes_max` of `tercet.toml` says otherwise, in MiB.
const MEGABYTES_MAX: u64 = 4096;
/// Tables whose rows are held in memory: what customers did, then what customer service answers from.
const FOLLOWED: [&str; 6] = ["events", "orders", "products", "fits", "knowledge", "answers"];
/// Share of a job that reading takes; the rest is following.
const READING: f64 = 0.9;

/// What is to be done with files that were sent, as it is kept beside them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImportAsked {
    /// None: the files' headings, the preset or the mapping decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// TOML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapping: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dates: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_record_bytes: Option<usize>,
    /// For people.
    pub file: String,
    pub n_bytes: u64,
    /// UTC milliseconds.
    pub accepted_at: i64,
}

impl ImportAsked {
    /// In the words of the importer.
    pub fn request(&self, inputs: Vec<String>) -> ImportRequest {
        let defaults = ImportRequest::new(inputs, self.accepted_at);
        ImportRequest {
            table: self.table.clone(),
            preset: self.preset.clone(),
            mapping: self.mapping.clone(),
            encoding: self.encoding.clone(),
            delimiter: self.delimiter.clone(),
            dates: self.dates.clone(),
            zone: self.zone.clone(),
            // Beside those who ask.
            n_threads: 1,
            accepted_at: Some(self.accepted_at),
            called: Some(self.file.clone()),
            record_bytes_max: self.max_record_bytes.unwrap_or(defaults.record_bytes_max),
            ..defaults
        }
    }
}

/// A failed import in the words of the service. What the disk or the lock said keeps its own code.
pub fn import_error(error: ImportError) -> ServiceError {
    match error {
        ImportError::Sink(inner) => match inner.downcast::<DataError>() {
            Ok(data) => ServiceError::from(*data),
            Err(other) => ServiceError::failed(other.to_string()),
        },
        ImportError::Stopped => ServiceError::conflict("cancelled", error.to_string()),
        other => ServiceError::usage("import", other.to_string()),
    }
}

impl ServedShop {
    /// Bytes that one import may bring.
    ///
    /// # Errors
    /// If `tercet.toml` says it in another way than a number.
    pub fn import_bytes_max(&self) -> Result<u64> {
        let megabytes = match self.shop.config().serve.get("import_megabytes_max") {
            None => MEGABYTES_MAX,
            Some(said) => {
                said.as_integer().and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0).ok_or_else(|| {
                    let message = format!("[serve] import_megabytes_max is {said}; allowed: a whole number from 1 on");
                    ServiceError::usage("config", message).help("mend it in tercet.toml, then start the server again")
                })?
            }
        };
        Ok(megabytes.saturating_mul(1 << 20))
    }

    /// Queues what lies accepted in the intake under `id`.
    pub fn start_import(self: &Arc<Self>, id: &str, asked: ImportAsked) -> Result<JobRecord> {
        let record = queued(id.to_owned(), KIND, serde_json::to_value(&asked)?, asked.accepted_at);
        let (shop, own, id) = (self.clone(), self.clone(), id.to_owned());
        let work = move |handle: Handle| async move {
            let done = shop.import_now(&asked, &handle).await;
            shop.forget_erased(handle.id()).await?;
            done
        };
        // Only once its end is stored, so that a process that dies before takes it up again. A file that failed is sent again when
        // it is mended.
        let at_last = move || {
            if let Err(error) = own.shop.intake().done(&id) {
                tracing::warn!(%error, "what was imported stays in the intake until the next start");
            }
        };
        self.jobs.start_as(record, work, at_last)
    }

    /// Takes up again what the intake holds, and marks failed what else was under way when the process died.
    pub(super) fn take_up_imports(self: &Arc<Self>) -> Result<()> {
        self.import_bytes_max()?;
        let intake = self.shop.intake();
        intake.sweep()?;
        let accepted = intake.accepted()?;
        let waits = |job: &JobRecord| job.kind == KIND && accepted.iter().any(|one| one.id == job.id);
        self.jobs.recover(waits)?;
        for one in &accepted {
            let known = self.store.job(&one.id)?;
            if known.is_some_and(|job| job.finished_at.is_some()) {
                intake.done(&one.id)?;
                continue;
            }
            match serde_json::from_slice::<ImportAsked>(&one.request) {
                Ok(asked) => drop(self.start_import(&one.id, asked)?),
                // Written by a later version, perhaps; it stays.
                Err(error) => tracing::error!(job = %one.id, %error, "what waits in the intake cannot be read"),
            }
        }
        Ok(())
    }

    async fn import_now(self: &Arc<Self>, asked: &ImportAsked, handle: &Handle) -> Result<Value> {
        if !handle.report(0.0, "moving new events into the tables") {
            return Err(import_error(ImportError::Stopped));
        }
        // What the API changed before comes first: the import is the later word.
        self.flush().await?;
        let (own, id, bytes_max) = (self.clone(), handle.id().to_owned(), self.import_bytes_max()?);
        let files = off_thread(move || Ok(own.shop.intake().files(&id, bytes_max)?)).await?;
        let stop = Arc::new(AtomicBool::new(false));
        // Documents are called by their paths in the folder; of tables all files are meant, however deep.
        let inputs = match asked.table.as_deref() {
            Some("knowledge") => vec![files.clone()],
            _ => files_below(&files)?,
        };
        let mut request = asked.request(inputs.iter().map(|path| path.to_string_lossy().into_owned()).collect());
        request.stop = Some(stop.clone());
        let (own, line) = (self.clone(), handle.clone());
        let imported = off_thread(move || {
            let on = |at: Progress<'_>| {
                let share = at.bytes_read as f64 / at.bytes_in_all.max(1) as f64;
                if !line.report(share * READING, at.table) {
                    stop.store(true, SeqCst);
                }
            };
            import(&own.shop, &request, &on).map_err(import_error)
        })
        .await;
        handle.report(READING, "the catalogue follows");
        // Of several files those before the one that failed are in the shop.
        match &imported {
            Ok(reports) => {
                let written = reports.iter().filter(|report| report.written.is_some());
                self.follow_import(&written.map(|report| report.table).collect::<Vec<_>>()).await?;
            }
            Err(_) => self.follow_import(&FOLLOWED).await?,
        }
        let told = imported?.iter().map(|report| view(report, &files, &asked.file)).collect::<Vec<_>>();
        Ok(json!({"files": told}))
    }

    /// Everything that is answered from memory, as of the tables now; `written` are those that may be others.
    async fn follow_import(self: &Arc<Self>, written: &[&str]) -> Result<()> {
        let brought = |tables: &[&str]| written.iter().any(|table| tables.contains(table));
        // What sells is counted anew with the next upkeep: on a busy machine it would be waited for.
        self.reload_uncounted().await?;
        if brought(&FOLLOWED[..2]) {
            // No one is erased between the tables and the memory.
            let _present = self.erasing.read().await;
            self.load_histories().await?;
        }
        // The rows are in the shop: search and customer service catch up by themselves if they cannot follow now.
        if let Err(error) = self.follow_once().await {
            tracing::warn!(message = %error.message, "search goes on with what it had");
        }
        if brought(&FOLLOWED[2..])
            && let Err(error) = self.made_assistant().await
        {
            tracing::warn!(message = %error.message, "customer service goes on with what it had");
        }
        Ok(())
    }

    /// Erases again those who were erased while it waited or ran.
    async fn forget_erased(self: &Arc<Self>, id: &str) -> Result<()> {
        for customer_id in self.shop.intake().erased(id)? {
            match self.erase_customer(&customer_id).await {
                Err(error) if error.kind != crate::error::Kind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// A report as it is told to others: without paths of this machine. `called` is all that was sent, in the folder `files`.
fn view(report: &FileReport, files: &Path, called: &str) -> Value {
    let within = report.path.strip_prefix(files).ok().map(|path| path.to_string_lossy().into_owned());
    let file = within.filter(|within| !within.is_empty()).unwrap_or_else(|| called.to_owned());
    let mut told = json!({
        "file": file,
        "table": report.table,
        "form": report.form,
        "encoding": report.encoding,
        "counts": report.counts,
        "mapped": report.mapped,
        "kept_in_extra": report.kept_in_extra,
        "warnings": report.warnings,
        "changes": report.changes,
        "already_imported_as": report.already_imported_as,
    });
    if let Some(written) = &report.written {
        told["rows_read"] = written.rows_read.into();
        told["rows_kept"] = written.rows_kept.into();
        told["rows_rejected"] = written.rows_rejected.into();
        told["rows_replaced"] = written.rows_replaced.into();
        let rejects = written.reject_path.as_ref().and_then(|path| path.file_stem());
        let address =
            |name: &std::ffi::OsStr| format!("/v1/import/{}/rejects/{}", report.table, name.to_string_lossy());
        told["rejects"] = rejects.map(address).into();
    }
    told
}
