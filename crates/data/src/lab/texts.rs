//! Text files for `lab`: a sentence a line, or a label and a text a line in the parts of a folder.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::{LabError, io_error, open};

/// A label and what bears it.
pub type Labelled = (String, String);

/// The lines of a file, the empty ones too; unpacked if its name ends in `.gz` or `.zst`.
///
/// # Errors
/// If it cannot be read, or is not UTF-8 (the line is named).
pub fn read_lines(path: &Path) -> Result<Vec<String>, LabError> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes).map_err(io_error(path))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..good].iter().filter(|&&byte| byte == b'\n').count() + 1;
        let found = format!("byte 0x{:02x}", error.as_bytes()[good]);
        LabError::Line { path: path.to_path_buf(), line, found, allowed: "text in UTF-8" }
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    Ok(text.lines().map(str::to_owned).collect())
}

/// `PART.tsv` (or `.tsv.gz`, `.tsv.zst`) of a folder: a label, a tab, a text in each line. Empty lines are passed over.
///
/// # Errors
/// If there is no such file, it has no rows, or a line has no tab.
pub fn read_labelled(folder: &Path, part: &str) -> Result<Vec<Labelled>, LabError> {
    let path = part_of(folder, &format!("{part}.tsv"))?;
    let mut rows = Vec::new();
    for (at, line) in read_lines(&path)?.into_iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let Some((label, text)) = line.split_once('\t') else {
            let found: String = line.chars().take(40).collect();
            return Err(LabError::Line { path, line: at + 1, found, allowed: "a label, a tab, a text" });
        };
        rows.push((label.trim().to_owned(), text.to_owned()));
    }
    match rows.is_empty() {
        true => {
            Err(LabError::File { path, problem: "no rows; allowed: a label, a tab, a text in each line".to_owned() })
        }
        false => Ok(rows),
    }
}

/// A file of a folder, packed or not.
///
/// # Errors
/// If none of its names is there.
pub fn part_of(folder: &Path, name: &str) -> Result<PathBuf, LabError> {
    let paths = ["", ".gz", ".zst"].map(|ending| folder.join(format!("{name}{ending}")));
    let found = paths.into_iter().find(|path| path.is_file());
    found.ok_or_else(|| LabError::File {
        path: folder.to_path_buf(),
        problem: format!("there is no {name}; allowed: a folder that holds it, packed (.gz, .zst) or not"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labelled_rows_are_read_and_faults_are_placed() {
        let folder = tempfile::tempdir().unwrap();
        let write = |text: &[u8]| std::fs::write(folder.path().join("train.tsv"), text).unwrap();
        let read = || read_labelled(folder.path(), "train");
        assert!(read().unwrap_err().to_string().contains("train.tsv"));
        write("\u{feff}1\t屏幕好\tand a tab\n\n0\t电池差\r\n".as_bytes());
        let row = |label: &str, text: &str| (label.to_owned(), text.to_owned());
        assert_eq!(read().unwrap(), [row("1", "屏幕好\tand a tab"), row("0", "电池差")]);
        for (text, said) in [
            (&b"1\ta\nno label\n"[..], "line 2: found 'no label'"),
            (b"1\ta\n2\t\xff\n", "line 2: found 'byte 0xff'"),
            (b"\n", "no rows"),
        ] {
            write(text);
            let error = read().unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
