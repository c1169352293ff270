//! DOCX (WordprocessingML, ECMA-376) to plain text: headings by style, lists, tables; deleted and hidden words go. Not
//! here: pictures, notes, headers and footers.

use std::collections::BTreeMap;

use super::markup::{Attributes, Token, Tokens, decoded, local};
use super::prose::Prose;
use super::zip::Archive;
use super::{Document, TEXT_BYTES_MAX, too_deep, too_much_text};
use crate::sources::encoding;

/// Elements within elements.
const DEPTH_MAX: usize = 256;

/// Elements whose words are not the document's: what was deleted, moved away, or stands there for older programs.
const DROPPED: [&str; 4] = ["del", "moveFrom", "Fallback", "instrText"];

/// Reads a document.
pub fn read(bytes: &[u8]) -> Result<Document, String> {
    let archive = Archive::open(bytes)?;
    let Some(body) = archive.file("word/document.xml")? else {
        return Err("it holds no word/document.xml; it is an archive but no DOCX document".to_owned());
    };
    let styles = archive.file("word/styles.xml")?.map(|bytes| heading_styles(&text_of(&bytes))).unwrap_or_default();
    let title = archive.file("docProps/core.xml")?.and_then(|bytes| title_of(&text_of(&bytes)));
    let text = words(&text_of(&body), &styles)?;
    Ok(Document { title, text, ..Document::default() })
}

fn text_of(bytes: &[u8]) -> String {
    encoding::detect(bytes, true).decode(bytes).0.into_owned()
}

/// Depth of the headings that styles are, by the style's id.
fn heading_styles(xml: &str) -> BTreeMap<String, usize> {
    let mut styles = BTreeMap::new();
    let mut id = String::new();
    for token in Tokens::xml(xml) {
        let Token::Start { name, attributes, .. } = token else { continue };
        match local(name) {
            "style" => id = value(attributes, "styleId").unwrap_or_default(),
            "name" => {
                if let Some(depth) = value(attributes, "val").and_then(|name| depth_of_name(&name)) {
                    styles.insert(id.clone(), depth);
                }
            }
            "outlineLvl" => {
                if let Some(depth) = outline_depth(attributes) {
                    styles.entry(id.clone()).or_insert(depth);
                }
            }
            _ => {}
        }
    }
    styles
}

/// `heading 2`, `标题 2`, `Title`.
fn depth_of_name(name: &str) -> Option<usize> {
    let name = name.trim().to_lowercase();
    if matches!(name.as_str(), "title" | "标题") {
        return Some(1);
    }
    let number = name.strip_prefix("heading").or_else(|| name.strip_prefix("标题"))?;
    number.trim().parse::<usize>().ok().filter(|depth| (1..=9).contains(depth)).map(|depth| depth.min(6))
}

fn outline_depth(attributes: Attributes<'_>) -> Option<usize> {
    value(attributes, "val")?.trim().parse::<usize>().ok().filter(|level| *level < 9).map(|level| (level + 1).min(6))
}

/// The attribute with or without its prefix.
fn value(attributes: Attributes<'_>, name: &str) -> Option<String> {
    attributes.get(&format!("w:{name}")).or_else(|| attributes.get(name)).map(|value| value.into_owned())
}

fn title_of(xml: &str) -> Option<String> {
    let mut is_title = false;
    let mut title = String::new();
    for token in Tokens::xml(xml) {
        match token {
            Token::Start { name, is_closed, .. } => is_title = local(name) == "title" && !is_closed,
            Token::End { .. } => is_title = false,
            Token::Text(text) if is_title => title.push_str(&decoded(text)),
            _ => {}
        }
    }
    Some(title.trim().to_owned()).filter(|title| !title.is_empty())
}

struct Body<'a> {
    styles: &'a BTreeMap<String, usize>,
    prose: Prose,
    depth: usize,
    /// The depth at which something began that is not read.
    dropped_from: Option<usize>,
    /// The words of the paragraph, once they have begun, follow what its properties say.
    has_begun: bool,
    heading: Option<usize>,
    is_item: bool,
    is_text: bool,
    is_hidden: bool,
}

fn words(xml: &str, styles: &BTreeMap<String, usize>) -> Result<String, String> {
    let mut body = Body {
        styles,
        prose: Prose::default(),
        depth: 0,
        dropped_from: None,
        has_begun: false,
        heading: None,
        is_item: false,
        is_text: false,
        is_hidden: false,
    };
    for token in Tokens::xml(xml) {
        match token {
            Token::Start { name, attributes, is_closed } => body.start(local(name), attributes, is_closed)?,
            Token::End { name } => body.end(local(name)),
            Token::Text(text) => body.text(&decoded(text)),
            Token::Literal(text) => body.text(text),
        }
        if body.prose.len() > TEXT_BYTES_MAX {
            return Err(too_much_text());
        }
    }
    Ok(body.prose.finish())
}

impl Body<'_> {
    fn start(&mut self, name: &str, attributes: Attributes<'_>, is_closed: bool) -> Result<(), String> {
        if !is_closed {
            self.depth += 1;
            if self.depth > DEPTH_MAX {
                return Err(too_deep(DEPTH_MAX));
            }
            if self.dropped_from.is_none() && DROPPED.contains(&name) {
                self.dropped_from = Some(self.depth);
            }
        }
        if self.dropped_from.is_some() {
            return Ok(());
        }
        match name {
            "p" => (self.has_begun, self.heading, self.is_item) = (false, None, false),
            "pStyle" if !self.has_begun => {
                let id = value(attributes, "val").unwrap_or_default();
                self.heading = self.styles.get(&id).copied().or_else(|| depth_of_name(&id));
            }
            "outlineLvl" if !self.has_begun => self.heading = outline_depth(attributes).or(self.heading),
            "numPr" => self.is_item = true,
            "r" => self.is_hidden = false,
            "vanish" => self.is_hidden = !value(attributes, "val").is_some_and(|on| matches!(&*on, "0" | "false")),
            "t" => self.is_text = !is_closed,
            "tab" if self.has_begun => self.prose.words(" "),
            "br" | "cr" => self.prose.end_line(),
            "tr" => self.prose.begin_row(),
            "tc" => self.prose.begin_cell(),
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str) {
        if let Some(from) = self.dropped_from {
            if self.depth <= from {
                self.dropped_from = None;
            }
            self.depth = self.depth.saturating_sub(1);
            return;
        }
        self.depth = self.depth.saturating_sub(1);
        match name {
            "p" if self.heading.is_some() && self.has_begun => self.prose.end_heading(),
            "p" if self.is_item => self.prose.end_line(),
            "p" => self.prose.end_block(),
            "t" => self.is_text = false,
            "tr" => self.prose.end_row(),
            "tbl" => self.prose.end_block(),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if !self.is_text || self.is_hidden || self.dropped_from.is_some() {
            return;
        }
        if !self.has_begun && !text.trim().is_empty() {
            self.has_begun = true;
            match self.heading {
                Some(depth) => self.prose.begin_heading(depth),
                None if self.is_item => self.prose.begin_item("- "),
                None => {}
            }
        }
        self.prose.words(text);
    }
}

/// A document of this body, with styles as Word in Chinese writes them: for tests.
#[cfg(test)]
pub fn written(body: &str, title: &str) -> Vec<u8> {
    let document = format!("<?xml version=\"1.0\"?><w:document><w:body>{body}</w:body></w:document>");
    let styles = "<w:styles><w:style w:styleId=\"1\"><w:name w:val=\"heading 1\"/></w:style>\
        <w:style w:styleId=\"x\"><w:name w:val=\"mine\"/><w:pPr><w:outlineLvl w:val=\"1\"/></w:pPr></w:style></w:styles>";
    let core = format!("<cp:coreProperties><dc:title>{title}</dc:title></cp:coreProperties>");
    super::zip::packed(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("word/document.xml", document.as_bytes()),
        ("word/styles.xml", styles.as_bytes()),
        ("docProps/core.xml", core.as_bytes()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_becomes_text() {
        let run = |text: &str| format!("<w:r><w:t xml:space=\"preserve\">{text}</w:t></w:r>");
        let body = [
            format!("<w:p><w:pPr><w:pStyle w:val=\"1\"/></w:pPr>{}{}</w:p>", run("保修 &amp; "), run("维修")),
            format!(
                "<w:p>{}<w:del><w:r><w:delText>旧</w:delText><w:t>旧</w:t></w:r></w:del>{}</w:p>",
                run("主机"),
                run("一年。")
            ),
            format!("<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r>{}</w:p>", run("Shown.")),
            format!("<w:p><w:pPr><w:pStyle w:val=\"x\"/></w:pPr>{}</w:p>", run("步骤")),
            format!(
                "<w:p><w:pPr><w:numPr/></w:pPr>{}</w:p><w:p><w:pPr><w:numPr/></w:pPr>{}</w:p>",
                run("申请"),
                run("寄回")
            ),
            format!(
                "<w:tbl><w:tr><w:tc><w:p>{}</w:p></w:tc><w:tc><w:p>{}</w:p></w:tc></w:tr></w:tbl>",
                run("电池"),
                run("6个月")
            ),
            "<w:p/><w:p><w:r><w:t>End</w:t><w:tab/><w:t>.</w:t></w:r></w:p>".to_owned(),
        ];
        let read = read(&written(&body.concat(), "保修手册")).unwrap();
        assert_eq!(read.title.as_deref(), Some("保修手册"));
        let expected = "# 保修 & 维修\n主机一年。\n\nShown.\n\n## 步骤\n- 申请\n- 寄回\n电池 | 6个月\n\nEnd .\n";
        assert_eq!(read.text, expected);
    }

    #[test]
    fn other_archives_and_depth_are_refused() {
        let other = super::super::zip::packed(&[("a.txt", b"x")]);
        assert!(read(&other).is_err_and(|reason| reason.contains("no DOCX")));
        assert!(read(&written(&"<w:x>".repeat(1000), "")).is_err_and(|reason| reason.contains("256")));
    }
}
