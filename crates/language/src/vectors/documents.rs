//! Sentences and documents as weighted means of their words' vectors: smooth inverse frequency, with the direction that all
//! have in common taken out (Arora, Liang, Ma 2017), or TF-IDF. The default sentence encoder.

use std::sync::Arc;

use math::Factors;
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::bytes::{Reader, Writer};
use super::encoder::{SentenceEncoder, Tokenise};
use super::word_vectors::{WordVectors, to_unit};
use crate::LanguageError;

const MAGIC: &[u8; 8] = b"TERCETDV";

/// What a word counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Weighting {
    /// a / (a + p), with p the word's part of all words and a about 0.001 (Arora et al. 2017, algorithm 1).
    Sif { a: f64 },
    /// ln((1 + n) / (1 + df)) + 1, with df those of the n texts at hand that hold the word.
    TfIdf,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DocumentSettings {
    pub weighting: Weighting,
    /// Common directions that are taken out.
    pub n_common: usize,
    /// Whether words count by their direction alone, and not by the length of their vector.
    pub unit_words: bool,
}

impl Default for DocumentSettings {
    fn default() -> Self {
        DocumentSettings { weighting: Weighting::Sif { a: 1e-3 }, n_common: 1, unit_words: false }
    }
}

/// What was learned of texts, beside the vectors of words.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentWeights {
    /// Shape: (n_words).
    weights: Vec<f32>,
    /// What a word outside the vocabulary counts, if its pieces are known.
    unknown: f32,
    /// Orthonormal. Shape: (n_common, dim).
    common: Vec<Vec<f32>>,
    dim: usize,
}

/// Words as directions, or as they are, is a matter of the weights.
fn weight_of(words: &WordVectors, id: u32, weight: f64, unit_words: bool) -> f32 {
    let square: f64 = words.of_id(id).iter().map(|&value| f64::from(value).powi(2)).sum();
    if unit_words && square > 0.0 { (weight / square.sqrt()) as f32 } else { weight as f32 }
}

impl DocumentWeights {
    /// Learns what words count, and which directions are common, from texts as tokens.
    ///
    /// # Errors
    /// If `a` is not above 0, or more directions are to be taken out than there are.
    pub fn learn<S: AsRef<str> + Sync>(
        words: &WordVectors,
        texts: &[Vec<S>],
        settings: &DocumentSettings,
    ) -> Result<Self, LanguageError> {
        let (dim, n_words) = (words.dim(), words.vocabulary().len());
        if settings.n_common >= dim {
            return Err(LanguageError::unfit("common directions", settings.n_common, format!("less than {dim}")));
        }
        let (mut of_words, unknown): (Vec<f64>, f64) = match settings.weighting {
            Weighting::Sif { a } if !(a.is_finite() && a > 0.0) => {
                return Err(LanguageError::unfit("a", a, "above 0"));
            }
            Weighting::Sif { a } => {
                let n_all = words.vocabulary().n_occurrences().max(1) as f64;
                let weight = |&count: &u64| a / (a + count as f64 / n_all);
                (words.vocabulary().counts().iter().map(weight).collect(), 1.0)
            }
            Weighting::TfIdf => {
                let mut found = vec![0u32; n_words];
                for text in texts {
                    let ids: FxHashSet<u32> =
                        text.iter().filter_map(|word| words.vocabulary().id(word.as_ref())).collect();
                    ids.into_iter().for_each(|id| found[id as usize] += 1);
                }
                let weight = |found: f64| ((1.0 + texts.len() as f64) / (1.0 + found)).ln() + 1.0;
                (found.into_iter().map(|n| weight(f64::from(n))).collect(), weight(0.0))
            }
        };
        let weights =
            (0..).zip(of_words.drain(..)).map(|(id, weight)| weight_of(words, id, weight, settings.unit_words));
        let mut learned =
            DocumentWeights { weights: weights.collect(), unknown: unknown as f32, common: Vec::new(), dim };
        if settings.n_common > 0 {
            let sums: Vec<Vec<f32>> = texts.par_iter().map(|text| learned.mean(words, text)).collect();
            learned.common = common_directions(&sums, dim, settings.n_common);
        }
        Ok(learned)
    }

    /// The weighted mean of the words' vectors; 0 if none is known.
    fn mean<S: AsRef<str>>(&self, words: &WordVectors, text: &[S]) -> Vec<f32> {
        let mut sum = vec![0f32; self.dim];
        let mut n = 0u32;
        for word in text {
            let mut add = |vector: &[f32], weight: f32| {
                sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum += weight * value);
                n += 1;
            };
            match words.vocabulary().id(word.as_ref()) {
                Some(id) => add(words.of_id(id), self.weights[id as usize]),
                None => {
                    if let Some(vector) = words.pieces().and_then(|_| words.vector(word.as_ref())) {
                        add(&vector, self.unknown);
                    }
                }
            }
        }
        let times = 1.0 / n.max(1) as f32;
        sum.iter_mut().for_each(|sum| *sum *= times);
        sum
    }

    /// The vector of a text as tokens, at length 1, or 0 if no word of it is known. Shape: (dim).
    pub fn vector<S: AsRef<str>>(&self, words: &WordVectors, text: &[S]) -> Vec<f32> {
        let mut vector = self.mean(words, text);
        for direction in &self.common {
            let along: f32 = vector.iter().zip(direction).map(|(value, part)| value * part).sum();
            vector.iter_mut().zip(direction).for_each(|(value, part)| *value -= along * part);
        }
        to_unit(&mut vector);
        vector
    }

    /// What a word of the vocabulary counts. Shape: (n_words).
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(MAGIC);
        writer.u64(self.weights.len() as u64);
        writer.u64(self.dim as u64);
        writer.f32s(&self.weights);
        writer.f32s(&[self.unknown]);
        writer.u64(self.common.len() as u64);
        self.common.iter().for_each(|direction| writer.f32s(direction));
        writer.finish()
    }

    /// Reads the weights for `words`.
    ///
    /// # Errors
    /// If the bytes are damaged, or the weights of other words.
    pub fn from_bytes(bytes: &[u8], words: &WordVectors) -> Result<Self, LanguageError> {
        let mut reader = Reader::new(bytes, MAGIC)?;
        let (n, dim) = (reader.size("weights", 4)?, reader.size("numbers", 0)?);
        if (n, dim) != (words.vocabulary().len(), words.dim()) {
            let wanted = format!("{} words of length {}", words.vocabulary().len(), words.dim());
            return Err(super::bytes::corrupt(format!("they are of {n} words of length {dim}, wanted {wanted}")));
        }
        let weights = reader.f32s(n)?;
        let unknown = reader.f32s(1)?[0];
        let n_common = reader.size("directions", 4 * dim)?;
        let common = (0..n_common).map(|_| reader.f32s(dim)).collect::<Result<Vec<_>, _>>()?;
        reader.end()?;
        if weights.iter().chain(&[unknown]).chain(common.iter().flatten()).any(|value| !value.is_finite()) {
            return Err(super::bytes::corrupt("a weight is not finite".to_owned()));
        }
        Ok(DocumentWeights { weights, unknown, common, dim })
    }
}

/// Rounds of squaring the Gram matrix; each doubles the digits by which the first direction leads.
const ROUNDS: usize = 100;

/// The first right singular vectors of rows, not centred (so that the mean direction comes first), by orthogonal
/// iteration on their Gram matrix. Shape: (n, dim).
fn common_directions(rows: &[Vec<f32>], dim: usize, n: usize) -> Vec<Vec<f32>> {
    let chunk_gram = |chunk: &[Vec<f32>]| {
        let mut gram = vec![0f64; dim * dim];
        for row in chunk {
            for (at, &value) in row.iter().enumerate() {
                let gram = &mut gram[at * dim..(at + 1) * dim];
                gram.iter_mut().zip(row).for_each(|(sum, other)| *sum += f64::from(value) * f64::from(*other));
            }
        }
        gram
    };
    let chunks: Vec<Vec<f64>> = rows.par_chunks(4096).map(chunk_gram).collect();
    let mut gram = vec![0f64; dim * dim];
    chunks.iter().for_each(|chunk| gram.iter_mut().zip(chunk).for_each(|(sum, value)| *sum += value));
    // Starts at the axes with the most weight, so that nothing is left to chance.
    let mut axes: Vec<usize> = (0..dim).collect();
    axes.sort_by(|&a, &b| gram[b * dim + b].total_cmp(&gram[a * dim + a]).then(a.cmp(&b)));
    let mut directions: Vec<Vec<f64>> =
        axes[..n].iter().map(|&axis| (0..dim).map(|at| f64::from(u8::from(at == axis)) + 1e-3).collect()).collect();
    for _ in 0..ROUNDS {
        for at in 0..n {
            let mut next: Vec<f64> =
                gram.chunks_exact(dim).map(|row| row.iter().zip(&directions[at]).map(|(a, b)| a * b).sum()).collect();
            for before in &directions[..at] {
                let along: f64 = next.iter().zip(before).map(|(a, b)| a * b).sum();
                next.iter_mut().zip(before).for_each(|(value, part)| *value -= along * part);
            }
            let length = next.iter().map(|value| value * value).sum::<f64>().sqrt();
            if length > 0.0 {
                next.iter_mut().for_each(|value| *value /= length);
            }
            directions[at] = next;
        }
    }
    directions.retain(|direction| direction.iter().any(|&value| value != 0.0));
    directions.into_iter().map(|direction| direction.into_iter().map(|value| value as f32).collect()).collect()
}

/// Texts by the vectors of their words.
pub struct DocumentEncoder {
    name: String,
    words: Arc<WordVectors>,
    weights: DocumentWeights,
    tokenise: Arc<dyn Tokenise>,
}

impl DocumentEncoder {
    pub fn new(name: &str, words: Arc<WordVectors>, weights: DocumentWeights, tokenise: Arc<dyn Tokenise>) -> Self {
        DocumentEncoder { name: name.to_owned(), words, weights, tokenise }
    }

    pub fn words(&self) -> &WordVectors {
        &self.words
    }
}

impl SentenceEncoder for DocumentEncoder {
    fn name(&self) -> &str {
        &self.name
    }

    fn dim(&self) -> usize {
        self.words.dim()
    }

    fn encode(&self, texts: &[&str]) -> Result<Factors, LanguageError> {
        let vector = |text: &&str| self.weights.vector(&self.words, &self.tokenise.tokens(text));
        let vectors: Vec<Vec<f32>> = texts.par_iter().map(vector).collect();
        let mut rows = Factors::zeros(texts.len(), self.dim());
        vectors.iter().enumerate().for_each(|(at, vector)| rows.row_mut(at)[..vector.len()].copy_from_slice(vector));
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::vocabulary::Vocabulary;

    fn words(rows: &[(&str, u64, [f32; 3])]) -> WordVectors {
        let mut vectors = Factors::zeros(rows.len(), 3);
        rows.iter().enumerate().for_each(|(at, row)| vectors.row_mut(at)[..3].copy_from_slice(&row.2));
        let vocabulary =
            Vocabulary::new(rows.iter().map(|row| row.0.to_owned()).collect(), rows.iter().map(|row| row.1).collect());
        WordVectors::new(vocabulary.unwrap(), vectors, None).unwrap()
    }

    fn example() -> WordVectors {
        words(&[("the", 900, [1.0, 0.0, 0.0]), ("cat", 60, [0.0, 1.0, 0.0]), ("dog", 40, [0.0, 0.9, 0.1])])
    }

    /// By hand: with a = 0.1, the = 0.1/(0.1 + 0.9) = 0.1, cat = 0.1/0.16 = 0.625; "the cat" = (0.05, 0.3125, 0).
    #[test]
    fn frequent_words_count_less() {
        let settings = DocumentSettings { weighting: Weighting::Sif { a: 0.1 }, n_common: 0, unit_words: false };
        let words = example();
        let weights = DocumentWeights::learn::<&str>(&words, &[], &settings).unwrap();
        assert!((weights.weights()[0] - 0.1).abs() < 1e-6 && (weights.weights()[1] - 0.625).abs() < 1e-6);
        let found = weights.mean(&words, &["the", "cat", "unknown"]);
        assert!((found[0] - 0.05).abs() < 1e-6 && (found[1] - 0.3125).abs() < 1e-6 && found[2] == 0.0, "{found:?}");
        let none = weights.vector(&words, &["unknown"]);
        assert_eq!(none, [0.0; 3]);
        assert_eq!(weights.vector::<&str>(&words, &[]), [0.0; 3]);
    }

    /// Two of three texts hold `cat`: ln(4/3) + 1; none holds `dog`: ln(4) + 1.
    #[test]
    fn words_of_many_texts_count_less() {
        let settings = DocumentSettings { weighting: Weighting::TfIdf, n_common: 0, unit_words: false };
        let texts = [vec!["cat", "cat"], vec!["cat", "the"], vec!["the"]];
        let weights = DocumentWeights::learn(&example(), &texts, &settings).unwrap();
        for (found, expected) in
            weights.weights().iter().zip([(4f32 / 3.0).ln() + 1.0, (4f32 / 3.0).ln() + 1.0, 4f32.ln() + 1.0])
        {
            assert!((found - expected).abs() < 1e-6, "{found} for {expected}");
        }
    }

    #[test]
    fn the_common_direction_is_taken_out() {
        // All rows share (3, 0, 4)/5, and differ a little.
        let rows: Vec<Vec<f32>> = (0..40).map(|at| vec![3.0, (at % 3) as f32 * 0.1 - 0.1, 4.0]).collect();
        let found = common_directions(&rows, 3, 2);
        assert!((found[0][0].abs() - 0.6).abs() < 1e-4 && (found[0][2].abs() - 0.8).abs() < 1e-4, "{found:?}");
        assert!((found[1][1].abs() - 1.0).abs() < 1e-4, "{found:?}");
        assert!(common_directions(&[], 3, 1).is_empty());
        let words = example();
        let texts = vec![vec!["the", "cat"], vec!["the", "dog"], vec!["the"]];
        let weights = DocumentWeights::learn(&words, &texts, &DocumentSettings::default()).unwrap();
        let left = weights.vector(&words, &["the", "cat"]);
        let along: f32 = left.iter().zip(&weights.common[0]).map(|(a, b)| a * b).sum();
        assert!(along.abs() < 1e-5, "{along}");
    }

    #[test]
    fn weights_are_written_and_read_for_their_words_alone() {
        let words = example();
        let texts = vec![vec!["the", "cat"], vec!["dog"]];
        let weights = DocumentWeights::learn(&words, &texts, &DocumentSettings::default()).unwrap();
        let bytes = weights.to_bytes();
        assert_eq!(DocumentWeights::from_bytes(&bytes, &words).unwrap(), weights);
        let other = self::words(&[("a", 1, [1.0; 3])]);
        assert!(DocumentWeights::from_bytes(&bytes, &other).unwrap_err().to_string().contains("wanted 1 words"));
        for at in 0..bytes.len() {
            assert!(DocumentWeights::from_bytes(&bytes[..at], &words).is_err());
        }
        let bad = DocumentSettings { weighting: Weighting::Sif { a: 0.0 }, ..Default::default() };
        assert!(DocumentWeights::learn(&words, &texts, &bad).is_err());
        assert!(
            DocumentWeights::learn(&words, &texts, &DocumentSettings { n_common: 3, ..Default::default() }).is_err()
        );
    }

    #[test]
    fn the_encoder_is_an_object() {
        let words = Arc::new(example());
        let weights = DocumentWeights::learn::<&str>(&words, &[], &DocumentSettings::default()).unwrap();
        let by_spaces = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let encoder: Box<dyn SentenceEncoder> =
            Box::new(DocumentEncoder::new("sif-3", words, weights, Arc::new(by_spaces)));
        let rows = encoder.encode(&["the cat", "", "dog"]).unwrap();
        assert_eq!((encoder.name(), encoder.dim(), rows.n_rows), ("sif-3", 3, 3));
        assert_eq!(rows.row(1)[..3], [0.0; 3]);
        assert!(rows.row(0)[1] > 0.9);
        assert_eq!(encoder.encode(&[]).unwrap().n_rows, 0);
    }
}
