//! Who is calling, and whether they may: a bearer key, or the console's cookie with a proof that the request comes from
//! the console itself. A handler states what it needs by its argument: [`Ingest`], [`Serve`] or [`Manage`].

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};

use super::App;
use crate::auth::Scope;
use crate::auth::keys::digest;
use crate::clock;
use crate::error::{Kind, Result, ServiceError};
use crate::serving::ServedShop;

pub const COOKIE: &str = "tercet_session";
/// The shop that a tab of the console shows, percent-encoded; a session may be open for several.
const SHOP: &str = "x-tercet-shop";

/// An authenticated caller of one shop.
#[derive(Clone)]
pub struct Caller {
    pub shop: Arc<ServedShop>,
    pub scopes: Vec<Scope>,
    /// The session's secret, for logging out.
    pub session: Option<String>,
    /// What limits are counted by.
    pub id: String,
    /// The name of the key; absent for a session that the console's password opened.
    pub name: Option<String>,
}

/// May send events.
pub struct Ingest(pub Caller);
/// May ask for recommendations.
pub struct Serve(pub Caller);
/// May do everything.
pub struct Manage(pub Caller);
/// Anyone known, whatever the scope; not the key of a widget, which anybody can read in a page.
pub struct Known(pub Caller);
/// May talk to customer service.
pub struct Converse(pub Caller);
/// May answer customers.
pub struct Desk(pub Caller);

macro_rules! access {
    ($name:ident, $scope:expr) => {
        impl FromRequestParts<Arc<App>> for $name {
            type Rejection = ServiceError;

            async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self> {
                let scope: Option<Scope> = $scope;
                authorise(app, &parts.headers, &parts.method, scope).map($name)
            }
        }
    };
}

access!(Ingest, Some(Scope::Ingest));
access!(Serve, Some(Scope::Serve));
access!(Manage, Some(Scope::Manage));
access!(Known, None);
access!(Converse, Some(Scope::Converse));
access!(Desk, Some(Scope::Desk));

fn authorise(app: &App, headers: &HeaderMap, method: &Method, scope: Option<Scope>) -> Result<Caller> {
    let caller = match bearer(headers)? {
        Some(secret) => by_key(app, secret)?,
        None => by_cookie(app, headers, method)?,
    };
    if scope.is_none() && caller.scopes == [Scope::Converse] {
        return Err(ServiceError::new(
            Kind::Forbidden,
            "scope",
            "a key of scope 'converse' may only talk to customer service",
        ));
    }
    scope.map_or(Ok(()), |scope| needs(&caller, scope))?;
    Ok(caller)
}

/// Whether a caller who was let in has one more scope.
///
/// # Errors
/// If not.
pub fn needs(caller: &Caller, scope: Scope) -> Result<()> {
    match caller.scopes.contains(&scope) {
        true => Ok(()),
        false => Err(lacks(scope, &caller.scopes)),
    }
}

fn lacks(scope: Scope, found: &[Scope]) -> ServiceError {
    let message = format!("this needs the scope '{}'; the key has: {}", scope.name(), Scope::join(found));
    ServiceError::new(Kind::Forbidden, "scope", message)
        .help("make a key with that scope: tercet keys create --name NAME --scopes …")
}

fn bearer(headers: &HeaderMap) -> Result<Option<&str>> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let secret = value.to_str().ok().and_then(|text| text.strip_prefix("Bearer ")).map(str::trim);
    match secret {
        Some(secret) if secret.starts_with("tk_") && secret.len() <= 100 => Ok(Some(secret)),
        _ => Err(nobody("the Authorization header is not of the form 'Bearer tk_…'")),
    }
}

fn nobody(message: &str) -> ServiceError {
    ServiceError::new(Kind::Unauthorised, "unauthorised", message)
        .help("send the header 'Authorization: Bearer tk_…' with a key of the shop, or log in to the console")
}

fn by_key(app: &App, secret: &str) -> Result<Caller> {
    let digest = digest(secret);
    let (shop, key) = app.shops.by_key(&digest).ok_or_else(|| nobody("the key is unknown or was revoked"))?;
    app.request_limits.take(&key.id, 1.0, clock::now().0).map_err(|seconds| {
        ServiceError::new(Kind::TooMany, "rate", "this key has sent too many requests")
            .detail(serde_json::json!({"retry_after_seconds": seconds}))
            .help("slow down, send events in batches, or raise [serve] requests_per_second in tercet.toml")
    })?;
    Ok(Caller { shop, scopes: key.scopes, session: None, id: key.id, name: Some(key.name) })
}

fn by_cookie(app: &App, headers: &HeaderMap, method: &Method) -> Result<Caller> {
    let secret = cookie(headers).ok_or_else(|| nobody("neither a key nor a session was sent"))?;
    if !matches!(*method, Method::GET | Method::HEAD) {
        require_same_origin(headers)?;
    }
    let mut shops = app.sessions.shops_of(&secret, clock::now().0).ok_or_else(|| nobody("the session has ended"))?;
    let place = |asked: &str| shops.iter().position(|opened| opened.shop_id == asked);
    let at = match headers.get(SHOP).and_then(|value| value.to_str().ok()).map(decoded) {
        Some(asked) => place(&asked).ok_or_else(|| {
            let message = format!("the session is not open for shop '{}'", crate::error::clipped(&asked));
            ServiceError::new(Kind::Unauthorised, "other_shop", message)
                .help("log in to that shop with its own password")
        })?,
        None => shops.len().checked_sub(1).ok_or_else(|| nobody("the session has ended"))?,
    };
    let opened = shops.swap_remove(at);
    let id = format!("session {}", &digest(&secret)[..12]);
    if let Some(key) = &opened.key {
        // What a key allows, and whether it still does, is asked each time.
        let known = app.shops.by_key(key).filter(|(shop, _)| shop.id == opened.shop_id);
        let (shop, key) = known.ok_or_else(|| nobody("the session's key was revoked"))?;
        return Ok(Caller { shop, scopes: key.scopes, session: Some(secret), id, name: Some(key.name) });
    }
    let shop = app.shops.by_id(&opened.shop_id).ok_or_else(|| nobody("the session's shop is gone"))?;
    Ok(Caller { shop, scopes: Scope::ALL.to_vec(), session: Some(secret), id, name: None })
}

/// `%E5%BA%97` as the text it stands for; headers hold no others than the oldest letters.
fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The session's secret, if a cookie carries one.
pub fn cookie(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value.to_owned())
}

/// A page elsewhere may make a browser send requests with our cookie; it cannot forge the `Origin`.
pub fn require_same_origin(headers: &HeaderMap) -> Result<()> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST).unwrap_or("");
    let origin = text(header::ORIGIN).and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    match origin {
        Some(origin) if !host.is_empty() && origin.eq_ignore_ascii_case(host) => Ok(()),
        _ => Err(ServiceError::new(Kind::Forbidden, "origin", "the request does not come from the console's own page")
            .help("programs use a key (Authorization: Bearer tk_…) instead of the session cookie")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_shops_are_decoded() {
        for (text, expected) in
            [("north", "north"), ("%E5%BA%97%2F1", "店/1"), ("100%", "100%"), ("%zz", "%zz"), ("%", "%")]
        {
            assert_eq!(decoded(text), expected);
        }
    }

    #[test]
    fn only_our_own_origin_passes() {
        for (host, origin, passes) in [
            ("localhost:7878", Some("http://localhost:7878"), true),
            ("shop.example", Some("https://SHOP.example"), true),
            ("localhost:7878", Some("http://evil.example"), false),
            ("localhost:7878", Some("http://localhost:7879"), false),
            ("localhost:7878", Some("null"), false),
            ("localhost:7878", None, false),
            ("", Some("http://"), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().unwrap());
            }
            assert_eq!(require_same_origin(&headers).is_ok(), passes, "{host} {origin:?}");
        }
    }
}
