//! BG/NBD and Gamma-Gamma on a file of customers, timed: what the bench runs beside `lifetimes`, and how the models do on
//! one's own data.
//!
//! usage: lifetimes simulate FILE N SEED GRAIN     customers like CDNOW's; times in multiples of GRAIN weeks, 0 for exact ones
//!        lifetimes fit FILE REPEATS [PROCESS]     PROCESS bg_nbd (the default), mbg_nbd or pareto_nbd
//!
//! A file has a line of names and then `id,frequency,recency,age,mean_value` a line. Prints one line of JSON: mean CPU
//! seconds, and the wall seconds of the fastest repeat, on one thread per core, reading apart.

use std::fmt::Write as _;
use std::time::Instant;

use tercet_strategy::lifetime::{FitOptions, Histories, Process, Simulation, fit, fit_spend, simulate, simulate_spend};

/// CPU seconds of all threads of this process so far, as Linux tells: in hundredths.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|x| x.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|x| x.split_whitespace().next()).and_then(|x| x.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// The last answer, the mean CPU seconds of `repeats`, since one may take less than Linux counts, and the wall seconds of
/// the fastest.
fn timed<T>(repeats: usize, mut work: impl FnMut() -> T) -> (T, f64, f64) {
    let (before, mut wall, mut answer) = (cpu_seconds(), f64::INFINITY, None);
    for _ in 0..repeats {
        let start = Instant::now();
        answer = Some(work());
        wall = wall.min(start.elapsed().as_secs_f64());
    }
    (answer.expect("at least one repeat"), (cpu_seconds() - before) / repeats as f64, wall)
}

fn write_simulated(file: &str, n: usize, seed: u64, grain: f64) {
    let simulation = Simulation {
        process: Process::BgNbd,
        parameters: [0.2426, 4.4135, 0.7929, 2.4258],
        buying_effects: Vec::new(),
        leaving_effects: Vec::new(),
        n_customers: n,
        age: (27.0, 39.0),
        grain,
        horizon: 39.0,
    };
    let drawn = simulate(&simulation, seed);
    let mean_value = simulate_spend([6.2488, 3.7446, 15.4477], &drawn.frequency, seed + 1);
    let mut text = String::from("id,frequency,recency,age,mean_value\n");
    for (at, spent) in mean_value.iter().enumerate().take(n) {
        let (x, recency, age) = (drawn.frequency[at], drawn.recency[at], drawn.age[at]);
        writeln!(text, "{at},{x},{recency},{age},{spent:.2}").expect("a String takes any text");
    }
    std::fs::write(file, text).unwrap_or_else(|error| panic!("{file}: {error}"));
}

struct Rows {
    frequency: Vec<u32>,
    recency: Vec<f64>,
    age: Vec<f64>,
    mean_value: Vec<f64>,
}

fn read(file: &str) -> Rows {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut rows = Rows { frequency: Vec::new(), recency: Vec::new(), age: Vec::new(), mean_value: Vec::new() };
    for (at, line) in text.lines().enumerate().skip(1) {
        let cells: Vec<f64> = line.split(',').skip(1).filter_map(|cell| cell.trim().parse().ok()).collect();
        assert!(cells.len() >= 4, "{file}, line {}: frequency, recency, age and mean_value are needed", at + 1);
        rows.frequency.push(cells[0] as u32);
        rows.recency.push(cells[1]);
        rows.age.push(cells[2]);
        rows.mean_value.push(cells[3]);
    }
    rows
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let texts: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (file, repeats, process) = match texts[..] {
        ["simulate", file, n, seed, grain] => {
            let number = |text: &str| text.parse::<f64>().unwrap_or_else(|error| panic!("{text}: {error}"));
            return write_simulated(file, number(n) as usize, number(seed) as u64, number(grain));
        }
        ["fit", file, repeats] | ["fit", file, repeats, "bg_nbd"] => (file, repeats, Process::BgNbd),
        ["fit", file, repeats, "mbg_nbd"] => (file, repeats, Process::MbgNbd),
        ["fit", file, repeats, "pareto_nbd"] => (file, repeats, Process::ParetoNbd),
        _ => panic!("usage: lifetimes simulate FILE N SEED GRAIN | lifetimes fit FILE REPEATS [PROCESS]"),
    };
    let repeats = repeats.parse().unwrap_or_else(|error| panic!("{repeats}: {error}"));
    let rows = read(file);
    let histories = Histories { frequency: &rows.frequency, recency: &rows.recency, age: &rows.age };
    let (answer, fit_cpu, fit_wall) = timed(repeats, || fit(process, &histories, None, &FitOptions::default()));
    let model = answer.unwrap_or_else(|error| panic!("{error}")).value.expect("enough customers came back");
    let (answer, spend_cpu, spend_wall) = timed(repeats, || fit_spend(&rows.frequency, &rows.mean_value, 0.0));
    let spend = answer.unwrap_or_else(|error| panic!("{error}")).value.expect("enough customers came back");
    let (scores, score_cpu, score_wall) = timed(repeats, || model.score(&histories, None, 39.0));
    let scores = scores.unwrap_or_else(|error| panic!("{error}"));
    println!(
        "{{\"n\": {}, \"n_groups\": {}, \"n_evaluations\": {}, \"fit_cpu_s\": {fit_cpu:.6}, \"fit_s\": {fit_wall:.6}, \
         \"spend_cpu_s\": {spend_cpu:.6}, \"spend_s\": {spend_wall:.6}, \"score_cpu_s\": {score_cpu:.6}, \
         \"score_s\": {score_wall:.6}, \"peak_rss_mib\": {:.0}, \"log_likelihood\": {}, \"parameters\": {:?}, \
         \"spend_log_likelihood\": {}, \"spend_parameters\": {:?}, \"purchases\": {}, \"alive\": {}}}",
        rows.frequency.len(),
        model.n_groups,
        model.n_evaluations,
        peak_mib(),
        model.log_likelihood,
        model.parameters,
        spend.log_likelihood,
        spend.parameters,
        scores.purchases.iter().sum::<f64>(),
        scores.alive.iter().sum::<f64>(),
    );
}
