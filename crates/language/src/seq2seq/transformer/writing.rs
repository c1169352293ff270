//! A transformer that writes: weights made ready once, keys and values of what was written kept, words read out as
//! log-probabilities.

use neural::layers::attention::{Memory, QueryWeights};
use neural::layers::{Pass, Spans, Stepper, Written};
use neural::math_functions::log_softmax_in_place;
use neural::{Compute, Matrix, Mode, Packed, Params};

use super::pointer::{Pointer, words_of};
use super::{Transformer, known};
use crate::seq2seq::decode::{END, Next, StepModel};
use crate::seq2seq::model::mix;

/// A transformer ready to write.
pub struct Writing<'a> {
    model: &'a Transformer,
    params: &'a Params,
    compute: Compute,
    stepper: Stepper,
    readout: Packed,
    pointer: Option<(&'a Pointer, QueryWeights)>,
}

/// Outputs on their way.
pub struct WritingState {
    steps: Written,
    /// Words of the longest source.
    source_len: usize,
    /// Attention with that to each source's end.
    attention: Vec<f32>,
    pointing: Option<Pointing>,
}

/// What a model that copies carries along.
struct Pointing {
    memory: Memory,
    sources: Vec<Vec<u32>>,
    /// Ids that can be written: those of the vocabulary and of the sources' unknown words.
    n_words: usize,
    /// How much each word was pointed at so far; (0, 0) without coverage. Shape: (n_rows, source_len).
    covered: Matrix,
}

impl<'a> Writing<'a> {
    pub fn new(model: &'a Transformer, params: &'a Params, compute: Compute) -> Self {
        let stepper = Stepper::new(&model.decoder, &compute, params);
        let readout = model.readout.pack(&compute, params);
        let pointer = model.pointer.as_ref();
        let pointer = pointer.map(|pointer| (pointer, pointer.attention.pack_query(&compute, params, false)));
        Writing { model, params, compute, stepper, readout, pointer }
    }

    /// Mixes what is generated with what is copied, and shows where the pointer points.
    fn copy(&self, state: &mut WritingState, y: &Matrix, next: &mut Next) {
        let (Some((pointer, weights)), Some(pointing)) = (&self.pointer, &mut state.pointing) else { return };
        let (n, dim, n_target, n_words) = (y.n_rows, y.n_cols, self.model.shape.n_target, pointing.n_words);
        let of = state.steps.other_of_row();
        let mut attention = Matrix::zeros(n, state.source_len);
        let (mut projected, mut contexts) = (Matrix::zeros(n, dim), Matrix::zeros(n, dim));
        let covers = pointer.attention.has_coverage();
        pointer.attention.forward(
            &self.compute,
            self.params,
            weights,
            &pointing.memory,
            of,
            y.view(),
            covers.then(|| pointing.covered.view()),
            projected.view_mut(),
            attention.view_mut(),
            contexts.view_mut(),
        );
        let gates = pointer.gates(&self.compute, self.params, y.view(), contexts.view());
        let generated = std::mem::take(&mut next.log_probabilities);
        next.log_probabilities.resize(n * n_words, f32::NEG_INFINITY);
        let rows = next.log_probabilities.chunks_mut(n_words).zip(generated.chunks(n_target));
        for (row, (out, generated)) in rows.enumerate() {
            out[..n_target].copy_from_slice(generated);
            mix(out, gates[row], &pointing.sources[of[row] as usize], attention.row(row));
        }
        pointing.covered.values.iter_mut().zip(&attention.values).for_each(|(sum, weight)| *sum += weight);
        next.attention = attention.values;
    }
}

impl StepModel for Writing<'_> {
    type State = WritingState;

    fn start(&self, sources: &[&[u32]]) -> WritingState {
        let n_source = self.model.shape.n_source;
        let ended =
            |source: &&[u32]| source.iter().copied().chain([END]).map(|id| known(id, n_source)).collect::<Vec<u32>>();
        let ids = sources.iter().map(ended).collect::<Vec<_>>().concat();
        let spans = Spans::of_lens(sources.iter().map(|source| source.len() + 1));
        let pass = Pass { compute: &self.compute, params: self.params, learning: None };
        let (encoded, _) = self.model.encode(&pass, &ids, &spans);
        let steps = self.stepper.start(&self.compute, self.params, encoded.view(), &spans);
        let source_len = sources.iter().map(|source| source.len()).max().unwrap_or(0);
        let pointing = self.pointer.as_ref().map(|(pointer, _)| {
            let order: Vec<usize> = (0..sources.len()).collect();
            let (words, starts) = words_of(&spans, &order);
            let mut rows = Matrix::zeros(words.len(), encoded.n_cols);
            words.iter().enumerate().for_each(|(at, &row)| rows.row_mut(at).copy_from_slice(encoded.row(row)));
            let beyond = sources.iter().copied().flatten().map(|&word| word as usize + 1).max().unwrap_or(0);
            let n_covered = if pointer.attention.has_coverage() { sources.len() } else { 0 };
            Pointing {
                memory: pointer.attention.memory(&self.compute, self.params, rows, starts),
                sources: sources.iter().map(|source| source.to_vec()).collect(),
                n_words: self.model.shape.n_target.max(beyond),
                covered: Matrix::zeros(n_covered, source_len),
            }
        });
        WritingState { steps, source_len, attention: Vec::new(), pointing }
    }

    fn n_words(&self, state: &WritingState) -> usize {
        state.pointing.as_ref().map_or(self.model.shape.n_target, |pointing| pointing.n_words)
    }

    fn select(&self, state: &mut WritingState, rows: &[u32]) {
        state.steps.select(rows);
        if let Some(Pointing { covered, .. }) = &mut state.pointing
            && covered.n_rows > 0
        {
            let mut chosen = Matrix::zeros(rows.len(), covered.n_cols);
            rows.iter()
                .enumerate()
                .for_each(|(at, &row)| chosen.row_mut(at).copy_from_slice(covered.row(row as usize)));
            *covered = chosen;
        }
    }

    fn step(&self, state: &mut WritingState, tokens: &[u32], next: &mut Next) {
        let model = self.model;
        let pass = Pass { compute: &self.compute, params: self.params, learning: None };
        let tokens: Vec<u32> = tokens.iter().map(|&id| known(id, model.shape.n_target)).collect();
        let place = state.steps.n_steps() as u32;
        let x = model.read(&pass, model.target_side(), &tokens, tokens.iter().map(|_| place));

        let stride = state.source_len + 1;
        state.attention.clear();
        state.attention.resize(tokens.len() * stride, 0.0);
        let shown = Some((&mut state.attention[..], stride));
        let y = self.stepper.step(&self.compute, self.params, &mut state.steps, x, shown);

        let n_words = model.shape.n_target;
        let mut logits = Matrix { n_rows: 0, n_cols: n_words, values: std::mem::take(&mut next.log_probabilities) };
        logits.reset(tokens.len(), n_words);
        let bias = model.readout.bias.map(|bias| &self.params.value(bias).values);
        if let Some(bias) = bias {
            logits.values.chunks_mut(n_words).for_each(|row| row.copy_from_slice(bias));
        }
        self.compute.product_packed(logits.view_mut(), y.view(), &self.readout, Mode::Add);
        logits.values.chunks_mut(n_words).for_each(log_softmax_in_place);
        next.log_probabilities = logits.values;

        next.source_len = state.source_len;
        next.attention.clear();
        for (row, &other) in state.attention.chunks(stride).zip(state.steps.other_of_row()) {
            // The source's end is no word: its weight is left out, and so is what a shorter source has behind its own.
            let own = state.steps.len_of_other(other) - 1;
            next.attention.extend_from_slice(&row[..own]);
            next.attention.extend(std::iter::repeat_n(0.0, state.source_len - own));
        }
        self.copy(state, &y, next);
    }
}
