//! A small recurrent model for short texts: learned in seconds from some hundred pairs, kept as bytes with its vocabulary. What
//! the texts are about, and which of what it writes may be said, is the business of others.

use neural::{Builder, Compute, Params, Precision};
use serde_json::{Value, json};

use super::checkpoint::{model_from_bytes, model_to_bytes};
use super::decode::{Beam, Limits, UNKNOWN, beam};
use super::model::{CARD, Recurrent, Shape, Writer};
use super::train::{Learner, Pairs, TrainOptions};
use super::units::{learn as learn_words, spelled};
use super::vocabulary::{Units, Vocabulary};
use crate::LanguageError;
use crate::seq2seq::units::Mixed;

/// Units known at most, of a source that are read, and of an output that are written.
const WORDS_MAX: usize = 4_000;
const SOURCE_MAX: usize = 60;
const OUTPUT_MAX: usize = 60;

/// What suits some hundred pairs.
const SETTINGS: &[&str] = &[
    "dim_embedding=48",
    "dim_hidden=96",
    "dropout=0.2",
    "learning_rate=0.003",
    "label_smoothing=0.05",
    "batch=16",
    "patience=0",
];

/// A model with its words.
pub struct SmallModel {
    model: Recurrent,
    params: Params,
    words: Vocabulary,
}

/// What a model wrote, and how sure it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    pub text: String,
    /// The mean natural logarithm of the probability of a unit, at most 0.
    pub log_probability: f32,
    /// The part of the source's units that the model knows, 0 to 1.
    pub known: f32,
}

impl SmallModel {
    /// Learns from pairs, a source and a target each. The same pairs and seed give the same model.
    ///
    /// # Errors
    /// If there are no pairs, or learning diverges.
    pub fn learn(pairs: &[(&str, &str)], epochs: u32, seed: u64, n_threads: usize) -> Result<Self, LanguageError> {
        let epochs = format!("epochs={}", epochs.max(1));
        let texts: Vec<&str> = SETTINGS.iter().copied().chain([epochs.as_str()]).collect();
        let settings = CARD
            .settings_from_texts(&texts)
            .map_err(|error| LanguageError::unfit("settings of a small model", error, "those of the card"))?;
        let words = learn_words(pairs.iter().flat_map(|(source, target)| [*source, *target]), 1, WORDS_MAX);
        let mut builder = Builder::fresh(seed);
        let model = Recurrent::new(&mut builder, Shape::new(&settings, words.len(), words.len())?)?;
        let encoded = |text: &str| words.encode(&cut(spelled(&words, text), SOURCE_MAX));
        let sources = pairs.iter().map(|(source, _)| encoded(source)).collect();
        let targets = pairs.iter().map(|(_, target)| encoded(target)).collect();
        let options = TrainOptions::new(&settings, seed, n_threads)?;
        let mut learner = Learner::new(builder.finish(), &options);
        let none = Pairs::new(Vec::new(), Vec::new())?;
        learner.run(&model, &Pairs::new(sources, targets)?, &none, &options, &|_| true)?;
        Ok(SmallModel { params: learner.result().clone(), model, words })
    }

    /// What the model writes for a text; nothing for an empty one, or if no end is found.
    ///
    /// # Errors
    /// If the search cannot be run.
    pub fn write(&self, text: &str) -> Result<Option<Said>, LanguageError> {
        let units = cut(spelled(&self.words, text), SOURCE_MAX);
        let source = self.words.encode(&units);
        if source.is_empty() {
            return Ok(None);
        }
        let limits = Limits { min: 1, max: OUTPUT_MAX, max_per_source_word: 0.0 };
        let wanted = Beam { width: 3, limits, ..Beam::default() };
        let writer = Writer::new(&self.model, &self.params, Compute::new(Precision::F32));
        let outputs = beam(&writer, &[&source], &wanted)?;
        let best = outputs.first().and_then(|outputs| outputs.first());
        let Some(best) = best.filter(|best| best.ended && !best.tokens.contains(&UNKNOWN)) else { return Ok(None) };
        let n_known = source.iter().filter(|word| **word != UNKNOWN).count();
        Ok(Some(Said {
            text: Mixed.join(&self.words.decode(&best.tokens)),
            log_probability: best.log_probability / (best.tokens.len() + 1) as f32,
            known: n_known as f32 / source.len() as f32,
        }))
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        model_to_bytes(&self.model, &self.params, json!({"words": self.words.to_text()}))
    }

    /// # Errors
    /// If the bytes are not those of a small model.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LanguageError> {
        let (model, params, more): (Recurrent, Params, Value) = model_from_bytes(bytes)?;
        let words = more["words"].as_str().ok_or_else(|| LanguageError::Corrupt("its words are missing".to_owned()))?;
        let words = Vocabulary::from_text(words)?;
        match model.shape().n_source_words == words.len() {
            true => Ok(SmallModel { model, params, words }),
            false => Err(LanguageError::Corrupt("it was learned with other words".to_owned())),
        }
    }
}

fn cut(mut units: Vec<String>, most: usize) -> Vec<String> {
    units.truncate(most);
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIRS: &[(&str, &str)] = &[
        ("hello there", "good day to you"),
        ("how are you", "fine, thank you"),
        ("你好呀", "您好。"),
        ("今天真累", "辛苦了。"),
    ];

    #[test]
    fn pairs_are_learned_kept_and_read() {
        let model = SmallModel::learn(PAIRS, 400, 1, 1).unwrap();
        let again = SmallModel::from_bytes(&model.to_bytes()).unwrap();
        for (source, target) in PAIRS {
            let said = model.write(source).unwrap().unwrap();
            assert_eq!((said.text.as_str(), said.known), (*target, 1.0), "{source}");
            assert!(said.log_probability <= 0.0);
            assert_eq!(again.write(source).unwrap().unwrap(), said);
        }
        assert_eq!(model.write("").unwrap(), None);
        assert!(model.write("zz qq 龘").unwrap().is_none_or(|said| said.known < 0.7));
        assert!(SmallModel::from_bytes(b"nothing").is_err());
        assert!(SmallModel::learn(&[], 1, 1, 1).is_err());
    }
}
