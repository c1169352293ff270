//! What the shop's SQLite databases share: how they are opened, what went wrong in plain words, and the copying of the
//! write-ahead log beside the writer.

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

use crate::DataError;

/// Between two copies of what was written from the log into the database. Short, so that each copy is small: an event's
/// sync to disk waits for what was written before it.
const CHECKPOINT_EVERY: Duration = Duration::from_millis(250);
/// A log longer than this is brought to its end and begun anew, which holds writers for a moment.
const LOG_PAGES_MAX: i64 = 8192;
/// How long emptying the log is tried, and the pause before it is tried again.
const EMPTY_WITHIN: Duration = Duration::from_secs(30);
const EMPTY_AGAIN: Duration = Duration::from_millis(5);

/// When a commit is on disk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    /// When it returns.
    Always,
    /// Soon. A killed process loses nothing, a power cut the last second; the database stays whole.
    Soon,
}

/// For `map_err`: what went wrong with the database at `path`.
pub(super) fn failed(path: &Path) -> impl FnOnce(rusqlite::Error) -> DataError {
    let path = path.to_owned();
    move |error| explained(&path, &error)
}

pub(super) fn explained(path: &Path, error: &rusqlite::Error) -> DataError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => DataError::DiskFull { path: path.to_owned(), doing: "write to the database" },
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => DataError::Corrupt {
            path: path.to_owned(),
            found: error.to_string(),
            help: "Restore the shop from a backup",
        },
        _ => DataError::State { message: format!("{}: {error}", path.display()) },
    }
}

/// Opens or creates the database, readable by its owner alone.
pub(super) fn connect(path: &Path, durability: Durability) -> Result<Connection, DataError> {
    let connection = Connection::open(path).map_err(failed(path))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let owner_only = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(path, owner_only).map_err(DataError::io(path, "set the file's permissions"))?;
    }
    connection.busy_timeout(Duration::from_secs(10)).map_err(failed(path))?;
    let synchronous = match durability {
        Durability::Always => "FULL",
        Durability::Soon => "NORMAL",
    };
    let settings = format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = 0;"
    );
    connection.execute_batch(&settings).map_err(failed(path))?;
    Ok(connection)
}

/// What SQLite itself finds wrong with a database; empty when nothing is.
pub(super) fn integrity(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut check = connection.prepare("PRAGMA integrity_check")?;
    let lines = check.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

/// A consistent copy of a whole database, also while others write.
pub(super) fn copy(connection: &Connection, target: &Path) -> rusqlite::Result<()> {
    connection.execute("VACUUM INTO ?1", [target.to_string_lossy()]).map(drop)
}

/// Brings the whole log into the database and empties it: it may hold pages of what was deleted. While another checkpoint runs
/// SQLite answers at once that it is busy, and as a row, not as an error; so it is asked again.
///
/// # Errors
/// Also if others were in the way for [`EMPTY_WITHIN`].
pub(super) fn empty_log(connection: &Connection) -> rusqlite::Result<()> {
    let began = Instant::now();
    while began.elapsed() < EMPTY_WITHIN {
        if !connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>("busy"))? {
            return Ok(());
        }
        thread::sleep(EMPTY_AGAIN);
    }
    let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
    Err(rusqlite::Error::SqliteFailure(busy, Some("the log could not be emptied: others keep reading it".to_owned())))
}

/// Copies the log into the database beside the writer, until dropped. A writer that does it itself after a commit, as
/// SQLite would have it, keeps those who wait for the commit waiting for the copy.
pub(super) struct Checkpoints(Option<(SyncSender<()>, JoinHandle<()>)>);

impl Checkpoints {
    pub(super) fn start(path: &Path, durability: Durability) -> Result<Checkpoints, DataError> {
        let connection = connect(path, durability)?;
        let (end, ended) = mpsc::sync_channel(0);
        let work = move || {
            while ended.recv_timeout(CHECKPOINT_EVERY) == Err(RecvTimeoutError::Timeout) {
                checkpoint(&connection);
            }
        };
        let thread = thread::Builder::new()
            .name("tercet-checkpoint".to_owned())
            .spawn(work)
            .map_err(DataError::io(path, "start the checkpoint thread"))?;
        Ok(Checkpoints(Some((end, thread))))
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        if let Some((end, thread)) = self.0.take() {
            drop(end);
            let _ = thread.join();
        }
    }
}

/// A checkpoint that fails loses nothing: the log keeps what it could not copy, and the next one tries again. The log's
/// file keeps its length when it is begun anew: writing over it needs no new room and so fewer writes for each sync.
fn checkpoint(connection: &Connection) {
    let run = |mode: &str| {
        connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| row.get::<_, i64>("log"))
    };
    if run("PASSIVE").is_ok_and(|n_pages| n_pages > LOG_PAGES_MAX) {
        let _ = run("RESTART");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With checkpoints running beside it nearly all the time, nothing that was deleted is left in the log.
    #[test]
    fn the_log_is_emptied_while_it_is_copied_by_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.db");
        let connection = connect(&path, Durability::Soon).unwrap();
        connection.execute_batch("CREATE TABLE word (word TEXT)").unwrap();
        let beside = connect(&path, Durability::Soon).unwrap();
        let (end, ended) = mpsc::channel::<()>();
        let others = thread::spawn(move || {
            while ended.try_recv() == Err(mpsc::TryRecvError::Empty) {
                checkpoint(&beside);
            }
        });
        let log = path.with_file_name("some.db-wal");
        for _ in 0..200 {
            connection.execute("INSERT INTO word VALUES (?1)", ["secret ".repeat(2_000)]).unwrap();
            connection.execute_batch("DELETE FROM word").unwrap();
            empty_log(&connection).unwrap();
            assert_eq!(std::fs::metadata(&log).unwrap().len(), 0);
        }
        drop(end);
        others.join().unwrap();
        assert!(!std::fs::read(&path).unwrap().windows(6).any(|bytes| bytes == b"secret"));
    }
}
