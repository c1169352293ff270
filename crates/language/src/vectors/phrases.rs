//! Words that belong together: pairs found next to each other more often than their counts let one expect (Mikolov et al.
//! 2013, eq. 6) or by normalised pointwise mutual information (Bouma 2009). Applied again to its own output it finds
//! longer ones. Sentences come in as tokens and go out as tokens.

use domain::{Card, Kind, Param, Settings};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::LanguageError;

pub static CARD: Card = Card {
    name: "phrases",
    sentence: "Joins words that are found next to each other far more often than by chance, such as New_York.",
    family: "vectors",
    params: &[
        Param {
            name: "scoring",
            sentence: "How a pair is judged: count for its excess over chance, npmi between -1 and 1.",
            unit: "",
            kind: Kind::Choice { options: &["count", "npmi"], default: "count" },
        },
        Param {
            name: "threshold",
            sentence: "Pairs with a score above this are joined; about 10 for count, 0.5 for npmi.",
            unit: "",
            kind: Kind::Float { min: -1.0, max: 1e12, default: 10.0 },
        },
        Param {
            name: "min_count",
            sentence: "Words and pairs found less often are not joined.",
            unit: "occurrences",
            kind: Kind::Int { min: 1, max: 1_000_000_000, default: 5 },
        },
        Param {
            name: "passes",
            sentence: "How often joining is repeated: 2 finds phrases of up to four words.",
            unit: "passes",
            kind: Kind::Int { min: 1, max: 8, default: 1 },
        },
    ],
    input: "sentences as tokens, gone through once a pass",
    source: "Mikolov, Sutskever, Chen, Corrado, Dean 2013, eq. 6; Bouma 2009, Normalized (pointwise) mutual information in collocation extraction",
};

/// How a pair is judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scoring {
    /// (n_ab − min_count) × n_entries / (n_a n_b), with n_entries all different words and pairs.
    Count,
    /// ln(p_ab / (p_a p_b)) / −ln p_ab.
    Npmi,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PhraseSettings {
    pub scoring: Scoring,
    pub threshold: f64,
    pub min_count: u64,
    /// Words that may stand within a phrase but neither begin nor end one: `of`, `the`.
    pub connectors: Vec<String>,
    /// Different words, and different pairs, that are counted at most: beyond, the rarest pairs are forgotten and new words
    /// are not taken up.
    pub entries_max: usize,
}

impl Default for PhraseSettings {
    fn default() -> Self {
        PhraseSettings {
            scoring: Scoring::Count,
            threshold: 10.0,
            min_count: 5,
            connectors: Vec::new(),
            entries_max: 40_000_000,
        }
    }
}

impl PhraseSettings {
    pub fn from_settings(settings: &Settings) -> Self {
        let scoring = if settings.text("scoring") == "npmi" { Scoring::Npmi } else { Scoring::Count };
        let min_count = settings.usize("min_count") as u64;
        PhraseSettings { scoring, threshold: settings.float("threshold"), min_count, ..Default::default() }
    }
}

/// Between the words of a phrase.
pub const DELIMITER: &str = "_";

/// Counts words and neighbours.
pub struct PhraseCounter {
    settings: PhraseSettings,
    connectors: FxHashSet<String>,
    ids: FxHashMap<String, u32>,
    /// Of words that are no connectors, by id.
    counts: Vec<u64>,
    /// First word, connectors between, last word.
    pairs: FxHashMap<Box<[u32]>, u64>,
    n_words: u64,
    forgotten: u64,
}

/// The phrases found. Knows no counts any more.
#[derive(Clone, Debug, PartialEq)]
pub struct Phrases {
    connectors: FxHashSet<String>,
    ids: FxHashMap<String, u32>,
    scores: FxHashMap<Box<[u32]>, f64>,
}

impl PhraseCounter {
    pub fn new(settings: PhraseSettings) -> Self {
        PhraseCounter {
            connectors: settings.connectors.iter().cloned().collect(),
            settings,
            ids: FxHashMap::default(),
            counts: Vec::new(),
            pairs: FxHashMap::default(),
            n_words: 0,
            forgotten: 0,
        }
    }

    /// `None` for a new word when there is no more room.
    fn id(&mut self, word: &str) -> Option<u32> {
        if let Some(&id) = self.ids.get(word) {
            return Some(id);
        }
        if self.ids.len() >= self.settings.entries_max {
            return None;
        }
        let id = self.ids.len() as u32;
        self.ids.insert(word.to_owned(), id);
        self.counts.push(0);
        Some(id)
    }

    pub fn add<S: AsRef<str>>(&mut self, sentence: impl IntoIterator<Item = S>) {
        // The word that may begin a phrase, and the connectors since.
        let mut run: Vec<u32> = Vec::new();
        for word in sentence {
            let word = word.as_ref();
            self.n_words += 1;
            let Some(id) = self.id(word) else {
                run.clear();
                continue;
            };
            if !self.connectors.contains(word) {
                self.counts[id as usize] += 1;
                if !run.is_empty() {
                    run.push(id);
                    *self.pairs.entry(run.as_slice().into()).or_insert(0) += 1;
                }
                run.clear();
                run.push(id);
            } else if !run.is_empty() {
                run.push(id);
            }
        }
        while self.pairs.len() > self.settings.entries_max {
            self.forgotten += 1;
            let bar = self.forgotten;
            self.pairs.retain(|_, count| *count > bar);
        }
    }

    /// The phrases of what was counted.
    pub fn finish(self) -> Phrases {
        let n_counted = self.counts.iter().filter(|count| **count > 0).count();
        let n_entries = (n_counted + self.pairs.len()) as f64;
        let settings = &self.settings;
        let score = |pair: &[u32], n_pair: u64| {
            let n_of = |at: Option<&u32>| at.map_or(0, |&id| self.counts[id as usize]) as f64;
            let (n_first, n_last) = (n_of(pair.first()), n_of(pair.last()));
            match settings.scoring {
                Scoring::Count => (n_pair as f64 - settings.min_count as f64) / n_first / n_last * n_entries,
                Scoring::Npmi if n_pair < settings.min_count => f64::NEG_INFINITY,
                Scoring::Npmi => {
                    let share = |n: f64| n / self.n_words as f64;
                    let of_pair = share(n_pair as f64);
                    (of_pair / (share(n_first) * share(n_last))).ln() / -of_pair.ln()
                }
            }
        };
        let scored = self.pairs.iter().map(|(pair, &n)| (pair.clone(), score(pair, n)));
        let scores = scored.filter(|(_, score)| *score > settings.threshold).collect();
        Phrases { connectors: self.connectors, ids: self.ids, scores }
    }
}

impl Phrases {
    /// Finds phrases in sentences, `n_passes` times over: each pass reads what the one before has joined.
    pub fn learn<I, S>(sentences: impl Fn() -> I, settings: &PhraseSettings, n_passes: usize) -> Vec<Phrases>
    where
        I: IntoIterator,
        I::Item: IntoIterator<Item = S>,
        S: AsRef<str>,
    {
        let mut found: Vec<Phrases> = Vec::new();
        for _ in 0..n_passes {
            let mut counter = PhraseCounter::new(settings.clone());
            for sentence in sentences() {
                let words = sentence.into_iter().map(|word| word.as_ref().to_owned()).collect();
                counter.add(found.iter().fold(words, |words: Vec<String>, phrases| phrases.join(&words)));
            }
            found.push(counter.finish());
        }
        found
    }

    pub fn len(&self) -> usize {
        self.scores.len()
    }

    pub fn is_empty(&self) -> bool {
        self.scores.is_empty()
    }

    /// The phrases with their scores, best first, equal ones by their letters.
    pub fn list(&self) -> Vec<(String, f64)> {
        let mut words = vec![""; self.ids.len()];
        self.ids.iter().for_each(|(word, &id)| words[id as usize] = word);
        let spell = |pair: &[u32]| pair.iter().map(|&id| words[id as usize]).collect::<Vec<_>>().join(DELIMITER);
        let mut list: Vec<_> = self.scores.iter().map(|(pair, &score)| (spell(pair), score)).collect();
        list.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        list
    }

    /// The sentence with phrases joined, from the left, each word in one phrase at most.
    pub fn join<S: AsRef<str>>(&self, sentence: &[S]) -> Vec<String> {
        let mut joined: Vec<String> = Vec::with_capacity(sentence.len());
        // Places of the word that may begin a phrase and of the connectors since; ids of the same.
        let mut start: Option<usize> = None;
        let mut run: Vec<u32> = Vec::new();
        let words = |from: usize, to: usize| sentence[from..to].iter().map(|word| word.as_ref().to_owned());
        for (at, word) in sentence.iter().enumerate() {
            let word = word.as_ref();
            // A word never seen is in no phrase.
            let id = self.ids.get(word).copied().unwrap_or(u32::MAX);
            if self.connectors.contains(word) {
                match start {
                    Some(_) => run.push(id),
                    None => joined.push(word.to_owned()),
                }
                continue;
            }
            if let Some(from) = start {
                run.push(id);
                if self.scores.contains_key(run.as_slice()) {
                    joined.push(words(from, at + 1).collect::<Vec<_>>().join(DELIMITER));
                    start = None;
                    continue;
                }
                joined.extend(words(from, at));
            }
            start = Some(at);
            run.clear();
            run.push(id);
        }
        if let Some(from) = start {
            joined.extend(words(from, sentence.len()));
        }
        joined
    }
}

/// Learns by the card's settings.
pub fn learn<I, S>(sentences: impl Fn() -> I, settings: &Settings) -> Result<Vec<Phrases>, LanguageError>
where
    I: IntoIterator,
    I::Item: IntoIterator<Item = S>,
    S: AsRef<str>,
{
    let wanted = PhraseSettings::from_settings(settings);
    if wanted.scoring == Scoring::Npmi && wanted.threshold > 1.0 {
        return Err(LanguageError::unfit("threshold", wanted.threshold, "-1 to 1 for npmi"));
    }
    Ok(Phrases::learn(sentences, &wanted, settings.usize("passes")))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn count(texts: &[&str], settings: PhraseSettings) -> Phrases {
        let mut counter = PhraseCounter::new(settings);
        texts.iter().for_each(|text| counter.add(text.split(' ')));
        counter.finish()
    }

    fn joined(phrases: &Phrases, text: &str) -> String {
        phrases.join(&text.split(' ').collect::<Vec<_>>()).join(" ")
    }

    /// By hand: 6 words and 5 pairs (new york, york is, is big, big new, is old) make 11 entries; new york is there 3
    /// times, as are new and york: (3 − 1) × 11 / 9 = 2.444.
    #[test]
    fn a_pair_is_judged_by_its_excess() {
        let texts = ["new york is big", "new york is old", "big new york far"];
        let settings = PhraseSettings { threshold: 2.0, min_count: 1, ..PhraseSettings::default() };
        let phrases = count(&texts, settings);
        let list = phrases.list();
        // york far is a sixth pair, far a seventh word: (3 − 1) × (6 + 6) / 9.
        assert_eq!(list.len(), 1);
        assert!(list[0].0 == "new_york" && (list[0].1 - 2.0 * 12.0 / 9.0).abs() < 1e-12, "{list:?}");
        assert_eq!(joined(&phrases, "new york new york york new"), "new_york new_york york new");
        assert_eq!(joined(&phrases, "new unknown york"), "new unknown york");
        assert_eq!(phrases.join::<&str>(&[]), Vec::<String>::new());
    }

    #[test]
    fn connectors_stand_within_a_phrase_only() {
        let texts = ["bank of china the", "the bank of china", "of the bank of china"];
        let connectors = vec!["of".to_owned(), "the".to_owned()];
        let settings = PhraseSettings { threshold: 0.1, min_count: 1, connectors, ..PhraseSettings::default() };
        let phrases = count(&texts, settings);
        assert_eq!(joined(&phrases, "the bank of china of"), "the bank_of_china of");
        assert_eq!(joined(&phrases, "the bank china"), "the bank china");
        assert_eq!(joined(&phrases, "bank of the"), "bank of the");
    }

    #[test]
    fn passes_make_longer_phrases() {
        let texts = ["a b c d x", "y a b c d", "a b c d", "z a b c d", "x y z", "z y x", "y z"];
        let settings = PhraseSettings { threshold: 0.5, min_count: 1, ..PhraseSettings::default() };
        let passes = Phrases::learn(|| texts.iter().map(|text| text.split(' ')), &settings, 2);
        let words: Vec<String> = "z a b c d".split(' ').map(str::to_owned).collect();
        let found = passes.iter().fold(words, |words, phrases| phrases.join(&words));
        assert_eq!(found, ["z", "a_b_c_d"]);
        let card = CARD.settings_from_texts(&["scoring=npmi"]).unwrap();
        assert!(learn(|| texts.iter().map(|text| text.split(' ')), &card).unwrap_err().to_string().contains("-1 to 1"));
    }

    #[test]
    fn memory_is_bounded() {
        let settings = PhraseSettings { entries_max: 100, threshold: 0.1, ..PhraseSettings::default() };
        let mut counter = PhraseCounter::new(settings);
        for at in 0..1000 {
            counter.add(["new".to_owned(), "york".to_owned(), format!("a{at}"), format!("b{at}")]);
            assert!(counter.pairs.len() <= 100 && counter.ids.len() <= 100);
        }
        assert_eq!(counter.finish().list()[0].0, "new_york");
    }

    /// gensim 4.4.0, `Phrases(sentences, min_count=5, …)` on the lower-cased Lee background corpus split at white space:
    /// numbers of phrases, the best and the last of them, and tokens after joining with those that are joined.
    #[test]
    fn phrases_are_those_of_gensim() {
        let folder = std::env::var_os("TERCET_DATA").map(std::path::PathBuf::from);
        let folder =
            folder.unwrap_or(std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
        let file = folder.join("text/corpus_gensim_small_en/lee_background.cor.gz");
        let Ok(bytes) = std::fs::read(&file) else {
            println!("skipped: {} is not there", file.display());
            return;
        };
        let mut text = String::new();
        flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
        let text = text.to_lowercase();
        let sentences = || text.lines().map(str::split_whitespace);
        let connectors: Vec<String> = ["of", "the", "in", "a"].map(str::to_owned).to_vec();
        let default = PhraseSettings::default;
        for (settings, n, first, last, n_tokens, n_joined) in [
            (default(), 284, ("tora_bora", 1251.2977667493797), ("so_that", 10.14223113879943), 56_279, 3611),
            (
                PhraseSettings { scoring: Scoring::Npmi, threshold: 0.5, ..default() },
                243,
                ("al_qaeda", 0.99715792853973),
                ("are_still", 0.5021519279953296),
                57_448,
                2442,
            ),
            (
                PhraseSettings { connectors, ..default() },
                271,
                ("tora_bora", 1243.1426799007445),
                ("so_that", 10.076131144078982),
                56_457,
                3391,
            ),
        ] {
            let found = Phrases::learn(sentences, &settings, 1).remove(0);
            let list = found.list();
            assert_eq!(list.len(), n, "{settings:?}");
            for ((word, score), expected) in [(&list[0], first), (&list[n - 1], last)] {
                assert!(word == expected.0 && (score - expected.1).abs() < 1e-9 * expected.1, "{word} {score}");
            }
            let tokens: Vec<String> = sentences().flat_map(|words| found.join(&words.collect::<Vec<_>>())).collect();
            assert_eq!((tokens.len(), tokens.iter().filter(|word| word.contains('_')).count()), (n_tokens, n_joined));
        }
    }
}
