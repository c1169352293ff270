//! Stacks of attention and feed-forward layers (Vaswani et al. 2017) in the form that normalises before each part (Xiong et
//! al. 2020): x + part(norm(x)), and a norm at the end. Sequences lie one behind the other, see [`Spans`].

use std::collections::HashMap;

use super::dropout::Dropout;
use super::feed_forward::Fed;
use super::multi_head::{Attending, AttentionShape};
use super::{Activation, CrossAttention, Embedding, FeedForward, LayerNorm, Normalised, Pass, SelfAttention, Spans};
use crate::params::{Builder, Gradients, Init};
use crate::{Matrix, NeuralError, View};

/// The measures of a stack.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StackShape {
    pub dim: usize,
    /// Divides `dim`.
    pub n_heads: usize,
    /// Columns within the feed-forward layers.
    pub dim_inner: usize,
    pub n_layers: usize,
    pub activation: Activation,
    /// The part dropped while learning, of attention weights, within feed-forward layers and of what each part adds.
    pub dropout: f32,
}

impl StackShape {
    fn attention(&self) -> AttentionShape {
        AttentionShape { dim: self.dim, n_heads: self.n_heads, dropout: self.dropout }
    }

    fn feed_forward(&self, builder: &mut Builder, name: &str, place: u64) -> Result<FeedForward, NeuralError> {
        let dims = (self.dim, self.dim_inner);
        FeedForward::new(builder, &format!("{name}.feed"), dims, self.activation, self.dropout, place)
    }
}

/// Places of dropout that a layer uses.
const PLACES: u64 = 8;

/// Layers of self-attention: an encoder, or with `causal` a language model.
#[derive(Clone, Debug)]
pub struct Stack {
    pub(super) layers: Vec<Layer>,
    pub(super) norm: LayerNorm,
}

#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub norm: LayerNorm,
    pub attention: SelfAttention,
    /// Attention to another sequence, in decoders.
    pub cross: Option<(LayerNorm, CrossAttention)>,
    pub feed_norm: LayerNorm,
    pub feed: FeedForward,
    dropout: Dropout,
    place: u64,
}

/// What the backward pass of a stack needs.
#[derive(Debug)]
pub struct Stacked {
    layers: Vec<LayerCache>,
    norm: Normalised,
}

#[derive(Debug)]
struct LayerCache {
    norm: Normalised,
    attention: Attending,
    cross: Option<(Normalised, Attending)>,
    feed_norm: Normalised,
    feed: Fed,
}

/// Another sequence that a decoder attends to: rows, where sequences lie, and in the backward pass the gradient by them.
#[derive(Clone, Copy, Debug)]
pub struct Other<'a> {
    pub rows: &'a Matrix,
    pub spans: &'a Spans,
}

impl Stack {
    /// Layers without another sequence. Parameters `NAME.0.attention.inner` … `NAME.norm`. `place` tells its dropout from
    /// that of other parts of the network; it uses 8 places a layer from there on.
    ///
    /// # Errors
    /// If the heads do not divide the columns; as [`Builder::param`].
    pub fn encoder(
        builder: &mut Builder,
        name: &str,
        shape: &StackShape,
        causal: bool,
        place: u64,
    ) -> Result<Self, NeuralError> {
        Stack::new(builder, name, shape, causal, false, place)
    }

    /// Causal layers that also attend to another sequence.
    ///
    /// # Errors
    /// As [`Stack::encoder`].
    pub fn decoder(builder: &mut Builder, name: &str, shape: &StackShape, place: u64) -> Result<Self, NeuralError> {
        Stack::new(builder, name, shape, true, true, place)
    }

    fn new(
        builder: &mut Builder,
        name: &str,
        shape: &StackShape,
        causal: bool,
        with_other: bool,
        place: u64,
    ) -> Result<Self, NeuralError> {
        let mut layers = Vec::new();
        for at in 0..shape.n_layers {
            let (name, place) = (format!("{name}.{at}"), place + at as u64 * PLACES);
            let part = |part: &str| format!("{name}.{part}");
            layers.push(Layer {
                norm: LayerNorm::new(builder, &part("attention_norm"), shape.dim)?,
                attention: SelfAttention::new(builder, &part("attention"), &shape.attention(), causal, place)?,
                cross: if with_other {
                    let norm = LayerNorm::new(builder, &part("cross_norm"), shape.dim)?;
                    Some((norm, CrossAttention::new(builder, &part("cross"), &shape.attention(), place + 1)?))
                } else {
                    None
                },
                feed_norm: LayerNorm::new(builder, &part("feed_norm"), shape.dim)?,
                feed: shape.feed_forward(builder, &name, place + 2)?,
                dropout: Dropout { rate: shape.dropout },
                place: place + 3,
            });
        }
        Ok(Stack { layers, norm: LayerNorm::new(builder, &format!("{name}.norm"), shape.dim)? })
    }

    /// Shapes: `x` (n, dim), result (n, dim).
    ///
    /// # Panics
    /// If this is a decoder and there is no `other`.
    pub fn forward(&self, pass: &Pass, mut x: Matrix, spans: &Spans, other: Option<Other>) -> (Matrix, Stacked) {
        let layers = self.layers.iter().map(|layer| layer.forward(pass, &mut x, spans, other)).collect();
        let (y, norm) = self.norm.forward(pass.params, x.view());
        (y, Stacked { layers, norm })
    }

    /// Adds the gradients of the parameters, and to `by_other` that by the other rows; gives that by `x`.
    #[allow(clippy::too_many_arguments)]
    pub fn backward(
        &self,
        pass: &Pass,
        gradients: &mut Gradients,
        cache: Stacked,
        spans: &Spans,
        by_y: View,
        mut other: Option<(Other, &mut Matrix)>,
    ) -> Matrix {
        let mut by_x = self.norm.backward(pass.params, gradients, &cache.norm, by_y);
        drop(cache.norm);
        for (layer, cache) in self.layers.iter().zip(cache.layers).rev() {
            let other = other.as_mut().map(|(other, by_other)| (*other, &mut **by_other));
            layer.backward(pass, gradients, cache, spans, &mut by_x, other);
        }
        by_x
    }
}

impl Layer {
    fn forward(&self, pass: &Pass, x: &mut Matrix, spans: &Spans, other: Option<Other>) -> LayerCache {
        let (y, norm) = self.norm.forward(pass.params, x.view());
        let (y, attention) = self.attention.forward(pass, y, spans);
        self.add(pass, x, y, 0);
        let cross = self.cross.as_ref().map(|(norm, cross)| {
            let other = other.expect("a decoder is given another sequence");
            let (y, normalised) = norm.forward(pass.params, x.view());
            let (y, attending) = cross.forward(pass, y, spans, other.rows, other.spans);
            self.add(pass, x, y, 1);
            (normalised, attending)
        });
        let (y, feed_norm) = self.feed_norm.forward(pass.params, x.view());
        let (y, feed) = self.feed.forward(pass, y);
        self.add(pass, x, y, 2);
        LayerCache { norm, attention, cross, feed_norm, feed }
    }

    /// `by_x` is the gradient by the result and becomes that by the input.
    fn backward(
        &self,
        pass: &Pass,
        gradients: &mut Gradients,
        cache: LayerCache,
        spans: &Spans,
        by_x: &mut Matrix,
        other: Option<(Other, &mut Matrix)>,
    ) {
        let by_feed = self.feed.backward(pass, gradients, cache.feed, &self.part(pass, by_x, 2));
        add(by_x, &self.feed_norm.backward(pass.params, gradients, &cache.feed_norm, by_feed.view()));
        if let (Some((norm, cross)), Some((normalised, attending))) = (&self.cross, cache.cross) {
            let (other, by_other) = other.expect("a decoder is given another sequence");
            let by_y = self.part(pass, by_x, 1);
            let by_cross = cross.backward(pass, gradients, attending, spans, other.rows, other.spans, &by_y, by_other);
            add(by_x, &norm.backward(pass.params, gradients, &normalised, by_cross.view()));
        }
        let by_attention = self.attention.backward(pass, gradients, cache.attention, spans, &self.part(pass, by_x, 0));
        add(by_x, &self.norm.backward(pass.params, gradients, &cache.norm, by_attention.view()));
    }

    /// Adds what a part gave, some of it dropped.
    fn add(&self, pass: &Pass, x: &mut Matrix, mut y: Matrix, part: u64) {
        pass.drop_some(self.dropout, self.place + part, &mut y.values);
        add(x, &y);
    }

    /// The gradient by what a part gave.
    fn part(&self, pass: &Pass, by_x: &Matrix, part: u64) -> Matrix {
        let mut by_y = by_x.clone();
        pass.drop_some(self.dropout, self.place + part, &mut by_y.values);
        by_y
    }
}

fn add(to: &mut Matrix, from: &Matrix) {
    super::linear::add(&mut to.values, &from.values);
}

/// How a row knows its place.
#[derive(Clone, Debug)]
pub enum Positions {
    /// A learned vector for each place; places beyond the last share its vector.
    Learned(Embedding),
    /// Sines and cosines of falling frequency (Vaswani et al. 2017, section 3.5), for any number of places.
    Sinusoidal { dim: usize },
}

impl Positions {
    /// Parameter `NAME.table`, for `n` places.
    ///
    /// # Errors
    /// If `n` is 0; as [`Builder::param`].
    pub fn learned(builder: &mut Builder, name: &str, n: usize, dim: usize, init: Init) -> Result<Self, NeuralError> {
        if n == 0 {
            return Err(NeuralError::unfit("places with a vector", 0, "1 or more"));
        }
        // Every batch touches most of them.
        Ok(Positions::Learned(Embedding::shared(builder, name, n, dim, init)?))
    }

    /// Adds to each row the vector of its place.
    pub fn add(&self, pass: &Pass, x: &mut Matrix, places: impl Iterator<Item = u32>) {
        match self {
            Positions::Learned(table) => {
                for (row, place) in places.enumerate() {
                    let place = (place as usize).min(table.n - 1);
                    super::linear::add(x.row_mut(row), pass.params.value(table.table).row(place));
                }
            }
            Positions::Sinusoidal { .. } => {
                // Sequences begin at few places and their rows follow one another: each place's waves are drawn once.
                let mut waves: HashMap<u32, Vec<f32>> = HashMap::new();
                for (row, place) in places.enumerate() {
                    let row = x.row_mut(row);
                    let wave = || (0..row.len()).map(|col| self.wave(place, col)).collect();
                    super::linear::add(row, waves.entry(place).or_insert_with(wave));
                }
            }
        }
    }

    /// Adds the gradient by the vectors of the places.
    pub fn backward(&self, gradients: &mut Gradients, places: impl Iterator<Item = u32>, by_x: View) {
        if let Positions::Learned(table) = self {
            let places: Vec<u32> = places.map(|place| place.min(table.n as u32 - 1)).collect();
            table.backward(gradients, &places, by_x);
        }
    }

    fn wave(&self, place: u32, col: usize) -> f32 {
        let Positions::Sinusoidal { dim } = self else { return 0.0 };
        let angle = f64::from(place) / 10_000f64.powf((col / 2 * 2) as f64 / *dim as f64);
        (if col.is_multiple_of(2) { angle.sin() } else { angle.cos() }) as f32
    }
}
