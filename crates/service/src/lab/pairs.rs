//! The lab's run of `seq2seq`: a folder of tokenised sentences, sources and targets line by line, learned from, written for
//! the test sources, and scored.

use std::path::Path;
use std::time::Instant;

use data::lab::texts::{part_of, read_lines};
use domain::{Card, Settings};
use language::seq2seq::decode::{Beam, Limits, StepModel, beam};
use language::seq2seq::metrics::{Tokenisation, bleu, exact_match};
use language::seq2seq::model::{Recurrent, Shape, Writer};
use language::seq2seq::train::{Ended, Learner, Network, Pairs, TrainOptions};
use language::seq2seq::transformer::{Transformer, TransformerShape, Writing};
use language::seq2seq::vocabulary::Vocabulary;
use neural::{Builder, Compute, Params, Precision};
use serde_json::{Map, Value, json};

use super::{LabFailure, LabRequest, answer};
use crate::usage::Usage;

/// Test sources written together.
const TOGETHER: usize = 32;
/// Words of an output at most.
const WORDS_MAX: usize = 100;

/// What the folder holds, as numbers.
struct Task {
    source: Vocabulary,
    target: Vocabulary,
    train: Pairs,
    valid: Pairs,
    test: Vec<Vec<u32>>,
    /// As written, for scoring.
    expected: Vec<String>,
}

pub(super) fn run(
    card: &'static Card,
    settings: &Settings,
    request: &LabRequest,
    progress: &(dyn Fn(f64) -> bool + Sync),
) -> Result<Value, LabFailure> {
    let loading = Instant::now();
    let task = read(&request.train, settings.bool("copy"))?;
    let load_seconds = loading.elapsed().as_secs_f64();
    let options = TrainOptions::new(settings, request.seed, request.n_threads)?;
    let (n_source, n_target) = (task.source.len(), task.target.len());
    let mut builder = Builder::fresh(request.seed);
    let asked = Asked { task: &task, settings, options: &options, progress };
    let compute = Compute::new(Precision::F32);
    let (fitted, mut result, written) = if settings.text("cell") == "transformer" {
        let model = Transformer::new(&mut builder, &TransformerShape::new(settings, n_source, n_target)?)?;
        let learned = asked.learn(&model, builder.finish())?;
        let written = asked.write(&Writing::new(&model, learned.learner.result(), compute))?;
        (learned.fitted, learned.figures, written)
    } else {
        let model = Recurrent::new(&mut builder, Shape::new(settings, n_source, n_target)?)?;
        let learned = asked.learn(&model, builder.finish())?;
        let written = asked.write(&Writer::new(&model, learned.learner.result(), compute))?;
        (learned.fitted, learned.figures, written)
    };
    if let Some(path) = &request.output {
        let text: String = written.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(path, text).map_err(|source| LabFailure::Write { path: path.clone(), source })?;
    }
    let references: Vec<Vec<String>> = task.expected.iter().map(|line| vec![line.clone()]).collect();
    result.insert("bleu".to_owned(), json!(bleu(&written, &references, Tokenisation::Spaces)?.score));
    result.insert("exact".to_owned(), json!(exact_match(&written, &task.expected)));
    result.insert("n_source_words".to_owned(), json!(n_source));
    result.insert("n_target_words".to_owned(), json!(n_target));
    Ok(answer(card, settings, request, load_seconds, &fitted, result))
}

fn read(folder: &Path, shared: bool) -> Result<Task, LabFailure> {
    let part = |name: &str| -> Result<Vec<String>, LabFailure> { Ok(read_lines(&part_of(folder, name)?)?) };
    let [train, valid, test] = ["train", "valid", "test"].map(|name| {
        let (sources, targets) = (part(&format!("{name}.src"))?, part(&format!("{name}.tgt"))?);
        if sources.len() != targets.len() {
            let found = format!("{name}.src has {} lines and {name}.tgt {}", sources.len(), targets.len());
            return Err(LabFailure::Output(format!("{}: {found}; allowed: as many", folder.display())));
        }
        Ok((sources, targets))
    });
    let (train, valid, test) = (train?, valid?, test?);
    let learned = |sides: &[&Vec<String>]| {
        let lines = sides.iter().flat_map(|lines| lines.iter());
        Vocabulary::learn(lines.map(|line| line.split_whitespace()), 1, 0)
    };
    // Copying needs the same number for the same word on both sides.
    let (source, target) = match shared {
        true => (learned(&[&train.0, &train.1]), learned(&[&train.0, &train.1])),
        false => (learned(&[&train.0]), learned(&[&train.1])),
    };
    let encoded = |lines: &[String], words: &Vocabulary| -> Vec<Vec<u32>> {
        lines.iter().map(|line| words.encode(&line.split_whitespace().collect::<Vec<_>>())).collect()
    };
    let pairs = |(sources, targets): &(Vec<String>, Vec<String>)| {
        Pairs::new(encoded(sources, &source), encoded(targets, &target))
    };
    let (train, valid, encoded_test) = (pairs(&train)?, pairs(&valid)?, encoded(&test.0, &source));
    Ok(Task { train, valid, test: encoded_test, expected: test.1, source, target })
}

/// What a run needs.
struct Asked<'a> {
    task: &'a Task,
    settings: &'a Settings,
    options: &'a TrainOptions,
    progress: &'a (dyn Fn(f64) -> bool + Sync),
}

/// What was learned.
struct Learned {
    learner: Learner,
    fitted: Usage,
    figures: Map<String, Value>,
}

impl Asked<'_> {
    fn learn(&self, model: &impl Network, params: Params) -> Result<Learned, LabFailure> {
        let n_params = params.n_values();
        let before = Usage::now();
        let mut learner = Learner::new(params, self.options);
        let curve = std::sync::Mutex::new(Vec::new());
        let watch = |trace: &language::seq2seq::train::Trace| {
            if let Some(nats) = trace.validation {
                curve.lock().expect("no holder panics").push(nats);
            }
            (self.progress)(trace.done)
        };
        let ended = learner.run(model, &self.task.train, &self.task.valid, self.options, &watch)?;
        if ended == Ended::Stopped {
            return Err(language::LanguageError::Cancelled.into());
        }
        let fitted = Usage::now().since(&before);
        let mut figures = Map::new();
        let mut put = |name: &str, value: Value| figures.insert(name.to_owned(), value);
        put("n_parameters", json!(n_params));
        put("tokens_per_second", json!(learner.n_targets as f64 / fitted.wall_seconds.max(1e-9)));
        put("epochs", json!(learner.epoch));
        put("valid_nats", json!(curve.into_inner().expect("no holder panics")));
        Ok(Learned { learner, fitted, figures })
    }

    /// The best output of each test source.
    fn write(&self, writer: &impl StepModel) -> Result<Vec<String>, LabFailure> {
        let limits = Limits { min: 0, max: WORDS_MAX, max_per_source_word: 0.0 };
        let wanted = Beam {
            width: self.settings.usize("beam"),
            length_penalty: self.settings.float("length_penalty") as f32,
            consensus: self.settings.text("pick") == "consensus",
            limits,
            ..Beam::default()
        };
        let test = &self.task.test;
        let mut order: Vec<usize> = (0..test.len()).collect();
        // Like lengths together waste least.
        order.sort_by_key(|&at| test[at].len());
        let mut written = vec![String::new(); test.len()];
        neural::on_threads(self.options.n_threads, || -> Result<(), language::LanguageError> {
            for part in order.chunks(TOGETHER) {
                let sources: Vec<&[u32]> = part.iter().map(|&at| &test[at][..]).collect();
                for (&at, outputs) in part.iter().zip(beam(writer, &sources, &wanted)?) {
                    let best = outputs.first().map(|output| self.task.target.decode(&output.tokens).join(" "));
                    written[at] = best.unwrap_or_default();
                }
            }
            Ok(())
        })?;
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_learned_and_written() {
        let folder = tempfile::tempdir().unwrap();
        let line = |at: usize, side: usize| match side {
            0 => format!("w{} w{}\n", at % 5, (at / 5) % 5),
            _ => format!("w{} w{}\n", (at / 5) % 5, at % 5),
        };
        let write = |name: &str, side: usize, n: usize| {
            std::fs::write(folder.path().join(name), (0..n).map(|at| line(at, side)).collect::<String>()).unwrap();
        };
        for part in ["train", "valid", "test"] {
            write(&format!("{part}.src"), 0, 25);
            write(&format!("{part}.tgt"), 1, 25);
        }
        for cell in ["gru", "transformer"] {
            let set = ["dim_embedding=16", "dim_hidden=32", "epochs=120", "batch=25", "learning_rate=0.01", "beam=2"];
            let set = set.iter().map(|&text| text.to_owned()).chain([format!("cell={cell}")]).collect();
            let request = LabRequest { set, ..LabRequest::new("seq2seq", folder.path()) };
            let answer = super::super::run(&request, &|_| true).unwrap();
            assert_eq!(answer["result"]["exact"], 1.0, "{cell}: {answer}");
        }
        write("test.tgt", 1, 24);
        let error = super::super::run(&LabRequest::new("seq2seq", folder.path()), &|_| true).unwrap_err();
        assert!(error.to_string().contains("test.tgt 24"), "{error}");
    }
}
