//! Multi-head attention with its projections (Vaswani et al. 2017, section 3.2.2): of a sequence to itself, or of one
//! sequence to another. Queries, keys and values of one input are one product.

use super::heads::{self, Attended, Heads, Part, Targets};
use super::{Dropout, Linear, Pass, Spans};
use crate::params::{Builder, Gradients};
use crate::{Matrix, NeuralError};

/// How wide attention is and what it drops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AttentionShape {
    pub dim: usize,
    /// Divides `dim`.
    pub n_heads: usize,
    /// The part of the attention weights dropped while learning.
    pub dropout: f32,
}

impl AttentionShape {
    fn heads(&self, causal: bool) -> Result<Heads, NeuralError> {
        if self.n_heads == 0 || self.dim == 0 || !self.dim.is_multiple_of(self.n_heads) {
            let found = format!("{} for {} columns", self.n_heads, self.dim);
            return Err(NeuralError::unfit("heads of attention", found, "a divisor of the columns"));
        }
        Ok(Heads { n: self.n_heads, dim: self.dim / self.n_heads, causal })
    }
}

/// Rows attend to rows of the same sequence.
#[derive(Clone, Debug)]
pub struct SelfAttention {
    /// To queries, keys and values, in this order.
    pub(super) inner: Linear,
    pub(super) outer: Linear,
    pub(super) heads: Heads,
    dropout: Dropout,
    place: u64,
}

/// What the backward pass of attention needs.
#[derive(Debug)]
pub struct Attending {
    /// The input. Shape: (n, dim).
    x: Matrix,
    /// Of self-attention queries, keys and values, shape (n, 3 dim); otherwise the queries alone, shape (n, dim).
    projected: Matrix,
    /// Keys and values of the other sequence. Shape: (n_other, 2 dim).
    other: Option<Matrix>,
    weights: Vec<f32>,
    /// The heads' results. Shape: (n, dim).
    mixed: Matrix,
}

impl SelfAttention {
    /// Parameters `NAME.inner`, `NAME.outer`. `place` tells its dropout from that of other layers.
    ///
    /// # Errors
    /// If the heads do not divide the columns; as [`Builder::param`].
    pub fn new(
        builder: &mut Builder,
        name: &str,
        shape: &AttentionShape,
        causal: bool,
        place: u64,
    ) -> Result<Self, NeuralError> {
        let heads = shape.heads(causal)?;
        Ok(SelfAttention {
            inner: Linear::new(builder, &format!("{name}.inner"), shape.dim, 3 * shape.dim, true)?,
            outer: Linear::new(builder, &format!("{name}.outer"), shape.dim, shape.dim, true)?,
            heads,
            dropout: Dropout { rate: shape.dropout },
            place,
        })
    }

    /// Shapes: `x` (n, dim), result (n, dim).
    pub fn forward(&self, pass: &Pass, x: Matrix, spans: &Spans) -> (Matrix, Attending) {
        let projected = self.inner.forward(pass.compute, pass.params, x.view());
        let mut mixed = Matrix::zeros(x.n_rows, x.n_cols);
        let weights = heads::forward(&self.heads, &self.attended(pass, &projected, spans), &mut mixed.values);
        let y = self.outer.forward(pass.compute, pass.params, mixed.view());
        (y, Attending { x, projected, other: None, weights, mixed })
    }

    /// Adds the gradients of the parameters and gives that by `x`.
    pub fn backward(
        &self,
        pass: &Pass,
        gradients: &mut Gradients,
        mut cache: Attending,
        spans: &Spans,
        by_y: &Matrix,
    ) -> Matrix {
        let by_mixed = self.outer.backward(pass.compute, pass.params, gradients, cache.mixed.view(), by_y.view());
        let mut by_projected = Matrix::zeros(cache.projected.n_rows, cache.projected.n_cols);
        let attended = self.attended(pass, &cache.projected, spans);
        let into = Targets { queries: &mut by_projected.values, keys_and_values: None };
        heads::backward(&self.heads, &attended, &mut cache.weights, &by_mixed.values, into);
        self.inner.backward(pass.compute, pass.params, gradients, cache.x.view(), by_projected.view())
    }

    fn attended<'a>(&self, pass: &Pass, projected: &'a Matrix, spans: &'a Spans) -> Attended<'a> {
        let dim = self.heads.n * self.heads.dim;
        let part = |from| Part { values: &projected.values, stride: 3 * dim, from };
        Attended {
            queries: part(0),
            keys: part(dim),
            values: part(2 * dim),
            query_spans: spans,
            key_spans: spans,
            dropped: pass.dropped(self.dropout, self.place),
        }
    }
}

/// Rows attend to all rows of another sequence.
#[derive(Clone, Debug)]
pub struct CrossAttention {
    pub(super) queries: Linear,
    /// To keys and values, in this order.
    pub(super) others: Linear,
    pub(super) outer: Linear,
    pub(super) heads: Heads,
    dropout: Dropout,
    place: u64,
}

impl CrossAttention {
    /// Parameters `NAME.queries`, `NAME.others`, `NAME.outer`. `place` tells its dropout from that of other layers.
    ///
    /// # Errors
    /// If the heads do not divide the columns; as [`Builder::param`].
    pub fn new(builder: &mut Builder, name: &str, shape: &AttentionShape, place: u64) -> Result<Self, NeuralError> {
        let heads = shape.heads(false)?;
        let mut linear = |part: &str, n_out| Linear::new(builder, &format!("{name}.{part}"), shape.dim, n_out, true);
        Ok(CrossAttention {
            queries: linear("queries", shape.dim)?,
            others: linear("others", 2 * shape.dim)?,
            outer: linear("outer", shape.dim)?,
            heads,
            dropout: Dropout { rate: shape.dropout },
            place,
        })
    }

    /// Shapes: `x` (n, dim), `other` (n_other, dim), result (n, dim).
    pub fn forward(
        &self,
        pass: &Pass,
        x: Matrix,
        spans: &Spans,
        other: &Matrix,
        other_spans: &Spans,
    ) -> (Matrix, Attending) {
        let projected = self.queries.forward(pass.compute, pass.params, x.view());
        let other = self.others.forward(pass.compute, pass.params, other.view());
        let mut mixed = Matrix::zeros(x.n_rows, x.n_cols);
        let attended = self.attended(pass, &projected, spans, &other, other_spans);
        let weights = heads::forward(&self.heads, &attended, &mut mixed.values);
        let y = self.outer.forward(pass.compute, pass.params, mixed.view());
        (y, Attending { x, projected, other: Some(other), weights, mixed })
    }

    /// Adds the gradients of the parameters, and to `by_other` that by `other`; gives that by `x`.
    #[allow(clippy::too_many_arguments)]
    pub fn backward(
        &self,
        pass: &Pass,
        gradients: &mut Gradients,
        mut cache: Attending,
        spans: &Spans,
        other: &Matrix,
        other_spans: &Spans,
        by_y: &Matrix,
        by_other: &mut Matrix,
    ) -> Matrix {
        let (compute, params) = (pass.compute, pass.params);
        let by_mixed = self.outer.backward(compute, params, gradients, cache.mixed.view(), by_y.view());
        let projected_other = cache.other.take().expect("the cache is that of cross-attention");
        let mut by_projected = Matrix::zeros(cache.projected.n_rows, cache.projected.n_cols);
        let mut by_projected_other = Matrix::zeros(projected_other.n_rows, projected_other.n_cols);
        let attended = self.attended(pass, &cache.projected, spans, &projected_other, other_spans);
        let into = Targets { queries: &mut by_projected.values, keys_and_values: Some(&mut by_projected_other.values) };
        heads::backward(&self.heads, &attended, &mut cache.weights, &by_mixed.values, into);
        let from_other = self.others.backward(compute, params, gradients, other.view(), by_projected_other.view());
        super::linear::add(&mut by_other.values, &from_other.values);
        self.queries.backward(compute, params, gradients, cache.x.view(), by_projected.view())
    }

    fn attended<'a>(
        &self,
        pass: &Pass,
        projected: &'a Matrix,
        spans: &'a Spans,
        other: &'a Matrix,
        other_spans: &'a Spans,
    ) -> Attended<'a> {
        let dim = self.heads.n * self.heads.dim;
        Attended {
            queries: Part { values: &projected.values, stride: dim, from: 0 },
            keys: Part { values: &other.values, stride: 2 * dim, from: 0 },
            values: Part { values: &other.values, stride: 2 * dim, from: dim },
            query_spans: spans,
            key_spans: other_spans,
            dropped: pass.dropped(self.dropout, self.place),
        }
    }
}
