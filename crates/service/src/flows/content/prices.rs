//! What a product was sold for, day by day: what claims about prices are held against. By orders alone; a price that was only
//! asked is no proof of one (PRC Price Fraud Provisions 2022, art. 19).

use data::Shop;
use domain::{Cents, Day};

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
