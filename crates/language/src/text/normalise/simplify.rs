//! Traditional characters written as simplified ones, by the tables of the Open Chinese Convert project: one character
//! for one character, except inside the phrases where the character alone would be turned wrongly (乾 is 干, but 乾坤
//! stays). Conversion the other way is ambiguous and not done.
//!
//! The tables come with the crate `zhhz`, which has them as texts; its own conversion keeps no offsets and is not used.

use std::borrow::Cow;
use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};

/// A table by OpenCC's name for it; empty if the crate has it no more, which a test would notice.
fn table(name: &str) -> &'static str {
    zhhz::data::dict_text(name).unwrap_or_default()
}

/// The first character that any table holds.
const FIRST: u32 = 0x2e80;
/// One above the last character of the flat table; rarer ones are looked up.
const LAST: u32 = 0xa000;

/// Set in the flat table for characters that open a phrase.
const OPENS_PHRASE: u32 = 1 << 31;

/// Characters and phrases, read once.
pub(super) struct Simplifier {
    /// By character from `FIRST`: the simplified character, itself if none, with `OPENS_PHRASE`.
    flat: Vec<u32>,
    /// Characters outside the flat table.
    rare: FxHashMap<char, char>,
    /// By first character: phrases, longest first. Source and target have as many characters.
    phrases: FxHashMap<char, Vec<(&'static str, &'static str)>>,
}

pub(super) static SIMPLIFIER: LazyLock<Simplifier> = LazyLock::new(Simplifier::read);

/// The pairs of a table of OpenCC; of several targets the first is meant.
fn pairs(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    table.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (key, values) = line.split_once('\t')?;
        Some((key, values.split(' ').next()?))
    })
}

impl Simplifier {
    fn read() -> Self {
        let mut read =
            Simplifier { flat: (FIRST..LAST).collect(), rare: FxHashMap::default(), phrases: FxHashMap::default() };
        let all: Vec<(char, char)> = pairs(table("TSCharacters"))
            .filter_map(|(from, to)| Some((from.chars().next()?, to.chars().next()?)))
            .filter(|(from, to)| from != to)
            .collect();
        // A character that others become is simplified already: 坏 was once written for 坯, and is what 壞 became.
        let simplified: FxHashSet<char> = all.iter().map(|pair| pair.1).collect();
        for (from, to) in all {
            if !simplified.contains(&from) {
                match read.flat.get_mut((from as u32).wrapping_sub(FIRST) as usize) {
                    Some(slot) => *slot = to as u32,
                    None => drop(read.rare.insert(from, to)),
                }
            }
        }
        read.add_phrases();
        read
    }

    /// Keeps the phrases that shorter ones and single characters do not already turn right, so that few characters
    /// have to be looked up.
    fn add_phrases(&mut self) {
        let mut phrases: Vec<_> = pairs(table("TSPhrases")).collect();
        phrases.sort_by_key(|(from, _)| from.chars().count());
        for (from, to) in phrases {
            if from.chars().count() != to.chars().count() || self.text(from) == to {
                continue;
            }
            let first = from.chars().next().expect("a phrase has characters");
            if let Some(slot) = self.flat.get_mut((first as u32).wrapping_sub(FIRST) as usize) {
                *slot |= OPENS_PHRASE;
                self.phrases.entry(first).or_default().insert(0, (from, to));
            }
        }
    }

    /// What a character becomes on its own, and whether a phrase may begin with it.
    #[inline]
    pub(super) fn character(&self, character: char) -> (char, bool) {
        let code = character as u32;
        if code < FIRST {
            return (character, false);
        }
        match self.flat.get((code - FIRST) as usize) {
            Some(&found) => (char::from_u32(found & !OPENS_PHRASE).unwrap_or(character), found & OPENS_PHRASE != 0),
            None if code > 0xffff => (self.rare.get(&character).copied().unwrap_or(character), false),
            None => (character, false),
        }
    }

    /// The longest phrase with which `text` begins.
    pub(super) fn phrase(&self, text: &str) -> Option<(&'static str, &'static str)> {
        let found = self.phrases.get(&text.chars().next()?)?;
        found.iter().find(|(from, _)| text.starts_with(from)).copied()
    }

    /// The whole text, simplified.
    pub(super) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut out = String::new();
        let mut copied = 0;
        let mut at = 0;
        while let Some(character) = text[at..].chars().next() {
            let (simple, opens) = self.character(character);
            let found = if opens { self.phrase(&text[at..]) } else { None };
            let length = found.map_or(character.len_utf8(), |(from, _)| from.len());
            if found.is_some() || simple != character {
                out.push_str(&text[copied..at]);
                match found {
                    Some((_, to)) => out.push_str(to),
                    None => out.push(simple),
                }
                copied = at + length;
            }
            at += length;
        }
        if copied == 0 {
            return Cow::Borrowed(text);
        }
        out.push_str(&text[copied..]);
        Cow::Owned(out)
    }
}

/// Whether a character is written in traditional texts only.
pub(crate) fn is_traditional(character: char) -> bool {
    SIMPLIFIER.character(character).0 != character
}

/// Traditional characters as simplified ones; borrowed if nothing changes. `繁體中文` becomes `繁体中文`.
pub fn to_simplified(text: &str) -> Cow<'_, str> {
    SIMPLIFIER.text(text)
}
