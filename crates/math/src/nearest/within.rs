//! Which rows of lower bounds reach down to a limit: the pass that decides, for many rows, that there is nothing to do.

// Lanes are counted: an iterator over each array would hide that they go together.
#![allow(clippy::needless_range_loop)]

use crate::widest::widest;

/// Bounds of a row are looked at this many at once; rows of more than one bound are filled up to a multiple.
pub const BOUNDS: usize = 16;

/// Appends the rows of which some bound, less what is taken off its column, is at most the row's limit.
/// Shapes: `lower` (n, m), `off` (m), `limits` (n), with m 1 or a multiple of [`BOUNDS`].
pub fn rows_within(lower: &[f32], off: &[f32], limits: &[f32], rows: &mut Vec<u32>) {
    #[inline(always)]
    fn pass(lower: &[f32], off: &[f32], limits: &[f32], rows: &mut Vec<u32>) {
        if let &[off] = off {
            for (part, (lower, limits)) in lower.chunks(BOUNDS).zip(limits.chunks(BOUNDS)).enumerate() {
                let mut any = false;
                for at in 0..limits.len() {
                    any |= lower[at] - off <= limits[at];
                }
                if any {
                    // Without a branch that nobody can foresee.
                    let (mut n, mut within) = (0, [0; BOUNDS]);
                    for at in 0..limits.len() {
                        within[n] = (part * BOUNDS + at) as u32;
                        n += usize::from(lower[at] - off <= limits[at]);
                    }
                    rows.extend_from_slice(&within[..n]);
                }
            }
            return;
        }
        for (row, (lower, &limit)) in lower.chunks_exact(off.len()).zip(limits).enumerate() {
            let mut n_within = [0u32; BOUNDS];
            for (lower, off) in lower.chunks_exact(BOUNDS).zip(off.chunks_exact(BOUNDS)) {
                for at in 0..BOUNDS {
                    n_within[at] |= u32::from(lower[at] - off[at] <= limit);
                }
            }
            if n_within.iter().fold(0, |any, &one| any | one) != 0 {
                rows.push(row as u32);
            }
        }
    }
    widest!(pass(lower: &[f32], off: &[f32], limits: &[f32], rows: &mut Vec<u32>) -> ())
}

/// `√(upper² + slack × (square + more))`, rounded up, for each row. Shapes: (n).
pub fn limits(upper: &[f32], squares: &[f32], slack: f64, more: f64, limits: &mut [f32]) {
    #[inline(always)]
    fn pass(upper: &[f32], squares: &[f32], slack: f64, more: f64, limits: &mut [f32]) {
        for ((&upper, &square), limit) in upper.iter().zip(squares).zip(limits) {
            let (upper, square) = (f64::from(upper), f64::from(square));
            *limit = (upper * upper + slack * (square + more)).sqrt() as f32 * (1.0 + 3e-7);
        }
    }
    widest!(pass(upper: &[f32], squares: &[f32], slack: f64, more: f64, limits: &mut [f32]) -> ())
}

/// What comparing a point with its list has come to.
pub const SETTLED: u8 = 0;
/// A centre outside of the list may be nearest.
pub const BEYOND: u8 = 1;
/// Two centres of the list are as near as rounding can tell.
pub const TIED: u8 = 2;

/// Bounds of points compared with lists, from scores that are off by half of what a squared distance is off, and whether
/// that settles which centre is nearest. The largest number loses nothing by being `far`.
pub struct Judged<'a> {
    /// On the distance to the nearest, and to all others.
    pub upper: &'a mut [f32],
    pub near: &'a mut [f32],
    /// [`SETTLED`], [`BEYOND`] or [`TIED`].
    pub verdicts: &'a mut [u8],
}

/// Shapes: `scores` (n, 2), the least and the second; `squares` and `far` (n): squared lengths, and bounds on the distance
/// to what is outside of the lists. A squared distance is off by at most `slack × (square + more) + least`.
pub fn judge(scores: &[[f32; 2]], squares: &[f32], far: &[f32], off: [f64; 3], judged: Judged<'_>) {
    #[inline(always)]
    fn pass(
        scores: &[[f32; 2]],
        squares: &[f32],
        far: &[f32],
        off: [f64; 3],
        upper: &mut [f32],
        near: &mut [f32],
        verdicts: &mut [u8],
    ) {
        const UP: f32 = 1.0 + 3e-7;
        const DOWN: f32 = 1.0 - 3e-7;
        let ([slack, more, least], n) = (off, scores.len());
        let (squares, far) = (&squares[..n], &far[..n]);
        let (upper, near, verdicts) = (&mut upper[..n], &mut near[..n], &mut verdicts[..n]);
        for at in 0..n {
            let [score, second] = scores[at].map(f64::from);
            let square = f64::from(squares[at]);
            let off = slack * (square + more) + least;
            let up = ((square + 2.0 * score).max(0.0) + off).sqrt() as f32 * UP;
            let limit = (f64::from(up) * f64::from(up) + 2.0 * off).sqrt() as f32 * UP;
            let low = (square * (1.0 - 1e-6) + 2.0 * second - off).max(0.0).sqrt() as f32 * DOWN;
            upper[at] = up;
            near[at] = if low < far[at] { low } else { far[at] };
            let tied = if second - score > 2.0 * off { SETTLED } else { TIED };
            verdicts[at] = if far[at] > limit { tied } else { BEYOND };
        }
    }
    let Judged { upper, near, verdicts } = judged;
    widest!(pass(scores: &[[f32; 2]], squares: &[f32], far: &[f32], off: [f64; 3], upper: &mut [f32], near: &mut [f32], verdicts: &mut [u8]) -> ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_reach_the_limit_are_told() {
        let mut lower = vec![5.0; 96];
        (lower[32 + 31], lower[64]) = (3.5, 3.0);
        let mut off = [0.0; 32];
        off[31] = 0.5;
        let mut rows = Vec::new();
        rows_within(&lower, &off, &[4.0, 3.0, 2.9], &mut rows);
        assert_eq!(rows, [1]);
        rows.clear();
        let mut lower = vec![5.0; 40];
        (lower[3], lower[39]) = (4.0, 4.5);
        rows_within(&lower, &[0.5], &[3.75; 40], &mut rows);
        assert_eq!(rows, [3]);
        let mut found = [0.0; 2];
        limits(&[3.0, 0.0], &[6.0, 1.0], 2.0, 2.0, &mut found);
        assert!(found[0] >= 5.0 && found[0] < 5.00001 && found[1] >= 6f32.sqrt());
    }
}
