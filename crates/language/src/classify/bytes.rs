//! A classifier as bytes and back.
//!
//! `TCTEXT01`, a checksum of all that follows (u64), the length of the head (u64), the head (JSON: classes, sorts of
//! n-grams with their number of columns, calibration), then per sort keys (u64 a column) and inverse document frequencies
//! (f32), then weights (f32, column by column) and bias (f32). All little-endian.

use serde::{Deserialize, Serialize};

use super::calibrate::Calibration;
use super::linear::{Linear, outputs};
use super::model::TextClassifier;
use super::vocabulary::{Block, Vocabulary};
use crate::LanguageError;

const MAGIC: &[u8; 8] = b"TCTEXT01";

#[derive(Serialize, Deserialize)]
struct Head {
    classes: Vec<String>,
    blocks: Vec<(Block, usize)>,
    calibration: Calibration,
    confidences: Vec<f32>,
    calibration_error: Option<f64>,
}

impl TextClassifier {
    pub fn to_bytes(&self) -> Vec<u8> {
        let head = Head {
            classes: self.classes.clone(),
            blocks: self.vocabularies.iter().map(|vocabulary| (vocabulary.block, vocabulary.n_columns())).collect(),
            calibration: self.calibration.clone(),
            confidences: self.confidences.clone(),
            calibration_error: self.calibration_error,
        };
        let head = serde_json::to_vec(&head).expect("names and finite numbers are JSON");
        let mut body = Vec::new();
        body.extend_from_slice(&(head.len() as u64).to_le_bytes());
        body.extend_from_slice(&head);
        for vocabulary in &self.vocabularies {
            vocabulary.keys.iter().for_each(|key| body.extend_from_slice(&key.to_le_bytes()));
            put(&mut body, &vocabulary.idf);
        }
        put(&mut body, &self.linear.weights);
        put(&mut body, &self.linear.bias);
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&checksum(&body).to_le_bytes());
        bytes.extend_from_slice(&body);
        bytes
    }

    /// # Errors
    /// [`LanguageError::Corrupt`] if the bytes are not those of a classifier, damaged or cut off.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LanguageError> {
        let body = opened(bytes, MAGIC)?;
        let mut left = Left { bytes: body };
        let n_head = left.number("the head's length")?;
        let head: Head = serde_json::from_slice(left.take(n_head, "the head")?)
            .map_err(|error| LanguageError::Corrupt(format!("its head is not readable: {error}")))?;
        let n = head.classes.len();
        if n < 2 || !head.classes.is_sorted() || !head.calibration.is_sound(n) {
            return Err(LanguageError::Corrupt(format!("{n} classes with another's calibration, or out of order")));
        }
        if !head.confidences.is_sorted() || !matches!(head.confidences.len(), 0 | 101) {
            return Err(LanguageError::Corrupt(format!("{} confidences, not 101 in order", head.confidences.len())));
        }
        let mut vocabularies = Vec::new();
        for (block, n_columns) in head.blocks {
            super::vocabulary::check(&block).map_err(|error| LanguageError::Corrupt(error.to_string()))?;
            let keys = left.keys(n_columns, "the n-grams' keys")?;
            let idf = left.floats(n_columns, "frequencies")?;
            vocabularies.push(Vocabulary::of(block, keys, idf));
        }
        let n_columns = vocabularies.iter().map(Vocabulary::n_columns).sum::<usize>();
        let n_weights = n_columns.checked_mul(outputs(n));
        let n_weights = n_weights.ok_or_else(|| LanguageError::Corrupt("more weights than memory".to_owned()))?;
        let weights = left.floats(n_weights, "weights")?;
        let bias = left.floats(outputs(n), "bias")?;
        left.end()?;
        Ok(TextClassifier {
            linear: Linear { n_classes: n, n_columns, weights, bias },
            classes: head.classes,
            vocabularies,
            calibration: head.calibration,
            confidences: head.confidences,
            calibration_error: head.calibration_error,
        })
    }
}

/// The body of bytes that begin with `magic` and the body's checksum.
pub(crate) fn opened<'a>(bytes: &'a [u8], magic: &[u8; 8]) -> Result<&'a [u8], LanguageError> {
    let name = String::from_utf8_lossy(magic);
    if bytes.len() < 16 || &bytes[..8] != magic {
        return Err(LanguageError::Corrupt(format!("it does not begin with {name} and a checksum")));
    }
    let body = &bytes[16..];
    let (found, expected) = (checksum(body), u64::from_le_bytes(bytes[8..16].try_into().expect("8 bytes")));
    if found != expected {
        return Err(LanguageError::Corrupt(format!(
            "its checksum is {found:016x}, not {expected:016x}: damaged or cut off"
        )));
    }
    Ok(body)
}

/// FNV-1a over words of 8 bytes: finds damage, not forgery.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    let mut state = 0xcbf2_9ce4_8422_2325u64 ^ bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0u8; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        state = (state ^ u64::from_le_bytes(word)).wrapping_mul(0x0000_0100_0000_01b3);
        state ^= state >> 29;
    }
    state
}

pub(crate) fn put(body: &mut Vec<u8>, values: &[f32]) {
    values.iter().for_each(|value| body.extend_from_slice(&value.to_le_bytes()));
}

/// What has not been read. Nothing is allocated before the bytes for it are known to be there.
pub(crate) struct Left<'a> {
    pub bytes: &'a [u8],
}

impl<'a> Left<'a> {
    pub fn take(&mut self, n: usize, what: &str) -> Result<&'a [u8], LanguageError> {
        if n > self.bytes.len() {
            return Err(LanguageError::Corrupt(format!("{what}: {n} bytes announced, {} left", self.bytes.len())));
        }
        let (taken, left) = self.bytes.split_at(n);
        self.bytes = left;
        Ok(taken)
    }

    fn take_many(&mut self, n: usize, size: usize, what: &str) -> Result<&'a [u8], LanguageError> {
        let all = n.checked_mul(size).ok_or_else(|| LanguageError::Corrupt(format!("{what}: {n} announced")))?;
        self.take(all, what)
    }

    pub fn number(&mut self, what: &str) -> Result<usize, LanguageError> {
        let bytes = self.take(8, what)?;
        let number = u64::from_le_bytes(bytes.try_into().expect("8 bytes"));
        usize::try_from(number).map_err(|_| LanguageError::Corrupt(format!("{what}: {number}")))
    }

    pub fn keys(&mut self, n: usize, what: &str) -> Result<Vec<u64>, LanguageError> {
        let bytes = self.take_many(n, 8, what)?;
        Ok(bytes.chunks_exact(8).map(|key| u64::from_le_bytes(key.try_into().expect("8 bytes"))).collect())
    }

    /// Nothing may follow.
    pub fn end(&self) -> Result<(), LanguageError> {
        match self.bytes.len() {
            0 => Ok(()),
            n => Err(LanguageError::Corrupt(format!("{n} bytes after its end"))),
        }
    }

    pub fn floats(&mut self, n: usize, what: &str) -> Result<Vec<f32>, LanguageError> {
        let bytes = self.take_many(n, 4, what)?;
        let values: Vec<f32> =
            bytes.chunks_exact(4).map(|part| f32::from_le_bytes(part.try_into().expect("4"))).collect();
        match values.iter().find(|value| !value.is_finite()) {
            Some(value) => Err(LanguageError::Corrupt(format!("{what}: found {value}"))),
            None => Ok(values),
        }
    }
}
