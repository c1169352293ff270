//! A segmenter as bytes: `TSEG`, version, bits of the table, number of rows that are not all 0, the transitions, then for
//! each such row its number and weights; little-endian.

use super::{N_TAGS, PerceptronSegmenter, Row};
use crate::LanguageError;

const MAGIC: &[u8; 4] = b"TSEG";
const VERSION: u32 = 1;
const N_HEAD: usize = 4 + 3 * 4 + N_TAGS * N_TAGS * 4;
const N_ROW: usize = 4 + N_TAGS * 2;
const BITS: std::ops::RangeInclusive<u32> = 8..=26;

fn corrupt(found: impl ToString) -> LanguageError {
    LanguageError::Corrupt(format!("segmenter: {}", found.to_string()))
}

impl PerceptronSegmenter {
    pub fn to_bytes(&self) -> Vec<u8> {
        let rows = || self.rows.iter().enumerate().filter(|(_, row)| row.iter().any(|&weight| weight != 0));
        let n_rows = rows().count() as u32;
        let mut out = Vec::with_capacity(N_HEAD + n_rows as usize * N_ROW);
        out.extend(MAGIC);
        out.extend([VERSION, self.rows.len().trailing_zeros(), n_rows].into_iter().flat_map(u32::to_le_bytes));
        out.extend(self.transitions.iter().flatten().flat_map(|weight| weight.to_le_bytes()));
        for (at, row) in rows() {
            out.extend((at as u32).to_le_bytes());
            out.extend(row.iter().flat_map(|weight| weight.to_le_bytes()));
        }
        out
    }

    /// # Errors
    /// If the bytes are not what [`PerceptronSegmenter::to_bytes`] writes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LanguageError> {
        if bytes.len() < N_HEAD || !bytes.starts_with(MAGIC) {
            return Err(corrupt("does not begin with TSEG and its head"));
        }
        let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        let (version, bits, n_rows) = (number(4), number(8), number(12));
        if version != VERSION {
            return Err(corrupt(format!("version {version}, this program reads {VERSION}")));
        }
        if !BITS.contains(&bits) {
            return Err(corrupt(format!("a table of 2^{bits} rows, allowed {BITS:?} bits")));
        }
        let body = &bytes[N_HEAD..];
        if body.len() as u64 != u64::from(n_rows) * N_ROW as u64 {
            return Err(corrupt(format!("{} bytes of rows where its head says {n_rows} rows", body.len())));
        }
        let mut transitions = [[0; N_TAGS]; N_TAGS];
        for (at, weight) in transitions.iter_mut().flatten().enumerate() {
            *weight = number(16 + 4 * at) as i32;
            // Sums over a chunk must fit 32 bits.
            if weight.abs_diff(0) > 1 << 15 {
                return Err(corrupt(format!("a transition of weight {weight}, allowed up to 32768")));
            }
        }
        let mut rows: Vec<Row> = vec![[0; N_TAGS]; 1 << bits];
        let mut least = 0;
        for row in body.chunks_exact(N_ROW) {
            let at = u32::from_le_bytes(row[..4].try_into().expect("four bytes")) as usize;
            if at < least || at >= rows.len() {
                return Err(corrupt(format!("row {at} where {least} to {} may stand", rows.len() - 1)));
            }
            least = at + 1;
            for (weight, two) in rows[at].iter_mut().zip(row[4..].chunks_exact(2)) {
                *weight = i16::from_le_bytes([two[0], two[1]]);
            }
        }
        Ok(PerceptronSegmenter { rows, transitions })
    }
}
