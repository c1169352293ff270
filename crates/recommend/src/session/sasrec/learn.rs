//! How `sasrec` learns: each row tells the item that came next from the others; the newest items of some customers are held
//! out, and learning ends once they are found no better.

use domain::Settings;
use math::Random;
use neural::adam::{Adam, AdamOptions};
use neural::layers::{Pass, dropout};
use neural::loss::softmax_cross_entropy;
use neural::product::Mode;
use neural::{Compute, Gradients, Matrix, Params};

use super::Sasrec;
use super::network::{Network, compute_of, of_network};
use crate::fitting::{checked_matrix, on_threads};
use crate::{FitError, FitOptions, Interactions};

/// Streams of random numbers apart from those of the parameters.
const HELD_OUT: u64 = 1 << 32;
const ORDER: u64 = 2 << 32;
const NEGATIVES: u64 = 3 << 32;

/// Catalogues of more items learn from samples when the loss is `auto`.
const FULL_UP_TO: usize = 50_000;

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
    /// The parameters that found held-out items best.
    best: Params,
}

/// Rows whose scores exist at once.
const ROWS: usize = 256;

impl<'a> Learner<'a> {
    fn new(network: &'a Network, params: Params, histories: &'a Histories, settings: &Settings, seed: u64) -> Self {
        let options = AdamOptions {
            learning_rate: settings.float("learning_rate") as f32,
            weight_decay: settings.float("weight_decay") as f32,
            clip: 5.0,
            ..AdamOptions::default()
        };
        let sampled = match settings.text("loss") {
            "full" => false,
            "sampled" => true,
            _ => network.n_items > FULL_UP_TO,
        };
        Learner {
            network,
            histories,
            compute: compute_of(settings),
            others: if sampled { Others::Sample { n: settings.usize("n_negatives") } } else { Others::All },
            smoothing: settings.float("smoothing") as f32,
            seed,
            gradients: Gradients::zeros(&params),
            adam: Adam::new(&params, options),
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
                self.best.clone_from(&self.params);
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
        let network = self.network;
        let (y, read) = network.forward(&Pass { compute: &self.compute, params: &self.params, learning }, &inputs);
        let (sum, by_y) = match self.others {
            Others::All => self.against_all(&y, &targets),
            Others::Sample { n } => self.against_some(&y, &targets, n),
        };
        let pass = Pass { compute: &self.compute, params: &self.params, learning };
        network.backward(&pass, &mut self.gradients, read, &by_y);
        self.adam.update(&mut self.params, &mut self.gradients).map_err(of_network)?;
        Ok((sum, targets.len()))
    }

    /// The softmax over all items: loss, and its mean's gradient by `y`; that by the items is added.
    fn against_all(&mut self, y: &Matrix, targets: &[u32]) -> (f64, Matrix) {
        let items = self.params.value(self.network.items).rows(0, self.network.n_items);
        let by_items = self.gradients.dense_mut(self.network.items);
        let (forward, back) = (self.compute.pack(items.t()), self.compute.pack(items));
        let scale = 1.0 / targets.len() as f32;
        let mut by_y = Matrix::zeros(y.n_rows, y.n_cols);
        let mut logits = Matrix::default();
        let mut sum = 0.0;
        for from in (0..y.n_rows).step_by(ROWS) {
            let to = (from + ROWS).min(y.n_rows);
            if logits.n_rows != to - from {
                logits.reset(to - from, self.network.n_items);
            }
            self.compute.product_packed(logits.view_mut(), y.rows(from, to), &forward, Mode::Replace);
            sum += softmax_cross_entropy(&mut logits, &targets[from..to], self.smoothing, scale).sum;
            self.compute.product_packed(by_y.rows_mut(from, to), logits.view(), &back, Mode::Replace);
            let by_items = by_items.rows_mut(0, self.network.n_items);
            self.compute.product(by_items, logits.view().t(), y.rows(from, to), Mode::Add);
        }
        (sum, by_y)
    }

    /// The softmax over the batch's targets and `n` items drawn evenly: each other item counts for as many as it stands for.
    fn against_some(&mut self, y: &Matrix, targets: &[u32], n: usize) -> (f64, Matrix) {
        let n_items = self.network.n_items;
        let mut random = Random::stream(self.seed, NEGATIVES + self.adam.step());
        let mut chosen: Vec<u32> =
            (0..n).map(|_| random.below(n_items) as u32).chain(targets.iter().copied()).collect();
        chosen.sort_unstable();
        chosen.dedup();
        let column = |item: u32| chosen.binary_search(&item).expect("targets were chosen") as u32;
        let columns: Vec<u32> = targets.iter().map(|&target| column(target)).collect();
        let total: f64 = self.histories.n_targets.iter().map(|&n| f64::from(n)).sum();
        let drawn_not = (1.0 - 1.0 / n_items as f64).powi(n as i32);
        // The chance that an item is among them.
        let chance = |&item: &u32| {
            let part = f64::from(self.histories.n_targets[item as usize]) / total;
            1.0 - drawn_not * (1.0 - part).powi(targets.len() as i32)
        };
        let stands_for: Vec<f32> = chosen.iter().map(|item| chance(item).ln() as f32).collect();
        let table = self.params.value(self.network.items);
        let mut vectors = Matrix::zeros(chosen.len(), self.network.dim);
        for (row, &item) in chosen.iter().enumerate() {
            vectors.row_mut(row).copy_from_slice(table.row(item as usize));
        }
        let mut logits = self.compute.times(y.view(), vectors.view().t());
        for (row, &column) in columns.iter().enumerate() {
            let row = logits.row_mut(row);
            let at_target = row[column as usize];
            row.iter_mut().zip(&stands_for).for_each(|(logit, less)| *logit -= less);
            row[column as usize] = at_target;
        }
        let sum = softmax_cross_entropy(&mut logits, &columns, self.smoothing, 1.0 / targets.len() as f32).sum;
        let by_y = self.compute.times(logits.view(), vectors.view());
        let by_vectors = self.compute.times(logits.view().t(), y.view());
        for (row, &item) in chosen.iter().enumerate() {
            neural::layers::linear::add(self.gradients.row_mut(self.network.items, item as usize), by_vectors.row(row));
        }
        (sum, by_y)
    }

    /// NDCG@10 and recall@10 of the held-out items among all that their customers do not have; 0 of none.
    fn judge(&self) -> (f64, f64) {
        let items = self.params.value(self.network.items).rows(0, self.network.n_items);
        let packed = self.compute.pack(items.t());
        let (mut ndcg, mut recall) = (0.0, 0.0);
        for part in self.histories.held_out.chunks(ROWS) {
            let histories: Vec<&[u32]> = part.iter().map(|(history, _)| &history[..]).collect();
            let rows = self.network.read(&self.compute, &self.params, &histories);
            let mut last = Matrix::zeros(part.len(), self.network.dim);
            let mut end = 0;
            for (at, history) in histories.iter().enumerate() {
                end += history.len() + 1;
                last.row_mut(at).copy_from_slice(rows.row(end - 1));
            }
            let mut scores = Matrix::zeros(part.len(), self.network.n_items);
            self.compute.product_packed(scores.view_mut(), last.view(), &packed, Mode::Replace);
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
