//! A classifier of texts: n-grams, weights, calibration in one value that is learned once and never changed.

use math::Csr;
use rayon::prelude::*;

use super::calibrate::{self, Calibration};
use super::linear::{self, Linear, Method, class_of, outputs};
use super::ngrams::Cutter;
use super::svm::Loss;
use super::vocabulary::{self, Block, Vocabulary};
use super::{Run, linear::Wanted as LinearWanted, slips};
use crate::LanguageError;

/// A text and its class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Example<'a> {
    pub label: &'a str,
    pub text: &'a str,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    pub blocks: Vec<Block>,
    /// N-grams of each block at most, those of most texts; 0: all.
    pub n_features_max: usize,
    pub linear: LinearWanted,
    /// Copies of each text as it is typed in a hurry, with slips, to learn from as well; 0: none.
    pub n_hurried: usize,
    /// Parts of the rows that are scored by models of the other parts, to calibrate, until [`CALIBRATED_MIN`] rows are; 0: no
    /// calibration. Models of the multinomial logistic loss need none for sureness, but for [`TextClassifier::threshold`].
    pub folds: usize,
    /// Two classes: steps instead of a sigmoid.
    pub isotonic: bool,
}

/// So many rows tell how sure answers are to the percent; no more parts are scored then.
pub const CALIBRATED_MIN: usize = 10_000;

/// What is thought of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Into [`TextClassifier::classes`].
    pub class: usize,
    /// Of that class.
    pub probability: f64,
    /// Of all classes; they sum to 1.
    pub probabilities: Vec<f64>,
    /// Shape: (n_outputs); see [`Linear`].
    pub scores: Vec<f64>,
}

/// A learned classifier.
#[derive(Clone, Debug, PartialEq)]
pub struct TextClassifier {
    pub(super) classes: Vec<String>,
    pub(super) vocabularies: Vec<Vocabulary>,
    pub(super) linear: Linear,
    pub(super) calibration: Calibration,
    /// Confidences of rightly answered rows that the answering model had not seen, at 0 %, 1 %, … 100 % of them,
    /// ascending; empty without calibration.
    pub(super) confidences: Vec<f32>,
    /// The calibration error of held-out rows, after calibration.
    pub(super) calibration_error: Option<f64>,
}

impl TextClassifier {
    /// Learns from texts with classes. Classes are numbered in the order of their names.
    ///
    /// # Errors
    /// If there are no two classes, settings are out of range, or `run.progress` says to stop.
    pub fn fit(examples: &[Example], wanted: &Wanted, run: &Run) -> Result<Self, LanguageError> {
        let (classes, labels) = classes_of(examples)?;
        let texts: Vec<&str> = examples.iter().map(|example| example.text).collect();
        let (vocabularies, rows) = learn_rows(&texts, wanted, run.seed)?;
        let labels = labels.repeat(1 + wanted.n_hurried);
        go_on(run, 0.3)?;
        let n = classes.len();
        let all: Vec<u32> = (0..labels.len() as u32).collect();
        let linear = linear::fit(&rows, &labels, n, None, &all, &wanted.linear, &run.within(0.3, 0.5))?;
        let mut model = TextClassifier {
            calibration: Calibration::none(n),
            classes,
            vocabularies,
            linear,
            confidences: Vec::new(),
            calibration_error: None,
        };
        if wanted.folds > 0 {
            model.calibrate(&rows, &labels, examples.len(), wanted, run)?;
        }
        go_on(run, 1.0)?;
        Ok(model)
    }

    /// Scores parts of the rows by models of the others. The first `n_own` rows are the texts themselves, which are scored; copies
    /// of them follow in the same order, and are learned from wherever their text is.
    fn calibrate(
        &mut self,
        rows: &Csr,
        labels: &[u32],
        n_own: usize,
        wanted: &Wanted,
        run: &Run,
    ) -> Result<(), LanguageError> {
        let (n, k) = (self.classes.len(), self.linear.n_outputs());
        let folds = wanted.folds.max(2);
        let fold_of = deal(&labels[..n_own], n, folds);
        let (mut scores, mut scored): (Vec<f64>, Vec<u32>) = Default::default();
        for fold in 0..folds {
            if scored.len() >= CALIBRATED_MIN {
                break;
            }
            let (held, others): (Vec<u32>, Vec<u32>) =
                (0..labels.len() as u32).partition(|&row| fold_of[row as usize % n_own] == fold);
            let from = 0.5 + 0.5 * fold as f64 / folds as f64;
            let own = run.within(from, from + 0.5 / folds as f64);
            let linear = linear::fit(rows, labels, n, None, &others, &wanted.linear, &own)?;
            let mut own = Vec::new();
            for row in held.into_iter().filter(|&row| (row as usize) < n_own) {
                let (columns, values) = rows.row(row as usize);
                linear.scores(columns.iter().copied().zip(values.iter().copied()), &mut own);
                scores.extend_from_slice(&own);
                scored.push(labels[row as usize]);
            }
        }
        self.calibration = match wanted.isotonic && n == 2 {
            true => Calibration::fit_isotonic(&scores, &scored),
            false => Calibration::fit(&scores, &scored, n),
        }
        .rounded();
        let answer = |(scores, &label): (&[f64], &u32)| {
            let class = class_of(scores);
            (self.calibration.probabilities(scores)[class], class == label as usize)
        };
        let answers: Vec<(f64, bool)> = scores.chunks_exact(k).zip(&scored).map(answer).collect();
        self.calibration_error = Some(calibrate::rounded(calibrate::calibration_error(&answers)));
        self.confidences = percentiles(answers.iter().filter(|answer| answer.1).map(|answer| answer.0 as f32));
        Ok(())
    }

    /// Names, in the order of their numbers.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    pub fn n_features(&self) -> usize {
        self.linear.n_columns
    }

    pub fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// How far probabilities of held-out training rows were from shares of right answers; none without calibration.
    pub fn calibration_error(&self) -> Option<f64> {
        self.calibration_error
    }

    /// The confidence below which a text is better called unknown, if `share` (0 to 1) of right answers may be lost by
    /// it. None without calibration.
    pub fn threshold(&self, share: f64) -> Option<f64> {
        let last = self.confidences.len().checked_sub(1)?;
        let at = (share.clamp(0.0, 1.0) * last as f64).floor() as usize;
        Some(f64::from(self.confidences[at]))
    }

    pub fn predict(&self, text: &str) -> Prediction {
        self.predict_with(text, &mut Cutter::default())
    }

    /// In the texts' order; the same as one by one.
    pub fn predict_all<T: AsRef<str> + Sync>(&self, texts: &[T]) -> Vec<Prediction> {
        texts.par_iter().map_init(Cutter::default, |cutter, text| self.predict_with(text.as_ref(), cutter)).collect()
    }

    fn predict_with(&self, text: &str, cutter: &mut Cutter) -> Prediction {
        let mut scores = Vec::new();
        self.linear.scores(self.row(text, cutter).into_iter(), &mut scores);
        let class = class_of(&scores);
        let probabilities = self.calibration.probabilities(&scores);
        Prediction { class, probability: probabilities[class], probabilities, scores }
    }

    /// The text's columns and values.
    pub(super) fn row(&self, text: &str, cutter: &mut Cutter) -> Vec<(u32, f32)> {
        let mut row = Vec::new();
        let mut offset = 0;
        for vocabulary in &self.vocabularies {
            vocabulary.add_row(text, offset, cutter, &mut row);
            offset += vocabulary.n_columns() as u32;
        }
        row
    }
}

impl Wanted {
    /// A support vector machine on the given n-grams, calibrated in three parts.
    pub fn svm(blocks: Vec<Block>) -> Self {
        let method = Method::OneVsRest(Loss::SquaredHinge);
        let linear = LinearWanted { method, tolerance: 0.1, ..LinearWanted::default() };
        Wanted { blocks, n_features_max: 0, linear, n_hurried: 0, folds: 3, isotonic: false }
    }
}

fn learn_rows(texts: &[&str], wanted: &Wanted, seed: u64) -> Result<(Vec<Vocabulary>, Csr), LanguageError> {
    if wanted.blocks.is_empty() {
        return Err(LanguageError::unfit("sorts of n-grams", 0, "at least 1"));
    }
    let learn = |block: &Block| Vocabulary::learn_rows(texts, *block, wanted.n_features_max);
    let (vocabularies, mut parts): (Vec<Vocabulary>, Vec<Csr>) =
        wanted.blocks.iter().map(learn).collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
    let n_columns: usize = vocabularies.iter().map(Vocabulary::n_columns).sum();
    if n_columns == 0 {
        let allowed = "texts that share n-grams (lower min_df, or give more texts)";
        return Err(LanguageError::unfit("n-grams to learn from", 0, allowed));
    }
    if n_columns > u32::MAX as usize {
        return Err(LanguageError::unfit("n-grams", n_columns, format!("at most {}", u32::MAX)));
    }
    if wanted.n_hurried > 0 {
        let hurried = slips::copies(texts, wanted.n_hurried, seed);
        let below = |(part, own): (Csr, &Vocabulary)| {
            vocabulary::below(part, &vocabulary::rows(&hurried, std::slice::from_ref(own)))
        };
        parts = parts.into_iter().zip(&vocabularies).map(below).collect();
    }
    Ok((vocabularies, vocabulary::beside(parts)))
}

fn classes_of(examples: &[Example]) -> Result<(Vec<String>, Vec<u32>), LanguageError> {
    let mut classes: Vec<&str> = examples.iter().map(|example| example.label).collect();
    classes.sort_unstable();
    classes.dedup();
    if classes.len() < 2 {
        return Err(LanguageError::unfit("classes of training texts", classes.len(), "at least 2"));
    }
    let number = |example: &Example| classes.binary_search(&example.label).expect("each label is a class") as u32;
    let labels = examples.iter().map(number).collect();
    Ok((classes.into_iter().map(str::to_owned).collect(), labels))
}

/// Rows of each class in turn to each part.
fn deal(labels: &[u32], n_classes: usize, folds: usize) -> Vec<usize> {
    let mut next = vec![0usize; n_classes];
    let one = |&label: &u32| {
        let fold = next[label as usize];
        next[label as usize] = (fold + 1) % folds;
        fold
    };
    labels.iter().map(one).collect()
}

/// Values at 0 %, 1 %, … 100 %.
fn percentiles(values: impl Iterator<Item = f32>) -> Vec<f32> {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(f32::total_cmp);
    if values.is_empty() {
        return values;
    }
    (0..=100).map(|percent| values[percent * (values.len() - 1) / 100]).collect()
}

fn go_on(run: &Run, done: f64) -> Result<(), LanguageError> {
    if run.goes_on(done) { Ok(()) } else { Err(LanguageError::Cancelled) }
}

/// How good answers are.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    pub n: usize,
    pub accuracy: f64,
    /// The mean of the classes' F1, over classes that are in the rows or were answered.
    pub macro_f1: f64,
    /// Expected calibration error, 15 bins.
    pub calibration_error: f64,
    /// For each class of the rows, by name: precision, recall, F1, rows.
    pub classes: Vec<(String, [f64; 3], usize)>,
}

impl TextClassifier {
    /// Answers compared with given classes. A class that the model does not know is always missed.
    pub fn evaluate(&self, examples: &[Example]) -> Evaluation {
        let texts: Vec<&str> = examples.iter().map(|example| example.text).collect();
        let predictions = self.predict_all(&texts);
        let mut names: Vec<&str> = examples.iter().map(|example| example.label).collect();
        names.extend(predictions.iter().map(|prediction| self.classes[prediction.class].as_str()));
        names.sort_unstable();
        names.dedup();
        // Right, expected, answered.
        let mut counts = vec![[0usize; 3]; names.len()];
        let mut answers = Vec::with_capacity(examples.len());
        for (example, prediction) in examples.iter().zip(&predictions) {
            let place = |name: &str| names.binary_search(&name).expect("each is a name");
            let answered = self.classes[prediction.class].as_str();
            let is_right = answered == example.label;
            counts[place(example.label)][1] += 1;
            counts[place(answered)][2] += 1;
            counts[place(answered)][0] += usize::from(is_right);
            answers.push((prediction.probability, is_right));
        }
        let share = |part: usize, of: usize| if of == 0 { 0.0 } else { part as f64 / of as f64 };
        let figures = |[right, expected, answered]: [usize; 3]| {
            [share(right, answered), share(right, expected), share(2 * right, expected + answered)]
        };
        let each: Vec<[f64; 3]> = counts.iter().map(|&counts| figures(counts)).collect();
        let n_right = answers.iter().filter(|answer| answer.1).count();
        Evaluation {
            n: examples.len(),
            accuracy: share(n_right, examples.len()),
            macro_f1: each.iter().map(|figures| figures[2]).sum::<f64>() / each.len().max(1) as f64,
            calibration_error: calibrate::calibration_error(&answers),
            classes: names
                .iter()
                .zip(each.iter().zip(&counts))
                .map(|(name, (figures, counts))| ((*name).to_owned(), *figures, counts[1]))
                .collect(),
        }
    }

    /// The number of scores of a row.
    pub fn n_outputs(&self) -> usize {
        outputs(self.classes.len())
    }
}
