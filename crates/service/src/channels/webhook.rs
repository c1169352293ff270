//! A program of the shop's own, such as its app: `POST`s a customer's message, signed, and gets the answer in the response, or at
//! an address of its own. What a person of the desk writes later goes to that address too.

use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::Parcel;
use super::config::{Replies, Secrets, WebhookConfig, secret};
use super::events::Line;
use super::http::Failure;
use super::notices::NoticeParcel;
use super::signed;

/// What is posted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Posted {
    /// The sender's own id of the message: the same again changes nothing and is answered as the first time.
    #[schema(min_length = 1, max_length = 200)]
    pub message_id: String,
    /// Who writes, as the sender names them; a name, no proof.
    #[schema(min_length = 1, max_length = 200)]
    pub from: String,
    #[schema(min_length = 1, max_length = 4000)]
    pub text: String,
    /// `zh` or `en`; the shop's language if absent.
    #[schema(pattern = "^(zh|en)$")]
    pub lang: Option<String>,
    /// By which the shop vouches for a customer, as for the widget.
    #[schema(max_length = 4096)]
    pub customer_token: Option<String>,
}

/// The channel.
pub struct Webhook {
    pub(super) secret: String,
    line: Option<Line>,
    replies: Replies,
    /// Ways by which the program sends notices.
    notices: Vec<String>,
}

impl Webhook {
    /// # Errors
    /// If the secret's variable is not set.
    pub fn new(config: &WebhookConfig, secrets: Secrets<'_>) -> Result<Webhook, String> {
        let secret = secret(secrets, &config.secret_env, "the channel's secret", signed::SECRET_CHARS_MIN)?;
        let line = config.reply_url.as_deref().map(|url| Line::new(url, secret.clone()));
        Ok(Webhook { secret, line, replies: config.replies, notices: config.notices.clone() })
    }

    pub fn answers_in_response(&self) -> bool {
        self.replies == Replies::Response
    }

    pub fn secret(&self) -> &str {
        &self.secret
    }

    pub(super) fn send(&self, key: &str, parcel: &Parcel, now: i64) -> Result<(), Failure> {
        let body = json!({
            "id": key,
            "to": parcel.peer,
            "message": parcel.message,
            "conversation": parcel.conversation,
        });
        self.line()?.post(key, body.to_string().as_bytes(), now)
    }

    fn line(&self) -> Result<&Line, Failure> {
        self.line.as_ref().ok_or_else(|| {
            Failure::lasting("the channel has no reply_url, so only answers to its own requests reach its customers")
        })
    }

    pub(super) fn carries(&self, way: &str) -> bool {
        self.notices.iter().any(|own| own == way)
    }

    /// A notice that the program is to send to a customer by a way to which they agreed.
    pub(super) fn send_notice(&self, key: &str, parcel: &NoticeParcel, now: i64) -> Result<(), Failure> {
        let NoticeParcel { customer_id, way, lang, subject, text, notice, .. } = parcel;
        let told = json!({"subject": subject, "text": text, "lang": lang, "about": notice});
        let body = json!({"id": key, "customer_id": customer_id, "way": way, "notice": told});
        self.line()?.post(key, body.to_string().as_bytes(), now)
    }
}
