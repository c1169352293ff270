//! Long work of the server: train, evaluate, import. One at a time per shop, with progress and cancellation; its state is
//! stored, so a job that was running when the process died is found and marked failed at the next start.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

use crate::background;
use crate::clock;
use crate::error::{Result, ServiceError};
use crate::random;
use crate::store::{JobRecord, Store};

/// Jobs waiting at most.
const QUEUED_MAX: usize = 20;

/// The jobs of one shop. Cheap to clone.
#[derive(Clone)]
pub struct Jobs {
    store: Store,
    live: Arc<Mutex<BTreeMap<String, Live>>>,
    /// Held by the one job that runs.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// A job from its beginning until its last state is stored; in the moment before it leaves, `record` says how it ended.
struct Live {
    record: JobRecord,
    cancelled: Arc<AtomicBool>,
}

impl Live {
    fn is_under_way(&self) -> bool {
        matches!(self.record.state.as_str(), "queued" | "running")
    }

    /// Whether it is this very work and will be carried to its end.
    fn serves(&self, kind: &str, params: &Value) -> bool {
        self.is_under_way() && !self.cancelled.load(SeqCst) && self.record.kind == kind && self.record.params == *params
    }
}

/// A running job's line to its record. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    id: String,
    live: Arc<Mutex<BTreeMap<String, Live>>>,
    cancelled: Arc<AtomicBool>,
}

impl Handle {
    /// The job's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Notes progress; `false` when the job was cancelled.
    pub fn report(&self, share: f64, message: &str) -> bool {
        if let Some(live) = self.live.lock().expect("no holder panics").get_mut(&self.id) {
            live.record.progress = share.clamp(0.0, 1.0);
            message.clone_into(&mut live.record.message);
        }
        !self.cancelled.load(SeqCst)
    }
}

/// An id for a job, which nobody can guess.
pub fn new_id() -> Result<String> {
    Ok(format!("job_{}", random::token(8)?))
}

fn check_room_beside(n_live: usize) -> Result<()> {
    if n_live < QUEUED_MAX {
        return Ok(());
    }
    Err(ServiceError::conflict("queue", format!("{QUEUED_MAX} jobs are waiting already"))
        .help("wait until one has finished, or cancel one"))
}

/// A job that waits for its turn.
pub fn queued(id: String, kind: &str, params: Value, at: i64) -> JobRecord {
    JobRecord {
        id,
        kind: kind.to_owned(),
        params,
        state: "queued".to_owned(),
        progress: 0.0,
        message: String::new(),
        created_at: at,
        started_at: None,
        finished_at: None,
        result: None,
        error: None,
    }
}

impl Jobs {
    pub fn new(store: Store) -> Jobs {
        Jobs { store, live: Arc::default(), turn: Arc::default() }
    }

    /// Whatever was under way when the process died is marked failed, but for those that are taken up again.
    pub fn recover(&self, is_taken_up: impl Fn(&JobRecord) -> bool) -> Result<()> {
        for mut job in self.store.jobs(1000)? {
            if matches!(job.state.as_str(), "queued" | "running") && !is_taken_up(&job) {
                job.state = "failed".to_owned();
                job.finished_at = Some(clock::now().0);
                job.error = Some(json!({
                    "code": "interrupted",
                    "message": "the server stopped while the job was under way",
                    "detail": null,
                    "help": "start the job again; it is safe to run twice",
                }));
                self.store.put_job(&job)?;
            }
        }
        Ok(())
    }

    /// Queues a job. The same kind with the same parameters, still waiting or running, is that job; one that was
    /// asked to stop is not.
    pub fn start<F, Work>(&self, kind: &str, params: Value, work: F) -> Result<JobRecord>
    where
        F: FnOnce(Handle) -> Work + Send + 'static,
        Work: Future<Output = Result<Value>> + Send + 'static,
    {
        let live = self.live.lock().expect("no holder panics");
        if let Some(same) = live.values().find(|live| live.serves(kind, &params)) {
            return Ok(same.record.clone());
        }
        check_room_beside(live.len())?;
        let record = queued(new_id()?, kind, params, clock::now().0);
        self.enqueue(live, record, work, || {})
    }

    /// Queues a job under an id that was given out before; never taken for another one. `at_last` is called once its end is stored,
    /// whatever end that is.
    pub fn start_as<F, Work>(
        &self,
        record: JobRecord,
        work: F,
        at_last: impl FnOnce() + Send + 'static,
    ) -> Result<JobRecord>
    where
        F: FnOnce(Handle) -> Work + Send + 'static,
        Work: Future<Output = Result<Value>> + Send + 'static,
    {
        self.enqueue(self.live.lock().expect("no holder panics"), record, work, at_last)
    }

    /// Whether one more may wait.
    pub fn check_room(&self) -> Result<()> {
        check_room_beside(self.live.lock().expect("no holder panics").len())
    }

    fn enqueue<F, Work>(
        &self,
        mut live: MutexGuard<'_, BTreeMap<String, Live>>,
        record: JobRecord,
        work: F,
        at_last: impl FnOnce() + Send + 'static,
    ) -> Result<JobRecord>
    where
        F: FnOnce(Handle) -> Work + Send + 'static,
        Work: Future<Output = Result<Value>> + Send + 'static,
    {
        self.store.put_job(&record)?;
        let cancelled = Arc::new(AtomicBool::new(false));
        live.insert(record.id.clone(), Live { record: record.clone(), cancelled: cancelled.clone() });
        drop(live);
        let handle = Handle { id: record.id.clone(), live: self.live.clone(), cancelled };
        let jobs = self.clone();
        let id = record.id.clone();
        background::spawn(async move {
            let turn = jobs.turn.clone();
            let _turn = turn.lock().await;
            jobs.run(&id, handle, work).await;
            at_last();
        });
        Ok(record)
    }

    async fn run<F, Work>(&self, id: &str, handle: Handle, work: F)
    where
        F: FnOnce(Handle) -> Work,
        Work: Future<Output = Result<Value>> + Send + 'static,
    {
        let cancelled = handle.cancelled.clone();
        let outcome = if cancelled.load(SeqCst) {
            Err(ServiceError::conflict("cancelled", "cancelled before it began"))
        } else {
            self.change(id, |record| {
                record.state = "running".to_owned();
                record.started_at = Some(clock::now().0);
            });
            // A panic inside the work must not take the queue with it.
            match background::spawn(work(handle)).await {
                Ok(outcome) => outcome,
                Err(error) => Err(ServiceError::failed(format!("the job broke off: {error}"))),
            }
        };
        self.change(id, |record| {
            record.finished_at = Some(clock::now().0);
            match outcome {
                Ok(result) => {
                    record.state = "done".to_owned();
                    record.progress = 1.0;
                    record.result = Some(result);
                }
                Err(_) if cancelled.load(SeqCst) => record.state = "cancelled".to_owned(),
                Err(error) => {
                    tracing::error!(job.kind = %record.kind, message = %error.message, "a job failed");
                    record.state = "failed".to_owned();
                    record.error = Some(error.to_json()["error"].take());
                }
            }
        });
        self.live.lock().expect("no holder panics").remove(id);
    }

    fn change(&self, id: &str, change: impl FnOnce(&mut JobRecord)) {
        let record = match self.live.lock().expect("no holder panics").get_mut(id) {
            Some(live) => {
                change(&mut live.record);
                live.record.clone()
            }
            None => return,
        };
        if let Err(error) = self.store.put_job(&record) {
            tracing::error!(message = %error.message, "a job's state could not be stored");
        }
    }

    /// Jobs, newest first; those under way with their present progress.
    pub fn list(&self, limit: usize) -> Result<Vec<JobRecord>> {
        let mut jobs = self.store.jobs(limit)?;
        let live = self.live.lock().expect("no holder panics");
        for job in &mut jobs {
            if let Some(live) = live.get(&job.id) {
                *job = live.record.clone();
            }
        }
        Ok(jobs)
    }

    pub fn get(&self, id: &str) -> Result<JobRecord> {
        if let Some(live) = self.live.lock().expect("no holder panics").get(id) {
            return Ok(live.record.clone());
        }
        self.store.job(id)?.ok_or_else(|| ServiceError::not_found("job", id))
    }

    /// Asks a job to stop; it does at its next report.
    pub fn cancel(&self, id: &str) -> Result<JobRecord> {
        if let Some(live) = self.live.lock().expect("no holder panics").get(id)
            && live.is_under_way()
        {
            live.cancelled.store(true, SeqCst);
            return Ok(live.record.clone());
        }
        let job = self.get(id)?;
        Err(ServiceError::conflict("finished", format!("the job is {} already", job.state)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    fn live(state: &str, cancelled: bool) -> Live {
        let record = JobRecord {
            id: format!("job_{state}"),
            kind: "train".to_owned(),
            params: json!({"algorithm": "ease"}),
            state: state.to_owned(),
            progress: 0.0,
            message: String::new(),
            created_at: 0,
            started_at: None,
            finished_at: None,
            result: None,
            error: None,
        };
        Live { record, cancelled: Arc::new(AtomicBool::new(cancelled)) }
    }

    #[test]
    fn only_a_job_that_goes_on_serves_the_same_wish() {
        let params = json!({"algorithm": "ease"});
        assert!(live("queued", false).serves("train", &params));
        assert!(live("running", false).serves("train", &params));
        assert!(!live("running", true).serves("train", &params));
        assert!(!live("cancelled", true).serves("train", &params));
        assert!(!live("done", false).serves("train", &params));
        assert!(!live("running", false).serves("evaluate", &params));
        assert!(!live("running", false).serves("train", &json!({"algorithm": "slim"})));
    }

    /// A job that has ended, but whose end is still being stored, is neither joined nor cancelled.
    #[tokio::test]
    async fn what_has_ended_is_begun_anew_and_cannot_be_cancelled() {
        let folder = tempfile::tempdir().unwrap();
        let jobs = Jobs::new(Store::of(&data::Shop::create(folder.path().join("shop")).unwrap()).unwrap());
        let ended = live("done", false);
        let (id, params) = (ended.record.id.clone(), ended.record.params.clone());
        jobs.live.lock().unwrap().insert(id.clone(), ended);
        assert_eq!(jobs.cancel(&id).unwrap_err().code, "finished");
        let job = jobs.start("train", params, |_| async { Ok(json!(1)) }).unwrap();
        assert_ne!(job.id, id);
    }
}
