//! Recurrent layers over sequences of different lengths, and the parts of one step for networks that feed their own output
//! back. Inputs of all steps are projected by one product, and weights gather their gradients by one product.
//!
//! Sequences lie in [`Steps`]: the longest first, step by step, without padding: the rows of step `t` are those of the
//! sequences that are longer than `t`. No row is computed that nobody asks for.

use std::ops::Range;

use rayon::prelude::*;

use super::linear::{add_column_sums, fill_rows};
use super::{gru, lstm};
use crate::params::{Builder, Gradients, Init, ParamId, Params};
use crate::product::{Compute, Mode, Packed};
use crate::{Matrix, NeuralError, View, ViewMut};

/// Which recurrent cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    Gru,
    Lstm,
}

/// How sequences, the longest first, lie in the rows of a matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps {
    /// Where the rows of each step begin, and the end. Length: the longest sequence's plus 1.
    starts: Vec<usize>,
    n_sequences: usize,
}

impl Steps {
    /// # Panics
    /// If a length is larger than the one before.
    pub fn new(lengths: &[usize]) -> Self {
        assert!(lengths.is_sorted_by(|a, b| a >= b), "the longest sequence first: {lengths:?}");
        let longest = lengths.first().copied().unwrap_or(0);
        let mut starts = vec![0];
        for step in 0..longest {
            starts.push(starts[step] + lengths.partition_point(|&length| length > step));
        }
        Steps { starts, n_sequences: lengths.len() }
    }

    pub fn n_steps(&self) -> usize {
        self.starts.len() - 1
    }

    pub fn n_sequences(&self) -> usize {
        self.n_sequences
    }

    pub fn n_rows(&self) -> usize {
        self.starts[self.n_steps()]
    }

    /// The rows of a step.
    pub fn rows(&self, step: usize) -> Range<usize> {
        self.starts[step]..self.starts[step + 1]
    }

    /// Sequences that are longer than `step`: the first ones.
    pub fn n_at(&self, step: usize) -> usize {
        if step < self.n_steps() { self.rows(step).len() } else { 0 }
    }

    /// The row of a sequence's step.
    pub fn row(&self, step: usize, sequence: usize) -> usize {
        debug_assert!(sequence < self.n_at(step));
        self.starts[step] + sequence
    }
}

/// What a cell carries from step to step: `c` has no rows for cells without one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Shape: (n, hidden).
    pub h: Matrix,
    /// Shape: (n, hidden) or (0, 0).
    pub c: Matrix,
}

/// A recurrent layer.
#[derive(Clone, Debug)]
pub struct Recurrent {
    pub cell: Cell,
    pub n_in: usize,
    pub n_hidden: usize,
    /// Shape: (n_in, gates × hidden).
    pub input: ParamId,
    /// Shape: (1, gates × hidden).
    pub input_bias: ParamId,
    /// Shape: (hidden, gates × hidden).
    pub state: ParamId,
    /// Shape: (1, gates × hidden); the LSTM needs no second bias.
    pub state_bias: Option<ParamId>,
}

/// What a run over sequences leaves for the backward pass.
#[derive(Clone, Debug)]
pub struct Run {
    /// The state after each step. Shape: (n_rows, hidden).
    pub states: Matrix,
    /// The LSTM's memory after each step; else (0, 0).
    pub cells: Matrix,
    /// Shape: (n_rows, 4 hidden).
    pub saved: Matrix,
}

impl Cell {
    /// # Errors
    /// If it is neither `gru` nor `lstm`.
    pub fn from_name(name: &str) -> Result<Self, NeuralError> {
        match name {
            "gru" => Ok(Cell::Gru),
            "lstm" => Ok(Cell::Lstm),
            _ => Err(NeuralError::unfit("recurrent cell", name, "gru, lstm")),
        }
    }

    /// Blocks of `hidden` columns in a projection.
    pub fn n_gates(self) -> usize {
        match self {
            Cell::Gru => 3,
            Cell::Lstm => 4,
        }
    }

    /// The memory's columns for `hidden` columns of state.
    pub fn n_memory(self, hidden: usize) -> usize {
        if self == Cell::Lstm { hidden } else { 0 }
    }

    /// One step of rows, element by element. The first rows have states before them; further ones begin (at 0).
    /// Shapes: `by_input`, `by_state` (n, gates × hidden); `before` (up to n, hidden) and its memory; `out` (n, hidden) and
    /// its memory; `saved` (n, 4 hidden).
    pub fn forward(
        self,
        hidden: usize,
        projected: Projected,
        before: Before,
        out: (&mut [f32], &mut [f32]),
        saved: &mut [f32],
    ) {
        let zeros = vec![0f32; hidden];
        let width = self.n_gates() * hidden;
        let gates = |row: usize| {
            let own = row * width..(row + 1) * width;
            (&projected.input[own.clone()], &projected.state[own])
        };
        let tasks =
            out.0.par_chunks_mut(hidden).zip(saved.par_chunks_mut(4 * hidden)).with_min_len(rows_a_task(hidden));
        match self {
            Cell::Gru => tasks.enumerate().for_each(|(row, (out, saved))| {
                let before = row_or(before.h, row, &zeros);
                let (by_input, by_state) = gates(row);
                gru::forward(by_input, by_state, projected.state_bias, before, out, saved);
            }),
            Cell::Lstm => {
                tasks.zip(out.1.par_chunks_mut(hidden)).enumerate().for_each(|(row, ((out, saved), out_c))| {
                    let before = row_or(before.c, row, &zeros);
                    let (by_input, by_state) = gates(row);
                    lstm::forward(by_input, by_state, before, out, out_c, saved);
                });
            }
        }
    }

    /// One step of rows backwards, element by element. `by.0`, the gradient by the states after, becomes the part of that
    /// by the states before that goes through no product; `by.1` that by the memory before. `by_input` and `by_state`
    /// become the gradients by the projections; for cells that add both, `by_state` is not written.
    pub fn backward(
        self,
        hidden: usize,
        saved: &[f32],
        before: Before,
        after_c: &[f32],
        by: (&mut [f32], &mut [f32]),
        by_projected: (&mut [f32], &mut [f32]),
    ) {
        let zeros = vec![0f32; hidden];
        let width = self.n_gates() * hidden;
        let tasks = by.0.par_chunks_mut(hidden).zip(by_projected.0.par_chunks_mut(width));
        let tasks = tasks.with_min_len(rows_a_task(hidden));
        let saved = |row: usize| &saved[row * 4 * hidden..(row + 1) * 4 * hidden];
        match self {
            Cell::Gru => {
                let tasks = tasks.zip(by_projected.1.par_chunks_mut(width));
                tasks.enumerate().for_each(|(row, ((by, by_input), by_state))| {
                    gru::backward(saved(row), row_or(before.h, row, &zeros), by, by_input, by_state);
                });
            }
            Cell::Lstm => {
                tasks.zip(by.1.par_chunks_mut(hidden)).enumerate().for_each(|(row, ((by, by_both), by_c))| {
                    let c = &after_c[row * hidden..(row + 1) * hidden];
                    lstm::backward(saved(row), row_or(before.c, row, &zeros), c, by, by_c, by_both);
                    by.fill(0.0);
                });
            }
        }
    }
}

/// The projections of a step: of inputs with their bias, of states without. Shapes: (n, gates × hidden).
#[derive(Clone, Copy, Debug)]
pub struct Projected<'a> {
    pub input: &'a [f32],
    pub state: &'a [f32],
    /// The states' bias, [`Recurrent::state_bias_of`]. Shape: (gates × hidden); empty for an LSTM.
    pub state_bias: &'a [f32],
}

/// States before a step, of its first rows. Shapes: (up to n, hidden).
#[derive(Clone, Copy, Debug, Default)]
pub struct Before<'a> {
    pub h: &'a [f32],
    pub c: &'a [f32],
}

fn row_or<'a>(values: &'a [f32], row: usize, zeros: &'a [f32]) -> &'a [f32] {
    values.get(row * zeros.len()..(row + 1) * zeros.len()).unwrap_or(zeros)
}

/// So many that a task is worth starting.
fn rows_a_task(hidden: usize) -> usize {
    (4096 / hidden.max(1)).max(1)
}

/// The weight of the state, ready for a run's products.
#[derive(Clone, Debug)]
pub struct StateWeights {
    forward: Packed,
    back: Option<Packed>,
}

impl Recurrent {
    /// Parameters `NAME.input`, `NAME.input_bias`, `NAME.state` and, for a GRU, `NAME.state_bias`; uniform within
    /// ± 1 / √hidden. The LSTM's forget gates begin open (Jozefowicz et al. 2015).
    ///
    /// # Errors
    /// As [`Builder::param`].
    pub fn new(
        builder: &mut Builder,
        name: &str,
        cell: Cell,
        n_in: usize,
        n_hidden: usize,
    ) -> Result<Self, NeuralError> {
        let width = cell.n_gates() * n_hidden;
        let init = Init::Uniform(1.0 / (n_hidden.max(1) as f32).sqrt());
        let input = builder.param(&format!("{name}.input"), n_in, width, init)?;
        let input_bias = match cell {
            Cell::Gru => builder.param(&format!("{name}.input_bias"), 1, width, init)?,
            Cell::Lstm => builder.param_with(&format!("{name}.input_bias"), 1, width, |values| {
                values[n_hidden..2 * n_hidden].fill(1.0);
            })?,
        };
        let state = builder.param(&format!("{name}.state"), n_hidden, width, init)?;
        let state_bias = match cell {
            Cell::Gru => Some(builder.param(&format!("{name}.state_bias"), 1, width, init)?),
            Cell::Lstm => None,
        };
        Ok(Recurrent { cell, n_in, n_hidden, input, input_bias, state, state_bias })
    }

    /// Columns of a projection.
    pub fn width(&self) -> usize {
        self.cell.n_gates() * self.n_hidden
    }

    /// The projected inputs with their bias. Shapes: `x` (n, n_in), result (n, gates × hidden).
    pub fn project(&self, compute: &Compute, params: &Params, x: View) -> Matrix {
        let mut out = Matrix::zeros(x.n_rows(), self.width());
        fill_rows(out.view_mut(), &params.value(self.input_bias).values);
        compute.product(out.view_mut(), x, params.value(self.input).view(), Mode::Add);
        out
    }

    /// The weight of the state, made ready until parameters change; for the backward pass too if `learning`.
    pub fn pack_state(&self, compute: &Compute, params: &Params, learning: bool) -> StateWeights {
        let weight = params.value(self.state).view();
        StateWeights { forward: compute.pack(weight), back: learning.then(|| compute.pack(weight.t())) }
    }

    /// The bias of projected states; empty for an LSTM.
    pub fn state_bias_of<'a>(&self, params: &'a Params) -> &'a [f32] {
        self.state_bias.map_or(&[], |bias| &params.value(bias).values)
    }

    /// The projected states without their bias: of the first `h.n_rows()` of `n` rows; the others' states are 0.
    /// `out` becomes it. Shapes: `h` (up to n, hidden), `out` (n, gates × hidden).
    pub fn project_state(&self, compute: &Compute, weights: &StateWeights, h: View, out: &mut Matrix, n: usize) {
        let n_before = h.n_rows().min(n);
        out.reshape(n, self.width());
        out.values[n_before * self.width()..].fill(0.0);
        compute.product_packed(out.rows_mut(0, n_before), h, &weights.forward, Mode::Replace);
    }

    /// `by_h += by_projected × stateᵀ`. Shapes: `by_h` (n, hidden), `by_projected` (n, gates × hidden).
    pub fn state_backward(&self, compute: &Compute, weights: &StateWeights, by_projected: View, by_h: ViewMut) {
        let back = weights.back.as_ref().expect("weights packed for learning");
        compute.product_packed(by_h, by_projected, back, Mode::Add);
    }

    /// Adds the gradients of all four parameters. Shapes: `x` (n, n_in), `before` (n, hidden), both others
    /// (n, gates × hidden).
    pub fn add_gradients(
        &self,
        compute: &Compute,
        gradients: &mut Gradients,
        x: View,
        before: View,
        by_input: View,
        by_state: View,
    ) {
        compute.product(gradients.dense_mut(self.input).view_mut(), x.t(), by_input, Mode::Add);
        add_column_sums(by_input, &mut gradients.dense_mut(self.input_bias).values);
        compute.product(gradients.dense_mut(self.state).view_mut(), before.t(), by_state, Mode::Add);
        if let Some(bias) = self.state_bias {
            add_column_sums(by_state, &mut gradients.dense_mut(bias).values);
        }
    }

    /// Runs over sequences from their beginnings, or with `reversed` from their ends, starting at 0. Shape: `x` (n_rows, n_in).
    pub fn forward(
        &self,
        compute: &Compute,
        params: &Params,
        weights: &StateWeights,
        x: View,
        steps: &Steps,
        reversed: bool,
    ) -> Run {
        let hidden = self.n_hidden;
        let memory = self.cell.n_memory(hidden);
        let projected = self.project(compute, params, x);
        let mut run = Run {
            states: Matrix::zeros(steps.n_rows(), hidden),
            cells: Matrix::zeros(steps.n_rows() * usize::from(memory > 0), memory),
            saved: Matrix::zeros(steps.n_rows(), 4 * hidden),
        };
        let mut by_state = Matrix::default();
        for (step, before) in order(steps, reversed) {
            let rows = steps.rows(step);
            let (states, cells) = (around(&mut run.states, &rows, &before), around(&mut run.cells, &rows, &before));
            let before_h = View::new(states.before, before.len(), hidden);
            self.project_state(compute, weights, before_h, &mut by_state, rows.len());
            let input = projected.rows(rows.start, rows.end).values();
            let state_bias = self.state_bias_of(params);
            let projected = Projected { input, state: &by_state.values, state_bias };
            let before = Before { h: states.before, c: cells.before };
            let saved = &mut run.saved.values[rows.start * 4 * hidden..rows.end * 4 * hidden];
            self.cell.forward(hidden, projected, before, (states.now, cells.now), saved);
        }
        run
    }

    /// The state after each sequence's last step in the run's direction. Shapes: (n_sequences, hidden).
    pub fn last(&self, run: &Run, steps: &Steps, reversed: bool) -> State {
        let gather = |from: &Matrix| {
            let mut out = Matrix::zeros(steps.n_sequences() * usize::from(from.n_cols > 0), from.n_cols);
            for (row, sequence) in last_rows(steps, reversed) {
                if from.n_cols > 0 {
                    out.row_mut(sequence).copy_from_slice(from.row(row));
                }
            }
            out
        };
        State { h: gather(&run.states), c: gather(&run.cells) }
    }

    /// Backward through a run. `by_states` are the gradients by the states after each step, `by_last` those by the last ones.
    /// Adds the gradients of the parameters and gives that by `x`.
    #[allow(clippy::too_many_arguments)]
    pub fn backward(
        &self,
        compute: &Compute,
        params: &Params,
        gradients: &mut Gradients,
        weights: &StateWeights,
        x: View,
        steps: &Steps,
        reversed: bool,
        run: &Run,
        by_states: View,
        by_last: State,
    ) -> Matrix {
        let (hidden, width) = (self.n_hidden, self.width());
        let is_lstm = self.cell == Cell::Lstm;
        let mut by_input = Matrix::zeros(steps.n_rows(), width);
        let mut by_state = Matrix::zeros(if is_lstm { 0 } else { steps.n_rows() }, width);
        let mut befores = Matrix::zeros(steps.n_rows(), hidden);
        let State { h: mut by_h, c: mut by_c } = by_last;
        for (step, before) in order(steps, reversed).into_iter().rev() {
            let (rows, n) = (steps.rows(step), steps.rows(step).len());
            let before_rows =
                |of: &'_ Matrix| -> Vec<f32> { of.values[before.start * of.n_cols..before.end * of.n_cols].to_vec() };
            let before_c = if is_lstm { before_rows(&run.cells) } else { Vec::new() };
            let before_h = &run.states.values[before.start * hidden..before.end * hidden];
            befores.values[rows.start * hidden..][..before_h.len()].copy_from_slice(before_h);
            for (at, row) in rows.clone().enumerate() {
                super::linear::add(by_h.row_mut(at), by_states.row(row));
            }
            let by_input_now = &mut by_input.values[rows.start * width..rows.end * width];
            let by_state_now: &mut [f32] =
                if is_lstm { &mut [] } else { &mut by_state.values[rows.start * width..rows.end * width] };
            let now_c: &[f32] = if is_lstm { run.cells.rows(rows.start, rows.end).values() } else { &[] };
            let by_c_now: &mut [f32] = if is_lstm { &mut by_c.values[..n * hidden] } else { &mut [] };
            self.cell.backward(
                hidden,
                run.saved.rows(rows.start, rows.end).values(),
                Before { h: before_h, c: &before_c },
                now_c,
                (&mut by_h.values[..n * hidden], by_c_now),
                (&mut *by_input_now, by_state_now),
            );
            let source = if is_lstm { &by_input } else { &by_state };
            let by_projected = source.rows(rows.start, rows.start + before.len());
            self.state_backward(compute, weights, by_projected, by_h.rows_mut(0, before.len()));
        }
        let by_state = if is_lstm { &by_input } else { &by_state };
        self.add_gradients(compute, gradients, x, befores.view(), by_input.view(), by_state.view());
        compute.times(by_input.view(), params.value(self.input).view().t())
    }
}

/// The steps in the order of a run, each with the rows of the states before it (those of the first of its sequences).
fn order(steps: &Steps, reversed: bool) -> Vec<(usize, Range<usize>)> {
    let before = |step: usize| {
        let other = if reversed { step + 1 } else { step.wrapping_sub(1) };
        if other >= steps.n_steps() {
            return 0..0;
        }
        let rows = steps.rows(other);
        rows.start..rows.start + rows.len().min(steps.rows(step).len())
    };
    let all = (0..steps.n_steps()).map(|step| (step, before(step)));
    if reversed { all.rev().collect() } else { all.collect() }
}

/// Each sequence's row after its last step in a run.
fn last_rows(steps: &Steps, reversed: bool) -> impl Iterator<Item = (usize, usize)> {
    (0..steps.n_steps()).flat_map(move |step| {
        let from = if reversed { if step == 0 { 0 } else { steps.n_at(step) } } else { steps.n_at(step + 1) };
        (from..steps.n_at(step)).map(move |sequence| (steps.row(step, sequence), sequence))
    })
}

/// Rows of a matrix now being written and those before them.
struct Around<'a> {
    before: &'a [f32],
    now: &'a mut [f32],
}

fn around<'a>(matrix: &'a mut Matrix, now: &Range<usize>, before: &Range<usize>) -> Around<'a> {
    let n_cols = matrix.n_cols;
    if before.is_empty() {
        return Around { before: &[], now: &mut matrix.values[now.start * n_cols..now.end * n_cols] };
    }
    if before.start < now.start {
        let (early, late) = matrix.values.split_at_mut(now.start * n_cols);
        Around { before: &early[before.start * n_cols..before.end * n_cols], now: &mut late[..now.len() * n_cols] }
    } else {
        let (early, late) = matrix.values.split_at_mut(now.end * n_cols);
        let begin = (before.start - now.end) * n_cols;
        Around { before: &late[begin..begin + before.len() * n_cols], now: &mut early[now.start * n_cols..] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::Precision;
    use crate::testing::{assert_gradients, random_matrix};

    #[test]
    fn steps_hold_the_rows_of_the_sequences_that_are_long_enough() {
        let steps = Steps::new(&[3, 2, 2, 0]);
        assert_eq!((steps.n_steps(), steps.n_rows(), steps.n_sequences()), (3, 7, 4));
        assert_eq!((steps.rows(0), steps.rows(1), steps.rows(2)), (0..3, 3..6, 6..7));
        assert_eq!(last_rows(&steps, false).collect::<Vec<_>>(), [(4, 1), (5, 2), (6, 0)]);
        assert_eq!(last_rows(&steps, true).collect::<Vec<_>>(), [(0, 0), (1, 1), (2, 2)]);
        assert_eq!(Steps::new(&[]).n_rows(), 0);
    }

    /// A sequence gives the same states alone and beside others, in both directions.
    #[test]
    fn neighbours_change_nothing() {
        let compute = Compute::new(Precision::F32);
        for cell in [Cell::Gru, Cell::Lstm] {
            let mut builder = Builder::fresh(5);
            let layer = Recurrent::new(&mut builder, "layer", cell, 3, 6).unwrap();
            let params = builder.finish();
            let weights = layer.pack_state(&compute, &params, false);
            let steps = Steps::new(&[4, 2, 1]);
            let x = random_matrix(7, 3, 1.0, 8);
            for reversed in [false, true] {
                let run = layer.forward(&compute, &params, &weights, x.view(), &steps, reversed);
                let last = layer.last(&run, &steps, reversed);
                for (sequence, length) in [4, 2, 1].into_iter().enumerate() {
                    let mut alone = Matrix::zeros(length, 3);
                    (0..length).for_each(|at| alone.row_mut(at).copy_from_slice(x.row(steps.row(at, sequence))));
                    let single = Steps::new(&[length]);
                    let own = layer.forward(&compute, &params, &weights, alone.view(), &single, reversed);
                    for at in 0..length {
                        assert_eq!(own.states.row(at), run.states.row(steps.row(at, sequence)));
                    }
                    assert_eq!(layer.last(&own, &single, reversed).h.row(0), last.h.row(sequence));
                }
            }
        }
    }

    #[test]
    fn gradients_are_those_of_differences() {
        let compute = Compute::new(Precision::F32);
        for (cell, reversed) in [(Cell::Gru, false), (Cell::Gru, true), (Cell::Lstm, false), (Cell::Lstm, true)] {
            let mut builder = Builder::fresh(5);
            let layer = Recurrent::new(&mut builder, "layer", cell, 3, 5).unwrap();
            let x = builder.param("x", 7, 3, Init::Normal(1.0)).unwrap();
            let params = builder.finish();
            let steps = Steps::new(&[4, 2, 1]);
            let (by_states, by_h, by_c) =
                (random_matrix(7, 5, 1.0, 1), random_matrix(3, 5, 1.0, 2), random_matrix(3, 5, 1.0, 3));
            let run = |params: &Params| {
                let weights = layer.pack_state(&compute, params, true);
                layer.forward(&compute, params, &weights, params.value(x).view(), &steps, reversed)
            };
            let dot =
                |a: &Matrix, b: &Matrix| a.values.iter().zip(&b.values).map(|(a, b)| f64::from(a * b)).sum::<f64>();
            let loss = |params: &Params| {
                let run = run(params);
                let last = layer.last(&run, &steps, reversed);
                dot(&run.states, &by_states) + dot(&last.h, &by_h) + dot(&last.c, &by_c)
            };
            let mut gradients = Gradients::zeros(&params);
            let weights = layer.pack_state(&compute, &params, true);
            let by_c = if cell == Cell::Lstm { by_c.clone() } else { Matrix::default() };
            let by_last = State { h: by_h.clone(), c: by_c };
            let by_x = layer.backward(
                &compute,
                &params,
                &mut gradients,
                &weights,
                params.value(x).view(),
                &steps,
                reversed,
                &run(&params),
                by_states.view(),
                by_last,
            );
            gradients.dense_mut(x).values.copy_from_slice(&by_x.values);
            assert_gradients(&params, &gradients, loss);
        }
    }
}
