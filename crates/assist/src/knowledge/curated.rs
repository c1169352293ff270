//! Questions that people of the shop have answered, and the nearest of them to what somebody asks. Alike means asking the same:
//! the same things by whatever words, the same kind of answer, the same numbers, nothing denied on one side alone.

use std::sync::Arc;

use language::text::{Language, Tokeniser, detect};
use language::vectors::SentenceEncoder;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::concepts::Asked;
use super::words::{Counts, QUESTION_MAX, Question, View, Word, beginning, fold, is_ideograph};
use crate::AssistError;
use crate::world::CuratedHit;

/// A question with its answer, as people of the shop keep it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CuratedAnswer {
    pub answer_id: String,
    pub question: String,
    /// Other ways to ask the same, in any language.
    pub variants: Vec<String>,
    pub answer_zh: String,
    pub answer_en: String,
    pub is_on: bool,
}

/// A question made ready for comparing.
struct Ready {
    answer: u32,
    text: String,
    question: Question,
    /// What each word says. Shape: (n_words).
    weights: Vec<f32>,
    /// Each word as a text in which others are looked for. Shape: (n_words).
    views: Vec<View>,
    /// Runs of characters with what they say, ascending, at length 1.
    runs: Vec<(u64, f32)>,
    vector: Vec<f32>,
}

/// Answered questions that can be looked up.
pub struct Curated {
    answers: Vec<CuratedAnswer>,
    ready: Vec<Ready>,
    counts: Counts,
    run_weights: RunWeights,
    tokeniser: Tokeniser,
    encoder: Option<Arc<dyn SentenceEncoder>>,
}

/// Questions that are compared closely: those with most in common by characters or words.
const CANDIDATES: usize = 64;

impl Curated {
    /// Of the answers that are on. With an encoder meaning counts too.
    ///
    /// # Errors
    /// If the encoder cannot encode.
    pub fn new(
        answers: &[CuratedAnswer],
        tokeniser: &Tokeniser,
        encoder: Option<Arc<dyn SentenceEncoder>>,
    ) -> Result<Self, AssistError> {
        let mut answers: Vec<CuratedAnswer> = answers.iter().filter(|answer| answer.is_on).cloned().collect();
        answers.sort_by(|a, b| a.answer_id.cmp(&b.answer_id));
        let texts: Vec<(u32, String)> = (0..)
            .zip(&answers)
            .flat_map(|(at, answer)| {
                let all = std::iter::once(&answer.question).chain(&answer.variants);
                all.filter(|text| !text.trim().is_empty()).map(move |text| (at, text.clone()))
            })
            .collect();
        let mut counts = Counts::default();
        texts.iter().for_each(|(_, text)| counts.add(beginning(text, QUESTION_MAX)));
        let run_weights = RunWeights::learn(texts.iter().map(|(_, text)| text.as_str()));
        let mut curated =
            Curated { answers, ready: Vec::new(), counts, run_weights, tokeniser: tokeniser.clone(), encoder };
        let vectors = curated.vectors(&texts.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>())?;
        let ready = texts.into_iter().zip(vectors).map(|((answer, text), vector)| curated.ready(answer, text, vector));
        curated.ready = ready.collect();
        Ok(curated)
    }

    pub fn n_answers(&self) -> usize {
        self.answers.len()
    }

    fn vectors(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, AssistError> {
        let Some(encoder) = &self.encoder else { return Ok(vec![Vec::new(); texts.len()]) };
        let rows = encoder.encode(texts)?;
        Ok((0..texts.len()).map(|row| rows.row(row)[..rows.n_factors].to_vec()).collect())
    }

    fn ready(&self, answer: u32, text: String, vector: Vec<f32>) -> Ready {
        let text = beginning(&text, QUESTION_MAX).to_owned();
        let question = Question::new(&text, &self.tokeniser);
        let weights = question.words.iter().map(|word| self.counts.weight(word)).collect();
        let views = question.words.iter().map(|word| View::of([word.own.plain()])).collect();
        Ready { answer, runs: self.run_weights.vector(&text), text, question, weights, views, vector }
    }

    /// The nearest answered questions, each answer once by its nearest way of asking. The answer is in the language of the
    /// question where it has one. From a similarity of about 0.72 on both ask the same.
    ///
    /// # Errors
    /// If the encoder cannot encode now.
    pub fn nearest(&self, question: &str, n: usize) -> Result<Vec<CuratedHit>, AssistError> {
        if n == 0 || self.ready.is_empty() || question.trim().is_empty() {
            return Ok(Vec::new());
        }
        let text = beginning(question, QUESTION_MAX);
        let vector = self.vectors(&[text])?.pop().unwrap_or_default();
        let asked = self.ready(u32::MAX, text.to_owned(), vector);
        let mut order: Vec<(f32, usize)> =
            self.ready.iter().enumerate().map(|(at, known)| (rough(&asked, known), at)).collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut best: FxHashMap<u32, (f32, usize)> = FxHashMap::default();
        for &(_, at) in order.iter().take(CANDIDATES.max(4 * n)) {
            let alike = similarity(&asked, &self.ready[at]);
            let own = best.entry(self.ready[at].answer).or_insert((alike, at));
            if alike > own.0 {
                *own = (alike, at);
            }
        }
        let mut best: Vec<(u32, f32, usize)> =
            best.into_iter().map(|(answer, (alike, at))| (answer, alike, at)).collect();
        best.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let is_chinese = is_chinese(text);
        Ok(best.into_iter().take(n).map(|(answer, alike, at)| self.hit(answer, alike, at, is_chinese)).collect())
    }

    fn hit(&self, answer: u32, similarity: f32, at: usize, is_chinese: bool) -> CuratedHit {
        let own = &self.answers[answer as usize];
        let (first, second) =
            if is_chinese { (&own.answer_zh, &own.answer_en) } else { (&own.answer_en, &own.answer_zh) };
        CuratedHit {
            answer_id: own.answer_id.clone(),
            question: self.ready[at].text.clone(),
            answer: if first.trim().is_empty() { second.clone() } else { first.clone() },
            similarity,
        }
    }
}

fn is_chinese(text: &str) -> bool {
    match detect(text) {
        Language::English => false,
        Language::Other => text.chars().any(is_ideograph),
        _ => true,
    }
}

/// What two questions have in common at first sight.
fn rough(a: &Ready, b: &Ready) -> f32 {
    let of_vectors: f32 = a.vector.iter().zip(&b.vector).map(|(a, b)| a * b).sum();
    let shared = a
        .question
        .words
        .iter()
        .zip(&a.weights)
        .filter(|(word, _)| b.question.words.iter().any(|other| word.is_same(other)));
    dot(&a.runs, &b.runs) + shared.map(|(_, weight)| weight).sum::<f32>() + of_vectors
}

/// How much of each question's words the other has, of what they say, 0 to 1.
fn shared(a: &Ready, b: &Ready) -> (f32, f32) {
    let found = |word: &Word, other: &Ready| {
        let others = other.question.words.iter().zip(&other.views);
        others.map(|(other, view)| alike(word, other, view)).fold(0.0, f32::max)
    };
    let part = |one: &Ready, other: &Ready| {
        let of_words = one.question.words.iter().zip(&one.weights);
        let (found, all) =
            of_words.fold((0.0, 0.0), |(sum, all), (word, weight)| (sum + weight * found(word, other), all + weight));
        if all > 0.0 { found / all } else { 0.0 }
    };
    (part(a, b), part(b, a))
}

/// `view` is `b` as a text.
fn alike(a: &Word, b: &Word, view: &View) -> f32 {
    if a.is_same(b) {
        return 1.0;
    }
    if let (Some(a), Some(b)) = (a.concept, b.concept) {
        return if a.is_related(b) { 0.7 } else { 0.0 };
    }
    if a.own.is_chinese != b.own.is_chinese {
        return 0.0;
    }
    if a.own.is_chinese {
        // 屏幕 and 屏: one within the other.
        let (a, b) = (&a.own.text, &b.own.text);
        let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
        return if long.contains(short.as_str()) { 0.7 } else { 0.0 };
    }
    a.stands_in(view)
}

/// Whether both want one kind of answer: 1, 0 if each wants another, in between if one does not say.
fn same_kind(a: &Question, b: &Question) -> f32 {
    let kinds = |question: &Question| -> Vec<Asked> {
        question.asked.iter().copied().filter(|asked| *asked != Asked::Whether).collect()
    };
    let (of_a, of_b) = (kinds(a), kinds(b));
    match (of_a.is_empty(), of_b.is_empty()) {
        (true, true) => 1.0,
        (false, false) if of_a.iter().any(|asked| of_b.contains(asked)) => 1.0,
        (false, false) => 0.0,
        _ => 0.55,
    }
}

/// The cosine of both meanings above what any two questions have; 0 without an encoder.
fn meaning(a: &Ready, b: &Ready) -> f32 {
    if a.vector.is_empty() || b.vector.is_empty() {
        return 0.0;
    }
    a.vector.iter().zip(&b.vector).map(|(a, b)| a * b).sum::<f32>() - 0.6
}

/// Words of a question that is short, and the part of an answered question that such a one must have.
const SHORT: usize = 2;
const NARROWER_FROM: f32 = 0.62;

/// How surely the question `a` asks what the answered question `b` asks, 0 to 1. A logistic of what is shared, with hard differences held against it; its
/// weights were chosen on the pairs in this module's tests and stand there for the threshold of 0.72.
fn similarity(a: &Ready, b: &Ready) -> f32 {
    if fold(&a.text).trim() == fold(&b.text).trim() {
        return 1.0;
    }
    let (of_a, of_b) = shared(a, b);
    let words = (of_a + of_b) / 2.0;
    // A question of a word or two has that word in common with every question about its matter: `怎么退货` asks nothing about
    // the postage of a return.
    let narrower = if a.question.words.len() <= SHORT + 1 { (NARROWER_FROM - of_b).max(0.0) } else { 0.0 };
    // The other way round the answer is about the matter as a whole, and not about what of it is asked.
    let wider = if b.question.words.len() <= SHORT { (NARROWER_FROM - of_a).max(0.0) } else { 0.0 };
    // Both say something that the other does not: two matters.
    let apart = 1.0 - of_a.max(of_b);
    let runs = dot(&a.runs, &b.runs);
    let meaning = meaning(a, b);
    let kind = same_kind(&a.question, &b.question);
    let numbers_differ = !a.question.numbers.is_empty()
        && !b.question.numbers.is_empty()
        && a.question.numbers.iter().all(|number| !b.question.numbers.contains(number));
    let denied = a.question.is_negative != b.question.is_negative;
    let sum = -4.6 + 5.4 * words + 2.2 * runs + 1.2 * meaning + 1.7 * kind
        - 2.5 * apart
        - 5.0 * narrower
        - 2.5 * wider
        - if numbers_differ { 2.0 } else { 0.0 }
        - if denied { 0.6 } else { 0.0 };
    1.0 / (1.0 + (-sum).exp())
}

/// What runs of characters say: ln((1 + n) / (1 + n_with)) + 1.
struct RunWeights {
    weights: FxHashMap<u64, f32>,
    unknown: f32,
}

/// Runs of one to three ideographs, and of three and four letters within words, as numbers.
fn runs(text: &str) -> Vec<u64> {
    let folded = fold(beginning(text, QUESTION_MAX));
    let mut all = Vec::new();
    super::words::each_run(&folded, |run| {
        let (text, sizes) = match run {
            super::words::Run::Ideographs(text) => (text.to_owned(), 1..=3),
            super::words::Run::Letters(text) => (format!("<{text}>"), 3..=4),
        };
        let characters: Vec<char> = text.chars().collect();
        for size in sizes {
            let key =
                |run: &[char]| run.iter().fold(size as u64, |key, &one| key.wrapping_mul(0x0100_0193) ^ u64::from(one));
            all.extend(characters.windows(size).map(key));
        }
    });
    all.sort_unstable();
    all
}

impl RunWeights {
    fn learn<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut n_with: FxHashMap<u64, u32> = FxHashMap::default();
        let mut n = 0u32;
        for text in texts {
            n += 1;
            let mut own = runs(text);
            own.dedup();
            own.into_iter().for_each(|run| *n_with.entry(run).or_insert(0) += 1);
        }
        let weight = |with: u32| ((1.0 + f64::from(n)) / (1.0 + f64::from(with))).ln() as f32 + 1.0;
        RunWeights { weights: n_with.into_iter().map(|(run, with)| (run, weight(with))).collect(), unknown: weight(0) }
    }

    fn vector(&self, text: &str) -> Vec<(u64, f32)> {
        let of_run = |same: &[u64]| {
            let weight = self.weights.get(&same[0]).copied().unwrap_or(self.unknown);
            (same[0], (same.len() as f32).sqrt() * weight)
        };
        let mut vector: Vec<(u64, f32)> = runs(text).chunk_by(|a, b| a == b).map(of_run).collect();
        let length = vector.iter().map(|(_, value)| value * value).sum::<f32>().sqrt();
        vector.iter_mut().for_each(|(_, value)| *value /= length);
        vector
    }
}

fn dot(a: &[(u64, f32)], b: &[(u64, f32)]) -> f32 {
    let mut rest = b.iter().peekable();
    let mut sum = 0.0;
    for (run, value) in a {
        while rest.next_if(|other| other.0 < *run).is_some() {}
        sum += rest.peek().filter(|other| other.0 == *run).map_or(0.0, |other| value * other.1);
    }
    sum
}
