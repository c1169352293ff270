//! Which products came after which in their line, by following `predecessor_id`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::rank::Catalogue;

/// The direct successors of each item, ascending.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Successors(BTreeMap<u32, Vec<u32>>);

impl Successors {
    pub fn of(catalogue: &Catalogue) -> Successors {
        let mut next: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (product, item) in catalogue.products().iter().zip(0..) {
            if let Some(before) = product.predecessor_id.as_deref().and_then(|id| catalogue.item(id)) {
                next.entry(before).or_default().push(item);
            }
        }
        Successors(next)
    }

    /// The newest successors of `item` for which `available`: along each branch the last one. A loop in the data ends
    /// the walk.
    pub fn newest(&self, item: u32, available: &dyn Fn(u32) -> bool) -> Vec<u32> {
        let mut found = Vec::new();
        let mut seen = vec![item];
        self.walk(item, available, &mut seen, &mut found);
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Whether anything available was found at or below `item`'s successors.
    fn walk(&self, item: u32, available: &dyn Fn(u32) -> bool, seen: &mut Vec<u32>, found: &mut Vec<u32>) -> bool {
        let mut any = false;
        for &next in self.0.get(&item).into_iter().flatten() {
            if seen.contains(&next) {
                continue;
            }
            seen.push(next);
            let later = self.walk(next, available, seen, found);
            if !later && available(next) {
                found.push(next);
            }
            any |= later || available(next);
        }
        any
    }
}

#[cfg(test)]
mod tests {
    use domain::Product;

    use super::*;

    #[test]
    fn the_newest_available_successor_is_found() {
        // 0 → 1 → 2 → 3 and 1 → 4; 5 and 6 name each other.
        let before = [None, Some("0"), Some("1"), Some("2"), Some("1"), Some("6"), Some("5")];
        let products = before.iter().enumerate().map(|(at, before)| Product {
            product_id: at.to_string(),
            predecessor_id: before.map(Into::into),
            ..Product::default()
        });
        let successors = Successors::of(&Catalogue::new(products.collect()));
        assert_eq!(successors.newest(0, &|_| true), [3, 4]);
        assert_eq!(successors.newest(0, &|item| item != 3), [2, 4]);
        assert_eq!(successors.newest(0, &|item| item == 1), [1]);
        assert_eq!(successors.newest(3, &|_| true), [] as [u32; 0]);
        assert_eq!(successors.newest(5, &|_| true), [6]);
    }
}
