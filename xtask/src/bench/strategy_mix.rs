//! The bench of the mix model: the example of the crate `strategy` beside PyMC-Marketing with its default sampler, on its own weekly
//! example of two channels and on Robyn's five.

use std::path::Path;

use serde_json::Value;

use super::{Bench, Figures, N_THREADS, last_json, number};
use crate::run::{command, data_dir, output, root, run, target_dir};
use crate::setup;

pub const MIX: &str = "mix model, posterior by sampling: PyMC-Marketing's weekly example (179 weeks, 2 channels, 3 controls) and \
     Robyn's weeks (208 weeks, 5 channels, 2 controls); compilation of the peer's model counted, as its user waits for it";

/// (name, file, date, target, channels, controls)
const FILES: &[(&str, &str, &str, &str, &str, &str)] = &[
    ("example", "retail/mmm_pymc/mmm_example.csv", "date_week", "y", "x1,x2", "event_1,event_2,t"),
    (
        "robyn",
        "retail/mmm_robyn/dt_simulated_weekly.csv",
        "DATE",
        "revenue",
        "tv_S,ooh_S,print_S,search_S,facebook_S",
        "competitor_sales_B,newsletter",
    ),
];

pub fn mix(_: &Bench) -> Result<Vec<Figures>, String> {
    let data = data_dir().ok_or("the bench 'mix' needs the real data (TERCET_DATA)")?;
    let peers = root().join("bench/peers/strategy");
    let python = setup::python("mix", &peers.join("requirements-mix.txt"))?;
    run(&mut command("cargo", &["build", "--package", "tercet-strategy", "--example", "mix"]))?;
    let program = target_dir().join("debug/examples/mix");
    let mut all = Vec::new();
    for (name, file, date, target, channels, controls) in FILES {
        let file = data.join(file);
        let columns = [*date, target, channels, controls];
        for mode in ["nuts", "map"] {
            let mut ours = command(&program.to_string_lossy(), &[]);
            let answer = answer(ours.arg(&file).args(columns).args([mode, N_THREADS]))?;
            all.push(row(&format!("Tercet {mode}, {name}"), &answer));
        }
        let answer = peer(&python, &peers, &file, columns)?;
        all.push(row(&format!("PyMC-Marketing 0.19, {name}"), &answer));
    }
    Ok(all)
}

fn peer(python: &Path, peers: &Path, file: &Path, columns: [&str; 4]) -> Result<Value, String> {
    let mut peer = command(&python.to_string_lossy(), &[]);
    peer.arg(peers.join("mix.py")).arg(file).args(columns).env("BENCH_THREADS", N_THREADS);
    answer(&mut peer)
}

fn answer(command: &mut std::process::Command) -> Result<Value, String> {
    eprintln!("→ mix {:?}", command.get_args().collect::<Vec<_>>());
    last_json(&output(command)?)
}

fn row(who: &str, answer: &Value) -> Figures {
    let channels = answer["channels"].as_array().into_iter().flatten();
    let each = channels.map(|one| {
        let name = one["name"].as_str().unwrap_or_default();
        format!("{name} {:.4e} ± {:.1e}", number(one, "contribution"), number(one, "sd"))
    });
    let sampled = answer["r_hat"].as_f64().map_or_else(String::new, |r_hat| {
        let (ess, n) = (number(answer, "ess_bulk"), number(answer, "n_divergences"));
        format!("R-hat {r_hat:.3}, ESS {ess:.0}, {n:.0} divergences; ")
    });
    Figures {
        who: who.to_owned(),
        cpu_seconds: number(answer, "cpu_seconds"),
        wall_seconds: number(answer, "wall_seconds"),
        peak_mib: number(answer, "peak_mib"),
        quality: format!("{sampled}{}", each.collect::<Vec<_>>().join(", ")),
    }
}
