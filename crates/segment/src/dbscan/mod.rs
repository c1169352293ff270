//! DBSCAN, exact: a point with enough weight within `eps` is a core; cores within `eps` of each other share a cluster.
//!
//! Two points are neighbours if Σ(x − y)² ≤ eps², both sides in double precision, summed in the order of the columns: the
//! rule of scikit-learn's kd-tree for input of either precision. Clusters are numbered by their first core row. A border
//! point joins the lowest-numbered cluster with a core within `eps`, as scikit-learn's search does, so labels are equal
//! and not only alike.

use domain::{Card, Kind, Param, Settings};
use math::DisjointSets;
use math::dense::Real;
use math::kd_tree::{KdTree, LEAF, Node, Visitor};
use rayon::prelude::*;

use crate::cluster::on_threads;
use crate::{Clustering, Method, NOISE, Points, RunOptions, SegmentError};

pub static CARD: Card = Card {
    name: "dbscan",
    sentence: "Finds dense regions of any shape and leaves sparse points as noise; needs a distance, not a number of clusters.",
    family: "density",
    params: &[
        Param {
            name: "eps",
            sentence: "Points no farther apart than this are neighbours.",
            unit: "",
            kind: Kind::Float { min: 1e-150, max: 1e150, default: 0.5 },
        },
        Param {
            name: "min_points",
            sentence: "Neighbours, the point itself included, that make a point a core; with weights, their sum.",
            unit: "points",
            kind: Kind::Int { min: 1, max: 1_000_000_000, default: 5 },
        },
    ],
    input: "(n, d) points, one row per point; optional weights (n), non-negative",
    source: "Ester, Kriegel, Sander, Xu 1996; border points as in scikit-learn",
};

pub static METHOD: Method = Method { card: &CARD, run_f32: run, run_f64: run };

/// What DBSCAN tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Dbscan {
    /// The cluster of each point, from 0, or [`NOISE`]. Shape: (n).
    pub labels: Vec<i32>,
    /// Shape: (n).
    pub is_core: Vec<bool>,
    pub n_clusters: usize,
}

fn run<T: Real>(points: Points<T>, settings: &Settings, options: &RunOptions) -> Result<Clustering, SegmentError> {
    let found = dbscan(points, settings.float("eps"), settings.usize("min_points"), options)?;
    let n_noise = found.labels.iter().filter(|&&label| label == NOISE).count();
    let figures = vec![("n_clusters", found.n_clusters as f64), ("n_noise", n_noise as f64)];
    Ok(Clustering { labels: found.labels, figures, ..Clustering::default() })
}

/// Clusters points; of the options it takes the weights, the threads and the progress.
///
/// # Errors
/// If `eps` is not positive and finite, `min_points` is 0, weights are not n finite non-negative numbers, or it is cancelled.
pub fn dbscan<T: Real>(
    points: Points<T>,
    eps: f64,
    min_points: usize,
    options: &RunOptions,
) -> Result<Dbscan, SegmentError> {
    if !(eps > 0.0 && eps.is_finite()) {
        return Err(SegmentError::unfit("eps", eps, "a positive number"));
    }
    if min_points == 0 {
        return Err(SegmentError::unfit("min_points", min_points, "at least 1"));
    }
    if let Some(weights) = options.weights {
        if weights.len() != points.n() {
            return Err(SegmentError::unfit("weights", weights.len(), format!("{}, one per point", points.n())));
        }
        if let Some(&bad) = weights.iter().find(|&&weight| !(weight >= 0.0 && weight.is_finite())) {
            return Err(SegmentError::unfit("weights", bad, "finite numbers of at least 0"));
        }
    }
    let go_on = |share: f64| if (options.progress)(share) { Ok(()) } else { Err(SegmentError::Cancelled) };
    go_on(0.0)?;
    on_threads(options.n_threads, || {
        let tree = KdTree::new(points.values(), points.d());
        let weights = options.weights.map(|by_row| tree.order().iter().map(|&row| by_row[row as usize]).collect());
        let search = Search { tree: &tree, eps2: eps * eps, min_weight: min_points as f64, weights };
        go_on(0.1)?;
        let is_core = search.cores();
        go_on(0.6)?;
        let sets = search.join(&is_core);
        go_on(0.8)?;
        Ok(search.label(&is_core, &sets))
    })
}

struct Search<'a> {
    tree: &'a KdTree,
    eps2: f64,
    min_weight: f64,
    /// Shape: (n), by position.
    weights: Option<Vec<f64>>,
}

impl Search<'_> {
    /// Which positions hold cores.
    fn cores(&self) -> Vec<bool> {
        let mut is_core = vec![false; self.tree.n()];
        is_core.par_chunks_mut(LEAF).enumerate().for_each(|(leaf, is_core)| {
            let mut counts = Counts { search: self, own: self.tree.leaf_node(leaf), sums: [0.0; LEAF] };
            self.tree.walk(leaf, &mut counts);
            is_core.iter_mut().zip(counts.sums).for_each(|(is_core, sum)| *is_core = sum >= self.min_weight);
        });
        is_core
    }

    /// Sets of positions whose cores share a cluster.
    fn join(&self, is_core: &[bool]) -> DisjointSets {
        let sets = DisjointSets::new(self.tree.n());
        (0..self.tree.n_leaves()).into_par_iter().for_each(|leaf| {
            self.tree.walk(leaf, &mut Joining { search: self, leaf, is_core, sets: &sets });
        });
        sets
    }

    fn label(&self, is_core: &[bool], sets: &DisjointSets) -> Dbscan {
        let n = self.tree.n();
        let mut position_of = vec![0u32; n];
        self.tree.order().iter().enumerate().for_each(|(at, &row)| position_of[row as usize] = at as u32);
        let mut number = vec![NOISE; n];
        let mut n_clusters = 0;
        for &position in &position_of {
            let root = sets.find(position) as usize;
            if is_core[position as usize] && number[root] == NOISE {
                number[root] = n_clusters;
                n_clusters += 1;
            }
        }
        let of_cores: Vec<i32> =
            (0..n).map(|at| if is_core[at] { number[sets.find(at as u32) as usize] } else { NOISE }).collect();
        let mut by_position = of_cores.clone();
        by_position.par_chunks_mut(LEAF).enumerate().for_each(|(leaf, labels)| {
            let mut borders = Borders { search: self, first: leaf * LEAF, of_cores: &of_cores, is_core, labels };
            if borders.labels.contains(&NOISE) {
                self.tree.walk(leaf, &mut borders);
            }
        });
        let rows = position_of.iter().map(|&at| at as usize);
        Dbscan {
            labels: rows.clone().map(|at| by_position[at]).collect(),
            is_core: rows.map(|at| is_core[at]).collect(),
            n_clusters: n_clusters as usize,
        }
    }
}

/// Weighs the neighbourhoods of a leaf's points, until each has enough.
struct Counts<'a> {
    search: &'a Search<'a>,
    own: Node,
    sums: [f64; LEAF],
}

impl Visitor for Counts<'_> {
    fn enter(&mut self, node: Node, gap: f64) -> bool {
        let n_own = self.search.tree.positions(self.own.first_leaf).len();
        gap <= self.search.eps2 && self.sums[..n_own].iter().any(|&sum| sum < self.search.min_weight) && {
            // All points of both boxes are neighbours: nothing to measure. The own leaf has been counted already.
            let beside = !(node.first_leaf..node.first_leaf + node.n_leaves).contains(&self.own.first_leaf);
            let all = beside && self.search.tree.reach(self.own, node) <= self.search.eps2;
            if all {
                let below = self.search.tree.positions_below(node);
                let more =
                    self.search.weights.as_ref().map_or(below.len() as f64, |weights| weights[below].iter().sum());
                self.sums.iter_mut().for_each(|sum| *sum += more);
            }
            !all
        }
    }

    fn scan(&mut self, leaf: usize) {
        let Search { tree, eps2, min_weight, weights } = self.search;
        let node = tree.leaf_node(leaf);
        let places = tree.positions(leaf);
        let mut found = [0.0; LEAF];
        for (position, sum) in tree.positions(self.own.first_leaf).zip(&mut self.sums) {
            let point = tree.point(position);
            if *sum >= *min_weight || tree.point_gap(point, node) > *eps2 {
                continue;
            }
            tree.distances(point, leaf, &mut found);
            let near = found[..places.len()].iter().map(|distance| distance <= eps2);
            *sum += match weights {
                None => near.map(|near| f64::from(u8::from(near))).sum::<f64>(),
                Some(weights) => near.zip(&weights[places.clone()]).map(|(near, w)| if near { *w } else { 0.0 }).sum(),
            };
        }
    }
}

/// Merges the cores of a leaf with those of this and later leaves.
struct Joining<'a> {
    search: &'a Search<'a>,
    leaf: usize,
    is_core: &'a [bool],
    sets: &'a DisjointSets,
}

impl Visitor for Joining<'_> {
    fn enter(&mut self, node: Node, gap: f64) -> bool {
        gap <= self.search.eps2 && node.first_leaf + node.n_leaves > self.leaf
    }

    fn scan(&mut self, leaf: usize) {
        let Search { tree, eps2, .. } = self.search;
        let node = tree.leaf_node(leaf);
        let mut theirs = tree.positions(leaf).filter(|&at| self.is_core[at]).map(|at| self.sets.find(at as u32));
        let Some(first) = theirs.next() else { return };
        let one_set = theirs.all(|root| root == first).then_some(first);
        let mut found = [0.0; LEAF];
        for position in tree.positions(self.leaf).filter(|&at| self.is_core[at]) {
            let known = one_set.is_some_and(|set| self.sets.find(position as u32) == self.sets.find(set));
            let point = tree.point(position);
            if known || tree.point_gap(point, node) > *eps2 {
                continue;
            }
            tree.distances(point, leaf, &mut found);
            for (other, distance) in tree.positions(leaf).zip(&found) {
                if distance <= eps2 && self.is_core[other] {
                    self.sets.merge(position as u32, other as u32);
                }
            }
        }
    }
}

/// Gives a leaf's points that are no cores the lowest cluster in reach.
struct Borders<'a> {
    search: &'a Search<'a>,
    first: usize,
    of_cores: &'a [i32],
    is_core: &'a [bool],
    labels: &'a mut [i32],
}

impl Visitor for Borders<'_> {
    fn enter(&mut self, _: Node, gap: f64) -> bool {
        gap <= self.search.eps2
    }

    fn scan(&mut self, leaf: usize) {
        let Search { tree, eps2, .. } = self.search;
        let places = tree.positions(leaf);
        if !self.is_core[places.clone()].contains(&true) {
            return;
        }
        let node = tree.leaf_node(leaf);
        let mut found = [0.0; LEAF];
        for (at, label) in self.labels.iter_mut().enumerate().filter(|(at, _)| !self.is_core[self.first + at]) {
            let point = tree.point(self.first + at);
            if tree.point_gap(point, node) > *eps2 {
                continue;
            }
            tree.distances(point, leaf, &mut found);
            for (other, distance) in places.clone().zip(&found) {
                // As unsigned numbers NOISE is the largest.
                if distance <= eps2 && (self.of_cores[other] as u32) < *label as u32 {
                    *label = self.of_cores[other];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
