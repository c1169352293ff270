//! Notices that the shop gives of its own accord: what was decided for whom, once for each cause, and what became of it. What a
//! notice says is the business of `assist` and `service`.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::SqliteState;
use super::outbox::{self, Outgoing};
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
    /// Where it went into no conversation: the channel it left by, and the key of its delivery in the outbox.
    pub channel: Option<String>,
    pub delivery: Option<String>,
}

/// How a notice is settled.
#[derive(Clone, Debug, Default)]
pub struct Settling {
    /// `sent` or `dismissed`.
    pub state: &'static str,
    pub by: String,
    /// UTC milliseconds.
    pub at: i64,
    pub conversation_id: Option<String>,
    /// Queued in the same step, so that no stop falls between.
    pub outgoing: Option<Outgoing>,
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

pub(super) const DELIVERED: &str = "
    -- Of those that went into no conversation: the channel they left by, and the key of the delivery in the outbox.
    CREATE TABLE IF NOT EXISTS notice_delivery (
        cause TEXT PRIMARY KEY, channel TEXT NOT NULL, key TEXT NOT NULL
    ) WITHOUT ROWID;
";

const COLUMNS: &str = "cause, customer_id, kind, day, state, at, body, settled_by, settled_at, conversation_id";
const FROM: &str = "service_notice LEFT JOIN notice_delivery USING (cause)";

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
        channel: row.get(10)?,
        delivery: row.get(11)?,
    })
}

pub(super) fn erase(writer: &Connection, customer_id: &str) -> rusqlite::Result<usize> {
    let own = "SELECT cause FROM service_notice WHERE customer_id = ?1";
    let outgoing = format!("DELETE FROM outbox WHERE key IN (SELECT key FROM notice_delivery WHERE cause IN ({own}))");
    let deliveries = format!("DELETE FROM notice_delivery WHERE cause IN ({own})");
    let notices = "DELETE FROM service_notice WHERE customer_id = ?1".to_owned();
    [outgoing, deliveries, notices].iter().map(|delete| writer.execute(delete, [customer_id])).sum()
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
        let select = format!("SELECT {COLUMNS}, channel, key FROM {FROM} WHERE cause = ?1");
        self.read(|reader| reader.prepare_cached(&select)?.query_row([cause], notice_of).optional())
    }

    /// Notices of a state and kind, or of all, the newest day first; and how many there are of each state and kind.
    pub fn notices(&self, wanted: WantedNotices) -> Result<(Vec<NoticeCount>, Vec<StoredNotice>), DataError> {
        let WantedNotices { state, kind, offset, limit } = wanted;
        let select = format!(
            "SELECT {COLUMNS}, channel, key FROM {FROM} WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR kind = ?2)
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

    /// Settles a notice that is still proposed, and queues what carries it; whether it was.
    pub fn settle_notice(&self, cause: &str, settling: Settling) -> Result<bool, DataError> {
        let cause = cause.to_owned();
        let update = "UPDATE service_notice SET state = ?2, settled_by = ?3, settled_at = ?4, conversation_id = ?5
            WHERE cause = ?1 AND state = 'proposed'";
        let deliver = "INSERT OR REPLACE INTO notice_delivery (cause, channel, key) VALUES (?1, ?2, ?3)";
        self.write(move |writer| {
            let Settling { state, by, at, conversation_id, outgoing } = &settling;
            let is_settled = writer.execute(update, params![cause, state, by, at, conversation_id])? > 0;
            if let Some(one) = outgoing.as_ref().filter(|_| is_settled) {
                writer.execute(deliver, params![cause, one.channel, one.key])?;
                outbox::queue(writer, std::slice::from_ref(one))?;
            }
            Ok(is_settled)
        })
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
        let settling = |state, at| Settling { state, by: "desk".into(), at, ..Settling::default() };
        let sent = Settling { conversation_id: Some("cv".into()), ..settling("sent", 5) };
        assert!(state.settle_notice("late:1", sent).unwrap());
        assert!(!state.settle_notice("late:1", settling("dismissed", 6)).unwrap());
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

    #[test]
    fn what_carries_a_notice_is_queued_once_with_it_and_goes_with_the_customer() {
        let folder = tempfile::tempdir().unwrap();
        let shop = Shop::create(folder.path().join("shop")).unwrap();
        let state = shop.state().unwrap();
        let notice = StoredNotice {
            cause: "late:1".into(),
            customer_id: "a".into(),
            kind: "delivery_late".into(),
            day: "2026-06-30".into(),
            body: "{}".into(),
            ..StoredNotice::default()
        };
        state.propose_notices(vec![notice]).unwrap();
        let by = |channel: &str| Settling {
            state: "sent",
            by: "desk".into(),
            at: 5,
            conversation_id: None,
            outgoing: Some(Outgoing {
                key: "notice-1".into(),
                channel: channel.into(),
                lane: "notice-1".into(),
                body: "to a".into(),
                ..Outgoing::default()
            }),
        };
        assert!(state.settle_notice("late:1", by("app")).unwrap());
        // Somebody else settles it at the same moment: nothing of theirs leaves.
        assert!(!state.settle_notice("late:1", by("email")).unwrap());
        assert_eq!(
            (state.due_outgoing("app", 9, 9).unwrap().len(), state.due_outgoing("email", 9, 9).unwrap()),
            (1, vec![])
        );
        let kept = state.notice("late:1").unwrap().unwrap();
        assert_eq!((kept.channel.as_deref(), kept.delivery.as_deref()), (Some("app"), Some("notice-1")));
        assert_eq!(state.outgoing_state("notice-1").unwrap().as_deref(), Some("waiting"));
        state.erase_customer("a").unwrap();
        assert_eq!(state.outgoing_state("notice-1").unwrap(), None);
    }
}
