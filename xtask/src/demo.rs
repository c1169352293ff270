//! `cargo xtask demo`: from a fresh clone to a console one can open.

use crate::run::{Outcome, command, run};
use crate::setup;

/// Builds the console and the program, then hands over to `tercet demo`, which simulates, trains and serves.
pub fn demo(args: &[String]) -> Outcome {
    setup::web()?;
    run(&mut command("cargo", &["build", "--package", "tercet"]))?;
    let program = crate::run::target_dir().join("debug/tercet");
    run(command(&program.to_string_lossy(), &["demo"]).args(args))
}
