//! The points of a run as all its parts see them: relative to their mean, weighted, cut into segments.

use math::nearest::{Near, Passes};
use rayon::prelude::*;

use crate::Points;

/// Rows a thread handles before it looks at the next; their columns fit into its cache.
pub(super) const BLOCK: usize = 1024;
/// Segments at most: each has its own sums.
const SEGMENTS_MAX: usize = 32;
/// Rows of a segment at least.
const SEGMENT_MIN: usize = 4 * BLOCK;

/// Points, and what is known of them before any centre is.
pub(super) struct Frame<'a, T: 'static> {
    /// Shape: (n, d).
    pub values: &'a [T],
    pub n: usize,
    pub d: usize,
    /// What is taken off each row: the mean. Shape: (d).
    pub shift: Vec<T>,
    /// Shape: (n).
    pub weights: Option<&'a [f64]>,
    pub weight: f64,
    /// The weighted sum of squared lengths, less the shift.
    pub squares: f64,
    /// The mean over columns of their variance, without weights, as scikit-learn's tolerance has it.
    pub variance: f64,
    /// The largest root of a column's mean square, less the shift and without weights.
    pub spread: f64,
    /// A place at 0. Shape: (d).
    pub zeros: Vec<T>,
    pub spherical: bool,
    pub passes: Passes<T>,
}

impl<'a, T: Near> Frame<'a, T> {
    pub fn new(points: Points<'a, T>, weights: Option<&'a [f64]>, spherical: bool) -> Self {
        let (values, n, d) = (points.values(), points.n(), points.d());
        let passes = Passes::default();
        let zeros = vec![T::ZERO; d];
        // Directions have no mean to be taken off. The others' is found about a guess, so that one pass is enough.
        let guess: Vec<T> = if spherical { zeros.clone() } else { guess(values, d) };
        let about = |shift: &[T], weights: Option<&[f64]>| {
            summed(values, 2 * d, d, |first, rows, sums| {
                let weights = weights.map(|weights| &weights[first..first + rows.len() / d]);
                let (sum, squares) = sums.split_at_mut(d);
                passes.column_sums(rows, shift, weights, sum, squares);
            })
        };
        let sums = about(&guess, None);
        let mean = |at: usize| sums[at] / n as f64;
        let variance = |at: usize| (sums[d + at] / n as f64 - mean(at).powi(2)).max(0.0);
        let shift: Vec<T> = if spherical {
            zeros.clone()
        } else {
            (0..d).map(|at| T::from_f64(guess[at].to_f64() + mean(at))).collect()
        };
        // About the shift: what it is off the guess by is taken out.
        let squares = match weights {
            Some(_) => about(&shift, weights)[d..].iter().sum(),
            None => (0..d)
                .map(|at| {
                    let off = shift[at].to_f64() - guess[at].to_f64();
                    (sums[d + at] - 2.0 * off * sums[at] + n as f64 * off * off).max(0.0)
                })
                .sum::<f64>(),
        };
        let weight = weights.map_or(n as f64, |weights| weights.iter().sum());
        // Directions are not shifted.
        let square = |at: usize| if spherical { sums[d + at] / n as f64 } else { variance(at) };
        let spread = (0..d).map(square).fold(0.0, f64::max).sqrt();
        let variance = (0..d).map(variance).sum::<f64>() / d as f64;
        Frame { values, n, d, shift, weights, weight, squares, variance, spread, zeros, spherical, passes }
    }

    /// Rows as given, relative to the shift. Shapes: (k, d).
    pub fn relative(&self, rows: &[f64]) -> Vec<f64> {
        rows.chunks_exact(self.d)
            .flat_map(|row| row.iter().zip(&self.shift).map(|(value, shift)| value - shift.to_f64()))
            .collect()
    }

    /// The way back.
    pub fn absolute(&self, rows: &[f64]) -> Vec<f64> {
        rows.chunks_exact(self.d)
            .flat_map(|row| row.iter().zip(&self.shift).map(|(value, shift)| value + shift.to_f64()))
            .collect()
    }

    /// A row relative to the shift, as kernels see it. Shape: (d).
    pub fn row(&self, row: usize) -> impl Iterator<Item = T> + '_ {
        self.values[row * self.d..(row + 1) * self.d].iter().zip(&self.shift).map(|(&value, &shift)| value - shift)
    }

    pub fn weight_of(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row])
    }

    /// Rows per segment: whole blocks, whatever the number of threads.
    pub fn segment(&self) -> usize {
        self.n.div_ceil(SEGMENTS_MAX).max(SEGMENT_MIN).next_multiple_of(BLOCK)
    }
}

/// The mean of some rows from all over. Shape: (d).
fn guess<T: Near>(values: &[T], d: usize) -> Vec<T> {
    let n = values.len() / d;
    let step = n.div_ceil(BLOCK);
    let mut sums = vec![0.0; d];
    for row in values.chunks_exact(d).step_by(step) {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value.to_f64());
    }
    sums.iter().map(|sum| T::from_f64(sum / n.div_ceil(step) as f64)).collect()
}

/// The `n_sums` that `pass` adds up over blocks of rows, told where each starts.
fn summed<T: Near>(values: &[T], n_sums: usize, d: usize, pass: impl Fn(usize, &[T], &mut [f64]) + Sync) -> Vec<f64> {
    let blocks_at_once = 16;
    let partial: Vec<Vec<f64>> = values
        .par_chunks(blocks_at_once * BLOCK * d)
        .enumerate()
        .map(|(part, values)| {
            let mut sums = vec![0.0; n_sums];
            for (block, rows) in values.chunks(BLOCK * d).enumerate() {
                pass((part * blocks_at_once + block) * BLOCK, rows, &mut sums);
            }
            sums
        })
        .collect();
    partial.into_iter().fold(vec![0.0; n_sums], |mut all, part| {
        all.iter_mut().zip(part).for_each(|(all, part)| *all += part);
        all
    })
}
