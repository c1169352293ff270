//! Words with their counts, most frequent first, found in one pass over sentences with bounded memory. What a word is was
//! decided before: sentences come in as tokens.

use rustc_hash::FxHashMap;

use crate::LanguageError;

/// Different words that are counted at the same time at most, unless asked otherwise.
pub const WORDS_MAX: usize = 20_000_000;
/// Bytes of a word above which it is no word but noise (a line of a log, a picture in base64).
pub const WORD_BYTES_MAX: usize = 1024;

/// Words by falling count, equal counts by their letters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vocabulary {
    words: Vec<String>,
    counts: Vec<u64>,
    ids: FxHashMap<String, u32>,
}

/// Counts words.
#[derive(Clone, Debug)]
pub struct Counter {
    counts: FxHashMap<String, u64>,
    n_words: u64,
    words_max: usize,
    /// What was forgotten had at most this count, each time.
    forgotten: u64,
}

impl Default for Counter {
    fn default() -> Self {
        Counter::with_room(WORDS_MAX)
    }
}

impl Counter {
    /// Holds at most so many different words at a time: when there are more, the rarest are forgotten, as many as it takes.
    pub fn with_room(words_max: usize) -> Self {
        Counter { counts: FxHashMap::default(), n_words: 0, words_max: words_max.max(1), forgotten: 0 }
    }

    /// Counts the tokens of a sentence. Empty and overlong ones are left out.
    pub fn add<S: AsRef<str>>(&mut self, sentence: impl IntoIterator<Item = S>) {
        for word in sentence {
            let word = word.as_ref();
            if word.is_empty() || word.len() > WORD_BYTES_MAX {
                continue;
            }
            self.n_words += 1;
            match self.counts.get_mut(word) {
                Some(count) => *count += 1,
                None => {
                    self.counts.insert(word.to_owned(), 1);
                }
            }
            while self.counts.len() > self.words_max {
                self.forgotten += 1;
                let bar = self.forgotten;
                self.counts.retain(|_, count| *count > bar);
            }
        }
    }

    /// All words seen, again and again.
    pub fn n_words(&self) -> u64 {
        self.n_words
    }

    /// The words that occurred at least `min_count` times.
    pub fn finish(self, min_count: u64) -> Vocabulary {
        Vocabulary::sorted(self.counts.into_iter().filter(|(_, count)| *count >= min_count).collect())
    }
}

impl Vocabulary {
    fn sorted(mut pairs: Vec<(String, u64)>) -> Self {
        pairs.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let (words, counts): (Vec<String>, Vec<u64>) = pairs.into_iter().unzip();
        Self::in_order(words, counts)
    }

    fn in_order(words: Vec<String>, counts: Vec<u64>) -> Self {
        let ids = words.iter().cloned().zip(0..).collect();
        Vocabulary { words, counts, ids }
    }

    /// Words in the order given, which is kept.
    ///
    /// # Errors
    /// If a word is there twice, or counts and words differ in number.
    pub fn new(words: Vec<String>, counts: Vec<u64>) -> Result<Self, LanguageError> {
        if words.len() != counts.len() {
            return Err(LanguageError::unfit("counts", counts.len(), format!("one for each of {} words", words.len())));
        }
        if words.len() > u32::MAX as usize / 2 {
            return Err(LanguageError::unfit("number of words", words.len(), format!("at most {}", u32::MAX / 2)));
        }
        let vocabulary = Self::in_order(words, counts);
        if vocabulary.ids.len() < vocabulary.words.len() {
            let is_other = |(at, word): &(usize, &String)| vocabulary.ids[*word] != *at as u32;
            let twice = vocabulary.words.iter().enumerate().find(is_other).map_or("", |(_, word)| word);
            return Err(LanguageError::unfit("word", format!("'{twice}' twice"), "each word once"));
        }
        Ok(vocabulary)
    }

    pub fn len(&self) -> usize {
        self.words.len()
    }

    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub fn id(&self, word: &str) -> Option<u32> {
        self.ids.get(word).copied()
    }

    pub fn word(&self, id: u32) -> &str {
        &self.words[id as usize]
    }

    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// Shape: (len).
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// The sum of all counts.
    pub fn n_occurrences(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// Sentences as ids: four bytes a word, eight a sentence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Corpus {
    pub ids: Vec<u32>,
    /// Where each sentence ends in `ids`.
    pub ends: Vec<usize>,
    /// Words of the sentences, known or not.
    pub n_words: u64,
}

impl Corpus {
    /// Adds a sentence; words that the vocabulary does not have are left out.
    pub fn add<S: AsRef<str>>(&mut self, sentence: impl IntoIterator<Item = S>, vocabulary: &Vocabulary) {
        for word in sentence {
            self.n_words += 1;
            self.ids.extend(vocabulary.id(word.as_ref()));
        }
        self.ends.push(self.ids.len());
    }

    /// The vocabulary and the ids of sentences that can be gone through twice.
    pub fn read<I, S>(sentences: impl Fn() -> I, min_count: u64) -> (Vocabulary, Corpus)
    where
        I: IntoIterator,
        I::Item: IntoIterator<Item = S>,
        S: AsRef<str>,
    {
        let mut counter = Counter::default();
        sentences().into_iter().for_each(|sentence| counter.add(sentence));
        let vocabulary = counter.finish(min_count);
        let mut corpus = Corpus::default();
        sentences().into_iter().for_each(|sentence| corpus.add(sentence, &vocabulary));
        (vocabulary, corpus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_and_ordered() {
        let texts = ["b a c", "a b a", "", "d  a"];
        let (vocabulary, corpus) = Corpus::read(|| texts.iter().map(|text| text.split(' ')), 2);
        assert_eq!((vocabulary.words(), vocabulary.counts()), (&["a".into(), "b".into()][..], &[4, 2][..]));
        assert_eq!((corpus.ids, corpus.ends), (vec![1, 0, 0, 1, 0, 0], vec![2, 5, 5, 6]));
        assert_eq!(vocabulary.id("c"), None);
        assert_eq!(vocabulary.n_occurrences(), 6);
    }

    #[test]
    fn memory_is_bounded_and_frequent_words_are_kept() {
        let mut counter = Counter::with_room(50);
        for round in 0..2000 {
            counter.add([format!("rare{round}"), "often".to_owned(), format!("some{}", round % 3)]);
            assert!(counter.counts.len() <= 50);
        }
        assert_eq!(counter.n_words(), 6000);
        let vocabulary = counter.finish(100);
        assert_eq!(vocabulary.words()[0], "often");
        assert!(vocabulary.counts()[0] > 1900, "{:?}", vocabulary.counts());
    }

    #[test]
    fn strange_words_do_no_harm() {
        let mut counter = Counter::default();
        counter.add(["", "\u{0}", "😀", "\u{fffd}", &"x".repeat(1 << 20)]);
        let vocabulary = counter.finish(1);
        assert_eq!(vocabulary.len(), 3);
        assert!(
            Vocabulary::new(vec!["a".into(), "a".into()], vec![1, 1]).unwrap_err().to_string().contains("'a' twice")
        );
        assert!(Vocabulary::new(vec!["a".into()], vec![]).is_err());
    }
}
