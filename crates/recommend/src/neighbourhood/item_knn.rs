//! `item_knn`: an item is recommended for being like the items a customer has. Cosine, TF-IDF and BM25 are implicit's;
//! keeping per column with Jaccard, cosine or Dice is the evaluation framework's of Ferrari Dacrema et al.

use std::ops::Range;

use domain::{Card, Kind, Param, Settings};
use math::{
    Csr,
    neighbours::{PairSimilarity, Pairs},
};

use super::similarity::{CommonEntries, FittedWeighting, Measure, Supported, WholePairs};
use super::{Shared, check_input, counts, decayed_weights, go_on, popularity_terms, shared_params, sort_contributions};
use crate::batch::{self, Lists};
use crate::bytes::{Reader, Writer};
use crate::{Algorithm, Contribution, FitError, FitOptions, HistoryEntry, Interactions, Recommender, Source};

pub static CARD: Card = Card {
    name: "item_knn",
    sentence: "Recommends what is like the items a customer already has, judged by who else has both.",
    family: "neighbourhood",
    params: shared_params!(
        100,
        Param {
            name: "normalise",
            sentence: "Whether each owned item's similarities are scaled: so that they sum to 1, or peak at 1.",
            unit: "",
            kind: Kind::Choice { options: &["none", "sum", "max"], default: "none" },
        },
    ),
    input: "(n_users, n_items) interactions, one row per user; weights, or ratings with task=rating",
    source: "Sarwar, Karypis, Konstan, Riedl 2001, Item-based collaborative filtering recommendation algorithms; \
             Deshpande, Karypis 2004, Item-based top-N recommendation algorithms; Aiolli 2013 (asymmetric cosine)",
};

pub static ALGORITHM: Algorithm = Algorithm { card: &CARD, fit, from_bytes };

fn fit(
    interactions: &Interactions,
    settings: &Settings,
    options: &FitOptions,
) -> Result<Box<dyn Recommender>, FitError> {
    if settings.text("task") == "rating" {
        return crate::rating::as_recommender(&CARD, interactions, settings, options);
    }
    Ok(Box::new(ItemKnn::fit(interactions, settings, options)?))
}

fn from_bytes(bytes: &[u8]) -> Result<Box<dyn Recommender>, FitError> {
    if Reader::new(bytes, &CARD)?.settings().text("task") == "rating" {
        return crate::rating::recommender_from_bytes(&CARD, bytes);
    }
    Ok(Box::new(ItemKnn::read(bytes)?))
}

/// A fitted ranking model.
pub struct ItemKnn {
    settings: Settings,
    half_life_days: f64,
    /// Shape: (n_items, n_items). Row: the owned item; column: the item it speaks for.
    weights: Csr,
    /// Shape: (n_items), when popularity counts.
    popularity: Option<Vec<f32>>,
}

impl ItemKnn {
    pub fn fit(interactions: &Interactions, settings: &Settings, options: &FitOptions) -> Result<Self, FitError> {
        check_input(interactions)?;
        let shared = Shared::new(settings)?;
        let kept = similar_items(&interactions.matrix, &shared, options)?;
        let mut weights = if shared.keep_column { kept.transpose() } else { kept };
        normalise_rows(&mut weights, settings.text("normalise"));
        let popularity = popularity_terms(&counts(&interactions.matrix), shared.popularity_bias);
        Ok(ItemKnn { settings: settings.clone(), half_life_days: shared.half_life_days, weights, popularity })
    }

    fn read(bytes: &[u8]) -> Result<Self, FitError> {
        let reader = Reader::new(bytes, &CARD)?;
        let weights = reader.csr("weights")?;
        let popularity = reader.f32s("popularity")?;
        if weights.n_rows != weights.n_cols || !(popularity.is_empty() || popularity.len() == weights.n_cols) {
            return Err(FitError::Corrupt("weights and popularity differ in their number of items".to_owned()));
        }
        Ok(ItemKnn {
            settings: reader.settings().clone(),
            half_life_days: reader.settings().float("half_life_days"),
            weights,
            popularity: (!popularity.is_empty()).then_some(popularity),
        })
    }

    /// The weight with which owning `owned` speaks for `item`.
    fn weight(&self, owned: u32, item: u32) -> f32 {
        if owned as usize >= self.weights.n_rows {
            return 0.0;
        }
        let (items, values) = self.weights.row(owned as usize);
        items.binary_search(&item).map_or(0.0, |at| values[at])
    }
}

impl Recommender for ItemKnn {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn n_items(&self) -> usize {
        self.weights.n_cols
    }

    fn score(&self, history: &[HistoryEntry], scores: &mut [f32]) {
        scores.fill(0.0);
        for (entry, weight) in history.iter().zip(decayed_weights(history, self.half_life_days)) {
            if (entry.item as usize) < self.weights.n_rows {
                let (items, values) = self.weights.row(entry.item as usize);
                items.iter().zip(values).for_each(|(&item, &value)| scores[item as usize] += weight * value);
            }
        }
        if let Some(popularity) = &self.popularity {
            scores.iter_mut().zip(popularity).for_each(|(score, term)| *score += term);
        }
    }

    fn contributions(&self, history: &[HistoryEntry], item: u32) -> Vec<Contribution> {
        let weights = decayed_weights(history, self.half_life_days);
        let own = history.iter().zip(weights).map(|(entry, weight)| Contribution {
            source: Source::Item(entry.item),
            value: weight * self.weight(entry.item, item),
        });
        let popularity = self.popularity.as_ref().and_then(|terms| terms.get(item as usize));
        let popularity = popularity.map(|&value| Contribution { source: Source::Popularity, value });
        let mut parts: Vec<_> = own.chain(popularity).filter(|part| part.value != 0.0).collect();
        sort_contributions(&mut parts);
        parts
    }

    fn similar(&self, item: u32, n: usize) -> Vec<(u32, f32)> {
        if item as usize >= self.weights.n_rows {
            return Vec::new();
        }
        let (items, values) = self.weights.row(item as usize);
        let mut best = math::top_k::TopK::new(n);
        items.iter().zip(values).for_each(|(&other, &value)| best.offer(other, value));
        best.into_sorted()
    }

    fn fit_report(&self) -> Vec<(&'static str, f64)> {
        vec![("n_pairs", self.weights.n_stored() as f64)]
    }

    fn to_bytes(&self) -> Vec<u8> {
        Writer::new(&CARD, &self.settings)
            .csr("weights", &self.weights)
            .f32s("popularity", self.popularity.as_deref().unwrap_or(&[]))
            .finish()
    }

    fn recommend_batch(&self, interactions: &Interactions, users: Range<usize>, k: usize, n_threads: usize) -> Lists {
        let weigh = |history: &[HistoryEntry]| decayed_weights(history, self.half_life_days);
        let popularity = self.popularity.as_deref();
        batch::by_item_weights(&self.weights, popularity, &weigh, interactions, users, k, n_threads)
    }
}

/// Row `i`: the items most similar to item `i`.
fn similar_items(matrix: &Csr, shared: &Shared, options: &FitOptions) -> Result<Csr, FitError> {
    if shared.formula.measure.is_over_whole_vectors() {
        most_similar(matrix, &matrix.transpose(), shared, options)
    } else {
        let residuals = residuals(matrix, shared.formula.measure);
        let similarity = CommonEntries {
            measure: shared.formula.measure,
            min_support: shared.min_support,
            shrinkage: f64::from(shared.formula.shrinkage),
        };
        let pairs = Pairs::new(&residuals, None);
        pairs.top_k(&similarity, shared.n_neighbors, options.n_threads, &go_on(options)).ok_or(FitError::Cancelled)
    }
}

/// For each column of `matrix` the most similar columns over whole vectors. `things` is its transpose.
pub(super) fn most_similar(matrix: &Csr, things: &Csr, shared: &Shared, options: &FitOptions) -> Result<Csr, FitError> {
    let weighting = FittedWeighting::fit(shared.weighting, things);
    let counts_only = matches!(shared.formula.measure, Measure::Jaccard | Measure::Dice);
    let binary = counts_only || matrix.values.iter().all(|&value| value == 1.0);
    // With values of 1 an entry's weight is (figure of the mark) × (figure of the thing): the first weighs rows, the
    // second goes into the denominator, and no value need be read.
    let mark_weights: Option<Vec<f32>> = (binary && !weighting.idf.is_empty())
        .then(|| (0..matrix.n_rows as u32).map(|mark| weighting.of_mark(mark).powi(2)).collect());
    let weighted = (!binary).then(|| {
        let mut things = things.clone();
        for thing in 0..things.n_rows {
            let range = things.indptr[thing]..things.indptr[thing + 1];
            let values = weighting.weigh(&things.indices[range.clone()], &things.values[range.clone()]);
            things.values[range].copy_from_slice(&values);
        }
        things.transpose()
    });
    let (asked, other): (Vec<f32>, Vec<f32>) = (0..things.n_rows)
        .map(|thing| {
            let (marks, values) = things.row(thing);
            let n = marks.len() as f32;
            let own = if binary { weighting.of_value(1.0, n) } else { 1.0 };
            let norm = if binary {
                let squared: f64 = marks.iter().map(|&mark| f64::from(weighting.of_mark(mark)).powi(2)).sum();
                squared.sqrt() as f32
            } else {
                let squared = weighting.weigh(marks, values).iter().map(|&v| f64::from(v).powi(2)).sum::<f64>();
                squared.sqrt() as f32
            };
            let length = if weighting.is_normalised() { norm } else { 1.0 / own };
            shared.formula.sides(n, length)
        })
        .unzip();
    let pairs = Pairs::new(weighted.as_ref().unwrap_or(matrix), mark_weights);
    let formula = shared.formula.clone();
    let in_order = |figures: &[f32]| pairs.order.iter().map(|&thing| figures[thing as usize]).collect::<Vec<f32>>();
    let (asked, other) = (in_order(&asked), in_order(&other));
    match (!binary, formula.is_symmetric()) {
        (false, true) => run(&pairs, WholePairs::<false, true> { formula, asked, other }, shared, options),
        (false, false) => run(&pairs, WholePairs::<false, false> { formula, asked, other }, shared, options),
        (true, true) => run(&pairs, WholePairs::<true, true> { formula, asked, other }, shared, options),
        (true, false) => run(&pairs, WholePairs::<true, false> { formula, asked, other }, shared, options),
    }
}

fn run<S: PairSimilarity>(
    pairs: &Pairs,
    similarity: S,
    shared: &Shared,
    options: &FitOptions,
) -> Result<Csr, FitError> {
    let go_on = go_on(options);
    let answer = if shared.min_support > 1 {
        let similarity = Supported { inner: similarity, min_support: shared.min_support };
        pairs.top_k(&similarity, shared.n_neighbors, options.n_threads, &go_on)
    } else {
        pairs.top_k(&similarity, shared.n_neighbors, options.n_threads, &go_on)
    };
    answer.ok_or(FitError::Cancelled)
}

/// What a measure over common entries compares: the ratings, or the ratings less the user's mean or the baseline.
fn residuals(matrix: &Csr, measure: Measure) -> Csr {
    let mut residuals = matrix.clone();
    let baselines = (measure == Measure::PearsonBaseline).then(|| crate::rating::Baselines::fit(matrix));
    for user in 0..matrix.n_rows {
        let range = matrix.indptr[user]..matrix.indptr[user + 1];
        let mean = matrix.values[range.clone()].iter().sum::<f32>() / range.len().max(1) as f32;
        for at in range {
            residuals.values[at] -= match (&baselines, measure) {
                (Some(baselines), _) => baselines.of(user, matrix.indices[at]) as f32,
                (None, Measure::AdjustedCosine) => mean,
                (None, _) => 0.0,
            };
        }
    }
    residuals
}

fn normalise_rows(matrix: &mut Csr, how: &str) {
    for row in 0..matrix.n_rows {
        let values = &mut matrix.values[matrix.indptr[row]..matrix.indptr[row + 1]];
        let scale = match how {
            "sum" => values.iter().sum::<f32>(),
            "max" => values.iter().copied().fold(0.0, f32::max),
            _ => 1.0,
        };
        if scale > 0.0 {
            values.iter_mut().for_each(|value| *value /= scale);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::interactions;

    fn fitted(data: &Interactions, texts: &[&str]) -> ItemKnn {
        ItemKnn::fit(data, &CARD.settings_from_texts(texts).unwrap(), &FitOptions::default()).unwrap()
    }

    #[test]
    fn cosine_of_sets_on_paper() {
        // Item 0: users 0, 1, 2; item 1: users 0, 1; item 2: user 2.
        let data = interactions(3, 3, &[(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 2)]);
        let model = fitted(&data, &[]);
        let expected = [(1, 2.0 / 6f32.sqrt()), (2, 1.0 / 3f32.sqrt())];
        let found = model.similar(0, 5);
        assert_eq!(found.len(), 2);
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.0 == expected.0 && (found.1 - expected.1).abs() < 1e-6, "{found:?} {expected:?}");
        }
    }

    /// The same similarity, from the definitions of implicit's `nearest_neighbours.py`, entry by entry.
    fn directly(data: &Interactions, weighting: &str, i: usize, j: usize) -> f64 {
        let (n_users, n_items) = (data.n_users(), data.n_items());
        let x = |user: usize, item: usize| {
            let (items, values) = data.matrix.row(user);
            items.binary_search(&(item as u32)).map_or(0.0, |at| f64::from(values[at]))
        };
        let length = |item: usize| (0..n_users).map(|user| x(user, item)).sum::<f64>();
        let average = (0..n_items).map(length).sum::<f64>() / n_items as f64;
        let weigh = |user: usize, item: usize| {
            let (x, n) = (x(user, item), data.matrix.row(user).0.len() as f64);
            let idf = (n_items as f64).ln() - n.ln_1p();
            match weighting {
                "tfidf" => x.sqrt() * idf,
                "bm25" => x * 2.2 / (1.2 * (0.25 + 0.75 * length(item) / average) + x) * idf,
                _ => x,
            }
        };
        let dot = |i: usize, j: usize| (0..n_users).map(|user| weigh(user, i) * weigh(user, j)).sum::<f64>();
        if weighting == "bm25" { dot(i, j) } else { dot(i, j) / (dot(i, i) * dot(j, j)).sqrt() }
    }

    #[test]
    fn weightings_are_those_of_implicit() {
        for counted in [false, true] {
            let mut triplets = Vec::new();
            for (user, item) in (0..12u32).flat_map(|user| (0..9u32).map(move |item| (user, item))) {
                let hash = (user * 9 + item).wrapping_mul(2_654_435_761) >> 9;
                if hash % 5 < 2 {
                    triplets.push((user, item, if counted { 1.0 + (hash % 4) as f32 } else { 1.0 }));
                }
            }
            let data = Interactions { matrix: Csr::from_triplets(12, 9, &triplets), times: None };
            for weighting in ["none", "tfidf", "bm25"] {
                let model = fitted(&data, &[&format!("weighting={weighting}")]);
                for (i, j) in (0..9).flat_map(|i| (0..9).map(move |j| (i, j))).filter(|(i, j)| i != j) {
                    let (found, expected) =
                        (f64::from(model.weight(i as u32, j as u32)), directly(&data, weighting, i, j));
                    assert!((found - expected).abs() < 1e-5, "{weighting} {counted} {i} {j}: {found}, not {expected}");
                }
            }
        }
    }

    #[test]
    fn support_normalisation_and_popularity() {
        let data = interactions(3, 3, &[(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 2)]);
        assert_eq!(fitted(&data, &["min_support=2"]).similar(0, 5).len(), 1);
        let sum: f32 = fitted(&data, &["normalise=sum"]).similar(0, 5).iter().map(|pair| pair.1).sum();
        assert!((sum - 1.0).abs() < 1e-6);
        let mut scores = vec![0.0; 3];
        fitted(&data, &["popularity_bias=2"]).score(&[], &mut scores);
        assert_eq!(scores[0], 2.0);
        assert!(scores[1] > scores[2] && scores[2] > 0.0);
    }

    #[test]
    fn older_entries_count_less() {
        let data = interactions(3, 3, &[(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 2)]);
        let model = fitted(&data, &["half_life_days=1"]);
        let history =
            |at| [HistoryEntry { item: 0, weight: 1.0, at }, HistoryEntry { item: 2, weight: 1.0, at: 172_800_001 }];
        let part = |at| model.contributions(&history(at), 1)[0].value;
        assert!((part(1) * 4.0 - part(172_800_001)).abs() < 1e-6);
    }

    #[test]
    fn meaningless_combinations_are_refused() {
        let data = interactions(2, 2, &[(0, 0), (1, 1)]);
        let settings = CARD.settings_from_texts(&["similarity=jaccard", "weighting=bm25"]).unwrap();
        let error = ItemKnn::fit(&data, &settings, &FitOptions::default()).err().unwrap().to_string();
        assert!(error.contains("jaccard with weighting bm25"), "{error}");
    }
}
