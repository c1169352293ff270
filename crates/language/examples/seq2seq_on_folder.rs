//! Trains the card `seq2seq` on a folder of tokenised sentences, writes its test sources with a beam, and scores them: the
//! side by side with `bench/peers/language/torch_seq2seq_quality.py`.
//!
//! usage: seq2seq_on_folder DIR [--seed N] [--threads N] [--min-count N] [--hypotheses FILE] [name=value]…
//!
//! DIR holds train.src, train.tgt, valid.*, test.* (one sentence a line, tokens separated by spaces), and where a source has
//! several references test.refs (separated by tabs) with test.names (JSON, placeholder to name). Prints one line of JSON.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use domain::Settings;
use language::seq2seq::decode::{Beam, Limits, StepModel, beam};
use language::seq2seq::metrics::{Tokenisation, bleu, exact_match};
use language::seq2seq::model::{CARD, Recurrent, Shape, Writer};
use language::seq2seq::train::{Learner, Network, Pairs, TrainOptions};
use language::seq2seq::transformer::{Transformer, TransformerShape, Writing};
use language::seq2seq::vocabulary::Vocabulary;
use neural::{Builder, Compute, Params, Precision};
use tercet_language as language;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Test sources written together.
const TOGETHER: usize = 32;

struct Task {
    source: Vocabulary,
    target: Vocabulary,
    train: Pairs,
    valid: Pairs,
    test: Vec<Vec<u32>>,
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let dir = args.next().ok_or(
        "usage: seq2seq_on_folder DIR [--seed N] [--threads N] [--min-count N] [--hypotheses FILE] [name=value]…",
    )?;
    let (mut numbers, mut hypotheses, mut texts) =
        (BTreeMap::from([("--seed", 1), ("--threads", 2), ("--min-count", 1)]), None, Vec::new());
    while let Some(arg) = args.next() {
        if let Some(number) = numbers.get_mut(arg.as_str()) {
            *number = args.next().ok_or("a number is missing")?.parse()?;
        } else if arg == "--hypotheses" {
            hypotheses = args.next();
        } else {
            texts.push(arg);
        }
    }
    let dir = Path::new(&dir);
    let settings = CARD.settings_from_texts(&texts)?;
    let options = TrainOptions::new(&settings, numbers["--seed"] as u64, numbers["--threads"])?;
    let task = read(dir, numbers["--min-count"])?;
    let (n_source, n_target) = (task.source.len(), task.target.len());
    let mut builder = Builder::fresh(options.seed);
    let (written, figures) = if settings.text("cell") == "transformer" {
        let model = Transformer::new(&mut builder, &TransformerShape::new(&settings, n_source, n_target)?)?;
        run(&task, &model, builder.finish(), &settings, &options, |params, compute| {
            Writing::new(&model, params, compute)
        })?
    } else {
        let model = Recurrent::new(&mut builder, Shape::new(&settings, n_source, n_target)?)?;
        run(&task, &model, builder.finish(), &settings, &options, |params, compute| {
            Writer::new(&model, params, compute)
        })?
    };
    if let Some(path) = hypotheses {
        std::fs::write(path, written.iter().map(|line| format!("{line}\n")).collect::<String>())?;
    }
    let (bleu, exact) = score(dir, written)?;
    println!(
        "{{\"impl\": \"tercet\", \"folder\": {:?}, \"settings\": {texts:?}, \"bleu\": {bleu:.3}, \"exact\": {exact:.4}, {figures}, \
         \"peak_rss_mb\": {:.1}}}",
        dir.file_name().unwrap_or_default().to_string_lossy(),
        peak_rss_mb()
    );
    Ok(())
}

fn lines(path: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text.lines().map(str::to_owned).collect())
}

fn read(dir: &Path, min_count: usize) -> Result<Task> {
    let part = |name: &str| lines(&dir.join(name));
    let vocabulary =
        |lines: &[String]| Vocabulary::learn(lines.iter().map(|line| line.split_whitespace()), min_count, 0);
    let (source, target) = (vocabulary(&part("train.src")?), vocabulary(&part("train.tgt")?));
    let encoded = |lines: Vec<String>, words: &Vocabulary| -> Vec<Vec<u32>> {
        lines.iter().map(|line| words.encode(&line.split_whitespace().collect::<Vec<_>>())).collect()
    };
    let pairs = |name: &str| -> Result<Pairs> {
        let (sources, targets) = (part(&format!("{name}.src"))?, part(&format!("{name}.tgt"))?);
        Ok(Pairs::new(encoded(sources, &source), encoded(targets, &target))?)
    };
    let (train, valid, test) = (pairs("train")?, pairs("valid")?, encoded(part("test.src")?, &source));
    Ok(Task { train, valid, test, source, target })
}

/// Trains, and writes the test sources; the hypotheses and figures as JSON.
fn run<'a, N: Network, W: StepModel>(
    task: &Task,
    model: &N,
    params: Params,
    settings: &Settings,
    options: &TrainOptions,
    writer: impl Fn(&'a Params, Compute) -> W,
) -> Result<(Vec<String>, String)> {
    let n_params = params.n_values();
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let mut learner = Learner::new(params, options);
    let curve = std::sync::Mutex::new(Vec::new());
    let watch = |trace: &language::seq2seq::train::Trace| {
        if let Some(nats) = trace.validation {
            eprintln!("epoch {} validation {nats:.4}", trace.epoch);
            curve.lock().expect("no panic").push((nats * 1e4).round() / 1e4);
        }
        true
    };
    learner.run(model, &task.train, &task.valid, options, &watch)?;
    let (wall, fit_cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let cpu = cpu_seconds();
    // The writer borrows the parameters for as long as the program runs: it ends with it.
    let params: &'a Params = Box::leak(Box::new(learner.result().clone()));
    let writer = writer(params, Compute::new(Precision::F32));
    let limits = Limits { min: 0, max: 50, max_per_source_word: 0.0 };
    let wanted = Beam { width: settings.usize("beam"), limits, ..Beam::default() };
    let mut order: Vec<usize> = (0..task.test.len()).collect();
    order.sort_by_key(|&at| task.test[at].len());
    let mut written = vec![String::new(); task.test.len()];
    neural::on_threads(options.n_threads, || {
        for part in order.chunks(TOGETHER) {
            let sources: Vec<&[u32]> = part.iter().map(|&at| &task.test[at][..]).collect();
            for (&at, outputs) in part.iter().zip(beam(&writer, &sources, &wanted).expect("the settings are sound")) {
                written[at] =
                    outputs.first().map_or(String::new(), |output| task.target.decode(&output.tokens).join(" "));
            }
        }
    });
    let figures = format!(
        "\"params\": {n_params}, \"valid_nats\": {:?}, \"fit_s\": {wall:.1}, \"fit_cpu_s\": {fit_cpu:.1}, \"tokens_per_second\": \
         {:.1}, \"decode_cpu_s\": {:.1}",
        curve.into_inner().expect("no panic"),
        learner.n_targets as f64 / wall,
        cpu_seconds() - cpu
    );
    Ok((written, figures))
}

/// As the peer's `score_lines`.
fn score(dir: &Path, mut written: Vec<String>) -> Result<(f64, f64)> {
    let targets = lines(&dir.join("test.tgt"))?;
    let exact = exact_match(&written, &targets);
    if !dir.join("test.refs").exists() {
        let references: Vec<Vec<String>> = targets.into_iter().map(|target| vec![target]).collect();
        return Ok((bleu(&written, &references, Tokenisation::Spaces)?.score, exact));
    }
    for (line, names) in written.iter_mut().zip(lines(&dir.join("test.names"))?) {
        let names: BTreeMap<String, String> = serde_json::from_str(&names)?;
        let named = line.split_whitespace().map(|word| names.get(word).map_or(word, String::as_str));
        *line = named.collect::<Vec<_>>().join(" ").to_lowercase();
    }
    let references = lines(&dir.join("test.refs"))?;
    let references: Vec<Vec<String>> =
        references.iter().map(|line| line.split('\t').map(str::to_lowercase).collect()).collect();
    Ok((bleu(&written, &references, Tokenisation::Mteval13a)?.score, exact))
}

/// User and system time of this process so far, from the kernel's own count.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn peak_rss_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
