//! Which of several drafts of one task is the best, whoever wrote them, with the parts of the judgement told one by one: what
//! the draft tells of the plan, how it reads, how far it is from what neighbours and earlier copies say, how it fits its channel; and,
//! where copies of the channel were shown, how its writer fared beside the others. Not here: whether a draft may be said at all (the
//! checks).

use serde::{Deserialize, Serialize};

use super::fluency::{FIGURE, Fluency};
use super::{Draft, Field, Task, hashed, pairs, rank};
use crate::response::{Past, beside_others};

/// What is looked at, with its weight.
const PARTS: [(&str, f64); 6] =
    [("coverage", 0.25), ("fluency", 0.2), ("distinctness", 0.2), ("fit", 0.15), ("form", 0.1), ("variety", 0.1)];
/// Weight of what customers responded to, where it is known; the other parts share the rest.
const RESPONSE: f64 = 0.15;
/// Other texts that a draft is held against.
const OTHERS_MAX: usize = 200;

/// One part of a judgement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Merit {
    /// `coverage`: how much of the plan's scores it tells, of what the best draft tells. `fluency`: how its sentences read.
    /// `distinctness`: pairs of words that no neighbour and no earlier copy has. `fit`: how it uses the room of its channel. `form`: no
    /// doubled signs, sentences neither stubs nor endless. `variety`: no pair of words twice. `response`, where copies of the channel were
    /// shown and several writers wrote: the share of customers who responded to its writer's, of the best writer's.
    pub name: String,
    /// 0 to 1.
    pub value: f64,
    /// Its share of the total.
    pub weight: f64,
}

/// How good a draft is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The parts by their weights, 0 to 1.
    pub total: f64,
    pub merits: Vec<Merit>,
}

/// Judges drafts of one language.
#[derive(Clone, Copy, Debug)]
pub struct Judge<'a> {
    pub fluency: &'a Fluency,
    /// Texts of the same channel about the product's neighbours,
    pub neighbours: &'a [String],
    /// and those that went out before. At most 200 of both are looked at.
    pub earlier: &'a [String],
    /// What customers did with copies of before.
    pub past: &'a [Past],
}

impl Judge<'_> {
    /// Drafts by their judgements, the best first; of equal ones the first given.
    pub fn rank(&self, drafts: &[Draft], task: &Task) -> Vec<(usize, Judgement)> {
        let others: Vec<_> =
            self.neighbours.iter().chain(self.earlier).take(OTHERS_MAX).map(|text| pairs(&hashed(text))).collect();
        let mut writers: Vec<&str> = drafts.iter().map(|draft| draft.writer.as_str()).collect();
        writers.sort_unstable();
        writers.dedup();
        let mut judged: Vec<(usize, Judgement)> = rank(drafts, task)
            .into_iter()
            .map(|(at, score)| {
                let (draft, bare) = (&drafts[at], bare(&drafts[at]));
                let own = pairs(&hashed(&bare));
                let shared = |other: &Vec<_>| share(&own, other);
                let distinct = 1.0 - others.iter().map(shared).fold(0.0, f64::max);
                let values = [score.coverage, self.reads(draft), distinct, score.fit, score.fluency, score.variety];
                (at, Judgement::of(values, beside_others(self.past, task.channel.name, &writers, &draft.writer)))
            })
            .collect();
        judged.sort_by(|a, b| b.1.total.total_cmp(&a.1.total).then(a.0.cmp(&b.0)));
        judged
    }

    /// The mean over the sentences of the draft's plain text.
    fn reads(&self, draft: &Draft) -> f64 {
        let bare = bare(draft);
        let sentences: Vec<&str> = bare
            .split_inclusive(['。', '！', '？', '!', '?', '\n'])
            .flat_map(|part| part.split_inclusive(". "))
            .collect();
        let scores: Vec<f64> = sentences
            .into_iter()
            .map(str::trim)
            .filter(|sentence| sentence.chars().any(char::is_alphanumeric))
            .map(|sentence| self.fluency.score(sentence))
            .collect();
        if scores.is_empty() { 0.0 } else { scores.iter().sum::<f64>() / scores.len() as f64 }
    }
}

impl Judgement {
    fn of(values: [f64; PARTS.len()], response: Option<f64>) -> Judgement {
        let rest = if response.is_some() { 1.0 - RESPONSE } else { 1.0 };
        let merit = |((name, weight), value): (&(&str, f64), f64)| Merit {
            name: (*name).to_owned(),
            value,
            weight: *weight * rest,
        };
        let mut merits: Vec<Merit> = PARTS.iter().zip(values).map(merit).collect();
        merits.extend(response.map(|value| Merit { name: "response".to_owned(), value, weight: RESPONSE }));
        Judgement { total: merits.iter().map(|merit| merit.weight * merit.value).sum(), merits }
    }

    /// One part by its name.
    pub fn merit(&self, name: &str) -> Option<f64> {
        self.merits.iter().find(|merit| merit.name == name).map(|merit| merit.value)
    }
}

/// The plain text of a draft with everything that rests on evidence taken out: names and figures are shared by all.
fn bare(draft: &Draft) -> String {
    let mut made = String::new();
    for field in draft.fields.iter().filter(|field| !field.is_html) {
        taken_out(field, &mut made);
        made.push('\n');
    }
    made
}

fn taken_out(field: &Field, made: &mut String) {
    let mut spans: Vec<_> = field.spans.iter().map(|span| (span.start, span.end)).collect();
    spans.sort_unstable();
    let mut at = 0;
    for (start, end) in spans {
        if let Some(words) = field.text.get(at..start) {
            made.push_str(words);
            made.push_str(FIGURE);
            at = end;
        }
    }
    made.push_str(field.text.get(at..).unwrap_or_default());
}

/// The share of a text's pairs of words that another text has too.
fn share<P: Ord>(own: &[P], other: &[P]) -> f64 {
    if own.is_empty() {
        return 0.0;
    }
    own.iter().filter(|pair| other.binary_search(pair).is_ok()).count() as f64 / own.len() as f64
}
