//! What agglomerative clustering found: the tree of merges, its cuts, and what is needed to draw it. Nothing here knows
//! how the merges were found.

use crate::{Matrix, SegmentError};

/// Two clusters became one. Points are the clusters `0..n`; merge `k` makes the cluster `n + k`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Merge {
    /// The smaller of both clusters' numbers.
    pub left: usize,
    pub right: usize,
    pub height: f64,
    /// Points in the new cluster.
    pub size: usize,
}

/// The tree of all merges. Heights ascend, except that those of centroid and median linkage may fall.
#[derive(Clone, Debug, PartialEq)]
pub struct Dendrogram {
    n: usize,
    merges: Vec<Merge>,
}

/// The top of a dendrogram, laid out: leaves stand at x = 0, 1, 2 …
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    pub leaves: Vec<Leaf>,
    /// From the lowest to the highest.
    pub joints: Vec<Joint>,
}

/// A cluster that a picture does not open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Leaf {
    pub cluster: usize,
    /// Where its points stand in [`Dendrogram::leaf_order`].
    pub first: usize,
    pub size: usize,
    /// Of its own last merge; 0 for a point.
    pub height: f64,
}

/// A merge as an upside-down U: two feet and a bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Joint {
    pub cluster: usize,
    pub left_x: f64,
    pub left_height: f64,
    pub right_x: f64,
    pub right_height: f64,
    pub height: f64,
    pub size: usize,
}

impl Dendrogram {
    /// From pairs of points and the heights at which their clusters join, in any order: sorted by height, equal heights
    /// in the order given, then renumbered, as SciPy does.
    pub(super) fn from_pairs(n: usize, mut pairs: Vec<(u32, u32, f64)>) -> Self {
        pairs.sort_by(|left, right| left.2.total_cmp(&right.2));
        Dendrogram::from_ordered_pairs(n, &pairs)
    }

    /// As `from_pairs` for pairs that are already in the order of their merges.
    pub(super) fn from_ordered_pairs(n: usize, pairs: &[(u32, u32, f64)]) -> Self {
        let mut parents: Vec<u32> = (0..(2 * n).saturating_sub(1) as u32).collect();
        let mut sizes = vec![1usize; parents.len()];
        let mut merges = Vec::with_capacity(pairs.len());
        for (k, &(x, y, height)) in pairs.iter().enumerate() {
            let (x, y) = (root(&mut parents, x), root(&mut parents, y));
            assert_ne!(x, y, "a cluster merged with itself");
            (parents[x as usize], parents[y as usize]) = ((n + k) as u32, (n + k) as u32);
            let size = sizes[x as usize] + sizes[y as usize];
            sizes[n + k] = size;
            merges.push(Merge { left: x.min(y) as usize, right: x.max(y) as usize, height, size });
        }
        Dendrogram { n, merges }
    }

    /// Number of points.
    pub fn n(&self) -> usize {
        self.n
    }

    /// The merges in their order, n − 1 of them.
    pub fn merges(&self) -> &[Merge] {
        &self.merges
    }

    /// SciPy's table. Shape: (n − 1, 4), columns smaller cluster, larger cluster, height, number of points.
    pub fn matrix(&self) -> Matrix {
        let row = |merge: &Merge| [merge.left as f64, merge.right as f64, merge.height, merge.size as f64];
        Matrix { values: self.merges.iter().flat_map(row).collect(), n: self.merges.len(), d: 4 }
    }

    /// Labels of exactly `n_clusters` clusters (all points apart if there are fewer), numbered in the order in which
    /// points first show them. Where heights tie at the cut, later merges are undone first; SciPy's `maxclust` would
    /// give fewer clusters than asked for there. Shape: (n).
    ///
    /// # Errors
    /// If `n_clusters` is 0.
    pub fn cut_by_count(&self, n_clusters: usize) -> Result<Vec<i32>, SegmentError> {
        if n_clusters == 0 {
            return Err(SegmentError::unfit("n_clusters", n_clusters, "1 or more"));
        }
        let highest = self.highest();
        let mut order: Vec<usize> = (0..self.merges.len()).collect();
        order.sort_by(|&left, &right| highest[left].total_cmp(&highest[right]));
        let mut joined = vec![false; self.merges.len()];
        order.iter().take(self.n.saturating_sub(n_clusters)).for_each(|&merge| joined[merge] = true);
        Ok(self.labels(&joined))
    }

    /// Labels of the clusters within which no merge is higher than `height`, as SciPy's criterion `distance`; numbered
    /// in the order in which points first show them. Shape: (n).
    ///
    /// # Errors
    /// If `height` is not a number.
    pub fn cut_by_height(&self, height: f64) -> Result<Vec<i32>, SegmentError> {
        if height.is_nan() {
            return Err(SegmentError::unfit("height", height, "a number"));
        }
        Ok(self.labels(&self.highest().iter().map(|&highest| highest <= height).collect::<Vec<_>>()))
    }

    /// The points from left to right as a drawing shows them: no two branches cross. Shape: (n).
    pub fn leaf_order(&self) -> Vec<u32> {
        let mut order = vec![0; self.n];
        self.firsts()[..self.n].iter().enumerate().for_each(|(point, &first)| order[first] = point as u32);
        order
    }

    /// The top `n_merges` merges (all, if there are fewer), laid out for drawing.
    pub fn top(&self, n_merges: usize) -> Picture {
        let shown = self.merges.len().saturating_sub(n_merges);
        let firsts = self.firsts();
        let below = |&cluster: &usize| cluster < self.n + shown;
        let children = self.merges[shown..].iter().flat_map(|merge| [merge.left, merge.right]);
        let mut closed: Vec<usize> = children.filter(below).collect();
        if shown == self.merges.len() {
            closed.push(self.n + shown - 1);
        }
        closed.sort_by_key(|&cluster| firsts[cluster]);
        let leaf = |&cluster: &usize| {
            let (size, height) = (self.size(cluster), self.height(cluster));
            Leaf { cluster, first: firsts[cluster], size, height }
        };
        let mut xs = vec![0.0; self.n + self.merges.len()];
        closed.iter().enumerate().for_each(|(x, &cluster)| xs[cluster] = x as f64);
        let mut joints = Vec::with_capacity(self.merges.len() - shown);
        for (k, merge) in self.merges.iter().enumerate().skip(shown) {
            let (left_x, right_x) = (xs[merge.left], xs[merge.right]);
            xs[self.n + k] = f64::midpoint(left_x, right_x);
            let (left_height, right_height) = (self.height(merge.left), self.height(merge.right));
            let (height, size) = (merge.height, merge.size);
            joints.push(Joint { cluster: self.n + k, left_x, left_height, right_x, right_height, height, size });
        }
        Picture { leaves: closed.iter().map(leaf).collect(), joints }
    }

    /// The height at which each pair of points comes together. Shape: (n(n−1)/2), condensed as distances are.
    pub fn cophenetic_distances(&self) -> Vec<f64> {
        let (order, firsts) = (self.leaf_order(), self.firsts());
        let mut distances = vec![0.0; self.n * (self.n - 1) / 2];
        for merge in &self.merges {
            let points = |cluster: usize| &order[firsts[cluster]..firsts[cluster] + self.size(cluster)];
            for &i in points(merge.left) {
                for &j in points(merge.right) {
                    let (i, j) = (i.min(j) as usize, i.max(j) as usize);
                    distances[super::condensed::index(self.n, i, j)] = merge.height;
                }
            }
        }
        distances
    }

    /// How well the tree keeps the distances: the correlation of both over all pairs of points. Not a number if all
    /// distances or all heights are the same. Shape of `distances`: (n(n−1)/2).
    ///
    /// # Errors
    /// If there are not n(n−1)/2 distances.
    pub fn cophenetic_correlation(&self, distances: &[f64]) -> Result<f64, SegmentError> {
        let heights = self.cophenetic_distances();
        if heights.len() != distances.len() {
            return Err(SegmentError::unfit("number of distances", distances.len(), heights.len()));
        }
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let (mean_x, mean_y) = (mean(distances), mean(&heights));
        let pairs = distances.iter().zip(&heights).map(|(x, y)| (x - mean_x, y - mean_y));
        let sums = pairs.fold((0.0, 0.0, 0.0), |(xx, xy, yy), (x, y)| (xx + x * x, xy + x * y, yy + y * y));
        Ok(sums.1 / (sums.0 * sums.2).sqrt())
    }

    fn size(&self, cluster: usize) -> usize {
        if cluster < self.n { 1 } else { self.merges[cluster - self.n].size }
    }

    fn height(&self, cluster: usize) -> f64 {
        if cluster < self.n { 0.0 } else { self.merges[cluster - self.n].height }
    }

    /// The highest merge within the cluster that each merge makes. Shape: (n − 1).
    fn highest(&self) -> Vec<f64> {
        let mut highest: Vec<f64> = Vec::with_capacity(self.merges.len());
        for merge in &self.merges {
            let within = |cluster: usize| if cluster < self.n { 0.0 } else { highest[cluster - self.n] };
            highest.push(merge.height.max(within(merge.left)).max(within(merge.right)));
        }
        highest
    }

    /// Where each cluster's points begin in the order of leaves. Shape: (2n − 1).
    fn firsts(&self) -> Vec<usize> {
        let mut firsts = vec![0; self.n + self.merges.len()];
        for (k, merge) in self.merges.iter().enumerate().rev() {
            firsts[merge.left] = firsts[self.n + k];
            firsts[merge.right] = firsts[self.n + k] + self.size(merge.left);
        }
        firsts
    }

    /// Labels if only some merges happen; a merge that does has all merges below it happen too.
    fn labels(&self, joined: &[bool]) -> Vec<i32> {
        let mut tops: Vec<usize> = (0..self.n + self.merges.len()).collect();
        for (k, merge) in self.merges.iter().enumerate().rev() {
            if joined[k] {
                (tops[merge.left], tops[merge.right]) = (tops[self.n + k], tops[self.n + k]);
            }
        }
        let mut numbers = vec![-1; tops.len()];
        let mut next = 0;
        let mut number = |top: usize| {
            if numbers[top] < 0 {
                numbers[top] = next;
                next += 1;
            }
            numbers[top]
        };
        tops[..self.n].iter().map(|&top| number(top)).collect()
    }
}

/// The cluster that holds `cluster` now; what was passed on the way is shortened.
fn root(parents: &mut [u32], mut cluster: u32) -> u32 {
    while parents[cluster as usize] != cluster {
        parents[cluster as usize] = parents[parents[cluster as usize] as usize];
        cluster = parents[cluster as usize];
    }
    cluster
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points 0 1 2 3 4; {1, 3} at 1, {0, 4} at 2, {0, 4, 2} at 2, all at 5.
    fn example() -> Dendrogram {
        Dendrogram::from_pairs(5, vec![(2, 4, 2.0), (1, 3, 1.0), (3, 0, 5.0), (0, 4, 2.0)].into_iter().rev().collect())
    }

    #[test]
    fn merges_are_sorted_and_renumbered() {
        let merge = |left, right, height, size| Merge { left, right, height, size };
        assert_eq!(
            example().merges(),
            [merge(1, 3, 1.0, 2), merge(0, 4, 2.0, 2), merge(2, 6, 2.0, 3), merge(5, 7, 5.0, 5)]
        );
        assert_eq!(example().matrix().row(2), [2.0, 6.0, 2.0, 3.0]);
    }

    #[test]
    fn cuts() {
        let tree = example();
        assert_eq!(tree.cut_by_count(1).unwrap(), [0, 0, 0, 0, 0]);
        assert_eq!(tree.cut_by_count(2).unwrap(), [0, 1, 0, 1, 0]);
        assert_eq!(tree.cut_by_count(3).unwrap(), [0, 1, 2, 1, 0]);
        assert_eq!(tree.cut_by_count(4).unwrap(), [0, 1, 2, 1, 3]);
        assert_eq!(tree.cut_by_count(9).unwrap(), [0, 1, 2, 3, 4]);
        assert_eq!(tree.cut_by_height(1.999).unwrap(), [0, 1, 2, 1, 3]);
        assert_eq!(tree.cut_by_height(2.0).unwrap(), [0, 1, 0, 1, 0]);
        assert_eq!(tree.cut_by_height(-1.0).unwrap(), [0, 1, 2, 3, 4]);
        assert!(tree.cut_by_count(0).unwrap_err().to_string().contains("found 0, allowed 1 or more"));
        assert!(tree.cut_by_height(f64::NAN).is_err());
    }

    #[test]
    fn a_tree_whose_heights_fall_is_cut_where_nothing_within_is_higher() {
        let tree = Dendrogram::from_ordered_pairs(4, &[(0, 1, 2.0), (2, 0, 1.5), (3, 0, 3.0)]);
        assert_eq!(tree.cut_by_height(1.8).unwrap(), [0, 1, 2, 3]);
        assert_eq!(tree.cut_by_height(2.0).unwrap(), [0, 0, 0, 1]);
        assert_eq!(tree.cut_by_count(3).unwrap(), [0, 0, 1, 2]);
        assert_eq!(tree.cut_by_count(2).unwrap(), [0, 0, 0, 1]);
    }

    #[test]
    fn a_drawing_has_no_crossings() {
        let tree = example();
        assert_eq!(tree.leaf_order(), [1, 3, 2, 0, 4]);
        let picture = tree.top(2);
        let clusters: Vec<_> = picture.leaves.iter().map(|leaf| (leaf.cluster, leaf.first, leaf.size)).collect();
        assert_eq!(clusters, [(5, 0, 2), (2, 2, 1), (6, 3, 2)]);
        let joints: Vec<_> = picture.joints.iter().map(|joint| (joint.left_x, joint.right_x, joint.height)).collect();
        assert_eq!(joints, [(1.0, 2.0, 2.0), (0.0, 1.5, 5.0)]);
        assert_eq!(picture.joints[1].left_height, 1.0);
        assert_eq!(tree.top(99).leaves.len(), 5);
        assert_eq!(tree.top(0).leaves, [Leaf { cluster: 8, first: 0, size: 5, height: 5.0 }]);
        let alone = Dendrogram::from_pairs(1, vec![]);
        assert_eq!((alone.leaf_order(), alone.top(3).leaves.len()), (vec![0], 1));
        assert_eq!(alone.cut_by_count(1).unwrap(), [0]);
    }

    #[test]
    fn cophenetic() {
        let tree = example();
        assert_eq!(tree.cophenetic_distances(), [5.0, 2.0, 5.0, 2.0, 5.0, 1.0, 5.0, 5.0, 2.0, 5.0]);
        let doubled: Vec<f64> = tree.cophenetic_distances().iter().map(|height| 2.0 * height + 1.0).collect();
        assert!((tree.cophenetic_correlation(&doubled).unwrap() - 1.0).abs() < 1e-12);
        assert!(tree.cophenetic_correlation(&doubled[1..]).is_err());
    }
}
