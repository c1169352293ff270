//! For those who watch: alive, ready, and figures for Prometheus. No key is needed and nothing of a shop is told.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::error::ErrorBody;
use crate::error::Result;
use crate::serving::off_thread;
use crate::writer::spent::WriterSpent;

#[derive(Serialize, ToSchema)]
pub struct Health {
    status: String,
    version: String,
}

fn fine() -> Json<Health> {
    Json(Health { status: "ok".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() })
}

/// The process runs.
#[utoipa::path(get, path = "/health", tag = "health", security(()), responses((status = 200, body = Health)))]
pub async fn get_health() -> Json<Health> {
    fine()
}

/// Every shop is loaded and its store accepts writes.
#[utoipa::path(get, path = "/ready", tag = "health", security(()),
    responses((status = 200, body = Health), (status = 503, body = ErrorBody)))]
pub async fn get_ready(State(app): State<Arc<App>>) -> Result<Json<Health>> {
    let stores: Vec<_> = app.shops.iter().map(|shop| shop.store.clone()).collect();
    off_thread(move || stores.iter().try_for_each(|store| store.settle())).await?;
    Ok(fine())
}

/// Prometheus text.
#[utoipa::path(get, path = "/metrics", tag = "health", security(()), responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn get_metrics(State(app): State<Arc<App>>) -> Result<impl IntoResponse> {
    let (n_waiting, n_failed) = outboxes(&app).await?;
    let ages = app.shops.iter().filter_map(|shop| shop.model_age_seconds());
    let oldest = ages.fold(0.0, f64::max);
    let customers: usize = app.shops.iter().map(|shop| shop.histories.n_customers()).sum();
    let uptime = (crate::clock::now().0 - app.started_at) as f64 / 1000.0;
    let mut gauges = vec![
        ("tercet_model_age_seconds", "Age of the oldest model in service; 0 without one.", oldest),
        ("tercet_customers_in_memory", "Customers whose history is in memory.", customers as f64),
        ("tercet_outbox_waiting", "Deliveries to customers and to the shop's systems that wait.", n_waiting as f64),
        ("tercet_outbox_failed", "Deliveries that were given up in the last 30 days.", n_failed as f64),
        ("tercet_uptime_seconds", "Time since the start.", uptime),
    ];
    if let Some(spent) = written_today(&app).await {
        gauges.push((
            "tercet_writer_tokens_today",
            "Tokens of language models today, sent and written.",
            spent.tokens() as f64,
        ));
        gauges.push(("tercet_writer_cost_today", "What they cost, in the currency of their prices.", spent.cost()));
    }
    let text = app.metrics.prometheus(&gauges);
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text))
}

/// What waits to leave, and what was given up, of all shops.
async fn outboxes(app: &App) -> Result<(u64, u64)> {
    let shops: Vec<_> = app.shops.iter().cloned().collect();
    off_thread(move || {
        let (mut n_waiting, mut n_failed) = (0, 0);
        for shop in shops {
            for one in shop.shop.state()?.outbox_counts(i64::MAX)? {
                n_waiting += one.n_waiting;
                n_failed += one.n_failed;
            }
        }
        Ok((n_waiting, n_failed))
    })
    .await
}

/// What the language models of all shops used today; nothing if no shop has one.
async fn written_today(app: &Arc<App>) -> Option<WriterSpent> {
    let shops: Vec<_> = app.shops.iter().filter(|shop| shop.writers.is_some()).cloned().collect();
    if shops.is_empty() {
        return None;
    }
    let added_up = move || {
        let mut all = WriterSpent::default();
        for shop in shops {
            shop.written_today()?.values().for_each(|spent| all.add(spent));
        }
        Ok(all)
    };
    off_thread(added_up).await.ok()
}
