//! Which character encoding a file is in, and turning it into UTF-8 block by block. A byte-order mark decides; else
//! bytes that are valid UTF-8 are UTF-8; else common Chinese characters decide for GB18030 against Windows-1252.

use encoding_rs::{Decoder, Encoding, GB18030, UTF_8, WINDOWS_1252};

use super::error::ImportError;

/// Names accepted by `--encoding`, beside every WHATWG label.
pub const NAMES: &str = "utf-8, gbk, gb18030, big5, shift_jis, latin1, windows-1252, utf-16le, utf-16be";

/// The encoding a user names.
pub fn named(name: &str) -> Result<&'static Encoding, ImportError> {
    Encoding::for_label(name.trim().as_bytes()).ok_or_else(|| ImportError::Unknown {
        what: "character encoding",
        found: name.to_owned(),
        allowed: NAMES.to_owned(),
    })
}

/// The encoding of a text that begins with `sample`. Unless that is the whole text, its last character may be cut.
pub fn detect(sample: &[u8], is_whole: bool) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(sample) {
        return encoding;
    }
    match std::str::from_utf8(sample) {
        Ok(_) => UTF_8,
        Err(error) if error.error_len().is_none() && !is_whole => UTF_8,
        Err(_) if looks_chinese(sample) => GB18030,
        Err(_) => WINDOWS_1252,
    }
}

/// Whether the bytes beyond ASCII are mostly pairs of the first level of GB 2312: the 3,755 common characters, and
/// full-width punctuation. In Western text such pairs are rare, since accented letters stand between plain ones.
fn looks_chinese(sample: &[u8]) -> bool {
    let (mut n_common, mut n_other, mut i) = (0usize, 0usize, 0);
    while i < sample.len() {
        if sample[i] < 0x80 {
            i += 1;
            continue;
        }
        match (sample[i], sample.get(i + 1)) {
            (0xB0..=0xD7 | 0xA1 | 0xA3, Some(0xA1..=0xFE)) => (n_common, i) = (n_common + 1, i + 2),
            (0x81..=0xFE, Some(0x40..=0x7E | 0x80..=0xFE)) => (n_other, i) = (n_other + 1, i + 2),
            (_, None) => i += 1,
            _ => (n_other, i) = (n_other + 2, i + 1),
        }
    }
    n_common > n_other
}

/// Turns the blocks of one file into UTF-8. Text that was pure ASCII so far may still turn out to be something else.
pub struct Transcoder {
    encoding: &'static Encoding,
    decoder: Option<Decoder>,
    /// Chosen by us, not by the user or a byte-order mark; may change while only ASCII has been seen.
    tentative: bool,
    is_first: bool,
    /// The first bytes of what may be a byte-order mark or, while tentative, a character.
    held: Vec<u8>,
}

impl Transcoder {
    /// For a text that begins with `sample`, or is it.
    pub fn new(chosen: Option<&'static Encoding>, sample: &[u8], is_whole: bool) -> Self {
        let encoding = chosen.unwrap_or_else(|| detect(sample, is_whole));
        let tentative = chosen.is_none() && encoding == UTF_8 && Encoding::for_bom(sample).is_none();
        let decoder = (encoding != UTF_8).then(|| encoding.new_decoder_with_bom_removal());
        Self { encoding, decoder, tentative, is_first: true, held: Vec::new() }
    }

    /// The name to report: what the text turned out to be.
    pub fn name(&self) -> &'static str {
        self.encoding.name()
    }

    /// Appends `input`, the next bytes of the file, to `output` as UTF-8. Invalid UTF-8 passes as it is: the rows it
    /// stands in are rejected where rows are read.
    pub fn push(&mut self, input: &[u8], output: &mut Vec<u8>, is_last: bool) {
        if self.held.is_empty() {
            return self.push_held(input, output, is_last);
        }
        let mut joined = std::mem::take(&mut self.held);
        joined.extend_from_slice(input);
        self.push_held(&joined, output, is_last);
    }

    fn push_held(&mut self, input: &[u8], output: &mut Vec<u8>, is_last: bool) {
        let mut input = input;
        if self.is_first && !input.is_empty() {
            if self.encoding == UTF_8 {
                if input.len() < UTF_8_BOM.len() && UTF_8_BOM.starts_with(input) && !is_last {
                    self.held = input.to_vec();
                    return;
                }
                input = input.strip_prefix(UTF_8_BOM).unwrap_or(input);
            }
            self.is_first = false;
        }
        if self.tentative && !input.is_ascii() {
            let n_ascii = input.iter().take_while(|byte| byte.is_ascii()).count();
            if !is_last && is_begun_character(&input[n_ascii..]) {
                self.held = input[n_ascii..].to_vec();
                output.extend_from_slice(&input[..n_ascii]);
                return;
            }
            self.tentative = false;
            self.encoding = detect(input, is_last);
            self.decoder = (self.encoding != UTF_8).then(|| self.encoding.new_decoder_without_bom_handling());
        }
        match &mut self.decoder {
            None => output.extend_from_slice(input),
            Some(decoder) => decode(decoder, input, output, is_last),
        }
    }
}

const UTF_8_BOM: &[u8] = b"\xEF\xBB\xBF";

/// Whether these may be the first bytes of one character in UTF-8 and nothing else.
fn is_begun_character(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
}

fn decode(decoder: &mut Decoder, input: &[u8], output: &mut Vec<u8>, is_last: bool) {
    let room = decoder.max_utf8_buffer_length(input.len()).unwrap_or(input.len() * 3 + 16);
    let start = output.len();
    output.resize(start + room, 0);
    let (_, _, n_written, _) = decoder.decode_to_utf8(input, &mut output[start..], is_last);
    output.truncate(start + n_written);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], block: usize) -> (String, &'static str) {
        let mut transcoder = Transcoder::new(None, &bytes[..bytes.len().min(64)], bytes.len() <= 64);
        let mut output = Vec::new();
        for chunk in bytes.chunks(block.max(1)) {
            transcoder.push(chunk, &mut output, false);
        }
        transcoder.push(&[], &mut output, true);
        (String::from_utf8_lossy(&output).into_owned(), transcoder.name())
    }

    #[test]
    fn one_accent_at_the_very_end_is_seen() {
        for block in [1, 4, 4096] {
            assert_eq!(read(b"id,city\n1,Caf\xE9", block), ("id,city\n1,Caf\u{e9}".to_owned(), "windows-1252"));
            assert_eq!(read("id,city\n1,Caf\u{e9}".as_bytes(), block).1, "UTF-8");
        }
    }

    #[test]
    fn encodings_are_recognised() {
        let chinese = "编号,年龄\n1,26-35岁\n2,56岁以上\n";
        let western = "id,city\n1,Zürich\n2,São Paulo\n";
        let long_ascii = "id,city\n".repeat(40) + western;
        for (bytes, text, name) in [
            (chinese.as_bytes().to_vec(), chinese, "UTF-8"),
            (GB18030.encode(chinese).0.into_owned(), chinese, "gb18030"),
            (WINDOWS_1252.encode(western).0.into_owned(), western, "windows-1252"),
            (WINDOWS_1252.encode(&long_ascii).0.into_owned(), long_ascii.as_str(), "windows-1252"),
            ([b"\xEF\xBB\xBF", chinese.as_bytes()].concat(), chinese, "UTF-8"),
            (utf16(chinese, false), chinese, "UTF-16LE"),
            (utf16(chinese, true), chinese, "UTF-16BE"),
        ] {
            assert_eq!(read(&bytes, 4096), (text.to_owned(), name));
        }
        assert!(named("no-such").unwrap_err().to_string().contains("gb18030"));
    }

    fn utf16(text: &str, big: bool) -> Vec<u8> {
        let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
        units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    }
}
