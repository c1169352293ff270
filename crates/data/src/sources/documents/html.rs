//! HTML to plain text: headings, lists and tables keep their form; scripts, styles, navigation, controls and what is
//! hidden go. No tree is built, and no page is fetched. Not here: cutting into tags (see `markup`).

use std::borrow::Cow;

use super::markup::{Attributes, Token, Tokens, decoded};
use super::prose::Prose;
use super::{Document, TEXT_BYTES_MAX, list_of_ids, too_deep, too_much_text};

/// Elements within elements.
const DEPTH_MAX: usize = 512;

/// Elements without an end.
const VOID: [&str; 14] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];
/// Elements that are not for reading.
const DROPPED: [&str; 19] = [
    "script", "style", "template", "noscript", "nav", "select", "button", "textarea", "svg", "math", "canvas",
    "iframe", "object", "audio", "video", "map", "datalist", "dialog", "rp",
];
/// Elements that begin and end a paragraph.
const BLOCKS: [&str; 25] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "caption",
    "details",
    "dl",
    "dd",
    "div",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "header",
    "hr",
    "main",
    "ol",
    "p",
    "section",
    "summary",
    "ul",
    "dt",
    "center",
];

/// Reads a page.
pub fn read(text: &str) -> Result<Document, String> {
    let mut page = Page::default();
    for token in Tokens::html(text) {
        match token {
            Token::Start { name, attributes, .. } => page.start(&lower(name), attributes)?,
            Token::End { name } => page.end(&lower(name)),
            Token::Text(text) => page.text(&decoded(text)),
            Token::Literal(text) => page.text(text),
        }
        if page.prose.len() > TEXT_BYTES_MAX {
            return Err(too_much_text());
        }
    }
    Ok(page.finish())
}

fn lower(name: &str) -> Cow<'_, str> {
    match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(name.to_ascii_lowercase()),
        false => Cow::Borrowed(name),
    }
}

#[derive(Default)]
struct Page {
    prose: Prose,
    open: Vec<Box<str>>,
    /// How many elements were open when one began that is not to be read.
    hidden_from: Option<usize>,
    title: String,
    first_heading: Option<String>,
    /// Open lists: the next number of each that counts.
    lists: Vec<Option<u32>>,
    /// Open elements in which spaces stand as they are.
    n_pre: usize,
    /// The words of the heading that is open.
    heading: Option<String>,
    document: Document,
}

impl Page {
    fn start(&mut self, name: &str, attributes: Attributes<'_>) -> Result<(), String> {
        self.close_implied(name);
        if name == "meta" {
            self.meta(attributes);
        }
        let is_void = VOID.contains(&name);
        if self.hidden_from.is_none() {
            if !is_void && (DROPPED.contains(&name) || is_hidden(attributes)) {
                self.hidden_from = Some(self.open.len());
            } else {
                self.begin(name, attributes);
            }
        }
        if is_void {
            return Ok(());
        }
        if self.open.len() >= DEPTH_MAX {
            return Err(too_deep(DEPTH_MAX));
        }
        self.open.push(name.into());
        Ok(())
    }

    /// Elements that end where one of their kind begins.
    fn close_implied(&mut self, name: &str) {
        let ended: &[&str] = match name {
            "li" => &["p", "li"],
            "p" | "ul" | "ol" | "table" | "div" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "hr" => &["p"],
            "td" | "th" => &["p", "td", "th"],
            "tr" => &["p", "td", "th", "tr"],
            "dt" | "dd" => &["p", "dt", "dd"],
            "option" => &["option"],
            "body" => &["head"],
            _ => return,
        };
        while let Some(top) = self.open.last()
            && ended.contains(&&**top)
        {
            let top = top.clone();
            self.end(&top);
        }
    }

    fn begin(&mut self, name: &str, attributes: Attributes<'_>) {
        if let Some(depth) = heading_depth(name) {
            self.prose.begin_heading(depth);
            self.heading = Some(String::new());
            return;
        }
        match name {
            "br" => self.prose.end_line(),
            "ol" => self.lists.push(attributes.get("start").and_then(|n| n.trim().parse().ok()).or(Some(1))),
            "ul" => self.lists.push(None),
            "tr" => self.prose.begin_row(),
            "td" | "th" => self.prose.begin_cell(),
            "pre" => {
                self.prose.end_line();
                self.n_pre += 1;
            }
            _ => {}
        }
        match name {
            "li" => {
                let mark = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number = number.saturating_add(1);
                        format!("{}. ", *number - 1)
                    }
                    _ => "- ".to_owned(),
                };
                self.prose.begin_item(&mark);
            }
            // Within an item, paragraphs are lines of it.
            "p" if self.open.last().is_some_and(|top| **top == *"li") => self.prose.end_line(),
            "ul" | "ol" if self.lists.len() > 1 => self.prose.end_line(),
            "table" => self.prose.end_block(),
            name if BLOCKS.contains(&name) => self.prose.end_block(),
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        let Some(at) = self.open.iter().rposition(|open| **open == *name) else {
            // `</p>` and `</br>` alone break a line in browsers too.
            if self.hidden_from.is_none() && matches!(name, "p" | "br") {
                self.prose.end_line();
            }
            return;
        };
        while self.open.len() > at {
            let Some(closed) = self.open.pop() else { break };
            match self.hidden_from {
                Some(from) if self.open.len() <= from => self.hidden_from = None,
                Some(_) => {}
                None => self.close(&closed),
            }
        }
    }

    fn close(&mut self, name: &str) {
        if heading_depth(name).is_some() {
            self.prose.end_heading();
            let words = self.heading.take().unwrap_or_default();
            if self.first_heading.is_none() && !words.trim().is_empty() {
                self.first_heading = Some(words);
            }
            return;
        }
        match name {
            "ul" | "ol" => {
                self.lists.pop();
                match self.lists.is_empty() {
                    true => self.prose.end_block(),
                    false => self.prose.end_line(),
                }
            }
            "pre" => {
                self.n_pre = self.n_pre.saturating_sub(1);
                self.prose.end_line();
            }
            "li" | "dt" | "dd" => self.prose.end_line(),
            "tr" => self.prose.end_row(),
            "td" | "th" => {}
            "table" => {
                self.prose.end_row();
                self.prose.end_block();
            }
            name if BLOCKS.contains(&name) => self.prose.end_block(),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if self.hidden_from.is_some() {
            return;
        }
        let is_in = |name: &str| self.open.last().is_some_and(|top| **top == *name);
        if is_in("title") {
            if self.open.iter().any(|open| **open == *"head") || self.title.is_empty() {
                self.title.push_str(text);
            }
            return;
        }
        if is_in("head") || is_in("html") && text.trim().is_empty() {
            return;
        }
        if let Some(heading) = &mut self.heading
            && heading.len() < 1000
        {
            heading.push_str(text);
        }
        match self.n_pre > 0 {
            true => self.prose.verbatim(text),
            false => self.prose.words(text),
        }
    }

    /// `<meta name="document_id" content="…">`, and `product_ids` and `source` likewise.
    fn meta(&mut self, attributes: Attributes<'_>) {
        let (Some(name), Some(content)) = (attributes.get("name"), attributes.get("content")) else { return };
        match name.as_ref() {
            "document_id" => self.document.id = Some(content.trim().to_owned()),
            "product_ids" => self.document.product_ids = list_of_ids(&content),
            "source" => self.document.source = Some(content.trim().to_owned()),
            "version" => self.document.version = Some(content.trim().to_owned()),
            _ => {}
        }
    }

    fn finish(self) -> Document {
        let title = Some(self.title).filter(|title| !title.trim().is_empty()).or(self.first_heading);
        let one_line = |title: String| title.split_whitespace().collect::<Vec<_>>().join(" ");
        Document { title: title.map(one_line), text: self.prose.finish(), ..self.document }
    }
}

fn heading_depth(name: &str) -> Option<usize> {
    match name.as_bytes() {
        [b'h', depth @ b'1'..=b'6'] => Some(usize::from(depth - b'0')),
        _ => None,
    }
}

fn is_hidden(attributes: Attributes<'_>) -> bool {
    let says = |name: &str, value: &str| attributes.get(name).is_some_and(|found| found.eq_ignore_ascii_case(value));
    if says("aria-hidden", "true") || attributes.get("hidden").is_some() {
        return true;
    }
    attributes.get("style").is_some_and(|style| {
        let style: String = style.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
        style.contains("display:none") || style.contains("visibility:hidden")
    })
}

/// The character encoding that a page names in its beginning.
pub fn declared_encoding(bytes: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(2048)]).to_ascii_lowercase();
    let at = head.find("charset=")? + "charset=".len();
    let label = head[at..].trim_start_matches(['"', '\'', ' ']);
    let end = label.find(|c: char| !c.is_ascii_alphanumeric() && !"-_:.".contains(c)).unwrap_or(label.len());
    encoding_rs::Encoding::for_label(&label.as_bytes()[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_becomes_text() {
        let page = "<!DOCTYPE html><html><head><title> Returns &amp;\n exchanges </title>\
            <meta name=\"product_ids\" content=\"P1, P2\"><style>p {color: red}</style></head><body>\
            <nav><a href=/>Home</a></nav><h1>Returns</h1><p>Within <b>7</b>&nbsp;days.<p>Opened ones <i>not</i>.\
            <div hidden>secret<p>too</div><span style='display: none'>x</span>\
            <h2>How</h2><ol><li>Ask<li>Send<ul><li>box</ul></ol>\
            <table><tr><th>Weight<td><p>1&#160;kg</p><tr><td>Colour<td>red<br>or blue</table>\
            <pre>a  b\n  c</pre><script>alert('<p>')</script>Done<!-- no --></body></html>";
        let read = read(page).unwrap();
        assert_eq!(read.title.as_deref(), Some("Returns & exchanges"));
        assert_eq!(read.product_ids, ["P1", "P2"]);
        let expected = "# Returns\n\nWithin 7 days.\n\nOpened ones not.\n\n## How\n\n1. Ask\n2. Send\n- box\n\n\
            Weight | 1 kg\nColour | red\nor blue\n\na  b\n  c\nDone\n";
        assert_eq!(read.text, expected);
    }

    #[test]
    fn depth_has_a_limit_and_open_ends_do_not_reach_it() {
        assert!(read(&"<div>".repeat(100_000)).is_err_and(|reason| reason.contains("512")));
        let items = read(&"<li>a<p>b".repeat(5000)).unwrap();
        assert!(items.text.starts_with("- a"), "{}", &items.text[..20]);
        assert_eq!(declared_encoding(b"<meta charset='gbk'>"), Some(encoding_rs::GBK));
        assert_eq!(declared_encoding(b"content=\"text/html; charset=Big5\""), Some(encoding_rs::BIG5));
        assert_eq!(declared_encoding(b"<p>charset"), None);
    }
}
