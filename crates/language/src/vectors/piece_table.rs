//! Sentences as means of fixed vectors of word pieces: static embeddings that somebody trained elsewhere, a tensor in
//! safetensors and a vocabulary, one piece a line. Texts are cut by the longest pieces that fit, words going on with `##`
//! or beginning with `▁` as the vocabulary has it. Nothing is learned here.

use std::sync::Arc;

use math::Factors;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::bytes::DIM_MAX;
use super::encoder::SentenceEncoder;
use super::word_vectors::to_unit;
use crate::LanguageError;

/// Characters of a piece that are compared; longer ones are not found.
const PIECE_CHARS_MAX: usize = 64;
/// Characters of a text that count.
const TEXT_CHARS_MAX: usize = 20_000;
const BEGINS: char = '\u{2581}';
const GOES_ON: &str = "##";

/// How pieces within a word are told from those that begin one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marks {
    /// Pieces that go on begin with `##`.
    GoesOn,
    /// Pieces that begin a word begin with `▁`.
    Begins,
    None,
}

/// Vectors of word pieces.
#[derive(Clone, Debug)]
pub struct PieceTable {
    ids: FxHashMap<String, u32>,
    /// Shape: (n_pieces, dim).
    vectors: Factors,
    marks: Marks,
    /// Whether texts are written in small letters first, since no piece has a large one.
    is_lower: bool,
    longest: usize,
}

impl PieceTable {
    /// From a safetensors file and its pieces, one a line in the order of the tensor's rows. `name` says which tensor;
    /// without it, the only one with as many rows as there are pieces is taken.
    ///
    /// # Errors
    /// [`LanguageError::Corrupt`] if the file is something else or cut short, there is no such tensor, it is no matrix of
    /// floating-point numbers (32, 16 or bfloat16), a number is not finite, or pieces and rows differ in number.
    pub fn from_safetensors(bytes: &[u8], vocabulary: &str, name: Option<&str>) -> Result<Self, LanguageError> {
        let tensors =
            SafeTensors::deserialize(bytes).map_err(|error| corrupt(format!("not a safetensors file: {error}")))?;
        let text = vocabulary.strip_prefix('\u{feff}').unwrap_or(vocabulary);
        let text = text.strip_suffix('\n').unwrap_or(text);
        let pieces: Vec<&str> = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
        let tensor = chosen(&tensors, pieces.len(), name)?;
        let vectors = floats(&tensor)?;
        let mut ids = FxHashMap::default();
        for (&piece, id) in pieces.iter().zip(0u32..) {
            // The first of equals counts; empty lines stand for rows that no text has.
            if !piece.is_empty() {
                ids.entry(piece.to_owned()).or_insert(id);
            }
        }
        let marks = if pieces.iter().any(|piece| piece.starts_with(GOES_ON) && piece.len() > 2) {
            Marks::GoesOn
        } else if pieces.iter().any(|piece| piece.starts_with(BEGINS)) {
            Marks::Begins
        } else {
            Marks::None
        };
        let is_special = |piece: &str| piece.starts_with(['[', '<']);
        let is_lower = !pieces.iter().any(|piece| !is_special(piece) && piece.chars().any(char::is_uppercase));
        let longest = pieces.iter().map(|piece| piece.chars().count()).max().unwrap_or(0).min(PIECE_CHARS_MAX);
        Ok(PieceTable { ids, vectors, marks, is_lower, longest })
    }

    pub fn dim(&self) -> usize {
        self.vectors.n_factors
    }

    /// Number of pieces.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The pieces of a text by their ids; what no piece fits is left out.
    pub fn pieces(&self, text: &str) -> Vec<u32> {
        let text: String = text.chars().take(TEXT_CHARS_MAX).collect();
        let text = if self.is_lower { text.to_lowercase() } else { text };
        let mut found = Vec::new();
        for word in text.split_whitespace() {
            match self.marks {
                Marks::Begins => {
                    let letters: Vec<char> = [BEGINS].into_iter().chain(word.chars()).collect();
                    self.cut(&letters, &mut found);
                }
                _ => words(word).for_each(|letters| self.cut(&letters, &mut found)),
            }
        }
        found
    }

    /// The longest piece that fits, again and again.
    fn cut(&self, letters: &[char], found: &mut Vec<u32>) {
        let (mut at, mut piece) = (0, String::new());
        while at < letters.len() {
            let most = (letters.len() - at).min(self.longest);
            let fits = (1..=most).rev().find_map(|n| {
                piece.clear();
                if at > 0 && self.marks == Marks::GoesOn {
                    piece.push_str(GOES_ON);
                }
                piece.extend(&letters[at..at + n]);
                self.ids.get(&piece).map(|&id| (id, n))
            });
            match fits {
                Some((id, n)) => {
                    found.push(id);
                    at += n;
                }
                None => at += 1,
            }
        }
    }

    /// The mean of a text's pieces at length 1; 0 if none is known. Shape: (dim).
    pub fn vector(&self, text: &str) -> Vec<f32> {
        let mut sum = vec![0f32; self.dim()];
        for id in self.pieces(text) {
            sum.iter_mut().zip(self.vectors.row(id as usize)).for_each(|(sum, value)| *sum += value);
        }
        to_unit(&mut sum);
        sum
    }
}

/// Runs of letters and digits; signs and Chinese characters each alone.
fn words(text: &str) -> impl Iterator<Item = Vec<char>> {
    let alone =
        |c: char| !c.is_alphanumeric() || matches!(c as u32, 0x2E80..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFD);
    let mut all: Vec<Vec<char>> = Vec::new();
    let mut is_open = false;
    for c in text.chars() {
        match all.last_mut() {
            Some(last) if is_open && !alone(c) => last.push(c),
            _ => all.push(vec![c]),
        }
        is_open = !alone(c);
    }
    all.into_iter()
}

fn chosen<'a>(tensors: &SafeTensors<'a>, n: usize, name: Option<&str>) -> Result<TensorView<'a>, LanguageError> {
    let mut all = tensors.tensors();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let told = || {
        let told =
            all.iter().take(8).map(|(name, tensor)| format!("'{name}' {:?} {:?}", tensor.dtype(), tensor.shape()));
        told.collect::<Vec<_>>().join(", ")
    };
    let is_table = |tensor: &TensorView| {
        let shape = tensor.shape();
        shape.len() == 2 && shape[0] == n && (1..=DIM_MAX).contains(&shape[1])
    };
    let wanted = || format!("a matrix of {n} rows, one for each line of the vocabulary");
    let found = match name {
        Some(name) => {
            let found = all.iter().find(|(other, _)| other == name);
            let found = found.ok_or_else(|| corrupt(format!("it has no tensor '{name}'; it has {}", told())))?;
            if !is_table(&found.1) {
                return Err(corrupt(format!("tensor '{name}' is {:?}, wanted {}", found.1.shape(), wanted())));
            }
            found
        }
        None => {
            let mut fitting = all.iter().filter(|(_, tensor)| is_table(tensor));
            match (fitting.next(), fitting.next()) {
                (Some(found), None) => found,
                (None, _) => return Err(corrupt(format!("it has {}; wanted {}", told(), wanted()))),
                _ => return Err(corrupt(format!("several tensors fit, say which: it has {}", told()))),
            }
        }
    };
    Ok(TensorView::new(found.1.dtype(), found.1.shape().to_vec(), found.1.data()).expect("it was one before"))
}

fn floats(tensor: &TensorView) -> Result<Factors, LanguageError> {
    let (n, dim) = (tensor.shape()[0], tensor.shape()[1]);
    let read: fn(&[u8]) -> f32 = match tensor.dtype() {
        Dtype::F32 => |bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]),
        Dtype::F16 => |bytes| from_half(u16::from_le_bytes([bytes[0], bytes[1]])),
        Dtype::BF16 => |bytes| f32::from_bits(u32::from(u16::from_le_bytes([bytes[0], bytes[1]])) << 16),
        other => return Err(corrupt(format!("its numbers are {other:?}, wanted F32, F16 or BF16"))),
    };
    let size = if tensor.dtype() == Dtype::F32 { 4 } else { 2 };
    let mut vectors = Factors::zeros(n, dim);
    for (at, bytes) in tensor.data().chunks_exact(size * dim).enumerate() {
        for (to, bytes) in vectors.row_mut(at).iter_mut().zip(bytes.chunks_exact(size)) {
            *to = read(bytes);
            if !to.is_finite() {
                return Err(corrupt(format!("vector {} holds {to}, expected finite numbers", at + 1)));
            }
        }
    }
    Ok(vectors)
}

/// A number of 16 bits (IEEE 754 binary16).
fn from_half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    match exponent {
        0 => sign * fraction * 2f32.powi(-24),
        0x1f if fraction == 0.0 => sign * f32::INFINITY,
        0x1f => f32::NAN,
        _ => sign * (1.0 + fraction / 1024.0) * 2f32.powi(exponent - 15),
    }
}

fn corrupt(what: String) -> LanguageError {
    LanguageError::Corrupt(what)
}

/// Texts by the vectors of their pieces.
pub struct TableEncoder {
    name: String,
    table: Arc<PieceTable>,
}

impl TableEncoder {
    pub fn new(name: &str, table: Arc<PieceTable>) -> Self {
        TableEncoder { name: name.to_owned(), table }
    }
}

impl SentenceEncoder for TableEncoder {
    fn name(&self) -> &str {
        &self.name
    }

    fn dim(&self) -> usize {
        self.table.dim()
    }

    fn encode(&self, texts: &[&str]) -> Result<Factors, LanguageError> {
        let vectors: Vec<Vec<f32>> = texts.par_iter().map(|text| self.table.vector(text)).collect();
        let mut rows = Factors::zeros(texts.len(), self.dim());
        vectors.iter().enumerate().for_each(|(at, vector)| rows.row_mut(at)[..vector.len()].copy_from_slice(vector));
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tensor called `embeddings`, row i being (i, 1).
    fn file(n: usize, dtype: Dtype) -> Vec<u8> {
        let numbers = (0..n).flat_map(|at| [at as f32, 1.0]);
        let bytes: Vec<u8> = match dtype {
            Dtype::F32 => numbers.flat_map(f32::to_le_bytes).collect(),
            Dtype::BF16 => numbers.flat_map(|value| ((value.to_bits() >> 16) as u16).to_le_bytes()).collect(),
            _ => [0x0000u16, 0x3c00, 0x3c00, 0x3c00, 0x4000, 0x3c00][..2 * n]
                .iter()
                .flat_map(|half| half.to_le_bytes())
                .collect(),
        };
        let view = TensorView::new(dtype, vec![n, 2], &bytes).unwrap();
        safetensors::serialize([("embeddings", view)], None).unwrap()
    }

    #[test]
    fn the_longest_pieces_are_taken() {
        let of = |vocabulary: &str| {
            PieceTable::from_safetensors(&file(vocabulary.lines().count(), Dtype::F32), vocabulary, None).unwrap()
        };
        let bert = of("[UNK]\nplay\n##ing\n##in\n屏\n幕\n!\n");
        assert_eq!(bert.pieces("Playing 屏幕清!ing"), [1, 2, 4, 5, 6]);
        let sentence = of("<unk>\r\n▁屏幕\r\n▁play\r\ning\r\n好\r\n");
        assert_eq!(sentence.pieces("屏幕好 playing"), [1, 4, 2, 3]);
        let cased = of("Mate\nmate\n");
        assert_eq!(cased.pieces("Mate mate MATE"), [0, 1]);
        assert!(bert.pieces("").is_empty() && bert.pieces(" \u{0}😀").is_empty());
        let long = "a".repeat(1 << 20);
        assert!(bert.pieces(&long).is_empty());
    }

    #[test]
    fn texts_are_means_of_pieces_at_length_one() {
        let encoder = |dtype| {
            let table = PieceTable::from_safetensors(&file(3, dtype), "a\nb\nc", Some("embeddings")).unwrap();
            TableEncoder::new("table", Arc::new(table))
        };
        for dtype in [Dtype::F32, Dtype::BF16, Dtype::F16] {
            let rows = encoder(dtype).encode(&["b c", "", "x", "a"]).unwrap();
            let length = (1.5f32 * 1.5 + 1.0).sqrt();
            assert!((rows.row(0)[0] - 1.5 / length).abs() < 1e-6, "{dtype:?}: {:?}", rows.row(0));
            assert_eq!(
                (&rows.row(1)[..2], &rows.row(2)[..2], &rows.row(3)[..2]),
                (&[0.0, 0.0][..], &[0.0, 0.0][..], &[0.0, 1.0][..])
            );
        }
        for (bits, value) in [(0x3555, 0.33325195), (0xc000, -2.0), (0x0001, 5.9604645e-8), (0x7bff, 65504.0)] {
            assert_eq!(from_half(bits), value);
        }
        assert!(from_half(0x7c00).is_infinite() && from_half(0x7e00).is_nan());
    }

    #[test]
    fn other_files_are_refused_in_words() {
        let good = file(3, Dtype::F32);
        for (bytes, vocabulary, name, said) in [
            (&b""[..], "a", None, "not a safetensors file"),
            (b"{\"hello\": 1}", "a", None, "not a safetensors file"),
            (&good, "a\nb", None, "wanted a matrix of 2 rows"),
            (&good, "a\nb\nc", Some("weight"), "no tensor 'weight'; it has 'embeddings' F32 [3, 2]"),
            (&good, "a\nb", Some("embeddings"), "is [3, 2], wanted"),
        ] {
            let error = PieceTable::from_safetensors(bytes, vocabulary, name).unwrap_err();
            assert!(matches!(error, LanguageError::Corrupt(_)) && error.to_string().contains(said), "{error}");
        }
        for at in 0..good.len() {
            assert!(PieceTable::from_safetensors(&good[..at], "a\nb\nc", None).is_err(), "cut at {at}");
        }
        let mut wrong = good.clone();
        let at = wrong.len() - 4;
        wrong[at..].copy_from_slice(&f32::NAN.to_le_bytes());
        assert!(PieceTable::from_safetensors(&wrong, "a\nb\nc", None).unwrap_err().to_string().contains("vector 3"));
        let ints = TensorView::new(Dtype::I32, vec![1, 1], &[0; 4]).unwrap();
        let ints = safetensors::serialize([("a", ints)], None).unwrap();
        assert!(PieceTable::from_safetensors(&ints, "a", None).unwrap_err().to_string().contains("I32"));
    }
}
