//! Implicit alternating least squares. Users and items are short vectors; what was touched should score 1 with a
//! confidence that grows with the weight, everything else 0 with a small one. The fitted model keeps only the items:
//! a customer is solved for from the history at hand, which also splits a score exactly over that history.

use std::ops::Range;

use domain::{Card, Kind, Param, Settings};
use math::ridge::{Factors, Observed, Solver, Whitened};
use math::{Csr, Random};
use rayon::prelude::*;

use crate::batch::{self, Lists};
use crate::bytes::{Reader, Writer};
use crate::fitting::{BINARY, checked_matrix, on_threads};
use crate::linear::item_weights::{best_first, largest_first, weighed};
use crate::{Algorithm, Contribution, FitError, FitOptions, HistoryEntry, Interactions, Recommender, Source};

pub static CARD: Card = Card {
    name: "ials",
    sentence: "Learns short vectors of items from implicit feedback by alternating least squares; scales to large catalogues.",
    family: "factor",
    params: &[
        Param {
            name: "n_factors",
            sentence: "Length of the vectors.",
            unit: "",
            kind: Kind::Int { min: 1, max: 2048, default: 64 },
        },
        Param {
            name: "n_epochs",
            sentence: "Rounds over users and items.",
            unit: "epochs",
            kind: Kind::Int { min: 1, max: 10_000, default: 15 },
        },
        Param {
            name: "alpha",
            sentence: "Confidence that an interaction of weight 1 adds to that of the unobserved.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 1e6, default: 3.0 },
        },
        Param {
            name: "reg",
            sentence: "Ridge on the vectors; multiplied as nu says.",
            unit: "",
            kind: Kind::Float { min: 1e-6, max: 1e9, default: 20.0 },
        },
        Param {
            name: "nu",
            sentence: "The ridge of a vector is scaled by (its interactions + unobserved_weight × the other side's number) to this power.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 2.0, default: 0.0 },
        },
        Param {
            name: "unobserved_weight",
            sentence: "Confidence that what was not touched is not wanted.",
            unit: "",
            kind: Kind::Float { min: 1e-6, max: 1e6, default: 1.0 },
        },
        Param {
            name: "solver",
            sentence: "Exact steps, few conjugate gradients, or exact steps within blocks of coordinates.",
            unit: "",
            kind: Kind::Choice { options: &["cholesky", "cg", "subspace"], default: "cg" },
        },
        Param {
            name: "cg_steps",
            sentence: "Conjugate gradients per vector and epoch, from where the last epoch ended.",
            unit: "steps",
            kind: Kind::Int { min: 1, max: 1000, default: 2 },
        },
        Param {
            name: "block",
            sentence: "Coordinates per block of the subspace solver.",
            unit: "",
            kind: Kind::Int { min: 1, max: 2048, default: 32 },
        },
        BINARY,
    ],
    input: "(n_users, n_items) interactions, one row per user; negative values count as 0",
    source: "Hu, Koren, Volinsky 2008, eq. 3–5; Takacs et al. 2011 (conjugate gradients); Rendle et al. 2021 iALS++ and 2022 (frequency-scaled ridge)",
};

pub static ALGORITHM: Algorithm = Algorithm { card: &CARD, fit, from_bytes };

/// Rows solved by a thread at a time.
const ROWS: usize = 64;
/// Until the fold-in's residual is this small a part of its right-hand side.
const FOLD_IN: Solver = Solver::Cg { n_steps: 500, tolerance: 1e-6 };

/// What an interaction is worth, and how strongly vectors are held back.
#[derive(Clone, Copy, Debug)]
struct Objective {
    alpha: f32,
    unobserved: f32,
    reg: f64,
    nu: f64,
}

impl Objective {
    fn new(settings: &Settings) -> Self {
        Objective {
            alpha: settings.float("alpha") as f32,
            unobserved: settings.float("unobserved_weight") as f32,
            reg: settings.float("reg"),
            nu: settings.float("nu"),
        }
    }

    /// The ridge of a vector with `n` interactions out of `n_others` possible.
    fn l2(&self, n: usize, n_others: usize) -> f32 {
        (self.reg * (n as f64 + f64::from(self.unobserved) * n_others as f64).powf(self.nu)) as f32
    }

    /// The least ridge, which all vectors of a side share.
    fn shared(&self, others: &Factors) -> Whitened {
        Whitened::new(others, self.unobserved, self.l2(0, others.n_rows))
    }

    /// The confidence an interaction adds, and what it pulls the score up by.
    fn weigh(&self, value: f32) -> (f32, f32) {
        let extra = self.alpha * value.max(0.0);
        (extra, self.unobserved + extra)
    }
}

/// Both sides during the fit.
struct Sides {
    users: Factors,
    items: Factors,
}

fn fit(
    interactions: &Interactions,
    settings: &Settings,
    options: &FitOptions,
) -> Result<Box<dyn Recommender>, FitError> {
    let matrix = checked_matrix(interactions, settings.bool("binary"))?;
    let objective = Objective::new(settings);
    let (sides, loss) = on_threads(options.n_threads, || {
        let n_epochs = settings.usize("n_epochs");
        let go_on = |epoch: usize, _: &Sides| (options.progress)(epoch as f64 / n_epochs as f64);
        let sides = alternate(&matrix, &objective, settings, options.seed, &go_on)?;
        let loss = loss(&matrix, &objective, &sides);
        Ok::<_, FitError>((sides, loss))
    })?;
    Ok(Box::new(Ials::new(settings.clone(), sides.items, loss)))
}

/// Runs the epochs; `go_on` sees the state after each.
fn alternate(
    matrix: &Csr,
    objective: &Objective,
    settings: &Settings,
    seed: u64,
    go_on: &dyn Fn(usize, &Sides) -> bool,
) -> Result<Sides, FitError> {
    let n_factors = settings.usize("n_factors");
    let solver = match settings.text("solver") {
        "cholesky" => Solver::Cholesky,
        "subspace" => Solver::Subspace { size: settings.usize("block") },
        _ => Solver::Cg { n_steps: settings.usize("cg_steps"), tolerance: 0.0 },
    };
    let transposed = matrix.transpose();
    let items = random_factors(matrix.n_cols, n_factors, seed);
    let mut sides = Sides { users: Factors::zeros(matrix.n_rows, n_factors), items };
    for epoch in 0..settings.usize("n_epochs") {
        half_epoch(matrix, objective, solver, &sides.items, &mut sides.users);
        half_epoch(&transposed, objective, solver, &sides.users, &mut sides.items);
        if !go_on(epoch + 1, &sides) {
            return Err(FitError::Cancelled);
        }
    }
    Ok(sides)
}

/// Small numbers around zero, so that first scores are small.
fn random_factors(n_rows: usize, n_factors: usize, seed: u64) -> Factors {
    let mut random = Random::new(seed);
    let mut factors = Factors::zeros(n_rows, n_factors);
    let scale = 0.2 / (n_factors as f32).sqrt();
    for row in 0..n_rows {
        factors.row_mut(row)[..n_factors].fill_with(|| (random.uniform() as f32 - 0.5) * scale);
    }
    factors
}

/// Solves every row of `solved` against the fixed `others`. Rows are independent, so the result does not depend on
/// the number of threads.
fn half_epoch(matrix: &Csr, objective: &Objective, solver: Solver, others: &Factors, solved: &mut Factors) {
    let shared = objective.shared(others);
    let stride = solved.stride;
    let chunks = solved.values.par_chunks_mut(ROWS * stride).enumerate();
    chunks.for_each_init(
        || (Observed::default(), vec![0f32; ROWS * stride]),
        |(observed, whitened), (chunk, rows)| {
            let whitened = &mut whitened[..rows.len()];
            shared.to_whitened(rows, whitened);
            for (at, x) in whitened.chunks_mut(stride).enumerate() {
                let (columns, values) = matrix.row(chunk * ROWS + at);
                observed.clear();
                observed.gather(&shared.factors, columns, values.iter().map(|&value| objective.weigh(value)));
                let extra_l2 = objective.l2(columns.len(), others.n_rows) - shared.l2;
                observed.solve(&shared, extra_l2, solver, x);
            }
            shared.from_whitened(whitened, rows);
        },
    );
}

/// Σ confidence (wanted − score)² over all cells plus the ridges.
fn loss(matrix: &Csr, objective: &Objective, sides: &Sides) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let chunks: Vec<f64> = (0..matrix.n_rows.div_ceil(ROWS))
        .into_par_iter()
        .map(|chunk| {
            let mut sum = 0f64;
            for user in chunk * ROWS..((chunk + 1) * ROWS).min(matrix.n_rows) {
                let (items, values) = matrix.row(user);
                let x = sides.users.row(user);
                for (&item, &value) in items.iter().zip(values) {
                    let score = f64::from(dot(x, sides.items.row(item as usize)));
                    let confidence = f64::from(objective.unobserved + objective.alpha * value.max(0.0));
                    sum += confidence * (1.0 - score).powi(2) - f64::from(objective.unobserved) * score * score;
                }
                sum += f64::from(objective.l2(items.len(), matrix.n_cols)) * f64::from(dot(x, x));
            }
            sum
        })
        .collect();
    let everywhere: f64 = sides.users.gram().iter().zip(sides.items.gram()).map(|(a, b)| a * b).sum();
    let mut n_per_item = vec![0usize; matrix.n_cols];
    matrix.indices.iter().for_each(|&item| n_per_item[item as usize] += 1);
    let of_items: f64 = (0..matrix.n_cols)
        .map(|item| {
            let y = sides.items.row(item);
            f64::from(objective.l2(n_per_item[item], matrix.n_rows)) * f64::from(dot(y, y))
        })
        .sum();
    chunks.iter().sum::<f64>() + f64::from(objective.unobserved) * everywhere + of_items
}

struct Ials {
    settings: Settings,
    objective: Objective,
    items: Factors,
    /// The items as a customer's solution sees them; derived from `items`.
    shared: Whitened,
    loss: f64,
}

/// Working memory for one customer after the other.
#[derive(Default)]
struct FoldIn {
    observed: Observed,
    items: Vec<u32>,
    /// (w, c) of each item.
    weights: Vec<(f32, f32)>,
}

impl Ials {
    fn new(settings: Settings, items: Factors, loss: f64) -> Self {
        let objective = Objective::new(&settings);
        let shared = objective.shared(&items);
        Ials { settings, objective, items, shared, loss }
    }

    fn weighed<'a>(&self, history: &'a [HistoryEntry]) -> impl Iterator<Item = (u32, f32)> + 'a {
        weighed(history, self.items.n_rows, self.settings.bool("binary"))
    }

    /// The customer's vector x', so that x'·y' is the score.
    fn fold_in(&self, history: &[HistoryEntry]) -> Vec<f32> {
        let mut x = vec![0f32; self.items.stride];
        self.fold_into(history, &mut FoldIn::default(), &mut x);
        x
    }

    fn fold_into(&self, history: &[HistoryEntry], memory: &mut FoldIn, x: &mut [f32]) {
        let FoldIn { observed, items, weights } = memory;
        observed.clear();
        items.clear();
        weights.clear();
        for (item, weight) in self.weighed(history) {
            items.push(item);
            weights.push(self.objective.weigh(weight));
        }
        observed.gather(&self.shared.factors, items, weights.iter().copied());
        x.fill(0.0);
        observed.solve(&self.shared, self.extra_l2(items.len()), FOLD_IN, x);
    }

    fn extra_l2(&self, n: usize) -> f32 {
        self.objective.l2(n, self.items.n_rows) - self.shared.l2
    }
}

fn from_bytes(bytes: &[u8]) -> Result<Box<dyn Recommender>, FitError> {
    let reader = Reader::new(bytes, &CARD)?;
    let settings = reader.settings().clone();
    let mut items = Factors::zeros(reader.usize("n_items")?, settings.usize("n_factors"));
    items.values = reader.f32s_of_len("items", items.values.len())?;
    if let Some(at) = items.values.iter().position(|value| !value.is_finite()) {
        return Err(FitError::Corrupt(format!("'items' holds {} at {at}", items.values[at])));
    }
    let loss = reader.f64("loss")?;
    Ok(Box::new(Ials::new(settings, items, loss)))
}

impl Recommender for Ials {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn n_items(&self) -> usize {
        self.items.n_rows
    }

    fn score(&self, history: &[HistoryEntry], scores: &mut [f32]) {
        self.shared.factors.dot_all(&self.fold_in(history), scores);
    }

    /// With A the system of the fold-in, score(j) = y_jᵀ A⁻¹ Σ c_i y_i = Σ c_i (y_i · A⁻¹ y_j).
    fn contributions(&self, history: &[HistoryEntry], item: u32) -> Vec<Contribution> {
        if item as usize >= self.items.n_rows {
            return Vec::new();
        }
        let mut observed = Observed::default();
        let entries: Vec<(u32, f32)> = self.weighed(history).collect();
        for &(from, weight) in &entries {
            observed.push(self.shared.factors.row(from as usize), self.objective.weigh(weight).0, 0.0);
        }
        observed.push(self.shared.factors.row(item as usize), 0.0, 1.0);
        let mut z = vec![0f32; self.items.stride];
        observed.solve(&self.shared, self.extra_l2(entries.len()), FOLD_IN, &mut z);
        let parts = entries.iter().map(|&(from, weight)| {
            let (_, confidence) = self.objective.weigh(weight);
            let row = self.shared.factors.row(from as usize);
            let value = confidence * row.iter().zip(&z).map(|(a, b)| a * b).sum::<f32>();
            Contribution { source: Source::Item(from), value }
        });
        largest_first(parts.collect())
    }

    /// By cosine of the vectors.
    fn similar(&self, item: u32, n: usize) -> Vec<(u32, f32)> {
        if item as usize >= self.items.n_rows {
            return Vec::new();
        }
        let norm = |row: &[f32]| row.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        let own = self.items.row(item as usize);
        let mut products = vec![0f32; self.items.n_rows];
        self.items.dot_all(own, &mut products);
        let others = (0..self.items.n_rows).filter(|&other| other != item as usize);
        let cosine = |other: usize| (other as u32, products[other] / norm(own) / norm(self.items.row(other)));
        best_first(others.map(cosine).collect(), n)
    }

    fn item_vectors(&self) -> Option<(Vec<f32>, usize)> {
        let n_factors = self.settings.usize("n_factors");
        let rows = (0..self.items.n_rows).flat_map(|item| &self.items.row(item)[..n_factors]);
        Some((rows.copied().collect(), n_factors))
    }

    fn fit_report(&self) -> Vec<(&'static str, f64)> {
        vec![("loss", self.loss)]
    }

    fn recommend_batch(&self, interactions: &Interactions, users: Range<usize>, k: usize, n_threads: usize) -> Lists {
        let fold_in = || {
            let mut memory = FoldIn::default();
            move |history: &[HistoryEntry], x: &mut [f32]| self.fold_into(history, &mut memory, x)
        };
        batch::by_factors(&self.shared.factors, fold_in, interactions, users, k, n_threads)
    }

    fn to_bytes(&self) -> Vec<u8> {
        Writer::new(&CARD, &self.settings)
            .u64("n_items", self.items.n_rows as u64)
            .f64("loss", self.loss)
            .f32s("items", &self.items.values)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::testing::interactions;

    /// Four tastes with some noise.
    fn example() -> Interactions {
        let mut random = Random::new(5);
        let mut pairs = Vec::new();
        for user in 0..120u32 {
            for _ in 0..12 {
                let item = if random.uniform() < 0.8 {
                    4 * random.below(15) as u32 + user % 4
                } else {
                    random.below(60) as u32
                };
                if !pairs.contains(&(user, item)) {
                    pairs.push((user, item));
                }
            }
        }
        interactions(120, 60, &pairs)
    }

    fn losses(settings: &[&str]) -> Vec<f64> {
        let data = example();
        let settings = CARD.settings_from_texts(settings).unwrap();
        let objective = Objective::new(&settings);
        let losses = Mutex::new(Vec::new());
        let note = |_: usize, sides: &Sides| {
            losses.lock().unwrap().push(loss(&data.matrix, &objective, sides));
            true
        };
        alternate(&data.matrix, &objective, &settings, 1, &note).unwrap();
        losses.into_inner().unwrap()
    }

    #[test]
    fn exact_steps_never_raise_the_loss() {
        for [nu, reg] in [["nu=0", "reg=0.5"], ["nu=1", "reg=0.005"]] {
            let losses = losses(&["solver=cholesky", "n_factors=8", "n_epochs=12", nu, reg]);
            assert!(losses.windows(2).all(|pair| pair[1] <= pair[0] * (1.0 + 1e-5)), "{losses:?}");
            assert!(losses[11] < 0.9 * losses[0], "{losses:?}");
        }
    }

    #[test]
    fn inexact_steps_reach_the_same_loss() {
        for nu in ["nu=0", "nu=0.8"] {
            let last =
                |solver| *losses(&[solver, "n_factors=20", "n_epochs=150", "reg=2", "block=7", nu]).last().unwrap();
            let exact = last("solver=cholesky");
            for solver in ["solver=cg", "solver=subspace"] {
                assert!((last(solver) / exact - 1.0).abs() < 2e-3, "{solver} {nu}: {} {exact}", last(solver));
            }
        }
    }

    #[test]
    fn the_loss_is_the_sum_over_all_cells() {
        let data = example();
        let settings = CARD.settings_from_texts(&["n_factors=5", "nu=0.5", "unobserved_weight=0.3"]).unwrap();
        let objective = Objective::new(&settings);
        let sides = alternate(&data.matrix, &objective, &settings, 3, &|epoch, _| epoch < 99).unwrap();
        let square = |row: &[f32]| row.iter().map(|value| f64::from(value * value)).sum::<f64>();
        let mut direct = 0.0;
        let transposed = data.matrix.transpose();
        for user in 0..120 {
            let (items, _) = data.matrix.row(user);
            direct += f64::from(objective.l2(items.len(), 60)) * square(sides.users.row(user));
            for item in 0..60 {
                let score: f32 = sides.users.row(user).iter().zip(sides.items.row(item)).map(|(a, b)| a * b).sum();
                let touched = items.contains(&(item as u32));
                let (confidence, wanted) = if touched { (0.3 + 3.0, 1.0) } else { (0.3, 0.0) };
                direct += confidence * (wanted - f64::from(score)).powi(2);
            }
        }
        for item in 0..60 {
            direct += f64::from(objective.l2(transposed.row(item).0.len(), 120)) * square(sides.items.row(item));
        }
        let found = loss(&data.matrix, &objective, &sides);
        assert!((found / direct - 1.0).abs() < 1e-5, "{found} {direct}");
    }

    #[test]
    fn lists_for_many_are_those_found_one_by_one() {
        let data = example();
        let model = fit(&data, &CARD.settings_from_texts(&["n_factors=8"]).unwrap(), &FitOptions::default()).unwrap();
        let slow = batch::by_scoring(model.as_ref(), &data, 3..120, 10, 1);
        for n_threads in [1, 3] {
            let fast = model.recommend_batch(&data, 3..120, 10, n_threads);
            assert_eq!(fast, model.recommend_batch(&data, 3..120, 10, 1));
            for user in 0..slow.n_users() {
                let ((items, scores), (_, expected)) = (fast.row(user), slow.row(user));
                assert_eq!(items.len(), 10);
                assert!(
                    scores.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5),
                    "{user}: {scores:?} {expected:?}"
                );
                let (seen, _) = data.matrix.row(3 + user);
                assert!(items.iter().all(|item| !seen.contains(item)), "{user}");
            }
        }
    }

    #[test]
    fn tastes_are_found() {
        let settings = CARD.settings_from_texts(&["n_factors=8", "reg=1"]).unwrap();
        let model = fit(&example(), &settings, &FitOptions::default()).unwrap();
        let history: Vec<_> = [0, 4, 8].map(|item| HistoryEntry { item, weight: 1.0, at: 0 }).into();
        let mut scores = vec![0f32; 60];
        model.score(&history, &mut scores);
        let mean = |taste: usize| scores.iter().skip(taste).step_by(4).sum::<f32>() / 15.0;
        assert!((1..4).all(|other| mean(0) > 2.0 * mean(other).abs()), "{scores:?}");
        assert!(model.similar(4, 8).iter().filter(|pair| pair.0 % 4 == 0).count() >= 6);
    }
}
