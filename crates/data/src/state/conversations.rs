//! Conversations of customer service in the state database: conversations, their messages, notes of people, submitted
//! forms. What the JSON bodies mean is the business of `service`; here they are kept whole and found quickly.
//!
//! A conversation is written by one caller at a time, who keeps others away: its row goes in and comes out as a whole,
//! together with the messages that belong to the same step.

use rusqlite::{Connection, OptionalExtension, Row, ToSql, params, params_from_iter};

use super::outbox::Outgoing;
use super::remembered::{self, RememberedFact};
use super::threads::{Heard, Thread};
use super::{SqliteState, outbox, threads};
use crate::DataError;

/// One conversation as stored. Times are UTC milliseconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conversation {
    pub id: String,
    /// Digest of the secret that its owner holds.
    pub secret_digest: String,
    pub channel: String,
    pub lang: String,
    pub customer_id: Option<String>,
    /// `bot`, `waiting`, `person` or `closed`.
    pub state: String,
    /// JSON: what the assistant remembers.
    pub dialogue: String,
    /// JSON: what a person is told, since the last hand-over.
    pub hand_over: Option<String>,
    pub skill: Option<String>,
    pub priority: i64,
    pub reason: Option<String>,
    pub agent: Option<String>,
    pub opened_at: i64,
    pub last_at: i64,
    pub waiting_since: Option<i64>,
    /// When a person first took it, and how long the customer had waited.
    pub taken_at: Option<i64>,
    pub waited_ms: Option<i64>,
    pub closed_at: Option<i64>,
    /// The last message's number; messages are numbered from 1.
    pub n_messages: i64,
    pub last_text: String,
    pub anger: f64,
    pub rating: Option<i64>,
    pub rating_comment: Option<String>,
    pub page_product_id: Option<String>,
    /// JSON list: products talked about.
    pub product_ids: String,
    /// The customer's message that the assistant has not answered yet.
    pub unanswered: Option<i64>,
}

/// One message as stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    pub seq: i64,
    pub at: i64,
    /// `customer`, `bot`, `person` or `system`.
    pub sender: String,
    pub text: String,
    /// JSON.
    pub body: Option<String>,
    /// A customer's own key; no two messages of a conversation have the same.
    pub key: Option<String>,
    /// Of an assistant's answer: the intent it answers, what it led to, and how long it took.
    pub intent: Option<String>,
    pub outcome: Option<String>,
    pub took_ms: Option<i64>,
}

/// What a person wrote for other people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    pub at: i64,
    pub agent: String,
    pub text: String,
}

/// A submitted form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    pub id: String,
    pub at: i64,
    /// `open`, `done` or `refused`.
    pub state: String,
    pub customer_id: Option<String>,
    pub conversation_id: String,
    /// JSON.
    pub body: String,
}

/// Everything that one step of a conversation writes; all or nothing.
#[derive(Clone, Debug, Default)]
pub struct Step {
    pub conversation: Conversation,
    pub messages: Vec<Message>,
    pub note: Option<Note>,
    pub case: Option<Case>,
    /// Ids of curated answers that were given.
    pub used: Vec<String>,
    /// Where the customer came by, if it is a channel of others.
    pub thread: Option<Thread>,
    /// The customer's message as that channel numbers it.
    pub heard: Option<Heard>,
    /// What leaves because of this step.
    pub outgoing: Vec<Outgoing>,
    /// What of the step is remembered of its customer; nothing where nobody vouches for one.
    pub facts: Vec<RememberedFact>,
}

/// Which conversations are meant.
#[derive(Clone, Debug, Default)]
pub struct ConversationFilter {
    /// Absent: all.
    pub state: Option<String>,
    /// Stands in a message, or is the customer's id.
    pub query: Option<String>,
    pub skill: Option<String>,
    pub customer_id: Option<String>,
}

/// How many conversations are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateCounts {
    pub bot: u64,
    pub waiting: u64,
    pub person: u64,
    pub closed: u64,
}

/// What happened since some time, added up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceFigures {
    pub n_conversations: u64,
    /// Closed ones, and those of them that no person ever had.
    pub n_closed: u64,
    pub n_contained: u64,
    /// Conversations that went to a person or wait for one.
    pub n_handed_over: u64,
    pub n_turns: u64,
    pub reasons: Vec<(String, u64)>,
    /// Ratings of 1 to 5 stars.
    pub stars: [u64; 5],
    /// Milliseconds and how many answers took so long, ascending.
    pub took_ms: Vec<(i64, u64)>,
    /// How long customers waited for a person, ascending.
    pub waited_ms: Vec<i64>,
    /// Intent, answers, and those of them that handed over.
    pub intents: Vec<(String, u64, u64)>,
    /// Product, conversations that talked about it, those of them that went to a person, and the sum and number of their stars.
    pub products: Vec<(String, u64, u64, u64, u64)>,
    /// Start of a UTC quarter of an hour, conversations begun in it, and those of them that went to a person, whether somebody
    /// has taken them yet or not.
    pub quarters: Vec<(i64, u64, u64)>,
}

/// An answer that was none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered {
    pub conversation_id: String,
    pub at: i64,
    /// What the customer had written.
    pub text: String,
}

pub(super) const SCHEMA: &str = "
    -- Numbers instead of ids in the messages' key: they are many.
    CREATE TABLE IF NOT EXISTS conversation (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE, secret_digest TEXT NOT NULL, channel TEXT NOT NULL, lang TEXT NOT NULL,
        customer_id TEXT, state TEXT NOT NULL, dialogue TEXT NOT NULL, hand_over TEXT, skill TEXT,
        priority INTEGER NOT NULL, reason TEXT, agent TEXT, opened_at INTEGER NOT NULL, last_at INTEGER NOT NULL,
        waiting_since INTEGER, taken_at INTEGER, waited_ms INTEGER, closed_at INTEGER, n_messages INTEGER NOT NULL,
        last_text TEXT NOT NULL, anger REAL NOT NULL, rating INTEGER, rating_comment TEXT, page_product_id TEXT,
        product_ids TEXT NOT NULL, unanswered INTEGER
    );
    CREATE INDEX IF NOT EXISTS conversation_by_state ON conversation (state, last_at);
    CREATE INDEX IF NOT EXISTS conversation_by_customer ON conversation (customer_id) WHERE customer_id IS NOT NULL;
    CREATE INDEX IF NOT EXISTS conversation_by_time ON conversation (opened_at);
    CREATE INDEX IF NOT EXISTS conversation_unanswered ON conversation (last_at) WHERE unanswered IS NOT NULL;
    CREATE TABLE IF NOT EXISTS message (
        conversation INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, sender TEXT NOT NULL,
        text TEXT NOT NULL, body TEXT, key TEXT, intent TEXT, outcome TEXT, took_ms INTEGER,
        PRIMARY KEY (conversation, seq)
    ) WITHOUT ROWID;
    CREATE UNIQUE INDEX IF NOT EXISTS message_by_key ON message (conversation, key) WHERE key IS NOT NULL;
    CREATE INDEX IF NOT EXISTS message_by_time ON message (at) WHERE sender = 'bot';
    CREATE TABLE IF NOT EXISTS conversation_note (
        number INTEGER PRIMARY KEY, conversation INTEGER NOT NULL, at INTEGER NOT NULL, agent TEXT NOT NULL,
        text TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS note_by_conversation ON conversation_note (conversation);
    CREATE TABLE IF NOT EXISTS service_case (
        id TEXT PRIMARY KEY, at INTEGER NOT NULL, state TEXT NOT NULL, customer_id TEXT,
        conversation_id TEXT NOT NULL, body TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS case_by_state ON service_case (state, at);
    CREATE INDEX IF NOT EXISTS case_by_conversation ON service_case (conversation_id);
    CREATE TABLE IF NOT EXISTS answer_use (answer_id TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
";

const COLUMNS: &str = "id, secret_digest, channel, lang, customer_id, state, dialogue, hand_over, skill, priority, reason, \
    agent, opened_at, last_at, waiting_since, taken_at, waited_ms, closed_at, n_messages, last_text, anger, rating, \
    rating_comment, page_product_id, product_ids, unanswered";

fn conversation_of(row: &Row<'_>) -> rusqlite::Result<Conversation> {
    Ok(Conversation {
        id: row.get(0)?,
        secret_digest: row.get(1)?,
        channel: row.get(2)?,
        lang: row.get(3)?,
        customer_id: row.get(4)?,
        state: row.get(5)?,
        dialogue: row.get(6)?,
        hand_over: row.get(7)?,
        skill: row.get(8)?,
        priority: row.get(9)?,
        reason: row.get(10)?,
        agent: row.get(11)?,
        opened_at: row.get(12)?,
        last_at: row.get(13)?,
        waiting_since: row.get(14)?,
        taken_at: row.get(15)?,
        waited_ms: row.get(16)?,
        closed_at: row.get(17)?,
        n_messages: row.get(18)?,
        last_text: row.get(19)?,
        anger: row.get(20)?,
        rating: row.get(21)?,
        rating_comment: row.get(22)?,
        page_product_id: row.get(23)?,
        product_ids: row.get(24)?,
        unanswered: row.get(25)?,
    })
}

fn put_conversation(writer: &Connection, row: &Conversation) -> rusqlite::Result<i64> {
    let places: Vec<String> = (1..=26).map(|at| format!("?{at}")).collect();
    let set: Vec<String> = COLUMNS.split(", ").skip(1).map(|name| format!("{0} = excluded.{0}", name.trim())).collect();
    let upsert = format!(
        "INSERT INTO conversation ({COLUMNS}) VALUES ({}) ON CONFLICT (id) DO UPDATE SET {} RETURNING number",
        places.join(", "),
        set.join(", ")
    );
    let values: [&dyn ToSql; 26] = [
        &row.id,
        &row.secret_digest,
        &row.channel,
        &row.lang,
        &row.customer_id,
        &row.state,
        &row.dialogue,
        &row.hand_over,
        &row.skill,
        &row.priority,
        &row.reason,
        &row.agent,
        &row.opened_at,
        &row.last_at,
        &row.waiting_since,
        &row.taken_at,
        &row.waited_ms,
        &row.closed_at,
        &row.n_messages,
        &row.last_text,
        &row.anger,
        &row.rating,
        &row.rating_comment,
        &row.page_product_id,
        &row.product_ids,
        &row.unanswered,
    ];
    writer.prepare_cached(&upsert)?.query_row(&values[..], |row| row.get(0))
}

fn put_step(writer: &Connection, step: &Step) -> rusqlite::Result<()> {
    let number = put_conversation(writer, &step.conversation)?;
    let mut insert = writer.prepare_cached(
        "INSERT INTO message (conversation, seq, at, sender, text, body, key, intent, outcome, took_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for one in &step.messages {
        let Message { seq, at, sender, text, body, key, intent, outcome, took_ms } = one;
        insert.execute(params![number, seq, at, sender, text, body, key, intent, outcome, took_ms])?;
    }
    if let Some(note) = &step.note {
        writer
            .prepare_cached("INSERT INTO conversation_note (conversation, at, agent, text) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![number, note.at, note.agent, note.text])?;
    }
    let mut count = writer.prepare_cached(
        "INSERT INTO answer_use (answer_id, n) VALUES (?1, 1) ON CONFLICT (answer_id) DO UPDATE SET n = n + 1",
    )?;
    step.used.iter().try_for_each(|answer| count.execute([answer]).map(drop))?;
    step.thread.as_ref().map_or(Ok(()), |thread| threads::put_thread(writer, thread))?;
    if let Some(heard) = &step.heard {
        threads::put_heard(writer, heard, &step.conversation.id)?;
    }
    outbox::queue(writer, &step.outgoing)?;
    if let Some(customer_id) = &step.conversation.customer_id {
        remembered::put(writer, customer_id, &step.conversation.id, &step.facts)?;
    }
    step.case.as_ref().map_or(Ok(()), |case| put_case(writer, case))
}

fn put_case(writer: &Connection, case: &Case) -> rusqlite::Result<()> {
    let replace = "INSERT OR REPLACE INTO service_case (id, at, state, customer_id, conversation_id, body)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let Case { id, at, state, customer_id, conversation_id, body } = case;
    writer.prepare_cached(replace)?.execute(params![id, at, state, customer_id, conversation_id, body]).map(drop)
}

const MESSAGE: &str = "m.seq, m.at, m.sender, m.text, m.body, m.key, m.intent, m.outcome, m.took_ms";

fn message_of(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        seq: row.get(0)?,
        at: row.get(1)?,
        sender: row.get(2)?,
        text: row.get(3)?,
        body: row.get(4)?,
        key: row.get(5)?,
        intent: row.get(6)?,
        outcome: row.get(7)?,
        took_ms: row.get(8)?,
    })
}

fn case_of(row: &Row<'_>) -> rusqlite::Result<Case> {
    Ok(Case {
        id: row.get(0)?,
        at: row.get(1)?,
        state: row.get(2)?,
        customer_id: row.get(3)?,
        conversation_id: row.get(4)?,
        body: row.get(5)?,
    })
}

const CASE: &str = "id, at, state, customer_id, conversation_id, body";

impl ConversationFilter {
    /// As a condition with its values.
    fn sql(&self) -> (String, Vec<String>) {
        let (mut parts, mut values) = (vec!["1".to_owned()], Vec::new());
        let mut equal = |name: &str, value: &Option<String>| {
            if let Some(value) = value {
                values.push(value.clone());
                parts.push(format!("c.{name} = ?{}", values.len()));
            }
        };
        equal("state", &self.state);
        equal("skill", &self.skill);
        equal("customer_id", &self.customer_id);
        if let Some(query) = &self.query {
            values.push(query.clone());
            let at = values.len();
            parts.push(format!(
                "(c.customer_id = ?{at} OR c.id = ?{at} OR EXISTS (SELECT 1 FROM message m WHERE m.conversation = c.number
                  AND instr(lower(m.text), lower(?{at})) > 0))"
            ));
        }
        (parts.join(" AND "), values)
    }
}

impl SqliteState {
    /// Writes one step of a conversation; durable when it returns.
    pub fn put_step(&self, step: Step) -> Result<(), DataError> {
        self.write(move |writer| put_step(writer, &step))
    }

    pub fn conversation(&self, id: &str) -> Result<Option<Conversation>, DataError> {
        let select = format!("SELECT {COLUMNS} FROM conversation WHERE id = ?1");
        self.read(|reader| reader.prepare_cached(&select)?.query_row([id], conversation_of).optional())
    }

    /// Those meant, and how many there are in all. Waiting ones first, the most urgent and then the longest waiting before
    /// others; the rest by their last message, the newest first.
    pub fn conversations(
        &self,
        filter: &ConversationFilter,
        offset: usize,
        limit: usize,
    ) -> Result<(u64, Vec<Conversation>), DataError> {
        let (condition, values) = filter.sql();
        let count = format!("SELECT count(*) FROM conversation c WHERE {condition}");
        let select = format!(
            "SELECT {COLUMNS} FROM conversation c WHERE {condition}
             ORDER BY c.state <> 'waiting', CASE c.state WHEN 'waiting' THEN -c.priority END,
             CASE c.state WHEN 'waiting' THEN c.waiting_since ELSE -c.last_at END, c.number
             LIMIT {limit} OFFSET {offset}"
        );
        self.read_apart(|reader| {
            let total = reader.query_row(&count, params_from_iter(&values), |row| row.get::<_, i64>(0))?;
            let mut select = reader.prepare(&select)?;
            let rows =
                select.query_map(params_from_iter(&values), conversation_of)?.collect::<rusqlite::Result<_>>()?;
            Ok((total as u64, rows))
        })
    }

    pub fn conversation_counts(&self) -> Result<StateCounts, DataError> {
        let pairs: Vec<(String, i64)> = self.read(|reader| {
            let mut select = reader.prepare_cached("SELECT state, count(*) FROM conversation GROUP BY state")?;
            select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })?;
        let of = |state: &str| pairs.iter().find(|(name, _)| name == state).map_or(0, |(_, n)| *n as u64);
        Ok(StateCounts { bot: of("bot"), waiting: of("waiting"), person: of("person"), closed: of("closed") })
    }

    /// Queues in which somebody waits or is with a person, by name.
    pub fn open_skills(&self, n_max: usize) -> Result<Vec<String>, DataError> {
        let select =
            "SELECT DISTINCT skill FROM conversation WHERE state IN ('waiting', 'person') AND skill IS NOT NULL
            ORDER BY skill LIMIT ?1";
        self.read(|reader| reader.prepare_cached(select)?.query_map([n_max as i64], |row| row.get(0))?.collect())
    }

    /// How many conversations are waited for before this one, in its queue.
    pub fn n_waiting_before(&self, of: &Conversation) -> Result<u64, DataError> {
        let select = "SELECT count(*) FROM conversation WHERE state = 'waiting' AND skill IS ?1 AND id <> ?2
            AND (priority > ?3 OR (priority = ?3 AND waiting_since < ?4))";
        let since = of.waiting_since.unwrap_or(i64::MAX);
        self.read(|reader| {
            reader
                .prepare_cached(select)?
                .query_row(params![of.skill, of.id, of.priority, since], |row| row.get::<_, i64>(0))
        })
        .map(|n| n as u64)
    }

    /// Messages after a number, oldest first.
    pub fn messages(&self, conversation_id: &str, after: i64, n_max: usize) -> Result<Vec<Message>, DataError> {
        let select = format!(
            "SELECT {MESSAGE} FROM conversation c JOIN message m ON m.conversation = c.number
             WHERE c.id = ?1 AND m.seq > ?2 ORDER BY m.seq LIMIT ?3"
        );
        self.read(|reader| {
            let mut select = reader.prepare_cached(&select)?;
            select.query_map(params![conversation_id, after, n_max as i64], message_of)?.collect()
        })
    }

    /// The message that was sent with this key.
    pub fn message_with_key(&self, conversation_id: &str, key: &str) -> Result<Option<Message>, DataError> {
        let select = format!(
            "SELECT {MESSAGE} FROM conversation c JOIN message m ON m.conversation = c.number
             WHERE c.id = ?1 AND m.key = ?2"
        );
        self.read(|reader| reader.prepare_cached(&select)?.query_row([conversation_id, key], message_of).optional())
    }

    /// Replaces the body of a message; whether there is such a message.
    pub fn set_message_body(&self, conversation_id: &str, seq: i64, body: String) -> Result<bool, DataError> {
        let id = conversation_id.to_owned();
        let update = "UPDATE message SET body = ?3
            WHERE conversation = (SELECT number FROM conversation WHERE id = ?1) AND seq = ?2";
        self.write(move |writer| writer.execute(update, params![id, seq, body])).map(|n| n > 0)
    }

    /// Ids of conversations whose last message the assistant has not answered, the longest waiting first.
    pub fn unanswered_conversations(&self, n_max: usize) -> Result<Vec<String>, DataError> {
        let select = "SELECT id FROM conversation WHERE unanswered IS NOT NULL ORDER BY last_at LIMIT ?1";
        self.read(|reader| reader.prepare_cached(select)?.query_map([n_max as i64], |row| row.get(0))?.collect())
    }

    /// Closes what the assistant answered and nobody has gone on with since `before`; how many.
    pub fn close_idle_conversations(&self, before: i64, at: i64) -> Result<u64, DataError> {
        let update = "UPDATE conversation SET state = 'closed', closed_at = ?2
            WHERE state = 'bot' AND last_at < ?1 AND unanswered IS NULL";
        self.write(move |writer| writer.execute(update, [before, at])).map(|n| n as u64)
    }

    /// Forgets conversations that ended before then with all that belongs to them, and what was remembered of customers before
    /// then; those with a form on which nobody has decided stay. How many conversations.
    pub fn forget_conversations(&self, before: i64) -> Result<u64, DataError> {
        let count = format!("SELECT count(*) FROM conversation WHERE {IS_OLD}");
        let n: i64 = self.write(move |writer| {
            let n = writer.query_row(&count, [before], |row| row.get(0))?;
            delete(writer, IS_OLD, &before)?;
            remembered::forget(writer, before)?;
            Ok(n)
        })?;
        // What was deleted is not to stay in the log.
        self.read(super::database::empty_log)?;
        Ok(n as u64)
    }

    /// Oldest first.
    pub fn conversation_notes(&self, conversation_id: &str) -> Result<Vec<Note>, DataError> {
        let select =
            "SELECT n.at, n.agent, n.text FROM conversation c JOIN conversation_note n ON n.conversation = c.number
            WHERE c.id = ?1 ORDER BY n.number";
        let note = |row: &Row<'_>| Ok(Note { at: row.get(0)?, agent: row.get(1)?, text: row.get(2)? });
        self.read(|reader| reader.prepare_cached(select)?.query_map([conversation_id], note)?.collect())
    }

    pub fn put_case(&self, case: Case) -> Result<(), DataError> {
        self.write(move |writer| put_case(writer, &case))
    }

    pub fn case(&self, id: &str) -> Result<Option<Case>, DataError> {
        let select = format!("SELECT {CASE} FROM service_case WHERE id = ?1");
        self.read(|reader| reader.prepare_cached(&select)?.query_row([id], case_of).optional())
    }

    /// Newest first, and how many there are in all; of one state or of one conversation where one is given.
    pub fn cases(
        &self,
        state: Option<&str>,
        conversation_id: Option<&str>,
        offset: usize,
        limit: usize,
    ) -> Result<(u64, Vec<Case>), DataError> {
        let condition = "(?1 IS NULL OR state = ?1) AND (?2 IS NULL OR conversation_id = ?2)";
        let count = format!("SELECT count(*) FROM service_case WHERE {condition}");
        let select = format!(
            "SELECT {CASE} FROM service_case WHERE {condition} ORDER BY at DESC, id DESC LIMIT {limit} OFFSET {offset}"
        );
        self.read(|reader| {
            let total = reader.query_row(&count, params![state, conversation_id], |row| row.get::<_, i64>(0))?;
            let mut select = reader.prepare(&select)?;
            let rows = select.query_map(params![state, conversation_id], case_of)?.collect::<rusqlite::Result<_>>()?;
            Ok((total as u64, rows))
        })
    }

    /// Requests of a customer that are not settled, newest first.
    pub fn open_cases_of(&self, customer_id: &str, limit: usize) -> Result<Vec<Case>, DataError> {
        let select = format!(
            "SELECT {CASE} FROM service_case WHERE customer_id = ?1 AND state = 'open' ORDER BY at DESC, id DESC LIMIT ?2"
        );
        self.read(|reader| {
            reader.prepare_cached(&select)?.query_map(params![customer_id, limit as i64], case_of)?.collect()
        })
    }

    /// Requests by one form that are not settled, of customers who are known, the longest ago first.
    pub fn open_cases_of_form(&self, form: &str, limit: usize) -> Result<Vec<Case>, DataError> {
        let select = format!(
            "SELECT {CASE} FROM service_case WHERE state = 'open' AND customer_id IS NOT NULL
             AND json_extract(body, '$.form') = ?1 ORDER BY at, id LIMIT ?2"
        );
        self.read_apart(|reader| reader.prepare(&select)?.query_map(params![form, limit as i64], case_of)?.collect())
    }

    /// The conversation of a customer that goes on, the last spoken in; none if all are closed.
    pub fn open_conversation_of(&self, customer_id: &str) -> Result<Option<Conversation>, DataError> {
        let select = format!(
            "SELECT {COLUMNS} FROM conversation WHERE customer_id = ?1 AND state <> 'closed'
             ORDER BY last_at DESC, number DESC LIMIT 1"
        );
        self.read(|reader| reader.prepare_cached(&select)?.query_row([customer_id], conversation_of).optional())
    }

    /// How often each curated answer was given.
    pub fn answer_uses(&self) -> Result<Vec<(String, u64)>, DataError> {
        self.read(|reader| {
            let mut select = reader.prepare_cached("SELECT answer_id, n FROM answer_use ORDER BY answer_id")?;
            select.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)))?.collect()
        })
    }

    /// What happened from `since` on.
    pub fn service_figures(&self, since: i64) -> Result<ServiceFigures, DataError> {
        self.read_apart(|reader| figures(reader, since))
    }

    /// Customers' messages since then whose answer had one of these outcomes or was marked as no help, the newest first.
    pub fn unanswered_messages(
        &self,
        since: i64,
        outcomes: &[&str],
        n_max: usize,
    ) -> Result<Vec<Unanswered>, DataError> {
        let list: Vec<String> = (3..3 + outcomes.len()).map(|at| format!("?{at}")).collect();
        let select = format!(
            "SELECT c.id, q.at, q.text FROM message m JOIN conversation c ON c.number = m.conversation
             JOIN message q ON q.conversation = m.conversation AND q.seq = (SELECT max(seq) FROM message b
                WHERE b.conversation = m.conversation AND b.seq < m.seq AND b.sender = 'customer')
             WHERE m.sender = 'bot' AND m.at >= ?1
             AND (m.outcome IN ({}) OR json_extract(m.body, '$.feedback') = 'down')
             ORDER BY m.at DESC LIMIT ?2",
            list.join(", ")
        );
        let of = |row: &Row<'_>| Ok(Unanswered { conversation_id: row.get(0)?, at: row.get(1)?, text: row.get(2)? });
        self.read_apart(|reader| {
            let n_max = n_max as i64;
            let mut values: Vec<&dyn ToSql> = vec![&since, &n_max];
            values.extend(outcomes.iter().map(|outcome| outcome as &dyn ToSql));
            reader.prepare(&select)?.query_map(&values[..], of)?.collect()
        })
    }
}

fn pairs<A: rusqlite::types::FromSql, B: rusqlite::types::FromSql>(
    reader: &Connection,
    sql: &str,
    since: i64,
) -> rusqlite::Result<Vec<(A, B)>> {
    reader.prepare(sql)?.query_map([since], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn figures(reader: &Connection, since: i64) -> rusqlite::Result<ServiceFigures> {
    let counts =
        "SELECT count(*), coalesce(sum(state = 'closed'), 0), coalesce(sum(state = 'closed' AND taken_at IS NULL), 0),
        coalesce(sum(reason IS NOT NULL OR taken_at IS NOT NULL), 0) FROM conversation WHERE opened_at >= ?1";
    let counted =
        |row: &Row<'_>| -> rusqlite::Result<[i64; 4]> { Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]) };
    let [n_conversations, n_closed, n_contained, n_handed_over] =
        reader.query_row(counts, [since], counted)?.map(|n| n as u64);
    let mut found =
        ServiceFigures { n_conversations, n_closed, n_contained, n_handed_over, ..ServiceFigures::default() };
    let count = |(name, n): (String, i64)| (name, n as u64);
    // Somebody of the shop may take over though nothing handed over.
    let reasons = "SELECT coalesce(reason, 'taken') AS why, count(*) AS n FROM conversation
        WHERE opened_at >= ?1 AND (reason IS NOT NULL OR taken_at IS NOT NULL) GROUP BY why ORDER BY n DESC, why";
    found.reasons = pairs(reader, reasons, since)?.into_iter().map(count).collect();
    let stars =
        "SELECT rating, count(*) FROM conversation WHERE opened_at >= ?1 AND rating BETWEEN 1 AND 5 GROUP BY rating";
    for (star, n) in pairs::<i64, i64>(reader, stars, since)? {
        found.stars[star as usize - 1] = n as u64;
    }
    let took = "SELECT took_ms, count(*) FROM message WHERE sender = 'bot' AND at >= ?1 AND took_ms IS NOT NULL
        GROUP BY took_ms ORDER BY took_ms";
    found.took_ms = pairs::<i64, i64>(reader, took, since)?.into_iter().map(|(ms, n)| (ms, n as u64)).collect();
    found.n_turns = found.took_ms.iter().map(|(_, n)| n).sum();
    let waited =
        "SELECT waited_ms, 0 FROM conversation WHERE opened_at >= ?1 AND waited_ms IS NOT NULL ORDER BY waited_ms";
    found.waited_ms = pairs::<i64, i64>(reader, waited, since)?.into_iter().map(|(ms, _)| ms).collect();
    let intents = "SELECT intent, count(*) AS n, sum(outcome LIKE 'hand_over%') FROM message
        WHERE sender = 'bot' AND at >= ?1 AND intent IS NOT NULL GROUP BY intent ORDER BY n DESC, intent";
    let intent = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64, row.get::<_, i64>(2)? as u64));
    found.intents = reader.prepare(intents)?.query_map([since], intent)?.collect::<Result<_, _>>()?;
    let products = "SELECT value, count(*) AS n, sum(reason IS NOT NULL OR taken_at IS NOT NULL), coalesce(sum(rating), 0), count(rating)
        FROM conversation, json_each(conversation.product_ids) WHERE opened_at >= ?1
        GROUP BY value ORDER BY n DESC, value LIMIT 20";
    let product = |row: &Row<'_>| {
        let number = |at| row.get::<_, i64>(at).map(|n| n as u64);
        Ok((row.get(0)?, number(1)?, number(2)?, number(3)?, number(4)?))
    };
    found.products = reader.prepare(products)?.query_map([since], product)?.collect::<Result<_, _>>()?;
    let quarters =
        "SELECT opened_at / 900000 * 900000 AS quarter, count(*), sum(reason IS NOT NULL OR taken_at IS NOT NULL) FROM conversation
        WHERE opened_at >= ?1 GROUP BY quarter ORDER BY quarter";
    let quarter = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64, row.get::<_, i64>(2)? as u64));
    found.quarters = reader.prepare(quarters)?.query_map([since], quarter)?.collect::<Result<_, _>>()?;
    Ok(found)
}

/// Removes a customer's conversations with all that belongs to them; how many rows.
pub(super) fn erase(writer: &Connection, customer_id: &str) -> rusqlite::Result<usize> {
    let cases = writer.execute("DELETE FROM service_case WHERE customer_id = ?1", [customer_id])?;
    let conversations = delete(writer, "customer_id = ?1", &customer_id)?;
    Ok(cases + conversations + remembered::erase(writer, customer_id)? + super::notices::erase(writer, customer_id)?)
}

/// Conversations that ended before `?1`, but for those with a form on which nobody has decided.
const IS_OLD: &str = "state = 'closed' AND closed_at < ?1 AND NOT EXISTS
    (SELECT 1 FROM service_case s WHERE s.conversation_id = conversation.id AND s.state = 'open')";

/// Removes the conversations of a condition on `?1` with all that belongs to them; how many rows.
fn delete(writer: &Connection, condition: &str, value: &dyn rusqlite::ToSql) -> rusqlite::Result<usize> {
    let of = format!("IN (SELECT number FROM conversation WHERE {condition})");
    let ids = format!("IN (SELECT id FROM conversation WHERE {condition})");
    // Last among them what the condition may ask.
    let cases = format!("DELETE FROM service_case WHERE conversation_id {ids}");
    let messages = format!("DELETE FROM message WHERE conversation {of}");
    let notes = format!("DELETE FROM conversation_note WHERE conversation {of}");
    let outgoing = format!("DELETE FROM outbox WHERE lane {ids}");
    let threads = format!("DELETE FROM thread WHERE conversation_id {ids}");
    let heard = format!("DELETE FROM heard WHERE conversation_id {ids}");
    let conversations = format!("DELETE FROM conversation WHERE {condition}");
    let mut n = 0;
    for delete in [cases, messages, notes, outgoing, threads, heard, conversations] {
        n += writer.execute(&delete, [value])?;
    }
    Ok(n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shop;

    fn shop() -> (tempfile::TempDir, Shop) {
        let folder = tempfile::tempdir().unwrap();
        let shop = Shop::create(folder.path().join("shop")).unwrap();
        (folder, shop)
    }

    fn conversation(id: &str, state: &str, at: i64) -> Conversation {
        Conversation {
            id: id.into(),
            state: state.into(),
            lang: "zh".into(),
            channel: "web".into(),
            dialogue: "{}".into(),
            product_ids: "[]".into(),
            opened_at: at,
            last_at: at,
            ..Conversation::default()
        }
    }

    fn message(seq: i64, sender: &str, text: &str) -> Message {
        Message { seq, at: seq, sender: sender.into(), text: text.into(), ..Message::default() }
    }

    #[test]
    fn a_step_is_kept_whole_and_a_key_only_once() {
        let (_folder, shop) = shop();
        let state = shop.state().unwrap();
        let mut row = conversation("a", "bot", 1);
        let first = Message { key: Some("k".into()), ..message(1, "customer", "在吗") };
        row.n_messages = 1;
        row.unanswered = Some(1);
        state.put_step(Step { conversation: row.clone(), messages: vec![first.clone()], ..Step::default() }).unwrap();
        assert_eq!(state.conversation("a").unwrap(), Some(row.clone()));
        assert_eq!(state.message_with_key("a", "k").unwrap(), Some(first));
        assert_eq!(state.unanswered_conversations(9).unwrap(), ["a"]);
        // The second message with the key is refused, and with it everything of its step.
        let again = Message { key: Some("k".into()), ..message(2, "customer", "在吗") };
        let mut other = row.clone();
        other.state = "closed".into();
        assert!(state.put_step(Step { conversation: other, messages: vec![again], ..Step::default() }).is_err());
        assert_eq!(state.conversation("a").unwrap().unwrap().state, "bot");
        row.unanswered = None;
        row.n_messages = 2;
        state
            .put_step(Step { conversation: row, messages: vec![message(2, "bot", "在的")], ..Step::default() })
            .unwrap();
        assert!(state.unanswered_conversations(9).unwrap().is_empty());
        let texts: Vec<String> = state.messages("a", 1, 9).unwrap().into_iter().map(|one| one.text).collect();
        assert_eq!(texts, ["在的"]);
        assert!(state.set_message_body("a", 2, "{\"feedback\":\"down\"}".into()).unwrap());
        assert!(!state.set_message_body("a", 3, "{}".into()).unwrap());
        let found = state.unanswered_messages(0, &["ask_back:rephrase"], 9).unwrap();
        assert_eq!((found.len(), found[0].text.as_str()), (1, "在吗"));
    }

    #[test]
    fn the_queue_is_by_urgency_then_by_waiting() {
        let (_folder, shop) = shop();
        let state = shop.state().unwrap();
        for (id, name, priority, since) in [
            ("calm", "waiting", 0, Some(1)),
            ("late", "waiting", 2, Some(9)),
            ("soon", "waiting", 2, Some(5)),
            ("bot", "bot", 0, None),
        ] {
            let row = Conversation {
                priority,
                waiting_since: since,
                skill: Some("general".into()),
                ..conversation(id, name, 3)
            };
            state.put_step(Step { conversation: row, ..Step::default() }).unwrap();
        }
        let (total, rows) = state.conversations(&ConversationFilter::default(), 0, 9).unwrap();
        let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        assert_eq!((total, ids), (4, vec!["soon", "late", "calm", "bot"]));
        let before = |at: usize| state.n_waiting_before(&rows[at]).unwrap();
        assert_eq!([before(0), before(1), before(2)], [0, 1, 2]);
        assert_eq!(state.conversation_counts().unwrap(), StateCounts { bot: 1, waiting: 3, person: 0, closed: 0 });
        let with_bot = ConversationFilter { state: Some("bot".into()), ..ConversationFilter::default() };
        assert_eq!(state.conversations(&with_bot, 0, 9).unwrap().0, 1);
        assert_eq!(
            (state.close_idle_conversations(3, 9).unwrap(), state.close_idle_conversations(4, 9).unwrap()),
            (0, 1)
        );
        assert_eq!(state.conversation("bot").unwrap().unwrap().closed_at, Some(9));
    }

    #[test]
    fn what_ended_long_ago_is_forgotten_but_for_what_is_undecided() {
        let (_folder, shop) = shop();
        let state = shop.state().unwrap();
        for (id, how, closed_at) in [
            ("old", "closed", Some(5)),
            ("new", "closed", Some(50)),
            ("undecided", "closed", Some(5)),
            ("open", "bot", None),
        ] {
            let row = Conversation { closed_at, customer_id: Some("c".into()), ..conversation(id, how, 1) };
            let case_state = if id == "undecided" { "open" } else { "done" };
            let case = Case {
                id: format!("case-{id}"),
                conversation_id: id.into(),
                state: case_state.into(),
                ..Case::default()
            };
            let messages = vec![message(1, "customer", &format!("words of {id}"))];
            let fact = remembered::RememberedFact {
                slot: id.into(),
                name: "wish".into(),
                value: id.into(),
                at: closed_at.unwrap_or(90),
                ..Default::default()
            };
            let step = Step { conversation: row, messages, case: Some(case), facts: vec![fact], ..Step::default() };
            state.put_step(step).unwrap();
        }
        assert_eq!(state.forget_conversations(50).unwrap(), 1);
        for (id, is_kept) in [("old", false), ("new", true), ("undecided", true), ("open", true)] {
            assert_eq!(state.conversation(id).unwrap().is_some(), is_kept, "{id}");
            assert_eq!(state.case(&format!("case-{id}")).unwrap().is_some(), is_kept, "{id}");
        }
        let facts: Vec<String> = state.remembered("c").unwrap().into_iter().map(|fact| fact.slot).collect();
        assert_eq!(facts, ["open", "new"]);
        assert_eq!(state.forget_conversations(50).unwrap(), 0);
    }

    #[test]
    fn erasing_leaves_nothing_of_a_customer() {
        let (_folder, shop) = shop();
        let state = shop.state().unwrap();
        for (id, who) in [("a", "victim"), ("b", "other")] {
            let row = Conversation { customer_id: Some(who.into()), ..conversation(id, "bot", 1) };
            let case =
                Case { id: format!("case-{id}"), conversation_id: id.into(), state: "open".into(), ..Case::default() };
            let note = Note { at: 1, agent: "x".into(), text: format!("note of {who}") };
            let messages = vec![message(1, "customer", &format!("I am {who}"))];
            state
                .put_step(Step { conversation: row, messages, note: Some(note), case: Some(case), ..Step::default() })
                .unwrap();
        }
        assert_eq!(shop.erase_customer("victim").unwrap(), 4);
        assert_eq!(state.conversation("a").unwrap(), None);
        assert_eq!(state.cases(None, None, 0, 9).unwrap().0, 1);
        for name in ["state.db", "state.db-wal"] {
            let bytes = std::fs::read(shop.root().join(name)).unwrap_or_default();
            assert!(!bytes.windows(6).any(|window| window == b"victim"), "in {name}");
        }
        assert_eq!(state.conversation_notes("b").unwrap().len(), 1);
    }

    #[test]
    fn figures_add_up() {
        let (_folder, shop) = shop();
        let state = shop.state().unwrap();
        // Handed over and not taken yet: nobody's, but not the assistant's alone.
        let waiting = Conversation { reason: Some("unanswered".into()), ..conversation("w", "waiting", 30) };
        state.put_step(Step { conversation: waiting, ..Step::default() }).unwrap();
        for (id, at, taken, rating) in [("a", 10, None, Some(5)), ("b", 20, Some(25), Some(1)), ("old", 1, None, None)]
        {
            let row = Conversation {
                taken_at: taken,
                waited_ms: taken.map(|_| 5),
                reason: taken.map(|_| "asked".into()),
                rating,
                product_ids: "[\"p1\"]".into(),
                ..conversation(id, "closed", at)
            };
            let answer = Message {
                at,
                intent: Some("price".into()),
                outcome: Some(if taken.is_some() { "hand_over:asked" } else { "none" }.into()),
                took_ms: Some(at),
                ..message(2, "bot", "x")
            };
            state.put_step(Step { conversation: row, messages: vec![answer], ..Step::default() }).unwrap();
        }
        let found = state.service_figures(10).unwrap();
        assert_eq!((found.n_conversations, found.n_closed, found.n_contained, found.n_handed_over), (3, 2, 1, 2));
        assert_eq!(
            (found.stars, found.took_ms.as_slice(), found.waited_ms.as_slice()),
            ([1, 0, 0, 0, 1], &[(10, 1), (20, 1)][..], &[5][..])
        );
        assert_eq!((found.intents, found.products), (vec![("price".into(), 2, 1)], vec![("p1".into(), 2, 1, 6, 2)]));
        let reasons = vec![("asked".into(), 1), ("unanswered".into(), 1)];
        assert_eq!((found.reasons, found.quarters), (reasons, vec![(0, 3, 2)]));
        let unasked = Conversation { taken_at: Some(45), ..conversation("u", "person", 40) };
        state.put_step(Step { conversation: unasked, ..Step::default() }).unwrap();
        let found = state.service_figures(10).unwrap();
        let n: u64 = found.reasons.iter().map(|(_, n)| n).sum();
        assert_eq!((found.n_handed_over, n, found.reasons[1].0.as_str()), (3, 3, "taken"));
    }
}
