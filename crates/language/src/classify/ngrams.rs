//! The n-grams of a text as 64-bit keys, each counted once: of characters, as scikit-learn's `analyzer="char"` and
//! `"char_wb"` cut them, and of words. Not which of them matter: see [`vocabulary`](super::vocabulary).
//!
//! A key is a hash that grows with the n-gram, so every further n costs one multiplication. Two n-grams among a million
//! share a key with a probability of about one in thirty million; they would then count as one.

use serde::{Deserialize, Serialize};

/// What an n-gram is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Characters, across the whole text; each run of white space counts as one space.
    Char,
    /// Characters within words between white space, with one space put before and after each word.
    CharInWord,
    /// Words: runs of letters and digits; each Han, kana or hangul character is a word of its own.
    Word,
}

/// One sort of n-grams.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grams {
    pub unit: Unit,
    pub n_min: u8,
    /// At most [`Grams::N_MAX`].
    pub n_max: u8,
}

impl Grams {
    /// Longer n-grams than this are refused.
    pub const N_MAX: u8 = 12;

    pub const fn new(unit: Unit, n_min: u8, n_max: u8) -> Self {
        Grams { unit, n_min, n_max }
    }

    /// The state before the first symbol: another for each sort, so that sorts never share a key by design.
    pub(super) fn seed(&self) -> u64 {
        const SEEDS: [u64; 3] = [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344, 0xa409_3822_299f_31d0];
        SEEDS[match self.unit {
            Unit::Char => 0,
            Unit::CharInWord => 1,
            Unit::Word => 2,
        }]
    }
}

/// Where a character of the folded text stands in the original: bytes `start..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// The folded character or, for words, the hash of the word.
    pub symbol: u64,
    start: u32,
    end: u32,
}

/// An n-gram where it stands: its key and bytes of the original text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub key: u64,
    pub start: u32,
    pub end: u32,
}

/// Cuts texts; holds memory that is used again from text to text.
#[derive(Clone, Debug, Default)]
pub struct Cutter {
    pieces: Vec<Piece>,
    words: Vec<Piece>,
    counter: Counter,
}

impl Cutter {
    /// Each n-gram's key with how often it occurs, in order of first occurrence.
    ///
    /// Texts are read up to [`TEXT_BYTES_MAX`]; what follows is not seen.
    pub fn count(&mut self, text: &str, grams: &Grams) -> &[(u64, u32)] {
        self.cut(text, grams.unit);
        self.counter.clear(self.pieces.len() * usize::from(grams.n_max - grams.n_min + 1));
        let Cutter { pieces, words, counter } = self;
        match grams.unit {
            Unit::Char => counter.add_all(pieces, grams),
            Unit::Word => counter.add_all(words, grams),
            Unit::CharInWord => in_words(pieces, grams, |word, grams| counter.add_all(word, grams)),
        }
        &self.counter.found
    }

    /// Every n-gram where it stands, in the order in which they begin.
    pub fn places(&mut self, text: &str, grams: &Grams, mut see: impl FnMut(Place)) {
        self.cut(text, grams.unit);
        let Cutter { pieces, words, .. } = self;
        let mut each = |symbols: &[Piece], grams: &Grams| {
            each_gram(symbols, grams, |key, first, last| {
                see(Place { key, start: symbols[first].start, end: symbols[last].end })
            })
        };
        match grams.unit {
            Unit::Char => each(pieces, grams),
            Unit::Word => each(words, grams),
            Unit::CharInWord => in_words(pieces, grams, each),
        }
    }

    /// The runs in which n-grams lie.
    pub(super) fn runs(&mut self, text: &str, unit: Unit, mut see: impl FnMut(&[Piece])) {
        self.cut(text, unit);
        match unit {
            Unit::Char => see(&self.pieces),
            Unit::Word => see(&self.words),
            Unit::CharInWord => words_between_spaces(&self.pieces, see),
        }
    }

    fn cut(&mut self, text: &str, unit: Unit) {
        self.pieces.clear();
        let mut was_space = false;
        for (at, c) in head(text).char_indices() {
            let (start, end) = (at as u32, (at + c.len_utf8()) as u32);
            if is_space(c) {
                match self.pieces.last_mut() {
                    Some(last) if was_space => last.end = end,
                    _ => self.pieces.push(Piece { symbol: u64::from(b' '), start, end }),
                }
                was_space = true;
                continue;
            }
            was_space = false;
            for low in lower(c) {
                self.pieces.push(Piece { symbol: low, start, end });
            }
        }
        if unit == Unit::Word {
            self.join_words();
        }
    }

    fn join_words(&mut self) {
        self.words.clear();
        let mut open = false;
        for piece in &self.pieces {
            let c = char::from_u32(piece.symbol as u32).unwrap_or(char::REPLACEMENT_CHARACTER);
            if stands_alone(c) {
                self.words.push(Piece { symbol: fold(1, piece.symbol), ..*piece });
                open = false;
            } else if c.is_alphanumeric() || c == '_' {
                match self.words.last_mut() {
                    Some(word) if open => {
                        word.symbol = fold(word.symbol, piece.symbol);
                        word.end = piece.end;
                    }
                    _ => self.words.push(Piece { symbol: fold(1, piece.symbol), ..*piece }),
                }
                open = true;
            } else {
                open = false;
            }
        }
    }
}

/// Longer texts are cut at this many bytes: a review is a thousandth of it.
pub const TEXT_BYTES_MAX: usize = 1 << 20;

fn head(text: &str) -> &str {
    if text.len() <= TEXT_BYTES_MAX {
        return text;
    }
    &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]
}

/// White space as Python's `\s` knows it: Unicode's, and the four separators of ASCII.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

#[inline]
fn lower(c: char) -> impl Iterator<Item = u64> {
    // Han characters, most of Chinese text, have no case: they skip the table.
    let fast = if c.is_ascii() {
        Some(u64::from(c.to_ascii_lowercase()))
    } else if ('\u{2e80}'..='\u{9fff}').contains(&c) {
        Some(u64::from(c))
    } else {
        None
    };
    fast.into_iter().chain(fast.is_none().then(|| c.to_lowercase()).into_iter().flatten().map(u64::from))
}

/// Whether a character is a word by itself, as scripts are that put no space between words.
fn stands_alone(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{2fdf}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// The key of one word of ASCII letters, digits and `_`, as [`Unit::Word`] counts it in a text; without cutting one.
pub fn word_key(word: &[u8]) -> u64 {
    let symbol = word.iter().fold(1, |state, byte| fold(state, u64::from(byte.to_ascii_lowercase())));
    key(fold(Grams::new(Unit::Word, 1, 1).seed(), symbol))
}

/// The state of an n-gram from that of its beginning and its last symbol.
#[inline(always)]
pub(super) fn fold(state: u64, symbol: u64) -> u64 {
    let mixed = (state ^ symbol).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 32)
}

/// The key of an n-gram in that state; 0 marks an empty place in tables.
#[inline(always)]
pub(super) fn key(state: u64) -> u64 {
    state.max(1)
}

/// All n-grams of a run of symbols: key, first and last symbol.
#[inline(always)]
fn each_gram(symbols: &[Piece], grams: &Grams, mut see: impl FnMut(u64, usize, usize)) {
    let (n_min, n_max) = (usize::from(grams.n_min), usize::from(grams.n_max));
    for first in 0..symbols.len() {
        let mut state = grams.seed();
        for (n, piece) in symbols[first..].iter().take(n_max).enumerate() {
            state = fold(state, piece.symbol);
            if n + 1 >= n_min {
                see(key(state), first, first + n);
            }
        }
    }
}

/// As [`words_between_spaces`]. A word shorter than n gives one n-gram, itself, once, as scikit-learn's `char_wb` has it.
fn in_words(pieces: &[Piece], grams: &Grams, mut see: impl FnMut(&[Piece], &Grams)) {
    words_between_spaces(pieces, |word| {
        let n_min = grams.n_min.min(u8::try_from(word.len()).unwrap_or(u8::MAX));
        see(word, &Grams { n_min, ..*grams });
    });
}

/// Each word with a space on either side.
fn words_between_spaces(pieces: &[Piece], mut see: impl FnMut(&[Piece])) {
    let mut word = Vec::new();
    for part in pieces.split(|piece| piece.symbol == u64::from(b' ')).filter(|part| !part.is_empty()) {
        let edge = |at: u32| Piece { symbol: u64::from(b' '), start: at, end: at };
        word.clear();
        word.push(edge(part[0].start));
        word.extend_from_slice(part);
        word.push(edge(part[part.len() - 1].end));
        see(&word);
    }
}

/// Counts keys without order: an open table that is emptied by a new stamp, not by writing.
#[derive(Clone, Debug, Default)]
struct Counter {
    /// Index into `found`, and the stamp under which it holds.
    slots: Vec<(u32, u32)>,
    stamp: u32,
    found: Vec<(u64, u32)>,
}

impl Counter {
    fn clear(&mut self, n_max: usize) {
        let n_slots = (n_max * 2).next_power_of_two().max(64);
        if self.slots.len() < n_slots || self.stamp == u32::MAX {
            self.slots = vec![(0, 0); n_slots];
            self.stamp = 0;
        }
        self.stamp += 1;
        self.found.clear();
    }

    #[inline(always)]
    fn add_all(&mut self, symbols: &[Piece], grams: &Grams) {
        let mask = self.slots.len() - 1;
        let Counter { slots, stamp, found } = self;
        each_gram(symbols, grams, |key, _, _| {
            let mut at = key as usize & mask;
            loop {
                let slot = &mut slots[at];
                if slot.1 != *stamp {
                    *slot = (found.len() as u32, *stamp);
                    found.push((key, 1));
                    return;
                }
                let entry = &mut found[slot.0 as usize];
                if entry.0 == key {
                    entry.1 += 1;
                    return;
                }
                at = (at + 1) & mask;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The n-grams as texts, by their places.
    fn grams_of(text: &str, grams: Grams) -> Vec<&str> {
        let mut found = Vec::new();
        Cutter::default().places(text, &grams, |place| found.push(&text[place.start as usize..place.end as usize]));
        found
    }

    #[test]
    fn characters_cross_words_and_words_do_not() {
        assert_eq!(grams_of("电池 好", Grams::new(Unit::Char, 1, 2)), ["电", "电池", "池", "池 ", " ", " 好", "好"]);
        assert_eq!(grams_of("电池 好", Grams::new(Unit::CharInWord, 2, 2)), ["电", "电池", "池", "好", "好"]);
        assert_eq!(
            grams_of("RTX 4060,很快!", Grams::new(Unit::Word, 1, 2)),
            ["RTX", "RTX 4060", "4060", "4060,很", "很", "很快", "快"]
        );
    }

    #[test]
    fn counts_are_those_of_the_places() {
        let mut cutter = Cutter::default();
        for text in ["", "a", "aaaa", "好好好不好", "A\tb  c\u{3000}d", "🙂🙂 \u{fffd}\u{0}x", "İstanbul ß"]
        {
            for unit in [Unit::Char, Unit::CharInWord, Unit::Word] {
                let grams = Grams::new(unit, 1, 3);
                let mut keys = Vec::new();
                cutter.places(text, &grams, |place| keys.push(place.key));
                let mut counted = cutter.count(text, &grams).to_vec();
                counted.sort_unstable();
                keys.sort_unstable();
                let expected: Vec<(u64, u32)> =
                    keys.chunk_by(|x, y| x == y).map(|run| (run[0], run.len() as u32)).collect();
                assert_eq!(counted, expected, "{text:?} {unit:?}");
            }
        }
    }

    #[test]
    fn a_word_alone_has_the_key_that_it_has_in_a_text() {
        let mut cutter = Cutter::default();
        let keys: Vec<u64> =
            cutter.count("Where's my_order 66", &Grams::new(Unit::Word, 1, 1)).iter().map(|found| found.0).collect();
        let alone: Vec<u64> = ["where", "s", "MY_ORDER", "66"].iter().map(|word| word_key(word.as_bytes())).collect();
        assert_eq!(keys, alone);
    }

    #[test]
    fn case_and_runs_of_white_space_do_not_count() {
        let mut cutter = Cutter::default();
        let grams = Grams::new(Unit::Char, 1, 4);
        let one = cutter.count("ABC \t\n d", &grams).to_vec();
        assert_eq!(one, cutter.count("abc d", &grams));
    }

    #[test]
    fn a_megabyte_of_one_character_is_counted() {
        let text = "好".repeat(400_000);
        let mut cutter = Cutter::default();
        let counted = cutter.count(&text, &Grams::new(Unit::Char, 1, 4));
        assert_eq!(counted.len(), 4);
        assert_eq!(counted[0].1 as usize, TEXT_BYTES_MAX / 3);
    }
}
