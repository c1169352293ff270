//! Pairs of texts from one file: what is given and what is to be written, in each row of CSV or TSV or in each line of JSON;
//! packed (.gz, .zst) or not, in any encoding that imports read. A row that is no pair is set aside with its line and the
//! reason. What is learned from pairs is not known here.

use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::encoding::Transcoder;
use super::records::Records;
use crate::DataError;
use crate::lab::open;

/// Bytes of a file, unpacked.
pub const FILE_BYTES_MAX: u64 = 256 << 20;
/// Pairs of a file.
pub const PAIRS_MAX: usize = 2_000_000;
/// Characters of a text.
pub const TEXT_CHARS_MAX: usize = 4000;
/// Bad rows that are told one by one.
const TOLD_MAX: usize = 20;
/// A row over more bytes than this has a quote that is not closed.
const ROW_BYTES_MAX: usize = 1 << 20;

/// What columns may be called, the first being what we call them.
const SOURCES: [&str; 8] = ["source", "src", "question", "input", "from", "来源", "问题", "输入"];
const TARGETS: [&str; 8] = ["target", "tgt", "answer", "output", "to", "目标", "回答", "输出"];

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PairsFile {
    /// Source, target, and the line each begins at.
    pub pairs: Vec<(String, String, u64)>,
    pub bad: BadRows,
}

/// Rows that were set aside.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BadRows {
    pub n: usize,
    /// The first of them.
    pub told: Vec<BadRow>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BadRow {
    pub line: u64,
    pub reason: String,
}

impl BadRows {
    pub fn add(&mut self, line: u64, reason: impl Into<String>) {
        self.n += 1;
        if self.told.len() < TOLD_MAX {
            self.told.push(BadRow { line, reason: reason.into() });
        }
    }
}

/// Reads a file whose name ends in `.csv`, `.tsv` or `.jsonl` (then perhaps in `.gz` or `.zst`).
///
/// # Errors
/// If the name ends otherwise, the file cannot be read or is too large, or its columns cannot be told apart.
pub fn read_pairs(path: &Path) -> Result<PairsFile, DataError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let plain = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
    let ending = plain.rsplit_once('.').map_or("", |(_, ending)| ending);
    if !["csv", "tsv", "jsonl", "ndjson"].contains(&ending) {
        let allowed = "allowed: .csv, .tsv or .jsonl, packed (.gz, .zst) or not";
        return Err(unfit(path, format!("the name ends in '.{ending}'"), allowed, "Save the pairs as one of these."));
    }
    let text = text_of(path)?;
    let read = match ending {
        "csv" => rows(path, &text, b','),
        "tsv" => rows(path, &text, b'\t'),
        _ => Ok(lines(&text)),
    }?;
    if read.pairs.len() > PAIRS_MAX {
        let found = format!("it has {} pairs", read.pairs.len());
        return Err(unfit(path, found, &format!("at most {PAIRS_MAX}"), "Learn from a part of them."));
    }
    Ok(read)
}

fn unfit(path: &Path, found: String, allowed: &str, help: &str) -> DataError {
    DataError::Source { path: path.to_owned(), found, allowed: allowed.to_owned(), help: help.to_owned() }
}

/// The file as text; bytes that are no characters become U+FFFD, by which their rows are known.
fn text_of(path: &Path) -> Result<String, DataError> {
    let help = "Look at the file with another program.";
    let opened = open(path).map_err(|error| unfit(path, error.to_string(), "a file that can be read", help))?;
    let mut bytes = Vec::new();
    opened
        .take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unfit(path, format!("it cannot be read: {error}"), "a whole file", help))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        let allowed = format!("at most {} MB, unpacked", FILE_BYTES_MAX >> 20);
        return Err(unfit(path, "the file is larger".to_owned(), &allowed, "Learn from a part of it."));
    }
    let mut text = Vec::with_capacity(bytes.len());
    Transcoder::new(None, &bytes[..bytes.len().min(1 << 16)], bytes.len() <= 1 << 16).push(&bytes, &mut text, true);
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn rows(path: &Path, text: &str, delimiter: u8) -> Result<PairsFile, DataError> {
    let mut records = Records::new(text, delimiter, 1).with_record_bytes_max(ROW_BYTES_MAX);
    let (mut fields, mut read) = (Vec::new(), PairsFile::default());
    let mut columns = None;
    while let Some(place) = records.next_into(&mut fields) {
        if fields.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        let Some((source, target)) = columns else {
            let (found, is_header) = columns_of(path, &fields)?;
            columns = Some(found);
            if !is_header {
                read.row(place.line, &fields, found);
            }
            continue;
        };
        if place.has_bad_quote {
            read.bad.add(place.line, "a quote is not closed, or text follows the closing one");
        } else {
            read.row(place.line, &fields, (source, target));
        }
    }
    Ok(read)
}

/// Where source and target stand, and whether the first row says so. Without names two columns are taken in their order.
fn columns_of(path: &Path, first: &[Cow<'_, str>]) -> Result<((usize, usize), bool), DataError> {
    let named = |names: &[&str]| first.iter().position(|field| names.contains(&field.trim().to_lowercase().as_str()));
    match (named(&SOURCES), named(&TARGETS)) {
        (Some(source), Some(target)) => Ok(((source, target), true)),
        _ if first.len() == 2 => Ok(((0, 1), false)),
        _ => {
            let names: Vec<String> =
                first.iter().take(8).map(|field| field.trim().chars().take(20).collect()).collect();
            let found = format!("the first row has {} columns: '{}'", first.len(), names.join("', '"));
            let allowed = "columns named source and target (also question and answer, 问题 and 回答), or two columns";
            Err(unfit(path, found, allowed, "Name the columns in the first row."))
        }
    }
}

fn lines(text: &str) -> PairsFile {
    let mut read = PairsFile::default();
    for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        match serde_json::from_str::<Value>(text) {
            Ok(Value::Object(row)) => {
                let of = |names: &[&str]| names.iter().find_map(|name| row.get(*name)?.as_str());
                match (of(&SOURCES), of(&TARGETS)) {
                    (Some(source), Some(target)) => read.pair(line, source, target),
                    (None, _) => read.bad.add(line, "there is no text 'source'"),
                    _ => read.bad.add(line, "there is no text 'target'"),
                }
            }
            Ok(_) => read.bad.add(line, "not an object such as {\"source\": \"…\", \"target\": \"…\"}"),
            Err(_) => read.bad.add(line, "not JSON"),
        }
    }
    read
}

impl PairsFile {
    fn row(&mut self, line: u64, fields: &[Cow<'_, str>], (source, target): (usize, usize)) {
        match (fields.get(source), fields.get(target)) {
            (Some(source), Some(target)) => self.pair(line, source, target),
            _ => self.bad.add(line, format!("{} columns, the pair needs {}", fields.len(), source.max(target) + 1)),
        }
    }

    fn pair(&mut self, line: u64, source: &str, target: &str) {
        for (name, text) in [("source", source), ("target", target)] {
            let reason = if text.trim().is_empty() {
                "is empty".to_owned()
            } else if text.contains('\u{FFFD}') {
                "has bytes that are no characters".to_owned()
            } else {
                match text.chars().count() {
                    n if n > TEXT_CHARS_MAX => format!("has {n} characters; allowed: at most {TEXT_CHARS_MAX}"),
                    _ => continue,
                }
            };
            return self.bad.add(line, format!("{name} {reason}"));
        }
        self.pairs.push((source.trim().to_owned(), target.trim().to_owned(), line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, bytes: &[u8]) -> Result<PairsFile, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        read_pairs(&path).map_err(|error| error.to_string())
    }

    fn told(read: &PairsFile) -> Vec<(u64, &str)> {
        read.bad.told.iter().map(|bad| (bad.line, bad.reason.as_str())).collect()
    }

    #[test]
    fn rows_are_read_and_bad_ones_told_by_line() {
        let text =
            "id,target,source\n1,好的,能退货吗\n\n2,\"two\nlines\",\"a \"\"b\"\"\"\n3,x\n4,,y\n5,\"open,z\n6,完,末\n";
        let found = read("pairs.csv", text.as_bytes()).unwrap();
        let pair = |source: &str, target: &str, line| (source.to_owned(), target.to_owned(), line);
        assert_eq!(found.pairs, [pair("能退货吗", "好的", 2), pair("a \"b\"", "two\nlines", 4), pair("末", "完", 9)]);
        assert_eq!(found.bad.n, 3, "{:?}", found.bad);
        assert_eq!(told(&found)[0], (6, "2 columns, the pair needs 3"));
        assert_eq!(told(&found)[1], (7, "target is empty"));
        assert!(told(&found)[2].1.contains("quote"), "{:?}", found.bad);
    }

    #[test]
    fn names_encodings_and_packing_vary() {
        let two = |found: PairsFile| found.pairs.into_iter().map(|(a, b, _)| (a, b)).collect::<Vec<_>>();
        let wanted = vec![("怎么退货".to_owned(), "七天内".to_owned())];
        assert_eq!(two(read("a.tsv", "怎么退货\t七天内\n".as_bytes()).unwrap()), wanted);
        assert_eq!(two(read("a.tsv", "\u{feff}问题\t回答\r\n怎么退货\t七天内\r\n".as_bytes()).unwrap()), wanted);
        let (gbk, _, _) = encoding_rs::GBK.encode("问题,回答\n怎么退货,七天内\n");
        assert_eq!(two(read("a.csv", &gbk).unwrap()), wanted);
        let json = "{\"question\": \"怎么退货\", \"answer\": \"七天内\"}\n[1]\n{\n{\"source\": 1, \"target\": \"a\"}\n";
        let packed = zstd::encode_all(json.as_bytes(), 1).unwrap();
        let found = read("a.jsonl.zst", &packed).unwrap();
        assert_eq!(told(&found).iter().map(|bad| bad.0).collect::<Vec<_>>(), [2, 3, 4]);
        assert_eq!(two(found), wanted);
        assert!(read("a.jsonl.zst", &packed[..packed.len() / 2]).is_err());
    }

    #[test]
    fn what_cannot_be_read_is_refused_in_words() {
        for (name, text, said) in [
            ("a.xlsx", "", "'.xlsx'"),
            ("a", "", "allowed: .csv"),
            ("a.csv", "one,two,three\n1,2,3\n", "3 columns: 'one', 'two', 'three'"),
            ("a.csv", "only\n", "1 columns"),
        ] {
            let error = read(name, text.as_bytes()).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
        assert_eq!(read("empty.csv", b"").unwrap(), PairsFile::default());
        let long = format!("source\ttarget\n{}\tb\nc\t\u{1F600}\nbad \u{fffd}\td\n", "a".repeat(TEXT_CHARS_MAX + 1));
        let found = read("a.tsv", long.as_bytes()).unwrap();
        assert_eq!((found.pairs.len(), found.bad.n), (1, 2));
    }
}
