//! `popularity`: what most customers took lately. The fallback for someone of whom nothing is known, and the bar that
//! every personal model has to clear. By category through a filter, by region through a choice of users.

use domain::{Card, Kind, Param, Settings};
use math::top_k::TopK;

use crate::bytes::{Reader, Writer};
use crate::neighbourhood::check_input;
use crate::{Algorithm, Contribution, FitError, FitOptions, HistoryEntry, Interactions, Recommender, Source};

pub static CARD: Card = Card {
    name: "popularity",
    sentence: "Recommends what most customers took, lately if a half-life is given; the same for everyone.",
    family: "popularity",
    params: &[
        Param {
            name: "half_life_days",
            sentence: "Interactions count half for each such span before the newest one; 0 is off.",
            unit: "days",
            kind: Kind::Float { min: 0.0, max: 1e5, default: 0.0 },
        },
        Param {
            name: "binary",
            sentence: "Count customers; otherwise add up their weights.",
            unit: "",
            kind: Kind::Bool { default: true },
        },
    ],
    input: "(n_users, n_items) interactions, one row per user; times if a half-life is set",
    source: "The usual non-personal baseline, for example Cremonesi, Koren, Turrin 2010, section 4",
};

pub static ALGORITHM: Algorithm = Algorithm {
    card: &CARD,
    fit: |interactions, settings, _: &FitOptions| Ok(Box::new(Popularity::fit(interactions, settings, |_| true)?)),
    from_bytes: |bytes| Ok(Box::new(Popularity::from_bytes(bytes)?)),
};

const MILLIS_PER_DAY: f64 = 86_400_000.0;

/// The popularity of every item, 1 for the most popular.
pub struct Popularity {
    settings: Settings,
    /// Shape: (n_items).
    scores: Vec<f32>,
}

impl Popularity {
    /// Counts only users for whom `is_counted` holds: those of a region, of a segment.
    pub fn fit(
        interactions: &Interactions,
        settings: &Settings,
        is_counted: impl Fn(usize) -> bool,
    ) -> Result<Self, FitError> {
        check_input(interactions)?;
        let (half_life_days, binary) = (settings.float("half_life_days"), settings.bool("binary"));
        let times = interactions.times.as_deref().filter(|_| half_life_days > 0.0);
        if half_life_days > 0.0 && times.is_none() {
            let found = format!("half_life_days {half_life_days} with interactions that have no times");
            return Err(FitError::Unfit { what: "popularity", found, allowed: "0, or data with times".to_owned() });
        }
        let newest = times.and_then(|times| times.iter().copied().max()).unwrap_or(0);
        let matrix = &interactions.matrix;
        let mut sums = vec![0f64; matrix.n_cols];
        for user in (0..matrix.n_rows).filter(|&user| is_counted(user)) {
            for at in matrix.indptr[user]..matrix.indptr[user + 1] {
                let age_days = times.map_or(0.0, |times| (newest - times[at]) as f64 / MILLIS_PER_DAY);
                let decay = if half_life_days > 0.0 { (-age_days / half_life_days).exp2() } else { 1.0 };
                sums[matrix.indices[at] as usize] += decay * if binary { 1.0 } else { f64::from(matrix.values[at]) };
            }
        }
        let most = sums.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        Ok(Popularity { settings: settings.clone(), scores: sums.iter().map(|sum| (sum / most) as f32).collect() })
    }

    /// From counts made elsewhere; the largest becomes 1.
    pub fn of_counts(counts: &[f32]) -> Self {
        let most = counts.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        Popularity { settings: CARD.defaults(), scores: counts.iter().map(|count| count / most).collect() }
    }

    /// The `n` most popular items among those that `is_wanted` lets pass, best first, ties by id.
    pub fn best(&self, n: usize, is_wanted: impl Fn(u32) -> bool) -> Vec<(u32, f32)> {
        let mut best = TopK::with_floor(n, f32::MIN_POSITIVE);
        let items = self.scores.iter().enumerate().filter(|(item, _)| is_wanted(*item as u32));
        items.for_each(|(item, &score)| best.offer(item as u32, score));
        best.into_sorted()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, FitError> {
        let reader = Reader::new(bytes, &CARD)?;
        Ok(Popularity { settings: reader.settings().clone(), scores: reader.f32s("scores")? })
    }
}

impl Recommender for Popularity {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn n_items(&self) -> usize {
        self.scores.len()
    }

    fn score(&self, _: &[HistoryEntry], scores: &mut [f32]) {
        scores.copy_from_slice(&self.scores);
    }

    fn contributions(&self, _: &[HistoryEntry], item: u32) -> Vec<Contribution> {
        let score = self.scores.get(item as usize).filter(|score| **score != 0.0);
        score.map(|&value| Contribution { source: Source::Popularity, value }).into_iter().collect()
    }

    /// Nothing is like anything to a model that knows only counts.
    fn similar(&self, _: u32, _: usize) -> Vec<(u32, f32)> {
        Vec::new()
    }

    fn fit_report(&self) -> Vec<(&'static str, f64)> {
        vec![("n_items_with_interactions", self.scores.iter().filter(|score| **score > 0.0).count() as f64)]
    }

    fn to_bytes(&self) -> Vec<u8> {
        Writer::new(&CARD, &self.settings).f32s("scores", &self.scores).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use math::Csr;

    fn shop() -> Interactions {
        let triplets = [(0, 0, 1.0), (0, 1, 9.0), (1, 0, 1.0), (2, 2, 1.0)];
        let day = MILLIS_PER_DAY as i64;
        Interactions { matrix: Csr::from_triplets(3, 4, &triplets), times: Some(vec![0, 10 * day, 0, 10 * day]) }
    }

    fn check(texts: &[&str], region: &[usize], expected: &[u32]) {
        let settings = CARD.settings_from_texts(texts).unwrap();
        let model = Popularity::fit(&shop(), &settings, |user| region.contains(&user)).unwrap();
        let best: Vec<u32> = model.best(9, |item| item != 3).iter().map(|pair| pair.0).collect();
        assert_eq!(best, expected, "{texts:?} {region:?}");
    }

    #[test]
    fn the_most_taken_come_first() {
        check(&[], &[0, 1, 2], &[0, 1, 2]);
        check(&["half_life_days=5"], &[0, 1, 2], &[1, 2, 0]);
        check(&["binary=false"], &[0, 1, 2], &[1, 0, 2]);
        check(&[], &[2], &[2]);
        check(&[], &[], &[]);
    }

    #[test]
    fn a_half_life_needs_times() {
        let settings = CARD.settings_from_texts(&["half_life_days=5"]).unwrap();
        let timeless = Interactions { times: None, ..shop() };
        let error = Popularity::fit(&timeless, &settings, |_| true).err().unwrap().to_string();
        assert!(error.contains("no times"), "{error}");
    }
}
