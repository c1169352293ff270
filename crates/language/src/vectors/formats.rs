//! The two formats of the word2vec program, which every tool reads: a line `n_words dim`, then for each word the word, a
//! space, and its numbers as text, or as little-endian floats. They hold neither counts nor pieces; see `bytes` for all.

use std::fmt::Write;

use math::Factors;

use super::bytes::DIM_MAX;
use super::vocabulary::{Vocabulary, WORD_BYTES_MAX};
use super::word_vectors::WordVectors;
use crate::LanguageError;

impl WordVectors {
    /// In the text format. Spaces within a word become `_`, since a space ends it.
    pub fn to_text(&self) -> String {
        let mut text = format!("{} {}\n", self.vocabulary().len(), self.dim());
        for (id, word) in self.vocabulary().words().iter().enumerate() {
            text.push_str(&without_spaces(word));
            for value in self.of_id(id as u32) {
                write!(text, " {value}").expect("writing to a string");
            }
            text.push('\n');
        }
        text
    }

    /// In the binary format. Spaces within a word become `_`.
    pub fn to_binary(&self) -> Vec<u8> {
        let mut bytes = format!("{} {}\n", self.vocabulary().len(), self.dim()).into_bytes();
        for (id, word) in self.vocabulary().words().iter().enumerate() {
            bytes.extend_from_slice(without_spaces(word).as_bytes());
            bytes.push(b' ');
            self.of_id(id as u32).iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
            bytes.push(b'\n');
        }
        bytes
    }

    /// Reads the text format. Counts are not known: words get n_words, n_words − 1 … so that their order remains.
    ///
    /// # Errors
    /// If the text is not of this format, is cut short, or has a number that is not finite.
    pub fn from_text(text: &str) -> Result<Self, LanguageError> {
        let (head, body) = text.split_once('\n').ok_or_else(|| corrupt("there is no line 'n_words dim'".to_owned()))?;
        // A word, a space and a digit are four bytes with the end of line.
        let (n, dim) = header(head, |n, dim| n.saturating_mul(dim.saturating_mul(2) + 2) <= body.len() + 1)?;
        let mut read = Read::new(n, dim);
        for (at, line) in body.lines().take(n).enumerate() {
            let mut fields = line.trim_end().rsplitn(dim + 1, ' ');
            let row = read.vectors.row_mut(at);
            for column in (0..dim).rev() {
                let field = fields.next().unwrap_or_default();
                row[column] = field.parse().map_err(|_| bad(at, "a number", field))?;
            }
            let word = fields.next().ok_or_else(|| bad(at, "a word before the numbers", line))?;
            read.word(at, word.as_bytes())?;
        }
        read.finish()
    }

    /// Reads the binary format; as [`WordVectors::from_text`].
    ///
    /// # Errors
    /// As there.
    pub fn from_binary(bytes: &[u8]) -> Result<Self, LanguageError> {
        let end = bytes.iter().take(64).position(|&byte| byte == b'\n');
        let end = end.ok_or_else(|| corrupt("there is no line 'n_words dim'".to_owned()))?;
        let head = std::str::from_utf8(&bytes[..end]).map_err(|_| corrupt("the first line is not text".to_owned()))?;
        let mut body = &bytes[end + 1..];
        let (n, dim) = header(head, |n, dim| n.saturating_mul(dim.saturating_mul(4) + 2) <= body.len() + 1)?;
        let mut read = Read::new(n, dim);
        for at in 0..n {
            // Some programs end a row by a line feed, others do not.
            body = body.strip_prefix(b"\n").unwrap_or(body);
            let end = body.iter().take(WORD_BYTES_MAX + 1).position(|&byte| byte == b' ');
            let end = end.ok_or_else(|| bad(at, "a word and a space", &shown(body)))?;
            read.word(at, &body[..end])?;
            let numbers = body.get(end + 1..end + 1 + 4 * dim);
            let numbers = numbers.ok_or_else(|| bad(at, "a whole vector", "the end of the file"))?;
            for (to, four) in read.vectors.row_mut(at).iter_mut().zip(numbers.as_chunks::<4>().0) {
                *to = f32::from_le_bytes(*four);
            }
            body = &body[end + 1 + 4 * dim..];
        }
        read.finish()
    }
}

fn without_spaces(word: &str) -> String {
    word.replace(char::is_whitespace, "_")
}

/// The two numbers of the first line, if the rest can hold what they announce.
fn header(line: &str, fits: impl Fn(usize, usize) -> bool) -> Result<(usize, usize), LanguageError> {
    let mut numbers = line.trim_end().split(' ').map(str::parse::<usize>);
    match (numbers.next(), numbers.next(), numbers.next()) {
        (Some(Ok(n)), Some(Ok(dim)), None) if (1..=DIM_MAX).contains(&dim) && n <= u32::MAX as usize / 2 => {
            match fits(n, dim) {
                true => Ok((n, dim)),
                false => {
                    Err(corrupt(format!("{n} vectors of length {dim} are announced, the file is too short for them")))
                }
            }
        }
        _ => {
            let line: String = line.chars().take(60).collect();
            Err(corrupt(format!("the first line is '{line}', wanted 'n_words dim' with dim from 1 to {DIM_MAX}")))
        }
    }
}

/// What has been read so far.
struct Read {
    words: Vec<String>,
    vectors: Factors,
}

impl Read {
    fn new(n: usize, dim: usize) -> Self {
        Read { words: Vec::with_capacity(n), vectors: Factors::zeros(n, dim) }
    }

    fn word(&mut self, at: usize, word: &[u8]) -> Result<(), LanguageError> {
        let text = std::str::from_utf8(word).map_err(|_| bad(at, "a word in UTF-8", &shown(word)))?;
        if text.is_empty() || text.len() > WORD_BYTES_MAX {
            return Err(bad(at, &format!("a word of 1 to {WORD_BYTES_MAX} bytes"), &format!("{} bytes", text.len())));
        }
        self.words.push(text.to_owned());
        Ok(())
    }

    fn finish(self) -> Result<WordVectors, LanguageError> {
        let n = self.words.len();
        if n < self.vectors.n_rows {
            return Err(corrupt(format!("{} vectors are announced, {n} are there", self.vectors.n_rows)));
        }
        let counts = (1..=n as u64).rev().collect();
        let read = Vocabulary::new(self.words, counts).and_then(|words| WordVectors::new(words, self.vectors, None));
        read.map_err(|error| corrupt(error.to_string()))
    }
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(40)]).into_owned()
}

fn bad(at: usize, wanted: &str, found: &str) -> LanguageError {
    let found: String = found.chars().take(40).collect();
    corrupt(format!("vector {}: wanted {wanted}, found '{found}'", at + 1))
}

fn corrupt(what: String) -> LanguageError {
    LanguageError::Corrupt(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> WordVectors {
        let words = ["手机", "a", "naïve", "😀"].map(str::to_owned).to_vec();
        let mut vectors = Factors::zeros(4, 3);
        for (at, value) in [0.5, -1.25e-7, 3.0e8, 0.0, 1.0 / 3.0, -0.0].into_iter().enumerate() {
            vectors.row_mut(at % 4)[at % 3] = value;
        }
        WordVectors::new(Vocabulary::new(words, vec![4, 3, 2, 1]).unwrap(), vectors, None).unwrap()
    }

    #[test]
    fn what_was_written_is_read() {
        let vectors = example();
        assert_eq!(WordVectors::from_text(&vectors.to_text()).unwrap(), vectors);
        assert_eq!(WordVectors::from_binary(&vectors.to_binary()).unwrap(), vectors);
    }

    /// As gensim 4.4 writes (no line feeds between binary rows), and with the spaces that the original leaves at line ends.
    #[test]
    fn other_programs_files_are_read() {
        let text = "2 2\n</s> 0.5 -1 \nIn 1e-3 2 \n";
        let vectors = WordVectors::from_text(text).unwrap();
        assert_eq!((vectors.known("</s>"), vectors.known("In")), (Some(&[0.5, -1.0][..]), Some(&[1e-3, 2.0][..])));
        let mut bytes = b"2 1\na ".to_vec();
        bytes.extend(1f32.to_le_bytes());
        bytes.extend(b"b ");
        bytes.extend(2f32.to_le_bytes());
        assert_eq!(WordVectors::from_binary(&bytes).unwrap().known("b"), Some(&[2.0][..]));
    }

    #[test]
    fn hostile_files_are_refused() {
        for (text, said) in [
            ("", "n_words dim"),
            ("hello\n", "the first line is 'hello'"),
            ("2 0\na\nb\n", "dim from 1"),
            ("-1 3\n", "first line"),
            ("99999999999999999999 3\n", "first line"),
            ("2000000000 60000\na 1\n", "too short"),
            ("2 1\na 1\n", "too short"),
            ("1 2\na 1 x\n", "wanted a number, found 'x'"),
            ("1 2\n1 2 \n", "a word"),
            ("2 1\na 1\na 2\n", "'a' twice"),
            ("1 1\na NaN\n", "NaN"),
            ("1 1\na inf\n", "inf"),
            ("3 1\na 1\nb 2\n\n\n\n\n\n", "wanted a number"),
        ] {
            let error = WordVectors::from_text(text).unwrap_err();
            assert!(
                matches!(error, LanguageError::Corrupt(_)) && error.to_string().contains(said),
                "{text:?}: {error}"
            );
        }
        let bytes = example().to_binary();
        for at in 0..bytes.len() - 1 {
            let error = WordVectors::from_binary(&bytes[..at]).unwrap_err();
            assert!(matches!(error, LanguageError::Corrupt(_)), "cut at {at}: {error}");
        }
        assert!(WordVectors::from_binary(&[0xff; 200]).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(0u8.., 0..200), n in 0u32..5, dim in 0u32..5) {
            let mut file = format!("{n} {dim}\n").into_bytes();
            file.extend(&bytes);
            let _ = WordVectors::from_binary(&file);
            let _ = WordVectors::from_binary(&bytes);
            let _ = WordVectors::from_text(&String::from_utf8_lossy(&file));
        }
    }
}
