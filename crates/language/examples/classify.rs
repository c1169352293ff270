//! Sentiment and intents from a folder with `train.tsv` and `test.tsv` (label, tab, text), as
//! `bench/peers/language/prepare_classify.py` writes them; prints one JSON line with CPU seconds of features, fit and
//! prediction, accuracy and macro F1, beside which `sentiment.py` and `intents.py` print the peers'.
//!
//! usage: classify sentiment|intent FOLDER [name=value ...]

use std::collections::HashMap;
use std::error::Error;
use std::time::Instant;

use tercet_language::classify::{self, Example, Run};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [card, folder, assignments @ ..] = arguments.as_slice() else {
        return Err("usage: classify sentiment|intent FOLDER [name=value ...]".into());
    };
    let card = match card.as_str() {
        "sentiment" => &classify::SENTIMENT,
        "intent" => &classify::INTENT,
        other => return Err(format!("card '{other}'; allowed: sentiment, intent").into()),
    };
    let settings = card.settings_from_texts(assignments)?;
    let (train, test) = (read(folder, "train.tsv")?, read(folder, "test.tsv")?);
    let (cpu, wall) = (cpu_seconds(), Instant::now());
    let trial = classify::run(&rows(&train), &rows(&test), &settings, &Run::default())?;
    let (cpu, wall) = (cpu_seconds() - cpu, wall.elapsed().as_secs_f64());
    let mut answer = serde_json::json!({
        "who": "tercet", "card": card.name, "folder": folder, "train": train.len(), "test": test.len(),
        "cpu_seconds": round(cpu, 2), "wall_seconds": round(wall, 2), "peak_rss_mb": peak_mib(),
        "model_mib": trial.model.to_bytes().len() >> 20,
    });
    for (name, figure) in &trial.figures {
        answer[*name] = round(*figure, 4);
    }
    if let Ok(groups) = std::fs::read_to_string(format!("{folder}/test.groups")) {
        let electronics = ["平板", "手机", "计算机"];
        let own: Vec<Example> = rows(&test)
            .into_iter()
            .zip(groups.lines())
            .filter(|(_, group)| electronics.contains(group))
            .map(|(row, _)| row)
            .collect();
        answer["accuracy_electronics"] = round(trial.model.evaluate(&own).accuracy, 4);
    }
    if let Ok(unknown) = read(folder, "test_oos.tsv") {
        out_of_scope(&trial.model, &rows(&test), &rows(&unknown), &mut answer);
    }
    println!("{answer}");
    Ok(())
}

/// Of queries out of scope, the share told to be so by their class alone, and with 2 % and 5 % of right answers given up.
fn out_of_scope(
    model: &classify::TextClassifier,
    known: &[Example],
    unknown: &[Example],
    answer: &mut serde_json::Value,
) {
    let texts = |rows: &[Example]| rows.iter().map(|row| row.text.to_owned()).collect::<Vec<String>>();
    let (known_answers, unknown_answers) = (model.predict_all(&texts(known)), model.predict_all(&texts(unknown)));
    let share = |n: usize, of: usize| round(n as f64 / of.max(1) as f64, 4);
    let is_oos = |class: usize| model.classes()[class] == "oos";
    let told = unknown_answers.iter().filter(|answer| is_oos(answer.class)).count();
    let mut by_threshold = HashMap::new();
    for given_up in [0.02, 0.05] {
        let Some(threshold) = model.threshold(given_up) else { continue };
        let refused = |answer: &classify::Prediction| is_oos(answer.class) || answer.probability < threshold;
        let recall = unknown_answers.iter().filter(|answer| refused(answer)).count();
        let right = |(answer, row): &(&classify::Prediction, &Example)| {
            !refused(answer) && model.classes()[answer.class] == row.label
        };
        let right = known_answers.iter().zip(known).filter(right).count();
        let figures = serde_json::json!({
            "threshold": round(threshold, 3), "accuracy": share(right, known.len()), "recall": share(recall, unknown.len()),
        });
        by_threshold.insert(format!("{given_up}"), figures);
    }
    answer["oos_recall"] = share(told, unknown.len());
    answer["oos_by_share_given_up"] = serde_json::json!(by_threshold);
}

type Row = (String, String);

fn read(folder: &str, name: &str) -> Result<Vec<Row>, Box<dyn Error>> {
    let path = format!("{folder}/{name}");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let split = |(at, line): (usize, &str)| match line.split_once('\t') {
        Some((label, text)) => Ok((label.to_owned(), text.to_owned())),
        None => Err(format!("{path}:{}: no tab; each line is a label, a tab and a text", at + 1).into()),
    };
    text.split('\n').enumerate().filter(|(_, line)| !line.is_empty()).map(split).collect()
}

fn rows(rows: &[Row]) -> Vec<Example<'_>> {
    rows.iter().map(|(label, text)| Example { label, text }).collect()
}

fn round(value: f64, digits: i32) -> serde_json::Value {
    let scale = 10f64.powi(digits);
    serde_json::json!((value * scale).round() / scale)
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
