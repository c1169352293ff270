//! Pieces of words, learned from text: byte-pair encoding. Frequent words become one piece, rare ones several, and what
//! was never seen is spelled in bytes, so that nothing is unknown and every text can be had back exactly.
//!
//! Learning merges the most frequent pair of neighbours until the vocabulary is full. Counts are kept up to date where
//! words change and a queue holds the pairs, so that a merge costs what it touches. Of pairs of one count the one of
//! the smaller ids goes first; ids follow the order of characters, then of merges.

mod bytes;
mod pieces;
#[cfg(test)]
mod tests;
mod train;

use domain::{Card, Kind, Param};
use rustc_hash::FxHashMap;

pub use pieces::pieces;
pub use train::{train, train_on_words};

pub static CARD: Card = Card {
    name: "subword",
    sentence: "Learns a vocabulary of word pieces by merging frequent pairs; any text can be written with it and had back.",
    family: "text",
    params: &[
        Param {
            name: "vocabulary",
            sentence: "Pieces at most, the special ones, bytes and single characters included.",
            unit: "pieces",
            kind: Kind::Int { min: 261, max: 1_000_000, default: 8000 },
        },
        Param {
            name: "min_count",
            sentence: "Times that a pair must stand together to be merged.",
            unit: "times",
            kind: Kind::Int { min: 1, max: 1_000_000, default: 2 },
        },
        Param {
            name: "max_characters",
            sentence: "Characters that are pieces, the most frequent ones; others are spelled in bytes.",
            unit: "characters",
            kind: Kind::Int { min: 0, max: 200_000, default: 6000 },
        },
    ],
    input: "texts, one string each",
    source: "Sennrich, Haddow, Birch 2016, Neural machine translation of rare words with subword units, algorithm 1",
};

/// Ids that no text is written with.
pub const PAD: u32 = 0;
pub const BEGIN: u32 = 1;
pub const END: u32 = 2;
pub const SEPARATOR: u32 = 3;
const N_SPECIAL: u32 = 4;
const N_BYTES: u32 = 256;
/// The first id of a character.
const FIRST_CHARACTER: u32 = N_SPECIAL + N_BYTES;

/// A learned vocabulary. Ids: 4 special ones, 256 bytes, the characters in order, then the merged pieces as learned.
#[derive(Clone, Debug, PartialEq)]
pub struct SubwordModel {
    characters: Vec<char>,
    /// In the order learned.
    merges: Vec<(u32, u32)>,
    /// By id: the text of a piece; empty for special ids and bytes.
    texts: Vec<String>,
    /// By pair: rank of the merge, id of the piece.
    ranks: FxHashMap<(u32, u32), (u32, u32)>,
    ids: FxHashMap<char, u32>,
}

impl SubwordModel {
    /// From characters in order, and merges of earlier ids; says what is wrong with others.
    fn new(characters: Vec<char>, merges: Vec<(u32, u32)>) -> Result<Self, String> {
        let mut texts = vec![String::new(); FIRST_CHARACTER as usize];
        if characters.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err("characters that do not rise".to_owned());
        }
        texts.extend(characters.iter().map(char::to_string));
        let ids = characters.iter().zip(FIRST_CHARACTER..).map(|(&character, id)| (character, id)).collect();
        // Two merges may give one text (`ab` + `c`, `a` + `bc`): one piece.
        let mut by_text: FxHashMap<String, u32> =
            texts.iter().cloned().zip(0..).skip(FIRST_CHARACTER as usize).collect();
        let mut ranks = FxHashMap::default();
        for (rank, &(left, right)) in merges.iter().enumerate() {
            let known = |id: u32| (FIRST_CHARACTER..texts.len() as u32).contains(&id);
            if !known(left) || !known(right) {
                return Err(format!("merge {rank} of {left} and {right}, with {} pieces before it", texts.len()));
            }
            let text = [texts[left as usize].as_str(), texts[right as usize].as_str()].concat();
            if text.len() > N_TEXT_MAX {
                return Err(format!("merge {rank} makes a piece of {} bytes, allowed {N_TEXT_MAX}", text.len()));
            }
            let fresh = texts.len() as u32;
            let id = *by_text.entry(text).or_insert_with_key(|text| {
                texts.push(text.clone());
                fresh
            });
            if ranks.insert((left, right), (rank as u32, id)).is_some() {
                return Err(format!("merge {rank} of {left} and {right} a second time"));
            }
        }
        Ok(SubwordModel { characters, merges, texts, ranks, ids })
    }

    /// Number of ids.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Never: special ids and bytes are always there.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The merges as pairs of texts, in the order learned.
    pub fn merges(&self) -> impl Iterator<Item = (&str, &str)> {
        self.merges
            .iter()
            .map(|&(left, right)| (self.texts[left as usize].as_str(), self.texts[right as usize].as_str()))
    }

    /// How an id is shown: its text, `<pad>` or `<0xE4>`.
    pub fn shown(&self, id: u32) -> Option<String> {
        match id {
            PAD => Some("<pad>".to_owned()),
            BEGIN => Some("<begin>".to_owned()),
            END => Some("<end>".to_owned()),
            SEPARATOR => Some("<separator>".to_owned()),
            _ if id < FIRST_CHARACTER => Some(format!("<0x{:02X}>", id - N_SPECIAL)),
            _ => self.texts.get(id as usize).cloned(),
        }
    }

    /// The ids of a text. Time is linear in its length: merges do not cross [`pieces`], whose length is bounded.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        let mut out = Vec::with_capacity(text.len() / 3 + 1);
        for piece in pieces(text) {
            self.encode_piece(piece, &mut out);
        }
        out
    }

    /// Appends the ids of one piece: of its mergeable neighbours the pair learned first is merged, until none is left.
    fn encode_piece(&self, piece: &str, out: &mut Vec<u32>) {
        let from = out.len();
        for character in piece.chars() {
            match self.ids.get(&character) {
                Some(&id) => out.push(id),
                None => out.extend(character.encode_utf8(&mut [0; 4]).bytes().map(|byte| N_SPECIAL + u32::from(byte))),
            }
        }
        loop {
            let pairs = out[from..].windows(2).enumerate();
            let best = pairs.filter_map(|(at, pair)| Some((*self.ranks.get(&(pair[0], pair[1]))?, at))).min();
            let Some(((_, id), at)) = best else { break };
            out[from + at] = id;
            out.remove(from + at + 1);
        }
    }

    /// The text of ids. Special and unknown ids give nothing; bytes that are no text give U+FFFD.
    pub fn decode(&self, ids: &[u32]) -> String {
        let mut bytes = Vec::with_capacity(3 * ids.len());
        for &id in ids {
            match id {
                _ if id < N_SPECIAL => {}
                _ if id < FIRST_CHARACTER => bytes.push((id - N_SPECIAL) as u8),
                _ => bytes.extend(self.texts.get(id as usize).map_or(&[][..], |text| text.as_bytes())),
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Longest text of one piece: what a chunk of text holds, four bytes a character.
const N_TEXT_MAX: usize = 4 * pieces::N_CHARACTERS_MAX;
