//! Which cluster's centre is nearest in Ward's sense, exactly: centres in cells of 32 that lie near each other, cells in
//! groups of 32, each with its box. A box gives a lower bound, so that most groups and cells are never opened; those that
//! are opened are compared 32 at a time.
//!
//! Twice the growth of the sum of squares, 2 |A||B| / (|A|+|B|) ‖a − b‖², is here 2 ‖a − b‖² / (1/|A| + 1/|B|): least, for a
//! box, where the distance is least and the sizes are smallest.

use super::lanes::{LANES, multiply_add, squared_distances, widest};

/// The nearest cluster of a query, the lowest slot of equals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nearest {
    pub slot: u32,
    /// Ward's distance, squared.
    pub squared: f64,
}

/// Lets bounds be compared without divisions and roundings never exclude what is as near.
const MARGIN: f64 = 1.0 + 1e-14;

/// Centres by place. What is not in use has coordinates that are not numbers, so that no comparison holds.
pub struct Cells {
    d: usize,
    /// Shape: (n_cells, d, LANES).
    centres: Vec<f64>,
    /// One over the size. Shape: (n_cells, LANES).
    inverses: Vec<f64>,
    /// Shape: (n_cells, LANES).
    slots: Vec<u32>,
    /// Where each slot's centre stands. Shape: (n).
    places: Vec<u32>,
    cells: Boxes,
    groups: Boxes,
}

/// Boxes in blocks of LANES. An empty box is infinitely far from everything.
struct Boxes {
    /// Shape: (n_blocks, d, LANES).
    lows: Vec<f64>,
    highs: Vec<f64>,
    /// One over the least size within. Shape: (n_blocks, LANES).
    inverses: Vec<f64>,
    /// The lowest slot within. Shape: (n_blocks, LANES).
    firsts: Vec<u32>,
}

impl Boxes {
    fn empty(n: usize, d: usize) -> Self {
        let n = n.div_ceil(LANES) * LANES;
        Boxes {
            lows: vec![f64::INFINITY; n * d],
            highs: vec![f64::NEG_INFINITY; n * d],
            inverses: vec![1.0; n],
            firsts: vec![u32::MAX; n],
        }
    }

    fn n_blocks(&self) -> usize {
        self.inverses.len() / LANES
    }
}

impl Cells {
    /// Of all clusters whose size is not 0. Shapes: `rows` (n, d), `sizes` (n).
    pub fn new(rows: &[f64], d: usize, sizes: &[f64]) -> Self {
        let mut order: Vec<u32> = (0..sizes.len() as u32).filter(|&slot| sizes[slot as usize] > 0.0).collect();
        split(rows, d, &mut order);
        let n_cells = order.len().div_ceil(LANES);
        let n_lanes = n_cells * LANES;
        let mut cells = Cells {
            d,
            centres: vec![f64::NAN; n_lanes * d],
            inverses: vec![1.0; n_lanes],
            slots: vec![u32::MAX; n_lanes],
            places: vec![u32::MAX; sizes.len()],
            cells: Boxes::empty(n_cells, d),
            groups: Boxes::empty(n_cells.div_ceil(LANES), d),
        };
        for (place, &slot) in order.iter().enumerate() {
            let row = &rows[slot as usize * d..(slot as usize + 1) * d];
            cells.put(place, slot, row, sizes[slot as usize]);
        }
        (0..n_cells).for_each(|cell| cells.fit_cell(cell));
        (0..n_cells.div_ceil(LANES)).for_each(|group| cells.fit_group(group));
        cells
    }

    /// The nearest of all other clusters of the one in `slot`, which has this centre and size. There must be another.
    pub fn nearest(&self, centre: &[f64], size: f64, slot: u32) -> Nearest {
        nearest(self, centre, 1.0 / size, self.places[slot as usize] as usize)
    }

    /// The clusters in slots `x` and `y` are now one, in slot `y`, with this centre and size.
    pub fn merge(&mut self, x: u32, y: u32, centre: &[f64], size: f64) {
        let (from_x, from_y) = (self.places[x as usize] as usize, self.places[y as usize] as usize);
        // Where the larger was is nearer to the new centre.
        let (to, gone) =
            if self.inverses[from_x] < self.inverses[from_y] { (from_x, from_y) } else { (from_y, from_x) };
        self.slots[gone] = u32::MAX;
        self.places[x as usize] = u32::MAX;
        for column in 0..self.d {
            self.centres[(gone / LANES * self.d + column) * LANES + gone % LANES] = f64::NAN;
        }
        self.put(to, y, centre, size);
        self.fit_cell(to / LANES);
        self.fit_group(to / LANES / LANES);
        if gone / LANES != to / LANES {
            self.fit_cell(gone / LANES);
            self.fit_group(gone / LANES / LANES);
        }
    }

    fn put(&mut self, place: usize, slot: u32, centre: &[f64], size: f64) {
        for (column, &value) in centre.iter().enumerate() {
            self.centres[(place / LANES * self.d + column) * LANES + place % LANES] = value;
        }
        (self.inverses[place], self.slots[place]) = (1.0 / size, slot);
        self.places[slot as usize] = place as u32;
    }

    fn fit_cell(&mut self, cell: usize) {
        let (centres, d) = (&self.centres[cell * self.d * LANES..(cell + 1) * self.d * LANES], self.d);
        let boxes = &mut self.cells;
        let (block, lane) = (cell / LANES * d * LANES, cell % LANES);
        for (column, values) in centres.as_chunks::<LANES>().0.iter().enumerate() {
            boxes.lows[block + column * LANES + lane] = least(values);
            boxes.highs[block + column * LANES + lane] = -least(&values.map(|value| -value));
        }
        let range = cell * LANES..(cell + 1) * LANES;
        let used = self.slots[range.clone()].iter().zip(&self.inverses[range]).filter(|(slot, _)| **slot != u32::MAX);
        let (first, inverse) = used.fold((u32::MAX, 0.0f64), |(first, inverse), (&slot, &one)| {
            (first.min(slot), if one > inverse { one } else { inverse })
        });
        (boxes.firsts[cell], boxes.inverses[cell]) = (first, if first == u32::MAX { 1.0 } else { inverse });
    }

    fn fit_group(&mut self, group: usize) {
        let (cells, groups, d) = (&self.cells, &mut self.groups, self.d);
        let (block, lane) = (group / LANES * d * LANES, group % LANES);
        let range = group * d * LANES..(group + 1) * d * LANES;
        let lows = cells.lows[range.clone()].as_chunks::<LANES>().0;
        let highs = cells.highs[range].as_chunks::<LANES>().0;
        for (column, (lows, highs)) in lows.iter().zip(highs).enumerate() {
            groups.lows[block + column * LANES + lane] = least(lows);
            groups.highs[block + column * LANES + lane] = -least(&highs.map(|high| -high));
        }
        let range = group * LANES..(group + 1) * LANES;
        groups.firsts[group] = cells.firsts[range.clone()].iter().copied().min().unwrap_or(u32::MAX);
        groups.inverses[group] = -least(&cells.inverses[range].as_chunks::<LANES>().0[0].map(|inverse| -inverse));
    }
}

/// The least that is a number; infinity if none is.
#[inline(always)]
fn least(values: &[f64; LANES]) -> f64 {
    let mut least = [f64::INFINITY; 8];
    for eight in values.as_chunks::<8>().0 {
        for lane in 0..8 {
            least[lane] = if eight[lane] < least[lane] { eight[lane] } else { least[lane] };
        }
    }
    least.iter().fold(f64::INFINITY, |least, &value| if value < least { value } else { least })
}

/// Orders slots so that each run of LANES, and of LANES², lies close together: halves again and again where the spread is
/// largest, at whole groups or cells.
fn split(rows: &[f64], d: usize, order: &mut [u32]) {
    if order.len() <= LANES {
        return;
    }
    let unit = if order.len() > LANES * LANES { LANES * LANES } else { LANES };
    let middle = order.len().div_ceil(unit).div_ceil(2) * unit;
    let column = widest_column(rows, d, order);
    let value = |slot: u32| rows[slot as usize * d + column];
    order.select_nth_unstable_by(middle, |&x, &y| value(x).total_cmp(&value(y)).then(x.cmp(&y)));
    let (left, right) = order.split_at_mut(middle);
    split(rows, d, left);
    split(rows, d, right);
}

/// The column of largest variance.
fn widest_column(rows: &[f64], d: usize, order: &[u32]) -> usize {
    let step = order.len().div_ceil(1024);
    let mut sums = vec![(0.0, 0.0); d];
    // About the first of them, so that the squares do not cancel.
    let origin = &rows[order[0] as usize * d..][..d];
    for &slot in order.iter().step_by(step) {
        for ((sum, &value), &zero) in sums.iter_mut().zip(&rows[slot as usize * d..]).zip(origin) {
            let value = value - zero;
            *sum = (sum.0 + value, sum.1 + value * value);
        }
    }
    let n = order.len().div_ceil(step) as f64;
    let variance = |sum: &(f64, f64)| sum.1 - sum.0 * sum.0 / n;
    (0..d).max_by(|&x, &y| variance(&sums[x]).total_cmp(&variance(&sums[y])).then(y.cmp(&x))).unwrap_or(0)
}

fn nearest(cells: &Cells, centre: &[f64], inverse: f64, own: usize) -> Nearest {
    widest!(nearest_pass(cells: &Cells, centre: &[f64], inverse: f64, own: usize) -> Nearest)
}

/// `own` is the place of the cluster that asks.
#[inline(always)]
fn nearest_pass<const FUSED: bool>(cells: &Cells, centre: &[f64], inverse: f64, own: usize) -> Nearest {
    let mut search = Search { cells, centre, inverse, own, best: Nearest { slot: u32::MAX, squared: f64::INFINITY } };
    let own_cell = own / LANES;
    // What is near is found first, so that the rest is pruned.
    search.open_cell::<FUSED>(own_cell);
    search.open_group::<FUSED>(own_cell / LANES, own_cell);
    for block in 0..cells.groups.n_blocks() {
        let bounds = search.bounds::<FUSED>(&cells.groups, block);
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
    /// Twice the squared distances to the boxes of a block. No rounding puts one above that of a point within, since each
    /// step is monotone and the same as in `squared_distances`.
    #[inline(always)]
    fn bounds<const FUSED: bool>(&self, boxes: &Boxes, block: usize) -> [f64; LANES] {
        let range = block * self.cells.d * LANES..(block + 1) * self.cells.d * LANES;
        let lows = boxes.lows[range.clone()].as_chunks::<LANES>().0;
        let highs = boxes.highs[range].as_chunks::<LANES>().0;
        let mut sums = [0.0; LANES];
        for ((&at, lows), highs) in self.centre.iter().zip(lows).zip(highs) {
            for lane in 0..LANES {
                let (below, above) = (lows[lane] - at, at - highs[lane]);
                let outside = if below > above { below } else { above };
                let outside = if outside > 0.0 { outside } else { 0.0 };
                sums[lane] = multiply_add::<FUSED>(outside, outside, sums[lane]);
            }
        }
        sums.map(|sum| 2.0 * sum)
    }

    /// Whether something within a box may be nearer than the best, or as near in a lower slot.
    #[inline(always)]
    fn may_win(&self, bound: f64, boxes: &Boxes, at: usize) -> bool {
        boxes.firsts[at] != u32::MAX
            && bound <= self.best.squared * MARGIN * (self.inverse + boxes.inverses[at])
            && (self.best.squared > 0.0 || boxes.firsts[at] < self.best.slot)
    }

    #[inline(always)]
    fn open_group<const FUSED: bool>(&mut self, group: usize, own_cell: usize) {
        let bounds = self.bounds::<FUSED>(&self.cells.cells, group);
        for (lane, &bound) in bounds.iter().enumerate() {
            let cell = group * LANES + lane;
            if cell != own_cell && self.may_win(bound, &self.cells.cells, cell) {
                self.open_cell::<FUSED>(cell);
            }
        }
    }

    #[inline(always)]
    fn open_cell<const FUSED: bool>(&mut self, cell: usize) {
        let (d, range) = (self.cells.d, cell * LANES..(cell + 1) * LANES);
        let sums =
            squared_distances::<FUSED>(&self.cells.centres[cell * d * LANES..(cell + 1) * d * LANES], self.centre);
        let inverses = &self.cells.inverses[range].as_chunks::<LANES>().0[0];
        let limit = self.best.squared * MARGIN;
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
            let squared = 2.0 * sum / (self.inverse + self.cells.inverses[place]);
            let (slot, best) = (self.cells.slots[place], self.best);
            if place != self.own && (squared < best.squared || squared == best.squared && slot < best.slot) {
                self.best = Nearest { slot, squared };
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
            let mut cells = Cells::new(&rows, d, &sizes);
            let mut random = Random::new(seed + 100);
            for _ in 0..n.min(200) {
                let used: Vec<usize> = (0..n).filter(|&slot| sizes[slot] > 0.0).collect();
                if used.len() < 2 {
                    break;
                }
                let x = used[random.below(used.len())];
                let row = |slot: usize| &rows[slot * d..(slot + 1) * d];
                let found = cells.nearest(row(x), sizes[x], x as u32);
                let mut expected = Nearest { slot: u32::MAX, squared: f64::INFINITY };
                for &y in used.iter().filter(|&&y| y != x) {
                    let sum = row(x).iter().zip(row(y)).fold(0.0, |sum, (x, y)| f64::mul_add(x - y, x - y, sum));
                    let squared = 2.0 * sum / (1.0 / sizes[x] + 1.0 / sizes[y]);
                    if squared < expected.squared {
                        expected = Nearest { slot: y as u32, squared };
                    }
                }
                assert!((found.squared - expected.squared).abs() <= 1e-12 * expected.squared);
                if grid == 0.0 || expected.squared == 0.0 {
                    assert_eq!(found.slot, expected.slot);
                }
                let (x, y) = (x.min(found.slot as usize), x.max(found.slot as usize));
                let size = sizes[x] + sizes[y];
                for column in 0..d {
                    let (from, to) = (rows[x * d + column], rows[y * d + column]);
                    rows[y * d + column] = to + (from - to) * sizes[x] / size;
                }
                (sizes[x], sizes[y]) = (0.0, size);
                cells.merge(x as u32, y as u32, &rows[y * d..(y + 1) * d], size);
            }
        }
    }
}
