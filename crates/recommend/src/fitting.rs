//! What the fits of several families share: checks of the input, and threads. No algorithm.

use std::borrow::Cow;

use domain::{Kind, Param};
use math::Csr;

use crate::{FitError, Interactions};

/// The parameter by which weights and ratings are taken as mere presence.
pub(crate) const BINARY: Param = Param {
    name: "binary",
    sentence: "Take every interaction as 1, whatever its weight or rating; otherwise use the weight.",
    unit: "",
    kind: Kind::Bool { default: true },
};

/// The matrix to learn from, checked.
pub(crate) fn checked_matrix(interactions: &Interactions, binary: bool) -> Result<Cow<'_, Csr>, FitError> {
    let matrix = &interactions.matrix;
    if matrix.n_stored() == 0 {
        return Err(FitError::Empty { n_users: matrix.n_rows, n_items: matrix.n_cols });
    }
    if let Some(at) = matrix.values.iter().position(|value| !value.is_finite()) {
        return Err(FitError::NotFinite { at, value: matrix.values[at] });
    }
    if !binary {
        return Ok(Cow::Borrowed(matrix));
    }
    let mut ones = matrix.clone();
    ones.values.fill(1.0);
    Ok(Cow::Owned(ones))
}

/// Runs `work` where rayon uses `n_threads` threads.
pub(crate) fn on_threads<T: Send>(n_threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads.max(1)).build();
    pool.expect("threads can be started").install(work)
}

/// Keeps the `k` pairs of largest magnitude, ties by id, in ascending order of id.
pub(crate) fn keep_largest(pairs: &mut Vec<(u32, f32)>, k: usize) {
    if pairs.len() > k {
        let order = |a: &(u32, f32), b: &(u32, f32)| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0));
        if k > 0 {
            pairs.select_nth_unstable_by(k - 1, order);
        }
        pairs.truncate(k);
    }
    pairs.sort_unstable_by_key(|pair| pair.0);
}

/// A sparse matrix of its rows.
pub(crate) fn csr_of_rows(n_cols: usize, rows: Vec<Vec<(u32, f32)>>) -> Csr {
    let mut matrix = Csr::empty(rows.len(), n_cols);
    for (at, row) in rows.into_iter().enumerate() {
        matrix.indices.extend(row.iter().map(|pair| pair.0));
        matrix.values.extend(row.iter().map(|pair| pair.1));
        matrix.indptr[at + 1] = matrix.indices.len();
    }
    matrix
}
