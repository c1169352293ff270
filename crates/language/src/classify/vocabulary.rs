//! From n-grams to columns: which n-grams of the training texts are kept, and the rows that texts become: sub-linear
//! counts, inverse document frequencies, length 1, as scikit-learn's `TfidfVectorizer` weighs them. No classifier.

use math::Csr;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::levels::{Chunk, Counted, NONE};
use super::ngrams::{Cutter, Grams};
use crate::LanguageError;

/// Texts cut by one task.
const CHUNK: usize = 256;

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
    /// N-grams that were dropped or never seen count for a row's length, each as the rarest that is kept: of a text of which
    /// little is known, the little says little. Without it, what is known of a misspelt question is all of it.
    #[serde(default)]
    pub with_unknown: bool,
}

impl Block {
    /// Sub-linear TF-IDF of n-grams that two texts have.
    pub const fn tf_idf(grams: Grams) -> Self {
        Block { grams, min_df: 2, weight: 1.0, sublinear: true, idf: true, with_unknown: false }
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
        let Counted { grams, chunks } = Counted::of(texts, &block.grams, block.min_df.max(1));
        let mut kept: Vec<u32> = (0..grams.len() as u32).filter(|&gram| grams[gram as usize].1 > 0).collect();
        let of = |gram: u32| grams[gram as usize];
        kept.par_sort_unstable_by(|&x, &y| of(y).1.cmp(&of(x).1).then(of(x).0.cmp(&of(y).0)));
        if n_max > 0 {
            kept.truncate(n_max);
        }
        let mut columns = vec![NONE; grams.len()];
        kept.iter().zip(0..).for_each(|(&gram, column)| columns[gram as usize] = column);
        let n = texts.len() as f64;
        let idf = |df: u32| if block.idf { (((1.0 + n) / (1.0 + f64::from(df))).ln() + 1.0) as f32 } else { 1.0 };
        let idf = kept.iter().map(|&gram| idf(of(gram).1)).collect();
        let vocabulary = Vocabulary::of(block, kept.iter().map(|&gram| of(gram).0).collect(), idf);
        if block.with_unknown {
            // What was dropped is not in the chunks any more.
            let rows = rows(texts, std::slice::from_ref(&vocabulary));
            return Ok((vocabulary, rows));
        }
        let parts = chunks.into_par_iter().map(|chunk| vocabulary.rows_of_chunk(&chunk, &columns)).collect();
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
        let mut unknown = 0f64;
        for &(key, count) in cutter.count(text, &self.block.grams) {
            match self.table.get(key) {
                Some(column) => row.push((column + offset, self.value(column, count))),
                None if self.block.with_unknown => {
                    unknown += f64::from(self.tf(count) * self.idf.last().copied().unwrap_or(1.0)).powi(2);
                }
                None => {}
            }
        }
        let row = &mut row[first..];
        row.sort_unstable_by_key(|cell| cell.0);
        let scale = self.scale(row.iter().map(|cell| cell.1), unknown);
        row.iter_mut().for_each(|cell| cell.1 = (f64::from(cell.1) * scale) as f32);
    }

    /// Before the row is brought to its length.
    #[inline]
    fn value(&self, column: u32, count: u32) -> f32 {
        self.tf(count) * self.idf[column as usize]
    }

    #[inline]
    fn tf(&self, count: u32) -> f32 {
        if !self.block.sublinear {
            count as f32
        } else if count == 1 {
            1.0
        } else {
            1.0 + (count as f32).ln()
        }
    }

    /// What brings a row to its length. `unknown`: the squared length of what has no column.
    fn scale(&self, values: impl Iterator<Item = f32>, unknown: f64) -> f64 {
        let length = (values.map(|value| f64::from(value).powi(2)).sum::<f64>() + unknown).sqrt();
        if length > 0.0 { f64::from(self.block.weight) / length } else { 1.0 }
    }

    /// Rows of counted texts. Shape of `columns`: (counted n-grams).
    fn rows_of_chunk(&self, chunk: &Chunk, columns: &[u32]) -> Part {
        let (mut lengths, mut indices, mut values) = (Vec::new(), Vec::new(), Vec::new());
        chunk.each_text(|row| {
            row.iter_mut().for_each(|gram| *gram = columns[*gram as usize]);
            row.retain(|&column| column != NONE);
            row.sort_unstable();
            let start = values.len();
            for same in row.chunk_by(|x, y| x == y) {
                indices.push(same[0]);
                values.push(self.value(same[0], same.len() as u32));
            }
            let scale = self.scale(values[start..].iter().copied(), 0.0);
            values[start..].iter_mut().for_each(|value| *value = (f64::from(*value) * scale) as f32);
            lengths.push(values.len() - start);
        });
        (lengths, indices, values)
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

/// Rows of the same columns, one matrix below the other.
pub(super) fn below(mut above: Csr, other: &Csr) -> Csr {
    let stored = above.indices.len();
    above.indptr.extend(other.indptr.iter().skip(1).map(|end| stored + end));
    above.indices.extend_from_slice(&other.indices);
    above.values.extend_from_slice(&other.values);
    above.n_rows += other.n_rows;
    above
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
