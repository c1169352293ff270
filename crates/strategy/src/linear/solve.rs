//! Newton's method on the penalised loss of a linear model. Not here: how columns are coded.

use super::LinearSettings;
use crate::boost::Loss;

pub(super) struct Problem<'a> {
    /// Shape: (n_rows, n_columns), the intercept's ones first.
    pub design: &'a [f64],
    pub target: &'a [f64],
    pub weights: Option<&'a [f64]>,
    pub settings: &'a LinearSettings,
    pub n_columns: usize,
}

pub(super) struct Found {
    pub coefficients: Vec<f64>,
    pub has_converged: bool,
    pub n_iterations: usize,
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl Problem<'_> {
    pub(super) fn solve(&self) -> Found {
        let mut at = vec![0.0; self.n_columns];
        at[0] = self.settings.loss.start(self.target, self.weights);
        let mut loss = self.loss(&at);
        for n_iterations in 1..=self.settings.max_iterations.max(1) {
            let step = self.step(&at);
            let Some((next, next_loss)) = self.descend(&at, &step, loss) else {
                // No step of any length makes it less: it is the least that numbers can tell.
                return Found { coefficients: at, has_converged: true, n_iterations };
            };
            let moved = at.iter().zip(&next).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            (at, loss) = (next, next_loss);
            // Ridge regression is solved by its first step.
            if moved < self.settings.tolerance || self.settings.loss == Loss::Squared {
                return Found { coefficients: at, has_converged: true, n_iterations };
            }
        }
        Found { coefficients: at, has_converged: false, n_iterations: self.settings.max_iterations }
    }

    /// The longest of the step, its half, quarter … that does not raise the loss.
    fn descend(&self, at: &[f64], step: &[f64], loss: f64) -> Option<(Vec<f64>, f64)> {
        let mut length = 1.0;
        for _ in 0..30 {
            let next: Vec<f64> = at.iter().zip(step).map(|(at, step)| at - length * step).collect();
            let found = self.loss(&next);
            if found <= loss {
                return Some((next, found));
            }
            length *= 0.5;
        }
        None
    }

    fn loss(&self, at: &[f64]) -> f64 {
        let rows = self.design.chunks_exact(self.n_columns).zip(self.target).enumerate();
        let of = |(row, (x, &y))| self.weight(row) * self.settings.loss.of(y, dot(x, at));
        rows.map(of).sum::<f64>() + 0.5 * self.settings.l2 * dot(&at[1..], &at[1..])
    }

    fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row])
    }

    /// (XᵀWX + λ)⁻¹ (Xᵀg + λβ).
    fn step(&self, at: &[f64]) -> Vec<f64> {
        let d = self.n_columns;
        let (mut gram, mut gradient) = (vec![0.0; d * d], vec![0.0; d]);
        for (row, (x, &y)) in self.design.chunks_exact(d).zip(self.target).enumerate() {
            let mean = self.settings.loss.mean(dot(x, at));
            let second = if self.settings.loss == Loss::Logistic { mean * (1.0 - mean) } else { 1.0 };
            let (first, second) = (self.weight(row) * (mean - y), self.weight(row) * second);
            for (i, &value) in x.iter().enumerate().filter(|(_, value)| **value != 0.0) {
                gradient[i] += first * value;
                let factor = second * value;
                for (sum, other) in gram[i * d..=i * d + i].iter_mut().zip(x) {
                    *sum += factor * other;
                }
            }
        }
        for i in 1..d {
            gram[i * d + i] += self.settings.l2;
            gradient[i] += self.settings.l2 * at[i];
        }
        cholesky_solve(&mut gram, &mut gradient);
        gradient
    }
}

/// Solves A x = b in place for a positive semidefinite A given by its lower triangle. Columns that depend on those before them
/// get 0.
fn cholesky_solve(a: &mut [f64], b: &mut [f64]) {
    let d = b.len();
    let mut is_used = vec![true; d];
    for i in 0..d {
        let diagonal = a[i * d + i];
        for j in 0..i {
            let (before, own) = a.split_at_mut(i * d);
            let sum = own[j] - dot(&own[..j], &before[j * d..j * d + j]);
            own[j] = if is_used[j] { sum / before[j * d + j] } else { 0.0 };
        }
        let rest = diagonal - dot(&a[i * d..i * d + i], &a[i * d..i * d + i]);
        is_used[i] = rest > 1e-11 * diagonal && rest > 0.0;
        a[i * d + i] = if is_used[i] { rest.sqrt() } else { 1.0 };
    }
    for i in 0..d {
        let sum = b[i] - dot(&a[i * d..i * d + i], &b[..i]);
        b[i] = if is_used[i] { sum / a[i * d + i] } else { 0.0 };
    }
    for i in (0..d).rev() {
        let sum = b[i] - (i + 1..d).map(|j| a[j * d + i] * b[j]).sum::<f64>();
        b[i] = if is_used[i] { sum / a[i * d + i] } else { 0.0 };
    }
}
