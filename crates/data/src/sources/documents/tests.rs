//! Laws that every reader of documents keeps: whatever the bytes are, the answer is a document or a reason, soon and in
//! bounded memory. The cases come from a seeded generator: a failing one repeats.

use super::*;

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

const KINDS: [Kind; 5] = [Kind::Markdown, Kind::Html, Kind::Pdf, Kind::Docx, Kind::Text];

const PAGE: &str = "<html><head><title>T</title></head><body><h1>A</h1><p>b &amp; c<ul><li>d</ul>\
    <table><tr><td>e<td>f</table><pre> g </pre><div hidden>h</div></body></html>";
const NOTE: &str = "---\ntitle: T\nproducts: [a]\n---\n# A\n\nb **c** [d](e) `f`\n\n| g | h |\n|---|---|\n| i | j |\n";

fn examples() -> Vec<(Kind, Vec<u8>)> {
    let body = "<w:p><w:pPr><w:pStyle w:val=\"1\"/></w:pPr><w:r><w:t>标题</w:t></w:r></w:p>\
        <w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc></w:tr></w:tbl>";
    vec![
        (Kind::Html, PAGE.as_bytes().to_vec()),
        (Kind::Markdown, NOTE.as_bytes().to_vec()),
        (Kind::Docx, docx::written(body, "T")),
        (Kind::Pdf, pdf::manual()),
        (Kind::Text, "一行\r\n两行\r\n".as_bytes().to_vec()),
    ]
}

/// The readers themselves may not fail: what stands around them would hide it.
fn read_bare(bytes: &[u8], kind: Kind) {
    let text = String::from_utf8_lossy(bytes);
    let _ = match kind {
        Kind::Pdf => pdf::read(bytes),
        Kind::Docx => docx::read(bytes),
        Kind::Html => html::read(&text),
        _ => Ok(markdown::read(&text)),
    };
    if let Ok(document) = parse(bytes, kind, None) {
        assert!(!document.text.is_empty() && document.text.len() <= TEXT_BYTES_MAX);
        assert!(!document.text.contains("\n\n\n") && document.text.trim() == document.text);
        assert!(document.text.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", document.text);
    }
}

#[test]
fn whole_documents_are_read() {
    for (kind, bytes) in examples() {
        let document = parse(&bytes, kind, None).unwrap_or_else(|reason| panic!("{kind:?}: {reason}"));
        assert!(document.text.len() > 3, "{kind:?}");
    }
}

#[test]
fn beginnings_of_documents_are_read_or_refused() {
    for (kind, bytes) in examples() {
        let step = (bytes.len() / 400).max(1);
        for end in (0..bytes.len()).step_by(step) {
            read_bare(&bytes[..end], kind);
        }
    }
}

#[test]
fn damaged_documents_are_read_or_refused() {
    let mut dice = Dice(7);
    for (kind, bytes) in examples() {
        for _ in 0..600 {
            let mut bytes = bytes.clone();
            for _ in 0..=dice.below(6) {
                let at = dice.below(bytes.len());
                match dice.below(4) {
                    0 => bytes[at] = dice.next() as u8,
                    1 => bytes[at] = b"<>[](){}/&%\"0 \n"[dice.below(15)],
                    2 => bytes.truncate(at.max(1)),
                    _ => {
                        let part = bytes[at..(at + dice.below(40)).min(bytes.len())].to_vec();
                        let to = dice.below(bytes.len());
                        bytes.splice(to..to, part);
                    }
                }
            }
            read_bare(&bytes, kind);
        }
    }
}

#[test]
fn random_bytes_are_read_or_refused() {
    let mut dice = Dice(11);
    for round in 0..400 {
        let n = dice.below(3000);
        let mut bytes: Vec<u8> = (0..n).map(|_| dice.next() as u8).collect();
        let head: &[u8] = [&b""[..], b"%PDF-1.7\n", b"PK\x03\x04", b"<html>"][round % 4];
        bytes.splice(0..0, head.iter().copied());
        KINDS.into_iter().for_each(|kind| read_bare(&bytes, kind));
    }
}

#[test]
fn pieces_in_any_order_are_read_or_refused() {
    let pieces: [&[u8]; 22] = [
        b"1 0 obj\n",
        b"<< /Pages 1 0 R /Kids [1 0 R] >>",
        b"stream\n",
        b"endstream",
        b"BT ",
        b"/F 9 Tf ",
        b"(x) Tj ",
        b"trailer\n<< /Root 1 0 R >>",
        b"[",
        b"<<",
        b"<w:p>",
        b"<w:t>",
        b"</w:p>",
        b"<table><tr><td>",
        b"</div>",
        b"<div hidden>",
        b"<!--",
        b"| a |\n",
        b"---\n",
        b"```\n",
        b"&#x4F60;",
        b"\xC4\xE3\xBA\xC3",
    ];
    let mut dice = Dice(13);
    for round in 0..1500 {
        let mut bytes = if round % 2 == 0 { b"%PDF-1.4\n".to_vec() } else { Vec::new() };
        (0..dice.below(40)).for_each(|_| bytes.extend_from_slice(pieces[dice.below(pieces.len())]));
        KINDS.into_iter().for_each(|kind| read_bare(&bytes, kind));
    }
}

#[test]
fn encodings_are_found() {
    let text = "退货说明：签收后七天内可以退货，请保持商品完好。";
    let gbk = encoding_rs::GBK.encode(text).0.into_owned();
    assert_eq!(parse(&gbk, Kind::Text, None).unwrap().text, text);
    let page = format!("<meta charset=gb2312><p>{text}");
    assert_eq!(parse(&encoding_rs::GBK.encode(&page).0, Kind::Html, None).unwrap().text, text);
    // The page says GBK, and an editor has saved it as UTF-8.
    assert_eq!(parse(page.as_bytes(), Kind::Html, None).unwrap().text, text);
    let big5 = encoding_rs::BIG5.encode("繁體中文說明書，請妥善保管。").0.into_owned();
    assert_eq!(parse(&big5, Kind::Text, Some(encoding_rs::BIG5)).unwrap().text, "繁體中文說明書，請妥善保管。");
    let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(parse(&utf16, Kind::Text, None).unwrap().text, text);
}

#[test]
fn what_is_refused_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        read(&path, Kind::of(&path).unwrap(), None)
    };
    for (name, bytes, said) in [
        ("a.md", &b""[..], "it is empty"),
        ("a.html", b"<script>x</script>", "no text"),
        ("a.doc", b"x", "save it as DOCX"),
        ("b.docx", b"\xD0\xCF\x11\xE0\xA1\xB1", "encrypted"),
        ("c.txt", &[0; 100], "no text; pass --encoding"),
        ("d.xlsx", b"PK", "a spreadsheet"),
        ("e.pdf", b"%PDF-1.4\n", "damaged"),
        ("f.pdf", b"a note", "no PDF, whatever its ending says"),
        ("g.docx", b"a note", "no DOCX, whatever its ending says"),
    ] {
        let reason = file(name, bytes).unwrap_err();
        assert!(reason.contains(said), "{name}: {reason}");
    }
    let large = vec![b'a'; TEXT_FILE_BYTES_MAX + 1];
    assert!(file("large.md", &large).unwrap_err().contains("16 MiB"));
    assert!(file("much.txt", &large[..TEXT_BYTES_MAX + 1]).unwrap_err().contains("4 MiB of text"));
    assert_eq!(file("电池 保养.txt", "正文".as_bytes()).unwrap().title.as_deref(), Some("电池 保养"));
    // A title that a program wrote is none where the text has a heading.
    let page = "<html><head><title>r.html</title></head><body><h1>租赁规则</h1><p>押金</p></body></html>";
    assert_eq!(file("r.html", page.as_bytes()).unwrap().title.as_deref(), Some("租赁规则"));
}
