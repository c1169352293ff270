//! Streams rows into the Parquet files ("parts") of one new folder, in bounded memory: one open part per month of the
//! partition column, row groups written out when together they grow too large, parts closed when they are large
//! enough. Knows nothing of manifests; a folder that is not adopted is removed on drop.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use datafusion::arrow::array::{AsArray, UInt32Array};
use datafusion::arrow::compute::{concat_batches, take_record_batch};
use datafusion::arrow::datatypes::{SchemaRef, TimestampMillisecondType};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use domain::TableSpec;

use super::manifest::FileEntry;
use super::schema::schema;
use crate::DataError;
use crate::files::{self, DigestFile, Hook};

/// When parts are closed and memory is given back.
#[derive(Clone, Debug)]
pub struct PartLimits {
    pub part_bytes_max: usize,
    pub part_rows_max: u64,
    pub memory_bytes_max: usize,
    pub open_parts_max: usize,
    /// Keys of new rows that a keyed table's merge looks at together.
    pub keys_in_memory_max: u64,
}

impl Default for PartLimits {
    fn default() -> Self {
        PartLimits {
            part_bytes_max: 128 << 20,
            part_rows_max: 8 << 20,
            memory_bytes_max: 192 << 20,
            open_parts_max: 200,
            // What a hash table of 2^21 slots takes.
            keys_in_memory_max: 1_800_000,
        }
    }
}

const ROW_GROUP_ROWS_MAX: usize = 256 << 10;
/// Rows of one month gathered before they are encoded; many months at once make small slices.
const GATHER_ROWS: usize = 4096;
/// How many rows may pass between two looks at the memory in use.
const MEMORY_CHECK_ROWS: usize = 64 << 10;

/// Months since year 0 in UTC.
type Month = i64;

pub(crate) struct PartsWriter {
    schema: SchemaRef,
    /// Index of the partition column.
    time_at: Option<usize>,
    folder: PathBuf,
    /// Name of `folder` inside the table's folder.
    job: String,
    limits: PartLimits,
    hook: Hook,
    open: BTreeMap<Option<Month>, Part>,
    done: Vec<FileEntry>,
    n_parts: usize,
    rows_since_check: usize,
    n_writes: u64,
    adopted: bool,
}

struct Part {
    path: PathBuf,
    name: String,
    month: Option<Month>,
    writer: ArrowWriter<DigestFile>,
    gathered: Vec<RecordBatch>,
    gathered_rows: usize,
    n_rows: u64,
    times: Option<(i64, i64)>,
    last_write: u64,
}

impl PartsWriter {
    /// Writes into `table_folder/job`, which must exist and be empty.
    pub(crate) fn new(
        spec: &'static TableSpec,
        table_folder: &Path,
        job: String,
        limits: PartLimits,
        hook: Hook,
    ) -> Self {
        let schema = schema(spec);
        let time_at = spec.partition.map(|name| schema.index_of(name).expect("the partition is a column"));
        let folder = table_folder.join(&job);
        let (open, done) = (BTreeMap::new(), Vec::new());
        PartsWriter {
            schema,
            time_at,
            folder,
            job,
            limits,
            hook,
            open,
            done,
            n_parts: 0,
            rows_since_check: 0,
            n_writes: 0,
            adopted: false,
        }
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), DataError> {
        match self.time_at {
            Some(at) if batch.num_rows() > 0 => {
                let months = months_of(batch.column(at).as_primitive::<TimestampMillisecondType>().values());
                for (month, slice) in split(batch, &months)? {
                    self.write_month(Some(month), slice)?;
                }
            }
            _ => self.write_month(None, batch.clone())?,
        }
        self.rows_since_check += batch.num_rows();
        if self.rows_since_check >= MEMORY_CHECK_ROWS {
            self.rows_since_check = 0;
            self.give_memory_back()?;
        }
        Ok(())
    }

    fn write_month(&mut self, month: Option<Month>, batch: RecordBatch) -> Result<(), DataError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        if !self.open.contains_key(&month) {
            self.make_room()?;
            let part = self.create_part(month)?;
            self.open.insert(month, part);
        }
        self.n_writes += 1;
        let part = self.open.get_mut(&month).expect("just opened");
        part.last_write = self.n_writes;
        part.add(batch, self.time_at)?;
        if part.is_full(&self.limits) {
            self.close_part(month)?;
        }
        Ok(())
    }

    fn create_part(&mut self, month: Option<Month>) -> Result<Part, DataError> {
        let label = month.map_or("all".to_owned(), month_label);
        let name = format!("{label}-{:04}.parquet", self.n_parts);
        self.n_parts += 1;
        let path = self.folder.join(&name);
        let file = DigestFile::create(&path, self.hook.clone())?;
        let writer = ArrowWriter::try_new(file, self.schema.clone(), Some(properties()))
            .map_err(DataError::parquet(&path, "start the file"))?;
        Ok(Part {
            path,
            name,
            month,
            writer,
            gathered: Vec::new(),
            gathered_rows: 0,
            n_rows: 0,
            times: None,
            last_write: 0,
        })
    }

    /// Closes the part idle for longest when too many are open.
    fn make_room(&mut self) -> Result<(), DataError> {
        if self.open.len() < self.limits.open_parts_max {
            return Ok(());
        }
        let idle = self.open.values().min_by_key(|part| part.last_write).map(|part| part.month);
        idle.map_or(Ok(()), |month| self.close_part(month))
    }

    /// Writes out row groups, the largest first, until the rest fits in half of what is allowed.
    fn give_memory_back(&mut self) -> Result<(), DataError> {
        let mut total: usize = self.open.values().map(|part| part.writer.memory_size()).sum();
        if total <= self.limits.memory_bytes_max {
            return Ok(());
        }
        let mut sizes: Vec<_> = self.open.iter().map(|(month, part)| (part.writer.memory_size(), *month)).collect();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        for (size, month) in sizes {
            if total <= self.limits.memory_bytes_max / 2 {
                break;
            }
            let part = self.open.get_mut(&month).expect("listed");
            part.writer.flush().map_err(DataError::parquet(&part.path, "write a row group"))?;
            total -= size;
        }
        Ok(())
    }

    fn close_part(&mut self, month: Option<Month>) -> Result<(), DataError> {
        let part = self.open.remove(&month).expect("only open parts are closed");
        let entry = part.close(&self.job)?;
        self.done.push(entry);
        Ok(())
    }

    /// Closes and syncs every part; the entries are for a manifest, in the order of creation.
    pub(crate) fn finish(mut self) -> Result<FinishedParts, DataError> {
        for month in self.open.keys().copied().collect::<Vec<_>>() {
            self.close_part(month)?;
        }
        files::sync_folder(&self.folder)?;
        self.done.sort_by(|a, b| a.path.cmp(&b.path));
        self.adopted = true;
        Ok(FinishedParts { folder: self.folder.clone(), files: std::mem::take(&mut self.done), adopted: false })
    }
}

impl Drop for PartsWriter {
    fn drop(&mut self) {
        if !self.adopted {
            self.open.clear();
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Parts that are on disk but in no manifest yet; removed on drop unless adopted.
pub(crate) struct FinishedParts {
    pub(crate) folder: PathBuf,
    pub(crate) files: Vec<FileEntry>,
    adopted: bool,
}

impl FinishedParts {
    pub(crate) fn adopt(mut self) {
        self.adopted = true;
    }
}

impl Drop for FinishedParts {
    fn drop(&mut self) {
        if !self.adopted {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

impl Part {
    fn add(&mut self, batch: RecordBatch, time_at: Option<usize>) -> Result<(), DataError> {
        if let Some(at) = time_at {
            for &time in batch.column(at).as_primitive::<TimestampMillisecondType>().values() {
                let (low, high) = self.times.unwrap_or((time, time));
                self.times = Some((low.min(time), high.max(time)));
            }
        }
        self.n_rows += batch.num_rows() as u64;
        self.gathered_rows += batch.num_rows();
        self.gathered.push(batch);
        if self.gathered_rows >= GATHER_ROWS { self.encode() } else { Ok(()) }
    }

    fn encode(&mut self) -> Result<(), DataError> {
        let Some(first) = self.gathered.first() else { return Ok(()) };
        let batch = match self.gathered.len() {
            1 => first.clone(),
            _ => concat_batches(&first.schema(), &self.gathered)
                .map_err(|error| DataError::Parquet { path: self.path.clone(), message: error.to_string() })?,
        };
        self.gathered.clear();
        self.gathered_rows = 0;
        self.writer.write(&batch).map_err(DataError::parquet(&self.path, "write rows"))
    }

    fn is_full(&self, limits: &PartLimits) -> bool {
        self.n_rows >= limits.part_rows_max
            || self.writer.bytes_written() + self.writer.in_progress_size() >= limits.part_bytes_max
    }

    fn close(mut self, job: &str) -> Result<FileEntry, DataError> {
        self.encode()?;
        let path = self.path;
        // Also writes the footer; calling `finish` before makes it refuse.
        let file = self.writer.into_inner().map_err(DataError::parquet(&path, "finish the file"))?;
        let (n_bytes, sha256) = file.finish().map_err(DataError::io(&path, "sync the file"))?;
        Ok(FileEntry {
            path: format!("{job}/{}", self.name),
            n_rows: self.n_rows,
            n_bytes,
            sha256,
            month: self.month.map(month_label),
            min_time: self.times.map(|(low, _)| low),
            max_time: self.times.map(|(_, high)| high),
        })
    }
}

pub(crate) fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).expect("1 is a level of zstd")))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS_MAX))
        .set_created_by("tercet".to_owned())
        .build()
}

/// The batch as one slice per month, months ascending, the order of rows kept within each.
fn split(batch: &RecordBatch, months: &[Month]) -> Result<Vec<(Month, RecordBatch)>, DataError> {
    if months.iter().all(|month| *month == months[0]) {
        return Ok(vec![(months[0], batch.clone())]);
    }
    let mut rows: BTreeMap<Month, Vec<u32>> = BTreeMap::new();
    for (row, month) in months.iter().enumerate() {
        rows.entry(*month).or_default().push(row as u32);
    }
    rows.into_iter()
        .map(|(month, rows)| {
            let slice = take_record_batch(batch, &UInt32Array::from(rows));
            Ok((month, slice.map_err(DataError::arrow)?))
        })
        .collect()
}

const DAY_MS: i64 = 86_400_000;

fn months_of(times: &[i64]) -> Vec<Month> {
    // Neighbouring rows mostly share a day, and a day lies in one month.
    let mut last = (i64::MIN, 0);
    let month = |time: &i64| {
        let day = time.div_euclid(DAY_MS);
        if day != last.0 {
            last = (day, month_of_day(day));
        }
        last.1
    };
    times.iter().map(month).collect()
}

/// Months since year 0 of a day since 1970, in the proleptic Gregorian calendar (Hinnant, "chrono-compatible
/// low-level date algorithms", civil_from_days).
fn month_of_day(day: i64) -> Month {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    (era * 400 + year_of_era) * 12 + month_from_march + 2
}

fn month_label(month: Month) -> String {
    format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Day;

    #[test]
    fn months_are_those_of_the_calendar() {
        for day in [-800_000, -1, 0, 30, 31, 58, 59, 11_016, 11_017, 19_782, 20_780, 2_000_000] {
            let date = Day(day).to_date().unwrap();
            let expected = i64::from(date.year()) * 12 + i64::from(date.month()) - 1;
            assert_eq!(month_of_day(i64::from(day)), expected, "{date}");
        }
        assert_eq!(month_label(month_of_day(20_780)), "2026-11");
    }
}
