//! How fast encoder-decoders learn and write, on the task that every implementation beside them runs too
//! (`bench/peers/language/torch_seq2seq.py`): sequences of 20 tokens to be written backwards, vocabulary 8,000, batch 64,
//! Adam with 1e-3. Untrained weights write as fast as others.
//!
//! usage: seq2seq_speed gru|transformer train|beam [f32|bf16] [N] [THREADS]
//!
//! `train` takes N (20) steps after three that warm up, `beam` writes N sentences one at a time with a beam of 5. Prints one
//! line of JSON.

use std::time::Instant;

use language::seq2seq::decode::{Beam, Limits, StepModel, Stop, beam};
use language::seq2seq::model::{CARD, Recurrent, Shape, Writer};
use language::seq2seq::train::{Batch, Draw, Network};
use language::seq2seq::transformer::{Transformer, TransformerShape, Writing};
use neural::adam::{Adam, AdamOptions};
use neural::{Builder, Compute, Gradients, Params, Precision};
use serde_json::{Value, json};
use tercet_language as language;

const WORDS: usize = 8000;
const BATCH: usize = 64;
const BATCHES: usize = 20;
const LENGTH: usize = 20;
const WARM_UP: usize = 3;
/// The loss is told after the first step and after each so many.
const TOLD: usize = 20;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |at: usize, or: &str| arguments.get(at).cloned().unwrap_or_else(|| or.to_owned());
    let (kind, what) = (argument(0, "gru"), argument(1, "train"));
    let compute = Compute::new(Precision::from_name(&argument(2, "f32")).expect("f32 or bf16"));
    let n: usize = argument(3, "20").parse().expect("a number of steps or sentences");
    let n_threads: usize = argument(4, "2").parse().expect("a number of threads");
    let measured = neural::on_threads(n_threads, || match kind.as_str() {
        "gru" => {
            let (model, params) = gru();
            run(&model, params, compute, &what, n, |params| write(&Writer::new(&model, params, compute), n))
        }
        "transformer" => {
            let (model, params) = transformer();
            run(&model, params, compute, &what, n, |params| write(&Writing::new(&model, params, compute), n))
        }
        _ => panic!("usage: seq2seq_speed gru|transformer train|beam [f32|bf16] [N] [THREADS]"),
    });
    let mut report = json!({
        "impl": "tercet", "model": kind, "what": what, "precision": format!("{:?}", compute.precision()),
        "threads": n_threads, "n": n, "peak_rss_mib": peak_rss_mib(),
    });
    let all = report.as_object_mut().expect("an object");
    all.extend(measured.as_object().expect("an object").clone());
    println!("{report}");
}

fn run<N: Network>(
    model: &N,
    params: Params,
    compute: Compute,
    what: &str,
    n: usize,
    write: impl FnOnce(&Params) -> Value,
) -> Value {
    match what {
        "train" => train(model, params, compute, n),
        "beam" => write(&params),
        _ => panic!("found {what}, allowed train and beam"),
    }
}

/// Embedding 256, one layer of 512 that reads from one end, additive attention of 512.
fn gru() -> (Recurrent, Params) {
    let texts = ["bidirectional=false", "dropout=0", "label_smoothing=0"];
    let shape = Shape::new(&CARD.settings_from_texts(&texts).expect("known names"), WORDS, WORDS).expect("a shape");
    let mut builder = Builder::fresh(1);
    let model = Recurrent::new(&mut builder, shape).expect("a model");
    (model, builder.finish())
}

/// Rows of 256, 4 heads, 1,024 within, 3 + 3 layers, learned places.
fn transformer() -> (Transformer, Params) {
    let shape = TransformerShape {
        n_source: WORDS,
        n_target: WORDS,
        dim: 256,
        n_heads: 4,
        dim_inner: 1024,
        n_layers: 3,
        dropout: 0.0,
        label_smoothing: 0.0,
        n_places: LENGTH + 1,
        scale_words: false,
        copy: false,
        coverage: 0.0,
    };
    let mut builder = Builder::fresh(1);
    let model = Transformer::new(&mut builder, &shape).expect("the shape is sound");
    (model, builder.finish())
}

/// 20 batches of sources.
fn sources() -> Vec<Vec<u32>> {
    let mut x = 42u64;
    let mut token = || {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        3 + ((x >> 33) % 7997) as u32
    };
    (0..BATCHES * BATCH).map(|_| (0..LENGTH).map(|_| token()).collect()).collect()
}

fn train(model: &impl Network, mut params: Params, compute: Compute, n_steps: usize) -> Value {
    let mut adam = Adam::new(&params, AdamOptions::default());
    let mut gradients = Gradients::zeros(&params);
    let sources = sources();
    // The task's targets have no end.
    let targets: Vec<Vec<u32>> = sources.iter().map(|source| source.iter().rev().copied().collect()).collect();
    let (mut losses, mut start) = (Vec::new(), (Instant::now(), cpu_seconds()));
    for step in 0..WARM_UP + n_steps {
        if step == WARM_UP {
            start = (Instant::now(), cpu_seconds());
        }
        let rows = step % BATCHES * BATCH..(step % BATCHES + 1) * BATCH;
        let batch = Batch {
            sources: sources[rows.clone()].iter().map(|ids| &ids[..]).collect(),
            outputs: targets[rows].iter().map(|ids| &ids[..]).collect(),
        };
        let draw = Draw { seed: 1, step: step as u64 };
        let loss = model.learn(&compute, &params, &mut gradients, &batch, draw).expect("a sound batch");
        adam.update(&mut params, &mut gradients).expect("finite gradients");
        if step == 0 || (step + 1) % TOLD == 0 {
            losses.push(json!([step + 1, (loss.mean() * 1e3).round() / 1e3]));
        }
    }
    let (wall, cpu) = (start.0.elapsed().as_secs_f64(), cpu_seconds() - start.1);
    json!({
        "n_params": params.n_values(), "wall_s": wall, "cpu_s": cpu,
        "tokens_per_s": (BATCH * LENGTH * n_steps) as f64 / wall, "losses": losses,
    })
}

/// As many steps a sentence as the peer takes: 19 words and an end.
fn write(writer: &impl StepModel, n: usize) -> Value {
    let sources = sources();
    let limits = Limits { min: LENGTH - 1, max: LENGTH - 1, max_per_source_word: 0.0 };
    let wanted = Beam { limits, stop: Stop::Certain, length_penalty: 0.0, ..Beam::default() };
    let run = |at: usize| {
        let outputs = beam(writer, &[&sources[at % sources.len()][..]], &wanted).expect("the settings are sound");
        assert_eq!(outputs[0][0].tokens.len(), LENGTH - 1);
        outputs[0][0].score
    };
    run(0);
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let sum: f32 = (0..n).map(run).sum();
    let (wall, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    json!({ "wall_s": wall, "cpu_s": cpu, "ms_a_sentence": wall / n as f64 * 1e3, "mean_score": sum / n as f32 })
}

/// User and system seconds of this process; 0 where the system does not say.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    // Fields 14 and 15 of the whole line, in hundredths.
    (ticks(11) + ticks(12)) / 100.0
}

fn peak_rss_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
