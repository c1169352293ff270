//! What the shop lays down for every text of its own: rules that people write, for all goods or for those of a category or a brand,
//! and a voice learned from its own texts (or a brand's) against the descriptions of the catalogue. All are settings of the shop, so
//! they are backed up and need no restart.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, Mutex};

use content::brief::Lang;
use content::check::House;
use content::check::voice::{self, Rules as VoiceRules, Scope, Scoped, Term, Voice, Voices};
use content::translate::Pair;
use data::ShopConfig;
use language::text::Masker;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Stock;
use crate::error::{Result, ServiceError, clipped};
use crate::store::Store;

const RULES: &str = "content.rules";
const VOICE: &str = "content.voice";
const VOICES: &str = "content.voices";
const TERMS: &str = "content.terms";

const WORDS_MAX: usize = 2_000;
const WORD_CHARS_MAX: usize = 60;
const REQUIRED_MAX: usize = 20;
const REQUIRED_CHARS_MAX: usize = 200;
/// Sets of rules for some of the goods, and brands with a voice of their own.
const SCOPES_MAX: usize = 200;
const BRANDS_MAX: usize = 100;
const SCOPE_CHARS_MAX: usize = 200;
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
    /// What holds beside that for goods of a category, of a brand, or of both.
    #[schema(max_items = 200)]
    pub scoped: Vec<ScopedRules>,
}

/// Rules for some of the goods; at least one of category and brand is named.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ScopedRules {
    /// Goods at or below this path.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 200)]
    pub category: Option<String>,
    /// Whatever its capitals.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 200)]
    pub brand: Option<String>,
    #[schema(max_items = 2000)]
    pub forbidden: Vec<String>,
    #[schema(max_items = 2000)]
    pub glossary: Vec<GlossaryTerm>,
    /// Each has to stand in every copy about such goods.
    #[schema(max_items = 20)]
    pub required: Vec<String>,
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
    /// The brand whose voice it is; absent of the shop's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
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
    pub voices: Voices,
    pub terms: Vec<Pair>,
    /// Brands with a voice of their own, as they were written.
    brands: Vec<String>,
    own: Vec<String>,
}

impl Voiced {
    /// The list of names, where a copy in this language is in another than the shop's own.
    pub fn terms_for(&self, lang: Lang, config: &ShopConfig) -> Option<&[Pair]> {
        (lang.code() != config.language && !self.terms.is_empty()).then_some(&self.terms)
    }

    /// For the checks.
    pub fn house(&self) -> House<'_> {
        House { masker: &MASKER, own: &self.own, voices: &self.voices, rules: &self.rules }
    }

    /// The shop's own voice.
    pub fn summary(&self) -> Option<VoiceSummary> {
        (self.voices.shop.n_samples > 0).then(|| summary(&self.voices.shop, None))
    }

    /// Those of brands.
    pub fn of_brands(&self) -> Vec<VoiceSummary> {
        let of =
            |brand: &String| Some(summary(self.voices.of_brands.get(&brand.to_lowercase())?, Some(brand.as_str())));
        self.brands.iter().filter_map(of).collect()
    }
}

/// Rules and voice of a shop, parsed once for each change.
#[derive(Default)]
pub struct KeptHouse(Mutex<Option<(Texts, Arc<Voiced>)>>);

/// The settings as they are stored.
type Texts = (Option<String>, Option<String>, Option<String>, Option<String>);

/// A brand as it was written, and its voice.
type BrandVoice = (String, Voice);

impl KeptHouse {
    /// As they are now.
    ///
    /// # Errors
    /// If the settings cannot be read.
    pub fn now(&self, store: &Store, shop_name: &str) -> Result<Arc<Voiced>> {
        let texts = (store.setting(RULES)?, store.setting(VOICE)?, store.setting(TERMS)?, store.setting(VOICES)?);
        let mut kept = self.0.lock().expect("no holder panics");
        if let Some((_, voiced)) = kept.as_ref().filter(|(known, _)| *known == texts) {
            return Ok(voiced.clone());
        }
        let rules = texts.0.as_deref().map_or(Ok(VoiceRules::default()), serde_json::from_str)?;
        let shop = texts.1.as_deref().map_or(Ok(Voice::default()), serde_json::from_str)?;
        let terms = texts.2.as_deref().map_or(Ok(Vec::new()), serde_json::from_str)?;
        let of_brands: Vec<BrandVoice> = texts.3.as_deref().map_or(Ok(Vec::new()), serde_json::from_str)?;
        let brands = of_brands.iter().map(|(brand, _)| brand.clone()).collect();
        let of_brands = of_brands.into_iter().map(|(brand, voice)| (brand.to_lowercase(), voice)).collect();
        let voices = Voices { shop, of_brands };
        let voiced = Arc::new(Voiced { rules, voices, terms, brands, own: vec![shop_name.to_owned()] });
        *kept = Some((texts, voiced.clone()));
        Ok(voiced)
    }
}

/// The rules in force.
pub fn rules(voiced: &Voiced) -> Rules {
    let VoiceRules { forbidden, glossary, required, scoped } = &voiced.rules;
    let pair = |pair: &Pair| TermPair { zh: pair.zh.clone(), en: pair.en.clone() };
    let of_some = |one: &Scoped| ScopedRules {
        category: one.scope.category.clone(),
        brand: one.scope.brand.clone(),
        forbidden: one.forbidden.clone(),
        glossary: shown(&one.glossary),
        required: one.required.clone(),
    };
    Rules {
        forbidden: forbidden.clone(),
        glossary: shown(glossary),
        required: required.clone(),
        terms: voiced.terms.iter().map(pair).collect(),
        scoped: scoped.iter().map(of_some).collect(),
    }
}

fn shown(glossary: &[Term]) -> Vec<GlossaryTerm> {
    glossary.iter().map(|one| GlossaryTerm { say: one.say.clone(), instead_of: one.instead_of.clone() }).collect()
}

fn kept(glossary: &[GlossaryTerm]) -> Vec<Term> {
    glossary.iter().map(|one| Term { say: one.say.clone(), instead_of: one.instead_of.clone() }).collect()
}

/// Puts rules in the place of those before.
///
/// # Errors
/// If there are too many, one is empty or too long, a set names no goods or the same as another, or a phrase is both required and
/// forbidden.
pub fn put_rules(store: &Store, rules: &Rules) -> Result<()> {
    let Rules { forbidden, glossary, required, terms, scoped } = rules;
    few("terms", terms.len(), WORDS_MAX)?;
    terms.iter().flat_map(|pair| [&pair.zh, &pair.en]).try_for_each(|word| fits("a term", word, WORD_CHARS_MAX))?;
    checked_set(forbidden, glossary, required)?;
    few("scoped", scoped.len(), SCOPES_MAX)?;
    let mut known = BTreeSet::new();
    for one in scoped {
        checked_scope(one)?;
        let brand = one.brand.as_ref().map(|brand| brand.trim().to_lowercase());
        let category = one.category.as_ref().map(|path| path.trim_matches('/').to_owned());
        if !known.insert((category, brand)) {
            return Err(ServiceError::usage(
                "rules",
                format!("two sets of rules are for {}; allowed: one", goods(one)),
            )
            .help("put their words into one set"));
        }
        checked_set(&one.forbidden, &one.glossary, &one.required)?;
        // Everybody's words hold for these goods too.
        let contrary = one.required.iter().find(|phrase| forbidden.contains(phrase));
        let contrary = contrary.or_else(|| required.iter().find(|phrase| one.forbidden.contains(phrase)));
        contrary.map_or(Ok(()), |both| Err(both_ways(both)))?;
    }
    let of_some = |one: &ScopedRules| Scoped {
        scope: Scope {
            category: one.category.as_ref().map(|path| path.trim().trim_matches('/').to_owned()),
            brand: one.brand.as_ref().map(|brand| brand.trim().to_owned()),
        },
        forbidden: one.forbidden.clone(),
        glossary: kept(&one.glossary),
        required: one.required.clone(),
    };
    let stored = VoiceRules {
        forbidden: forbidden.clone(),
        glossary: kept(glossary),
        required: required.clone(),
        scoped: scoped.iter().map(of_some).collect(),
    };
    let pair = |pair: &TermPair| Pair { zh: pair.zh.clone(), en: pair.en.clone() };
    let pairs: Vec<Pair> = terms.iter().map(pair).collect();
    store.set_setting(TERMS, &serde_json::to_string(&pairs)?)?;
    store.set_setting(RULES, &serde_json::to_string(&stored)?)
}

/// Which goods a set of rules is for, in words of an error.
fn goods(one: &ScopedRules) -> String {
    let category = one.category.as_ref().map(|path| format!("the category '{}'", clipped(path)));
    let brand = one.brand.as_ref().map(|brand| format!("the brand '{}'", clipped(brand)));
    category.into_iter().chain(brand).collect::<Vec<_>>().join(" and ")
}

fn checked_scope(one: &ScopedRules) -> Result<()> {
    let named = [("a category", &one.category), ("a brand", &one.brand)];
    for (what, text) in named.into_iter().filter_map(|(what, text)| Some((what, text.as_ref()?))) {
        fits(what, text.trim_matches('/'), SCOPE_CHARS_MAX)?;
    }
    match one.category.is_none() && one.brand.is_none() {
        true => Err(ServiceError::usage(
            "rules",
            "a set of rules names neither a category nor a brand; allowed: one of them, or both",
        )
        .help("rules for all goods stand beside the sets, in forbidden, glossary and required")),
        false => Ok(()),
    }
}

fn both_ways(phrase: &str) -> ServiceError {
    ServiceError::usage("rules", format!("'{}' is both required and forbidden; allowed: one of them", clipped(phrase)))
}

/// Words and phrases of one set.
fn checked_set(forbidden: &[String], glossary: &[GlossaryTerm], required: &[String]) -> Result<()> {
    let instead = || glossary.iter().flat_map(|term| &term.instead_of);
    few("forbidden", forbidden.len(), WORDS_MAX)?;
    few("glossary", glossary.len().max(instead().count()), WORDS_MAX)?;
    few("required", required.len(), REQUIRED_MAX)?;
    let says = glossary.iter().map(|term| &term.say);
    forbidden.iter().chain(instead()).chain(says).try_for_each(|word| fits("a word", word, WORD_CHARS_MAX))?;
    required.iter().try_for_each(|phrase| fits("a phrase", phrase, REQUIRED_CHARS_MAX))?;
    required.iter().find(|phrase| forbidden.contains(phrase)).map_or(Ok(()), |both| Err(both_ways(both)))
}

/// Learns the voice of texts, the shop's own or a brand's, against what the catalogue says of others' goods, and puts it in the place of
/// the one before.
///
/// # Errors
/// If there are too many texts or brands, too few texts to learn from, or one is too long.
pub fn learn(store: &Store, stock: &Stock, samples: &[String], brand: Option<&str>) -> Result<VoiceSummary> {
    if !(voice::N_SAMPLES_MIN..=SAMPLES_MAX).contains(&samples.len()) {
        let (found, least) = (samples.len(), voice::N_SAMPLES_MIN);
        let message = format!("there are {found} samples; allowed: {least} to {SAMPLES_MAX}");
        return Err(ServiceError::usage("samples", message));
    }
    samples.iter().try_for_each(|text| fits("a sample", text, SAMPLE_CHARS_MAX))?;
    let brand = brand.map(str::trim);
    brand.map_or(Ok(()), |brand| fits("a brand", brand, SCOPE_CHARS_MAX))?;
    let same = |own: &str| brand.is_some_and(|brand| own.trim().to_lowercase() == brand.to_lowercase());
    let of_others = stock.products().filter(|product| !product.brand.as_deref().is_some_and(same));
    let texts = of_others.filter_map(|product| product.description.as_deref());
    let background: Vec<&str> = texts.filter(|text| !text.trim().is_empty()).take(BACKGROUND_MAX).collect();
    let learned = voice::learn(samples, &background);
    let Some(brand) = brand else {
        store.set_setting(VOICE, &serde_json::to_string(&learned)?)?;
        return Ok(summary(&learned, None));
    };
    let mut all = voices(store)?;
    all.retain(|(known, _)| !same(known));
    few("voices", all.len() + 1, BRANDS_MAX)?;
    all.push((brand.to_owned(), learned.clone()));
    all.sort_by(|a, b| a.0.cmp(&b.0));
    store.set_setting(VOICES, &serde_json::to_string(&all)?)?;
    Ok(summary(&learned, Some(brand)))
}

fn voices(store: &Store) -> Result<Vec<BrandVoice>> {
    Ok(store.setting(VOICES)?.as_deref().map_or(Ok(Vec::new()), serde_json::from_str)?)
}

/// Forgets the shop's voice, or a brand's.
///
/// # Errors
/// If the brand has none, or it cannot be stored.
pub fn forget(store: &Store, brand: Option<&str>) -> Result<()> {
    let Some(brand) = brand else { return store.set_setting(VOICE, &serde_json::to_string(&Voice::default())?) };
    let mut all = voices(store)?;
    let before = all.len();
    all.retain(|(known, _)| known.to_lowercase() != brand.trim().to_lowercase());
    if all.len() == before {
        return Err(ServiceError::not_found("voice of the brand", brand));
    }
    store.set_setting(VOICES, &serde_json::to_string(&all)?)
}

fn summary(voice: &Voice, brand: Option<&str>) -> VoiceSummary {
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
    VoiceSummary {
        brand: brand.map(str::to_owned),
        n_samples: voice.n_samples,
        words: shown,
        habits: voice.habits.iter().map(habit).collect(),
    }
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
