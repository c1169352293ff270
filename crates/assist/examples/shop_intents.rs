//! What a shop's customers want, by the model that shops use, from a folder with `train.tsv` and `test.tsv` (label, tab, text) as
//! `bench/peers/language/prepare_classify.py` writes `noisy_zh` and `noisy_en`: learned from `train.tsv` alone, placeholders
//! filled as when shops learn; prints one JSON line beside those of `classify` and the peers. `out_of_scope` is answered
//! where it is likelier than not that a text is none of the shop's business.
//!
//! usage: shop_intents FOLDER [mistakes]   (`mistakes` prints each to stderr)

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Instant;

use tercet_assist::understand::IntentModel;
use tercet_assist::understand::intents::OUT_OF_SCOPE;

type Rows = Vec<(String, String)>;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (folder, shows_mistakes) = match arguments.as_slice() {
        [folder] => (folder, false),
        [folder, what] if what == "mistakes" => (folder, true),
        _ => return Err("usage: shop_intents FOLDER [mistakes]".into()),
    };
    let (train, test) = (read(folder, "train.tsv")?, read(folder, "test.tsv")?);
    let rows: Vec<(&str, &str)> = train.iter().map(|(label, text)| (label.as_str(), text.as_str())).collect();
    let (cpu, wall) = (cpu_seconds(), Instant::now());
    let model = IntentModel::learn_only(&rows, 0)?;
    let learned = cpu_seconds();
    let answers: Vec<String> = test.iter().map(|(_, text)| answer(&model, text)).collect();
    let (asking, cpu, wall) = (cpu_seconds() - learned, cpu_seconds() - cpu, wall.elapsed().as_secs_f64());
    let (accuracy, macro_f1) = judged(&test, &answers);
    for ((label, text), answer) in test.iter().zip(&answers).filter(|(row, answer)| shows_mistakes && row.0 != **answer)
    {
        eprintln!("{label}\t{answer}\t{text}");
    }
    println!(
        "{}",
        serde_json::json!({
            "who": "tercet", "what": "shop_intents", "folder": folder, "train": train.len(), "test": test.len(),
            "accuracy": round(accuracy, 4), "macro_f1": round(macro_f1, 4), "cpu_seconds": round(cpu, 2),
            "wall_seconds": round(wall, 2), "peak_rss_mb": peak_mib(),
            "cpu_us_per_question": round(asking * 1e6 / test.len().max(1) as f64, 1),
        })
    );
    Ok(())
}

fn answer(model: &IntentModel, text: &str) -> String {
    let asked = model.ask(text);
    let inside: f32 = asked.iter().map(|(_, p)| p).sum();
    match asked.first() {
        Some((intent, _)) if inside >= 0.5 => (*intent).to_owned(),
        _ => OUT_OF_SCOPE.to_owned(),
    }
}

/// Accuracy, and the mean of the F1 of the classes in the rows.
fn judged(rows: &Rows, answers: &[String]) -> (f64, f64) {
    // Right, expected, answered.
    let mut counts: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for ((label, _), answer) in rows.iter().zip(answers) {
        counts.entry(label).or_default()[1] += 1;
        counts.entry(answer).or_default()[2] += 1;
        counts.entry(label).or_default()[0] += usize::from(label == answer);
    }
    let right: usize = counts.values().map(|counts| counts[0]).sum();
    let classes: Vec<[usize; 3]> = counts.into_values().filter(|counts| counts[1] > 0).collect();
    let f1 = |[right, expected, answered]: &[usize; 3]| 2.0 * *right as f64 / (expected + answered) as f64;
    let share = |part: f64, of: usize| part / of.max(1) as f64;
    (share(right as f64, rows.len()), share(classes.iter().map(f1).sum(), classes.len()))
}

fn read(folder: &str, name: &str) -> Result<Rows, Box<dyn Error>> {
    let path = format!("{folder}/{name}");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let split = |(at, line): (usize, &str)| match line.split_once('\t') {
        Some((label, text)) => Ok((label.to_owned(), text.to_owned())),
        None => Err(format!("{path}:{}: no tab; each line is a label, a tab and a text", at + 1).into()),
    };
    text.split('\n').enumerate().filter(|(_, line)| !line.is_empty()).map(split).collect()
}

fn round(value: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (value * scale).round() / scale
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
