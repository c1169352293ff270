//! A grown tree: where a row of bins goes, and what its leaf adds. Not here: how trees are grown ([`super::grow`]).

use serde::{Deserialize, Serialize};

use super::bins::{Binned, MISSING_BIN};

/// Bins of a category that go left, a bit each.
pub(super) type BinSet = [u64; 4];

const NO_SET: u16 = u16::MAX;
/// Rows that descend together, so that one waits for memory while others compare.
const TOGETHER: usize = 8;

/// What is asked of a row at a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Question {
    /// Left if the bin is at most `bin`; the missing one goes as told.
    UpTo {
        bin: u8,
        missing_left: bool,
    },
    OneOf(BinSet),
}

impl Question {
    pub(super) fn is_left(&self, bin: u8) -> bool {
        match self {
            Question::UpTo { missing_left, .. } if bin == MISSING_BIN => *missing_left,
            Question::UpTo { bin: limit, .. } => bin <= *limit,
            Question::OneOf(set) => set[usize::from(bin >> 6)] >> (bin & 63) & 1 == 1,
        }
    }
}

/// Children are nodes from 0, or leaf l written as −1 − l.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Node {
    feature: u16,
    /// Which of the tree's sets is asked, or none: then a row goes left if `bin − shift`, wrapped, is at most `limit`. With
    /// shift 1 the missing bin 0 wraps to 255 and goes right; with 0 it goes left.
    set: u16,
    children: [i16; 2],
    shift: u8,
    limit: u8,
}

/// One tree. Without nodes it is its first leaf.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    sets: Vec<BinSet>,
    pub(super) values: Vec<f64>,
    depth: usize,
}

impl Tree {
    pub(super) fn leaf(value: f64) -> Self {
        Tree { nodes: Vec::new(), sets: Vec::new(), values: vec![value], depth: 0 }
    }

    pub(super) fn n_nodes(&self) -> usize {
        self.nodes.len()
    }

    /// Adds a node that asks `question` of `feature`, between leaf `left` and leaf `right`; returns its number.
    pub(super) fn push(&mut self, feature: usize, question: Question, left: usize, right: usize) -> usize {
        let (set, shift, limit) = match question {
            Question::UpTo { bin, missing_left } => (NO_SET, u8::from(!missing_left), bin - u8::from(!missing_left)),
            Question::OneOf(set) => {
                self.sets.push(set);
                ((self.sets.len() - 1) as u16, 0, 0)
            }
        };
        let children = [-1 - left as i16, -1 - right as i16];
        self.nodes.push(Node { feature: feature as u16, set, children, shift, limit });
        self.nodes.len() - 1
    }

    /// Puts node `child` where `parent` had a leaf; `depth` counts the questions down to and with `child`.
    pub(super) fn hang(&mut self, parent: Option<(usize, bool)>, child: usize, depth: usize) {
        if let Some((parent, is_right)) = parent {
            self.nodes[parent].children[usize::from(is_right)] = child as i16;
        }
        self.depth = self.depth.max(depth);
    }

    /// The number of the leaf that a row of bins falls into.
    pub(super) fn leaf_of(&self, row: &[u8]) -> usize {
        let mut at = if self.nodes.is_empty() { -1 } else { 0 };
        while at >= 0 {
            at = self.next(at, row);
        }
        (-1 - at) as usize
    }

    #[inline(always)]
    fn next(&self, at: i16, row: &[u8]) -> i16 {
        let node = &self.nodes[at as usize];
        let bin = row[usize::from(node.feature)];
        let is_right = if node.set == NO_SET {
            bin.wrapping_sub(node.shift) > node.limit
        } else {
            let set = &self.sets[usize::from(node.set)];
            set[usize::from(bin >> 6)] >> (bin & 63) & 1 == 0
        };
        node.children[usize::from(is_right)]
    }

    /// Adds every row's leaf to `scores`, from row `first` on. Shape: any part of (n_rows).
    pub(super) fn add(&self, binned: &Binned, first: usize, scores: &mut [f64]) {
        if self.nodes.is_empty() {
            scores.iter_mut().for_each(|score| *score += self.values[0]);
            return;
        }
        let n = binned.n_features();
        let cells = &binned.cells()[first * n..];
        let n_whole = scores.len() / TOGETHER * TOGETHER;
        let (whole, rest) = scores.split_at_mut(n_whole);
        for (part, cells) in whole.chunks_exact_mut(TOGETHER).zip(cells.chunks_exact(n * TOGETHER)) {
            let rows: [&[u8]; TOGETHER] = std::array::from_fn(|row| &cells[row * n..][..n]);
            let mut at = [0i16; TOGETHER];
            loop {
                let mut deepest = -1;
                for (at, row) in at.iter_mut().zip(rows) {
                    if *at >= 0 {
                        *at = self.next(*at, row);
                    }
                    deepest = deepest.max(*at);
                }
                if deepest < 0 {
                    break;
                }
            }
            for (score, at) in part.iter_mut().zip(at) {
                *score += self.values[(-1 - at) as usize];
            }
        }
        for (at, score) in rest.iter_mut().enumerate() {
            *score += self.values[self.leaf_of(&cells[(n_whole + at) * n..][..n])];
        }
    }
}
