//! One file into one table: blocks are parsed side by side and written in the file's order, with a bounded number of
//! them in memory. Not here: which file, which table, which columns (see `import`).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, BuildHasherDefault};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use datafusion::arrow::array::{Array, AsArray, StringArray, StructArray, UInt32Array};
use datafusion::arrow::compute::{cast, take_record_batch};
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::record_batch::RecordBatch;
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use serde::{Deserialize, Serialize};

use super::blocks::{Block, Blocks, JsonElements, Layout, Oversized, too_long};
use super::cells::{Outcome, Recipe, RowBuilder};
use super::error::ImportError;
use super::mapping::Row;
use super::profile::{Form, Profile, guarded, json_members, open_parquet, prepared};
use super::records::Records;
use crate::TableWriter;

/// What takes the rows; dropped unfinished, nothing has happened.
pub trait RowSink {
    fn write(&mut self, batch: RecordBatch) -> Result<(), ImportError>;
    fn reject(&mut self, line: u64, reason: &str, raw: &str) -> Result<(), ImportError>;
}

impl RowSink for TableWriter {
    fn write(&mut self, batch: RecordBatch) -> Result<(), ImportError> {
        TableWriter::write(self, batch).map_err(|error| ImportError::Sink(Box::new(error)))
    }

    fn reject(&mut self, line: u64, reason: &str, raw: &str) -> Result<(), ImportError> {
        TableWriter::reject(self, line, reason, raw).map_err(|error| ImportError::Sink(Box::new(error)))
    }
}

/// What was counted while reading.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows with content that were meant for the table: kept, rejected and, in derived tables, repeated.
    pub rows_read: u64,
    pub rows_kept: u64,
    pub rows_rejected: u64,
    /// Of a derived table, rows that repeat a row already taken.
    pub rows_repeated: u64,
    /// Rows that are not for this table (an empty column that it needs).
    pub rows_passed: u64,
    pub empty_rows: u64,
    pub repeated_headers: u64,
    /// Rows kept that equal an earlier row of the file in every field; counted over the first million rows.
    pub duplicate_rows: u64,
    /// Rows kept whose product the shop does not know.
    pub unknown_products: u64,
    /// Amounts of rows kept that lack the number to scale them by, such as the rate of a currency.
    pub amounts_left_out: u64,
    /// Reasons of rejects by column, most frequent first in reports.
    pub reasons: BTreeMap<String, u64>,
}

impl Counts {
    /// Whether rows were read and every one was rejected.
    pub fn nothing_kept(&self) -> bool {
        self.rows_read > 0 && self.rows_kept + self.rows_repeated == 0
    }
}

/// How to read.
pub struct ReadOptions<'a> {
    pub record_bytes_max: usize,
    pub n_threads: usize,
    /// Rows of derived tables: one per key.
    pub distinct: bool,
    /// Products of the shop, to count events that name another; `None` does not count.
    pub known_products: Option<Arc<FxHashSet<Box<str>>>>,
    /// Told bytes read and bytes in all, now and then.
    pub progress: &'a (dyn Fn(u64, u64) + Sync),
}

/// Rows in which duplicates are looked for.
const DUPLICATE_ROWS_MAX: usize = 1_000_000;
/// Keys of a derived table that are remembered. Beyond them rows may be written again, which a keyed table undoes.
const WRITTEN_KEYS_MAX: usize = 1_800_000;
/// How much of a refused row is kept.
const RAW_CHARS_MAX: usize = 1024;

/// A piece of the file.
enum Work {
    Text(Block),
    Batch { batch: RecordBatch, first_row: u64 },
}

/// What a piece became.
struct Parsed {
    batch: RecordBatch,
    rejects: Vec<Reject>,
    counts: Counts,
    /// Per kept row: of the row's content, to see repetition.
    hashes: Vec<u64>,
    /// Of a derived table, per kept row: of its key.
    keys: Vec<u64>,
}

struct Reject {
    line: u64,
    reason: String,
    raw: String,
}

type Answer = Result<Parsed, ImportError>;

/// Reads the file that `profile` describes into `sink`; returns the counts and the encoding's name.
pub fn read_rows(
    profile: &Profile,
    recipe: &Recipe,
    options: &ReadOptions<'_>,
    sink: &mut dyn RowSink,
) -> Result<(Counts, String), ImportError> {
    let mut source = Source::open(profile, options.record_bytes_max)?;
    let n_threads = options.n_threads.max(1);
    let look_for_duplicates = AtomicBool::new(recipe.table.key.is_empty());
    let parser = Parser { profile, recipe, options, look_for_duplicates: &look_for_duplicates };
    let (work_in, work_out) = sync_channel::<(Work, SyncSender<Answer>)>(n_threads);
    let work_out = Arc::new(Mutex::new(work_out));
    // Answers in the order of the file; its length bounds how many blocks are in memory.
    let (order_in, order_out) = sync_channel::<Result<Receiver<Answer>, ImportError>>(n_threads * 2);
    thread::scope(|scope| {
        for _ in 0..n_threads {
            let work_out = work_out.clone();
            let parser = &parser;
            scope.spawn(move || {
                loop {
                    let next = work_out.lock().expect("no parser panics while it waits").recv();
                    let Ok((work, answer)) = next else { break };
                    let _ = answer.send(parser.parse(work));
                }
            });
        }
        drop(work_out);
        let reader = scope.spawn(move || {
            feed(&mut source, options, &work_in, &order_in);
            source.encoding_name()
        });
        let mut collector = Collector::new(options.distinct, &look_for_duplicates);
        let result = order_out.iter().try_for_each(|answer| {
            let parsed = answer?.recv().expect("a parser answers every block")?;
            collector.take(parsed, sink)
        });
        // On an error the channel closes here, which ends the reader and then the parsers.
        drop(order_out);
        let encoding = reader.join().expect("the reader does not panic");
        result.map(|()| (collector.counts, encoding))
    })
}

/// Hands out blocks until the file or the receivers end.
fn feed(
    source: &mut Source,
    options: &ReadOptions<'_>,
    work: &SyncSender<(Work, SyncSender<Answer>)>,
    order: &SyncSender<Result<Receiver<Answer>, ImportError>>,
) {
    loop {
        let next = match source.next() {
            Ok(Some(next)) => next,
            Ok(None) => return,
            Err(error) => {
                let _ = order.send(Err(error));
                return;
            }
        };
        let (answer_in, answer_out) = sync_channel(1);
        if order.send(Ok(answer_out)).is_err() || work.send((next, answer_in)).is_err() {
            return;
        }
        let (at, size) = source.position();
        (options.progress)(at, size);
    }
}

enum Source {
    Text(Box<Blocks>),
    Parquet {
        reader: datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReader,
        path: std::path::PathBuf,
        row: u64,
    },
}

impl Source {
    fn open(profile: &Profile, record_bytes_max: usize) -> Result<Self, ImportError> {
        match profile.form {
            Form::Text(_) => Ok(Source::Text(Box::new(profile.blocks(record_bytes_max)?))),
            Form::Parquet => {
                Ok(Source::Parquet { reader: open_parquet(&profile.path)?.0, path: profile.path.clone(), row: 1 })
            }
        }
    }

    fn next(&mut self) -> Result<Option<Work>, ImportError> {
        match self {
            Source::Text(blocks) => Ok(blocks.next_block()?.map(Work::Text)),
            Source::Parquet { reader, path, row } => match guarded(path, || reader.next().transpose())? {
                None => Ok(None),
                Some(batch) => {
                    let first_row = *row;
                    *row += batch.num_rows() as u64;
                    Ok(Some(Work::Batch { batch, first_row }))
                }
            },
        }
    }

    fn position(&self) -> (u64, u64) {
        match self {
            Source::Text(blocks) => blocks.position(),
            Source::Parquet { row, .. } => (*row, 0),
        }
    }

    fn encoding_name(&self) -> String {
        match self {
            Source::Text(blocks) => blocks.encoding_name().to_owned(),
            Source::Parquet { .. } => "UTF-8".to_owned(),
        }
    }
}

/// Walks all rows of a file in order, without building columns; stops when `visit` says so.
pub fn visit_rows(
    profile: &Profile,
    record_bytes_max: usize,
    visit: &mut dyn FnMut(Row<'_>) -> Result<bool, ImportError>,
) -> Result<(), ImportError> {
    let mut source = Source::open(profile, record_bytes_max)?;
    while let Some(work) = source.next()? {
        let mut result = Ok(true);
        each_row(profile, work, record_bytes_max, &mut |item| {
            if let (Item::Row { row, .. }, Ok(true)) = (item, &result) {
                result = visit(row);
            }
        });
        if !result? {
            return Ok(());
        }
    }
    Ok(())
}

/// What a piece of a file holds.
pub(super) enum Item<'r> {
    Row { row: Row<'r>, line: u64, raw: &'r str },
    Empty,
    RepeatedHeader,
    Bad { line: u64, reason: String, raw: &'r str },
}

fn each_row(profile: &Profile, work: Work, record_bytes_max: usize, visit: &mut dyn FnMut(Item<'_>)) {
    match (work, profile.form) {
        (Work::Batch { batch, first_row }, _) => each_parquet_row(&batch, first_row, visit),
        (Work::Text(block), Form::Text(layout)) => {
            if let Some(Oversized { line, reason, raw }) = &block.oversized {
                let raw = String::from_utf8_lossy(raw);
                visit(Item::Bad { line: *line, reason: reason.clone(), raw: &raw });
            }
            let valid = std::str::from_utf8(&block.text);
            let is_valid = valid.is_ok();
            let text = valid.map_or_else(|_| Cow::Owned(with_marks(&block.text)), Cow::Borrowed);
            let mut checked = |item: Item<'_>| match item {
                Item::Row { line, raw, .. } if !is_valid && raw.contains(INVALID) => {
                    let reason = "the line is not valid UTF-8; pass --encoding (gbk, latin1, …)".to_owned();
                    visit(Item::Bad { line, reason, raw: &raw.replace(INVALID, "\u{FFFD}") });
                }
                Item::Bad { line, reason, raw } if !is_valid => {
                    visit(Item::Bad { line, reason, raw: &raw.replace(INVALID, "\u{FFFD}") });
                }
                other => visit(other),
            };
            match layout {
                Layout::Delimited { delimiter } => {
                    each_record(profile, &text, delimiter, block.first_line, record_bytes_max, &mut checked);
                }
                Layout::JsonLines | Layout::JsonArray => {
                    each_object(profile, &text, layout, block.first_line, record_bytes_max, &mut checked);
                }
            }
        }
        (Work::Text(_), Form::Parquet) => unreachable!("Parquet gives batches"),
    }
}

/// Stands for bytes that are no text; Unicode promises that no text holds it.
const INVALID: char = '\u{FFFF}';

fn with_marks(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push(INVALID);
        }
    }
    text
}

fn each_record(
    profile: &Profile,
    text: &str,
    delimiter: u8,
    first_line: u64,
    record_bytes_max: usize,
    visit: &mut dyn FnMut(Item<'_>),
) {
    let text = prepared(text, delimiter);
    let columns = &profile.columns;
    let mut records = Records::new(&text, delimiter, first_line).with_record_bytes_max(record_bytes_max);
    let mut fields: Vec<Cow<str>> = Vec::with_capacity(columns.len());
    while let Some(place) = records.next_into(&mut fields) {
        let raw = records.raw(place);
        let (line, n_found) = (place.line, fields.len());
        if fields.iter().all(|field| field.trim().is_empty()) {
            visit(Item::Empty);
        } else if profile.header_line == Some(line) {
            continue;
        } else if fields[0].trim() == columns[0].as_str()
            && fields.iter().map(|f| f.trim()).eq(columns.iter().map(|c| c.as_str()))
        {
            visit(Item::RepeatedHeader);
        } else if place.n_bytes > record_bytes_max {
            visit(Item::Bad { line, reason: too_long("line", place.n_bytes as u64, record_bytes_max), raw });
        } else if place.has_bad_quote {
            // One reason for both, since what follows a quote may lie in the next block.
            let reason = format!(
                "a field in quotes on this line is not closed within {record_bytes_max} bytes, or goes on behind its \
                 closing quote; take the quote away, or double those inside the field"
            );
            visit(Item::Bad { line, reason, raw });
        } else if n_found < columns.len() || fields[columns.len()..].iter().any(|field| !field.trim().is_empty()) {
            let s = if n_found == 1 { "" } else { "s" };
            let reason = format!("found {n_found} field{s}; the header has {}", columns.len());
            visit(Item::Bad { line, reason, raw });
        } else {
            visit(Item::Row { row: Row { fields: &fields, more: &[] }, line, raw });
        }
    }
}

fn each_object(
    profile: &Profile,
    text: &str,
    layout: Layout,
    first_line: u64,
    record_bytes_max: usize,
    visit: &mut dyn FnMut(Item<'_>),
) {
    let mut pairs = Vec::new();
    let mut more: Vec<(String, String)> = Vec::new();
    let mut fields: Vec<Cow<str>> = Vec::new();
    let mut one = |object: &str, line: u64| {
        pairs.clear();
        if object.trim().is_empty() {
            return visit(Item::Empty);
        }
        let parsed = if object.len() > record_bytes_max {
            Err(too_long("object", object.len() as u64, record_bytes_max))
        } else {
            json_members(object, &mut pairs)
        };
        if let Err(reason) = parsed {
            return visit(Item::Bad { line, reason, raw: object });
        }
        fields.clear();
        fields.resize(profile.columns.len(), Cow::Borrowed(""));
        more.clear();
        for (name, value) in pairs.drain(..) {
            match profile.columns.iter().position(|column| *column == name) {
                Some(index) => fields[index] = Cow::Owned(value),
                None => more.push((name, value)),
            }
        }
        visit(Item::Row { row: Row { fields: &fields, more: &more }, line, raw: object });
    };
    if layout == Layout::JsonLines {
        for (i, object) in text.lines().enumerate() {
            one(object, first_line + i as u64);
        }
    } else {
        let (mut line, mut counted) = (first_line, 0);
        for element in JsonElements::new(text.as_bytes()) {
            line += memchr::memchr_iter(b'\n', &text.as_bytes()[counted..element.start]).count() as u64;
            counted = element.start;
            one(&text[element.start..element.end], line);
        }
    }
}

pub(super) fn each_parquet_row(batch: &RecordBatch, first_row: u64, visit: &mut dyn FnMut(Item<'_>)) {
    let columns: Vec<StringArray> = batch.columns().iter().map(as_text).collect();
    let mut fields: Vec<Cow<str>> = Vec::with_capacity(columns.len());
    for i in 0..batch.num_rows() {
        fields.clear();
        fields.extend(columns.iter().map(|column| Cow::Borrowed(if column.is_null(i) { "" } else { column.value(i) })));
        let raw = fields.join(",");
        visit(Item::Row { row: Row { fields: &fields, more: &[] }, line: first_row + i as u64, raw: &raw });
    }
}

/// A column as text; lists and maps as JSON, which is how their cells are read.
fn as_text(column: &Arc<dyn Array>) -> StringArray {
    // Before the cast, which writes `[a, b]` for a list.
    if let Some(list) = column.as_list_opt::<i32>() {
        return (0..list.len()).map(|i| list.is_valid(i).then(|| list_text(&list.value(i)))).collect();
    }
    if let Some(map) = column.as_map_opt() {
        return (0..map.len()).map(|i| map.is_valid(i).then(|| map_text(&map.value(i)))).collect();
    }
    if let Ok(text) = cast(column, &DataType::Utf8) {
        return text.as_string::<i32>().clone();
    }
    let options = Default::default();
    match datafusion::arrow::util::display::ArrayFormatter::try_new(column, &options) {
        Ok(formatter) => (0..column.len()).map(|i| Some(formatter.value(i).to_string())).collect(),
        Err(_) => StringArray::new_null(column.len()),
    }
}

fn list_text(values: &Arc<dyn Array>) -> String {
    let texts = as_text(values);
    let parts: Vec<&str> = texts.iter().flatten().collect();
    serde_json::Value::from(parts).to_string()
}

fn map_text(entries: &StructArray) -> String {
    let (names, values) = (as_text(entries.column(0)), as_text(entries.column(1)));
    let members = names.iter().zip(values.iter()).filter_map(|(name, value)| Some((name?.to_owned(), value?.into())));
    serde_json::Value::Object(members.collect()).to_string()
}

/// Rows and faults of a file with their lines, and how many rows were empty or repeat the header: for tests.
#[cfg(test)]
pub(super) struct Read {
    pub rows: Vec<(u64, Vec<String>)>,
    pub faults: Vec<(u64, String)>,
    pub n_passed_over: u64,
}

#[cfg(test)]
pub(super) fn read_all(profile: &Profile, record_bytes_max: usize) -> Result<Read, ImportError> {
    let mut source = Source::open(profile, record_bytes_max)?;
    let mut read = Read { rows: Vec::new(), faults: Vec::new(), n_passed_over: 0 };
    while let Some(work) = source.next()? {
        each_row(profile, work, record_bytes_max, &mut |item| match item {
            Item::Row { row, line, .. } => {
                let more = row.more.iter().map(|(name, value)| format!("{name}={value}"));
                read.rows.push((line, row.fields.iter().map(|field| field.to_string()).chain(more).collect()));
            }
            Item::Bad { line, reason, .. } => read.faults.push((line, reason)),
            Item::Empty | Item::RepeatedHeader => read.n_passed_over += 1,
        });
    }
    Ok(read)
}

struct Parser<'a> {
    profile: &'a Profile,
    recipe: &'a Recipe,
    options: &'a ReadOptions<'a>,
    look_for_duplicates: &'a AtomicBool,
}

impl Parser<'_> {
    fn parse(&self, work: Work) -> Answer {
        let n_rows_guess = match &work {
            Work::Text(block) => block.text.len() / 64 + 16,
            Work::Batch { batch, .. } => batch.num_rows(),
        };
        let mut builder = RowBuilder::new(self.recipe, n_rows_guess);
        let (mut counts, mut rejects, mut hashes) = (Counts::default(), Vec::new(), Vec::new());
        let hash_rows = self.options.distinct || self.look_for_duplicates.load(Ordering::Relaxed);
        let hasher = BuildHasherDefault::<FxHasher>::default();
        let mut refuse = |counts: &mut Counts, line, reason: String, raw: &str| {
            counts.rows_read += 1;
            counts.rows_rejected += 1;
            *counts.reasons.entry(kind_of(&reason)).or_default() += 1;
            rejects.push(Reject { line, reason, raw: raw.chars().take(RAW_CHARS_MAX).collect() });
        };
        each_row(self.profile, work, self.options.record_bytes_max, &mut |item| match item {
            Item::Empty => counts.empty_rows += 1,
            Item::RepeatedHeader => counts.repeated_headers += 1,
            Item::Bad { line, reason, raw } => refuse(&mut counts, line, reason, raw),
            Item::Row { row, line, raw } => match builder.push(row) {
                Outcome::Passed => counts.rows_passed += 1,
                Outcome::Refused(reason) => refuse(&mut counts, line, reason, raw),
                Outcome::Kept => {
                    counts.amounts_left_out += self.recipe.amounts_without_factor(row);
                    counts.rows_read += 1;
                    counts.rows_kept += 1;
                    if self.options.distinct {
                        hashes.push(hasher.hash_one(self.content(row)));
                    } else if hash_rows {
                        hashes.push(hasher.hash_one(raw));
                    }
                }
            },
        });
        let (mut batch, mut keys) = (builder.finish(), Vec::new());
        if self.options.distinct {
            let rows = last_of_each_key(self.recipe, &batch, &mut keys);
            counts.rows_repeated = (batch.num_rows() - rows.len()) as u64;
            counts.rows_kept -= counts.rows_repeated;
            hashes = rows.iter().map(|&row| hashes[row as usize]).collect();
            batch = take_record_batch(&batch, &UInt32Array::from(rows)).expect("the rows are the batch's own");
        }
        counts.unknown_products = self.count_unknown_products(&batch);
        Ok(Parsed { batch, rejects, counts, hashes, keys })
    }

    /// The texts that make the row of a derived table.
    fn content(&self, row: Row<'_>) -> Vec<String> {
        let columns = self.recipe.columns.iter().flatten();
        let named = self.recipe.specs.iter().chain(&self.recipe.extra).map(|(_, expression)| expression);
        columns.chain(named).map(|expression| expression.eval(row).into_owned()).collect()
    }

    fn count_unknown_products(&self, batch: &RecordBatch) -> u64 {
        let Some(known) = &self.options.known_products else { return 0 };
        let Some(column) = batch.column_by_name("product_id") else { return 0 };
        column.as_string::<i32>().iter().flatten().filter(|id| !known.contains(*id)).count() as u64
    }
}

/// What rejects have in common: the column, or the fault of the line.
pub(super) fn kind_of(reason: &str) -> String {
    // Reasons that hold a number or a text of the file are one kind each, so that kinds stay few.
    for (start, kind) in [
        ("found ", "number of fields"),
        ("a field in quotes", "a quote that is not closed, or goes on behind the closing one"),
        ("not JSON", "not JSON"),
        ("a JSON object", "not a JSON object"),
        ("the line has", "too long"),
        ("the object has", "too long"),
    ] {
        if reason.starts_with(start) {
            return kind.to_owned();
        }
    }
    let kind = reason.split(" is '").next().unwrap_or(reason);
    kind.split_once(';').map_or(kind, |(kind, _)| kind).chars().take(60).collect()
}

/// The last row of each key in the block, in order; their keys' hashes go to `keys`.
fn last_of_each_key(recipe: &Recipe, batch: &RecordBatch, keys: &mut Vec<u64>) -> Vec<u32> {
    let texts = keys_of(recipe, batch);
    let mut last: FxHashMap<&str, u32> = FxHashMap::default();
    for (row, key) in texts.iter().enumerate() {
        last.insert(key, row as u32);
    }
    let mut rows: Vec<u32> = last.into_values().collect();
    rows.sort_unstable();
    let hasher = BuildHasherDefault::<FxHasher>::default();
    keys.extend(rows.iter().map(|&row| hasher.hash_one(&texts[row as usize])));
    rows
}

fn keys_of(recipe: &Recipe, batch: &RecordBatch) -> Vec<String> {
    let columns: Vec<StringArray> = recipe
        .table
        .key
        .iter()
        .map(|name| as_text(batch.column_by_name(name).expect("the key is of the table")))
        .collect();
    let key = |row: usize| {
        columns.iter().map(|c| if c.is_null(row) { "" } else { c.value(row) }).collect::<Vec<_>>().join("\u{1F}")
    };
    (0..batch.num_rows()).map(key).collect()
}

/// Puts the pieces together, in order.
struct Collector<'a> {
    counts: Counts,
    distinct: bool,
    look_for_duplicates: &'a AtomicBool,
    /// Hashes of the rows seen.
    seen: FxHashSet<u64>,
    /// Of a derived table: the content last written for each key.
    written: FxHashMap<u64, u64>,
}

impl<'a> Collector<'a> {
    fn new(distinct: bool, look_for_duplicates: &'a AtomicBool) -> Self {
        Self {
            counts: Counts::default(),
            distinct,
            look_for_duplicates,
            seen: FxHashSet::default(),
            written: FxHashMap::default(),
        }
    }

    fn take(&mut self, parsed: Parsed, sink: &mut dyn RowSink) -> Result<(), ImportError> {
        for reject in &parsed.rejects {
            sink.reject(reject.line, &reject.reason, &reject.raw)?;
        }
        self.add(&parsed.counts);
        let batch = if self.distinct { self.changed(parsed.batch, &parsed.keys, &parsed.hashes) } else { parsed.batch };
        if !self.distinct && self.look_for_duplicates.load(Ordering::Relaxed) {
            self.counts.duplicate_rows += parsed.hashes.iter().filter(|hash| !self.seen.insert(**hash)).count() as u64;
            if self.seen.len() >= DUPLICATE_ROWS_MAX {
                self.look_for_duplicates.store(false, Ordering::Relaxed);
                self.seen = FxHashSet::default();
            }
        }
        if batch.num_rows() > 0 { sink.write(batch) } else { Ok(()) }
    }

    /// Rows whose content differs from what was last written for their key.
    fn changed(&mut self, batch: RecordBatch, keys: &[u64], hashes: &[u64]) -> RecordBatch {
        if self.written.len() > WRITTEN_KEYS_MAX {
            self.written.clear();
        }
        let mut fresh = Vec::new();
        for (row, (key, hash)) in keys.iter().zip(hashes).enumerate() {
            if self.written.insert(*key, *hash) != Some(*hash) {
                fresh.push(row as u32);
            }
        }
        let n_repeated = (hashes.len() - fresh.len()) as u64;
        self.counts.rows_repeated += n_repeated;
        self.counts.rows_kept -= n_repeated;
        take_record_batch(&batch, &UInt32Array::from(fresh)).expect("the rows are the batch's own")
    }

    fn add(&mut self, other: &Counts) {
        let counts = &mut self.counts;
        counts.rows_read += other.rows_read;
        counts.rows_kept += other.rows_kept;
        counts.rows_rejected += other.rows_rejected;
        counts.rows_repeated += other.rows_repeated;
        counts.rows_passed += other.rows_passed;
        counts.empty_rows += other.empty_rows;
        counts.repeated_headers += other.repeated_headers;
        counts.unknown_products += other.unknown_products;
        counts.amounts_left_out += other.amounts_left_out;
        for (reason, n) in &other.reasons {
            *counts.reasons.entry(reason.clone()).or_default() += n;
        }
    }
}
