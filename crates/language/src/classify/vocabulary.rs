//! From n-grams to columns: which n-grams of the training texts are kept, and the rows that texts become: sub-linear
//! counts, inverse document frequencies, length 1, as scikit-learn's `TfidfVectorizer` weighs them. No classifier.
//!
//! Most n-grams of a corpus occur in one text and are dropped. They are dropped before they are stored: a first pass over
//! the texts marks hashed places of a bitmap once and twice, and only n-grams whose place was met twice enter the table,
//! so the table stays small. What is kept does not depend on the order in which threads mark.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use math::Csr;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::ngrams::{Cutter, Grams};
use crate::LanguageError;

/// Texts cut by one task.
const CHUNK: usize = 256;
/// Chunks whose n-grams are in memory at once.
const WAVE: usize = 64;

/// One sort of n-grams and how it is weighed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Block {
    pub grams: Grams,
    /// N-grams in fewer training texts are dropped; at least 1.
    pub min_df: u32,
    /// The length of the rows' part of this block.
    pub weight: f32,
    /// 1 + ln(count) instead of the count.
    pub sublinear: bool,
    /// Counts are times 1 + ln((1 + texts) / (1 + texts with the n-gram)).
    pub idf: bool,
}

impl Block {
    /// Sub-linear TF-IDF of n-grams that two texts have.
    pub const fn tf_idf(grams: Grams) -> Self {
        Block { grams, min_df: 2, weight: 1.0, sublinear: true, idf: true }
    }
}

/// The kept n-grams of one block.
#[derive(Clone, Debug, PartialEq)]
pub struct Vocabulary {
    pub block: Block,
    table: Table,
    /// The key of each column; n-grams of more texts come first, so that what is often read lies together.
    pub(super) keys: Vec<u64>,
    /// Shape: (columns). 1 without `idf`.
    pub(super) idf: Vec<f32>,
}

impl Vocabulary {
    /// Learns from texts. `n_max`: how many n-grams at most, those of most texts; 0: all.
    pub fn learn<T: AsRef<str> + Sync>(texts: &[T], block: Block, n_max: usize) -> Result<Self, LanguageError> {
        Ok(Self::learn_rows(texts, block, n_max)?.0)
    }

    /// As [`Vocabulary::learn`], with the rows of the same texts, which need not be cut again.
    pub fn learn_rows<T: AsRef<str> + Sync>(
        texts: &[T],
        block: Block,
        n_max: usize,
    ) -> Result<(Self, Csr), LanguageError> {
        check(&block)?;
        let (found, chunks) = count(texts, &block);
        // Shard, id within it, and frequency of what is kept.
        let mut kept: Vec<(u64, u32, usize, u32)> = Vec::new();
        for (shard, found) in found.iter().enumerate() {
            let numbered = found.iter().enumerate().filter(|(_, (_, df))| *df >= block.min_df.max(1));
            kept.extend(numbered.map(|(id, &(key, df))| (key, df, shard, id as u32)));
        }
        kept.par_sort_unstable_by(|x, y| y.1.cmp(&x.1).then(x.0.cmp(&y.0)));
        if n_max > 0 {
            kept.truncate(n_max);
        }
        let mut columns: Vec<Vec<u32>> = found.iter().map(|found| vec![NONE; found.len()]).collect();
        for (column, &(_, _, shard, id)) in kept.iter().enumerate() {
            columns[shard][id as usize] = column as u32;
        }
        let n = texts.len() as f64;
        let idf = |df: u32| if block.idf { (((1.0 + n) / (1.0 + f64::from(df))).ln() + 1.0) as f32 } else { 1.0 };
        let idf = kept.iter().map(|cell| idf(cell.1)).collect();
        let vocabulary = Vocabulary::of(block, kept.into_iter().map(|cell| cell.0).collect(), idf);
        let parts = chunks.into_par_iter().map(|chunk| chunk.rows(&columns, &vocabulary)).collect();
        let rows = joined(parts, texts.len(), vocabulary.n_columns());
        Ok((vocabulary, rows))
    }

    pub(super) fn of(block: Block, keys: Vec<u64>, idf: Vec<f32>) -> Self {
        Vocabulary { block, table: Table::of(&keys), keys, idf }
    }

    pub fn n_columns(&self) -> usize {
        self.keys.len()
    }

    /// The column of an n-gram's key.
    #[inline]
    pub fn column(&self, key: u64) -> Option<u32> {
        self.table.get(key)
    }

    /// A text's columns, ascending, and weights, added to `row`; columns are moved by `offset`.
    pub fn add_row(&self, text: &str, offset: u32, cutter: &mut Cutter, row: &mut Vec<(u32, f32)>) {
        let first = row.len();
        for &(key, count) in cutter.count(text, &self.block.grams) {
            let Some(column) = self.table.get(key) else { continue };
            row.push((column + offset, self.value(column, count)));
        }
        self.finish(&mut row[first..]);
    }

    /// Before the row is brought to its length.
    #[inline]
    fn value(&self, column: u32, count: u32) -> f32 {
        let tf = if !self.block.sublinear {
            count as f32
        } else if count == 1 {
            1.0
        } else {
            1.0 + (count as f32).ln()
        };
        tf * self.idf[column as usize]
    }

    /// Puts a row in order and brings it to its length.
    fn finish(&self, row: &mut [(u32, f32)]) {
        row.sort_unstable_by_key(|cell| cell.0);
        let length = row.iter().map(|cell| f64::from(cell.1).powi(2)).sum::<f64>().sqrt();
        if length > 0.0 {
            let scale = f64::from(self.block.weight) / length;
            row.iter_mut().for_each(|cell| cell.1 = (f64::from(cell.1) * scale) as f32);
        }
    }
}

pub(super) fn check(block: &Block) -> Result<(), LanguageError> {
    let Grams { n_min, n_max, .. } = block.grams;
    if n_min == 0 || n_min > n_max || n_max > Grams::N_MAX {
        let allowed = format!("lengths from 1 to {}, the first not above the second", Grams::N_MAX);
        return Err(LanguageError::unfit("n-grams", format!("{n_min} to {n_max}"), allowed));
    }
    if !(block.weight.is_finite() && block.weight > 0.0) {
        return Err(LanguageError::unfit("weight of n-grams", block.weight, "a number above 0"));
    }
    Ok(())
}

/// The rows of texts. Shape: (texts, columns of all vocabularies).
pub fn rows<T: AsRef<str> + Sync>(texts: &[T], vocabularies: &[Vocabulary]) -> Csr {
    let n_cols = vocabularies.iter().map(Vocabulary::n_columns).sum();
    let parts: Vec<Part> = texts
        .par_chunks(CHUNK)
        .map_init(Cutter::default, |cutter, texts| rows_of(texts, vocabularies, cutter))
        .collect();
    joined(parts, texts.len(), n_cols)
}

/// Lengths, columns and values of a chunk's rows.
type Part = (Vec<usize>, Vec<u32>, Vec<f32>);

fn joined(parts: Vec<Part>, n_rows: usize, n_cols: usize) -> Csr {
    let mut matrix = Csr::empty(n_rows, n_cols);
    let n_stored = parts.iter().map(|part| part.1.len()).sum();
    matrix.indices.reserve_exact(n_stored);
    matrix.values.reserve_exact(n_stored);
    let mut row = 0;
    for (lengths, indices, values) in parts {
        for length in lengths {
            matrix.indptr[row + 1] = matrix.indptr[row] + length;
            row += 1;
        }
        matrix.indices.extend_from_slice(&indices);
        matrix.values.extend_from_slice(&values);
    }
    matrix
}

/// Matrices of the same rows, side by side.
pub(super) fn beside(mut parts: Vec<Csr>) -> Csr {
    if parts.len() == 1 {
        return parts.remove(0);
    }
    let n_rows = parts.first().map_or(0, |part| part.n_rows);
    let mut matrix = Csr::empty(n_rows, parts.iter().map(|part| part.n_cols).sum());
    for row in 0..n_rows {
        let mut offset = 0;
        for part in &parts {
            let (columns, values) = part.row(row);
            matrix.indices.extend(columns.iter().map(|column| column + offset));
            matrix.values.extend_from_slice(values);
            offset += part.n_cols as u32;
        }
        matrix.indptr[row + 1] = matrix.indices.len();
    }
    matrix
}

fn rows_of<T: AsRef<str>>(texts: &[T], vocabularies: &[Vocabulary], cutter: &mut Cutter) -> Part {
    let (mut lengths, mut indices, mut values) = (Vec::with_capacity(texts.len()), Vec::new(), Vec::new());
    let mut row = Vec::new();
    for text in texts {
        row.clear();
        let mut offset = 0;
        for vocabulary in vocabularies {
            vocabulary.add_row(text.as_ref(), offset, cutter, &mut row);
            offset += vocabulary.n_columns() as u32;
        }
        lengths.push(row.len());
        indices.extend(row.iter().map(|cell| cell.0));
        values.extend(row.iter().map(|cell| cell.1));
    }
    (lengths, indices, values)
}

const SHARDS: usize = 8;
/// No column.
const NONE: u32 = u32::MAX;

/// N-grams of a chunk's texts: by shard, text after text, ids and counts; and how many of each shard a text has.
#[derive(Default)]
struct Chunk {
    cells: [Vec<(u32, u32)>; SHARDS],
    lengths: Vec<[u32; SHARDS]>,
}

impl Chunk {
    fn rows(self, columns: &[Vec<u32>], vocabulary: &Vocabulary) -> Part {
        let (mut lengths, mut indices, mut values) = (Vec::with_capacity(self.lengths.len()), Vec::new(), Vec::new());
        let mut next = [0usize; SHARDS];
        let mut row = Vec::new();
        for own in self.lengths {
            row.clear();
            for (shard, &length) in own.iter().enumerate() {
                let cells = &self.cells[shard][next[shard]..next[shard] + length as usize];
                next[shard] += length as usize;
                for &(id, count) in cells {
                    let column = columns[shard][id as usize];
                    if column != NONE {
                        row.push((column, vocabulary.value(column, count)));
                    }
                }
            }
            vocabulary.finish(&mut row);
            lengths.push(row.len());
            indices.extend(row.iter().map(|cell| cell.0));
            values.extend(row.iter().map(|cell| cell.1));
        }
        (lengths, indices, values)
    }
}

/// For each shard its n-grams with the number of texts that have them; and which texts have which. N-grams of fewer texts
/// than `min_df` may be missing.
fn count<T: AsRef<str> + Sync>(texts: &[T], block: &Block) -> (Vec<Vec<(u64, u32)>>, Vec<Chunk>) {
    let twice = (block.min_df > 1).then(|| Twice::of(texts, block));
    let mut tables: Vec<Counts> = (0..SHARDS).map(|_| Counts::default()).collect();
    let mut chunks = Vec::new();
    for wave in texts.chunks(CHUNK * WAVE) {
        let cut = |cutter: &mut Cutter, texts: &[T]| {
            let mut keys: [Vec<(u64, u32)>; SHARDS] = Default::default();
            let mut lengths = Vec::with_capacity(texts.len());
            for text in texts {
                let mut own = [0u32; SHARDS];
                for &(key, count) in cutter.count(text.as_ref(), &block.grams) {
                    if twice.as_ref().is_none_or(|twice| twice.has(key)) {
                        let shard = (key >> 61) as usize;
                        keys[shard].push((key, count));
                        own[shard] += 1;
                    }
                }
                lengths.push(own);
            }
            (keys, lengths)
        };
        let cut: Vec<_> = wave.par_chunks(CHUNK).map_init(Cutter::default, cut).collect();
        let number = |(shard, table): (usize, &mut Counts)| -> Vec<Vec<(u32, u32)>> {
            let of = |(keys, _): &([Vec<(u64, u32)>; SHARDS], _)| {
                keys[shard].iter().map(|&(key, count)| (table.add(key), count)).collect()
            };
            cut.iter().map(of).collect()
        };
        let mut numbered: Vec<_> = tables.par_iter_mut().enumerate().map(number).collect();
        for (at, (_, lengths)) in cut.into_iter().enumerate() {
            let cells = std::array::from_fn(|shard| std::mem::take(&mut numbered[shard][at]));
            chunks.push(Chunk { cells, lengths });
        }
    }
    (tables.into_iter().map(|table| table.found).collect(), chunks)
}

/// Which hashed places at least two texts have n-grams at.
struct Twice {
    once: Vec<AtomicU64>,
    twice: Vec<AtomicU64>,
}

impl Twice {
    fn of<T: AsRef<str> + Sync>(texts: &[T], block: &Block) -> Self {
        let lengths = usize::from(block.grams.n_max - block.grams.n_min + 1);
        let n: usize = texts.par_iter().map(|text| text.as_ref().chars().count() * lengths).sum();
        let words = (n / 16).next_power_of_two().clamp(1 << 8, 1 << 24);
        let zeros = || (0..words).map(|_| AtomicU64::new(0)).collect::<Vec<_>>();
        let marks = Twice { once: zeros(), twice: zeros() };
        texts.par_chunks(CHUNK).for_each_init(Cutter::default, |cutter, texts| {
            for text in texts {
                for &(key, _) in cutter.count(text.as_ref(), &block.grams) {
                    marks.mark(key);
                }
            }
        });
        marks
    }

    #[inline]
    fn place(&self, key: u64) -> (usize, u64) {
        let bit = key >> 8;
        ((bit >> 6) as usize & (self.once.len() - 1), 1 << (bit & 63))
    }

    /// Of all marks of a place exactly one finds it unmarked, whichever thread comes first.
    #[inline]
    fn mark(&self, key: u64) {
        let (word, bit) = self.place(key);
        if self.twice[word].load(Relaxed) & bit == 0 && self.once[word].fetch_or(bit, Relaxed) & bit != 0 {
            self.twice[word].fetch_or(bit, Relaxed);
        }
    }

    #[inline]
    fn has(&self, key: u64) -> bool {
        let (word, bit) = self.place(key);
        self.twice[word].load(Relaxed) & bit != 0
    }
}

/// How often keys were added; an open table of at most half its places.
#[derive(Default)]
struct Counts {
    /// A key and its place in `found`.
    slots: Vec<(u64, u32)>,
    found: Vec<(u64, u32)>,
}

impl Counts {
    /// The key's number.
    #[inline]
    fn add(&mut self, key: u64) -> u32 {
        if self.found.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let mut at = key as usize & mask;
        loop {
            let slot = &mut self.slots[at];
            if slot.0 == key {
                self.found[slot.1 as usize].1 += 1;
                return slot.1;
            }
            if slot.0 == 0 {
                *slot = (key, self.found.len() as u32);
                self.found.push((key, 1));
                return slot.1;
            }
            at = (at + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let n_slots = (self.slots.len() * 2).max(1 << 10);
        self.slots.clear();
        self.slots.resize(n_slots, (0, 0));
        for (id, &(key, _)) in self.found.iter().enumerate() {
            let mut at = key as usize & (n_slots - 1);
            while self.slots[at].0 != 0 {
                at = (at + 1) & (n_slots - 1);
            }
            self.slots[at] = (key, id as u32);
        }
    }
}

/// The column of each key.
#[derive(Clone, Debug, PartialEq)]
struct Table {
    keys: Vec<u64>,
    columns: Vec<u32>,
}

impl Table {
    fn of(keys: &[u64]) -> Self {
        let n_slots = (keys.len() * 2).next_power_of_two().max(8);
        let mut table = Table { keys: vec![0; n_slots], columns: vec![0; n_slots] };
        for (column, &key) in keys.iter().enumerate() {
            let mut at = key as usize & (n_slots - 1);
            while table.keys[at] != 0 {
                at = (at + 1) & (n_slots - 1);
            }
            table.keys[at] = key;
            table.columns[at] = column as u32;
        }
        table
    }

    #[inline]
    fn get(&self, key: u64) -> Option<u32> {
        let mask = self.keys.len() - 1;
        let mut at = key as usize & mask;
        loop {
            match self.keys[at] {
                found if found == key => return Some(self.columns[at]),
                0 => return None,
                _ => at = (at + 1) & mask,
            }
        }
    }
}
