//! Shops in which nothing is, and shops that this program must not open.

use std::fs;

use data::Shop;
use serde_json::json;
use service::api::server::{ServeOptions, Server};
use service::auth::Scope;

use crate::shop::{key, serve};

fn refusal(folder: &std::path::Path) -> String {
    let options = ServeOptions::new(folder, "127.0.0.1:0".parse().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { Server::bind(&options).await.map(drop).unwrap_err().to_string() })
}

#[test]
fn an_empty_shop_answers_every_question() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty");
    drop(Shop::create(&path).unwrap());
    let secret = key(&path, &[Scope::Ingest, Scope::Serve, Scope::Manage]);
    let served = serve(&path, secret);
    for path in ["/health", "/ready", "/metrics", "/openapi.json"] {
        assert_eq!(served.call("GET", path, None).status, 200, "{path}");
    }
    for path in ["/v1/products", "/v1/customers", "/v1/models", "/v1/evaluations", "/v1/jobs", "/v1/popular"] {
        assert_eq!(served.get(path)["items"], json!([]), "{path}");
    }
    for (path, status) in [
        ("/v1/plan/forecast", 200),
        ("/v1/plan/customers", 404),
        ("/v1/campaigns", 200),
        ("/v1/campaigns/c1/verdict", 404),
        ("/v1/overview", 200),
        ("/v1/products/facets", 200),
        ("/v1/cards", 200),
        ("/v1/keys", 200),
        ("/v1/products/p1", 404),
        ("/v1/customers/c1", 404),
        ("/v1/similar?product=p1", 404),
        ("/v1/customers/c1/history", 200),
    ] {
        let response = served.call("GET", path, None);
        assert_eq!(response.status, status, "{path}: {}", response.body);
    }
    let list = served.get("/v1/recommendations?customer=c1&explain=true");
    assert_eq!((&list["items"], &list["model"]), (&json!([]), &json!(null)), "{list}");
    let job = served.job("train", json!({}));
    assert_eq!(job["state"], "failed", "{job}");
    let event = json!({"customer_id": "c1", "kind": "view", "product_id": "nobody sells this"});
    assert_eq!(served.call("POST", "/v1/events", Some(event)).status, 202);
    assert_eq!(served.get("/v1/customers/c1/history")["items"].as_array().unwrap().len(), 1);
    assert_eq!(served.get("/v1/recommendations?customer=c1")["items"], json!([]));
}

#[test]
fn a_shop_of_a_later_program_is_refused_with_both_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("later");
    drop(Shop::create(&path).unwrap());
    let format = path.join("format");
    let known = fs::read_to_string(&format).unwrap();
    let number: u64 = known.trim().rsplit(' ').next().unwrap().parse().unwrap();
    fs::write(&format, known.replace(&number.to_string(), &(number + 1).to_string())).unwrap();
    let said = refusal(&path);
    assert!(said.contains(&(number + 1).to_string()) && said.contains(&number.to_string()), "{said}");
    fs::write(&format, "a text file").unwrap();
    assert!(refusal(&path).contains("a text file"));
    fs::remove_file(&format).unwrap();
    assert!(refusal(&path).contains("no shop") || refusal(&path).contains("not a shop"), "{}", refusal(&path));
}
