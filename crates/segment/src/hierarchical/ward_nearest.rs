//! Which cluster's centre is nearest in Ward's sense, exactly.
//!
//! Twice the growth of the sum of squares, 2 |A||B| / (|A|+|B|) ‖a − b‖², is here 2 ‖a − b‖² / (1/|A| + 1/|B|): least, for a
//! box, where the distance is least and the sizes are smallest. The weights of the cells are 1/|A|.

use super::cells::{Boxes, Cells};
use super::chain::Nearest;
use super::lanes::{LANES, squared_distances, widest};

/// Lets bounds be compared without divisions and roundings never exclude what is as near.
const MARGIN: f64 = 1.0 + 1e-14;

/// The nearest of all other clusters, by Ward's distance squared, of the one in `slot`, which has this centre and 1/size. There must be another.
pub fn nearest(cells: &Cells, centre: &[f64], inverse: f64, slot: u32) -> Nearest {
    nearest_at(cells, centre, inverse, cells.places[slot as usize] as usize)
}

fn nearest_at(cells: &Cells, centre: &[f64], inverse: f64, own: usize) -> Nearest {
    widest!(nearest_pass(cells: &Cells, centre: &[f64], inverse: f64, own: usize) -> Nearest)
}

/// `own` is the place of the cluster that asks.
#[inline(always)]
fn nearest_pass<const FUSED: bool>(cells: &Cells, centre: &[f64], inverse: f64, own: usize) -> Nearest {
    let mut search = Search { cells, centre, inverse, own, best: Nearest { slot: u32::MAX, distance: f64::INFINITY } };
    let own_cell = own / LANES;
    // What is near is found first, so that the rest is pruned.
    search.open_cell::<FUSED>(own_cell);
    search.open_group::<FUSED>(own_cell / LANES, own_cell);
    for block in 0..cells.groups.n_blocks() {
        let bounds = cells.bounds::<FUSED>(&cells.groups, block, centre);
        for (lane, &bound) in bounds.iter().enumerate() {
            let group = block * LANES + lane;
            if group != own_cell / LANES && search.may_win(bound, &cells.groups, group) {
                search.open_group::<FUSED>(group, own_cell);
            }
        }
    }
    search.best
}

struct Search<'a> {
    cells: &'a Cells,
    centre: &'a [f64],
    inverse: f64,
    own: usize,
    best: Nearest,
}

impl Search<'_> {
    /// Whether something within a box may be nearer than the best, or as near in a lower slot.
    #[inline(always)]
    fn may_win(&self, bound: f64, boxes: &Boxes, at: usize) -> bool {
        boxes.firsts[at] != u32::MAX
            && 2.0 * bound <= self.best.distance * MARGIN * (self.inverse + boxes.weights[at])
            && (self.best.distance > 0.0 || boxes.firsts[at] < self.best.slot)
    }

    #[inline(always)]
    fn open_group<const FUSED: bool>(&mut self, group: usize, own_cell: usize) {
        let bounds = self.cells.bounds::<FUSED>(&self.cells.cells, group, self.centre);
        for (lane, &bound) in bounds.iter().enumerate() {
            let cell = group * LANES + lane;
            if cell != own_cell && self.may_win(bound, &self.cells.cells, cell) {
                self.open_cell::<FUSED>(cell);
            }
        }
    }

    #[inline(always)]
    fn open_cell<const FUSED: bool>(&mut self, cell: usize) {
        let sums = squared_distances::<FUSED>(self.cells.centres(cell), self.centre);
        let inverses = self.cells.weights(cell);
        let limit = self.best.distance * MARGIN;
        let mut any = false;
        for lane in 0..LANES {
            any |= 2.0 * sums[lane] <= limit * (self.inverse + inverses[lane]);
        }
        if any {
            self.improve(cell, &sums);
        }
    }

    fn improve(&mut self, cell: usize, sums: &[f64; LANES]) {
        for (lane, &sum) in sums.iter().enumerate() {
            let place = cell * LANES + lane;
            let squared = 2.0 * sum / (self.inverse + self.cells.weights[place]);
            let (slot, best) = (self.cells.slots[place], self.best);
            if place != self.own && (squared < best.distance || squared == best.distance && slot < best.slot) {
                self.best = Nearest { slot, distance: squared };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use math::Random;

    /// After any number of merges the nearest is that of a plain loop.
    #[test]
    fn equals_the_plain_search() {
        for (n, d, grid, seed) in
            [(2, 1, 0.0, 1), (40, 3, 0.0, 2), (1500, 2, 0.0, 3), (1500, 5, 3.0, 4), (300, 1, 2.0, 5)]
        {
            let mut random = Random::new(seed);
            let mut value = || if grid > 0.0 { (random.uniform() * grid).floor() } else { random.uniform() };
            let mut rows: Vec<f64> = (0..n * d).map(|_| value()).collect();
            let mut sizes = vec![1.0; n];
            let mut cells = Cells::new(&rows, d, &sizes, 0..n as u32);
            let mut random = Random::new(seed + 100);
            for _ in 0..n.min(200) {
                let used: Vec<usize> = (0..n).filter(|&slot| sizes[slot] > 0.0).collect();
                if used.len() < 2 {
                    break;
                }
                let x = used[random.below(used.len())];
                let row = |slot: usize| &rows[slot * d..(slot + 1) * d];
                let found = nearest(&cells, row(x), 1.0 / sizes[x], x as u32);
                let mut expected = Nearest { slot: u32::MAX, distance: f64::INFINITY };
                for &y in used.iter().filter(|&&y| y != x) {
                    let sum = row(x).iter().zip(row(y)).fold(0.0, |sum, (x, y)| f64::mul_add(x - y, x - y, sum));
                    let squared = 2.0 * sum / (1.0 / sizes[x] + 1.0 / sizes[y]);
                    if squared < expected.distance {
                        expected = Nearest { slot: y as u32, distance: squared };
                    }
                }
                assert!((found.distance - expected.distance).abs() <= 1e-12 * expected.distance);
                if grid == 0.0 || expected.distance == 0.0 {
                    assert_eq!(found.slot, expected.slot);
                }
                let (x, y) = (x.min(found.slot as usize), x.max(found.slot as usize));
                let size = sizes[x] + sizes[y];
                for column in 0..d {
                    let (from, to) = (rows[x * d + column], rows[y * d + column]);
                    rows[y * d + column] = to + (from - to) * sizes[x] / size;
                }
                (sizes[x], sizes[y]) = (0.0, size);
                let (keep, leave) = if random.below(2) == 0 { (x, y) } else { (y, x) };
                cells.merge(keep as u32, leave as u32, y as u32, &rows[y * d..(y + 1) * d], 1.0 / size);
            }
        }
    }
}
