//! Embeddings of ids learned from sequences of ids: what stands in the same company gets a similar vector. Skip-gram and
//! CBOW, by negative sampling or hierarchical softmax (Mikolov, Sutskever, Chen, Corrado, Dean 2013), with sub-sampling
//! of frequent ids, windows of random width, and ids made of parts (Bojanowski, Grave, Joulin, Mikolov 2017).
//!
//! Knows neither words nor products, and reads no text.
//!
//! The same input and seed give the same vectors bit for bit, for any number of threads. Plain skip-gram with negative
//! sampling, the one that is trained on much, runs on all threads (see `blocks`): the ids are dealt into a fixed number of
//! blocks of equal weight, and threads work on pairs of blocks that have no row in common. No row is ever written by two
//! threads and no update is lost or late, so that the statistics are those of one thread. The other variants run on one
//! thread whatever was asked for (see `spans`).
//!
//! One difference from the original: the contexts of a position (of one block) meet the same negatives, and all steps of
//! such a meeting are taken at once, as a product of small matrices (Ji et al. 2016).

mod blocks;
mod draw;
mod huffman;
mod kernels;
mod lanes;
mod plan;
pub mod settings;
mod spans;
#[cfg(test)]
mod tests;
mod under_way;

use math::{Factors, Random};

use crate::NeuralError;
use kernels::Rows;

pub use under_way::{Counted, Reached, UnderWay, Watch};

/// What predicts what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Architecture {
    /// Each id of the context on its own predicts the one in the middle.
    SkipGram,
    /// The mean of the context predicts the one in the middle.
    Cbow,
}

/// How the one in the middle is told from the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// From so many others, drawn by their counts to a power.
    NegativeSampling { n_negatives: usize },
    /// By the turns to it in a Huffman tree of all ids.
    HierarchicalSoftmax,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedding {
    pub architecture: Architecture,
    pub loss: Loss,
    /// Length of the vectors, 1 to [`DIM_MAX`].
    pub dim: usize,
    /// Context to either side at most; the width is drawn from 1 to this for each position.
    pub window: usize,
    pub n_epochs: usize,
    /// An id that makes up a part f of all is kept with probability √(s/f) + s/f; 0 keeps all.
    pub sample: f64,
    /// The power of counts by which negatives are drawn, −2 to 2.
    pub power: f64,
    /// At the start; falls linearly to `learning_rate_end`.
    pub learning_rate: f32,
    pub learning_rate_end: f32,
    /// Blocks of ids for parallel work; 0: by the number of ids. Another number gives other (equally good) vectors.
    pub n_blocks: usize,
    pub seed: u64,
    pub n_threads: usize,
}

pub const DIM_MAX: usize = 4096;
pub const WINDOW_MAX: usize = 1000;
pub const NEGATIVES_MAX: usize = 1000;
pub const BLOCKS_MAX: usize = 64;
/// Ids of a sequence longer than this are trained on in parts of this length: windows do not cross the cuts.
pub const LENGTH_MAX: usize = plan::PIECE;

impl Default for Embedding {
    fn default() -> Self {
        Embedding {
            architecture: Architecture::SkipGram,
            loss: Loss::NegativeSampling { n_negatives: 5 },
            dim: 100,
            window: 5,
            n_epochs: 5,
            sample: 1e-3,
            power: 0.75,
            learning_rate: 0.025,
            learning_rate_end: 1e-4,
            n_blocks: 0,
            seed: 1,
            n_threads: 2,
        }
    }
}

/// Sequences of ids, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Sequences<'a> {
    pub ids: &'a [u32],
    /// Where each sequence ends in `ids`; ascending, the last is the length of `ids`.
    pub ends: &'a [usize],
}

/// What ids are made of: the vector of an id is the mean of the rows of its parts. Shape: (n_ids, n_rows), sparse.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    /// The parts of id `i` are `rows[starts[i]..starts[i + 1]]`. Shape: (n_ids + 1).
    pub starts: Vec<usize>,
    pub rows: Vec<u32>,
    pub n_rows: usize,
}

impl Parts {
    pub fn of(&self, id: usize) -> &[u32] {
        &self.rows[self.starts[id]..self.starts[id + 1]]
    }
}

/// What was learned.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedded {
    /// The vectors. Shape: (n_ids, dim), or with parts (n_rows of the parts, dim). Ids (or parts) that no sequence holds
    /// keep the small random vector they began with.
    pub input: Factors,
    /// What predicts an id from its context. Shape: (n_ids, dim), or (n_ids − 1, dim) for hierarchical softmax.
    pub output: Factors,
    /// The mean loss of a pair in each epoch, from a part of the steps. Shape: (n_epochs).
    pub losses: Vec<f64>,
}

/// Called with the share done, 0 to 1; `false` cancels.
pub type Progress<'a> = &'a (dyn Fn(f64) -> bool + Sync);

/// Learns vectors of the ids `0..n_ids` (commonly the most frequent first, which keeps memory accesses near each other).
///
/// # Errors
/// If a setting is out of range, the sequences or parts do not fit the ids, nothing is left to learn from, `progress`
/// said stop, or the vectors ceased to be finite.
pub fn embed(
    sequences: Sequences,
    n_ids: usize,
    parts: Option<&Parts>,
    wanted: &Embedding,
    progress: Progress,
) -> Result<Embedded, NeuralError> {
    embed_from(sequences, n_ids, parts, wanted, None, &|reached| progress(reached.share))
}

/// As [`embed`], going on from what an earlier run had reached, whose input and settings were these: what comes out is
/// then the same bit for bit as from one run. `watch` is told how far it is, may take what was reached, and says whether
/// to go on.
///
/// # Errors
/// As [`embed`], and if what was reached does not fit input and settings.
pub fn embed_from(
    sequences: Sequences,
    n_ids: usize,
    parts: Option<&Parts>,
    wanted: &Embedding,
    from: Option<&UnderWay>,
    watch: Watch,
) -> Result<Embedded, NeuralError> {
    check(&sequences, n_ids, parts, wanted)?;
    let counts = counts(sequences.ids, n_ids);
    let run = || match (wanted.architecture, wanted.loss, parts) {
        (Architecture::SkipGram, Loss::NegativeSampling { n_negatives }, None) => {
            blocks::run(sequences, &counts, n_negatives, wanted, (from, watch))
        }
        _ => spans::run(sequences, &counts, parts, wanted, (from, watch)),
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(wanted.n_threads.max(1)).build();
    let embedded = pool.map_err(|error| NeuralError::unfit("threads", wanted.n_threads, error))?.install(run)?;
    let is_finite = |factors: &Factors| factors.values.iter().all(|value| value.is_finite());
    if !(is_finite(&embedded.input) && is_finite(&embedded.output)) {
        return Err(NeuralError::Diverged { step: wanted.n_epochs as u64, loss: f32::NAN });
    }
    Ok(embedded)
}

fn counts(ids: &[u32], n_ids: usize) -> Vec<u64> {
    let mut counts = vec![0u64; n_ids];
    ids.iter().for_each(|&id| counts[id as usize] += 1);
    counts
}

fn check(sequences: &Sequences, n_ids: usize, parts: Option<&Parts>, wanted: &Embedding) -> Result<(), NeuralError> {
    let within = |what, found: usize, min: usize, max: usize| match found {
        found if (min..=max).contains(&found) => Ok(()),
        _ => Err(NeuralError::unfit(what, found, format!("{min} to {max}"))),
    };
    within("length of the vectors", wanted.dim, 1, DIM_MAX)?;
    within("window", wanted.window, 1, WINDOW_MAX)?;
    within("number of blocks", wanted.n_blocks, 0, BLOCKS_MAX)?;
    within("epochs", wanted.n_epochs, 1, 1_000_000)?;
    if let Loss::NegativeSampling { n_negatives } = wanted.loss {
        within("negatives", n_negatives, 1, NEGATIVES_MAX)?;
    }
    for (what, rate) in [("learning rate", wanted.learning_rate), ("last learning rate", wanted.learning_rate_end)] {
        if !(rate.is_finite() && (0.0..=10.0).contains(&rate)) {
            return Err(NeuralError::unfit(what, rate, "0 to 10"));
        }
    }
    if !(wanted.sample.is_finite() && wanted.sample >= 0.0) {
        return Err(NeuralError::unfit("sample", wanted.sample, "0 or more"));
    }
    if !(-2.0..=2.0).contains(&wanted.power) {
        return Err(NeuralError::unfit("power", wanted.power, "-2 to 2"));
    }
    if sequences.ids.is_empty() || n_ids == 0 {
        return Err(NeuralError::unfit("sequences", "no id", "at least one"));
    }
    if n_ids > u32::MAX as usize / 2 {
        return Err(NeuralError::unfit("number of ids", n_ids, format!("at most {}", u32::MAX / 2)));
    }
    if let Some(id) = sequences.ids.iter().find(|id| **id as usize >= n_ids) {
        return Err(NeuralError::unfit("id", id, format!("0 to {}", n_ids - 1)));
    }
    let ascends = sequences.ends.is_sorted() && sequences.ends.last() == Some(&sequences.ids.len());
    if !ascends {
        return Err(NeuralError::unfit("ends of sequences", "other", "ascending, the last the number of ids"));
    }
    parts.map_or(Ok(()), |parts| check_parts(parts, n_ids))
}

fn check_parts(parts: &Parts, n_ids: usize) -> Result<(), NeuralError> {
    let fits = parts.starts.len() == n_ids + 1
        && parts.starts.is_sorted()
        && parts.starts[0] == 0
        && parts.starts[n_ids] == parts.rows.len();
    if !fits {
        return Err(NeuralError::unfit("starts of parts", parts.starts.len(), format!("ascending, {}", n_ids + 1)));
    }
    if parts.n_rows > u32::MAX as usize / 2 {
        return Err(NeuralError::unfit("rows of parts", parts.n_rows, format!("at most {}", u32::MAX / 2)));
    }
    if let Some(row) = parts.rows.iter().find(|row| **row as usize >= parts.n_rows) {
        return Err(NeuralError::unfit("row of a part", row, format!("less than {}", parts.n_rows)));
    }
    Ok(())
}

/// The learning rate once so many of all ids are done.
fn rate_at(wanted: &Embedding, n_done: u64, n_all: u64) -> f32 {
    let left = 1.0 - n_done as f32 / n_all.max(1) as f32;
    wanted.learning_rate_end + (wanted.learning_rate - wanted.learning_rate_end) * left
}

/// First vectors: uniform within half a length's part of 0.
fn fill_with_noise(row: &mut [f32], random: &mut Random) {
    let scale = 1.0 / row.len() as f32;
    row.fill_with(|| (random.uniform() as f32 - 0.5) * scale);
}

/// Rows as they are handed out, `row_of` saying where each stands.
fn to_factors(n: usize, dim: usize, row_of: impl Fn(usize) -> (usize, usize), blocks: &[&Rows]) -> Factors {
    let mut factors = Factors::zeros(n, dim);
    for at in 0..n {
        let (block, row) = row_of(at);
        factors.row_mut(at)[..dim].copy_from_slice(&blocks[block].row(row)[..dim]);
    }
    factors
}
