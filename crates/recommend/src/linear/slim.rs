//! SLIM: sparse item-to-item weights by an elastic net per item, coordinate descent on the Gram matrix. Weights are
//! sought among items bought together with the predicted one.
//!
//! Descent runs over a small active set whose part of the Gram matrix fits in cache; the items left out are then asked
//! whether they would enter, the most promising do, and so on until none would. Items that can never enter are not
//! asked at all.

use domain::{Card, Kind, Param, Settings};
use math::Csr;
use rayon::prelude::*;

use super::item_weights::{ItemWeights, ItemWeightsModel};
use crate::fitting::{BINARY, checked_matrix, csr_of_rows, keep_largest, on_threads};
use crate::{Algorithm, FitError, FitOptions, Interactions, Recommender};

pub static CARD: Card = Card {
    name: "slim",
    sentence: "Predicts each item from few others by an elastic net; sparse weights that read as reasons.",
    family: "linear",
    params: &[
        Param {
            name: "l1",
            sentence: "Absolute penalty; more gives fewer weights. The error is ½ the sum of squares over users.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 1e6, default: 1.0 },
        },
        Param {
            name: "l2",
            sentence: "Squared penalty (as ½ l2 w²).",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 1e9, default: 50.0 },
        },
        Param {
            name: "nonneg",
            sentence: "Allow only weights of 0 and more.",
            unit: "",
            kind: Kind::Bool { default: true },
        },
        Param {
            name: "n_neighbors",
            sentence: "Weights kept per predicted item, the largest; 0 keeps all.",
            unit: "items",
            kind: Kind::Int { min: 0, max: 1_000_000, default: 0 },
        },
        Param {
            name: "max_iterations",
            sentence: "Sweeps over the coordinates of one item at most.",
            unit: "sweeps",
            kind: Kind::Int { min: 1, max: 100_000, default: 100 },
        },
        Param {
            name: "tolerance",
            sentence: "A sweep whose largest change is below this ends the search.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 1.0, default: 1e-4 },
        },
        BINARY,
    ],
    input: "(n_users, n_items) interactions, one row per user",
    source: "Ning and Karypis 2011, SLIM: Sparse Linear Methods for Top-N Recommender Systems, eq. 3",
};

pub static ALGORITHM: Algorithm =
    Algorithm { card: &CARD, fit, from_bytes: |bytes| ItemWeightsModel::from_bytes(&CARD, bytes) };

fn fit(
    interactions: &Interactions,
    settings: &Settings,
    options: &FitOptions,
) -> Result<Box<dyn Recommender>, FitError> {
    let binary = settings.bool("binary");
    let matrix = checked_matrix(interactions, binary)?;
    let weights = on_threads(options.n_threads, || {
        let gram = Gram::new(&matrix);
        let penalty = Penalty::new(settings);
        let n = matrix.n_cols;
        let done = std::sync::atomic::AtomicUsize::new(0);
        let columns: Option<Vec<_>> = (0..n)
            .into_par_iter()
            .map_init(
                || Descent::new(n),
                |descent, item| {
                    let n_done = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    let go_on = !n_done.is_multiple_of(64) || (options.progress)(n_done as f64 / n as f64);
                    go_on.then(|| descent.solve(&gram, item, &penalty))
                },
            )
            .collect();
        columns.map(|columns| csr_of_rows(n, columns).transpose()).ok_or(FitError::Cancelled)
    })?;
    Ok(Box::new(ItemWeightsModel::new(&CARD, settings, ItemWeights { weights, binary })))
}

/// Up to so many items the Gram matrix is held whole: 256 MB.
const N_DENSE_MAX: usize = 8192;

/// XᵀX.
struct Gram {
    n: usize,
    /// Shape: (n).
    diagonal: Vec<f32>,
    /// Whether no cell is negative.
    is_nonneg: bool,
    /// Shape: (n, n), only the pairs that share a user.
    sparse: Csr,
    /// Shape: (n, n); empty when there are too many items.
    dense: Vec<f32>,
}

impl Gram {
    fn new(matrix: &Csr) -> Self {
        let sparse = sparse_gram(matrix);
        let n = sparse.n_rows;
        let mut dense = Vec::new();
        if n <= N_DENSE_MAX {
            dense.resize(n * n, 0.0);
            for (row, cells) in dense.chunks_exact_mut(n.max(1)).enumerate() {
                let (cols, values) = sparse.row(row);
                cols.iter().zip(values).for_each(|(&col, &value)| cells[col as usize] = value);
            }
        }
        let is_nonneg = sparse.values.iter().all(|&value| value >= 0.0);
        let cell = |item: usize| {
            let (cols, values) = sparse.row(item);
            cols.binary_search(&(item as u32)).map_or(0.0, |at| values[at])
        };
        let diagonal = (0..n).map(cell).collect();
        Gram { n, diagonal, is_nonneg, sparse, dense }
    }

    /// Adds `factor` times a row to `sums`.
    fn add_row(&self, row: usize, factor: f32, sums: &mut [f32]) {
        if self.dense.is_empty() {
            let (cols, values) = self.sparse.row(row);
            cols.iter().zip(values).for_each(|(&col, &value)| sums[col as usize] += factor * value);
        } else {
            let cells = &self.dense[row * self.n..(row + 1) * self.n];
            sums.iter_mut().zip(cells).for_each(|(sum, &cell)| *sum += factor * cell);
        }
    }

    /// Appends the cells of a row at `cols` to `cells`. `scratch` has shape (n), is zero, and is left so.
    fn gather(&self, row: usize, cols: &[u32], scratch: &mut [f32], cells: &mut Vec<f32>) {
        if self.dense.is_empty() {
            self.add_row(row, 1.0, scratch);
            cells.extend(cols.iter().map(|&col| scratch[col as usize]));
            self.sparse.row(row).0.iter().for_each(|&col| scratch[col as usize] = 0.0);
        } else {
            let of_row = &self.dense[row * self.n..(row + 1) * self.n];
            cells.extend(cols.iter().map(|&col| of_row[col as usize]));
        }
    }
}

/// XᵀX with only the pairs that share a user.
fn sparse_gram(matrix: &Csr) -> Csr {
    let columns = matrix.transpose();
    let n = matrix.n_cols;
    let rows = (0..n).into_par_iter().map_init(
        || (vec![0f32; n], Vec::<u32>::new()),
        |(sums, touched), item| {
            let (users, values) = columns.row(item);
            for (&user, &value) in users.iter().zip(values) {
                let (others, other_values) = matrix.row(user as usize);
                for (&other, &other_value) in others.iter().zip(other_values) {
                    let sum = &mut sums[other as usize];
                    if *sum == 0.0 {
                        touched.push(other);
                    }
                    *sum += value * other_value;
                }
            }
            touched.sort_unstable();
            touched.dedup();
            touched.drain(..).map(|other| (other, std::mem::take(&mut sums[other as usize]))).collect::<Vec<_>>()
        },
    );
    csr_of_rows(n, rows.collect())
}

struct Penalty {
    l1: f32,
    l2: f32,
    nonneg: bool,
    n_neighbors: usize,
    max_iterations: usize,
    tolerance: f32,
}

impl Penalty {
    fn new(settings: &Settings) -> Self {
        Penalty {
            l1: settings.float("l1") as f32,
            l2: settings.float("l2") as f32,
            nonneg: settings.bool("nonneg"),
            n_neighbors: settings.usize("n_neighbors"),
            max_iterations: settings.usize("max_iterations"),
            tolerance: settings.float("tolerance") as f32,
        }
    }

    /// The best value of one coordinate, given its correlation with what the others leave unexplained.
    fn best(&self, correlation: f32, square: f32) -> f32 {
        let shrunk = if self.nonneg {
            (correlation - self.l1).max(0.0)
        } else {
            (correlation.abs() - self.l1).max(0.0).copysign(correlation)
        };
        if shrunk == 0.0 { 0.0 } else { shrunk / (square + self.l2) }
    }
}

/// Items that enter at once, at least; else as many as are in use already.
const N_ENTER_MIN: usize = 32;

/// Working memory of one thread.
struct Descent {
    /// Shape: (n). Each item's correlation with what the weights leave unexplained.
    unexplained: Vec<f32>,
    /// Shape: (n). Zero between uses.
    scratch: Vec<f32>,
    /// Whether an item is in the active set. All false between items.
    is_active: Vec<bool>,
    /// The active items' part of the Gram matrix, row by row.
    cells: Vec<f32>,
}

/// One item of the active set.
#[derive(Clone, Copy)]
struct Active {
    item: u32,
    weight: f32,
    weight_before: f32,
    square: f32,
}

impl Descent {
    fn new(n: usize) -> Self {
        Descent { unexplained: vec![0.0; n], scratch: vec![0.0; n], is_active: vec![false; n], cells: Vec::new() }
    }

    /// The weights that predict `item`.
    fn solve(&mut self, gram: &Gram, item: usize, penalty: &Penalty) -> Vec<(u32, f32)> {
        let (others, together) = gram.sparse.row(item);
        // Where nothing is negative a weight can only take away from another item's correlation: who does not reach
        // the penalty alone never will.
        let shrinks_only = penalty.nonneg && gram.is_nonneg;
        let may_enter = |pair: &(u32, f32)| pair.0 as usize != item && (!shrinks_only || pair.1 > penalty.l1);
        let pairs = others.iter().copied().zip(together.iter().copied());
        let candidates: Vec<u32> = pairs.filter(may_enter).map(|pair| pair.0).collect();
        self.unexplained.fill(0.0);
        gram.add_row(item, 1.0, &mut self.unexplained);
        let mut active: Vec<Active> = Vec::new();
        let mut n_sweeps = 0;
        while n_sweeps < penalty.max_iterations && self.enter(gram, &candidates, penalty, &mut active) {
            self.settle(gram, penalty, &mut active, &mut n_sweeps);
        }
        active.iter().for_each(|active| self.is_active[active.item as usize] = false);
        let mut found: Vec<_> = active.iter().map(|active| (active.item, active.weight)).collect();
        found.sort_unstable_by_key(|pair| pair.0);
        if penalty.n_neighbors > 0 {
            keep_largest(&mut found, penalty.n_neighbors);
        }
        found
    }

    /// Adds the most promising of the candidates that would enter; whether there was one.
    fn enter(&mut self, gram: &Gram, candidates: &[u32], penalty: &Penalty, active: &mut Vec<Active>) -> bool {
        let gain = |&item: &u32| {
            let square = gram.diagonal[item as usize];
            let weight = penalty.best(self.unexplained[item as usize], square);
            (weight.abs() > penalty.tolerance).then_some((weight * weight * (square + penalty.l2), item))
        };
        let waiting = candidates.iter().filter(|&&item| !self.is_active[item as usize]);
        let mut entering: Vec<(f32, u32)> = waiting.filter_map(gain).collect();
        let n_enter = active.len().max(N_ENTER_MIN);
        if entering.len() > n_enter {
            entering.select_nth_unstable_by(n_enter - 1, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            entering.truncate(n_enter);
        }
        for &(_, item) in &entering {
            self.is_active[item as usize] = true;
            active.push(Active { item, weight: 0.0, weight_before: 0.0, square: gram.diagonal[item as usize] });
        }
        !entering.is_empty()
    }

    /// Descends over the active set until it settles, then drops those that ended at 0.
    fn settle(&mut self, gram: &Gram, penalty: &Penalty, active: &mut Vec<Active>, n_sweeps: &mut usize) {
        let items: Vec<u32> = active.iter().map(|active| active.item).collect();
        let mut cells = std::mem::take(&mut self.cells);
        cells.clear();
        items.iter().for_each(|&item| gram.gather(item as usize, &items, &mut self.scratch, &mut cells));
        let mut left: Vec<f32> = items.iter().map(|&item| self.unexplained[item as usize]).collect();
        while *n_sweeps < penalty.max_iterations {
            *n_sweeps += 1;
            if sweep(active, &cells, &mut left, penalty) <= penalty.tolerance {
                break;
            }
        }
        self.cells = cells;
        for active in active.iter_mut().filter(|active| active.weight != active.weight_before) {
            gram.add_row(active.item as usize, active.weight_before - active.weight, &mut self.unexplained);
            active.weight_before = active.weight;
        }
        active.retain(|active| {
            self.is_active[active.item as usize] = active.weight != 0.0;
            active.weight != 0.0
        });
    }
}

/// Sets each weight to its best given the others; the largest change. `left` is what is unexplained.
fn sweep(active: &mut [Active], cells: &[f32], left: &mut [f32], penalty: &Penalty) -> f32 {
    let mut largest_change = 0f32;
    for (at, of_row) in cells.chunks_exact(active.len().max(1)).enumerate() {
        let Active { weight, square, .. } = active[at];
        let new = penalty.best(left[at] + square * weight, square);
        if new != weight {
            active[at].weight = new;
            let change = new - weight;
            left.iter_mut().zip(of_row).for_each(|(left, &cell)| *left -= change * cell);
            largest_change = largest_change.max(change.abs());
        }
    }
    largest_change
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HistoryEntry;
    use crate::testing::interactions;

    fn weight(pairs: &[(u32, u32)], settings: &[&str], from: u32, to: u32) -> f32 {
        let settings = CARD.settings_from_texts(settings).unwrap();
        let model = fit(&interactions(9, 3, pairs), &settings, &FitOptions::default()).unwrap();
        let parts = model.contributions(&[HistoryEntry { item: from, weight: 1.0, at: 0 }], to);
        parts.first().map_or(0.0, |part| part.value)
    }

    /// Items 0 and 1 share 2 of their 2 and 3 users; with nothing else w01 = (2 − l1) / (2 + l2).
    #[test]
    fn two_items_by_hand() {
        let pairs = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 1)];
        for (settings, from, to, expected) in [
            (["l1=0.5", "l2=1"], 0, 1, 0.5),
            (["l1=0.5", "l2=1"], 1, 0, 0.375),
            (["l1=2", "l2=1"], 0, 1, 0.0),
            (["l1=0", "l2=0"], 0, 1, 1.0),
            (["l1=0", "l2=0"], 0, 2, 0.0),
        ] {
            assert!((weight(&pairs, &settings, from, to) - expected).abs() < 1e-6, "{settings:?} {from} {to}");
        }
    }

    /// Users {0,1}, {0,1}, {1,2}. For item 1: minimise over w0, w2: G00 = 2, G22 = 1, G02 = 0, so
    /// w0 = (2 − l1)/(2 + l2), w2 = (1 − l1)/(1 + l2). For item 0 the optimum with signs has
    /// (3 + l2) w1 + w2 = 2, w1 + (1 + l2) w2 = 0: at l2 = 1 w1 = 4/7, w2 = −2/7; without negatives w1 = 1/2.
    #[test]
    fn three_items_by_hand() {
        let pairs = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 1), (2, 2)];
        let base = ["l1=0", "l2=1", "tolerance=0", "max_iterations=1000"];
        assert!((weight(&pairs, &base, 0, 1) - 2.0 / 3.0).abs() < 1e-6);
        assert!((weight(&pairs, &base, 2, 1) - 0.5).abs() < 1e-6);
        assert!((weight(&pairs, &base, 1, 0) - 0.5).abs() < 1e-6);
        assert_eq!(weight(&pairs, &base, 2, 0), 0.0);
    }

    /// At the optimum every weight's subgradient is 0: correlation − l2 w = l1 sign(w) where w ≠ 0, |correlation| ≤ l1
    /// (from above only, without negative weights) where w = 0. Checked against XᵀX in f64, whatever is held of it.
    #[test]
    fn weights_are_optimal() {
        let mut random = math::Random::new(5);
        let n = 40;
        let mut triplets = Vec::new();
        for user in 0..150u32 {
            for item in 0..n as u32 {
                if random.uniform() < if user % 4 == item % 4 { 0.4 } else { 0.05 } {
                    triplets.push((user, item, 1.0));
                }
            }
        }
        let matrix = Csr::from_triplets(150, n, &triplets);
        let exact = |a: usize, b: usize| {
            (0..150).filter(|&user| [a, b].iter().all(|item| matrix.row(user).0.contains(&(*item as u32)))).count()
                as f64
        };
        for nonneg in [true, false] {
            for is_dense in [true, false] {
                let mut gram = Gram::new(&matrix);
                if !is_dense {
                    gram.dense.clear();
                }
                let (l1, l2) = (0.7, 3.0);
                let penalty = Penalty { l1, l2, nonneg, n_neighbors: 0, max_iterations: 10_000, tolerance: 1e-6 };
                let mut descent = Descent::new(n);
                for item in 0..n {
                    let found = descent.solve(&gram, item, &penalty);
                    let weight =
                        |other: usize| found.iter().find(|pair| pair.0 == other as u32).map_or(0.0, |pair| pair.1);
                    for other in (0..n).filter(|&other| other != item && exact(item, other) > 0.0) {
                        let explained: f64 = found.iter().map(|&(k, w)| exact(other, k as usize) * f64::from(w)).sum();
                        let w = f64::from(weight(other));
                        let slope = exact(item, other) - explained - f64::from(l2) * w;
                        let optimal = match w {
                            0.0 => slope <= f64::from(l1) + 1e-3 && (nonneg || slope >= -f64::from(l1) - 1e-3),
                            w => (slope - f64::from(l1) * w.signum()).abs() < 1e-3,
                        };
                        assert!(optimal && !(nonneg && w < 0.0), "{nonneg} {is_dense} {item} {other}: {w} {slope}");
                    }
                }
            }
        }
    }
}
