//! The whole shop in one file (tar, zstd), taken while others read and write, and back again. The state is copied
//! before the tables: events that move in between are then in the tables, and the state's older copies of them are
//! known by the manifest's offset. `checksums.json`, the last entry, tells a whole backup from a torn one.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::files::{digest_of_file, hex, sync_folder};
use crate::shop::create_private_folder;
use crate::{DataError, Shop};

const CHECKSUMS: &str = "checksums.json";
const LEVEL: i32 = 3;

/// What a backup or a restore moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Moved {
    pub n_files: u64,
    pub n_bytes: u64,
}

impl Shop {
    /// Writes the shop into `target`, which must not exist, in a folder that does; nothing half-written keeps that name.
    pub fn backup(&self, target: &Path) -> Result<Moved, DataError> {
        if target.symlink_metadata().is_ok() {
            return Err(DataError::BackupExists { path: target.to_owned() });
        }
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            return Err(DataError::NoFolder { path: folder.to_owned() });
        }
        let partial = with_suffix(target, ".partial");
        let state = with_suffix(target, ".state");
        let written = self.write_backup(&partial, &state);
        let _ = fs::remove_dir_all(&state);
        let published = written.and_then(|moved| {
            fs::rename(&partial, target).map_err(DataError::io(target, "name the backup"))?;
            let absolute = std::path::absolute(target).ok();
            sync_folder(absolute.as_deref().and_then(Path::parent).unwrap_or(Path::new(".")))?;
            Ok(moved)
        });
        if published.is_err() {
            let _ = fs::remove_file(&partial);
        }
        published
    }

    fn write_backup(&self, partial: &Path, state: &Path) -> Result<Moved, DataError> {
        let _ = fs::remove_dir_all(state);
        create_private_folder(state)?;
        let databases = self.state()?.copy_to(state)?;
        let file = File::create(partial).map_err(DataError::io(partial, "create the backup"))?;
        let doing = "write the backup";
        let encoder = zstd::Encoder::new(BufWriter::new(file), LEVEL).map_err(DataError::io(partial, doing))?;
        let mut archive = Archive {
            path: partial,
            tar: tar::Builder::new(encoder),
            checksums: BTreeMap::new(),
            moved: Moved::default(),
        };
        for name in databases {
            archive.add_file(name, &state.join(name))?;
        }
        for name in ["format", "tercet.toml"] {
            archive.add_file(name, &self.root().join(name))?;
        }
        // What people wrote for customer service, where they did.
        for name in ["service.toml", "assist/intents.tsv"] {
            let path = self.root().join(name);
            if path.is_file() {
                archive.add_file(name, &path)?;
            }
        }
        for spec in domain::table::ALL {
            let manifest = self.tables().manifest(spec)?;
            let rejects = manifest.sources.iter().filter_map(|source| source.rejects.as_ref());
            for name in manifest.files.iter().map(|file| &file.path).chain(rejects) {
                archive.add_file(&format!("tables/{}/{name}", spec.name), &self.tables().folder(spec).join(name))?;
            }
            let bytes = serde_json::to_vec_pretty(&manifest).expect("a manifest has only text keys");
            archive.add_bytes(&format!("tables/{}/manifest.json", spec.name), &bytes)?;
        }
        archive.add_folder("models", &self.root().join("models"))?;
        archive.finish()
    }

    /// Unpacks `backup` into `target`, which must be absent or empty. Every checksum is verified before the folder
    /// gets its name.
    pub fn restore(backup: &Path, target: &Path) -> Result<(Shop, Moved), DataError> {
        if let Some(entry) = fs::read_dir(target).ok().and_then(|mut entries| entries.next()) {
            let found =
                entry.map_or_else(|error| error.to_string(), |entry| entry.file_name().to_string_lossy().into_owned());
            return Err(DataError::NotEmpty { path: target.to_owned(), found });
        }
        let partial = with_suffix(target, ".partial");
        let _ = fs::remove_dir_all(&partial);
        let unpacked = unpack(backup, &partial).and_then(|moved| {
            let _ = fs::remove_dir(target);
            fs::rename(&partial, target).map_err(DataError::io(target, "name the restored shop"))?;
            Ok(moved)
        });
        match unpacked {
            Ok(moved) => Ok((Shop::open(target)?, moved)),
            Err(error) => {
                let _ = fs::remove_dir_all(&partial);
                Err(error)
            }
        }
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

struct Archive<'a> {
    path: &'a Path,
    tar: tar::Builder<zstd::Encoder<'static, BufWriter<File>>>,
    checksums: BTreeMap<String, String>,
    moved: Moved,
}

impl Archive<'_> {
    fn add_file(&mut self, name: &str, path: &Path) -> Result<(), DataError> {
        let file = File::open(path).map_err(DataError::io(path, "back up the file"))?;
        let n_bytes = file.metadata().map_err(DataError::io(path, "back up the file"))?.len();
        self.add(name, n_bytes, BufReader::new(file))
    }

    fn add_bytes(&mut self, name: &str, bytes: &[u8]) -> Result<(), DataError> {
        self.add(name, bytes.len() as u64, bytes)
    }

    fn add(&mut self, name: &str, n_bytes: u64, content: impl Read) -> Result<(), DataError> {
        let mut header = tar::Header::new_gnu();
        header.set_size(n_bytes);
        header.set_mode(0o600);
        let mut content = DigestReader { content, digest: Sha256::new() };
        let appended = self.tar.append_data(&mut header, name, &mut content);
        appended.map_err(DataError::io(self.path, "write the backup"))?;
        self.checksums.insert(name.to_owned(), hex(&content.digest.finalize()));
        self.moved.n_files += 1;
        self.moved.n_bytes += n_bytes;
        Ok(())
    }

    /// Everything below a folder, names in order; names that begin with a dot are unfinished and left out.
    fn add_folder(&mut self, name: &str, folder: &Path) -> Result<(), DataError> {
        let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
        let mut names: Vec<_> =
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        for entry in names.iter().filter(|name| !name.starts_with('.') && !name.ends_with(".tmp")) {
            let (name, path) = (format!("{name}/{entry}"), folder.join(entry));
            if path.is_dir() { self.add_folder(&name, &path)? } else { self.add_file(&name, &path)? }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Moved, DataError> {
        let moved = self.moved;
        let checksums = serde_json::to_vec_pretty(&self.checksums).expect("names and digests are text");
        self.add_bytes(CHECKSUMS, &checksums)?;
        let closed = self.tar.into_inner().and_then(|encoder| encoder.finish()).and_then(|mut file| {
            file.flush()?;
            file.get_ref().sync_all()
        });
        closed.map_err(DataError::io(self.path, "finish the backup"))?;
        Ok(moved)
    }
}

struct DigestReader<R> {
    content: R,
    digest: Sha256,
}

impl<R: Read> Read for DigestReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.content.read(buffer)?;
        self.digest.update(&buffer[..n]);
        Ok(n)
    }
}

fn unpack(backup: &Path, folder: &Path) -> Result<Moved, DataError> {
    let torn = |found: String| DataError::Corrupt {
        path: backup.to_owned(),
        found,
        help: "The backup cannot be used; take another one",
    };
    let file = File::open(backup).map_err(DataError::io(backup, "open the backup"))?;
    let decoder = zstd::Decoder::new(file).map_err(|error| torn(error.to_string()))?;
    create_private_folder(folder)?;
    for name in ["tables", "models"] {
        create_private_folder(&folder.join(name))?;
    }
    let mut found = BTreeMap::new();
    let mut moved = Moved::default();
    let mut tar = tar::Archive::new(decoder);
    for entry in tar.entries().map_err(|error| torn(error.to_string()))? {
        let mut entry = entry.map_err(|error| torn(error.to_string()))?;
        let name = entry.path().map_err(|error| torn(error.to_string()))?.into_owned();
        if !entry.header().entry_type().is_file() || !is_plain(&name) {
            return Err(torn(format!("it holds '{}', which is no plain file inside the shop", name.display())));
        }
        let path = folder.join(&name);
        if let Some(parent) = path.parent() {
            create_private_folder(parent)?;
        }
        let mut target = File::create_new(&path).map_err(DataError::io(&path, "restore the file"))?;
        moved.n_bytes += io::copy(&mut entry, &mut target).map_err(DataError::io(&path, "restore the file"))?;
        target.sync_all().map_err(DataError::io(&path, "restore the file"))?;
        moved.n_files += 1;
        found.insert(name.to_string_lossy().into_owned(), digest_of_file(&path)?);
    }
    verify(folder, found).map_err(torn)?;
    moved.n_files -= 1;
    Ok(moved)
}

fn is_plain(name: &Path) -> bool {
    name.components().count() > 0 && name.components().all(|part| matches!(part, Component::Normal(_)))
}

/// Compares what was unpacked with the checksums that came along.
fn verify(folder: &Path, mut found: BTreeMap<String, String>) -> Result<(), String> {
    let path = folder.join(CHECKSUMS);
    found.remove(CHECKSUMS);
    let bytes = fs::read(&path).map_err(|_| "its end is missing".to_owned())?;
    let expected: BTreeMap<String, String> = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    fs::remove_file(&path).map_err(|error| error.to_string())?;
    for (name, digest) in &expected {
        match found.get(name) {
            None => return Err(format!("the file '{name}' is missing")),
            Some(other) if other != digest => return Err(format!("the file '{name}' differs from its checksum")),
            Some(_) => {}
        }
    }
    match found.len() == expected.len() {
        true => Ok(()),
        false => Err("it holds files that it does not list".to_owned()),
    }
}
