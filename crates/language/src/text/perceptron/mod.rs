//! Chinese words by what stands around each character, learned from text that people have cut: an averaged perceptron
//! over tags (a character begins, continues or ends a word, or is one). No dictionary; it guesses new words as it does
//! known ones, and follows the conventions of what it learned from.
//!
//! Weights lie in one table, found by a hash of what was seen; features that share a place share a weight.

mod bytes;
mod features;
#[cfg(test)]
mod tests;
mod train;

use std::ops::Range;

use domain::{Card, Kind, Param};

use features::{Features, N_FEATURES};

pub static CARD: Card = Card {
    name: "segment_words",
    sentence: "Learns where Chinese words end from text cut by people.",
    family: "text",
    params: &[
        Param {
            name: "n_epochs",
            sentence: "Passes over the sentences.",
            unit: "epochs",
            kind: Kind::Int { min: 1, max: 1000, default: 6 },
        },
        Param {
            name: "table_bits",
            sentence: "The table of weights has 2 to this power rows; a row takes 8 bytes.",
            unit: "bits",
            kind: Kind::Int { min: 8, max: 26, default: 21 },
        },
        Param {
            name: "min_count",
            sentence: "Times that a feature's row must be met in training to be used.",
            unit: "times",
            kind: Kind::Int { min: 1, max: 1_000_000, default: 1 },
        },
    ],
    input: "sentences, one a line, words separated by spaces",
    source: "Collins 2002, Discriminative training methods for hidden Markov models, figure 1 and section 2.2 (averaging); tags and windows of Ng and Low 2004",
};

/// Tags of a character: begins a word, is inside, ends one, is one.
const N_TAGS: usize = 4;
const BEGIN: usize = 0;
const INSIDE: usize = 1;
const END: usize = 2;
const SINGLE: usize = 3;

/// Which tag may follow which.
const FOLLOWS: [[bool; N_TAGS]; N_TAGS] =
    [[false, true, true, false], [false, true, true, false], [true, false, false, true], [true, false, false, true]];

type Row = [i16; N_TAGS];
type Scores = [i32; N_TAGS];

/// A learned segmenter.
#[derive(Clone, PartialEq)]
pub struct PerceptronSegmenter {
    /// 2^bits rows.
    rows: Vec<Row>,
    /// From tag, to tag.
    transitions: [[i32; N_TAGS]; N_TAGS],
}

impl std::fmt::Debug for PerceptronSegmenter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PerceptronSegmenter").field("n_rows", &self.rows.len()).finish_non_exhaustive()
    }
}

pub use train::train;

/// Characters decided together at most: memory stays bounded.
const N_CHUNK: usize = 512;

impl PerceptronSegmenter {
    /// The words of a text; together they are the text. Blanks are words of their own. Time is linear in its length.
    pub fn segment<'a>(&self, text: &'a str) -> Vec<&'a str> {
        let mut words = Vec::with_capacity(text.len() / 5 + 1);
        self.each(text, |range| words.push(&text[range]));
        words
    }

    /// Hands the bytes of each word to `emit`, in order.
    pub fn each(&self, text: &str, mut emit: impl FnMut(Range<usize>)) {
        let mut work = Work::default();
        let mut at = 0;
        while at < text.len() {
            work.characters.clear();
            work.places.clear();
            let mut end = at;
            for (offset, character) in text[at..].char_indices() {
                let full = work.characters.len() >= N_CHUNK;
                if full {
                    break;
                }
                end = at + offset + character.len_utf8();
                work.characters.push(character);
                work.places.push(at + offset);
                // Sentences end, and lines: what follows does not depend on what was.
                if matches!(character, '。' | '！' | '？' | '\n' | ';' | '；') && work.characters.len() > 1 {
                    break;
                }
            }
            work.places.push(end);
            self.decide(&mut work);
            work.words(&mut emit);
            at = end;
        }
    }

    /// The best tags of the characters, by dynamic programming.
    fn decide(&self, work: &mut Work) {
        let n = work.characters.len();
        work.features.read(&work.characters);
        work.from.clear();
        let mut last: Scores = [0; N_TAGS];
        for at in 0..n {
            let here = self.scores(&work.features.at(at));
            let mut next: Scores = [i32::MIN / 2; N_TAGS];
            let mut from = [0_u8; N_TAGS];
            for (tag, &here) in here.iter().enumerate() {
                if at == 0 {
                    if tag == BEGIN || tag == SINGLE {
                        next[tag] = here;
                    }
                    continue;
                }
                for (before, &last) in last.iter().enumerate() {
                    let score = last + self.transitions[before][tag] + here;
                    if FOLLOWS[before][tag] && score > next[tag] {
                        next[tag] = score;
                        from[tag] = before as u8;
                    }
                }
            }
            last = next;
            work.from.push(from);
        }
        work.trace(if last[END] > last[SINGLE] { END } else { SINGLE });
    }

    #[inline]
    fn scores(&self, features: &[u64; N_FEATURES]) -> Scores {
        let mut sum: Scores = [0; N_TAGS];
        for &feature in features {
            let row = &self.rows[place(feature, self.rows.len())];
            for (sum, &weight) in sum.iter_mut().zip(row) {
                *sum += i32::from(weight);
            }
        }
        sum
    }
}

/// The row of a feature in a table of `n_rows`, a power of two.
#[inline]
fn place(feature: u64, n_rows: usize) -> usize {
    (feature >> (64 - n_rows.trailing_zeros())) as usize
}

/// What deciding one chunk takes.
#[derive(Default)]
struct Work {
    characters: Vec<char>,
    /// Where each character begins, and where the last ends.
    places: Vec<usize>,
    features: Features,
    /// By character and tag: the best tag before.
    from: Vec<[u8; N_TAGS]>,
    tags: Vec<u8>,
}

impl Work {
    /// Follows the best tags back from the last.
    fn trace(&mut self, last: usize) {
        self.tags.clear();
        let mut tag = last as u8;
        for from in self.from.iter().rev() {
            self.tags.push(tag);
            tag = from[usize::from(tag)];
        }
        self.tags.reverse();
    }

    fn words(&self, emit: &mut impl FnMut(Range<usize>)) {
        let mut start = 0;
        for (at, &tag) in self.tags.iter().enumerate() {
            if usize::from(tag) == END || usize::from(tag) == SINGLE {
                emit(self.places[start]..self.places[at + 1]);
                start = at + 1;
            }
        }
    }
}
