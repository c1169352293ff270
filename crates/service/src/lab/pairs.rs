//! The lab's run of `seq2seq`: a folder of tokenised sentences, sources and targets line by line, learned from, written for
//! the test sources, and scored.

use std::path::Path;
use std::time::Instant;

use data::lab::texts::{part_of, read_lines};
use domain::{Card, Settings};
use language::seq2seq::decode::{Beam, Ensemble, Limits, Output, Rules, StepModel, UNKNOWN, beam, consensus};
use language::seq2seq::metrics::{Tokenisation, bleu, exact_match};
use language::seq2seq::model::{Recurrent, Shape, Writer};
use language::seq2seq::read_back::{Pair, ReadBack, cut_to_said};
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
    /// If sources are to be read back from outputs.
    reader: Option<ReadBack>,
}

pub(super) fn run(
    card: &'static Card,
    settings: &Settings,
    request: &LabRequest,
    progress: &(dyn Fn(f64) -> bool + Sync),
) -> Result<Value, LabFailure> {
    let loading = Instant::now();
    let task = read(request, settings)?;
    let load_seconds = loading.elapsed().as_secs_f64();
    let (n_source, n_target) = (task.source.len(), task.target.len());
    let asked = Asked { task: &task, settings, request, progress };
    let compute = Compute::new(Precision::F32);
    let (fitted, mut result, written) = if settings.text("cell") == "transformer" {
        let shape = TransformerShape::new(settings, n_source, n_target)?;
        let (models, learned) = asked.learn(|builder| Transformer::new(builder, &shape))?;
        let each = models.iter().zip(&learned.params);
        let written = asked.write(each.map(|(model, params)| Writing::new(model, params, compute)).collect())?;
        (learned.fitted, learned.figures, written)
    } else {
        let shape = Shape::new(settings, n_source, n_target)?;
        let (models, learned) = asked.learn(|builder| Recurrent::new(builder, shape.clone()))?;
        let each = models.iter().zip(&learned.params);
        let written = asked.write(each.map(|(model, params)| Writer::new(model, params, compute)).collect())?;
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

fn read(request: &LabRequest, settings: &Settings) -> Result<Task, LabFailure> {
    let (folder, shared): (&Path, bool) = (&request.train, settings.bool("copy"));
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
    let encoded = |line: &str, words: &Vocabulary| words.encode(&line.split_whitespace().collect::<Vec<_>>());
    let pairs = |(sources, targets): &(Vec<String>, Vec<String>)| -> Vec<Pair> {
        let each = sources.iter().zip(targets);
        each.map(|(from, to)| (encoded(from, &source), encoded(to, &target))).collect()
    };
    let (mut train, valid) = (pairs(&train), pairs(&valid));
    let encoded_test = test.0.iter().map(|line| encoded(line, &source)).collect();
    let same = |id: u32| Some(target.id(source.word(id))).filter(|&id| id != UNKNOWN);
    if settings.bool("said_only") {
        train = cut_to_said(&train, &same, request.seed)?;
    }
    let is_read = settings.float("read_back") > 0.0;
    let reader = if is_read { Some(ReadBack::learn(&train, &same, request.seed)?) } else { None };
    let (train, valid) = (as_pairs(train)?, as_pairs(valid)?);
    Ok(Task { train, valid, test: encoded_test, expected: test.1, source, target, reader })
}

fn as_pairs(pairs: Vec<Pair>) -> Result<Pairs, LabFailure> {
    let (sources, targets) = pairs.into_iter().unzip();
    Ok(Pairs::new(sources, targets)?)
}

/// What a run needs.
struct Asked<'a> {
    task: &'a Task,
    settings: &'a Settings,
    request: &'a LabRequest,
    progress: &'a (dyn Fn(f64) -> bool + Sync),
}

/// What was learned.
struct Learned {
    /// Of each model.
    params: Vec<Params>,
    fitted: Usage,
    figures: Map<String, Value>,
}

impl Asked<'_> {
    /// One model for each seed.
    fn learn<N: Network>(
        &self,
        make: impl Fn(&mut Builder) -> Result<N, language::LanguageError>,
    ) -> Result<(Vec<N>, Learned), LabFailure> {
        let n_models = self.settings.usize("models");
        let before = Usage::now();
        let (mut models, mut params, mut curve, mut epochs, mut n_targets) = (Vec::new(), Vec::new(), Vec::new(), 0, 0);
        for at in 0..n_models {
            let seed = self.request.seed.wrapping_add(at as u64);
            let mut builder = Builder::fresh(seed);
            let model = make(&mut builder)?;
            let mut learner =
                Learner::new(builder.finish(), &TrainOptions::new(self.settings, seed, self.request.n_threads)?);
            curve.push(self.learn_one(&model, &mut learner, seed, (at as f64, n_models as f64))?);
            epochs = epochs.max(learner.epoch);
            n_targets += learner.n_targets;
            models.push(model);
            params.push(learner.result().clone());
        }
        let fitted = Usage::now().since(&before);
        let mut figures = Map::new();
        let mut put = |name: &str, value: Value| figures.insert(name.to_owned(), value);
        put("n_parameters", json!(params.iter().map(Params::n_values).sum::<usize>()));
        put("tokens_per_second", json!(n_targets as f64 / fitted.wall_seconds.max(1e-9)));
        put("epochs", json!(epochs));
        put("valid_nats", json!(curve.first()));
        Ok((models, Learned { params, fitted, figures }))
    }

    /// Gives the validation losses. `part` says which of how many models this is.
    fn learn_one(
        &self,
        model: &impl Network,
        learner: &mut Learner,
        seed: u64,
        part: (f64, f64),
    ) -> Result<Vec<f64>, LabFailure> {
        let options = TrainOptions::new(self.settings, seed, self.request.n_threads)?;
        let curve = std::sync::Mutex::new(Vec::new());
        let watch = |trace: &language::seq2seq::train::Trace| {
            if let Some(nats) = trace.validation {
                curve.lock().expect("no holder panics").push(nats);
            }
            (self.progress)((part.0 + trace.done) / part.1)
        };
        let ended = learner.run(model, &self.task.train, &self.task.valid, &options, &watch)?;
        if ended == Ended::Stopped {
            return Err(language::LanguageError::Cancelled.into());
        }
        Ok(curve.into_inner().expect("no holder panics"))
    }

    /// The best output of each test source.
    fn write<W: StepModel>(&self, writers: Vec<W>) -> Result<Vec<String>, LabFailure> {
        let writer = Ensemble::new(writers);
        let limits = Limits { min: 0, max: WORDS_MAX, max_per_source_word: 0.0 };
        let (is_agreed, read_back) =
            (self.settings.text("pick") == "consensus", self.settings.float("read_back") as f32);
        let width = self.settings.usize("beam");
        let wanted = Beam {
            width,
            n_best: if is_agreed { width } else { 1 },
            length_penalty: self.settings.float("length_penalty") as f32,
            limits,
            rules: Rules { no_repeat: self.settings.usize("no_repeat"), ..Rules::default() },
            ..Beam::default()
        };
        let test = &self.task.test;
        let mut order: Vec<usize> = (0..test.len()).collect();
        // Like lengths together waste least.
        order.sort_by_key(|&at| test[at].len());
        let mut written = vec![String::new(); test.len()];
        neural::on_threads(self.request.n_threads, || -> Result<(), language::LanguageError> {
            for part in order.chunks(TOGETHER) {
                let sources: Vec<&[u32]> = part.iter().map(|&at| &test[at][..]).collect();
                let found = match &self.task.reader {
                    Some(reader) => {
                        reader.write(&writer, &sources, &wanted, read_back, self.settings.bool("say_all"))?
                    }
                    None => beam(&writer, &sources, &wanted)?,
                };
                for (&at, outputs) in part.iter().zip(found) {
                    let best = outputs.get(if is_agreed { consensus(&outputs) } else { 0 });
                    let words = |output: &Output| self.task.target.decode(&output.tokens).join(" ");
                    written[at] = best.map(words).unwrap_or_default();
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
        // Several models, which read back what they wrote.
        let set = ["dim_embedding=16", "dim_hidden=32", "epochs=120", "batch=25", "learning_rate=0.01", "models=2"];
        let set = set.iter().chain(&["said_only=true", "read_back=0.5", "say_all=true", "pick=consensus"]);
        let set = set.map(|&text| text.to_owned()).collect();
        let request = LabRequest { set, ..LabRequest::new("seq2seq", folder.path()) };
        let answer = super::super::run(&request, &|_| true).unwrap();
        assert_eq!(answer["result"]["exact"], 1.0, "{answer}");
        // Learned to say one word three times, it says it once where nothing may occur twice.
        for part in ["train", "valid", "test"] {
            let lines = |line: fn(usize) -> String| (0..25).map(|at| line(at % 5)).collect::<String>();
            let path = |side: &str| folder.path().join(format!("{part}.{side}"));
            std::fs::write(path("src"), lines(|at| format!("w{at}\n"))).unwrap();
            std::fs::write(path("tgt"), lines(|at| format!("w{at} w{at} w{at}\n"))).unwrap();
        }
        let output = folder.path().join("written.txt");
        for (no_repeat, n_times) in [(0, 3), (1, 1), (3, 3)] {
            let set = ["dim_embedding=16", "dim_hidden=32", "epochs=120", "batch=25", "learning_rate=0.01", "beam=2"];
            let set = set.iter().map(|&text| text.to_owned()).chain([format!("no_repeat={no_repeat}")]).collect();
            let request = LabRequest { set, output: Some(output.clone()), ..LabRequest::new("seq2seq", folder.path()) };
            super::super::run(&request, &|_| true).unwrap();
            let text = std::fs::read_to_string(&output).unwrap();
            assert_eq!(text.lines().next().unwrap().matches("w0").count(), n_times, "{no_repeat}: {text}");
        }
        write("train.tgt", 1, 25);
        write("test.tgt", 1, 24);
        let error = super::super::run(&LabRequest::new("seq2seq", folder.path()), &|_| true).unwrap_err();
        assert!(error.to_string().contains("test.tgt 24"), "{error}");
    }
}
