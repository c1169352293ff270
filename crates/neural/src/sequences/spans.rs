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

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTS: [u64; 7] = [40, 3, 17, 9, 1, 25, 6];

    /// A learner whose rows are random, and as many positions at hand as there are ids, each of its own row.
    fn learner(wanted: &Embedding) -> Learner<'_> {
        let mut learner = Learner::new(&COUNTS, None, wanted);
        let mut random = Random::new(8);
        for at in 0..learner.output.n() {
            learner.output.row_mut(at)[..wanted.dim].fill_with(|| random.uniform() as f32 * 2.0 - 1.0);
        }
        for at in 0..COUNTS.len() {
            learner.now.row_mut(at)[..wanted.dim].fill_with(|| random.uniform() as f32 * 2.0 - 1.0);
        }
        learner.work.watches_loss = true;
        learner
    }

    /// Outputs for `id`, each once: a row that is there twice sees its own first step, which no gradient does.
    fn choose(learner: &mut Learner, id: u32) {
        learner.choose_outputs(id, &mut Random::new(5 + u64::from(id)));
        let mut seen = std::collections::BTreeSet::new();
        learner.outputs.retain(|&row| seen.insert(row));
        learner.labels.truncate(learner.outputs.len());
        assert!(!learner.outputs.is_empty());
    }

    fn wanted(architecture: Architecture, loss: Loss) -> Embedding {
        Embedding { architecture, loss, dim: 19, ..Embedding::default() }
    }

    fn doubles(rows: &Rows, n: usize, dim: usize) -> Vec<Vec<f64>> {
        (0..n).map(|at| rows.row(at)[..dim].iter().map(|&value| f64::from(value)).collect()).collect()
    }

    fn sigmoid(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }

    fn product(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    /// The negative logarithm of what the model makes of `id` for the vector `x`, as the papers write it.
    fn nats(learner: &Learner, id: u32, x: &[f64], outputs: &[Vec<f64>]) -> f64 {
        match &learner.others {
            Others::Drawn { .. } => {
                let negatives =
                    learner.outputs[1..].iter().map(|&other| sigmoid(-product(x, &outputs[other as usize])));
                -(sigmoid(product(x, &outputs[id as usize])).ln() + negatives.map(f64::ln).sum::<f64>())
            }
            Others::Tree(tree) => {
                let (nodes, turns) = tree.way(id);
                let along = nodes.iter().zip(turns).map(|(&node, &turn)| {
                    let up = sigmoid(product(x, &outputs[node as usize]));
                    if turn == 0.0 { up } else { 1.0 - up }
                });
                -along.map(f64::ln).sum::<f64>()
            }
        }
    }

    /// By every value, the central difference of `loss`.
    fn differences(rows: &[Vec<f64>], loss: impl Fn(&[Vec<f64>]) -> f64) -> Vec<Vec<f64>> {
        let mut rows = rows.to_vec();
        let mut all = rows.clone();
        for at in 0..rows.len() {
            for column in 0..rows[at].len() {
                let (value, h) = (rows[at][column], 1e-5);
                rows[at][column] = value + h;
                let above = loss(&rows);
                rows[at][column] = value - h;
                all[at][column] = (above - loss(&rows)) / (2.0 * h);
                rows[at][column] = value;
            }
        }
        all
    }

    fn assert_moved(what: &str, before: &[Vec<f64>], after: &[Vec<f64>], gradient: &[Vec<f64>], times: f64) {
        for ((before, after), gradient) in before.iter().zip(after).zip(gradient) {
            for ((before, after), by) in before.iter().zip(after).zip(gradient) {
                assert!((after - before + times * by).abs() < 5e-5, "{what}: {} for {}", after - before, -times * by);
            }
        }
    }

    /// A step of rate 1 goes down by the gradient, for every input and output row.
    #[test]
    fn steps_are_gradients_by_differences() {
        for loss in [Loss::NegativeSampling { n_negatives: 4 }, Loss::HierarchicalSoftmax] {
            for id in 0..COUNTS.len() as u32 {
                let wanted = wanted(Architecture::SkipGram, loss);
                let mut learner = learner(&wanted);
                choose(&mut learner, id);
                let contexts = [2, 0, 5];
                let x = doubles(&learner.now, COUNTS.len(), wanted.dim);
                let y = doubles(&learner.output, learner.output.n(), wanted.dim);
                let sum = |x: &[Vec<f64>], y: &[Vec<f64>]| -> f64 {
                    contexts.iter().map(|&row| nats(&learner, id, &x[row as usize], y)).sum()
                };
                let (by_x, by_y) = (differences(&x, |x| sum(x, &y)), differences(&y, |y| sum(&x, y)));
                let expected = sum(&x, &y);
                learner.step(&contexts, 1.0);
                let case = format!("{loss:?} of {id}");
                assert_moved(&case, &x, &doubles(&learner.now, COUNTS.len(), wanted.dim), &by_x, 1.0);
                assert_moved(&case, &y, &doubles(&learner.output, learner.output.n(), wanted.dim), &by_y, 1.0);
                assert!((learner.work.loss - expected).abs() < 1e-3, "{case}: {} {expected}", learner.work.loss);
            }
        }
    }

    /// Outputs go down by the gradient at the mean of the context. Each of its rows gains all that the mean gains, which is as
    /// many times its own gradient as there are rows, as in the program of Mikolov et al.
    #[test]
    fn steps_of_means_are_gradients_by_differences() {
        for loss in [Loss::NegativeSampling { n_negatives: 4 }, Loss::HierarchicalSoftmax] {
            let wanted = wanted(Architecture::Cbow, loss);
            let mut learner = learner(&wanted);
            let (id, contexts) = (3, [1, 6, 0, 4]);
            choose(&mut learner, id);
            let x = doubles(&learner.now, COUNTS.len(), wanted.dim);
            let y = doubles(&learner.output, learner.output.n(), wanted.dim);
            let of_mean = |x: &[Vec<f64>], y: &[Vec<f64>]| {
                let mean = |column| contexts.iter().map(|&row| x[row as usize][column]).sum::<f64>() / 4.0;
                nats(&learner, id, &(0..wanted.dim).map(mean).collect::<Vec<_>>(), y)
            };
            let (by_x, by_y) = (differences(&x, |x| of_mean(x, &y)), differences(&y, |y| of_mean(&x, y)));
            learner.step_of_mean(&contexts, 1.0);
            assert_moved("mean", &x, &doubles(&learner.now, COUNTS.len(), wanted.dim), &by_x, 4.0);
            assert_moved("mean", &y, &doubles(&learner.output, learner.output.n(), wanted.dim), &by_y, 1.0);
        }
    }

    /// What hierarchical softmax makes of all ids adds up to 1.
    #[test]
    fn the_tree_gives_a_distribution() {
        let wanted = wanted(Architecture::SkipGram, Loss::HierarchicalSoftmax);
        let learner = learner(&wanted);
        let y = doubles(&learner.output, learner.output.n(), wanted.dim);
        for x in doubles(&learner.now, COUNTS.len(), wanted.dim) {
            let sum: f64 = (0..COUNTS.len() as u32).map(|id| (-nats(&learner, id, &x, &y)).exp()).sum();
            assert!((sum - 1.0).abs() < 1e-9, "{sum}");
        }
    }
}
