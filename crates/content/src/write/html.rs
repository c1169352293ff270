//! Lines in HTML: everything that is not our own markup is escaped, and spans keep pointing at the same words.

use super::line::{Line, Span};

/// HTML that is put together.
#[derive(Default)]
pub struct Html {
    pub text: String,
    pub spans: Vec<Span>,
}

impl Html {
    /// Markup of ours.
    pub fn raw(&mut self, markup: &str) -> &mut Self {
        self.text.push_str(markup);
        self
    }

    /// Words, escaped.
    pub fn words(&mut self, line: &Line) -> &mut Self {
        let escaped = escaped(line);
        let base = self.text.len();
        self.text.push_str(&escaped.text);
        self.spans.extend(escaped.spans.into_iter().map(|span| Span {
            start: base + span.start,
            end: base + span.end,
            ..span
        }));
        self
    }

    /// Words of data that rest on something, escaped.
    pub fn bound(&mut self, text: &str, evidence: usize) -> &mut Self {
        let mut line = Line::default();
        line.push_name(text, evidence);
        self.words(&line)
    }

    /// HTML that was put together before.
    pub fn markup(&mut self, made: &Line) -> &mut Self {
        let base = self.text.len();
        self.text.push_str(&made.text);
        self.spans.extend(made.spans.iter().map(|span| Span {
            start: base + span.start,
            end: base + span.end,
            ..*span
        }));
        self
    }

    pub fn line(self) -> Line {
        let mut line = Line::default();
        line.text = self.text;
        line.spans = self.spans;
        line
    }
}

/// How a character is written in HTML, SVG and their attributes.
pub fn entity(one: char) -> Option<&'static str> {
    Some(match one {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&quot;",
        '\'' => "&#39;",
        _ => return None,
    })
}

/// A text for HTML or SVG.
pub fn escape(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for one in text.chars() {
        match entity(one) {
            Some(entity) => made.push_str(entity),
            None => made.push(one),
        }
    }
    made
}

/// A line for HTML.
pub fn escaped(line: &Line) -> Line {
    let mut made = Line::default();
    // Where each boundary of the text has gone.
    let mut moved = Vec::with_capacity(line.spans.len() * 2);
    let mut wanted: Vec<usize> = line.spans.iter().flat_map(|span| [span.start, span.end]).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut next = wanted.iter().copied().peekable();
    for (at, one) in line.text.char_indices() {
        while next.peek().is_some_and(|boundary| *boundary <= at) {
            moved.push((next.next().unwrap_or(at), made.text.len()));
        }
        match entity(one) {
            Some(entity) => made.text.push_str(entity),
            None => made.text.push(one),
        }
    }
    moved.extend(next.map(|boundary| (boundary, made.text.len())));
    let to = |at: usize| moved.iter().find(|(from, _)| *from == at).map_or(0, |(_, to)| *to);
    made.spans = line.spans.iter().map(|span| Span { start: to(span.start), end: to(span.end), ..*span }).collect();
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_follow_what_is_escaped() {
        let mut line = Line::default();
        line.push("a & b ");
        line.push_name("<x>\"y\"", 3);
        line.push(" c");
        let made = escaped(&line);
        assert_eq!(made.text, "a &amp; b &lt;x&gt;&quot;y&quot; c");
        let span = &made.spans[0];
        assert_eq!((&made.text[span.start..span.end], span.evidence), ("&lt;x&gt;&quot;y&quot;", 3));
    }
}
