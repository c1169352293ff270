//! All pairs of columns of a sparse matrix that share a row, compared, and the most similar k kept per column: the
//! product AᵀA with a similarity in place of the bare sum, without ever holding it whole.
//!
//! Gustavson's algorithm with a dense accumulator, over half of the pairs: columns are renumbered from full to sparse,
//! and column `i` is compared only with the fuller columns `0..i`. The heavy columns then have short partners' lists
//! whose accumulators stay in cache. A pair is summed by one thread in the order of rows, and ties are settled by id,
//! so that the answer is the same for any number of threads.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{Csr, top_k::TopK};

/// How two columns are compared: what is summed over the rows they share, and what is made of the sum.
pub trait PairSimilarity: Sync {
    /// What is accumulated per pair; its default means that the columns share no row.
    type Sum: Copy + Default + Send + PartialEq;

    /// Whether `add` looks at the two values; if not they are not read from memory.
    const USES_VALUES: bool;

    /// Adds a shared row, whose values are `x` (column i) and `y` (column j).
    fn add(&self, sum: &mut Self::Sum, row_weight: f32, x: f32, y: f32);

    /// The similarities to `i` of the columns `first..first + sums.len()`; 0 or less means unrelated.
    /// All indexes are positions in [`Pairs::order`].
    fn similarities(&self, i: usize, first: usize, sums: &[Self::Sum], out: &mut [f32]);

    /// As `similarities` but seen from the other side, of `i` to each of them; the same unless asymmetric.
    fn similarities_reversed(&self, i: usize, first: usize, sums: &[Self::Sum], out: &mut [f32]) {
        self.similarities(i, first, sums, out);
    }

    /// Whether the two sides see the same similarity.
    const SYMMETRIC: bool = true;
}

/// A matrix made ready for comparing its columns.
pub struct Pairs {
    n_rows: usize,
    /// Shape: (n_cols). The original column at each position, from the fullest to the sparsest.
    pub order: Vec<u32>,
    /// Shape: (n_stored), row by row: the position of each entry's column, ascending within a row.
    positions: Vec<u32>,
    /// Shape: (n_stored), aligned with `positions`.
    values: Vec<f32>,
    /// Shape: (n_rows).
    row_weights: Option<Vec<f32>>,
    /// Shape: (n_cols + 1), over `entries`.
    starts: Vec<usize>,
    /// Shape: (n_stored), column by column: where its row starts in `positions`, and where the entry itself stands.
    entries: Vec<(u32, u32)>,
    /// Shape: (n_stored), aligned with `entries`; kept only when rows are weighted.
    rows: Vec<u32>,
}

/// Columns handled between two looks at the shared counter.
const BLOCK: usize = 32;
/// Similarities computed at once.
const LANES: usize = 64;
/// How many rows ahead of their use memory is asked for.
const AHEAD: usize = 6;

impl Pairs {
    /// `row_weights`, of shape (n_rows), multiply each row's share of a pair's sum.
    ///
    /// # Panics
    /// If the matrix stores 2³² values or more.
    pub fn new(matrix: &Csr, row_weights: Option<Vec<f32>>) -> Pairs {
        assert!(u32::try_from(matrix.n_stored()).is_ok(), "{} stored values exceed u32", matrix.n_stored());
        let mut n_per_col = vec![0usize; matrix.n_cols];
        matrix.indices.iter().for_each(|&col| n_per_col[col as usize] += 1);
        let mut order: Vec<u32> = (0..matrix.n_cols as u32).collect();
        order.sort_by_key(|&col| (std::cmp::Reverse(n_per_col[col as usize]), col));
        let mut position_of = vec![0u32; matrix.n_cols];
        let mut starts = vec![0usize; matrix.n_cols + 1];
        for (position, &col) in order.iter().enumerate() {
            position_of[col as usize] = position as u32;
            starts[position + 1] = starts[position] + n_per_col[col as usize];
        }
        let (positions, values) = renumbered(matrix, &position_of);
        let mut next = starts.clone();
        let mut entries = vec![(0u32, 0u32); positions.len()];
        let mut rows = if row_weights.is_some() { vec![0u32; positions.len()] } else { Vec::new() };
        for row in 0..matrix.n_rows {
            for at in matrix.indptr[row]..matrix.indptr[row + 1] {
                let slot = &mut next[positions[at] as usize];
                entries[*slot] = (matrix.indptr[row] as u32, at as u32);
                if row_weights.is_some() {
                    rows[*slot] = row as u32;
                }
                *slot += 1;
            }
        }
        Pairs { n_rows: matrix.n_rows, order, positions, values, row_weights, starts, entries, rows }
    }

    pub fn n_cols(&self) -> usize {
        self.order.len()
    }

    /// The `k` columns most similar to each column, itself excluded. Row `c` of the answer holds those of column `c`
    /// with their similarity. Memory beyond input and answer: n_cols × 2k pairs per thread.
    /// `go_on` is asked now and then with the share done; `None` is returned once it says no.
    pub fn top_k<S: PairSimilarity>(
        &self,
        similarity: &S,
        k: usize,
        n_threads: usize,
        go_on: &(dyn Fn(f64) -> bool + Sync),
    ) -> Option<Csr> {
        let next = AtomicUsize::new(0);
        let n_blocks = self.n_cols().div_ceil(BLOCK);
        let work = || {
            let mut worker = Worker::new(self, similarity, k);
            loop {
                let block = next.fetch_add(1, Ordering::Relaxed);
                if block >= n_blocks {
                    return Some(worker.best);
                }
                if !go_on(block as f64 / n_blocks as f64) {
                    next.store(n_blocks, Ordering::Relaxed);
                    return None;
                }
                (block * BLOCK..((block + 1) * BLOCK).min(self.n_cols())).for_each(|i| worker.compare(i));
            }
        };
        let partial: Option<Vec<Vec<TopK>>> = std::thread::scope(|scope| {
            let helpers: Vec<_> = (1..n_threads.max(1)).map(|_| scope.spawn(work)).collect();
            let mine = work();
            let mut all = vec![mine];
            all.extend(helpers.into_iter().map(|helper| helper.join().expect("a comparing thread panicked")));
            all.into_iter().collect()
        });
        Some(self.collect(partial?))
    }

    /// Merges what the threads kept, and gives the columns their own numbers back.
    fn collect(&self, mut partial: Vec<Vec<TopK>>) -> Csr {
        let mut best = partial.pop().expect("at least one thread");
        for other in &partial {
            best.iter_mut().zip(other).for_each(|(best, other)| best.merge(other));
        }
        let mut rows = vec![Vec::new(); self.n_cols()];
        for (position, best) in best.into_iter().enumerate() {
            let mut row = best.into_sorted();
            row.sort_unstable_by_key(|pair| pair.0);
            rows[self.order[position] as usize] = row;
        }
        let mut answer = Csr::empty(self.n_cols(), self.n_cols());
        for (col, row) in rows.into_iter().enumerate() {
            answer.indices.extend(row.iter().map(|pair| pair.0));
            answer.values.extend(row.iter().map(|pair| pair.1));
            answer.indptr[col + 1] = answer.indices.len();
        }
        answer
    }
}

/// The matrix's columns as positions, ascending within each row again.
fn renumbered(matrix: &Csr, position_of: &[u32]) -> (Vec<u32>, Vec<f32>) {
    let mut positions = Vec::with_capacity(matrix.n_stored());
    let mut values = Vec::with_capacity(matrix.n_stored());
    let mut cells: Vec<u64> = Vec::new();
    for row in 0..matrix.n_rows {
        let (cols, row_values) = matrix.row(row);
        cells.clear();
        let pairs = cols.iter().zip(row_values);
        cells.extend(pairs.map(|(&col, &v)| u64::from(position_of[col as usize]) << 32 | u64::from(v.to_bits())));
        cells.sort_unstable();
        positions.extend(cells.iter().map(|cell| (cell >> 32) as u32));
        values.extend(cells.iter().map(|&cell| f32::from_bits(cell as u32)));
    }
    (positions, values)
}

/// One thread's state: the running sums of one column, and the best so far of every column.
struct Worker<'a, S: PairSimilarity> {
    pairs: &'a Pairs,
    similarity: &'a S,
    /// Shape: (n_cols). All default between two columns.
    sums: Vec<S::Sum>,
    /// Shape: (n_cols).
    best: Vec<TopK>,
    /// Shape: (n_cols). `best[j].threshold()`, side by side so that many are compared at once.
    thresholds: Vec<f32>,
}

impl<'a, S: PairSimilarity> Worker<'a, S> {
    fn new(pairs: &'a Pairs, similarity: &'a S, k: usize) -> Self {
        let n = pairs.n_cols();
        let best = vec![TopK::with_floor(k, f32::MIN_POSITIVE); n];
        let thresholds = best.iter().map(TopK::threshold).collect();
        Worker { pairs, similarity, sums: vec![S::Sum::default(); n], best, thresholds }
    }

    /// Compares column `i` with all before it, and lets both sides keep what is good enough.
    fn compare(&mut self, i: usize) {
        self.accumulate(i);
        let (mut forth, mut back) = ([0f32; LANES], [0f32; LANES]);
        for first in (0..i).step_by(LANES) {
            let n = LANES.min(i - first);
            let sums = &mut self.sums[first..first + n];
            self.similarity.similarities(i, first, sums, &mut forth[..n]);
            if !S::SYMMETRIC {
                self.similarity.similarities_reversed(i, first, sums, &mut back[..n]);
            }
            sums.fill(S::Sum::default());
            let back = if S::SYMMETRIC { &forth } else { &back };
            self.offer(i, first, &forth[..n], &back[..n]);
        }
    }

    /// Adds up, for every column before `i`, the rows it shares with `i`.
    #[inline]
    fn accumulate(&mut self, i: usize) {
        let pairs = self.pairs;
        let range = pairs.starts[i]..pairs.starts[i + 1];
        let entries = &pairs.entries[range.clone()];
        let sums = &mut self.sums[..i];
        for (nth, &(start, at)) in entries.iter().enumerate() {
            if let Some(&(start, _)) = entries.get(nth + AHEAD) {
                prefetch(&pairs.positions, start as usize);
            }
            let weight = match &pairs.row_weights {
                Some(weights) => weights[pairs.rows[range.start + nth] as usize],
                None => 1.0,
            };
            let (start, at) = (start as usize, at as usize);
            let partners = &pairs.positions[start..at];
            if S::USES_VALUES {
                let x = pairs.values[at];
                for (&j, &y) in partners.iter().zip(&pairs.values[start..at]) {
                    self.similarity.add(&mut sums[j as usize], weight, x, y);
                }
            } else {
                for &j in partners {
                    debug_assert!((j as usize) < sums.len());
                    // SAFETY: positions ascend within a row and are unique, and `at` is where `i` stands in its row, so
                    // every position before it is smaller than `i`, the length of `sums`.
                    let sum = unsafe { sums.get_unchecked_mut(j as usize) };
                    self.similarity.add(sum, weight, 1.0, 1.0);
                }
            }
        }
    }

    #[inline]
    fn offer(&mut self, i: usize, first: usize, forth: &[f32], back: &[f32]) {
        let own = self.thresholds[i];
        let thresholds = &self.thresholds[first..first + forth.len()];
        let lanes = forth.iter().zip(back).zip(thresholds);
        let any = lanes.fold(false, |any, ((&forth, &back), &there)| any | (forth >= own) | (back >= there));
        if !any {
            return;
        }
        for (lane, (&forth, &back)) in forth.iter().zip(back).enumerate() {
            let j = first + lane;
            if forth >= self.thresholds[i] {
                self.best[i].offer(self.pairs.order[j], forth);
                self.thresholds[i] = self.best[i].threshold();
            }
            if back >= self.thresholds[j] {
                self.best[j].offer(self.pairs.order[i], back);
                self.thresholds[j] = self.best[j].threshold();
            }
        }
    }
}

#[inline]
fn prefetch(positions: &[u32], at: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch of any address is harmless; `wrapping_add` forms it without claiming that it is in bounds.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(positions.as_ptr().wrapping_add(at).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (positions, at);
}

impl Pairs {
    /// Number of rows of the matrix.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bare weighted dot product.
    struct Dot;
    impl PairSimilarity for Dot {
        type Sum = f32;
        const USES_VALUES: bool = true;
        fn add(&self, sum: &mut f32, weight: f32, x: f32, y: f32) {
            *sum += weight * x * y;
        }
        fn similarities(&self, _: usize, _: usize, sums: &[f32], out: &mut [f32]) {
            out.copy_from_slice(sums);
        }
    }

    /// The number of shared rows over the size of the column asked about.
    struct Share(Vec<f32>);
    impl PairSimilarity for Share {
        type Sum = f32;
        const USES_VALUES: bool = false;
        const SYMMETRIC: bool = false;
        fn add(&self, sum: &mut f32, weight: f32, _: f32, _: f32) {
            *sum += weight;
        }
        fn similarities(&self, i: usize, _: usize, sums: &[f32], out: &mut [f32]) {
            out.iter_mut().zip(sums).for_each(|(out, sum)| *out = sum / self.0[i]);
        }
        fn similarities_reversed(&self, _: usize, first: usize, sums: &[f32], out: &mut [f32]) {
            let sizes = &self.0[first..];
            out.iter_mut().zip(sums).zip(sizes).for_each(|((out, sum), size)| *out = sum / size);
        }
    }

    fn scattered(n_rows: u32, n_cols: u32) -> Csr {
        let mut triplets = Vec::new();
        for row in 0..n_rows {
            for col in 0..n_cols {
                let hash = (row * n_cols + col).wrapping_mul(2_654_435_761) >> 8;
                if hash % 100 < 5 + 90 / (col + 1) {
                    triplets.push((row, col, 1.0 + (hash % 7) as f32));
                }
            }
        }
        Csr::from_triplets(n_rows as usize, n_cols as usize, &triplets)
    }

    /// The same, from the dense product, sorted whole.
    fn directly(matrix: &Csr, k: usize, weight: impl Fn(usize) -> f32) -> Csr {
        let n = matrix.n_cols;
        let mut products = vec![vec![0f32; n]; n];
        for row in 0..matrix.n_rows {
            let (cols, values) = matrix.row(row);
            for (&a, &x) in cols.iter().zip(values) {
                for (&b, &y) in cols.iter().zip(values) {
                    products[a as usize][b as usize] += weight(row) * x * y;
                }
            }
        }
        let mut triplets = Vec::new();
        for (col, product) in products.iter().enumerate() {
            let positive: Vec<f32> = product.iter().map(|&p| if p > 0.0 { p } else { f32::NAN }).collect();
            let best = crate::top_k::top_k(&positive, k, &[col as u32]);
            triplets.extend(best.into_iter().map(|(other, value)| (col as u32, other, value)));
        }
        Csr::from_triplets(n, n, &triplets)
    }

    #[test]
    fn equals_the_dense_product_for_any_number_of_threads() {
        let matrix = scattered(60, 200);
        let weights: Vec<f32> = (0..60).map(|row| (1 + row % 3) as f32).collect();
        for k in [1, 5, 199, 500] {
            let plain = directly(&matrix, k, |_| 1.0);
            let weighted = directly(&matrix, k, |row| weights[row]);
            for n_threads in [1, 2, 5] {
                let pairs = Pairs::new(&matrix, None);
                assert_eq!(pairs.top_k(&Dot, k, n_threads, &|_| true).unwrap(), plain, "k={k} threads={n_threads}");
                let pairs = Pairs::new(&matrix, Some(weights.clone()));
                assert_eq!(pairs.top_k(&Dot, k, n_threads, &|_| true).unwrap(), weighted, "k={k} weighted");
            }
        }
    }

    #[test]
    fn an_asymmetric_similarity_is_seen_from_both_sides() {
        let matrix = Csr::from_triplets(3, 2, &[(0, 0, 1.0), (1, 0, 1.0), (1, 1, 1.0), (2, 0, 1.0)]);
        let pairs = Pairs::new(&matrix, None);
        let sizes = pairs.order.iter().map(|&col| [3.0, 1.0][col as usize]).collect();
        let answer = pairs.top_k(&Share(sizes), 1, 1, &|_| true).unwrap();
        assert_eq!((answer.row(0), answer.row(1)), ((&[1u32][..], &[1.0f32 / 3.0][..]), (&[0u32][..], &[1.0f32][..])));
    }

    #[test]
    fn empty_matrices_and_cancelling() {
        assert_eq!(Pairs::new(&Csr::empty(0, 0), None).top_k(&Dot, 3, 2, &|_| true).unwrap(), Csr::empty(0, 0));
        assert_eq!(Pairs::new(&Csr::empty(5, 4), None).top_k(&Dot, 3, 2, &|_| true).unwrap(), Csr::empty(4, 4));
        assert!(Pairs::new(&scattered(9, 9), None).top_k(&Dot, 3, 2, &|_| false).is_none());
    }
}
