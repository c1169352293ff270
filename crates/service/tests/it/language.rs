//! The shop's words from outside: learned, searched, read, refused.

use data::Shop;
use domain::{KnowledgeDocument, Product, Review};
use serde_json::{Value, json};
use service::auth::Scope;

use crate::shop::{self, Folder, Served, serve, served};

/// A shop with two products of one category, one praised for its screen and blamed for its battery, the other the reverse.
pub fn reviewed() -> (Folder, Served) {
    let (folder, mut served) = served();
    served.stop();
    let opened = Shop::open(folder.shop()).unwrap();
    let product = |id: &str, name: &str, cents: i64, memory: &str| {
        json!({"product_id": id, "name": name, "brand": "华为", "category": "手机/智能手机", "price_cents": cents,
            "specs": {"memory": memory}, "description": "轻薄好看的手机"})
    };
    shop::write::<Product>(
        &opened,
        &[product("m1", "华为 Mate 60 Pro", 699_900, "12 GB"), product("m2", "华为畅享 70X", 179_900, "8 GB")],
    );
    let review = |at: usize| {
        let (product, good, bad) = if at.is_multiple_of(2) {
            ("m1", "屏幕很清楚", "电池不耐用")
        } else {
            ("m2", "电池很耐用", "屏幕很模糊")
        };
        let (stars, text) = if at & 2 == 0 {
            (5.0, format!("{good},很满意"))
        } else {
            (1.0, format!("{bad},太差了,电话13812345678"))
        };
        json!({"review_id": format!("r{at}"), "at": 1_700_000_000_000i64 + at as i64 * 86_400_000, "product_id": product,
            "stars": stars, "text": text})
    };
    shop::write::<Review>(&opened, &(0..240).map(review).collect::<Vec<_>>());
    let text = "# 退货\n签收后7天内可以无理由退货。\n# 充电\n请使用原装充电器。";
    shop::write::<KnowledgeDocument>(
        &opened,
        &[json!({"document_id": "d1", "title": "售后手册", "text": text, "product_ids": ["m1"]})],
    );
    drop(opened);
    let key = shop::key(&folder.shop(), &Scope::ALL);
    let served = serve(&folder.shop(), key);
    (folder, served)
}

#[test]
fn words_are_learned_and_opinions_added_up() {
    let (_folder, served) = reviewed();
    let missing = served.call("GET", "/v1/language", None);
    assert_eq!((missing.status, missing.json()["error"]["code"].as_str()), (404, Some("language")));
    let job = served.job("language", json!({"dim": 16, "epochs": 3}));
    assert_eq!(job["state"], "done", "{job}");
    let info = served.get("/v1/language");
    assert_eq!((&info["texts"]["n_reviews"], &info["texts"]["n_documents"]), (&json!(240), &json!(1)));
    assert_eq!((&info["sentiment"]["n_test"], &info["sentiment"]["accuracy"]), (&json!(24), &json!(1.0)), "{info}");
    let page = served.get("/v1/opinions/m1");
    let aspect = |key: &str| page["aspects"].as_array().unwrap().iter().find(|one| one["key"] == key).unwrap().clone();
    let (screen, battery) = (aspect("screen"), aspect("battery"));
    assert_eq!((&screen["positive"], &screen["negative"]), (&json!(60), &json!(0)), "{screen}");
    assert_eq!((&battery["positive"], &battery["negative"]), (&json!(0), &json!(60)), "{battery}");
    assert_eq!(screen["others"]["stands_out"], "better");
    assert_eq!(battery["others"]["stands_out"], "worse");
    assert!(battery["quotes"][0]["text"].as_str().unwrap().contains("电池"), "{battery}");
    assert!(!page.to_string().contains("13812345678"), "what is personal is masked");
    let list = served.get("/v1/opinions?sort=best&limit=1");
    assert_eq!((&list["total"], list["items"].as_array().unwrap().len()), (&json!(2), 1));
    assert_eq!(served.call("GET", "/v1/opinions/nobody", None).status, 404);
    assert_eq!(served.call("GET", "/v1/opinions?sort=x", None).status, 400);
    let body = json!({"text": "😀屏幕很清楚,很满意"});
    let said = served.call("POST", "/v1/opinions/analyse", Some(body)).json();
    assert_eq!(
        (&said["sentiment"]["label"], &said["mentions"][0]["aspect"]),
        (&json!("positive"), &json!("screen")),
        "{said}"
    );
    assert_eq!(
        (&said["mentions"][0]["term_start"], &said["mentions"][0]["term_end"]),
        (&json!(1), &json!(3)),
        "{said}"
    );
    let masked = served.call("POST", "/v1/opinions/analyse", Some(json!({"text": "打13812345678"}))).json();
    assert!(masked["text"].as_str().unwrap().contains("[PHONE]"), "{masked}");
    assert_eq!(served.call("POST", "/v1/opinions/analyse", Some(json!({"text": " "}))).status, 400);
}

#[test]
fn products_and_documents_are_found() {
    let (_folder, served) = reviewed();
    assert_eq!(served.job("language", json!({}))["state"], "done");
    let found = served.get("/v1/search?q=2000%E5%85%83%E4%BB%A5%E4%B8%8B%20%E6%89%8B%E6%9C%BA&in=products");
    assert_eq!((&found["n_products"], &found["products"][0]["product_id"]), (&json!(1), &json!("m2")), "{found}");
    let price = found["query"]["filters"].as_array().unwrap().iter().find(|one| one["attribute"] == "price").unwrap();
    assert_eq!((&price["start"], &price["end"]), (&json!(0), &json!(7)), "{price}");
    let dropped = format!(
        "/v1/search?q=2000%E5%85%83%E4%BB%A5%E4%B8%8B%20%E6%89%8B%E6%9C%BA&in=products&drop={}",
        price["id"].as_str().unwrap()
    );
    assert_eq!(served.get(&dropped)["n_products"], 2);
    let first = |sort: &str| {
        let found =
            served.get(&format!("/v1/search?q=%E6%9C%80%E8%B4%B5%E7%9A%84%E6%89%8B%E6%9C%BA&in=products{sort}"));
        (
            found["query"]["sort"].as_str().unwrap().to_owned(),
            found["products"][0]["product_id"].as_str().unwrap().to_owned(),
        )
    };
    assert_eq!(first(""), ("price_desc".to_owned(), "m1".to_owned()), "the text asks for the dearest");
    assert_eq!(first("&sort=price_asc"), ("price_asc".to_owned(), "m2".to_owned()));
    for sort in ["relevance", "price_desc", "newest", "best_selling"] {
        assert_eq!(first(&format!("&sort={sort}")).0, sort);
    }
    let refused = served.call("GET", "/v1/search?q=a&sort=price", None);
    assert_eq!((refused.status, refused.json()["error"]["code"].as_str()), (400, Some("sort")));
    let allowed = "sort is 'price'; allowed: relevance, price_asc, price_desc, newest, best_selling";
    assert_eq!(refused.json()["error"]["message"], allowed);
    assert_eq!(served.get("/v1/products/m1")["n_reviews"], 120);
    assert_eq!(served.get("/v1/products?query=p1&limit=1")["items"][0]["n_reviews"], 0);
    let by_sound = served.get("/v1/search?q=huawei%20mate60&in=products");
    assert_eq!(by_sound["products"][0]["product_id"], "m1", "{by_sound}");
    let document = &served.get("/v1/search?q=%E6%80%8E%E4%B9%88%E9%80%80%E8%B4%A7&in=documents")["documents"][0];
    assert_eq!((&document["document_id"], &document["sections"][0]), (&json!("d1"), &json!("退货")), "{document}");
    assert!(served.get("/v1/search/suggest?q=hua")["items"][0]["text"].as_str().unwrap().contains("华为"));
    for path in [
        "/v1/search?q=a&in=x",
        "/v1/search?q=a&filter=x",
        "/v1/search?q=a&offset=901",
        "/v1/search",
        "/v1/words?word=%21",
    ] {
        let refused = served.call("GET", path, None);
        assert!(matches!(refused.status, 400 | 404), "{path}: {}", refused.body);
    }
}

#[test]
fn search_follows_the_catalogue() {
    let (folder, mut served) = reviewed();
    assert_eq!(served.job("language", json!({}))["state"], "done");
    let hits = |served: &Served, query: &str| -> Vec<(String, Value)> {
        let found = served.get(&format!("/v1/search?q={query}&in=products"));
        let hit = |hit: &Value| (hit["product_id"].as_str().unwrap().to_owned(), hit["price_cents"].clone());
        found["products"].as_array().unwrap().iter().map(hit).collect()
    };
    // It follows in the background: asked until it has.
    let until = |served: &Served, query: &str, wanted: &[(&str, Value)]| {
        let wanted: Vec<_> = wanted.iter().map(|(id, price)| ((*id).to_owned(), price.clone())).collect();
        let mut last = Vec::new();
        for _ in 0..400 {
            last = hits(served, query);
            if last == wanted {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("{query}: {last:?}, not {wanted:?}");
    };
    assert!(hits(&served, "Kestrel").is_empty());
    let kestrel = json!({"name": "Kestrel 5", "price_cents": 99_900});
    assert_eq!(served.call("PUT", "/v1/products/k5", Some(kestrel)).status, 204);
    until(&served, "Kestrel", &[("k5", json!(99_900))]);
    let cheaper = json!({"name": "Kestrel 5", "price_cents": 89_900});
    assert_eq!(served.call("PUT", "/v1/products/k5", Some(cheaper)).status, 204);
    until(&served, "Kestrel", &[("k5", json!(89_900))]);
    assert_eq!(served.call("DELETE", "/v1/products/m2", None).status, 204);
    until(&served, "70X", &[]);
    // The next server follows from what was learned, too.
    served.stop();
    let key = shop::key(&folder.shop(), &Scope::ALL);
    let again = serve(&folder.shop(), key);
    until(&again, "Kestrel", &[("k5", json!(89_900))]);
    until(&again, "70X", &[]);
}
