//! SLIM: sparse item-to-item weights by an elastic net per item, coordinate descent on the Gram matrix. Weights are
//! sought among items bought together with the predicted one.

use domain::{Card, Kind, Param, Settings};
use math::Csr;
use rayon::prelude::*;

use super::item_weights::ItemWeights;
use crate::bytes::{Reader, Writer};
use crate::fitting::{BINARY, checked_matrix, csr_of_rows, keep_largest, on_threads};
use crate::{Algorithm, Contribution, FitError, FitOptions, HistoryEntry, Interactions, Recommender};

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

pub static ALGORITHM: Algorithm = Algorithm { card: &CARD, fit, from_bytes };

struct Slim {
    settings: Settings,
    weights: ItemWeights,
}

fn fit(
    interactions: &Interactions,
    settings: &Settings,
    options: &FitOptions,
) -> Result<Box<dyn Recommender>, FitError> {
    let binary = settings.bool("binary");
    let matrix = checked_matrix(interactions, binary)?;
    let weights = on_threads(options.n_threads, || {
        let gram = sparse_gram(&matrix);
        let penalty = Penalty::new(settings);
        let n = gram.n_rows;
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
    Ok(Box::new(Slim { settings: settings.clone(), weights: ItemWeights { weights, binary } }))
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

/// Working memory of one thread. Between items both arrays are zero.
struct Descent {
    weights: Vec<f32>,
    /// G w.
    explained: Vec<f32>,
}

impl Descent {
    fn new(n: usize) -> Self {
        Descent { weights: vec![0.0; n], explained: vec![0.0; n] }
    }

    /// The weights that predict `item`.
    fn solve(&mut self, gram: &Csr, item: usize, penalty: &Penalty) -> Vec<(u32, f32)> {
        let (others, together) = gram.row(item);
        let all: Vec<(u32, f32)> = others.iter().copied().zip(together.iter().copied()).collect();
        let all: Vec<_> = all.into_iter().filter(|pair| pair.0 as usize != item).collect();
        let mut n_sweeps = 0;
        // A sweep over all, then over those in use until they settle, until a sweep over all changes nothing.
        while n_sweeps < penalty.max_iterations {
            n_sweeps += 1;
            if self.sweep(gram, &all, penalty) <= penalty.tolerance {
                break;
            }
            let used: Vec<_> = all.iter().copied().filter(|pair| self.weights[pair.0 as usize] != 0.0).collect();
            while n_sweeps < penalty.max_iterations {
                n_sweeps += 1;
                if self.sweep(gram, &used, penalty) <= penalty.tolerance {
                    break;
                }
            }
        }
        let mut found: Vec<_> =
            all.iter().map(|pair| (pair.0, std::mem::take(&mut self.weights[pair.0 as usize]))).collect();
        found.retain(|pair| pair.1 != 0.0);
        self.explained.fill(0.0);
        if penalty.n_neighbors > 0 {
            keep_largest(&mut found, penalty.n_neighbors);
        }
        found
    }

    /// Sets each coordinate to its best; the largest change.
    fn sweep(&mut self, gram: &Csr, coordinates: &[(u32, f32)], penalty: &Penalty) -> f32 {
        let mut largest_change = 0f32;
        for &(other, together) in coordinates {
            let (neighbours, products) = gram.row(other as usize);
            let square = products[neighbours.binary_search(&other).expect("an item shares users with itself")];
            let old = self.weights[other as usize];
            let new = penalty.best(together - self.explained[other as usize] + square * old, square);
            if new != old {
                self.weights[other as usize] = new;
                let change = new - old;
                for (&neighbour, &product) in neighbours.iter().zip(products) {
                    self.explained[neighbour as usize] += change * product;
                }
                largest_change = largest_change.max(change.abs());
            }
        }
        largest_change
    }
}

fn from_bytes(bytes: &[u8]) -> Result<Box<dyn Recommender>, FitError> {
    let reader = Reader::new(bytes, &CARD)?;
    let settings = reader.settings().clone();
    let weights = ItemWeights { weights: reader.csr("weights")?, binary: settings.bool("binary") };
    Ok(Box::new(Slim { settings, weights }))
}

impl Recommender for Slim {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn n_items(&self) -> usize {
        self.weights.n_items()
    }

    fn score(&self, history: &[HistoryEntry], scores: &mut [f32]) {
        self.weights.score(history, scores);
    }

    fn contributions(&self, history: &[HistoryEntry], item: u32) -> Vec<Contribution> {
        self.weights.contributions(history, item)
    }

    fn similar(&self, item: u32, n: usize) -> Vec<(u32, f32)> {
        self.weights.similar(item, n)
    }

    fn fit_report(&self) -> Vec<(&'static str, f64)> {
        vec![("n_pairs", self.weights.weights.n_stored() as f64)]
    }

    fn to_bytes(&self) -> Vec<u8> {
        Writer::new(&CARD, &self.settings).csr("weights", &self.weights.weights).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
}
