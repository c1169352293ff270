//! Which points of two leaves of a kd-tree are near each other: by products in single precision, a whole tile of pairs in
//! registers, and in double precision only the pairs that rounding leaves open. The answers are those of
//! [`KdTree::distance`] to the bit, at about a fifth of the cost in 8 to 128 columns.
//!
//! What is not here: walking the tree, and any notion of what nearness is for.

use crate::kd_tree::{KdTree, LEAF};
use crate::nearest::{Tile, rounding, tile_kernel};

/// Squared lengths outside of these are left to double precision: single precision would run out of exponents.
const SQUARES: std::ops::RangeInclusive<f64> = 1e-20..=1e30;
/// With more pairs of a point open than this, all distances to the leaf are computed at once.
const ALONE_MAX: u32 = 4;

/// The points of a tree, made ready for being compared leaf by leaf.
pub struct LeafTiles {
    d: usize,
    /// Shape: (n_leaves, d, LEAF), less the mean; empty if everything is to be decided in double precision.
    columns: Vec<f32>,
    /// Half the squared lengths; infinite where no point is. Shape: (n_leaves × LEAF).
    halves: Vec<f32>,
    /// Shape: (n_leaves × LEAF).
    squares: Vec<f64>,
    /// The largest squared length in each leaf. Shape: (n_leaves).
    largest: Vec<f64>,
    tile: Tile,
}

impl LeafTiles {
    pub fn new(tree: &KdTree) -> Self {
        let (n, d, n_leaves) = (tree.n(), tree.d(), tree.n_leaves());
        let mut tiles = LeafTiles::exact(tree);
        let mut mean = vec![0.0; d];
        (0..n).for_each(|at| mean.iter_mut().zip(tree.point(at)).for_each(|(mean, x)| *mean += x / n as f64));
        let mut columns = vec![0f32; n_leaves * d * LEAF];
        let mut squares = vec![0.0; n_leaves * LEAF];
        let mut halves = vec![f32::INFINITY; n_leaves * LEAF];
        for at in 0..n {
            let block = &mut columns[at / LEAF * d * LEAF + at % LEAF..];
            for (column, (x, mean)) in tree.point(at).iter().zip(&mean).enumerate() {
                let apart = x - mean;
                block[column * LEAF] = apart as f32;
                squares[at] += apart * apart;
            }
            halves[at] = (squares[at] / 2.0) as f32;
        }
        let largest: Vec<f64> = squares.chunks(LEAF).map(|leaf| leaf.iter().copied().fold(0.0, f64::max)).collect();
        if SQUARES.contains(&largest.iter().copied().fold(0.0, f64::max)) {
            (tiles.columns, tiles.halves, tiles.squares, tiles.largest) = (columns, halves, squares, largest);
        }
        tiles
    }

    /// Decides everything in double precision: the same answers.
    pub fn exact(tree: &KdTree) -> Self {
        let (columns, halves) = (Vec::new(), Vec::new());
        LeafTiles { d: tree.d(), columns, halves, squares: Vec::new(), largest: Vec::new(), tile: tile_kernel() }
    }

    /// For each place of the leaf `own` the places of `other` that are no farther (squared) than its limit, as bits. A
    /// negative limit: none.
    pub fn within(&self, tree: &KdTree, own: usize, other: usize, limits: &[f64; LEAF]) -> [u32; LEAF] {
        let (maybe, mut near) = self.bounds(tree, own, other, limits);
        let mut found = [0.0; LEAF];
        for (at, position) in tree.positions(own).enumerate() {
            let mut open = maybe[at] & !near[at];
            if open == 0 {
                continue;
            }
            if open.count_ones() > ALONE_MAX {
                tree.distances(tree.point(position), other, &mut found);
            } else {
                for lane in bits(open) {
                    found[lane] = tree.distance(position, other * LEAF + lane);
                }
            }
            for lane in bits(open) {
                open &= !(u32::from(found[lane] > limits[at]) << lane);
            }
            near[at] |= open;
        }
        near
    }

    /// For each place of the leaf `own` at least all places of `other` that are no farther (squared) than its limit, as
    /// bits. A negative limit: none.
    pub fn maybe_within(&self, tree: &KdTree, own: usize, other: usize, limits: &[f64; LEAF]) -> [u32; LEAF] {
        self.bounds(tree, own, other, limits).0
    }

    /// Squared distances from a position to the places of `other` that `maybe` names; the rest of `out` means nothing.
    pub fn distances(tree: &KdTree, position: usize, other: usize, maybe: u32, out: &mut [f64; LEAF]) {
        if maybe.count_ones() > ALONE_MAX {
            tree.distances(tree.point(position), other, out);
        } else {
            bits(maybe).for_each(|lane| out[lane] = tree.distance(position, other * LEAF + lane));
        }
    }

    /// Places that may be within the limits, and those that surely are.
    fn bounds(&self, tree: &KdTree, own: usize, other: usize, limits: &[f64; LEAF]) -> ([u32; LEAF], [u32; LEAF]) {
        let (mut maybe, mut surely) = ([0; LEAF], [0; LEAF]);
        let places = tree.positions(other).len();
        let all = if places == LEAF { u32::MAX } else { (1 << places) - 1 };
        if self.columns.is_empty() {
            let node = tree.leaf_node(other);
            for (at, position) in tree.positions(own).enumerate() {
                let near = limits[at] >= 0.0 && tree.point_gap(tree.point(position), node) <= limits[at];
                maybe[at] = if near { all } else { 0 };
            }
            return (maybe, surely);
        }
        let (own_square, other_square) = (self.largest[own], self.largest[other]);
        // Of the products, and of the rows themselves; and what vanishes below single precision's smallest numbers.
        let vanished = 1e-36 * self.d as f64 * (1.0 + own_square + other_square);
        let slack = rounding::<f32>(self.d, own_square, other_square) + vanished;
        let (mut high, mut low) = ([f32::NEG_INFINITY; LEAF], [f32::NEG_INFINITY; LEAF]);
        let (mut picks, mut n_picks) = ([0; LEAF], 0);
        for (at, &limit) in limits.iter().enumerate().filter(|(_, limit)| **limit >= 0.0) {
            picks[n_picks] = at as u8;
            n_picks += 1;
            // The squared distance is |x|² + 2 × score; the slack is wide enough for rounding these as well.
            let score = limit - self.squares[own * LEAF + at];
            high[at] = ((score + slack) / 2.0) as f32;
            low[at] = ((score - slack) / 2.0) as f32;
        }
        let block = |leaf: usize| &self.columns[leaf * self.d * LEAF..(leaf + 1) * self.d * LEAF];
        let halves = self.halves[other * LEAF..].first_chunk().expect("a leaf is full of places");
        let (picks, limits) = (&picks[..n_picks], [&high, &low]);
        self.tile.compare(block(own), block(other), halves, picks, limits, [&mut maybe, &mut surely]);
        maybe.iter_mut().chain(&mut surely).for_each(|places| *places &= all);
        (maybe, surely)
    }
}

/// The numbers of the bits set.
pub fn bits(mut set: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        (set != 0).then(|| {
            let bit = set.trailing_zeros() as usize;
            set &= set - 1;
            bit
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Random;

    /// Tiles against the plain loop, where limits are distances that occur.
    fn check(values: &[f64], d: usize) {
        let tree = KdTree::new(values, d);
        let mut random = Random::new(7);
        for tiles in [LeafTiles::new(&tree), LeafTiles::exact(&tree)] {
            for own in 0..tree.n_leaves() {
                for other in 0..tree.n_leaves() {
                    let mut limits = [-1.0; LEAF];
                    for (at, position) in tree.positions(own).enumerate().filter(|(at, _)| at % 5 != 4) {
                        let far = tree.distance(position, random.below(tree.n()));
                        limits[at] = if at % 7 == 6 { f64::INFINITY } else { far };
                    }
                    let (near, maybe) =
                        (tiles.within(&tree, own, other, &limits), tiles.maybe_within(&tree, own, other, &limits));
                    for (at, &limit) in limits.iter().enumerate() {
                        let expected = tree
                            .positions(other)
                            .enumerate()
                            .filter(|&(_, position)| limit >= 0.0 && tree.distance(own * LEAF + at, position) <= limit);
                        let expected = expected.fold(0, |set, (lane, _)| set | 1 << lane);
                        assert_eq!(near[at], expected);
                        assert_eq!(expected & !maybe[at], 0);
                    }
                }
            }
        }
    }

    #[test]
    fn pairs_within_the_limits_are_found() {
        let mut random = Random::new(3);
        for (n, d, scale, away) in [
            (1, 1, 1.0, 0.0),
            (70, 2, 1.0, 1e6),
            (200, 3, 1e-9, 0.0),
            (150, 17, 1e3, 10.0),
            (100, 5, 1e-160, 0.0),
            (100, 4, 1e100, 0.0),
            (90, 64, 1.0, 1.0),
        ] {
            let values: Vec<f64> = (0..n * d).map(|_| (random.uniform() - 0.5) * scale + away).collect();
            check(&values, d);
            // Few values: many distances equal the limit.
            let values: Vec<f64> = (0..n * d).map(|_| random.below(3) as f64 * scale + away).collect();
            check(&values, d);
        }
    }
}
