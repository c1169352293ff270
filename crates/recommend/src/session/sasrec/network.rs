//! The network of `sasrec`: vectors of items and places, layers of causal attention, and the way there and back.

use domain::Settings;
use neural::layers::{Activation, Dropout, Pass, Positions, Spans, Stack, StackShape, Stacked};
use neural::{Builder, Compute, Gradients, Init, Matrix, NeuralError, ParamId, Params, Precision};

use super::softmax::{through_length, to_length};
use crate::FitError;

/// The name of the items' vectors.
pub(super) const ITEMS: &str = "items";

pub(super) struct Network {
    pub n_items: usize,
    pub dim: usize,
    pub max_length: usize,
    /// By what cosines are divided, where scores are cosines; else scores are plain products.
    pub temperature: Option<f32>,
    /// Vectors of the items, and last of the start. Shape: (n_items + 1, dim).
    pub items: ParamId,
    /// What is read of vectors: they are as short as scores need them, and what layers add to them is not.
    read_times: f32,
    positions: Positions,
    stack: Stack,
    dropout: Dropout,
}

/// What the network says after each row it read, to be multiplied with the items' vectors.
pub(super) struct Answers {
    /// Shape: (n, dim).
    pub rows: Matrix,
}

/// What the backward pass needs.
pub(super) struct Read {
    ids: Vec<u32>,
    spans: Spans,
    stacked: Stacked,
    /// Answers as long as they are used, and how long they were, where scores are cosines.
    scaled: Option<(Matrix, Vec<f32>)>,
}

/// The place of the dropout of what is read; layers have those from 1 on.
const INPUT: u64 = 0;

impl Network {
    pub fn new(n_items: usize, settings: &Settings, seed: u64) -> Result<(Network, Params), FitError> {
        let (dim, max_length) = (settings.usize("dim"), settings.usize("max_length"));
        let shape = StackShape {
            dim,
            n_heads: settings.usize("n_heads"),
            dim_inner: settings.usize("widening") * dim,
            n_layers: settings.usize("n_layers"),
            activation: Activation::Gelu,
            dropout: settings.float("dropout") as f32,
        };
        let mut builder = Builder::fresh(seed);
        let init = Init::Normal(0.02);
        let mut make = || -> Result<_, NeuralError> {
            let items = builder.param(ITEMS, n_items + 1, dim, init)?;
            let positions = Positions::learned(&mut builder, "places", max_length + 1, dim, init)?;
            let stack = Stack::encoder(&mut builder, "layers", &shape, true, INPUT + 1)?;
            Ok((items, positions, stack))
        };
        let (items, positions, stack) = make().map_err(of_network)?;
        let network = Network {
            n_items,
            dim,
            max_length,
            temperature: (settings.text("score") == "cosine").then(|| settings.float("temperature") as f32),
            items,
            read_times: (dim as f32).sqrt(),
            positions,
            stack,
            dropout: Dropout { rate: shape.dropout },
        };
        Ok((network, builder.finish()))
    }

    pub fn item_vector<'a>(&self, params: &'a Params, item: usize) -> &'a [f32] {
        params.value(self.items).row(item)
    }

    /// The answers after the start and after each item of each history; nothing is dropped. Shape: (n_histories + n_items
    /// read, dim).
    pub fn read(&self, compute: &Compute, params: &Params, histories: &[&[u32]]) -> Matrix {
        self.forward(&Pass { compute, params, learning: None }, histories).0.rows
    }

    /// The answers after whole histories. Shape: (n_histories, dim).
    pub fn answers(&self, compute: &Compute, params: &Params, histories: &[&[u32]]) -> Matrix {
        let rows = self.read(compute, params, histories);
        let mut last = Matrix::zeros(histories.len(), self.dim);
        let mut end = 0;
        for (at, history) in histories.iter().enumerate() {
            end += history.len() + 1;
            last.row_mut(at).copy_from_slice(rows.row(end - 1));
        }
        last
    }

    pub fn forward(&self, pass: &Pass, histories: &[&[u32]]) -> (Answers, Read) {
        let spans = Spans::of_lens(histories.iter().map(|history| history.len() + 1));
        let start = self.n_items as u32;
        let ids: Vec<u32> =
            histories.iter().flat_map(|history| std::iter::once(start).chain(history.iter().copied())).collect();
        let mut x = Matrix::zeros(ids.len(), self.dim);
        for (row, &id) in ids.iter().enumerate() {
            let vector = self.item_vector(pass.params, id as usize);
            x.row_mut(row).iter_mut().zip(vector).for_each(|(x, value)| *x = self.read_times * value);
        }
        self.positions.add(pass, &mut x, spans.places());
        pass.drop_some(self.dropout, INPUT, &mut x.values);
        let (mut rows, stacked) = self.stack.forward(pass, x, &spans, None);
        let scaled = self.temperature.map(|temperature| {
            let lengths = to_length(&mut rows, 1.0 / temperature);
            (rows.clone(), lengths)
        });
        (Answers { rows }, Read { ids, spans, stacked, scaled })
    }

    /// Adds the gradients of all parameters, from that by the answers.
    pub fn backward(&self, pass: &Pass, gradients: &mut Gradients, read: Read, mut by_answers: Matrix) {
        if let (Some((rows, lengths)), Some(temperature)) = (&read.scaled, self.temperature) {
            through_length(&mut by_answers, rows, lengths, 1.0 / temperature);
        }
        let mut by_x = self.stack.backward(pass, gradients, read.stacked, &read.spans, by_answers.view(), None);
        pass.drop_some(self.dropout, INPUT, &mut by_x.values);
        self.positions.backward(gradients, read.spans.places(), by_x.view());
        for (row, &id) in read.ids.iter().enumerate() {
            let by_vector = gradients.row_mut(self.items, id as usize);
            by_vector.iter_mut().zip(by_x.row(row)).for_each(|(by, value)| *by += self.read_times * value);
        }
    }
}

/// Errors of the layers in this crate's words.
pub(super) fn of_network(error: NeuralError) -> FitError {
    match error {
        NeuralError::Unfit { what, found, allowed } => FitError::Unfit { what, found, allowed },
        NeuralError::Cancelled => FitError::Cancelled,
        NeuralError::Corrupt(text) => FitError::Corrupt(text),
        error @ NeuralError::Diverged { .. } => {
            FitError::Unfit { what: "learning_rate", found: error.to_string(), allowed: "a smaller one".to_owned() }
        }
    }
}

pub(super) fn compute_of(settings: &Settings) -> Compute {
    Compute::new(Precision::from_name(settings.text("precision")).expect("the card has these alone"))
}
