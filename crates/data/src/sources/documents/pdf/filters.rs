//! The filters of PDF streams that text may stand behind (ISO 32000-1, 7.4): Flate, LZW, ASCII 85, ASCII hexadecimal, run
//! length. What is damaged is unpacked as far as it goes. Not here: pictures, predictors.

use std::io::Read;

use flate2::bufread::ZlibDecoder;

use super::file::File;
use super::objects::{Dict, Object, hex_digit};

/// Content of one stream.
const STREAM_BYTES_MAX: usize = 32 << 20;

/// Unpacks a stream's content; no more than `budget`, which shrinks by it. `None` for a picture and the like.
pub fn unpack(file: &File<'_>, dict: &Dict, packed: &[u8], budget: &mut usize) -> Option<Vec<u8>> {
    let filters = match file.of(dict, "Filter").or_else(|| file.of(dict, "F")) {
        None | Some(Object::Null) => Vec::new(),
        Some(Object::Name(name)) => vec![name],
        Some(Object::Array(names)) => {
            names.iter().filter_map(|name| Some(file.resolve(name)?.name()?.to_owned())).collect()
        }
        Some(_) => return None,
    };
    if has_predictor(file, dict) || filters.len() > 4 {
        return None;
    }
    let mut content = packed.to_vec();
    for filter in filters {
        let most = STREAM_BYTES_MAX.min(*budget);
        content = match filter.as_str() {
            "FlateDecode" | "Fl" => inflated(&content, most),
            "LZWDecode" | "LZW" => lzw(&content, most),
            "ASCII85Decode" | "A85" => ascii85(&content),
            "ASCIIHexDecode" | "AHx" => hexadecimal(&content),
            "RunLengthDecode" | "RL" => run_lengths(&content, most),
            _ => return None,
        };
        *budget = budget.saturating_sub(content.len());
        if content.len() >= most {
            return None;
        }
    }
    Some(content)
}

fn has_predictor(file: &File<'_>, dict: &Dict) -> bool {
    let says = |dict: &Dict| file.of(dict, "Predictor").and_then(|n| n.number()).is_some_and(|n| n > 1.0);
    match file.of(dict, "DecodeParms") {
        Some(Object::Dict(parms)) => says(&parms),
        Some(Object::Array(all)) => {
            all.iter().filter_map(|parms| file.resolve(parms)).any(|p| p.dict().is_some_and(says))
        }
        _ => false,
    }
}

fn inflated(packed: &[u8], most: usize) -> Vec<u8> {
    let mut content = Vec::new();
    // An error ends it; what came before is kept.
    let _ = ZlibDecoder::new(packed).take(most as u64).read_to_end(&mut content);
    content
}

/// LZW with codes of 9 to 12 bits, early change.
fn lzw(packed: &[u8], most: usize) -> Vec<u8> {
    const CLEAR: usize = 256;
    const END: usize = 257;
    let mut out: Vec<u8> = Vec::new();
    // Each code beyond 257 is a stretch of what was written before.
    let mut table: Vec<(usize, usize)> = Vec::new();
    let (mut bits, mut n_bits, mut width) = (0u32, 0, 9);
    let mut last: Option<(usize, usize)> = None;
    for &byte in packed {
        bits = bits << 8 | u32::from(byte);
        n_bits += 8;
        if n_bits < width {
            continue;
        }
        n_bits -= width;
        let code = (bits >> n_bits) as usize & ((1 << width) - 1);
        let start = out.len();
        match code {
            CLEAR => {
                table.clear();
                (width, last) = (9, None);
                continue;
            }
            END => break,
            0..=255 => out.push(code as u8),
            _ => match (table.get(code - 258).copied(), last) {
                (Some((from, n)), _) => out.extend_from_within(from..from + n),
                (None, Some((from, n))) if code - 258 == table.len() => {
                    out.extend_from_within(from..from + n);
                    out.push(out[from]);
                }
                _ => break,
            },
        }
        if let Some((from, n)) = last
            && table.len() < 4096 - 258
        {
            // The last string and the first byte of this one stand side by side.
            table.push((from, n + 1));
        }
        last = Some((start, out.len() - start));
        width = match table.len() + 258 {
            0..=510 => 9,
            511..=1022 => 10,
            1023..=2046 => 11,
            _ => 12,
        };
        if out.len() >= most {
            out.truncate(most);
            break;
        }
    }
    out
}

fn ascii85(packed: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(packed.len() / 5 * 4);
    let mut group = Vec::with_capacity(5);
    for &byte in packed {
        match byte {
            b'z' if group.is_empty() => out.extend_from_slice(&[0; 4]),
            b'!'..=b'u' => group.push(byte - b'!'),
            b'~' => break,
            _ => {}
        }
        if group.len() == 5 {
            out.extend_from_slice(&four_of(&group));
            group.clear();
        }
    }
    if group.len() > 1 {
        let n = group.len() - 1;
        group.resize(5, 84);
        out.extend_from_slice(&four_of(&group)[..n]);
    }
    out
}

fn four_of(group: &[u8]) -> [u8; 4] {
    group.iter().fold(0u32, |sum, digit| sum.wrapping_mul(85).wrapping_add(u32::from(*digit))).to_be_bytes()
}

fn hexadecimal(packed: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = packed.iter().take_while(|byte| **byte != b'>').filter_map(|byte| hex_digit(*byte)).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0)).collect()
}

fn run_lengths(packed: &[u8], most: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = packed;
    while let [length, tail @ ..] = rest {
        match (*length, tail) {
            (128, _) | (_, []) => break,
            (length @ 0..=127, tail) => {
                let n = (usize::from(length) + 1).min(tail.len());
                out.extend_from_slice(&tail[..n]);
                rest = &tail[n..];
            }
            (length, [byte, tail @ ..]) => {
                out.extend(std::iter::repeat_n(*byte, 257 - usize::from(length)));
                rest = tail;
            }
        }
        if out.len() >= most {
            out.truncate(most);
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_unpack() {
        assert_eq!(ascii85(b"87cURD]i,\"Ebo80~>"), b"Hello World!");
        assert_eq!(hexadecimal(b"48 65 6C6c 6F>"), b"Hello");
        assert_eq!(run_lengths(&[2, b'a', b'b', b'c', 254, b'x', 128, 9], 100), b"abcxxx");
        // The example of the standard, 7.4.4.2.
        let packed = [0x80, 0x0B, 0x60, 0x50, 0x22, 0x0C, 0x0C, 0x85, 0x01];
        assert_eq!(lzw(&packed, 100), [45, 45, 45, 45, 45, 65, 45, 45, 45, 66]);
    }
}
