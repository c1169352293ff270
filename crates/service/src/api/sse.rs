//! Server-sent events: a conversation's stream for its customer, and the desk's. A stream begins where its reader says it
//! stopped and reads the store, so that whoever reconnects misses nothing.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_core::Stream;
use serde::Serialize;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::conversations::hub::{DeskListener, Listener, News};
use crate::conversations::views::{self, ChatMessage, ChatState, ConversationRow, For};
use crate::error::Result;
use crate::serving::{ServedShop, off_thread};

/// Events made ahead of a slow reader.
const AHEAD: usize = 8;
/// A comment so often keeps what stands between from closing the line.
const ALIVE_EVERY: Duration = Duration::from_secs(15);
/// Messages read at a time.
const MESSAGES_MAX: usize = 200;

struct Events(Receiver<Event>);

impl Stream for Events {
    type Item = std::result::Result<Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|event| event.map(Ok))
    }
}

fn answer(events: Receiver<Event>) -> Response {
    Sse::new(Events(events)).keep_alive(KeepAlive::new().interval(ALIVE_EVERY)).into_response()
}

/// What a reconnecting browser has seen last.
pub fn last_event_id(headers: &HeaderMap) -> Option<i64> {
    headers.get("last-event-id")?.to_str().ok()?.trim().parse().ok()
}

/// Whether the reader is still there.
async fn send(to: &Sender<Event>, name: &str, id: Option<i64>, data: &impl Serialize) -> bool {
    let event = Event::default().event(name);
    let event = id.map_or_else(|| event.clone(), |id| event.clone().id(id.to_string()));
    match event.json_data(data) {
        Ok(event) => to.send(event).await.is_ok(),
        Err(_) => false,
    }
}

/// A conversation from the message after `after` on.
pub fn conversation(shop: Arc<ServedShop>, listener: Listener, id: String, after: i64) -> Response {
    let (to, events) = channel(AHEAD);
    tokio::spawn(tell(shop, listener, id, after, to));
    answer(events)
}

async fn tell(shop: Arc<ServedShop>, mut listener: Listener, id: String, mut after: i64, to: Sender<Event>) {
    let mut told: Option<ChatState> = None;
    loop {
        let Ok((messages, state)) = read(&shop, &id, after).await else { return };
        let has_more = messages.len() == MESSAGES_MAX;
        for message in messages {
            after = message.seq;
            if !send(&to, "message", Some(message.seq), &message).await {
                return;
            }
        }
        if has_more {
            continue;
        }
        if told.as_ref() != Some(&state) {
            if !send(&to, "state", None, &state).await {
                return;
            }
            told = Some(state);
        }
        loop {
            let news = tokio::select! {
                _ = to.closed() => return,
                news = listener.next() => news,
            };
            match news {
                None => return,
                Some(News::Changed) => break,
                Some(News::Typing) => {
                    if !send(&to, "typing", None, &serde_json::json!({})).await {
                        return;
                    }
                }
            }
        }
    }
}

async fn read(shop: &Arc<ServedShop>, id: &str, after: i64) -> Result<(Vec<ChatMessage>, ChatState)> {
    let (shop, id) = (shop.clone(), id.to_owned());
    off_thread(move || {
        let state = shop.shop.state()?;
        let row = state.conversation(&id)?;
        let row = row.ok_or_else(|| crate::error::ServiceError::not_found("conversation", &id))?;
        let messages = state.messages(&id, after, MESSAGES_MAX)?;
        let messages = messages.iter().map(|message| views::message(message, For::Customer)).collect::<Result<_>>()?;
        Ok((messages, shop.chat_state(&row)?))
    })
    .await
}

/// Every conversation that changes, for the desk.
pub fn desk(shop: Arc<ServedShop>, mut listener: DeskListener) -> Response {
    let (to, events) = channel(AHEAD);
    tokio::spawn(async move {
        loop {
            let news = tokio::select! {
                _ = to.closed() => return,
                news = listener.next() => news,
            };
            let Some(id) = news else { return };
            // Some were missed: whoever reads asks for the list again.
            let Some(id) = id else {
                if !send(&to, "missed", None, &serde_json::json!({})).await {
                    return;
                }
                continue;
            };
            let own = shop.clone();
            let row = off_thread(move || Ok(own.shop.state()?.conversation(&id)?)).await;
            let Ok(Some(row)) = row else { continue };
            if !send(&to, "changed", None, &ConversationRow::from(&row)).await {
                return;
            }
        }
    });
    answer(events)
}
