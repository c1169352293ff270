//! The bench of uplift: T-learners with boosted trees of the crate `strategy`, beside scikit-uplift over LightGBM and over
//! scikit-learn's histogram boosting, on Starbucks' promotion and on a simulated trial. Not here: how good other learners are.

use std::path::Path;

use serde_json::Value;

use super::{Bench, Figures, N_THREADS, last_json, number};
use crate::run::{command, data_dir, output, root, run, target_dir};
use crate::setup;

pub const UPLIFT: &str = "uplift by a T-learner of 100 boosted trees an arm: Starbucks' promotion (84,534 rows to learn from, 41,650 to judge \
     by) and a simulated trial of 200,000 rows: fit; Qini as scikit-uplift's qini_auc_score, and of five seeds";

const REPEATS: &str = "5";

pub fn uplift(bench: &Bench) -> Result<Vec<Figures>, String> {
    run(&mut command("cargo", &["build", "--package", "tercet-strategy", "--example", "uplift"]))?;
    let program = target_dir().join("debug/examples/uplift").to_string_lossy().into_owned();
    let scripts = root().join("bench/peers/strategy");
    let python = setup::python("uplift", &scripts.join("requirements-uplift.txt"))?;
    let mut trials = Vec::new();
    let simulated = |name: &str, n_rows: &str, seed: &str| -> Result<String, String> {
        let file = bench.folder.join(name).to_string_lossy().into_owned();
        if !Path::new(&file).exists() {
            run(&mut command(&program, &["simulate", &file, n_rows, seed]))?;
        }
        Ok(file)
    };
    if let Some(data) = data_dir() {
        let folder = data.join("retail/starbucks_promotion_uplift");
        let file = |name: &str| folder.join(name).to_string_lossy().into_owned();
        trials.push(("Starbucks", file("training.csv.gz"), file("Test.csv.gz")));
    }
    let train = simulated("uplift-train.csv", "200000", "1")?;
    trials.push(("simulated", train, simulated("uplift-test.csv", "100000", "2")?));
    let mut all = Vec::new();
    for (name, train, test) in &trials {
        eprintln!("→ uplift t-learner, {name}");
        let arguments = ["t-learner", train, test, REPEATS];
        let ours = output(command(&program, &arguments).env("RAYON_NUM_THREADS", N_THREADS))?;
        all.push(figures(format!("Tercet, {name}"), &last_json(&ours)?));
        for (who, label) in [("lightgbm", "scikit-uplift, LightGBM"), ("histgb", "scikit-uplift, HistGradientBoosting")]
        {
            eprintln!("→ {label}, {name}");
            let mut peer = command(&python.to_string_lossy(), &[]);
            peer.arg(scripts.join("uplift.py")).args([who, train, test, REPEATS]);
            peer.env("OMP_NUM_THREADS", N_THREADS).env("BENCH_THREADS", N_THREADS);
            all.push(figures(format!("{label}, {name}"), &last_json(&output(&mut peer)?)?));
        }
    }
    if let Some((_, train, test)) = trials.iter().find(|(name, ..)| *name == "Starbucks") {
        all.push(revenue(&program, train, test)?);
    }
    Ok(all)
}

/// Starbucks' net incremental revenue on the file to judge by, of the learner and share that cross-validation over the file
/// to learn from finds best. Its peers are published figures (the data's README).
fn revenue(program: &str, train: &str, test: &str) -> Result<Figures, String> {
    eprintln!("→ uplift choose and revenue, Starbucks");
    let ours =
        |arguments: &[&str]| last_json(&output(command(program, arguments).env("RAYON_NUM_THREADS", N_THREADS))?);
    let (chosen, judged) = (ours(&["choose", train])?, ours(&["revenue", train, test])?);
    if (&chosen["learner"], &chosen["share"]) != (&judged["learner"], &judged["share"]) {
        return Err(format!(
            "cross-validation chooses {chosen}, but what is judged is {judged}: examples/uplift.rs names it"
        ));
    }
    let quality = format!(
        "{} for the best {:.2} of customers: {:.2} by cross-validation, {:.2} on the other file; all of them {:.2}; \
         Starbucks' own model 189.45, the best public notebook 332.70",
        chosen["learner"].as_str().unwrap_or_default(),
        number(&chosen, "share"),
        number(&chosen, "revenue"),
        number(&judged, "net_incremental_revenue"),
        number(&judged, "net_incremental_revenue_of_all")
    );
    Ok(Figures { quality, ..figures("Tercet, Starbucks: net incremental revenue".to_owned(), &chosen) })
}

fn figures(who: String, answer: &Value) -> Figures {
    let seeds = answer["qini_auc_score_by_seed"].as_array().cloned().unwrap_or_default();
    let seeds: Vec<String> = seeds.iter().filter_map(Value::as_f64).map(|score| format!("{score:.4}")).collect();
    let mut quality = format!(
        "Qini {:.4}, predicting {:.2} CPU s",
        number(answer, "qini_auc_score"),
        number(answer, "predict_cpu_s")
    );
    if !seeds.is_empty() {
        quality += &format!("; by seed {}", seeds.join(" "));
    }
    Figures {
        who,
        cpu_seconds: number(answer, "fit_cpu_s"),
        wall_seconds: number(answer, "fit_wall_s"),
        peak_mib: number(answer, "peak_rss_mib"),
        quality,
    }
}
