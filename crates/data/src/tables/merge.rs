//! Keyed tables: the last row of a key wins. New rows are staged like any import; then the files that hold a replaced
//! row are written anew without it, together with the new rows. Memory: 24 bytes and a little for each new row.

use std::path::Path;

use datafusion::arrow::array::BooleanArray;
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::arrow::row::{RowConverter, SortField};
use domain::TableSpec;
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use super::manifest::{FileEntry, Manifest};
use super::schema::data_type;
use super::writer::Change;
use super::{FinishedParts, PartsWriter, Tables, read};
use crate::DataError;

/// Files smaller than this are folded into the new one on the occasion.
const SMALL_FILE_ROWS: u64 = 16 << 10;

/// A key's digest: 128 bits, so that two keys of one shop never meet.
type KeyDigest = u128;

/// The change that lays the rows of `staged` over the table.
pub(crate) fn merge(
    tables: &Tables,
    spec: &'static TableSpec,
    manifest: &Manifest,
    staged: FinishedParts,
) -> Result<Change, DataError> {
    let folder = tables.folder(spec);
    let mut keys = Keys::new(spec)?;
    let (last_row, n_staged) = last_rows(&folder, spec, &staged.files, &mut keys)?;
    let mut n_replaced = n_staged - last_row.len() as u64;
    let job = tables.start_job(spec)?;
    let mut parts = tables.parts_writer(spec, &job);
    let mut removed = Vec::new();
    for file in &manifest.files {
        let n_hits = hits(&folder, spec, file, &mut keys, &last_row)?;
        if n_hits == 0 && file.n_rows >= SMALL_FILE_ROWS {
            continue;
        }
        n_replaced += n_hits;
        removed.push(file.path.clone());
        copy_others(&folder, spec, file, &mut keys, &last_row, &mut parts)?;
    }
    copy_winners(&folder, spec, &staged.files, &mut keys, &last_row, &mut parts)?;
    Ok(Change { added: parts.finish()?, removed, n_replaced })
}

/// The last row number of each staged key, and how many rows were staged.
fn last_rows(
    folder: &Path,
    spec: &'static TableSpec,
    staged: &[FileEntry],
    keys: &mut Keys,
) -> Result<(FxHashMap<KeyDigest, u64>, u64), DataError> {
    let mut last_row = FxHashMap::default();
    let mut n_rows = 0;
    for file in staged {
        for batch in read::batches(folder, spec, file, Some(spec.key))? {
            for digest in keys.digests(&batch?)? {
                last_row.insert(digest, n_rows);
                n_rows += 1;
            }
        }
    }
    Ok((last_row, n_rows))
}

fn hits(
    folder: &Path,
    spec: &'static TableSpec,
    file: &FileEntry,
    keys: &mut Keys,
    new: &FxHashMap<KeyDigest, u64>,
) -> Result<u64, DataError> {
    let mut n = 0;
    for batch in read::batches(folder, spec, file, Some(spec.key))? {
        n += keys.digests(&batch?)?.iter().filter(|digest| new.contains_key(digest)).count() as u64;
    }
    Ok(n)
}

/// Copies the rows of an older file whose key is not new.
fn copy_others(
    folder: &Path,
    spec: &'static TableSpec,
    file: &FileEntry,
    keys: &mut Keys,
    new: &FxHashMap<KeyDigest, u64>,
    parts: &mut PartsWriter,
) -> Result<(), DataError> {
    for batch in read::batches(folder, spec, file, None)? {
        let batch = batch?;
        let keep: Vec<bool> = keys.digests(&batch)?.iter().map(|digest| !new.contains_key(digest)).collect();
        parts.write(&filtered(&batch, keep)?)?;
    }
    Ok(())
}

/// Copies the staged rows that no later staged row replaces.
fn copy_winners(
    folder: &Path,
    spec: &'static TableSpec,
    staged: &[FileEntry],
    keys: &mut Keys,
    last_row: &FxHashMap<KeyDigest, u64>,
    parts: &mut PartsWriter,
) -> Result<(), DataError> {
    let mut row = 0;
    for file in staged {
        for batch in read::batches(folder, spec, file, None)? {
            let batch = batch?;
            let digests = keys.digests(&batch)?;
            let keep = digests.iter().zip(row..).map(|(digest, row)| last_row.get(digest) == Some(&row)).collect();
            row += digests.len() as u64;
            parts.write(&filtered(&batch, keep)?)?;
        }
    }
    Ok(())
}

pub(crate) fn filtered(batch: &RecordBatch, keep: Vec<bool>) -> Result<RecordBatch, DataError> {
    filter_record_batch(batch, &BooleanArray::from(keep)).map_err(DataError::arrow)
}

/// Digests the key columns of rows; null is a value of its own.
struct Keys {
    names: &'static [&'static str],
    converter: RowConverter,
}

impl Keys {
    fn new(spec: &'static TableSpec) -> Result<Self, DataError> {
        let kind = |name: &&str| spec.column(name).expect("a key is a column").kind;
        let fields = spec.key.iter().map(|name| SortField::new(data_type(kind(name)))).collect();
        Ok(Keys { names: spec.key, converter: RowConverter::new(fields).map_err(DataError::arrow)? })
    }

    fn digests(&mut self, batch: &RecordBatch) -> Result<Vec<KeyDigest>, DataError> {
        let column = |name: &&str| batch.column_by_name(name).expect("the key was projected").clone();
        let columns: Vec<_> = self.names.iter().map(column).collect();
        let rows = self.converter.convert_columns(&columns).map_err(DataError::arrow)?;
        let digest = |row: datafusion::arrow::row::Row<'_>| {
            let bytes = Sha256::digest(row.as_ref());
            KeyDigest::from_le_bytes(bytes[..16].try_into().expect("a SHA-256 has 32 bytes"))
        };
        Ok(rows.iter().map(digest).collect())
    }
}
