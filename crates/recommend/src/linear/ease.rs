//! EASE^R: item-to-item weights in closed form, from the inverse of the ridged Gram matrix. The fitted model keeps that
//! inverse as half a matrix, or, when asked to, only the largest weights.

use domain::{Card, Kind, Param, Settings};
use math::{Csr, Symmetric, symmetric::InverseError};
use rayon::prelude::*;

use super::item_weights::{ItemWeights, best_first, largest_first, weighed};
use crate::bytes::{Reader, Writer};
use crate::fitting::{BINARY, checked_matrix, csr_of_rows, keep_largest, on_threads};
use crate::{Algorithm, Contribution, FitError, FitOptions, HistoryEntry, Interactions, Recommender, Source};

pub static CARD: Card = Card {
    name: "ease",
    sentence: "Predicts each item from all others by ridge regression, solved exactly; strong and without tuning by epochs.",
    family: "linear",
    params: &[
        Param {
            name: "l2",
            sentence: "Ridge added to the diagonal of the Gram matrix; more for sparser data.",
            unit: "",
            kind: Kind::Float { min: 1e-3, max: 1e9, default: 500.0 },
        },
        Param {
            name: "user_power",
            sentence: "Users with many interactions count less: each is weighted by (its number / mean) to minus this power.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 2.0, default: 0.0 },
        },
        Param {
            name: "popularity_l2",
            sentence: "The ridge of an item is scaled by (its popularity / mean) to this power.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 2.0, default: 0.0 },
        },
        Param {
            name: "popularity_discount",
            sentence: "Scores of an item are divided by (its popularity / mean) to this power.",
            unit: "",
            kind: Kind::Float { min: -1.0, max: 1.0, default: 0.0 },
        },
        Param {
            name: "n_neighbors",
            sentence: "Weights kept per predicted item, the largest in magnitude; 0 keeps all, exactly.",
            unit: "items",
            kind: Kind::Int { min: 0, max: 1_000_000, default: 0 },
        },
        BINARY,
    ],
    input: "(n_users, n_items) interactions, one row per user",
    source: "Steck 2019, Embarrassingly Shallow Autoencoders for Sparse Data, eq. 8; weighting as in Steck 2020 (EDLAE) and Park et al. 2025 (DAN)",
};

pub static ALGORITHM: Algorithm = Algorithm { card: &CARD, fit, from_bytes };

struct Ease {
    settings: Settings,
    weights: Weights,
}

enum Weights {
    /// B_ij = `inverse`[i][j] × `scale`[j] off the diagonal, 0 on it.
    Exact {
        inverse: Symmetric,
        scale: Vec<f32>,
        binary: bool,
    },
    Largest(ItemWeights),
}

fn fit(
    interactions: &Interactions,
    settings: &Settings,
    options: &FitOptions,
) -> Result<Box<dyn Recommender>, FitError> {
    let matrix = checked_matrix(interactions, settings.bool("binary"))?;
    let weights = on_threads(options.n_threads, || fit_weights(&matrix, settings, options))?;
    Ok(Box::new(Ease { settings: settings.clone(), weights }))
}

fn fit_weights(matrix: &Csr, settings: &Settings, options: &FitOptions) -> Result<Weights, FitError> {
    let user_weights = user_weights(matrix, settings.float("user_power"));
    let mut inverse = Symmetric::gram(matrix, user_weights.as_deref());
    let popularity = relative(&inverse.diagonal());
    let (l2, power) = (settings.float("l2"), settings.float("popularity_l2"));
    for (item, &popularity) in popularity.iter().enumerate() {
        *inverse.diagonal_mut(item) += (l2 * popularity.powf(power)) as f32;
    }
    inverse.invert(options.progress).map_err(|error| match error {
        InverseError::Cancelled => FitError::Cancelled,
        InverseError::NotPositive { .. } => FitError::Unfit {
            what: "parameter 'l2' is too small for single precision on these data",
            found: l2.to_string(),
            allowed: "a larger value".to_owned(),
        },
    })?;
    let discount = settings.float("popularity_discount");
    let scale = |diagonal: f32, popularity: f64| (-popularity.powf(-discount) / f64::from(diagonal)) as f32;
    let scale: Vec<f32> = inverse.diagonal().into_iter().zip(popularity).map(|(d, p)| scale(d, p)).collect();
    let binary = settings.bool("binary");
    match settings.usize("n_neighbors") {
        0 => Ok(Weights::Exact { inverse, scale, binary }),
        k => Ok(Weights::Largest(ItemWeights { weights: largest(&inverse, &scale, k), binary })),
    }
}

/// One weight per user, 1 for one with the mean number of interactions.
fn user_weights(matrix: &Csr, power: f64) -> Option<Vec<f32>> {
    let mean = matrix.n_stored() as f64 / matrix.n_rows as f64;
    let weight = |n: usize| (n.max(1) as f64 / mean).powf(-power) as f32;
    (power > 0.0).then(|| matrix.indptr.windows(2).map(|range| weight(range[1] - range[0])).collect())
}

/// Each value over their mean, kept away from zero.
fn relative(values: &[f32]) -> Vec<f64> {
    let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / values.len() as f64;
    values.iter().map(|&value| (f64::from(value) / mean).max(1e-3)).collect()
}

/// The `k` weights of largest magnitude that predict each item; one row per item of the history.
fn largest(inverse: &Symmetric, scale: &[f32], k: usize) -> Csr {
    let n = inverse.n();
    let by_predicted: Vec<Vec<(u32, f32)>> = (0..n)
        .into_par_iter()
        .map_init(
            || vec![0f32; n],
            |row, item| {
                inverse.copy_row(item, row);
                let others = row.iter().enumerate().filter(|(other, _)| *other != item);
                let mut pairs = others.map(|(other, value)| (other as u32, value * scale[item])).collect();
                keep_largest(&mut pairs, k);
                pairs
            },
        )
        .collect();
    csr_of_rows(n, by_predicted).transpose()
}

fn from_bytes(bytes: &[u8]) -> Result<Box<dyn Recommender>, FitError> {
    let reader = Reader::new(bytes, &CARD)?;
    let settings = reader.settings().clone();
    let binary = settings.bool("binary");
    if settings.usize("n_neighbors") > 0 {
        let weights = Weights::Largest(ItemWeights { weights: reader.csr("weights")?, binary });
        return Ok(Box::new(Ease { settings, weights }));
    }
    let scale = reader.f32s("scale")?;
    let inverse = Symmetric::from_packed(scale.len(), &reader.f32s("inverse")?)
        .ok_or_else(|| FitError::Corrupt(format!("'inverse' does not fit {} items", scale.len())))?;
    Ok(Box::new(Ease { settings, weights: Weights::Exact { inverse, scale, binary } }))
}

impl Recommender for Ease {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn n_items(&self) -> usize {
        match &self.weights {
            Weights::Exact { scale, .. } => scale.len(),
            Weights::Largest(weights) => weights.n_items(),
        }
    }

    fn score(&self, history: &[HistoryEntry], scores: &mut [f32]) {
        match &self.weights {
            Weights::Largest(weights) => weights.score(history, scores),
            Weights::Exact { inverse, scale, binary } => {
                scores.fill(0.0);
                for (item, weight) in weighed(history, scale.len(), *binary) {
                    let own = scores[item as usize];
                    inverse.add_row(item as usize, weight, scores);
                    scores[item as usize] = own;
                }
                scores.iter_mut().zip(scale).for_each(|(score, scale)| *score *= scale);
            }
        }
    }

    fn contributions(&self, history: &[HistoryEntry], item: u32) -> Vec<Contribution> {
        match &self.weights {
            Weights::Largest(weights) => weights.contributions(history, item),
            Weights::Exact { scale, .. } if item as usize >= scale.len() => Vec::new(),
            Weights::Exact { inverse, scale, binary } => {
                let others = weighed(history, scale.len(), *binary).filter(|(from, _)| *from != item);
                let parts = others.map(|(from, weight)| Contribution {
                    source: Source::Item(from),
                    value: weight * inverse.get(from as usize, item as usize) * scale[item as usize],
                });
                largest_first(parts.collect())
            }
        }
    }

    fn similar(&self, item: u32, n: usize) -> Vec<(u32, f32)> {
        match &self.weights {
            Weights::Largest(weights) => weights.similar(item, n),
            Weights::Exact { scale, .. } if item as usize >= scale.len() => Vec::new(),
            Weights::Exact { inverse, scale, .. } => {
                let mut row = vec![0f32; scale.len()];
                inverse.copy_row(item as usize, &mut row);
                let others = row.iter().zip(scale).enumerate().filter(|(other, _)| *other != item as usize);
                best_first(others.map(|(other, (value, scale))| (other as u32, value * scale)).collect(), n)
            }
        }
    }

    fn fit_report(&self) -> Vec<(&'static str, f64)> {
        let n_weights = match &self.weights {
            Weights::Exact { scale, .. } => scale.len() * scale.len().saturating_sub(1),
            Weights::Largest(weights) => weights.weights.n_stored(),
        };
        vec![("n_pairs", n_weights as f64)]
    }

    fn to_bytes(&self) -> Vec<u8> {
        let writer = Writer::new(&CARD, &self.settings);
        match &self.weights {
            Weights::Exact { inverse, scale, .. } => writer.f32s("scale", scale).f32s("inverse", &inverse.to_packed()),
            Weights::Largest(weights) => writer.csr("weights", &weights.weights),
        }
        .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::interactions;

    fn weights(pairs: &[(u32, u32)], n: (usize, usize), settings: &[&str]) -> Vec<Vec<f32>> {
        let data = interactions(n.0, n.1, pairs);
        let model = fit(&data, &CARD.settings_from_texts(settings).unwrap(), &FitOptions::default()).unwrap();
        let row = |item| {
            let mut scores = vec![0f32; n.1];
            model.score(&[HistoryEntry { item, weight: 1.0, at: 0 }], &mut scores);
            scores
        };
        (0..n.1 as u32).map(row).collect()
    }

    /// Users {0,1}, {0,1}, {1,2}: G = [[2,2,0],[2,3,1],[0,1,1]], with l2 = 1: A = [[3,2,0],[2,4,1],[0,1,2]],
    /// det 13, adj = [[7,−4,2],[−4,6,−3],[2,−3,8]]; B_ij = −adj_ij / adj_jj.
    #[test]
    fn three_items_by_hand() {
        let found = weights(&[(0, 0), (0, 1), (1, 0), (1, 1), (2, 1), (2, 2)], (3, 3), &["l2=1"]);
        let expected = [[0.0, 4.0 / 6.0, -2.0 / 8.0], [4.0 / 7.0, 0.0, 3.0 / 8.0], [-2.0 / 7.0, 3.0 / 6.0, 0.0]];
        for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
    }

    #[test]
    fn keeping_all_neighbours_changes_nothing_and_keeping_few_keeps_the_largest() {
        let pairs: Vec<_> = (0..300u32).map(|at| (at / 6, (at * at * 7 + at / 3) % 23)).collect();
        let all = weights(&pairs, (50, 23), &["l2=5"]);
        assert_eq!(all, weights(&pairs, (50, 23), &["l2=5", "n_neighbors=23"]));
        let few = weights(&pairs, (50, 23), &["l2=5", "n_neighbors=4"]);
        for item in 0..23 {
            let magnitude = |table: &Vec<Vec<f32>>| {
                let mut column: Vec<f32> = table.iter().map(|row| row[item].abs()).collect();
                column.sort_by(|a, b| b.total_cmp(a));
                column
            };
            assert_eq!(magnitude(&few)[..4], magnitude(&all)[..4]);
            assert!(magnitude(&few)[4..].iter().all(|&value| value == 0.0));
        }
    }

    /// Weighting and discount against the formula in f64, by Gauss–Jordan.
    #[test]
    fn matches_the_formula_in_double_precision() {
        let n = 23;
        let pairs: Vec<_> = (0..300u32).map(|at| (at / (4 + at % 3), (at * at * 7 + at / 3) % 23)).collect();
        let n_users = 75;
        let data = interactions(n_users, n, &pairs);
        let mean = data.matrix.n_stored() as f64 / n_users as f64;
        let mut a = vec![vec![0f64; n]; n];
        for user in 0..n_users {
            let (items, _) = data.matrix.row(user);
            let weight = (items.len().max(1) as f64 / mean).powf(-0.5);
            items.iter().for_each(|&i| items.iter().for_each(|&j| a[i as usize][j as usize] += weight));
        }
        let diagonal: Vec<f64> = (0..n).map(|i| a[i][i]).collect();
        let popularity: Vec<f64> =
            diagonal.iter().map(|value| (value * n as f64 / diagonal.iter().sum::<f64>()).max(1e-3)).collect();
        (0..n).for_each(|i| a[i][i] += 8.0 * popularity[i].powf(0.7));
        let p = inverse(a);
        let settings = ["l2=8", "user_power=0.5", "popularity_l2=0.7", "popularity_discount=0.2"];
        let found = weights(&pairs, (n_users, n), &settings);
        for i in 0..n {
            for j in 0..n {
                let expected = if i == j { 0.0 } else { -p[i][j] / p[j][j] * popularity[j].powf(-0.2) };
                assert!((f64::from(found[i][j]) - expected).abs() < 1e-5, "({i}, {j})");
            }
        }
    }

    fn inverse(mut a: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
        let n = a.len();
        for (i, row) in a.iter_mut().enumerate() {
            row.extend((0..n).map(|j| f64::from(u8::from(i == j))));
        }
        for pivot in 0..n {
            let head = a[pivot][pivot];
            a[pivot].iter_mut().for_each(|value| *value /= head);
            let of_pivot = a[pivot].clone();
            for (_, row) in a.iter_mut().enumerate().filter(|(i, _)| *i != pivot) {
                let factor = row[pivot];
                row.iter_mut().zip(&of_pivot).for_each(|(value, pivot)| *value -= factor * pivot);
            }
        }
        a.into_iter().map(|row| row[n..].to_vec()).collect()
    }
}
