//! Writing with a trained model: the likeliest word each time (greedy), the likeliest sentences of several kept side by
//! side (beam), or words drawn at random (sampling). Knows nothing of how a model computes: whatever can take one step
//! for a batch of unfinished outputs can write.

mod beam;
mod best;
mod bound;
mod consensus;
mod ensemble;
mod one_by_one;
mod required;
mod rules;
#[cfg(test)]
mod tests;

pub use beam::{Beam, Stop, beam, beam_each};
pub use bound::{Bound, Follows, Plan};
pub use consensus::consensus;
pub use ensemble::{Ensemble, Together};
pub use one_by_one::{Sampling, greedy, sample};
pub use rules::Rules;

/// The id that fills up shorter sequences of a batch. Never written.
pub const PAD: u32 = 0;
/// The id fed first to a decoder. Never written.
pub const BEGIN: u32 = 1;
/// The id that ends a sequence. Written once, and not part of an output's tokens.
pub const END: u32 = 2;
/// The id that stands for every word outside the vocabulary.
pub const UNKNOWN: u32 = 3;

/// A model that writes one token at a time.
///
/// A state is a batch: row `i` belongs to the `i`th unfinished output. What all outputs of one source share (its encoded
/// words, their projected keys) is kept once a source, not once a row.
pub trait StepModel: Sync {
    /// What the outputs of a batch carry from step to step.
    type State;

    /// Encodes the sources and gives a batch with one row for each, which has written nothing. Sources come without
    /// [`END`], which models that learned with one append themselves. Ids that the model does not know count as
    /// [`UNKNOWN`]; a source may be empty.
    fn start(&self, sources: &[&[u32]]) -> Self::State;

    /// How many different ids can be written from this state: the vocabulary's size, and for a model that copies also the
    /// unknown words of its sources, numbered from the vocabulary's size on.
    fn n_words(&self, state: &Self::State) -> usize;

    /// Makes row `rows[i]` of the batch its new row `i`. A row may be named several times, or not at all, which ends it.
    fn select(&self, state: &mut Self::State, rows: &[u32]);

    /// Feeds `tokens[i]` to row `i` (at the first step: [`BEGIN`]) and writes what may come next into `next`.
    fn step(&self, state: &mut Self::State, tokens: &[u32], next: &mut Next);
}

/// What may come next in each row of a batch. Filled by [`StepModel::step`]; its memory is used again and again.
#[derive(Clone, Debug, Default)]
pub struct Next {
    /// Natural logarithms of probabilities. Shape: (n_rows, n_words).
    pub log_probabilities: Vec<f32>,
    /// How much each source position counted. Shape: (n_rows, source_len), where source_len is that of the longest source
    /// of the batch; 0 behind the end of a shorter one. Empty for models without attention.
    pub attention: Vec<f32>,
    /// The row length of `attention`; 0 for models without attention.
    pub source_len: usize,
}

/// How long outputs may become, in words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// [`END`] is impossible before so many words.
    pub min: usize,
    /// Not more words than this …
    pub max: usize,
    /// … plus this many for each word of the source.
    pub max_per_source_word: f32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { min: 0, max: 50, max_per_source_word: 2.0 }
    }
}

impl Limits {
    /// The most words of an output for a source of `source_len` words.
    pub fn max_for(&self, source_len: usize) -> usize {
        self.max.saturating_add((source_len as f32 * self.max_per_source_word) as usize)
    }
}

/// One written sequence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Output {
    /// Without [`BEGIN`] and [`END`].
    pub tokens: Vec<u32>,
    /// The natural logarithm of its probability under the model, [`END`] included if it was written.
    pub log_probability: f32,
    /// What outputs of one source were ordered by: the log-probability with the length and coverage that were asked for.
    pub score: f32,
    /// How much each source word counted for each token, and last for [`END`] if it was written. Shape: (n_tokens [+ 1],
    /// source_len); empty for models without attention.
    pub attention: Vec<f32>,
    /// Whether [`END`] was written; otherwise the longest length was reached, or nothing could follow.
    pub ended: bool,
    /// Whether every phrase that had to occur occurs.
    pub complete: bool,
}

/// The part of a batch's attention that belongs to row `row` and a source of `source_len` words.
fn attention_of(next: &Next, row: usize, source_len: usize) -> &[f32] {
    next.attention.get(row * next.source_len..).map_or(&[], |rest| &rest[..source_len.min(next.source_len)])
}
