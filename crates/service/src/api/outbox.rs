//! `/v1/desk/outbox`: what waits to leave for customers and for the shop's own systems, and what was given up.

use axum::Json;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::Desk;
use super::error::ErrorBody;
use super::input::Id;
use crate::channels::notices::is_notice;
use crate::clock;
use crate::error::{Result, ServiceError};
use crate::serving::off_thread;

const DAY_MS: i64 = 86_400_000;
const FAILED_MAX: usize = 100;

#[derive(Serialize, ToSchema)]
pub struct Outbox {
    /// Channels that had something to send in the last days.
    channels: Vec<OutboxChannel>,
    /// What was given up, the latest first; at most 100.
    failed: Vec<FailedDelivery>,
}

#[derive(Serialize, ToSchema)]
pub struct OutboxChannel {
    channel: String,
    n_waiting: u64,
    /// When the first of those that wait was queued; UTC milliseconds.
    oldest_at: Option<i64>,
    /// In the last 24 hours.
    n_sent: u64,
    n_failed: u64,
}

#[derive(Serialize, ToSchema)]
pub struct FailedDelivery {
    /// By which the other side knows it too.
    delivery_id: String,
    channel: String,
    /// Absent for a notice, which belongs to none.
    conversation_id: Option<String>,
    at: i64,
    failed_at: i64,
    n_tries: u32,
    /// What the last try met.
    said: String,
}

/// What waits to leave, and what was given up.
#[utoipa::path(get, path = "/v1/desk/outbox", tag = "desk",
    responses((status = 200, body = Outbox), (status = "4XX", body = ErrorBody)))]
pub async fn get_outbox(Desk(caller): Desk) -> Result<Json<Outbox>> {
    off_thread(move || {
        let state = caller.shop.shop.state()?;
        let channels = state.outbox_counts(clock::now().0 - DAY_MS)?.into_iter().map(|one| OutboxChannel {
            channel: one.channel,
            n_waiting: one.n_waiting,
            oldest_at: one.oldest_at,
            n_sent: one.n_sent,
            n_failed: one.n_failed,
        });
        let failed = state.given_up(FAILED_MAX)?.into_iter().map(|one| FailedDelivery {
            conversation_id: (!is_notice(&one.key)).then_some(one.lane),
            delivery_id: one.key,
            channel: one.channel,
            at: one.at,
            failed_at: one.failed_at,
            n_tries: one.n_tries,
            said: one.said,
        });
        Ok(Json(Outbox { channels: channels.collect(), failed: failed.collect() }))
    })
    .await
}

/// Tries again what was given up.
#[utoipa::path(post, path = "/v1/desk/outbox/{id}/retry", tag = "desk",
    params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub async fn retry_delivery(Desk(caller): Desk, Id(id): Id) -> Result<StatusCode> {
    off_thread(move || {
        if !caller.shop.shop.state()?.retry_outgoing(&id, clock::now().0)? {
            return Err(ServiceError::not_found("delivery that was given up", &id)
                .help("GET /v1/desk/outbox lists those that were"));
        }
        caller.shop.channels.wake();
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}
