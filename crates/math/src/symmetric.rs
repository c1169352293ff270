//! Large symmetric matrices that keep only the square tiles on and below the diagonal: half the memory of a full
//! matrix. Gram matrices are built into it and inverted in place, tile by tile, on all threads of the current rayon
//! pool. Not for small systems (see `ridge`), and not general dense algebra.

use faer::linalg::cholesky::llt::factor::{LltRegularization, cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::matmul::matmul;
use faer::linalg::triangular_inverse::invert_lower_triangular;
use faer::linalg::triangular_solve::solve_lower_triangular_in_place;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

use crate::Csr;

/// Side of a tile. Large enough that a product of tiles runs at full speed, small enough to spread over threads.
const SIDE_MAX: usize = 512;

/// A symmetric matrix of `f32`.
#[derive(Clone, Debug)]
pub struct Symmetric {
    n: usize,
    side: usize,
    n_tiles: usize,
    /// Tile (i, j), j ≤ i, at i(i+1)/2 + j; each of shape (side, side), row-major. Tiles on the diagonal are full.
    /// What reaches beyond `n` is the identity's.
    tiles: Vec<Vec<f32>>,
}

/// Why no inverse was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InverseError {
    /// The matrix is not positive definite: this pivot was not.
    NotPositive {
        pivot: usize,
    },
    Cancelled,
}

impl Symmetric {
    /// The identity, of shape (n, n).
    pub fn identity(n: usize) -> Self {
        let side = SIDE_MAX.min(n.next_multiple_of(16).max(16));
        let n_tiles = n.div_ceil(side);
        let tiles = (0..n_tiles * (n_tiles + 1) / 2).map(|_| vec![0.0; side * side]).collect();
        let mut matrix = Symmetric { n, side, n_tiles, tiles };
        for i in 0..n_tiles * side {
            *matrix.diagonal_mut(i) = 1.0;
        }
        matrix
    }

    pub fn n(&self) -> usize {
        self.n
    }

    /// Xᵀ diag(row_weights) X of a sparse X, shape (n_cols, n_cols). Each cell is summed in the order of rows by one
    /// thread, so the result does not depend on their number.
    pub fn gram(matrix: &Csr, row_weights: Option<&[f32]>) -> Self {
        let mut gram = Symmetric::identity(matrix.n_cols);
        for i in 0..gram.n {
            *gram.diagonal_mut(i) = 0.0;
        }
        let columns = matrix.transpose();
        let (n, side) = (gram.n, gram.side);
        let mut bands = gram.bands_mut();
        // The last bands are the longest; started first, they leave no thread waiting at the end.
        bands.reverse();
        bands.into_par_iter().for_each_init(
            || vec![0f32; n],
            |sums, (band, tiles)| {
                for i in band * side..((band + 1) * side).min(n) {
                    gram_row(matrix, &columns, row_weights, i, sums);
                    for (tile, part) in tiles.iter_mut().zip(sums.chunks(side)) {
                        let row = &mut tile[(i - band * side) * side..][..part.len()];
                        row.copy_from_slice(part);
                    }
                    sums[..=i].fill(0.0);
                }
            },
        );
        gram.mirror_diagonal_tiles();
        gram
    }

    /// The value at (i, j).
    #[inline]
    pub fn get(&self, i: usize, j: usize) -> f32 {
        let (i, j) = if i >= j { (i, j) } else { (j, i) };
        self.tile(i / self.side, j / self.side)[(i % self.side) * self.side + j % self.side]
    }

    /// The value at (i, i), to be changed.
    #[inline]
    pub fn diagonal_mut(&mut self, i: usize) -> &mut f32 {
        let (tile, side) = (i / self.side, self.side);
        let at = i % side;
        &mut self.tiles[index(tile, tile)][at * side + at]
    }

    pub fn diagonal(&self) -> Vec<f32> {
        (0..self.n).map(|i| self.get(i, i)).collect()
    }

    /// Multiplies row and column `i` by `factors[i]`.
    pub fn scale(&mut self, factors: &[f32]) {
        let (n, side) = (self.n, self.side);
        let factor = |i: usize| if i < n { factors[i] } else { 1.0 };
        self.bands_mut().into_par_iter().for_each(|(band, tiles)| {
            for (column, tile) in tiles.iter_mut().enumerate() {
                for (r, row) in tile.chunks_mut(side).enumerate() {
                    let of_row = factor(band * side + r);
                    row.iter_mut().enumerate().for_each(|(c, value)| *value *= of_row * factor(column * side + c));
                }
            }
        });
    }

    /// Row `i` (which is column `i` too). Shape of `out`: (n).
    pub fn copy_row(&self, i: usize, out: &mut [f32]) {
        self.for_row(i, |start, values| match values {
            Run::Row(values) => out[start..start + values.len()].copy_from_slice(values),
            Run::Column { tile, column, len } => {
                let values = tile[column..].iter().step_by(self.side).take(len);
                out[start..start + len].iter_mut().zip(values).for_each(|(out, value)| *out = *value);
            }
        });
    }

    /// Adds `factor` times row `i` to `out`. Shape of `out`: (n).
    pub fn add_row(&self, i: usize, factor: f32, out: &mut [f32]) {
        self.for_row(i, |start, values| match values {
            Run::Row(values) => {
                out[start..start + values.len()].iter_mut().zip(values).for_each(|(out, value)| *out += factor * value);
            }
            Run::Column { tile, column, len } => {
                let values = tile[column..].iter().step_by(self.side).take(len);
                out[start..start + len].iter_mut().zip(values).for_each(|(out, value)| *out += factor * value);
            }
        });
    }

    /// The values on and below the diagonal, row after row. Shape: (n(n+1)/2).
    pub fn to_packed(&self) -> Vec<f32> {
        let mut packed = Vec::with_capacity(self.n * (self.n + 1) / 2);
        for i in 0..self.n {
            let in_tile = (i % self.side) * self.side;
            for j in 0..=i / self.side {
                let len = self.side.min(i + 1 - j * self.side);
                packed.extend_from_slice(&self.tile(i / self.side, j)[in_tile..in_tile + len]);
            }
        }
        packed
    }

    /// The inverse of [`Symmetric::to_packed`]; `None` when the length is not n(n+1)/2.
    pub fn from_packed(n: usize, packed: &[f32]) -> Option<Self> {
        if n.checked_mul(n.checked_add(1)?)? / 2 != packed.len() {
            return None;
        }
        let mut matrix = Symmetric::identity(n);
        let side = matrix.side;
        let mut rest = packed;
        for i in 0..n {
            for j in 0..=i / side {
                let (run, tail) = rest.split_at(side.min(i + 1 - j * side));
                matrix.tiles[index(i / side, j)][(i % side) * side..][..run.len()].copy_from_slice(run);
                rest = tail;
            }
        }
        matrix.mirror_diagonal_tiles();
        Some(matrix)
    }

    /// Replaces a positive definite matrix by its inverse, through Cholesky. Beyond the matrix itself it needs one
    /// column of tiles. `go_on` is asked now and then with the share done.
    pub fn invert(&mut self, go_on: &(dyn Fn(f64) -> bool + Sync)) -> Result<(), InverseError> {
        let n_steps = (3 * self.n_tiles).max(1) as f64;
        let ask = |step: usize| if go_on(step as f64 / n_steps) { Ok(()) } else { Err(InverseError::Cancelled) };
        for k in 0..self.n_tiles {
            ask(k)?;
            self.factor_column(k)?;
        }
        for j in (0..self.n_tiles).rev() {
            ask(2 * self.n_tiles - 1 - j)?;
            self.invert_factor_column(j);
        }
        for i in 0..self.n_tiles {
            ask(2 * self.n_tiles + i)?;
            self.multiply_factor_row(i);
        }
        self.mirror_diagonal_tiles();
        Ok(())
    }

    /// Cholesky, left-looking: column `k` of tiles of L from those before it.
    fn factor_column(&mut self, k: usize) -> Result<(), InverseError> {
        let side = self.side;
        let mut column = self.take_column(k);
        let this = &*self;
        column.par_iter_mut().enumerate().for_each(|(below, tile)| {
            for j in 0..k {
                let (left, right) = (view(this.tile(k + below, j), side), view(this.tile(k, j), side));
                matmul(view_mut(tile, side), Accum::Add, left, right.transpose(), -1.0, Par::Seq);
            }
        });
        let (diagonal, rest) = column.split_first_mut().expect("a column has its diagonal tile");
        factor_tile(diagonal, side).map_err(|pivot| InverseError::NotPositive { pivot: k * side + pivot })?;
        let diagonal = &*diagonal;
        rest.par_iter_mut().for_each(|tile| {
            let transposed = view_mut(tile, side).transpose_mut();
            solve_lower_triangular_in_place(view(diagonal, side), transposed, Par::Seq);
        });
        self.put_column(k, column);
        Ok(())
    }

    /// W = L⁻¹, last column first: W_ij = −Σ_{j<k≤i} W_ik L_kj W_jj.
    fn invert_factor_column(&mut self, j: usize) {
        let side = self.side;
        let mut column = self.take_column(j);
        let (diagonal, rest) = column.split_first_mut().expect("a column has its diagonal tile");
        let mut inverse = vec![0.0; side * side];
        invert_lower_triangular(view_mut(&mut inverse, side), view(diagonal, side), Par::Seq);
        *diagonal = inverse;
        let diagonal = &*diagonal;
        rest.par_iter_mut().for_each(|tile| {
            let mut product = vec![0.0; side * side];
            multiply(&mut product, Accum::Replace, view(tile, side), view(diagonal, side), 1.0);
            *tile = product;
        });
        let (this, old) = (&*self, &*rest);
        let new: Vec<Vec<f32>> = (0..rest.len())
            .into_par_iter()
            .map(|below| {
                let mut sum = vec![0.0; side * side];
                for (k, tile) in old[..=below].iter().enumerate() {
                    let left = view(this.tile(j + 1 + below, j + 1 + k), side);
                    multiply(&mut sum, Accum::Add, left, view(tile, side), -1.0);
                }
                sum
            })
            .collect();
        rest.iter_mut().zip(new).for_each(|(tile, new)| *tile = new);
        self.put_column(j, column);
    }

    /// P = WᵀW, first row first: P_ij = Σ_{k≥i} W_kiᵀ W_kj.
    fn multiply_factor_row(&mut self, i: usize) {
        let (side, n_tiles) = (self.side, self.n_tiles);
        let row: Vec<Vec<f32>> = (0..=i).map(|j| std::mem::take(&mut self.tiles[index(i, j)])).collect();
        let this = &*self;
        let new: Vec<Vec<f32>> = (0..=i)
            .into_par_iter()
            .map(|j| {
                let mut sum = vec![0.0; side * side];
                multiply(&mut sum, Accum::Replace, view(&row[i], side).transpose(), view(&row[j], side), 1.0);
                for k in i + 1..n_tiles {
                    let (left, right) = (view(this.tile(k, i), side), view(this.tile(k, j), side));
                    multiply(&mut sum, Accum::Add, left.transpose(), right, 1.0);
                }
                sum
            })
            .collect();
        for (j, tile) in new.into_iter().enumerate() {
            self.tiles[index(i, j)] = tile;
        }
    }

    fn tile(&self, i: usize, j: usize) -> &[f32] {
        &self.tiles[index(i, j)]
    }

    fn take_column(&mut self, j: usize) -> Vec<Vec<f32>> {
        (j..self.n_tiles).map(|i| std::mem::take(&mut self.tiles[index(i, j)])).collect()
    }

    fn put_column(&mut self, j: usize, column: Vec<Vec<f32>>) {
        for (below, tile) in column.into_iter().enumerate() {
            self.tiles[index(j + below, j)] = tile;
        }
    }

    /// Each row of tiles with its number.
    fn bands_mut(&mut self) -> Vec<(usize, &mut [Vec<f32>])> {
        let mut rest = self.tiles.as_mut_slice();
        let mut bands = Vec::with_capacity(self.n_tiles);
        for band in 0..self.n_tiles {
            let (head, tail) = rest.split_at_mut(band + 1);
            bands.push((band, head));
            rest = tail;
        }
        bands
    }

    fn mirror_diagonal_tiles(&mut self) {
        let side = self.side;
        for tile in 0..self.n_tiles {
            let values = &mut self.tiles[index(tile, tile)];
            for row in 0..side {
                for column in row + 1..side {
                    values[row * side + column] = values[column * side + row];
                }
            }
        }
    }

    /// Hands out row `i` in runs with the column each starts at.
    fn for_row<'a>(&'a self, i: usize, mut each: impl FnMut(usize, Run<'a>)) {
        let (band, in_tile) = (i / self.side, i % self.side);
        for other in 0..self.n_tiles {
            let start = other * self.side;
            let len = self.side.min(self.n - start);
            if other <= band {
                each(start, Run::Row(&self.tile(band, other)[in_tile * self.side..][..len]));
            } else {
                each(start, Run::Column { tile: self.tile(other, band), column: in_tile, len });
            }
        }
    }
}

enum Run<'a> {
    Row(&'a [f32]),
    Column { tile: &'a [f32], column: usize, len: usize },
}

fn index(i: usize, j: usize) -> usize {
    i * (i + 1) / 2 + j
}

fn view(tile: &[f32], side: usize) -> MatRef<'_, f32> {
    MatRef::from_row_major_slice(tile, side, side)
}

fn view_mut(tile: &mut [f32], side: usize) -> MatMut<'_, f32> {
    MatMut::from_row_major_slice_mut(tile, side, side)
}

fn multiply(out: &mut [f32], add: Accum, left: MatRef<'_, f32>, right: MatRef<'_, f32>, factor: f32) {
    matmul(view_mut(out, left.nrows()), add, left, right, factor, Par::Seq);
}

/// Replaces a tile by its Cholesky factor with zeros above; the pivot that is not positive otherwise.
fn factor_tile(tile: &mut [f32], side: usize) -> Result<(), usize> {
    let mut memory =
        faer::dyn_stack::MemBuffer::new(cholesky_in_place_scratch::<f32>(side, Par::Seq, Default::default()));
    let stack = faer::dyn_stack::MemStack::new(&mut memory);
    cholesky_in_place(view_mut(tile, side), LltRegularization::default(), Par::Seq, stack, Default::default())
        .map_err(|error| match error {
            faer::linalg::cholesky::llt::factor::LltError::NonPositivePivot { index } => index,
        })?;
    for row in 0..side {
        tile[row * side + row + 1..(row + 1) * side].fill(0.0);
    }
    Ok(())
}

/// Adds to `sums[..=i]` the products of column `i` with the columns up to it.
fn gram_row(matrix: &Csr, columns: &Csr, row_weights: Option<&[f32]>, i: usize, sums: &mut [f32]) {
    let (rows, values) = columns.row(i);
    for (&row, &value) in rows.iter().zip(values) {
        let factor = value * row_weights.map_or(1.0, |weights| weights[row as usize]);
        let (others, other_values) = matrix.row(row as usize);
        let upto = others.partition_point(|&other| other as usize <= i);
        for (&other, &other_value) in others[..upto].iter().zip(&other_values[..upto]) {
            sums[other as usize] += factor * other_value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn sparse(n_rows: usize, n_cols: usize, per_row: usize) -> Csr {
        let mut random = Random::new(7);
        let triplets: Vec<_> = (0..n_rows * per_row)
            .map(|at| {
                let (col, value) = (random.below(n_cols) as u32, 0.5 + random.uniform() as f32);
                ((at / per_row) as u32, col, value)
            })
            .collect();
        Csr::from_triplets(n_rows, n_cols, &triplets)
    }

    /// Dense Xᵀ W X in f64, row-major.
    fn direct_gram(matrix: &Csr, weights: &[f32]) -> Vec<f64> {
        let n = matrix.n_cols;
        let mut gram = vec![0f64; n * n];
        for (row, &weight) in weights.iter().enumerate() {
            let (cols, values) = matrix.row(row);
            for (&i, &x) in cols.iter().zip(values) {
                for (&j, &y) in cols.iter().zip(values) {
                    gram[i as usize * n + j as usize] += f64::from(weight) * f64::from(x) * f64::from(y);
                }
            }
        }
        gram
    }

    #[test]
    fn gram_matches_the_definition_and_rows_read_the_same_both_ways() {
        for n in [1, 5, 16, 33, 700] {
            let matrix = sparse(200, n, 9);
            let weights: Vec<f32> = (0..200).map(|row| 1.0 + row as f32 / 100.0).collect();
            let (gram, direct) = (Symmetric::gram(&matrix, Some(&weights)), direct_gram(&matrix, &weights));
            let mut row = vec![0f32; n];
            for i in 0..n {
                gram.copy_row(i, &mut row);
                for j in 0..n {
                    let expected = direct[i * n + j];
                    assert!((f64::from(row[j]) - expected).abs() < 1e-5 * (1.0 + expected), "({i}, {j}) of {n}");
                    assert_eq!(row[j], gram.get(i, j));
                }
                gram.add_row(i, -1.0, &mut row);
                assert!(row.iter().all(|&value| value == 0.0));
            }
            let packed = Symmetric::from_packed(n, &gram.to_packed()).unwrap();
            assert_eq!(packed.tiles, gram.tiles);
            assert!(Symmetric::from_packed(n, &gram.to_packed()[1..]).is_none());
        }
    }

    #[test]
    fn inverse_times_matrix_is_the_identity() {
        for n in [1, 3, 50, 600, 1300] {
            let mut matrix = Symmetric::gram(&sparse(2000, n, 8), None);
            for i in 0..n {
                *matrix.diagonal_mut(i) += 20.0;
            }
            let mut inverse = matrix.clone();
            inverse.invert(&|_| true).unwrap();
            let (mut row, mut product) = (vec![0f32; n], vec![0f32; n]);
            for i in (0..n).step_by(1 + n / 40) {
                inverse.copy_row(i, &mut row);
                product.fill(0.0);
                (0..n).for_each(|k| matrix.add_row(k, row[k], &mut product));
                for (j, value) in product.iter().enumerate() {
                    let expected = f32::from(u8::from(i == j));
                    assert!((value - expected).abs() < 2e-4, "({i}, {j}) of {n}: {value}");
                }
            }
        }
    }

    #[test]
    fn what_has_no_inverse_is_refused() {
        let mut matrix = Symmetric::identity(20);
        *matrix.diagonal_mut(4) = -1.0;
        assert_eq!(matrix.invert(&|_| true), Err(InverseError::NotPositive { pivot: 4 }));
        assert_eq!(Symmetric::identity(20).invert(&|_| false), Err(InverseError::Cancelled));
    }
}
