//! What the shop lays down for every text of its own: rules that people write, and a voice learned from its own texts against
//! the descriptions of the catalogue. Both are settings of the shop, so they are backed up and need no restart.

use std::sync::{Arc, LazyLock, Mutex};

use content::brief::Lang;
use content::check::House;
use content::check::voice::{self, Rules as VoiceRules, Term, Voice};
use content::translate::Pair;
use data::ShopConfig;
use language::text::Masker;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Stock;
use crate::error::{Result, ServiceError};
use crate::store::Store;

const RULES: &str = "content.rules";
const VOICE: &str = "content.voice";
const TERMS: &str = "content.terms";

const WORDS_MAX: usize = 2_000;
const WORD_CHARS_MAX: usize = 60;
const REQUIRED_MAX: usize = 20;
const REQUIRED_CHARS_MAX: usize = 200;
const SAMPLES_MAX: usize = 2_000;
const SAMPLE_CHARS_MAX: usize = 20_000;
/// Texts of the catalogue that a voice is told apart from.
const BACKGROUND_MAX: usize = 20_000;
/// Words that are shown of either side.
const SHOWN: usize = 30;

static MASKER: LazyLock<Masker> = LazyLock::new(Masker::default);

/// Words that people laid down.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = CopyRules)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Never said, however written.
    #[schema(max_items = 2000)]
    pub forbidden: Vec<String>,
    #[schema(max_items = 2000)]
    pub glossary: Vec<GlossaryTerm>,
    /// Each has to stand in every copy.
    #[schema(max_items = 20)]
    pub required: Vec<String>,
    /// Names and terms in both languages: how a draft names things in the other one.
    #[schema(max_items = 2000)]
    pub terms: Vec<TermPair>,
}

/// A name or term in both languages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TermPair {
    #[schema(min_length = 1, max_length = 60)]
    pub zh: String,
    #[schema(min_length = 1, max_length = 60)]
    pub en: String,
}

/// The right form of a term.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GlossaryTerm {
    #[schema(min_length = 1, max_length = 60)]
    pub say: String,
    #[schema(max_items = 50)]
    pub instead_of: Vec<String>,
}

/// A voice as it is shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VoiceSummary {
    pub n_samples: usize,
    /// Words that tell the shop's texts from others', the most telling first: its own, then those strange to it.
    pub words: Vec<VoiceWord>,
    pub habits: Vec<VoiceHabit>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VoiceWord {
    pub word: String,
    /// Above 0 the shop's own, below 0 strange to it.
    pub z: f64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VoiceHabit {
    pub name: String,
    pub mean: f64,
    pub spread: f64,
}

/// Rules and voice, read.
#[derive(Debug, Default)]
pub struct Voiced {
    pub rules: VoiceRules,
    pub voice: Voice,
    pub terms: Vec<Pair>,
    own: Vec<String>,
}

impl Voiced {
    /// The list of names, where a copy in this language is in another than the shop's own.
    pub fn terms_for(&self, lang: Lang, config: &ShopConfig) -> Option<&[Pair]> {
        (lang.code() != config.language && !self.terms.is_empty()).then_some(&self.terms)
    }

    /// For the checks.
    pub fn house(&self) -> House<'_> {
        House { masker: &MASKER, own: &self.own, voice: &self.voice, rules: &self.rules }
    }

    pub fn summary(&self) -> Option<VoiceSummary> {
        (self.voice.n_samples > 0).then(|| summary(&self.voice))
    }
}

/// Rules and voice of a shop, parsed once for each change.
#[derive(Default)]
pub struct KeptHouse(Mutex<Option<(Texts, Arc<Voiced>)>>);

/// The settings as they are stored.
type Texts = (Option<String>, Option<String>, Option<String>);

impl KeptHouse {
    /// As they are now.
    ///
    /// # Errors
    /// If the settings cannot be read.
    pub fn now(&self, store: &Store, shop_name: &str) -> Result<Arc<Voiced>> {
        let texts = (store.setting(RULES)?, store.setting(VOICE)?, store.setting(TERMS)?);
        let mut kept = self.0.lock().expect("no holder panics");
        if let Some((_, voiced)) = kept.as_ref().filter(|(known, _)| *known == texts) {
            return Ok(voiced.clone());
        }
        let rules = texts.0.as_deref().map_or(Ok(VoiceRules::default()), serde_json::from_str)?;
        let voice = texts.1.as_deref().map_or(Ok(Voice::default()), serde_json::from_str)?;
        let terms = texts.2.as_deref().map_or(Ok(Vec::new()), serde_json::from_str)?;
        let voiced = Arc::new(Voiced { rules, voice, terms, own: vec![shop_name.to_owned()] });
        *kept = Some((texts, voiced.clone()));
        Ok(voiced)
    }
}

/// The rules in force.
pub fn rules(voiced: &Voiced) -> Rules {
    let term = |term: &Term| GlossaryTerm { say: term.say.clone(), instead_of: term.instead_of.clone() };
    let VoiceRules { forbidden, glossary, required } = &voiced.rules;
    let pair = |pair: &Pair| TermPair { zh: pair.zh.clone(), en: pair.en.clone() };
    Rules {
        forbidden: forbidden.clone(),
        glossary: glossary.iter().map(term).collect(),
        required: required.clone(),
        terms: voiced.terms.iter().map(pair).collect(),
    }
}

/// Puts rules in the place of those before.
///
/// # Errors
/// If there are too many, or one is empty or too long.
pub fn put_rules(store: &Store, rules: &Rules) -> Result<()> {
    let Rules { forbidden, glossary, required, terms } = rules;
    let instead = || glossary.iter().flat_map(|term| &term.instead_of);
    few("forbidden", forbidden.len(), WORDS_MAX)?;
    few("glossary", glossary.len().max(instead().count()), WORDS_MAX)?;
    few("required", required.len(), REQUIRED_MAX)?;
    few("terms", terms.len(), WORDS_MAX)?;
    terms.iter().flat_map(|pair| [&pair.zh, &pair.en]).try_for_each(|word| fits("a term", word, WORD_CHARS_MAX))?;
    let says = glossary.iter().map(|term| &term.say);
    forbidden.iter().chain(instead()).chain(says).try_for_each(|word| fits("a word", word, WORD_CHARS_MAX))?;
    required.iter().try_for_each(|phrase| fits("a phrase", phrase, REQUIRED_CHARS_MAX))?;
    if let Some(both) = required.iter().find(|phrase| forbidden.contains(phrase)) {
        let message = format!("'{}' is both required and forbidden; allowed: one of them", crate::error::clipped(both));
        return Err(ServiceError::usage("rules", message));
    }
    let term = |term: &GlossaryTerm| Term { say: term.say.clone(), instead_of: term.instead_of.clone() };
    let stored = VoiceRules {
        forbidden: forbidden.clone(),
        glossary: glossary.iter().map(term).collect(),
        required: required.clone(),
    };
    let pair = |pair: &TermPair| Pair { zh: pair.zh.clone(), en: pair.en.clone() };
    let pairs: Vec<Pair> = terms.iter().map(pair).collect();
    store.set_setting(TERMS, &serde_json::to_string(&pairs)?)?;
    store.set_setting(RULES, &serde_json::to_string(&stored)?)
}

/// Learns the voice of texts, against what the catalogue says, and puts it in the place of the one before.
///
/// # Errors
/// If there are too many texts, too few to learn from, or one is too long.
pub fn learn(store: &Store, stock: &Stock, samples: &[String]) -> Result<VoiceSummary> {
    if !(voice::N_SAMPLES_MIN..=SAMPLES_MAX).contains(&samples.len()) {
        let (found, least) = (samples.len(), voice::N_SAMPLES_MIN);
        let message = format!("there are {found} samples; allowed: {least} to {SAMPLES_MAX}");
        return Err(ServiceError::usage("samples", message));
    }
    samples.iter().try_for_each(|text| fits("a sample", text, SAMPLE_CHARS_MAX))?;
    let texts = stock.products().filter_map(|product| product.description.as_deref());
    let background: Vec<&str> = texts.filter(|text| !text.trim().is_empty()).take(BACKGROUND_MAX).collect();
    let learned = voice::learn(samples, &background);
    store.set_setting(VOICE, &serde_json::to_string(&learned)?)?;
    Ok(summary(&learned))
}

/// Forgets the voice.
///
/// # Errors
/// If it cannot be stored.
pub fn forget(store: &Store) -> Result<()> {
    store.set_setting(VOICE, &serde_json::to_string(&Voice::default())?)
}

fn summary(voice: &Voice) -> VoiceSummary {
    let mut words: Vec<VoiceWord> =
        voice.words.iter().map(|(word, z)| VoiceWord { word: word.clone(), z: *z }).collect();
    words.sort_by(|a, b| b.z.total_cmp(&a.z).then_with(|| a.word.cmp(&b.word)));
    let own = words.iter().take_while(|word| word.z > 0.0).count();
    let strange = words.len() - own;
    let mut shown: Vec<VoiceWord> = words.iter().take(own.min(SHOWN)).cloned().collect();
    shown.extend(words.iter().rev().take(strange.min(SHOWN)).cloned());
    let habit = |(name, habit): (&String, &voice::Habit)| VoiceHabit {
        name: name.clone(),
        mean: habit.mean,
        spread: habit.spread,
    };
    VoiceSummary { n_samples: voice.n_samples, words: shown, habits: voice.habits.iter().map(habit).collect() }
}

fn few(what: &'static str, n: usize, most: usize) -> Result<()> {
    if n > most {
        return Err(ServiceError::usage(what, format!("{what} has {n} entries; allowed: at most {most}")));
    }
    Ok(())
}

fn fits(what: &str, text: &str, most: usize) -> Result<()> {
    let n_chars = text.chars().count();
    if text.trim().is_empty() || n_chars > most || text.contains('\0') {
        let message = format!("{what} has {n_chars} characters; allowed: 1 to {most}, not only blanks");
        return Err(ServiceError::usage("text", message));
    }
    Ok(())
}
