//! A selector as bytes: magic, version, parts in a fixed order, checksum; all little-endian.

use super::association::Association;
use super::memory::Memory;
use super::ranker::Ranker;
use super::reading::{Sparse, Vocabulary};
use super::towers::{DIM, Towers};
use super::{N_FEATURES, Selector};
use crate::AssistError;

const MAGIC: &[u8; 8] = b"TERCETSL";
const VERSION: u32 = 1;

struct Writer(Vec<u8>);

impl Writer {
    fn new() -> Self {
        let mut writer = Writer(MAGIC.to_vec());
        writer.u32(VERSION);
        writer
    }

    fn u32(&mut self, value: u32) {
        self.0.extend(value.to_le_bytes());
    }

    fn u64(&mut self, value: u64) {
        self.0.extend(value.to_le_bytes());
    }

    fn f32s(&mut self, values: &[f32]) {
        values.iter().for_each(|value| self.0.extend(value.to_le_bytes()));
    }

    fn finish(mut self) -> Vec<u8> {
        let sum = checksum(&self.0);
        self.u64(sum);
        self.0
    }
}

/// FNV-1a over eight bytes at a time: finds damage, proves nothing.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.chunks(8).fold(0xcbf2_9ce4_8422_2325, |sum, eight| {
        let value = eight.iter().rev().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
        (sum ^ value).wrapping_mul(0x0100_0000_01b3)
    })
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self, AssistError> {
        let corrupt = |what: &str| AssistError::Corrupt(what.to_owned());
        let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| corrupt("it is no selector of replies"))?;
        let (body, sum) = rest.split_last_chunk::<8>().ok_or_else(|| corrupt("it is cut short"))?;
        if checksum(&bytes[..bytes.len() - 8]) != u64::from_le_bytes(*sum) {
            return Err(corrupt("its checksum does not fit"));
        }
        let mut reader = Reader(body);
        match reader.u32()? {
            VERSION => Ok(reader),
            other => Err(AssistError::Corrupt(format!("its version is {other}, this program reads {VERSION}"))),
        }
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], AssistError> {
        let (taken, rest) =
            self.0.split_at_checked(n).ok_or_else(|| AssistError::Corrupt("it is cut short".to_owned()))?;
        self.0 = rest;
        Ok(taken)
    }

    fn u32(&mut self) -> Result<u32, AssistError> {
        Ok(u32::from_le_bytes(self.take(4)?.try_into().expect("four bytes")))
    }

    fn u64(&mut self) -> Result<u64, AssistError> {
        Ok(u64::from_le_bytes(self.take(8)?.try_into().expect("eight bytes")))
    }

    /// A number of things of at least so many bytes each, which must be there.
    fn size(&mut self, what: &str, bytes_each: usize) -> Result<usize, AssistError> {
        let n = self.u64()?;
        let fits = usize::try_from(n).ok().filter(|n| n.checked_mul(bytes_each).is_some_and(|all| all <= self.0.len()));
        fits.ok_or_else(|| AssistError::Corrupt(format!("{n} {what} are announced, more than there are bytes")))
    }

    fn f32s(&mut self, n: usize) -> Result<Vec<f32>, AssistError> {
        let bytes = n.checked_mul(4).ok_or_else(|| AssistError::Corrupt("a size is too large".to_owned()))?;
        let value = |four: &[u8]| f32::from_le_bytes(four.try_into().expect("four bytes"));
        finite(self.take(bytes)?.chunks_exact(4).map(value).collect())
    }

    fn end(&self) -> Result<(), AssistError> {
        match self.0.is_empty() {
            true => Ok(()),
            false => Err(AssistError::Corrupt(format!("{} bytes follow its end", self.0.len()))),
        }
    }
}

impl Selector {
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u64(self.vocabulary.len() as u64);
        self.vocabulary.keys.iter().for_each(|&key| writer.u64(key));
        writer.f32s(&self.vocabulary.weights);
        writer.f32s(&[self.vocabulary.unknown]);
        for association in [&self.forward, &self.backward] {
            writer.u64(association.words.len() as u64);
            association.starts.iter().chain(&association.words).for_each(|&value| writer.u32(value));
            writer.f32s(&association.chances);
            writer.f32s(&association.background);
        }
        writer.f32s(&self.towers.contexts);
        writer.f32s(&self.towers.replies);
        writer.u64(self.memory.contexts.len() as u64);
        for sparse in self.memory.contexts.iter().chain(&self.memory.replies) {
            writer.u64(sparse.len() as u64);
            sparse.iter().for_each(|&(unit, _)| writer.u64(unit));
            writer.f32s(&sparse.iter().map(|&(_, value)| value).collect::<Vec<_>>());
        }
        for values in [&self.ranker.means, &self.ranker.scales, &self.ranker.weights] {
            writer.f32s(values);
        }
        writer.finish()
    }

    /// # Errors
    /// If the bytes are damaged, cut short, or of something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AssistError> {
        let mut reader = Reader::new(bytes)?;
        let n = reader.size("units", 12)?;
        let keys = u64s(&mut reader, n)?;
        let weights = reader.f32s(n)?;
        let unknown = reader.f32s(1)?[0];
        if !keys.is_sorted() {
            return Err(AssistError::Corrupt("units are out of order".to_owned()));
        }
        let [forward, backward] = [association(&mut reader, n)?, association(&mut reader, n)?];
        let contexts = reader.f32s(n * DIM)?;
        let replies = reader.f32s(n * DIM)?;
        let memory = memory(&mut reader)?;
        let mut row = || -> Result<[f32; N_FEATURES], AssistError> {
            Ok(reader.f32s(N_FEATURES)?.try_into().expect("as many as were asked for"))
        };
        let ranker = Ranker { means: row()?, scales: row()?, weights: row()? };
        reader.end()?;
        let vocabulary = Vocabulary::of(keys, weights, unknown);
        Ok(Selector { vocabulary, forward, backward, towers: Towers { contexts, replies }, memory, ranker })
    }
}

fn finite(values: Vec<f32>) -> Result<Vec<f32>, AssistError> {
    match values.iter().all(|value| value.is_finite()) {
        true => Ok(values),
        false => Err(AssistError::Corrupt("a number is not finite".to_owned())),
    }
}

fn u64s(reader: &mut Reader, n: usize) -> Result<Vec<u64>, AssistError> {
    (0..n).map(|_| reader.u64()).collect()
}

fn association(reader: &mut Reader, n_words: usize) -> Result<Association, AssistError> {
    let n = reader.size("pairs of words", 8)?;
    let mut u32s = |n: usize| (0..n).map(|_| reader.u32()).collect::<Result<Vec<u32>, _>>();
    let (starts, words) = (u32s(n_words + 1)?, u32s(n)?);
    let fits =
        starts.is_sorted() && starts.last() == Some(&(n as u32)) && words.iter().all(|&word| (word as usize) < n_words);
    if !fits {
        return Err(AssistError::Corrupt("pairs of words do not fit together".to_owned()));
    }
    let chances = reader.f32s(n)?;
    let background = reader.f32s(n_words)?;
    if background.iter().any(|chance| *chance <= 0.0) || chances.iter().any(|chance| *chance < 0.0) {
        return Err(AssistError::Corrupt("a chance is not above 0".to_owned()));
    }
    Ok(Association { starts, words, chances, background })
}

fn memory(reader: &mut Reader) -> Result<Memory, AssistError> {
    let n = reader.size("exchanges", 16)?;
    let mut all: Vec<Sparse> = Vec::with_capacity(2 * n);
    for _ in 0..2 * n {
        let len = reader.size("units of a text", 12)?;
        let units = u64s(reader, len)?;
        if !units.is_sorted() {
            return Err(AssistError::Corrupt("units of a text are out of order".to_owned()));
        }
        all.push(units.into_iter().zip(reader.f32s(len)?).collect());
    }
    let replies = all.split_off(n);
    Ok(Memory::of(all, replies))
}
