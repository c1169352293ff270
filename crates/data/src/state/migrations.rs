//! The state's schema, version by version. A step is never edited once released; `user_version` counts those applied.

use std::path::Path;

use rusqlite::Connection;

use super::database::{empty_log, failed};
use crate::DataError;

const STEPS: &[&str] = &[
    "
    -- AUTOINCREMENT: an offset is never given twice, also after its event moved to the tables.
    CREATE TABLE event_log (
        offset INTEGER PRIMARY KEY AUTOINCREMENT,
        customer_id TEXT NOT NULL,
        body TEXT NOT NULL
    );
    CREATE INDEX event_log_by_customer ON event_log (customer_id);
    CREATE TABLE idempotency (key TEXT PRIMARY KEY, last_offset INTEGER, n_events INTEGER, at INTEGER) WITHOUT ROWID;
    CREATE INDEX idempotency_by_time ON idempotency (at);
    CREATE TABLE api_key (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE session (hash TEXT PRIMARY KEY, created_at INTEGER, expires_at INTEGER) WITHOUT ROWID;
    CREATE TABLE job (id TEXT PRIMARY KEY, created_at INTEGER, body TEXT NOT NULL) WITHOUT ROWID;
    CREATE INDEX job_by_time ON job (created_at);
    CREATE TABLE answer (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        list_id TEXT NOT NULL UNIQUE,
        customer_id TEXT NOT NULL,
        at INTEGER NOT NULL,
        body TEXT NOT NULL
    );
    CREATE INDEX answer_by_customer ON answer (customer_id);
    CREATE TABLE evaluation (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, body TEXT NOT NULL);
",
    "
    -- Small documents share one table; sessions live in memory.
    CREATE TABLE record (
        kind TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id)
    ) WITHOUT ROWID;
    CREATE INDEX record_by_time ON record (kind, at);
    DROP TABLE api_key; DROP TABLE job; DROP TABLE evaluation; DROP TABLE session;
    CREATE TABLE row_change (
        table_name TEXT NOT NULL, key TEXT NOT NULL, body TEXT, at INTEGER NOT NULL, PRIMARY KEY (table_name, key)
    ) WITHOUT ROWID;
",
    "
    -- Given lists have a database of their own.
    DROP TABLE answer;
",
    "
    -- Keys are kept as digests from here on; those in plain text, which may name customers, go. A batch sent again just
    -- across the upgrade counts twice.
    DELETE FROM idempotency;
",
    super::conversations::SCHEMA,
    super::outbox::SCHEMA,
    super::threads::SCHEMA,
    super::remembered::SCHEMA,
    super::notices::SCHEMA,
    super::drafts::SCHEMA,
    super::documents::SCHEMA,
    super::settled::SCHEMA,
    super::notices::DELIVERED,
    super::trials::SCHEMA,
    super::sendings::SCHEMA,
];

pub(super) fn version(path: &Path, connection: &Connection) -> Result<usize, DataError> {
    connection
        .query_row("PRAGMA user_version", [], |row| row.get::<_, u32>(0))
        .map(|n| n as usize)
        .map_err(failed(path))
}

/// Whether the schema is the one this program knows; a later one is an error.
pub(super) fn is_current(path: &Path, connection: &Connection) -> Result<bool, DataError> {
    let found = version(path, connection)?;
    if found > STEPS.len() {
        let (found, known) = (found as u64, STEPS.len() as u64);
        return Err(DataError::NewerFormat { path: path.to_owned(), found, known });
    }
    Ok(found == STEPS.len())
}

/// Applies the steps not yet applied, each in a transaction of its own.
pub(super) fn apply(path: &Path, connection: &Connection) -> Result<(), DataError> {
    for (at, step) in STEPS.iter().enumerate().skip(version(path, connection)?) {
        let script = format!("BEGIN IMMEDIATE; {step} PRAGMA user_version = {}; COMMIT;", at + 1);
        connection.execute_batch(&script).map_err(failed(path))?;
    }
    // What a step deleted is not to stay in the log.
    empty_log(connection).map_err(failed(path))
}
