//! Text that knows what each of its parts rests on: pieces are put together, their spans keep pointing at the same words.

use serde::{Deserialize, Serialize};

use crate::brief::Lang;

/// A part of a text and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Bytes of the text.
    pub start: usize,
    pub end: usize,
    /// The place in the draft's evidence.
    pub evidence: usize,
}

/// A text with its spans.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    pub text: String,
    pub spans: Vec<Span>,
    /// Sentences that were kept while they were written: their bytes, and in `evidence` the place among those kept.
    pub(super) said: Vec<Span>,
    /// Whether it tells what the product costs,
    pub tells_price: bool,
    /// what is offered,
    pub tells_offer: bool,
    /// and when the offer ends.
    pub tells_end: bool,
    /// Where names begin: their first letter is never changed.
    verbatim: Vec<usize>,
    /// `a(n)` waits for the word that follows it.
    article: bool,
    /// A space follows before a Chinese character, as a Latin name stands before it.
    gap: bool,
}

const ARTICLE: &str = "a(n) ";

impl Line {
    /// Words of ours.
    pub fn push(&mut self, text: &str) {
        let mut parts = text.split(ARTICLE);
        self.plain(parts.next().unwrap_or_default());
        for part in parts {
            self.article = true;
            self.plain(part);
        }
    }

    fn plain(&mut self, text: &str) {
        let Some(first) = text.chars().next() else { return };
        if std::mem::take(&mut self.article) {
            self.text.push_str(if sounds_as_vowel(text) { "an " } else { "a " });
        }
        if std::mem::take(&mut self.gap) && is_han(first) {
            self.text.push(' ');
        }
        self.text.push_str(text);
    }

    /// Words that rest on something; `a(n)` may begin them.
    pub fn push_bound(&mut self, text: &str, evidence: usize) {
        let waits = self.text.len();
        self.push(text);
        // A space that was put in front, or an article that waited, is not part of it.
        let start = waits + self.text[waits..].len() - self.text[waits..].trim_start().len();
        if start < self.text.len() {
            self.spans.push(Span { start, end: self.text.len(), evidence });
        }
    }

    /// A name: set off from Chinese by spaces, its letters never changed.
    pub fn push_name(&mut self, name: &str, evidence: usize) {
        let last = self.text.chars().next_back();
        let first_is_latin = name.chars().next().is_some_and(|one| one.is_ascii_alphanumeric());
        if first_is_latin && last.is_some_and(is_han) {
            self.text.push(' ');
        }
        self.plain("");
        if std::mem::take(&mut self.article) {
            self.text.push_str(if sounds_as_vowel(name) { "an " } else { "a " });
        }
        let starts_han = name.chars().next().is_some_and(is_han);
        if std::mem::take(&mut self.gap) && starts_han {
            self.text.push(' ');
        }
        let start = self.text.len();
        self.text.push_str(name);
        self.verbatim.push(start);
        self.spans.push(Span { start, end: self.text.len(), evidence });
        self.gap = name.chars().next_back().is_some_and(|one| one.is_ascii_alphanumeric() || one == '+');
    }

    /// Another text behind this one.
    pub fn append(&mut self, other: &Line) {
        if other.text.is_empty() {
            return;
        }
        let first = other.text.chars().next();
        if std::mem::take(&mut self.article) {
            self.text.push_str(if sounds_as_vowel(&other.text) { "an " } else { "a " });
        }
        let starts_name = other.verbatim.first() == Some(&0) && first.is_some_and(|one| one.is_ascii_alphanumeric());
        if (std::mem::take(&mut self.gap) && first.is_some_and(is_han))
            || (starts_name && self.text.chars().next_back().is_some_and(is_han))
        {
            self.text.push(' ');
        }
        self.tells_price |= other.tells_price;
        self.tells_offer |= other.tells_offer;
        self.tells_end |= other.tells_end;
        let base = self.text.len();
        self.text.push_str(&other.text);
        self.verbatim.extend(other.verbatim.iter().map(|at| base + at));
        self.spans.extend(other.spans.iter().map(|span| Span {
            start: base + span.start,
            end: base + span.end,
            ..*span
        }));
        self.said.extend(other.said.iter().map(|span| Span {
            start: base + span.start,
            end: base + span.end,
            ..*span
        }));
        (self.article, self.gap) = (other.article, other.gap);
    }

    /// The whole line is one sentence that was kept.
    pub(super) fn say(&mut self, at: usize) {
        self.said = vec![Span { start: 0, end: self.text.len(), evidence: at }];
    }

    /// The text between the lines, then the next: for lists and paragraphs.
    pub fn join<'a>(lines: impl IntoIterator<Item = &'a Line>, between: &str) -> Line {
        let mut joined = Line::default();
        for line in lines {
            if !joined.text.is_empty() {
                joined.gap = false;
                joined.text.push_str(between);
            }
            joined.append(line);
        }
        joined
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Capital letters where sentences begin, in English, unless a name begins there.
    pub fn finish(mut self, lang: Lang) -> Line {
        if lang == Lang::En {
            let mut at_start = true;
            let mut capitals = Vec::new();
            let mut before = ' ';
            for (at, one) in self.text.char_indices() {
                if at_start && one.is_ascii_lowercase() && !self.verbatim.contains(&at) {
                    capitals.push(at);
                }
                if one == '\n' || (one == ' ' && matches!(before, '.' | '!' | '?')) {
                    at_start = !self.is_in_name(at);
                } else if !one.is_whitespace() {
                    at_start = false;
                }
                before = one;
            }
            for at in capitals {
                // One ASCII letter for another: no span moves.
                let capital = self.text[at..=at].to_ascii_uppercase();
                self.text.replace_range(at..=at, &capital);
            }
        }
        self
    }

    fn is_in_name(&self, at: usize) -> bool {
        self.spans.iter().any(|span| self.verbatim.contains(&span.start) && (span.start..span.end).contains(&at))
    }
}

/// Whether a character is set off from Latin names by a space: Chinese characters, not punctuation.
fn is_han(one: char) -> bool {
    matches!(u32::from(one), 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0x20000..=0x3FFFD)
}

/// Whether English says "an" before it: vowels, and numbers and letters that are spoken with one.
fn sounds_as_vowel(text: &str) -> bool {
    let word = text.split([' ', '-']).next().unwrap_or_default();
    let digits: String = word.chars().take_while(char::is_ascii_digit).collect();
    if !digits.is_empty() {
        return digits.starts_with('8')
            || digits == "11"
            || digits == "18"
            || (digits.len() == 5 && (digits.starts_with("11") || digits.starts_with("18")));
    }
    let is_acronym =
        word.len() >= 2 && word.chars().take(2).all(|one| one.is_ascii_uppercase() || one.is_ascii_digit());
    let first = word.chars().next().unwrap_or(' ');
    let spelt = is_acronym && !SPOKEN.iter().any(|spoken| word.starts_with(spoken));
    match spelt {
        true => "AEFHILMNORSX8".contains(first),
        false => {
            "aeiouAEIOU".contains(first)
                && !word.to_lowercase().starts_with("us")
                && !word.to_lowercase().starts_with("uni")
        }
    }
}

/// Words in capitals that are spoken as words.
const SPOKEN: &[&str] = &["LED", "RAM", "SIM", "MOTO", "LIFE", "NOKIA", "ROG"];

#[cfg(test)]
mod tests {
    use super::*;

    fn text(build: impl Fn(&mut Line), lang: Lang) -> String {
        let mut line = Line::default();
        build(&mut line);
        line.finish(lang).text
    }

    #[test]
    fn articles_fit_what_follows() {
        for (noun, expected) in [
            ("14-inch screen", "A 14-inch screen"),
            ("8-inch screen", "An 8-inch screen"),
            ("11-inch screen", "An 11-inch screen"),
            ("18 W charger", "An 18 W charger"),
            ("80 Hz rate", "An 80 Hz rate"),
            ("OLED panel", "An OLED panel"),
            ("IPS panel", "An IPS panel"),
            ("USB-C port", "A USB-C port"),
            ("LTPO display", "An LTPO display"),
            ("AMOLED display", "An AMOLED display"),
            ("Intel processor", "An Intel processor"),
            ("Qualcomm processor", "A Qualcomm processor"),
            ("VA panel", "A VA panel"),
            ("e-reader", "An e-reader"),
        ] {
            assert_eq!(text(|line| line.push_bound(&format!("a(n) {noun}"), 0), Lang::En), expected);
        }
    }

    #[test]
    fn names_are_set_off_and_kept() {
        let built = |line: &mut Line| {
            line.push("看看");
            line.push_name("iPhone 7", 0);
            line.push("的屏幕");
        };
        assert_eq!(text(built, Lang::Zh), "看看 iPhone 7 的屏幕");
        let built = |line: &mut Line| {
            line.push_name("iPhone 7", 0);
            line.push(" is in. it has ");
            line.push_bound("32 GB", 1);
            line.push(".");
        };
        assert_eq!(text(built, Lang::En), "iPhone 7 is in. It has 32 GB.");
        let mut line = Line::default();
        built(&mut line);
        assert_eq!(&line.text[line.spans[1].start..line.spans[1].end], "32 GB");
    }
}
