//! Fits one card on a folder of plain files and prints time, memory and ranking quality as one JSON line: what the side
//! by side runs with peers measure.
//!
//! usage: on_files CARD DIR [--threads N] [--users N] [name=value]…
//!
//! DIR holds `meta.json` {"users", "items"}, `train_indptr.u64`, `train_indices.u32` and the same with `test_` (CSR, users ×
//! items, little-endian, all values 1), or `train.txt` and `test.txt` with lines `user item item …`. `--users`: judge only
//! the first N users with a test item.

use std::path::Path;
use std::time::Instant;

use math::Csr;
use tercet_recommend::evaluate::{Bootstrap, EvaluateOptions, Split, evaluate};
use tercet_recommend::{FitOptions, Interactions, algorithm};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let (Some(card), Some(dir)) = (args.next(), args.next()) else {
        return Err("usage: on_files CARD DIR [--threads N] [--users N] [name=value]…".into());
    };
    let (mut n_threads, mut n_users, mut texts) = (2, None, Vec::new());
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--threads" => n_threads = args.next().ok_or("--threads wants a number")?.parse()?,
            "--users" => n_users = Some(args.next().ok_or("--users wants a number")?.parse::<usize>()?),
            _ => texts.push(arg),
        }
    }
    let algorithm = algorithm(&card).ok_or("no such card")?;
    let settings = algorithm.card.settings_from_texts(&texts)?;
    let split = read(Path::new(&dir))?;
    let loaded_mb = status_mb("VmRSS");
    let options = FitOptions { n_threads, ..FitOptions::default() };
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let model = (algorithm.fit)(&split.train, &settings, &options)?;
    let mut record = serde_json::json!({
        "card": card, "settings": settings, "n_threads": n_threads, "data": dir,
        "fit_seconds": round(start.elapsed().as_secs_f64()), "fit_cpu_seconds": round(cpu_seconds() - cpu),
        "load_rss_mb": loaded_mb, "fit_peak_rss_mb": status_mb("VmHWM"),
        "report": model.fit_report().into_iter().collect::<std::collections::BTreeMap<_, _>>(),
    });
    let users = n_users.map(|n| split.test_users().into_iter().take(n).collect());
    let bootstrap = Bootstrap { n_samples: 0, ..Bootstrap::default() };
    let options = EvaluateOptions { n_threads, users, bootstrap, ..EvaluateOptions::default() };
    let (start, cpu) = (Instant::now(), cpu_seconds());
    record["quality"] = serde_json::to_value(evaluate(model.as_ref(), &split, &options)?.flat())?;
    record["evaluate_seconds"] = round(start.elapsed().as_secs_f64()).into();
    record["evaluate_cpu_seconds"] = round(cpu_seconds() - cpu).into();
    println!("{record}");
    Ok(())
}

fn read(dir: &Path) -> Result<Split> {
    let [train, test] = if dir.join("meta.json").exists() {
        let meta: serde_json::Value = serde_json::from_slice(&std::fs::read(dir.join("meta.json"))?)?;
        let size = |name: &str| meta[name].as_u64().map(|n| n as usize).ok_or(format!("meta.json has no '{name}'"));
        let (n_users, n_items) = (size("users")?, size("items")?);
        [read_csr(dir, "train", n_users, n_items)?, read_csr(dir, "test", n_users, n_items)?]
    } else {
        let (train, test) = (read_lines(&dir.join("train.txt"))?, read_lines(&dir.join("test.txt"))?);
        let largest =
            |pick: fn(&(u32, u32, f32)) -> u32| train.iter().chain(&test).map(pick).max().unwrap_or(0) as usize;
        let (n_users, n_items) = (largest(|cell| cell.0) + 1, largest(|cell| cell.1) + 1);
        [Csr::from_triplets(n_users, n_items, &train), Csr::from_triplets(n_users, n_items, &test)]
    };
    let timeless = |matrix| Interactions { matrix, times: None };
    Ok(Split { train: timeless(train), test: timeless(test) })
}

fn read_csr(dir: &Path, name: &str, n_rows: usize, n_cols: usize) -> Result<Csr> {
    let (indptr, indices) = (
        std::fs::read(dir.join(format!("{name}_indptr.u64")))?,
        std::fs::read(dir.join(format!("{name}_indices.u32")))?,
    );
    let indptr = indptr.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes) as usize).collect();
    let indices: Vec<u32> = indices.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
    let values = vec![1.0; indices.len()];
    Ok(Csr { n_rows, n_cols, indptr, indices, values })
}

fn read_lines(path: &Path) -> Result<Vec<(u32, u32, f32)>> {
    let mut cells = Vec::new();
    for line in std::fs::read_to_string(path)?.lines() {
        let mut numbers = line.split_whitespace().map(str::parse::<u32>);
        let Some(user) = numbers.next().transpose()? else { continue };
        for item in numbers {
            cells.push((user, item?, 1.0));
        }
    }
    Ok(cells)
}

fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// User and system time of this process so far, from Linux's process table (in hundredths of a second).
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn status_mb(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}
