//! The network of `sasrec`: vectors of items and places, layers of causal attention, and the way there and back.

use domain::Settings;
use neural::layers::{Activation, Dropout, Pass, Positions, Spans, Stack, StackShape, Stacked};
use neural::{Builder, Compute, Gradients, Init, Matrix, NeuralError, ParamId, Params, Precision};

use crate::FitError;

/// The name of the items' vectors.
pub(super) const ITEMS: &str = "items";

pub(super) struct Network {
    pub n_items: usize,
    pub dim: usize,
    pub max_length: usize,
    /// Vectors of the items, and last of the start. Shape: (n_items + 1, dim).
    pub items: ParamId,
    positions: Positions,
    stack: Stack,
    dropout: Dropout,
}

/// What the backward pass needs.
pub(super) struct Read {
    ids: Vec<u32>,
    spans: Spans,
    stacked: Stacked,
}

/// The place of the dropout of what is read; layers have those from 1 on.
const INPUT: u64 = 0;

impl Network {
    pub fn new(n_items: usize, settings: &Settings, seed: u64) -> Result<(Network, Params), FitError> {
        let (dim, max_length) = (settings.usize("dim"), settings.usize("max_length"));
        let shape = StackShape {
            dim,
            n_heads: settings.usize("n_heads"),
            dim_inner: 4 * dim,
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
        let dropout = Dropout { rate: shape.dropout };
        Ok((Network { n_items, dim, max_length, items, positions, stack, dropout }, builder.finish()))
    }

    pub fn item_vector<'a>(&self, params: &'a Params, item: usize) -> &'a [f32] {
        params.value(self.items).row(item)
    }

    /// A row after the start and after each item of each history; nothing is dropped. Shape: (n_histories + n_items read,
    /// dim).
    pub fn read(&self, compute: &Compute, params: &Params, histories: &[&[u32]]) -> Matrix {
        self.forward(&Pass { compute, params, learning: None }, histories).0
    }

    pub fn forward(&self, pass: &Pass, histories: &[&[u32]]) -> (Matrix, Read) {
        let spans = Spans::of_lens(histories.iter().map(|history| history.len() + 1));
        let start = self.n_items as u32;
        let ids: Vec<u32> =
            histories.iter().flat_map(|history| std::iter::once(start).chain(history.iter().copied())).collect();
        let mut x = Matrix::zeros(ids.len(), self.dim);
        for (row, &id) in ids.iter().enumerate() {
            x.row_mut(row).copy_from_slice(self.item_vector(pass.params, id as usize));
        }
        self.positions.add(pass, &mut x, spans.places());
        pass.drop_some(self.dropout, INPUT, &mut x.values);
        let (y, stacked) = self.stack.forward(pass, x, &spans, None);
        (y, Read { ids, spans, stacked })
    }

    /// Adds the gradients of all parameters, from that by the rows.
    pub fn backward(&self, pass: &Pass, gradients: &mut Gradients, read: Read, by_y: &Matrix) {
        let mut by_x = self.stack.backward(pass, gradients, read.stacked, &read.spans, by_y.view(), None);
        pass.drop_some(self.dropout, INPUT, &mut by_x.values);
        self.positions.backward(gradients, read.spans.places(), by_x.view());
        for (row, &id) in read.ids.iter().enumerate() {
            neural::layers::linear::add(gradients.row_mut(self.items, id as usize), by_x.row(row));
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
