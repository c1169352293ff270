//! `/v1/overview`: what is in the shop, how its data is, how the server does. One answer for the console's first page and
//! for `tercet status`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use data::{Shop, Tables};
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::access::Manage;
use super::error::ErrorBody;
use super::models::ModelView;
use crate::clock;
use crate::error::Result;
use crate::flows::models::{self, ModelInfo};
use crate::metrics::RequestSummary;
use crate::serving::{CategoryRevenue, OrdersOfDay};

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

/// What is in the shop and how it does.
#[utoipa::path(get, path = "/v1/overview", tag = "overview", responses((status = 200, body = Overview), (status = "4XX", body = ErrorBody)))]
pub async fn get_overview(State(app): State<Arc<App>>, Manage(caller): Manage) -> Result<Json<Overview>> {
    let shop = &caller.shop.shop;
    let tables = tables(shop)?;
    let turnover = caller.shop.turnover().await?;
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
        orders_by_day: turnover.by_day.clone(),
        top_categories: turnover.by_category.clone(),
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
    if let Err(error) = crate::flows::assist::policies(shop.root()) {
        let help = "mend it; a running server keeps the rules it had";
        found.push(view("error", "The rules of service cannot be read", error.message, help, None));
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
