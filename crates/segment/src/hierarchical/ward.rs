//! Ward's linkage straight from the vectors, in O(n d) memory: the nearest-neighbour chain over centres, which
//! `ward_nearest` finds the nearest of.
//!
//! Ties are those of `chain`, but for rounding: a distance comes from the centres rather than from a recursion over
//! distances, which is more accurate and gives exactly 0 for equal points.

use super::Watch;
use super::cells::Cells;
use super::chain::{Clusters, Nearest, chain_of_clusters};
use super::ward_nearest::nearest;
use crate::SegmentError;

/// Pairs of points and heights, in the order of the merges. Shape of `rows`: (n, d).
pub fn of_vectors(rows: Vec<f64>, d: usize, watch: &Watch) -> Result<Vec<(u32, u32, f64)>, SegmentError> {
    let n = rows.len() / d;
    let (sizes, inverses) = (vec![1.0; n], vec![1.0; n]);
    let cells = Cells::new(&rows, d, &inverses, 0..n as u32);
    let mut centres = Centres { rows, d, sizes, inverses, cells, n_left: n, n_built: n };
    let pairs = chain_of_clusters(n, 1, &mut centres, watch)?;
    Ok(pairs.into_iter().map(|(x, y, squared)| (x, y, squared.sqrt())).collect())
}

/// The clusters as they are; each lives in the slot of one of its points, the higher of the two that merged.
struct Centres {
    /// Shape: (n, d).
    rows: Vec<f64>,
    d: usize,
    /// Points in each; 0 if it is gone. Shape: (n).
    sizes: Vec<f64>,
    /// One over the size. Shape: (n).
    inverses: Vec<f64>,
    cells: Cells,
    n_left: usize,
    /// Clusters when the cells were built.
    n_built: usize,
}

impl Clusters for Centres {
    fn nearest(&self, slot: usize) -> Nearest {
        let centre = &self.rows[slot * self.d..(slot + 1) * self.d];
        nearest(&self.cells, centre, self.inverses[slot], slot as u32)
    }

    fn merge(&mut self, x: usize, y: usize) {
        // Where the larger was is nearer to the new centre.
        let (keep, leave) = if self.sizes[x] > self.sizes[y] { (x, y) } else { (y, x) };
        let size = self.sizes[x] + self.sizes[y];
        move_centre(&mut self.rows, self.d, x, y, self.sizes[x] / size);
        (self.sizes[x], self.sizes[y], self.inverses[y]) = (0.0, size, 1.0 / size);
        self.n_left -= 1;
        if self.n_left * 8 < self.n_built * 5 {
            let used = (0..self.sizes.len() as u32).filter(|&slot| self.sizes[slot as usize] > 0.0);
            self.cells = Cells::new(&self.rows, self.d, &self.inverses, used);
            self.n_built = self.n_left;
        } else {
            let centre = &self.rows[y * self.d..(y + 1) * self.d];
            self.cells.merge(keep as u32, leave as u32, y as u32, centre, self.inverses[y]);
        }
    }
}

/// Moves row `y` towards row `x`, x < y, by a share of the way. Equal rows stay exactly equal.
pub fn move_centre(rows: &mut [f64], d: usize, x: usize, y: usize, share: f64) {
    let (before, after) = rows.split_at_mut(y * d);
    for (to, &from) in after[..d].iter_mut().zip(&before[x * d..(x + 1) * d]) {
        *to += (from - *to) * share;
    }
}
