//! HTML as its readers see it: the words of a text in HTML with the places they stand at, so that checks read words and their
//! findings point into the HTML; and which markup a copy may have at all. No browser: what it would run is refused, not read.

use std::ops::Range;

use super::facts::Evidence;
use super::finding::{Finding, Fix, Places, Span};
use super::report::Report;
use crate::write::{Field, escape};

/// Elements that a copy may have.
const ELEMENTS: &[&str] = &[
    "!doctype",
    "html",
    "head",
    "body",
    "meta",
    "title",
    "article",
    "section",
    "header",
    "footer",
    "div",
    "span",
    "p",
    "br",
    "hr",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "table",
    "thead",
    "tbody",
    "tfoot",
    "tr",
    "td",
    "th",
    "caption",
    "strong",
    "b",
    "em",
    "i",
    "u",
    "s",
    "small",
    "sub",
    "sup",
    "a",
    "img",
    "blockquote",
    "figure",
    "figcaption",
];
const ATTRIBUTES: &[&str] = &[
    "style",
    "href",
    "src",
    "alt",
    "title",
    "width",
    "height",
    "align",
    "valign",
    "role",
    "cellpadding",
    "cellspacing",
    "border",
    "bgcolor",
    "lang",
    "charset",
    "name",
    "content",
    "colspan",
    "rowspan",
    "html",
];
/// What a link may begin with; the places in braces are filled in by who sends.
const LINKS: &[&str] = &["https://", "http://", "mailto:", "tel:", "{{product_url}}", "{{unsubscribe_url}}"];
/// What a style may not hold: it would fetch or run something, or hide what it holds.
const STYLES_NOT: &[&str] =
    &["url(", "expression(", "@import", "javascript", "behavior", "\\", "/*", "<", "-moz-binding"];
/// Elements whose words do not run into those beside them.
const INLINE: &[&str] = &["span", "strong", "b", "em", "i", "u", "s", "small", "sub", "sup", "a", "img"];

/// A text in HTML as it is read.
#[derive(Debug)]
pub struct Words {
    /// What is shown: entities resolved, elements that stand apart on lines of their own.
    pub text: String,
    /// For each character of `text`, where it begins there and the bytes of the HTML that stand for it.
    places: Vec<(usize, Range<usize>)>,
}

/// A piece of HTML.
enum Piece<'a> {
    Text(Range<usize>),
    Element {
        name: String,
        attributes: Vec<(String, Range<usize>)>,
        is_end: bool,
    },
    /// Something that is no element of ours.
    Odd(&'a str),
}

impl Words {
    /// Reads HTML. Also of HTML that [`unsafe_markup`] refuses.
    pub fn of(html: &str) -> Words {
        let mut words = Words { text: String::with_capacity(html.len() / 2), places: Vec::new() };
        for piece in pieces(html) {
            match piece {
                Piece::Text(range) => words.push_text(html, range),
                Piece::Element { name, attributes, .. } => {
                    // What stands in pictures' places is read too.
                    for (attribute, range) in attributes {
                        if matches!(attribute.as_str(), "alt" | "title") && !range.is_empty() {
                            words.break_line(range.start);
                            words.push_text(html, range.clone());
                            words.break_line(range.end);
                        }
                    }
                    match name.as_str() {
                        "td" | "th" if words.text.ends_with([' ', '\n']) => {}
                        "td" | "th" => words.push(' ', 0..0),
                        name if !INLINE.contains(&name) => words.break_line(0),
                        _ => {}
                    }
                }
                Piece::Odd(_) => {}
            }
        }
        words
    }

    /// A field of a draft as it is read.
    pub fn of_field(field: &Field) -> String {
        if field.is_html { Words::of(&field.text).text } else { field.text.clone() }
    }

    fn push(&mut self, one: char, html: Range<usize>) {
        self.places.push((self.text.len(), html));
        self.text.push(one);
    }

    fn break_line(&mut self, at: usize) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.push('\n', at..at);
        }
    }

    fn push_text(&mut self, html: &str, range: Range<usize>) {
        let mut at = range.start;
        while at < range.end {
            let rest = &html[at..range.end];
            let (one, length) = entity(rest).unwrap_or_else(|| {
                let one = rest.chars().next().unwrap_or(' ');
                (one, one.len_utf8())
            });
            // Line breaks of the source are blanks to a reader.
            let one = if matches!(one, '\n' | '\r' | '\t') { ' ' } else { one };
            let is_doubled = one == ' ' && self.text.ends_with([' ', '\n']);
            if !is_doubled {
                self.push(one, at..at + length);
            }
            at += length;
        }
    }

    /// The bytes of the HTML that bytes of the text stand for.
    fn html_of(&self, bytes: &Range<usize>) -> Range<usize> {
        let first = self.places.partition_point(|(at, _)| *at < bytes.start);
        let last = self.places.partition_point(|(at, _)| *at < bytes.end);
        let inside = self.places.get(first..last).unwrap_or_default().iter().filter(|(_, html)| !html.is_empty());
        let ends = inside.fold(None, |ends: Option<(usize, usize)>, (_, html)| {
            Some(ends.map_or((html.start, html.end), |(from, _)| (from, html.end)))
        });
        ends.map_or(0..0, |(from, to)| from..to)
    }

    /// A report on the text as one on the HTML: places moved, replacements escaped. A fix that would take markup away is left out.
    pub fn report_on(&self, html: &str, report: Report) -> Report {
        let places = Places::new(html);
        let span = |span: &Span| places.span(self.html_of(&span.bytes));
        let fix = |fix: Fix| {
            let span = span(&fix.span);
            let taken = &html[span.bytes.clone()];
            (!taken.contains('<') && !taken.is_empty()).then(|| Fix { span, with: escape(&fix.with) })
        };
        let finding = |mut one: Finding| {
            one.span = one.span.as_ref().map(span);
            one.fix = one.fix.and_then(fix);
            one
        };
        let evidence = |one: Evidence| Evidence { span: span(&one.span), ..one };
        Report {
            findings: report.findings.into_iter().map(finding).collect(),
            evidence: report.evidence.into_iter().map(evidence).collect(),
            ..report
        }
    }
}

/// The character that an entity at the beginning of a text stands for, and the entity's length.
fn entity(text: &str) -> Option<(char, usize)> {
    let rest = text.strip_prefix('&')?;
    let end = rest.bytes().take(12).position(|byte| byte == b';')?;
    let name = &rest[..end];
    let one = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((one, end + 2))
}

/// Texts and elements in order. What is no element is odd, and ends the reading.
fn pieces(html: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < html.len() {
        if !html[at..].starts_with('<') {
            let end = html[at..].find('<').map_or(html.len(), |length| at + length);
            found.push(Piece::Text(at..end));
            at = end;
            continue;
        }
        match element(html, at) {
            Some((piece, end)) => {
                found.push(piece);
                at = end;
            }
            None => {
                let end = html[at + 1..].find('<').map_or(html.len(), |length| at + 1 + length);
                found.push(Piece::Odd(&html[at..end]));
                at = end;
            }
        }
    }
    found
}

/// The element that begins at `<`, and where it ends.
fn element(html: &str, at: usize) -> Option<(Piece<'_>, usize)> {
    let bytes = html.as_bytes();
    let is_end = bytes.get(at + 1) == Some(&b'/');
    let mut here = at + 1 + usize::from(is_end);
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'!' | b':' | b'_');
    let word = |from: usize| {
        let to = from + bytes[from..].iter().take_while(|byte| is_word(**byte)).count();
        (html[from..to].to_ascii_lowercase(), to)
    };
    let (name, end) = word(here);
    if name.is_empty() {
        return None;
    }
    here = end;
    let mut attributes = Vec::new();
    loop {
        here += bytes.get(here..)?.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        match bytes.get(here)? {
            b'>' => return Some((Piece::Element { name, attributes, is_end }, here + 1)),
            b'/' if bytes.get(here + 1) == Some(&b'>') => here += 1,
            _ => {
                let (attribute, end) = word(here);
                if attribute.is_empty() {
                    return None;
                }
                let (value, end) = value(html, end)?;
                attributes.push((attribute, value));
                here = end;
            }
        }
    }
}

/// The value behind an attribute's name, in quotes; and where it ends. Empty without one.
fn value(html: &str, at: usize) -> Option<(Range<usize>, usize)> {
    let bytes = html.as_bytes();
    if bytes.get(at) != Some(&b'=') {
        return Some((at..at, at));
    }
    let quote = bytes.get(at + 1).copied().filter(|byte| matches!(byte, b'"' | b'\''))?;
    let length = bytes[at + 2..].iter().position(|byte| *byte == quote)?;
    Some((at + 2..at + 2 + length, at + 3 + length))
}

/// What of a text in HTML a copy may not have: elements, attributes, links and styles by which a page would fetch, run or hide
/// something, and what is no HTML of ours. The first such thing.
pub fn unsafe_markup(html: &str) -> Option<String> {
    let clipped = |text: &str| text.chars().filter(|one| !one.is_control()).take(40).collect::<String>();
    for piece in pieces(html) {
        match piece {
            Piece::Text(_) => {}
            Piece::Odd(text) => {
                return Some(format!("'{}' is no element; allowed: < written as &lt;", clipped(text)));
            }
            Piece::Element { name, attributes, is_end } => {
                if !ELEMENTS.contains(&name.as_str()) {
                    return Some(format!("the element '{}' is not allowed in a copy", clipped(&name)));
                }
                if is_end && !attributes.is_empty() {
                    return Some(format!("the end of '{name}' has attributes"));
                }
                let wrong = attributes.iter().find_map(|(key, range)| refused(key, &html[range.clone()]));
                if let Some(wrong) = wrong {
                    return Some(format!("{wrong} of the element '{name}' is not allowed in a copy"));
                }
            }
        }
    }
    None
}

fn refused(key: &str, value: &str) -> Option<String> {
    if !ATTRIBUTES.contains(&key) {
        return Some(format!("the attribute '{}'", key.chars().take(40).collect::<String>()));
    }
    let plain: String = Words::of(value).text.chars().filter(|one| !one.is_whitespace() && !one.is_control()).collect();
    let plain = plain.to_ascii_lowercase();
    let is_wrong = match key {
        "href" => !LINKS.iter().any(|start| plain.starts_with(start)),
        "src" => !plain.starts_with("https://"),
        "style" => STYLES_NOT.iter().any(|word| plain.contains(word)),
        _ => false,
    };
    is_wrong.then(|| format!("the value of '{key}'"))
}

#[cfg(test)]
mod tests {
    use super::super::report::Checks;
    use super::*;

    #[test]
    fn words_are_read_and_findings_point_into_the_html() {
        let html = "<p style=\"margin:0 0 16px\">全网<b>最佳</b>手机 &amp; more</p>\n<table><tr><th>内存</th><td>8 GB</td></tr></table>";
        let words = Words::of(html);
        assert_eq!(words.text.trim(), "全网最佳手机 & more\n内存 8 GB");
        let report = words.report_on(html, Checks::default().check(&words.text).unwrap());
        let best = report.findings.iter().find(|one| one.matched.contains("最佳")).unwrap();
        let span = best.span.clone().unwrap();
        assert!(html[span.bytes.clone()].contains("最佳"));
        assert_eq!(html[..span.bytes.start].chars().count(), span.chars.start);
        assert!(report.fixes().all(|fix| !html[fix.span.bytes.clone()].contains('<')));
    }

    #[test]
    fn what_a_browser_would_run_is_refused() {
        for html in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<img src=\"https://a.example/x.png\" onerror=\"alert(1)\">",
            "<a href=\"javascript:alert(1)\">x</a>",
            "<a href=\"&#106;ava\tscript:alert(1)\">x</a>",
            "<p style=\"background:url(https://a.example)\">x</p>",
            "<meta http-equiv=\"refresh\" content=\"0\">",
            "<svg><path/></svg>",
            "<!-- x -->",
            "a < b",
            "<iframe src=\"https://a.example\"></iframe>",
            "<p",
            "</p onclick=\"x\">",
        ] {
            assert!(unsafe_markup(html).is_some(), "{html}");
        }
        let fine = "<!DOCTYPE html>\n<html lang=\"en\"><body><p style=\"margin:0\">1 &lt; 2<br></p>\
            <a href=\"{{product_url}}\">x</a><img src=\"https://a.example/x.png\" alt=\"x\"/></body></html>";
        assert_eq!(unsafe_markup(fine), None);
    }
}
