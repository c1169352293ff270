//! The pass over a text that cuts it: at each place the longest thing that begins there.

use std::borrow::Cow;
use std::ops::Range;

use super::models::{canonical, chinese_name, code_at, latin_name, opens_series, stays_joined, suffixes};
use super::{Mode, TokenKind, Tokeniser};
use crate::text::lexicon::is_ideograph;
use crate::text::normalise::is_pictograph;
use crate::text::quantity::{Quantity, scan};

/// Where tokens go: bytes of the text, kind, text in one form.
pub(super) type Sink<'s> = dyn FnMut(Range<usize>, TokenKind, Cow<'_, str>) + 's;

/// Longest run handed to the dictionary, and longest word of letters, in characters: memory stays bounded.
const N_RUN_MAX: usize = 1024;
const N_LETTERS_MAX: usize = 128;

impl Tokeniser {
    /// Cuts text in normal form.
    pub(super) fn cut(&self, text: &str, sink: &mut Sink) {
        let quantities = scan(text);
        let mut quantities = quantities.iter().peekable();
        let mut at = 0;
        while at < text.len() {
            while quantities.next_if(|quantity| quantity.range.start < at).is_some() {}
            let stop = quantities.peek().map_or(text.len(), |quantity| quantity.range.start);
            at = match quantities.peek() {
                Some(quantity) if stop == at => self.quantity(text, quantity, sink),
                _ => self.thing(text, at, stop, sink),
            };
        }
    }

    /// Cuts what begins at `at`; gives where it ends. Nothing reaches into the quantity at `stop`, but names of the
    /// lexicon.
    fn thing(&self, text: &str, at: usize, stop: usize, sink: &mut Sink) -> usize {
        let character = text[at..].chars().next().expect("within the text");
        let next = at + character.len_utf8();
        if character == ' ' || character == '\n' {
            return next;
        }
        if let Some(end) = self.phrase(text, at, character) {
            let longer = if character.is_ascii_alphanumeric() { latin_name(text, at, stop) } else { None };
            let end = suffixes(text, end, stop.max(end)).max(longer.unwrap_or(0));
            return self.name(text, at, end, sink);
        }
        if is_ideograph(character) {
            return match chinese_name(text, at, stop) {
                Some(end) => self.name(text, at, end, sink),
                None => self.ideographs(text, at, stop, sink),
            };
        }
        if character.is_ascii_alphanumeric() {
            return match latin_name(text, at, stop) {
                Some(end) => self.name(text, at, end, sink),
                None => self.letters_or_digits(text, at, stop, sink),
            };
        }
        self.other(text, at, stop, character, sink)
    }

    /// A phrase of the lexicon, where a word may begin.
    #[inline]
    fn phrase(&self, text: &str, at: usize, character: char) -> Option<usize> {
        if !self.phrases.may_open(character) {
            return None;
        }
        self.phrases.longest(text, at)
    }

    fn quantity(&self, text: &str, quantity: &Quantity, sink: &mut Sink) -> usize {
        let range = quantity.range.clone();
        if self.mode == Mode::Search {
            super::search::number_of(text, &range, sink);
        }
        sink(range.clone(), TokenKind::Quantity, Cow::Owned(quantity.canonical()));
        range.end
    }

    fn name(&self, text: &str, at: usize, end: usize, sink: &mut Sink) -> usize {
        let name = &text[at..end];
        let kind = match name {
            _ if name.bytes().any(|byte| byte.is_ascii_digit()) => TokenKind::Model,
            _ if name.is_ascii() && name.contains(' ') => TokenKind::Model,
            _ if name.is_ascii() => TokenKind::Latin,
            _ => TokenKind::Word,
        };
        if self.mode == Mode::Search {
            super::search::parts_of_name(text, at..end, sink);
        }
        sink(at..end, kind, Cow::Owned(canonical(name)));
        end
    }

    /// A run of ideographs, up to whatever else begins in it.
    fn ideographs(&self, text: &str, at: usize, stop: usize, sink: &mut Sink) -> usize {
        let mut end = at;
        for (n, character) in text[at..stop].chars().enumerate() {
            let begins = n > 0
                && (opens_series(character) && chinese_name(text, end, stop).is_some()
                    || self.phrase(text, end, character).is_some());
            if !is_ideograph(character) || n >= N_RUN_MAX || begins {
                break;
            }
            end += character.len_utf8();
        }
        self.by_dictionary(&text[at..end], at, sink);
        end
    }

    /// Cuts a run of ideographs by the dictionary, or as was learned.
    fn by_dictionary(&self, run: &str, at: usize, sink: &mut Sink) {
        if let Some(learned) = self.learned.as_ref().filter(|_| self.mode == Mode::Exact) {
            learned.each(run, |range| {
                let word = &run[range.clone()];
                sink(at + range.start..at + range.end, TokenKind::Word, Cow::Borrowed(word));
            });
            return;
        }
        let tokens = match self.mode {
            Mode::Search => self.jieba.cut_for_search(run, self.hmm),
            _ => self.jieba.cut(run, self.hmm),
        };
        for token in tokens {
            sink(at + token.byte_start..at + token.byte_end, TokenKind::Word, Cow::Borrowed(token.word));
        }
    }

    fn letters_or_digits(&self, text: &str, at: usize, stop: usize, sink: &mut Sink) -> usize {
        let code = code_at(text, at);
        let end = code.end.min(stop.max(at + 1));
        let word = &text[at..end];
        if code.n_letters == 0 {
            // 5,999 is one number.
            let mut end = end;
            while text[end..].starts_with(',')
                && code_at(text, end + 1).n_digits == 3
                && code_at(text, end + 1).end == end + 4
                && end - at < N_LETTERS_MAX
            {
                end += 4;
            }
            let written: String = text[at..end].chars().filter(|&one| one != ',').collect();
            sink(at..end, TokenKind::Number, Cow::Owned(written));
            return end;
        }
        if word.contains('-') && stays_joined(word) {
            if self.mode == Mode::Search {
                super::search::parts_of_name(text, at..end, sink);
            }
            sink(at..end, TokenKind::Latin, Cow::Owned(canonical(word)));
            return end;
        }
        self.letters(text, at, stop, sink)
    }

    /// A word of letters, with apostrophes inside; the possessive's goes.
    fn letters(&self, text: &str, at: usize, stop: usize, sink: &mut Sink) -> usize {
        let mut end = at;
        for (n, character) in text[at..stop.max(at)].chars().enumerate() {
            let after = &text[end + character.len_utf8()..];
            let inside = character == '\'' && n > 0 && after.starts_with(is_letter);
            if (!is_letter(character) && !inside) || n >= N_LETTERS_MAX {
                break;
            }
            end += character.len_utf8();
        }
        let end = end.max(at + text[at..].chars().next().map_or(1, char::len_utf8));
        let word = &text[at..end];
        let bare = word.strip_suffix("'s").filter(|bare| !bare.is_empty() && !is_contraction(bare)).unwrap_or(word);
        let lower = if bare.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'\'') {
            Cow::Borrowed(bare)
        } else {
            Cow::Owned(bare.to_lowercase())
        };
        sink(at..end, TokenKind::Latin, lower);
        end
    }

    /// Emoji, letters of other scripts, kana and hangul, marks.
    fn other(&self, text: &str, at: usize, stop: usize, character: char, sink: &mut Sink) -> usize {
        let next = at + character.len_utf8();
        if let Some(end) = emoji(text, at, character) {
            sink(at..end, TokenKind::Emoji, Cow::Borrowed(&text[at..end]));
            return end;
        }
        if is_syllable(character) {
            let n_bytes: usize =
                text[at..].chars().take(N_LETTERS_MAX).take_while(|&one| is_syllable(one)).map(char::len_utf8).sum();
            sink(at..at + n_bytes, TokenKind::Word, Cow::Borrowed(&text[at..at + n_bytes]));
            return at + n_bytes;
        }
        if is_letter(character) {
            return self.letters(text, at, stop, sink);
        }
        let kind = if character.is_numeric() { TokenKind::Number } else { TokenKind::Punctuation };
        sink(at..next, kind, Cow::Borrowed(&text[at..next]));
        next
    }

    /// Cuts as jieba does.
    pub(super) fn plain(&self, text: &str, sink: &mut Sink) {
        let mut from = 0;
        while from < text.len() {
            let end = chunk_end(text, from);
            for token in self.jieba.cut(&text[from..end], self.hmm) {
                let kind = kind_of(token.word);
                sink(from + token.byte_start..from + token.byte_end, kind, Cow::Borrowed(token.word));
            }
            from = end;
        }
    }
}

/// Where a chunk for the dictionary ends: after a line or a mark if one is near its full length.
fn chunk_end(text: &str, from: usize) -> usize {
    const N_BYTES: usize = 1 << 16;
    if text.len() - from <= N_BYTES {
        return text.len();
    }
    let most = text.floor_char_boundary(from + N_BYTES);
    let least = text.floor_char_boundary(from + N_BYTES / 2);
    match text[least..most].rfind(['\n', '。', '，', ',', ' ']) {
        Some(offset) => least + offset + text[least + offset..].chars().next().map_or(1, char::len_utf8),
        None => most,
    }
}

fn kind_of(word: &str) -> TokenKind {
    let first = word.chars().next().unwrap_or(' ');
    let (letters, digits) = (word.chars().any(char::is_alphabetic), word.bytes().any(|byte| byte.is_ascii_digit()));
    match first {
        _ if is_ideograph(first) || is_syllable(first) => TokenKind::Word,
        _ if letters && digits => TokenKind::Model,
        _ if letters => TokenKind::Latin,
        _ if digits => TokenKind::Number,
        _ if is_pictograph(first) => TokenKind::Emoji,
        _ => TokenKind::Punctuation,
    }
}

/// `it's`, `that's`, `what's`: not possessives.
fn is_contraction(bare: &str) -> bool {
    ["it", "that", "what", "there", "here", "he", "she", "who", "let", "how", "where"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(bare))
}

fn is_letter(character: char) -> bool {
    character.is_alphabetic() && !is_ideograph(character) && !is_syllable(character)
}

/// Kana, bopomofo, hangul.
fn is_syllable(character: char) -> bool {
    matches!(character, '\u{3040}'..='\u{312f}' | '\u{31a0}'..='\u{31ff}' | '\u{ac00}'..='\u{d7af}' | '\u{1100}'..='\u{11ff}' | '\u{3131}'..='\u{318e}')
}

/// The end of the picture at `at`: with its skin tone, selector, and what joiners add.
fn emoji(text: &str, at: usize, first: char) -> Option<usize> {
    if !is_pictograph(first) {
        return keycap(text, at);
    }
    let mut end = at + first.len_utf8();
    let flag = is_regional(first);
    let mut joined = false;
    for (n, character) in (1..).zip(text[end..].chars().take(32)) {
        let more = match character {
            '\u{200d}' => true,
            '\u{fe0f}' | '\u{20e3}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}' => true,
            _ if joined => is_pictograph(character),
            _ => flag && n == 1 && is_regional(character),
        };
        if !more {
            break;
        }
        joined = character == '\u{200d}';
        end += character.len_utf8();
    }
    Some(end)
}

fn is_regional(character: char) -> bool {
    ('\u{1f1e6}'..='\u{1f1ff}').contains(&character)
}

/// `#️⃣`; digits with a keycap are numbers.
fn keycap(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    ["#\u{fe0f}\u{20e3}", "*\u{fe0f}\u{20e3}"].iter().find(|cap| rest.starts_with(**cap)).map(|cap| at + cap.len())
}
