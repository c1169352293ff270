//! Products and customers as the console and the API see them: found, listed, changed, erased.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use domain::{Customer, Event, Product};
use serde::Serialize;

use super::ServedShop;
use super::catalogue::ProductRow;
use crate::clock;
use crate::error::{Result, ServiceError};
use crate::flows::rows::{query, query_rows, quoted, typed_rows};

/// A page of a longer list.
#[derive(Clone, Debug, Serialize)]
pub struct Page<T> {
    pub total: usize,
    pub items: Vec<T>,
}

/// A customer with what the tables say about purchases.
#[derive(Clone, Debug, Default)]
pub struct CustomerRow {
    pub customer: Customer,
    pub n_orders: i64,
    pub spent_cents: i64,
    /// UTC milliseconds of the last event or order.
    pub last_seen: Option<i64>,
}

/// One thing a customer did.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct HistoryRow {
    /// UTC milliseconds.
    pub at: i64,
    /// The kind of the event, or `order`.
    pub kind: String,
    pub product_id: Option<String>,
    pub product_name: Option<String>,
    pub quantity: Option<i64>,
    pub price_cents: Option<i64>,
    pub channel: Option<String>,
    /// What was searched for.
    pub query: Option<String>,
    /// Stars, 1 to 5, of a rating.
    pub value: Option<f64>,
}

/// How customers are searched.
#[derive(Clone, Debug, Default)]
pub struct CustomerSearch {
    pub query: Option<String>,
    pub region: Option<String>,
    pub sort: String,
    pub offset: usize,
    pub limit: usize,
}

pub const CUSTOMER_SORTS: &[&str] = &["id", "orders", "spent", "last_seen"];

pub(super) fn check_sort(found: &str, allowed: &[&str]) -> Result<()> {
    if allowed.contains(&found) {
        return Ok(());
    }
    let message = format!("sort is '{}'; allowed: {}", crate::error::clipped(found), allowed.join(", "));
    Err(ServiceError::usage("sort", message))
}

impl ServedShop {
    pub fn product(&self, id: &str) -> Result<Arc<ProductRow>> {
        let snapshot = self.snapshot();
        let row = self.ids.find(id).and_then(|number| snapshot.row(number).cloned());
        row.ok_or_else(|| ServiceError::not_found("product", id))
    }

    /// Stores a product; it is in the catalogue when this returns.
    pub async fn put_product(self: &Arc<Self>, product: Product) -> Result<()> {
        let body = serde_json::to_string(&product)?;
        self.changed("products", &product.product_id, Some(body)).await
    }

    /// Takes a product out of the catalogue. Past events and orders keep its id.
    pub async fn delete_product(self: &Arc<Self>, id: &str) -> Result<()> {
        self.product(id)?;
        self.changed("products", id, None).await
    }

    async fn changed(self: &Arc<Self>, table: &'static str, key: &str, body: Option<String>) -> Result<()> {
        // Later changes have later times, so that a flush forgets only what it wrote.
        let at = clock::now().0.max(self.changes.fetch_add(1, Relaxed) as i64);
        let (store, key) = (self.store.clone(), key.to_owned());
        off_thread(move || store.put_overlay(table, &key, body, at)).await?;
        if table == "products" {
            self.reload().await?;
        }
        Ok(())
    }

    pub async fn customer(&self, id: &str) -> Result<CustomerRow> {
        let search = format!("customer_id = {}", quoted(id));
        let mut rows = self.customer_rows(&search, "customer_id", 0, 1).await?;
        let changed = self.store.overlay("customers", id)?;
        if let Some(body) = changed.and_then(|changed| changed.body) {
            let mut row = rows.pop().unwrap_or_default();
            row.customer = serde_json::from_str(&body)?;
            return Ok(row);
        }
        rows.pop().ok_or_else(|| ServiceError::not_found("customer", id))
    }

    /// The ways by which customers agreed to be written to; nothing of those who are not known.
    ///
    /// # Errors
    /// If the customers cannot be read.
    pub async fn consents(&self, ids: &[String]) -> Result<BTreeMap<String, Vec<String>>> {
        let mut all = BTreeMap::new();
        if ids.is_empty() {
            return Ok(all);
        }
        let named = ids.iter().map(|id| quoted(id)).collect::<Vec<_>>().join(", ");
        let sql = format!("select customer_id, consent from customers where customer_id in ({named})");
        for mut row in query_rows(&self.shop, &sql).await? {
            row.retain(|_, value| !value.is_null());
            let Customer { customer_id, consent, .. } = serde_json::from_value(row.into())?;
            all.insert(customer_id, consent);
        }
        // What has been changed since stands beside the table.
        let wanted: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
        for changed in self.store.overlays("customers")?.into_iter().filter(|one| wanted.contains(one.key.as_str())) {
            if let Some(body) = changed.body {
                let customer: Customer = serde_json::from_str(&body)?;
                all.insert(changed.key, customer.consent);
            }
        }
        Ok(all)
    }

    pub async fn customers(&self, search: &CustomerSearch) -> Result<Page<CustomerRow>> {
        check_sort(&search.sort, CUSTOMER_SORTS)?;
        let mut wanted = vec!["true".to_owned()];
        if let Some(region) = &search.region {
            wanted.push(format!("region = {}", quoted(region)));
        }
        if let Some(text) = &search.query {
            let text = quoted(&text.to_lowercase());
            wanted.push(format!(
                "(strpos(lower(customer_id), {text}) > 0 or strpos(lower(coalesce(city, '')), {text}) > 0)"
            ));
        }
        let condition = wanted.join(" and ");
        let order = match search.sort.as_str() {
            "orders" => "n_orders desc, customer_id",
            "spent" => "spent_cents desc, customer_id",
            "last_seen" => "last_seen desc nulls last, customer_id",
            _ => "customer_id",
        };
        let count = format!("select count(*) as n from customers where {condition}");
        let total = query_rows(&self.shop, &count).await?;
        let total = total.first().and_then(|row| row["n"].as_u64()).unwrap_or(0) as usize;
        let mut items = self.customer_rows(&condition, order, search.offset, search.limit).await?;
        let changed: BTreeMap<String, Option<String>> =
            self.store.overlays("customers")?.into_iter().map(|row| (row.key, row.body)).collect();
        for row in &mut items {
            if let Some(Some(body)) = changed.get(&row.customer.customer_id) {
                row.customer = serde_json::from_str(body)?;
            }
        }
        Ok(Page { total, items })
    }

    async fn customer_rows(
        &self,
        condition: &str,
        order: &str,
        offset: usize,
        limit: usize,
    ) -> Result<Vec<CustomerRow>> {
        let sql = format!(
            "select c.*, coalesce(o.n_orders, 0) as n_orders, coalesce(o.spent_cents, 0) as spent_cents,
                greatest(o.last_at, e.last_at) as last_seen
             from (select * from customers where {condition}) c
             left join (select customer_id, count(distinct order_id) as n_orders, max(ordered_at) as last_at,
                sum(quantity * unit_price_cents - coalesce(discount_cents, 0)) as spent_cents
                from orders where customer_id in (select customer_id from customers where {condition})
                group by customer_id) o on c.customer_id = o.customer_id
             left join (select customer_id, max(at) as last_at from events
                where customer_id in (select customer_id from customers where {condition})
                group by customer_id) e on c.customer_id = e.customer_id
             order by {order} limit {limit} offset {offset}",
            order = order.replace("customer_id", "c.customer_id"),
        );
        let mut found = Vec::new();
        for mut row in query_rows(&self.shop, &sql).await? {
            let mut take = |name: &str| row.remove(name).and_then(|value| value.as_i64());
            let (n_orders, spent_cents, last_seen) = (take("n_orders"), take("spent_cents"), take("last_seen"));
            row.retain(|_, value| !value.is_null());
            found.push(CustomerRow {
                customer: serde_json::from_value(row.into())?,
                n_orders: n_orders.unwrap_or(0),
                spent_cents: spent_cents.unwrap_or(0),
                last_seen,
            });
        }
        Ok(found)
    }

    /// What a customer did, newest first: tables and event log together.
    pub async fn history(&self, id: &str, limit: usize) -> Result<Vec<HistoryRow>> {
        let who = quoted(id);
        let orders = query_rows(
            &self.shop,
            &format!(
                "select ordered_at as at, 'order' as kind, product_id, quantity, unit_price_cents as price_cents, channel
                 from orders where customer_id = {who} order by ordered_at desc limit {limit}"
            ),
        )
        .await?;
        let events = format!("select * from events where customer_id = {who} order by at desc limit {limit}");
        let mut events = typed_rows::<Event>(&query(&self.shop, &events).await?)?;
        let waiting = self.store.events_of(id, self.flushed_to()?)?;
        events.extend(waiting);
        let text = |row: &serde_json::Map<String, serde_json::Value>, name: &str| {
            row.get(name).and_then(|value| value.as_str()).map(str::to_owned)
        };
        let mut rows: Vec<HistoryRow> = orders
            .iter()
            .map(|row| HistoryRow {
                at: row["at"].as_i64().unwrap_or(0),
                kind: "order".to_owned(),
                product_id: text(row, "product_id"),
                product_name: None,
                quantity: row["quantity"].as_i64(),
                price_cents: row["price_cents"].as_i64(),
                channel: text(row, "channel"),
                query: None,
                value: None,
            })
            .collect();
        rows.extend(events.into_iter().map(|event| HistoryRow {
            at: event.at.0,
            kind: event.kind.name().to_owned(),
            product_id: event.product_id,
            product_name: None,
            quantity: event.quantity,
            price_cents: event.price_cents.map(|cents| cents.0),
            channel: event.channel,
            query: event.query,
            value: event.value,
        }));
        rows.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.product_id.cmp(&b.product_id)));
        rows.truncate(limit);
        let snapshot = self.snapshot();
        for row in &mut rows {
            let number = row.product_id.as_deref().and_then(|id| self.ids.find(id));
            row.product_name = number.and_then(|number| Some(snapshot.row(number)?.product.name.clone()));
        }
        Ok(rows)
    }

    pub async fn put_customer(self: &Arc<Self>, customer: Customer) -> Result<()> {
        let body = serde_json::to_string(&customer)?;
        self.changed("customers", &customer.customer_id, Some(body)).await?;
        self.regions.set(&customer.customer_id, customer.region.as_deref());
        Ok(())
    }

    /// The right to erasure: afterwards no file of the shop names the customer. Returns how many rows went.
    pub async fn erase_customer(&self, id: &str) -> Result<u64> {
        let _alone = self.maintenance.lock().await;
        // First, so that an import that waits does not bring them back.
        self.shop.intake().note_erased(id)?;
        let _nobody_adds = self.erasing.write().await;
        self.histories.erase(id);
        self.regions.set(id, None);
        self.service.forget(id);
        let (shop, store, who) = (self.shop.clone(), self.store.clone(), id.to_owned());
        let erase = move || Ok(crate::decisions::forget(&shop, &store, &who)? + shop.erase_customer(&who)?);
        let n = off_thread(erase).await?;
        if n == 0 {
            return Err(ServiceError::not_found("customer", id));
        }
        Ok(n)
    }
}

/// Runs blocking work off the request threads.
pub async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| ServiceError::failed(format!("work broke off: {error}")))?
}
