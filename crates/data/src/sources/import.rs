//! `tercet import`: which files go into which tables, by preset, by mapping file or by their headings; reading them;
//! and a report of what was done. Each file is committed as a whole or not at all.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use datafusion::arrow::record_batch::RecordBatch;
use domain::{ColumnKind, TableSpec};
use jiff::tz::TimeZone;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use super::cells::Recipe;
use super::dates::{self, DateOrder, OrderVotes, Written};
use super::documents::Kind;
use super::encoding;
use super::error::ImportError;
use super::headings;
use super::library::{self, Shelf, Watch};
use super::mapping::{Expression, Lookup, Mapping, OnlyWith, Row, Step, position, table_named};
use super::open::{digest, find_files, plain_file_name};
use super::presets;
use super::profile::{Profile, Said};
use super::read::{Counts, ReadOptions, RowSink, read_rows, visit_rows};
use crate::tables::SourceEntry;
use crate::{Changes, DataError, ImportReport, Shop, SourceTag, TableWriter};

/// What to import, and how.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    /// Files, folders or patterns.
    pub inputs: Vec<String>,
    /// The table, for files that are not described by a preset or mapping.
    pub table: Option<String>,
    pub preset: Option<String>,
    /// A mapping file (TOML).
    pub map: Option<PathBuf>,
    /// The same, as text.
    pub mapping: Option<String>,
    pub encoding: Option<String>,
    pub delimiter: Option<String>,
    /// `d/m/y` or `m/d/y`.
    pub dates: Option<String>,
    /// Zone of times that name none; the shop's by default.
    pub zone: Option<String>,
    pub record_bytes_max: usize,
    pub n_threads: usize,
    /// The clock: rows dated later are rejected.
    pub now_ms: i64,
    /// When a server accepted the files, milliseconds since 1970: what was imported of them since was this import, broken off, and
    /// is not done again.
    pub accepted_at: Option<i64>,
    /// What documents of several files are called together; the folder they lie in by default.
    pub called: Option<String>,
    /// Set by another thread to stop it; the file under way is then not in the shop.
    pub stop: Option<Arc<AtomicBool>>,
}

impl ImportRequest {
    /// These inputs, everything else to be found out.
    pub fn new(inputs: Vec<String>, now_ms: i64) -> Self {
        Self {
            inputs,
            table: None,
            preset: None,
            map: None,
            mapping: None,
            encoding: None,
            delimiter: None,
            dates: None,
            zone: None,
            record_bytes_max: 1 << 20,
            n_threads: std::thread::available_parallelism().map_or(2, |n| n.get()),
            now_ms,
            accepted_at: None,
            called: None,
            stop: None,
        }
    }

    /// What can be said of it before any file is there: whether preset, mapping, table and the rest exist.
    pub fn check(&self) -> Result<(), ImportError> {
        read_mapping(self)?;
        self.table.as_deref().map(table_named).transpose()?;
        self.encoding.as_deref().map(encoding::named).transpose()?;
        self.zone.as_deref().map(zone_named).transpose()?;
        match self.dates.as_deref() {
            Some(name) if DateOrder::from_name(name).is_none() => Err(unknown_order(name)),
            _ => Ok(()),
        }
    }
}

/// What became of one file in one table.
#[derive(Clone, Debug, Serialize)]
pub struct FileReport {
    pub path: PathBuf,
    pub table: &'static str,
    /// `None` when the file had been imported before.
    pub written: Option<ImportReport>,
    /// Under which name it had been imported before.
    pub already_imported_as: Option<String>,
    pub counts: Counts,
    /// `text, fields separated by ','`, `Parquet` …
    pub form: String,
    pub encoding: String,
    /// Column of the table, and where it comes from.
    pub mapped: Vec<(String, String)>,
    /// Source columns kept in `extra`.
    pub kept_in_extra: Vec<String>,
    /// Of documents: which are new and which are not what they were.
    pub changes: Option<Changes>,
    pub warnings: Vec<String>,
}

/// How far an import is.
#[derive(Clone, Debug)]
pub struct Progress<'a> {
    pub path: &'a Path,
    pub table: &'static str,
    pub bytes_read: u64,
    pub bytes_in_all: u64,
}

/// Told of progress; called from several threads.
pub type OnProgress<'a> = &'a (dyn Fn(Progress<'_>) + Sync);

/// Imports into a shop.
pub fn import(
    shop: &Shop,
    request: &ImportRequest,
    on_progress: OnProgress<'_>,
) -> Result<Vec<FileReport>, ImportError> {
    let config = shop.config();
    let plan = Plan::make(request, &config.currency, &config.time_zone)?;
    let mut reports = Vec::new();
    for job in &plan.jobs {
        let known_products = known_products(shop, job.table)?;
        let ready = job.prepare(&plan)?;
        let tag = SourceTag { name: file_name(&job.path), digest: Some(ready.digest.clone()) };
        let stop = request.stop.as_deref();
        let report = match writer(shop, job.table, tag, request) {
            Ok(mut writer) if job.table.name == "knowledge" => {
                let mut watch = Watch::new(&mut writer);
                let mut sink = Stoppable { sink: &mut watch, stop };
                let (counts, encoding) = ready.read(&plan, known_products, &mut sink, on_progress)?;
                let known = watch.finish();
                let done = shop.finish_documents(writer, &known, &file_name(&job.path), request.now_ms);
                let (written, changes) = done.map_err(sink_error)?;
                FileReport { changes: Some(changes), ..ready.report(&plan, counts, encoding, Some(written), None) }
            }
            Ok(mut writer) => {
                let mut sink = Stoppable { sink: &mut writer, stop };
                let (counts, encoding) = ready.read(&plan, known_products, &mut sink, on_progress)?;
                let written = writer.finish().map_err(sink_error)?;
                ready.report(&plan, counts, encoding, Some(written), None)
            }
            Err(DataError::AlreadyImported { earlier_name, .. }) => {
                ready.report(&plan, Counts::default(), String::new(), None, Some(earlier_name))
            }
            Err(error) => return Err(sink_error(error)),
        };
        reports.push(report);
    }
    if !plan.shelf.files.is_empty() {
        reports.push(import_documents(shop, &plan, on_progress)?);
    }
    Ok(reports)
}

/// The files of a request with the names under which another machine would import the same: documents by their ids, others by
/// their own names, in folders where two have one.
pub fn named_files(request: &ImportRequest) -> Result<Vec<(String, PathBuf)>, ImportError> {
    let is_knowledge = request.table.as_deref() == Some("knowledge");
    let takes_documents = is_knowledge && request.map.is_none() && request.mapping.is_none();
    let (tables, shelf) = match takes_documents {
        true => library::find(&request.inputs, &said_of(request))?,
        false => (find_files(&request.inputs)?, Shelf::default()),
    };
    let mut named: Vec<(String, PathBuf)> = Vec::new();
    let files = shelf.files.into_iter().map(|found| (found.id, found.path));
    for (name, path) in files.chain(tables.into_iter().map(|path| (file_name(&path), path))) {
        let is_taken = |name: &str| named.iter().any(|(known, _)| known == name);
        let free = (1..).map(|n| format!("{n}/{name}")).find(|other| !is_taken(other));
        let name = if is_taken(&name) { free.expect("numbers do not end") } else { name };
        named.push((name, path));
    }
    Ok(named)
}

/// The documents of an import: one source, whose lines are the documents.
fn import_documents(shop: &Shop, plan: &Plan<'_>, on_progress: OnProgress<'_>) -> Result<FileReport, ImportError> {
    let shelf = &plan.shelf;
    let table = table_named("knowledge")?;
    let said = plan.request.encoding.as_deref();
    let path = shelf.path();
    let n = shelf.files.len();
    let together = plan.request.called.clone().unwrap_or_else(|| file_name(&path));
    let called = if n == 1 { file_name(&path) } else { together };
    let name = if n == 1 { called.clone() } else { format!("{n} documents of {called}") };
    let tag = SourceTag { name, digest: Some(shelf.digest(said.unwrap_or_default())?) };
    let mut writer = match writer(shop, table, tag, plan.request) {
        Ok(writer) => writer,
        Err(DataError::AlreadyImported { earlier_name, .. }) => {
            return Ok(plan.documents_report(Counts::default(), Some(earlier_name)));
        }
        Err(error) => return Err(sink_error(error)),
    };
    let mut watch = Watch::new(&mut writer);
    let mut sink = Stoppable { sink: &mut watch, stop: plan.request.stop.as_deref() };
    let counts = plan.read_documents(&mut sink, on_progress)?;
    let known = watch.finish();
    let done = shop.finish_documents(writer, &known, &called, plan.request.now_ms);
    let (written, changes) = done.map_err(sink_error)?;
    Ok(FileReport { written: Some(written), changes: Some(changes), ..plan.documents_report(counts, None) })
}

/// A writer, unless what it would write was written since the files were accepted.
fn writer(
    shop: &Shop,
    table: &'static TableSpec,
    tag: SourceTag,
    request: &ImportRequest,
) -> Result<TableWriter, DataError> {
    if let Some(since) = request.accepted_at {
        let manifest = shop.tables().manifest(table)?;
        let is_it = |source: &&SourceEntry| source.digest == tag.digest && source.imported_at >= since;
        if let Some(done) = manifest.sources.iter().find(is_it) {
            let (earlier_name, rows_kept) = (done.name.clone(), done.rows_kept);
            return Err(DataError::AlreadyImported {
                table: table.name,
                source_name: tag.name,
                earlier_name,
                rows_kept,
            });
        }
    }
    shop.tables().writer(table, tag)
}

/// Passes rows on until it is told to stop.
struct Stoppable<'a> {
    sink: &'a mut dyn RowSink,
    stop: Option<&'a AtomicBool>,
}

impl Stoppable<'_> {
    fn check(&self) -> Result<(), ImportError> {
        match self.stop {
            Some(stop) if stop.load(Ordering::Relaxed) => Err(ImportError::Stopped),
            _ => Ok(()),
        }
    }
}

impl RowSink for Stoppable<'_> {
    fn write(&mut self, batch: RecordBatch) -> Result<(), ImportError> {
        self.check()?;
        self.sink.write(batch)
    }

    fn reject(&mut self, line: u64, reason: &str, raw: &str) -> Result<(), ImportError> {
        self.check()?;
        self.sink.reject(line, reason, raw)
    }
}

/// As [`import`], into sinks of the caller's making and without a shop: for tests and tools.
pub fn import_into(
    request: &ImportRequest,
    currency: &str,
    zone: &str,
    sink_for: &mut dyn FnMut(&'static TableSpec, &Path) -> Box<dyn RowSink>,
) -> Result<Vec<FileReport>, ImportError> {
    let plan = Plan::make(request, currency, zone)?;
    let mut reports = Vec::new();
    for job in &plan.jobs {
        let ready = job.prepare(&plan)?;
        let mut sink = sink_for(job.table, &job.path);
        let (counts, encoding) = ready.read(&plan, None, sink.as_mut(), &|_| {})?;
        reports.push(ready.report(&plan, counts, encoding, None, None));
    }
    if !plan.shelf.files.is_empty() {
        let mut sink = sink_for(table_named("knowledge")?, &plan.shelf.path());
        let counts = plan.read_documents(sink.as_mut(), &|_| {})?;
        reports.push(plan.documents_report(counts, None));
    }
    Ok(reports)
}

fn sink_error(error: DataError) -> ImportError {
    ImportError::Sink(Box::new(error))
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The ids of the shop's products, when rows of `table` name products.
fn known_products(shop: &Shop, table: &'static TableSpec) -> Result<Option<Arc<FxHashSet<Box<str>>>>, ImportError> {
    if !matches!(table.name, "events" | "orders" | "reviews") {
        return Ok(None);
    }
    let products = table_named("products")?;
    let manifest = shop.tables().manifest(products).map_err(sink_error)?;
    let mut known = FxHashSet::default();
    for file in &manifest.files {
        let path = shop.tables().folder(products).join(&file.path);
        let profile = Profile::of(&path, &Said::default())?;
        let Some(index) = position(&profile.columns, "product_id") else { continue };
        visit_rows(&profile, usize::MAX, &mut |row| {
            known.insert(row.field(index).into());
            Ok(true)
        })?;
    }
    Ok((!known.is_empty()).then(|| Arc::new(known)))
}

/// All that will be done, before anything is.
struct Plan<'r> {
    request: &'r ImportRequest,
    files: Vec<PathBuf>,
    jobs: Vec<Job>,
    /// Documents, which go into their table together.
    shelf: Shelf,
    mapping: Option<Mapping>,
    /// What the source's money is in, seen from the shop.
    currency: String,
    currency_warning: Option<String>,
    zone: String,
}

/// One file into one table.
struct Job {
    path: PathBuf,
    table: &'static TableSpec,
    step: Step,
}

impl<'r> Plan<'r> {
    fn make(request: &'r ImportRequest, currency: &str, zone: &str) -> Result<Self, ImportError> {
        let mapping = read_mapping(request)?;
        let table = request.table.as_deref().map(table_named).transpose()?;
        let takes_documents = mapping.is_none() && table.is_some_and(|table| table.name == "knowledge");
        let (files, shelf) = match takes_documents {
            true => library::find(&request.inputs, &said_of(request))?,
            false => (find_files(&request.inputs)?, Shelf::default()),
        };
        let (source_currency, warning) = currency_of(mapping.as_ref(), currency);
        let mut plan = Self {
            request,
            files,
            jobs: Vec::new(),
            shelf,
            mapping: None,
            currency: source_currency,
            currency_warning: warning,
            zone: request.zone.clone().unwrap_or_else(|| zone.to_owned()),
        };
        match mapping {
            Some(mapping) => {
                for step in &mapping.steps {
                    plan.add_step(step, table)?;
                }
                if plan.jobs.is_empty() {
                    return Err(plan.nothing_fits(&mapping));
                }
                plan.mapping = Some(mapping);
            }
            None => {
                for path in plan.files.clone() {
                    let job = guessed_job(&path, table, request)?;
                    plan.jobs.push(job);
                }
            }
        }
        Ok(plan)
    }

    /// Adds a job for each file that is the step's.
    fn add_step(&mut self, step: &Step, asked: Option<&'static TableSpec>) -> Result<(), ImportError> {
        let Some(table) = step.table.or(asked) else {
            return Err(ImportError::Mapping {
                origin: "file".to_owned(),
                found: "a step names no table".to_owned(),
                help: "write table = \"orders\" in it, or pass --as".to_owned(),
            });
        };
        if self.request.preset.is_some() && asked.is_some_and(|asked| asked.name != table.name) {
            return Ok(());
        }
        let named: Vec<PathBuf> = self.files.iter().filter(|path| name_fits(path, &step.files)).cloned().collect();
        let by_content = named.is_empty() && !step.requires.is_empty();
        for path in if by_content { self.files.clone() } else { named } {
            if has_required(&path, step)? {
                self.jobs.push(Job { path, table, step: step.clone() });
            }
        }
        Ok(())
    }

    fn read_documents(&self, sink: &mut dyn RowSink, on_progress: OnProgress<'_>) -> Result<Counts, ImportError> {
        let chosen = self.request.encoding.as_deref().map(encoding::named).transpose()?;
        let progress = |path: &Path, bytes_read: u64, bytes_in_all: u64| {
            on_progress(Progress { path, table: "knowledge", bytes_read, bytes_in_all });
        };
        self.shelf.read(chosen, sink, &progress)
    }

    fn documents_report(&self, counts: Counts, already_imported_as: Option<String>) -> FileReport {
        let from = |column: &str, origin: &str| (column.to_owned(), origin.to_owned());
        let mut warnings = self.shelf.warnings();
        if counts.nothing_kept() {
            warnings.push("no document was kept; look at the reasons".to_owned());
        }
        FileReport {
            path: self.shelf.path(),
            table: "knowledge",
            written: None,
            already_imported_as,
            counts,
            form: self.shelf.describe(),
            encoding: String::new(),
            mapped: vec![
                from("document_id", "front matter, or the path in the folder"),
                from("title", "front matter, properties, first heading, or the file's name"),
                from("text", "the document"),
                from("version", "hash of text"),
            ],
            kept_in_extra: Vec::new(),
            changes: None,
            warnings,
        }
    }

    fn nothing_fits(&self, mapping: &Mapping) -> ImportError {
        let mut expected: Vec<String> = Vec::new();
        for step in &mapping.steps {
            let files = if step.files.is_empty() { "any file".to_owned() } else { step.files.join(" or ") };
            let with = if step.requires.is_empty() {
                String::new()
            } else {
                format!(" with columns {}", step.requires.join(", "))
            };
            let one = format!("{files}{with}");
            if !expected.contains(&one) {
                expected.push(one);
            }
        }
        ImportError::Shape {
            path: self.files[0].clone(),
            found: format!("none of the {} files given is one the mapping describes", self.files.len()),
            allowed: format!("expected: {}", expected.join("; ")),
            help: "Give the folder that holds them, or another preset".to_owned(),
        }
    }

    /// The file a lookup speaks of: among the files given, else beside the file being imported.
    fn lookup_file(&self, pattern: &str, beside: &Path) -> Result<PathBuf, ImportError> {
        let patterns = [pattern.to_owned()];
        let given = self.files.iter().find(|path| name_fits(path, &patterns)).cloned();
        let folder = beside.parent().unwrap_or(Path::new("."));
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let found = given.or_else(|| {
            let mut near: Vec<PathBuf> = folder.read_dir().ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
            near.sort();
            near.into_iter().find(|path| path.is_file() && name_fits(path, &patterns))
        });
        found.ok_or_else(|| ImportError::NoFiles { found: folder.join(pattern).display().to_string() })
    }
}

fn read_mapping(request: &ImportRequest) -> Result<Option<Mapping>, ImportError> {
    if let Some(text) = &request.mapping
        && request.preset.is_none()
        && request.map.is_none()
    {
        return Mapping::parse(text, "mapping").map(Some);
    }
    let map = request.map.clone().or_else(|| request.mapping.is_some().then(|| PathBuf::from("mapping")));
    match (&request.preset, &map) {
        (Some(name), None) => {
            let preset = presets::named(name)?;
            Mapping::parse(preset.text, preset.name).map(Some)
        }
        (None, Some(path)) => {
            let text =
                std::fs::read_to_string(path).map_err(|source| ImportError::Read { path: path.clone(), source })?;
            Mapping::parse(&text, &path.display().to_string()).map(Some)
        }
        (None, None) => Ok(None),
        (Some(preset), Some(map)) => Err(ImportError::Mapping {
            origin: map.display().to_string(),
            found: format!("preset '{preset}' and a mapping file were both given"),
            help: "give one of them; a preset's own mapping can be printed and edited".to_owned(),
        }),
    }
}

fn currency_of(mapping: Option<&Mapping>, shop: &str) -> (String, Option<String>) {
    let Some(source) = mapping.and_then(|mapping| mapping.currency.clone()) else { return (shop.to_owned(), None) };
    let convertible = mapping.is_some_and(|mapping| mapping.currencies.iter().any(|code| code == shop));
    if source == shop || convertible {
        return (shop.to_owned(), None);
    }
    let warning = format!(
        "amounts are in {source} and were kept so, since the files hold no rate to the shop's currency, {shop}; set \
         currency = \"{source}\" in tercet.toml if the shop counts in it"
    );
    (source, Some(warning))
}

fn name_fits(path: &Path, patterns: &[String]) -> bool {
    let name = plain_file_name(path).to_lowercase();
    patterns.is_empty()
        || patterns
            .iter()
            .any(|pattern| glob::Pattern::new(&pattern.to_lowercase()).is_ok_and(|pattern| pattern.matches(&name)))
}

fn has_required(path: &Path, step: &Step) -> Result<bool, ImportError> {
    if step.requires.is_empty() {
        return Ok(true);
    }
    let said = Said { encoding: step.encoding.clone(), delimiter: step.delimiter.clone(), header: step.header.clone() };
    let profile = match Profile::of(path, &said) {
        Ok(profile) => profile,
        Err(ImportError::Empty { .. } | ImportError::Shape { .. }) => return Ok(false),
        Err(error) => return Err(error),
    };
    Ok(step.requires.iter().all(|name| position(&profile.columns, name).is_some()))
}

fn said_of(request: &ImportRequest) -> Said {
    Said { encoding: request.encoding.clone(), delimiter: request.delimiter.clone(), header: None }
}

/// A document that was not said to be one: its words would be read as a table's rows.
fn refuse_document(path: &Path, table: Option<&'static TableSpec>) -> Result<(), ImportError> {
    let is_document = Kind::of(path).is_some_and(|kind| kind != Kind::Text);
    if !is_document || table.is_some_and(|table| table.name == "knowledge") {
        return Ok(());
    }
    Err(ImportError::Shape {
        path: path.to_owned(),
        found: "it is a document, not rows of a table".to_owned(),
        allowed: "documents go into knowledge, for customer service to cite".to_owned(),
        help: "Pass --as knowledge, or leave it out of the files given".to_owned(),
    })
}

/// A job from a file's headings alone. Questions with answers that are called knowledge are answers.
fn guessed_job(path: &Path, table: Option<&'static TableSpec>, request: &ImportRequest) -> Result<Job, ImportError> {
    refuse_document(path, table)?;
    let profile = Profile::of(path, &said_of(request))?;
    let mut table = match table {
        Some(table) => table,
        None => best_table(&profile)?,
    };
    let mut guess = headings::guess(table, &profile.columns);
    if table.name == "knowledge" && !guess.missing.is_empty() {
        let answers = table_named("answers")?;
        let other = headings::guess(answers, &profile.columns);
        if other.missing.is_empty() {
            (table, guess) = (answers, other);
        }
    }
    if !guess.missing.is_empty() {
        return Err(missing_columns(&profile, &guess.missing.join(", "), table));
    }
    let step =
        Step { table: Some(table), columns: guess.columns, specs: guess.specs, keep_extra: true, ..Step::default() };
    Ok(Job { path: path.to_owned(), table, step })
}

/// The table whose required columns are all found, and most of its columns; more than one may not be best.
fn best_table(profile: &Profile) -> Result<&'static TableSpec, ImportError> {
    let score = |table: &'static TableSpec| {
        let guess = headings::guess(table, &profile.columns);
        guess.missing.is_empty().then(|| guess.columns.len() + guess.specs.len())
    };
    let scores: Vec<_> = TableSpec::sources().filter_map(|table| Some((score(table)?, table))).collect();
    let best = scores.iter().map(|(score, _)| *score).max().unwrap_or(0);
    match scores.iter().filter(|(score, _)| *score == best).collect::<Vec<_>>().as_slice() {
        [(_, table)] => Ok(table),
        _ => Err(ImportError::Shape {
            path: profile.path.clone(),
            found: format!("its columns ({}) do not tell which table it is for", profile.columns.join(", ")),
            allowed: format!("tables: {}", TableSpec::sources().map(|t| t.name).collect::<Vec<_>>().join(", ")),
            help: "Pass --as TABLE, --preset or --map".to_owned(),
        }),
    }
}

fn missing_columns(profile: &Profile, missing: &str, table: &TableSpec) -> ImportError {
    let one_column = profile.columns.len() == 1;
    let help = if one_column {
        format!(
            "It was read as {}, which gives one column: pass --delimiter if fields are separated by something else",
            profile.describe()
        )
    } else {
        format!("Write a mapping for table {} and pass it with --map, or use a preset", table.name)
    };
    let shown: Vec<String> = profile.columns.iter().map(|name| name.chars().take(80).collect()).collect();
    ImportError::MissingColumns {
        path: profile.path.clone(),
        missing: missing.to_owned(),
        found: format!("'{}'", shown.join("', '")),
        help,
    }
}

/// A job with its file looked at and its expressions bound.
struct Ready<'j> {
    job: &'j Job,
    profile: Profile,
    recipe: Recipe,
    digest: String,
    mapped: Vec<(String, String)>,
}

impl Job {
    fn prepare(&self, plan: &Plan<'_>) -> Result<Ready<'_>, ImportError> {
        let request = plan.request;
        let said = Said {
            encoding: request.encoding.clone().or_else(|| self.step.encoding.clone()),
            delimiter: request.delimiter.clone().or_else(|| self.step.delimiter.clone()),
            header: self.step.header.clone(),
        };
        let profile = Profile::of(&self.path, &said)?;
        let mut sources = vec![self.path.clone()];
        let mut recipe = self.bind(&profile, plan, &mut sources)?;
        let said_order = self.order_of_dates(plan)?;
        find_orders(&profile, &mut recipe, said_order, request.record_bytes_max)?;
        let how = format!("{} {:?} {:?} {:?} {}", self.table.name, self.step, said, recipe.orders, plan.currency);
        let digest = digest(&sources, &how)?;
        let mapped = self.step.columns.iter().map(|(name, e)| (name.clone(), e.describe()));
        let specs = self.step.specs.iter().map(|(name, e)| (format!("specs.{name}"), e.describe()));
        let mapped = mapped.chain(specs).collect();
        Ok(Ready { job: self, profile, recipe, digest, mapped })
    }

    /// As the command says, else the mapping.
    fn order_of_dates(&self, plan: &Plan<'_>) -> Result<Option<DateOrder>, ImportError> {
        let Some(name) = plan.request.dates.as_deref() else { return Ok(self.step.dates) };
        DateOrder::from_name(name).ok_or_else(|| unknown_order(name)).map(Some)
    }

    fn bind(&self, profile: &Profile, plan: &Plan<'_>, sources: &mut Vec<PathBuf>) -> Result<Recipe, ImportError> {
        let step = &self.step;
        let mut missing = Vec::new();
        let mut read = FxHashSet::default();
        let mut bind = |expression: &Expression, sources: &mut Vec<PathBuf>| -> Result<Expression, ImportError> {
            let mut bound = expression.clone();
            missing.extend(bound.bind(&profile.columns, &plan.currency));
            read.extend(bound.columns_read());
            fill_lookups(&mut bound, plan, self, sources)?;
            Ok(bound)
        };
        let mut columns = Vec::new();
        for column in self.table.columns {
            let given = step.columns.iter().find(|(name, _)| name == column.name).map(|(_, given)| given.clone());
            let expression = match (given, headings::made(self.table, column.name, &step.columns)) {
                (Some(given), Some(made)) => Some(Expression::FirstOf(vec![given, made])),
                (given, made) => given.or(made),
            };
            columns.push(expression.map(|expression| bind(&expression, sources)).transpose()?);
        }
        let mut bind_all = |list: &[(String, Expression)]| -> Result<Vec<(String, Expression)>, ImportError> {
            list.iter().map(|(name, expression)| Ok((name.clone(), bind(expression, sources)?))).collect()
        };
        let (specs, extra) = (bind_all(&step.specs)?, bind_all(&step.extra)?);
        let mut only_with = Vec::new();
        for OnlyWith { column, pattern } in &step.only_with {
            match position(&profile.columns, column) {
                Some(index) => only_with.push((index, pattern.clone())),
                None => missing.push(column.clone()),
            }
        }
        let unset = |column: &domain::Column| {
            let is_given = step.columns.iter().any(|(name, _)| name == column.name);
            column.required && !is_given && !headings::is_made(self.table, column.name)
        };
        missing.extend(self.table.columns.iter().filter(|column| unset(column)).map(|column| column.name.to_owned()));
        if !missing.is_empty() {
            missing.dedup();
            return Err(missing_columns(profile, &missing.join(", "), self.table));
        }
        let dropped: Vec<usize> = step.drop.iter().filter_map(|name| position(&profile.columns, name)).collect();
        let keeps = |i: usize| step.keep_extra && !read.contains(&i) && !dropped.contains(&i);
        let kept = (0..profile.columns.len()).filter(|&i| keeps(i));
        let kept = kept.map(|i| (i, profile.columns[i].clone(), profile.numeric[i])).collect();
        Ok(Recipe {
            table: self.table,
            orders: vec![None; columns.len()],
            columns,
            specs,
            extra,
            kept,
            only_with,
            zone: zone_named(step.zone.as_deref().unwrap_or(&plan.zone))?,
            now_ms: plan.request.now_ms,
        })
    }
}

fn unknown_order(name: &str) -> ImportError {
    ImportError::Unknown { what: "order of dates", found: name.to_owned(), allowed: "d/m/y, m/d/y".to_owned() }
}

fn zone_named(name: &str) -> Result<TimeZone, ImportError> {
    TimeZone::get(name).map_err(|_| ImportError::Unknown {
        what: "time zone",
        found: name.to_owned(),
        allowed: "IANA names such as UTC, Asia/Shanghai, Europe/Berlin".to_owned(),
    })
}

/// Reads the files that lookups speak of.
fn fill_lookups(
    expression: &mut Expression,
    plan: &Plan<'_>,
    job: &Job,
    sources: &mut Vec<PathBuf>,
) -> Result<(), ImportError> {
    let mut result = Ok(());
    expression.walk(&mut |part| {
        if let (Expression::Lookup { lookup, .. }, Ok(())) = (part, &result) {
            result = fill_lookup(lookup, plan, job, sources);
        }
    });
    result
}

/// Rows a lookup may hold in memory.
const LOOKUP_ROWS_MAX: usize = 5_000_000;

fn fill_lookup(lookup: &mut Lookup, plan: &Plan<'_>, job: &Job, sources: &mut Vec<PathBuf>) -> Result<(), ImportError> {
    let path = plan.lookup_file(&lookup.file, &job.path)?;
    let profile = Profile::of(&path, &Said::default())?;
    let mut key = Expression::Concat {
        parts: lookup.key.iter().map(|name| Expression::column(name)).collect(),
        separator: "|".to_owned(),
    };
    let mut missing = key.bind(&profile.columns, &plan.currency);
    missing.extend(lookup.value.bind(&profile.columns, &plan.currency));
    let mut date = lookup.latest.as_deref().map(Expression::column);
    missing.extend(date.iter_mut().flat_map(|date| date.bind(&profile.columns, &plan.currency)));
    if !missing.is_empty() {
        return Err(ImportError::MissingColumns {
            path,
            missing: missing.join(", "),
            found: profile.columns.join(", "),
            help: "Mend the lookup in the mapping".to_owned(),
        });
    }
    let mut rows = FxHashMap::default();
    let mut newest: FxHashMap<String, i64> = FxHashMap::default();
    visit_rows(&profile, plan.request.record_bytes_max, &mut |row| {
        let key = key.eval(row).into_owned();
        if let Some(date) = &date {
            let at = dates::parse(&date.eval(row), job.order_of_dates(plan)?).map(Written::millis);
            let newest = newest.entry(key.clone()).or_insert(i64::MIN);
            match at {
                Some(at) if at >= *newest => *newest = at,
                _ => return Ok(true),
            }
        }
        rows.insert(key, lookup.value.eval(row).into_owned());
        if rows.len() > LOOKUP_ROWS_MAX {
            return Err(ImportError::LookupTooLarge { path: path.clone(), limit: LOOKUP_ROWS_MAX });
        }
        Ok(true)
    })?;
    lookup.rows = Arc::new(rows);
    if !sources.contains(&path) {
        sources.push(path);
    }
    Ok(())
}

/// Decides the order of `a/b/yyyy` for every column of dates: as said, else from the sample, else from the whole file.
fn find_orders(
    profile: &Profile,
    recipe: &mut Recipe,
    said: Option<DateOrder>,
    record_bytes_max: usize,
) -> Result<(), ImportError> {
    let dates: Vec<usize> = (0..recipe.columns.len())
        .filter(|&i| matches!(recipe.table.columns[i].kind, ColumnKind::Instant | ColumnKind::Day))
        .filter(|&i| recipe.columns[i].is_some())
        .collect();
    for i in dates {
        if said.is_some() {
            recipe.orders[i] = said;
            continue;
        }
        let expression = recipe.columns[i].as_ref().expect("only mapped columns are looked at");
        let mut votes = OrderVotes::default();
        for row in &profile.sample {
            let fields: Vec<_> = row.iter().map(|field| std::borrow::Cow::Borrowed(field.as_str())).collect();
            votes.see(&expression.eval(Row { fields: &fields, more: &[] }));
        }
        if !votes.is_settled() && !profile.sample_is_all {
            visit_rows(profile, record_bytes_max, &mut |row| {
                votes.see(&expression.eval(row));
                Ok(votes.day_first.is_none() && votes.month_first.is_none())
            })?;
        }
        recipe.orders[i] = decide(votes, profile, recipe.table.columns[i].name)?;
    }
    Ok(())
}

fn decide(votes: OrderVotes, profile: &Profile, column: &str) -> Result<Option<DateOrder>, ImportError> {
    let (path, column) = (profile.path.clone(), column.to_owned());
    match (votes.day_first, votes.month_first, votes.ambiguous) {
        (Some(day_first), Some(month_first), _) => {
            Err(ImportError::MixedDates { path, column, month_first, day_first })
        }
        (Some(_), None, _) => Ok(Some(DateOrder::DayFirst)),
        (None, Some(_), _) => Ok(Some(DateOrder::MonthFirst)),
        (None, None, Some(example)) => Err(ImportError::AmbiguousDates { path, column, example }),
        // Days that equal their month, such as 1/1/2015, read the same either way.
        (None, None, None) => Ok(Some(DateOrder::MonthFirst)),
    }
}

impl Ready<'_> {
    fn read(
        &self,
        plan: &Plan<'_>,
        known_products: Option<Arc<FxHashSet<Box<str>>>>,
        sink: &mut dyn RowSink,
        on_progress: OnProgress<'_>,
    ) -> Result<(Counts, String), ImportError> {
        let progress = |bytes_read, bytes_in_all| {
            on_progress(Progress { path: &self.job.path, table: self.job.table.name, bytes_read, bytes_in_all });
        };
        let options = ReadOptions {
            record_bytes_max: plan.request.record_bytes_max,
            n_threads: plan.request.n_threads,
            distinct: self.job.step.distinct,
            known_products,
            progress: &progress,
        };
        read_rows(&self.profile, &self.recipe, &options, sink)
    }

    fn report(
        &self,
        plan: &Plan<'_>,
        counts: Counts,
        encoding: String,
        written: Option<ImportReport>,
        already_imported_as: Option<String>,
    ) -> FileReport {
        let mut warnings: Vec<String> = Vec::new();
        if self.recipe.table.columns.iter().any(|c| c.kind == ColumnKind::Money && self.is_mapped(c.name)) {
            warnings.extend(plan.currency_warning.clone());
        }
        if counts.amounts_left_out > 0 {
            warnings.push(format!(
                "{} amounts were left out: the files hold no number to multiply or divide them by, such as a rate to {}",
                counts.amounts_left_out, plan.currency
            ));
        }
        if counts.unknown_products > 0 {
            warnings.push(format!(
                "{} rows name a product that the shop does not know; they were kept. Import the products too",
                counts.unknown_products
            ));
        }
        if counts.nothing_kept() {
            warnings.push("no row was kept; look at the reasons and at the mapping".to_owned());
        }
        if already_imported_as.is_none() && counts.rows_read + counts.rows_passed == 0 {
            warnings.push(format!("{} has no rows, only headings", file_name(&self.job.path)));
        }
        FileReport {
            path: self.job.path.clone(),
            table: self.job.table.name,
            written,
            already_imported_as,
            counts,
            form: self.profile.describe(),
            encoding,
            mapped: self.mapped.clone(),
            kept_in_extra: self.recipe.kept.iter().map(|(_, name, _)| name.clone()).collect(),
            changes: None,
            warnings,
        }
    }

    fn is_mapped(&self, column: &str) -> bool {
        self.job.step.columns.iter().any(|(name, _)| name == column)
    }
}
