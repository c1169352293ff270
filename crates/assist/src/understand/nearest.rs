//! The nearest examples of a text by the words they share: TF-IDF of words and pairs of words, by cosine, over an inverted
//! index. It says how near and of which class they are, not what follows from it.

use language::classify::ngrams::{Cutter, Grams, Unit, word_key};
use language::classify::{Example, TextClassifier};
use rustc_hash::FxHashMap;

const GRAMS: Grams = Grams::new(Unit::Word, 1, 2);
const WORDS: Grams = Grams::new(Unit::Word, 1, 1);
/// Neighbours looked at.
const N_NEAR: usize = 10;

/// Examples by their words.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Nearest {
    /// From an n-gram's key to its number.
    columns: FxHashMap<u64, u32>,
    /// Shape: (n-grams). Inverse document frequency.
    idf: Vec<f32>,
    /// Of each n-gram: examples with it, ascending, and what it weighs there.
    postings: Vec<Vec<(u32, f32)>>,
    /// Of each example: its class, a number of the classifier's.
    classes: Vec<u32>,
}

/// What the neighbours say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Near {
    /// Cosine of the nearest example inside, 0 to 1.
    pub first: f64,
    /// The mean of the five nearest inside.
    pub mean: f64,
    /// How much of the ten nearest, by their cosines, is of the class asked about.
    pub agreement: f64,
    /// Cosine of the nearest example of the outside.
    pub outside: f64,
    /// The part of the text's words, by what they weigh, that examples have.
    pub known: f64,
    pub n_words: usize,
}

impl Nearest {
    /// Examples whose label the classifier does not have are left out.
    pub fn of(examples: &[Example], classifier: &TextClassifier) -> Self {
        let class = |label: &str| classifier.classes().binary_search_by(|own| own.as_str().cmp(label)).ok();
        let rows = examples.iter().filter_map(|example| Some((example.text, class(example.label)? as u32)));
        let (texts, classes): (Vec<&str>, Vec<u32>) = rows.unzip();
        let mut nearest = Nearest { classes, ..Nearest::default() };
        let mut cutter = Cutter::default();
        for (row, text) in texts.iter().enumerate() {
            for &(key, count) in cutter.count(text, &GRAMS) {
                let next = nearest.columns.len() as u32;
                let column = *nearest.columns.entry(key).or_insert(next) as usize;
                if column == nearest.postings.len() {
                    nearest.postings.push(Vec::new());
                }
                nearest.postings[column].push((row as u32, 1.0 + (count as f32).ln()));
            }
        }
        nearest.weigh(texts.len());
        nearest
    }

    /// From counts to TF-IDF of length 1.
    fn weigh(&mut self, n: usize) {
        let n_all = n as f32;
        self.idf = self.postings.iter().map(|rows| ((1.0 + n_all) / (1.0 + rows.len() as f32)).ln() + 1.0).collect();
        let mut squares = vec![0f32; n];
        for (rows, idf) in self.postings.iter_mut().zip(&self.idf) {
            for (row, weight) in rows {
                *weight *= idf;
                squares[*row as usize] += *weight * *weight;
            }
        }
        for (row, weight) in self.postings.iter_mut().flatten() {
            *weight /= squares[*row as usize].sqrt();
        }
    }

    /// What the neighbours of a text say about `class`.
    pub fn of_text(&self, text: &str, class: usize, outside: Option<usize>, cutter: &mut Cutter) -> Near {
        let (known, n_words) = self.known(text, cutter);
        let mut row: Vec<(u32, f32)> = Vec::new();
        let mut square = 0f32;
        let rarest = (1.0 + self.classes.len() as f32).ln() + 1.0;
        for &(key, count) in cutter.count(text, &GRAMS) {
            let column = self.columns.get(&key);
            let weight = (1.0 + (count as f32).ln()) * column.map_or(rarest, |&column| self.idf[column as usize]);
            square += weight * weight;
            row.extend(column.map(|&column| (column, weight)));
        }
        let length = square.sqrt().max(f32::MIN_POSITIVE);
        let mut cosines = vec![0f32; self.classes.len()];
        for (column, weight) in row {
            for &(row, own) in &self.postings[column as usize] {
                cosines[row as usize] += own * weight / length;
            }
        }
        Near { known, n_words, ..self.near(&cosines, class, outside) }
    }

    /// Examples that have a word of ASCII letters and digits.
    pub fn n_with(&self, word: &[u8]) -> u32 {
        self.columns.get(&word_key(word)).map_or(0, |&column| self.postings[column as usize].len() as u32)
    }

    fn near(&self, cosines: &[f32], class: usize, outside: Option<usize>) -> Near {
        // The best inside, best first; one more sign for the outside.
        let mut best: Vec<(f32, u32)> = Vec::with_capacity(N_NEAR + 1);
        let mut nearest_outside = 0f32;
        for (&cosine, &own) in cosines.iter().zip(&self.classes) {
            if cosine <= 0.0 {
                continue;
            }
            if Some(own as usize) == outside {
                nearest_outside = nearest_outside.max(cosine);
                continue;
            }
            if best.len() == N_NEAR && cosine <= best[N_NEAR - 1].0 {
                continue;
            }
            let at = best.partition_point(|&(other, _)| other >= cosine);
            best.insert(at, (cosine, own));
            best.truncate(N_NEAR);
        }
        let sum: f64 = best.iter().map(|&(cosine, _)| f64::from(cosine)).sum();
        let agreed: f64 = best.iter().filter(|near| near.1 as usize == class).map(|near| f64::from(near.0)).sum();
        Near {
            first: best.first().map_or(0.0, |near| f64::from(near.0)),
            mean: best.iter().take(5).map(|near| f64::from(near.0)).sum::<f64>() / 5.0,
            agreement: if sum > 0.0 { agreed / sum } else { 0.0 },
            outside: f64::from(nearest_outside),
            ..Near::default()
        }
    }

    fn known(&self, text: &str, cutter: &mut Cutter) -> (f64, usize) {
        let rarest = f64::from((1.0 + self.classes.len() as f32).ln() + 1.0);
        let words = cutter.count(text, &WORDS);
        let (mut known, mut all) = (0.0, 0.0);
        for (key, _) in words {
            let weight = self.columns.get(key).map(|&column| f64::from(self.idf[column as usize]));
            known += weight.unwrap_or(0.0);
            all += weight.unwrap_or(rarest);
        }
        (if all > 0.0 { known / all } else { 0.0 }, words.len())
    }
}

impl Nearest {
    /// Numbers of examples and n-grams (u64 each), classes (u32), then of each n-gram its key (u64), idf (f32), number of
    /// examples (u32) and these (u32, f32). Little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut keys = vec![0u64; self.columns.len()];
        self.columns.iter().for_each(|(key, column)| keys[*column as usize] = *key);
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&(self.classes.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&(keys.len() as u64).to_le_bytes());
        self.classes.iter().for_each(|class| bytes.extend_from_slice(&class.to_le_bytes()));
        for ((key, idf), rows) in keys.iter().zip(&self.idf).zip(&self.postings) {
            bytes.extend_from_slice(&key.to_le_bytes());
            bytes.extend_from_slice(&idf.to_le_bytes());
            bytes.extend_from_slice(&(rows.len() as u32).to_le_bytes());
            for (row, weight) in rows {
                bytes.extend_from_slice(&row.to_le_bytes());
                bytes.extend_from_slice(&weight.to_le_bytes());
            }
        }
        bytes
    }

    /// None if the bytes are not those of examples of so many classes. Nothing is allocated for what is not there.
    pub fn from_bytes(mut bytes: &[u8], n_classes: usize) -> Option<Self> {
        let mut nearest = Nearest::default();
        let n_rows = usize::try_from(u64::from_le_bytes(take(&mut bytes)?)).ok()?;
        let n_columns = usize::try_from(u64::from_le_bytes(take(&mut bytes)?)).ok()?;
        for _ in 0..n_rows {
            let class = u32::from_le_bytes(take(&mut bytes)?);
            nearest.classes.push(Some(class).filter(|class| (*class as usize) < n_classes)?);
        }
        for column in 0..n_columns {
            let key = u64::from_le_bytes(take(&mut bytes)?);
            nearest.columns.insert(key, u32::try_from(column).ok()?);
            nearest.idf.push(finite(&mut bytes)?);
            let n = u32::from_le_bytes(take(&mut bytes)?);
            let mut rows = Vec::new();
            for _ in 0..n {
                let row = u32::from_le_bytes(take(&mut bytes)?);
                rows.push((Some(row).filter(|row| (*row as usize) < n_rows)?, finite(&mut bytes)?));
            }
            nearest.postings.push(rows);
        }
        (bytes.is_empty() && nearest.columns.len() == n_columns).then_some(nearest)
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*taken)
}

fn finite(bytes: &mut &[u8]) -> Option<f32> {
    Some(f32::from_le_bytes(take(bytes)?)).filter(|value| value.is_finite())
}
