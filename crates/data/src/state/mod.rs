//! The operational state of a shop: accepted events and changed rows not yet in the tables, keys, settings, jobs, given
//! recommendations, evaluations; the conversations of customer service; copies that people work on. Behind a trait, so that another database can stand in. What the JSON bodies mean is the
//! business of `service`.

mod answers;
pub mod conversations;
mod database;
pub mod documents;
pub mod drafts;
mod migrations;
pub mod notices;
pub mod outbox;
pub mod remembered;
pub mod sendings;
pub mod settled;
mod sqlite;
pub mod threads;
pub mod trials;

use domain::Event;

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

/// A small document of which `service` knows the meaning: a key, a job, an evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub id: String,
    /// When it came to be, milliseconds since 1970; records are listed by it.
    pub at: i64,
    /// JSON.
    pub body: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// An API key; its secret is never stored.
    Key,
    /// Work done in the background.
    Job,
    Evaluation,
    /// A named set of customers.
    Audience,
    /// A reply that people of customer service send as it is.
    Canned,
    /// An experiment that runs, or has run.
    Experiment,
    /// A decision that somebody accepted or rejected.
    Decision,
}

impl RecordKind {
    fn name(self) -> &'static str {
        match self {
            RecordKind::Key => "key",
            RecordKind::Job => "job",
            RecordKind::Evaluation => "evaluation",
            RecordKind::Audience => "audience",
            RecordKind::Canned => "canned",
            RecordKind::Experiment => "experiment",
            RecordKind::Decision => "decision",
        }
    }
}

/// A recommendation as it was given, for explanation and replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub list_id: String,
    pub customer_id: String,
    pub at: i64,
    /// JSON.
    pub body: String,
}

/// A row of a keyed table, changed and not yet in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowChange {
    pub key: String,
    /// The new row as JSON; `None` when it was deleted.
    pub body: Option<String>,
    pub at: i64,
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

    /// Forgets events up to and including `offset`, which the tables hold by now.
    fn forget_through(&self, offset: i64) -> Result<(), DataError>;

    /// Makes every later event's offset larger than `offset`.
    fn raise_offset(&self, offset: i64) -> Result<(), DataError>;

    /// Adds or replaces. Records and settings may be written beside a process that holds the shop's lock: a key made on
    /// the command line must not need the server stopped.
    fn put_record(&self, kind: RecordKind, record: Record) -> Result<(), DataError>;
    fn record(&self, kind: RecordKind, id: &str) -> Result<Option<Record>, DataError>;
    /// Newest first.
    fn records(&self, kind: RecordKind, n_max: usize) -> Result<Vec<Record>, DataError>;
    /// Whether there was such a record.
    fn delete_record(&self, kind: RecordKind, id: &str) -> Result<bool, DataError>;

    fn setting(&self, name: &str) -> Result<Option<String>, DataError>;
    fn set_setting(&self, name: &str, value: &str) -> Result<(), DataError>;

    /// Adds to settings that are whole numbers, all in one step; one that is not there begins at 0. Several processes may add.
    fn add_to_settings(&self, added: Vec<(String, i64)>) -> Result<(), DataError>;
    /// Settings whose names lie from `from` on and before `to`, by name.
    fn settings_between(&self, from: &str, to: &str) -> Result<Vec<(String, String)>, DataError>;
    /// Forgets the settings whose names lie from `from` on and before `to`.
    fn forget_settings_between(&self, from: &str, to: &str) -> Result<(), DataError>;

    /// Notes the newest state of a row of `table`.
    fn put_change(&self, table: &str, change: RowChange) -> Result<(), DataError>;
    /// By key.
    fn changes(&self, table: &str) -> Result<Vec<RowChange>, DataError>;
    fn change(&self, table: &str, key: &str) -> Result<Option<RowChange>, DataError>;
    /// Forgets changes that the table holds by now; a row changed since is kept.
    fn forget_changes(&self, table: &str, done: Vec<RowChange>) -> Result<(), DataError>;

    /// Stores an answer soon; returns at once, with `false` when the disk is too far behind and it was dropped. Only the
    /// newest are kept.
    fn put_answer_later(&self, answer: Answer) -> bool;
    fn answer(&self, list_id: &str) -> Result<Option<Answer>, DataError>;

    /// Returns once everything handed over so far, answers too, is on disk.
    fn settle(&self) -> Result<(), DataError>;

    /// Removes every trace of a customer; how many rows there were.
    fn erase_customer(&self, customer_id: &str) -> Result<u64, DataError>;
}
