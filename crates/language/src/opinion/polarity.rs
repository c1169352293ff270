//! Whether a place in a text praises or blames, learned: a linear model over what stands around the aspect. Which places
//! there are is found elsewhere: see [`extract`](super::extract).
//!
//! Features: the aspect's own characters; n-grams of the sentence with the aspect as one mark, so that `[aspect]很大` is
//! a feature; the same within the clause; n-grams on either side within a window; opinion words of the lexicon with
//! their negation, alone and paired with the aspect; and, if given, what a classifier of whole reviews thinks of the
//! sentence, the clause and the words on either side. Other domains can be learned from beside the own: their features
//! are shared, and each domain has a copy of its own (Daumé 2007, "Frustratingly Easy Domain Adaptation").

use math::Csr;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::extract::{Lexicon, clauses};
use super::scope;
use crate::LanguageError;
use crate::classify::linear::{self, Linear, Method, Wanted as LinearWanted, class_of};
use crate::classify::svm::Loss;
use crate::classify::{Calibration, Run, TextClassifier};

/// An aspect where it stands: `start..end` are bytes of `text` on borders of characters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mention<'a> {
    pub text: &'a str,
    pub start: usize,
    pub end: usize,
}

/// A mention with its polarity's name, and the domain it comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged<'a> {
    pub mention: Mention<'a>,
    pub polarity: &'a str,
    pub domain: u32,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wanted {
    pub c: f64,
    pub nb: f64,
    /// N-grams of so many tokens at most.
    pub n_max: usize,
    /// Tokens on either side that are near.
    pub window: usize,
    /// The weight of what other domains share; 0: each domain learns alone.
    pub shared: f32,
    /// The weight of what the classifier of reviews thinks.
    pub prior: f32,
    /// Features of fewer mentions are dropped.
    pub min_df: u32,
}

impl Default for Wanted {
    fn default() -> Self {
        Wanted { c: 0.5, nb: 0.3, n_max: 4, window: 6, shared: 1.0, prior: 1.0, min_df: 1 }
    }
}

impl Wanted {
    pub(super) fn check(&self) -> Result<(), LanguageError> {
        if !(1..=8).contains(&self.n_max) {
            return Err(LanguageError::unfit("n_max", self.n_max, "1 to 8"));
        }
        let weights = [("shared", self.shared), ("prior", self.prior)];
        match weights.into_iter().find(|(_, weight)| !(weight.is_finite() && *weight >= 0.0)) {
            Some((name, weight)) => Err(LanguageError::unfit(name, weight, "0 or more")),
            None => Ok(()),
        }
    }
}

/// A learned judge of polarity.
#[derive(Clone, Debug, PartialEq)]
pub struct PolarityModel {
    pub(super) classes: Vec<String>,
    pub(super) wanted: Wanted,
    /// Keys of the columns.
    pub(super) keys: Vec<u64>,
    pub(super) columns: FxHashMap<u64, u32>,
    pub(super) linear: Linear,
    pub(super) calibration: Calibration,
}

impl PolarityModel {
    /// Learns from judged mentions. `prior`: a classifier of whole reviews of two classes, of which the second is praise;
    /// the same must be given again when the model is asked.
    ///
    /// # Errors
    /// If there are no two polarities, a mention is not a part of its text, or `run.progress` says to stop.
    pub fn fit(
        examples: &[Judged],
        lexicon: &Lexicon,
        prior: Option<&TextClassifier>,
        wanted: &Wanted,
        run: &Run,
    ) -> Result<Self, LanguageError> {
        wanted.check()?;
        let mut classes: Vec<&str> = examples.iter().map(|example| example.polarity).collect();
        classes.sort_unstable();
        classes.dedup();
        if classes.len() < 2 {
            return Err(LanguageError::unfit("polarities of mentions", classes.len(), "at least 2"));
        }
        if let Some(bad) = examples.iter().find(|example| !example.mention.is_sound()) {
            let Mention { start, end, text } = bad.mention;
            let allowed = format!("bytes of a text of {}, on borders of characters", text.len());
            return Err(LanguageError::unfit("mention", format!("{start}..{end}"), allowed));
        }
        let labels: Vec<u32> = examples
            .iter()
            .map(|example| classes.binary_search(&example.polarity).expect("each is a class") as u32)
            .collect();
        let sketches: Vec<Vec<(u64, f32)>> =
            examples.iter().map(|example| features(&example.mention, example.domain, lexicon, prior, wanted)).collect();
        let (keys, columns) = columns_of(&sketches, wanted.min_df);
        let rows = matrix(&sketches, &columns);
        let settings = LinearWanted {
            method: Method::OneVsRest(Loss::SquaredHinge),
            c: wanted.c,
            nb: wanted.nb,
            tolerance: 0.01,
            ..LinearWanted::default()
        };
        let all: Vec<u32> = (0..labels.len() as u32).collect();
        let linear = linear::fit(&rows, &labels, classes.len(), None, &all, &settings, run)?;
        let calibration = calibrate(&rows, &labels, classes.len(), &settings, run)?;
        Ok(PolarityModel {
            classes: classes.into_iter().map(str::to_owned).collect(),
            wanted: *wanted,
            keys,
            columns,
            linear,
            calibration,
        })
    }

    /// Names of polarities, in the order of their numbers.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The polarity's number and its probability.
    ///
    /// # Panics
    /// If the mention is not a part of its text.
    pub fn judge(
        &self,
        mention: &Mention,
        domain: u32,
        lexicon: &Lexicon,
        prior: Option<&TextClassifier>,
    ) -> (usize, f64) {
        let mut row: Vec<(u32, f32)> = features(mention, domain, lexicon, prior, &self.wanted)
            .into_iter()
            .filter_map(|(key, value)| self.columns.get(&key).map(|&column| (column, value)))
            .collect();
        row.sort_unstable_by_key(|cell| cell.0);
        let mut scores = Vec::new();
        self.linear.scores(row.into_iter(), &mut scores);
        let class = class_of(&scores);
        (class, self.calibration.probabilities(&scores)[class])
    }
}

impl Mention<'_> {
    fn is_sound(&self) -> bool {
        self.start < self.end && self.text.get(self.start..self.end).is_some()
    }

    /// Bytes of the clause that the mention stands in.
    pub fn clause(&self) -> (usize, usize) {
        let all = clauses(self.text);
        let own = all.into_iter().filter(|clause| clause.0 < self.end && clause.1 > self.start);
        own.reduce(|x, y| (x.0, y.1)).unwrap_or((self.start, self.end))
    }
}

/// The third is scored by a model of the others, in turn.
fn calibrate(
    rows: &Csr,
    labels: &[u32],
    n_classes: usize,
    settings: &LinearWanted,
    run: &Run,
) -> Result<Calibration, LanguageError> {
    const FOLDS: usize = 3;
    let k = linear::outputs(n_classes);
    let mut scores = vec![0f64; labels.len() * k];
    for fold in 0..FOLDS {
        let (held, others): (Vec<u32>, Vec<u32>) =
            (0..labels.len() as u32).partition(|&row| row as usize % FOLDS == fold);
        let part = linear::fit(rows, labels, n_classes, None, &others, settings, run)?;
        let mut own = Vec::new();
        for row in held {
            let (columns, values) = rows.row(row as usize);
            part.scores(columns.iter().copied().zip(values.iter().copied()), &mut own);
            scores[row as usize * k..(row as usize + 1) * k].copy_from_slice(&own);
        }
    }
    Ok(Calibration::fit(&scores, labels, n_classes))
}

fn columns_of(sketches: &[Vec<(u64, f32)>], min_df: u32) -> (Vec<u64>, FxHashMap<u64, u32>) {
    let mut counts: FxHashMap<u64, u32> = FxHashMap::default();
    sketches.iter().flatten().for_each(|cell| *counts.entry(cell.0).or_default() += 1);
    let mut keys: Vec<u64> = counts.into_iter().filter(|cell| cell.1 >= min_df).map(|cell| cell.0).collect();
    keys.sort_unstable();
    let columns = keys.iter().enumerate().map(|(column, &key)| (key, column as u32)).collect();
    (keys, columns)
}

fn matrix(sketches: &[Vec<(u64, f32)>], columns: &FxHashMap<u64, u32>) -> Csr {
    let mut matrix = Csr::empty(sketches.len(), columns.len());
    for (at, sketch) in sketches.iter().enumerate() {
        let mut row: Vec<(u32, f32)> =
            sketch.iter().filter_map(|&(key, value)| columns.get(&key).map(|&column| (column, value))).collect();
        row.sort_unstable_by_key(|cell| cell.0);
        matrix.indices.extend(row.iter().map(|cell| cell.0));
        matrix.values.extend(row.iter().map(|cell| cell.1));
        matrix.indptr[at + 1] = matrix.indices.len();
    }
    matrix
}

/// What is known about a mention: keys, each once, with values. Sorts of features are brought to the same length, so
/// that long sentences do not drown what stands beside the aspect.
fn features(
    mention: &Mention,
    domain: u32,
    lexicon: &Lexicon,
    prior: Option<&TextClassifier>,
    wanted: &Wanted,
) -> Vec<(u64, f32)> {
    let mut sketch = Sketch { cells: Vec::new() };
    let clause = mention.clause();
    let text = mention.text;
    let left = tokens(text, 0, mention.start);
    let right = tokens(text, mention.end, text.len());
    let aspect = tokens(text, mention.start, mention.end);
    let mark = fold(7, 1);
    let symbols = |tokens: &[Token]| tokens.iter().map(|token| token.symbol).collect::<Vec<u64>>();
    let with_mark = |left: &[Token], right: &[Token]| {
        let mut all = symbols(left);
        all.push(mark);
        all.extend(symbols(right));
        all
    };
    let near_left: Vec<Token> = left.iter().copied().filter(|token| token.start >= clause.0).collect();
    let near_right: Vec<Token> = right.iter().copied().filter(|token| token.start < clause.1).collect();
    let n = wanted.n_max;
    sketch.grams(1, &with_mark(&left, &right), 1, n, 0.6);
    sketch.grams(2, &with_mark(&near_left, &near_right), 1, n, 0.8);
    let tail = &near_left[near_left.len().saturating_sub(wanted.window)..];
    let head = &near_right[..near_right.len().min(wanted.window)];
    sketch.grams(3, &symbols(tail), 1, n, 0.5);
    sketch.grams(4, &symbols(head), 1, n, 0.8);
    sketch.grams(5, &symbols(&aspect), 1, 3, 0.5);
    let said = lexicon.around(text, clause, (mention.start, mention.end));
    let own = aspect.last().map_or(0, |token| token.symbol);
    sketch.words(60, &said, own);
    let is_english = glue(text) == " ";
    if is_english {
        sketch.english(mention, lexicon);
    }
    if let Some(prior) = prior.filter(|_| wanted.prior > 0.0) {
        let parts =
            [(0, text.len()), clause, (mention.start, clause.1), (clause.0, mention.end), (mention.end, clause.1)];
        for (at, (start, end)) in parts.into_iter().enumerate() {
            let compact: String = text[start.min(end)..end].split_whitespace().collect::<Vec<_>>().join(glue(text));
            let score = prior.predict(&compact).scores[0].clamp(-2.0, 2.0) as f32;
            sketch.cells.push((fold(90, at as u64), wanted.prior * 0.7 * score));
        }
    }
    sketch.with_domain(domain, wanted.shared)
}

/// Words of a segmented Chinese text stood together before they were cut apart.
fn glue(text: &str) -> &'static str {
    let n_han = text.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).count();
    if n_han * 3 > text.chars().filter(|c| !c.is_whitespace()).count() { "" } else { " " }
}

#[derive(Clone, Copy, Debug)]
struct Token {
    symbol: u64,
    start: usize,
}

/// Words of letters and digits; every other character that is not white space by itself.
fn tokens(text: &str, start: usize, end: usize) -> Vec<Token> {
    let mut found: Vec<Token> = Vec::new();
    let mut open = false;
    for (at, c) in text[start..end].char_indices() {
        let is_letter = c.is_alphanumeric() && !('\u{2e80}'..='\u{9fff}').contains(&c);
        for low in c.to_lowercase() {
            match found.last_mut() {
                Some(last) if open && is_letter => last.symbol = fold(last.symbol, u64::from(low)),
                _ if c.is_whitespace() => {}
                _ => found.push(Token { symbol: fold(3, u64::from(low)), start: start + at }),
            }
            open = is_letter;
        }
    }
    found
}

pub(super) fn fold(state: u64, symbol: u64) -> u64 {
    let mixed = (state ^ symbol).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 32)
}

pub(super) fn hash(word: &str) -> u64 {
    word.chars().fold(5, |state, c| fold(state, u64::from(c)))
}

struct Sketch {
    cells: Vec<(u64, f32)>,
}

impl Sketch {
    /// N-grams of symbols, each once, together of the given length.
    fn grams(&mut self, sort: u64, symbols: &[u64], n_min: usize, n_max: usize, length: f32) {
        let first = self.cells.len();
        for at in 0..symbols.len() {
            let mut state = fold(sort, 11);
            for (n, &symbol) in symbols[at..].iter().take(n_max).enumerate() {
                state = fold(state, symbol);
                if n + 1 >= n_min {
                    self.cells.push((state, 1.0));
                }
            }
        }
        self.close(first, length);
    }

    /// Words that praise or blame, with their negation and side, alone and with the aspect.
    fn words(&mut self, sort: u64, said: &[Said], own: u64) {
        let first = self.cells.len();
        let mut sum = 0.0;
        for said in said {
            let turned = u64::from(said.is_turned);
            let after = u64::from(said.is_after);
            self.cells.push((fold(fold(sort, said.word), turned), 1.0));
            self.cells.push((fold(fold(fold(sort + 1, said.word), turned), after), 1.0));
            self.cells.push((fold(fold(fold(sort + 2, said.word), turned), own), 1.0));
            sum += said.strength;
        }
        self.close(first, 0.6);
        if let Some(nearest) = said.iter().min_by_key(|said| said.far) {
            self.cells.push((fold(sort + 3, 0), 0.5 * nearest.strength));
        }
        self.cells.push((fold(sort + 4, 0), 0.3 * sum.clamp(-2.0, 2.0)));
    }

    /// What the part of an English sentence that speaks of the aspect says of it, and what the rest says.
    fn english(&mut self, mention: &Mention, lexicon: &Lexicon) {
        let all = scope::words(mention.text);
        let (from, to) = scope::part(&all, mention);
        if from >= to {
            return;
        }
        let is_aspect = |word: &&scope::Word| word.end > mention.start && word.start < mention.end;
        let mut own: Vec<u64> = Vec::new();
        for word in &all[from..to] {
            match is_aspect(&word) {
                true if own.last() == Some(&fold(7, 2)) => {}
                true => own.push(fold(7, 2)),
                false => own.push(scope::symbol(word)),
            }
        }
        self.grams(20, &own, 1, 2, 0.9);
        let first = self.cells.len();
        let place = all.iter().position(|word| is_aspect(&word)).unwrap_or(from);
        for (at, word) in all.iter().enumerate().filter(|(_, word)| !is_aspect(word)) {
            let near = 1.0 / (1.0 + 0.5 * at.abs_diff(place) as f32);
            self.cells.push((fold(23, scope::symbol(word)), near));
        }
        self.scaled(first, 0.7);
        let bytes = (all[from].start.min(mention.start), all[to - 1].end.max(mention.end));
        let said = lexicon.around(mention.text, bytes, (mention.start, mention.end));
        self.words(80, &said, 0);
        let sum = |said: &[Said]| said.iter().map(|said| said.strength).sum::<f32>().clamp(-2.0, 2.0);
        let sign = |sum: f32| u64::from(sum > 0.1) + 2 * u64::from(sum < -0.1);
        let inside = sum(&said);
        let before = sum(&lexicon.around(mention.text, (0, bytes.0), (mention.start, mention.end)));
        let after = sum(&lexicon.around(mention.text, (bytes.1, mention.text.len()), (mention.start, mention.end)));
        let [turn_before, turn_after] = scope::turns(&all, (from, to)).map(u64::from);
        for cue in scope::cues(&all[from..to]) {
            self.cells.push((fold(fold(24, cue), sign(inside)), 0.25));
        }
        self.cells.push((fold(fold(25, turn_before), sign(before)), 0.3));
        self.cells.push((fold(fold(26, turn_after), sign(after)), 0.3));
        self.cells.push((fold(fold(27, sign(inside)), 3 * sign(before) + sign(after)), 0.4));
        self.cells.push((fold(28, sign(inside)), 0.5));
    }

    /// Values of one key added up, together of the given length.
    fn scaled(&mut self, first: usize, length: f32) {
        let own = &mut self.cells[first..];
        own.sort_unstable_by(|x, y| x.0.cmp(&y.0).then(x.1.total_cmp(&y.1)));
        let mut kept = first;
        for at in first..self.cells.len() {
            if at > first && self.cells[at].0 == self.cells[kept - 1].0 {
                self.cells[kept - 1].1 += self.cells[at].1;
            } else {
                self.cells[kept] = self.cells[at];
                kept += 1;
            }
        }
        self.cells.truncate(kept);
        let norm = self.cells[first..].iter().map(|cell| cell.1 * cell.1).sum::<f32>().sqrt();
        self.cells[first..].iter_mut().for_each(|cell| cell.1 *= length / norm.max(f32::MIN_POSITIVE));
    }

    fn close(&mut self, first: usize, length: f32) {
        let own = &mut self.cells[first..];
        own.sort_unstable_by_key(|cell| cell.0);
        let mut kept = first;
        for at in first..self.cells.len() {
            if at == first || self.cells[at].0 != self.cells[kept - 1].0 {
                self.cells[kept] = self.cells[at];
                kept += 1;
            }
        }
        self.cells.truncate(kept);
        let n = (kept - first) as f32;
        self.cells[first..].iter_mut().for_each(|cell| cell.1 = length / n.sqrt());
    }

    /// Every feature shared, and once for the domain alone.
    fn with_domain(mut self, domain: u32, shared: f32) -> Vec<(u64, f32)> {
        let n = self.cells.len();
        self.cells.retain(|cell| cell.1 != 0.0);
        for at in 0..self.cells.len().min(n) {
            let (key, value) = self.cells[at];
            self.cells.push((fold(key, 1000 + u64::from(domain)), value));
        }
        let n = self.cells.len() / 2;
        self.cells[..n].iter_mut().for_each(|cell| cell.1 *= shared);
        self.cells.retain(|cell| cell.1 != 0.0);
        self.cells.sort_unstable_by_key(|cell| cell.0);
        self.cells.dedup_by_key(|cell| cell.0);
        self.cells
    }
}

/// A word of the lexicon near a mention.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Said {
    pub word: u64,
    pub strength: f32,
    pub is_turned: bool,
    pub is_after: bool,
    /// Bytes between.
    pub far: usize,
}
