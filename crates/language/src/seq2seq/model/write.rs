//! Writing word by word with a trained recurrent model: the step that searches for outputs are built on.

use std::collections::HashMap;

use neural::layers::attention::Memory;
use neural::layers::linear::fill_rows;
use neural::layers::recurrent::{Before, Projected, State};
use neural::math_functions::{log_softmax_in_place, tanh_in_place};
use neural::{Compute, Matrix, Mode, Packed, Params};
use rayon::prelude::*;

use super::Recurrent;
use super::decoder::Weights;
use super::encoder::Dropping;
use crate::seq2seq::decode::{Next, StepModel, UNKNOWN};

/// A model with its parameters, made ready to write.
#[derive(Debug)]
pub struct Writer<'a> {
    model: &'a Recurrent,
    params: &'a Params,
    compute: Compute,
    weights: Weights,
    /// Of the first layer's input.
    first: Packed,
    readout: Packed,
}

/// Unfinished outputs. What their sources share is kept once.
#[derive(Debug)]
pub struct Written {
    memory: Memory,
    /// The words of each source, unknown ones numbered from the vocabulary's size on; empty without copying.
    sources: Vec<Vec<u32>>,
    n_words: usize,
    /// Each row's source.
    of: Vec<u32>,
    layers: Vec<State>,
    /// What was read out last. Shape: (n, hidden).
    readouts: Matrix,
    /// The sum of all attention so far; (0, 0) unless scores look at it.
    coverage: Matrix,
}

impl<'a> Writer<'a> {
    pub fn new(model: &'a Recurrent, params: &'a Params, compute: Compute) -> Self {
        let weights = model.decoder.pack(&compute, params, false);
        let first = compute.pack(params.value(model.decoder.layers[0].input).view());
        let readout = model.decoder.readout.pack(&compute, params);
        Writer { model, params, compute, weights, first, readout }
    }

    /// One step's cells. `fed` is what is fed back to the first layer.
    fn run_layers(&self, state: &mut Written, embedded: &Matrix, fed: &Matrix) {
        let (decoder, compute, params) = (&self.model.decoder, &self.compute, self.params);
        let n = embedded.n_rows;
        let mut by_state = Matrix::default();
        let mut below = embedded.clone();
        for (at, layer) in decoder.layers.iter().enumerate() {
            let mut projected = Matrix::zeros(n, layer.width());
            fill_rows(projected.view_mut(), &params.value(layer.input_bias).values);
            let input = if at == 0 { &self.first } else { &self.weights.inputs[at - 1].0 };
            compute.product_packed(projected.view_mut(), below.view(), input, Mode::Add);
            if let (0, Some((feed, _))) = (at, &self.weights.feed) {
                compute.product_packed(projected.view_mut(), fed.view(), feed, Mode::Add);
            }
            let own = &mut state.layers[at];
            layer.project_state(compute, &self.weights.states[at], own.h.view(), &mut by_state, n);
            let mut out = Matrix::zeros(n, layer.n_hidden);
            let mut out_c = Matrix::zeros(own.c.n_rows, own.c.n_cols);
            let mut saved = Matrix::zeros(n, 4 * layer.n_hidden);
            layer.cell.forward(
                layer.n_hidden,
                Projected {
                    input: &projected.values,
                    state: &by_state.values,
                    state_bias: layer.state_bias_of(params),
                },
                Before { h: &own.h.values, c: &own.c.values },
                (&mut out.values, &mut out_c.values),
                &mut saved.values,
            );
            below = out.clone();
            *own = State { h: out, c: out_c };
        }
    }

    /// Attends with the top states; gives weights and contexts.
    fn look(&self, state: &Written) -> (Matrix, Matrix) {
        let (decoder, n) = (&self.model.decoder, state.of.len());
        let mut weights = Matrix::zeros(n, state.memory.longest());
        let mut contexts = Matrix::zeros(n, decoder.hidden());
        let mut queries = Matrix::zeros(n, decoder.attention.n_inner);
        decoder.attention.forward(
            &self.compute,
            self.params,
            &self.weights.query,
            &state.memory,
            &state.of,
            state.layers.last().expect("at least one layer").h.view(),
            decoder.attention.has_coverage().then(|| state.coverage.view()),
            queries.view_mut(),
            weights.view_mut(),
            contexts.view_mut(),
        );
        (weights, contexts)
    }

    /// Contexts and last readouts, as far as they are fed back, side by side.
    fn fed(&self, state: &Written, contexts: &Matrix) -> Matrix {
        let decoder = &self.model.decoder;
        let mut fed = Matrix::zeros(state.of.len(), decoder.n_feed());
        for row in 0..fed.n_rows {
            let mut out = fed.row_mut(row);
            if decoder.feeds_context {
                let (context, rest) = out.split_at_mut(decoder.hidden());
                context.copy_from_slice(contexts.row(row));
                out = rest;
            }
            if decoder.feeds_readout {
                out.copy_from_slice(state.readouts.row(row));
            }
        }
        fed
    }

    /// Fills in log-probabilities of the words generated, and with copying of those of the source.
    fn predict(&self, state: &Written, joined: &Matrix, embedded: &Matrix, attention: &Matrix, next: &mut Next) {
        let decoder = &self.model.decoder;
        let logits = decoder.readout.forward_packed(&self.compute, self.params, &self.readout, state.readouts.view());
        let gates = decoder.gates(&self.compute, self.params, joined.view(), embedded.view());
        next.log_probabilities.clear();
        next.log_probabilities.resize(state.of.len() * state.n_words, f32::NEG_INFINITY);
        let rows = next.log_probabilities.par_chunks_mut(state.n_words).enumerate();
        rows.for_each(|(row, out)| {
            let (generated, _) = out.split_at_mut(logits.n_cols);
            generated.copy_from_slice(logits.row(row));
            log_softmax_in_place(generated);
            if let Some(&gate) = gates.get(row) {
                mix(out, gate, &state.sources[state.of[row] as usize], attention.row(row));
            }
        });
    }
}

/// Logarithms of the generated words' probabilities become those of the mixture with copying.
pub(crate) fn mix(out: &mut [f32], gate: f32, source: &[u32], attention: &[f32]) {
    let log_gate = gate.max(f32::MIN_POSITIVE).ln();
    out.iter_mut().for_each(|value| *value += log_gate);
    let mut copied: HashMap<u32, f32> = HashMap::new();
    for (&word, &weight) in source.iter().zip(attention) {
        *copied.entry(word).or_default() += weight;
    }
    // Each word once; their order cannot be seen.
    for (word, weight) in copied {
        let value = &mut out[word as usize];
        *value = (value.exp() + (1.0 - gate) * weight).max(f32::MIN_POSITIVE).ln();
    }
}

impl StepModel for Writer<'_> {
    type State = Written;

    fn start(&self, sources: &[&[u32]]) -> Written {
        let (model, shape) = (self.model, &self.model.shape);
        let order: Vec<usize> = (0..sources.len()).collect();
        let encoded = model.encoder.forward(&self.compute, self.params, sources, Dropping::none(), false);
        let (words, starts) = encoded.words(&order);
        let memory = model.decoder.attention.memory(&self.compute, self.params, words, starts);
        let sources: Vec<Vec<u32>> =
            if shape.copy { sources.iter().map(|source| source.to_vec()).collect() } else { Vec::new() };
        let beyond = sources.iter().flatten().map(|&word| word as usize + 1).max().unwrap_or(0);
        let covered = model.decoder.attention.has_coverage();
        Written {
            n_words: shape.n_target_words.max(beyond),
            of: order.iter().map(|&source| source as u32).collect(),
            layers: encoded.last(&order),
            readouts: Matrix::zeros(order.len(), shape.dim_hidden),
            coverage: if covered { Matrix::zeros(order.len(), memory.longest()) } else { Matrix::default() },
            memory,
            sources,
        }
    }

    fn n_words(&self, state: &Written) -> usize {
        state.n_words
    }

    fn select(&self, state: &mut Written, rows: &[u32]) {
        let gather = |from: &Matrix| {
            let mut out = Matrix::zeros(rows.len() * usize::from(from.n_cols > 0), from.n_cols);
            if from.n_cols > 0 {
                rows.iter().enumerate().for_each(|(at, &row)| out.row_mut(at).copy_from_slice(from.row(row as usize)));
            }
            out
        };
        state.of = rows.iter().map(|&row| state.of[row as usize]).collect();
        for layer in &mut state.layers {
            *layer = State { h: gather(&layer.h), c: gather(&layer.c) };
        }
        state.readouts = gather(&state.readouts);
        state.coverage = gather(&state.coverage);
    }

    fn step(&self, state: &mut Written, tokens: &[u32], next: &mut Next) {
        assert_eq!(tokens.len(), state.of.len(), "a token for each row");
        let (decoder, hidden) = (&self.model.decoder, self.model.decoder.hidden());
        let known = |&id: &u32| if (id as usize) < decoder.words.n { id } else { UNKNOWN };
        let ids: Vec<u32> = tokens.iter().map(known).collect();
        let embedded = decoder.words.forward(self.params, &ids);
        let looked = decoder.feeds_context.then(|| self.look(state));
        let none = Matrix::default();
        let fed = self.fed(state, looked.as_ref().map_or(&none, |(_, contexts)| contexts));
        self.run_layers(state, &embedded, &fed);
        let (attention, contexts) = looked.unwrap_or_else(|| self.look(state));
        let top = &state.layers.last().expect("at least one layer").h;
        let mut joined = Matrix::zeros(ids.len(), 2 * hidden);
        for row in 0..ids.len() {
            joined.row_mut(row)[..hidden].copy_from_slice(top.row(row));
            joined.row_mut(row)[hidden..].copy_from_slice(contexts.row(row));
        }
        let join = &self.weights.join.0;
        state.readouts = decoder.join.forward_packed(&self.compute, self.params, join, joined.view());
        tanh_in_place(&mut state.readouts.values);
        for (sum, weight) in state.coverage.values.iter_mut().zip(&attention.values) {
            *sum += weight;
        }
        self.predict(state, &joined, &embedded, &attention, next);
        next.source_len = attention.n_cols;
        next.attention = attention.values;
    }
}
