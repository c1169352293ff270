//! The softmax by which `sasrec` learns: each answer of the network tells its target from all items, or from a sample of them
//! in which every item stands for as many as its chance says (Jean et al. 2015, eq. 11). One sample serves a whole batch,
//! so that everything is products of matrices.

use neural::layers::linear;
use neural::loss::softmax_cross_entropy;
use neural::{Compute, Gradients, Matrix, Mode, Params};

use super::network::{Answers, Network};

/// The items that targets are told from.
pub(super) struct Classes {
    /// Ascending; `None`: all.
    items: Option<Vec<u32>>,
    /// What answers are multiplied with. Shape: (n, dim).
    pub vectors: Matrix,
    /// The lengths of the items' vectors in the table, if `vectors` have length 1. Shape: (n).
    lengths: Vec<f32>,
    /// The logarithm of each one's chance to be here; empty: all are. Shape: (n).
    log_chances: Vec<f32>,
}

/// What learning gives.
pub(super) struct Learned {
    /// Summed over the targets.
    pub loss: f64,
    /// The gradient of the mean by the answers.
    pub by_answers: Matrix,
}

/// Rows whose scores exist at once: with 2,000 classes 1 MB.
const ROWS: usize = 128;

impl Classes {
    pub fn all(network: &Network, params: &Params) -> Self {
        let values = params.value(network.items).values[..network.n_items * network.dim].to_vec();
        Classes::of(network, None, Matrix { n_rows: network.n_items, n_cols: network.dim, values }, Vec::new())
    }

    pub fn some(network: &Network, params: &Params, items: Vec<u32>, log_chances: Vec<f32>) -> Self {
        let mut vectors = Matrix::zeros(items.len(), network.dim);
        for (row, &item) in items.iter().enumerate() {
            vectors.row_mut(row).copy_from_slice(network.item_vector(params, item as usize));
        }
        Classes::of(network, Some(items), vectors, log_chances)
    }

    fn of(network: &Network, items: Option<Vec<u32>>, mut vectors: Matrix, log_chances: Vec<f32>) -> Self {
        let lengths = if network.temperature.is_some() { to_length(&mut vectors, 1.0) } else { Vec::new() };
        Classes { items, vectors, lengths, log_chances }
    }

    fn columns(&self, targets: &[u32]) -> Vec<u32> {
        match &self.items {
            None => targets.to_vec(),
            Some(items) => {
                let column = |target| items.binary_search(target).expect("targets are among the items") as u32;
                targets.iter().map(column).collect()
            }
        }
    }
}

/// Rows become `length` long; how long they were (at least a little).
pub(super) fn to_length(rows: &mut Matrix, length: f32) -> Vec<f32> {
    let dim = rows.n_cols;
    let scaled = rows.values.chunks_mut(dim).map(|row| {
        let was = dot(row, row).sqrt().max(1e-6);
        row.iter_mut().for_each(|value| *value *= length / was);
        was
    });
    scaled.collect()
}

/// From the gradient by rows of `length` to that by what they were made of by [`to_length`]: what points along the row changes
/// nothing.
pub(super) fn through_length(by_rows: &mut Matrix, rows: &Matrix, lengths: &[f32], length: f32) {
    for (at, &was) in lengths.iter().enumerate() {
        let row = rows.row(at);
        let by = by_rows.row_mut(at);
        let along = dot(row, by) / (length * length);
        by.iter_mut().zip(row).for_each(|(by, value)| *by = (*by - along * value) * (length / was));
    }
}

pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The loss of `answers`, one for each target; the gradient of its mean by the items' vectors is added to `gradients`.
pub(super) fn learn(
    compute: &Compute,
    network: &Network,
    answers: &Answers,
    classes: &Classes,
    targets: &[u32],
    smoothing: f32,
    gradients: &mut Gradients,
) -> Learned {
    let (y, columns) = (&answers.rows, classes.columns(targets));
    let (forward, back) = (compute.pack(classes.vectors.view().t()), compute.pack(classes.vectors.view()));
    let n_classes = classes.vectors.n_rows;
    let scale = 1.0 / targets.len() as f32;
    let mut by_answers = Matrix::zeros(y.n_rows, y.n_cols);
    let mut by_vectors = Matrix::zeros(n_classes, y.n_cols);
    let more: Vec<f32> = classes.log_chances.iter().map(|log| -log).collect();
    let mut logits = Matrix::default();
    let mut loss = 0.0;
    for from in (0..y.n_rows).step_by(ROWS) {
        let to = (from + ROWS).min(y.n_rows);
        logits.reshape(to - from, n_classes);
        if more.is_empty() {
            compute.product_packed(logits.view_mut(), y.rows(from, to), &forward, Mode::Replace);
        } else {
            linear::fill_rows(logits.view_mut(), &more);
            compute.product_packed(logits.view_mut(), y.rows(from, to), &forward, Mode::Add);
            // A target is there for sure.
            for (row, &column) in columns[from..to].iter().enumerate() {
                logits.row_mut(row)[column as usize] -= more[column as usize];
            }
        }
        loss += softmax_cross_entropy(&mut logits, &columns[from..to], smoothing, scale).sum;
        compute.product_packed(by_answers.rows_mut(from, to), logits.view(), &back, Mode::Replace);
        compute.product(by_vectors.view_mut(), logits.view().t(), y.rows(from, to), Mode::Add);
    }
    if !classes.lengths.is_empty() {
        through_length(&mut by_vectors, &classes.vectors, &classes.lengths, 1.0);
    }
    for row in 0..n_classes {
        let item = classes.items.as_ref().map_or(row, |items| items[row] as usize);
        linear::add(gradients.row_mut(network.items, item), by_vectors.row(row));
    }
    Learned { loss, by_answers }
}
