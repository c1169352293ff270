//! How alike two short texts are, word by word: each word looks for the one most like it on the other side, and what it
//! finds counts as much as the word does (Corley and Mihalcea 2005). Knows which words have no counterpart, which a mean
//! of vectors does not.

use std::sync::Arc;

use super::encoder::Tokenise;
use super::word_vectors::{WordVectors, to_unit};

/// Words beyond this many of a text are not looked at, since each meets each.
const WORDS_MAX: usize = 256;

/// Compares texts word by word.
pub struct WordAligner {
    words: Arc<WordVectors>,
    tokenise: Arc<dyn Tokenise>,
    a: f64,
}

/// A word of a text: what it counts, and its vector at length 1, if it has one.
struct Placed {
    word: String,
    weight: f32,
    unit: Option<Vec<f32>>,
}

impl WordAligner {
    /// Words count a / (a + their part of all words); about 0.001.
    pub fn new(words: Arc<WordVectors>, tokenise: Arc<dyn Tokenise>, a: f64) -> Self {
        WordAligner { words, tokenise, a }
    }

    fn place(&self, text: &str) -> Vec<Placed> {
        let n_all = self.words.vocabulary().n_occurrences().max(1) as f64;
        let place = |word: String| {
            let id = self.words.vocabulary().id(&word);
            let count = id.map_or(0, |id| self.words.vocabulary().counts()[id as usize]);
            let weight = (self.a / (self.a + count as f64 / n_all)) as f32;
            let unit = self.words.vector(&word).map(|mut vector| {
                to_unit(&mut vector);
                vector
            });
            Placed { word, weight, unit }
        };
        let mut tokens = self.tokenise.tokens(text);
        tokens.truncate(WORDS_MAX);
        tokens.into_iter().map(place).collect()
    }

    /// The weighted mean of what each word finds on the other side, of both sides, 0 to 1; 0 if one is empty.
    pub fn similarity(&self, a: &str, b: &str) -> f32 {
        let (a, b) = (self.place(a), self.place(b));
        if a.is_empty() || b.is_empty() {
            return 0.0;
        }
        let mut best = (vec![0f32; a.len()], vec![0f32; b.len()]);
        for (one, best_of_one) in a.iter().zip(&mut best.0) {
            for (other, best_of_other) in b.iter().zip(&mut best.1) {
                let alike = match (&one.unit, &other.unit) {
                    _ if one.word == other.word => 1.0,
                    (Some(one), Some(other)) => one.iter().zip(other).map(|(a, b)| a * b).sum(),
                    _ => 0.0,
                };
                *best_of_one = best_of_one.max(alike);
                *best_of_other = best_of_other.max(alike);
            }
        }
        let mean = |places: &[Placed], best: &[f32]| {
            let found: f32 = places.iter().zip(best).map(|(place, best)| place.weight * best).sum();
            found / places.iter().map(|place| place.weight).sum::<f32>()
        };
        (mean(&a, &best.0) + mean(&b, &best.1)) / 2.0
    }
}

#[cfg(test)]
mod tests {
    use math::Factors;

    use super::*;
    use crate::vectors::vocabulary::Vocabulary;

    /// cat and dog at 60 degrees; the is at a right angle to both. By hand, with a = 1 and 12 words: the 1/1.5, others 1/1.25.
    #[test]
    fn each_word_finds_its_counterpart() {
        let words = ["the", "cat", "dog"].map(str::to_owned).to_vec();
        let mut vectors = Factors::zeros(3, 3);
        for (row, values) in [[0.0, 0.0, 2.0], [3.0, 0.0, 0.0], [0.5, 0.75f32.sqrt(), 0.0]].iter().enumerate() {
            vectors.row_mut(row)[..3].copy_from_slice(values);
        }
        let vectors = WordVectors::new(Vocabulary::new(words, vec![6, 3, 3]).unwrap(), vectors, None).unwrap();
        let by_spaces = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let aligner = WordAligner::new(Arc::new(vectors), Arc::new(by_spaces), 1.0);
        let (the, other) = (1.0 / 1.5, 1.0 / 1.25);
        let expected = (the + other * 0.5) / (the + other);
        assert!((aligner.similarity("the cat", "dog the") - expected).abs() < 1e-6);
        assert!((aligner.similarity("cat new", "new cat") - 1.0).abs() < 1e-6);
        assert!((aligner.similarity("cat", "dog dog") - 0.5).abs() < 1e-6);
        assert_eq!((aligner.similarity("", "cat"), aligner.similarity("new", "old")), (0.0, 0.0));
        assert!(aligner.similarity(&"cat ".repeat(100_000), &"dog ".repeat(100_000)) > 0.4);
    }
}
