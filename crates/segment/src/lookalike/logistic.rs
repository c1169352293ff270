//! Logistic regression with a ridge, by Newton's method on the exact Hessian: few columns, any number of rows. The
//! objective is ½ |w|² + c Σ sᵢ log(1 + exp(−yᵢ (w·xᵢ + b))) with y = ±1, sᵢ the class's weight and b without a penalty, as
//! scikit-learn writes it, whose coefficients it matches.

use math::dense::{Real, product_with_transposed};
use math::self_adjoint::solve_positive;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Points, SegmentError};

/// Rows whose part of gradient and Hessian is summed by one thread; the parts are added in order.
const BLOCK: usize = 4096;
/// Newton's method doubles the right digits per step; more steps than this mean that something is unfit.
const N_STEPS_MAX: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogisticOptions {
    /// The inverse of the ridge's strength.
    pub c: f64,
    pub class_weight: ClassWeight,
}

impl Default for LogisticOptions {
    fn default() -> Self {
        LogisticOptions { c: 1.0, class_weight: ClassWeight::Balanced }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeight {
    /// Every row counts one.
    Even,
    /// n / (2 × rows of the class), so that few positives weigh as much as all negatives together.
    Balanced,
}

/// A fitted regression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Logistic {
    pub intercept: f64,
    /// Shape: (d).
    pub coefficients: Vec<f64>,
    pub n_steps: usize,
}

impl Logistic {
    /// `is_positive` has a truth per row. Uses all threads of the current rayon pool; the result does not depend on them.
    ///
    /// # Errors
    /// If one of the classes is empty, the number of truths is not that of the rows, or `c` is not positive.
    pub fn fit<T: Real>(
        points: Points<T>,
        is_positive: &[bool],
        options: &LogisticOptions,
    ) -> Result<Self, SegmentError> {
        let problem = Problem::new(points, is_positive, options)?;
        // The last coordinate is the intercept.
        let mut w = vec![0.0; points.d() + 1];
        let mut now = problem.at(&w);
        for step in 0..N_STEPS_MAX {
            let mut direction = now.gradient.clone();
            // The ridge keeps the Hessian positive; in its intercept rounding may not, where all rows are surely told.
            let mut hessian = now.hessian;
            *hessian.last_mut().expect("an intercept") += 1e-12;
            if !solve_positive(&mut hessian, &mut direction) {
                return Err(SegmentError::unfit("features", "values too large for a regression", "scaled columns"));
            }
            let slope: f64 = now.gradient.iter().zip(&direction).map(|(g, d)| g * d).sum();
            // Half the slope is what this step can still gain.
            if slope <= 1e-20 * (1.0 + now.loss) {
                return Ok(Logistic::of(w, step));
            }
            let (next_w, next) = problem.search(&w, &direction, slope, now.loss);
            if next.loss >= now.loss {
                return Ok(Logistic::of(next_w, step + 1));
            }
            (w, now) = (next_w, next);
        }
        Ok(Logistic::of(w, N_STEPS_MAX))
    }

    fn of(mut w: Vec<f64>, n_steps: usize) -> Self {
        let intercept = w.pop().expect("an intercept");
        Logistic { intercept, coefficients: w, n_steps }
    }

    /// The log-odds of each row, larger for those more like the positives. Shape: (n).
    ///
    /// # Panics
    /// If the points have another number of columns.
    pub fn scores<T: Real>(&self, points: Points<T>) -> Vec<f64> {
        assert_eq!(points.d(), self.coefficients.len(), "points of another width");
        let score = |row: &[T]| {
            let products = row.iter().zip(&self.coefficients).map(|(x, w)| x.to_f64() * w);
            self.intercept + products.sum::<f64>()
        };
        points.values().par_chunks_exact(points.d()).map(score).collect()
    }
}

struct Problem<'a, T> {
    points: Points<'a, T>,
    is_positive: &'a [bool],
    /// What a positive and a negative row count, times c.
    weights: (f64, f64),
}

/// The objective at some coefficients.
struct Local {
    loss: f64,
    /// Shape: (d + 1).
    gradient: Vec<f64>,
    /// Shape: (d + 1, d + 1).
    hessian: Vec<f64>,
}

impl<'a, T: Real> Problem<'a, T> {
    fn new(points: Points<'a, T>, is_positive: &'a [bool], options: &LogisticOptions) -> Result<Self, SegmentError> {
        let n = points.n();
        if is_positive.len() != n {
            return Err(SegmentError::unfit("truths of rows", is_positive.len(), n));
        }
        if !(options.c.is_finite() && options.c > 0.0) {
            return Err(SegmentError::unfit("c", options.c, "more than 0"));
        }
        let n_positive = is_positive.iter().filter(|&&positive| positive).count();
        if n_positive == 0 || n_positive == n {
            return Err(SegmentError::unfit("positive rows", n_positive, format!("1 to {}", n.saturating_sub(1))));
        }
        let weights = match options.class_weight {
            ClassWeight::Even => (1.0, 1.0),
            ClassWeight::Balanced => (n as f64 / (2.0 * n_positive as f64), n as f64 / (2.0 * (n - n_positive) as f64)),
        };
        Ok(Problem { points, is_positive, weights: (options.c * weights.0, options.c * weights.1) })
    }

    fn at(&self, w: &[f64]) -> Local {
        let d = self.points.d();
        let blocks = self.points.values().par_chunks(BLOCK * d).zip(self.is_positive.par_chunks(BLOCK));
        let parts: Vec<Local> = blocks.map(|(rows, truths)| self.block(rows, truths, w)).collect();
        let mut sum = Local::zeros(d + 1);
        for part in parts {
            sum.loss += part.loss;
            sum.gradient.iter_mut().zip(part.gradient).for_each(|(sum, part)| *sum += part);
            sum.hessian.iter_mut().zip(part.hessian).for_each(|(sum, part)| *sum += part);
        }
        for (at, &value) in w[..d].iter().enumerate() {
            sum.loss += 0.5 * value * value;
            sum.gradient[at] += value;
            sum.hessian[at * (d + 2)] += 1.0;
        }
        sum
    }

    fn block(&self, rows: &[T], truths: &[bool], w: &[f64]) -> Local {
        let (d, n) = (self.points.d(), truths.len());
        let mut local = Local::zeros(d + 1);
        // Column by column, scaled by the roots of the second derivatives: the Hessian is its product with itself.
        let mut columns = vec![0.0; (d + 1) * n];
        for (at, (row, &positive)) in rows.chunks_exact(d).zip(truths).enumerate() {
            let z = row.iter().zip(w).map(|(x, w)| x.to_f64() * w).sum::<f64>() + w[d];
            let (sign, weight) = if positive { (1.0, self.weights.0) } else { (-1.0, self.weights.1) };
            local.loss += weight * log_one_plus_exp(-sign * z);
            let p = 1.0 / (1.0 + (sign * z).exp());
            let (slope, root) = (-sign * weight * p, (weight * p * (1.0 - p)).sqrt());
            for (column, x) in row.iter().enumerate() {
                let x = x.to_f64();
                local.gradient[column] += slope * x;
                columns[column * n + at] = root * x;
            }
            local.gradient[d] += slope;
            columns[d * n + at] = root;
        }
        product_with_transposed(&columns, &columns, n, 1.0, &mut local.hessian);
        local
    }

    /// Newton's step, halved until the objective falls by a part of what its slope promises (Armijo).
    fn search(&self, w: &[f64], direction: &[f64], slope: f64, loss: f64) -> (Vec<f64>, Local) {
        let mut length = 1.0;
        loop {
            let next_w: Vec<f64> = w.iter().zip(direction).map(|(w, d)| w - length * d).collect();
            let next = self.at(&next_w);
            if next.loss <= loss - 1e-4 * length * slope || length < 1e-8 {
                return (next_w, next);
            }
            // Near the end the fall is less than rounding shows, and the step is good all the same.
            if slope <= 1e-12 * (1.0 + loss) {
                return (next_w, next);
            }
            length /= 2.0;
        }
    }
}

impl Local {
    fn zeros(n: usize) -> Self {
        Local { loss: 0.0, gradient: vec![0.0; n], hessian: vec![0.0; n * n] }
    }
}

fn log_one_plus_exp(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As in `bench/peers/segment/golden_features.py`.
    fn data() -> (Vec<f64>, Vec<bool>) {
        let mut state = 12_345u64;
        let next = || {
            state = (state * 1_103_515_245 + 12_345) % (1 << 31);
            state as f64 / (1u64 << 31) as f64 * 4.0 - 2.0
        };
        let x: Vec<f64> = std::iter::repeat_with(next).take(240).collect();
        let truth =
            |(at, row): (usize, &[f64])| 1.5 * row[0] - row[1] + 0.5 * row[2] + 0.8 * (at as f64 * 1.7).sin() > 0.6;
        let y = x.chunks_exact(4).enumerate().map(truth).collect();
        (x, y)
    }

    /// LogisticRegression of scikit-learn 1.9.1 (newton-cholesky, tol 1e-12).
    #[test]
    fn coefficients_match_scikit_learn() {
        let (x, y) = data();
        assert_eq!(y.iter().filter(|&&y| y).count(), 27);
        for (c, class_weight, expected) in [
            (
                1.0,
                ClassWeight::Even,
                [-0.7244973180461391, 2.328955804899626, -1.3548150370280347, 0.4131692071581028, -0.2733286204437887],
            ),
            (
                0.1,
                ClassWeight::Balanced,
                [
                    -0.1549100443115422,
                    0.9264796215311052,
                    -0.46290811646980906,
                    0.15312858441774657,
                    -0.132302655443475,
                ],
            ),
            (
                100.0,
                ClassWeight::Balanced,
                [-2.804736233904915, 9.231166910360875, -5.856120341490042, 1.7968255544946186, -1.072563563225767],
            ),
        ] {
            let points = Points::new(&x, 60, 4).unwrap();
            let found = Logistic::fit(points, &y, &LogisticOptions { c, class_weight }).unwrap();
            let all = std::iter::once(&found.intercept).chain(&found.coefficients);
            for (found, expected) in all.zip(expected) {
                assert!((found - expected).abs() < 1e-8, "c {c}: {found}, not {expected}");
            }
            assert!(found.n_steps < 15);
            let score = found.scores(points)[7];
            let by_hand = found.intercept + (0..4).map(|at| x[28 + at] * found.coefficients[at]).sum::<f64>();
            assert!((score - by_hand).abs() < 1e-12);
        }
    }

    #[test]
    fn the_result_does_not_depend_on_threads_and_separable_rows_are_no_trouble() {
        let n = 3 * BLOCK;
        let x: Vec<f32> = (0..n * 2).map(|at| (at as f32 * 0.37).sin() * 3.0).collect();
        let y: Vec<bool> = x.chunks_exact(2).map(|row| row[0] > 2.5).collect();
        let fit = |n_threads| {
            let points = Points::new(&x, n, 2).unwrap();
            crate::cluster::on_threads(n_threads, || {
                Logistic::fit(points, &y, &LogisticOptions { c: 1e6, ..Default::default() }).unwrap()
            })
        };
        let found = fit(1);
        assert_eq!(found, fit(3));
        assert!(found.coefficients[0] > 10.0 && found.coefficients.iter().all(|w| w.is_finite()));
        let scores = found.scores(Points::new(&x, n, 2).unwrap());
        assert!(scores.iter().zip(&y).all(|(&score, &y)| (score > 0.0) == y));
    }

    #[test]
    fn constant_and_equal_columns_have_a_solution() {
        let x: Vec<f64> = (0..20).flat_map(|at| [f64::from(at), f64::from(at), 1.0]).collect();
        let y: Vec<bool> = (0..20).map(|at| at >= 8).collect();
        let found = Logistic::fit(Points::new(&x, 20, 3).unwrap(), &y, &LogisticOptions::default()).unwrap();
        assert!((found.coefficients[0] - found.coefficients[1]).abs() < 1e-9);
        assert!(found.coefficients[0] > 0.0);
        let error = |y: &[bool]| {
            Logistic::fit(Points::new(&x, 20, 3).unwrap(), y, &LogisticOptions::default()).unwrap_err().to_string()
        };
        assert!(error(&[true; 20]).contains("found 20, allowed 1 to 19"));
        assert!(error(&[false; 20]).contains("found 0"));
        assert!(error(&[true]).contains("found 1, allowed 20"));
    }
}
