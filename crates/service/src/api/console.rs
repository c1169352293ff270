//! The console's files, embedded in the binary. Addresses without a file get the page, which routes by itself; addresses
//! of the API that do not exist get an error instead.

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use crate::error::{Kind, ServiceError};

#[derive(RustEmbed)]
#[folder = "$CONSOLE_DIST"]
struct Console;

pub async fn page(method: Method, headers: HeaderMap, uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path == "v1" || path.starts_with("v1/") {
        return ServiceError::new(Kind::NotFound, "no_such_address", "there is no such address")
            .help("see /openapi.json for all of them")
            .into_response();
    }
    if !matches!(method, Method::GET | Method::HEAD) {
        return method_not_allowed().await;
    }
    // A page of a small shop, to see the widget on.
    let path = if path == "demo" { "demo.html" } else { path };
    if let Some(file) = Console::get(path) {
        // Vite names these files after their content.
        let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
        // The build lays a packed copy beside each large file.
        let packed = Console::get(&format!("{path}.gz"));
        let has_copy = packed.is_some();
        let copy = packed.filter(|_| takes_gzip(&headers));
        let is_copy = copy.is_some();
        let mut response = answer(media(path), cache, copy.unwrap_or(file).data.into_owned());
        if is_copy {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if has_copy {
            response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        return response;
    }
    match Console::get("index.html") {
        Some(index) if is_page(path) => answer("text/html; charset=utf-8", "no-cache", index.data.into_owned()),
        _ => ServiceError::new(Kind::NotFound, "no_such_file", "there is no such file").into_response(),
    }
}

/// Whether an address without a file is one of the console's own pages. Ids may hold dots, as in `products/A1.2`; a file
/// that a browser or a crawler asks for by itself lies at the top or among the built files.
fn is_page(path: &str) -> bool {
    !path.starts_with("assets/") && (path.contains('/') || !path.contains('.'))
}

/// Whether the caller unpacks gzip: named, and not with the weight 0, which means never.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("");
    accepted.split(',').any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.trim().strip_prefix("q=").map_or(1.0, |weight| weight.parse().unwrap_or(0.0));
        name.trim().eq_ignore_ascii_case("gzip") && weight > 0.0
    })
}

pub async fn method_not_allowed() -> Response {
    let error = ServiceError::usage("method", "this address does not take this method").help("see /openapi.json");
    (StatusCode::METHOD_NOT_ALLOWED, axum::Json(error.to_json())).into_response()
}

pub async fn json_text(text: String) -> Response {
    answer("application/json", "no-cache", text.into_bytes())
}

fn answer(media: &'static str, cache: &'static str, body: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media)),
        (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
    ];
    (headers, body).into_response()
}

fn media(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or("") {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" | "map" | "webmanifest" => "application/json",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_copies_go_to_those_who_unpack_them() {
        for (accepted, expected) in [
            ("gzip, deflate, br", true),
            ("br;q=1.0, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip;q=nonsense", false),
            ("x-gzip, br", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted))]);
            assert_eq!(takes_gzip(&headers), expected, "{accepted}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[test]
    fn pages_are_told_from_files() {
        for (path, expected) in [
            ("", true),
            ("products", true),
            ("products/A1.2", true),
            ("customers/a.b@example.com", true),
            ("favicon.ico", false),
            ("assets/index-gone.js", false),
        ] {
            assert_eq!(is_page(path), expected, "{path}");
        }
    }
}
