//! The lexicon extended by a shop's own reviews: double propagation (Qiu, Liu, Bu, Chen 2011) without a parser. In short
//! clauses of the form `name (adverb) opinion`, known opinions show new names and known names show new opinions, in
//! rounds; a new opinion praises or blames by the company it keeps (Turney 2002: log-odds of standing in reviews of
//! praise against reviews of blame).
//!
//! What is learned is a proposal with its counts: a person, or a threshold, decides.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::extract::{Lexicon, Part, clauses};
use crate::LanguageError;

/// How alike two words are, −1 to 1, if both are known: from vectors of words.
pub type Alike<'a> = &'a (dyn Fn(&str, &str) -> Option<f32> + Sync);

/// What is asked for.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    pub n_rounds: usize,
    /// Words in fewer clauses are not proposed.
    pub n_clauses_min: u32,
    /// Names said of fewer different opinions are not proposed.
    pub n_opinions_min: u32,
    /// Opinions nearer to neutral than this (log-odds) are not proposed.
    pub log_odds_min: f64,
    /// Gives names an aspect where they share no part with a known name.
    pub alike: Option<Alike<'a>>,
    /// Names less alike than this stay without an aspect.
    pub alike_min: f32,
}

impl Default for Wanted<'_> {
    fn default() -> Self {
        Wanted { n_rounds: 2, n_clauses_min: 5, n_opinions_min: 3, log_odds_min: 1.0, alike: None, alike_min: 0.5 }
    }
}

/// A proposed name of an aspect.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NewTerm {
    pub word: String,
    /// Into [`ASPECTS`](super::ASPECTS); none if it could not be told.
    pub aspect: Option<usize>,
    pub n_clauses: u32,
    pub n_opinions: u32,
}

/// A proposed opinion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewOpinion {
    pub word: String,
    /// Positive praises.
    pub log_odds: f64,
    pub n_clauses: u32,
}

/// What reviews taught.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Learned {
    pub terms: Vec<NewTerm>,
    pub opinions: Vec<NewOpinion>,
}

/// A review, and, if known, whether it praises as a whole (stars above 3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rated<'a> {
    pub text: &'a str,
    pub is_praise: Option<bool>,
}

/// Proposes words, the most frequent first. Where no review is rated, the lexicon's own words rate them.
///
/// # Errors
/// If `progress` says to stop.
pub fn learn(
    reviews: &[Rated],
    lexicon: &Lexicon,
    wanted: &Wanted,
    progress: &(dyn Fn(f64) -> bool + Sync),
) -> Result<Learned, LanguageError> {
    let mut known = lexicon.clone();
    let mut learned = Learned::default();
    let ratings: Vec<Option<bool>> =
        reviews.iter().map(|review| review.is_praise.or_else(|| lean(review, lexicon))).collect();
    for round in 0..wanted.n_rounds.max(1) {
        if !progress(round as f64 / wanted.n_rounds.max(1) as f64) {
            return Err(LanguageError::Cancelled);
        }
        let (terms, opinions) = one_round(reviews, &ratings, &known, wanted);
        if terms.is_empty() && opinions.is_empty() {
            break;
        }
        for term in &terms {
            if let Some(aspect) = term.aspect {
                known.add_term(&term.word, aspect);
            }
        }
        opinions.iter().for_each(|opinion| known.add_opinion(&opinion.word, strength(opinion.log_odds)));
        let is_new = |word: &str, words: &[&str]| !words.contains(&word);
        let old: Vec<String> = learned.terms.iter().map(|term| term.word.clone()).collect();
        let old: Vec<&str> = old.iter().map(String::as_str).collect();
        learned.terms.extend(terms.into_iter().filter(|term| is_new(&term.word, &old)));
        learned.opinions.extend(opinions);
    }
    learned.terms.sort_by(|x, y| y.n_clauses.cmp(&x.n_clauses).then_with(|| x.word.cmp(&y.word)));
    learned.opinions.sort_by(|x, y| y.n_clauses.cmp(&x.n_clauses).then_with(|| x.word.cmp(&y.word)));
    Ok(learned)
}

impl Learned {
    /// Adds all that has an aspect or a polarity.
    pub fn extend(&self, lexicon: &mut Lexicon) {
        for term in &self.terms {
            if let Some(aspect) = term.aspect {
                lexicon.add_term(&term.word, aspect);
            }
        }
        self.opinions.iter().for_each(|opinion| lexicon.add_opinion(&opinion.word, strength(opinion.log_odds)));
    }
}

fn strength(log_odds: f64) -> f32 {
    (log_odds / 3.0).clamp(-1.0, 1.0) as f32
}

/// Praise if the lexicon finds more of it than of blame.
fn lean(review: &Rated, lexicon: &Lexicon) -> Option<bool> {
    let sum: f32 = clauses(review.text).into_iter().map(|clause| lexicon.lean(review.text, clause)).sum();
    (sum != 0.0).then_some(sum > 0.0)
}

#[derive(Default)]
struct TermCounts {
    n: u32,
    opinions: std::collections::BTreeSet<String>,
}

fn one_round(
    reviews: &[Rated],
    ratings: &[Option<bool>],
    known: &Lexicon,
    wanted: &Wanted,
) -> (Vec<NewTerm>, Vec<NewOpinion>) {
    // Ordered maps: proposals do not depend on the order of hashing.
    let mut terms: BTreeMap<String, TermCounts> = BTreeMap::new();
    let mut opinions: BTreeMap<String, [u32; 2]> = BTreeMap::new();
    let mut totals = [0u32; 2];
    for (review, rating) in reviews.iter().zip(ratings) {
        if let Some(is_praise) = rating {
            totals[usize::from(*is_praise)] += 1;
        }
        for clause in clauses(review.text) {
            match known.shape(review.text, clause) {
                Some(Part::Name(name, opinion)) => {
                    let counts = terms.entry(name).or_default();
                    counts.n += 1;
                    counts.opinions.insert(opinion);
                }
                Some(Part::Opinion(opinion)) => {
                    if let Some(is_praise) = rating {
                        opinions.entry(opinion).or_default()[usize::from(*is_praise)] += 1;
                    }
                }
                None => {}
            }
        }
    }
    let is_often = |(_, counts): &(String, TermCounts)| {
        counts.n >= wanted.n_clauses_min && counts.opinions.len() as u32 >= wanted.n_opinions_min
    };
    let terms = terms.into_iter().filter(is_often).map(|(word, counts)| NewTerm {
        aspect: known.aspect_of(&word, wanted.alike, wanted.alike_min),
        word,
        n_clauses: counts.n,
        n_opinions: counts.opinions.len() as u32,
    });
    let share = |n: u32, total: u32| (f64::from(n) + 0.5) / (f64::from(total) + 1.0);
    let opinions = opinions.into_iter().filter(|(_, counts)| counts[0] + counts[1] >= wanted.n_clauses_min);
    let opinions = opinions.map(|(word, counts)| NewOpinion {
        word,
        log_odds: (share(counts[1], totals[1]) / share(counts[0], totals[0])).ln(),
        n_clauses: counts[0] + counts[1],
    });
    (terms.collect(), opinions.filter(|opinion| opinion.log_odds.abs() >= wanted.log_odds_min).collect())
}
