//! Rows that linear models learn from, sparse or dense, by the two operations that solvers need. No solver.

use math::Csr;

use crate::LanguageError;

/// n rows of d numbers.
pub trait Rows: Sync {
    fn n_rows(&self) -> usize;
    fn n_cols(&self) -> usize;
    /// The product of a row with weights. Shape of `weights`: at least (n_cols).
    fn dot(&self, row: usize, weights: &[f64]) -> f64;
    /// Adds `by` times the row to weights, each column's part times `scale[column]` if there are scales.
    fn add(&self, row: usize, by: f64, scale: Option<&[f32]>, weights: &mut [f64]);
    /// The sum over columns of `scale` times the squared value.
    fn squared(&self, row: usize, scale: Option<&[f32]>) -> f64;
    /// Column and value of what is not 0, in ascending order.
    fn each(&self, row: usize, see: impl FnMut(usize, f32));
}

impl Rows for Csr {
    fn n_rows(&self) -> usize {
        self.n_rows
    }

    fn n_cols(&self) -> usize {
        self.n_cols
    }

    #[inline]
    fn dot(&self, row: usize, weights: &[f64]) -> f64 {
        let (columns, values) = self.row(row);
        assert!(weights.len() >= self.n_cols);
        // Four sums, so that one product need not wait for the one before.
        let mut sums = [0f64; 4];
        let mut columns4 = columns.chunks_exact(4);
        let mut values4 = values.chunks_exact(4);
        for (columns, values) in columns4.by_ref().zip(values4.by_ref()) {
            for k in 0..4 {
                sums[k] += weights[columns[k] as usize] * f64::from(values[k]);
            }
        }
        for (&column, &value) in columns4.remainder().iter().zip(values4.remainder()) {
            sums[0] += weights[column as usize] * f64::from(value);
        }
        (sums[0] + sums[1]) + (sums[2] + sums[3])
    }

    #[inline]
    fn add(&self, row: usize, by: f64, scale: Option<&[f32]>, weights: &mut [f64]) {
        let (columns, values) = self.row(row);
        match scale {
            None => {
                for (&column, &value) in columns.iter().zip(values) {
                    weights[column as usize] += by * f64::from(value);
                }
            }
            Some(scale) => {
                for (&column, &value) in columns.iter().zip(values) {
                    weights[column as usize] += by * f64::from(value * scale[column as usize]);
                }
            }
        }
    }

    fn squared(&self, row: usize, scale: Option<&[f32]>) -> f64 {
        let (columns, values) = self.row(row);
        let scale_of = |column: u32| scale.map_or(1.0, |scale| f64::from(scale[column as usize]));
        columns.iter().zip(values).map(|(&column, &value)| f64::from(value).powi(2) * scale_of(column)).sum()
    }

    fn each(&self, row: usize, mut see: impl FnMut(usize, f32)) {
        let (columns, values) = self.row(row);
        columns.iter().zip(values).for_each(|(&column, &value)| see(column as usize, value));
    }
}

/// Rows that are mostly not 0, such as vectors of sentences.
#[derive(Clone, Copy, Debug)]
pub struct Dense<'a> {
    values: &'a [f32],
    n: usize,
    d: usize,
}

impl<'a> Dense<'a> {
    /// Shape of `values`: (n, d), row by row.
    ///
    /// # Errors
    /// If the number of values is not n times d, or one is not finite.
    pub fn new(values: &'a [f32], n: usize, d: usize) -> Result<Self, LanguageError> {
        if n.checked_mul(d) != Some(values.len()) {
            return Err(LanguageError::unfit("dense rows", values.len(), format!("{n} rows of {d} values")));
        }
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            return Err(LanguageError::unfit("value of a dense row", value, "finite values"));
        }
        Ok(Dense { values, n, d })
    }

    fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.d..(row + 1) * self.d]
    }
}

impl Rows for Dense<'_> {
    fn n_rows(&self) -> usize {
        self.n
    }

    fn n_cols(&self) -> usize {
        self.d
    }

    fn dot(&self, row: usize, weights: &[f64]) -> f64 {
        let mut sums = [0f64; 8];
        let values = self.row(row);
        let mut weights8 = weights[..self.d].chunks_exact(8);
        let mut values8 = values.chunks_exact(8);
        for (weights, values) in weights8.by_ref().zip(values8.by_ref()) {
            for k in 0..8 {
                sums[k] += weights[k] * f64::from(values[k]);
            }
        }
        for (&weight, &value) in weights8.remainder().iter().zip(values8.remainder()) {
            sums[0] += weight * f64::from(value);
        }
        sums.iter().sum()
    }

    fn add(&self, row: usize, by: f64, scale: Option<&[f32]>, weights: &mut [f64]) {
        for (at, (weight, &value)) in weights.iter_mut().zip(self.row(row)).enumerate() {
            *weight += by * f64::from(value * scale.map_or(1.0, |scale| scale[at]));
        }
    }

    fn squared(&self, row: usize, scale: Option<&[f32]>) -> f64 {
        let scale_of = |at: usize| scale.map_or(1.0, |scale| f64::from(scale[at]));
        self.row(row).iter().enumerate().map(|(at, &value)| f64::from(value).powi(2) * scale_of(at)).sum()
    }

    fn each(&self, row: usize, mut see: impl FnMut(usize, f32)) {
        self.row(row).iter().enumerate().filter(|cell| *cell.1 != 0.0).for_each(|(at, &value)| see(at, value));
    }
}
