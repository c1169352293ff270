//! `cargo xtask bench turns`: customer service under load. A shop with 50,000 products and 100,000 passages of knowledge is made
//! and trained once; then one server process holds written conversations in Chinese and English on loopback, on a schedule fixed
//! before the first request (open loop). What each kind of turn costs is measured one at a time; memory with many conversations
//! open; and with `--restarts` the server is killed and started again while people talk, with `--locks` another process holds the
//! store so that nothing can be written, with `--writer hanging` a language model never answers; and everything that was accepted
//! must be in the store afterwards, once, and answered, and whoever was not accepted must have been told so.
//!
//! What is not here: a target that can fail, and whether answers are right; `tercet assist test` holds known conversations.

mod check;
mod knowledge;
mod shop;
mod talk;
mod visitors;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use self::check::{Kept, Refusal};
use self::talk::{Kind, World};
use self::visitors::{Chat, Party, Report};
use super::serve::client::Tally;
use super::serve::{Server, ask, cpu_seconds};
use super::{installed, write_down};
use crate::run::{Outcome, command, run, target_dir};
use crate::setup;

/// Connections that talk; each is a thread of the load.
const N_CONNECTIONS: usize = 64;
/// Conversations held at once while latency is measured: some seconds between two turns of one.
const N_HELD: usize = 512;
/// Turns before the measured ones, which find cold caches.
const WARM_UP: Duration = Duration::from_secs(15);
/// How long the store is held by somebody else: longer than the program waits for it.
const LOCKED: Duration = Duration::from_secs(20);
/// How long a server that was killed, or whose store was away, may be about its first answer.
const PATIENCE: Duration = Duration::from_secs(900);
/// Turns of each conversation while many are opened.
const TURNS_OF_OPEN: usize = 3;
/// Turns of one conversation while kinds are measured; below what a conversation may send at once.
const TURNS_OF_KIND: usize = 8;

struct Options {
    seconds: u64,
    turns_per_second: f64,
    n_open: usize,
    n_restarts: usize,
    /// How often the store is taken away for [`LOCKED`].
    n_locks: usize,
    turns_of_kind: usize,
    /// Whether the shop asks a language model that never answers.
    hangs: bool,
    wanted: shop::Wanted,
    program: Option<PathBuf>,
}

impl Options {
    fn read(args: &[String]) -> Result<Options, String> {
        let mut options = Options {
            seconds: 60,
            turns_per_second: 200.0,
            n_open: 10_000,
            n_restarts: 0,
            n_locks: 0,
            turns_of_kind: 200,
            hangs: false,
            wanted: shop::Wanted { size: "large".to_owned(), n_passages: 100_000 },
            program: None,
        };
        for pair in args.chunks(2) {
            let value = pair.get(1).ok_or_else(|| format!("{} needs a value", pair[0]))?;
            let number =
                || value.parse::<f64>().ok().filter(|n| *n >= 0.0).ok_or_else(|| format!("{value} is no number"));
            match pair[0].as_str() {
                "--seconds" => options.seconds = number()? as u64,
                "--rate" => options.turns_per_second = number()?.max(1.0),
                "--open" => options.n_open = number()? as usize,
                "--restarts" => options.n_restarts = number()? as usize,
                "--locks" => options.n_locks = number()? as usize,
                "--kinds" => options.turns_of_kind = number()? as usize,
                "--writer" if value == "hanging" => options.hangs = true,
                "--passages" => options.wanted.n_passages = number()?.max(100.0) as usize,
                "--size" => options.wanted.size = value.clone(),
                "--program" => options.program = Some(PathBuf::from(value)),
                other => {
                    return Err(format!(
                        "there is no option '{other}'; allowed: --seconds, --rate, --open, --restarts, --locks, --kinds, --writer hanging, --passages, --size, --program"
                    ));
                }
            }
        }
        Ok(options)
    }
}

/// Makes what is missing, holds the conversations, prints and appends to `bench/results/`.
pub fn turns(args: &[String]) -> Outcome {
    let options = Options::read(args)?;
    let program = match &options.program {
        Some(program) => program.clone(),
        None => {
            setup::web()?;
            installed()?
        }
    };
    // Streams of all open conversations are files of ours, and of the server that we start.
    raise_files();
    let folder = target_dir().join("bench").join(format!("turns-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    // A copy, so that building meanwhile does not change what is measured.
    let tercet = folder.join("tercet");
    fs::copy(program, &tercet).map_err(|error| error.to_string())?;
    let outcome = measured(&options, &tercet, &folder);
    let _ = fs::remove_dir_all(&folder);
    let page = outcome?;
    print!("{page}");
    write_down("-turns", "", &page)
}

/// As many open files as this process may have.
fn raise_files() {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let mut numbers = line.unwrap_or_default().split_whitespace();
    if let (Some(now), Some(most)) = (numbers.next(), numbers.next())
        && now != most
    {
        let _ = run(&mut command("prlimit", &["--pid", &std::process::id().to_string(), &format!("--nofile={most}")]));
    }
}

/// What all measurements share.
struct Stage<'a> {
    options: &'a Options,
    tercet: &'a Path,
    shop: PathBuf,
    key: String,
    world: World,
    /// When the server was last away.
    outage: Mutex<Option<(Instant, Instant)>>,
}

fn measured(options: &Options, tercet: &Path, folder: &Path) -> Result<String, String> {
    let (made, world) = shop::made(tercet, &options.wanted)?;
    let shop = folder.join("shop");
    // The folder itself even where its name is a link: a run must not change what the next one starts from.
    run(command("cp", &["-rH"]).arg(&made).arg(&shop))?;
    if options.hangs {
        shop::with_hanging_writer(&shop)?;
    }
    let key = ask(tercet, &shop, &["keys", "create", "--name", "bench", "--scopes", "converse"])?;
    let key = key["secret"].as_str().ok_or("the new key has no secret")?.to_owned();
    let stage = Stage { options, tercet, shop, key, world, outage: Mutex::new(None) };
    let load_before = setup::load_average();
    let started = Instant::now();
    let mut server = Server::start(tercet, &stage.shop, "127.0.0.1:0")?;
    stage.probe_until_answered(&server)?;
    let mut page = format!(
        "\n## turns\n\n{} products, {} passages beside the shop's own, {} customers who sign in; every conversation has its stream; \
         server and load share the machine. Load before: {load_before}. From start to the first answer: {:.1} s; memory then {:.0} MiB, at most {:.0}.{}\n",
        stage.world.products.len(),
        options.wanted.n_passages,
        stage.world.customers.len(),
        started.elapsed().as_secs_f64(),
        server.rss_mib(),
        server.status_mib("VmHWM:"),
        if options.hangs { " The shop asks a language model that takes every request and never answers." } else { "" },
    );
    if options.turns_of_kind > 0 {
        page.push_str(&stage.kinds(&server)?);
    }
    if options.seconds > 0 {
        page.push_str(&stage.steady(&mut server)?);
    }
    if options.n_open > 0 {
        page.push_str(&stage.many_open(&server));
    }
    page.push_str(&refused(&check::refusals(server.address, &stage.key, &stage.world)?));
    let flaws = server.stop();
    Ok(page + &flaws)
}

/// The server as it is watched from outside.
struct Watch {
    started: Instant,
    /// Of servers that were killed, and of the present one before this began.
    cpu_ended: f64,
    cpu_before: f64,
    /// Seconds and MiB.
    memory: Vec<(u64, f64)>,
    step: u64,
    n_restarts: usize,
    /// From each kill to the first answer.
    away: Vec<Duration>,
    /// From the moment at which the store was taken away to the first answer afterwards.
    locked: Vec<Duration>,
    flaw: Option<String>,
}

impl Watch {
    fn new(server: &Server, seconds: u64) -> Watch {
        Watch {
            started: Instant::now(),
            cpu_ended: 0.0,
            cpu_before: server.cpu_seconds(),
            memory: vec![(0, server.rss_mib())],
            step: if seconds <= 200 { 10 } else { 60 },
            n_restarts: 0,
            away: Vec::new(),
            locked: Vec::new(),
            flaw: None,
        }
    }

    fn cpu(&self, server: &Server) -> f64 {
        self.cpu_ended + server.cpu_seconds() - self.cpu_before
    }

    fn look(&mut self, server: &Server) {
        let at = self.started.elapsed().as_secs();
        if at >= self.memory.last().map_or(0, |last| last.0) + self.step {
            let mib = server.rss_mib();
            self.memory.push((at, mib));
            eprintln!("{at} s: {mib:.0} MiB, {:.1} CPU s", self.cpu(server));
        }
    }

    /// Kills the server and starts it again when its time has come.
    fn restart(&mut self, server: &mut Server, stage: &Stage) {
        let n = stage.options.n_restarts;
        let every = stage.options.seconds as f64 / (n as f64 + 1.0);
        if self.n_restarts >= n || self.started.elapsed().as_secs_f64() < every * (self.n_restarts as f64 + 1.0) {
            return;
        }
        self.n_restarts += 1;
        self.cpu_ended = self.cpu(server);
        self.cpu_before = 0.0;
        let from = Instant::now();
        let away = |until: Instant| *stage.outage.lock().expect("no holder panics") = Some((from, until));
        away(from + Duration::from_secs(3600));
        server.kill();
        let address = server.address.to_string();
        match Server::start(stage.tercet, &stage.shop, &address) {
            Ok(new) => *server = new,
            Err(error) => self.flaw = Some(error),
        }
        if let Err(error) = stage.probe_until_answered(server) {
            self.flaw = Some(error);
        }
        away(Instant::now());
        self.away.push(from.elapsed());
        eprintln!("killed and back after {:.1} s", from.elapsed().as_secs_f64());
    }

    /// Has another process hold the store for a while, when its time has come.
    fn lock(&mut self, server: &Server, stage: &Stage) {
        let n = stage.options.n_locks;
        let every = stage.options.seconds as f64 / (n as f64 + 0.5);
        if self.locked.len() >= n || self.started.elapsed().as_secs_f64() < every * (self.locked.len() as f64 + 0.3) {
            return;
        }
        let from = Instant::now();
        let out = |until: Instant| *stage.outage.lock().expect("no holder panics") = Some((from, until));
        out(from + Duration::from_secs(3600));
        if let Err(error) = hold_store(&stage.shop) {
            self.flaw = Some(error);
        }
        if let Err(error) = stage.probe_until_answered(server) {
            self.flaw = Some(error);
        }
        out(Instant::now());
        self.locked.push(from.elapsed());
        eprintln!("the store was away for {:.1} s", from.elapsed().as_secs_f64());
    }

    fn said(&self, server: &Server) -> String {
        let curve = self.memory.iter().map(|(at, mib)| format!("{at} s {mib:.0}")).collect::<Vec<_>>().join(", ");
        format!("Memory, MiB: {curve}; peak {:.0}.", server.status_mib("VmHWM:"))
    }
}

/// Holds the store's lock for writing, from a process of its own, as a broken backup would.
fn hold_store(shop: &Path) -> Outcome {
    let script = "import sqlite3, sys, time\n\
        store = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)\n\
        store.execute('BEGIN IMMEDIATE')\n\
        time.sleep(float(sys.argv[2]))\n\
        store.execute('ROLLBACK')\n";
    let seconds = LOCKED.as_secs().to_string();
    run(command("python3", &["-c", script]).arg(shop.join("state.db")).arg(seconds))
}

impl Stage<'_> {
    fn party(&self, server: &Server, first: u64) -> Party<'_> {
        Party {
            address: server.address,
            key: &self.key,
            world: &self.world,
            turns_per_second: self.options.turns_per_second,
            duration: Duration::from_secs(self.options.seconds),
            n_connections: N_CONNECTIONS,
            in_hand: N_HELD / N_CONNECTIONS,
            first,
            persists: self.options.n_restarts + self.options.n_locks > 0,
            outage: &self.outage,
        }
    }

    /// One turn, to know that everything is ready.
    fn probe(&self, server: &Server) -> Result<(), String> {
        let mut chat = Chat::new(server.address, &self.key);
        let visit = chat.open(&self.world.script(0)).map_err(|status| format!("nobody is let in: {status}"))?;
        let said = chat.say(&visit.id, &visit.secret, "probe", "你好");
        said.map(drop).map_err(|status| format!("nobody is answered: {status}"))
    }

    /// The same again and again: a machine that others use may be long about it, and how long is told.
    fn probe_until_answered(&self, server: &Server) -> Result<(), String> {
        let begun = Instant::now();
        loop {
            match self.probe(server) {
                Err(_) if begun.elapsed() < PATIENCE => std::thread::sleep(Duration::from_secs(1)),
                done => return done,
            }
        }
    }

    /// What turns of each kind cost, one after another.
    fn kinds(&self, server: &Server) -> Result<String, String> {
        let mut text = String::from(
            "\nOne turn after another, nothing else running:\n\n\
             | kind | turns | CPU ms a turn | p50 ms | p99 ms | max ms | errors |\n|---|---|---|---|---|---|---|\n",
        );
        for kind in Kind::ALL {
            let (tally, cpu) = self.alone(server, kind)?;
            let n = tally.n_answered() + tally.n_failed();
            text.push_str(&format!(
                "| {} | {n} | {:.2} | {} | {} |\n",
                kind.name(),
                1000.0 * cpu / n.max(1) as f64,
                quantiles(&tally, &[0.5, 0.99, 1.0]),
                tally.said()
            ));
        }
        Ok(text)
    }

    /// Turns of one kind and the server's CPU seconds for them, conversations opened beforehand.
    fn alone(&self, server: &Server, kind: Kind) -> Result<(Tally, f64), String> {
        let mut chat = Chat::new(server.address, &self.key);
        let (mut tally, mut visits) = (Tally::default(), Vec::new());
        for number in 0..self.options.turns_of_kind.div_ceil(TURNS_OF_KIND) as u64 {
            let script = self.world.script_of(kind, (1 << 40) + number, TURNS_OF_KIND);
            let visit = chat.open(&script).map_err(|status| format!("a conversation is refused with {status}"))?;
            visits.push((visit, script));
        }
        let before = server.cpu_seconds();
        for (visit, script) in visits {
            for (at, (_, text)) in script.turns.iter().rev().enumerate() {
                let started = Instant::now();
                match chat.say(&visit.id, &visit.secret, &format!("k{at}"), text) {
                    Ok(state) => {
                        tally.latency.add(started.elapsed().as_micros() as u64);
                        if state != "bot" {
                            break;
                        }
                    }
                    Err(status) => tally.fail(status),
                }
            }
        }
        Ok((tally, server.cpu_seconds() - before))
    }

    /// Conversations at the rate that was asked for; with restarts, what became of them.
    fn steady(&self, server: &mut Server) -> Result<String, String> {
        let warm = self.party(server, 1 << 42);
        Party { turns_per_second: warm.turns_per_second / 4.0, duration: WARM_UP, ..warm }.run(|| ());
        let party = self.party(server, 0);
        let mut watch = Watch::new(server, self.options.seconds);
        let own_before = cpu_seconds("self");
        let report = party.run(|| {
            watch.look(server);
            watch.restart(server, self);
            watch.lock(server, self);
        });
        if let Some(flaw) = watch.flaw.take() {
            return Err(flaw);
        }
        let (wall, cpu) = (watch.started.elapsed().as_secs_f64(), watch.cpu(server));
        let mut text = format!(
            "\n{} turns/s for {} s over {N_CONNECTIONS} connections, {N_HELD} conversations at once:\n\n{}",
            self.options.turns_per_second,
            self.options.seconds,
            table(&report, wall)
        );
        let n = report.all.n_answered() + report.resumed.n_answered();
        text.push_str(&format!(
            "\nServer: {cpu:.1} CPU s in {wall:.1} s, {:.2} ms a turn with its opening and its stream; the load itself {:.1}. {}\n",
            1000.0 * cpu / n.max(1) as f64,
            cpu_seconds("self") - own_before,
            watch.said(server)
        ));
        if !watch.away.is_empty() {
            let away =
                watch.away.iter().map(|away| format!("{:.1}", away.as_secs_f64())).collect::<Vec<_>>().join(", ");
            text.push_str(&format!(
                "Killed {} times; from the kill to the first answer, s: {away}.\n",
                watch.away.len()
            ));
        }
        if !watch.locked.is_empty() {
            let away: Vec<String> = watch.locked.iter().map(|away| format!("{:.1}", away.as_secs_f64())).collect();
            text.push_str(&format!(
                "Another process held the store {} times for {} s; until the first answer, s: {}.\n",
                watch.locked.len(),
                LOCKED.as_secs(),
                away.join(", ")
            ));
        }
        if report.told.n_failed() > 0 {
            text.push_str(&format!(
                "Told meanwhile to try again, or cut off: {}; all of them tried until they were answered, but for: {}.\n",
                report.told.said(),
                report.all.said()
            ));
        }
        let visits: Vec<_> = report.over.into_iter().chain(report.open).collect();
        text.push_str(&stored(&check::kept(server.address, &self.key, &visits, 8)));
        Ok(text)
    }

    /// Many conversations at once, each with an open stream, and the memory that takes.
    fn many_open(&self, server: &Server) -> String {
        let n_open = self.options.n_open;
        let party = self.party(server, 1 << 43);
        let seconds = (n_open * TURNS_OF_OPEN) as f64 / party.turns_per_second;
        let party =
            Party { duration: Duration::from_secs_f64(seconds), in_hand: n_open.div_ceil(N_CONNECTIONS), ..party };
        let mut watch = Watch::new(server, seconds as u64);
        let report = party.run(|| watch.look(server));
        let wall = watch.started.elapsed().as_secs_f64();
        let n_held = report.open.len();
        format!(
            "\n{n_open} conversations at once, {TURNS_OF_OPEN} turns of each in {seconds:.0} s; {n_held} with an open stream at the end:\n\n{}\n\
             Memory with them open: {:.0} MiB. {}\n",
            table(&report, wall),
            server.rss_mib(),
            watch.said(server)
        )
    }
}

/// Milliseconds, between bars.
fn quantiles(tally: &Tally, wanted: &[f64]) -> String {
    let ms = |q: &f64| format!("{:.2}", tally.latency.quantile_us(*q) as f64 / 1000.0);
    wanted.iter().map(ms).collect::<Vec<_>>().join(" | ")
}

fn table(report: &Report, wall: f64) -> String {
    let mut text = String::from(
        "| what | n | achieved/s | p50 ms | p99 ms | p99.9 ms | max ms | errors |\n|---|---|---|---|---|---|---|---|\n",
    );
    let mut row = |name: &str, tally: &Tally| {
        let n = tally.n_answered();
        let told = quantiles(tally, &[0.5, 0.99, 0.999, 1.0]);
        text.push_str(&format!("| {name} | {n} | {:.1} | {told} | {} |\n", n as f64 / wall, tally.said()));
    };
    row("all turns", &report.all);
    report.by_kind.iter().for_each(|(kind, tally)| row(kind.name(), tally));
    row("openings", &report.openings);
    if report.resumed.n_answered() > 0 {
        row("due while the server was away", &report.resumed);
    }
    let (handed_over, short) = (report.n_handed_over, report.n_short_streams);
    text + &format!("\n{handed_over} conversations went to a person; {short} streams lacked a message at the end.\n")
}

fn stored(kept: &Kept) -> String {
    let Kept { n_conversations, n_turns, n_lost, n_doubled, n_late, n_unanswered, n_unread } = kept;
    format!(
        "In the store afterwards: {n_turns} accepted turns of {n_conversations} conversations; lost {n_lost}, twice {n_doubled}, \
         without an answer {n_unanswered}; given up by the visitor and there all the same {n_late}; conversations that could \
         not be read: {n_unread}.\n"
    )
}

fn refused(rows: &[Refusal]) -> String {
    let mut text = String::from(
        "\nWhat no visitor should send:\n\n| what | sent | answered with | longest ms |\n|---|---|---|---|\n",
    );
    for Refusal { what, n_sent, statuses, longest_ms } in rows {
        let statuses = statuses.iter().map(|(status, n)| format!("{status}: {n}")).collect::<Vec<_>>().join(", ");
        text.push_str(&format!("| {what} | {n_sent} | {statuses} | {longest_ms:.1} |\n"));
    }
    text
}
