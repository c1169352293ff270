//! The index: entries go in and out in whole steps, and what is searched is a snapshot that never changes. Kept in
//! memory on `tantivy`'s files; whoever owns the shop folder keeps [`Index::to_bytes`] or [`Index::files`]. Ranking is
//! not done here.

use std::borrow::Cow;
use std::sync::Arc;

use rayon::prelude::*;
use tantivy::indexer::NoMergePolicy;
use tantivy::schema::{FAST, Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::TextAnalyzer;
use tantivy::{IndexWriter, TantivyDocument, Term};

use super::entry::Entry;
use super::heard;
use super::segment;
use super::shelf::Shelf;
use super::snapshot::Snapshot;
use super::surfaces::SurfaceTokenizer;
use super::units::UnitTokenizer;
use super::vectors;
use crate::LanguageError;
use crate::text::Tokeniser;
use crate::vectors::SentenceEncoder;

/// Entries prepared at a time.
const BATCH: usize = 2048;
/// Memory for the words of new entries before a segment is written.
const WRITER_BYTES: usize = 192 << 20;
/// More segments than this, or this part of all entries deleted, and the index is written anew as one.
const SEGMENTS_MAX: usize = 12;
const DELETED_MAX: f64 = 0.2;
/// Numbers of an entry, each a column.
pub(super) const NUMBERS: [&str; 9] =
    ["battery", "launched", "memory", "popularity", "price", "refresh", "screen", "storage", "weight"];
/// Between an attribute's name and its value.
pub(super) const SEPARATOR: char = '\u{1f}';

/// Entries by their places.
type Kept<'e> = dyn Fn(usize) -> Option<Cow<'e, Entry>> + Sync + 'e;

/// The columns of the schema.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    pub id: Field,
    /// The document of a chunk.
    pub group: Field,
    /// Units of everything that is searched.
    pub all: Field,
    /// Units of the name alone.
    pub name: Field,
    /// Words in letters as they are written: for corrections.
    pub surface: Field,
    /// Chinese words of names, brands and categories: for what is typed by its sound.
    pub heard: Field,
    /// The entry as JSON.
    pub stored: Field,
    /// Attributes in words, name and value in one.
    pub facts: Field,
    pub numbers: [Field; NUMBERS.len()],
    /// Eight numbers of 8 bits in one.
    pub vector: Field,
}

fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let counted = |tokenizer: &str, option: IndexRecordOption, norms: bool| {
        let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(option);
        TextOptions::default().set_indexing_options(indexing.set_fieldnorms(norms))
    };
    let units = counted("units", IndexRecordOption::WithFreqsAndPositions, true);
    let fields = Fields {
        id: builder.add_text_field("id", STRING | FAST),
        group: builder.add_text_field("group", FAST),
        all: builder.add_text_field("all", units.clone()),
        name: builder.add_text_field("name", units),
        surface: builder.add_text_field("surface", counted("surfaces", IndexRecordOption::Basic, false)),
        heard: builder.add_text_field("heard", counted("raw", IndexRecordOption::Basic, false)),
        stored: builder.add_bytes_field("stored", STORED),
        facts: builder.add_text_field("facts", FAST),
        numbers: NUMBERS.map(|name| builder.add_f64_field(name, FAST)),
        vector: builder.add_u64_field("vector", FAST),
    };
    (builder.build(), fields)
}

/// What is to change, all of it or nothing.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// New entries, and entries that replace those of the same id. Of several with one id the last counts.
    pub put: Vec<Entry>,
    /// Ids that go. One that is not there is no error.
    pub remove: Vec<String>,
}

/// Entries that can be searched.
pub struct Index {
    shelf: Shelf,
    fields: Fields,
    tokeniser: Tokeniser,
    snapshot: Arc<Snapshot>,
}

impl Index {
    /// An index without entries.
    pub fn new() -> Result<Self, LanguageError> {
        let (schema, _) = schema();
        let shelf = Shelf::default();
        tantivy::Index::create(shelf.clone(), schema, tantivy::IndexSettings::default()).map_err(broken)?;
        Index::on(shelf)
    }

    /// What [`Index::to_bytes`] gave.
    ///
    /// # Errors
    /// [`LanguageError::Corrupt`] if the bytes are damaged, cut short, or something else.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, LanguageError> {
        Index::opened(Shelf::from_bytes(bytes)?)
    }

    /// What [`Index::files`] gave, from wherever the files were kept.
    ///
    /// # Errors
    /// [`LanguageError::Corrupt`] if a file is missing or damaged.
    pub fn from_files(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<Self, LanguageError> {
        let files = files.into_iter().map(|(name, bytes)| (name, tantivy::directory::OwnedBytes::new(bytes)));
        Index::opened(Shelf::from_files(files))
    }

    /// Every file is checked against its own checksum before any is trusted.
    fn opened(shelf: Shelf) -> Result<Self, LanguageError> {
        let attempt = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let index = tantivy::Index::open(shelf.clone()).map_err(broken)?;
            if index.schema() != schema().0 {
                return Err(LanguageError::Corrupt("it has other columns; index again".to_owned()));
            }
            let damaged = index.validate_checksum().map_err(broken)?;
            if let Some(path) = damaged.iter().min() {
                return Err(LanguageError::Corrupt(format!("{} is damaged", path.display())));
            }
            Index::on(shelf.clone())
        }));
        attempt.unwrap_or_else(|_| Err(LanguageError::Corrupt("its files contradict each other".to_owned())))
    }

    fn on(shelf: Shelf) -> Result<Self, LanguageError> {
        let (_, fields) = schema();
        let tokeniser = segment::plainly(&Tokeniser::default());
        let snapshot = Arc::new(Snapshot::new(&open(&shelf)?, &fields, &tokeniser)?);
        Ok(Index { shelf, fields, tokeniser, snapshot })
    }

    /// With a tokeniser that knows the shop's words. It cuts queries, and names put in from now on; what is already in can
    /// be found as before.
    pub fn with_tokeniser(mut self, tokeniser: &Tokeniser) -> Result<Self, LanguageError> {
        self.tokeniser = segment::plainly(tokeniser);
        match Arc::get_mut(&mut self.snapshot) {
            // Nobody searches it yet: reading everything again would only take time and memory.
            Some(snapshot) => snapshot.tokeniser = self.tokeniser.clone(),
            None => self.snapshot = Arc::new(Snapshot::new(&open(&self.shelf)?, &self.fields, &self.tokeniser)?),
        }
        Ok(self)
    }

    /// All of it as bytes with a checksum.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.shelf.to_bytes()
    }

    /// Its files by name. Apart from `meta.json` and `.managed.json` a name always has the same bytes, so that only new
    /// files need to be written; `meta.json` last, as a whole, and then files no longer listed may go.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        self.shelf.files().into_iter().map(|(name, bytes)| (name, bytes.to_vec())).collect()
    }

    /// The names that [`Index::files`] has, with their sizes in bytes.
    pub fn file_sizes(&self) -> Vec<(String, usize)> {
        self.shelf.files().into_iter().map(|(name, bytes)| (name, bytes.len())).collect()
    }

    /// What can be searched now; stays as it is when the index changes.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.clone()
    }

    pub fn n_entries(&self) -> usize {
        self.snapshot.n_alive()
    }

    /// Changes the index: everything in `changes`, or nothing if an entry is unfit or the caller cancels. With an
    /// `encoder` new entries get a vector; entries without one are found by words alone.
    ///
    /// # Errors
    /// If an entry is unfit, an encoder gives vectors of another length than those there are, or on cancelling.
    pub fn apply(
        &mut self,
        changes: &Changes,
        encoder: Option<&dyn SentenceEncoder>,
        progress: &(dyn Fn(f64) -> bool + Sync),
    ) -> Result<(), LanguageError> {
        changes.put.iter().try_for_each(Entry::check)?;
        let mut last = rustc_hash::FxHashMap::default();
        changes.put.iter().enumerate().for_each(|(at, entry)| {
            last.insert(entry.id.as_str(), at);
        });
        let kept = |at: usize| {
            let entry = &changes.put[at];
            (last[entry.id.as_str()] == at).then_some(Cow::Borrowed(entry))
        };
        self.written(&changes.remove, changes.put.len(), &kept, encoder, progress)
    }

    /// Puts `n` entries into an index that has none, each made when its turn comes: they are never all in memory. No two have one id.
    ///
    /// # Errors
    /// As for [`Index::apply`].
    pub fn fill(
        &mut self,
        n: usize,
        entry: &(dyn Fn(usize) -> Entry + Sync),
        encoder: Option<&dyn SentenceEncoder>,
        progress: &(dyn Fn(f64) -> bool + Sync),
    ) -> Result<(), LanguageError> {
        self.written(&[], n, &|at| Some(Cow::Owned(entry(at))), encoder, progress)
    }

    /// `kept` gives an entry by its place, or nothing where a later one replaces it.
    fn written(
        &mut self,
        remove: &[String],
        n: usize,
        kept: &Kept,
        encoder: Option<&dyn SentenceEncoder>,
        progress: &(dyn Fn(f64) -> bool + Sync),
    ) -> Result<(), LanguageError> {
        if let (Some(encoder), Some(dim)) = (encoder, self.snapshot.vector_dim())
            && encoder.dim() != dim
        {
            return Err(LanguageError::unfit(
                "length of an encoder's vectors",
                encoder.dim(),
                format!("{dim}, as indexed"),
            ));
        }
        // On a copy: the index is the old one until the new one is complete.
        let shelf = self.shelf.copied();
        let index = open(&shelf)?;
        let mut writer: IndexWriter = index.writer_with_num_threads(1, WRITER_BYTES).map_err(broken)?;
        writer.set_merge_policy(Box::new(NoMergePolicy));
        for id in remove {
            writer.delete_term(Term::from_field_text(self.fields.id, id));
        }
        self.write(&writer, n, kept, encoder, progress)?;
        writer.commit().map_err(broken)?;
        compact(&index, &mut writer)?;
        writer.garbage_collect_files().wait().map_err(broken)?;
        writer.wait_merging_threads().map_err(broken)?;
        let snapshot = Snapshot::new(&index, &self.fields, &self.tokeniser)?;
        if !progress(1.0) {
            return Err(LanguageError::Cancelled);
        }
        self.shelf = shelf;
        self.snapshot = Arc::new(snapshot);
        Ok(())
    }

    fn write(
        &self,
        writer: &IndexWriter,
        n: usize,
        kept: &Kept,
        encoder: Option<&dyn SentenceEncoder>,
        progress: &(dyn Fn(f64) -> bool + Sync),
    ) -> Result<(), LanguageError> {
        let may_replace = self.snapshot.n() > 0;
        for start in (0..n).step_by(BATCH) {
            if !progress(start as f64 / n as f64) {
                return Err(LanguageError::Cancelled);
            }
            let batch: Vec<Cow<Entry>> = (start..n.min(start + BATCH)).into_par_iter().filter_map(kept).collect();
            let batch: Vec<&Entry> = batch.iter().map(|entry| &**entry).collect();
            batch.iter().try_for_each(|entry| entry.check())?;
            let vectors = encoder.map(|encoder| encoded(&batch, encoder)).transpose()?;
            let document = |at: usize| self.document(batch[at], vectors.as_ref().and_then(|rows| rows[at].as_deref()));
            let documents: Vec<TantivyDocument> = (0..batch.len()).into_par_iter().map(document).collect();
            for (entry, document) in batch.iter().zip(documents) {
                if may_replace {
                    writer.delete_term(Term::from_field_text(self.fields.id, &entry.id));
                }
                writer.add_document(document).map_err(broken)?;
            }
        }
        Ok(())
    }

    fn document(&self, entry: &Entry, vector: Option<&[u64]>) -> TantivyDocument {
        let fields = &self.fields;
        let mut document = TantivyDocument::new();
        document.add_text(fields.id, &entry.id);
        document.add_text(fields.group, entry.group.as_deref().unwrap_or(&entry.id));
        for field in [fields.name, fields.all, fields.surface] {
            document.add_text(field, &entry.name);
        }
        for text in entry.other_texts().filter(|text| !text.is_empty()) {
            document.add_text(fields.all, text);
            document.add_text(fields.surface, text);
        }
        for word in heard::words(entry, &self.tokeniser) {
            document.add_text(fields.heard, word);
        }
        for (name, values) in entry.texts() {
            values.iter().for_each(|value| document.add_text(fields.facts, format!("{name}{SEPARATOR}{value}")));
        }
        let numbers = entry.numbers();
        for (name, field) in NUMBERS.iter().zip(fields.numbers) {
            if let Some(&number) = numbers.get(*name) {
                document.add_f64(field, number);
            }
        }
        vector.iter().flat_map(|vector| vector.iter()).for_each(|&eight| document.add_u64(fields.vector, eight));
        document.add_bytes(fields.stored, &serde_json::to_vec(entry).expect("an entry is plain values"));
        document
    }
}

/// The vectors of entries, packed; nothing for entries that say nothing.
fn encoded(entries: &[&Entry], encoder: &dyn SentenceEncoder) -> Result<Vec<Option<Vec<u64>>>, LanguageError> {
    let texts: Vec<String> = entries.iter().map(|entry| vectors::text_of(entry)).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let rows = encoder.encode(&texts)?;
    if rows.n_rows != entries.len() || rows.n_factors != encoder.dim() {
        let found = format!("{} of {}", rows.n_rows, rows.n_factors);
        return Err(LanguageError::unfit(
            "an encoder's vectors",
            found,
            format!("{} of {}", entries.len(), encoder.dim()),
        ));
    }
    Ok((0..rows.n_rows).map(|row| vectors::packed(&rows.row(row)[..rows.n_factors])).collect())
}

fn open(shelf: &Shelf) -> Result<tantivy::Index, LanguageError> {
    let index = tantivy::Index::open(shelf.clone()).map_err(broken)?;
    index.tokenizers().register("units", TextAnalyzer::from(UnitTokenizer::default()));
    index.tokenizers().register("surfaces", TextAnalyzer::from(SurfaceTokenizer));
    Ok(index)
}

/// Writes everything anew as one segment if there are many, or much is deleted.
fn compact(index: &tantivy::Index, writer: &mut IndexWriter) -> Result<(), LanguageError> {
    let metas = index.searchable_segment_metas().map_err(broken)?;
    let n: u64 = metas.iter().map(|meta| u64::from(meta.max_doc())).sum();
    let n_deleted: u64 = metas.iter().map(|meta| u64::from(meta.num_deleted_docs())).sum();
    if metas.len() <= SEGMENTS_MAX && n_deleted as f64 <= DELETED_MAX * n as f64 {
        return Ok(());
    }
    let ids: Vec<_> = metas.iter().map(|meta| meta.id()).collect();
    writer.merge(&ids).wait().map_err(broken)?;
    Ok(())
}

/// In memory nothing can fail but what the files hold.
pub(super) fn broken(error: impl ToString) -> LanguageError {
    LanguageError::Corrupt(error.to_string())
}
