//! Multinomial logistic regression of three classes or more by L-BFGS (Liu and Nocedal 1989): minimised is ½ ‖W‖² + Σ c_i
//! (ln Σ_k e^s_ik − s_iy), s = x W + b, with b free as in scikit-learn's `LogisticRegression`.
//!
//! Scores go row by row over the rows, the gradient column by column over their transpose, both adding contiguous
//! runs of one number a class; so nothing is written by two threads and the result is the same for any number of them.

use math::Csr;
use rayon::prelude::*;

use super::Run;
use super::linear::{Linear, Wanted};
use super::points::Rows;
use crate::LanguageError;

/// Steps remembered for the curvature.
const MEMORY: usize = 6;
/// Rows or columns of one task; also the order in which losses are added up.
const CHUNK: usize = 512;

pub(super) fn fit<R: Rows>(
    rows: &R,
    labels: &[u32],
    n_classes: usize,
    costs: &[f64],
    which: &[u32],
    wanted: &Wanted,
    run: &Run,
) -> Result<Linear, LanguageError> {
    let problem = Problem::new(rows, labels, n_classes, costs, which);
    let mut at = vec![0f32; (rows.n_cols() + 1) * n_classes];
    minimise(&problem, &mut at, wanted, run)?;
    let bias = at.split_off(rows.n_cols() * n_classes);
    Ok(Linear { n_classes, n_columns: rows.n_cols(), weights: at, bias })
}

struct Problem {
    /// With a last column of ones, for the bias.
    rows: Csr,
    transposed: Csr,
    labels: Vec<u32>,
    costs: Vec<f32>,
    k: usize,
}

impl Problem {
    fn new<R: Rows>(rows: &R, labels: &[u32], k: usize, costs: &[f64], which: &[u32]) -> Self {
        let mut matrix = Csr::empty(which.len(), rows.n_cols() + 1);
        for (at, &row) in which.iter().enumerate() {
            rows.each(row as usize, |column, value| {
                matrix.indices.push(column as u32);
                matrix.values.push(value);
            });
            matrix.indices.push(rows.n_cols() as u32);
            matrix.values.push(1.0);
            matrix.indptr[at + 1] = matrix.indices.len();
        }
        Problem {
            transposed: matrix.transpose(),
            rows: matrix,
            labels: which.iter().map(|&row| labels[row as usize]).collect(),
            costs: which.iter().map(|&row| costs[row as usize] as f32).collect(),
            k,
        }
    }

    /// The objective at `w`, and its gradient. `surplus` is memory for (rows, k).
    fn at(&self, w: &[f32], gradient: &mut [f32], surplus: &mut [f32]) -> f64 {
        let k = self.k;
        let losses: Vec<f64> = surplus
            .par_chunks_mut(CHUNK * k)
            .enumerate()
            .map(|(chunk, place)| {
                let first = chunk * CHUNK;
                let own = place.chunks_exact_mut(k).enumerate();
                own.map(|(at, scores)| self.surplus_of(first + at, w, scores)).sum()
            })
            .collect();
        // The last column's weights, the bias, are free.
        let n_held = self.rows.n_cols - 1;
        let squares: Vec<f64> = gradient
            .par_chunks_mut(CHUNK * k)
            .enumerate()
            .map(|(chunk, place)| {
                let mut square = 0.0;
                for (at, sums) in place.chunks_exact_mut(k).enumerate() {
                    let column = chunk * CHUNK + at;
                    let own = &w[column * k..(column + 1) * k];
                    if column < n_held {
                        sums.copy_from_slice(own);
                        square += own.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>();
                    } else {
                        sums.fill(0.0);
                    }
                    let (indices, values) = self.transposed.row(column);
                    add_up(indices, values, surplus, sums);
                }
                square
            })
            .collect();
        losses.iter().sum::<f64>() + 0.5 * squares.iter().sum::<f64>()
    }

    /// The row's loss; its scores become what each class has too much, times the row's cost.
    fn surplus_of(&self, row: usize, w: &[f32], scores: &mut [f32]) -> f64 {
        scores.fill(0.0);
        let (indices, values) = self.rows.row(row);
        add_up(indices, values, w, scores);
        let (label, cost) = (self.labels[row] as usize, self.costs[row]);
        let highest = scores.iter().fold(f32::NEG_INFINITY, |high, &score| high.max(score));
        let own = scores[label] - highest;
        let mut sum = 0.0;
        for score in scores.iter_mut() {
            *score = (*score - highest).exp();
            sum += f64::from(*score);
        }
        let scale = f64::from(cost) / sum;
        scores.iter_mut().for_each(|score| *score = (f64::from(*score) * scale) as f32);
        scores[label] -= cost;
        f64::from(cost) * (sum.ln() - f64::from(own))
    }
}

/// Adds `values[i]` times row `indices[i]` of `matrix` to `sums`. The additions' order is the same for any width.
fn add_up(indices: &[u32], values: &[f32], matrix: &[f32], sums: &mut [f32]) {
    #[inline(always)]
    fn pass(indices: &[u32], values: &[f32], matrix: &[f32], sums: &mut [f32]) {
        let k = sums.len();
        for (&index, &value) in indices.iter().zip(values) {
            let row = &matrix[index as usize * k..(index as usize + 1) * k];
            for (sum, &x) in sums.iter_mut().zip(row) {
                *sum += value * x;
            }
        }
    }
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn with_avx2(indices: &[u32], values: &[f32], matrix: &[f32], sums: &mut [f32]) {
            pass(indices, values, matrix, sums)
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the machine has the instructions.
            return unsafe { with_avx2(indices, values, matrix, sums) };
        }
    }
    pass(indices, values, matrix, sums)
}

fn dot(x: &[f32], y: &[f32]) -> f64 {
    let part = |(x, y): (&[f32], &[f32])| {
        let mut sums = [0f64; 4];
        for (x, y) in x.chunks(4).zip(y.chunks(4)) {
            for (sum, (x, y)) in sums.iter_mut().zip(x.iter().zip(y)) {
                *sum += f64::from(*x) * f64::from(*y);
            }
        }
        sums.iter().sum::<f64>()
    };
    let parts: Vec<f64> = x.par_chunks(1 << 14).zip(y.par_chunks(1 << 14)).map(part).collect();
    parts.iter().sum()
}

fn add(x: &mut [f32], by: f64, y: &[f32]) {
    let by = by as f32;
    x.par_chunks_mut(1 << 14).zip(y.par_chunks(1 << 14)).for_each(|(x, y)| {
        x.iter_mut().zip(y).for_each(|(x, &y)| *x += by * y);
    });
}

/// A step taken and how the gradient changed over it.
struct Step {
    moved: Vec<f32>,
    turned: Vec<f32>,
    /// 1 over their product.
    rho: f64,
}

/// Ends once the gradient's length is `tolerance` times what it was at 0.
fn minimise(problem: &Problem, at: &mut Vec<f32>, wanted: &Wanted, run: &Run) -> Result<(), LanguageError> {
    let mut surplus = vec![0f32; problem.rows.n_rows * problem.k];
    let mut gradient = vec![0f32; at.len()];
    let mut value = problem.at(at, &mut gradient, &mut surplus);
    let first = dot(&gradient, &gradient).sqrt();
    let mut steps: Vec<Step> = Vec::new();
    let mut direction = vec![0f32; at.len()];
    for _ in 0..wanted.max_iterations {
        let length = dot(&gradient, &gradient).sqrt();
        if length <= wanted.tolerance * first || length == 0.0 {
            break;
        }
        if !run.goes_on(0.0) {
            return Err(LanguageError::Cancelled);
        }
        towards(&gradient, &steps, &mut direction);
        let slope = dot(&gradient, &direction);
        let mut size = if steps.is_empty() { 1.0 / length.max(1.0) } else { 1.0 };
        let (mut next, mut next_gradient) = (at.clone(), vec![0f32; at.len()]);
        let mut found = None;
        // Shorter steps until the objective falls enough (Armijo).
        for _ in 0..30 {
            next.copy_from_slice(at);
            add(&mut next, size, &direction);
            let reached = problem.at(&next, &mut next_gradient, &mut surplus);
            if reached.is_finite() && reached <= value + 1e-4 * size * slope {
                found = Some(reached);
                break;
            }
            size *= 0.5;
        }
        let Some(reached) = found else { break };
        let mut moved = std::mem::take(&mut direction);
        moved.iter_mut().for_each(|x| *x *= size as f32);
        let mut turned = std::mem::replace(&mut gradient, next_gradient);
        turned.iter_mut().zip(&gradient).for_each(|(old, &new)| *old = new - *old);
        let product = dot(&moved, &turned);
        // The oldest step's memory becomes the next direction.
        direction = if steps.len() == MEMORY { steps.remove(0).moved } else { vec![0f32; at.len()] };
        if product > 1e-10 {
            steps.push(Step { moved, turned, rho: 1.0 / product });
        }
        *at = next;
        value = reached;
    }
    Ok(())
}

/// Down the gradient, bent by the remembered steps (the two loops of Nocedal 1980).
fn towards(gradient: &[f32], steps: &[Step], direction: &mut [f32]) {
    direction.iter_mut().zip(gradient).for_each(|(to, &from)| *to = -from);
    let mut shares = vec![0f64; steps.len()];
    for (step, share) in steps.iter().zip(&mut shares).rev() {
        *share = step.rho * dot(&step.moved, direction);
        add(direction, -*share, &step.turned);
    }
    if let Some(last) = steps.last() {
        let scale = (1.0 / (last.rho * dot(&last.turned, &last.turned))) as f32;
        direction.iter_mut().for_each(|x| *x *= scale);
    }
    for (step, share) in steps.iter().zip(&shares) {
        let back = step.rho * dot(&step.turned, direction);
        add(direction, share - back, &step.moved);
    }
}
