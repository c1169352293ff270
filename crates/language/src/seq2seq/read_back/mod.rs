//! Reads a text and tells which words of its source stand behind it, learned from pairs: what people left out when they
//! wrote, and what a model left out or made up. Knows no writer; whoever writes orders what was found by it.
//!
//! Of a source word that comes back as it is (a placeholder, a copied name) that is plain to see; of any other a logistic
//! regression over the text's words, pairs and triples decides. It does for attributes and values, which have few ways to
//! be said, what a recurrent reader does in Dušek and Jurčíček 2016 (section 4), and takes seconds.

mod bytes;
mod learn;
#[cfg(test)]
mod tests;

use rustc_hash::FxHashMap;

use super::decode::{Beam, Output, StepModel, beam, beam_each};
use crate::LanguageError;
use crate::classify::linear::Linear;

pub use learn::cut_to_said;

/// The longest n-grams looked at.
const ORDER: usize = 3;
/// The n-grams of most texts.
const GRAMS_MAX: usize = 32_768;
/// The source words of most sources; with as many n-grams as allowed their weights take 32 MiB.
const WORDS_MAX: usize = 256;
/// Words of texts kept for each source word that it is said with.
const WAYS: usize = 3;
/// Nobody is surer than this, so that one odd text cannot outweigh all else.
const SURE: f64 = 0.99;

/// A pair: the words of a source and those of its text.
pub type Pair = (Vec<u32>, Vec<u32>);

/// What of a source a text says.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadBack {
    columns: FxHashMap<[u32; ORDER], u32>,
    /// In the order of the words' ids.
    words: Vec<(u32, Signs)>,
}

/// What shows that a text says a word.
#[derive(Clone, Debug, PartialEq)]
enum Signs {
    /// This word of the text.
    Same(u32),
    /// Weights of n-grams, and the words it is most clearly said with.
    Learned(Linear, Vec<u32>),
}

impl ReadBack {
    /// The words that can be read back, with the probability that the text's source has them; 0 or 1 of words that come
    /// back as they are. In the order of their ids.
    pub fn probabilities(&self, text: &[u32]) -> Vec<(u32, f64)> {
        let row = self.row(text);
        let mut scores = Vec::new();
        let mut probability = |signs: &Signs| match signs {
            Signs::Same(other) => f64::from(u8::from(text.contains(other))),
            Signs::Learned(linear, _) => {
                linear.scores(row.iter().map(|&column| (column, 1.0)), &mut scores);
                1.0 / (1.0 + (-scores[0]).exp())
            }
        };
        self.words.iter().map(|(word, signs)| (*word, probability(signs))).collect()
    }

    /// The logarithm of the probability that the text's source has the words it has and no others, of those that can be
    /// read back.
    pub fn log_likelihood(&self, source: &[u32], text: &[u32]) -> f64 {
        let sure = |probability: f64| probability.clamp(1.0 - SURE, SURE);
        let each = self.probabilities(text).into_iter().map(|(word, probability)| {
            if source.contains(&word) { sure(probability).ln() } else { sure(1.0 - probability).ln() }
        });
        each.sum()
    }

    /// The words of the source that the text leaves out, and words it says that the source has not.
    pub fn differences(&self, source: &[u32], text: &[u32]) -> (Vec<u32>, Vec<u32>) {
        let (mut missing, mut added) = (Vec::new(), Vec::new());
        for (word, probability) in self.probabilities(text) {
            match (source.contains(&word), probability >= 0.5) {
                (true, false) => missing.push(word),
                (false, true) => added.push(word),
                _ => {}
            }
        }
        (missing, added)
    }

    /// Lists of phrases that must occur if the words in `missing` are to be said: in each list every word in another way.
    fn ways(&self, missing: &[u32]) -> Vec<Vec<Vec<u32>>> {
        let way = |word: u32, at: usize| {
            let place = self.words.binary_search_by_key(&word, |signs| signs.0).ok()?;
            let other = match &self.words[place].1 {
                Signs::Same(other) => other,
                Signs::Learned(_, ways) => ways.get(at).or(ways.last())?,
            };
            Some(vec![*other])
        };
        let all = |at| missing.iter().filter_map(|&word| way(word, at)).collect();
        let mut lists: Vec<Vec<Vec<u32>>> = (0..WAYS).map(all).collect();
        lists.dedup();
        lists
    }

    /// All that a beam finds for each source, best first by score and `weight` times how well the source can be read back
    /// ([`ReadBack::reorder`]). With `say_all`, where the best output of a source leaves something out, it is written again
    /// with words that this is said with, and what says all and nothing else comes before all others: surer to say everything,
    /// by texts that the model finds less likely. Nothing is asked for that would be said anyway.
    ///
    /// # Errors
    /// As [`beam`].
    pub fn write<M: StepModel>(
        &self,
        model: &M,
        sources: &[&[u32]],
        wanted: &Beam,
        weight: f32,
        say_all: bool,
    ) -> Result<Vec<Vec<Output>>, LanguageError> {
        let wanted = Beam { n_best: wanted.width, consensus: false, ..wanted.clone() };
        let mut found = beam(model, sources, &wanted)?;
        let (mut again, mut phrases) = (Vec::new(), Vec::new());
        for (at, (source, outputs)) in sources.iter().zip(&mut found).enumerate() {
            self.reorder(source, outputs, weight);
            let missing = outputs.first().map_or_else(Vec::new, |best| self.differences(source, &best.tokens).0);
            if say_all && !missing.is_empty() {
                let lists = self.ways(&missing);
                again.extend(lists.iter().map(|_| at));
                phrases.extend(lists);
            }
        }
        let repeated: Vec<&[u32]> = again.iter().map(|&at| sources[at]).collect();
        for (at, mut outputs) in again.into_iter().zip(beam_each(model, &repeated, &wanted, &phrases)?) {
            outputs.retain(|output| output.complete && found[at].iter().all(|known| known.tokens != output.tokens));
            self.reorder(sources[at], &mut outputs, weight);
            found[at].extend(outputs);
            found[at].sort_by(|a, b| b.score.total_cmp(&a.score));
        }
        if say_all {
            // A stable sort: either part keeps its order.
            let each = sources.iter().zip(&mut found);
            each.for_each(|(source, outputs)| outputs.sort_by_cached_key(|one| !self.is_whole(source, &one.tokens)));
        }
        Ok(found)
    }

    /// Whether a text says all of its source and nothing else, of what can be read back.
    pub fn is_whole(&self, source: &[u32], text: &[u32]) -> bool {
        let (missing, added) = self.differences(source, text);
        missing.is_empty() && added.is_empty()
    }

    /// The outputs that say all of the source and nothing else; all of them if none does. In their order.
    pub fn whole(&self, source: &[u32], outputs: &[Output]) -> Vec<Output> {
        let kept: Vec<Output> = outputs.iter().filter(|one| self.is_whole(source, &one.tokens)).cloned().collect();
        if kept.is_empty() { outputs.to_vec() } else { kept }
    }

    /// Orders outputs anew, best first: `weight` times how well the source can be read back is added to their scores.
    pub fn reorder(&self, source: &[u32], outputs: &mut [Output], weight: f32) {
        for output in outputs.iter_mut() {
            output.score += weight * self.log_likelihood(source, &output.tokens) as f32;
        }
        outputs.sort_by(|a, b| b.score.total_cmp(&a.score));
    }

    /// The n-grams that the text has, each once.
    fn row(&self, text: &[u32]) -> Vec<u32> {
        let mut row: Vec<u32> = n_grams(text).filter_map(|gram| self.columns.get(&gram).copied()).collect();
        row.sort_unstable();
        row.dedup();
        row
    }
}

/// A reader with how much is given to it: what a writer needs to order what it found.
#[derive(Clone, Debug, PartialEq)]
pub struct Reader {
    pub read_back: ReadBack,
    /// See [`ReadBack::write`].
    pub weight: f32,
    pub say_all: bool,
}

impl Reader {
    /// # Errors
    /// As [`ReadBack::write`].
    pub fn write<M: StepModel>(
        &self,
        model: &M,
        sources: &[&[u32]],
        wanted: &Beam,
    ) -> Result<Vec<Vec<Output>>, LanguageError> {
        self.read_back.write(model, sources, wanted, self.weight, self.say_all)
    }
}

/// Words, pairs and triples; places that are not used hold `u32::MAX`.
fn n_grams(text: &[u32]) -> impl Iterator<Item = [u32; ORDER]> + '_ {
    (1..=ORDER).flat_map(move |order| {
        text.windows(order).map(|window| {
            let mut gram = [u32::MAX; ORDER];
            gram[..window.len()].copy_from_slice(window);
            gram
        })
    })
}
