//! From an answer to a draft: fields, sentences with the claims that they cite, and for every figure, name and claim the bytes it
//! stands at. What cannot be bound is refused, with the words.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::realise::Realiser;
use super::super::{Attended, Draft, Field, Sentence, Span, drafted};
use super::words::{Vocabulary, actions, says_something};
use super::{ANSWER_CHARS_MAX, Asked, NAME, Refusal};
use crate::channel::{FieldCard, Format};
use crate::plan::Evidence;

/// Stands where something bound was.
const BLANK: char = '\u{1}';

/// A sentence of an answer without its marks, and the claims that they name.
struct Told {
    text: String,
    cited: Vec<usize>,
}

/// Words that bear something: of which claim, and what they rest on.
struct Known<'a> {
    text: String,
    /// None for names.
    claim: Option<usize>,
    evidence: &'a Evidence,
}

/// What an answer has to keep to.
struct Rules<'a> {
    known: Vec<Known<'a>>,
    may_say: Vocabulary,
    actions: Vocabulary,
}

impl Asked<'_> {
    /// The draft that an answer comes to.
    ///
    /// # Errors
    /// Why the answer is refused.
    pub fn read(&self, answer: &str, nth: usize) -> Result<Draft, Refusal> {
        let mut texts = texts(answer)?;
        let rules = self.rules();
        let seed = self.task.seed.wrapping_add(nth as u64);
        // Key words, topics, labels, pages and mails are forms.
        let mut draft = drafted(Realiser::new(self.task, seed), NAME);
        draft.fields.retain(|field| !self.fields.iter().any(|card| card.name == field.name));
        draft.openings.clear();
        draft.told.clear();
        for card in &self.fields {
            match texts.remove(card.name).filter(|text| !text.trim().is_empty()) {
                Some(text) => self.field(card, &text, &rules, &mut draft)?,
                None if card.is_required => return Err(Refusal::Missing(card.name.to_owned())),
                None => {}
            }
        }
        if let Some((unknown, _)) = texts.pop_first() {
            return Err(Refusal::Unknown(unknown.chars().take(40).collect()));
        }
        let order = |field: &Field| self.task.channel.fields.iter().position(|card| card.name == field.name);
        draft.fields.sort_by_key(order);
        keep_cited(&mut draft);
        Ok(draft)
    }

    fn rules(&self) -> Rules<'_> {
        let mut may_say = Vocabulary::of(self.task);
        let mut known: Vec<Known> = Vec::new();
        for (text, evidence) in &self.names {
            may_say.add(text);
            known.push(Known { text: text.clone(), claim: None, evidence });
        }
        for (at, claim) in self.claims.iter().enumerate() {
            claim.told.iter().for_each(|(text, _)| may_say.add(text));
            for (text, evidence) in &claim.words {
                may_say.add(text);
                known.push(Known { text: text.clone(), claim: Some(at), evidence });
            }
        }
        if let Some(kind) = self.task.plan.kind {
            [kind.zh, kind.one(), kind.en_plural].iter().for_each(|noun| may_say.add(noun));
        }
        known.retain(|one| one.text.chars().filter(|one| one.is_alphanumeric()).count() >= 2);
        known.sort_by(|a, b| b.text.len().cmp(&a.text.len()).then_with(|| a.text.cmp(&b.text)));
        Rules { known, may_say, actions: actions(self.task) }
    }

    fn field(&self, card: &FieldCard, text: &str, rules: &Rules, draft: &mut Draft) -> Result<(), Refusal> {
        let mut field = Field { name: card.name.to_owned(), is_html: false, text: String::new(), spans: Vec::new() };
        for told in sentences(text, card.format) {
            let start = field.text.len();
            let bound = self.bound(card, &told, rules)?;
            let mut attention: Vec<Attended> = Vec::new();
            for (range, at) in &bound {
                let known = &rules.known[*at];
                let evidence = cite(&mut draft.evidence, known.evidence);
                field.spans.push(Span { start: start + range.start, end: start + range.end, evidence });
                if let Some(claim) = known.claim {
                    let key = &self.claims[claim].key;
                    let is_point = self.task.plan.points.iter().any(|point| point.key == *key);
                    if is_point && !draft.told.contains(key) {
                        draft.told.push(key.clone());
                    }
                    attention.push(Attended { evidence, weight: 0.0 });
                }
            }
            let weight = 1.0 / attention.len().max(1) as f64;
            attention.iter_mut().for_each(|one| one.weight = weight);
            field.text.push_str(&told.text);
            let end = start + told.text.trim_end().len();
            let form = blanked(&told.text, &bound).replace(BLANK, "{}").trim().to_owned();
            draft.sentences.push(Sentence {
                field: field.name.clone(),
                start,
                end,
                writer: NAME.to_owned(),
                form,
                attention,
            });
        }
        field.text.truncate(field.text.trim_end().len());
        if !card.count.fits(&field.text, card.max) {
            return Err(Refusal::Long { field: field.name, found: card.count.of(&field.text), max: card.max });
        }
        draft.fields.push(field);
        Ok(())
    }

    /// What in a sentence is borne by what; everything else of it is held against the rules.
    fn bound(&self, card: &FieldCard, told: &Told, rules: &Rules) -> Result<Vec<(Range<usize>, usize)>, Refusal> {
        let field = || card.name.to_owned();
        let mut bound: Vec<(Range<usize>, usize)> = Vec::new();
        for (at, known) in rules.known.iter().enumerate() {
            for range in places(&told.text, &known.text) {
                if bound.iter().all(|(other, _)| other.end <= range.start || range.end <= other.start) {
                    bound.push((range, at));
                }
            }
        }
        bound.sort_by_key(|(range, _)| range.start);
        let says = |claim: usize| bound.iter().any(|(_, at)| rules.known[*at].claim == Some(claim));
        if let Some(wrong) = told.cited.iter().find(|n| **n == 0 || **n > self.claims.len() || !says(**n - 1)) {
            return Err(Refusal::Citation { field: field(), found: format!("[{wrong}]") });
        }
        let rest = blanked(&told.text, &bound);
        if let Some(found) = figure(&rest) {
            return Err(Refusal::Figure { field: field(), found });
        }
        if let Some(found) = rules.may_say.new_word(&rest) {
            return Err(Refusal::Word { field: field(), found });
        }
        let has_claim = bound.iter().any(|(_, at)| rules.known[*at].claim.is_some());
        if !has_claim && says_something(&rest, &rules.actions, self.task.brief.lang) {
            return Err(Refusal::Claimless { field: field(), found: told.text.trim().to_owned() });
        }
        Ok(bound)
    }
}

fn cite(all: &mut Vec<Evidence>, evidence: &Evidence) -> usize {
    all.iter().position(|other| other == evidence).unwrap_or_else(|| {
        all.push(evidence.clone());
        all.len() - 1
    })
}

/// Leaves out evidence that nothing points to: that of forms which gave way to the answer's texts.
fn keep_cited(draft: &mut Draft) {
    let mut is_cited = vec![false; draft.evidence.len()];
    draft.fields.iter().flat_map(|field| &field.spans).for_each(|span| is_cited[span.evidence] = true);
    let n_before = |at: usize| is_cited[..at].iter().filter(|cited| **cited).count();
    draft.fields.iter_mut().flat_map(|field| &mut field.spans).for_each(|span| span.evidence = n_before(span.evidence));
    let attended = draft.sentences.iter_mut().flat_map(|sentence| &mut sentence.attention);
    attended.for_each(|one| one.evidence = n_before(one.evidence));
    let mut at = 0;
    draft.evidence.retain(|_| {
        at += 1;
        is_cited[at - 1]
    });
}

/// The texts of an answer by field, whatever stands around the object.
fn texts(answer: &str) -> Result<BTreeMap<String, String>, Refusal> {
    if answer.chars().count() > ANSWER_CHARS_MAX {
        return Err(Refusal::Form(format!("it is longer than {ANSWER_CHARS_MAX} characters")));
    }
    let object = answer.find('{').zip(answer.rfind('}')).and_then(|(from, to)| answer.get(from..=to));
    let object = object.ok_or_else(|| Refusal::Form("it has no braces".to_owned()))?;
    serde_json::from_str(object).map_err(|error| Refusal::Form(error.to_string()))
}

/// Sentences with what stands between them; marks such as `[2]` are taken out and belong to the sentence before them.
fn sentences(text: &str, format: Format) -> Vec<Told> {
    let mut all: Vec<Told> = Vec::new();
    let mut current = Told { text: String::new(), cited: Vec::new() };
    let mut rest = text.trim();
    while let Some(one) = rest.chars().next() {
        if let Some((n, behind)) = mark(rest) {
            let is_begun = !current.text.trim().is_empty();
            let of = if is_begun { &mut current } else { all.last_mut().unwrap_or(&mut current) };
            of.cited.push(n);
            rest = behind;
            continue;
        }
        rest = &rest[one.len_utf8()..];
        let is_break = one.is_control() && format == Format::Line;
        if !one.is_control() || one == '\n' {
            current.text.push(if is_break { ' ' } else { one });
        }
        let next = rest.chars().next();
        let ends = match one {
            '。' | '！' | '？' | '!' | '?' | '\n' => true,
            '.' => next.is_none_or(|next| next.is_whitespace() || next == '['),
            _ => false,
        };
        if ends && !current.text.trim().is_empty() {
            all.push(std::mem::replace(&mut current, Told { text: String::new(), cited: Vec::new() }));
        }
    }
    all.push(current);
    all.retain(|told| !told.text.is_empty());
    // A space in front of a mark went with it.
    all
}

/// A mark at the beginning of a text, with the spaces before it, and what stands behind it.
fn mark(text: &str) -> Option<(usize, &str)> {
    let inside = text.trim_start_matches(' ').strip_prefix('[')?;
    let (number, behind) = inside.split_once(']')?;
    let is_number = !number.is_empty() && number.len() <= 3 && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| Some((number.parse().ok()?, behind)))?
}

/// Where words stand in a text, spaces and hyphens within either aside, capitals too; of Latin letters and digits only whole.
fn places(text: &str, words: &str) -> Vec<Range<usize>> {
    let is_kept = |one: char| !(one.is_whitespace() || one == '-' || one == '\u{2011}');
    let folded = |text: &str| -> Vec<(usize, char)> {
        text.char_indices().filter(|(_, one)| is_kept(*one)).map(|(at, one)| (at, one.to_ascii_lowercase())).collect()
    };
    let (all, wanted) = (folded(text), folded(words));
    if wanted.is_empty() || wanted.len() > all.len() {
        return Vec::new();
    }
    let found =
        all.windows(wanted.len()).filter(|here| here.iter().map(|one| one.1).eq(wanted.iter().map(|one| one.1)));
    let range = |here: &[(usize, char)]| {
        let last = here[here.len() - 1];
        here[0].0..last.0 + text[last.0..].chars().next().map_or(0, char::len_utf8)
    };
    let joins = |side: Option<char>, own: Option<char>| {
        side.is_some_and(|one| one.is_ascii_alphanumeric()) && own.is_some_and(|one| one.is_ascii_alphanumeric())
    };
    let is_point = |range: &Range<usize>| {
        let digit = |one: Option<char>| one.is_some_and(|one| one.is_ascii_digit());
        let (mut before, mut after) = (text[..range.start].chars().rev(), text[range.end..].chars());
        let (b, a) = (before.next(), after.next());
        (matches!(b, Some('.' | ',')) && digit(before.next()) && digit(text[range.start..].chars().next()))
            || (matches!(a, Some('.' | ',')) && digit(after.next()) && digit(text[..range.end].chars().next_back()))
    };
    let is_whole = |range: &Range<usize>| {
        let inside = &text[range.clone()];
        !joins(text[..range.start].chars().next_back(), inside.chars().next())
            && !joins(text[range.end..].chars().next(), inside.chars().next_back())
            && !is_point(range)
    };
    found.map(range).filter(is_whole).collect()
}

fn blanked(text: &str, bound: &[(Range<usize>, usize)]) -> String {
    let (mut made, mut at) = (String::new(), 0);
    for (range, _) in bound {
        made.push_str(&text[at..range.start]);
        made.push(BLANK);
        at = range.end;
    }
    made + &text[at..]
}

/// The first word with a digit in it.
fn figure(text: &str) -> Option<String> {
    let at = text.find(char::is_numeric)?;
    let is_of_word = |one: &char| !one.is_whitespace() && *one != BLANK && !matches!(one, '，' | '。' | '、' | ',');
    let before: String = text[..at].chars().rev().take_while(|one| is_of_word(one) && one.is_ascii()).collect();
    let behind: String = text[at..].chars().take_while(is_of_word).take(12).collect();
    Some(before.chars().rev().chain(behind.chars()).collect())
}
