//! PDF and DOCX brought in over HTTP, by the page for documents and by the intake for tables: cited at once, in versions, and
//! refused with what to do where they cannot be read. Every file is written here, byte by byte.

use serde_json::{Value, json};

use crate::shop::{Served, served};

/// Deflate's longest repetition of one byte: what it unpacks to, for thirteen bits.
const REPEATED: usize = 258;
/// Beyond what one file within a document may unpack to.
const BOMB_BYTES: usize = (64 << 20) + 1;

/// Files in an archive: name, how it is packed (0 as it is, 8 deflate), bytes as packed.
fn archive(files: &[(&str, u16, &[u8])], flags: u16) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, method, packed) in files {
        let header = bytes.len() as u32;
        let mut common = Vec::new();
        [20, flags, *method, 0, 0].iter().for_each(|short: &u16| common.extend_from_slice(&short.to_le_bytes()));
        // No reader here asks for the checksum or the size unpacked.
        [0, packed.len() as u32, 0].iter().for_each(|long: &u32| common.extend_from_slice(&long.to_le_bytes()));
        common.extend_from_slice(&(name.len() as u16).to_le_bytes());
        common.extend_from_slice(&0u16.to_le_bytes());
        bytes.extend_from_slice(b"PK\x03\x04");
        bytes.extend([&common[..], name.as_bytes(), packed].concat());
        directory.extend_from_slice(b"PK\x01\x02\x14\x00");
        directory.extend([&common[..], &[0; 10], &header.to_le_bytes(), name.as_bytes()].concat());
    }
    let (start, n_files) = (bytes.len() as u32, files.len() as u16);
    bytes.extend_from_slice(&directory);
    bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    bytes.extend([n_files.to_le_bytes(), n_files.to_le_bytes()].concat());
    bytes.extend([(directory.len() as u32).to_le_bytes(), start.to_le_bytes()].concat());
    bytes.extend_from_slice(&[0, 0]);
    bytes
}

/// A DOCX: its headings and paragraphs.
fn docx(title: &str, parts: &[(bool, &str)]) -> Vec<u8> {
    let style = "<w:pPr><w:pStyle w:val=\"1\"/></w:pPr>";
    let paragraph = |(is_heading, text): &(bool, &str)| {
        format!("<w:p>{}<w:r><w:t>{text}</w:t></w:r></w:p>", if *is_heading { style } else { "" })
    };
    let body: String = parts.iter().map(paragraph).collect();
    let document = format!("<?xml version=\"1.0\"?><w:document><w:body>{body}</w:body></w:document>");
    let styles = "<w:styles><w:style w:styleId=\"1\"><w:name w:val=\"heading 1\"/></w:style></w:styles>";
    let core = format!("<cp:coreProperties><dc:title>{title}</dc:title></cp:coreProperties>");
    archive(
        &[
            ("[Content_Types].xml", 0, b"<Types/>"),
            ("word/document.xml", 0, document.as_bytes()),
            ("word/styles.xml", 0, styles.as_bytes()),
            ("docProps/core.xml", 0, core.as_bytes()),
        ],
        0,
    )
}

/// A PDF of these objects, numbered from 1.
fn pdf_of(objects: &[String], trailer: &str) -> Vec<u8> {
    let written = |(at, object): (usize, &String)| format!("{} 0 obj\n{object}\nendobj\n", at + 1);
    let objects: String = objects.iter().enumerate().map(written).collect();
    format!("%PDF-1.7\n{objects}trailer\n<< {trailer} >>\n%%EOF\n").into_bytes()
}

/// A PDF of one page with these operators, and a picture that they may draw.
fn pdf(content: &str, trailer: &str) -> Vec<u8> {
    let resources = "<< /Font << /F1 5 0 R >> /XObject << /I 6 0 R >> >>";
    pdf_of(
        &[
            "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
            format!("<< /Type /Pages /Kids [3 0 R] /Count 1 /Resources {resources} >>"),
            "<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>".to_owned(),
            format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
            "<< /Subtype /Image /Width 1 /Height 1 >>".to_owned(),
            "<< /Title (Demo rockets) >>".to_owned(),
        ],
        &format!("/Root 1 0 R /Info 7 0 R {trailer}"),
    )
}

fn pdf_saying(days: u32) -> Vec<u8> {
    let lines = format!(
        "BT /F1 20 Tf 72 720 Td (Borrowing) Tj ET\n\
         BT /F1 10 Tf 72 690 Td (A demo rocket can be borrowed from the store for {days} days.) Tj ET"
    );
    pdf(&lines, "")
}

/// A byte again and again, packed by deflate with its fixed codes (RFC 1951, 3.2.6): a repetition takes thirteen bits.
fn bomb(n_bytes: usize) -> Vec<u8> {
    let (mut bytes, mut n_bits) = (Vec::new(), 0usize);
    let mut push = |code: u32, length: u32| {
        for bit in (0..length).rev() {
            if n_bits.is_multiple_of(8) {
                bytes.push(0u8);
            }
            *bytes.last_mut().expect("just pushed") |= ((code >> bit & 1) as u8) << (n_bits % 8);
            n_bits += 1;
        }
    };
    // The last block, with fixed codes: these two are written lowest bit first.
    push(1, 1);
    push(0b10, 2);
    push(0x30 + u32::from(b' '), 8);
    for _ in 0..n_bytes.div_ceil(REPEATED) {
        push(0b1100_0101, 8);
        push(0, 5);
    }
    push(0, 7);
    bytes
}

fn put(served: &Served, query: &str, bytes: &[u8]) -> Value {
    let response = served.upload(&format!("/v1/knowledge?{query}"), "application/octet-stream", bytes);
    assert_eq!(response.status, 200, "{query}: {}", response.body);
    response.json()
}

/// What is said to a question, and the documents that it rests on.
fn asked(served: &Served, lang: &str, text: &str) -> (String, Vec<String>) {
    let tried = served.call("POST", "/v1/assist/try", Some(json!({"text": text, "lang": lang})));
    assert_eq!(tried.status, 200, "{}", tried.body);
    let reply = &tried.json()["turn"]["reply"];
    let of = |one: &Value| one["document_id"].as_str().map(str::to_owned);
    let documents = reply["evidence"].as_array().unwrap().iter().filter_map(of).collect();
    (reply["text"].as_str().unwrap().to_owned(), documents)
}

#[test]
fn a_pdf_is_cited_at_once_and_kept_in_versions() {
    let (_folder, served) = served();
    let question = "How long can I borrow a demo rocket from the store?";
    assert!(asked(&served, "en", question).1.is_empty());
    let first = put(&served, "name=help/rockets.pdf", &pdf_saying(9));
    assert_eq!((&first["outcome"], &first["number"]), (&json!("new"), &json!(1)), "{first}");
    let (said, documents) = asked(&served, "en", question);
    assert!(said.contains("9 days") && documents == ["help/rockets.pdf"], "{said} {documents:?}");
    assert_eq!(put(&served, "name=help/rockets.pdf", &pdf_saying(9))["outcome"], "same");
    assert_eq!(put(&served, "name=help/rockets.pdf", &pdf_saying(12))["number"], 2);
    let (said, _) = asked(&served, "en", question);
    assert!(said.contains("12 days") && !said.contains("9 days"), "{said}");
    let view = served.get("/v1/knowledge/help%2Frockets.pdf");
    assert_eq!(view["document"]["title"], "Demo rockets", "{view}");
    let changes = served.get("/v1/knowledge/help%2Frockets.pdf/versions/2");
    assert!(changes["changes"][0]["was"].as_str().is_some_and(|was| was.contains("9 days")), "{changes}");
}

#[test]
fn a_docx_is_cited_with_its_headings_whatever_its_file_is_called() {
    let (_folder, served) = served();
    let question = "火箭模型可以借几天";
    let said = |days: &str| {
        let text = format!("火箭模型可以从门店借走{days}天，凭身份证登记。");
        docx("火箭模型出借", &[(true, "出借"), (false, &text), (true, "押金"), (false, "押金两百元，归还时退。")])
    };
    let first = put(&served, "name=help/rockets.docx", &said("9"));
    assert_eq!((&first["outcome"], &first["n_chunks"]), (&json!("new"), &json!(2)), "{first}");
    let (text, documents) = asked(&served, "zh", question);
    assert!(text.contains("9天") && documents == ["help/rockets.docx"], "{text} {documents:?}");
    let view = served.get("/v1/knowledge/help%2Frockets.docx");
    assert_eq!((&view["document"]["title"], &view["document"]["lang"]), (&json!("火箭模型出借"), &json!("zh")));
    assert_eq!(view["chunks"][0]["sections"], json!(["出借"]), "{view}");
    // What the bytes are counts, and not the ending: a DOCX that somebody called a PDF.
    let other = put(&served, "name=renamed.pdf&document_id=help%2Frockets.docx", &said("12"));
    assert_eq!((&other["outcome"], &other["number"]), (&json!("changed"), &json!(2)), "{other}");
    assert!(asked(&served, "zh", question).0.contains("12天"));
}

#[test]
fn both_come_in_by_the_intake_for_tables_too() {
    let (_folder, served) = served();
    for (name, bytes) in [("a.pdf", pdf_saying(9)), ("b.docx", docx("Rockets", &[(false, "Rockets are blue.")]))] {
        let path = format!("/v1/import/knowledge?name={name}");
        let response = served.upload(&path, "application/octet-stream", &bytes);
        let job = served.ended(response.json()["id"].as_str().unwrap_or_else(|| panic!("{}", response.body)));
        assert_eq!(job["result"]["files"][0]["changes"]["n_new"], 1, "{job}");
    }
    let list = served.get("/v1/knowledge?query=rockets&sort=id");
    let ids: Vec<&str> =
        list["items"].as_array().unwrap().iter().filter_map(|one| one["document_id"].as_str()).collect();
    assert_eq!(ids, ["a.pdf", "b.docx"]);
    // A file of which nothing can be read is told in the job, with the reason; nothing of it is kept.
    let response = served.upload("/v1/import/knowledge?name=c.pdf", "application/octet-stream", &pdf("q /I Do Q", ""));
    let job = served.ended(response.json()["id"].as_str().unwrap_or_else(|| panic!("{}", response.body)));
    let told = &job["result"]["files"][0];
    assert!(told["counts"]["reasons"].to_string().contains("no text layer"), "{job}");
    let rejects = served.call("GET", told["rejects"].as_str().unwrap(), None);
    assert!(rejects.body.contains("c.pdf") && rejects.body.contains("OCR"), "{}", rejects.body);
    assert_eq!(served.call("GET", "/v1/knowledge/c.pdf", None).status, 404);
}

#[test]
fn what_cannot_be_read_is_refused_with_what_to_do() {
    let (_folder, served) = served();
    let paragraph = b"<w:document><w:body><w:p><w:r><w:t>x</w:t></w:r></w:p></w:body></w:document>";
    let whole = docx("T", &[(false, "Some text of a document that is long enough.")]);
    let deflated = bomb(BOMB_BYTES);
    assert!(deflated.len() < 1 << 20, "small on the wire");
    let stream = |content: &[u8]| {
        let head = format!("<< /Filter /FlateDecode /Length {} >>\nstream\n", content.len() + 2);
        // Zlib's two bytes before what deflate packed.
        [head.as_bytes(), &[0x78, 0x9c], content, b"\nendstream"].concat()
    };
    let mut pdf_bomb = b"%PDF-1.7\n1 0 obj\n<< /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Kids [3 0 R] >>\nendobj\n\
        3 0 obj\n<< /Contents 4 0 R >>\nendobj\n4 0 obj\n"
        .to_vec();
    pdf_bomb.extend([&stream(&deflated)[..], b"\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"].concat());
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("bomb.docx", archive(&[("word/document.xml", 8, &deflated)], 0), "64 MiB"),
        ("bomb.pdf", pdf_bomb, "no text"),
        ("locked.docx", archive(&[("word/document.xml", 0, paragraph)], 1), "without a password"),
        ("locked-new.docx", [&[0xD0, 0xCF, 0x11, 0xE0][..], &[0; 600]].concat(), "encrypted"),
        ("locked.pdf", pdf("BT /F1 9 Tf (x) Tj ET", "/Encrypt << /V 4 >>"), "without protection"),
        ("scanned.pdf", pdf("q /I Do Q", ""), "OCR"),
        ("cut.docx", whole[..whole.len() / 2].to_vec(), "incomplete"),
        ("cut.pdf", pdf_saying(9)[..40].to_vec(), "damaged"),
        ("note.docx", b"only a note".to_vec(), "no DOCX, whatever its ending says"),
        ("note.pdf", b"only a note".to_vec(), "no PDF, whatever its ending says"),
        ("sheet.xlsx", whole.clone(), "spreadsheet"),
        ("old.doc", b"x".to_vec(), "older word processor"),
        ("photo.jpg", vec![0xFF, 0xD8, 0xFF, 0xE0], "DOCX"),
        ("noname", whole, "DOCX"),
    ];
    for (name, bytes, said) in cases {
        let refused = served.upload(&format!("/v1/knowledge?name={name}"), "application/octet-stream", &bytes);
        assert_eq!(refused.status, 400, "{name}: {}", refused.body);
        let error = &refused.json()["error"];
        assert!(refused.body.contains(said), "{name}: '{said}' is not in {}", refused.body);
        assert!(error["message"].as_str().is_some_and(|message| message.contains(name)), "{name}: {}", refused.body);
    }
    assert_eq!(served.get("/v1/knowledge")["total"], 0, "nothing of them is kept");
}
