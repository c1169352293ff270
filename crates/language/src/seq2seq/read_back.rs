//! Reads a text and tells which words of its source stand behind it, learned from pairs: what people left out when they
//! wrote, and what a model left out or made up. Knows no writer; whoever writes orders what was found by it.
//!
//! Of a source word that comes back as it is (a placeholder, a copied name) that is plain to see; of any other a logistic
//! regression over the text's words, pairs and triples decides. It does for attributes and values, which have few ways to
//! be said, what a recurrent reader does in Dušek and Jurčíček 2016 (section 4), and takes seconds.

use math::{Csr, Random};
use rustc_hash::FxHashMap;

use super::decode::{Beam, Output, StepModel, UNKNOWN, beam, beam_each};
use crate::LanguageError;
use crate::classify::Run;
use crate::classify::linear::{Linear, Method, Wanted, fit};
use crate::classify::svm::Loss;

/// The longest n-grams looked at.
const ORDER: usize = 3;
/// N-grams in fewer texts teach nothing about others.
const TEXTS_MIN: usize = 2;
/// The n-grams of most texts.
const GRAMS_MAX: usize = 32_768;
/// A source word is read back if so many sources have it, and so many do not.
const PAIRS_MIN: usize = 10;
/// The source words of most sources; with as many n-grams as allowed their weights take 32 MiB.
const WORDS_MAX: usize = 256;
/// A source word comes back as it is if so large a part of its pairs' texts has the same word …
const COPIED_MIN: f64 = 0.75;
/// … and so large a part of the texts with that word has it in the source.
const COPIED_FROM_SOURCE_MIN: f64 = 0.95;
/// Nobody is surer than this, so that one odd text cannot outweigh all else.
const SURE: f64 = 0.99;
/// Words of texts kept for each source word that it is said with.
const WAYS: usize = 3;
/// Parts of the pairs; each is judged by what was learned from the others.
const FOLDS: usize = 5;

/// A pair: the words of a source and those of its text.
pub type Pair = (Vec<u32>, Vec<u32>);

/// What of a source a text says.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadBack {
    columns: FxHashMap<[u32; ORDER], u32>,
    /// In the order of the words' ids.
    words: Vec<(u32, Signs)>,
}

/// What shows that a text says a word.
#[derive(Clone, Debug, PartialEq)]
enum Signs {
    /// This word of the text.
    Same(u32),
    /// Weights of n-grams, and the words it is most clearly said with.
    Learned(Linear, Vec<u32>),
}

impl ReadBack {
    /// Learns from pairs. `same` names the target word that is spelled like a source word.
    ///
    /// # Errors
    /// If learning fails; fewer than ten pairs with and without a word only leave it out.
    pub fn learn(pairs: &[Pair], same: &dyn Fn(u32) -> Option<u32>, seed: u64) -> Result<Self, LanguageError> {
        let all: Vec<u32> = (0..pairs.len() as u32).collect();
        let (columns, rows) = grams(pairs);
        ReadBack::of(pairs, &columns, &rows, &all, same, seed)
    }

    fn of(
        pairs: &[Pair],
        columns: &FxHashMap<[u32; ORDER], u32>,
        rows: &Csr,
        which: &[u32],
        same: &dyn Fn(u32) -> Option<u32>,
        seed: u64,
    ) -> Result<Self, LanguageError> {
        let mut words = Vec::new();
        for word in worth_reading(pairs, which) {
            let signs = match same(word).filter(|&other| comes_back(pairs, which, word, other)) {
                Some(other) => Signs::Same(other),
                None => Signs::Learned(learned(pairs, rows, which, word, seed)?, ways(pairs, which, word)),
            };
            words.push((word, signs));
        }
        words.sort_unstable_by_key(|(word, _)| *word);
        Ok(ReadBack { columns: columns.clone(), words })
    }

    /// The words that can be read back, with the probability that the text's source has them; 0 or 1 of words that come
    /// back as they are. In the order of their ids.
    pub fn probabilities(&self, text: &[u32]) -> Vec<(u32, f64)> {
        let row = self.row(text);
        let mut scores = Vec::new();
        let mut probability = |signs: &Signs| match signs {
            Signs::Same(other) => f64::from(u8::from(text.contains(other))),
            Signs::Learned(linear, _) => {
                linear.scores(row.iter().map(|&column| (column, 1.0)), &mut scores);
                1.0 / (1.0 + (-scores[0]).exp())
            }
        };
        self.words.iter().map(|(word, signs)| (*word, probability(signs))).collect()
    }

    /// The logarithm of the probability that the text's source has the words it has and no others, of those that can be
    /// read back.
    pub fn log_likelihood(&self, source: &[u32], text: &[u32]) -> f64 {
        let sure = |probability: f64| probability.clamp(1.0 - SURE, SURE);
        let each = self.probabilities(text).into_iter().map(|(word, probability)| {
            if source.contains(&word) { sure(probability).ln() } else { sure(1.0 - probability).ln() }
        });
        each.sum()
    }

    /// The words of the source that the text leaves out, and words it says that the source has not.
    pub fn differences(&self, source: &[u32], text: &[u32]) -> (Vec<u32>, Vec<u32>) {
        let (mut missing, mut added) = (Vec::new(), Vec::new());
        for (word, probability) in self.probabilities(text) {
            match (source.contains(&word), probability >= 0.5) {
                (true, false) => missing.push(word),
                (false, true) => added.push(word),
                _ => {}
            }
        }
        (missing, added)
    }

    /// Lists of phrases that must occur if the words in `missing` are to be said: in each list every word in another way.
    fn ways(&self, missing: &[u32]) -> Vec<Vec<Vec<u32>>> {
        let way = |word: u32, at: usize| {
            let place = self.words.binary_search_by_key(&word, |signs| signs.0).ok()?;
            let other = match &self.words[place].1 {
                Signs::Same(other) => other,
                Signs::Learned(_, ways) => ways.get(at).or(ways.last())?,
            };
            Some(vec![*other])
        };
        let all = |at| missing.iter().filter_map(|&word| way(word, at)).collect();
        let mut lists: Vec<Vec<Vec<u32>>> = (0..WAYS).map(all).collect();
        lists.dedup();
        lists
    }

    /// All that a beam finds for each source, best first by score and `weight` times how well the source can be read back
    /// ([`ReadBack::reorder`]). With `say_all`, where the best output of a source leaves something out, it is written again
    /// with words that this is said with: surer to say everything, by texts that the model finds less likely. Nothing is asked
    /// for that would be said anyway.
    ///
    /// # Errors
    /// As [`beam`].
    pub fn write<M: StepModel>(
        &self,
        model: &M,
        sources: &[&[u32]],
        wanted: &Beam,
        weight: f32,
        say_all: bool,
    ) -> Result<Vec<Vec<Output>>, LanguageError> {
        let wanted = Beam { n_best: wanted.width, consensus: false, ..wanted.clone() };
        let mut found = beam(model, sources, &wanted)?;
        let (mut again, mut phrases) = (Vec::new(), Vec::new());
        for (at, (source, outputs)) in sources.iter().zip(&mut found).enumerate() {
            self.reorder(source, outputs, weight);
            let missing = outputs.first().map_or_else(Vec::new, |best| self.differences(source, &best.tokens).0);
            if say_all && !missing.is_empty() {
                let lists = self.ways(&missing);
                again.extend(lists.iter().map(|_| at));
                phrases.extend(lists);
            }
        }
        let repeated: Vec<&[u32]> = again.iter().map(|&at| sources[at]).collect();
        for (at, mut outputs) in again.into_iter().zip(beam_each(model, &repeated, &wanted, &phrases)?) {
            outputs.retain(|output| output.complete && found[at].iter().all(|known| known.tokens != output.tokens));
            self.reorder(sources[at], &mut outputs, weight);
            found[at].extend(outputs);
            found[at].sort_by(|a, b| b.score.total_cmp(&a.score));
        }
        Ok(found)
    }

    /// Orders outputs anew, best first: `weight` times how well the source can be read back is added to their scores.
    pub fn reorder(&self, source: &[u32], outputs: &mut [Output], weight: f32) {
        for output in outputs.iter_mut() {
            output.score += weight * self.log_likelihood(source, &output.tokens) as f32;
        }
        outputs.sort_by(|a, b| b.score.total_cmp(&a.score));
    }

    /// The n-grams that the text has, each once.
    fn row(&self, text: &[u32]) -> Vec<u32> {
        let mut row: Vec<u32> = n_grams(text).filter_map(|gram| self.columns.get(&gram).copied()).collect();
        row.sort_unstable();
        row.dedup();
        row
    }
}

/// The pairs with sources cut to what their texts say, for learning to say all one is asked for and nothing else. Whether a
/// text says a word is judged by what other sources' pairs taught; what cannot be read back stays. Sources of which
/// nothing would be left stay whole.
///
/// # Errors
/// As [`ReadBack::learn`].
pub fn cut_to_said(pairs: &[Pair], same: &dyn Fn(u32) -> Option<u32>, seed: u64) -> Result<Vec<Pair>, LanguageError> {
    let (columns, rows) = grams(pairs);
    let fold_of = folds(pairs, seed);
    let mut cut = pairs.to_vec();
    for fold in 0..FOLDS {
        let (own, others): (Vec<u32>, Vec<u32>) = (0..pairs.len() as u32).partition(|&at| fold_of[at as usize] == fold);
        let reader = ReadBack::of(pairs, &columns, &rows, &others, same, seed)?;
        for at in own {
            let (source, text) = &pairs[at as usize];
            let (missing, _) = reader.differences(source, text);
            if source.iter().any(|word| !missing.contains(word)) {
                cut[at as usize].0.retain(|word| !missing.contains(word));
            }
        }
    }
    Ok(cut)
}

/// The part each pair is in: pairs with one source together, since their texts are alike.
fn folds(pairs: &[Pair], seed: u64) -> Vec<usize> {
    let mut sources: Vec<&[u32]> = pairs.iter().map(|pair| &pair.0[..]).collect();
    sources.sort_unstable();
    sources.dedup();
    Random::new(seed).shuffle(&mut sources);
    let fold: FxHashMap<&[u32], usize> = sources.into_iter().zip((0..FOLDS).cycle()).collect();
    pairs.iter().map(|pair| fold[&pair.0[..]]).collect()
}

/// Source words with enough pairs on either side, at most as many as allowed.
fn worth_reading(pairs: &[Pair], which: &[u32]) -> Vec<u32> {
    let mut counts: FxHashMap<u32, usize> = FxHashMap::default();
    let mut own = Vec::new();
    for &at in which {
        own.clone_from(&pairs[at as usize].0);
        own.sort_unstable();
        own.dedup();
        own.iter().filter(|&&word| word > UNKNOWN).for_each(|&word| *counts.entry(word).or_default() += 1);
    }
    let is_worth = |count: usize| count >= PAIRS_MIN && which.len() - count >= PAIRS_MIN;
    let mut words: Vec<(u32, usize)> = counts.into_iter().filter(|&(_, count)| is_worth(count)).collect();
    words.sort_unstable_by_key(|&(word, count)| (std::cmp::Reverse(count), word));
    words.truncate(WORDS_MAX);
    words.into_iter().map(|(word, _)| word).collect()
}

/// Whether `word` of sources comes back as `other` in texts.
fn comes_back(pairs: &[Pair], which: &[u32], word: u32, other: u32) -> bool {
    let (mut in_source, mut in_text, mut in_both) = (0, 0, 0);
    for (source, text) in which.iter().map(|&at| &pairs[at as usize]) {
        let (asked, said) = (source.contains(&word), text.contains(&other));
        in_source += usize::from(asked);
        in_text += usize::from(said);
        in_both += usize::from(asked && said);
    }
    let part = |whole: usize| f64::from(in_both as u32) / f64::from(whole.max(1) as u32);
    part(in_source) >= COPIED_MIN && part(in_text) >= COPIED_FROM_SOURCE_MIN
}

/// The words of texts that go most clearly with a source word: by the likelihood ratio of both counts (Dunning 1993).
fn ways(pairs: &[Pair], which: &[u32], word: u32) -> Vec<u32> {
    let mut counts: FxHashMap<u32, [f64; 2]> = FxHashMap::default();
    let mut n = [0f64; 2];
    for (source, text) in which.iter().map(|&at| &pairs[at as usize]) {
        let side = usize::from(source.contains(&word));
        n[side] += 1.0;
        unique(text.clone()).into_iter().for_each(|other| counts.entry(other).or_default()[side] += 1.0);
    }
    let share = |[without, with]: [f64; 2]| (without / n[0], with / n[1]);
    let term = |k: f64, expected: f64| if k > 0.0 { k * (k / expected).ln() } else { 0.0 };
    let ratio = |count: [f64; 2]| {
        let all = (count[0] + count[1]) / (n[0] + n[1]);
        (0..2)
            .map(|side| term(count[side], n[side] * all) + term(n[side] - count[side], n[side] * (1.0 - all)))
            .sum::<f64>()
    };
    let more = counts.into_iter().filter(|&(other, count)| other > UNKNOWN && share(count).1 > share(count).0);
    let mut ranked: Vec<(u32, f64)> = more.map(|(other, count)| (other, ratio(count))).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranked.into_iter().take(WAYS).map(|(other, _)| other).collect()
}

fn learned(pairs: &[Pair], rows: &Csr, which: &[u32], word: u32, seed: u64) -> Result<Linear, LanguageError> {
    let labels: Vec<u32> = pairs.iter().map(|(source, _)| u32::from(source.contains(&word))).collect();
    let wanted = Wanted { method: Method::OneVsRest(Loss::Logistic), ..Wanted::default() };
    fit(rows, &labels, 2, None, which, &wanted, &Run::new(seed, &|_| true))
}

/// The columns of n-grams, and each text's row of them.
fn grams(pairs: &[Pair]) -> (FxHashMap<[u32; ORDER], u32>, Csr) {
    let own: Vec<Vec<[u32; ORDER]>> = pairs.iter().map(|(_, text)| unique(n_grams(text).collect())).collect();
    let mut counts: FxHashMap<[u32; ORDER], usize> = FxHashMap::default();
    own.iter().flatten().for_each(|&gram| *counts.entry(gram).or_default() += 1);
    let mut kept: Vec<([u32; ORDER], usize)> = counts.into_iter().filter(|&(_, count)| count >= TEXTS_MIN).collect();
    kept.sort_unstable_by_key(|&(gram, count)| (std::cmp::Reverse(count), gram));
    kept.truncate(GRAMS_MAX);
    let columns: FxHashMap<[u32; ORDER], u32> = kept.iter().map(|&(gram, _)| gram).zip(0..).collect();
    let triplets: Vec<(u32, u32, f32)> = (0..)
        .zip(&own)
        .flat_map(|(row, grams)| grams.iter().map(move |gram| (row, gram)))
        .filter_map(|(row, gram)| Some((row, *columns.get(gram)?, 1.0)))
        .collect();
    let rows = Csr::from_triplets(pairs.len(), columns.len().max(1), &triplets);
    (columns, rows)
}

fn unique<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort_unstable();
    values.dedup();
    values
}

/// Words, pairs and triples; places that are not used hold `u32::MAX`.
fn n_grams(text: &[u32]) -> impl Iterator<Item = [u32; ORDER]> + '_ {
    (1..=ORDER).flat_map(move |order| {
        text.windows(order).map(|window| {
            let mut gram = [u32::MAX; ORDER];
            gram[..window.len()].copy_from_slice(window);
            gram
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source words: 4 a name that comes back as 40, 5 and 6 two values of one attribute, 7 and 8 two of another. Texts say
    /// 5 by "50", 6 by "not 50", 7 by "51" or "52 53"; nothing is said of 8 in one of four texts that should.
    fn pairs() -> Vec<(Pair, Vec<u32>)> {
        const NOT: u32 = 49;
        let mut random = Random::new(3);
        let mut all = Vec::new();
        for _ in 0..600 {
            let (named, first, second) = (random.below(4) > 0, random.below(3), random.below(3));
            let mut source: Vec<u32> = if named { vec![4] } else { vec![] };
            let mut text: Vec<u32> = source.iter().map(|_| 40).collect();
            text.push(41 + random.below(3) as u32);
            if first < 2 {
                source.push(5 + first as u32);
                text.extend((first == 1).then_some(NOT));
                text.push(50);
            }
            let mut said = source.clone();
            if second < 2 {
                source.push(7 + second as u32);
                let ways: [&[u32]; 4] =
                    if second == 0 { [&[51], &[51], &[52, 53], &[52, 53]] } else { [&[60], &[60], &[60], &[]] };
                let way = ways[random.below(4)];
                text.extend(way);
                said.extend((!way.is_empty()).then_some(7 + second as u32));
            }
            all.push(((source, text), said));
        }
        all
    }

    fn same(word: u32) -> Option<u32> {
        (word == 4).then_some(40)
    }

    #[test]
    fn what_a_text_says_is_read_back() {
        let pairs: Vec<Pair> = pairs().into_iter().map(|(pair, _)| pair).collect();
        let reader = ReadBack::learn(&pairs, &same, 1).unwrap();
        let differences = |source: &[u32], text: &[u32]| reader.differences(source, text);
        assert_eq!(differences(&[4, 5, 7], &[40, 41, 50, 52, 53]), (vec![], vec![]));
        assert_eq!(differences(&[4, 6], &[41, 49, 50]), (vec![4], vec![]));
        assert_eq!(differences(&[4, 5], &[40, 42, 49, 50]), (vec![5], vec![6]));
        assert_eq!(differences(&[8], &[42, 51]), (vec![8], vec![7]));
        // Words never met say nothing either way.
        assert_eq!(reader.probabilities(&[41, 99]), reader.probabilities(&[41]));
        let better = reader.log_likelihood(&[4, 5], &[40, 41, 50]);
        assert!(better > reader.log_likelihood(&[4, 5], &[40, 41]) + 1.0);
        assert!(better > reader.log_likelihood(&[4, 5], &[40, 41, 50, 51]) + 1.0);
    }

    #[test]
    fn sources_are_cut_to_what_is_said() {
        let (pairs, said): (Vec<Pair>, Vec<Vec<u32>>) = pairs().into_iter().unzip();
        let cut = cut_to_said(&pairs, &same, 1).unwrap();
        assert_eq!(cut, cut_to_said(&pairs, &same, 1).unwrap());
        assert!(cut.iter().zip(&pairs).all(|(cut, pair)| cut.1 == pair.1));
        let n_left_out = pairs.iter().zip(&said).filter(|(pair, said)| pair.0 != **said).count();
        let n_right = cut.iter().zip(&said).filter(|(cut, said)| cut.0 == **said).count();
        assert!(n_left_out > 30 && n_right >= pairs.len() - 5, "{n_right} of {}, {n_left_out} left out", pairs.len());
    }

    #[test]
    fn outputs_that_say_all_come_first() {
        let pairs: Vec<Pair> = pairs().into_iter().map(|(pair, _)| pair).collect();
        let reader = ReadBack::learn(&pairs, &same, 1).unwrap();
        let output = |tokens: &[u32], score| Output { tokens: tokens.to_vec(), score, ..Output::default() };
        let found = [output(&[40, 41], -1.0), output(&[40, 41, 50], -1.2), output(&[40, 41, 50, 51], -1.1)];
        let first = |weight| {
            let mut outputs = found.to_vec();
            reader.reorder(&[4, 5], &mut outputs, weight);
            outputs.remove(0).tokens
        };
        assert_eq!(first(0.0), [40, 41]);
        assert_eq!(first(1.0), [40, 41, 50]);
    }

    /// A model that would rather write 41 and end, whatever the source.
    struct Terse;

    impl StepModel for Terse {
        type State = usize;
        fn start(&self, sources: &[&[u32]]) -> usize {
            sources.len()
        }
        fn n_words(&self, _: &usize) -> usize {
            64
        }
        fn select(&self, state: &mut usize, rows: &[u32]) {
            *state = rows.len();
        }
        fn step(&self, state: &mut usize, tokens: &[u32], next: &mut crate::seq2seq::decode::Next) {
            next.log_probabilities.clear();
            for &token in &tokens[..*state] {
                let likely = if token == crate::seq2seq::decode::BEGIN { 41 } else { crate::seq2seq::decode::END };
                next.log_probabilities.extend((0..64).map(|word| if word == likely { -0.1f32 } else { -6.0 }));
            }
        }
    }

    #[test]
    fn what_is_left_out_is_written_again() {
        let pairs: Vec<Pair> = pairs().into_iter().map(|(pair, _)| pair).collect();
        let reader = ReadBack::learn(&pairs, &same, 1).unwrap();
        let wanted = Beam { width: 3, ..Beam::default() };
        let sources: [&[u32]; 3] = [&[4, 7], &[5], &[]];
        let plain = crate::seq2seq::decode::beam(&Terse, &sources, &wanted).unwrap();
        assert_eq!(plain[0][0].tokens, [41]);
        assert_eq!(reader.write(&Terse, &sources[..1], &wanted, 0.0, false).unwrap()[0][0].tokens, [41]);
        let found = reader.write(&Terse, &sources, &wanted, 2.0, true).unwrap();
        for (source, outputs) in sources.iter().zip(&found) {
            let (missing, _) = reader.differences(source, &outputs[0].tokens);
            assert!(missing.is_empty(), "{source:?} {:?}", outputs[0].tokens);
            assert!(outputs.windows(2).all(|pair| pair[0].score >= pair[1].score));
        }
        assert!(found[0][0].tokens.contains(&40));
        assert_eq!(found[2][0].tokens, [41]);
    }

    #[test]
    fn few_pairs_teach_nothing() {
        let pairs: Vec<Pair> = (0..9).map(|at| (vec![4 + at % 2], vec![40 + at % 2])).collect();
        let reader = ReadBack::learn(&pairs, &same, 1).unwrap();
        assert!(reader.probabilities(&[40]).is_empty());
        assert_eq!(cut_to_said(&pairs, &same, 1).unwrap(), pairs);
        assert_eq!(ReadBack::learn(&[], &same, 1).unwrap().log_likelihood(&[4], &[40]), 0.0);
    }
}
