//! Passes over rows that compilers vectorise by themselves, once compiled for the processor: sums by label in double
//! precision, squared distances to the own centre, sums of columns.

// Lanes are counted: an iterator over each array would hide that they go together.
#![allow(clippy::needless_range_loop)]

use super::kernels::{Kernels, Near, Rows};
use crate::dense::Real;

/// A row that belongs to no sum yet.
pub const NOWHERE: u32 = u32::MAX;

/// Numbers summed side by side.
const LANES: usize = 16;

/// The passes, for the processor they run on.
#[derive(Clone, Copy)]
pub struct Passes<T: 'static>(Kernels<T>);

impl<T: Near> Default for Passes<T> {
    fn default() -> Self {
        Passes(T::kernels()[0])
    }
}

impl<T: Near> Passes<T> {
    /// Takes each row whose sum changes off the sum `from` (unless [`NOWHERE`]) and adds it to the sum `to`: row less
    /// shift, times weight. Shapes: `values` (n, d), `shift` (d), `from`, `to` and `weights` (n), `sums` (k, d).
    ///
    /// # Panics
    /// If a sum does not exist or lengths do not fit.
    pub fn move_rows(
        &self,
        values: &[T],
        shift: &[T],
        from: &[u32],
        to: &[u32],
        weights: Option<&[f64]>,
        sums: &mut [f64],
    ) {
        // SAFETY: the processor has the instructions; the pass itself is safe code.
        unsafe { (self.0.move_rows)(&Rows { values, d: shift.len(), shift }, from, to, weights, sums) }
    }

    /// Squared distances of the picked rows, less the shift, to the centre of each one's label. Shapes: `values` (n, d),
    /// `shift` (d), `labels` (n), `centres` (k, d), `out` as `picks`.
    ///
    /// # Panics
    /// If a row or centre does not exist.
    pub fn distances(&self, values: &[T], shift: &[T], picks: &[u32], labels: &[u32], centres: &[T], out: &mut [f64]) {
        // SAFETY: as above.
        unsafe { (self.0.distances)(&Rows { values, d: shift.len(), shift }, picks, labels, centres, out) }
    }

    /// Adds the weighted sums of each column, less the shift, and of its squares. Shapes: `values` (n, d); `shift`, `sums`
    /// and `squares` (d).
    ///
    /// # Panics
    /// If lengths do not fit.
    pub fn column_sums(
        &self,
        values: &[T],
        shift: &[T],
        weights: Option<&[f64]>,
        sums: &mut [f64],
        squares: &mut [f64],
    ) {
        // SAFETY: as above.
        unsafe { (self.0.column_sums)(&Rows { values, d: shift.len(), shift }, weights, sums, squares) }
    }
}

#[inline(always)]
pub(super) fn move_rows<T: Real>(
    rows: &Rows<'_, T>,
    from: &[u32],
    to: &[u32],
    weights: Option<&[f64]>,
    sums: &mut [f64],
) {
    let d = rows.d;
    let shift = &rows.shift[..d];
    for (at, (&from, &to)) in from.iter().zip(to).enumerate() {
        if from == to {
            continue;
        }
        let weight = weights.map_or(1.0, |weights| weights[at]);
        let row = &rows.values[at * d..][..d];
        if from != NOWHERE {
            let sum = &mut sums[from as usize * d..][..d];
            (0..d).for_each(|i| sum[i] -= (row[i] - shift[i]).to_f64() * weight);
        }
        let sum = &mut sums[to as usize * d..][..d];
        (0..d).for_each(|i| sum[i] += (row[i] - shift[i]).to_f64() * weight);
    }
}

#[inline(always)]
pub(super) fn distances<T: Real>(rows: &Rows<'_, T>, picks: &[u32], labels: &[u32], centres: &[T], out: &mut [f64]) {
    let d = rows.d;
    let shift = &rows.shift[..d];
    for (&pick, out) in picks.iter().zip(out) {
        let row = &rows.values[pick as usize * d..][..d];
        let centre = &centres[labels[pick as usize] as usize * d..][..d];
        let mut sums = [T::ZERO; LANES];
        let whole = d / LANES * LANES;
        for first in (0..whole).step_by(LANES) {
            let (row, shift, centre) =
                (&row[first..first + LANES], &shift[first..first + LANES], &centre[first..first + LANES]);
            for i in 0..LANES {
                let apart = row[i] - shift[i] - centre[i];
                sums[i] += apart * apart;
            }
        }
        let mut rest = T::ZERO;
        for i in whole..d {
            let apart = row[i] - shift[i] - centre[i];
            rest += apart * apart;
        }
        *out = folded(sums).to_f64() + rest.to_f64();
    }
}

#[inline(always)]
fn folded<T: Real>(mut sums: [T; LANES]) -> T {
    for half in [8, 4, 2, 1] {
        for i in 0..half {
            let more = sums[i + half];
            sums[i] += more;
        }
    }
    sums[0]
}

#[inline(always)]
pub(super) fn column_sums<T: Real>(rows: &Rows<'_, T>, weights: Option<&[f64]>, sums: &mut [f64], squares: &mut [f64]) {
    let d = rows.d;
    let (shift, sums, squares) = (&rows.shift[..d], &mut sums[..d], &mut squares[..d]);
    for (at, row) in rows.values.chunks_exact(d).enumerate() {
        let weight = weights.map_or(1.0, |weights| weights[at]);
        for i in 0..d {
            let apart = (row[i] - shift[i]).to_f64();
            sums[i] += apart * weight;
            squares[i] += apart * apart * weight;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_move_between_sums() {
        let values = [1f32, 2.0, 3.0, 4.0, 5.0, 6.0];
        let passes = Passes::default();
        let mut sums = vec![0.0; 4];
        passes.move_rows(&values, &[1.0, 0.0], &[NOWHERE; 3], &[0, 1, 1], Some(&[1.0, 2.0, 0.5]), &mut sums);
        assert_eq!(sums, [0.0, 2.0, 6.0, 11.0]);
        passes.move_rows(&values, &[1.0, 0.0], &[0, 1, 1], &[0, 0, 1], Some(&[1.0, 2.0, 0.5]), &mut sums);
        assert_eq!(sums, [4.0, 10.0, 2.0, 3.0]);
    }

    #[test]
    fn distances_and_squares() {
        let values: Vec<f64> = (0..40).map(f64::from).collect();
        let shift = [0.5; 20];
        let centres = [1.0; 20];
        let mut out = [0.0; 2];
        Passes::default().distances(&values, &shift, &[1, 0], &[0, 0], &centres, &mut out);
        let expected = |first: i32| (first..first + 20).map(|x| (f64::from(x) - 1.5).powi(2)).sum::<f64>();
        assert_eq!(out, [expected(20), expected(0)]);
        let (mut sums, mut squares) = ([0.0; 20], [0.0; 20]);
        Passes::default().column_sums(&values, &shift, Some(&[1.0, 2.0]), &mut sums, &mut squares);
        assert_eq!((sums[3], squares[3]), (2.5 + 2.0 * 22.5, 2.5 * 2.5 + 2.0 * 22.5 * 22.5));
    }
}
