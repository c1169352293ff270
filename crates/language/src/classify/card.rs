//! The cards `sentiment` and `intent`: the same classifier with what suits reviews of two classes, and short questions of
//! many. Rows are handed in; files are read elsewhere.

use domain::{Card, Kind, Param, Settings};

use super::Run;
use super::linear::{Method, Wanted as LinearWanted};
use super::model::{Evaluation, Example, TextClassifier, Wanted};
use super::ngrams::{Grams, Unit};
use super::svm::Loss;
use super::vocabulary::Block;
use crate::LanguageError;

const LOSSES: &[&str] = &["squared_hinge", "hinge", "logistic", "multinomial"];

macro_rules! params {
    ($char_max:literal, $word_max:literal, $min_df:literal, $with_unknown:literal, $word_weight:literal, $hurried:literal, $c:literal, $nb:literal, $tolerance:literal) => {
        &[
            Param {
                name: "char_max",
                sentence: "Character n-grams up to this length; 0: none.",
                unit: "characters",
                kind: Kind::Int { min: 0, max: 12, default: $char_max },
            },
            Param {
                name: "word_max",
                sentence: "Word n-grams up to this length, a Han character counting as a word; 0: none.",
                unit: "words",
                kind: Kind::Int { min: 0, max: 12, default: $word_max },
            },
            Param {
                name: "min_df",
                sentence: "N-grams in fewer training texts are dropped.",
                unit: "texts",
                kind: Kind::Int { min: 1, max: 1_000_000, default: $min_df },
            },
            Param {
                name: "with_unknown",
                sentence: "Count words that were dropped or never seen for the length of a text, so that the few known ones of a misspelt one say less.",
                unit: "",
                kind: Kind::Bool { default: $with_unknown },
            },
            Param {
                name: "n_features_max",
                sentence: "N-grams of each sort at most, those of most texts; 0: all.",
                unit: "n-grams",
                kind: Kind::Int { min: 0, max: 1_000_000_000, default: 0 },
            },
            Param {
                name: "loss",
                sentence: "What errors cost: a support vector machine (squared_hinge, hinge), logistic regression of each class (logistic) or of all together (multinomial).",
                unit: "",
                kind: Kind::Choice { options: LOSSES, default: "squared_hinge" },
            },
            Param {
                name: "c",
                sentence: "What errors cost against large weights.",
                unit: "",
                kind: Kind::Float { min: 1e-6, max: 1e6, default: $c },
            },
            Param {
                name: "nb",
                sentence: "How far n-grams' freedom follows their squared log-count ratios: 0 not, 1 as NB-SVM.",
                unit: "",
                kind: Kind::Float { min: 0.0, max: 1.0, default: $nb },
            },
            Param {
                name: "balanced",
                sentence: "Let every class cost the same in all.",
                unit: "",
                kind: Kind::Bool { default: false },
            },
            Param {
                name: "tolerance",
                sentence: "Where the search for weights ends; smaller is closer to the optimum.",
                unit: "",
                kind: Kind::Float { min: 1e-9, max: 10.0, default: $tolerance },
            },
            Param {
                name: "max_iterations",
                sentence: "Passes over the rows at most.",
                unit: "passes",
                kind: Kind::Int { min: 1, max: 1_000_000, default: 300 },
            },
            Param {
                name: "word_weight",
                sentence: "How much word n-grams count beside those of characters, which count 1.",
                unit: "",
                kind: Kind::Float { min: 1e-3, max: 1e3, default: $word_weight },
            },
            Param {
                name: "hurried",
                sentence: "Copies of each training text with slips of the finger, to learn from as well; 0: none.",
                unit: "copies",
                kind: Kind::Int { min: 0, max: 100, default: $hurried },
            },
            Param {
                name: "folds",
                sentence: "Parts scored by models of the others to calibrate probabilities, until 10,000 rows are; 0: not calibrated.",
                unit: "parts",
                kind: Kind::Int { min: 0, max: 100, default: 3 },
            },
            Param {
                name: "isotonic",
                sentence: "Two classes: calibrate by steps that never fall instead of a sigmoid.",
                unit: "",
                kind: Kind::Bool { default: false },
            },
        ]
    };
}

const SOURCE: &str = "Hsieh et al. 2008 (dual coordinate descent); Wang and Manning 2012 (NB-SVM); Yu, Huang, Lin 2011 (logistic); Platt 1999, Guo et al. 2017 (calibration)";
const INPUT: &str = "rows of a label and a text, for training and for testing";

pub static SENTIMENT: Card = Card {
    name: "sentiment",
    sentence: "Tells praise from complaint in reviews, how surely, and which words decided.",
    family: "linear",
    params: params!(5, 0, 3, false, 1.0, 0, 0.5, 0.5, 0.5),
    input: INPUT,
    source: SOURCE,
};

pub static INTENT: Card = Card {
    name: "intent",
    sentence: "Tells what a short question is about among many classes, how surely, and which words decided.",
    family: "linear",
    params: params!(3, 2, 2, false, 1.0, 0, 1.0, 0.0, 0.1),
    input: INPUT,
    source: SOURCE,
};

/// What the settings of either card ask for.
pub fn wanted(settings: &Settings) -> Result<Wanted, LanguageError> {
    let min_df = u32::try_from(settings.usize("min_df")).unwrap_or(u32::MAX);
    let block = |unit: Unit, name: &str| {
        let n_max = settings.usize(name) as u8;
        let with_unknown = unit == Unit::Word && settings.bool("with_unknown");
        let weight = if unit == Unit::Word { settings.float("word_weight") as f32 } else { 1.0 };
        (n_max > 0).then(|| Block { min_df, weight, with_unknown, ..Block::tf_idf(Grams::new(unit, 1, n_max)) })
    };
    let blocks: Vec<Block> =
        [block(Unit::Char, "char_max"), block(Unit::Word, "word_max")].into_iter().flatten().collect();
    if blocks.is_empty() {
        return Err(LanguageError::unfit("char_max and word_max", "0 and 0", "at least one above 0"));
    }
    let method = match settings.text("loss") {
        "hinge" => Method::OneVsRest(Loss::Hinge),
        "logistic" => Method::OneVsRest(Loss::Logistic),
        "multinomial" => Method::Maxent,
        _ => Method::OneVsRest(Loss::SquaredHinge),
    };
    Ok(Wanted {
        blocks,
        n_features_max: settings.usize("n_features_max"),
        linear: LinearWanted {
            method,
            c: settings.float("c"),
            balanced: settings.bool("balanced"),
            nb: settings.float("nb"),
            tolerance: settings.float("tolerance"),
            max_iterations: settings.usize("max_iterations"),
        },
        n_hurried: settings.usize("hurried"),
        folds: settings.usize("folds"),
        isotonic: settings.bool("isotonic"),
    })
}

/// What `lab` answers.
#[derive(Clone, Debug)]
pub struct Trial {
    pub model: TextClassifier,
    pub evaluation: Evaluation,
    /// `accuracy`, `macro_f1`, `calibration_error`, `n_features`, `n_classes`.
    pub figures: Vec<(&'static str, f64)>,
}

/// Learns from `train` and answers `test`.
///
/// # Errors
/// As [`TextClassifier::fit`].
pub fn run(train: &[Example], test: &[Example], settings: &Settings, run: &Run) -> Result<Trial, LanguageError> {
    let model = TextClassifier::fit(train, &wanted(settings)?, run)?;
    let evaluation = model.evaluate(test);
    let figures = vec![
        ("accuracy", evaluation.accuracy),
        ("macro_f1", evaluation.macro_f1),
        ("calibration_error", evaluation.calibration_error),
        ("n_features", model.n_features() as f64),
        ("n_classes", model.classes().len() as f64),
    ];
    Ok(Trial { model, evaluation, figures })
}
