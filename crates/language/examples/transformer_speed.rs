//! The speed of the transformer on the task that `bench/peers/language/torch_seq2seq.py` describes: training, or writing one
//! sentence with a beam of 5.
//!
//! usage: transformer_speed train [f32|bf16] [STEPS]     after 3 steps, 20
//!        transformer_speed beam [f32|bf16] [SENTENCES]
//!
//! Prints one line of JSON. RAYON_NUM_THREADS threads, 2 by default.

use std::time::Instant;

use language::seq2seq::decode::{Beam, Limits, Stop, beam};
use language::seq2seq::train::{Draw, Network, Pairs};
use language::seq2seq::transformer::{Transformer, TransformerShape, Writing};
use neural::adam::{Adam, AdamOptions};
use neural::{Builder, Compute, Gradients, Params, Precision};
use tercet_language as language;

const LEN: usize = 20;
const BATCH: usize = 64;

/// 20 batches of sources and the same reversed. The last word of a target stands where its end would, which the task has not.
fn pairs() -> Pairs {
    let mut x = 42u64;
    let mut token = || {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        3 + ((x >> 33) % 7997) as u32
    };
    let sources: Vec<Vec<u32>> = (0..20 * BATCH).map(|_| (0..LEN).map(|_| token()).collect()).collect();
    let targets = sources.iter().map(|source| source.iter().rev().copied().take(LEN - 1).collect()).collect();
    Pairs::new(sources, targets).expect("as many")
}

fn model() -> (Transformer, Params) {
    let shape = TransformerShape {
        n_source: 8000,
        n_target: 8000,
        dim: 256,
        n_heads: 4,
        dim_inner: 1024,
        n_layers: 3,
        dropout: 0.0,
        label_smoothing: 0.0,
        n_places: LEN + 1,
        scale_words: false,
    };
    let mut builder = Builder::fresh(1);
    let model = Transformer::new(&mut builder, &shape).expect("the shape is sound");
    (model, builder.finish())
}

fn train(compute: Compute, n_steps: usize) {
    let (model, mut params) = model();
    let mut adam = Adam::new(&params, AdamOptions::default());
    let mut gradients = Gradients::zeros(&params);
    let pairs = pairs();
    let (mut losses, mut start) = (Vec::new(), (Instant::now(), cpu_seconds()));
    for step in 0..3 + n_steps {
        if step == 3 {
            start = (Instant::now(), cpu_seconds());
        }
        let places: Vec<usize> = (step % 20 * BATCH..(step % 20 + 1) * BATCH).collect();
        let draw = Draw { seed: 1, step: step as u64 };
        let loss = model.learn(&compute, &params, &mut gradients, &pairs.batch(&places), draw).expect("a sound batch");
        adam.update(&mut params, &mut gradients).expect("the loss is finite");
        losses.push(loss.mean());
    }
    let (wall, cpu) = (start.0.elapsed().as_secs_f64(), cpu_seconds() - start.1);
    println!(
        "{{\"impl\": \"tercet\", \"model\": \"transformer\", \"precision\": \"{:?}\", \"params\": {}, \"wall_s\": {wall:.3}, \
         \"cpu_s\": {cpu:.2}, \"tgt_tok_s\": {:.1}, \"loss\": [{:.3}, {:.3}], \"peak_rss_mb\": {:.1}}}",
        compute.precision(),
        params.n_values(),
        (BATCH * LEN * n_steps) as f64 / wall,
        losses[0],
        losses[losses.len() - 1],
        peak_rss_mb(),
    );
}

fn write(compute: Compute, n: usize) {
    let (model, params) = model();
    let writing = Writing::new(&model, &params, compute);
    let pairs = pairs();
    let limits = Limits { min: LEN, max: LEN, max_per_source_word: 0.0 };
    let wanted = Beam { limits, stop: Stop::Certain, length_penalty: 0.0, ..Beam::default() };
    let source = |at: usize| pairs.batch(&[at % pairs.len()]).sources[0];
    let run = |at: usize| beam(&writing, &[source(at)], &wanted).expect("the settings are sound")[0][0].score;
    let first = run(0);
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let sum: f32 = (0..n).map(run).sum();
    let (wall, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    println!(
        "{{\"impl\": \"tercet\", \"model\": \"transformer\", \"mode\": \"beam 5\", \"precision\": \"{:?}\", \
         \"ms_sentence\": {:.2}, \"cpu_ms_sentence\": {:.2}, \"first\": {first:.3}, \"mean\": {:.3}}}",
        compute.precision(),
        wall / n as f64 * 1e3,
        cpu / n as f64 * 1e3,
        sum / n as f32,
    );
}

/// User and system time of this process so far, from the kernel's own count.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn peak_rss_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let compute = Compute::new(Precision::from_name(args.get(1).map_or("f32", String::as_str)).expect("f32 or bf16"));
    let n = args.get(2).map_or(20, |n| n.parse().expect("a number"));
    let n_threads = std::env::var("RAYON_NUM_THREADS").ok().and_then(|n| n.parse().ok()).unwrap_or(2);
    neural::on_threads(n_threads, || match args.first().map(String::as_str) {
        Some("train") => train(compute, n),
        Some("beam") => write(compute, n),
        _ => eprintln!("usage: transformer_speed train|beam [f32|bf16] [N]"),
    });
}
