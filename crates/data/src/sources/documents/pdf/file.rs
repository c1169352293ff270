//! Where the objects of a PDF stand, and the content of its streams. The table of objects is made by looking through the
//! file, so that a broken cross-reference table does not matter. All work is counted and bounded. Not here: encryption,
//! pictures.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use memchr::memmem;

use super::filters;
use super::objects::{Dict, Lexer, Object};

/// Bytes that may be unpacked or looked through in all.
const WORK_MAX: usize = 512 << 20;
/// Objects of a file.
const OBJECTS_MAX: usize = 1_000_000;

#[derive(Clone, Copy, Debug)]
enum Place {
    /// The object's content, from here to there.
    At(usize, usize),
    /// In the stream of this number, at this position of its list.
    In(u32, usize),
}

pub struct File<'a> {
    bytes: &'a [u8],
    places: BTreeMap<u32, Place>,
    pub trailer: Dict,
    work: Cell<usize>,
    packs: RefCell<BTreeMap<u32, Rc<Pack>>>,
}

/// An unpacked stream of objects.
#[derive(Default)]
struct Pack {
    bytes: Vec<u8>,
    /// Number and place of each.
    objects: Vec<(u32, usize)>,
}

impl<'a> File<'a> {
    /// Finds the objects.
    pub fn open(bytes: &'a [u8]) -> Result<Self, String> {
        let mut file = File {
            bytes,
            places: BTreeMap::new(),
            trailer: Dict::new(),
            work: Cell::new(WORK_MAX),
            packs: RefCell::default(),
        };
        let starts = file.starts()?;
        let mut packs = Vec::new();
        for (index, &(number, from)) in starts.iter().enumerate() {
            let to = starts.get(index + 1).map_or(bytes.len(), |(_, next)| *next);
            file.places.insert(number, Place::At(from, to));
            let content = &bytes[from..to];
            let head = &content[..content.len().min(4096)];
            let kinds = [&b"/ObjStm"[..], b"/XRef"].map(|kind| memmem::find(head, kind).is_some());
            if kinds.contains(&true)
                && let Some(Object::Dict(dict)) = Lexer::new(content, 0).next()
            {
                match dict.get("Type").and_then(Object::name) {
                    Some("ObjStm") => packs.push(number),
                    Some("XRef") => file.add_trailer(dict),
                    _ => {}
                }
            }
        }
        file.find_trailers();
        if !file.trailer.contains_key("Encrypt") {
            file.open_packs(packs);
        }
        Ok(file)
    }

    /// Number and place behind each `12 0 obj`.
    fn starts(&self) -> Result<Vec<(u32, usize)>, String> {
        let mut starts = Vec::new();
        for at in memmem::find_iter(self.bytes, b"obj") {
            let before = &self.bytes[at.saturating_sub(24)..at];
            if let Some(number) = number_before(before) {
                starts.push((number, at + 3));
            }
            if starts.len() > OBJECTS_MAX {
                return Err(format!("it has more than {OBJECTS_MAX} objects; split it"));
            }
        }
        Ok(starts)
    }

    fn find_trailers(&mut self) {
        let places: Vec<usize> = memmem::find_iter(self.bytes, b"trailer").take(100).collect();
        for at in places {
            if let Some(Object::Dict(dict)) = Lexer::new(self.bytes, at + 7).next() {
                self.add_trailer(dict);
            }
        }
    }

    fn add_trailer(&mut self, dict: Dict) {
        for key in ["Root", "Info", "Encrypt"] {
            if let Some(value) = dict.get(key) {
                self.trailer.insert(key.to_owned(), value.clone());
            }
        }
    }

    /// Objects in streams of objects; one that stands in the file itself counts before them.
    fn open_packs(&mut self, packs: Vec<u32>) {
        for number in packs {
            let Some(pack) = self.pack(number) else { continue };
            for (index, &(inside, _)) in pack.objects.iter().enumerate() {
                match self.places.get(&inside) {
                    Some(Place::At(..)) => {}
                    _ => {
                        self.places.insert(inside, Place::In(number, index));
                    }
                }
            }
        }
    }

    fn pack(&self, number: u32) -> Option<Rc<Pack>> {
        if let Some(pack) = self.packs.borrow().get(&number) {
            return Some(pack.clone());
        }
        let (dict, bytes) = self.stream(number)?;
        let count = self.of(&dict, "N")?.number()? as usize;
        let first = self.of(&dict, "First")?.number()? as usize;
        let mut lexer = Lexer::new(&bytes, 0);
        let mut objects = Vec::new();
        for _ in 0..count.min(OBJECTS_MAX) {
            let (Some(Object::Number(inside)), Some(Object::Number(at))) = (lexer.next(), lexer.next()) else { break };
            objects.push((inside as u32, first.saturating_add(at as usize)));
        }
        let pack = Rc::new(Pack { bytes, objects });
        self.packs.borrow_mut().insert(number, pack.clone());
        Some(pack)
    }

    /// Counts work; `None` once there was too much.
    pub fn charge(&self, n: usize) -> Option<()> {
        let left = self.work.get().checked_sub(n);
        self.work.set(left.unwrap_or(0));
        left.map(|_| ())
    }

    /// Whether all was read that there was to read.
    pub fn is_exhausted(&self) -> bool {
        self.work.get() == 0
    }

    fn object(&self, number: u32) -> Option<Object> {
        match *self.places.get(&number)? {
            Place::At(from, to) => {
                let mut lexer = Lexer::new(&self.bytes[from..to], 0);
                let object = lexer.next();
                self.charge(lexer.at + 16)?;
                object
            }
            Place::In(pack, index) => {
                let pack = self.pack(pack)?;
                let (_, at) = *pack.objects.get(index)?;
                let mut lexer = Lexer::new(pack.bytes.get(at..)?, 0);
                let object = lexer.next();
                self.charge(lexer.at + 16)?;
                object
            }
        }
    }

    /// The object itself, where this is a reference.
    pub fn resolve(&self, object: &Object) -> Option<Object> {
        let mut object = object.clone();
        for _ in 0..16 {
            match object {
                Object::Reference(number) => object = self.object(number)?,
                other => return Some(other),
            }
        }
        None
    }

    /// The value of a key.
    pub fn of(&self, dict: &Dict, key: &str) -> Option<Object> {
        self.resolve(dict.get(key)?)
    }

    pub fn dict_of(&self, dict: &Dict, key: &str) -> Option<Dict> {
        match self.of(dict, key)? {
            Object::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    /// The dictionary and the unpacked content of a stream.
    pub fn stream(&self, number: u32) -> Option<(Dict, Vec<u8>)> {
        let Place::At(from, to) = *self.places.get(&number)? else { return None };
        let content = &self.bytes[from..to];
        let mut lexer = Lexer::new(content, 0);
        let Some(Object::Dict(dict)) = lexer.next() else { return None };
        lexer.skip_spaces();
        if !content.get(lexer.at..)?.starts_with(b"stream") {
            return None;
        }
        let mut start = from + lexer.at + 6;
        start += match self.bytes.get(start..)? {
            [b'\r', b'\n', ..] => 2,
            [b'\n' | b'\r', ..] => 1,
            _ => 0,
        };
        let packed = self.packed(&dict, start)?;
        self.charge(packed.len())?;
        let mut budget = self.work.get();
        let unpacked = filters::unpack(self, &dict, packed, &mut budget);
        self.work.set(budget);
        Some((dict, unpacked?))
    }

    /// The packed content that starts here: as long as it says, or up to its end mark.
    fn packed(&self, dict: &Dict, start: usize) -> Option<&'a [u8]> {
        let rest = self.bytes.get(start..)?;
        if let Some(length) = self.of(dict, "Length").and_then(|length| length.number()) {
            let length = length.max(0.0) as usize;
            let after = rest.get(length..)?;
            if memmem::find(&after[..after.len().min(32)], b"endstream").is_some() {
                return Some(&rest[..length]);
            }
        }
        let end = memmem::find(rest, b"endstream").unwrap_or(rest.len());
        self.charge(end)?;
        Some(&rest[..end])
    }
}

/// The number in `… 12 0 ` before `obj`.
fn number_before(before: &[u8]) -> Option<u32> {
    let trim = |bytes: &'_ [u8]| bytes.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(0, |at| at + 1);
    let digits = |bytes: &[u8]| bytes.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let end = trim(before);
    let n = digits(&before[..end]);
    if n == 0 || end == before.len() && n == before.len() {
        return None;
    }
    let rest = &before[..end - n];
    let end = trim(rest);
    let n = digits(&rest[..end]);
    if n == 0 || n > 10 || end == rest.len() {
        return None;
    }
    std::str::from_utf8(&rest[end - n..end]).ok()?.parse().ok()
}
