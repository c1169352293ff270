//! The API against its own OpenAPI document: schemathesis asks a real server what the document allows and forbids.
//!
//! Found faults are server errors, undocumented answers, answers of another shape, and invalid input that is accepted.

use std::path::PathBuf;

use crate::run::{Outcome, command, exists, root};
use crate::served::Served;
use crate::setup;

/// Requests made up for each operation, beside the systematic ones, which are most; all together some minutes.
const N_EXAMPLES: &str = "25";

/// What a step answers that could not run here; only outside CI.
pub const SKIPPED: &str = "skipped: ";

/// Makes the Python environment, serves a shop and runs schemathesis with a fixed seed.
pub fn api_fuzz() -> Outcome {
    let folder = root().join("tests/api");
    let python = environment()?;
    setup::web()?;
    let served = Served::start()?;
    let header = format!("Authorization: Bearer {}", served.key);
    let schemathesis = python.with_file_name("schemathesis");
    // The key is not printed with the command: it is made for this run and goes with it, but habits matter.
    eprintln!("→ schemathesis run {}/openapi.json", served.address);
    let status = command(&schemathesis.to_string_lossy(), &["--config-file"])
        .arg(folder.join("schemathesis.toml"))
        .args(["run", &format!("{}/openapi.json", served.address), "--header", &header])
        .args(["--seed", "1", "--max-examples", N_EXAMPLES])
        // A minute is the server's own limit; a slow machine is no fault of the program.
        .args(["--request-timeout", "60"])
        .args(["--phases", "examples,coverage,fuzzing", "--generation-database", "none"])
        .args(["--continue-on-failure", "--warnings", "off", "--no-color"])
        .status()
        .map_err(|error| format!("cannot start schemathesis: {error}"))?;
    if status.success() {
        return Ok(());
    }
    Err(format!("schemathesis found faults, shown above with a curl command for each ({status})"))
}

pub fn environment() -> Result<PathBuf, String> {
    let made = if exists("python3") {
        setup::python("api-fuzz", &root().join("tests/api/requirements.txt"))
    } else {
        Err("python3 is missing".to_owned())
    };
    made.map_err(|reason| if std::env::var_os("CI").is_some() { reason } else { format!("{SKIPPED}{reason}") })
}
