//! A table's manifest: which files make up the table now, and which sources they came from. Small JSON, replaced
//! atomically; a file that no manifest names does not exist for readers.

use std::fs;
use std::path::Path;

use domain::TableSpec;
use serde::{Deserialize, Serialize};

use crate::DataError;
use crate::files::{self, Hook};

/// The manifest layout this program writes; it reads this and every earlier one.
pub const FORMAT: u64 = 1;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u64,
    pub table: String,
    /// Counts the changes of this table; grows by one with each.
    pub generation: u64,
    /// When the last change was made, milliseconds since 1970.
    pub updated_at: i64,
    /// Column names and kinds when last written, for people and for `doctor`.
    pub schema: Vec<ColumnEntry>,
    pub files: Vec<FileEntry>,
    pub sources: Vec<SourceEntry>,
    /// Events of the state store up to and including this offset are in `files`.
    #[serde(default)]
    pub log_offset: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnEntry {
    pub name: String,
    pub kind: String,
    pub required: bool,
}

/// One Parquet file of the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Relative to the table's folder, parts separated by `/`.
    pub path: String,
    pub n_rows: u64,
    pub n_bytes: u64,
    pub sha256: String,
    /// Month of the partition column in UTC, `YYYY-MM`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month: Option<String>,
    /// Smallest and largest value of the partition column, milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_time: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_time: Option<i64>,
}

/// One finished import.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceEntry {
    pub name: String,
    /// Digest of the source's bytes and mapping; `None` for live changes, which are not recognised again.
    pub digest: Option<String>,
    pub job: String,
    pub imported_at: i64,
    pub rows_read: u64,
    pub rows_kept: u64,
    pub rows_rejected: u64,
    pub rows_replaced: u64,
    /// Relative to the table's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejects: Option<String>,
}

impl Manifest {
    pub fn empty(spec: &TableSpec) -> Self {
        let columns = spec.columns.iter().map(|column| ColumnEntry {
            name: column.name.to_owned(),
            kind: format!("{:?}", column.kind),
            required: column.required,
        });
        Manifest {
            format: FORMAT,
            table: spec.name.to_owned(),
            generation: 0,
            updated_at: 0,
            schema: columns.collect(),
            files: Vec::new(),
            sources: Vec::new(),
            log_offset: 0,
        }
    }

    pub fn n_rows(&self) -> u64 {
        self.files.iter().map(|file| file.n_rows).sum()
    }

    pub fn n_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.n_bytes).sum()
    }

    pub fn min_time(&self) -> Option<i64> {
        self.files.iter().filter_map(|file| file.min_time).min()
    }

    pub fn max_time(&self) -> Option<i64> {
        self.files.iter().filter_map(|file| file.max_time).max()
    }

    /// Reads the manifest in `folder`; a table never written has an empty one.
    pub fn read(folder: &Path, spec: &TableSpec) -> Result<Self, DataError> {
        let path = folder.join("manifest.json");
        match fs::read(&path) {
            Ok(bytes) => Self::from_bytes(&path, &bytes, spec),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::empty(spec)),
            Err(error) => Err(DataError::io(&path, "read the manifest")(error)),
        }
    }

    fn from_bytes(path: &Path, bytes: &[u8], spec: &TableSpec) -> Result<Self, DataError> {
        let corrupt = |found: String| DataError::Corrupt {
            path: path.to_owned(),
            found,
            help: "Restore the shop from a backup, or ask `tercet doctor`",
        };
        // The version first: a later layout may not even parse as this one.
        #[derive(Deserialize)]
        struct Version {
            format: u64,
        }
        let version: Version = serde_json::from_slice(bytes).map_err(|error| corrupt(error.to_string()))?;
        if version.format > FORMAT {
            return Err(DataError::NewerFormat { path: path.to_owned(), found: version.format, known: FORMAT });
        }
        let manifest: Manifest = serde_json::from_slice(bytes).map_err(|error| corrupt(error.to_string()))?;
        if manifest.table != spec.name {
            return Err(corrupt(format!("it is the manifest of table '{}', not '{}'", manifest.table, spec.name)));
        }
        match manifest.files.iter().find(|file| !is_inside(&file.path)) {
            Some(file) => Err(corrupt(format!("the file name {:?} leads out of the folder", file.path))),
            None => Ok(manifest),
        }
    }

    /// Replaces the manifest in `folder`.
    pub fn write(&self, folder: &Path, hook: &Hook) -> Result<(), DataError> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("a manifest has only text keys");
        bytes.push(b'\n');
        files::replace(&folder.join("manifest.json"), &bytes, hook)
    }
}

/// Whether a relative name stays inside its folder.
pub(crate) fn is_inside(name: &str) -> bool {
    use std::path::Component;
    !name.is_empty() && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)))
}
