//! Files that a server was sent and has accepted, until they are in the tables: `intake/` in the shop's folder, not part of
//! backups.
//!
//! ```text
//! intake/<id>.part/    being received; gone at the next start
//! intake/<id>/         accepted: whole, synced, and there after a crash
//!     request.json     what is to be done with it, which `service` knows
//!     files/…          as they were sent, or archive.tar with all of them
//!     erased           customers who were erased meanwhile
//! ```

use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::path::{Component, Path, PathBuf};

use crate::files::sync_folder;
use crate::shop::create_private_folder;
use crate::{DataError, Shop};

/// Parts of a name, and bytes of each.
const DEPTH_MAX: usize = 16;
const PART_BYTES_MAX: usize = 200;
/// Files of one archive.
const FILES_MAX: usize = 200_000;
const ARCHIVE: &str = "archive.tar";
const REQUEST: &str = "request.json";
const ERASED: &str = "erased";

/// The intake of one shop.
#[derive(Clone)]
pub struct Intake {
    root: PathBuf,
}

/// What was accepted and is not in the tables yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub id: String,
    /// As it was given to [`Arrival::accept`].
    pub request: Vec<u8>,
}

impl Shop {
    pub fn intake(&self) -> Intake {
        Intake { root: self.root().join("intake") }
    }
}

impl Intake {
    /// A place for what comes in under `id`. With a name it is one file, without one an archive (tar) of files.
    ///
    /// # Errors
    /// If the name leads elsewhere, or the folder cannot be made.
    pub fn begin(&self, id: &str, name: Option<&str>) -> Result<Arrival, DataError> {
        create_private_folder(&self.root)?;
        let folder = self.root.join(format!("{}.part", plain(id)?));
        create_private_folder(&folder)?;
        // From here on the folder goes when this is dropped.
        let mut arrival = Arrival { target: self.root.join(id), path: folder.clone(), folder, file: None, n_bytes: 0 };
        arrival.path = match name {
            Some(name) => inside(&arrival.folder.join("files"), Path::new(name))?,
            None => arrival.folder.join(ARCHIVE),
        };
        create_private_folder(arrival.path.parent().expect("it lies in the folder"))?;
        let file = File::create_new(&arrival.path).map_err(DataError::io(&arrival.path, "create the file"))?;
        arrival.file = Some(file);
        Ok(arrival)
    }

    /// What was accepted and is not done, by id.
    pub fn accepted(&self) -> Result<Vec<Accepted>, DataError> {
        let mut found = Vec::new();
        for (id, folder) in self.folders()? {
            let path = folder.join(REQUEST);
            if !id.ends_with(".part") && path.is_file() {
                let request = fs::read(&path).map_err(DataError::io(&path, "read what was asked"))?;
                found.push(Accepted { id, request });
            }
        }
        Ok(found)
    }

    /// Removes what was never received whole; only while nothing is being received.
    pub fn sweep(&self) -> Result<(), DataError> {
        for (_, folder) in self.folders()?.into_iter().filter(|(id, _)| id.ends_with(".part")) {
            fs::remove_dir_all(&folder).map_err(DataError::io(&folder, "remove what never arrived"))?;
        }
        Ok(())
    }

    /// The folder with the files of `id`; an archive is unpacked into it, anew each time.
    ///
    /// # Errors
    /// [`DataError::Source`] if the archive is damaged, holds more than `bytes_max`, or leads out of its folder.
    pub fn files(&self, id: &str, bytes_max: u64) -> Result<PathBuf, DataError> {
        let folder = self.root.join(plain(id)?);
        let (files, archive) = (folder.join("files"), folder.join(ARCHIVE));
        if archive.is_file() {
            let _ = fs::remove_dir_all(&files);
            unpack(&archive, &files, bytes_max)?;
        }
        Ok(files)
    }

    /// Lets go of `id`: it is in the tables, or never will be.
    pub fn done(&self, id: &str) -> Result<(), DataError> {
        let folder = self.root.join(plain(id)?);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(DataError::io(&folder, "remove what was imported")(error))
            }
            _ => Ok(()),
        }
    }

    /// Notes with all that waits that a customer was erased: what is imported later must not bring them back.
    pub fn note_erased(&self, customer_id: &str) -> Result<(), DataError> {
        for (id, folder) in self.folders()? {
            if id.ends_with(".part") {
                continue;
            }
            let path = folder.join(ERASED);
            let line = serde_json::Value::from(customer_id).to_string() + "\n";
            let file = File::options().create(true).append(true).open(&path);
            let written = file.and_then(|mut file| {
                file.write_all(line.as_bytes())?;
                file.sync_all()
            });
            match written {
                // It was imported in between; whoever is erased is erased from the tables next.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => other.map_err(DataError::io(&path, "note who was erased"))?,
            }
        }
        Ok(())
    }

    /// Who was erased since `id` was accepted.
    pub fn erased(&self, id: &str) -> Result<Vec<String>, DataError> {
        let path = self.root.join(plain(id)?).join(ERASED);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(DataError::io(&path, "read who was erased")(error)),
        }
    }

    fn folders(&self) -> Result<Vec<(String, PathBuf)>, DataError> {
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(DataError::io(&self.root, "list the intake")(error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(DataError::io(&self.root, "list the intake"))?;
            if entry.path().is_dir() {
                found.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
            }
        }
        found.sort();
        Ok(found)
    }
}

/// What is being received. Dropped before it is accepted, nothing happened.
pub struct Arrival {
    target: PathBuf,
    folder: PathBuf,
    path: PathBuf,
    file: Option<File>,
    n_bytes: u64,
}

impl Arrival {
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), DataError> {
        let file = self.file.as_mut().expect("open until accepted");
        file.write_all(bytes).map_err(DataError::io(&self.path, "keep what is sent"))?;
        self.n_bytes += bytes.len() as u64;
        Ok(())
    }

    pub fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// Accepts it with what is to be done; it is there after a crash once this returns.
    pub fn accept(mut self, request: &[u8]) -> Result<(), DataError> {
        let doing = "keep what was sent";
        let file = self.file.take().expect("open until accepted");
        file.sync_all().map_err(DataError::io(&self.path, doing))?;
        drop(file);
        let asked = self.folder.join(REQUEST);
        crate::shop::write_new(&asked, request)?;
        let mut folder = self.path.parent();
        while let Some(here) = folder.filter(|here| here.starts_with(&self.folder)) {
            sync_folder(here)?;
            folder = here.parent();
        }
        fs::rename(&self.folder, &self.target).map_err(DataError::io(&self.target, doing))?;
        sync_folder(self.target.parent().expect("it lies in the intake"))
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        // Renamed once accepted.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn plain(id: &str) -> Result<&str, DataError> {
    let is_plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    match is_plain {
        true => Ok(id),
        false => Err(DataError::Unknown {
            what: "import",
            found: id.to_owned(),
            allowed: "letters, digits, - and _".to_owned(),
        }),
    }
}

/// `name` below `folder`; it may have folders of its own.
fn inside(folder: &Path, name: &Path) -> Result<PathBuf, DataError> {
    let wrong = |found: &str| DataError::Source {
        path: name.to_owned(),
        found: found.to_owned(),
        allowed: format!(
            "a file is called by at most {DEPTH_MAX} parts of at most {PART_BYTES_MAX} bytes, none of them '..'"
        ),
        help: "Give it another name".to_owned(),
    };
    let mut path = folder.to_owned();
    let mut n_parts = 0;
    for part in name.components() {
        match part {
            Component::CurDir => continue,
            Component::Normal(part) if part.len() <= PART_BYTES_MAX => path.push(part),
            Component::Normal(_) => return Err(wrong("a part of the name is too long")),
            _ => return Err(wrong("the name leads out of its folder")),
        }
        n_parts += 1;
    }
    let has_controls = name.to_string_lossy().chars().any(char::is_control);
    if n_parts == 0 || n_parts > DEPTH_MAX || has_controls {
        return Err(wrong("the name is empty, too deep, or has control characters"));
    }
    Ok(path)
}

fn unpack(archive: &Path, into: &Path, bytes_max: u64) -> Result<(), DataError> {
    let damaged = |found: String| DataError::Source {
        path: archive.to_owned(),
        found,
        allowed: "a whole tar archive of plain files is needed".to_owned(),
        help: "Pack it again and send it again".to_owned(),
    };
    let file = File::open(archive).map_err(DataError::io(archive, "read the archive"))?;
    let mut tar = tar::Archive::new(BufReader::new(file));
    create_private_folder(into)?;
    let (mut n_files, mut n_bytes) = (0, 0u64);
    for entry in tar.entries().map_err(|error| damaged(error.to_string()))? {
        let mut entry = entry.map_err(|error| damaged(format!("it is damaged: {error}")))?;
        let kind = entry.header().entry_type();
        if kind.is_dir() {
            continue;
        }
        let name = entry.path().map_err(|error| damaged(format!("it is damaged: {error}")))?.into_owned();
        // Nothing else: a link could lead anywhere, and a sparse file is larger than it looks.
        if !kind.is_file() {
            return Err(damaged(format!("{} is no plain file", name.display())));
        }
        (n_files, n_bytes) = (n_files + 1, n_bytes.saturating_add(entry.size()));
        if n_files > FILES_MAX || n_bytes > bytes_max {
            return Err(damaged(format!("it holds more than {FILES_MAX} files or {bytes_max} bytes")));
        }
        let path = inside(into, &name)?;
        create_private_folder(path.parent().expect("it lies in the folder"))?;
        let mut file = File::create(&path).map_err(DataError::io(&path, "unpack the archive"))?;
        let size = entry.size();
        let copied = io::copy(&mut entry, &mut file).map_err(DataError::io(&path, "unpack the archive"))?;
        if copied != size {
            return Err(damaged(format!("it breaks off within {}", name.display())));
        }
    }
    match n_files {
        0 => Err(damaged("it holds no file".to_owned())),
        _ => Ok(()),
    }
}

/// Packs files, each under its name, as [`Intake::files`] unpacks them.
pub fn pack(files: &[(String, PathBuf)], to: impl Write) -> Result<(), DataError> {
    let mut tar = tar::Builder::new(to);
    for (name, path) in files {
        let mut file = File::open(path).map_err(DataError::io(path, "read the file"))?;
        tar.append_file(name, &mut file).map_err(DataError::io(path, "send the file"))?;
    }
    tar.into_inner().and_then(|mut to| to.flush()).map_err(DataError::io("archive", "send the files"))
}

/// All files in a folder and the folders in it, in order.
pub fn files_below(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(DataError::io(&folder, "list the files"))? {
            let path = entry.map_err(DataError::io(&folder, "list the files"))?.path();
            match path.is_dir() {
                true => folders.push(path),
                false => files.push(path),
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intake() -> (tempfile::TempDir, Intake) {
        let folder = tempfile::tempdir().unwrap();
        let shop = Shop::create(folder.path().join("shop")).unwrap();
        (folder, shop.intake())
    }

    fn packed(files: &[(&str, &str)]) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for (name, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o600);
            // As a hostile program would: the library itself refuses `..`.
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            tar.append(&header, text.as_bytes()).unwrap();
        }
        tar.into_inner().unwrap()
    }

    #[test]
    fn what_is_accepted_stays_until_it_is_done_and_nothing_else_does() {
        let (_folder, intake) = intake();
        assert!(intake.accepted().unwrap().is_empty());
        drop(intake.begin("a", Some("x.csv")).unwrap());
        assert!(intake.folders().unwrap().is_empty(), "given up, it is gone");
        let mut arrival = intake.begin("b", Some("phones/setup.md")).unwrap();
        arrival.write(b"# Set").unwrap();
        arrival.write(b"-up").unwrap();
        std::mem::forget(intake.begin("c", Some("killed.csv")).unwrap());
        arrival.accept(b"{}").unwrap();
        let waiting = [Accepted { id: "b".to_owned(), request: b"{}".to_vec() }];
        assert_eq!(intake.accepted().unwrap(), waiting);
        intake.sweep().unwrap();
        assert_eq!(intake.accepted().unwrap(), waiting);
        assert_eq!(intake.folders().unwrap().len(), 1, "what a kill left is gone");
        let files = intake.files("b", 100).unwrap();
        assert_eq!(fs::read_to_string(files.join("phones/setup.md")).unwrap(), "# Set-up");
        intake.note_erased("c \"1\"\n").unwrap();
        assert_eq!(intake.erased("b").unwrap(), ["c \"1\"\n"]);
        intake.done("b").unwrap();
        intake.done("b").unwrap();
        assert!(intake.accepted().unwrap().is_empty());
    }

    #[test]
    fn names_stay_in_their_folder() {
        let (_folder, intake) = intake();
        for name in ["../x", "a/../../x", "/etc/x", "", ".", "a\nb", &"x".repeat(201), &"a/".repeat(20)] {
            assert!(intake.begin("n", Some(name)).is_err(), "{name:?}");
        }
        for id in ["", "../x", "a/b", "a.part"] {
            assert!(intake.begin(id, Some("x")).is_err(), "{id:?}");
        }
        assert!(intake.folders().unwrap().is_empty());
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let (folder, intake) = intake();
        let long = format!("{}/{}.csv", "f".repeat(120), "n".repeat(150));
        let files: Vec<(String, PathBuf)> = [("a/手机.csv", "1"), (long.as_str(), "22")]
            .iter()
            .enumerate()
            .map(|(at, (name, text))| {
                let path = folder.path().join(at.to_string());
                fs::write(&path, text).unwrap();
                ((*name).to_owned(), path)
            })
            .collect();
        let mut arrival = intake.begin("p", None).unwrap();
        let mut bytes = Vec::new();
        pack(&files, &mut bytes).unwrap();
        arrival.write(&bytes).unwrap();
        arrival.accept(b"{}").unwrap();
        let unpacked = intake.files("p", 1000).unwrap();
        for (name, path) in &files {
            assert_eq!(fs::read(unpacked.join(name)).unwrap(), fs::read(path).unwrap(), "{name}");
        }
        assert_eq!(files_below(&unpacked).unwrap().len(), 2);
    }

    #[test]
    fn archives_are_unpacked_within_limits() {
        let (_folder, intake) = intake();
        let take = |id: &str, bytes: &[u8]| {
            let mut arrival = intake.begin(id, None).unwrap();
            arrival.write(bytes).unwrap();
            arrival.accept(b"{}").unwrap();
            intake.files(id, 1000)
        };
        let good = packed(&[("./a/x.csv", "1"), ("y.csv", "22")]);
        for _ in 0..2 {
            let files = take("good", &good).unwrap();
            assert_eq!(fs::read_to_string(files.join("a/x.csv")).unwrap(), "1");
            assert_eq!(fs::read_to_string(files.join("y.csv")).unwrap(), "22");
            intake.done("good").unwrap();
        }
        let large = packed(&[("x", &"x".repeat(1001))]);
        let bad: [(&str, &[u8], &str); 5] = [
            ("out", &packed(&[("../x", "1")]), "leads out"),
            ("large", &large, "more than"),
            ("cut", &large[..700], "more than"),
            ("empty", &[0; 1024], "no file"),
            ("text", b"customer,product\n1,2\n", "damaged"),
        ];
        for (id, bytes, said) in bad {
            let error = take(id, bytes).unwrap_err().to_string();
            assert!(error.contains(said), "{id}: {error}");
        }
        let cut = packed(&[("x", &"x".repeat(900))]);
        assert!(take("cut2", &cut[..700]).unwrap_err().to_string().contains("breaks off"));
    }
}
