//! Notices that the shop gives of its own accord: what was decided for whom, once for each cause, and what became of it. What a
//! notice says is the business of `assist` and `service`.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::SqliteState;
use crate::DataError;

/// One notice as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredNotice {
    /// What brought it about: no two notices have the same.
    pub cause: String,
    pub customer_id: String,
    pub kind: String,
    /// `YYYY-MM-DD` where the shop is.
    pub day: String,
    /// `proposed`, `sent` or `dismissed`.
    pub state: String,
    /// UTC milliseconds.
    pub at: i64,
    /// JSON.
    pub body: String,
    /// Who settled it, and when; the conversation it went into.
    pub settled_by: Option<String>,
    pub settled_at: Option<i64>,
    pub conversation_id: Option<String>,
}

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS service_notice (
        cause TEXT PRIMARY KEY, customer_id TEXT NOT NULL, kind TEXT NOT NULL, day TEXT NOT NULL, state TEXT NOT NULL,
        at INTEGER NOT NULL, body TEXT NOT NULL, settled_by TEXT, settled_at INTEGER, conversation_id TEXT
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS notice_by_state ON service_notice (state, day);
    CREATE INDEX IF NOT EXISTS notice_by_customer ON service_notice (customer_id);
";

const COLUMNS: &str = "cause, customer_id, kind, day, state, at, body, settled_by, settled_at, conversation_id";

fn notice_of(row: &Row<'_>) -> rusqlite::Result<StoredNotice> {
    Ok(StoredNotice {
        cause: row.get(0)?,
        customer_id: row.get(1)?,
        kind: row.get(2)?,
        day: row.get(3)?,
        state: row.get(4)?,
        at: row.get(5)?,
        body: row.get(6)?,
        settled_by: row.get(7)?,
        settled_at: row.get(8)?,
        conversation_id: row.get(9)?,
    })
}

pub(super) fn erase(writer: &Connection, customer_id: &str) -> rusqlite::Result<usize> {
    writer.execute("DELETE FROM service_notice WHERE customer_id = ?1", [customer_id])
}

impl SqliteState {
    /// Adds notices; one whose cause is known stays as it was. How many are new.
    pub fn propose_notices(&self, notices: Vec<StoredNotice>) -> Result<u64, DataError> {
        let insert = format!(
            "INSERT INTO service_notice ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, 'proposed', ?5, ?6, NULL, NULL, NULL)
             ON CONFLICT (cause) DO NOTHING"
        );
        self.write(move |writer| {
            let mut insert = writer.prepare_cached(&insert)?;
            let mut n = 0;
            for StoredNotice { cause, customer_id, kind, day, at, body, .. } in &notices {
                n += insert.execute(params![cause, customer_id, kind, day, at, body])?;
            }
            Ok(n as u64)
        })
    }

    pub fn notice(&self, cause: &str) -> Result<Option<StoredNotice>, DataError> {
        let select = format!("SELECT {COLUMNS} FROM service_notice WHERE cause = ?1");
        self.read(|reader| reader.prepare_cached(&select)?.query_row([cause], notice_of).optional())
    }

    /// Notices of a state, or of all, the newest day first; and how many there are.
    pub fn notices(
        &self,
        state: Option<&str>,
        offset: usize,
        limit: usize,
    ) -> Result<(u64, Vec<StoredNotice>), DataError> {
        let select = format!(
            "SELECT {COLUMNS} FROM service_notice WHERE (?1 IS NULL OR state = ?1) ORDER BY day DESC, cause
             LIMIT ?2 OFFSET ?3"
        );
        self.read_apart(|reader| {
            let count = "SELECT count(*) FROM service_notice WHERE (?1 IS NULL OR state = ?1)";
            let total = reader.query_row(count, params![state], |row| row.get::<_, i64>(0))?;
            let mut select = reader.prepare(&select)?;
            let rows = select.query_map(params![state, limit as i64, offset as i64], notice_of)?;
            Ok((total as u64, rows.collect::<rusqlite::Result<_>>()?))
        })
    }

    /// Settles a notice that is still proposed; whether it was.
    pub fn settle_notice(
        &self,
        cause: &str,
        state: &'static str,
        by: &str,
        at: i64,
        conversation_id: Option<String>,
    ) -> Result<bool, DataError> {
        let (cause, by) = (cause.to_owned(), by.to_owned());
        let update = "UPDATE service_notice SET state = ?2, settled_by = ?3, settled_at = ?4, conversation_id = ?5
            WHERE cause = ?1 AND state = 'proposed'";
        self.write(move |writer| writer.execute(update, params![cause, state, by, at, conversation_id])).map(|n| n > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shop;
    use crate::state::StateStore;

    #[test]
    fn a_cause_brings_one_notice_and_it_is_settled_once() {
        let folder = tempfile::tempdir().unwrap();
        let shop = Shop::create(folder.path().join("shop")).unwrap();
        let state = shop.state().unwrap();
        let notice = |cause: &str, customer: &str, day: &str| StoredNotice {
            cause: cause.into(),
            customer_id: customer.into(),
            kind: "delivery_late".into(),
            day: day.into(),
            body: "{}".into(),
            ..StoredNotice::default()
        };
        let both = || vec![notice("late:1", "a", "2026-06-30"), notice("late:2", "b", "2026-06-30")];
        assert_eq!(state.propose_notices(both()).unwrap(), 2);
        assert!(state.settle_notice("late:1", "sent", "desk", 5, Some("cv".into())).unwrap());
        assert!(!state.settle_notice("late:1", "dismissed", "desk", 6, None).unwrap());
        // The same cause on another day: not again.
        assert_eq!(state.propose_notices(vec![notice("late:1", "a", "2026-07-01")]).unwrap(), 0);
        let kept = state.notice("late:1").unwrap().unwrap();
        assert_eq!((kept.state.as_str(), kept.day.as_str(), kept.settled_at), ("sent", "2026-06-30", Some(5)));
        assert_eq!(state.notices(Some("proposed"), 0, 9).unwrap().0, 1);
        state.erase_customer("a").unwrap();
        assert_eq!(state.notice("late:1").unwrap(), None);
        assert_eq!(state.notices(None, 0, 9).unwrap().1.len(), 1);
    }
}
