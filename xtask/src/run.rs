//! Running other programs: say what is run, stop at the first failure, keep the environment plain.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

pub type Outcome = Result<(), String>;

/// The folder of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_path_buf()
}

/// Where cargo puts what it builds.
pub fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The folder of real data, if it is on this machine.
pub fn data_dir() -> Option<PathBuf> {
    let dir = std::env::var_os("TERCET_DATA").map_or_else(|| root().join("../shared/data"), PathBuf::from);
    dir.is_dir().then_some(dir)
}

/// A command that runs in the workspace's folder.
pub fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(root());
    if program == "cargo" {
        as_from_a_shell(&mut command);
    }
    command
}

/// What cargo told this tool of itself is not for the cargo it starts: some build scripts (ring's) run again when that
/// changes, and with them half of what we have would be built anew whenever people change between both.
fn as_from_a_shell(cargo: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"].iter().any(|begin| text.starts_with(begin)) {
            cargo.env_remove(&name);
        }
    }
    if !is_developed_in() {
        cargo.env("CARGO_INCREMENTAL", "0");
    }
    if lints_while_building() {
        // What `cargo clippy -- -D warnings` sets; it only checks, so every dependency would be compiled twice.
        cargo.env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver");
        cargo.env("CLIPPY_ARGS", "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__");
    }
}

/// Whether the workspace is linted by the compiler that builds it (`TERCET_LINTS_WHILE_BUILDING`). Where nothing is built yet and
/// nothing is built afterwards, as in CI, that saves minutes; elsewhere what was built without it would be built again.
pub fn lints_while_building() -> bool {
    std::env::var_os("TERCET_LINTS_WHILE_BUILDING").is_some_and(|value| !value.is_empty())
}

/// Whether somebody builds this clone with cargo itself, incrementally. Where nobody does, nothing is kept for the build
/// after the next change: the first build is shorter, and the target folder gigabytes smaller. Once somebody does, what
/// is built here is what they have built.
fn is_developed_in() -> bool {
    static IS: OnceLock<bool> = OnceLock::new();
    *IS.get_or_init(|| {
        let kept = std::fs::read_dir(target_dir().join("debug/incremental"));
        kept.into_iter().flatten().flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("tercet_"))
    })
}

/// Prints the command, runs it and fails unless it succeeds.
pub fn run(command: &mut Command) -> Outcome {
    let shown = show(command);
    eprintln!("→ {shown}");
    let status = command.status().map_err(|error| format!("cannot start `{shown}`: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{shown}` ended with {status}")) }
}

/// Runs quietly and returns standard output.
pub fn output(command: &mut Command) -> Result<String, String> {
    let shown = show(command);
    let output =
        command.stderr(Stdio::inherit()).output().map_err(|error| format!("cannot start `{shown}`: {error}"))?;
    if !output.status.success() {
        return Err(format!("`{shown}` ended with {}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("`{shown}` printed text that is not UTF-8"))
}

/// Whether a program of this name is found.
pub fn exists(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
