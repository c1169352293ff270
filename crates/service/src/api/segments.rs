//! `/v1/segments`, `/v1/rfm`, `/v1/cohorts`, `/v1/migration`: who the customers are, in groups.

use std::sync::Arc;

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::access::{Caller, Manage};
use super::error::ErrorBody;
use super::input::{Id, PageParams, Params, check_limit};
use crate::error::{Result, ServiceError};
use crate::flows::segment::{self, Cohorts, Map, Member, Movement, Published, RfmView, Segmentation, Tree};

const POINTS_MAX: usize = 200_000;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MapParams {
    #[param(minimum = 1, maximum = 200_000)]
    limit: Option<usize>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NearParams {
    #[param(maximum = 65_535)]
    x: u16,
    #[param(maximum = 65_535)]
    y: u16,
    #[param(minimum = 1, maximum = 500)]
    n: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub struct MemberList {
    items: Vec<Member>,
}

#[derive(Serialize, ToSchema)]
pub struct GroupMembers {
    total: u64,
    items: Vec<Member>,
}

/// What is in service.
async fn published(caller: &Caller) -> Result<Arc<Published>> {
    caller.shop.groups.needed(&caller.shop.shop).await
}

/// The groups in service.
#[utoipa::path(get, path = "/v1/segments", tag = "groups", responses((status = 200, body = Segmentation), (status = "4XX", body = ErrorBody)))]
pub async fn get_segments(Manage(caller): Manage) -> Result<Response> {
    Ok(Json(published(&caller).await?.groups()?).into_response())
}

/// A sample of customers as points of a map.
#[utoipa::path(get, path = "/v1/segments/map", tag = "groups", params(MapParams), responses((status = 200, body = Map), (status = "4XX", body = ErrorBody)))]
pub async fn get_map(Manage(caller): Manage, Params(params): Params<MapParams>) -> Result<Json<Map>> {
    let limit = params.limit.unwrap_or(POINTS_MAX);
    if !(1..=POINTS_MAX).contains(&limit) {
        return Err(ServiceError::usage("limit", format!("limit is {limit}; allowed: 1 to {POINTS_MAX}")));
    }
    let published = published(&caller).await?;
    Ok(Json(crate::serving::off_thread(move || Ok(published.map()?.thinned(limit))).await?))
}

/// The customers nearest to a place of the map.
#[utoipa::path(get, path = "/v1/segments/map/near", tag = "groups", params(NearParams), responses((status = 200, body = MemberList), (status = "4XX", body = ErrorBody)))]
pub async fn get_near(Manage(caller): Manage, Params(params): Params<NearParams>) -> Result<Json<MemberList>> {
    let n = check_limit("n", params.n, 8)?;
    Ok(Json(MemberList { items: segment::near(&caller.shop.shop, params.x, params.y, n).await? }))
}

/// How small groups merge into larger ones.
#[utoipa::path(get, path = "/v1/segments/tree", tag = "groups", responses((status = 200, body = Tree), (status = "4XX", body = ErrorBody)))]
pub async fn get_tree(Manage(caller): Manage) -> Result<Response> {
    Ok(Json(published(&caller).await?.tree()?).into_response())
}

/// A group's customers, by what they spent. Takes the keys of groups found and of those by recency, frequency and money.
#[utoipa::path(get, path = "/v1/segments/{id}/customers", tag = "groups", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"), PageParams),
    responses((status = 200, body = GroupMembers), (status = "4XX", body = ErrorBody)))]
pub async fn list_group(
    Manage(caller): Manage,
    Id(key): Id,
    Params(params): Params<PageParams>,
) -> Result<Json<GroupMembers>> {
    let shop = &caller.shop.shop;
    let (offset, limit) = params.checked()?;
    let total = published(&caller).await?.size(&key)?;
    Ok(Json(GroupMembers { total, items: segment::members(shop, &key, offset, limit).await? }))
}

/// Customers by recency, frequency and money.
#[utoipa::path(get, path = "/v1/rfm", tag = "groups", responses((status = 200, body = RfmView), (status = "4XX", body = ErrorBody)))]
pub async fn get_rfm(Manage(caller): Manage) -> Result<Response> {
    Ok(Json(published(&caller).await?.rfm()?).into_response())
}

/// Who came back, by the month of the first purchase.
#[utoipa::path(get, path = "/v1/cohorts", tag = "groups", responses((status = 200, body = Cohorts), (status = "4XX", body = ErrorBody)))]
pub async fn get_cohorts(Manage(caller): Manage) -> Result<Response> {
    Ok(Json(published(&caller).await?.cohorts()?).into_response())
}

/// How customers moved between the groups by recency, frequency and money.
#[utoipa::path(get, path = "/v1/migration", tag = "groups", responses((status = 200, body = Movement), (status = "4XX", body = ErrorBody)))]
pub async fn get_movement(Manage(caller): Manage) -> Result<Json<Movement>> {
    Ok(Json(published(&caller).await?.movement()?.cloned().unwrap_or_default()))
}
