//! Many small weighted ridge problems that share one Gram matrix: the inner step of alternating least squares.
//!
//! For rows y of a factor matrix Y each problem is: find x with
//! `(g YᵀY + (l2 + extra_l2) I + Σ w y yᵀ) x = Σ c y`, the sums over the few rows observed. All problems are solved in
//! the coordinates in which the shared part `g YᵀY + l2 I` is the identity ("whitened": y' = L⁻¹y, x' = Lᵀx, with
//! L Lᵀ the shared part): no product with it is needed, and conjugate gradients meet a well-conditioned system.
//! Scores are the same in both coordinates, x·y = x'·y'. Not for large systems (see `symmetric`).

use faer::linalg::cholesky::llt::factor::{cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::cholesky::llt::solve::{solve_in_place, solve_in_place_scratch};
use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::prelude::{Reborrow, ReborrowMut};
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

/// Factor rows are padded with zeros to a multiple of this, so that kernels have no remainders.
const LANES: usize = 16;
/// Rows handled as one unit by a thread; fixed, so that sums do not depend on the number of threads.
const CHUNK: usize = 1024;

/// A dense matrix of short rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Factors {
    pub n_rows: usize,
    pub n_factors: usize,
    /// Length of a stored row: `n_factors` rounded up, the rest zero.
    pub stride: usize,
    /// Shape: (n_rows, stride), row-major.
    pub values: Vec<f32>,
}

impl Factors {
    pub fn zeros(n_rows: usize, n_factors: usize) -> Self {
        let stride = n_factors.next_multiple_of(LANES);
        Factors { n_rows, n_factors, stride, values: vec![0.0; n_rows * stride] }
    }

    #[inline]
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.stride..(row + 1) * self.stride]
    }

    #[inline]
    pub fn row_mut(&mut self, row: usize) -> &mut [f32] {
        &mut self.values[row * self.stride..(row + 1) * self.stride]
    }

    /// YᵀY, shape (stride, stride).
    pub fn gram(&self) -> Vec<f64> {
        let size = self.stride * self.stride;
        let parts: Vec<Vec<f32>> =
            self.values.par_chunks(CHUNK * self.stride).map(|chunk| chunk_gram(chunk, self.stride)).collect();
        let mut gram = vec![0f64; size];
        for part in parts {
            gram.iter_mut().zip(part).for_each(|(sum, value)| *sum += f64::from(value));
        }
        gram
    }

    /// Each row times a matrix of shape (stride, stride).
    fn times(&self, matrix: &[f32]) -> Factors {
        let mut product = Factors { values: vec![0.0; self.values.len()], ..*self };
        let size = CHUNK * self.stride;
        product.values.par_chunks_mut(size).zip(self.values.par_chunks(size)).for_each(|(out, chunk)| {
            multiply_rows(chunk, matrix, self.stride, out);
        });
        product
    }

    /// The product of every row with `x`. Shape of `out`: (n_rows).
    pub fn dot_all(&self, x: &[f32], out: &mut [f32]) {
        let right = MatRef::from_column_major_slice(x, self.stride, 1);
        let left = MatRef::from_row_major_slice(&self.values, self.n_rows, self.stride);
        let out = MatMut::from_column_major_slice_mut(out, self.n_rows, 1);
        matmul(out, Accum::Replace, left, right, 1.0, Par::Seq);
    }
}

/// The products of rows of length `stride` that stand column by column in `columns` with each row of `xs`. Shape of
/// `out`: (rows of xs, rows in `columns`).
pub(crate) fn dot_columns(columns: &[f32], stride: usize, xs: &[f32], out: &mut [f32]) {
    let (n_xs, n) = (xs.len() / stride, columns.len() / stride);
    let left = MatRef::from_row_major_slice(xs, n_xs, stride);
    let right = MatRef::from_column_major_slice(columns, n, stride).transpose();
    matmul(MatMut::from_row_major_slice_mut(out, n_xs, n), Accum::Replace, left, right, 1.0, Par::Seq);
}

fn chunk_gram(chunk: &[f32], stride: usize) -> Vec<f32> {
    let mut gram = vec![0f32; stride * stride];
    let rows = MatRef::from_row_major_slice(chunk, chunk.len() / stride, stride);
    let out = MatMut::from_row_major_slice_mut(&mut gram, stride, stride);
    matmul(out, Accum::Replace, rows.transpose(), rows, 1.0, Par::Seq);
    gram
}

/// `out = rows × matrix`, with rows and matrix of width `stride`.
pub fn multiply_rows(rows: &[f32], matrix: &[f32], stride: usize, out: &mut [f32]) {
    let n = rows.len() / stride;
    let left = MatRef::from_row_major_slice(rows, n, stride);
    let right = MatRef::from_row_major_slice(matrix, stride, stride);
    matmul(MatMut::from_row_major_slice_mut(out, n, stride), Accum::Replace, left, right, 1.0, Par::Seq);
}

/// The shared part of the problems, factored, and the rows in whitened coordinates.
pub struct Whitened {
    /// y' of every row.
    pub factors: Factors,
    pub l2: f32,
    /// L, row-major, shape (stride, stride): x'ᵀ = xᵀ L.
    into: Vec<f32>,
    /// L⁻¹: xᵀ = x'ᵀ L⁻¹.
    back: Vec<f32>,
    /// L⁻¹ L⁻ᵀ: what a multiple of the identity becomes.
    identity: Vec<f32>,
}

impl Whitened {
    /// # Panics
    /// If `l2` is not positive or a factor is not finite.
    pub fn new(factors: &Factors, gram_weight: f32, l2: f32) -> Self {
        assert!(l2 > 0.0, "l2 is {l2}, must be positive");
        let stride = factors.stride;
        let mut shared = factors.gram();
        shared.iter_mut().for_each(|value| *value *= f64::from(gram_weight));
        for i in 0..stride {
            shared[i * stride + i] += if i < factors.n_factors { f64::from(l2) } else { 1.0 };
        }
        let lower = cholesky(shared, stride);
        let inverse = invert_lower(&lower, stride);
        let narrow = |values: &[f64]| values.iter().map(|&value| value as f32).collect::<Vec<f32>>();
        let mut transposed = vec![0f64; stride * stride];
        let mut identity = vec![0f64; stride * stride];
        for i in 0..stride {
            for j in 0..stride {
                transposed[j * stride + i] = inverse[i * stride + j];
                let (a, b) = (&inverse[i * stride..(i + 1) * stride], &inverse[j * stride..(j + 1) * stride]);
                identity[i * stride + j] = a.iter().zip(b).map(|(a, b)| a * b).sum();
            }
        }
        let whitened = factors.times(&narrow(&transposed));
        Whitened { factors: whitened, l2, into: narrow(&lower), back: narrow(&inverse), identity: narrow(&identity) }
    }

    /// x' of rows of x.
    pub fn to_whitened(&self, rows: &[f32], out: &mut [f32]) {
        multiply_rows(rows, &self.into, self.factors.stride, out);
    }

    /// x of rows of x'.
    pub fn from_whitened(&self, rows: &[f32], out: &mut [f32]) {
        multiply_rows(rows, &self.back, self.factors.stride, out);
    }
}

fn cholesky(mut a: Vec<f64>, n: usize) -> Vec<f64> {
    for j in 0..n {
        for i in j..n {
            let dot: f64 = (0..j).map(|k| a[i * n + k] * a[j * n + k]).sum();
            let rest = a[i * n + j] - dot;
            a[i * n + j] = if i == j { rest.sqrt() } else { rest / a[j * n + j] };
        }
        assert!(a[j * n + j] > 0.0, "the shared Gram matrix is not positive definite at {j}");
        a[j * n + j + 1..(j + 1) * n].fill(0.0);
    }
    a
}

fn invert_lower(lower: &[f64], n: usize) -> Vec<f64> {
    let mut inverse = vec![0f64; n * n];
    for j in 0..n {
        inverse[j * n + j] = 1.0 / lower[j * n + j];
        for i in j + 1..n {
            let dot: f64 = (j..i).map(|k| lower[i * n + k] * inverse[k * n + j]).sum();
            inverse[i * n + j] = -dot / lower[i * n + i];
        }
    }
    inverse
}

/// How many rows ahead of their use memory is asked for.
const AHEAD: usize = 12;

/// Asks for a row's cache lines.
#[inline(always)]
fn prefetch(row: &[f32]) {
    #[cfg(target_arch = "x86_64")]
    for chunk in row.as_chunks::<LANES>().0 {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch reads nothing and cannot fault.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(chunk.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = row;
}

/// How a problem is solved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Solver {
    /// Exactly.
    Cholesky,
    /// Conjugate gradients from the given start: at most `n_steps`, or until the residual has shrunk to `tolerance`
    /// of the right-hand side.
    Cg { n_steps: usize, tolerance: f32 },
    /// One exact step in each block of `size` coordinates after the other, from the given start.
    Subspace { size: usize },
}

/// The observed rows of one problem, gathered side by side.
#[derive(Default)]
pub struct Observed {
    /// Its first `n_filled` values are the rows, shape (n, stride). It never shrinks, so that reusing it costs nothing.
    rows: Vec<f32>,
    n_filled: usize,
    weights: Vec<f32>,
    targets: Vec<f32>,
    scratch: Vec<f32>,
    system: Vec<f32>,
    /// Working memory for systems of up to this size.
    memory: Option<(usize, faer::dyn_stack::MemBuffer)>,
}

impl Observed {
    pub fn clear(&mut self) {
        self.n_filled = 0;
        self.weights.clear();
        self.targets.clear();
    }

    /// Adds a row with its w ≥ 0 and its c.
    #[inline]
    pub fn push(&mut self, row: &[f32], weight: f32, target: f32) {
        self.rows.truncate(self.n_filled);
        self.rows.extend_from_slice(row);
        self.n_filled = self.rows.len();
        self.weights.push(weight);
        self.targets.push(target);
    }

    /// Adds the rows of `factors` numbered in `rows` with their (w, c). Rows lie far apart in memory, so each is asked
    /// for well before its turn.
    pub fn gather(&mut self, factors: &Factors, rows: &[u32], weights: impl Iterator<Item = (f32, f32)>) {
        let stride = factors.stride;
        let start = self.n_filled;
        self.n_filled += rows.len() * stride;
        if self.rows.len() < self.n_filled {
            self.rows.resize(self.n_filled, 0.0);
        }
        rows.iter().take(AHEAD).for_each(|&row| prefetch(factors.row(row as usize)));
        for (at, out) in self.rows[start..self.n_filled].chunks_exact_mut(stride).enumerate() {
            if let Some(&row) = rows.get(at + AHEAD) {
                prefetch(factors.row(row as usize));
            }
            let chunks = factors.row(rows[at] as usize).as_chunks::<LANES>().0;
            out.as_chunks_mut::<LANES>().0.iter_mut().zip(chunks).for_each(|(out, chunk)| *out = *chunk);
        }
        for (weight, target) in weights {
            self.weights.push(weight);
            self.targets.push(target);
        }
        assert_eq!(self.n_filled, self.weights.len() * stride, "one (w, c) per row");
    }

    /// Solves for x' from the start `x` (whitened, shape (stride)), which receives the solution.
    pub fn solve(&mut self, shared: &Whitened, extra_l2: f32, solver: Solver, x: &mut [f32]) {
        if self.weights.is_empty() {
            return x.fill(0.0);
        }
        let stride = shared.factors.stride;
        match solver {
            Solver::Cholesky => self.solve_block(shared, extra_l2, 0..stride, x),
            Solver::Subspace { size } => {
                for start in (0..stride).step_by(size.max(1)) {
                    self.solve_block(shared, extra_l2, start..(start + size.max(1)).min(stride), x);
                }
            }
            Solver::Cg { n_steps, tolerance } => {
                self.scratch.resize(3 * stride, 0.0);
                let problem = Problem {
                    rows: &self.rows[..self.n_filled],
                    weights: &self.weights,
                    targets: &self.targets,
                    identity: if extra_l2 > 0.0 { &shared.identity } else { &[] },
                    extra_l2,
                };
                conjugate_gradients(&problem, n_steps, tolerance, &mut self.scratch, x);
            }
        }
    }

    /// One exact step within the coordinates `block`, the others held.
    fn solve_block(&mut self, shared: &Whitened, extra_l2: f32, block: std::ops::Range<usize>, x: &mut [f32]) {
        let (stride, size, n) = (shared.factors.stride, block.len(), self.weights.len());
        self.scratch.clear();
        self.scratch.resize(stride + n * size, 0.0);
        let (residual, scaled) = self.scratch.split_at_mut(stride);
        for (i, value) in residual.iter_mut().enumerate() {
            let identity = &shared.identity[i * stride..(i + 1) * stride];
            *value = -x[i] - extra_l2 * dot(identity, x);
        }
        for ((row, scaled), (weight, target)) in self.rows[..self.n_filled]
            .chunks(stride)
            .zip(scaled.chunks_mut(size))
            .zip(self.weights.iter().zip(&self.targets))
        {
            let factor = target - weight * dot(row, x);
            let root = weight.sqrt();
            for ((residual, value), scaled) in residual[block.clone()].iter_mut().zip(&row[block.clone()]).zip(scaled) {
                *residual += factor * value;
                *scaled = root * value;
            }
        }
        self.system.clear();
        for i in block.clone() {
            let identity = &shared.identity[i * stride..(i + 1) * stride][block.clone()];
            let start = self.system.len();
            self.system.extend(identity.iter().map(|value| extra_l2 * value));
            self.system[start + i - block.start] += 1.0;
        }
        let rows = MatRef::from_row_major_slice(scaled, n, size);
        let mut system = MatMut::from_row_major_slice_mut(&mut self.system, size, size);
        let (lower, full) = (BlockStructure::TriangularLower, BlockStructure::Rectangular);
        triangular::matmul(system.rb_mut(), lower, Accum::Add, rows.transpose(), full, rows, full, 1.0, Par::Seq);
        if self.memory.as_ref().is_none_or(|(fits, _)| *fits < size) {
            let need = cholesky_in_place_scratch::<f32>(size, Par::Seq, Default::default())
                .or(solve_in_place_scratch::<f32>(size, 1, Par::Seq));
            self.memory = Some((size, faer::dyn_stack::MemBuffer::new(need)));
        }
        let (_, memory) = self.memory.as_mut().expect("just made");
        let stack = faer::dyn_stack::MemStack::new(memory);
        cholesky_in_place(system.rb_mut(), Default::default(), Par::Seq, stack, Default::default())
            .expect("the identity plus squares is positive definite");
        let step = &mut residual[block.clone()];
        solve_in_place(system.rb(), MatMut::from_column_major_slice_mut(step, size, 1), Par::Seq, stack);
        x[block.clone()].iter_mut().zip(step).for_each(|(x, step)| *x += *step);
    }
}

/// Always in the same order of additions.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0f32; LANES];
    for (a, b) in a.as_chunks::<LANES>().0.iter().zip(b.as_chunks::<LANES>().0) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum()
}

struct Problem<'a> {
    rows: &'a [f32],
    weights: &'a [f32],
    targets: &'a [f32],
    /// Empty when there is no extra ridge.
    identity: &'a [f32],
    extra_l2: f32,
}

/// Picks the widest vector instructions the machine has; the arithmetic is the same text for all.
fn conjugate_gradients(problem: &Problem, n_steps: usize, tolerance: f32, scratch: &mut [f32], x: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f")]
        fn with_avx512(problem: &Problem, n_steps: usize, tolerance: f32, scratch: &mut [f32], x: &mut [f32]) {
            sized::<true>(problem, n_steps, tolerance, scratch, x);
        }
        #[target_feature(enable = "avx2,fma")]
        fn with_avx2(problem: &Problem, n_steps: usize, tolerance: f32, scratch: &mut [f32], x: &mut [f32]) {
            sized::<true>(problem, n_steps, tolerance, scratch, x);
        }
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the machine has the instructions.
            return unsafe { with_avx512(problem, n_steps, tolerance, scratch, x) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the machine has the instructions.
            return unsafe { with_avx2(problem, n_steps, tolerance, scratch, x) };
        }
    }
    sized::<false>(problem, n_steps, tolerance, scratch, x);
}

/// Gives the compiler the row length as a constant for the common sizes.
#[inline(always)]
fn sized<const FMA: bool>(problem: &Problem, n_steps: usize, tolerance: f32, scratch: &mut [f32], x: &mut [f32]) {
    match x.len() / LANES {
        2 => iterate::<FMA, 2>(problem, n_steps, tolerance, scratch, x),
        4 => iterate::<FMA, 4>(problem, n_steps, tolerance, scratch, x),
        8 => iterate::<FMA, 8>(problem, n_steps, tolerance, scratch, x),
        _ => iterate::<FMA, 0>(problem, n_steps, tolerance, scratch, x),
    }
}

type Chunk = [f32; LANES];

#[inline(always)]
fn iterate<const FMA: bool, const CHUNKS: usize>(
    problem: &Problem,
    n_steps: usize,
    tolerance: f32,
    scratch: &mut [f32],
    x: &mut [f32],
) {
    let chunks = if CHUNKS > 0 { CHUNKS } else { x.len() / LANES };
    let x = &mut x.as_chunks_mut::<LANES>().0[..chunks];
    let (residual, rest) = scratch.as_chunks_mut::<LANES>().0.split_at_mut(chunks);
    let (direction, product) = rest.split_at_mut(chunks);
    let product = &mut product[..chunks];
    apply::<FMA, CHUNKS>(problem, x, Some(problem.targets), residual);
    direction.copy_from_slice(residual);
    let mut squared = dot_chunks::<FMA>(residual, residual);
    let enough = squared.max(f32::MIN_POSITIVE) * tolerance * tolerance;
    for _ in 0..n_steps {
        if squared <= enough.max(1e-30) {
            break;
        }
        apply::<FMA, CHUNKS>(problem, direction, None, product);
        let step = squared / dot_chunks::<FMA>(direction, product);
        for c in 0..chunks {
            for lane in 0..LANES {
                x[c][lane] = fma::<FMA>(step, direction[c][lane], x[c][lane]);
                residual[c][lane] = fma::<FMA>(-step, product[c][lane], residual[c][lane]);
            }
        }
        let next = dot_chunks::<FMA>(residual, residual);
        let keep = next / squared;
        squared = next;
        for c in 0..chunks {
            for lane in 0..LANES {
                direction[c][lane] = fma::<FMA>(keep, direction[c][lane], residual[c][lane]);
            }
        }
    }
}

/// `out = A v`, or `out = Σ c y − A v` when there are targets.
#[inline(always)]
fn apply<const FMA: bool, const CHUNKS: usize>(
    problem: &Problem,
    v: &[Chunk],
    targets: Option<&[f32]>,
    out: &mut [Chunk],
) {
    let chunks = if CHUNKS > 0 { CHUNKS } else { v.len() };
    let (v, out) = (&v[..chunks], &mut out[..chunks]);
    let sign = if targets.is_some() { -1.0 } else { 1.0 };
    for c in 0..chunks {
        for lane in 0..LANES {
            out[c][lane] = sign * v[c][lane];
        }
    }
    if !problem.identity.is_empty() {
        let rows = problem.identity.as_chunks::<LANES>().0.chunks_exact(4 * chunks);
        for (four, part) in rows.zip(v.as_flattened().as_chunks::<4>().0) {
            add_rows::<FMA>(four, chunks, part.map(|value| sign * problem.extra_l2 * value), out);
        }
    }
    let rows = problem.rows.as_chunks::<LANES>().0;
    let n = problem.weights.len();
    let whole = n - n % 4;
    for (at, four) in rows[..whole * chunks].chunks_exact(4 * chunks).enumerate() {
        let dots = dot_rows::<FMA>(four, chunks, v);
        let mut factors = [0f32; 4];
        for r in 0..4 {
            factors[r] =
                sign * problem.weights[4 * at + r] * dots[r] + targets.map_or(0.0, |targets| targets[4 * at + r]);
        }
        add_rows::<FMA>(four, chunks, factors, out);
    }
    for r in whole..n {
        let row = &rows[r * chunks..(r + 1) * chunks];
        let factor = sign * problem.weights[r] * dot_chunks::<FMA>(row, v) + targets.map_or(0.0, |targets| targets[r]);
        for c in 0..chunks {
            for lane in 0..LANES {
                out[c][lane] = fma::<FMA>(factor, row[c][lane], out[c][lane]);
            }
        }
    }
}

/// The products of four rows with `v`.
#[inline(always)]
fn dot_rows<const FMA: bool>(four: &[Chunk], chunks: usize, v: &[Chunk]) -> [f32; 4] {
    let mut sums = [[0f32; LANES]; 4];
    for c in 0..chunks {
        for r in 0..4 {
            for lane in 0..LANES {
                sums[r][lane] = fma::<FMA>(four[r * chunks + c][lane], v[c][lane], sums[r][lane]);
            }
        }
    }
    sums.map(|sum| add_lanes(&sum))
}

#[inline(always)]
fn add_rows<const FMA: bool>(four: &[Chunk], chunks: usize, factors: [f32; 4], out: &mut [Chunk]) {
    for c in 0..chunks {
        let mut sum = out[c];
        for r in 0..4 {
            for lane in 0..LANES {
                sum[lane] = fma::<FMA>(factors[r], four[r * chunks + c][lane], sum[lane]);
            }
        }
        out[c] = sum;
    }
}

#[inline(always)]
fn dot_chunks<const FMA: bool>(a: &[Chunk], b: &[Chunk]) -> f32 {
    let mut sum = [0f32; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sum[lane] = fma::<FMA>(a[lane], b[lane], sum[lane]);
        }
    }
    add_lanes(&sum)
}

/// The sum over lanes as a tree, which is a few shuffles.
#[inline(always)]
fn add_lanes(lanes: &Chunk) -> f32 {
    let mut half = [0f32; 8];
    for lane in 0..8 {
        half[lane] = lanes[lane] + lanes[lane + 8];
    }
    let mut quarter = [0f32; 4];
    for lane in 0..4 {
        quarter[lane] = half[lane] + half[lane + 4];
    }
    (quarter[0] + quarter[2]) + (quarter[1] + quarter[3])
}

#[inline(always)]
fn fma<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Random;

    fn factors(n_rows: usize, n_factors: usize) -> Factors {
        let mut random = Random::new(3);
        let mut factors = Factors::zeros(n_rows, n_factors);
        for row in 0..n_rows {
            factors.row_mut(row)[..n_factors].fill_with(|| random.uniform() as f32 - 0.5);
        }
        factors
    }

    /// ‖Σ c y − A x‖ / ‖Σ c y‖ in f64, in the original coordinates.
    fn relative_residual(y: &Factors, observed: &[(usize, f32, f32)], g: f32, l2: f32, x: &[f32]) -> f64 {
        let wide = |row: usize| y.row(row).iter().map(|&value| f64::from(value)).collect::<Vec<_>>();
        let mut residual: Vec<f64> = x.iter().map(|&x| -f64::from(l2 * x)).collect();
        let mut target = vec![0f64; y.stride];
        let dot = |row: &[f64]| row.iter().zip(x).map(|(a, &b)| a * f64::from(b)).sum::<f64>();
        for row in 0..y.n_rows {
            let values = wide(row);
            let s = dot(&values);
            values.iter().zip(&mut residual).for_each(|(value, sum)| *sum -= f64::from(g) * s * value);
        }
        for &(row, w, c) in observed {
            let values = wide(row);
            let s = dot(&values);
            for (i, value) in values.iter().enumerate() {
                residual[i] += (f64::from(c) - f64::from(w) * s) * value;
                target[i] += f64::from(c) * value;
            }
        }
        let norm = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>().sqrt();
        norm(&residual) / norm(&target)
    }

    #[test]
    fn every_solver_reaches_the_solution() {
        for (n_factors, n_observed) in [(1, 1), (7, 3), (16, 40), (33, 9), (64, 50), (64, 300), (130, 11)] {
            let y = factors(400, n_factors);
            let observed: Vec<_> =
                (0..n_observed).map(|at| ((at * 7) % 400, 0.5 + at as f32 / 50.0, 1.0 + at as f32 / 70.0)).collect();
            for extra in [0.0, 2.5] {
                let shared = Whitened::new(&y, 0.7, 3.0);
                let exact = [(Solver::Cholesky, 1), (Solver::Cg { n_steps: 300, tolerance: 1e-7 }, 1)];
                for (solver, n_sweeps) in exact.into_iter().chain([(Solver::Subspace { size: 16 }, 200)]) {
                    let mut problem = Observed::default();
                    observed.iter().for_each(|&(row, w, c)| problem.push(shared.factors.row(row), w, c));
                    let (mut whitened, mut x) = (vec![0f32; y.stride], vec![0f32; y.stride]);
                    (0..n_sweeps).for_each(|_| problem.solve(&shared, extra, solver, &mut whitened));
                    shared.from_whitened(&whitened, &mut x);
                    let residual = relative_residual(&y, &observed, 0.7, 3.0 + extra, &x);
                    assert!(residual < 1e-4, "{solver:?} k={n_factors} n={n_observed} extra={extra}: {residual}");
                    let (mut original, mut score) = (vec![0f32; 400], vec![0f32; 400]);
                    y.dot_all(&x, &mut original);
                    shared.factors.dot_all(&whitened, &mut score);
                    assert!(original.iter().zip(&score).all(|(a, b)| (a - b).abs() < 1e-3));
                    let mut again = vec![0f32; y.stride];
                    shared.to_whitened(&x, &mut again);
                    assert!(again.iter().zip(&whitened).all(|(a, b)| (a - b).abs() < 1e-3));
                }
            }
        }
    }

    #[test]
    fn vector_instructions_change_nothing_but_rounding() {
        let shared = Whitened::new(&factors(100, 64), 1.0, 1.0);
        let (rows, n) = (&shared.factors.values[..64 * 37], 37);
        let (weights, targets) = (vec![2.0; n], vec![3.0; n]);
        let problem = Problem { rows, weights: &weights, targets: &targets, identity: &[], extra_l2: 0.0 };
        let (mut plain, mut fast, mut scratch) = (vec![0f32; 64], vec![0f32; 64], vec![0f32; 192]);
        sized::<false>(&problem, 5, 0.0, &mut scratch, &mut plain);
        conjugate_gradients(&problem, 5, 0.0, &mut scratch, &mut fast);
        assert!(plain.iter().zip(&fast).all(|(a, b)| (a - b).abs() < 1e-4), "{plain:?} {fast:?}");
    }

    #[test]
    fn without_observations_the_solution_is_zero() {
        let shared = Whitened::new(&factors(5, 3), 1.0, 1.0);
        let mut x = vec![1.0; 16];
        Observed::default().solve(&shared, 0.0, Solver::Cholesky, &mut x);
        assert_eq!(x, vec![0.0; 16]);
    }
}
