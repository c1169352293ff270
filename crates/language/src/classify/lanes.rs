//! Many classes against the rest at once: the dual walk of [`svm`](super::svm) for 32 planes side by side, which meet the
//! same rows in the same order. Each stored value is read once for 32 planes whose weights of a column lie together, so
//! that the sums run in vectors instead of one number after the other.
//!
//! Sums are in single precision: for tolerances down to [`TOLERANCE_MIN`]. No shrinking, since a row is rarely at rest
//! for all planes; which planes walk together depends on their numbers alone, never on threads.

use math::Random;
use rayon::prelude::*;

use super::Run;
use super::linear::{Linear, Method, Wanted};
use super::points::Rows;
use super::svm::Loss;
use crate::LanguageError;

/// Planes that walk together.
pub(super) const LANES: usize = 32;
/// Below this single precision may not come to rest.
pub(super) const TOLERANCE_MIN: f64 = 1e-3;

type Lane = [f32; LANES];

/// Rows in one piece: columns and values, the bias as a last column of ones.
struct Problem {
    indptr: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f32>,
    labels: Vec<u32>,
    /// Per row: the cost's bound of alpha, its diagonal, and one over the curvature.
    bounds: Vec<[f32; 3]>,
    n_cols: usize,
}

/// As [`linear::fit`](super::linear::fit) for hinge losses and columns of equal freedom.
pub(super) fn fit<R: Rows>(
    rows: &R,
    labels: &[u32],
    n_classes: usize,
    costs: &[f64],
    which: &[u32],
    wanted: &Wanted,
    run: &Run,
) -> Result<Linear, LanguageError> {
    let loss = if wanted.method == Method::OneVsRest(Loss::Hinge) { Loss::Hinge } else { Loss::SquaredHinge };
    let problem = Problem::new(rows, labels, costs, which, loss);
    let n_blocks = n_classes.div_ceil(LANES);
    let walk = |block: usize| problem.walk((block * LANES) as u32, wanted, run);
    let blocks: Option<Vec<Vec<Lane>>> = (0..n_blocks).into_par_iter().map(walk).collect();
    let blocks = blocks.ok_or(LanguageError::Cancelled)?;
    let mut weights = vec![0f32; rows.n_cols() * n_classes];
    let mut bias = vec![0f32; n_classes];
    for (block, own) in blocks.iter().enumerate() {
        let n = LANES.min(n_classes - block * LANES);
        let place = |column: usize| column * n_classes + block * LANES;
        for (column, lane) in own[..rows.n_cols()].iter().enumerate() {
            weights[place(column)..place(column) + n].copy_from_slice(&lane[..n]);
        }
        bias[block * LANES..block * LANES + n].copy_from_slice(&own[rows.n_cols()][..n]);
    }
    Ok(Linear { n_classes, n_columns: rows.n_cols(), weights, bias })
}

impl Problem {
    fn new<R: Rows>(rows: &R, labels: &[u32], costs: &[f64], which: &[u32], loss: Loss) -> Self {
        let mut problem = Problem {
            indptr: vec![0],
            columns: Vec::new(),
            values: Vec::new(),
            labels: which.iter().map(|&row| labels[row as usize]).collect(),
            bounds: Vec::with_capacity(which.len()),
            n_cols: rows.n_cols(),
        };
        for &row in which {
            // With the bias.
            let mut squared = 1.0;
            rows.each(row as usize, |column, value| {
                assert!(column < rows.n_cols(), "column {column} of {}", rows.n_cols());
                squared += f64::from(value).powi(2);
                problem.columns.push(column as u32);
                problem.values.push(value);
            });
            problem.columns.push(rows.n_cols() as u32);
            problem.values.push(1.0);
            problem.indptr.push(problem.columns.len());
            let cost = costs[row as usize];
            let (upper, diagonal) = match loss {
                Loss::Hinge => (cost, 0.0),
                _ => (f64::INFINITY, 0.5 / cost),
            };
            let curvature = squared + diagonal;
            problem.bounds.push([upper as f32, diagonal as f32, (1.0 / curvature) as f32]);
        }
        problem
    }

    /// Planes of the classes from `first` on. Shape: (n_cols + 1); none if told to stop.
    fn walk(&self, first: u32, wanted: &Wanted, run: &Run) -> Option<Vec<Lane>> {
        let n = self.labels.len();
        let mut weights = vec![[0f32; LANES]; self.n_cols + 1];
        let mut alphas = vec![[0f32; LANES]; n];
        let mut order: Vec<u32> = (0..n as u32).collect();
        let mut random = Random::new(run.seed);
        for _ in 0..wanted.max_iterations {
            if !run.goes_on(0.0) {
                return None;
            }
            random.shuffle(&mut order);
            let (highest, lowest) = pass(self, first, &order, &mut weights, &mut alphas);
            let far = highest.iter().zip(&lowest).map(|(high, low)| high - low).fold(f32::NEG_INFINITY, f32::max);
            if f64::from(far) <= wanted.tolerance {
                break;
            }
        }
        Some(weights)
    }
}

/// One walk over all rows; the largest and smallest projected gradients of each plane.
fn pass(problem: &Problem, first: u32, order: &[u32], weights: &mut [Lane], alphas: &mut [Lane]) -> (Lane, Lane) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512vl")]
        fn with_avx512(p: &Problem, first: u32, order: &[u32], w: &mut [Lane], a: &mut [Lane]) -> (Lane, Lane) {
            pass_of(p, first, order, w, a)
        }
        #[target_feature(enable = "avx2")]
        fn with_avx2(p: &Problem, first: u32, order: &[u32], w: &mut [Lane], a: &mut [Lane]) -> (Lane, Lane) {
            pass_of(p, first, order, w, a)
        }
        if is_x86_feature_detected!("avx512vl") {
            // SAFETY: the machine has the instructions; AVX-512VL implies AVX-512F.
            return unsafe { with_avx512(problem, first, order, weights, alphas) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the machine has the instructions.
            return unsafe { with_avx2(problem, first, order, weights, alphas) };
        }
    }
    pass_of(problem, first, order, weights, alphas)
}

#[inline(always)]
fn pass_of(problem: &Problem, first: u32, order: &[u32], weights: &mut [Lane], alphas: &mut [Lane]) -> (Lane, Lane) {
    let (mut highest, mut lowest) = ([f32::NEG_INFINITY; LANES], [f32::INFINITY; LANES]);
    for &row in order {
        let row = row as usize;
        let cells = problem.indptr[row]..problem.indptr[row + 1];
        let (columns, values) = (&problem.columns[cells.clone()], &problem.values[cells]);
        let mut margins = [0f32; LANES];
        for (&column, &value) in columns.iter().zip(values) {
            let lane = &weights[column as usize];
            for k in 0..LANES {
                margins[k] += value * lane[k];
            }
        }
        // One plane at most has the row on its positive side.
        let own = problem.labels[row].wrapping_sub(first) as usize;
        let mut signs = [-1f32; LANES];
        if own < LANES {
            signs[own] = 1.0;
        }
        let [upper, diagonal, per_curvature] = problem.bounds[row];
        let alpha = &mut alphas[row];
        let mut steps = [0f32; LANES];
        let mut moved = 0f32;
        for k in 0..LANES {
            let old = alpha[k];
            let gradient = signs[k] * margins[k] - 1.0 + old * diagonal;
            let at_bottom = if old <= 0.0 { gradient.min(0.0) } else { gradient };
            let projected = if old >= upper { at_bottom.max(0.0) } else { at_bottom };
            highest[k] = highest[k].max(projected);
            lowest[k] = lowest[k].min(projected);
            let new = (old - gradient * per_curvature).max(0.0).min(upper);
            alpha[k] = new;
            steps[k] = (new - old) * signs[k];
            moved += steps[k].abs();
        }
        if moved == 0.0 {
            continue;
        }
        for (&column, &value) in columns.iter().zip(values) {
            let lane = &mut weights[column as usize];
            for k in 0..LANES {
                lane[k] += value * steps[k];
            }
        }
    }
    (highest, lowest)
}

#[cfg(test)]
mod tests {
    use math::Csr;

    use super::super::linear;
    use super::*;

    /// ½ ‖w‖² + ½ b² + Σ loss, added up over planes.
    fn objective(rows: &Csr, labels: &[u32], linear: &Linear, loss: Loss) -> f64 {
        let held = linear.weights.iter().chain(&linear.bias).map(|&w| f64::from(w).powi(2)).sum::<f64>() / 2.0;
        let mut errors = 0.0;
        for (row, &label) in labels.iter().enumerate() {
            let (columns, values) = rows.row(row);
            let mut scores = Vec::new();
            linear.scores(columns.iter().copied().zip(values.iter().copied()), &mut scores);
            for (class, score) in scores.iter().enumerate() {
                let margin = if class == label as usize { *score } else { -score };
                let error = (1.0 - margin).max(0.0);
                errors += if loss == Loss::Hinge { error } else { error * error };
            }
        }
        held + errors
    }

    /// Forty classes of points around corners: planes side by side are as good as single walks'.
    #[test]
    fn planes_side_by_side_are_as_good_as_single_walks() {
        let mut random = Random::new(8);
        let (n, d, n_classes) = (200usize, 20usize, 40usize);
        let mut cells = Vec::new();
        let labels: Vec<u32> = (0..n).map(|row| (row % n_classes) as u32).collect();
        for (row, &label) in labels.iter().enumerate() {
            for column in 0..d {
                let corner =
                    f64::from(u8::from((label as usize * 7 + column * (1 + label as usize)).is_multiple_of(5)));
                cells.push((row as u32, column as u32, (corner + 0.3 * random.uniform()) as f32));
            }
        }
        let rows = Csr::from_triplets(n, d, &cells);
        let all: Vec<u32> = (0..n as u32).collect();
        for loss in [Loss::Hinge, Loss::SquaredHinge] {
            let method = Method::OneVsRest(loss);
            let wanted = Wanted { method, tolerance: 2e-3, max_iterations: 2000, ..Wanted::default() };
            let fit = |wanted: &Wanted| {
                let linear = linear::fit(&rows, &labels, n_classes, None, &all, wanted, &Run::default()).expect("fits");
                objective(&rows, &labels, &linear, loss)
            };
            let (together, single) = (fit(&wanted), fit(&Wanted { tolerance: 9e-4, ..wanted }));
            assert!((together / single - 1.0).abs() < 2e-3, "{loss:?}: {together} is not {single}");
        }
    }
}
