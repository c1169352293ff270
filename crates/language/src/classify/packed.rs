//! Rows as a walk over them reads them: only those that are used, in the order in which they are met, each value times the
//! root of its column's freedom, so that a pass goes through memory forwards. No solver: see [`svm`](super::svm).

use std::ops::{AddAssign, Mul};

use super::points::Rows;

/// What weights and sums are kept in.
pub(super) trait Real: Copy + Default + From<f32> + Into<f64> + AddAssign + Mul<Output = Self> {
    fn of(value: f64) -> Self;
}

impl Real for f32 {
    fn of(value: f64) -> Self {
        value as f32
    }
}

impl Real for f64 {
    fn of(value: f64) -> Self {
        value
    }
}

/// Rows one after the other.
pub(super) struct Packed {
    /// Row r is `starts[r]..starts[r + 1]` of columns and values.
    starts: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f32>,
}

impl Packed {
    /// The rows in `which`, in that order. Shape of `roots`, if given: (n_cols).
    pub fn of<R: Rows>(rows: &R, which: impl ExactSizeIterator<Item = u32>, roots: Option<&[f32]>) -> Self {
        // About as many as there will be: growing would copy all of it more than once.
        let n_stored = (rows.n_stored() / rows.n_rows().max(1) + 1) * which.len();
        let (mut columns, mut values) = (Vec::with_capacity(n_stored), Vec::with_capacity(n_stored));
        let mut starts = Vec::with_capacity(which.len() + 1);
        starts.push(0);
        for row in which {
            rows.each(row as usize, |column, value| {
                columns.push(column as u32);
                values.push(value * roots.map_or(1.0, |roots| roots[column]));
            });
            starts.push(columns.len());
        }
        Packed { starts, columns, values }
    }

    #[inline(always)]
    fn row(&self, row: usize) -> (&[u32], &[f32]) {
        let own = self.starts[row]..self.starts[row + 1];
        (&self.columns[own.clone()], &self.values[own])
    }

    /// The product of a row with weights. Shape of `weights`: (n_cols).
    #[inline]
    pub fn dot<W: Real>(&self, row: usize, weights: &[W]) -> f64 {
        let (columns, values) = self.row(row);
        // Several sums, so that one product need not wait for the one before.
        let mut sums = [W::default(); 8];
        let (columns, values) = (columns.chunks_exact(8), values.chunks_exact(8));
        let rest = columns.remainder().iter().zip(values.remainder());
        for (columns, values) in columns.zip(values) {
            for k in 0..8 {
                sums[k] += weights[columns[k] as usize] * W::from(values[k]);
            }
        }
        for (&column, &value) in rest {
            sums[0] += weights[column as usize] * W::from(value);
        }
        sums.map(Into::<f64>::into).iter().sum()
    }

    /// Adds `by` times the row to weights. Shape of `weights`: (n_cols).
    #[inline]
    pub fn add<W: Real>(&self, row: usize, by: f64, weights: &mut [W]) {
        let (columns, values) = self.row(row);
        let by = W::of(by);
        for (&column, &value) in columns.iter().zip(values) {
            weights[column as usize] += by * W::from(value);
        }
    }

    /// The squared length of a row.
    pub fn squared(&self, row: usize) -> f64 {
        self.row(row).1.iter().map(|&value| f64::from(value).powi(2)).sum()
    }
}
