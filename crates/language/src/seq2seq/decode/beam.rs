//! Beam search: the likeliest unfinished outputs of each source side by side, with phrases that must or must not occur.
//!
//! Finished outputs are ordered by log P / lp + cp, with the length penalty lp = ((5 + length) / 6)^α and the coverage
//! penalty cp = β Σ over source words of ln min(1, attention received) of Wu et al. 2016 (eq. 14); the length counts
//! [`END`]. Outputs that must hold phrases share the beam with equal parts for each number of words still missing (dynamic
//! beam allocation, Post and Vilar 2018), and never fall so far behind that the rest could not be said any more.

use super::best::{Best, Continuation};
use super::consensus::consensus;
use super::required::{Progress, Required};
use super::{BEGIN, END, Limits, Next, Output, Rules, StepModel, attention_of};
use crate::LanguageError;

/// When the search for a source ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Once as many outputs have ended as the beam is wide.
    First,
    /// Once no unfinished output scores better, at its present length, than the worst that would be returned.
    Likely,
    /// Once no unfinished output can score better any more, however long it becomes.
    Certain,
}

/// How to search.
#[derive(Clone, Debug, PartialEq)]
pub struct Beam {
    /// Unfinished outputs kept a source. Widened, if need be, to one more than the words of `must`.
    pub width: usize,
    /// Outputs returned a source, at most `width`.
    pub n_best: usize,
    /// The exponent α of the length penalty; 0 orders by probability alone.
    pub length_penalty: f32,
    /// The weight β of the coverage penalty; 0 for none. Needs a model with attention.
    pub coverage_penalty: f32,
    /// Whether the first output returned is the one that those found agree on ([`consensus`](super::consensus())) instead of
    /// the best by itself. As many are found as the beam is wide.
    pub consensus: bool,
    pub stop: Stop,
    pub limits: Limits,
    pub rules: Rules,
    /// Phrases that must occur. The longest length is raised to what they need; room is kept for all their words, as if
    /// none could overlap.
    pub must: Vec<Vec<u32>>,
}

impl Default for Beam {
    fn default() -> Self {
        Beam {
            width: 5,
            n_best: 1,
            length_penalty: 1.0,
            coverage_penalty: 0.0,
            consensus: false,
            stop: Stop::Likely,
            limits: Limits::default(),
            rules: Rules::default(),
            must: Vec::new(),
        }
    }
}

impl Beam {
    fn check(&self) -> Result<(), LanguageError> {
        self.rules.check()?;
        if self.width == 0 {
            return Err(LanguageError::unfit("beam width", 0, "1 or more"));
        }
        if self.n_best == 0 || self.n_best > self.width {
            return Err(LanguageError::unfit("n_best", self.n_best, format!("1 to the beam's width, {}", self.width)));
        }
        for (what, value) in [("length_penalty", self.length_penalty), ("coverage_penalty", self.coverage_penalty)] {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(LanguageError::unfit(what, value, "a number of at least 0"));
            }
        }
        Ok(())
    }

    /// `log_probability` as an output of `length` words, [`END`] included, is ordered by.
    fn score(&self, log_probability: f32, length: usize) -> f32 {
        log_probability / ((5.0 + length as f32) / 6.0).powf(self.length_penalty)
    }
}

/// The best outputs of each source, in the sources' order, best first. When nothing ended within the limits, unfinished
/// ones are returned instead, marked as such. All sources advance together, so as many as fit into memory should be handed
/// in at once.
///
/// # Errors
/// If the settings are not in their ranges.
pub fn beam<M: StepModel>(model: &M, sources: &[&[u32]], wanted: &Beam) -> Result<Vec<Vec<Output>>, LanguageError> {
    let none = vec![Vec::new(); sources.len()];
    beam_each(model, sources, wanted, &none)
}

/// As [`beam`], with phrases of each source's own that must occur beside those of `wanted`. Shape of `must`: one list of
/// phrases a source.
///
/// # Errors
/// As [`beam`], and if there are not as many lists of phrases as sources.
pub fn beam_each<M: StepModel>(
    model: &M,
    sources: &[&[u32]],
    wanted: &Beam,
    must: &[Vec<Vec<u32>>],
) -> Result<Vec<Vec<Output>>, LanguageError> {
    wanted.check()?;
    if must.len() != sources.len() {
        return Err(LanguageError::unfit("lists of phrases", must.len(), format!("one a source: {}", sources.len())));
    }
    let of = |own: &Vec<Vec<u32>>| Required::new(&[&wanted.must[..], own].concat());
    let required = must.iter().map(of).collect::<Result<Vec<Required>, _>>()?;
    let each = sources.iter().zip(&required);
    let mut searches: Vec<Search> =
        each.map(|(source, required)| Search::new(source.len(), wanted, required)).collect();
    if sources.is_empty() {
        return Ok(Vec::new());
    }
    let mut open: Vec<usize> = (0..sources.len()).collect();
    let (mut state, mut next) = (model.start(sources), Next::default());
    let (mut tokens, mut rows) = (vec![BEGIN; sources.len()], Vec::new());
    while !open.is_empty() {
        model.step(&mut state, &tokens, &mut next);
        let n_words = model.n_words(&state);
        let n_rows = tokens.len();
        tokens.clear();
        rows.clear();
        let mut first = 0;
        open.retain(|&at| {
            let search = &mut searches[at];
            let batch = first..first + search.open.len();
            first = batch.end;
            search.advance(&mut next, n_words, batch, &mut rows, &mut tokens)
        });
        let unchanged = rows.len() == n_rows && (0u32..).zip(&rows).all(|(at, &row)| at == row);
        if !open.is_empty() && !unchanged {
            model.select(&mut state, &rows);
        }
    }
    Ok(searches.into_iter().map(Search::into_outputs).collect())
}

/// The outputs of one source.
struct Search<'a> {
    wanted: &'a Beam,
    required: &'a Required,
    source_len: usize,
    max_len: usize,
    width: usize,
    /// Every word written by any output that was kept, each pointing to the one before.
    words: Vec<Written>,
    /// The attention with which each of `words` was written. Shape: (n written, source_len), or empty.
    attention: Vec<f32>,
    open: Vec<Unfinished>,
    ended: Vec<Ended>,
    /// Words written by every open output.
    length: usize,
    best: Best,
    history: Vec<u32>,
}

struct Written {
    before: u32,
    word: u32,
}

/// Stands for the place before the first word.
const NOTHING: u32 = u32::MAX;

#[derive(Clone)]
struct Unfinished {
    /// Its last word.
    last: u32,
    log_probability: f32,
    progress: Progress,
}

struct Ended {
    /// Its last word: [`END`], unless the search broke off.
    last: u32,
    log_probability: f32,
    score: f32,
    complete: bool,
}

impl<'a> Search<'a> {
    fn new(source_len: usize, wanted: &'a Beam, required: &'a Required) -> Self {
        Search {
            wanted,
            required,
            source_len,
            max_len: wanted.limits.max_for(source_len).max(required.n_words()),
            width: wanted.width.max(required.n_words() + 1),
            words: Vec::new(),
            attention: Vec::new(),
            open: vec![Unfinished { last: NOTHING, log_probability: 0.0, progress: required.start() }],
            ended: Vec::new(),
            length: 0,
            best: Best::default(),
            history: Vec::new(),
        }
    }

    /// Takes one step: rows `batch` of `next` are this search's open outputs. Names the rows to go on with and their words;
    /// false once the search has ended.
    fn advance(
        &mut self,
        next: &mut Next,
        n_words: usize,
        batch: std::ops::Range<usize>,
        rows: &mut Vec<u32>,
        tokens: &mut Vec<u32>,
    ) -> bool {
        let values = &mut next.log_probabilities[batch.start * n_words..batch.end * n_words];
        self.forbid(values, n_words);
        let chosen =
            if self.required.n_words() == 0 { self.likeliest(values, n_words) } else { self.allotted(values, n_words) };
        let (mut going_on, mut n_seen) = (Vec::with_capacity(self.width), 0);
        for one in chosen {
            if going_on.len() == self.width {
                break;
            }
            n_seen += 1;
            if one.word != END {
                going_on.push(one);
            } else if n_seen <= self.width {
                self.end(one, attention_of(next, batch.start + one.row as usize, self.source_len));
            }
        }
        if going_on.is_empty() || self.is_settled(&going_on) {
            if self.ended.is_empty() {
                self.break_off();
            }
            return false;
        }
        self.length += 1;
        let before = std::mem::take(&mut self.open);
        for one in &going_on {
            let from = &before[one.row as usize];
            let last =
                self.write(from.last, one.word, attention_of(next, batch.start + one.row as usize, self.source_len));
            let progress = self.required.after(&from.progress, one.word);
            self.open.push(Unfinished { last, log_probability: one.score, progress });
            rows.push(batch.start as u32 + one.row);
            tokens.push(one.word);
        }
        true
    }

    /// Makes impossible what rules, limits and missing phrases rule out.
    fn forbid(&mut self, values: &mut [f32], n_words: usize) {
        for (output, values) in self.open.iter().zip(values.chunks_exact_mut(n_words)) {
            if self.length == self.max_len {
                let end = values[END as usize];
                values.fill(f32::NEG_INFINITY);
                values[END as usize] = end;
            } else {
                history_into(&self.words, output.last, &mut self.history);
                self.wanted.rules.forbid(&self.history, values);
            }
            if self.length < self.wanted.limits.min.min(self.max_len) || self.required.n_missing(&output.progress) > 0 {
                values[END as usize] = f32::NEG_INFINITY;
            }
        }
    }

    /// The best continuations of all: twice the width, since at most one a row is [`END`].
    fn likeliest(&mut self, values: &[f32], n_words: usize) -> Vec<Continuation> {
        self.best.clear(self.width + self.open.len());
        for ((row, output), values) in (0u32..).zip(&self.open).zip(values.chunks_exact(n_words)) {
            self.best.offer_row(row, output.log_probability, values);
        }
        self.best.found().to_vec()
    }

    /// Continuations in turns: the best of each number of missing words, the second best of each, and so on, beginning
    /// where least is missing. Those that could not say the rest in time are left out.
    fn allotted(&mut self, values: &[f32], n_words: usize) -> Vec<Continuation> {
        let n_left = self.max_len.saturating_sub(self.length + 1);
        let mut ranked: Vec<(usize, Continuation)> = Vec::new();
        for ((row, output), values) in (0u32..).zip(&self.open).zip(values.chunks_exact(n_words)) {
            self.best.clear(self.width + 1);
            self.best.offer_row(row, output.log_probability, values);
            let forward = self.required.next_words(&output.progress).filter_map(|word| {
                let score = output.log_probability + values.get(word as usize)?;
                (score > f32::NEG_INFINITY).then_some(Continuation { row, word, score })
            });
            let from = ranked.len();
            for one in self.best.found().iter().copied().chain(forward) {
                let n_missing = if one.word == END {
                    0
                } else {
                    self.required.n_missing(&self.required.after(&output.progress, one.word))
                };
                let is_new = ranked[from..].iter().all(|(_, known)| known.word != one.word);
                if is_new && n_missing <= n_left {
                    ranked.push((n_missing, one));
                }
            }
        }
        ranked.sort_by(|(a_missing, a), (b_missing, b)| a_missing.cmp(b_missing).then(b.score.total_cmp(&a.score)));
        let turns = ranked
            .chunk_by(|a, b| a.0 == b.0)
            .flat_map(|bank| bank.iter().enumerate().map(|(turn, one)| (turn, one.1)));
        let mut turns: Vec<(usize, Continuation)> = turns.collect();
        turns.sort_by_key(|turn| turn.0);
        turns.into_iter().map(|turn| turn.1).collect()
    }

    fn write(&mut self, before: u32, word: u32, attention: &[f32]) -> u32 {
        self.words.push(Written { before, word });
        self.attention.extend_from_slice(attention);
        self.words.len() as u32 - 1
    }

    fn end(&mut self, one: Continuation, attention: &[f32]) {
        let last = self.write(self.open[one.row as usize].last, END, attention);
        let score = self.wanted.score(one.score, self.length + 1) + self.coverage(last);
        let place = self.ended.partition_point(|ended| ended.score >= score);
        if place < self.width {
            self.ended.truncate(self.width - 1);
            self.ended.insert(place, Ended { last, log_probability: one.score, score, complete: true });
        }
    }

    /// Whether the outputs that have ended are the ones to return.
    fn is_settled(&self, going_on: &[Continuation]) -> bool {
        let Some(worst) = self.ended.get(self.n_found() - 1) else { return false };
        let best = going_on.iter().map(|one| one.score).fold(f32::NEG_INFINITY, f32::max);
        match self.wanted.stop {
            Stop::First => self.ended.len() >= self.width,
            Stop::Likely => worst.score >= self.wanted.score(best, self.length + 1),
            // Neither probability nor coverage can rise, and a longer output loses the least by its length.
            Stop::Certain => worst.score >= self.wanted.score(best, self.max_len + 1),
        }
    }

    /// Nothing has ended and nothing can follow: what there is becomes the result.
    fn break_off(&mut self) {
        let mut open = std::mem::take(&mut self.open);
        open.sort_by(|a, b| b.log_probability.total_cmp(&a.log_probability));
        let as_ended = |output: &Unfinished| Ended {
            last: output.last,
            log_probability: output.log_probability,
            score: self.wanted.score(output.log_probability, self.length) + self.coverage(output.last),
            complete: self.required.n_missing(&output.progress) == 0,
        };
        self.ended = open.iter().map(as_ended).collect();
    }

    /// β Σ ln min(1, attention received), over the source's words.
    fn coverage(&self, last: u32) -> f32 {
        if self.wanted.coverage_penalty == 0.0 || self.attention.is_empty() {
            return 0.0;
        }
        let mut received = vec![0f32; self.source_len];
        self.path(last, |at| {
            let row = &self.attention[at * self.source_len..(at + 1) * self.source_len];
            received.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        });
        // A word that was never looked at counts as the smallest number, not as minus infinity.
        let covered = received.iter().map(|&sum| sum.clamp(f32::MIN_POSITIVE, 1.0).ln()).sum::<f32>();
        self.wanted.coverage_penalty * covered
    }

    /// Visits the places of `self.words` that lead to `last`, last first.
    fn path(&self, last: u32, mut visit: impl FnMut(usize)) {
        let mut at = last;
        while at != NOTHING {
            visit(at as usize);
            at = self.words[at as usize].before;
        }
    }

    fn into_outputs(self) -> Vec<Output> {
        let mut outputs: Vec<Output> = self.ended.iter().take(self.n_found()).map(|ended| self.output(ended)).collect();
        if self.wanted.consensus && !outputs.is_empty() {
            let chosen = consensus(&outputs);
            outputs[..=chosen].rotate_right(1);
        }
        outputs.truncate(self.wanted.n_best);
        outputs
    }

    /// Ended outputs that are looked at in the end.
    fn n_found(&self) -> usize {
        if self.wanted.consensus { self.wanted.width } else { self.wanted.n_best }
    }

    fn output(&self, ended: &Ended) -> Output {
        let mut places = Vec::new();
        self.path(ended.last, |at| places.push(at));
        places.reverse();
        let mut output = Output {
            log_probability: ended.log_probability,
            score: ended.score,
            complete: ended.complete,
            ..Output::default()
        };
        for at in places {
            let word = self.words[at].word;
            if !self.attention.is_empty() {
                output.attention.extend_from_slice(&self.attention[at * self.source_len..(at + 1) * self.source_len]);
            }
            if word == END {
                output.ended = true;
            } else {
                output.tokens.push(word);
            }
        }
        output
    }
}

/// The words that lead to `last`, first to last.
fn history_into(words: &[Written], last: u32, history: &mut Vec<u32>) {
    history.clear();
    let mut at = last;
    while at != NOTHING {
        history.push(words[at as usize].word);
        at = words[at as usize].before;
    }
    history.reverse();
}
