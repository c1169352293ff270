//! Phrases that must occur, and how far an output has come with them (after Post and Vilar 2018). Each phrase is followed
//! by an automaton of its own (Knuth, Morris and Pratt), so that what counts as said depends on the words alone, however
//! phrases overlap.

use super::rules::check_phrase;
use crate::LanguageError;

/// The phrases, ready to be followed.
#[derive(Debug)]
pub(super) struct Required {
    phrases: Vec<Phrase>,
    n_words: usize,
}

#[derive(Debug)]
struct Phrase {
    words: Vec<u32>,
    /// Where to go on after a mismatch behind `n` matched words: the length of the longest end of them that is also their
    /// beginning.
    fallback: Vec<usize>,
}

/// How many words of each phrase the output ends with; the phrase's length once it has occurred.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Progress(Vec<u32>);

impl Required {
    /// A phrase given twice counts once.
    pub fn new(phrases: &[Vec<u32>]) -> Result<Self, LanguageError> {
        let mut unique: Vec<Phrase> = Vec::new();
        for words in phrases {
            check_phrase("a phrase that must occur", words)?;
            if unique.iter().all(|phrase| phrase.words != *words) {
                unique.push(Phrase::new(words.clone()));
            }
        }
        let n_words = unique.iter().map(|phrase| phrase.words.len()).sum();
        Ok(Required { phrases: unique, n_words })
    }

    /// The words of all phrases together: an output so long can hold them all.
    pub fn n_words(&self) -> usize {
        self.n_words
    }

    pub fn start(&self) -> Progress {
        Progress(vec![0; self.phrases.len()])
    }

    /// The progress after `word`.
    pub fn after(&self, progress: &Progress, word: u32) -> Progress {
        let step = |(phrase, &n): (&Phrase, &u32)| phrase.after(n as usize, word) as u32;
        Progress(self.phrases.iter().zip(&progress.0).map(step).collect())
    }

    /// A number of words that suffices to say what is still missing; 0 when nothing is.
    pub fn n_missing(&self, progress: &Progress) -> usize {
        let open = self.phrases.iter().zip(&progress.0).filter(|(phrase, n)| **n as usize != phrase.words.len());
        let (sum, longest) =
            open.fold((0, 0), |(sum, longest), (phrase, &n)| (sum + phrase.words.len(), longest.max(n)));
        sum - longest as usize
    }

    /// The words that bring an open phrase forward.
    pub fn next_words<'a>(&'a self, progress: &'a Progress) -> impl Iterator<Item = u32> + 'a {
        self.phrases.iter().zip(&progress.0).filter_map(|(phrase, &n)| phrase.words.get(n as usize).copied())
    }
}

impl Phrase {
    fn new(words: Vec<u32>) -> Self {
        let mut phrase = Phrase { fallback: vec![0; words.len()], words };
        for n in 1..phrase.words.len() {
            phrase.fallback[n] = if n == 1 { 0 } else { phrase.step(phrase.fallback[n - 1], phrase.words[n - 1]) };
        }
        phrase
    }

    fn after(&self, n: usize, word: u32) -> usize {
        if n == self.words.len() { n } else { self.step(n, word) }
    }

    fn step(&self, mut n: usize, word: u32) -> usize {
        while n > 0 && self.words[n] != word {
            n = self.fallback[n];
        }
        if self.words[n] == word { n + 1 } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The automata say what looking at the whole output says, and the missing words can be said in that many.
        #[test]
        fn progress_is_what_the_words_say(
            phrases in prop::collection::vec(prop::collection::vec(4u32..7, 1..4), 0..4),
            written in prop::collection::vec(4u32..7, 0..12),
        ) {
            let required = Required::new(&phrases).unwrap();
            let mut progress = required.start();
            for &word in &written {
                let before = required.n_missing(&progress);
                let forward = required.next_words(&progress).any(|next| next == word);
                progress = required.after(&progress, word);
                prop_assert!(!forward || before > 0);
            }
            let occurs = |phrase: &Vec<u32>| written.windows(phrase.len()).any(|window| window == phrase);
            prop_assert_eq!(required.n_missing(&progress) == 0, phrases.iter().all(occurs));
            let mut n_missing = required.n_missing(&progress);
            while n_missing > 0 {
                // Of the words that bring a phrase forward, one always leaves less to say.
                let next: Vec<_> = required.next_words(&progress).map(|word| required.after(&progress, word)).collect();
                progress = next.into_iter().min_by_key(|progress| required.n_missing(progress)).unwrap();
                prop_assert!(required.n_missing(&progress) < n_missing);
                n_missing = required.n_missing(&progress);
            }
        }
    }
}
