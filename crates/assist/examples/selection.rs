//! Learns to select replies from conversations of a shop's service and prints one line of JSON a test: how often the right
//! reply of ten is first, among the first two, among the first five. `bench/peers/assist/selection.py` does the same with the
//! cosine of TF-IDF, on the same candidates.
//!
//! `jddc`: contexts of the test file, nine wrong replies each, drawn with seed 0 from the file's other replies; learned from the
//! training file. `ecd`: the test sample with the candidates it has, which a search found for each context, so the ranker
//! learns among replies found likewise; learned from JDDC's whole sessions, and the 154 lines of the E-commerce training sample
//! with the turns within their contexts (with `all-of-jddc` from JDDC's training file too). Personal data are masked before
//! anything is shown.
//!
//! `cargo run -p tercet-assist --example selection -- [jddc] [ecd] [all-of-jddc] [seed=1] [show]`

use std::io::Read;
use std::path::PathBuf;
use std::time::Instant;

use language::text::mask;
use math::Random;
use serde_json::{Value, json};
use tercet_assist::select::{Exchange, Selector, Wrong};

fn read(path: &str) -> Option<String> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("TERCET_DATA").map_or(beside, PathBuf::from);
    let bytes = std::fs::read(folder.join("text").join(path)).ok()?;
    if !path.ends_with(".gz") {
        return Some(String::from_utf8_lossy(&bytes).into_owned());
    }
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut text).ok()?;
    Some(String::from_utf8_lossy(&text).into_owned())
}

/// A context with candidates.
struct Test {
    context: Vec<String>,
    candidates: Vec<String>,
    right: usize,
}

fn turns(line: &str) -> Vec<String> {
    line.split(',').map(str::trim).filter(|turn| !turn.is_empty()).map(str::to_owned).collect()
}

/// Contexts and replies of two files, line by line.
fn jddc(part: &str, encoded: &str, decoded: &str) -> Option<Vec<Exchange>> {
    let (contexts, replies) =
        (read(&format!("cs_jddc/{part}.{encoded}"))?, read(&format!("cs_jddc/{part}.{decoded}"))?);
    let exchange = |(context, reply): (&str, &str)| Exchange {
        context: turns(context),
        reply: reply.trim().trim_end_matches(',').to_owned(),
    };
    Some(contexts.split('\n').zip(replies.split('\n')).map(exchange).filter(|one| !one.reply.is_empty()).collect())
}

/// Every reply of the service in whole sessions, with the turns before it.
fn sessions() -> Option<Vec<Exchange>> {
    let text = read("cs_jddc/jddc2019_chat_0.1per.txt.gz")?;
    let mut all = Vec::new();
    let (mut session, mut context, mut last_is_customer) = ("", Vec::<String>::new(), false);
    for row in text.lines().map(|line| line.split('\t').collect::<Vec<_>>()).filter(|row| row.len() >= 7) {
        if row[0] != session {
            (session, last_is_customer) = (row[0], false);
            context.clear();
        }
        let is_customer = row[2] == "0";
        if !is_customer && last_is_customer {
            all.push(Exchange { context: context.clone(), reply: row[6].to_owned() });
        }
        // What one side says in a row is one turn.
        match context.last_mut().filter(|_| is_customer == last_is_customer) {
            Some(turn) => *turn = format!("{turn} {}", row[6]),
            None => context.push(row[6].to_owned()),
        }
        last_is_customer = is_customer;
    }
    Some(all)
}

/// Turns and reply of a line with spaces between words, and whether the reply is the right one.
fn ecd_line(line: &str) -> Option<(bool, Vec<String>, String)> {
    let mut turns: Vec<String> = line.split('\t').map(|turn| turn.replace(' ', "")).collect();
    let reply = turns.pop().filter(|_| turns.len() >= 2)?;
    let is_right = turns.remove(0) == "1";
    Some((is_right, turns, reply))
}

/// The right replies of the training sample, and the turns within its contexts, each as a reply to those before.
fn ecd_train() -> Option<Vec<Exchange>> {
    let mut all = Vec::new();
    for (is_right, turns, reply) in read("cs_ecd_sample/ecd_train.txt")?.lines().filter_map(ecd_line) {
        if is_right {
            let within =
                (1..turns.len()).map(|at| Exchange { context: turns[..at].to_vec(), reply: turns[at].clone() });
            all.extend(within);
            all.push(Exchange { context: turns, reply });
        }
    }
    Some(all)
}

/// Whether the reply is the right one, the context, the reply.
type Line = (bool, Vec<String>, String);

/// The candidates of the sample, ten a context, the right one put at a place drawn with seed 0.
fn ecd_tests() -> Option<Vec<Test>> {
    let text = read("cs_ecd_sample/ecd_test.txt.gz")?;
    let lines: Vec<Line> = text.lines().filter_map(ecd_line).collect();
    let test = |(row, ten): (usize, &[Line])| {
        let mut candidates: Vec<String> = ten.iter().filter(|one| !one.0).map(|one| one.2.clone()).collect();
        let right = Random::stream(0, row as u64).below(candidates.len() + 1);
        candidates.insert(right, ten.iter().find(|one| one.0)?.2.clone());
        Some(Test { context: ten[0].1.clone(), candidates, right })
    };
    lines.chunks(10).enumerate().map(test).collect()
}

/// Nine replies of other rows, none twice, none with the text of the right one; which at a place drawn after them.
fn jddc_tests(exchanges: &[Exchange]) -> Vec<Test> {
    let test = |(row, exchange): (usize, &Exchange)| {
        let mut random = Random::stream(0, row as u64);
        let mut candidates: Vec<String> = Vec::new();
        while candidates.len() < 9 {
            let other = &exchanges[random.below(exchanges.len())].reply;
            if *other != exchange.reply && !candidates.contains(other) {
                candidates.push(other.clone());
            }
        }
        let right = random.below(10);
        candidates.insert(right, exchange.reply.clone());
        Test { context: exchange.context.clone(), candidates, right }
    };
    exchanges.iter().enumerate().map(test).collect()
}

fn measured(name: &str, train: &[Exchange], wrong: Wrong, tests: &[Test], seed: u64, show: bool) -> Value {
    let started = Instant::now();
    let selector = Selector::learn_among(train, wrong, seed).expect("enough exchanges");
    let learned = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let places: Vec<usize> = tests
        .iter()
        .map(|test| {
            let context: Vec<&str> = test.context.iter().map(String::as_str).collect();
            let candidates: Vec<&str> = test.candidates.iter().map(String::as_str).collect();
            let order = selector.rank(&context, &candidates);
            let place = order.iter().position(|(at, _)| *at == test.right).expect("every candidate is ranked");
            if show && place > 0 {
                let said = |text: &str| mask(text).text;
                let context = said(&test.context.join(" | "));
                eprintln!(
                    "{context}\n    {place}: {} / {}",
                    said(candidates[test.right]),
                    said(candidates[order[0].0])
                );
            }
            place
        })
        .collect();
    let within = |k: usize| places.iter().filter(|place| **place < k).count() as f64 / places.len().max(1) as f64;
    if show {
        selector.weights().iter().for_each(|(name, weight)| eprintln!("{weight:7.3} {name}"));
    }
    json!({
        "test": name, "n_train": train.len(), "n_test": tests.len(), "seed": seed,
        "R10@1": within(1), "R10@2": within(2), "R10@5": within(5),
        "learn_seconds": learned, "rank_ms": started.elapsed().as_secs_f64() * 1e3 / tests.len().max(1) as f64,
        "bytes": selector.to_bytes().len(),
    })
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let seed = arguments.iter().find_map(|argument| argument.strip_prefix("seed=")?.parse().ok()).unwrap_or(1);
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let all = !has("jddc") && !has("ecd");
    let (Some(train), Some(test)) = (jddc("train", "enc.gz", "dec.gz"), jddc("test", "enc.gz", "dec")) else {
        println!("{}", json!({"error": "the data are not here; set TERCET_DATA"}));
        return;
    };
    if all || has("jddc") {
        println!(
            "{}",
            measured("jddc, 9 drawn with seed 0", &train, Wrong::Drawn, &jddc_tests(&test), seed, has("show"))
        );
    }
    if let (true, Some(own), Some(sessions), Some(tests)) = (all || has("ecd"), ecd_train(), sessions(), ecd_tests()) {
        let train: Vec<Exchange> = if has("all-of-jddc") { train } else { Vec::new() };
        let train: Vec<Exchange> = train.into_iter().chain(sessions).chain(own).collect();
        println!("{}", measured("e-commerce sample, 100 x 10", &train, Wrong::Found, &tests, seed, has("show")));
    }
}
