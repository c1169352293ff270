//! Which of several replies answers a conversation, learned from conversations with their replies: words and characters in
//! common, replies' words that contexts' words lead to, two towers that place both in one space, and what was replied in
//! contexts like this one; put together by a logistic ranker. Where candidates come from is decided elsewhere, and nothing
//! here makes sure that a reply is true.

mod association;
mod bytes;
mod memory;
mod ranker;
mod reading;
#[cfg(test)]
mod tests;
mod towers;

use math::Random;
use rayon::prelude::*;

use self::association::Association;
use self::memory::Memory;
use self::ranker::Ranker;
use self::reading::{Context, Reading, Vocabulary, dot};
use self::towers::Towers;
use crate::AssistError;

/// A conversation and what was replied.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exchange {
    /// Turns of all sides, oldest first; the last is the one to answer.
    pub context: Vec<String>,
    pub reply: String,
}

/// Fewer exchanges teach nothing.
pub const EXCHANGES_MIN: usize = 20;
/// Beyond this many no more is learned from.
const EXCHANGES_MAX: usize = 200_000;
/// Wrong replies beside the right one while the ranker learns.
const WRONG: usize = 9;
/// Features of a reply to a context.
const N_FEATURES: usize = 16;

/// Where the wrong replies come from among which the ranker learns to find the right one: as the candidates that will be ranked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wrong {
    /// Any others.
    #[default]
    Drawn,
    /// Those that a search for the last turn and the context's rarest words finds first.
    Found,
}

/// Ranks replies.
#[derive(Debug, PartialEq)]
pub struct Selector {
    vocabulary: Vocabulary,
    /// Words of replies that words of contexts lead to, and the other way round.
    forward: Association,
    backward: Association,
    towers: Towers,
    memory: Memory,
    ranker: Ranker,
}

/// Everything but the ranker.
struct Parts {
    vocabulary: Vocabulary,
    forward: Association,
    backward: Association,
    towers: Towers,
    memory: Memory,
}

impl Selector {
    /// Learns from exchanges. The same exchanges and seed give the same selector, on any number of threads. The ranker learns on
    /// a fifth that the other parts have not seen; then these learn from all.
    ///
    /// # Errors
    /// If there are fewer than [`EXCHANGES_MIN`] exchanges with words on both sides.
    pub fn learn(exchanges: &[Exchange], seed: u64) -> Result<Self, AssistError> {
        Selector::learn_among(exchanges, Wrong::Drawn, seed)
    }

    /// Learns to find the right reply among wrong ones of a kind.
    ///
    /// # Errors
    /// As [`Selector::learn`].
    pub fn learn_among(exchanges: &[Exchange], wrong: Wrong, seed: u64) -> Result<Self, AssistError> {
        let tokeniser = reading::tokeniser();
        let cut = |one: &Exchange| {
            let context = one.context.iter().map(String::as_str).collect::<Vec<_>>();
            (reading::Words::of_context(&context, &tokeniser), reading::Words::of(&one.reply, &tokeniser))
        };
        let mut words: Vec<(Vec<reading::Words>, reading::Words)> =
            exchanges.par_iter().take(EXCHANGES_MAX).map(cut).collect();
        words.retain(|(context, reply)| !reply.is_empty() && context.iter().any(|turn| !turn.is_empty()));
        if words.len() < EXCHANGES_MIN {
            let found = format!("{} exchanges with words", words.len());
            return Err(AssistError::unfit(
                "exchanges to learn replies from",
                found,
                format!("at least {EXCHANGES_MIN}"),
            ));
        }
        let mut order: Vec<usize> = (0..words.len()).collect();
        Random::stream(seed, 1).shuffle(&mut order);
        let (held_out, first) = order.split_at(words.len() / 5);
        let part = |places: &[usize]| places.iter().map(|&at| &words[at]).collect::<Vec<_>>();
        let ranker = learn_ranker(&Parts::learn(&part(first), seed), &part(held_out), wrong, seed);
        let Parts { vocabulary, forward, backward, towers, memory } =
            Parts::learn(&words.iter().collect::<Vec<_>>(), seed);
        Ok(Selector { vocabulary, forward, backward, towers, memory, ranker })
    }

    /// Candidates by how well they answer, best first, with scores that are comparable within one context; of equals the first
    /// given. Context: turns of all sides, oldest first.
    pub fn rank(&self, context: &[&str], candidates: &[&str]) -> Vec<(usize, f32)> {
        let tokeniser = reading::tokeniser();
        let turns = reading::Words::of_context(context, &tokeniser);
        let context = Context::new(&turns, &self.vocabulary);
        let near = self.memory.nearest(&context);
        let score = |candidate: &&str| {
            let reply = Reading::new(&reading::Words::of(candidate, &tokeniser), &self.vocabulary);
            self.ranker.score(&features(&self.seen(), &context, &near, &reply))
        };
        let scores: Vec<f32> = candidates.par_iter().map(score).collect();
        let mut order: Vec<(usize, f32)> = scores.into_iter().enumerate().collect();
        order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        order
    }

    /// What the ranker makes of each feature, largest first: for people who look after the service.
    pub fn weights(&self) -> Vec<(&'static str, f32)> {
        let mut all: Vec<(&str, f32)> = FEATURES.into_iter().zip(self.ranker.weights()).collect();
        all.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(b.0)));
        all
    }

    fn seen(&self) -> Seen<'_> {
        let Selector { forward, backward, towers, memory, .. } = self;
        Seen { forward, backward, towers, memory }
    }
}

impl Parts {
    fn learn(exchanges: &[&(Vec<reading::Words>, reading::Words)], seed: u64) -> Self {
        let vocabulary = Vocabulary::learn(exchanges.iter().flat_map(|(context, reply)| context.iter().chain([reply])));
        let read = |one: &&(Vec<reading::Words>, reading::Words)| {
            (Context::new(&one.0, &vocabulary), Reading::new(&one.1, &vocabulary))
        };
        let read: Vec<(Context, Reading)> = exchanges.par_iter().map(read).collect();
        let forward: Vec<(&[u32], &[u32])> =
            read.iter().map(|(context, reply)| (context.near_words.as_slice(), reply.words.as_slice())).collect();
        let backward: Vec<(&[u32], &[u32])> =
            read.iter().map(|(context, reply)| (reply.words.as_slice(), context.last.words.as_slice())).collect();
        let n_words = vocabulary.len();
        Parts {
            forward: Association::learn(&forward, n_words),
            backward: Association::learn(&backward, n_words),
            towers: Towers::learn(&read, n_words, seed),
            memory: Memory::new(&read),
            vocabulary,
        }
    }
}

/// What features are worked out with.
struct Seen<'a> {
    forward: &'a Association,
    backward: &'a Association,
    towers: &'a Towers,
    memory: &'a Memory,
}

const FEATURES: [&str; N_FEATURES] = [
    "words in common with the context",
    "words in common with the last turn",
    "characters in common with the context",
    "characters in common with the last turn",
    "words that the context leads to",
    "words that the last turn leads to",
    "last turn's words that the reply leads to",
    "two towers",
    "what was replied in like contexts",
    "the likest of what was replied",
    "length",
    "length squared",
    "part of the reply that the context has",
    "part of the last turn that the reply has",
    "repeats a turn",
    "characters in common with the replying side's turns",
];

fn features(seen: &Seen, context: &Context, near: &[(u32, f32)], reply: &Reading) -> [f32; N_FEATURES] {
    let length = (1.0 + reply.n_chars as f32).ln();
    let (replied, likest) = seen.memory.replied(near, reply);
    [
        dot(&context.tokens, &reply.tokens),
        dot(&context.last.tokens, &reply.tokens),
        dot(&context.grams, &reply.grams),
        dot(&context.last.grams, &reply.grams),
        seen.forward.leads(&context.near_words, &reply.words),
        seen.forward.leads(&context.last.words, &reply.words),
        seen.backward.leads(&reply.words, &context.last.words),
        seen.towers.score(context, reply),
        replied,
        likest,
        length,
        (length - 2.5).powi(2),
        reading::part_within(&reply.tokens, &context.tokens),
        reading::part_within(&context.last.tokens, &reply.tokens),
        f32::from(u8::from(context.repeats(reply))),
        dot(&context.own_side, &reply.grams),
    ]
}

/// Learns what features are worth on exchanges that the parts have not seen, each among wrong replies of the others.
fn learn_ranker(parts: &Parts, held_out: &[&(Vec<reading::Words>, reading::Words)], wrong: Wrong, seed: u64) -> Ranker {
    let seen =
        Seen { forward: &parts.forward, backward: &parts.backward, towers: &parts.towers, memory: &parts.memory };
    let replies: Vec<Reading> = held_out.par_iter().map(|one| Reading::new(&one.1, &parts.vocabulary)).collect();
    let list = |(at, one): (usize, &&(Vec<reading::Words>, reading::Words))| {
        let context = Context::new(&one.0, &parts.vocabulary);
        let near = parts.memory.nearest(&context);
        let others = match wrong {
            Wrong::Drawn => drawn(&replies, at, seed),
            Wrong::Found => found(&replies, at, &context),
        };
        let all = std::iter::once(at).chain(others);
        all.map(|other| features(&seen, &context, &near, &replies[other])).collect::<Vec<_>>()
    };
    let lists: Vec<Vec<[f32; N_FEATURES]>> = held_out.par_iter().enumerate().map(list).collect();
    Ranker::learn(&lists)
}

/// Wrong replies drawn at random. In few replies there may be fewer.
fn drawn(replies: &[Reading], right: usize, seed: u64) -> Vec<usize> {
    let mut random = Random::stream(seed, 1_000 + right as u64);
    let mut chosen: Vec<usize> = Vec::new();
    for _ in 0..20 * WRONG {
        let other = random.below(replies.len());
        if chosen.len() < WRONG && !chosen.contains(&other) && replies[other].words != replies[right].words {
            chosen.push(other);
        }
    }
    chosen
}

/// Wrong replies that a search finds: most of what the last turn and the context's rarest words say, longer ones held back a
/// little. Of the same words the first alone.
fn found(replies: &[Reading], right: usize, context: &Context) -> Vec<usize> {
    let sought = context.sought();
    let score = |reply: &Reading| {
        let says = |unit: &u64| sought.binary_search_by_key(unit, |one| one.0).map_or(0.0, |at| sought[at].1);
        let says: f32 = reply.tokens.iter().map(|(unit, _)| says(unit)).sum();
        says / (1.0 + reply.tokens.len() as f32 / 24.0)
    };
    let mut order: Vec<(f32, usize)> = replies.iter().enumerate().map(|(at, reply)| (score(reply), at)).collect();
    order.retain(|(score, at)| *score > 0.0 && replies[*at].words != replies[right].words);
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut chosen: Vec<usize> = Vec::new();
    for (_, at) in order {
        if chosen.len() < WRONG && chosen.iter().all(|&other| replies[other].words != replies[at].words) {
            chosen.push(at);
        }
    }
    chosen
}
