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
    held: RwLock<Held>,
}

#[derive(Default)]
struct Held {
    of: FxHashMap<Box<str>, Arc<str>>,
    /// Changes made while the table is being read, in order.
    meanwhile: Option<Vec<(String, Option<String>)>>,
}

impl Regions {
    /// Reads table and changed rows anew. Whoever asks meanwhile is answered from what was known.
    pub async fn load(&self, shop: &Shop, store: &Store) -> Result<()> {
        self.held.write().expect("no holder panics").meanwhile = Some(Vec::new());
        let read = read(shop, store).await;
        let mut held = self.held.write().expect("no holder panics");
        let meanwhile = held.meanwhile.take().unwrap_or_default();
        let mut of = read?;
        for (customer_id, region) in meanwhile {
            put(&mut of, &customer_id, region.as_deref());
        }
        std::mem::swap(&mut held.of, &mut of);
        // Millions of entries are given back where nobody waits for the lock.
        drop(held);
        drop(of);
        Ok(())
    }

    /// Notes that a customer has moved, or is gone.
    pub fn set(&self, customer_id: &str, region: Option<&str>) {
        let mut held = self.held.write().expect("no holder panics");
        put(&mut held.of, customer_id, region);
        if let Some(meanwhile) = &mut held.meanwhile {
            meanwhile.push((customer_id.to_owned(), region.map(str::to_owned)));
        }
    }

    pub fn of(&self, customer_id: &str) -> Option<String> {
        self.held.read().expect("no holder panics").of.get(customer_id).map(|region| region.to_string())
    }
}

async fn read(shop: &Shop, store: &Store) -> Result<FxHashMap<Box<str>, Arc<str>>> {
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
    for changed in store.overlays("customers")? {
        let row = changed.body.as_deref().map(serde_json::from_str::<Customer>).transpose()?;
        put(&mut of, &changed.key, row.and_then(|row| row.region).as_deref());
    }
    Ok(of)
}

fn put(of: &mut FxHashMap<Box<str>, Arc<str>>, customer_id: &str, region: Option<&str>) {
    match region.filter(|region| !region.is_empty()) {
        Some(region) => of.insert(customer_id.into(), region.into()),
        None => of.remove(customer_id),
    };
}
