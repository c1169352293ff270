//! The console's log-in.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::App;
use super::access::{self, COOKIE, Known, require_same_origin};
use super::error::ErrorBody;
use super::input::Body;
use crate::auth::keys::{KeyRecord, digest};
use crate::auth::sessions::Opened;
use crate::auth::{Scope, password};
use crate::clock;
use crate::error::{Kind, Result, ServiceError};
use crate::serving::{ServedShop, off_thread};

/// The setting that holds the password's hash.
pub const PASSWORD: &str = "console_password";
/// How every key begins.
const KEY: &str = "tk_";

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogIn {
    /// Needed when several shops are served.
    shop: Option<String>,
    /// The console's password, or a key of the shop: then the session may do what the key may, under the key's name.
    password: String,
}

#[derive(Serialize, ToSchema)]
pub struct ShopName {
    id: String,
    name: String,
}

#[derive(Serialize, ToSchema)]
pub struct ShopView {
    id: String,
    name: String,
    currency: String,
    language: String,
    time_zone: String,
}

#[derive(Serialize, ToSchema)]
pub struct SessionView {
    shop: ShopView,
    shops: Vec<ShopName>,
    scopes: Vec<Scope>,
    /// The name of the key; absent for the console's password.
    name: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct ShopList {
    items: Vec<ShopName>,
}

fn names(app: &App) -> Vec<ShopName> {
    app.shops.iter().map(|shop| ShopName { id: shop.id.clone(), name: shop.shop.config().name.clone() }).collect()
}

fn view(app: &App, shop: &ServedShop, scopes: Vec<Scope>, name: Option<String>) -> SessionView {
    let config = shop.shop.config();
    SessionView {
        shop: ShopView {
            id: shop.id.clone(),
            name: config.name.clone(),
            currency: config.currency.clone(),
            language: config.language.clone(),
            time_zone: config.time_zone.clone(),
        },
        shops: names(app),
        scopes,
        name,
    }
}

/// The shops served here, for the log-in form.
#[utoipa::path(get, path = "/v1/shops", tag = "session", security(()), responses((status = 200, body = ShopList)))]
pub async fn list_shops(State(app): State<Arc<App>>) -> Json<ShopList> {
    Json(ShopList { items: names(&app) })
}

/// Who is calling.
#[utoipa::path(get, path = "/v1/session", tag = "session", responses((status = 200, body = SessionView), (status = "4XX", body = ErrorBody)))]
pub async fn get_session(State(app): State<Arc<App>>, Known(caller): Known) -> Json<SessionView> {
    Json(view(&app, &caller.shop, caller.scopes.clone(), caller.name.clone()))
}

/// Logs in; the answer sets the session's cookie. Logging in to another shop keeps the first: the header `X-Tercet-Shop`
/// (percent-encoded id) says which one a request means, the last one opened without it.
#[utoipa::path(post, path = "/v1/session", tag = "session", security(()), request_body = LogIn,
    responses((status = 200, body = SessionView), (status = "4XX", body = ErrorBody)))]
pub async fn open_session(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Body(body): Body<LogIn>,
) -> Result<Response> {
    if headers.contains_key(header::ORIGIN) {
        require_same_origin(&headers)?;
    }
    let shop = chosen(&app, body.shop.as_deref())?;
    app.login_limits.take(&shop.id, 1.0, clock::now().0).map_err(|seconds| {
        ServiceError::new(Kind::TooMany, "rate", "too many attempts to log in")
            .detail(serde_json::json!({"retry_after_seconds": seconds}))
            .help("wait a moment; forgotten? tercet password sets a new one")
    })?;
    let wrong = || {
        ServiceError::new(Kind::Unauthorised, "password", "the password is wrong")
            .help("tercet password sets a new one; tercet keys create makes a key, which is taken too")
    };
    let key = match body.password.starts_with(KEY) {
        true => Some(key_of(&app, &shop, &body.password).ok_or_else(wrong)?),
        false => {
            let stored = shop.store.setting(PASSWORD)?;
            let verify = move || Ok(stored.is_some_and(|stored| password::verify(&body.password, &stored)));
            if !off_thread(verify).await? {
                return Err(wrong());
            }
            None
        }
    };
    app.login_limits.forgive(&shop.id);
    let previous = access::cookie(&headers);
    let opened = Opened { shop_id: shop.id.clone(), key: key.as_ref().map(|key| key.digest.clone()) };
    let secret = app.sessions.open(opened, previous.as_deref(), clock::now().0)?;
    let (scopes, name) = key.map_or((Scope::ALL.to_vec(), None), |key| (key.scopes, Some(key.name)));
    let secure = headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https");
    let cookie = cookie(&secret, 43_200, secure)?;
    Ok(([(header::SET_COOKIE, cookie)], Json(view(&app, &shop, scopes, name))).into_response())
}

/// A key of this shop, if the text is one; the key of a widget, which anybody can read in a page, opens nothing.
fn key_of(app: &App, shop: &ServedShop, secret: &str) -> Option<KeyRecord> {
    let (of, key) = app.shops.by_key(&digest(secret))?;
    (of.id == shop.id && key.scopes != [Scope::Converse]).then_some(key)
}

fn chosen(app: &App, asked: Option<&str>) -> Result<Arc<ServedShop>> {
    match asked {
        Some(id) => app.shops.by_id(id).ok_or_else(|| ServiceError::not_found("shop", id)),
        None => {
            let mut all = app.shops.iter();
            match (all.next(), all.next()) {
                (Some(only), None) => Ok(only.clone()),
                _ => Err(ServiceError::usage("shop", "several shops are served; say which: \"shop\": …")),
            }
        }
    }
}

fn cookie(value: &str, max_age_seconds: u32, secure: bool) -> Result<HeaderValue> {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{COOKIE}={value}; HttpOnly; SameSite=Strict; Path=/; Max-Age={max_age_seconds}{secure}");
    HeaderValue::from_str(&text).map_err(|error| ServiceError::failed(error.to_string()))
}

/// Logs out.
#[utoipa::path(delete, path = "/v1/session", tag = "session", responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub async fn close_session(State(app): State<Arc<App>>, Known(caller): Known) -> Result<Response> {
    if let Some(secret) = &caller.session {
        app.sessions.close(secret);
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie("", 0, false)?)]).into_response())
}
