//! What a file is, judged from its beginning: format, encoding, delimiter, columns, which of them hold numbers. The
//! user may say any of it; what was found is reported. Not here: reading the whole file.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use datafusion::parquet::arrow::arrow_reader::{
    ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use datafusion::parquet::errors::ParquetError;
use encoding_rs::Encoding;

use super::blocks::{BLOCK_BYTES, Blocks, DOUBLE_COLON, JsonElements, Layout, array_start};
use super::cells::is_json_number;
use super::encoding::{Transcoder, named};
use super::error::ImportError;
use super::open::{Input, plain_file_name};
use super::read::{Item, each_parquet_row};
use super::records::Records;

/// How much of a file is looked at.
const SAMPLE_BYTES: usize = 256 << 10;
/// Rows of the sample that are kept.
const SAMPLE_ROWS: usize = 1000;
/// What the user says about a file.
#[derive(Clone, Debug, Default)]
pub struct Said {
    pub encoding: Option<String>,
    pub delimiter: Option<String>,
    /// Names of the columns of a file without a header row.
    pub header: Option<Vec<String>>,
}

/// A file's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Text(Layout),
    Parquet,
}

/// What a file is.
#[derive(Clone, Debug)]
pub struct Profile {
    pub path: PathBuf,
    pub form: Form,
    pub columns: Vec<String>,
    /// Whether a column's sampled values are all numbers as JSON writes them.
    pub numeric: Vec<bool>,
    pub sample: Vec<Vec<String>>,
    /// The line that names the columns.
    pub header_line: Option<u64>,
    /// Whether `sample` is all there is.
    pub sample_is_all: bool,
    /// How much is read at a time; the rows do not depend on it.
    pub block_bytes: usize,
    chosen_encoding: Option<&'static Encoding>,
    head: Vec<u8>,
    cr_only: bool,
}

impl Profile {
    pub fn of(path: &Path, said: &Said) -> Result<Self, ImportError> {
        let mut input = Input::open(path)?;
        let mut head = Vec::new();
        let whole = input.fill(&mut head, SAMPLE_BYTES, 0)? < SAMPLE_BYTES;
        if head.starts_with(b"PAR1") {
            return Self::of_parquet(path);
        }
        let chosen_encoding = said.encoding.as_deref().map(named).transpose()?;
        let mut text = Vec::new();
        Transcoder::new(chosen_encoding, &head, whole).push(&head, &mut text, whole);
        let cr_only = text.contains(&b'\r') && !text.contains(&b'\n');
        if cr_only {
            text.iter_mut().filter(|b| **b == b'\r').for_each(|b| *b = b'\n');
        }
        if text.trim_ascii().is_empty() {
            return Err(ImportError::Empty { path: path.to_owned() });
        }
        if !whole {
            // The last line is likely cut.
            let end = memchr::memrchr(b'\n', &text).map_or(text.len(), |end| end + 1);
            text.truncate(end);
        }
        let text = String::from_utf8_lossy(&text);
        let layout = layout_of(path, &text, said)?;
        let mut profile = Self {
            path: path.to_owned(),
            form: Form::Text(layout),
            columns: Vec::new(),
            numeric: Vec::new(),
            sample: Vec::new(),
            header_line: None,
            sample_is_all: whole,
            block_bytes: BLOCK_BYTES,
            chosen_encoding,
            head,
            cr_only,
        };
        match layout {
            Layout::Delimited { delimiter } => profile.read_delimited(&text, delimiter, said),
            Layout::JsonLines | Layout::JsonArray => profile.read_json(&text, layout)?,
        }
        if profile.columns.is_empty() {
            return Err(ImportError::Empty { path: path.to_owned() });
        }
        profile.sample_is_all &= profile.sample.len() < SAMPLE_ROWS;
        profile.infer();
        Ok(profile)
    }

    fn of_parquet(path: &Path) -> Result<Self, ImportError> {
        let (mut reader, columns) = open_parquet(path)?;
        let n_columns = columns.len();
        let mut profile = Self {
            path: path.to_owned(),
            form: Form::Parquet,
            columns,
            numeric: vec![true; n_columns],
            sample: Vec::new(),
            header_line: None,
            sample_is_all: false,
            block_bytes: BLOCK_BYTES,
            chosen_encoding: None,
            head: Vec::new(),
            cr_only: false,
        };
        // A batch that cannot be read is reported when it is read in earnest.
        if let Ok(Some(batch)) = guarded(path, || reader.next().transpose()) {
            let batch = batch.slice(0, batch.num_rows().min(SAMPLE_ROWS));
            each_parquet_row(&batch, 1, &mut |item| {
                if let Item::Row { row, .. } = item {
                    profile.sample.push(row.fields.iter().map(|field| field.trim().to_owned()).collect());
                }
            });
        }
        Ok(profile)
    }

    /// Opens the file for reading from its start.
    pub fn blocks(&self, record_bytes_max: usize) -> Result<Blocks, ImportError> {
        let Form::Text(layout) = self.form else { unreachable!("Parquet is not read as text") };
        let transcoder = Transcoder::new(self.chosen_encoding, &self.head, self.head.len() < SAMPLE_BYTES);
        let input = Input::open(&self.path)?;
        Ok(Blocks::new(input, transcoder, layout, record_bytes_max, self.block_bytes, self.cr_only))
    }

    /// For people: `CSV with ','`, `JSON lines` …
    pub fn describe(&self) -> String {
        match self.form {
            Form::Parquet => "Parquet".to_owned(),
            Form::Text(Layout::JsonLines) => "JSON lines".to_owned(),
            Form::Text(Layout::JsonArray) => "JSON".to_owned(),
            Form::Text(Layout::Delimited { delimiter }) => format!("text, fields separated by {}", shown(delimiter)),
        }
    }

    fn read_delimited(&mut self, text: &str, delimiter: u8, said: &Said) {
        let text = prepared(text, delimiter);
        let mut records = Records::new(&text, delimiter, 1);
        let mut fields: Vec<Cow<str>> = Vec::new();
        while self.sample.len() <= SAMPLE_ROWS
            && let Some(place) = records.next_into(&mut fields)
        {
            if fields.iter().any(|field| !field.trim().is_empty()) {
                self.header_line = self.header_line.or(Some(place.line));
                self.sample.push(fields.iter().map(|field| field.trim().to_owned()).collect());
            }
        }
        self.columns = match &said.header {
            Some(header) => {
                self.header_line = None;
                header.clone()
            }
            None if self.sample.is_empty() => Vec::new(),
            None => distinct_names(self.sample.remove(0)),
        };
    }

    fn read_json(&mut self, text: &str, layout: Layout) -> Result<(), ImportError> {
        let inside = match layout {
            Layout::JsonArray => array_start(text.as_bytes()).map_or(text, |at| &text[at..]),
            _ => text,
        };
        let texts: Vec<&str> = match layout {
            Layout::JsonArray => JsonElements::new(inside.as_bytes())
                .filter(|element| element.is_closed)
                .map(|element| &inside[element.start..element.end])
                .collect(),
            _ => inside.lines().filter(|line| !line.trim().is_empty()).collect(),
        };
        let mut rows = Vec::new();
        let mut pairs = Vec::new();
        for text in texts.into_iter().take(SAMPLE_ROWS) {
            pairs.clear();
            if json_members(text, &mut pairs).is_ok() {
                for (name, _) in &pairs {
                    if !self.columns.contains(name) {
                        self.columns.push(name.clone());
                    }
                }
                rows.push(std::mem::take(&mut pairs));
            }
        }
        if self.columns.is_empty() && json_members(text, &mut pairs).is_ok() {
            self.columns = pairs.iter().map(|(name, _)| name.clone()).collect();
            rows.push(pairs);
        }
        if self.columns.is_empty() {
            return Err(self
                .shape("no JSON object was found at its beginning", "objects are needed, in an array or one a line"));
        }
        for pairs in rows {
            let value_of =
                |name: &String| pairs.iter().find(|(n, _)| n == name).map_or_else(String::new, |(_, v)| v.clone());
            self.sample.push(self.columns.iter().map(value_of).collect());
        }
        Ok(())
    }

    fn shape(&self, found: &str, allowed: &str) -> ImportError {
        ImportError::Shape {
            path: self.path.clone(),
            found: found.to_owned(),
            allowed: allowed.to_owned(),
            help: "Look at its first lines".to_owned(),
        }
    }

    fn infer(&mut self) {
        let is_number = |i: usize| {
            let mut values =
                self.sample.iter().filter_map(|row| row.get(i)).filter(|value| !value.is_empty()).peekable();
            values.peek().is_some() && values.all(|value| is_json_number(value))
        };
        self.numeric = (0..self.columns.len()).map(is_number).collect();
    }
}

/// Opens a Parquet file with batches of moderate size.
pub fn open_parquet(path: &Path) -> Result<(ParquetRecordBatchReader, Vec<String>), ImportError> {
    let file = std::fs::File::open(path).map_err(|source| ImportError::Read { path: path.to_owned(), source })?;
    guarded(path, || {
        // What the writer kept of its own types is not needed, and may be damaged too.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)?;
        let columns = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
        Ok::<_, ParquetError>((builder.with_batch_size(16 << 10).build()?, columns))
    })
}

/// Does something with a Parquet file that may be damaged; the library panics over some damage.
pub fn guarded<T, E: std::fmt::Display>(path: &Path, read: impl FnOnce() -> Result<T, E>) -> Result<T, ImportError> {
    let found = match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "its content contradicts itself".to_owned(),
    };
    let help = "the file is damaged or incomplete; write or fetch it again".to_owned();
    Err(ImportError::Parquet { path: path.to_owned(), found, help })
}

/// Text whose delimiter is one byte.
pub fn prepared(text: &str, delimiter: u8) -> Cow<'_, str> {
    if delimiter == DOUBLE_COLON { Cow::Owned(text.replace("::", "\u{1F}")) } else { Cow::Borrowed(text) }
}

fn shown(delimiter: u8) -> String {
    match delimiter {
        b'\t' => "tabs".to_owned(),
        DOUBLE_COLON => "'::'".to_owned(),
        other => format!("'{}'", other as char),
    }
}

fn layout_of(path: &Path, text: &str, said: &Said) -> Result<Layout, ImportError> {
    if let Some(delimiter) = &said.delimiter {
        return delimiter_named(delimiter).map(|delimiter| Layout::Delimited { delimiter });
    }
    let name = plain_file_name(path).to_ascii_lowercase();
    let is_json = [".json", ".jsonl", ".ndjson"].iter().any(|ending| name.ends_with(ending));
    let start = text.trim_start();
    if is_json || start.starts_with('{') || start.starts_with("[{") || start.starts_with("[\n") {
        let first_line = start.lines().next().unwrap_or("").trim();
        let one_object_a_line =
            first_line.starts_with('{') && first_line.ends_with('}') && start.trim_end().contains('\n');
        let jsonl = one_object_a_line || name.ends_with(".jsonl") || name.ends_with(".ndjson");
        return Ok(if jsonl { Layout::JsonLines } else { Layout::JsonArray });
    }
    Ok(Layout::Delimited { delimiter: sniff(text) })
}

fn delimiter_named(name: &str) -> Result<u8, ImportError> {
    match name {
        "\\t" | "\t" | "tab" => Ok(b'\t'),
        "::" => Ok(DOUBLE_COLON),
        "space" => Ok(b' '),
        other if other.len() == 1 && other.is_ascii() && !other.contains(['"', '\n', '\r']) => Ok(other.as_bytes()[0]),
        other => Err(ImportError::Unknown {
            what: "delimiter",
            found: other.to_owned(),
            allowed: "one ASCII character, tab, space or ::".to_owned(),
        }),
    }
}

/// The delimiter that gives most rows the same number of fields, and many; a comma when none does.
fn sniff(text: &str) -> u8 {
    let mut best = (0.0, b',');
    for delimiter in [b',', b'\t', b';', b'|', DOUBLE_COLON] {
        if delimiter == DOUBLE_COLON && !text.lines().next().is_some_and(|line| line.contains("::")) {
            continue;
        }
        let text = prepared(text, delimiter);
        let mut records = Records::new(&text, delimiter, 1);
        let mut fields = Vec::new();
        let mut counts = Vec::new();
        while counts.len() < 100 && records.next_into(&mut fields).is_some() {
            counts.push(fields.len());
        }
        let mode = counts.iter().copied().max_by_key(|n| counts.iter().filter(|m| *m == n).count()).unwrap_or(0);
        let share = counts.iter().filter(|n| **n == mode).count() as f64 / counts.len().max(1) as f64;
        let bonus = if delimiter == DOUBLE_COLON { 10.0 } else { 1.0 };
        let score = if mode > 1 { share * share * (mode as f64).sqrt() * bonus } else { 0.0 };
        if score > best.0 {
            best = (score, delimiter);
        }
    }
    best.1
}

/// Names, made distinct (`a`, `a_2`), with a name for empty ones; `user_id:token` is `user_id`.
fn distinct_names(header: Vec<String>) -> Vec<String> {
    let typed = [":token", ":token_seq", ":float", ":float_seq"];
    let all_typed = header.iter().all(|name| typed.iter().any(|ending| name.ends_with(ending)));
    let mut names: Vec<String> = Vec::with_capacity(header.len());
    for (i, name) in header.into_iter().enumerate() {
        let name = match name.split_once(':') {
            Some((name, _)) if all_typed => name.to_owned(),
            _ => name,
        };
        let name = if name.is_empty() { format!("column_{}", i + 1) } else { name };
        let n_same = names.iter().filter(|other| **other == name).count();
        names.push(if n_same == 0 { name } else { format!("{name}_{}", n_same + 1) });
    }
    names
}

/// The members of a JSON object as texts; objects inside give `outer.inner`, lists stay JSON.
pub fn json_members(text: &str, pairs: &mut Vec<(String, String)>) -> Result<(), String> {
    let value: serde_json::Value = serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
    match value {
        serde_json::Value::Object(members) => {
            flatten("", members, pairs);
            Ok(())
        }
        other => {
            Err(format!("a JSON object is needed, found {}", other.to_string().chars().take(40).collect::<String>()))
        }
    }
}

fn flatten(prefix: &str, members: serde_json::Map<String, serde_json::Value>, pairs: &mut Vec<(String, String)>) {
    use serde_json::Value;
    for (name, value) in members {
        let name = format!("{prefix}{name}");
        match value {
            Value::Null => {}
            Value::String(text) => pairs.push((name, text)),
            Value::Object(inner) if name == "specs" => pairs.push((name, Value::Object(inner).to_string())),
            Value::Object(inner) => flatten(&format!("{name}."), inner, pairs),
            other => pairs.push((name, other.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn profile(name: &str, text: &[u8]) -> Result<Profile, ImportError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::File::create(&path).unwrap().write_all(text).unwrap();
        Profile::of(&path, &Said::default())
    }

    #[test]
    fn forms_are_recognised() {
        for (name, text, form, columns) in [
            ("a.csv", "id,name\n1,x\n2,\"a,b\"\n", "','", "id name"),
            ("a.csv", "id;price\n1;3,50\n2;4,20\n", "';'", "id price"),
            ("a.tsv", "id\tname\n1\tx, y\n", "tabs", "id name"),
            ("a.dat", "1::2::3\n4::5::6\n", "'::'", "1 2 3"),
            ("a.csv", "id,id,\n1,2,3\n", "','", "id id_2 column_3"),
            ("a.inter", "user_id:token\titem_id:token\n1\t2\n", "tabs", "user_id item_id"),
            ("a.jsonl", "{\"a\":1,\"b\":{\"c\":2}}\n{\"d\":3}\n", "JSON lines", "a b.c d"),
            ("a.json", "[{\"a\":1},{\"b\":[1]}]", "JSON", "a b"),
            ("a.json", "{\"items\":[{\"a\":1},{\"b\":2}]}", "JSON", "a b"),
            ("a.csv", "id,name\r1,x\r", "','", "id name"),
        ] {
            let profile = profile(name, text.as_bytes()).unwrap();
            assert!(profile.describe().contains(form), "{text:?}: {}", profile.describe());
            assert_eq!(profile.columns.join(" "), columns, "{text:?}");
        }
        assert!(matches!(profile("a.csv", b""), Err(ImportError::Empty { .. })));
        assert!(matches!(profile("a.csv", b" \n\n"), Err(ImportError::Empty { .. })));
        assert_eq!(profile("a.csv", b"id,zip,n\n1,0101,2.5\n").unwrap().numeric, [true, false, true]);
    }
}
