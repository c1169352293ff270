//! K-Means: groups around centres, so that the squared distances of points to their centres are small. Exact Lloyd
//! iterations, by products of matrices fused with the search for the nearest or with bounds that skip most of them (the
//! labels are the same, bit for bit); seeding by k-means++ or k-means||; weights; cosine; mini-batches; and, in
//! [`choose`], how many groups there should be.
//!
//! With many centres and a processor that multiplies bytes (AVX-512 VNNI), points in single precision keep lists of near
//! centres, found by distances rounded to bytes: a first look at all centres costs a quarter of the products, and lists hold
//! from the second or third iteration on, when every bound on groups of centres is still too loose. 20 iterations of a
//! million points × 16, k = 256, from k-means++: 1.4 seconds of CPU, by Lloyd and Yinyang 2.1; × 64: 2.9 and 5.8. With k = 64
//! keeping lists costs what they save (1.1 and 0.7; 1.8 and 1.8), so they begin at 128 centres.
//!
//! Sums of rows are kept by differences, since after some iterations few labels change; when differences may have left
//! more rounding than adding up would (a heavy or far point left a group), the sums are taken anew.
//!
//! Elkan's bounds (2003: one a point and centre) are not among the ways to find the nearest. They were tried as groups of one
//! centre: they leave a third to a half of the distances that Yinyang's groups leave, and cost more to keep than that saves.
//! CPU seconds of Lloyd, Hamerly, Yinyang, Elkan until no label changed, two threads: 20,000 × 256, k = 32: 0.21, 0.17, 0.15,
//! 0.18; k = 128: 0.68, 0.71, 0.54, 0.70; 100,000 × 64, k = 64: 0.76, 0.36, 0.36, 0.75; 100,000 × 16, k = 64: 0.30, 0.25, 0.31,
//! 0.59. With few centres no bounds pay: a million points × 64, k = 8 take 0.74 by Lloyd and 1.68 by Hamerly in 20 iterations.
//!
//! All points are taken relative to the mean, so that products in single precision keep their digits. Work is cut
//! into segments that do not depend on the number of threads and is added up in their order.

mod bounds;
mod card;
pub mod choose;
mod frame;
mod lists;
mod lloyd;
mod mini_batch;
mod parallel_start;
mod predict;
mod start;
#[cfg(test)]
mod tests;

pub use card::{CARD, METHOD};
pub use math::nearest::Near;
pub use predict::Assigner;

use crate::cluster::on_threads;
use crate::{Matrix, Points, RunOptions, SegmentError};
use frame::Frame;

/// Where the first centres come from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// Arthur and Vassilvitskii 2007, with greedy trials.
    PlusPlus,
    /// Bahmani et al. 2012.
    Parallel,
}

/// How the nearest centre of each point is found. All find the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Algorithm {
    /// By the numbers of points, centres and dimensions.
    Auto,
    /// Every distance, every time.
    Lloyd,
    /// One lower bound a point (Hamerly 2010).
    Hamerly,
    /// One lower bound a point and group of centres (Ding et al. 2015).
    Yinyang,
    /// A list of near centres a point, from distances rounded to bytes; where the processor or the points do not suit that,
    /// every distance.
    Lists,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct KMeans {
    pub n_clusters: usize,
    pub init: Init,
    pub max_iterations: usize,
    /// Iterations end once the centres' squared movements sum to at most this part of the columns' mean variance; at 0
    /// once no label changes.
    pub tolerance: f64,
    pub algorithm: Algorithm,
    /// Rows and centres are scaled to length 1: groups by direction, as by cosine (Dhillon and Modha 2001).
    pub spherical: bool,
    /// 0: all points in every iteration.
    pub batch_size: usize,
    /// Runs from different seeds, of which the best is kept.
    pub n_init: usize,
}

impl KMeans {
    pub fn new(n_clusters: usize) -> Self {
        KMeans {
            n_clusters,
            init: Init::PlusPlus,
            max_iterations: 300,
            tolerance: 1e-4,
            algorithm: Algorithm::Auto,
            spherical: false,
            batch_size: 0,
            n_init: 1,
        }
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// Shape: (n).
    pub labels: Vec<i32>,
    /// Shape: (n_clusters, d).
    pub centres: Matrix,
    /// The weighted sum of squared distances of points to their centres.
    pub inertia: f64,
    pub n_iterations: usize,
    /// The inertia after each assignment of labels; never rises. Empty for mini-batches.
    pub history: Vec<f64>,
    /// Clusters that have points: fewer than asked for if there are fewer distinct points.
    pub n_clusters_found: usize,
    /// Whether no label changed or the centres came to rest, before the iterations ran out.
    pub converged: bool,
    /// Distances computed in iterations, of n × n_clusters × (iterations + 1) that Lloyd's algorithm would compute.
    pub n_distances: u64,
}

/// Clusters points. `run.centres`, if given, is where the only run starts.
///
/// # Errors
/// If there are fewer points than clusters; centres, weights do not fit the points; all weights are 0; or with
/// `spherical` a row is all 0.
pub fn fit<T: Near>(points: Points<T>, wanted: &KMeans, run: &RunOptions) -> Result<Fitted, SegmentError> {
    check(&points, wanted, run)?;
    let unit = if wanted.spherical { Some(unit_rows(&points)?) } else { None };
    let points = match &unit {
        Some(values) => Points::new(values, points.n(), points.d())?,
        None => points,
    };
    on_threads(run.n_threads, || {
        let frame = Frame::new(points, run.weights, wanted.spherical);
        let n_runs = if run.centres.is_some() { 1 } else { wanted.n_init.max(1) };
        let mut best: Option<Fitted> = None;
        for attempt in 0..n_runs {
            let seed = run.seed.wrapping_add((attempt as u64).wrapping_mul(0x9e37_79b9));
            let progress = |done: f64| (run.progress)((attempt as f64 + done) / n_runs as f64);
            let fitted = once(&frame, wanted, run.centres, seed, &progress)?;
            if best.as_ref().is_none_or(|best| fitted.inertia < best.inertia) {
                best = Some(fitted);
            }
        }
        Ok(best.expect("at least one run"))
    })
}

/// One run, from one start.
fn once<T: Near>(
    frame: &Frame<T>,
    wanted: &KMeans,
    centres: Option<&Matrix>,
    seed: u64,
    progress: &(dyn Fn(f64) -> bool + Sync),
) -> Result<Fitted, SegmentError> {
    let centres = match (centres, wanted.init) {
        (Some(given), _) => frame.relative(&given.values),
        (None, Init::PlusPlus) => start::plus_plus(frame, wanted.n_clusters, seed),
        (None, Init::Parallel) => parallel_start::parallel(frame, wanted.n_clusters, seed),
    };
    if !progress(0.0) {
        return Err(SegmentError::Cancelled);
    }
    if wanted.batch_size > 0 && wanted.batch_size < frame.n {
        mini_batch::run(frame, wanted, centres, seed, progress)
    } else {
        lloyd::run(frame, wanted, centres, progress)
    }
}

fn check<T: Near>(points: &Points<T>, wanted: &KMeans, run: &RunOptions) -> Result<(), SegmentError> {
    let (n, d, k) = (points.n(), points.d(), wanted.n_clusters);
    if k == 0 || k > n {
        return Err(SegmentError::unfit("number of clusters", k, format!("1 to the number of points, {n}")));
    }
    if let Some(centres) = run.centres
        && (centres.n, centres.d) != (k, d)
    {
        let found = format!("{} rows of {} columns", centres.n, centres.d);
        return Err(SegmentError::unfit("first centres", found, format!("{k} rows of {d} columns")));
    }
    if let Some(value) = run.centres.and_then(|centres| centres.values.iter().find(|value| !value.is_finite())) {
        return Err(SegmentError::unfit("first centres", value, "finite values"));
    }
    if let Some(weights) = run.weights {
        if weights.len() != n {
            return Err(SegmentError::unfit("weights", weights.len(), format!("one for each of {n} points")));
        }
        if let Some(weight) = weights.iter().find(|weight| !(weight.is_finite() && **weight >= 0.0)) {
            return Err(SegmentError::unfit("weight", weight, "0 or more"));
        }
        if weights.iter().all(|&weight| weight == 0.0) {
            return Err(SegmentError::unfit("weights", "only 0", "at least one above 0"));
        }
    }
    Ok(())
}

/// The rows at length 1. Shape: (n, d).
fn unit_rows<T: Near>(points: &Points<T>) -> Result<Vec<T>, SegmentError> {
    let mut values = Vec::with_capacity(points.values().len());
    for (at, row) in points.rows().enumerate() {
        let length = row.iter().map(|value| value.to_f64().powi(2)).sum::<f64>().sqrt();
        if length == 0.0 {
            let allowed = "rows with a direction when clusters are spherical";
            return Err(SegmentError::unfit("row of zeros", format!("row {at}"), allowed));
        }
        values.extend(row.iter().map(|value| T::from_f64(value.to_f64() / length)));
    }
    Ok(values)
}
