//! The XML of callbacks: one element with a flat list of texts in it. No document types, no entities of its own, bounded in
//! size, depth and number; what stands deeper is skipped. Not a reader of documents.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Bytes of a document; those of WeChat have some thousands.
pub const BYTES_MAX: usize = 64 << 10;
const DEPTH_MAX: usize = 8;
const ELEMENTS_MAX: usize = 200;

/// The elements below the root, by name; the first of a name counts.
#[derive(Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The text of an element; empty if there is none of the name.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, text)| text)
    }
}

/// Reads a document.
///
/// # Errors
/// What is wrong with it, in words that say nothing of its content.
pub fn read(bytes: &[u8]) -> Result<Fields, &'static str> {
    if bytes.len() > BYTES_MAX {
        return Err("is too large");
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "is not UTF-8")?;
    let mut reader = Reader::from_str(text);
    let (mut fields, mut n_elements, mut depth) = (Fields::default(), 0, 0);
    let (mut name, mut value) = (String::new(), String::new());
    loop {
        match reader.read_event().map_err(|_| "is not well-formed")? {
            Event::Start(start) => {
                (depth, n_elements) = (depth + 1, n_elements + 1);
                if depth == 2 {
                    name = start.name().as_ref().to_owned();
                    value.clear();
                }
            }
            Event::Empty(_) => n_elements += 1,
            Event::End(_) => {
                if depth == 2 {
                    fields.0.push((std::mem::take(&mut name), std::mem::take(&mut value)));
                }
                depth -= 1;
            }
            Event::Text(part) if depth == 2 => value.push_str(&part.xml10_content()),
            Event::CData(part) if depth == 2 => value.push_str(&part.xml10_content()),
            Event::GeneralRef(entity) => value.push(character(&entity).ok_or("refers to an entity")?),
            Event::DocType(_) => return Err("has a document type"),
            Event::Eof => break,
            _ => {}
        }
        if depth > DEPTH_MAX || n_elements > ELEMENTS_MAX {
            return Err("has too many elements");
        }
    }
    match n_elements {
        0 => Err("is empty"),
        _ if depth > 0 => Err("is not well-formed"),
        _ => Ok(fields),
    }
}

/// What a reference stands for: a character by number, or one of the five names of the standard.
fn character(name: &str) -> Option<char> {
    let number = match name.strip_prefix('#') {
        None => return quick_xml::escape::resolve_xml_entity(name).and_then(|text| text.chars().next()),
        Some(number) => number,
    };
    let number = match number.strip_prefix('x') {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    number.ok().and_then(char::from_u32).filter(|c| *c != '\0')
}

/// An element with text: in a section of its own, which a text cannot end.
pub fn element(name: &str, text: &str) -> String {
    format!("<{name}><![CDATA[{}]]></{name}>", text.replace("]]>", "]]]]><![CDATA[>"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_message_is_read() {
        let text = "<?xml version=\"1.0\"?>\n<xml>\n <ToUserName><![CDATA[gh_1]]></ToUserName><CreateTime>1348831860</CreateTime>\
            <Content><![CDATA[<b>&amp;]]> &lt;&#20320;&#x597D;</Content><Empty/><List><item><Deep>x</Deep></item></List>\
            <Content>second</Content></xml>";
        let fields = read(text.as_bytes()).unwrap();
        assert_eq!((fields.get("ToUserName"), fields.get("CreateTime")), ("gh_1", "1348831860"));
        assert_eq!(fields.get("Content"), "<b>&amp; <你好");
        assert_eq!((fields.get("Empty"), fields.get("Deep"), fields.get("none")), ("", "", ""));
    }

    #[test]
    fn hostile_documents_are_refused() {
        let bomb = "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">]><xml><Content>&b;</Content></xml>";
        let external = "<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><xml/>";
        let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
        let wide = format!("<xml>{}</xml>", "<a/>".repeat(1000));
        let large = format!("<xml><a>{}</a></xml>", "x".repeat(1 << 20));
        for (text, said) in [
            (bomb, "document type"),
            (external, "document type"),
            ("<xml><Content>&file;</Content></xml>", "an entity"),
            ("<xml><Content>&#0;</Content></xml>", "an entity"),
            ("<xml><Content>&#xD800;</Content></xml>", "an entity"),
            (deep.as_str(), "too many"),
            (wide.as_str(), "too many"),
            (large.as_str(), "too large"),
            ("<xml><a></xml>", "well-formed"),
            ("<xml><a>", "well-formed"),
            ("</xml>", "well-formed"),
            ("", "is empty"),
            ("hello", "is empty"),
        ] {
            let refused = read(text.as_bytes()).unwrap_err();
            assert!(refused.contains(said), "{said} is not in '{refused}': {text:.60}");
        }
        assert_eq!(read(b"<xml><a>\xff\xfe</a></xml>").unwrap_err(), "is not UTF-8");
    }

    proptest! {
        #[test]
        fn a_text_comes_back_as_it_was(text in "[^\\x00\\r]{0,80}") {
            let document = format!("<xml>{}</xml>", element("Content", &text));
            let fields = read(document.as_bytes()).unwrap();
            prop_assert_eq!(fields.get("Content"), text);
        }

        #[test]
        fn whatever_comes_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&bytes);
        }
    }
}
