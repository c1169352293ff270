//! Agglomerative clustering: every point alone at first, then the two nearest clusters merge, again and again. The answer
//! is the tree of merges, which can be cut at any number of clusters or any height.
//!
//! Seven linkages say how far apart two clusters are. Ward and single linkage run straight from the vectors in O(n)
//! memory, and average, complete and weighted linkage of many Euclidean points from the vectors too; otherwise the
//! distances of all pairs are held. Heights, order and ties are SciPy's where SciPy defines them.

mod aggregate;
mod cells;
mod chain;
mod condensed;
mod dendrogram;
mod generic;
mod lanes;
mod single;
#[cfg(test)]
mod tests;
mod ward;
mod ward_nearest;

use domain::{Card, Kind, Param, Settings};

use crate::cluster::{check_metric, on_threads};
use crate::features::{self, gower};
use crate::{Clustering, Method, Points, Real, RunOptions, SegmentError};
use condensed::Table;

pub use dendrogram::{Dendrogram, Joint, Leaf, Merge, Picture};

pub static CARD: Card = Card {
    name: "hierarchical",
    sentence: "Merges the nearest clusters again and again; the tree of merges can be cut at any number of clusters.",
    family: "hierarchical",
    params: &[
        Param {
            name: "linkage",
            sentence: "How far apart two clusters are: the growth of the variance within (ward), the mean, largest or smallest \
                       distance of their points (average, complete, single), a mean that forgets sizes (weighted), or \
                       the distance of their centres (centroid, median).",
            unit: "",
            kind: Kind::Choice {
                options: &["ward", "average", "complete", "single", "weighted", "centroid", "median"],
                default: "ward",
            },
        },
        Param {
            name: "n_clusters",
            sentence: "Clusters to cut the tree into, as many as there are points at most; 0: no cut by count. Without any cut \
                       all points are one cluster.",
            unit: "clusters",
            kind: Kind::Int { min: 0, max: 1_000_000_000, default: 0 },
        },
        Param {
            name: "height",
            sentence: "Cuts the tree so that no cluster has a higher merge within; 0: no cut by height.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: f64::MAX, default: 0.0 },
        },
        Param {
            name: "metric",
            sentence: "How far apart two points are; ward, centroid and median are for euclidean only; gower compares the rows \
                       of a table of mixed columns.",
            unit: "",
            kind: Kind::Choice { options: &["euclidean", "manhattan", "cosine", "gower"], default: "euclidean" },
        },
    ],
    input: "(n, d) points, one row per point; with gower a table of mixed columns",
    source: "Ward 1963; Lance and Williams 1967; Murtagh 1983 (nearest-neighbour chain); Müllner 2011; Gower 1971",
};

pub static METHOD: Method =
    Method { card: &CARD, run_f32: run::<f32>, run_f64: run::<f64>, run_table: Some(run_table) };

/// How far apart two clusters are, given the distances of their points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linkage {
    /// √(2 |A||B| / (|A|+|B|)) times the distance of the centres: by how much the merge adds to the sum of squares within.
    Ward,
    /// The mean over all pairs of points.
    Average,
    /// The largest over all pairs of points.
    Complete,
    /// The smallest over all pairs of points.
    Single,
    /// The mean of the distances of the two clusters last merged, whatever their sizes.
    Weighted,
    /// The distance of the centres of gravity. Heights may fall.
    Centroid,
    /// The distance of centres that are the middle of the two last merged. Heights may fall.
    Median,
}

impl Linkage {
    /// All, in the order of the card.
    pub const ALL: [Linkage; 7] = [
        Linkage::Ward,
        Linkage::Average,
        Linkage::Complete,
        Linkage::Single,
        Linkage::Weighted,
        Linkage::Centroid,
        Linkage::Median,
    ];

    fn named(name: &str) -> Linkage {
        match name {
            "average" => Linkage::Average,
            "complete" => Linkage::Complete,
            "single" => Linkage::Single,
            "weighted" => Linkage::Weighted,
            "centroid" => Linkage::Centroid,
            "median" => Linkage::Median,
            _ => Linkage::Ward,
        }
    }

    /// Whether heights mean something for Euclidean distances only.
    fn is_euclidean(self) -> bool {
        matches!(self, Linkage::Ward | Linkage::Centroid | Linkage::Median)
    }
}

/// How far apart two points are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    Euclidean,
    /// The sum of absolute differences.
    Manhattan,
    /// 1 − the cosine of the angle seen from the origin; no point may be at the origin.
    Cosine,
}

impl Metric {
    fn named(name: &str) -> Metric {
        match name {
            "manhattan" => Metric::Manhattan,
            "cosine" => Metric::Cosine,
            _ => Metric::Euclidean,
        }
    }
}

/// Whom a long run tells how far it is, and whom it asks whether to go on.
struct Watch<'a>(&'a (dyn Fn(f64) -> bool + Sync));

impl Watch<'_> {
    /// After `k` of the merges of `n` points.
    fn tell(&self, k: usize, n: usize) -> Result<(), SegmentError> {
        // The share of the pairs of clusters that need no longer be looked at.
        let share = |left: f64| 1.0 - left * left;
        if k.is_multiple_of(256) && !(self.0)(share((n - k) as f64 / n as f64)) {
            return Err(SegmentError::Cancelled);
        }
        Ok(())
    }
}

/// The tree of merges of points. Uses `n_threads` and `progress` of the options. Memory beyond the points: O(n d) for Ward
/// and single linkage; 8 bytes for each of the n(n−1)/2 pairs of points otherwise, but a sixty-fourth of that (more where
/// the points have a dense core) for average, complete and weighted linkage of 4096 Euclidean points or more.
///
/// # Errors
/// If the linkage does not allow the metric, a point at the origin has no cosine, values are so far apart that squares
/// of distances are infinite, there are 2³¹ points or more, or it is cancelled.
pub fn linkage<T: Real>(
    points: Points<T>,
    linkage: Linkage,
    metric: Metric,
    options: &RunOptions,
) -> Result<Dendrogram, SegmentError> {
    let (n, d) = (points.n(), points.d());
    check_count(n)?;
    if linkage.is_euclidean() && metric != Metric::Euclidean {
        return Err(SegmentError::unfit("metric of ward, centroid or median", format!("{metric:?}"), "Euclidean"));
    }
    let rows = prepared(points, metric)?;
    let watch = Watch(options.progress);
    on_threads(options.n_threads, || match linkage {
        Linkage::Ward => Ok(Dendrogram::from_pairs(n, ward::of_vectors(rows, d, &watch)?)),
        Linkage::Single => Ok(Dendrogram::from_pairs(n, single::of_vectors(&rows, d, metric, &watch)?)),
        Linkage::Average | Linkage::Complete | Linkage::Weighted
            if metric == Metric::Euclidean && n >= aggregate::N_MIN =>
        {
            Ok(Dendrogram::from_pairs(n, aggregate::of_vectors(&rows, d, linkage, &watch)?))
        }
        _ => of_table(Table::new(condensed::distances(&rows, d, metric), n), linkage, &watch),
    })
}

/// The tree of merges of points of which only the distances are known, for mixed data (Gower) or any other. Ward, centroid
/// and median take them for Euclidean. Shape of `distances`: (n(n−1)/2), in SciPy's order (0, 1), (0, 2) … (1, 2) …; they
/// are used up.
///
/// # Errors
/// If there are not n(n−1)/2 distances, one is negative or not finite, or it is cancelled.
pub fn linkage_of_distances(
    mut distances: Vec<f64>,
    n: usize,
    linkage: Linkage,
    options: &RunOptions,
) -> Result<Dendrogram, SegmentError> {
    check_count(n)?;
    if n == 0 || n * (n - 1) / 2 != distances.len() {
        let allowed = if n == 0 { "one point or more".to_owned() } else { (n * (n - 1) / 2).to_string() };
        return Err(SegmentError::unfit("number of distances", distances.len(), allowed));
    }
    // Squares must be finite too.
    let most = if linkage.is_euclidean() { f64::MAX.sqrt() / (4.0 * n as f64) } else { f64::MAX / (4.0 * n as f64) };
    if let Some(bad) = distances.iter().find(|&&distance| !(0.0..=most).contains(&distance)) {
        return Err(SegmentError::unfit("distance", bad, format!("0 to {most:e}")));
    }
    distances.iter_mut().for_each(|distance| *distance += 0.0);
    of_table(Table::new(distances, n), linkage, &Watch(options.progress))
}

fn of_table(table: Table, linkage: Linkage, watch: &Watch) -> Result<Dendrogram, SegmentError> {
    let n = table.n;
    match linkage {
        Linkage::Single => Ok(Dendrogram::from_pairs(n, single::of_distances(&table, watch)?)),
        Linkage::Centroid | Linkage::Median => {
            Ok(Dendrogram::from_ordered_pairs(n, &generic::generic(table, linkage, watch)?))
        }
        _ => Ok(Dendrogram::from_pairs(n, chain::chain(table, linkage, watch)?)),
    }
}

fn check_count(n: usize) -> Result<(), SegmentError> {
    if n < 1 << 31 { Ok(()) } else { Err(SegmentError::unfit("number of points", n, "less than 2147483648")) }
}

/// The rows in double precision; of length 1 for the cosine. Shape: (n, d).
fn prepared<T: Real>(points: Points<T>, metric: Metric) -> Result<Vec<f64>, SegmentError> {
    let mut rows: Vec<f64> = points.values().iter().map(|value| value.to_f64()).collect();
    if metric == Metric::Cosine {
        for (at, row) in rows.chunks_exact_mut(points.d()).enumerate() {
            let largest = row.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
            if largest == 0.0 {
                let what = "row without a direction (all zeros)";
                return Err(SegmentError::unfit(what, format!("row {at}"), "none with the cosine"));
            }
            row.iter_mut().for_each(|value| *value /= largest);
            let length = row.iter().map(|value| value * value).sum::<f64>().sqrt();
            row.iter_mut().for_each(|value| *value /= length);
        }
    }
    let largest = rows.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
    let most = (f64::MAX / (16.0 * rows.len() as f64)).sqrt();
    if largest > most {
        return Err(SegmentError::unfit("largest value", format!("{largest:e}"), format!("at most {most:e}")));
    }
    Ok(rows)
}

fn run<T: Real>(points: Points<T>, settings: &Settings, options: &RunOptions) -> Result<Clustering, SegmentError> {
    check_metric(settings)?;
    check_cuts(settings)?;
    let (kind, metric) = (Linkage::named(settings.text("linkage")), Metric::named(settings.text("metric")));
    cut(&linkage(points, kind, metric, options)?, settings)
}

/// Rows of a table by Gower's dissimilarity.
fn run_table(table: &features::Table, settings: &Settings, options: &RunOptions) -> Result<Clustering, SegmentError> {
    check_cuts(settings)?;
    let kind = Linkage::named(settings.text("linkage"));
    if kind.is_euclidean() {
        let allowed = "average, complete, single, weighted, which need no centres";
        return Err(SegmentError::unfit("linkage with gower", settings.text("linkage"), allowed));
    }
    let distances = gower(table, options.n_threads)?.into_iter().map(f64::from).collect();
    let tree = on_threads(options.n_threads, || linkage_of_distances(distances, table.n_rows(), kind, options))?;
    cut(&tree, settings)
}

fn check_cuts(settings: &Settings) -> Result<(), SegmentError> {
    let (n_clusters, height) = (settings.usize("n_clusters"), settings.float("height"));
    if n_clusters > 0 && height > 0.0 {
        let found = format!("n_clusters={n_clusters} and height={height}");
        return Err(SegmentError::unfit("cuts", found, "one of them, the other 0"));
    }
    Ok(())
}

/// The tree as the settings cut it.
fn cut(tree: &Dendrogram, settings: &Settings) -> Result<Clustering, SegmentError> {
    let (n_clusters, height) = (settings.usize("n_clusters"), settings.float("height"));
    let labels = if height > 0.0 { tree.cut_by_height(height)? } else { tree.cut_by_count(n_clusters.max(1))? };
    let n_found = labels.iter().max().map_or(0, |&label| label + 1);
    let figures =
        vec![("n_clusters", f64::from(n_found)), ("height_sum", tree.merges().iter().map(|merge| merge.height).sum())];
    Ok(Clustering { labels, merges: Some(tree.matrix()), figures, ..Clustering::default() })
}
