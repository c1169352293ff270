//! Fonts of a PDF: how the bytes of a string fall into codes, which characters these are, and how wide (ISO 32000-1,
//! 9.6 to 9.10). Not here: glyphs; a font that tells neither is not read.

use std::collections::BTreeMap;

use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, GB18030, MACINTOSH, SHIFT_JIS, WINDOWS_1252};

use super::cmap::{CMap, code_of};
use super::file::File;
use super::objects::{Dict, Object};

/// What the codes of a font are, where no table says.
#[derive(Clone, Copy)]
enum Codes {
    /// One byte each, in this encoding.
    Single(&'static Encoding),
    /// One or two bytes each.
    Double(&'static Encoding),
    Utf16,
    /// Two bytes each, numbers of glyphs.
    Glyphs,
}

pub struct Font {
    codes: Codes,
    to_unicode: Option<CMap>,
    /// Characters that a simple font names itself.
    differences: BTreeMap<u8, String>,
    /// In thousandths of the size.
    widths: BTreeMap<u32, f64>,
    usual_width: f64,
}

/// Widths of a font.
const WIDTHS_MAX: usize = 140_000;

/// One character of a string.
pub struct Glyph {
    /// Empty where nobody knows what it is.
    pub text: String,
    /// In sizes of the font.
    pub width: f64,
    pub is_space: bool,
}

impl Font {
    pub fn read(file: &File<'_>, dict: &Dict) -> Font {
        let to_unicode = match dict.get("ToUnicode") {
            Some(Object::Reference(number)) => file.stream(*number).map(|(_, bytes)| CMap::parse(&bytes)),
            _ => None,
        };
        let to_unicode = to_unicode.filter(|map| !map.is_empty());
        let is_composite = file.of(dict, "Subtype").is_some_and(|kind| kind.name() == Some("Type0"));
        let mut font = Font {
            codes: Codes::Single(WINDOWS_1252),
            to_unicode,
            differences: BTreeMap::new(),
            widths: BTreeMap::new(),
            usual_width: if is_composite { 1000.0 } else { 500.0 },
        };
        match is_composite {
            true => font.read_composite(file, dict),
            false => font.read_simple(file, dict),
        }
        font
    }

    fn read_simple(&mut self, file: &File<'_>, dict: &Dict) {
        let first = file.of(dict, "FirstChar").and_then(|n| n.number()).unwrap_or(0.0).max(0.0) as u32;
        if let Some(Object::Array(widths)) = file.of(dict, "Widths") {
            for (index, width) in widths.iter().take(256).enumerate() {
                if let Some(width) = file.resolve(width).and_then(|width| width.number()) {
                    self.widths.insert(first.saturating_add(index as u32), width);
                }
            }
        }
        let encoding = file.of(dict, "Encoding");
        let base = match &encoding {
            Some(Object::Name(name)) => Some(name.clone()),
            Some(Object::Dict(encoding)) => {
                self.read_differences(file, encoding);
                file.of(encoding, "BaseEncoding").and_then(|name| name.name().map(str::to_owned))
            }
            _ => None,
        };
        if base.as_deref() == Some("MacRomanEncoding") {
            self.codes = Codes::Single(MACINTOSH);
        }
    }

    fn read_differences(&mut self, file: &File<'_>, encoding: &Dict) {
        let Some(Object::Array(differences)) = file.of(encoding, "Differences") else { return };
        let mut code = 0u32;
        for part in differences.iter().take(2000) {
            match part {
                Object::Number(number) => code = number.max(0.0) as u32,
                Object::Name(name) => {
                    if let (Ok(code), Some(text)) = (u8::try_from(code), character_named(name)) {
                        self.differences.insert(code, text);
                    }
                    code = code.saturating_add(1);
                }
                _ => {}
            }
        }
    }

    fn read_composite(&mut self, file: &File<'_>, dict: &Dict) {
        self.codes = match file.of(dict, "Encoding") {
            Some(Object::Name(name)) => codes_named(&name),
            _ => Codes::Glyphs,
        };
        let descendant = match file.of(dict, "DescendantFonts") {
            Some(Object::Array(fonts)) => fonts.first().and_then(|font| file.resolve(font)),
            _ => None,
        };
        let Some(Object::Dict(descendant)) = descendant else { return };
        if let Some(width) = file.of(&descendant, "DW").and_then(|width| width.number()) {
            self.usual_width = width;
        }
        if let Some(Object::Array(widths)) = file.of(&descendant, "W") {
            self.read_widths(file, &widths);
        }
    }

    /// `first [w w w]` and `first last w`.
    fn read_widths(&mut self, file: &File<'_>, widths: &[Object]) {
        let mut rest = widths;
        let mut n_left = WIDTHS_MAX;
        while let [Object::Number(first), second, tail @ ..] = rest {
            let first = first.max(0.0) as u32;
            match (file.resolve(second), tail) {
                (Some(Object::Array(list)), _) => {
                    n_left = n_left.saturating_sub(list.len());
                    for (index, width) in list.iter().take(n_left).enumerate() {
                        if let Some(width) = width.number() {
                            self.widths.insert(first.saturating_add(index as u32), width);
                        }
                    }
                    rest = tail;
                }
                (Some(Object::Number(last)), [Object::Number(width), tail @ ..]) => {
                    let last = (last.max(0.0) as u32).min(first.saturating_add(n_left as u32));
                    n_left = n_left.saturating_sub(last.saturating_sub(first) as usize + 1);
                    for code in first..=last {
                        self.widths.insert(code, *width);
                    }
                    rest = tail;
                }
                _ => return,
            }
            if n_left == 0 {
                return;
            }
        }
    }

    /// The characters of a string.
    pub fn glyphs(&self, bytes: &[u8]) -> Vec<Glyph> {
        let mut glyphs = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            let n = self.n_bytes(rest).min(rest.len());
            let (code, left) = rest.split_at(n);
            rest = left;
            let number = code_of(code);
            let width = self.widths.get(&number).copied().unwrap_or_else(|| self.width_of_unlisted(code));
            let text = self.text(code, number);
            let is_space = text == " " || text == "\u{a0}" || n == 1 && number == 32;
            glyphs.push(Glyph { text, width: width / 1000.0, is_space });
        }
        glyphs
    }

    /// Latin characters of a Chinese font whose widths are in its own program are about half as wide.
    fn width_of_unlisted(&self, code: &[u8]) -> f64 {
        match self.codes {
            Codes::Double(_) if code.len() == 1 => 500.0,
            Codes::Utf16 if code_of(code) < 0x100 => 500.0,
            _ => self.usual_width,
        }
    }

    fn n_bytes(&self, bytes: &[u8]) -> usize {
        let usual = match self.codes {
            Codes::Single(_) => return 1,
            Codes::Double(encoding) => {
                let is_single = bytes[0] < 0x80 || encoding == SHIFT_JIS && (0xA0..=0xDF).contains(&bytes[0]);
                return if is_single { 1 } else { 2 };
            }
            Codes::Utf16 => return 2,
            Codes::Glyphs => 2,
        };
        self.to_unicode.as_ref().map_or(usual, |map| map.n_bytes(bytes, usual))
    }

    fn text(&self, code: &[u8], number: u32) -> String {
        let told = self.to_unicode.as_ref().and_then(|map| map.text(code.len(), number));
        if let Some(text) = told {
            return text.chars().filter(|c| *c != '\u{FFFD}' && !is_private(*c)).collect();
        }
        match self.codes {
            Codes::Single(encoding) => match self.differences.get(&code[0]) {
                Some(text) => text.clone(),
                None => decoded(encoding, code),
            },
            Codes::Double(encoding) => decoded(encoding, code),
            Codes::Utf16 => char::from_u32(number).map(String::from).unwrap_or_default(),
            Codes::Glyphs => String::new(),
        }
    }
}

fn is_private(character: char) -> bool {
    matches!(character, '\u{E000}'..='\u{F8FF}')
}

fn decoded(encoding: &'static Encoding, code: &[u8]) -> String {
    let (text, _, failed) = encoding.decode(code);
    if failed { String::new() } else { text.into_owned() }
}

/// The predefined tables of ISO 32000-1, 9.7.5.2, as far as characters follow from their names.
fn codes_named(name: &str) -> Codes {
    let is = |start: &str| name.starts_with(start);
    if is("Uni") {
        return Codes::Utf16;
    }
    for (starts, encoding) in [
        (&["GBK", "GB-EUC", "GBpc"][..], GB18030),
        (&["B5", "ETen", "HKscs", "ETenms"], BIG5),
        (&["90ms", "90msp", "83pv", "90pv", "Add-RKSJ", "Ext-RKSJ"], SHIFT_JIS),
        (&["EUC-"], EUC_JP),
        (&["KSC"], EUC_KR),
    ] {
        if starts.iter().any(|start| is(start)) {
            return Codes::Double(encoding);
        }
    }
    Codes::Glyphs
}

/// The character of a glyph's name: `A`, `eacute`, `uni4F60`, `u1F600`, `a.alt`.
fn character_named(name: &str) -> Option<String> {
    let name = name.split('.').next().filter(|name| !name.is_empty())?;
    let mut characters = name.chars();
    if let (Some(only), None) = (characters.next(), characters.next()) {
        return Some(only.to_string());
    }
    if let Ok(at) = NAMES.binary_search_by(|(known, _)| (*known).cmp(name)) {
        return Some(NAMES[at].1.to_owned());
    }
    let code = name.strip_prefix("uni").filter(|digits| digits.len() == 4).or_else(|| name.strip_prefix('u'));
    if let Some(code) = code.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
        return char::from_u32(code).map(String::from);
    }
    // The rest are named as HTML names them.
    super::super::entities::leading(&format!("&{name};")).map(|(text, _)| text)
}

/// Names that HTML has not, or has for another character; in order.
static NAMES: &[(&str, &str)] = &[
    ("ampersand", "&"),
    ("asciicircum", "^"),
    ("asciitilde", "~"),
    ("asterisk", "*"),
    ("at", "@"),
    ("backslash", "\\"),
    ("bar", "|"),
    ("braceleft", "{"),
    ("braceright", "}"),
    ("bracketleft", "["),
    ("bracketright", "]"),
    ("bullet", "•"),
    ("colon", ":"),
    ("comma", ","),
    ("copyright", "©"),
    ("degree", "°"),
    ("dollar", "$"),
    ("eight", "8"),
    ("ellipsis", "…"),
    ("emdash", "—"),
    ("endash", "–"),
    ("equal", "="),
    ("exclam", "!"),
    ("ff", "ff"),
    ("ffi", "ffi"),
    ("ffl", "ffl"),
    ("fi", "fi"),
    ("five", "5"),
    ("fl", "fl"),
    ("four", "4"),
    ("germandbls", "ß"),
    ("grave", "`"),
    ("greater", ">"),
    ("guillemotleft", "«"),
    ("guillemotright", "»"),
    ("hyphen", "-"),
    ("less", "<"),
    ("minus", "−"),
    ("multiply", "×"),
    ("nine", "9"),
    ("numbersign", "#"),
    ("one", "1"),
    ("parenleft", "("),
    ("parenright", ")"),
    ("percent", "%"),
    ("period", "."),
    ("periodcentered", "·"),
    ("plus", "+"),
    ("plusminus", "±"),
    ("question", "?"),
    ("quotedbl", "\""),
    ("quotedblleft", "“"),
    ("quotedblright", "”"),
    ("quoteleft", "‘"),
    ("quoteright", "’"),
    ("quotesingle", "'"),
    ("registered", "®"),
    ("semicolon", ";"),
    ("seven", "7"),
    ("six", "6"),
    ("slash", "/"),
    ("space", " "),
    ("sterling", "£"),
    ("three", "3"),
    ("trademark", "™"),
    ("two", "2"),
    ("underscore", "_"),
    ("zero", "0"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glyph_names_are_known() {
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0));
        for (name, text) in
            [("A", "A"), ("eacute", "é"), ("uni4F60", "你"), ("u1F600", "😀"), ("fi", "fi"), ("one.oldstyle", "1")]
        {
            assert_eq!(character_named(name).as_deref(), Some(text), "{name}");
        }
        assert_eq!(character_named("g123"), None);
        assert_eq!(character_named(""), None);
    }
}
