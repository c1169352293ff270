//! Words and their ids. The ids 0 to 3 are those of [`decode`](super::decode); words follow by how often they occur. How a
//! text is cut into words is somebody else's: see [`Units`].

use rustc_hash::FxHashMap;

use super::decode::UNKNOWN;
use crate::LanguageError;

/// The names of the special ids, which are no words.
pub const SPECIAL: [&str; 4] = ["<pad>", "<s>", "</s>", "<unk>"];

/// How texts become the units a vocabulary numbers, and units texts: words, characters, or parts of words.
pub trait Units {
    fn split(&self, text: &str) -> Vec<String>;
    fn join(&self, units: &[&str]) -> String;
}

/// Units are set off by spaces.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spaced;

/// Every character is a unit; spaces are left out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Characters;

impl Units for Spaced {
    fn split(&self, text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn join(&self, units: &[&str]) -> String {
        units.join(" ")
    }
}

impl Units for Characters {
    fn split(&self, text: &str) -> Vec<String> {
        text.chars().filter(|c| !c.is_whitespace()).map(String::from).collect()
    }

    fn join(&self, units: &[&str]) -> String {
        units.concat()
    }
}

/// Words numbered from 4 on, the most frequent first, ties in the order of their characters.
#[derive(Clone, Debug, PartialEq)]
pub struct Vocabulary {
    words: Vec<String>,
    ids: FxHashMap<String, u32>,
}

impl Vocabulary {
    /// The words of `sentences` that occur at least `min_count` times, at most `max_words` of them (0: all).
    pub fn learn<'a, S: IntoIterator<Item = &'a str>>(
        sentences: impl IntoIterator<Item = S>,
        min_count: usize,
        max_words: usize,
    ) -> Self {
        let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
        for word in sentences.into_iter().flatten() {
            *counts.entry(word).or_default() += 1;
        }
        let is_word = |word: &str, count: usize| count >= min_count && !word.is_empty() && !SPECIAL.contains(&word);
        let mut words: Vec<(&str, usize)> = counts.into_iter().filter(|&(word, count)| is_word(word, count)).collect();
        words.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        words.truncate(if max_words == 0 { usize::MAX } else { max_words });
        Vocabulary::of(words.into_iter().map(|(word, _)| word.to_owned()).collect())
    }

    /// These words, numbered in their order.
    ///
    /// # Errors
    /// If a word occurs twice, is empty, holds a line break, or is the name of a special id.
    pub fn from_words(words: Vec<String>) -> Result<Self, LanguageError> {
        let is_bad = |word: &String| word.is_empty() || word.contains('\n') || SPECIAL.contains(&word.as_str());
        if let Some(bad) = words.iter().find(|word| is_bad(word)) {
            return Err(LanguageError::unfit(
                "a word",
                format!("'{bad}'"),
                "not empty, in one line, no name of a special id",
            ));
        }
        let n_words = words.len();
        let vocabulary = Vocabulary::of(words);
        if vocabulary.ids.len() != n_words {
            return Err(LanguageError::unfit("words", format!("{n_words}, some twice"), "each once"));
        }
        Ok(vocabulary)
    }

    fn of(words: Vec<String>) -> Self {
        let ids = words.iter().cloned().zip(SPECIAL.len() as u32..).collect();
        Vocabulary { words, ids }
    }

    /// The number of ids, special ones included.
    pub fn len(&self) -> usize {
        self.words.len() + SPECIAL.len()
    }

    /// Whether there is no word.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The words without the special ones, in the order of their ids.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The word's id, [`UNKNOWN`] if it has none.
    pub fn id(&self, word: &str) -> u32 {
        self.ids.get(word).copied().unwrap_or(UNKNOWN)
    }

    /// The id's word, or the name of a special id; that of [`UNKNOWN`] for ids that nothing has.
    pub fn word(&self, id: u32) -> &str {
        let id = id as usize;
        let special = || SPECIAL.get(id).copied().unwrap_or(SPECIAL[UNKNOWN as usize]);
        id.checked_sub(SPECIAL.len()).and_then(|at| self.words.get(at)).map_or_else(special, String::as_str)
    }

    pub fn encode<W: AsRef<str>>(&self, words: &[W]) -> Vec<u32> {
        words.iter().map(|word| self.id(word.as_ref())).collect()
    }

    pub fn decode(&self, ids: &[u32]) -> Vec<&str> {
        ids.iter().map(|&id| self.word(id)).collect()
    }

    /// The words of `sentence` that have no id, each once, in their order: what a model that copies numbers from
    /// [`Vocabulary::len`] on.
    pub fn unknown<W: AsRef<str>>(&self, sentence: &[W]) -> Vec<String> {
        let mut unknown: Vec<String> = Vec::new();
        for word in sentence.iter().map(AsRef::as_ref) {
            if !self.ids.contains_key(word) && !unknown.iter().any(|known| known == word) {
                unknown.push(word.to_owned());
            }
        }
        unknown
    }

    /// As [`Vocabulary::encode`], with ids for the unknown words of the source; only what is not among them either becomes
    /// [`UNKNOWN`].
    pub fn encode_with<W: AsRef<str>>(&self, words: &[W], unknown: &[String]) -> Vec<u32> {
        let beyond = |word: &str| unknown.iter().position(|known| known == word).map(|at| (self.len() + at) as u32);
        let id = |word: &str| self.ids.get(word).copied().or_else(|| beyond(word)).unwrap_or(UNKNOWN);
        words.iter().map(|word| id(word.as_ref())).collect()
    }

    /// The inverse of [`Vocabulary::encode_with`].
    pub fn decode_with<'a>(&'a self, ids: &[u32], unknown: &'a [String]) -> Vec<&'a str> {
        let beyond = |id: u32| (id as usize).checked_sub(self.len()).and_then(|at| unknown.get(at));
        ids.iter().map(|&id| beyond(id).map_or_else(|| self.word(id), String::as_str)).collect()
    }

    /// The words, one a line.
    pub fn to_text(&self) -> String {
        self.words.join("\n")
    }

    /// The inverse of [`Vocabulary::to_text`].
    ///
    /// # Errors
    /// As [`Vocabulary::from_words`].
    pub fn from_text(text: &str) -> Result<Self, LanguageError> {
        let words = if text.is_empty() { Vec::new() } else { text.split('\n').map(str::to_owned).collect() };
        Vocabulary::from_words(words).map_err(|error| LanguageError::Corrupt(format!("vocabulary: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn frequent_words_come_first() {
        let sentences = ["b a a <s> c", "b d"].map(str::split_whitespace);
        let vocabulary = Vocabulary::learn(sentences.clone(), 1, 0);
        assert_eq!(vocabulary.words(), ["a", "b", "c", "d"]);
        assert_eq!(vocabulary.encode(&["a", "x", "<s>", "d"]), [4, UNKNOWN, UNKNOWN, 7]);
        assert_eq!(vocabulary.decode(&[7, 3, 1, 99]), ["d", "<unk>", "<s>", "<unk>"]);
        assert_eq!(Vocabulary::learn(sentences.clone(), 2, 0).words(), ["a", "b"]);
        assert_eq!(Vocabulary::learn(sentences, 1, 1).words(), ["a"]);
    }

    #[test]
    fn unknown_words_of_a_source_have_ids_of_their_own() {
        let vocabulary = Vocabulary::learn(["a b".split(' ')], 1, 0);
        let source = ["x", "a", "y", "x"];
        let unknown = vocabulary.unknown(&source);
        assert_eq!(unknown, ["x", "y"]);
        assert_eq!(vocabulary.encode_with(&source, &unknown), [6, 4, 7, 6]);
        assert_eq!(vocabulary.encode_with(&["y", "b", "z"], &unknown), [7, 5, UNKNOWN]);
        assert_eq!(vocabulary.decode_with(&[7, 5, 6, 8], &unknown), ["y", "b", "x", "<unk>"]);
    }

    #[test]
    fn units_are_words_or_characters() {
        assert_eq!(Spaced.split(" Mate 60\tPro "), ["Mate", "60", "Pro"]);
        assert_eq!(Spaced.join(&["Mate", "60"]), "Mate 60");
        assert_eq!(Characters.split("手机 📱"), ["手", "机", "📱"]);
        assert_eq!(Characters.join(&["手", "机"]), "手机");
    }

    #[test]
    fn bad_words_are_refused() {
        for text in ["a\na", "a\n\nb", "<pad>", "\n"] {
            assert!(matches!(Vocabulary::from_text(text), Err(LanguageError::Corrupt(_))), "{text:?}");
        }
        assert!(Vocabulary::from_text("").unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn texts_bring_words_back(sentence: String) {
            let vocabulary = Vocabulary::learn([sentence.split_whitespace()], 1, 0);
            prop_assert_eq!(&Vocabulary::from_text(&vocabulary.to_text()).unwrap(), &vocabulary);
            for word in sentence.split_whitespace().filter(|word| !SPECIAL.contains(word)) {
                prop_assert_eq!(vocabulary.word(vocabulary.id(word)), word);
            }
        }
    }
}
