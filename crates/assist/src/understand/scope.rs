//! Which class a short text belongs to, and whether it belongs to any: a classifier whose answer is judged by how sure it
//! is, how far the nearest examples are, and how much of the text is known. What is judged is learned without looking at
//! anything but the examples: rows that a model has not learned from are inside, and rows of classes that a model has
//! never seen are outside, beside the examples of the outside that there are. No rules, no shop.

use language::LanguageError;
use language::classify::linear::{self, Linear, Method};
use language::classify::ngrams::{Cutter, Grams, Unit};
use language::classify::svm::Loss;
use language::classify::vocabulary::Block;
use language::classify::{self, Example, Run, TextClassifier};
use math::Csr;
use rayon::prelude::*;

use super::nearest::Nearest;
use crate::AssistError;

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    pub classifier: classify::Wanted,
    /// Parts of the rows, and groups of the classes, that are judged by models that have not seen them; at least 2.
    pub folds: usize,
    /// What errors of the judge cost against large weights.
    pub c: f64,
    /// How much more the given examples of the outside count, all together, than rows of classes left out.
    pub outside_weight: f32,
}

/// N-grams of characters and words that suit short questions.
pub fn classifier() -> classify::Wanted {
    let block = |unit: Unit, n_max: u8| Block::tf_idf(Grams::new(unit, 1, n_max));
    classify::Wanted::svm(vec![block(Unit::Char, 4), block(Unit::Word, 2)])
}

impl Default for Wanted {
    fn default() -> Self {
        Wanted { classifier: classifier(), folds: 4, c: 0.01, outside_weight: 1.0 }
    }
}

/// A classifier that knows where its classes end.
#[derive(Clone, Debug, PartialEq)]
pub struct ScopedClassifier {
    pub(super) classifier: TextClassifier,
    pub(super) nearest: Nearest,
    /// The class that gathers examples of the outside, if there are any.
    pub(super) outside: Option<usize>,
    pub(super) judge: Judge,
}

/// What is thought of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Into [`ScopedClassifier::classes`]; never the class of the outside.
    pub class: usize,
    /// Of each class, if the text belongs to any; they sum to 1, that of the outside is 0.
    pub probabilities: Vec<f64>,
    /// How much speaks for the text to belong to a class, in log-odds: larger is surer. To be compared with
    /// [`ScopedClassifier::gate`].
    pub inside: f64,
}

/// Weighs the signs of belonging.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Judge {
    /// Shape: (signs). What is taken off each sign, and what it is then divided by.
    pub means: Vec<f32>,
    pub scales: Vec<f32>,
    /// Shape: (signs and their products), see [`spread`].
    pub weights: Vec<f32>,
    pub bias: f32,
    /// Scores of inside rows, by models that had not seen them, at 0 %, 1 %, … 100 % of them, ascending.
    pub gates: Vec<f32>,
}

/// Signs of belonging, of one text. Shape: ([`N_SIGNS`]).
type Signs = [f64; N_SIGNS];
const N_SIGNS: usize = 11;

impl ScopedClassifier {
    /// Learns from examples; those labelled `outside` belong to no class.
    ///
    /// # Errors
    /// As [`TextClassifier::fit`].
    pub fn fit(examples: &[Example], outside: &str, wanted: &Wanted, run: &Run) -> Result<Self, LanguageError> {
        let classifier = TextClassifier::fit(examples, &wanted.classifier, run)?;
        let judged = judged_rows(examples, outside, &classifier, wanted, run)?;
        let judge = Judge::learn(&judged, wanted, run)?;
        let outside = classifier.classes().iter().position(|class| class == outside);
        let nearest = Nearest::of(examples, &classifier);
        Ok(ScopedClassifier { classifier, nearest, outside, judge })
    }

    /// Names, in the order of their numbers; with that of the outside, if it had examples.
    pub fn classes(&self) -> &[String] {
        self.classifier.classes()
    }

    /// The score below which a text is better said to belong to no class, if `share` (0 to 1) of those that do may be
    /// lost by it.
    pub fn gate(&self, share: f64) -> f64 {
        let gates = &self.judge.gates;
        match gates.len().checked_sub(1) {
            Some(last) => f64::from(gates[(share.clamp(0.0, 1.0) * last as f64).round() as usize]),
            None => f64::NEG_INFINITY,
        }
    }

    /// Time is linear in the text's length, and in the number of examples with one of its words.
    pub fn ask(&self, text: &str) -> Asked {
        let (class, probabilities, signs) =
            read(text, &self.classifier, &self.classifier, &self.nearest, self.outside, &mut Cutter::default());
        Asked { class, probabilities, inside: self.judge.score(&signs) }
    }
}

/// A row's signs, whether it is inside, and what it counts.
struct Judged {
    signs: Signs,
    is_inside: bool,
    /// One of the given examples of the outside.
    is_given: bool,
}

/// Signs of every row, by models that have not learned from it (inside, and given outside) or from its class (outside).
fn judged_rows(
    examples: &[Example],
    outside: &str,
    whole: &TextClassifier,
    wanted: &Wanted,
    run: &Run,
) -> Result<Vec<Judged>, LanguageError> {
    let folds = wanted.folds.max(2);
    let classes = whole.classes();
    let number =
        |label: &str| classes.binary_search_by(|class| class.as_str().cmp(label)).expect("each label is a class");
    let mut next = vec![0usize; classes.len()];
    let part_of: Vec<usize> = examples
        .iter()
        .map(|example| {
            let next = &mut next[number(example.label)];
            *next += 1;
            (*next - 1) % folds
        })
        .collect();
    // Classes whose names stand together are alike more often than others; they are left out in different groups.
    let group_of = |example: &Example| number(example.label) % folds;
    let mut judged = Vec::new();
    for fold in 0..folds {
        let is_held = |at: usize| part_of[at] == fold;
        let rows = judged_part(examples, outside, whole, &is_held, wanted, run)?;
        judged.extend(rows.into_iter().map(|(signs, label)| Judged {
            signs,
            is_inside: label != outside,
            is_given: label == outside,
        }));
        let is_held = |at: usize| examples[at].label != outside && group_of(&examples[at]) == fold;
        if (0..examples.len()).filter(|&at| !is_held(at)).map(|at| examples[at].label).any(|label| label != outside) {
            let rows = judged_part(examples, outside, whole, &is_held, wanted, run)?;
            judged.extend(rows.into_iter().map(|(signs, _)| Judged { signs, is_inside: false, is_given: false }));
        }
    }
    Ok(judged)
}

/// Signs and labels of held rows, by a model of the others.
fn judged_part<'a>(
    examples: &[Example<'a>],
    outside: &str,
    whole: &TextClassifier,
    is_held: &dyn Fn(usize) -> bool,
    wanted: &Wanted,
    run: &Run,
) -> Result<Vec<(Signs, &'a str)>, LanguageError> {
    let (held, others): (Vec<usize>, Vec<usize>) = (0..examples.len()).partition(|&at| is_held(at));
    let others: Vec<Example> = others.into_iter().map(|at| examples[at]).collect();
    let classifier = TextClassifier::fit(&others, &classify::Wanted { folds: 0, ..wanted.classifier.clone() }, run)?;
    let nearest = Nearest::of(&others, &classifier);
    let outside = classifier.classes().iter().position(|class| class == outside);
    let signs = |cutter: &mut Cutter, &at: &usize| {
        (read(examples[at].text, &classifier, whole, &nearest, outside, cutter).2, examples[at].label)
    };
    Ok(held.par_iter().map_init(Cutter::default, signs).collect())
}

/// The class, the classes' probabilities and the signs. `calibrated`: whose calibration holds.
fn read(
    text: &str,
    classifier: &TextClassifier,
    calibrated: &TextClassifier,
    nearest: &Nearest,
    outside: Option<usize>,
    cutter: &mut Cutter,
) -> (usize, Vec<f64>, Signs) {
    let asked = classifier.predict(text);
    let scores = per_class(&asked.scores);
    let sharpness = sharpness(calibrated);
    let is_inside = |class: &usize| Some(*class) != outside;
    let (mut class, mut best, mut second) = (0, f64::NEG_INFINITY, f64::NEG_INFINITY);
    for at in (0..scores.len()).filter(is_inside) {
        if scores[at] > best {
            (class, best, second) = (at, scores[at], best);
        } else {
            second = second.max(scores[at]);
        }
    }
    let mut probabilities: Vec<f64> = (0..scores.len())
        .map(|at| if is_inside(&at) { (sharpness * (scores[at] - best)).exp() } else { 0.0 })
        .collect();
    let sum: f64 = probabilities.iter().sum();
    probabilities.iter_mut().for_each(|p| *p /= sum);
    let near = nearest.of_text(text, class, outside, cutter);
    let p = probabilities[class].clamp(1e-6, 1.0 - 1e-6);
    let second = if second.is_finite() { second } else { best };
    let signs = [
        (p / (1.0 - p)).ln(),
        best,
        best - second,
        best + sum.ln() / sharpness.max(1e-6),
        outside.map_or(0.0, |outside| scores[outside] - best),
        near.first,
        near.mean,
        near.agreement,
        near.outside - near.first,
        near.known,
        (1.0 + near.n_words as f64).ln(),
    ];
    (class, probabilities, signs)
}

/// One score a class, also of two.
fn per_class(scores: &[f64]) -> Vec<f64> {
    match scores {
        [score] => vec![-score / 2.0, score / 2.0],
        scores => scores.to_vec(),
    }
}

/// What scores are multiplied with before they are compared: one over the temperature.
fn sharpness(classifier: &TextClassifier) -> f64 {
    match classifier.calibration() {
        classify::Calibration::Softmax { a } | classify::Calibration::Sigmoid { a, .. } => a.abs().max(1e-3),
        classify::Calibration::Isotonic { .. } => 1.0,
    }
}

/// The signs brought to one size, and their products two by two.
fn spread(signs: &[f32]) -> Vec<f32> {
    let products = (0..signs.len()).flat_map(|i| (i..signs.len()).map(move |j| signs[i] * signs[j]));
    signs.iter().copied().chain(products).collect()
}

impl Judge {
    fn learn(rows: &[Judged], wanted: &Wanted, run: &Run) -> Result<Self, LanguageError> {
        let mut judge = Judge::sized(rows);
        let spread_of: Vec<Vec<f32>> = rows.iter().map(|row| spread(&judge.sized_signs(&row.signs))).collect();
        let n_columns = spread_of.first().map_or(0, Vec::len);
        let mut matrix = Csr::empty(rows.len(), n_columns);
        for (row, values) in spread_of.iter().enumerate() {
            matrix.indices.extend(0..n_columns as u32);
            matrix.values.extend_from_slice(values);
            matrix.indptr[row + 1] = matrix.indices.len();
        }
        let labels: Vec<u32> = rows.iter().map(|row| u32::from(row.is_inside)).collect();
        let weights = weights_of(rows, wanted.outside_weight);
        let all: Vec<u32> = (0..rows.len() as u32).collect();
        let settings = linear::Wanted {
            method: Method::OneVsRest(Loss::Logistic),
            c: wanted.c,
            tolerance: 0.01,
            ..linear::Wanted::default()
        };
        let Linear { weights, bias, .. } = linear::fit(&matrix, &labels, 2, Some(&weights), &all, &settings, run)?;
        (judge.weights, judge.bias) = (weights, bias[0]);
        let mut inside: Vec<f32> =
            rows.iter().filter(|row| row.is_inside).map(|row| judge.score(&row.signs) as f32).collect();
        inside.sort_by(f32::total_cmp);
        judge.gates = (0..=100).map(|percent| inside[percent * (inside.len() - 1) / 100]).collect();
        Ok(judge)
    }

    /// With the mean and spread of each sign.
    fn sized(rows: &[Judged]) -> Self {
        let n = rows.len().max(1) as f64;
        let mean = |at: usize| rows.iter().map(|row| row.signs[at]).sum::<f64>() / n;
        let means: Vec<f64> = (0..N_SIGNS).map(mean).collect();
        let scale = |at: usize| (rows.iter().map(|row| (row.signs[at] - means[at]).powi(2)).sum::<f64>() / n).sqrt();
        let scales = (0..N_SIGNS).map(|at| scale(at).max(1e-6) as f32).collect();
        Judge { means: means.into_iter().map(|mean| mean as f32).collect(), scales, ..Judge::default() }
    }

    /// Cut off where no training row could tell anything.
    fn sized_signs(&self, signs: &Signs) -> Vec<f32> {
        let sized = signs.iter().zip(self.means.iter().zip(&self.scales));
        sized.map(|(&sign, (mean, scale))| ((sign as f32 - mean) / scale).clamp(-4.0, 4.0)).collect()
    }

    fn score(&self, signs: &Signs) -> f64 {
        let columns = spread(&self.sized_signs(signs));
        let sum: f64 = columns.iter().zip(&self.weights).map(|(&x, &w)| f64::from(x) * f64::from(w)).sum();
        sum + f64::from(self.bias)
    }

    pub(super) fn is_sound(&self) -> bool {
        let lengths = [self.means.len(), self.scales.len()];
        let all = self.means.iter().chain(&self.scales).chain(&self.weights).chain(&self.gates);
        lengths == [N_SIGNS; 2]
            && self.weights.len() == N_SIGNS + N_SIGNS * (N_SIGNS + 1) / 2
            && self.gates.len() == 101
            && self.gates.is_sorted()
            && self.scales.iter().all(|scale| *scale > 0.0)
            && all.chain([&self.bias]).all(|value| value.is_finite())
    }
}

/// Inside and outside count the same in all; of the outside, given examples count `share` times what classes left out do.
fn weights_of(rows: &[Judged], share: f32) -> Vec<f32> {
    let n_inside = rows.iter().filter(|row| row.is_inside).count().max(1) as f32;
    let n_given = rows.iter().filter(|row| row.is_given).count() as f32;
    let n_left_out = rows.len() as f32 - n_inside - n_given;
    let (given, left_out) = match (n_given > 0.0, n_left_out > 0.0) {
        (true, true) => (n_inside * share / (1.0 + share) / n_given, n_inside / (1.0 + share) / n_left_out),
        (true, false) => (n_inside / n_given, 1.0),
        (false, _) => (1.0, n_inside / n_left_out.max(1.0)),
    };
    let weight = |row: &Judged| match (row.is_inside, row.is_given) {
        (true, _) => 1.0,
        (_, true) => given,
        _ => left_out,
    };
    rows.iter().map(|row| weight(row).max(f32::MIN_POSITIVE)).collect()
}

/// What bytes of a model begin with.
const MAGIC: &[u8; 8] = b"TCSCOPE1";

impl ScopedClassifier {
    /// `TCSCOPE1`, then three parts, each with its length (u64) before it: the judge (JSON), the classifier
    /// ([`TextClassifier::to_bytes`]), the examples with their words weighed; then a checksum of all (u64). Little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let judge = serde_json::to_vec(&(self.outside, self.judge.bits())).expect("numbers are JSON");
        let mut bytes = MAGIC.to_vec();
        for part in [judge, self.classifier.to_bytes(), self.nearest.to_bytes()] {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(&part);
        }
        let sum = checksum(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// # Errors
    /// [`AssistError::Corrupt`] if the bytes are not those of a model, damaged or cut off.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AssistError> {
        let corrupt = |what: &str| AssistError::Corrupt(what.to_owned());
        let (body, sum) = bytes.split_last_chunk::<8>().ok_or_else(|| corrupt("it is too short"))?;
        if !body.starts_with(MAGIC) || checksum(body) != u64::from_le_bytes(*sum) {
            return Err(corrupt("it does not begin as a model does, or its checksum is another: damaged or cut off"));
        }
        let mut rest = &body[MAGIC.len()..];
        let mut part = || -> Result<&[u8], AssistError> {
            let (length, after) = rest.split_first_chunk::<8>().ok_or_else(|| corrupt("a part is missing"))?;
            let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
            let part = after.get(..length).ok_or_else(|| corrupt("a part is cut off"))?;
            rest = &after[length..];
            Ok(part)
        };
        let (outside, bits): (Option<usize>, Vec<Vec<u32>>) =
            serde_json::from_slice(part()?).map_err(|error| AssistError::Corrupt(format!("its judge: {error}")))?;
        let classifier =
            TextClassifier::from_bytes(part()?).map_err(|error| AssistError::Corrupt(error.to_string()))?;
        let n = classifier.classes().len();
        let nearest = Nearest::from_bytes(part()?, n).ok_or_else(|| corrupt("its examples cannot be read"))?;
        let judge = Judge::of_bits(&bits).filter(Judge::is_sound).ok_or_else(|| corrupt("its judge is unsound"))?;
        if outside.is_some_and(|outside| outside >= n) {
            return Err(corrupt("its outside is no class"));
        }
        Ok(ScopedClassifier { classifier, nearest, outside, judge })
    }
}

impl Judge {
    /// Numbers as their bits, so that they come back as they were.
    fn bits(&self) -> Vec<Vec<u32>> {
        let bias = [self.bias];
        let parts: [&[f32]; 5] = [&self.means, &self.scales, &self.weights, &bias, &self.gates];
        parts.iter().map(|part| part.iter().map(|value| value.to_bits()).collect()).collect()
    }

    fn of_bits(bits: &[Vec<u32>]) -> Option<Self> {
        let [means, scales, weights, bias, gates] = bits else { return None };
        let part = |bits: &Vec<u32>| bits.iter().map(|&bits| f32::from_bits(bits)).collect::<Vec<f32>>();
        Some(Judge {
            means: part(means),
            scales: part(scales),
            weights: part(weights),
            bias: *part(bias).first()?,
            gates: part(gates),
        })
    }
}

/// FNV-1a: finds damage, not forgery.
fn checksum(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |state: u64, &byte| (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three classes about different things, and things of no class.
    fn model() -> ScopedClassifier {
        let frames = ["please {} now", "can you {}", "i want to {}", "{}", "{} for me", "how do i {}", "help me {}"];
        let classes: [(&str, &[&str]); 5] = [
            ("cancel", &["cancel my order", "stop the order", "undo the purchase", "call off my order"]),
            ("track", &["track my parcel", "find my package", "see where the parcel is", "follow the shipment"]),
            ("return", &["return the phone", "send it back", "give the phone back", "get a refund"]),
            ("invoice", &["get an invoice", "download the receipt", "print a receipt", "see the invoice"]),
            ("none", &["cook some pasta", "play a song", "learn chess", "water the plants", "paint a wall"]),
        ];
        let rows: Vec<(&str, String)> = classes
            .iter()
            .flat_map(|(label, texts)| texts.iter().map(move |text| (*label, *text)))
            .flat_map(|(label, text)| frames.iter().map(move |frame| (label, frame.replace("{}", text))))
            .collect();
        let examples: Vec<Example> = rows.iter().map(|(label, text)| Example { label, text }).collect();
        ScopedClassifier::fit(&examples, "none", &Wanted::default(), &Run::default()).expect("sound examples")
    }

    #[test]
    fn what_belongs_is_told_from_what_does_not() {
        let model = model();
        let mut lowest = f64::INFINITY;
        for (text, class) in [
            ("could you cancel the order", "cancel"),
            ("track the parcel", "track"),
            ("download an invoice", "invoice"),
        ] {
            let asked = model.ask(text);
            assert_eq!(model.classes()[asked.class], class, "{text}");
            assert!((asked.probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            lowest = lowest.min(asked.inside);
        }
        for text in ["cook pasta with tomatoes", "who painted the sunflowers", "zzz", ""] {
            let asked = model.ask(text);
            assert!(asked.inside < lowest, "{text}: {}, not below {lowest}", asked.inside);
            assert_ne!(model.classes()[asked.class], "none");
        }
        assert!(model.gate(0.0) <= model.gate(0.5) && model.gate(0.5) <= model.gate(1.0));
    }

    #[test]
    fn bytes_are_the_model_and_damage_is_noticed() {
        let model = model();
        let bytes = model.to_bytes();
        let again = ScopedClassifier::from_bytes(&bytes).expect("its own bytes");
        let (own, other) = (model.ask("cancel it please"), again.ask("cancel it please"));
        assert_eq!(own.class, other.class);
        // Numbers written as decimals come back within their last digit.
        assert!((own.inside - other.inside).abs() < 1e-6);
        for at in (0..bytes.len()).step_by(bytes.len() / 50) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            assert!(ScopedClassifier::from_bytes(&damaged).is_err(), "byte {at}");
            assert!(ScopedClassifier::from_bytes(&bytes[..at]).is_err(), "cut at {at}");
        }
    }
}
