//! Times agglomerative clustering of the first rows of a file that `bench/peers/segment/gen.py` wrote, and prints one JSON
//! line beside which `bench/peers/segment/bench_hierarchical.py` prints the peers'.
//!
//! ```text
//! cargo run --release -p tercet-segment --example hierarchical -- FILE.f32 N LINKAGE [THREADS] [MERGES.f64]
//! ```

use std::fs;
use std::time::Instant;

use tercet_segment::hierarchical::{Linkage, Metric, linkage};
use tercet_segment::{Points, RunOptions};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, n, name, rest @ ..] = &arguments[..] else {
        panic!("usage: hierarchical FILE.f32 N LINKAGE [THREADS] [MERGES.f64]");
    };
    let (values, d) = read(file);
    let n: usize = n.parse().expect("N is a number");
    let points = Points::new(&values[..n * d], n, d).expect("usable points");
    let kind = Linkage::ALL.into_iter().find(|kind| format!("{kind:?}").eq_ignore_ascii_case(name)).expect("a linkage");
    let n_threads = rest.first().map_or(2, |threads| threads.parse().expect("THREADS is a number"));
    let options = RunOptions { n_threads, ..RunOptions::default() };
    let (wall, cpu) = (Instant::now(), cpu_seconds());
    let tree = linkage(points, kind, Metric::Euclidean, &options).expect("a tree");
    let (wall, cpu) = (wall.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let sum: f64 = tree.merges().iter().map(|merge| merge.height).sum();
    println!(
        "{{\"who\": \"tercet\", \"linkage\": \"{name}\", \"n\": {n}, \"cpu_s\": {cpu:.3}, \"wall_s\": {wall:.3}, \
         \"peak_rss_mib\": {:.1}, \"height_sum\": {sum}}}",
        peak_mib()
    );
    if let Some(out) = rest.get(1) {
        let bytes: Vec<u8> = tree.matrix().values.iter().flat_map(|value| value.to_le_bytes()).collect();
        fs::write(out, bytes).expect("MERGES can be written");
    }
}

/// Values in double precision, and the number of columns.
fn read(file: &str) -> (Vec<f64>, usize) {
    let bytes = fs::read(file).expect("FILE can be read");
    assert_eq!(&bytes[..4], b"F32M", "not a matrix file");
    let d = u64::from_le_bytes(bytes[12..20].try_into().expect("eight bytes")) as usize;
    (bytes[20..].as_chunks::<4>().0.iter().map(|&four| f64::from(f32::from_le_bytes(four))).collect(), d)
}

/// Of the whole process, all threads, in ticks of 10 ms.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
    fields[11..13].iter().map(|ticks| ticks.parse::<f64>().expect("a number") / 100.0).sum()
}

fn peak_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").trim().parse::<f64>().expect("a number") / 1024.0
}
