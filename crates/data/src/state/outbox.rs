//! What is to leave for other systems: replies to customers through the channel they came by, news for the shop's own systems.
//! A row is written in the step that caused it and stays until the other side has taken it or it is given up, so that a crash
//! loses nothing; it may be sent twice, always under the same key. What the bodies mean, and how they are sent, is the
//! business of `service`; time is an argument.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::SqliteState;
use crate::DataError;

/// Something to be sent. Times are UTC milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outgoing {
    /// The other side may tell repetitions by it; one already known is not queued again.
    pub key: String,
    pub channel: String,
    /// What belongs together goes one after another, in the order in which it was queued: the id of a conversation.
    pub lane: String,
    pub body: String,
    pub at: i64,
    /// Not before then.
    pub due_at: i64,
}

/// Something that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    pub number: i64,
    pub key: String,
    pub lane: String,
    pub body: String,
    pub at: i64,
    /// Tries that failed.
    pub n_tries: u32,
}

/// How a try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tried {
    Sent,
    /// To be tried again then.
    Later {
        due_at: i64,
        said: String,
    },
    /// Given up.
    Failed {
        said: String,
    },
}

/// How one channel's outbox stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutboxCounts {
    pub channel: String,
    pub n_waiting: u64,
    /// Of those that wait, when the first was queued.
    pub oldest_at: Option<i64>,
    pub n_sent: u64,
    pub n_failed: u64,
}

/// Something that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenUp {
    pub key: String,
    pub channel: String,
    pub lane: String,
    pub at: i64,
    pub failed_at: i64,
    pub n_tries: u32,
    pub said: String,
}

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS outbox (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE, channel TEXT NOT NULL, lane TEXT NOT NULL, body TEXT NOT NULL,
        at INTEGER NOT NULL, due_at INTEGER NOT NULL, n_tries INTEGER NOT NULL DEFAULT 0,
        -- waiting, sent, handed (given in the answer to the request that caused it) or failed
        state TEXT NOT NULL DEFAULT 'waiting', done_at INTEGER, said TEXT
    );
    CREATE INDEX IF NOT EXISTS outbox_waiting ON outbox (channel, due_at) WHERE state = 'waiting';
    CREATE INDEX IF NOT EXISTS outbox_lane_waiting ON outbox (lane, number) WHERE state = 'waiting';
    CREATE INDEX IF NOT EXISTS outbox_by_lane ON outbox (lane);
    CREATE INDEX IF NOT EXISTS outbox_done ON outbox (state, done_at) WHERE state <> 'waiting';
";

/// The first of its lane that still waits.
const IS_FIRST: &str = "NOT EXISTS (SELECT 1 FROM outbox e WHERE e.lane = o.lane AND e.channel = o.channel
    AND e.state = 'waiting' AND e.number < o.number)";

pub(super) fn queue(writer: &Connection, outgoing: &[Outgoing]) -> rusqlite::Result<()> {
    let insert = "INSERT INTO outbox (key, channel, lane, body, at, due_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (key) DO NOTHING";
    let mut insert = writer.prepare_cached(insert)?;
    outgoing.iter().try_for_each(|one| {
        let Outgoing { key, channel, lane, body, at, due_at } = one;
        insert.execute(params![key, channel, lane, body, at, due_at]).map(drop)
    })
}

fn due_of(row: &Row<'_>) -> rusqlite::Result<Due> {
    let n_tries: i64 = row.get(5)?;
    Ok(Due {
        number: row.get(0)?,
        key: row.get(1)?,
        lane: row.get(2)?,
        body: row.get(3)?,
        at: row.get(4)?,
        n_tries: u32::try_from(n_tries).unwrap_or(u32::MAX),
    })
}

fn given_up(row: &Row<'_>) -> rusqlite::Result<GivenUp> {
    let n_tries: i64 = row.get(5)?;
    Ok(GivenUp {
        key: row.get(0)?,
        channel: row.get(1)?,
        lane: row.get(2)?,
        at: row.get(3)?,
        failed_at: row.get(4)?,
        n_tries: u32::try_from(n_tries).unwrap_or(u32::MAX),
        said: row.get::<_, Option<String>>(6)?.unwrap_or_default(),
    })
}

/// What was taken is not kept longer than it must be: it is a customer's. Its key stays a while.
fn note_tried(writer: &Connection, number: i64, now: i64, tried: &Tried) -> rusqlite::Result<bool> {
    let n = match tried {
        Tried::Sent => writer.execute(
            "UPDATE outbox SET state = 'sent', body = '', done_at = ?2, said = NULL WHERE number = ?1 AND state = 'waiting'",
            params![number, now],
        )?,
        Tried::Later { due_at, said } => writer.execute(
            "UPDATE outbox SET n_tries = n_tries + 1, due_at = ?2, said = ?3 WHERE number = ?1 AND state = 'waiting'",
            params![number, due_at, said],
        )?,
        Tried::Failed { said } => writer.execute(
            "UPDATE outbox SET state = 'failed', n_tries = n_tries + 1, done_at = ?2, said = ?3
             WHERE number = ?1 AND state = 'waiting'",
            params![number, now, said],
        )?,
    };
    Ok(n > 0)
}

impl SqliteState {
    /// Queues what belongs to no step of a conversation; durable when it returns.
    pub fn queue_outgoing(&self, outgoing: Vec<Outgoing>) -> Result<(), DataError> {
        self.write(move |writer| queue(writer, &outgoing))
    }

    /// What is to be sent now, the longest due first; of each lane only the first.
    pub fn due_outgoing(&self, channel: &str, now: i64, n_max: usize) -> Result<Vec<Due>, DataError> {
        let select = format!(
            "SELECT number, key, lane, body, at, n_tries FROM outbox o
             WHERE channel = ?1 AND state = 'waiting' AND due_at <= ?2 AND {IS_FIRST} ORDER BY due_at, number LIMIT ?3"
        );
        self.read(|reader| {
            reader.prepare_cached(&select)?.query_map(params![channel, now, n_max as i64], due_of)?.collect()
        })
    }

    /// When the next is due; `None` when nothing waits.
    pub fn next_due(&self, channel: &str) -> Result<Option<i64>, DataError> {
        let select =
            format!("SELECT min(due_at) FROM outbox o WHERE channel = ?1 AND state = 'waiting' AND {IS_FIRST}");
        self.read(|reader| reader.prepare_cached(&select)?.query_row([channel], |row| row.get(0)))
    }

    /// Notes how a try ended; whether it still waited. What is given up leaves a note on its conversation.
    pub fn note_tried(&self, number: i64, now: i64, tried: Tried) -> Result<bool, DataError> {
        self.write(move |writer| {
            let noted = note_tried(writer, number, now, &tried)?;
            if let (true, Tried::Failed { said }) = (noted, &tried) {
                let note = "INSERT INTO conversation_note (conversation, at, agent, text)
                    SELECT c.number, ?2, 'tercet', '未送达 / not delivered by ' || o.channel || ': ' || ?3
                    FROM outbox o JOIN conversation c ON c.id = o.lane WHERE o.number = ?1";
                writer.execute(note, params![number, now, said])?;
            }
            Ok(noted)
        })
    }

    /// Takes something that is not due yet out of the queue, because it is given in an answer instead; `false` if it is
    /// being sent already, or others of its lane come first.
    pub fn hand_outgoing(&self, key: &str, now: i64) -> Result<bool, DataError> {
        let key = key.to_owned();
        let update = format!(
            "UPDATE outbox AS o SET state = 'handed', body = '', done_at = ?2
             WHERE key = ?1 AND state = 'waiting' AND due_at > ?2 AND {IS_FIRST}"
        );
        self.write(move |writer| writer.execute(&update, params![key, now])).map(|n| n > 0)
    }

    /// Lets what was held back in a lane go now.
    pub fn release_outgoing(&self, channel: &str, lane: &str, now: i64) -> Result<(), DataError> {
        let (channel, lane) = (channel.to_owned(), lane.to_owned());
        let update = "UPDATE outbox SET due_at = ?3
            WHERE channel = ?1 AND lane = ?2 AND state = 'waiting' AND n_tries = 0 AND due_at > ?3";
        self.write(move |writer| writer.execute(update, params![channel, lane, now])).map(drop)
    }

    /// `waiting`, `sent`, `handed` or `failed`; `None` for a key not known, or known no longer.
    pub fn outgoing_state(&self, key: &str) -> Result<Option<String>, DataError> {
        let select = "SELECT state FROM outbox WHERE key = ?1";
        self.read(|reader| reader.prepare_cached(select)?.query_row([key], |row| row.get(0)).optional())
    }

    /// By channel; what was sent is counted from `since` on.
    pub fn outbox_counts(&self, since: i64) -> Result<Vec<OutboxCounts>, DataError> {
        let select = "SELECT channel, sum(state = 'waiting'), min(CASE state WHEN 'waiting' THEN at END),
            sum(state IN ('sent', 'handed') AND done_at >= ?1), sum(state = 'failed')
            FROM outbox GROUP BY channel ORDER BY channel";
        let of = |row: &Row<'_>| {
            let count = |at| row.get::<_, i64>(at).map(|n| n as u64);
            Ok(OutboxCounts {
                channel: row.get(0)?,
                n_waiting: count(1)?,
                oldest_at: row.get(2)?,
                n_sent: count(3)?,
                n_failed: count(4)?,
            })
        };
        self.read(|reader| reader.prepare_cached(select)?.query_map([since], of)?.collect())
    }

    /// What was given up, the latest first.
    pub fn given_up(&self, n_max: usize) -> Result<Vec<GivenUp>, DataError> {
        let select = "SELECT key, channel, lane, at, done_at, n_tries, said FROM outbox WHERE state = 'failed'
            ORDER BY done_at DESC, number DESC LIMIT ?1";
        self.read(|reader| reader.prepare_cached(select)?.query_map([n_max as i64], given_up)?.collect())
    }

    /// Tries again what was given up; whether there is such a thing.
    pub fn retry_outgoing(&self, key: &str, now: i64) -> Result<bool, DataError> {
        let key = key.to_owned();
        let update = "UPDATE outbox SET state = 'waiting', n_tries = 0, due_at = ?2, done_at = NULL
            WHERE key = ?1 AND state = 'failed'";
        self.write(move |writer| writer.execute(update, params![key, now])).map(|n| n > 0)
    }

    /// Forgets what was sent before `sent_before`, and what was given up before `failed_before`; how many.
    pub fn forget_outgoing(&self, sent_before: i64, failed_before: i64) -> Result<u64, DataError> {
        let delete = "DELETE FROM outbox WHERE (state IN ('sent', 'handed') AND done_at < ?1)
            OR (state = 'failed' AND done_at < ?2)";
        self.write(move |writer| writer.execute(delete, [sent_before, failed_before])).map(|n| n as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shop;

    fn one(key: &str, lane: &str, due_at: i64) -> Outgoing {
        let [key, lane] = [key, lane].map(str::to_owned);
        Outgoing { body: format!("body of {key}"), channel: "wechat".into(), key, lane, at: 1, due_at }
    }

    fn keys(state: &SqliteState, now: i64) -> Vec<String> {
        state.due_outgoing("wechat", now, 9).unwrap().into_iter().map(|due| due.key).collect()
    }

    #[test]
    fn a_lane_keeps_its_order_and_a_key_counts_once() {
        let folder = tempfile::tempdir().unwrap();
        let shop = Shop::create(folder.path().join("shop")).unwrap();
        let state = shop.state().unwrap();
        let all = vec![one("a1", "a", 10), one("a2", "a", 5), one("b1", "b", 7), one("a1", "z", 0)];
        state.queue_outgoing(all).unwrap();
        assert_eq!((keys(&state, 6), keys(&state, 10)), (vec![], vec!["b1".to_owned(), "a1".to_owned()]));
        assert_eq!(state.next_due("wechat").unwrap(), Some(7));
        assert_eq!(state.next_due("email").unwrap(), None);
        let due = state.due_outgoing("wechat", 10, 9).unwrap();
        let later = Tried::Later { due_at: 50, said: "it answers 503".into() };
        assert!(state.note_tried(due[1].number, 10, later).unwrap());
        assert_eq!(keys(&state, 20), ["b1"], "what comes after a1 waits for it");
        assert!(state.note_tried(due[0].number, 20, Tried::Sent).unwrap());
        assert!(!state.note_tried(due[0].number, 21, Tried::Sent).unwrap(), "it waits no longer");
        assert_eq!(state.due_outgoing("wechat", 50, 9).unwrap()[0].n_tries, 1);
        assert!(state.note_tried(due[1].number, 50, Tried::Failed { said: "it answers 400".into() }).unwrap());
        assert_eq!(keys(&state, 50), ["a2"]);
        let counts = state.outbox_counts(0).unwrap();
        let expected =
            OutboxCounts { channel: "wechat".into(), n_waiting: 1, oldest_at: Some(1), n_sent: 1, n_failed: 1 };
        assert_eq!(counts, [expected]);
        assert_eq!(state.given_up(9).unwrap()[0].said, "it answers 400");
        assert!(state.retry_outgoing("a1", 60).unwrap() && !state.retry_outgoing("b1", 60).unwrap());
        assert_eq!(keys(&state, 60), ["a1"]);
        assert_eq!(state.forget_outgoing(20, 99).unwrap(), 0);
        assert_eq!(state.forget_outgoing(21, 99).unwrap(), 1);
    }

    #[test]
    fn what_is_held_back_is_handed_over_once_or_sent() {
        let folder = tempfile::tempdir().unwrap();
        let shop = Shop::create(folder.path().join("shop")).unwrap();
        let state = shop.state().unwrap();
        state.queue_outgoing(vec![one("a1", "a", 10), one("a2", "a", 10), one("b1", "b", 10)]).unwrap();
        assert!(!state.hand_outgoing("a2", 5).unwrap(), "a1 comes first");
        assert!(state.hand_outgoing("a1", 5).unwrap() && !state.hand_outgoing("a1", 5).unwrap());
        assert_eq!(state.outgoing_state("a1").unwrap().as_deref(), Some("handed"));
        assert!(!state.hand_outgoing("b1", 10).unwrap(), "it is being sent");
        state.release_outgoing("wechat", "a", 6).unwrap();
        assert_eq!(keys(&state, 6), ["a2"]);
        assert_eq!(state.outgoing_state("none").unwrap(), None);
    }

    #[test]
    fn nothing_is_lost_when_the_store_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("shop");
        let shop = Shop::create(&root).unwrap();
        shop.state().unwrap().queue_outgoing(vec![one("a1", "a", 10)]).unwrap();
        drop(shop);
        let state = Shop::open(&root).unwrap().state().unwrap();
        assert_eq!(keys(&state, 10), ["a1"]);
    }
}
