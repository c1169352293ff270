//! Keeps the records of all customers by week: in memory while they fit, else in one compressed temporary file per
//! week. Reading a week gives its records in time order, customers in order where times are equal.

use std::fs::File;
use std::io::{Read, Write};

use domain::{Day, Millis};

use super::journey::Record;
use super::{Settings, SimulateError, calendar};

const RECORD_BYTES: usize = 40;

pub struct Spool {
    first: Day,
    weeks: Vec<Vec<Record>>,
    files: Vec<Option<File>>,
    n_in_memory: usize,
    n_in_memory_max: usize,
    spill_dir: std::path::PathBuf,
}

impl Spool {
    pub fn new(settings: &Settings) -> Spool {
        let n_weeks = (settings.n_days as usize).div_ceil(7);
        Spool {
            first: settings.first(),
            weeks: vec![Vec::new(); n_weeks],
            files: (0..n_weeks).map(|_| None).collect(),
            n_in_memory: 0,
            n_in_memory_max: settings.records_in_memory_max,
            spill_dir: settings.spill_dir.clone(),
        }
    }

    pub fn n_weeks(&self) -> usize {
        self.weeks.len()
    }

    pub fn push(&mut self, records: &[Record]) -> Result<(), SimulateError> {
        for record in records {
            let day = calendar::local_day(Millis(record.at)).0 - self.first.0;
            let week = (day.max(0) as usize / 7).min(self.weeks.len() - 1);
            self.weeks[week].push(*record);
        }
        self.n_in_memory += records.len();
        if self.n_in_memory > self.n_in_memory_max { self.spill() } else { Ok(()) }
    }

    fn failed(&self, source: std::io::Error) -> SimulateError {
        SimulateError::Spill { path: self.spill_dir.clone(), source }
    }

    fn spill(&mut self) -> Result<(), SimulateError> {
        for week in 0..self.weeks.len() {
            let records = std::mem::take(&mut self.weeks[week]);
            self.append(week, &records).map_err(|error| self.failed(error))?;
        }
        self.n_in_memory = 0;
        Ok(())
    }

    /// Each spill is a frame of its own; frames read back as one stream.
    fn append(&mut self, week: usize, records: &[Record]) -> std::io::Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        if self.files[week].is_none() {
            self.files[week] = Some(tempfile::tempfile_in(&self.spill_dir)?);
        }
        let Some(file) = &mut self.files[week] else { return Ok(()) };
        let mut encoder = zstd::Encoder::new(file, 1)?;
        let mut buffer = Vec::with_capacity(RECORD_BYTES * 4096);
        for chunk in records.chunks(4096) {
            buffer.clear();
            chunk.iter().for_each(|record| write_record(record, &mut buffer));
            encoder.write_all(&buffer)?;
        }
        encoder.finish().map(|_| ())
    }

    /// The records of a week, in time order.
    pub fn week(&self, week: usize) -> Result<Vec<Record>, SimulateError> {
        let mut records = Vec::new();
        if let Some(file) = &self.files[week] {
            records = read_all(file).map_err(|error| self.failed(error))?;
        }
        records.extend_from_slice(&self.weeks[week]);
        records.sort_by_key(|record| record.at);
        Ok(records)
    }
}

fn read_all(file: &File) -> std::io::Result<Vec<Record>> {
    use std::io::{BufReader, Seek, SeekFrom};
    let mut file = file;
    file.seek(SeekFrom::Start(0))?;
    let mut decoder = BufReader::with_capacity(1 << 18, zstd::Decoder::new(file)?);
    let (mut records, mut bytes) = (Vec::new(), [0u8; RECORD_BYTES]);
    loop {
        match decoder.read_exact(&mut bytes) {
            Ok(()) => records.push(read_record(&bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(records),
            Err(error) => return Err(error),
        }
    }
}

fn write_record(record: &Record, out: &mut Vec<u8>) {
    out.extend_from_slice(&record.at.to_le_bytes());
    for word in [record.customer, record.product, record.session, record.detail, record.price_cents, record.list_cents]
    {
        out.extend_from_slice(&word.to_le_bytes());
    }
    out.extend_from_slice(&record.campaign.to_le_bytes());
    out.extend_from_slice(&[record.kind, record.channel, record.quantity, record.value, record.order, record.flag]);
}

fn read_record(bytes: &[u8; RECORD_BYTES]) -> Record {
    let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    Record {
        at: i64::from(word(0)) | i64::from(word(4)) << 32,
        customer: word(8),
        product: word(12),
        session: word(16),
        detail: word(20),
        price_cents: word(24),
        list_cents: word(28),
        campaign: u16::from_le_bytes([bytes[32], bytes[33]]),
        kind: bytes[34],
        channel: bytes[35],
        quantity: bytes[36],
        value: bytes[37],
        order: bytes[38],
        flag: bytes[39],
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Language, Size};
    use super::*;

    fn record(index: u32) -> Record {
        Record {
            at: 1_700_000_000_000 + i64::from(index * 7919 % 5000) * 3_600_000,
            customer: index,
            product: index ^ 0xABCD,
            session: 3,
            detail: u32::MAX - index,
            price_cents: 99_900,
            list_cents: 109_900,
            campaign: 7,
            kind: 5,
            channel: 11,
            quantity: 2,
            value: 4,
            order: 9,
            flag: 1,
        }
    }

    #[test]
    fn spilled_records_come_back_as_those_kept() {
        let mut settings = Settings::new(Size::Tiny, 1, "2024-06-30".parse().unwrap(), Language::En);
        let records: Vec<Record> = (0..3000).map(record).collect();
        let read = |settings: &Settings| {
            let mut spool = Spool::new(settings);
            records.chunks(100).for_each(|chunk| spool.push(chunk).unwrap());
            let all: Vec<Record> = (0..spool.n_weeks()).flat_map(|week| spool.week(week).unwrap()).collect();
            (all, spool.files.iter().flatten().count())
        };
        let (kept, files_of_kept) = read(&settings);
        settings.records_in_memory_max = 700;
        let (spilled, files_of_spilled) = read(&settings);
        assert_eq!((kept.len(), files_of_kept), (3000, 0));
        assert!(files_of_spilled > 10);
        assert_eq!(kept, spilled);
        assert!(kept.is_sorted_by_key(|record| record.at));
    }
}
