//! The law check on the lines of a file (or standard input), each a text: how fast, how many lines have findings, and every
//! n-th of them with its words. `cargo run --release -p tercet-content --example law_check -- FILE [--show N]`.
//!
//! With `--measure WORDS` instead: how well it finds what is unlawful in the six hundred sentences of `tests/law`, beside a plain list
//! of words (one a line), how much of that list it knows, and how fast both are; the last line is JSON.

use std::collections::BTreeMap;
use std::io::Read;
use std::time::Instant;

use serde_json::{Value, json};
use tercet_content::check::law::Law;
use tercet_content::check::{Finding, Risk};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (mut path, mut n_shown) = (None, 0usize);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--measure" => {
                println!("{}", measure(&std::fs::read_to_string(arguments.next().ok_or("--measure wants a file")?)?));
                return Ok(());
            }
            "--show" => n_shown = arguments.next().ok_or("--show wants a number")?.parse()?,
            _ => path = Some(argument),
        }
    }
    let mut text = String::new();
    match path {
        Some(path) => text = std::fs::read_to_string(path)?,
        None => drop(std::io::stdin().read_to_string(&mut text)?),
    }
    let law = Law::default();
    // Rules are read at the first text.
    law.check("");
    let began = Instant::now();
    let checked: Vec<(&str, Vec<Finding>)> = text.lines().map(|line| (line, law.check(line))).collect();
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{} lines, {:.2} MB in {seconds:.3} s: {:.1} MB/s",
        checked.len(),
        text.len() as f64 / 1e6,
        text.len() as f64 / 1e6 / seconds
    );
    let began = Instant::now();
    let n_whole = law.check(&text).len();
    let seconds = began.elapsed().as_secs_f64();
    println!("as one text: {n_whole} findings told, {:.1} MB/s", text.len() as f64 / 1e6 / seconds);
    let flagged: Vec<_> =
        checked.iter().filter(|(_, found)| found.iter().any(|one| one.risk >= Risk::Review)).collect();
    let mut counts: BTreeMap<(&str, Risk), usize> = BTreeMap::new();
    for one in checked.iter().flat_map(|(_, found)| found) {
        *counts.entry((one.category.as_ref(), one.risk)).or_default() += 1;
    }
    println!(
        "{} lines ({:.2}%) with more than notes; findings {counts:?}",
        flagged.len(),
        100.0 * flagged.len() as f64 / checked.len().max(1) as f64
    );
    let step = flagged.len().div_ceil(n_shown.max(1)).max(1);
    for (line, found) in flagged.iter().step_by(step).take(n_shown) {
        for one in found.iter().filter(|one| one.risk >= Risk::Review) {
            let span = one.span.as_ref().map_or(0..0, |span| span.bytes.clone());
            let from = line.floor_char_boundary(span.start.saturating_sub(45));
            let to = line.ceil_char_boundary((span.end + 45).min(line.len()));
            println!("{} {:?} [{}] {}", one.category, one.risk, one.matched, &line[from..to]);
        }
    }
    Ok(())
}

/// label, category, kind, text.
const SENTENCES: &str = include_str!("../tests/law/sentences.tsv");
/// Times that all sentences are read for the speed: some megabytes.
const ROUNDS: usize = 200;

/// Of the sentences that are unlawful, and of those that are flagged.
#[derive(Default)]
struct Counts {
    right: usize,
    flagged: usize,
}

fn measure(list: &str) -> Value {
    let mut words: Vec<&str> = list.lines().map(str::trim).filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words.dedup();
    let law = Law::default();
    law.check("");
    let is_unlawful = |text: &str| law.check(text).iter().any(|one| one.risk >= Risk::Review);
    let is_listed = |text: &str| words.iter().any(|word| text.contains(word));
    let rows: Vec<(usize, bool, &str, &str)> = SENTENCES
        .lines()
        .skip(1)
        .enumerate()
        .map(|(at, row)| {
            let columns: Vec<&str> = row.split('\t').collect();
            (at, columns[0] == "unlawful", columns[1], columns[3])
        })
        .collect();
    let (mut ours, mut held_out, mut plain) = (Counts::default(), Counts::default(), Counts::default());
    let (mut n_unlawful, mut n_held_out, mut n_category) = (0, 0, 0);
    for (at, unlawful, category, text) in &rows {
        // Sentences at odd places were held out while the rules were written.
        let is_held_out = at % 2 == 1;
        let mut flags = [(&mut ours, is_unlawful(text)), (&mut plain, is_listed(text))];
        for (counts, is_flagged) in &mut flags {
            counts.flagged += usize::from(*is_flagged);
            counts.right += usize::from(*is_flagged && *unlawful);
        }
        if is_held_out {
            held_out.flagged += usize::from(is_unlawful(text));
            held_out.right += usize::from(is_unlawful(text) && *unlawful);
        }
        n_unlawful += usize::from(*unlawful);
        n_held_out += usize::from(*unlawful && is_held_out);
        let finds = |one: &Finding| one.risk >= Risk::Review && one.category == *category;
        n_category += usize::from(*unlawful && law.check(text).iter().any(finds));
    }
    let known = words.iter().filter(|word| !law.check(word).is_empty()).count();
    let of = |counts: &Counts, n: usize| {
        let precision = counts.right as f64 / counts.flagged.max(1) as f64;
        json!({ "precision": precision, "recall": counts.right as f64 / n.max(1) as f64 })
    };
    json!({
        "n_sentences": rows.len(), "n_unlawful": n_unlawful, "ours": of(&ours, n_unlawful), "ours_held_out": of(&held_out, n_held_out),
        "list": of(&plain, n_unlawful), "share_of_right_category": n_category as f64 / n_unlawful as f64,
        "n_words": words.len(), "n_words_known": known,
        "ours_mb_per_second": speed(&rows, &is_unlawful), "list_mb_per_second": speed(&rows, &is_listed),
    })
}

/// Megabytes of the sentences a second, one thread; of five runs the best.
fn speed(rows: &[(usize, bool, &str, &str)], is_flagged: &dyn Fn(&str) -> bool) -> f64 {
    let megabytes = rows.iter().map(|row| row.3.len()).sum::<usize>() as f64 * ROUNDS as f64 / 5e6;
    let run = || {
        let began = Instant::now();
        let mut n = 0;
        for _ in 0..ROUNDS / 5 {
            n += rows.iter().filter(|row| is_flagged(std::hint::black_box(row.3))).count();
        }
        std::hint::black_box(n);
        megabytes / began.elapsed().as_secs_f64()
    };
    (0..5).map(|_| run()).fold(0.0, f64::max)
}
