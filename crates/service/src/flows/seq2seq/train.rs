//! Learning to write from a shop's pairs, from pairs to a model in service. It may take hours: what was reached is kept
//! every so often, so that a stop, a crash or a kill costs little and changes nothing of the result.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

use data::Shop;
use domain::Settings;
use language::seq2seq::checkpoint::{Kept, learner_from_bytes, learner_to_bytes, model_to_bytes};
use language::seq2seq::decode::{Beam, Limits, Rules, StepModel, UNKNOWN, beam};
use language::seq2seq::metrics::{Tokenisation, bleu, exact_match};
use language::seq2seq::model::{CARD, Recurrent, Shape, Writer};
use language::seq2seq::read_back::{Pair, ReadBack, Reader};
use language::seq2seq::train::{Ended, Learner, Network, Pairs, Trace, TrainOptions};
use language::seq2seq::transformer::{Transformer, TransformerShape, Writing};
use language::seq2seq::units::{learn as learn_words, spelled};
use language::seq2seq::vocabulary::Vocabulary;
use neural::{Builder, Compute, Params, Precision};
use serde_json::json;

use super::curve::Curve;
use super::pairs::{self, Origin, Prepared, UNITS_MAX};
use super::{
    Begun, CHECKPOINT, CURVE, INFO, LEARNING, Live, MODEL, PAIRS, READER, Rejected, Seq2SeqInfo, Words, begun,
    checked_name, damaged, info, kind_of,
};
use crate::error::{Result, ServiceError};
use crate::flows::Progress;
use crate::{clock, random};

const VERSIONS_KEPT: usize = 5;
/// A unit that occurs less often is spelled in characters.
const MIN_COUNT: usize = 2;
const WORDS_MAX: usize = 20_000;
/// Pairs written for to say how good a model is.
const JUDGED_MAX: usize = 200;
/// Sources written for together.
const TOGETHER: usize = 32;
/// The part of all work that learning is; the rest is judging.
const LEARNING_SHARE: f64 = 0.95;

/// How often what was reached is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum KeepEvery {
    /// At least; seldomer where keeping itself takes long.
    Seconds(f64),
    Steps(u64),
}

impl KeepEvery {
    /// Whether it is time, so long and so many steps after it was done last, which took `cost`.
    pub(crate) fn is_due(self, since: Duration, cost: Duration, n_steps: u64) -> bool {
        match self {
            // A fiftieth of the time at most.
            KeepEvery::Seconds(seconds) => since.as_secs_f64() >= seconds.max(50.0 * cost.as_secs_f64()),
            KeepEvery::Steps(every) => n_steps >= every,
        }
    }
}

/// What to learn, and how.
#[derive(Clone, Debug)]
pub struct Seq2SeqRequest {
    pub name: String,
    /// See [`Origin::named`]; not told when going on.
    pub pairs: Option<String>,
    /// Parameters of the card, `name=value`; what is not set suits the number of pairs.
    pub set: Vec<String>,
    pub seed: Option<u64>,
    pub n_threads: usize,
    /// Go on with what was stopped.
    pub resume: bool,
    /// Begin anew even if something was stopped, which is then lost.
    pub restart: bool,
    pub keep_every: KeepEvery,
}

impl Seq2SeqRequest {
    pub fn new(name: &str) -> Self {
        Seq2SeqRequest {
            name: name.to_owned(),
            pairs: None,
            set: Vec::new(),
            seed: None,
            n_threads: 1,
            resume: false,
            restart: false,
            keep_every: KeepEvery::Seconds(30.0),
        }
    }

    /// # Errors
    /// If a part is out of range, or does not go together with another.
    pub fn checked(self) -> Result<Self> {
        checked_name(&self.name)?;
        if self.resume {
            let told =
                [("pairs", self.pairs.is_some()), ("settings", !self.set.is_empty()), ("seed", self.seed.is_some())];
            if let Some((what, _)) = told.iter().find(|(_, is_told)| *is_told) {
                let message = format!("resume goes on with what learning began with; found: {what} as well");
                return Err(ServiceError::usage("resume", message)
                    .help("leave it out, or begin anew: restart instead of resume"));
            }
            if self.restart {
                return Err(ServiceError::usage("resume", "resume and restart; allowed: one of them"));
            }
            return Ok(self);
        }
        let pairs = self.pairs.as_deref().ok_or_else(|| {
            ServiceError::usage("pairs", "nothing is said of the pairs to learn from")
                .help("allowed: titles, descriptions, questions, or a file in the shop's folder")
        })?;
        Origin::named(pairs)?;
        within_limits(&CARD.settings_from_texts(&self.set)?)?;
        Ok(self)
    }
}

/// A shop's server is no place for the largest models of the card.
fn within_limits(settings: &Settings) -> Result<()> {
    let limits = [
        ("dim_embedding", 2048),
        ("dim_hidden", 2048),
        ("layers", 8),
        ("batch", 1024),
        ("epochs", 10_000),
        ("beam", 16),
        ("models", 1),
    ];
    for (name, most) in limits {
        let found = settings.int(name);
        if found > most {
            let message = format!("{name} is {found}; allowed in a shop: at most {most}");
            return Err(ServiceError::usage("settings", message).help("larger ones: tercet lab run seq2seq"));
        }
    }
    // A shop's facts are several units each, of which single ones cannot be left out.
    if settings.bool("said_only") {
        let message = "said_only is set; allowed: sources of which every word is a fact, in the lab";
        return Err(ServiceError::usage("settings", message).help("tercet lab run seq2seq takes it"));
    }
    Ok(())
}

/// Parameters that suit the number of pairs, where nothing else is asked for: small sets neither need nor bear large models.
fn suitable(n_pairs: usize, set: &[String]) -> Result<Settings> {
    let usual: &[&str] = match n_pairs {
        0..2_000 => &["dim_embedding=96", "dim_hidden=128", "epochs=60", "batch=32", "learning_rate=0.002"],
        2_000..20_000 => &["dim_embedding=128", "dim_hidden=256", "epochs=30"],
        _ => &[],
    };
    let is_set = |text: &str| set.iter().any(|other| other.split('=').next() == text.split('=').next());
    let usual = usual.iter().filter(|text| !is_set(text)).map(|text| (*text).to_owned());
    let settings = CARD.settings_from_texts(&usual.chain(set.iter().cloned()).collect::<Vec<_>>())?;
    within_limits(&settings)?;
    Ok(settings)
}

fn go_on(progress: Progress<'_>, share: f64, message: &str) -> Result<()> {
    match progress(share, message) {
        true => Ok(()),
        false => Err(cancelled()),
    }
}

fn cancelled() -> ServiceError {
    ServiceError::conflict("cancelled", "stopped; what was learned is kept, and can go on")
}

/// Learns, and puts the model into service. When `progress` says stop, what was learned is kept and an error of the code
/// `cancelled` comes back; with `resume` it goes on, and the result is the same bit for bit as without the stop.
///
/// # Errors
/// If a part of the request is out of range, the pairs are too few, something else was stopped and not gone on with, or
/// learning diverges.
pub async fn train(shop: &Shop, request: Seq2SeqRequest, progress: Progress<'_>) -> Result<Seq2SeqInfo> {
    let request = request.checked()?;
    shop.lock_for_writing()?;
    let live = Live::begin(shop, &request.name)?;
    go_on(progress, 0.0, "reading pairs")?;
    let name = &request.name;
    let mut before = begun(shop, name)?;
    if let Some(done) = published(shop, name, before.as_ref())? {
        if request.resume {
            return Ok(done);
        }
        before = None;
    }
    let (prepared, begun, checkpoint) = match (request.resume, before) {
        (true, Some(begun)) => {
            let kept = |file: &str| {
                let bytes = shop.models().kept(&kind_of(name), file)?;
                bytes.ok_or_else(|| damaged(name, file, &"it is missing"))
            };
            let prepared = serde_json::from_slice(&kept(PAIRS)?).map_err(|error| damaged(name, PAIRS, &error))?;
            (prepared, begun, Some(kept(CHECKPOINT)?))
        }
        (true, None) => {
            let message = format!("nothing was stopped under the name '{name}'");
            return Err(
                ServiceError::conflict("resume", message).help("begin: tercet train seq2seq --name NAME --pairs …")
            );
        }
        (false, Some(_)) if !request.restart => {
            let message = format!("learning '{name}' was stopped before its end");
            return Err(ServiceError::conflict("paused", message)
                .help("go on with --resume (\"resume\": true), or lose it with --restart (\"restart\": true)"));
        }
        (false, _) => {
            let pairs = request.pairs.clone().unwrap_or_default();
            let seed = request.seed.unwrap_or(1);
            let prepared = pairs::prepare(shop, &Origin::named(&pairs)?, seed).await?;
            let settings = suitable(prepared.train.len(), &request.set)?;
            let set = settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let n_pairs = prepared.train.len();
            (prepared, Begun { run: random::token(8)?, pairs, set, seed, n_pairs, n_parameters: 0 }, None)
        }
    };
    tokio::task::block_in_place(|| {
        let settings = CARD.settings_from_texts(&begun.set)?;
        let task = Task::new(&prepared, settings.bool("copy"))?;
        let options = TrainOptions::new(&settings, begun.seed, request.n_threads)?;
        let run = Run { shop, request: &request, begun, prepared: &prepared, task, settings, options, live, progress };
        if run.settings.text("cell") == "transformer" {
            run.of(checkpoint, |builder, settings, n, m| {
                Ok(Transformer::new(builder, &TransformerShape::new(settings, n, m)?)?)
            })
        } else {
            run.of(checkpoint, |builder, settings, n, m| Ok(Recurrent::new(builder, Shape::new(settings, n, m)?)?))
        }
    })
}

/// If the process died between publishing a model and forgetting how it was learned, all is done but that.
fn published(shop: &Shop, name: &str, begun: Option<&Begun>) -> Result<Option<Seq2SeqInfo>> {
    let Some(begun) = begun else { return Ok(None) };
    let done = info(shop, name)?.filter(|info| info.run == begun.run);
    if done.is_some() {
        forget(shop, name)?;
    }
    Ok(done)
}

/// What learning began with goes first: without it the rest means nothing.
fn forget(shop: &Shop, name: &str) -> Result<()> {
    for file in [LEARNING, CHECKPOINT, CURVE, PAIRS] {
        shop.models().forget(&kind_of(name), file)?;
    }
    Ok(())
}

/// Pairs as numbers.
struct Task {
    source: Vocabulary,
    target: Vocabulary,
    is_shared: bool,
    train: Pairs,
    valid: Pairs,
    test: Vec<Vec<u32>>,
    /// As units, set off by spaces.
    expected: Vec<String>,
}

impl Task {
    fn new(prepared: &Prepared, is_shared: bool) -> Result<Task> {
        let sources = prepared.train.iter().map(|pair| pair.0.as_str());
        let targets = prepared.train.iter().map(|pair| pair.1.as_str());
        // Copying needs the same number for the same unit on both sides.
        let (source, target) = match is_shared {
            true => {
                let words = learn_words(sources.chain(targets), MIN_COUNT, WORDS_MAX);
                (words.clone(), words)
            }
            false => (learn_words(sources, MIN_COUNT, WORDS_MAX), learn_words(targets, MIN_COUNT, WORDS_MAX)),
        };
        let pairs = |part: &[(String, String)]| {
            let sources = part.iter().map(|pair| encoded(&pair.0, &source)).collect();
            Pairs::new(sources, part.iter().map(|pair| encoded(&pair.1, &target)).collect())
        };
        let judged = &prepared.test[..prepared.test.len().min(JUDGED_MAX)];
        let (train, valid) = (pairs(&prepared.train)?, pairs(&prepared.valid)?);
        Ok(Task {
            train,
            valid,
            test: judged.iter().map(|pair| encoded(&pair.0, &source)).collect(),
            expected: judged.iter().map(|pair| spelled(&target, &pair.1).join(" ")).collect(),
            source,
            target,
            is_shared,
        })
    }
}

fn encoded(text: &str, words: &Vocabulary) -> Vec<u32> {
    let mut ids = words.encode(&spelled(words, text));
    // Spelling a few rare words may make a text longer than it was.
    ids.truncate(2 * UNITS_MAX);
    ids
}

/// A model that can be learned, kept, and written with.
trait Writes: Kept + Network {
    fn written(&self, params: &Params, write: &mut dyn FnMut(&dyn Best) -> Result<()>) -> Result<()>;
}

/// The best outputs for sources.
trait Best: Sync {
    fn best(&self, sources: &[&[u32]], wanted: &Beam, reader: Option<&Reader>) -> Result<Vec<Vec<u32>>>;
}

struct ByBeam<W>(W);

impl<W: StepModel> Best for ByBeam<W> {
    fn best(&self, sources: &[&[u32]], wanted: &Beam, reader: Option<&Reader>) -> Result<Vec<Vec<u32>>> {
        let outputs = match reader {
            Some(reader) => reader.write(&self.0, sources, wanted)?,
            None => beam(&self.0, sources, wanted)?,
        };
        Ok(outputs.into_iter().map(|mut all| if all.is_empty() { Vec::new() } else { all.remove(0).tokens }).collect())
    }
}

impl Writes for Recurrent {
    fn written(&self, params: &Params, write: &mut dyn FnMut(&dyn Best) -> Result<()>) -> Result<()> {
        write(&ByBeam(Writer::new(self, params, Compute::new(Precision::F32))))
    }
}

impl Writes for Transformer {
    fn written(&self, params: &Params, write: &mut dyn FnMut(&dyn Best) -> Result<()>) -> Result<()> {
        write(&ByBeam(Writing::new(self, params, Compute::new(Precision::F32))))
    }
}

struct Run<'a> {
    shop: &'a Shop,
    request: &'a Seq2SeqRequest,
    begun: Begun,
    prepared: &'a Prepared,
    task: Task,
    settings: Settings,
    options: TrainOptions,
    live: Live,
    progress: Progress<'a>,
}

impl Run<'_> {
    fn of<M: Writes>(
        mut self,
        checkpoint: Option<Vec<u8>>,
        make: impl FnOnce(&mut Builder, &Settings, usize, usize) -> Result<M>,
    ) -> Result<Seq2SeqInfo> {
        let name = &self.request.name;
        let (model, mut learner) = match checkpoint {
            Some(bytes) => {
                let wrong = |error: language::LanguageError| damaged(name, CHECKPOINT, &error);
                let (model, learner, more) = learner_from_bytes::<M>(&bytes, &self.options).map_err(wrong)?;
                let curve: Curve = serde_json::from_value(more).map_err(|error| damaged(name, CHECKPOINT, &error))?;
                *self.live.curve.lock().expect("no holder panics") = curve;
                (model, learner)
            }
            None => {
                let mut builder = Builder::fresh(self.begun.seed);
                let model = make(&mut builder, &self.settings, self.task.source.len(), self.task.target.len())?;
                let params = builder.finish();
                self.begun.n_parameters = params.n_values();
                let learner = Learner::new(params, &self.options);
                self.begin(&model, &learner)?;
                (model, learner)
            }
        };
        let ended = self.learn(&model, &mut learner)?;
        self.publish(&model, &learner, ended)
    }

    /// From here on a kill finds something to go on with.
    fn begin<M: Kept>(&self, model: &M, learner: &Learner) -> Result<()> {
        let (kind, models) = (kind_of(&self.request.name), self.shop.models());
        models.forget(&kind, LEARNING)?;
        models.keep(&kind, PAIRS, &serde_json::to_vec(self.prepared)?)?;
        self.keep(model, learner)?;
        Ok(models.keep(&kind, LEARNING, &serde_json::to_vec(&self.begun)?)?)
    }

    fn keep<M: Kept>(&self, model: &M, learner: &Learner) -> Result<()> {
        let (kind, models) = (kind_of(&self.request.name), self.shop.models());
        let curve = self.live.curve.lock().expect("no holder panics").clone();
        let bytes = learner_to_bytes(model, learner, &self.options, serde_json::to_value(&curve)?);
        models.keep(&kind, CHECKPOINT, &bytes)?;
        Ok(models.keep(&kind, CURVE, &serde_json::to_vec(&curve)?)?)
    }

    fn learn<M: Writes>(&self, model: &M, learner: &mut Learner) -> Result<Ended> {
        let mut cost = Duration::ZERO;
        loop {
            let (is_cancelled, started) = (AtomicBool::new(false), Instant::now());
            let (before, first) = {
                let curve = self.live.curve.lock().expect("no holder panics");
                (curve.seconds, curve.step)
            };
            let watch = |trace: &Trace| {
                let mut curve = self.live.curve.lock().expect("no holder panics");
                curve.add(trace, before + started.elapsed().as_secs_f64(), clock::now().0);
                let message = self.message(trace, &curve);
                drop(curve);
                if !(self.progress)(LEARNING_SHARE * trace.done, &message) {
                    is_cancelled.store(true, SeqCst);
                    return false;
                }
                !self.request.keep_every.is_due(started.elapsed(), cost, trace.step - first)
            };
            let ended = learner.run(model, &self.task.train, &self.task.valid, &self.options, &watch)?;
            let keeping = Instant::now();
            self.keep(model, learner)?;
            cost = keeping.elapsed();
            match ended {
                Ended::Stopped if is_cancelled.load(SeqCst) => return Err(cancelled()),
                Ended::Stopped => {}
                ended => return Ok(ended),
            }
        }
    }

    fn message(&self, trace: &Trace, curve: &Curve) -> String {
        let left = curve.seconds_left().unwrap_or(0.0).round() as u64;
        let left = format!("{}:{:02}:{:02}", left / 3600, left / 60 % 60, left % 60);
        let loss = curve.last().0.unwrap_or(trace.nats);
        let speed = curve.tokens_per_second().unwrap_or(0.0);
        let (epoch, epochs) = (trace.epoch + 1, self.options.epochs);
        format!("round {epoch} of {epochs}, loss {loss:.3}, {speed:.0} words a second, at most {left} left")
    }

    fn publish<M: Writes>(&self, model: &M, learner: &Learner, ended: Ended) -> Result<Seq2SeqInfo> {
        let reader = self.reader()?;
        let written = self.written(model, learner, reader.as_ref())?;
        let references: Vec<Vec<&str>> = self.task.expected.iter().map(|text| vec![text.as_str()]).collect();
        let curve = self.live.curve.lock().expect("no holder panics").clone();
        let bad = &self.prepared.bad;
        let rejected = bad.told.iter().map(|bad| Rejected { line: bad.line, reason: bad.reason.clone() });
        let cell = self.settings.text("cell").to_owned();
        let mut info = Seq2SeqInfo {
            name: self.request.name.clone(),
            version: String::new(),
            trained_at: clock::now().0,
            seconds: curve.seconds,
            seed: self.begun.seed,
            pairs: self.begun.pairs.clone(),
            attention: (cell != "transformer").then(|| self.settings.text("attention").to_owned()),
            cell,
            settings: self.settings.iter().map(|(name, value)| (name.to_owned(), value.to_string())).collect(),
            n_parameters: learner.params.n_values(),
            n_read: self.prepared.n_read,
            n_pairs: self.prepared.train.len(),
            n_valid: self.prepared.valid.len(),
            n_test: self.task.expected.len(),
            n_rejected: bad.n,
            rejected: rejected.collect(),
            n_source_words: self.task.source.len(),
            n_target_words: self.task.target.len(),
            steps: learner.adam.step(),
            epochs: learner.epoch,
            best_epoch: learner.best.as_ref().map(|best| best.epoch + 1),
            ended: if ended == Ended::NoBetter { "no_better" } else { "all_epochs" }.to_owned(),
            valid_loss: learner.best.as_ref().map(|best| best.nats),
            bleu: bleu(&written, &references, Tokenisation::Spaces)?.score,
            exact: exact_match(&written, &self.task.expected),
            tokens_per_second: learner.n_targets as f64 / curve.seconds.max(1e-9),
            curve: curve.points,
            run: self.begun.run.clone(),
        };
        let words = Words {
            source: self.task.source.to_text(),
            target: (!self.task.is_shared).then(|| self.task.target.to_text()),
        };
        let mut files = BTreeMap::from([
            (MODEL.to_owned(), model_to_bytes(model, learner.result(), json!(words))),
            (INFO.to_owned(), serde_json::to_vec(&info)?),
        ]);
        if let Some(reader) = &reader {
            files.insert(READER.to_owned(), reader.to_bytes());
        }
        let (kind, models) = (kind_of(&self.request.name), self.shop.models());
        info.version = models.publish(&kind, &files)?;
        models.activate(&kind, &info.version)?;
        models.prune(&kind, VERSIONS_KEPT)?;
        forget(self.shop, &self.request.name)?;
        (self.progress)(1.0, "in service");
        Ok(info)
    }

    /// What orders outputs, if that is asked for. It takes seconds, and is the same from the same pairs.
    fn reader(&self) -> Result<Option<Reader>> {
        let weight = self.settings.float("read_back") as f32;
        if weight <= 0.0 {
            return Ok(None);
        }
        let (source, target, seed) = (&self.task.source, &self.task.target, self.begun.seed);
        let pair = |(from, to): &(String, String)| (encoded(from, source), encoded(to, target));
        let pairs: Vec<Pair> = self.prepared.train.iter().map(pair).collect();
        let same = |id: u32| Some(target.id(source.word(id))).filter(|&id| id != UNKNOWN);
        let read_back = neural::on_threads(self.options.n_threads, || ReadBack::learn(&pairs, &same, seed))?;
        Ok(Some(Reader { read_back, weight, say_all: self.settings.bool("say_all") }))
    }

    /// What is written for the sources to judge by, as units set off by spaces.
    fn written<M: Writes>(&self, model: &M, learner: &Learner, reader: Option<&Reader>) -> Result<Vec<String>> {
        let test = &self.task.test;
        let limits = Limits { min: 0, max: UNITS_MAX, max_per_source_word: 0.0 };
        let rules = Rules { no_unknown: true, no_repeat: self.settings.usize("no_repeat"), ..Rules::default() };
        let wanted = Beam { width: self.settings.usize("beam"), limits, rules, ..Beam::default() };
        let mut order: Vec<usize> = (0..test.len()).collect();
        // Like lengths together waste least.
        order.sort_by_key(|&at| test[at].len());
        let mut written = vec![String::new(); test.len()];
        model.written(learner.result(), &mut |writer| {
            for (part, n_done) in order.chunks(TOGETHER).zip((0..).step_by(TOGETHER)) {
                let share = n_done as f64 / test.len().max(1) as f64;
                go_on(self.progress, LEARNING_SHARE + (1.0 - LEARNING_SHARE) * share, "judging what it writes")?;
                let sources: Vec<&[u32]> = part.iter().map(|&at| &test[at][..]).collect();
                let outputs = neural::on_threads(self.options.n_threads, || writer.best(&sources, &wanted, reader))?;
                for (&at, tokens) in part.iter().zip(outputs) {
                    written[at] = self.task.target.decode(&tokens).join(" ");
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
    fn requests_are_checked_before_anything_runs() {
        type Change = fn(&mut Seq2SeqRequest);
        let of = |change: Change| {
            let mut request = Seq2SeqRequest { pairs: Some("titles".to_owned()), ..Seq2SeqRequest::new("a") };
            change(&mut request);
            request.checked().map(|_| ()).map_err(|error| error.message)
        };
        assert_eq!(of(|_| {}), Ok(()));
        assert_eq!(of(|r| r.set = vec!["read_back=1".to_owned(), "say_all=true".to_owned()]), Ok(()));
        let refused: [(Change, &str); 10] = [
            (|r| r.name = "Über".to_owned(), "small letters"),
            (|r| r.name = "current".to_owned(), "small letters"),
            (|r| r.pairs = None, "pairs"),
            (|r| r.pairs = Some("../x.csv".to_owned()), "allowed: titles"),
            (|r| r.set = vec!["dim_hidden=8000".to_owned()], "at most 2048"),
            (|r| r.set = vec!["colour=red".to_owned()], "colour"),
            (|r| r.set = vec!["models=2".to_owned()], "at most 1"),
            (|r| r.set = vec!["said_only=true".to_owned()], "every word is a fact"),
            (|r| r.resume = true, "pairs as well"),
            (|r| (r.resume, r.restart, r.pairs) = (true, true, None), "one of them"),
        ];
        for (change, said) in refused {
            let error = of(change).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
        let small = suitable(100, &["dim_hidden=64".to_owned()]).unwrap();
        assert_eq!((small.usize("dim_hidden"), small.usize("dim_embedding")), (64, 96));
        assert_eq!(suitable(100_000, &[]).unwrap().usize("dim_hidden"), 512);
    }
}
