//! K-Means on a file of points, timed: how the method does on one's own data, and what the bench runs beside its peers.
//!
//! usage: k_means_on_file POINTS.f32 [CENTRES.f32|-] [name=value …]
//!
//! A `.f32` file holds b"F32M", n and d as little-endian u64, and n × d f32, row by row. Settings are those of the card
//! `k_means`; `threads` and `seed` may be given as well. Prints one line of JSON.

use std::time::Instant;

use tercet_segment::{Matrix, Points, RunOptions, method};

fn read(path: &str) -> (Vec<f32>, usize, usize) {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert_eq!(&bytes[..4], b"F32M", "{path} is no file of points");
    let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes")) as usize;
    let values = bytes[20..].chunks_exact(4).map(|x| f32::from_le_bytes(x.try_into().expect("four bytes"))).collect();
    (values, number(4), number(12))
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

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (values, n, d) = read(&arguments[0]);
    let centres = arguments.get(1).filter(|path| *path != "-").map(|path| {
        let (values, n, d) = read(path);
        Matrix { values: values.into_iter().map(f64::from).collect(), n, d }
    });
    let (mut threads, mut seed, mut settings) = (2, 1, Vec::new());
    for argument in arguments.iter().skip(2) {
        match argument.split_once('=') {
            Some(("threads", value)) => threads = value.parse().expect("a number of threads"),
            Some(("seed", value)) => seed = value.parse().expect("a seed"),
            _ => settings.push(argument),
        }
    }
    let method = method("k_means").expect("the registry has it");
    let settings = method.card.settings_from_texts(&settings).unwrap_or_else(|error| panic!("{error}"));
    let options = RunOptions { seed, n_threads: threads, centres: centres.as_ref(), ..RunOptions::default() };
    let points = Points::new(&values, n, d).unwrap_or_else(|error| panic!("{error}"));
    let (cpu, _) = usage();
    let start = Instant::now();
    let found = (method.run_f32)(points, &settings, &options).unwrap_or_else(|error| panic!("{error}"));
    let wall = start.elapsed().as_secs_f64();
    let (after, peak) = usage();
    let figures: Vec<String> = found.figures.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
    println!(
        "{{\"who\": \"tercet\", \"cpu_s\": {:.2}, \"wall_s\": {wall:.3}, \"peak_rss_mib\": {peak:.0}, {}}}",
        after - cpu,
        figures.join(", ")
    );
}
