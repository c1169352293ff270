//! Conversations of customer service: who may speak, what is on disk before it is answered, who is told, who answers. What is
//! said comes from `serving::assistant`; what is kept, from `data::state`. No HTTP here.
//!
//! The steps of one conversation come strictly one after another: whoever changes it holds its lock ([`Conversations::alone`])
//! from reading its row to the commit. Nothing of a conversation is in memory between its steps.

pub mod config;
pub mod figures;
mod hear;
pub mod hub;
pub mod memory;
pub mod notices;
mod steps;
pub mod token;
pub mod views;
mod wait;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, Semaphore, SemaphorePermit};

use self::config::ServiceConfig;
use self::hub::Hub;
use crate::auth::limits::Limits;
use crate::clock;
use crate::error::{Kind, Result, ServiceError};

pub(crate) use self::steps::NAMELESS;
pub use self::steps::{Opened, Opening, Spoken};
pub use self::views::{ChatMessage, ChatState, ConversationRow};

/// Characters of a message.
pub const TEXT_CHARS_MAX: usize = 4_000;
/// Messages sent at once, before the limit of a minute counts.
const BURST: f64 = 10.0;

/// Steps worked on at once for each processor: enough to work on some while others wait for the disk. More would only make
/// everybody slower, and each has megabytes in hand.
const STEPS_PER_CORE: usize = 8;

/// What one shop's conversations share.
pub struct Conversations {
    pub config: ServiceConfig,
    pub hub: Hub,
    locks: Mutex<HashMap<String, Arc<AsyncMutex<()>>>>,
    /// Steps worked on at once.
    room: Semaphore,
    of_conversation: Limits,
    of_key: Limits,
}

/// Nobody else changes the conversation while this lives.
pub struct Alone<'a> {
    all: &'a Conversations,
    id: String,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        self.guard = None;
        let mut locks = self.all.locks.lock().expect("no holder panics");
        // Whoever waits holds it too.
        if locks.get(&self.id).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            locks.remove(&self.id);
        }
    }
}

impl Conversations {
    /// # Errors
    /// If `[service]` of tercet.toml says what is not allowed.
    pub fn new(table: &toml::Table) -> Result<Conversations> {
        let config = ServiceConfig::read(table)?;
        let burst = BURST.max(config.messages_per_minute / 6.0);
        Ok(Conversations {
            of_conversation: Limits::new(burst, config.messages_per_minute / 60.0),
            of_key: Limits::new(config.conversations_per_minute, config.conversations_per_minute / 60.0),
            config,
            hub: Hub::default(),
            locks: Mutex::default(),
            room: Semaphore::new(STEPS_PER_CORE * std::thread::available_parallelism().map_or(2, usize::from)),
        })
    }

    /// Waits until nobody else changes the conversation.
    pub async fn alone(&self, id: &str) -> Alone<'_> {
        let lock = self.locks.lock().expect("no holder panics").entry(id.to_owned()).or_default().clone();
        let guard = lock.lock_owned().await;
        Alone { all: self, id: id.to_owned(), guard: Some(guard) }
    }

    /// Waits until a step may be worked on; until this is dropped it counts as one.
    pub async fn room(&self) -> SemaphorePermit<'_> {
        self.room.acquire().await.expect("never closed")
    }

    /// Counts a message of a conversation.
    ///
    /// # Errors
    /// If there were too many of late.
    pub fn count_message(&self, id: &str) -> Result<()> {
        let help = "wait a moment before the next message; [service] messages_per_minute of tercet.toml sets the limit";
        let taken = self.of_conversation.take(id, 1.0, clock::now().0);
        taken.map_err(|seconds| too_many("this conversation sends too many messages", seconds, help))
    }

    /// Counts a conversation opened with a key.
    ///
    /// # Errors
    /// If there were too many of late.
    pub fn count_opening(&self, caller: &str) -> Result<()> {
        let help = "wait a moment; [service] conversations_per_minute of tercet.toml sets the limit";
        let taken = self.of_key.take(caller, 1.0, clock::now().0);
        taken.map_err(|seconds| too_many("too many conversations are being opened", seconds, help))
    }
}

fn too_many(message: &str, seconds: u64, help: &str) -> ServiceError {
    ServiceError::new(Kind::TooMany, "rate", message).detail(json!({"retry_after_seconds": seconds})).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_after_another_and_nothing_stays() {
        let all = Arc::new(Conversations::new(&toml::Table::new()).unwrap());
        let first = all.alone("a").await;
        let other = all.alone("b").await;
        let waiting = tokio::spawn({
            let all = all.clone();
            async move { drop(all.alone("a").await) }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(first);
        waiting.await.unwrap();
        drop(other);
        assert!(all.locks.lock().unwrap().is_empty());
    }

    #[test]
    fn floods_are_told_when_to_come_back() {
        let all = Conversations::new(&toml::Table::new()).unwrap();
        let errors: Vec<ServiceError> = (0..30).filter_map(|_| all.count_message("a").err()).collect();
        assert_eq!(errors.len(), 20);
        assert!(errors[0].detail.as_ref().unwrap()["retry_after_seconds"].as_u64().unwrap() >= 1);
        assert!(all.count_message("b").is_ok());
    }
}
