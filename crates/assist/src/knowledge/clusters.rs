//! Questions that ask the same, put together, for the list of what nothing answers: leader clustering on what words say, then
//! every question to the nearest group, groups that are alike merged. The same questions give the same groups, whatever
//! threads there are; memory grows with the questions, not with their pairs.

use language::text::Tokeniser;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::KnowledgeBase;
use super::concepts::Asked;
use super::words::{Counts, QUESTION_MAX, Question, beginning, fold, key};
use crate::AssistError;
use crate::world::Passage;

/// Questions looked at; the rest is left out.
const QUESTIONS_MAX: usize = 20_000;
/// Parts of a question's vector.
const PARTS_MAX: usize = 24;
/// The cosine from which a question joins a group, and groups are merged.
const JOIN: f32 = 0.55;
const MERGE: f32 = 0.65;

/// Questions that ask the same.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QuestionCluster {
    /// The question nearest to all others of the group: its name.
    pub name: String,
    /// The questions as they were given, by their place; ascending.
    pub members: Vec<usize>,
    /// A passage that may answer them, if there is one.
    pub suggestion: Option<Passage>,
}

/// What a question is about, as a sparse vector of length 1, ascending.
type Vector = Vec<(u64, f32)>;

/// Groups of questions, largest first, then by first member. With a knowledge base each has the passage that covers its name
/// best. Questions beyond the first 20,000, and those that say nothing, are in no group.
///
/// # Errors
/// If the knowledge base cannot be asked.
pub fn cluster_questions<S: AsRef<str>>(
    texts: &[S],
    tokeniser: &Tokeniser,
    knowledge: Option<&KnowledgeBase>,
) -> Result<Vec<QuestionCluster>, AssistError> {
    let distinct = distinct(texts);
    let vectors = vectors(&distinct, tokeniser);
    let groups = merged(&vectors, assigned(&vectors, leaders(&vectors, &distinct)));
    let mut clusters = Vec::new();
    for group in groups {
        let name = medoid(&vectors, &distinct, &group);
        let mut members: Vec<usize> = group.iter().flat_map(|&at| distinct[at].places.iter().copied()).collect();
        members.sort_unstable();
        let name = texts[distinct[name].places[0]].as_ref().trim();
        clusters.push(QuestionCluster { name: beginning(name, 400).to_owned(), members, suggestion: None });
    }
    clusters.sort_by(|a, b| b.members.len().cmp(&a.members.len()).then(a.members[0].cmp(&b.members[0])));
    if let Some(knowledge) = knowledge {
        for cluster in &mut clusters {
            cluster.suggestion =
                knowledge.passages(&cluster.name, &[], 1)?.pop().filter(|passage| passage.coverage >= 0.3);
        }
    }
    Ok(clusters)
}

/// One text with all places where it was asked.
struct Distinct {
    text: String,
    places: Vec<usize>,
}

fn distinct<S: AsRef<str>>(texts: &[S]) -> Vec<Distinct> {
    let mut at: FxHashMap<String, usize> = FxHashMap::default();
    let mut all: Vec<Distinct> = Vec::new();
    for (place, text) in texts.iter().take(QUESTIONS_MAX).enumerate() {
        let text = fold(beginning(text.as_ref(), QUESTION_MAX));
        let plain: String = text.chars().filter(|character| character.is_alphanumeric()).collect();
        match at.get(&plain) {
            Some(&known) => all[known].places.push(place),
            None => {
                at.insert(plain, all.len());
                all.push(Distinct { text, places: vec![place] });
            }
        }
    }
    all
}

/// Words by what they say, and the kind of answer wanted; the heaviest parts alone. Empty for a question without words.
fn vectors(distinct: &[Distinct], tokeniser: &Tokeniser) -> Vec<Vector> {
    let mut counts = Counts::default();
    distinct.iter().for_each(|one| counts.add(&one.text));
    let vector = |one: &Distinct| {
        let question = Question::new(&one.text, tokeniser);
        let mut parts: Vector = Vec::new();
        for word in &question.words {
            let name = word.concept.map_or_else(|| word.own.text.clone(), |concept| format!("#{}", concept.name));
            parts.push((key(&name), counts.weight(word)));
        }
        if parts.is_empty() {
            return parts;
        }
        let heaviest = parts.iter().map(|part| part.1).fold(0.0, f32::max);
        let kinds = question.asked.iter().filter(|asked| **asked != Asked::Whether);
        parts.extend(kinds.map(|asked| (key(&format!("?{asked:?}")), 0.5 * heaviest)));
        parts.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        parts.truncate(PARTS_MAX);
        parts.sort_unstable_by_key(|part| part.0);
        parts.dedup_by_key(|part| part.0);
        to_unit(&mut parts);
        parts
    };
    distinct.iter().map(vector).collect()
}

fn to_unit(vector: &mut Vector) {
    let length = vector.iter().map(|(_, value)| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|(_, value)| *value /= length);
    }
}

fn cosine(a: &Vector, b: &Vector) -> f32 {
    let mut rest = b.iter().peekable();
    let mut sum = 0.0;
    for (part, value) in a {
        while rest.next_if(|other| other.0 < *part).is_some() {}
        sum += rest.peek().filter(|other| other.0 == *part).map_or(0.0, |other| value * other.1);
    }
    sum
}

/// Groups found by their parts.
#[derive(Default)]
struct Postings {
    of_part: FxHashMap<u64, Vec<(u32, f32)>>,
    n: usize,
}

impl Postings {
    fn add(&mut self, vector: &Vector) {
        let group = self.n as u32;
        self.n += 1;
        vector.iter().for_each(|&(part, value)| self.of_part.entry(part).or_default().push((group, value)));
    }

    /// The most alike and its cosine; of equals the first.
    fn nearest(&self, vector: &Vector) -> Option<(usize, f32)> {
        let mut sums: FxHashMap<u32, f32> = FxHashMap::default();
        for (part, value) in vector {
            for (group, other) in self.of_part.get(part).into_iter().flatten() {
                *sums.entry(*group).or_insert(0.0) += value * other;
            }
        }
        let best = sums.into_iter().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        best.map(|(group, sum)| (group as usize, sum))
    }
}

/// The questions that no earlier leader is like; those asked most often come first.
fn leaders(vectors: &[Vector], distinct: &[Distinct]) -> Postings {
    let mut order: Vec<usize> = (0..vectors.len()).filter(|&at| !vectors[at].is_empty()).collect();
    order.sort_by_key(|&at| (std::cmp::Reverse(distinct[at].places.len()), distinct[at].places[0]));
    let mut leaders = Postings::default();
    for at in order {
        if leaders.nearest(&vectors[at]).is_none_or(|(_, alike)| alike < JOIN) {
            leaders.add(&vectors[at]);
        }
    }
    leaders
}

/// Each question with the leader nearest to it.
fn assigned(vectors: &[Vector], leaders: Postings) -> Vec<Vec<usize>> {
    let mut groups = vec![Vec::new(); leaders.n];
    for (at, vector) in vectors.iter().enumerate() {
        if let Some((group, _)) = leaders.nearest(vector) {
            groups[group].push(at);
        }
    }
    groups.retain(|group: &Vec<usize>| !group.is_empty());
    groups
}

fn mean(vectors: &[Vector], group: &[usize]) -> Vector {
    let mut sums: std::collections::BTreeMap<u64, f32> = std::collections::BTreeMap::new();
    for &at in group {
        vectors[at].iter().for_each(|&(part, value)| *sums.entry(part).or_insert(0.0) += value);
    }
    let mut mean: Vector = sums.into_iter().collect();
    mean.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    mean.truncate(4 * PARTS_MAX);
    mean.sort_unstable_by_key(|part| part.0);
    to_unit(&mut mean);
    mean
}

/// Groups whose means are alike become one: each, largest first, joins the nearest before it.
fn merged(vectors: &[Vector], mut groups: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
    groups.sort_by(|a, b| b.len().cmp(&a.len()).then(a[0].cmp(&b[0])));
    let mut kept: Vec<Vec<usize>> = Vec::new();
    let mut means = Postings::default();
    for group in groups {
        let own = mean(vectors, &group);
        match means.nearest(&own) {
            Some((into, alike)) if alike >= MERGE => kept[into].extend(group),
            _ => {
                means.add(&own);
                kept.push(group);
            }
        }
    }
    kept
}

/// The member nearest to the group's mean, each counted as often as it was asked; of equals the one asked most, then first.
fn medoid(vectors: &[Vector], distinct: &[Distinct], group: &[usize]) -> usize {
    let mean = mean(vectors, group);
    let rank = |at: usize| (cosine(&vectors[at], &mean), distinct[at].places.len());
    let better = |a: &usize, b: &usize| {
        let (of_a, of_b) = (rank(*a), rank(*b));
        of_a.0.total_cmp(&of_b.0).then(of_a.1.cmp(&of_b.1)).then(b.cmp(a))
    };
    group.iter().copied().max_by(better).expect("a group has members")
}
