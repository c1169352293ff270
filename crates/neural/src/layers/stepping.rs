//! A decoder that writes one row at a time: keys and values of what was written are kept, and when outputs fork or end only
//! their paths through what was kept change, never the kept values.

use super::transformer::{Layer, Stack};
use super::{LayerNorm, Linear, Spans};
use crate::math_functions::{exp_less, largest, widest};
use crate::params::Params;
use crate::product::{Compute, Packed};
use crate::{Matrix, View};

/// A decoder's weights made ready for many small products.
#[derive(Clone, Debug)]
pub struct Stepper {
    layers: Vec<Ready>,
    norm: LayerNorm,
    n_heads: usize,
    dim: usize,
}

#[derive(Clone, Debug)]
struct Ready {
    layer: Layer,
    inner: Packed,
    outer: Packed,
    /// Queries, keys and values of the other sequence, result.
    cross: Option<[Packed; 3]>,
    feed: [Packed; 2],
}

/// Several outputs on their way: a row each.
#[derive(Clone, Debug)]
pub struct Written {
    /// Keys and values of the other sequences, a matrix a layer. Shape: (n_other, 2 dim).
    others: Vec<Matrix>,
    other_spans: Spans,
    /// Which of the other sequences each row attends to.
    other_of_row: Vec<u32>,
    /// Queries, keys and values of each step, by layer within a step. Shape: (rows of that step, 3 dim).
    written: Vec<Vec<Matrix>>,
    /// For each row its row in every earlier step.
    paths: Vec<Vec<u32>>,
}

impl Written {
    pub fn n_rows(&self) -> usize {
        self.other_of_row.len()
    }

    /// Written taken: the place of the next row.
    pub fn n_steps(&self) -> usize {
        self.written.len()
    }

    /// The other sequence of each row.
    pub fn other_of_row(&self) -> &[u32] {
        &self.other_of_row
    }

    /// Rows of one of the other sequences.
    pub fn len_of_other(&self, other: u32) -> usize {
        self.other_spans.len_of(other as usize)
    }

    /// Row `rows[i]` becomes row `i`.
    pub fn select(&mut self, rows: &[u32]) {
        self.other_of_row = rows.iter().map(|&row| self.other_of_row[row as usize]).collect();
        self.paths = rows.iter().map(|&row| self.paths[row as usize].clone()).collect();
    }
}

impl Stepper {
    /// # Panics
    /// If `stack` is not a decoder.
    pub fn new(stack: &Stack, compute: &Compute, params: &Params) -> Self {
        let ready = |layer: &Layer| Ready {
            inner: layer.attention.inner.pack(compute, params),
            outer: layer.attention.outer.pack(compute, params),
            cross: layer.cross.as_ref().map(|(_, cross)| {
                [&cross.queries, &cross.others, &cross.outer].map(|linear| linear.pack(compute, params))
            }),
            feed: [&layer.feed.inner, &layer.feed.outer].map(|linear| linear.pack(compute, params)),
            layer: layer.clone(),
        };
        Stepper {
            layers: stack.layers.iter().map(ready).collect(),
            norm: stack.norm.clone(),
            n_heads: stack.layers.first().map_or(1, |layer| layer.attention.heads.n),
            dim: stack.norm.dim,
        }
    }

    /// One row for each of the other sequences, nothing written yet. Shape of `others`: (n_other, dim).
    pub fn start(&self, compute: &Compute, params: &Params, others: View, spans: &Spans) -> Written {
        let project = |ready: &Ready| {
            let (_, cross) = ready.layer.cross.as_ref().expect("a decoder");
            let [_, packed, _] = ready.cross.as_ref().expect("a decoder");
            cross.others.forward_packed(compute, params, packed, others)
        };
        Written {
            others: self.layers.iter().map(project).collect(),
            other_spans: spans.clone(),
            other_of_row: (0..spans.n() as u32).collect(),
            written: Vec::new(),
            paths: vec![Vec::new(); spans.n()],
        }
    }

    /// Feeds a row to each output. Shapes: `x` (n_rows, dim), result (n_rows, dim). `attention`, if wanted, gets the weights
    /// of the last layer's attention to the other sequences, as mean over the heads, at `row × stride`.
    pub fn step(
        &self,
        compute: &Compute,
        params: &Params,
        steps: &mut Written,
        mut x: Matrix,
        mut attention: Option<(&mut [f32], usize)>,
    ) -> Matrix {
        let run =
            |linear: &Linear, packed: &Packed, x: &Matrix| linear.forward_packed(compute, params, packed, x.view());
        let n_rows = x.n_rows;
        steps.written.push(Vec::with_capacity(self.layers.len()));
        steps.paths.iter_mut().zip(0..).for_each(|(path, row)| path.push(row));
        for (at, ready) in self.layers.iter().enumerate() {
            let layer = &ready.layer;
            let (y, _) = layer.norm.forward(params, x.view());
            let projected = run(&layer.attention.inner, &ready.inner, &y);
            steps.written.last_mut().expect("just pushed").push(projected);
            let mut mixed = Matrix::zeros(n_rows, self.dim);
            let mut weights = Vec::new();
            for row in 0..n_rows {
                let now = steps.written.last().expect("just pushed")[at].row(row);
                let past = steps
                    .written
                    .iter()
                    .zip(&steps.paths[row])
                    .map(|(step, &row)| &step[at].row(row as usize)[self.dim..]);
                let past: Vec<&[f32]> = past.collect();
                attend(self.n_heads, &now[..self.dim], &past, mixed.row_mut(row), &mut weights, None);
            }
            add(&mut x, &run(&layer.attention.outer, &ready.outer, &mixed));

            if let (Some((norm, cross)), Some([queries, _, outer])) = (&layer.cross, &ready.cross) {
                let (y, _) = norm.forward(params, x.view());
                let queries = run(&cross.queries, queries, &y);
                let is_last = at + 1 == self.layers.len();
                for row in 0..n_rows {
                    let range = steps.other_spans.range(steps.other_of_row[row] as usize);
                    let others: Vec<&[f32]> = range.map(|other| steps.others[at].row(other)).collect();
                    let shown = attention.as_mut().filter(|_| is_last);
                    let shown = shown.map(|(values, stride)| &mut values[row * *stride..][..others.len()]);
                    attend(self.n_heads, queries.row(row), &others, mixed.row_mut(row), &mut weights, shown);
                }
                add(&mut x, &run(&cross.outer, outer, &mixed));
            }

            let (y, _) = layer.feed_norm.forward(params, x.view());
            let mut hidden = run(&layer.feed.inner, &ready.feed[0], &y);
            layer.feed.activation.apply(&mut hidden.values);
            add(&mut x, &run(&layer.feed.outer, &ready.feed[1], &hidden));
        }
        self.norm.forward(params, x.view()).0
    }
}

fn add(to: &mut Matrix, from: &Matrix) {
    super::linear::add(&mut to.values, &from.values);
}

/// One query over rows of keys and values side by side. `shown` gets the mean of the heads' weights.
fn attend(
    n_heads: usize,
    query: &[f32],
    others: &[&[f32]],
    out: &mut [f32],
    weights: &mut Vec<f32>,
    shown: Option<&mut [f32]>,
) {
    let dim = query.len();
    let head_dim = dim / n_heads;
    out.fill(0.0);
    let mut shown = shown;
    for head in 0..n_heads {
        let cols = head * head_dim..(head + 1) * head_dim;
        let scale = 1.0 / (head_dim as f32).sqrt();
        weights.clear();
        weights.extend(others.iter().map(|row| dot(&query[cols.clone()], &row[cols.clone()]) * scale));
        let most = largest(weights);
        let share = 1.0 / exp_less(weights, most);
        for (weight, row) in weights.iter_mut().zip(others) {
            *weight *= share;
            add_times(&mut out[cols.clone()], *weight, &row[dim + cols.start..dim + cols.end]);
        }
        if let Some(shown) = shown.as_deref_mut() {
            shown.iter_mut().zip(&*weights).for_each(|(shown, weight)| *shown += weight / n_heads as f32);
        }
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    widest!(dot_pass(a: &[f32], b: &[f32]) -> f32)
}

#[inline(always)]
fn dot_pass(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0f32; 16];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
    for (a, b) in a.iter().zip(b) {
        sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (&a, &b))| *sum = a.mul_add(b, *sum));
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

fn add_times(to: &mut [f32], factor: f32, from: &[f32]) {
    widest!(add_times_pass(to: &mut [f32], factor: f32, from: &[f32]) -> ())
}

#[inline(always)]
fn add_times_pass(to: &mut [f32], factor: f32, from: &[f32]) {
    to.iter_mut().zip(from).for_each(|(to, &from)| *to = factor.mul_add(from, *to));
}
