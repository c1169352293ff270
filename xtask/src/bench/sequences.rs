//! The benches of what comes next: `sasrec` on the Beauty sequences beside published figures, and `item2vec` on real sessions
//! beside gensim's Word2Vec and our other session cards.
//!
//! Ours is the example `sequences` of crates/recommend, each fit a process of its own, timed around the fit alone; gensim is
//! handed the same sessions and judged by the same rule. Settings are the cards' defaults, which were chosen on the
//! validation items, gensim's are those of `item2vec`.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Bench, Figures, N_THREADS, last_json, number};
use crate::run::{command, data_dir, output, root, run, target_dir};
use crate::setup;

pub const SENTENCE: &str = "what comes next, leave-one-out, all items ranked: SASRec on the Beauty sequences (published with a \
    softmax: recall@10 0.0595, ndcg@10 0.0359), and cards of sessions on Diginetica's";

/// `sequences CARD FILE …` as its usage says.
fn ours(example: &Path, card: &str, files: &[&str], rest: &[&str]) -> Result<Value, String> {
    let mut command = command(&example.to_string_lossy(), &[card]);
    command.args(files).args(["--threads", N_THREADS]).args(rest);
    eprintln!("→ sequences {card} {rest:?}");
    last_json(&output(&mut command)?)
}

fn quality(of: &Value, names: &[&str]) -> String {
    let told: Vec<String> = names.iter().map(|name| format!("{name} {:.4}", number(of, name))).collect();
    told.join(", ")
}

fn our_figures(who: &str, answer: &Value, names: &[&str]) -> Figures {
    Figures {
        who: format!("Tercet {who}"),
        cpu_seconds: number(answer, "fit_cpu_seconds"),
        wall_seconds: number(answer, "fit_seconds"),
        peak_mib: number(answer, "peak_rss_bytes") / 1048576.0,
        quality: quality(&answer["quality"], names),
    }
}

pub fn sequences(bench: &Bench) -> Result<Vec<Figures>, String> {
    let data = data_dir().ok_or("the bench 'sequences' needs the real data (TERCET_DATA)")?.join("retail");
    let text = |path: PathBuf| path.to_string_lossy().into_owned();
    run(&mut command("cargo", &["build", "--workspace", "--example", "sequences"]))?;
    let example = target_dir().join("debug/examples/sequences");
    let beauty = text(data.join("amazon_beauty_seq/Beauty.txt.gz"));
    let answer = ours(&example, "sasrec", &[&beauty], &["--unmasked"])?;
    let mut first = our_figures("sasrec, Beauty", &answer, &["recall@10", "ndcg@10"]);
    first.quality += &format!("; history ranked too: {}", quality(&answer["unmasked"], &["recall@10", "ndcg@10"]));
    let mut all = vec![first];

    let (train, test) =
        (data.join("diginetica_sessions/train_valid.txt.gz"), data.join("diginetica_sessions/test_valid.txt.gz"));
    let (train, test, for_peers) = (text(train), text(test), text(bench.folder.join("diginetica.txt")));
    let names = ["recall@20", "ndcg@10"];
    for card in ["item_knn", "vmis_knn"] {
        let answer = ours(&example, card, &[&train, "--sessions", &test], &[])?;
        all.push(our_figures(&format!("{card}, Diginetica"), &answer, &names));
    }
    let answer = ours(&example, "item2vec", &[&train, "--sessions", &test], &["--output", &for_peers])?;
    all.push(our_figures("item2vec, Diginetica", &answer, &names));
    all.push(gensim(&for_peers, &names)?);
    Ok(all)
}

/// gensim with the defaults of `item2vec`, which are the script's as well.
fn gensim(learned: &str, names: &[&str]) -> Result<Figures, String> {
    let scripts = root().join("bench/peers/language");
    let python = setup::python("vectors", &scripts.join("requirements-vectors.txt"))?;
    let mut command = command(&python.to_string_lossy(), &[]);
    command.arg(scripts.join("item2vec.py")).args([learned, &format!("{learned}.judged")]);
    command.arg(format!("threads={N_THREADS}"));
    eprintln!("→ peer gensim Word2Vec");
    let answer = last_json(&output(&mut command)?)?;
    Ok(Figures {
        who: "gensim 4.4 Word2Vec, Diginetica".to_owned(),
        cpu_seconds: number(&answer, "cpu_s"),
        wall_seconds: number(&answer, "wall_s"),
        peak_mib: number(&answer, "peak_rss_mib"),
        quality: quality(&answer, names),
    })
}
