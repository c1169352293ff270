//! A small model that words plans: from headings and places (figures and names taken out) to a sentence with the same places,
//! each as often as the plan has it and no other. Attention, copying and coverage are those of [`super::model`]; what binds the
//! search is [`super::decode::Bound`]. Not here: what a place stands for, how texts are cut into units, which sentences may be
//! learned from.
//!
//! A unit that begins with [`PLACE`] is a place, one that begins with [`HEADING`] a heading, `{~` begins a place that a sentence
//! may have or not (a verb that agrees with a name). All others are words.

use std::collections::{BTreeMap, BTreeSet};

use neural::{Builder, Compute, Params, Precision};
use serde_json::{Value, json};

use super::checkpoint::{model_from_bytes, model_to_bytes};
use super::decode::{BEGIN, Bound, END, Follows, Limits, Output, Plan, Rules, Sampling, UNKNOWN, sample};
use super::model::{CARD, Recurrent, Shape, Writer};
use super::train::{Learner, Pairs, Trace, TrainOptions};
use super::vocabulary::Vocabulary;
use crate::LanguageError;

/// Begins a place.
pub const PLACE: char = '{';
/// Begins a place that is no part of the plan.
pub const FREE_PLACE: &str = "{~";
/// Begins a heading: it is read and never written.
pub const HEADING: char = '<';

/// Pairs that are learned from at most, units of either side, and units known.
const PAIRS_MAX: usize = 200_000;
const UNITS_MAX: usize = 120;
const WORDS_MAX: usize = 8_000;
/// One pair in so many is held back, to see when learning gets no better.
const HELD_BACK: usize = 20;
/// Outputs drawn for one sentence.
const DRAWN_MAX: usize = 64;

/// What suits some thousand short sentences.
const SETTINGS: &[&str] = &[
    "dim_embedding=64",
    "dim_hidden=128",
    "copy=true",
    "coverage=0.5",
    "dropout=0.15",
    "label_smoothing=0.05",
    "learning_rate=0.003",
    "batch=32",
    "epochs=16",
    "patience=3",
];

/// A plan and a sentence that words it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlannedPair {
    /// Under what it is said: sentences of one heading lend each other their words.
    pub heading: String,
    /// Headings and places, in the order in which a plan gives them.
    pub source: Vec<String>,
    /// Words and places.
    pub target: Vec<String>,
}

/// A sentence for a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Wording {
    pub units: Vec<String>,
    /// The mean natural logarithm of a unit's probability, the end included; at most 0.
    pub log_probability: f32,
    /// How much each unit of the source counted for each unit written. Shape: (n_units, n_source), row by row.
    pub attention: Vec<f32>,
}

/// A model with its words and what may stand beside what.
#[derive(Debug)]
pub struct PlannedModel {
    model: Recurrent,
    params: Params,
    words: Vocabulary,
    is_place: Vec<bool>,
    /// By heading.
    follows: BTreeMap<String, Follows>,
    more: Value,
}

fn is_place(unit: &str) -> bool {
    unit.starts_with(PLACE) && !unit.starts_with(FREE_PLACE)
}

impl PlannedModel {
    /// Learns from pairs; `more` is kept beside it. The same pairs, settings, seed and number of threads give the same model. Every
    /// twentieth pair is held back to stop in time; `watch` returns false to stop at once. `settings` are
    /// those of [`CARD`] that differ from what suits such pairs: `epochs=5`.
    ///
    /// # Errors
    /// If there are no pairs or too many, a side is empty or too long, a target has other places than its source or a heading,
    /// a setting is none of the card's, or learning diverges.
    pub fn learn(
        pairs: &[PlannedPair],
        settings: &[&str],
        seed: u64,
        n_threads: usize,
        more: Value,
        watch: &(dyn Fn(&Trace) -> bool + Sync),
    ) -> Result<Self, LanguageError> {
        check(pairs)?;
        let texts: Vec<&str> = SETTINGS.iter().chain(settings).copied().collect();
        let settings = CARD.settings_from_texts(&texts)?;
        let sides = pairs.iter().flat_map(|pair| [&pair.source, &pair.target]);
        let words = Vocabulary::learn(sides.map(|side| side.iter().map(String::as_str)), 1, WORDS_MAX);
        let mut builder = Builder::fresh(seed);
        let model = Recurrent::new(&mut builder, Shape::new(&settings, words.len(), words.len())?)?;
        let options = TrainOptions::new(&settings, seed, n_threads)?;
        let mut learner = Learner::new(builder.finish(), &options);
        let (held, own): (Vec<_>, Vec<_>) =
            pairs.iter().enumerate().partition(|(at, _)| at % HELD_BACK == HELD_BACK - 1);
        learner.run(&model, &numbered(&words, &own)?, &numbered(&words, &held)?, &options, watch)?;
        let params = learner.result().clone();
        Ok(Self::of(model, params, words, follows_of(pairs), more))
    }

    fn of(
        model: Recurrent,
        params: Params,
        words: Vocabulary,
        follows: BTreeMap<String, Vec<(String, String)>>,
        more: Value,
    ) -> Self {
        let is_place = (0..words.len() as u32).map(|id| is_place(words.word(id))).collect();
        let id = |unit: &str, otherwise: u32| if unit.is_empty() { otherwise } else { words.id(unit) };
        let numbered = |pairs: &Vec<(String, String)>| {
            let ids = pairs.iter().map(|(word, next)| (id(word, BEGIN), id(next, END)));
            // What the vocabulary had no room for is never written.
            Follows::new(ids.filter(|(word, next)| *word != UNKNOWN && *next != UNKNOWN))
        };
        let follows = follows.iter().map(|(heading, pairs)| (heading.clone(), numbered(pairs))).collect();
        PlannedModel { model, params, words, is_place, follows, more }
    }

    /// What was kept beside it.
    pub fn more(&self) -> &Value {
        &self.more
    }

    /// The headings that it learned, in order.
    pub fn headings(&self) -> impl Iterator<Item = &str> {
        self.follows.keys().map(String::as_str)
    }

    /// The model, made ready to write many sentences.
    pub fn ready(&self) -> Ready<'_> {
        Ready { model: self, writer: Writer::new(&self.model, &self.params, Compute::new(Precision::F32)) }
    }

    /// As safetensors, with words and neighbours.
    pub fn to_bytes(&self) -> Vec<u8> {
        let pairs = |follows: &Follows| follows.pairs().flat_map(|(word, next)| [word, next]).collect::<Vec<u32>>();
        let follows: BTreeMap<&String, Vec<u32>> =
            self.follows.iter().map(|(heading, follows)| (heading, pairs(follows))).collect();
        let more = json!({ "words": self.words.to_text(), "follows": follows, "more": self.more });
        model_to_bytes(&self.model, &self.params, more)
    }

    /// # Errors
    /// If the bytes are not those of such a model.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LanguageError> {
        let (model, params, mut more): (Recurrent, Params, Value) = model_from_bytes(bytes)?;
        let corrupt = |what: &str| LanguageError::Corrupt(what.to_owned());
        let words = Vocabulary::from_text(more["words"].as_str().ok_or_else(|| corrupt("its words are missing"))?)?;
        if model.shape().n_source_words != words.len() {
            return Err(corrupt("it was learned with other words"));
        }
        let lists: BTreeMap<String, Vec<u32>> = serde_json::from_value(more["follows"].take())
            .map_err(|error| LanguageError::Corrupt(format!("its neighbours: {error}")))?;
        let is_known =
            |list: &Vec<u32>| list.len().is_multiple_of(2) && list.iter().all(|id| (*id as usize) < words.len());
        if !lists.values().all(is_known) {
            return Err(corrupt("its neighbours are no pairs of its words"));
        }
        let follows = |list: &Vec<u32>| Follows::new(list.chunks(2).map(|pair| (pair[0], pair[1])));
        let follows = lists.iter().map(|(heading, list)| (heading.clone(), follows(list))).collect();
        let is_place = (0..words.len() as u32).map(|id| is_place(words.word(id))).collect();
        Ok(PlannedModel { model, params, words, is_place, follows, more: more["more"].take() })
    }
}

/// A model ready to write.
#[derive(Debug)]
pub struct Ready<'a> {
    model: &'a PlannedModel,
    writer: Writer<'a>,
}

impl Ready<'_> {
    /// Up to `n` different wordings of a plan, the likeliest first; none under a heading that was not learned, or for a place
    /// that was never met. They are drawn at random: the same seed gives the same ones.
    ///
    /// # Errors
    /// If the search cannot be run.
    pub fn write(
        &self,
        heading: &str,
        source: &[String],
        n: usize,
        temperature: f32,
        seed: u64,
    ) -> Result<Vec<Wording>, LanguageError> {
        let words = &self.model.words;
        let Some(follows) = self.model.follows.get(heading) else { return Ok(Vec::new()) };
        let ids = words.encode(source);
        let places: Vec<u32> = source.iter().zip(&ids).filter(|(unit, _)| is_place(unit)).map(|(_, id)| *id).collect();
        if ids.is_empty() || source.len() > UNITS_MAX || places.contains(&UNKNOWN) {
            return Ok(Vec::new());
        }
        let n_drawn = (2 * n).clamp(1, DRAWN_MAX);
        let plans = vec![Plan { places: &places, follows }; n_drawn];
        let bound = Bound::new(&self.writer, plans, &self.model.is_place)?;
        let limits = Limits { min: 1, max: UNITS_MAX, max_per_source_word: 0.0 };
        // Words that may follow themselves could go on for ever.
        let rules = Rules { no_repeat: 3, no_unknown: true, ..Rules::default() };
        let wanted = Sampling { n: n_drawn, temperature, top_p: 0.95, limits, rules, ..Sampling::default() };
        let mut drawn: Vec<Output> = sample(&bound, &[&ids], &wanted, seed)?.concat();
        drawn.retain(|output| output.ended);
        drawn.sort_by(|a, b| mean(b).total_cmp(&mean(a)).then_with(|| a.tokens.cmp(&b.tokens)));
        drawn.dedup_by(|a, b| a.tokens == b.tokens);
        drawn.truncate(n);
        Ok(drawn.into_iter().map(|output| self.wording(output, ids.len())).collect())
    }

    fn wording(&self, output: Output, n_source: usize) -> Wording {
        let log_probability = mean(&output);
        let mut attention = output.attention;
        attention.truncate(output.tokens.len() * n_source);
        let units = self.model.words.decode(&output.tokens).into_iter().map(str::to_owned).collect();
        Wording { units, log_probability, attention }
    }
}

fn mean(output: &Output) -> f32 {
    output.log_probability / (output.tokens.len() + 1) as f32
}

fn check(pairs: &[PlannedPair]) -> Result<(), LanguageError> {
    if pairs.is_empty() || pairs.len() > PAIRS_MAX {
        return Err(LanguageError::unfit("pairs of plans and sentences", pairs.len(), format!("1 to {PAIRS_MAX}")));
    }
    for pair in pairs {
        if [&pair.source, &pair.target].iter().any(|side| side.is_empty() || side.len() > UNITS_MAX) {
            let found = format!("{} and {}", pair.source.len(), pair.target.len());
            return Err(LanguageError::unfit(
                "units of a plan and its sentence",
                found,
                format!("1 to {UNITS_MAX} each"),
            ));
        }
        let places = |side: &[String]| {
            let mut all: Vec<String> = side.iter().filter(|unit| is_place(unit)).cloned().collect();
            all.sort_unstable();
            all
        };
        if places(&pair.source) != places(&pair.target) {
            return Err(LanguageError::unfit("places of a sentence", pair.target.concat(), "those of its plan"));
        }
        if let Some(found) = pair.target.iter().find(|unit| unit.starts_with(HEADING) || unit.is_empty()) {
            return Err(LanguageError::unfit("a unit of a sentence", found, "words and places"));
        }
    }
    Ok(())
}

fn numbered(words: &Vocabulary, pairs: &[(usize, &PlannedPair)]) -> Result<Pairs, LanguageError> {
    let side = |of: fn(&PlannedPair) -> &Vec<String>| pairs.iter().map(|(_, pair)| words.encode(of(pair))).collect();
    Pairs::new(side(|pair| &pair.source), side(|pair| &pair.target))
}

/// By heading the pairs of units that stand side by side in its sentences; nothing before the first and behind the last.
fn follows_of(pairs: &[PlannedPair]) -> BTreeMap<String, Vec<(String, String)>> {
    let mut all: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for pair in pairs {
        let own = all.entry(pair.heading.clone()).or_default();
        let mut before = String::new();
        for unit in pair.target.iter().cloned().chain([String::new()]) {
            own.insert((std::mem::replace(&mut before, unit.clone()), unit));
        }
    }
    all.into_iter().map(|(heading, pairs)| (heading, pairs.into_iter().collect())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    fn pairs() -> Vec<PlannedPair> {
        let pair = |heading: &str, source: &str, target: &str| PlannedPair {
            heading: heading.into(),
            source: units(source),
            target: units(target),
        };
        let all = [
            pair("say", "<say> {np1} {use1}", "with {np1} , {use1} ."),
            pair("say", "<say> {np1} {use1}", "{use1} , thanks to {np1} ."),
            pair("say", "<say> {np1} {np2}", "with {np1} and {np2} ."),
            pair("end", "<end> {price}", "only {price} today ."),
            pair("end", "<end>", "come and see ."),
        ];
        (0..40).flat_map(|_| all.clone()).collect()
    }

    #[test]
    fn plans_are_worded_kept_and_read() {
        let none = |_: &Trace| true;
        let learn =
            || PlannedModel::learn(&pairs(), &["epochs=12", "dim_hidden=32"], 3, 1, json!("zh"), &none).unwrap();
        let model = learn();
        let again = PlannedModel::from_bytes(&model.to_bytes()).unwrap();
        assert_eq!((again.more(), again.headings().collect::<Vec<_>>()), (&json!("zh"), vec!["end", "say"]));
        let (ready, read) = (model.ready(), again.ready());
        let mut texts = BTreeSet::new();
        for seed in 0..20 {
            let wordings = ready.write("say", &units("<say> {np1} {use1}"), 3, 1.0, seed).unwrap();
            assert_eq!(read.write("say", &units("<say> {np1} {use1}"), 3, 1.0, seed).unwrap(), wordings);
            for wording in wordings {
                let n = |place: &str| wording.units.iter().filter(|unit| *unit == place).count();
                assert_eq!((n("{np1}"), n("{use1}"), n("{np2}"), n("{price}")), (1, 1, 0, 0), "{:?}", wording.units);
                assert_eq!(wording.attention.len(), wording.units.len() * 3);
                assert!(wording.attention.chunks(3).all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-3));
                texts.insert(wording.units.join(" "));
            }
        }
        assert!(texts.contains("with {np1} , {use1} .") && texts.len() >= 2, "{texts:?}");
        // What was learned under another heading is not said here.
        assert!(texts.iter().all(|text| !text.contains("today")));
        assert_eq!(learn().to_bytes(), model.to_bytes());
    }

    #[test]
    fn attention_finds_the_place_that_is_written() {
        let model =
            PlannedModel::learn(&pairs(), &["epochs=30", "dim_hidden=32"], 3, 1, json!(null), &|_| true).unwrap();
        let source = units("<say> {np1} {np2}");
        let written = model.ready().write("say", &source, 1, 0.5, 1).unwrap();
        assert_eq!(written[0].units.join(" "), "with {np1} and {np2} .");
    }

    #[test]
    fn what_cannot_be_worded_is_told_or_left() {
        let model =
            PlannedModel::learn(&pairs(), &["epochs=1", "dim_hidden=16"], 3, 1, json!(null), &|_| true).unwrap();
        let ready = model.ready();
        assert_eq!(ready.write("nothing", &units("<say>"), 2, 1.0, 1).unwrap(), []);
        assert_eq!(ready.write("say", &units("<say> {coupon}"), 2, 1.0, 1).unwrap(), []);
        assert_eq!(ready.write("say", &[], 2, 1.0, 1).unwrap(), []);
        let learn = |source: &str, target: &str| {
            let pair = PlannedPair { heading: "a".into(), source: units(source), target: units(target) };
            PlannedModel::learn(&[pair], &["epochs=1"], 1, 1, json!(null), &|_| true).unwrap_err().to_string()
        };
        assert!(learn("<a> {np1}", "nothing").contains("those of its plan"));
        assert!(learn("<a>", "<a> b").contains("words and places"));
        assert!(PlannedModel::learn(&[], &[], 1, 1, json!(null), &|_| true).is_err());
        assert!(PlannedModel::from_bytes(b"nothing").is_err());
    }
}
