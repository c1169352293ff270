//! The recent history of each customer in memory: what a list is computed from, updated the moment an event is durable.
//! Bounded: so many products per customer, so many customers.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use rustc_hash::{FxHashMap, FxHasher};

use crate::flows::dataset::Dealings;

/// Products kept per customer: the latest. What a list is computed from and stored with, so it is short.
const SIGNS_MAX: usize = 64;
const N_SHARDS: usize = 64;

/// One customer's dealings with one product.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sign {
    pub product: u32,
    pub dealings: Dealings,
}

impl Sign {
    fn merge(&mut self, new: Dealings) {
        let known = &mut self.dealings;
        if new.seen_weight > known.seen_weight {
            (known.seen_weight, known.seen_kind) = (new.seen_weight, new.seen_kind);
        }
        if new.seen_at >= known.seen_at && new.price_cents != 0 {
            known.price_cents = new.price_cents;
        }
        known.seen_at = known.seen_at.max(new.seen_at);
        known.bought_at = known.bought_at.max(new.bought_at);
    }
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

    /// Adds a sign; the strongest weight and the latest times of a product stand.
    pub fn add(&self, customer_id: &str, sign: Sign) {
        let mut shard = self.shard(customer_id).lock().expect("no holder panics");
        if !shard.contains_key(customer_id) {
            if self.n_customers.load(Relaxed) >= self.customers_max {
                // Whoever has been silent longest among a few makes room.
                let last = |signs: &[Sign]| signs.iter().map(|sign| sign.dealings.at()).max();
                let silent = shard.iter().take(16).min_by_key(|(_, signs)| last(signs));
                let Some(silent) = silent.map(|(id, _)| id.clone()) else { return };
                shard.remove(&silent);
                self.n_customers.fetch_sub(1, Relaxed);
            }
            shard.insert(customer_id.into(), Vec::new());
            self.n_customers.fetch_add(1, Relaxed);
        }
        let signs = shard.get_mut(customer_id).expect("inserted above");
        if let Some(known) = signs.iter_mut().find(|known| known.product == sign.product) {
            return known.merge(sign.dealings);
        }
        if signs.len() >= SIGNS_MAX {
            let oldest = (0..signs.len()).min_by_key(|at| signs[*at].dealings.at()).expect("not empty");
            if signs[oldest].dealings.at() > sign.dealings.at() {
                return;
            }
            signs.swap_remove(oldest);
        }
        signs.push(sign);
    }

    /// Changes what is known of a customer and a product, if anything is; what is then empty goes.
    pub fn change(&self, customer_id: &str, product: u32, change: impl FnOnce(&mut Dealings)) {
        let mut shard = self.shard(customer_id).lock().expect("no holder panics");
        let Some(signs) = shard.get_mut(customer_id) else { return };
        if let Some(at) = signs.iter().position(|sign| sign.product == product) {
            change(&mut signs[at].dealings);
            if signs[at].dealings.is_empty() {
                signs.swap_remove(at);
            }
        }
    }

    /// Fills `signs` with the history of `customer_id`, oldest first; `false` for someone unknown.
    pub fn read(&self, customer_id: &str, signs: &mut Vec<Sign>) -> bool {
        signs.clear();
        let shard = self.shard(customer_id).lock().expect("no holder panics");
        let Some(known) = shard.get(customer_id) else { return false };
        signs.extend_from_slice(known);
        drop(shard);
        signs.sort_unstable_by_key(|sign| (sign.dealings.at(), sign.product));
        true
    }

    /// Everyone of whom something is known, by id.
    pub fn customers(&self) -> Vec<String> {
        let of = |shard: &Mutex<FxHashMap<Box<str>, Vec<Sign>>>| -> Vec<String> {
            shard.lock().expect("no holder panics").keys().map(|id| id.to_string()).collect()
        };
        let mut ids: Vec<String> = self.shards.iter().flat_map(of).collect();
        ids.sort_unstable();
        ids
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
    use domain::EventKind;

    use super::*;

    fn sign(product: u32, seen_weight: f32, seen_at: i64) -> Sign {
        let seen_kind = Some(EventKind::View);
        Sign { product, dealings: Dealings { seen_weight, seen_kind, seen_at, ..Dealings::default() } }
    }

    #[test]
    fn the_latest_products_are_kept() {
        let histories = Histories::new(10);
        for at in 1..=SIGNS_MAX as u32 + 50 {
            histories.add("a", sign(at, 1.0, i64::from(at)));
        }
        histories.add("a", sign(60, 5.0, 10_000));
        let mut signs = Vec::new();
        assert!(histories.read("a", &mut signs));
        assert_eq!(signs.len(), SIGNS_MAX);
        assert_eq!(signs[0], sign(51, 1.0, 51));
        assert_eq!(signs[SIGNS_MAX - 1], sign(60, 5.0, 10_000));
        histories.erase("a");
        assert!(!histories.read("a", &mut signs));
        assert!(signs.is_empty());
    }

    #[test]
    fn what_is_given_back_is_forgotten() {
        let histories = Histories::new(10);
        let bought = Dealings { bought_at: 5, ..sign(1, 1.0, 4).dealings };
        let mut signs = Vec::new();
        for (at, expected) in
            [(6, None), (4, Some(Dealings { bought_at: 5, ..Dealings::default() })), (3, Some(bought))]
        {
            histories.erase("a");
            histories.add("a", Sign { product: 1, dealings: bought });
            histories.change("a", 1, |dealings| dealings.give_back(at));
            histories.read("a", &mut signs);
            assert_eq!(signs.first().map(|sign| sign.dealings), expected, "{at}");
        }
        assert_eq!(histories.customers(), ["a"]);
    }

    #[test]
    fn the_number_of_customers_is_bounded() {
        let histories = Histories::new(500);
        for at in 0..5000 {
            histories.add(&format!("customer {at}"), sign(0, 1.0, at + 1));
        }
        assert_eq!(histories.n_customers(), 500);
    }
}
