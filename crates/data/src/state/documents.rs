//! Earlier versions of documents, and when each came to be. The document as it is stands in the table `knowledge`; here is the
//! log of it: one entry for each version, whose text is kept from the moment that another takes its place. What a document is
//! belongs to `knowledge`.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::SqliteState;
use crate::DataError;

/// Versions of one document whose text is kept beside the one in the table: the newest.
pub const VERSIONS_MAX: usize = 20;

/// One entry of a document's log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentVersion {
    pub document_id: String,
    /// From 1.
    pub number: i64,
    /// What the document calls its version. Empty for the entry that says that it was retired.
    pub version: String,
    /// Of everything that counts of it. Empty for a retirement.
    pub digest: String,
    /// UTC milliseconds; `None` for what was there before a log was kept.
    pub at: Option<i64>,
    /// Where it came from: a file, `console`, `version 3` …
    pub origin: String,
    /// The row as JSON; `None` while the table has it, for a retirement, and for what is older than is kept.
    pub body: Option<String>,
}

impl DocumentVersion {
    pub fn is_retirement(&self) -> bool {
        self.digest.is_empty()
    }
}

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS document_version (
        document_id TEXT NOT NULL, number INTEGER NOT NULL, version TEXT NOT NULL, digest TEXT NOT NULL, at INTEGER,
        origin TEXT NOT NULL, body TEXT, PRIMARY KEY (document_id, number)
    ) WITHOUT ROWID;
";

const COLUMNS: &str = "document_id, number, version, digest, at, origin";

fn entry(row: &Row<'_>) -> rusqlite::Result<DocumentVersion> {
    Ok(DocumentVersion {
        document_id: row.get(0)?,
        number: row.get(1)?,
        version: row.get(2)?,
        digest: row.get(3)?,
        at: row.get(4)?,
        origin: row.get(5)?,
        body: None,
    })
}

fn whole_entry(row: &Row<'_>) -> rusqlite::Result<DocumentVersion> {
    Ok(DocumentVersion { body: row.get(6)?, ..entry(row)? })
}

/// Number and digest of a document's newest entry.
fn newest(writer: &Connection, document_id: &str) -> rusqlite::Result<Option<(i64, String)>> {
    let select = "SELECT number, digest FROM document_version WHERE document_id = ?1 ORDER BY number DESC LIMIT 1";
    writer.prepare_cached(select)?.query_row([document_id], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

fn insert(writer: &Connection, new: &DocumentVersion, number: i64) -> rusqlite::Result<()> {
    let DocumentVersion { document_id, version, digest, at, origin, body, .. } = new;
    let insert = format!("INSERT INTO document_version ({COLUMNS}, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    let values = params![document_id, number, version, digest, at, origin, body];
    writer.prepare_cached(&insert)?.execute(values).map(drop)
}

fn keep(writer: &Connection, kept: &DocumentVersion) -> rusqlite::Result<()> {
    let id = &kept.document_id;
    match newest(writer, id)? {
        Some((number, digest)) if digest == kept.digest => {
            let update = "UPDATE document_version SET body = ?3 WHERE document_id = ?1 AND number = ?2";
            writer.prepare_cached(update)?.execute(params![id, number, kept.body])?;
        }
        before => insert(writer, kept, before.map_or(1, |(number, _)| number + 1))?,
    }
    let forget = "UPDATE document_version SET body = NULL WHERE document_id = ?1 AND body IS NOT NULL AND number NOT IN
        (SELECT number FROM document_version WHERE document_id = ?1 AND body IS NOT NULL ORDER BY number DESC LIMIT ?2)";
    writer.prepare_cached(forget)?.execute(params![id, VERSIONS_MAX as i64])?;
    Ok(())
}

impl SqliteState {
    /// Keeps documents as they are in the table, bodies and all, before others take their place. One whose newest entry is of
    /// the same content gets its body; another had no entry yet.
    pub fn keep_documents(&self, kept: Vec<DocumentVersion>) -> Result<(), DataError> {
        self.write(move |writer| kept.iter().try_for_each(|one| keep(writer, one)))
    }

    /// Notes what documents are now. One whose newest entry says the same gets none; how many got one.
    pub fn note_documents(&self, noted: Vec<DocumentVersion>) -> Result<usize, DataError> {
        self.write(move |writer| {
            let mut n = 0;
            for one in &noted {
                let before = newest(writer, &one.document_id)?;
                if before.as_ref().is_none_or(|(_, digest)| *digest != one.digest) {
                    insert(writer, one, before.map_or(1, |(number, _)| number + 1))?;
                    n += 1;
                }
            }
            Ok(n)
        })
    }

    /// A document's log with bodies, newest first.
    pub fn document_versions(&self, document_id: &str) -> Result<Vec<DocumentVersion>, DataError> {
        let select =
            format!("SELECT {COLUMNS}, body FROM document_version WHERE document_id = ?1 ORDER BY number DESC");
        self.read(|reader| reader.prepare_cached(&select)?.query_map([document_id], whole_entry)?.collect())
    }

    /// The newest entry of each document, without body, by id.
    pub fn newest_documents(&self) -> Result<Vec<DocumentVersion>, DataError> {
        let select = format!(
            "SELECT {COLUMNS} FROM document_version AS one WHERE number =
             (SELECT max(number) FROM document_version WHERE document_id = one.document_id) ORDER BY document_id"
        );
        self.read_apart(|reader| reader.prepare(&select)?.query_map([], entry)?.collect())
    }

    /// Forgets a document's log; how many entries it had.
    pub fn forget_document(&self, document_id: &str) -> Result<usize, DataError> {
        let id = document_id.to_owned();
        self.write(move |writer| writer.execute("DELETE FROM document_version WHERE document_id = ?1", [id]))
    }
}
