//! Which accessory fits which product, as pairs of items: rows that name a product stand as they are, rows that name an
//! attribute are resolved against the catalogue's specs. Nothing is guessed from names.

use std::collections::BTreeMap;

use domain::{Fit, Product};
use serde::{Deserialize, Serialize};

use crate::rank::Catalogue;
use crate::rank::key;

/// The pairs, by host and by accessory, each list ascending.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FitPairs {
    accessories_of: BTreeMap<u32, Vec<u32>>,
    hosts_of: BTreeMap<u32, Vec<u32>>,
}

impl FitPairs {
    /// Resolves the rows; one whose accessory or product is not in the catalogue has no effect.
    pub fn resolve(catalogue: &Catalogue, fits: &[Fit]) -> FitPairs {
        let mut by_attribute: BTreeMap<(String, String), Vec<u32>> = BTreeMap::new();
        for fit in fits {
            if let (Some(attribute), Some(value)) = (&fit.attribute, &fit.value) {
                by_attribute.entry((key(attribute), key(value))).or_default();
            }
        }
        for item in 0..catalogue.n_items() as u32 {
            for pair in attributes(catalogue.product(item)) {
                if let Some(hosts) = by_attribute.get_mut(&pair) {
                    hosts.push(item);
                }
            }
        }
        let mut pairs = FitPairs::default();
        for fit in fits {
            let Some(accessory) = catalogue.item(&fit.product_id) else { continue };
            let named = fit.with_product_id.as_deref().and_then(|id| catalogue.item(id));
            let attribute = fit.attribute.as_deref().zip(fit.value.as_deref());
            let by_value = attribute.and_then(|(name, value)| by_attribute.get(&(key(name), key(value))));
            for host in named.into_iter().chain(by_value.into_iter().flatten().copied()) {
                pairs.add(accessory, host);
            }
        }
        pairs.accessories_of.values_mut().chain(pairs.hosts_of.values_mut()).for_each(|list| {
            list.sort_unstable();
            list.dedup();
        });
        pairs
    }

    fn add(&mut self, accessory: u32, host: u32) {
        if accessory != host {
            self.accessories_of.entry(host).or_default().push(accessory);
            self.hosts_of.entry(accessory).or_default().push(host);
        }
    }

    /// What fits `host`.
    pub fn accessories_of(&self, host: u32) -> &[u32] {
        self.accessories_of.get(&host).map_or(&[], Vec::as_slice)
    }

    /// What `accessory` fits.
    pub fn hosts_of(&self, accessory: u32) -> &[u32] {
        self.hosts_of.get(&accessory).map_or(&[], Vec::as_slice)
    }

    /// Every item that is known to fit something.
    pub fn accessories(&self) -> impl Iterator<Item = u32> {
        self.hosts_of.keys().copied()
    }
}

/// The product's specs, and its brand and category as attributes.
fn attributes(product: &Product) -> impl Iterator<Item = (String, String)> {
    let specs = product.specs.iter().map(|(name, value)| (key(name), key(value)));
    let brand = product.brand.iter().map(|brand| ("brand".to_owned(), key(brand)));
    let category = product.category.iter().map(|category| ("category".to_owned(), key(category)));
    specs.chain(brand).chain(category)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_pairs() {
        let product = |id: &str, port: Option<&str>| Product {
            product_id: id.into(),
            specs: port.map(|port| ("Port".to_owned(), port.to_owned())).into_iter().collect(),
            ..Product::default()
        };
        let catalogue = Catalogue::new(vec![
            product("phone", Some("USB-C")),
            product("tablet", Some("usb-c ")),
            product("old", Some("Micro-USB")),
            product("cable", None),
            product("case", None),
        ]);
        let fit = |id: &str, with: Option<&str>, pair: Option<(&str, &str)>| Fit {
            product_id: id.into(),
            with_product_id: with.map(Into::into),
            attribute: pair.map(|pair| pair.0.into()),
            value: pair.map(|pair| pair.1.into()),
            extra: None,
        };
        let rows = [
            fit("cable", None, Some(("port", "USB-C"))),
            fit("case", Some("old"), None),
            fit("case", Some("unknown"), None),
            fit("unknown", Some("old"), None),
        ];
        let pairs = FitPairs::resolve(&catalogue, &rows);
        assert_eq!(pairs.hosts_of(3), [0, 1]);
        assert_eq!(pairs.accessories_of(2), [4]);
        assert_eq!(pairs.accessories().collect::<Vec<_>>(), [3, 4]);
    }
}
