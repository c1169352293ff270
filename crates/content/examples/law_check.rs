//! The law check on the lines of a file (or standard input), each a text: how fast, how many lines have findings, and every
//! n-th of them with its words. `cargo run --release -p tercet-content --example law_check -- FILE [--show N]`.

use std::collections::BTreeMap;
use std::io::Read;
use std::time::Instant;

use tercet_content::check::law::Law;
use tercet_content::check::{Finding, Risk};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (mut path, mut n_shown) = (None, 0usize);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
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
