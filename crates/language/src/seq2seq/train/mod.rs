//! How sequence-to-sequence models learn: epochs of batches by length, Adam, validation with early stopping, and states
//! from which learning goes on bit for bit. Knows no network: whatever gives gradients for a batch can be trained.

mod batch;
#[cfg(test)]
mod tests;

pub use batch::{Batch, Pairs};

use domain::Settings;
use neural::adam::{Adam, AdamOptions, Schedule};
use neural::loss::Loss;
use neural::{Compute, Gradients, Params, Precision};

use crate::LanguageError;

/// What a network draws random numbers from: they follow from these and the place in the network alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    pub seed: u64,
    pub step: u64,
}

/// What learns from batches. Parameters are handed in.
pub trait Network: Sync {
    /// The batch's loss; the gradients of its mean over targets are added to `gradients`.
    ///
    /// # Errors
    /// If the network cannot learn from such a batch.
    fn learn(
        &self,
        compute: &Compute,
        params: &Params,
        gradients: &mut Gradients,
        batch: &Batch,
        draw: Draw,
    ) -> Result<Loss, LanguageError>;

    /// The batch's loss, nothing dropped.
    ///
    /// # Errors
    /// As [`Network::learn`].
    fn evaluate(&self, compute: &Compute, params: &Params, batch: &Batch) -> Result<Loss, LanguageError>;
}

/// How to learn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainOptions {
    pub adam: AdamOptions,
    pub batch: usize,
    pub epochs: u64,
    /// Epochs without a better validation loss after which learning ends; 0: never.
    pub patience: u64,
    pub precision: Precision,
    /// How much of their average the parameters keep at a step; 0: no average. See [`Learner::average`].
    pub average: f32,
    pub seed: u64,
    pub n_threads: usize,
}

impl TrainOptions {
    /// As the card's parameters say.
    ///
    /// # Errors
    /// If the precision is none that is known.
    pub fn new(settings: &Settings, seed: u64, n_threads: usize) -> Result<Self, LanguageError> {
        let warm_up = settings.int("warm_up").unsigned_abs();
        let schedule = match (settings.text("schedule"), warm_up) {
            ("inverse_square_root", _) => Schedule::InverseSquareRoot { warm_up },
            (_, 0) => Schedule::Constant,
            (_, _) => Schedule::Linear { warm_up, total: u64::MAX },
        };
        Ok(TrainOptions {
            adam: AdamOptions {
                learning_rate: settings.float("learning_rate") as f32,
                weight_decay: settings.float("weight_decay") as f32,
                clip: settings.float("clip") as f32,
                schedule,
                // Attention learns from gradients that change faster (Vaswani et al. 2017, section 5.3).
                beta2: if settings.text("cell") == "transformer" { 0.98 } else { AdamOptions::default().beta2 },
                ..AdamOptions::default()
            },
            batch: settings.usize("batch"),
            epochs: settings.int("epochs").unsigned_abs(),
            patience: settings.int("patience").unsigned_abs(),
            precision: Precision::from_name(settings.text("precision"))?,
            average: settings.float("average") as f32,
            seed,
            n_threads,
        })
    }
}

/// What the caller is told after each step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trace {
    /// Steps taken, from 1 on.
    pub step: u64,
    /// The epoch under way, from 0 on.
    pub epoch: u64,
    /// Steps of an epoch.
    pub n_steps_in_epoch: u64,
    /// The mean loss of the batch, with label smoothing.
    pub loss: f64,
    /// Without.
    pub nats: f64,
    /// The gradient's length before clipping.
    pub gradient: f32,
    /// Targets learned from so far.
    pub n_targets: u64,
    /// After the last step of an epoch with validation pairs: their mean loss, without label smoothing.
    pub validation: Option<f64>,
    /// The part of all epochs done.
    pub done: f64,
}

/// Learning under way: all that is needed to go on. Written and read by [`super::checkpoint`].
#[derive(Clone, Debug, PartialEq)]
pub struct Learner {
    pub params: Params,
    pub adam: Adam,
    /// The epoch under way and the batches of it that are done.
    pub epoch: u64,
    pub batch_at: u64,
    pub n_targets: u64,
    /// The running mean of the parameters over the last steps, if one is wanted: what is validated and used. It lies nearer
    /// to the middle of where steps of noisy gradients wander about (Polyak and Juditsky 1992).
    pub average: Option<Params>,
    /// The least validation loss, the epoch it was reached in, and the parameters then.
    pub best: Option<Best>,
}

/// The best so far by validation.
#[derive(Clone, Debug, PartialEq)]
pub struct Best {
    pub nats: f64,
    pub epoch: u64,
    pub params: Params,
}

/// Why learning ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All epochs are done.
    Done,
    /// Validation did not get better any more.
    NoBetter,
    /// The caller stopped it; it can go on.
    Stopped,
}

impl Learner {
    pub fn new(params: Params, options: &TrainOptions) -> Self {
        let adam = Adam::new(&params, options.adam);
        let average = (options.average > 0.0).then(|| params.clone());
        Learner { params, adam, epoch: 0, batch_at: 0, n_targets: 0, average, best: None }
    }

    /// The parameters to use: the best by validation, else the last.
    pub fn result(&self) -> &Params {
        self.best.as_ref().map_or(self.last(), |best| &best.params)
    }

    /// The parameters as they are now, averaged if that is wanted.
    fn last(&self) -> &Params {
        self.average.as_ref().unwrap_or(&self.params)
    }

    /// Goes on learning until all is done, validation gets no better, or `watch` returns false: then the state is that
    /// after a whole step, and calling this again goes on as if nothing had been.
    ///
    /// # Errors
    /// If there is nothing to learn from, or learning diverges.
    pub fn run(
        &mut self,
        network: &impl Network,
        pairs: &Pairs,
        validation: &Pairs,
        options: &TrainOptions,
        watch: &(dyn Fn(&Trace) -> bool + Sync),
    ) -> Result<Ended, LanguageError> {
        if pairs.is_empty() {
            return Err(LanguageError::unfit("pairs to learn from", 0, "at least 1"));
        }
        if options.batch == 0 {
            return Err(LanguageError::unfit("batch", 0, "at least 1"));
        }
        neural::on_threads(options.n_threads, || self.epochs(network, pairs, validation, options, watch))
    }

    fn epochs(
        &mut self,
        network: &impl Network,
        pairs: &Pairs,
        validation: &Pairs,
        options: &TrainOptions,
        watch: &(dyn Fn(&Trace) -> bool + Sync),
    ) -> Result<Ended, LanguageError> {
        let compute = Compute::new(options.precision);
        let mut gradients = Gradients::zeros(&self.params);
        while self.epoch < options.epochs {
            if self.no_better(options) {
                return Ok(Ended::NoBetter);
            }
            let batches = pairs.batches(options.batch, options.seed, self.epoch);
            while self.batch_at < batches.len() as u64 {
                let batch = pairs.batch(&batches[self.batch_at as usize]);
                let mut trace = self.step(network, &compute, &mut gradients, &batch, options, batches.len() as u64)?;
                if self.batch_at == batches.len() as u64 && !validation.is_empty() {
                    trace.validation = Some(self.validate(network, &compute, validation, options)?);
                }
                if self.batch_at == batches.len() as u64 {
                    (self.epoch, self.batch_at) = (self.epoch + 1, 0);
                    if !watch(&trace) {
                        return Ok(Ended::Stopped);
                    }
                    break;
                }
                if !watch(&trace) {
                    return Ok(Ended::Stopped);
                }
            }
        }
        Ok(Ended::Done)
    }

    fn step(
        &mut self,
        network: &impl Network,
        compute: &Compute,
        gradients: &mut Gradients,
        batch: &Batch,
        options: &TrainOptions,
        n_steps_in_epoch: u64,
    ) -> Result<Trace, LanguageError> {
        let draw = Draw { seed: options.seed, step: self.adam.step() };
        let loss = network.learn(compute, &self.params, gradients, batch, draw)?;
        if !loss.sum.is_finite() {
            gradients.clear();
            let diverged = neural::NeuralError::Diverged { step: self.adam.step(), loss: loss.mean() as f32 };
            return Err(diverged.into());
        }
        let gradient = self.adam.update(&mut self.params, gradients)?;
        if let Some(average) = &mut self.average {
            // The first steps are soon forgotten.
            let steps = self.adam.step() as f32;
            average.move_towards(&self.params, 1.0 - options.average.min((1.0 + steps) / (10.0 + steps)));
        }
        self.batch_at += 1;
        self.n_targets += loss.n_targets as u64;
        let in_epoch = self.batch_at as f64 / n_steps_in_epoch as f64;
        Ok(Trace {
            step: self.adam.step(),
            epoch: self.epoch,
            n_steps_in_epoch,
            loss: loss.mean(),
            nats: loss.mean_nats(),
            gradient,
            n_targets: self.n_targets,
            validation: None,
            done: (self.epoch as f64 + in_epoch) / options.epochs.max(1) as f64,
        })
    }

    fn validate(
        &mut self,
        network: &impl Network,
        compute: &Compute,
        validation: &Pairs,
        options: &TrainOptions,
    ) -> Result<f64, LanguageError> {
        let nats = evaluate(network, compute, self.last(), validation, options.batch)?.mean_nats();
        if self.best.as_ref().is_none_or(|best| nats < best.nats) {
            self.best = Some(Best { nats, epoch: self.epoch, params: self.last().clone() });
        }
        Ok(nats)
    }

    fn no_better(&self, options: &TrainOptions) -> bool {
        let since = |best: &Best| self.epoch.saturating_sub(best.epoch + 1);
        options.patience > 0 && self.best.as_ref().is_some_and(|best| since(best) >= options.patience)
    }
}

/// The loss over all pairs.
///
/// # Errors
/// As [`Network::evaluate`].
pub fn evaluate(
    network: &impl Network,
    compute: &Compute,
    params: &Params,
    pairs: &Pairs,
    batch: usize,
) -> Result<Loss, LanguageError> {
    let mut loss = Loss::default();
    for places in pairs.batches_in_order(batch.max(1)) {
        loss.add(network.evaluate(compute, params, &pairs.batch(&places))?);
    }
    Ok(loss)
}
