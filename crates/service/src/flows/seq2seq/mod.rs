//! Models of a shop that write: learned from its pairs of texts, kept under a name with their versions as `models/seq2seq/
//! <name>/`, and used to write. Learning under way is kept beside the versions, so that it can be stopped, or killed, and
//! goes on as if nothing had been.

pub mod curve;
pub mod pairs;
mod train;
mod write;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};

use data::Shop;
use language::seq2seq::checkpoint::model_from_bytes;
use language::seq2seq::model::Recurrent;
use language::seq2seq::read_back::Reader;
use language::seq2seq::transformer::Transformer;
use language::seq2seq::vocabulary::Vocabulary;
use neural::Params;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::curve::{Curve, CurvePoint};
use crate::error::{Result, ServiceError, clipped};

pub use self::train::{KeepEvery, Seq2SeqRequest, train};
pub use self::write::{BEAM_MAX, N_MAX, NO_REPEAT_MAX, TEXT_CHARS_MAX, WriteRequest, Written, WrittenItem, write};

/// The kind of model under `models/`.
pub const KIND: &str = "seq2seq";
/// What stands beside the versions while learning is not done.
const LEARNING: &str = "learning.json";
const PAIRS: &str = "pairs.json";
const CHECKPOINT: &str = "checkpoint.safetensors";
const CURVE: &str = "curve.json";
/// Files of a version.
const MODEL: &str = "model.safetensors";
const INFO: &str = "seq2seq.json";
/// Only of models that read back what they found.
const READER: &str = "reader.safetensors";

fn kind_of(name: &str) -> String {
    format!("{KIND}/{name}")
}

/// A name that a model may have.
///
/// # Errors
/// If it is none.
pub fn checked_name(name: &str) -> Result<&str> {
    match data::is_model_name(name) {
        true => Ok(name),
        false => Err(ServiceError::usage(
            "name",
            format!("name is '{}'; allowed: 1 to 40 small letters, digits, - and _, a letter first", clipped(name)),
        )),
    }
}

/// What is known of a model: `seq2seq.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Seq2SeqInfo {
    pub name: String,
    /// Filled in by readers: it is known only once published.
    #[serde(default)]
    pub version: String,
    /// UTC milliseconds.
    pub trained_at: i64,
    /// Spent learning, pauses left out.
    pub seconds: f64,
    pub seed: u64,
    /// `titles`, `descriptions`, `questions` or a path in the shop's folder.
    pub pairs: String,
    /// `gru`, `lstm` or `transformer`.
    pub cell: String,
    /// Absent for a transformer, which has its own.
    pub attention: Option<String>,
    /// All parameters of the card, as texts.
    #[schema(value_type = Object)]
    pub settings: std::collections::BTreeMap<String, String>,
    pub n_parameters: usize,
    /// Pairs read, those learned from, those held out while learning and those to judge by.
    pub n_read: usize,
    pub n_pairs: usize,
    pub n_valid: usize,
    pub n_test: usize,
    pub n_rejected: usize,
    pub rejected: Vec<Rejected>,
    pub n_source_words: usize,
    pub n_target_words: usize,
    pub steps: u64,
    /// Rounds begun, and the one after which validation was best.
    pub epochs: u64,
    pub best_epoch: Option<u64>,
    /// `all_epochs` or `no_better`.
    pub ended: String,
    /// Nats of a unit over pairs held out while learning.
    pub valid_loss: Option<f64>,
    /// Of what it writes for the pairs to judge by: 0 to 100, and the share that is as expected to the letter.
    pub bleu: f64,
    pub exact: f64,
    pub tokens_per_second: f64,
    pub curve: Vec<CurvePoint>,
    /// Which learning it comes from.
    pub run: String,
}

impl Seq2SeqInfo {
    /// Whether a reader orders what is found, and stands beside the model.
    fn reads_back(&self) -> bool {
        self.settings.get("read_back").and_then(|text| text.parse::<f64>().ok()).is_some_and(|weight| weight > 0.0)
    }
}

/// A row of a file that was set aside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = RejectedRow)]
pub struct Rejected {
    pub line: u64,
    pub reason: String,
}

/// What learning began with: `learning.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Begun {
    pub run: String,
    pub pairs: String,
    /// Every parameter, `name=value`.
    pub set: Vec<String>,
    pub seed: u64,
    pub n_pairs: usize,
    pub n_parameters: usize,
}

/// A model, or one that is being learned, or both.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Seq2SeqItem {
    pub name: String,
    /// `ready`, `training`, `paused` or `damaged`.
    pub state: String,
    /// Which file is damaged, and what to do.
    pub problem: Option<String>,
    /// The version in service, with what is known of it; absent before the first is.
    pub version: Option<String>,
    pub trained_at: Option<i64>,
    pub cell: String,
    pub attention: Option<String>,
    pub pairs: String,
    pub n_pairs: usize,
    pub n_parameters: usize,
    pub bleu: Option<f64>,
    pub exact: Option<f64>,
    pub valid_loss: Option<f64>,
    pub n_rejected: usize,
    pub rejected: Vec<Rejected>,
    /// Versions kept, oldest first.
    pub versions: Vec<String>,
    pub learning: Option<LearningView>,
}

/// How far learning is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LearningView {
    /// 0 to 1, of all rounds; it may end earlier.
    pub done: f64,
    pub step: u64,
    pub loss: Option<f64>,
    pub valid_loss: Option<f64>,
    pub tokens_per_second: Option<f64>,
    /// While it is under way.
    pub seconds_left: Option<f64>,
    /// Spent learning so far.
    pub seconds: f64,
}

/// How learning went, or goes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CurveView {
    pub name: String,
    pub state: String,
    pub points: Vec<CurvePoint>,
    pub done: f64,
    pub seconds_left: Option<f64>,
}

/// Learning in this process, by the shop's folder and the model's name.
type Key = (PathBuf, String);
static LIVE: LazyLock<Mutex<HashMap<Key, Arc<Mutex<Curve>>>>> = LazyLock::new(Mutex::default);

/// Says that a model is being learned here, until dropped.
pub(crate) struct Live {
    key: Key,
    pub curve: Arc<Mutex<Curve>>,
}

impl Live {
    fn begin(shop: &Shop, name: &str) -> Result<Live> {
        let key = (shop.root().to_path_buf(), name.to_owned());
        let mut all = LIVE.lock().expect("no holder panics");
        if all.contains_key(&key) {
            let message = format!("'{name}' is being learned already");
            return Err(ServiceError::conflict("learning", message).help("wait for it, stop it, or take another name"));
        }
        let curve = Arc::<Mutex<Curve>>::default();
        all.insert(key.clone(), curve.clone());
        Ok(Live { key, curve })
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        LIVE.lock().expect("no holder panics").remove(&self.key);
    }
}

fn live(shop: &Shop, name: &str) -> Option<Curve> {
    let all = LIVE.lock().expect("no holder panics");
    let curve = all.get(&(shop.root().to_path_buf(), name.to_owned()))?.clone();
    drop(all);
    let curve = curve.lock().expect("no holder panics");
    Some(curve.clone())
}

fn begun(shop: &Shop, name: &str) -> Result<Option<Begun>> {
    let kept = shop.models().kept(&kind_of(name), LEARNING)?;
    kept.map(|bytes| serde_json::from_slice(&bytes).map_err(|error| damaged(name, LEARNING, &error))).transpose()
}

fn damaged(name: &str, file: &str, error: &dyn std::fmt::Display) -> ServiceError {
    ServiceError::failed(format!("models/{KIND}/{name}/{file}: {error}"))
        .help(format!("begin anew: tercet train seq2seq --name {name} --restart"))
}

/// The version in service of a model, if it has one.
fn info(shop: &Shop, name: &str) -> Result<Option<Seq2SeqInfo>> {
    let (kind, models) = (kind_of(name), shop.models());
    let Some(version) = models.current(&kind)? else { return Ok(None) };
    let read: std::result::Result<Seq2SeqInfo, _> = serde_json::from_slice(&models.read(&kind, &version, INFO)?);
    let mut info = read.map_err(|error| damaged(name, INFO, &error))?;
    info.version = version;
    Ok(Some(info))
}

fn state_of(is_live: bool, begun: Option<&Begun>) -> &'static str {
    match (is_live, begun) {
        (true, _) => "training",
        (false, Some(_)) => "paused",
        (false, None) => "ready",
    }
}

/// All models by name, with those being learned. One whose description is damaged is among them, with its problem.
///
/// # Errors
/// If the folder of models cannot be read.
pub fn list(shop: &Shop) -> Result<Vec<Seq2SeqItem>> {
    let mut items = Vec::new();
    for name in shop.models().names(KIND)? {
        match listed(shop, &name) {
            Ok(found) => items.extend(found),
            Err(error) => {
                let (state, problem) = ("damaged".to_owned(), Some(error.to_string()));
                items.push(Seq2SeqItem { name, state, problem, ..Seq2SeqItem::default() });
            }
        }
    }
    Ok(items)
}

fn listed(shop: &Shop, name: &str) -> Result<Option<Seq2SeqItem>> {
    let (info, live, begun) = (info(shop, name)?, live(shop, name), begun(shop, name)?);
    if info.is_none() && live.is_none() && begun.is_none() {
        return Ok(None);
    }
    item(shop, name.to_owned(), info, live, begun).map(Some)
}

fn kept_curve(shop: &Shop, name: &str) -> Result<Curve> {
    let kept = shop.models().kept(&kind_of(name), CURVE)?;
    // It is only for the eye: what counts is in the checkpoint.
    Ok(kept.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
}

fn item(
    shop: &Shop,
    name: String,
    info: Option<Seq2SeqInfo>,
    live: Option<Curve>,
    begun: Option<Begun>,
) -> Result<Seq2SeqItem> {
    let state = state_of(live.is_some(), begun.as_ref());
    let learning = match (state, &live) {
        ("ready", _) => None,
        (_, Some(curve)) => Some(learning_view(curve, true)),
        (_, None) => Some(learning_view(&kept_curve(shop, &name)?, false)),
    };
    let of_learning = |wanted: &str| {
        let set = begun.iter().flat_map(|begun| begun.set.iter());
        set.filter_map(|text| text.split_once('=')).find(|(name, _)| *name == wanted).map(|(_, value)| value.to_owned())
    };
    let cell = info.as_ref().map(|info| info.cell.clone()).or_else(|| of_learning("cell")).unwrap_or_default();
    let attention = match &info {
        Some(info) => info.attention.clone(),
        None => of_learning("attention").filter(|_| cell != "transformer"),
    };
    let of_begun = |of: fn(&Begun) -> usize| begun.as_ref().map_or(0, of);
    Ok(Seq2SeqItem {
        versions: shop.models().versions(&kind_of(&name))?,
        problem: None,
        state: state.to_owned(),
        version: info.as_ref().map(|info| info.version.clone()),
        trained_at: info.as_ref().map(|info| info.trained_at),
        cell,
        attention,
        pairs: info
            .as_ref()
            .map(|info| info.pairs.clone())
            .or_else(|| begun.as_ref().map(|begun| begun.pairs.clone()))
            .unwrap_or_default(),
        n_pairs: info.as_ref().map_or_else(|| of_begun(|begun| begun.n_pairs), |info| info.n_pairs),
        n_parameters: info.as_ref().map_or_else(|| of_begun(|begun| begun.n_parameters), |info| info.n_parameters),
        bleu: info.as_ref().map(|info| info.bleu),
        exact: info.as_ref().map(|info| info.exact),
        valid_loss: info.as_ref().and_then(|info| info.valid_loss),
        n_rejected: info.as_ref().map_or(0, |info| info.n_rejected),
        rejected: info.map(|info| info.rejected).unwrap_or_default(),
        name,
        learning,
    })
}

fn learning_view(curve: &Curve, is_live: bool) -> LearningView {
    let (loss, valid_loss) = curve.last();
    LearningView {
        done: curve.done,
        step: curve.step,
        loss,
        valid_loss,
        tokens_per_second: curve.tokens_per_second(),
        seconds_left: is_live.then(|| curve.seconds_left()).flatten(),
        seconds: curve.seconds,
    }
}

/// How a model's learning goes, or went: that under way before that of the version in service.
///
/// # Errors
/// If there is no such model.
pub fn curve(shop: &Shop, name: &str) -> Result<CurveView> {
    checked_name(name)?;
    let (live, begun) = (live(shop, name), begun(shop, name)?);
    let state = state_of(live.is_some(), begun.as_ref()).to_owned();
    let name = name.to_owned();
    if let Some(curve) = live {
        let seconds_left = curve.seconds_left();
        return Ok(CurveView { name, state, points: curve.points, done: curve.done, seconds_left });
    }
    if begun.is_some() {
        let curve = kept_curve(shop, &name)?;
        return Ok(CurveView { name, state, points: curve.points, done: curve.done, seconds_left: None });
    }
    let info = info(shop, &name)?.ok_or_else(|| unknown(&name))?;
    Ok(CurveView { name, state, points: info.curve, done: 1.0, seconds_left: None })
}

fn unknown(name: &str) -> ServiceError {
    ServiceError::not_found("model that writes", name).help("tercet seq2seq list, or GET /v1/seq2seq, names them")
}

/// Removes a model with all its versions, and what was being learned.
///
/// # Errors
/// If there is no such model, or it is being learned now.
pub fn remove(shop: &Shop, name: &str) -> Result<()> {
    checked_name(name)?;
    if live(shop, name).is_some() {
        let message = format!("'{name}' is being learned now");
        return Err(ServiceError::conflict("learning", message).help("stop it first: cancel its job"));
    }
    if !shop.models().names(KIND)?.iter().any(|known| known == name) {
        return Err(unknown(name));
    }
    shop.models().remove(&kind_of(name))?;
    LOADED.lock().expect("no holder panics").retain(|kept| kept.key != (shop.root().to_path_buf(), name.to_owned()));
    Ok(())
}

/// A model with its numbers.
pub(crate) enum Net {
    Recurrent(Box<Recurrent>, Params),
    Transformer(Box<Transformer>, Params),
}

/// What is kept in a model's file beside its numbers.
#[derive(Serialize, Deserialize)]
pub(crate) struct Words {
    /// Units, one a line.
    pub source: String,
    /// Absent if they are those of the source.
    pub target: Option<String>,
}

/// A model made ready to write.
pub(crate) struct Loaded {
    key: Key,
    pub info: Seq2SeqInfo,
    pub net: Net,
    pub source: Vocabulary,
    pub target: Vocabulary,
    pub reader: Option<Reader>,
}

/// The models used last, the latest at the end; more than these few would fill the memory.
static LOADED: LazyLock<Mutex<Vec<Arc<Loaded>>>> = LazyLock::new(Mutex::default);
const LOADED_MAX: usize = 4;

/// The version in service, read when it is first asked for.
pub(crate) fn loaded(shop: &Shop, name: &str) -> Result<Arc<Loaded>> {
    checked_name(name)?;
    let info = info(shop, name)?.ok_or_else(|| match begun(shop, name) {
        Ok(Some(_)) => ServiceError::conflict("learning", format!("'{name}' has not been learned to its end yet"))
            .help("let it go on, then ask again"),
        _ => unknown(name),
    })?;
    let key = (shop.root().to_path_buf(), name.to_owned());
    let mut all = LOADED.lock().expect("no holder panics");
    if let Some(at) = all.iter().position(|kept| kept.key == key) {
        let kept = all.remove(at);
        if kept.info.version == info.version {
            all.push(kept.clone());
            return Ok(kept);
        }
    }
    drop(all);
    let bytes = shop.models().read(&kind_of(name), &info.version, MODEL)?;
    let (net, words) = net_of(&info.cell, &bytes).map_err(|error| damaged(name, MODEL, &error))?;
    let words: Words = serde_json::from_value(words).map_err(|error| damaged(name, MODEL, &error))?;
    let read = |text: &str| Vocabulary::from_text(text).map_err(|error| damaged(name, MODEL, &error));
    let source = read(&words.source)?;
    let target = words.target.as_deref().map_or_else(|| Ok(source.clone()), read)?;
    let sizes = match &net {
        Net::Recurrent(model, _) => (model.shape().n_source_words, model.shape().n_target_words),
        Net::Transformer(model, _) => (model.shape.n_source, model.shape.n_target),
    };
    if sizes != (source.len(), target.len()) {
        let found = format!("{sizes:?} words, and {} and {} in its vocabulary", source.len(), target.len());
        return Err(damaged(name, MODEL, &found));
    }
    let reader = match info.reads_back() {
        true => {
            let bytes = shop.models().read(&kind_of(name), &info.version, READER)?;
            let read = Reader::from_bytes(&bytes, source.len(), target.len());
            Some(read.map_err(|error| damaged(name, READER, &error))?)
        }
        false => None,
    };
    let ready = Arc::new(Loaded { key, info, net, source, target, reader });
    let mut all = LOADED.lock().expect("no holder panics");
    all.push(ready.clone());
    if all.len() > LOADED_MAX {
        all.remove(0);
    }
    Ok(ready)
}

fn net_of(cell: &str, bytes: &[u8]) -> std::result::Result<(Net, serde_json::Value), language::LanguageError> {
    if cell == "transformer" {
        let (model, params, more) = model_from_bytes::<Transformer>(bytes)?;
        return Ok((Net::Transformer(Box::new(model), params), more));
    }
    let (model, params, more) = model_from_bytes::<Recurrent>(bytes)?;
    Ok((Net::Recurrent(Box::new(model), params), more))
}
