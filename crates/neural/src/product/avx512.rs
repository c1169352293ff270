//! The micro-kernels: a tile of 8 × 32 sums in sixteen registers, one step along the sum at a time. In single precision
//! by fused multiply-add, in bfloat16 by `VDPBF16PS`, which multiplies pairs and adds in single precision (it takes and
//! gives subnormal numbers as 0).

use std::arch::x86_64::*;

use super::tiles::{COLS, Kernel, ROWS};

/// Single precision.
pub struct Single;
/// Factors in bfloat16.
pub struct Brain;

/// Bodies of `tile` for a number of rows known when compiled: `$step(sum, left, right)` is one step of the sum.
macro_rules! tile_of {
    ($name:ident, $features:literal, $step:expr) => {
        #[target_feature(enable = $features)]
        unsafe fn $name<const R: usize>(
            depth: usize,
            mut left: *const u32,
            mut right: *const u32,
            out: *mut f32,
            stride: usize,
            n_cols: usize,
            add: bool,
        ) {
            let mut sums = [[_mm512_setzero_ps(); 2]; R];
            // SAFETY: `depth` units a line in both panels, as the caller promises.
            unsafe {
                for _ in 0..depth {
                    let first = _mm512_loadu_si512(right.cast());
                    let second = _mm512_loadu_si512(right.add(16).cast());
                    for (row, sums) in sums.iter_mut().enumerate() {
                        let number = _mm512_set1_epi32(*left.add(row) as i32);
                        sums[0] = $step(sums[0], number, first);
                        sums[1] = $step(sums[1], number, second);
                    }
                    left = left.add(ROWS);
                    right = right.add(COLS);
                }
            }
            let whole = u32::MAX >> (COLS - n_cols);
            let masks = [whole as u16, (whole >> 16) as u16];
            for (row, sums) in sums.iter().enumerate() {
                for (half, (&sum, mask)) in sums.iter().zip(masks).enumerate() {
                    // SAFETY: the mask keeps within `n_cols` numbers of the row.
                    unsafe {
                        let out = out.wrapping_add(row * stride + half * 16);
                        let sum = if add { _mm512_add_ps(_mm512_maskz_loadu_ps(mask, out), sum) } else { sum };
                        _mm512_mask_storeu_ps(out, mask, sum);
                    }
                }
            }
        }
    };
}

tile_of!(tile_single, "avx512f,avx512bw", |sum, left, right| _mm512_fmadd_ps(
    _mm512_castsi512_ps(left),
    _mm512_castsi512_ps(right),
    sum
));
// SAFETY (of the transmutes): both types are 512 bits without meaning of their own.
tile_of!(tile_brain, "avx512f,avx512bw,avx512bf16", |sum, left, right| _mm512_dpbf16_ps(
    sum,
    std::mem::transmute::<__m512i, __m512bh>(left),
    std::mem::transmute::<__m512i, __m512bh>(right)
));

/// `tile` with the number of rows chosen when it runs.
macro_rules! tile_by_rows {
    ($tile:ident) => {
        unsafe fn tile(
            depth: usize,
            left: *const u32,
            right: *const u32,
            out: *mut f32,
            stride: usize,
            n_rows: usize,
            n_cols: usize,
            add: bool,
        ) {
            // SAFETY: as promised by the caller.
            unsafe {
                match n_rows {
                    1 => $tile::<1>(depth, left, right, out, stride, n_cols, add),
                    2 => $tile::<2>(depth, left, right, out, stride, n_cols, add),
                    3 => $tile::<3>(depth, left, right, out, stride, n_cols, add),
                    4 => $tile::<4>(depth, left, right, out, stride, n_cols, add),
                    5 => $tile::<5>(depth, left, right, out, stride, n_cols, add),
                    6 => $tile::<6>(depth, left, right, out, stride, n_cols, add),
                    7 => $tile::<7>(depth, left, right, out, stride, n_cols, add),
                    _ => $tile::<ROWS>(depth, left, right, out, stride, n_cols, add),
                }
            }
        }
    };
}

/// Sixteen lines of sixteen units become sixteen rows of the same unit of each.
#[target_feature(enable = "avx512f,avx512bw")]
fn transposed(lines: [__m512i; 16]) -> [__m512i; 16] {
    let mut pairs = lines;
    for at in (0..16).step_by(2) {
        pairs[at] = _mm512_unpacklo_epi32(lines[at], lines[at + 1]);
        pairs[at + 1] = _mm512_unpackhi_epi32(lines[at], lines[at + 1]);
    }
    // In quarter `q` of `fours[4 i + j]`: unit 4 q + j of lines 4 i to 4 i + 3.
    let mut fours = pairs;
    for at in (0..16).step_by(4) {
        fours[at] = _mm512_unpacklo_epi64(pairs[at], pairs[at + 2]);
        fours[at + 1] = _mm512_unpackhi_epi64(pairs[at], pairs[at + 2]);
        fours[at + 2] = _mm512_unpacklo_epi64(pairs[at + 1], pairs[at + 3]);
        fours[at + 3] = _mm512_unpackhi_epi64(pairs[at + 1], pairs[at + 3]);
    }
    let mut rows = fours;
    for j in 0..4 {
        let even_first = _mm512_shuffle_i32x4::<0x88>(fours[j], fours[4 + j]);
        let odd_first = _mm512_shuffle_i32x4::<0xdd>(fours[j], fours[4 + j]);
        let even_last = _mm512_shuffle_i32x4::<0x88>(fours[8 + j], fours[12 + j]);
        let odd_last = _mm512_shuffle_i32x4::<0xdd>(fours[8 + j], fours[12 + j]);
        rows[j] = _mm512_shuffle_i32x4::<0x88>(even_first, even_last);
        rows[4 + j] = _mm512_shuffle_i32x4::<0x88>(odd_first, odd_last);
        rows[8 + j] = _mm512_shuffle_i32x4::<0xdd>(even_first, even_last);
        rows[12 + j] = _mm512_shuffle_i32x4::<0xdd>(odd_first, odd_last);
    }
    rows
}

/// The first `n` of sixteen lanes.
fn first(n: usize) -> u16 {
    if n >= 16 { u16::MAX } else { (1u16 << n) - 1 }
}

/// Numbers `from..from + 16` of a line of `n`, 0 behind its end.
///
/// # Safety
/// The line holds `n` numbers.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn sixteen(line: *const f32, from: usize, n: usize) -> __m512 {
    // SAFETY: the mask keeps within the line.
    unsafe { _mm512_maskz_loadu_ps(first(n.saturating_sub(from)), line.wrapping_add(from)) }
}

/// Two times sixteen numbers as bfloat16, nearest, ties to even; those of `low` come first.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
fn rounded(low: __m512, high: __m512) -> __m512i {
    // SAFETY: both types are 512 bits without meaning of their own.
    unsafe { std::mem::transmute::<__m512bh, __m512i>(_mm512_cvtne2ps_pbh(high, low)) }
}

/// Bodies of `lay_lines` and `lay_rows`. `$along(line, at, n)` gives units `at..at + 16` of a line of `n` numbers;
/// `$across(rows, stride, at, from, n_lines, n_rows)` unit `at` of lines `from..from + 16`.
macro_rules! lay {
    ($lines:ident, $rows:ident, $features:literal, $pair:literal, $along:expr, $across:expr) => {
        #[target_feature(enable = $features)]
        unsafe fn $lines(
            lines: *const f32,
            stride: usize,
            n_lines: usize,
            n_numbers: usize,
            out: *mut u32,
            width: usize,
        ) {
            let n_units = n_numbers.div_ceil($pair);
            for group in (0..width).step_by(16) {
                let kept = first((width - group).min(16));
                for at in (0..n_units).step_by(16) {
                    let mut block = [_mm512_setzero_si512(); 16];
                    for (line, block) in block.iter_mut().enumerate().take(n_lines.saturating_sub(group)) {
                        // SAFETY: a line that is there.
                        *block = unsafe { $along(lines.add((group + line) * stride), at, n_numbers) };
                    }
                    let rows = transposed(block);
                    for (unit, &row) in rows.iter().enumerate().take(n_units - at) {
                        // SAFETY: the mask keeps within the unit's `width` places.
                        unsafe { _mm512_mask_storeu_epi32(out.add((at + unit) * width + group).cast(), kept, row) };
                    }
                }
            }
        }

        #[target_feature(enable = $features)]
        unsafe fn $rows(rows: *const f32, stride: usize, n_lines: usize, n_rows: usize, out: *mut u32, width: usize) {
            for unit in 0..n_rows.div_ceil($pair) {
                for group in (0..width).step_by(16) {
                    let kept = first((width - group).min(16));
                    // SAFETY: rows that are there, and masks that keep within rows and the unit's places.
                    unsafe {
                        let row: __m512i = $across(rows, stride, unit, group, n_lines, n_rows);
                        _mm512_mask_storeu_epi32(out.add(unit * width + group).cast(), kept, row);
                    }
                }
            }
        }
    };
}

lay!(
    lay_lines_single,
    lay_rows_single,
    "avx512f,avx512bw",
    1,
    |line: *const f32, at: usize, n: usize| _mm512_castps_si512(sixteen(line, at, n)),
    |rows: *const f32, stride: usize, unit: usize, from: usize, n_lines: usize, _: usize| {
        _mm512_castps_si512(sixteen(rows.add(unit * stride), from, n_lines))
    }
);
lay!(
    lay_lines_brain,
    lay_rows_brain,
    "avx512f,avx512bw,avx512bf16",
    2,
    |line: *const f32, at: usize, n: usize| rounded(sixteen(line, 2 * at, n), sixteen(line, 2 * at + 16, n)),
    |rows: *const f32, stride: usize, unit: usize, from: usize, n_lines: usize, n_rows: usize| {
        let row = |row: usize| {
            if row < n_rows { sixteen(rows.add(row * stride), from, n_lines) } else { _mm512_setzero_ps() }
        };
        let halves = rounded(row(2 * unit), row(2 * unit + 1));
        // Number by number, one of the first row and one of the second.
        let order = _mm512_set_epi16(
            31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17,
            1, 16, 0,
        );
        _mm512_permutexvar_epi16(order, halves)
    }
);

/// The methods of a kernel through functions that may use its instructions.
macro_rules! kernel {
    ($kernel:ident, $pair:literal, $tile:ident, $lines:ident, $rows:ident) => {
        impl Kernel for $kernel {
            const PAIR: usize = $pair;

            unsafe fn lay_lines(
                lines: *const f32,
                stride: usize,
                n_lines: usize,
                n_numbers: usize,
                out: *mut u32,
                width: usize,
            ) {
                // SAFETY: as promised by the caller.
                unsafe { $lines(lines, stride, n_lines, n_numbers, out, width) }
            }

            unsafe fn lay_rows(
                rows: *const f32,
                stride: usize,
                n_lines: usize,
                n_rows: usize,
                out: *mut u32,
                width: usize,
            ) {
                // SAFETY: as promised by the caller.
                unsafe { $rows(rows, stride, n_lines, n_rows, out, width) }
            }

            tile_by_rows!($tile);
        }
    };
}

kernel!(Single, 1, tile_single, lay_lines_single, lay_rows_single);
kernel!(Brain, 2, tile_brain, lay_lines_brain, lay_rows_brain);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bfloat16_is_rounded_to_nearest_even() {
        if !is_x86_feature_detected!("avx512bf16") {
            println!("skipped: the processor has no bfloat16");
            return;
        }
        for (number, expected) in [
            (1.0f32, 0x3f80),
            (1.0 + 2f32.powi(-8), 0x3f80),
            (1.0 + 3.0 * 2f32.powi(-8), 0x3f82),
            (1.0 + 2f32.powi(-8) + 2f32.powi(-20), 0x3f81),
            (f32::INFINITY, 0x7f80),
            (f32::MAX, 0x7f80),
            (-0.0, 0x8000),
        ] {
            let mut units = [1u32; 8];
            // SAFETY: the machine has the instructions; one line of one number gives eight units.
            unsafe { Brain::lay_lines(&number, 1, 1, 1, units.as_mut_ptr(), 8) };
            assert_eq!(units, [expected, 0, 0, 0, 0, 0, 0, 0], "{number}");
        }
    }
}
