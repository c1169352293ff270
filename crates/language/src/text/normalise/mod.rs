//! One form for text: widths, traditional characters, spaces, what cannot be seen, drawn-out repetitions. Every byte of
//! the result knows which bytes of the original it came from, so that later steps can quote evidence. Nothing is
//! understood here, and no word is changed into another.

mod characters;
mod simplify;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

use characters::{Fate, combine, fate, push_compatible};
use simplify::SIMPLIFIER;

pub(crate) use characters::is_pictograph;
pub(crate) use simplify::is_traditional;
pub use simplify::to_simplified;

/// What is brought to one form. The default is right for search, opinions and vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Normaliser {
    /// Traditional characters become simplified.
    pub simplify: bool,
    /// Letters become lower case.
    pub fold_case: bool,
    /// A character repeated more often (other than digits) is cut to this many; 0 is no limit.
    pub max_repeats: usize,
    /// Line breaks are kept, several as one; otherwise they are spaces.
    pub keep_lines: bool,
}

impl Default for Normaliser {
    fn default() -> Self {
        Normaliser { simplify: true, fold_case: false, max_repeats: 3, keep_lines: true }
    }
}

/// Text in one form, with the way back. Borrows the original if nothing had to change.
#[derive(Clone, Debug, PartialEq)]
pub struct Normalised<'a> {
    text: Cow<'a, str>,
    original_len: usize,
    edits: Vec<Edit>,
}

/// Bytes of the original that were replaced by others, unless character for character by as many. Between edits bytes
/// stand one for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Edit {
    at: usize,
    len: usize,
    original_at: usize,
    original_len: usize,
}

impl Edit {
    fn end(&self) -> usize {
        self.at + self.len
    }

    fn original_end(&self) -> usize {
        self.original_at + self.original_len
    }
}

impl<'a> Normalised<'a> {
    /// The text in one form.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn into_text(self) -> Cow<'a, str> {
        self.text
    }

    /// The original's bytes from which these bytes came; they begin and end between characters. A character that was
    /// written as several belongs to each of them.
    ///
    /// # Panics
    /// If the range does not lie within the text.
    pub fn original(&self, range: Range<usize>) -> Range<usize> {
        assert!(range.start <= range.end && range.end <= self.text.len(), "a range within the text");
        if self.edits.is_empty() {
            return range;
        }
        let start = self.original_start(range.start);
        let end = if range.is_empty() { start } else { self.original_end(range.end) };
        start..end.max(start)
    }

    fn original_start(&self, at: usize) -> usize {
        match self.edits[..self.edits.partition_point(|edit| edit.at <= at)].last() {
            None => at,
            Some(edit) if at < edit.end() => edit.original_at,
            Some(edit) => edit.original_end() + (at - edit.end()),
        }
    }

    fn original_end(&self, at: usize) -> usize {
        match self.edits[..self.edits.partition_point(|edit| edit.at < at)].last() {
            None => at,
            Some(edit) if at < edit.end() => edit.original_end(),
            Some(edit) => edit.original_end() + (at - edit.end()),
        }
    }

    /// Whether bytes of the text stand where they stand in the original.
    pub fn is_one_to_one(&self) -> bool {
        self.edits.is_empty()
    }

    /// Length of the original in bytes.
    pub fn original_len(&self) -> usize {
        self.original_len
    }
}

/// Text in one form, by the default [`Normaliser`].
pub fn normalise(text: &str) -> Normalised<'_> {
    Normaliser::default().apply(text)
}

impl Normaliser {
    /// Changes nothing but what has no meaning: unseen characters go, spaces are joined.
    pub fn gentle() -> Self {
        Normaliser { simplify: false, fold_case: false, max_repeats: 0, keep_lines: true }
    }

    /// Brings text to one form. Time is linear in its length.
    pub fn apply<'a>(&self, text: &'a str) -> Normalised<'a> {
        let mut writer = Writer::new(text);
        let mut at = 0;
        while at < text.len() {
            at = self.step(text, at, &mut writer);
        }
        writer.finish()
    }

    /// Handles the character at `at`; gives where the next begins.
    #[inline]
    fn step(&self, text: &str, at: usize, writer: &mut Writer) -> usize {
        let byte = text.as_bytes()[at];
        if byte.is_ascii_graphic() {
            let written = if self.fold_case { byte.to_ascii_lowercase() } else { byte } as char;
            writer.character(at, byte as char, written, self.max_repeats);
            return at + 1;
        }
        let character = text[at..].chars().next().expect("within the text");
        let next = at + character.len_utf8();
        if !('\u{4e00}'..='\u{9fff}').contains(&character) {
            return self.unusual(text, at, character, writer);
        }
        if !self.simplify {
            writer.character(at, character, character, self.max_repeats);
            return next;
        }
        let (simple, opens) = SIMPLIFIER.character(character);
        if opens && let Some((from, to)) = SIMPLIFIER.phrase(&text[at..]) {
            writer.phrase(at, from, to);
            return at + from.len();
        }
        writer.character(at, character, simple, self.max_repeats);
        next
    }

    fn unusual(&self, text: &str, at: usize, character: char, writer: &mut Writer) -> usize {
        let next = at + character.len_utf8();
        match fate(character) {
            Fate::Be(',') if between_digits(text, at, next) => {
                // `1，2` lists two numbers, `1,200` is one.
                writer.character(at, character, character, self.max_repeats);
            }
            Fate::Be(other) => writer.character(at, character, self.case(other), self.max_repeats),
            Fate::Space => writer.blank(at, next, ' '),
            Fate::Line => writer.blank(at, next, if self.keep_lines { '\n' } else { ' ' }),
            Fate::Nothing if writer.joins(character) => writer.keep_joiner(),
            Fate::Nothing => writer.replace(at, next, ""),
            Fate::Combine(mark) => writer.combine(at, next, mark),
            Fate::Compatible => {
                let mut form = String::new();
                push_compatible(character, &mut form);
                let form = if self.simplify { SIMPLIFIER.text(&form).into_owned() } else { form };
                writer.replace(at, next, &if self.fold_case { form.to_lowercase() } else { form });
            }
            Fate::Keep => {
                let simple = if self.simplify { SIMPLIFIER.character(character).0 } else { character };
                writer.character(at, character, self.case(simple), self.max_repeats);
                writer.in_picture = is_pictograph(character);
            }
        }
        next
    }

    /// Lower case where that is a single character.
    fn case(&self, character: char) -> char {
        if !self.fold_case {
            return character;
        }
        let mut lower = character.to_lowercase();
        match (lower.next(), lower.next()) {
            (Some(lower), None) => lower,
            _ => character,
        }
    }
}

fn between_digits(text: &str, at: usize, next: usize) -> bool {
    let digit = |character: char| character.is_ascii_digit() || ('０'..='９').contains(&character);
    text[..at].chars().next_back().is_some_and(digit) && text[next..].chars().next().is_some_and(digit)
}

/// The result as it grows. Nothing is copied until something changes.
struct Writer<'a> {
    original: &'a str,
    out: String,
    /// Bytes of the original that are already in `out` or replaced.
    copied: usize,
    changed: bool,
    edits: Vec<Edit>,
    /// The last character, and how often it was repeated.
    last: Option<char>,
    n_repeats: usize,
    /// Whether the last thing written was a space or line break (also true at the start).
    after_blank: bool,
    /// Whether the last thing kept was a picture or part of one.
    in_picture: bool,
}

impl<'a> Writer<'a> {
    fn new(original: &'a str) -> Self {
        Writer {
            original,
            out: String::new(),
            copied: 0,
            changed: false,
            edits: Vec::new(),
            last: None,
            n_repeats: 0,
            after_blank: true,
            in_picture: false,
        }
    }

    /// Writes `written` for the character that stands at `at`, unless it was repeated too often.
    #[inline]
    fn character(&mut self, at: usize, character: char, written: char, max_repeats: usize) {
        self.n_repeats = if self.last == Some(written) { self.n_repeats + 1 } else { 1 };
        self.last = Some(written);
        (self.after_blank, self.in_picture) = (false, false);
        let next = at + character.len_utf8();
        if max_repeats > 0 && self.n_repeats > max_repeats && !written.is_ascii_digit() {
            self.edit(at, next, "");
        } else if written != character {
            self.edit(at, next, written.encode_utf8(&mut [0; 4]));
        }
    }

    fn phrase(&mut self, at: usize, from: &str, to: &str) {
        let mut original = at;
        for (from, to) in from.chars().zip(to.chars()) {
            self.character(original, from, to, 0);
            original += from.len_utf8();
        }
    }

    /// Whether a joiner, selector or tag holds a picture together here, or makes one of a digit (`1️⃣`).
    fn joins(&self, character: char) -> bool {
        let keycap = matches!(self.last, Some('0'..='9' | '#' | '*'));
        match character {
            '\u{fe0f}' => self.in_picture || keycap,
            '\u{200d}' | '\u{e0020}'..='\u{e007f}' => self.in_picture,
            _ => false,
        }
    }

    /// Keeps a character that holds a picture together.
    fn keep_joiner(&mut self) {
        (self.last, self.in_picture) = (None, true);
    }

    fn replace(&mut self, at: usize, next: usize, with: &str) {
        if let Some(last) = with.chars().next_back() {
            self.last = Some(last);
            self.n_repeats = 1;
            (self.after_blank, self.in_picture) = (false, false);
        }
        self.edit(at, next, with);
    }

    /// A space or line break: one for any number of them; a line break outweighs spaces.
    fn blank(&mut self, at: usize, next: usize, written: char) {
        (self.last, self.in_picture) = (None, false);
        if !self.after_blank {
            self.after_blank = true;
            if &self.original[at..next] != written.encode_utf8(&mut [0; 4]) {
                self.edit(at, next, written.encode_utf8(&mut [0; 4]));
            }
            return;
        }
        let at_start = self.out.is_empty() && self.copied == at;
        if written == '\n' && !at_start {
            self.flush(at);
            if self.out.ends_with(' ') {
                // Of the same length, so that no edit moves.
                self.out.pop();
                self.out.push('\n');
            }
        }
        self.edit(at, next, "");
    }

    /// Joins a mark to what was written last, or leaves what stood for it.
    fn combine(&mut self, at: usize, next: usize, mark: char) {
        self.flush(at);
        (self.last, self.after_blank, self.in_picture) = (None, false, false);
        let before = self.out.len();
        let base = self.out.chars().next_back().map_or(0, char::len_utf8);
        if !combine(mark, &mut self.out) {
            return;
        }
        self.changed = true;
        let start = before - base;
        // Edits that wrote the base, or stand between it and the mark, are swallowed by the joint form.
        let (mut edit_at, mut original_at) = (start, at - base);
        while let Some(edit) = self.edits.last().copied().filter(|edit| edit.end() > start) {
            self.edits.pop();
            let back = edit.at.saturating_sub(start);
            (edit_at, original_at) = (edit.at - back, edit.original_at - back);
        }
        self.edits.push(Edit {
            at: edit_at,
            len: self.out.len() - edit_at,
            original_at,
            original_len: next - original_at,
        });
        self.copied = next;
        self.last = self.out.chars().next_back();
    }

    /// Copies the unchanged bytes before `at`.
    fn flush(&mut self, at: usize) {
        self.out.push_str(&self.original[self.copied..at]);
        self.copied = at;
    }

    fn edit(&mut self, at: usize, next: usize, with: &str) {
        if !self.changed {
            self.out.reserve(self.original.len());
            self.changed = true;
        }
        self.flush(at);
        let written_at = self.out.len();
        self.out.push_str(with);
        self.copied = next;
        // As many bytes are not enough: ㏀ is three, and so are the two characters of kΩ.
        let sizes = self.original[at..next].chars().map(char::len_utf8);
        if with.len() == next - at && with.chars().map(char::len_utf8).eq(sizes) {
            return;
        }
        if let Some(last) = self.edits.last_mut()
            && last.original_end() == at
            && last.len == 0
            && with.is_empty()
        {
            last.original_len += next - at;
            return;
        }
        self.edits.push(Edit { at: written_at, len: with.len(), original_at: at, original_len: next - at });
    }

    /// Ends the text; blanks at its end go.
    fn finish(mut self) -> Normalised<'a> {
        let original_len = self.original.len();
        if !self.changed && self.edits.is_empty() && self.copied == 0 {
            let trimmed = self.original.trim_end_matches([' ', '\n']);
            return Normalised { text: Cow::Borrowed(trimmed), original_len, edits: self.edits };
        }
        self.flush(original_len);
        let trimmed = self.out.trim_end_matches([' ', '\n']).len();
        self.out.truncate(trimmed);
        while self.edits.last().is_some_and(|edit| edit.end() > trimmed || (edit.len == 0 && edit.at > trimmed)) {
            self.edits.pop();
        }
        Normalised { text: Cow::Owned(self.out), original_len, edits: self.edits }
    }
}
