//! Documents as rows of the table `knowledge`: which files are documents, under which id, and what became of each. Not here:
//! reading one document (see `documents`), what is new or changed in the shop (see `crate::knowledge`).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use datafusion::arrow::record_batch::RecordBatch;
use domain::{KnowledgeDocument, TableSpec};
use encoding_rs::Encoding;
use jiff::tz::TimeZone;

use super::cells::{Outcome, Recipe, RowBuilder};
use super::documents::{self, Document, Kind};
use super::error::ImportError;
use super::headings;
use super::mapping::{Expression, Row};
use super::open::{self, plain_file_name};
use super::profile::{Profile, Said};
use super::read::{Counts, RowSink, kind_of};
use crate::knowledge::{Known, stamp};
use crate::tables::Row as _;

/// Documents that go into the table together.
#[derive(Debug, Default)]
pub struct Shelf {
    pub files: Vec<Found>,
    /// Files in the folders that are neither documents nor tables, by the endings of their names.
    passed: BTreeMap<String, u64>,
}

/// A document, and what it is called unless it says otherwise.
#[derive(Debug)]
pub struct Found {
    pub path: PathBuf,
    /// The path within the folder that was given, parts separated by `/`.
    pub id: String,
    pub kind: Kind,
}

/// Folders within folders.
const DEPTH_MAX: usize = 16;
/// Files of one import.
const FILES_MAX: usize = 200_000;
/// Rows and bytes of text that are written together.
const BATCH_ROWS: usize = 256;
const BATCH_BYTES: usize = 8 << 20;

/// The files that `inputs` name, in order: those that hold rows, and the documents. A folder is read with the folders in
/// it.
pub fn find(inputs: &[String], said: &Said) -> Result<(Vec<PathBuf>, Shelf), ImportError> {
    let (mut tables, mut shelf, mut seen) = (Vec::new(), Shelf::default(), BTreeSet::new());
    for input in inputs {
        let path = Path::new(input);
        let (base, files, is_named) = if path.is_dir() {
            (path.to_owned(), files_below(path)?, false)
        } else {
            let files = open::find_files(std::slice::from_ref(input))?;
            (fixed_part(path), files, path.exists())
        };
        if files.is_empty() {
            return Err(ImportError::NoFiles { found: input.clone() });
        }
        for file in files {
            if !seen.insert(file.clone()) {
                continue;
            }
            match sorted(&file, is_named, said) {
                Sort::Table => tables.push(file),
                Sort::Document(kind) => shelf.files.push(Found { id: id_of(&file, &base), path: file, kind }),
                Sort::Neither(ending) => *shelf.passed.entry(ending).or_default() += 1,
            }
        }
    }
    match tables.is_empty() && shelf.files.is_empty() {
        true => Err(ImportError::NoFiles { found: inputs.join(" ") }),
        false => Ok((tables, shelf)),
    }
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>, ImportError> {
    let mut files = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let failed = |source| ImportError::Read { path: folder.clone(), source };
        for entry in folder.read_dir().map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(failed)?);
            if entry.file_name().to_string_lossy().starts_with(['.', '~']) {
                continue;
            }
            // A link to a folder may lead back to where we are.
            if kind.is_dir() && depth < DEPTH_MAX {
                folders.push((path, depth + 1));
            } else if path.is_file() {
                files.push(path);
            }
            if files.len() > FILES_MAX {
                let help = "Give the folders in it one by one".to_owned();
                let (found, allowed) = ("too many files".to_owned(), format!("at most {FILES_MAX} are read at once"));
                return Err(ImportError::Shape { path: folder, found, allowed, help });
            }
        }
    }
    files.sort();
    Ok(files)
}

/// What of a pattern stands before its first wildcard; of a file, its folder.
fn fixed_part(path: &Path) -> PathBuf {
    let is_plain = |part: &std::path::Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']);
    let folder: PathBuf = path.components().take_while(is_plain).collect();
    if folder == path { folder.parent().map(Path::to_owned).unwrap_or_default() } else { folder }
}

fn id_of(file: &Path, base: &Path) -> String {
    let inside = file.strip_prefix(base).unwrap_or(file);
    let parts: Vec<Cow<'_, str>> = inside
        .components()
        .filter(|part| matches!(part, std::path::Component::Normal(_)))
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}

enum Sort {
    Table,
    Document(Kind),
    Neither(String),
}

fn sorted(path: &Path, is_named: bool, said: &Said) -> Sort {
    match Kind::of(path) {
        // Tables are kept in such files too.
        Some(Kind::Text) if is_table(path, said) => Sort::Table,
        Some(kind) => Sort::Document(kind),
        None => {
            let name = plain_file_name(path).to_ascii_lowercase();
            let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_owned());
            let holds_rows = ["csv", "tsv", "json", "jsonl", "ndjson", "parquet"];
            match ending {
                Some(ending) if !is_named && !holds_rows.contains(&ending.as_str()) => {
                    Sort::Neither(format!(".{ending}"))
                }
                None if !is_named => Sort::Neither("no ending".to_owned()),
                _ => Sort::Table,
            }
        }
    }
}

/// Whether the first line names the columns of documents or answers.
fn is_table(path: &Path, said: &Said) -> bool {
    let Ok(profile) = Profile::of(path, said) else { return false };
    let fits = |name| TableSpec::named(name).is_some_and(|t| headings::guess(t, &profile.columns).missing.is_empty());
    profile.columns.len() > 1 && (fits("knowledge") || fits("answers"))
}

impl Shelf {
    /// What a report calls them: the one file, or the folder that holds them all.
    pub fn path(&self) -> PathBuf {
        let mut paths = self.files.iter().map(|file| file.path.as_path());
        let Some(first) = paths.next() else { return PathBuf::new() };
        if self.files.len() == 1 {
            return first.to_owned();
        }
        let mut common = first.parent().unwrap_or(first).to_owned();
        for path in paths {
            while !path.starts_with(&common) && common.pop() {}
        }
        if common.as_os_str().is_empty() { PathBuf::from(".") } else { common }
    }

    /// For people: `documents: 3 Markdown, 2 PDF`.
    pub fn describe(&self) -> String {
        let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
        for file in &self.files {
            *counts.entry(file.kind).or_default() += 1;
        }
        let parts: Vec<String> = counts.iter().map(|(kind, n)| format!("{n} {}", kind.name())).collect();
        format!("documents: {}", parts.join(", "))
    }

    /// Of the files and of how they are read.
    pub fn digest(&self, encoding: &str) -> Result<String, ImportError> {
        let paths: Vec<PathBuf> = self.files.iter().map(|file| file.path.clone()).collect();
        let ids: Vec<&str> = self.files.iter().map(|file| file.id.as_str()).collect();
        open::digest(&paths, &format!("documents 1 {encoding} {ids:?}"))
    }

    /// What there is to warn of.
    pub fn warnings(&self) -> Vec<String> {
        let n: u64 = self.passed.values().sum();
        if n == 0 {
            return Vec::new();
        }
        let endings: Vec<&str> = self.passed.keys().take(12).map(String::as_str).collect();
        vec![format!(
            "{n} files in the folders are neither documents nor tables and were passed over: {}",
            endings.join(", ")
        )]
    }

    /// Reads them all into `sink`; a document that cannot be read is a reject, its number for a line and its path for a
    /// text.
    pub fn read(
        &self,
        encoding: Option<&'static Encoding>,
        sink: &mut dyn RowSink,
        progress: &dyn Fn(&Path, u64, u64),
    ) -> Result<Counts, ImportError> {
        let recipe = recipe();
        let mut counts = Counts { rows_passed: self.passed.values().sum(), ..Counts::default() };
        let mut ids = BTreeSet::new();
        let (mut builder, mut n_rows, mut n_bytes) = (RowBuilder::new(&recipe, BATCH_ROWS), 0, 0);
        for (index, file) in self.files.iter().enumerate() {
            progress(&file.path, index as u64, self.files.len() as u64);
            counts.rows_read += 1;
            let kept = documents::read(&file.path, file.kind, encoding).and_then(|document| {
                let length = document.text.len();
                push(&mut builder, file, document, &mut ids)?;
                Ok(length)
            });
            match kept {
                Ok(length) => {
                    counts.rows_kept += 1;
                    (n_rows, n_bytes) = (n_rows + 1, n_bytes + length);
                }
                Err(reason) => {
                    counts.rows_rejected += 1;
                    *counts.reasons.entry(kind_of(&reason)).or_default() += 1;
                    sink.reject(index as u64 + 1, &reason, &file.path.to_string_lossy())?;
                }
            }
            if n_rows >= BATCH_ROWS || n_bytes >= BATCH_BYTES {
                let full = std::mem::replace(&mut builder, RowBuilder::new(&recipe, BATCH_ROWS));
                sink.write(full.finish())?;
                (n_rows, n_bytes) = (0, 0);
            }
        }
        let last = builder.finish();
        if last.num_rows() > 0 {
            sink.write(last)?;
        }
        Ok(counts)
    }
}

const COLUMNS: [&str; 6] = ["document_id", "title", "text", "product_ids", "source", "version"];

/// How a document's parts become a row.
fn recipe() -> Recipe {
    let table = TableSpec::named("knowledge").expect("a table of every shop");
    let header: Vec<String> = COLUMNS.iter().map(|name| (*name).to_owned()).collect();
    let columns = table.columns.iter().map(|column| {
        let own = COLUMNS.contains(&column.name).then(|| Expression::column(column.name));
        let mut expression = match (own, headings::made(table, column.name, &named())) {
            (Some(own), Some(made)) => Some(Expression::FirstOf(vec![own, made])),
            (own, made) => own.or(made),
        };
        let missing = expression.as_mut().map(|expression| expression.bind(&header, ""));
        debug_assert!(missing.is_none_or(|missing| missing.is_empty()));
        expression
    });
    Recipe {
        table,
        columns: columns.collect(),
        specs: Vec::new(),
        extra: Vec::new(),
        kept: Vec::new(),
        only_with: Vec::new(),
        orders: vec![None; table.columns.len()],
        zone: TimeZone::UTC,
        now_ms: i64::MAX,
    }
}

fn named() -> Vec<(String, Expression)> {
    COLUMNS.iter().map(|name| ((*name).to_owned(), Expression::column(name))).collect()
}

fn push(
    builder: &mut RowBuilder<'_>,
    file: &Found,
    document: Document,
    ids: &mut BTreeSet<String>,
) -> Result<(), String> {
    let id = document.id.unwrap_or_else(|| file.id.clone());
    if ids.contains(&id) {
        return Err(format!("document_id is '{id}' again; another document of this import has it, give each its own"));
    }
    let products = serde_json::Value::from(document.product_ids).to_string();
    let products = if products == "[]" { String::new() } else { products };
    let source = document.source.unwrap_or_else(|| file.id.clone());
    let version = document.version.unwrap_or_default();
    let title = document.title.unwrap_or_default();
    let fields = [id.as_str(), &title, &document.text, &products, &source, &version].map(Cow::Borrowed);
    match builder.push(Row { fields: &fields, more: &document.extra }) {
        Outcome::Refused(reason) => Err(reason),
        Outcome::Kept | Outcome::Passed => {
            ids.insert(id);
            Ok(())
        }
    }
}

/// Passes documents on, and remembers which they were.
pub struct Watch<'s> {
    sink: &'s mut dyn RowSink,
    written: Known,
}

impl<'s> Watch<'s> {
    pub fn new(sink: &'s mut dyn RowSink) -> Self {
        Watch { sink, written: Known::new() }
    }

    /// What passed.
    pub fn finish(self) -> Known {
        self.written
    }
}

impl RowSink for Watch<'_> {
    fn write(&mut self, batch: RecordBatch) -> Result<(), ImportError> {
        for document in KnowledgeDocument::from_batch(&batch) {
            let stamp = stamp(&document);
            self.written.insert(document.document_id, stamp);
        }
        self.sink.write(batch)
    }

    fn reject(&mut self, line: u64, reason: &str, raw: &str) -> Result<(), ImportError> {
        self.sink.reject(line, reason, raw)
    }
}

/// A document from the bytes of a file of this name, as an import would read it; the name is its id unless it says another.
///
/// # Errors
/// The reason why it is none, with what to do.
pub fn read_document(name: &str, bytes: &[u8], encoding: Option<&str>) -> Result<KnowledgeDocument, String> {
    let encoding = encoding.map(super::encoding::named).transpose().map_err(|error| error.to_string())?;
    let path = Path::new(name);
    let kind = Kind::of(path).ok_or_else(|| {
        format!("{name} is no document; Markdown (.md), HTML (.html), PDF, DOCX and plain text (.txt) are read")
    })?;
    let document = documents::read_bytes(path, bytes, kind, encoding)?;
    let file = Found { path: path.to_owned(), id: id_of(path, Path::new("")), kind };
    let recipe = recipe();
    let mut builder = RowBuilder::new(&recipe, 1);
    push(&mut builder, &file, document, &mut BTreeSet::new())?;
    let mut rows = KnowledgeDocument::from_batch(&builder.finish());
    rows.pop().ok_or_else(|| format!("{name} has no text; a document with text is needed"))
}
