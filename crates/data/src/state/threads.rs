//! Which conversation somebody writes in who comes by a channel of others (WeChat, e-mail, a shop's own app), and which of
//! their messages were heard already. What a thread's body means is the business of `service`.

use rusqlite::{Connection, OptionalExtension, Row, params};
use sha2::{Digest, Sha256};

use super::SqliteState;
use crate::DataError;
use crate::files::hex;

/// Where somebody's next message goes, and what a reply needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thread {
    pub channel: String,
    /// Who writes, as the channel names them.
    pub peer: String,
    pub conversation_id: String,
    /// JSON.
    pub body: String,
    /// UTC milliseconds.
    pub at: i64,
}

/// A message as its channel numbers it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    pub channel: String,
    pub key: String,
    pub at: i64,
}

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS thread (
        channel TEXT NOT NULL, peer TEXT NOT NULL, conversation_id TEXT NOT NULL, body TEXT NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (channel, peer)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS thread_by_conversation ON thread (conversation_id);
    -- Keys as digests: they may hold addresses, and erasure could not tell whose.
    CREATE TABLE IF NOT EXISTS heard (
        channel TEXT NOT NULL, key TEXT NOT NULL, conversation_id TEXT NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (channel, key)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS heard_by_time ON heard (at);
";

const COLUMNS: &str = "channel, peer, conversation_id, body, at";

fn thread_of(row: &Row<'_>) -> rusqlite::Result<Thread> {
    Ok(Thread {
        channel: row.get(0)?,
        peer: row.get(1)?,
        conversation_id: row.get(2)?,
        body: row.get(3)?,
        at: row.get(4)?,
    })
}

fn digest(key: &str) -> String {
    hex(&Sha256::digest(key.as_bytes()))
}

pub(super) fn put_thread(writer: &Connection, thread: &Thread) -> rusqlite::Result<()> {
    let Thread { channel, peer, conversation_id, body, at } = thread;
    let replace = format!("INSERT OR REPLACE INTO thread ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5)");
    writer.prepare_cached(&replace)?.execute(params![channel, peer, conversation_id, body, at]).map(drop)
}

/// Whether it was not heard before.
pub(super) fn put_heard(writer: &Connection, heard: &Heard, conversation_id: &str) -> rusqlite::Result<bool> {
    let insert = "INSERT INTO heard (channel, key, conversation_id, at) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (channel, key) DO NOTHING";
    let values = params![heard.channel, digest(&heard.key), conversation_id, heard.at];
    writer.prepare_cached(insert)?.execute(values).map(|n| n > 0)
}

impl SqliteState {
    pub fn thread(&self, channel: &str, peer: &str) -> Result<Option<Thread>, DataError> {
        let select = format!("SELECT {COLUMNS} FROM thread WHERE channel = ?1 AND peer = ?2");
        self.read(|reader| reader.prepare_cached(&select)?.query_row([channel, peer], thread_of).optional())
    }

    /// The thread that a conversation came by.
    pub fn thread_of(&self, conversation_id: &str) -> Result<Option<Thread>, DataError> {
        let select = format!("SELECT {COLUMNS} FROM thread WHERE conversation_id = ?1 ORDER BY at DESC LIMIT 1");
        self.read(|reader| reader.prepare_cached(&select)?.query_row([conversation_id], thread_of).optional())
    }

    /// The conversation in which a message was heard, if it was.
    pub fn heard_in(&self, channel: &str, key: &str) -> Result<Option<String>, DataError> {
        let select = "SELECT conversation_id FROM heard WHERE channel = ?1 AND key = ?2";
        let key = digest(key);
        self.read(|reader| reader.prepare_cached(select)?.query_row([channel, &key], |row| row.get(0)).optional())
    }

    /// Notes something that comes only once, such as a signature; `false` if it came before.
    pub fn hear_once(&self, heard: Heard) -> Result<bool, DataError> {
        self.write(move |writer| put_heard(writer, &heard, ""))
    }

    /// Forgets what was heard before then: nobody sends it again.
    pub fn forget_heard(&self, before: i64) -> Result<u64, DataError> {
        self.write(move |writer| writer.execute("DELETE FROM heard WHERE at < ?1", [before])).map(|n| n as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shop;
    use crate::state::conversations::{Conversation, Step};
    use crate::state::outbox::Outgoing;

    #[test]
    fn what_came_once_is_known_until_it_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let shop = Shop::create(folder.path().join("shop")).unwrap();
        let state = shop.state().unwrap();
        let heard = |channel: &str, at| Heard { channel: channel.into(), key: "m1".into(), at };
        assert!(state.hear_once(heard("a", 1)).unwrap() && !state.hear_once(heard("a", 2)).unwrap());
        assert!(state.hear_once(heard("b", 2)).unwrap());
        assert_eq!(state.forget_heard(2).unwrap(), 1);
        assert!(state.hear_once(heard("a", 3)).unwrap());
    }

    #[test]
    fn a_customer_who_is_erased_leaves_no_thread_and_nothing_to_be_sent() {
        let folder = tempfile::tempdir().unwrap();
        let shop = Shop::create(folder.path().join("shop")).unwrap();
        let state = shop.state().unwrap();
        for (id, who) in [("a", "victim"), ("b", "other")] {
            let conversation = Conversation {
                id: id.into(),
                customer_id: Some(who.into()),
                state: "bot".into(),
                dialogue: "{}".into(),
                product_ids: "[]".into(),
                ..Conversation::default()
            };
            let thread = Thread {
                channel: "wechat".into(),
                peer: format!("openid of {who}"),
                conversation_id: id.into(),
                body: "{}".into(),
                at: 1,
            };
            let outgoing = Outgoing {
                key: format!("{id}-1"),
                channel: "wechat".into(),
                lane: id.into(),
                body: format!("for {who}"),
                ..Outgoing::default()
            };
            let heard = Heard { channel: "wechat".into(), key: format!("m of {who}"), at: 1 };
            let step = Step {
                conversation,
                thread: Some(thread),
                heard: Some(heard),
                outgoing: vec![outgoing],
                ..Step::default()
            };
            state.put_step(step).unwrap();
        }
        assert_eq!(state.heard_in("wechat", "m of victim").unwrap().as_deref(), Some("a"));
        assert_eq!(state.thread("wechat", "openid of victim").unwrap(), state.thread_of("a").unwrap());
        assert_eq!(shop.erase_customer("victim").unwrap(), 4);
        assert_eq!((state.thread_of("a").unwrap(), state.heard_in("wechat", "m of victim").unwrap()), (None, None));
        assert_eq!(state.due_outgoing("wechat", 9, 9).unwrap().len(), 1);
        for name in ["state.db", "state.db-wal"] {
            let bytes = std::fs::read(shop.root().join(name)).unwrap_or_default();
            assert!(!bytes.windows(6).any(|window| window == b"victim"), "in {name}");
        }
    }
}
