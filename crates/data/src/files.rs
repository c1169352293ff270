//! Durable files: write, sync, rename, sync the folder. Every step passes a hook, through which tests make any of them
//! fail or stop the process there. No knowledge of what the files hold.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::DataError;

/// A step at which a crash or a failing disk must leave the previous state intact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    CreateJob,
    StageRows,
    WritePart,
    SyncPart,
    PublishRejects,
    WriteManifest,
    SyncManifest,
    RenameManifest,
    SyncFolder,
    RemoveOld,
    AckEvents,
}

/// Called before each [`Step`]; an error stands for the operating system's.
pub type Hook = Arc<dyn Fn(Step) -> io::Result<()> + Send + Sync>;

/// The hook of production: nothing.
pub fn no_hook() -> Hook {
    Arc::new(|_| Ok(()))
}

/// Flushes a folder's entries (new names, renames) to disk.
pub(crate) fn sync_folder(path: &Path) -> Result<(), DataError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(DataError::io(path, "sync the folder"))
}

/// Replaces `path` by `bytes` so that after a crash either the old or the new content is there, whole.
pub(crate) fn replace(path: &Path, bytes: &[u8], hook: &Hook) -> Result<(), DataError> {
    let folder = path.parent().expect("files lie in folders");
    let temporary = path.with_extension("tmp");
    let written = (|| {
        hook(Step::WriteManifest)?;
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        hook(Step::SyncManifest)?;
        file.sync_all()?;
        hook(Step::RenameManifest)?;
        fs::rename(&temporary, path)
    })();
    if let Err(error) = written {
        let _ = fs::remove_file(&temporary);
        return Err(DataError::io(path, "replace the file")(error));
    }
    hook(Step::SyncFolder).map_err(DataError::io(folder, "sync the folder"))?;
    sync_folder(folder)
}

/// A file that counts and digests what is written to it.
pub(crate) struct DigestFile {
    file: File,
    digest: Sha256,
    n_bytes: u64,
    hook: Hook,
}

impl DigestFile {
    pub(crate) fn create(path: &Path, hook: Hook) -> Result<Self, DataError> {
        let file = File::create_new(path).map_err(DataError::io(path, "create the file"))?;
        Ok(DigestFile { file, digest: Sha256::new(), n_bytes: 0, hook })
    }

    /// Syncs to disk; the size in bytes and the SHA-256 in hexadecimal.
    pub(crate) fn finish(self) -> io::Result<(u64, String)> {
        (self.hook)(Step::SyncPart)?;
        self.file.sync_all()?;
        Ok((self.n_bytes, hex(&self.digest.finalize())))
    }
}

impl Write for DigestFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (self.hook)(Step::WritePart)?;
        let n = self.file.write(bytes)?;
        self.digest.update(&bytes[..n]);
        self.n_bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The SHA-256 of a file's bytes in hexadecimal.
pub fn digest_of_file(path: &Path) -> Result<String, DataError> {
    let mut file = File::open(path).map_err(DataError::io(path, "open the file"))?;
    let mut digest = Sha256::new();
    io::copy(&mut file, &mut DigestOnly(&mut digest)).map_err(DataError::io(path, "read the file"))?;
    Ok(hex(&digest.finalize()))
}

struct DigestOnly<'a>(&'a mut Sha256);

impl Write for DigestOnly<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
