//! What the trained writer learns from: sentences of the grammar, as it planned them, and sentences of the shop's own texts in which
//! what the plan says is found word for word. Not here: learning.

use std::collections::BTreeSet;

use language::seq2seq::planned::{HEADING, PLACE, PlannedPair};
use math::random::Random;

use super::super::grammar::Facet;
use super::super::parts::{Place, pair};
use super::super::realise::Realiser;
use super::super::{Task, form, phrases};
use crate::brief::{Brief, Lang};
use crate::check::facts::{Facts, Grounds};
use crate::check::law::Law;
use crate::plan::{Claim, Plan};

/// Bytes of a shop's text that are read, and characters of one of its sentences.
const TEXT_BYTES_MAX: usize = 20_000;
const SENTENCE_CHARS_MAX: usize = 120;
/// Words beside the places of a sentence, in units: what says more than that says something of its own.
const WORDS_MAX: usize = 24;

/// The sentences of `n` drafts that the grammar writes of a task.
pub fn pairs_of_task(task: &Task, n: usize) -> Vec<PlannedPair> {
    let drafts = (0..n as u64).flat_map(|nth| {
        let seed = Random::stream(task.seed, nth).next_u64();
        let mut realiser = Realiser::new(task, seed).keeping();
        form::fields(&mut realiser);
        realiser.spoken()
    });
    drafts.map(|spoken| spoken.pair).filter(|pair| !pair.target.is_empty()).collect()
}

/// Sentences of a text about the brief's product that word what its plan says: a point with what it is good for, or several
/// points. Their words are lent to other products, so hand in texts that somebody has approved; a sentence that claims anything
/// beside what the plan says, as far as the checks of facts and law can tell, is left out.
pub fn pairs_of_text(brief: &Brief, plan: &Plan, text: &str) -> Vec<PlannedPair> {
    let lang = brief.lang;
    let known = known(plan, lang);
    let (facts, law) = (Facts::new(&Grounds::default()), Law::default());
    let mut found = Vec::new();
    for sentence in sentences(&text[..text.floor_char_boundary(TEXT_BYTES_MAX)]) {
        let said = taken_out(sentence, &known, lang);
        let words: String = said.iter().map(|one| one.as_ref().map_or(" ", |words| words.as_str())).collect();
        let is_bare = facts.check(&words).findings.is_empty() && law.check(&words).is_empty();
        let n_words: usize = said.iter().flatten().map(|words| super::super::parts::units(words).len()).sum();
        let is_plain = !words.chars().any(|one| one.is_numeric() || [PLACE, HEADING, '}', '>'].contains(&one));
        if !is_bare || !is_plain || n_words > WORDS_MAX {
            continue;
        }
        let places = said.iter().filter_map(|one| one.as_ref().err());
        for symbol in symbols(places.copied()) {
            let said = said.iter().map(|one| one.as_ref().map(String::as_str).map_err(|place| *place));
            found.push(pair(symbol, brief.tone, said));
        }
    }
    found
}

/// Pairs each once, in an order that follows from the seed alone: what learning holds back is then of all kinds.
pub fn merged(pairs: impl IntoIterator<Item = PlannedPair>, seed: u64) -> Vec<PlannedPair> {
    let unique: BTreeSet<PlannedPair> = pairs.into_iter().collect();
    let mut all: Vec<PlannedPair> = unique.into_iter().collect();
    Random::new(seed).shuffle(&mut all);
    all
}

fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let ends = |one: char| matches!(one, '。' | '！' | '？' | '!' | '?' | '\n');
    let parts = text.split_inclusive(ends).flat_map(|part| part.split_inclusive(". "));
    let parts = parts.map(|part| part.trim_matches(|one: char| one.is_whitespace()));
    parts.filter(|part| part.chars().count() <= SENTENCE_CHARS_MAX && part.ends_with(['。', '！', '？', '.', '!', '?']))
}

/// Under which symbols of the grammar a sentence may be said that has these places.
fn symbols(places: impl Iterator<Item = Place> + Clone) -> &'static [&'static str] {
    let n = |facet: Facet| places.clone().filter(|place| matches!(place, Place::Point(of, _) if *of == facet)).count();
    match (n(Facet::Noun), n(Facet::Use)) {
        (1, 1) => &["say.use", "say.first", "scene"],
        (2.., 0) => &["say.list"],
        _ => &[],
    }
}

/// What is looked for in a text, the longest first.
fn known(plan: &Plan, lang: Lang) -> Vec<(String, Place)> {
    let mut all = vec![(plan.name.clone(), Place::Of("name")), (plan.short.clone(), Place::Of("short"))];
    for (at, point) in plan.points.iter().enumerate() {
        if matches!(point.claim, Claim::Spec { .. } | Claim::Feature { .. }) {
            let nouns = phrases::nouns(point, lang).into_iter().map(|noun| noun.replace("a(n) ", ""));
            all.extend(nouns.map(|noun| (noun, Place::Point(Facet::Noun, at))));
            let uses = phrases::uses(point, lang).into_iter();
            all.extend(uses.map(|text| (text.to_owned(), Place::Point(Facet::Use, at))));
        }
    }
    all.retain(|(text, _)| text.chars().count() >= 2);
    all.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
    all
}

/// A sentence as words and places; English articles before a noun phrase become `a(n)`, as the noun phrase brings its own.
fn taken_out(sentence: &str, known: &[(String, Place)], lang: Lang) -> Vec<Result<String, Place>> {
    let lower = sentence.to_ascii_lowercase();
    let mut taken: Vec<(std::ops::Range<usize>, Place)> = Vec::new();
    for (text, place) in known {
        for (at, _) in lower.match_indices(&text.to_ascii_lowercase()) {
            let range = at..at + text.len();
            let is_free = taken.iter().all(|(other, _)| other.end <= range.start || range.end <= other.start);
            let joins = |side: Option<char>| side.is_some_and(|one| one.is_ascii_alphanumeric());
            let is_whole =
                !joins(lower[..range.start].chars().next_back()) && !joins(lower[range.end..].chars().next());
            if is_free && (is_whole || lang == Lang::Zh) {
                taken.push((range, *place));
            }
        }
    }
    taken.sort_by_key(|(range, _)| range.start);
    let (mut said, mut at) = (Vec::new(), 0);
    for (range, place) in taken {
        let mut words = &sentence[at..range.start];
        if lang == Lang::En && matches!(place, Place::Point(Facet::Noun, _)) {
            let article = ["an ", "a "].into_iter().find_map(|article| {
                let front = words.strip_suffix(article)?;
                (front.is_empty() || front.ends_with(' ')).then_some(front)
            });
            words = article.unwrap_or(words);
        }
        said.push(Ok(words.to_owned()));
        said.push(Err(place));
        at = range.end;
    }
    said.push(Ok(sentence[at..].to_owned()));
    said.retain(|one| one.as_ref().map_or(true, |words| !words.is_empty()));
    said
}
