//! `train seq2seq`, `seq2seq list|write|delete`: models of the shop that write, on the command line.

use std::path::Path;

use data::Shop;
use serde_json::json;
use service::flows::seq2seq::{self, Seq2SeqInfo, Seq2SeqRequest, WriteRequest, Written, WrittenItem};
use service::{Result, ServiceError};

use crate::args::{Seq2Seq, Train};
use crate::print::{self, Progress};

pub async fn train(dir: &Path, asked: Train, as_json: bool) -> Result<()> {
    if let Some(card) = asked.algorithm.as_deref().filter(|card| *card != "seq2seq") {
        let message = format!("train seq2seq learns the card seq2seq; found: --algorithm {card}");
        return Err(ServiceError::usage("algorithm", message)
            .help("choose what reads and writes by --set cell=gru, lstm or transformer"));
    }
    let name = asked.name.as_deref().ok_or_else(|| {
        ServiceError::usage("name", "train seq2seq needs a name for the model").help("give one: --name answers")
    })?;
    let request = Seq2SeqRequest {
        pairs: asked.pairs,
        set: asked.set,
        // Going on takes the seed it began with.
        seed: (!asked.resume).then_some(asked.seed),
        n_threads: usize::from(asked.threads),
        resume: asked.resume,
        restart: asked.restart,
        ..Seq2SeqRequest::new(name)
    };
    let shop = Shop::open(dir)?;
    let bar = Progress::stopped_by_ctrl_c(as_json);
    let on = |share: f64, message: &str| bar.report(share, message);
    let trained = seq2seq::train(&shop, request, &on).await;
    drop(bar);
    let info = trained.map_err(|error| match error.code {
        "cancelled" => error.help(format!("go on: tercet train seq2seq --name {name} --resume")),
        _ => error,
    })?;
    if as_json {
        print::json(&serde_json::to_value(&info)?);
    } else {
        print_info(&info);
    }
    Ok(())
}

fn print_info(info: &Seq2SeqInfo) {
    let count = |n: usize| print::count(n as u64);
    print::line(&format!(
        "learned from {} pairs of {} read, {} held out while learning, {} to judge by",
        count(info.n_pairs),
        count(info.n_read),
        count(info.n_valid),
        count(info.n_test)
    ));
    if info.n_rejected > 0 {
        print::line(&format!("set aside: {}", count(info.n_rejected)));
        for bad in info.rejected.iter().take(5) {
            let place = if bad.line == 0 { String::new() } else { format!("line {}: ", bad.line) };
            print::line(&format!("  {place}{}", bad.reason));
        }
    }
    let attention = info.attention.as_ref().map_or(String::new(), |name| format!(", {name} attention"));
    print::line(&format!(
        "{}{attention}: {} parameters; {} and {} units of sources and targets",
        info.cell,
        count(info.n_parameters),
        count(info.n_source_words),
        count(info.n_target_words)
    ));
    let best = info.best_epoch.map_or(String::new(), |epoch| format!(", the best after round {epoch}"));
    let loss = info.valid_loss.map_or(String::new(), |loss| format!("; loss held out {loss:.3}"));
    print::line(&format!(
        "{} rounds{best}{loss}; {} units a second",
        info.epochs,
        count(info.tokens_per_second as usize)
    ));
    print::line(&format!(
        "judged on pairs never seen: BLEU {:.1}, {:.0} % to the letter",
        info.bleu,
        info.exact * 100.0
    ));
    print::line(&format!(
        "version {} of {} in service after {:.1} s of learning",
        info.version, info.name, info.seconds
    ));
    print::line(&format!("next: tercet seq2seq write {} \"…\"", info.name));
}

pub fn run(dir: &Path, asked: Seq2Seq, as_json: bool) -> Result<()> {
    let shop = Shop::open(dir)?;
    match asked {
        Seq2Seq::List => list(&shop, as_json),
        Seq2Seq::Write { name, text, beam, n, must, must_not, no_repeat, temperature, top_p, seed, attention } => {
            let n = n.min(beam);
            let request = WriteRequest { text, beam, n, must, must_not, no_repeat, temperature, top_p, seed };
            let written = seq2seq::write(&shop, &name, &request)?;
            if as_json {
                print::json(&serde_json::to_value(&written)?);
            } else {
                print_written(&written, attention);
            }
            Ok(())
        }
        Seq2Seq::Delete { name } => {
            seq2seq::remove(&shop, &name)?;
            match as_json {
                true => print::json(&json!({"deleted": name})),
                false => print::line(&format!("deleted {name} with all its versions")),
            }
            Ok(())
        }
    }
}

fn list(shop: &Shop, as_json: bool) -> Result<()> {
    let items = seq2seq::list(shop)?;
    if as_json {
        print::json(&json!({"items": items}));
        return Ok(());
    }
    if items.is_empty() {
        print::line("no model that writes; begin: tercet train seq2seq --name titles --pairs titles");
        return Ok(());
    }
    let rows = items.iter().map(|item| {
        let state = match &item.learning {
            Some(learning) => format!("{} at {:.0} %", item.state, learning.done * 100.0),
            None => item.state.clone(),
        };
        vec![
            item.name.clone(),
            state,
            item.version.clone().unwrap_or_default(),
            item.pairs.clone(),
            item.cell.clone(),
            print::count(item.n_pairs as u64),
            item.valid_loss.map_or(String::new(), |loss| format!("{loss:.3}")),
            item.bleu.map_or(String::new(), |bleu| format!("{bleu:.1}")),
            item.exact.map_or(String::new(), |exact| format!("{:.0} %", exact * 100.0)),
        ]
    });
    let header = ["name", "state", "version", "pairs", "cell", "pairs learned", "loss", "BLEU", "to the letter"];
    print::table(&header, &rows.collect::<Vec<_>>());
    items.iter().filter_map(|item| item.problem.as_ref()).for_each(|problem| print::line(problem));
    Ok(())
}

fn print_written(written: &Written, with_attention: bool) {
    if written.masked {
        print::line("what is personal was masked before it was read");
    }
    if !written.unknown.is_empty() {
        let unknown: Vec<&str> = written.unknown.iter().map(|&at| written.source[at].as_str()).collect();
        print::line(&format!("never seen while learning: {}", unknown.join(" ")));
    }
    if written.items.is_empty() {
        print::line("nothing could be written with all of that; take a wider --beam or ask for less");
    }
    for (at, item) in written.items.iter().enumerate() {
        let end = if item.ended { "" } else { "  (cut at the longest length)" };
        print::line(&format!("{}. {:.3}  {}{end}", at + 1, item.score, item.text));
        if with_attention {
            print_attention(&written.source, item);
        }
    }
}

/// Shades from nothing to all.
const SHADES: [char; 10] = [' ', '.', ':', '-', '=', '+', '*', '#', '%', '@'];

/// One row a unit written, one column a unit read, numbered.
fn print_attention(source: &[String], item: &WrittenItem) {
    let columns: Vec<String> = source.iter().enumerate().map(|(at, unit)| format!("{}={unit}", at + 1)).collect();
    print::line(&format!("   columns: {}", columns.join(" ")));
    for (token, row) in item.tokens.iter().zip(&item.attention) {
        let shade = |weight: &f32| SHADES[((weight * 9.0).round() as usize).min(9)];
        let most = row
            .iter()
            .enumerate()
            .max_by(|a, b| a.1.total_cmp(b.1))
            .map_or(String::new(), |(at, weight)| format!("  {} {:.0} %", source[at], weight * 100.0));
        print::wide(&format!("   |{}| {token}{most}", row.iter().map(shade).collect::<String>()));
    }
}
