//! `/v1/decisions`: what to do today, as last worked out by a job of kind `decide`; accepted or rejected here, and the lists of accepted
//! ones as files.

use std::sync::Arc;

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use domain::Day;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::access::{Caller, Manage};
use super::error::ErrorBody;
use super::input::{Body, Id};
use crate::decisions::{self, Answer, Decisions, Settled};
use crate::error::{Result, ServiceError, clipped};
use crate::jobs::Handle;
use crate::serving::{ServedShop, off_thread};
use crate::store::JobRecord;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerBody {
    /// Why; for those who read it later.
    #[schema(max_length = 1000)]
    note: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DecideParams {
    day: Option<String>,
}

/// Works out today's decisions.
pub fn start(shop: &Arc<ServedShop>, params: Value) -> Result<JobRecord> {
    let DecideParams { day } = serde_json::from_value(params.clone()).map_err(super::input::not_json)?;
    let read = |text: String| {
        text.parse::<Day>().map_err(|_| {
            ServiceError::usage("day", format!("day is '{}'; allowed: a day as 2026-06-30", clipped(&text)))
        })
    };
    let day = day.map(read).transpose()?;
    let (jobs, shop) = (shop.jobs.clone(), shop.clone());
    jobs.start("decide", params, move |handle: Handle| async move {
        handle.report(0.0, "moving new events into the tables");
        shop.flush().await?;
        let _alone = shop.maintenance.lock().await;
        let made =
            decisions::decide(&shop.shop, &shop.store, day, &|share, message| handle.report(share, message)).await?;
        let Decisions { version, day, today, more, quiet, .. } = made;
        Ok(serde_json::json!({"version": version, "day": day, "n_today": today.len(), "n_more": more.len(), "n_quiet": quiet.len()}))
    })
}

fn answer(caller: &Caller, body: AnswerBody) -> Result<Answer> {
    Answer::new(caller.name.clone().unwrap_or_else(|| "console".to_owned()), body.note)
}

/// What to do today, with what it is expected to bring and why; and what was decided before.
#[utoipa::path(get, path = "/v1/decisions", tag = "decisions", responses((status = 200, body = Decisions), (status = "4XX", body = ErrorBody)))]
pub async fn get_decisions(Manage(caller): Manage) -> Result<Json<Decisions>> {
    let shop = caller.shop.clone();
    Ok(Json(off_thread(move || decisions::published(&shop.shop, &shop.store)).await?))
}

/// Accepts a decision. Whoever is on its list counts as written to from then on, but for those who are left out as a control.
#[utoipa::path(post, path = "/v1/decisions/{id}/accept", tag = "decisions", request_body = AnswerBody,
    params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = Settled), (status = "4XX", body = ErrorBody)))]
pub async fn accept_decision(
    Manage(caller): Manage,
    Id(id): Id,
    Body(body): Body<AnswerBody>,
) -> Result<Json<Settled>> {
    let answer = answer(&caller, body)?;
    let shop = caller.shop.clone();
    let _alone = caller.shop.maintenance.lock().await;
    Ok(Json(off_thread(move || decisions::accept(&shop.shop, &shop.store, &id, answer)).await?))
}

/// Rejects a decision: it does not come back for two weeks.
#[utoipa::path(post, path = "/v1/decisions/{id}/reject", tag = "decisions", request_body = AnswerBody,
    params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = Settled), (status = "4XX", body = ErrorBody)))]
pub async fn reject_decision(
    Manage(caller): Manage,
    Id(id): Id,
    Body(body): Body<AnswerBody>,
) -> Result<Json<Settled>> {
    let answer = answer(&caller, body)?;
    let shop = caller.shop.clone();
    Ok(Json(off_thread(move || decisions::reject(&shop.shop, &shop.store, &id, answer)).await?))
}

/// Whom to write to by an accepted decision, as CSV: customer, channel and product.
#[utoipa::path(get, path = "/v1/decisions/{id}/customers", tag = "decisions",
    params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = String, content_type = "text/csv"), (status = "4XX", body = ErrorBody)))]
pub async fn get_decision_customers(Manage(caller): Manage, Id(id): Id) -> Result<Response> {
    let shop = caller.shop.clone();
    let csv = off_thread(move || decisions::customers_csv(&shop.shop, &shop.store, &id)).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"customers.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, csv).into_response())
}
