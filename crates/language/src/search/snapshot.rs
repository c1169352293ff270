//! What can be searched at one moment: the index's segments read in, with attributes, vectors and words beside them.
//! Never changes, and is shared by all threads. Entries are counted through all segments; nothing depends on how entries
//! are spread over segments.

use std::collections::BTreeMap;
use std::ops::Range;

use tantivy::columnar::StrColumn;
use tantivy::schema::{Field, Value as _};
use tantivy::{DocAddress, ReloadPolicy, Searcher, SegmentReader, TantivyDocument};

use super::entry::Entry;
use super::index::{Fields, NUMBERS, SEPARATOR, broken};
use super::rank::Counters;
use super::vectors::{Vectors, unpacked};
use super::vocabulary::Vocabulary;
use crate::LanguageError;
use crate::text::Tokeniser;

/// Words seen in fewer entries are no corrections in large indexes: most are themselves misspelt.
const RARE: u32 = 2;
const LARGE: usize = 5000;

pub struct Snapshot {
    pub(super) searcher: Searcher,
    pub(super) fields: Fields,
    /// The first entry of each segment, and one beyond the last.
    pub(super) starts: Vec<usize>,
    pub(super) alive: Vec<bool>,
    n_alive: usize,
    /// In order, and which each entry has. Shape of the second: (n).
    ids: Vec<String>,
    id_of: Vec<u32>,
    /// Where each entry stands when all are ordered by id, and the entry at each place. Shapes: (n).
    pub(super) rank: Vec<u32>,
    pub(super) entry_of: Vec<u32>,
    /// A number for each document; chunks of one have the same. Shape: (n).
    pub(super) group: Vec<u32>,
    pub(super) facts: Facts,
    /// By [`NUMBERS`], NaN where an entry has none. Shape: (n) each.
    pub(super) numbers: [Vec<f64>; NUMBERS.len()],
    pub(super) popularity: Popularity,
    pub(super) vectors: Vectors,
    pub(super) vocabulary: Vocabulary,
    pub(super) tokeniser: Tokeniser,
    /// Units of an entry on average, by field: all, name.
    pub(super) mean_units: [f32; 2],
    pub(super) counters: Counters,
}

/// Attributes in words: which entry has which values.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Values in order of attribute and value.
    pub values: Vec<String>,
    /// The values of each attribute.
    pub names: BTreeMap<String, Range<usize>>,
    /// The values of each entry, one entry after the other.
    of_entries: Lists,
    /// The entries of each value, ascending.
    of_values: Lists,
}

/// How popular entries are, in the measure in which it counts: each search would work it out again.
#[derive(Debug, Default)]
pub(super) struct Popularity {
    /// ln(1 + popularity), 0 where there is none; empty if no entry has any. Shape: (n).
    pub logs: Vec<f64>,
    /// The largest of them.
    pub most: f64,
}

impl Popularity {
    fn of(popularity: &[f64]) -> Self {
        let log = |popularity: &f64| if *popularity > 0.0 { popularity.ln_1p() } else { 0.0 };
        let logs: Vec<f64> = popularity.iter().map(log).collect();
        let most = popularity.iter().copied().fold(0.0, f64::max).ln_1p();
        if most > 0.0 { Popularity { logs, most } } else { Popularity::default() }
    }
}

/// Lists one after the other.
#[derive(Debug, Default)]
struct Lists {
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Lists {
    fn of(&self, at: usize) -> &[u32] {
        &self.items[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    fn new(lists: &[Vec<u32>]) -> Self {
        let mut all = Lists { starts: vec![0], items: Vec::with_capacity(lists.iter().map(Vec::len).sum()) };
        for list in lists {
            all.items.extend(list);
            all.starts.push(all.items.len() as u32);
        }
        all
    }

    /// For each of `n` items the lists that have it.
    fn inverted(&self, n: usize) -> Self {
        let mut starts = vec![0u32; n + 1];
        self.items.iter().for_each(|&item| starts[item as usize + 1] += 1);
        (0..n).for_each(|at| starts[at + 1] += starts[at]);
        let (mut next, mut items) = (starts.clone(), vec![0; self.items.len()]);
        for list in 0..self.starts.len() - 1 {
            for &item in self.of(list) {
                items[next[item as usize] as usize] = list as u32;
                next[item as usize] += 1;
            }
        }
        Lists { starts, items }
    }
}

impl Facts {
    /// The values that an entry has.
    pub fn of(&self, entry: usize) -> &[u32] {
        self.of_entries.of(entry)
    }

    /// The entries that have a value, ascending.
    pub fn with(&self, value: usize) -> &[u32] {
        self.of_values.of(value)
    }

    /// Where a value of an attribute stands.
    pub fn find(&self, name: &str, value: &str) -> Option<usize> {
        let range = self.names.get(name)?.clone();
        let at = self.values[range.clone()].binary_search_by(|known| known.as_str().cmp(value)).ok()?;
        Some(range.start + at)
    }
}

impl Snapshot {
    pub(super) fn new(index: &tantivy::Index, fields: &Fields, tokeniser: &Tokeniser) -> Result<Self, LanguageError> {
        let builder = index.reader_builder().reload_policy(ReloadPolicy::Manual);
        let reader: tantivy::IndexReader = builder.try_into().map_err(broken)?;
        let searcher = reader.searcher();
        let mut starts = vec![0];
        let mut alive = Vec::new();
        for segment in searcher.segment_readers() {
            alive.extend((0..segment.max_doc()).map(|entry| !segment.is_deleted(entry)));
            starts.push(alive.len());
        }
        let n_alive = alive.iter().filter(|alive| **alive).count();
        let segments = searcher.segment_readers();
        let (ids, id_of) = ordinals(segments, "id")?;
        let (rank, entry_of) = ranks(&id_of);
        let numbers = numbers(segments)?;
        let popularity = &numbers[NUMBERS.iter().position(|name| *name == "popularity").expect("a column")];
        Ok(Snapshot {
            starts,
            n_alive,
            ids,
            id_of,
            rank,
            entry_of,
            group: ordinals(segments, "group")?.1,
            facts: facts(segments)?,
            popularity: Popularity::of(popularity),
            numbers,
            vectors: vectors(segments)?,
            vocabulary: vocabulary(segments, fields, n_alive)?,
            mean_units: [mean_units(segments, fields.all)?, mean_units(segments, fields.name)?],
            counters: Counters::default(),
            alive,
            fields: fields.clone(),
            tokeniser: tokeniser.clone(),
            searcher,
        })
    }

    /// Entries that can be found.
    pub fn n_alive(&self) -> usize {
        self.n_alive
    }

    /// Entries, those deleted included.
    pub(super) fn n(&self) -> usize {
        self.alive.len()
    }

    /// Numbers of a vector, if entries have vectors.
    pub fn vector_dim(&self) -> Option<usize> {
        (!self.vectors.is_empty()).then_some(self.vectors.dim)
    }

    /// The id of an entry.
    pub(super) fn id(&self, entry: usize) -> &str {
        self.ids.get(self.id_of[entry] as usize).map_or("", String::as_str)
    }

    /// The segment and its own number of an entry.
    pub(super) fn place(&self, entry: usize) -> (usize, u32) {
        let segment = self.starts.partition_point(|&start| start <= entry) - 1;
        (segment, (entry - self.starts[segment]) as u32)
    }

    /// An entry as it was put in.
    pub(super) fn entry(&self, entry: usize) -> Result<Entry, LanguageError> {
        let (segment, own) = self.place(entry);
        let document: TantivyDocument = self.searcher.doc(DocAddress::new(segment as u32, own)).map_err(broken)?;
        let bytes = document.get_first(self.fields.stored).and_then(|value| value.as_bytes());
        let bytes = bytes.ok_or_else(|| LanguageError::Corrupt("an entry is not stored".to_owned()))?;
        serde_json::from_slice(bytes).map_err(|error| LanguageError::Corrupt(format!("an entry: {error}")))
    }

    /// Every entry, in no particular order: to learn brands and categories, or to look at all.
    pub fn entries(&self) -> impl Iterator<Item = Result<Entry, LanguageError>> + '_ {
        (0..self.n()).filter(|&entry| self.alive[entry]).map(|entry| self.entry(entry))
    }

    /// The entry with this id.
    pub fn get(&self, id: &str) -> Result<Option<Entry>, LanguageError> {
        let term = tantivy::Term::from_field_text(self.fields.id, id);
        for (segment, &start) in self.searcher.segment_readers().iter().zip(&self.starts) {
            let list = segment.inverted_index(self.fields.id).map_err(broken)?;
            let Some(mut block) =
                list.read_block_postings(&term, tantivy::schema::IndexRecordOption::Basic).map_err(broken)?
            else {
                continue;
            };
            while block.block_len() > 0 {
                if let Some(&own) = block.docs().iter().find(|own| !segment.is_deleted(**own)) {
                    return self.entry(start + own as usize).map(Some);
                }
                block.advance();
            }
        }
        Ok(None)
    }
}

/// Every value of a column of words through all segments in order, and each entry's value.
fn ordinals(segments: &[SegmentReader], column: &str) -> Result<(Vec<String>, Vec<u32>), LanguageError> {
    let (values, lists) = column_of_words(segments, column)?;
    let first = lists.into_iter().map(|list| list.first().copied().unwrap_or(u32::MAX)).collect();
    Ok((values, first))
}

fn ranks(ids: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let mut entry_of: Vec<u32> = (0..ids.len() as u32).collect();
    entry_of.sort_by_key(|&entry| ids[entry as usize]);
    let mut rank = vec![0; ids.len()];
    (0u32..).zip(&entry_of).for_each(|(place, &entry)| rank[entry as usize] = place);
    (rank, entry_of)
}

fn column_of_words(segments: &[SegmentReader], name: &str) -> Result<(Vec<String>, Vec<Vec<u32>>), LanguageError> {
    let mut columns: Vec<(Option<StrColumn>, Vec<String>, u32)> = Vec::new();
    for segment in segments {
        let column = segment.fast_fields().str(name).map_err(broken)?;
        let mut words = Vec::new();
        if let Some(column) = &column {
            let mut stream = column.dictionary().stream().map_err(broken)?;
            while stream.advance() {
                let word = std::str::from_utf8(stream.key()).map_err(broken)?;
                words.push(word.to_owned());
            }
        }
        columns.push((column, words, segment.max_doc()));
    }
    let mut values: Vec<String> = columns.iter().flat_map(|(_, words, _)| words).cloned().collect();
    values.sort();
    values.dedup();
    let mut lists = Vec::new();
    for (column, words, n) in &columns {
        let mut at = 0;
        let global: Vec<u32> = words
            .iter()
            .map(|word| {
                at += values[at..].partition_point(|value| value < word);
                at as u32
            })
            .collect();
        for entry in 0..*n {
            let own = column.iter().flat_map(|column| column.ords().values_for_doc(entry));
            let list: Option<Vec<u32>> = own.map(|own| global.get(own as usize).copied()).collect();
            lists.push(list.ok_or_else(|| LanguageError::Corrupt(format!("column '{name}' has an unknown value")))?);
        }
    }
    Ok((values, lists))
}

fn facts(segments: &[SegmentReader]) -> Result<Facts, LanguageError> {
    let (pairs, lists) = column_of_words(segments, "facts")?;
    let mut facts = Facts::default();
    for (at, pair) in pairs.into_iter().enumerate() {
        let (name, value) = pair.split_once(SEPARATOR).unwrap_or(("", &pair));
        match facts.names.get_mut(name) {
            Some(range) => range.end = at + 1,
            None => {
                facts.names.insert(name.to_owned(), at..at + 1);
            }
        }
        facts.values.push(value.to_owned());
    }
    facts.of_entries = Lists::new(&lists);
    facts.of_values = facts.of_entries.inverted(facts.values.len());
    Ok(facts)
}

fn numbers(segments: &[SegmentReader]) -> Result<[Vec<f64>; NUMBERS.len()], LanguageError> {
    let mut all: [Vec<f64>; NUMBERS.len()] = Default::default();
    for segment in segments {
        for (name, numbers) in NUMBERS.iter().zip(&mut all) {
            let column = segment.fast_fields().column_opt::<f64>(name).map_err(broken)?;
            numbers.extend(
                (0..segment.max_doc())
                    .map(|entry| column.as_ref().and_then(|column| column.first(entry)).unwrap_or(f64::NAN)),
            );
        }
    }
    Ok(all)
}

fn vectors(segments: &[SegmentReader]) -> Result<Vectors, LanguageError> {
    let mut vectors = Vectors::default();
    let mut n_before = 0;
    for segment in segments {
        let column = segment.fast_fields().column_opt::<u64>("vector").map_err(broken)?;
        for entry in 0..segment.max_doc() {
            let words: Vec<u64> = column.iter().flat_map(|column| column.values_for_doc(entry)).collect();
            let row = unpacked(&words).filter(|row| !row.is_empty());
            if vectors.dim == 0 {
                // Entries before the first with a vector have none.
                let Some(row) = &row else {
                    n_before += 1;
                    continue;
                };
                vectors = Vectors::new(row.len());
                (0..n_before).for_each(|_| vectors.push(None));
            }
            vectors.push(row);
        }
    }
    Ok(vectors)
}

fn vocabulary(segments: &[SegmentReader], fields: &Fields, n: usize) -> Result<Vocabulary, LanguageError> {
    let mut words = counted(segments, fields.surface)?;
    if n > LARGE {
        words.retain(|_, n_entries| *n_entries >= RARE);
    }
    Ok(Vocabulary::new(words, counted(segments, fields.heard)?))
}

/// The words of a column, with the entries that have each.
fn counted(segments: &[SegmentReader], field: Field) -> Result<BTreeMap<String, u32>, LanguageError> {
    let mut counts = BTreeMap::new();
    for segment in segments {
        let list = segment.inverted_index(field).map_err(broken)?;
        let mut stream = list.terms().stream().map_err(broken)?;
        while let Some((word, info)) = stream.next() {
            let word = std::str::from_utf8(word).map_err(broken)?;
            match counts.get_mut(word) {
                Some(count) => *count += info.doc_freq,
                None => {
                    counts.insert(word.to_owned(), info.doc_freq);
                }
            }
        }
    }
    Ok(counts)
}

fn mean_units(segments: &[SegmentReader], field: Field) -> Result<f32, LanguageError> {
    let (mut units, mut entries) = (0u64, 0u64);
    for segment in segments {
        units += segment.inverted_index(field).map_err(broken)?.total_num_tokens();
        entries += u64::from(segment.max_doc());
    }
    Ok((units as f64 / entries.max(1) as f64).max(1.0) as f32)
}
