//! Fits one card on sequences and judges it by the last item of each: leave-one-out, all items ranked.
//!
//! usage: sequences CARD FILE [--threads N] [--progress] [name=value]…
//!
//! FILE (text, or the same as .gz) has a line `user item item …` a user, in the order of time. Prints one line of JSON.

use std::io::Read;
use std::time::Instant;

use math::Csr;
use tercet_recommend::evaluate::{Bootstrap, EvaluateOptions, Split, SplitKind, evaluate};
use tercet_recommend::{FitOptions, Interactions, algorithm};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let (Some(card), Some(file)) = (args.next(), args.next()) else {
        return Err("usage: sequences CARD FILE [--threads N] [--progress] [name=value]…".into());
    };
    let (mut n_threads, mut shown, mut texts) = (2, false, Vec::new());
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--threads" => n_threads = args.next().ok_or("--threads wants a number")?.parse()?,
            "--progress" => shown = true,
            _ => texts.push(arg),
        }
    }
    let algorithm = algorithm(&card).ok_or("no such card")?;
    let settings = algorithm.card.settings_from_texts(&texts)?;
    let split = Split::new(&read(&file)?, SplitKind::LeaveOneOut, 0)?;
    let last = std::sync::atomic::AtomicU64::new(0);
    let progress = |done: f64| {
        let percent = (done * 100.0) as u64;
        if shown && last.swap(percent, std::sync::atomic::Ordering::Relaxed) != percent {
            eprintln!("{percent} %");
        }
        true
    };
    let options = FitOptions { n_threads, progress: &progress, ..FitOptions::default() };
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let model = (algorithm.fit)(&split.train, &settings, &options)?;
    let mut record = serde_json::json!({
        "card": card, "settings": texts, "n_threads": n_threads,
        "fit_seconds": start.elapsed().as_secs_f64(), "fit_cpu_seconds": cpu_seconds() - cpu,
        "report": model.fit_report().into_iter().collect::<std::collections::BTreeMap<_, _>>(),
    });
    let bootstrap = Bootstrap { n_samples: 0, ..Bootstrap::default() };
    let options = EvaluateOptions { k: vec![5, 10, 20], n_threads, bootstrap, ..EvaluateOptions::default() };
    let start = Instant::now();
    record["quality"] = serde_json::to_value(evaluate(model.as_ref(), &split, &options)?.flat())?;
    record["evaluate_seconds"] = start.elapsed().as_secs_f64().into();
    println!("{record}");
    Ok(())
}

/// Places in a sequence are the times.
fn read(file: &str) -> Result<Interactions> {
    let bytes = std::fs::read(file)?;
    let mut text = String::new();
    if file.ends_with(".gz") {
        flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text)?;
    } else {
        text = String::from_utf8(bytes)?;
    }
    let (mut matrix, mut times) = (Csr::empty(0, 0), Vec::new());
    for line in text.lines() {
        let ids: Vec<u32> = line.split_whitespace().map(str::parse).collect::<std::result::Result<_, _>>()?;
        // Of an item touched twice the later place counts.
        let items = ids.get(1..).unwrap_or(&[]);
        let mut row: Vec<(u32, i64)> = items.iter().copied().zip(0..).collect();
        row.sort_unstable_by_key(|&(item, at)| (item, std::cmp::Reverse(at)));
        row.dedup_by_key(|entry| entry.0);
        for (item, at) in row {
            matrix.n_cols = matrix.n_cols.max(item as usize + 1);
            matrix.indices.push(item);
            matrix.values.push(1.0);
            times.push(at);
        }
        matrix.n_rows += 1;
        matrix.indptr.push(matrix.indices.len());
    }
    Ok(Interactions { matrix, times: Some(times) })
}

/// User and system time of this process so far, from the kernel's own count.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}
