//! Vectors of words on real text: how fast they are learned, how good they are, how well questions are matched with them.
//! Prints one line of JSON per run. Reads the data folder (`TERCET_DATA`, else ../shared/data beside the project).
//!
//! usage: vectors_on_files write zh|en FILE               a corpus of the texts at hand, one sentence a line, segmented
//!        vectors_on_files words FILE [name=value]…       trains on a file of tokens separated by spaces; speed, word
//!                                                        similarity, analogies, and the topics of bench/peers/language/word2vec.py
//!        vectors_on_files matching FILE [name=value]…    trains on a file, matches the questions of LCQMC and STS-B
//!
//! Settings are those of the card `word2vec`, and threads=N, seed=N, output=FILE.

mod evaluate;
mod questions;
mod texts;

use std::error::Error;
use std::time::Instant;

use domain::Settings;
use serde_json::json;
use tercet_language::vectors::{Corpus, TrainOptions, Trained, train, train_on};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["write", language, file] => Ok(std::fs::write(file, texts::corpus(language)?)?),
        ["words", file, ref settings @ ..] => words(file, settings),
        ["matching", file, ref settings @ ..] => questions::run(file, settings),
        _ => {
            Err("usage: vectors_on_files write zh|en FILE | words FILE [name=value]… | matching FILE [name=value]…"
                .into())
        }
    }
}

/// What was asked for on the command line.
struct Asked {
    settings: Settings,
    threads: usize,
    seed: u64,
    output: Option<String>,
}

impl Asked {
    fn new(texts: &[&str], defaults: &[&str]) -> Result<Self> {
        let mut asked = Asked { settings: train::CARD.defaults(), threads: 2, seed: 1, output: None };
        let mut of_card = defaults.to_vec();
        for text in texts {
            match text.split_once('=') {
                Some(("threads", value)) => asked.threads = value.parse()?,
                Some(("seed", value)) => asked.seed = value.parse()?,
                Some(("output", value)) => asked.output = Some(value.to_owned()),
                _ => of_card.push(text),
            }
        }
        asked.settings = train::CARD.settings_from_texts(&of_card)?;
        Ok(asked)
    }

    fn options(&self) -> TrainOptions<'static> {
        TrainOptions { seed: self.seed, n_threads: self.threads, ..TrainOptions::default() }
    }
}

/// Trains on a file of tokens, and says how long the training alone took.
fn trained(file: &str, asked: &Asked) -> Result<(Trained, serde_json::Value)> {
    let text = std::fs::read_to_string(file)?;
    let start = Instant::now();
    let min_count = asked.settings.usize("min_count") as u64;
    let (vocabulary, corpus) =
        Corpus::read(|| text.lines().map(|line| line.split(' ').filter(|word| !word.is_empty())), min_count);
    let vocabulary_s = start.elapsed().as_secs_f64();
    let n_types = vocabulary.len();
    drop(text);
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let trained = train_on(vocabulary, &corpus, &asked.settings, &asked.options())?;
    let (wall, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    if let Some(output) = &asked.output {
        std::fs::write(output, trained.vectors.to_text())?;
    }
    let figures = json!({
        "file": file, "threads": asked.threads, "n_types": n_types, "n_words": trained.n_words,
        "vocabulary_s": vocabulary_s, "wall_s": wall, "cpu_s": cpu,
        "words_per_cpu_second": trained.n_words as f64 / cpu, "words_per_second": trained.n_words as f64 / wall,
        "peak_mb": peak_mb(), "losses": trained.losses,
    });
    Ok((trained, figures))
}

fn words(file: &str, settings: &[&str]) -> Result<()> {
    let asked = Asked::new(settings, &[])?;
    let (trained, mut figures) = trained(file, &asked)?;
    let vectors = &trained.vectors;
    let found = figures.as_object_mut().expect("an object");
    found.insert("settings".into(), json!(asked.settings));
    if let Some(share) = evaluate::same_topic_at10(vectors) {
        found.insert("same_topic_at10".into(), json!(share));
    } else {
        found.insert("similarity".into(), evaluate::all(vectors)?);
    }
    println!("{figures}");
    Ok(())
}

fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
