//! `cargo xtask golden`: recompute golden values with their pinned peers and compare them and ours with what is kept.
//!
//! Each `bench/peers/NAME/golden.py TERCET FOLDER` compares the values of `../shared/golden/NAME` and fails where one is too
//! far. Nothing is written; a run that compares nothing fails.

use std::fs;

use crate::run::{Outcome, command, data_dir, root, run, target_dir};
use crate::setup;

/// Runs every peer's comparison, or those of the named folders; fails at the end if any failed.
pub fn golden(names: &[String]) -> Outcome {
    let peers = root().join("bench/peers");
    let folders = fs::read_dir(&peers).map_err(|error| format!("{}: {error}", peers.display()))?;
    let mut found: Vec<String> = folders
        .flatten()
        .filter(|entry| entry.path().join("golden.py").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    found.sort();
    if let Some(unknown) = names.iter().find(|name| !found.contains(name)) {
        return Err(format!("bench/peers/{unknown}/golden.py does not exist; there is {}", found.join(", ")));
    }
    found.retain(|name| names.is_empty() || names.contains(name));
    if found.is_empty() {
        return Err("nothing was compared: no bench/peers/*/golden.py".to_owned());
    }
    let data = data_dir().ok_or("nothing was compared: there is no data folder; set TERCET_DATA")?;
    run(&mut command("cargo", &["build", "--package", "tercet"]))?;
    let tercet = target_dir().join("debug/tercet");
    let mut failed = Vec::new();
    for name in found {
        let folder = peers.join(&name);
        let python = setup::python(&name, &folder.join("requirements.txt"))?;
        let mut compare = command(&python.to_string_lossy(), &[]);
        compare.arg(folder.join("golden.py")).arg(&tercet).arg(data.join("../golden").join(&name));
        if let Err(message) = run(&mut compare) {
            failed.push(message);
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n")) }
}
