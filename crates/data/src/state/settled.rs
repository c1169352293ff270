//! Questions of customers that need no answer any more: somebody of the shop answered them, or let them be. Kept as digests of
//! their words, so that nothing of what customers wrote stands here.

use std::collections::BTreeMap;

use rusqlite::params;

use super::SqliteState;
use crate::DataError;

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS settled_question (
        digest TEXT PRIMARY KEY, is_ignored INTEGER NOT NULL, at INTEGER NOT NULL
    ) WITHOUT ROWID;
";

/// How a question was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Never shown again; otherwise it was answered, and those that are asked later are shown.
    pub is_ignored: bool,
    /// UTC milliseconds.
    pub at: i64,
}

impl SqliteState {
    /// Settles questions; what was ignored stays so.
    pub fn settle_questions(&self, digests: Vec<String>, settled: Settled) -> Result<(), DataError> {
        let put = "INSERT INTO settled_question (digest, is_ignored, at) VALUES (?1, ?2, ?3)
            ON CONFLICT (digest) DO UPDATE SET is_ignored = max(is_ignored, excluded.is_ignored), at = max(at, excluded.at)";
        self.write(move |writer| {
            let mut put = writer.prepare_cached(put)?;
            digests.iter().try_for_each(|one| put.execute(params![one, settled.is_ignored, settled.at]).map(drop))
        })
    }

    /// All that were settled, by digest.
    pub fn settled_questions(&self) -> Result<BTreeMap<String, Settled>, DataError> {
        self.read_apart(|reader| {
            let mut select = reader.prepare("SELECT digest, is_ignored, at FROM settled_question")?;
            let rows =
                select.query_map([], |row| Ok((row.get(0)?, Settled { is_ignored: row.get(1)?, at: row.get(2)? })))?;
            rows.collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shop;

    #[test]
    fn what_was_ignored_stays_ignored_and_the_latest_time_counts() {
        let folder = tempfile::tempdir().unwrap();
        let state = Shop::create(folder.path().join("shop")).unwrap().state().unwrap();
        let settle = |digest: &str, is_ignored, at| {
            state.settle_questions(vec![digest.to_owned()], Settled { is_ignored, at }).unwrap();
        };
        settle("a", false, 5);
        settle("a", true, 7);
        settle("a", false, 6);
        settle("b", false, 1);
        let wanted = [("a", true, 7), ("b", false, 1)];
        let wanted = wanted.map(|(digest, is_ignored, at)| (digest.to_owned(), Settled { is_ignored, at }));
        assert_eq!(state.settled_questions().unwrap(), BTreeMap::from(wanted));
    }
}
