//! A transformer that copies (See, Liu, Manning 2017): beside the words it generates it points at words of the source, by
//! additive attention of its top rows to the encoded words, and a gate says which. With coverage the pointer sees how much
//! each word was pointed at before, and pays for pointing at it again (their eq. 11 to 13).
//!
//! Rows here are step by step, the longest output first, since coverage goes from step to step; [`Place`] leads back to the
//! transformer's rows.

use neural::layers::attention::{Attention, Memory, QueryWeights, Score};
use neural::layers::{Linear, Spans, Steps};
use neural::loss::Mixed;
use neural::math_functions::sigmoid;
use neural::{Builder, Compute, Gradients, Matrix, Params, View};

use crate::LanguageError;

#[derive(Clone, Debug)]
pub struct Pointer {
    pub attention: Attention,
    /// From the top row, and from what is pointed at, to how likely a word is generated.
    by_row: Linear,
    by_context: Linear,
    /// The weight of the coverage loss.
    coverage: f32,
}

/// A batch pointed at its sources.
pub struct Pointed {
    steps: Steps,
    /// Of each row here: its row in the transformer, its pair, and the place of its source in `memory`.
    places: Vec<Place>,
    /// The rows of the encoded words, which lie without their ends in `memory`.
    words: Vec<usize>,
    memory: Memory,
    weights: QueryWeights,
    /// The transformer's top rows. Shape: (n_rows, dim).
    rows: Matrix,
    projected: Matrix,
    /// Shape: (n_rows, longest source).
    attention: Matrix,
    /// The sum of attention before; (0, 0) without coverage.
    covered: Matrix,
    contexts: Matrix,
    gates: Vec<f32>,
}

#[derive(Clone, Copy)]
struct Place {
    row: usize,
    pair: usize,
}

/// The rows of each source's words without its end, one source after another in this order, and where each begins.
pub fn words_of(spans: &Spans, order: &[usize]) -> (Vec<usize>, Vec<usize>) {
    let (mut words, mut starts) = (Vec::new(), vec![0]);
    for &source in order {
        let range = spans.range(source);
        words.extend(range.start..range.end - 1);
        starts.push(words.len());
    }
    (words, starts)
}

fn gathered(from: &Matrix, rows: impl ExactSizeIterator<Item = usize>) -> Matrix {
    let mut out = Matrix::zeros(rows.len(), from.n_cols);
    rows.enumerate().for_each(|(at, row)| out.row_mut(at).copy_from_slice(from.row(row)));
    out
}

fn add(to: &mut [f32], from: &[f32]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
}

impl Pointer {
    /// # Errors
    /// As [`Builder::param`].
    pub fn new(builder: &mut Builder, dim: usize, coverage: f32) -> Result<Self, LanguageError> {
        let sizes = (dim, dim, dim);
        Ok(Pointer {
            attention: Attention::new(builder, "pointer", Score::Additive, sizes, coverage > 0.0)?,
            by_row: Linear::new(builder, "pointer.gate", dim, 1, true)?,
            by_context: Linear::new(builder, "pointer.gate_context", dim, 1, false)?,
            coverage,
        })
    }

    /// How likely the word of each row is generated.
    pub fn gates(&self, compute: &Compute, params: &Params, rows: View, contexts: View) -> Vec<f32> {
        let mut gates = self.by_row.forward(compute, params, rows);
        add(&mut gates.values, &self.by_context.forward(compute, params, contexts).values);
        gates.values.into_iter().map(sigmoid).collect()
    }

    /// Points with all rows of a batch. Shapes: `y` (rows of `target_spans`, dim), `encoded` (rows of `source_spans`, dim).
    pub fn forward(
        &self,
        compute: &Compute,
        params: &Params,
        (y, target_spans): (&Matrix, &Spans),
        (encoded, source_spans): (&Matrix, &Spans),
        learning: bool,
    ) -> Pointed {
        let mut order: Vec<usize> = (0..target_spans.n()).collect();
        order.sort_by_key(|&pair| std::cmp::Reverse(target_spans.len_of(pair)));
        let lengths: Vec<usize> = order.iter().map(|&pair| target_spans.len_of(pair)).collect();
        let steps = Steps::new(&lengths);
        let place = |step: usize, pair: usize| Place { row: target_spans.range(pair).start + step, pair };
        let places: Vec<Place> = (0..steps.n_steps())
            .flat_map(|step| order[..steps.n_at(step)].iter().map(move |&pair| place(step, pair)))
            .collect();
        let (words, starts) = words_of(source_spans, &order);
        let memory = self.attention.memory(compute, params, gathered(encoded, words.iter().copied()), starts);
        let (n, dim, longest) = (places.len(), y.n_cols, memory.longest());
        let covered = if self.coverage > 0.0 { Matrix::zeros(n, longest) } else { Matrix::default() };
        let mut pointed = Pointed {
            rows: gathered(y, places.iter().map(|place| place.row)),
            weights: self.attention.pack_query(compute, params, learning),
            projected: Matrix::zeros(n, dim),
            attention: Matrix::zeros(n, longest),
            contexts: Matrix::zeros(n, dim),
            gates: Vec::new(),
            steps,
            places,
            words,
            memory,
            covered,
        };
        let sources: Vec<u32> = (0..order.len() as u32).collect();
        for step in 0..pointed.steps.n_steps() {
            pointed.cover(step);
            let rows = pointed.steps.rows(step);
            let (from, to) = (rows.start, rows.end);
            self.attention.forward(
                compute,
                params,
                &pointed.weights,
                &pointed.memory,
                &sources[..to - from],
                pointed.rows.rows(from, to),
                (self.coverage > 0.0).then(|| pointed.covered.rows(from, to)),
                pointed.projected.rows_mut(from, to),
                pointed.attention.rows_mut(from, to),
                pointed.contexts.rows_mut(from, to),
            );
        }
        pointed.gates = self.gates(compute, params, pointed.rows.view(), pointed.contexts.view());
        pointed
    }

    /// The coverage loss: Σ min(attention, coverage), weighted.
    pub fn coverage_loss(&self, pointed: &Pointed) -> f64 {
        let pairs = pointed.attention.values.iter().zip(&pointed.covered.values);
        pairs.map(|(&attention, &covered)| f64::from(attention.min(covered))).sum::<f64>() * f64::from(self.coverage)
    }

    /// Backward from the gradients by the mixtures (in the transformer's rows) and of the coverage loss, which counts
    /// `scale`. Adds to the gradients by the transformer's top rows and by the encoded ones.
    #[allow(clippy::too_many_arguments)]
    pub fn backward(
        &self,
        compute: &Compute,
        params: &Params,
        gradients: &mut Gradients,
        pointed: Pointed,
        (targets, sources): (&[u32], &[&[u32]]),
        by_mixed: &[Mixed],
        scale: f32,
        (by_y, by_encoded): (&mut Matrix, &mut Matrix),
    ) {
        let (n, longest) = (pointed.places.len(), pointed.attention.n_cols);
        let mut by_attention = Matrix::zeros(n, longest);
        let mut by_gates = Matrix::zeros(n, 1);
        for (at, place) in pointed.places.iter().enumerate() {
            let (by, gate) = (by_mixed[place.row], pointed.gates[at]);
            for word in places_of(targets[place.row], sources[place.pair]) {
                by_attention.row_mut(at)[word] += by.copied;
            }
            by_gates.values[at] = by.gate * gate * (1.0 - gate);
        }
        let mut by_rows = self.by_row.backward(compute, params, gradients, pointed.rows.view(), by_gates.view());
        let by_contexts =
            self.by_context.backward(compute, params, gradients, pointed.contexts.view(), by_gates.view());
        let (gathered, by_projected) = self.look_back(params, &pointed, by_attention, &by_contexts, scale);
        self.attention.query_backward(compute, &pointed.weights, by_projected.view(), by_rows.view_mut());
        let rows = pointed.rows.view();
        let by_words =
            self.attention.finish(compute, params, gradients, &pointed.memory, gathered, rows, by_projected.view());
        for (at, place) in pointed.places.iter().enumerate() {
            add(by_y.row_mut(place.row), by_rows.row(at));
        }
        for (at, &row) in pointed.words.iter().enumerate() {
            add(by_encoded.row_mut(row), by_words.row(at));
        }
    }

    /// The attention of all steps backward, the last first.
    fn look_back(
        &self,
        params: &Params,
        pointed: &Pointed,
        mut by_attention: Matrix,
        by_contexts: &Matrix,
        scale: f32,
    ) -> (neural::layers::attention::ByMemory, Matrix) {
        let mut gathered = self.attention.by_memory(&pointed.memory);
        let mut by_projected = Matrix::zeros(pointed.projected.n_rows, pointed.projected.n_cols);
        let looks = self.coverage > 0.0;
        let n_sequences = pointed.steps.n_sequences() * usize::from(looks);
        // The gradient by the coverage that later steps saw.
        let mut by_covered = Matrix::zeros(n_sequences, pointed.covered.n_cols);
        for step in (0..pointed.steps.n_steps()).rev() {
            let rows = pointed.steps.rows(step);
            let (from, to) = (rows.start, rows.end);
            if looks {
                for (at, row) in rows.enumerate() {
                    let (attention, covered) = (pointed.attention.row(row), pointed.covered.row(row));
                    let by_attention = by_attention.row_mut(row);
                    for (col, by_covered) in by_covered.row_mut(at).iter_mut().enumerate() {
                        by_attention[col] += *by_covered;
                        let lesser = if attention[col] < covered[col] { &mut by_attention[col] } else { by_covered };
                        *lesser += self.coverage * scale;
                    }
                }
            }
            self.attention.backward(
                params,
                &pointed.memory,
                &mut gathered,
                pointed.projected.rows(from, to),
                pointed.attention.rows(from, to),
                looks.then(|| pointed.covered.rows(from, to)),
                by_contexts.rows(from, to),
                Some(by_attention.rows(from, to)),
                by_projected.rows_mut(from, to),
                looks.then(|| by_covered.rows_mut(0, to - from)),
            );
        }
        (gathered, by_projected)
    }
}

/// Where a word stands in a source.
fn places_of(word: u32, source: &[u32]) -> impl Iterator<Item = usize> {
    source.iter().enumerate().filter(move |(_, other)| **other == word).map(|(at, _)| at)
}

impl Pointed {
    /// The attention of all steps before a step.
    fn cover(&mut self, step: usize) {
        if step == 0 || self.covered.n_rows == 0 {
            return;
        }
        for (at, row) in self.steps.rows(step).enumerate() {
            let last = self.steps.row(step - 1, at);
            for col in 0..self.covered.n_cols {
                let sum = self.covered.row(last)[col] + self.attention.row(last)[col];
                self.covered.row_mut(row)[col] = sum;
            }
        }
    }

    /// For each of the transformer's rows how likely its target is generated, and copied from its source.
    pub fn mixed(&self, targets: &[u32], sources: &[&[u32]]) -> Vec<Mixed> {
        let mut mixed = vec![Mixed { gate: 1.0, copied: 0.0 }; targets.len()];
        for (at, place) in self.places.iter().enumerate() {
            let places = places_of(targets[place.row], sources[place.pair]);
            let copied = places.map(|word| self.attention.row(at)[word]).sum();
            mixed[place.row] = Mixed { gate: self.gates[at], copied };
        }
        mixed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seq2seq::decode::END;
    use neural::loss::{evaluate_linear, learn_linear};
    use neural::testing::assert_gradients;
    use neural::{Init, Precision};

    /// Words known, unknown (10 and 11), repeated and not there; an empty source.
    #[test]
    fn gradients_are_those_of_differences() {
        let sources: [&[u32]; 4] = [&[5, 6, 5, 7], &[], &[8, 10, 4, 11], &[9]];
        let outputs: [&[u32]; 4] = [&[5, 7, END], &[6, END], &[4, 10, 8, 10, END], &[END]];
        let targets = outputs.concat();
        let source_spans = Spans::of_lens(sources.iter().map(|source| source.len() + 1));
        let target_spans = Spans::of_lens(outputs.iter().map(|output| output.len()));
        let (compute, dim) = (Compute::new(Precision::F32), 5);
        for coverage in [0.0, 0.7] {
            let mut builder = Builder::fresh(3);
            let y = builder.param("y", targets.len(), dim, Init::Normal(1.0)).unwrap();
            let encoded = builder.param("encoded", source_spans.n_rows(), dim, Init::Normal(1.0)).unwrap();
            let pointer = Pointer::new(&mut builder, dim, coverage).unwrap();
            let readout = Linear::new(&mut builder, "readout", dim, 10, true).unwrap();
            let mut params = builder.finish();
            // Coverage and biases begin at 0.
            let ids: Vec<_> = params.iter().map(|(id, _)| id).collect();
            for (at, id) in ids.into_iter().enumerate() {
                let value = params.value_mut(id);
                let moved = neural::testing::random_matrix(value.n_rows, value.n_cols, 0.3, at as u64);
                add(&mut value.values, &moved.values);
            }
            let forward = |params: &Params| {
                let rows = ((params.value(y), &target_spans), (params.value(encoded), &source_spans));
                pointer.forward(&compute, params, rows.0, rows.1, true)
            };
            let scale = 1.0 / targets.len() as f32;
            let mut gradients = Gradients::zeros(&params);
            let pointed = forward(&params);
            let mixed = pointed.mixed(&targets, &sources);
            let rows = params.value(y).view();
            let learned =
                learn_linear(&compute, &params, &mut gradients, &readout, rows, &targets, 0.1, scale, Some(&mixed));
            let (mut by_y, mut by_encoded) = (learned.by_x, Matrix::zeros(source_spans.n_rows(), dim));
            let by = (&mut by_y, &mut by_encoded);
            let of = (&targets[..], &sources[..]);
            pointer.backward(&compute, &params, &mut gradients, pointed, of, &learned.by_mixed, scale, by);
            add(&mut gradients.dense_mut(y).values, &by_y.values);
            add(&mut gradients.dense_mut(encoded).values, &by_encoded.values);
            assert_gradients(&params, &gradients, |params| {
                let pointed = forward(params);
                let mixed = pointed.mixed(&targets, &sources);
                let rows = params.value(y).view();
                let loss = evaluate_linear(&compute, params, &readout, rows, &targets, 0.1, Some(&mixed));
                (loss.sum + pointer.coverage_loss(&pointed)) / targets.len() as f64
            });
        }
    }
}
