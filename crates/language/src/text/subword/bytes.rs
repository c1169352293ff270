//! A vocabulary as bytes: `TSUB`, version, number of characters, number of merges, the characters, the pairs; all numbers
//! 32 bits, little-endian.

use super::SubwordModel;
use crate::LanguageError;

const MAGIC: &[u8; 4] = b"TSUB";
const VERSION: u32 = 1;

fn corrupt(found: impl ToString) -> LanguageError {
    LanguageError::Corrupt(format!("sub-word vocabulary: {}", found.to_string()))
}

impl SubwordModel {
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        let head = [VERSION, self.characters.len() as u32, self.merges.len() as u32];
        let characters = self.characters.iter().map(|&character| character as u32);
        let merges = self.merges.iter().flat_map(|&(left, right)| [left, right]);
        out.extend(head.into_iter().chain(characters).chain(merges).flat_map(u32::to_le_bytes));
        out
    }

    /// # Errors
    /// If the bytes are not what [`SubwordModel::to_bytes`] writes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LanguageError> {
        let body = bytes.strip_prefix(MAGIC).ok_or_else(|| corrupt("does not begin with TSUB"))?;
        if body.len() % 4 != 0 {
            return Err(corrupt(format!("{} bytes, not a multiple of 4", body.len())));
        }
        let numbers: Vec<u32> =
            body.chunks_exact(4).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect();
        let [version, n_characters, n_merges, rest @ ..] = numbers.as_slice() else {
            return Err(corrupt("is cut short"));
        };
        if *version != VERSION {
            return Err(corrupt(format!("version {version}, this program reads {VERSION}")));
        }
        let wanted = u64::from(*n_characters) + 2 * u64::from(*n_merges);
        if rest.len() as u64 != wanted {
            return Err(corrupt(format!("{} numbers where its head says {wanted}", rest.len())));
        }
        let (characters, merges) = rest.split_at(*n_characters as usize);
        let characters: Option<Vec<char>> = characters.iter().map(|&code| char::from_u32(code)).collect();
        let characters = characters.ok_or_else(|| corrupt("a number that is no character"))?;
        let merges = merges.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        SubwordModel::new(characters, merges).map_err(corrupt)
    }
}
