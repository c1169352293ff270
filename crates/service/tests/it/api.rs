//! What the API promises, in the order a shop would use it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use domain::Order;
use serde_json::{Value, json};
use service::auth::Scope;
use service::serving::ServedShop;

use crate::http::send;
use crate::shop::{N_PRODUCTS, START, key, make, serve, served, write};

fn ids(list: &Value) -> Vec<String> {
    list["items"].as_array().unwrap().iter().map(|item| item["product_id"].as_str().unwrap().to_owned()).collect()
}

fn halves(list: &Value) -> Vec<usize> {
    ids(list).iter().map(|id| id[1..].parse::<usize>().unwrap() % 2).collect()
}

#[test]
fn popularity_then_model_then_history() {
    let (_folder, served) = served();
    let list = served.get("/v1/recommendations?customer=c0&n=3");
    assert_eq!((list["fallback"].as_str(), list["model"].is_null()), (Some("popular"), true));

    let job = served.job("train", json!({"algorithm": "ease", "settings": {"l2": 10.0}}));
    assert_eq!(job["state"], "done", "{job}");
    let list = served.get("/v1/recommendations?customer=c0&n=4&explain=true&lang=en");
    assert_eq!(list["fallback"], Value::Null, "{list}");
    assert_eq!(halves(&list), [0, 0, 0, 0], "{list}");
    assert_eq!(list["items"][0]["reasons"][0]["kind"], "own_event", "{list}");
    let score = list["items"][0]["score"].as_f64().unwrap();
    let terms: f64 =
        list["items"][0]["terms"].as_array().unwrap().iter().map(|term| term["value"].as_f64().unwrap()).sum();
    assert!((score - terms).abs() < 1e-6, "{list}");

    // A new customer: popular first, and after one event like the group of that product.
    assert_eq!(served.get("/v1/recommendations?customer=new")["fallback"], "popular");
    let event = json!({"customer_id": "new", "kind": "view", "product_id": "p7"});
    assert_eq!(served.call("POST", "/v1/events", Some(event)).status, 202);
    let list = served.get("/v1/recommendations?customer=new&n=3");
    assert_eq!((list["fallback"].is_null(), halves(&list)), (true, vec![1, 1, 1]), "{list}");

    // The stored answer is replayed as it was.
    let id = list["list_id"].as_str().unwrap();
    let replayed = served.get(&format!("/v1/explain?list_id={id}&lang=zh"));
    assert_eq!(ids(&replayed), ids(&list));
    assert_eq!(replayed["items"][0]["score"], list["items"][0]["score"]);
    assert_eq!(replayed["items"][0]["reasons"][0]["product_id"], "p7", "{replayed}");
}

/// Also where the model has something to say about everybody: a blend with popularity.
#[test]
fn strangers_are_told_from_customers_by_any_model() {
    let (_folder, served) = served();
    for card in ["ease", "popularity", "hybrid"] {
        let job = served.job("train", json!({"algorithm": card}));
        assert_eq!(job["state"], "done", "{job}");
        for (asked, fallback) in [
            ("nobody", json!("popular")),
            ("nobody&category=Music", json!("popular")),
            ("nobody&context_product=p1", json!(null)),
            ("c0", json!(null)),
            ("c0&price_min=99999999", json!(null)),
        ] {
            let list = served.get(&format!("/v1/recommendations?customer={asked}"));
            assert_eq!(list["fallback"], fallback, "{card} {asked}: {list}");
        }
        let refused = served.call("GET", "/v1/popular?category=Nope", None);
        assert_eq!(refused.status, 404, "{}", refused.body);
        assert_eq!(refused.json()["error"]["message"], "there is no category 'Nope'");
        assert_eq!(refused.json()["error"]["help"], "there are: Movies, Music, Music/Pop");
        let near = served.call("GET", "/v1/popular?category=Moveis", None).json();
        assert_eq!(near["error"]["help"], "did you mean Movies? GET /v1/products/facets lists all 3");
        assert_eq!(served.get("/v1/popular?category=movies&n=3")["items"].as_array().unwrap().len(), 3);
        for who in ["nobody", "c0"] {
            let refused = served.call("GET", &format!("/v1/recommendations?customer={who}&category=Nope"), None);
            assert_eq!(refused.status, 404, "{}", refused.body);
            assert_eq!(refused.json()["error"]["message"], "there is no category 'Nope'");
        }
    }
}

#[test]
fn filters_hold_and_lists_stay_full() {
    let (_folder, served) = served();
    assert_eq!(served.job("train", json!({"algorithm": "ease"}))["state"], "done");
    let list = served.get("/v1/recommendations?customer=c0&n=10&category=Music&include_owned=true");
    assert_eq!(halves(&list), [0; 10]);
    let list = served.get("/v1/recommendations?customer=c0&n=20&price_min=30000&price_max=60000&include_owned=true");
    let mut found = ids(&list);
    found.sort();
    assert_eq!(found, ["p2", "p3", "p4", "p5"]);
    let owned = ids(&served.get("/v1/recommendations?customer=c0&n=20"));
    assert_eq!(owned.len(), 20 - 6 + repeated(), "bought products are left out");
    let sold_out = json!({"name": "Product 2", "category": "Music/Pop", "stock": 0});
    assert_eq!(served.call("PUT", "/v1/products/p2", Some(sold_out)).status, 204);
    assert!(!ids(&served.get("/v1/recommendations?customer=c1&n=20")).contains(&"p2".to_owned()));
    assert_eq!(served.call("DELETE", "/v1/products/p3", None).status, 204);
    assert_eq!(served.call("GET", "/v1/products/p3", None).status, 404);
    assert!(ids(&served.get("/v1/similar?product=p4&n=5")).iter().all(|id| id != "p2" && id != "p3" && id != "p4"));
}

/// How many of the six orders of `c0` repeat a product.
fn repeated() -> usize {
    let half = N_PRODUCTS / 2;
    let bought: std::collections::BTreeSet<usize> = (0..6).map(|step| step * step % half).collect();
    6 - bought.len()
}

#[test]
fn facets_count_what_each_choice_would_leave() {
    let (_folder, served) = served();
    let put =
        |id: &str, body: Value| assert_eq!(served.call("PUT", &format!("/v1/products/{id}"), Some(body)).status, 204);
    put("x1", json!({"name": "Boxed set", "category": "Music/Pop/Live", "brand": "Zenith", "stock": 0}));
    put("x2", json!({"name": "Boxed single", "category": "Music-Videos", "brand": "Zenith"}));
    put("x3", json!({"name": "Nothing known"}));
    let (movies, music) = (("Movies", 10), ("Music", 11));
    for (query, total, categories, brands) in [
        (
            "",
            23,
            vec![movies, music, ("Music/Pop", 11), ("Music/Pop/Live", 1), ("Music-Videos", 1)],
            vec![("Acme", 20), ("Zenith", 2)],
        ),
        ("?limit=2", 23, vec![music, ("Music/Pop", 11)], vec![("Acme", 20), ("Zenith", 2)]),
        ("?limit=1", 23, vec![music], vec![("Acme", 20)]),
        // Another category and another brand can still be chosen.
        (
            "?category=Music&brand=Zenith",
            1,
            vec![("Music", 1), ("Music/Pop", 1), ("Music/Pop/Live", 1), ("Music-Videos", 1)],
            vec![("Acme", 10), ("Zenith", 1)],
        ),
        ("?query=boxed&in_stock=true", 1, vec![("Music-Videos", 1)], vec![("Zenith", 1)]),
        ("?query=nothing%20known", 1, vec![], vec![]),
        (
            "?category=Mus",
            0,
            vec![movies, music, ("Music/Pop", 11), ("Music/Pop/Live", 1), ("Music-Videos", 1)],
            vec![],
        ),
    ] {
        let facets = served.get(&format!("/v1/products/facets{query}"));
        let counted = |list: &str, name: &str| -> Vec<(String, u64)> {
            let rows = facets[list].as_array().unwrap().iter();
            rows.map(|row| (row[name].as_str().unwrap().to_owned(), row["n_products"].as_u64().unwrap())).collect()
        };
        let told = |list: Vec<(&str, u64)>| list.into_iter().map(|(name, n)| (name.to_owned(), n)).collect::<Vec<_>>();
        assert_eq!(facets["total"], total, "{query}: {facets}");
        assert_eq!(counted("categories", "category"), told(categories), "{query}");
        assert_eq!(counted("brands", "brand"), told(brands), "{query}");
        if !query.contains("limit") {
            assert_eq!(facets["n_categories"], facets["categories"].as_array().unwrap().len(), "{query}");
        }
    }
    assert_eq!(served.get("/v1/products/facets?limit=1")["n_categories"], 5);
    // What a choice says is what the list then holds.
    for row in served.get("/v1/products/facets?query=product")["categories"].as_array().unwrap() {
        let path = row["category"].as_str().unwrap();
        let page = served.get(&format!("/v1/products?query=product&category={path}"));
        assert_eq!(page["total"], row["n_products"], "{path}");
    }
    // A product of that name is still reached, its address written another way.
    put("%66acets", json!({"name": "Facets, the book"}));
    assert_eq!(served.get("/v1/products/%66acets")["product_id"], "facets");
}

#[test]
fn scopes_keys_and_shops_are_kept_apart() {
    let (one, two) = (make(), make());
    let all = tempfile::tempdir().unwrap();
    fs::rename(one.shop(), all.path().join("one")).unwrap();
    fs::rename(two.shop(), all.path().join("two")).unwrap();
    let only_ingest = key(&all.path().join("one"), &[Scope::Ingest]);
    let of_two = key(&all.path().join("two"), &Scope::ALL);
    let served = serve(all.path(), of_two);
    let bearer = format!("Bearer {only_ingest}");
    let with = |path: &str| send(served.address, "GET", path, &[("Authorization", &bearer)], None).status;
    assert_eq!(with("/v1/recommendations?customer=c0"), 403);
    assert_eq!(with("/v1/session"), 200);
    let event = json!({"customer_id": "only-in-two", "kind": "view", "product_id": "p1"});
    assert_eq!(served.call("POST", "/v1/events", Some(event)).status, 202);
    assert_eq!(served.get("/v1/session")["shop"]["id"], "two");
    assert_eq!(send(served.address, "GET", "/v1/session", &[], None).status, 401);
    assert_eq!(send(served.address, "GET", "/v1/session", &[("Authorization", "Bearer tk_guess")], None).status, 401);

    let made = served.call("POST", "/v1/keys", Some(json!({"name": "till", "scopes": ["serve"]})));
    assert_eq!(made.status, 201, "{}", made.body);
    let made = made.json();
    let bearer = format!("Bearer {}", made["secret"].as_str().unwrap());
    let with = || send(served.address, "GET", "/v1/popular", &[("Authorization", &bearer)], None).status;
    assert_eq!(with(), 200);
    assert!(!served.get("/v1/keys").to_string().contains(made["secret"].as_str().unwrap()));
    assert_eq!(served.call("DELETE", &format!("/v1/keys/{}", made["id"].as_str().unwrap()), None).status, 204);
    assert_eq!(with(), 401);
}

#[test]
fn the_console_logs_in_with_a_password_and_from_its_own_page_only() {
    let (_folder, served) = served();
    let (_, password) = served.passwords[0].clone();
    let log_in = |password: &str| {
        send(served.address, "POST", "/v1/session", &[], Some(&json!({"password": password}).to_string()))
    };
    assert_eq!(log_in("wrong password").status, 401);
    let opened = log_in(&password);
    assert_eq!(opened.status, 200, "{}", opened.body);
    let cookie = opened.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let with = |method: &str, path: &str, more: &[(&str, &str)]| {
        let mut headers = vec![("Cookie", cookie.as_str())];
        headers.extend_from_slice(more);
        send(served.address, method, path, &headers, None).status
    };
    assert_eq!(with("GET", "/v1/overview", &[]), 200);
    assert_eq!(with("DELETE", "/v1/products/p1", &[]), 403);
    assert_eq!(with("DELETE", "/v1/products/p1", &[("Origin", "http://evil.example")]), 403);
    let own = format!("http://{}", served.address);
    assert_eq!(with("DELETE", "/v1/products/p1", &[("Origin", &own)]), 204);
    assert_eq!(with("DELETE", "/v1/session", &[("Origin", &own)]), 204);
    assert_eq!(with("GET", "/v1/overview", &[]), 401);
    let refused = (0..20).map(|_| log_in("guess after guess").status).collect::<Vec<_>>();
    assert!(refused.contains(&429), "{refused:?}");
}

#[test]
fn one_session_is_open_for_the_shops_whose_password_was_given() {
    let (one, two) = (make(), make());
    let all = tempfile::tempdir().unwrap();
    fs::rename(one.shop(), all.path().join("one")).unwrap();
    fs::rename(two.shop(), all.path().join("two")).unwrap();
    let served = serve(all.path(), String::new());
    let own = format!("http://{}", served.address);
    let log_in = |shop: usize, cookie: &str| {
        let (id, password) = &served.passwords[shop];
        let body = json!({"shop": id, "password": password}).to_string();
        let headers = [("Cookie", cookie), ("Origin", own.as_str())];
        let opened = send(served.address, "POST", "/v1/session", &headers, Some(&body));
        assert_eq!(opened.status, 200, "{}", opened.body);
        opened.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
    };
    let shown = |cookie: &str, shop: Option<&str>| {
        let mut headers = vec![("Cookie", cookie)];
        headers.extend(shop.map(|shop| ("X-Tercet-Shop", shop)));
        let answer = send(served.address, "GET", "/v1/session", &headers, None);
        (answer.status == 200).then(|| answer.json()["shop"]["id"].as_str().unwrap().to_owned())
    };
    let first = log_in(0, "");
    assert_eq!(shown(&first, None).as_deref(), Some("one"));
    assert_eq!(shown(&first, Some("two")), None);
    let both = log_in(1, &first);
    assert_eq!(shown(&first, None), None);
    for (asked, expected) in
        [(None, Some("two")), (Some("one"), Some("one")), (Some("%74wo"), Some("two")), (Some("x"), None)]
    {
        assert_eq!(shown(&both, asked).as_deref(), expected, "{asked:?}");
    }
}

#[test]
fn sales_are_told_in_the_days_of_the_shop_and_history_with_its_words() {
    let folder = make();
    let config = folder.shop().join("tercet.toml");
    let text = fs::read_to_string(&config).unwrap();
    let zoned: String = text
        .lines()
        .map(|line| {
            if line.starts_with("time_zone") {
                "time_zone = \"Asia/Shanghai\"\n".to_owned()
            } else {
                format!("{line}\n")
            }
        })
        .collect();
    assert!(zoned.contains("Asia/Shanghai"), "{text}");
    fs::write(&config, zoned).unwrap();
    let served = serve(&folder.shop(), key(&folder.shop(), &Scope::ALL));
    let overview = served.get("/v1/overview");
    let days = overview["orders_by_day"].as_array().unwrap();
    // The first order is at midnight UTC of 1 January; one at 18:00 is on the next day in Shanghai.
    assert_eq!((days[0]["day"].as_str(), days[0]["n_orders"].as_i64()), (Some("2026-01-01"), Some(3)), "{overview}");
    let n_orders: i64 = days.iter().map(|day| day["n_orders"].as_i64().unwrap()).sum();
    assert_eq!(n_orders, 240);
    let events = json!({"events": [
        {"customer_id": "c0", "kind": "search", "query": "usb-c dock"},
        {"customer_id": "c0", "kind": "rate", "product_id": "p1", "value": 4.0},
    ]});
    assert_eq!(served.call("POST", "/v1/events", Some(events)).status, 202);
    let history = served.get("/v1/customers/c0/history?limit=2");
    let rows = history["items"].as_array().unwrap();
    let found = |kind: &str| rows.iter().find(|row| row["kind"] == kind).unwrap_or_else(|| panic!("{history}"));
    assert_eq!((found("search")["query"].as_str(), found("rate")["value"].as_f64()), (Some("usb-c dock"), Some(4.0)));
}

/// What the overview tells of turnover: orders, and revenue of a category.
fn told(served: &crate::shop::Served, category: &str) -> (i64, i64) {
    let overview = served.get("/v1/overview");
    let days = overview["orders_by_day"].as_array().unwrap().iter();
    let categories = overview["top_categories"].as_array().unwrap().iter();
    let of_category = categories.filter(|row| row["category"] == category);
    (
        days.map(|day| day["n_orders"].as_i64().unwrap()).sum(),
        of_category.map(|row| row["revenue_cents"].as_i64().unwrap()).sum(),
    )
}

#[test]
fn the_overview_follows_every_change_of_tables_and_catalogue() {
    let (_folder, served) = served();
    assert_eq!(told(&served, "Movies"), (240, 600_000));
    assert_eq!(told(&served, "Movies"), (240, 600_000));
    let vinyl = |id: &str| {
        let body = json!({"name": "Product", "category": "Vinyl"});
        assert_eq!(served.call("PUT", &format!("/v1/products/{id}"), Some(body)).status, 204);
    };
    vinyl("p1");
    let (_, of_one) = told(&served, "Vinyl");
    assert_eq!((of_one > 0, told(&served, "Movies").1), (true, 600_000 - of_one));
    let event = json!({"customer_id": "c1", "kind": "view", "product_id": "p3"});
    assert_eq!(served.call("POST", "/v1/events", Some(event)).status, 202);
    let rows = |name: &str| {
        let overview = served.get("/v1/overview");
        let tables = overview["tables"].as_array().unwrap();
        tables.iter().find(|table| table["name"] == name).unwrap()["n_rows"].as_u64().unwrap()
    };
    assert_eq!(rows("events"), 0);
    // Training flushes the log and the changed products into the tables first.
    assert_eq!(served.job("train", json!({"algorithm": "popularity"}))["state"], "done");
    assert_eq!((rows("events"), rows("products")), (1, N_PRODUCTS as u64));
    assert_eq!(told(&served, "Vinyl"), (240, of_one));
    assert_eq!(served.call("DELETE", "/v1/products/p1", None).status, 204);
    assert_eq!(told(&served, "Vinyl"), (240, 0));
    assert_eq!(served.call("DELETE", "/v1/customers/c1", None).status, 200);
    assert_eq!(told(&served, "Movies").0, 234);
}

#[test]
fn turnover_is_counted_again_only_after_an_import() {
    let folder = make();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let served = ServedShop::open(&folder.shop(), Arc::default()).await.unwrap();
        let first = served.turnover().await.unwrap();
        assert!(Arc::ptr_eq(&first, &served.turnover().await.unwrap()), "nothing changed, and it was counted again");
        let after = START + 400 * 86_400_000;
        let order = json!({"order_id": "late", "ordered_at": after, "customer_id": "c1", "product_id": "p1",
            "quantity": 2, "unit_price_cents": 700});
        write::<Order>(&served.shop, &[order]);
        let second = served.turnover().await.unwrap();
        assert_eq!((second.by_day.len(), second.by_day.last().unwrap().revenue_cents), (first.by_day.len() + 1, 1400));
        served.reload().await.unwrap();
        assert_eq!(served.turnover().await.unwrap().by_day, second.by_day);
    });
}

#[test]
fn a_list_is_made_for_where_the_customer_lives() {
    let folder = make();
    let config = folder.shop().join("tercet.toml");
    let rule =
        "\n[[recommend.rules]]\nname = \"south only\"\naction = \"pin\"\nproducts = [\"p7\"]\nregions = [\"South\"]\n";
    fs::write(&config, fs::read_to_string(&config).unwrap() + rule).unwrap();
    let served = serve(&folder.shop(), key(&folder.shop(), &Scope::ALL));
    let first = |query: &str| {
        let list = served.get(&format!("/v1/recommendations?customer=c0&n=3{query}"));
        list["items"][0]["pinned_by"].as_str().map(str::to_owned)
    };
    assert_eq!(first(""), None);
    assert_eq!(first("&region=South").as_deref(), Some("south only"));
    assert_eq!(served.call("PUT", "/v1/customers/c0", Some(json!({"region": "South"}))).status, 204);
    assert_eq!(first("").as_deref(), Some("south only"));
    assert_eq!(first("&region=North"), None);
}

#[test]
fn an_erased_customer_is_in_no_file() {
    let (folder, mut served) = served();
    let who = "zz-erase-me-417";
    let event = json!({"events": [
        {"customer_id": who, "kind": "view", "product_id": "p1"},
        {"customer_id": who, "kind": "purchase", "product_id": "p3"},
    ]});
    assert_eq!(served.call("POST", "/v1/events", Some(event.clone())).status, 202);
    assert_eq!(served.call("PUT", &format!("/v1/customers/{who}"), Some(json!({"city": "Hangzhou"}))).status, 204);
    // Training moves the log into the tables; afterwards some more stays in the log, and lists are stored.
    assert_eq!(served.job("train", json!({"algorithm": "ease"}))["state"], "done");
    assert_eq!(served.call("POST", "/v1/events", Some(event)).status, 202);
    served.get(&format!("/v1/recommendations?customer={who}"));
    assert_eq!(served.get(&format!("/v1/customers/{who}"))["city"], "Hangzhou");
    assert_eq!(served.get(&format!("/v1/customers/{who}/history"))["items"].as_array().unwrap().len(), 4);
    assert!(!files_with(&folder.shop(), who).is_empty());

    let erased = served.call("DELETE", &format!("/v1/customers/{who}"), None);
    assert_eq!(erased.status, 200, "{}", erased.body);
    assert_eq!(files_with(&folder.shop(), who), Vec::<String>::new());
    assert_eq!(served.get(&format!("/v1/recommendations?customer={who}"))["fallback"], "popular");
    assert_eq!(served.call("GET", &format!("/v1/customers/{who}"), None).status, 404);
    served.stop();
}

/// Files whose bytes contain `text`.
fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if fs::read(&path).unwrap().windows(text.len()).any(|window| window == text.as_bytes()) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn a_model_is_replaced_without_a_dropped_request() {
    let (_folder, served) = served();
    for card in ["ease", "rp3beta"] {
        assert_eq!(served.job("train", json!({"algorithm": card}))["state"], "done");
    }
    let models = served.get("/v1/models");
    let versions: Vec<String> =
        models["items"].as_array().unwrap().iter().map(|model| model["version"].as_str().unwrap().to_owned()).collect();
    assert_eq!(versions.len(), 2);
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let mut seen = std::collections::BTreeSet::new();
            while !done.load(std::sync::atomic::Ordering::SeqCst) || seen.len() < 2 {
                let list = served.get("/v1/recommendations?customer=c0&n=3");
                assert_eq!(halves(&list), [0, 0, 0], "{list}");
                seen.insert(list["model"]["version"].as_str().unwrap().to_owned());
            }
            seen.len()
        });
        for turn in 0..6 {
            let path = format!("/v1/models/{}/activate", versions[turn % 2]);
            assert_eq!(served.call("POST", &path, None).status, 200);
            std::thread::sleep(std::time::Duration::from_millis(30));
        }
        done.store(true, std::sync::atomic::Ordering::SeqCst);
        // Whatever was seen last, the loop ends only once both models answered.
        served.call("POST", &format!("/v1/models/{}/activate", versions[0]), None);
        assert_eq!(asking.join().unwrap(), 2);
    });
}

#[test]
fn jobs_are_watched_and_wrong_ones_refused() {
    let (_folder, served) = served();
    let job = served
        .job("evaluate", json!({"algorithms": ["ease", {"card": "rp3beta"}], "split": "leave-one-out", "k": [5]}));
    assert_eq!(job["state"], "done", "{job}");
    let evaluations = served.get("/v1/evaluations");
    assert_eq!(evaluations["items"][0]["rows"].as_array().unwrap().len(), 2);
    assert!(evaluations["items"][0]["rows"][0]["metrics"]["ndcg@5"]["mean"].as_f64().unwrap() > 0.0);
    for (body, said) in [
        (json!({"kind": "dance"}), "train, evaluate"),
        (json!({"kind": "train", "params": {"algorithm": "magic"}}), "ease"),
        (json!({"kind": "train", "params": {"algorithm": "ease", "settings": {"l2": -1}}}), "a number from"),
        (json!({"kind": "evaluate", "params": {"algorithms": ["ease"], "split": "tea"}}), "leave-one-out"),
    ] {
        let response = served.call("POST", "/v1/jobs", Some(body.clone()));
        assert!(response.status == 400 && response.body.contains(said), "{body}: {}", response.body);
    }
}

/// What `evaluate` says of a card by time is what `train` said of it: people without a past are judged by neither.
#[test]
fn evaluating_by_time_judges_as_training_does() {
    let folder = make();
    let late = |at: usize, who: String| {
        json!({"order_id": format!("late{at}"), "ordered_at": START + (100 + at as i64) * 86_400_000, "customer_id": who,
            "product_id": format!("p{}", (at + 1) % 2), "quantity": 1, "unit_price_cents": 5000})
    };
    let known = (0..40).map(|at| late(at, format!("c{at}")));
    let orders: Vec<Value> = known.chain((40..45).map(|at| late(at, format!("new{at}")))).collect();
    write::<Order>(&data::Shop::open(folder.shop()).unwrap(), &orders);
    let secret = key(&folder.shop(), &Scope::ALL);
    let served = serve(&folder.shop(), secret);
    let trained = served.job("train", json!({"algorithm": "ease", "settings": {"l2": 10.0}}));
    let algorithms = json!([{"card": "ease", "settings": {"l2": 10.0}}]);
    let judged = served.job("evaluate", json!({"algorithms": algorithms, "split": "temporal"}));
    let (trained, judged) = (&trained["result"], &judged["result"]);
    assert!(trained["split"].as_str().unwrap().starts_with("temporal, last 10 % of the entries"), "{trained}");
    assert_eq!(trained["metrics"], judged["rows"][0]["metrics"]);
    // 6 × 40 + 45 entries: the last 29, of which 5 are of people without a past.
    let n_users = judged["n_users"].as_u64().unwrap();
    assert_eq!(n_users, 24);
    assert!(trained["split"].as_str().unwrap().ends_with(&format!("customers with a past: {n_users}")), "{trained}");
}

#[test]
fn the_overview_metrics_and_page_are_there() {
    let (_folder, served) = served();
    let overview = served.get("/v1/overview");
    assert_eq!(overview["tables"][0]["n_rows"], 20);
    assert!(overview["orders_by_day"].as_array().unwrap().len() > 5);
    assert_eq!(overview["requests"]["per_minute"].as_array().unwrap().len(), 60);
    let customers = served.get("/v1/customers?sort=spent&limit=5");
    assert_eq!((customers["total"].as_u64(), customers["items"][0]["n_orders"].as_u64()), (Some(40), Some(6)));
    let products = served.get("/v1/products?query=product%201&category=Movies&limit=3");
    assert_eq!(products["items"].as_array().unwrap().len(), 3);
    let metrics = send(served.address, "GET", "/metrics", &[], None).body;
    assert!(
        metrics.contains("tercet_requests_total{route=\"/v1/overview\",method=\"GET\",status=\"200\"} 1"),
        "{metrics}"
    );
    for path in ["/", "/customers/c1", "/products/A1.2"] {
        let page = send(served.address, "GET", path, &[], None);
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe"), "{policy}");
    }
    assert_eq!(send(served.address, "GET", "/assets/gone.js", &[], None).status, 404);
    assert_eq!(send(served.address, "GET", "/v1/nothing", &[], None).status, 404);
    for path in ["/health", "/ready"] {
        assert_eq!(send(served.address, "GET", path, &[], None).status, 200);
    }
}
