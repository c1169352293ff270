//! Rows that linear models learn from, sparse or dense. No solver.

use math::Csr;

use crate::LanguageError;

/// n rows of d numbers.
pub trait Rows: Sync {
    fn n_rows(&self) -> usize;
    fn n_cols(&self) -> usize;
    /// Values of all rows that are not 0, or a few more.
    fn n_stored(&self) -> usize;
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

    fn n_stored(&self) -> usize {
        self.indices.len()
    }

    #[inline]
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

    fn n_stored(&self) -> usize {
        self.values.len()
    }

    fn each(&self, row: usize, mut see: impl FnMut(usize, f32)) {
        self.row(row).iter().enumerate().filter(|cell| *cell.1 != 0.0).for_each(|(at, &value)| see(at, value));
    }
}
