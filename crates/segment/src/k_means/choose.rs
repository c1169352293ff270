//! How many groups there should be: inertia with its elbow, silhouette, and the gap statistic, over several k, and the k
//! that follows from them. Silhouette and gap look at a sample, the same for every k.

use math::Random;
use rayon::prelude::*;

use super::{KMeans, Near, fit};
use crate::cluster::on_threads;
use crate::{Points, RunOptions, SegmentError};

/// What to try.
#[derive(Clone, Debug)]
pub struct Choose {
    /// Numbers of clusters, ascending.
    pub ks: Vec<usize>,
    /// Points of the sample at most.
    pub n_sample: usize,
    /// Uniform data sets that the gap statistic compares with.
    pub n_references: usize,
    /// How each clustering is found; its `n_clusters` is not looked at.
    pub k_means: KMeans,
}

/// What was found. Shapes: (ks).
#[derive(Clone, Debug, PartialEq)]
pub struct Curves {
    pub ks: Vec<usize>,
    pub inertia: Vec<f64>,
    /// Mean silhouette of the sample, −1 to 1; `None` where fewer than two clusters have points in it.
    pub silhouette: Vec<Option<f64>>,
    /// Tibshirani et al. 2001, with references uniform over the columns' ranges, and its standard error s_k.
    pub gap: Vec<f64>,
    pub gap_error: Vec<f64>,
    /// The k farthest below the straight line from the first to the last inertia, both axes scaled to 0–1.
    pub by_elbow: usize,
    /// The k with the largest silhouette.
    pub by_silhouette: Option<usize>,
    /// The first k with gap(k) ≥ gap(next k) − s(next k); the last if there is none.
    pub by_gap: usize,
    /// 1 if the gap says that there are no groups; else by silhouette; else by elbow.
    pub recommended: usize,
}

/// Tries every k. `run.centres` and `run.weights` are not looked at.
///
/// # Errors
/// If there is no k, they do not ascend, or one is more than the points of the sample.
pub fn choose<T: Near>(points: Points<T>, wanted: &Choose, run: &RunOptions) -> Result<Curves, SegmentError> {
    let ascend = wanted.ks.windows(2).all(|pair| pair[0] < pair[1]);
    let mut random = Random::new(run.seed);
    let rows = sample(points.n(), wanted.n_sample, &mut random);
    let most = wanted.ks.last().copied().unwrap_or(0);
    if !ascend || most == 0 || wanted.ks[0] == 0 || most > rows.len() {
        let allowed = format!("ascending, 1 to the points of the sample, {}", rows.len());
        return Err(SegmentError::unfit("numbers of clusters to try", format!("{:?}", wanted.ks), allowed));
    }
    let d = points.d();
    let sampled: Vec<T> = rows.iter().flat_map(|&row| points.row(row)).copied().collect();
    let sampled = Points::new(&sampled, rows.len(), d)?;
    let references: Vec<Vec<T>> = (0..wanted.n_references).map(|_| uniform(&sampled, &mut random)).collect();
    let n = wanted.ks.len();
    let (mut inertia, mut silhouettes, mut gap, mut gap_error) = (vec![], vec![], vec![], vec![]);
    for (at, &k) in wanted.ks.iter().enumerate() {
        if !(run.progress)(at as f64 / n as f64) {
            return Err(SegmentError::Cancelled);
        }
        let k_means = KMeans { n_clusters: k, ..wanted.k_means.clone() };
        let plain = RunOptions { centres: None, weights: None, progress: &|_| true, ..run.clone() };
        let fitted = fit(points, &k_means, &plain)?;
        inertia.push(fitted.inertia);
        let labels: Vec<i32> = rows.iter().map(|&row| fitted.labels[row]).collect();
        silhouettes.push(on_threads(run.n_threads, || silhouette(sampled, &labels)));
        let log = |points: Points<T>| Ok::<_, SegmentError>(fit(points, &k_means, &plain)?.inertia.max(1e-300).ln());
        let own = log(sampled)?;
        let mut others = Vec::with_capacity(references.len());
        for reference in &references {
            others.push(log(Points::new(reference, rows.len(), d)?)?);
        }
        let b = others.len().max(1) as f64;
        let mean = others.iter().sum::<f64>() / b;
        let deviation = (others.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / b).sqrt();
        gap.push(mean - own);
        gap_error.push(deviation * (1.0 + 1.0 / b).sqrt());
    }
    Ok(Curves::new(wanted.ks.clone(), inertia, silhouettes, gap, gap_error))
}

impl Curves {
    fn new(
        ks: Vec<usize>,
        inertia: Vec<f64>,
        silhouette: Vec<Option<f64>>,
        gap: Vec<f64>,
        gap_error: Vec<f64>,
    ) -> Self {
        let scored = ks.iter().zip(&silhouette).filter_map(|(&k, silhouette)| Some((k, (*silhouette)?)));
        // The first of equals: fewer groups are easier to speak of.
        let by_silhouette = scored.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|best| best.0);
        let last = ks.len() - 1;
        let by_gap = (0..last).find(|&at| gap[at] >= gap[at + 1] - gap_error[at + 1]).map_or(ks[last], |at| ks[at]);
        let by_elbow = elbow(&ks, &inertia);
        let recommended = if by_gap == 1 { 1 } else { by_silhouette.unwrap_or(by_elbow) };
        Curves { ks, inertia, silhouette, gap, gap_error, by_elbow, by_silhouette, by_gap, recommended }
    }
}

fn elbow(ks: &[usize], inertia: &[f64]) -> usize {
    let last = ks.len() - 1;
    let (width, height) = ((ks[last] - ks[0]) as f64, inertia[0] - inertia[last]);
    let below = |at: usize| {
        let along = if width > 0.0 { (ks[at] - ks[0]) as f64 / width } else { 0.0 };
        let down = if height > 0.0 { (inertia[0] - inertia[at]) / height } else { 0.0 };
        down - along
    };
    let best = (0..=last).reduce(|best, next| if below(next) > below(best) { next } else { best });
    ks[best.unwrap_or(0)]
}

/// The mean over all points of (b − a) / max(a, b): a is the mean distance to the others of the same cluster, b that to the
/// points of the nearest other one; 0 for a point alone in its cluster (Rousseeuw 1987). `None` if there are fewer than
/// two clusters. Negative labels are a cluster as well. Time: n² × d.
///
/// # Panics
/// If labels are not as many as points.
pub fn silhouette<T: Near>(points: Points<T>, labels: &[i32]) -> Option<f64> {
    assert_eq!(labels.len(), points.n(), "one label a point");
    let mut names = labels.to_vec();
    names.sort_unstable();
    names.dedup();
    if names.len() < 2 {
        return None;
    }
    let clusters: Vec<usize> = labels.iter().map(|label| names.partition_point(|name| name < label)).collect();
    let mut sizes = vec![0usize; names.len()];
    clusters.iter().for_each(|&cluster| sizes[cluster] += 1);
    let of_point = |row: usize| -> f64 {
        let own = clusters[row];
        if sizes[own] == 1 {
            return 0.0;
        }
        let mut sums = vec![0.0; sizes.len()];
        for (other, &cluster) in points.rows().zip(&clusters) {
            let pairs = points.row(row).iter().zip(other);
            sums[cluster] += pairs.map(|(&x, &y)| (x.to_f64() - y.to_f64()).powi(2)).sum::<f64>().sqrt();
        }
        let a = sums[own] / (sizes[own] - 1) as f64;
        let others = (0..sizes.len()).filter(|&cluster| cluster != own);
        let b = others.map(|cluster| sums[cluster] / sizes[cluster] as f64).fold(f64::INFINITY, f64::min);
        if a.max(b) > 0.0 { (b - a) / a.max(b) } else { 0.0 }
    };
    let all: Vec<f64> = (0..points.n()).into_par_iter().map(of_point).collect();
    Some(all.iter().sum::<f64>() / points.n() as f64)
}

/// Ascending numbers of `most` random rows, or of all.
fn sample(n: usize, most: usize, random: &mut Random) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..n).collect();
    if most < n {
        for at in 0..most {
            rows.swap(at, at + random.below(n - at));
        }
        rows.truncate(most);
        rows.sort_unstable();
    }
    rows
}

/// As many points, each column uniform over its range. Shape: (n, d).
fn uniform<T: Near>(points: &Points<T>, random: &mut Random) -> Vec<T> {
    let start: Vec<(f64, f64)> = vec![(f64::INFINITY, f64::NEG_INFINITY); points.d()];
    let ranges = points.rows().fold(start, |ranges, row| {
        let pairs = ranges.into_iter().zip(row);
        pairs.map(|((low, high), x)| (low.min(x.to_f64()), high.max(x.to_f64()))).collect()
    });
    let cell = |at: usize, random: &mut Random| {
        let (low, high) = ranges[at % points.d()];
        T::from_f64(low + (high - low) * random.uniform())
    };
    (0..points.n() * points.d()).map(|at| cell(at, random)).collect()
}
