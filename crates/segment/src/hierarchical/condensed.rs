//! Distances of all pairs of points, each pair once, in SciPy's order: (0, 1), (0, 2) … (0, n − 1), (1, 2) … Also what
//! becomes of them when clusters merge. Not for Ward or single linkage of vectors, which need no such table.

use rayon::prelude::*;

use super::lanes::Blocks;
use super::{Linkage, Metric};

/// Where the pair (i, j), i < j, stands among those of `n` points.
#[inline(always)]
pub fn index(n: usize, i: usize, j: usize) -> usize {
    debug_assert!(i < j && j < n);
    i * (2 * n - i - 1) / 2 + (j - i - 1)
}

/// A table in which clusters merge: a cluster that is gone is at infinite distance, and the rows are packed again once
/// many are gone.
pub struct Table {
    /// Slots; a cluster lives in the slot of one of its points, as in SciPy.
    pub n: usize,
    pub values: Vec<f64>,
    /// Points in each slot's cluster, 0 if it is gone. Shape: (n).
    pub sizes: Vec<f64>,
    /// The slots in use, ascending.
    pub active: Vec<u32>,
    /// The point that each slot began as. Shape: (n).
    pub points: Vec<u32>,
}

impl Table {
    /// Shape of `values`: (n(n−1)/2).
    pub fn new(values: Vec<f64>, n: usize) -> Self {
        Table { n, values, sizes: vec![1.0; n], active: (0..n as u32).collect(), points: (0..n as u32).collect() }
    }

    #[inline(always)]
    pub fn at(&self, i: usize, j: usize) -> f64 {
        self.values[index(self.n, i.min(j), i.max(j))]
    }

    /// Distances of slot `i` to the slots after it.
    pub fn after(&self, i: usize) -> &[f64] {
        if i + 1 == self.n {
            return &[];
        }
        let first = index(self.n, i, i + 1);
        &self.values[first..first + self.n - i - 1]
    }

    /// The nearest slot after `i`, the first of equals, and its distance; infinitely far if there is none.
    pub fn nearest_after(&self, i: usize) -> (usize, f64) {
        let (at, least) = first_least(self.after(i));
        (i + 1 + at, least)
    }

    /// The nearest other slot, the first of equals.
    pub fn nearest(&self, x: usize) -> (usize, f64) {
        let (mut best, mut least) = (usize::MAX, f64::INFINITY);
        for &i in self.active.iter().take_while(|&&i| (i as usize) < x) {
            let distance = self.values[index(self.n, i as usize, x)];
            if distance < least {
                (best, least) = (i as usize, distance);
            }
        }
        let (after, distance) = self.nearest_after(x);
        if distance < least { (after, distance) } else { (best, least) }
    }

    /// Merges the clusters in slots `x` < `y`, `between` apart, into `y`; `join` gives the new distance to a third.
    pub fn merge(&mut self, x: usize, y: usize, between: f64, join: impl Fn(Join) -> f64) {
        let (n, nx, ny) = (self.n, self.sizes[x], self.sizes[y]);
        let joined = |dx, dy, ni| join(Join { dx, dy, between, nx, ny, ni });
        let at = self.active.binary_search(&(x as u32)).expect("an active slot");
        self.active.remove(at);
        let at_y = self.active.binary_search(&(y as u32)).expect("an active slot");
        for &i in &self.active[..at] {
            let i = i as usize;
            let (to_x, to_y) = (index(n, i, x), index(n, i, y));
            self.values[to_y] = joined(self.values[to_x], self.values[to_y], self.sizes[i]);
            self.values[to_x] = f64::INFINITY;
        }
        for &i in &self.active[at..at_y] {
            let i = i as usize;
            let (to_x, to_y) = (index(n, x, i), index(n, i, y));
            self.values[to_y] = joined(self.values[to_x], self.values[to_y], self.sizes[i]);
        }
        for &i in &self.active[at_y + 1..] {
            let i = i as usize;
            let (to_x, to_y) = (index(n, x, i), index(n, y, i));
            self.values[to_y] = joined(self.values[to_x], self.values[to_y], self.sizes[i]);
        }
        self.values[index(n, x, y)] = f64::INFINITY;
        (self.sizes[x], self.sizes[y]) = (0.0, nx + ny);
    }

    /// Whether so many slots are empty that packing pays.
    pub fn is_sparse(&self) -> bool {
        self.active.len() * 3 < self.n * 2 && self.n > 64
    }

    /// Drops empty slots, in place. Gives the new slot of each old one (`u32::MAX` for an empty one).
    pub fn pack(&mut self) -> Vec<u32> {
        let mut slots = vec![u32::MAX; self.n];
        let mut to = 0;
        for (nth, &i) in self.active.iter().enumerate() {
            slots[i as usize] = nth as u32;
            for &j in &self.active[nth + 1..] {
                // Never overtakes what is still to be read: a pair moves towards the front only.
                self.values[to] = self.values[index(self.n, i as usize, j as usize)];
                to += 1;
            }
        }
        self.values.truncate(to);
        self.sizes = self.active.iter().map(|&i| self.sizes[i as usize]).collect();
        self.points = self.active.iter().map(|&i| self.points[i as usize]).collect();
        self.n = self.active.len();
        self.active = (0..self.n as u32).collect();
        slots
    }
}

/// Two clusters x and y that merge, seen from a third, i.
#[derive(Clone, Copy)]
pub struct Join {
    pub dx: f64,
    pub dy: f64,
    /// From x to y.
    pub between: f64,
    pub nx: f64,
    pub ny: f64,
    pub ni: f64,
}

impl Join {
    /// The distance to the new cluster: Lance and Williams 1967, in the arithmetic of SciPy, so that ties fall alike.
    #[inline(always)]
    pub fn distance(self, linkage: Linkage) -> f64 {
        let Join { dx, dy, between, nx, ny, ni } = self;
        match linkage {
            Linkage::Single => dx.min(dy),
            Linkage::Complete => dx.max(dy),
            Linkage::Average => (nx * dx + ny * dy) / (nx + ny),
            Linkage::Weighted => 0.5 * (dx + dy),
            Linkage::Ward => {
                let share = 1.0 / (nx + ny + ni);
                let squared =
                    (ni + nx) * share * dx * dx + (ni + ny) * share * dy * dy - ni * share * between * between;
                squared.max(0.0).sqrt()
            }
            Linkage::Centroid => {
                let squared = ((nx * dx * dx + ny * dy * dy) - (nx * ny * between * between) / (nx + ny)) / (nx + ny);
                squared.max(0.0).sqrt()
            }
            Linkage::Median => (0.5 * (dx * dx + dy * dy) - 0.25 * between * between).max(0.0).sqrt(),
        }
    }
}

/// The first of the least values. Infinity at 0 if there is none.
pub fn first_least(values: &[f64]) -> (usize, f64) {
    const WIDE: usize = 16;
    let (chunks, rest) = values.as_chunks::<WIDE>();
    let mut least = [f64::INFINITY; WIDE];
    for chunk in chunks {
        for lane in 0..WIDE {
            least[lane] = if chunk[lane] < least[lane] { chunk[lane] } else { least[lane] };
        }
    }
    let least = least.iter().chain(rest).fold(f64::INFINITY, |least, &value| if value < least { value } else { least });
    (values.iter().position(|&value| value == least).unwrap_or(0), least)
}

/// The pairs (i, i + 1), (i, i + 2) … of each i but the last.
pub fn rows_mut(values: &mut [f64], n: usize) -> Vec<(usize, &mut [f64])> {
    let mut rows = Vec::with_capacity(n);
    let mut rest = values;
    for i in 0..n.saturating_sub(1) {
        let (row, after) = rest.split_at_mut(n - 1 - i);
        rows.push((i, row));
        rest = after;
    }
    rows
}

/// The distances of all pairs of rows, in parallel. Shapes: `rows` (n, d), answer (n(n−1)/2).
pub fn distances(rows: &[f64], d: usize, metric: Metric) -> Vec<f64> {
    let blocks = Blocks::new(rows, d);
    let n = blocks.n;
    let mut values = vec![0.0; n * (n - 1) / 2];
    let fill = |(i, row): (usize, &mut [f64])| {
        blocks.distances_from(metric, &rows[i * d..(i + 1) * d], i + 1, row);
    };
    rows_mut(&mut values, n).into_par_iter().for_each(fill);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_stand_in_scipys_order() {
        let n = 7;
        let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
        pairs.enumerate().for_each(|(at, (i, j))| assert_eq!(index(n, i, j), at));
    }

    #[test]
    fn packing_keeps_the_distances_of_what_is_left() {
        let n = 9;
        let mut table = Table::new((0..36).map(f64::from).collect(), n);
        let single = |join: Join| join.distance(Linkage::Single);
        table.merge(2, 5, 1.0, single);
        table.merge(0, 8, 1.0, single);
        let before: Vec<f64> = table
            .active
            .iter()
            .flat_map(|&i| table.active.iter().map(move |&j| (i, j)))
            .filter(|(i, j)| i < j)
            .map(|(i, j)| table.at(i as usize, j as usize))
            .collect();
        let slots = table.pack();
        assert_eq!(slots, [u32::MAX, 0, u32::MAX, 1, 2, 3, 4, 5, 6]);
        assert_eq!((table.n, &table.points[..]), (7, &[1, 3, 4, 5, 6, 7, 8][..]));
        assert_eq!(table.values, before);
        assert_eq!(table.sizes, [1.0, 1.0, 1.0, 2.0, 1.0, 1.0, 2.0]);
    }

    #[test]
    fn the_first_of_the_least() {
        let mut values: Vec<f64> = (0..50).map(|at| f64::from((at * 31) % 50 + 5)).collect();
        (values[17], values[40]) = (1.0, 1.0);
        assert_eq!(first_least(&values), (17, 1.0));
        assert_eq!(first_least(&values[18..]), (22, 1.0));
        assert_eq!(first_least(&[]), (0, f64::INFINITY));
    }
}
