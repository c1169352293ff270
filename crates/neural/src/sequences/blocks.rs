//! Skip-gram with negative sampling on all threads without a row that two of them share: the ids are dealt into P blocks
//! of equal weight, and what a position and its contexts have to learn is sorted by (block of the position, block of the
//! contexts). In P rounds, each with P of the P² pairs of blocks that have nothing in common, all is learned (as with
//! edges in GraphVite: Zhu, Xu, Qu, Tang 2019). P does not depend on the number of threads, and neither does the result.
//!
//! The negatives of a meeting come from one block, drawn for it by what the blocks weigh, and so over many meetings from
//! all ids as without blocks. Taken from the position's own block, as they are in GraphVite, they would take from an id's
//! products with a whole block the logarithm of how often it meets that block: much, for ids of few neighbours.

use math::{Factors, Random};
use rayon::prelude::*;

use super::draw::{Alias, Keep};
use super::kernels::{Kernels, Meeting, Rows, Work};
use super::plan::{self, Piece};
use super::under_way::{Counted, Reached, Shapes, UnderWay, Watch};
use super::{Embedded, Embedding, Sequences, fill_with_noise, rate_at, to_factors};
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

/// What is to be learned from a piece, by pair of blocks: for each meeting the position's row (or [`NOBODY`]), the number
/// of contexts (with [`NEGATIVES`], if there are any), and their rows. Shape: (block of the position or of the negatives,
/// contexts' block).
type Meetings = Vec<Vec<u32>>;

/// Instead of a position's row: the contexts meet negatives alone.
const NOBODY: u32 = u32::MAX;
/// Beside the number of contexts: they meet negatives.
const NEGATIVES: u32 = 1 << 31;

/// What stands first in a list of meetings, and what follows it.
struct Head<'m> {
    position: Option<u32>,
    has_negatives: bool,
    contexts: &'m [u32],
    rest: &'m [u32],
}

impl<'m> Head<'m> {
    fn of(meetings: &'m [u32]) -> Option<Self> {
        let [position, n, rest @ ..] = meetings else { return None };
        let (contexts, rest) = rest.split_at((n & !NEGATIVES) as usize);
        let position = Some(*position).filter(|&row| row != NOBODY);
        Some(Head { position, has_negatives: n & NEGATIVES != 0, contexts, rest })
    }
}

/// What all threads read.
struct Plan<'a> {
    ids: &'a [u32],
    wanted: &'a Embedding,
    n_negatives: usize,
    deal: Deal,
    keep: Keep,
    /// Ids of each block, and blocks.
    negatives: Vec<Alias>,
    blocks: Alias,
    kernels: Kernels,
}

pub fn run(
    sequences: Sequences,
    counts: &[u64],
    n_negatives: usize,
    wanted: &Embedding,
    (from, watch): (Option<&UnderWay>, Watch),
) -> Result<Embedded, NeuralError> {
    let n_blocks = match wanted.n_blocks {
        0 => (counts.len() / BLOCK_MIN).clamp(1, BLOCKS),
        given => given.min(counts.len()),
    };
    let deal = Deal::new(counts, n_blocks, wanted.seed);
    let counts_of = |ids: &Vec<u32>| ids.iter().map(|&id| counts[id as usize]).collect::<Vec<u64>>();
    let of_blocks: Vec<Vec<u64>> = deal.members.iter().map(counts_of).collect();
    let negatives = of_blocks.iter().map(|counts| Alias::of_counts(counts.iter().copied(), wanted.power)).collect();
    let blocks = Alias::of_sums(&of_blocks, wanted.power);
    let keep = Keep::new(counts, wanted.sample);
    let kernels = Kernels::available()[0];
    let plan = Plan { ids: sequences.ids, wanted, n_negatives, deal, keep, negatives, blocks, kernels };
    let mut inputs = plan.first_inputs(counts.len());
    let mut outputs: Vec<Rows> = plan.deal.members.iter().map(|ids| Rows::zeros(ids.len(), wanted.dim)).collect();
    let losses = plan.all_epochs(&sequences, &mut inputs, &mut outputs, (from, watch))?;
    Ok(Embedded { input: plan.factors(&inputs), output: plan.factors(&outputs), losses })
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

    /// Rows of blocks in the order of ids.
    fn factors(&self, blocks: &[Rows]) -> Factors {
        let place = |id: usize| (self.deal.places[id].0 as usize, self.deal.places[id].1 as usize);
        to_factors(self.deal.places.len(), self.wanted.dim, place, &blocks.iter().collect::<Vec<_>>())
    }

    /// The reverse of [`Plan::factors`].
    fn put(&self, blocks: &mut [Rows], factors: &Factors) {
        for (id, &(block, row)) in self.deal.places.iter().enumerate() {
            let dim = self.wanted.dim;
            blocks[block as usize].row_mut(row as usize)[..dim].copy_from_slice(&factors.row(id)[..dim]);
        }
    }

    fn all_epochs(
        &self,
        sequences: &Sequences,
        inputs: &mut [Rows],
        outputs: &mut [Rows],
        (from, watch): (Option<&UnderWay>, Watch),
    ) -> Result<Vec<f64>, NeuralError> {
        let pieces = plan::pieces(sequences);
        let batches = plan::batches(&pieces, self.wanted.n_epochs);
        let (n_ids, n_epochs) = (self.deal.places.len(), self.wanted.n_epochs);
        let shapes = Shapes { dim: self.wanted.dim, n_inputs: n_ids, n_outputs: n_ids, n_epochs };
        let mut counted = Counted::from(from, shapes, batches.len())?;
        if let Some(from) = from {
            self.put(inputs, &from.input);
            self.put(outputs, &from.output);
        }
        let n_all = (sequences.ids.len() * n_epochs) as u64;
        for portion in counted.n_portions as usize..n_epochs * batches.len() {
            let state = || {
                let (input, output) = (self.factors(inputs), self.factors(outputs));
                UnderWay { input, output, counted: counted.clone() }
            };
            let share = counted.n_ids as f64 / n_all as f64;
            if !watch(&Reached { share, losses: &counted.losses, state: &state }) {
                return Err(NeuralError::Cancelled);
            }
            let pieces = &pieces[batches[portion % batches.len()].clone()];
            let rate = rate_at(self.wanted, counted.n_ids, n_all);
            let learned = self.batch(pieces, rate, (portion as u64) << 24, inputs, outputs);
            (counted.loss, counted.n_pairs) = (counted.loss + learned.0, counted.n_pairs + learned.1);
            counted.add(pieces.iter().map(|piece| piece.n_ids() as u64).sum(), batches.len());
        }
        Ok(counted.losses)
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
                for (of_contexts, rows) in by_block.iter().enumerate().filter(|(_, rows)| !rows.is_empty()) {
                    let of_negatives = if n_blocks == 1 { block } else { self.blocks.draw(random) };
                    let mut meet = |block: u32, position: u32, flag: u32| {
                        let meetings = &mut meetings[block as usize * n_blocks + of_contexts];
                        meetings.extend([position, rows.len() as u32 | flag]);
                        meetings.extend_from_slice(rows);
                    };
                    if of_negatives == block {
                        meet(block, row, NEGATIVES);
                    } else {
                        meet(block, row, 0);
                        meet(of_negatives, NOBODY, NEGATIVES);
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
        let Some(head) = Head::of(meetings) else { return &[] };
        let outputs = &mut self.next[slot];
        outputs.clear();
        outputs.extend(head.position);
        let n_negatives = if head.has_negatives { self.plan.n_negatives } else { 0 };
        for _ in 0..n_negatives {
            let other = |_| Some(self.negatives.draw(random)).filter(|&drawn| Some(drawn) != head.position);
            outputs.extend((0..DRAWS).find_map(other));
        }
        outputs.iter().for_each(|&row| self.plan.kernels.prefetch(self.output, row));
        head.contexts.iter().for_each(|&row| self.plan.kernels.prefetch(self.input, row));
        head.rest
    }

    fn learn(&mut self, meetings: &[u32], random: &mut Random) {
        let mut announced = meetings;
        for slot in 0..AHEAD {
            announced = self.announce(announced, slot, random);
        }
        let mut left = meetings;
        let mut slot = 0;
        while let Some(head) = Head::of(left) {
            let outputs = std::mem::take(&mut self.next[slot]);
            self.work.watches_loss = self.n_seen.is_multiple_of(WATCHED);
            self.n_seen += 1;
            let first = usize::from(head.position.is_none());
            let labels = &self.labels[first..first + outputs.len()];
            let meeting = Meeting { inputs: head.contexts, outputs: &outputs, labels, rate: self.rate };
            self.plan.kernels.step(self.input, self.output, &meeting, &mut self.work);
            self.next[slot] = outputs;
            announced = self.announce(announced, slot, random);
            slot = (slot + 1) % AHEAD;
            left = head.rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sequences::{Loss, embed};

    const N_IDS: usize = 8;
    const N_NEGATIVES: usize = 4;

    /// How often two ids stand beside each other: some often, all now and then.
    fn meetings_of(a: usize, b: usize) -> u64 {
        match (a.min(b), a.max(b)) {
            (0, 1) => 400,
            (2, 3) => 300,
            (4, 5) => 200,
            (6, 7) | (0, 4) => 100,
            (low, high) if low != high => 12,
            _ => 0,
        }
    }

    /// Sequences of two ids each, in random order.
    fn sequences() -> (Vec<u32>, Vec<usize>) {
        let mut pairs: Vec<[u32; 2]> = Vec::new();
        for a in 0..N_IDS {
            (0..a).for_each(|b| pairs.extend((0..meetings_of(a, b)).map(|_| [a as u32, b as u32])));
        }
        Random::new(11).shuffle(&mut pairs);
        (pairs.concat(), (1..=pairs.len()).map(|nth| nth * 2).collect())
    }

    /// With room enough, the product of a context c with an id o is learned as ln(n(c, o) / n'(c, o)): how often they met, over
    /// how often o was c's negative (Levy and Goldberg 2014, eq. 7, for negatives that are never the id itself).
    #[test]
    fn products_are_what_negative_sampling_implies_however_many_blocks() {
        let (ids, ends) = sequences();
        let mut counts = [0u64; N_IDS];
        ids.iter().for_each(|&id| counts[id as usize] += 1);
        let weights = counts.map(|count| (count as f64).powf(0.75));
        let sum: f64 = weights.iter().sum();
        for n_blocks in [1, 4] {
            let wanted = Embedding {
                loss: Loss::NegativeSampling { n_negatives: N_NEGATIVES },
                dim: 16,
                window: 1,
                n_epochs: 400,
                sample: 0.0,
                learning_rate: 0.05,
                learning_rate_end: 0.0002,
                n_blocks,
                ..Embedding::default()
            };
            let found = embed(Sequences { ids: &ids, ends: &ends }, N_IDS, None, &wanted, &|_| true).unwrap();
            let deal = Deal::new(&counts, n_blocks, wanted.seed);
            let block = |id: usize| deal.places[id].0;
            let mass = |of: usize| (0..N_IDS).filter(|&id| block(id) == block(of)).map(|id| weights[id]).sum::<f64>();
            // How likely `o` is drawn for a meeting with the id `with`: in its own block that one is drawn again.
            let drawn = |o: usize, with: usize| {
                let part = if block(o) == block(with) { mass(o) / (mass(o) - weights[with]) } else { 1.0 };
                if o == with { 0.0 } else { weights[o] / sum * part }
            };
            let mut worst = 0f64;
            for c in 0..N_IDS {
                for o in (0..N_IDS).filter(|&o| o != c) {
                    let as_negative: f64 = (0..N_IDS).map(|id| meetings_of(c, id) as f64 * drawn(o, id)).sum();
                    let law = (meetings_of(c, o) as f64 / (N_NEGATIVES as f64 * as_negative)).ln();
                    let rows = found.input.row(c).iter().zip(found.output.row(o));
                    let product: f64 = rows.map(|(x, y)| f64::from(x * y)).sum();
                    worst = worst.max((product - law).abs());
                }
            }
            assert!(worst < 0.25, "{n_blocks} blocks: off by {worst}");
        }
    }
}
