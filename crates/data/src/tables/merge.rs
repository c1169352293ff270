//! Keyed tables: the last row of a key wins. New rows are staged as they are; then the files that hold a replaced row
//! are written anew without it, together with the new rows that no later one replaces.
//!
//! Memory is bounded: of the keys of new rows so many are looked at together as
//! [`PartLimits::keys_in_memory_max`](super::PartLimits) says, about 25 bytes each; a larger import takes several passes
//! over the key columns. Beside that, each row of the table and of the import costs one bit.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;

use datafusion::arrow::array::{AsArray, BooleanArray, BooleanBufferBuilder};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::arrow::row::{RowConverter, SortField};
use domain::TableSpec;
use rustc_hash::{FxHashMap, FxHasher};

use super::manifest::{FileEntry, Manifest};
use super::schema::data_type;
use super::staging::Staged;
use super::writer::Change;
use super::{PartsWriter, Tables, read};
use crate::DataError;

/// Files smaller than this are folded into the new one on the occasion.
pub(crate) const SMALL_FILE_ROWS: u64 = 16 << 10;

/// A key's digest: 128 bits, so that two keys of one shop never meet.
type KeyDigest = (u64, u64);

/// The change that lays the rows of `staged` over the table.
pub(crate) fn merge(
    tables: &Tables,
    spec: &'static TableSpec,
    manifest: &Manifest,
    staged: Staged,
) -> Result<Change, DataError> {
    let folder = tables.folder(spec);
    let marks = Marks::find(&folder, spec, manifest, &staged, tables.limits().keys_in_memory_max)?;
    let is_rewritten = |(file, stays): &(&FileEntry, &BooleanBuffer)| {
        staged.n_rows > 0 && (stays.count_set_bits() < stays.len() || file.n_rows < SMALL_FILE_ROWS)
    };
    let rewritten: Vec<_> = manifest.files.iter().zip(&marks.stays).filter(is_rewritten).collect();
    let n_replaced = rewritten.iter().map(|(_, stays)| unset(stays)).sum::<u64>() + unset(&marks.wins);
    let job = tables.start_job(spec)?;
    let mut parts = tables.parts_writer(spec, &job);
    for (file, stays) in &rewritten {
        copy(read::batches(&folder, spec, file, None)?, stays, &mut parts)?;
    }
    copy(staged.batches(None)?, &marks.wins, &mut parts)?;
    let removed = rewritten.iter().map(|(file, _)| file.path.clone()).collect();
    Ok(Change { added: parts.finish()?, removed, n_replaced })
}

fn unset(marks: &BooleanBuffer) -> u64 {
    (marks.len() - marks.count_set_bits()) as u64
}

/// Copies the marked rows, one mark per row.
fn copy(
    batches: impl Iterator<Item = Result<RecordBatch, DataError>>,
    marks: &BooleanBuffer,
    parts: &mut PartsWriter,
) -> Result<(), DataError> {
    let mut row = 0;
    for batch in batches {
        let batch = batch?;
        let keep = BooleanArray::new(marks.slice(row, batch.num_rows()), None);
        row += batch.num_rows();
        let kept = keep.true_count() == batch.num_rows();
        parts.write(&if kept { batch } else { filter_record_batch(&batch, &keep).map_err(DataError::arrow)? })?;
    }
    Ok(())
}

pub(crate) fn filtered(batch: &RecordBatch, keep: Vec<bool>) -> Result<RecordBatch, DataError> {
    filter_record_batch(batch, &BooleanArray::from(keep)).map_err(DataError::arrow)
}

/// Which rows remain.
struct Marks {
    /// One bit per staged row, all files together: whether no later staged row has its key.
    wins: BooleanBuffer,
    /// For each file of the table, one bit per row: whether no staged row has its key.
    stays: Vec<BooleanBuffer>,
}

impl Marks {
    fn find(
        folder: &Path,
        spec: &'static TableSpec,
        manifest: &Manifest,
        staged: &Staged,
        keys_in_memory_max: u64,
    ) -> Result<Marks, DataError> {
        let n_staged = staged.n_rows;
        let n_passes = n_staged.div_ceil(keys_in_memory_max.max(1)).max(1);
        let mut wins = filled(n_staged, false);
        let mut stays: Vec<_> = manifest.files.iter().map(|file| filled(file.n_rows, true)).collect();
        let mut keys = Keys::new(spec)?;
        for pass in 0..n_passes {
            let mut last_row: FxHashMap<KeyDigest, usize> = FxHashMap::default();
            last_row.reserve((n_staged / n_passes) as usize);
            keys.each(staged.batches(Some(spec.key))?, &mut |row, key| {
                if key.0 % n_passes == pass {
                    last_row.insert(key, row);
                }
            })?;
            last_row.values().for_each(|&row| wins.set_bit(row, true));
            for (file, stays) in manifest.files.iter().zip(&mut stays) {
                keys.each(read::batches(folder, spec, file, Some(spec.key))?, &mut |row, key| {
                    if key.0 % n_passes == pass && last_row.contains_key(&key) {
                        stays.set_bit(row, false);
                    }
                })?;
            }
        }
        Ok(Marks { wins: wins.finish(), stays: stays.iter_mut().map(BooleanBufferBuilder::finish).collect() })
    }
}

fn filled(n: u64, bit: bool) -> BooleanBufferBuilder {
    let mut bits = BooleanBufferBuilder::new(n as usize);
    bits.append_n(n as usize, bit);
    bits
}

/// Digests the key columns of rows; null is a value of its own.
struct Keys {
    names: &'static [&'static str],
    converter: RowConverter,
    random: RandomState,
}

impl Keys {
    fn new(spec: &'static TableSpec) -> Result<Self, DataError> {
        let kind = |name: &&str| spec.column(name).expect("a key is a column").kind;
        let fields = spec.key.iter().map(|name| SortField::new(data_type(kind(name)))).collect();
        let converter = RowConverter::new(fields).map_err(DataError::arrow)?;
        Ok(Keys { names: spec.key, converter, random: RandomState::new() })
    }

    /// Tells `see` the number of each row, from 0, and its key.
    fn each(
        &mut self,
        batches: impl Iterator<Item = Result<RecordBatch, DataError>>,
        see: &mut dyn FnMut(usize, KeyDigest),
    ) -> Result<(), DataError> {
        let mut n_rows = 0;
        for batch in batches {
            let batch = batch?;
            let column = |name: &&str| batch.column_by_name(name).expect("the key was projected").clone();
            let columns: Vec<_> = self.names.iter().map(column).collect();
            if let [column] = &columns[..]
                && column.data_type() == &DataType::Utf8
            {
                let texts = column.as_string::<i32>().iter().zip(n_rows..);
                texts.for_each(|(text, row)| see(row, text.map_or((0, 0), |text| self.digest(text.as_bytes()))));
            } else {
                let rows = self.converter.convert_columns(&columns).map_err(DataError::arrow)?;
                rows.iter().zip(n_rows..).for_each(|(key, row)| see(row, self.digest(key.as_ref())));
            }
            n_rows += batch.num_rows();
        }
        Ok(())
    }

    /// Two hashes of 64 bits. The first is SipHash with a secret of this run: nobody can make keys that meet in it. The
    /// second is quick and makes a meeting by chance as good as impossible.
    fn digest(&self, bytes: &[u8]) -> KeyDigest {
        let mut secret = self.random.build_hasher();
        let mut quick = FxHasher::default();
        secret.write(bytes);
        quick.write(bytes);
        (secret.finish(), quick.finish())
    }
}
