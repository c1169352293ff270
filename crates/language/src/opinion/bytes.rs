//! A judge of polarity as bytes and back.
//!
//! `TCPOLA02`, a checksum of all that follows (u64), the length of the head (u64), the head (JSON: classes, settings,
//! calibration, number of columns), then keys (u64), weights (f32) and bias (f32), little-endian.

use serde::{Deserialize, Serialize};

use super::polarity::{PolarityModel, Wanted};
use crate::LanguageError;
use crate::classify::Calibration;
use crate::classify::bytes::{Left, checksum, opened, put};
use crate::classify::linear::{Linear, outputs};

const MAGIC: &[u8; 8] = b"TCPOLA02";

#[derive(Serialize, Deserialize)]
struct Head {
    classes: Vec<String>,
    wanted: Wanted,
    calibration: Calibration,
    n_columns: usize,
}

impl PolarityModel {
    pub fn to_bytes(&self) -> Vec<u8> {
        let head = Head {
            classes: self.classes.clone(),
            wanted: self.wanted,
            calibration: self.calibration.clone(),
            n_columns: self.keys.len(),
        };
        let head = serde_json::to_vec(&head).expect("names and finite numbers are JSON");
        let mut body = (head.len() as u64).to_le_bytes().to_vec();
        body.extend_from_slice(&head);
        self.keys.iter().for_each(|key| body.extend_from_slice(&key.to_le_bytes()));
        put(&mut body, &self.linear.weights);
        put(&mut body, &self.linear.bias);
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&checksum(&body).to_le_bytes());
        bytes.extend_from_slice(&body);
        bytes
    }

    /// # Errors
    /// [`LanguageError::Corrupt`] if the bytes are not those of a judge, damaged or cut off.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LanguageError> {
        let mut left = Left { bytes: opened(bytes, MAGIC)? };
        let n_head = left.number("the head's length")?;
        let head: Head = serde_json::from_slice(left.take(n_head, "the head")?)
            .map_err(|error| LanguageError::Corrupt(format!("its head is not readable: {error}")))?;
        let n = head.classes.len();
        if n < 2 || !head.classes.is_sorted() || !head.calibration.is_sound(n) {
            return Err(LanguageError::Corrupt(format!("{n} polarities with another's calibration, or out of order")));
        }
        if head.wanted.check().is_err() {
            return Err(LanguageError::Corrupt("settings out of range".to_owned()));
        }
        let keys = left.keys(head.n_columns, "features")?;
        let n_weights = keys.len().checked_mul(outputs(n));
        let n_weights = n_weights.ok_or_else(|| LanguageError::Corrupt("more weights than memory".to_owned()))?;
        let weights = left.floats(n_weights, "weights")?;
        let bias = left.floats(outputs(n), "bias")?;
        left.end()?;
        Ok(PolarityModel {
            linear: Linear { n_classes: n, n_columns: keys.len(), weights, bias },
            columns: keys.iter().enumerate().map(|(column, &key)| (key, column as u32)).collect(),
            classes: head.classes,
            wanted: head.wanted,
            keys,
            calibration: head.calibration,
        })
    }
}
