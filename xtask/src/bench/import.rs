//! The bench `import`: a CSV file into a shop's table, beside DuckDB and Polars turning the same file into Parquet.
//!
//! Ours is measured as a whole process, start and end included, and does more: it checks every value against its
//! table, sets bad rows aside, splits events by month and, in keyed tables, keeps one row per key. Not here: whether
//! the rows are right; tests say that.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Bench, Figures, N_THREADS, installed, last_json, number};
use crate::run::{command, data_dir, output, root, run};
use crate::setup;

pub const SENTENCE: &str = "CSV to a shop's table, beside CSV to Parquet: 5 M events; 2 M customers, of which one line in \
    twenty repeats a key; order lines of UCI Online Retail (with TERCET_DATA), gzipped";

const N_EVENTS: &str = "5000000";
const N_CUSTOMERS: &str = "2000000";

struct Import {
    tercet: PathBuf,
    peers: PathBuf,
    python: PathBuf,
    folder: PathBuf,
}

pub fn import(bench: &Bench) -> Result<Vec<Figures>, String> {
    let peers = root().join("bench/peers/import");
    let python = setup::python("import", &peers.join("requirements.txt"))?;
    let folder = bench.folder.join("import");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let import = Import { tercet: installed()?, peers, python, folder };
    let mut all = import.compare("events", &import.generated("events", N_EVENTS)?, &["--as", "events"])?;
    let customers = import.generated("customers", N_CUSTOMERS)?;
    all.extend(import.compare("customers", &customers, &["--as", "customers"])?);
    match data_dir().and_then(|data| online_retail(&data)) {
        Some(file) => {
            let layout = ["--preset", "uci-online-retail", "--as", "orders"];
            all.extend(import.compare("UCI Online Retail", &file, &layout)?);
        }
        None => eprintln!("UCI Online Retail is left out: TERCET_DATA does not have it"),
    }
    Ok(all)
}

fn online_retail(data: &Path) -> Option<PathBuf> {
    let files = fs::read_dir(data.join("retail/uci_online_retail")).ok()?;
    let mut paths = files.flatten().map(|file| file.path());
    paths.find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().contains(".csv")))
}

impl Import {
    fn script(&self, name: &str) -> std::process::Command {
        let mut command = command(&self.python.to_string_lossy(), &[]);
        command.arg(self.peers.join(name)).env("BENCH_THREADS", N_THREADS);
        command
    }

    /// Made once; the same bytes each time.
    fn generated(&self, what: &str, n_lines: &str) -> Result<PathBuf, String> {
        let path = self.folder.join(format!("{what}-{n_lines}.csv"));
        if !path.exists() {
            let part = path.with_extension("part");
            run(self.script("generate.py").arg(what).arg(&part).arg(n_lines))?;
            fs::rename(&part, &path).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(path)
    }

    fn compare(&self, what: &str, file: &Path, how: &[&str]) -> Result<Vec<Figures>, String> {
        Ok(vec![
            self.ours(what, file, how)?,
            self.peer("DuckDB", "duckdb", what, file)?,
            self.peer("Polars", "polars", what, file)?,
        ])
    }

    fn ours(&self, what: &str, file: &Path, how: &[&str]) -> Result<Figures, String> {
        let shop = self.folder.join("shop");
        let _ = fs::remove_dir_all(&shop);
        output(command(&self.tercet.to_string_lossy(), &["init"]).arg(&shop))?;
        let mut measured = self.script("measure.py");
        measured.arg(&self.tercet).args(["import", "--json", "--threads", N_THREADS]).args(how);
        measured.arg("--shop").arg(&shop).arg(file);
        eprintln!("→ tercet import {} {}", how.join(" "), file.display());
        let measured = last_json(&output(&mut measured)?)?;
        let written = &measured["answer"][0]["written"];
        let count = |name: &str| written[name].as_u64().unwrap_or_default();
        let n_rows = count("rows_kept") - count("rows_replaced");
        let quality = format!("{n_rows} rows, {} rejected, {}", count("rows_rejected"), mib(&written["bytes"]));
        let _ = fs::remove_dir_all(&shop);
        Ok(figures(format!("Tercet, {what}"), &measured, quality))
    }

    fn peer(&self, who: &str, tool: &str, what: &str, file: &Path) -> Result<Figures, String> {
        let target = self.folder.join("peer.parquet");
        eprintln!("→ {tool} {}", file.display());
        let answer = last_json(&output(self.script("convert.py").arg(tool).arg(file).arg(&target))?)?;
        let _ = fs::remove_file(&target);
        let version = answer["version"].as_str().unwrap_or_default();
        let quality = format!("{} rows, {}", answer["n_rows"], mib(&answer["n_bytes"]));
        Ok(figures(format!("{who} {version}, {what}"), &answer, quality))
    }
}

fn figures(who: String, answer: &Value, quality: String) -> Figures {
    Figures {
        who,
        cpu_seconds: number(answer, "cpu_s"),
        wall_seconds: number(answer, "wall_s"),
        peak_mib: number(answer, "peak_rss_mb"),
        quality,
    }
}

fn mib(n_bytes: &Value) -> String {
    format!("{:.0} MiB", n_bytes.as_f64().unwrap_or_default() / 1048576.0)
}
