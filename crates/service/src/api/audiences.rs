//! `/v1/audiences`: named sets of customers; built, counted while one types, refreshed, exported.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::access::Manage;
use super::error::ErrorBody;
use super::input::{Body, Id, PageParams, Params, check_id};
use crate::error::{Result, ServiceError};
use crate::flows::audience::condition::{BEHAVIOURS, Condition, FIELDS, Field, FieldKind};
use crate::flows::audience::gate::{Gate, HeldBackList};
use crate::flows::audience::lookalike::LookalikeRequest;
use crate::flows::audience::taste::KeptTastes;
use crate::flows::audience::{self, Asked, Audience, Count, KeptLists, Member};
use crate::flows::rows::{integers, query, texts};
use crate::flows::segment::{Text, names};
use crate::jobs::Handle;
use crate::store::JobRecord;

/// Values of a choice that are offered.
const CHOICES_MAX: usize = 200;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AudienceBody {
    #[schema(min_length = 1, max_length = 80, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    name: String,
    /// A tree of all, any, not, field, did, audience, recommended and taste.
    #[schema(value_type = Object)]
    conditions: Value,
    /// daily if absent.
    #[schema(pattern = "^(hourly|daily|never)$")]
    refresh: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameBody {
    #[schema(min_length = 1, max_length = 80, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    name: Option<String>,
    #[schema(pattern = "^(hourly|daily|never)$")]
    refresh: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CountBody {
    #[schema(value_type = Object)]
    conditions: Value,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LookalikeBody {
    #[schema(min_length = 1, max_length = 80, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    name: String,
    /// The audience to find more like.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    seed: String,
    #[schema(minimum = 1, maximum = 10_000_000)]
    size: usize,
}

#[derive(Serialize, ToSchema)]
pub struct AudienceList {
    items: Vec<Audience>,
}

#[derive(Serialize, ToSchema)]
pub struct MemberPage {
    total: u64,
    items: Vec<Member>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportParams {
    /// Only customers who agreed to be addressed on this channel.
    #[param(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    channel: Option<String>,
    /// All members, whatever they agreed to: not for addressing them.
    all: Option<bool>,
}

/// What conditions can be about.
#[derive(Serialize, ToSchema)]
pub struct FieldList {
    fields: Vec<FieldView>,
    behaviours: Vec<BehaviourName>,
    segments: Vec<SegmentName>,
    audiences: Vec<AudienceName>,
    /// Channels somebody agreed to.
    channels: Vec<String>,
    categories: Vec<String>,
    brands: Vec<String>,
    /// What is kept of what everybody would be recommended; absent before it was worked out.
    recommended: Option<KeptLists>,
    /// What tastes are kept for; absent before they were worked out.
    tastes: Option<KeptTastes>,
}

#[derive(Serialize, ToSchema)]
pub struct FieldView {
    name: &'static str,
    label: Text,
    /// number, days, money, day, choice or text.
    kind: &'static str,
    unit: &'static str,
    choices: Vec<FieldChoice>,
    operators: &'static [&'static str],
}

#[derive(Serialize, ToSchema)]
pub struct FieldChoice {
    value: String,
    label: Text,
    n: i64,
}

#[derive(Serialize, ToSchema)]
pub struct BehaviourName {
    kind: String,
    label: Text,
}

#[derive(Serialize, ToSchema)]
pub struct SegmentName {
    key: String,
    name: Text,
}

#[derive(Serialize, ToSchema)]
pub struct AudienceName {
    id: String,
    name: String,
    /// `rules` or `lookalike`; the members of the latter have scores.
    kind: String,
}

/// All audiences, newest first.
#[utoipa::path(get, path = "/v1/audiences", tag = "audiences", responses((status = 200, body = AudienceList), (status = "4XX", body = ErrorBody)))]
pub async fn list_audiences(Manage(caller): Manage) -> Result<Json<AudienceList>> {
    Ok(Json(AudienceList { items: caller.shop.store.audiences(1000)? }))
}

/// Makes an audience by conditions and fills it.
#[utoipa::path(post, path = "/v1/audiences", tag = "audiences", request_body = AudienceBody,
    responses((status = 201, body = Audience), (status = "4XX", body = ErrorBody)))]
pub async fn create_audience(
    Manage(caller): Manage,
    Body(body): Body<AudienceBody>,
) -> Result<(StatusCode, Json<Audience>)> {
    let asked = Asked::new(&body.name, &body.conditions, body.refresh.as_deref())?;
    let _alone = caller.shop.maintenance.lock().await;
    let made = audience::create(caller.shop.home(), asked).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Counts who satisfies conditions, without storing anything.
#[utoipa::path(post, path = "/v1/audiences/count", tag = "audiences", request_body = CountBody,
    responses((status = 200, body = Count), (status = "4XX", body = ErrorBody)))]
pub async fn count_audience(Manage(caller): Manage, Body(body): Body<CountBody>) -> Result<Json<Count>> {
    let conditions = Condition::parse(&body.conditions)?;
    Ok(Json(audience::count(caller.shop.home(), &conditions).await?))
}

/// Finds customers like those of an audience: starts a job whose result is the new audience.
#[utoipa::path(post, path = "/v1/audiences/lookalike", tag = "audiences", request_body = LookalikeBody,
    responses((status = 202, body = JobRecord), (status = "4XX", body = ErrorBody)))]
pub async fn start_lookalike(
    Manage(caller): Manage,
    Body(body): Body<LookalikeBody>,
) -> Result<(StatusCode, Json<JobRecord>)> {
    let request = LookalikeRequest::new(&body.name, &body.seed, body.size)?;
    audience::get(&caller.shop.store, &body.seed)?;
    let shop = caller.shop;
    let params = serde_json::json!({"name": body.name, "seed": body.seed, "size": body.size});
    let jobs = shop.jobs.clone();
    let job = jobs.start("lookalike", params, move |handle: Handle| async move {
        shop.flush().await?;
        let _alone = shop.maintenance.lock().await;
        let on = |share: f64, message: &str| handle.report(share, message);
        let made = audience::lookalike::make(&shop.shop, &shop.store, request, &on).await?;
        Ok(serde_json::to_value(made)?)
    })?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// What conditions can be about, with the values the shop's data have.
#[utoipa::path(get, path = "/v1/audiences/fields", tag = "audiences", responses((status = 200, body = FieldList), (status = "4XX", body = ErrorBody)))]
pub async fn list_fields(Manage(caller): Manage) -> Result<Json<FieldList>> {
    let shop = &caller.shop.shop;
    let names = names(caller.shop.groups.now(shop).await?.as_deref())?;
    let mut fields = Vec::with_capacity(FIELDS.len());
    for field in FIELDS {
        let sql = match (field.kind, field.name) {
            (FieldKind::Choice, "segment" | "rfm") => Some(format!(
                "select {0} as value, count(*) as n from segments where {0} is not null group by {0}",
                field.name
            )),
            (FieldKind::Choice, "upgrade_category") => Some(
                "select category as value, count(*) as n from upgrades where place = 1 group by category".to_owned(),
            ),
            (FieldKind::Choice, "crowd_state") => {
                Some("select state as value, count(*) as n from crowd group by state".to_owned())
            }
            (FieldKind::Choice, name) => Some(format!(
                "select {name} as value, count(*) as n from customers where {name} is not null group by {name}"
            )),
            (FieldKind::List, name) => Some(format!(
                "select value, count(*) as n from (select unnest({name}) as value from customers) as listed group by value"
            )),
            _ => None,
        };
        let label = |value: &str| names.get(value).cloned().unwrap_or_else(|| Text::same(value));
        let choices = match sql {
            Some(sql) => choices(shop, &sql, &label).await?,
            None => Vec::new(),
        };
        fields.push(FieldView {
            name: field.name,
            label: Text { zh: field.zh.to_owned(), en: field.en.to_owned() },
            kind: kind_name(field),
            unit: field.unit,
            choices,
            operators: field.operators(),
        });
    }
    let values_of = |name: &str| -> Vec<String> {
        let of = fields.iter().find(|field| field.name == name);
        of.map(|field| field.choices.iter().map(|choice| choice.value.clone()).collect()).unwrap_or_default()
    };
    let segments = fields.iter().find(|field| field.name == "segment").map(|field| &field.choices);
    let named = |choice: &FieldChoice| SegmentName { key: choice.value.clone(), name: choice.label.clone() };
    let facets = |column: &str| {
        format!("select {column} as value, count(*) as n from products where {column} is not null group by {column}")
    };
    let products = |sql: String| async move {
        let found = choices(shop, &sql, &|value| Text::same(value)).await?;
        Ok::<_, ServiceError>(found.into_iter().map(|choice| choice.value).collect::<Vec<_>>())
    };
    let behaviour = |kind: &crate::flows::audience::condition::BehaviourKind| BehaviourName {
        kind: kind.name.to_owned(),
        label: Text { zh: kind.zh.to_owned(), en: kind.en.to_owned() },
    };
    let audiences = caller.shop.store.audiences(1000)?;
    Ok(Json(FieldList {
        behaviours: BEHAVIOURS.iter().map(behaviour).collect(),
        segments: segments.into_iter().flatten().map(named).collect(),
        audiences: audiences
            .into_iter()
            .map(|one| AudienceName { id: one.id, name: one.name, kind: one.kind })
            .collect(),
        channels: values_of("consent"),
        categories: with_parents(products(facets("category")).await?),
        brands: products(facets("brand")).await?,
        recommended: audience::kept_lists(shop).await?,
        tastes: audience::taste::kept(shop).await?,
        fields,
    }))
}

/// Paths with all that stand above them, in order: a condition on a parent holds for what is below.
fn with_parents(paths: Vec<String>) -> Vec<String> {
    let mut all = std::collections::BTreeSet::new();
    for path in &paths {
        all.extend(path.match_indices('/').map(|(at, _)| path[..at].to_owned()));
        all.insert(path.clone());
    }
    all.into_iter().collect()
}

/// How a form asks for it: a list is chosen from like a choice.
fn kind_name(field: &Field) -> &'static str {
    match field.kind {
        FieldKind::Number if field.unit == "days" => "days",
        FieldKind::Number => "number",
        FieldKind::Money => "money",
        FieldKind::Day => "day",
        FieldKind::Choice | FieldKind::List => "choice",
        FieldKind::Text => "text",
    }
}

/// The values of `sql` (value, n), most frequent first.
async fn choices(shop: &data::Shop, sql: &str, label: &(dyn Fn(&str) -> Text + Sync)) -> Result<Vec<FieldChoice>> {
    let mut found = BTreeMap::new();
    for batch in query(shop, &format!("{sql} order by n desc, value limit {CHOICES_MAX}")).await? {
        let (values, counts) = (texts(&batch, "value")?, integers(&batch, "n")?);
        for at in 0..batch.num_rows() {
            found.insert((-counts.value(at), values.value(at).to_owned()), counts.value(at));
        }
    }
    Ok(found.into_iter().map(|((_, value), n)| FieldChoice { label: label(&value), value, n }).collect())
}

/// One audience.
#[utoipa::path(get, path = "/v1/audiences/{id}", tag = "audiences", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = Audience), (status = "4XX", body = ErrorBody)))]
pub async fn get_audience(Manage(caller): Manage, Id(id): Id) -> Result<Json<Audience>> {
    Ok(Json(audience::get(&caller.shop.store, &id)?))
}

/// Changes what an audience means and fills it anew.
#[utoipa::path(put, path = "/v1/audiences/{id}", tag = "audiences", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")), request_body = AudienceBody,
    responses((status = 200, body = Audience), (status = "4XX", body = ErrorBody)))]
pub async fn put_audience(
    Manage(caller): Manage,
    Id(id): Id,
    Body(body): Body<AudienceBody>,
) -> Result<Json<Audience>> {
    let asked = Asked::new(&body.name, &body.conditions, body.refresh.as_deref())?;
    let _alone = caller.shop.maintenance.lock().await;
    Ok(Json(audience::change(caller.shop.home(), &id, asked).await?))
}

/// Gives an audience another name or schedule; its members stay.
#[utoipa::path(patch, path = "/v1/audiences/{id}", tag = "audiences", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")), request_body = RenameBody,
    responses((status = 200, body = Audience), (status = "4XX", body = ErrorBody)))]
pub async fn patch_audience(
    Manage(caller): Manage,
    Id(id): Id,
    Body(body): Body<RenameBody>,
) -> Result<Json<Audience>> {
    let _alone = caller.shop.maintenance.lock().await;
    Ok(Json(audience::rename(&caller.shop.store, &id, body.name.as_deref(), body.refresh.as_deref())?))
}

/// Deletes an audience.
#[utoipa::path(delete, path = "/v1/audiences/{id}", tag = "audiences", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub async fn delete_audience(Manage(caller): Manage, Id(id): Id) -> Result<StatusCode> {
    let _alone = caller.shop.maintenance.lock().await;
    let served = caller.shop.clone();
    crate::serving::off_thread(move || audience::delete(&served.shop, &served.store, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who is in an audience.
#[utoipa::path(get, path = "/v1/audiences/{id}/customers", tag = "audiences", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"), PageParams),
    responses((status = 200, body = MemberPage), (status = "4XX", body = ErrorBody)))]
pub async fn list_members(
    Manage(caller): Manage,
    Id(id): Id,
    Params(params): Params<PageParams>,
) -> Result<Json<MemberPage>> {
    let found = audience::get(&caller.shop.store, &id)?;
    let (offset, limit) = params.checked()?;
    let items = audience::page(&caller.shop.shop, &id, offset, limit).await?;
    Ok(Json(MemberPage { total: found.n_customers, items }))
}

/// Whoever takes customers away says on which channel they will be addressed, or that they will not be.
pub fn checked_channel(channel: Option<String>, all: Option<bool>) -> Result<Option<String>> {
    match (channel, all.unwrap_or(false)) {
        (Some(channel), _) => check_id("the channel", &channel).map(|()| Some(channel)),
        (None, true) => Ok(None),
        (None, false) => Err(ServiceError::usage("channel", "an export needs either a channel or all=true")
            .help("with a channel only those who agreed to it are exported; all=true is not for addressing people")),
    }
}

/// Who is left out of campaigns because something is open (a case, a late parcel, a bad review, a product of which many
/// complain), and why.
#[utoipa::path(get, path = "/v1/after-sales/held-back", tag = "audiences", params(PageParams), responses((status = 200, body = HeldBackList), (status = "4XX", body = ErrorBody)))]
pub async fn list_held_back(Manage(caller): Manage, Params(params): Params<PageParams>) -> Result<Json<HeldBackList>> {
    let (offset, limit) = params.checked()?;
    Ok(Json(Gate::read(&caller.shop.shop).await?.list(offset, limit)))
}

/// The members as CSV, by default only those who agreed to a channel and are not left out for something open. The header
/// `x-held-back` says how many were.
#[utoipa::path(get, path = "/v1/audiences/{id}/export", tag = "audiences", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"), ExportParams),
    responses((status = 200, body = String, content_type = "text/csv"), (status = "4XX", body = ErrorBody)))]
pub async fn export_audience(
    Manage(caller): Manage,
    Id(id): Id,
    Params(params): Params<ExportParams>,
) -> Result<Response> {
    let channel = checked_channel(params.channel, params.all)?;
    let exported = audience::export(&caller.shop.shop, &caller.shop.store, &id, channel.as_deref()).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"audience.csv\"")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (HeaderName::from_static("x-held-back"), HeaderValue::from(exported.n_held_back)),
    ];
    Ok((headers, exported.text).into_response())
}
