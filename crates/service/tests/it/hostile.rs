//! Whatever is sent, the answer is an error in our one shape, and the server lives.

use serde_json::{Value, json};

use crate::http::{raw, send};
use crate::shop::served;

#[test]
fn hostile_bodies_and_addresses_get_a_plain_answer() {
    let (_folder, served) = served();
    let bearer = format!("Bearer {}", served.key);
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let huge = format!("{{\"customer_id\": \"{}\"}}", "x".repeat(5 << 20));
    let many = json!({"events": vec![json!({"customer_id": "c", "kind": "view"}); 1001]}).to_string();
    for (method, path, body, status) in [
        ("POST", "/v1/events", Some(""), 400),
        ("POST", "/v1/events", Some("{"), 400),
        ("POST", "/v1/events", Some("nul"), 400),
        ("POST", "/v1/events", Some("[]"), 400),
        ("POST", "/v1/events", Some("{\"events\": {}}"), 400),
        ("POST", "/v1/events", Some("{\"events\": []}"), 400),
        ("POST", "/v1/events", Some("{\"customer_id\": \"c\", \"kind\": \"view\", \"value\": NaN}"), 400),
        ("POST", "/v1/events", Some("{\"customer_id\": \"c\", \"kind\": \"view\", \"quantity\": 1e999}"), 400),
        ("POST", "/v1/events", Some("{\"customer_id\": 5, \"kind\": \"view\"}"), 400),
        ("POST", "/v1/events", Some("{\"customer_id\": \"a\\u0007\", \"kind\": \"view\"}"), 400),
        ("POST", "/v1/events", Some("{\"customer_id\": \"c\", \"kind\": \"cart\", \"quantity\": -1}"), 400),
        (
            "POST",
            "/v1/events",
            Some("{\"customer_id\": \"c\", \"kind\": \"view\", \"at\": \"9999-01-01T00:00:00Z\"}"),
            400,
        ),
        ("POST", "/v1/events", Some("\u{0}"), 400),
        ("POST", "/v1/events", Some(nested.as_str()), 400),
        ("POST", "/v1/events", Some(many.as_str()), 400),
        ("POST", "/v1/events", Some(huge.as_str()), 413),
        ("POST", "/v1/jobs", Some("{\"kind\": 5}"), 400),
        ("POST", "/v1/keys", Some("{\"name\": \"a\", \"scopes\": [\"root\"]}"), 400),
        ("PUT", "/v1/products/p1", Some("{\"name\": \"x\", \"price_cents\": -5}"), 400),
        ("PUT", "/v1/products/p1", Some("{\"name\": \"x\", \"price\": 5}"), 400),
        ("PUT", "/v1/products/p1", Some("{\"name\": \"\"}"), 400),
        ("PUT", "/v1/customers/c1", Some("{\"birth_year\": 10}"), 400),
        ("GET", "/v1/recommendations", None, 400),
        ("GET", "/v1/recommendations?customer=", None, 400),
        ("GET", "/v1/recommendations?customer=c&n=0", None, 400),
        ("GET", "/v1/recommendations?customer=c&n=501", None, 400),
        ("GET", "/v1/recommendations?customer=c&n=-1", None, 400),
        ("GET", "/v1/recommendations?customer=c&colour=red", None, 400),
        ("GET", "/v1/recommendations?customer=c&lang=fr", None, 400),
        ("GET", "/v1/recommendations?customer=c&context_product=nothing", None, 404),
        ("GET", "/v1/products?offset=99999999", None, 400),
        ("GET", "/v1/products?sort=random", None, 400),
        ("GET", "/v1/products/facets?limit=0", None, 400),
        ("GET", "/v1/products/facets?colour=red", None, 400),
        ("PUT", "/v1/products/facets", Some("{\"name\": \"x\"}"), 405),
        ("GET", "/v1/products/%00", None, 400),
        ("GET", "/v1/products/%ff", None, 400),
        ("GET", "/v1/products/nothing", None, 404),
        ("GET", "/v1/similar?product=nothing", None, 404),
        ("GET", "/v1/explain?list_id=zzz", None, 404),
        ("GET", "/v1/explain?list_id=1-0", None, 404),
        ("GET", "/v1/jobs/nothing", None, 404),
        ("DELETE", "/v1/customers/nobody", None, 404),
        ("POST", "/v1/models/..%2f..%2fetc/activate", None, 404),
        ("DELETE", "/v1/overview", None, 405),
        ("POST", "/", None, 405),
    ] {
        let response = send(served.address, method, path, &[("Authorization", &bearer)], body);
        let shown: String = response.body.chars().take(300).collect();
        assert_eq!(response.status, status, "{method} {path}: {shown}");
        let error = response.json()["error"].clone();
        for part in ["code", "message", "help"] {
            assert!(error[part].is_string(), "{method} {path}: {part} in {shown}");
        }
        for words in ["deserialize", "invalid digit", "expected one of", "`"] {
            assert!(!error["message"].as_str().unwrap().contains(words), "{method} {path}: '{words}' in {shown}");
        }
        assert!(response.body.len() < 2000, "{method} {path}: the answer repeats the input");
    }
    let plain = [("Authorization", bearer.as_str()), ("Content-Type", "text/plain")];
    assert_eq!(send(served.address, "POST", "/v1/events", &plain, Some("{}")).status, 415);
    let mut invalid =
        format!("POST /v1/events HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: {bearer}\r\n").into_bytes();
    invalid.extend(b"Content-Type: application/json\r\nContent-Length: 21\r\n\r\n{\"customer_id\": \"\xff\xfe\"}");
    assert_eq!(raw(served.address, &invalid).unwrap().status, 400, "text that is not UTF-8");
    for request in [
        &b"GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n"[..],
        b"\x16\x03\x01\x00",
        b"GET /../../etc/passwd HTTP/1.0\r\n\r\n",
    ] {
        if let Ok(response) = raw(served.address, request) {
            assert!(!response.body.contains("root:"), "{}", response.body);
        }
    }
    assert_eq!(send(served.address, "GET", "/health", &[], None).status, 200);
}

#[test]
fn mistakes_have_the_code_of_what_is_wrong() {
    let (_folder, served) = served();
    for (method, path, body, code, said) in [
        (
            "PUT",
            "/v1/products/p1",
            json!({"name": ""}),
            "name",
            "name is '' (0 characters); allowed: 1 to 500 on one line",
        ),
        ("PUT", "/v1/products/p1", json!({"name": "a\nb"}), "name", "name is 'a b' (3 characters)"),
        ("GET", "/v1/recommendations?customer=", Value::Null, "id", "customer is '' (0 characters)"),
        ("GET", "/v1/recommendations?customer=c&n=x", Value::Null, "query", "n is 'x'; allowed: a whole number"),
        (
            "POST",
            "/v1/events",
            json!({"customer_id": "c", "kind": "view", "at": "2999-01-01T00:00:00+08:00"}),
            "at",
            "at is '2999-01-01T00:00:00+08:00'; allowed: ",
        ),
    ] {
        let response = served.call(method, path, (!body.is_null()).then(|| body.clone()));
        let error = response.json()["error"].clone();
        assert_eq!((response.status, &error["code"]), (400, &json!(code)), "{path} {body}: {error}");
        assert!(error["message"].as_str().unwrap().starts_with(said), "{path} {body}: {error}");
    }
}

#[test]
fn sql_in_identifiers_is_only_text() {
    let (_folder, served) = served();
    for id in ["x' or '1'='1", "'; drop table customers; --", "\\' or true --", "%", "c0\" or 1=1"] {
        let encoded: String = id.bytes().map(|byte| format!("%{byte:02X}")).collect();
        assert_eq!(served.call("GET", &format!("/v1/customers/{encoded}"), None).status, 404, "{id}");
        let history = served.get(&format!("/v1/customers/{encoded}/history"));
        assert_eq!(history["items"], Value::Array(vec![]), "{id}");
        assert_eq!(served.get(&format!("/v1/customers?query={encoded}"))["total"], 0, "{id}");
        let body = json!({"customer_id": id, "kind": "view", "product_id": id});
        assert_eq!(served.call("POST", "/v1/events", Some(body)).status, 202, "{id}");
        assert_eq!(served.get(&format!("/v1/customers/{encoded}/history"))["items"].as_array().unwrap().len(), 1);
    }
    assert_eq!(served.get("/v1/customers")["total"], 40);
}
