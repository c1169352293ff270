//! The shop's words: nearest ones, analogies, and a map of the most used.

use language::vectors::Analogy;
use serde::Serialize;
use utoipa::ToSchema;

use super::Loaded;
use crate::error::{Kind, Result, ServiceError, clipped};

/// A word may be so long, in bytes.
const WORD_MAX: usize = 120;
/// Clusters of the map: as many as there are colours that can be told apart.
const CLUSTERS: usize = 10;

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WordNeighbours {
    /// As the shop's texts have it: lower case, simplified, without inner spaces.
    pub word: String,
    /// Whether the texts have it; a word they do not have is judged by the pieces it is written with.
    pub known: bool,
    /// Whether the shop's texts lack it and the neighbours are those of a file of vectors (`[encoder]` of tercet.toml).
    pub from_file: bool,
    pub count: u64,
    pub items: Vec<WordNeighbour>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WordNeighbour {
    pub word: String,
    /// Cosine, −1 to 1.
    pub similarity: f32,
    /// Occurrences in the shop's texts.
    pub count: u64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WordMap {
    pub items: Vec<WordPoint>,
    pub clusters: Vec<WordCluster>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WordPoint {
    pub word: String,
    /// 0 to 1.
    pub x: f64,
    pub y: f64,
    pub count: u64,
    /// Index into `clusters`.
    pub cluster: usize,
    /// `brand`, `name` (of a product or series) or `word`.
    pub kind: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WordCluster {
    /// Its most used words.
    pub words: Vec<String>,
    pub n: usize,
}

impl Loaded {
    fn word_vectors(&self) -> Result<&language::vectors::WordVectors> {
        self.vectors.as_deref().ok_or_else(|| {
            ServiceError::new(Kind::NotFound, "vectors", "the shop has too few words to learn vectors from")
                .help("import reviews, descriptions or documents, then learn again: tercet train language")
        })
    }

    /// One token of what was typed: `RTX 4060` is `rtx4060`.
    fn token(&self, typed: &str) -> Result<String> {
        if typed.len() > WORD_MAX {
            let message = format!("the word has {} bytes; allowed: 1 to {WORD_MAX}", typed.len());
            return Err(ServiceError::usage("word", message));
        }
        let mut words = self.tokeniser.clone().without_punctuation().words(typed);
        let all: String = words.concat();
        match words.len() {
            0 => Err(ServiceError::usage("word", format!("'{}' has no letters; allowed: one word", clipped(typed)))),
            1 => Ok(words.remove(0)),
            // A phrase that is no word of the dictionary is looked up by its pieces.
            _ => Ok(all),
        }
    }

    /// The words used most alike.
    ///
    /// # Errors
    /// If there are no vectors, or what was typed is no word.
    pub fn neighbours(&self, typed: &str, n: usize) -> Result<WordNeighbours> {
        let word = self.token(typed)?;
        let own = self.vectors.as_deref().filter(|own| own.known(&word).is_some());
        if let (None, Some(file)) = (own, self.words_of_file.as_deref())
            && file.known(&word).is_some()
        {
            let near = file.similar(&word, n)?;
            return Ok(WordNeighbours { known: true, from_file: true, count: 0, items: self.counted(near), word });
        }
        let vectors = self.word_vectors()?;
        let count = vectors.vocabulary().id(&word).map_or(0, |id| vectors.vocabulary().counts()[id as usize]);
        let known = vectors.known(&word).is_some();
        let near = match vectors.vector(&word) {
            Some(_) => vectors.similar(&word, n)?,
            None => Vec::new(),
        };
        Ok(WordNeighbours { known, from_file: false, count, items: self.counted(near), word })
    }

    fn counted(&self, near: Vec<(&str, f32)>) -> Vec<WordNeighbour> {
        let vocabulary = self.vectors.as_ref().map(|vectors| vectors.vocabulary());
        let count = |word: &str| vocabulary.and_then(|all| Some(all.counts()[all.id(word)? as usize])).unwrap_or(0);
        near.into_iter()
            .map(|(word, similarity)| WordNeighbour { word: word.to_owned(), similarity, count: count(word) })
            .collect()
    }

    /// `a` is to `b` as `c` is to which words?
    ///
    /// # Errors
    /// If there are no vectors, or one of the three is not known.
    pub fn analogy(&self, a: &str, b: &str, c: &str, n: usize) -> Result<Vec<WordNeighbour>> {
        let vectors = self.word_vectors()?;
        let [a, b, c] = [self.token(a)?, self.token(b)?, self.token(c)?];
        for word in [&a, &b, &c] {
            if vectors.vector(word).is_none() {
                return Err(ServiceError::not_found("word", word).help("words of the shop's own texts are known"));
            }
        }
        let found = vectors.analogy(&[&b, &c], &[&a], n, Analogy::Add)?;
        Ok(self.counted(found))
    }

    /// The most used words on two axes (principal components of their directions), with clusters of them (K-Means).
    ///
    /// # Errors
    /// If there are no vectors.
    pub fn word_map(&self, n: usize) -> Result<WordMap> {
        let vectors = self.word_vectors()?;
        let vocabulary = vectors.vocabulary();
        let is_shown = |id: &u32| {
            let word = vocabulary.word(*id);
            word.chars().count() > 1 && !word.chars().all(|one| one.is_ascii_digit() || one == '.')
        };
        let ids: Vec<u32> = (0..vocabulary.len() as u32).filter(is_shown).take(n).collect();
        let dim = vectors.dim();
        let mut values = Vec::with_capacity(ids.len() * dim);
        for &id in &ids {
            let vector = vectors.of_id(id);
            let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
            values.extend(vector.iter().map(|value| value / length));
        }
        let points = segment::Points::new(&values, ids.len(), dim)?;
        let n_clusters = CLUSTERS.min(ids.len());
        let settings = segment::method("k_means")
            .expect("it is in the registry")
            .card
            .settings_from_texts(&[format!("n_clusters={n_clusters}")])?;
        let found = (segment::method("k_means").expect("it is in the registry").run_f32)(
            points,
            &settings,
            &segment::RunOptions::default(),
        )?;
        let flat = flattened(&values, ids.len(), dim);
        let clusters = (0..n_clusters).map(|cluster| {
            let own = ids.iter().zip(&found.labels).filter(|(_, label)| **label as usize == cluster);
            let words: Vec<String> = own.clone().take(4).map(|(&id, _)| vocabulary.word(id).to_owned()).collect();
            WordCluster { n: own.count(), words }
        });
        let kind = |word: &str| {
            if self.brands.iter().any(|brand| brand.to_lowercase() == word) {
                "brand"
            } else if self.names.iter().any(|name| name == word) {
                "name"
            } else {
                "word"
            }
        };
        let point = |(at, &id): (usize, &u32)| WordPoint {
            word: vocabulary.word(id).to_owned(),
            x: flat[at].0,
            y: flat[at].1,
            count: vocabulary.counts()[id as usize],
            cluster: found.labels[at].max(0) as usize,
            kind: kind(vocabulary.word(id)).to_owned(),
        };
        Ok(WordMap { items: ids.iter().enumerate().map(point).collect(), clusters: clusters.collect() })
    }
}

/// The two principal directions of centred rows, each scaled to 0 to 1.
fn flattened(values: &[f32], n: usize, dim: usize) -> Vec<(f64, f64)> {
    let mut rows: Vec<Vec<f64>> =
        values.chunks_exact(dim).map(|row| row.iter().map(|&v| f64::from(v)).collect()).collect();
    let mean: Vec<f64> = (0..dim).map(|at| rows.iter().map(|row| row[at]).sum::<f64>() / n.max(1) as f64).collect();
    rows.iter_mut().for_each(|row| row.iter_mut().zip(&mean).for_each(|(value, mean)| *value -= mean));
    let axes = [principal(&mut rows.clone(), &[]), Vec::new()];
    let second = principal(&mut rows.clone(), &axes[0]);
    let along = |axis: &[f64]| -> Vec<f64> { rows.iter().map(|row| dot(row, axis)).collect() };
    let (x, y) = (scaled(along(&axes[0])), scaled(along(&second)));
    x.into_iter().zip(y).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The direction of most variance, apart from `without`, by power iteration from the longest row.
fn principal(rows: &mut [Vec<f64>], without: &[f64]) -> Vec<f64> {
    if !without.is_empty() {
        for row in rows.iter_mut() {
            let part = dot(row, without);
            row.iter_mut().zip(without).for_each(|(value, axis)| *value -= part * axis);
        }
    }
    let longest = rows.iter().max_by(|a, b| dot(a, a).total_cmp(&dot(b, b)));
    let mut axis = longest.cloned().unwrap_or_default();
    for _ in 0..60 {
        let mut next = vec![0.0; axis.len()];
        for row in rows.iter() {
            let part = dot(row, &axis);
            next.iter_mut().zip(row).for_each(|(sum, value)| *sum += part * value);
        }
        let length = dot(&next, &next).sqrt();
        if length <= f64::MIN_POSITIVE {
            break;
        }
        next.iter_mut().for_each(|value| *value /= length);
        axis = next;
    }
    axis
}

fn scaled(values: Vec<f64>) -> Vec<f64> {
    let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(low, high), &v| (low.min(v), high.max(v)));
    let width = if high > low { high - low } else { 1.0 };
    values.into_iter().map(|value| (value - low) / width).collect()
}
