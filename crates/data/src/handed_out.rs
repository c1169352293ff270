//! Files a server made for people to take away: `exports/` in the shop's folder, not part of backups. They name customers, and go
//! when one of those is erased, or when newer ones crowd them out.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use memchr::memmem;

use crate::shop::create_private_folder;
use crate::tables::manifest::is_inside;
use crate::{DataError, Shop};

/// Files kept.
const KEPT: usize = 20;

impl Shop {
    fn exports(&self) -> PathBuf {
        self.root().join("exports")
    }

    /// Creates the file `name`, and removes the oldest beyond twenty.
    pub fn create_export(&self, name: &str) -> Result<(PathBuf, File), DataError> {
        let folder = self.exports();
        create_private_folder(&folder)?;
        let mut files = list(&folder)?;
        files.sort_by_key(|path| std::cmp::Reverse(path.metadata().and_then(|of| of.modified()).ok()));
        for old in files.iter().skip(KEPT - 1) {
            remove(old)?;
        }
        let path = folder.join(plain(name)?);
        let file = File::create(&path).map_err(DataError::io(&path, "create the export"))?;
        Ok((path, file))
    }

    /// The file `name`, if it is still there.
    pub fn export(&self, name: &str) -> Result<Option<PathBuf>, DataError> {
        let path = self.exports().join(plain(name)?);
        Ok(path.is_file().then_some(path))
    }

    /// Removes every such file in which `text` stands; how many.
    pub(crate) fn remove_exports_with(&self, text: &str) -> Result<u64, DataError> {
        let mut n_removed = 0;
        for path in list(&self.exports())? {
            let bytes = fs::read(&path).map_err(DataError::io(&path, "read the export"))?;
            let holds = |text: &str| memmem::find(&bytes, text.as_bytes()).is_some();
            // As it is, and as CSV writes it.
            if holds(text) || holds(&text.replace('"', "\"\"")) {
                remove(&path)?;
                n_removed += 1;
            }
        }
        Ok(n_removed)
    }
}

fn plain(name: &str) -> Result<&str, DataError> {
    match is_inside(name) && !name.contains(['/', '\\']) {
        true => Ok(name),
        false => {
            Err(DataError::Unknown { what: "export", found: name.to_owned(), allowed: "a plain file name".to_owned() })
        }
    }
}

/// The folder's files; none when there is no folder.
fn list(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(Vec::new()) };
    let entries = entries.map(|entry| entry.map(|entry| entry.path()));
    entries.collect::<Result<_, _>>().map_err(DataError::io(folder, "list the exports"))
}

fn remove(path: &Path) -> Result<(), DataError> {
    fs::remove_file(path).map_err(DataError::io(path, "remove an export"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn exports_go_with_whom_they_name_and_when_there_are_many() {
        let folder = tempfile::tempdir().unwrap();
        let shop = Shop::create(folder.path().join("shop")).unwrap();
        assert_eq!(shop.remove_exports_with("c1").unwrap(), 0);
        for (name, text) in [("a.csv", "c1,p1\n"), ("b.csv", "c2,p1\n")] {
            shop.create_export(name).unwrap().1.write_all(text.as_bytes()).unwrap();
        }
        assert_eq!(shop.remove_exports_with("c1").unwrap(), 1);
        assert!(shop.export("a.csv").unwrap().is_none() && shop.export("b.csv").unwrap().is_some());
        for name in ["../b.csv", "x/y", "", ".."] {
            assert!(shop.export(name).is_err(), "{name}");
        }
        for number in 0..30 {
            shop.create_export(&format!("{number}.csv")).unwrap();
        }
        assert_eq!(list(&shop.exports()).unwrap().len(), KEPT);
    }
}
