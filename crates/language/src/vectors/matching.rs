//! How alike two short texts are in meaning: the cosine of their sentence vectors, which knows words that are used alike,
//! blended with their agreement word by word, and with the cosine of their characters' TF-IDF, which knows names, numbers
//! and negations. For finding a question among those already answered; not a classifier trained on pairs.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::alignment::WordAligner;
use super::bytes::{Reader, Writer, corrupt};
use super::encoder::SentenceEncoder;
use crate::LanguageError;

const MAGIC: &[u8; 8] = b"TERCETCW";

/// What runs of one and two characters count: ln((1 + n) / (1 + df)) + 1, with df those of the n texts that hold the run.
#[derive(Clone, Debug, PartialEq)]
pub struct CharacterWeights {
    weights: FxHashMap<u64, f32>,
    unknown: f32,
}

/// One or two characters as a number; a character is less than 2²¹.
fn runs(text: &str) -> impl Iterator<Item = u64> + '_ {
    let characters = || text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase);
    let pairs = characters().zip(characters().skip(1)).map(|(a, b)| u64::from(a) << 21 | u64::from(b) | 1 << 42);
    characters().map(u64::from).chain(pairs)
}

impl CharacterWeights {
    pub fn learn<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut n_found: FxHashMap<u64, u32> = FxHashMap::default();
        let mut n_texts = 0u32;
        for text in texts {
            n_texts += 1;
            let own: FxHashSet<u64> = runs(text).collect();
            own.into_iter().for_each(|run| *n_found.entry(run).or_insert(0) += 1);
        }
        let weight = |n: u32| ((1.0 + f64::from(n_texts)) / (1.0 + f64::from(n))).ln() as f32 + 1.0;
        CharacterWeights { weights: n_found.into_iter().map(|(run, n)| (run, weight(n))).collect(), unknown: weight(0) }
    }

    /// The weighted runs of a text at length 1, ascending.
    fn vector(&self, text: &str) -> Vec<(u64, f32)> {
        let mut all: Vec<u64> = runs(text).collect();
        all.sort_unstable();
        let of_run = |same: &[u64]| {
            let weight = self.weights.get(&same[0]).copied().unwrap_or(self.unknown);
            (same[0], same.len() as f32 * weight)
        };
        let mut vector: Vec<(u64, f32)> = all.chunk_by(|a, b| a == b).map(of_run).collect();
        let length = vector.iter().map(|(_, value)| value * value).sum::<f32>().sqrt();
        vector.iter_mut().for_each(|(_, value)| *value /= length);
        vector
    }

    /// The cosine of two texts, 0 to 1; 0 if one is empty.
    pub fn similarity(&self, a: &str, b: &str) -> f32 {
        let (a, b) = (self.vector(a), self.vector(b));
        let mut rest = b.iter().peekable();
        let mut sum = 0.0;
        for (run, value) in &a {
            while rest.next_if(|other| other.0 < *run).is_some() {}
            sum += rest.peek().filter(|other| other.0 == *run).map_or(0.0, |other| value * other.1);
        }
        sum
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(MAGIC);
        let mut sorted: Vec<(u64, f32)> = self.weights.iter().map(|(&run, &weight)| (run, weight)).collect();
        sorted.sort_unstable_by_key(|pair| pair.0);
        writer.f32s(&[self.unknown]);
        writer.u64(sorted.len() as u64);
        for (run, weight) in sorted {
            writer.u64(run);
            writer.f32s(&[weight]);
        }
        writer.finish()
    }

    /// # Errors
    /// If the bytes are damaged, cut short, or of something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LanguageError> {
        let mut reader = Reader::new(bytes, MAGIC)?;
        let unknown = reader.f32s(1)?[0];
        let n = reader.size("weights", 12)?;
        let mut weights = FxHashMap::default();
        for _ in 0..n {
            let run = u64::from_le_bytes(reader.take(8)?.try_into().expect("eight bytes"));
            weights.insert(run, reader.f32s(1)?[0]);
        }
        reader.end()?;
        if weights.values().chain(&[unknown]).any(|weight| !(weight.is_finite() && *weight > 0.0)) {
            return Err(corrupt("a weight of characters is not above 0".to_owned()));
        }
        Ok(CharacterWeights { weights, unknown })
    }
}

/// What each view of a pair counts; at least one above 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Blend {
    pub vectors: f32,
    pub characters: f32,
    pub words: f32,
}

/// Views of a pair, blended.
pub struct PairMatcher {
    pub encoder: Arc<dyn SentenceEncoder>,
    pub characters: CharacterWeights,
    pub aligner: WordAligner,
    blend: Blend,
}

impl PairMatcher {
    /// # Errors
    /// If a part of the blend is below 0, or all are 0.
    pub fn new(
        encoder: Arc<dyn SentenceEncoder>,
        characters: CharacterWeights,
        aligner: WordAligner,
        blend: Blend,
    ) -> Result<Self, LanguageError> {
        let parts = [blend.vectors, blend.characters, blend.words];
        let sum: f32 = parts.iter().sum();
        if !(parts.iter().all(|&part| part >= 0.0) && sum > 0.0 && sum.is_finite()) {
            return Err(LanguageError::unfit("blend", format!("{blend:?}"), "0 or more each, above 0 together"));
        }
        let blend =
            Blend { vectors: blend.vectors / sum, characters: blend.characters / sum, words: blend.words / sum };
        Ok(PairMatcher { encoder, characters, aligner, blend })
    }

    /// How alike the texts of each pair are, −1 to 1. Shape: as `pairs`.
    ///
    /// # Errors
    /// If the encoder cannot encode.
    pub fn similarities(&self, pairs: &[(&str, &str)]) -> Result<Vec<f32>, LanguageError> {
        let Blend { vectors, characters, words } = self.blend;
        let views = [
            (vectors, self.of_vectors(pairs)?),
            (characters, self.of_characters(pairs)),
            (words, self.of_words(pairs)),
        ];
        Ok((0..pairs.len()).map(|at| views.iter().map(|(part, view)| part * view[at]).sum()).collect())
    }

    /// # Errors
    /// If the encoder cannot encode.
    pub fn of_vectors(&self, pairs: &[(&str, &str)]) -> Result<Vec<f32>, LanguageError> {
        let first: Vec<&str> = pairs.iter().map(|pair| pair.0).collect();
        let second: Vec<&str> = pairs.iter().map(|pair| pair.1).collect();
        let (first, second) = (self.encoder.encode(&first)?, self.encoder.encode(&second)?);
        let dot = |row: usize| first.row(row).iter().zip(second.row(row)).map(|(a, b)| a * b).sum();
        Ok((0..pairs.len()).map(dot).collect())
    }

    pub fn of_characters(&self, pairs: &[(&str, &str)]) -> Vec<f32> {
        pairs.par_iter().map(|(a, b)| self.characters.similarity(a, b)).collect()
    }

    pub fn of_words(&self, pairs: &[(&str, &str)]) -> Vec<f32> {
        pairs.par_iter().map(|(a, b)| self.aligner.similarity(a, b)).collect()
    }
}

/// Spearman's rank correlation; ties share the mean of their ranks. NaN for less than two values or no variation.
pub fn spearman(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (ranks(a), ranks(b));
    let n = a.len().min(b.len()) as f64;
    let mean = |ranks: &[f64]| ranks.iter().sum::<f64>() / n;
    let (mean_a, mean_b) = (mean(&a), mean(&b));
    let product = |a: &[f64], mean_a: f64, b: &[f64], mean_b: f64| -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum()
    };
    product(&a, mean_a, &b, mean_b) / (product(&a, mean_a, &a, mean_a) * product(&b, mean_b, &b, mean_b)).sqrt()
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0f64; values.len()];
    let mut first = 0;
    for same in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = first as f64 + (same.len() as f64 - 1.0) / 2.0;
        same.iter().for_each(|&at| ranks[at] = rank);
        first += same.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use math::Factors;

    use super::*;
    use crate::vectors::{Vocabulary, WordVectors};

    struct Lengths;

    impl SentenceEncoder for Lengths {
        fn name(&self) -> &str {
            "lengths"
        }
        fn dim(&self) -> usize {
            2
        }
        fn encode(&self, texts: &[&str]) -> Result<Factors, LanguageError> {
            let mut rows = Factors::zeros(texts.len(), 2);
            texts.iter().enumerate().for_each(|(at, text)| rows.row_mut(at)[text.chars().count() % 2] = 1.0);
            Ok(rows)
        }
    }

    #[test]
    fn shared_characters_make_texts_alike() {
        let texts = ["手机屏幕坏了", "手机怎么充电", "手机电池多大"];
        let weights = CharacterWeights::learn(texts);
        let like = |a: &str, b: &str| weights.similarity(a, b);
        assert!((like(texts[0], texts[0]) - 1.0).abs() < 1e-6);
        // What all texts share counts less than what one alone has.
        assert!(like("屏幕", texts[0]) > like("手机", texts[0]));
        assert_eq!((like("", "手机"), like("", ""), like("abc", "手机")), (0.0, 0.0, 0.0));
        assert!((like("ABC 1", "abc1") - 1.0).abs() < 1e-6);
        assert_eq!(like("a", "b"), like("b", "a"));
        let bytes = weights.to_bytes();
        assert_eq!(CharacterWeights::from_bytes(&bytes).unwrap(), weights);
        assert!((0..bytes.len()).all(|at| CharacterWeights::from_bytes(&bytes[..at]).is_err()));
    }

    #[test]
    fn views_are_blended() {
        let vocabulary = Vocabulary::new(vec!["ab".to_owned()], vec![1]).unwrap();
        let words = Arc::new(WordVectors::new(vocabulary, Factors::zeros(1, 2), None).unwrap());
        let whole = |text: &str| vec![text.to_owned()];
        let matcher = |vectors: f32, characters: f32, of_words: f32| {
            let aligner = WordAligner::new(words.clone(), Arc::new(whole), 1e-3);
            let blend = Blend { vectors, characters, words: of_words };
            PairMatcher::new(Arc::new(Lengths), CharacterWeights::learn(["ab"]), aligner, blend)
        };
        let found = matcher(1.0, 2.0, 1.0).unwrap().similarities(&[("ab", "ab"), ("ab", "cd"), ("ab", "c")]).unwrap();
        assert!((found[0] - 1.0).abs() < 1e-6 && found[1] == 0.25 && found[2] == 0.0, "{found:?}");
        assert!(matcher(1.0, 0.0, 0.0).unwrap().similarities(&[]).unwrap().is_empty());
        assert!(matcher(0.0, 0.0, 0.0).is_err() && matcher(1.0, -0.1, 0.0).is_err());
        assert!(matcher(f32::NAN, 1.0, 0.0).is_err());
    }

    /// scipy 1.17.1: `spearmanr([1, 2, 2, 4, 5], [3, 1, 2, 5, 5])` is 0.6315789473684211.
    #[test]
    fn rank_correlation_is_that_of_scipy() {
        let found = spearman(&[1.0, 2.0, 2.0, 4.0, 5.0], &[3.0, 1.0, 2.0, 5.0, 5.0]);
        assert!((found - 0.631_578_947_368_421_1).abs() < 1e-12, "{found}");
        assert!(spearman(&[1.0], &[2.0]).is_nan());
    }
}
