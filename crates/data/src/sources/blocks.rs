//! A file's text in blocks of whole records, so that blocks can be parsed side by side and memory stays bounded. A
//! record longer than the limit is taken out and reported, and reading goes on behind it. Not here: fields and types.

use memchr::{memchr, memchr_iter, memchr2, memmem, memrchr};

use super::encoding::Transcoder;
use super::error::ImportError;
use super::open::Input;

/// `::` separates the fields of some old files; once a block is whole it is turned into this byte, which no text holds.
pub const DOUBLE_COLON: u8 = 0x1F;

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
    array: Array,
}

/// Where in a JSON document the reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Array {
    Before,
    Inside,
    Behind,
}

impl Blocks {
    /// `block_bytes` are read at a time; the records do not depend on it.
    pub fn new(
        input: Input,
        transcoder: Transcoder,
        layout: Layout,
        record_bytes_max: usize,
        block_bytes: usize,
        cr_only: bool,
    ) -> Self {
        Self {
            input,
            transcoder,
            layout,
            record_bytes_max,
            block_bytes,
            raw: Vec::new(),
            pending: Vec::new(),
            line: 1,
            n_records: 0,
            at_end: false,
            cr_only,
            array: Array::Before,
        }
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
            if self.array == Array::Behind {
                return Ok(None);
            }
            if !self.at_end {
                self.read_more()?;
            }
            if self.layout == Layout::JsonArray && self.array == Array::Before && !self.enter_array() {
                if self.at_end {
                    return Ok(None);
                }
                continue;
            }
            let whole = self.whole();
            if whole.cut > 0 {
                return Ok(Some(self.take(whole.cut)));
            }
            if self.at_end || self.array == Array::Behind {
                return Ok(None);
            }
            // A byte more may be the first of a line's end.
            if whole.n_open > self.record_bytes_max.saturating_add(1) {
                return match self.layout {
                    Layout::JsonArray => self.skip_element().map(Some),
                    _ => self.skip_line().map(Some),
                };
            }
        }
    }

    /// How much of what is pending is whole records.
    fn whole(&mut self) -> Whole {
        let n_pending = self.pending.len();
        match self.layout {
            Layout::JsonArray => {
                let (whole, is_end) = array_boundary(&self.pending);
                if is_end {
                    self.array = Array::Behind;
                } else if self.at_end {
                    return Whole { cut: n_pending, n_open: 0 };
                }
                whole
            }
            _ if self.at_end => Whole { cut: n_pending, n_open: 0 },
            Layout::JsonLines => {
                let cut = memrchr(b'\n', &self.pending).map_or(0, |end| end + 1);
                Whole { cut, n_open: n_pending - cut }
            }
            Layout::Delimited { delimiter } => {
                let cut = line_boundary(&self.pending, delimiter, self.record_bytes_max);
                Whole { cut, n_open: n_pending - cut }
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

    fn begin_oversized(&self) -> Oversized {
        let raw = self.pending[..self.pending.len().min(RAW_BYTES_MAX)].to_vec();
        Oversized { line: self.line, reason: String::new(), raw }
    }

    /// Leaves out the line at the start of `pending`, which has no end within the limit.
    fn skip_line(&mut self) -> Result<Block, ImportError> {
        let mut oversized = self.begin_oversized();
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
        oversized.reason = too_long("line", n_bytes, self.record_bytes_max);
        Ok(Block { text: Vec::new(), first_line: self.line, oversized: Some(oversized) })
    }

    /// Leaves out the value at the start of a JSON array's rest, which has no end within the limit.
    fn skip_element(&mut self) -> Result<Block, ImportError> {
        let start = self.pending.iter().position(|b| !between_values(*b)).unwrap_or(0);
        self.drop_pending(start);
        let mut oversized = self.begin_oversized();
        let (mut scan, mut n_bytes) = (ValueScan::default(), 0u64);
        loop {
            let end = scan.end(&self.pending);
            let n = end.unwrap_or(self.pending.len());
            n_bytes += n as u64;
            self.drop_pending(n);
            if end.is_some() || self.at_end {
                break;
            }
            self.read_more()?;
        }
        oversized.reason = too_long("object", n_bytes, self.record_bytes_max);
        Ok(Block { text: Vec::new(), first_line: self.line, oversized: Some(oversized) })
    }

    fn drop_pending(&mut self, n: usize) {
        self.line += memchr_iter(b'\n', &self.pending[..n]).count() as u64;
        self.pending.drain(..n);
    }

    /// Moves behind the `[` that opens the array of records, which must come within the length of a record. A single
    /// object is taken as the one record.
    fn enter_array(&mut self) -> bool {
        let head = &self.pending[..self.pending.len().min(self.record_bytes_max)];
        match array_start(head) {
            Some(start) => {
                self.drop_pending(start);
                self.array = Array::Inside;
            }
            None if self.at_end || self.pending.len() > self.record_bytes_max => self.array = Array::Inside,
            None => {}
        }
        self.array == Array::Inside
    }
}

/// The reason for refusing a line or object beyond the limit.
pub(super) fn too_long(what: &str, n_bytes: u64, limit: usize) -> String {
    format!("the {what} has {n_bytes} bytes; at most {limit} are allowed (--max-record-bytes)")
}

/// What of a text is whole records, and how long the open one behind them is so far.
struct Whole {
    cut: usize,
    n_open: usize,
}

/// The whole values at the start of an array's rest, and whether the array's end follows them.
fn array_boundary(bytes: &[u8]) -> (Whole, bool) {
    let mut elements = JsonElements::new(bytes);
    for element in elements.by_ref() {
        if !element.is_closed {
            return (Whole { cut: element.start, n_open: bytes.len() - element.start }, false);
        }
    }
    match elements.end {
        Some(end) => (Whole { cut: end, n_open: 0 }, true),
        None => (Whole { cut: bytes.len(), n_open: 0 }, false),
    }
}

/// The end of the last record that is whole. A record whose quotes are damaged, or over several lines longer than the
/// limit (likely a quote was never closed), is not one; its first line stands alone. `Records` reads by the same rule.
fn line_boundary(bytes: &[u8], delimiter: u8, record_bytes_max: usize) -> usize {
    let mut start = 0;
    loop {
        let opening = opening_quote(bytes, start, delimiter);
        // Up to the line of the next quote every line is a record.
        start += memrchr(b'\n', &bytes[start..opening]).map_or(0, |end| end + 1);
        if opening == bytes.len() {
            return start;
        }
        let is_too_long = |n: usize| n > record_bytes_max;
        match record_end(bytes, opening, delimiter) {
            RecordEnd::Found(end) if !is_too_long(without_line_end(&bytes[start..end]).len()) => start = end,
            RecordEnd::Open if !is_too_long((bytes.len() - start).saturating_sub(1)) => return start,
            _ => match memchr(b'\n', &bytes[start..]) {
                Some(end) => start += end + 1,
                None => return start,
            },
        }
    }
}

pub(super) fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Where the record ends in which a quoted field opens.
enum RecordEnd {
    /// Behind its line end.
    Found(usize),
    /// Something follows a closing quote that does not belong there.
    Damaged,
    /// Not in these bytes.
    Open,
}

fn record_end(bytes: &[u8], opening: usize, delimiter: u8) -> RecordEnd {
    let mut at = opening;
    loop {
        if bytes.get(at) == Some(&b'"') {
            match quoted_field(bytes, at, delimiter) {
                Quoted::Closed { end, .. } if end < bytes.len() => at = end,
                Quoted::Damaged => return RecordEnd::Damaged,
                Quoted::Closed { .. } | Quoted::Open => return RecordEnd::Open,
            }
        }
        let rest = &bytes[at..];
        let found = match delimiter {
            DOUBLE_COLON => {
                let line = memchr(b'\n', rest);
                memmem::find(&rest[..line.unwrap_or(rest.len())], b"::").or(line)
            }
            _ => memchr2(delimiter, b'\n', rest),
        };
        let Some(n) = found else { return RecordEnd::Open };
        at += n + 1;
        if rest[n] == b'\n' {
            return RecordEnd::Found(at);
        }
        at += usize::from(delimiter == DOUBLE_COLON);
    }
}

/// A field in quotes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Quoted {
    /// Where the closing quote stands, and where the delimiter, line end or end of the text that follows it.
    Closed { closing: usize, end: usize },
    /// Something else follows the closing quote: it or the opening one does not belong there.
    Damaged,
    /// It goes on behind the text.
    Open,
}

/// The field whose opening quote stands at `opening`. Blanks behind the closing quote are passed over.
pub(super) fn quoted_field(bytes: &[u8], opening: usize, delimiter: u8) -> Quoted {
    let Some(n) = closing_quote(&bytes[opening + 1..]) else { return Quoted::Open };
    let closing = opening + 1 + n;
    let behind = &bytes[closing + 1..];
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r') && *byte != delimiter;
    let end = closing + 1 + behind.iter().take_while(|byte| is_blank(byte)).count();
    match bytes.get(end) {
        None => Quoted::Closed { closing, end },
        Some(byte) if *byte == delimiter || *byte == b'\n' => Quoted::Closed { closing, end },
        Some(b':') if delimiter == DOUBLE_COLON => match bytes.get(end + 1) {
            None => Quoted::Open,
            Some(b':') => Quoted::Closed { closing, end },
            Some(_) => Quoted::Damaged,
        },
        Some(_) => Quoted::Damaged,
    }
}

/// The next quote that opens a field, or the end. Elsewhere than at a field's start it is an inch mark or the like.
fn opening_quote(bytes: &[u8], from: usize, delimiter: u8) -> usize {
    memchr_iter(b'"', &bytes[from..])
        .map(|found| from + found)
        .find(|&quote| quote == from || opens_field(&bytes[from..quote], delimiter))
        .unwrap_or(bytes.len())
}

/// Whether a field begins behind `before`.
fn opens_field(before: &[u8], delimiter: u8) -> bool {
    match delimiter {
        DOUBLE_COLON => before.ends_with(b"::") || before.ends_with(b"\n"),
        _ => before.last().is_some_and(|last| *last == delimiter || *last == b'\n'),
    }
}

/// The quote that closes the field whose inside begins here; a doubled quote stands for itself.
fn closing_quote(inside: &[u8]) -> Option<usize> {
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
    /// A comma or the array's end follows; else the text broke off.
    pub is_closed: bool,
}

/// What may stand between the values of an array.
fn between_values(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == b','
}

/// Looks for the end of one JSON value in a list, by brackets and strings alone; the value may come in pieces.
#[derive(Default)]
struct ValueScan {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl ValueScan {
    /// Where the comma or bracket stands that follows the value, if it is in this piece.
    fn end(&mut self, piece: &[u8]) -> Option<usize> {
        for (i, byte) in piece.iter().enumerate() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'[' | b'{' => self.depth += 1,
                b']' | b',' if self.depth == 0 => return Some(i),
                b']' | b'}' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        None
    }
}

/// Splits the inside of a JSON array into its values.
pub struct JsonElements<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Behind the bracket that ends the array, once it has been met.
    pub end: Option<usize>,
}

impl<'a> JsonElements<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, end: None }
    }
}

impl Iterator for JsonElements<'_> {
    type Item = JsonElement;

    fn next(&mut self) -> Option<JsonElement> {
        let rest = &self.bytes[self.at..];
        let start = self.at + rest.iter().position(|b| !between_values(*b))?;
        let Some(n) = ValueScan::default().end(&self.bytes[start..]) else {
            self.at = self.bytes.len();
            return Some(JsonElement { start, end: self.at, is_closed: false });
        };
        let end = start + n;
        self.at = end + 1;
        if self.bytes[end] == b']' {
            // What follows the array is not read.
            self.end = Some(end + 1);
            self.at = self.bytes.len();
        }
        (n > 0).then_some(JsonElement { start, end, is_closed: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn blocks_of(text: &[u8], layout: Layout, block_bytes: usize, limit: usize) -> (Vec<Vec<u8>>, Vec<Oversized>) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text).unwrap();
        let transcoder = Transcoder::new(Some(encoding_rs::UTF_8), b"", true);
        let input = Input::open(file.path()).unwrap();
        let mut blocks = Blocks::new(input, transcoder, layout, limit, block_bytes, false);
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
        // An open quote costs its line alone.
        let text = format!("a,b\n1,\"open\n{}", "2,3\n".repeat(50));
        let (blocks, oversized) = blocks_of(text.as_bytes(), comma, 16, 64);
        assert_eq!((blocks.concat(), oversized), (text.into_bytes(), vec![]));
        let text = format!("[{{\"a\":1}},{{\"b\":\"{long}\"}}, {{\"c\":2}}]");
        for block_bytes in [1, 16, 1000] {
            let (blocks, oversized) = blocks_of(text.as_bytes(), Layout::JsonArray, block_bytes, 64);
            let text = String::from_utf8(blocks.concat()).unwrap();
            assert!(text.contains("{\"c\":2}"), "{text}");
            assert!(oversized.iter().all(|one| one.line == 1 && one.reason.contains("the object has 508 bytes")));
            assert_eq!(oversized.len(), usize::from(block_bytes < 1000));
        }
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
                assert_eq!(elements, [r#"{"a":"],["}"#, r#"{"a":[1,2]}"#, r#"{"b":"\"}"}"#], "{block_bytes}");
            }
        }
    }
}
