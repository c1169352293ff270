//! Turns and replies as what is compared: words and runs of characters, weighed by how rare they are. Nothing is learned here
//! but how rare things are.

use std::sync::LazyLock;

use language::search::stem;
use language::text::Tokeniser;
use rustc_hash::FxHashMap;

use crate::knowledge::words::{Run, beginning, each_run, fold, key};

/// Turns of a context that are looked at, the last ones, and bytes of a turn.
const TURNS_MAX: usize = 12;
const TURN_MAX: usize = 1_200;
/// Words of a context near its end: what a reply answers to.
const NEAR_WORDS: usize = 60;
/// What the turn before counts of the one after it.
const FADE: f32 = 0.7;
/// Texts that must have a unit before it is known.
const N_TEXTS_MIN: u32 = 2;
/// Marks a run of characters, so that no word has its key.
const GRAM: u64 = 0x5bd1_e995_9d1b_58d3;

/// A unit with its weight, ascending by unit.
pub(super) type Sparse = Vec<(u64, f32)>;

static TOKENISER: LazyLock<Tokeniser> = LazyLock::new(|| Tokeniser::default().without_punctuation());

pub(super) fn tokeniser() -> Tokeniser {
    TOKENISER.clone()
}

/// A text as keys of its words and of its neighbouring characters, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    words: Vec<u64>,
    grams: Vec<u64>,
    n_chars: usize,
    whole: u64,
}

impl Words {
    pub fn of(text: &str, tokeniser: &Tokeniser) -> Self {
        let folded = fold(beginning(text, TURN_MAX));
        let mut scratch = String::new();
        let tokens = tokeniser.tokenise(&folded);
        let words: Vec<u64> = tokens.iter().map(|token| key(stem(&token.text, &mut scratch))).collect();
        let mut grams = Vec::new();
        each_run(&folded, |run| match run {
            Run::Letters(word) => grams.push(key(word) ^ GRAM),
            Run::Ideographs(run) => {
                let pairs = run.chars().zip(run.chars().skip(1));
                grams.extend(pairs.map(|(a, b)| (u64::from(a) << 21 | u64::from(b)).wrapping_mul(GRAM)));
            }
        });
        let whole = words.iter().fold(7, |hash: u64, word| hash.rotate_left(5).wrapping_mul(GRAM) ^ word);
        Words { words, grams, n_chars: folded.chars().count(), whole }
    }

    /// The last turns that say something, oldest first.
    pub fn of_context(turns: &[&str], tokeniser: &Tokeniser) -> Vec<Self> {
        let mut all: Vec<Words> = Vec::new();
        for turn in turns.iter().rev() {
            let words = Words::of(turn, tokeniser);
            if !words.is_empty() {
                all.push(words);
            }
            if all.len() == TURNS_MAX {
                break;
            }
        }
        all.reverse();
        all
    }

    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}

/// The units that several texts have, and how rare each is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Vocabulary {
    /// Ascending. Shape: (n).
    pub keys: Vec<u64>,
    /// ln((1 + n) / (1 + n_with)) + 1. Shape: (n).
    pub weights: Vec<f32>,
    /// What a unit that is not known counts.
    pub unknown: f32,
    pub ids: FxHashMap<u64, u32>,
}

impl Vocabulary {
    pub fn learn<'a>(texts: impl Iterator<Item = &'a Words>) -> Self {
        let mut n_with: FxHashMap<u64, u32> = FxHashMap::default();
        let mut n = 0u32;
        for text in texts {
            n += 1;
            let mut own: Vec<u64> = text.words.iter().chain(&text.grams).copied().collect();
            own.sort_unstable();
            own.dedup();
            own.into_iter().for_each(|unit| *n_with.entry(unit).or_insert(0) += 1);
        }
        let weight = |with: u32| ((1.0 + f64::from(n)) / (1.0 + f64::from(with))).ln() as f32 + 1.0;
        let mut known: Vec<(u64, f32)> = n_with
            .into_iter()
            .filter(|(_, with)| *with >= N_TEXTS_MIN)
            .map(|(unit, with)| (unit, weight(with)))
            .collect();
        known.sort_unstable_by_key(|(unit, _)| *unit);
        let (keys, weights) = known.into_iter().unzip();
        Vocabulary::of(keys, weights, weight(0))
    }

    pub fn of(keys: Vec<u64>, weights: Vec<f32>, unknown: f32) -> Self {
        let ids = (0..).zip(&keys).map(|(id, &key)| (key, id)).collect();
        Vocabulary { keys, weights, unknown, ids }
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Units at √times × weight, at length 1.
    fn sparse(&self, units: impl Iterator<Item = (u64, f32)>) -> Sparse {
        let mut all: Vec<(u64, f32)> = units.collect();
        all.sort_by_key(|(unit, _)| *unit);
        let of_unit = |same: &[(u64, f32)]| {
            let times: f32 = same.iter().map(|(_, times)| times).sum();
            let weight = self.ids.get(&same[0].0).map_or(self.unknown, |&id| self.weights[id as usize]);
            (same[0].0, times.sqrt() * weight)
        };
        let mut sparse: Sparse = all.chunk_by(|a, b| a.0 == b.0).map(of_unit).collect();
        let length = sparse.iter().map(|(_, value)| value * value).sum::<f32>().sqrt();
        sparse.iter_mut().for_each(|(_, value)| *value /= length);
        sparse
    }

    /// The known ones of units with their ids.
    fn known(&self, sparse: &[&Sparse]) -> Vec<(u32, f32)> {
        let units = sparse.iter().flat_map(|sparse| sparse.iter());
        units.filter_map(|(unit, value)| Some((*self.ids.get(unit)?, *value))).collect()
    }

    fn word_ids(&self, words: &[u64]) -> Vec<u32> {
        let mut ids: Vec<u32> = words.iter().filter_map(|word| self.ids.get(word).copied()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

/// The products of what two have in common.
pub(super) fn dot(a: &Sparse, b: &Sparse) -> f32 {
    let (mut at, mut sum) = (0, 0.0);
    for (unit, value) in a {
        while at < b.len() && b[at].0 < *unit {
            at += 1;
        }
        if at < b.len() && b[at].0 == *unit {
            sum += value * b[at].1;
        }
    }
    sum
}

/// The part of what `a` says that stands in `b`, 0 to 1.
pub(super) fn part_within(a: &Sparse, b: &Sparse) -> f32 {
    let (mut at, mut within, mut all) = (0, 0.0, f32::MIN_POSITIVE);
    for (unit, value) in a {
        while at < b.len() && b[at].0 < *unit {
            at += 1;
        }
        all += value;
        if at < b.len() && b[at].0 == *unit {
            within += value;
        }
    }
    within / all
}

/// A turn or a reply.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    pub tokens: Sparse,
    pub grams: Sparse,
    /// Known words, ascending, each once.
    pub words: Vec<u32>,
    /// Known words and runs with what they weigh.
    pub units: Vec<(u32, f32)>,
    pub n_chars: usize,
    whole: u64,
}

impl Reading {
    pub fn new(words: &Words, vocabulary: &Vocabulary) -> Self {
        let tokens = vocabulary.sparse(words.words.iter().map(|&word| (word, 1.0)));
        let grams = vocabulary.sparse(words.grams.iter().map(|&gram| (gram, 1.0)));
        Reading {
            units: vocabulary.known(&[&tokens, &grams]),
            words: vocabulary.word_ids(&words.words),
            tokens,
            grams,
            n_chars: words.n_chars,
            whole: words.whole,
        }
    }
}

/// The conversation before a reply.
#[derive(Clone, Debug, Default)]
pub(super) struct Context {
    pub last: Reading,
    /// Runs of characters of every second turn before the last: those of the side that replies, where sides take turns.
    pub own_side: Sparse,
    /// All turns, later ones counting more.
    pub tokens: Sparse,
    pub grams: Sparse,
    pub units: Vec<(u32, f32)>,
    /// Known words of the last turns, ascending, each once.
    pub near_words: Vec<u32>,
    wholes: Vec<u64>,
}

impl Context {
    pub fn new(turns: &[Words], vocabulary: &Vocabulary) -> Self {
        let fade = |at: usize| FADE.powi((turns.len() - 1 - at) as i32);
        let all = |units: fn(&Words) -> &[u64]| {
            let of_turn = |(at, turn)| units(turn).iter().map(move |&unit| (unit, fade(at)));
            vocabulary.sparse(turns.iter().enumerate().flat_map(of_turn))
        };
        let (tokens, grams) = (all(|turn| &turn.words), all(|turn| &turn.grams));
        let near: Vec<u64> = turns.iter().rev().flat_map(|turn| turn.words.iter().copied()).take(NEAR_WORDS).collect();
        let own_side = turns.iter().rev().skip(1).step_by(2).flat_map(|turn| &turn.grams);
        let reading = |turn: &Words| Reading::new(turn, vocabulary);
        Context {
            last: turns.last().map(reading).unwrap_or_default(),
            own_side: vocabulary.sparse(own_side.map(|&gram| (gram, 1.0))),
            units: vocabulary.known(&[&tokens, &grams]),
            near_words: vocabulary.word_ids(&near),
            wholes: turns.iter().map(|turn| turn.whole).collect(),
            tokens,
            grams,
        }
    }

    /// What a search for replies would look for: the last turn, and the five words that say most of all turns.
    pub fn sought(&self) -> Sparse {
        let mut rarest = self.tokens.clone();
        rarest.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        rarest.truncate(5);
        let mut all: Sparse = self.last.tokens.iter().chain(&rarest).copied().collect();
        all.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
        all.dedup_by_key(|one| one.0);
        all
    }

    pub fn repeats(&self, reply: &Reading) -> bool {
        self.wholes.contains(&reply.whole)
    }
}
