//! Channels: the ways by which customers come besides the widget and the API (a shop's own app, WeChat, WeCom, e-mail), and the
//! outbox by which replies and news leave. A conversation is the same whatever its channel, and is kept and shown alike; a
//! channel knows only how to read what comes, whom it is from, and how to send a text back. Nobody is known as a customer by
//! what a channel says of them: only the shop's own token vouches (`conversations::token`).

pub mod config;
pub mod copies;
pub mod crypto;
pub mod email;
mod events;
mod http;
mod inbound;
pub mod notices;
pub mod outbox;
mod platform;
pub mod signed;
mod webhook;
mod wechat;
mod wecom;
pub mod xml;

use std::collections::BTreeMap;
use std::sync::Arc;

use data::state::conversations::{Conversation, Message};
use data::state::outbox::{Due, Outgoing};
use data::state::threads::Thread;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::sync::watch;

use self::config::{ChannelConfig, Secrets};
pub use self::email::{FileOfMail, ReportMail};
pub use self::http::Failure;
use crate::conversations::views::{self, For};
use crate::error::Result;
use crate::serving::ServedShop;

pub use self::inbound::{Handed, Incoming, Told, hear_and_wait};
pub use self::webhook::{Posted, Webhook};
pub use self::wechat::{Callback, CallbackQuery, Refusal as CallbackRefusal, Reply};
pub use self::wecom::pull_soon;

/// The channel of news to the shop's own systems, `[service.webhook]`.
pub const EVENTS: &str = "service-webhook";
/// An answer that may go back in the answer to a request is kept from the outbox for so long.
pub const HOLD_MS: i64 = 3_000;
/// Bytes of a text message of WeChat and WeCom; the platforms take 2,048.
const PLATFORM_BYTES_MAX: usize = 2_000;

/// What a delivery to a customer holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parcel {
    pub peer: String,
    pub thread: Value,
    pub text: String,
    /// As the API tells it.
    pub message: Value,
    pub conversation: Value,
}

/// One channel, ready to hear and to send.
pub enum Channel {
    Webhook(webhook::Webhook),
    /// WeChat and WeCom.
    Callback(Box<wechat::Callback>),
    Email(Box<email::Mailbox>),
    Events(events::Events),
}

/// One shop's channels.
pub struct Channels {
    by_name: BTreeMap<String, Channel>,
    /// Grows when something may be due.
    pub news: watch::Sender<u64>,
}

impl Default for Channels {
    fn default() -> Self {
        Channels { by_name: BTreeMap::new(), news: watch::Sender::new(0) }
    }
}

impl Channels {
    /// Makes every channel of the file ready.
    ///
    /// # Errors
    /// If one is described wrongly, or a secret's variable is not set.
    pub fn new(shop: &data::Shop, secrets: Secrets<'_>) -> Result<Channels> {
        let mut channels = Channels::default();
        for (name, channel) in Self::each(shop, secrets)? {
            channels.by_name.insert(name, channel?);
        }
        Ok(channels)
    }

    /// Every channel of the file, or what is wrong with it.
    ///
    /// # Errors
    /// If `[service]` cannot be read.
    pub fn each(shop: &data::Shop, secrets: Secrets<'_>) -> Result<Vec<(String, Result<Channel>)>> {
        let config = shop.config();
        let one = |(name, table): (&String, &toml::Value)| {
            let made = config::read(name, table)
                .and_then(|config| make(name, &config, shop, secrets).map_err(|said| config::wrong(name, said)));
            (name.clone(), made)
        };
        let mut all: Vec<_> = config.channels.iter().map(one).collect();
        if let Some(webhook) = crate::conversations::config::ServiceConfig::read(&config.service)?.webhook {
            let made = events::Events::new(&webhook, secrets).map(Channel::Events).map_err(|said| {
                crate::error::ServiceError::usage("webhook", format!("tercet.toml: service.webhook: {said}"))
                    .help("set it, or take [service.webhook] out of tercet.toml")
            });
            all.push((EVENTS.to_owned(), made));
        }
        Ok(all)
    }

    pub fn get(&self, name: &str) -> Option<&Channel> {
        self.by_name.get(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Channel)> {
        self.by_name.iter().map(|(name, channel)| (name.as_str(), channel))
    }

    /// Whether the shop's own systems are told of forms and hand-overs.
    pub fn tells_events(&self) -> bool {
        self.by_name.contains_key(EVENTS)
    }

    /// Wakes the senders.
    pub fn wake(&self) {
        self.news.send_modify(|n| *n = n.wrapping_add(1));
    }
}

fn make(
    name: &str,
    config: &ChannelConfig,
    shop: &data::Shop,
    secrets: Secrets<'_>,
) -> std::result::Result<Channel, String> {
    Ok(match config {
        ChannelConfig::Webhook(config) => Channel::Webhook(webhook::Webhook::new(config, secrets)?),
        ChannelConfig::Wechat(config) => Channel::Callback(Box::new(wechat::Callback::wechat(config, secrets)?)),
        ChannelConfig::Wecom(config) => Channel::Callback(Box::new(wecom::callback(config, secrets)?)),
        ChannelConfig::Email(config) => {
            Channel::Email(Box::new(email::Mailbox::new(name, config, shop.root(), &shop.config().name, secrets)?))
        }
    })
}

impl Channel {
    /// Whether the customer is told what only matters to somebody who is watching: that a person takes over, that it is over.
    fn tells_asides(&self) -> bool {
        !matches!(self, Channel::Email(_))
    }

    /// Whether an answer may go back in the answer to the request that brought the message.
    fn hands_over(&self) -> bool {
        match self {
            Channel::Webhook(webhook) => webhook.answers_in_response(),
            Channel::Callback(_) => true,
            Channel::Email(_) | Channel::Events(_) => false,
        }
    }

    /// A message's text in the pieces that the channel takes.
    pub fn pieces<'a>(&self, text: &'a str) -> Vec<&'a str> {
        match self {
            Channel::Callback(_) => platform::pieces(text, PLATFORM_BYTES_MAX),
            _ => vec![text],
        }
    }

    /// What leaves because of new messages of a conversation; `asides` are the numbers of those that are.
    ///
    /// # Errors
    /// If a message cannot be read.
    pub fn parcels(
        &self,
        row: &Conversation,
        messages: &[Message],
        asides: &[i64],
        thread: &Thread,
    ) -> Result<Vec<Outgoing>> {
        let mut all = Vec::new();
        for message in messages {
            if message.sender == "customer" || (asides.contains(&message.seq) && !self.tells_asides()) {
                continue;
            }
            let told = views::message(message, For::Customer)?;
            let n_cited = told.reply.as_ref().and_then(|reply| reply["evidence"].as_array()).map_or(0, Vec::len);
            let text = match self {
                Channel::Webhook(_) => message.text.clone(),
                _ => without_citations(&message.text, n_cited),
            };
            let held = if message.sender == "bot" && self.hands_over() { HOLD_MS } else { 0 };
            for (part, piece) in self.pieces(&text).into_iter().enumerate() {
                let parcel = Parcel {
                    peer: thread.peer.clone(),
                    thread: serde_json::from_str(&thread.body)?,
                    text: piece.to_owned(),
                    message: serde_json::to_value(&told)?,
                    conversation: views::of_conversation(row),
                };
                all.push(Outgoing {
                    key: parcel_key(&row.id, message.seq, part),
                    channel: row.channel.clone(),
                    lane: row.id.clone(),
                    body: serde_json::to_string(&parcel)?,
                    at: message.at,
                    due_at: message.at + held,
                });
            }
        }
        Ok(all)
    }

    /// Posts something that is told to programs of the shop.
    ///
    /// # Errors
    /// If it did not arrive, or the channel posts nothing.
    pub fn post_told(&self, key: &str, body: &str, now: i64) -> std::result::Result<(), Failure> {
        match self {
            Channel::Webhook(webhook) => webhook.post_told(key, body, now),
            Channel::Events(events) => events.send(key, body, now),
            Channel::Callback(_) | Channel::Email(_) => Err(Failure::lasting("the channel posts nothing")),
        }
    }

    /// Sends something that is due.
    fn send(&self, shop: &Arc<ServedShop>, runtime: &Handle, due: &Due) -> std::result::Result<(), Failure> {
        let now = crate::clock::now().0;
        let parcel = || {
            serde_json::from_str::<Parcel>(&due.body).map_err(|_| Failure::lasting("it is no delivery of this version"))
        };
        if crate::report::post::is_post(&due.key) {
            return crate::report::post::send(self, shop, (&due.key, &due.body), now);
        }
        if notices::is_notice(&due.key) {
            return notices::send(self, shop, runtime, (&due.key, &due.body), now);
        }
        match self {
            Channel::Events(events) => events.send(&due.key, &due.body, now),
            Channel::Webhook(webhook) => webhook.send(&due.key, &parcel()?, now),
            Channel::Callback(callback) if wecom::is_pull(&due.body) => {
                wecom::pull(callback, shop, runtime, &due.body, now)
            }
            Channel::Callback(callback) => callback.send(&due.key, &parcel()?, now),
            Channel::Email(mailbox) => mailbox.send(&due.key, &parcel()?),
        }
    }
}

/// By which a delivery is known, here and to the other side.
pub fn parcel_key(conversation_id: &str, seq: i64, part: usize) -> String {
    format!("{conversation_id}-{seq}-{part}")
}

/// A text without `[1]`: where it is read, no list of sources stands beside it; titles of documents stand in the sentences.
fn without_citations(text: &str, n: usize) -> String {
    (1..=n).fold(text.to_owned(), |text, at| text.replace(&format!(" [{at}]"), "").replace(&format!("[{at}]"), ""))
}

/// News to the shop's own systems, to be queued with the step that caused it.
pub(crate) fn event(what: &str, id: &str, mut body: Value, row: &Conversation, at: i64) -> Outgoing {
    if let Some(body) = body.as_object_mut() {
        body.insert("event".to_owned(), json!(what));
        body.insert("id".to_owned(), json!(id));
        body.insert("at".to_owned(), json!(at));
        body.insert("conversation".to_owned(), views::of_conversation(row));
    }
    Outgoing {
        key: id.to_owned(),
        channel: EVENTS.to_owned(),
        lane: row.id.clone(),
        body: body.to_string(),
        at,
        due_at: at,
    }
}

/// Starts the senders and the readers of one shop; they run until they are aborted.
pub fn start(shop: &Arc<ServedShop>) -> Vec<tokio::task::JoinHandle<()>> {
    let mut tasks = Vec::new();
    for (name, channel) in shop.channels.iter() {
        tasks.push(tokio::spawn(outbox::run(shop.clone(), name.to_owned())));
        if let Channel::Email(mailbox) = channel
            && mailbox.inbox.is_some()
        {
            tasks.push(tokio::spawn(email::watch(shop.clone(), name.to_owned())));
        }
    }
    tasks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn citations_go_and_other_brackets_stay() {
        assert_eq!(without_citations("“12 months.” [1] See [2] and [3].", 2), "“12 months.” See and [3].");
        assert_eq!(without_citations("质保一年。[1]", 1), "质保一年。");
        assert_eq!(without_citations("[x]", 0), "[x]");
    }
}
