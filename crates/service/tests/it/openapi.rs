//! The OpenAPI document is kept beside the tests; a change of the API shows as a change of that file.

#[test]
fn the_document_is_the_snapshot() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openapi.json");
    let document = service::api::openapi();
    let text = document.to_pretty_json().unwrap() + "\n";
    if std::env::var_os("TERCET_UPDATE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "the API changed; look at it, then: TERCET_UPDATE=1 cargo test -p tercet-service openapi");
}
