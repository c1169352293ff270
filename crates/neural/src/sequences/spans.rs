//! Every variant but plain skip-gram with negative sampling: CBOW, hierarchical softmax, ids made of parts. Sequences are
//! gone through in spans; the vectors of a span's positions are put together from their parts once, learn in that form,
//! and what they have gained is given to the parts at the span's end, in full to each part (as the reference
//! implementation of Bojanowski et al. does). One thread.

use math::{Factors, Random};

use super::draw::{Alias, Keep};
use super::huffman::Tree;
use super::kernels::{Kernels, Meeting, Rows, Work};
use super::plan::{self, Piece};
use super::under_way::{Counted, Reached, Shapes, UnderWay, Watch};
use super::{Architecture, Embedded, Embedding, Loss, Parts, Sequences, fill_with_noise, rate_at, to_factors};
use crate::NeuralError;

/// Positions in a span: as many as fit a fast cache, and few enough that what repeats within is not out of date.
const SPAN: usize = 128;
/// Of so many positions the loss of one is computed.
const WATCHED: usize = 64;
/// Draws of a negative until another id than the position's comes up.
const DRAWS: usize = 8;

/// What an id is told from.
enum Others {
    Drawn { negatives: Alias, n: usize },
    Tree(Tree),
}

struct Learner<'a> {
    wanted: &'a Embedding,
    parts: Option<&'a Parts>,
    others: Others,
    keep: Keep,
    kernels: Kernels,
    /// Of ids or of their parts.
    input: Rows,
    output: Rows,
    /// The vectors of a span's positions, as they were and as they have become; the last row is for sums.
    before: Rows,
    now: Rows,
    outputs: Vec<u32>,
    labels: Vec<f32>,
    work: Work,
    n_seen: usize,
}

pub fn run(
    sequences: Sequences,
    counts: &[u64],
    parts: Option<&Parts>,
    wanted: &Embedding,
    (from, watch): (Option<&UnderWay>, Watch),
) -> Result<Embedded, NeuralError> {
    let mut learner = Learner::new(counts, parts, wanted);
    let losses = learner.all_epochs(&sequences, (from, watch))?;
    let (input, output) = learner.factors();
    Ok(Embedded { input, output, losses })
}

impl<'a> Learner<'a> {
    fn new(counts: &[u64], parts: Option<&'a Parts>, wanted: &'a Embedding) -> Self {
        let n_ids = counts.len();
        let negatives = || Alias::of_counts(counts.iter().copied(), wanted.power);
        let (others, n_outputs) = match wanted.loss {
            Loss::NegativeSampling { n_negatives } => (Others::Drawn { negatives: negatives(), n: n_negatives }, n_ids),
            Loss::HierarchicalSoftmax => (Others::Tree(Tree::new(counts)), n_ids - 1),
        };
        let n_rows = parts.map_or(n_ids, |parts| parts.n_rows);
        let mut input = Rows::zeros(n_rows, wanted.dim);
        let mut random = Random::new(wanted.seed);
        (0..n_rows).for_each(|row| fill_with_noise(&mut input.row_mut(row)[..wanted.dim], &mut random));
        let room = SPAN + 2 * wanted.window + 1;
        Learner {
            wanted,
            parts,
            others,
            keep: Keep::new(counts, wanted.sample),
            kernels: Kernels::available()[0],
            input,
            output: Rows::zeros(n_outputs, wanted.dim),
            before: Rows::zeros(room, wanted.dim),
            now: Rows::zeros(room, wanted.dim),
            outputs: Vec::new(),
            labels: Vec::new(),
            work: Work::default(),
            n_seen: 0,
        }
    }

    /// Input and output.
    fn factors(&self) -> (Factors, Factors) {
        let of = |rows: &Rows| to_factors(rows.n(), self.wanted.dim, |row| (0, row), &[rows]);
        (of(&self.input), of(&self.output))
    }

    fn all_epochs(
        &mut self,
        sequences: &Sequences,
        (from, watch): (Option<&UnderWay>, Watch),
    ) -> Result<Vec<f64>, NeuralError> {
        let pieces = plan::pieces(sequences);
        let (n_epochs, dim) = (self.wanted.n_epochs, self.wanted.dim);
        let shapes = Shapes { dim, n_inputs: self.input.n(), n_outputs: self.output.n(), n_epochs };
        let mut counted = Counted::from(from, shapes, pieces.len())?;
        if let Some(from) = from {
            for (to, from) in [(&mut self.input, &from.input), (&mut self.output, &from.output)] {
                (0..to.n()).for_each(|row| to.row_mut(row)[..dim].copy_from_slice(&from.row(row)[..dim]));
            }
        }
        self.n_seen = counted.n_seen as usize;
        let n_all = (sequences.ids.len() * n_epochs) as u64;
        for portion in counted.n_portions as usize..n_epochs * pieces.len() {
            let state = || {
                let (input, output) = self.factors();
                UnderWay { input, output, counted: counted.clone() }
            };
            let share = counted.n_ids as f64 / n_all as f64;
            if !watch(&Reached { share, losses: &counted.losses, state: &state }) {
                return Err(NeuralError::Cancelled);
            }
            let mut random = Random::stream(self.wanted.seed, portion as u64);
            (self.work.loss, self.work.n_pairs) = (counted.loss, counted.n_pairs);
            let piece = &pieces[portion % pieces.len()];
            let n_ids = self.piece(sequences.ids, piece, (counted.n_ids, n_all), &mut random);
            (counted.loss, counted.n_pairs) = (self.work.loss, self.work.n_pairs);
            counted.n_seen = self.n_seen as u64;
            counted.add(n_ids, pieces.len());
        }
        Ok(counted.losses)
    }

    /// Learns from a piece; how many ids it had.
    fn piece(&mut self, ids: &[u32], piece: &Piece, (n_done, n_all): (u64, u64), random: &mut Random) -> u64 {
        let mut kept = Vec::new();
        let mut n = 0;
        for &(start, end) in &piece.ranges {
            plan::keep_into(&mut kept, &ids[start..end], &self.keep, random);
            let rate = rate_at(self.wanted, n_done + n, n_all);
            for first in (0..kept.len()).step_by(SPAN) {
                self.span(&kept, first, rate, random);
            }
            n += (end - start) as u64;
        }
        n
    }

    /// Learns from the positions `first..first + SPAN` of a sequence.
    fn span(&mut self, ids: &[u32], first: usize, rate: f32, random: &mut Random) {
        let end = (first + SPAN).min(ids.len());
        // Positions whose vectors are wanted, and so at hand: those of the windows too.
        let (from, to) = (first.saturating_sub(self.wanted.window), (end + self.wanted.window).min(ids.len()));
        for (row, &id) in ids[from..to].iter().enumerate() {
            self.put_together(id, row);
        }
        for at in first..end {
            self.choose_outputs(ids[at], random);
            let (before, after) = plan::window(at, ids.len(), self.wanted.window, random);
            let contexts: Vec<u32> = before.chain(after).map(|at| (at - from) as u32).collect();
            if !contexts.is_empty() {
                self.work.watches_loss = self.n_seen.is_multiple_of(WATCHED);
                self.n_seen += 1;
                match self.wanted.architecture {
                    Architecture::SkipGram => self.step(&contexts, rate),
                    Architecture::Cbow => self.step_of_mean(&contexts, rate),
                }
            }
        }
        for (row, &id) in ids[from..to].iter().enumerate() {
            self.hand_back(id, row);
        }
    }

    /// The vector of an id, in row `to` of the span.
    fn put_together(&mut self, id: u32, to: usize) {
        let row = self.now.row_mut(to);
        match self.parts.map(|parts| parts.of(id as usize)) {
            None => row.copy_from_slice(self.input.row(id as usize)),
            Some(parts) => {
                row.fill(0.0);
                let times = 1.0 / parts.len().max(1) as f32;
                parts.iter().for_each(|&part| self.kernels.add(row, self.input.row(part as usize), times));
            }
        }
        self.before.row_mut(to).copy_from_slice(self.now.row(to));
    }

    /// Gives what row `from` of the span has gained to the id or to its parts.
    fn hand_back(&mut self, id: u32, from: usize) {
        let before = self.before.row_mut(from);
        before.iter_mut().zip(self.now.row(from)).for_each(|(before, now)| *before = now - *before);
        let own = [id];
        let rows = self.parts.map_or(&own[..], |parts| parts.of(id as usize));
        rows.iter().for_each(|&row| self.kernels.add(self.input.row_mut(row as usize), before, 1.0));
    }

    /// What the id in the middle is told from.
    fn choose_outputs(&mut self, id: u32, random: &mut Random) {
        self.outputs.clear();
        self.labels.clear();
        match &self.others {
            Others::Drawn { negatives, n } => {
                self.outputs.push(id);
                for _ in 0..*n {
                    let other = |_| Some(negatives.draw(random)).filter(|&drawn| drawn != id);
                    self.outputs.extend((0..DRAWS).find_map(other));
                }
                self.labels.resize(self.outputs.len(), 0.0);
                self.labels[0] = 1.0;
            }
            Others::Tree(tree) => {
                let (nodes, turns) = tree.way(id);
                self.outputs.extend_from_slice(nodes);
                self.labels.extend(turns.iter().map(|turn| 1.0 - turn));
            }
        }
        self.outputs.iter().for_each(|&row| self.kernels.prefetch(&self.output, row));
    }

    fn step(&mut self, rows: &[u32], rate: f32) {
        let meeting = Meeting { inputs: rows, outputs: &self.outputs, labels: &self.labels, rate };
        self.kernels.step(&mut self.now, &mut self.output, &meeting, &mut self.work);
    }

    /// A step of the mean of the rows; each gains what the mean has gained.
    fn step_of_mean(&mut self, rows: &[u32], rate: f32) {
        let last = self.now.n() - 1;
        let mut mean = vec![0f32; self.now.stride()];
        let times = 1.0 / rows.len() as f32;
        rows.iter().for_each(|&row| self.kernels.add(&mut mean, self.now.row(row as usize), times));
        self.now.row_mut(last).copy_from_slice(&mean);
        self.step(&[last as u32], rate);
        mean.iter_mut().zip(self.now.row(last)).for_each(|(mean, now)| *mean = now - *mean);
        rows.iter().for_each(|&row| self.kernels.add(self.now.row_mut(row as usize), &mean, 1.0));
    }
}
