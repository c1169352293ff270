//! What is being sent to many: one row a sending, and one row a customer and sending. Whoever is to get something is noted in the
//! step that decides it, before it leaves, and settled afterwards, so that a crash between the two is known as such and nobody is
//! written to twice. Limits that all sendings share (days of rest, money, contacts a day and a minute) are asked in that same step.
//! What a sending says, and how it leaves, is the business of `service`; time is an argument.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::SqliteState;
use crate::DataError;

/// One sending. Times are UTC milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredSending {
    pub id: String,
    /// As the exposures name it: the decision whose list it is, or its own id.
    pub campaign_id: String,
    /// `draft`, `approved`, `sending`, `sent`, `paused` or `cancelled`.
    pub state: String,
    /// Counted from 1; a change names the one it is made of.
    pub version: i64,
    pub at: i64,
    /// JSON of everything else.
    pub body: String,
}

/// One customer of a sending.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SendingItem {
    pub sending_id: String,
    /// In this order they are sent.
    pub nth: i64,
    pub customer_id: String,
    /// As `customers.consent` names it; empty for who can be reached by none of the sending's ways.
    pub way: String,
    pub product_id: Option<String>,
    pub is_control: bool,
    pub propensity: f64,
    pub cost_cents: i64,
    /// `waiting`, `leaving`, `sent`, `control`, `left_out`, `failed` or `unknown` (it left, or not: nobody knows).
    pub state: String,
    /// Why it is left out, failed or unknown.
    pub reason: Option<String>,
    /// By which the other side may tell repetitions; says nothing of the customer.
    pub key: String,
    /// What the other side or the sender said last.
    pub said: Option<String>,
    pub n_tries: u32,
    pub due_at: i64,
    /// An earlier try may have arrived.
    pub may_be_out: bool,
    /// When its state last changed.
    pub at: i64,
    /// The draft it was sent with.
    pub draft_id: Option<String>,
}

/// What is asked in the step that notes that something leaves.
#[derive(Clone, Debug, Default)]
pub struct Leaving {
    pub sending_id: String,
    pub customer_id: String,
    pub draft_id: String,
    /// A digest of where it goes.
    pub place: String,
    pub now: i64,
    pub budget_cents: Option<i64>,
    /// Whoever another sending reached from then on is left out.
    pub rest_from: i64,
    /// When the day began, and how many contacts a day may have by this way, and in all.
    pub day_from: i64,
    pub way_max: Option<u64>,
    pub contacts_max: Option<u64>,
    /// Contacts by this way within the minute before `now`.
    pub minute_max: Option<u64>,
}

/// What became of the wish to let something leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// It is noted as leaving; of a control, that it is one.
    Leaves,
    /// It is settled already, or the sending does not go on.
    Gone,
    /// Another sending reached the customer within the days of rest.
    Rests,
    /// Another customer of the sending has the same address.
    SamePlace,
    /// The money is spent.
    Budget,
    /// Not today, not within this minute.
    DayFull,
    MinuteFull,
}

/// How something that left, or should have, is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Sent,
    /// To be tried again then; whether this try may have arrived all the same.
    Later {
        due_at: i64,
        may_be_out: bool,
    },
    Failed,
    Unknown,
}

/// Items that are alike, counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemCount {
    pub way: String,
    pub state: String,
    pub reason: Option<String>,
    pub is_control: bool,
    pub n: u64,
    pub cost_cents: i64,
}

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS sending (
        id TEXT PRIMARY KEY, campaign_id TEXT NOT NULL, state TEXT NOT NULL, version INTEGER NOT NULL, at INTEGER NOT NULL,
        body TEXT NOT NULL,
        -- of what has left, or may have
        spent_cents INTEGER NOT NULL DEFAULT 0,
        has_begun INTEGER NOT NULL DEFAULT 0
    );
    CREATE UNIQUE INDEX IF NOT EXISTS sending_of_campaign ON sending (campaign_id) WHERE state <> 'cancelled';
    CREATE TABLE IF NOT EXISTS sending_item (
        sending_id TEXT NOT NULL, nth INTEGER NOT NULL, customer_id TEXT NOT NULL, way TEXT NOT NULL, product_id TEXT,
        is_control INTEGER NOT NULL, propensity REAL NOT NULL, cost_cents INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT,
        key TEXT NOT NULL UNIQUE, said TEXT, n_tries INTEGER NOT NULL DEFAULT 0, due_at INTEGER NOT NULL DEFAULT 0,
        may_be_out INTEGER NOT NULL DEFAULT 0, at INTEGER NOT NULL, draft_id TEXT, place TEXT,
        PRIMARY KEY (sending_id, customer_id)
    );
    CREATE INDEX IF NOT EXISTS sending_item_waiting ON sending_item (sending_id, way, nth) WHERE state IN ('waiting', 'leaving');
    CREATE INDEX IF NOT EXISTS sending_item_by_customer ON sending_item (customer_id);
    CREATE INDEX IF NOT EXISTS sending_item_by_place ON sending_item (sending_id, place) WHERE place IS NOT NULL;
    CREATE INDEX IF NOT EXISTS sending_item_out ON sending_item (at, way)
        WHERE is_control = 0 AND (state IN ('leaving', 'sent', 'unknown') OR may_be_out = 1);
";

const COLUMNS: &str =
    "sending_id, nth, customer_id, way, product_id, is_control, propensity, cost_cents, state, reason, key, said,
    n_tries, due_at, may_be_out, at, draft_id";
/// What has left, or may have.
const IS_OUT: &str = "is_control = 0 AND (state IN ('leaving', 'sent', 'unknown') OR may_be_out = 1)";

fn sending_of(row: &Row<'_>) -> rusqlite::Result<StoredSending> {
    Ok(StoredSending {
        id: row.get(0)?,
        campaign_id: row.get(1)?,
        state: row.get(2)?,
        version: row.get(3)?,
        at: row.get(4)?,
        body: row.get(5)?,
    })
}

fn item_of(row: &Row<'_>) -> rusqlite::Result<SendingItem> {
    let n_tries: i64 = row.get(12)?;
    Ok(SendingItem {
        sending_id: row.get(0)?,
        nth: row.get(1)?,
        customer_id: row.get(2)?,
        way: row.get(3)?,
        product_id: row.get(4)?,
        is_control: row.get(5)?,
        propensity: row.get(6)?,
        cost_cents: row.get(7)?,
        state: row.get(8)?,
        reason: row.get(9)?,
        key: row.get(10)?,
        said: row.get(11)?,
        n_tries: u32::try_from(n_tries).unwrap_or(u32::MAX),
        due_at: row.get(13)?,
        may_be_out: row.get(14)?,
        at: row.get(15)?,
        draft_id: row.get(16)?,
    })
}

const SENDING: &str = "SELECT id, campaign_id, state, version, at, body FROM sending";

/// Takes everything away that leads to the customer. That somebody was reached, and what it cost, stays: money is not spent twice
/// because of it.
pub(super) fn erase(writer: &Connection, customer_id: &str) -> rusqlite::Result<usize> {
    let forget = "UPDATE sending_item SET customer_id = 'erased ' || hex(randomblob(12)), key = 'erased ' || hex(randomblob(12)),
        place = NULL, product_id = NULL, said = NULL, draft_id = NULL, reason = 'erased',
        state = CASE WHEN state = 'waiting' AND may_be_out = 0 THEN 'left_out'
            WHEN state IN ('waiting', 'leaving') THEN 'unknown' ELSE state END
        WHERE customer_id = ?1";
    writer.execute(forget, [customer_id])
}

fn insert_items(writer: &Connection, items: &[SendingItem]) -> rusqlite::Result<()> {
    let insert = "INSERT INTO sending_item (sending_id, nth, customer_id, way, product_id, is_control, propensity, cost_cents, state,
        reason, key, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    let mut insert = writer.prepare_cached(insert)?;
    items.iter().try_for_each(|one| {
        let SendingItem { sending_id, nth, customer_id, way, product_id, is_control, propensity, .. } = one;
        let SendingItem { cost_cents, state, reason, key, at, .. } = one;
        let row = params![
            sending_id,
            nth,
            customer_id,
            way,
            product_id,
            is_control,
            propensity,
            cost_cents,
            state,
            reason,
            key,
            at
        ];
        insert.execute(row).map(drop)
    })
}

fn update(writer: &Connection, changed: &StoredSending) -> rusqlite::Result<bool> {
    let update = "UPDATE sending SET state = ?3, version = ?2, body = ?4,
        has_begun = CASE ?3 WHEN 'sending' THEN 1 ELSE has_begun END WHERE id = ?1 AND version = ?2 - 1";
    let StoredSending { id, version, state, body, .. } = changed;
    writer.execute(update, params![id, version, state, body]).map(|n| n > 0)
}

/// The checks of what leaves, and the note, in one step.
fn note(writer: &Connection, asked: &Leaving) -> rusqlite::Result<Noted> {
    let Leaving { sending_id, customer_id, draft_id, place, now, .. } = asked;
    let own = "SELECT i.way, i.is_control, CASE i.may_be_out WHEN 1 THEN 0 ELSE i.cost_cents END, s.spent_cents FROM sending_item i JOIN sending s ON s.id = i.sending_id
        WHERE i.sending_id = ?1 AND i.customer_id = ?2 AND i.state = 'waiting' AND s.state = 'sending'";
    let own = writer
        .prepare_cached(own)?
        .query_row([sending_id, customer_id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    let Some((way, is_control, cost, spent)): Option<(String, bool, i64, i64)> = own else { return Ok(Noted::Gone) };
    let elsewhere = format!(
        "SELECT EXISTS (SELECT 1 FROM sending_item WHERE customer_id = ?2 AND sending_id <> ?1 AND {IS_OUT} AND at >= ?3)"
    );
    if writer
        .prepare_cached(&elsewhere)?
        .query_row(params![sending_id, customer_id, asked.rest_from], |row| row.get(0))?
    {
        return Ok(Noted::Rests);
    }
    if asked.budget_cents.is_some_and(|budget| spent.saturating_add(cost) > budget) {
        return Ok(Noted::Budget);
    }
    if is_control {
        let control = "UPDATE sending_item SET state = 'control', at = ?3 WHERE sending_id = ?1 AND customer_id = ?2";
        writer.prepare_cached(control)?.execute(params![sending_id, customer_id, now])?;
        return Ok(Noted::Leaves);
    }
    let same = format!(
        "SELECT EXISTS (SELECT 1 FROM sending_item WHERE sending_id = ?1 AND place = ?3 AND customer_id <> ?2 AND {IS_OUT})"
    );
    if writer.prepare_cached(&same)?.query_row(params![sending_id, customer_id, place], |row| row.get(0))? {
        return Ok(Noted::SamePlace);
    }
    if let Some(full) = full(writer, asked, &way)? {
        return Ok(full);
    }
    let leaves = "UPDATE sending_item SET state = 'leaving', at = ?3, draft_id = ?4, place = ?5, reason = NULL
        WHERE sending_id = ?1 AND customer_id = ?2";
    writer.prepare_cached(leaves)?.execute(params![sending_id, customer_id, now, draft_id, place])?;
    pay(writer, sending_id, cost)?;
    Ok(Noted::Leaves)
}

fn pay(writer: &Connection, sending_id: &str, cents: i64) -> rusqlite::Result<()> {
    let pay = "UPDATE sending SET spent_cents = spent_cents + ?2 WHERE id = ?1";
    writer.prepare_cached(pay)?.execute(params![sending_id, cents]).map(drop)
}

/// Whether the day or the minute carries no more by this way.
fn full(writer: &Connection, asked: &Leaving, way: &str) -> rusqlite::Result<Option<Noted>> {
    // Of a day's contacts the item's own earlier try is no other; a channel is asked for each.
    let counted = |from: i64, way: Option<&str>, but_for: &str| -> rusqlite::Result<u64> {
        let count = format!(
            "SELECT count(*) FROM sending_item WHERE {IS_OUT} AND at >= ?1 AND (?2 IS NULL OR way = ?2)
             AND NOT (sending_id = ?3 AND customer_id = ?4)"
        );
        let row = params![from, way, asked.sending_id, but_for];
        writer.prepare_cached(&count)?.query_row(row, |row| row.get::<_, i64>(0)).map(|n| n as u64)
    };
    let is_full = |max: Option<u64>, from: i64, way: Option<&str>, but_for: &str| -> rusqlite::Result<bool> {
        max.map_or(Ok(false), |max| Ok(counted(from, way, but_for)? >= max))
    };
    let (own, day) = (asked.customer_id.as_str(), asked.day_from);
    if is_full(asked.way_max, day, Some(way), own)? || is_full(asked.contacts_max, day, None, own)? {
        return Ok(Some(Noted::DayFull));
    }
    let minute = asked.now.saturating_sub(59_999);
    Ok(is_full(asked.minute_max, minute, Some(way), "")?.then_some(Noted::MinuteFull))
}

impl SqliteState {
    /// Adds a sending; `false` if its campaign is being sent by another already.
    pub fn add_sending(&self, sending: StoredSending) -> Result<bool, DataError> {
        let insert = "INSERT INTO sending (id, campaign_id, state, version, at, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT DO NOTHING";
        self.write(move |writer| {
            let StoredSending { id, campaign_id, state, version, at, body } = &sending;
            writer.execute(insert, params![id, campaign_id, state, version, at, body])
        })
        .map(|n| n > 0)
    }

    pub fn sending(&self, id: &str) -> Result<Option<StoredSending>, DataError> {
        let select = format!("{SENDING} WHERE id = ?1");
        self.read(|reader| reader.prepare_cached(&select)?.query_row([id], sending_of).optional())
    }

    /// The sending that sends a campaign, or has begun to: one that was cancelled before counts no more.
    pub fn sending_of_campaign(&self, campaign_id: &str) -> Result<Option<StoredSending>, DataError> {
        let select = format!(
            "{SENDING} WHERE campaign_id = ?1 AND (state <> 'cancelled' OR has_begun = 1) ORDER BY at DESC LIMIT 1"
        );
        self.read(|reader| reader.prepare_cached(&select)?.query_row([campaign_id], sending_of).optional())
    }

    /// Whether anything of a sending could have left.
    pub fn has_begun(&self, id: &str) -> Result<bool, DataError> {
        let select = "SELECT coalesce(max(has_begun), 0) FROM sending WHERE id = ?1";
        self.read(|reader| reader.prepare_cached(select)?.query_row([id], |row| row.get(0)))
    }

    /// The newest first.
    pub fn sendings(&self, n_max: usize) -> Result<Vec<StoredSending>, DataError> {
        let select = format!("{SENDING} ORDER BY at DESC, id LIMIT ?1");
        self.read(|reader| reader.prepare_cached(&select)?.query_map([n_max as i64], sending_of)?.collect())
    }

    /// Puts the next version in the place of the one it was made of, and adds whom it is for; whether that one was the newest still.
    pub fn change_sending(&self, changed: StoredSending, items: Vec<SendingItem>) -> Result<bool, DataError> {
        self.write(move |writer| {
            if !update(writer, &changed)? {
                return Ok(false);
            }
            insert_items(writer, &items)?;
            Ok(true)
        })
    }

    /// Ends a sending for good: who waits is left out; what may have arrived stays unknown. Whether the version was the newest.
    pub fn cancel_sending(&self, changed: StoredSending, now: i64) -> Result<bool, DataError> {
        self.write(move |writer| {
            if !update(writer, &changed)? {
                return Ok(false);
            }
            let end = "UPDATE sending_item SET at = ?2, reason = 'cancelled',
                state = CASE WHEN state = 'leaving' OR may_be_out = 1 THEN 'unknown' ELSE 'left_out' END
                WHERE sending_id = ?1 AND state IN ('waiting', 'leaving')";
            writer.execute(end, params![changed.id, now])?;
            Ok(true)
        })
    }

    /// Lets those wait again whom the other side did not take, as if they had never been tried; whoever came back as undeliverable stays. None
    /// if the version was not the newest; else how many.
    pub fn retry_sending(&self, changed: StoredSending, now: i64) -> Result<Option<u64>, DataError> {
        self.write(move |writer| {
            if !update(writer, &changed)? {
                return Ok(None);
            }
            let again = "UPDATE sending_item SET state = 'waiting', reason = NULL, said = NULL, n_tries = 0, due_at = ?2, at = ?2
                WHERE sending_id = ?1 AND state = 'failed' AND reason = 'failed'";
            Ok(Some(writer.execute(again, params![changed.id, now])? as u64))
        })
    }

    /// Who waits and is due, in order.
    pub fn waiting_items(&self, id: &str, way: &str, now: i64, n_max: usize) -> Result<Vec<SendingItem>, DataError> {
        let select = format!(
            "SELECT {COLUMNS} FROM sending_item WHERE sending_id = ?1 AND way = ?2 AND state = 'waiting' AND due_at <= ?3
             ORDER BY nth LIMIT ?4"
        );
        self.read(|reader| {
            reader.prepare_cached(&select)?.query_map(params![id, way, now, n_max as i64], item_of)?.collect()
        })
    }

    /// What was noted as leaving and not settled: a crash came between.
    pub fn leaving_items(&self, id: &str) -> Result<Vec<SendingItem>, DataError> {
        let select =
            format!("SELECT {COLUMNS} FROM sending_item WHERE sending_id = ?1 AND state = 'leaving' ORDER BY nth");
        self.read(|reader| reader.prepare_cached(&select)?.query_map([id], item_of)?.collect())
    }

    /// All of a sending in the order of `nth`, from behind `after` on.
    pub fn sending_items(&self, id: &str, after: i64, n_max: usize) -> Result<Vec<SendingItem>, DataError> {
        let select =
            format!("SELECT {COLUMNS} FROM sending_item WHERE sending_id = ?1 AND nth > ?2 ORDER BY nth LIMIT ?3");
        self.read(|reader| {
            reader.prepare_cached(&select)?.query_map(params![id, after, n_max as i64], item_of)?.collect()
        })
    }

    pub fn sending_item_of_key(&self, key: &str) -> Result<Option<SendingItem>, DataError> {
        let select = format!("SELECT {COLUMNS} FROM sending_item WHERE key = ?1");
        self.read(|reader| reader.prepare_cached(&select)?.query_row([key], item_of).optional())
    }

    /// When the first of those who wait is due.
    pub fn next_due_item(&self, id: &str) -> Result<Option<i64>, DataError> {
        let select = "SELECT min(due_at) FROM sending_item WHERE sending_id = ?1 AND state = 'waiting'";
        self.read(|reader| reader.prepare_cached(select)?.query_row([id], |row| row.get(0)))
    }

    /// Notes that something leaves, if all limits allow it; of a control, that its turn has come.
    pub fn note_leaving(&self, asked: Leaving) -> Result<Noted, DataError> {
        self.write(move |writer| note(writer, &asked))
    }

    /// Settles what is leaving; whether it was.
    pub fn settle_leaving(
        &self,
        id: &str,
        customer_id: &str,
        outcome: Outcome,
        said: Option<String>,
        now: i64,
    ) -> Result<bool, DataError> {
        let (id, customer_id) = (id.to_owned(), customer_id.to_owned());
        self.write(move |writer| {
            let before = "SELECT may_be_out, cost_cents FROM sending_item
                WHERE sending_id = ?1 AND customer_id = ?2 AND state = 'leaving'";
            let before = writer
                .prepare_cached(before)?
                .query_row([&id, &customer_id], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((was_out, cost)): Option<(bool, i64)> = before else { return Ok(false) };
            let settle =
                "UPDATE sending_item SET state = ?3, said = ?4, at = CASE ?3 WHEN 'waiting' THEN at ELSE ?5 END,
                n_tries = n_tries + 1, due_at = ?6, reason = ?8, may_be_out = ?7
                WHERE sending_id = ?1 AND customer_id = ?2";
            let (state, due_at, may_be_out, reason) = match outcome {
                Outcome::Sent => ("sent", 0, false, None),
                Outcome::Later { due_at, may_be_out } => ("waiting", due_at, may_be_out || was_out, None),
                Outcome::Failed if !was_out => ("failed", 0, false, Some("failed")),
                Outcome::Failed | Outcome::Unknown => ("unknown", 0, false, Some("unknown")),
            };
            writer.prepare_cached(settle)?.execute(params![
                id,
                customer_id,
                state,
                said,
                now,
                due_at,
                may_be_out,
                reason
            ])?;
            if state == "failed" || (state == "waiting" && !may_be_out) {
                pay(writer, &id, -cost)?;
            }
            Ok(true)
        })
    }

    /// Leaves somebody out who waits; an earlier try that may have arrived makes it unknown instead. Whether they waited.
    pub fn leave_out(&self, id: &str, customer_id: &str, reason: &str, now: i64) -> Result<bool, DataError> {
        let row = [id, customer_id, reason].map(str::to_owned);
        self.write(move |writer| {
            let [id, customer_id, reason] = &row;
            let update = "UPDATE sending_item SET reason = ?3, at = ?4,
                state = CASE may_be_out WHEN 1 THEN 'unknown' ELSE 'left_out' END
                WHERE sending_id = ?1 AND customer_id = ?2 AND state = 'waiting'";
            writer.prepare_cached(update)?.execute(params![id, customer_id, reason, now])
        })
        .map(|n| n > 0)
    }

    /// Leaves out everybody who still waits; how many.
    pub fn leave_out_all(&self, id: &str, reason: &str, now: i64) -> Result<u64, DataError> {
        let row = [id, reason].map(str::to_owned);
        self.write(move |writer| {
            let update = "UPDATE sending_item SET reason = ?2, at = ?3,
                state = CASE may_be_out WHEN 1 THEN 'unknown' ELSE 'left_out' END
                WHERE sending_id = ?1 AND state = 'waiting'";
            writer.execute(update, params![row[0], row[1], now])
        })
        .map(|n| n as u64)
    }

    /// Notes that what was sent came back: it reached nobody. Whether it was taken for sent.
    pub fn note_returned(&self, key: &str, now: i64) -> Result<bool, DataError> {
        let key = key.to_owned();
        let update = "UPDATE sending_item SET state = 'failed', reason = 'returned', at = ?2
            WHERE key = ?1 AND state IN ('sent', 'unknown')";
        self.write(move |writer| writer.execute(update, params![key, now])).map(|n| n > 0)
    }

    pub fn item_counts(&self, id: &str) -> Result<Vec<ItemCount>, DataError> {
        let select =
            "SELECT way, state, reason, is_control, count(*), sum(cost_cents) FROM sending_item WHERE sending_id = ?1
            GROUP BY way, state, reason, is_control ORDER BY way, state, reason, is_control";
        let of = |row: &Row<'_>| {
            Ok(ItemCount {
                way: row.get(0)?,
                state: row.get(1)?,
                reason: row.get(2)?,
                is_control: row.get(3)?,
                n: row.get::<_, i64>(4)? as u64,
                cost_cents: row.get(5)?,
            })
        };
        self.read(|reader| reader.prepare_cached(select)?.query_map([id], of)?.collect())
    }

    /// Whom other sendings have reached, or may have, from an instant on.
    pub fn reached_since(&self, from: i64, but_for: &str) -> Result<BTreeSet<String>, DataError> {
        let select =
            format!("SELECT DISTINCT customer_id FROM sending_item WHERE {IS_OUT} AND at >= ?1 AND sending_id <> ?2");
        self.read_apart(|reader| {
            reader.prepare(&select)?.query_map(params![from, but_for], |row| row.get(0))?.collect()
        })
    }

    /// Whom other sendings have left alone as a control from an instant on.
    pub fn controls_since(&self, from: i64, but_for: &str) -> Result<BTreeSet<String>, DataError> {
        let select =
            "SELECT DISTINCT customer_id FROM sending_item WHERE state = 'control' AND at >= ?1 AND sending_id <> ?2";
        self.read_apart(|reader| reader.prepare(select)?.query_map(params![from, but_for], |row| row.get(0))?.collect())
    }

    /// What has been spent, of what has left or may have: in hundredths.
    pub fn spent_cents(&self, id: &str) -> Result<i64, DataError> {
        self.read(|reader| {
            reader
                .prepare_cached("SELECT coalesce(max(spent_cents), 0) FROM sending WHERE id = ?1")?
                .query_row([id], |row| row.get(0))
        })
    }

    /// Who was reached, may have been, or was left alone as a control, by all sendings of a campaign.
    pub fn reached(&self, campaign_id: &str) -> Result<Vec<SendingItem>, DataError> {
        let columns: Vec<String> = COLUMNS.split(',').map(|column| format!("i.{}", column.trim())).collect();
        let select = format!(
            "SELECT {} FROM sending_item i JOIN sending s ON s.id = i.sending_id WHERE s.campaign_id = ?1
             AND i.state IN ('sent', 'unknown', 'control') AND coalesce(i.reason, '') <> 'erased' ORDER BY i.at, i.sending_id, i.nth",
            columns.join(", ")
        );
        self.read_apart(|reader| reader.prepare(&select)?.query_map([campaign_id], item_of)?.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shop;
    use crate::state::StateStore;

    fn sending(id: &str, campaign: &str, state: &str, version: i64) -> StoredSending {
        let [id, campaign_id, state] = [id, campaign, state].map(str::to_owned);
        StoredSending { id, campaign_id, state, version, at: 1, body: "{}".into() }
    }

    fn item(sending: &str, nth: i64, customer: &str, is_control: bool) -> SendingItem {
        SendingItem {
            sending_id: sending.into(),
            nth,
            customer_id: customer.into(),
            way: "email".into(),
            is_control,
            propensity: 0.5,
            cost_cents: 3,
            state: "waiting".into(),
            key: format!("{sending}-{customer}"),
            ..SendingItem::default()
        }
    }

    fn asked(sending: &str, customer: &str, now: i64) -> Leaving {
        Leaving {
            sending_id: sending.into(),
            customer_id: customer.into(),
            draft_id: "d".into(),
            place: customer.into(),
            now,
            ..Leaving::default()
        }
    }

    #[test]
    fn what_leaves_is_noted_once_and_within_every_limit() {
        let folder = tempfile::tempdir().unwrap();
        let state = Shop::create(folder.path().join("shop")).unwrap().state().unwrap();
        assert!(state.add_sending(sending("s", "c", "draft", 1)).unwrap());
        assert!(!state.add_sending(sending("t", "c", "draft", 1)).unwrap(), "one sending a campaign");
        let all = ["a", "b", "d", "e"].into_iter().zip(1..).map(|(id, nth)| item("s", nth, id, id == "b")).collect();
        assert!(state.change_sending(sending("s", "c", "approved", 2), all).unwrap());
        assert!(!state.change_sending(sending("s", "c", "sending", 2), vec![]).unwrap(), "of an older version");
        assert_eq!(state.note_leaving(asked("s", "a", 5)).unwrap(), Noted::Gone, "it has not begun");
        assert!(state.change_sending(sending("s", "c", "sending", 3), vec![]).unwrap());
        assert_eq!(state.note_leaving(asked("s", "a", 5)).unwrap(), Noted::Leaves);
        assert_eq!(state.note_leaving(asked("s", "a", 5)).unwrap(), Noted::Gone, "it leaves already");
        assert_eq!(state.leaving_items("s").unwrap().len(), 1);
        let same = Leaving { place: "a".into(), ..asked("s", "d", 6) };
        assert_eq!(state.note_leaving(same).unwrap(), Noted::SamePlace);
        let budget = |cents, who: &str| Leaving { budget_cents: Some(cents), ..asked("s", who, 6) };
        assert_eq!(state.note_leaving(budget(5, "d")).unwrap(), Noted::Budget);
        assert_eq!(state.note_leaving(budget(5, "b")).unwrap(), Noted::Budget, "a control as if it were written to");
        assert_eq!(state.note_leaving(budget(6, "b")).unwrap(), Noted::Leaves);
        let full = Leaving { minute_max: Some(1), ..asked("s", "d", 6) };
        assert_eq!(state.note_leaving(full).unwrap(), Noted::MinuteFull);
        let later = Leaving { minute_max: Some(1), contacts_max: Some(2), ..asked("s", "d", 60_005) };
        assert_eq!(state.note_leaving(Leaving { way_max: Some(1), ..later.clone() }).unwrap(), Noted::DayFull);
        assert_eq!(state.note_leaving(later).unwrap(), Noted::Leaves);
        assert!(state.settle_leaving("s", "a", Outcome::Sent, None, 7).unwrap());
        assert!(!state.settle_leaving("s", "a", Outcome::Failed, None, 8).unwrap());
        // Another sending leaves whom this one reached alone.
        assert!(state.add_sending(sending("t", "t", "draft", 1)).unwrap());
        assert!(state.change_sending(sending("t", "t", "sending", 2), vec![item("t", 1, "a", false)]).unwrap());
        assert_eq!(state.note_leaving(Leaving { rest_from: 7, ..asked("t", "a", 9) }).unwrap(), Noted::Rests);
        assert_eq!(state.note_leaving(Leaving { rest_from: 8, ..asked("t", "a", 9) }).unwrap(), Noted::Leaves);
    }

    #[test]
    fn what_may_have_arrived_is_never_told_as_left_out_and_goes_with_the_customer() {
        let folder = tempfile::tempdir().unwrap();
        let state = Shop::create(folder.path().join("shop")).unwrap().state().unwrap();
        state.add_sending(sending("s", "c", "draft", 1)).unwrap();
        let all = ["a", "b", "d"].into_iter().zip(1..).map(|(id, nth)| item("s", nth, id, false)).collect();
        state.change_sending(sending("s", "c", "sending", 2), all).unwrap();
        state.note_leaving(asked("s", "a", 5)).unwrap();
        let later = Outcome::Later { due_at: 50, may_be_out: true };
        assert!(state.settle_leaving("s", "a", later, Some("it does not answer".into()), 6).unwrap());
        assert_eq!(state.next_due_item("s").unwrap(), Some(0));
        assert_eq!(state.waiting_items("s", "email", 49, 9).unwrap().len(), 2);
        assert!(state.leave_out("s", "a", "no_consent", 51).unwrap() && state.leave_out("s", "b", "held", 51).unwrap());
        let told: Vec<(String, Option<String>)> =
            state.item_counts("s").unwrap().into_iter().map(|one| (one.state, one.reason)).collect();
        let wanted = [("left_out", Some("held")), ("unknown", Some("no_consent")), ("waiting", None)];
        assert_eq!(told, wanted.map(|(state, reason)| (state.to_owned(), reason.map(str::to_owned))));
        state.note_leaving(asked("s", "d", 52)).unwrap();
        assert!(state.cancel_sending(sending("s", "c", "cancelled", 3), 53).unwrap());
        assert_eq!(state.reached("c").unwrap().len(), 2, "what was leaving is unknown");
        assert!(state.add_sending(sending("t", "c", "draft", 1)).unwrap(), "what was cancelled is in nobody's way");
        assert!(state.note_returned("s-d", 54).unwrap() && !state.note_returned("s-d", 55).unwrap());
        state.erase_customer("a").unwrap();
        assert_eq!((state.reached("c").unwrap(), state.spent_cents("s").unwrap()), (vec![], 6));
        let left = state.sending_items("s", 0, 9).unwrap();
        assert!(left.len() == 3 && left.iter().all(|one| one.customer_id != "a" && one.key != "s-a"), "{left:?}");
    }
}
