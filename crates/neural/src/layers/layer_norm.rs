//! Layer normalisation (Ba, Kiros and Hinton 2016, eq. 4): each row minus its mean, over its deviation, times a gain,
//! plus a bias.

use rayon::prelude::*;

use crate::layers::linear::add;
use crate::math_functions::widest;
use crate::params::{Builder, Gradients, Init, ParamId, Params};
use crate::{Matrix, NeuralError, View};

#[derive(Clone, Debug)]
pub struct LayerNorm {
    pub gain: ParamId,
    pub bias: ParamId,
    pub dim: usize,
}

/// What the backward pass needs.
#[derive(Clone, Debug)]
pub struct Normalised {
    /// Rows minus their mean over their deviation. Shape: (n, dim).
    pub rows: Matrix,
    /// 1 over each row's deviation.
    pub inverse_deviations: Vec<f32>,
}

const EPSILON: f32 = 1e-5;

impl LayerNorm {
    /// Parameters `NAME.gain`, `NAME.bias`.
    ///
    /// # Errors
    /// As [`Builder::param`].
    pub fn new(builder: &mut Builder, name: &str, dim: usize) -> Result<Self, NeuralError> {
        let gain = builder.param(&format!("{name}.gain"), 1, dim, Init::Constant(1.0))?;
        let bias = builder.param(&format!("{name}.bias"), 1, dim, Init::Constant(0.0))?;
        Ok(LayerNorm { gain, bias, dim })
    }

    /// Shapes: `x` (n, dim), result (n, dim).
    pub fn forward(&self, params: &Params, x: View) -> (Matrix, Normalised) {
        let (gain, bias) = (&params.value(self.gain).values, &params.value(self.bias).values);
        let mut rows = x.to_matrix();
        let mut y = Matrix::zeros(x.n_rows(), self.dim);
        let each = rows.values.par_chunks_mut(self.dim).zip(y.values.par_chunks_mut(self.dim));
        let inverse_deviations = each
            .with_min_len(16)
            .map(|(row, y)| {
                let (gain, bias): (&[f32], &[f32]) = (gain, bias);
                widest!(forward_pass(row: &mut [f32], y: &mut [f32], gain: &[f32], bias: &[f32]) -> f32)
            })
            .collect();
        (y, Normalised { rows, inverse_deviations })
    }

    /// Adds the gradients of gain and bias and gives that by `x`.
    pub fn backward(&self, params: &Params, gradients: &mut Gradients, cache: &Normalised, by_y: View) -> Matrix {
        let gain = &params.value(self.gain).values;
        let mut by_x = Matrix::zeros(by_y.n_rows(), self.dim);
        let each = by_x.values.par_chunks_mut(self.dim).enumerate();
        each.with_min_len(16).for_each(|(at, by_x)| {
            let (row, by_y, gain): (&[f32], &[f32], &[f32]) = (cache.rows.row(at), by_y.row(at), gain);
            let inverse = cache.inverse_deviations[at];
            widest!(backward_pass(by_x: &mut [f32], row: &[f32], by_y: &[f32], gain: &[f32], inverse: f32) -> ());
        });
        for at in 0..by_y.n_rows() {
            add(&mut gradients.dense_mut(self.bias).values, by_y.row(at));
            let by_gain = &mut gradients.dense_mut(self.gain).values;
            for ((by_gain, &by_y), &row) in by_gain.iter_mut().zip(by_y.row(at)).zip(cache.rows.row(at)) {
                *by_gain += by_y * row;
            }
        }
        by_x
    }
}

/// Values summed side by side.
const LANES: usize = 16;

/// The sum of `of` each place, in sixteen parts that are added up in order.
#[inline(always)]
fn sum_of(n: usize, of: impl Fn(usize) -> f32) -> f32 {
    let mut sums = [0f32; LANES];
    let whole = n / LANES * LANES;
    for from in (0..whole).step_by(LANES) {
        for (lane, sum) in sums.iter_mut().enumerate() {
            *sum += of(from + lane);
        }
    }
    (whole..n).fold(sums.iter().sum::<f32>(), |sum, at| sum + of(at))
}

/// Normalises `row`, writes `y`, and gives 1 over the deviation.
#[inline(always)]
fn forward_pass(row: &mut [f32], y: &mut [f32], gain: &[f32], bias: &[f32]) -> f32 {
    let n = row.len();
    let (y, gain, bias) = (&mut y[..n], &gain[..n], &bias[..n]);
    let mean = sum_of(n, |at| row[at]) / n as f32;
    row.iter_mut().for_each(|value| *value -= mean);
    let inverse = 1.0 / (sum_of(n, |at| row[at] * row[at]) / n as f32 + EPSILON).sqrt();
    for at in 0..n {
        row[at] *= inverse;
        y[at] = row[at] * gain[at] + bias[at];
    }
    inverse
}

#[inline(always)]
fn backward_pass(by_x: &mut [f32], row: &[f32], by_y: &[f32], gain: &[f32], inverse: f32) {
    let n = by_x.len();
    let (row, by_y, gain) = (&row[..n], &by_y[..n], &gain[..n]);
    for at in 0..n {
        by_x[at] = by_y[at] * gain[at];
    }
    let mean = sum_of(n, |at| by_x[at]) / n as f32;
    let along = sum_of(n, |at| by_x[at] * row[at]) / n as f32;
    for at in 0..n {
        by_x[at] = inverse * (by_x[at] - mean - row[at] * along);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_gradients, random_matrix};

    #[test]
    fn gradients_are_those_of_differences() {
        let mut builder = Builder::fresh(1);
        let norm = LayerNorm::new(&mut builder, "norm", 6).unwrap();
        let x = builder.param("x", 5, 6, Init::Normal(1.0)).unwrap();
        let mut params = builder.finish();
        params.value_mut(norm.gain).values.copy_from_slice(&random_matrix(1, 6, 1.0, 4).values);
        let weights = random_matrix(5, 6, 1.0, 2);
        let loss = |params: &Params| {
            let (y, _) = norm.forward(params, params.value(x).view());
            y.values.iter().zip(&weights.values).map(|(y, w)| f64::from(y * w)).sum()
        };
        let (y, cache) = norm.forward(&params, params.value(x).view());
        let bias = params.value(norm.bias).values[0];
        let scaled = |row: usize| y.row(row).iter().zip(&params.value(norm.gain).values).map(|(y, g)| (y - bias) / g);
        for row in 0..5 {
            assert!(scaled(row).sum::<f32>().abs() < 1e-3);
            assert!((scaled(row).map(|value| value * value).sum::<f32>() / 6.0 - 1.0).abs() < 1e-3);
        }
        let mut gradients = Gradients::zeros(&params);
        let by_x = norm.backward(&params, &mut gradients, &cache, weights.view());
        gradients.dense_mut(x).values.copy_from_slice(&by_x.values);
        assert_gradients(&params, &gradients, loss);
    }
}
