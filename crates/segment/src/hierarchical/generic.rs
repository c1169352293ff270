//! Centroid and median linkage of a table of distances, whose merges may come nearer than what they merged, so that no
//! chain of neighbours is valid: Müllner's generic algorithm (2011, "Modern hierarchical, agglomerative clustering
//! algorithms", fig. 3), with a scan in place of his heap, since each merge costs a scan anyway.
//!
//! Of equally near pairs that with the lowest slot merges first; SciPy leaves it to the state of its heap.

use super::condensed::{Join, Table, first_least};
use super::{Linkage, Watch};
use crate::SegmentError;

/// Pairs of points and heights, in the order of the merges.
pub fn generic(mut table: Table, linkage: Linkage, watch: &Watch) -> Result<Vec<(u32, u32, f64)>, SegmentError> {
    let n = table.n;
    let mut pairs = Vec::with_capacity(n - 1);
    // Of each slot: a guess of the nearest after it, and a distance that none of them falls below.
    let (mut nearest, mut bounds): (Vec<usize>, Vec<f64>) = (0..n).map(|x| table.nearest_after(x)).unzip();
    for k in 0..n - 1 {
        watch.tell(k, n)?;
        let (x, height) = loop {
            let (x, bound) = first_least(&bounds);
            if bound == table.at(x, nearest[x]) {
                break (x, bound);
            }
            (nearest[x], bounds[x]) = table.nearest_after(x);
        };
        let y = nearest[x];
        pairs.push((table.points[x], table.points[y], height));
        table.merge(x, y, height, |join: Join| join.distance(linkage));
        bounds[x] = f64::INFINITY;
        for &z in table.active.iter().take_while(|&&z| (z as usize) < y) {
            let z = z as usize;
            if nearest[z] == x {
                nearest[z] = y;
            }
            let distance = table.at(z, y);
            if distance < bounds[z] {
                (nearest[z], bounds[z]) = (y, distance);
            }
        }
        (nearest[y], bounds[y]) = table.nearest_after(y);
        if table.is_sparse() {
            nearest = table.active.iter().map(|&z| nearest[z as usize]).collect();
            bounds = table.active.iter().map(|&z| bounds[z as usize]).collect();
            let slots = table.pack();
            // The last slot has nothing after it, and its guess is never read.
            let renumbered = |&slot: &usize| slots.get(slot).map_or(usize::MAX, |&slot| slot as usize);
            nearest = nearest.iter().map(renumbered).collect();
        }
    }
    Ok(pairs)
}
