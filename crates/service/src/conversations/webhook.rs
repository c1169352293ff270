//! Submitted forms and hand-overs, told to the shop's own systems: `POST` with an id and a signature, from a thread of its own,
//! again with the same id until the other side has taken it. Nothing of a conversation waits for it. What was not taken when the
//! server stops is in the desk's lists all the same.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use serde_json::{Value, json};

use super::config::WebhookConfig;
use super::token::hmac_sha256;
use crate::clock;
use crate::error::{Result, ServiceError};
use crate::random::hex;

/// News that may wait; further ones are dropped and logged.
const WAITING_MAX: usize = 1_000;
const TIMEOUT: Duration = Duration::from_secs(10);
/// Tries, with twice the pause after each.
const TRIES: u32 = 8;
const PAUSE: Duration = Duration::from_millis(500);

/// The line to the other side.
pub struct Webhook {
    queue: SyncSender<(String, String)>,
}

impl Webhook {
    /// # Errors
    /// If the secret's variable is not set.
    pub fn start(config: &WebhookConfig) -> Result<Webhook> {
        let secret = std::env::var(&config.secret_env).unwrap_or_default().trim().to_owned();
        if secret.len() < 16 {
            let message = format!(
                "the environment variable {}, which is to hold the webhook's secret, is not set or has fewer than 16 characters",
                config.secret_env
            );
            return Err(
                ServiceError::usage("webhook", message).help("set it, or take [service.webhook] out of tercet.toml")
            );
        }
        let (queue, waiting) = sync_channel(WAITING_MAX);
        let sender = Sender { url: config.url.clone(), secret, agent: crate::outside::agent(TIMEOUT) };
        std::thread::Builder::new().name("tercet-webhook".to_owned()).spawn(move || sender.run(&waiting))?;
        Ok(Webhook { queue })
    }

    /// Sends soon; never waits.
    pub(super) fn send(&self, what: &str, id: &str, mut body: Value, conversation: Value) {
        if let Some(body) = body.as_object_mut() {
            body.insert("event".to_owned(), json!(what));
            body.insert("id".to_owned(), json!(id));
            body.insert("at".to_owned(), json!(clock::now().0));
            body.insert("conversation".to_owned(), conversation);
        }
        match self.queue.try_send((id.to_owned(), body.to_string())) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                tracing::error!(what, "the webhook is too far behind; it is not told of this");
            }
        }
    }
}

struct Sender {
    url: String,
    secret: String,
    agent: ureq::Agent,
}

impl Sender {
    fn run(&self, waiting: &Receiver<(String, String)>) {
        while let Ok((id, body)) = waiting.recv() {
            let mut pause = PAUSE;
            for left in (0..TRIES).rev() {
                match self.once(&id, &body) {
                    Ok(()) => break,
                    Err(said) if left == 0 => tracing::error!(message = %said, "the webhook did not take it"),
                    Err(said) => {
                        tracing::warn!(message = %said, "the webhook does not take it yet");
                        std::thread::sleep(pause);
                        pause *= 2;
                    }
                }
            }
        }
    }

    /// The signature is over the time and the body, so that neither can be sent again as another.
    fn once(&self, id: &str, body: &str) -> std::result::Result<(), String> {
        let at = (clock::now().0 / 1000).to_string();
        let signature = hex(&hmac_sha256(self.secret.as_bytes(), format!("{at}.{body}").as_bytes()));
        let request = self
            .agent
            .post(&self.url)
            .header("Content-Type", "application/json")
            .header("X-Tercet-Id", id)
            .header("X-Tercet-Time", &at)
            .header("X-Tercet-Signature", format!("sha256={signature}"));
        let response = request.send(body.as_bytes()).map_err(|error| crate::error::clipped(&error.to_string()))?;
        match response.status().as_u16() {
            200..300 => Ok(()),
            status => Err(format!("it answers {status}")),
        }
    }
}
