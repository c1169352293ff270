//! An encoder-decoder of attention alone (Vaswani et al. 2017) with its norms before each part: what it is made of, its loss
//! with gradients, and, in [`writing`], how it writes. Sequences of a batch lie one behind the other, so nothing is computed
//! for what fills up a batch.

mod pointer;
#[cfg(test)]
mod tests;
mod writing;

pub use writing::Writing;

use domain::Settings;
use neural::layers::{
    Activation, Dropout, Embedding, Linear, Other, Pass, Positions, Spans, Stack, StackShape, Stacked, dropout,
};
use neural::loss::{Loss, evaluate_linear, learn_linear};
use neural::{Builder, Compute, Gradients, Init, Matrix, Params};

use serde::{Deserialize, Serialize};

use super::decode::{BEGIN, END, UNKNOWN};
use super::limits;
use super::train::{Batch, Draw, Network};
use crate::LanguageError;
use pointer::{Pointed, Pointer};

/// The measures of the network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransformerShape {
    /// Ids of sources and targets.
    pub n_source: usize,
    pub n_target: usize,
    /// Columns of all rows; a multiple of `n_heads`.
    pub dim: usize,
    pub n_heads: usize,
    /// Columns within feed-forward layers.
    pub dim_inner: usize,
    /// Layers of each side.
    pub n_layers: usize,
    pub dropout: f32,
    pub label_smoothing: f32,
    /// Places with a learned vector; 0: sines and cosines instead.
    pub n_places: usize,
    /// Whether words' vectors are multiplied by √dim when they are read (section 3.4), which lets them learn faster.
    pub scale_words: bool,
    /// Whether words of the source may be copied, known or not; both sides share their vocabulary then.
    #[serde(default)]
    pub copy: bool,
    /// The weight of the loss for pointing again at what was pointed at; 0 for none. Needs `copy`.
    #[serde(default)]
    pub coverage: f32,
}

impl TransformerShape {
    /// The shape that the card's parameters ask for, over vocabularies of these sizes: rows of `dim_hidden`, four times as
    /// many columns within feed-forward layers, sines for places.
    ///
    /// # Errors
    /// As [`TransformerShape::check`].
    pub fn new(settings: &Settings, n_source: usize, n_target: usize) -> Result<Self, LanguageError> {
        let shape = TransformerShape {
            n_source,
            n_target,
            dim: settings.usize("dim_hidden"),
            n_heads: settings.usize("heads"),
            dim_inner: 4 * settings.usize("dim_hidden"),
            n_layers: settings.usize("layers"),
            dropout: settings.float("dropout") as f32,
            label_smoothing: settings.float("label_smoothing") as f32,
            n_places: 0,
            scale_words: true,
            copy: settings.bool("copy"),
            coverage: settings.float("coverage") as f32,
        };
        shape.check()?;
        Ok(shape)
    }

    /// # Errors
    /// If a size is 0 or beyond what the card allows, the heads do not divide the columns, a part is no part, the
    /// vocabularies differ although words are to be copied, or coverage is wanted without copying.
    pub fn check(&self) -> Result<(), LanguageError> {
        limits::check_sizes(&[
            ("source words", self.n_source, limits::WORDS),
            ("target words", self.n_target, limits::WORDS),
            ("dim_hidden", self.dim, limits::DIM),
            ("columns within feed-forward layers", self.dim_inner, 1..=1 << 16),
            ("layers", self.n_layers, limits::LAYERS),
            ("heads", self.n_heads, 1..=64),
            ("places with a learned vector", self.n_places, 0..=1 << 20),
        ])?;
        if !self.dim.is_multiple_of(self.n_heads) {
            let found = format!("{} for dim_hidden {}", self.n_heads, self.dim);
            return Err(LanguageError::unfit("heads", found, "a divisor of dim_hidden"));
        }
        limits::check_copied(self.copy, self.n_source, self.n_target)?;
        if self.coverage > 0.0 && !self.copy {
            let allowed = "0 without copy: its own attention has many heads";
            return Err(LanguageError::unfit("coverage of a transformer", self.coverage, allowed));
        }
        limits::check_parts(self.dropout, self.label_smoothing, self.coverage)
    }
}

/// The network; its numbers are in [`Params`].
#[derive(Clone, Debug)]
pub struct Transformer {
    pub shape: TransformerShape,
    source: Embedding,
    target: Embedding,
    source_places: Positions,
    target_places: Positions,
    encoder: Stack,
    decoder: Stack,
    readout: Linear,
    pointer: Option<Pointer>,
    dropout: Dropout,
    scale: f32,
}

/// Places of dropout: of what is read on either side, and from where on those of the layers are.
const SOURCE: u64 = 0;
const TARGET: u64 = 1;
const ENCODER: u64 = 16;
const DECODER: u64 = 1 << 16;

/// Both sides of a batch, one sequence behind the other.
struct Sides {
    source: Vec<u32>,
    source_spans: Spans,
    input: Vec<u32>,
    output: Vec<u32>,
    target_spans: Spans,
}

impl Sides {
    /// Sources get an end, so that even an empty one has a row; ids that the model does not know become [`UNKNOWN`].
    fn of(batch: &Batch, shape: &TransformerShape) -> Self {
        let ended = |source: &&[u32]| {
            source.iter().copied().chain([END]).map(|id| known(id, shape.n_source)).collect::<Vec<_>>()
        };
        let kept = |id: u32| if shape.copy { id } else { known(id, shape.n_target) };
        let output: Vec<u32> = batch.outputs.concat().into_iter().map(kept).collect();
        let target_spans = Spans::of_lens(batch.outputs.iter().map(|output| output.len()));
        let fed = |nth: usize| output[target_spans.range(nth)].iter().map(|&id| known(id, shape.n_target));
        let shifted = |nth: usize| std::iter::once(BEGIN).chain(fed(nth));
        Sides {
            source: batch.sources.iter().flat_map(ended).collect(),
            source_spans: Spans::of_lens(batch.sources.iter().map(|source| source.len() + 1)),
            input: (0..target_spans.n()).flat_map(|nth| shifted(nth).take(target_spans.len_of(nth))).collect(),
            output,
            target_spans,
        }
    }
}

fn known(id: u32, n_words: usize) -> u32 {
    if (id as usize) < n_words { id } else { UNKNOWN }
}

impl Transformer {
    /// # Errors
    /// If the shape is not allowed (see [`TransformerShape::check`]), or the checkpoint of `builder` has other parameters.
    pub fn new(builder: &mut Builder, shape: &TransformerShape) -> Result<Self, LanguageError> {
        shape.check()?;
        let stack = StackShape {
            dim: shape.dim,
            n_heads: shape.n_heads,
            dim_inner: shape.dim_inner,
            n_layers: shape.n_layers,
            activation: Activation::Relu,
            dropout: shape.dropout,
        };
        let scale = if shape.scale_words { (shape.dim as f32).sqrt() } else { 1.0 };
        let words = Init::Normal(1.0 / scale);
        let places = |builder: &mut Builder, name: &str| match shape.n_places {
            0 => Ok(Positions::Sinusoidal { dim: shape.dim }),
            n => Positions::learned(builder, name, n, shape.dim, words),
        };
        Ok(Transformer {
            shape: *shape,
            source: Embedding::new(builder, "source", shape.n_source, shape.dim, words)?,
            target: Embedding::new(builder, "target", shape.n_target, shape.dim, words)?,
            source_places: places(builder, "source_places")?,
            target_places: places(builder, "target_places")?,
            encoder: Stack::encoder(builder, "encoder", &stack, false, ENCODER)?,
            decoder: Stack::decoder(builder, "decoder", &stack, DECODER)?,
            readout: Linear::new(builder, "readout", shape.dim, shape.n_target, true)?,
            pointer: if shape.copy { Some(Pointer::new(builder, shape.dim, shape.coverage)?) } else { None },
            dropout: Dropout { rate: shape.dropout },
            scale,
        })
    }

    fn forward(&self, pass: &Pass, sides: &Sides) -> Forward {
        let (encoded, encoder) = self.encode(pass, &sides.source, &sides.source_spans);
        let x = self.read(pass, self.target_side(), &sides.input, sides.target_spans.places());
        let other = Other { rows: &encoded, spans: &sides.source_spans };
        let (y, decoder) = self.decoder.forward(pass, x, &sides.target_spans, Some(other));
        Forward { y, encoded, encoder, decoder }
    }

    /// Points with every row, if words may be copied.
    fn point(&self, pass: &Pass, y: &Matrix, encoded: &Matrix, sides: &Sides) -> Option<Pointed> {
        let (y, encoded) = ((y, &sides.target_spans), (encoded, &sides.source_spans));
        let learning = pass.learning.is_some();
        self.pointer.as_ref().map(|pointer| pointer.forward(pass.compute, pass.params, y, encoded, learning))
    }

    fn encode(&self, pass: &Pass, ids: &[u32], spans: &Spans) -> (Matrix, Stacked) {
        let x = self.read(pass, self.source_side(), ids, spans.places());
        self.encoder.forward(pass, x, spans, None)
    }

    fn source_side(&self) -> Side<'_> {
        Side { words: &self.source, places: &self.source_places, place: SOURCE }
    }

    fn target_side(&self) -> Side<'_> {
        Side { words: &self.target, places: &self.target_places, place: TARGET }
    }

    /// Rows of words at their places.
    fn read(&self, pass: &Pass, side: Side, ids: &[u32], places: impl Iterator<Item = u32>) -> Matrix {
        let mut x = side.words.forward(pass.params, ids);
        if self.scale != 1.0 {
            x.values.iter_mut().for_each(|value| *value *= self.scale);
        }
        side.places.add(pass, &mut x, places);
        pass.drop_some(self.dropout, side.place, &mut x.values);
        x
    }

    /// The backward pass of [`Transformer::read`].
    fn unread(&self, pass: &Pass, gradients: &mut Gradients, side: Side, ids: &[u32], spans: &Spans, mut by_x: Matrix) {
        pass.drop_some(self.dropout, side.place, &mut by_x.values);
        side.places.backward(gradients, spans.places(), by_x.view());
        if self.scale != 1.0 {
            by_x.values.iter_mut().for_each(|value| *value *= self.scale);
        }
        side.words.backward(gradients, ids, by_x.view());
    }
}

impl Network for Transformer {
    fn learn(
        &self,
        compute: &Compute,
        params: &Params,
        gradients: &mut Gradients,
        batch: &Batch,
        draw: Draw,
    ) -> Result<Loss, LanguageError> {
        let sides = Sides::of(batch, &self.shape);
        let pass = Pass { compute, params, learning: Some(dropout::key(draw.seed, draw.step, 0)) };
        let Forward { y, encoded, encoder, decoder } = self.forward(&pass, &sides);
        let (smoothing, scale) = (self.shape.label_smoothing, 1.0 / sides.output.len().max(1) as f32);
        let readout = &self.readout;
        let pointed = self.point(&pass, &y, &encoded, &sides);
        let mixed = pointed.as_ref().map(|pointed| pointed.mixed(&sides.output, &batch.sources));
        let mixed = mixed.as_deref();
        let mut learned =
            learn_linear(compute, params, gradients, readout, y.view(), &sides.output, smoothing, scale, mixed);
        drop(y);
        let mut by_encoded = Matrix::zeros(encoded.n_rows, encoded.n_cols);
        if let (Some(pointer), Some(pointed)) = (&self.pointer, pointed) {
            learned.loss.sum += pointer.coverage_loss(&pointed);
            let (of, by) = ((&sides.output[..], &batch.sources[..]), (&mut learned.by_x, &mut by_encoded));
            pointer.backward(compute, params, gradients, pointed, of, &learned.by_mixed, scale, by);
        }
        let other = (Other { rows: &encoded, spans: &sides.source_spans }, &mut by_encoded);
        let by_y = learned.by_x.view();
        let by_target = self.decoder.backward(&pass, gradients, decoder, &sides.target_spans, by_y, Some(other));
        self.unread(&pass, gradients, self.target_side(), &sides.input, &sides.target_spans, by_target);
        let by_source = self.encoder.backward(&pass, gradients, encoder, &sides.source_spans, by_encoded.view(), None);
        self.unread(&pass, gradients, self.source_side(), &sides.source, &sides.source_spans, by_source);
        Ok(learned.loss)
    }

    fn evaluate(&self, compute: &Compute, params: &Params, batch: &Batch) -> Result<Loss, LanguageError> {
        let sides = Sides::of(batch, &self.shape);
        let pass = Pass { compute, params, learning: None };
        let forward = self.forward(&pass, &sides);
        let smoothing = self.shape.label_smoothing;
        let pointed = self.point(&pass, &forward.y, &forward.encoded, &sides);
        let mixed = pointed.as_ref().map(|pointed| pointed.mixed(&sides.output, &batch.sources));
        let (y, mixed) = (forward.y.view(), mixed.as_deref());
        let mut loss = evaluate_linear(compute, params, &self.readout, y, &sides.output, smoothing, mixed);
        if let (Some(pointer), Some(pointed)) = (&self.pointer, &pointed) {
            loss.sum += pointer.coverage_loss(pointed);
        }
        Ok(loss)
    }
}

/// Source or target.
#[derive(Clone, Copy)]
struct Side<'a> {
    words: &'a Embedding,
    places: &'a Positions,
    /// Of its dropout.
    place: u64,
}

struct Forward {
    y: Matrix,
    encoded: Matrix,
    encoder: Stacked,
    decoder: Stacked,
}
