//! The benches of customer service beside peers on the same texts: sections of manuals found, replies selected, questions that
//! are none of the shop's business. Ours are the examples of the crate `assist`, the peers stand in `bench/peers/assist`. All
//! need the real data. How truthful whole conversations are is not measured here; `tercet assist test` does that.

use std::path::PathBuf;

use serde_json::Value;

use super::{Bench, Figures, last_json, number};
use crate::run::{command, data_dir, output, root, run, target_dir};
use crate::setup;

pub const RETRIEVAL: &str =
    "questions that people wrote for two manuals, to the right section; settings chosen on the even half";
pub const SELECTION: &str = "which of ten replies answers a conversation: JDDC's test file (nine others drawn with seed 0), and the sample of \
     the E-commerce corpus (100 contexts)";
pub const SCOPE: &str = "CLINC150: intents of the published test part, and which of its 1,000 foreign questions are told apart; all chosen on the \
     validation part. Published: SVM 91.0 % in scope, recall 14.5 %; MLP on USE 93.5 %, 47.4 %";

struct Programs {
    scripts: PathBuf,
    data: PathBuf,
}

impl Programs {
    fn of(example: &str) -> Result<Programs, String> {
        let data = data_dir().ok_or("the benches of service need the real data (TERCET_DATA)")?;
        run(&mut command("cargo", &["build", "--workspace", "--example", example]))?;
        Ok(Programs { scripts: root().join("bench/peers/assist"), data })
    }

    fn ours(&self, example: &str, arguments: &[&str]) -> Result<String, String> {
        eprintln!("→ {example} {arguments:?}");
        let program = target_dir().join("debug/examples").join(example);
        output(command(&program.to_string_lossy(), arguments).env("TERCET_DATA", &self.data))
    }

    fn peer(&self, script: &str, arguments: &[&str]) -> Result<String, String> {
        let python = setup::python("assist", &self.scripts.join("requirements.txt"))?;
        eprintln!("→ peer {script} {arguments:?}");
        let mut command = command(&python.to_string_lossy(), &[]);
        output(command.arg(self.scripts.join(script)).args(arguments).env("TERCET_DATA", &self.data))
    }
}

/// Quality alone: none of these is about time.
fn row(who: String, quality: String) -> Figures {
    Figures { who, cpu_seconds: f64::NAN, wall_seconds: f64::NAN, peak_mib: f64::NAN, quality }
}

pub fn retrieval(bench: &Bench) -> Result<Vec<Figures>, String> {
    let programs = Programs::of("retrieval")?;
    let folder = bench.folder.join("manuals");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let folder = folder.to_string_lossy();
    let ours = last_json(&programs.ours("retrieval", &["dump", &folder])?)?;
    let peers = last_json(&programs.peer("bm25.py", &[&folder])?)?;
    let of_half = |answer: &Value, half: &str| {
        format!("{half} {:.3} / {:.3}", number(&answer[half], "hit@1"), number(&answer[half], "hit@5"))
    };
    let said = |answer: &Value| {
        format!("hit@1 / hit@5: {}", ["all", "even", "odd"].map(|half| of_half(answer, half)).join(", "))
    };
    let mut all = Vec::new();
    for manual in ["s10", "tv"] {
        all.push(row(format!("Tercet {manual}"), said(&ours["ours"][manual])));
        for (method, answer) in peers["bm25s"][manual].as_object().into_iter().flatten() {
            all.push(row(format!("bm25s {method} {manual}"), said(answer)));
        }
    }
    Ok(all)
}

pub fn selection(_: &Bench) -> Result<Vec<Figures>, String> {
    let programs = Programs::of("selection")?;
    let lines = |text: String| text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect::<Vec<Value>>();
    let ours = lines(programs.ours("selection", &[])?);
    let peers = lines(programs.peer("selection.py", &[])?);
    let said = |answer: &Value| {
        ["R10@1", "R10@2", "R10@5"].map(|name| format!("{name} {:.3}", number(answer, name))).join(", ")
    };
    let mut all = Vec::new();
    for answer in &ours {
        all.push(row(format!("Tercet {}", answer["test"].as_str().unwrap_or("?")), said(answer)));
        for peer in peers.iter().filter(|peer| peer["test"] == answer["test"]) {
            all.push(row(peer["peer"].as_str().unwrap_or("?").to_owned(), said(peer)));
        }
    }
    if all.is_empty() { Err("no line in the answer of the example 'selection'".to_owned()) } else { Ok(all) }
}

pub fn scope(_: &Bench) -> Result<Vec<Figures>, String> {
    let programs = Programs::of("intent_scope")?;
    let folder = programs.data.join("text/cs_clinc150");
    let answer = last_json(&programs.ours("intent_scope", &[&folder.to_string_lossy()])?)?;
    let quality = format!(
        "in-scope accuracy {:.4}, of those kept {:.4}; foreign questions told apart {:.4}",
        number(&answer, "accuracy"),
        number(&answer, "accuracy_kept"),
        number(&answer, "oos_recall"),
    );
    Ok(vec![row("Tercet clinc150".to_owned(), quality)])
}
