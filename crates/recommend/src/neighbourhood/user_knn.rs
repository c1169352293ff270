//! `user_knn`: what people with similar histories have. Any history can be scored: its neighbours are found through an
//! index from items to the training users, so that nobody needs to be known when the model is fitted.

use domain::{Card, Settings};
use math::{Csr, top_k::TopK};

use super::item_knn::most_similar;
use super::similarity::{CommonEntries, FittedWeighting, Measure, Moments, WholeVectors};
use super::{Shared, check_input, counts, decayed_weights, popularity_terms, shared_params, sort_contributions};
use crate::bytes::{Reader, Writer};
use crate::{Algorithm, Contribution, FitError, FitOptions, HistoryEntry, Interactions, Recommender, Source};
use domain::{Kind, Param};

pub static CARD: Card = Card {
    name: "user_knn",
    sentence: "Recommends what the customers with the most similar histories have.",
    family: "neighbourhood",
    params: shared_params!(100,),
    input: "(n_users, n_items) interactions, one row per user; weights, or ratings with task=rating",
    source: "Resnick, Iacovou, Suchak, Bergstrom, Riedl 1994, GroupLens; Herlocker, Konstan, Borchers, Riedl 1999, An \
             algorithmic framework for performing collaborative filtering",
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
    Ok(Box::new(UserKnn::fit(interactions, settings, options)?))
}

fn from_bytes(bytes: &[u8]) -> Result<Box<dyn Recommender>, FitError> {
    if Reader::new(bytes, &CARD)?.settings().text("task") == "rating" {
        return crate::rating::recommender_from_bytes(&CARD, bytes);
    }
    Ok(Box::new(UserKnn::read(bytes)?))
}

/// A fitted ranking model: the training users themselves, indexed.
pub struct UserKnn {
    settings: Settings,
    shared: Shared,
    /// Shape: (n_users, n_items).
    users: Csr,
    /// Shape: (n_users). With keep=column: how similar one must be to be among a user's own n_neighbors.
    thresholds: Vec<f32>,
    n_pairs: usize,
    derived: Derived,
}

/// What follows from the users' matrix.
struct Derived {
    weighting: FittedWeighting,
    /// Shape: (n_items, n_users). What similarities are computed from.
    index: Csr,
    /// Shape: (n_users). Each user's figure on the answering side.
    sides: Vec<f32>,
    popularity: Option<Vec<f32>>,
}

/// A training user who is like the asker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    pub user: u32,
    pub similarity: f32,
}

impl UserKnn {
    pub fn fit(interactions: &Interactions, settings: &Settings, options: &FitOptions) -> Result<Self, FitError> {
        check_input(interactions)?;
        let shared = Shared::new(settings)?;
        if shared.formula.measure == Measure::PearsonBaseline {
            let found = "pearson_baseline with task=ranking".to_owned();
            return Err(FitError::Unfit { what: "similarity", found, allowed: "any other, or task=rating".to_owned() });
        }
        let users = interactions.matrix.clone();
        let derived = Derived::new(&users, &shared);
        let (mut thresholds, mut n_pairs) = (Vec::new(), 0);
        if shared.keep_column {
            let kept = similar_users(&users, &derived, &shared, options)?;
            n_pairs = kept.n_stored();
            thresholds = (0..users.n_rows).map(|user| threshold(kept.row(user).1, shared.n_neighbors)).collect();
        }
        Ok(UserKnn { settings: settings.clone(), shared, users, thresholds, n_pairs, derived })
    }

    fn read(bytes: &[u8]) -> Result<Self, FitError> {
        let reader = Reader::new(bytes, &CARD)?;
        let shared = Shared::new(reader.settings())?;
        let users = reader.csr("users")?;
        let thresholds = reader.f32s_of_len("thresholds", if shared.keep_column { users.n_rows } else { 0 })?;
        let derived = Derived::new(&users, &shared);
        let n_pairs = reader.usize("n_pairs")?;
        Ok(UserKnn { settings: reader.settings().clone(), shared, users, thresholds, n_pairs, derived })
    }

    /// The training users who count for this history, most similar first. A user with exactly this history (the asker,
    /// or a double) has nothing to add and is passed over.
    pub fn neighbours(&self, history: &[HistoryEntry]) -> Vec<Neighbour> {
        let mut history: Vec<HistoryEntry> =
            history.iter().copied().filter(|entry| (entry.item as usize) < self.users.n_cols).collect();
        history.sort_by_key(|entry| entry.item);
        history.dedup_by_key(|entry| entry.item);
        let similarities = if self.shared.formula.measure.is_over_whole_vectors() {
            self.over_whole_vectors(&history)
        } else {
            self.over_common_entries(&history)
        };
        let mut best = TopK::with_floor(self.neighbours_max(), f32::MIN_POSITIVE);
        for (user, similarity) in similarities {
            let is_kept = self.thresholds.get(user as usize).is_none_or(|&threshold| similarity >= threshold);
            if is_kept && !self.is_same(user, &history) {
                best.offer(user, similarity);
            }
        }
        best.into_sorted().into_iter().map(|(user, similarity)| Neighbour { user, similarity }).collect()
    }

    fn neighbours_max(&self) -> usize {
        if self.shared.keep_column { self.users.n_rows } else { self.shared.n_neighbors }
    }

    fn is_same(&self, user: u32, history: &[HistoryEntry]) -> bool {
        let (items, _) = self.users.row(user as usize);
        items.len() == history.len() && items.iter().zip(history).all(|(&item, entry)| item == entry.item)
    }

    fn over_whole_vectors(&self, history: &[HistoryEntry]) -> Vec<(u32, f32)> {
        let items: Vec<u32> = history.iter().map(|entry| entry.item).collect();
        let values = decayed_weights(history, self.shared.half_life_days);
        let (asked, weights) = vector(&self.shared.formula, &self.derived.weighting, &items, &values);
        let mut sums = vec![(0f32, 0u32); self.users.n_rows];
        for (&item, &weight) in items.iter().zip(&weights) {
            let (users, values) = self.derived.index.row(item as usize);
            for (&user, &value) in users.iter().zip(values) {
                let sum = &mut sums[user as usize];
                *sum = (sum.0 + weight * value, sum.1 + 1);
            }
        }
        let min_support = self.shared.min_support;
        let supported = sums.iter().enumerate().filter(|(_, sum)| sum.1 >= min_support);
        supported
            .map(|(user, sum)| (user as u32, self.shared.formula.similarity(sum.0, asked, self.derived.sides[user])))
            .collect()
    }

    fn over_common_entries(&self, history: &[HistoryEntry]) -> Vec<(u32, f32)> {
        let mean = history.iter().map(|entry| entry.weight).sum::<f32>() / history.len().max(1) as f32;
        let offset = if self.shared.formula.measure == Measure::AdjustedCosine { mean } else { 0.0 };
        let mut sums = vec![Moments::default(); self.users.n_rows];
        for entry in history {
            let (users, values) = self.derived.index.row(entry.item as usize);
            let pairs = users.iter().zip(values);
            pairs.for_each(|(&user, &value)| sums[user as usize].add(entry.weight - offset, value));
        }
        let similarity = common_entries(&self.shared);
        sums.iter().enumerate().map(|(user, sums)| (user as u32, similarity.similarity(sums))).collect()
    }
}

impl Derived {
    fn new(users: &Csr, shared: &Shared) -> Self {
        let weighting = FittedWeighting::fit(shared.weighting, users);
        let mut weighted = users.clone();
        let mut sides = Vec::with_capacity(users.n_rows);
        for user in 0..users.n_rows {
            let range = users.indptr[user]..users.indptr[user + 1];
            let (items, values) = users.row(user);
            if shared.formula.measure.is_over_whole_vectors() {
                let (_, weights) = vector(&shared.formula, &weighting, items, values);
                let norm = norm(&weights);
                let length = if weighting.is_normalised() { norm } else { 1.0 };
                sides.push(shared.formula.sides(items.len() as f32, length).1);
                weighted.values[range].copy_from_slice(&weights);
            } else if shared.formula.measure == Measure::AdjustedCosine {
                let mean = values.iter().sum::<f32>() / values.len().max(1) as f32;
                weighted.values[range].iter_mut().for_each(|value| *value -= mean);
            }
        }
        let popularity = popularity_terms(&counts(users), shared.popularity_bias);
        Derived { weighting, index: weighted.transpose(), sides, popularity }
    }
}

/// A vector's figure on the asking side, and its weighted values (all 1 for measures of sets).
fn vector(formula: &WholeVectors, weighting: &FittedWeighting, items: &[u32], values: &[f32]) -> (f32, Vec<f32>) {
    let weights = match formula.measure {
        Measure::Jaccard | Measure::Dice => vec![1.0; items.len()],
        _ => weighting.weigh(items, values),
    };
    let length = if weighting.is_normalised() { norm(&weights) } else { 1.0 };
    (formula.sides(items.len() as f32, length).0, weights)
}

fn norm(values: &[f32]) -> f32 {
    values.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt() as f32
}

fn common_entries(shared: &Shared) -> CommonEntries {
    CommonEntries {
        measure: shared.formula.measure,
        min_support: shared.min_support,
        shrinkage: f64::from(shared.formula.shrinkage),
    }
}

/// Row `u`: the training users most similar to user `u`.
fn similar_users(users: &Csr, derived: &Derived, shared: &Shared, options: &FitOptions) -> Result<Csr, FitError> {
    if shared.formula.measure.is_over_whole_vectors() {
        return most_similar(&users.transpose(), users, shared, options);
    }
    let pairs = math::neighbours::Pairs::new(&derived.index, None);
    let (k, n_threads) = (shared.n_neighbors, options.n_threads);
    pairs.top_k(&common_entries(shared), k, n_threads, &super::go_on(options)).ok_or(FitError::Cancelled)
}

/// How similar one must be to be among the `n_neighbors` most similar, given those.
fn threshold(similarities: &[f32], n_neighbors: usize) -> f32 {
    if similarities.len() < n_neighbors { 0.0 } else { similarities.iter().copied().fold(f32::INFINITY, f32::min) }
}

impl Recommender for UserKnn {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn n_items(&self) -> usize {
        self.users.n_cols
    }

    fn score(&self, history: &[HistoryEntry], scores: &mut [f32]) {
        match &self.derived.popularity {
            Some(popularity) => scores.copy_from_slice(popularity),
            None => scores.fill(0.0),
        }
        for neighbour in self.neighbours(history) {
            let (items, values) = self.users.row(neighbour.user as usize);
            items.iter().zip(values).for_each(|(&item, value)| scores[item as usize] += neighbour.similarity * value);
        }
    }

    fn contributions(&self, history: &[HistoryEntry], item: u32) -> Vec<Contribution> {
        let of_neighbour = |neighbour: Neighbour| {
            let (items, values) = self.users.row(neighbour.user as usize);
            let at = items.binary_search(&item).ok()?;
            Some(Contribution { source: Source::User(neighbour.user), value: neighbour.similarity * values[at] })
        };
        let mut parts: Vec<_> = self.neighbours(history).into_iter().filter_map(of_neighbour).collect();
        let popularity = self.derived.popularity.as_ref().and_then(|terms| terms.get(item as usize));
        parts.extend(popularity.map(|&value| Contribution { source: Source::Popularity, value }));
        parts.retain(|part| part.value != 0.0);
        sort_contributions(&mut parts);
        parts
    }

    /// Items with the most similar sets of training users, by cosine.
    fn similar(&self, item: u32, n: usize) -> Vec<(u32, f32)> {
        if item as usize >= self.users.n_cols {
            return Vec::new();
        }
        let mut shared = vec![0f32; self.users.n_cols];
        let index = &self.derived.index;
        for &user in index.row(item as usize).0 {
            self.users.row(user as usize).0.iter().for_each(|&other| shared[other as usize] += 1.0);
        }
        let n_users = |item: usize| (index.indptr[item + 1] - index.indptr[item]) as f32;
        let mut best = TopK::with_floor(n, f32::MIN_POSITIVE);
        for (other, &shared) in shared.iter().enumerate().filter(|(other, _)| *other != item as usize) {
            if shared > 0.0 {
                best.offer(other as u32, shared / (n_users(item as usize) * n_users(other)).sqrt());
            }
        }
        best.into_sorted()
    }

    fn fit_report(&self) -> Vec<(&'static str, f64)> {
        vec![("n_pairs", self.n_pairs as f64), ("n_entries", self.users.n_stored() as f64)]
    }

    fn to_bytes(&self) -> Vec<u8> {
        Writer::new(&CARD, &self.settings)
            .csr("users", &self.users)
            .f32s("thresholds", &self.thresholds)
            .u64("n_pairs", self.n_pairs as u64)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::interactions;

    fn fitted(data: &Interactions, texts: &[&str]) -> UserKnn {
        UserKnn::fit(data, &CARD.settings_from_texts(texts).unwrap(), &FitOptions::default()).unwrap()
    }

    fn history(items: &[u32]) -> Vec<HistoryEntry> {
        items.iter().map(|&item| HistoryEntry { item, weight: 1.0, at: 0 }).collect()
    }

    #[test]
    fn a_new_customer_has_neighbours_at_once() {
        let data = interactions(3, 4, &[(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 3)]);
        let model = fitted(&data, &["similarity=jaccard"]);
        let found = model.neighbours(&history(&[0, 1]));
        assert_eq!(found, [Neighbour { user: 1, similarity: 2.0 / 3.0 }], "user 0 has the same history");
        let mut scores = vec![0.0; 4];
        model.score(&history(&[0, 9]), &mut scores);
        assert_eq!(scores, [0.5 + 1.0 / 3.0, 0.5 + 1.0 / 3.0, 1.0 / 3.0, 0.0]);
    }

    #[test]
    fn neighbours_can_be_those_who_would_choose_the_asker() {
        // User 1 is nearer to user 2 than to user 0, so with one neighbour each user 0 is not among user 1's own.
        let data = interactions(3, 5, &[(0, 0), (0, 4), (1, 0), (1, 1), (1, 2), (2, 1), (2, 2), (2, 3)]);
        let own = fitted(&data, &["n_neighbors=1"]).neighbours(&data.history(0));
        let chosen = fitted(&data, &["n_neighbors=1", "keep=column"]).neighbours(&data.history(0));
        assert_eq!((own.len(), chosen.len()), (1, 0));
    }

    #[test]
    fn every_measure_finds_the_like_minded() {
        let triplets =
            [(0, 0, 5.0), (0, 1, 1.0), (0, 2, 5.0), (1, 0, 5.0), (1, 1, 2.0), (1, 3, 4.0), (2, 0, 1.0), (2, 1, 5.0)];
        let data = Interactions { matrix: Csr::from_triplets(3, 4, &triplets), times: None };
        let asker = [HistoryEntry { item: 0, weight: 5.0, at: 0 }, HistoryEntry { item: 1, weight: 1.0, at: 0 }];
        for measure in ["cosine", "pearson", "adjusted_cosine", "msd"] {
            let found = fitted(&data, &[&format!("similarity={measure}")]).neighbours(&asker);
            let place = |user| found.iter().position(|neighbour| neighbour.user == user).unwrap_or(9);
            assert!(place(1) < place(2), "{measure}: {found:?}");
        }
    }
}
