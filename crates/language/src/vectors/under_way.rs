//! Learning of word vectors under way, as bytes: what was reached, and of which sentences and settings. Goes on only from
//! what was learned of the same ones, and then ends with the same vectors, bit for bit.
//!
//! ```text
//! "TERCETWU"  u32 version  u64 of what it was learned (a checksum)  u64 n_portions  u64 n_ids  u64 n_seen  u64 n_pairs
//! u64 bits of the loss  u64 n_epochs  u64 bits of a loss × n_epochs  u64 n_inputs  u64 n_outputs  u64 dim
//! f32 × n_inputs × dim  f32 × n_outputs × dim  u64 checksum
//! ```

use domain::Settings;
use neural::sequences::{Counted, Reached, UnderWay};

use super::bytes::{BEGINNING, DIM_MAX, Reader, Writer, corrupt, step};
use super::vocabulary::{Corpus, Vocabulary};
use crate::LanguageError;

const MAGIC: &[u8; 8] = b"TERCETWU";

/// A checksum of all that the vectors follow from.
pub(super) fn origin(vocabulary: &Vocabulary, corpus: &Corpus, settings: &Settings, seed: u64) -> u64 {
    let ids = corpus.ids.iter().map(|&id| u64::from(id));
    let ends = corpus.ends.iter().map(|&end| end as u64);
    let words = vocabulary.words().iter().flat_map(|word| word.bytes().chain([0]));
    let set = settings.iter().map(|(name, value)| format!("{name}={value}\n"));
    let texts = words.chain(set.flat_map(String::into_bytes)).map(u64::from);
    ids.chain(ends).chain(texts).chain([seed]).fold(BEGINNING, step)
}

/// What was reached, as bytes.
pub(super) fn to_bytes(reached: &Reached, origin: u64) -> Vec<u8> {
    let UnderWay { input, output, counted } = reached.under_way();
    let mut writer = Writer::new(MAGIC);
    let Counted { n_portions, n_ids, n_seen, n_pairs, loss, losses } = counted;
    let numbers = [origin, n_portions, n_ids, n_seen, n_pairs, loss.to_bits(), losses.len() as u64];
    let losses = losses.into_iter().map(f64::to_bits);
    let sizes = [input.n_rows, output.n_rows, input.n_factors].map(|size| size as u64);
    numbers.into_iter().chain(losses).chain(sizes).for_each(|number| writer.u64(number));
    writer.rows(&input);
    writer.rows(&output);
    writer.finish()
}

/// What was reached, if it was learned of the same; `None` if of something else.
///
/// # Errors
/// If the bytes are damaged, or those of something else.
pub(super) fn from_bytes(bytes: &[u8], origin: u64) -> Result<Option<UnderWay>, LanguageError> {
    let mut reader = Reader::new(bytes, MAGIC)?;
    let numbers = reader.u64s(6)?;
    if numbers[0] != origin {
        return Ok(None);
    }
    let n_epochs = reader.size("losses", 8)?;
    let losses = reader.u64s(n_epochs)?.into_iter().map(f64::from_bits).collect();
    let (n_inputs, n_outputs) = (reader.size("input rows", 4)?, reader.size("output rows", 4)?);
    let dim = reader.size("numbers", 0)?;
    if !(1..=DIM_MAX).contains(&dim) {
        return Err(corrupt(format!("vectors of length {dim} are announced, allowed are 1 to {DIM_MAX}")));
    }
    let (input, output) = (reader.rows(n_inputs, dim)?, reader.rows(n_outputs, dim)?);
    reader.end()?;
    let (n_portions, n_ids, n_seen, n_pairs) = (numbers[1], numbers[2], numbers[3], numbers[4]);
    let counted = Counted { n_portions, n_ids, n_seen, n_pairs, loss: f64::from_bits(numbers[5]), losses };
    Ok(Some(UnderWay { input, output, counted }))
}
