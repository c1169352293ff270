//! The catalogue and the ranker over it as one immutable value that requests read and that a new one replaces whole.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use domain::{Day, Fit, Product};
use math::Bitmap;
use recommend::Recommender;
use recommend::content::{CARD as CONTENT, Content, ItemFeatures, NearestContent};
use recommend::popularity::Popularity;
use recommend::rank::{Catalogue, ColdStart, Policy, Ranker, RankerParts};
use recommend::retail::Knowledge;
use rustc_hash::FxHashMap;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Result, ServiceError};
use crate::flows::learned::in_order;
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
    pub product: Arc<Product>,
    pub n_orders: i64,
    pub n_events: i64,
    pub revenue_cents: i64,
    pub n_reviews: i64,
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

/// What a snapshot is made of.
pub struct SnapshotParts {
    pub rows: Vec<ProductRow>,
    /// Favourites by region with their share of its first.
    pub regions: BTreeMap<String, Vec<(String, f32)>>,
    /// Changes with the sales that `rows` and `regions` were counted from.
    pub sales_version: String,
    pub fits: Arc<Vec<Fit>>,
    pub model: Option<Arc<LoadedModel>>,
    pub policy: Policy,
    pub today: Day,
}

/// Catalogue and ranker, consistent with each other. A product has a number, which outlives the snapshot, and an item of
/// the ranker's catalogue, which does not. Vectors are indexed by number unless they say otherwise.
pub struct Snapshot {
    pub products: Vec<Option<Arc<ProductRow>>>,
    /// May be shown today: on sale, and not excluded by a rule for everyone.
    pub available: Bitmap,
    /// Products available by falling popularity, ties by id.
    pub popular: Vec<u32>,
    /// The same by region, for regions seen; shorter.
    pub popular_by_region: BTreeMap<String, Vec<u32>>,
    pub model: Option<Arc<LoadedModel>>,
    pub ranker: Ranker,
    /// Of every item of the ranker's catalogue.
    pub content: Option<Arc<Content>>,
    /// Content's nearest among all items, on sale or not, each looked up when first asked for.
    pub(super) alike: Option<Arc<NearestContent>>,
    content_digest: u64,
    /// Item of the ranker's catalogue, or `u32::MAX`.
    item_of: Vec<u32>,
    /// Product number of each item.
    pub product_of: Vec<u32>,
    /// What the policy names and the catalogue lacks.
    pub doubts: Vec<String>,
    /// What fits and follows what, by items of the catalogue; and the rows that say so.
    pub(super) knowledge: Arc<Knowledge>,
    pub(super) fits: Arc<Vec<Fit>>,
}

/// Products whose nearest are looked up beforehand: seconds of one processor.
const WARM_MAX: usize = 100_000;

impl Snapshot {
    /// `previous` lends what has not changed.
    pub fn new(ids: &ProductIds, parts: SnapshotParts, previous: Option<&Snapshot>) -> Result<Snapshot> {
        let mut products: Vec<Option<Arc<ProductRow>>> = Vec::new();
        let mut known = Vec::with_capacity(parts.rows.len());
        for row in parts.rows {
            let Some(number) = ids.number(&row.product.product_id) else { continue };
            known.push(lean(&row.product));
            products.resize(products.len().max(number as usize + 1), None);
            products[number as usize] = Some(Arc::new(row));
        }
        let item_ids: &[String] = parts.model.as_ref().map_or(&[], |model| &model.product_ids);
        let catalogue = Arc::new(Catalogue::new(in_order(item_ids, known)));
        let product_of: Vec<u32> =
            catalogue.products().iter().map(|product| ids.number(&product.product_id).unwrap_or(u32::MAX)).collect();
        products.resize(ids.len(), None);
        let mut item_of = vec![u32::MAX; ids.len()];
        for (item, number) in product_of.iter().enumerate() {
            if let Some(slot) = item_of.get_mut(*number as usize) {
                *slot = item as u32;
            }
        }
        let row = |item: usize| products.get(product_of[item] as usize)?.as_deref();
        let (content, content_digest) = content(catalogue.n_items(), &row, previous);
        let learned = parts.model.as_ref().and_then(|model| model.learned.as_ref());
        let knowledge = learned.map_or_else(Knowledge::default, |learned| learned.knowledge.clone());
        let counts: Vec<f32> =
            (0..catalogue.n_items()).map(|item| row(item).map_or(0.0, |row| row.popularity)).collect();
        let cold = cold_start(&catalogue, &counts, parts.model.as_deref(), &parts.regions, &parts.sales_version);
        let nobody = || -> Arc<dyn Recommender> { Arc::new(Popularity::of_counts(&[])) };
        let doubts = parts.policy.check(Some(&catalogue)).iter().map(ToString::to_string).collect();
        let knowledge = Arc::new(knowledge.refreshed(&catalogue, &parts.fits));
        let ranker_parts = RankerParts {
            model: parts.model.as_ref().map_or_else(nobody, |model| model.recommender.clone()),
            model_version: parts.model.as_ref().map_or_else(|| "none".to_owned(), |model| model.info.version.clone()),
            content: content.clone(),
            cold: Some(Arc::new(cold)),
            knowledge: knowledge.clone(),
            catalogue,
            policy: parts.policy,
            today: parts.today,
        };
        let ranker = Ranker::after(ranker_parts, previous.map(|previous| &previous.ranker))
            .map_err(|error| ServiceError::conflict("ranker", error.to_string()))?;
        let mut available = Bitmap::none(products.len());
        ranker.on_offer().iter().for_each(|item| available.insert(product_of[item] as usize));
        let mut snapshot = Snapshot {
            popular: by_popularity(&products, &available),
            popular_by_region: BTreeMap::new(),
            products,
            available,
            model: parts.model,
            ranker,
            alike: alike(content.as_ref(), previous),
            content,
            content_digest,
            item_of,
            product_of,
            doubts,
            knowledge,
            fits: parts.fits,
        };
        for (region, favourites) in parts.regions {
            let numbers = favourites.iter().filter_map(|(id, _)| ids.find(id));
            let numbers = numbers.filter(|number| snapshot.is_available(*number)).collect();
            snapshot.popular_by_region.insert(region, numbers);
        }
        Ok(snapshot)
    }

    /// Looks content's nearest products up before a request needs them, the popular products' first, on a thread of its
    /// own that ends with the snapshots that use them. What `previous` has looked up already is not done again.
    pub fn warm(&self, previous: Option<&Snapshot>) {
        let Some(nearest) = self.ranker.nearest_content() else { return };
        let known = previous.and_then(|previous| previous.ranker.nearest_content());
        if known.is_some_and(|known| Arc::ptr_eq(known, nearest)) {
            return;
        }
        // What is gone stands in histories still.
        let gone = (0..self.products.len() as u32).filter(|&number| !self.is_available(number));
        let numbers = self.popular.iter().copied().chain(gone);
        let items: Vec<u32> = numbers.filter_map(|number| self.item(number)).take(WARM_MAX).collect();
        let nearest = Arc::downgrade(nearest);
        let work = move || {
            for item in items {
                let Some(nearest) = nearest.upgrade() else { return };
                nearest.of(item);
            }
        };
        // Without a thread to spare the first requests do it.
        let _ = std::thread::Builder::new().name("tercet-warm".to_owned()).spawn(work);
    }

    pub fn row(&self, number: u32) -> Option<&Arc<ProductRow>> {
        self.products.get(number as usize)?.as_ref()
    }

    /// Whether the products and what fits them are the very same values as in `other`; sales and models may differ.
    pub fn shares_catalogue(&self, other: &Snapshot) -> bool {
        let address = |row: &Arc<ProductRow>| Arc::as_ptr(&row.product);
        let theirs = other.products.iter().flatten().map(address);
        Arc::ptr_eq(&self.fits, &other.fits) && self.products.iter().flatten().map(address).eq(theirs)
    }

    pub fn is_available(&self, number: u32) -> bool {
        self.available.contains(number as usize)
    }

    /// What replaces a product and can be had, the last launched; none if it is not known or nothing does.
    pub fn successor(&self, number: u32) -> Option<&Arc<ProductRow>> {
        let is_offered = |item: u32| self.is_available(self.product_of[item as usize]);
        let newest = self.knowledge.successors.newest(self.item(number)?, &is_offered);
        let rows = newest.iter().filter_map(|item| self.row(self.product_of[*item as usize]));
        rows.max_by(|a, b| {
            let (a, b) = (&a.product, &b.product);
            a.launched_on.cmp(&b.launched_on).then_with(|| b.product_id.cmp(&a.product_id))
        })
    }

    /// After how many days half of those who bought something of a category buy such a thing again.
    pub fn cycle_days(&self, category: &str) -> Option<f64> {
        self.knowledge.cycles.get(category).map(|cycle| cycle.mu.exp())
    }

    /// The item of the ranker's catalogue for a product, if it is known there.
    pub fn item(&self, number: u32) -> Option<u32> {
        self.item_of.get(number as usize).copied().filter(|item| *item != u32::MAX)
    }

    /// Whether a product stands at or below a category path.
    pub fn is_in(&self, number: u32, path: &str) -> bool {
        self.item(number).is_some_and(|item| self.ranker.catalogue().of_category(path).binary_search(&item).is_ok())
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

/// What ranking reads of a product: long texts would only be copied, and a change of them is none of the ranking.
fn lean(product: &Product) -> Product {
    Product { description: None, image_url: None, extra: None, ..product.clone() }
}

/// The content model of all items, the previous one if nothing it reads has changed.
fn content<'a>(
    n_items: usize,
    row: &impl Fn(usize) -> Option<&'a ProductRow>,
    previous: Option<&Snapshot>,
) -> (Option<Arc<Content>>, u64) {
    let features = |item: usize| row(item).map_or_else(Default::default, |row| ItemFeatures::from(&*row.product));
    let features: Vec<ItemFeatures> = (0..n_items).map(features).collect();
    let digest = digest(&features);
    match previous.filter(|previous| previous.content_digest == digest) {
        Some(previous) => (previous.content.clone(), digest),
        None => (Content::fit(&features, &CONTENT.defaults()).ok().map(Arc::new), digest),
    }
}

fn alike(content: Option<&Arc<Content>>, previous: Option<&Snapshot>) -> Option<Arc<NearestContent>> {
    let content = content?;
    let same = previous.filter(|previous| previous.content.as_ref().is_some_and(|known| Arc::ptr_eq(known, content)));
    let known = same.and_then(|previous| previous.alike.clone());
    Some(known.unwrap_or_else(|| Arc::new(NearestContent::new(content.clone(), |_| true))))
}

fn digest(features: &[ItemFeatures]) -> u64 {
    use std::hash::{Hash, Hasher};
    let mut hasher = rustc_hash::FxHasher::default();
    for item in features {
        (&item.category, &item.brand, item.price_cents, &item.specs, &item.text).hash(&mut hasher);
    }
    hasher.finish()
}

/// What stands in for someone unknown: what was learned with the model, or else the sales of late.
fn cold_start(
    catalogue: &Catalogue,
    counts: &[f32],
    model: Option<&LoadedModel>,
    regions: &BTreeMap<String, Vec<(String, f32)>>,
    sales_version: &str,
) -> ColdStart {
    let learned = model.and_then(|model| Some((model, model.learned.as_ref()?, model.popularity.clone()?)));
    match learned {
        Some((model, learned, everywhere)) => {
            ColdStart { version: model.info.version.clone(), everywhere, regions: learned.regions.clone() }
        }
        None => {
            let item = |(id, share): &(String, f32)| Some((catalogue.item(id)?, *share));
            let regions = regions.iter().map(|(name, list)| (name.clone(), list.iter().filter_map(item).collect()));
            let everywhere = Arc::new(Popularity::of_counts(counts));
            ColdStart { version: sales_version.to_owned(), everywhere, regions: regions.collect() }
        }
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
        ProductRow { product: Arc::new(product), n_orders: 0, n_events: 0, revenue_cents: 0, n_reviews: 0, popularity }
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
        let regions = BTreeMap::from([("North".to_owned(), vec![("c".to_owned(), 1.0), ("e".to_owned(), 0.5)])]);
        let parts = SnapshotParts {
            rows,
            regions,
            sales_version: "1".to_owned(),
            fits: Arc::default(),
            model: None,
            policy: Policy::default(),
            today: Day(100),
        };
        let snapshot = Snapshot::new(&ProductIds::default(), parts, None).unwrap();
        assert_eq!(snapshot.popular, [1, 4, 0]);
        assert_eq!(snapshot.popular_by_region["North"], [4]);
        let within = |path: &str| (0..5).filter(|number| snapshot.is_in(*number, path)).collect::<Vec<_>>();
        assert_eq!((within("Phones"), within("Phones/5G"), within("Phone")), (vec![0, 1, 2], vec![1], vec![]));
        assert!(!snapshot.is_available(99));
    }
}
