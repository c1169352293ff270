//! Centres of clusters by place: cells of 32 that lie near each other, cells in groups of 32, each with its box. A box gives a
//! lower bound, so that most groups and cells are never opened; those that are opened are compared 32 at a time. What
//! "near" means beyond the distance of centres is the linkage's affair: see `ward_nearest` and `aggregate`.

use super::lanes::{LANES, multiply_add};

/// Centres by place. What is not in use has coordinates that are not numbers, so that no comparison holds.
pub struct Cells {
    d: usize,
    /// Shape: (n_cells, d, LANES).
    centres: Vec<f64>,
    /// What else the linkage needs of a cluster. Shape: (n_cells, LANES).
    pub weights: Vec<f64>,
    /// Shape: (n_cells, LANES).
    pub slots: Vec<u32>,
    /// Where each slot's centre stands. Shape: (n).
    pub places: Vec<u32>,
    pub cells: Boxes,
    pub groups: Boxes,
}

/// Boxes in blocks of LANES. An empty box is infinitely far from everything.
pub struct Boxes {
    /// Shape: (n_blocks, d, LANES).
    lows: Vec<f64>,
    highs: Vec<f64>,
    /// The largest weight within. Shape: (n_blocks, LANES).
    pub weights: Vec<f64>,
    /// The lowest slot within; `u32::MAX` if there is none. Shape: (n_blocks, LANES).
    pub firsts: Vec<u32>,
}

impl Boxes {
    fn empty(n: usize, d: usize) -> Self {
        let n = n.div_ceil(LANES) * LANES;
        Boxes {
            lows: vec![f64::INFINITY; n * d],
            highs: vec![f64::NEG_INFINITY; n * d],
            weights: vec![0.0; n],
            firsts: vec![u32::MAX; n],
        }
    }

    pub fn n_blocks(&self) -> usize {
        self.weights.len() / LANES
    }
}

impl Cells {
    /// Of the clusters in some slots. Shapes: `rows` (n, d), `weights` (n).
    pub fn new(rows: &[f64], d: usize, weights: &[f64], slots: impl Iterator<Item = u32>) -> Self {
        let mut order: Vec<u32> = slots.collect();
        split(rows, d, &mut order);
        let n_cells = order.len().div_ceil(LANES);
        let n_lanes = n_cells * LANES;
        let mut cells = Cells {
            d,
            centres: vec![f64::NAN; n_lanes * d],
            weights: vec![0.0; n_lanes],
            slots: vec![u32::MAX; n_lanes],
            places: vec![u32::MAX; weights.len()],
            cells: Boxes::empty(n_cells, d),
            groups: Boxes::empty(n_cells.div_ceil(LANES), d),
        };
        for (place, &slot) in order.iter().enumerate() {
            let row = &rows[slot as usize * d..(slot as usize + 1) * d];
            cells.put(place, slot, row, weights[slot as usize]);
        }
        (0..n_cells).for_each(|cell| cells.fit_cell(cell));
        (0..n_cells.div_ceil(LANES)).for_each(|group| cells.fit_group(group));
        cells
    }

    /// The centres of a cell. Shape: (d, LANES).
    #[inline(always)]
    pub fn centres(&self, cell: usize) -> &[f64] {
        &self.centres[cell * self.d * LANES..(cell + 1) * self.d * LANES]
    }

    #[inline(always)]
    pub fn weights(&self, cell: usize) -> &[f64; LANES] {
        &self.weights.as_chunks::<LANES>().0[cell]
    }

    /// Squared distances of `centre` to the boxes of a block. No rounding puts one above that of a point within, since each
    /// step is monotone and the same as in `squared_distances`.
    #[inline(always)]
    pub fn bounds<const FUSED: bool>(&self, boxes: &Boxes, block: usize, centre: &[f64]) -> [f64; LANES] {
        let range = block * self.d * LANES..(block + 1) * self.d * LANES;
        let lows = boxes.lows[range.clone()].as_chunks::<LANES>().0;
        let highs = boxes.highs[range].as_chunks::<LANES>().0;
        let mut sums = [0.0; LANES];
        for ((&at, lows), highs) in centre.iter().zip(lows).zip(highs) {
            for lane in 0..LANES {
                let (below, above) = (lows[lane] - at, at - highs[lane]);
                let outside = if below > above { below } else { above };
                let outside = if outside > 0.0 { outside } else { 0.0 };
                sums[lane] = multiply_add::<FUSED>(outside, outside, sums[lane]);
            }
        }
        sums
    }

    /// The cluster in slot `keep` stands for the merged one, now in slot `y`, with this centre and weight; that in slot
    /// `leave` is gone. One of the two is `y`.
    pub fn merge(&mut self, keep: u32, leave: u32, y: u32, centre: &[f64], weight: f64) {
        let (to, gone) = (self.places[keep as usize] as usize, self.places[leave as usize] as usize);
        self.slots[gone] = u32::MAX;
        (self.places[keep as usize], self.places[leave as usize]) = (u32::MAX, u32::MAX);
        for column in 0..self.d {
            self.centres[(gone / LANES * self.d + column) * LANES + gone % LANES] = f64::NAN;
        }
        self.put(to, y, centre, weight);
        self.fit_cell(to / LANES);
        self.fit_group(to / LANES / LANES);
        if gone / LANES != to / LANES {
            self.fit_cell(gone / LANES);
            self.fit_group(gone / LANES / LANES);
        }
    }

    fn put(&mut self, place: usize, slot: u32, centre: &[f64], weight: f64) {
        for (column, &value) in centre.iter().enumerate() {
            self.centres[(place / LANES * self.d + column) * LANES + place % LANES] = value;
        }
        (self.weights[place], self.slots[place]) = (weight, slot);
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
        boxes.firsts[cell] = self.slots[range].iter().fold(u32::MAX, |first, &slot| first.min(slot));
        // Weights of what is gone stay: too large a weight makes a bound weaker, never wrong.
        boxes.weights[cell] = -least(&self.weights.as_chunks::<LANES>().0[cell].map(|weight| -weight));
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
        groups.firsts[group] = cells.firsts[range].iter().fold(u32::MAX, |first, &slot| first.min(slot));
        groups.weights[group] = -least(&cells.weights.as_chunks::<LANES>().0[group].map(|weight| -weight));
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
