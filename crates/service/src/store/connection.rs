//! Opening `service.db` and bringing its tables to the version this program writes.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::error::{Result, ServiceError};

/// Version of the service's tables, kept in `service_settings`.
const VERSION: i64 = 1;

const TABLES: &str = "
create table if not exists service_settings (name text primary key, value text not null) strict, without rowid;
create table if not exists api_keys (
    id text primary key, name text not null, scopes text not null, created_at integer not null, digest text not null
) strict;
create table if not exists event_log (seq integer primary key autoincrement, customer_id text not null, body text not null) strict;
create table if not exists idempotency (key text primary key, n_accepted integer not null, at integer not null) strict, without rowid;
create table if not exists answers (
    seq integer primary key, list_id text not null, customer_id text not null, at integer not null, body text not null
) strict;
create table if not exists overlay (
    table_name text not null, key text not null, body text, at integer not null, primary key (table_name, key)
) strict, without rowid;
create table if not exists job_runs (
    id text primary key, kind text not null, params text not null, state text not null, progress real not null,
    message text not null, created_at integer not null, started_at integer, finished_at integer, result text, error text
) strict;
create table if not exists evaluations (id text primary key, at integer not null, body text not null) strict;
";

/// The writing connection.
pub fn open(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    // Erased rows are overwritten, not just unlinked.
    connection.pragma_update(None, "secure_delete", "on")?;
    connection.execute_batch(TABLES)?;
    check_version(&connection)?;
    Ok(connection)
}

/// A connection that cannot write.
pub fn open_reader(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    Ok(connection)
}

fn check_version(connection: &Connection) -> Result<()> {
    connection.execute(
        "insert or ignore into service_settings (name, value) values ('version', ?1)",
        [VERSION.to_string()],
    )?;
    let found: String =
        connection.query_row("select value from service_settings where name = 'version'", [], |row| row.get(0))?;
    match found.parse::<i64>() {
        Ok(version) if version <= VERSION => Ok(()),
        _ => Err(ServiceError::conflict(
            "newer_state",
            format!("service.db has version {found}; this program knows versions up to {VERSION}"),
        )
        .help("use a newer version of Tercet")),
    }
}
