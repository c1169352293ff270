//! Models of this folder as bytes: magic, version, parts in a fixed order, checksum; all little-endian. No compression.
//!
//! ```text
//! words     = "TERCETWV"  u32 version  u64 n_words  u64 dim  text × n_words  u64 count × n_words  f32 × n_words × dim
//!             u8 has_pieces  [u32 min  u32 max  u32 n_buckets  u64 n  u32 bucket × n  f32 × n × dim]  u64 checksum
//! documents = "TERCETDV"  u32 version  u64 n_words  u64 dim  f32 weight × n_words  f32 weight of the unknown
//!             u64 n_common  f32 × n_common × dim  u64 checksum
//! under way = "TERCETWU"  see `under_way`
//! text      = u32 n_bytes, UTF-8
//! ```

use math::Factors;

use super::subwords::Subwords;
use super::vocabulary::Vocabulary;
use super::word_vectors::{Pieces, WordVectors};
use crate::LanguageError;

const VERSION: u32 = 1;
/// Length of vectors that is believed.
pub(crate) const DIM_MAX: usize = 65_536;
const WORDS: &[u8; 8] = b"TERCETWV";

impl WordVectors {
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(WORDS);
        writer.u64(self.vocabulary().len() as u64);
        writer.u64(self.dim() as u64);
        self.vocabulary().words().iter().for_each(|word| writer.text(word));
        self.vocabulary().counts().iter().for_each(|&count| writer.u64(count));
        writer.rows(self.vectors());
        match self.pieces() {
            None => writer.bytes.push(0),
            Some(pieces) => {
                writer.bytes.push(1);
                let Subwords { min, max, n_buckets } = pieces.subwords;
                [min as u32, max as u32, n_buckets].into_iter().for_each(|value| writer.u32(value));
                writer.u64(pieces.buckets.len() as u64);
                pieces.buckets.iter().for_each(|&bucket| writer.u32(bucket));
                writer.rows(&pieces.vectors);
            }
        }
        writer.finish()
    }

    /// # Errors
    /// If the bytes are damaged, cut short, or of something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LanguageError> {
        let mut reader = Reader::new(bytes, WORDS)?;
        let (n, dim) = (reader.size("words", 12)?, reader.size("numbers", 0)?);
        if !(1..=DIM_MAX).contains(&dim) {
            return Err(corrupt(format!("vectors of length {dim} are announced, allowed are 1 to {DIM_MAX}")));
        }
        let words = (0..n).map(|_| reader.text().map(str::to_owned)).collect::<Result<Vec<_>, _>>()?;
        let counts = reader.u64s(n)?;
        let vectors = reader.rows(n, dim)?;
        let pieces = match reader.take(1)?[0] {
            0 => None,
            1 => {
                let [min, max, n_buckets] = [reader.u32()?, reader.u32()?, reader.u32()?];
                let subwords = Subwords::new(min as usize, max as usize, n_buckets)?;
                let n = reader.size("buckets", 4)?;
                let buckets = reader.u32s(n)?;
                Some(Pieces::new(subwords, buckets, reader.rows(n, dim)?)?)
            }
            other => return Err(corrupt(format!("{other} where 0 or 1 says whether there are pieces"))),
        };
        reader.end()?;
        WordVectors::new(Vocabulary::new(words, counts)?, vectors, pieces)
    }
}

pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub fn new(magic: &[u8; 8]) -> Self {
        let mut writer = Writer { bytes: magic.to_vec() };
        writer.u32(VERSION);
        writer
    }

    pub fn u32(&mut self, value: u32) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub fn u64(&mut self, value: u64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub fn f32s(&mut self, values: &[f32]) {
        values.iter().for_each(|value| self.bytes.extend_from_slice(&value.to_le_bytes()));
    }

    pub(super) fn rows(&mut self, rows: &Factors) {
        (0..rows.n_rows).for_each(|row| self.f32s(&rows.row(row)[..rows.n_factors]));
    }

    fn text(&mut self, text: &str) {
        self.u32(text.len() as u32);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    pub fn finish(mut self) -> Vec<u8> {
        let sum = checksum(&self.bytes);
        self.u64(sum);
        self.bytes
    }
}

pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8], magic: &[u8; 8]) -> Result<Self, LanguageError> {
        let Some((body, end)) = bytes.split_last_chunk::<8>() else {
            return Err(corrupt(format!("{} bytes are too few", bytes.len())));
        };
        let mut reader = Reader { bytes: body };
        let found = reader.take(8)?;
        if found != magic {
            let (found, wanted) = (String::from_utf8_lossy(found), String::from_utf8_lossy(magic));
            return Err(corrupt(format!("they start with '{found}', wanted '{wanted}'")));
        }
        let version = reader.u32()?;
        if version != VERSION {
            return Err(corrupt(format!(
                "format version {version}, this program reads {VERSION}; train the model again"
            )));
        }
        if checksum(body) != u64::from_le_bytes(*end) {
            return Err(corrupt("the checksum does not match: the file is damaged or cut short".to_owned()));
        }
        Ok(reader)
    }

    pub fn take(&mut self, n: usize) -> Result<&'a [u8], LanguageError> {
        if n > self.bytes.len() {
            return Err(corrupt(format!("{n} more bytes are announced, {} are left", self.bytes.len())));
        }
        let (head, tail) = self.bytes.split_at(n);
        self.bytes = tail;
        Ok(head)
    }

    pub fn u32(&mut self) -> Result<u32, LanguageError> {
        Ok(u32::from_le_bytes(self.take(4)?.try_into().expect("four bytes")))
    }

    /// A number of things that take at least so many bytes each.
    pub fn size(&mut self, what: &str, bytes_each: usize) -> Result<usize, LanguageError> {
        let n = u64::from_le_bytes(self.take(8)?.try_into().expect("eight bytes"));
        match usize::try_from(n).ok().filter(|n| n.checked_mul(bytes_each).is_some_and(|size| size <= self.bytes.len()))
        {
            Some(n) => Ok(n),
            None => Err(corrupt(format!("{n} {what} are announced, {} bytes are left", self.bytes.len()))),
        }
    }

    fn many<const N: usize>(&mut self, n: usize) -> Result<&'a [[u8; N]], LanguageError> {
        let size = n.checked_mul(N).ok_or_else(|| corrupt(format!("{n} values are announced")))?;
        Ok(self.take(size)?.as_chunks::<N>().0)
    }

    fn u32s(&mut self, n: usize) -> Result<Vec<u32>, LanguageError> {
        Ok(self.many(n)?.iter().map(|four| u32::from_le_bytes(*four)).collect())
    }

    pub(super) fn u64s(&mut self, n: usize) -> Result<Vec<u64>, LanguageError> {
        Ok(self.many(n)?.iter().map(|eight| u64::from_le_bytes(*eight)).collect())
    }

    pub fn f32s(&mut self, n: usize) -> Result<Vec<f32>, LanguageError> {
        Ok(self.many(n)?.iter().map(|four| f32::from_le_bytes(*four)).collect())
    }

    pub(super) fn rows(&mut self, n: usize, dim: usize) -> Result<Factors, LanguageError> {
        let size = n.checked_mul(dim).ok_or_else(|| corrupt(format!("{n} rows of {dim} are announced")))?;
        let values = self.f32s(size)?;
        let mut rows = Factors::zeros(n, dim);
        if dim > 0 {
            let to = |(row, values): (usize, &[f32])| rows.row_mut(row)[..dim].copy_from_slice(values);
            values.chunks_exact(dim).enumerate().for_each(to);
        }
        Ok(rows)
    }

    fn text(&mut self) -> Result<&'a str, LanguageError> {
        let n = self.u32()? as usize;
        std::str::from_utf8(self.take(n)?).map_err(|_| corrupt("a word is not UTF-8".to_owned()))
    }

    pub fn end(&self) -> Result<(), LanguageError> {
        match self.bytes.len() {
            0 => Ok(()),
            n => Err(corrupt(format!("{n} bytes follow the end"))),
        }
    }
}

pub(crate) fn corrupt(what: String) -> LanguageError {
    LanguageError::Corrupt(what)
}

/// FNV-1a over words of eight bytes: finds damage, not malice.
fn checksum(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let hash = words.iter().fold(BEGINNING, |hash, word| step(hash, u64::from_le_bytes(*word)));
    rest.iter().fold(hash, |hash, &byte| step(hash, u64::from(byte)))
}

pub(super) const BEGINNING: u64 = 0xcbf2_9ce4_8422_2325;

pub(super) fn step(hash: u64, word: u64) -> u64 {
    (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(has_pieces: bool) -> WordVectors {
        let words = ["手机", "a", ""].map(str::to_owned).to_vec();
        let mut vectors = Factors::zeros(3, 2);
        vectors.row_mut(1)[..2].copy_from_slice(&[0.5, -3.0]);
        let mut of_pieces = Factors::zeros(2, 2);
        of_pieces.row_mut(0)[1] = 7.0;
        let pieces = Pieces::new(Subwords::new(1, 3, 1000).unwrap(), vec![4, 999], of_pieces).unwrap();
        let vocabulary = Vocabulary::new(words, vec![9, 4, 1]).unwrap();
        WordVectors::new(vocabulary, vectors, has_pieces.then_some(pieces)).unwrap()
    }

    #[test]
    fn what_was_written_is_read() {
        for has_pieces in [false, true] {
            let vectors = example(has_pieces);
            assert_eq!(WordVectors::from_bytes(&vectors.to_bytes()).unwrap(), vectors);
        }
    }

    #[test]
    fn any_changed_or_missing_byte_is_refused() {
        let bytes = example(true).to_bytes();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x40;
            assert!(WordVectors::from_bytes(&damaged).is_err(), "byte {at} changed");
            assert!(WordVectors::from_bytes(&bytes[..at]).is_err(), "cut at {at}");
        }
    }

    /// Someone who knows the checksum can announce what they like; nothing is allocated for it.
    #[test]
    fn hostile_numbers_are_refused() {
        let bytes = example(true).to_bytes();
        for at in 12..bytes.len() - 12 {
            let mut hostile = bytes[..bytes.len() - 8].to_vec();
            hostile[at..at + 4].fill(0xff);
            let sum = checksum(&hostile);
            hostile.extend(sum.to_le_bytes());
            if let Err(error) = WordVectors::from_bytes(&hostile) {
                assert!(!error.to_string().is_empty());
            }
        }
    }
}
