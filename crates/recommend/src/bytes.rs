//! A fitted model as bytes: magic, format version, card name, settings as JSON, named arrays, checksum; all
//! little-endian. Not a general serialisation, and no compression.
//!
//! ```text
//! "TERCETMD"  u32 version  text card  text settings(JSON)  array*  u64 checksum
//! text  = u32 n_bytes, UTF-8
//! array = u8 kind (1 u32, 2 u64, 3 f32, 4 f64), text name, u64 count, count × value
//! ```

use domain::{Card, Settings};
use math::Csr;

use crate::FitError;

const MAGIC: &[u8; 8] = b"TERCETMD";
const VERSION: u32 = 1;

/// Collects the parts of a model. Names are unique within a model.
pub struct Writer {
    bytes: Vec<u8>,
}

macro_rules! write_array {
    ($method:ident, $type:ty, $kind:expr) => {
        pub fn $method(mut self, name: &str, values: &[$type]) -> Self {
            self.bytes.push($kind);
            self.text(name);
            self.bytes.extend_from_slice(&(values.len() as u64).to_le_bytes());
            self.bytes.reserve(size_of_val(values));
            for value in values {
                self.bytes.extend_from_slice(&value.to_le_bytes());
            }
            self
        }
    };
}

impl Writer {
    pub fn new(card: &Card, settings: &Settings) -> Self {
        let mut writer = Writer { bytes: Vec::new() };
        writer.bytes.extend_from_slice(MAGIC);
        writer.bytes.extend_from_slice(&VERSION.to_le_bytes());
        writer.text(card.name);
        writer.text(&serde_json::to_string(settings).expect("settings are plain values"));
        writer
    }

    write_array!(u32s, u32, 1);
    write_array!(u64s, u64, 2);
    write_array!(f32s, f32, 3);
    write_array!(f64s, f64, 4);

    /// A single figure.
    pub fn f64(self, name: &str, value: f64) -> Self {
        self.f64s(name, &[value])
    }

    /// A single count.
    pub fn u64(self, name: &str, value: u64) -> Self {
        self.u64s(name, &[value])
    }

    /// A sparse matrix as four arrays whose names start with `name`.
    pub fn csr(self, name: &str, matrix: &Csr) -> Self {
        let indptr: Vec<u64> = matrix.indptr.iter().map(|&at| at as u64).collect();
        self.u64s(&format!("{name}.shape"), &[matrix.n_rows as u64, matrix.n_cols as u64])
            .u64s(&format!("{name}.indptr"), &indptr)
            .u32s(&format!("{name}.indices"), &matrix.indices)
            .f32s(&format!("{name}.values"), &matrix.values)
    }

    /// The finished bytes.
    pub fn finish(mut self) -> Vec<u8> {
        let checksum = checksum(&self.bytes);
        self.bytes.extend_from_slice(&checksum.to_le_bytes());
        self.bytes
    }

    fn text(&mut self, text: &str) {
        self.bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(text.as_bytes());
    }
}

/// The parts of a model written by [`Writer`], checked.
pub struct Reader<'a> {
    settings: Settings,
    arrays: Vec<Array<'a>>,
}

struct Array<'a> {
    kind: u8,
    name: &'a str,
    bytes: &'a [u8],
}

macro_rules! read_array {
    ($method:ident, $type:ty, $kind:expr) => {
        pub fn $method(&self, name: &str) -> Result<Vec<$type>, FitError> {
            let (chunks, _) = self.array(name, $kind)?.as_chunks::<{ size_of::<$type>() }>();
            Ok(chunks.iter().map(|chunk| <$type>::from_le_bytes(*chunk)).collect())
        }
    };
}

impl<'a> Reader<'a> {
    /// Checks magic, version, checksum, and that the bytes are a model of `card`.
    pub fn new(bytes: &'a [u8], card: &'static Card) -> Result<Self, FitError> {
        let mut cursor = open(bytes)?;
        let name = cursor.text()?;
        if name != card.name {
            return Err(corrupt(format!("they hold a model of card '{name}', wanted '{}'", card.name)));
        }
        let settings = read_settings(card, cursor.text()?)?;
        let mut arrays = Vec::new();
        while !cursor.bytes.is_empty() {
            arrays.push(cursor.array()?);
        }
        Ok(Reader { settings, arrays })
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    read_array!(u32s, u32, 1);
    read_array!(u64s, u64, 2);
    read_array!(f32s, f32, 3);
    read_array!(f64s, f64, 4);

    pub fn f64(&self, name: &str) -> Result<f64, FitError> {
        one(name, &self.f64s(name)?)
    }

    pub fn u64(&self, name: &str) -> Result<u64, FitError> {
        one(name, &self.u64s(name)?)
    }

    pub fn usize(&self, name: &str) -> Result<usize, FitError> {
        usize::try_from(self.u64(name)?).map_err(|_| corrupt(format!("'{name}' does not fit this machine")))
    }

    /// As [`Reader::f32s`], refusing another length than `len`.
    pub fn f32s_of_len(&self, name: &str, len: usize) -> Result<Vec<f32>, FitError> {
        let values = self.f32s(name)?;
        if values.len() != len {
            return Err(corrupt(format!("array '{name}' has {} values, wanted {len}", values.len())));
        }
        Ok(values)
    }

    /// A sparse matrix whose structure has been checked.
    pub fn csr(&self, name: &str) -> Result<Csr, FitError> {
        let shape = self.u64s(&format!("{name}.shape"))?;
        let &[n_rows, n_cols] = shape.as_slice() else {
            return Err(corrupt(format!("'{name}' has no shape of two numbers")));
        };
        let matrix = Csr {
            n_rows: n_rows as usize,
            n_cols: n_cols as usize,
            indptr: self.u64s(&format!("{name}.indptr"))?.into_iter().map(|at| at as usize).collect(),
            indices: self.u32s(&format!("{name}.indices"))?,
            values: self.f32s(&format!("{name}.values"))?,
        };
        let n_stored = matrix.indices.len();
        let sound = matrix.indptr.len() == matrix.n_rows.wrapping_add(1)
            && matrix.indptr.first() == Some(&0)
            && matrix.indptr.last() == Some(&n_stored)
            && matrix.indptr.is_sorted()
            && matrix.values.len() == n_stored
            && matrix.indices.iter().all(|&col| (col as usize) < matrix.n_cols);
        if sound { Ok(matrix) } else { Err(corrupt(format!("'{name}' is not a sound sparse matrix"))) }
    }

    fn array(&self, name: &str, kind: u8) -> Result<&'a [u8], FitError> {
        let array = self.arrays.iter().find(|array| array.name == name);
        let array = array.ok_or_else(|| corrupt(format!("array '{name}' is missing")))?;
        if array.kind != kind {
            return Err(corrupt(format!("array '{name}' is of kind {}, wanted {kind}", array.kind)));
        }
        Ok(array.bytes)
    }
}

/// The name of the card whose model `bytes` holds.
pub fn card_name(bytes: &[u8]) -> Result<&str, FitError> {
    open(bytes)?.text()
}

struct Cursor<'a> {
    bytes: &'a [u8],
}

fn open(bytes: &[u8]) -> Result<Cursor<'_>, FitError> {
    let Some((body, end)) = bytes.split_last_chunk::<8>() else {
        return Err(corrupt(format!("{} bytes are too few", bytes.len())));
    };
    let mut cursor = Cursor { bytes: body };
    if cursor.take(8)? != MAGIC {
        return Err(corrupt("they do not start with TERCETMD".to_owned()));
    }
    let version = cursor.u32()?;
    if version != VERSION {
        return Err(corrupt(format!("format version {version}, this program reads {VERSION}; train the model again")));
    }
    if checksum(body) != u64::from_le_bytes(*end) {
        return Err(corrupt("the checksum does not match: the file is damaged or cut short".to_owned()));
    }
    Ok(cursor)
}

impl<'a> Cursor<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], FitError> {
        if n > self.bytes.len() {
            return Err(corrupt(format!("{n} more bytes were announced, {} are left", self.bytes.len())));
        }
        let (head, tail) = self.bytes.split_at(n);
        self.bytes = tail;
        Ok(head)
    }

    fn u32(&mut self) -> Result<u32, FitError> {
        Ok(u32::from_le_bytes(self.take(4)?.try_into().expect("four bytes")))
    }

    fn text(&mut self) -> Result<&'a str, FitError> {
        let n = self.u32()? as usize;
        std::str::from_utf8(self.take(n)?).map_err(|_| corrupt("a name is not UTF-8".to_owned()))
    }

    fn array(&mut self) -> Result<Array<'a>, FitError> {
        let kind = self.take(1)?[0];
        let name = self.text()?;
        let count = u64::from_le_bytes(self.take(8)?.try_into().expect("eight bytes"));
        let size: u64 = match kind {
            1 | 3 => 4,
            2 | 4 => 8,
            _ => return Err(corrupt(format!("array '{name}' is of the unknown kind {kind}"))),
        };
        let n = count.checked_mul(size).and_then(|n| usize::try_from(n).ok());
        let n = n.ok_or_else(|| corrupt(format!("array '{name}' announces {count} values")))?;
        Ok(Array { kind, name, bytes: self.take(n)? })
    }
}

fn read_settings(card: &'static Card, json: &str) -> Result<Settings, FitError> {
    let fields: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(json).map_err(|error| corrupt(format!("settings: {error}")))?;
    let texts: Vec<(&str, String)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect();
    card.settings(texts.iter().map(|(name, text)| (*name, text.as_str()))).map_err(|error| corrupt(error.to_string()))
}

fn one<T: Copy>(name: &str, values: &[T]) -> Result<T, FitError> {
    match values {
        [value] => Ok(*value),
        _ => Err(corrupt(format!("'{name}' has {} values, wanted 1", values.len()))),
    }
}

fn corrupt(what: String) -> FitError {
    FitError::Corrupt(what)
}

/// FNV-1a over words of eight bytes: finds damage, not malice.
fn checksum(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let step = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    let hash = words.iter().fold(0xcbf2_9ce4_8422_2325, |hash, word| step(hash, u64::from_le_bytes(*word)));
    rest.iter().fold(hash, |hash, &byte| step(hash, u64::from(byte)))
}

#[cfg(test)]
mod tests {
    use domain::{Kind, Param};

    use super::*;

    static CARD: Card = Card {
        name: "example",
        sentence: "An example.",
        family: "test",
        params: &[
            Param { name: "l2", sentence: "Ridge.", unit: "", kind: Kind::Float { min: 0.0, max: 1e9, default: 0.5 } },
            Param {
                name: "mode",
                sentence: "Which.",
                unit: "",
                kind: Kind::Choice { options: &["a", "b"], default: "a" },
            },
        ],
        input: "none",
        source: "none",
    };
    static OTHER: Card =
        Card { name: "other", sentence: "", family: "test", params: &[], input: "none", source: "none" };

    fn example() -> Vec<u8> {
        let settings = CARD.settings_from_texts(&["l2=0.1", "mode=b"]).unwrap();
        Writer::new(&CARD, &settings)
            .u32s("ids", &[3, 1, u32::MAX])
            .f32s("weights", &[0.5, -0.0, f32::MIN_POSITIVE])
            .f64("loss", 1.0 / 3.0)
            .csr("s", &Csr::from_triplets(2, 3, &[(0, 2, 1.5), (1, 0, -2.0)]))
            .finish()
    }

    #[test]
    fn what_was_written_is_read() {
        let bytes = example();
        let reader = Reader::new(&bytes, &CARD).unwrap();
        assert_eq!(card_name(&bytes).unwrap(), "example");
        assert_eq!((reader.settings().float("l2"), reader.settings().text("mode")), (0.1, "b"));
        assert_eq!(reader.u32s("ids").unwrap(), [3, 1, u32::MAX]);
        assert_eq!(reader.f32s_of_len("weights", 3).unwrap(), [0.5, -0.0, f32::MIN_POSITIVE]);
        assert_eq!(reader.f64("loss").unwrap(), 1.0 / 3.0);
        assert_eq!(reader.csr("s").unwrap(), Csr::from_triplets(2, 3, &[(0, 2, 1.5), (1, 0, -2.0)]));
        for (result, said) in [
            (reader.u32s("weights").err(), "kind"),
            (reader.f32s("nothing").err(), "missing"),
            (reader.f32s_of_len("weights", 4).err(), "wanted 4"),
            (Reader::new(&bytes, &OTHER).err(), "card 'example'"),
        ] {
            assert!(result.unwrap().to_string().contains(said), "{said}");
        }
    }

    #[test]
    fn any_changed_or_missing_byte_is_refused() {
        let bytes = example();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x40;
            assert!(Reader::new(&damaged, &CARD).is_err(), "byte {at} changed");
            assert!(Reader::new(&bytes[..at], &CARD).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn an_unsound_sparse_matrix_is_refused() {
        let sound = Csr::from_triplets(2, 3, &[(0, 2, 1.5), (1, 0, -2.0)]);
        let mut outside = sound.clone();
        outside.indices[0] = 3;
        let mut descending = sound.clone();
        descending.indptr[1] = 3;
        for matrix in [outside, descending] {
            let bytes = Writer::new(&CARD, &CARD.defaults()).csr("s", &matrix).finish();
            assert!(Reader::new(&bytes, &CARD).unwrap().csr("s").is_err());
        }
    }
}
