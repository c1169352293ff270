//! Ward, average, complete and weighted linkage of a table of distances: the nearest-neighbour chain. O(n²) time.
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
