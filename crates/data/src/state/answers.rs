//! The lists that were given, in a database of their own (`answers.db`): thousands a second, each some kilobytes, none
//! worth making an event wait for. One thread writes what has gathered every tenth of a second. Rows are only added at
//! the end and taken away at the beginning, so pages are written in order and reused; the one index is by list id, which
//! begins with the time.
//!
//! What is not here: what a list's body means; that is the business of `service`.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::Answer;
use super::database::{self, Checkpoints, Durability, connect, failed};
use crate::DataError;

/// The newest are kept, this many.
const KEPT: u64 = 200_000;
/// Answers that may wait; further ones are dropped.
const WAITING_MAX: usize = 8192;
/// How long an answer waits for others to share its commit.
const DELAY: Duration = Duration::from_millis(100);
/// Commands that may wait before a caller is held back.
const QUEUE_LENGTH: usize = 64;
/// The layout; a file of another one is an error.
const FORMAT: u32 = 1;
/// Several lists to a page: with SQLite's 4 KiB many a list would leave the better part of a second page empty.
const PAGE_BYTES: u32 = 16 << 10;
/// Of zstd. A body is mostly numbers in decimal, which higher levels hardly make smaller.
const COMPRESSION: i32 = 1;
/// A body is never this long; a damaged one may claim to be.
const BODY_BYTES_MAX: u64 = 64 << 20;

const SCHEMA: &str = "
    BEGIN IMMEDIATE;
    CREATE TABLE body (number INTEGER PRIMARY KEY AUTOINCREMENT, list_id TEXT NOT NULL, body BLOB NOT NULL);
    -- The body is compressed with zstd.
    -- Apart from the bodies, so that finding a customer's lists reads little.
    CREATE TABLE list (
        list_id TEXT PRIMARY KEY, customer_id TEXT NOT NULL, at INTEGER NOT NULL, number INTEGER NOT NULL
    ) WITHOUT ROWID;
    PRAGMA user_version = 1;
    COMMIT;
";

type Command = Box<dyn FnOnce(&mut Writer) + Send>;
type Waiting = Arc<Mutex<Vec<Answer>>>;

pub(super) struct Answers {
    path: PathBuf,
    reader: Mutex<Connection>,
    waiting: Waiting,
    queue: Option<SyncSender<Command>>,
    writer: Option<JoinHandle<()>>,
    _checkpoints: Checkpoints,
}

impl Answers {
    /// Opens or creates the database. The caller holds the shop's lock if answers are to be put or erased.
    pub(super) fn open(path: &Path) -> Result<Answers, DataError> {
        let connection = connect(path, Durability::Soon)?;
        prepare(path, &connection)?;
        let mut writer = Writer::new(path, connection)?;
        let waiting = Waiting::default();
        let (queue, commands) = mpsc::sync_channel(QUEUE_LENGTH);
        let gathered = waiting.clone();
        let thread = thread::Builder::new()
            .name("tercet-answers".to_owned())
            .spawn(move || writer.run(&commands, &gathered))
            .map_err(DataError::io(path, "start the writing thread"))?;
        Ok(Answers {
            path: path.to_owned(),
            reader: Mutex::new(connect(path, Durability::Soon)?),
            waiting,
            queue: Some(queue),
            writer: Some(thread),
            _checkpoints: Checkpoints::start(path, Durability::Soon)?,
        })
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        self.reader.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Stores an answer soon; `false` when the disk is too far behind.
    pub(super) fn put_later(&self, answer: Answer) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let fits = waiting.len() < WAITING_MAX;
        if fits {
            waiting.push(answer);
        }
        fits
    }

    pub(super) fn find(&self, list_id: &str) -> Result<Option<Answer>, DataError> {
        let select = "SELECT customer_id, at, body.body FROM list JOIN body USING (number) WHERE list.list_id = ?1";
        let reader = self.reader();
        let found = reader.prepare_cached(select).and_then(|mut select| {
            let answer = |row: &rusqlite::Row<'_>| {
                let body = unpacked(row.get_ref(2)?.as_blob()?).map_err(|error| {
                    rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Blob, error.into())
                })?;
                Ok(Answer { list_id: list_id.to_owned(), customer_id: row.get(0)?, at: row.get(1)?, body })
            };
            select.query_row([list_id], answer).optional()
        });
        found.map_err(failed(&self.path))
    }

    /// Runs `work` on the writing thread after everything put so far is committed.
    fn after_writing<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, DataError> {
        let (reply, outcome) = mpsc::sync_channel(1);
        let queue = self.queue.as_ref().expect("the queue lives as long as the store");
        let ended = || DataError::State { message: "the writing thread has ended".to_owned() };
        queue.send(Box::new(move |writer| drop(reply.send(work(writer))))).map_err(|_| ended())?;
        outcome.recv().map_err(|_| ended())?.map_err(failed(&self.path))
    }

    pub(super) fn settle(&self) -> Result<(), DataError> {
        self.after_writing(|_| Ok(()))
    }

    /// Removes a customer's lists; how many there were.
    pub(super) fn erase(&self, customer_id: &str) -> Result<u64, DataError> {
        let id = customer_id.to_owned();
        self.after_writing(move |writer| writer.erase(&id))
    }

    pub(super) fn copy_to(&self, target: &Path) -> Result<(), DataError> {
        self.settle()?;
        database::copy(&self.reader(), target).map_err(failed(&self.path))
    }

    pub(super) fn integrity(&self) -> Result<Vec<String>, DataError> {
        database::integrity(&self.reader()).map_err(failed(&self.path))
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

fn prepare(path: &Path, connection: &Connection) -> Result<(), DataError> {
    let version = || connection.query_row("PRAGMA user_version", [], |row| row.get::<_, u32>(0)).map_err(failed(path));
    match version()? {
        0 => {
            // The size can change only outside of WAL and takes effect when the file is written anew; it is empty yet.
            let sized = format!(
                "PRAGMA journal_mode = DELETE; PRAGMA page_size = {PAGE_BYTES}; VACUUM; PRAGMA journal_mode = WAL;"
            );
            connection.execute_batch(&sized).map_err(failed(path))?;
            connection.execute_batch(SCHEMA).map_err(failed(path))
        }
        FORMAT => Ok(()),
        found => {
            let (found, known) = (u64::from(found), u64::from(FORMAT));
            Err(DataError::NewerFormat { path: path.to_owned(), found, known })
        }
    }
}

/// The writing thread's own.
struct Writer {
    connection: Connection,
    /// Lists in the database, never fewer than there are.
    n_kept: u64,
    packer: zstd::bulk::Compressor<'static>,
}

fn unpacked(body: &[u8]) -> io::Result<String> {
    let mut text = String::new();
    zstd::Decoder::new(body)?.take(BODY_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

impl Writer {
    fn new(path: &Path, connection: Connection) -> Result<Writer, DataError> {
        let count = "SELECT count(*) FROM list";
        let n_kept = connection.query_row(count, [], |row| row.get::<_, i64>(0)).map_err(failed(path))?;
        let packer = zstd::bulk::Compressor::new(COMPRESSION).map_err(DataError::io(path, "start the compressor"))?;
        Ok(Writer { connection, n_kept: n_kept as u64, packer })
    }

    fn run(&mut self, commands: &Receiver<Command>, waiting: &Mutex<Vec<Answer>>) {
        loop {
            let command = commands.recv_timeout(DELAY);
            let gathered = std::mem::take(&mut *waiting.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
            if !gathered.is_empty() {
                // An answer that cannot be stored is only missing from later explanations; the customer has it.
                let _ = self.put(&gathered);
            }
            match command {
                Ok(command) => command(self),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn put(&mut self, answers: &[Answer]) -> rusqlite::Result<()> {
        // Before the transaction begins: nobody waits for this.
        let packed = answers.iter().map(|answer| self.packer.compress(answer.body.as_bytes()));
        let packed: Vec<Vec<u8>> = packed.collect::<io::Result<_>>().map_err(|_| rusqlite::Error::InvalidQuery)?;
        let transaction = self.connection.transaction()?;
        let n_after = self.n_kept + answers.len() as u64;
        // First, so that the new lists take the pages of the old ones within the same commit.
        if n_after > KEPT {
            forget_oldest(&transaction, n_after - KEPT)?;
        }
        let mut body = transaction.prepare_cached("INSERT INTO body (list_id, body) VALUES (?1, ?2)")?;
        let mut list = transaction
            .prepare_cached("INSERT OR REPLACE INTO list (list_id, customer_id, at, number) VALUES (?1, ?2, ?3, ?4)")?;
        for (answer, packed) in answers.iter().zip(packed) {
            body.execute(params![answer.list_id, packed])?;
            let number = transaction.last_insert_rowid();
            list.execute(params![answer.list_id, answer.customer_id, answer.at, number])?;
        }
        drop((body, list));
        transaction.commit()?;
        self.n_kept = n_after.min(KEPT);
        Ok(())
    }

    fn erase(&mut self, customer_id: &str) -> rusqlite::Result<u64> {
        let transaction = self.connection.transaction()?;
        let bodies = "DELETE FROM body WHERE number IN (SELECT number FROM list WHERE customer_id = ?1)";
        transaction.execute(bodies, [customer_id])?;
        let n = transaction.execute("DELETE FROM list WHERE customer_id = ?1", [customer_id])? as u64;
        transaction.commit()?;
        self.n_kept = self.n_kept.saturating_sub(n);
        database::empty_log(&self.connection)?;
        Ok(n)
    }
}

fn forget_oldest(connection: &Connection, n: u64) -> rusqlite::Result<()> {
    let last = "SELECT number FROM body ORDER BY number LIMIT 1 OFFSET ?1";
    let last = connection.prepare_cached(last)?.query_row([n as i64 - 1], |row| row.get::<_, i64>(0)).optional()?;
    let lists = "DELETE FROM list WHERE list_id IN (SELECT list_id FROM body WHERE number <= ?1)";
    let last = last.unwrap_or(i64::MAX);
    connection.prepare_cached(lists)?.execute([last])?;
    connection.prepare_cached("DELETE FROM body WHERE number <= ?1")?.execute([last]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(n: u64) -> Answer {
        let (list_id, customer_id) = (format!("{n:08}"), format!("c{}", n % 3));
        Answer { list_id, customer_id, at: n as i64, body: format!("body {n}") }
    }

    #[test]
    fn only_the_newest_are_kept_and_the_file_stops_growing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answers.db");
        let connection = connect(&path, Durability::Soon).unwrap();
        prepare(&path, &connection).unwrap();
        let mut writer = Writer::new(&path, connection).unwrap();
        let n_pages =
            |writer: &Writer| writer.connection.query_row("PRAGMA page_count", [], |row| row.get::<_, i64>(0)).unwrap();
        let group = 10_000;
        let mut pages = Vec::new();
        for first in (0..3 * KEPT).step_by(group) {
            let group: Vec<Answer> = (first..first + group as u64).map(answer).collect();
            writer.put(&group).unwrap();
            pages.push(n_pages(&writer));
        }
        let numbers = "SELECT count(*), min(list_id), max(list_id) FROM list";
        let kept: (u64, String, String) = writer
            .connection
            .query_row(numbers, [], |row| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?, row.get(2)?)))
            .unwrap();
        assert_eq!(kept, (KEPT, format!("{:08}", 2 * KEPT), format!("{:08}", 3 * KEPT - 1)));
        let full = pages[KEPT as usize / group];
        assert!(pages.last().unwrap() * 10 < full * 11, "{full} pages when full, later {pages:?}");
        assert_eq!(writer.erase("c1").unwrap(), KEPT.div_ceil(3));
        assert_eq!(writer.n_kept, KEPT - KEPT.div_ceil(3));
    }

    #[test]
    fn a_later_layout_and_a_file_of_something_else_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answers.db");
        drop(Answers::open(&path).unwrap());
        Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 2").unwrap();
        assert!(matches!(Answers::open(&path), Err(DataError::NewerFormat { found: 2, .. })));
        std::fs::write(&path, "no database, and longer than a header of one would be".repeat(4)).unwrap();
        assert!(matches!(Answers::open(&path), Err(DataError::Corrupt { .. })));
    }
}
