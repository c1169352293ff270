//! What somebody may be about to type: names, brands, categories, earlier queries, by their beginning, by the beginning of
//! a word within, or by their sound (`hua` and `hw` for 华为). What was found for a query is not known here.

use serde::Serialize;

use super::snapshot::Snapshot;
use super::sounds::readings;
use super::units::{cut, fold, is_ideograph};
use crate::LanguageError;

/// Bytes of what is typed that are looked at.
const TYPED_MAX: usize = 128;
/// Words of a phrase that may be begun with.
const STARTS_MAX: usize = 6;
/// Ideographs of a phrase that are read aloud.
const HEARD_MAX: usize = 8;
/// A phrase begun in the middle is worth this part of one begun at its start.
const WITHIN: f64 = 0.5;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Completion {
    pub text: String,
    pub weight: f64,
}

/// Phrases made ready.
#[derive(Debug, Default)]
pub struct Suggester {
    phrases: Vec<(String, f64)>,
    /// What is typed, in order; the phrase; whether it is the phrase's beginning.
    keys: Vec<(Box<str>, u32, bool)>,
}

impl Suggester {
    /// Phrases with what each is worth (searches, sales; 0 or more). Of phrases that fold to the same the weights add up,
    /// and the heaviest is shown.
    pub fn new(phrases: impl IntoIterator<Item = (String, f64)>) -> Self {
        let mut by_form: std::collections::BTreeMap<String, (String, f64, f64)> = Default::default();
        for (phrase, weight) in phrases {
            let (phrase, weight) = (phrase.trim(), if weight.is_finite() { weight.max(0.0) } else { 0.0 });
            let form = spaced(phrase);
            if form.is_empty() {
                continue;
            }
            let known = by_form.entry(form).or_insert_with(|| (phrase.to_owned(), weight, 0.0));
            if (weight, std::cmp::Reverse(phrase)) > (known.1, std::cmp::Reverse(known.0.as_str())) {
                (known.0, known.1) = (phrase.to_owned(), weight);
            }
            known.2 += weight;
        }
        let mut suggester = Suggester::default();
        for (form, (phrase, _, weight)) in by_form {
            let at = suggester.phrases.len() as u32;
            suggester.phrases.push((phrase, weight));
            suggester.add_keys(&form, at);
        }
        suggester.keys.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.cmp(&b.1)).then(b.2.cmp(&a.2)));
        suggester.keys.dedup_by(|a, b| a.0 == b.0 && a.1 == b.1);
        suggester
    }

    /// The names, brands and categories of an index, and earlier queries with how often they were asked.
    pub fn of(snapshot: &Snapshot, queries: impl IntoIterator<Item = (String, f64)>) -> Result<Self, LanguageError> {
        let mut phrases: Vec<(String, f64)> = queries.into_iter().map(|(query, n)| (query, n + 1.0)).collect();
        for entry in snapshot.entries() {
            let entry = entry?;
            let weight = 1.0 + entry.popularity.unwrap_or(0.0).ln_1p();
            phrases.extend(entry.brand.map(|brand| (brand, weight)));
            let last = entry.category.as_deref().and_then(|path| path.rsplit('/').next()).map(str::to_owned);
            phrases.extend(last.map(|category| (category, weight)));
            phrases.push((entry.name, weight));
        }
        Ok(Suggester::new(phrases))
    }

    fn add_keys(&mut self, form: &str, at: u32) {
        let words = form.char_indices().filter(|(at, _)| *at == 0 || form[..*at].ends_with(' ')).map(|(at, _)| at);
        for (n, start) in words.take(STARTS_MAX).enumerate() {
            self.keys.push((cut(&form[start..], TYPED_MAX).into(), at, n == 0));
        }
        // Runs of ideographs may be begun anywhere.
        let inside = form.char_indices().skip(1).filter(|(_, character)| is_ideograph(*character)).take(HEARD_MAX);
        for (start, _) in inside {
            self.keys.push((cut(&form[start..], TYPED_MAX).into(), at, false));
        }
        let ideographs = |character: &char| is_ideograph(*character);
        let first: String = form
            .chars()
            .skip_while(|character| !ideographs(character))
            .take_while(ideographs)
            .take(HEARD_MAX)
            .collect();
        let is_start = form.chars().next().is_some_and(is_ideograph);
        for (full, initials) in readings(&first) {
            self.keys.push((full.into(), at, is_start));
            self.keys.push((initials.into(), at, is_start));
        }
    }

    pub fn n_phrases(&self) -> usize {
        self.phrases.len()
    }

    /// The heaviest `n` phrases that begin with what is typed, ties in order. Nothing for nothing.
    pub fn complete(&self, typed: &str, n: usize) -> Vec<Completion> {
        let typed = spaced(cut(typed, TYPED_MAX));
        if typed.is_empty() || n == 0 {
            return Vec::new();
        }
        let mut found = self.with_prefix(&typed);
        if typed.contains(' ') && typed.is_ascii() {
            // Sounds are typed with spaces or without.
            found.extend(self.with_prefix(&typed.replace(' ', "")));
        }
        let mut best: std::collections::BTreeMap<u32, f64> = Default::default();
        for (phrase, is_start) in found {
            let weight = (self.phrases[phrase as usize].1 + 1.0) * if is_start { 1.0 } else { WITHIN };
            let known = best.entry(phrase).or_insert(weight);
            *known = known.max(weight);
        }
        let mut best: Vec<(u32, f64)> = best.into_iter().collect();
        best.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let shown = best.into_iter().take(n).map(|(phrase, _)| &self.phrases[phrase as usize]);
        shown.map(|(text, weight)| Completion { text: text.clone(), weight: *weight }).collect()
    }

    fn with_prefix(&self, prefix: &str) -> Vec<(u32, bool)> {
        let start = self.keys.partition_point(|(key, ..)| key.as_ref() < prefix);
        let same = self.keys[start..].iter().take_while(|(key, ..)| key.starts_with(prefix));
        same.map(|(_, phrase, is_start)| (*phrase, *is_start)).collect()
    }
}

/// Folded, signs as single spaces.
fn spaced(text: &str) -> String {
    let folded = fold(text);
    let words = folded.text().split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_completed() {
        let phrases = [
            ("华为 Mate 60 Pro", 5.0),
            ("华为", 9.0),
            ("小米手机", 3.0),
            ("iPhone 15 Pro", 7.0),
            ("IPHONE-15 pro", 1.0),
            ("", 4.0),
        ];
        let suggester = Suggester::new(phrases.map(|(text, weight)| (text.to_owned(), weight)));
        assert_eq!(suggester.n_phrases(), 4);
        let complete =
            |typed: &str| suggester.complete(typed, 2).into_iter().map(|found| found.text).collect::<Vec<_>>();
        assert_eq!(complete("华"), ["华为", "华为 Mate 60 Pro"]);
        assert_eq!(complete("hua"), ["华为", "华为 Mate 60 Pro"]);
        assert_eq!(complete("hw"), ["华为", "华为 Mate 60 Pro"]);
        assert_eq!(complete("xiao mi sh"), ["小米手机"]);
        assert_eq!(complete("手"), ["小米手机"]);
        assert_eq!(complete("ma"), ["华为 Mate 60 Pro"]);
        assert_eq!(complete("IPHONE 1"), ["iPhone 15 Pro"]);
        assert_eq!(suggester.complete("iph", 1)[0].weight, 8.0);
        assert!(complete("").is_empty() && complete("!!").is_empty() && complete("zz").is_empty());
        assert!(complete(&"x".repeat(1_000_000)).is_empty());
    }
}
