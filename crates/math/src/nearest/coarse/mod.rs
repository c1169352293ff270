//! Points and centres rounded to bytes: which centres may be near a point, told by sums of integers, of which the processor
//! multiplies and adds 64 pairs at once where it takes 16 in single precision. What rounding costs is known for each row,
//! so that by the triangle inequality no centre is missed: |d(x, c) − d(x̂, ĉ)| ≤ |x − x̂| + |c − ĉ|.
//!
//! The nearest few of all centres make a point's list, and are then compared in single precision. Lists, and one bound for
//! all centres outside of them, are Drake and Hamerly's (2012, "Accelerated k-means with adaptive distance bounds").
//!
//! What is not here: what lists are kept for. Only for single precision, and only where the processor has AVX-512 with VNNI.

#[cfg(target_arch = "x86_64")]
mod kernel;

/// Centres in a list, at most.
pub const LIST: usize = 16;
/// Columns at most: sums stay far within 32 bits.
pub const COLUMNS_MAX: usize = 1024;
/// Centres at most: lists hold their numbers in 16 bits.
pub const CENTRES_MAX: usize = 1 << 15;

/// Centres whose sums are computed together, and points they are computed for.
const TILE: usize = 64;
const POINTS: usize = 4;
/// Numbers in a register.
const LANES: usize = 16;
/// A list is to reach down to this of the largest sums of each lane, counted from 0.
const RANK: usize = 6;
/// The largest value of a byte, and what is added to a point's to make it unsigned.
const BYTE_MAX: f64 = 127.0;
const OFFSET: i32 = 128;
/// The sum of what only fills a tile, and less than any other.
const NOTHING: i32 = -(1 << 30);

/// Whether the processor has the instructions.
pub fn is_available() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512vnni")
        && is_x86_feature_detected!("popcnt");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// What a byte of 1 stands for among points.
#[derive(Clone, Copy, PartialEq)]
pub struct Unit(f64);

impl Unit {
    /// For numbers up to `reach`; those beyond are cut off there.
    ///
    /// # Panics
    /// If the reach is not above 0.
    pub fn new(reach: f64) -> Self {
        assert!(reach > 0.0, "a reach of {reach}, must be above 0");
        // A number of single precision, so that its multiples are exact in a fused product.
        Unit(f64::from((reach / BYTE_MAX) as f32))
    }
}

/// Rows rounded to bytes.
pub struct Rounded {
    unit: Unit,
    /// Bytes a row: d rounded up to 4.
    stride: usize,
    /// Shape: (n, stride).
    bytes: Vec<u8>,
    /// How far each row is from what it was rounded to, at most. Shape: (n).
    off: Vec<f32>,
    /// Squared lengths of what they were rounded to, in squared units; and of the rows, rounded up. Shapes: (n).
    byte_squares: Vec<u32>,
    squares: Vec<f32>,
}

impl Rounded {
    /// Room for `n` rows of `d` columns, to be [`Rounded::set`].
    ///
    /// # Panics
    /// If there are more than [`COLUMNS_MAX`] columns.
    pub fn room(n: usize, d: usize, unit: Unit) -> Self {
        assert!((1..=COLUMNS_MAX).contains(&d), "{d} columns, allowed are 1 to {COLUMNS_MAX}");
        let stride = d.next_multiple_of(4);
        let (bytes, byte_squares) = (vec![0; n * stride], vec![0; n]);
        Rounded { unit, stride, bytes, off: vec![0.0; n], byte_squares, squares: vec![0.0; n] }
    }

    /// Rounds rows less the shift into the places from row `at` on. Shapes: `values` (rows, d), `shift` (d).
    ///
    /// # Panics
    /// Where [`is_available`] is false, or if lengths do not fit.
    pub fn set(&mut self, at: usize, values: &[f32], shift: &[f32]) {
        let d = shift.len();
        assert!(d.next_multiple_of(4) == self.stride, "{d} columns, there is room for {} bytes", self.stride);
        assert!(values.len().is_multiple_of(d), "{} values are no rows of {d}", values.len());
        assert!(at + values.len() / d <= self.off.len(), "there is room for {} rows", self.off.len());
        assert!(is_available(), "this processor has no AVX-512 VNNI; ask is_available first");
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has the instructions, and there is room for these rows.
        unsafe {
            kernel::round(at, values, shift, self);
        }
    }

    /// Squared lengths of the rows less the shift, rounded up. Shape: (n).
    pub fn squares(&self) -> &[f32] {
        &self.squares
    }
}

/// A register: four bytes of each of 16 centres.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line([i8; 64]);

/// Sixteen numbers of a centre.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Part([f32; LANES]);

/// Centres rounded to bytes, and as they are.
pub struct Coarse {
    d: usize,
    n: usize,
    /// The unit of sums: of the points times of the centres.
    unit: f64,
    unit_of_points: Unit,
    /// How far a centre is from what it was rounded to, at most.
    off: f64,
    /// Shape: (tiles, stride / 4, TILE / 16).
    lines: Vec<Line>,
    /// What sums begin with: minus half the squared length, and minus what the points' offset adds. Shape: (tiles, TILE).
    begin: Vec<i32>,
    /// The centres themselves. Shape: (n, d / 16 rounded up).
    parts: Vec<Part>,
    /// Half their squared lengths. Shape: (n).
    halves: Vec<f32>,
}

/// What a scan finds for one point: numbers of centres, ascending; and a bound on the distance to all others.
#[derive(Clone, Copy)]
pub struct List {
    pub ids: [u16; LIST],
    /// 0 if there is no list: too many centres may be the nearest.
    pub n: u8,
}

impl List {
    pub const NONE: List = List { ids: [0; LIST], n: 0 };
}

impl Coarse {
    /// Centres less the shift that was taken off the points. Shape of `rows`: (n, d).
    ///
    /// # Panics
    /// If lengths do not fit those of the points, or there are more than [`CENTRES_MAX`] centres.
    pub fn new(rows: &[f32], d: usize, points: Unit) -> Self {
        let n = rows.len() / d;
        assert!(rows.len() == n * d && n <= CENTRES_MAX && d <= COLUMNS_MAX, "{n} centres of {d} columns");
        let largest = rows.iter().fold(0f32, |largest, value| largest.max(value.abs()));
        // Within limits that keep sums within 32 bits.
        let unit = (f64::from(largest) / BYTE_MAX).clamp(points.0 / 256.0, points.0 * 4.0);
        let (n_steps, n_tiles, n_parts) = (d.div_ceil(4), n.div_ceil(TILE), d.div_ceil(LANES));
        let mut coarse = Coarse {
            d,
            n,
            unit: unit * points.0,
            unit_of_points: points,
            off: 0.0,
            lines: vec![Line([0; 64]); n_tiles * n_steps * (TILE / LANES)],
            begin: vec![NOTHING; n_tiles * TILE],
            parts: vec![Part([0.0; LANES]); n * n_parts],
            halves: Vec::with_capacity(n),
        };
        for (c, row) in rows.chunks_exact(d).enumerate() {
            let (tile, line, lane) = (c / TILE, c % TILE / LANES, c % LANES);
            let (mut sum, mut square, mut off, mut exact) = (0, 0.0, 0.0, 0.0);
            for (at, &value) in row.iter().enumerate() {
                let value = f64::from(value);
                let byte = (value / unit).round_ties_even().clamp(-BYTE_MAX, BYTE_MAX);
                let (rest, rounded) = (value - byte * unit, byte * unit);
                (off, square, exact) = (off + rest * rest, square + rounded * rounded, exact + value * value);
                sum += byte as i32;
                let line = (tile * n_steps + at / 4) * (TILE / LANES) + line;
                coarse.lines[line].0[lane * 4 + at % 4] = byte as i8;
                coarse.parts[c * n_parts + at / LANES].0[at % LANES] = value as f32;
            }
            coarse.begin[c] = -((square / (2.0 * coarse.unit)).round() as i32) - OFFSET * sum;
            coarse.off = coarse.off.max(off.sqrt() * (1.0 + 1e-6));
            coarse.halves.push((exact / 2.0) as f32);
        }
        coarse
    }

    pub fn n(&self) -> usize {
        self.n
    }

    /// Finds lists for the picked points: all centres that may be nearest and some more; and for each list a bound on the
    /// distance to all centres outside of it. Shapes: `lists` and `bounds` as `picks`.
    ///
    /// # Panics
    /// Where [`is_available`] is false, or if a pick is no point or lengths do not fit.
    pub fn scan(&self, points: &Rounded, picks: &[u32], room: &mut Room, lists: &mut [List], bounds: &mut [f32]) {
        assert!(is_available(), "this processor has no AVX-512 VNNI; ask is_available first");
        assert!(picks.iter().all(|&pick| (pick as usize) < points.off.len()), "a pick is no point");
        assert!(picks.len() == lists.len() && picks.len() == bounds.len(), "a list for each pick");
        assert!(points.stride == self.d.next_multiple_of(4) && points.unit == self.unit_of_points, "other points");
        room.sums.resize(POINTS * self.begin.len(), 0);
        room.ids.resize(self.begin.len() + LANES, 0);
        #[cfg(target_arch = "x86_64")]
        for ((picks, lists), bounds) in
            picks.chunks(POINTS).zip(lists.chunks_mut(POINTS)).zip(bounds.chunks_mut(POINTS))
        {
            // SAFETY: the processor has the instructions; picks are points, and there is room for the sums of all centres.
            unsafe { kernel::scan(self, points, picks, room, lists, bounds) };
        }
    }

    /// What is nearest in the list of each picked row, by scores in single precision: in another order of additions than
    /// those of [`super::Centres`], but bounded by the same `rounding`.
    /// Shapes: `values` (n, d), `shift` (d), `lists` (n); as `picks`: `scores`, the least and the second, infinite if there is
    /// none, and `labels`, the first of equals.
    ///
    /// # Panics
    /// Where [`is_available`] is false, or if a pick is no row, or a list names no centre.
    pub fn compare(
        &self,
        values: &[f32],
        shift: &[f32],
        picks: &[u32],
        lists: &[List],
        scores: &mut [[f32; 2]],
        labels: &mut [u32],
    ) {
        assert!(is_available(), "this processor has no AVX-512 VNNI; ask is_available first");
        assert!(shift.len() == self.d && values.len() == lists.len() * self.d, "a list for each row");
        assert!(picks.iter().all(|&pick| (pick as usize) < lists.len()), "a pick is no row");
        assert!(picks.len() == scores.len() && picks.len() == labels.len(), "an answer for each pick");
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has the instructions, and picks are rows.
        unsafe {
            kernel::compare(self, values, shift, picks, lists, scores, labels)
        };
    }
}

/// Memory of a scan.
#[derive(Default)]
pub struct Room {
    sums: Vec<i32>,
    ids: Vec<i32>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Random;

    /// Points and centres of which many are alike, some lie far out, and a column is constant. Shape: (n, d).
    fn rows(n: usize, d: usize, random: &mut Random) -> Vec<f32> {
        let mut rows: Vec<f32> = Vec::with_capacity(n * d);
        for at in 0..n {
            let far = if at % 11 == 5 { 30.0 } else { 1.0 };
            let copied = at > 0 && at % 7 == 3;
            let from = random.below(at.max(1));
            for i in 0..d {
                let new = if i == d / 2 { 0.25 } else { (random.uniform() - 0.5) as f32 * far };
                rows.push(if copied { rows[from * d + i] } else { new });
            }
        }
        rows
    }

    fn distance(x: &[f32], shift: &[f32], centre: &[f32]) -> f64 {
        let apart = x.iter().zip(shift).zip(centre).map(|((x, shift), c)| f64::from(x - shift) - f64::from(*c));
        apart.map(|apart| apart * apart).sum::<f64>().sqrt()
    }

    #[test]
    fn lists_miss_no_centre() {
        if !is_available() {
            return println!("skipped: this processor has no AVX-512 VNNI");
        }
        let mut random = Random::new(7);
        let mut n_lists = 0;
        for (n, k, d) in [(9, 1, 1), (50, 16, 3), (101, 64, 8), (103, 65, 16), (60, 300, 33), (30, 129, 1024)] {
            let (points, centres) = (rows(n, d, &mut random), rows(k, d, &mut random));
            let shift: Vec<f32> = (0..d).map(|_| random.uniform() as f32).collect();
            let unit = Unit::new(1.5);
            let (mut rounded, coarse) = (Rounded::room(n, d, unit), Coarse::new(&centres, d, unit));
            let (first, rest) = points.split_at(n / 3 * d);
            rounded.set(0, first, &shift);
            rounded.set(n / 3, rest, &shift);
            let picks: Vec<u32> = (0..n as u32).rev().collect();
            let (mut lists, mut bounds) = (vec![List::NONE; n], vec![0.0; n]);
            coarse.scan(&rounded, &picks, &mut Room::default(), &mut lists, &mut bounds);
            lists.reverse();
            bounds.reverse();
            let (mut scores, mut labels) = (vec![[0.0; 2]; n], vec![0; n]);
            coarse.compare(&points, &shift, &picks, &lists, &mut scores, &mut labels);
            for (row, x) in points.chunks_exact(d).enumerate() {
                let to = |c: usize| distance(x, &shift, &centres[c * d..][..d]);
                let ids = &lists[row].ids[..usize::from(lists[row].n)];
                n_lists += usize::from(!ids.is_empty());
                let at = (0..k).min_by(|&a, &b| to(a).total_cmp(&to(b))).unwrap();
                assert!(ids.is_empty() || ids.iter().any(|&id| to(usize::from(id)) == to(at)), "{n} {k} {d}: {row}");
                for c in (0..k).filter(|&c| !ids.contains(&(c as u16))) {
                    assert!(to(c) >= f64::from(bounds[row]), "{n} {k} {d}: {row} {c}");
                }
                let square = distance(x, &shift, &vec![0.0; d]).powi(2);
                assert!(f64::from(rounded.squares()[row]) >= square && rounded.squares()[row] <= square as f32 * 1.001);
                let pick = n - 1 - row;
                let score = |id: u16| {
                    let centre = &centres[usize::from(id) * d..][..d];
                    let products = x.iter().zip(&shift).zip(centre).map(|((x, s), c)| f64::from(x - s) * f64::from(*c));
                    centre.iter().map(|c| f64::from(*c).powi(2)).sum::<f64>() / 2.0 - products.sum::<f64>()
                };
                let mut expected: Vec<f64> = ids.iter().map(|&id| score(id)).collect();
                expected.sort_by(f64::total_cmp);
                for (found, expected) in scores[pick].iter().zip(&expected) {
                    let slack = 1e-4 * (1.0 + square);
                    assert!((f64::from(*found) - expected).abs() <= slack, "{n} {k} {d}: {row} {found} {expected}");
                }
                assert!(ids.len() > 1 || scores[pick][1] == f32::INFINITY);
                assert!(ids.is_empty() || ids.contains(&(labels[pick] as u16)));
            }
        }
        assert!(n_lists > 50, "only {n_lists} points have a list");
    }

    #[test]
    fn the_first_of_equals_stands_for_both() {
        if !is_available() {
            return println!("skipped: this processor has no AVX-512 VNNI");
        }
        let coarse = Coarse::new(&[9.0, 1.0, 2.0, 1.0, 2.0, 5.0], 1, Unit::new(10.0));
        let lists = [List { ids: std::array::from_fn(|at| [1, 2, 3, 4][at % 4]), n: 4 }, List::NONE];
        let (mut scores, mut labels) = ([[0.0; 2]; 2], [0; 2]);
        coarse.compare(&[1.25, 3.0], &[0.25], &[0, 1], &lists, &mut scores, &mut labels);
        assert_eq!((scores, labels[0]), ([[-0.5, -0.5], [f32::INFINITY; 2]], 1));
    }
}
