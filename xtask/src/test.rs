//! `cargo xtask test`: every check, in the order in which a mistake is cheapest to find.

use std::time::Instant;

use crate::run::{Outcome, command, data_dir, run};
use crate::{setup, tidy};

type Step = (&'static str, fn() -> Outcome);

const STEPS: &[Step] = &[
    ("format", format),
    ("tidy", tidy::tidy),
    ("console-unit", console_unit),
    ("clippy", clippy),
    ("test", tests),
    ("doc", doc),
    ("console-browser", console_browser),
];

/// Runs the named steps, or all.
pub fn test(names: &[String]) -> Outcome {
    for name in names {
        if !STEPS.iter().any(|(step, _)| step == name) {
            let known = STEPS.iter().map(|(step, _)| *step).collect::<Vec<_>>().join(", ");
            return Err(format!("there is no step '{name}'; there are: {known}"));
        }
    }
    match data_dir() {
        Some(dir) => eprintln!("Real data: {}", dir.display()),
        None => eprintln!("Real data: none found (set TERCET_DATA); tests that need it will say 'skipped'."),
    }
    let mut failed = Vec::new();
    let mut n_passed = 0;
    for (name, step) in STEPS {
        if !names.is_empty() && !names.iter().any(|wanted| wanted == name) {
            continue;
        }
        let started = Instant::now();
        match step() {
            Ok(()) => n_passed += 1,
            Err(message) => {
                eprintln!("✗ {name}: {message}");
                failed.push(*name);
            }
        }
        eprintln!("— {name}: {:.0} s", started.elapsed().as_secs_f64());
    }
    println!("steps: {n_passed} passed, {} failed", failed.len());
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", "))) }
}

fn format() -> Outcome {
    run(&mut command("cargo", &["fmt", "--all", "--check"]))
}

fn clippy() -> Outcome {
    setup::web()?;
    run(&mut command("cargo", &["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn tests() -> Outcome {
    setup::web()?;
    run(&mut command("cargo", &["test", "--workspace", "--no-fail-fast", "--lib", "--bins", "--tests", "--examples"]))
}

fn doc() -> Outcome {
    run(&mut command("cargo", &["test", "--quiet", "--workspace", "--doc"]))
}

fn console_unit() -> Outcome {
    setup::npm_packages()?;
    let web = crate::run::root().join("web");
    run(command("npm", &["run", "--silent", "check"]).current_dir(&web))?;
    run(command("npm", &["test", "--silent"]).current_dir(&web))
}

/// The console in a real browser, once against its fixture server and once against the program itself.
fn console_browser() -> Outcome {
    setup::chromium()?;
    setup::web()?;
    let web = crate::run::root().join("web");
    run(command("npm", &["run", "--silent", "test:browser"]).current_dir(&web))?;
    let served = Served::start()?;
    run(command("npm", &["run", "--silent", "test:browser"])
        .current_dir(&web)
        .env("TERCET_CONSOLE_URL", &served.address)
        .env("TERCET_CONSOLE_PASSWORD", PASSWORD))
}

const PASSWORD: &str = "correct horse battery staple";

/// A tiny simulated shop served by the program on a free loopback port; ends when dropped.
struct Served {
    address: String,
    child: std::process::Child,
    folder: std::path::PathBuf,
}

impl Served {
    fn start() -> Result<Served, String> {
        use std::io::{BufRead, BufReader};
        run(&mut command("cargo", &["build", "--quiet", "--package", "tercet"]))?;
        let target = crate::run::target_dir();
        let folder = target.join(format!("console-test-{}", std::process::id()));
        let mut child = command(&target.join("debug/tercet").to_string_lossy(), &["demo", "--size", "tiny"])
            .args(["--listen", "127.0.0.1:0"])
            .arg(&folder)
            .env("TERCET_PASSWORD", PASSWORD)
            .stdout(std::process::Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start the program: {error}"))?;
        let stdout = child.stdout.take().expect("standard output is piped");
        let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
        let address = lines.find_map(|line| {
            line.split_whitespace()
                .find(|word| word.starts_with("http://127.0.0.1:"))
                .map(|word| word.trim_end_matches('/').to_owned())
        });
        // The program goes on printing; someone must read, or it would block on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        match address {
            Some(address) => Ok(Served { address, child, folder }),
            None => {
                let _ = child.kill();
                Err("the program ended without printing its address".to_owned())
            }
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
