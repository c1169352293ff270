//! Documents that customer service may cite, read to plain text with headings as `#` lines: Markdown, HTML, PDF, DOCX,
//! plain text. Every reader is ours and bounded: by the file's size, by what it unpacks to, by depth, by pages. Whatever
//! the bytes are, the answer is a document or a reason with what to do. Not here: which files, and the table they go into
//! (see `library`).

mod docx;
mod entities;
mod html;
mod markdown;
mod markup;
mod pdf;
mod prose;
#[cfg(test)]
mod tests;
mod zip;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use encoding_rs::Encoding;

use super::encoding;
use super::open::{Input, plain_file_name};
use crate::sources::ImportError;

/// What is read of one document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// As the document itself says, as is all but the text.
    pub id: Option<String>,
    pub title: Option<String>,
    pub text: String,
    pub product_ids: Vec<String>,
    pub source: Option<String>,
    pub version: Option<String>,
    pub extra: Vec<(String, String)>,
}

/// A kind of document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Markdown,
    Html,
    Pdf,
    Docx,
    Text,
    /// Known, and not read; what it is and what to do.
    Foreign(&'static str),
}

/// Largest file of text, and of a format that packs its text.
const TEXT_FILE_BYTES_MAX: usize = 16 << 20;
const PACKED_FILE_BYTES_MAX: usize = 64 << 20;
/// Most text of one document.
pub const TEXT_BYTES_MAX: usize = 4 << 20;

const SAVE_AS: &str = "save it as DOCX, PDF, HTML or Markdown and import that";

impl Kind {
    /// By the ending of the file's name, packed or not; `None` for what is no document.
    pub fn of(path: &Path) -> Option<Kind> {
        let name = plain_file_name(path).to_ascii_lowercase();
        let (_, ending) = name.rsplit_once('.')?;
        Some(match ending {
            "md" | "markdown" | "mdown" => Kind::Markdown,
            "html" | "htm" | "xhtml" => Kind::Html,
            "pdf" => Kind::Pdf,
            "docx" | "docm" => Kind::Docx,
            "txt" | "text" => Kind::Text,
            "doc" | "dot" | "wps" => Kind::Foreign("an older word processor's file"),
            "rtf" | "odt" | "pages" | "epub" | "mobi" | "chm" => Kind::Foreign("a document of a kind that is not read"),
            "ppt" | "pptx" | "key" | "odp" => Kind::Foreign("a presentation"),
            "xls" | "xlsx" | "xlsm" | "ods" | "et" => Kind::Foreign("a spreadsheet"),
            _ => return None,
        })
    }

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Markdown => "Markdown",
            Kind::Html => "HTML",
            Kind::Pdf => "PDF",
            Kind::Docx => "DOCX",
            Kind::Text => "plain text",
            Kind::Foreign(what) => what,
        }
    }

    fn bytes_max(self) -> usize {
        match self {
            Kind::Pdf | Kind::Docx => PACKED_FILE_BYTES_MAX,
            _ => TEXT_FILE_BYTES_MAX,
        }
    }
}

/// Reads a file. An error is a reason to reject it.
pub fn read(path: &Path, kind: Kind, chosen: Option<&'static Encoding>) -> Result<Document, String> {
    if let Kind::Foreign(what) = kind {
        return Err(format!("it is {what}; {SAVE_AS}"));
    }
    read_bytes(path, &bytes_of(path, kind.bytes_max())?, kind, chosen)
}

/// The same of bytes that are there already, not packed.
pub fn read_bytes(
    path: &Path,
    bytes: &[u8],
    kind: Kind,
    chosen: Option<&'static Encoding>,
) -> Result<Document, String> {
    if let Kind::Foreign(what) = kind {
        return Err(format!("it is {what}; {SAVE_AS}"));
    }
    if bytes.is_empty() {
        return Err("it is empty; a document with text is needed".to_owned());
    }
    if bytes.len() > kind.bytes_max() {
        return Err(too_large(kind.bytes_max()));
    }
    let mut document = parse(bytes, kind, chosen)?;
    let title = document.title.take().filter(|title| !is_no_title(title));
    document.title = Some(title.or_else(|| heading(&document.text)).unwrap_or_else(|| stem(path)));
    Ok(document)
}

/// What programs write where a title belongs: nothing, a file's name, an address.
fn is_no_title(title: &str) -> bool {
    const ENDINGS: [&str; 8] = [".html", ".htm", ".doc", ".docx", ".pdf", ".md", ".txt", ".tmp"];
    let title = title.trim().to_ascii_lowercase();
    title.is_empty() || title.contains("://") || ENDINGS.iter().any(|ending| title.ends_with(ending))
}

/// The first heading of a text, where nothing but one stands before the rest.
fn heading(text: &str) -> Option<String> {
    const CHARACTERS_MAX: usize = 120;
    let first = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let heading = first.strip_prefix('#')?.trim_start_matches('#').trim();
    (!heading.is_empty() && heading.chars().count() <= CHARACTERS_MAX).then(|| heading.to_owned())
}

fn bytes_of(path: &Path, bytes_max: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = Input::open(path).and_then(|mut input| input.fill(&mut bytes, bytes_max + 1, 0));
    match read {
        Ok(n) if n > bytes_max => Err(too_large(bytes_max)),
        Ok(0) => Err("it is empty; a document with text is needed".to_owned()),
        Ok(_) => Ok(bytes),
        Err(ImportError::Truncated { .. }) => Err("its packed data break off; fetch it again".to_owned()),
        Err(ImportError::Shape { .. }) => Err("its packed data are damaged; fetch it again".to_owned()),
        Err(error) => Err(format!("it cannot be read; {error}")),
    }
}

/// The document in these bytes; its text is not empty. What the bytes are counts before what the file is called.
pub fn parse(bytes: &[u8], kind: Kind, chosen: Option<&'static Encoding>) -> Result<Document, String> {
    let kind = match bytes {
        [b'%', b'P', b'D', b'F', ..] => Kind::Pdf,
        [b'P', b'K', 3, 4, ..] => Kind::Docx,
        [0xD0, 0xCF, 0x11, 0xE0, ..] => {
            return Err(format!("it is encrypted, or an older word processor's file; {SAVE_AS}"));
        }
        _ if kind == Kind::Docx => return Err(format!("its bytes are no DOCX, whatever its ending says; {SAVE_AS}")),
        // A header may have something before it.
        _ if kind == Kind::Pdf && !bytes[..bytes.len().min(1024)].windows(4).any(|four| four == b"%PDF") => {
            return Err(format!("its bytes are no PDF, whatever its ending says; {SAVE_AS}"));
        }
        _ => kind,
    };
    // Our readers answer whatever they are given; should one of them fail all the same, one document is lost and not the
    // import.
    let read = catch_unwind(AssertUnwindSafe(|| match kind {
        Kind::Pdf => pdf::read(bytes),
        Kind::Docx => docx::read(bytes),
        Kind::Html => html::read(&text_of(bytes, chosen.or_else(|| html::declared_encoding(bytes)))?),
        Kind::Markdown => Ok(markdown::read(&text_of(bytes, chosen)?)),
        Kind::Text | Kind::Foreign(_) => Ok(Document { text: text_of(bytes, chosen)?, ..Document::default() }),
    }));
    let mut document = read.unwrap_or_else(|_| Err(format!("its content contradicts itself; {SAVE_AS}")))?;
    document.text = clean(&document.text);
    if document.text.len() > TEXT_BYTES_MAX {
        return Err(too_much_text());
    }
    match document.text.is_empty() {
        true => Err("it has no text; a document with text is needed".to_owned()),
        false => Ok(document),
    }
}

fn too_large(bytes_max: usize) -> String {
    format!("it is larger than {} MiB; split it", bytes_max >> 20)
}

fn too_much_text() -> String {
    format!("it has more than {} MiB of text; split it", TEXT_BYTES_MAX >> 20)
}

fn too_deep(most: usize) -> String {
    format!("its elements are nested more than {most} deep; {SAVE_AS}")
}

/// The characters of a file of text, with lines ending in `\n`.
fn text_of(bytes: &[u8], chosen: Option<&'static Encoding>) -> Result<String, String> {
    let is_utf8 = std::str::from_utf8(bytes).is_ok();
    // Pages often name an encoding that an editor has since changed.
    let encoding = match chosen {
        Some(encoding) if encoding != encoding_rs::UTF_8 || is_utf8 => encoding,
        _ => encoding::detect(bytes, true),
    };
    let encoding = if is_utf8 && !bytes.is_ascii() { encoding_rs::UTF_8 } else { encoding };
    let text = encoding.decode(bytes).0;
    let n_odd = text.chars().filter(|c| *c == '\u{FFFD}' || c.is_control() && !c.is_whitespace()).count();
    if n_odd * 50 > text.chars().count() {
        return Err("its bytes are no text; pass --encoding (gbk, big5, shift_jis …) if it is text".to_owned());
    }
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// Without control characters, spaces at the ends of lines and more than one empty line together.
fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut n_empty = 0;
    for line in text.lines() {
        let start = out.len();
        out.extend(line.chars().filter_map(|character| match character {
            '\t' => Some(' '),
            '\u{a0}' | '\u{202f}' | '\u{2007}' => Some(' '),
            '\u{ad}' | '\u{feff}' | '\u{200b}' | '\u{2060}' => None,
            character if character.is_control() => None,
            character => Some(character),
        }));
        out.truncate(start + out[start..].trim_end().len());
        n_empty = if out.len() == start { n_empty + 1 } else { 0 };
        if n_empty < 2 && !(n_empty == 1 && out.is_empty()) {
            out.push('\n');
        }
    }
    out.trim().to_owned()
}

/// The file's name without its endings.
fn stem(path: &Path) -> String {
    let name = plain_file_name(path);
    name.rsplit_once('.').map_or(name.clone(), |(stem, _)| stem.to_owned())
}

/// `[a, "b"]` or `a, b`.
fn list_of_ids(text: &str) -> Vec<String> {
    let inside = text.trim().trim_start_matches('[').trim_end_matches(']');
    let parts = inside.split([',', ';', '，', '、']);
    parts.map(|part| part.trim().trim_matches(['"', '\'']).to_owned()).filter(|part| !part.is_empty()).collect()
}
