//! Copies that people work on: each with its state and its version, found by what lists ask for. What a body says, and who may
//! change a state into which, is the business of `service`.

use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};

use super::SqliteState;
use crate::DataError;

/// One draft as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredDraft {
    pub id: String,
    pub product_id: String,
    pub channel: String,
    /// `draft`, `review`, `approved` or `rejected`.
    pub state: String,
    /// Counted from 1; a change names the one it is made of.
    pub version: i64,
    /// UTC milliseconds.
    pub created_at: i64,
    pub updated_at: i64,
    /// What made it, if a job did: a job that is run again skips the products that it has written about.
    pub batch: String,
    /// What is searched, in lower case.
    pub words: String,
    /// JSON of what a list shows.
    pub row: String,
    /// JSON of everything else.
    pub body: String,
}

/// Which drafts a list is of.
#[derive(Clone, Debug, Default)]
pub struct DraftQuery {
    pub state: Option<String>,
    pub product_id: Option<String>,
    pub channel: Option<String>,
    /// Stands in the words, in lower case.
    pub words: Option<String>,
}

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS draft (
        id TEXT PRIMARY KEY, product_id TEXT NOT NULL, channel TEXT NOT NULL, state TEXT NOT NULL, version INTEGER NOT NULL,
        created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, batch TEXT NOT NULL, words TEXT NOT NULL,
        row TEXT NOT NULL, body TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS draft_by_time ON draft (updated_at);
    CREATE INDEX IF NOT EXISTS draft_by_state ON draft (state, updated_at);
    CREATE INDEX IF NOT EXISTS draft_by_product ON draft (product_id);
    CREATE INDEX IF NOT EXISTS draft_by_batch ON draft (batch, product_id) WHERE batch <> '';
";

const COLUMNS: &str = "id, product_id, channel, state, version, created_at, updated_at, batch, words, row, body";
const WHERE: &str = "(?1 IS NULL OR state = ?1) AND (?2 IS NULL OR product_id = ?2) AND (?3 IS NULL OR channel = ?3)
     AND (?4 IS NULL OR instr(words, ?4) > 0)";

fn draft_of(row: &Row<'_>) -> rusqlite::Result<StoredDraft> {
    Ok(StoredDraft {
        id: row.get(0)?,
        product_id: row.get(1)?,
        channel: row.get(2)?,
        state: row.get(3)?,
        version: row.get(4)?,
        created_at: row.get(5)?,
        updated_at: row.get(6)?,
        batch: row.get(7)?,
        words: row.get(8)?,
        row: row.get(9)?,
        body: row.get(10)?,
    })
}

fn insert(writer: &Connection, draft: &StoredDraft) -> rusqlite::Result<usize> {
    let StoredDraft { id, product_id, channel, state, version, created_at, updated_at, batch, words, row, body } =
        draft;
    let insert = format!(
        "INSERT INTO draft ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (id) DO NOTHING"
    );
    writer
        .prepare_cached(&insert)?
        .execute(params![id, product_id, channel, state, version, created_at, updated_at, batch, words, row, body])
}

/// How many drafts there are of each state.
pub type StateCounts = Vec<(String, u64)>;

impl SqliteState {
    /// Adds drafts, all or none; one whose id is known stays as it was. How many are new.
    pub fn add_drafts(&self, drafts: Vec<StoredDraft>) -> Result<u64, DataError> {
        self.write(move |writer| {
            let mut n = 0;
            for draft in &drafts {
                n += insert(writer, draft)?;
            }
            Ok(n as u64)
        })
    }

    pub fn draft(&self, id: &str) -> Result<Option<StoredDraft>, DataError> {
        let select = format!("SELECT {COLUMNS} FROM draft WHERE id = ?1");
        self.read(|reader| reader.prepare_cached(&select)?.query_row([id], draft_of).optional())
    }

    /// Puts the next version in the place of the one it was made of; whether that one was the newest still.
    pub fn change_draft(&self, draft: StoredDraft) -> Result<bool, DataError> {
        let update = "UPDATE draft SET state = ?3, version = ?4, updated_at = ?5, words = ?6, row = ?7, body = ?8
            WHERE id = ?1 AND version = ?2";
        self.write(move |writer| {
            let StoredDraft { id, state, version, updated_at, words, row, body, .. } = &draft;
            writer.execute(update, params![id, version - 1, state, version, updated_at, words, row, body])
        })
        .map(|n| n > 0)
    }

    /// Whether there was such a draft.
    pub fn delete_draft(&self, id: &str) -> Result<bool, DataError> {
        let id = id.to_owned();
        self.write(move |writer| writer.execute("DELETE FROM draft WHERE id = ?1", [id])).map(|n| n > 0)
    }

    /// A page of drafts, the last changed first, without their bodies; how many there are in all, and by state whatever
    /// state is asked for.
    pub fn drafts(
        &self,
        query: &DraftQuery,
        offset: usize,
        limit: usize,
    ) -> Result<(StateCounts, Vec<StoredDraft>), DataError> {
        let columns = COLUMNS.replace(", body", ", ''");
        let page = format!("SELECT {columns} FROM draft WHERE {WHERE} ORDER BY updated_at DESC, id LIMIT ?5 OFFSET ?6");
        let counts = format!("SELECT state, count(*) FROM draft WHERE {WHERE} GROUP BY state ORDER BY state");
        let DraftQuery { state, product_id, channel, words } = query;
        self.read_apart(|reader| {
            let all: [&dyn ToSql; 4] = [&None::<String>, product_id, channel, words];
            let mut select = reader.prepare(&counts)?;
            let count = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64));
            let counts = select.query_map(&all[..], count)?.collect::<rusqlite::Result<_>>()?;
            let mut select = reader.prepare(&page)?;
            let wanted = params![state, product_id, channel, words, limit as i64, offset as i64];
            Ok((counts, select.query_map(wanted, draft_of)?.collect::<rusqlite::Result<_>>()?))
        })
    }

    /// Whole drafts of a query in the order of their ids, from behind `after` on: for what goes through all of them.
    pub fn drafts_after(&self, query: &DraftQuery, after: &str, limit: usize) -> Result<Vec<StoredDraft>, DataError> {
        let select = format!("SELECT {COLUMNS} FROM draft WHERE {WHERE} AND id > ?5 ORDER BY id LIMIT ?6");
        let DraftQuery { state, product_id, channel, words } = query;
        self.read_apart(|reader| {
            let wanted = params![state, product_id, channel, words, after, limit as i64];
            reader.prepare(&select)?.query_map(wanted, draft_of)?.collect()
        })
    }

    /// Whole drafts of a state and channel about any of these products, the last changed first.
    pub fn drafts_about(
        &self,
        state: &str,
        channel: &str,
        product_ids: &[String],
        limit: usize,
    ) -> Result<Vec<StoredDraft>, DataError> {
        let holders = vec!["?"; product_ids.len()].join(", ");
        let select = format!(
            "SELECT {COLUMNS} FROM draft WHERE product_id IN ({holders}) AND state = ? AND channel = ?
             ORDER BY updated_at DESC, id LIMIT ?"
        );
        let limit = limit as i64;
        self.read(|reader| {
            let mut wanted: Vec<&dyn ToSql> = product_ids.iter().map(|id| id as &dyn ToSql).collect();
            wanted.extend([&state as &dyn ToSql, &channel, &limit]);
            reader.prepare(&select)?.query_map(&wanted[..], draft_of)?.collect()
        })
    }

    /// The products about which there are drafts of a state and channel.
    pub fn products_with_drafts(&self, state: &str, channel: &str) -> Result<Vec<String>, DataError> {
        let select = "SELECT DISTINCT product_id FROM draft WHERE state = ?1 AND channel = ?2 ORDER BY product_id";
        self.read_apart(|reader| reader.prepare(select)?.query_map([state, channel], |row| row.get(0))?.collect())
    }

    pub fn n_drafts(&self) -> Result<u64, DataError> {
        self.read(|reader| reader.query_row("SELECT count(*) FROM draft", [], |row| row.get::<_, i64>(0)))
            .map(|n| n as u64)
    }

    /// The products that a job has written about.
    pub fn products_of_batch(&self, batch: &str) -> Result<Vec<String>, DataError> {
        let select = "SELECT DISTINCT product_id FROM draft WHERE batch = ?1 AND batch <> '' ORDER BY product_id";
        self.read_apart(|reader| reader.prepare(select)?.query_map([batch], |row| row.get(0))?.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shop;

    fn draft(id: &str, product: &str, state: &str, at: i64) -> StoredDraft {
        StoredDraft {
            id: id.into(),
            product_id: product.into(),
            channel: "push".into(),
            state: state.into(),
            version: 1,
            created_at: at,
            updated_at: at,
            words: format!("{product} 轻薄本"),
            row: "{}".into(),
            body: "{}".into(),
            ..StoredDraft::default()
        }
    }

    #[test]
    fn a_change_is_made_of_the_newest_version_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let shop = Shop::create(folder.path().join("shop")).unwrap();
        let state = shop.state().unwrap();
        assert_eq!(state.add_drafts(vec![draft("a", "p1", "draft", 1), draft("b", "p2", "draft", 2)]).unwrap(), 2);
        assert_eq!(state.add_drafts(vec![draft("a", "p9", "draft", 3)]).unwrap(), 0, "an id is given once");
        let next = |version| StoredDraft { version, state: "review".into(), updated_at: 9, ..draft("a", "p1", "", 1) };
        assert!(state.change_draft(next(2)).unwrap() && !state.change_draft(next(2)).unwrap());
        let (counts, page) = state.drafts(&DraftQuery::default(), 0, 1).unwrap();
        assert_eq!(counts, [("draft".to_owned(), 1), ("review".to_owned(), 1)]);
        assert_eq!((page.len(), page[0].id.as_str(), page[0].version), (1, "a", 2));
        let of = |query: DraftQuery| state.drafts(&query, 0, 9).unwrap().1.len();
        assert_eq!(of(DraftQuery { words: Some("p2 轻".into()), ..DraftQuery::default() }), 1);
        assert_eq!(of(DraftQuery { state: Some("approved".into()), ..DraftQuery::default() }), 0);
        drop(state);
        let all = shop.state().unwrap().drafts_after(&DraftQuery::default(), "a", 9).unwrap();
        assert_eq!(all.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["b"]);
        assert!(shop.state().unwrap().delete_draft("b").unwrap());
        assert_eq!(shop.state().unwrap().n_drafts().unwrap(), 1);
    }

    #[test]
    fn drafts_about_several_products_are_found_together() {
        let folder = tempfile::tempdir().unwrap();
        let state = Shop::create(folder.path().join("shop")).unwrap().state().unwrap();
        let of = |id: &str, product: &str, is: &str, at| draft(id, product, is, at);
        let rows = [
            ("1", "p1", "approved", 1),
            ("2", "p2", "approved", 3),
            ("3", "p2", "draft", 4),
            ("4", "p3", "approved", 2),
        ];
        state.add_drafts(rows.map(|(id, product, is, at)| of(id, product, is, at)).into()).unwrap();
        let ids = |products: &[&str], limit| {
            let products: Vec<String> = products.iter().map(|id| (*id).to_owned()).collect();
            let found = state.drafts_about("approved", "push", &products, limit).unwrap();
            found.into_iter().map(|one| one.id).collect::<Vec<_>>()
        };
        assert_eq!((ids(&["p1", "p2"], 9), ids(&["p1", "p2"], 1)), (vec!["2".into(), "1".into()], vec!["2".into()]));
        assert!(ids(&[], 9).is_empty() && ids(&["p' OR 1=1"], 9).is_empty());
        assert_eq!(state.products_with_drafts("approved", "push").unwrap(), ["p1", "p2", "p3"]);
        assert!(state.products_with_drafts("approved", "sms").unwrap().is_empty());
    }

    #[test]
    fn a_batch_knows_what_it_has_written_about() {
        let folder = tempfile::tempdir().unwrap();
        let state = Shop::create(folder.path().join("shop")).unwrap().state().unwrap();
        let of = |batch: &str, id: &str, product: &str| StoredDraft {
            batch: batch.into(),
            ..draft(id, product, "draft", 1)
        };
        state.add_drafts(vec![of("x", "1", "p2"), of("x", "2", "p1"), of("x", "3", "p1"), of("", "4", "p3")]).unwrap();
        assert_eq!(state.products_of_batch("x").unwrap(), ["p1", "p2"]);
        assert!(state.products_of_batch("").unwrap().is_empty());
    }
}
