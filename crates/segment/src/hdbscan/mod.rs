//! HDBSCAN, exact: clusters of differing density, from the tree of all DBSCANs.
//!
//! The minimum spanning tree of mutual reachability is found by Borůvka's rounds over a kd-tree. `min_samples` does not
//! count the point itself, as in the `hdbscan` package; scikit-learn's counts it, so its value is ours plus one. Where mutual
//! reachability distances are equal the order of merges is ours (lower rows first), and clusters may be numbered otherwise.

mod hierarchy;
mod select;
mod spanning;

use domain::{Card, Kind, Param, Settings};
use math::dense::Real;
use math::kd_tree::KdTree;
use math::leaf_tiles::LeafTiles;

pub use hierarchy::Condensed;

use crate::cluster::on_threads;
use crate::{Clustering, Matrix, Method, NOISE, Points, RunOptions, SegmentError};

pub static CARD: Card = Card {
    name: "hdbscan",
    sentence: "Finds clusters of differing density and leaves sparse points as noise; needs the least size of a cluster.",
    family: "density",
    params: &[
        Param {
            name: "min_cluster_size",
            sentence: "Groups smaller than this are no clusters.",
            unit: "points",
            kind: Kind::Int { min: 2, max: 1_000_000_000, default: 5 },
        },
        Param {
            name: "min_samples",
            sentence: "A point's density is measured by its distance to this many-th other point; 0: min_cluster_size.",
            unit: "points",
            kind: Kind::Int { min: 0, max: 100_000, default: 0 },
        },
        Param {
            name: "cluster_selection",
            sentence: "The most lasting clusters (excess of mass), or the leaves of the tree.",
            unit: "",
            kind: Kind::Choice { options: &["eom", "leaf"], default: "eom" },
        },
        Param {
            name: "cluster_selection_epsilon",
            sentence: "Clusters that part at less than this distance stay together.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 1e150, default: 0.0 },
        },
        Param {
            name: "allow_single_cluster",
            sentence: "Whether all points may form one cluster.",
            unit: "",
            kind: Kind::Bool { default: false },
        },
    ],
    input: "(n, d) points, one row per point",
    source: "Campello, Moulavi, Sander 2013 and 2015; McInnes and Healy 2017; Malzer and Baum 2020 (epsilon)",
};

pub static METHOD: Method = Method { card: &CARD, run_f32: run, run_f64: run, run_table: None };

/// How clusters are chosen from the condensed tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Selection {
    /// Excess of mass.
    Eom,
    Leaf,
}

/// What HDBSCAN is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HdbscanOptions {
    pub min_cluster_size: usize,
    /// The point itself not counted; cut to n − 1.
    pub min_samples: usize,
    pub selection: Selection,
    pub epsilon: f64,
    pub allow_single_cluster: bool,
}

/// What HDBSCAN tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Hdbscan {
    /// The cluster of each point, from 0, or [`NOISE`]. Shape: (n).
    pub labels: Vec<i32>,
    /// Shape: (n).
    pub probabilities: Vec<f64>,
    /// GLOSH. Shape: (n).
    pub outlier_scores: Vec<f64>,
    pub n_clusters: usize,
    /// The single-linkage tree over mutual reachability as SciPy's merge table. Shape: (n − 1, 4).
    pub merges: Matrix,
    pub condensed: Vec<Condensed>,
    /// Shape: (n).
    pub core_distances: Vec<f64>,
}

fn run<T: Real>(points: Points<T>, settings: &Settings, options: &RunOptions) -> Result<Clustering, SegmentError> {
    let min_cluster_size = settings.usize("min_cluster_size");
    let min_samples = match settings.usize("min_samples") {
        0 => min_cluster_size,
        min_samples => min_samples,
    };
    let selection = if settings.text("cluster_selection") == "leaf" { Selection::Leaf } else { Selection::Eom };
    let told = HdbscanOptions {
        min_cluster_size,
        min_samples,
        selection,
        epsilon: settings.float("cluster_selection_epsilon"),
        allow_single_cluster: settings.bool("allow_single_cluster"),
    };
    let found = hdbscan(points, &told, options)?;
    let n_noise = found.labels.iter().filter(|&&label| label == NOISE).count();
    Ok(Clustering {
        labels: found.labels,
        merges: Some(found.merges),
        probabilities: Some(found.probabilities),
        outlier_scores: Some(found.outlier_scores),
        condensed: Some(matrix(&found.condensed)),
        figures: vec![("n_clusters", found.n_clusters as f64), ("n_noise", n_noise as f64)],
        ..Clustering::default()
    })
}

/// The condensed tree as numbers. Shape: (rows, 4), columns parent, child, density, points.
fn matrix(tree: &[Condensed]) -> Matrix {
    let row = |row: &Condensed| [row.parent as f64, row.child as f64, row.lambda, row.size as f64];
    Matrix { values: tree.iter().flat_map(row).collect(), n: tree.len(), d: 4 }
}

/// Clusters points; of the run's options it takes the threads and the progress.
///
/// # Errors
/// If `min_cluster_size` is below 2, `min_samples` is 0, `epsilon` is negative or infinite, or it is cancelled.
pub fn hdbscan<T: Real>(
    points: Points<T>,
    told: &HdbscanOptions,
    options: &RunOptions,
) -> Result<Hdbscan, SegmentError> {
    if told.min_cluster_size < 2 {
        return Err(SegmentError::unfit("min_cluster_size", told.min_cluster_size, "at least 2"));
    }
    if told.min_samples == 0 {
        return Err(SegmentError::unfit("min_samples", told.min_samples, "at least 1"));
    }
    if !(told.epsilon >= 0.0 && told.epsilon.is_finite()) {
        return Err(SegmentError::unfit("cluster_selection_epsilon", told.epsilon, "a number of at least 0"));
    }
    let n = points.n();
    on_threads(options.n_threads, || {
        let tree = KdTree::new(points.values(), points.d());
        let spanned = spanning::spanning_tree(&tree, &LeafTiles::new(&tree), told.min_samples, options.progress);
        let (edges, core_distances) = spanned.ok_or(SegmentError::Cancelled)?;
        let merges = hierarchy::single_linkage(edges, n);
        let condensed = hierarchy::condense(&merges, told.min_cluster_size);
        let rules = select::Rules {
            selection: told.selection,
            epsilon: told.epsilon,
            allow_single_cluster: told.allow_single_cluster,
        };
        // A single point is noise, whatever is allowed.
        let single = if n == 1 { select::Rules { allow_single_cluster: false, ..rules } } else { rules };
        let select::Flat { labels, probabilities, n_clusters } = select::select(&condensed, n, single);
        let outlier_scores = select::outlier_scores(&condensed, n);
        Ok(Hdbscan { labels, probabilities, outlier_scores, n_clusters, merges, condensed, core_distances })
    })
}

#[cfg(test)]
mod tests;
