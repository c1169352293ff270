//! A kd-tree whose leaves are full blocks of points lying column by column, so that a block is scanned with vectors.
//!
//! All distances are squared, in double precision, and summed in the order of the columns without fused operations: the
//! plain loop's numbers to the bit. Rounding is monotone, so the bounds by boxes, computed in the same order, hold exactly
//! and need no margin.
//!
//! What is not here: other metrics; changing the points.

use crate::dense::Real;
use crate::widest::widest;

/// Points in a leaf; the last leaf of the tree may hold fewer.
pub const LEAF: usize = 32;

/// Points in the order of the tree. A point has its *row* outside and its *position* inside; leaf `l` holds the positions
/// `l * LEAF..(l + 1) * LEAF`.
pub struct KdTree {
    n: usize,
    d: usize,
    /// Shape: (n). The row at each position.
    order: Vec<u32>,
    /// Shape: (n_leaves, d, LEAF); places without a point hold infinity.
    blocks: Vec<f64>,
    /// Shape: (n, d), by position.
    points: Vec<f64>,
    /// Shape: (n_nodes, 2, d): least and largest coordinates, in preorder.
    boxes: Vec<f64>,
    n_leaves: usize,
}

/// Leaves below a node, and the node's place in preorder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Node {
    pub at: usize,
    pub first_leaf: usize,
    pub n_leaves: usize,
}

impl Node {
    /// Both halves, unless it is a leaf.
    pub fn children(self) -> Option<(Node, Node)> {
        let half = self.n_leaves / 2;
        (half > 0).then(|| {
            let left = Node { at: self.at + 1, first_leaf: self.first_leaf, n_leaves: half };
            let right =
                Node { at: self.at + 2 * half, first_leaf: self.first_leaf + half, n_leaves: self.n_leaves - half };
            (left, right)
        })
    }
}

/// What a walk around a leaf does.
pub trait Visitor {
    /// Whether to look into the node, whose points are at least `gap` (squared) away from every point of the leaf.
    fn enter(&mut self, node: Node, gap: f64) -> bool;
    /// A leaf that was entered.
    fn scan(&mut self, leaf: usize);
}

impl KdTree {
    /// Shape of `values`: (n, d), row by row; finite.
    ///
    /// # Panics
    /// If there is no value, rows are not whole, or there are 2³² rows or more.
    pub fn new<T: Real>(values: &[T], d: usize) -> Self {
        assert!(d > 0 && !values.is_empty() && values.len().is_multiple_of(d), "{} values, {d} columns", values.len());
        let n = values.len() / d;
        assert!(u32::try_from(n).is_ok(), "{n} rows exceed u32");
        let n_leaves = n.div_ceil(LEAF);
        let wide: Vec<f64> = values.iter().map(|value| value.to_f64()).collect();
        let mut order: Vec<u32> = (0..n as u32).collect();
        let mut boxes = vec![0.0; (2 * n_leaves - 1) * 2 * d];
        split(&wide, d, &mut order, n_leaves, &mut boxes);
        let mut points = Vec::with_capacity(n * d);
        order.iter().for_each(|&row| points.extend_from_slice(&wide[row as usize * d..(row as usize + 1) * d]));
        let mut blocks = vec![f64::INFINITY; n_leaves * d * LEAF];
        for (leaf, block) in points.chunks(LEAF * d).zip(blocks.chunks_exact_mut(LEAF * d)) {
            for (lane, point) in leaf.chunks_exact(d).enumerate() {
                point.iter().enumerate().for_each(|(column, &value)| block[column * LEAF + lane] = value);
            }
        }
        KdTree { n, d, order, blocks, points, boxes, n_leaves }
    }

    pub fn n(&self) -> usize {
        self.n
    }

    pub fn d(&self) -> usize {
        self.d
    }

    pub fn n_leaves(&self) -> usize {
        self.n_leaves
    }

    pub fn n_nodes(&self) -> usize {
        2 * self.n_leaves - 1
    }

    pub fn root(&self) -> Node {
        Node { at: 0, first_leaf: 0, n_leaves: self.n_leaves }
    }

    /// Shape: (n). The row at each position.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// Shape: (d).
    pub fn point(&self, position: usize) -> &[f64] {
        &self.points[position * self.d..(position + 1) * self.d]
    }

    /// The positions in a leaf.
    pub fn positions(&self, leaf: usize) -> std::ops::Range<usize> {
        leaf * LEAF..((leaf + 1) * LEAF).min(self.n)
    }

    /// The positions below a node.
    pub fn positions_below(&self, node: Node) -> std::ops::Range<usize> {
        node.first_leaf * LEAF..((node.first_leaf + node.n_leaves) * LEAF).min(self.n)
    }

    /// Least and largest coordinates below a node. Shapes: (d).
    pub fn bounds(&self, node: Node) -> (&[f64], &[f64]) {
        self.boxes[node.at * 2 * self.d..(node.at + 1) * 2 * self.d].split_at(self.d)
    }

    /// The leaf's node.
    pub fn leaf_node(&self, leaf: usize) -> Node {
        let mut node = self.root();
        while let Some((left, right)) = node.children() {
            node = if leaf < right.first_leaf { left } else { right };
        }
        node
    }

    /// The squared distance between two positions.
    pub fn distance(&self, a: usize, b: usize) -> f64 {
        let pairs = self.point(a).iter().zip(self.point(b));
        pairs.fold(0.0, |sum, (x, y)| sum + (x - y) * (x - y))
    }

    /// Squared distances from `point` to the places of a leaf; infinity, or not a number, where no point is.
    pub fn distances(&self, point: &[f64], leaf: usize, out: &mut [f64; LEAF]) {
        let block = &self.blocks[leaf * self.d * LEAF..(leaf + 1) * self.d * LEAF];
        distances(point, block, out);
    }

    /// The least squared distance from `point` to the box of a node.
    pub fn point_gap(&self, point: &[f64], node: Node) -> f64 {
        let (low, high) = self.bounds(node);
        let mut sum = 0.0;
        for ((&x, &low), &high) in point.iter().zip(low).zip(high) {
            let apart = (low - x).max(x - high).max(0.0);
            sum += apart * apart;
        }
        sum
    }

    /// The largest squared distance from `point` to the box of a node.
    pub fn point_reach(&self, point: &[f64], node: Node) -> f64 {
        let (low, high) = self.bounds(node);
        let mut sum = 0.0;
        for ((&x, &low), &high) in point.iter().zip(low).zip(high) {
            let apart = (high - x).max(x - low);
            sum += apart * apart;
        }
        sum
    }

    /// The least squared distance between the boxes of two nodes.
    pub fn gap(&self, left: Node, right: Node) -> f64 {
        let ((low, high), (other_low, other_high)) = (self.bounds(left), self.bounds(right));
        let mut sum = 0.0;
        for at in 0..self.d {
            let apart = (other_low[at] - high[at]).max(low[at] - other_high[at]).max(0.0);
            sum += apart * apart;
        }
        sum
    }

    /// The largest squared distance between points of two boxes.
    pub fn reach(&self, left: Node, right: Node) -> f64 {
        let ((low, high), (other_low, other_high)) = (self.bounds(left), self.bounds(right));
        let mut sum = 0.0;
        for at in 0..self.d {
            let apart = (other_high[at] - low[at]).max(high[at] - other_low[at]);
            sum += apart * apart;
        }
        sum
    }

    /// Walks the tree from near to far of a leaf, beginning with the leaf itself.
    pub fn walk(&self, leaf: usize, visitor: &mut impl Visitor) {
        let own = self.leaf_node(leaf);
        visitor.scan(leaf);
        let mut stack = vec![(self.root(), 0.0)];
        while let Some((node, gap)) = stack.pop() {
            if node.at == own.at || !visitor.enter(node, gap) {
                continue;
            }
            match node.children() {
                None => visitor.scan(node.first_leaf),
                Some((left, right)) => {
                    let (to_left, to_right) = (self.gap(own, left), self.gap(own, right));
                    let left_first = match to_left.total_cmp(&to_right) {
                        std::cmp::Ordering::Less => true,
                        std::cmp::Ordering::Greater => false,
                        std::cmp::Ordering::Equal => leaf < right.first_leaf,
                    };
                    if left_first {
                        stack.extend([(right, to_right), (left, to_left)]);
                    } else {
                        stack.extend([(left, to_left), (right, to_right)]);
                    }
                }
            }
        }
    }
}

/// Below this many leaves a thread splits alone.
const ALONE: usize = 64;

/// Orders rows so that each half of the leaves is on one side of the widest column's middle; ties go by row.
fn split(values: &[f64], d: usize, order: &mut [u32], n_leaves: usize, boxes: &mut [f64]) {
    let (own, below) = boxes.split_at_mut(2 * d);
    let (low, high) = own.split_at_mut(d);
    bound(values, d, order, low, high);
    let half = n_leaves / 2;
    if half == 0 {
        return;
    }
    let mut axis = 0;
    for at in 1..d {
        if high[at] - low[at] > high[axis] - low[axis] {
            axis = at;
        }
    }
    let value = |row: u32| values[row as usize * d + axis];
    order.select_nth_unstable_by(half * LEAF, |&a, &b| value(a).total_cmp(&value(b)).then(a.cmp(&b)));
    let (left, right) = order.split_at_mut(half * LEAF);
    let (left_boxes, right_boxes) = below.split_at_mut((2 * half - 1) * 2 * d);
    let mut left = move || split(values, d, left, half, left_boxes);
    let mut right = move || split(values, d, right, n_leaves - half, right_boxes);
    if n_leaves < ALONE {
        left();
        right();
    } else {
        rayon::join(left, right);
    }
}

fn bound(values: &[f64], d: usize, rows: &[u32], low: &mut [f64], high: &mut [f64]) {
    low.fill(f64::INFINITY);
    high.fill(f64::NEG_INFINITY);
    for &row in rows {
        let point = &values[row as usize * d..(row as usize + 1) * d];
        for ((&x, low), high) in point.iter().zip(low.iter_mut()).zip(high.iter_mut()) {
            *low = if x < *low { x } else { *low };
            *high = if x > *high { x } else { *high };
        }
    }
}

fn distances(point: &[f64], block: &[f64], out: &mut [f64; LEAF]) {
    #[inline(always)]
    fn pass(point: &[f64], block: &[f64], out: &mut [f64; LEAF]) {
        let mut sums = [0.0; LEAF];
        for (&x, lanes) in point.iter().zip(block.as_chunks::<LEAF>().0) {
            for (sum, &y) in sums.iter_mut().zip(lanes) {
                let apart = x - y;
                *sum += apart * apart;
            }
        }
        *out = sums;
    }
    widest!(pass(point: &[f64], block: &[f64], out: &mut [f64; LEAF]) -> ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Random;

    fn values(n: usize, d: usize) -> Vec<f64> {
        let mut random = Random::new((n * 100 + d) as u64);
        (0..n * d).map(|_| random.uniform() - 0.5).collect()
    }

    #[test]
    fn boxes_hold_their_points_and_bound_distances() {
        for (n, d) in [(1, 1), (32, 2), (33, 3), (200, 1), (500, 7)] {
            let tree = KdTree::new(&values(n, d), d);
            let mut rows = tree.order().to_vec();
            rows.sort_unstable();
            assert!(rows.iter().enumerate().all(|(at, &row)| at == row as usize));
            let mut nodes = vec![tree.root()];
            let mut n_seen = 0;
            while let Some(node) = nodes.pop() {
                n_seen += 1;
                let point = tree.point(n / 2);
                let (gap, reach) = (tree.point_gap(point, node), tree.point_reach(point, node));
                for position in tree.positions_below(node) {
                    let other = tree.point(position);
                    let distance: f64 = point.iter().zip(other).map(|(x, y)| (x - y) * (x - y)).sum();
                    assert!(gap <= distance && distance <= reach);
                    let own = tree.leaf_node(n / 2 / LEAF);
                    assert!(tree.gap(own, node) <= distance && distance <= tree.reach(own, node));
                }
                if let Some((left, right)) = node.children() {
                    assert_eq!(left.n_leaves + right.n_leaves, node.n_leaves);
                    nodes.extend([left, right]);
                }
            }
            assert_eq!(n_seen, tree.n_nodes());
        }
    }

    #[test]
    fn distances_are_those_of_the_plain_loop_to_the_bit() {
        let (n, d) = (70, 9);
        let tree = KdTree::new(&values(n, d), d);
        let mut out = [0.0; LEAF];
        for leaf in 0..tree.n_leaves() {
            tree.distances(tree.point(3), leaf, &mut out);
            for (position, found) in tree.positions(leaf).zip(out) {
                let mut sum = 0.0;
                for (x, y) in tree.point(3).iter().zip(tree.point(position)) {
                    sum += (x - y) * (x - y);
                }
                assert_eq!(sum, found);
            }
        }
    }
}
