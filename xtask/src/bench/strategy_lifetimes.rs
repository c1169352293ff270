//! The bench of customer lifetimes: BG/NBD and Gamma-Gamma of the crate `strategy` beside `lifetimes`, on CDNOW and on a million
//! simulated customers whose times are days, and again exact ones, where no two customers are equal.

use std::path::Path;

use serde_json::Value;

use super::{Bench, Figures, last_json, number};
use crate::run::{command, data_dir, output, root, run, target_dir};
use crate::setup;

pub const LIFETIMES: &str = "customer lifetimes: BG/NBD and Gamma-Gamma fitted, and customers scored, CDNOW (2,357) and 1 M simulated customers";

const MILLION: &str = "1000000";

pub fn lifetimes(bench: &Bench) -> Result<Vec<Figures>, String> {
    run(&mut command("cargo", &["build", "--package", "tercet-strategy", "--example", "lifetimes"]))?;
    let program = target_dir().join("debug/examples/lifetimes").to_string_lossy().into_owned();
    let scripts = root().join("bench/peers/strategy");
    let python =
        setup::python("lifetimes", &scripts.join("requirements-lifetimes.txt"))?.to_string_lossy().into_owned();
    let script = scripts.join("lifetimes_fit.py").to_string_lossy().into_owned();
    let mut sets = Vec::new();
    if let Some(data) = data_dir() {
        let file = data.join("retail/cdnow/cdnow_customers_summary_with_transactions.csv");
        sets.push(("CDNOW", file.to_string_lossy().into_owned(), "1000", "9"));
    }
    for (who, name, grain) in
        [("1 M, days", "lifetimes-days.csv", "0.14285714285714285"), ("1 M, exact times", "lifetimes-exact.csv", "0")]
    {
        let file = bench.folder.join(name).to_string_lossy().into_owned();
        if !Path::new(&file).exists() {
            run(&mut command(&program, &["simulate", &file, MILLION, "1", grain]))?;
        }
        sets.push((who, file, "5", "3"));
    }
    let mut all = Vec::new();
    for (who, file, repeats, peer_repeats) in &sets {
        eprintln!("→ lifetimes fit {who}");
        let ours = last_json(&output(&mut command(&program, &["fit", file, repeats]))?)?;
        let peer = last_json(&output(&mut command(&python, &[&script, file, peer_repeats]))?)?;
        for (what, parts) in [("both fits", &["fit", "spend"][..]), ("scores", &["score"])] {
            all.push(figures(&format!("Tercet, {who}: {what}"), &ours, parts));
            all.push(figures(&format!("lifetimes 0.11, {who}: {what}"), &peer, parts));
        }
    }
    Ok(all)
}

fn figures(who: &str, answer: &Value, parts: &[&str]) -> Figures {
    let sum = |suffix: &str| parts.iter().map(|part| number(answer, &format!("{part}_{suffix}"))).sum::<f64>();
    let milliseconds = 1e3 * sum("cpu_s");
    let quality = if parts.len() > 1 {
        let (one, two) = (number(answer, "log_likelihood"), number(answer, "spend_log_likelihood"));
        format!("{milliseconds:.1} ms CPU; log-likelihoods {one:.2} and {two:.2}")
    } else {
        format!("{milliseconds:.1} ms CPU; {:.2} purchases expected", number(answer, "purchases"))
    };
    Figures {
        who: who.to_owned(),
        cpu_seconds: sum("cpu_s"),
        wall_seconds: sum("s"),
        peak_mib: number(answer, "peak_rss_mib"),
        quality,
    }
}
