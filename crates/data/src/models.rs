//! The folder of trained models: `models/<kind>/<version>/` is written once and never changed; `current` names the
//! version in use and is replaced atomically. What the files mean is the business of whoever trained them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::files::{self, Hook};
use crate::shop::{WriteLock, create_private_folder, write_new};
use crate::tables::manifest::is_inside;
use crate::{DataError, Shop};

/// The models of one shop.
pub struct Models<'a> {
    root: PathBuf,
    lock: &'a WriteLock,
    hook: Hook,
}

impl Shop {
    pub fn models(&self) -> Models<'_> {
        let tables = self.tables();
        Models { root: self.root().join("models"), lock: tables.lock(), hook: tables.hook().clone() }
    }
}

impl Models<'_> {
    /// Writes a new version of `kind` (such as `recommend`) from named files; durable when it returns. Not yet in use:
    /// see [`Models::activate`].
    pub fn publish(&self, kind: &str, contents: &BTreeMap<String, Vec<u8>>) -> Result<String, DataError> {
        self.lock.hold()?;
        let folder = self.kind_folder(kind)?;
        create_private_folder(&folder)?;
        let number = self.versions(kind)?.last().and_then(|last| last.parse::<u64>().ok()).unwrap_or(0) + 1;
        let version = format!("{number:06}");
        let temporary = folder.join(format!(".{version}"));
        let _ = fs::remove_dir_all(&temporary);
        create_private_folder(&temporary)?;
        let written = contents.iter().try_for_each(|(name, bytes)| match is_inside(name) && !name.contains('/') {
            true => write_new(&temporary.join(name), bytes),
            false => Err(unknown("model file name", name, "a plain file name")),
        });
        let published = written.and_then(|()| {
            files::sync_folder(&temporary)?;
            let path = folder.join(&version);
            fs::rename(&temporary, &path).map_err(DataError::io(&path, "publish the model"))?;
            files::sync_folder(&folder)
        });
        if published.is_err() {
            let _ = fs::remove_dir_all(&temporary);
        }
        published.map(|()| version)
    }

    /// Makes `version` the one in use.
    pub fn activate(&self, kind: &str, version: &str) -> Result<(), DataError> {
        self.lock.hold()?;
        self.check(kind, version)?;
        files::replace(&self.kind_folder(kind)?.join("current"), format!("{version}\n").as_bytes(), &self.hook)
    }

    /// The version in use, if any.
    pub fn current(&self, kind: &str) -> Result<Option<String>, DataError> {
        let path = self.kind_folder(kind)?.join("current");
        let version = match fs::read_to_string(&path) {
            Ok(text) => text.trim().to_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(DataError::io(&path, "read the pointer to the current model")(error)),
        };
        self.check(kind, &version)?;
        Ok(Some(version))
    }

    /// All versions, oldest first.
    pub fn versions(&self, kind: &str) -> Result<Vec<String>, DataError> {
        let folder = self.kind_folder(kind)?;
        let Ok(entries) = fs::read_dir(&folder) else { return Ok(Vec::new()) };
        let mut versions = Vec::new();
        for entry in entries {
            let entry = entry.map_err(DataError::io(&folder, "list the models"))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // Versions are counted here or named by the day they were trained on; what is being written begins with a dot.
            if name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
                versions.push(name);
            }
        }
        versions.sort();
        Ok(versions)
    }

    /// The content of one file of a version.
    pub fn read(&self, kind: &str, version: &str, name: &str) -> Result<Vec<u8>, DataError> {
        self.check(kind, version)?;
        if !is_inside(name) {
            return Err(unknown("model file name", name, "a plain file name"));
        }
        let path = self.kind_folder(kind)?.join(version).join(name);
        fs::read(&path).map_err(DataError::io(&path, "read the model"))
    }

    /// Removes versions beyond the newest `n_kept`; never the one in use.
    pub fn prune(&self, kind: &str, n_kept: usize) -> Result<usize, DataError> {
        self.lock.hold()?;
        let current = self.current(kind)?;
        let versions = self.versions(kind)?;
        let old = &versions[..versions.len().saturating_sub(n_kept)];
        let mut n_removed = 0;
        for version in old.iter().filter(|version| Some(*version) != current.as_ref()) {
            let path = self.kind_folder(kind)?.join(version);
            fs::remove_dir_all(&path).map_err(DataError::io(&path, "remove an old model"))?;
            n_removed += 1;
        }
        Ok(n_removed)
    }

    fn kind_folder(&self, kind: &str) -> Result<PathBuf, DataError> {
        let plain = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        match plain {
            true => Ok(self.root.join(kind)),
            false => Err(unknown("kind of model", kind, "small letters and _")),
        }
    }

    fn check(&self, kind: &str, version: &str) -> Result<(), DataError> {
        let versions = self.versions(kind)?;
        match versions.iter().any(|known| known == version) && Path::new(version).components().count() == 1 {
            true => Ok(()),
            false => Err(unknown("model version", version, &versions.join(", "))),
        }
    }
}

fn unknown(what: &'static str, found: &str, allowed: &str) -> DataError {
    DataError::Unknown { what, found: found.to_owned(), allowed: allowed.to_owned() }
}
