//! The mix model on a plain file of periods, timed: what the bench sets beside PyMC-Marketing. Prints one JSON line. Not a tool for
//! shops: `tercet lab run mix` is.
//!
//! usage: mix FILE.csv DATE TARGET CHANNEL,… [CONTROL,…] [map|nuts] [threads]

use std::time::Instant;

use serde_json::json;
use tercet_strategy::RunOptions;
use tercet_strategy::mix::{MixData, MixSettings, Mode, Named, SampleSettings, fit};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |at: usize| arguments.get(at).map_or("", String::as_str);
    let data = read(argument(0), argument(1), argument(2), argument(3), argument(4))?;
    let mode = if argument(5) == "map" { Mode::Map } else { Mode::Nuts(SampleSettings::default()) };
    let options = RunOptions { n_threads: argument(6).parse().unwrap_or(2), ..RunOptions::default() };
    // The peer has no trend of its own: where there is one, it is a control.
    let settings = MixSettings { has_trend: false, ..MixSettings::default() };
    let (cpu, wall) = (cpu_seconds(), Instant::now());
    let answer = fit(&data, &settings, mode, 0.9, &options)?;
    let (cpu, wall) = (cpu_seconds() - cpu, wall.elapsed().as_secs_f64());
    let fitted = answer.value.ok_or("refused: too little to go on")?;
    let channel = |one: &tercet_strategy::mix::ChannelEffect| {
        json!({
            "name": one.name, "contribution": one.contribution.value, "sd": one.contribution_sd,
            "return": one.return_on_spend.value, "return_low": one.return_on_spend.low, "return_high": one.return_on_spend.high,
        })
    };
    let channels: Vec<_> = fitted.channels.iter().map(channel).collect();
    let found = fitted.diagnostics.as_ref();
    println!(
        "{}",
        json!({
            "who": "Tercet", "cpu_seconds": cpu, "wall_seconds": wall, "peak_mib": peak_mib(),
            "r_hat": found.map(|one| one.r_hat), "ess_bulk": found.map(|one| one.ess_bulk),
            "n_divergences": found.map(|one| one.n_divergences), "n_gradients": found.map(|one| one.n_gradients),
            "r_squared": fitted.r_squared, "caveats": answer.caveats.iter().map(|one| one.kind).collect::<Vec<_>>(),
            "channels": channels,
        })
    );
    Ok(())
}

fn read(
    path: &str,
    date: &str,
    target: &str,
    channels: &str,
    controls: &str,
) -> Result<MixData, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let cells = |line: &str| line.split(',').map(|cell| cell.trim_matches('"').to_owned()).collect::<Vec<String>>();
    let mut lines = text.lines();
    let names = cells(lines.next().unwrap_or_default());
    let rows: Vec<Vec<String>> = lines.filter(|line| !line.is_empty()).map(cells).collect();
    let at = |name: &str| names.iter().position(|one| one == name).ok_or(format!("{path} has no column '{name}'"));
    let column = |name: &str| -> Result<Named, Box<dyn std::error::Error>> {
        let at = at(name)?;
        let values = rows.iter().map(|row| row[at].parse::<f64>()).collect::<Result<_, _>>()?;
        Ok(Named { name: name.to_owned(), values })
    };
    let listed =
        |names: &str| names.split(',').filter(|name| !name.is_empty()).map(&column).collect::<Result<Vec<_>, _>>();
    let first = at(date)?;
    Ok(MixData {
        days: rows.iter().map(|row| row[first].parse()).collect::<Result<_, _>>()?,
        target: column(target)?.values,
        channels: listed(channels)?,
        controls: listed(controls)?,
        price: None,
    })
}

/// User and system time of this process, in hundredths of a second as Linux counts them.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
