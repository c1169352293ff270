//! The thread that owns the writing connection. It takes one command, then all that are waiting, and commits once:
//! while the disk syncs, the next batch gathers. Answers are in no hurry; they ride along or go every 100 ms.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, params};

use super::LoggedEvent;
use crate::error::{Result, ServiceError};

/// Commands taken into one transaction at most.
const BATCH_MAX: usize = 2048;
const ANSWER_DELAY: Duration = Duration::from_millis(100);
/// Idempotency keys are remembered this long.
const KEY_MS: i64 = 48 * 3_600_000;

type Reply = tokio::sync::oneshot::Sender<Result<Appended>>;

pub enum Command {
    Append { events: Vec<LoggedEvent>, key: Option<String>, at: i64, reply: Reply },
    Answer(Answer),
    Run(Box<dyn FnOnce(&mut Connection) + Send>),
}

pub struct Answer {
    pub seq: i64,
    pub list_id: String,
    pub customer_id: String,
    pub at: i64,
    pub body: String,
}

/// What became of an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    pub n_accepted: usize,
    /// The idempotency key was known; nothing was appended now.
    pub duplicate: bool,
    /// Sequence number of the last event of the transaction.
    pub last_seq: i64,
}

struct Append {
    events: Vec<LoggedEvent>,
    key: Option<String>,
    at: i64,
    reply: Reply,
}

pub fn run(mut connection: Connection, commands: &Receiver<Command>, answers_max: i64) {
    let mut answers: Vec<Answer> = Vec::new();
    let mut oldest = Instant::now();
    let mut n_kept = 0i64;
    loop {
        let first = match commands.recv_timeout(ANSWER_DELAY) {
            Ok(command) => Some(command),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let mut appends = Vec::new();
        let mut after = None;
        for command in first.into_iter().chain(commands.try_iter().take(BATCH_MAX)) {
            match command {
                Command::Append { events, key, at, reply } => appends.push(Append { events, key, at, reply }),
                Command::Answer(answer) => {
                    if answers.is_empty() {
                        oldest = Instant::now();
                    }
                    answers.push(answer);
                }
                Command::Run(run) => {
                    after = Some(run);
                    break;
                }
            }
        }
        let due = !answers.is_empty() && (oldest.elapsed() >= ANSWER_DELAY || after.is_some() || !appends.is_empty());
        if due || !appends.is_empty() {
            n_kept += answers.len() as i64;
            commit(&mut connection, appends, &mut answers);
        }
        if n_kept > answers_max / 50 {
            n_kept = 0;
            drop_old_answers(&connection, answers_max);
        }
        if let Some(run) = after {
            run(&mut connection);
        }
    }
    commit(&mut connection, Vec::new(), &mut answers);
}

/// One transaction for all; when it fails, every caller hears why and nothing was accepted.
fn commit(connection: &mut Connection, appends: Vec<Append>, answers: &mut Vec<Answer>) {
    match write(connection, &appends, answers) {
        Ok(results) => {
            for (append, result) in appends.into_iter().zip(results) {
                let _ = append.reply.send(Ok(result));
            }
        }
        Err(error) => {
            tracing::error!(%error, "the state could not be written");
            let full = error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull);
            for append in appends {
                let said = if full {
                    ServiceError::from(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(13), None))
                } else {
                    ServiceError::failed(format!("service.db: {error}"))
                };
                let _ = append.reply.send(Err(said));
            }
        }
    }
    answers.clear();
}

fn write(connection: &mut Connection, appends: &[Append], answers: &[Answer]) -> rusqlite::Result<Vec<Appended>> {
    let transaction = connection.transaction()?;
    let mut results = Vec::with_capacity(appends.len());
    {
        let mut event = transaction.prepare_cached("insert into event_log (customer_id, body) values (?1, ?2)")?;
        let mut known = transaction.prepare_cached("select n_accepted from idempotency where key = ?1")?;
        let mut remember =
            transaction.prepare_cached("insert into idempotency (key, n_accepted, at) values (?1, ?2, ?3)")?;
        for append in appends {
            let before = match &append.key {
                Some(key) => known.query_row([key], |row| row.get::<_, i64>(0)).optional()?.map(|n| n as usize),
                None => None,
            };
            if let Some(n_accepted) = before {
                results.push(Appended { n_accepted, duplicate: true, last_seq: 0 });
                continue;
            }
            for logged in &append.events {
                event.execute([&logged.customer_id, &logged.body])?;
            }
            if let Some(key) = &append.key {
                remember.execute(params![key, append.events.len() as i64, append.at])?;
            }
            let last_seq = transaction.last_insert_rowid();
            results.push(Appended { n_accepted: append.events.len(), duplicate: false, last_seq });
        }
        let mut keep = transaction.prepare_cached(
            "insert or replace into answers (seq, list_id, customer_id, at, body) values (?1, ?2, ?3, ?4, ?5)",
        )?;
        for answer in answers {
            keep.execute(params![answer.seq, answer.list_id, answer.customer_id, answer.at, answer.body])?;
        }
        if let Some(now) = appends.iter().filter(|append| append.key.is_some()).map(|append| append.at).max() {
            transaction.prepare_cached("delete from idempotency where at < ?1")?.execute([now - KEY_MS])?;
        }
    }
    transaction.commit()?;
    Ok(results)
}

fn drop_old_answers(connection: &Connection, answers_max: i64) {
    let dropped =
        connection.execute("delete from answers where seq <= (select max(seq) from answers) - ?1", [answers_max]);
    if let Err(error) = dropped {
        tracing::warn!(%error, "old answers could not be dropped");
    }
}
