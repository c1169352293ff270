//! All pairs of two leaves at once: which scores |y|²/2 − x·y are at most a limit of x. Scores stay in registers.

// Lanes are counted: an iterator over each array would hide that they go together.
#![allow(clippy::needless_range_loop)]

use super::lanes::{Lanes, Plain};
use crate::kd_tree::LEAF;

/// Two limits for each place of a leaf, or what is found for them.
type Two<'a, T> = [&'a [T; LEAF]; 2];
type TwoMut<'a, T> = [&'a mut [T; LEAF]; 2];

/// The kernel of this processor.
#[allow(clippy::type_complexity)]
#[derive(Clone, Copy)]
pub(crate) struct Tile(unsafe fn(&[f32], &[f32], &[f32; LEAF], &[u8], Two<'_, f32>, TwoMut<'_, u32>));

impl Tile {
    /// Writes for each picked place of `own` the places of `other` whose score is at most its first, and second, limit.
    /// Shapes: `own` and `other` (d, LEAF).
    ///
    /// # Panics
    /// If the two differ in shape, or a pick is no place.
    pub fn compare(
        self,
        own: &[f32],
        other: &[f32],
        halves: &[f32; LEAF],
        picks: &[u8],
        limits: Two<'_, f32>,
        found: TwoMut<'_, u32>,
    ) {
        let (n_own, n_other) = (own.len(), other.len());
        assert!(n_own == n_other && n_own.is_multiple_of(LEAF), "leaves of {n_own} and {n_other}");
        assert!(picks.iter().all(|&pick| usize::from(pick) < LEAF), "{picks:?}");
        // SAFETY: the processor has the instructions; both blocks have the same number of whole columns, as asserted.
        unsafe { (self.0)(own, other, halves, picks, limits, found) }
    }
}

/// `C` registers hold a column; picks go together by `P`, the last ones by fewer.
#[inline(always)]
unsafe fn compare<L: Lanes<T = f32>, const C: usize, const P: usize>(
    own: &[f32],
    other: &[f32],
    halves: &[f32; LEAF],
    picks: &[u8],
    limits: Two<'_, f32>,
    found: TwoMut<'_, u32>,
) {
    debug_assert!(C * L::N == LEAF);
    let (together, rest) = picks.split_at(picks.len() / P * P);
    let [first, second] = found;
    for picks in together.chunks_exact(P) {
        unsafe { some::<L, C, P>(own, other, halves, picks, limits, [first, second]) };
    }
    // Never more than four at a time remain of eight.
    let mut rest = rest;
    while let [_, ..] = rest {
        let n = if rest.len() >= 4 && P > 4 { 4 } else { rest.len().min(2) };
        let (picks, later) = rest.split_at(n);
        unsafe {
            match n {
                4 => some::<L, C, 4>(own, other, halves, picks, limits, [first, second]),
                2 => some::<L, C, 2>(own, other, halves, picks, limits, [first, second]),
                _ => some::<L, C, 1>(own, other, halves, picks, limits, [first, second]),
            }
        }
        rest = later;
    }
}

/// `P` picks.
#[inline(always)]
unsafe fn some<L: Lanes<T = f32>, const C: usize, const P: usize>(
    own: &[f32],
    other: &[f32],
    halves: &[f32; LEAF],
    picks: &[u8],
    limits: Two<'_, f32>,
    found: TwoMut<'_, u32>,
) {
    let places: [usize; P] = std::array::from_fn(|p| usize::from(picks[p]));
    unsafe {
        let mut sums = [[L::splat(0.0); C]; P];
        for c in 0..C {
            let half = L::load(halves.as_ptr().add(c * L::N));
            for p in 0..P {
                sums[p][c] = half;
            }
        }
        for (x, y) in own.chunks_exact(LEAF).zip(other.chunks_exact(LEAF)) {
            let mut column = [L::splat(0.0); C];
            for c in 0..C {
                column[c] = L::load(y.as_ptr().add(c * L::N));
            }
            for p in 0..P {
                let value = L::splat(*x.as_ptr().add(places[p]));
                for c in 0..C {
                    sums[p][c] = L::minus_product(column[c], value, sums[p][c]);
                }
            }
        }
        for p in 0..P {
            for which in 0..2 {
                let limit = L::splat(limits[which][places[p]]);
                let mut set = 0;
                for c in 0..C {
                    set |= L::at_most(sums[p][c], limit) << (c * L::N);
                }
                found[which][places[p]] = set;
            }
        }
    }
}

/// The kernel compiled over `$lanes`.
macro_rules! compiled {
    ($lanes:ty, $c:literal, $p:literal $(, $features:literal)?) => {{
        $(#[target_feature(enable = $features)])?
        unsafe fn here(
            own: &[f32],
            other: &[f32],
            halves: &[f32; LEAF],
            picks: &[u8],
            limits: Two<'_, f32>,
            found: TwoMut<'_, u32>,
        ) {
            unsafe { compare::<$lanes, $c, $p>(own, other, halves, picks, limits, found) }
        }
        Tile(here)
    }};
}

/// All that this processor can run, the fastest first.
fn kernels() -> Vec<Tile> {
    let mut all = Vec::with_capacity(3);
    #[cfg(target_arch = "x86_64")]
    {
        use super::lanes::{Avx2F32, Avx512F32};
        if is_x86_feature_detected!("avx512f") {
            all.push(compiled!(Avx512F32, 2, 8, "avx512f"));
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            all.push(compiled!(Avx2F32, 4, 2, "avx2,fma"));
        }
    }
    all.push(compiled!(Plain<f32>, 8, 1));
    all
}

pub(crate) fn tile_kernel() -> Tile {
    kernels()[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Random;

    #[test]
    fn every_kernel_finds_the_same_pairs() {
        let mut random = Random::new(1);
        for d in [1, 3, 40] {
            // Whole numbers: no rounding.
            let mut some = |n: usize| (0..n).map(|_| random.below(9) as f32 - 4.0).collect::<Vec<f32>>();
            let (own, other, halves) = (some(d * LEAF), some(d * LEAF), some(LEAF));
            let (high, low) = (some(LEAF), some(LEAF));
            let limit = |values: &[f32]| -> [f32; LEAF] { std::array::from_fn(|at| values[at] * 5.0) };
            let limits = [&limit(&high), &limit(&low)];
            for kernel in kernels() {
                for n_picks in 0..=LEAF {
                    let picks: Vec<u8> = (0..n_picks as u8).map(|at| at * 5 % LEAF as u8).collect();
                    let (mut first, mut second) = ([0; LEAF], [0; LEAF]);
                    let halves = halves.first_chunk().unwrap();
                    kernel.compare(&own, &other, halves, &picks, limits, [&mut first, &mut second]);
                    for at in 0..LEAF {
                        let is_picked = picks.contains(&(at as u8));
                        for lane in 0..LEAF {
                            let product: f32 = (0..d).map(|j| own[j * LEAF + at] * other[j * LEAF + lane]).sum();
                            let score = halves[lane] - product;
                            assert_eq!(first[at] >> lane & 1 == 1, is_picked && score <= limits[0][at]);
                            assert_eq!(second[at] >> lane & 1 == 1, is_picked && score <= limits[1][at]);
                        }
                    }
                }
            }
        }
    }
}
