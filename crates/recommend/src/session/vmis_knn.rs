//! `vmis_knn`: what sessions like this one went on to. The nearest of the most recent sessions that share an item are
//! found through an index ordered by recency; recent items of the visit count most.

use domain::{Card, Kind, Param, Settings};
use math::{Csr, top_k::TopK};
use rustc_hash::FxHashMap;

use crate::bytes::{Reader, Writer};
use crate::neighbourhood::{check_input, sort_contributions};
use crate::{Algorithm, Contribution, FitError, FitOptions, HistoryEntry, Interactions, Recommender, Source};

pub static CARD: Card = Card {
    name: "vmis_knn",
    sentence: "Recommends what recent sessions like the present one contained; each training row is a session.",
    family: "session",
    params: &[
        Param {
            name: "n_recent",
            sentence: "Only so many of the most recent sessions that share an item are compared.",
            unit: "sessions",
            kind: Kind::Int { min: 1, max: 1_000_000, default: 500 },
        },
        Param {
            name: "n_neighbors",
            sentence: "How many of those, the most similar, have a say.",
            unit: "sessions",
            kind: Kind::Int { min: 1, max: 100_000, default: 100 },
        },
        Param {
            name: "idf",
            sentence: "Whether items found in few sessions count more.",
            unit: "",
            kind: Kind::Bool { default: true },
        },
    ],
    input: "(n_sessions, n_items) interactions, one row per session; times tell recency, else later rows are newer",
    source: "Kersbergen, Sprangers, Schelter 2022, Serenade: low-latency session-based recommendation in e-commerce at \
             scale, algorithm 1; Ludewig, Jannach 2018, Evaluation of session-based recommendation algorithms",
};

pub static ALGORITHM: Algorithm = Algorithm {
    card: &CARD,
    fit: |interactions, settings, _: &FitOptions| Ok(Box::new(VmisKnn::fit(interactions, settings)?)),
    from_bytes: |bytes| Ok(Box::new(VmisKnn::from_bytes(bytes)?)),
};

/// A fitted model: the sessions, newest first, and which of them hold an item.
pub struct VmisKnn {
    settings: Settings,
    n_recent: usize,
    n_neighbors: usize,
    /// Shape: (n_sessions, n_items). Row 0 is the newest session.
    sessions: Csr,
    /// Shape: (n_items, n_sessions). Columns ascend, so the newest session comes first.
    index: Csr,
    /// Shape: (n_items).
    idf: Vec<f32>,
}

/// An item of the visit with its weight: newest 1, oldest 1/length.
struct Visited {
    item: u32,
    weight: f32,
    /// 1 for the newest.
    steps_back: usize,
}

/// A similar session's part in the scores.
struct Neighbour {
    session: u32,
    similarity: f32,
    /// By how far back the newest shared item lies.
    decay: f32,
}

impl VmisKnn {
    pub fn fit(interactions: &Interactions, settings: &Settings) -> Result<Self, FitError> {
        check_input(interactions)?;
        let matrix = &interactions.matrix;
        let newest_of = |row: usize| {
            let range = matrix.indptr[row]..matrix.indptr[row + 1];
            interactions.times.as_ref().map_or(0, |times| times[range].iter().copied().max().unwrap_or(i64::MIN))
        };
        let mut order: Vec<usize> = (0..matrix.n_rows).collect();
        order.sort_by_key(|&row| std::cmp::Reverse((newest_of(row), row)));
        let mut sessions = Csr::empty(matrix.n_rows, matrix.n_cols);
        for (at, &row) in order.iter().enumerate() {
            sessions.indices.extend_from_slice(matrix.row(row).0);
            sessions.indptr[at + 1] = sessions.indices.len();
        }
        sessions.values = vec![1.0; sessions.indices.len()];
        Ok(Self::with(sessions, settings.clone()))
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, FitError> {
        let reader = Reader::new(bytes, &CARD)?;
        Ok(Self::with(reader.csr("sessions")?, reader.settings().clone()))
    }

    fn with(sessions: Csr, settings: Settings) -> Self {
        let index = sessions.transpose();
        let n_sessions = (0..sessions.n_rows).filter(|&row| !sessions.row(row).0.is_empty()).count() as f32;
        let idf_of = |item: usize| match index.row(item).0.len() {
            0 => 0.0,
            _ if !settings.bool("idf") => 1.0,
            n => (n_sessions / n as f32).ln(),
        };
        let idf = (0..sessions.n_cols).map(idf_of).collect();
        let (n_recent, n_neighbors) = (settings.usize("n_recent"), settings.usize("n_neighbors"));
        VmisKnn { settings, n_recent, n_neighbors, sessions, index, idf }
    }

    /// The visit's items, newest first, each at its newest place.
    fn visited(&self, history: &[HistoryEntry]) -> Vec<Visited> {
        let known = history.iter().filter(|entry| (entry.item as usize) < self.sessions.n_cols);
        let mut entries: Vec<_> = known.collect();
        entries.sort_by_key(|entry| entry.at);
        let mut items: Vec<u32> = Vec::new();
        for entry in entries.iter().rev() {
            if !items.contains(&entry.item) {
                items.push(entry.item);
            }
        }
        let n = items.len() as f32;
        let visited = |(at, item)| Visited { item, weight: (n - at as f32) / n, steps_back: at + 1 };
        items.into_iter().enumerate().map(visited).collect()
    }

    fn neighbours(&self, visited: &[Visited]) -> Vec<Neighbour> {
        // Per session: similarity so far, and the newest shared item. Whoever is among the n_recent newest of all is
        // also among the n_recent newest of each item they hold, so that no list need be read further.
        let mut found: FxHashMap<u32, (f32, usize)> = FxHashMap::default();
        for place in visited {
            for &session in self.index.row(place.item as usize).0.iter().take(self.n_recent) {
                found.entry(session).or_insert((0.0, place.steps_back)).0 += place.weight;
            }
        }
        let mut recent: Vec<(u32, (f32, usize))> = found.into_iter().collect();
        recent.sort_unstable_by_key(|(session, _)| *session);
        recent.truncate(self.n_recent);
        let mut best = TopK::new(self.n_neighbors);
        recent.iter().for_each(|(session, (similarity, _))| best.offer(*session, *similarity));
        let decay_of = |session: u32| {
            let at = recent.binary_search_by_key(&session, |entry| entry.0).expect("chosen from these");
            (1.0 - 0.1 * recent[at].1.1 as f32).max(0.0)
        };
        let neighbours = best.into_sorted().into_iter();
        neighbours.map(|(session, similarity)| Neighbour { session, similarity, decay: decay_of(session) }).collect()
    }
}

impl Recommender for VmisKnn {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn n_items(&self) -> usize {
        self.sessions.n_cols
    }

    fn score(&self, history: &[HistoryEntry], scores: &mut [f32]) {
        scores.fill(0.0);
        for neighbour in self.neighbours(&self.visited(history)) {
            let say = neighbour.similarity * neighbour.decay;
            let items = self.sessions.row(neighbour.session as usize).0;
            items.iter().for_each(|&item| scores[item as usize] += say * self.idf[item as usize]);
        }
    }

    /// A session's similarity is the sum of the weights of the shared items, which splits the score among them.
    fn contributions(&self, history: &[HistoryEntry], item: u32) -> Vec<Contribution> {
        if item as usize >= self.sessions.n_cols {
            return Vec::new();
        }
        let visited = self.visited(history);
        let mut shares = vec![0f32; visited.len()];
        for neighbour in self.neighbours(&visited) {
            let items = self.sessions.row(neighbour.session as usize).0;
            if items.binary_search(&item).is_ok() {
                for (share, place) in shares.iter_mut().zip(&visited) {
                    if items.binary_search(&place.item).is_ok() {
                        *share += place.weight * neighbour.decay * self.idf[item as usize];
                    }
                }
            }
        }
        let parts = visited.iter().zip(shares);
        let parts = parts.map(|(place, value)| Contribution { source: Source::Item(place.item), value });
        let mut parts: Vec<_> = parts.filter(|part| part.value != 0.0).collect();
        sort_contributions(&mut parts);
        parts
    }

    /// What the latest sessions with the item also held.
    fn similar(&self, item: u32, n: usize) -> Vec<(u32, f32)> {
        let mut scores = vec![0.0; self.n_items()];
        self.score(&[HistoryEntry { item, weight: 1.0, at: 0 }], &mut scores);
        let best = math::top_k::top_k(&scores, n, &[item]);
        best.into_iter().filter(|pair| pair.1 > 0.0).collect()
    }

    fn fit_report(&self) -> Vec<(&'static str, f64)> {
        vec![("n_sessions", self.sessions.n_rows as f64), ("n_entries", self.sessions.n_stored() as f64)]
    }

    fn to_bytes(&self) -> Vec<u8> {
        Writer::new(&CARD, &self.settings).csr("sessions", &self.sessions).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use math::Random;

    /// Algorithm 1 of the paper without an index: every session is looked at.
    fn directly(data: &Interactions, history: &[u32], n_recent: usize, n_neighbors: usize) -> Vec<f32> {
        let times = data.times.as_ref().unwrap();
        let n = data.n_users();
        let newest = |row: usize| times[data.matrix.indptr[row]..data.matrix.indptr[row + 1]].iter().max().copied();
        let holds = |row: usize, item: u32| data.matrix.row(row).0.contains(&item);
        let mut sharing: Vec<usize> = (0..n).filter(|&row| history.iter().any(|&item| holds(row, item))).collect();
        sharing.sort_by_key(|&row| std::cmp::Reverse((newest(row), row)));
        sharing.truncate(n_recent);
        let length = history.len() as f32;
        let similarity = |row: usize| {
            let places = history.iter().enumerate().rev().filter(|(_, item)| holds(row, **item));
            places.map(|(at, _)| (at as f32 + 1.0) / length).sum::<f32>()
        };
        let mut nearest: Vec<(usize, f32)> = sharing.iter().map(|&row| (row, similarity(row))).collect();
        nearest.sort_by(|a, b| b.1.total_cmp(&a.1));
        nearest.truncate(n_neighbors);
        let n_holding = |item: u32| (0..n).filter(|&row| holds(row, item)).count() as f32;
        let idf: Vec<f32> = (0..data.n_items() as u32).map(|item| (n as f32 / n_holding(item)).ln()).collect();
        let mut scores = vec![0.0; data.n_items()];
        for (row, similarity) in nearest {
            let back = 1 + history.iter().rev().position(|&item| holds(row, item)).unwrap();
            for &item in data.matrix.row(row).0 {
                scores[item as usize] += similarity * (1.0 - 0.1 * back as f32).max(0.0) * idf[item as usize];
            }
        }
        scores
    }

    #[test]
    fn the_index_finds_what_looking_at_every_session_finds() {
        let mut random = Random::new(3);
        let pairs: Vec<_> = (0..1200).map(|_| (random.below(200) as u32, random.below(30) as u32, 1.0)).collect();
        let all_rows = (0..200).map(|row| (row, row % 30, 1.0));
        let matrix = Csr::from_triplets(200, 30, &pairs.into_iter().chain(all_rows).collect::<Vec<_>>());
        let times = (0..matrix.n_stored()).map(|_| random.below(5000) as i64).collect();
        let data = Interactions { matrix, times: Some(times) };
        for (n_recent, n_neighbors) in [(5, 5), (40, 10), (500, 100), (1, 1)] {
            let texts = [format!("n_recent={n_recent}"), format!("n_neighbors={n_neighbors}")];
            let model = VmisKnn::fit(&data, &CARD.settings_from_texts(&texts).unwrap()).unwrap();
            for _ in 0..50 {
                let mut items: Vec<u32> = (0..30).collect();
                random.shuffle(&mut items);
                items.truncate(1 + random.below(12));
                let places = items.iter().enumerate();
                let history: Vec<_> =
                    places.map(|(at, &item)| HistoryEntry { item, weight: 1.0, at: at as i64 }).collect();
                let mut scores = vec![0.0; 30];
                model.score(&history, &mut scores);
                for (found, expected) in scores.iter().zip(directly(&data, &items, n_recent, n_neighbors)) {
                    assert!((found - expected).abs() < 1e-3, "{items:?} {n_recent} {n_neighbors}: {found} {expected}");
                }
            }
        }
    }
}
