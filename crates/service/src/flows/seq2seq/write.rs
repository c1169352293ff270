//! Writing with a model of the shop: the likeliest texts, or ones drawn at random, with words that must or must not occur,
//! and for each unit written how much each unit of the source counted.

use data::Shop;
use language::seq2seq::decode::{Beam, Limits, Output, Rules, Sampling, StepModel, UNKNOWN, beam, sample};
use language::seq2seq::model::Writer;
use language::seq2seq::transformer::Writing;
use language::seq2seq::units::{Mixed, SPACE, shown, spelled};
use language::seq2seq::vocabulary::{Units, Vocabulary};
use language::text::mask;
use neural::{Compute, Precision};
use serde::Serialize;
use utoipa::ToSchema;

use super::pairs::UNITS_MAX;
use super::{Loaded, Net, loaded};
use crate::error::{Result, ServiceError, clipped};

/// Characters of a source.
pub const TEXT_CHARS_MAX: usize = 2000;
/// Texts kept side by side, and texts returned.
pub const BEAM_MAX: usize = 16;
pub const N_MAX: usize = 10;
/// Units of the longest sequence that may be asked not to occur twice.
pub const NO_REPEAT_MAX: usize = 10;
/// Phrases that must, or must not, occur; and the characters of each.
const PHRASES_MAX: usize = 8;
const PHRASE_CHARS_MAX: usize = 40;

/// What to write.
#[derive(Clone, Debug)]
pub struct WriteRequest {
    pub text: String,
    /// Texts kept side by side while searching.
    pub beam: usize,
    /// Texts returned.
    pub n: usize,
    pub must: Vec<String>,
    pub must_not: Vec<String>,
    /// No sequence of so many units occurs twice in a text; 0 allows it.
    pub no_repeat: usize,
    /// Draws at random instead of searching: below 1 likelier words gain, above 1 they lose.
    pub temperature: Option<f64>,
    /// Draws only among the likeliest words that together have this probability.
    pub top_p: Option<f64>,
    pub seed: u64,
}

impl Default for WriteRequest {
    fn default() -> Self {
        WriteRequest {
            text: String::new(),
            beam: 5,
            n: 3,
            must: Vec::new(),
            must_not: Vec::new(),
            no_repeat: 0,
            temperature: None,
            top_p: None,
            seed: 1,
        }
    }
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Written {
    pub name: String,
    pub version: String,
    /// What was read, unit by unit: words, and characters of Chinese.
    pub source: Vec<String>,
    /// Places in `source` of what was never seen while learning.
    pub unknown: Vec<usize>,
    /// Whether something personal was masked before it was read.
    pub masked: bool,
    /// Best first when searched; as drawn otherwise, each once.
    pub items: Vec<WrittenItem>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WrittenItem {
    pub text: String,
    pub tokens: Vec<String>,
    /// What texts are ordered by: the logarithm of the probability, over a length; of texts drawn, the logarithm itself.
    pub score: f32,
    /// Whether it came to an end by itself, within the longest length.
    pub ended: bool,
    /// How much each unit of the source counted, 0 to 1. Shape: (n tokens, n source).
    pub attention: Vec<Vec<f32>>,
}

/// Writes for a text with the version in service.
///
/// # Errors
/// If there is no such model, a number is out of range, or what must occur cannot.
pub fn write(shop: &Shop, name: &str, request: &WriteRequest) -> Result<Written> {
    check(request)?;
    loaded(shop, name)?.write(request)
}

fn check(request: &WriteRequest) -> Result<()> {
    let n_chars = request.text.chars().count();
    if request.text.trim().is_empty() || n_chars > TEXT_CHARS_MAX {
        let message = format!("text has {n_chars} characters; allowed: 1 to {TEXT_CHARS_MAX} with something to read");
        return Err(ServiceError::usage("text", message));
    }
    for (what, found, most) in [("beam", request.beam, BEAM_MAX), ("n", request.n, N_MAX)] {
        if found == 0 || found > most {
            return Err(ServiceError::usage(what, format!("{what} is {found}; allowed: 1 to {most}")));
        }
    }
    if request.no_repeat > NO_REPEAT_MAX {
        let message = format!("no_repeat is {}; allowed: 0 (any may) to {NO_REPEAT_MAX}", request.no_repeat);
        return Err(ServiceError::usage("no_repeat", message));
    }
    if !is_drawn(request) && request.n > request.beam {
        let message = format!("n is {} and beam {}; allowed: not more texts than are kept", request.n, request.beam);
        return Err(ServiceError::usage("n", message));
    }
    for (what, phrases) in [("must", &request.must), ("must_not", &request.must_not)] {
        let long = phrases.iter().find(|one| one.trim().is_empty() || one.chars().count() > PHRASE_CHARS_MAX);
        if phrases.len() > PHRASES_MAX || long.is_some() {
            let found = long.map_or_else(|| format!("{} phrases", phrases.len()), |one| format!("'{}'", clipped(one)));
            let message =
                format!("{what} has {found}; allowed: {PHRASES_MAX} phrases of 1 to {PHRASE_CHARS_MAX} characters");
            return Err(ServiceError::usage(what, message));
        }
    }
    if is_drawn(request) && !request.must.is_empty() {
        let message = "must together with temperature or top_p; allowed: words that must occur only when searching";
        return Err(ServiceError::usage("must", message));
    }
    let range = |what: &'static str, found: Option<f64>, most: f64| match found {
        Some(found) if !(found >= 0.01 && found <= most) => {
            Err(ServiceError::usage(what, format!("{what} is {found}; allowed: 0.01 to {most}")))
        }
        _ => Ok(()),
    };
    range("temperature", request.temperature, 5.0)?;
    range("top_p", request.top_p, 1.0)
}

fn is_drawn(request: &WriteRequest) -> bool {
    request.temperature.is_some() || request.top_p.is_some()
}

impl Loaded {
    fn write(&self, request: &WriteRequest) -> Result<Written> {
        let masked = mask(&request.text).text;
        let units = spelled(&self.source, &masked);
        if units.is_empty() || units.len() > 2 * UNITS_MAX {
            let message = format!("text has {} words and characters; allowed: 1 to {}", units.len(), 2 * UNITS_MAX);
            return Err(ServiceError::usage("text", message));
        }
        let source = self.source.encode(&units);
        let compute = Compute::new(Precision::F32);
        let outputs = match &self.net {
            Net::Recurrent(model, params) => self.outputs(&Writer::new(model, params, compute), &source, request)?,
            Net::Transformer(model, params) => self.outputs(&Writing::new(model, params, compute), &source, request)?,
        };
        let unknown = source.iter().enumerate().filter(|(_, id)| **id == UNKNOWN).map(|(at, _)| at).collect();
        let mut items: Vec<WrittenItem> = Vec::new();
        for output in outputs {
            let item = self.item(&output, source.len());
            if items.iter().all(|other| other.tokens != item.tokens) {
                items.push(item);
            }
        }
        items.truncate(request.n);
        Ok(Written {
            name: self.info.name.clone(),
            version: self.info.version.clone(),
            source: units.iter().map(|unit| shown(unit).to_owned()).collect(),
            unknown,
            masked: masked != request.text,
            items,
        })
    }

    fn outputs(&self, writer: &impl StepModel, source: &[u32], request: &WriteRequest) -> Result<Vec<Output>> {
        let limits = Limits { min: 1, max: UNITS_MAX, max_per_source_word: 0.0 };
        let mut must_not = Vec::new();
        for phrase in &request.must_not {
            must_not.extend(forms(&self.target, phrase).into_iter().filter(|ids| !ids.contains(&UNKNOWN)));
        }
        let rules = Rules { must_not, no_repeat: request.no_repeat, no_unknown: true };
        let mut found = if is_drawn(request) {
            let sampling = Sampling {
                n: request.n,
                temperature: request.temperature.unwrap_or(1.0) as f32,
                top_p: request.top_p.unwrap_or(1.0) as f32,
                top_k: 0,
                limits,
                rules,
            };
            sample(writer, &[source], &sampling, request.seed)?
        } else {
            let must = request.must.iter().map(|phrase| self.required(phrase)).collect::<Result<_>>()?;
            // However few are wanted, the search goes on as if all were: the first text is the same for every n.
            let wanted = Beam { width: request.beam, n_best: request.beam, limits, rules, must, ..Beam::default() };
            match &self.reader {
                Some(reader) => reader.write(writer, &[source], &wanted)?,
                None => beam(writer, &[source], &wanted)?,
            }
        };
        Ok(found.pop().unwrap_or_default().into_iter().filter(|output| output.complete || is_drawn(request)).collect())
    }

    /// The ids of a phrase that must occur, in the form that was met most.
    fn required(&self, phrase: &str) -> Result<Vec<u32>> {
        let all = forms(&self.target, phrase);
        let known =
            all.into_iter().filter(|ids| !ids.contains(&UNKNOWN)).min_by_key(|ids| (ids.len(), ids.first().copied()));
        known.ok_or_else(|| {
            let message =
                format!("'{}' cannot be written: the model has never seen a character of it", clipped(phrase));
            ServiceError::usage("must", message).help("take a phrase that occurs in the texts it learned from")
        })
    }

    fn item(&self, output: &Output, n_source: usize) -> WrittenItem {
        let units = self.target.decode(&output.tokens);
        let rows = output.attention.chunks(n_source.max(1)).take(units.len());
        let rounded = |row: &[f32]| row.iter().map(|weight| (weight * 1e4).round() / 1e4).collect();
        WrittenItem {
            text: Mixed.join(&units),
            tokens: units.iter().map(|unit| shown(unit).to_owned()).collect(),
            score: output.score,
            ended: output.ended,
            attention: rows.map(rounded).collect(),
        }
    }
}

/// A phrase after a space, and within other text.
fn forms(words: &Vocabulary, phrase: &str) -> Vec<Vec<u32>> {
    let begins = spelled(words, phrase.trim());
    let mut within = begins.clone();
    let mut spaced = begins.clone();
    match begins.first().and_then(|first| first.strip_prefix(SPACE)) {
        Some(rest) => within.splice(..1, spelled_within(words, rest)).for_each(drop),
        None => {
            if let Some(first) = spaced.first_mut() {
                first.insert(0, SPACE);
            }
        }
    }
    let mut all: Vec<Vec<u32>> = [begins, within, spaced].iter().map(|units| words.encode(units)).collect();
    all.sort();
    all.dedup();
    all
}

fn spelled_within(words: &Vocabulary, unit: &str) -> Vec<String> {
    match words.id(unit) {
        UNKNOWN => unit.chars().map(String::from).collect(),
        _ => vec![unit.to_owned()],
    }
}
