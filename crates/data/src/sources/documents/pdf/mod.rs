//! PDF to plain text, for documents that have a text layer: finds the objects, walks the pages, carries out what they say
//! about text, and joins it to lines and paragraphs (ISO 32000-1). Encrypted files, pictures of pages and fonts that do not
//! tell their characters are refused with what to do.

mod cmap;
mod content;
mod file;
mod filters;
mod fonts;
mod layout;
mod objects;

use std::collections::BTreeSet;

use self::content::Reader;
use self::file::File;
use self::objects::{Dict, Object};
use super::{Document, TEXT_BYTES_MAX, too_much_text};

/// Pages of a document.
const PAGES_MAX: usize = 5000;
/// The tree of pages.
const DEPTH_MAX: usize = 40;

/// Reads a document.
pub fn read(bytes: &[u8]) -> Result<Document, String> {
    let file = File::open(bytes)?;
    if file.trailer.contains_key("Encrypt") {
        return Err(
            "the PDF is encrypted; open it, print it to a new PDF without protection and import that".to_owned()
        );
    }
    let pages = pages(&file)?;
    if pages.is_empty() {
        return Err("the PDF is damaged, no page was found; fetch or write it again".to_owned());
    }
    let mut reader = Reader::new(&file);
    let mut runs = Vec::new();
    let mut n_bytes = 0;
    for page in &pages {
        let content = content_of(&file, &page.dict);
        let page = reader.page(&content, &page.resources);
        n_bytes += page.iter().map(|run| run.text.len()).sum::<usize>();
        if n_bytes > TEXT_BYTES_MAX {
            return Err(too_much_text());
        }
        runs.push(page);
    }
    let (n_known, n_unknown) = (reader.n_known, reader.n_unknown);
    let (n_pages, n_pictures) = (pages.len(), reader.n_pictures);
    if n_unknown > n_known {
        return Err(
            "the PDF's fonts do not tell which characters they show; export the document again, with its text, or \
             run OCR over it"
                .to_owned(),
        );
    }
    let text = layout::text(runs);
    if text.trim().is_empty() {
        return Err(match file.is_exhausted() {
            true => "the PDF unpacks to more than 512 MiB; split it".to_owned(),
            false => format!(
                "the PDF has no text layer; run OCR over it, or import the document it was made from ({n_pages} pages, \
                 {n_pictures} pictures)"
            ),
        });
    }
    Ok(Document { title: title(&file), text, ..Document::default() })
}

fn title(file: &File<'_>) -> Option<String> {
    let info = file.dict_of(&file.trailer, "Info")?;
    let Object::Text(bytes) = file.of(&info, "Title")? else { return None };
    let text = match bytes.as_slice() {
        [0xFE, 0xFF, rest @ ..] => String::from_utf16_lossy(&cmap::units(rest)),
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        bytes => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
    };
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // What programs put there that were not asked.
    let is_name = text.to_lowercase().ends_with(".doc") || text.to_lowercase().ends_with(".docx");
    (!text.is_empty() && !is_name && text != "untitled").then(|| text.chars().take(200).collect())
}

struct Page {
    dict: Dict,
    resources: Dict,
}

/// The pages in order.
fn pages(file: &File<'_>) -> Result<Vec<Page>, String> {
    let mut pages = Vec::new();
    let root = file.dict_of(&file.trailer, "Root");
    let Some(top) = root.as_ref().and_then(|root| root.get("Pages")) else { return Ok(pages) };
    let mut seen = BTreeSet::new();
    walk(file, top, &Dict::new(), 0, &mut seen, &mut pages)?;
    Ok(pages)
}

fn walk(
    file: &File<'_>,
    node: &Object,
    inherited: &Dict,
    depth: usize,
    seen: &mut BTreeSet<u32>,
    pages: &mut Vec<Page>,
) -> Result<(), String> {
    if let Object::Reference(number) = node
        && !seen.insert(*number)
    {
        return Ok(());
    }
    let Some(Object::Dict(dict)) = file.resolve(node) else { return Ok(()) };
    let resources = file.dict_of(&dict, "Resources");
    let resources = resources.as_ref().unwrap_or(inherited);
    match file.of(&dict, "Kids") {
        Some(Object::Array(kids)) if depth < DEPTH_MAX => {
            kids.iter().try_for_each(|kid| walk(file, kid, resources, depth + 1, seen, pages))
        }
        Some(_) => Ok(()),
        None if pages.len() >= PAGES_MAX => Err(format!("the PDF has more than {PAGES_MAX} pages; split it")),
        None => {
            pages.push(Page { resources: resources.clone(), dict });
            Ok(())
        }
    }
}

/// The streams of a page, joined.
fn content_of(file: &File<'_>, page: &Dict) -> Vec<u8> {
    let parts = match page.get("Contents") {
        Some(Object::Reference(number)) => match file.resolve(&Object::Reference(*number)) {
            Some(Object::Array(parts)) => parts,
            _ => vec![Object::Reference(*number)],
        },
        Some(Object::Array(parts)) => parts.clone(),
        _ => Vec::new(),
    };
    let mut content = Vec::new();
    for part in parts.iter().take(1000) {
        if let Object::Reference(number) = part
            && let Some((_, bytes)) = file.stream(*number)
        {
            content.extend_from_slice(&bytes);
            content.push(b'\n');
        }
    }
    content
}

/// A PDF of these objects, numbered from 1: for tests.
#[cfg(test)]
pub fn written(objects: &[Vec<u8>], trailer: &str) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    for (index, object) in objects.iter().enumerate() {
        bytes.extend_from_slice(format!("{} 0 obj\n", index + 1).as_bytes());
        bytes.extend_from_slice(object);
        bytes.extend_from_slice(b"\nendobj\n");
    }
    bytes.extend_from_slice(format!("trailer\n<< {trailer} >>\n%%EOF\n").as_bytes());
    bytes
}

/// A stream, packed.
#[cfg(test)]
pub fn stream(entries: &str, content: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    let packed = encoder.finish().unwrap();
    let mut bytes = format!("<< {entries} /Filter /FlateDecode /Length {} >>\nstream\n", packed.len()).into_bytes();
    bytes.extend_from_slice(&packed);
    bytes.extend_from_slice(b"\nendstream");
    bytes
}

/// A manual of one page in two fonts, Latin by name and Chinese by table: for tests.
#[cfg(test)]
pub fn manual() -> Vec<u8> {
    let content = b"BT /F1 20 Tf 72 720 Td (Care guide) Tj ET\n\
        BT /F1 10 Tf 72 690 Td [(Keep the d) 20 (evice dry and away from heat, and never open it your-)] TJ\n\
        0 -12 Td (self.) Tj ET\n\
        BT /F2 10 Tf 72 650 Td <00010002> Tj ET\n\
        BT /F1 10 Tf 72 620 Td (Weight) Tj 120 0 Td (1 kg) Tj ET";
    let map = b"1 begincodespacerange <0000> <FFFF> endcodespacerange\n1 beginbfchar <0001> <4FDD> endbfchar\n\
        1 beginbfrange <0002> <0003> <4FEE> endbfrange";
    written(
        &[
            b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 /Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>".to_vec(),
            b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>".to_vec(),
            stream("", content),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_vec(),
            b"<< /Type /Font /Subtype /Type0 /Encoding /Identity-H /ToUnicode 7 0 R /DescendantFonts [8 0 R] >>"
                .to_vec(),
            stream("", map),
            b"<< /Type /Font /Subtype /CIDFontType2 /DW 1000 >>".to_vec(),
            b"<< /Title (Care of devices) >>".to_vec(),
        ],
        "/Root 1 0 R /Info 9 0 R",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_becomes_text() {
        let read = read(&manual()).unwrap();
        assert_eq!(read.title.as_deref(), Some("Care of devices"));
        let expected = "\n# Care guide\nKeep the device dry and away from heat, and never open it yourself.\n\n保修\n\n\
            Weight | 1 kg\n";
        assert_eq!(read.text, expected);
    }

    #[test]
    fn objects_in_streams_are_found() {
        let inside =
            b"<< /Type /Catalog /Pages 2 0 R >> << /Kids [3 0 R] >> << /Contents 5 0 R /Resources << /Font << /F \
            << /Subtype /TrueType >> >> >> >>";
        let places = [0, 34, 34 + 20];
        let list = format!("1 {} 2 {} 3 {} ", places[0], places[1], places[2]);
        let packed = [list.as_bytes(), inside].concat();
        let pack = stream(&format!("/Type /ObjStm /N 3 /First {}", list.len()), &packed);
        let content = stream("", b"BT /F 10 Tf 1 0 0 1 50 50 Tm (From a stream) Tj ET");
        let mut whole = b"%PDF-1.5\n".to_vec();
        for (number, object) in [(4, &pack), (5, &content)] {
            whole.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
            whole.extend_from_slice(object);
            whole.extend_from_slice(b"\nendobj\n");
        }
        whole.extend_from_slice(b"6 0 obj\n<< /Type /XRef /Root 1 0 R >>\nendobj\n");
        assert_eq!(read(&whole).unwrap().text, "From a stream\n");
    }

    #[test]
    fn what_has_no_text_is_refused_with_what_to_do() {
        let page = |content: &[u8], font: &str, trailer: &str| {
            let objects = [
                b"<< /Pages 2 0 R >>".to_vec(),
                b"<< /Kids [3 0 R] >>".to_vec(),
                format!("<< /Contents 4 0 R /Resources << /Font << /F {font} >> /XObject << /I 5 0 R >> >> >>")
                    .into_bytes(),
                stream("", content),
                b"<< /Subtype /Image >>".to_vec(),
            ];
            read(&written(&objects, trailer)).unwrap_err()
        };
        let said = page(b"q /I Do Q", "<< >>", "/Root 1 0 R");
        assert!(said.contains("no text layer") && said.contains("OCR") && said.contains("1 pictures"), "{said}");
        let said = page(b"", "<< >>", "/Root 1 0 R /Encrypt << /V 4 >>");
        assert!(said.contains("encrypted"), "{said}");
        let unknown = "<< /Subtype /Type0 /Encoding /Identity-H >>";
        let said = page(b"BT /F 10 Tf <00010002> Tj ET", unknown, "/Root 1 0 R");
        assert!(said.contains("which characters"), "{said}");
        assert!(read(b"%PDF-1.4\n").unwrap_err().contains("damaged"));
    }

    #[test]
    fn pages_within_themselves_and_bombs_end() {
        let objects = [
            b"<< /Pages 2 0 R >>".to_vec(),
            b"<< /Kids [2 0 R 2 0 R 3 0 R] >>".to_vec(),
            b"<< /Contents [4 0 R 4 0 R] /Resources << /XObject << /F 5 0 R >> >> >>".to_vec(),
            stream("", b"/F Do /F Do"),
            stream("/Subtype /Form", b"/F Do /F Do /F Do /F Do"),
        ];
        assert!(read(&written(&objects, "/Root 1 0 R")).is_err());
        let bomb = [
            b"<< /Pages 2 0 R >>".to_vec(),
            b"<< /Kids [3 0 R] >>".to_vec(),
            b"<< /Contents 4 0 R >>".to_vec(),
            stream("", &vec![b' '; 80 << 20]),
        ];
        assert!(read(&written(&bomb, "/Root 1 0 R")).is_err());
    }
}
