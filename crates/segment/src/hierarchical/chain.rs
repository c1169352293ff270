//! The nearest-neighbour chain, for linkages that are reducible: ward, average, complete, weighted. Over a table of
//! distances, in O(n²) time, and over clusters that find their nearest by themselves.
//!
//! The order of the chain and its ties are SciPy's: it starts at the lowest slot in use, goes back rather than on if both
//! are equally near, and otherwise takes the lowest slot of equals. Unlike SciPy a found neighbour is remembered: as these
//! linkages are reducible, merges elsewhere bring nothing nearer, so that it stays the nearest until it is merged itself.

use super::condensed::{Join, Table};
use super::{Linkage, Watch};
use crate::SegmentError;

const NONE: u32 = u32::MAX;

/// Pairs of points and heights, in the order of the merges.
pub fn chain(mut table: Table, linkage: Linkage, watch: &Watch) -> Result<Vec<(u32, u32, f64)>, SegmentError> {
    match linkage {
        Linkage::Ward => run(&mut table, watch, |join| join.distance(Linkage::Ward)),
        Linkage::Average => run(&mut table, watch, |join| join.distance(Linkage::Average)),
        Linkage::Complete => run(&mut table, watch, |join| join.distance(Linkage::Complete)),
        Linkage::Weighted => run(&mut table, watch, |join| join.distance(Linkage::Weighted)),
        _ => unreachable!("{linkage:?} is not for the chain"),
    }
}

fn run(
    table: &mut Table,
    watch: &Watch,
    join: impl Fn(Join) -> f64 + Copy,
) -> Result<Vec<(u32, u32, f64)>, SegmentError> {
    let n = table.n;
    let mut pairs = Vec::with_capacity(n - 1);
    let mut chain: Vec<u32> = Vec::new();
    // What each slot's nearest is, if known: slot and distance.
    let mut known: Vec<(u32, f64)> = vec![(NONE, 0.0); n];
    for k in 0..n - 1 {
        watch.tell(k, n)?;
        if chain.is_empty() {
            chain.push(table.active[0]);
        }
        let (x, y, height) = loop {
            let x = chain[chain.len() - 1] as usize;
            if known[x].0 == NONE {
                let (nearest, distance) = table.nearest(x);
                known[x] = (nearest as u32, distance);
            }
            let (nearest, distance) = known[x];
            if let [.., before, _] = chain[..]
                && table.at(x, before as usize) <= distance
            {
                break (before as usize, x, distance);
            }
            chain.push(nearest);
        };
        chain.truncate(chain.len() - 2);
        let (x, y) = (x.min(y), x.max(y));
        pairs.push((table.points[x], table.points[y], height));
        table.merge(x, y, height, join);
        known[y].0 = NONE;
        for &i in &table.active {
            let nearest = &mut known[i as usize].0;
            if *nearest == x as u32 || *nearest == y as u32 {
                *nearest = NONE;
            }
        }
        if table.is_sparse() {
            known = table.active.iter().map(|&i| known[i as usize]).collect();
            let slots = table.pack();
            let renumber = |slot: &mut u32| *slot = if *slot == NONE { NONE } else { slots[*slot as usize] };
            known.iter_mut().for_each(|known| renumber(&mut known.0));
            chain.iter_mut().for_each(renumber);
        }
    }
    Ok(pairs)
}

/// The nearest cluster of another, the lowest slot of equals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nearest {
    pub slot: u32,
    /// In the unit of those who find it.
    pub distance: f64,
}

/// Clusters in slots, at first each of one point.
pub trait Clusters {
    /// The nearest of all other clusters of the one in `slot`; equally far, to the last bit, seen from either side.
    fn nearest(&self, slot: usize) -> Nearest;

    /// Merges the cluster in slot `x` into that in slot `y`, x < y.
    fn merge(&mut self, x: usize, y: usize);

    /// Whether to end before so few are left as was asked for.
    fn is_tired(&self) -> bool {
        false
    }
}

/// As [`chain`], until `n_left` clusters are left or the clusters are tired.
pub fn chain_of_clusters(
    n: usize,
    n_left: usize,
    clusters: &mut impl Clusters,
    watch: &Watch,
) -> Result<Vec<(u32, u32, f64)>, SegmentError> {
    /// The birth of a cluster that is gone.
    const GONE: u32 = u32::MAX;
    /// The birth of a neighbour that was never found; no cluster has it.
    const NEVER: u32 = u32::MAX - 1;
    if n < 2 {
        return Ok(Vec::new());
    }
    // A number of the cluster in each slot that changes with every merge.
    let mut births: Vec<u32> = (0..n as u32).collect();
    // Each slot's nearest with the birth it had when it was found. Finding all of them first, in parallel, was measured: a
    // third more work, as a chain asks for most of them only when fewer clusters are left, and no less time.
    let mut known = vec![(Nearest { slot: 0, distance: 0.0 }, NEVER); n];
    let mut pairs = Vec::with_capacity(n - n_left);
    let mut chain: Vec<u32> = Vec::new();
    let mut lowest = 0;
    for k in 0..n - n_left {
        watch.tell(k, n)?;
        if chain.is_empty() {
            while births[lowest] == GONE {
                lowest += 1;
            }
            chain.push(lowest as u32);
        }
        let (x, y, distance) = loop {
            let x = chain[chain.len() - 1] as usize;
            let (mut nearest, birth) = known[x];
            if births[nearest.slot as usize] != birth {
                nearest = clusters.nearest(x);
                known[x] = (nearest, births[nearest.slot as usize]);
            }
            // The one before in the chain is as far as it said when x was found to be its nearest.
            if let [.., before, _] = chain[..]
                && known[before as usize].0.distance <= nearest.distance
            {
                break (before as usize, x, nearest.distance);
            }
            chain.push(nearest.slot);
        };
        chain.truncate(chain.len() - 2);
        let (x, y) = (x.min(y), x.max(y));
        pairs.push((x as u32, y as u32, distance));
        clusters.merge(x, y);
        (births[x], births[y]) = (GONE, (n + k) as u32);
        known[y].1 = NEVER;
        if clusters.is_tired() {
            break;
        }
    }
    Ok(pairs)
}
