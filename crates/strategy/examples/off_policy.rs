//! Evaluates a policy on logged rounds in files and prints one JSON line: `off_policy FOLDER`. The files are those that
//! bench/peers/strategy/off_policy.py writes; reading them is not part of the time, picking out the chosen actions is.

use std::fs;
use std::path::Path;
use std::time::Instant;

use tercet_strategy::policy::rounds::Dense;
use tercet_strategy::policy::{Choices, Interval, Rounds, estimates};

const N_ACTIONS: usize = 10;

/// In clock ticks' stead from the scheduler, which counts nanoseconds of all threads.
fn cpu_seconds() -> f64 {
    let tasks = fs::read_dir("/proc/self/task").expect("Linux");
    let of = |path: &Path| -> Option<f64> {
        fs::read_to_string(path.join("schedstat")).ok()?.split(' ').next()?.parse::<f64>().ok()
    };
    tasks.filter_map(|task| of(&task.ok()?.path())).sum::<f64>() / 1e9
}

fn numbers<const K: usize, T>(folder: &Path, name: &str, of: fn([u8; K]) -> T) -> Vec<T> {
    let bytes = fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    bytes.chunks_exact(K).map(|part| of(part.try_into().expect("K bytes"))).collect()
}

fn main() {
    let folder = std::env::args().nth(1).expect("usage: off_policy FOLDER");
    let folder = Path::new(&folder);
    let action = numbers(folder, "action.u32", u32::from_le_bytes);
    let read = |name| numbers(folder, name, f64::from_le_bytes);
    let (reward, propensity) = (read("reward.f64"), read("propensity.f64"));
    let (policy, predictions) = (read("policy.f64"), read("predictions.f64"));
    let dense = |values| Dense { values, n_actions: N_ACTIONS, n_positions: 1 };
    // Threads are started before the clock is.
    rayon::ThreadPoolBuilder::new().num_threads(2).build_global().expect("the first pool");
    let (cpu, wall) = (cpu_seconds(), Instant::now());
    let choices = Choices::of(&action, None, &dense(&policy), Some(&dense(&predictions))).expect("rounds that fit");
    let rounds = Rounds::new(&reward, &propensity, &choices.target, choices.predicted()).expect("rounds that fit");
    let found = estimates(&rounds, &Interval::default()).expect("settings in range");
    let (cpu, wall) = (cpu_seconds() - cpu, wall.elapsed().as_secs_f64());
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    let peak = peak.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0;
    let values: String =
        found.iter().map(|(estimator, one)| format!("\"{}\": {}, ", estimator.name(), one.value)).collect();
    println!(
        "{{\"who\": \"Tercet\", \"n_rounds\": {}, {values}\"cpu_seconds\": {cpu:.4}, \"wall_seconds\": {wall:.4}, \
         \"peak_rss_mib\": {peak:.0}}}",
        action.len()
    );
}
