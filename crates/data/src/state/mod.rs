//! The operational state of a shop: accepted events not yet in the tables, keys, the console's password and sessions,
//! jobs, given recommendations, evaluations. Behind a trait, so that another database can stand in. What the JSON
//! bodies mean is the business of `service`.

mod migrations;
mod sqlite;

use domain::Event;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::DataError;

pub use self::sqlite::SqliteState;

/// Called once with the outcome, on the store's own thread: must be quick.
pub type Reply<T> = Box<dyn FnOnce(Result<T, DataError>) + Send>;

/// Events of one request.
#[derive(Clone, Debug)]
pub struct EventBatch {
    /// A second batch with the same key is not stored again.
    pub idempotency_key: Option<String>,
    pub events: Vec<Event>,
    /// When it was received, milliseconds since 1970.
    pub received_at: i64,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Offset of the batch's last event.
    pub last_offset: i64,
    pub n_events: usize,
    /// The batch had been stored before; nothing was added.
    pub duplicate: bool,
}

/// An API key; the secret itself is never stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiKey {
    pub id: String,
    pub name: String,
    /// Digest of the secret.
    pub hash: String,
    pub scopes: Vec<String>,
    pub created_at: i64,
}

/// A login of the console.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Digest of the cookie.
    pub hash: String,
    pub created_at: i64,
    pub expires_at: i64,
}

/// Work done in the background.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    pub id: String,
    pub kind: String,
    /// `queued`, `running`, `done`, `failed`, `cancelled`.
    pub state: String,
    pub params: Value,
    pub progress: f64,
    pub message: String,
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub finished_at: Option<i64>,
    pub result: Option<Value>,
    pub error: Option<String>,
}

/// A recommendation as it was given, for explanation and replay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub list_id: String,
    pub customer_id: String,
    pub at: i64,
    pub body: Value,
}

/// An evaluation's result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    pub id: i64,
    pub at: i64,
    pub body: Value,
}

/// The store. Reading methods answer from what is durable; writing methods return once it is.
pub trait StateStore: Send + Sync {
    /// Stores a batch and then replies; when it replies with success the events are on disk. Batches of many callers
    /// share one commit.
    fn append_then(&self, batch: EventBatch, reply: Reply<Appended>);

    /// As [`StateStore::append_then`], waiting. Not for async code.
    fn append(&self, batch: EventBatch) -> Result<Appended, DataError>;

    /// Events after `offset`, oldest first, with their offsets.
    fn events_since(&self, offset: i64, n_max: usize) -> Result<Vec<(i64, Event)>, DataError>;

    /// The stored events of one customer, oldest first.
    fn events_of(&self, customer_id: &str) -> Result<Vec<(i64, Event)>, DataError>;

    /// Number of events after `offset`.
    fn n_events_since(&self, offset: i64) -> Result<u64, DataError>;

    /// Forgets events up to and including `offset`, which the tables hold by now.
    fn forget_through(&self, offset: i64) -> Result<(), DataError>;

    /// Makes every later event's offset larger than `offset`.
    fn raise_offset(&self, offset: i64) -> Result<(), DataError>;

    fn put_key(&self, key: ApiKey) -> Result<(), DataError>;
    fn keys(&self) -> Result<Vec<ApiKey>, DataError>;
    /// Whether there was such a key.
    fn delete_key(&self, id: &str) -> Result<bool, DataError>;

    /// Hash of the console's password, if one was set.
    fn password_hash(&self) -> Result<Option<String>, DataError>;
    fn set_password_hash(&self, hash: &str) -> Result<(), DataError>;

    fn put_session(&self, session: Session) -> Result<(), DataError>;
    /// The session, unless it ended before `now`.
    fn session(&self, hash: &str, now: i64) -> Result<Option<Session>, DataError>;
    fn delete_session(&self, hash: &str) -> Result<(), DataError>;

    /// Adds or replaces a job.
    fn put_job(&self, job: Job) -> Result<(), DataError>;
    fn job(&self, id: &str) -> Result<Option<Job>, DataError>;
    /// Newest first.
    fn jobs(&self, n_max: usize) -> Result<Vec<Job>, DataError>;

    /// Stores an answer soon; returns at once. Only the newest million are kept.
    fn put_answer_later(&self, answer: Answer);
    fn answer(&self, list_id: &str) -> Result<Option<Answer>, DataError>;

    /// The new evaluation's number.
    fn put_evaluation(&self, at: i64, body: Value) -> Result<i64, DataError>;
    /// Newest first.
    fn evaluations(&self, n_max: usize) -> Result<Vec<Evaluation>, DataError>;

    /// Removes every trace of a customer; how many rows there were.
    fn erase_customer(&self, customer_id: &str) -> Result<u64, DataError>;
}
