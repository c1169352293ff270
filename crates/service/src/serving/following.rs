//! Search follows the catalogue: after a change of products or documents the indexes in memory are changed too, in the
//! background, one change at a time. What is not here: the indexes (`flows::language::stock`).

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use domain::{KnowledgeDocument, Product};

use super::assistant::generation;
use super::catalogue::Snapshot;
use super::{ServedShop, off_thread};
use crate::background;
use crate::error::Result;
use crate::flows::language::Loaded;
use crate::flows::rows::table;

/// Changes that come one upon another are followed together: the next time after this many times as long as the last took.
const REST: u32 = 4;

/// How far search has followed.
#[derive(Default)]
pub struct Following {
    is_running: AtomicBool,
    /// Something changed while it ran.
    is_wanted: AtomicBool,
    /// Held while it follows.
    alone: tokio::sync::Mutex<()>,
    seen: Mutex<Option<Seen>>,
}

/// What the indexes stand for. The snapshot is kept so that its products are no others'.
struct Seen {
    words: Arc<Loaded>,
    snapshot: Arc<Snapshot>,
    knowledge: u64,
}

impl ServedShop {
    /// Lets search follow what has changed, if anything; returns at once.
    pub fn follow(self: &Arc<Self>) {
        let Some(words) = self.words.at_hand() else { return };
        let (snapshot, knowledge) = (self.snapshot(), generation(&self.shop, "knowledge").ok());
        let is_seen = |seen: &Seen| {
            let is_same = Arc::ptr_eq(&seen.words, &words) && Arc::ptr_eq(&seen.snapshot, &snapshot);
            is_same && Some(seen.knowledge) == knowledge
        };
        if self.following.seen.lock().expect("no holder panics").as_ref().is_some_and(is_seen) {
            return;
        }
        self.following.is_wanted.store(true, SeqCst);
        if !self.following.is_running.swap(true, SeqCst) {
            let own = self.clone();
            background::spawn(async move { own.follow_all().await });
        }
    }

    async fn follow_all(&self) {
        loop {
            while self.following.is_wanted.swap(false, SeqCst) {
                let begun = Instant::now();
                if let Err(error) = self.follow_once().await {
                    tracing::warn!(shop.id = %self.id, message = %error.message, "search does not follow the catalogue");
                }
                tokio::time::sleep(begun.elapsed() * REST).await;
            }
            self.following.is_running.store(false, SeqCst);
            // Whoever asked between the two found it running.
            if !self.following.is_wanted.load(SeqCst) || self.following.is_running.swap(true, SeqCst) {
                return;
            }
        }
    }

    /// Follows now, before it returns.
    pub async fn follow_once(&self) -> Result<()> {
        let _alone = self.following.alone.lock().await;
        let Some(words) = self.words.at_hand() else { return Ok(()) };
        let (snapshot, knowledge) = (self.snapshot(), generation(&self.shop, "knowledge")?);
        let (same_products, same_documents) = match &*self.following.seen.lock().expect("no holder panics") {
            Some(seen) if Arc::ptr_eq(&seen.words, &words) => {
                (seen.snapshot.shares_catalogue(&snapshot), seen.knowledge == knowledge)
            }
            _ => (false, false),
        };
        if !(same_products && same_documents) {
            let documents: Option<Vec<KnowledgeDocument>> =
                if same_documents { None } else { Some(table(&self.shop).await?) };
            let (words, snapshot) = (words.clone(), snapshot.clone());
            let follow = move || {
                let products = snapshot.products.iter().flatten().map(|row| -> &Product { &row.product });
                words.follow(products, documents.as_deref())
            };
            let n_changed = off_thread(follow).await?;
            tracing::info!(shop.id = %self.id, n_changed, "search follows the catalogue");
        }
        *self.following.seen.lock().expect("no holder panics") = Some(Seen { words, snapshot, knowledge });
        Ok(())
    }
}
