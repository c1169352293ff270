//! How texts of a shop become units: Chinese characters one by one, words and model numbers whole, and words too rare for
//! a vocabulary spelled in characters, so that next to nothing is unknown. Spaces are part of the units, so that a text can
//! be had back.

use rustc_hash::FxHashMap;

use super::vocabulary::{Units, Vocabulary};

/// Begins a unit that a space stands before; words at the beginning of a text have it too.
pub const SPACE: char = '\u{2581}';
/// A longer word is cut.
const WORD_CHARS_MAX: usize = 40;

/// Characters of scripts without spaces, words of others with what joins them inside (`i7-13700H`, `6.8`), signs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mixed;

fn stands_alone(c: char) -> bool {
    matches!(c as u32, 0x2E80..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFD | 0x0E00..=0x0EFF)
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() && !stands_alone(c)
}

impl Units for Mixed {
    fn split(&self, text: &str) -> Vec<String> {
        let letters: Vec<char> = text.chars().filter(|c| !c.is_control() || c.is_whitespace()).collect();
        let (mut units, mut at, mut after_space) = (Vec::new(), 0, true);
        while at < letters.len() {
            let first = letters[at];
            if first.is_whitespace() {
                (after_space, at) = (true, at + 1);
                continue;
            }
            let mut end = at + 1;
            if is_of_word(first) {
                while end < letters.len() && end - at < WORD_CHARS_MAX {
                    let joins = matches!(letters[end], '-' | '.' | '\'')
                        && letters.get(end + 1).is_some_and(|&c| is_of_word(c));
                    if !is_of_word(letters[end]) && !joins {
                        break;
                    }
                    end += 1;
                }
            }
            let begins = units.is_empty() && !is_of_word(first);
            let mut unit = String::new();
            if after_space && !begins {
                unit.push(SPACE);
            }
            unit.extend(letters[at..end].iter().map(|&c| if c == SPACE { '_' } else { c }));
            units.push(unit);
            (at, after_space) = (end, false);
        }
        units
    }

    fn join(&self, units: &[&str]) -> String {
        units.concat().replace(SPACE, " ").trim_start().to_owned()
    }
}

/// A unit as people are shown it.
pub fn shown(unit: &str) -> &str {
    unit.strip_prefix(SPACE).unwrap_or(unit)
}

/// The units of `texts` that occur `min_count` times, at most `max_words` of them, and the characters of all others.
pub fn learn<'a>(texts: impl Iterator<Item = &'a str> + Clone, min_count: usize, max_words: usize) -> Vocabulary {
    let mut counts: FxHashMap<String, usize> = FxHashMap::default();
    for text in texts.clone() {
        for unit in Mixed.split(text) {
            *counts.entry(unit).or_default() += 1;
        }
    }
    let mut frequent: Vec<(&str, usize)> =
        counts.iter().filter(|(_, count)| **count >= min_count).map(|(unit, count)| (unit.as_str(), *count)).collect();
    frequent.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    frequent.truncate(max_words);
    let whole = Vocabulary::learn(frequent.iter().map(|&(unit, _)| [unit]), 1, 0);
    // Numbered by how often they occur once the rare ones are spelled.
    let sentences: Vec<Vec<String>> = texts.map(|text| spelled(&whole, text)).collect();
    Vocabulary::learn(sentences.iter().map(|units| units.iter().map(String::as_str)), 1, 0)
}

/// The units of a text, those that the vocabulary lacks spelled in characters.
pub fn spelled(vocabulary: &Vocabulary, text: &str) -> Vec<String> {
    let mut units = Vec::new();
    for unit in Mixed.split(text) {
        if vocabulary.id(&unit) != super::decode::UNKNOWN {
            units.push(unit);
            continue;
        }
        let mut letters = unit.chars();
        let mut next = letters.next();
        if next == Some(SPACE) {
            let first: String = [SPACE].into_iter().chain(letters.next()).collect();
            units.push(first);
            next = letters.next();
        }
        units.extend(next.into_iter().chain(letters).map(String::from));
    }
    units
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_cut_where_people_would() {
        for (text, units) in [
            ("华为 Mate 60 Pro（12GB+512GB）", "华 为 ▁Mate ▁60 ▁Pro （ 12GB + 512GB ）"),
            ("i7-13700H, 6.8\" screen.", "▁i7-13700H , ▁6.8 \" ▁screen ."),
            ("怎么退货？", "怎 么 退 货 ？"),
            ("a- b", "▁a - ▁b"),
            (" \t\n", ""),
            ("▁", "_"),
        ] {
            assert_eq!(Mixed.split(text).join(" "), units);
        }
    }

    #[test]
    fn rare_words_are_spelled() {
        let texts = ["Mate 60", "Mate 70", "手机 Mate"];
        let vocabulary = learn(texts.iter().copied(), 2, 100);
        assert_eq!(spelled(&vocabulary, "Mate 60"), ["▁Mate", "▁6", "0"]);
        assert_eq!(spelled(&vocabulary, "Mate60"), ["▁M", "a", "t", "e", "6", "0"]);
        let units = spelled(&vocabulary, "手机 70");
        assert_eq!(Mixed.join(&units.iter().map(String::as_str).collect::<Vec<_>>()), "手机 70");
        assert!(vocabulary.id("机") >= 4 && vocabulary.id("机器") == crate::seq2seq::decode::UNKNOWN);
    }

    proptest! {
        /// Every text comes back but for its spaces, whole words or spelled.
        #[test]
        fn texts_come_back(text in "[a-c手机 ,.▁-]{0,40}") {
            let spaced = text.replace(SPACE, "_").split_whitespace().collect::<Vec<_>>().join(" ");
            let units = Mixed.split(&text);
            let of = |units: &[String]| Mixed.join(&units.iter().map(String::as_str).collect::<Vec<_>>());
            prop_assert_eq!(of(&units), spaced.clone());
            let vocabulary = learn(["ab 手机"].into_iter(), 1, 100);
            prop_assert_eq!(of(&spelled(&vocabulary, &text)), spaced);
        }
    }
}
