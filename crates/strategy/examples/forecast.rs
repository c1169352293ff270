//! Forecasts the M3 competition's series, as `bench/peers/strategy/forecast.py data FILE` writes them: number, group, horizon,
//! past and what came, tab-separated. One JSON line a group: CPU and wall seconds of the forecasts alone, sMAPE, MASE and the
//! coverage of the 90 % intervals.
//!
//!     cargo run --release -p tercet-strategy --example forecast -- FILE [METHOD] [past] [OUT]
//!
//! With `past` the last values of the past are what is forecast, from those before: what methods are chosen by. With OUT
//! every forecast is written there, one series a line.

use std::fmt::Write as _;
use std::time::Instant;

use tercet_strategy::forecast::{Method, Options, accuracy, forecast};

struct One {
    number: String,
    group: String,
    horizon: usize,
    past: Vec<f64>,
    truth: Vec<f64>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let file = arguments.first().expect("FILE [METHOD] [past] [OUT]");
    let method = arguments.iter().find_map(|name| Method::named(name)).unwrap_or(Method::Auto);
    let is_past = arguments.iter().any(|argument| argument == "past");
    let out = arguments[1..].iter().find(|argument| Method::named(argument).is_none() && *argument != "past");
    let text = std::fs::read_to_string(file).expect("the series are readable");
    let mut all: Vec<One> = text.lines().map(read).collect();
    if is_past {
        all.iter_mut().for_each(hold_out);
    }
    let mut lines = String::new();
    for (group, season) in [("yearly", 1), ("quarterly", 4), ("other", 1), ("monthly", 12)] {
        let series: Vec<&One> = all.iter().filter(|one| one.group == group).collect();
        let (started, cpu) = (Instant::now(), cpu_seconds());
        let found = series.iter().map(|one| {
            let options = Options { method, season, horizon: one.horizon, ..Options::default() };
            forecast(&one.past, &options).expect("M3 holds numbers").value.expect("and enough of them")
        });
        let found: Vec<_> = found.collect();
        let (wall, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds() - cpu);
        let (mut smape, mut mase, mut inside) = (0.0, 0.0, 0.0);
        for (one, found) in series.iter().zip(&found) {
            let (n, scale) = (one.horizon as f64, accuracy::scale(&one.past, season));
            for h in 0..one.horizon {
                smape += accuracy::smape(one.truth[h], found.mean[h]) / n;
                mase += if scale > 0.0 { (one.truth[h] - found.mean[h]).abs() / scale / n } else { 0.0 };
                inside += f64::from((found.low[h]..=found.high[h]).contains(&one.truth[h])) / n;
            }
            let told: Vec<String> = found.mean.iter().map(f64::to_string).collect();
            let _ = writeln!(lines, "{}\t{}", one.number, told.join(" "));
        }
        let n = series.len() as f64;
        println!(
            "{{\"group\": \"{group}\", \"method\": \"{}\", \"cpu_s\": {cpu:.2}, \"wall_s\": {wall:.3}, \"peak_mib\": {}, \
             \"smape\": {:.4}, \"mase\": {:.4}, \"coverage\": {:.3}}}",
            method.name(),
            peak_mib(),
            smape / n,
            mase / n,
            inside / n
        );
    }
    if let Some(out) = out {
        std::fs::write(out, lines).expect("OUT can be written");
    }
}

fn read(line: &str) -> One {
    let fields: Vec<&str> = line.split('\t').collect();
    let numbers = |text: &str| text.split(' ').map(|value| value.parse().expect("a number")).collect();
    One {
        number: fields[0].to_owned(),
        group: fields[1].to_owned(),
        horizon: fields[2].parse().expect("a horizon"),
        past: numbers(fields[3]),
        truth: numbers(fields[4]),
    }
}

fn hold_out(one: &mut One) {
    // The shortest series has fourteen values; a forecast needs a few.
    one.horizon = one.horizon.min(one.past.len() - 8);
    one.truth = one.past.split_off(one.past.len() - one.horizon);
}

fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) >> 10
}
