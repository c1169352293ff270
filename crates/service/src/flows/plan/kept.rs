//! Answers that are kept as long as the tables they come from do not change. What is not here: when that is; whoever asks names the
//! version (`dataset::generations`), read before the tables are.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

use data::Shop;

/// Answers kept of one shop, and shops.
const ANSWERS_MAX: usize = 4;
const SHOPS_MAX: usize = 16;

/// By folder: the last answers with their versions, the oldest first.
pub(super) struct Kept<T>(Mutex<BTreeMap<PathBuf, Vec<(String, T)>>>);

impl<T: Clone> Kept<T> {
    pub(super) const fn new() -> Self {
        Kept(Mutex::new(BTreeMap::new()))
    }

    pub(super) fn get(&self, shop: &Shop, version: &str) -> Option<T> {
        let kept = self.0.lock().expect("no holder panics");
        let of_shop = kept.get(shop.root())?;
        of_shop.iter().find(|(known, _)| known == version).map(|(_, made)| made.clone())
    }

    pub(super) fn put(&self, shop: &Shop, version: String, made: T) {
        let mut kept = self.0.lock().expect("no holder panics");
        if kept.len() >= SHOPS_MAX && !kept.contains_key(shop.root()) {
            kept.clear();
        }
        let of_shop = kept.entry(shop.root().to_owned()).or_default();
        of_shop.retain(|(known, _)| *known != version);
        if of_shop.len() >= ANSWERS_MAX {
            of_shop.remove(0);
        }
        of_shop.push((version, made));
    }
}
