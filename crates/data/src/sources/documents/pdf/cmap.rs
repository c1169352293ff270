//! From the codes of a PDF font to characters, as its `ToUnicode` table says (ISO 32000-1, 9.10.3). Not here: fonts
//! without one (see `fonts`).

use std::collections::BTreeMap;

use super::objects::{Lexer, Object};

/// Codes of 1 to 4 bytes to texts.
#[derive(Debug, Default)]
pub struct CMap {
    /// Number of bytes, smallest and largest code of each space.
    spaces: Vec<(usize, u32, u32)>,
    single: BTreeMap<(usize, u32), String>,
    /// First code to last code, and the text of the first; the last character grows with the code.
    ranges: BTreeMap<(usize, u32), (u32, Vec<u16>)>,
}

/// Entries of a table.
const ENTRIES_MAX: usize = 200_000;

impl CMap {
    pub fn parse(bytes: &[u8]) -> CMap {
        let mut map = CMap::default();
        let mut lexer = Lexer::new(bytes, 0);
        // What stood before an operator.
        let mut operands: Vec<Object> = Vec::new();
        while let Some(object) = lexer.next() {
            match object {
                Object::Operator(word) => {
                    match word.as_str() {
                        "endcodespacerange" => map.add_spaces(&operands),
                        "endbfchar" => map.add_single(&operands),
                        "endbfrange" => map.add_ranges(&operands),
                        _ => {}
                    }
                    operands.clear();
                }
                object if operands.len() < ENTRIES_MAX => operands.push(object),
                _ => {}
            }
        }
        map
    }

    pub fn is_empty(&self) -> bool {
        self.single.is_empty() && self.ranges.is_empty()
    }

    fn add_spaces(&mut self, operands: &[Object]) {
        for pair in operands.chunks_exact(2).take(1000) {
            if let [Object::Text(low), Object::Text(high)] = pair
                && (1..=4).contains(&low.len())
            {
                self.spaces.push((low.len(), code_of(low), code_of(high)));
            }
        }
    }

    fn add_single(&mut self, operands: &[Object]) {
        for pair in operands.chunks_exact(2) {
            if let [Object::Text(code), Object::Text(text)] = pair
                && self.single.len() < ENTRIES_MAX
            {
                self.single.insert((code.len(), code_of(code)), String::from_utf16_lossy(&units(text)));
            }
        }
    }

    fn add_ranges(&mut self, operands: &[Object]) {
        for three in operands.chunks_exact(3) {
            let [Object::Text(low), Object::Text(high), target] = three else { continue };
            let (n, low, high) = (low.len(), code_of(low), code_of(high));
            match target {
                Object::Text(text) if self.ranges.len() < ENTRIES_MAX => {
                    self.ranges.insert((n, low), (high, units(text)));
                }
                Object::Array(texts) => {
                    for (code, text) in (low..=high).zip(texts) {
                        if let Object::Text(text) = text
                            && self.single.len() < ENTRIES_MAX
                        {
                            self.single.insert((n, code), String::from_utf16_lossy(&units(text)));
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// How many bytes the next code has; where the table does not say, `usual`.
    pub fn n_bytes(&self, bytes: &[u8], usual: usize) -> usize {
        let fits = |n: usize| {
            let code = bytes.get(..n).map(code_of);
            code.is_some_and(|code| {
                self.spaces.iter().any(|&(len, low, high)| len == n && (low..=high).contains(&code))
            })
        };
        (1..=4).find(|n| fits(*n)).unwrap_or(usual)
    }

    pub fn text(&self, n: usize, code: u32) -> Option<String> {
        if let Some(text) = self.single.get(&(n, code)) {
            return Some(text.clone());
        }
        let (&(len, low), (high, first)) = self.ranges.range(..=(n, code)).next_back()?;
        if len != n || code > *high {
            return None;
        }
        let mut units = first.clone();
        let last = units.last_mut()?;
        *last = last.wrapping_add((code - low) as u16);
        Some(String::from_utf16_lossy(&units))
    }
}

pub fn code_of(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |code, byte| code << 8 | u32::from(*byte))
}

/// UTF-16 in big-endian order.
pub fn units(bytes: &[u8]) -> Vec<u16> {
    match bytes {
        [one] => vec![u16::from(*one)],
        _ => bytes.chunks_exact(2).take(512).map(|two| u16::from_be_bytes([two[0], two[1]])).collect(),
    }
}
