//! Cuts HTML and XML into tags and texts, whatever it is given: never fails, reads every byte a fixed number of times,
//! knows nothing of which element may stand where. Not here: what elements mean (see `html`, `docx`).

use std::borrow::Cow;

use super::entities;

/// A piece of markup. Comments, declarations and instructions are passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    Start {
        /// As written; HTML's names come in any case.
        name: &'a str,
        attributes: Attributes<'a>,
        /// `<br/>`: in XML, it has no end.
        is_closed: bool,
    },
    End {
        name: &'a str,
    },
    /// With entities; see [`decoded`].
    Text(&'a str),
    /// Without.
    Literal(&'a str),
}

/// What stands behind the name in a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes<'a>(&'a str);

/// Elements whose content is no markup and not for people.
const RAW: [&str; 2] = ["script", "style"];

pub struct Tokens<'a> {
    rest: &'a str,
    is_html: bool,
    /// The end of a tag could not be found beyond an open quote: quotes mean nothing from here on.
    ignores_quotes: bool,
    /// No `>` is left.
    only_text: bool,
}

impl<'a> Tokens<'a> {
    pub fn html(text: &'a str) -> Self {
        Tokens { rest: text, is_html: true, ignores_quotes: false, only_text: false }
    }

    pub fn xml(text: &'a str) -> Self {
        Tokens { is_html: false, ..Tokens::html(text) }
    }

    fn take(&mut self, n: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(n);
        self.rest = rest;
        taken
    }

    /// Passes over what ends with `mark`, or all that is left.
    fn pass(&mut self, mark: &str) -> &'a str {
        match self.rest.find(mark) {
            Some(at) => {
                let content = self.take(at);
                self.take(mark.len());
                content
            }
            None => self.take(self.rest.len()),
        }
    }

    /// Where the tag that begins here ends: the place of its `>`.
    fn tag_end(&mut self) -> Option<usize> {
        if !self.ignores_quotes {
            let mut quote = None;
            for (at, byte) in self.rest.bytes().enumerate().skip(1) {
                match (quote, byte) {
                    (Some(open), byte) if byte == open => quote = None,
                    (Some(_), _) => {}
                    (None, b'"' | b'\'') => quote = Some(byte),
                    (None, b'>') => return Some(at),
                    _ => {}
                }
            }
            self.ignores_quotes = true;
        }
        let end = memchr::memchr(b'>', self.rest.as_bytes());
        self.only_text |= end.is_none();
        end
    }

    fn tag(&mut self) -> Option<Token<'a>> {
        let end = self.tag_end()?;
        let inside = &self.rest[1..end];
        self.rest = &self.rest[end + 1..];
        if let Some(name) = inside.strip_prefix('/') {
            return Some(Token::End { name: name.split(is_break).next().unwrap_or("") });
        }
        let is_closed = inside.ends_with('/');
        let inside = inside.strip_suffix('/').unwrap_or(inside);
        let (name, attributes) = inside.split_at(inside.find(is_break).unwrap_or(inside.len()));
        if self.is_html && RAW.iter().any(|raw| name.eq_ignore_ascii_case(raw)) {
            self.pass_raw(name);
        }
        Some(Token::Start { name, attributes: Attributes(attributes), is_closed })
    }

    /// Passes over the content up to the element's own end tag, which stays.
    fn pass_raw(&mut self, name: &str) {
        for at in memchr::memmem::find_iter(self.rest.as_bytes(), "</") {
            let after = &self.rest.as_bytes()[at + 2..];
            if after.len() >= name.len() && after[..name.len()].eq_ignore_ascii_case(name.as_bytes()) {
                self.rest = &self.rest[at..];
                return;
            }
        }
        self.rest = "";
    }
}

fn is_break(character: char) -> bool {
    character.is_ascii_whitespace() || character == '/'
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        while !self.rest.is_empty() {
            if !self.rest.starts_with('<') || self.only_text {
                let end = if self.only_text { self.rest.len() } else { self.rest.find('<').unwrap_or(self.rest.len()) };
                return Some(Token::Text(self.take(end)));
            }
            if self.rest.starts_with("<!--") {
                self.take(4);
                self.pass("-->");
            } else if self.rest.starts_with("<![CDATA[") {
                self.take(9);
                return Some(Token::Literal(self.pass("]]>")));
            } else if self.rest.starts_with("<!") || self.rest.starts_with("<?") {
                self.pass(">");
            } else if self.rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '_') {
                if let Some(token) = self.tag() {
                    return Some(token);
                }
            } else {
                return Some(Token::Text(self.take(1)));
            }
        }
        None
    }
}

impl<'a> Attributes<'a> {
    /// The value of the attribute, without regard to case; an attribute without value has an empty one.
    pub fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        self.pairs().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| decoded(value))
    }

    fn pairs(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            rest = rest.trim_start_matches(|c: char| is_break(c) || c == '=');
            if rest.is_empty() {
                return None;
            }
            let end = rest.find(|c: char| is_break(c) || c == '=').unwrap_or(rest.len());
            let name = &rest[..end];
            rest = rest[end..].trim_start();
            let Some(after) = rest.strip_prefix('=') else { return Some((name, "")) };
            let after = after.trim_start();
            let (value, left) = match after.chars().next() {
                Some(quote @ ('"' | '\'')) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
                _ => after.split_at(after.find(|c: char| c.is_ascii_whitespace()).unwrap_or(after.len())),
            };
            rest = left;
            Some((name, value))
        })
    }
}

/// The text with its entities resolved; what is none stays as it is.
pub fn decoded(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find('&') else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut next = Some(first);
    while let Some(at) = next {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match entities::leading(rest) {
            Some((characters, n_bytes)) => {
                out.push_str(&characters);
                rest = &rest[n_bytes..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
        next = rest.find('&');
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The name without its prefix: `p` of `w:p`.
pub fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let one = |token: Token<'_>| match token {
            Token::Start { name, attributes, is_closed } => {
                let id = attributes.get("ID").map(|id| format!(" id={id}")).unwrap_or_default();
                format!("<{name}{id}{}>", if is_closed { "/" } else { "" })
            }
            Token::End { name } => format!("</{name}>"),
            Token::Text(text) => decoded(text).into_owned(),
            Token::Literal(text) => format!("[{text}]"),
        };
        Tokens::html(text).map(one).collect::<Vec<_>>().join("·")
    }

    #[test]
    fn pieces_are_cut() {
        for (text, expected) in [
            ("<p>a &lt; b</p>", "<p>·a < b·</p>"),
            ("a<!-- <b> -->b<!DOCTYPE html><?x?>", "a·b"),
            ("<br/><a id='x > y' href=z>t</a >", "<br/>·<a id=x > y>·t·</a>"),
            ("<SCRIPT>if (a</b) '<p>'</Script>x", "<SCRIPT>·</Script>·x"),
            ("1 < 2 and <3", "1 ·<· 2 and ·<·3"),
            ("<a id=\"open>b</a>c", "<a id=open>·b·</a>·c"),
            ("<b", "<b"),
            ("<![CDATA[a<b]]>c", "[a<b]·c"),
            ("&#20320;&#x597D;&nbsp;&hellip;&amp;amp; &unknown; &", "你好\u{a0}…&amp; &unknown; &"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn hostile_markup_is_read_once() {
        for piece in ["<a \"", "<", "<!--", "<a '>", "</", "&#", "&", "<![CDATA["] {
            let text = piece.repeat(200_000);
            let n: usize = Tokens::html(&text).map(|token| if let Token::Text(t) = token { t.len() } else { 1 }).sum();
            assert!(n <= text.len());
            let _ = decoded(&text);
        }
    }
}
