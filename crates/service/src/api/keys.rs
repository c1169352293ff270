//! `/v1/keys`: API keys of the shop.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::App;
use super::access::Manage;
use super::error::ErrorBody;
use super::input::{Body, Id};
use crate::auth::Scope;
use crate::auth::keys::{KeyRecord, NewKey, generate};
use crate::clock;
use crate::error::{Result, ServiceError};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyBody {
    #[schema(min_length = 1, max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    name: String,
    #[schema(min_items = 1)]
    scopes: Vec<Scope>,
}

#[derive(Serialize, ToSchema)]
pub struct KeyList {
    items: Vec<KeyRecord>,
}

/// The shop's keys, without their secrets.
#[utoipa::path(get, path = "/v1/keys", tag = "keys", responses((status = 200, body = KeyList), (status = "4XX", body = ErrorBody)))]
pub async fn list_keys(Manage(caller): Manage) -> Result<Json<KeyList>> {
    Ok(Json(KeyList { items: caller.shop.store.keys()? }))
}

/// Makes a key; its secret is shown this once.
#[utoipa::path(post, path = "/v1/keys", tag = "keys", request_body = KeyBody,
    responses((status = 201, body = NewKey), (status = "4XX", body = ErrorBody)))]
pub async fn create_key(
    State(app): State<Arc<App>>,
    Manage(caller): Manage,
    Body(body): Body<KeyBody>,
) -> Result<(StatusCode, Json<NewKey>)> {
    let names: Vec<_> = body.scopes.iter().map(|scope| scope.name()).collect();
    let scopes = Scope::parse_list(&names.join(","))?;
    if caller.shop.store.keys()?.len() >= 1000 {
        return Err(ServiceError::conflict("keys", "the shop has 1000 keys already").help("revoke some first"));
    }
    let (made, record) = generate(&body.name, &scopes, clock::now().0)?;
    caller.shop.store.add_key(record)?;
    app.shops.reload_keys()?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Revokes a key, at once.
#[utoipa::path(delete, path = "/v1/keys/{id}", tag = "keys", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub async fn revoke_key(State(app): State<Arc<App>>, Manage(caller): Manage, Id(id): Id) -> Result<StatusCode> {
    if !caller.shop.store.revoke_key(&id)? {
        return Err(ServiceError::not_found("key", &id));
    }
    app.shops.reload_keys()?;
    Ok(StatusCode::NO_CONTENT)
}
