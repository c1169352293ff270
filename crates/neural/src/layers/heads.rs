//! Scaled dot-product attention in several heads (Vaswani et al. 2017, eq. 1), fused for sequences short enough for the
//! cache: scores, softmax, dropout and the weighted sum of one head of one sequence at a time, so that nothing of it goes
//! through memory but the weights that the backward pass needs. No projections; see [`super::multi_head`].

use rayon::prelude::*;

use super::dropout::{self, Dropout};
use super::spans::Spans;
use crate::math_functions::{exp, widest};

/// Values of a vector; rows of scores are filled up to a multiple of it.
const LANES: usize = 16;
/// Rows of a product whose sums stay in registers together.
const ROWS: usize = 4;

/// How attention is divided and what it may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heads {
    pub n: usize,
    /// Columns of a head.
    pub dim: usize,
    /// Whether a row sees only rows of keys up to its own place.
    pub causal: bool,
}

/// Which columns of which matrix are the queries, keys or values: head `h` has the columns `from + h × dim` on.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    pub values: &'a [f32],
    /// Columns of the matrix.
    pub stride: usize,
    pub from: usize,
}

impl<'a> Part<'a> {
    /// From the head's first column on; nothing of a matrix without rows.
    #[inline(always)]
    fn of_head(&self, head: usize, dim: usize) -> &'a [f32] {
        &self.values[(self.from + head * dim).min(self.values.len())..]
    }

    /// The same place in another matrix of this one's shape.
    #[inline(always)]
    fn of_head_mut<'b>(&self, head: usize, dim: usize, values: &'b mut [f32]) -> &'b mut [f32] {
        let start = (self.from + head * dim).min(values.len());
        &mut values[start..]
    }
}

/// Queries, keys and values of all sequences, and where these lie.
#[derive(Clone, Copy, Debug)]
pub struct Attended<'a> {
    pub queries: Part<'a>,
    pub keys: Part<'a>,
    pub values: Part<'a>,
    pub query_spans: &'a Spans,
    pub key_spans: &'a Spans,
    /// How many weights are dropped in training, and the key that says which.
    pub dropped: Option<(Dropout, u64)>,
}

/// Where gradients go: the matrix of the queries', and that of the keys' and values' if it is another.
pub struct Targets<'a> {
    pub queries: &'a mut [f32],
    pub keys_and_values: Option<&'a mut [f32]>,
}

/// Values that one sequence's weights take.
fn n_weights(heads: &Heads, query_len: usize, key_len: usize) -> usize {
    heads.n * query_len * key_len.next_multiple_of(LANES)
}

/// Attends: `out` gets the heads' results side by side, shape (n_queries, n × dim); the weights come back for
/// [`backward`]. Queries without keys get 0.
pub fn forward(heads: &Heads, attended: &Attended, out: &mut [f32]) -> Vec<f32> {
    let key_lens: Vec<usize> = attended.key_spans.lens().collect();
    let size = |nth: usize, len: usize| n_weights(heads, len, key_lens[nth]);
    let total = attended.query_spans.lens().enumerate().map(|(nth, len)| size(nth, len)).sum();
    let mut weights = vec![0f32; total];
    let width = heads.n * heads.dim;
    let outs = attended.query_spans.cut_mut(out, |_, len| len * width);
    let parts = attended.query_spans.cut_mut(&mut weights, size);
    let tasks = outs.into_par_iter().zip(parts).enumerate();
    tasks.with_min_len(4).for_each_init(Vec::new, |scratch, (nth, (out, weights))| {
        let one = One::of(heads, attended, nth);
        for head in 0..heads.n {
            let n = weights.len() / heads.n;
            one.forward(head, &mut weights[head * n..(head + 1) * n], out, scratch);
        }
    });
    weights
}

/// From the gradient by [`forward`]'s result, shape (n_queries, n × dim), to those by queries, keys and values, which are
/// written over what `into` holds in their columns.
pub fn backward(heads: &Heads, attended: &Attended, weights: &mut [f32], gradient: &[f32], into: Targets) {
    let key_lens: Vec<usize> = attended.key_spans.lens().collect();
    let parts = attended.query_spans.cut_mut(weights, |nth, len| n_weights(heads, len, key_lens[nth]));
    let by_queries = attended.query_spans.cut_mut(into.queries, |_, len| len * attended.queries.stride);
    let by_keys: Vec<Option<&mut [f32]>> = match into.keys_and_values {
        Some(values) => {
            attended.key_spans.cut_mut(values, |_, len| len * attended.keys.stride).into_iter().map(Some).collect()
        }
        None => by_queries.iter().map(|_| None).collect(),
    };
    let width = heads.n * heads.dim;
    let tasks = parts.into_par_iter().zip(by_queries).zip(by_keys).enumerate();
    tasks.with_min_len(4).for_each_init(Vec::new, |scratch, (nth, ((weights, by_queries), mut by_keys))| {
        let one = One::of(heads, attended, nth);
        let rows = attended.query_spans.range(nth);
        let gradient = &gradient[rows.start * width..rows.end * width];
        let n = weights.len() / heads.n;
        for head in 0..heads.n {
            one.backward(
                head,
                &mut weights[head * n..(head + 1) * n],
                gradient,
                by_queries,
                by_keys.as_deref_mut(),
                scratch,
            );
        }
    });
}

/// One sequence.
struct One<'a> {
    heads: &'a Heads,
    nth: usize,
    query_len: usize,
    key_len: usize,
    queries: Part<'a>,
    keys: Part<'a>,
    values: Part<'a>,
    dropped: Option<(Dropout, u64)>,
}

impl<'a> One<'a> {
    fn of(heads: &'a Heads, attended: &Attended<'a>, nth: usize) -> Self {
        let part = |part: Part<'a>, spans: &Spans| {
            let rows = spans.range(nth);
            Part { values: &part.values[rows.start * part.stride..rows.end * part.stride], ..part }
        };
        One {
            heads,
            nth,
            query_len: attended.query_spans.len_of(nth),
            key_len: attended.key_spans.len_of(nth),
            queries: part(attended.queries, attended.query_spans),
            keys: part(attended.keys, attended.key_spans),
            values: part(attended.values, attended.key_spans),
            dropped: attended.dropped,
        }
    }

    fn forward(&self, head: usize, weights: &mut [f32], out: &mut [f32], scratch: &mut Vec<f32>) {
        let (one, place) = (self, head);
        widest!(forward_pass(one: &One<'_>, place: usize, weights: &mut [f32], out: &mut [f32], scratch: &mut Vec<f32>) -> ());
    }

    fn backward(
        &self,
        head: usize,
        weights: &mut [f32],
        gradient: &[f32],
        by_queries: &mut [f32],
        by_keys: Option<&mut [f32]>,
        scratch: &mut Vec<f32>,
    ) {
        let (one, place) = (self, head);
        widest!(backward_pass(
            one: &One<'_>, place: usize, weights: &mut [f32], gradient: &[f32], by_queries: &mut [f32],
            by_keys: Option<&mut [f32]>, scratch: &mut Vec<f32>
        ) -> ());
    }

    #[inline(always)]
    fn stride(&self) -> usize {
        self.key_len.next_multiple_of(LANES)
    }

    /// Of scores.
    #[inline(always)]
    fn scale(&self) -> f32 {
        1.0 / (self.heads.dim as f32).sqrt()
    }

    /// Keys that row `row` of the queries sees.
    #[inline(always)]
    fn n_seen(&self, row: usize) -> usize {
        if self.heads.causal { self.key_len.min(row + 1) } else { self.key_len }
    }

    fn only(&self, if_causal: Only) -> Only {
        if self.heads.causal { if_causal } else { Only::All }
    }

    /// Drops some of a head's weights, or what stands in their places.
    fn drop_some(&self, head: usize, weights: &mut [f32]) {
        if let Some((dropout, key)) = &self.dropped {
            dropout.apply(weights, dropout::key(*key, self.nth as u64, head as u64));
        }
    }

    /// The weights that count: a head's with some dropped, written to `dropped`, or as they are.
    #[inline(always)]
    fn used<'b>(&self, head: usize, weights: &'b [f32], dropped: &'b mut [f32]) -> &'b [f32] {
        if self.dropped.is_none() {
            return weights;
        }
        dropped.copy_from_slice(weights);
        self.drop_some(head, dropped);
        dropped
    }

    /// `scale × left × rightᵀ` of a head: each row at the queries meets each at the keys. Shapes: `out` (query_len, stride),
    /// `turned` (dim, stride), for `rightᵀ`.
    #[inline(always)]
    fn meet(&self, head: usize, left: &Part, right: &Part, scale: f32, turned: &mut [f32], out: &mut [f32]) {
        let (dim, stride) = (self.heads.dim, self.stride());
        turn(right, head, dim, self.key_len, turned, stride);
        let product = Product {
            m: self.query_len,
            n: stride,
            k: dim,
            left: Left { values: left.of_head(head, dim), row: left.stride, col: 1 },
            right: turned,
            right_stride: stride,
            scale,
            only: self.only(Only::OutUpToRow),
        };
        product.write(out, stride);
    }

    /// `weights × rows` of a head: to each query what it takes from the keys. Shape of `out`: (query_len, dim) at `out_stride`.
    #[inline(always)]
    fn gather(&self, head: usize, weights: &[f32], rows: &Part, out: &mut [f32], out_stride: usize) {
        let product = Product {
            m: self.query_len,
            n: self.heads.dim,
            k: self.key_len,
            left: Left { values: weights, row: self.stride(), col: 1 },
            right: rows.of_head(head, self.heads.dim),
            right_stride: rows.stride,
            scale: 1.0,
            only: self.only(Only::LeftUpToRow),
        };
        product.write(out, out_stride);
    }

    /// `weightsᵀ × rows` of a head: to each key what the queries bring it. Shape of `out`: (key_len, dim) at `out_stride`.
    #[inline(always)]
    fn scatter(&self, head: usize, weights: &[f32], rows: &Part, out: &mut [f32], out_stride: usize) {
        let product = Product {
            m: self.key_len,
            n: self.heads.dim,
            k: self.query_len,
            left: Left { values: weights, row: 1, col: self.stride() },
            right: rows.of_head(head, self.heads.dim),
            right_stride: rows.stride,
            scale: 1.0,
            only: self.only(Only::LeftFromRow),
        };
        product.write(out, out_stride);
    }

    /// The weights become the gradient by the scores, from that by the weights.
    #[inline(always)]
    fn through_softmax(&self, weights: &mut [f32], by_weights: &mut [f32]) {
        let (stride, scale) = (self.stride(), self.scale());
        for row in 0..self.query_len {
            let weights = &mut weights[row * stride..(row + 1) * stride];
            let by_weights = &mut by_weights[row * stride..(row + 1) * stride];
            by_weights[self.n_seen(row)..].fill(0.0);
            let sum = dot(weights, by_weights);
            weights.iter_mut().zip(&*by_weights).for_each(|(weight, by)| *weight *= (by - sum) * scale);
        }
    }
}

#[inline(always)]
fn forward_pass(one: &One, head: usize, weights: &mut [f32], out: &mut [f32], scratch: &mut Vec<f32>) {
    let (dim, stride, width) = (one.heads.dim, one.stride(), one.heads.n * one.heads.dim);
    let Some(out) = out.get_mut(head * dim..).filter(|_| one.query_len > 0) else { return };
    scratch.clear();
    scratch.resize(dim * stride + weights.len(), 0.0);
    let (turned, dropped) = scratch.split_at_mut(dim * stride);
    one.meet(head, &one.queries, &one.keys, one.scale(), turned, weights);
    for row in 0..one.query_len {
        softmax(&mut weights[row * stride..(row + 1) * stride], one.n_seen(row));
    }
    one.gather(head, one.used(head, weights, dropped), &one.values, out, width);
}

/// With the weights P, their dropped form P', out = P' V: dV = P'ᵀ dout; dP' = dout Vᵀ; dP is dP' as dropped; d scores = P ∘
/// (dP − Σ P ∘ dP), times the scale; dQ = d scores K; dK = d scoresᵀ Q.
#[inline(always)]
fn backward_pass(
    one: &One,
    head: usize,
    weights: &mut [f32],
    gradient: &[f32],
    by_queries: &mut [f32],
    mut by_keys: Option<&mut [f32]>,
    scratch: &mut Vec<f32>,
) {
    let (dim, stride) = (one.heads.dim, one.stride());
    scratch.clear();
    scratch.resize(dim * stride + 2 * weights.len(), 0.0);
    let (turned, rest) = scratch.split_at_mut(dim * stride);
    let (dropped, by_weights) = rest.split_at_mut(weights.len());
    let gradient = Part { values: gradient, stride: one.heads.n * dim, from: 0 };

    one.meet(head, &gradient, &one.values, 1.0, turned, by_weights);
    one.drop_some(head, by_weights);
    let target = one.values.of_head_mut(head, dim, by_keys.as_deref_mut().unwrap_or(&mut *by_queries));
    one.scatter(head, one.used(head, weights, dropped), &gradient, target, one.values.stride);

    one.through_softmax(weights, by_weights);
    let target = one.queries.of_head_mut(head, dim, by_queries);
    one.gather(head, weights, &one.keys, target, one.queries.stride);
    let target = one.keys.of_head_mut(head, dim, by_keys.unwrap_or(by_queries));
    one.scatter(head, weights, &one.queries, target, one.keys.stride);
}

/// Columns of a head become rows of `turned`, shape (dim, stride), 0 behind their end.
#[inline(always)]
fn turn(part: &Part, head: usize, dim: usize, n_rows: usize, turned: &mut [f32], stride: usize) {
    for row in 0..n_rows {
        let values = &part.values[row * part.stride + part.from + head * dim..][..dim];
        for (col, &value) in values.iter().enumerate() {
            turned[col * stride + row] = value;
        }
    }
}

/// The softmax of the first `n`; the rest become 0.
#[inline(always)]
fn softmax(values: &mut [f32], n: usize) {
    values[n..].fill(f32::NEG_INFINITY);
    let mut most = [f32::NEG_INFINITY; LANES];
    for chunk in values.as_chunks::<LANES>().0 {
        most.iter_mut().zip(chunk).for_each(|(most, &value)| *most = if value > *most { value } else { *most });
    }
    let most = most.iter().fold(f32::NEG_INFINITY, |a, &b| if b > a { b } else { a });
    let mut sums = [0f32; LANES];
    for chunk in values.as_chunks_mut::<LANES>().0 {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *value = exp(*value - most);
            *sum += *value;
        }
    }
    let scale = 1.0 / sums.iter().sum::<f32>();
    values.iter_mut().for_each(|value| *value *= scale);
}

#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0f32; LANES];
    for (a, b) in a.as_chunks::<LANES>().0.iter().zip(b.as_chunks::<LANES>().0) {
        sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (&a, &b))| *sum = a.mul_add(b, *sum));
    }
    sums.iter().sum()
}

/// The left factor of a small product: element (i, k) at `i × row + k × col`.
struct Left<'a> {
    values: &'a [f32],
    row: usize,
    col: usize,
}

/// Which parts of a product matter when rows see only keys up to their place.
#[derive(Clone, Copy, PartialEq)]
enum Only {
    All,
    /// Of row i of the result the columns up to i; others are left as they were, or not.
    OutUpToRow,
    /// Of row i of the left factor the columns up to i: the rest is 0.
    LeftUpToRow,
    /// Of row i of the left factor the columns from i on: the rest is 0.
    LeftFromRow,
}

/// `scale × left × right`, shapes (m, k) and (k, n), where `right` has its rows side by side.
struct Product<'a> {
    m: usize,
    n: usize,
    k: usize,
    left: Left<'a>,
    right: &'a [f32],
    right_stride: usize,
    scale: f32,
    only: Only,
}

impl Product<'_> {
    #[inline(always)]
    fn write(&self, out: &mut [f32], stride: usize) {
        let whole = self.m / ROWS * ROWS;
        for row in (0..whole).step_by(ROWS) {
            self.rows::<ROWS>(row, out, stride);
        }
        for row in whole..self.m {
            self.rows::<1>(row, out, stride);
        }
    }

    #[inline(always)]
    fn rows<const R: usize>(&self, row: usize, out: &mut [f32], stride: usize) {
        let mut col = 0;
        let n = if self.only == Only::OutUpToRow { self.n.min((row + R).next_multiple_of(LANES)) } else { self.n };
        while col + 2 * LANES <= n {
            self.block::<R, { 2 * LANES }>(row, col, out, stride);
            col += 2 * LANES;
        }
        while col < n {
            let width = LANES.min(n - col);
            if width == LANES {
                self.block::<R, LANES>(row, col, out, stride);
            } else {
                self.narrow::<R>(row, col, width, out, stride);
            }
            col += width;
        }
    }

    #[inline(always)]
    fn terms<const R: usize>(&self, row: usize) -> std::ops::Range<usize> {
        match self.only {
            Only::LeftUpToRow => 0..self.k.min(row + R),
            Only::LeftFromRow => row.min(self.k)..self.k,
            _ => 0..self.k,
        }
    }

    #[inline(always)]
    fn block<const R: usize, const W: usize>(&self, row: usize, col: usize, out: &mut [f32], stride: usize) {
        let mut sums = [[0f32; W]; R];
        for k in self.terms::<R>(row) {
            let right: &[f32; W] = self.right[k * self.right_stride + col..].first_chunk().expect("a whole block");
            for (at, sums) in sums.iter_mut().enumerate() {
                let left = self.left.values[(row + at) * self.left.row + k * self.left.col];
                sums.iter_mut().zip(right).for_each(|(sum, &right)| *sum = left.mul_add(right, *sum));
            }
        }
        for (at, sums) in sums.iter().enumerate() {
            let out = &mut out[(row + at) * stride + col..][..W];
            out.iter_mut().zip(sums).for_each(|(out, sum)| *out = sum * self.scale);
        }
    }

    /// A block narrower than a vector, at the end of odd widths.
    #[inline(always)]
    fn narrow<const R: usize>(&self, row: usize, col: usize, width: usize, out: &mut [f32], stride: usize) {
        let mut sums = [[0f32; LANES]; R];
        for k in self.terms::<R>(row) {
            let right = &self.right[k * self.right_stride + col..][..width];
            for (at, sums) in sums.iter_mut().enumerate() {
                let left = self.left.values[(row + at) * self.left.row + k * self.left.col];
                sums.iter_mut().zip(right).for_each(|(sum, &right)| *sum = left.mul_add(right, *sum));
            }
        }
        for (at, sums) in sums.iter().enumerate() {
            let out = &mut out[(row + at) * stride + col..][..width];
            out.iter_mut().zip(sums).for_each(|(out, sum)| *out = sum * self.scale);
        }
    }
}
