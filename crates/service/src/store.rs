//! What the server must not forget between two imports, in the shop's `service.db`: the event log, stored answers, changed
//! rows of the catalogue and of customers, keys, jobs, evaluations. SQLite in WAL mode with `synchronous = FULL`, one
//! writer thread that commits whatever has gathered while the disk was busy (group commit). No HTTP and no models here.

mod connection;
mod records;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};

use rusqlite::Connection;

use crate::error::{Kind, Result, ServiceError};
use crate::random;
pub use records::{JobRecord, Overlay};
pub use writer::Appended;
use writer::Command;

/// One shop's operational store. Cheap to clone; all clones share one writer thread and one reading connection.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    commands: Mutex<Option<SyncSender<Command>>>,
    /// A second connection: readers do not wait for the writer in WAL mode.
    reader: Mutex<Connection>,
    writer: Mutex<Option<std::thread::JoinHandle<()>>>,
    next_answer: AtomicI64,
}

/// Commands waiting for the writer at most; then callers of durable writes wait and answers are dropped.
const QUEUE_MAX: usize = 8192;

/// One event as logged.
#[derive(Clone, Debug)]
pub struct LoggedEvent {
    pub customer_id: String,
    /// A [`domain::Event`] as JSON.
    pub body: String,
}

impl Store {
    /// Opens `service.db` at `path`, creating it if absent, and keeps `answers_max` stored answers.
    pub fn open(path: &Path, answers_max: i64) -> Result<Store> {
        let writing = connection::open(path)?;
        let reader = connection::open_reader(path)?;
        let last: i64 = writing.query_row("select coalesce(max(seq), 0) from answers", [], |row| row.get(0))?;
        let (sender, receiver) = sync_channel(QUEUE_MAX);
        let writer = std::thread::Builder::new()
            .name("state-writer".to_owned())
            .spawn(move || writer::run(writing, &receiver, answers_max))?;
        Ok(Store {
            inner: Arc::new(Inner {
                path: path.to_owned(),
                commands: Mutex::new(Some(sender)),
                reader: Mutex::new(reader),
                writer: Mutex::new(Some(writer)),
                next_answer: AtomicI64::new(last + 1),
            }),
        })
    }

    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Appends events; returns once they are on disk. With `key`, a second call with the same key changes nothing and
    /// answers as the first did.
    pub async fn append(&self, events: Vec<LoggedEvent>, key: Option<String>, at: i64) -> Result<Appended> {
        let (reply, answer) = tokio::sync::oneshot::channel();
        let mut command = Command::Append { events, key, at, reply };
        let sender = self.sender()?;
        loop {
            match sender.try_send(command) {
                Ok(()) => break,
                Err(TrySendError::Full(back)) => command = back,
                Err(TrySendError::Disconnected(_)) => return Err(closed()),
            }
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        answer.await.map_err(|_| closed())?
    }

    /// The id under which an answer will be kept: its place, and 64 bits nobody can guess.
    pub fn next_list_id(&self) -> (i64, String) {
        let seq = self.inner.next_answer.fetch_add(1, SeqCst);
        let salt = random::quick64();
        (seq, format!("{seq:x}-{salt:016x}"))
    }

    /// Keeps an answer, soon; `false` when the writer is too far behind and it was dropped.
    pub fn keep_answer(&self, seq: i64, list_id: String, customer_id: String, at: i64, body: String) -> bool {
        let command = Command::Answer(writer::Answer { seq, list_id, customer_id, at, body });
        self.sender().is_ok_and(|sender| sender.try_send(command).is_ok())
    }

    /// Runs `change` on the writer's connection in one transaction, and waits until it is on disk.
    pub fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&rusqlite::Transaction) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = std::sync::mpsc::channel();
        let run = Box::new(move |connection: &mut Connection| {
            let result = (|| {
                let transaction = connection.transaction()?;
                let value = change(&transaction)?;
                transaction.commit()?;
                Ok(value)
            })();
            let _ = reply.send(result.map_err(|error: rusqlite::Error| ServiceError::from(error)));
        });
        self.sender()?.send(Command::Run(run)).map_err(|_| closed())?;
        answer.recv().map_err(|_| closed())?
    }

    /// Runs `read` on the reading connection.
    pub fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let reader = self.inner.reader.lock().expect("no holder panics");
        read(&reader).map_err(ServiceError::from)
    }

    /// Waits until everything handed over so far is on disk.
    pub fn settle(&self) -> Result<()> {
        self.change(|_| Ok(()))
    }

    /// Folds the write-ahead log into the file, so that nothing erased stays in it.
    pub fn checkpoint(&self) -> Result<()> {
        let (reply, answer) = std::sync::mpsc::channel();
        let run = Box::new(move |connection: &mut Connection| {
            let result = connection.query_row("pragma wal_checkpoint(truncate)", [], |row| row.get::<_, i64>(0));
            let _ = reply.send(result);
        });
        self.sender()?.send(Command::Run(run)).map_err(|_| closed())?;
        match answer.recv().map_err(|_| closed())?? {
            0 => Ok(()),
            _ => Err(ServiceError::failed("the write-ahead log is being read by another process")
                .help("stop what reads service.db, then try again")),
        }
    }

    /// Commits what is queued and stops the writer.
    pub fn close(&self) {
        drop(self.inner.commands.lock().expect("no holder panics").take());
        if let Some(writer) = self.inner.writer.lock().expect("no holder panics").take() {
            let _ = writer.join();
        }
    }

    fn sender(&self) -> Result<SyncSender<Command>> {
        self.inner.commands.lock().expect("no holder panics").clone().ok_or_else(closed)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        drop(self.commands.lock().map(|mut commands| commands.take()));
        if let Ok(Some(writer)) = self.writer.lock().map(|mut writer| writer.take()) {
            let _ = writer.join();
        }
    }
}

fn closed() -> ServiceError {
    ServiceError::new(Kind::Unavailable, "closing", "the shop is being closed").help("try again in a moment")
}

impl From<rusqlite::Error> for ServiceError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => {
                ServiceError::new(Kind::Unavailable, "disk_full", "the disk is full; nothing was accepted")
                    .help("free some disk space, then send it again")
            }
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                ServiceError::new(Kind::Unavailable, "busy", "service.db is locked by another process")
                    .help("wait until the other command has finished")
            }
            _ => ServiceError::failed(format!("service.db: {error}")),
        }
    }
}
