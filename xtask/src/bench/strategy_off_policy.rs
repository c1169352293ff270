//! The bench of off-policy evaluation: our example and obp on the same logged rounds. The time is that of seven estimators from
//! dense policies and predictions; ours has intervals in it, obp's has none. Not here: whether they are right; tests say that.

use std::fs;

use serde_json::Value;

use super::{Bench, Figures, N_THREADS, last_json, number};
use crate::run::{command, output, root, run, target_dir};
use crate::setup;

pub const SENTENCE: &str =
    "off-policy evaluation of 1 M logged rounds with 10 actions: IPS, SNIPS, DM, DR, SNDR, SWITCH-DR, DR-OS";

const ESTIMATORS: [&str; 7] = ["ips", "snips", "dm", "dr", "sndr", "switch_dr", "dr_os"];

pub fn off_policy(bench: &Bench) -> Result<Vec<Figures>, String> {
    let scripts = root().join("bench/peers/strategy");
    let python = setup::python("off-policy", &scripts.join("requirements-off-policy.txt"))?;
    // obp says it is for Python before 3.11, and wants torch for what is not measured.
    let pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--ignore-requires-python", "obp==0.5.7"];
    run(&mut command(&python.to_string_lossy(), &pip))?;
    let peer = |arguments: &[&str]| {
        let mut peer = command(&python.to_string_lossy(), &[]);
        peer.arg(scripts.join("off_policy.py")).args(arguments);
        peer.env("OMP_NUM_THREADS", N_THREADS).env("OPENBLAS_NUM_THREADS", N_THREADS);
        peer
    };
    let folder = bench.folder.join("strategy/off_policy-1m");
    let folder_text = folder.to_string_lossy().into_owned();
    if !folder.join("predictions.f64").exists() {
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        run(&mut peer(&["prepare", &folder_text, "1000000"]))?;
    }
    run(&mut command("cargo", &["build", "--package", "tercet-strategy", "--example", "off_policy"]))?;
    let program = target_dir().join("debug/examples/off_policy");
    let ours = last_json(&output(&mut command(&program.to_string_lossy(), &[&folder_text]))?)?;
    let theirs = last_json(&output(&mut peer(&["run", &folder_text]))?)?;
    let apart = ESTIMATORS.map(|name| (number(&ours, name) / number(&theirs, name) - 1.0).abs());
    let apart = apart.into_iter().fold(0.0, f64::max);
    if apart.is_nan() || apart > 1e-9 {
        return Err(format!("the estimators differ by a part of {apart:e}"));
    }
    Ok(vec![row("Tercet", &ours), row("obp 0.5.7", &theirs)])
}

fn row(who: &str, answer: &Value) -> Figures {
    Figures {
        who: who.to_owned(),
        cpu_seconds: number(answer, "cpu_seconds"),
        wall_seconds: number(answer, "wall_seconds"),
        peak_mib: number(answer, "peak_rss_mib"),
        quality: ESTIMATORS.map(|name| format!("{name} {:.6}", number(answer, name))).join(", "),
    }
}
