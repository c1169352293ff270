//! Learning the vectors of words from sentences: the card, its settings, and the way to `neural::sequences`, which does the
//! work. Words are ids there, and pieces of words are parts of ids.

use domain::{Card, Kind, Param, Settings};
use math::Factors;
use neural::sequences::{self, Embedding, Parts, Sequences, settings};

use super::subwords::Subwords;
use super::under_way;
use super::vocabulary::{Corpus, Vocabulary};
use super::word_vectors::{Pieces, WordVectors};
use crate::LanguageError;

pub static CARD: Card = Card {
    name: "word2vec",
    sentence: "Learns vectors of words from the company they keep, so that words used alike are near each other.",
    family: "vectors",
    params: &[
        settings::ARCHITECTURE,
        settings::dim(100),
        settings::window("words", 5),
        settings::LOSS,
        settings::negatives("words", 5),
        settings::power(0.75),
        settings::epochs(5),
        Param {
            name: "min_count",
            sentence: "Words found less often are left out.",
            unit: "occurrences",
            kind: Kind::Int { min: 1, max: 1_000_000_000, default: 5 },
        },
        settings::sample(1e-3),
        // Twice the original's and gensim's: on the Chinese and English texts at hand, mean of two and three seeds, 0.025
        // gives 0.31 instead of 0.39 on wordsim-240, 0.21 instead of 0.32 on WordSim-353, 0.13 instead of 0.22 on SimLex.
        settings::learning_rate(0.05),
        Param {
            name: "subwords",
            sentence: "Whether a word is also the pieces it is written with, so that unknown words have vectors.",
            unit: "",
            kind: Kind::Bool { default: false },
        },
        Param {
            name: "min_n",
            sentence: "Shortest piece: 1 for Chinese, 3 for English.",
            unit: "characters",
            kind: Kind::Int { min: 1, max: 20, default: 1 },
        },
        Param {
            name: "max_n",
            sentence: "Longest piece: 3 for Chinese, 6 for English.",
            unit: "characters",
            kind: Kind::Int { min: 1, max: 20, default: 3 },
        },
        Param {
            name: "buckets",
            sentence: "Pieces that are told apart at most.",
            unit: "pieces",
            kind: Kind::Int { min: 1, max: 1 << 30, default: 2_000_000 },
        },
    ],
    input: "sentences as tokens; for the lab a text file, one sentence a line, tokens separated by spaces",
    source: "Mikolov, Chen, Corrado, Dean 2013, Efficient estimation of word representations; Mikolov, Sutskever, Chen, \
             Corrado, Dean 2013, Distributed representations of words and phrases; Bojanowski, Grave, Joulin, Mikolov 2017, \
             Enriching word vectors with subword information; Ji, Satish, Li, Dubey 2016 (steps as products of matrices)",
};

/// What a fit needs beyond sentences and settings.
#[derive(Clone, Copy)]
pub struct TrainOptions<'a> {
    pub seed: u64,
    pub n_threads: usize,
    /// Called now and then with the share done, 0 to 1; `false` cancels.
    pub progress: sequences::Progress<'a>,
}

impl Default for TrainOptions<'_> {
    fn default() -> Self {
        TrainOptions { seed: 1, n_threads: 2, progress: &|_| true }
    }
}

/// What was learned.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    pub vectors: WordVectors,
    /// The mean loss of each epoch.
    pub losses: Vec<f64>,
    /// Words gone through, all epochs together, known or not: what "words per second" counts.
    pub n_words: u64,
}

/// Learns from sentences that can be gone through twice: once to count, once to learn.
///
/// # Errors
/// If no word is found often enough, settings do not fit each other, or the fit was cancelled.
pub fn train<I, S>(
    sentences: impl Fn() -> I,
    settings: &Settings,
    options: &TrainOptions,
) -> Result<Trained, LanguageError>
where
    I: IntoIterator,
    I::Item: IntoIterator<Item = S>,
    S: AsRef<str>,
{
    let (vocabulary, corpus) = Corpus::read(sentences, settings.usize("min_count") as u64);
    train_on(vocabulary, &corpus, settings, options)
}

/// Learns from sentences that are ids already. `min_count` is not looked at: the vocabulary was made by it.
///
/// # Errors
/// As [`train`].
pub fn train_on(
    vocabulary: Vocabulary,
    corpus: &Corpus,
    settings: &Settings,
    options: &TrainOptions,
) -> Result<Trained, LanguageError> {
    let (seed, n_threads) = (options.seed, options.n_threads);
    let watch = |learning: &Learning| (options.progress)(learning.share);
    train_resumed(vocabulary, corpus, settings, &Resume { seed, n_threads, kept: None, watch: &watch })
}

/// How far learning is.
pub struct Learning<'a> {
    /// 0 to 1.
    pub share: f64,
    /// The mean loss of each epoch done.
    pub losses: &'a [f64],
    reached: &'a sequences::Reached<'a>,
    origin: u64,
}

impl Learning<'_> {
    /// All that learning needs to go on from here ([`Resume::kept`]).
    pub fn to_bytes(&self) -> Vec<u8> {
        under_way::to_bytes(self.reached, self.origin)
    }
}

/// What a fit that can be stopped and go on needs beyond sentences and settings.
#[derive(Clone, Copy)]
pub struct Resume<'a> {
    pub seed: u64,
    pub n_threads: usize,
    /// What [`Learning::to_bytes`] gave. Learning begins anew if that was learned of other sentences, settings or seed.
    pub kept: Option<&'a [u8]>,
    /// Asked now and then; `false` stops.
    pub watch: &'a (dyn Fn(&Learning) -> bool + Sync),
}

/// As [`train_on`], going on from what was kept of an earlier run: the vectors are the same, bit for bit, as from one run.
///
/// # Errors
/// As [`train`], and if what was kept is damaged.
pub fn train_resumed(
    vocabulary: Vocabulary,
    corpus: &Corpus,
    settings: &Settings,
    options: &Resume,
) -> Result<Trained, LanguageError> {
    if vocabulary.is_empty() || corpus.ids.is_empty() {
        let allowed =
            format!("a word found {} times or more, lower 'min_count' or give more text", settings.int("min_count"));
        return Err(LanguageError::unfit("words to learn from", "none", allowed));
    }
    let wanted = Embedding::of_settings(settings, options.seed, options.n_threads);
    let sequences = Sequences { ids: &corpus.ids, ends: &corpus.ends };
    let n_words = corpus.n_words * wanted.n_epochs as u64;
    let origin = under_way::origin(&vocabulary, corpus, settings, options.seed);
    let from = options.kept.map(|bytes| under_way::from_bytes(bytes, origin)).transpose()?.flatten();
    let watch = |reached: &sequences::Reached| {
        (options.watch)(&Learning { share: reached.share, losses: reached.losses, reached, origin })
    };
    let embed = |parts| sequences::embed_from(sequences, vocabulary.len(), parts, &wanted, from.as_ref(), &watch);
    if !settings.bool("subwords") {
        let found = embed(None)?;
        let vectors = WordVectors::new(vocabulary, found.input, None)?;
        return Ok(Trained { vectors, losses: found.losses, n_words });
    }
    let buckets = u32::try_from(settings.int("buckets")).expect("the card's range");
    let subwords = Subwords::new(settings.usize("min_n"), settings.usize("max_n"), buckets)?;
    let (parts, buckets) = parts_of(&vocabulary, subwords);
    let found = embed(Some(&parts))?;
    let vectors = of_parts(&parts, &found.input);
    let mut of_buckets = Factors::zeros(buckets.len(), wanted.dim);
    let own = vocabulary.len() * of_buckets.stride;
    of_buckets.values.copy_from_slice(&found.input.values[own..]);
    let pieces = Pieces::new(subwords, buckets, of_buckets)?;
    Ok(Trained { vectors: WordVectors::new(vocabulary, vectors, Some(pieces))?, losses: found.losses, n_words })
}

/// Each word is itself and its pieces; rows of words come first, then those of the buckets met, which are returned.
fn parts_of(vocabulary: &Vocabulary, subwords: Subwords) -> (Parts, Vec<u32>) {
    let of_words: Vec<Vec<u32>> = vocabulary.words().iter().map(|word| subwords.buckets(word)).collect();
    let mut met: Vec<u32> = of_words.iter().flatten().copied().collect();
    met.sort_unstable();
    met.dedup();
    let n_words = vocabulary.len();
    let (mut starts, mut rows) = (vec![0], Vec::new());
    for (word, buckets) in of_words.iter().enumerate() {
        rows.push(word as u32);
        let row = |bucket| n_words + met.binary_search(bucket).expect("all are there");
        rows.extend(buckets.iter().map(|bucket| row(bucket) as u32));
        starts.push(rows.len());
    }
    (Parts { starts, rows, n_rows: n_words + met.len() }, met)
}

/// The mean of each word's parts. Shape: (n_words, dim).
fn of_parts(parts: &Parts, rows: &Factors) -> Factors {
    let n_words = parts.starts.len() - 1;
    let mut vectors = Factors::zeros(n_words, rows.n_factors);
    for word in 0..n_words {
        let own = parts.of(word);
        let times = 1.0 / own.len() as f32;
        let vector = vectors.row_mut(word);
        for &part in own {
            vector.iter_mut().zip(rows.row(part as usize)).for_each(|(sum, value)| *sum += times * value);
        }
    }
    vectors
}

#[cfg(test)]
mod tests {
    use math::Random;

    use super::*;

    /// Sentences about phones or about food, each of words of its own and some that both share.
    fn sentences() -> Vec<Vec<&'static str>> {
        let phones = ["手机", "屏幕", "电池", "充电", "信号", "拍照"];
        let food = ["米饭", "面条", "好吃", "味道", "辣椒", "牛肉"];
        let common = ["的", "很", "不错"];
        let mut random = Random::new(2);
        let mut sentence = |own: &[&'static str; 6]| {
            (0..8).map(|_| if random.below(4) == 0 { common[random.below(3)] } else { own[random.below(6)] }).collect()
        };
        (0..600).map(|at| sentence(if at % 2 == 0 { &phones } else { &food })).collect()
    }

    fn settings(texts: &[&str]) -> Settings {
        let small = ["dim=16", "epochs=8", "sample=0", "learning_rate=0.05"];
        CARD.settings_from_texts(&[&small[..], texts].concat()).unwrap()
    }

    fn fit(texts: &[&str]) -> Trained {
        let all = sentences();
        train(|| all.iter().cloned(), &settings(texts), &TrainOptions::default()).unwrap()
    }

    #[test]
    fn words_used_alike_are_near() {
        for texts in
            [&[][..], &["architecture=cbow", "learning_rate=0.2"], &["subwords=true"], &["loss=hierarchical_softmax"]]
        {
            let trained = fit(texts);
            assert_eq!(trained.n_words, 600 * 8 * 8);
            let near: Vec<&str> = trained.vectors.similar("手机", 5).unwrap().iter().map(|pair| pair.0).collect();
            let is_right = |word: &&&str| ["屏幕", "电池", "充电", "信号", "拍照"].contains(*word);
            assert!(near.iter().filter(is_right).count() >= 4, "{texts:?}: {near:?}");
        }
    }

    #[test]
    fn pieces_give_unknown_words_vectors() {
        let trained = fit(&["subwords=true"]);
        let vectors = &trained.vectors;
        assert!(vectors.similarity("手机壳", "手机").unwrap() > vectors.similarity("手机壳", "面条").unwrap());
        assert_eq!(WordVectors::from_bytes(&vectors.to_bytes()).unwrap(), *vectors);
        assert!(fit(&[]).vectors.vector("手机壳").is_none());
    }

    /// Stopped halfway, and gone on from bytes: the same bits. Bytes of other sentences are not gone on from, damaged ones told.
    #[test]
    fn learning_goes_on_from_bytes() {
        let all = sentences();
        let read = |all: &[Vec<&'static str>]| Corpus::read(|| all.iter().cloned(), 5);
        for texts in [&[][..], &["subwords=true"]] {
            let (vocabulary, corpus) = read(&all);
            let settings = settings(texts);
            let whole = train_on(vocabulary.clone(), &corpus, &settings, &TrainOptions::default()).unwrap();
            let kept = std::sync::Mutex::new(Vec::new());
            let stop = |learning: &Learning| {
                if learning.share >= 0.5 {
                    *kept.lock().unwrap() = learning.to_bytes();
                }
                learning.share < 0.5
            };
            let stopping = Resume { seed: 1, n_threads: 1, kept: None, watch: &stop };
            let stopped = train_resumed(vocabulary.clone(), &corpus, &settings, &stopping);
            assert!(matches!(stopped, Err(LanguageError::Neural(neural::NeuralError::Cancelled))));
            let kept = kept.into_inner().unwrap();
            let first = std::sync::Mutex::new(Vec::new());
            let watch = |learning: &Learning| {
                first.lock().unwrap().push(learning.share);
                true
            };
            let options = Resume { seed: 1, n_threads: 1, kept: Some(&kept), watch: &watch };
            assert_eq!(train_resumed(vocabulary, &corpus, &settings, &options).unwrap(), whole, "{texts:?}");
            assert!(std::mem::take(&mut *first.lock().unwrap())[0] >= 0.5);
            let (vocabulary, corpus) = read(&all[1..]);
            train_resumed(vocabulary.clone(), &corpus, &settings, &options).unwrap();
            assert_eq!(first.lock().unwrap()[0], 0.0, "other sentences are begun with anew");
            for at in (0..kept.len()).step_by(kept.len() / 97 + 1) {
                let mut damaged = kept.clone();
                damaged[at] ^= 0x10;
                for bytes in [&damaged, &kept[..at]] {
                    let options = Resume { kept: Some(bytes), ..options };
                    assert!(train_resumed(vocabulary.clone(), &corpus, &settings, &options).is_err(), "{at}");
                }
            }
        }
    }

    #[test]
    fn nothing_to_learn_from_is_said() {
        let few = [vec!["a", "b"]];
        let error = train(|| few.iter().cloned(), &settings(&[]), &TrainOptions::default()).unwrap_err();
        assert!(error.to_string().contains("5 times or more"), "{error}");
        let swapped = settings(&["subwords=true", "min_n=3", "max_n=2"]);
        let all = sentences();
        assert!(train(|| all.iter().cloned(), &swapped, &TrainOptions::default()).is_err());
        let cancel = TrainOptions { progress: &|_| false, ..TrainOptions::default() };
        let cancelled = train(|| all.iter().cloned(), &settings(&[]), &cancel);
        assert!(matches!(cancelled, Err(LanguageError::Neural(neural::NeuralError::Cancelled))));
    }

    #[test]
    fn a_vocabulary_of_one_word_is_learned() {
        let same = vec![vec!["好"; 10]; 3];
        for texts in [&[][..], &["architecture=cbow"], &["loss=hierarchical_softmax"], &["subwords=true"]] {
            let trained = train(|| same.iter().cloned(), &settings(texts), &TrainOptions::default()).unwrap();
            assert_eq!(trained.vectors.vocabulary().len(), 1);
        }
    }
}
