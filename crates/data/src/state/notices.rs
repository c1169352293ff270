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

/// Which notices are read.
#[derive(Clone, Copy, Debug, Default)]
pub struct WantedNotices<'a> {
    pub state: Option<&'a str>,
    pub kind: Option<&'a str>,
    pub offset: usize,
    pub limit: usize,
}

/// How many notices there are of a state and a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeCount {
    pub state: String,
    pub kind: String,
    pub n: u64,
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

    /// Notices of a state and kind, or of all, the newest day first; and how many there are of each state and kind.
    pub fn notices(&self, wanted: WantedNotices) -> Result<(Vec<NoticeCount>, Vec<StoredNotice>), DataError> {
        let WantedNotices { state, kind, offset, limit } = wanted;
        let select = format!(
            "SELECT {COLUMNS} FROM service_notice WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR kind = ?2)
             ORDER BY day DESC, cause LIMIT ?3 OFFSET ?4"
        );
        self.read_apart(|reader| {
            let count = "SELECT state, kind, count(*) FROM service_notice GROUP BY state, kind ORDER BY state, kind";
            let mut count = reader.prepare(count)?;
            let count_of = |row: &Row<'_>| {
                Ok(NoticeCount { state: row.get(0)?, kind: row.get(1)?, n: row.get::<_, i64>(2)? as u64 })
            };
            let counts = count.query_map([], count_of)?.collect::<rusqlite::Result<_>>()?;
            let mut select = reader.prepare(&select)?;
            let rows = select.query_map(params![state, kind, limit as i64, offset as i64], notice_of)?;
            Ok((counts, rows.collect::<rusqlite::Result<_>>()?))
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
        let wanted = WantedNotices { limit: 9, ..WantedNotices::default() };
        let (counts, proposed) = state.notices(WantedNotices { state: Some("proposed"), ..wanted }).unwrap();
        assert_eq!((proposed.len(), counts.len(), counts[1].n, counts[1].state.as_str()), (1, 2, 1, "sent"));
        assert_eq!(state.notices(WantedNotices { kind: Some("upgrade_due"), ..wanted }).unwrap().1, vec![]);
        state.erase_customer("a").unwrap();
        assert_eq!(state.notice("late:1").unwrap(), None);
        assert_eq!(state.notices(wanted).unwrap().1.len(), 1);
    }
}
