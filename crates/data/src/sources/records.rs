//! Records and fields of delimited text (RFC 4180, read leniently): quotes matter only at a field's start, and a record
//! may span lines. A quote that is not closed within the longest record allowed, or whose closing one is followed by more
//! than blanks, costs one line. Not here: where blocks end (see `blocks`), types.

use std::borrow::Cow;

use memchr::memchr2;

use super::blocks::{DOUBLE_COLON, Quoted, quoted_field, without_line_end};

/// Walks the records of a block of whole records.
pub struct Records<'a> {
    text: &'a str,
    delimiter: u8,
    at: usize,
    line: u64,
    record_bytes_max: usize,
}

/// Where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub line: u64,
    pub start: usize,
    /// Without the line end.
    pub end: usize,
    /// Length of the record in the file.
    pub n_bytes: usize,
    /// A quote opened in this record is not closed, or has a tail; the fields are those of its first line, unquoted.
    pub has_bad_quote: bool,
}

impl<'a> Records<'a> {
    pub fn new(text: &'a str, delimiter: u8, first_line: u64) -> Self {
        assert!(delimiter.is_ascii() && !matches!(delimiter, b'"' | b'\n' | b'\r'), "no delimiter: {delimiter}");
        Self { text, delimiter, at: 0, line: first_line, record_bytes_max: usize::MAX }
    }

    /// A record over several lines that is longer is taken for an open quote: its first line stands alone.
    pub fn with_record_bytes_max(self, record_bytes_max: usize) -> Self {
        Self { record_bytes_max, ..self }
    }

    /// Puts the next record's fields into `fields`; `None` at the end of the text.
    pub fn next_into(&mut self, fields: &mut Vec<Cow<'a, str>>) -> Option<Place> {
        fields.clear();
        let bytes = self.text.as_bytes();
        if self.at >= bytes.len() {
            return None;
        }
        let (start, line) = (self.at, self.line);
        let mut at = start;
        loop {
            if bytes.get(at) == Some(&b'"') {
                match quoted_field(bytes, at, self.delimiter) {
                    Quoted::Closed { closing, end } => {
                        self.take_quoted(at, closing, fields);
                        at = end;
                    }
                    Quoted::Damaged | Quoted::Open => return Some(self.first_line_only(start, line, fields)),
                }
            } else {
                let end = memchr2(self.delimiter, b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n);
                let is_last = bytes.get(end) != Some(&self.delimiter);
                let trimmed = if is_last && end > at && bytes[end - 1] == b'\r' { end - 1 } else { end };
                fields.push(Cow::Borrowed(&self.text[at..trimmed]));
                at = end;
            }
            if bytes.get(at) == Some(&self.delimiter) {
                at += 1;
            } else {
                break;
            }
        }
        let end = start + without_line_end(&bytes[start..at]).len();
        let n_bytes = self.n_bytes(start, end);
        if self.line > line && n_bytes > self.record_bytes_max {
            return Some(self.first_line_only(start, line, fields));
        }
        self.at = (at + 1).min(bytes.len()).max(at);
        self.line += 1;
        Some(Place { line, start, end, n_bytes, has_bad_quote: false })
    }

    /// The record's text.
    pub fn raw(&self, place: Place) -> &'a str {
        &self.text[place.start..place.end]
    }

    /// Takes the field between the quotes at `opening` and `closing`.
    fn take_quoted(&mut self, opening: usize, closing: usize, fields: &mut Vec<Cow<'a, str>>) {
        let content = &self.text[opening + 1..closing];
        self.line += memchr::memchr_iter(b'\n', content.as_bytes()).count() as u64;
        let is_plain = !content.contains('"');
        fields.push(if is_plain { Cow::Borrowed(content) } else { Cow::Owned(content.replace("\"\"", "\"")) });
    }

    fn first_line_only(&mut self, start: usize, line: u64, fields: &mut Vec<Cow<'a, str>>) -> Place {
        let bytes = self.text.as_bytes();
        let end = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |n| start + n);
        fields.clear();
        let line_end = start + without_line_end(&bytes[start..end]).len();
        fields.extend(self.text[start..line_end].split(self.delimiter as char).map(Cow::Borrowed));
        self.at = (end + 1).min(bytes.len());
        self.line = line + 1;
        Place { line, start, end: line_end, n_bytes: self.n_bytes(start, line_end), has_bad_quote: true }
    }

    fn n_bytes(&self, start: usize, end: usize) -> usize {
        // Of this delimiter one byte stands for two.
        let n_shortened = match self.delimiter {
            DOUBLE_COLON => memchr::memchr_iter(DOUBLE_COLON, &self.text.as_bytes()[start..end]).count(),
            _ => 0,
        };
        end - start + n_shortened
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(u64, Vec<String>)> {
        let mut records = Records::new(text, b',', 1);
        let mut fields = Vec::new();
        let mut all = Vec::new();
        while let Some(place) = records.next_into(&mut fields) {
            all.push((place.line, fields.iter().map(|field| field.to_string()).collect()));
        }
        all
    }

    #[test]
    fn records_and_fields() {
        let check = |text: &str, expected: &[(u64, &[&str])]| {
            let expected: Vec<(u64, Vec<String>)> =
                expected.iter().map(|(line, f)| (*line, f.iter().map(|s| s.to_string()).collect())).collect();
            assert_eq!(read(text), expected, "{text:?}");
        };
        check("a,b\n1,2\n", &[(1, &["a", "b"]), (2, &["1", "2"])]);
        check("a,b\r\n1,2", &[(1, &["a", "b"]), (2, &["1", "2"])]);
        check("\"a\r\nb\",c\r\n,\r\n", &[(1, &["a\r\nb", "c"]), (3, &["", ""])]);
        check("\"say \"\"hi\"\"\",\"\"\n", &[(1, &["say \"hi\"", ""])]);
        check("15.6\" screen,\"a\" \r\n", &[(1, &["15.6\" screen", "a"])]);
        check("1,\"open\n2,3\n", &[(1, &["1", "\"open"]), (2, &["2", "3"])]);
        // A closing quote with a tail: the record's first line is one of its own.
        check("\"a\" b,1\n2,3\n", &[(1, &["\"a\" b", "1"]), (2, &["2", "3"])]);
        check("1,\"x,2\n3,\"y,4\n5,6\n", &[(1, &["1", "\"x", "2"]), (2, &["3", "\"y", "4"]), (3, &["5", "6"])]);
        check("\"a\nb\",\"x\n1,\"y\n", &[(1, &["\"a"]), (2, &["b\"", "\"x"]), (3, &["1", "\"y"])]);
        check("\n\n", &[(1, &[""]), (2, &[""])]);
        check("岁,é\n", &[(1, &["岁", "é"])]);
        check("", &[]);
    }
}
