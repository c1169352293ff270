//! One fit by a Rust crate, timed, in a process of its own: what one would take if there were no Tercet. Prints a line of
//! JSON with CPU seconds of the fit alone, wall seconds and peak memory, like the scripts beside it, on the same files.
//!
//! usage: segment-peers k-means linfa POINTS.f32 N K CENTRES.f32|- fixed|conv
//!        segment-peers dbscan linfa|petal POINTS.f32 N EPS MIN_POINTS LABELS.npy
//!        segment-peers hdbscan petal|hdbscan POINTS.f32 N MIN_CLUSTER_SIZE MIN_SAMPLES LABELS.npy
//!        segment-peers hierarchical kodama POINTS.f32 N LINKAGE
//!
//! N is how many rows to read, 0 for all. A `.f32` file holds b"F32M", n and d as little-endian u64, and n × d f32, row by
//! row. Each crate is called with its best setting that answers the question; MIN_SAMPLES does not count the point itself.

use std::collections::HashMap;
use std::time::Instant;

use petal_clustering::Fit as _;
use petal_neighbors::distance::Euclidean;

struct Rows {
    values: Vec<f32>,
    n: usize,
    d: usize,
}

impl Rows {
    fn read(path: &str, n_wanted: usize) -> Rows {
        let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(&bytes[..4], b"F32M", "{path} is no file of points");
        let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes")) as usize;
        let (n, d) = (number(4), number(12));
        let n = if n_wanted == 0 { n } else { n.min(n_wanted) };
        let values = bytes[20..20 + n * d * 4].chunks_exact(4);
        Rows { values: values.map(|x| f32::from_le_bytes(x.try_into().expect("four bytes"))).collect(), n, d }
    }

    fn wide(&self) -> Vec<f64> {
        self.values.iter().map(|&x| f64::from(x)).collect()
    }
}

/// CPU seconds of all threads of this process so far, and its largest memory in MiB, as Linux tells.
fn usage() -> (f64, f64) {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|x| x.parse::<f64>().ok()).unwrap_or(0.0);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|x| x.split_whitespace().next()).and_then(|x| x.parse::<f64>().ok()).unwrap_or(0.0);
    ((ticks(11) + ticks(12)) / 100.0, peak / 1024.0)
}

/// Runs the fit; says its result and the JSON of what it took, still open.
fn timed<R>(who: &str, fit: impl FnOnce() -> R) -> (R, String) {
    let ((cpu, _), start) = (usage(), Instant::now());
    let result = fit();
    let (wall, (after, peak)) = (start.elapsed().as_secs_f64(), usage());
    let cpu = after - cpu;
    (result, format!("{{\"who\": \"{who}\", \"cpu_s\": {cpu:.2}, \"wall_s\": {wall:.3}, \"peak_rss_mib\": {peak:.0}"))
}

fn k_means(rows: Rows, k: usize, centres: &str, mode: &str) {
    use linfa::DatasetBase;
    use linfa::traits::Fit as _;
    use linfa_clustering::{KMeans, KMeansInit};
    use ndarray::Array2;

    let Rows { values, n, d } = rows;
    // scikit-learn's rule, as ours: the squared movements against a part of the columns' mean variance. linfa compares
    // their root, and refuses 0.
    let column = |at: usize| values.iter().skip(at).step_by(d).map(|&x| f64::from(x));
    let variance = (0..d).map(|at| {
        let mean = column(at).sum::<f64>() / n as f64;
        column(at).map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64
    });
    let tolerance =
        if mode == "conv" { (1e-4 * variance.sum::<f64>() / d as f64).sqrt() as f32 } else { f32::MIN_POSITIVE };
    let init = if centres == "-" {
        KMeansInit::KMeansPlusPlus
    } else {
        let given = Rows::read(centres, k);
        KMeansInit::Precomputed(Array2::from_shape_vec((k, d), given.values).expect("k centres"))
    };
    let data = DatasetBase::from(Array2::from_shape_vec((n, d), values).expect("whole rows"));
    let told = KMeans::params(k).n_runs(1).init_method(init).tolerance(tolerance);
    let told = told.max_n_iterations(if mode == "fixed" { 20 } else { 300 });
    let (model, json) = timed("linfa", || told.fit(&data).expect("it fits"));
    let centres: Vec<f64> = model.centroids().iter().map(|&x| f64::from(x)).collect();
    let inertia: f64 = data
        .records()
        .outer_iter()
        .map(|row| {
            let to = |c: &[f64]| row.iter().zip(c).map(|(&x, c)| (f64::from(x) - c).powi(2)).sum::<f64>();
            centres.chunks_exact(d).map(to).fold(f64::INFINITY, f64::min)
        })
        .sum();
    println!("{json}, \"inertia\": {inertia}}}");
}

/// Numbers of clusters by row, −1 for none, as NumPy's file; and the line of JSON.
fn tell(labels: &[i32], json: &str, out: &str) {
    let mut header = format!("{{'descr': '<i4', 'fortran_order': False, 'shape': ({},), }}", labels.len());
    // Magic, version and length take ten bytes; the whole is a multiple of 64 and ends its line.
    header.extend(std::iter::repeat_n(' ', 63 - (10 + header.len()) % 64));
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    labels.iter().for_each(|label| bytes.extend(label.to_le_bytes()));
    std::fs::write(out, bytes).unwrap_or_else(|error| panic!("{out}: {error}"));
    let mut found: Vec<i32> = labels.iter().copied().filter(|&label| label >= 0).collect();
    let n_noise = labels.len() - found.len();
    found.sort_unstable();
    found.dedup();
    println!("{json}, \"n_clusters\": {}, \"n_noise\": {n_noise}}}", found.len());
}

fn by_row(clusters: &HashMap<usize, Vec<usize>>, n: usize) -> Vec<i32> {
    let mut labels = vec![-1; n];
    for (&number, rows) in clusters {
        rows.iter().for_each(|&row| labels[row] = number as i32);
    }
    labels
}

fn petal(rows: &Rows) -> ndarray_of_petal::Array2<f64> {
    ndarray_of_petal::Array2::from_shape_vec((rows.n, rows.d), rows.wide()).expect("whole rows")
}

fn dbscan(who: &str, rows: Rows, eps: f64, min_points: usize, out: &str) {
    let n = rows.n;
    if who == "linfa" {
        use linfa::traits::Transformer;
        let x = ndarray::Array2::from_shape_vec((n, rows.d), rows.wide()).expect("whole rows");
        let told = linfa_clustering::Dbscan::params(min_points).tolerance(eps);
        let (labels, json) = timed(who, || told.transform(&x).expect("it fits"));
        let labels: Vec<i32> = labels.iter().map(|label| label.map_or(-1, |label| label as i32)).collect();
        return tell(&labels, &json, out);
    }
    let x = petal(&rows);
    let mut told = petal_clustering::Dbscan::new(eps, min_points, Euclidean::default());
    let ((clusters, _), json) = timed(who, || told.fit(&x, None));
    tell(&by_row(&clusters, n), &json, out);
}

fn hdbscan(who: &str, rows: Rows, min_cluster_size: usize, min_samples: usize, out: &str) {
    if who == "hdbscan" {
        let x: Vec<Vec<f64>> = rows.wide().chunks_exact(rows.d).map(<[f64]>::to_vec).collect();
        // Counts the point itself.
        let told =
            hdbscan::HdbscanHyperParams::builder().min_cluster_size(min_cluster_size).min_samples(min_samples + 1);
        let told = told.nn_algorithm(hdbscan::NnAlgorithm::KdTree).build();
        let (labels, json) =
            timed("hdbscan (Rust)", || hdbscan::Hdbscan::new(&x, told).cluster_par().expect("it fits"));
        return tell(&labels, &json, out);
    }
    let x = petal(&rows);
    let min_samples = min_samples + 1;
    let metric = Euclidean::default();
    let mut told = petal_clustering::HDbscan { alpha: 1.0, min_samples, min_cluster_size, metric, boruvka: true };
    let ((clusters, ..), json) = timed(who, || told.fit(&x, None));
    tell(&by_row(&clusters, rows.n), &json, out);
}

fn hierarchical(rows: Rows, linkage: &str) {
    let method = match linkage {
        "ward" => kodama::Method::Ward,
        "average" => kodama::Method::Average,
        "complete" => kodama::Method::Complete,
        _ => panic!("no linkage {linkage}"),
    };
    let (x, d, n) = (rows.wide(), rows.d, rows.n);
    // Its input is the matrix of distances, which others make from the points as well.
    let (found, json) = timed("kodama", || {
        let mut distances = Vec::with_capacity(n * (n - 1) / 2);
        for (at, row) in x.chunks_exact(d).enumerate() {
            let to = |other: &[f64]| row.iter().zip(other).map(|(x, y)| (x - y) * (x - y)).sum::<f64>().sqrt();
            distances.extend(x[(at + 1) * d..].chunks_exact(d).map(to));
        }
        kodama::linkage(&mut distances, n, method)
    });
    let sum: f64 = found.steps().iter().map(|step| step.dissimilarity).sum();
    println!("{json}, \"height_sum\": {sum}}}");
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let text = |at: usize| arguments.get(at).map_or_else(|| panic!("an argument is missing"), String::as_str);
    let number = |at: usize| text(at).parse::<usize>().unwrap_or_else(|error| panic!("{}: {error}", text(at)));
    let threads = std::env::var("BENCH_THREADS").ok().and_then(|x| x.parse().ok()).unwrap_or(2);
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().expect("the first pool");
    let rows = Rows::read(text(2), number(3));
    match (text(0), text(1)) {
        ("k-means", "linfa") => k_means(rows, number(4), text(5), text(6)),
        ("dbscan", who @ ("linfa" | "petal")) => {
            dbscan(who, rows, text(4).parse().expect("eps"), number(5), text(6));
        }
        ("hdbscan", who @ ("petal" | "hdbscan")) => hdbscan(who, rows, number(4), number(5), text(6)),
        ("hierarchical", "kodama") => hierarchical(rows, text(4)),
        (what, who) => panic!("no {what} by {who}"),
    }
}
