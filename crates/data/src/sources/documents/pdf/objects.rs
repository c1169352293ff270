//! The objects of a PDF (ISO 32000-1, 7.3) read from bytes: numbers, names, strings, arrays, dictionaries, references,
//! and the operators of content streams. Depth and number of objects are bounded. Not here: where objects stand.

use std::collections::BTreeMap;

/// Names to objects.
pub type Dict = BTreeMap<String, Object>;

#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    Null,
    Bool(bool),
    Number(f64),
    Text(Vec<u8>),
    Name(String),
    Array(Vec<Object>),
    Dict(Dict),
    /// To the object of this number.
    Reference(u32),
    /// In content streams; also `stream`, `endobj`.
    Operator(String),
}

impl Object {
    pub fn number(&self) -> Option<f64> {
        if let Object::Number(number) = self { Some(*number) } else { None }
    }

    pub fn name(&self) -> Option<&str> {
        if let Object::Name(name) = self { Some(name) } else { None }
    }

    pub fn array(&self) -> Option<&[Object]> {
        if let Object::Array(array) = self { Some(array) } else { None }
    }

    pub fn dict(&self) -> Option<&Dict> {
        if let Object::Dict(dict) = self { Some(dict) } else { None }
    }
}

/// Arrays and dictionaries within each other.
const DEPTH_MAX: usize = 48;
/// Objects within one object; one byte of a file may be an object.
const PARTS_MAX: usize = 400_000;

/// Reads objects one after the other.
pub struct Lexer<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
    n_parts: usize,
}

fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

impl<'a> Lexer<'a> {
    pub fn new(bytes: &'a [u8], at: usize) -> Self {
        Lexer { bytes, at, n_parts: 0 }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub fn skip_spaces(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'%' {
                while self.peek().is_some_and(|byte| !matches!(byte, 10 | 13)) {
                    self.at += 1;
                }
            } else if is_space(byte) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    /// The next object; `None` at the end and where there is none.
    pub fn next(&mut self) -> Option<Object> {
        self.n_parts = 0;
        self.object(0)
    }

    fn object(&mut self, depth: usize) -> Option<Object> {
        self.n_parts += 1;
        if depth > DEPTH_MAX || self.n_parts > PARTS_MAX {
            return None;
        }
        self.skip_spaces();
        match self.peek()? {
            b'/' => self.name().map(Object::Name),
            b'(' => self.string().map(Object::Text),
            b'<' if self.bytes.get(self.at + 1) == Some(&b'<') => self.dict(depth).map(Object::Dict),
            b'<' => Some(Object::Text(self.hex())),
            b'[' => self.array(depth).map(Object::Array),
            b'0'..=b'9' | b'+' | b'-' | b'.' => Some(self.number_or_reference()),
            b')' | b'>' | b']' | b'{' | b'}' => {
                self.at += 1;
                Some(Object::Null)
            }
            _ => Some(self.word()),
        }
    }

    fn regular(&mut self) -> &'a [u8] {
        let start = self.at;
        while self.peek().is_some_and(|byte| !is_space(byte) && !is_delimiter(byte)) {
            self.at += 1;
        }
        &self.bytes[start..self.at]
    }

    fn word(&mut self) -> Object {
        match self.regular() {
            b"true" => Object::Bool(true),
            b"false" => Object::Bool(false),
            b"null" => Object::Null,
            word => Object::Operator(String::from_utf8_lossy(&word[..word.len().min(32)]).into_owned()),
        }
    }

    fn name(&mut self) -> Option<String> {
        self.at += 1;
        let raw = self.regular();
        let mut name = Vec::with_capacity(raw.len());
        let mut at = 0;
        while at < raw.len() {
            let escaped = (raw[at] == b'#').then(|| raw.get(at + 1..at + 3)).flatten();
            match escaped.and_then(|two| Some(hex_digit(two[0])? << 4 | hex_digit(two[1])?)) {
                Some(byte) => (at, _) = (at + 3, name.push(byte)),
                None => (at, _) = (at + 1, name.push(raw[at])),
            }
        }
        Some(String::from_utf8_lossy(&name).into_owned())
    }

    fn string(&mut self) -> Option<Vec<u8>> {
        let (mut text, mut depth) = (Vec::new(), 0);
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'(' => {
                    if depth > 0 {
                        text.push(byte);
                    }
                    depth += 1;
                }
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(text);
                    }
                    text.push(byte);
                }
                b'\\' => self.escape(&mut text),
                byte => text.push(byte),
            }
        }
        None
    }

    fn escape(&mut self, text: &mut Vec<u8>) {
        let Some(byte) = self.peek() else { return };
        self.at += 1;
        match byte {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'\r' => self.at += usize::from(self.peek() == Some(b'\n')),
            b'\n' => {}
            b'0'..=b'7' => {
                let mut code = u32::from(byte - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek() else { break };
                    code = code * 8 + u32::from(digit - b'0');
                    self.at += 1;
                }
                text.push(code as u8);
            }
            byte => text.push(byte),
        }
    }

    fn hex(&mut self) -> Vec<u8> {
        self.at += 1;
        let mut digits = Vec::new();
        while let Some(byte) = self.peek() {
            self.at += 1;
            match hex_digit(byte) {
                Some(digit) => digits.push(digit),
                None if byte == b'>' => break,
                None => {}
            }
        }
        digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0)).collect()
    }

    fn array(&mut self, depth: usize) -> Option<Vec<Object>> {
        self.at += 1;
        let mut array = Vec::new();
        loop {
            self.skip_spaces();
            if self.peek()? == b']' {
                self.at += 1;
                return Some(array);
            }
            array.push(self.object(depth + 1)?);
        }
    }

    fn dict(&mut self, depth: usize) -> Option<Dict> {
        self.at += 2;
        let mut dict = Dict::new();
        loop {
            self.skip_spaces();
            match self.peek()? {
                b'>' => {
                    self.at += if self.bytes.get(self.at + 1) == Some(&b'>') { 2 } else { 1 };
                    return Some(dict);
                }
                b'/' => {
                    let key = self.name()?;
                    self.skip_spaces();
                    // A key whose value is missing.
                    if self.peek()? == b'>' {
                        continue;
                    }
                    let value = self.object(depth + 1)?;
                    dict.insert(key, value);
                }
                _ => {
                    self.object(depth + 1)?;
                }
            }
        }
    }

    fn number_or_reference(&mut self) -> Object {
        let number = self.plain_number();
        let after = self.at;
        if number >= 0.0 && number.fract() == 0.0 && number <= f64::from(u32::MAX) {
            self.skip_spaces();
            let generation = self.regular();
            if !generation.is_empty() && generation.len() <= 5 && generation.iter().all(u8::is_ascii_digit) {
                self.skip_spaces();
                if self.regular() == b"R" {
                    return Object::Reference(number as u32);
                }
            }
        }
        self.at = after;
        Object::Number(number)
    }

    fn plain_number(&mut self) -> f64 {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.')) {
            self.at += 1;
        }
        let text = std::str::from_utf8(&self.bytes[start..self.at]).unwrap_or("");
        let number = text.parse::<f64>().or_else(|_| text.trim_start_matches(['+', '-']).parse()).unwrap_or(0.0);
        if number.is_finite() { number } else { 0.0 }
    }
}

pub fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_read() {
        let text = b"<< /A#42 [1 -2.5 (a\\(b\\051\\n(c)) <48 69 7>] /R 12 0 R /T true >> 3 4 Tj % c\nnull";
        let mut lexer = Lexer::new(text, 0);
        let Some(Object::Dict(dict)) = lexer.next() else { panic!("a dictionary") };
        assert_eq!(dict["R"], Object::Reference(12));
        let Object::Array(array) = &dict["AB"] else { panic!("an array") };
        assert_eq!(
            array[1..],
            [Object::Number(-2.5), Object::Text(b"a(b)\n(c)".to_vec()), Object::Text(b"Hip".to_vec())]
        );
        let rest: Vec<Object> = std::iter::from_fn(|| lexer.next()).collect();
        let operator = Object::Operator("Tj".to_owned());
        assert_eq!(rest, [Object::Number(3.0), Object::Number(4.0), operator, Object::Null]);
    }

    #[test]
    fn hostile_objects_end() {
        for piece in ["[", "<<", "(", "<", "1 0 ", "/", "<</A ", "\\", "%", ">", "- "] {
            let text = piece.repeat(100_000);
            let mut lexer = Lexer::new(text.as_bytes(), 0);
            let mut n = 0;
            while lexer.next().is_some() {
                n += 1;
            }
            assert!(n <= 200_001, "{piece}");
        }
    }
}
