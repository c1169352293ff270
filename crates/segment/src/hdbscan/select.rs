//! Which clusters of the condensed tree are kept, and what that says of each point. The rules and the order of sums are
//! those of the `hdbscan` package 0.8.44, its single-precision sum of stabilities included.

use super::Selection;
use super::hierarchy::Condensed;
use crate::NOISE;

/// How clusters are chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    pub selection: Selection,
    pub epsilon: f64,
    pub allow_single_cluster: bool,
}

/// The flat clustering. Shapes: (n).
#[derive(Clone, Debug, PartialEq)]
pub struct Flat {
    pub labels: Vec<i32>,
    pub probabilities: Vec<f64>,
    pub n_clusters: usize,
}

/// The clusters of a condensed tree, by number less n.
struct Clusters {
    /// Shape: (n_clusters). The row in which a cluster is born: parent and density; the root's is (0, 0).
    births: Vec<(usize, f64)>,
    children: Vec<Vec<usize>>,
    stability: Vec<f64>,
    /// The largest density at which something leaves the cluster.
    deaths: Vec<f64>,
}

impl Clusters {
    fn new(tree: &[Condensed], n: usize) -> Self {
        let n_clusters = tree.iter().map(|row| row.parent.max(row.child)).max().map_or(1, |last| last.max(n) - n + 1);
        let mut births = vec![(0, 0.0); n_clusters];
        let mut children = vec![Vec::new(); n_clusters];
        for row in tree.iter().filter(|row| row.child >= n) {
            births[row.child - n] = (row.parent - n, row.lambda);
            children[row.parent - n].push(row.child - n);
        }
        let (mut stability, mut deaths) = (vec![0.0; n_clusters], vec![0.0f64; n_clusters]);
        for row in tree {
            let parent = row.parent - n;
            stability[parent] += (row.lambda - births[parent].1) * row.size as f64;
            deaths[parent] = deaths[parent].max(row.lambda);
        }
        Clusters { births, children, stability, deaths }
    }

    fn below(&self, cluster: usize) -> Vec<usize> {
        let mut below = self.children[cluster].clone();
        let mut at = 0;
        while at < below.len() {
            below.extend_from_slice(&self.children[below[at]]);
            at += 1;
        }
        below
    }

    /// Excess of mass, from the leaves up.
    fn excess_of_mass(&mut self, allow_single_cluster: bool) -> Vec<bool> {
        let mut kept = vec![true; self.births.len()];
        kept[0] = allow_single_cluster;
        for cluster in (usize::from(!allow_single_cluster)..kept.len()).rev() {
            let mut of_children = 0.0f32;
            for &child in &self.children[cluster] {
                of_children = (f64::from(of_children) + self.stability[child]) as f32;
            }
            if f64::from(of_children) > self.stability[cluster] {
                kept[cluster] = false;
                self.stability[cluster] = f64::from(of_children);
            } else {
                self.below(cluster).into_iter().for_each(|below| kept[below] = false);
            }
        }
        kept
    }

    /// Merges kept clusters that were born nearer than `epsilon` (Malzer and Baum 2020).
    fn widen(&self, kept: &[bool], epsilon: f64, allow_single_cluster: bool) -> Vec<bool> {
        let mut widened = vec![false; kept.len()];
        for cluster in (1..kept.len()).filter(|&cluster| kept[cluster]) {
            let mut at = cluster;
            if 1.0 / self.births[cluster].1 < epsilon {
                loop {
                    let parent = self.births[at].0;
                    if parent == 0 {
                        at = if allow_single_cluster { 0 } else { at };
                        break;
                    }
                    at = parent;
                    if 1.0 / self.births[at].1 > epsilon {
                        break;
                    }
                }
            }
            widened[at] = true;
        }
        widened
    }
}

/// Chooses clusters and labels the points.
pub fn select(tree: &[Condensed], n: usize, rules: Rules) -> Flat {
    let mut clusters = Clusters::new(tree, n);
    let only_root = clusters.births.len() == 1;
    let mut kept = match rules.selection {
        Selection::Eom => clusters.excess_of_mass(rules.allow_single_cluster),
        Selection::Leaf => clusters.children.iter().map(|children| children.is_empty() && !only_root).collect(),
    };
    if rules.epsilon > 0.0 && !only_root && !kept[0] {
        kept = clusters.widen(&kept, rules.epsilon, rules.allow_single_cluster);
    }
    let mut numbers = vec![NOISE; kept.len()];
    let mut n_clusters = 0;
    for (cluster, _) in kept.iter().enumerate().filter(|(_, kept)| **kept) {
        numbers[cluster] = n_clusters as i32;
        n_clusters += 1;
    }
    // The nearest kept cluster above each, or the root; parents come before children.
    let mut holders = vec![0; kept.len()];
    for cluster in 1..kept.len() {
        holders[cluster] = if kept[cluster] { cluster } else { holders[clusters.births[cluster].0] };
    }
    let mut flat = Flat { labels: vec![NOISE; n], probabilities: vec![0.0; n], n_clusters };
    for row in tree.iter().filter(|row| row.child < n) {
        let holder = holders[row.parent - n];
        let belongs = holder != 0
            || (n_clusters == 1 && rules.allow_single_cluster && kept[0] && {
                // In a single cluster only the densest, or those within epsilon, belong.
                row.lambda >= if rules.epsilon > 0.0 { 1.0 / rules.epsilon } else { clusters.deaths[0] }
            });
        if belongs {
            flat.labels[row.child] = numbers[holder];
            let most = clusters.deaths[holder];
            let surely = most == 0.0 || !row.lambda.is_finite();
            flat.probabilities[row.child] = if surely { 1.0 } else { row.lambda.min(most) / most };
        }
    }
    flat
}

/// GLOSH outlier scores (Campello et al. 2015, eq. 8). Shape: (n).
pub fn outlier_scores(tree: &[Condensed], n: usize) -> Vec<f64> {
    let mut deaths = Clusters::new(tree, n).deaths;
    for row in tree.iter().rev().filter(|row| row.child >= n) {
        deaths[row.parent - n] = deaths[row.parent - n].max(deaths[row.child - n]);
    }
    let mut scores = vec![0.0; n];
    for row in tree.iter().filter(|row| row.child < n) {
        let most = deaths[row.parent - n];
        scores[row.child] = if most == 0.0 || !row.lambda.is_finite() { 0.0 } else { (most - row.lambda) / most };
    }
    scores
}
