//! Ratings from neighbourhoods: what like-minded users gave the item, or what the user gave to like items, around a
//! centre (none, mean, z-score or baseline). Definitions are Surprise's: the k nearest among those who rated, negative
//! similarities have no say, and the prediction is brought into the scale.
//!
//! Neighbours who tie for the last places share them: three who tie for two places weigh two thirds each. Ties are common
//! (the cosine over one common entry is always 1), and Surprise settles them by the order of its input file, which a
//! matrix does not have. Settling them by id would not do in its place: ids often follow popularity, and would choose
//! the wrong neighbours of a rare item (item cosine on MovieLens-100k: RMSE 1.0299 by id, 1.0267 shared, Surprise 1.0268).

use domain::{Card, Settings};
use math::{Csr, neighbours::Pairs, top_k::TopK};

use super::{Baselines, Prediction, RatingModel, Reason, scale, tidy};
use crate::bytes::{Reader, Writer};
use crate::neighbourhood::similarity::{CommonEntries, Measure, Moments};
use crate::neighbourhood::{go_on, item_knn, sort_contributions, user_knn};
use crate::{Contribution, FitError, FitOptions, HistoryEntry, Interactions, Source};

/// What is taken off a rating before averaging.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Center {
    None,
    Mean,
    ZScore,
    Baseline,
}

/// A fitted neighbourhood for ratings.
pub struct KnnRating {
    settings: Settings,
    of_users: bool,
    n_neighbors: usize,
    center: Center,
    similarity: CommonEntries,
    /// Shape: (n_users, n_items).
    ratings: Csr,
    /// Shape: (n_items, n_items): positive similarities, for item neighbourhoods; empty for user neighbourhoods, which
    /// are found when asked for.
    similarities: Csr,
    derived: Derived,
}

/// What follows from the ratings.
struct Derived {
    /// Shape: (n_items, n_users).
    by_item: Csr,
    /// Shape: (n_items, n_users): what similarities are computed from.
    compared: Csr,
    baselines: Baselines,
    /// Mean and spread of each user (user neighbourhoods) or of each item.
    centres: Vec<(f64, f64)>,
    /// Of all ratings, for those that do not vary.
    spread: f64,
    scale: (f64, f64),
}

/// One neighbour's say: who, with what weight, and how far their rating lies from their centre.
struct Say {
    source: Source,
    similarity: f64,
    deviation: f64,
}

/// The parts of a prediction before it is brought into the scale.
struct Parts {
    centre: f64,
    /// What deviations are multiplied by.
    spread: f64,
    says: Vec<Say>,
    reason: Reason,
}

impl Parts {
    fn sum_of_similarities(&self) -> f64 {
        self.says.iter().map(|say| say.similarity).sum()
    }

    fn value(&self) -> f64 {
        if self.says.is_empty() {
            return self.centre;
        }
        let weighted: f64 = self.says.iter().map(|say| say.similarity * say.deviation).sum();
        self.centre + self.spread * weighted / self.sum_of_similarities()
    }
}

/// Someone about whom predictions are made.
struct Asker {
    history: Vec<HistoryEntry>,
    mean: f64,
    spread: f64,
    /// Generosity: the user's part of the baseline.
    offset: f64,
    /// Shape: (n_users), for user neighbourhoods: how alike each training user is.
    alike: Vec<f32>,
}

impl KnnRating {
    pub fn fit(
        of_users: bool,
        interactions: &Interactions,
        settings: &Settings,
        options: &FitOptions,
    ) -> Result<Self, FitError> {
        let ratings = interactions.matrix.clone();
        let mut model = Self::with(of_users, ratings, Csr::empty(0, 0), settings.clone())?;
        if !of_users {
            let pairs = Pairs::new(&model.derived.compared.transpose(), None);
            let answer = pairs.top_k(&model.similarity, pairs.n_cols(), options.n_threads, &go_on(options));
            model.similarities = answer.ok_or(FitError::Cancelled)?;
        }
        Ok(model)
    }

    pub fn from_bytes(card: &'static Card, bytes: &[u8]) -> Result<Self, FitError> {
        let reader = Reader::new(bytes, card)?;
        let (ratings, similarities) = (reader.csr("ratings")?, reader.csr("similarities")?);
        let of_users = card.name == user_knn::CARD.name;
        let n = if of_users { 0 } else { ratings.n_cols };
        if similarities.n_rows != n || similarities.n_cols != n || ratings.n_stored() == 0 {
            return Err(FitError::Corrupt("ratings and similarities do not belong together".to_owned()));
        }
        Self::with(of_users, ratings, similarities, reader.settings().clone())
    }

    fn with(of_users: bool, ratings: Csr, similarities: Csr, settings: Settings) -> Result<Self, FitError> {
        let similarity = similarity(&settings)?;
        let center = match settings.text("center") {
            "mean" => Center::Mean,
            "z_score" => Center::ZScore,
            "baseline" => Center::Baseline,
            _ => Center::None,
        };
        let derived = Derived::new(&ratings, similarity.measure, of_users);
        let n_neighbors = settings.usize("n_neighbors");
        Ok(KnnRating { settings, of_users, n_neighbors, center, similarity, ratings, similarities, derived })
    }

    fn asker(&self, history: &[HistoryEntry]) -> Asker {
        let history = tidy(history, self.ratings.n_cols);
        let given: Vec<f32> = history.iter().map(|entry| entry.weight).collect();
        let (mean, spread) = mean_and_spread(&given, self.derived.baselines.mean, self.derived.spread);
        let offset = self.derived.baselines.of_history(&history);
        let mut asker = Asker { history, mean, spread, offset, alike: Vec::new() };
        if self.of_users {
            asker.alike = self.alike(&asker);
        }
        asker
    }

    fn alike(&self, asker: &Asker) -> Vec<f32> {
        let mut sums = vec![Moments::default(); self.ratings.n_rows];
        let baselines = &self.derived.baselines;
        for entry in &asker.history {
            let taken_off = match self.similarity.measure {
                Measure::AdjustedCosine => asker.mean,
                Measure::PearsonBaseline => baselines.mean + asker.offset + baselines.items[entry.item as usize],
                _ => 0.0,
            };
            let own = (f64::from(entry.weight) - taken_off) as f32;
            let (users, values) = self.derived.compared.row(entry.item as usize);
            users.iter().zip(values).for_each(|(&user, &value)| sums[user as usize].add(own, value));
        }
        sums.iter().map(|sums| self.similarity.similarity(sums)).collect()
    }

    fn parts(&self, asker: &Asker, item: u32) -> Parts {
        let is_known = (item as usize) < self.ratings.n_cols && !self.derived.by_item.row(item as usize).0.is_empty();
        if !is_known || asker.history.is_empty() {
            return self.without_neighbours(asker, item, is_known);
        }
        let neighbours = self.neighbours(asker, item);
        let says: Vec<Say> = neighbours.into_iter().map(|(id, weight)| self.say(asker, item, id, weight)).collect();
        let reason = if says.is_empty() { Reason::NoCommonItems } else { Reason::Neighbours(says.len()) };
        let (centre, spread) = self.centre(asker, item, says.is_empty());
        Parts { centre, spread, says, reason }
    }

    /// The k most similar raters of the item, or the k items of the history most similar to it, with their weight.
    fn neighbours(&self, asker: &Asker, item: u32) -> Vec<(u32, f32)> {
        let mut alike: Vec<(u32, f32)> = Vec::new();
        if self.of_users {
            let raters = self.derived.by_item.row(item as usize).0;
            alike.extend(raters.iter().map(|&user| (user, asker.alike[user as usize])));
        } else {
            let (items, values) = self.similarities.row(item as usize);
            let mut at = 0;
            for entry in &asker.history {
                at += items[at..].partition_point(|&other| other < entry.item);
                if items.get(at) == Some(&entry.item) {
                    alike.push((entry.item, values[at]));
                }
            }
        }
        alike.retain(|pair| pair.1 > 0.0);
        nearest(alike, self.n_neighbors)
    }

    fn without_neighbours(&self, asker: &Asker, item: u32, is_known: bool) -> Parts {
        let baselines = &self.derived.baselines;
        let of_item = if is_known { baselines.items[item as usize] } else { 0.0 };
        let offsets = if self.center == Center::Baseline { asker.offset + of_item } else { 0.0 };
        let reason = if is_known { Reason::UnknownUser } else { Reason::UnknownItem };
        Parts { centre: baselines.mean + offsets, spread: 1.0, says: Vec::new(), reason }
    }

    /// Where deviations start from, and how wide they are.
    fn centre(&self, asker: &Asker, item: u32, alone: bool) -> (f64, f64) {
        let own = if self.of_users { (asker.mean, asker.spread) } else { self.derived.centres[item as usize] };
        let baselines = &self.derived.baselines;
        match self.center {
            Center::None => (if alone { baselines.mean } else { 0.0 }, 1.0),
            Center::Mean => (own.0, 1.0),
            Center::ZScore => own,
            Center::Baseline => (baselines.mean + asker.offset + baselines.items[item as usize], 1.0),
        }
    }

    fn say(&self, asker: &Asker, item: u32, neighbour: u32, similarity: f32) -> Say {
        let baselines = &self.derived.baselines;
        let (source, given, baseline) = if self.of_users {
            let (items, values) = self.ratings.row(neighbour as usize);
            let at = items.binary_search(&item).expect("only raters of the item are neighbours");
            (Source::User(neighbour), values[at], baselines.of(neighbour as usize, item))
        } else {
            let at = asker.history.binary_search_by_key(&neighbour, |entry| entry.item).expect("from the history");
            let baseline = baselines.mean + asker.offset + baselines.items[neighbour as usize];
            (Source::Item(neighbour), asker.history[at].weight, baseline)
        };
        let (given, (mean, spread)) = (f64::from(given), self.derived.centres[neighbour as usize]);
        let deviation = match self.center {
            Center::None => given,
            Center::Mean => given - mean,
            Center::ZScore => (given - mean) / spread,
            Center::Baseline => given - baseline,
        };
        Say { source, similarity: f64::from(similarity), deviation }
    }
}

impl Derived {
    fn new(ratings: &Csr, measure: Measure, of_users: bool) -> Self {
        let by_item = ratings.transpose();
        let baselines = Baselines::fit(ratings);
        let mut compared = ratings.clone();
        for user in 0..ratings.n_rows {
            let range = ratings.indptr[user]..ratings.indptr[user + 1];
            let mean = ratings.values[range.clone()].iter().sum::<f32>() / range.len().max(1) as f32;
            for at in range {
                compared.values[at] -= match measure {
                    Measure::AdjustedCosine => mean,
                    Measure::PearsonBaseline => baselines.of(user, ratings.indices[at]) as f32,
                    _ => 0.0,
                };
            }
        }
        let (_, spread) = mean_and_spread(&ratings.values, baselines.mean, 1.0);
        let things = if of_users { ratings } else { &by_item };
        let centre_of = |thing| mean_and_spread(things.row(thing).1, baselines.mean, spread);
        let centres = (0..things.n_rows).map(centre_of).collect();
        let compared = compared.transpose();
        Derived { by_item, compared, baselines, centres, spread, scale: scale(&ratings.values) }
    }
}

/// The `k` of highest similarity with that as their weight. Those who tie for the last places share them.
fn nearest(mut alike: Vec<(u32, f32)>, k: usize) -> Vec<(u32, f32)> {
    if alike.len() <= k {
        return alike;
    }
    let (_, &mut (_, least), _) = alike.select_nth_unstable_by(k - 1, |a, b| b.1.total_cmp(&a.1));
    alike.retain(|pair| pair.1 >= least);
    let n_above = alike.iter().filter(|pair| pair.1 > least).count();
    let share = (k - n_above) as f32 / (alike.len() - n_above) as f32;
    alike.iter_mut().filter(|pair| pair.1 == least).for_each(|pair| pair.1 *= share);
    alike
}

/// Mean and population standard deviation; `mean_else` for no values, `spread_else` where they do not vary.
fn mean_and_spread(values: &[f32], mean_else: f64, spread_else: f64) -> (f64, f64) {
    if values.is_empty() {
        return (mean_else, spread_else);
    }
    let n = values.len() as f64;
    let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / n;
    let variance = values.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / n;
    (mean, if variance > 1e-12 { variance.sqrt() } else { spread_else })
}

fn similarity(settings: &Settings) -> Result<CommonEntries, FitError> {
    let measure = Measure::from_name(settings.text("similarity"));
    if matches!(measure, Measure::Jaccard | Measure::Dice | Measure::AsymmetricCosine)
        || settings.text("weighting") != "none"
    {
        let found = format!("{} with weighting {}", settings.text("similarity"), settings.text("weighting"));
        let allowed = "cosine, pearson, adjusted_cosine, msd, pearson_baseline, without weighting".to_owned();
        return Err(FitError::Unfit { what: "similarity of ratings", found, allowed });
    }
    let (min_support, shrinkage) = (settings.int("min_support") as u32, settings.float("shrinkage"));
    Ok(CommonEntries { measure, min_support, shrinkage })
}

impl RatingModel for KnnRating {
    fn card(&self) -> &'static Card {
        if self.of_users { &user_knn::CARD } else { &item_knn::CARD }
    }

    fn n_items(&self) -> usize {
        self.ratings.n_cols
    }

    fn predict_for(&self, history: &[HistoryEntry], items: &[u32]) -> Vec<Prediction> {
        let asker = self.asker(history);
        let (low, high) = self.derived.scale;
        let predict = |&item: &u32| {
            let parts = self.parts(&asker, item);
            Prediction { value: parts.value().clamp(low, high), reason: parts.reason }
        };
        items.iter().map(predict).collect()
    }

    fn predict(&self, user: u32, items: &[u32]) -> Vec<Prediction> {
        if user as usize >= self.ratings.n_rows {
            return self.predict_for(&[], items);
        }
        let (rated, values) = self.ratings.row(user as usize);
        let entries = rated.iter().zip(values).map(|(&item, &weight)| HistoryEntry { item, weight, at: 0 });
        self.predict_for(&entries.collect::<Vec<_>>(), items)
    }

    fn score(&self, history: &[HistoryEntry], scores: &mut [f32]) {
        let asker = self.asker(history);
        let items = scores.iter_mut().enumerate();
        items.for_each(|(item, score)| *score = self.parts(&asker, item as u32).value() as f32);
    }

    fn contributions(&self, history: &[HistoryEntry], item: u32) -> Vec<Contribution> {
        let parts = self.parts(&self.asker(history), item);
        let scale = parts.spread / parts.sum_of_similarities();
        let of_say =
            |say: &Say| Contribution { source: say.source, value: (say.similarity * say.deviation * scale) as f32 };
        let mut all: Vec<_> = parts.says.iter().map(of_say).collect();
        all.push(Contribution { source: Source::Baseline, value: parts.centre as f32 });
        all.retain(|part| part.value != 0.0);
        sort_contributions(&mut all);
        all
    }

    fn similar(&self, item: u32, n: usize) -> Vec<(u32, f32)> {
        if item as usize >= self.ratings.n_cols {
            return Vec::new();
        }
        let mut best = TopK::with_floor(n, f32::MIN_POSITIVE);
        if !self.of_users {
            let (items, values) = self.similarities.row(item as usize);
            items.iter().zip(values).for_each(|(&other, &value)| best.offer(other, value));
            return best.into_sorted();
        }
        let mut sums = vec![Moments::default(); self.ratings.n_cols];
        let (users, given) = self.derived.by_item.row(item as usize);
        for (&user, &x) in users.iter().zip(given) {
            let (items, values) = self.ratings.row(user as usize);
            items.iter().zip(values).for_each(|(&other, &y)| sums[other as usize].add(x, y));
        }
        let others = sums.iter().enumerate().filter(|(other, _)| *other != item as usize);
        others.for_each(|(other, sums)| best.offer(other as u32, self.similarity.similarity(sums)));
        best.into_sorted()
    }

    fn fit_report(&self) -> Vec<(&'static str, f64)> {
        vec![("n_pairs", self.similarities.n_stored() as f64), ("n_entries", self.ratings.n_stored() as f64)]
    }

    fn to_bytes(&self) -> Vec<u8> {
        let writer = Writer::new(self.card(), &self.settings);
        writer.csr("ratings", &self.ratings).csr("similarities", &self.similarities).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_ties_for_the_last_places_shares_them() {
        let alike = || vec![(0, 0.5), (1, 1.0), (2, 0.75), (3, 1.0), (4, 1.0)];
        for (k, expected) in [
            (1, &[(1, 1.0 / 3.0), (3, 1.0 / 3.0), (4, 1.0 / 3.0)][..]),
            (3, &[(1, 1.0), (3, 1.0), (4, 1.0)]),
            (4, &[(1, 1.0), (2, 0.75), (3, 1.0), (4, 1.0)]),
            (9, &[(0, 0.5), (1, 1.0), (2, 0.75), (3, 1.0), (4, 1.0)]),
        ] {
            let mut found = nearest(alike(), k);
            found.sort_unstable_by_key(|pair| pair.0);
            assert_eq!(found, expected, "k = {k}");
        }
    }
}
