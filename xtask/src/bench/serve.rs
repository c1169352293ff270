//! `cargo xtask bench serve`: the server under load. A shop with 50,000 products is made and trained once; then one server
//! process answers reads and takes events on loopback, each connection on a schedule fixed before the first request. A
//! request that had to wait for the one before it counts from when it was due, so a slow answer cannot hide those behind
//! it (open loop).
//!
//! What is not here: a target that can fail, and a peer; other programs answer other questions.

pub(super) mod client;
pub(super) mod histogram;

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use self::client::{Load, Tally};
use super::{installed, write_down};
use crate::run::{Outcome, command, output, run, target_dir};
use crate::served::address_in;
use crate::setup;

const N_CUSTOMERS: &str = "20000";
/// Connections that read, and that write.
const N_READERS: usize = 32;
const N_WRITERS: usize = 16;
/// Requests before the measured ones, which find cold caches.
const WARM_UP: Duration = Duration::from_secs(15);

struct Options {
    seconds: u64,
    reads_per_second: f64,
    events_per_second: f64,
    algorithm: String,
    /// Arms of experiments instead of lists.
    decides: bool,
    /// Another build of the program than the one shops install.
    program: Option<PathBuf>,
}

impl Options {
    fn read(args: &[String]) -> Result<Options, String> {
        let mut options = Options {
            seconds: 60,
            reads_per_second: 3000.0,
            events_per_second: 500.0,
            algorithm: "rp3beta".to_owned(),
            decides: false,
            program: None,
        };
        for pair in args.chunks(2) {
            let value = pair.get(1).ok_or_else(|| format!("{} needs a value", pair[0]))?;
            let number =
                || value.parse::<f64>().ok().filter(|n| *n >= 0.0).ok_or_else(|| format!("{value} is no number"));
            match pair[0].as_str() {
                "--seconds" => options.seconds = number()?.max(1.0) as u64,
                "--rate" => options.reads_per_second = number()?,
                "--events" => options.events_per_second = number()?,
                "--algorithm" => options.algorithm = value.clone(),
                "--program" => options.program = Some(value.into()),
                "--reads" if value == "lists" => options.decides = false,
                "--reads" if value == "arms" => options.decides = true,
                "--reads" => return Err(format!("--reads is '{value}'; allowed: lists, arms")),
                other => {
                    return Err(format!(
                        "there is no option '{other}'; allowed: --seconds, --rate, --events, --reads, --algorithm, --program"
                    ));
                }
            }
        }
        Ok(options)
    }
}

/// Makes what is missing, runs the load, prints and appends to `bench/results/`.
pub fn serve(args: &[String]) -> Outcome {
    let options = Options::read(args)?;
    setup::web()?;
    let installed = options.program.clone().map_or_else(installed, Ok)?;
    let folder = target_dir().join("bench").join(format!("serve-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    // A copy, so that building meanwhile does not change what is measured.
    let tercet = folder.join("tercet");
    fs::copy(installed, &tercet).map_err(|error| error.to_string())?;
    let outcome = measured(&options, &tercet, &folder);
    let _ = fs::remove_dir_all(&folder);
    let page = outcome?;
    print!("{page}");
    write_down("-serve", "", &page)
}

fn measured(options: &Options, tercet: &Path, folder: &Path) -> Result<String, String> {
    let made = made_shop(tercet, &options.algorithm)?;
    let shop = folder.join("shop");
    // The folder itself even where its name is a link: a run must not change what the next one starts from.
    run(command("cp", &["-rH"]).arg(&made).arg(&shop))?;
    let ask = |args: &[&str]| ask(tercet, &shop, args);
    let customers = column(&ask(&["sql", "select customer_id from customers order by customer_id"])?, "customer_id");
    let products = column(&ask(&["sql", "select product_id from products order by product_id"])?, "product_id");
    let key = ask(&["keys", "create", "--name", "bench", "--scopes", "ingest,serve,manage"])?;
    let key = key["secret"].as_str().ok_or("the new key has no secret")?.to_owned();
    let mut server = Server::start(tercet, &shop, "127.0.0.1:0")?;
    let load = Load { address: server.address, key, customers, products, decides: options.decides };
    if options.decides {
        load.start_experiments()?;
    }
    eprintln!("{} customers, {} products; warming up.", load.customers.len(), load.products.len());
    load.run(options.reads_per_second / 4.0, options.events_per_second / 4.0, WARM_UP, (N_READERS, N_WRITERS), || ());
    let mut memory = vec![(0, server.rss_mib())];
    let (started, cpu_before, own_before) = (Instant::now(), server.cpu_seconds(), cpu_seconds("self"));
    let step = if options.seconds <= 120 { 10 } else { 60 };
    let duration = Duration::from_secs(options.seconds);
    let watch = || {
        let at = started.elapsed().as_secs();
        if at >= memory.last().map_or(0, |last| last.0) + step {
            memory.push((at, server.rss_mib()));
            let cpu = server.cpu_seconds() - cpu_before;
            eprintln!("{at} s: {:.0} MiB, {cpu:.1} CPU s", server.rss_mib());
        }
    };
    let (reads, writes) =
        load.run(options.reads_per_second, options.events_per_second, duration, (N_READERS, N_WRITERS), watch);
    let (wall, cpu) = (started.elapsed().as_secs_f64(), server.cpu_seconds() - cpu_before);
    let own = cpu_seconds("self") - own_before;
    let peak = server.status_mib("VmHWM:");
    let flaws = server.stop();
    let page = page(options, &load, &reads, &writes, (wall, cpu, own, peak), &memory);
    Ok(page + &flaws)
}

/// The shop every run starts from a copy of.
fn made_shop(tercet: &Path, algorithm: &str) -> Result<PathBuf, String> {
    let folder = target_dir().join("bench").join(format!("serve-50k-{algorithm}.shop"));
    let done = folder.join("models");
    if done.is_dir() && fs::read_dir(&done).is_ok_and(|mut entries| entries.next().is_some()) {
        return Ok(folder);
    }
    let program = tercet.to_string_lossy();
    let _ = fs::remove_dir_all(&folder);
    let base = base_shop(tercet, "large")?;
    run(command("cp", &["-r"]).arg(&base).arg(&folder))?;
    run(command(&program, &["train", "recommend", "--algorithm", algorithm, "--shop"]).arg(&folder))?;
    Ok(folder)
}

/// A simulated shop before anything is trained, made once. `large` has 50,000 products here and fewer customers than usual.
pub(super) fn base_shop(tercet: &Path, size: &str) -> Result<PathBuf, String> {
    let name = if size == "large" { "serve-50k" } else { size };
    let base = target_dir().join(format!("bench/{name}.shop"));
    if !base.join("made").is_file() {
        let _ = fs::remove_dir_all(&base);
        let mut command =
            command(&tercet.to_string_lossy(), &["demo", "--make-only", "--end", "2026-06-30", "--size", size]);
        if size == "large" {
            command.args(["--customers", N_CUSTOMERS]);
        }
        run(command.arg(&base))?;
        fs::write(base.join("made"), "").map_err(|error| error.to_string())?;
    }
    Ok(base)
}

pub(super) fn ask(tercet: &Path, shop: &Path, args: &[&str]) -> Result<Value, String> {
    let mut command = command(&tercet.to_string_lossy(), &["--json", "--shop"]);
    let text = output(command.arg(shop).args(args))?;
    serde_json::from_str(&text).map_err(|error| format!("{args:?}: {error}"))
}

pub(super) fn column(answer: &Value, name: &str) -> Vec<String> {
    let rows = answer["rows"].as_array().into_iter().flatten();
    rows.filter_map(|row| row[name].as_str().map(str::to_owned)).collect()
}

/// A server process; ends when dropped.
pub(super) struct Server {
    child: Child,
    pub address: SocketAddr,
    /// Reads what it logs; ends with what it complained about.
    log: Option<JoinHandle<Vec<String>>>,
}

impl Server {
    /// `listen`: `127.0.0.1:0` for any free port.
    pub fn start(tercet: &Path, shop: &Path, listen: &str) -> Result<Server, String> {
        let mut child = command(&tercet.to_string_lossy(), &["serve", "--listen", listen, "--shop"])
            .arg(shop)
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start the server: {error}"))?;
        let stderr = child.stderr.take().expect("standard error is piped");
        let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
        let address = address_in(&mut lines);
        let Some(address) = address.and_then(|address| address.trim_start_matches("http://").parse().ok()) else {
            let _ = child.kill();
            let _ = child.wait();
            return Err("the server ended without printing its address".to_owned());
        };
        let complains = |line: &String| line.contains("ERROR") || line.contains("WARN") || line.contains("panicked");
        let log = std::thread::spawn(move || lines.filter(complains).take(1000).collect());
        Ok(Server { child, address, log: Some(log) })
    }

    pub fn cpu_seconds(&self) -> f64 {
        cpu_seconds(&self.child.id().to_string())
    }

    pub fn rss_mib(&self) -> f64 {
        self.status_mib("VmRSS:")
    }

    pub fn status_mib(&self, name: &str) -> f64 {
        let status = proc(&self.child.id().to_string(), "status");
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
        kib.map_or(f64::NAN, |kib| kib / 1024.0)
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Stops it gently; says what it complained about.
    pub fn stop(&mut self) -> String {
        let _ = run(&mut command("kill", &["-TERM", &self.child.id().to_string()]));
        let ended = self.child.wait().is_ok_and(|status| status.success());
        let complaints = self.log.take().and_then(|log| log.join().ok()).unwrap_or_default();
        let mut text = if ended { String::new() } else { "\nThe server did not end well.\n".to_owned() };
        if let Some(first) = complaints.first() {
            text.push_str(&format!("\nIt complained {} times, first: {first}\n", complaints.len()));
        }
        text
    }
}

fn proc(process: &str, name: &str) -> String {
    fs::read_to_string(format!("/proc/{process}/{name}")).unwrap_or_default()
}

/// User and system time of a process; the kernel counts hundredths of a second.
pub(super) fn cpu_seconds(process: &str) -> f64 {
    let stat = proc(process, "stat");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or(f64::NAN);
    (ticks(11) + ticks(12)) / 100.0
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn page(
    options: &Options,
    load: &Load,
    reads: &Tally,
    writes: &Tally,
    (wall, cpu, own, peak): (f64, f64, f64, f64),
    memory: &[(u64, f64)],
) -> String {
    let n_all = (reads.n_answered() + writes.n_answered()).max(1) as f64;
    let mut text = format!(
        "\n## serve\n\n{} customers, {} products, `{}`; {} reads/s ({}) and {} events/s, \
         one per request, for {} s over {} + {} connections; server and load share the machine. Load before: {}.\n\n",
        load.customers.len(),
        load.products.len(),
        options.algorithm,
        options.reads_per_second,
        match options.decides {
            true =>
                "arms of experiments for a million customers, half by a split, half by a tree that learns; a tenth outcomes",
            false => "90 % recommendations, 6 % similar, 4 % popular",
        },
        options.events_per_second,
        options.seconds,
        N_READERS,
        N_WRITERS,
        setup::load_average(),
    );
    text.push_str("| what | asked/s | achieved/s | p50 ms | p99 ms | p99.9 ms | max ms | errors |\n|---|---|---|---|---|---|---|---|\n");
    for (name, asked, tally) in
        [("reads", options.reads_per_second, reads), ("events", options.events_per_second, writes)]
    {
        let ms = |q: f64| tally.latency.quantile_us(q) as f64 / 1000.0;
        text.push_str(&format!(
            "| {name} | {asked:.0} | {:.1} | {:.2} | {:.2} | {:.2} | {:.2} | {} |\n",
            tally.n_answered() as f64 / wall,
            ms(0.5),
            ms(0.99),
            ms(0.999),
            ms(1.0),
            tally.said()
        ));
    }
    let curve = memory.iter().map(|(at, mib)| format!("{at} s {mib:.0}")).collect::<Vec<_>>().join(", ");
    text.push_str(&format!(
        "\nServer: {cpu:.1} CPU s in {wall:.1} s, {:.3} ms a request; the load itself {own:.1}. Memory, MiB: {curve}; peak {peak:.0}.\n",
        1000.0 * cpu / n_all
    ));
    text
}
