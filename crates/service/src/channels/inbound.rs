//! What every channel does with a message: finds or opens the conversation of whoever writes, has it answered, and takes the
//! answer out of the outbox if it is ready while the request still waits.

use std::sync::Arc;
use std::time::Duration;

use assist::turn::Lang;
use serde_json::Value;

use super::parcel_key;
use crate::clock;
use crate::conversations::ChatMessage;
use crate::error::{Kind, Result, ServiceError};
use crate::serving::{ServedShop, off_thread};

/// A message, an event, or something that cannot be read.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    Text(String),
    /// A picture, a voice, a place …: what it is, in Chinese and English.
    Unreadable(&'static str, &'static str),
    /// Somebody came and said nothing yet.
    Arrived,
}

/// What came by a channel.
#[derive(Clone, Debug)]
pub struct Incoming {
    pub channel: String,
    /// Who writes, as the channel names them.
    pub peer: String,
    /// The channel's own number of it.
    pub key: String,
    pub told: Told,
    pub lang: Option<Lang>,
    /// What a reply needs.
    pub thread: Value,
    /// Whom the shop vouches for.
    pub customer_id: Option<String>,
}

/// What is given in the answer to the request.
#[derive(Clone, Debug)]
pub struct Handed {
    pub conversation_id: String,
    /// `bot`, `waiting`, `person` or `closed`.
    pub state: String,
    pub message: Option<ChatMessage>,
    /// The answer as a whole, if there is one.
    pub answer: Option<ChatMessage>,
    /// Its first piece, if it leaves here and not through the outbox.
    pub text: Option<String>,
}

/// Has a message answered; `None` when that takes longer than `patience`: the message is on disk then, and the answer leaves
/// through the outbox.
///
/// # Errors
/// If there were too many messages of late, or nothing can be written in time.
pub async fn hear_and_wait(shop: &Arc<ServedShop>, incoming: Incoming, patience: Duration) -> Result<Option<Handed>> {
    let (channel, key) = (incoming.channel.clone(), incoming.key.clone());
    let own = shop.clone();
    // Goes on to its end when nobody waits any longer.
    let work = tokio::spawn(async move { own.hear(incoming).await });
    let Ok(done) = tokio::time::timeout(patience, work).await else {
        let own = shop.clone();
        return match off_thread(move || Ok(own.shop.state()?.heard_in(&channel, &key)?)).await? {
            Some(_) => Ok(None),
            // It is not on disk yet: whoever sent it is to keep it.
            None => Err(ServiceError::new(Kind::Unavailable, "busy", "the message could not be taken in time")
                .help("send it again with the same id")),
        };
    };
    let heard = done.map_err(|error| ServiceError::failed(format!("a step broke off: {error}")))??;
    let own = shop.clone();
    off_thread(move || {
        let text =
            heard.answer.as_ref().map(|answer| taken(&own, &channel, &heard.conversation_id, answer)).transpose()?;
        own.channels.wake();
        Ok(Some(Handed {
            conversation_id: heard.conversation_id,
            state: heard.state,
            message: heard.message,
            answer: heard.answer,
            text: text.flatten(),
        }))
    })
    .await
}

/// The first piece of an answer, if it can still be taken out of the outbox, or was and is asked for again. The others go.
fn taken(shop: &ServedShop, channel: &str, conversation_id: &str, answer: &ChatMessage) -> Result<Option<String>> {
    let state = shop.shop.state()?;
    let (key, now) = (parcel_key(conversation_id, answer.seq, 0), clock::now().0);
    let is_handed = state.hand_outgoing(&key, now)?;
    if is_handed {
        state.release_outgoing(channel, conversation_id, now)?;
    }
    if !is_handed && state.outgoing_state(&key)?.as_deref() != Some("handed") {
        return Ok(None);
    }
    let n_cited = answer.reply.as_ref().and_then(|reply| reply["evidence"].as_array()).map_or(0, Vec::len);
    let text = super::without_citations(&answer.text, n_cited);
    let Some(channel) = shop.channels.get(channel) else { return Ok(None) };
    Ok(channel.pieces(&text).first().map(|piece| (*piece).to_owned()))
}
