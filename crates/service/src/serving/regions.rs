//! The region of each customer who has one, in memory: a list is made for where its customer lives, unless the question
//! names another place.

use std::collections::BTreeSet;
use std::sync::{Arc, RwLock};

use data::Shop;
use domain::Customer;
use rustc_hash::FxHashMap;

use crate::error::Result;
use crate::flows::rows::{query, texts};
use crate::store::Store;

#[derive(Default)]
pub struct Regions {
    of: RwLock<FxHashMap<Box<str>, Arc<str>>>,
}

impl Regions {
    /// Reads table and changed rows anew.
    pub async fn load(&self, shop: &Shop, store: &Store) -> Result<()> {
        let mut of: FxHashMap<Box<str>, Arc<str>> = FxHashMap::default();
        // Regions are few and customers many: each name is kept once.
        let mut names: BTreeSet<Arc<str>> = BTreeSet::new();
        let sql = "select customer_id, region from customers where region is not null and region <> ''";
        for batch in query(shop, sql).await? {
            let (ids, regions) = (texts(&batch, "customer_id")?, texts(&batch, "region")?);
            for (id, region) in ids.iter().flatten().zip(regions.iter().flatten()) {
                let name = names.get(region).cloned().unwrap_or_else(|| region.into());
                names.insert(name.clone());
                of.insert(id.into(), name);
            }
        }
        // Under the lock, so that a change made meanwhile is either read here or set afterwards.
        let mut held = self.of.write().expect("no holder panics");
        for changed in store.overlays("customers")? {
            let row = changed.body.as_deref().map(serde_json::from_str::<Customer>).transpose()?;
            put(&mut of, &changed.key, row.and_then(|row| row.region).as_deref());
        }
        *held = of;
        Ok(())
    }

    /// Notes that a customer has moved, or is gone.
    pub fn set(&self, customer_id: &str, region: Option<&str>) {
        put(&mut self.of.write().expect("no holder panics"), customer_id, region);
    }

    pub fn of(&self, customer_id: &str) -> Option<String> {
        self.of.read().expect("no holder panics").get(customer_id).map(|region| region.to_string())
    }
}

fn put(of: &mut FxHashMap<Box<str>, Arc<str>>, customer_id: &str, region: Option<&str>) {
    match region.filter(|region| !region.is_empty()) {
        Some(region) => of.insert(customer_id.into(), region.into()),
        None => of.remove(customer_id),
    };
}
