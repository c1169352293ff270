//! A reader as bytes and back: a safetensors file as models are (see [`neural::checkpoint`]) of the kind
//! `seq2seq.read_back`. Its metadata have the n-grams in the order of their columns, and for each source word by what it is
//! read; its tensors the weights that were learned and their biases.

use neural::checkpoint::{Archive, to_bytes};
use neural::{Builder, Matrix};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::{GRAMS_MAX, ORDER, ReadBack, Reader, Signs, WAYS, WORDS_MAX};
use crate::LanguageError;
use crate::classify::linear::Linear;

const KIND: &str = "seq2seq.read_back";
/// Shape: (learned words, n-grams).
const WEIGHTS: &str = "weights";
/// Shape: (learned words, 1).
const BIAS: &str = "bias";

#[derive(Serialize, Deserialize)]
struct Meta {
    /// The weight's bits, which text keeps exactly.
    weight: u32,
    say_all: bool,
    grams: Vec<[u32; ORDER]>,
    words: Vec<(u32, Read)>,
}

/// By what a word is read.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Read {
    Same(u32),
    /// By the next row of weights; the words it is said with.
    Learned(Vec<u32>),
}

impl Reader {
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut grams: Vec<([u32; ORDER], u32)> =
            self.read_back.columns.iter().map(|(gram, at)| (*gram, *at)).collect();
        grams.sort_unstable_by_key(|gram| gram.1);
        let (mut weights, mut bias, mut words) = (Vec::new(), Vec::new(), Vec::new());
        for (word, signs) in &self.read_back.words {
            words.push(match signs {
                Signs::Same(other) => (*word, Read::Same(*other)),
                Signs::Learned(linear, ways) => {
                    weights.extend_from_slice(&linear.weights);
                    bias.extend_from_slice(&linear.bias);
                    (*word, Read::Learned(ways.clone()))
                }
            });
        }
        let n_columns = n_columns(grams.len());
        let weights = Matrix { n_rows: bias.len(), n_cols: n_columns, values: weights };
        let bias = Matrix { n_rows: bias.len(), n_cols: 1, values: bias };
        let grams = grams.into_iter().map(|gram| gram.0).collect();
        let meta = Meta { weight: self.weight.to_bits(), say_all: self.say_all, grams, words };
        let meta = serde_json::to_value(meta).expect("numbers are JSON");
        let nothing = Builder::fresh(0).finish();
        to_bytes(KIND, meta, &nothing, None, &[(WEIGHTS.to_owned(), &weights), (BIAS.to_owned(), &bias)])
    }

    /// A reader of sources and texts with so many different words.
    ///
    /// # Errors
    /// [`LanguageError::Corrupt`] and [`LanguageError::Neural`] if the bytes are not those of such a reader.
    pub fn from_bytes(bytes: &[u8], n_source_words: usize, n_target_words: usize) -> Result<Self, LanguageError> {
        let archive = Archive::open(bytes, KIND)?;
        let meta = Meta::deserialize(archive.meta())
            .map_err(|error| LanguageError::Corrupt(format!("its description: {error}")))?;
        meta.check(n_source_words, n_target_words)?;
        let n_learned = meta.words.iter().filter(|word| matches!(word.1, Read::Learned(_))).count();
        let n_columns = n_columns(meta.grams.len());
        let (weights, bias) = (archive.matrix(WEIGHTS, n_learned, n_columns)?, archive.matrix(BIAS, n_learned, 1)?);
        let mut learned = (0..n_learned).map(|row| Linear {
            n_classes: 2,
            n_columns,
            weights: weights.row(row).to_vec(),
            bias: bias.row(row).to_vec(),
        });
        let mut signs = |read: Read| match read {
            Read::Same(other) => Some(Signs::Same(other)),
            Read::Learned(ways) => Some(Signs::Learned(learned.next()?, ways)),
        };
        let words = meta.words.into_iter().filter_map(|(word, read)| Some((word, signs(read)?))).collect();
        let columns: FxHashMap<[u32; ORDER], u32> = meta.grams.into_iter().zip(0..).collect();
        Ok(Reader {
            read_back: ReadBack { columns, words },
            weight: f32::from_bits(meta.weight),
            say_all: meta.say_all,
        })
    }
}

/// Without n-grams there is a column of which no text has anything.
fn n_columns(n_grams: usize) -> usize {
    n_grams.max(1)
}

impl Meta {
    fn check(&self, n_source_words: usize, n_target_words: usize) -> Result<(), LanguageError> {
        let corrupt = |found: String| Err(LanguageError::Corrupt(found));
        let weight = f32::from_bits(self.weight);
        if !(weight.is_finite() && weight >= 0.0) {
            return corrupt(format!("its weight is {weight}, expected 0 or more"));
        }
        if self.grams.len() > GRAMS_MAX || self.words.len() > WORDS_MAX {
            let found = format!("{} n-grams and {} words", self.grams.len(), self.words.len());
            return corrupt(format!("{found}, expected at most {GRAMS_MAX} and {WORDS_MAX}"));
        }
        let mut grams: Vec<_> = self.grams.iter().collect();
        grams.sort_unstable();
        if grams.windows(2).any(|pair| pair[0] == pair[1]) {
            return corrupt("an n-gram stands twice".to_owned());
        }
        if !self.words.is_sorted_by(|one, next| one.0 < next.0) {
            return corrupt("its words are not in order".to_owned());
        }
        for (word, read) in &self.words {
            let said = match read {
                Read::Same(other) => std::slice::from_ref(other),
                Read::Learned(ways) => ways,
            };
            if said.len() > WAYS {
                return corrupt(format!("word {word} is said in {} ways, expected at most {WAYS}", said.len()));
            }
            let foreign = said.iter().find(|&&other| other as usize >= n_target_words);
            if *word as usize >= n_source_words || foreign.is_some() {
                let found = format!("word {} in vocabularies of", foreign.unwrap_or(word));
                return corrupt(format!("{found} {n_source_words} and {n_target_words}"));
            }
        }
        Ok(())
    }
}
