//! What every clustering method offers to the lab, the command line and the console: a card, and a run on points of
//! either precision. Each method's own module also has a typed function with everything it can tell.

use domain::{Card, Settings};

use crate::{Matrix, Points, SegmentError};

/// The label of a point that belongs to no cluster.
pub const NOISE: i32 = -1;

/// One method of the registry.
pub struct Method {
    pub card: &'static Card,
    pub run_f32: RunFn<f32>,
    pub run_f64: RunFn<f64>,
}

/// Clusters points.
pub type RunFn<T> = fn(Points<T>, &Settings, &RunOptions) -> Result<Clustering, SegmentError>;

/// What a run needs beyond points and settings.
#[derive(Clone)]
pub struct RunOptions<'a> {
    pub seed: u64,
    pub n_threads: usize,
    /// Centres to start from, for methods that take them. Shape: (n_clusters, d).
    pub centres: Option<&'a Matrix>,
    /// How much each point counts, for methods that take it; non-negative. Shape: (n).
    pub weights: Option<&'a [f64]>,
    /// Called now and then with the share done, 0 to 1; returning `false` cancels the run.
    pub progress: &'a (dyn Fn(f64) -> bool + Sync),
}

impl Default for RunOptions<'_> {
    fn default() -> Self {
        RunOptions { seed: 1, n_threads: 2, centres: None, weights: None, progress: &|_| true }
    }
}

/// What came out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Clustering {
    /// The cluster of each point, from 0, or [`NOISE`]. Shape: (n).
    pub labels: Vec<i32>,
    /// Shape: (n_clusters, d), for methods that have centres.
    pub centres: Option<Matrix>,
    /// SciPy's merge table, for hierarchical methods: both clusters, height, number of points. Shape: (n − 1, 4).
    pub merges: Option<Matrix>,
    /// How surely each point belongs to its cluster, 0 to 1, for methods that say so. Shape: (n).
    pub probabilities: Option<Vec<f64>>,
    /// How much of an outlier each point is, 0 to 1, for methods that say so. Shape: (n).
    pub outlier_scores: Option<Vec<f64>>,
    /// Figures for people and for the lab, by the names of the design: `inertia`, `n_iterations`, `n_clusters` …
    pub figures: Vec<(&'static str, f64)>,
}

/// Runs `work` where rayon uses `n_threads` threads.
pub(crate) fn on_threads<R: Send>(n_threads: usize, work: impl FnOnce() -> R + Send) -> R {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads.max(1)).build();
    pool.expect("threads can be started").install(work)
}
