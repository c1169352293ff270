//! The catalogue and the model as one immutable value that requests read and that a new one replaces whole.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use domain::{Day, Product};
use math::Bitmap;
use rustc_hash::FxHashMap;
use serde::Serialize;
use utoipa::ToSchema;

use crate::flows::models::LoadedModel;

/// Numbers for product ids that never change while the process lives, so that histories survive a new snapshot.
#[derive(Default)]
pub struct ProductIds {
    ids: RwLock<Numbered>,
}

#[derive(Default)]
struct Numbered {
    by_id: FxHashMap<Arc<str>, u32>,
    ids: Vec<Arc<str>>,
}

/// Ids remembered at most; beyond, an unknown product in an event is kept on disk but not in memory.
const IDS_MAX: usize = 4_000_000;

impl ProductIds {
    /// The number of `id`, giving it one if need be.
    pub fn number(&self, id: &str) -> Option<u32> {
        if let Some(at) = self.find(id) {
            return Some(at);
        }
        let mut ids = self.ids.write().expect("no holder panics");
        if let Some(at) = ids.by_id.get(id) {
            return Some(*at);
        }
        if ids.ids.len() >= IDS_MAX {
            return None;
        }
        let at = ids.ids.len() as u32;
        let id: Arc<str> = id.into();
        ids.by_id.insert(id.clone(), at);
        ids.ids.push(id);
        Some(at)
    }

    pub fn find(&self, id: &str) -> Option<u32> {
        self.ids.read().expect("no holder panics").by_id.get(id).copied()
    }

    pub fn id(&self, number: u32) -> Option<Arc<str>> {
        self.ids.read().expect("no holder panics").ids.get(number as usize).cloned()
    }

    pub fn len(&self) -> usize {
        self.ids.read().expect("no holder panics").ids.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A product with what the shop's tables say about its sales.
#[derive(Clone, Debug)]
pub struct ProductRow {
    pub product: Product,
    pub n_orders: i64,
    pub n_events: i64,
    pub revenue_cents: i64,
    /// Decayed signs of interest.
    pub popularity: f32,
}

/// A product of a popularity list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PopularProduct {
    pub product_id: String,
    pub name: String,
    pub brand: Option<String>,
    pub category: Option<String>,
    pub price_cents: Option<i64>,
    pub image_url: Option<String>,
    pub score: f32,
}

/// Catalogue and model, consistent with each other. Vectors are indexed by product number.
pub struct Snapshot {
    pub products: Vec<Option<Arc<ProductRow>>>,
    /// Sold today: known, not retired, in stock or stock not tracked.
    pub available: Bitmap,
    /// Products available by falling popularity, ties by id.
    pub popular: Vec<u32>,
    /// The same by region, for regions seen; shorter.
    pub popular_by_region: BTreeMap<String, Vec<u32>>,
    /// Products by each prefix of their category path.
    pub by_category: FxHashMap<String, Bitmap>,
    pub model: Option<Arc<LoadedModel>>,
    /// Item of the model, or `u32::MAX`.
    pub item_of: Vec<u32>,
    /// Product number of each item of the model.
    pub product_of: Vec<u32>,
}

impl Snapshot {
    pub fn new(
        ids: &ProductIds,
        rows: Vec<ProductRow>,
        regions: BTreeMap<String, Vec<u32>>,
        model: Option<Arc<LoadedModel>>,
        today: Day,
    ) -> Snapshot {
        let mut numbered: Vec<(u32, Arc<ProductRow>)> = Vec::with_capacity(rows.len());
        for row in rows {
            if let Some(number) = ids.number(&row.product.product_id) {
                numbered.push((number, Arc::new(row)));
            }
        }
        let product_of: Vec<u32> = model.as_ref().map_or_else(Vec::new, |model| {
            model.product_ids.iter().map(|id| ids.number(id).unwrap_or(u32::MAX)).collect()
        });
        let n = ids.len();
        let mut products = vec![None; n];
        for (number, row) in numbered {
            products[number as usize] = Some(row);
        }
        let mut item_of = vec![u32::MAX; n];
        for (item, product) in product_of.iter().enumerate() {
            if let Some(slot) = item_of.get_mut(*product as usize) {
                *slot = item as u32;
            }
        }
        let sold = |row: &ProductRow| {
            row.product.stock.is_none_or(|stock| stock > 0) && row.product.retired_on.is_none_or(|day| day > today)
        };
        let available = Bitmap::from_fn(n, |at| products[at].as_deref().is_some_and(sold));
        let mut snapshot = Snapshot {
            popular: by_popularity(&products, &available),
            popular_by_region: BTreeMap::new(),
            by_category: categories(&products),
            products,
            available,
            model,
            item_of,
            product_of,
        };
        for (region, mut numbers) in regions {
            numbers.retain(|number| snapshot.is_available(*number));
            snapshot.popular_by_region.insert(region, numbers);
        }
        snapshot
    }

    pub fn row(&self, number: u32) -> Option<&Arc<ProductRow>> {
        self.products.get(number as usize)?.as_ref()
    }

    pub fn is_available(&self, number: u32) -> bool {
        (number as usize) < self.products.len() && self.available.contains(number as usize)
    }

    /// The item of the model for a product, if the model knows it.
    pub fn item(&self, number: u32) -> Option<u32> {
        self.item_of.get(number as usize).copied().filter(|item| *item != u32::MAX)
    }

    pub fn popular_product(&self, number: u32) -> Option<PopularProduct> {
        let row = self.row(number)?;
        Some(PopularProduct {
            product_id: row.product.product_id.clone(),
            name: row.product.name.clone(),
            brand: row.product.brand.clone(),
            category: row.product.category.clone(),
            price_cents: row.product.price_cents.map(|cents| cents.0),
            image_url: row.product.image_url.clone(),
            score: row.popularity,
        })
    }
}

fn by_popularity(products: &[Option<Arc<ProductRow>>], available: &Bitmap) -> Vec<u32> {
    let mut ranked: Vec<u32> = available.iter().map(|at| at as u32).collect();
    let row = |at: u32| products[at as usize].as_deref().expect("available products are known");
    ranked.sort_by(|a, b| {
        let (a, b) = (row(*a), row(*b));
        b.popularity.total_cmp(&a.popularity).then_with(|| a.product.product_id.cmp(&b.product.product_id))
    });
    ranked
}

fn categories(products: &[Option<Arc<ProductRow>>]) -> FxHashMap<String, Bitmap> {
    let mut by_category: FxHashMap<String, Bitmap> = FxHashMap::default();
    for (at, row) in products.iter().enumerate() {
        let Some(path) = row.as_ref().and_then(|row| row.product.category.as_deref()) else { continue };
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        for end in ends {
            by_category.entry(path[..end].to_owned()).or_insert_with(|| Bitmap::none(products.len())).insert(at);
        }
    }
    by_category
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, category: &str, stock: Option<i64>, retired: Option<i32>, popularity: f32) -> ProductRow {
        let product = Product {
            product_id: id.to_owned(),
            category: Some(category.to_owned()),
            stock,
            retired_on: retired.map(Day),
            ..Default::default()
        };
        ProductRow { product, n_orders: 0, n_events: 0, revenue_cents: 0, popularity }
    }

    #[test]
    fn what_is_gone_is_not_available() {
        let rows = vec![
            row("a", "Phones", None, None, 1.0),
            row("b", "Phones/5G", Some(3), Some(101), 2.0),
            row("c", "Phones", Some(0), None, 9.0),
            row("d", "Laptops", None, Some(100), 9.0),
            row("e", "Laptops", None, None, 2.0),
        ];
        let snapshot = Snapshot::new(&ProductIds::default(), rows, BTreeMap::new(), None, Day(100));
        assert_eq!(snapshot.popular, [1, 4, 0]);
        assert_eq!(snapshot.by_category["Phones"].iter().collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(snapshot.by_category["Phones/5G"].iter().collect::<Vec<_>>(), [1]);
        assert!(!snapshot.is_available(99));
    }
}
