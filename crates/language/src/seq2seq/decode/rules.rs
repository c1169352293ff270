//! What may not be written: words, phrases, and what has been said before.

use super::{BEGIN, END, PAD, UNKNOWN};
use crate::LanguageError;

/// What may not be written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    /// Phrases that must not occur; one word is a phrase of length 1.
    pub must_not: Vec<Vec<u32>>,
    /// No sequence of this many words occurs twice in an output; 0 allows every repetition.
    pub no_repeat: usize,
    /// Never write [`UNKNOWN`].
    pub no_unknown: bool,
}

impl Rules {
    pub(super) fn check(&self) -> Result<(), LanguageError> {
        self.must_not.iter().try_for_each(|phrase| check_phrase("a phrase that must not occur", phrase))
    }

    /// Makes what may not follow `history` impossible. Shape of `log_probabilities`: (n_words).
    pub(super) fn forbid(&self, history: &[u32], log_probabilities: &mut [f32]) {
        let mut ban = |word: u32| {
            if let Some(value) = log_probabilities.get_mut(word as usize) {
                *value = f32::NEG_INFINITY;
            }
        };
        ban(PAD);
        ban(BEGIN);
        if self.no_unknown {
            ban(UNKNOWN);
        }
        for phrase in &self.must_not {
            if let Some((&last, before)) = phrase.split_last()
                && history.ends_with(before)
            {
                ban(last);
            }
        }
        if self.no_repeat > 0 && history.len() >= self.no_repeat {
            let recent = &history[history.len() + 1 - self.no_repeat..];
            history
                .windows(self.no_repeat)
                .filter(|seen| seen.starts_with(recent))
                .for_each(|seen| ban(seen[recent.len()]));
        }
    }
}

/// Refuses phrases that no output can hold.
pub(super) fn check_phrase(what: &'static str, phrase: &[u32]) -> Result<(), LanguageError> {
    match phrase.iter().find(|word| [PAD, BEGIN, END].contains(word)) {
        Some(word) => Err(LanguageError::unfit(what, format!("the id {word}"), "ids of words, above 2")),
        None if phrase.is_empty() => Err(LanguageError::unfit(what, "no word", "one word or more")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn banned(rules: &Rules, history: &[u32]) -> Vec<usize> {
        let mut values = [0f32; 10];
        rules.forbid(history, &mut values);
        (0..10).filter(|&word| values[word] == f32::NEG_INFINITY).collect()
    }

    #[test]
    fn what_is_banned_follows_from_what_was_written() {
        let none = Rules::default();
        assert_eq!(banned(&none, &[4, 4, 4]), [0, 1]);
        let words = Rules { must_not: vec![vec![7], vec![4, 5, 6], vec![99]], no_unknown: true, ..none.clone() };
        assert_eq!(banned(&words, &[4]), [0, 1, 3, 7]);
        assert_eq!(banned(&words, &[4, 5]), [0, 1, 3, 6, 7]);
        let pairs = Rules { no_repeat: 2, ..none.clone() };
        assert_eq!(banned(&pairs, &[4, 5, 4, 6, 4]), [0, 1, 5, 6]);
        assert_eq!(banned(&pairs, &[4]), [0, 1]);
        let single = Rules { no_repeat: 1, ..none };
        assert_eq!(banned(&single, &[4, 9]), [0, 1, 4, 9]);
    }

    #[test]
    fn impossible_phrases_are_named() {
        for phrase in [vec![], vec![4, END]] {
            let error = Rules { must_not: vec![phrase], ..Rules::default() }.check().unwrap_err();
            assert!(error.to_string().contains("allowed"), "{error}");
        }
    }
}
