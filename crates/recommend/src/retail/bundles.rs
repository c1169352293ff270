//! What is bought together more often than chance explains. The lift of b given a is P(b | a) / P(b); what counts here
//! is its lower bound, so that two orders in common do not make a bundle.

use std::collections::BTreeMap;

use domain::Settings;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::Purchase;

/// One companion of a product.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bundle {
    pub item: u32,
    /// Orders that hold both.
    pub n_orders: u32,
    pub lift: f64,
    /// Lower confidence bound of the lift.
    pub lift_low: f64,
}

/// Companions by product, the surest first, ties by item.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bundles(BTreeMap<u32, Vec<Bundle>>);

/// A larger order is a wholesaler's; its pairs say nothing and there are quadratically many.
const ITEMS_PER_ORDER_MAX: usize = 60;
const COMPANIONS_MAX: usize = 30;

impl Bundles {
    /// The companions of `item`.
    pub fn of(&self, item: u32) -> &[Bundle] {
        self.0.get(&item).map_or(&[], Vec::as_slice)
    }

    /// Counts pairs within orders and keeps those whose lift is surely above 1.
    pub fn learn(purchases: &[Purchase], n_items: usize, settings: &Settings) -> Bundles {
        let orders = orders(purchases, n_items);
        let mut n_orders_of = vec![0u32; n_items];
        let mut pairs: FxHashMap<(u32, u32), u32> = FxHashMap::default();
        for order in &orders {
            for (at, &a) in order.iter().enumerate() {
                n_orders_of[a as usize] += 1;
                for &b in order[at + 1..].iter().filter(|_| order.len() <= ITEMS_PER_ORDER_MAX) {
                    *pairs.entry((a, b)).or_default() += 1;
                }
            }
        }
        let mut pairs: Vec<_> = pairs.into_iter().collect();
        pairs.sort_unstable();
        let mut bundles = Bundles::default();
        for ((a, b), n_both) in pairs {
            bundles.consider(a, b, n_both, &n_orders_of, orders.len(), settings);
            bundles.consider(b, a, n_both, &n_orders_of, orders.len(), settings);
        }
        for list in bundles.0.values_mut() {
            list.sort_by(|x, y| y.lift_low.total_cmp(&x.lift_low).then(x.item.cmp(&y.item)));
            list.truncate(COMPANIONS_MAX);
        }
        bundles
    }

    fn consider(&mut self, a: u32, b: u32, n_both: u32, n_orders_of: &[u32], n_orders: usize, settings: &Settings) {
        if i64::from(n_both) < settings.int("min_support") {
            return;
        }
        let n_a = f64::from(n_orders_of[a as usize]);
        let share_b = f64::from(n_orders_of[b as usize]) / n_orders as f64;
        let lift = f64::from(n_both) / n_a / share_b;
        let lift_low = wilson_low(f64::from(n_both), n_a, settings.float("z")) / share_b;
        if lift_low > 1.0 {
            self.0.entry(a).or_default().push(Bundle { item: b, n_orders: n_both, lift, lift_low });
        }
    }
}

/// Distinct items of each order, ascending.
fn orders(purchases: &[Purchase], n_items: usize) -> Vec<Vec<u32>> {
    let known = purchases.iter().filter(|purchase| (purchase.item as usize) < n_items);
    let mut rows: Vec<(u64, u32)> = known.map(|purchase| (purchase.order, purchase.item)).collect();
    rows.sort_unstable();
    rows.dedup();
    rows.chunk_by(|a, b| a.0 == b.0).map(|order| order.iter().map(|row| row.1).collect()).collect()
}

/// Lower bound of a share with `n_hits` of `n` (Wilson 1927).
fn wilson_low(n_hits: f64, n: f64, z: f64) -> f64 {
    let share = n_hits / n;
    let centre = share + z * z / (2.0 * n);
    let margin = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    ((centre - margin) / (1.0 + z * z / n)).max(0.0)
}

#[cfg(test)]
mod tests {
    use domain::Millis;

    use super::super::BUNDLE;
    use super::*;

    /// 100 orders: camera with card in 20, camera alone in 5, card alone in 5, cable in the other 70 and in two camera
    /// orders. Lift of card given camera: (20/25) / (25/100) = 3.2.
    #[test]
    fn lift_and_its_bound_are_as_on_paper() {
        let (camera, card, cable) = (0, 1, 2);
        let mut purchases = Vec::new();
        for order in 0..100u64 {
            let items: &[u32] = match order {
                0..2 => &[camera, card, cable],
                2..20 => &[card, camera, camera],
                20..25 => &[camera],
                25..30 => &[card],
                _ => &[cable],
            };
            purchases.extend(items.iter().map(|&item| Purchase { customer: 0, order, item, at: Millis(0) }));
        }
        let bundles = Bundles::learn(&purchases, 3, &BUNDLE.defaults());
        let [bundle] = bundles.of(camera) else { panic!("{bundles:?}") };
        assert_eq!((bundle.item, bundle.n_orders), (card, 20));
        assert!((bundle.lift - 3.2).abs() < 1e-12);
        // Wilson's lower bound for 20 of 25 at z = 1.96 is 0.6087.
        assert!((bundle.lift_low - 0.6087 / 0.25).abs() < 1e-3, "{bundle:?}");
        assert!(bundles.of(cable).is_empty());
    }
}
