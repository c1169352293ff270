//! The recent history of each customer in memory: what a list is computed from, updated the moment an event is durable.
//! Bounded: so many products per customer, so many customers.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use rustc_hash::{FxHashMap, FxHasher};

/// Products kept per customer: the latest.
const SIGNS_MAX: usize = 200;
const N_SHARDS: usize = 64;

/// One customer's dealings with one product.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sign {
    pub product: u32,
    pub weight: f32,
    /// UTC milliseconds of the latest.
    pub at: i64,
    pub bought: bool,
}

pub struct Histories {
    shards: Vec<Mutex<FxHashMap<Box<str>, Vec<Sign>>>>,
    n_customers: AtomicUsize,
    customers_max: usize,
}

impl Histories {
    pub fn new(customers_max: usize) -> Self {
        let shards = (0..N_SHARDS).map(|_| Mutex::default()).collect();
        Histories { shards, n_customers: AtomicUsize::new(0), customers_max }
    }

    fn shard(&self, customer_id: &str) -> &Mutex<FxHashMap<Box<str>, Vec<Sign>>> {
        use std::hash::Hasher;
        let mut hasher = FxHasher::default();
        hasher.write(customer_id.as_bytes());
        &self.shards[(hasher.finish() >> 32) as usize % N_SHARDS]
    }

    /// Adds a sign; the strongest weight and the latest time of a product stand.
    pub fn add(&self, customer_id: &str, sign: Sign) {
        let mut shard = self.shard(customer_id).lock().expect("no holder panics");
        if !shard.contains_key(customer_id) {
            if self.n_customers.load(Relaxed) >= self.customers_max {
                // Whoever has been silent longest among a few makes room.
                let silent = shard.iter().take(16).min_by_key(|(_, signs)| signs.iter().map(|s| s.at).max());
                let Some(silent) = silent.map(|(id, _)| id.clone()) else { return };
                shard.remove(&silent);
                self.n_customers.fetch_sub(1, Relaxed);
            }
            shard.insert(customer_id.into(), Vec::new());
            self.n_customers.fetch_add(1, Relaxed);
        }
        let signs = shard.get_mut(customer_id).expect("inserted above");
        if let Some(known) = signs.iter_mut().find(|known| known.product == sign.product) {
            known.weight = known.weight.max(sign.weight);
            known.at = known.at.max(sign.at);
            known.bought |= sign.bought;
            return;
        }
        if signs.len() >= SIGNS_MAX {
            let oldest = (0..signs.len()).min_by_key(|at| signs[*at].at).expect("not empty");
            if signs[oldest].at > sign.at {
                return;
            }
            signs.swap_remove(oldest);
        }
        signs.push(sign);
    }

    /// Fills `signs` with the history of `customer_id`, oldest first; `false` for someone unknown.
    pub fn read(&self, customer_id: &str, signs: &mut Vec<Sign>) -> bool {
        signs.clear();
        let shard = self.shard(customer_id).lock().expect("no holder panics");
        let Some(known) = shard.get(customer_id) else { return false };
        signs.extend_from_slice(known);
        drop(shard);
        signs.sort_unstable_by_key(|sign| (sign.at, sign.product));
        true
    }

    /// Forgets a customer.
    pub fn erase(&self, customer_id: &str) {
        if self.shard(customer_id).lock().expect("no holder panics").remove(customer_id).is_some() {
            self.n_customers.fetch_sub(1, Relaxed);
        }
    }

    pub fn n_customers(&self) -> usize {
        self.n_customers.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(product: u32, weight: f32, at: i64) -> Sign {
        Sign { product, weight, at, bought: false }
    }

    #[test]
    fn the_latest_products_are_kept() {
        let histories = Histories::new(10);
        for at in 0..SIGNS_MAX as u32 + 50 {
            histories.add("a", sign(at, 1.0, i64::from(at)));
        }
        histories.add("a", sign(60, 5.0, 10_000));
        let mut signs = Vec::new();
        assert!(histories.read("a", &mut signs));
        assert_eq!(signs.len(), SIGNS_MAX);
        assert_eq!(signs[0], sign(50, 1.0, 50));
        assert_eq!(signs[SIGNS_MAX - 1], sign(60, 5.0, 10_000));
        histories.erase("a");
        assert!(!histories.read("a", &mut signs));
        assert!(signs.is_empty());
    }

    #[test]
    fn the_number_of_customers_is_bounded() {
        let histories = Histories::new(500);
        for at in 0..5000 {
            histories.add(&format!("customer {at}"), sign(0, 1.0, at));
        }
        assert_eq!(histories.n_customers(), 500);
    }
}
