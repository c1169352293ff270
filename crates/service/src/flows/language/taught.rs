//! What a shop's own reviews add to our lexicon of opinions: names of aspects and words of praise and blame that customers
//! here use, and, where there are stars enough, a judge of what clauses say that the lexicon cannot tell.

use domain::Review;
use language::classify::Run;
use language::opinion::learn::{Alike, Learned, NewOpinion, NewTerm, Rated, Wanted as WordsWanted};
use language::opinion::stars::{self, Reached};
use language::opinion::{ASPECTS, Lexicon, Miner, PolarityModel, Wanted, aspect, learn};
use language::vectors::WordVectors;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Files, Kept};
use crate::error::Result;

/// Words shown of those learned, of each kind.
const SHOWN: usize = 20;

/// What was learned, ready to read reviews with.
pub struct Taught {
    pub lexicon: Lexicon,
    pub judge: Option<PolarityModel>,
}

/// What was learned, as stored.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Words {
    names: Vec<Name>,
    opinions: Vec<NewOpinion>,
}

/// A learned name of an aspect.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Name {
    pub word: String,
    /// The key of the aspect.
    pub aspect: String,
    /// Clauses that showed it.
    pub n: u32,
}

/// A learned word of praise or blame.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Word {
    pub word: String,
    /// Above 0 praises: how much more often, in log-odds, reviews that praise have it.
    pub log_odds: f64,
    pub n: u32,
}

/// What the shop's own reviews taught of opinions.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct TaughtInfo {
    pub n_names: usize,
    pub n_words: usize,
    /// The most used of them.
    pub names: Vec<Name>,
    pub words: Vec<Word>,
    /// Absent if there are too few stars.
    pub judge: Option<JudgeInfo>,
}

/// How well clauses are judged: by the stars of one review in ten, which were held out. Stars are of the whole review, so a
/// judge that is right about every clause would not reach 1.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct JudgeInfo {
    /// Mentions of aspects learned from, and held out.
    pub n_train: usize,
    pub n_test: usize,
    /// The share of mentions of which the lexicon says something, and how many of these agree with the stars.
    pub decided: f64,
    pub accuracy_of_lexicon: f64,
    /// How many of the others agree with the stars by the judge, which is asked of these alone.
    pub accuracy_elsewhere: f64,
}

impl From<Reached> for JudgeInfo {
    fn from(reached: Reached) -> Self {
        JudgeInfo {
            n_train: reached.n_train,
            n_test: reached.n_test,
            decided: reached.decided,
            accuracy_of_lexicon: reached.accuracy_of_lexicon,
            accuracy_elsewhere: reached.accuracy_elsewhere,
        }
    }
}

impl Taught {
    /// The lexicon as it comes.
    pub fn nothing() -> Taught {
        Taught { lexicon: Lexicon::seed(), judge: None }
    }

    /// Learns from reviews; puts what it learned into `files`.
    pub(super) fn learn(
        reviews: &[Review],
        vectors: Option<&WordVectors>,
        seed: u64,
        files: &mut Files,
        progress: &(dyn Fn(f64) -> bool + Sync),
    ) -> Result<(Taught, TaughtInfo)> {
        let rated = |review: &'_ Review| {
            let is_praise = review.stars.and_then(|stars| match stars {
                stars if stars <= 2.0 => Some(false),
                stars if stars >= 4.0 => Some(true),
                _ => None,
            });
            (review.text.clone(), is_praise)
        };
        let texts: Vec<(String, Option<bool>)> =
            reviews.iter().filter(|review| !review.text.trim().is_empty()).map(rated).collect();
        let rated: Vec<Rated> = texts.iter().map(|(text, is_praise)| Rated { text, is_praise: *is_praise }).collect();
        let mut taught = Taught::nothing();
        let alike = |a: &str, b: &str| vectors.and_then(|vectors| vectors.similarity(a, b));
        let alike: Option<Alike> = if vectors.is_some() { Some(&alike) } else { None };
        let wanted = WordsWanted { alike, ..WordsWanted::default() };
        let learned = learn(&rated, &taught.lexicon, &wanted, &|share| progress(share * 0.5))?;
        learned.extend(&mut taught.lexicon);
        let words = Words::of(&learned);
        let on = |share: f64| progress(0.5 + share * 0.5);
        let judge = stars::fit(&rated, &taught.lexicon, &Wanted::default(), &Run::new(seed, &on))?;
        files.insert("opinion_words.json".to_owned(), serde_json::to_vec(&words)?);
        let mut info = words.info();
        if let Some((model, reached)) = judge {
            files.insert("polarity.bin".to_owned(), model.to_bytes());
            info.judge = Some(reached.into());
            taught.judge = Some(model);
        }
        Ok((taught, info))
    }

    /// What was learned with a version of the models; nothing with versions older than this.
    pub(super) fn load(info: Option<&TaughtInfo>, kept: &Kept) -> Result<Taught> {
        let mut taught = Taught::nothing();
        let Some(info) = info else { return Ok(taught) };
        let words: Words = kept.json("opinion_words.json")?;
        words.learned().extend(&mut taught.lexicon);
        if info.judge.is_some() {
            taught.judge = Some(kept.made("polarity.bin", |bytes| PolarityModel::from_bytes(&bytes))?);
        }
        Ok(taught)
    }

    /// What reads reviews.
    pub fn miner(&self) -> Miner<'_> {
        Miner { model: self.judge.as_ref(), domain: 0, gaps_only: true, ..Miner::of(&self.lexicon) }
    }
}

impl Words {
    /// What can be used: names without an aspect cannot.
    fn of(learned: &Learned) -> Words {
        let name = |term: &NewTerm| {
            Some(Name { word: term.word.clone(), aspect: ASPECTS[term.aspect?].key.to_owned(), n: term.n_clauses })
        };
        Words { names: learned.terms.iter().filter_map(name).collect(), opinions: learned.opinions.clone() }
    }

    fn learned(&self) -> Learned {
        let term = |name: &Name| NewTerm {
            word: name.word.clone(),
            aspect: aspect(&name.aspect),
            n_clauses: name.n,
            n_opinions: 0,
        };
        Learned { terms: self.names.iter().map(term).collect(), opinions: self.opinions.clone() }
    }

    fn info(&self) -> TaughtInfo {
        let word = |one: &NewOpinion| Word { word: one.word.clone(), log_odds: one.log_odds, n: one.n_clauses };
        TaughtInfo {
            n_names: self.names.len(),
            n_words: self.opinions.len(),
            names: self.names.iter().take(SHOWN).cloned().collect(),
            words: self.opinions.iter().take(SHOWN).map(word).collect(),
            judge: None,
        }
    }
}
