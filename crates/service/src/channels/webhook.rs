//! A program of the shop's own, such as its app: `POST`s a customer's message, signed, and gets the answer in the response, or at
//! an address of its own. What a person of the desk writes later goes to that address too.

use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::Parcel;
use super::config::{Replies, Secrets, WebhookConfig, secret};
use super::copies::{Card, CopyParcel};
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
    /// Ways by which it sends what sendings hand it, and how.
    pub(super) card: Card,
}

impl Webhook {
    /// # Errors
    /// If the secret's variable is not set.
    pub fn new(config: &WebhookConfig, secrets: Secrets<'_>) -> Result<Webhook, String> {
        let secret = secret(secrets, &config.secret_env, "the channel's secret", signed::SECRET_CHARS_MIN)?;
        let line = config.reply_url.as_deref().map(|url| Line::new(url, secret.clone()));
        let card = Card::of_webhook(config);
        Ok(Webhook { secret, line, replies: config.replies, notices: config.notices.clone(), card })
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

    /// What the shop tells its own programs.
    pub(super) fn post_told(&self, key: &str, body: &str, now: i64) -> Result<(), Failure> {
        self.line()?.post(key, body.as_bytes(), now)
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

    /// A copy of a sending that the program is to send to a customer by a way to which they agreed.
    pub(super) fn send_copy(&self, parcel: &CopyParcel, now: i64) -> Result<(), Failure> {
        let body = json!({
            "id": parcel.key,
            "customer_id": parcel.customer_id,
            "way": parcel.way,
            "campaign": {
                "campaign_id": parcel.campaign_id,
                "sending_id": parcel.sending_id,
                "draft_id": parcel.draft_id,
                "product_id": parcel.product_id,
                "lang": parcel.lang,
                "subject": parcel.subject,
                "text": parcel.text,
                "html": parcel.html,
                "unsubscribe_url": parcel.stop_url,
            },
        });
        self.line()?.post(&parcel.key, body.to_string().as_bytes(), now)
    }
}
