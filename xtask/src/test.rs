//! `cargo xtask test`: every check, in the order in which a mistake is cheapest to find.

use std::time::Instant;

use crate::api_fuzz::{SKIPPED, api_fuzz};
use crate::run::{Outcome, command, data_dir, lints_while_building, run};
use crate::served::{PASSWORD, Served};
use crate::{served, setup, tidy};

type Step = (&'static str, fn() -> Outcome);

const STEPS: &[Step] = &[
    ("format", format),
    ("tidy", tidy::tidy),
    ("console-unit", console_unit),
    ("clippy", clippy),
    ("test", tests),
    ("doc", doc),
    ("api-fuzz", api_fuzz),
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
    if names.is_empty() {
        setup::ahead();
    }
    let mut failed = Vec::new();
    let (mut n_passed, mut n_skipped) = (0, 0);
    for (name, step) in STEPS {
        if !names.is_empty() && !names.iter().any(|wanted| wanted == name) {
            continue;
        }
        let started = Instant::now();
        match step() {
            Ok(()) => n_passed += 1,
            Err(message) if message.starts_with(SKIPPED) => {
                eprintln!("{name}: {message}");
                n_skipped += 1;
            }
            Err(message) => {
                eprintln!("✗ {name}: {message}");
                failed.push(*name);
            }
        }
        eprintln!("— {name}: {:.0} s", started.elapsed().as_secs_f64());
    }
    served::forget();
    println!("steps: {n_passed} passed, {n_skipped} skipped, {} failed", failed.len());
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", "))) }
}

fn format() -> Outcome {
    run(&mut command("cargo", &["fmt", "--all", "--check"]))
}

/// What the step `test` builds.
const TESTS: [&str; 7] = ["test", "--workspace", "--no-fail-fast", "--lib", "--bins", "--tests", "--examples"];

fn clippy() -> Outcome {
    setup::web()?;
    if lints_while_building() {
        return run(command("cargo", &TESTS).arg("--no-run"));
    }
    run(&mut command("cargo", &["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn tests() -> Outcome {
    setup::web()?;
    run(&mut command("cargo", &TESTS))
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

/// The console in a real browser, once against its fixture server and once against the program itself; the mails and posters that
/// the program writes; and whole conversations of customers with it, in the widget with somebody at the desk, and in the terminal.
fn console_browser() -> Outcome {
    setup::chromium()?;
    setup::web()?;
    let web = crate::run::root().join("web");
    run(command("npm", &["run", "--silent", "test:browser"]).current_dir(&web))?;
    let served = Served::start()?;
    run(command("npm", &["run", "--silent", "test:browser"])
        .current_dir(&web)
        .env("TERCET_CONSOLE_URL", &served.address)
        .env("TERCET_CONSOLE_PASSWORD", PASSWORD))?;
    run(command("npm", &["run", "--silent", "test:copies"])
        .current_dir(&web)
        .env("TERCET_CONSOLE_URL", &served.address)
        .env("TERCET_CONSOLE_PASSWORD", PASSWORD))?;
    run(command("npm", &["run", "--silent", "test:talks"])
        .current_dir(&web)
        .env("TERCET_CONSOLE_URL", &served.address)
        .env("TERCET_CONSOLE_PASSWORD", PASSWORD)
        .env("TERCET_SERVICE_TALKS", served.talks.to_string()))?;
    served.talk_in_terminal()
}
