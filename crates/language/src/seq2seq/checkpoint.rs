//! Models and their learning as bytes (safetensors; see [`neural::checkpoint`]): a model to write with, or all
//! that is needed to go on learning bit for bit.

use neural::checkpoint::{Archive, to_bytes};
use neural::{Builder, Matrix, Params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::model::{Recurrent, Shape};
use super::train::{Best, Learner, TrainOptions};
use super::transformer::{Transformer, TransformerShape};
use crate::LanguageError;

/// A model that can be written and read: made again from its shape, it asks for the same parameters.
pub trait Kept: Sized {
    /// What files of such models are called.
    const KIND: &'static str;
    /// The same of learning under way.
    const LEARNING: &'static str;
    type Shape: Clone + Serialize + DeserializeOwned;

    fn shape(&self) -> &Self::Shape;

    /// # Errors
    /// If the shape is not allowed, or the builder's checkpoint has other parameters.
    fn build(builder: &mut Builder, shape: Self::Shape) -> Result<Self, LanguageError>;
}

impl Kept for Recurrent {
    const KIND: &'static str = "seq2seq.recurrent";
    const LEARNING: &'static str = "seq2seq.recurrent.learning";
    type Shape = Shape;

    fn shape(&self) -> &Shape {
        Recurrent::shape(self)
    }

    fn build(builder: &mut Builder, shape: Shape) -> Result<Self, LanguageError> {
        Recurrent::new(builder, shape)
    }
}

impl Kept for Transformer {
    const KIND: &'static str = "seq2seq.transformer";
    const LEARNING: &'static str = "seq2seq.transformer.learning";
    type Shape = TransformerShape;

    fn shape(&self) -> &TransformerShape {
        &self.shape
    }

    fn build(builder: &mut Builder, shape: TransformerShape) -> Result<Self, LanguageError> {
        Transformer::new(builder, &shape)
    }
}

#[derive(Serialize, Deserialize)]
struct ModelMeta<S> {
    shape: S,
    /// What the caller keeps with it, such as the vocabulary.
    more: Value,
}

#[derive(Serialize, Deserialize)]
struct LearnerMeta<S> {
    shape: S,
    more: Value,
    seed: u64,
    batch: usize,
    epoch: u64,
    batch_at: u64,
    n_targets: u64,
    /// The best validation loss as its bits, which text keeps exactly, and its epoch.
    best: Option<(u64, u64)>,
    /// Whether an average of the parameters is kept.
    #[serde(default)]
    average: bool,
}

fn json(value: impl Serialize) -> Value {
    serde_json::to_value(value).expect("shapes are JSON")
}

fn read<T: for<'a> Deserialize<'a>>(meta: &Value) -> Result<T, LanguageError> {
    T::deserialize(meta).map_err(|error| LanguageError::Corrupt(format!("its description: {error}")))
}

/// A model to write with. `more` is kept beside it.
pub fn model_to_bytes<M: Kept>(model: &M, params: &Params, more: Value) -> Vec<u8> {
    to_bytes(M::KIND, json(ModelMeta { shape: model.shape().clone(), more }), params, None, &[])
}

/// The model, its parameters, and what was kept beside them.
///
/// # Errors
/// If the bytes are not those of such a model.
pub fn model_from_bytes<M: Kept>(bytes: &[u8]) -> Result<(M, Params, Value), LanguageError> {
    let archive = Archive::open(bytes, M::KIND)?;
    let meta: ModelMeta<M::Shape> = read(archive.meta())?;
    let (model, params) = rebuilt(&archive, meta.shape)?;
    Ok((model, params, meta.more))
}

/// Learning under way. `more` is kept beside it.
pub fn learner_to_bytes<M: Kept>(model: &M, learner: &Learner, options: &TrainOptions, more: Value) -> Vec<u8> {
    let meta = LearnerMeta {
        shape: model.shape().clone(),
        more,
        seed: options.seed,
        batch: options.batch,
        epoch: learner.epoch,
        batch_at: learner.batch_at,
        n_targets: learner.n_targets,
        best: learner.best.as_ref().map(|best| (best.nats.to_bits(), best.epoch)),
        average: learner.average.is_some(),
    };
    let best = learner.best.as_ref().map(|best| &best.params);
    let more: Vec<(String, &Matrix)> =
        titled("best", best).chain(titled("average", learner.average.as_ref())).collect();
    to_bytes(M::LEARNING, json(meta), &learner.params, Some(&learner.adam), &more)
}

/// Parameters as matrices whose names say what they are for.
fn titled<'a>(title: &'a str, params: Option<&'a Params>) -> impl Iterator<Item = (String, &'a Matrix)> {
    let all = params.into_iter().flat_map(|params| params.iter());
    all.map(move |(_, param)| (format!("{title}/{}", param.name), &param.value))
}

/// The model, its learning, and what was kept beside them. With the options and pairs it was learning with, it goes on as
/// if it had not stopped.
///
/// # Errors
/// If the bytes are not those of such learning, or `options` have another seed or size of batches.
pub fn learner_from_bytes<M: Kept>(bytes: &[u8], options: &TrainOptions) -> Result<(M, Learner, Value), LanguageError> {
    let archive = Archive::open(bytes, M::LEARNING)?;
    let meta: LearnerMeta<M::Shape> = read(archive.meta())?;
    for (what, found, kept) in [("seed", options.seed, meta.seed), ("batch", options.batch as u64, meta.batch as u64)] {
        if found != kept {
            return Err(LanguageError::unfit(what, found, format!("{kept}, with which learning began")));
        }
    }
    if (options.average > 0.0) != meta.average {
        let found = if options.average > 0.0 { "an average of parameters" } else { "none" };
        let kept = if meta.average { "one" } else { "none" };
        return Err(LanguageError::unfit("average", found, format!("{kept}, as when learning began")));
    }
    let (model, params) = rebuilt(&archive, meta.shape)?;
    let adam = archive.adam(&params, options.adam)?;
    let best = match meta.best {
        None => None,
        Some((bits, epoch)) => {
            let nats = f64::from_bits(bits);
            if !nats.is_finite() {
                return Err(LanguageError::Corrupt(format!("its best loss is {nats}, expected a finite number")));
            }
            Some(Best { nats, epoch, params: kept(&archive, "best", &params)? })
        }
    };
    let (epoch, batch_at, n_targets) = (meta.epoch, meta.batch_at, meta.n_targets);
    let average = if meta.average { Some(kept(&archive, "average", &params)?) } else { None };
    Ok((model, Learner { params, adam, epoch, batch_at, n_targets, average, best }, meta.more))
}

/// Parameters of the same names and shapes as `like`, kept under another title.
fn kept(archive: &Archive, title: &str, like: &Params) -> Result<Params, LanguageError> {
    let mut params = like.clone();
    let ids: Vec<_> = params.iter().map(|(id, param)| (id, format!("{title}/{}", param.name))).collect();
    for (id, name) in ids {
        let (n_rows, n_cols) = (params.value(id).n_rows, params.value(id).n_cols);
        *params.value_mut(id) = archive.matrix(&name, n_rows, n_cols)?;
    }
    Ok(params)
}

fn rebuilt<M: Kept>(archive: &Archive, shape: M::Shape) -> Result<(M, Params), LanguageError> {
    let mut builder = Builder::of_archive(archive);
    let model = M::build(&mut builder, shape).map_err(|error| match error {
        corrupt @ (LanguageError::Corrupt(_) | LanguageError::Neural(neural::NeuralError::Corrupt(_))) => corrupt,
        other => LanguageError::Corrupt(other.to_string()),
    })?;
    Ok((model, builder.finish()))
}
