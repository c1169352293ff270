//! The benches of customer service beside peers on the same texts: sections of manuals found, replies selected, questions that
//! are none of the shop's business. Ours are the examples of the crate `assist`, the peers stand in `bench/peers/assist`. These
//! need the real data. One more has no peer and no real data: turns with a real language model, which fails if a figure comes
//! out that nothing supports. How truthful whole conversations are is not measured here; `tercet assist test` does that.

use std::path::PathBuf;

use serde_json::Value;

use super::{Bench, Figures, developed, last_json, number};
use crate::run::{command, data_dir, output, root, run, target_dir};
use crate::setup;

pub const RETRIEVAL: &str =
    "questions that people wrote for two manuals, to the right section; settings chosen on the even half";
pub const SELECTION: &str = "which of ten replies answers a conversation: JDDC's test file (nine others drawn with seed 0), and the sample of \
     the E-commerce corpus (100 contexts)";
pub const SCOPE: &str = "CLINC150: intents of the published test part, and which of its 1,000 foreign questions are told apart; all chosen on the \
     validation part. Published: SVM 91.0 % in scope, recall 14.5 %; MLP on USE 93.5 %, 47.4 %";
pub const WRITER: &str = "questions to the simulated shop, answered with a small language model on loopback (SmolLM2-135M-Instruct Q4_1, llama.cpp, one \
     thread) that words replies and chooses among likely intents; wall and CPU over all turns, quantiles over those that asked it";

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
        "in-scope accuracy {:.4}, kept and right {:.4}; foreign questions told apart {:.4}, at {:.4} precision in scope",
        number(&answer, "accuracy"),
        number(&answer, "accuracy_kept"),
        number(&answer, "oos_recall"),
        number(&answer, "precision_in_scope"),
    );
    Ok(vec![row("Tercet clinc150".to_owned(), quality)])
}

/// Turns of the bench with a language model; those of the golden questions, spread over all of them.
const N_WRITER_TURNS: &str = "40";

/// What came of a real model's words. The peer's script counts figures by itself.
pub fn writer(bench: &Bench) -> Result<Vec<Figures>, String> {
    let program = developed()?;
    let shop = bench.folder.join("writer.shop");
    let is_made = shop.join("made");
    if !is_made.exists() {
        let made = ["demo", "--make-only", "--seed", "1", "--end", "2026-06-30", "--lang", "en"];
        run(command(&program, &made).arg(&shop))?;
        for what in ["language", "assist"] {
            run(command(&program, &["train", what, "--shop"]).arg(&shop))?;
        }
        std::fs::write(&is_made, "").map_err(|error| format!("{}: {error}", is_made.display()))?;
    }
    let scripts = root().join("bench/peers/assist");
    let python = setup::python("writer", &scripts.join("requirements-writer.txt"))?;
    let mut turns = command(&python.to_string_lossy(), &[]);
    turns.arg(scripts.join("writer.py")).arg("turns").arg(&program).arg(&shop);
    let answer = last_json(&output(turns.arg(root().join("tests/service/golden-en.toml")).arg(N_WRITER_TURNS))?)?;
    eprintln!("worded anew: {:#}", answer["examples"]);
    let counted = |name: &str| answer["counted"][name].as_u64().unwrap_or(0);
    let wrong = counted("unsupported") + counted("missing");
    if wrong > 0 {
        return Err(format!("{wrong} figures of replies are unsupported or missing: {answer}"));
    }
    Ok(writer_rows(&answer, &counted))
}

fn writer_rows(answer: &Value, counted: &dyn Fn(&str) -> u64) -> Vec<Figures> {
    let row = |who: &str, part: &Value, quality: String| Figures {
        who: who.to_owned(),
        cpu_seconds: number(part, "cpu"),
        wall_seconds: number(part, "wall"),
        peak_mib: number(part, "peak"),
        quality,
    };
    let quantiles = |part: &Value| format!("p50 {:.0} ms, p95 {:.0} ms", number(part, "p50"), number(part, "p95"));
    let reasons: Vec<String> = answer["reasons"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|reason| format!("{} ({})", reason[0].as_str().unwrap_or("?").trim(), reason[1]))
        .collect();
    let with_model = format!(
        "{} turns, {} asked it: {} worded anew, {} refused, {} not used (as it stands, or failed), {} understood; 0 figures without \
         support or lost; refused mostly for: {}; {} tokens in, {} out; {}",
        answer["n"],
        answer["n_asked"],
        counted("is_worded"),
        counted("refused"),
        counted("not used"),
        counted("understood"),
        reasons.join(", "),
        number(answer, "tokens_in"),
        number(answer, "tokens_out"),
        quantiles(&answer["with_model"])
    );
    vec![
        row(
            "Tercet, built-in",
            &answer["built_in"],
            format!("{} turns; {}", answer["n"], quantiles(&answer["built_in"])),
        ),
        row("Tercet with SmolLM2-135M", &answer["with_model"], with_model),
        row("Tercet's model server", &answer["model"], String::new()),
    ]
}
