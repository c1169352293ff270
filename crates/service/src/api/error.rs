//! A [`ServiceError`] as an HTTP answer: one JSON shape for all of them.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Kind, ServiceError};

/// The body of every answer that is not a success.
#[derive(Serialize, ToSchema)]
pub struct ErrorBody {
    pub error: ErrorContent,
}

#[derive(Serialize, ToSchema)]
pub struct ErrorContent {
    /// Stable, for programs.
    pub code: String,
    /// What was found and what was allowed, for people.
    pub message: String,
    /// The same for programs, where there is more to say.
    pub detail: Option<serde_json::Value>,
    /// What to do.
    pub help: Option<String>,
}

pub fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Usage => StatusCode::BAD_REQUEST,
        Kind::Unauthorised => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::UnsupportedMedia => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Failed => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// What to do where the error has nothing better to say.
fn general_help(kind: Kind) -> &'static str {
    match kind {
        Kind::Usage | Kind::UnsupportedMedia => "see /openapi.json for what every address takes",
        Kind::Unauthorised | Kind::Forbidden => {
            "tercet keys list shows the scopes of keys, tercet keys create makes one"
        }
        Kind::NotFound => {
            "see /openapi.json for the addresses; those of lists, such as /v1/products, name what there is"
        }
        Kind::Conflict => "GET /v1/overview says how the shop is",
        Kind::TooLarge => "send less at once",
        Kind::TooMany | Kind::Unavailable => "try again in a moment",
        Kind::Failed => "the server's log says more",
    }
}

impl IntoResponse for ServiceError {
    fn into_response(mut self) -> Response {
        let status = status(self.kind);
        self.help.get_or_insert_with(|| general_help(self.kind).to_owned());
        if status.is_server_error() {
            tracing::error!(code = self.code, message = %self.message, "a request failed");
        }
        let retry = self.detail.as_ref().and_then(|detail| detail.get("retry_after_seconds")?.as_u64());
        let mut response = (status, Json(self.to_json())).into_response();
        if let Some(seconds) = retry {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
