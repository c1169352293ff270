//! Gradients, writing against reading, and a batch learned by heart.

use neural::adam::{Adam, AdamOptions};
use neural::testing::assert_gradients;
use neural::{Builder, Compute, Gradients, Params, Precision};

use super::*;
use crate::seq2seq::checkpoint::{learner_from_bytes, learner_to_bytes, model_from_bytes, model_to_bytes};
use crate::seq2seq::decode::{self, BEGIN, Beam, Limits, Next, Rules, StepModel};
use crate::seq2seq::train::{Draw, Ended, Learner, Network, Pairs, TrainOptions};

fn shape(dropout: f32, n_places: usize) -> TransformerShape {
    TransformerShape {
        n_source: 10,
        n_target: 9,
        dim: 8,
        n_heads: 2,
        dim_inner: 16,
        n_layers: 2,
        dropout,
        label_smoothing: if dropout > 0.0 { 0.1 } else { 0.0 },
        n_places,
        scale_words: n_places == 0,
        copy: false,
        coverage: 0.0,
    }
}

fn made(shape: &TransformerShape, seed: u64) -> (Transformer, Params) {
    let mut builder = Builder::fresh(seed);
    let model = Transformer::new(&mut builder, shape).unwrap();
    (model, builder.finish())
}

const SOURCES: [&[u32]; 5] = [&[5, 6, 7], &[9], &[8, 5], &[], &[6, 6, 9, 8]];
const ALL: [usize; 5] = [0, 1, 2, 3, 4];

/// The source backwards, each id one less.
fn targets() -> Vec<Vec<u32>> {
    SOURCES.iter().map(|source| source.iter().rev().map(|id| id - 1).collect()).collect()
}

fn pairs() -> Pairs {
    Pairs::new(SOURCES.iter().map(|source| source.to_vec()).collect(), targets()).unwrap()
}

fn draw(step: u64) -> Draw {
    Draw { seed: 1, step }
}

#[test]
fn gradients_are_those_of_differences() {
    let compute = Compute::new(Precision::F32);
    let pairs = pairs();
    let batch = pairs.batch(&ALL);
    for (rate, n_places) in [(0.0, 0), (0.3, 4)] {
        let (model, mut params) = made(&shape(rate, n_places), 3);
        // Far from the bends of the feed-forward layers, across which differences say nothing.
        let is_bias = |name: &str| name.ends_with("feed.inner.bias");
        let biases: Vec<_> = params.iter().filter(|(_, param)| is_bias(&param.name)).map(|(id, _)| id).collect();
        for id in biases {
            params.value_mut(id).values.iter_mut().enumerate().for_each(|(at, bias)| *bias = [9.0, -9.0][at % 2]);
        }
        let mut gradients = Gradients::zeros(&params);
        let loss = model.learn(&compute, &params, &mut gradients, &batch, draw(5)).unwrap();
        assert_eq!(loss.n_targets, 15);
        let again = |params: &Params| {
            model.learn(&compute, params, &mut Gradients::zeros(params), &batch, draw(5)).unwrap().mean()
        };
        assert_eq!(again(&params), loss.mean());
        assert_gradients(&params, &gradients, again);
        if rate == 0.0 {
            assert!((model.evaluate(&compute, &params, &batch).unwrap().mean() - loss.mean()).abs() < 1e-6);
        }
    }
}

/// Ten steps of Adam from parameters that a formula gives: losses as PyTorch 2.15.0 has them
/// (`bench/peers/language/golden_transformer.py`), without and with label smoothing.
#[test]
fn steps_are_those_of_pytorch_from_the_same_start() {
    const LOSSES: [(f32, [f64; 10]); 2] = [
        (0.0, [2.204579, 2.249096, 2.005237, 1.839006, 1.761863, 1.698012, 1.639296, 1.566735, 1.507456, 1.452753]),
        (0.1, [2.221586, 2.279539, 2.034565, 1.869978, 1.838925, 1.784004, 1.729417, 1.687848, 1.623980, 1.572710]),
    ];
    let sources = [vec![5, 6, 7, 9], vec![9, 4, 5, 4], vec![8, 5, 4, 4]];
    let targets = sources.iter().map(|source| source.iter().rev().map(|id| id - 1).collect()).collect();
    let pairs = Pairs::new(sources.to_vec(), targets).unwrap();
    let compute = Compute::new(Precision::F32);
    for (label_smoothing, expected) in LOSSES {
        let (model, mut params) = made(&TransformerShape { label_smoothing, ..shape(0.0, 6) }, 1);
        let ids: Vec<_> = params.iter().map(|(id, param)| (id, param.name.clone())).collect();
        for (id, name) in ids {
            let h: f64 = name.bytes().map(f64::from).sum();
            for (k, value) in params.value_mut(id).values.iter_mut().enumerate() {
                let wave = 0.4 * (0.1 * h + 0.37 * k as f64 + 0.011 * (k * k) as f64).sin();
                *value = match name.rsplit('.').next() {
                    Some("gain") => 1.0 + 0.1 * wave,
                    Some("bias") => 0.1 * wave,
                    _ => wave,
                } as f32;
            }
        }
        let mut adam = Adam::new(&params, AdamOptions { learning_rate: 0.01, ..AdamOptions::default() });
        let mut gradients = Gradients::zeros(&params);
        for (step, expected) in expected.into_iter().enumerate() {
            let loss = model.learn(&compute, &params, &mut gradients, &pairs.batch(&[0, 1, 2]), draw(step as u64));
            let loss = loss.unwrap().mean();
            adam.update(&mut params, &mut gradients).unwrap();
            assert!((loss - expected).abs() < 1e-4, "smoothing {label_smoothing}, step {step}: {loss} for {expected}");
        }
    }
}

/// Copies of known and unknown words (10 and 11 are of their sources alone), an empty source, repeated words.
fn copied() -> Batch<'static> {
    Batch {
        sources: vec![&[5, 6, 5, 7], &[], &[8, 10, 4, 11], &[9]],
        outputs: vec![&[5, 7, END], &[6, END], &[4, 10, 8, 10, END], &[END]],
    }
}

fn copying(coverage: f32) -> TransformerShape {
    TransformerShape { n_source: 10, n_target: 10, n_layers: 1, copy: true, coverage, ..shape(0.0, 4) }
}

/// What was never seen is written since it stands in the source.
#[test]
fn a_pointer_writes_as_it_learns_and_copies_unknown_words() {
    let compute = Compute::new(Precision::F32);
    for coverage in [0.0, 0.5] {
        let (model, mut params) = made(&TransformerShape { dim: 16, dim_inner: 32, ..copying(coverage) }, 5);
        let mut adam = Adam::new(&params, AdamOptions { learning_rate: 0.01, clip: 1.0, ..AdamOptions::default() });
        let mut gradients = Gradients::zeros(&params);
        for step in 0..200 {
            model.learn(&compute, &params, &mut gradients, &copied(), draw(step)).unwrap();
            adam.update(&mut params, &mut gradients).unwrap();
        }
        let nats = model.evaluate(&compute, &params, &copied()).unwrap().mean_nats();
        assert!(nats < 0.1, "{nats}");
        let writing = Writing::new(&model, &params, compute);
        let limits = Limits { max: 10, ..Limits::default() };
        let wanted = Beam { limits, length_penalty: 0.0, ..Beam::default() };
        let written = decode::beam(&writing, &copied().sources, &wanted).unwrap();
        for (row, (written, expected)) in written.iter().zip(&copied().outputs).enumerate() {
            assert_eq!(written[0].tokens, expected[..expected.len() - 1]);
            let one = Batch { sources: vec![copied().sources[row]], outputs: vec![expected] };
            let loss = model.evaluate(&compute, &params, &one).unwrap();
            assert!((loss.sum_nats + f64::from(written[0].log_probability)).abs() < 1e-3, "{row}");
        }
    }
}

/// Word by word, the log-probabilities of a target add up to its loss; its batch does not matter.
#[test]
fn writing_agrees_with_learning() {
    let compute = Compute::new(Precision::F32);
    let (model, params) = made(&shape(0.5, 3), 4);
    let writing = Writing::new(&model, &params, compute);
    let (pairs, targets, sources) = (pairs(), targets(), SOURCES);
    let (mut state, mut next) = (writing.start(&sources), Next::default());
    let mut sums = vec![0f64; pairs.len()];
    let mut rows: Vec<usize> = (0..pairs.len()).collect();
    let mut tokens = vec![BEGIN; pairs.len()];
    for at in 0.. {
        writing.step(&mut state, &tokens, &mut next);
        assert_eq!((next.source_len, next.attention.len()), (4, rows.len() * 4));
        for (place, &row) in rows.iter().enumerate() {
            let word = targets[row].get(at).copied().unwrap_or(END);
            sums[row] += f64::from(next.log_probabilities[place * 9 + word as usize]);
            let attention = &next.attention[place * 4..(place + 1) * 4];
            assert!(
                attention[sources[row].len()..].iter().all(|&weight| weight == 0.0)
                    && attention.iter().sum::<f32>() < 1.0
            );
        }
        let kept: Vec<u32> = (0..rows.len() as u32).filter(|&place| at < targets[rows[place as usize]].len()).collect();
        writing.select(&mut state, &kept);
        rows = kept.iter().map(|&place| rows[place as usize]).collect();
        tokens = rows.iter().map(|&row| targets[row][at]).collect();
        if rows.is_empty() {
            break;
        }
    }
    for (row, sum) in sums.iter().enumerate() {
        let loss = model.evaluate(&compute, &params, &pairs.batch(&[row])).unwrap();
        assert!((loss.sum_nats + sum).abs() < 1e-4, "{row}: {} {sum}", loss.sum_nats);
    }
}

/// A batch can be learned by heart, and then greedy and beam write it; unknown ids do no harm.
#[test]
fn a_batch_is_learned_by_heart() {
    let compute = Compute::new(Precision::F32);
    let (model, mut params) = made(&TransformerShape { dim: 16, dim_inner: 32, ..shape(0.1, 8) }, 5);
    let mut adam = Adam::new(&params, AdamOptions { learning_rate: 0.01, clip: 1.0, ..AdamOptions::default() });
    let mut gradients = Gradients::zeros(&params);
    let pairs = pairs();
    let batch = pairs.batch(&ALL);
    for step in 0..150 {
        model.learn(&compute, &params, &mut gradients, &batch, draw(step)).unwrap();
        adam.update(&mut params, &mut gradients).unwrap();
    }
    let loss = model.evaluate(&compute, &params, &batch).unwrap().mean_nats();
    assert!(loss < 0.2, "{loss}");
    let writing = Writing::new(&model, &params, compute);
    let sources = SOURCES;
    let limits = Limits { max: 10, ..Limits::default() };
    let greedy = decode::greedy(&writing, &sources, &limits, &Rules::default()).unwrap();
    let beams = decode::beam(&writing, &sources, &Beam { limits, ..Beam::default() }).unwrap();
    for ((target, greedy), beam) in targets().iter().zip(&greedy).zip(&beams) {
        assert_eq!((&greedy.tokens, greedy.ended), (target, true));
        assert_eq!(&beam[0].tokens, target);
        assert_eq!(beam[0].attention.len(), (target.len() + 1) * target.len());
    }
    assert!(decode::greedy(&writing, &[&[u32::MAX, 9999, 0, 1]], &limits, &Rules::default()).is_ok());
}

/// The shared loop learns it, stops and goes on from bytes as if it had not stopped; damaged bytes and shapes are refused.
#[test]
fn learning_goes_on_from_bytes() {
    let options = TrainOptions {
        adam: AdamOptions { learning_rate: 0.01, ..AdamOptions::default() },
        batch: 2,
        epochs: 3,
        patience: 0,
        precision: Precision::F32,
        average: 0.0,
        seed: 5,
        n_threads: 2,
    };
    let (model, params) = made(&shape(0.2, 0), 6);
    let mut whole = Learner::new(params.clone(), &options);
    assert_eq!(whole.run(&model, &pairs(), &pairs(), &options, &|_| true).unwrap(), Ended::Done);
    let mut learner = Learner::new(params, &options);
    assert_eq!(learner.run(&model, &pairs(), &pairs(), &options, &|trace| trace.step < 4).unwrap(), Ended::Stopped);
    let bytes = learner_to_bytes(&model, &learner, &options, "kept".into());
    let (model, mut learner, more) = learner_from_bytes::<Transformer>(&bytes, &options).unwrap();
    assert_eq!(more, "kept");
    learner.run(&model, &pairs(), &pairs(), &options, &|_| true).unwrap();
    assert_eq!(learner, whole);
    let bytes = model_to_bytes(&model, whole.result(), "kept".into());
    assert_eq!(&model_from_bytes::<Transformer>(&bytes).unwrap().1, whole.result());
    assert!(model_from_bytes::<crate::seq2seq::model::Recurrent>(&bytes).is_err());
    for at in (0..bytes.len()).step_by(211) {
        assert!(model_from_bytes::<Transformer>(&bytes[..at]).is_err());
    }
    let refused = |shape: TransformerShape| shape.check().unwrap_err().to_string();
    assert!(refused(TransformerShape { n_heads: 3, ..shape(0.0, 0) }).contains("divisor"));
    assert!(refused(TransformerShape { dim: usize::MAX, ..shape(0.0, 0) }).contains("dim_hidden"));
    assert!(refused(TransformerShape { copy: true, ..shape(0.0, 0) }).contains("found 10 and 9"));
    assert!(refused(TransformerShape { coverage: 1.0, ..shape(0.0, 0) }).contains("without copy"));
    assert!(refused(TransformerShape { dropout: f32::NAN, ..shape(0.0, 0) }).contains("dropout"));
}
