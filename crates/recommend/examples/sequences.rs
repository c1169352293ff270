//! Fits one card on sequences and judges it by what came next, all items ranked but those of the history.
//!
//! usage: sequences CARD FILE [option]… [name=value]…
//!
//! FILE (text, or the same as .gz) has a line `user item item …` a user, in the order of time. Of each user the last item is
//! the test and the one before it the validation; neither is learned from, and the test's history holds the validation item
//! (the division of most published figures). Prints one line of JSON.
//!
//! --judge test|valid   what is judged (test); settings are to be chosen on valid
//! --sessions FILE      FILEs have lines `item,item,…`, one a session: learns from the first one's, and judges by the last
//!                      item of each of the second's given those before; valid: by the newest tenth of the first one's instead
//! --learn-all          learns from the validation items too; with --judge test
//! --unmasked           also judges with the items of the history among those ranked
//! --output FILE        writes what is learned from, a sequence a line, and to FILE.judged the histories judged, each with what
//!                      came next at its end: for peers
//! --threads N          (2)
//! --seed N             (1)
//! --progress           tells how far it is

use std::collections::BTreeMap;
use std::io::Read;
use std::time::Instant;

use math::Csr;
use tercet_recommend::evaluate::{Bootstrap, EvaluateOptions, Split, SplitKind, evaluate};
use tercet_recommend::{FitOptions, Interactions, Recommender, algorithm};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[derive(Default)]
struct Asked {
    card: String,
    file: String,
    sessions: Option<String>,
    valid: bool,
    learn_all: bool,
    unmasked: bool,
    output: Option<String>,
    n_threads: usize,
    seed: u64,
    progress: bool,
    texts: Vec<String>,
}

/// What is learned from, and what is judged with which histories.
struct Task {
    learned: Interactions,
    judged: Split,
}

fn main() -> Result<()> {
    let asked = asked()?;
    let algorithm = algorithm(&asked.card).ok_or("no such card")?;
    let settings = algorithm.card.settings_from_texts(&asked.texts)?;
    let task = task(&asked)?;
    if let Some(path) = &asked.output {
        std::fs::write(path, text_of(&task.learned, None))?;
        std::fs::write(format!("{path}.judged"), text_of(&task.judged.train, Some(&task.judged.test)))?;
    }
    let last = std::sync::atomic::AtomicU64::new(0);
    let progress = |done: f64| {
        let percent = (done * 100.0) as u64;
        if asked.progress && last.swap(percent, std::sync::atomic::Ordering::Relaxed) != percent {
            eprintln!("{percent} %");
        }
        true
    };
    let n_threads = asked.n_threads;
    let options = FitOptions { seed: asked.seed, n_threads, progress: &progress };
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let model = (algorithm.fit)(&task.learned, &settings, &options)?;
    let mut record = serde_json::json!({
        "card": asked.card, "settings": asked.texts, "judge": if asked.valid { "valid" } else { "test" },
        "seed": asked.seed, "n_threads": n_threads,
        "fit_seconds": start.elapsed().as_secs_f64(), "fit_cpu_seconds": cpu_seconds() - cpu,
        "peak_rss_bytes": peak_bytes(),
        "report": model.fit_report().into_iter().collect::<BTreeMap<_, _>>(),
    });
    let bootstrap = Bootstrap { n_samples: 0, ..Bootstrap::default() };
    let options = EvaluateOptions { k: vec![5, 10, 20], n_threads, bootstrap, ..EvaluateOptions::default() };
    let start = Instant::now();
    let quality = evaluate(model.as_ref(), &task.judged, &options)?.flat();
    let told =
        |name: &String| ["recall", "ndcg", "mrr", "coverage", "n_users"].iter().any(|kept| name.starts_with(kept));
    record["quality"] =
        serde_json::to_value(quality.into_iter().filter(|(name, _)| told(name)).collect::<BTreeMap<_, _>>())?;
    record["evaluate_seconds"] = start.elapsed().as_secs_f64().into();
    if asked.unmasked {
        record["unmasked"] = serde_json::to_value(unmasked(model.as_ref(), &task.judged))?;
    }
    println!("{record}");
    Ok(())
}

fn asked() -> Result<Asked> {
    let mut args = std::env::args().skip(1);
    let (Some(card), Some(file)) = (args.next(), args.next()) else {
        return Err("usage: sequences CARD FILE [option]… [name=value]…; options: see the example's first lines".into());
    };
    let mut asked = Asked { card, file, n_threads: 2, seed: 1, ..Asked::default() };
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} wants a value"));
        match arg.as_str() {
            "--judge" => asked.valid = value()? == "valid",
            "--sessions" => asked.sessions = Some(value()?),
            "--output" => asked.output = Some(value()?),
            "--threads" => asked.n_threads = value()?.parse()?,
            "--seed" => asked.seed = value()?.parse()?,
            "--learn-all" => asked.learn_all = true,
            "--unmasked" => asked.unmasked = true,
            "--progress" => asked.progress = true,
            _ => asked.texts.push(arg),
        }
    }
    Ok(asked)
}

fn task(asked: &Asked) -> Result<Task> {
    let Some(test) = &asked.sessions else {
        let lines = lines(&asked.file, |line| line.split_whitespace().skip(1).collect())?;
        let test = Split::new(&interactions(&lines, n_items(&lines)), SplitKind::LeaveOneOut, 0)?;
        let valid = Split::new(&test.train, SplitKind::LeaveOneOut, 0)?;
        let learned = if asked.learn_all { test.train.clone() } else { valid.train.clone() };
        return Ok(Task { learned, judged: if asked.valid { valid } else { test } });
    };
    let read = |file: &str| lines(file, |line| line.split(',').collect());
    let (mut first, second) = (read(&asked.file)?, read(test)?);
    let n_items = n_items(&first).max(n_items(&second));
    let judged = if asked.valid { first.split_off(first.len() - first.len() / 10) } else { second };
    let judged = Split::new(&interactions(&judged, n_items), SplitKind::LeaveOneOut, 0)?;
    Ok(Task { learned: interactions(&first, n_items), judged })
}

fn n_items(lines: &[Vec<u32>]) -> usize {
    lines.iter().flatten().max().map_or(0, |&item| item as usize + 1)
}

fn read(file: &str) -> Result<String> {
    let bytes = std::fs::read(file)?;
    let mut text = String::new();
    if file.ends_with(".gz") {
        flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text)?;
    } else {
        text = String::from_utf8(bytes)?;
    }
    Ok(text)
}

fn lines(file: &str, items: impl Fn(&str) -> Vec<&str>) -> Result<Vec<Vec<u32>>> {
    let text = read(file)?;
    text.lines().map(|line| items(line).into_iter().map(|item| Ok(item.trim().parse()?)).collect()).collect()
}

/// A row a line; places in it are the times, and of an item touched twice the later place counts.
fn interactions(lines: &[Vec<u32>], n_items: usize) -> Interactions {
    let (mut matrix, mut times) = (Csr::empty(0, n_items), Vec::new());
    for line in lines {
        let mut row: Vec<(u32, i64)> = line.iter().copied().zip(0..).collect();
        row.sort_unstable_by_key(|&(item, at)| (item, std::cmp::Reverse(at)));
        row.dedup_by_key(|entry| entry.0);
        for (item, at) in row {
            matrix.indices.push(item);
            matrix.values.push(1.0);
            times.push(at);
        }
        matrix.n_rows += 1;
        matrix.indptr.push(matrix.indices.len());
    }
    Interactions { matrix, times: Some(times) }
}

/// Sequences in the order of time, ids apart by spaces; with `next` those that it goes on.
fn text_of(data: &Interactions, next: Option<&Interactions>) -> String {
    let mut text = String::new();
    for user in 0..data.n_users() {
        let mut history = data.history(user);
        history.sort_by_key(|entry| entry.at);
        let next = match next {
            Some(next) if next.history(user).is_empty() => continue,
            Some(next) => next.history(user),
            None => Vec::new(),
        };
        let ids: Vec<String> = history.iter().chain(&next).map(|entry| entry.item.to_string()).collect();
        text.push_str(&ids.join(" "));
        text.push('\n');
    }
    text
}

/// Recall and NDCG where the history's items are ranked too.
fn unmasked(model: &dyn Recommender, split: &Split) -> BTreeMap<String, f64> {
    let users = split.test_users();
    let mut scores = vec![0f32; model.n_items()];
    let mut found = BTreeMap::new();
    for &user in &users {
        model.score(&split.train.history(user as usize), &mut scores);
        let target = split.test.matrix.row(user as usize).0[0] as usize;
        let better = |(item, &score): (usize, &f32)| score > scores[target] || score == scores[target] && item < target;
        let n_better = scores.iter().enumerate().filter(|&pair| better(pair)).count();
        for k in [5, 10, 20] {
            let gain = if n_better < k { 1.0 / (n_better as f64 + 2.0).log2() } else { 0.0 };
            *found.entry(format!("ndcg@{k}")).or_insert(0.0) += gain / users.len() as f64;
            *found.entry(format!("recall@{k}")).or_insert(0.0) += f64::from(n_better < k) / users.len() as f64;
        }
    }
    found
}

/// The most memory this process has held so far.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// User and system time of this process so far, from the kernel's own count.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}
