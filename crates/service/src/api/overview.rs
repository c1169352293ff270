//! `/v1/overview`: what is in the shop, how its data is, how the server does. One answer for the console's first page and
//! for `tercet status`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use data::{Shop, Tables};
use domain::{Day, Millis};
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::access::Manage;
use super::error::ErrorBody;
use super::models::ModelView;
use crate::clock;
use crate::error::Result;
use crate::flows::models::{self, ModelInfo};
use crate::flows::rows::{integers, query, query_rows};
use crate::metrics::RequestSummary;

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TableView {
    pub name: String,
    pub sentence: String,
    pub n_rows: u64,
    /// UTC milliseconds of the earliest and latest row, for tables with a time.
    pub first: Option<i64>,
    pub last: Option<i64>,
    pub n_rejected: u64,
    pub updated_at: Option<i64>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HealthView {
    /// `ok`, `warn` or `error`.
    pub level: String,
    pub title: String,
    pub detail: Option<String>,
    pub help: Option<String>,
    pub table: Option<String>,
}

/// A day of the shop's own calendar.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct OrdersOfDay {
    /// `YYYY-MM-DD` where the shop is.
    day: String,
    n_orders: i64,
    revenue_cents: i64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CategoryRevenue {
    category: String,
    revenue_cents: i64,
}

#[derive(Serialize, ToSchema)]
pub struct Overview {
    tables: Vec<TableView>,
    health: Vec<HealthView>,
    model: Option<ModelView>,
    requests: RequestSummary,
    /// Days with orders, oldest first: the last three years of the shop's own data, however old those are.
    orders_by_day: Vec<OrdersOfDay>,
    /// By revenue over the same time.
    top_categories: Vec<CategoryRevenue>,
}

/// How far back sales are told: three years, so that a season can be seen beside those before it.
const SALES_DAYS: i32 = 3 * 365 + 1;
/// Every time zone in use today is a whole number of these away from UTC.
const QUARTER_MS: i64 = 900_000;

/// What is in the shop and how it does.
#[utoipa::path(get, path = "/v1/overview", tag = "overview", responses((status = 200, body = Overview), (status = "4XX", body = ErrorBody)))]
pub async fn get_overview(State(app): State<Arc<App>>, Manage(caller): Manage) -> Result<Json<Overview>> {
    let shop = &caller.shop.shop;
    let tables = tables(shop)?;
    let since = sales_since(shop, &tables);
    let snapshot = caller.shop.snapshot();
    let model = snapshot.model.as_ref().map(|model| model.info.clone());
    let mut health = health(shop, &tables, model.as_ref());
    health.extend(snapshot.doubts.iter().map(|doubt| HealthView {
        level: "warn".to_owned(),
        title: "A rule names what the catalogue lacks".to_owned(),
        detail: Some(doubt.clone()),
        help: Some("mend tercet.toml; it is read again within a minute".to_owned()),
        table: None,
    }));
    Ok(Json(Overview {
        health,
        tables,
        model: model.map(|info| ModelView::new(info, true)),
        requests: app.metrics.summary(clock::now().0),
        orders_by_day: orders_by_day(shop, since).await?,
        top_categories: top_categories(shop, since).await?,
    }))
}

/// Every table with its size and span.
pub fn tables(shop: &Shop) -> Result<Vec<TableView>> {
    let mut views = Vec::new();
    for spec in domain::table::ALL {
        let manifest = shop.tables().manifest(Tables::spec(spec.name)?)?;
        views.push(TableView {
            name: spec.name.to_owned(),
            sentence: spec.sentence.to_owned(),
            n_rows: manifest.n_rows(),
            first: manifest.min_time(),
            last: manifest.max_time(),
            n_rejected: manifest.sources.iter().map(|source| source.rows_rejected).sum(),
            updated_at: Some(manifest.updated_at).filter(|at| *at > 0),
        });
    }
    Ok(views)
}

/// What is missing or doubtful, for which job, and what to do.
pub fn health(shop: &Shop, tables: &[TableView], model: Option<&ModelInfo>) -> Vec<HealthView> {
    let n_rows = |name: &str| tables.iter().find(|table| table.name == name).map_or(0, |table| table.n_rows);
    let view = |level: &str, title: &str, detail: String, help: &str, table: Option<&str>| HealthView {
        level: level.to_owned(),
        title: title.to_owned(),
        detail: Some(detail).filter(|text| !text.is_empty()),
        help: Some(help.to_owned()).filter(|text| !text.is_empty()),
        table: table.map(str::to_owned),
    };
    let mut found = Vec::new();
    if n_rows("products") == 0 {
        let detail = "Lists need a catalogue to choose from.".to_owned();
        found.push(view("error", "No products", detail, "tercet import FILE --as products", Some("products")));
    }
    if n_rows("events") + n_rows("orders") == 0 {
        let detail = "A recommender learns from events or orders.".to_owned();
        found.push(view("error", "Nothing to learn from", detail, "tercet import FILE --as orders", Some("orders")));
    }
    for table in tables.iter().filter(|table| table.n_rejected > 0) {
        let detail = format!("{} rows were refused when {} was imported.", table.n_rejected, table.name);
        let help = format!("see tables/{}/rejects", table.name);
        found.push(view("warn", "Rejected rows", detail, &help, Some(&table.name)));
    }
    match model {
        None => {
            found.push(view(
                "warn",
                "No model yet",
                "Popular products are served instead.".to_owned(),
                "tercet train recommend",
                None,
            ));
        }
        Some(model) => {
            let changed = crate::flows::dataset::data_version(shop).is_ok_and(|version| version != model.data_version);
            let days = (clock::now().0 - model.trained_at) / 86_400_000;
            if changed && days >= 1 {
                let detail = format!("It is {days} days old and the data has changed since.");
                found.push(view("warn", "The model is behind the data", detail, "tercet train recommend", None));
            }
        }
    }
    if let Err(error) = crate::flows::policy::read(shop.root()) {
        let help = "mend it; a running server keeps the rules it had";
        found.push(view("error", "The rules cannot be read", error.message, help, None));
    }
    if found.is_empty() {
        found.push(view("ok", "Everything is in place", String::new(), "", None));
    }
    found
}

/// The model in service, as listed on disk.
pub fn current_model(shop: &Shop) -> Result<Option<ModelInfo>> {
    let current = models::current(shop.root());
    Ok(models::list(shop.root())?.into_iter().find(|info| Some(&info.version) == current.as_ref()))
}

/// Orders and revenue by day where the shop is; an order counts on the day of its first line.
async fn orders_by_day(shop: &Shop, since: Millis) -> Result<Vec<OrdersOfDay>> {
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

/// The first instant of the time that sales are told of.
fn sales_since(shop: &Shop, tables: &[TableView]) -> Millis {
    let last = tables.iter().find(|table| table.name == "orders").and_then(|table| table.last);
    let Some(last) = last else { return Millis(0) };
    let zone = clock::zone(&shop.config().time_zone);
    let Day(last) = clock::day_of(Millis(last), &zone);
    clock::start_of(Day(last - SALES_DAYS + 1), &zone)
}

async fn top_categories(shop: &Shop, since: Millis) -> Result<Vec<CategoryRevenue>> {
    let sql = format!(
        "select p.category as category, sum(o.quantity * o.unit_price_cents - coalesce(o.discount_cents, 0)) as revenue_cents
        from orders o join products p on o.product_id = p.product_id
        where p.category is not null and cast(o.ordered_at as bigint) >= {}
        group by p.category order by revenue_cents desc, category limit 10",
        since.0,
    );
    let rows = query_rows(shop, &sql).await?;
    let category = |row: &serde_json::Map<String, serde_json::Value>| CategoryRevenue {
        category: row["category"].as_str().unwrap_or("").to_owned(),
        revenue_cents: row["revenue_cents"].as_i64().unwrap_or(0),
    };
    Ok(rows.iter().map(category).collect())
}
