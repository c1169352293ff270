//! In-scope accuracy and out-of-scope recall on CLINC150's published split (Larson et al. 2019, "full"): learned from
//! `train` and `oos_train`, the gate chosen on `val`, figures of `test` and `oos_test`; prints one JSON line.
//!
//! The gate is the score that keeps 95 % of the in-scope queries of `val`. `oos_recall`: of the 1,000 queries out of scope,
//! those it turns away. `accuracy`: of all in-scope test queries, those whose class is right, gate or not;
//! `accuracy_kept`: of all of them, those that are kept and right; `precision_in_scope`: of what is kept of both, what is
//! in scope. `little` says the same of a gate that keeps 98 %. Figures that begin with `val_` are what settings are chosen by.
//!
//! usage: intent_scope FOLDER [name=value ...]   (FOLDER holds data_full.json.gz; names of the card `intent`, and folds_judge,
//! c_judge, outside_weight)

use std::collections::HashMap;
use std::error::Error;
use std::io::Read;

use tercet_assist::understand::scope::{Asked, ScopedClassifier, Wanted};

use language::classify::{self, Example, Run};
use tercet_assist::understand::scope;

const OUTSIDE: &str = "oos";
/// Of the in-scope queries of `val`, what the gate may turn away; and a gate that turns away less, for comparison.
const LOST: f64 = 0.05;
const LOST_LITTLE: f64 = 0.02;

type Rows = Vec<(String, String)>;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, assignments @ ..] = arguments.as_slice() else {
        return Err("usage: intent_scope FOLDER [name=value ...]".into());
    };
    let parts = read(folder)?;
    let part = |name: &str| parts.get(name).ok_or_else(|| format!("data_full.json has no '{name}'"));
    let wanted = wanted(assignments)?;
    let train: Vec<Example> = examples(part("train")?).chain(examples(part("oos_train")?)).collect();
    let clock = std::time::Instant::now();
    let model = ScopedClassifier::fit(&train, OUTSIDE, &wanted, &Run::default())?;
    let seconds = clock.elapsed().as_secs_f64();
    let val = ask(&model, part("val")?);
    let (gate, low_gate) = (gate(&val, LOST), gate(&val, LOST_LITTLE));
    let figures = |known: &str, unknown: &str, gate: f64| -> Result<[f64; 5], Box<dyn Error>> {
        Ok(figures(&model, part(known)?, part(unknown)?, gate))
    };
    let [accuracy, kept, precision, recall, area] = figures("test", "oos_test", gate)?;
    let [val_accuracy, val_kept, _, val_recall, val_area] = figures("val", "oos_val", gate)?;
    let [_, little_kept, little_precision, little_recall, _] = figures("test", "oos_test", low_gate)?;
    let answer = serde_json::json!({
        "who": "tercet", "what": "intent_scope", "data": "cs_clinc150", "seconds": round(seconds), "gate": round(gate),
        "accuracy": round(accuracy), "accuracy_kept": round(kept), "precision_in_scope": round(precision),
        "oos_recall": round(recall), "area": round(area), "val_accuracy": round(val_accuracy),
        "little": {"accuracy_kept": round(little_kept), "precision_in_scope": round(little_precision), "oos_recall": round(little_recall)},
        "val_accuracy_kept": round(val_kept), "val_oos_recall": round(val_recall), "val_area": round(val_area),
    });
    println!("{answer}");
    Ok(())
}

fn read(folder: &str) -> Result<HashMap<String, Rows>, Box<dyn Error>> {
    let path = std::path::Path::new(folder).join("data_full.json.gz");
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(&path)?).read_to_string(&mut text)?;
    Ok(serde_json::from_str(&text)?)
}

fn wanted(assignments: &[String]) -> Result<Wanted, Box<dyn Error>> {
    let mut wanted = scope::Wanted { classifier: scope::classifier(), ..scope::Wanted::default() };
    let mut own = Vec::new();
    for assignment in assignments {
        match assignment.split_once('=') {
            Some(("folds_judge", value)) => wanted.folds = value.parse()?,
            Some(("c_judge", value)) => wanted.c = value.parse()?,
            Some(("outside_weight", value)) => wanted.outside_weight = value.parse()?,
            _ => own.push(assignment.as_str()),
        }
    }
    if !own.is_empty() {
        wanted.classifier = classify::wanted(&classify::INTENT.settings_from_texts(&own)?)?;
    }
    Ok(wanted)
}

fn examples(rows: &Rows) -> impl Iterator<Item = Example<'_>> {
    rows.iter().map(|(text, label)| Example { label, text })
}

fn ask(model: &ScopedClassifier, rows: &Rows) -> Vec<Asked> {
    rows.iter().map(|(text, _)| model.ask(text)).collect()
}

/// The score that turns away the part `lost` of what was asked.
fn gate(asked: &[Asked], lost: f64) -> f64 {
    let mut scores: Vec<f64> = asked.iter().map(|asked| asked.inside).collect();
    scores.sort_by(f64::total_cmp);
    scores[(scores.len() as f64 * lost) as usize]
}

/// Accuracy, accuracy of what is kept, precision in scope, recall out of scope, area under the curve of both.
fn figures(model: &ScopedClassifier, known: &Rows, unknown: &Rows, gate: f64) -> [f64; 5] {
    let (inside, outside) = (ask(model, known), ask(model, unknown));
    let right: Vec<bool> =
        inside.iter().zip(known).map(|(asked, (_, label))| model.classes()[asked.class] == *label).collect();
    let share = |n: usize, of: usize| n as f64 / of as f64;
    let n_right = right.iter().filter(|right| **right).count();
    let kept: Vec<bool> = inside.iter().map(|asked| asked.inside >= gate).collect();
    let n_kept = kept.iter().filter(|kept| **kept).count();
    let n_both = right.iter().zip(&kept).filter(|(right, kept)| **right && **kept).count();
    let n_let_in = outside.iter().filter(|asked| asked.inside >= gate).count();
    [
        share(n_right, known.len()),
        share(n_both, known.len()),
        share(n_kept, n_kept + n_let_in),
        1.0 - share(n_let_in, unknown.len()),
        area(&inside, &outside),
    ]
}

/// How often a query in scope scores above one out of scope.
fn area(inside: &[Asked], outside: &[Asked]) -> f64 {
    let above = |own: &Asked| -> f64 {
        outside
            .iter()
            .map(|other| if own.inside > other.inside { 1.0 } else { 0.5 * f64::from(own.inside == other.inside) })
            .sum()
    };
    inside.iter().map(above).sum::<f64>() / (inside.len() * outside.len()) as f64
}

fn round(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}
