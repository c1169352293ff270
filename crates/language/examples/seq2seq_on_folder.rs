//! Trains the card `seq2seq` on a folder of tokenised sentences, writes its validation and test sources with a beam, and
//! scores them: the side by side with `bench/peers/language/torch_seq2seq_quality.py`.
//!
//! usage: seq2seq_on_folder DIR [--seed N] [--threads N] [--min-count N] [--length-penalty X,…] [--coverage-penalty X,…]
//!                              [--read-back X,…] [--pick likeliest,consensus] [--test yes|no] [--hypotheses FILE]
//!                              [--n-best FILE] [name=value]…
//!
//! DIR holds train.src, train.tgt, valid.*, test.* (one sentence a line, tokens separated by spaces), and where a source of
//! the test has several references test.refs (separated by tabs) with test.names (JSON, placeholder to name). Of several
//! penalties, weights of reading back and ways to pick one of the beam's outputs those are taken with which the validation part
//! is written best. Prints one line of JSON.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use domain::Settings;
use language::seq2seq::decode::{Beam, Ensemble, Limits, Output, StepModel, UNKNOWN, beam, consensus};
use language::seq2seq::metrics::{Tokenisation, bleu, exact_match};
use language::seq2seq::model::{CARD, Recurrent, Shape, Writer};
use language::seq2seq::placeholders::{Hidden, Placeholders};
use language::seq2seq::read_back::{Pair, ReadBack, cut_to_said};
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
    reader: Option<ReadBack>,
    say_all: bool,
}

/// A source to be written for, and its words that have no number, if they may be copied.
struct Source {
    ids: Vec<u32>,
    unknown: Vec<String>,
}

struct Options {
    /// Of the first model; others count on.
    seed: u64,
    n_threads: usize,
    min_count: usize,
    length_penalties: Vec<f32>,
    coverage_penalties: Vec<f32>,
    /// By consensus, or the likeliest.
    picks: Vec<bool>,
    with_test: bool,
    hypotheses: Option<String>,
    /// How much it counts that the source can be read back from an output: what is tried, else the card's.
    read_back: Vec<f32>,
    /// Where all that the beam found for the validation and test sources goes.
    n_best: Option<String>,
    texts: Vec<String>,
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let usage = "usage: seq2seq_on_folder DIR [--seed N] [--threads N] [--min-count N] [--length-penalty X,…] \
                 [--coverage-penalty X,…] [--read-back X,…] [--pick likeliest,consensus] [--test yes|no] [--hypotheses FILE] \
                 [--n-best FILE] [name=value]…";
    let dir = args.next().ok_or(usage)?;
    let dir = Path::new(&dir);
    let mut asked = asked(args)?;
    let settings = CARD.settings_from_texts(&asked.texts)?;
    if asked.read_back.is_empty() {
        asked.read_back.push(settings.float("read_back") as f32);
    }
    let task = read(dir, &asked, &settings)?;
    let (n_source, n_target) = (task.source.len(), task.target.len());
    let (written, mut figures) = if settings.text("cell") == "transformer" {
        let shape = TransformerShape::new(&settings, n_source, n_target)?;
        run(&task, (&settings, &asked), |builder| Transformer::new(builder, &shape), Writing::new)?
    } else {
        let shape = Shape::new(&settings, n_source, n_target)?;
        run(&task, (&settings, &asked), |builder| Recurrent::new(builder, shape.clone()), Writer::new)?
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
        read_back: Vec::new(),
        n_best: None,
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
            "--read-back" => options.read_back = list()?,
            "--n-best" => options.n_best = Some(value),
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

fn read(dir: &Path, asked: &Options, settings: &Settings) -> Result<Task> {
    let copy = settings.bool("copy");
    let part = |name: &str| lines(&dir.join(name));
    let (train_src, train_tgt) = (part("train.src")?, part("train.tgt")?);
    let learned = |sides: &[&[String]]| {
        let sentences = sides.iter().flat_map(|lines| lines.iter()).map(|line| line.split_whitespace());
        Vocabulary::learn(sentences, asked.min_count, 0)
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
    let pairs = |sources: &[String], targets: &[String]| -> Vec<Pair> {
        let pair = |(source, target_line): (&String, &String)| {
            let (of, words) = (encoded(source), target_line.split_whitespace().collect::<Vec<_>>());
            (of.ids, target.encode_with(&words, &of.unknown))
        };
        sources.iter().zip(targets).map(pair).collect()
    };
    let (valid_src, valid_tgt) = (part("valid.src")?, part("valid.tgt")?);
    let (mut train, valid) = (pairs(&train_src, &train_tgt), pairs(&valid_src, &valid_tgt));
    let same = |id: u32| Some(target.id(source.word(id))).filter(|&id| id != UNKNOWN);
    if settings.bool("said_only") {
        train = cut_to_said(&train, &same, asked.seed)?;
    }
    let is_read = asked.read_back.iter().any(|&weight| weight > 0.0);
    let reader = if is_read { Some(ReadBack::learn(&train, &same, asked.seed)?) } else { None };
    let mut references: BTreeMap<&String, Vec<String>> = BTreeMap::new();
    for (source, target) in valid_src.iter().zip(&valid_tgt) {
        references.entry(source).or_default().push(target.clone());
    }
    let valid_sources = references.keys().map(|line| encoded(line)).collect();
    let valid_references = references.into_values().collect();
    let test = part("test.src")?.iter().map(|line| encoded(line)).collect();
    let as_pairs = |pairs: Vec<Pair>| {
        let (sources, targets) = pairs.into_iter().unzip();
        Pairs::new(sources, targets)
    };
    let (train, valid) = (as_pairs(train)?, as_pairs(valid)?);
    Ok(Task {
        train,
        valid,
        valid_sources,
        valid_references,
        test,
        source,
        target,
        reader,
        say_all: settings.bool("say_all"),
    })
}

/// Trains a model for each seed, chooses penalties, and writes the test sources with all of them.
fn run<N: Network + 'static, W: StepModel>(
    task: &Task,
    (settings, asked): (&Settings, &Options),
    make: impl Fn(&mut Builder) -> std::result::Result<N, language::LanguageError>,
    writer: impl Fn(&'static N, &'static Params, Compute) -> W,
) -> Result<(Vec<String>, Value)> {
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let (mut writers, mut figures) = (Vec::new(), json!({ "steps": 0, "params": 0, "tokens_per_s": 0.0 }));
    let (mut curve, mut n_targets) = (Vec::new(), 0);
    let n_models = settings.usize("models");
    for at in 0..n_models {
        let seed = asked.seed.wrapping_add(at as u64);
        let options = TrainOptions::new(settings, seed, asked.n_threads)?;
        let mut builder = Builder::fresh(seed);
        let model = make(&mut builder)?;
        let mut learner = Learner::new(builder.finish(), &options);
        curve = learned(task, &model, &mut learner, &options)?;
        n_targets += learner.n_targets;
        figures["steps"] = learner.adam.step().into();
        figures["params"] = (learner.params.n_values() * n_models).into();
        // Writers borrow models for as long as the program runs: they end with it.
        let (model, params) = (Box::leak(Box::new(model)), Box::leak(Box::new(learner.result().clone())));
        writers.push(writer(model, params, Compute::new(Precision::F32)));
    }
    let (wall, fit_cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let writer = Ensemble::new(writers);
    let cpu = cpu_seconds();
    let limits = Limits { min: 0, max: WORDS_MAX, max_per_source_word: 0.0 };
    let mut tried: Vec<Tried> = Vec::new();
    for (&coverage_penalty, &length_penalty) in all_pairs(&asked.coverage_penalties, &asked.length_penalties) {
        let width = settings.usize("beam");
        // All that was found: consensus may choose another.
        let wanted = Beam { width, n_best: width, limits, length_penalty, coverage_penalty, ..Beam::default() };
        for &read_back in &asked.read_back {
            let outputs = write(&writer, task, &task.valid_sources, &wanted, read_back, asked.n_threads)?;
            for &consensus in &asked.picks {
                let written = chosen(task, &task.valid_sources, &outputs, consensus);
                let bleu = bleu(&written, &task.valid_references, Tokenisation::Spaces)?.score;
                let exact = written.iter().zip(&task.valid_references).filter(|(line, of)| of.contains(line)).count();
                let exact = exact as f64 / written.len() as f64;
                tried.push(Tried { bleu, exact, beam: wanted.clone(), read_back, consensus });
            }
        }
    }
    let best = tried.iter().fold(&tried[0], |best, one| if one.bleu > best.bleu { one } else { best });
    let test = if asked.with_test { &task.test[..] } else { &[] };
    let outputs = write(&writer, task, test, &best.beam, best.read_back, asked.n_threads)?;
    if let Some(path) = &asked.n_best {
        std::fs::write(path, outputs.iter().zip(test).map(|(outputs, of)| all(task, of, outputs)).collect::<String>())?;
    }
    let told = |tried: &Tried| {
        let pick = if tried.consensus { "consensus" } else { "likeliest" };
        let beam = &tried.beam;
        json!([beam.length_penalty, beam.coverage_penalty, pick, tried.bleu, tried.exact, tried.read_back])
    };
    figures["valid_nats"] = json!(curve);
    figures["valid"] = tried.iter().map(told).collect::<Vec<_>>().into();
    figures["valid_best"] = told(best);
    figures["fit_s"] = wall.into();
    figures["fit_cpu_s"] = fit_cpu.into();
    figures["tokens_per_s"] = (n_targets as f64 / wall).into();
    figures["decode_cpu_s"] = (cpu_seconds() - cpu).into();
    Ok((chosen(task, test, &outputs, best.consensus), figures))
}

/// Learns, and gives the validation losses.
fn learned(task: &Task, model: &impl Network, learner: &mut Learner, options: &TrainOptions) -> Result<Vec<f64>> {
    let curve = std::sync::Mutex::new(Vec::new());
    let watch = |trace: &language::seq2seq::train::Trace| {
        if let Some(nats) = trace.validation {
            eprintln!("epoch {} loss {:.4} validation {nats:.4}", trace.epoch, trace.nats);
            curve.lock().expect("no panic").push((nats * 1e4).round() / 1e4);
        }
        true
    };
    learner.run(model, &task.train, &task.valid, options, &watch)?;
    Ok(curve.into_inner().expect("no panic"))
}

/// One line of JSON: each output's log-probability, score and text.
fn all(task: &Task, source: &Source, outputs: &[Output]) -> String {
    let told = |output: &Output| {
        let text = task.target.decode_with(&output.tokens, &source.unknown).join(" ");
        json!([output.log_probability, output.score, text])
    };
    format!("{}\n", Value::from(outputs.iter().map(told).collect::<Vec<_>>()))
}

/// A way to write and how well the validation part is written so.
struct Tried {
    bleu: f64,
    exact: f64,
    beam: Beam,
    read_back: f32,
    consensus: bool,
}

fn all_pairs<'a, T, U>(first: &'a [T], second: &'a [U]) -> impl Iterator<Item = (&'a T, &'a U)> {
    first.iter().flat_map(move |one| second.iter().map(move |other| (one, other)))
}

/// The best output of each source, or the one that its outputs agree on, as text. Where all is to be said, of those that say all
/// and nothing else, if there are any.
fn chosen(task: &Task, sources: &[Source], outputs: &[Vec<Output>], by_consensus: bool) -> Vec<String> {
    let whole = |source: &Source, outputs: &[Output]| -> Option<Vec<Output>> {
        let reader = task.reader.as_ref().filter(|_| task.say_all)?;
        let is_whole = |one: &&Output| {
            let (missing, added) = reader.differences(&source.ids, &one.tokens);
            missing.is_empty() && added.is_empty()
        };
        let kept: Vec<Output> = outputs.iter().filter(is_whole).cloned().collect();
        (!kept.is_empty()).then_some(kept)
    };
    let text = |(source, outputs): (&Source, &Vec<Output>)| {
        let kept = whole(source, outputs);
        let outputs = kept.as_deref().unwrap_or(outputs);
        let best = outputs.get(if by_consensus { consensus(outputs) } else { 0 });
        let words = best.map(|output| task.target.decode_with(&output.tokens, &source.unknown));
        words.unwrap_or_default().join(" ")
    };
    sources.iter().zip(outputs).map(text).collect()
}

/// The outputs of each source, best first.
fn write(
    writer: &impl StepModel,
    task: &Task,
    sources: &[Source],
    wanted: &Beam,
    read_back: f32,
    n_threads: usize,
) -> Result<Vec<Vec<Output>>> {
    let mut order: Vec<usize> = (0..sources.len()).collect();
    order.sort_by_key(|&at| sources[at].ids.len());
    let mut written = vec![Vec::new(); sources.len()];
    neural::on_threads(n_threads, || -> std::result::Result<(), language::LanguageError> {
        for part in order.chunks(TOGETHER) {
            let together: Vec<&[u32]> = part.iter().map(|&at| &sources[at].ids[..]).collect();
            let found = match &task.reader {
                Some(reader) if read_back > 0.0 => reader.write(writer, &together, wanted, read_back, task.say_all)?,
                _ => beam(writer, &together, wanted)?,
            };
            part.iter().zip(found).for_each(|(&at, outputs)| written[at] = outputs);
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
        let hidden = |(placeholder, value)| Hidden { placeholder, value, is_name: false };
        *line = Placeholders::new(&names.into_iter().map(hidden).collect::<Vec<_>>())?.fill(line).to_lowercase();
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
