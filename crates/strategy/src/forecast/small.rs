//! Small dense symmetric systems in double precision: a handful of regressors, categories or parameters, row-major; and
//! quantiles of values. Not for thousands of unknowns.

/// The value of sorted `values` at `p`, between neighbours in proportion (Hyndman and Fan 1996, type 7).
///
/// # Panics
/// If there are no values.
pub(super) fn quantile_of_sorted(values: &[f64], p: f64) -> f64 {
    let at = p.clamp(0.0, 1.0) * (values.len() - 1) as f64;
    let (low, share) = (at.floor() as usize, at.fract());
    let high = (low + 1).min(values.len() - 1);
    values[low] + share * (values[high] - values[low])
}

/// A symmetric positive definite matrix as its Cholesky factor L, lower, row-major. Shape: (n, n).
pub(crate) struct Cholesky {
    n: usize,
    factor: Vec<f64>,
}

impl Cholesky {
    /// `None` if `matrix` is not positive definite to working precision. Only its lower half is read.
    pub fn new(mut matrix: Vec<f64>, n: usize) -> Option<Self> {
        let largest = (0..n).map(|i| matrix[i * n + i]).fold(0.0, f64::max);
        for j in 0..n {
            for i in j..n {
                let (row_i, row_j) = (&matrix[i * n..i * n + j], &matrix[j * n..j * n + j]);
                let sum: f64 = row_i.iter().zip(row_j).map(|(a, b)| a * b).sum();
                let left = matrix[i * n + j] - sum;
                if i == j {
                    if left.is_nan() || left <= largest * 1e-14 {
                        return None;
                    }
                    matrix[i * n + j] = left.sqrt();
                } else {
                    matrix[i * n + j] = left / matrix[j * n + j];
                }
            }
        }
        Some(Cholesky { n, factor: matrix })
    }

    /// Solves for one right-hand side in place.
    pub fn solve(&self, x: &mut [f64]) {
        self.forward(x);
        let n = self.n;
        for i in (0..n).rev() {
            let below: f64 = (i + 1..n).map(|k| self.factor[k * n + i] * x[k]).sum();
            x[i] = (x[i] - below) / self.factor[i * n + i];
        }
    }

    /// Solves L x = b in place: xᵀx is then bᵀ A⁻¹ b.
    pub fn forward(&self, x: &mut [f64]) {
        let n = self.n;
        for i in 0..n {
            let before: f64 = (0..i).map(|k| self.factor[i * n + k] * x[k]).sum();
            x[i] = (x[i] - before) / self.factor[i * n + i];
        }
    }

    /// L x: turns independent normal variables into ones with this covariance.
    pub fn times<const N: usize>(&self, x: &[f64; N]) -> [f64; N] {
        std::array::from_fn(|i| (0..=i).map(|k| self.factor[i * self.n + k] * x[k]).sum())
    }

    /// As [`Cholesky::times`], of as many variables as the matrix has rows.
    pub fn times_slice(&self, x: &[f64]) -> Vec<f64> {
        (0..self.n).map(|i| (0..=i).map(|k| self.factor[i * self.n + k] * x[k]).sum()).collect()
    }

    /// The whole inverse. Shape: (n, n).
    pub fn inverse(&self) -> Vec<f64> {
        let n = self.n;
        let mut inverse = vec![0.0; n * n];
        for j in 0..n {
            let mut column = vec![0.0; n];
            column[j] = 1.0;
            self.solve(&mut column);
            column.iter().enumerate().for_each(|(i, value)| inverse[i * n + j] = *value);
        }
        inverse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_values_lie_between_neighbours() {
        assert_eq!(quantile_of_sorted(&[1.0, 2.0, 4.0], 0.5), 2.0);
        assert_eq!(quantile_of_sorted(&[1.0, 2.0, 4.0], 0.75), 3.0);
        assert_eq!(quantile_of_sorted(&[7.0], 0.9), 7.0);
    }

    #[test]
    fn solutions_solve_and_the_indefinite_is_told() {
        let matrix = vec![4.0, 2.0, 0.6, 2.0, 5.0, 1.0, 0.6, 1.0, 3.0];
        let cholesky = Cholesky::new(matrix.clone(), 3).unwrap();
        let mut x = vec![1.0, -2.0, 0.5];
        cholesky.solve(&mut x);
        for (i, b) in [1.0, -2.0, 0.5].into_iter().enumerate() {
            let product: f64 = (0..3).map(|k| matrix[i * 3 + k] * x[k]).sum();
            assert!((product - b).abs() < 1e-12);
        }
        let inverse = cholesky.inverse();
        let mut half = vec![1.0, 0.0, 0.0];
        cholesky.forward(&mut half);
        assert!((half.iter().map(|v| v * v).sum::<f64>() - inverse[0]).abs() < 1e-12);
        assert!(Cholesky::new(vec![1.0, 1.0, 1.0, 1.0], 2).is_none());
        assert!(Cholesky::new(vec![f64::NAN], 1).is_none());
    }
}
