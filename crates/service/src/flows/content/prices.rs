//! What a product was sold for, day by day: what claims about prices are held against. By orders alone; a price that was only
//! asked is no proof of one (PRC Price Fraud Provisions 2022, art. 19).

use std::sync::Arc;

use data::Shop;
use domain::{Cents, Day, Product};

use super::batch::Histories;
use crate::error::Result;
use crate::flows::rows::{query_rows, quoted};

/// The lowest price of each day on which a product was sold, by day. Discounts of the order line count.
///
/// # Errors
/// If the orders cannot be read.
pub async fn history(shop: &Shop, product_id: &str) -> Result<Vec<(Day, Cents)>> {
    let sql = format!(
        "select shop_day(ordered_at) as day, min((unit_price_cents * quantity - coalesce(discount_cents, 0)) / quantity) as cents
         from orders where product_id = {} and quantity > 0 group by 1 order by 1",
        quoted(product_id)
    );
    let rows = query_rows(shop, &sql).await?;
    let price = |row: serde_json::Map<String, serde_json::Value>| {
        let (day, cents) = (row.get("day")?.as_str()?.parse().ok()?, row.get("cents")?);
        Some((day, Cents(cents.as_i64().or_else(|| cents.as_f64().map(|cents| cents as i64))?)))
    };
    Ok(rows.into_iter().filter_map(price).filter(|(_, cents)| cents.0 > 0).collect())
}

/// The same of several products at once.
///
/// # Errors
/// If the orders cannot be read.
pub async fn histories(shop: &Shop, products: &[Arc<Product>]) -> Result<Histories> {
    let mut found = Histories::new();
    if products.is_empty() {
        return Ok(found);
    }
    let ids: Vec<String> = products.iter().map(|product| quoted(&product.product_id)).collect();
    let sql = format!(
        "select product_id, shop_day(ordered_at) as day, min((unit_price_cents * quantity - coalesce(discount_cents, 0)) / quantity) as cents
         from orders where product_id in ({}) and quantity > 0 group by 1, 2 order by 1, 2",
        ids.join(", ")
    );
    for row in query_rows(shop, &sql).await? {
        let text = |name: &str| row.get(name).and_then(|value| value.as_str()).map(str::to_owned);
        let (Some(id), Some(Ok(day)), Some(cents)) =
            (text("product_id"), text("day").map(|day| day.parse()), row.get("cents"))
        else {
            continue;
        };
        if let Some(cents) =
            cents.as_i64().or_else(|| cents.as_f64().map(|cents| cents as i64)).filter(|cents| *cents > 0)
        {
            found.entry(id).or_default().push((day, Cents(cents)));
        }
    }
    Ok(found)
}
