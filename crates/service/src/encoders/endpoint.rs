//! An OpenAI-compatible endpoint for embeddings: `POST` a model and texts, get a vector for each. What is personal is masked
//! before anything leaves, and the key is in no message. An endpoint may hang, fail or answer nonsense: each is told in
//! words, and after a failure while people wait, nobody waits for it again for a while.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use language::LanguageError;
use language::text::mask;
use language::vectors::SentenceEncoder;
use math::Factors;
use serde::{Deserialize, Serialize};

use crate::outside;

/// Numbers of a vector.
const DIM_MAX: usize = 16_384;
/// Bytes of an answer for each number announced, with room for what stands around.
const BYTES_A_NUMBER: usize = 32;
/// How long an endpoint that failed is left alone while people wait.
const REST: Duration = Duration::from_secs(30);
/// The most that somebody who searches waits.
const ASKING_SECONDS_MAX: f64 = 3.0;

/// `[encoder]` with `kind = "endpoint"`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointConfig {
    /// Such as `http://127.0.0.1:8080/v1/embeddings`.
    pub url: String,
    pub model: String,
    /// The environment variable that holds the key; none: no key is sent.
    pub key_env: Option<String>,
    #[serde(default = "ten")]
    pub timeout_seconds: f64,
    /// Texts sent together.
    #[serde(default = "thirty_two")]
    pub batch: usize,
    /// Tries after the first, while learning.
    #[serde(default = "two")]
    pub retries: u32,
    /// Characters of a text that are sent.
    #[serde(default = "two_thousand")]
    pub max_chars: usize,
}

fn ten() -> f64 {
    10.0
}
fn thirty_two() -> usize {
    32
}
fn two() -> u32 {
    2
}
fn two_thousand() -> usize {
    2000
}

impl EndpointConfig {
    pub(super) fn check(&self) -> Result<(), String> {
        outside::check_url(&self.url)?;
        if self.model.trim().is_empty() {
            return Err("model is empty; allowed: a name that the endpoint knows".to_owned());
        }
        if !(self.timeout_seconds >= 0.1 && self.timeout_seconds <= 600.0) {
            return Err(format!("timeout_seconds is {}; allowed: 0.1 to 600", self.timeout_seconds));
        }
        for (name, found, least, most) in [
            ("batch", self.batch, 1, 2048),
            ("retries", self.retries as usize, 0, 10),
            ("max_chars", self.max_chars, 1, 100_000),
        ] {
            if !(least..=most).contains(&found) {
                return Err(format!("{name} is {found}; allowed: {least} to {most}"));
            }
        }
        Ok(())
    }
}

/// How long one waits for an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Nobody waits: every text counts, so tries are repeated.
    Learning,
    /// Somebody waits: one try, soon given up.
    Asking,
}

#[derive(Serialize)]
struct Ask<'a> {
    model: &'a str,
    input: &'a [String],
    encoding_format: &'static str,
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Embedding>,
}

#[derive(Deserialize)]
struct Embedding {
    index: Option<usize>,
    embedding: Vec<f32>,
}

/// Why there are no vectors, and whether another try may help.
struct Failure {
    said: String,
    is_passing: bool,
}

/// An endpoint that gives vectors of one length.
pub struct Endpoint {
    agent: ureq::Agent,
    config: EndpointConfig,
    key: Option<String>,
    name: String,
    dim: usize,
    patience: Patience,
    down_until: Mutex<Option<Instant>>,
}

impl Endpoint {
    /// # Errors
    /// If the key's variable is not set.
    pub fn new(config: &EndpointConfig, dim: usize, patience: Patience) -> Result<Self, LanguageError> {
        let key = outside::key(config.key_env.as_deref()).map_err(LanguageError::Unavailable)?;
        let seconds = match patience {
            Patience::Learning => config.timeout_seconds,
            Patience::Asking => config.timeout_seconds.min(ASKING_SECONDS_MAX),
        };
        let agent = outside::agent(Duration::from_secs_f64(seconds));
        let name = format!("{}-{dim}", config.model);
        Ok(Endpoint { agent, config: config.clone(), key, name, dim, patience, down_until: Mutex::new(None) })
    }

    /// Asks for one vector to learn their length.
    ///
    /// # Errors
    /// If the endpoint does not give one.
    pub fn probed(config: &EndpointConfig, patience: Patience) -> Result<Self, LanguageError> {
        let made = Endpoint::new(config, 0, patience)?;
        let found = made.vectors(&["Tercet".to_owned()])?;
        Endpoint::new(config, found[0].len(), patience)
    }

    /// One batch, with the tries that there is time for.
    fn vectors(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, LanguageError> {
        let mut tries = 0;
        loop {
            let failure = match self.once(texts) {
                Ok(vectors) => return Ok(vectors),
                Err(failure) => failure,
            };
            let may_repeat = self.patience == Patience::Learning && failure.is_passing && tries < self.config.retries;
            if !may_repeat {
                let url = outside::told(&self.config.url);
                return Err(LanguageError::Unavailable(format!("{url}: {}", self.without_key(&failure.said))));
            }
            std::thread::sleep(Duration::from_millis(200u64 << tries.min(6)));
            tries += 1;
        }
    }

    /// Servers repeat what they were sent.
    fn without_key(&self, said: &str) -> String {
        outside::without_key(said, self.key.as_deref())
    }

    fn once(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, Failure> {
        let body = serde_json::to_vec(&Ask { model: &self.config.model, input: texts, encoding_format: "float" });
        let body = body.map_err(|error| lasting(error.to_string()))?;
        let mut request = self.agent.post(&self.config.url).header("Content-Type", "application/json");
        if let Some(key) = &self.key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        let mut response = request.send(&body[..]).map_err(|error| passing(format!("no answer: {error}")))?;
        let status = response.status().as_u16();
        let dim = if self.dim == 0 { DIM_MAX } else { self.dim };
        let most = (texts.len() * dim * BYTES_A_NUMBER + (1 << 16)) as u64;
        let read = response.body_mut().with_config().limit(most).read_to_vec();
        let bytes = read.map_err(|error| passing(format!("its answer breaks off: {error}")))?;
        if !(200..300).contains(&status) {
            let said = self.without_key(&String::from_utf8_lossy(&bytes[..bytes.len().min(1 << 16)]));
            let failure = format!("it answers {status}: {said}");
            return Err(Failure { said: failure, is_passing: outside::is_passing(status) });
        }
        let answer: Answer = serde_json::from_slice(&bytes)
            .map_err(|error| lasting(format!("its answer is none of vectors: {error}")))?;
        self.checked(answer, texts.len())
    }

    /// In the order of the texts, each at length 1.
    fn checked(&self, answer: Answer, n: usize) -> Result<Vec<Vec<f32>>, Failure> {
        if answer.data.len() != n {
            return Err(lasting(format!("it gives {} vectors for {n} texts", answer.data.len())));
        }
        let mut rows: Vec<Option<Vec<f32>>> = vec![None; n];
        let mut dim = self.dim;
        for (at, mut one) in answer.data.into_iter().enumerate() {
            let place = rows.get_mut(one.index.unwrap_or(at)).filter(|row| row.is_none());
            let place = place.ok_or_else(|| lasting("it numbers its vectors in a way that is none".to_owned()))?;
            if dim == 0 {
                dim = one.embedding.len();
            }
            if one.embedding.len() != dim || !(1..=DIM_MAX).contains(&dim) {
                let wanted = if dim == 0 { format!("1 to {DIM_MAX}") } else { dim.to_string() };
                return Err(lasting(format!(
                    "it gives a vector of {} numbers, expected {wanted}",
                    one.embedding.len()
                )));
            }
            let square: f64 = one.embedding.iter().map(|&value| f64::from(value).powi(2)).sum();
            if !(square.is_finite() && square > 0.0) {
                return Err(lasting("it gives a vector without a direction (0, or not a number)".to_owned()));
            }
            let times = (1.0 / square.sqrt()) as f32;
            one.embedding.iter_mut().for_each(|value| *value *= times);
            *place = Some(one.embedding);
        }
        Ok(rows.into_iter().flatten().collect())
    }

    fn is_resting(&self) -> bool {
        self.down_until.lock().expect("no holder panics").is_some_and(|until| Instant::now() < until)
    }
}

fn passing(said: String) -> Failure {
    Failure { said, is_passing: true }
}

fn lasting(said: String) -> Failure {
    Failure { said, is_passing: false }
}

impl SentenceEncoder for Endpoint {
    fn name(&self) -> &str {
        &self.name
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn encode(&self, texts: &[&str]) -> Result<Factors, LanguageError> {
        if self.is_resting() {
            return Err(LanguageError::Unavailable("the endpoint failed a moment ago".to_owned()));
        }
        let mut rows = Factors::zeros(texts.len(), self.dim);
        let sendable: Vec<(usize, String)> = texts
            .iter()
            .enumerate()
            .filter(|(_, text)| !text.trim().is_empty())
            .map(|(at, text)| (at, mask(text).text.chars().take(self.config.max_chars).collect()))
            .collect();
        for part in sendable.chunks(self.config.batch) {
            let batch: Vec<String> = part.iter().map(|(_, text)| text.clone()).collect();
            let vectors = self.vectors(&batch).inspect_err(|error| {
                tracing::warn!(message = %error, "the endpoint for embeddings failed");
                if self.patience == Patience::Asking {
                    *self.down_until.lock().expect("no holder panics") = Some(Instant::now() + REST);
                }
            })?;
            for ((at, _), vector) in part.iter().zip(vectors) {
                rows.row_mut(*at)[..vector.len()].copy_from_slice(&vector);
            }
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests;
