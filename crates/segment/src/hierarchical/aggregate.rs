//! Average, complete and weighted linkage of many Euclidean points, without the distances of all pairs: those of pairs of
//! points are computed where they are needed, and a table is made only when an eighth as many clusters as points are left.
//!
//! The mean of distances is at least the distance of the means (Jensen), and at most the root of the mean square, which
//! centres and spreads tell: ‖a − b‖² + v_A + v_B. The largest distance is at least that root. So centres in cells find the few
//! clusters that may be nearest, and only these are compared point by point. Weighted linkage is a mean too, in which a
//! point's weight halves with every merge.
//!
//! Distances are summed rather than carried through a recursion as SciPy's are: the same but for rounding, which may
//! decide exact ties otherwise.

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use super::cells::{Boxes, Cells};
use super::chain::{Clusters, Nearest, chain, chain_of_clusters};
use super::condensed::{self, Table};
use super::lanes::{Blocks, LANES, distances, multiply_add, squared_distances, widest};
use super::ward::move_centre;
use super::{Linkage, Metric, Watch};
use crate::SegmentError;

/// From how many points on this pays.
pub const N_MIN: usize = 4096;
/// The table has this part of the points as clusters.
const PART: usize = 8;
/// How much a bound may be off by rounding, relative to itself.
const MARGIN: f64 = 1.0 + 1e-9;

/// Pairs of points and heights, in the order of the merges. Shape of `rows`: (n, d).
pub fn of_vectors(
    rows: &[f64],
    d: usize,
    linkage: Linkage,
    watch: &Watch,
) -> Result<Vec<(u32, u32, f64)>, SegmentError> {
    let n = rows.len() / d;
    let mut groups = Groups::new(rows, d, linkage);
    let mut pairs = chain_of_clusters(n, n.div_ceil(PART), &mut groups, watch)?;
    pairs.extend(chain(groups.table(), linkage, watch)?);
    Ok(pairs)
}

/// Clusters with their points. All shapes: (n), by slot or by point.
struct Groups<'a> {
    linkage: Linkage,
    d: usize,
    /// The points. Shape: (n, d).
    rows: &'a [f64],
    /// Shape: (n, d).
    centres: Vec<f64>,
    /// 0 if it is gone.
    sizes: Vec<f64>,
    /// Mean squared distance of the points to the centre.
    spreads: Vec<f64>,
    /// No point is farther from the centre.
    radii: Vec<f64>,
    /// What a point counts within its cluster; 1 unless weighted.
    counts: Vec<f64>,
    /// The first and the last point of each cluster, and the next of each point.
    firsts: Vec<u32>,
    lasts: Vec<u32>,
    nexts: Vec<u32>,
    cells: Cells,
    n_left: usize,
    n_built: usize,
    /// How far a centre may be from the true one by rounding.
    slack: f64,
    /// Pairs of points compared so far.
    n_compared: AtomicU64,
}

impl<'a> Groups<'a> {
    fn new(rows: &'a [f64], d: usize, linkage: Linkage) -> Self {
        let n = rows.len() / d;
        let points: Vec<u32> = (0..n as u32).collect();
        let largest = rows.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
        let spreads = vec![0.0; n];
        Groups {
            linkage,
            d,
            rows,
            centres: rows.to_vec(),
            sizes: vec![1.0; n],
            cells: Cells::new(rows, d, &spreads, 0..n as u32),
            spreads,
            radii: vec![0.0; n],
            counts: vec![1.0; n],
            firsts: points.clone(),
            lasts: points,
            nexts: vec![u32::MAX; n],
            n_left: n,
            n_built: n,
            slack: 4.0 * n as f64 * f64::EPSILON * largest * (d as f64).sqrt(),
            n_compared: AtomicU64::new(0),
        }
    }

    fn centre(&self, slot: usize) -> &[f64] {
        &self.centres[slot * self.d..(slot + 1) * self.d]
    }

    fn points(&self, slot: u32) -> impl Iterator<Item = usize> + '_ {
        let start = Some(self.firsts[slot as usize]);
        let next = |&point: &u32| Some(self.nexts[point as usize]).filter(|&next| next != u32::MAX);
        std::iter::successors(start, next).map(|point| point as usize)
    }

    /// What all counts of a cluster add up to.
    fn total(&self, slot: usize) -> f64 {
        if self.linkage == Linkage::Average { self.sizes[slot] } else { 1.0 }
    }

    /// The square of what no bound may exceed to be of interest, given a square that is reached.
    fn limit(&self, reached: f64) -> f64 {
        let limit = reached.sqrt() * MARGIN + self.slack;
        limit * limit
    }

    /// The distances of the clusters that are left.
    fn table(&self) -> Table {
        let slots: Vec<u32> = (0..self.sizes.len() as u32).filter(|&slot| self.sizes[slot as usize] > 0.0).collect();
        let m = slots.len();
        let order: Vec<usize> = slots.iter().flat_map(|&slot| self.points(slot)).collect();
        let mut starts = vec![0; m + 1];
        slots.iter().enumerate().for_each(|(k, &slot)| starts[k + 1] = starts[k] + self.sizes[slot as usize] as usize);
        let ordered: Vec<f64> =
            order.iter().flat_map(|&point| &self.rows[point * self.d..(point + 1) * self.d]).copied().collect();
        let blocks = Blocks::new(&ordered, self.d);
        let n_lanes = order.len().div_ceil(LANES) * LANES;
        let fill = |sums: &mut Vec<f64>, (k, row): (usize, &mut [f64])| {
            sums.fill(0.0);
            let (is_max, total) = (self.linkage == Linkage::Complete, self.total(slots[k] as usize));
            for at in starts[k]..starts[k + 1] {
                let query = &ordered[at * self.d..(at + 1) * self.d];
                add_distances(&blocks, query, self.counts[order[at]], is_max, starts[k + 1] / LANES, sums);
            }
            for (other, to) in (k + 1..m).zip(row) {
                let range = starts[other]..starts[other + 1];
                *to = if is_max {
                    sums[range].iter().fold(0.0, |most, &sum| if sum > most { sum } else { most })
                } else {
                    let counted = sums[range.clone()].iter().zip(&order[range]);
                    let sum: f64 = counted.map(|(sum, &point)| sum * self.counts[point]).sum();
                    sum / (total * self.total(slots[other] as usize))
                };
            }
        };
        let mut values = vec![0.0; m * (m - 1) / 2];
        condensed::rows_mut(&mut values, m).into_par_iter().for_each_init(|| vec![0.0; n_lanes], fill);
        let mut table = Table::new(values, m);
        table.sizes = slots.iter().map(|&slot| self.sizes[slot as usize]).collect();
        table.points = slots;
        table
    }
}

impl Clusters for Groups<'_> {
    fn nearest(&self, slot: usize) -> Nearest {
        nearest(self, slot)
    }

    /// Where many clusters stay candidates and are large, as in a dense core, the table is cheaper.
    fn is_tired(&self) -> bool {
        let n = self.sizes.len() as u64;
        self.n_compared.load(Ordering::Relaxed) > n * n / 2
    }

    fn merge(&mut self, x: usize, y: usize) {
        let (keep, leave) = if self.sizes[x] > self.sizes[y] { (x, y) } else { (y, x) };
        let size = self.sizes[x] + self.sizes[y];
        let share = if self.linkage == Linkage::Weighted { 0.5 } else { self.sizes[x] / size };
        let between = self.centre(x).iter().zip(self.centre(y)).map(|(x, y)| (x - y) * (x - y)).sum::<f64>();
        let spread = share * self.spreads[x] + (1.0 - share) * self.spreads[y] + share * (1.0 - share) * between;
        let apart = between.sqrt();
        let radius = (self.radii[x] + apart * (1.0 - share)).max(self.radii[y] + apart * share);
        if self.linkage == Linkage::Weighted {
            let points: Vec<usize> = self.points(x as u32).chain(self.points(y as u32)).collect();
            points.into_iter().for_each(|point| self.counts[point] *= 0.5);
        }
        move_centre(&mut self.centres, self.d, x, y, share);
        (self.spreads[y], self.radii[y]) = (spread, radius);
        (self.sizes[x], self.sizes[y]) = (0.0, size);
        self.nexts[self.lasts[x] as usize] = self.firsts[y];
        self.firsts[y] = self.firsts[x];
        self.n_left -= 1;
        if self.n_left * 8 < self.n_built * 5 {
            let used = (0..self.sizes.len() as u32).filter(|&slot| self.sizes[slot as usize] > 0.0);
            self.cells = Cells::new(&self.centres, self.d, &self.spreads, used);
            self.n_built = self.n_left;
        } else {
            let centre = &self.centres[y * self.d..(y + 1) * self.d];
            self.cells.merge(keep as u32, leave as u32, y as u32, centre, spread);
        }
    }
}

fn add_distances(blocks: &Blocks, query: &[f64], count: f64, is_max: bool, first: usize, sums: &mut [f64]) {
    widest!(add_distances_pass(blocks: &Blocks, query: &[f64], count: f64, is_max: bool, first: usize, sums: &mut [f64]))
}

/// Adds to `sums`, or raises them to, the distances of `query` to the points of the blocks from block `first` on.
#[inline(always)]
fn add_distances_pass<const FUSED: bool>(
    blocks: &Blocks,
    query: &[f64],
    count: f64,
    is_max: bool,
    first: usize,
    sums: &mut [f64],
) {
    let values = blocks.values.chunks_exact(blocks.d * LANES);
    for (block, sums) in values.zip(sums.as_chunks_mut::<LANES>().0).skip(first) {
        let found = distances::<FUSED>(Metric::Euclidean, block, query);
        for lane in 0..LANES {
            let larger = if found[lane] > sums[lane] { found[lane] } else { sums[lane] };
            sums[lane] = if is_max { larger } else { multiply_add::<FUSED>(count, found[lane], sums[lane]) };
        }
    }
}

fn nearest(groups: &Groups, slot: usize) -> Nearest {
    widest!(nearest_pass(groups: &Groups, slot: usize) -> Nearest)
}

#[inline(always)]
fn nearest_pass<const FUSED: bool>(groups: &Groups, slot: usize) -> Nearest {
    let own = groups.cells.places[slot] as usize;
    let mut search =
        Search { groups, slot, own, reached: f64::INFINITY, limit: f64::INFINITY, same: u32::MAX, found: Vec::new() };
    let own_cell = own / LANES;
    search.open_cell::<FUSED>(own_cell);
    search.open_group::<FUSED>(own_cell / LANES, own_cell);
    for block in 0..groups.cells.groups.n_blocks() {
        let bounds = groups.cells.bounds::<FUSED>(&groups.cells.groups, block, groups.centre(slot));
        for (lane, &bound) in bounds.iter().enumerate() {
            let group = block * LANES + lane;
            if group != own_cell / LANES && search.may_win(bound, &groups.cells.groups, group) {
                search.open_group::<FUSED>(group, own_cell);
            }
        }
    }
    search.compare::<FUSED>()
}

/// A cluster that may be the nearest.
struct Candidate {
    slot: u32,
    /// Squares: no distance is below, and what it is about.
    bound: f64,
    about: f64,
}

struct Search<'a> {
    groups: &'a Groups<'a>,
    slot: usize,
    own: usize,
    /// The square of a distance that some cluster is within.
    reached: f64,
    limit: f64,
    /// The lowest slot found at no distance at all: only a lower one is of interest then.
    same: u32,
    found: Vec<Candidate>,
}

impl Search<'_> {
    #[inline(always)]
    fn may_win(&self, bound: f64, boxes: &Boxes, at: usize) -> bool {
        boxes.firsts[at] < self.same && bound <= self.limit
    }

    #[inline(always)]
    fn open_group<const FUSED: bool>(&mut self, group: usize, own_cell: usize) {
        let cells = &self.groups.cells;
        let bounds = cells.bounds::<FUSED>(&cells.cells, group, self.groups.centre(self.slot));
        for (lane, &bound) in bounds.iter().enumerate() {
            let cell = group * LANES + lane;
            if cell != own_cell && self.may_win(bound, &cells.cells, cell) {
                self.open_cell::<FUSED>(cell);
            }
        }
    }

    #[inline(always)]
    fn open_cell<const FUSED: bool>(&mut self, cell: usize) {
        let sums = squared_distances::<FUSED>(self.groups.cells.centres(cell), self.groups.centre(self.slot));
        // All lanes at once, without a branch.
        if sums.iter().fold(false, |any, &sum| any | (sum <= self.limit)) {
            self.note(cell, &sums);
        }
    }

    fn note(&mut self, cell: usize, sums: &[f64; LANES]) {
        let groups = self.groups;
        for (lane, &sum) in sums.iter().enumerate() {
            let place = cell * LANES + lane;
            let about = sum + groups.spreads[self.slot] + groups.cells.weights[place];
            let is_complete = groups.linkage == Linkage::Complete;
            let bound = if is_complete { about } else { sum };
            let slot = groups.cells.slots[place];
            if bound.is_nan() || bound > self.limit || place == self.own || slot >= self.same {
                continue;
            }
            let most = if is_complete {
                let most = sum.sqrt() + groups.radii[self.slot] + groups.radii[slot as usize];
                most * most
            } else {
                about
            };
            if most < self.reached {
                (self.reached, self.limit) = (most, groups.limit(most));
            }
            if most == 0.0 {
                self.same = slot;
            }
            self.found.push(Candidate { slot, bound, about });
        }
    }

    /// Point by point, from what seems nearest on.
    #[inline(always)]
    fn compare<const FUSED: bool>(mut self) -> Nearest {
        let limit = self.limit;
        self.found.retain(|candidate| candidate.bound <= limit && candidate.slot <= self.same);
        self.found.sort_unstable_by(|x, y| x.about.total_cmp(&y.about).then(x.slot.cmp(&y.slot)));
        let mut best = Nearest { slot: u32::MAX, distance: f64::INFINITY };
        let mut limit = f64::INFINITY;
        let mut n_compared = 0;
        for candidate in &self.found {
            if candidate.bound > limit {
                continue;
            }
            n_compared += self.groups.sizes[candidate.slot as usize] as u64;
            let (x, y) = (candidate.slot.min(self.slot as u32), candidate.slot.max(self.slot as u32));
            let distance = between::<FUSED>(self.groups, x, y);
            if distance < best.distance || distance == best.distance && candidate.slot < best.slot {
                best = Nearest { slot: candidate.slot, distance };
                limit = self.groups.limit(distance * distance);
            }
        }
        self.groups.n_compared.fetch_add(n_compared * self.groups.sizes[self.slot] as u64, Ordering::Relaxed);
        best
    }
}

/// The distance of the clusters in two slots, x < y so that both sides see the same.
#[inline(always)]
fn between<const FUSED: bool>(groups: &Groups, x: u32, y: u32) -> f64 {
    let (d, is_max) = (groups.d, groups.linkage == Linkage::Complete);
    let mut total = 0.0;
    for i in groups.points(x) {
        let from = &groups.rows[i * d..(i + 1) * d];
        let mut sum = 0.0;
        for j in groups.points(y) {
            let distance = squared::<FUSED>(from, &groups.rows[j * d..(j + 1) * d]).sqrt();
            if is_max {
                total = if distance > total { distance } else { total };
            } else {
                sum += groups.counts[j] * distance;
            }
        }
        total += groups.counts[i] * sum;
    }
    if is_max { total } else { total / (groups.total(x as usize) * groups.total(y as usize)) }
}

#[inline(always)]
fn squared<const FUSED: bool>(x: &[f64], y: &[f64]) -> f64 {
    let ((x, x_rest), (y, y_rest)) = (x.as_chunks::<8>(), y.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (x, y) in x.iter().zip(y) {
        for lane in 0..8 {
            let difference = x[lane] - y[lane];
            sums[lane] = multiply_add::<FUSED>(difference, difference, sums[lane]);
        }
    }
    let rest: f64 = x_rest.iter().zip(y_rest).map(|(x, y)| (x - y) * (x - y)).sum();
    ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7])) + rest
}
