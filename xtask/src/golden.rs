//! `cargo xtask golden`: recompute golden values with their pinned peers and compare with the committed ones.
//!
//! Each `bench/peers/*/golden.py` prints the JSON of one golden file; the file's first line says where it belongs.

use std::fs;

use crate::run::{Outcome, command, output, root};
use crate::setup;

/// Recomputes all (or the named) golden files. `--write` replaces those that differ.
pub fn golden(args: &[String]) -> Outcome {
    let write = args.iter().any(|arg| arg == "--write");
    let folders = fs::read_dir(root().join("bench/peers")).map_err(|error| format!("bench/peers: {error}"))?;
    let mut names: Vec<_> =
        folders.flatten().map(|entry| entry.path()).filter(|path| path.join("golden.py").exists()).collect();
    names.sort();
    let mut differing = Vec::new();
    for folder in names {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let python = setup::python(&name, &folder.join("requirements.txt"))?;
        let printed = output(command(&python.to_string_lossy(), &[]).arg(folder.join("golden.py")))?;
        let (place, json) = printed.split_once('\n').ok_or_else(|| format!("{name}/golden.py printed nothing"))?;
        let path = root().join(place.trim());
        if fs::read_to_string(&path).is_ok_and(|committed| committed == json) {
            println!("{place}: as committed");
        } else if write {
            fs::write(&path, json).map_err(|error| format!("{}: {error}", path.display()))?;
            println!("{place}: replaced");
        } else {
            differing.push(place.to_owned());
        }
    }
    if differing.is_empty() {
        return Ok(());
    }
    Err(format!(
        "these differ from what is committed (`cargo xtask golden --write` replaces them): {}",
        differing.join(", ")
    ))
}
