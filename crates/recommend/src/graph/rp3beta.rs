//! RP3beta: walks of three steps, item to user to item, with popular ends discounted. P3alpha is beta = 0.

use domain::{Card, Kind, Param, Settings};
use math::Csr;
use rayon::prelude::*;

use crate::fitting::{BINARY, checked_matrix, csr_of_rows, keep_largest, on_threads};
use crate::linear::item_weights::{ItemWeights, ItemWeightsModel};
use crate::{Algorithm, FitError, FitOptions, Interactions, Recommender};

pub static CARD: Card = Card {
    name: "rp3beta",
    sentence: "Walks at random from the items of the history to other buyers and on to their items; fast and hard to beat.",
    family: "graph",
    params: &[
        Param {
            name: "alpha",
            sentence: "Power of the transition probabilities.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 3.0, default: 0.8 },
        },
        Param {
            name: "beta",
            sentence: "Power by which an item's popularity divides its score; 0 is P3alpha.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 2.0, default: 0.4 },
        },
        Param {
            name: "n_neighbors",
            sentence: "Items kept per item of the history.",
            unit: "items",
            kind: Kind::Int { min: 1, max: 1_000_000, default: 200 },
        },
        Param {
            name: "normalize",
            sentence: "Scale the kept weights of each item to sum to 1.",
            unit: "",
            kind: Kind::Bool { default: false },
        },
        BINARY,
    ],
    input: "(n_users, n_items) interactions, one row per user; negative values count as 0",
    source: "Paudel et al. 2017, Updatable, Accurate, Diverse, and Scalable Recommendations for Interactive Applications; Cooper et al. 2014 for P3alpha",
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
    let weights = on_threads(options.n_threads, || walk(&matrix, settings, options))?;
    Ok(Box::new(ItemWeightsModel::new(&CARD, settings, ItemWeights { weights, binary })))
}

/// W_ij = Σ_u P_iu^alpha P_uj^alpha / popularity_j^beta, the largest of each row.
fn walk(matrix: &Csr, settings: &Settings, options: &FitOptions) -> Result<Csr, FitError> {
    let (alpha, beta) = (settings.float("alpha") as f32, settings.float("beta") as f32);
    let columns = matrix.transpose();
    let popularity: Vec<f32> = (0..matrix.n_cols).map(|item| positive_sum(&columns, item)).collect();
    let discount: Vec<f32> = popularity.iter().map(|&sum| if sum > 0.0 { sum.powf(-beta) } else { 0.0 }).collect();
    let from_users = transition(matrix, alpha);
    let from_items = transition(&columns, alpha);
    let (k, normalize) = (settings.usize("n_neighbors"), settings.bool("normalize"));
    let n = matrix.n_cols;
    let done = std::sync::atomic::AtomicUsize::new(0);
    let rows: Option<Vec<_>> = (0..n)
        .into_par_iter()
        .map_init(
            || (vec![0f32; n], Vec::new()),
            |(sums, touched), item| {
                let n_done = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let go_on = !n_done.is_multiple_of(256) || (options.progress)(n_done as f64 / n as f64);
                go_on.then(|| {
                    step(&from_items, &from_users, item, sums, touched);
                    let ends = touched
                        .drain(..)
                        .map(|end: u32| (end, std::mem::take(&mut sums[end as usize]) * discount[end as usize]));
                    let mut ends: Vec<_> = ends.filter(|(end, _)| *end as usize != item).collect();
                    keep_largest(&mut ends, k);
                    if normalize {
                        let sum: f32 = ends.iter().map(|end| end.1).sum();
                        ends.iter_mut().for_each(|end| end.1 /= sum);
                    }
                    ends
                })
            },
        )
        .collect();
    rows.map(|rows| csr_of_rows(n, rows)).ok_or(FitError::Cancelled)
}

/// Where two steps from `item` lead, with what probability; `touched` receives the ends in order of arrival.
fn step(from_items: &Csr, from_users: &Csr, item: usize, sums: &mut [f32], touched: &mut Vec<u32>) {
    let (users, probabilities) = from_items.row(item);
    for (&user, &first) in users.iter().zip(probabilities) {
        let (ends, probabilities) = from_users.row(user as usize);
        for (&end, &second) in ends.iter().zip(probabilities) {
            let sum = &mut sums[end as usize];
            if *sum == 0.0 && first * second > 0.0 {
                touched.push(end);
            }
            *sum += first * second;
        }
    }
}

fn positive_sum(matrix: &Csr, row: usize) -> f32 {
    matrix.row(row).1.iter().map(|value| value.max(0.0)).sum()
}

/// Each row over its sum, to the power `alpha`.
fn transition(matrix: &Csr, alpha: f32) -> Csr {
    let mut transition = matrix.clone();
    for row in 0..matrix.n_rows {
        let sum = positive_sum(matrix, row);
        for value in &mut transition.values[matrix.indptr[row]..matrix.indptr[row + 1]] {
            *value = if *value > 0.0 { (*value / sum).powf(alpha) } else { 0.0 };
        }
    }
    transition
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HistoryEntry;
    use crate::testing::interactions;

    /// Users {0,1}, {0,1}, {1,2}. From item 0: each of 2 users with ½, on to 0 or 1 with ½ each, so W01 = ½.
    /// From item 1: W10 = 2 · ⅓ · ½ = ⅓, W12 = ⅓ · ½ = ⅙. Popularity 2, 3, 1.
    #[test]
    fn three_items_by_hand() {
        let data = interactions(3, 3, &[(0, 0), (0, 1), (1, 0), (1, 1), (2, 1), (2, 2)]);
        for (settings, from, expected) in [
            (["alpha=1", "beta=0", "n_neighbors=9"], 0, [0.0, 0.5, 0.0]),
            (["alpha=1", "beta=0", "n_neighbors=9"], 1, [1.0 / 3.0, 0.0, 1.0 / 6.0]),
            (["alpha=1", "beta=1", "n_neighbors=9"], 1, [1.0 / 6.0, 0.0, 1.0 / 6.0]),
            (["alpha=1", "beta=0", "n_neighbors=1"], 1, [1.0 / 3.0, 0.0, 0.0]),
            (["alpha=2", "beta=0", "n_neighbors=9"], 1, [1.0 / 18.0, 0.0, 1.0 / 36.0]),
        ] {
            let settings = CARD.settings_from_texts(&settings).unwrap();
            let model = fit(&data, &settings, &FitOptions::default()).unwrap();
            let mut scores = [9f32; 3];
            model.score(&[HistoryEntry { item: from, weight: 1.0, at: 0 }], &mut scores);
            assert!(scores.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{settings:?} {scores:?}");
        }
    }
}
