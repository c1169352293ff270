//! The benches of sequence to sequence beside PyTorch: steps of learning, writing one sentence, and what is written after
//! learning from four public sets with the same sizes, settings and number of updates.
//!
//! Ours are the examples `seq2seq_speed` and `seq2seq_on_folder` of the crate `language`; PyTorch's are in
//! `bench/peers/language`. BLEU of both is sacrebleu's.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Bench, Figures, N_THREADS, last_json, number};
use crate::run::{command, data_dir, output, root, run, target_dir};
use crate::setup;

/// Steps timed, after three that are not.
const N_STEPS: &str = "100";
const N_SENTENCES: &str = "100";

pub const STEP: &str = "training step of an encoder-decoder: vocabulary 8,000, 64 pairs of 20 tokens, Adam; GRU 256 / 512 with additive \
     attention and a transformer of 256, 3 + 3 layers; 100 steps after 3; losses after steps 1, 20, 40, 60, 80 and 100";
pub const BEAM: &str = "writing 20 words with a beam of 5, one sentence at a time, 100 sentences; sizes as in seq2seq-step, untrained weights";
pub const QUALITY: &str = "learning to write from SCAN (simple split), E2E NLG (its development part, official references of the test), Tatoeba \
     zh→en and couplets: same sizes, settings, vocabularies and updates; one thread each, ours and PyTorch side by side; \
     CPU and wall seconds are of learning; penalties of length are chosen on the validation part";

struct Programs {
    scripts: PathBuf,
    python: PathBuf,
    examples: PathBuf,
    folder: PathBuf,
}

impl Programs {
    fn of(bench: &Bench) -> Result<Programs, String> {
        let scripts = root().join("bench/peers/language");
        let python = setup::python("seq2seq", &scripts.join("requirements-seq2seq.txt"))?;
        let mut build = command("cargo", &["build", "--workspace"]);
        run(build.args(["--example", "seq2seq_speed", "--example", "seq2seq_on_folder"]))?;
        let folder = bench.folder.join("seq2seq");
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Programs { scripts, python, examples: target_dir().join("debug/examples"), folder })
    }

    fn script(&self, name: &str) -> std::process::Command {
        let mut command = command(&self.python.to_string_lossy(), &[]);
        command.arg(self.scripts.join(name)).current_dir(&self.scripts).env("PYTHONDONTWRITEBYTECODE", "1");
        // These pick slow kernels on some processors; the peers must run at their best.
        command.env_remove("OPENBLAS_CORETYPE").env_remove("OPENBLAS_L2_SIZE");
        command
    }

    fn speed(&self, kind: &str, what: &str, precision: &str, n: &str) -> Result<Value, String> {
        eprintln!("→ seq2seq_speed {kind} {what} {precision}");
        let program = self.examples.join("seq2seq_speed");
        last_json(&output(&mut command(&program.to_string_lossy(), &[kind, what, precision, n, N_THREADS]))?)
    }

    fn torch_speed(&self, kind: &str, what: &str, precision: &str, n: &str, threads: &str) -> Result<Value, String> {
        eprintln!("→ torch_seq2seq.py {kind} {what} {precision}, {threads} threads");
        last_json(&output(self.script("torch_seq2seq.py").args([kind, what, precision, n, threads]))?)
    }
}

fn figures(who: String, answer: &Value, quality: String) -> Figures {
    Figures {
        who,
        cpu_seconds: number(answer, "cpu_s"),
        wall_seconds: number(answer, "wall_s"),
        peak_mib: number(answer, "peak_rss_mib"),
        quality,
    }
}

pub fn step(bench: &Bench) -> Result<Vec<Figures>, String> {
    let programs = Programs::of(bench)?;
    let told = |answer: &Value| {
        let losses = answer["losses"].as_array().into_iter().flatten();
        let losses: Vec<String> = losses.map(|one| format!("{:.3}", one[1].as_f64().unwrap_or(f64::NAN))).collect();
        format!("{:.0} tokens/s; loss {}", number(answer, "tokens_per_s"), losses.join(", "))
    };
    let mut all = Vec::new();
    for kind in ["gru", "transformer"] {
        for (ours, theirs) in [("f32", &["f32"][..]), ("bf16", &["bf16", "bf16-weights"])] {
            let answer = programs.speed(kind, "train", ours, N_STEPS)?;
            all.push(figures(format!("Tercet {kind} {ours}"), &answer, told(&answer)));
            for precision in theirs {
                let answer = programs.torch_speed(kind, "train", precision, N_STEPS, N_THREADS)?;
                all.push(figures(format!("PyTorch {kind} {precision}"), &answer, told(&answer)));
            }
        }
    }
    Ok(all)
}

/// So little work a step that a second thread may cost more than it brings: the peer is tried with either.
pub fn beam(bench: &Bench) -> Result<Vec<Figures>, String> {
    let programs = Programs::of(bench)?;
    let told = |answer: &Value| format!("{:.2} ms a sentence", number(answer, "ms_a_sentence"));
    let mut all = Vec::new();
    for kind in ["gru", "transformer"] {
        for (ours, theirs) in [("f32", "f32"), ("bf16", "bf16-weights")] {
            let answer = programs.speed(kind, "beam", ours, N_SENTENCES)?;
            all.push(figures(format!("Tercet {kind} {ours}"), &answer, told(&answer)));
            for threads in ["1", "2"] {
                let answer = programs.torch_speed(kind, "beam", theirs, N_SENTENCES, threads)?;
                all.push(figures(format!("PyTorch {kind} {theirs}, threads: {threads}"), &answer, told(&answer)));
            }
        }
    }
    Ok(all)
}

/// One set and how it is learned from. Chosen on the validation part.
struct Learning {
    task: &'static str,
    /// Parameters of the card, those of the peer by the names it has for them.
    set: &'static str,
    min_count: &'static str,
    length_penalties: &'static str,
    /// What only ours can do, in a row of its own.
    more: &'static [&'static str],
}

const LEARNINGS: &[Learning] = &[
    Learning {
        task: "scan",
        set: "dim_embedding=32 dim_hidden=128 dropout=0.1 label_smoothing=0 learning_rate=0.002 average=0.99 clip=1 batch=64 epochs=6",
        min_count: "1",
        length_penalties: "1.0",
        more: &[],
    },
    // Chosen on the sources of the development part with all eight attributes and three other combinations, held out whole: the
    // test too has combinations that nothing is learned of. More rounds give better losses and worse BLEU there.
    Learning {
        task: "e2e",
        set: "dim_embedding=128 dim_hidden=128 dropout=0.2 label_smoothing=0.1 learning_rate=0.003 average=0.99 clip=1 batch=64 epochs=5",
        min_count: "2",
        length_penalties: "1.0",
        more: &[
            "beam=10 said_only=true read_back=1 --pick likeliest,consensus",
            "beam=20 said_only=true read_back=1 say_all=true models=3 --pick consensus",
        ],
    },
    Learning {
        task: "tatoeba",
        set: "dim_embedding=128 dim_hidden=192 dropout=0.3 label_smoothing=0.1 learning_rate=0.002 average=0.99 clip=1 batch=64 epochs=8",
        min_count: "2",
        length_penalties: "0.6,1.0,1.4",
        more: &[],
    },
    Learning {
        task: "couplet",
        set: "dim_embedding=128 dim_hidden=128 dropout=0.3 label_smoothing=0.1 learning_rate=0.002 average=0.99 clip=1 batch=64 epochs=15",
        min_count: "1",
        length_penalties: "1.0",
        more: &[],
    },
];

pub fn quality(bench: &Bench) -> Result<Vec<Figures>, String> {
    let texts = data_dir().ok_or("the bench 'seq2seq-quality' needs the real data (TERCET_DATA)")?.join("text");
    let programs = Programs::of(bench)?;
    let mut all = Vec::new();
    for learning in LEARNINGS {
        let input = programs.folder.join(learning.task);
        if !input.join("test.tgt").exists() {
            run(programs.script("prep_seq2seq.py").arg(&texts).arg(&programs.folder).arg(learning.task))?;
        }
        let (ours, theirs) = std::thread::scope(|scope| {
            let ours = scope.spawn(|| programs.learn(learning, &input, ""));
            let theirs = programs.torch_learn(learning, &input);
            (ours.join().expect("no panic"), theirs)
        });
        all.push(said(programs.row(learning, &input, "", &ours?)?));
        all.push(said(learned(format!("PyTorch {}", learning.task), &theirs?, learning.set, None)));
        for more in learning.more {
            let answer = programs.learn(learning, &input, more)?;
            all.push(said(programs.row(learning, &input, more, &answer)?));
        }
    }
    Ok(all)
}

/// Said as soon as it is known: all of it takes an hour, and what breaks off late would take the rest with it.
fn said(figures: Figures) -> Figures {
    eprintln!(
        "  {}: {:.0} CPU s, {:.0} s, {}",
        figures.who, figures.cpu_seconds, figures.wall_seconds, figures.quality
    );
    figures
}

impl Programs {
    fn hypotheses(&self, learning: &Learning, more: &str) -> PathBuf {
        self.folder.join(format!("{}{}.written", learning.task, more.replace(' ', "_")))
    }

    fn learn(&self, learning: &Learning, input: &Path, more: &str) -> Result<Value, String> {
        eprintln!("→ seq2seq_on_folder {} {} {more}", learning.task, learning.set);
        let mut command = command(&self.examples.join("seq2seq_on_folder").to_string_lossy(), &[]);
        command.arg(input).args(["--threads", "1", "--min-count", learning.min_count]);
        command.args(["--length-penalty", learning.length_penalties]);
        command.arg("--hypotheses").arg(self.hypotheses(learning, more));
        // As many updates as the peer.
        command.arg("patience=0").args(learning.set.split(' ')).args(more.split_whitespace());
        last_json(&output(&mut command)?)
    }

    fn torch_learn(&self, learning: &Learning, input: &Path) -> Result<Value, String> {
        eprintln!("→ torch_seq2seq_quality.py {}", learning.task);
        let mut command = self.script("torch_seq2seq_quality.py");
        command.arg(input).args(["threads=1", &format!("min_count={}", learning.min_count)]);
        command.arg(format!("length_penalty={}", learning.length_penalties));
        for assignment in learning.set.split(' ').filter(|assignment| !assignment.starts_with("schedule=")) {
            let (name, value) = assignment.split_once('=').expect("name=value");
            let name = match name {
                "label_smoothing" => "smoothing",
                "layers" => "n_layers",
                "heads" => "n_heads",
                other => other,
            };
            command.arg(format!("{name}={value}"));
        }
        last_json(&output(&mut command)?)
    }

    /// What was written is scored by the peer's script, as the peer's own is.
    fn row(&self, learning: &Learning, input: &Path, more: &str, answer: &Value) -> Result<Figures, String> {
        let mut score = self.script("prep_seq2seq.py");
        let scores = last_json(&output(score.arg("score").arg(input).arg(self.hypotheses(learning, more)))?)?;
        let who = format!("Tercet {} {more}", learning.task);
        let mut figures = learned(who.trim().to_owned(), answer, learning.set, Some(&scores));
        if learning.task == "e2e" {
            let mut slots = self.script("e2e_slots.py");
            let slots = last_json(&output(slots.arg(input).arg(self.hypotheses(learning, more)))?)?;
            figures.quality =
                format!("slot errors {:.2} %, {}", 100.0 * number(&slots, "slot_error_rate"), figures.quality);
        }
        Ok(figures)
    }
}

fn learned(who: String, answer: &Value, set: &str, scores: Option<&Value>) -> Figures {
    let scores = scores.unwrap_or(answer);
    let nats = answer["valid_nats"].as_array().into_iter().flatten().filter_map(Value::as_f64);
    let quality = format!(
        "BLEU {:.2}, exact {:.2} %, validation {:.3} nats; {:.0} updates, {:.2} M parameters; {set}",
        number(scores, "bleu"),
        100.0 * number(scores, "exact"),
        nats.fold(f64::INFINITY, f64::min),
        number(answer, "steps"),
        number(answer, "params") / 1e6,
    );
    Figures {
        who,
        cpu_seconds: number(answer, "fit_cpu_s"),
        wall_seconds: number(answer, "fit_s"),
        peak_mib: number(answer, "peak_rss_mib"),
        quality,
    }
}
