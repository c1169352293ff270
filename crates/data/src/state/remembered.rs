//! What is remembered of customers from one conversation to the next: named facts, each with the message it comes from. What a
//! fact means is the business of `assist`; here they are few, replaced slot by slot, and go with the customer.

use rusqlite::{Connection, Row, params};

use super::SqliteState;
use crate::DataError;

/// Facts kept of one customer, and products among them: the newest.
pub const FACTS_MAX: usize = 24;
pub const PRODUCTS_MAX: usize = 3;

/// One fact as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RememberedFact {
    /// A later fact of the same slot takes its place.
    pub slot: String,
    pub name: String,
    pub value: String,
    /// Empty when it is put: the step's own conversation is meant.
    pub conversation_id: String,
    /// The message it comes from.
    pub seq: i64,
    /// UTC milliseconds.
    pub at: i64,
}

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS customer_fact (
        customer_id TEXT NOT NULL, slot TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
        conversation_id TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (customer_id, slot)
    ) WITHOUT ROWID;
";

/// Adds facts, and lets go of the oldest beyond what is kept.
pub(super) fn put(
    writer: &Connection,
    customer_id: &str,
    conversation_id: &str,
    facts: &[RememberedFact],
) -> rusqlite::Result<()> {
    if facts.is_empty() {
        return Ok(());
    }
    let mut replace = writer.prepare_cached(
        "INSERT OR REPLACE INTO customer_fact (customer_id, slot, name, value, conversation_id, seq, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for RememberedFact { slot, name, value, seq, at, .. } in facts {
        replace.execute(params![customer_id, slot, name, value, conversation_id, seq, at])?;
    }
    let mut forget = writer.prepare_cached(
        "DELETE FROM customer_fact WHERE customer_id = ?1 AND (?2 IS NULL OR name = ?2) AND slot NOT IN
         (SELECT slot FROM customer_fact WHERE customer_id = ?1 AND (?2 IS NULL OR name = ?2)
          ORDER BY at DESC, slot LIMIT ?3)",
    )?;
    forget.execute(params![customer_id, "product", PRODUCTS_MAX as i64])?;
    forget.execute(params![customer_id, None::<&str>, FACTS_MAX as i64])?;
    Ok(())
}

pub(super) fn erase(writer: &Connection, customer_id: &str) -> rusqlite::Result<usize> {
    writer.execute("DELETE FROM customer_fact WHERE customer_id = ?1", [customer_id])
}

/// Forgets what was remembered before then.
pub(super) fn forget(writer: &Connection, before: i64) -> rusqlite::Result<usize> {
    writer.execute("DELETE FROM customer_fact WHERE at < ?1", [before])
}

impl SqliteState {
    /// What is remembered of a customer, the newest first.
    pub fn remembered(&self, customer_id: &str) -> Result<Vec<RememberedFact>, DataError> {
        let select = "SELECT slot, name, value, conversation_id, seq, at FROM customer_fact WHERE customer_id = ?1
            ORDER BY at DESC, slot";
        let fact = |row: &Row<'_>| {
            Ok(RememberedFact {
                slot: row.get(0)?,
                name: row.get(1)?,
                value: row.get(2)?,
                conversation_id: row.get(3)?,
                seq: row.get(4)?,
                at: row.get(5)?,
            })
        };
        self.read(|reader| reader.prepare_cached(select)?.query_map([customer_id], fact)?.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shop;
    use crate::state::StateStore;
    use crate::state::conversations::{Conversation, Step};

    fn fact(slot: &str, value: &str, at: i64) -> RememberedFact {
        let name = slot.split(':').next().unwrap_or_default().to_owned();
        RememberedFact { slot: slot.into(), name, value: value.into(), seq: at, at, ..RememberedFact::default() }
    }

    fn step(customer: Option<&str>, facts: Vec<RememberedFact>) -> Step {
        let conversation = Conversation {
            id: "cv".into(),
            customer_id: customer.map(str::to_owned),
            state: "bot".into(),
            dialogue: "{}".into(),
            product_ids: "[]".into(),
            ..Conversation::default()
        };
        Step { conversation, facts, ..Step::default() }
    }

    #[test]
    fn facts_replace_each_other_are_few_and_go_with_the_customer() {
        let folder = tempfile::tempdir().unwrap();
        let shop = Shop::create(folder.path().join("shop")).unwrap();
        let state = shop.state().unwrap();
        state.put_step(step(None, vec![fact("budget", "1", 1)])).unwrap();
        state.put_step(step(Some("a"), vec![fact("budget", "2", 2), fact("product:P1", "P1", 2)])).unwrap();
        let later = (2..=5).map(|n| fact(&format!("product:P{n}"), &format!("P{n}"), n)).collect();
        state.put_step(step(Some("a"), later)).unwrap();
        state.put_step(step(Some("a"), vec![fact("budget", "3", 6)])).unwrap();
        state.put_step(step(Some("b"), vec![fact("budget", "9", 7)])).unwrap();
        let values =
            |id: &str| -> Vec<String> { state.remembered(id).unwrap().into_iter().map(|fact| fact.value).collect() };
        assert_eq!(values("a"), ["3", "P5", "P4", "P3"]);
        assert_eq!(state.remembered("a").unwrap()[0].conversation_id, "cv");
        let wishes = (0..40).map(|n| fact(&format!("wish:{n}"), "x", 10 + n)).collect();
        state.put_step(step(Some("a"), wishes)).unwrap();
        assert_eq!(values("a").len(), FACTS_MAX);
        state.erase_customer("a").unwrap();
        assert_eq!((values("a").len(), values("b")), (0, vec!["9".to_owned()]));
    }
}
