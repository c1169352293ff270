//! Sentences with their figures and names taken out: words of ours, places, and what fills them. A sentence of the grammar is kept
//! in this form, so that a model can learn from it, and another wording of the same places be filled in the same way. Not here:
//! who finds other words (see [`super::learned`]).

use std::collections::BTreeMap;

use language::seq2seq::planned::{HEADING, PLACE, PlannedPair};

use super::grammar::Facet;
use super::line::Line;
use super::phrases;
use crate::brief::Tone;
use crate::plan::Plan;

/// Stands for a space in a unit.
const SPACE: char = '\u{2581}';
/// Takes the form that fits the word behind it.
const ARTICLE: &str = "a(n)";

/// What a place is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A slot of the grammar by its name.
    Of(&'static str),
    /// A facet of the point at this place of the plan.
    Point(Facet, usize),
    /// Another product of the brief.
    Other(usize),
    /// A verb that agrees with the product's name, of one and of several.
    Agreeing(&'static str, &'static str),
    /// A verb that agrees with the noun of a point.
    Verb(&'static str, &'static str, usize),
}

/// How a text is put where a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// As words that rest on nothing.
    Plain,
    /// As words that rest on the evidence at this place of the draft's,
    Bound(usize),
    /// and as a name.
    Name(usize),
}

/// A place with what fills it.
#[derive(Clone, Debug, PartialEq)]
pub struct Filled {
    pub place: Place,
    pub text: String,
    pub how: How,
}

/// A part of a sentence.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    Words(&'static str),
    Place(Filled),
}

/// Other words for the places of a sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct Wording {
    pub units: Vec<String>,
    /// Shape: (n_units, n_source), row by row, over the units of [`source`].
    pub attention: Vec<f32>,
}

/// A sentence that was said.
#[derive(Clone, Debug, PartialEq)]
pub struct Spoken {
    pub pair: PlannedPair,
    /// Whether a model worded it.
    pub is_worded: bool,
    /// Evidence of the places by how much the model looked at each while it wrote: parts of one, in the order of the places.
    /// Empty for a sentence of the grammar.
    pub attention: Vec<(usize, f64)>,
}

impl Filled {
    /// Puts the text behind a line.
    pub fn push(&self, line: &mut Line) {
        match self.how {
            How::Plain => line.push(&self.text),
            How::Bound(evidence) => line.push_bound(&self.text, evidence),
            How::Name(evidence) => line.push_name(&self.text, evidence),
        }
        line.tells_end |= self.place == Place::Of("ends");
        line.tells_price |= matches!(self.place, Place::Of("price" | "offer_price" | "list_price"));
        line.tells_offer |=
            matches!(self.place, Place::Of("offer_price" | "saving" | "coupon" | "coupon_off" | "gift"));
    }

    fn evidence(&self) -> Option<usize> {
        match self.how {
            How::Plain => None,
            How::Bound(evidence) | How::Name(evidence) => Some(evidence),
        }
    }
}

/// Names of places: points are numbered as the plan orders them, from 1.
struct Names(BTreeMap<usize, usize>);

impl Names {
    fn of(places: impl Iterator<Item = Place>) -> Names {
        let points = places.filter_map(|place| match place {
            Place::Point(_, at) | Place::Verb(_, _, at) => Some((at, 0)),
            _ => None,
        });
        let mut numbers: BTreeMap<usize, usize> = points.collect();
        numbers.values_mut().enumerate().for_each(|(nth, number)| *number = nth + 1);
        Names(numbers)
    }

    fn name(&self, place: Place) -> String {
        let number = |at: usize| self.0.get(&at).copied().unwrap_or(0);
        match place {
            Place::Of(name) => format!("{PLACE}{name}}}"),
            Place::Point(facet, at) => format!("{PLACE}{}{}}}", facet.name(), number(at)),
            Place::Other(nth) => format!("{PLACE}other{}}}", nth + 1),
            Place::Agreeing(one, several) => format!("{PLACE}~{one}/{several}}}"),
            Place::Verb(one, several, at) => format!("{PLACE}~{one}/{several}:{}}}", number(at)),
        }
    }
}

fn places(parts: &[Part]) -> impl Iterator<Item = &Filled> {
    parts.iter().filter_map(|part| if let Part::Place(filled) = part { Some(filled) } else { None })
}

fn is_of_plan(place: Place) -> bool {
    !matches!(place, Place::Agreeing(..) | Place::Verb(..))
}

/// Places in the order of a plan, each with its name.
fn ordered<'p>(parts: &'p [Part], names: &Names) -> Vec<(String, &'p Filled)> {
    let mut all: Vec<&Filled> = places(parts).filter(|filled| is_of_plan(filled.place)).collect();
    all.sort_by_key(|filled| filled.place);
    all.into_iter().map(|filled| (names.name(filled.place), filled)).collect()
}

/// The headings of a symbol in a tone: `open.launch` has two, and the tone's.
fn headings(symbol: &str, tone: Tone) -> Vec<String> {
    symbol.split('.').chain([tone.name()]).map(|part| format!("{HEADING}{part}>")).collect()
}

/// What a model reads of a sentence: headings, then the places of the plan in its order.
pub fn source(symbol: &str, tone: Tone, parts: &[Part]) -> Vec<String> {
    let names = Names::of(places(parts).map(|filled| filled.place));
    headings(symbol, tone).into_iter().chain(ordered(parts, &names).into_iter().map(|(name, _)| name)).collect()
}

/// A sentence and its plan from words and places.
pub fn pair<'p>(symbol: &str, tone: Tone, said: impl Iterator<Item = Result<&'p str, Place>> + Clone) -> PlannedPair {
    let names = Names::of(said.clone().filter_map(Result::err));
    let mut planned: Vec<Place> = said.clone().filter_map(Result::err).filter(|place| is_of_plan(*place)).collect();
    planned.sort_unstable();
    let target = said.flat_map(|one| match one {
        Ok(words) => units(words),
        Err(place) => vec![names.name(place)],
    });
    PlannedPair {
        heading: symbol.to_owned(),
        source: headings(symbol, tone).into_iter().chain(planned.into_iter().map(|place| names.name(place))).collect(),
        target: target.collect(),
    }
}

impl Spoken {
    /// A sentence as the grammar planned it.
    pub fn planned(symbol: &str, tone: Tone, parts: &[Part]) -> Spoken {
        let said = parts.iter().map(|part| match part {
            Part::Words(words) => Ok(*words),
            Part::Place(filled) => Err(filled.place),
        });
        Spoken { pair: pair(symbol, tone, said), is_worded: false, attention: Vec::new() }
    }

    /// The same in a model's words.
    pub fn worded(symbol: &str, tone: Tone, parts: &[Part], wording: Wording) -> Spoken {
        let mut spoken = Spoken::planned(symbol, tone, parts);
        let names = Names::of(places(parts).map(|filled| filled.place));
        let n_headings = headings(symbol, tone).len();
        let n_source = spoken.pair.source.len();
        let looked = |column: usize| -> f64 {
            let rows = wording.attention.chunks_exact(n_source.max(1));
            rows.map(|row| f64::from(row[column])).sum()
        };
        let all = ordered(parts, &names);
        let seen =
            all.iter().enumerate().filter_map(|(at, (_, filled))| Some((filled.evidence()?, looked(n_headings + at))));
        let mut attention: Vec<(usize, f64)> = seen.collect();
        let sum: f64 = attention.iter().map(|(_, weight)| weight).sum();
        attention.iter_mut().for_each(|(_, weight)| *weight = if sum > 0.0 { *weight / sum } else { 0.0 });
        spoken.pair.target = wording.units;
        (spoken.is_worded, spoken.attention) = (true, attention);
        spoken
    }
}

impl Wording {
    /// The sentence, its places filled as those of `parts` were; `None` if it asks for what they do not have.
    pub fn line(&self, parts: &[Part], plan: &Plan) -> Option<Line> {
        let names = Names::of(places(parts).map(|filled| filled.place));
        let mut open: Vec<(String, &Filled)> = ordered(parts, &names);
        let nouns = open.clone();
        let (mut line, mut words) = (Line::default(), String::new());
        for unit in &self.units {
            if !unit.starts_with(PLACE) {
                words.extend(unit.chars().map(|one| if one == SPACE { ' ' } else { one }));
                continue;
            }
            line.push(&std::mem::take(&mut words));
            match open.iter().position(|(name, _)| name == unit) {
                Some(at) => open.remove(at).1.push(&mut line),
                None => line.push(verb(unit, &nouns, plan)?),
            }
        }
        line.push(&words);
        open.is_empty().then_some(line)
    }
}

/// A verb in the form that agrees: `{~has/have}` with the product's name, `{~means/mean:1}` with the noun of the first point.
fn verb<'u>(unit: &'u str, nouns: &[(String, &Filled)], plan: &Plan) -> Option<&'u str> {
    let inside = unit.strip_prefix("{~")?.strip_suffix('}')?;
    let (forms, number) = inside.split_once(':').map_or((inside, None), |(forms, number)| (forms, Some(number)));
    let (one, several) = forms.split_once('/')?;
    let is_several = match number {
        None => plan.is_plural,
        Some(number) => {
            let name = format!("{PLACE}{}{number}}}", Facet::Noun.name());
            let noun = &nouns.iter().find(|(other, _)| *other == name)?.1.text;
            phrases::agreeing(noun, "one", "several") == "several"
        }
    };
    Some(if is_several { several } else { one })
}

/// Units as people are shown them.
pub fn shown(units: &[String]) -> String {
    units.concat().replace(SPACE, " ")
}

/// Words cut into units whose joined text is the words again: Chinese characters and signs one by one, Latin words whole, a space
/// with what follows it.
pub fn units(words: &str) -> Vec<String> {
    let mut units: Vec<String> = Vec::new();
    let mut rest = words;
    let mut joins = false;
    while let Some(first) = rest.chars().next() {
        let is_article = rest.starts_with(ARTICLE);
        let is_letter = first.is_alphanumeric() && !(0x2E80..=0x9FFF).contains(&u32::from(first)) || first == '\'';
        let piece = if is_article { ARTICLE.to_owned() } else { if first == ' ' { SPACE } else { first }.to_string() };
        let after_space = units.last().is_some_and(|unit| unit.chars().eq([SPACE]));
        match units.last_mut() {
            Some(unit) if (is_letter || is_article) && (after_space || (joins && !is_article)) => unit.push_str(&piece),
            _ => units.push(piece),
        }
        joins = is_letter && !is_article;
        rest = &rest[if is_article { ARTICLE.len() } else { first.len_utf8() }..];
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_and_come_back() {
        for (text, cut) in [
            ("上架了，", "上|架|了|，"),
            (" is in. It has a(n) ", "▁is|▁in|.|▁It|▁has|▁a(n)|▁"),
            ("it's USB-C", "it's|▁USB|-|C"),
            ("", ""),
            ("a(n) ", "a(n)|▁"),
        ] {
            let found = units(text);
            assert_eq!((found.join("|").as_str(), shown(&found).as_str()), (cut, text));
        }
    }

    #[test]
    fn a_pair_has_its_places_in_the_order_of_the_plan() {
        let said = [
            Err(Place::Point(Facet::Use, 7)),
            Ok("，靠的是"),
            Err(Place::Point(Facet::Noun, 7)),
            Ok("和"),
            Err(Place::Point(Facet::Noun, 2)),
            Err(Place::Agreeing("has", "have")),
        ];
        let pair = pair("say.use", Tone::Warm, said.into_iter());
        assert_eq!(pair.source, ["<say>", "<use>", "<warm>", "{np1}", "{np2}", "{use2}"]);
        assert_eq!(pair.target.concat(), "{use2}，靠的是{np2}和{np1}{~has/have}");
    }
}
