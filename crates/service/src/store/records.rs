//! The store's small records: settings, keys, changed rows, jobs, evaluations, and the log as read back.

use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;
use serde_json::Value;

use super::Store;
use crate::auth::Scope;
use crate::auth::keys::KeyRecord;
use crate::error::Result;

/// A row changed through the API and not yet in the tables; `body` is `None` for a deleted one.
#[derive(Clone, Debug)]
pub struct Overlay {
    pub key: String,
    pub body: Option<String>,
    pub at: i64,
}

/// A job as stored.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct JobRecord {
    pub id: String,
    pub kind: String,
    pub params: Value,
    /// `queued`, `running`, `done`, `failed` or `cancelled`.
    pub state: String,
    /// 0 to 1.
    pub progress: f64,
    pub message: String,
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub finished_at: Option<i64>,
    pub result: Option<Value>,
    pub error: Option<Value>,
}

impl Store {
    pub fn setting(&self, name: &str) -> Result<Option<String>> {
        self.read(|c| {
            c.query_row("select value from service_settings where name = ?1", [name], |row| row.get(0)).optional()
        })
    }

    pub fn set_setting(&self, name: &str, value: &str) -> Result<()> {
        let (name, value) = (name.to_owned(), value.to_owned());
        self.change(move |t| {
            t.execute("insert or replace into service_settings (name, value) values (?1, ?2)", [name, value])
        })?;
        Ok(())
    }

    pub fn keys(&self) -> Result<Vec<KeyRecord>> {
        self.read(|c| {
            let mut statement =
                c.prepare("select id, name, scopes, created_at, digest from api_keys order by created_at, id")?;
            let rows = statement.query_map([], key_of)?;
            rows.collect()
        })
    }

    pub fn add_key(&self, key: KeyRecord) -> Result<()> {
        self.change(move |t| {
            t.execute(
                "insert into api_keys (id, name, scopes, created_at, digest) values (?1, ?2, ?3, ?4, ?5)",
                params![key.id, key.name, Scope::join(&key.scopes), key.created_at, key.digest],
            )
        })?;
        Ok(())
    }

    /// Whether there was such a key.
    pub fn revoke_key(&self, id: &str) -> Result<bool> {
        let id = id.to_owned();
        Ok(self.change(move |t| t.execute("delete from api_keys where id = ?1", [id]))? > 0)
    }

    pub fn put_overlay(&self, table: &'static str, key: &str, body: Option<String>, at: i64) -> Result<()> {
        let key = key.to_owned();
        self.change(move |t| {
            t.execute(
                "insert or replace into overlay (table_name, key, body, at) values (?1, ?2, ?3, ?4)",
                params![table, key, body, at],
            )
        })?;
        Ok(())
    }

    pub fn overlays(&self, table: &str) -> Result<Vec<Overlay>> {
        self.read(|c| {
            let mut statement = c.prepare("select key, body, at from overlay where table_name = ?1 order by key")?;
            let rows = statement
                .query_map([table], |row| Ok(Overlay { key: row.get(0)?, body: row.get(1)?, at: row.get(2)? }))?;
            rows.collect()
        })
    }

    pub fn overlay(&self, table: &str, key: &str) -> Result<Option<Overlay>> {
        self.read(|c| {
            c.query_row("select key, body, at from overlay where table_name = ?1 and key = ?2", [table, key], |row| {
                Ok(Overlay { key: row.get(0)?, body: row.get(1)?, at: row.get(2)? })
            })
            .optional()
        })
    }

    /// Forgets overlays that are now in the tables; one changed since stays.
    pub fn drop_overlays(&self, table: &'static str, rows: Vec<Overlay>) -> Result<()> {
        self.change(move |t| {
            let mut delete = t.prepare("delete from overlay where table_name = ?1 and key = ?2 and at = ?3")?;
            for row in rows {
                delete.execute(params![table, row.key, row.at])?;
            }
            Ok(())
        })
    }

    /// Logged events after `seq`, at most `n`, in order: (seq, JSON of the event).
    pub fn events_after(&self, seq: i64, n: usize) -> Result<Vec<(i64, String)>> {
        self.read(|c| {
            let mut statement =
                c.prepare_cached("select seq, body from event_log where seq > ?1 order by seq limit ?2")?;
            let rows = statement.query_map(params![seq, n as i64], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })
    }

    /// Logged events of one customer, oldest first.
    pub fn events_of(&self, customer_id: &str) -> Result<Vec<String>> {
        self.read(|c| {
            let mut statement = c.prepare_cached("select body from event_log where customer_id = ?1 order by seq")?;
            let rows = statement.query_map([customer_id], |row| row.get(0))?;
            rows.collect()
        })
    }

    pub fn n_logged(&self) -> Result<u64> {
        self.read(|c| c.query_row("select count(*) from event_log", [], |row| row.get::<_, i64>(0))).map(|n| n as u64)
    }

    pub fn last_seq(&self) -> Result<i64> {
        self.read(|c| c.query_row("select coalesce(max(seq), 0) from event_log", [], |row| row.get(0)))
    }

    /// Forgets logged events up to `seq`, which are in the tables now.
    pub fn drop_events_to(&self, seq: i64) -> Result<usize> {
        self.change(move |t| t.execute("delete from event_log where seq <= ?1", [seq]))
    }

    /// The stored answer with this id.
    pub fn answer(&self, list_id: &str) -> Result<Option<String>> {
        let Some(seq) = list_id.split_once('-').and_then(|(seq, _)| i64::from_str_radix(seq, 16).ok()) else {
            return Ok(None);
        };
        self.read(|c| {
            c.query_row("select body from answers where seq = ?1 and list_id = ?2", params![seq, list_id], |row| {
                row.get(0)
            })
            .optional()
        })
    }

    /// Erases every row that names `customer_id`; returns how many there were.
    pub fn erase_customer(&self, customer_id: &str) -> Result<usize> {
        let id = customer_id.to_owned();
        self.change(move |t| {
            let mut n = t.execute("delete from event_log where customer_id = ?1", [&id])?;
            n += t.execute("delete from answers where customer_id = ?1", [&id])?;
            n += t.execute("delete from overlay where table_name = 'customers' and key = ?1", [&id])?;
            Ok(n)
        })
    }

    pub fn put_job(&self, job: JobRecord) -> Result<()> {
        let text = |value: &Option<Value>| value.as_ref().map(Value::to_string);
        let (result, error) = (text(&job.result), text(&job.error));
        self.change(move |t| {
            t.execute(
                "insert or replace into job_runs
                 (id, kind, params, state, progress, message, created_at, started_at, finished_at, result, error)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                params![
                    job.id,
                    job.kind,
                    job.params.to_string(),
                    job.state,
                    job.progress,
                    job.message,
                    job.created_at,
                    job.started_at,
                    job.finished_at,
                    result,
                    error
                ],
            )
        })?;
        Ok(())
    }

    /// All jobs, newest first.
    pub fn jobs(&self, limit: usize) -> Result<Vec<JobRecord>> {
        self.read(|c| {
            let mut statement = c.prepare(
                "select id, kind, params, state, progress, message, created_at, started_at, finished_at, result, error
                 from job_runs order by created_at desc, id desc limit ?1",
            )?;
            let rows = statement.query_map([limit as i64], job_of)?;
            rows.collect()
        })
    }

    pub fn put_evaluation(&self, id: &str, at: i64, body: String) -> Result<()> {
        let id = id.to_owned();
        self.change(move |t| {
            t.execute("insert or replace into evaluations (id, at, body) values (?1, ?2, ?3)", params![id, at, body])
        })?;
        Ok(())
    }

    /// The latest evaluations as JSON, newest first.
    pub fn evaluations(&self, limit: usize) -> Result<Vec<String>> {
        self.read(|c| {
            let mut statement = c.prepare("select body from evaluations order by at desc, id desc limit ?1")?;
            let rows = statement.query_map([limit as i64], |row| row.get(0))?;
            rows.collect()
        })
    }
}

fn key_of(row: &Row) -> rusqlite::Result<KeyRecord> {
    let scopes: String = row.get(2)?;
    // Scopes of a later version are ignored rather than granted.
    let scopes =
        scopes.split(',').filter_map(|part| Scope::ALL.into_iter().find(|scope| scope.name() == part)).collect();
    Ok(KeyRecord { id: row.get(0)?, name: row.get(1)?, scopes, created_at: row.get(3)?, digest: row.get(4)? })
}

fn job_of(row: &Row) -> rusqlite::Result<JobRecord> {
    let json = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
    Ok(JobRecord {
        id: row.get(0)?,
        kind: row.get(1)?,
        params: json(row.get(2)?).unwrap_or(Value::Null),
        state: row.get(3)?,
        progress: row.get(4)?,
        message: row.get(5)?,
        created_at: row.get(6)?,
        started_at: row.get(7)?,
        finished_at: row.get(8)?,
        result: json(row.get(9)?),
        error: json(row.get(10)?),
    })
}
