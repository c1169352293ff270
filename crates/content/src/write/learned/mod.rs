//! The trained writer: the grammar plans each sentence (which points, which figures, in which part of which field), a small
//! sequence-to-sequence model with attention, copying and coverage finds the words. It writes places instead of figures and names, each
//! of the plan's as often as the plan has it, and only words that it read side by side under the same heading; places are then
//! filled as the plan fills them, so every figure keeps its evidence. A sentence without such a wording that fits its field stays
//! the grammar's; a draft without any sentence of the model's is not given. Not here: truth and law (the checks), and training data.

mod pairs;
#[cfg(test)]
mod tests;

use language::LanguageError;
use language::seq2seq::planned::{PlannedModel, PlannedPair, Ready};
use language::seq2seq::train::Trace;
use serde_json::json;

pub use pairs::{merged, pairs_of_task, pairs_of_text};

use super::parts::{Part, Wording, source};
use super::realise::Realiser;
use super::{Draft, Task, WriteError, Writer, drafted};
use crate::brief::{Lang, Tone};

/// Wordings tried for one sentence.
const WORDINGS: usize = 4;
/// Below 1 likelier words gain.
const TEMPERATURE: f32 = 0.9;
/// Mean natural logarithm of a unit's probability below which a wording is not used: one in seven or so.
const SURE_MIN: f32 = -2.0;
/// Parts the seeds of this writer from the grammar's.
const SEEDS: u64 = 0x5EED_0000;

/// A model that words the plans of one language.
#[derive(Debug)]
pub struct Learned {
    lang: Lang,
    model: PlannedModel,
}

impl Learned {
    /// Learns from pairs of one language ([`pairs_of_task`], [`pairs_of_text`], then [`merged`]). Minutes on two cores for some thousand
    /// pairs. `settings` change those of the language crate's card: `epochs=5`. The same arguments give the same model.
    ///
    /// # Errors
    /// If there are no pairs, a setting is not allowed, or learning diverges.
    pub fn learn(
        lang: Lang,
        pairs: &[PlannedPair],
        settings: &[&str],
        seed: u64,
        n_threads: usize,
        watch: &(dyn Fn(&Trace) -> bool + Sync),
    ) -> Result<Self, LanguageError> {
        let model = PlannedModel::learn(pairs, settings, seed, n_threads, json!({ "lang": lang.code() }), watch)?;
        Ok(Learned { lang, model })
    }

    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// As safetensors.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.model.to_bytes()
    }

    /// # Errors
    /// If the bytes are not those of such a model.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LanguageError> {
        let model = PlannedModel::from_bytes(bytes)?;
        let lang = match model.more()["lang"].as_str() {
            Some("zh") => Lang::Zh,
            Some("en") => Lang::En,
            other => return Err(LanguageError::Corrupt(format!("its language is {other:?}; expected zh or en"))),
        };
        Ok(Learned { lang, model })
    }
}

impl Writer for Learned {
    fn name(&self) -> &str {
        "learned"
    }

    fn write(&self, task: &Task, n: usize) -> Result<Vec<Draft>, WriteError> {
        if task.brief.lang != self.lang {
            let why = format!("it has learned {} and is asked for {}", self.lang.code(), task.brief.lang.code());
            return Err(WriteError::Unavailable { writer: self.name().to_owned(), why });
        }
        let author = Author { ready: self.model.ready() };
        let drafts = (0..n as u64).map(|nth| {
            let seed = math::random::Random::stream(task.seed ^ SEEDS, nth).next_u64();
            drafted(Realiser::new(task, seed).worded_by(&author), self.name())
        });
        Ok(drafts.filter(|draft| draft.sentences.iter().any(|one| one.writer == self.name())).collect())
    }
}

/// Finds words for sentences that are planned.
#[derive(Debug)]
pub struct Author<'a> {
    ready: Ready<'a>,
}

impl Author<'_> {
    /// Wordings of a planned sentence, in the order in which they are tried.
    pub(super) fn wordings(&self, symbol: &str, tone: Tone, parts: &[Part], seed: u64) -> Vec<Wording> {
        let source = source(symbol, tone, parts);
        let found = self.ready.write(symbol, &source, WORDINGS, TEMPERATURE, seed).unwrap_or_default();
        let mut found: Vec<Wording> = found
            .into_iter()
            .filter(|one| one.log_probability >= SURE_MIN)
            .map(|one| Wording { units: one.units, attention: one.attention })
            .collect();
        // The likeliest first would be the same each time.
        if !found.is_empty() {
            let first = (seed % found.len() as u64) as usize;
            found.rotate_left(first);
        }
        found
    }
}
