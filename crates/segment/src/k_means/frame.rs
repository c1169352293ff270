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
    pub spherical: bool,
    pub passes: Passes<T>,
}

impl<'a, T: Near> Frame<'a, T> {
    pub fn new(points: Points<'a, T>, weights: Option<&'a [f64]>, spherical: bool) -> Self {
        let (values, n, d) = (points.values(), points.n(), points.d());
        let passes = Passes::default();
        let zeros = vec![T::ZERO; d];
        let labels = [0u32; BLOCK];
        let nowhere = [math::nearest::NOWHERE; BLOCK];
        let mean = summed(values, d, |_, rows, sum| {
            let n = rows.len() / d;
            passes.move_rows(rows, &zeros, &nowhere[..n], &labels[..n], None, sum);
        });
        let mean: Vec<f64> = mean.iter().map(|sum| sum / n as f64).collect();
        // Directions have no mean to be taken off.
        let shift: Vec<T> = if spherical { zeros } else { mean.iter().map(|&mean| T::from_f64(mean)).collect() };
        let about = |weights: Option<&[f64]>| {
            summed(values, d, |first, rows, sum| {
                let weights = weights.map(|weights| &weights[first..first + rows.len() / d]);
                passes.column_squares(rows, &shift, weights, sum);
            })
        };
        let squares = about(None);
        // The shift is the mean rounded, or 0: what it is off by is taken out again.
        let off = |at: usize| mean[at] - shift[at].to_f64();
        let variance = (0..d).map(|at| (squares[at] / n as f64 - off(at).powi(2)).max(0.0)).sum::<f64>() / d as f64;
        let squares = match weights {
            Some(_) => about(weights).iter().sum(),
            None => squares.iter().sum(),
        };
        let weight = weights.map_or(n as f64, |weights| weights.iter().sum());
        Frame { values, n, d, shift, weights, weight, squares, variance, spherical, passes }
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

/// What `pass` adds up over blocks of rows, told where each starts. Shape: (d).
fn summed<T: Near>(values: &[T], d: usize, pass: impl Fn(usize, &[T], &mut [f64]) + Sync) -> Vec<f64> {
    let blocks_at_once = 16;
    let partial: Vec<Vec<f64>> = values
        .par_chunks(blocks_at_once * BLOCK * d)
        .enumerate()
        .map(|(part, values)| {
            let mut sum = vec![0.0; d];
            for (block, rows) in values.chunks(BLOCK * d).enumerate() {
                pass((part * blocks_at_once + block) * BLOCK, rows, &mut sum);
            }
            sum
        })
        .collect();
    partial.into_iter().fold(vec![0.0; d], |mut all, part| {
        all.iter_mut().zip(part).for_each(|(all, part)| *all += part);
        all
    })
}
