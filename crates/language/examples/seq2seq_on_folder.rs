//! Trains the card `seq2seq` on a folder of tokenised sentences, writes its validation and test sources with a beam, and
//! scores them: the side by side with `bench/peers/language/torch_seq2seq_quality.py`.
//!
//! usage: seq2seq_on_folder DIR [--seed N] [--threads N] [--min-count N] [--length-penalty X,…] [--coverage-penalty X,…]
//!                              [--pick likeliest,consensus] [--test yes|no] [--hypotheses FILE] [name=value]…
//!
//! DIR holds train.src, train.tgt, valid.*, test.* (one sentence a line, tokens separated by spaces), and where a source of
//! the test has several references test.refs (separated by tabs) with test.names (JSON, placeholder to name). Of several
//! penalties and ways to pick one of the beam's outputs those are taken with which the validation part is written best. Prints one line of JSON.

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
use serde_json::{Value, json};
use tercet_language as language;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Sources written together.
const TOGETHER: usize = 32;
/// Words of an output at most.
const WORDS_MAX: usize = 60;

struct Task {
    source: Vocabulary,
    target: Vocabulary,
    train: Pairs,
    valid: Pairs,
    /// Every source of the validation part once, with all its targets.
    valid_sources: Vec<Source>,
    valid_references: Vec<Vec<String>>,
    test: Vec<Source>,
}

/// A source to be written for, and its words that have no number, if they may be copied.
struct Source {
    ids: Vec<u32>,
    unknown: Vec<String>,
}

struct Options {
    seed: u64,
    n_threads: usize,
    min_count: usize,
    length_penalties: Vec<f32>,
    coverage_penalties: Vec<f32>,
    /// By consensus, or the likeliest.
    picks: Vec<bool>,
    with_test: bool,
    hypotheses: Option<String>,
    texts: Vec<String>,
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let usage = "usage: seq2seq_on_folder DIR [--seed N] [--threads N] [--min-count N] [--length-penalty X,…] \
                 [--coverage-penalty X,…] [--pick likeliest,consensus] [--test yes|no] [--hypotheses FILE] [name=value]…";
    let dir = args.next().ok_or(usage)?;
    let dir = Path::new(&dir);
    let asked = asked(args)?;
    let settings = CARD.settings_from_texts(&asked.texts)?;
    let options = TrainOptions::new(&settings, asked.seed, asked.n_threads)?;
    let task = read(dir, asked.min_count, settings.bool("copy"))?;
    let (n_source, n_target) = (task.source.len(), task.target.len());
    let mut builder = Builder::fresh(options.seed);
    let (written, mut figures) = if settings.text("cell") == "transformer" {
        let model = Transformer::new(&mut builder, &TransformerShape::new(&settings, n_source, n_target)?)?;
        run(&task, &model, builder.finish(), (&settings, &options, &asked), |params, compute| {
            Writing::new(&model, params, compute)
        })?
    } else {
        let model = Recurrent::new(&mut builder, Shape::new(&settings, n_source, n_target)?)?;
        run(&task, &model, builder.finish(), (&settings, &options, &asked), |params, compute| {
            Writer::new(&model, params, compute)
        })?
    };
    if asked.with_test {
        if let Some(path) = &asked.hypotheses {
            std::fs::write(path, written.iter().map(|line| format!("{line}\n")).collect::<String>())?;
        }
        let (bleu, exact) = score(dir, written)?;
        figures["bleu"] = bleu.into();
        figures["exact"] = exact.into();
    }
    figures["impl"] = "tercet".into();
    figures["folder"] = dir.file_name().unwrap_or_default().to_string_lossy().into();
    figures["settings"] = json!(asked.texts);
    figures["vocabulary"] = json!([n_source, n_target]);
    figures["peak_rss_mib"] = peak_rss_mib().into();
    println!("{figures}");
    Ok(())
}

fn asked(mut args: impl Iterator<Item = String>) -> Result<Options> {
    let mut options = Options {
        seed: 1,
        n_threads: 2,
        min_count: 1,
        length_penalties: vec![1.0],
        coverage_penalties: vec![0.0],
        picks: vec![false],
        with_test: true,
        hypotheses: None,
        texts: Vec::new(),
    };
    while let Some(arg) = args.next() {
        if !arg.starts_with("--") {
            options.texts.push(arg);
            continue;
        }
        let value = args.next().ok_or_else(|| format!("{arg}: its value is missing"))?;
        let list = || value.split(',').map(str::parse).collect::<std::result::Result<Vec<f32>, _>>();
        match arg.as_str() {
            "--seed" => options.seed = value.parse()?,
            "--threads" => options.n_threads = value.parse()?,
            "--min-count" => options.min_count = value.parse()?,
            "--length-penalty" => options.length_penalties = list()?,
            "--coverage-penalty" => options.coverage_penalties = list()?,
            "--pick" => options.picks = value.split(',').map(|pick| pick == "consensus").collect(),
            "--test" => options.with_test = value == "yes",
            "--hypotheses" => options.hypotheses = Some(value),
            _ => return Err(format!("there is no option {arg}").into()),
        }
    }
    Ok(options)
}

fn lines(path: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text.lines().map(str::to_owned).collect())
}

fn read(dir: &Path, min_count: usize, copy: bool) -> Result<Task> {
    let part = |name: &str| lines(&dir.join(name));
    let (train_src, train_tgt) = (part("train.src")?, part("train.tgt")?);
    let learned = |sides: &[&[String]]| {
        let sentences = sides.iter().flat_map(|lines| lines.iter()).map(|line| line.split_whitespace());
        Vocabulary::learn(sentences, min_count, 0)
    };
    // Copying needs the same number for the same word on both sides.
    let (source, target) = match copy {
        true => (learned(&[&train_src, &train_tgt]), learned(&[&train_src, &train_tgt])),
        false => (learned(&[&train_src]), learned(&[&train_tgt])),
    };
    let encoded = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let unknown = if copy { source.unknown(&words) } else { Vec::new() };
        Source { ids: source.encode_with(&words, &unknown), unknown }
    };
    let pairs = |sources: &[String], targets: &[String]| -> Result<Pairs> {
        let sources: Vec<Source> = sources.iter().map(|line| encoded(line)).collect();
        let targets = targets.iter().zip(&sources).map(|(line, of)| {
            let words: Vec<&str> = line.split_whitespace().collect();
            target.encode_with(&words, &of.unknown)
        });
        let targets = targets.collect();
        Ok(Pairs::new(sources.into_iter().map(|source| source.ids).collect(), targets)?)
    };
    let (valid_src, valid_tgt) = (part("valid.src")?, part("valid.tgt")?);
    let (train, valid) = (pairs(&train_src, &train_tgt)?, pairs(&valid_src, &valid_tgt)?);
    let mut references: BTreeMap<&String, Vec<String>> = BTreeMap::new();
    for (source, target) in valid_src.iter().zip(&valid_tgt) {
        references.entry(source).or_default().push(target.clone());
    }
    let valid_sources = references.keys().map(|line| encoded(line)).collect();
    let valid_references = references.into_values().collect();
    let test = part("test.src")?.iter().map(|line| encoded(line)).collect();
    Ok(Task { train, valid, valid_sources, valid_references, test, source, target })
}

/// Trains, chooses penalties, and writes the test sources.
fn run<'a, N: Network, W: StepModel>(
    task: &Task,
    model: &N,
    params: Params,
    (settings, options, asked): (&Settings, &TrainOptions, &Options),
    writer: impl Fn(&'a Params, Compute) -> W,
) -> Result<(Vec<String>, Value)> {
    let n_params = params.n_values();
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let mut learner = Learner::new(params, options);
    let curve = std::sync::Mutex::new(Vec::new());
    let watch = |trace: &language::seq2seq::train::Trace| {
        if let Some(nats) = trace.validation {
            eprintln!("epoch {} loss {:.4} validation {nats:.4}", trace.epoch, trace.nats);
            curve.lock().expect("no panic").push((nats * 1e4).round() / 1e4);
        }
        true
    };
    learner.run(model, &task.train, &task.valid, options, &watch)?;
    let (wall, fit_cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    // The writer borrows the parameters for as long as the program runs: it ends with it.
    let params: &'a Params = Box::leak(Box::new(learner.result().clone()));
    let writer = writer(params, Compute::new(Precision::F32));
    let limits = Limits { min: 0, max: WORDS_MAX, max_per_source_word: 0.0 };
    let mut tried: Vec<(f64, f64, Beam)> = Vec::new();
    for &consensus in &asked.picks {
        for (&coverage_penalty, &length_penalty) in all_pairs(&asked.coverage_penalties, &asked.length_penalties) {
            let width = settings.usize("beam");
            let wanted = Beam { width, limits, length_penalty, coverage_penalty, consensus, ..Beam::default() };
            let written = write(task, &writer, &task.valid_sources, &wanted, options.n_threads)?;
            let bleu = bleu(&written, &task.valid_references, Tokenisation::Spaces)?.score;
            let exact = written.iter().zip(&task.valid_references).filter(|(line, of)| of.contains(line)).count();
            tried.push((bleu, exact as f64 / written.len() as f64, wanted));
        }
    }
    let best = tried.iter().fold(&tried[0], |best, one| if one.0 > best.0 { one } else { best });
    let cpu = cpu_seconds();
    let test = if asked.with_test { &task.test[..] } else { &[] };
    let written = write(task, &writer, test, &best.2, options.n_threads)?;
    let told = |(bleu, exact, beam): &(f64, f64, Beam)| {
        json!([
            beam.length_penalty,
            beam.coverage_penalty,
            if beam.consensus { "consensus" } else { "likeliest" },
            bleu,
            exact
        ])
    };
    let figures = json!({
        "params": n_params, "valid_nats": curve.into_inner().expect("no panic"), "steps": learner.adam.step(),
        "valid": tried.iter().map(told).collect::<Vec<_>>(), "valid_best": told(best),
        "fit_s": wall, "fit_cpu_s": fit_cpu, "tokens_per_s": learner.n_targets as f64 / wall,
        "decode_cpu_s": cpu_seconds() - cpu,
    });
    Ok((written, figures))
}

fn all_pairs<'a>(first: &'a [f32], second: &'a [f32]) -> impl Iterator<Item = (&'a f32, &'a f32)> {
    first.iter().flat_map(move |one| second.iter().map(move |other| (one, other)))
}

/// The best output of each source.
fn write(
    task: &Task,
    writer: &impl StepModel,
    sources: &[Source],
    wanted: &Beam,
    n_threads: usize,
) -> Result<Vec<String>> {
    let mut order: Vec<usize> = (0..sources.len()).collect();
    order.sort_by_key(|&at| sources[at].ids.len());
    let mut written = vec![String::new(); sources.len()];
    neural::on_threads(n_threads, || -> std::result::Result<(), language::LanguageError> {
        for part in order.chunks(TOGETHER) {
            let together: Vec<&[u32]> = part.iter().map(|&at| &sources[at].ids[..]).collect();
            for (&at, outputs) in part.iter().zip(beam(writer, &together, wanted)?) {
                let words = outputs.first().map(|output| task.target.decode_with(&output.tokens, &sources[at].unknown));
                written[at] = words.unwrap_or_default().join(" ");
            }
        }
        Ok(())
    })?;
    Ok(written)
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
        // Within words too: `xname's`.
        names.iter().for_each(|(placeholder, name)| *line = line.replace(placeholder, name));
        *line = line.to_lowercase();
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

fn peak_rss_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
