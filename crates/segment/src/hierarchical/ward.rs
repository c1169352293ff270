//! Ward's linkage straight from the vectors, in O(n d) memory: the nearest-neighbour chain over centres, which
//! `ward_cells` finds the nearest of.
//!
//! The chain's order and ties are those of `chain`, but for rounding: a distance comes from the centres rather than from a
//! recursion over distances, which is more accurate and gives exactly 0 for equal points.

use super::Watch;
use super::ward_cells::{Cells, Nearest};
use crate::SegmentError;

/// Of a cluster that is gone.
const GONE: u32 = u32::MAX;
/// Of a nearest that was never found; no cluster has it.
const NEVER: u32 = u32::MAX - 1;

/// Pairs of points and heights, in the order of the merges. Shape of `rows`: (n, d).
pub fn of_vectors(rows: Vec<f64>, d: usize, watch: &Watch) -> Result<Vec<(u32, u32, f64)>, SegmentError> {
    let n = rows.len() / d;
    let mut clusters = Clusters { rows, d, sizes: vec![1.0; n], births: (0..n as u32).collect() };
    let mut cells = Cells::new(&clusters.rows, d, &clusters.sizes);
    let mut n_built = n;
    // Each slot's nearest with the birth it had when it was found.
    let mut known: Vec<(Nearest, u32)> = if n > 1 { clusters.all_nearest(&cells) } else { Vec::new() };
    let mut pairs = Vec::with_capacity(n - 1);
    let mut chain: Vec<u32> = Vec::new();
    let mut lowest = 0;
    for k in 0..n - 1 {
        watch.tell(k, n)?;
        if chain.is_empty() {
            while clusters.births[lowest] == GONE {
                lowest += 1;
            }
            chain.push(lowest as u32);
        }
        let (x, y, squared) = loop {
            let x = chain[chain.len() - 1] as usize;
            let (mut nearest, birth) = known[x];
            if clusters.births[nearest.slot as usize] != birth {
                nearest = cells.nearest(clusters.row(x), clusters.sizes[x], x as u32);
                known[x] = (nearest, clusters.births[nearest.slot as usize]);
            }
            // The one before in the chain is as far as it said when x was found to be its nearest.
            if let [.., before, _] = chain[..]
                && known[before as usize].0.squared <= nearest.squared
            {
                break (before as usize, x, nearest.squared);
            }
            chain.push(nearest.slot);
        };
        chain.truncate(chain.len() - 2);
        let (x, y) = (x.min(y), x.max(y));
        pairs.push((x as u32, y as u32, squared.sqrt()));
        clusters.merge(x, y, (n + k) as u32);
        known[y].1 = NEVER;
        let n_left = n - 1 - k;
        if n_left * 8 < n_built * 5 && n_left > 1 {
            cells = Cells::new(&clusters.rows, d, &clusters.sizes);
            n_built = n_left;
        } else {
            cells.merge(x as u32, y as u32, clusters.row(y), clusters.sizes[y]);
        }
    }
    Ok(pairs)
}

/// The clusters as they are; each lives in the slot of one of its points, the higher of the two that merged.
struct Clusters {
    /// Centres. Shape: (n, d).
    rows: Vec<f64>,
    d: usize,
    /// Points in each; 0 if it is gone. Shape: (n).
    sizes: Vec<f64>,
    /// A number that changes with every merge; [`GONE`] if it is gone. Shape: (n).
    births: Vec<u32>,
}

impl Clusters {
    fn row(&self, slot: usize) -> &[f64] {
        &self.rows[slot * self.d..(slot + 1) * self.d]
    }

    fn all_nearest(&self, cells: &Cells) -> Vec<(Nearest, u32)> {
        use rayon::prelude::*;
        let with_birth = |nearest: Nearest| (nearest, self.births[nearest.slot as usize]);
        let slots = (0..self.sizes.len()).into_par_iter();
        slots.map(|slot| with_birth(cells.nearest(self.row(slot), self.sizes[slot], slot as u32))).collect()
    }

    fn merge(&mut self, x: usize, y: usize, birth: u32) {
        let size = self.sizes[x] + self.sizes[y];
        let share = self.sizes[x] / size;
        let (before, after) = self.rows.split_at_mut(y * self.d);
        for (to, &from) in after[..self.d].iter_mut().zip(&before[x * self.d..(x + 1) * self.d]) {
            // Of equal values this makes exactly the same one.
            *to += (from - *to) * share;
        }
        (self.sizes[x], self.sizes[y]) = (0.0, size);
        (self.births[x], self.births[y]) = (GONE, birth);
    }
}
