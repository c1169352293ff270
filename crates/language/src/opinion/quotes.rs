//! The words to quote: clauses that say what most say, short, each said once.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use super::digest::Review;
use super::extract::{Opinion, Polarity};

/// A clause quoted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Quote {
    /// Index of the review.
    pub review: usize,
    /// Bytes of the review's text.
    pub start: usize,
    pub end: usize,
    /// The clause with what is personal hidden.
    pub text: String,
    /// The term within the review's text, to mark.
    pub term: (usize, usize),
    /// How many reviews say it in nearly these words, this one included.
    pub n_alike: u32,
}

/// Clauses of more candidates than this are not compared: the surest are.
const CANDIDATES_MAX: usize = 200;
/// Pairs of characters shared from which on two clauses say the same.
const ALIKE: f64 = 0.6;

struct Candidate<'a> {
    review: usize,
    opinion: &'a Opinion,
    text: &'a str,
    pairs: FxHashSet<[char; 2]>,
    score: f64,
}

/// At most `n` quotes of one aspect and polarity, the best first.
pub(super) fn choose<'a>(
    reviews: impl Iterator<Item = (usize, &'a Review<'a>)>,
    aspect: usize,
    polarity: Polarity,
    n: usize,
    mask: &(dyn Fn(&str) -> String + Sync),
) -> Vec<Quote> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for (review, Review { text, opinions, .. }) in reviews {
        let fits = |opinion: &&Opinion| opinion.aspect == aspect && opinion.polarity == polarity;
        // One quote a review.
        let Some(opinion) = opinions.iter().filter(fits).max_by(|x, y| x.confidence.total_cmp(&y.confidence)) else {
            continue;
        };
        let text = &text[opinion.evidence.0..opinion.evidence.1];
        candidates.push(Candidate { review, opinion, text, pairs: FxHashSet::default(), score: opinion.confidence });
    }
    candidates.sort_by(|x, y| y.score.total_cmp(&x.score).then(x.review.cmp(&y.review)));
    candidates.truncate(CANDIDATES_MAX);
    candidates.iter_mut().for_each(|candidate| candidate.pairs = pairs(candidate.text));
    let mut common: FxHashMap<[char; 2], u32> = FxHashMap::default();
    candidates.iter().flat_map(|candidate| &candidate.pairs).for_each(|pair| *common.entry(*pair).or_default() += 1);
    for candidate in &mut candidates {
        let shared: u32 = candidate.pairs.iter().map(|pair| common[pair] - 1).sum();
        let central = f64::from(shared) / (candidate.pairs.len().max(1) as f64 * CANDIDATES_MAX as f64).sqrt();
        candidate.score = candidate.opinion.confidence + 0.5 * central.min(1.0) + readable(candidate.text);
    }
    candidates.sort_by(|x, y| y.score.total_cmp(&x.score).then(x.review.cmp(&y.review)));
    let mut chosen: Vec<(Candidate, u32)> = Vec::new();
    for candidate in candidates {
        let is_same = |other: &Candidate| alike(&other.pairs, &candidate.pairs) || other.text == candidate.text;
        match chosen.iter().position(|(other, _)| is_same(other)) {
            Some(at) => chosen[at].1 += 1,
            None if chosen.len() < n => chosen.push((candidate, 1)),
            None => {}
        }
    }
    let quote = |(candidate, n_alike): (Candidate, u32)| Quote {
        review: candidate.review,
        start: candidate.opinion.evidence.0,
        end: candidate.opinion.evidence.1,
        text: mask(candidate.text),
        term: candidate.opinion.term,
        n_alike,
    };
    chosen.into_iter().map(quote).collect()
}

/// Neither two words nor a paragraph.
fn readable(text: &str) -> f64 {
    match text.chars().count() {
        0..=4 => -0.3,
        5..=7 => 0.1,
        8..=40 => 0.2,
        41..=80 => 0.0,
        _ => -0.4,
    }
}

fn pairs(text: &str) -> FxHashSet<[char; 2]> {
    let mut found = FxHashSet::default();
    let mut before = None;
    // A quote is a clause; of one that is not, the beginning says enough.
    for c in text.chars().filter(|c| c.is_alphanumeric()).take(200) {
        if let Some(before) = before.replace(c) {
            found.insert([before, c]);
        }
    }
    found
}

fn alike(x: &FxHashSet<[char; 2]>, y: &FxHashSet<[char; 2]>) -> bool {
    let both = x.intersection(y).count() as f64;
    both > 0.0 && both / (x.len() + y.len()) as f64 * 2.0 >= ALIKE
}
