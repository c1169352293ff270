//! From a query to what is counted: groups of words, each with what it may be written as. What people type is text, never
//! syntax. Which entries these words lead to is not known here.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Serialize;

use super::sounds::{is_heard, readings};
use super::stem::stem;
use super::stop::is_stop;
use super::units::{Kind, fold, units};
use super::vocabulary::Vocabulary;
use super::{Settled, segment};
use crate::LanguageError;
use crate::text::Tokeniser;

/// Bytes of a query, at most.
pub const QUERY_MAX: usize = 4096;
/// Groups that are looked for; of more, those that say most.
const GROUPS_MAX: usize = 24;

/// Why a term is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// As typed, endings apart.
    Typed,
    /// A part of a model's name, or two words as one, or one as two.
    Part,
    /// With letters changed.
    Corrected,
    /// Sounds as typed.
    Sounds,
    /// Not typed: what somebody with this purpose looks for.
    Hinted,
}

/// A term of a group.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Term {
    pub text: String,
    /// What a match is worth, of one as typed.
    pub weight: f32,
    /// How much of the group a match covers.
    pub share: f32,
    pub reading: Reading,
}

/// A word of the query and what it may be written as.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    /// Its bytes in the query.
    pub range: Range<usize>,
    pub terms: Vec<Term>,
    /// A hint raises entries that have it but is not asked for.
    pub is_asked: bool,
}

/// What is looked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Plan {
    pub groups: Vec<Group>,
    /// The query with unknown words replaced, if there is something better.
    pub did_you_mean: Option<String>,
}

/// Of each term the entries that have it.
pub(super) type Frequency<'a> = &'a dyn Fn(&str) -> u64;

/// # Errors
/// If the query is longer than [`QUERY_MAX`] bytes.
pub(super) fn plan(
    query: &str,
    tokeniser: &Tokeniser,
    hints: &[String],
    vocabulary: &Vocabulary,
    frequency: Frequency,
    settled: &Settled,
    has_conditions: bool,
) -> Result<Plan, LanguageError> {
    check_length(query)?;
    let folded = fold(query);
    let words = words(folded.text(), tokeniser);
    let says = |word: &Word| !is_stop(word.text);
    let any_says = words.iter().any(says);
    let mut planner = Planner { vocabulary, frequency, settled, groups: Vec::new(), replaced: BTreeMap::new() };
    // "What tablets do you have?": with the kind taken as a condition, what is left asks for nothing.
    let all_count = !any_says && !has_conditions;
    for (at, word) in words.iter().enumerate().filter(|(_, word)| all_count || says(word)) {
        let before = planner.groups.len();
        planner.word(word);
        if let Some(next) = words.get(at + 1) {
            planner.as_one(before, word, next, folded.text());
        }
    }
    let mut plan = Plan { did_you_mean: planner.did_you_mean(folded.text()), groups: planner.groups };
    for group in &mut plan.groups {
        group.range = folded.original(group.range.clone());
    }
    keep_those_that_say_most(&mut plan.groups, frequency);
    plan.groups.extend(hints.iter().flat_map(|hint| hinted(hint)));
    Ok(plan)
}

pub(super) fn check_length(query: &str) -> Result<(), LanguageError> {
    if query.len() > QUERY_MAX {
        return Err(LanguageError::unfit("bytes of a query", query.len(), format!("at most {QUERY_MAX}")));
    }
    Ok(())
}

fn keep_those_that_say_most(groups: &mut Vec<Group>, frequency: Frequency) {
    if groups.len() <= GROUPS_MAX {
        return;
    }
    let mut order: Vec<(u64, usize)> = groups
        .iter()
        .enumerate()
        .map(|(at, group)| {
            let n = group.terms.iter().map(|term| frequency(&term.text)).max().unwrap_or(0);
            (if n == 0 { u64::MAX } else { n }, at)
        })
        .collect();
    order.sort_unstable();
    let mut kept: Vec<usize> = order.into_iter().take(GROUPS_MAX).map(|(_, at)| at).collect();
    kept.sort_unstable();
    *groups = kept.into_iter().map(|at| groups[at].clone()).collect();
}

fn hinted(hint: &str) -> Vec<Group> {
    let folded = fold(hint);
    let term = |text: String| Term { text, weight: 0.5, share: 0.0, reading: Reading::Hinted };
    let pairs = units(folded.text()).into_iter().filter(|(.., kind)| matches!(kind, Kind::Pair | Kind::Word));
    pairs.map(|(text, ..)| Group { range: 0..0, terms: vec![term(text)], is_asked: false }).collect()
}

/// A word of a folded query; of kind [`Kind::Character`] if it is single characters in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Word<'a> {
    text: &'a str,
    range: Range<usize>,
    kind: Kind,
}

/// Words in order: Chinese as segmented, others as they stand between spaces and signs.
fn words<'a>(folded: &'a str, tokeniser: &Tokeniser) -> Vec<Word<'a>> {
    let mut words: Vec<Word> = Vec::new();
    let mut run: Option<Range<usize>> = None;
    let all = units(folded);
    for (_, range, _, kind) in all {
        match kind {
            Kind::Character => match &mut run {
                Some(run) if run.end == range.start => run.end = range.end,
                _ => {
                    end_run(folded, tokeniser, &mut run, &mut words);
                    run = Some(range);
                }
            },
            Kind::Pair | Kind::Part | Kind::Joined => {}
            Kind::Word | Kind::Model => {
                end_run(folded, tokeniser, &mut run, &mut words);
                words.push(Word { text: &folded[range.clone()], range, kind });
            }
        }
    }
    end_run(folded, tokeniser, &mut run, &mut words);
    words
}

/// Segments the ideographs that have come together. Single characters in a row are one word that no dictionary has: a
/// name, or one misspelt.
fn end_run<'a>(folded: &'a str, tokeniser: &Tokeniser, run: &mut Option<Range<usize>>, words: &mut Vec<Word<'a>>) {
    let Some(range) = run.take() else { return };
    let (mut at, first) = (range.start, words.len());
    let is_single = |text: &str| text.chars().nth(1).is_none() && !is_stop(text);
    let mut last_is_single = false;
    for text in segment::words(tokeniser, &folded[range]) {
        let end = at + text.len();
        match words[first..].last_mut() {
            Some(last) if last_is_single && is_single(text) => {
                last.range.end = end;
                last.kind = Kind::Character;
                last.text = &folded[last.range.clone()];
            }
            _ => words.push(Word { text, range: at..end, kind: Kind::Pair }),
        }
        last_is_single = is_single(text);
        at = end;
    }
}

struct Planner<'a> {
    vocabulary: &'a Vocabulary,
    frequency: Frequency<'a>,
    settled: &'a Settled,
    groups: Vec<Group>,
    /// What replaces unknown words, by where they begin and end.
    replaced: BTreeMap<(usize, usize), String>,
}

fn typed(text: impl Into<String>) -> Term {
    Term { text: text.into(), weight: 1.0, share: 1.0, reading: Reading::Typed }
}

impl Planner<'_> {
    fn push(&mut self, range: Range<usize>, terms: Vec<Term>) {
        self.groups.push(Group { range, terms, is_asked: true });
    }

    fn word(&mut self, word: &Word) {
        match word.kind {
            Kind::Pair | Kind::Character => self.chinese(word),
            Kind::Model => self.model(word),
            _ => self.letters(word),
        }
    }

    /// One character as it is; two as a pair; more as all their pairs, which together weigh as one word and a half.
    fn chinese(&mut self, word: &Word) {
        let all = units(word.text);
        let n_pairs = all.iter().filter(|(.., kind)| *kind == Kind::Pair).count();
        if n_pairs == 0 {
            return self.push(word.range.clone(), vec![typed(word.text)]);
        }
        let known = all.iter().all(|(text, _, _, kind)| *kind != Kind::Pair || (self.frequency)(text) > 0);
        let weight = if n_pairs == 1 { 1.0 } else { 1.5 / n_pairs as f32 };
        let start = word.range.start;
        for (text, range, ..) in all.into_iter().filter(|(.., kind)| *kind == Kind::Pair) {
            let range = start + range.start..start + range.end;
            self.push(range, vec![Term { weight, ..typed(text) }]);
        }
        let heard = !known && self.settled.pinyin && self.same_sound(word, n_pairs);
        if !known && !heard && word.kind == Kind::Character {
            self.apart(n_pairs);
        }
    }

    /// The characters of pairs that no entry has, each for itself: 红壳 as 红 and 壳.
    fn apart(&mut self, n_groups: usize) {
        let at = self.groups.len() - n_groups;
        for group in &mut self.groups[at..] {
            let pair = &group.terms[0];
            if (self.frequency)(&pair.text) > 0 {
                continue;
            }
            let weight = pair.weight * 0.4;
            let characters: Vec<String> = pair.text.chars().map(String::from).collect();
            let term = |text| Term { text, weight, share: 0.4, reading: Reading::Part };
            group.terms.extend(characters.into_iter().map(term));
        }
    }

    /// Words that sound as one whose pairs no entry has: 华维 as 华为.
    fn same_sound(&mut self, word: &Word, n_groups: usize) -> bool {
        let heard: Vec<(String, u32)> = readings(word.text)
            .iter()
            .flat_map(|(sound, _)| self.vocabulary.sounding(sound))
            .filter(|(other, _)| *other != word.text)
            .map(|(other, n)| (other.to_owned(), n))
            .collect();
        let Some((best, _)) = heard.iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0))) else { return false };
        self.replaced.insert((word.range.start, word.range.end), best.clone());
        let at = self.groups.len() - n_groups;
        for (other, _) in &heard {
            self.groups[at].terms.extend(spelt(other, 0.7, n_groups as f32, Reading::Sounds));
        }
        true
    }

    fn model(&mut self, word: &Word) {
        let mut terms = vec![typed(word.text)];
        let parts: Vec<String> =
            units(word.text).into_iter().filter(|(.., kind)| *kind == Kind::Part).map(|(text, ..)| text).collect();
        for part in &parts {
            let share = 1.0 / parts.len() as f32;
            terms.push(Term { text: part.clone(), weight: 0.6, share, reading: Reading::Part });
        }
        self.push(word.range.clone(), terms);
    }

    fn letters(&mut self, word: &Word) {
        let mut scratch = String::new();
        let own = units(word.text).into_iter().find(|(.., kind)| *kind == Kind::Word).map(|(text, ..)| text);
        let mut terms = vec![typed(own.unwrap_or_else(|| stem(word.text, &mut scratch).to_owned()))];
        let is_plain = word.text.len() > 1 && word.text.bytes().all(|byte| byte.is_ascii_lowercase());
        if is_plain {
            self.other_spellings(word, &mut terms);
        }
        self.push(word.range.clone(), terms);
    }

    fn other_spellings(&mut self, word: &Word, terms: &mut Vec<Term>) {
        let text = word.text;
        let known = (self.frequency)(&terms[0].text) > 0;
        if self.settled.pinyin {
            let heard = self.heard(text, known);
            if let (false, Some(best)) = (known, heard.first()) {
                self.replaced.insert((word.range.start, word.range.end), best.concat());
            }
            for words in &heard {
                let share = 1.0 / words.len() as f32;
                let weight = if known { 0.6 } else { 0.9 };
                words.iter().for_each(|other| terms.extend(spelt(other, weight, share, Reading::Sounds)));
            }
            if !known && !heard.is_empty() {
                return;
            }
        }
        if known {
            return;
        }
        if let Some(parts) = self.vocabulary.words_within(text) {
            let mut scratch = String::new();
            for part in &parts {
                let text = stem(&text[part.clone()], &mut scratch).to_owned();
                terms.push(Term { text, weight: 0.7, share: 0.5, reading: Reading::Part });
            }
            return;
        }
        self.corrections(word, terms);
    }

    /// Chinese words that letters may stand for, each reading as its words.
    fn heard(&self, letters: &str, known: bool) -> Vec<Vec<String>> {
        let alone = |(word, _): (&str, u32)| vec![word.to_owned()];
        let mut heard: Vec<Vec<String>> = self.vocabulary.sounding(letters).into_iter().map(alone).collect();
        if heard.is_empty() && !known && (2..=4).contains(&letters.len()) {
            heard = self.vocabulary.beginning(letters).into_iter().map(alone).take(3).collect();
        }
        if heard.is_empty()
            && !known
            && let Some(parts) = self.vocabulary.sounds_within(letters)
        {
            let word = |part: &Range<usize>| self.vocabulary.sounding(&letters[part.clone()])[0].0.to_owned();
            heard = vec![parts.iter().map(word).collect()];
        }
        heard
    }

    fn corrections(&mut self, word: &Word, terms: &mut Vec<Term>) {
        let distance_max = match word.text.len() {
            ..=3 => 0,
            4..=6 => 1,
            _ => 2,
        };
        let near = self.vocabulary.neighbours(word.text, distance_max.min(self.settled.typos));
        let Some(best) = near.first() else { return };
        self.replaced.insert((word.range.start, word.range.end), best.word.clone());
        for neighbour in near.iter().filter(|neighbour| neighbour.distance == best.distance) {
            let mut scratch = String::new();
            let text = stem(&neighbour.word, &mut scratch).to_owned();
            if terms.iter().all(|term| term.text != text) {
                let weight = if neighbour.distance == 1 { 0.8 } else { 0.6 };
                terms.push(Term { text, weight, share: 0.9, reading: Reading::Corrected });
            }
        }
    }

    /// Two neighbours that entries write as one: `air pods`, `i7 13700`.
    fn as_one(&mut self, group: usize, word: &Word, next: &Word, folded: &str) {
        let apart = &folded[word.range.end..next.range.start];
        let joins = |word: &Word| !matches!(word.kind, Kind::Pair | Kind::Character);
        if !(joins(word) && joins(next) && matches!(apart, " " | "-") && self.groups.len() == group + 1) {
            return;
        }
        let (text, mut scratch) = (format!("{}{}", word.text, next.text), String::new());
        let text = stem(&text, &mut scratch).to_owned();
        let n = (self.frequency)(&text);
        if n > 0 && self.groups[group].terms.iter().all(|term| term.text != text) {
            let term = Term { text, weight: 1.0, share: 2.0, reading: Reading::Part };
            self.groups[group].terms.push(term);
        }
    }

    fn did_you_mean(&self, folded: &str) -> Option<String> {
        if self.replaced.is_empty() {
            return None;
        }
        let (mut text, mut at) = (String::new(), 0);
        for (&(start, end), other) in &self.replaced {
            text.push_str(&folded[at..start]);
            text.push_str(other);
            at = end;
        }
        text.push_str(&folded[at..]);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        (text != folded.trim()).then_some(text)
    }
}

/// The pairs of a word in ideographs, which together weigh and cover as given.
fn spelt(word: &str, weight: f32, share: f32, reading: Reading) -> Vec<Term> {
    debug_assert!(is_heard(word));
    let pairs: Vec<String> =
        units(word).into_iter().filter(|(.., kind)| *kind == Kind::Pair).map(|(text, ..)| text).collect();
    let n = pairs.len() as f32;
    let weight = if pairs.len() == 1 { weight } else { weight * 1.5 / n };
    pairs.into_iter().map(|text| Term { text, weight, share: share / n, reading }).collect()
}
