//! The recurrent decoder, fed with what was to be written before each word (teacher forcing). The order within a step
//! follows the attention: additive looks with the state before the step and feeds what it saw to the cell (Bahdanau et al.
//! 2015); the others look with the state after it (Luong et al. 2015). Either way the readout joins state and context.
//!
//! Whatever does not depend on the step before is done for all steps at once: embeddings, their projection, and unless
//! it is fed back the readout.

use neural::layers::attention::{Attention, Memory, QueryWeights, Score};
use neural::layers::linear::{Linear, fill_rows};
use neural::layers::recurrent::{Before, Projected, Recurrent, State, StateWeights, Steps};
use neural::layers::{Cell, Embedding};
use neural::math_functions::{sigmoid, tanh_in_place};
use neural::{Builder, Compute, Init, Matrix, Mode, Packed, ParamId, Params, View};

use super::Shape;
use super::encoder::{DECODER, Dropping, WORDS_BEGIN};
use crate::LanguageError;
use crate::seq2seq::decode::{BEGIN, UNKNOWN};

#[derive(Clone, Debug)]
pub struct Decoder {
    pub words: Embedding,
    pub layers: Vec<Recurrent>,
    /// The weight of what is fed back to the first layer. Shape: (n_feed, gates × hidden).
    pub feed: Option<ParamId>,
    pub attention: Attention,
    /// From state and context to what words are read from.
    pub join: Linear,
    pub readout: Linear,
    /// From state and context, and from the word fed, to how likely a word is generated rather than copied.
    pub gate: Option<(Linear, Linear)>,
    pub feeds_context: bool,
    pub feeds_readout: bool,
}

/// Weights made ready until parameters change.
#[derive(Clone, Debug)]
pub struct Weights {
    pub states: Vec<StateWeights>,
    /// The inputs of the layers but the first, and transposed for learning.
    pub inputs: Vec<(Packed, Option<Packed>)>,
    pub feed: Option<(Packed, Option<Packed>)>,
    pub query: QueryWeights,
    pub join: (Packed, Option<Packed>),
}

/// All steps of a batch, with what the backward pass needs. Rows are those of `steps`.
#[derive(Debug)]
pub struct Unrolled {
    pub steps: Steps,
    pub ids: Vec<u32>,
    /// After dropout. Shape: (n_rows, dim_embedding).
    pub embedded: Matrix,
    /// For each layer.
    pub layers: Vec<LayerSteps>,
    /// What was fed back to the first layer. Shape: (n_rows, n_feed).
    pub feeds: Matrix,
    /// Shape: (n_rows, n_inner).
    pub queries: Matrix,
    /// How much each source word counted. Shape: (n_rows, longest source).
    pub attention: Matrix,
    /// The sum of `attention` over the steps before; (0, 0) unless coverage is asked for.
    pub coverage: Matrix,
    /// State and context side by side. Shape: (n_rows, 2 hidden).
    pub joined: Matrix,
    /// What words are read from, before dropout. Shape: (n_rows, hidden).
    pub readouts: Matrix,
    /// The probabilities that words are generated; empty without copying.
    pub gates: Vec<f32>,
}

#[derive(Debug)]
pub struct LayerSteps {
    /// The layer's input after dropout; (0, 0) for the first. Shape: (n_rows, hidden).
    pub inputs: Matrix,
    /// The states before each step. Shape: (n_rows, hidden).
    pub before: Matrix,
    pub before_c: Matrix,
    pub states: Matrix,
    pub cells: Matrix,
    /// Shape: (n_rows, 4 hidden).
    pub saved: Matrix,
}

impl Decoder {
    /// # Errors
    /// As [`Builder::param`] and [`Attention::new`].
    pub fn new(builder: &mut Builder, shape: &Shape) -> Result<Self, LanguageError> {
        let (cell, score, hidden) = (shape.cell()?, shape.score()?, shape.dim_hidden);
        let words = Embedding::new(builder, "decoder.words", shape.n_target_words, shape.dim_embedding, WORDS_BEGIN)?;
        let (feeds_context, feeds_readout) = (score == Score::Additive, shape.input_feeding);
        let n_feed = hidden * (usize::from(feeds_context) + usize::from(feeds_readout));
        let mut layers = Vec::with_capacity(shape.layers);
        for at in 0..shape.layers {
            let n_in = if at == 0 { shape.dim_embedding } else { hidden };
            layers.push(Recurrent::new(builder, &format!("decoder.{at}"), cell, n_in, hidden)?);
        }
        let uniform = Init::Uniform(1.0 / (hidden as f32).sqrt());
        let feed = match n_feed {
            0 => None,
            n => Some(builder.param("decoder.feed", n, layers[0].width(), uniform)?),
        };
        let with_coverage = shape.coverage > 0.0 && matches!(score, Score::Additive | Score::Concat);
        let sizes = (hidden, hidden, hidden);
        let attention = Attention::new(builder, "decoder.attention", score, sizes, with_coverage)?;
        let join = Linear::new(builder, "decoder.join", 2 * hidden, hidden, true)?;
        let readout = Linear::new(builder, "decoder.readout", hidden, shape.n_target_words, true)?;
        let gate = if shape.copy {
            let joined = Linear::new(builder, "decoder.gate", 2 * hidden, 1, true)?;
            Some((joined, Linear::new(builder, "decoder.gate_word", shape.dim_embedding, 1, false)?))
        } else {
            None
        };
        Ok(Decoder { words, layers, feed, attention, join, readout, gate, feeds_context, feeds_readout })
    }

    pub fn hidden(&self) -> usize {
        self.layers[0].n_hidden
    }

    pub fn n_feed(&self) -> usize {
        self.hidden() * (usize::from(self.feeds_context) + usize::from(self.feeds_readout))
    }

    pub fn pack(&self, compute: &Compute, params: &Params, learning: bool) -> Weights {
        let both = |id: ParamId| {
            let weight = params.value(id).view();
            (compute.pack(weight), learning.then(|| compute.pack(weight.t())))
        };
        Weights {
            states: self.layers.iter().map(|layer| layer.pack_state(compute, params, learning)).collect(),
            inputs: self.layers[1..].iter().map(|layer| both(layer.input)).collect(),
            feed: self.feed.map(both),
            query: self.attention.pack_query(compute, params, learning),
            join: both(self.join.weight),
        }
    }

    /// The ids fed: [`BEGIN`], then the outputs; what the vocabulary lacks (words copied) counts as [`UNKNOWN`].
    pub fn fed(&self, outputs: &[&[u32]], steps: &Steps) -> Vec<u32> {
        let known = |id: u32| if (id as usize) < self.words.n { id } else { UNKNOWN };
        let at = |step: usize, output: &[u32]| if step == 0 { BEGIN } else { known(output[step - 1]) };
        (0..steps.n_steps())
            .flat_map(|step| outputs[..steps.n_at(step)].iter().map(move |output| at(step, output)))
            .collect()
    }

    /// All steps of `outputs`, the longest first. `initial` are the layers' states before the first step, one row an output.
    #[allow(clippy::too_many_arguments)]
    pub fn unroll(
        &self,
        compute: &Compute,
        params: &Params,
        weights: &Weights,
        memory: &Memory,
        initial: &[State],
        outputs: &[&[u32]],
        with_coverage: bool,
        dropping: Dropping,
    ) -> Unrolled {
        let lengths: Vec<usize> = outputs.iter().map(|output| output.len()).collect();
        let steps = Steps::new(&lengths);
        let ids = self.fed(outputs, &steps);
        let mut embedded = self.words.forward(params, &ids);
        dropping.apply(&mut embedded.values, DECODER);
        let mut projected = self.layers[0].project(compute, params, embedded.view());
        let mut unrolled = self.room(steps, ids, embedded, memory, with_coverage);
        let sources: Vec<u32> = (0..outputs.len() as u32).collect();
        let mut by_state = Matrix::default();
        for step in 0..unrolled.steps.n_steps() {
            unrolled.copy_before(step, initial);
            unrolled.copy_coverage(step);
            if self.feeds_context {
                self.look(compute, params, weights, memory, &sources, &mut unrolled, step);
            }
            self.run_layers(compute, params, weights, &mut unrolled, step, (&mut projected, &mut by_state), dropping);
            if !self.feeds_context {
                self.look(compute, params, weights, memory, &sources, &mut unrolled, step);
            }
            if self.feeds_readout {
                let rows = unrolled.steps.rows(step);
                self.read_out(compute, params, weights, &mut unrolled, rows.start, rows.end);
            }
        }
        if !self.feeds_readout {
            let n = unrolled.steps.n_rows();
            self.read_out(compute, params, weights, &mut unrolled, 0, n);
        }
        unrolled.gates = self.gates(compute, params, unrolled.joined.view(), unrolled.embedded.view());
        unrolled
    }

    fn room(&self, steps: Steps, ids: Vec<u32>, embedded: Matrix, memory: &Memory, with_coverage: bool) -> Unrolled {
        let (n, hidden) = (steps.n_rows(), self.hidden());
        let layer = |at: usize, layer: &Recurrent| {
            let is_lstm = layer.cell == Cell::Lstm;
            let (n_c, hidden_c) = if is_lstm { (n, hidden) } else { (0, 0) };
            LayerSteps {
                inputs: if at > 0 { Matrix::zeros(n, hidden) } else { Matrix::default() },
                before: Matrix::zeros(n, hidden),
                before_c: Matrix::zeros(n_c, hidden_c),
                states: Matrix::zeros(n, hidden),
                cells: Matrix::zeros(n_c, hidden_c),
                saved: Matrix::zeros(n, 4 * hidden),
            }
        };
        let longest = memory.longest();
        Unrolled {
            layers: self.layers.iter().enumerate().map(|(at, of)| layer(at, of)).collect(),
            feeds: Matrix::zeros(n, self.n_feed()),
            queries: Matrix::zeros(n, self.attention.n_inner),
            attention: Matrix::zeros(n, longest),
            coverage: if with_coverage { Matrix::zeros(n, longest) } else { Matrix::default() },
            joined: Matrix::zeros(n, 2 * hidden),
            readouts: Matrix::zeros(n, hidden),
            gates: Vec::new(),
            steps,
            ids,
            embedded,
        }
    }

    /// Attends: with the top state before the step if its context is fed, else with that after it.
    #[allow(clippy::too_many_arguments)]
    fn look(
        &self,
        compute: &Compute,
        params: &Params,
        weights: &Weights,
        memory: &Memory,
        sources: &[u32],
        unrolled: &mut Unrolled,
        step: usize,
    ) {
        let (rows, hidden) = (unrolled.steps.rows(step), self.hidden());
        let top = unrolled.layers.last().expect("at least one layer");
        let states = if self.feeds_context { &top.before } else { &top.states };
        let coverage = self.attention.has_coverage().then(|| unrolled.coverage.rows(rows.start, rows.end));
        self.attention.forward(
            compute,
            params,
            &weights.query,
            memory,
            &sources[..rows.len()],
            states.rows(rows.start, rows.end),
            coverage,
            unrolled.queries.rows_mut(rows.start, rows.end),
            unrolled.attention.rows_mut(rows.start, rows.end),
            unrolled.joined.rows_mut(rows.start, rows.end).cols(hidden, 2 * hidden),
        );
    }

    /// The cells of all layers. `projected` are the projected embeddings of all steps.
    #[allow(clippy::too_many_arguments)]
    fn run_layers(
        &self,
        compute: &Compute,
        params: &Params,
        weights: &Weights,
        unrolled: &mut Unrolled,
        step: usize,
        (projected, by_state): (&mut Matrix, &mut Matrix),
        dropping: Dropping,
    ) {
        let (rows, hidden) = (unrolled.steps.rows(step), self.hidden());
        let (from, to) = (rows.start, rows.end);
        if let Some((feed, _)) = &weights.feed {
            self.gather_feeds(unrolled, step);
            compute.product_packed(projected.rows_mut(from, to), unrolled.feeds.rows(from, to), feed, Mode::Add);
        }
        let mut upper = Matrix::default();
        for (at, layer) in self.layers.iter().enumerate() {
            if at > 0 {
                let (below, rest) = unrolled.layers.split_at_mut(at);
                let input = &mut rest[0].inputs.values[from * hidden..to * hidden];
                input.copy_from_slice(below[at - 1].states.rows(from, to).values());
                dropping.apply(input, place(at, step));
                upper.reshape(rows.len(), layer.width());
                fill_rows(upper.view_mut(), &params.value(layer.input_bias).values);
                let input = View::new(input, rows.len(), hidden);
                compute.product_packed(upper.view_mut(), input, &weights.inputs[at - 1].0, Mode::Add);
            }
            let own = &mut unrolled.layers[at];
            let before = own.before.rows(from, to);
            layer.project_state(compute, &weights.states[at], before, by_state, rows.len());
            let input = if at == 0 { projected.rows(from, to).values() } else { &upper.values };
            let is_lstm = layer.cell == Cell::Lstm;
            let cells = if is_lstm { &mut own.cells.values[from * hidden..to * hidden] } else { &mut [] };
            let before_c = if is_lstm { own.before_c.rows(from, to).values() } else { &[] };
            layer.cell.forward(
                hidden,
                Projected { input, state: &by_state.values, state_bias: layer.state_bias_of(params) },
                Before { h: before.values(), c: before_c },
                (&mut own.states.values[from * hidden..to * hidden], cells),
                &mut own.saved.values[from * 4 * hidden..to * 4 * hidden],
            );
        }
        let top = &unrolled.layers.last().expect("at least one layer").states;
        for row in rows {
            unrolled.joined.row_mut(row)[..hidden].copy_from_slice(top.row(row));
        }
    }

    fn gather_feeds(&self, unrolled: &mut Unrolled, step: usize) {
        let hidden = self.hidden();
        for (at, row) in unrolled.steps.rows(step).enumerate() {
            let mut feed = unrolled.feeds.row_mut(row);
            if self.feeds_context {
                let (context, rest) = feed.split_at_mut(hidden);
                context.copy_from_slice(&unrolled.joined.row(row)[hidden..]);
                feed = rest;
            }
            if self.feeds_readout && step > 0 {
                feed.copy_from_slice(unrolled.readouts.row(unrolled.steps.row(step - 1, at)));
            }
        }
    }

    /// `tanh(join(state, context))` of rows.
    fn read_out(
        &self,
        compute: &Compute,
        params: &Params,
        weights: &Weights,
        unrolled: &mut Unrolled,
        from: usize,
        to: usize,
    ) {
        let joined = unrolled.joined.rows(from, to);
        let readouts = self.join.forward_packed(compute, params, &weights.join.0, joined);
        let hidden = self.hidden();
        let out = &mut unrolled.readouts.values[from * hidden..to * hidden];
        out.copy_from_slice(&readouts.values);
        tanh_in_place(out);
    }

    /// The probability of each row that its word is generated; empty without copying.
    pub fn gates(&self, compute: &Compute, params: &Params, joined: View, embedded: View) -> Vec<f32> {
        let Some((by_joined, by_word)) = &self.gate else { return Vec::new() };
        let mut gates = by_joined.forward(compute, params, joined);
        compute.product(gates.view_mut(), embedded, params.value(by_word.weight).view(), Mode::Add);
        gates.values.into_iter().map(sigmoid).collect()
    }
}

/// The place of a layer's input at a step, for dropout.
pub fn place(layer: usize, step: usize) -> u64 {
    DECODER + ((layer as u64) << 32) + step as u64
}

/// The place of the readouts, for dropout.
pub const READOUT: u64 = DECODER + 1;

impl Unrolled {
    /// Each layer's states before a step: those after the one before it, or the initial ones.
    fn copy_before(&mut self, step: usize, initial: &[State]) {
        let rows = self.steps.rows(step);
        for (layer, initial) in self.layers.iter_mut().zip(initial) {
            let parts =
                [(&mut layer.before, &layer.states, &initial.h), (&mut layer.before_c, &layer.cells, &initial.c)];
            for (before, states, initial) in parts {
                let n_cols = before.n_cols;
                let (from, source) = if step == 0 { (0, initial) } else { (self.steps.rows(step - 1).start, states) };
                let source = &source.values[from * n_cols..(from + rows.len()) * n_cols];
                before.values[rows.start * n_cols..rows.end * n_cols].copy_from_slice(source);
            }
        }
    }

    /// The attention of all steps before a step.
    fn copy_coverage(&mut self, step: usize) {
        if step == 0 || self.coverage.n_rows == 0 {
            return;
        }
        for (at, row) in self.steps.rows(step).enumerate() {
            let last = self.steps.row(step - 1, at);
            for col in 0..self.coverage.n_cols {
                let sum = self.coverage.row(last)[col] + self.attention.row(last)[col];
                self.coverage.row_mut(row)[col] = sum;
            }
        }
    }
}
