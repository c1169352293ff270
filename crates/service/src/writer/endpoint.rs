//! One call of one endpoint: a prompt goes out, a stream comes back, with one bound on the time of it all. What the text says is
//! judged elsewhere. The key is in no message.

use std::io::{ErrorKind, Read};
use std::time::{Duration, Instant};

use assist::writer::Prompt;
use serde::Serialize;

use super::config::EndpointConfig;
use super::stream::{Received, guessed};
use crate::outside;

/// Bytes of an error's text that are read.
const ERROR_BYTES_MAX: u64 = 1 << 16;
/// The longest that an endpoint may ask to be left alone.
const RETRY_AFTER_MAX: u64 = 600;

#[derive(Serialize)]
struct Ask<'a> {
    model: &'a str,
    messages: [Message<'a>; 2],
    max_tokens: u32,
    temperature: f64,
    stream: bool,
    stream_options: StreamOptions,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

/// What one call may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowed {
    pub characters: usize,
    pub tokens: u32,
    pub seconds: f64,
}

/// Why there is no text.
#[derive(Debug)]
pub(super) struct Failure {
    pub said: String,
    /// Another try may help.
    pub is_passing: bool,
    /// The time was over.
    pub is_slow: bool,
    /// How long it asks to be left alone.
    pub retry_after: Option<Duration>,
    /// The endpoint works; what its model wrote is too long. Another try would give the same, and others may ask it.
    pub rambles: bool,
}

impl Failure {
    fn new(said: String, is_passing: bool) -> Failure {
        Failure { said, is_passing, is_slow: false, retry_after: None, rambles: false }
    }
}

/// What a call gave, and what it used whether or not it gave anything.
pub(super) struct Called {
    pub text: Result<String, Failure>,
    pub tokens_in: u64,
    pub tokens_out: u64,
}

pub(super) struct Endpoint {
    pub config: EndpointConfig,
    agent: ureq::Agent,
    /// Or why there is none.
    key: Result<Option<String>, String>,
}

impl Endpoint {
    pub fn new(config: &EndpointConfig) -> Endpoint {
        let agent = outside::agent(Duration::from_secs_f64(config.timeout_seconds));
        Endpoint { agent, key: outside::key(config.key_env.as_deref()), config: config.clone() }
    }

    /// Why it cannot be asked at all.
    pub fn lacks(&self) -> Option<&str> {
        self.key.as_ref().err().map(String::as_str)
    }

    /// What a reply may take.
    pub fn of_reply(&self, characters: usize) -> Allowed {
        Allowed { characters, tokens: self.config.max_tokens, seconds: self.config.timeout_seconds }
    }

    /// The most that a call with this prompt may use: tokens sent and written.
    pub fn most(&self, prompt: &Prompt, allowed: Allowed) -> (u64, u64) {
        (guessed(prompt.system.len() + prompt.user.len()), allowed.tokens.into())
    }

    /// One try, over at `deadline` at the latest.
    pub fn call(&self, prompt: &Prompt, allowed: Allowed, deadline: Instant) -> Called {
        let own = Instant::now() + Duration::from_secs_f64(allowed.seconds);
        let deadline = deadline.min(own);
        let mut received = Received::new(allowed.characters);
        let mut was_taken = false;
        let text = self.received(prompt, allowed, deadline, &mut received, &mut was_taken).map_err(|mut failure| {
            failure.rambles = received.rambles();
            failure.is_slow |= !failure.rambles && Instant::now() >= deadline;
            failure.is_passing &= !failure.rambles;
            let key = self.key.as_ref().ok().and_then(Option::as_deref);
            failure.said = outside::without_key(&failure.said, key);
            failure
        });
        // What was refused at the door costs nothing.
        let (tokens_in, tokens_out) = match was_taken {
            true => received.tokens(prompt.system.len() + prompt.user.len()),
            false => (0, 0),
        };
        Called { text, tokens_in, tokens_out }
    }

    fn received(
        &self,
        prompt: &Prompt,
        allowed: Allowed,
        deadline: Instant,
        received: &mut Received,
        was_taken: &mut bool,
    ) -> Result<String, Failure> {
        let mut response = self.send(prompt, allowed, deadline, was_taken)?;
        let status = response.status().as_u16();
        if !(200..300).contains(&status) {
            *was_taken = false;
            return Err(self.refusal(status, &mut response));
        }
        let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let is_stream = !kind.starts_with("application/json");
        let mut body = response.body_mut().as_reader();
        let mut buffer = [0; 4096];
        let mut whole = Vec::new();
        loop {
            let n = match body.read(&mut buffer) {
                Ok(n) => n,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(broken(&error)),
            };
            if Instant::now() >= deadline {
                return Err(Failure::new("it is not done in time".to_owned(), true));
            }
            if n == 0 {
                break;
            }
            let wants_more = match is_stream {
                true => received.take(&buffer[..n]),
                false => {
                    whole.extend_from_slice(&buffer[..n]);
                    if whole.len() > super::stream::BYTES_MAX {
                        received.whole(&whole).map(|()| false)
                    } else {
                        Ok(true)
                    }
                }
            };
            if !wants_more.map_err(|said| Failure::new(said, false))? {
                break;
            }
        }
        if !is_stream {
            received.whole(&whole).map_err(|said| Failure::new(said, false))?;
        }
        // What breaks off may be whole the next time.
        received.end().map_err(|said| Failure::new(said, true))
    }

    fn send(
        &self,
        prompt: &Prompt,
        allowed: Allowed,
        deadline: Instant,
        was_taken: &mut bool,
    ) -> Result<ureq::http::Response<ureq::Body>, Failure> {
        let key = self.key.as_ref().map_err(|said| Failure::new(said.clone(), false))?;
        let messages =
            [Message { role: "system", content: &prompt.system }, Message { role: "user", content: &prompt.user }];
        let ask = Ask {
            model: &self.config.model,
            messages,
            max_tokens: allowed.tokens,
            temperature: self.config.temperature,
            stream: true,
            stream_options: StreamOptions { include_usage: true },
        };
        let body = serde_json::to_vec(&ask).map_err(|error| Failure::new(error.to_string(), false))?;
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Failure::new("there is no time left".to_owned(), false));
        }
        let request = self.agent.post(&self.config.url).config().timeout_global(Some(left)).build();
        let mut request = request.header("Content-Type", "application/json").header("Accept", "text/event-stream");
        if let Some(key) = key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        match request.send(&body[..]) {
            Ok(response) => {
                *was_taken = true;
                Ok(response)
            }
            Err(error) => {
                let is_slow = matches!(error, ureq::Error::Timeout(_));
                // It may have read the prompt and be writing.
                *was_taken = is_slow;
                Err(Failure { is_slow, ..Failure::new(format!("no answer: {error}"), true) })
            }
        }
    }

    fn refusal(&self, status: u16, response: &mut ureq::http::Response<ureq::Body>) -> Failure {
        let header = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let seconds = header.and_then(|value| value.trim().parse::<u64>().ok());
        let bytes = response.body_mut().with_config().limit(ERROR_BYTES_MAX).read_to_vec().unwrap_or_default();
        let key = self.key.as_ref().ok().and_then(Option::as_deref);
        let said = outside::without_key(&String::from_utf8_lossy(&bytes), key);
        let retry_after = seconds.map(|seconds| Duration::from_secs(seconds.min(RETRY_AFTER_MAX)));
        let failure = Failure::new(format!("it answers {status}: {said}"), outside::is_passing(status));
        Failure { retry_after, ..failure }
    }
}

fn broken(error: &std::io::Error) -> Failure {
    let is_slow = error.kind() == ErrorKind::TimedOut
        || error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<ureq::Error>())
            .is_some_and(|inner| matches!(inner, ureq::Error::Timeout(_)));
    Failure { is_slow, ..Failure::new(format!("its answer breaks off: {error}"), true) }
}
