//! `y = x W + b`. Shapes: x (n, n_in), W (n_in, n_out), b (1, n_out).

use rayon::prelude::*;

use crate::math_functions::widest;
use crate::params::{Builder, Gradients, Init, ParamId, Params};
use crate::product::{Compute, Mode, Packed};
use crate::{Matrix, NeuralError, View, ViewMut};

#[derive(Clone, Debug)]
pub struct Linear {
    pub weight: ParamId,
    pub bias: Option<ParamId>,
    pub n_in: usize,
    pub n_out: usize,
}

impl Linear {
    /// Parameters `NAME.weight` and, if wanted, `NAME.bias`.
    ///
    /// # Errors
    /// As [`Builder::param`].
    pub fn new(
        builder: &mut Builder,
        name: &str,
        n_in: usize,
        n_out: usize,
        with_bias: bool,
    ) -> Result<Self, NeuralError> {
        let weight = builder.param(&format!("{name}.weight"), n_in, n_out, Init::Glorot)?;
        let bias =
            if with_bias { Some(builder.param(&format!("{name}.bias"), 1, n_out, Init::Constant(0.0))?) } else { None };
        Ok(Linear { weight, bias, n_in, n_out })
    }

    pub fn forward(&self, compute: &Compute, params: &Params, x: View) -> Matrix {
        let mut y = self.biases(params, x.n_rows());
        compute.product(y.view_mut(), x, params.value(self.weight).view(), self.mode());
        y
    }

    /// The weight made ready for [`Linear::forward_packed`], until parameters change.
    pub fn pack(&self, compute: &Compute, params: &Params) -> Packed {
        compute.pack(params.value(self.weight).view())
    }

    /// The transposed weight made ready for gradients by inputs, until parameters change.
    pub fn pack_back(&self, compute: &Compute, params: &Params) -> Packed {
        compute.pack(params.value(self.weight).view().t())
    }

    pub fn forward_packed(&self, compute: &Compute, params: &Params, weight: &Packed, x: View) -> Matrix {
        let mut y = self.biases(params, x.n_rows());
        compute.product_packed(y.view_mut(), x, weight, self.mode());
        y
    }

    /// Adds the gradients of weight and bias. Shapes: `x` (n, n_in), `by_y` (n, n_out).
    pub fn add_gradients(&self, compute: &Compute, gradients: &mut Gradients, x: View, by_y: View) {
        compute.product(gradients.dense_mut(self.weight).view_mut(), x.t(), by_y, Mode::Add);
        if let Some(bias) = self.bias {
            add_column_sums(by_y, &mut gradients.dense_mut(bias).values);
        }
    }

    /// Adds the gradients of weight and bias and gives that by `x`.
    pub fn backward(
        &self,
        compute: &Compute,
        params: &Params,
        gradients: &mut Gradients,
        x: View,
        by_y: View,
    ) -> Matrix {
        self.add_gradients(compute, gradients, x, by_y);
        compute.times(by_y, params.value(self.weight).view().t())
    }

    /// As many rows of biases, to which a product is added; without a bias, of 0.
    fn biases(&self, params: &Params, n: usize) -> Matrix {
        let mut y = Matrix::zeros(n, self.n_out);
        if let Some(bias) = self.bias {
            fill_rows(y.view_mut(), &params.value(bias).values);
        }
        y
    }

    fn mode(&self) -> Mode {
        if self.bias.is_some() { Mode::Add } else { Mode::Replace }
    }
}

/// Every row becomes `row`.
pub fn fill_rows(mut out: ViewMut, row: &[f32]) {
    (0..out.n_rows()).for_each(|at| out.row_mut(at).copy_from_slice(row));
}

/// Columns summed by a task.
const COLUMNS: usize = 256;

/// Adds the sum over rows of each column, in the rows' order.
pub fn add_column_sums(x: View, sums: &mut [f32]) {
    assert_eq!(x.n_cols(), sums.len(), "a sum for each column");
    let part = |(at, sums): (usize, &mut [f32])| {
        for row in 0..x.n_rows() {
            add(sums, &x.row(row)[at * COLUMNS..][..sums.len()]);
        }
    };
    if x.n_rows() * x.n_cols() < 1 << 15 {
        sums.chunks_mut(COLUMNS).enumerate().for_each(part);
    } else {
        sums.par_chunks_mut(COLUMNS).enumerate().for_each(part);
    }
}

/// `to += from`.
pub fn add(to: &mut [f32], from: &[f32]) {
    widest!(add_pass(to: &mut [f32], from: &[f32]) -> ())
}

#[inline(always)]
fn add_pass(to: &mut [f32], from: &[f32]) {
    to.iter_mut().zip(from).for_each(|(to, &from)| *to += from);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::Precision;
    use crate::testing::{assert_gradients, random_matrix};

    #[test]
    fn gradients_are_those_of_differences() {
        let compute = Compute::new(Precision::F32);
        for with_bias in [true, false] {
            let mut builder = Builder::fresh(1);
            let linear = Linear::new(&mut builder, "linear", 5, 7, with_bias).unwrap();
            let x = builder.param("x", 6, 5, Init::Normal(1.0)).unwrap();
            let params = builder.finish();
            let wanted = random_matrix(6, 7, 1.0, 2);
            // Half the squared distance, so that the gradient by y is y - wanted.
            let loss = |params: &Params| {
                let y = linear.forward(&compute, params, params.value(x).view());
                y.values.iter().zip(&wanted.values).map(|(y, w)| f64::from(y - w).powi(2) / 2.0).sum()
            };
            let mut by_y = linear.forward(&compute, &params, params.value(x).view());
            by_y.values.iter_mut().zip(&wanted.values).for_each(|(y, w)| *y -= w);
            let mut gradients = Gradients::zeros(&params);
            let by_x = linear.backward(&compute, &params, &mut gradients, params.value(x).view(), by_y.view());
            gradients.dense_mut(x).values.copy_from_slice(&by_x.values);
            assert_gradients(&params, &gradients, loss);
        }
    }
}
