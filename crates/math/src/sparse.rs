//! Compressed sparse row matrices of `f32`. No dense algebra, no file formats.

/// A sparse matrix, row by row; columns ascend within a row and are unique.
#[derive(Clone, Debug, PartialEq)]
pub struct Csr {
    pub n_rows: usize,
    pub n_cols: usize,
    /// Shape: (n_rows + 1). Row `r` is `indices[indptr[r]..indptr[r + 1]]`.
    pub indptr: Vec<usize>,
    /// Shape: (n_stored). Column of each stored value.
    pub indices: Vec<u32>,
    /// Shape: (n_stored).
    pub values: Vec<f32>,
}

impl Csr {
    /// An empty matrix of the given shape.
    pub fn empty(n_rows: usize, n_cols: usize) -> Self {
        Csr { n_rows, n_cols, indptr: vec![0; n_rows + 1], indices: Vec::new(), values: Vec::new() }
    }

    /// From (row, column, value) triplets in any order; values of equal cells are added.
    ///
    /// # Panics
    /// If a row or column is out of range.
    pub fn from_triplets(n_rows: usize, n_cols: usize, triplets: &[(u32, u32, f32)]) -> Self {
        let mut indptr = vec![0usize; n_rows + 1];
        for &(row, col, _) in triplets {
            assert!((col as usize) < n_cols, "column {col} of {n_cols}");
            indptr[row as usize + 1] += 1;
        }
        for row in 0..n_rows {
            indptr[row + 1] += indptr[row];
        }
        let mut cells = vec![(0u32, 0f32); triplets.len()];
        let mut next = indptr.clone();
        for &(row, col, value) in triplets {
            cells[next[row as usize]] = (col, value);
            next[row as usize] += 1;
        }
        let mut matrix = Csr::empty(n_rows, n_cols);
        for row in 0..n_rows {
            let cells = &mut cells[indptr[row]..indptr[row + 1]];
            cells.sort_by_key(|cell| cell.0);
            for &(col, value) in cells.iter() {
                let start = matrix.indptr[row];
                if matrix.indices.len() > start && matrix.indices.last() == Some(&col) {
                    *matrix.values.last_mut().expect("as many values as indices") += value;
                } else {
                    matrix.indices.push(col);
                    matrix.values.push(value);
                }
            }
            matrix.indptr[row + 1] = matrix.indices.len();
        }
        matrix
    }

    pub fn n_stored(&self) -> usize {
        self.indices.len()
    }

    /// Columns and values of one row.
    #[inline]
    pub fn row(&self, row: usize) -> (&[u32], &[f32]) {
        let range = self.indptr[row]..self.indptr[row + 1];
        (&self.indices[range.clone()], &self.values[range])
    }

    /// The transpose; counting sort, so columns ascend again. O(n_stored + n_cols).
    pub fn transpose(&self) -> Csr {
        let mut indptr = vec![0usize; self.n_cols + 1];
        for &col in &self.indices {
            indptr[col as usize + 1] += 1;
        }
        for col in 0..self.n_cols {
            indptr[col + 1] += indptr[col];
        }
        let mut next = indptr.clone();
        let mut indices = vec![0u32; self.indices.len()];
        let mut values = vec![0f32; self.values.len()];
        for row in 0..self.n_rows {
            let (cols, row_values) = self.row(row);
            for (&col, &value) in cols.iter().zip(row_values) {
                let at = next[col as usize];
                indices[at] = row as u32;
                values[at] = value;
                next[col as usize] += 1;
            }
        }
        Csr { n_rows: self.n_cols, n_cols: self.n_rows, indptr, indices, values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triplets_are_sorted_and_added() {
        let m = Csr::from_triplets(3, 3, &[(2, 1, 1.0), (0, 2, 5.0), (2, 0, 2.0), (2, 1, 3.0)]);
        assert_eq!(m.row(0), (&[2u32][..], &[5.0f32][..]));
        assert_eq!(m.row(1), (&[][..], &[][..]));
        assert_eq!(m.row(2), (&[0u32, 1][..], &[2.0f32, 4.0][..]));
        assert_eq!(m.transpose().transpose(), m);
    }
}
