//! `/v1/content/drafts`: copies that people work on, from draft to approval, and out as files.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use content::write::Draft;
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::access::{Caller, Manage};
use super::content::check_asked;
use super::error::ErrorBody;
use super::input::{Body, Id, Params, check_id, check_limit, check_offset, check_text};
use crate::clock;
use crate::error::{Kind, Result};
use crate::flows::content::WriteAsked;
use crate::flows::content::drafts::{self, By, DraftDetail, DraftPage};
use crate::flows::content::export::{Format, export};
use crate::serving::off_thread;

const QUERY_CHARS_MAX: usize = 200;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DraftParams {
    /// draft, review, approved, rejected, or all if absent.
    #[param(pattern = "^(draft|review|approved|rejected|all)$")]
    state: Option<String>,
    /// Of this product.
    #[param(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    product: Option<String>,
    #[param(min_length = 1, max_length = 40)]
    channel: Option<String>,
    /// Stands in the product's id or name or in the beginning of the copy.
    #[param(max_length = 200, pattern = r"^[^\x00]*$")]
    query: Option<String>,
    #[param(maximum = 100_000)]
    offset: Option<usize>,
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DraftExportParams {
    /// csv, html or json.
    #[param(pattern = "^(csv|html|json)$")]
    format: String,
    /// approved if absent.
    #[param(pattern = "^(draft|review|approved|rejected|all)$")]
    state: Option<String>,
    #[param(min_length = 1, max_length = 40)]
    channel: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftBody {
    /// What the draft was written for.
    brief: WriteAsked,
    /// A draft as `write` answers it.
    #[schema(value_type = Object)]
    draft: Value,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftEdit {
    /// Name of a field to its new text; an empty text takes away a field that is not needed.
    fields: BTreeMap<String, String>,
    /// The version that was changed.
    version: i64,
    #[schema(max_length = 500)]
    note: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftState {
    #[schema(pattern = "^(draft|review|approved|rejected)$")]
    to: String,
    #[schema(max_length = 500)]
    note: Option<String>,
    /// The version that was read.
    version: i64,
}

/// Drafts, the last changed first; how many there are of each state.
#[utoipa::path(get, path = "/v1/content/drafts", tag = "content", params(DraftParams), responses((status = 200, body = DraftPage), (status = "4XX", body = ErrorBody)))]
pub async fn list_drafts(Manage(caller): Manage, Params(params): Params<DraftParams>) -> Result<Json<DraftPage>> {
    let (offset, limit) = (check_offset(params.offset)?, check_limit("limit", params.limit, 50)?);
    params.product.iter().try_for_each(|id| check_id("product", id))?;
    check_text("query", params.query.as_deref().unwrap_or_default(), QUERY_CHARS_MAX)?;
    let query = drafts::query(params.state.as_deref(), params.product, params.channel, params.query.as_deref())?;
    Ok(Json(off_thread(move || drafts::list(&caller.shop.store, &query, offset, limit)).await?))
}

/// Stores a draft; it is checked here, whatever was said of it.
#[utoipa::path(post, path = "/v1/content/drafts", tag = "content", request_body = DraftBody,
    responses((status = 201, body = DraftDetail), (status = "4XX", body = ErrorBody)))]
pub async fn create_draft(
    Manage(caller): Manage,
    Body(body): Body<DraftBody>,
) -> Result<(StatusCode, Json<DraftDetail>)> {
    check_asked(&body.brief)?;
    let draft: Draft = serde_json::from_value(body.draft).map_err(super::input::not_json)?;
    let prepared = caller.shop.prepared_copy(&body.brief, true).await?;
    let voiced = caller.shop.voiced()?;
    let by = By::new(clock::now().0, caller.name.clone(), None)?;
    let made = off_thread(move || drafts::create(&caller.shop.store, body.brief, draft, &prepared, &voiced, &by));
    Ok((StatusCode::CREATED, Json(made.await?)))
}

/// One draft with its texts, what was found in them, and what became of it.
#[utoipa::path(get, path = "/v1/content/drafts/{id}", tag = "content", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = DraftDetail), (status = "4XX", body = ErrorBody)))]
pub async fn get_draft(Manage(caller): Manage, Id(id): Id) -> Result<Json<DraftDetail>> {
    Ok(Json(off_thread(move || drafts::get(&caller.shop.store, &id)).await?))
}

/// Changes texts of a draft and checks it again.
#[utoipa::path(put, path = "/v1/content/drafts/{id}", tag = "content", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")), request_body = DraftEdit,
    responses((status = 200, body = DraftDetail), (status = "4XX", body = ErrorBody)))]
pub async fn put_draft(Manage(caller): Manage, Id(id): Id, Body(body): Body<DraftEdit>) -> Result<Json<DraftDetail>> {
    let by = By::new(clock::now().0, caller.name.clone(), body.note)?;
    let brief = brief_of(&caller, &id).await?;
    let prepared = caller.shop.prepared_copy(&brief, true).await?;
    let voiced = caller.shop.voiced()?;
    let (fields, version) = (body.fields, body.version);
    let edit = move || drafts::edit(&caller.shop.store, &id, version, &fields, &prepared, &voiced, &by);
    Ok(Json(off_thread(edit).await?))
}

/// Deletes a draft.
#[utoipa::path(delete, path = "/v1/content/drafts/{id}", tag = "content", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub async fn delete_draft(Manage(caller): Manage, Id(id): Id) -> Result<StatusCode> {
    off_thread(move || drafts::delete(&caller.shop.store, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a draft to review, approves, rejects or reopens it. What its checks block is not approved.
#[utoipa::path(post, path = "/v1/content/drafts/{id}/state", tag = "content", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")), request_body = DraftState,
    responses((status = 200, body = DraftDetail), (status = "4XX", body = ErrorBody)))]
pub async fn set_draft_state(
    Manage(caller): Manage,
    Id(id): Id,
    Body(body): Body<DraftState>,
) -> Result<Json<DraftDetail>> {
    let by = By::new(clock::now().0, caller.name.clone(), body.note)?;
    let brief = brief_of(&caller, &id).await?;
    let prepared = match body.to.as_str() {
        // Against the catalogue, the prices and the rules of now: what cannot be written any more cannot be approved.
        "approved" => Some(caller.shop.prepared_copy(&brief, true).await.map_err(|mut error| {
            error.kind = Kind::Conflict;
            error
        })?),
        _ => None,
    };
    let voiced = caller.shop.voiced()?;
    let (to, version) = (body.to, body.version);
    let change = move || drafts::set_state(&caller.shop.store, &id, version, &to, prepared.as_ref(), &voiced, &by);
    Ok(Json(off_thread(change).await?))
}

async fn brief_of(caller: &Caller, id: &str) -> Result<WriteAsked> {
    let (store, id) = (caller.shop.store.clone(), id.to_owned());
    off_thread(move || Ok(drafts::get(&store, &id)?.brief)).await
}

/// Drafts as a file: CSV (a row for each field), one page of HTML, or JSON.
#[utoipa::path(get, path = "/v1/content/drafts/export", tag = "content", params(DraftExportParams),
    responses(
        (status = 200, content((String = "text/csv"), (String = "text/html"), (Vec<DraftDetail> = "application/json"))),
        (status = "4XX", body = ErrorBody)
    ))]
pub async fn export_drafts(Manage(caller): Manage, Params(params): Params<DraftExportParams>) -> Result<Response> {
    let format = Format::named(&params.format)?;
    let query = drafts::query(Some(params.state.as_deref().unwrap_or("approved")), None, params.channel, None)?;
    let text = off_thread(move || export(&caller.shop.store, &query, format)).await?;
    let (kind, name) = format.file();
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (
            header::CONTENT_SECURITY_POLICY,
            "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src https:".to_owned(),
        ),
    ];
    Ok((headers, text).into_response())
}
