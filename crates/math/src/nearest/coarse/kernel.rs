//! The loops of `coarse` in AVX-512: sums of products of bytes, those of them that are large enough, and lists compared.

// Registers are counted: an iterator over each array would hide that they go together.
#![allow(clippy::needless_range_loop)]

use std::arch::x86_64::*;

use super::super::lanes::{Avx512F32, Lanes};
use super::{BYTE_MAX, Coarse, LANES, LIST, List, NOTHING, OFFSET, POINTS, RANK, Room, Rounded, TILE};

const LINES: usize = TILE / LANES;

/// See [`Rounded::set`].
///
/// # Safety
/// `values` is rows as long as `shift`, and `rounded` has room for as many from `first` on.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,popcnt")]
pub unsafe fn round(first: usize, values: &[f32], shift: &[f32], rounded: &mut Rounded) {
    let d = shift.len();
    for (at, row) in (first..).zip(values.chunks_exact(d)) {
        let bytes = &mut rounded.bytes[at * rounded.stride..][..rounded.stride];
        // What fills a row up to its stride is as a number at 0.
        bytes[d..].fill(OFFSET as u8);
        let bytes = &mut bytes[..d];
        // SAFETY: the three are equally long.
        let row = unsafe { round_row(row, shift, rounded.unit.0, bytes) };
        rounded.byte_squares[at] = row.byte_square as u32;
        // More than what sums in single precision lose.
        rounded.off[at] = (f64::from(row.off_square).sqrt() * (1.0 + 1e-5)) as f32;
        rounded.squares[at] = (row.square * (1.0 + 1e-6)) as f32;
    }
}

/// Sums over a row.
struct Row {
    /// Of squares of what rounding took off.
    off_square: f32,
    /// Of squared bytes: whole numbers below 2²⁴, so exact.
    byte_square: f32,
    /// Of squared values.
    square: f64,
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,popcnt")]
unsafe fn round_row(row: &[f32], shift: &[f32], unit: f64, bytes: &mut [u8]) -> Row {
    let (per_unit, unit) = (_mm512_set1_ps((1.0 / unit) as f32), _mm512_set1_ps(unit as f32));
    let (least, most) = (_mm512_set1_ps(-BYTE_MAX as f32), _mm512_set1_ps(BYTE_MAX as f32));
    let offset = _mm512_set1_epi32(OFFSET);
    let (mut off, mut whole) = (_mm512_setzero_ps(), _mm512_setzero_ps());
    let (mut low, mut high) = (_mm512_setzero_pd(), _mm512_setzero_pd());
    for first in (0..row.len()).step_by(LANES) {
        let mask = if row.len() - first < LANES { (1u16 << (row.len() - first)) - 1 } else { u16::MAX };
        // SAFETY: the mask keeps within the row.
        let x = unsafe {
            _mm512_sub_ps(
                _mm512_maskz_loadu_ps(mask, row.as_ptr().add(first)),
                _mm512_maskz_loadu_ps(mask, shift.as_ptr().add(first)),
            )
        };
        // To the nearest whole number, ties to even.
        let byte = _mm512_roundscale_ps::<0x08>(_mm512_mul_ps(x, per_unit));
        let byte = _mm512_max_ps(least, _mm512_min_ps(most, byte));
        let rest = _mm512_fnmadd_ps(byte, unit, x);
        off = _mm512_fmadd_ps(rest, rest, off);
        whole = _mm512_fmadd_ps(byte, byte, whole);
        let (a, b) = (_mm512_castps512_ps256(x), _mm512_extractf32x8_ps::<1>(x));
        let (a, b) = (_mm512_cvtps_pd(a), _mm512_cvtps_pd(b));
        low = _mm512_fmadd_pd(a, a, low);
        high = _mm512_fmadd_pd(b, b, high);
        let unsigned = _mm512_add_epi32(_mm512_cvtps_epi32(byte), offset);
        // SAFETY: as above.
        unsafe { _mm512_mask_cvtepi32_storeu_epi8(bytes.as_mut_ptr().add(first).cast(), mask, unsigned) };
    }
    Row {
        off_square: _mm512_reduce_add_ps(off),
        byte_square: _mm512_reduce_add_ps(whole),
        square: _mm512_reduce_add_pd(_mm512_add_pd(low, high)),
    }
}

/// Lists for at most [`POINTS`] picks.
///
/// # Safety
/// There is at least one pick; picks are points, whose rows are as long as those of the centres; `room` is made for them.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,popcnt")]
pub unsafe fn scan(
    coarse: &Coarse,
    points: &Rounded,
    picks: &[u32],
    room: &mut Room,
    lists: &mut [List],
    bounds: &mut [f32],
) {
    // Places beyond the last pick repeat it.
    let pick = |at: usize| picks[at.min(picks.len() - 1)] as usize;
    // SAFETY: as promised; sums and ids have room for all centres.
    unsafe {
        let rows = std::array::from_fn(|at| points.bytes.as_ptr().add(pick(at) * points.stride).cast::<i32>());
        let width = coarse.begin.len();
        let largest = sums(coarse, rows, points.stride / 4, room.sums.as_mut_ptr());
        // All at once: each takes long, and none waits for another.
        let limits: [Limits; POINTS] = std::array::from_fn(|at| limits(coarse, points, pick(at), largest[at]));
        for at in 0..picks.len() {
            let sums = &room.sums[at * width..][..width];
            (lists[at], bounds[at]) = list(coarse, &limits[at], sums, &mut room.ids);
        }
    }
}

/// The sums of some points with all centres; returns the largest of each lane.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,popcnt")]
unsafe fn sums(coarse: &Coarse, rows: [*const i32; POINTS], n_steps: usize, out: *mut i32) -> [__m512i; POINTS] {
    let width = coarse.begin.len();
    let mut largest = [_mm512_set1_epi32(i32::MIN); POINTS];
    let mut line = coarse.lines.as_ptr().cast::<__m512i>();
    for first in (0..width).step_by(TILE) {
        // SAFETY: tiles are whole; rows hold `n_steps` times four bytes; `out` has `width` places for each point.
        unsafe {
            let begin: [__m512i; LINES] =
                std::array::from_fn(|at| _mm512_loadu_si512(coarse.begin.as_ptr().add(first + at * LANES).cast()));
            let mut sums = [begin; POINTS];
            for step in 0..n_steps {
                let centres: [__m512i; LINES] = std::array::from_fn(|at| _mm512_load_si512(line.add(at)));
                for point in 0..POINTS {
                    let four = _mm512_set1_epi32(rows[point].add(step).read_unaligned());
                    for at in 0..LINES {
                        sums[point][at] = _mm512_dpbusd_epi32(sums[point][at], four, centres[at]);
                    }
                }
                line = line.add(LINES);
            }
            for point in 0..POINTS {
                for at in 0..LINES {
                    largest[point] = _mm512_max_epi32(largest[point], sums[point][at]);
                    _mm512_storeu_si512(out.add(point * width + first + at * LANES).cast(), sums[point][at]);
                }
            }
        }
    }
    largest
}

/// Down to which sums a list of one point reaches.
struct Limits {
    /// The squared length of the point, and how far all it is compared with may be off.
    square: f64,
    off: f64,
    /// Below are only centres that cannot be nearest.
    needed: i32,
    /// As far as `needed`, or farther if that leaves the list short.
    wanted: i32,
}

/// What a squared distance by sums is off by at most, but for what points and centres are: halves were rounded to whole
/// numbers, and everything else rounds less than the fraction.
fn rounding(coarse: &Coarse) -> f64 {
    coarse.unit * 1.0001
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,popcnt")]
fn limits(coarse: &Coarse, points: &Rounded, point: usize, largest: __m512i) -> Limits {
    let mut sorted = [0; LANES];
    // SAFETY: sixteen numbers into their places.
    unsafe { _mm512_storeu_si512(sorted.as_mut_ptr().cast(), ascending(largest)) };
    let square = points.unit.0.powi(2) * f64::from(points.byte_squares[point]);
    let off = f64::from(points.off[point]) + coarse.off;
    let nearest = (square - 2.0 * coarse.unit * f64::from(sorted[LANES - 1]) + rounding(coarse)).max(0.0).sqrt();
    let reach = nearest + 2.0 * off;
    let needed = (square - reach * reach - rounding(coarse)) * (0.5 / coarse.unit);
    // One less for what the factor rounds.
    let needed = (needed as i32).saturating_sub(2).max(NOTHING / 2);
    Limits { square, off, needed, wanted: needed.min(sorted[LANES - 1 - RANK]).max(NOTHING / 2) }
}

/// The list of one point from its sums, and a bound on the distance to all other centres.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,popcnt")]
unsafe fn list(coarse: &Coarse, limits: &Limits, sums: &[i32], ids: &mut [i32]) -> (List, f32) {
    let mut at_least = limits.wanted;
    // SAFETY: ids has sixteen more places than there are sums.
    let mut n = unsafe { collect(sums, at_least, ids) };
    if n > LIST && at_least < limits.needed {
        at_least = limits.needed;
        // SAFETY: as above.
        n = unsafe { collect(sums, at_least, ids) };
    }
    if n > LIST {
        return (List::NONE, 0.0);
    }
    let mut list = List { ids: [0; LIST], n: n as u8 };
    // SAFETY: as above.
    unsafe {
        let ids = _mm512_loadu_si512(ids.as_ptr().cast());
        _mm256_storeu_si256(list.ids.as_mut_ptr().cast(), _mm512_cvtepi32_epi16(ids));
    }
    if n == coarse.n {
        return (list, f32::MAX);
    }
    let least = limits.square - 2.0 * coarse.unit * f64::from(at_least - 1) - rounding(coarse);
    let beyond = least.max(0.0).sqrt() - limits.off;
    (list, (beyond * (1.0 - 1e-6)).max(0.0) as f32)
}

/// Writes the numbers of the sums that are large enough; says how many there are.
///
/// # Safety
/// `ids` has sixteen more places than there are sums, of which there are a multiple of sixteen.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,popcnt")]
unsafe fn collect(sums: &[i32], at_least: i32, ids: &mut [i32]) -> usize {
    let (at_least, sixteen, mut n) = (_mm512_set1_epi32(at_least), _mm512_set1_epi32(LANES as i32), 0);
    let mut numbers = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    for first in (0..sums.len()).step_by(LANES) {
        // SAFETY: whole registers of sums; at most as many numbers were written as were looked at.
        unsafe {
            let mask = _mm512_cmpge_epi32_mask(_mm512_loadu_si512(sums.as_ptr().add(first).cast()), at_least);
            _mm512_storeu_si512(ids.as_mut_ptr().add(n).cast(), _mm512_maskz_compress_epi32(mask, numbers));
            n += mask.count_ones() as usize;
        }
        numbers = _mm512_add_epi32(numbers, sixteen);
    }
    n
}

/// Which lanes take the larger one, in the step of Batcher's bitonic sort (1968) that compares lanes `apart` in runs of `run`.
const fn larger(run: usize, apart: usize) -> u16 {
    let (mut mask, mut lane) = (0, 0);
    while lane < LANES {
        if (lane & apart != 0) == (lane & run == 0) {
            mask |= 1 << lane;
        }
        lane += 1;
    }
    mask
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,popcnt")]
fn ascending(mut v: __m512i) -> __m512i {
    macro_rules! step {
        ($run:literal, 1) => { step!(@ $run, 1, _mm512_shuffle_epi32::<0xb1>(v)) };
        ($run:literal, 2) => { step!(@ $run, 2, _mm512_shuffle_epi32::<0x4e>(v)) };
        ($run:literal, 4) => { step!(@ $run, 4, _mm512_shuffle_i32x4::<0xb1>(v, v)) };
        ($run:literal, 8) => { step!(@ $run, 8, _mm512_shuffle_i32x4::<0x4e>(v, v)) };
        (@ $run:literal, $apart:literal, $other:expr) => {
            let other = $other;
            v = _mm512_mask_max_epi32(_mm512_min_epi32(v, other), const { larger($run, $apart) }, v, other);
        };
    }
    step!(2, 1);
    step!(4, 2);
    step!(4, 1);
    step!(8, 4);
    step!(8, 2);
    step!(8, 1);
    step!(16, 8);
    step!(16, 4);
    step!(16, 2);
    step!(16, 1);
    v
}

/// Lists compared at once.
const HALF: usize = LIST / 2;

/// Rows are asked for this many rows ahead: with gaps they are no stream to a processor.
const AHEAD: usize = 12;

#[inline]
fn prefetch<T>(of: &T) {
    // SAFETY: every x86-64 has the instruction, and it never faults.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(of).cast()) };
}

/// See [`Coarse::compare`].
///
/// # Safety
/// Picks are rows, and there is a list for each row.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,popcnt")]
pub unsafe fn compare(
    coarse: &Coarse,
    values: &[f32],
    shift: &[f32],
    picks: &[u32],
    lists: &[List],
    scores: &mut [[f32; 2]],
    labels: &mut [u32],
) {
    // Lanes beyond the last pick are never read.
    let mut tile = [_mm512_setzero_ps(); LANES];
    for ((these, scores), labels) in picks.chunks(LANES).zip(scores.chunks_mut(LANES)).zip(labels.chunks_mut(LANES)) {
        for (lane, &pick) in these.iter().enumerate() {
            let soon = pick as usize + AHEAD;
            if soon < lists.len() {
                prefetch(&lists[soon]);
                (0..coarse.d).step_by(LANES).for_each(|first| prefetch(&values[soon * coarse.d + first]));
            }
            let row = &values[pick as usize * coarse.d..][..coarse.d];
            // SAFETY: as promised.
            tile[lane] = unsafe { scores_of(coarse, row, shift, &lists[pick as usize]) };
        }
        let [score, second, at] = least(&mut tile);
        for (lane, &pick) in these.iter().enumerate() {
            scores[lane] = [score[lane], second[lane]];
            labels[lane] = u32::from(lists[pick as usize].ids[at[lane] as usize % LIST]);
        }
    }
}

/// The least, the second least and the place of the first least number of each register.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,popcnt")]
fn least(tile: &mut [__m512; LANES]) -> [[f32; LANES]; 3] {
    // SAFETY: the processor has the instructions.
    unsafe { Avx512F32::transpose(tile) };
    let infinity = _mm512_set1_ps(f32::INFINITY);
    let (mut score, mut second, mut at) = (infinity, infinity, _mm512_setzero_ps());
    for (place, &column) in tile.iter().enumerate() {
        second = _mm512_min_ps(second, _mm512_max_ps(score, column));
        let is_less = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(column, score);
        at = _mm512_mask_blend_ps(is_less, at, _mm512_set1_ps(place as f32));
        score = _mm512_min_ps(column, score);
    }
    [score, second, at].map(|v| {
        let mut out = [0.0; LANES];
        // SAFETY: sixteen numbers.
        unsafe { _mm512_storeu_ps(out.as_mut_ptr(), v) };
        out
    })
}

/// The scores of a list's centres for one row; infinite beyond the list.
///
/// # Panics
/// If the list names no centre.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,popcnt")]
unsafe fn scores_of(coarse: &Coarse, row: &[f32], shift: &[f32], list: &List) -> __m512 {
    let n = usize::from(list.n).min(LIST);
    // SAFETY: sixteen numbers; none is beyond the last centre.
    unsafe {
        let ids = _mm256_loadu_si256(list.ids.as_ptr().cast());
        let beyond = _mm256_cmpge_epu16_mask(ids, _mm256_set1_epi16(coarse.n as i16));
        assert!(beyond == 0, "a list names a centre beyond {}", coarse.n);
        let first = _mm512_castps256_ps512(eight(coarse, row, shift, &list.ids[..HALF]));
        let second = if n > HALF { eight(coarse, row, shift, &list.ids[HALF..]) } else { _mm256_setzero_ps() };
        let there = ((1u32 << n) - 1) as u16;
        _mm512_mask_blend_ps(there, _mm512_set1_ps(f32::INFINITY), _mm512_insertf32x8::<1>(first, second))
    }
}

/// The scores of eight centres for one row.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,popcnt")]
unsafe fn eight(coarse: &Coarse, row: &[f32], shift: &[f32], ids: &[u16]) -> __m256 {
    let n_parts = row.len().div_ceil(LANES);
    // SAFETY: centres that there are, each of `n_parts` parts; masks keep within row and shift.
    unsafe {
        let from: [*const f32; HALF] =
            std::array::from_fn(|at| coarse.parts.as_ptr().add(usize::from(ids[at]) * n_parts).cast());
        let mut sums: [__m512; HALF] = std::array::from_fn(|at| {
            _mm512_zextps128_ps512(_mm_load_ss(coarse.halves.as_ptr().add(usize::from(ids[at]))))
        });
        for first in (0..row.len()).step_by(LANES) {
            let mask = if row.len() - first < LANES { (1u16 << (row.len() - first)) - 1 } else { u16::MAX };
            let x = _mm512_sub_ps(
                _mm512_maskz_loadu_ps(mask, row.as_ptr().add(first)),
                _mm512_maskz_loadu_ps(mask, shift.as_ptr().add(first)),
            );
            for at in 0..HALF {
                sums[at] = _mm512_fnmadd_ps(x, _mm512_load_ps(from[at].add(first)), sums[at]);
            }
        }
        folded(sums)
    }
}

/// The sum of each register's lanes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,popcnt")]
fn folded(v: [__m512; HALF]) -> __m256 {
    let pair = |a: __m512, b: __m512| _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
    let four = |a: __m512, b: __m512| {
        let (a, b) = (_mm512_castps_pd(a), _mm512_castps_pd(b));
        _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(a, b)), _mm512_castpd_ps(_mm512_unpackhi_pd(a, b)))
    };
    // Every quarter of these holds a part of four sums.
    let low = four(pair(v[0], v[1]), pair(v[2], v[3]));
    let high = four(pair(v[4], v[5]), pair(v[6], v[7]));
    let halves = _mm512_add_ps(_mm512_shuffle_f32x4::<0x88>(low, high), _mm512_shuffle_f32x4::<0xdd>(low, high));
    let whole =
        _mm512_add_ps(_mm512_shuffle_f32x4::<0x08>(halves, halves), _mm512_shuffle_f32x4::<0x0d>(halves, halves));
    _mm512_castps512_ps256(whole)
}
