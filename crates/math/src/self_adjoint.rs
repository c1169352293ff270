//! Small dense symmetric matrices in double precision: all eigenvalues with their vectors, and systems that are positive
//! definite. One thread each, so the result is the same everywhere. Not for thousands of rows in a hurry (see `symmetric`).

use faer::diag::DiagMut;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt;
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::{MatMut, MatRef, Par};

/// Eigenvalues from the largest to the smallest, and their vectors of length one.
#[derive(Clone, Debug, PartialEq)]
pub struct Eigen {
    /// Shape: (n).
    pub values: Vec<f64>,
    /// Shape: (n, n), one vector a row, aligned with `values`. Of two opposite vectors the one whose entry of largest
    /// magnitude (the first of equal ones) is positive.
    pub vectors: Vec<f64>,
}

/// All eigenvalues of a symmetric matrix, of which the lower half is read. Shape: (n, n). `None` if it did not converge,
/// as with values that are not finite.
///
/// # Panics
/// If the matrix is not of that shape.
pub fn eigen(matrix: &[f64], n: usize) -> Option<Eigen> {
    assert_eq!(matrix.len(), n * n, "a square matrix is needed");
    if matrix.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let (mut ascending, mut columns) = (vec![0.0; n], vec![0.0; n * n]);
    let scratch = self_adjoint_evd_scratch::<f64>(n, ComputeEigenvectors::Yes, Par::Seq, Default::default());
    let mut memory = MemBuffer::new(scratch);
    self_adjoint_evd(
        MatRef::from_row_major_slice(matrix, n, n),
        DiagMut::from_slice_mut(&mut ascending),
        // Column by column, so that what follows reads a vector as a slice.
        Some(MatMut::from_column_major_slice_mut(&mut columns, n, n)),
        Par::Seq,
        MemStack::new(&mut memory),
        Default::default(),
    )
    .ok()?;
    let mut vectors = Vec::with_capacity(n * n);
    for at in (0..n).rev() {
        let vector = &columns[at * n..(at + 1) * n];
        let sign = sign_of_largest(vector);
        vectors.extend(vector.iter().map(|value| sign * value));
    }
    Some(Eigen { values: ascending.into_iter().rev().collect(), vectors })
}

fn sign_of_largest(vector: &[f64]) -> f64 {
    let largest = vector.iter().fold(0f64, |best, &value| if value.abs() > best.abs() { value } else { best });
    if largest < 0.0 { -1.0 } else { 1.0 }
}

/// Solves A x = b in place of `b` for a symmetric A, of which the lower half is read and which is lost. Shapes: (n, n),
/// (n). Returns `false`, with `b` untouched, if A is not positive definite.
///
/// # Panics
/// If the shapes do not fit.
#[must_use]
pub fn solve_positive(matrix: &mut [f64], b: &mut [f64]) -> bool {
    let n = b.len();
    assert_eq!(matrix.len(), n * n, "a square matrix is needed");
    let scratch = llt::factor::cholesky_in_place_scratch::<f64>(n, Par::Seq, Default::default());
    let mut memory = MemBuffer::new(scratch);
    let stack = MemStack::new(&mut memory);
    let view = MatMut::from_row_major_slice_mut(&mut *matrix, n, n);
    if llt::factor::cholesky_in_place(view, Default::default(), Par::Seq, stack, Default::default()).is_err() {
        return false;
    }
    let factor = MatRef::from_row_major_slice(&*matrix, n, n);
    llt::solve::solve_in_place(factor, MatMut::from_column_major_slice_mut(b, n, 1), Par::Seq, stack);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Random;

    fn symmetric(n: usize, seed: u64) -> Vec<f64> {
        let mut random = Random::new(seed);
        let half: Vec<f64> = (0..n * n).map(|_| random.uniform() - 0.5).collect();
        let mut product = vec![0.0; n * n];
        crate::dense::product_with_transposed(&half, &half, n, 1.0, &mut product);
        product
    }

    #[test]
    fn a_matrix_worked_by_hand() {
        let found = eigen(&[2.0, 0.0, 0.0, 0.0, 3.0, 4.0, 0.0, 4.0, 9.0], 3).unwrap();
        for (value, expected) in found.values.iter().zip([11.0, 2.0, 1.0]) {
            assert!((value - expected).abs() < 1e-12);
        }
        // (0, 1, 2)/√5 belongs to 11; (0, 2, −1)/√5 to 1.
        let root = 5f64.sqrt();
        for (value, expected) in found.vectors[..3].iter().zip([0.0, 1.0 / root, 2.0 / root]) {
            assert!((value - expected).abs() < 1e-12);
        }
        assert!((found.vectors[7] - 2.0 / root).abs() < 1e-12 && (found.vectors[8] + 1.0 / root).abs() < 1e-12);
        assert_eq!(eigen(&[f64::NAN], 1), None);
    }

    #[test]
    fn vectors_times_values_are_the_matrix() {
        for n in [1, 2, 7, 40, 90] {
            let matrix = symmetric(n, n as u64);
            let found = eigen(&matrix, n).unwrap();
            assert!(found.values.windows(2).all(|pair| pair[0] >= pair[1]));
            for i in 0..n {
                for j in 0..n {
                    let sum: f64 =
                        (0..n).map(|k| found.values[k] * found.vectors[k * n + i] * found.vectors[k * n + j]).sum();
                    assert!((sum - matrix[i * n + j]).abs() < 1e-11, "({i}, {j}) of {n}");
                }
            }
        }
    }

    #[test]
    fn solutions_satisfy_their_systems() {
        for n in [1, 3, 33] {
            let mut matrix = symmetric(n, 5);
            (0..n).for_each(|i| matrix[i * n + i] += 1.0);
            let whole = matrix.clone();
            let right: Vec<f64> = (0..n).map(|at| at as f64 - 3.0).collect();
            let mut x = right.clone();
            assert!(solve_positive(&mut matrix, &mut x));
            for i in 0..n {
                let sum: f64 = (0..n).map(|j| whole[i * n + j] * x[j]).sum();
                assert!((sum - right[i]).abs() < 1e-10);
            }
        }
        let mut b = [1.0, 2.0];
        assert!(!solve_positive(&mut [1.0, 2.0, 2.0, 1.0], &mut b));
        assert_eq!(b, [1.0, 2.0]);
    }
}
