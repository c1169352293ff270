//! `item2vec`: items as words, sessions or customers' histories as sentences. Items found in the same company get similar
//! vectors, and what suits a history best comes next: by its similarity to the history's items, or by what the model has
//! learned to expect after them. The learning is `neural::sequences`; a sentence's order is that of time.

use std::ops::Range;

use domain::{Card, Kind, Param, Settings};
use math::Factors;
use neural::NeuralError;
use neural::sequences::{self, Embedding, Sequences, settings};

use crate::batch::{self, Lists};
use crate::bytes::{Reader, Writer};
use crate::fitting::{BINARY, checked_matrix};
use crate::linear::item_weights::{best_first, largest_first};
use crate::{Algorithm, Contribution, FitError, FitOptions, HistoryEntry, Interactions, Recommender, Source};

pub static CARD: Card = Card {
    name: "item2vec",
    sentence: "Learns vectors of items from the company they keep in sessions or baskets, as Word2Vec does with words.",
    family: "session",
    params: &[
        settings::dim(64),
        settings::window("items", 3),
        settings::negatives("items", 10),
        settings::power(0.75),
        settings::epochs(20),
        settings::sample(0.0),
        settings::learning_rate(0.2),
        Param {
            name: "scoring",
            sentence: "By cosine with the items of the history, or by what is expected in their company.",
            unit: "",
            kind: Kind::Choice { options: &["cosine", "expected"], default: "expected" },
        },
        Param {
            name: "n_recent",
            sentence: "Only so many of the newest items of a history have a say; 0: all.",
            unit: "items",
            kind: Kind::Int { min: 0, max: 1_000_000, default: 2 },
        },
        BINARY,
    ],
    input: "(n_sessions, n_items) interactions, one row per session, basket or customer; times give the order, else item ids do",
    source: "Barkan, Koenigstein 2016, Item2Vec: neural item embedding for collaborative filtering; Caselles-Dupre, Lesaint, \
             Royo-Letelier 2018, Word2vec applied to recommendation: hyperparameters matter",
};

pub static ALGORITHM: Algorithm = Algorithm { card: &CARD, fit, from_bytes };

struct Item2Vec {
    settings: Settings,
    /// Shape: (n_items, dim).
    items: Factors,
    /// What is expected in an item's company. Shape: (n_items, dim).
    expected: Factors,
    /// The items at length 1; derived from `items`.
    units: Factors,
    loss: f64,
}

fn fit(
    interactions: &Interactions,
    settings: &Settings,
    options: &FitOptions,
) -> Result<Box<dyn Recommender>, FitError> {
    let matrix = checked_matrix(interactions, settings.bool("binary"))?;
    let (mut ids, mut ends) = (Vec::with_capacity(matrix.n_stored()), Vec::with_capacity(matrix.n_rows));
    for user in 0..matrix.n_rows {
        let range = matrix.indptr[user]..matrix.indptr[user + 1];
        let mut order: Vec<usize> = range.collect();
        if let Some(times) = &interactions.times {
            order.sort_by_key(|&at| times[at]);
        }
        ids.extend(order.into_iter().map(|at| matrix.indices[at]));
        ends.push(ids.len());
    }
    let wanted = Embedding::of_settings(settings, options.seed, options.n_threads);
    let sequences = Sequences { ids: &ids, ends: &ends };
    let mut found =
        sequences::embed(sequences, matrix.n_cols, None, &wanted, options.progress).map_err(to_fit_error)?;
    // Whoever never occurred has learned nothing: no vector rather than the random one of the start.
    let mut occurs = vec![false; matrix.n_cols];
    ids.iter().for_each(|&item| occurs[item as usize] = true);
    for item in (0..matrix.n_cols).filter(|&item| !occurs[item]) {
        found.input.row_mut(item).fill(0.0);
        found.output.row_mut(item).fill(0.0);
    }
    let loss = found.losses.last().copied().unwrap_or(f64::NAN);
    Ok(Box::new(Item2Vec::new(settings.clone(), found.input, found.output, loss)))
}

fn to_fit_error(error: NeuralError) -> FitError {
    match error {
        NeuralError::Cancelled => FitError::Cancelled,
        NeuralError::Unfit { what, found, allowed } => FitError::Unfit { what, found, allowed },
        NeuralError::Diverged { .. } => FitError::Unfit {
            what: "learning rate",
            found: "vectors that are not finite".to_owned(),
            allowed: "a lower rate".to_owned(),
        },
        NeuralError::Corrupt(what) => FitError::Corrupt(what),
    }
}

impl Item2Vec {
    fn new(settings: Settings, items: Factors, expected: Factors, loss: f64) -> Self {
        let mut units = items.clone();
        for item in 0..units.n_rows {
            let length = units.row(item).iter().map(|value| value * value).sum::<f32>().sqrt();
            if length > 0.0 {
                units.row_mut(item).iter_mut().for_each(|value| *value /= length);
            }
        }
        Item2Vec { settings, items, expected, units, loss }
    }

    /// What a history's sum is multiplied with.
    fn targets(&self) -> &Factors {
        if self.settings.text("scoring") == "expected" { &self.expected } else { &self.units }
    }

    /// The known entries that have a say, with what they count.
    fn weighed(&self, history: &[HistoryEntry]) -> Vec<(u32, f32)> {
        let n_recent = self.settings.usize("n_recent");
        let is_binary = self.settings.bool("binary");
        let known = history.iter().filter(|entry| (entry.item as usize) < self.units.n_rows);
        let mut entries: Vec<&HistoryEntry> = known.collect();
        if n_recent > 0 && n_recent < entries.len() {
            entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
            entries.truncate(n_recent);
        }
        let n = entries.len() as f32;
        entries.iter().map(|entry| (entry.item, if is_binary { 1.0 } else { entry.weight } / n)).collect()
    }

    fn fold_into(&self, history: &[HistoryEntry], x: &mut [f32]) {
        x.fill(0.0);
        for (item, weight) in self.weighed(history) {
            x.iter_mut().zip(self.units.row(item as usize)).for_each(|(sum, value)| *sum += weight * value);
        }
    }
}

fn from_bytes(bytes: &[u8]) -> Result<Box<dyn Recommender>, FitError> {
    let reader = Reader::new(bytes, &CARD)?;
    let settings = reader.settings().clone();
    let (n_items, dim) = (reader.usize("n_items")?, settings.usize("dim"));
    let read = |name: &str| {
        let values = reader.f32s(name)?;
        let stride = dim.next_multiple_of(16);
        // Before anything of an announced size is made.
        if n_items.checked_mul(stride) != Some(values.len()) {
            return Err(FitError::Corrupt(format!("'{name}' has {} values for {n_items} items", values.len())));
        }
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            return Err(FitError::Corrupt(format!("'{name}' holds {} at {at}", values[at])));
        }
        Ok(Factors { n_rows: n_items, n_factors: dim, stride, values })
    };
    Ok(Box::new(Item2Vec::new(settings.clone(), read("items")?, read("expected")?, reader.f64("loss")?)))
}

impl Recommender for Item2Vec {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn n_items(&self) -> usize {
        self.items.n_rows
    }

    fn score(&self, history: &[HistoryEntry], scores: &mut [f32]) {
        let mut x = vec![0f32; self.units.stride];
        self.fold_into(history, &mut x);
        self.targets().dot_all(&x, scores);
    }

    fn contributions(&self, history: &[HistoryEntry], item: u32) -> Vec<Contribution> {
        if item as usize >= self.units.n_rows {
            return Vec::new();
        }
        let target = self.targets().row(item as usize);
        let parts = self.weighed(history).into_iter().map(|(from, weight)| {
            let value = self.units.row(from as usize).iter().zip(target).map(|(a, b)| a * b).sum::<f32>();
            Contribution { source: Source::Item(from), value: weight * value }
        });
        largest_first(parts.collect())
    }

    /// By cosine of the vectors.
    fn similar(&self, item: u32, n: usize) -> Vec<(u32, f32)> {
        if item as usize >= self.units.n_rows {
            return Vec::new();
        }
        let mut cosines = vec![0f32; self.units.n_rows];
        self.units.dot_all(self.units.row(item as usize), &mut cosines);
        let others = (0..).zip(cosines).filter(|&(other, _)| other != item);
        best_first(others.collect(), n)
    }

    fn item_vectors(&self) -> Option<(Vec<f32>, usize)> {
        let dim = self.items.n_factors;
        let rows = (0..self.items.n_rows).flat_map(|item| &self.items.row(item)[..dim]);
        Some((rows.copied().collect(), dim))
    }

    fn fit_report(&self) -> Vec<(&'static str, f64)> {
        vec![("loss", self.loss)]
    }

    fn recommend_batch(&self, interactions: &Interactions, users: Range<usize>, k: usize, n_threads: usize) -> Lists {
        let fold_in = || |history: &[HistoryEntry], x: &mut [f32]| self.fold_into(history, x);
        batch::by_factors(self.targets(), fold_in, interactions, users, k, n_threads)
    }

    fn to_bytes(&self) -> Vec<u8> {
        Writer::new(&CARD, &self.settings)
            .u64("n_items", self.items.n_rows as u64)
            .f64("loss", self.loss)
            .f32s("items", &self.items.values)
            .f32s("expected", &self.expected.values)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use math::Random;

    use super::*;
    use crate::testing::interactions;

    /// Visits of one of four kinds; item modulo 4 is its kind. Item 40 is never seen.
    fn example() -> Interactions {
        let mut random = Random::new(5);
        let pairs: Vec<(u32, u32)> = (0..400u32)
            .flat_map(|visit| (0..6).map(|_| (visit, 4 * random.below(10) as u32 + visit % 4)).collect::<Vec<_>>())
            .collect();
        interactions(400, 41, &pairs)
    }

    fn fitted(texts: &[&str]) -> Box<dyn Recommender> {
        // Visits without an order: everything is everything's neighbour.
        let base = ["dim=16", "window=10", "n_recent=0", "learning_rate=0.05"];
        let settings = CARD.settings_from_texts(&[&base, texts].concat()).unwrap();
        fit(&example(), &settings, &FitOptions::default()).unwrap()
    }

    fn entry(item: u32, at: i64) -> HistoryEntry {
        HistoryEntry { item, weight: 1.0, at }
    }

    #[test]
    fn items_of_the_same_visits_are_alike() {
        for scoring in ["scoring=cosine", "scoring=expected"] {
            let model = fitted(&[scoring]);
            let similar = model.similar(2, 9);
            assert!(similar.iter().all(|(item, _)| item % 4 == 2), "{similar:?}");
            let mut scores = vec![0f32; 41];
            model.score(&[entry(1, 0), entry(5, 1)], &mut scores);
            // 0 is what nothing is known of, which lists leave out; what is expected least is below it.
            let known = (0..).zip(scores.iter().copied()).filter(|pair| pair.1 != 0.0);
            let best = best_first(known.collect(), 8);
            assert!(best.iter().all(|(item, _)| item % 4 == 1), "{scoring}: {best:?}");
            assert_eq!(scores[40], 0.0, "nothing is known of it");
        }
    }

    #[test]
    fn only_the_newest_have_a_say_if_asked_so() {
        let model = fitted(&["n_recent=1"]);
        let of = |history: &[HistoryEntry]| {
            let mut scores = vec![0f32; 41];
            model.score(history, &mut scores);
            scores
        };
        assert_eq!(of(&[entry(1, 9), entry(6, 5)]), of(&[entry(1, 9)]));
        assert_ne!(of(&[entry(1, 9), entry(6, 15)]), of(&[entry(1, 9)]));
    }

    #[test]
    fn hostile_bytes_are_refused() {
        let settings = CARD.settings_from_texts(&["dim=4096"]).unwrap();
        let bytes = Writer::new(&CARD, &settings)
            .u64("n_items", u64::MAX / 2)
            .f64("loss", 0.0)
            .f32s("items", &[1.0])
            .f32s("expected", &[1.0])
            .finish();
        assert!(from_bytes(&bytes).err().unwrap().to_string().contains("1 values for"));
    }
}
