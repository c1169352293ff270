//! Recurrent encoder-decoders with attention: their shape, how they learn from a batch, and how they write word by word.
//! What is not here: epochs, validation and stopping (see [`super::train`]), and the search for outputs (see
//! [`super::decode`]).

mod backward;
mod card;
mod decoder;
mod encoder;
#[cfg(test)]
mod tests;
mod write;

pub use card::{CARD, Shape};
pub(crate) use write::mix;
pub use write::{Writer, Written};

use neural::layers::Dropout;
use neural::loss::{Loss, Mixed, evaluate_linear, learn_linear};
use neural::{Builder, Compute, Gradients, Matrix, Params};

use crate::LanguageError;
use crate::seq2seq::decode::UNKNOWN;
use crate::seq2seq::train::{Batch, Draw, Network};
use backward::ByOutputs;
use decoder::{Decoder, READOUT, Unrolled, Weights};
use encoder::{Dropping, ENCODED, Encoded, Encoder};
use neural::layers::attention::Memory;

/// A recurrent encoder-decoder: which parameters do what. The parameters themselves are handed in.
#[derive(Clone, Debug)]
pub struct Recurrent {
    shape: Shape,
    encoder: Encoder,
    decoder: Decoder,
}

/// A batch's forward pass.
struct Pass {
    /// For each row of the decoder which pair of the batch it is: the longest output first.
    order: Vec<usize>,
    encoded: Encoded,
    memory: Memory,
    weights: Weights,
    unrolled: Unrolled,
    targets: Vec<u32>,
}

impl Recurrent {
    /// # Errors
    /// If the shape is not allowed (see [`Shape::check`]), or the checkpoint of `builder` has other parameters.
    pub fn new(builder: &mut Builder, shape: Shape) -> Result<Self, LanguageError> {
        shape.check()?;
        let encoder = Encoder::new(builder, &shape)?;
        let decoder = Decoder::new(builder, &shape)?;
        Ok(Recurrent { shape, encoder, decoder })
    }

    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    fn forward(&self, compute: &Compute, params: &Params, batch: &Batch, dropping: Dropping, learning: bool) -> Pass {
        let mut order: Vec<usize> = (0..batch.outputs.len()).collect();
        order.sort_by_key(|&pair| std::cmp::Reverse(batch.outputs[pair].len()));
        let outputs: Vec<&[u32]> = order.iter().map(|&pair| batch.outputs[pair]).collect();
        let encoded = self.encoder.forward(compute, params, &batch.sources, dropping, learning);
        let (mut words, starts) = encoded.words(&order);
        dropping.apply(&mut words.values, ENCODED);
        let memory = self.decoder.attention.memory(compute, params, words, starts);
        let weights = self.decoder.pack(compute, params, learning);
        let initial = encoded.last(&order);
        let covered = self.shape.coverage > 0.0;
        let unrolled = self.decoder.unroll(compute, params, &weights, &memory, &initial, &outputs, covered, dropping);
        let known = |id: u32| if self.shape.copy || (id as usize) < self.shape.n_target_words { id } else { UNKNOWN };
        let steps = &unrolled.steps;
        let targets = (0..steps.n_steps())
            .flat_map(|step| outputs[..steps.n_at(step)].iter().map(move |output| known(output[step])))
            .collect();
        Pass { order, encoded, memory, weights, unrolled, targets }
    }

    /// How likely each target is generated, and copied from its source; none if nothing is copied.
    fn mixed(&self, pass: &Pass, batch: &Batch) -> Option<Vec<Mixed>> {
        let copied = |row: usize, sequence: usize| -> f32 {
            let places = places_of(pass.targets[row], batch.sources[pass.order[sequence]]);
            places.map(|at| pass.unrolled.attention.row(row)[at]).sum()
        };
        let gates = &pass.unrolled.gates;
        self.shape.copy.then(|| {
            let rows = each_row(&pass.unrolled);
            rows.map(|(row, sequence)| Mixed { gate: gates[row], copied: copied(row, sequence) }).collect()
        })
    }

    /// The coverage loss: Σ min(attention, coverage) over rows and source words (See et al. 2017, eq. 12).
    fn coverage_loss(&self, unrolled: &Unrolled) -> f64 {
        let pairs = unrolled.attention.values.iter().zip(&unrolled.coverage.values);
        pairs.map(|(&attention, &coverage)| f64::from(attention.min(coverage))).sum::<f64>()
            * f64::from(self.shape.coverage)
    }

    /// From the gradients by the mixtures to those by attention and by the gates before their logistic function.
    fn by_mixed(&self, pass: &Pass, batch: &Batch, by_mixed: &[Mixed]) -> (Matrix, Matrix) {
        if by_mixed.is_empty() {
            return (Matrix::default(), Matrix::default());
        }
        let n = pass.unrolled.steps.n_rows();
        let (mut by_attention, mut by_gates) = (Matrix::zeros(n, pass.unrolled.attention.n_cols), Matrix::zeros(n, 1));
        for (row, sequence) in each_row(&pass.unrolled) {
            for at in places_of(pass.targets[row], batch.sources[pass.order[sequence]]) {
                by_attention.row_mut(row)[at] += by_mixed[row].copied;
            }
            let gate = pass.unrolled.gates[row];
            by_gates.values[row] = by_mixed[row].gate * gate * (1.0 - gate);
        }
        (by_attention, by_gates)
    }
}

/// Rows of all steps with the sequence each belongs to.
fn each_row(unrolled: &Unrolled) -> impl Iterator<Item = (usize, usize)> {
    let steps = &unrolled.steps;
    (0..steps.n_steps()).flat_map(|step| steps.rows(step).enumerate().map(|(sequence, row)| (row, sequence)))
}

/// Where a word stands in a source.
fn places_of(word: u32, source: &[u32]) -> impl Iterator<Item = usize> {
    source.iter().enumerate().filter(move |(_, other)| **other == word).map(|(at, _)| at)
}

impl Network for Recurrent {
    fn learn(
        &self,
        compute: &Compute,
        params: &Params,
        gradients: &mut Gradients,
        batch: &Batch,
        draw: Draw,
    ) -> Result<Loss, LanguageError> {
        let dropping = Dropping { dropout: Dropout { rate: self.shape.dropout }, seed: draw.seed, step: draw.step };
        let pass = self.forward(compute, params, batch, dropping, true);
        let mut read = pass.unrolled.readouts.clone();
        dropping.apply(&mut read.values, READOUT);
        let scale = 1.0 / batch.n_targets().max(1) as f32;
        let mixed = self.mixed(&pass, batch);
        let smoothing = self.shape.label_smoothing;
        let readout = &self.decoder.readout;
        let mut learned = learn_linear(
            compute,
            params,
            gradients,
            readout,
            read.view(),
            &pass.targets,
            smoothing,
            scale,
            mixed.as_deref(),
        );
        learned.loss.sum += self.coverage_loss(&pass.unrolled);
        dropping.apply(&mut learned.by_x.values, READOUT);
        let (attention, gates) = self.by_mixed(&pass, batch, &learned.by_mixed);
        let by = ByOutputs { readouts: learned.by_x, attention, gates, coverage: self.shape.coverage * scale };
        let Pass { order, encoded, memory, weights, unrolled, .. } = pass;
        let mut by = self.decoder.backward(compute, params, gradients, &weights, &memory, &unrolled, by, dropping);
        drop((weights, unrolled, memory));
        dropping.apply(&mut by.words.values, ENCODED);
        self.encoder.backward(compute, params, gradients, &encoded, &order, by.words.view(), by.initial);
        Ok(learned.loss)
    }

    fn evaluate(&self, compute: &Compute, params: &Params, batch: &Batch) -> Result<Loss, LanguageError> {
        let pass = self.forward(compute, params, batch, Dropping::none(), false);
        let mixed = self.mixed(&pass, batch);
        let read = pass.unrolled.readouts.view();
        let smoothing = self.shape.label_smoothing;
        let readout = &self.decoder.readout;
        let mut loss = evaluate_linear(compute, params, readout, read, &pass.targets, smoothing, mixed.as_deref());
        loss.sum += self.coverage_loss(&pass.unrolled);
        Ok(loss)
    }
}
