//! Runs a density method on a file of points and prints one JSON line: `density CARD FILE.f32 LABELS.i32 [name=value]…`.
//! File: `F32M`, n and d as u64, n × d numbers as f32, little endian. Labels: n numbers as i32.

use std::fs;
use std::time::Instant;

use segment::{Points, RunOptions};
use tercet_segment as segment;

fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let bytes = fs::read(&arguments[1]).expect("the file can be read");
    let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
    let (n, d) = (word(4), word(12));
    let values: Vec<f32> =
        bytes[20..].chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
    let method = segment::method(&arguments[0]).expect("a card of the registry");
    let settings = method.card.settings_from_texts(&arguments[3..]).expect("settings of the card");
    let points = Points::new(&values, n, d).expect("points");
    let (cpu, wall) = (cpu_seconds(), Instant::now());
    let found = (method.run_f32)(points, &settings, &RunOptions::default()).expect("a result");
    let (cpu, wall) = (cpu_seconds() - cpu, wall.elapsed().as_secs_f64());
    fs::write(&arguments[2], found.labels.iter().flat_map(|label| label.to_le_bytes()).collect::<Vec<u8>>()).unwrap();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: f64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    let figures: Vec<String> = found.figures.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
    println!(
        "{{\"who\": \"tercet\", \"cpu_s\": {cpu:.3}, \"wall_s\": {wall:.3}, \"peak_rss_mib\": {:.1}, {}}}",
        peak / 1024.0,
        figures.join(", ")
    );
}
