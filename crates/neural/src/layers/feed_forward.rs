//! Two linear layers with a bend between them, applied to every row alike (Vaswani et al. 2017, eq. 2).

use rayon::prelude::*;

use super::dropout::Dropout;
use super::{Linear, Pass};
use crate::math_functions::{tanh, widest};
use crate::params::{Builder, Gradients};
use crate::{Matrix, NeuralError};

/// The bend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// max(0, x).
    Relu,
    /// x times the normal distribution's share below x, by the approximation with tanh of Hendrycks and Gimpel 2016.
    Gelu,
}

#[derive(Clone, Debug)]
pub struct FeedForward {
    pub(super) inner: Linear,
    pub(super) outer: Linear,
    pub(super) activation: Activation,
    dropout: Dropout,
    place: u64,
}

/// What the backward pass needs.
#[derive(Debug)]
pub struct Fed {
    x: Matrix,
    /// Before the bend; empty for `Relu`, which can be told from what comes after.
    before: Vec<f32>,
    /// After bend and dropout. Shape: (n, dim_inner).
    hidden: Matrix,
}

impl FeedForward {
    /// Parameters `NAME.inner`, `NAME.outer`. `dropout` is that of the values within; `place` tells it from others.
    ///
    /// # Errors
    /// As [`Builder::param`].
    pub fn new(
        builder: &mut Builder,
        name: &str,
        (dim, dim_inner): (usize, usize),
        activation: Activation,
        dropout: f32,
        place: u64,
    ) -> Result<Self, NeuralError> {
        Ok(FeedForward {
            inner: Linear::new(builder, &format!("{name}.inner"), dim, dim_inner, true)?,
            outer: Linear::new(builder, &format!("{name}.outer"), dim_inner, dim, true)?,
            activation,
            dropout: Dropout { rate: dropout },
            place,
        })
    }

    /// Shapes: `x` (n, dim), result (n, dim).
    pub fn forward(&self, pass: &Pass, x: Matrix) -> (Matrix, Fed) {
        let mut hidden = self.inner.forward(pass.compute, pass.params, x.view());
        let before = if self.activation == Activation::Relu { Vec::new() } else { hidden.values.clone() };
        self.activation.apply(&mut hidden.values);
        pass.drop_some(self.dropout, self.place, &mut hidden.values);
        let y = self.outer.forward(pass.compute, pass.params, hidden.view());
        (y, Fed { x, before, hidden })
    }

    /// Adds the gradients of the parameters and gives that by `x`.
    pub fn backward(&self, pass: &Pass, gradients: &mut Gradients, cache: Fed, by_y: &Matrix) -> Matrix {
        let mut by_hidden = self.outer.backward(pass.compute, pass.params, gradients, cache.hidden.view(), by_y.view());
        pass.drop_some(self.dropout, self.place, &mut by_hidden.values);
        match self.activation {
            // What was dropped is 0 in both.
            Activation::Relu => each(&mut by_hidden.values, &cache.hidden.values, only_positive),
            Activation::Gelu => each(&mut by_hidden.values, &cache.before, times_slope),
        }
        self.inner.backward(pass.compute, pass.params, gradients, cache.x.view(), by_hidden.view())
    }
}

/// Values of a task.
const CHUNK: usize = 1 << 14;

fn each(by: &mut [f32], values: &[f32], pass: fn(&mut [f32], &[f32])) {
    by.par_chunks_mut(CHUNK).zip(values.par_chunks(CHUNK)).for_each(|(by, values)| pass(by, values));
}

fn only_positive(by: &mut [f32], hidden: &[f32]) {
    widest!(only_positive_pass(by: &mut [f32], hidden: &[f32]) -> ())
}

#[inline(always)]
fn only_positive_pass(by: &mut [f32], hidden: &[f32]) {
    by.iter_mut().zip(hidden).for_each(|(by, &hidden)| *by = if hidden > 0.0 { *by } else { 0.0 });
}

fn times_slope(by: &mut [f32], before: &[f32]) {
    widest!(times_slope_pass(by: &mut [f32], before: &[f32]) -> ())
}

/// √(2 / π) and the cubic part of the approximation.
const GELU: (f32, f32) = (0.797_884_6, 0.044_715);

#[inline(always)]
fn times_slope_pass(by: &mut [f32], before: &[f32]) {
    for (by, &x) in by.iter_mut().zip(before) {
        let t = tanh(GELU.0 * x * GELU.1.mul_add(x * x, 1.0));
        let inner = GELU.0 * (3.0 * GELU.1).mul_add(x * x, 1.0);
        *by *= 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * inner;
    }
}

impl Activation {
    pub(super) fn apply(self, values: &mut [f32]) {
        values.par_chunks_mut(CHUNK).for_each(|values| match self {
            Activation::Relu => widest!(relu_pass(values: &mut [f32]) -> ()),
            Activation::Gelu => widest!(gelu_pass(values: &mut [f32]) -> ()),
        });
    }
}

#[inline(always)]
fn relu_pass(values: &mut [f32]) {
    values.iter_mut().for_each(|value| *value = if *value < 0.0 { 0.0 } else { *value });
}

#[inline(always)]
fn gelu_pass(values: &mut [f32]) {
    for value in values {
        let x = *value;
        *value = 0.5 * x * (1.0 + tanh(GELU.0 * x * GELU.1.mul_add(x * x, 1.0)));
    }
}
