//! How fast the recurrent encoder-decoder learns, on the task that every implementation beside it runs too
//! (`bench/peers/language/torch_seq2seq.py gru`): sequences of 20 tokens to be written backwards, vocabulary 8,000, batch 64,
//! embedding 256, one layer of 512, additive attention, Adam with 1e-3. Prints one line of JSON.
//!
//!     seq2seq_speed [f32|bf16] [STEPS] [THREADS]

use std::time::Instant;

use neural::adam::{Adam, AdamOptions};
use neural::{Builder, Compute, Gradients, Precision};
use tercet_language::seq2seq::model::{CARD, Recurrent, Shape};
use tercet_language::seq2seq::train::{Batch, Draw, Network};

const WORDS: usize = 8000;
const BATCH: usize = 64;
const LENGTH: usize = 20;
const WARM_UP: usize = 3;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let argument = |at: usize, or: &str| arguments.get(at).cloned().unwrap_or_else(|| or.to_owned());
    let precision = Precision::from_name(&argument(1, "f32")).expect("a precision");
    let n_steps: usize = argument(2, "20").parse().expect("a number of steps");
    let n_threads: usize = argument(3, "2").parse().expect("a number of threads");
    let texts = ["bidirectional=false", "dropout=0", "label_smoothing=0"];
    let shape = Shape::new(&CARD.settings_from_texts(&texts).expect("known names"), WORDS, WORDS).expect("a shape");
    let sources = sources();
    let targets: Vec<Vec<u32>> = sources.iter().map(|source| source.iter().rev().copied().collect()).collect();
    let mut builder = Builder::fresh(0);
    let model = Recurrent::new(&mut builder, shape).expect("a model");
    let mut params = builder.finish();
    let mut adam = Adam::new(&params, AdamOptions::default());
    let mut gradients = Gradients::zeros(&params);
    let compute = Compute::new(precision);
    let mut losses = Vec::new();
    let (mut began, mut cpu_began) = (Instant::now(), 0.0);
    neural::on_threads(n_threads, || {
        for step in 0..WARM_UP + n_steps {
            if step == WARM_UP {
                (began, cpu_began) = (Instant::now(), cpu_seconds());
            }
            let from = step % 20 * BATCH;
            let batch = Batch {
                sources: sources[from..from + BATCH].iter().map(|ids| &ids[..]).collect(),
                outputs: targets[from..from + BATCH].iter().map(|ids| &ids[..]).collect(),
            };
            let draw = Draw { seed: 0, step: step as u64 };
            let loss = model.learn(&compute, &params, &mut gradients, &batch, draw).expect("a loss");
            adam.update(&mut params, &mut gradients).expect("finite gradients");
            losses.push((loss.mean() * 1e4).round() / 1e4);
        }
    });
    let (wall, cpu) = (began.elapsed().as_secs_f64(), cpu_seconds() - cpu_began);
    let report = serde_json::json!({
        "implementation": "tercet", "precision": format!("{:?}", compute.precision()), "n_threads": n_threads,
        "n_params": params.n_values(), "n_steps": n_steps, "wall_s": wall, "cpu_s": cpu,
        "target_tokens_per_s": (BATCH * LENGTH * n_steps) as f64 / wall,
        "peak_rss_mb": peak_rss_mb(), "losses": losses,
    });
    println!("{report}");
}

/// Twenty batches of sources from a linear congruential generator.
fn sources() -> Vec<Vec<u32>> {
    let mut x = 42u64;
    let mut next = || {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        3 + ((x >> 33) % 7997) as u32
    };
    (0..20 * BATCH).map(|_| (0..LENGTH).map(|_| next()).collect()).collect()
}

/// User and system seconds of this process; 0 where the system does not say.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .map(|field| field.parse().unwrap_or(0.0))
        .collect();
    // Fields 14 and 15 of the whole line, in hundredths.
    (fields.get(11).unwrap_or(&0.0) + fields.get(12).unwrap_or(&0.0)) / 100.0
}

fn peak_rss_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
