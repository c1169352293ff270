//! What every clustering method offers to the lab, the command line and the console: a card, and a run on points of
//! either precision. Each method's own module also has a typed function with everything it can tell.

use domain::{Card, Settings};

use crate::features::Table;
use crate::k_means::choose::Curves;
use crate::{Matrix, Points, SegmentError};

/// The label of a point that belongs to no cluster.
pub const NOISE: i32 = -1;

/// One method of the registry.
pub struct Method {
    pub card: &'static Card,
    pub run_f32: RunFn<f32>,
    pub run_f64: RunFn<f64>,
    /// For methods whose `metric` may be `gower`, which compares rows of a table and knows no coordinates.
    pub run_table: Option<TableFn>,
}

/// Clusters points.
pub type RunFn<T> = fn(Points<T>, &Settings, &RunOptions) -> Result<Clustering, SegmentError>;

/// Clusters the rows of a table of mixed columns.
pub type TableFn = fn(&Table, &Settings, &RunOptions) -> Result<Clustering, SegmentError>;

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
    /// The condensed tree, for methods that have one: parent, child, density at which it leaves, points. Shape: (rows, 4).
    pub condensed: Option<Matrix>,
    /// What the number of clusters was chosen by, where the method chose it.
    pub choice: Option<Curves>,
    /// Figures for people and for the lab, by the names of the design: `inertia`, `n_iterations`, `n_clusters` …
    pub figures: Vec<(&'static str, f64)>,
}

/// The card's parameter that names weights; whoever reads the points reads them too, so that here it only must have been heeded.
pub(crate) const WEIGHTS: domain::Param = domain::Param {
    name: "weights",
    sentence: "How much each point counts: a column of the input, which then is no coordinate, or a file with a number a point; \
               nothing: all alike.",
    unit: "",
    kind: domain::Kind::Text { default: "" },
};

/// # Errors
/// If the settings name weights that nobody read.
pub(crate) fn check_weights(settings: &Settings, options: &RunOptions) -> Result<(), SegmentError> {
    match settings.text(WEIGHTS.name) {
        "" => Ok(()),
        _ if options.weights.is_some() => Ok(()),
        named => {
            Err(SegmentError::unfit("weights", named, "none here; columns and files are weights in tercet lab run"))
        }
    }
}

/// # Errors
/// If the settings ask for Gower's dissimilarity, of points.
pub(crate) fn check_metric(settings: &Settings) -> Result<(), SegmentError> {
    match settings.text("metric") {
        "gower" => Err(SegmentError::unfit("metric of points", "gower", "a table of mixed columns, by tercet lab run")),
        _ => Ok(()),
    }
}

/// Runs `work` where rayon uses `n_threads` threads.
pub(crate) fn on_threads<R: Send>(n_threads: usize, work: impl FnOnce() -> R + Send) -> R {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads.max(1)).build();
    pool.expect("threads can be started").install(work)
}
