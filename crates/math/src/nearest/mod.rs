//! The nearest of a few rows ("centres") for each of many rows ("points"), by squared Euclidean distance: products and
//! the search for the least are one loop, so that the matrix of distances is never written anywhere.
//!
//! A point x is compared by the score |c|²/2 − x·c, which orders centres as the distance does. A score is the same number,
//! bit for bit, whichever other points and centres it is computed with; [`Centres::rounding`] bounds how far it is from
//! the true one. All rows are taken relative to a shift, commonly the mean, to keep that bound small.
//!
//! What is not here: threads, and any notion of what the centres are for.

// Lanes are counted: an iterator over each array would hide that they go together.
#![allow(clippy::needless_range_loop)]

pub mod coarse;
mod kernels;
mod lanes;
mod rows;
mod tile;
mod within;

pub use kernels::Near;
use kernels::{Few, Kernels, Rows};
pub use rows::{NOWHERE, Passes};
pub(crate) use tile::{Tile, tile_kernel};
pub use within::{BEYOND, BOUNDS, Judged, SETTLED, judge, limits, rows_within};

use crate::dense::Real;

/// Points in a panel.
pub const WIDTH: usize = 64;
/// Centres whose scores are computed together.
const TILE_CENTRES: usize = 4;

/// What is nearest, for each point of a panel.
pub struct Found<T> {
    /// The least score.
    pub score: [T; WIDTH],
    /// The number of its centre.
    pub at: [T; WIDTH],
    /// The least score of the other centres; infinite if there is none. Only written by [`Centres::nearest_two`].
    pub second: [T; WIDTH],
}

impl<T: Real> Default for Found<T> {
    fn default() -> Self {
        Found { score: [T::INFINITY; WIDTH], at: [T::ZERO; WIDTH], second: [T::INFINITY; WIDTH] }
    }
}

/// Up to [`WIDTH`] points as columns.
pub struct Panel<T> {
    /// Shape: (d rounded up to 16, WIDTH).
    columns: Vec<T>,
    /// The squared lengths of the points less the shift.
    pub squares: [T; WIDTH],
    n: usize,
}

impl<T: Real> Panel<T> {
    pub fn new(d: usize) -> Self {
        Panel { columns: vec![T::ZERO; d.next_multiple_of(lanes::LANES_MAX) * WIDTH], squares: [T::ZERO; WIDTH], n: 0 }
    }
}

/// Centres made ready for being compared with.
pub struct Centres<T: 'static> {
    d: usize,
    n: usize,
    /// Shape: (n rounded up to TILE_CENTRES / TILE_CENTRES, d, TILE_CENTRES).
    tiles: Vec<T>,
    /// Half the squared lengths; infinite for those that only fill a tile. Shape: (n rounded up to TILE_CENTRES).
    halves: Vec<T>,
    /// The largest squared length.
    square_max: f64,
    /// For few centres, shapes (d, lanes) and (lanes): dimension by dimension, and the halves; and their kernel.
    few: Option<(Vec<T>, Few<T>)>,
    kernels: Kernels<T>,
}

impl<T: Near> Centres<T> {
    /// Centres as they are, or with the shift already taken off. Shape of `rows`: (n, d), row by row.
    ///
    /// # Panics
    /// If `d` is 0, or no divisor of the number of values.
    pub fn new(rows: &[T], d: usize) -> Self {
        Self::with_kernels(rows, d, T::kernels()[0])
    }

    fn with_kernels(rows: &[T], d: usize, kernels: Kernels<T>) -> Self {
        assert!(d > 0 && rows.len().is_multiple_of(d), "{} values are no rows of {d}", rows.len());
        let n = rows.len() / d;
        let n_padded = n.next_multiple_of(TILE_CENTRES);
        let mut centres = Centres {
            d,
            n,
            tiles: vec![T::ZERO; n_padded * d],
            halves: vec![T::INFINITY; n_padded],
            square_max: 0.0,
            few: None,
            kernels,
        };
        for (at, row) in rows.chunks_exact(d).enumerate() {
            let tile = &mut centres.tiles[at / TILE_CENTRES * TILE_CENTRES * d..];
            for (dim, &value) in row.iter().enumerate() {
                tile[dim * TILE_CENTRES + at % TILE_CENTRES] = value;
            }
            let square: f64 = row.iter().map(|value| value.to_f64().powi(2)).sum();
            centres.halves[at] = T::from_f64(square / 2.0);
            centres.square_max = centres.square_max.max(square);
        }
        centres.few = kernels.few.into_iter().find(|&(n_lanes, _)| n <= n_lanes).map(|(n_lanes, few)| {
            let mut columns = vec![T::ZERO; (d + 1) * n_lanes];
            columns[d * n_lanes..].fill(T::INFINITY);
            for (at, row) in rows.chunks_exact(d).enumerate() {
                row.iter().enumerate().for_each(|(dim, &value)| columns[dim * n_lanes + at] = value);
                columns[d * n_lanes + at] = centres.halves[at];
            }
            (columns, few)
        });
        centres
    }

    pub fn n(&self) -> usize {
        self.n
    }

    /// Fills the panel with the rows that `picks` names. Shapes: `values` (n, d), `shift` (d).
    ///
    /// # Panics
    /// If there are no picks or more than [`WIDTH`], or one is no row; or the panel is for another d.
    pub fn pack(&self, values: &[T], shift: &[T], picks: &[u32], panel: &mut Panel<T>) {
        let n_rows = values.len() / self.d;
        assert!((1..=WIDTH).contains(&picks.len()) && shift.len() == self.d, "1 to {WIDTH} picks fit a panel");
        assert!(picks.iter().all(|&pick| (pick as usize) < n_rows), "a pick is none of {n_rows} rows");
        assert_eq!(panel.columns.len(), self.d.next_multiple_of(lanes::LANES_MAX) * WIDTH, "a panel for another d");
        panel.n = picks.len();
        let rows = Rows { values, d: self.d, shift };
        // SAFETY: the processor has the instructions of `kernels`; rows and lanes are within bounds as asserted.
        unsafe { (self.kernels.pack)(&rows, picks, &mut panel.columns, &mut panel.squares) };
    }

    /// The nearest centre for each point of the panel.
    ///
    /// # Panics
    /// If the panel is for another d.
    pub fn nearest(&self, panel: &Panel<T>, found: &mut Found<T>) {
        self.run(self.kernels.nearest, panel, found);
    }

    /// As [`Centres::nearest`], and the score of the second nearest.
    ///
    /// # Panics
    /// If the panel is for another d.
    pub fn nearest_two(&self, panel: &Panel<T>, found: &mut Found<T>) {
        self.run(self.kernels.nearest_two, panel, found);
    }

    #[allow(clippy::type_complexity)]
    fn run(
        &self,
        kernel: unsafe fn(&[T], usize, usize, &[T], &[T], &mut Found<T>),
        panel: &Panel<T>,
        found: &mut Found<T>,
    ) {
        assert_eq!(panel.columns.len(), self.d.next_multiple_of(lanes::LANES_MAX) * WIDTH, "a panel for another d");
        // SAFETY: the processor has the instructions; tiles and halves fit each other, and panel and found are WIDTH wide.
        unsafe { kernel(&panel.columns, self.d, panel.n, &self.tiles, &self.halves, found) };
    }

    /// The nearest centre of each row, and its score. Shapes: `values` (n, d), `shift` (d), `labels` and `squares` (n).
    /// `squares` receives squared distances, from the scores: exact up to [`Centres::rounding`], never negative.
    ///
    /// # Panics
    /// If lengths do not fit.
    pub fn assign(&self, values: &[T], shift: &[T], panel: &mut Panel<T>, labels: &mut [u32], squares: &mut [T]) {
        let mut found = Found::default();
        let width = WIDTH * self.d;
        for ((values, labels), squares) in
            values.chunks(width).zip(labels.chunks_mut(WIDTH)).zip(squares.chunks_mut(WIDTH))
        {
            self.pack(values, shift, &FIRST[..labels.len()], panel);
            self.nearest(panel, &mut found);
            for at in 0..labels.len() {
                labels[at] = found.at[at].to_f64() as u32;
                squares[at] = (panel.squares[at] + found.score[at] + found.score[at]).max(T::ZERO);
            }
        }
    }

    /// The nearest centre of each row, as [`Centres::assign`] finds it; few centres cost less. Shapes: `values` (n, d),
    /// `shift` (d), `labels` (n).
    ///
    /// # Panics
    /// If lengths do not fit.
    pub fn label(&self, values: &[T], shift: &[T], panel: &mut Panel<T>, labels: &mut [u32]) {
        let Some((columns, few)) = &self.few else {
            let mut found = Found::default();
            for (values, labels) in values.chunks(WIDTH * self.d).zip(labels.chunks_mut(WIDTH)) {
                self.pack(values, shift, &FIRST[..labels.len()], panel);
                self.nearest(panel, &mut found);
                labels.iter_mut().zip(found.at).for_each(|(label, at)| *label = at.to_f64() as u32);
            }
            return;
        };
        assert!(values.len() == labels.len() * self.d && shift.len() == self.d, "{} labels of rows", labels.len());
        assert_eq!(panel.columns.len(), self.d.next_multiple_of(lanes::LANES_MAX) * WIDTH, "a panel for another d");
        let (rows, n_lanes) = (Rows { values, d: self.d, shift }, columns.len() / (self.d + 1));
        let (columns, halves) = columns.split_at(n_lanes * self.d);
        let room = &mut panel.columns[..n_lanes * lanes::LANES_MAX];
        // SAFETY: the processor has the instructions; columns, halves and room are as wide as the kernel's registers.
        unsafe { few(&rows, columns, halves, room, labels) };
    }

    /// How far a computed squared distance |x|² + 2 × score can be from the true one, given |x|²: a bound for every
    /// order of additions (Higham 2002, section 3.1), doubled.
    pub fn rounding(&self, square: f64) -> f64 {
        rounding::<T>(self.d, square, self.square_max)
    }

    /// The largest squared length of a centre.
    pub fn square_max(&self) -> f64 {
        self.square_max
    }
}

/// See [`Centres::rounding`]; `square_max` is the largest squared length of a centre.
pub fn rounding<T: Real>(d: usize, square: f64, square_max: f64) -> f64 {
    let unit = (d + 4) as f64 * T::EPSILON.to_f64();
    // |x|² is off by unit × |x|²; twice the score by unit × (|c|² + 2 |x||c|), and 2 |x||c| ≤ |x|² + |c|².
    2.0 * unit * (square + square_max)
}

/// The rows of a panel in their own order.
pub static FIRST: [u32; WIDTH] = {
    let mut first = [0; WIDTH];
    let mut at = 0;
    while at < WIDTH {
        first[at] = at as u32;
        at += 1;
    }
    first
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Random;

    fn random<T: Real>(n: usize, seed: u64) -> Vec<T> {
        let mut random = Random::new(seed);
        (0..n).map(|_| T::from_f64(random.uniform() * 4.0 - 1.0)).collect()
    }

    /// Every kernel against plain arithmetic, at all sizes around the tiles' edges.
    fn check<T: Near>() {
        for kernels in T::kernels() {
            for (n, k, d) in [
                (1, 1, 1),
                (3, 2, 3),
                (64, 4, 8),
                (65, 5, 16),
                (71, 8, 16),
                (130, 9, 17),
                (200, 33, 64),
                (40, 13, 31),
                (75, 16, 33),
            ] {
                let (points, centres) = (random::<T>(n * d, 1), random::<T>(k * d, 2));
                let shift = random::<T>(d, 3);
                let ready = Centres::with_kernels(&centres, d, kernels);
                let mut panel = Panel::new(d);
                let mut found = Found::default();
                let (mut labels, mut same, mut squares) = (vec![9; n], vec![9; n], vec![T::ZERO; n]);
                ready.label(&points, &shift, &mut panel, &mut labels);
                ready.assign(&points, &shift, &mut panel, &mut same, &mut squares);
                assert_eq!(labels, same, "{} {n} {k} {d}", kernels.name);
                for first in (0..n).step_by(WIDTH) {
                    // Backwards, so that picks are not just a range.
                    let picks: Vec<u32> = (first..n.min(first + WIDTH)).rev().map(|at| at as u32).collect();
                    ready.pack(&points, &shift, &picks, &mut panel);
                    ready.nearest_two(&panel, &mut found);
                    for (lane, &pick) in picks.iter().enumerate() {
                        let x: Vec<f64> =
                            (0..d).map(|at| (points[pick as usize * d + at] - shift[at]).to_f64()).collect();
                        let square: f64 = x.iter().map(|x| x * x).sum();
                        let distance =
                            |c: usize| -> f64 { (0..d).map(|at| (x[at] - centres[c * d + at].to_f64()).powi(2)).sum() };
                        let slack = ready.rounding(square);
                        let told = square + 2.0 * found.score[lane].to_f64();
                        let at = found.at[lane].to_f64() as usize;
                        let least = (0..k).map(distance).fold(f64::INFINITY, f64::min);
                        assert!((distance(at) - told).abs() <= slack, "{} {n} {k} {d}", kernels.name);
                        assert!(distance(at) <= least + 2.0 * slack);
                        assert!((panel.squares[lane].to_f64() - square).abs() <= slack);
                        let second = (0..k).filter(|&c| c != at).map(distance).fold(f64::INFINITY, f64::min);
                        let told = square + 2.0 * found.second[lane].to_f64();
                        assert!(second == told || (second - told).abs() <= slack, "{second} {told}");
                    }
                    let (score, at) = (found.score, found.at);
                    ready.nearest(&panel, &mut found);
                    assert_eq!(
                        (&score[..picks.len()], &at[..picks.len()]),
                        (&found.score[..picks.len()], &found.at[..picks.len()])
                    );
                }
            }
        }
    }

    #[test]
    fn kernels_find_the_nearest() {
        check::<f32>();
        check::<f64>();
    }

    #[test]
    fn a_score_does_not_depend_on_its_company() {
        let (n, k, d) = (64, 12, 19);
        let (points, centres, shift) = (random::<f32>(n * d, 4), random::<f32>(k * d, 5), random::<f32>(d, 6));
        let all = Centres::new(&centres, d);
        let (mut panel, mut found, mut alone) = (Panel::new(d), Found::default(), Found::default());
        all.pack(&points, &shift, &FIRST, &mut panel);
        all.nearest(&panel, &mut found);
        for lane in 0..n {
            let at = found.at[lane] as usize;
            let one = Centres::new(&centres[at * d..(at + 1) * d], d);
            one.pack(&points, &shift, &[lane as u32], &mut panel);
            one.nearest(&panel, &mut alone);
            assert_eq!(alone.score[0], found.score[lane]);
        }
    }

    #[test]
    fn the_first_of_equal_centres_is_taken() {
        let centres = [1.0, 2.0, 0.0, 0.0, 1.0, 2.0, 0.0, 0.0];
        let (mut labels, mut squares) = ([9; 2], [9.0; 2]);
        Centres::new(&centres, 2).assign(
            &[1.0, 2.5, 0.1, 0.0],
            &[0.0, 0.0],
            &mut Panel::new(2),
            &mut labels,
            &mut squares,
        );
        assert_eq!(labels, [0, 1]);
        assert!((squares[0] - 0.25).abs() < 1e-12 && (squares[1] - 0.01).abs() < 1e-12);
    }
}
