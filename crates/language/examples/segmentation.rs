//! Chinese segmentation on SIGHAN 2005 (PKU, MSR): F1 against the gold words, and megabytes a CPU second, one JSON line
//! for each way to cut. The peer is `bench/peers/language/segmentation.py`, which reads the same files.
//!
//!     cargo run --release -p tercet-language --example segmentation [-- REPEATS [MODEL]]
//!
//! Data: `$TERCET_DATA/text`, else `../shared/data/text` beside the workspace. The learned segmenter is trained on
//! People's Daily of January 1998, without the lines of which a sentence occurs in a test set; MODEL is where its bytes
//! are kept.

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use tercet_language::text::{Mode, PerceptronSegmenter, Tokeniser, perceptron};

/// Bytes and characters of a word, in their line.
type Words = Vec<(usize, usize)>;

struct Test {
    name: &'static str,
    lines: Vec<String>,
    gold: Vec<Words>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let n_repeats: usize = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let model = arguments.next().map(PathBuf::from);
    let data = data();
    if !data.join("cws_sighan2005").exists() {
        println!("skipped: no data at {}", data.display());
        return Ok(());
    }
    let tests = [test(&data, "pku")?, test(&data, "msr")?];
    let before = cpu_seconds();
    let tokeniser = Tokeniser::default();
    println!(
        "{}",
        serde_json::json!({"who": "tercet", "what": "load dictionary", "cpu_seconds": round(cpu_seconds() - before)})
    );
    let segmenter = learned(&data, &tests, model.as_deref())?;
    for test in &tests {
        for (who, mode) in [("plain", Mode::Plain), ("exact", Mode::Exact), ("search", Mode::Search)] {
            let tokeniser = tokeniser.clone().mode(mode);
            report(who, test, n_repeats, |line| {
                tokeniser.tokenise(line).into_iter().map(|token| (token.range.start, token.range.end)).collect()
            });
        }
        report("perceptron", test, n_repeats, |line| {
            let mut words = Words::new();
            segmenter.each(line, |range| words.push((range.start, range.end)));
            words
        });
    }
    Ok(())
}

/// Trains the segmenter, or reads what an earlier run kept.
fn learned(
    data: &Path,
    tests: &[Test],
    model: Option<&Path>,
) -> Result<PerceptronSegmenter, Box<dyn std::error::Error>> {
    if let Some(path) = model.filter(|path| path.exists()) {
        return Ok(PerceptronSegmenter::from_bytes(&std::fs::read(path)?)?);
    }
    let in_test: HashSet<String> =
        tests.iter().flat_map(|test| test.lines.iter().flat_map(|line| long_sentences(line))).collect();
    let mut lines = Vec::new();
    let mut n_left_out = 0;
    for line in gz(&data.join("cws_peoples_daily_199801/199801.txt.gz"))?.lines() {
        let words: Vec<&str> = line.split_whitespace().map(word).filter(|word| !word.is_empty()).collect();
        if long_sentences(&words.concat()).any(|sentence| in_test.contains(&sentence)) {
            n_left_out += 1;
        } else if !words.is_empty() {
            lines.push(words.join(" "));
        }
    }
    let before = cpu_seconds();
    let segmenter = perceptron::train(&lines, &perceptron::CARD.defaults(), 1, &|_| true)?;
    let bytes = segmenter.to_bytes();
    let figures = serde_json::json!({
        "who": "tercet", "what": "train perceptron", "n_lines": lines.len(), "n_left_out": n_left_out,
        "cpu_seconds": round(cpu_seconds() - before), "bytes": bytes.len(),
    });
    println!("{figures}");
    if let Some(path) = model {
        std::fs::write(path, bytes)?;
    }
    Ok(segmenter)
}

/// The word of `word/tag`, where `[` opens a compound and `]tag` closes it.
fn word(token: &str) -> &str {
    token.rsplit_once('/').map_or("", |(word, _)| word.trim_start_matches('['))
}

/// Sentences long enough not to be the same by chance.
fn long_sentences(line: &str) -> impl Iterator<Item = String> {
    line.split(['。', '！', '？']).filter(|sentence| sentence.chars().count() >= 8).map(str::to_owned)
}

fn test(data: &Path, name: &'static str) -> Result<Test, Box<dyn std::error::Error>> {
    let mut test = Test { name, lines: Vec::new(), gold: Vec::new() };
    for line in gz(&data.join(format!("cws_sighan2005/{name}_test_gold.utf8.gz")))?.lines() {
        let mut at = 0;
        let spans = line.split_whitespace().map(|word| {
            at += word.len();
            (at - word.len(), at)
        });
        test.gold.push(spans.collect());
        test.lines.push(line.split_whitespace().collect());
    }
    Ok(test)
}

fn report(who: &str, test: &Test, n_repeats: usize, mut cut: impl FnMut(&str) -> Words) {
    let (mut n_right, mut n_found, mut n_gold) = (0, 0, 0);
    for (line, gold) in test.lines.iter().zip(&test.gold) {
        let found: HashSet<(usize, usize)> = cut(line).into_iter().collect();
        n_right += gold.iter().filter(|word| found.contains(word)).count();
        n_found += found.len();
        n_gold += gold.len();
    }
    let before = cpu_seconds();
    let mut n_words = 0;
    for _ in 0..n_repeats {
        n_words += test.lines.iter().map(|line| cut(line).len()).sum::<usize>();
    }
    let seconds = cpu_seconds() - before;
    let bytes = n_repeats * test.lines.iter().map(String::len).sum::<usize>();
    let (precision, recall) = (n_right as f64 / n_found as f64, n_right as f64 / n_gold as f64);
    let figures = serde_json::json!({
        "who": format!("tercet {who}"), "test": test.name, "precision": round(precision), "recall": round(recall),
        "f1": round(2.0 * precision * recall / (precision + recall)), "n_words": n_words / n_repeats.max(1),
        "cpu_seconds": round(seconds), "bytes": bytes, "mb_per_cpu_second": round(bytes as f64 / 1e6 / seconds.max(1e-9)),
    });
    println!("{figures}");
}

fn gz(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(std::fs::File::open(path)?).read_to_string(&mut text)?;
    Ok(text)
}

fn data() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    std::env::var_os("TERCET_DATA").map_or_else(beside, PathBuf::from).join("text")
}

/// Of this process, from its start.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|nanoseconds| nanoseconds.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1e9
}

fn round(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}
