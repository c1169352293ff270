//! Words with their vectors: looking one up (also of words never seen, by their pieces), the nearest, analogies. How the
//! vectors were learned is not known here.

use math::{Factors, top_k::TopK};
use rustc_hash::FxHashMap;

use super::subwords::Subwords;
use super::vocabulary::Vocabulary;
use crate::LanguageError;

/// Vectors of words, fitted or read. Shape: (n_words, dim).
#[derive(Clone, Debug, PartialEq)]
pub struct WordVectors {
    vocabulary: Vocabulary,
    vectors: Factors,
    /// The vectors at length 1, or 0 where they are 0.
    units: Factors,
    pieces: Option<Pieces>,
}

/// Vectors of pieces of words, of those buckets alone that training met.
#[derive(Clone, Debug, PartialEq)]
pub struct Pieces {
    pub subwords: Subwords,
    /// Ascending.
    pub buckets: Vec<u32>,
    /// Shape: (n_buckets met, dim).
    pub vectors: Factors,
    rows: FxHashMap<u32, u32>,
}

impl Pieces {
    /// # Errors
    /// If buckets do not ascend, are out of range, or vectors and buckets differ in number.
    pub fn new(subwords: Subwords, buckets: Vec<u32>, vectors: Factors) -> Result<Self, LanguageError> {
        let ascends = buckets.windows(2).all(|pair| pair[0] < pair[1]);
        if !ascends || buckets.last().is_some_and(|&last| last >= subwords.n_buckets) {
            return Err(LanguageError::unfit("buckets", "other", format!("ascending, below {}", subwords.n_buckets)));
        }
        if vectors.n_rows != buckets.len() {
            let allowed = format!("one for each of {} buckets", buckets.len());
            return Err(LanguageError::unfit("vectors of pieces", vectors.n_rows, allowed));
        }
        let rows = buckets.iter().copied().zip(0..).collect();
        Ok(Pieces { subwords, buckets, vectors, rows })
    }
}

/// How an analogy's parts are put together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Analogy {
    /// The sum of cosines, those of the negative words with a minus (Mikolov, Yih, Zweig 2013).
    Add,
    /// The product of cosines over that of the negative words (Levy and Goldberg 2014, eq. 4).
    Mul,
}

/// What keeps [`Analogy::Mul`] from dividing by 0.
const EPSILON: f32 = 1e-3;

/// The vector at length 1; 0 stays 0.
pub(crate) fn to_unit(vector: &mut [f32]) {
    let square: f64 = vector.iter().map(|&value| f64::from(value).powi(2)).sum();
    if square > 0.0 {
        let times = (1.0 / square.sqrt()) as f32;
        vector.iter_mut().for_each(|value| *value *= times);
    }
}

impl WordVectors {
    /// # Errors
    /// If vectors and words differ in number, a value is not finite, or pieces have vectors of another length.
    pub fn new(vocabulary: Vocabulary, vectors: Factors, pieces: Option<Pieces>) -> Result<Self, LanguageError> {
        if vectors.n_rows != vocabulary.len() {
            let allowed = format!("one for each of {} words", vocabulary.len());
            return Err(LanguageError::unfit("vectors", vectors.n_rows, allowed));
        }
        let of_pieces = pieces.as_ref().map_or(&[][..], |pieces| &pieces.vectors.values);
        if let Some(value) = vectors.values.iter().chain(of_pieces).find(|value| !value.is_finite()) {
            return Err(LanguageError::unfit("value of a vector", value, "finite values"));
        }
        if let Some(pieces) = pieces.as_ref().filter(|pieces| pieces.vectors.n_factors != vectors.n_factors) {
            let found = pieces.vectors.n_factors;
            return Err(LanguageError::unfit("length of pieces' vectors", found, vectors.n_factors));
        }
        let mut units = vectors.clone();
        (0..units.n_rows).for_each(|row| to_unit(units.row_mut(row)));
        Ok(WordVectors { vocabulary, vectors, units, pieces })
    }

    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    pub fn dim(&self) -> usize {
        self.vectors.n_factors
    }

    /// Shape: (n_words, dim).
    pub fn vectors(&self) -> &Factors {
        &self.vectors
    }

    pub fn pieces(&self) -> Option<&Pieces> {
        self.pieces.as_ref()
    }

    /// The vector of a word of the vocabulary. Shape: (dim).
    pub fn known(&self, word: &str) -> Option<&[f32]> {
        self.vocabulary.id(word).map(|id| self.of_id(id))
    }

    pub fn of_id(&self, id: u32) -> &[f32] {
        &self.vectors.row(id as usize)[..self.dim()]
    }

    /// The vector of a word: its own, or the mean of its pieces that training met. Shape: (dim).
    pub fn vector(&self, word: &str) -> Option<Vec<f32>> {
        if let Some(known) = self.known(word) {
            return Some(known.to_vec());
        }
        let pieces = self.pieces.as_ref()?;
        let rows: Vec<u32> =
            pieces.subwords.buckets(word).iter().filter_map(|bucket| pieces.rows.get(bucket)).copied().collect();
        if rows.is_empty() {
            return None;
        }
        let mut mean = vec![0f32; self.dim()];
        for &row in &rows {
            mean.iter_mut().zip(pieces.vectors.row(row as usize)).for_each(|(sum, value)| *sum += value);
        }
        mean.iter_mut().for_each(|sum| *sum /= rows.len() as f32);
        Some(mean)
    }

    /// The cosine of two words; `None` if one has no vector.
    pub fn similarity(&self, a: &str, b: &str) -> Option<f32> {
        let (mut a, mut b) = (self.vector(a)?, self.vector(b)?);
        to_unit(&mut a);
        to_unit(&mut b);
        Some(a.iter().zip(&b).map(|(a, b)| a * b).sum())
    }

    /// The `k` words nearest to a vector by cosine, best first, ties by id, without the ids in `without`.
    ///
    /// # Errors
    /// If the vector has another length.
    pub fn nearest(&self, vector: &[f32], k: usize, without: &[u32]) -> Result<Vec<(u32, f32)>, LanguageError> {
        if vector.len() != self.dim() {
            return Err(LanguageError::unfit("length of the vector", vector.len(), self.dim()));
        }
        Ok(self.best(&self.cosines(vector), k, without))
    }

    /// The `k` words most like `word`, best first, without itself.
    ///
    /// # Errors
    /// If the word has no vector.
    pub fn similar(&self, word: &str, k: usize) -> Result<Vec<(&str, f32)>, LanguageError> {
        let vector = self.vector(word).ok_or_else(|| self.unknown(word))?;
        let own: Vec<u32> = self.vocabulary.id(word).into_iter().collect();
        Ok(self.spell(self.nearest(&vector, k, &own)?))
    }

    /// The `k` words that are to `positive` as they should be and not to `negative`: of king, woman and not man, queen.
    ///
    /// # Errors
    /// If no word is given, or one has no vector.
    pub fn analogy(
        &self,
        positive: &[&str],
        negative: &[&str],
        k: usize,
        by: Analogy,
    ) -> Result<Vec<(&str, f32)>, LanguageError> {
        if positive.is_empty() && negative.is_empty() {
            return Err(LanguageError::unfit("words of an analogy", "none", "at least one"));
        }
        let unit = |word: &&str| {
            let mut vector = self.vector(word).ok_or_else(|| self.unknown(word))?;
            to_unit(&mut vector);
            Ok::<_, LanguageError>(vector)
        };
        let (for_it, against): (Vec<_>, Vec<_>) = (
            positive.iter().map(unit).collect::<Result<_, _>>()?,
            negative.iter().map(unit).collect::<Result<_, _>>()?,
        );
        let scores = match by {
            Analogy::Add => {
                let mut sum = vec![0f32; self.dim()];
                for (vectors, sign) in [(&for_it, 1.0), (&against, -1.0)] {
                    for vector in vectors {
                        sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum += sign * value);
                    }
                }
                self.cosines(&sum)
            }
            Analogy::Mul => {
                let mut scores = vec![1f32; self.vocabulary.len()];
                // Cosines are brought into 0 to 1, so that two that are below 0 do not make a good product.
                for vector in &for_it {
                    let cosines = self.cosines(vector);
                    scores.iter_mut().zip(cosines).for_each(|(score, cosine)| *score *= (1.0 + cosine) / 2.0);
                }
                for vector in &against {
                    let cosines = self.cosines(vector);
                    let divide = |(score, cosine): (&mut f32, f32)| *score /= (1.0 + cosine) / 2.0 + EPSILON;
                    scores.iter_mut().zip(cosines).for_each(divide);
                }
                scores
            }
        };
        let mut given: Vec<u32> = positive.iter().chain(negative).filter_map(|word| self.vocabulary.id(word)).collect();
        given.sort_unstable();
        Ok(self.spell(self.best(&scores, k, &given)))
    }

    /// The cosine of every word with a vector. Shape: (n_words).
    fn cosines(&self, vector: &[f32]) -> Vec<f32> {
        let mut unit = vec![0f32; self.units.stride];
        unit[..vector.len()].copy_from_slice(vector);
        to_unit(&mut unit);
        let mut cosines = vec![0f32; self.units.n_rows];
        if !cosines.is_empty() {
            self.units.dot_all(&unit, &mut cosines);
        }
        cosines
    }

    fn best(&self, scores: &[f32], k: usize, without: &[u32]) -> Vec<(u32, f32)> {
        let mut best = TopK::with_floor(k, f32::MIN);
        let left = (0..).zip(scores).filter(|(id, _)| !without.contains(id));
        left.for_each(|(id, &score)| best.offer(id, score));
        best.into_sorted()
    }

    fn spell(&self, found: Vec<(u32, f32)>) -> Vec<(&str, f32)> {
        found.into_iter().map(|(id, score)| (self.vocabulary.word(id), score)).collect()
    }

    fn unknown(&self, word: &str) -> LanguageError {
        let shown: String = word.chars().take(40).collect();
        let allowed = match self.pieces {
            Some(_) => format!("one of {} words, or one that shares a piece with them", self.vocabulary.len()),
            None => format!("one of {} words", self.vocabulary.len()),
        };
        LanguageError::unfit("word", format!("'{shown}'"), allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn factors(rows: &[&[f32]]) -> Factors {
        let mut factors = Factors::zeros(rows.len(), rows[0].len());
        rows.iter().enumerate().for_each(|(at, row)| factors.row_mut(at)[..row.len()].copy_from_slice(row));
        factors
    }

    fn words(words: &[&str]) -> Vocabulary {
        Vocabulary::new(words.iter().map(|word| (*word).to_owned()).collect(), vec![1; words.len()]).unwrap()
    }

    /// Royalty on one axis, sex on the other, and something else.
    fn court() -> WordVectors {
        let rows: [&[f32]; 5] =
            [&[3.0, 1.0, 0.1], &[3.0, -1.0, 0.1], &[0.0, 1.0, 0.1], &[0.0, -1.0, 0.1], &[0.0, 0.0, 1.0]];
        WordVectors::new(words(&["king", "queen", "man", "woman", "apple"]), factors(&rows), None).unwrap()
    }

    #[test]
    fn king_is_to_man_as_queen_to_woman() {
        let vectors = court();
        for by in [Analogy::Add, Analogy::Mul] {
            let found = vectors.analogy(&["king", "woman"], &["man"], 1, by).unwrap();
            assert_eq!(found[0].0, "queen", "{by:?}");
        }
        assert!(vectors.analogy(&[], &[], 1, Analogy::Add).is_err());
        assert!(
            vectors.analogy(&["king", "emperor"], &[], 1, Analogy::Add).unwrap_err().to_string().contains("emperor")
        );
    }

    #[test]
    fn the_nearest_come_first_and_never_the_word_itself() {
        let vectors = court();
        let similar = vectors.similar("king", 9).unwrap();
        assert_eq!((similar.len(), similar[0].0), (4, "queen"));
        assert!(similar.windows(2).all(|pair| pair[0].1 >= pair[1].1));
        assert!((vectors.similarity("king", "king").unwrap() - 1.0).abs() < 1e-6);
        assert!(vectors.nearest(&[1.0], 3, &[]).is_err());
        assert!(vectors.similar("king", 0).unwrap().is_empty());
        assert_eq!(vectors.nearest(&[0.0; 3], 2, &[]).unwrap().len(), 2);
    }

    #[test]
    fn words_never_seen_are_their_pieces() {
        let subwords = Subwords::new(1, 1, 1 << 20).unwrap();
        let (a, b) = (subwords.buckets("手")[0], subwords.buckets("机")[0]);
        let mut rows = [(a, [1.0f32, 0.0]), (b, [0.0, 3.0])];
        rows.sort_by_key(|row| row.0);
        let of_pieces = factors(&[&rows[0].1, &rows[1].1]);
        let pieces = Pieces::new(subwords, rows.iter().map(|row| row.0).collect(), of_pieces).unwrap();
        let vectors = WordVectors::new(words(&["手机"]), factors(&[&[0.5, 1.5]]), Some(pieces)).unwrap();
        assert_eq!(vectors.vector("机手").unwrap(), [0.5, 1.5]);
        assert_eq!(vectors.vector("机").unwrap(), [0.0, 3.0]);
        assert_eq!((vectors.vector("x"), vectors.known("机")), (None, None));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let of = |rows: &[&[f32]]| WordVectors::new(words(&["a", "b"]), factors(rows), None);
        assert!(of(&[&[1.0]]).unwrap_err().to_string().contains("one for each of 2 words"));
        assert!(of(&[&[1.0], &[f32::NAN]]).unwrap_err().to_string().contains("NaN"));
        let subwords = Subwords::new(1, 2, 10).unwrap();
        assert!(Pieces::new(subwords, vec![3, 1], factors(&[&[1.0], &[1.0]])).is_err());
        assert!(Pieces::new(subwords, vec![3, 10], factors(&[&[1.0], &[1.0]])).is_err());
        assert!(Pieces::new(subwords, vec![3], factors(&[&[1.0], &[1.0]])).is_err());
    }
}
