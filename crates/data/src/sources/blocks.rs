//! A file's text in blocks of whole records, so that blocks can be parsed side by side and memory stays bounded. A
//! record longer than the limit is taken out and reported, and reading goes on behind it. Not here: fields and types.

use memchr::{memchr, memchr_iter, memrchr};

use super::encoding::Transcoder;
use super::error::ImportError;
use super::open::Input;

/// How records follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Lines; with a delimiter, a quoted field may hold line ends.
    Delimited { delimiter: u8 },
    /// One JSON object a line.
    JsonLines,
    /// Objects in a JSON array, which is the whole file or a member of its one object.
    JsonArray,
}

/// Whole records.
#[derive(Debug)]
pub struct Block {
    pub text: Vec<u8>,
    /// Line of the file, from 1, on which the block begins.
    pub first_line: u64,
    /// A record that had to be left out before this block.
    pub oversized: Option<Oversized>,
}

/// A record beyond the limit.
#[derive(Debug, PartialEq, Eq)]
pub struct Oversized {
    pub line: u64,
    pub reason: String,
    /// How it begins.
    pub raw: Vec<u8>,
}

/// Bytes read at a time.
pub const BLOCK_BYTES: usize = 2 << 20;
/// How much of a refused record is kept.
const RAW_BYTES_MAX: usize = 1024;

pub struct Blocks {
    input: Input,
    transcoder: Transcoder,
    layout: Layout,
    record_bytes_max: usize,
    block_bytes: usize,
    raw: Vec<u8>,
    pending: Vec<u8>,
    line: u64,
    n_records: u64,
    at_end: bool,
    /// Lines end in a lone carriage return.
    cr_only: bool,
    inside_array: bool,
}

impl Blocks {
    pub fn new(input: Input, transcoder: Transcoder, layout: Layout, record_bytes_max: usize, cr_only: bool) -> Self {
        Self {
            input,
            transcoder,
            layout,
            record_bytes_max,
            block_bytes: BLOCK_BYTES,
            raw: Vec::new(),
            pending: Vec::new(),
            line: 1,
            n_records: 0,
            at_end: false,
            cr_only,
            inside_array: false,
        }
    }

    #[cfg(test)]
    fn with_block_bytes(mut self, block_bytes: usize) -> Self {
        self.block_bytes = block_bytes;
        self
    }

    pub fn position(&self) -> (u64, u64) {
        self.input.position()
    }

    /// The encoding the text was read in.
    pub fn encoding_name(&self) -> &'static str {
        self.transcoder.name()
    }

    /// The next block, or `None` at the end.
    pub fn next_block(&mut self) -> Result<Option<Block>, ImportError> {
        loop {
            if !self.at_end {
                self.read_more()?;
            }
            if self.layout == Layout::JsonArray && !self.inside_array && !self.enter_array() {
                if self.at_end {
                    return Ok(None);
                }
                continue;
            }
            let cut = if self.at_end { self.pending.len() } else { boundary(&self.pending, self.layout) };
            if cut > 0 {
                return Ok(Some(self.take(cut)));
            }
            if self.at_end {
                return Ok(None);
            }
            if self.pending.len() > self.record_bytes_max {
                return self.skip_record().map(Some);
            }
        }
    }

    fn read_more(&mut self) -> Result<(), ImportError> {
        self.raw.clear();
        let n = self.input.fill(&mut self.raw, self.block_bytes, self.n_records)?;
        self.at_end = n < self.block_bytes;
        let start = self.pending.len();
        self.transcoder.push(&self.raw, &mut self.pending, self.at_end);
        if self.cr_only {
            self.pending[start..].iter_mut().filter(|b| **b == b'\r').for_each(|b| *b = b'\n');
        }
        Ok(())
    }

    fn take(&mut self, cut: usize) -> Block {
        let rest = self.pending[cut..].to_vec();
        let mut text = std::mem::replace(&mut self.pending, rest);
        text.truncate(cut);
        let first_line = self.line;
        let n_lines = memchr_iter(b'\n', &text).count() as u64;
        self.line += n_lines;
        self.n_records += n_lines;
        Block { text, first_line, oversized: None }
    }

    /// Leaves out the record at the start of `pending`, which has no end within the limit: up to the end of its first
    /// line, since an open quote has likely swallowed the lines after it.
    fn skip_record(&mut self) -> Result<Block, ImportError> {
        let limit = self.record_bytes_max;
        let line = self.line;
        let raw = self.pending[..self.pending.len().min(RAW_BYTES_MAX)].to_vec();
        let mut n_bytes = 0u64;
        loop {
            if let Some(end) = memchr(b'\n', &self.pending) {
                n_bytes += end as u64;
                self.pending.drain(..=end);
                self.line += 1;
                break;
            }
            n_bytes += self.pending.len() as u64;
            self.pending.clear();
            if self.at_end {
                break;
            }
            self.read_more()?;
        }
        let reason = if n_bytes > limit as u64 {
            format!("the line has {n_bytes} bytes; at most {limit} are allowed (--max-record-bytes)")
        } else {
            format!("a quote opened on this line is not closed within {limit} bytes")
        };
        let oversized = Some(Oversized { line, reason, raw });
        Ok(Block { text: Vec::new(), first_line: self.line, oversized })
    }

    /// Moves behind the `[` that opens the array of records. A single object is taken as the one record.
    fn enter_array(&mut self) -> bool {
        match array_start(&self.pending) {
            Some(start) => {
                self.line += memchr_iter(b'\n', &self.pending[..start]).count() as u64;
                self.pending.drain(..start);
                self.inside_array = true;
            }
            None if self.at_end || self.pending.len() > self.record_bytes_max => self.inside_array = true,
            None => {}
        }
        self.inside_array
    }
}

/// The length of the whole records at the start of `bytes`.
fn boundary(bytes: &[u8], layout: Layout) -> usize {
    match layout {
        Layout::JsonLines => memrchr(b'\n', bytes).map_or(0, |end| end + 1),
        Layout::JsonArray => {
            let mut cut = 0;
            for element in JsonElements::new(bytes) {
                if element.is_closed {
                    cut = element.next;
                }
            }
            cut
        }
        Layout::Delimited { delimiter } => line_boundary(bytes, delimiter),
    }
}

/// The end of the last line that is not inside quotes. Looks at quotes and at few other bytes.
fn line_boundary(bytes: &[u8], delimiter: u8) -> usize {
    let (mut cut, mut outside) = (0, 0);
    loop {
        let opening = opening_quote(bytes, outside, delimiter);
        if let Some(end) = memrchr(b'\n', &bytes[outside..opening]) {
            cut = outside + end + 1;
        }
        match bytes.get(opening + 1..).and_then(closing_quote) {
            Some(closing) => outside = opening + 1 + closing + 1,
            None => return cut,
        }
    }
}

/// The next quote that opens a field, or the end. Elsewhere than at a field's start it is an inch mark or the like.
fn opening_quote(bytes: &[u8], from: usize, delimiter: u8) -> usize {
    memchr_iter(b'"', &bytes[from..])
        .map(|found| from + found)
        .find(|&quote| quote == 0 || bytes[quote - 1] == delimiter || bytes[quote - 1] == b'\n')
        .unwrap_or(bytes.len())
}

/// The quote that closes the field whose inside begins here; a doubled quote stands for itself.
pub(super) fn closing_quote(inside: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr(b'"', &inside[at..])?;
        if inside.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
        if at > inside.len() {
            return None;
        }
    }
}

/// Behind the first `[` outside strings at depth 0 or, in an object, at depth 1 and followed by `{`.
pub(super) fn array_start(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut in_string, mut i) = (0i64, false, 0);
    while i < bytes.len() {
        match bytes[i] {
            b'\\' if in_string => i += 1,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' => {
                let follows = bytes[i + 1..].iter().find(|b| !b.is_ascii_whitespace());
                if depth == 0 || (depth == 1 && matches!(follows, Some(b'{'))) {
                    return Some(i + 1);
                }
                depth += 1;
            }
            b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            _ => {}
        }
        i += 1;
    }
    None
}

/// One value of a JSON array's inside.
#[derive(Debug, PartialEq, Eq)]
pub struct JsonElement {
    pub start: usize,
    pub end: usize,
    /// Where the next value may begin.
    pub next: usize,
    /// A comma or the array's end follows; else the text broke off.
    pub is_closed: bool,
}

/// Splits the inside of a JSON array into its values by brackets and strings alone; the values may still be wrong.
pub struct JsonElements<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> JsonElements<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }
}

impl Iterator for JsonElements<'_> {
    type Item = JsonElement;

    fn next(&mut self) -> Option<JsonElement> {
        let bytes = self.bytes;
        let skip = |b: &u8| b.is_ascii_whitespace() || *b == b',';
        let start = self.at + bytes[self.at..].iter().position(|b| !skip(b))?;
        let (mut depth, mut in_string, mut i) = (0usize, false, start);
        while i < bytes.len() {
            match bytes[i] {
                b'\\' if in_string => i += 1,
                b'"' => in_string = !in_string,
                _ if in_string => {}
                b'[' | b'{' => depth += 1,
                b']' if depth == 0 => {
                    // The array's end: what follows is not read.
                    self.at = bytes.len();
                    return (i > start).then_some(JsonElement { start, end: i, next: bytes.len(), is_closed: true });
                }
                b']' | b'}' => depth = depth.saturating_sub(1),
                b',' if depth == 0 => {
                    self.at = i + 1;
                    return Some(JsonElement { start, end: i, next: i + 1, is_closed: true });
                }
                _ => {}
            }
            i += 1;
        }
        self.at = bytes.len();
        Some(JsonElement { start, end: bytes.len(), next: bytes.len(), is_closed: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn blocks_of(text: &[u8], layout: Layout, block_bytes: usize, limit: usize) -> (Vec<Vec<u8>>, Vec<Oversized>) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text).unwrap();
        let transcoder = Transcoder::new(Some(encoding_rs::UTF_8), b"");
        let input = Input::open(file.path()).unwrap();
        let mut blocks = Blocks::new(input, transcoder, layout, limit, false).with_block_bytes(block_bytes);
        let (mut texts, mut oversized) = (Vec::new(), Vec::new());
        while let Some(block) = blocks.next_block().unwrap() {
            texts.push(block.text);
            oversized.extend(block.oversized);
        }
        (texts, oversized)
    }

    #[test]
    fn records_are_never_cut() {
        let comma = Layout::Delimited { delimiter: b',' };
        let text = b"a,b\n1,\"two\nlines\"\n2,15.6\" screen\n3,\"say \"\"hi\"\"\n,\"\n";
        let records: [&[u8]; 4] = [b"a,b\n", b"1,\"two\nlines\"\n", b"2,15.6\" screen\n", b"3,\"say \"\"hi\"\"\n,\"\n"];
        let ends: Vec<usize> = records
            .iter()
            .scan(0, |sum, r| {
                *sum += r.len();
                Some(*sum)
            })
            .collect();
        for block_bytes in 1..60 {
            let (blocks, oversized) = blocks_of(text, comma, block_bytes, 1000);
            assert_eq!((blocks.concat(), oversized), (text.to_vec(), vec![]));
            let mut at = 0;
            for block in blocks {
                at += block.len();
                assert!(ends.contains(&at), "cut at {at} with blocks of {block_bytes}");
            }
        }
    }

    #[test]
    fn long_lines_are_left_out() {
        let comma = Layout::Delimited { delimiter: b',' };
        let long = "x".repeat(500);
        let text = format!("a,b\n1,2\n{long}\n3,4\n");
        let (blocks, oversized) = blocks_of(text.as_bytes(), comma, 16, 64);
        assert_eq!(blocks.concat(), b"a,b\n1,2\n3,4\n");
        assert_eq!(oversized.len(), 1);
        assert_eq!(oversized[0].line, 3);
        assert!(oversized[0].reason.contains("500 bytes; at most 64"), "{}", oversized[0].reason);
        let text = format!("a,b\n1,\"open\n{}", "2,3\n".repeat(50));
        let (_, oversized) = blocks_of(text.as_bytes(), comma, 16, 64);
        assert!(oversized[0].reason.contains("not closed"), "{}", oversized[0].reason);
    }

    #[test]
    fn json_arrays_are_split() {
        for text in [
            r#"[{"a":"],["},{"a":[1,2]}, {"b":"\"}"}]"#,
            r#"{"n":3,"meta":[1],"items":[{"a":"],["},{"a":[1,2]}, {"b":"\"}"}],"more":[]}"#,
        ] {
            for block_bytes in [1, 7, 1000] {
                let (blocks, _) = blocks_of(text.as_bytes(), Layout::JsonArray, block_bytes, 1000);
                let mut elements = Vec::new();
                for block in &blocks {
                    for element in JsonElements::new(block) {
                        elements.push(String::from_utf8(block[element.start..element.end].to_vec()).unwrap());
                    }
                }
                assert_eq!(&elements[..3], [r#"{"a":"],["}"#, r#"{"a":[1,2]}"#, r#"{"b":"\"}"}"#], "{block_bytes}");
            }
        }
    }
}
