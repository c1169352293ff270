//! Every shop one process serves, found by id or by key.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use super::ServedShop;
use crate::auth::keys::KeyRecord;
use crate::error::{Result, ServiceError};
use crate::metrics::Metrics;

pub struct Shops {
    by_id: BTreeMap<String, Arc<ServedShop>>,
    /// Digest of a key's secret -> shop and key.
    keys: RwLock<BTreeMap<String, (String, KeyRecord)>>,
}

/// A shop folder itself, or every shop folder inside a folder.
pub fn folders(dir: &Path) -> Result<Vec<PathBuf>> {
    if dir.join("tercet.toml").is_file() {
        return Ok(vec![dir.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(|error| {
        ServiceError::usage("shop", format!("{}: {error}", dir.display()))
            .help("give a shop folder with --shop DIR; tercet init DIR makes one")
    })? {
        let path = entry?.path();
        if path.join("tercet.toml").is_file() {
            found.push(path);
        }
    }
    found.sort();
    if found.is_empty() {
        let message = format!("{} is no shop folder and holds none (no tercet.toml)", dir.display());
        return Err(ServiceError::usage("shop", message)
            .help("tercet init DIR makes an empty shop, tercet demo DIR a simulated one"));
    }
    Ok(found)
}

impl Shops {
    pub async fn open(dir: &Path, metrics: &Arc<Metrics>) -> Result<Shops> {
        let mut by_id = BTreeMap::new();
        for folder in folders(dir)? {
            let shop = ServedShop::open(&folder, metrics.clone()).await?;
            by_id.insert(shop.id.clone(), shop);
        }
        let shops = Shops { by_id, keys: RwLock::default() };
        shops.check_channels()?;
        shops.reload_keys()?;
        Ok(shops)
    }

    /// One shop, opened beside whoever holds it, with one more key, which is not stored.
    pub async fn beside(dir: &Path, metrics: &Arc<Metrics>, key: KeyRecord) -> Result<Shops> {
        let shop = ServedShop::open_beside(data::Shop::open(dir)?, metrics.clone()).await?;
        let id = shop.id.clone();
        let shops = Shops { by_id: BTreeMap::from([(id.clone(), shop)]), keys: RwLock::default() };
        shops.reload_keys()?;
        shops.keys.write().expect("no holder panics").insert(key.digest.clone(), (id, key));
        Ok(shops)
    }

    /// A channel's address names no shop, so that names must not be given twice.
    fn check_channels(&self) -> Result<()> {
        let mut owners = BTreeMap::new();
        for (id, shop) in &self.by_id {
            for (name, _) in shop.channels.iter().filter(|(name, _)| *name != crate::channels::EVENTS) {
                if let Some(other) = owners.insert(name, id) {
                    let message = format!("shops '{other}' and '{id}' both have a channel '{name}'");
                    return Err(ServiceError::usage("config", message)
                        .help("name one of them otherwise: [channels.NAME] of tercet.toml"));
                }
            }
        }
        Ok(())
    }

    /// The shop with a channel of this name.
    pub fn by_channel(&self, name: &str) -> Option<Arc<ServedShop>> {
        self.iter().find(|shop| shop.channels.get(name).is_some()).cloned()
    }

    /// Reads all keys anew: after one was made or revoked.
    pub fn reload_keys(&self) -> Result<()> {
        let mut keys = BTreeMap::new();
        for (id, shop) in &self.by_id {
            for key in shop.store.keys()? {
                keys.insert(key.digest.clone(), (id.clone(), key));
            }
        }
        *self.keys.write().expect("no holder panics") = keys;
        Ok(())
    }

    pub fn by_key(&self, digest: &str) -> Option<(Arc<ServedShop>, KeyRecord)> {
        let (id, key) = self.keys.read().expect("no holder panics").get(digest).cloned()?;
        Some((self.by_id(&id)?, key))
    }

    pub fn by_id(&self, id: &str) -> Option<Arc<ServedShop>> {
        self.by_id.get(id).cloned()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<ServedShop>> {
        self.by_id.values()
    }
}
