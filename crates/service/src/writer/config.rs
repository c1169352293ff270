//! `[writer]` of `tercet.toml`: which endpoints, in which order, how long they are waited for, how much they may cost. Keys stand
//! in environment variables and never here.

use data::Shop;
use serde::Deserialize;

use crate::error::{Result, ServiceError, clipped};
use crate::outside;

/// As the section has it; what is left out has the defaults below.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WriterConfig {
    /// All that one turn waits for, whatever is tried.
    pub timeout_seconds: f64,
    /// Turns that may wait at once; others get the built-in reply.
    pub parallel: usize,
    /// Whether replies are worded anew.
    pub reword: bool,
    /// Whether it is asked which intent is meant where our own model is not sure.
    pub understand: bool,
    /// Whether it is asked for copies too; these are longer, and somebody waits for them at a desk.
    pub copy: bool,
    /// All that one request for copies waits for.
    pub copy_timeout_seconds: f64,
    /// Tokens of one copy.
    pub copy_max_tokens: u32,
    /// Tried in order.
    pub endpoints: Vec<EndpointConfig>,
}

impl Default for WriterConfig {
    fn default() -> Self {
        WriterConfig {
            timeout_seconds: 6.0,
            parallel: 4,
            reword: true,
            understand: true,
            copy: false,
            copy_timeout_seconds: 60.0,
            copy_max_tokens: 1_500,
            endpoints: Vec::new(),
        }
    }
}

/// One OpenAI-compatible endpoint.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointConfig {
    /// What it is called in figures, metrics and traces.
    pub name: String,
    /// Such as `http://127.0.0.1:8080/v1/chat/completions`.
    pub url: String,
    pub model: String,
    /// The environment variable that holds the key; none: no key is sent.
    pub key_env: Option<String>,
    /// Of one try.
    #[serde(default = "five")]
    pub timeout_seconds: f64,
    /// Tries after the first, while there is time.
    #[serde(default = "one")]
    pub retries: u32,
    /// Of one reply.
    #[serde(default = "three_hundred")]
    pub max_tokens: u32,
    #[serde(default)]
    pub temperature: f64,
    /// Sent and written together.
    #[serde(default = "a_million")]
    pub tokens_per_day: u64,
    /// Of a million tokens sent, in any one currency.
    #[serde(default)]
    pub price_in: f64,
    /// Of a million tokens written.
    #[serde(default)]
    pub price_out: f64,
    /// In that currency.
    pub cost_per_day: Option<f64>,
}

fn five() -> f64 {
    5.0
}
fn one() -> u32 {
    1
}
fn three_hundred() -> u32 {
    300
}
fn a_million() -> u64 {
    1_000_000
}

const N_ENDPOINTS_MAX: usize = 8;
const NAME_MAX: usize = 40;

impl WriterConfig {
    /// What the shop asks for; none: replies stay as they are.
    ///
    /// # Errors
    /// If a setting is missing, unknown or out of range.
    pub fn of(shop: &Shop) -> Result<Option<WriterConfig>> {
        shop.config().writer.as_ref().map(WriterConfig::read).transpose()
    }

    /// # Errors
    /// If a setting is missing, unknown or out of range.
    pub fn read(table: &toml::Table) -> Result<WriterConfig> {
        let wrong = |said: String| {
            ServiceError::usage("config", format!("tercet.toml, [writer]: {said}"))
                .help("docs/service.md describes the section; without it the built-in replies are given")
        };
        let read: std::result::Result<WriterConfig, _> = table.clone().try_into();
        let config = read.map_err(|error: toml::de::Error| wrong(error.message().to_owned()))?;
        config.check().map_err(wrong)?;
        Ok(config)
    }

    fn check(&self) -> std::result::Result<(), String> {
        within("timeout_seconds", self.timeout_seconds, 0.1, 60.0)?;
        within("parallel", self.parallel as f64, 1.0, 256.0)?;
        within("copy_timeout_seconds", self.copy_timeout_seconds, 0.1, 600.0)?;
        within("copy_max_tokens", self.copy_max_tokens.into(), 16.0, 8192.0)?;
        if self.endpoints.is_empty() || self.endpoints.len() > N_ENDPOINTS_MAX {
            let n = self.endpoints.len();
            return Err(format!("{n} [[writer.endpoints]]; allowed: 1 to {N_ENDPOINTS_MAX}"));
        }
        for (at, endpoint) in self.endpoints.iter().enumerate() {
            endpoint.check().map_err(|said| format!("endpoint '{}': {said}", clipped(&endpoint.name)))?;
            if self.endpoints[..at].iter().any(|other| other.name == endpoint.name) {
                return Err(format!("two endpoints are called '{}'; allowed: each its own name", endpoint.name));
            }
        }
        Ok(())
    }
}

impl EndpointConfig {
    fn check(&self) -> std::result::Result<(), String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if self.name.is_empty() || self.name.len() > NAME_MAX || !self.name.chars().all(is_plain) {
            return Err(format!("name; allowed: 1 to {NAME_MAX} of A-Z a-z 0-9 . - _"));
        }
        outside::check_url(&self.url)?;
        if self.model.trim().is_empty() {
            return Err("model is empty; allowed: a name that the endpoint knows".to_owned());
        }
        within("timeout_seconds", self.timeout_seconds, 0.1, 60.0)?;
        within("retries", self.retries.into(), 0.0, 5.0)?;
        within("max_tokens", self.max_tokens.into(), 16.0, 4096.0)?;
        within("temperature", self.temperature, 0.0, 2.0)?;
        within("tokens_per_day", self.tokens_per_day as f64, 1.0, 1e12)?;
        within("price_in", self.price_in, 0.0, 1e6)?;
        within("price_out", self.price_out, 0.0, 1e6)?;
        let Some(cost) = self.cost_per_day else { return Ok(()) };
        within("cost_per_day", cost, 0.0, 1e6)?;
        match self.price_in + self.price_out > 0.0 {
            true => Ok(()),
            false => Err("cost_per_day without prices limits nothing; set price_in and price_out".to_owned()),
        }
    }

    /// What tokens cost, in millionths of the currency, rounded up.
    pub(super) fn cost_micros(&self, tokens_in: u64, tokens_out: u64) -> u64 {
        (tokens_in as f64 * self.price_in + tokens_out as f64 * self.price_out).ceil() as u64
    }
}

fn within(name: &str, found: f64, least: f64, most: f64) -> std::result::Result<(), String> {
    match found >= least && found <= most {
        true => Ok(()),
        false => Err(format!("{name} is {found}; allowed: {least} to {most}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[[endpoints]]\nname = \"a\"\nurl = \"http://127.0.0.1:1/v1\"\nmodel = \"m\"\n";

    #[test]
    fn the_section_is_read_and_mistakes_are_named() {
        let read = |text: &str| WriterConfig::read(&toml::from_str::<toml::Table>(text).unwrap());
        let config = read(GOOD).unwrap();
        let endpoint = &config.endpoints[0];
        assert_eq!((endpoint.temperature, endpoint.retries, endpoint.max_tokens), (0.0, 1, 300));
        assert!(config.reword && config.understand && !config.copy);
        for (text, said) in [
            (String::new(), "0 [[writer.endpoints]]"),
            (format!("timeout = 1\n{GOOD}"), "unknown field `timeout`"),
            (format!("timeout_seconds = 0\n{GOOD}"), "timeout_seconds is 0; allowed: 0.1 to 60"),
            (format!("parallel = 0\n{GOOD}"), "parallel"),
            (format!("copy_max_tokens = 1\n{GOOD}"), "copy_max_tokens is 1; allowed: 16 to 8192"),
            (format!("{GOOD}{GOOD}"), "two endpoints are called 'a'"),
            (format!("{GOOD}max_tokens = 1"), "max_tokens is 1"),
            (format!("{GOOD}temperature = nan"), "temperature"),
            (format!("{GOOD}cost_per_day = 1.0"), "without prices"),
            (format!("{GOOD}key = \"secret\""), "unknown field `key`"),
            (GOOD.replace("http://", "http://me:secret@"), "password"),
            (GOOD.replace("\"a\"", "\"a/b\""), "name; allowed"),
            (GOOD.replace("\"m\"", "\" \""), "model is empty"),
        ] {
            let error = read(&text).unwrap_err().message;
            assert!(error.contains(said) && !error.contains("secret@"), "{said} is not in: {error}");
        }
    }

    #[test]
    fn costs_are_rounded_up() {
        let config = WriterConfig::read(&toml::from_str(&format!("{GOOD}price_in = 0.15\nprice_out = 0.6")).unwrap());
        let endpoint = &config.unwrap().endpoints[0];
        assert_eq!((endpoint.cost_micros(1, 0), endpoint.cost_micros(100, 10), endpoint.cost_micros(0, 0)), (1, 21, 0));
    }
}
