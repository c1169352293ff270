//! The mode of the mix model's density, and the normal distribution with the density's curvature there (Laplace). Not here:
//! densities of hundreds of dimensions; the matrices are kept whole.

use math::minimise::{Options, hessian, lbfgs};

/// Where a climb ended.
#[derive(Clone, Debug)]
pub(super) struct Summit {
    pub point: Vec<f64>,
    pub log_density: f64,
    /// Whether the gradient there is as good as zero.
    pub is_found: bool,
}

/// Climbs `density` (value, and gradient into its second argument) from `start`.
pub(super) fn climb(density: &mut dyn FnMut(&[f64], &mut [f64]) -> f64, start: &[f64]) -> Summit {
    // The memory holds as many steps as there are mostly parameters, so that the climb is nearly Newton's.
    let options = Options { iterations_max: 3000, memory: 40, gradient_tolerance: 1e-7, ..Options::default() };
    let found = lbfgs(|point, gradient| turned(density, point, gradient), start, None, &options);
    Summit { is_found: found.converged(), log_density: -found.value, point: found.point }
}

/// The negative density, which falls where the density rises.
fn turned(density: &mut dyn FnMut(&[f64], &mut [f64]) -> f64, point: &[f64], gradient: &mut [f64]) -> f64 {
    let value = density(point, gradient);
    gradient.iter_mut().for_each(|one| *one = -*one);
    -value
}

/// A normal distribution around a mode.
#[derive(Clone, Debug)]
pub(super) struct Laplace {
    pub mode: Vec<f64>,
    /// The lower Cholesky factor of the covariance, row by row. Shape: (dim, dim).
    pub factor: Vec<f64>,
    /// Whether the density bends down in every direction at the mode; if not, the covariance was made one.
    pub is_peak: bool,
}

impl Laplace {
    /// From the curvature at `mode`.
    pub fn at(density: &mut dyn FnMut(&[f64], &mut [f64]) -> f64, mode: &[f64]) -> Self {
        let n = mode.len();
        let slopes = |point: &[f64], gradient: &mut [f64]| {
            turned(density, point, gradient);
        };
        let mut curvature = hessian(slopes, mode);
        let (lower, is_peak) = positive_factor(&mut curvature, n);
        Laplace { mode: mode.to_vec(), factor: factor_of_inverse(&lower, n), is_peak }
    }

    /// mode + factor · z.
    pub fn point(&self, z: &[f64], out: &mut [f64]) {
        let n = z.len();
        for (row, to) in out.iter_mut().enumerate() {
            *to = self.mode[row] + dot(&self.factor[row * n..row * n + row + 1], &z[..=row]);
        }
    }

    /// A gradient by points as one by z: the transposed factor times it.
    pub fn pull_back(&self, gradient: &[f64], out: &mut [f64]) {
        let n = gradient.len();
        out.fill(0.0);
        for (row, by) in gradient.iter().enumerate() {
            for (to, factor) in out.iter_mut().zip(&self.factor[row * n..=row * n + row]) {
                *to += factor * by;
            }
        }
    }
}

/// The lower Cholesky factor of `matrix`, with as much added to its diagonal as it needs to be positive; whether it needed none.
fn positive_factor(matrix: &mut [f64], n: usize) -> (Vec<f64>, bool) {
    let largest = (0..n).map(|at| matrix[at * n + at].abs()).fold(1e-12, f64::max);
    let mut added = 0.0;
    for attempt in 0..40 {
        if let Some(lower) = cholesky(matrix, n) {
            return (lower, attempt == 0);
        }
        let more = if added == 0.0 { 1e-10 * largest } else { 3.0 * added };
        (0..n).for_each(|at| matrix[at * n + at] += more);
        added += more;
    }
    (identity(n, 1.0), false)
}

/// The lower factor of a positive matrix, or `None` if it is not positive.
fn cholesky(matrix: &[f64], n: usize) -> Option<Vec<f64>> {
    let mut lower = vec![0.0; n * n];
    for row in 0..n {
        for column in 0..=row {
            let known = dot(&lower[row * n..row * n + column], &lower[column * n..column * n + column]);
            let rest = matrix[row * n + column] - known;
            if row != column {
                lower[row * n + column] = rest / lower[column * n + column];
            } else if rest > 0.0 && rest.is_finite() {
                lower[row * n + row] = rest.sqrt();
            } else {
                return None;
            }
        }
    }
    Some(lower)
}

/// Of the inverse of lower · lowerᵗ, a lower Cholesky factor.
fn factor_of_inverse(lower: &[f64], n: usize) -> Vec<f64> {
    // The inverse of the lower factor, column by column; the inverse matrix is its transpose times itself.
    let mut inverse = vec![0.0; n * n];
    for column in 0..n {
        for row in column..n {
            let known: f64 = (column..row).map(|at| lower[row * n + at] * inverse[at * n + column]).sum();
            let unit = if row == column { 1.0 } else { 0.0 };
            inverse[row * n + column] = (unit - known) / lower[row * n + row];
        }
    }
    let mut covariance = vec![0.0; n * n];
    for a in 0..n {
        for b in 0..n {
            covariance[a * n + b] = (a.max(b)..n).map(|at| inverse[at * n + a] * inverse[at * n + b]).sum();
        }
    }
    positive_factor(&mut covariance, n).0
}

fn identity(n: usize, scale: f64) -> Vec<f64> {
    let mut matrix = vec![0.0; n * n];
    (0..n).for_each(|at| matrix[at * n + at] = scale);
    matrix
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use math::Random;

    /// A normal density with the covariance [[4, 1.2], [1.2, 1]] around (3, −2).
    fn normal(x: &[f64], gradient: &mut [f64]) -> f64 {
        let (a, b) = (x[0] - 3.0, x[1] + 2.0);
        let determinant = 4.0 - 1.2 * 1.2;
        gradient.copy_from_slice(&[-(a - 1.2 * b) / determinant, -(4.0 * b - 1.2 * a) / determinant]);
        0.5 * (a * gradient[0] + b * gradient[1])
    }

    #[test]
    fn the_curvature_of_a_normal_density_is_its_covariance() {
        let summit = climb(&mut normal, &[0.0, 0.0]);
        let laplace = Laplace::at(&mut normal, &summit.point);
        assert!(laplace.is_peak && (summit.point[0] - 3.0).abs() < 1e-6);
        let l = &laplace.factor;
        for (ours, right) in [(l[0] * l[0], 4.0), (l[2] * l[0], 1.2), (l[2] * l[2] + l[3] * l[3], 1.0)] {
            assert!((ours - right).abs() < 1e-6, "{l:?}");
        }
        let mut random = Random::new(1);
        let draw = |_| {
            let mut point = [0.0; 2];
            laplace.point(&[random.normal(), random.normal()], &mut point);
            point
        };
        let draws: Vec<[f64; 2]> = (0..20_000).map(draw).collect();
        let mean = draws.iter().map(|draw| draw[0]).sum::<f64>() / 20_000.0;
        let spread = draws.iter().map(|draw| (draw[0] - 3.0) * (draw[1] + 2.0)).sum::<f64>() / 20_000.0;
        assert!((mean - 3.0).abs() < 0.06 && (spread - 1.2).abs() < 0.08, "{mean} {spread}");
        // The density by z is a standard normal one.
        let (mut point, mut by_point, mut by_z) = ([0.0; 2], [0.0; 2], [0.0; 2]);
        laplace.point(&[0.7, -0.4], &mut point);
        normal(&point, &mut by_point);
        laplace.pull_back(&by_point, &mut by_z);
        assert!((by_z[0] + 0.7).abs() < 1e-6 && (by_z[1] - 0.4).abs() < 1e-6, "{by_z:?}");
    }

    #[test]
    fn a_saddle_is_told() {
        let mut saddle = |x: &[f64], gradient: &mut [f64]| {
            gradient.copy_from_slice(&[-2.0 * x[0], 2.0 * x[1]]);
            x[1] * x[1] - x[0] * x[0]
        };
        assert!(!Laplace::at(&mut saddle, &[0.0, 0.0]).is_peak);
    }
}
