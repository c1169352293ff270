//! Where an index keeps its files: in memory, each written once and never changed, apart from two small lists that are
//! replaced as a whole. The shelf as one run of bytes has a checksum, so that damage is found before anything is read.
//! Not a file system: who owns the shop folder writes these bytes, or each file under its name.
//!
//! ```text
//! "TERCETIX"  u32 version  u32 n_files  file*  u64 checksum
//! file = u32 length of the name, name in UTF-8, u64 length, bytes
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tantivy::directory::error::{DeleteError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, Directory, FileHandle, FileSlice, OwnedBytes, TerminatingWrite, WatchCallback, WatchHandle,
};

use crate::LanguageError;

const MAGIC: &[u8; 8] = b"TERCETIX";
const VERSION: u32 = 1;

#[derive(Clone, Default)]
pub(super) struct Shelf(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    files: BTreeMap<PathBuf, OwnedBytes>,
    /// Opened for writing and not yet finished.
    open: BTreeSet<PathBuf>,
}

impl Shelf {
    /// The lists are whole after every statement, so a panic elsewhere leaves them sound.
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A shelf with the same files now, and its own later. Bytes are shared.
    pub fn copied(&self) -> Shelf {
        let files = self.inside().files.clone();
        Shelf(Arc::new(Mutex::new(Inside { files, open: BTreeSet::new() })))
    }

    /// Names and bytes, by name. A name other than the lists' never gets other bytes.
    pub fn files(&self) -> Vec<(String, OwnedBytes)> {
        let inside = self.inside();
        let lasting = inside.files.iter().filter(|(path, _)| !path.to_string_lossy().ends_with(".lock"));
        lasting.map(|(path, bytes)| (path.to_string_lossy().into_owned(), bytes.clone())).collect()
    }

    pub fn from_files(files: impl IntoIterator<Item = (String, OwnedBytes)>) -> Shelf {
        let files = files.into_iter().map(|(name, bytes)| (PathBuf::from(name), bytes)).collect();
        Shelf(Arc::new(Mutex::new(Inside { files, open: BTreeSet::new() })))
    }

    /// All files as one run of bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let files = self.files();
        let size: usize = files.iter().map(|(name, bytes)| name.len() + bytes.len() + 12).sum();
        let mut all = Vec::with_capacity(size + 24);
        all.extend_from_slice(MAGIC);
        all.extend_from_slice(&VERSION.to_le_bytes());
        all.extend_from_slice(&(files.len() as u32).to_le_bytes());
        for (name, bytes) in &files {
            all.extend_from_slice(&(name.len() as u32).to_le_bytes());
            all.extend_from_slice(name.as_bytes());
            all.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
            all.extend_from_slice(bytes.as_slice());
        }
        let sum = checksum(&all);
        all.extend_from_slice(&sum.to_le_bytes());
        all
    }

    /// # Errors
    /// [`LanguageError::Corrupt`], saying what was found.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Shelf, LanguageError> {
        let Some((body, end)) = bytes.split_last_chunk::<8>() else {
            return Err(corrupt(format!("{} bytes are too few for an index", bytes.len())));
        };
        if !body.starts_with(MAGIC) {
            return Err(corrupt("an index starts with TERCETIX, these bytes do not".to_owned()));
        }
        if checksum(body) != u64::from_le_bytes(*end) {
            return Err(corrupt("the checksum does not match: damaged or cut short".to_owned()));
        }
        let n = body.len();
        let mut rest = OwnedBytes::new(bytes).slice(0..n);
        take(&mut rest, MAGIC.len())?;
        let version = number(&mut rest)?;
        if version != VERSION {
            return Err(corrupt(format!("format version {version}, this program reads {VERSION}; index again")));
        }
        let n_files = number(&mut rest)?;
        let mut files = BTreeMap::new();
        for _ in 0..n_files {
            let n = number(&mut rest)? as usize;
            let name = take(&mut rest, n)?;
            let name = std::str::from_utf8(&name).map_err(|_| corrupt("a file's name is not UTF-8".to_owned()))?;
            let length = take(&mut rest, 8)?;
            let length = u64::from_le_bytes(length.as_slice().try_into().expect("eight bytes"));
            let length = usize::try_from(length).map_err(|_| corrupt(format!("a file of {length} bytes")))?;
            files.insert(PathBuf::from(name), take(&mut rest, length)?);
        }
        if !rest.is_empty() {
            return Err(corrupt(format!("{} bytes after the last file", rest.len())));
        }
        Ok(Shelf(Arc::new(Mutex::new(Inside { files, open: BTreeSet::new() }))))
    }
}

fn number(rest: &mut OwnedBytes) -> Result<u32, LanguageError> {
    Ok(u32::from_le_bytes(take(rest, 4)?.as_slice().try_into().expect("four bytes")))
}

fn take(rest: &mut OwnedBytes, n: usize) -> Result<OwnedBytes, LanguageError> {
    if n > rest.len() {
        return Err(corrupt(format!("{n} more bytes were announced, {} are left", rest.len())));
    }
    let head = rest.slice(0..n);
    rest.advance(n);
    Ok(head)
}

fn corrupt(what: String) -> LanguageError {
    LanguageError::Corrupt(what)
}

/// FNV-1a over words of eight bytes: finds damage, not malice.
fn checksum(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let step = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    let hash = words.iter().fold(0xcbf2_9ce4_8422_2325, |hash, word| step(hash, u64::from_le_bytes(*word)));
    rest.iter().fold(hash, |hash, &byte| step(hash, u64::from(byte)))
}

/// A file that is being written; it is on the shelf once it is finished.
struct Sheet {
    shelf: Shelf,
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Write for Sheet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TerminatingWrite for Sheet {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.shrink_to_fit();
        self.shelf.inside().files.insert(self.path.clone(), OwnedBytes::new(bytes));
        Ok(())
    }
}

impl Drop for Sheet {
    fn drop(&mut self) {
        self.shelf.inside().open.remove(&self.path);
    }
}

impl std::fmt::Debug for Shelf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Shelf of {} files", self.inside().files.len())
    }
}

impl Directory for Shelf {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        Ok(Arc::new(self.open_read(path)?))
    }

    fn open_read(&self, path: &Path) -> Result<FileSlice, OpenReadError> {
        let bytes = self.inside().files.get(path).cloned();
        let bytes = bytes.ok_or_else(|| OpenReadError::FileDoesNotExist(path.to_owned()))?;
        Ok(FileSlice::new(Arc::new(bytes)))
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        let removed = self.inside().files.remove(path);
        removed.map(|_| ()).ok_or_else(|| DeleteError::FileDoesNotExist(path.to_owned()))
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        let inside = self.inside();
        Ok(inside.files.contains_key(path) || inside.open.contains(path))
    }

    fn open_write(&self, path: &Path) -> Result<BufWriter<Box<dyn TerminatingWrite + Send + Sync>>, OpenWriteError> {
        let mut inside = self.inside();
        if inside.files.contains_key(path) || !inside.open.insert(path.to_owned()) {
            return Err(OpenWriteError::FileAlreadyExists(path.to_owned()));
        }
        let sheet = Sheet { shelf: self.clone(), path: path.to_owned(), bytes: Vec::new() };
        Ok(BufWriter::new(Box::new(sheet)))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        let bytes = self.inside().files.get(path).map(|bytes| bytes.to_vec());
        bytes.ok_or_else(|| OpenReadError::FileDoesNotExist(path.to_owned()))
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        self.inside().files.insert(path.to_owned(), OwnedBytes::new(data.to_vec()));
        Ok(())
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    /// Nobody watches: an index is read again when it says that it has changed.
    fn watch(&self, _: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }
}
