//! The card `aspect_polarity`: the learned judge of polarity on rows of sentences with marked aspects.

use domain::{Card, Kind, Param, Settings};

use super::extract::Lexicon;
use super::polarity::{Judged, PolarityModel, Wanted};
use crate::LanguageError;
use crate::classify::{Run, TextClassifier};

pub static ASPECT_POLARITY: Card = Card {
    name: "aspect_polarity",
    sentence: "Tells whether a sentence praises or blames one aspect of a product, from what stands around its name.",
    family: "linear",
    params: &[
        Param {
            name: "c",
            sentence: "What errors cost against large weights.",
            unit: "",
            kind: Kind::Float { min: 1e-6, max: 1e6, default: 0.5 },
        },
        Param {
            name: "nb",
            sentence: "How far features' freedom follows their squared log-count ratios.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 1.0, default: 0.3 },
        },
        Param {
            name: "n_max",
            sentence: "N-grams up to this length.",
            unit: "tokens",
            kind: Kind::Int { min: 1, max: 8, default: 4 },
        },
        Param {
            name: "window",
            sentence: "How far from the aspect is near.",
            unit: "tokens",
            kind: Kind::Int { min: 1, max: 100, default: 6 },
        },
        Param {
            name: "shared",
            sentence: "The weight of what domains share; 0: each learns alone.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 10.0, default: 1.0 },
        },
        Param {
            name: "prior",
            sentence: "The weight of what a classifier of whole reviews thinks, if one is given.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 10.0, default: 1.0 },
        },
        Param {
            name: "min_df",
            sentence: "Features of fewer training mentions are dropped.",
            unit: "mentions",
            kind: Kind::Int { min: 1, max: 1_000_000, default: 1 },
        },
    ],
    input: "mentions: a text, the bytes of the aspect's name, a polarity, a domain; for training and for testing",
    source: "Hsieh et al. 2008 (dual coordinate descent); Wang and Manning 2012 (log-count ratios); Daumé 2007 (domains)",
};

/// What the settings ask for.
pub fn wanted(settings: &Settings) -> Wanted {
    Wanted {
        c: settings.float("c"),
        nb: settings.float("nb"),
        n_max: settings.usize("n_max"),
        window: settings.usize("window"),
        shared: settings.float("shared") as f32,
        prior: settings.float("prior") as f32,
        min_df: u32::try_from(settings.usize("min_df")).unwrap_or(u32::MAX),
    }
}

/// What `lab` answers.
#[derive(Clone, Debug)]
pub struct Trial {
    pub model: PolarityModel,
    /// Of each test mention, by [`PolarityModel::classes`].
    pub answers: Vec<usize>,
    /// `accuracy`, `macro_f1`.
    pub figures: Vec<(&'static str, f64)>,
}

/// Learns from `train` and answers `test`.
///
/// # Errors
/// As [`PolarityModel::fit`].
pub fn run(
    train: &[Judged],
    test: &[Judged],
    lexicon: &Lexicon,
    prior: Option<&TextClassifier>,
    settings: &Settings,
    run: &Run,
) -> Result<Trial, LanguageError> {
    let model = PolarityModel::fit(train, lexicon, prior, &wanted(settings), run)?;
    let judge = |row: &Judged| model.judge(&row.mention, row.domain, lexicon, prior).0;
    let answers: Vec<usize> = test.iter().map(judge).collect();
    let mut names: Vec<&str> = test.iter().map(|row| row.polarity).collect();
    names.extend(answers.iter().map(|&class| model.classes()[class].as_str()));
    names.sort_unstable();
    names.dedup();
    let mut f1 = 0.0;
    let mut n_right = 0;
    for name in &names {
        let is = |class: usize| model.classes()[class] == *name;
        let right = test.iter().zip(&answers).filter(|(row, answer)| row.polarity == *name && is(**answer)).count();
        let expected = test.iter().filter(|row| row.polarity == *name).count();
        let answered = answers.iter().filter(|&&answer| is(answer)).count();
        f1 += 2.0 * right as f64 / (expected + answered).max(1) as f64;
        n_right += right;
    }
    let figures =
        vec![("accuracy", n_right as f64 / test.len().max(1) as f64), ("macro_f1", f1 / names.len().max(1) as f64)];
    Ok(Trial { model, answers, figures })
}
