//! Looks a shop folder over, says what is wrong and how to mend it, and mends what is safe: nothing here ever removes
//! or changes a row that a manifest names.

use std::fs;
use std::path::Path;
use std::time::Duration;

use domain::TableSpec;
use serde::Serialize;

use crate::files::digest_of_file;
use crate::shop::{FORMAT, create_private_folder};
use crate::tables::FileEntry;
use crate::{DataError, Shop};

/// One thing found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// `error`: data is lost or the shop cannot be used; `warn`: it works, but should be looked after.
    pub level: &'static str,
    /// Relative to the shop folder.
    pub path: String,
    pub found: String,
    pub help: &'static str,
    pub mended: bool,
}

const RESTORE: &str = "Restore the shop from a backup, or import the source again";
const MENDS: &str = "`tercet doctor --mend` does it";

/// Looks over the folder `dir`; with `mend`, puts right what is safe. Reads every file once.
pub fn examine(dir: &Path, mend: bool) -> Result<Vec<Finding>, DataError> {
    let mut findings = Vec::new();
    examine_format(dir, mend, &mut findings)?;
    examine_permissions(dir, mend, &mut findings)?;
    let shop = match Shop::open(dir) {
        Ok(shop) => shop,
        Err(error) => {
            findings.push(finding("error", "", error.to_string(), "Correct what the message names, then ask again"));
            return Ok(findings);
        }
    };
    for spec in domain::table::ALL {
        examine_table(&shop, spec, &mut findings);
    }
    examine_leftovers(&shop, mend, &mut findings)?;
    examine_state(&shop, &mut findings);
    examine_models(&shop, mend, &mut findings)?;
    Ok(findings)
}

fn finding(level: &'static str, path: impl Into<String>, found: impl Into<String>, help: &'static str) -> Finding {
    Finding { level, path: path.into(), found: found.into(), help, mended: false }
}

/// A lost or garbled `format` can only mean the first layout: later ones will write it in another place too.
fn examine_format(dir: &Path, mend: bool, findings: &mut Vec<Finding>) -> Result<(), DataError> {
    let path = dir.join("format");
    let readable = fs::read_to_string(&path).is_ok_and(|text| text.starts_with("tercet shop "));
    if !dir.join("tercet.toml").is_file() || readable {
        return Ok(());
    }
    if mend {
        fs::write(&path, format!("tercet shop {FORMAT}\n")).map_err(DataError::io(&path, "write the format"))?;
    }
    findings.push(Finding { mended: mend, ..finding("error", "format", "it is missing or not readable", MENDS) });
    Ok(())
}

#[cfg(unix)]
fn examine_permissions(dir: &Path, mend: bool, findings: &mut Vec<Finding>) -> Result<(), DataError> {
    use std::os::unix::fs::PermissionsExt;
    let Ok(metadata) = fs::metadata(dir) else { return Ok(()) };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        if mend {
            create_private_folder(dir)?;
        }
        let found = format!("others may enter the folder (mode {mode:o}), which holds personal data and secrets");
        findings.push(Finding { mended: mend, ..finding("warn", ".", found, MENDS) });
    }
    Ok(())
}

#[cfg(not(unix))]
fn examine_permissions(_: &Path, _: bool, _: &mut Vec<Finding>) -> Result<(), DataError> {
    Ok(())
}

fn examine_table(shop: &Shop, spec: &'static TableSpec, findings: &mut Vec<Finding>) {
    let manifest = match shop.tables().manifest(spec) {
        Ok(manifest) => manifest,
        Err(error) => {
            findings.push(finding("error", format!("tables/{}/manifest.json", spec.name), said(error), RESTORE));
            return;
        }
    };
    for file in &manifest.files {
        if let Some(found) = wrong_with(&shop.tables().folder(spec).join(&file.path), file) {
            findings.push(finding("error", format!("tables/{}/{}", spec.name, file.path), found, RESTORE));
        }
    }
}

fn wrong_with(path: &Path, file: &FileEntry) -> Option<String> {
    let n_bytes = match fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) => return Some(format!("the manifest names it, but: {error}")),
    };
    if n_bytes != file.n_bytes {
        return Some(format!("it has {n_bytes} bytes; the manifest says {}", file.n_bytes));
    }
    match digest_of_file(path) {
        Ok(digest) if digest == file.sha256 => None,
        Ok(_) => Some(format!("its {} rows were changed: the checksum differs", file.n_rows)),
        Err(error) => Some(said(error)),
    }
}

/// What an error found; what to do about it is the finding's to say.
fn said(error: DataError) -> String {
    match error {
        DataError::Corrupt { found, .. } => found,
        other => other.to_string(),
    }
}

/// What crashed jobs left behind.
fn examine_leftovers(shop: &Shop, mend: bool, findings: &mut Vec<Finding>) -> Result<(), DataError> {
    let mut n_files = 0;
    for spec in domain::table::ALL {
        n_files += shop.tables().orphans(spec).map_or(0, |orphans| orphans.len());
    }
    if n_files == 0 {
        return Ok(());
    }
    let sound = findings.iter().all(|finding| finding.level != "error");
    if mend && sound {
        shop.tables().collect_garbage(Duration::ZERO)?;
    }
    let s = if n_files == 1 { "" } else { "s" };
    let found = format!("{n_files} file{s} that no manifest names, from unfinished or replaced imports");
    findings.push(Finding { mended: mend && sound, ..finding("warn", "tables", found, MENDS) });
    Ok(())
}

fn examine_state(shop: &Shop, findings: &mut Vec<Finding>) {
    let state = match shop.state() {
        Ok(state) => state,
        Err(error) => return findings.push(finding("error", "state.db", said(error), RESTORE)),
    };
    for (name, checked) in state.integrity() {
        let problems = checked.unwrap_or_else(|error| vec![said(error)]);
        findings.extend(problems.into_iter().map(|problem| finding("error", name, problem, RESTORE)));
    }
}

/// A pointer to a model that is gone is set to the newest.
fn examine_models(shop: &Shop, mend: bool, findings: &mut Vec<Finding>) -> Result<(), DataError> {
    let Ok(kinds) = fs::read_dir(shop.root().join("models")) else { return Ok(()) };
    let mut kinds: Vec<_> = kinds.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    kinds.sort();
    let models = shop.models();
    // A kind's models may have names.
    for at in 0..kinds.len() {
        let names = models.names(&kinds[at]).unwrap_or_default();
        kinds.extend(names.into_iter().map(|name| format!("{}/{name}", kinds[at])).collect::<Vec<_>>());
    }
    for kind in kinds {
        let Err(error) = models.current(&kind) else { continue };
        let newest = models.versions(&kind)?.pop();
        if let (true, Some(version)) = (mend, &newest) {
            models.activate(&kind, version)?;
        }
        let mended = mend && newest.is_some();
        findings
            .push(Finding { mended, ..finding("error", format!("models/{kind}/current"), error.to_string(), MENDS) });
    }
    Ok(())
}
