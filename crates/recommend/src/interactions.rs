//! What customers did, as numbers: the input of every algorithm. Identifiers are dense indexes here; whoever calls
//! keeps the dictionary.

use math::Csr;

/// Who touched what, how strongly, and when.
#[derive(Clone, Debug)]
pub struct Interactions {
    /// Shape: (n_users, n_items). A value is a weight (implicit feedback; 1 when only presence is known) or a rating.
    pub matrix: Csr,
    /// Milliseconds since 1970 of each stored value, aligned with `matrix.values`; `None` when times are unknown.
    pub times: Option<Vec<i64>>,
}

/// One past action of the customer a list is made for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HistoryEntry {
    pub item: u32,
    /// Weight or rating, on the scale of the training data.
    pub weight: f32,
    /// Milliseconds since 1970; 0 when unknown.
    pub at: i64,
}

impl Interactions {
    pub fn n_users(&self) -> usize {
        self.matrix.n_rows
    }

    pub fn n_items(&self) -> usize {
        self.matrix.n_cols
    }

    /// The history of a known user, ordered by item (not by time).
    pub fn history(&self, user: usize) -> Vec<HistoryEntry> {
        let range = self.matrix.indptr[user]..self.matrix.indptr[user + 1];
        range
            .map(|at| HistoryEntry {
                item: self.matrix.indices[at],
                weight: self.matrix.values[at],
                at: self.times.as_ref().map_or(0, |times| times[at]),
            })
            .collect()
    }
}
