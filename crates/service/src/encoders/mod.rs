//! Sentence encoders from outside, as `[encoder]` of tercet.toml asks for: an OpenAI-compatible endpoint, or a model file in
//! the shop's folder. What is not here: our own, learned from the shop's words (`language::vectors::documents`), which
//! serves whenever the one from outside cannot.

mod endpoint;
mod file;

use std::sync::Arc;

use data::Shop;
use language::vectors::{SentenceEncoder, Tokenise, WordVectors};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{Result, ServiceError};

pub use endpoint::{Endpoint, EndpointConfig, Patience};
pub use file::FileConfig;

/// `[encoder]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EncoderConfig {
    Endpoint(EndpointConfig),
    File(FileConfig),
}

impl EncoderConfig {
    /// What the shop asks for; none: our own.
    ///
    /// # Errors
    /// If a setting is missing, unknown or out of range.
    pub fn of(shop: &Shop) -> Result<Option<EncoderConfig>> {
        let Some(section) = &shop.config().encoder else { return Ok(None) };
        let wrong = |message: String| {
            ServiceError::usage("encoder", format!("tercet.toml, [encoder]: {message}"))
                .help("docs/language.md describes the section; without it the shop's own words are used")
        };
        let read: std::result::Result<EncoderConfig, _> = section.clone().try_into();
        let config = read.map_err(|error: toml::de::Error| wrong(error.message().to_owned()))?;
        match &config {
            EncoderConfig::Endpoint(endpoint) => endpoint.check(),
            EncoderConfig::File(file) => file.check(),
        }
        .map_err(wrong)?;
        Ok(Some(config))
    }

    pub fn kind(&self) -> &'static str {
        match self {
            EncoderConfig::Endpoint(_) => "endpoint",
            EncoderConfig::File(_) => "file",
        }
    }
}

/// Which encoder the index was made with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EncoderInfo {
    /// `own`, `endpoint` or `file`.
    pub kind: String,
    pub name: String,
    pub dim: usize,
    /// Why it is our own although another was asked for.
    pub note: Option<String>,
}

/// An encoder from outside, ready.
pub struct Outside {
    pub encoder: Arc<dyn SentenceEncoder>,
    /// The vectors of words it rests on, if it does.
    pub words: Option<Arc<WordVectors>>,
    /// What was learned for it, to be kept with the index.
    pub kept: Option<Vec<u8>>,
}

/// The encoder to make an index with. `sample` are texts of the shop, by which words of a file are weighed.
///
/// # Errors
/// If a file cannot be used. An endpoint that does not answer is a note instead: it may tomorrow.
pub fn to_learn_with(
    config: &EncoderConfig,
    shop: &Shop,
    cut: Arc<dyn Tokenise>,
    sample: &[&str],
) -> Result<std::result::Result<Outside, String>> {
    match config {
        EncoderConfig::File(file) => Ok(Ok(file.learn(shop.root(), cut, sample)?)),
        EncoderConfig::Endpoint(endpoint) => Ok(Endpoint::probed(endpoint, Patience::Learning)
            .map(|encoder| Outside { encoder: Arc::new(encoder), words: None, kept: None })
            .map_err(|error| error.to_string())),
    }
}

/// The encoder that an index was made with, to ask with; says why it cannot be had.
pub fn to_ask_with(
    info: &EncoderInfo,
    shop: &Shop,
    cut: Arc<dyn Tokenise>,
    kept: Option<&[u8]>,
) -> std::result::Result<Outside, String> {
    let config = EncoderConfig::of(shop).map_err(|error| error.message)?;
    let config =
        config.filter(|config| config.kind() == info.kind).ok_or("tercet.toml asks for another encoder by now")?;
    let made = match &config {
        EncoderConfig::File(file) => file.read(shop.root(), cut, kept).map_err(|error| error.message)?,
        EncoderConfig::Endpoint(endpoint) => {
            let encoder = Endpoint::new(endpoint, info.dim, Patience::Asking).map_err(|error| error.to_string())?;
            Outside { encoder: Arc::new(encoder), words: None, kept: None }
        }
    };
    match (made.encoder.name(), made.encoder.dim()) == (info.name.as_str(), info.dim) {
        true => Ok(made),
        false => Err(format!("the index was made with {}, found {}", info.name, made.encoder.name())),
    }
}
