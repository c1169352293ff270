//! `/v1/content/drafts`: copies that people work on, from draft to approval, and out: as files, and into a campaign for an audience.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use content::write::Draft;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::access::{Caller, Manage, needs};
use super::content::check_asked;
use super::error::ErrorBody;
use super::input::{Body, Id, Params, check_id, check_limit, check_offset, check_text};
use crate::auth::Scope;
use crate::clock;
use crate::error::{Kind, Result, ServiceError, clipped};
use crate::flows::content::campaign::{self, Campaign, CampaignAsked};
use crate::flows::content::config::ContentConfig;
use crate::flows::content::drafts::{self, By, DraftDetail, DraftPage, Move};
use crate::flows::content::export::{Format, export};
use crate::flows::content::sheets::{self, SheetAsked};
use crate::flows::content::translate::{asked_in, translate};
use crate::flows::content::{Purpose, WriteAsked};
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
    /// csv, html or json; csv if absent. A sheet is csv or json.
    #[param(pattern = "^(csv|html|json)$")]
    format: Option<String>,
    /// approved if absent.
    #[param(pattern = "^(draft|review|approved|rejected|all)$")]
    state: Option<String>,
    #[param(min_length = 1, max_length = 40)]
    channel: Option<String>,
    /// Of this product.
    #[param(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    product: Option<String>,
    /// As the table of a platform: google_ads, baidu, ocean_engine, xiaohongshu, taobao, pinduoduo or amazon.
    #[param(pattern = "^(google_ads|baidu|ocean_engine|xiaohongshu|taobao|pinduoduo|amazon)$")]
    sheet: Option<String>,
    /// Names the campaign in the file and in its addresses, as the table exposures does.
    #[param(min_length = 1, max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    campaign: Option<String>,
    /// Of a sheet: one group of advertisements for all products; each its own if absent.
    #[param(min_length = 1, max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    group: Option<String>,
    /// Of a sheet: where a product stands on the web, with {product_id} in it; [content] product_url if absent.
    #[param(min_length = 1, max_length = 1000, pattern = r"^https?://[^\x00-\x20\x7f-\x9f]+$")]
    address: Option<String>,
    /// Of a sheet: advertisements wait until somebody starts them.
    paused: Option<bool>,
}

/// Drafts as JSON: one by one, or as the table of a platform.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "what is sent is made as text; this says of what shape it is")]
pub enum DraftExport {
    Drafts(Vec<ExportedDraft>),
    Sheet(ExportedSheet),
}

/// A draft with the campaign that it goes out in.
#[derive(Serialize, ToSchema)]
#[allow(dead_code, reason = "a shape")]
pub struct ExportedDraft {
    #[serde(flatten)]
    draft: DraftDetail,
    /// Absent where no campaign is named.
    campaign_id: Option<String>,
    /// The draft's id; absent where no campaign is named.
    arm: Option<String>,
}

/// The table of a platform.
#[derive(Serialize, ToSchema)]
#[allow(dead_code, reason = "a shape")]
pub struct ExportedSheet {
    columns: Vec<String>,
    /// As long as `columns` each.
    rows: Vec<Vec<String>>,
    left_out: Vec<SheetLeftOut>,
}

/// What has no row in a table, and why.
#[derive(Serialize, ToSchema)]
#[allow(dead_code, reason = "a shape")]
pub struct SheetLeftOut {
    product_id: String,
    why: String,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CampaignParams {
    /// Names the campaign, as the table exposures does.
    #[param(min_length = 1, max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    campaign: String,
    /// Identifies an audience, or is its name.
    #[param(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    audience: String,
    /// Of the copies: sms, push, email, or another with `contact`.
    #[param(min_length = 1, max_length = 40)]
    channel: String,
    /// What the channel is called in customers' consent; known of sms (sms), push (app_push) and email (email).
    #[param(min_length = 1, max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    contact: Option<String>,
    /// Needed where copies of several products are approved.
    #[param(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    product: Option<String>,
    /// Of the copies; the shop's own if absent.
    #[param(pattern = "^(zh|en)$")]
    language: Option<String>,
    /// The share of customers who get nothing; 0.1 if absent.
    #[param(minimum = 0, maximum = 0.9)]
    control: Option<f64>,
    /// The share of the audience that takes part now, above 0; all if absent. More later takes in more customers and moves none.
    #[param(exclusive_minimum = 0, maximum = 1)]
    share: Option<f64>,
    /// even, or learned: by the probability that a copy is the best, as the campaign's exposures tell; even if absent.
    #[param(pattern = "^(even|learned)$")]
    split: Option<String>,
    /// Where a product stands on the web, with {product_id} in it; [content] product_url if absent.
    #[param(min_length = 1, max_length = 1000, pattern = r"^https?://[^\x00-\x20\x7f-\x9f]+$")]
    address: Option<String>,
    /// csv or json; json if absent.
    #[param(pattern = "^(csv|json)$")]
    format: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftTranslate {
    #[schema(pattern = "^(zh|en)$")]
    to: String,
}

/// A translation that was kept.
#[derive(Serialize, ToSchema)]
pub struct DraftTranslated {
    draft: DraftDetail,
    /// Claims of the first draft that the translation does not make.
    #[schema(value_type = Vec<Object>)]
    lost: Vec<content::plan::Evidence>,
    /// Names and words for which the shop's list has nothing.
    untranslated: Vec<String>,
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
    let prepared = caller.shop.prepared_copy(&body.brief, &Purpose::ByPeople { draft_id: None }).await?;
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
    let prepared = caller.shop.prepared_copy(&brief, &Purpose::ByPeople { draft_id: Some(id.clone()) }).await?;
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

/// The draft in the other language as a draft of its own: the same claims, none besides, checked like any other text.
#[utoipa::path(post, path = "/v1/content/drafts/{id}/translate", tag = "content", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")), request_body = DraftTranslate,
    responses((status = 201, body = DraftTranslated), (status = "4XX", body = ErrorBody)))]
pub async fn translate_draft(
    Manage(caller): Manage,
    Id(id): Id,
    Body(body): Body<DraftTranslate>,
) -> Result<(StatusCode, Json<DraftTranslated>)> {
    let by = By::new(clock::now().0, caller.name.clone(), None)?;
    let (store, of) = (caller.shop.store.clone(), id.clone());
    let detail = off_thread(move || drafts::get(&store, &of)).await?;
    let asked = asked_in(&detail.brief, &detail.row.language, &body.to)?;
    let prepared = caller.shop.prepared_copy(&asked, &Purpose::Translated).await?;
    let voiced = caller.shop.voiced()?;
    let keep = move || {
        let made = translate(&detail.draft, asked, &prepared, &voiced)?;
        let (lost, untranslated) = (made.lost.clone(), made.untranslated.clone());
        let draft = drafts::keep_translation(&caller.shop.store, &id, made, &prepared, &by)?;
        Ok(DraftTranslated { draft, lost, untranslated })
    };
    Ok((StatusCode::CREATED, Json(off_thread(keep).await?)))
}

/// Sends a draft to review, approves, rejects or reopens it. What its checks block is not approved, and nobody approves what they wrote
/// or changed, unless [content] says four_eyes = false; approving and rejecting need the scope approve.
#[utoipa::path(post, path = "/v1/content/drafts/{id}/state", tag = "content", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")), request_body = DraftState,
    responses((status = 200, body = DraftDetail), (status = "4XX", body = ErrorBody)))]
pub async fn set_draft_state(
    Manage(caller): Manage,
    Id(id): Id,
    Body(body): Body<DraftState>,
) -> Result<Json<DraftDetail>> {
    if matches!(body.to.as_str(), "approved" | "rejected") {
        needs(&caller, Scope::Approve)?;
    }
    let four_eyes = ContentConfig::of(caller.shop.shop.config())?.four_eyes;
    let by = By::new(clock::now().0, caller.name.clone(), body.note)?;
    let brief = brief_of(&caller, &id).await?;
    let by_people = Purpose::ByPeople { draft_id: Some(id.clone()) };
    let prepared = match body.to.as_str() {
        // Against the catalogue, the prices and the rules of now: what cannot be written any more cannot be approved.
        "approved" => Some(caller.shop.prepared_copy(&brief, &by_people).await.map_err(|mut error| {
            error.kind = Kind::Conflict;
            error
        })?),
        _ => None,
    };
    let voiced = caller.shop.voiced()?;
    let (to, version) = (body.to, body.version);
    let change = move || {
        let asked = Move { version, to: &to, four_eyes };
        drafts::set_state(&caller.shop.store, &id, asked, prepared.as_ref(), &voiced, &by)
    };
    Ok(Json(off_thread(change).await?))
}

async fn brief_of(caller: &Caller, id: &str) -> Result<WriteAsked> {
    let (store, id) = (caller.shop.store.clone(), id.to_owned());
    off_thread(move || Ok(drafts::get(&store, &id)?.brief)).await
}

/// Drafts as a file: CSV (a row for each field), one page of HTML, JSON, or the table of a platform. With `campaign`, rows and
/// addresses name the campaign and the draft (`arm`), so that exposures can be traced to it. How many drafts a sheet leaves out stands in
/// the header `x-tercet-left-out`; which and why, in its JSON.
#[utoipa::path(get, path = "/v1/content/drafts/export", tag = "content", params(DraftExportParams),
    responses(
        (status = 200, content((String = "text/csv"), (String = "text/html"), (DraftExport = "application/json"))),
        (status = "4XX", body = ErrorBody)
    ))]
pub async fn export_drafts(Manage(caller): Manage, Params(params): Params<DraftExportParams>) -> Result<Response> {
    let format = Format::named(params.format.as_deref().unwrap_or("csv"))?;
    params.product.iter().try_for_each(|id| check_id("product", id))?;
    params.campaign.as_deref().map_or(Ok(()), |name| sheets::check_name("campaign", name))?;
    let state = params.state.as_deref().unwrap_or("approved");
    let query = drafts::query(Some(state), params.product.clone(), params.channel.clone(), None)?;
    let Some(sheet) = &params.sheet else {
        if params.group.is_some() || params.address.is_some() || params.paused.is_some() {
            let message = "group, address and paused are of a sheet; name one with sheet=";
            return Err(ServiceError::usage("sheet", message));
        }
        let campaign = params.campaign.clone();
        let text = off_thread(move || export(&caller.shop.store, &query, format, campaign.as_deref())).await?;
        return Ok(file(format, format.file().1.to_owned(), text, None));
    };
    if format == Format::Html {
        return Err(ServiceError::usage("format", "format is 'html'; allowed for a sheet: csv, json"));
    }
    let asked = SheetAsked {
        sheet: sheet.clone(),
        campaign: params.campaign,
        group: params.group,
        address: params.address,
        is_paused: params.paused.unwrap_or(false),
    };
    let asked = asked.checked()?;
    let config = ContentConfig::of(caller.shop.shop.config())?;
    let name = format!("{}.{}", asked.sheet, if format == Format::Json { "json" } else { "csv" });
    let (text, n_left_out) = off_thread(move || {
        let made = sheets::sheet(&caller.shop.store, &query, &config, &asked)?;
        let text = if format == Format::Json { serde_json::to_string(&made)? } else { sheets::csv(&made, &asked) };
        Ok((text, made.left_out.len()))
    })
    .await?;
    Ok(file(format, name, text, Some(n_left_out)))
}

/// Approved copies of one product handed to whoever sends them: each customer of an audience who agreed to the channel with the copy that
/// they get, drawn by the campaign's name and theirs, and a share that gets nothing. Drafts are checked once more, against the catalogue,
/// prices and rules of now. Customers who are in the campaign's exposures already are left out. As CSV a row a customer, named as in the
/// table exposures.
#[utoipa::path(get, path = "/v1/content/campaign", tag = "content", params(CampaignParams),
    responses(
        (status = 200, content((Campaign = "application/json"), (String = "text/csv"))),
        (status = "4XX", body = ErrorBody)
    ))]
pub async fn hand_over_campaign(Manage(caller): Manage, Params(params): Params<CampaignParams>) -> Result<Response> {
    let format = match params.format.as_deref().unwrap_or("json") {
        "json" => Format::Json,
        "csv" => Format::Csv,
        other => {
            let message = format!("format is '{}'; allowed: csv, json", clipped(other));
            return Err(ServiceError::usage("format", message));
        }
    };
    params.product.iter().try_for_each(|id| check_id("product", id))?;
    check_id("audience", &params.audience)?;
    let asked = CampaignAsked {
        campaign: params.campaign,
        audience: params.audience,
        channel: params.channel,
        contact: params.contact,
        product: params.product,
        language: params.language,
        control: params.control,
        share: params.share,
        split: params.split,
        address: params.address,
    };
    let shop = caller.shop;
    let (reading, voiced) = (shop.clone(), shop.voiced()?);
    let (wanted, drafts) = off_thread(move || {
        let wanted = asked.checked(&reading.store, reading.shop.config())?;
        let drafts = wanted.drafts(&reading.store)?;
        Ok((wanted, drafts))
    })
    .await?;
    let mut left_out = Vec::new();
    for detail in &drafts {
        let prepared = shop.prepared_copy(&detail.brief, &campaign::purpose(detail)).await;
        left_out.extend(campaign::why_not(detail, prepared, &voiced)?);
    }
    let made = campaign::hand_over(&shop.shop, &wanted, drafts, left_out).await?;
    let (name, n_left_out) = (format!("campaign.{}", format.file().1.trim_start_matches("copy.")), made.left_out.len());
    let write = move || if format == Format::Csv { campaign::csv(&made) } else { Ok(serde_json::to_string(&made)?) };
    Ok(file(format, name, off_thread(write).await?, Some(n_left_out)))
}

fn file(format: Format, name: String, text: String, n_left_out: Option<usize>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, format.file().0.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (
            header::CONTENT_SECURITY_POLICY,
            "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src https:".to_owned(),
        ),
    ];
    let mut response = (headers, text).into_response();
    if let Some(n) = n_left_out {
        response.headers_mut().insert("x-tercet-left-out", n.into());
    }
    response
}
