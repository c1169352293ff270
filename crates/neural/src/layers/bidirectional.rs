//! Two recurrent layers over the same sequences, one from each end; their states stand side by side (Schuster and Paliwal
//! 1997). Each has half of the columns, so that the layer is as wide as one that reads in one direction.

use super::recurrent::{Cell, Recurrent, Run, State, StateWeights, Steps};
use crate::params::{Builder, Gradients, Params};
use crate::product::Compute;
use crate::{Matrix, NeuralError, View};

#[derive(Clone, Debug)]
pub struct Bidirectional {
    pub forward: Recurrent,
    pub backward: Recurrent,
}

/// What a run leaves for the backward pass.
#[derive(Clone, Debug)]
pub struct BothRuns {
    /// Both directions' states after each step, side by side. Shape: (n_rows, hidden).
    pub states: Matrix,
    runs: [Run; 2],
}

/// The weights of both states, ready until parameters change.
#[derive(Clone, Debug)]
pub struct BothWeights([StateWeights; 2]);

impl Bidirectional {
    /// Parameters as of [`Recurrent::new`] under `NAME.forward` and `NAME.backward`.
    ///
    /// # Errors
    /// If `n_hidden` is odd; as [`Builder::param`].
    pub fn new(
        builder: &mut Builder,
        name: &str,
        cell: Cell,
        n_in: usize,
        n_hidden: usize,
    ) -> Result<Self, NeuralError> {
        if !n_hidden.is_multiple_of(2) {
            return Err(NeuralError::unfit("state of a bidirectional layer", n_hidden, "an even number"));
        }
        let forward = Recurrent::new(builder, &format!("{name}.forward"), cell, n_in, n_hidden / 2)?;
        let backward = Recurrent::new(builder, &format!("{name}.backward"), cell, n_in, n_hidden / 2)?;
        Ok(Bidirectional { forward, backward })
    }

    fn both(&self) -> [(&Recurrent, bool); 2] {
        [(&self.forward, false), (&self.backward, true)]
    }

    pub fn pack_state(&self, compute: &Compute, params: &Params, learning: bool) -> BothWeights {
        BothWeights(self.both().map(|(layer, _)| layer.pack_state(compute, params, learning)))
    }

    /// Shape: `x` (n_rows, n_in).
    pub fn run(&self, compute: &Compute, params: &Params, weights: &BothWeights, x: View, steps: &Steps) -> BothRuns {
        let half = self.forward.n_hidden;
        let run = |at: usize| {
            let (layer, reversed) = self.both()[at];
            layer.forward(compute, params, &weights.0[at], x, steps, reversed)
        };
        let runs = [run(0), run(1)];
        let mut states = Matrix::zeros(steps.n_rows(), 2 * half);
        for row in 0..steps.n_rows() {
            let (first, second) = states.row_mut(row).split_at_mut(half);
            first.copy_from_slice(runs[0].states.row(row));
            second.copy_from_slice(runs[1].states.row(row));
        }
        BothRuns { states, runs }
    }

    /// The last states of both directions, side by side: the forward one's at the sequences' ends, the backward one's at
    /// their beginnings. Shapes: (n_sequences, hidden).
    pub fn last(&self, runs: &BothRuns, steps: &Steps) -> State {
        let [first, second] = [0, 1].map(|at| {
            let (layer, reversed) = self.both()[at];
            layer.last(&runs.runs[at], steps, reversed)
        });
        State { h: side_by_side(&first.h, &second.h), c: side_by_side(&first.c, &second.c) }
    }

    /// Backward through a run; see [`Recurrent::backward`].
    #[allow(clippy::too_many_arguments)]
    pub fn backward(
        &self,
        compute: &Compute,
        params: &Params,
        gradients: &mut Gradients,
        weights: &BothWeights,
        x: View,
        steps: &Steps,
        runs: &BothRuns,
        by_states: View,
        by_last: State,
    ) -> Matrix {
        let half = self.forward.n_hidden;
        let mut by_x = Matrix::zeros(x.n_rows(), x.n_cols());
        for (at, (layer, reversed)) in self.both().into_iter().enumerate() {
            let columns = |of: &Matrix| {
                if of.n_cols == 0 { Matrix::default() } else { of.view().cols(at * half, (at + 1) * half).to_matrix() }
            };
            let by_states = by_states.cols(at * half, (at + 1) * half);
            let by_last = State { h: columns(&by_last.h), c: columns(&by_last.c) };
            let (weights, run) = (&weights.0[at], &runs.runs[at]);
            let by = layer.backward(compute, params, gradients, weights, x, steps, reversed, run, by_states, by_last);
            super::linear::add(&mut by_x.values, &by.values);
        }
        by_x
    }
}

fn side_by_side(first: &Matrix, second: &Matrix) -> Matrix {
    let mut out = Matrix::zeros(first.n_rows, first.n_cols + second.n_cols);
    for row in 0..first.n_rows {
        let (left, right) = out.row_mut(row).split_at_mut(first.n_cols);
        left.copy_from_slice(first.row(row));
        right.copy_from_slice(second.row(row));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::Init;
    use crate::product::Precision;
    use crate::testing::{assert_gradients, random_matrix};

    #[test]
    fn gradients_are_those_of_differences() {
        let compute = Compute::new(Precision::F32);
        for cell in [Cell::Gru, Cell::Lstm] {
            let mut builder = Builder::fresh(5);
            let layer = Bidirectional::new(&mut builder, "layer", cell, 3, 6).unwrap();
            let x = builder.param("x", 5, 3, Init::Normal(1.0)).unwrap();
            let params = builder.finish();
            let steps = Steps::new(&[3, 2]);
            let (by_states, by_h, by_c) =
                (random_matrix(5, 6, 1.0, 1), random_matrix(2, 6, 1.0, 2), random_matrix(2, 6, 1.0, 3));
            let run = |params: &Params| {
                let weights = layer.pack_state(&compute, params, true);
                layer.run(&compute, params, &weights, params.value(x).view(), &steps)
            };
            let dot =
                |a: &Matrix, b: &Matrix| a.values.iter().zip(&b.values).map(|(a, b)| f64::from(a * b)).sum::<f64>();
            let loss = |params: &Params| {
                let runs = run(params);
                let last = layer.last(&runs, &steps);
                dot(&runs.states, &by_states) + dot(&last.h, &by_h) + dot(&last.c, &by_c)
            };
            let mut gradients = Gradients::zeros(&params);
            let weights = layer.pack_state(&compute, &params, true);
            let by_c = if cell == Cell::Lstm { by_c.clone() } else { Matrix::default() };
            let by_x = layer.backward(
                &compute,
                &params,
                &mut gradients,
                &weights,
                params.value(x).view(),
                &steps,
                &run(&params),
                by_states.view(),
                State { h: by_h.clone(), c: by_c },
            );
            gradients.dense_mut(x).values = by_x.values;
            assert_gradients(&params, &gradients, loss);
        }
        assert!(Bidirectional::new(&mut Builder::fresh(1), "layer", Cell::Gru, 3, 5).is_err());
    }
}
