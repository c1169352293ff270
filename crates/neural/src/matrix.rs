//! Matrices in single precision, row by row, and views of them with strides, so that a transpose, a head or a half of a
//! concatenation is a view and no copy. What is not here: arithmetic; see [`crate::product`].

use crate::NeuralError;

/// A matrix that owns its values, row by row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    pub n_rows: usize,
    pub n_cols: usize,
    /// Shape: (n_rows, n_cols).
    pub values: Vec<f32>,
}

impl Matrix {
    pub fn zeros(n_rows: usize, n_cols: usize) -> Self {
        Matrix { n_rows, n_cols, values: vec![0.0; n_rows * n_cols] }
    }

    /// # Errors
    /// If there are not `n_rows` × `n_cols` values.
    pub fn new(n_rows: usize, n_cols: usize, values: Vec<f32>) -> Result<Self, NeuralError> {
        if n_rows.checked_mul(n_cols) != Some(values.len()) {
            return Err(NeuralError::unfit("values of a matrix", values.len(), format!("{n_rows} x {n_cols}")));
        }
        Ok(Matrix { n_rows, n_cols, values })
    }

    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.n_cols..(row + 1) * self.n_cols]
    }

    pub fn row_mut(&mut self, row: usize) -> &mut [f32] {
        &mut self.values[row * self.n_cols..(row + 1) * self.n_cols]
    }

    pub fn view(&self) -> View<'_> {
        View::new(&self.values, self.n_rows, self.n_cols)
    }

    pub fn view_mut(&mut self) -> ViewMut<'_> {
        ViewMut::new(&mut self.values, self.n_rows, self.n_cols)
    }

    /// Rows `from..to`.
    pub fn rows(&self, from: usize, to: usize) -> View<'_> {
        View::new(&self.values[from * self.n_cols..to * self.n_cols], to - from, self.n_cols)
    }

    /// Rows `from..to`.
    pub fn rows_mut(&mut self, from: usize, to: usize) -> ViewMut<'_> {
        ViewMut::new(&mut self.values[from * self.n_cols..to * self.n_cols], to - from, self.n_cols)
    }

    /// Takes a new shape, keeping the memory; values are what they happen to be.
    pub fn reshape(&mut self, n_rows: usize, n_cols: usize) {
        (self.n_rows, self.n_cols) = (n_rows, n_cols);
        self.values.resize(n_rows * n_cols, 0.0);
    }

    /// Takes a new shape, all zero, keeping the memory.
    pub fn reset(&mut self, n_rows: usize, n_cols: usize) {
        (self.n_rows, self.n_cols) = (n_rows, n_cols);
        self.values.clear();
        self.values.resize(n_rows * n_cols, 0.0);
    }
}

/// A matrix seen through strides.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    values: &'a [f32],
    n_rows: usize,
    n_cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a> View<'a> {
    /// # Panics
    /// If there are fewer than `n_rows` × `n_cols` values.
    pub fn new(values: &'a [f32], n_rows: usize, n_cols: usize) -> Self {
        View::strided(values, n_rows, n_cols, n_cols)
    }

    /// Rows of `n_cols` values that begin `row_stride` values apart.
    ///
    /// # Panics
    /// If the last row ends after the values, or rows overlap.
    pub fn strided(values: &'a [f32], n_rows: usize, n_cols: usize, row_stride: usize) -> Self {
        check(values.len(), n_rows, n_cols, row_stride);
        View { values, n_rows, n_cols, row_stride, col_stride: 1 }
    }

    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    pub fn n_cols(&self) -> usize {
        self.n_cols
    }

    pub fn row_stride(&self) -> usize {
        self.row_stride
    }

    pub fn col_stride(&self) -> usize {
        self.col_stride
    }

    /// The values from the first element on; elements stand at the strides.
    pub fn values(&self) -> &'a [f32] {
        self.values
    }

    #[inline]
    pub fn at(&self, row: usize, col: usize) -> f32 {
        self.values[row * self.row_stride + col * self.col_stride]
    }

    /// The transpose; nothing is copied.
    pub fn t(self) -> Self {
        View {
            n_rows: self.n_cols,
            n_cols: self.n_rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
            ..self
        }
    }

    /// Columns `from..to`.
    pub fn cols(self, from: usize, to: usize) -> Self {
        assert!(from <= to && to <= self.n_cols, "columns {from} to {to} of {}", self.n_cols);
        let skipped = (from * self.col_stride).min(self.values.len());
        View { values: &self.values[skipped..], n_cols: to - from, ..self }
    }

    /// Rows `from..to`.
    pub fn rows(self, from: usize, to: usize) -> Self {
        self.t().cols(from, to).t()
    }

    /// Row `row`, of a view whose rows are not transposed.
    pub fn row(&self, row: usize) -> &'a [f32] {
        assert!(self.col_stride == 1 && row < self.n_rows, "row {row} of {} with its values side by side", self.n_rows);
        &self.values[row * self.row_stride..][..self.n_cols]
    }

    pub fn to_matrix(&self) -> Matrix {
        let mut matrix = Matrix::zeros(self.n_rows, self.n_cols);
        for row in 0..self.n_rows {
            for (col, value) in matrix.row_mut(row).iter_mut().enumerate() {
                *value = self.at(row, col);
            }
        }
        matrix
    }
}

/// A matrix to be written to, seen through a stride between rows.
#[derive(Debug)]
pub struct ViewMut<'a> {
    values: &'a mut [f32],
    n_rows: usize,
    n_cols: usize,
    row_stride: usize,
}

impl<'a> ViewMut<'a> {
    /// # Panics
    /// If there are fewer than `n_rows` × `n_cols` values.
    pub fn new(values: &'a mut [f32], n_rows: usize, n_cols: usize) -> Self {
        ViewMut::strided(values, n_rows, n_cols, n_cols)
    }

    /// Rows of `n_cols` values that begin `row_stride` values apart.
    ///
    /// # Panics
    /// If the last row ends after the values, or rows overlap.
    pub fn strided(values: &'a mut [f32], n_rows: usize, n_cols: usize, row_stride: usize) -> Self {
        check(values.len(), n_rows, n_cols, row_stride);
        ViewMut { values, n_rows, n_cols, row_stride }
    }

    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    pub fn n_cols(&self) -> usize {
        self.n_cols
    }

    pub fn row_stride(&self) -> usize {
        self.row_stride
    }

    pub fn row_mut(&mut self, row: usize) -> &mut [f32] {
        assert!(row < self.n_rows, "row {row} of {}", self.n_rows);
        &mut self.values[row * self.row_stride..][..self.n_cols]
    }

    pub fn reborrow(&mut self) -> ViewMut<'_> {
        ViewMut { values: self.values, n_rows: self.n_rows, n_cols: self.n_cols, row_stride: self.row_stride }
    }

    /// Columns `from..to`.
    pub fn cols(self, from: usize, to: usize) -> ViewMut<'a> {
        assert!(from <= to && to <= self.n_cols, "columns {from} to {to} of {}", self.n_cols);
        let skipped = from.min(self.values.len());
        ViewMut { values: &mut self.values[skipped..], n_cols: to - from, ..self }
    }

    /// All rows, apart, so that threads can write to them.
    pub fn into_rows(self) -> Vec<&'a mut [f32]> {
        let n_cols = self.n_cols;
        if n_cols == 0 {
            return (0..self.n_rows).map(|_| &mut [][..]).collect();
        }
        let rows = self.values.chunks_mut(self.row_stride.max(1)).take(self.n_rows);
        rows.map(|row| &mut row[..n_cols]).collect()
    }

    pub(crate) fn pointer(&mut self) -> *mut f32 {
        self.values.as_mut_ptr()
    }
}

fn check(n_values: usize, n_rows: usize, n_cols: usize, row_stride: usize) {
    let needed = if n_rows == 0 || n_cols == 0 { 0 } else { (n_rows - 1) * row_stride + n_cols };
    assert!(
        needed <= n_values && n_cols <= row_stride.max(n_cols * usize::from(n_rows <= 1)),
        "{n_rows} rows of {n_cols} at stride {row_stride} in {n_values} values"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_are_transposed_and_cut_without_copies() {
        let matrix = Matrix::new(2, 3, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        assert_eq!(matrix.view().t().to_matrix().values, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        assert_eq!(matrix.view().cols(1, 3).to_matrix().values, [2.0, 3.0, 5.0, 6.0]);
        assert_eq!(matrix.view().rows(1, 2).t().to_matrix().values, [4.0, 5.0, 6.0]);
        assert_eq!(matrix.view().rows(2, 2).to_matrix().values, [0f32; 0]);
        assert!(Matrix::new(2, 3, vec![0.0; 5]).is_err());
        assert!(Matrix::new(usize::MAX, 2, vec![]).is_err());
    }

    #[test]
    #[should_panic(expected = "2 rows of 3")]
    fn views_beyond_the_values_are_refused() {
        let _ = View::strided(&[0.0; 6], 2, 3, 4);
    }
}
