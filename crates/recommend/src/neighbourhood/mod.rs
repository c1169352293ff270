//! Neighbourhood models: like items (`item_knn`) and like users (`user_knn`). Ranking lives here; predicted ratings
//! (task=rating) are in [`crate::rating`].

pub mod item_knn;
pub mod similarity;
pub mod user_knn;

use domain::Settings;

use crate::{FitError, FitOptions, HistoryEntry, Interactions};
use similarity::{Measure, Weighting, WholeVectors};

const MILLIS_PER_DAY: f64 = 86_400_000.0;

/// The parameters both cards share.
macro_rules! shared_params {
    ($default_neighbours:expr, $($more:expr),* $(,)?) => {
        &[
            Param {
                name: "similarity",
                sentence: "What makes two of them alike; pearson, adjusted_cosine and msd look at common entries only.",
                unit: "",
                kind: Kind::Choice { options: Measure::NAMES, default: "cosine" },
            },
            Param {
                name: "weighting",
                sentence: "How entries are weighted before cosine; bm25 has its own normalisation of length.",
                unit: "",
                kind: Kind::Choice { options: &["none", "tfidf", "bm25"], default: "none" },
            },
            Param {
                name: "n_neighbors",
                sentence: "How many neighbours are kept.",
                unit: "neighbours",
                kind: Kind::Int { min: 1, max: 100_000, default: $default_neighbours },
            },
            Param {
                name: "shrinkage",
                sentence: "Holds back similarities that rest on little: added to the denominator, or, for measures over common entries, (n-1)/(n-1+shrinkage); 100 is usual for pearson_baseline.",
                unit: "",
                kind: Kind::Float { min: 0.0, max: 1e6, default: 0.0 },
            },
            Param {
                name: "min_support",
                sentence: "Pairs with fewer common entries are unrelated.",
                unit: "entries",
                kind: Kind::Int { min: 1, max: 1_000_000, default: 1 },
            },
            Param {
                name: "center",
                sentence: "What is taken off ratings before they are averaged (task=rating).",
                unit: "",
                kind: Kind::Choice { options: &["none", "mean", "z_score", "baseline"], default: "none" },
            },
            Param {
                name: "task",
                sentence: "Rank items, or predict ratings.",
                unit: "",
                kind: Kind::Choice { options: &["ranking", "rating"], default: "ranking" },
            },
            Param {
                name: "keep",
                sentence: "Whose best n_neighbors count: row, those of what is asked about (an owned item, the customer); column, those that the answering side (candidate item, training user) would itself keep.",
                unit: "",
                kind: Kind::Choice { options: &["row", "column"], default: "row" },
            },
            Param {
                name: "popularity_bias",
                sentence: "This times ln(1+n)/ln(1+n of the most popular item) is added to each score.",
                unit: "",
                kind: Kind::Float { min: -1e3, max: 1e3, default: 0.0 },
            },
            Param {
                name: "alpha",
                sentence: "Asymmetric cosine: the asked side's share of the length; 0.5 is cosine.",
                unit: "",
                kind: Kind::Float { min: 0.0, max: 1.0, default: 0.5 },
            },
            Param {
                name: "half_life_days",
                sentence: "History entries count half for each such span before the newest; 0 is off.",
                unit: "days",
                kind: Kind::Float { min: 0.0, max: 1e5, default: 0.0 },
            },
            Param {
                name: "bm25_k1",
                sentence: "BM25: how soon repetition stops to count.",
                unit: "",
                kind: Kind::Float { min: 0.0, max: 1e4, default: 1.2 },
            },
            Param {
                name: "bm25_b",
                sentence: "BM25: how much length is held against a vector.",
                unit: "",
                kind: Kind::Float { min: 0.0, max: 1.0, default: 0.75 },
            },
            $($more),*
        ]
    };
}
pub(crate) use shared_params;

/// The settings of a ranking model as typed values, checked for combinations that mean nothing.
pub(crate) struct Shared {
    pub formula: WholeVectors,
    pub weighting: Weighting,
    pub n_neighbors: usize,
    pub min_support: u32,
    pub keep_column: bool,
    pub popularity_bias: f32,
    pub half_life_days: f64,
}

impl Shared {
    pub fn new(settings: &Settings) -> Result<Self, FitError> {
        let measure = Measure::from_name(settings.text("similarity"));
        let weighting = match settings.text("weighting") {
            "tfidf" => Weighting::TfIdf,
            "bm25" => Weighting::Bm25 { k1: settings.float("bm25_k1") as f32, b: settings.float("bm25_b") as f32 },
            _ => Weighting::None,
        };
        if weighting != Weighting::None && !matches!(measure, Measure::Cosine | Measure::AsymmetricCosine) {
            let found = format!("{} with weighting {}", settings.text("similarity"), settings.text("weighting"));
            return Err(FitError::Unfit { what: "similarity", found, allowed: "cosine, asymmetric_cosine".to_owned() });
        }
        Ok(Shared {
            formula: WholeVectors {
                measure,
                shrinkage: settings.float("shrinkage") as f32,
                alpha: settings.float("alpha") as f32,
            },
            weighting,
            n_neighbors: settings.usize("n_neighbors"),
            min_support: settings.int("min_support") as u32,
            keep_column: settings.text("keep") == "column",
            popularity_bias: settings.float("popularity_bias") as f32,
            half_life_days: settings.float("half_life_days"),
        })
    }
}

/// Refuses data that no neighbourhood can be learned from.
pub(crate) fn check_input(interactions: &Interactions) -> Result<(), FitError> {
    let matrix = &interactions.matrix;
    if matrix.n_stored() == 0 {
        return Err(FitError::Empty { n_users: matrix.n_rows, n_items: matrix.n_cols });
    }
    match matrix.values.iter().position(|value| !value.is_finite()) {
        Some(at) => Err(FitError::NotFinite { at, value: matrix.values[at] }),
        None => Ok(()),
    }
}

/// `progress` of the options as the kernels ask for it.
pub(crate) fn go_on<'a>(options: &'a FitOptions<'_>) -> impl Fn(f64) -> bool + Sync + 'a {
    |share| (options.progress)(share)
}

/// The entries' weights, halved for each `half_life_days` between an entry and the newest one. Entries without a time
/// keep their weight.
pub(crate) fn decayed_weights(history: &[HistoryEntry], half_life_days: f64) -> Vec<f32> {
    let newest = history.iter().map(|entry| entry.at).max().unwrap_or(0);
    let decay = |entry: &HistoryEntry| {
        if half_life_days <= 0.0 || entry.at == 0 {
            return entry.weight;
        }
        let age_days = (newest - entry.at) as f64 / MILLIS_PER_DAY;
        (f64::from(entry.weight) * (-age_days / half_life_days).exp2()) as f32
    };
    history.iter().map(decay).collect()
}

/// How many users have each item. Shape: (n_items).
pub(crate) fn counts(matrix: &math::Csr) -> Vec<u32> {
    let mut counts = vec![0u32; matrix.n_cols];
    matrix.indices.iter().for_each(|&item| counts[item as usize] += 1);
    counts
}

/// The popularity term of each item's score, or nothing when it is switched off.
pub(crate) fn popularity_terms(counts: &[u32], popularity_bias: f32) -> Option<Vec<f32>> {
    if popularity_bias == 0.0 {
        return None;
    }
    let most = f64::from(counts.iter().copied().max().unwrap_or(0)).ln_1p().max(f64::MIN_POSITIVE);
    Some(counts.iter().map(|&n| popularity_bias * (f64::from(n).ln_1p() / most) as f32).collect())
}

/// Largest magnitude first; equal ones in the order found.
pub(crate) fn sort_contributions(parts: &mut [crate::Contribution]) {
    parts.sort_by(|a, b| b.value.abs().total_cmp(&a.value.abs()));
}
