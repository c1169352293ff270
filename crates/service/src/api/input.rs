//! What comes in: bodies, query parameters and path segments, each with a limit and with errors in our one shape.

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header;
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use utoipa::IntoParams;

use super::wording;
use crate::error::{Kind, Result, ServiceError, clipped};

/// Bodies beyond this are refused unread.
pub const BODY_BYTES_MAX: usize = 4 << 20;
/// Identifiers, in characters.
pub const ID_CHARS_MAX: usize = 200;
/// Items of one list, rows of one page.
pub const LIMIT_MAX: usize = 500;
/// Rows that can be paged through.
pub const OFFSET_MAX: usize = 100_000;

/// A JSON body.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ServiceError;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        let bytes = read_json_bytes(request, BODY_BYTES_MAX).await?;
        serde_json::from_slice(&bytes).map(Body).map_err(not_json)
    }
}

/// A JSON body of what one person writes; longer ones are refused unread.
pub struct SmallBody<T>(pub T);

const SMALL_BODY_BYTES_MAX: usize = 64 << 10;

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for SmallBody<T> {
    type Rejection = ServiceError;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        let bytes = read_json_bytes(request, SMALL_BODY_BYTES_MAX).await?;
        serde_json::from_slice(&bytes).map(SmallBody).map_err(not_json)
    }
}

async fn read_json_bytes(request: Request, most: usize) -> Result<axum::body::Bytes> {
    let media = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = media.split(';').next().unwrap_or("").trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        let message = format!("the body's content type is '{}'; allowed: application/json", clipped(media));
        return Err(ServiceError::new(Kind::UnsupportedMedia, "content_type", message)
            .help("send the header Content-Type: application/json"));
    }
    read_bytes(request, most).await
}

/// A body as it comes.
pub async fn read_bytes(request: Request, most: usize) -> Result<axum::body::Bytes> {
    to_bytes(request.into_body(), most).await.map_err(|_| {
        ServiceError::new(Kind::TooLarge, "body_size", format!("the body exceeds {most} bytes"))
            .detail(json!({"allowed_bytes": most}))
            .help(if most < BODY_BYTES_MAX { "send less text" } else { "send smaller batches" })
    })
}

pub fn not_json(error: serde_json::Error) -> ServiceError {
    wording::of_body(&error.to_string())
}

/// Query parameters; unknown names are refused, so that a misspelt filter is not silently ignored.
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = ServiceError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(params)) => Ok(Params(params)),
            Err(rejection) => Err(wording::of_query(&rejection.body_text(), parts.uri.query().unwrap_or_default())),
        }
    }
}

/// One identifier in the address.
pub struct Id(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = ServiceError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let wrong =
            |_| ServiceError::usage("path", "the id in the address is not UTF-8; allowed: percent-encoded UTF-8");
        let Path(id) = Path::<String>::from_request_parts(parts, state).await.map_err(wrong)?;
        check_id("the id in the address", &id)?;
        Ok(Id(id))
    }
}

/// Two identifiers in the address.
pub struct Ids(pub String, pub String);

impl<S: Send + Sync> FromRequestParts<S> for Ids {
    type Rejection = ServiceError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let wrong =
            |_| ServiceError::usage("path", "an id in the address is not UTF-8; allowed: percent-encoded UTF-8");
        let Path((first, second)) = Path::<(String, String)>::from_request_parts(parts, state).await.map_err(wrong)?;
        check_id("the first id in the address", &first)?;
        check_id("the second id in the address", &second)?;
        Ok(Ids(first, second))
    }
}

/// An identifier is 1 to 200 characters on one line.
pub fn check_id(what: &str, id: &str) -> Result<()> {
    check_line("id", what, id, ID_CHARS_MAX)
}

/// A name is text on one line that is not empty.
pub fn check_name(what: &str, name: &str, n_max: usize) -> Result<()> {
    check_line("name", what, name, n_max)
}

fn check_line(code: &'static str, what: &str, text: &str, n_max: usize) -> Result<()> {
    let n_chars = text.chars().count();
    if n_chars == 0 || n_chars > n_max || text.chars().any(char::is_control) {
        let message =
            format!("{what} is '{}' ({n_chars} characters); allowed: 1 to {n_max} on one line", clipped(text));
        return Err(ServiceError::usage(code, message));
    }
    Ok(())
}

/// A text field: at most `n_max` characters.
pub fn check_text(what: &str, text: &str, n_max: usize) -> Result<()> {
    let n_chars = text.chars().count();
    if n_chars > n_max || text.contains('\0') {
        let message = format!("{what} has {n_chars} characters; allowed: at most {n_max}, without NUL");
        return Err(ServiceError::usage("text", message));
    }
    Ok(())
}

/// The number of rows or items asked for.
pub fn check_limit(name: &str, asked: Option<usize>, default: usize) -> Result<usize> {
    let asked = asked.unwrap_or(default);
    if asked == 0 || asked > LIMIT_MAX {
        return Err(ServiceError::usage("limit", format!("{name} is {asked}; allowed: 1 to {LIMIT_MAX}")));
    }
    Ok(asked)
}

/// Where a page starts.
pub fn check_offset(asked: Option<usize>) -> Result<usize> {
    let asked = asked.unwrap_or(0);
    if asked > OFFSET_MAX {
        return Err(ServiceError::usage("offset", format!("offset is {asked}; allowed: 0 to {OFFSET_MAX}"))
            .help("narrow the search with query and filters instead of paging on"));
    }
    Ok(asked)
}

/// Which rows of a long list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    #[param(maximum = 100_000)]
    offset: Option<usize>,
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

impl PageParams {
    /// Where the page starts, and how many rows it has; 50 if nothing is said.
    pub fn checked(&self) -> Result<(usize, usize)> {
        Ok((check_offset(self.offset)?, check_limit("limit", self.limit, 50)?))
    }
}
