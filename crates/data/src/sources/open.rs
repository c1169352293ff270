//! Files as streams of plain bytes: finding them by name, folder or pattern, decompressing by their first bytes,
//! digests. Memory does not grow with the file. Not here: characters, lines, columns.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use super::error::ImportError;

/// The files that `inputs` name: a file is itself, a folder all it holds (not deeper), else a glob pattern. In order
/// of `inputs`, by name within each, no file twice.
pub fn find_files(inputs: &[String]) -> Result<Vec<PathBuf>, ImportError> {
    let mut found = Vec::new();
    for input in inputs {
        let path = Path::new(input);
        let files = if path.is_dir() {
            files_in(path)?
        } else if path.exists() {
            vec![path.to_owned()]
        } else {
            files_matching(input)?
        };
        if files.is_empty() {
            return Err(ImportError::NoFiles { found: input.clone() });
        }
        for file in files {
            if !found.contains(&file) {
                found.push(file);
            }
        }
    }
    if found.is_empty() { Err(ImportError::NoFiles { found: String::new() }) } else { Ok(found) }
}

fn files_in(folder: &Path) -> Result<Vec<PathBuf>, ImportError> {
    let failed = |source| ImportError::Read { path: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in folder.read_dir().map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_file() && !hidden {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn files_matching(pattern: &str) -> Result<Vec<PathBuf>, ImportError> {
    let none = || ImportError::NoFiles { found: pattern.to_owned() };
    let mut files: Vec<PathBuf> =
        glob::glob(pattern).map_err(|_| none())?.filter_map(Result::ok).filter(|path| path.is_file()).collect();
    files.sort();
    Ok(files)
}

/// The name without `.gz` or `.zst`: what tells a file's format and what presets recognise.
pub fn plain_file_name(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    for ending in [".gz", ".zst", ".GZ", ".ZST"] {
        if let Some(stem) = name.strip_suffix(ending) {
            return stem.to_owned();
        }
    }
    name
}

/// Digest of the files' bytes as they lie on disk, and of `what`, which says how they are read.
pub fn digest(files: &[PathBuf], what: &str) -> Result<String, ImportError> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    for path in files {
        let failed = |source| ImportError::Read { path: path.clone(), source };
        let mut file = File::open(path).map_err(failed)?;
        loop {
            match file.read(&mut buffer).map_err(failed)? {
                0 => break,
                n => hasher.update(&buffer[..n]),
            }
        }
        hasher.update([0]);
    }
    hasher.update(what.as_bytes());
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// An open file, decompressed as it is read.
pub struct Input {
    path: PathBuf,
    reader: Box<dyn Read + Send>,
    position: Arc<AtomicU64>,
    size: u64,
    compressed: bool,
}

/// Counts what the decompressor has taken from the file, so that damage can be located.
struct Counted {
    inner: BufReader<File>,
    position: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.position.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

impl BufRead for Counted {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        self.position.fetch_add(n as u64, Ordering::Relaxed);
        self.inner.consume(n);
    }
}

impl Input {
    pub fn open(path: &Path) -> Result<Self, ImportError> {
        let failed = |source| ImportError::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        let position = Arc::new(AtomicU64::new(0));
        let mut counted = Counted { inner: BufReader::with_capacity(1 << 17, file), position: position.clone() };
        let magic = counted.fill_buf().map_err(failed)?;
        let (reader, compressed): (Box<dyn Read + Send>, bool) = match magic {
            [0x1F, 0x8B, ..] => (Box::new(flate2::bufread::MultiGzDecoder::new(counted)), true),
            [0x28, 0xB5, 0x2F, 0xFD, ..] => {
                (Box::new(zstd::stream::read::Decoder::with_buffer(counted).map_err(failed)?), true)
            }
            _ => (Box::new(counted), false),
        };
        Ok(Self { path: path.to_owned(), reader, position, size, compressed })
    }

    /// How much of the file on disk has been taken, and its size: for progress.
    pub fn position(&self) -> (u64, u64) {
        (self.position.load(Ordering::Relaxed), self.size)
    }

    /// Appends up to `n_max` bytes to `buffer`; returns how many, less than `n_max` only at the end of the file.
    /// `n_rows` tells how far the caller had come, should the file break off.
    pub fn fill(&mut self, buffer: &mut Vec<u8>, n_max: usize, n_rows: u64) -> Result<usize, ImportError> {
        match (&mut self.reader).take(n_max as u64).read_to_end(buffer) {
            Ok(n) => Ok(n),
            Err(error) => Err(self.damage(error, n_rows)),
        }
    }

    fn damage(&self, error: io::Error, n_rows: u64) -> ImportError {
        let (path, position, size) = (self.path.clone(), self.position.load(Ordering::Relaxed), self.size);
        if !self.compressed {
            return ImportError::Read { path, source: error };
        }
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return ImportError::Truncated { path, position, size, n_rows };
        }
        ImportError::Shape {
            path,
            found: format!("the compressed data is damaged before byte {position}: {error}"),
            allowed: "a complete gzip or zstd file is needed".to_owned(),
            help: "Fetch the file again".to_owned(),
        }
    }
}
