//! Skip-gram with negative sampling on all threads without a row that two of them share: the ids are dealt into P blocks
//! of equal weight, and what a position and its contexts have to learn is sorted by (block of the position, block of the
//! contexts). In P rounds, each with P of the P² pairs of blocks that have nothing in common, all is learned; negatives
//! come from the position's own block (as with edges in GraphVite: Zhu, Xu, Qu, Tang 2019). P does not depend on the
//! number of threads, and neither does the result.

use math::Random;
use rayon::prelude::*;

use super::draw::{Alias, Keep};
use super::kernels::{Kernels, Meeting, Rows, Work};
use super::plan::{self, Piece};
use super::{Embedded, Embedding, Progress, Sequences, fill_with_noise, rate_at, to_factors};
use crate::NeuralError;

/// Fewer ids a block than this and chance would make blocks differ.
const BLOCK_MIN: usize = 64;
const BLOCKS: usize = 4;
/// Meetings for which memory is asked ahead.
const AHEAD: usize = 2;
/// Of so many meetings the loss of one is computed.
const WATCHED: usize = 64;
/// Draws of a negative until another id than the position's comes up.
const DRAWS: usize = 8;

/// Where each id stands.
struct Deal {
    n_blocks: usize,
    /// (block, row) of each id.
    places: Vec<(u32, u32)>,
    /// The ids of each block, most frequent first.
    members: Vec<Vec<u32>>,
}

impl Deal {
    /// P ids after the other, by falling count, go to the P blocks in random order.
    fn new(counts: &[u64], n_blocks: usize, seed: u64) -> Self {
        let mut order: Vec<u32> = (0..counts.len() as u32).collect();
        order.sort_by_key(|&id| (std::cmp::Reverse(counts[id as usize]), id));
        let mut random = Random::stream(seed, u64::MAX);
        let mut places = vec![(0, 0); counts.len()];
        let mut members = vec![Vec::new(); n_blocks];
        let mut blocks: Vec<u32> = (0..n_blocks as u32).collect();
        for ids in order.chunks(n_blocks) {
            random.shuffle(&mut blocks);
            for (&id, &block) in ids.iter().zip(&blocks) {
                let members: &mut Vec<u32> = &mut members[block as usize];
                places[id as usize] = (block, members.len() as u32);
                members.push(id);
            }
        }
        Deal { n_blocks, places, members }
    }
}

/// What is to be learned from a piece, by pair of blocks: for each meeting the position's row, the number of contexts
/// and their rows. Shape: (position's block, contexts' block).
type Meetings = Vec<Vec<u32>>;

/// What all threads read.
struct Plan<'a> {
    ids: &'a [u32],
    wanted: &'a Embedding,
    n_negatives: usize,
    deal: Deal,
    keep: Keep,
    negatives: Vec<Alias>,
    kernels: Kernels,
}

pub fn run(
    sequences: Sequences,
    counts: &[u64],
    n_negatives: usize,
    wanted: &Embedding,
    progress: Progress,
) -> Result<Embedded, NeuralError> {
    let n_blocks = match wanted.n_blocks {
        0 => (counts.len() / BLOCK_MIN).clamp(1, BLOCKS),
        given => given.min(counts.len()),
    };
    let deal = Deal::new(counts, n_blocks, wanted.seed);
    let of_block = |ids: &Vec<u32>| Alias::of_counts(ids.iter().map(|&id| counts[id as usize]), wanted.power);
    let negatives = deal.members.iter().map(of_block).collect();
    let keep = Keep::new(counts, wanted.sample);
    let plan =
        Plan { ids: sequences.ids, wanted, n_negatives, deal, keep, negatives, kernels: Kernels::available()[0] };
    let mut inputs = plan.first_inputs(counts.len());
    let mut outputs: Vec<Rows> = plan.deal.members.iter().map(|ids| Rows::zeros(ids.len(), wanted.dim)).collect();
    let losses = plan.all_epochs(&sequences, &mut inputs, &mut outputs, progress)?;
    let place = |id: usize| (plan.deal.places[id].0 as usize, plan.deal.places[id].1 as usize);
    Ok(Embedded {
        input: to_factors(counts.len(), wanted.dim, place, &inputs),
        output: to_factors(counts.len(), wanted.dim, place, &outputs),
        losses,
    })
}

impl Plan<'_> {
    /// In the order of ids, so that they do not depend on the deal.
    fn first_inputs(&self, n_ids: usize) -> Vec<Rows> {
        let dim = self.wanted.dim;
        let mut inputs: Vec<Rows> = self.deal.members.iter().map(|ids| Rows::zeros(ids.len(), dim)).collect();
        let mut random = Random::new(self.wanted.seed);
        for id in 0..n_ids {
            let (block, row) = self.deal.places[id];
            fill_with_noise(&mut inputs[block as usize].row_mut(row as usize)[..dim], &mut random);
        }
        inputs
    }

    fn all_epochs(
        &self,
        sequences: &Sequences,
        inputs: &mut [Rows],
        outputs: &mut [Rows],
        progress: Progress,
    ) -> Result<Vec<f64>, NeuralError> {
        let pieces = plan::pieces(sequences);
        let batches = plan::batches(&pieces, self.wanted.n_epochs);
        let n_all = (sequences.ids.len() * self.wanted.n_epochs) as u64;
        let mut n_done = 0;
        let mut losses = Vec::new();
        for epoch in 0..self.wanted.n_epochs {
            let (mut loss, mut n_pairs) = (0f64, 0u64);
            for (at, batch) in batches.iter().enumerate() {
                if !progress(n_done as f64 / n_all as f64) {
                    return Err(NeuralError::Cancelled);
                }
                let stream = ((epoch * batches.len() + at) as u64) << 24;
                let rate = rate_at(self.wanted, n_done, n_all);
                let learned = self.batch(&pieces[batch.clone()], rate, stream, inputs, outputs);
                (loss, n_pairs) = (loss + learned.0, n_pairs + learned.1);
                n_done += pieces[batch.clone()].iter().map(|piece| piece.n_ids() as u64).sum::<u64>();
            }
            losses.push(loss / n_pairs.max(1) as f64);
        }
        Ok(losses)
    }

    /// Learns from some pieces; the sum of losses and their number.
    fn batch(&self, pieces: &[Piece], rate: f32, stream: u64, inputs: &mut [Rows], outputs: &mut [Rows]) -> (f64, u64) {
        let n_blocks = self.deal.n_blocks;
        let seed = self.wanted.seed;
        let sort = |(at, piece)| self.sort(piece, &mut Random::stream(seed, stream + at as u64));
        let sorted: Vec<Meetings> = pieces.par_iter().enumerate().map(sort).collect();
        let (mut loss, mut n_pairs) = (0f64, 0u64);
        for round in 0..n_blocks {
            let mut turned: Vec<(usize, &mut Rows)> = inputs.iter_mut().enumerate().collect();
            turned.rotate_left(round);
            let pairs: Vec<_> = outputs.iter_mut().enumerate().zip(turned).collect();
            let learn = |((block, output), (of_contexts, input)): ((usize, &mut Rows), (usize, &mut Rows))| {
                let pair = block * n_blocks + of_contexts;
                let mut random = Random::stream(seed, stream + (1 << 23) + pair as u64);
                let mut learner = Learner::new(self, block, rate, input, output);
                for meetings in &sorted {
                    learner.learn(&meetings[pair], &mut random);
                }
                (learner.work.loss, learner.work.n_pairs)
            };
            let learned: Vec<(f64, u64)> = pairs.into_par_iter().map(learn).collect();
            for (of_pair, n) in learned {
                (loss, n_pairs) = (loss + of_pair, n_pairs + n);
            }
        }
        (loss, n_pairs)
    }

    /// Chooses what is kept and how wide windows are, and sorts the meetings by blocks.
    fn sort(&self, piece: &Piece, random: &mut Random) -> Meetings {
        let n_blocks = self.deal.n_blocks;
        let mut meetings: Meetings = vec![Vec::new(); n_blocks * n_blocks];
        let mut kept = Vec::new();
        let mut by_block: Vec<Vec<u32>> = vec![Vec::new(); n_blocks];
        for &(start, end) in &piece.ranges {
            plan::keep_into(&mut kept, &self.ids[start..end], &self.keep, random);
            let places: Vec<(u32, u32)> = kept.iter().map(|&id| self.deal.places[id as usize]).collect();
            for at in 0..places.len() {
                let (before, after) = plan::window(at, places.len(), self.wanted.window, random);
                by_block.iter_mut().for_each(Vec::clear);
                for &(block, row) in places[before].iter().chain(&places[after]) {
                    by_block[block as usize].push(row);
                }
                let (block, row) = places[at];
                let first = block as usize * n_blocks;
                for (rows, meetings) in by_block.iter().zip(&mut meetings[first..first + n_blocks]) {
                    if !rows.is_empty() {
                        meetings.extend([row, rows.len() as u32]);
                        meetings.extend_from_slice(rows);
                    }
                }
            }
        }
        meetings
    }
}

/// One pair of blocks at work.
struct Learner<'a> {
    plan: &'a Plan<'a>,
    negatives: &'a Alias,
    rate: f32,
    input: &'a mut Rows,
    output: &'a mut Rows,
    work: Work,
    labels: Vec<f32>,
    /// The outputs of the meetings that come next, in a ring.
    next: [Vec<u32>; AHEAD],
    n_seen: usize,
}

impl<'a> Learner<'a> {
    fn new(plan: &'a Plan<'a>, block: usize, rate: f32, input: &'a mut Rows, output: &'a mut Rows) -> Self {
        let mut labels = vec![0.0; plan.n_negatives + 1];
        labels[0] = 1.0;
        let (work, next) = (Work::default(), std::array::from_fn(|_| Vec::new()));
        Learner { plan, negatives: &plan.negatives[block], rate, input, output, work, labels, next, n_seen: 0 }
    }

    /// Draws the negatives of the meeting at the head of `meetings` and asks for its memory; what follows it.
    fn announce<'m>(&mut self, meetings: &'m [u32], slot: usize, random: &mut Random) -> &'m [u32] {
        let [position, n, rest @ ..] = meetings else { return &[] };
        let (contexts, rest) = rest.split_at(*n as usize);
        let outputs = &mut self.next[slot];
        outputs.clear();
        outputs.push(*position);
        for _ in 0..self.plan.n_negatives {
            let other = |_| Some(self.negatives.draw(random)).filter(|drawn| drawn != position);
            outputs.extend((0..DRAWS).find_map(other));
        }
        outputs.iter().for_each(|&row| self.plan.kernels.prefetch(self.output, row));
        contexts.iter().for_each(|&row| self.plan.kernels.prefetch(self.input, row));
        rest
    }

    fn learn(&mut self, meetings: &[u32], random: &mut Random) {
        let mut announced = meetings;
        for slot in 0..AHEAD {
            announced = self.announce(announced, slot, random);
        }
        let mut left = meetings;
        let mut slot = 0;
        while let [_, n, rest @ ..] = left {
            let (contexts, rest) = rest.split_at(*n as usize);
            let outputs = std::mem::take(&mut self.next[slot]);
            self.work.watches_loss = self.n_seen.is_multiple_of(WATCHED);
            self.n_seen += 1;
            let labels = &self.labels[..outputs.len()];
            let meeting = Meeting { inputs: contexts, outputs: &outputs, labels, rate: self.rate };
            self.plan.kernels.step(self.input, self.output, &meeting, &mut self.work);
            self.next[slot] = outputs;
            announced = self.announce(announced, slot, random);
            slot = (slot + 1) % AHEAD;
            left = rest;
        }
    }
}
