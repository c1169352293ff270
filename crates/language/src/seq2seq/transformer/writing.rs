//! A transformer that writes: weights made ready once, keys and values of what was written kept, words read out as
//! log-probabilities.

use neural::layers::{Pass, Spans, Stepper, Written};
use neural::math_functions::log_softmax_in_place;
use neural::{Compute, Matrix, Mode, Packed, Params};

use super::{Transformer, known};
use crate::seq2seq::decode::{END, Next, StepModel};

/// A transformer ready to write.
pub struct Writing<'a> {
    model: &'a Transformer,
    params: &'a Params,
    compute: Compute,
    stepper: Stepper,
    readout: Packed,
}

/// Outputs on their way.
pub struct WritingState {
    steps: Written,
    /// Words of the longest source.
    source_len: usize,
    /// Attention with that to each source's end.
    attention: Vec<f32>,
}

impl<'a> Writing<'a> {
    pub fn new(model: &'a Transformer, params: &'a Params, compute: Compute) -> Self {
        let stepper = Stepper::new(&model.decoder, &compute, params);
        let readout = model.readout.pack(&compute, params);
        Writing { model, params, compute, stepper, readout }
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
        WritingState { steps, source_len, attention: Vec::new() }
    }

    fn n_words(&self, _: &WritingState) -> usize {
        self.model.shape.n_target
    }

    fn select(&self, state: &mut WritingState, rows: &[u32]) {
        state.steps.select(rows);
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
    }
}
