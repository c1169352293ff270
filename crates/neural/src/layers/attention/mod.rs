//! Attention of a state over the encoded words of a source: additive (Bahdanau et al. 2015, A.1.2), and dot, general and
//! concat (Luong et al. 2015, eq. 8), with coverage (See et al. 2017, eq. 11) where scores are additive.
//!
//! ```text
//!     additive, concat: v · tanh(q W + k U [+ b] [+ coverage w])    dot: q · k    general: q · (k W)
//! ```
//!
//! Sources of different lengths lie one after another in [`Memory`], without padding. A batch of states may name its
//! sources in any order, so that many unfinished outputs share one; for the backward pass each state has its own.
//! This is not the attention of Transformers.

mod scores;
#[cfg(test)]
mod tests;

use rayon::prelude::*;

use self::scores::{Task, Vectors};
use super::linear::{add, add_column_sums, fill_rows};
use crate::math_functions::softmax_in_place;
use crate::params::{Builder, Gradients, Init, ParamId, Params};
use crate::product::{Compute, Mode, Packed};
use crate::{Matrix, NeuralError, View, ViewMut};

pub(crate) use self::scores::{add_times, dot};

/// How well a state and a word fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Score {
    Additive,
    Dot,
    General,
    Concat,
}

impl Score {
    /// # Errors
    /// If it is none of them.
    pub fn from_name(name: &str) -> Result<Self, NeuralError> {
        match name {
            "additive" => Ok(Score::Additive),
            "dot" => Ok(Score::Dot),
            "general" => Ok(Score::General),
            "concat" => Ok(Score::Concat),
            _ => Err(NeuralError::unfit("attention", name, "additive, dot, general, concat")),
        }
    }

    fn has_layer(self) -> bool {
        matches!(self, Score::Additive | Score::Concat)
    }
}

#[derive(Clone, Debug)]
pub struct Attention {
    pub score: Score,
    pub n_query: usize,
    pub n_memory: usize,
    /// Columns in which states and words meet.
    pub n_inner: usize,
    query: Option<ParamId>,
    query_bias: Option<ParamId>,
    memory: Option<ParamId>,
    vector: Option<ParamId>,
    coverage: Option<ParamId>,
}

/// The encoded words of several sources.
#[derive(Clone, Debug)]
pub struct Memory {
    /// Shape: (words of all sources, n_memory).
    pub rows: Matrix,
    /// Words as they meet states, if not as they are. Shape: (words of all sources, n_inner).
    keys: Option<Matrix>,
    /// Where each source begins in `rows`, and the end.
    pub starts: Vec<usize>,
}

impl Memory {
    pub fn n_sources(&self) -> usize {
        self.starts.len() - 1
    }

    pub fn length(&self, source: usize) -> usize {
        self.starts[source + 1] - self.starts[source]
    }

    /// The longest source.
    pub fn longest(&self) -> usize {
        (0..self.n_sources()).map(|source| self.length(source)).max().unwrap_or(0)
    }

    fn keys(&self) -> &Matrix {
        self.keys.as_ref().unwrap_or(&self.rows)
    }

    fn of<'a>(&self, matrix: &'a Matrix, source: usize) -> &'a [f32] {
        &matrix.values[self.starts[source] * matrix.n_cols..self.starts[source + 1] * matrix.n_cols]
    }
}

/// Weights made ready until parameters change.
#[derive(Clone, Debug)]
pub struct QueryWeights {
    forward: Option<Packed>,
    back: Option<Packed>,
}

/// Gradients gathered over the steps of a backward pass.
#[derive(Clone, Debug)]
pub struct ByMemory {
    rows: Matrix,
    keys: Option<Matrix>,
    /// Gradients by the vectors of the scores, apart for each source, so that threads need not wait for each other.
    vector: Matrix,
    coverage: Matrix,
}

impl Attention {
    /// Parameters `NAME.query`, `NAME.query_bias`, `NAME.memory`, `NAME.vector`, `NAME.coverage`, as the score needs them.
    ///
    /// # Errors
    /// If states and words of a `dot` differ in size, or coverage is wanted for scores that are not additive.
    pub fn new(
        builder: &mut Builder,
        name: &str,
        score: Score,
        (n_query, n_memory, n_inner): (usize, usize, usize),
        with_coverage: bool,
    ) -> Result<Self, NeuralError> {
        if score == Score::Dot && n_query != n_memory {
            return Err(NeuralError::unfit(
                "size of encoded words",
                n_memory,
                format!("the state's, {n_query}, for dot"),
            ));
        }
        if with_coverage && !score.has_layer() {
            return Err(NeuralError::unfit("coverage", format!("with {score:?}"), "attention additive or concat"));
        }
        let n_inner = if score.has_layer() { n_inner } else { n_query };
        let mut param = |part: &str, n_rows: usize, n_cols: usize, init: Init, wanted: bool| {
            if wanted { builder.param(&format!("{name}.{part}"), n_rows, n_cols, init).map(Some) } else { Ok(None) }
        };
        let layer = score.has_layer();
        Ok(Attention {
            score,
            n_query,
            n_memory,
            n_inner,
            query: param("query", n_query, n_inner, Init::Glorot, layer)?,
            query_bias: param("query_bias", 1, n_inner, Init::Constant(0.0), score == Score::Additive)?,
            memory: param("memory", n_memory, n_inner, Init::Glorot, layer || score == Score::General)?,
            vector: param("vector", 1, n_inner, Init::Glorot, layer)?,
            coverage: param("coverage", 1, n_inner, Init::Constant(0.0), with_coverage)?,
        })
    }

    /// Encoded words, made ready to be attended to. Shape: `rows` (words of all sources, n_memory).
    pub fn memory(&self, compute: &Compute, params: &Params, rows: Matrix, starts: Vec<usize>) -> Memory {
        let keys = self.memory.map(|weight| compute.times(rows.view(), params.value(weight).view()));
        Memory { rows, keys, starts }
    }

    /// The weight of states, made ready until parameters change; for the backward pass too if `learning`.
    pub fn pack_query(&self, compute: &Compute, params: &Params, learning: bool) -> QueryWeights {
        let weight = self.query.map(|weight| params.value(weight).view());
        QueryWeights {
            forward: weight.map(|weight| compute.pack(weight)),
            back: weight.filter(|_| learning).map(|weight| compute.pack(weight.t())),
        }
    }

    /// Whether scores look at how much each word was attended to before.
    pub fn has_coverage(&self) -> bool {
        self.coverage.is_some()
    }

    /// Attends: state `i` to source `sources[i]`. `projected` becomes the states as they meet words (kept for the
    /// backward pass), `weights` how much each word counts (0 behind a source's end), `contexts` the words' weighted sums
    /// (0 for an empty source). Shapes: `queries` (n, n_query), `coverage`, `weights` (n, at least the longest source),
    /// `projected` (n, n_inner), `contexts` (n, n_memory).
    #[allow(clippy::too_many_arguments)]
    pub fn forward(
        &self,
        compute: &Compute,
        params: &Params,
        packed: &QueryWeights,
        memory: &Memory,
        sources: &[u32],
        queries: View,
        coverage: Option<View>,
        mut projected: ViewMut,
        mut weights: ViewMut,
        mut contexts: ViewMut,
    ) {
        match &packed.forward {
            Some(weight) => {
                if let Some(bias) = self.query_bias {
                    fill_rows(projected.reborrow(), &params.value(bias).values);
                }
                let mode = if self.query_bias.is_some() { Mode::Add } else { Mode::Replace };
                compute.product_packed(projected.reborrow(), queries, weight, mode);
            }
            None => (0..queries.n_rows()).for_each(|row| projected.row_mut(row).copy_from_slice(queries.row(row))),
        }
        let mut rows: Vec<(&[f32], &mut [f32], &mut [f32])> = Vec::with_capacity(sources.len());
        let projected = rows_of(projected);
        for ((query, weights), context) in
            projected.into_iter().zip(rows_of(weights.reborrow())).zip(rows_of(contexts.reborrow()))
        {
            rows.push((query, weights, context));
        }
        let vectors = self.vectors(params);
        rows.into_par_iter().zip(sources).enumerate().with_min_len(2).for_each(
            |(row, ((query, weights, context), &source))| {
                let source = source as usize;
                let keys = memory.of(memory.keys(), source);
                let (own, behind) = weights.split_at_mut(memory.length(source));
                behind.fill(0.0);
                for (at, (weight, key)) in own.iter_mut().zip(keys.chunks(self.n_inner)).enumerate() {
                    let covered = coverage.as_ref().map_or(0.0, |coverage| coverage.at(row, at));
                    *weight = vectors.score(query, key, covered);
                }
                softmax_in_place(own);
                context.fill(0.0);
                for (&weight, word) in own.iter().zip(memory.of(&memory.rows, source).chunks(self.n_memory)) {
                    add_times(context, word, weight);
                }
            },
        );
    }

    fn vectors<'a>(&self, params: &'a Params) -> Vectors<'a> {
        let of = |id: Option<ParamId>| id.map(|id| &params.value(id).values[..]);
        Vectors { vector: of(self.vector), coverage: of(self.coverage) }
    }

    /// Where gradients of a backward pass gather: all 0.
    pub fn by_memory(&self, memory: &Memory) -> ByMemory {
        let (n, n_words) = (memory.n_sources(), memory.rows.n_rows);
        ByMemory {
            rows: Matrix::zeros(n_words, self.n_memory),
            keys: memory.keys.as_ref().map(|keys| Matrix::zeros(n_words, keys.n_cols)),
            vector: Matrix::zeros(n * usize::from(self.vector.is_some()), self.n_inner),
            coverage: Matrix::zeros(n * usize::from(self.coverage.is_some()), self.n_inner),
        }
    }

    /// One step backward, where state `i` attended to source `i`. `by_weights` are further gradients by the weights.
    /// `by_projected` becomes the gradient by the projected states; `by_coverage`, if the scores look at it, gains that by
    /// the coverage. Shapes as in [`Attention::forward`].
    #[allow(clippy::too_many_arguments)]
    pub fn backward(
        &self,
        params: &Params,
        memory: &Memory,
        gathered: &mut ByMemory,
        projected: View,
        weights: View,
        coverage: Option<View>,
        by_contexts: View,
        by_weights: Option<View>,
        by_projected: ViewMut,
        by_coverage: Option<ViewMut>,
    ) {
        let n = projected.n_rows();
        let vectors = self.vectors(params);
        let mut by_words = ragged(&mut gathered.rows, memory, n).into_iter();
        let mut by_keys = gathered.keys.as_mut().map(|keys| ragged(keys, memory, n).into_iter());
        let mut by_vector = gathered.vector.values.chunks_mut(self.n_inner.max(1));
        let mut by_cover = gathered.coverage.values.chunks_mut(self.n_inner.max(1));
        let mut by_coverage = by_coverage.map(|by| rows_of(by).into_iter());
        let tasks: Vec<Task> = rows_of(by_projected)
            .into_iter()
            .map(|by_query| Task {
                by_query,
                by_words: by_words.next().expect("a source a row"),
                by_keys: by_keys.as_mut().and_then(Iterator::next),
                by_vector: by_vector.next().unwrap_or_default(),
                by_cover: by_cover.next().unwrap_or_default(),
                by_coverage: by_coverage.as_mut().and_then(Iterator::next),
            })
            .collect();
        tasks.into_par_iter().enumerate().with_min_len(2).for_each(|(row, mut task)| {
            let length = memory.length(row);
            let own = &weights.row(row)[..length];
            let words = memory.of(&memory.rows, row);
            let by_context = by_contexts.row(row);
            let mut by_scores: Vec<f32> = words.chunks(self.n_memory).map(|word| dot(by_context, word)).collect();
            if let Some(by_weights) = &by_weights {
                add(&mut by_scores, &by_weights.row(row)[..length]);
            }
            for (&weight, by_word) in own.iter().zip(task.by_words.chunks_mut(self.n_memory)) {
                add_times(by_word, by_context, weight);
            }
            let mean: f32 = by_scores.iter().zip(own).map(|(by, weight)| by * weight).sum();
            by_scores.iter_mut().zip(own).for_each(|(by, &weight)| *by = weight * (*by - mean));
            task.by_query.fill(0.0);
            let keys = memory.of(memory.keys(), row).chunks(self.n_inner);
            for (at, (key, &by_score)) in keys.zip(&by_scores).enumerate() {
                let covered = coverage.as_ref().map_or(0.0, |coverage| coverage.at(row, at));
                let by_covered = vectors.back(&mut task, at, projected.row(row), key, covered, by_score);
                if let Some(by_coverage) = &mut task.by_coverage {
                    by_coverage[at] += by_covered;
                }
            }
        });
    }

    /// `by_queries += by_projected × queryᵀ`: the gradient by states of that by projected states.
    pub fn query_backward(
        &self,
        compute: &Compute,
        packed: &QueryWeights,
        by_projected: View,
        mut by_queries: ViewMut,
    ) {
        match &packed.back {
            Some(weight) => compute.product_packed(by_queries, by_projected, weight, Mode::Add),
            None => (0..by_projected.n_rows()).for_each(|row| add(by_queries.row_mut(row), by_projected.row(row))),
        }
    }

    /// After the last step backward: adds the gradients of the parameters and gives that by the encoded words. `queries` and
    /// `by_projected` are those of all steps, one row after another.
    #[allow(clippy::too_many_arguments)]
    pub fn finish(
        &self,
        compute: &Compute,
        params: &Params,
        gradients: &mut Gradients,
        memory: &Memory,
        gathered: ByMemory,
        queries: View,
        by_projected: View,
    ) -> Matrix {
        if let Some(query) = self.query {
            compute.product(gradients.dense_mut(query).view_mut(), queries.t(), by_projected, Mode::Add);
        }
        if let Some(bias) = self.query_bias {
            add_column_sums(by_projected, &mut gradients.dense_mut(bias).values);
        }
        if let Some(vector) = self.vector {
            add_column_sums(gathered.vector.view(), &mut gradients.dense_mut(vector).values);
        }
        if let Some(coverage) = self.coverage {
            add_column_sums(gathered.coverage.view(), &mut gradients.dense_mut(coverage).values);
        }
        let mut by_rows = gathered.rows;
        if let (Some(weight), Some(by_keys)) = (self.memory, gathered.keys) {
            compute.product(gradients.dense_mut(weight).view_mut(), memory.rows.view().t(), by_keys.view(), Mode::Add);
            compute.product(by_rows.view_mut(), by_keys.view(), params.value(weight).view().t(), Mode::Add);
        }
        by_rows
    }
}

fn rows_of(view: ViewMut<'_>) -> Vec<&mut [f32]> {
    view.into_rows()
}

/// The rows of the first `n` sources, apart.
fn ragged<'a>(matrix: &'a mut Matrix, memory: &Memory, n: usize) -> Vec<&'a mut [f32]> {
    let mut rest = &mut matrix.values[..];
    (0..n)
        .map(|source| {
            let (own, others) = std::mem::take(&mut rest).split_at_mut(memory.length(source) * matrix.n_cols);
            rest = others;
            own
        })
        .collect()
}
