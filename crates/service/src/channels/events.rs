//! Submitted forms and hand-overs, told to the shop's own systems: `POST` with an id and a signature, again with the same id
//! until the other side has taken it.

use super::config::{Secrets, check_url, secret};
use super::http::{Failure, agent, post};
use super::signed;
use crate::conversations::config::WebhookConfig;

/// The line to the shop's own systems.
pub struct Events {
    line: Line,
}

/// Signed `POST`s to one address.
pub(super) struct Line {
    agent: ureq::Agent,
    url: String,
    secret: String,
}

impl Line {
    pub(super) fn new(url: &str, secret: String) -> Line {
        Line { agent: agent(), url: url.to_owned(), secret }
    }

    /// The signature is over the time and the body; the id stays the same, however often it is sent.
    pub(super) fn post(&self, id: &str, body: &[u8], now: i64) -> Result<(), Failure> {
        let at = now / 1000;
        let (time, signature) = (at.to_string(), signed::signature(&self.secret, at, body));
        let headers = [("X-Tercet-Id", id), ("X-Tercet-Time", &time), ("X-Tercet-Signature", &signature)];
        post(&self.agent, &self.url, &headers, body).map(drop)
    }
}

impl Events {
    /// # Errors
    /// If the secret's variable is not set.
    pub fn new(config: &WebhookConfig, secrets: Secrets<'_>) -> Result<Events, String> {
        check_url("url", &config.url)?;
        let secret = secret(secrets, &config.secret_env, "the webhook's secret", signed::SECRET_CHARS_MIN)?;
        Ok(Events { line: Line::new(&config.url, secret) })
    }

    pub(super) fn send(&self, id: &str, body: &str, now: i64) -> Result<(), Failure> {
        self.line.post(id, body.as_bytes(), now)
    }
}
