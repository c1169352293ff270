//! The ranking quality that Tercet reaches on public splits, and how its settings were chosen.
//!
//! usage: published_splits measure [SPLIT]…             fits the committed settings on the whole training part, judges them on
//!                                                      the test part, prints a table in Markdown
//!        published_splits choose SPLIT CARD N [SEED]   tries N settings on a validation part of the training part and
//!                                                      commits the best to bench/settings/published_splits.json
//!        published_splits try SPLIT CARD [name=value]… judges one setting on the validation part
//!        published_splits write SPLIT DIR              writes train, test, valid_train and valid_test as plain files, for
//!                                                      peers and for `tercet lab evaluate`
//!
//! Only `measure` and `write` read a test part; what chooses never sees it.

#[path = "../tests/splits/mod.rs"]
mod splits;

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use splits::Chosen;
use tercet_recommend::evaluate::{Bootstrap, EvaluateOptions, Report, Split, evaluate};
use tercet_recommend::tune::{Trial, TuneOptions, tune};
use tercet_recommend::{FitOptions, Interactions, algorithm};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const N_JUDGES: usize = 4000;
const SEED: u64 = 7;
const METRICS: [&str; 6] = ["precision@10", "recall@10", "ndcg@10", "recall@20", "ndcg@20", "hit@10"];

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["measure", ref names @ ..] => measure(names),
        ["choose", split, card, n] => choose(split, card, n.parse()?, SEED),
        ["choose", split, card, n, seed] => choose(split, card, n.parse()?, seed.parse()?),
        ["try", split, card, ref settings @ ..] => attempt(split, card, settings),
        ["write", split, dir] => write(split, Path::new(dir)),
        _ => Err("usage: published_splits measure [SPLIT]… | choose SPLIT CARD N [SEED] | try SPLIT CARD [name=value]… | write SPLIT DIR".into()),
    }
}

fn load(name: &str) -> Result<Split> {
    splits::load(name).ok_or_else(|| format!("the data of {name} are not here; set TERCET_DATA").into())
}

/// The training part, divided once more.
fn validation(name: &str) -> Result<Split> {
    Ok(Split::new(&load(name)?.train, splits::validation(name), SEED)?)
}

fn measure(names: &[&str]) -> Result<()> {
    println!("| split | card | settings | {} | fit s | fit CPU s |", METRICS.join(" | "));
    println!("|---|---|---|{}---|---|", "---|".repeat(METRICS.len()));
    for name in splits::NAMES.iter().filter(|name| names.is_empty() || names.contains(name)) {
        let Some(split) = splits::load(name) else { continue };
        for chosen in splits::chosen().iter().filter(|chosen| chosen.split == *name) {
            let (wall, cpu) = (Instant::now(), cpu_seconds());
            let algorithm = algorithm(&chosen.card).ok_or("the card is not in the registry")?;
            let settings = algorithm.card.settings_from_texts(&chosen.settings)?;
            let model = (algorithm.fit)(&split.train, &settings, &FitOptions::default())?;
            let (wall, cpu) = (wall.elapsed().as_secs_f64(), cpu_seconds() - cpu);
            let report = evaluate(model.as_ref(), &split, &options(None))?;
            println!(
                "| {name} | {} | {} |{} {wall:.1} | {cpu:.1} |",
                chosen.card,
                chosen.settings.join(" "),
                figures(&report)
            );
        }
    }
    Ok(())
}

fn options(users: Option<Vec<u32>>) -> EvaluateOptions<'static> {
    let bootstrap = Bootstrap { n_samples: 0, ..Bootstrap::default() };
    EvaluateOptions { bootstrap, users, ..EvaluateOptions::default() }
}

fn figures(report: &Report) -> String {
    METRICS.iter().fold(String::new(), |mut text, name| {
        let _ = write!(text, " {:.4} |", report.metrics[*name].mean);
        text
    })
}

fn choose(name: &str, card: &str, n_trials: usize, seed: u64) -> Result<()> {
    let train = load(name)?.train;
    let progress = |_: f64, trial: &Trial| {
        let found = trial.ndcg.map_or_else(|| trial.error.clone().unwrap_or_default(), |ndcg| format!("{ndcg:.5}"));
        eprintln!("{found} {}", given(trial).join(" "));
        true
    };
    let options = TuneOptions {
        cards: vec![card.to_owned()],
        n_trials,
        validation: splits::validation(name),
        n_users_max: N_JUDGES,
        n_users_first: usize::MAX,
        seed,
        progress: &progress,
        ..TuneOptions::default()
    };
    let best = tune(&train, &options)?.best;
    let validation_ndcg = (best.ndcg.unwrap_or(0.0) * 1e5).round() / 1e5;
    let new = Chosen {
        split: name.to_owned(),
        card: card.to_owned(),
        settings: given(&best),
        validation_ndcg,
        n_tried: n_trials,
    };
    println!("{}", serde_json::to_string(&new)?);
    let mut all = splits::chosen();
    match all.iter_mut().find(|old| (&old.split, &old.card) == (&new.split, &new.card)) {
        Some(old) if old.validation_ndcg >= new.validation_ndcg => old.n_tried += n_trials,
        Some(old) => *old = Chosen { n_tried: old.n_tried + n_trials, ..new },
        None => all.push(new),
    }
    all.sort_by_key(|chosen| splits::NAMES.iter().position(|name| *name == chosen.split));
    let lines: Vec<String> = all.iter().map(serde_json::to_string).collect::<std::result::Result<_, _>>()?;
    Ok(std::fs::write(splits::settings_path(), format!("[\n{}\n]\n", lines.join(",\n")))?)
}

/// The settings that differ from their defaults.
fn given(trial: &Trial) -> Vec<String> {
    let defaults = algorithm(trial.card).expect("a trial's card is in the registry").card.defaults();
    let differing = trial.settings.iter().filter(|(name, value)| defaults.get(name) != Some(*value));
    differing.map(|(name, value)| format!("{name}={value}")).collect()
}

fn attempt(name: &str, card: &str, settings: &[&str]) -> Result<()> {
    let split = validation(name)?;
    let step = split.test_users().len().div_ceil(N_JUDGES);
    let users = split.test_users().into_iter().step_by(step).collect();
    let algorithm = algorithm(card).ok_or("there is no such card")?;
    let start = Instant::now();
    let model = (algorithm.fit)(&split.train, &algorithm.card.settings_from_texts(settings)?, &FitOptions::default())?;
    let seconds = start.elapsed().as_secs_f64();
    let report = evaluate(model.as_ref(), &split, &options(Some(users)))?;
    println!("{name} {card} {settings:?} |{} {seconds:.1} s {:?}", figures(&report), model.fit_report());
    Ok(())
}

fn write(name: &str, dir: &Path) -> Result<()> {
    std::fs::create_dir_all(dir)?;
    let (split, validation) = (load(name)?, validation(name)?);
    let parts = [
        ("train", &split.train),
        ("test", &split.test),
        ("valid_train", &validation.train),
        ("valid_test", &validation.test),
    ];
    for (part, interactions) in parts {
        std::fs::write(dir.join(format!("{part}.tsv")), rows(interactions))?;
    }
    Ok(())
}

fn rows(interactions: &Interactions) -> String {
    let mut text = "user\titem\trating\ttimestamp\n".to_owned();
    for user in 0..interactions.n_users() {
        for entry in interactions.history(user) {
            let _ = writeln!(text, "{user}\t{}\t1\t{}", entry.item, entry.at / 1000);
        }
    }
    text
}

/// User and system time of this process; 0 where there is no /proc.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}
