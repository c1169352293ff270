//! The k nearest other points of every point, by a tree: a whole leaf of points asks at once.

use rayon::prelude::*;

use crate::kd_tree::{KdTree, LEAF, Node, Visitor};
use crate::leaf_tiles::{LeafTiles, bits};

/// Shape of both: (n, k), by position in the tree, from near to far; equally far ones by position.
pub struct Nearest {
    pub k: usize,
    /// Positions of the neighbours.
    pub positions: Vec<u32>,
    /// Squared distances.
    pub distances: Vec<f64>,
}

/// The `k` nearest others of each point.
///
/// # Panics
/// If `k` is 0 or not less than the number of points.
pub fn k_nearest(tree: &KdTree, tiles: &LeafTiles, k: usize) -> Nearest {
    assert!(0 < k && k < tree.n(), "{k} neighbours among {} points", tree.n());
    let mut positions = vec![0; tree.n() * k];
    let mut distances = vec![f64::INFINITY; tree.n() * k];
    positions.par_chunks_mut(LEAF * k).zip(distances.par_chunks_mut(LEAF * k)).enumerate().for_each(
        |(leaf, (positions, distances))| {
            positions.fill(u32::MAX);
            tree.walk(leaf, &mut Lists { tree, tiles, k, first: leaf * LEAF, positions, distances });
        },
    );
    Nearest { k, positions, distances }
}

/// The lists of a leaf's points while they fill.
struct Lists<'a> {
    tree: &'a KdTree,
    tiles: &'a LeafTiles,
    k: usize,
    first: usize,
    positions: &'a mut [u32],
    distances: &'a mut [f64],
}

impl Lists<'_> {
    fn farthest(&self, at: usize) -> f64 {
        self.distances[(at + 1) * self.k - 1]
    }
}

impl Visitor for Lists<'_> {
    fn enter(&mut self, _: Node, gap: f64) -> bool {
        // Equally far counts: the lower position wins.
        (0..self.distances.len() / self.k).any(|at| gap <= self.farthest(at))
    }

    fn scan(&mut self, leaf: usize) {
        let mut limits = [-1.0; LEAF];
        let n_own = self.distances.len() / self.k;
        (0..n_own).for_each(|at| limits[at] = self.farthest(at));
        let maybe = self.tiles.maybe_within(self.tree, self.first / LEAF, leaf, &limits);
        let mut found = [0.0; LEAF];
        for (at, &maybe) in maybe[..n_own].iter().enumerate().filter(|(_, maybe)| **maybe != 0) {
            LeafTiles::distances(self.tree, self.first + at, leaf, maybe, &mut found);
            let list = at * self.k..(at + 1) * self.k;
            let (positions, distances) = (&mut self.positions[list.clone()], &mut self.distances[list]);
            for lane in bits(maybe) {
                let (position, distance) = (leaf * LEAF + lane, found[lane]);
                if distance <= distances[self.k - 1] && position != self.first + at {
                    insert(positions, distances, position as u32, distance);
                }
            }
        }
    }
}

/// Puts a neighbour in its place, and drops the last.
fn insert(positions: &mut [u32], distances: &mut [f64], position: u32, distance: f64) {
    let before = |at: usize| (distances[at], positions[at]) < (distance, position);
    let mut at = distances.len();
    while at > 0 && !before(at - 1) {
        at -= 1;
    }
    if at < distances.len() {
        let last = distances.len() - 1;
        distances.copy_within(at..last, at + 1);
        positions.copy_within(at..last, at + 1);
        (distances[at], positions[at]) = (distance, position);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Random;

    #[test]
    fn lists_are_those_of_comparing_all() {
        let mut random = Random::new(5);
        for (n, d, k) in [(2, 1, 1), (40, 2, 39), (300, 3, 7), (200, 12, 5)] {
            // Few values, so that many distances are equal.
            let values: Vec<f64> = (0..n * d).map(|_| random.below(6) as f64).collect();
            let tree = KdTree::new(&values, d);
            let found = k_nearest(&tree, &LeafTiles::new(&tree), k);
            let exact = k_nearest(&tree, &LeafTiles::exact(&tree), k);
            assert!(found.positions == exact.positions && found.distances == exact.distances);
            for at in 0..n {
                let mut all: Vec<(f64, u32)> = (0..n)
                    .filter(|&other| other != at)
                    .map(|other| {
                        let pairs = tree.point(at).iter().zip(tree.point(other));
                        (pairs.map(|(x, y)| (x - y) * (x - y)).sum(), other as u32)
                    })
                    .collect();
                all.sort_by(|a, b| a.partial_cmp(b).unwrap());
                for (rank, &(distance, position)) in all[..k].iter().enumerate() {
                    assert_eq!((found.distances[at * k + rank], found.positions[at * k + rank]), (distance, position));
                }
            }
        }
    }
}
