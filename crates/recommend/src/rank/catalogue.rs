//! The shop's products in the order of a model's items, with the lists that filters and rules are made of. The
//! dictionary may be longer than the model: products that came after training stand at the end.

use std::collections::BTreeMap;

use domain::{Day, Product};
use math::Bitmap;
use rustc_hash::FxHashMap;

/// Products by item index.
pub struct Catalogue {
    products: Vec<Product>,
    index: FxHashMap<String, u32>,
    /// Items of each brand and of each category path with all its prefixes, ascending; keys in lower case.
    by_brand: BTreeMap<String, Vec<u32>>,
    by_category: BTreeMap<String, Vec<u32>>,
    digest: u64,
}

impl Catalogue {
    /// Position in `products` is the item index.
    pub fn new(products: Vec<Product>) -> Catalogue {
        let mut catalogue = Catalogue {
            index: products.iter().zip(0..).map(|(product, item)| (product.product_id.clone(), item)).collect(),
            by_brand: BTreeMap::new(),
            by_category: BTreeMap::new(),
            digest: digest_of(&products),
            products,
        };
        for item in 0..catalogue.products.len() as u32 {
            catalogue.enter(item);
        }
        catalogue
    }

    fn enter(&mut self, item: u32) {
        let product = &self.products[item as usize];
        if let Some(brand) = &product.brand {
            self.by_brand.entry(key(brand)).or_default().push(item);
        }
        for prefix in product.category.as_deref().into_iter().flat_map(prefixes) {
            self.by_category.entry(key(prefix)).or_default().push(item);
        }
    }

    pub fn n_items(&self) -> usize {
        self.products.len()
    }

    pub fn product(&self, item: u32) -> &Product {
        &self.products[item as usize]
    }

    pub fn products(&self) -> &[Product] {
        &self.products
    }

    pub fn item(&self, product_id: &str) -> Option<u32> {
        self.index.get(product_id).copied()
    }

    /// Changes whenever any product does, stock included.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// The items of a brand, whatever its case.
    pub fn of_brand(&self, brand: &str) -> &[u32] {
        self.by_brand.get(&key(brand)).map_or(&[], Vec::as_slice)
    }

    /// The items at or below a category path, whatever its case.
    pub fn of_category(&self, path: &str) -> &[u32] {
        self.by_category.get(&key(path.trim_end_matches('/'))).map_or(&[], Vec::as_slice)
    }

    /// Known brands, for error messages.
    pub fn brands(&self) -> impl Iterator<Item = &str> {
        self.by_brand.keys().map(String::as_str)
    }

    /// Known category paths with their prefixes, for error messages.
    pub fn categories(&self) -> impl Iterator<Item = &str> {
        self.by_category.keys().map(String::as_str)
    }

    /// The regions a product is sold in: its spec `regions`, separated by commas; everywhere without it.
    pub fn sold_in(&self, item: u32, region: &str) -> bool {
        match self.products[item as usize].specs.get("regions") {
            Some(regions) => regions.split(',').any(|name| name.trim().eq_ignore_ascii_case(region)),
            None => true,
        }
    }

    /// What can be sold on `today`: launched, not retired, in stock or not tracked.
    pub fn on_sale(&self, today: Day) -> Bitmap {
        Bitmap::from_fn(self.n_items(), |item| {
            let product = &self.products[item];
            product.launched_on.is_none_or(|day| day <= today)
                && product.retired_on.is_none_or(|day| day > today)
                && product.stock.is_none_or(|stock| stock > 0)
        })
    }
}

/// The path and everything above it: `A/B/C` → `A`, `A/B`, `A/B/C`.
pub(crate) fn prefixes(path: &str) -> impl Iterator<Item = &str> {
    let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    ends.map(|end| &path[..end]).filter(|prefix| !prefix.is_empty())
}

pub(crate) fn key(text: &str) -> String {
    text.trim().to_lowercase()
}

/// FNV-1a over the products' JSON: stable across machines and versions of the compiler.
fn digest_of(products: &[Product]) -> u64 {
    products
        .iter()
        .fold(FNV_START, |hash, product| fnv(hash, &serde_json::to_vec(product).expect("a product is plain data")))
}

pub(crate) const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

pub(crate) fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_are_found_by_prefix_and_digests_see_stock() {
        let product = |id: &str, category: &str| Product {
            product_id: id.into(),
            category: Some(category.into()),
            ..Product::default()
        };
        let mut products = vec![product("a", "PC/Laptops"), product("b", "PC/Desktops"), product("c", "PCs")];
        let catalogue = Catalogue::new(products.clone());
        assert_eq!(catalogue.of_category("pc"), [0, 1]);
        assert_eq!(catalogue.of_category("PC/Laptops/"), [0]);
        assert_eq!(catalogue.item("c"), Some(2));
        products[0].stock = Some(0);
        let sold_out = Catalogue::new(products);
        assert_ne!(sold_out.digest(), catalogue.digest());
        assert_eq!(sold_out.on_sale(Day(0)).iter().collect::<Vec<_>>(), [1, 2]);
    }
}
