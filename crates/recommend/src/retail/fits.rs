//! Which accessory fits which product: rows that name a product stand as they are, rows that name an attribute are
//! resolved against the catalogue's specs. Nothing is guessed from names.
//!
//! Everything with the same plug fits everything with its socket, so pairs would be as many as accessories times hosts.
//! They are kept as groups instead: each host and each accessory names the few groups it belongs to.

use std::collections::BTreeMap;

use domain::{Fit, Product};
use serde::Serialize;

use crate::rank::Catalogue;
use crate::rank::key;

/// An accessory fits a host, other than itself, when they share a group.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FitPairs {
    /// The accessories of each group, ascending.
    groups: Vec<Vec<u32>>,
    /// Shape: (n_items) each. The groups of an item as a host, and as an accessory, ascending.
    groups_of_host: Vec<Vec<u32>>,
    groups_of_accessory: Vec<Vec<u32>>,
}

/// What the hosts of a group have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Socket {
    Attribute(String, String),
    Product(u32),
}

impl FitPairs {
    /// Resolves the rows; one whose accessory or product is not in the catalogue has no effect.
    pub fn resolve(catalogue: &Catalogue, fits: &[Fit]) -> FitPairs {
        let mut accessories: BTreeMap<Socket, Vec<u32>> = BTreeMap::new();
        for fit in fits {
            let Some(accessory) = catalogue.item(&fit.product_id) else { continue };
            let named = fit.with_product_id.as_deref().and_then(|id| catalogue.item(id)).map(Socket::Product);
            let attribute = fit.attribute.as_deref().zip(fit.value.as_deref());
            let attribute = attribute.map(|(name, value)| Socket::Attribute(key(name), key(value)));
            for socket in named.into_iter().chain(attribute) {
                accessories.entry(socket).or_default().push(accessory);
            }
        }
        let mut hosts: BTreeMap<Socket, Vec<u32>> = BTreeMap::new();
        for item in 0..catalogue.n_items() as u32 {
            let attributes = attributes(catalogue.product(item)).map(|(name, value)| Socket::Attribute(name, value));
            for socket in attributes.chain([Socket::Product(item)]).filter(|socket| accessories.contains_key(socket)) {
                hosts.entry(socket).or_default().push(item);
            }
        }
        let none = vec![Vec::new(); catalogue.n_items()];
        let mut pairs = FitPairs { groups: Vec::new(), groups_of_host: none.clone(), groups_of_accessory: none };
        for (socket, hosts) in hosts {
            pairs.add(accessories.remove(&socket).expect("hosts are of sockets that something fits"), hosts);
        }
        pairs
    }

    fn add(&mut self, mut accessories: Vec<u32>, mut hosts: Vec<u32>) {
        accessories.sort_unstable();
        accessories.dedup();
        hosts.dedup();
        if accessories == hosts && hosts.len() == 1 {
            return;
        }
        let group = self.groups.len() as u32;
        hosts.into_iter().for_each(|host| self.groups_of_host[host as usize].push(group));
        for &accessory in &accessories {
            self.groups_of_accessory[accessory as usize].push(group);
        }
        self.groups.push(accessories);
    }

    pub fn n_groups(&self) -> usize {
        self.groups.len()
    }

    /// The accessories of a group, ascending.
    pub fn accessories_in(&self, group: u32) -> &[u32] {
        &self.groups[group as usize]
    }

    /// The groups in which `host` is a host.
    pub fn groups_of_host(&self, host: u32) -> &[u32] {
        self.groups_of_host.get(host as usize).map_or(&[], Vec::as_slice)
    }

    /// The groups in which `accessory` is an accessory.
    pub fn groups_of_accessory(&self, accessory: u32) -> &[u32] {
        self.groups_of_accessory.get(accessory as usize).map_or(&[], Vec::as_slice)
    }

    /// Every item that is known to fit something.
    pub fn accessories(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.groups_of_accessory).filter(|(_, groups)| !groups.is_empty()).map(|(item, _)| item)
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
        let fitting = |host: u32| -> Vec<u32> {
            pairs.groups_of_host(host).iter().flat_map(|&group| pairs.accessories_in(group)).copied().collect()
        };
        assert_eq!([fitting(0), fitting(1), fitting(2), fitting(3)], [vec![3], vec![3], vec![4], vec![]]);
        assert_eq!(pairs.accessories().collect::<Vec<_>>(), [3, 4]);
        assert_eq!(pairs.groups_of_accessory(3), pairs.groups_of_host(1));
    }
}
