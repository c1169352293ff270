//! What a check says of a place in a text: how grave it is, where it stands, why, and what to write instead. The same shape
//! for every check, so that a console can underline and mend them alike. It decides nothing.

use std::borrow::Cow;
use std::ops::Range;

use serde::{Deserialize, Serialize};

/// Which check found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    Law,
    Facts,
    Price,
    Limits,
    Personal,
    Voice,
    Duplicate,
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Allowed if it is true: a proof has to be kept. Stops nothing.
    Note,
    /// A person has to look at it.
    Review,
    /// Not to be published.
    Block,
}

/// A sentence in both languages of the console.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Said {
    pub zh: Cow<'static, str>,
    pub en: Cow<'static, str>,
}

impl Said {
    /// Fixed sentences.
    pub const fn fixed(zh: &'static str, en: &'static str) -> Self {
        Said { zh: Cow::Borrowed(zh), en: Cow::Borrowed(en) }
    }

    /// Sentences that were put together.
    pub fn new(zh: String, en: String) -> Self {
        Said { zh: Cow::Owned(zh), en: Cow::Owned(en) }
    }
}

/// A place in the text that was checked, in bytes and in characters (Unicode scalar values, as a browser's
/// `Array.from(text)` counts them). Both ends lie between characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    pub bytes: Range<usize>,
    pub chars: Range<usize>,
}

/// A change that one click makes: put `with` where `span` stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    pub span: Span,
    /// Empty to leave the words out.
    pub with: String,
}

/// Something found in a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub check: Check,
    /// What kind of finding within the check, never translated: `absolute`, `unbound_figure`, `too_long`.
    pub category: Cow<'static, str>,
    pub risk: Risk,
    /// Nothing for what concerns the text as a whole.
    pub span: Option<Span>,
    /// The words as they stand in the text.
    pub matched: String,
    /// The rule of law with its article, where there is one.
    pub article: Option<Said>,
    pub message: Said,
    pub suggestion: Said,
    pub fix: Option<Fix>,
}

/// From bytes of a text to spans with characters; remembers every 256th character, so that each question costs little.
#[derive(Debug)]
pub struct Places<'a> {
    text: &'a str,
    /// The byte at which every `STRIDE`th character begins.
    marks: Vec<usize>,
}

const STRIDE: usize = 256;

impl<'a> Places<'a> {
    pub fn new(text: &'a str) -> Self {
        Places { text, marks: text.char_indices().step_by(STRIDE).map(|(at, _)| at).collect() }
    }

    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The span of these bytes.
    ///
    /// # Panics
    /// If the bytes do not begin and end between characters of the text.
    pub fn span(&self, bytes: Range<usize>) -> Span {
        let inside = &self.text[bytes.clone()];
        let start = self.n_chars_before(bytes.start);
        Span { chars: start..start + inside.chars().count(), bytes }
    }

    /// The words at these bytes.
    pub fn words(&self, bytes: &Range<usize>) -> String {
        self.text[bytes.clone()].to_owned()
    }

    fn n_chars_before(&self, byte: usize) -> usize {
        let n_marks = self.marks.partition_point(|mark| *mark <= byte);
        match n_marks.checked_sub(1) {
            Some(mark) => mark * STRIDE + self.text[self.marks[mark]..byte].chars().count(),
            None => 0,
        }
    }
}

/// The text with the fixes made, and how many were. A fix that overlaps one before it is left out, as is one whose span
/// does not fit the text.
pub fn apply<'a>(text: &str, fixes: impl IntoIterator<Item = &'a Fix>) -> (String, usize) {
    let mut fixes: Vec<&Fix> = fixes.into_iter().collect();
    fixes.sort_by_key(|fix| (fix.span.bytes.start, fix.span.bytes.end));
    let (mut out, mut copied, mut n_made) = (String::with_capacity(text.len()), 0, 0);
    for fix in fixes {
        let bytes = fix.span.bytes.clone();
        if bytes.start < copied || text.get(bytes.clone()).is_none() {
            continue;
        }
        out.push_str(&text[copied..bytes.start]);
        out.push_str(&fix.with);
        copied = bytes.end;
        n_made += 1;
    }
    out.push_str(&text[copied..]);
    (out, n_made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_count_characters() {
        let text = "全网最佳😀 the best".to_owned() + &"长".repeat(600) + "尾";
        let places = Places::new(&text);
        assert_eq!(places.span(6..12).chars, 2..4);
        assert_eq!(places.span(12..16).chars, 4..5);
        let end = text.len() - "尾".len();
        assert_eq!(places.span(end..text.len()).chars, 614..615);
        assert_eq!(Places::new("").span(0..0), Span { bytes: 0..0, chars: 0..0 });
    }

    #[test]
    fn fixes_are_made_once_and_in_order() {
        let text = "全网最佳手机";
        let places = Places::new(text);
        let fix = |bytes, with: &str| Fix { span: places.span(bytes), with: with.into() };
        let fixes = [fix(6..12, "出色的"), fix(0..6, ""), fix(3..9, "x")];
        assert_eq!(apply(text, &fixes), ("出色的手机".to_owned(), 2));
        let elsewhere = Fix { span: Span { bytes: 1..2, chars: 0..1 }, with: "x".into() };
        assert_eq!(apply(text, [&elsewhere]), (text.to_owned(), 0));
    }
}
