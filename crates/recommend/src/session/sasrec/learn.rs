//! How `sasrec` learns: each row tells the item that came next from the others; the newest items of some customers are held
//! out, and learning ends once they are found no better. What is judged, and kept, is a running mean of the parameters
//! over the last steps: it finds more than the parameters of any one step, and does not jump about as they do.

use domain::Settings;
use math::Random;
use neural::adam::{Adam, AdamOptions, Schedule};
use neural::layers::{Pass, dropout};
use neural::{Compute, Gradients, Matrix, Params};

use super::Sasrec;
use super::network::{Network, compute_of, of_network};
use super::softmax::{self, Classes};
use crate::fitting::{checked_matrix, on_threads};
use crate::{FitError, FitOptions, Interactions};

/// Streams of random numbers apart from those of the parameters.
const HELD_OUT: u64 = 1 << 32;
const ORDER: u64 = 2 << 32;
const NEGATIVES: u64 = 3 << 32;

/// Steps over which the learning rate rises.
const WARM_UP: u64 = 100;

pub(super) fn fit(interactions: &Interactions, settings: &Settings, options: &FitOptions) -> Result<Sasrec, FitError> {
    checked_matrix(interactions, false)?;
    on_threads(options.n_threads, || {
        let (network, params) = Network::new(interactions.n_items(), settings, options.seed)?;
        let histories = Histories::new(interactions, &network, settings, options.seed);
        let mut learner = Learner::new(&network, params, &histories, settings, options.seed);
        let figures = learner.run(settings, options)?;
        let params = learner.best;
        Ok(Sasrec::new(settings.clone(), network, params, &figures))
    })
}

/// What is learned from, and what is held out.
struct Histories {
    /// Items in the order of time; the newest `max_length + 1`.
    learned: Vec<Vec<u32>>,
    /// A history and the item that came next.
    held_out: Vec<(Vec<u32>, u32)>,
    /// How often each item is a target. Shape: (n_items).
    n_targets: Vec<u32>,
}

impl Histories {
    fn new(interactions: &Interactions, network: &Network, settings: &Settings, seed: u64) -> Self {
        let share = settings.float("valid_share");
        let mut random = Random::stream(seed, HELD_OUT);
        let mut histories =
            Histories { learned: Vec::new(), held_out: Vec::new(), n_targets: vec![0; network.n_items] };
        for user in 0..interactions.n_users() {
            let mut history = interactions.history(user);
            history.sort_by_key(|entry| entry.at);
            let mut items: Vec<u32> = history.iter().map(|entry| entry.item).collect();
            // Drawn for everyone, so that one customer more does not change who is held out of the others.
            let is_held_out = random.uniform() < share;
            if is_held_out && items.len() > 2 {
                let next = items.pop().expect("more than two");
                let from = items.len().saturating_sub(network.max_length);
                histories.held_out.push((items[from..].to_vec(), next));
            }
            if !items.is_empty() {
                let from = items.len().saturating_sub(network.max_length + 1);
                items.drain(..from);
                items.iter().for_each(|&item| histories.n_targets[item as usize] += 1);
                histories.learned.push(items);
            }
        }
        histories
    }
}

/// Which items each next one is told from.
enum Others {
    All,
    /// So many drawn evenly for a batch, and the batch's own targets.
    Sample {
        n: usize,
    },
}

struct Learner<'a> {
    network: &'a Network,
    histories: &'a Histories,
    compute: Compute,
    others: Others,
    smoothing: f32,
    seed: u64,
    params: Params,
    gradients: Gradients,
    adam: Adam,
    /// The running mean of the parameters, and the least weight of a step in it.
    mean: Params,
    least_weight: f64,
    /// The mean that found held-out items best.
    best: Params,
}

/// Customers judged together.
const JUDGED: usize = 256;

impl<'a> Learner<'a> {
    fn new(network: &'a Network, params: Params, histories: &'a Histories, settings: &Settings, seed: u64) -> Self {
        let options = AdamOptions {
            learning_rate: settings.float("learning_rate") as f32,
            weight_decay: settings.float("weight_decay") as f32,
            clip: 5.0,
            // Rises, and then stays: learning ends by what held-out items say, not by a plan.
            schedule: Schedule::Linear { warm_up: WARM_UP, total: u64::MAX },
            ..AdamOptions::default()
        };
        let n_negatives = settings.usize("n_negatives");
        let sampled = match settings.text("loss") {
            "full" => false,
            "sampled" => true,
            // A sample and the batch's own items cost about as much as all items then.
            _ => network.n_items > 2 * n_negatives,
        };
        let steps = histories.learned.len().div_ceil(settings.usize("batch"));
        Learner {
            network,
            histories,
            compute: compute_of(settings),
            others: if sampled { Others::Sample { n: n_negatives } } else { Others::All },
            smoothing: settings.float("smoothing") as f32,
            seed,
            gradients: Gradients::zeros(&params),
            adam: Adam::new(&params, options),
            least_weight: 1.0 / (settings.float("averaging") * steps as f64).max(1.0),
            mean: params.clone(),
            best: params.clone(),
            params,
        }
    }

    /// Learns until done; the figures of the report.
    fn run(&mut self, settings: &Settings, options: &FitOptions) -> Result<[f64; super::REPORT.len()], FitError> {
        let (n_epochs, patience) = (settings.usize("n_epochs"), settings.usize("patience"));
        let batch = settings.usize("batch");
        let mut order: Vec<u32> = (0..self.histories.learned.len() as u32).collect();
        let mut figures = [0.0; super::REPORT.len()];
        let mut best = (f64::NEG_INFINITY, 0);
        for epoch in 0..n_epochs {
            Random::stream(self.seed, ORDER + epoch as u64).shuffle(&mut order);
            let (mut loss, mut n_targets) = (0.0, 0);
            for (at, rows) in order.chunks(batch).enumerate() {
                let (sum, n) = self.step(rows)?;
                (loss, n_targets) = (loss + sum, n_targets + n);
                let done = (epoch as f64 + (at * batch) as f64 / order.len() as f64) / n_epochs as f64;
                if !(options.progress)(done) {
                    return Err(FitError::Cancelled);
                }
            }
            let (ndcg, recall) = self.judge();
            (figures[0], figures[1]) = (loss / n_targets.max(1) as f64, (epoch + 1) as f64);
            if ndcg > best.0 || self.histories.held_out.is_empty() {
                best = (ndcg, epoch);
                figures[2..].copy_from_slice(&[(epoch + 1) as f64, ndcg, recall]);
                self.best.clone_from(&self.mean);
            } else if patience > 0 && epoch - best.1 >= patience {
                break;
            }
        }
        Ok(figures)
    }

    /// One step on the histories at `rows`: the loss summed over their targets, and how many these were.
    fn step(&mut self, rows: &[u32]) -> Result<(f64, usize), FitError> {
        let learned: &'a [Vec<u32>] = &self.histories.learned;
        let histories: Vec<&[u32]> = rows.iter().map(|&row| &learned[row as usize][..]).collect();
        let inputs: Vec<&[u32]> = histories.iter().map(|items| &items[..items.len() - 1]).collect();
        let targets = histories.concat();
        let learning = Some(dropout::key(self.seed, self.adam.step(), 0));
        let pass = Pass { compute: &self.compute, params: &self.params, learning };
        let (answers, read) = self.network.forward(&pass, &inputs);
        let classes = match self.others {
            Others::All => Classes::all(self.network, &self.params),
            Others::Sample { n } => self.sample(&targets, n),
        };
        let learned = softmax::learn(
            &self.compute,
            self.network,
            &answers,
            &classes,
            &targets,
            self.smoothing,
            &mut self.gradients,
        );
        self.network.backward(&pass, &mut self.gradients, read, learned.by_answers);
        self.adam.update(&mut self.params, &mut self.gradients).map_err(of_network)?;
        // The mean of all steps at first, so that what was there before the first one is forgotten soon.
        let weight = self.least_weight.max(4.0 / (3.0 + self.adam.step() as f64));
        self.mean.move_towards(&self.params, weight as f32);
        Ok((learned.loss, targets.len()))
    }

    /// The batch's targets and `n` items drawn evenly, each with the logarithm of the chance that it is among them.
    fn sample(&self, targets: &[u32], n: usize) -> Classes {
        let n_items = self.network.n_items;
        let mut random = Random::stream(self.seed, NEGATIVES + self.adam.step());
        let mut chosen: Vec<u32> =
            (0..n).map(|_| random.below(n_items) as u32).chain(targets.iter().copied()).collect();
        chosen.sort_unstable();
        chosen.dedup();
        let total: f64 = self.histories.n_targets.iter().map(|&n| f64::from(n)).sum();
        let drawn_not = (1.0 - 1.0 / n_items as f64).powi(n as i32);
        let chance = |&item: &u32| {
            let part = f64::from(self.histories.n_targets[item as usize]) / total;
            1.0 - drawn_not * (1.0 - part).powi(targets.len() as i32)
        };
        let log_chances = chosen.iter().map(|item| chance(item).ln() as f32).collect();
        Classes::some(self.network, &self.params, chosen, log_chances)
    }

    /// NDCG@10 and recall@10 of the held-out items among all that their customers do not have; 0 of none.
    fn judge(&self) -> (f64, f64) {
        let classes = Classes::all(self.network, &self.mean);
        let packed = self.compute.pack(classes.vectors.view().t());
        let (mut ndcg, mut recall) = (0.0, 0.0);
        for part in self.histories.held_out.chunks(JUDGED) {
            let histories: Vec<&[u32]> = part.iter().map(|(history, _)| &history[..]).collect();
            let last = self.network.answers(&self.compute, &self.mean, &histories);
            let mut scores = Matrix::zeros(part.len(), self.network.n_items);
            self.compute.product_packed(scores.view_mut(), last.view(), &packed, neural::Mode::Replace);
            for (at, (history, next)) in part.iter().enumerate() {
                let scores = scores.row_mut(at);
                history.iter().filter(|&item| item != next).for_each(|&item| scores[item as usize] = f32::NEG_INFINITY);
                let own = scores[*next as usize];
                let n_better = scores.iter().filter(|&&score| score > own).count();
                if n_better < 10 {
                    recall += 1.0;
                    ndcg += 1.0 / ((n_better + 2) as f64).log2();
                }
            }
        }
        let n = self.histories.held_out.len().max(1) as f64;
        (ndcg / n, recall / n)
    }
}
