//! Uplift on files, beside which `bench/peers/strategy/uplift.py` runs scikit-uplift with LightGBM and scikit-learn on the same:
//! columns `treatment` (0 or 1) and `outcome` (0 or 1), all others features of numbers; or Starbucks' own names. `.gz` is read.
//!
//! usage: uplift simulate FILE N_ROWS SEED
//!        uplift t-learner TRAIN TEST [REPEATS]      times and Qini; five seeds with four fifths of the rows for the spread
//!        uplift choose TRAIN                        Starbucks: net incremental revenue of each learner by cross-validation, then the best
//!        uplift revenue TRAIN TEST                  Starbucks: that of the learner chosen by it, on the other file

use std::error::Error;
use std::fmt::Write;
use std::io::Read;
use std::time::Instant;

use tercet_strategy::boost::{BoostSettings, Feature, Features, Loss};
use tercet_strategy::uplift::meta::{Predictor, out_of_fold};
use tercet_strategy::uplift::policy::net_incremental_revenue;
use tercet_strategy::uplift::{
    Assignment, Base, Criterion, Forest, Kind, Learner, Meta, MetaSettings, Ranked, SimulateSettings, TreeSettings,
    Trial, simulate,
};

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["simulate", file, n_rows, seed] => write_simulated(file, n_rows.parse()?, seed.parse()?),
        ["t-learner", train, test] => t_learner(&File::read(train)?, &File::read(test)?, 1),
        ["t-learner", train, test, repeats] => t_learner(&File::read(train)?, &File::read(test)?, repeats.parse()?),
        ["choose", train] => choose(&File::read(train)?),
        ["revenue", train, test] => revenue(&File::read(train)?, &File::read(test)?),
        _ => Err("usage: uplift simulate FILE N_ROWS SEED | t-learner TRAIN TEST [REPEATS] | choose TRAIN | revenue TRAIN TEST".into()),
    }
}

/// A trial as it stands in a file.
struct File {
    features: Features,
    arms: Vec<u32>,
    outcome: Vec<f64>,
}

impl File {
    fn read(path: &str) -> Result<File, Failure> {
        let mut text = String::new();
        let bytes = std::fs::read(path).map_err(|error| format!("{path}: {error}"))?;
        if path.ends_with(".gz") {
            flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text)?;
        } else {
            text = String::from_utf8(bytes)?;
        }
        let mut lines = text.lines();
        let names: Vec<&str> = lines.next().ok_or(format!("{path} is empty"))?.split(',').collect();
        let mut columns = vec![Vec::new(); names.len()];
        let number = |text: &str| match text.trim() {
            "" => Ok(f64::NAN),
            "Yes" => Ok(1.0),
            "No" => Ok(0.0),
            text => text.parse::<f64>(),
        };
        for (at, line) in lines.enumerate() {
            for (column, text) in columns.iter_mut().zip(line.split(',')) {
                column.push(number(text).map_err(|error| format!("{path}:{}: '{text}': {error}", at + 2))?);
            }
        }
        let (mut arms, mut outcome, mut features) = (Vec::new(), Vec::new(), Vec::new());
        for (name, column) in names.into_iter().zip(columns) {
            match name {
                "treatment" | "Promotion" => arms = column.iter().map(|&arm| arm as u32).collect(),
                "outcome" | "purchase" => outcome = column,
                "ID" => {}
                _ => features.push((name.to_owned(), Feature::Number(column))),
            }
        }
        Ok(File { features: Features::new(features)?, arms, outcome })
    }

    fn trial(&self) -> Result<Trial<'_>, Failure> {
        Ok(Trial::new(&self.features, &self.arms, &self.outcome, Assignment::Randomised)?)
    }

    fn is_treated(&self) -> Vec<bool> {
        self.arms.iter().map(|&arm| arm == 1).collect()
    }
}

fn write_simulated(path: &str, n_rows: usize, seed: u64) -> Result<(), Failure> {
    let drawn = simulate(&SimulateSettings { n_rows, ..SimulateSettings::default() }, seed)?;
    let mut text = format!("treatment,outcome,{}\n", drawn.features.names().join(","));
    for row in 0..n_rows {
        write!(text, "{},{}", drawn.arms[row], drawn.outcome[row])?;
        for column in drawn.features.columns() {
            match column {
                Feature::Number(values) if values[row].is_nan() => text.push(','),
                Feature::Number(values) => write!(text, ",{}", values[row])?,
                // As a number, so that every peer reads the same.
                Feature::Category(codes) => write!(text, ",{}", f64::from(codes[row].min(9)))?,
            }
        }
        text.push('\n');
    }
    std::fs::write(path, text)?;
    Ok(())
}

/// LightGBM's defaults for the outcome in each arm.
fn defaults(row_fraction: f64, seed: u64) -> MetaSettings {
    let outcome = Box::new(BoostSettings { row_fraction, seed, ..BoostSettings::default() });
    MetaSettings {
        learner: Learner::T,
        base: Base::Boost { effect: outcome.clone(), outcome },
        ..MetaSettings::default()
    }
}

fn t_learner(train: &File, test: &File, repeats: usize) -> Result<(), Failure> {
    let trial = train.trial()?;
    let is_treated = test.is_treated();
    let judge = |effect: &[f64]| -> Result<(f64, f64), Failure> {
        let ranked = Ranked::new(effect, &test.outcome, &is_treated)?;
        Ok((ranked.qini(), ranked.scikit_uplift_auc(Kind::Qini)))
    };
    let (cpu, wall) = (cpu_seconds(), Instant::now());
    let mut fitted = Meta::fit(&trial, &defaults(1.0, 1))?;
    for _ in 1..repeats {
        fitted = Meta::fit(&trial, &defaults(1.0, 1))?;
    }
    let share = 1.0 / repeats as f64;
    let (fit_cpu, fit_wall) = ((cpu_seconds() - cpu) * share, wall.elapsed().as_secs_f64() * share);
    let cpu = cpu_seconds();
    let mut effects = fitted.effects(&test.features)?;
    for _ in 1..repeats {
        effects = fitted.effects(&test.features)?;
    }
    let predict_cpu = (cpu_seconds() - cpu) * share;
    let peak = peak_mib();
    let (qini, score) = judge(&effects[0])?;
    let mut spread = Vec::new();
    for seed in 1..=5 {
        let fitted = Meta::fit(&trial, &defaults(0.8, seed))?;
        spread.push(judge(&fitted.effects(&test.features)?[0])?.1);
    }
    let answer = serde_json::json!({
        "who": "tercet", "n_train": train.arms.len(), "n_test": test.arms.len(), "fit_cpu_s": round(fit_cpu),
        "fit_wall_s": round(fit_wall), "predict_cpu_s": round(predict_cpu), "peak_rss_mib": peak, "qini": qini,
        "qini_auc_score": round(score), "qini_auc_score_by_seed": spread.into_iter().map(round).collect::<Vec<f64>>(),
    });
    println!("{answer}");
    Ok(())
}

/// Learners to choose from, by name.
fn candidate(name: &str, trial: &Trial, seed: u64) -> Result<Predictor, tercet_strategy::StrategyError> {
    if let Some(criterion) = name.strip_prefix("tree ").or(name.strip_prefix("forest ")) {
        let criterion = match criterion {
            "euclid" => Criterion::Euclid,
            "chi" => Criterion::Chi,
            _ => Criterion::Kl,
        };
        let n_trees = if name.starts_with("tree") { 1 } else { 40 };
        let settings = TreeSettings {
            criterion,
            n_trees,
            min_rows_in_arm: 500,
            feature_fraction: 0.6,
            seed,
            ..TreeSettings::default()
        };
        let forest = Forest::fit(trial, &settings)?;
        return Ok(Box::new(move |features| forest.effects(features)));
    }
    let learner = match name.split(' ').next() {
        Some("s") => Learner::S,
        Some("x") => Learner::X,
        Some("r") => Learner::R,
        Some("dr") => Learner::Dr,
        Some("transformed") => Learner::Transformed,
        _ => Learner::T,
    };
    let boost = |loss, n_trees, n_leaves, min_rows_in_leaf| {
        Box::new(BoostSettings {
            loss,
            n_trees,
            n_leaves,
            min_rows_in_leaf,
            learning_rate: 0.05,
            row_fraction: 0.7,
            feature_fraction: 0.7,
            seed,
            ..BoostSettings::default()
        })
    };
    let base = if name.ends_with("linear") {
        Base::Linear { l2: 1.0 }
    } else {
        Base::Boost { outcome: boost(Loss::Logistic, 80, 6, 500), effect: boost(Loss::Squared, 60, 6, 1000) }
    };
    let meta = Meta::fit(trial, &MetaSettings { learner, base, n_folds: 3, seed })?;
    Ok(Box::new(move |features| meta.effects(features)))
}

const CANDIDATES: &[&str] = &[
    "s",
    "t",
    "x",
    "r",
    "dr",
    "transformed",
    "s linear",
    "t linear",
    "tree kl",
    "tree euclid",
    "tree chi",
    "forest kl",
    "forest euclid",
    "forest chi",
];
/// A purchase's price and a promotion's.
const MARGIN: f64 = 10.0;
const COST: f64 = 0.15;
/// Shares of customers to promote to that are compared.
const SHARES: &[f64] = &[0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 1.0];

fn best_share(effect: &[f64], share: f64) -> Vec<bool> {
    let mut sorted = effect.to_vec();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    let cut = sorted[((effect.len() as f64 * share) as usize).clamp(1, effect.len()) - 1];
    effect.iter().map(|&effect| effect >= cut).collect()
}

/// Revenue of the whole file by effects of five folds, over two seeds: where a promotion pays for itself, and by share.
fn choose(train: &File) -> Result<(), Failure> {
    let (cpu, wall) = (cpu_seconds(), Instant::now());
    let trial = train.trial()?;
    let is_treated = train.is_treated();
    let mut best = ("", 0.0, f64::NEG_INFINITY);
    for name in CANDIDATES {
        let mut by_share = vec![0.0; SHARES.len()];
        let (mut paying, mut qini, mut n_paying) = (0.0, 0.0, 0.0);
        for seed in 1..=2 {
            let effects = out_of_fold(&trial, 5, seed, |trial| candidate(name, trial, seed))?;
            let revenue =
                |chosen: &[bool]| net_incremental_revenue(chosen, &train.outcome, &is_treated, MARGIN, COST) / 2.0;
            let pays: Vec<bool> = effects[0].iter().map(|effect| MARGIN * effect > COST).collect();
            paying += revenue(&pays);
            n_paying += pays.iter().filter(|&&pays| pays).count() as f64 / 2.0;
            for (sum, &share) in by_share.iter_mut().zip(SHARES) {
                *sum += revenue(&best_share(&effects[0], share));
            }
            qini += Ranked::new(&effects[0], &train.outcome, &is_treated)?.scikit_uplift_auc(Kind::Qini) / 2.0;
        }
        for (&share, &revenue) in SHARES.iter().zip(&by_share) {
            if revenue > best.2 {
                best = (name, share, revenue);
            }
        }
        let rounded: Vec<f64> = by_share.iter().map(|value| value.round()).collect();
        println!(
            "{}",
            serde_json::json!({
                "learner": name, "qini_auc_score": round(qini), "revenue_where_it_pays": paying.round(),
                "n_where_it_pays": n_paying.round(), "shares": SHARES, "revenue_by_share": rounded,
            })
        );
    }
    let answer = serde_json::json!({
        "who": "tercet", "learner": best.0, "share": best.1, "revenue": round(best.2), "fit_cpu_s": round(cpu_seconds() - cpu),
        "fit_wall_s": round(wall.elapsed().as_secs_f64()), "peak_rss_mib": peak_mib(),
    });
    println!("{answer}");
    Ok(())
}

/// What [`choose`] found best on the training file.
const CHOSEN: (&str, f64) = ("r", 0.35);

fn revenue(train: &File, test: &File) -> Result<(), Failure> {
    let (name, share) = CHOSEN;
    let learned = candidate(name, &train.trial()?, 1)?;
    let chosen = best_share(&learned(&test.features)?[0], share);
    let is_treated = test.is_treated();
    let revenue = net_incremental_revenue(&chosen, &test.outcome, &is_treated, MARGIN, COST);
    let all = net_incremental_revenue(&vec![true; chosen.len()], &test.outcome, &is_treated, MARGIN, COST);
    let count = |treated: bool| {
        let rows =
            chosen.iter().zip(&is_treated).zip(&test.outcome).filter(|((chosen, is), _)| **chosen && **is == treated);
        rows.fold((0.0, 0.0), |(n, y), (_, outcome)| (n + 1.0, y + outcome))
    };
    let ((n_t, y_t), (n_c, y_c)) = (count(true), count(false));
    println!(
        "{}",
        serde_json::json!({
            "who": "tercet", "learner": name, "share": share, "n_chosen": n_t + n_c, "incremental_response_rate": y_t / n_t - y_c / n_c,
            "net_incremental_revenue": round(revenue), "net_incremental_revenue_of_all": round(all),
        })
    );
    Ok(())
}

fn round(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// User and system time of this process, in hundredths of a second as Linux counts them.
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
