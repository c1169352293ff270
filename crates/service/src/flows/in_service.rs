//! Published models as they serve: the version in service is read once, shared by all who ask, and replaced in one step by
//! the next. A server keeps one [`InService`] of each kind beside its shop, and loses it with the shop; a command line
//! reads the same models by [`needed`] and keeps nothing.

use std::future::Future;
use std::sync::{Arc, RwLock};

use data::Shop;

use crate::error::{Result, ServiceError};

/// A model made ready to answer.
pub trait Published: Send + Sync + Sized + 'static {
    /// The kind under `models/`.
    const KIND: &'static str;

    /// Reads a version of it.
    fn read(shop: &Shop, version: String) -> impl Future<Output = Result<Self>> + Send;

    fn version(&self) -> &str;

    /// What is said before there is any.
    fn none_yet() -> ServiceError;
}

/// What is in service, read for the one who asks; `None` before anything was published.
pub async fn now<M: Published>(shop: &Shop) -> Result<Option<M>> {
    match shop.models().current(M::KIND)? {
        Some(version) => Ok(Some(M::read(shop, version).await?)),
        None => Ok(None),
    }
}

/// The same.
///
/// # Errors
/// If nothing was published yet, or a file is damaged.
pub async fn needed<M: Published>(shop: &Shop) -> Result<M> {
    now(shop).await?.ok_or_else(M::none_yet)
}

/// One kind of model of one shop, kept.
pub struct InService<M> {
    kept: RwLock<Option<Arc<M>>>,
    /// Held by the one who reads a new version.
    reading: tokio::sync::Mutex<()>,
}

impl<M> Default for InService<M> {
    fn default() -> Self {
        InService { kept: RwLock::default(), reading: tokio::sync::Mutex::default() }
    }
}

impl<M: Published> InService<M> {
    /// What is in service now, if anything. While somebody reads a new version, others are answered by the one before;
    /// whoever trains asks once at the end, so that nobody else waits.
    ///
    /// # Errors
    /// If a file of the version in service is damaged.
    pub async fn now(&self, shop: &Shop) -> Result<Option<Arc<M>>> {
        let Some(version) = shop.models().current(M::KIND)? else { return Ok(None) };
        let before = self.kept();
        if before.as_ref().is_some_and(|kept| kept.version() == version) {
            return Ok(before);
        }
        let _alone = match (self.reading.try_lock(), before) {
            (Ok(alone), _) => alone,
            (Err(_), Some(before)) => return Ok(Some(before)),
            (Err(_), None) => self.reading.lock().await,
        };
        // Whoever held the lock may have read what is wanted, or something newer may be in service by now.
        let Some(version) = shop.models().current(M::KIND)? else { return Ok(None) };
        if let Some(kept) = self.kept().filter(|kept| kept.version() == version) {
            return Ok(Some(kept));
        }
        let read = Arc::new(M::read(shop, version).await?);
        *self.kept.write().expect("no holder panics") = Some(read.clone());
        Ok(Some(read))
    }

    /// The same.
    ///
    /// # Errors
    /// If nothing was published yet, or a file is damaged.
    pub async fn needed(&self, shop: &Shop) -> Result<Arc<M>> {
        self.now(shop).await?.ok_or_else(M::none_yet)
    }

    /// The same for whoever goes on without it: that it cannot be read is logged, with what to do.
    pub async fn if_readable(&self, shop: &Shop) -> Option<Arc<M>> {
        self.now(shop).await.unwrap_or_else(|error| {
            tracing::warn!(kind = M::KIND, message = %error, "a model cannot be read; all goes on without it");
            None
        })
    }

    /// What was read last, if anything.
    pub fn at_hand(&self) -> Option<Arc<M>> {
        self.kept()
    }

    fn kept(&self) -> Option<Arc<M>> {
        self.kept.read().expect("no holder panics").clone()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Weak;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use super::*;

    static N_READ: AtomicUsize = AtomicUsize::new(0);

    #[derive(Debug)]
    struct Word(String, String);

    impl Published for Word {
        const KIND: &'static str = "word";

        async fn read(shop: &Shop, version: String) -> Result<Word> {
            N_READ.fetch_add(1, SeqCst);
            tokio::task::yield_now().await;
            let text = String::from_utf8(shop.models().read(Self::KIND, &version, "word")?);
            Ok(Word(version, text.map_err(|error| ServiceError::failed(error.to_string()))?))
        }

        fn version(&self) -> &str {
            &self.0
        }

        fn none_yet() -> ServiceError {
            ServiceError::not_found("word", "any")
        }
    }

    fn publish(shop: &Shop, word: &[u8]) {
        let version = shop.models().publish("word", &BTreeMap::from([("word".to_owned(), word.to_vec())])).unwrap();
        shop.models().activate("word", &version).unwrap();
    }

    #[test]
    fn a_version_is_read_once_and_replaced_in_one_step() {
        let folder = tempfile::tempdir().unwrap();
        let shop = Shop::create(folder.path().join("shop")).unwrap();
        shop.lock_for_writing().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let last: Weak<Word> = runtime.block_on(async {
            let words = InService::<Word>::default();
            assert!(words.now(&shop).await.unwrap().is_none());
            assert_eq!(words.needed(&shop).await.unwrap_err().code, "not_found");
            publish(&shop, b"one");
            let (first, second) = tokio::join!(words.needed(&shop), words.needed(&shop));
            let (first, second) = (first.unwrap(), second.unwrap());
            assert!(Arc::ptr_eq(&first, &second) && first.1 == "one");
            assert_eq!(N_READ.load(SeqCst), 1);
            publish(&shop, b"two");
            // The second asks while the first reads, and is answered by what was there.
            let (new, old) = tokio::join!(words.needed(&shop), words.needed(&shop));
            assert_eq!((new.unwrap().1.as_str(), old.unwrap().1.as_str()), ("two", "one"));
            assert_eq!(words.needed(&shop).await.unwrap().1, "two");
            assert_eq!(N_READ.load(SeqCst), 2);
            // What cannot be read is said each time, and read again once it can be.
            publish(&shop, &[0xff]);
            assert!(words.needed(&shop).await.is_err() && words.needed(&shop).await.is_err());
            assert!(words.if_readable(&shop).await.is_none());
            publish(&shop, b"three");
            let last = words.needed(&shop).await.unwrap();
            assert_eq!((last.1.as_str(), needed::<Word>(&shop).await.unwrap().1.as_str()), ("three", "three"));
            Arc::downgrade(&last)
        });
        assert!(last.upgrade().is_none(), "what is kept is freed with its keeper");
    }
}
