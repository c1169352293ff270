//! The state in SQLite: one thread writes, gathering what waits into one commit (and one sync to disk); readers have
//! a connection of their own and see only what is committed.

use std::iter;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};

use domain::Event;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::answers::Answers;
use super::database::{self, Checkpoints, Durability, connect, explained, failed};
use super::{
    Answer, Appended, EventBatch, Record, RecordKind, Reply, RowChange, StateStore, conversations, migrations,
    sendings, trials,
};
use crate::DataError;
use crate::files::hex;
use crate::shop::WriteLock;

/// Commands that may wait before a caller is held back.
const QUEUE_LENGTH: usize = 8192;
/// Commands that share one commit at most.
const GROUP_MAX: usize = 512;
const IDEMPOTENCY_KEPT_MS: i64 = 7 * 86_400_000;

pub struct SqliteState {
    path: PathBuf,
    lock: Arc<WriteLock>,
    reader: Mutex<Connection>,
    queue: Option<SyncSender<Work>>,
    writer: Option<JoinHandle<()>>,
    _checkpoints: Checkpoints,
    answers_path: PathBuf,
    /// Opened when first asked for: most commands have nothing to do with lists.
    answers: Mutex<Option<Arc<Answers>>>,
}

/// Runs inside the group's transaction; what it returns is called with the outcome of the commit.
type Work = Box<dyn FnOnce(&Connection) -> Acknowledge + Send>;
type Acknowledge = Box<dyn FnOnce(Option<&rusqlite::Error>) + Send>;

impl SqliteState {
    /// Opens or creates the database. Creating and migrating take the shop's lock.
    pub(crate) fn open(path: &Path, lock: Arc<WriteLock>) -> Result<Self, DataError> {
        if !path.exists() {
            lock.hold()?;
        }
        let writer = connect(path, Durability::Always)?;
        if !migrations::is_current(path, &writer)? {
            lock.hold()?;
            migrations::apply(path, &writer)?;
        }
        let (queue, waiting) = mpsc::sync_channel(QUEUE_LENGTH);
        let thread = thread::Builder::new()
            .name("tercet-state".to_owned())
            .spawn(move || write_groups(&writer, &waiting))
            .map_err(DataError::io(path, "start the writing thread"))?;
        let reader = Mutex::new(connect(path, Durability::Always)?);
        Ok(SqliteState {
            path: path.to_owned(),
            lock,
            reader,
            queue: Some(queue),
            writer: Some(thread),
            _checkpoints: Checkpoints::start(path, Durability::Always)?,
            answers_path: path.with_file_name("answers.db"),
            answers: Mutex::default(),
        })
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        self.reader.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Queues `work` for the next commit; `reply` hears of it afterwards.
    pub(super) fn write_then<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        reply: Reply<T>,
    ) {
        match self.lock.hold() {
            Ok(()) => self.queue_for_writing(work, reply),
            Err(error) => reply(Err(error)),
        }
    }

    fn queue_for_writing<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        reply: Reply<T>,
    ) {
        let path = self.path.clone();
        let work: Work = Box::new(move |connection| {
            let done = in_savepoint(connection, work);
            Box::new(move |commit| {
                reply(match (done, commit) {
                    (Ok(value), None) => Ok(value),
                    (Err(error), None) => Err(explained(&path, &error)),
                    // The command's own failure, such as a full disk, explains more than that of the commit.
                    (Err(error), Some(_)) if error.sqlite_error_code().is_some() => Err(explained(&path, &error)),
                    (_, Some(error)) => Err(explained(&path, error)),
                });
            })
        });
        let queue = self.queue.as_ref().expect("the queue lives as long as the store");
        // The writing thread ends only after the queue.
        let _ = queue.send(work);
    }

    pub(super) fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, DataError> {
        self.lock.hold()?;
        self.write_beside(work)
    }

    /// Writes what may change beside a process that holds the shop's lock; SQLite keeps the two apart.
    fn write_beside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, DataError> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.queue_for_writing(work, Box::new(move |outcome| drop(sender.send(outcome))));
        receiver.recv().unwrap_or_else(|_| Err(DataError::State { message: "the writing thread has ended".to_owned() }))
    }

    pub(super) fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, DataError> {
        work(&self.reader()).map_err(failed(&self.path))
    }

    /// For what reads much: others do not wait for it.
    pub(super) fn read_apart<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, DataError> {
        work(&connect(&self.path, Durability::Always)?).map_err(failed(&self.path))
    }

    /// The store of given lists; `None` when there is no file and none is to be made.
    fn answers(&self, make: bool) -> Result<Option<Arc<Answers>>, DataError> {
        let mut answers = self.answers.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if answers.is_none() && (make || self.answers_path.exists()) {
            *answers = Some(Arc::new(Answers::open(&self.answers_path)?));
        }
        Ok(answers.clone())
    }

    /// Consistent copies of the databases into `folder`, also while others write; their names.
    pub(crate) fn copy_to(&self, folder: &Path) -> Result<Vec<&'static str>, DataError> {
        self.read(|reader| database::copy(reader, &folder.join("state.db")))?;
        let Some(answers) = self.answers(false)? else { return Ok(vec!["state.db"]) };
        answers.copy_to(&folder.join("answers.db"))?;
        Ok(vec!["state.db", "answers.db"])
    }

    /// What SQLite itself finds wrong with each database, by file; empty when nothing is.
    pub(crate) fn integrity(&self) -> Vec<(&'static str, Result<Vec<String>, DataError>)> {
        let answers = || self.answers(false)?.map_or(Ok(Vec::new()), |answers| answers.integrity());
        vec![("state.db", self.read(database::integrity)), ("answers.db", answers())]
    }
}

impl Drop for SqliteState {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

fn write_groups(connection: &Connection, waiting: &Receiver<Work>) {
    while let Ok(first) = waiting.recv() {
        write_group(connection, iter::once(first).chain(waiting.try_iter()).take(GROUP_MAX).collect());
    }
}

/// One transaction; afterwards every caller hears how its own command and the commit went.
fn write_group(connection: &Connection, group: Vec<Work>) {
    let begun = connection.execute_batch("BEGIN IMMEDIATE");
    let acknowledge: Vec<_> = group.into_iter().map(|work| work(connection)).collect();
    let committed = begun.and_then(|()| connection.execute_batch("COMMIT"));
    if committed.is_err() && !connection.is_autocommit() {
        let _ = connection.execute_batch("ROLLBACK");
    }
    acknowledge.into_iter().for_each(|acknowledge| acknowledge(committed.as_ref().err()));
}

/// One command's failure does not undo its neighbours in the group.
fn in_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    // Outside a transaction (it could not begin, or SQLite rolled it back) a savepoint would commit by itself.
    if connection.is_autocommit() {
        return Err(rusqlite::Error::ExecuteReturnedResults);
    }
    connection.execute_batch("SAVEPOINT command")?;
    let done = work(connection);
    match &done {
        Ok(_) => connection.execute_batch("RELEASE command")?,
        Err(_) => {
            let _ = connection.execute_batch("ROLLBACK TO command; RELEASE command");
        }
    }
    done
}

/// What is kept of an idempotency key: a shop may make keys of its customers' ids, and erasure cannot tell which.
fn digest_of_key(key: &str) -> String {
    hex(&Sha256::digest(key.as_bytes()))
}

fn append_events(connection: &Connection, batch: &EventBatch) -> rusqlite::Result<Appended> {
    let key = batch.idempotency_key.as_deref().map(digest_of_key);
    if let Some(key) = &key {
        let earlier = connection
            .prepare_cached("SELECT last_offset, n_events FROM idempotency WHERE key = ?1")?
            .query_row([key], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))
            .optional()?;
        if let Some((last_offset, n_events)) = earlier {
            return Ok(Appended { last_offset, n_events: n_events as usize, duplicate: true });
        }
    }
    let mut insert = connection.prepare_cached("INSERT INTO event_log (customer_id, body) VALUES (?1, ?2)")?;
    for event in &batch.events {
        insert.execute(params![event.customer_id, json(event)])?;
    }
    let (last_offset, n_events) = (connection.last_insert_rowid(), batch.events.len());
    if let Some(key) = &key {
        connection
            .prepare_cached("INSERT INTO idempotency (key, last_offset, n_events, at) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![key, last_offset, n_events as i64, batch.received_at])?;
        connection
            .prepare_cached("DELETE FROM idempotency WHERE at < ?1")?
            .execute([batch.received_at - IDEMPOTENCY_KEPT_MS])?;
    }
    Ok(Appended { last_offset, n_events, duplicate: false })
}

fn json(event: &Event) -> String {
    serde_json::to_string(event).expect("an event has only text keys")
}

/// Column `at` of a row, read as JSON.
fn from_json<T: DeserializeOwned>(row: &Row<'_>, at: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(at)?.as_str()?;
    serde_json::from_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(at, rusqlite::types::Type::Text, Box::new(error)))
}

fn event_of(row: &Row<'_>) -> rusqlite::Result<(i64, Event)> {
    Ok((row.get(0)?, from_json(row, 1)?))
}

fn record_of(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record { id: row.get(0)?, at: row.get(1)?, body: row.get(2)? })
}

fn change_of(row: &Row<'_>) -> rusqlite::Result<RowChange> {
    Ok(RowChange { key: row.get(0)?, body: row.get(1)?, at: row.get(2)? })
}

impl StateStore for SqliteState {
    fn append_then(&self, batch: EventBatch, reply: Reply<Appended>) {
        self.write_then(move |connection| append_events(connection, &batch), reply);
    }

    fn append(&self, batch: EventBatch) -> Result<Appended, DataError> {
        self.write(move |connection| append_events(connection, &batch))
    }

    fn events_since(&self, offset: i64, n_max: usize) -> Result<Vec<(i64, Event)>, DataError> {
        self.read(|reader| {
            reader
                .prepare_cached("SELECT offset, body FROM event_log WHERE offset > ?1 ORDER BY offset LIMIT ?2")?
                .query_map(params![offset, n_max as i64], event_of)?
                .collect()
        })
    }

    fn events_of(&self, customer_id: &str) -> Result<Vec<(i64, Event)>, DataError> {
        self.read(|reader| {
            reader
                .prepare_cached("SELECT offset, body FROM event_log WHERE customer_id = ?1 ORDER BY offset")?
                .query_map([customer_id], event_of)?
                .collect()
        })
    }

    fn forget_through(&self, offset: i64) -> Result<(), DataError> {
        self.write(move |writer| writer.execute("DELETE FROM event_log WHERE offset <= ?1", [offset])).map(drop)
    }

    fn raise_offset(&self, offset: i64) -> Result<(), DataError> {
        let current = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'event_log'";
        if self.read(|reader| reader.query_row(current, [], |row| row.get::<_, i64>(0)))? >= offset {
            return Ok(());
        }
        self.write(move |writer| {
            writer.execute("DELETE FROM sqlite_sequence WHERE name = 'event_log'", [])?;
            writer.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('event_log', ?1)", [offset])
        })
        .map(drop)
    }

    fn put_record(&self, kind: RecordKind, record: Record) -> Result<(), DataError> {
        let replace = "INSERT OR REPLACE INTO record (kind, id, at, body) VALUES (?1, ?2, ?3, ?4)";
        self.write_beside(move |writer| {
            writer.execute(replace, params![kind.name(), record.id, record.at, record.body])
        })
        .map(drop)
    }

    fn record(&self, kind: RecordKind, id: &str) -> Result<Option<Record>, DataError> {
        let select = "SELECT id, at, body FROM record WHERE kind = ?1 AND id = ?2";
        self.read(|reader| reader.prepare_cached(select)?.query_row([kind.name(), id], record_of).optional())
    }

    fn records(&self, kind: RecordKind, n_max: usize) -> Result<Vec<Record>, DataError> {
        let select = "SELECT id, at, body FROM record WHERE kind = ?1 ORDER BY at DESC, id DESC LIMIT ?2";
        self.read(|reader| {
            reader.prepare_cached(select)?.query_map(params![kind.name(), n_max as i64], record_of)?.collect()
        })
    }

    fn delete_record(&self, kind: RecordKind, id: &str) -> Result<bool, DataError> {
        let id = id.to_owned();
        let delete = "DELETE FROM record WHERE kind = ?1 AND id = ?2";
        self.write_beside(move |writer| writer.execute(delete, params![kind.name(), id])).map(|n| n > 0)
    }

    fn setting(&self, name: &str) -> Result<Option<String>, DataError> {
        let select = "SELECT value FROM setting WHERE name = ?1";
        self.read(|reader| reader.prepare_cached(select)?.query_row([name], |row| row.get(0)).optional())
    }

    fn set_setting(&self, name: &str, value: &str) -> Result<(), DataError> {
        let pair = [name.to_owned(), value.to_owned()];
        let replace = "INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)";
        self.write_beside(move |writer| writer.execute(replace, pair)).map(drop)
    }

    fn add_to_settings(&self, added: Vec<(String, i64)>) -> Result<(), DataError> {
        let add = "INSERT INTO setting (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE \
                   SET value = CAST(CAST(value AS INTEGER) + CAST(excluded.value AS INTEGER) AS TEXT)";
        self.write_beside(move |writer| {
            let mut statement = writer.prepare_cached(add)?;
            added.iter().try_for_each(|(name, n)| statement.execute(params![name, n.to_string()]).map(drop))
        })
    }

    fn settings_between(&self, from: &str, to: &str) -> Result<Vec<(String, String)>, DataError> {
        let select = "SELECT name, value FROM setting WHERE name >= ?1 AND name < ?2 ORDER BY name";
        let pair = |row: &Row| Ok((row.get(0)?, row.get(1)?));
        self.read(|reader| reader.prepare_cached(select)?.query_map([from, to], pair)?.collect())
    }

    fn forget_settings_between(&self, from: &str, to: &str) -> Result<(), DataError> {
        let range = [from.to_owned(), to.to_owned()];
        self.write_beside(move |writer| writer.execute("DELETE FROM setting WHERE name >= ?1 AND name < ?2", range))
            .map(drop)
    }

    fn put_change(&self, table: &str, change: RowChange) -> Result<(), DataError> {
        let table = table.to_owned();
        let replace = "INSERT OR REPLACE INTO row_change (table_name, key, body, at) VALUES (?1, ?2, ?3, ?4)";
        self.write(move |writer| writer.execute(replace, params![table, change.key, change.body, change.at])).map(drop)
    }

    fn changes(&self, table: &str) -> Result<Vec<RowChange>, DataError> {
        let select = "SELECT key, body, at FROM row_change WHERE table_name = ?1 ORDER BY key";
        self.read(|reader| reader.prepare_cached(select)?.query_map([table], change_of)?.collect())
    }

    fn change(&self, table: &str, key: &str) -> Result<Option<RowChange>, DataError> {
        let select = "SELECT key, body, at FROM row_change WHERE table_name = ?1 AND key = ?2";
        self.read(|reader| reader.prepare_cached(select)?.query_row([table, key], change_of).optional())
    }

    fn forget_changes(&self, table: &str, done: Vec<RowChange>) -> Result<(), DataError> {
        let table = table.to_owned();
        self.write(move |writer| {
            let mut delete =
                writer.prepare_cached("DELETE FROM row_change WHERE table_name = ?1 AND key = ?2 AND at = ?3")?;
            done.iter().try_for_each(|change| delete.execute(params![table, change.key, change.at]).map(drop))
        })
    }

    fn put_answer_later(&self, answer: Answer) -> bool {
        self.lock.hold().is_ok() && matches!(self.answers(true), Ok(Some(answers)) if answers.put_later(answer))
    }

    fn answer(&self, list_id: &str) -> Result<Option<Answer>, DataError> {
        self.answers(false)?.map_or(Ok(None), |answers| answers.find(list_id))
    }

    fn settle(&self) -> Result<(), DataError> {
        self.write_beside(|_| Ok(()))?;
        self.answers(false)?.map_or(Ok(()), |answers| answers.settle())
    }

    fn erase_customer(&self, customer_id: &str) -> Result<u64, DataError> {
        let id = customer_id.to_owned();
        let n = self.write(move |writer| {
            let events = writer.execute("DELETE FROM event_log WHERE customer_id = ?1", [&id])?;
            let rows = writer.execute("DELETE FROM row_change WHERE table_name = 'customers' AND key = ?1", [&id])?;
            let others = trials::erase(writer, &id)? + sendings::erase(writer, &id)?;
            Ok((events + rows + conversations::erase(writer, &id)? + others) as u64)
        })?;
        self.read(database::empty_log)?;
        Ok(n + self.answers(false)?.map_or(Ok(0), |answers| answers.erase(customer_id))?)
    }
}
