//! The two inner loops: rows turned into columns, and the nearest of some centres found for each column while all
//! products stay in registers. Each is written once over [`Lanes`] and compiled for every processor.

// Lanes are counted: an iterator over each array would hide that they go together.
#![allow(clippy::needless_range_loop)]

use super::lanes::{LANES_MAX, Lanes, Plain};
use super::{Found, TILE_CENTRES, WIDTH, rows};
use crate::dense::Real;

/// The kernels of one processor: each field is a function of this file, where its arguments have names.
#[allow(clippy::type_complexity)]
#[derive(Clone, Copy)]
pub struct Kernels<T: 'static> {
    pub name: &'static str,
    pub pack: unsafe fn(&Rows<'_, T>, &[u32], &mut [T], &mut [T; WIDTH]),
    pub nearest: unsafe fn(&[T], usize, usize, &[T], &[T], &mut Found<T>),
    pub nearest_two: unsafe fn(&[T], usize, usize, &[T], &[T], &mut Found<T>),
    /// For as many centres as a register has lanes, or fewer; of the first kernel that has enough.
    pub few: [(usize, Few<T>); 2],
    pub move_rows: unsafe fn(&Rows<'_, T>, &[u32], &[u32], Option<&[f64]>, &mut [f64]),
    pub distances: unsafe fn(&Rows<'_, T>, &[u32], &[u32], &[T], &mut [f64]),
    pub column_sums: unsafe fn(&Rows<'_, T>, Option<&[f64]>, &mut [f64], &mut [f64]),
}

/// [`few`] over some lanes.
pub type Few<T> = unsafe fn(&Rows<'_, T>, &[T], &[T], &mut [T], &mut [u32]);

/// Rows are asked for this many bytes before they are turned: sixteen rows side by side are no stream to a processor.
const AHEAD: usize = 8192;

/// Asks for a cache line; an address that is nobody's is fine.
#[inline(always)]
fn prefetch<T>(_at: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 has the instruction, and it never faults.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(_at.cast());
    }
}

/// Rows, and what is taken off each of them. Shapes: (n, d), (d).
pub struct Rows<'a, T> {
    pub values: &'a [T],
    pub d: usize,
    pub shift: &'a [T],
}

/// Writes the picked rows, less the shift, as columns of `panel` (d rounded up to 16, WIDTH), and their squared lengths.
#[inline(always)]
unsafe fn pack<L: Lanes>(rows: &Rows<'_, L::T>, picks: &[u32], panel: &mut [L::T], squares: &mut [L::T; WIDTH]) {
    let d = rows.d;
    let (values, shift, panel) = (rows.values.as_ptr(), rows.shift.as_ptr(), panel.as_mut_ptr());
    let is_run = picks[picks.len() - 1].wrapping_sub(picks[0]) as usize == picks.len() - 1;
    let mut lane = 0;
    while lane < picks.len() {
        // Lanes beyond the last pick repeat it; nobody reads them.
        let from: [*const L::T; LANES_MAX] =
            std::array::from_fn(|at| unsafe { values.add(picks[(lane + at).min(picks.len() - 1)] as usize * d) });
        let mut minus_square = unsafe { L::splat(L::T::ZERO) };
        let mut first = 0;
        while first < d {
            unsafe {
                let mut square = [L::splat(L::T::ZERO); LANES_MAX];
                if is_run {
                    for at in 0..L::N {
                        prefetch(from[at].wrapping_add(first).wrapping_byte_add(AHEAD));
                    }
                }
                if first + L::N <= d {
                    let off = L::load(shift.add(first));
                    for at in 0..L::N {
                        square[at] = L::sub(L::load(from[at].add(first)), off);
                    }
                } else {
                    let off = L::load_part(shift.add(first), d - first);
                    for at in 0..L::N {
                        square[at] = L::sub(L::load_part(from[at].add(first), d - first), off);
                    }
                }
                L::transpose(&mut square);
                for at in 0..L::N {
                    L::store(panel.add((first + at) * WIDTH + lane), square[at]);
                    minus_square = L::minus_product(square[at], square[at], minus_square);
                }
            }
            first += L::N;
        }
        unsafe { L::store(squares.as_mut_ptr().add(lane), L::sub(L::splat(L::T::ZERO), minus_square)) };
        lane += L::N;
    }
}

/// For the first `n` columns the centre with the least score |c|²/2 − x·c, of those in `tiles`; the first of equals.
#[inline(always)]
unsafe fn nearest<L: Lanes, const TWO: bool>(
    panel: &[L::T],
    d: usize,
    n: usize,
    tiles: &[L::T],
    halves: &[L::T],
    found: &mut Found<L::T>,
) {
    let mut lane = 0;
    while lane < n {
        unsafe {
            match (n - lane).div_ceil(L::N) {
                1 => {
                    columns::<L, 1, TWO>(panel, d, lane, tiles, halves, found);
                    lane += L::N;
                }
                2 | 3 => {
                    columns::<L, 2, TWO>(panel, d, lane, tiles, halves, found);
                    lane += 2 * L::N;
                }
                _ => {
                    columns::<L, 4, TWO>(panel, d, lane, tiles, halves, found);
                    lane += 4 * L::N;
                }
            }
        }
    }
}

/// `P` registers of columns against all centres. Sums run over the dimensions in order whatever `P`, so that a score is
/// the same number wherever it is computed.
#[inline(always)]
unsafe fn columns<L: Lanes, const P: usize, const TWO: bool>(
    panel: &[L::T],
    d: usize,
    lane: usize,
    tiles: &[L::T],
    halves: &[L::T],
    found: &mut Found<L::T>,
) {
    unsafe {
        let mut best = [L::splat(L::T::INFINITY); P];
        let mut second = [L::splat(L::T::INFINITY); P];
        let mut at = [L::splat(L::T::ZERO); P];
        let mut number = L::T::ZERO;
        let mut centre = tiles.as_ptr();
        for half in halves.chunks_exact(TILE_CENTRES) {
            let mut sums = [[L::splat(L::T::ZERO); P]; TILE_CENTRES];
            for j in 0..TILE_CENTRES {
                sums[j] = [L::splat(half[j]); P];
            }
            let mut x = panel.as_ptr().add(lane);
            for _ in 0..d {
                let mut column = [L::splat(L::T::ZERO); P];
                for p in 0..P {
                    column[p] = L::load(x.add(p * L::N));
                }
                for j in 0..TILE_CENTRES {
                    let value = L::splat(*centre.add(j));
                    for p in 0..P {
                        sums[j][p] = L::minus_product(column[p], value, sums[j][p]);
                    }
                }
                x = x.add(WIDTH);
                centre = centre.add(TILE_CENTRES);
            }
            for sum in sums {
                let this = L::splat(number);
                for p in 0..P {
                    if TWO {
                        second[p] = L::min(second[p], L::max(best[p], sum[p]));
                    }
                    at[p] = L::select_less(sum[p], best[p], this, at[p]);
                    best[p] = L::min(sum[p], best[p]);
                }
                number += L::T::ONE;
            }
        }
        for p in 0..P {
            L::store(found.score.as_mut_ptr().add(lane + p * L::N), best[p]);
            L::store(found.at.as_mut_ptr().add(lane + p * L::N), at[p]);
            if TWO {
                L::store(found.second.as_mut_ptr().add(lane + p * L::N), second[p]);
            }
        }
    }
}

/// The nearest centre for each row, where a register holds a dimension of all of them: rows need not be
/// turned. Shapes: `columns` (d, N) and `halves` (N) of the centres, `room` (N, LANES_MAX). Scores are those of [`columns`].
#[inline(always)]
unsafe fn few<L: Lanes>(
    rows: &Rows<'_, L::T>,
    columns: &[L::T],
    halves: &[L::T],
    room: &mut [L::T],
    labels: &mut [u32],
) {
    let d = rows.d;
    let mut numbers = [L::T::ZERO; LANES_MAX];
    for (rows_here, labels) in rows.values.chunks(L::N * d).zip(labels.chunks_mut(L::N)) {
        let mut sums = [unsafe { L::load(halves.as_ptr()) }; LANES_MAX];
        for first in (0..d).step_by(LANES_MAX) {
            let n_dims = LANES_MAX.min(d - first);
            for at in 0..labels.len() {
                // By pointers and plain loops: what is handed to an iterator may be compiled for any processor.
                unsafe {
                    let (row, room) = (rows_here.as_ptr().add(at * d + first), room.as_mut_ptr().add(at * LANES_MAX));
                    let shift = rows.shift.as_ptr().add(first);
                    prefetch(row.wrapping_byte_add(AHEAD));
                    let mut dim = 0;
                    while dim + L::N <= n_dims {
                        L::store(room.add(dim), L::sub(L::load(row.add(dim)), L::load(shift.add(dim))));
                        dim += L::N;
                    }
                    if dim < n_dims {
                        let n = n_dims - dim;
                        L::store(room.add(dim), L::sub(L::load_part(row.add(dim), n), L::load_part(shift.add(dim), n)));
                    }
                }
            }
            unsafe {
                let (mut x, mut centre) = (room.as_ptr(), columns.as_ptr().add(first * L::N));
                for _ in 0..n_dims {
                    let column = L::load(centre);
                    for at in 0..L::N {
                        sums[at] = L::minus_product(L::splat(*x.add(at * LANES_MAX)), column, sums[at]);
                    }
                    x = x.add(1);
                    centre = centre.add(L::N);
                }
            }
        }
        unsafe {
            L::transpose(&mut sums);
            let mut best = L::splat(L::T::INFINITY);
            let mut at = L::splat(L::T::ZERO);
            let mut number = L::T::ZERO;
            // Those that only fill the register are infinite.
            for c in 0..L::N {
                at = L::select_less(sums[c], best, L::splat(number), at);
                best = L::min(sums[c], best);
                number += L::T::ONE;
            }
            L::store(numbers.as_mut_ptr(), at);
        }
        for (label, number) in labels.iter_mut().zip(numbers) {
            *label = number.to_f64() as u32;
        }
    }
}

/// The kernels compiled over `$lanes`; `$half` are lanes half as wide, or the same.
macro_rules! compiled {
    ($name:literal, $lanes:ty, $half:ty, $t:ty $(, $features:literal)?) => {{
        $(#[target_feature(enable = $features)])?
        unsafe fn pack_here(rows: &Rows<'_, $t>, picks: &[u32], panel: &mut [$t], squares: &mut [$t; WIDTH]) {
            unsafe { pack::<$lanes>(rows, picks, panel, squares) }
        }
        $(#[target_feature(enable = $features)])?
        unsafe fn nearest_here(p: &[$t], d: usize, n: usize, tiles: &[$t], halves: &[$t], found: &mut Found<$t>) {
            unsafe { nearest::<$lanes, false>(p, d, n, tiles, halves, found) }
        }
        $(#[target_feature(enable = $features)])?
        unsafe fn nearest_two_here(p: &[$t], d: usize, n: usize, tiles: &[$t], halves: &[$t], found: &mut Found<$t>) {
            unsafe { nearest::<$lanes, true>(p, d, n, tiles, halves, found) }
        }
        $(#[target_feature(enable = $features)])?
        unsafe fn few_here(r: &Rows<'_, $t>, c: &[$t], halves: &[$t], room: &mut [$t], labels: &mut [u32]) {
            unsafe { few::<$lanes>(r, c, halves, room, labels) }
        }
        $(#[target_feature(enable = $features)])?
        unsafe fn fewer_here(r: &Rows<'_, $t>, c: &[$t], halves: &[$t], room: &mut [$t], labels: &mut [u32]) {
            unsafe { few::<$half>(r, c, halves, room, labels) }
        }
        $(#[target_feature(enable = $features)])?
        unsafe fn move_here(r: &Rows<'_, $t>, from: &[u32], to: &[u32], weights: Option<&[f64]>, sums: &mut [f64]) {
            rows::move_rows(r, from, to, weights, sums)
        }
        $(#[target_feature(enable = $features)])?
        unsafe fn distances_here(r: &Rows<'_, $t>, picks: &[u32], labels: &[u32], centres: &[$t], out: &mut [f64]) {
            rows::distances(r, picks, labels, centres, out)
        }
        $(#[target_feature(enable = $features)])?
        unsafe fn sums_here(r: &Rows<'_, $t>, weights: Option<&[f64]>, sums: &mut [f64], squares: &mut [f64]) {
            rows::column_sums(r, weights, sums, squares)
        }
        Kernels {
            name: $name,
            pack: pack_here,
            nearest: nearest_here,
            nearest_two: nearest_two_here,
            few: [(<$half>::N, fewer_here), (<$lanes>::N, few_here)],
            move_rows: move_here,
            distances: distances_here,
            column_sums: sums_here,
        }
    }};
}

/// A number for which there are kernels.
pub trait Near: Real {
    /// All that this processor can run, the fastest first.
    fn kernels() -> Vec<Kernels<Self>>;

    /// The numbers themselves, if they are of single precision.
    fn singles(values: &[Self]) -> Option<&[f32]>;
}

macro_rules! near {
    ($t:ty, $avx512:ident, $avx2:ident, $singles:expr) => {
        impl Near for $t {
            fn singles(values: &[$t]) -> Option<&[f32]> {
                $singles(values)
            }

            fn kernels() -> Vec<Kernels<$t>> {
                let mut all = Vec::with_capacity(3);
                #[cfg(target_arch = "x86_64")]
                {
                    use super::lanes::{$avx2, $avx512};
                    if is_x86_feature_detected!("avx512f") {
                        all.push(compiled!("avx512", $avx512, $avx2, $t, "avx512f,avx2,fma"));
                    }
                    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                        all.push(compiled!("avx2", $avx2, $avx2, $t, "avx2,fma"));
                    }
                }
                all.push(compiled!("plain", Plain<$t>, Plain<$t>, $t));
                all
            }
        }
    };
}

near!(f32, Avx512F32, Avx2F32, Some);
near!(f64, Avx512F64, Avx2F64, |_| None);
