//! `/v1/sendings`: copies carried out to the list of a decision or to an audience: made, tried, approved, stopped, and how far each is. A
//! running server sends by itself what is approved.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::{Caller, Manage, needs};
use super::error::ErrorBody;
use super::input::{Body, Id};
use crate::auth::Scope;
use crate::channels::copies::Card;
use crate::error::{Result, ServiceError, clipped};
use crate::sendings::{self, By, Preview, SendingView, Wanted, machine_clock};
use crate::serving::off_thread;

#[derive(Serialize, ToSchema)]
pub struct SendingList {
    items: Vec<SendingView>,
}

#[derive(Serialize, ToSchema)]
pub struct SendingCards {
    items: Vec<Card>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendingMove {
    #[schema(pattern = "^(approve|pause|resume|retry|cancel)$")]
    to: String,
    /// Why; for those who read it later.
    #[schema(max_length = 500)]
    why: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OptOutBody {
    /// That of a copy that was sent.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    key: String,
}

#[derive(Serialize, ToSchema)]
pub struct OptedOut {
    /// Whether the customer had agreed to the way until now.
    had_agreed: bool,
}

fn by(caller: &Caller, why: Option<String>) -> Result<By> {
    By::new(caller.name.clone().unwrap_or_else(|| "console".to_owned()), why)
}

/// All sendings, the newest first.
#[utoipa::path(get, path = "/v1/sendings", tag = "sendings", responses((status = 200, body = SendingList), (status = "4XX", body = ErrorBody)))]
pub async fn list_sendings(Manage(caller): Manage) -> Result<Json<SendingList>> {
    let shop = caller.shop.shop.clone();
    let read = move || {
        let all = sendings::list(&shop)?;
        Ok(SendingList { items: all.iter().map(|one| sendings::view(&shop, &one.id)).collect::<Result<_>>()? })
    };
    Ok(Json(off_thread(read).await?))
}

/// Makes a sending; nothing is sent before it is approved.
#[utoipa::path(post, path = "/v1/sendings", tag = "sendings", request_body = Wanted,
    responses((status = 201, body = SendingView), (status = "4XX", body = ErrorBody)))]
pub async fn create_sending(
    Manage(caller): Manage,
    Body(wanted): Body<Wanted>,
) -> Result<(StatusCode, Json<SendingView>)> {
    let (who, shop) = (by(&caller, None)?, caller.shop);
    let made = move || {
        let made = sendings::create(&shop.sending_desk()?, wanted, who, machine_clock())?;
        sendings::view(&shop.shop, &made.id)
    };
    Ok((StatusCode::CREATED, Json(off_thread(made).await?)))
}

/// Channels that carry copies, and under what terms.
#[utoipa::path(get, path = "/v1/sendings/channels", tag = "sendings", responses((status = 200, body = SendingCards), (status = "4XX", body = ErrorBody)))]
pub async fn list_cards(Manage(caller): Manage) -> Result<Json<SendingCards>> {
    Ok(Json(SendingCards { items: caller.shop.channels.cards() }))
}

/// Whoever got a copy wants no more: the consent that it rested on is taken away. For adapters that hear of it, such as a reply of STOP.
#[utoipa::path(post, path = "/v1/sendings/opt-out", tag = "sendings", request_body = OptOutBody,
    responses((status = 200, body = OptedOut), (status = "4XX", body = ErrorBody)))]
pub async fn opt_out(Manage(caller): Manage, Body(body): Body<OptOutBody>) -> Result<Json<OptedOut>> {
    super::input::check_id("key", &body.key)?;
    Ok(Json(OptedOut { had_agreed: caller.shop.opt_out_by_key(&body.key).await? }))
}

/// A sending and how far it is.
#[utoipa::path(get, path = "/v1/sendings/{id}", tag = "sendings", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = SendingView), (status = "4XX", body = ErrorBody)))]
pub async fn get_sending(Manage(caller): Manage, Id(id): Id) -> Result<Json<SendingView>> {
    let shop = caller.shop.shop.clone();
    Ok(Json(off_thread(move || sendings::view(&shop, &id)).await?))
}

/// The dry run: what would be sent now to how many, why others are left out, and one copy of each draft as it would leave. Nothing is sent.
#[utoipa::path(get, path = "/v1/sendings/{id}/preview", tag = "sendings", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = Preview), (status = "4XX", body = ErrorBody)))]
pub async fn preview_sending(Manage(caller): Manage, Id(id): Id) -> Result<Json<Preview>> {
    let shop = caller.shop;
    let sending = sendings::get(&shop.shop, &id)?;
    let broken = shop.broken_drafts(&sending).await?;
    Ok(Json(sendings::preview(&shop.sending_desk()?, &sending, &broken, machine_clock()).await?))
}

/// Approves a sending, stops it for now, lets it go on, tries those again whom the other side did not take, or ends it for good. Approving needs the scope approve, and is for somebody else than
/// who made it, unless [content] says four_eyes = false.
#[utoipa::path(post, path = "/v1/sendings/{id}/state", tag = "sendings", request_body = SendingMove, params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = SendingView), (status = "4XX", body = ErrorBody)))]
pub async fn move_sending(
    Manage(caller): Manage,
    Id(id): Id,
    Body(body): Body<SendingMove>,
) -> Result<Json<SendingView>> {
    let (who, now, shop) = (by(&caller, body.why)?, machine_clock(), caller.shop.clone());
    // A table may be replaced, and nobody is erased meanwhile.
    match body.to.as_str() {
        "approve" => {
            needs(&caller, Scope::Approve)?;
            let sending = sendings::get(&shop.shop, &id)?;
            let broken = shop.broken_drafts(&sending).await?;
            let _present = shop.erasing.read().await;
            sendings::approve(&shop.sending_desk()?, &id, &broken, who, now).await?;
        }
        "pause" | "resume" | "retry" | "cancel" => {
            let _alone = shop.maintenance.lock().await;
            let (own, of, to) = (shop.clone(), id.clone(), body.to.clone());
            let moved = move || match to.as_str() {
                "pause" => sendings::pause(&own.shop, &of, who, now),
                "resume" => sendings::resume(&own.shop, &of, who, now),
                "retry" => sendings::retry(&own.shop, &of, who, now),
                _ => sendings::cancel(&own.shop, &of, who, now),
            };
            off_thread(moved).await?;
        }
        other => {
            let message = format!("to is '{}'; allowed: approve, pause, resume, retry, cancel", clipped(other));
            return Err(ServiceError::usage("to", message));
        }
    }
    Ok(Json(off_thread(move || sendings::view(&shop.shop, &id)).await?))
}

/// What a sending hands over as a file (the channel csv), as CSV: whom to write to, with their words. Who took their consent back since is not
/// in it any more.
#[utoipa::path(get, path = "/v1/sendings/{id}/file", tag = "sendings", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = String, content_type = "text/csv"), (status = "4XX", body = ErrorBody)))]
pub async fn get_file(Manage(caller): Manage, Id(id): Id) -> Result<Response> {
    let shop = caller.shop;
    let sending = sendings::get(&shop.shop, &id)?;
    let csv = sendings::file(&shop.sending_desk()?, &sending, machine_clock()).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"sending.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, csv).into_response())
}
