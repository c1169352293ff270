//! The shop's words from outside: learned, searched, read, refused.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use data::Shop;
use domain::{KnowledgeDocument, Product, Review};
use serde_json::{Value, json};
use service::ServiceError;
use service::auth::Scope;
use service::flows::language::{LanguageInfo, LanguageRequest, train};
use service::flows::seq2seq::KeepEvery;

use crate::http::send;
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

/// A shop with words enough to learn vectors of, some in praise, some in blame.
fn wordy() -> Folder {
    let folder = shop::make();
    let opened = Shop::open(folder.shop()).unwrap();
    let word = |at: usize| {
        format!("{}{}", ["ba", "de", "fi", "ko", "lu", "mi"][at % 6], ["nar", "pol", "rus", "tem"][at / 6 % 4])
    };
    let review = |at: usize| {
        let (kind, stars) = (at % 2, 1.0 + 4.0 * (at % 2) as f64);
        let said = ["the battery is terrible", "the screen is great"][kind];
        let words: Vec<String> =
            (0..12).map(|nth| word(12 * kind + (at * 7 + nth * nth * 5) % 12) + ["", "s", "y"][nth % 3]).collect();
        json!({"review_id": format!("w{at}"), "at": 1_700_000_000_000i64 + at as i64, "product_id": "p1", "stars": stars,
            "text": format!("{} {said}", words.join(" "))})
    };
    shop::write::<Review>(&opened, &(0..2400).map(review).collect::<Vec<_>>());
    let text = "# Returns\nGoods may be returned within 7 days of delivery.\n";
    shop::write::<KnowledgeDocument>(&opened, &[json!({"document_id": "d1", "title": "Manual", "text": text})]);
    folder
}

fn wanted(keep_every: KeepEvery) -> LanguageRequest {
    LanguageRequest { dim: 16, epochs: Some(3), n_threads: 1, keep_every, ..LanguageRequest::default() }
}

/// Learns words until `stop` portions are done, if they are not none.
fn learn(folder: &Path, keep_every: KeepEvery, stop: usize) -> Result<LanguageInfo, ServiceError> {
    let (shop, n_seen) = (Shop::open(folder).unwrap(), AtomicUsize::new(0));
    let on = |_: f64, message: &str| !message.contains("round") || n_seen.fetch_add(1, SeqCst) + 1 != stop;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(train(&shop, wanted(keep_every), &on))
}

fn vectors_of(folder: &Path) -> Vec<u8> {
    std::fs::read(folder.join("models/language/000001/vectors.bin")).unwrap()
}

const CHILD: &str = "TERCET_TEST_LEARN_WORDS";

/// Not a test of its own: the process that the test below starts and kills.
#[test]
fn child_that_learns_words() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let shop = Shop::open(Path::new(&folder)).unwrap();
    let on = |_: f64, message: &str| {
        println!("\n{message}");
        true
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(train(&shop, wanted(KeepEvery::Steps(1)), &on)).unwrap();
}

#[test]
fn words_are_learned_as_if_nothing_had_been_after_stops_and_kills() {
    let whole = wordy();
    let info = learn(&whole.shop(), KeepEvery::Seconds(1e9), 0).unwrap();
    let (expected, losses) = (vectors_of(&whole.shop()), info.vectors.unwrap().losses);
    assert_eq!(losses.len(), 3);
    let kept = |folder: &Path| folder.join("models/language/vectors.learning");

    let stopped = wordy();
    for steps in [3, 2, 5] {
        let error = learn(&stopped.shop(), KeepEvery::Steps(2), steps).unwrap_err();
        assert_eq!(error.code, "cancelled", "{error}");
        assert!(kept(&stopped.shop()).is_file());
    }
    let info = learn(&stopped.shop(), KeepEvery::Steps(2), 0).unwrap();
    assert!(vectors_of(&stopped.shop()) == expected, "stopped three times, other vectors came out");
    assert_eq!(info.vectors.unwrap().losses, losses);
    assert!(!kept(&stopped.shop()).exists());

    let killed = wordy();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["language::child_that_learns_words", "--exact", "--nocapture"])
        .env(CHILD, killed.shop())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let n_seen = lines.map_while(Result::ok).filter(|line| line.contains("round")).take(6).count();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(n_seen, 6);
    // Whatever the kill left, half a file is none to go on from.
    let left = std::fs::read(kept(&killed.shop())).unwrap();
    learn(&killed.shop(), KeepEvery::Seconds(1e9), 0).unwrap();
    assert!(vectors_of(&killed.shop()) == expected, "killed, other vectors came out");
    let damaged = wordy();
    std::fs::create_dir_all(damaged.shop().join("models/language")).unwrap();
    std::fs::write(kept(&damaged.shop()), &left[..left.len() / 2]).unwrap();
    learn(&damaged.shop(), KeepEvery::Seconds(1e9), 0).unwrap();
    assert!(vectors_of(&damaged.shop()) == expected, "what was kept was damaged, other vectors came out");
}

/// Whatever file of what was learned is damaged: the server starts, says which and what to do, and does the rest.
#[test]
fn damaged_words_are_told_and_gone_on_without() {
    let folder = wordy();
    learn(&folder.shop(), KeepEvery::Seconds(1e9), 0).unwrap();
    let version = folder.shop().join("models/language/000001");
    let files = std::fs::read_dir(&version).unwrap();
    let mut files: Vec<String> = files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned()).collect();
    files.sort();
    assert!(
        ["vectors.bin", "sentiment.bin", "opinions.json"].iter().all(|wanted| files.iter().any(|file| file == wanted))
    );
    let sound = |file: &str| std::fs::read(version.join(file)).unwrap();
    let vectors = sound("vectors.bin");
    std::fs::write(version.join("vectors.bin"), &vectors[..vectors.len() / 2]).unwrap();

    let key = shop::key(&folder.shop(), &Scope::ALL);
    let served = serve(&folder.shop(), key);
    let bearer = format!("Bearer {}", served.key);
    let opened = served.call("POST", "/v1/chat", Some(json!({}))).json();
    let headers = [("Authorization", bearer.as_str()), ("x-conversation", opened["secret"].as_str().unwrap())];
    let path = format!("/v1/chat/{}/messages", opened["conversation_id"].as_str().unwrap());
    let body = json!({"text": "How many days do I have to return goods?"}).to_string();
    let said = send(served.address, "POST", &path, &headers, Some(&body));
    assert!(said.status == 201 && said.body.contains("7 days"), "{}", said.body);
    let asked = json!({"product_ids": ["p1"], "channel": "push", "goal": "launch", "language": "en"});
    let copy = served.call("POST", "/v1/content/write", Some(asked));
    assert_eq!(copy.status, 200, "{}", copy.body);
    assert_eq!(served.call("GET", "/v1/products?limit=1", None).status, 200);

    let told = |file: &str| {
        for path in ["/v1/language", "/v1/search?q=manual", "/v1/opinions"] {
            let answer = served.call("GET", path, None);
            let error = &answer.json()["error"];
            assert_eq!((answer.status, error["code"].as_str()), (503, Some("damaged")), "{file}: {}", answer.body);
            let (message, help) = (error["message"].as_str().unwrap(), error["help"].as_str().unwrap());
            assert!(message.contains(&format!("models/language/000001/{file}")), "{message}");
            assert!(help.contains("tercet train language") && help.contains("backup"), "{help}");
        }
        let found = service::doctor::examine(&folder.shop(), false).unwrap();
        let found: Vec<_> = found.iter().filter(|one| one.path == "models/language").collect();
        assert!(found.len() == 1 && found[0].found.contains(file), "{file}: {found:?}");
    };
    told("vectors.bin");
    std::fs::write(version.join("vectors.bin"), &vectors).unwrap();
    for file in &files {
        let whole = sound(file);
        let with = |at: usize, byte: u8| {
            let mut damaged = whole.clone();
            damaged[at] = byte;
            damaged
        };
        let mut damages = vec![Vec::new(), whole[..whole.len() / 2].to_vec()];
        if file.ends_with(".json") {
            damages.push(with(0, b'!'));
        } else {
            // The version stands behind eight bytes that say what it is.
            damages.extend([with(whole.len() / 2, !whole[whole.len() / 2]), with(8, 99)]);
        }
        for damaged in damages {
            std::fs::write(version.join(file), &damaged).unwrap();
            told(file);
        }
        std::fs::remove_file(version.join(file)).unwrap();
        told(file);
        std::fs::write(version.join(file), &whole).unwrap();
    }
    served.get("/v1/language");
    std::fs::write(version.join("opinions.json"), "{").unwrap();
    assert_eq!(served.job("language", json!({"dim": 16, "epochs": 3}))["state"], "done");
    assert_eq!(served.get("/v1/language")["version"], "000002");
}
