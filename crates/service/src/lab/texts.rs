//! The lab's run of language cards: sentences, labelled texts and folders of pairs from plain files.

use std::path::Path;
use std::time::Instant;

use data::lab::texts::{Labelled, part_of, read_labelled, read_lines};
use domain::{Card, Settings};
use language::classify::{self, Example, Run};
use language::text::{perceptron, subword};
use language::vectors::{self, TrainOptions};
use language::{opinion, search};
use serde_json::{Map, Value, json};

use super::{LabFailure, LabRequest, answer};
use crate::usage::Usage;

type Progress<'a> = &'a (dyn Fn(f64) -> bool + Sync);

/// Runs a card of the crate `language`.
pub(super) fn run(
    card: &'static Card,
    settings: &Settings,
    request: &LabRequest,
    progress: Progress<'_>,
) -> Result<Value, LabFailure> {
    if request.test.is_some() {
        return Err(LabFailure::OneInput { card: card.name, input: card.input });
    }
    match card.name {
        "sentiment" | "intent" => classified(card, settings, request, progress),
        "aspect_polarity" => aspects(card, settings, request, progress),
        "search" => searched(card, settings, request, progress),
        "seq2seq" => super::pairs::run(card, settings, request, progress),
        _ => on_sentences(card, settings, request, progress),
    }
}

/// What a run over sentences found: figures, and what `--output` holds.
struct Found {
    figures: Map<String, Value>,
    output: Vec<u8>,
}

fn on_sentences(
    card: &'static Card,
    settings: &Settings,
    request: &LabRequest,
    progress: Progress<'_>,
) -> Result<Value, LabFailure> {
    let loading = Instant::now();
    let lines = read_lines(&request.train)?;
    let load_seconds = loading.elapsed().as_secs_f64();
    let before = Usage::now();
    let found = match card.name {
        "word2vec" => word_vectors(&lines, settings, request, progress)?,
        "phrases" => phrases(&lines, settings)?,
        "subword" => subwords(&lines, settings, progress)?,
        "segment_words" => segmenter(&lines, settings, request, progress)?,
        other => unreachable!("the card '{other}' is not of sentences"),
    };
    let fitted = Usage::now().since(&before);
    write(request.output.as_deref(), &found.output)?;
    Ok(answer(card, settings, request, load_seconds, &fitted, found.figures))
}

fn write(path: Option<&Path>, bytes: &[u8]) -> Result<(), LabFailure> {
    let Some(path) = path else { return Ok(()) };
    std::fs::write(path, bytes).map_err(|source| LabFailure::Write { path: path.to_path_buf(), source })
}

fn figures<const N: usize>(pairs: [(&str, Value); N]) -> Map<String, Value> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What a trial reached, and on how many rows.
fn trial_figures(reached: &[(&'static str, f64)], n_train: usize, n_test: usize) -> Map<String, Value> {
    let mut all = figures([("n_train", json!(n_train)), ("n_test", json!(n_test))]);
    all.extend(reached.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
    all
}

/// Vectors in the formats of word2vec: binary where the output's name ends in `.bin`, else text.
fn word_vectors(
    lines: &[String],
    settings: &Settings,
    request: &LabRequest,
    progress: Progress<'_>,
) -> Result<Found, LabFailure> {
    let options = TrainOptions { seed: request.seed, n_threads: request.n_threads, progress };
    let tokens = || lines.iter().map(|line| line.split_whitespace());
    let (vocabulary, corpus) = vectors::Corpus::read(tokens, settings.usize("min_count") as u64);
    let before = Usage::now();
    let trained = vectors::train_on(vocabulary, &corpus, settings, &options)?;
    // As the programs beside which this stands count it: the pass over the vocabulary is not in it.
    let cpu_seconds = Usage::now().since(&before).cpu_seconds;
    let figures = figures([
        ("n_words", json!(trained.vectors.vocabulary().len())),
        ("n_tokens", json!(corpus.n_words)),
        ("train_cpu_seconds", json!(cpu_seconds)),
        ("words_per_cpu_second", json!(trained.n_words as f64 / cpu_seconds.max(1e-9))),
        ("losses", json!(trained.losses)),
    ]);
    let is_binary = |path: &Path| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("bin"));
    let output = match request.output.as_deref() {
        None => Vec::new(),
        Some(path) if is_binary(path) => trained.vectors.to_binary(),
        Some(_) => trained.vectors.to_text().into_bytes(),
    };
    Ok(Found { figures, output })
}

/// The sentences with phrases joined, one a line.
fn phrases(lines: &[String], settings: &Settings) -> Result<Found, LabFailure> {
    let tokens = || lines.iter().map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    let passes = vectors::phrases::learn(tokens, settings)?;
    let mut text = String::new();
    for sentence in tokens() {
        let joined = passes.iter().fold(sentence, |sentence, phrases| phrases.join(&sentence));
        text.push_str(&joined.join(" "));
        text.push('\n');
    }
    let of_all: usize = passes.iter().map(vectors::Phrases::len).sum();
    let best: Vec<(String, f64)> = passes.first().map(vectors::Phrases::list).unwrap_or_default();
    let best: Vec<Value> = best.into_iter().take(20).map(|(phrase, score)| json!([phrase, score])).collect();
    Ok(Found { figures: figures([("n_phrases", json!(of_all)), ("best", json!(best))]), output: text.into_bytes() })
}

/// The pieces of each line, separated by blanks.
fn subwords(lines: &[String], settings: &Settings, progress: Progress<'_>) -> Result<Found, LabFailure> {
    let model = subword::train(lines.iter().map(String::as_str), settings, progress)?;
    let (mut text, mut n_pieces) = (String::new(), 0usize);
    for line in lines {
        let ids = model.encode(line);
        n_pieces += ids.len();
        let shown: Vec<String> = ids.iter().filter_map(|&id| model.shown(id)).collect();
        text.push_str(&shown.join(" "));
        text.push('\n');
    }
    let n_characters: usize = lines.iter().map(|line| line.chars().count()).sum();
    let figures = figures([
        ("n_pieces", json!(model.len())),
        ("characters_per_piece", json!(n_characters as f64 / n_pieces.max(1) as f64)),
    ]);
    Ok(Found { figures, output: text.into_bytes() })
}

/// Learned from lines whose words are separated by blanks, and judged on the last tenth of them.
fn segmenter(
    lines: &[String],
    settings: &Settings,
    request: &LabRequest,
    progress: Progress<'_>,
) -> Result<Found, LabFailure> {
    let n_train = lines.len() - lines.len() / 10;
    let (train, test) = lines.split_at(n_train);
    let model = perceptron::train(train, settings, request.seed, progress)?;
    let (mut n_right, mut n_found, mut n_gold) = (0usize, 0usize, 0usize);
    for line in test {
        let text: String = line.split_whitespace().collect();
        let (found, gold) = (ends(model.segment(&text)), ends(line.split_whitespace().collect()));
        n_right += found.iter().filter(|span| gold.binary_search(span).is_ok()).count();
        (n_found, n_gold) = (n_found + found.len(), n_gold + gold.len());
    }
    let share = |of: usize| n_right as f64 / of.max(1) as f64;
    let figures = figures([
        ("n_train", json!(train.len())),
        ("n_test", json!(test.len())),
        ("precision", json!(share(n_found))),
        ("recall", json!(share(n_gold))),
        ("f1", json!(2.0 * n_right as f64 / (n_found + n_gold).max(1) as f64)),
    ]);
    Ok(Found { figures, output: model.to_bytes() })
}

/// Where each word begins and ends, in bytes of the words together.
fn ends(words: Vec<&str>) -> Vec<(usize, usize)> {
    let mut at = 0;
    let span = |word: &str| {
        let start = at;
        at += word.len();
        (start, at)
    };
    words.into_iter().map(span).collect()
}

/// `train.tsv` and `test.tsv` of a folder; the answers, one a line, in `--output`.
fn classified(
    card: &'static Card,
    settings: &Settings,
    request: &LabRequest,
    progress: Progress<'_>,
) -> Result<Value, LabFailure> {
    let loading = Instant::now();
    let (train, test) = (read_labelled(&request.train, "train")?, read_labelled(&request.train, "test")?);
    let load_seconds = loading.elapsed().as_secs_f64();
    let before = Usage::now();
    let run = Run::new(request.seed, progress);
    let trial =
        neural::on_threads(request.n_threads, || classify::run(&examples(&train), &examples(&test), settings, &run))?;
    let fitted = Usage::now().since(&before);
    if let Some(path) = &request.output {
        let texts: Vec<&str> = test.iter().map(|row| row.1.as_str()).collect();
        let answers = trial.model.predict_all(&texts);
        let line =
            |one: &classify::Prediction| format!("{}\t{:.4}\n", trial.model.classes()[one.class], one.probability);
        write(Some(path), answers.iter().map(line).collect::<String>().as_bytes())?;
    }
    let result = trial_figures(&trial.figures, train.len(), test.len());
    Ok(answer(card, settings, request, load_seconds, &fitted, result))
}

/// `train.txt` and `test.txt` of a folder, three lines each: a sentence with `$T$` where the aspect stood, the aspect, the
/// polarity. The answers, one a line, in `--output`.
fn aspects(
    card: &'static Card,
    settings: &Settings,
    request: &LabRequest,
    progress: Progress<'_>,
) -> Result<Value, LabFailure> {
    let loading = Instant::now();
    let (train, test) = (read_aspects(&request.train, "train.txt")?, read_aspects(&request.train, "test.txt")?);
    let load_seconds = loading.elapsed().as_secs_f64();
    let lexicon = opinion::Lexicon::seed();
    let before = Usage::now();
    let run = Run::new(request.seed, progress);
    let trial = opinion::run(&judged(&train), &judged(&test), &lexicon, None, settings, &run)?;
    let fitted = Usage::now().since(&before);
    let line = |&class: &usize| format!("{}\n", trial.model.classes()[class]);
    write(request.output.as_deref(), trial.answers.iter().map(line).collect::<String>().as_bytes())?;
    let result = trial_figures(&trial.figures, train.len(), test.len());
    Ok(answer(card, settings, request, load_seconds, &fitted, result))
}

fn judged(rows: &[Aspect]) -> Vec<opinion::Judged<'_>> {
    rows.iter().map(Aspect::judged).collect()
}

/// An aspect in its sentence.
struct Aspect {
    text: String,
    start: usize,
    end: usize,
    polarity: String,
}

impl Aspect {
    fn judged(&self) -> opinion::Judged<'_> {
        let mention = opinion::Mention { text: &self.text, start: self.start, end: self.end };
        opinion::Judged { mention, polarity: &self.polarity, domain: 0 }
    }
}

fn read_aspects(folder: &Path, name: &str) -> Result<Vec<Aspect>, LabFailure> {
    let path = part_of(folder, name)?;
    let lines: Vec<String> = read_lines(&path)?.into_iter().filter(|line| !line.trim().is_empty()).collect();
    let wrong = |record: usize, found: &str| data::lab::LabError::Line {
        path: path.clone(),
        line: record * 3 + 1,
        found: found.chars().take(40).collect(),
        allowed: "three lines each: a sentence with $T$, the aspect, the polarity",
    };
    if lines.is_empty() || !lines.len().is_multiple_of(3) {
        return Err(wrong(lines.len() / 3, lines.last().map_or("", String::as_str)).into());
    }
    let record = |(at, lines): (usize, &[String])| -> Result<Aspect, LabFailure> {
        let (before, after) = lines[0].split_once("$T$").ok_or_else(|| wrong(at, &lines[0]))?;
        let aspect = lines[1].trim();
        Ok(Aspect {
            text: format!("{before}{aspect}{after}"),
            start: before.len(),
            end: before.len() + aspect.len(),
            polarity: lines[2].trim().to_owned(),
        })
    };
    lines.chunks(3).enumerate().map(record).collect()
}

/// `documents.tsv` (id, a tab, a text) and `queries.tsv` (the id that answers, a tab, a query) of a folder: how often the
/// document stands first, and among the first five. The first five of each query in `--output`.
fn searched(
    card: &'static Card,
    settings: &Settings,
    request: &LabRequest,
    progress: Progress<'_>,
) -> Result<Value, LabFailure> {
    let loading = Instant::now();
    let documents = read_labelled(&request.train, "documents")?;
    let queries = read_labelled(&request.train, "queries")?;
    let load_seconds = loading.elapsed().as_secs_f64();
    let put = documents.iter().map(|(id, text)| search::Entry::new(id, "", text)).collect();
    let before = Usage::now();
    let mut index = search::Index::new()?;
    index.apply(&search::Changes { put, remove: Vec::new() }, None, progress)?;
    let fitted = Usage::now().since(&before);
    let snapshot = index.snapshot();
    let settled = search::Settled::new(settings);
    let (mut seconds, mut lists) = (Vec::new(), Vec::new());
    for (_, query) in &queries {
        let started = Instant::now();
        let asked = search::Request { limit: 5, with_snippets: false, ..search::Request::new(query) };
        let found = snapshot.search(&asked, &settled)?;
        seconds.push(started.elapsed().as_secs_f64());
        lists.push(found.hits.into_iter().map(|hit| hit.entry.id).collect::<Vec<_>>());
    }
    let hits = |k: usize| {
        let n = queries.iter().zip(&lists).filter(|((id, _), list)| list.iter().take(k).any(|found| found == id));
        n.count() as f64 / queries.len().max(1) as f64
    };
    seconds.sort_by(f64::total_cmp);
    let at = |share: f64| seconds[((seconds.len() - 1) as f64 * share) as usize] * 1e3;
    let result = figures([
        ("n_documents", json!(documents.len())),
        ("n_queries", json!(queries.len())),
        ("index_bytes", json!(index.to_bytes().len())),
        ("hit@1", json!(hits(1))),
        ("hit@5", json!(hits(5))),
        ("query_ms_p50", json!(at(0.5))),
        ("query_ms_p99", json!(at(0.99))),
    ]);
    let lines: String = lists.iter().map(|list| list.join("\t") + "\n").collect();
    write(request.output.as_deref(), lines.as_bytes())?;
    Ok(answer(card, settings, request, load_seconds, &fitted, result))
}

fn examples(rows: &[Labelled]) -> Vec<Example<'_>> {
    rows.iter().map(|(label, text)| Example { label, text }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(card: &str, input: &Path, set: &[&str]) -> LabRequest {
        LabRequest { set: set.iter().map(|&text| text.to_owned()).collect(), ..LabRequest::new(card, input) }
    }

    fn run(request: &LabRequest) -> Result<Value, LabFailure> {
        super::super::run(request, &|_| true)
    }

    #[test]
    fn sentences_become_vectors_in_the_format_of_word2vec() {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("sentences.txt");
        let line = |at: usize| {
            if at.is_multiple_of(2) { "手机 屏幕 电池 清楚\n" } else { "米饭 面条 牛肉 好吃\n" }
        };
        std::fs::write(&input, (0..400).map(line).collect::<String>()).unwrap();
        let output = folder.path().join("vectors.txt");
        let asked = LabRequest {
            output: Some(output.clone()),
            ..request("word2vec", &input, &["dim=8", "epochs=3", "sample=0"])
        };
        let answer = run(&asked).unwrap();
        assert_eq!(answer["result"]["n_words"], 8);
        assert!(answer["result"]["words_per_cpu_second"].as_f64().unwrap() > 0.0);
        let text = std::fs::read_to_string(output).unwrap();
        assert!(text.starts_with("8 8\n"), "{text}");
        assert_eq!(text.lines().count(), 9);
        let binary = folder.path().join("vectors.bin");
        run(&LabRequest { output: Some(binary.clone()), ..asked }).unwrap();
        let bytes = std::fs::read(binary).unwrap();
        // Behind the first line a word, a space, eight numbers of four bytes and a line feed each.
        let words: usize = text.lines().skip(1).map(|line| line.split(' ').next().unwrap().len()).sum();
        assert_eq!(bytes.len(), 4 + words + 8 * (1 + 8 * 4 + 1));
        let read = vectors::WordVectors::from_binary(&bytes).unwrap();
        assert_eq!(read, vectors::WordVectors::from_text(&text).unwrap());
    }

    #[test]
    fn reviews_are_judged_and_faults_are_said() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("train.tsv", &"1\t屏幕清楚,很满意\n0\t电池太差,退货\n".repeat(20));
        assert!(run(&request("sentiment", folder.path(), &[])).unwrap_err().to_string().contains("test.tsv"));
        write("test.tsv", "1\t很清楚\n0\t太差\n");
        let answer = run(&request("sentiment", folder.path(), &[])).unwrap();
        assert_eq!(answer["result"]["accuracy"], 1.0, "{answer}");
        write("train.txt", &"$T$ 很 清楚\n屏幕\nPositive\n$T$ 太 差\n电池\nNegative\n".repeat(10));
        write("test.txt", "$T$ 很 清楚\n画面\nPositive\n$T$ 太 差\n声音\nNegative\n");
        assert_eq!(run(&request("aspect_polarity", folder.path(), &[])).unwrap()["result"]["accuracy"], 1.0);
        write("test.txt", "很 清楚\n画面\nPositive\n");
        assert!(run(&request("aspect_polarity", folder.path(), &[])).unwrap_err().to_string().contains("$T$"));
        write("documents.tsv", "a\t电池可以用两天\nb\t屏幕亮度可以调节\n");
        write("queries.tsv", "b\t怎么调节亮度\na\t电池\n");
        assert_eq!(run(&request("search", folder.path(), &[])).unwrap()["result"]["hit@1"], 1.0);
        let both = LabRequest { test: Some(folder.path().to_path_buf()), ..request("sentiment", folder.path(), &[]) };
        assert!(run(&both).unwrap_err().to_string().contains("lab run"));
    }
}
