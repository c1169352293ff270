//! Which pages elsewhere may talk to customer service from a browser: those of `[service] origins`. Everything else of the API is
//! for pages of this server and for programs.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::App;
use crate::error::{Kind, ServiceError};

const METHODS: &str = "GET, POST";
const HEADERS: &str = "authorization, content-type, x-conversation, last-event-id";
/// Seconds for which a browser need not ask again.
const KEPT: &str = "600";

/// Around requests of customers' pages.
pub async fn allow(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_chat = path == "/v1/chat" || path.starts_with("/v1/chat/");
    let origin = request.headers().get(header::ORIGIN).cloned().filter(|_| is_chat);
    let Some(origin) = origin else { return next.run(request).await };
    let known = |shop: &Arc<crate::serving::ServedShop>| {
        shop.conversations.config.origins.iter().any(|known| known.as_bytes() == origin.as_bytes())
    };
    let is_known = app.shops.iter().any(known);
    let is_asking = request.method() == Method::OPTIONS;
    if !is_known && is_asking {
        return ServiceError::new(Kind::Forbidden, "origin", "pages of this origin may not talk to customer service")
            .help("add the origin to [service] origins of tercet.toml and start the server again")
            .into_response();
    }
    let mut response = match is_asking {
        true => StatusCode::NO_CONTENT.into_response(),
        false => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if is_known {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if is_asking {
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(HEADERS));
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(KEPT));
        }
    }
    response
}
