//! The ranker as served: rules, what 3C needs, new products, exact and replayable answers, lists for everyone.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use data::Shop;
use serde_json::{Value, json};
use service::auth::Scope;
use service::flows::train::{TrainRequest, train};
use service::metrics::Metrics;
use service::serving::{Place, ServedShop};

use crate::shop::{Folder, Served, key, make, serve, write};

fn with_rules(folder: &Folder, rules: &str) {
    let path = folder.shop().join("tercet.toml");
    let text = fs::read_to_string(&path).unwrap();
    let plain = text.split("# added by the test").next().unwrap().to_owned();
    fs::write(path, format!("{plain}# added by the test\n{rules}")).unwrap();
}

fn start(folder: &Folder) -> Served {
    let key = key(&folder.shop(), &Scope::ALL);
    serve(&folder.shop(), key)
}

fn ids(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["product_id"].as_str().unwrap()).collect()
}

/// The sum of the terms called `name` of a product in a list; 0 without any.
fn term(list: &Value, product: &str, name: &str) -> f64 {
    let item = list["items"].as_array().unwrap().iter().find(|item| item["product_id"] == product);
    let item = item.unwrap_or_else(|| panic!("{product} is not in {list}"));
    let terms = item["terms"].as_array().unwrap().iter().filter(|term| term["name"] == name);
    terms.map(|term| term["value"].as_f64().unwrap()).sum()
}

fn put(served: &Served, id: &str, body: Value) {
    assert_eq!(served.call("PUT", &format!("/v1/products/{id}"), Some(body)).status, 204);
}

fn happened(served: &Served, event: Value) {
    assert_eq!(served.call("POST", "/v1/events", Some(event)).status, 202);
}

const RULES: &str = r#"
[[recommend.rules]]
name = "front page"
action = "pin"
products = ["p19"]
[[recommend.rules]]
name = "mixed"
action = "cap"
by = "category"
depth = 1
max = 2
[recommend.terms.diversity]
weight = 0.0
"#;

#[test]
fn rules_act_are_followed_when_they_change_and_refused_when_wrong() {
    let folder = make();
    with_rules(&folder, RULES);
    let served = start(&folder);
    assert_eq!(served.job("train", json!({"algorithm": "ease"}))["state"], "done");
    let list = served.get("/v1/recommendations?customer=c0&n=10");
    assert_eq!((ids(&list)[0], list["items"][0]["pinned_by"].as_str()), ("p19", Some("front page")), "{list}");
    assert_eq!(ids(&list).len(), 4, "two of each category: {list}");

    with_rules(&folder, &RULES.replace("max = 2", "max = 3").replace("p19", "p17"));
    let version = served.get("/v1/models")["items"][0]["version"].as_str().unwrap().to_owned();
    let activate = || served.call("POST", &format!("/v1/models/{version}/activate"), None).status;
    assert_eq!(activate(), 200);
    let list = served.get("/v1/recommendations?customer=c0&n=10");
    assert_eq!((ids(&list)[0], ids(&list).len()), ("p17", 6), "{list}");

    // A wrong file keeps what was in force, is shown, and refuses what starts anew.
    with_rules(&folder, &RULES.replace("\"pin\"", "\"pins\""));
    assert_eq!(activate(), 200);
    assert_eq!(ids(&served.get("/v1/recommendations?customer=c0&n=10")), ids(&list));
    assert!(served.get("/v1/overview")["health"].to_string().contains("The rules cannot be read"));
    let job = served.job("train", json!({"algorithm": "ease"}));
    let said = job["error"]["message"].as_str().unwrap();
    let expected = ["tercet.toml", "rule 1 ('front page')", "unknown variant `pins`", "`boost`"];
    assert!(expected.iter().all(|part| said.contains(part)), "{said}");
    let opened = tokio::runtime::Runtime::new().unwrap().block_on(opened(&folder.shop()));
    assert!(opened.err().unwrap().message.contains("unknown variant `pins`"));
}

async fn opened(folder: &Path) -> service::Result<Arc<ServedShop>> {
    ServedShop::open_beside(Shop::open(folder)?, Arc::new(Metrics::default())).await
}

#[test]
fn what_is_bought_holds_back_its_kind_and_raises_what_fits_and_follows() {
    let folder = make();
    write::<domain::Fit>(
        &Shop::open(folder.shop()).unwrap(),
        &[json!({"product_id": "bag", "with_product_id": "old"})],
    );
    let served = start(&folder);
    let laptop = |name: &str, before: Option<&str>, price: i64| json!({"name": name, "category": "Computers/Laptops", "predecessor_id": before, "price_cents": price});
    put(&served, "old", laptop("Book 1", None, 90_000));
    put(&served, "next", laptop("Book 2", Some("old"), 99_000));
    put(&served, "bag", json!({"name": "Bag for Book 1", "category": "Computers/Accessories"}));
    assert_eq!(served.job("train", json!({"algorithm": "ease"}))["state"], "done");
    let asked = |who: &str| served.get(&format!("/v1/recommendations?customer={who}&n=100&explain=true&lang=en"));
    let before = asked("c0");
    assert_eq!((term(&before, "next", "durable"), term(&before, "next", "successor")), (0.0, 0.0));
    assert!(!ids(&before).contains(&"bag"), "fits nothing of theirs");

    happened(&served, json!({"customer_id": "c0", "kind": "purchase", "product_id": "old"}));
    let after = asked("c0");
    assert!(term(&after, "next", "durable") < -1.49 && term(&after, "next", "successor") < 0.01, "{after}");
    assert!(term(&after, "bag", "accessory") > 0.39, "{after}");
    let bag = after["items"].as_array().unwrap().iter().find(|item| item["product_id"] == "bag").unwrap();
    assert!(bag["reasons"].to_string().contains("It fits the Book 1 you bought"), "{bag}");
    happened(&served, json!({"customer_id": "c0", "kind": "return", "product_id": "old"}));
    assert_eq!(term(&asked("c0"), "next", "durable"), 0.0, "given back");

    happened(
        &served,
        json!({"customer_id": "c2", "kind": "purchase", "product_id": "old", "at": "2016-05-01T00:00:00Z"}),
    );
    let due = asked("c2");
    assert!(term(&due, "next", "successor") > 0.9 && term(&due, "next", "durable") > -0.1, "{due}");

    // A view notes the price of the day; when it falls, the viewer hears of it.
    happened(&served, json!({"customer_id": "c4", "kind": "view", "product_id": "next"}));
    assert_eq!(term(&asked("c4"), "next", "price_drop"), 0.0);
    put(&served, "next", laptop("Book 2", Some("old"), 66_000));
    let fallen = asked("c4");
    assert!((term(&fallen, "next", "price_drop") - 0.5 * 2.0 / 3.0).abs() < 0.01, "{fallen}");
}

#[test]
fn answers_add_up_replay_and_know_when_they_cannot() {
    let folder = make();
    with_rules(&folder, "[recommend.terms.exploration]\nkind = \"plackett_luce\"\n");
    let served = start(&folder);
    assert_eq!(served.job("train", json!({"algorithm": "ease"}))["state"], "done");
    let list = served.get("/v1/recommendations?customer=c0&n=8&explain=true&lang=en");
    let id = list["list_id"].as_str().unwrap();
    let explained = served.get(&format!("/v1/explain?list_id={id}&lang=zh&replay=true"));
    assert_eq!(explained["replay"], json!({"identical": true, "why": null}));
    assert_eq!(ids(&explained), ids(&list));
    assert!(list["items"].as_array().unwrap().iter().any(|item| item["propensity"].as_f64().unwrap() < 1.0));
    let bought: Vec<String> =
        (0..6).map(|step| format!("p{}", 2 * (step * step % (crate::shop::N_PRODUCTS / 2)))).collect();
    for (said, kept) in list["items"].as_array().unwrap().iter().zip(explained["items"].as_array().unwrap()) {
        assert_eq!((&said["terms"], &said["score"]), (&kept["terms"], &kept["score"]));
        let terms = kept["terms"].as_array().unwrap();
        let sum: f64 = terms.iter().map(|term| term["value"].as_f64().unwrap()).sum();
        // Exact as sent; reading a number back may be off in the last place.
        assert!((sum - kept["score"].as_f64().unwrap()).abs() < 1e-12, "{kept}");
        let shares: f64 = kept["reasons"].as_array().unwrap().iter().map(|why| why["share"].as_f64().unwrap()).sum();
        assert!((shares - 1.0).abs() < 1e-9, "{kept}");
        let own = terms.iter().filter(|term| term["name"] == "own_event");
        own.for_each(|term| assert!(bought.contains(&term["product_id"].as_str().unwrap().to_owned()), "{term}"));
    }
    assert!(explained.to_string().contains("您购买过"), "{explained}");

    assert_eq!(served.job("train", json!({"algorithm": "item_knn"}))["state"], "done");
    let explained = served.get(&format!("/v1/explain?list_id={id}&replay=true"));
    assert_eq!(explained["replay"]["identical"], false);
    assert!(explained["replay"]["why"].as_str().unwrap().contains("was made with model"), "{explained}");
    assert!(served.get(&format!("/v1/explain?list_id={id}"))["replay"].is_null());
}

#[test]
fn a_product_nobody_has_bought_is_found_by_what_it_is() {
    let folder = make();
    let served = start(&folder);
    assert_eq!(served.job("train", json!({"algorithm": "ease"}))["state"], "done");
    put(&served, "p99", json!({"name": "Product 99", "brand": "Acme", "category": "Music/Pop", "price_cents": 50_000}));
    let list = served.get("/v1/recommendations?customer=c0&n=30&explain=true");
    assert!(term(&list, "p99", "content") > 0.3, "{list}");
    let near = served.get("/v1/similar?product=p99&n=3");
    assert!(near["items"].as_array().unwrap().iter().all(|item| item["category"] == "Music/Pop"), "{near}");
}

#[test]
fn products_are_alike_by_what_they_are_and_then_by_who_chose_both() {
    let folder = make();
    let served = start(&folder);
    assert_eq!(served.job("train", json!({"algorithm": "item_knn"}))["state"], "done");
    // Sold to nobody, and just like p4 but for the last: that one is something else.
    for (id, category) in [("twin", "Music/Pop"), ("stranger", "Garden/Tools")] {
        put(&served, id, json!({"name": "Product 4", "category": category, "price_cents": 50_000}));
    }
    let near = served.get("/v1/similar?product=p4&n=40");
    let items = near["items"].as_array().unwrap();
    let of = |id: &str| items.iter().find(|item| item["product_id"] == id).unwrap_or_else(|| panic!("{id}: {near}"));
    let part = |item: &Value, name: &str| item[name].as_f64().unwrap();
    assert_eq!(part(of("twin"), "together"), 0.0);
    assert!(part(of("twin"), "alike") > part(of("stranger"), "alike"));
    let most = items.iter().map(|item| part(item, "together")).fold(0.0, f64::max);
    assert_eq!(most, 1.0, "{near}");
    for (item, next) in items.iter().zip(&items[1..]) {
        assert!(
            (part(item, "score") - 0.7 * part(item, "alike") - 0.3 * part(item, "together")).abs() < 1e-6,
            "{item}"
        );
        assert!(part(item, "score") >= part(next, "score"));
    }
}

#[test]
fn the_search_reports_what_it_tried_and_judges_on_what_it_has_not_seen() {
    let folder = make();
    let served = start(&folder);
    let job = served.job("train", json!({"trials": 6}));
    assert_eq!(job["state"], "done", "{job}");
    let info = &job["result"];
    let tried = info["tried"].as_array().unwrap();
    assert!(tried.len() >= 6 && tried.iter().any(|one| one["card"] == "hybrid"), "{info}");
    assert!(info["split"].as_str().unwrap().contains("none of which the search has seen"), "{info}");
    let ndcg = &info["metrics"]["ndcg@10"];
    assert!(ndcg["low"].as_f64() <= ndcg["mean"].as_f64() && ndcg["mean"].as_f64() <= ndcg["high"].as_f64());
    let best = tried.iter().map(|one| one["value"].as_f64().unwrap()).fold(0.0, f64::max);
    assert!(tried.iter().any(|one| one["card"] == info["card"] && one["value"].as_f64() == Some(best)), "{info}");

    // Too little to hold anything out: a model all the same, and no figures.
    let few = make();
    let shop = Shop::open(few.shop()).unwrap();
    for who in 4..crate::shop::N_CUSTOMERS {
        shop.tables().delete_where_customer(&format!("c{who}")).unwrap();
    }
    let request = TrainRequest { algorithm: None, set: Vec::new(), n_trials: 6, seed: 1, n_threads: 1 };
    let info = tokio::runtime::Runtime::new().unwrap().block_on(train(&shop, request, &|_, _| true)).unwrap();
    assert!(info.metrics.is_empty() && info.split.starts_with("none"), "{info:?}");
}

#[test]
fn lists_for_everyone_keep_limits_over_all_customers() {
    let folder = make();
    let everyone = |folder: &Folder| {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let shop = opened(&folder.shop()).await.unwrap();
            let mut all: Vec<Place> = Vec::new();
            let keep = |list: &[Place]| {
                all.extend_from_slice(list);
                Ok(())
            };
            let report = shop.recommend_everyone(3, None, &|_, _| true, keep).await.unwrap();
            (report, all)
        })
    };
    let most = |all: &[Place]| {
        let mut n_of: BTreeMap<&str, usize> = BTreeMap::new();
        all.iter().for_each(|place| *n_of.entry(&place.product_id).or_default() += 1);
        n_of.into_values().max().unwrap()
    };
    let (report, free) = everyone(&folder);
    assert_eq!((report.n_customers, report.n_places, free.len()), (40, 120, 120));
    let limit = most(&free) - 1;
    with_rules(&folder, &format!("[recommend.terms.allocation]\ncustomers_max = {limit}\n"));
    let (report, limited) = everyone(&folder);
    assert_eq!((report.n_places, most(&limited)), (120, limit), "{report:?}");
    assert_eq!(everyone(&folder).1, limited, "the same again");
}
