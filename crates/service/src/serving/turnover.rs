//! Turnover as the overview tells it, by day and by category. It is counted when the orders have changed, not when somebody
//! looks.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use data::{Shop, Tables};
use domain::{Day, Millis};
use serde::Serialize;
use utoipa::ToSchema;

use super::ServedShop;
use super::catalogue::{ProductIds, Snapshot};
use crate::clock;
use crate::error::Result;
use crate::flows::rows::{integers, query, texts};

/// A day of the shop's own calendar.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct OrdersOfDay {
    /// `YYYY-MM-DD` where the shop is.
    pub day: String,
    pub n_orders: i64,
    pub revenue_cents: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct CategoryRevenue {
    pub category: String,
    pub revenue_cents: i64,
}

/// The last years of the shop's own data, however old those are.
#[derive(Clone, Debug, Default)]
pub struct Turnover {
    /// Days with orders, oldest first.
    pub by_day: Vec<OrdersOfDay>,
    /// The categories with most revenue, by the catalogue of today.
    pub by_category: Vec<CategoryRevenue>,
}

/// How far back turnover is told: three years, so that a season can be seen beside those before it.
const DAYS: i32 = 3 * 365 + 1;
/// Every time zone in use today is a whole number of these away from UTC.
const QUARTER_MS: i64 = 900_000;
const CATEGORIES_MAX: usize = 10;

/// What was counted last, with what it was counted from.
#[derive(Default)]
pub struct Counted {
    orders: Option<Arc<Orders>>,
    /// Held weakly: a catalogue that nobody uses any more need not stay.
    catalogue: Weak<Snapshot>,
    told: Arc<Turnover>,
}

/// Sums over one generation of the orders.
struct Orders {
    generation: u64,
    by_day: Vec<OrdersOfDay>,
    /// By the number of the product.
    by_product: Vec<(u32, i64)>,
}

impl ServedShop {
    /// Turnover by the orders and the catalogue of now. Of many who ask at once one counts and the others wait for it.
    pub async fn turnover(&self) -> Result<Arc<Turnover>> {
        let mut counted = self.counted.lock().await;
        let snapshot = self.snapshot();
        let generation = self.shop.tables().manifest(Tables::spec("orders")?)?.generation;
        let kept = counted.orders.clone().filter(|orders| orders.generation == generation);
        if kept.is_some() && std::ptr::eq(counted.catalogue.as_ptr(), Arc::as_ptr(&snapshot)) {
            return Ok(counted.told.clone());
        }
        let orders = match kept {
            Some(kept) => kept,
            None => Arc::new(count(&self.shop, &self.ids, generation).await?),
        };
        let by_category = by_category(&snapshot, &orders.by_product);
        let told = Arc::new(Turnover { by_day: orders.by_day.clone(), by_category });
        *counted = Counted { orders: Some(orders), catalogue: Arc::downgrade(&snapshot), told: told.clone() };
        Ok(told)
    }
}

/// `generation` was read first: orders that come meanwhile are counted again next time.
async fn count(shop: &Shop, ids: &ProductIds, generation: u64) -> Result<Orders> {
    let since = since(shop)?;
    Ok(Orders { generation, by_day: by_day(shop, since).await?, by_product: by_product(shop, ids, since).await? })
}

/// The first instant of the time that turnover is told of.
fn since(shop: &Shop) -> Result<Millis> {
    let Some(last) = shop.tables().manifest(Tables::spec("orders")?)?.max_time() else { return Ok(Millis(0)) };
    let zone = clock::zone(&shop.config().time_zone);
    let Day(last) = clock::day_of(Millis(last), &zone);
    Ok(clock::start_of(Day(last - DAYS + 1), &zone))
}

/// Orders and revenue by day where the shop is; an order counts on the day of its first line.
async fn by_day(shop: &Shop, since: Millis) -> Result<Vec<OrdersOfDay>> {
    let sql = format!(
        "select quarter, count(*) as n_orders, sum(revenue) as revenue_cents from
            (select floor(cast(min(ordered_at) as bigint) / {QUARTER_MS}) as quarter,
                sum(quantity * unit_price_cents - coalesce(discount_cents, 0)) as revenue
             from orders where cast(ordered_at as bigint) >= {since} group by order_id) as each_order
         group by quarter",
        since = since.0,
    );
    let zone = clock::zone(&shop.config().time_zone);
    let mut days: BTreeMap<Day, (i64, i64)> = BTreeMap::new();
    for batch in query(shop, &sql).await? {
        let quarters = integers(&batch, "quarter")?;
        let (orders, revenue) = (integers(&batch, "n_orders")?, integers(&batch, "revenue_cents")?);
        for at in 0..batch.num_rows() {
            let day = days.entry(clock::day_of(Millis(quarters.value(at) * QUARTER_MS), &zone)).or_default();
            day.0 += orders.value(at);
            day.1 += revenue.value(at);
        }
    }
    let view = |(day, (n_orders, revenue_cents)): (Day, (i64, i64))| OrdersOfDay {
        day: day.to_string(),
        n_orders,
        revenue_cents,
    };
    Ok(days.into_iter().map(view).collect())
}

async fn by_product(shop: &Shop, ids: &ProductIds, since: Millis) -> Result<Vec<(u32, i64)>> {
    let sql = format!(
        "select product_id, sum(quantity * unit_price_cents - coalesce(discount_cents, 0)) as revenue_cents
         from orders where cast(ordered_at as bigint) >= {} group by product_id",
        since.0,
    );
    let mut found = Vec::new();
    for batch in query(shop, &sql).await? {
        let (products, revenue) = (texts(&batch, "product_id")?, integers(&batch, "revenue_cents")?);
        let number = |at: usize| Some((ids.number(products.value(at))?, revenue.value(at)));
        found.extend((0..batch.num_rows()).filter_map(number));
    }
    Ok(found)
}

fn by_category(snapshot: &Snapshot, by_product: &[(u32, i64)]) -> Vec<CategoryRevenue> {
    let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
    for (number, revenue) in by_product {
        if let Some(category) = snapshot.row(*number).and_then(|row| row.product.category.as_deref()) {
            *sums.entry(category).or_default() += revenue;
        }
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(_, revenue)| std::cmp::Reverse(*revenue));
    let view =
        |(category, revenue_cents): (&str, i64)| CategoryRevenue { category: category.to_owned(), revenue_cents };
    sums.into_iter().take(CATEGORIES_MAX).map(view).collect()
}
