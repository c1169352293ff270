//! What training learns besides the model: popularity of late, everywhere and by region, and what lasts, fits and goes
//! together. Saved in the model's folder, so that whatever a list was made with has one version.

use std::collections::BTreeMap;

use data::Shop;
use data::arrow::array::Array;
use domain::{Fit, Millis, Product};
use recommend::popularity::{CARD as POPULARITY, Popularity};
use recommend::rank::{Catalogue, Policy};
use recommend::retail::{Knowledge, Purchase};
use serde::{Deserialize, Serialize};

use super::dataset::{Dataset, Ids};
use super::rows::{floats, integers, query, table, texts};
use crate::error::{Result, ServiceError};

/// The layout of `learned.json`.
const FORMAT: u32 = 1;
/// Popularity halves in this time.
pub const HALF_LIFE_DAYS: f64 = 30.0;
/// Favourites kept of each region.
pub const REGIONAL_MAX: usize = 200;

/// `learned.json`. Items are the model's.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Learned {
    format: u32,
    pub knowledge: Knowledge,
    /// The favourites of each region with their share of its first.
    pub regions: BTreeMap<String, Vec<(u32, f32)>>,
}

/// Everything learned from the shop as it is now, the model aside.
pub async fn learn(shop: &Shop, data: &Dataset, policy: &Policy) -> Result<(Learned, Popularity)> {
    let products = table::<Product>(shop).await?;
    let catalogue = Catalogue::new(in_order(&data.product_ids, products));
    let matrix = &data.interactions.matrix;
    let mut n_customers_of_item = vec![0u32; matrix.n_cols];
    matrix.indices.iter().for_each(|&item| n_customers_of_item[item as usize] += 1);
    let purchases = purchases(shop, &catalogue).await?;
    let mut knowledge = Knowledge::learn(&catalogue, &purchases, &[], n_customers_of_item, policy);
    // Products may come and `fits` rows change before the model is used: what follows from them is resolved then.
    (knowledge.fits, knowledge.successors) = Default::default();
    let item_of: BTreeMap<&str, u32> = data.product_ids.iter().map(String::as_str).zip(0..).collect();
    let mut regions = BTreeMap::new();
    for (region, favourites) in favourites_by_region(shop).await? {
        let most = favourites.first().map_or(1.0, |first| first.1);
        let share = |(id, n): &(String, f64)| Some((*item_of.get(id.as_str())?, (n / most) as f32));
        regions.insert(region, favourites.iter().filter_map(share).collect());
    }
    let half_life = format!("half_life_days={HALF_LIFE_DAYS}");
    let settings = POPULARITY.settings_from_texts(&[half_life.as_str(), "binary=false"])?;
    let popularity = Popularity::fit(&data.interactions, &settings, |_| true)?;
    Ok((Learned { format: FORMAT, knowledge, regions }, popularity))
}

impl Learned {
    /// Reads `learned.json` of a model with `n_items`.
    pub fn read(bytes: &[u8], n_items: usize) -> Result<Learned> {
        let head: serde_json::Value = serde_json::from_slice(bytes)?;
        let format = head["format"].as_u64().unwrap_or(0);
        if format != u64::from(FORMAT) {
            return Err(ServiceError::failed(format!("learned.json has format {format}; this program reads {FORMAT}")));
        }
        let learned: Learned = serde_json::from_value(head)?;
        let counted = learned.knowledge.n_customers_of_item.len();
        if counted != n_items {
            return Err(ServiceError::failed(format!("learned.json counts {counted} items, the model has {n_items}")));
        }
        Ok(learned)
    }
}

/// The products in the order of a model's items, then the others by id. An item that is no product any more stands as
/// one retired long ago: it is known, and never shown.
pub fn in_order(item_ids: &[String], products: Vec<Product>) -> Vec<Product> {
    let mut by_id: BTreeMap<String, Product> =
        products.into_iter().map(|product| (product.product_id.clone(), product)).collect();
    let gone =
        |id: &String| Product { product_id: id.clone(), retired_on: Some(domain::Day(i32::MIN)), ..Product::default() };
    let mut ordered: Vec<Product> = item_ids.iter().map(|id| by_id.remove(id).unwrap_or_else(|| gone(id))).collect();
    ordered.extend(by_id.into_values());
    ordered
}

/// Bought lines of known products: those of `orders`, and purchases in `events` that no order of the day has.
async fn purchases(shop: &Shop, catalogue: &Catalogue) -> Result<Vec<Purchase>> {
    let orders = "select customer_id, product_id, order_id as basket, ordered_at as at from orders where quantity > 0";
    let events =
        "select customer_id, product_id, coalesce(session_id, cast(date_trunc('day', at) as string)) as basket, at
        from events where kind = 'purchase' and product_id is not null";
    let mut customers = Ids::default();
    let mut purchases = Vec::new();
    let mut of_orders = rustc_hash::FxHashSet::default();
    for (sql, from_orders) in [(orders, true), (events, false)] {
        for batch in query(shop, sql).await? {
            let (who, what) = (texts(&batch, "customer_id")?, texts(&batch, "product_id")?);
            let (baskets, times) = (texts(&batch, "basket")?, integers(&batch, "at")?);
            for row in (0..batch.num_rows()).filter(|&row| !who.is_null(row)) {
                let Some(item) = catalogue.item(what.value(row)) else { continue };
                let (customer, at) = (customers.get(who.value(row)), times.value(row));
                let day = (customer, item, at.div_euclid(86_400_000));
                if from_orders {
                    of_orders.insert(day);
                } else if of_orders.contains(&day) {
                    continue;
                }
                let order = basket_number(from_orders, customer, baskets.value(row));
                purchases.push(Purchase { customer, order, item, at: Millis(at) });
            }
        }
    }
    // Numbers in the order of ids and rows in the order of numbers, so that sums do not depend on how files lie.
    let (renumbered, _) = customers.ascending();
    purchases.iter_mut().for_each(|purchase| purchase.customer = renumbered[purchase.customer as usize]);
    purchases.sort_unstable_by_key(|purchase| (purchase.customer, purchase.at, purchase.item, purchase.order));
    Ok(purchases)
}

/// Equal for lines of one order. Sessions belong to a customer, order ids to the shop.
fn basket_number(is_order: bool, customer: u32, name: &str) -> u64 {
    use std::hash::Hasher;
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write_u32(if is_order { u32::MAX } else { customer });
    hasher.write(name.as_bytes());
    hasher.finish()
}

/// The products most ordered in each region with their orders, most first.
pub async fn favourites_by_region(shop: &Shop) -> Result<BTreeMap<String, Vec<(String, f64)>>> {
    let sql = "select c.region as region, o.product_id as product_id, cast(count(*) as double) as n
        from orders o join customers c on o.customer_id = c.customer_id
        where c.region is not null and o.quantity > 0 group by c.region, o.product_id
        order by region, n desc, product_id";
    let mut regions: BTreeMap<String, Vec<(String, f64)>> = BTreeMap::new();
    for batch in query(shop, sql).await? {
        let (names, products) = (texts(&batch, "region")?, texts(&batch, "product_id")?);
        let counts = floats(&batch, "n")?;
        for at in 0..batch.num_rows() {
            let listed = regions.entry(names.value(at).to_owned()).or_default();
            if listed.len() < REGIONAL_MAX {
                listed.push((products.value(at).to_owned(), counts.value(at)));
            }
        }
    }
    Ok(regions)
}

/// The `fits` table.
pub async fn fits(shop: &Shop) -> Result<Vec<Fit>> {
    table(shop).await
}
