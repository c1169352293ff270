//! The decoder backward through its steps, from the gradients by its readouts to those by the encoded words and the
//! initial states. Only what a step owes to the one before it is done step by step; all weights gather their gradients
//! over all steps at once.

use neural::layers::Cell;
use neural::layers::attention::Memory;
use neural::layers::linear::add;
use neural::layers::recurrent::{Before, State};
use neural::{Compute, Gradients, Matrix, Mode, Params};

use super::decoder::{Decoder, Unrolled, Weights, place};
use super::encoder::{DECODER, Dropping};

/// Gradients by what the loss saw of all steps.
#[derive(Debug)]
pub struct ByOutputs {
    /// By the readouts, before dropout. Shape: (n_rows, hidden).
    pub readouts: Matrix,
    /// By the attention; (0, 0) if the loss did not look at it. Shape: (n_rows, longest source).
    pub attention: Matrix,
    /// By the gates' inputs before the logistic function; (0, 0) without copying. Shape: (n_rows, 1).
    pub gates: Matrix,
    /// The weight of the coverage loss, already over the number of targets; 0 for none.
    pub coverage: f32,
}

/// What the encoder gets back.
#[derive(Debug)]
pub struct ByEncoded {
    /// Shape: (words of all sources, hidden).
    pub words: Matrix,
    /// By each layer's initial state.
    pub initial: Vec<State>,
}

/// Gradients carried from a step to the one before, one row a sequence, and those gathered over all steps.
struct Pass {
    carried: Vec<State>,
    /// By the readout that was fed to the next step.
    by_fed: Matrix,
    /// By the coverage that later steps saw.
    by_coverage: Matrix,
    /// For each layer by its projected inputs and, where they differ, states. Shape: (n_rows, gates × hidden).
    by_input: Vec<Matrix>,
    by_state: Vec<Matrix>,
    /// Shape: (n_rows, 2 hidden).
    by_joined: Matrix,
    /// By the readouts before their tanh. Shape: (n_rows, hidden).
    by_before_tanh: Matrix,
    by_queries: Matrix,
}

impl Decoder {
    #[allow(clippy::too_many_arguments)]
    pub fn backward(
        &self,
        compute: &Compute,
        params: &Params,
        gradients: &mut Gradients,
        weights: &Weights,
        memory: &Memory,
        unrolled: &Unrolled,
        mut by: ByOutputs,
        dropping: Dropping,
    ) -> ByEncoded {
        let mut pass = self.begin(unrolled, std::mem::take(&mut by.readouts), memory.longest());
        let mut gathered = self.attention.by_memory(memory);
        let n = unrolled.steps.n_rows();
        if !self.feeds_readout {
            self.join_backward(compute, weights, unrolled, &mut pass, 0, n);
            self.gate_backward(compute, params, &by.gates, &mut pass.by_joined, 0, n);
        }
        for step in (0..unrolled.steps.n_steps()).rev() {
            let rows = unrolled.steps.rows(step);
            if self.feeds_readout {
                for (at, row) in rows.clone().enumerate() {
                    add(pass.by_before_tanh.row_mut(row), pass.by_fed.row(at));
                }
                self.join_backward(compute, weights, unrolled, &mut pass, rows.start, rows.end);
                self.gate_backward(compute, params, &by.gates, &mut pass.by_joined, rows.start, rows.end);
            }
            let hidden = self.hidden();
            let top = &mut pass.carried.last_mut().expect("at least one layer").h;
            for (at, row) in rows.clone().enumerate() {
                add(top.row_mut(at), &pass.by_joined.row(row)[..hidden]);
            }
            if self.feeds_context {
                self.layers_backward(compute, weights, unrolled, &mut pass, step, dropping);
                self.look_backward(compute, params, weights, memory, unrolled, &mut gathered, &mut pass, &by, step);
            } else {
                self.look_backward(compute, params, weights, memory, unrolled, &mut gathered, &mut pass, &by, step);
                self.layers_backward(compute, weights, unrolled, &mut pass, step, dropping);
            }
        }
        self.gather(compute, params, gradients, unrolled, &pass, &by.gates, dropping);
        let top = unrolled.layers.last().expect("at least one layer");
        let queries = if self.feeds_context { &top.before } else { &top.states };
        let by_queries = pass.by_queries.view();
        let words = self.attention.finish(compute, params, gradients, memory, gathered, queries.view(), by_queries);
        ByEncoded { words, initial: pass.carried }
    }

    fn begin(&self, unrolled: &Unrolled, by_readouts: Matrix, longest: usize) -> Pass {
        let (n, n_sequences, hidden) = (unrolled.steps.n_rows(), unrolled.steps.n_sequences(), self.hidden());
        let carried = |layer: &neural::layers::Recurrent| State {
            h: Matrix::zeros(n_sequences, hidden),
            c: if layer.cell == Cell::Lstm { Matrix::zeros(n_sequences, hidden) } else { Matrix::default() },
        };
        let n_state = |cell: Cell| if cell == Cell::Lstm { 0 } else { n };
        let n_covered = usize::from(unrolled.coverage.n_rows > 0) * n_sequences;
        Pass {
            carried: self.layers.iter().map(carried).collect(),
            by_fed: Matrix::zeros(usize::from(self.feeds_readout) * n_sequences, hidden),
            by_coverage: Matrix::zeros(n_covered, longest),
            by_input: self.layers.iter().map(|layer| Matrix::zeros(n, layer.width())).collect(),
            by_state: self.layers.iter().map(|layer| Matrix::zeros(n_state(layer.cell), layer.width())).collect(),
            by_joined: Matrix::zeros(n, 2 * hidden),
            by_before_tanh: by_readouts,
            by_queries: Matrix::zeros(n, self.attention.n_inner),
        }
    }

    /// Through the readouts' tanh and their layer, for rows.
    fn join_backward(
        &self,
        compute: &Compute,
        weights: &Weights,
        unrolled: &Unrolled,
        pass: &mut Pass,
        from: usize,
        to: usize,
    ) {
        for row in from..to {
            for (by, &y) in pass.by_before_tanh.row_mut(row).iter_mut().zip(unrolled.readouts.row(row)) {
                *by *= 1.0 - y * y;
            }
        }
        let back = weights.join.1.as_ref().expect("weights packed for learning");
        compute.product_packed(
            pass.by_joined.rows_mut(from, to),
            pass.by_before_tanh.rows(from, to),
            back,
            Mode::Replace,
        );
    }

    fn gate_backward(
        &self,
        compute: &Compute,
        params: &Params,
        by_gates: &Matrix,
        by_joined: &mut Matrix,
        from: usize,
        to: usize,
    ) {
        if let Some((by, _)) = &self.gate {
            let weight = params.value(by.weight).view().t();
            compute.product(by_joined.rows_mut(from, to), by_gates.rows(from, to), weight, Mode::Add);
        }
    }

    /// Attention backward: its query's gradient goes to the top state carried.
    #[allow(clippy::too_many_arguments)]
    fn look_backward(
        &self,
        compute: &Compute,
        params: &Params,
        weights: &Weights,
        memory: &Memory,
        unrolled: &Unrolled,
        gathered: &mut neural::layers::attention::ByMemory,
        pass: &mut Pass,
        by: &ByOutputs,
        step: usize,
    ) {
        let (rows, hidden) = (unrolled.steps.rows(step), self.hidden());
        let (from, to) = (rows.start, rows.end);
        let by_attention = by_attention(unrolled, by, pass, step);
        let looked = self.attention.has_coverage();
        self.attention.backward(
            params,
            memory,
            gathered,
            unrolled.queries.rows(from, to),
            unrolled.attention.rows(from, to),
            looked.then(|| unrolled.coverage.rows(from, to)),
            pass.by_joined.rows(from, to).cols(hidden, 2 * hidden),
            by_attention.as_ref().map(Matrix::view),
            pass.by_queries.rows_mut(from, to),
            looked.then(|| pass.by_coverage.rows_mut(0, rows.len())),
        );
        let top = &mut pass.carried.last_mut().expect("at least one layer").h;
        let by_queries = pass.by_queries.rows(from, to);
        self.attention.query_backward(compute, &weights.query, by_queries, top.rows_mut(0, rows.len()));
    }

    /// The cells of all layers, the top one first; what was fed back goes to context and readout.
    fn layers_backward(
        &self,
        compute: &Compute,
        weights: &Weights,
        unrolled: &Unrolled,
        pass: &mut Pass,
        step: usize,
        dropping: Dropping,
    ) {
        let (rows, hidden) = (unrolled.steps.rows(step), self.hidden());
        let (from, to, n) = (rows.start, rows.end, rows.len());
        for (at, layer) in self.layers.iter().enumerate().rev() {
            let (own, width, is_lstm) = (&unrolled.layers[at], layer.width(), layer.cell == Cell::Lstm);
            let part = |matrix: &'_ Matrix| from * matrix.n_cols..to * matrix.n_cols;
            let (before_c, now_c): (&[f32], &[f32]) =
                (&own.before_c.values[part(&own.before_c)], &own.cells.values[part(&own.cells)]);
            let carried = &mut pass.carried[at];
            let by_c = if is_lstm { &mut carried.c.values[..n * hidden] } else { &mut [] };
            let by_state = if is_lstm { &mut [] } else { &mut pass.by_state[at].values[from * width..to * width] };
            layer.cell.backward(
                hidden,
                own.saved.rows(from, to).values(),
                Before { h: own.before.rows(from, to).values(), c: before_c },
                now_c,
                (&mut carried.h.values[..n * hidden], by_c),
                (&mut pass.by_input[at].values[from * width..to * width], by_state),
            );
            let by_projected = if is_lstm { &pass.by_input[at] } else { &pass.by_state[at] }.rows(from, to);
            layer.state_backward(compute, &weights.states[at], by_projected, carried.h.rows_mut(0, n));
            if at > 0 {
                let back = weights.inputs[at - 1].1.as_ref().expect("weights packed for learning");
                let mut by_below = Matrix::zeros(n, hidden);
                compute.product_packed(by_below.view_mut(), pass.by_input[at].rows(from, to), back, Mode::Replace);
                dropping.apply(&mut by_below.values, place(at, step));
                add(&mut pass.carried[at - 1].h.values[..n * hidden], &by_below.values);
            }
        }
        if let Some((_, back)) = &weights.feed {
            let back = back.as_ref().expect("weights packed for learning");
            let mut by_feed = Matrix::zeros(n, self.n_feed());
            compute.product_packed(by_feed.view_mut(), pass.by_input[0].rows(from, to), back, Mode::Replace);
            for (at, row) in rows.enumerate() {
                let mut by = by_feed.row(at);
                if self.feeds_context {
                    add(&mut pass.by_joined.row_mut(row)[hidden..], &by[..hidden]);
                    by = &by[hidden..];
                }
                if self.feeds_readout {
                    pass.by_fed.row_mut(at).copy_from_slice(by);
                }
            }
        }
    }

    /// The gradients of all weights but those of attention and readout, over all steps.
    #[allow(clippy::too_many_arguments)]
    fn gather(
        &self,
        compute: &Compute,
        params: &Params,
        gradients: &mut Gradients,
        unrolled: &Unrolled,
        pass: &Pass,
        by_gates: &Matrix,
        dropping: Dropping,
    ) {
        for (at, layer) in self.layers.iter().enumerate() {
            let own = &unrolled.layers[at];
            let x = if at == 0 { &unrolled.embedded } else { &own.inputs };
            let by_input = pass.by_input[at].view();
            let by_state = if layer.cell == Cell::Lstm { by_input } else { pass.by_state[at].view() };
            layer.add_gradients(compute, gradients, x.view(), own.before.view(), by_input, by_state);
        }
        let by_input = pass.by_input[0].view();
        if let Some(feed) = self.feed {
            let feeds = unrolled.feeds.view().t();
            compute.product(gradients.dense_mut(feed).view_mut(), feeds, by_input, Mode::Add);
        }
        self.join.add_gradients(compute, gradients, unrolled.joined.view(), pass.by_before_tanh.view());
        let mut by_embedded = compute.times(by_input, params.value(self.layers[0].input).view().t());
        if let Some((by_joined, by_word)) = &self.gate {
            by_joined.add_gradients(compute, gradients, unrolled.joined.view(), by_gates.view());
            by_word.add_gradients(compute, gradients, unrolled.embedded.view(), by_gates.view());
            let weight = params.value(by_word.weight).view().t();
            compute.product(by_embedded.view_mut(), by_gates.view(), weight, Mode::Add);
        }
        dropping.apply(&mut by_embedded.values, DECODER);
        self.words.backward(gradients, &unrolled.ids, by_embedded.view());
    }
}

/// The gradient by a step's attention from copying and from coverage, of which the part owed to earlier steps is added to
/// what is carried: a word's coverage is the sum of its attention, and the coverage loss that of min(attention, coverage).
fn by_attention(unrolled: &Unrolled, by: &ByOutputs, pass: &mut Pass, step: usize) -> Option<Matrix> {
    let rows = unrolled.steps.rows(step);
    if by.attention.n_rows == 0 && pass.by_coverage.n_rows == 0 {
        return None;
    }
    let mut out = Matrix::zeros(rows.len(), unrolled.attention.n_cols);
    for (at, row) in rows.enumerate() {
        let out = out.row_mut(at);
        if by.attention.n_rows > 0 {
            add(out, by.attention.row(row));
        }
        if pass.by_coverage.n_rows > 0 {
            add(out, pass.by_coverage.row(at));
            let (attention, coverage) = (unrolled.attention.row(row), unrolled.coverage.row(row));
            for (col, by_covered) in pass.by_coverage.row_mut(at).iter_mut().enumerate() {
                if attention[col] < coverage[col] {
                    out[col] += by.coverage;
                } else {
                    *by_covered += by.coverage;
                }
            }
        }
    }
    Some(out)
}
