//! A tiny simulated shop served by the program on a free loopback port, for steps that ask from outside.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use crate::run::{Outcome, command, output, run, target_dir};
use crate::talks;

pub const PASSWORD: &str = "correct horse battery staple";

/// Ends, and takes its folder away, when dropped.
pub struct Served {
    pub address: String,
    /// A key that may do everything but converse.
    pub key: String,
    /// Who may talk with its service about what.
    pub talks: Value,
    program: String,
    child: Child,
    folder: Folder,
}

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A shop that is made and trained once and copied for each step that serves one: what one asked for, no other sees.
struct Made {
    program: String,
    key: String,
    talks: Value,
    folder: Folder,
}

static MADE: Mutex<Option<Made>> = Mutex::new(None);

impl Made {
    /// Builds the program, simulates and trains.
    fn new() -> Result<Made, String> {
        run(&mut command("cargo", &["build", "--quiet", "--package", "tercet"]))?;
        let program = target_dir().join("debug/tercet").to_string_lossy().into_owned();
        let folder = Folder(target_dir().join(format!("served-made-{}", std::process::id())));
        run(command(&program, &["demo", "--size", "tiny", "--make-only"]).arg(&folder.0))?;
        for what in ["language", "assist"] {
            run(command(&program, &["train", what, "--shop"]).arg(&folder.0))?;
        }
        let_talk_fast(&folder.0)?;
        let key = make_key(&program, &folder.0, "ingest,serve,manage")?;
        let talks = talks::talks(&program, &folder.0, &make_key(&program, &folder.0, "converse")?)?;
        Ok(Made { program, key, talks, folder })
    }
}

/// Takes the shop away that was made to be copied.
pub fn forget() {
    MADE.lock().unwrap_or_else(PoisonError::into_inner).take();
}

impl Served {
    /// Copies the made shop, serves it and waits for the address.
    pub fn start() -> Result<Served, String> {
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        let made = match &mut *made {
            Some(made) => made,
            none => none.insert(Made::new()?),
        };
        let (program, key, talks) = (made.program.clone(), made.key.clone(), made.talks.clone());
        let folder = Folder(target_dir().join(format!("served-test-{}", std::process::id())));
        run(command("cp", &["-a"]).args([&made.folder.0, &folder.0]))?;
        let mut child = command(&program, &["demo", "--size", "tiny", "--listen", "127.0.0.1:0"])
            .arg(&folder.0)
            .env("TERCET_PASSWORD", PASSWORD)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start the program: {error}"))?;
        let stdout = child.stdout.take().expect("standard output is piped");
        let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
        let address = address_in(&mut lines);
        // The program goes on printing; someone must read, or it would block on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        match address {
            Some(address) => Ok(Served { address, key, talks, program, child, folder }),
            None => {
                let _ = child.kill();
                let _ = child.wait();
                Err("the program ended without printing its address".to_owned())
            }
        }
    }

    /// Holds the conversations in the terminal, beside the running server.
    pub fn talk_in_terminal(&self) -> Outcome {
        talks::in_terminal(&self.program, &self.folder.0, &self.talks)
    }
}

/// A test says in a second what a customer says in a minute: for it the limit on floods is set higher.
fn let_talk_fast(shop: &Path) -> Outcome {
    let config = shop.join("tercet.toml");
    let failed = |error: std::io::Error| format!("{}: {error}", config.display());
    let text = std::fs::read_to_string(&config).map_err(failed)?;
    let (head, set) = ("\n[service]\n", "messages_per_minute = 1200\n");
    if !text.contains(head) {
        return Err(format!("{} has no [service]", config.display()));
    }
    std::fs::write(&config, text.replacen(head, &format!("{head}{set}"), 1)).map_err(failed)
}

/// The first address on this machine that a starting server prints, `http://127.0.0.1:PORT`.
pub fn address_in(lines: &mut impl Iterator<Item = String>) -> Option<String> {
    let address = |line: String| {
        let mut words = line.split_whitespace();
        words.find(|word| word.starts_with("http://127.0.0.1:")).map(|word| word.trim_end_matches('/').to_owned())
    };
    lines.find_map(address)
}

fn make_key(program: &str, folder: &Path, scopes: &str) -> Result<String, String> {
    let asked = ["--json", "keys", "create", "--name", "test", "--scopes", scopes, "--shop"];
    let printed = output(command(program, &asked).arg(folder))?;
    let made: serde_json::Value = serde_json::from_str(&printed).map_err(|error| format!("{error}: {printed}"))?;
    made["secret"].as_str().map(str::to_owned).ok_or_else(|| format!("no secret in {made}"))
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
