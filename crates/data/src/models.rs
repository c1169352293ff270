//! The folder of trained models: `models/<kind>/<version>/` is written once and never changed; `current` names the
//! version in use and is replaced atomically. A kind may have models with names: `models/<kind>/<name>/…`. Beside the
//! versions stands what learning under way keeps, replaced atomically too. What the files mean is the business of whoever
//! trained them.

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

    /// The names under which a kind has models, or learning that is not done, in order.
    pub fn names(&self, kind: &str) -> Result<Vec<String>, DataError> {
        let folder = self.kind_folder(kind)?;
        let Ok(entries) = fs::read_dir(&folder) else { return Ok(Vec::new()) };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(DataError::io(&folder, "list the models"))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.path().is_dir() && is_model_name(&name) {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Replaces a file beside the versions; after a crash the old or the new content is there, whole.
    pub fn keep(&self, kind: &str, name: &str, bytes: &[u8]) -> Result<(), DataError> {
        self.lock.hold()?;
        let path = self.kept_path(kind, name)?;
        create_private_folder(path.parent().expect("it lies in the kind's folder"))?;
        files::replace(&path, bytes, &self.hook)
    }

    /// The content of a file beside the versions, if it is there.
    pub fn kept(&self, kind: &str, name: &str) -> Result<Option<Vec<u8>>, DataError> {
        let path = self.kept_path(kind, name)?;
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(DataError::io(&path, "read the model")(error)),
        }
    }

    /// Whether a file stands beside the versions.
    pub fn is_kept(&self, kind: &str, name: &str) -> Result<bool, DataError> {
        Ok(self.kept_path(kind, name)?.is_file())
    }

    /// Removes a file beside the versions; one that is not there is no error.
    pub fn forget(&self, kind: &str, name: &str) -> Result<(), DataError> {
        self.lock.hold()?;
        let path = self.kept_path(kind, name)?;
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(DataError::io(&path, "remove the file")(error))
            }
            _ => Ok(()),
        }
    }

    /// Removes a kind with all its versions, such as one model by its name.
    pub fn remove(&self, kind: &str) -> Result<(), DataError> {
        self.lock.hold()?;
        let folder = self.kind_folder(kind)?;
        fs::remove_dir_all(&folder).map_err(DataError::io(&folder, "remove the model"))
    }

    fn kept_path(&self, kind: &str, name: &str) -> Result<PathBuf, DataError> {
        // Versions begin with a digit, what is being written with a dot.
        let plain = name.starts_with(|c: char| c.is_ascii_lowercase()) && is_inside(name) && !name.contains('/');
        match plain && name != "current" {
            true => Ok(self.kind_folder(kind)?.join(name)),
            false => Err(unknown("model file name", name, "a plain file name")),
        }
    }

    fn kind_folder(&self, kind: &str) -> Result<PathBuf, DataError> {
        let (of, name) = kind.split_once('/').map_or((kind, None), |(of, name)| (of, Some(name)));
        let plain = is_kind(of);
        match plain && name.is_none_or(is_model_name) {
            true => Ok(self.root.join(kind)),
            false if plain => Err(unknown("name of a model", name.unwrap_or_default(), NAMES)),
            false => Err(unknown("kind of model", of, "small letters, digits and _, a letter first")),
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

const NAMES: &str = "up to 40 small letters, digits, - and _, a letter first";

fn is_kind(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Whether a model may be called so; no version is.
pub fn is_model_name(text: &str) -> bool {
    text != "current"
        && text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_'))
}

fn unknown(what: &'static str, found: &str, allowed: &str) -> DataError {
    DataError::Unknown { what, found: found.to_owned(), allowed: allowed.to_owned() }
}
