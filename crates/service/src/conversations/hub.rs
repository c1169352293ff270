//! Who is to be told that a conversation went on: open streams of customers and of the desk. Only the news that there is
//! something goes through here; what it is, is read from the store, so that a stream that was cut loses nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::{broadcast, watch};

use crate::error::{Kind, Result, ServiceError};

/// News that may wait for a slow reader; one who missed some is told that something changed.
const WAITING_MAX: usize = 16;
const DESK_WAITING_MAX: usize = 256;
/// Open streams of one conversation: some tabs of one customer.
const STREAMS_MAX: usize = 16;

/// What happened in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// There are new messages, or the state is another.
    Changed,
    /// A person is writing.
    Typing,
}

/// The open streams of one shop.
pub struct Hub {
    /// Only conversations that somebody listens to.
    open: Mutex<HashMap<String, broadcast::Sender<News>>>,
    /// Ids of conversations that changed.
    desk: broadcast::Sender<Arc<str>>,
    closing: watch::Sender<bool>,
}

impl Default for Hub {
    fn default() -> Self {
        Hub {
            open: Mutex::default(),
            desk: broadcast::Sender::new(DESK_WAITING_MAX),
            closing: watch::Sender::new(false),
        }
    }
}

/// One stream's ear.
pub struct Listener {
    news: broadcast::Receiver<News>,
    closing: watch::Receiver<bool>,
}

impl Listener {
    /// The next news; `None` when the server stops.
    pub async fn next(&mut self) -> Option<News> {
        tokio::select! {
            _ = self.closing.wait_for(|closing| *closing) => None,
            news = self.news.recv() => match news {
                Ok(news) => Some(news),
                Err(broadcast::error::RecvError::Lagged(_)) => Some(News::Changed),
                Err(broadcast::error::RecvError::Closed) => None,
            },
        }
    }
}

/// The desk's ear.
pub struct DeskListener {
    news: broadcast::Receiver<Arc<str>>,
    closing: watch::Receiver<bool>,
}

impl DeskListener {
    /// Id of the next conversation that changed, or of none when some were missed; `None` when the server stops.
    pub async fn next(&mut self) -> Option<Option<Arc<str>>> {
        tokio::select! {
            _ = self.closing.wait_for(|closing| *closing) => None,
            news = self.news.recv() => match news {
                Ok(id) => Some(Some(id)),
                Err(broadcast::error::RecvError::Lagged(_)) => Some(None),
                Err(broadcast::error::RecvError::Closed) => None,
            },
        }
    }
}

impl Hub {
    /// # Errors
    /// If the conversation has many streams already.
    pub fn listen(&self, conversation_id: &str) -> Result<Listener> {
        let mut open = self.open.lock().expect("no holder panics");
        // Now and then, so that opening many costs no more than each.
        if open.len().is_power_of_two() {
            open.retain(|_, sender| sender.receiver_count() > 0);
        }
        let sender = open.entry(conversation_id.to_owned()).or_insert_with(|| broadcast::Sender::new(WAITING_MAX));
        if sender.receiver_count() >= STREAMS_MAX {
            let message = format!("the conversation has {STREAMS_MAX} open streams");
            return Err(ServiceError::new(Kind::TooMany, "streams", message).help("close some first"));
        }
        Ok(Listener { news: sender.subscribe(), closing: self.closing.subscribe() })
    }

    pub fn listen_to_all(&self) -> DeskListener {
        DeskListener { news: self.desk.subscribe(), closing: self.closing.subscribe() }
    }

    /// Tells whoever listens.
    pub fn tell(&self, conversation_id: &str, news: News) {
        if let Some(sender) = self.open.lock().expect("no holder panics").get(conversation_id) {
            let _ = sender.send(news);
        }
        if news == News::Changed {
            let _ = self.desk.send(conversation_id.into());
        }
    }

    /// Ends every stream, and those opened later: the server stops.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    #[cfg(test)]
    fn n_open(&self) -> usize {
        self.open.lock().unwrap().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn news_reach_who_listens_and_nothing_is_kept_of_others() {
        let hub = Hub::default();
        hub.tell("nobody", News::Changed);
        let (mut a, mut desk) = (hub.listen("a").unwrap(), hub.listen_to_all());
        hub.tell("a", News::Typing);
        hub.tell("b", News::Changed);
        hub.tell("a", News::Changed);
        assert_eq!((a.next().await, a.next().await), (Some(News::Typing), Some(News::Changed)));
        assert_eq!((desk.next().await, desk.next().await), (Some(Some("b".into())), Some(Some("a".into()))));
        for _ in 0..100 {
            hub.tell("a", News::Typing);
        }
        assert_eq!(a.next().await, Some(News::Changed), "missed news count as a change");
        drop(a);
        let _other = hub.listen("c").unwrap();
        assert_eq!(hub.n_open(), 1);
        hub.close();
        assert_eq!(hub.listen("c").unwrap().next().await, None);
        let many: Vec<_> = (0..99).map_while(|_| hub.listen("d").ok()).collect();
        assert_eq!(many.len(), STREAMS_MAX);
    }
}
