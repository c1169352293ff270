//! Factor rows rounded to integers of 8 bits, and their products with rounded vectors by the AVX-512 instruction that
//! multiplies and adds 64 pairs at once. Exact on what was rounded; what rounding costs is for the caller (see `largest`).
//! Rows are stored with an offset, since the instruction takes unsigned bytes on one side and signed ones on the other.

/// Rows whose sums are held in registers together.
pub const TILE: usize = 48;
/// Vectors multiplied with them together.
pub const USERS: usize = 8;
/// What is added to the byte of a row to make it unsigned.
pub const OFFSET: i64 = 128;
/// The largest value of a byte.
const BYTE_MAX: f64 = 127.0;

/// Whether [`sums_of_at_least`] runs on this processor.
pub fn is_available() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// What 1 stands for among bytes of which the largest value is `largest`.
pub fn unit(largest: f32) -> f64 {
    if largest > 0.0 { f64::from(largest) / BYTE_MAX } else { 1.0 }
}

/// The byte that comes nearest to `value`; what is not a number becomes 0.
pub fn round(value: f32, unit: f64) -> i8 {
    (f64::from(value) / unit).round().clamp(-BYTE_MAX, BYTE_MAX) as i8
}

/// A cache line and a vector register: four bytes of each of 16 rows.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub struct Line([u8; 64]);

/// The bytes of rows in tiles of [`TILE`]; per four columns of a tile, one line for each 16 of its rows.
pub struct Lines {
    lines: Vec<Line>,
    stride: usize,
}

impl Lines {
    /// `n_rows` rows of zeros. `stride` is a multiple of 4.
    pub fn new(n_rows: usize, stride: usize) -> Self {
        assert!(stride.is_multiple_of(4) && stride > 0, "rows of {stride} bytes, must be a multiple of 4");
        Lines { lines: vec![Line([OFFSET as u8; 64]); n_rows.div_ceil(TILE) * stride / 4 * (TILE / 16)], stride }
    }

    pub fn set(&mut self, row: usize, column: usize, byte: i8) {
        let (tile, lane) = (row / TILE, row % TILE);
        let line = (tile * (self.stride / 4) + column / 4) * (TILE / 16) + lane / 16;
        self.lines[line].0[lane % 16 * 4 + column % 4] = (i64::from(byte) + OFFSET) as u8;
    }

    pub fn tiles(&self, stride: usize) -> impl Iterator<Item = &[Line]> {
        self.lines.chunks(stride / 4 * (TILE / 16))
    }
}

/// Multiplies the rows of a tile with `xs`, shape ([`USERS`], stride), offset included. A bit of the result says for each
/// vector which rows' sums are at least `at_least`; if any are, `sums`, shape ([`USERS`], [`TILE`]), holds all of them.
///
/// # Panics
/// Where [`is_available`] is false.
#[inline]
pub fn sums_of_at_least(tile: &[Line], xs: &[i8], at_least: &[i32; USERS], sums: &mut [i32]) -> [u64; USERS] {
    assert_eq!(xs.len() * TILE, tile.len() * 64 * USERS, "rows and vectors of one length");
    assert_eq!(sums.len(), USERS * TILE, "one sum per row and vector");
    #[cfg(target_arch = "x86_64")]
    if is_available() {
        // SAFETY: the machine has the instructions, and the lengths are those that the kernel reads and writes.
        return unsafe { kernel::sums_of_at_least(tile, xs, at_least, sums) };
    }
    let _ = at_least;
    panic!("this processor has no AVX-512 VNNI; ask is_available first")
}

#[cfg(target_arch = "x86_64")]
mod kernel {
    use std::arch::x86_64::*;

    use super::{Line, TILE, USERS};

    const ACROSS: usize = TILE / 16;

    /// # Safety
    /// `xs` holds `USERS` rows of `4 * tile.len() / ACROSS` bytes, `sums` `USERS * TILE` numbers.
    #[target_feature(enable = "avx512f,avx512vnni")]
    pub unsafe fn sums_of_at_least(
        tile: &[Line],
        xs: &[i8],
        at_least: &[i32; USERS],
        sums: &mut [i32],
    ) -> [u64; USERS] {
        let n_steps = tile.len() / ACROSS;
        let (rows, xs) = (tile.as_ptr().cast::<__m512i>(), xs.as_ptr().cast::<i32>());
        let mut all = [[_mm512_setzero_si512(); ACROSS]; USERS];
        for step in 0..n_steps {
            // SAFETY: a line is 64 aligned bytes and step * ACROSS + 2 is below their number.
            let rows: [__m512i; ACROSS] =
                std::array::from_fn(|at| unsafe { _mm512_load_si512(rows.add(step * ACROSS + at)) });
            for (user, all) in all.iter_mut().enumerate() {
                // SAFETY: four bytes at column 4 * step of the user's row; any alignment will do.
                let x = _mm512_set1_epi32(unsafe { xs.add(user * n_steps + step).read_unaligned() });
                all.iter_mut().zip(&rows).for_each(|(sums, row)| *sums = _mm512_dpbusd_epi32(*sums, *row, x));
            }
        }
        let masks = std::array::from_fn(|user| {
            let at_least = _mm512_set1_epi32(at_least[user]);
            let of = |at: usize| u64::from(_mm512_cmpge_epi32_mask(all[user][at], at_least)) << (16 * at);
            (0..ACROSS).fold(0, |mask, at| mask | of(at))
        });
        if masks != [0; USERS] {
            for (user, all) in all.iter().enumerate() {
                for (at, lanes) in all.iter().enumerate() {
                    // SAFETY: 16 numbers from user * TILE + 16 * at, which is within USERS * TILE.
                    unsafe { _mm512_storeu_si512(sums.as_mut_ptr().add(user * TILE + 16 * at).cast(), *lanes) };
                }
            }
        }
        masks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Random;

    #[test]
    fn sums_are_those_of_integers() {
        if !is_available() {
            return println!("skipped: this processor has no AVX-512 VNNI");
        }
        let mut random = Random::new(4);
        for (n_rows, stride) in [(48, 16), (100, 64), (3, 2048)] {
            // The extremes too, which must not saturate.
            let mut byte = || [-127, 127, random.below(255) as i64 - 127][random.below(3)] as i8;
            let rows: Vec<Vec<i8>> = (0..n_rows).map(|_| (0..stride).map(|_| byte()).collect()).collect();
            let xs: Vec<i8> = (0..USERS * stride).map(|_| byte()).collect();
            let mut lines = Lines::new(n_rows, stride);
            for (row, values) in rows.iter().enumerate() {
                values.iter().enumerate().for_each(|(column, &value)| lines.set(row, column, value));
            }
            let at_least: [i32; USERS] = std::array::from_fn(|user| 500 * user as i32 - 2000);
            for (tile, start) in lines.tiles(stride).zip((0..).step_by(TILE)) {
                let mut sums = vec![0; USERS * TILE];
                let masks = sums_of_at_least(tile, &xs, &at_least, &mut sums);
                for (user, x) in xs.chunks(stride).enumerate() {
                    for (lane, row) in rows[start..n_rows.min(start + TILE)].iter().enumerate() {
                        let products = row.iter().zip(x).map(|(&a, &b)| (i32::from(a) + OFFSET as i32) * i32::from(b));
                        let expected: i32 = products.sum();
                        assert_eq!(sums[user * TILE + lane], expected, "row {} vector {user}", start + lane);
                        assert_eq!(masks[user] >> lane & 1 == 1, expected >= at_least[user]);
                    }
                }
            }
        }
    }

    #[test]
    fn rounding_is_to_the_nearest_and_stays_in_range() {
        for (value, largest, expected) in
            [(1.0, 1.0, 127), (-1.0, 1.0, -127), (0.5, 1.0, 64), (0.0, 0.0, 0), (f32::NAN, 1.0, 0), (9.0, 1.0, 127)]
        {
            assert_eq!(round(value, unit(largest)), expected, "{value} of {largest}");
        }
    }
}
