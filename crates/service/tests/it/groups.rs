//! Customer groups and audiences from outside: found, shown, counted, refreshed, exported, erased.

use std::collections::BTreeSet;

use data::Shop;
use domain::Order;
use serde_json::{Value, json};
use service::auth::Scope;
use service::flows::segment::{self, By, SegmentRequest};

use crate::shop::{self, N_CUSTOMERS, START, Served, serve, served};

/// Customers of even and odd number buy from different halves of the catalogue: two groups, and nothing else.
fn grouped() -> (crate::shop::Folder, Served) {
    let (folder, served) = served();
    let job = served.job("segment", json!({"n_clusters": 2}));
    assert_eq!(job["state"], "done", "{job}");
    (folder, served)
}

fn number_of(member: &Value) -> usize {
    member["customer_id"].as_str().unwrap()[1..].parse().unwrap()
}

#[test]
fn groups_are_found_described_and_placed() {
    let (_folder, served) = grouped();
    let made = served.get("/v1/segments");
    assert_eq!((&made["card"], &made["n_customers"]), (&json!("k_means"), &json!(N_CUSTOMERS)), "{made}");
    let groups = made["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 2);
    let mut parities = Vec::new();
    for group in groups {
        assert_eq!(group["n_customers"], N_CUSTOMERS / 2);
        assert_eq!(group["share"], 0.5);
        let names = [&group["name"]["zh"], &group["name"]["en"]];
        assert!(names.iter().all(|name| !name.as_str().unwrap().is_empty()), "{group}");
        assert_eq!(group["actions"].as_array().unwrap().len(), 3, "{group}");
        let over = group["traits"].as_array().unwrap().iter().find(|one| one["direction"] == "over");
        assert!(over.is_some_and(|one| one["lift"].as_f64().unwrap() > 1.5), "{group}");
        let page = served.get(&format!("/v1/segments/{}/customers?limit=100", group["key"].as_str().unwrap()));
        let members = page["items"].as_array().unwrap();
        assert_eq!((members.len(), &page["total"]), (N_CUSTOMERS / 2, &json!(N_CUSTOMERS / 2)));
        let parity = number_of(&members[0]) % 2;
        assert!(members.iter().all(|member| number_of(member) % 2 == parity), "{page}");
        parities.push(parity);
    }
    assert_ne!(parities[0], parities[1]);
    assert_ne!(groups[0]["name"], groups[1]["name"]);
    assert!(made["stability"]["mean"].as_f64().unwrap() > 0.99, "{made}");
}

#[test]
fn the_map_the_tree_and_the_tables_of_scores_agree_with_the_groups() {
    let (_folder, served) = grouped();
    let map = served.get("/v1/segments/map");
    assert_eq!((&map["n"], map["x"].as_array().unwrap().len()), (&json!(N_CUSTOMERS), N_CUSTOMERS));
    assert_eq!(served.get("/v1/segments/map?limit=10")["n"], 10);
    let centre = &map["groups"][0];
    let near = served.get(&format!("/v1/segments/map/near?x={}&y={}&n=5", centre["x"], centre["y"]));
    let near = near["items"].as_array().unwrap();
    assert_eq!(near.len(), 5);
    assert!(near.iter().all(|member| member["segment"] == centre["key"]), "{near:?}");
    let tree = served.get("/v1/segments/tree");
    let n_leaves = tree["leaves"].as_array().unwrap().len();
    assert_eq!(tree["merges"].as_array().unwrap().len(), n_leaves - 1);
    assert_eq!(tree["order"].as_array().unwrap().len(), n_leaves);
    let rfm = served.get("/v1/rfm");
    let of_groups: u64 = rfm["groups"].as_array().unwrap().iter().map(|one| one["n_customers"].as_u64().unwrap()).sum();
    let of_cells: u64 = rfm["grid"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row.as_array().unwrap())
        .map(|cell| cell["n"].as_u64().unwrap())
        .sum();
    assert_eq!((of_groups, of_cells), (N_CUSTOMERS as u64, N_CUSTOMERS as u64));
    let cohorts = served.get("/v1/cohorts");
    assert_eq!(cohorts["rows"][0]["month"], "2026-01");
    assert_eq!(cohorts["rows"][0]["retained"][0], N_CUSTOMERS);
    let movement = served.get("/v1/migration");
    for step in movement["steps"].as_array().unwrap() {
        let counts = step["counts"].as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap());
        assert_eq!(counts.map(|n| n.as_u64().unwrap()).sum::<u64>(), N_CUSTOMERS as u64);
    }
}

#[test]
fn before_training_and_for_wrong_wishes_the_answer_says_what_to_do() {
    let (_folder, served) = served();
    for path in ["/v1/segments", "/v1/segments/map", "/v1/segments/tree", "/v1/rfm", "/v1/cohorts", "/v1/migration"] {
        let answer = served.call("GET", path, None);
        assert_eq!(answer.status, 404, "{path}: {}", answer.body);
        assert!(answer.json()["error"]["help"].as_str().unwrap().contains("train segment"), "{}", answer.body);
    }
    for (params, said) in [
        (json!({"n_clusters": 1}), "2 to 50"),
        (json!({"algorithm": "magic"}), "k_means"),
        (json!({"settings": {"n_clusters": 0}}), "whole number"),
        (json!({"colour": "red"}), "colour"),
    ] {
        let answer = served.call("POST", "/v1/jobs", Some(json!({"kind": "segment", "params": params})));
        assert_eq!(answer.status, 400, "{}", answer.body);
        assert!(answer.body.contains(said), "{params}: {}", answer.body);
    }
}

fn create(served: &Served, name: &str, conditions: Value) -> Value {
    let answer = served.call("POST", "/v1/audiences", Some(json!({"name": name, "conditions": conditions})));
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()
}

fn count(served: &Served, conditions: Value) -> Value {
    let answer = served.call("POST", "/v1/audiences/count", Some(json!({"conditions": conditions})));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

#[test]
fn conditions_choose_the_customers_they_say() {
    let (_folder, served) = grouped();
    let n = N_CUSTOMERS as u64;
    let key = served.get("/v1/segments")["groups"][0]["key"].clone();
    for (conditions, expected) in [
        (json!({"all": []}), n),
        (json!({"any": []}), 0),
        (json!({"did": "bought", "what": {"category": "Music"}}), n / 2),
        (json!({"did": "bought", "what": {"category": "Music/Pop"}}), n / 2),
        (json!({"did": "bought", "what": {"category": "Mus"}}), 0),
        (json!({"not": {"did": "bought", "what": {"category": "Music"}}}), n / 2),
        (json!({"did": "bought", "what": {"brand": "Acme"}, "at_least": 6}), n),
        (json!({"did": "bought", "at_least": 7}), 0),
        (json!({"did": "bought", "at_least": 1, "at_most": 5}), 0),
        (json!({"did": "bought", "what": {"price_max_cents": 4999}}), 0),
        (json!({"did": "viewed"}), 0),
        (json!({"field": "n_orders", "op": "between", "value": [6, 6]}), n),
        (json!({"field": "spent_cents", "op": ">", "value": 30_000}), 0),
        (json!({"field": "spent_cents", "op": ">=", "value": 30_000}), n),
        (json!({"field": "region", "op": "in", "value": ["North", "O'Hara"]}), n),
        (json!({"field": "region", "op": "!=", "value": "North"}), 0),
        (json!({"field": "age", "op": "is missing"}), n),
        (json!({"field": "age", "op": "<", "value": 200}), 0),
        (json!({"not": {"field": "age", "op": "<", "value": 200}}), n),
        (json!({"field": "consent", "op": "in", "value": ["sms"]}), n),
        (json!({"field": "consent", "op": "not in", "value": ["sms"]}), 0),
        (json!({"field": "customer_id", "op": "contains", "value": "C1"}), 11),
        (json!({"field": "customer_id", "op": "in", "value": ["c1", "c2", "nobody"]}), 2),
        (json!({"field": "segment", "op": "=", "value": key}), n / 2),
        (json!({"field": "recency_score", "op": "is there"}), n),
        (json!({"did": "bought", "within_days": 36_500}), n),
    ] {
        let found = count(&served, conditions.clone());
        assert_eq!((&found["n"], &found["n_all"]), (&json!(expected), &json!(n)), "{conditions}: {found}");
    }
    let all = count(&served, json!({"all": []}));
    assert_eq!(all["consent"], json!([{"channel": "sms", "n": n}]));
    assert_eq!(all["revenue_cents"], n * 6 * 5000);
}

#[test]
fn an_audience_lives_from_its_making_to_its_end() {
    let (folder, mut served) = grouped();
    let music = create(&served, "Music", json!({"did": "bought", "what": {"category": "Music"}}));
    let id = music["id"].as_str().unwrap().to_owned();
    assert_eq!((&music["n_customers"], &music["kind"]), (&json!(N_CUSTOMERS / 2), &json!("rules")));
    assert!(music["sql"].as_str().unwrap().contains("p.category = 'Music'"), "{music}");
    let both = create(
        &served,
        "Both",
        json!({"all": [{"audience": id}, {"field": "customer_id", "op": "!=", "value": "c0"}]}),
    );
    assert_eq!(both["n_customers"], N_CUSTOMERS / 2 - 1);
    // Names are unique, circles refused, unknown ones named, what is used stays.
    let again = served.call("POST", "/v1/audiences", Some(json!({"name": "Music", "conditions": {"all": []}})));
    assert_eq!(again.status, 409, "{}", again.body);
    let path = format!("/v1/audiences/{id}");
    let circle = json!({"name": "Music", "conditions": {"audience": both["id"]}});
    assert!(served.call("PUT", &path, Some(circle)).body.contains("ask for itself"));
    let unknown = json!({"name": "x", "conditions": {"audience": "aud_none"}});
    assert_eq!(served.call("POST", "/v1/audiences", Some(unknown)).status, 404);
    assert_eq!(served.call("DELETE", &path, None).status, 409);
    // Members, pages, files.
    let page = served.get(&format!("{path}/customers?limit=7&offset=15"));
    assert_eq!((&page["total"], page["items"].as_array().unwrap().len()), (&json!(20), 5));
    let csv = served.call("GET", &format!("{path}/export?channel=sms"), None);
    assert_eq!((csv.status, csv.body.lines().count()), (200, 1 + N_CUSTOMERS / 2), "{}", csv.body);
    assert_eq!(served.call("GET", &format!("{path}/export?channel=email"), None).body, "customer_id,score\n");
    assert_eq!(served.call("GET", &format!("{path}/export"), None).status, 400);
    assert_eq!(served.call("GET", &format!("{path}/export?all=true"), None).body.lines().count(), 1 + N_CUSTOMERS / 2);
    // Erased means gone from here, too.
    assert_eq!(served.call("DELETE", "/v1/customers/c2", None).status, 200);
    assert!(!served.call("GET", &format!("{path}/export?all=true"), None).body.contains("c2\n"));
    let changed = json!({"name": "Music lovers", "conditions": {"did": "bought", "what": {"category": "Music"}}, "refresh": "never"});
    let changed = served.call("PUT", &path, Some(changed)).json();
    assert_eq!((&changed["name"], &changed["n_customers"]), (&json!("Music lovers"), &json!(N_CUSTOMERS / 2 - 1)));
    assert_eq!(changed["history"].as_array().unwrap().len(), 2);
    // Kept over a restart.
    served.stop();
    let served = serve(&folder.shop(), served.key.clone());
    assert_eq!(served.get("/v1/audiences")["items"].as_array().unwrap().len(), 2);
    assert_eq!(served.get(&format!("{path}/customers"))["total"], N_CUSTOMERS / 2 - 1);
    assert_eq!(served.call("DELETE", &format!("/v1/audiences/{}", both["id"].as_str().unwrap()), None).status, 204);
    assert_eq!(served.call("DELETE", &path, None).status, 204);
    assert_eq!(served.call("GET", &path, None).status, 404);
}

#[test]
fn customers_alike_are_found_from_a_few() {
    let (_folder, served) = grouped();
    let few: Vec<String> = (0..14).map(|at| format!("c{}", 2 * at)).collect();
    let seeds = create(&served, "Seeds", json!({"field": "customer_id", "op": "in", "value": few}));
    let body = json!({"name": "More", "seed": seeds["id"], "size": 6});
    let started = served.call("POST", "/v1/audiences/lookalike", Some(body));
    assert_eq!(started.status, 202, "{}", started.body);
    let id = started.json()["id"].as_str().unwrap().to_owned();
    let job = loop {
        let job = served.get(&format!("/v1/jobs/{id}"));
        if !["queued", "running"].contains(&job["state"].as_str().unwrap()) {
            break job;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    assert_eq!(job["state"], "done", "{job}");
    let made = &job["result"];
    assert_eq!((&made["n_customers"], &made["lookalike"]["n_seeds"]), (&json!(6), &json!(14)), "{made}");
    assert!(made["lookalike"]["auc"].as_f64().unwrap() > 0.9, "{made}");
    let members = served.get(&format!("/v1/audiences/{}/customers", made["id"].as_str().unwrap()));
    let members = members["items"].as_array().unwrap();
    assert!(members.iter().all(|member| number_of(member).is_multiple_of(2) && number_of(member) >= 28), "{members:?}");
    assert!(members.windows(2).all(|pair| pair[0]["score"].as_f64() >= pair[1]["score"].as_f64()));
}

#[test]
fn fields_offer_what_the_shop_has() {
    let (_folder, served) = grouped();
    create(&served, "All", json!({"all": []}));
    let found = served.get("/v1/audiences/fields");
    let field =
        |name: &str| found["fields"].as_array().unwrap().iter().find(|field| field["name"] == name).unwrap().clone();
    assert_eq!(
        field("region")["choices"],
        json!([{"value": "North", "label": {"zh": "North", "en": "North"}, "n": N_CUSTOMERS}])
    );
    assert_eq!(field("segment")["choices"].as_array().unwrap().len(), 2);
    assert_eq!(found["channels"], json!(["sms"]));
    assert_eq!(found["categories"], json!(["Movies", "Music", "Music/Pop"]));
    assert_eq!(found["brands"], json!(["Acme"]));
    assert_eq!(found["behaviours"][0], json!({"kind": "bought", "label": {"zh": "购买过", "en": "bought"}}));
    assert!(
        found["segments"].as_array().unwrap().iter().all(|one| one["key"].is_string() && one["name"]["zh"].is_string())
    );
    assert_eq!(found["audiences"][0]["name"], "All");
    // Every operator that is offered is one that a condition may ask.
    for field in found["fields"].as_array().unwrap() {
        for operator in field["operators"].as_array().unwrap() {
            let value = match (field["kind"].as_str().unwrap(), operator.as_str().unwrap()) {
                (_, "is missing" | "is there") => Value::Null,
                ("number" | "days" | "money", "between") => json!([1, 2]),
                ("number" | "days" | "money", _) => json!(1),
                ("day", "between") => json!(["2024-01-01", "2025-01-01"]),
                ("day", _) => json!("2024-01-01"),
                // Groups must be there; other values need not.
                (_, "in" | "not in") if field["name"] == "segment" => json!(["g2"]),
                (_, "in" | "not in") if field["name"] == "rfm" => json!(["champions", "lost"]),
                (_, "in" | "not in") => json!(["a"]),
                _ if field["name"] == "segment" => json!("g1"),
                _ if field["name"] == "rfm" => json!("lost"),
                _ => json!("a"),
            };
            let mut condition = json!({"field": field["name"], "op": operator});
            if !value.is_null() {
                condition["value"] = value;
            }
            count(&served, condition);
        }
    }
}

fn keys_of(made: &Value) -> Vec<String> {
    made["groups"].as_array().unwrap().iter().map(|group| group["key"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_group_keeps_its_key_and_a_lost_key_never_returns() {
    let (_folder, served) = grouped();
    let first = served.get("/v1/segments");
    assert_eq!((keys_of(&first), &first["before"]), (vec!["g1".to_owned(), "g2".to_owned()], &Value::Null));
    assert_eq!((&first["groups"][0]["since"], &first["groups"][0]["was"]), (&first["as_of"], &json!([])));
    // Found again, they are the same; and each says so.
    assert_eq!(served.job("segment", json!({"n_clusters": 2, "seed": 9}))["state"], "done");
    let second = served.get("/v1/segments");
    let members = |key: &str| {
        let page = served.get(&format!("/v1/segments/{key}/customers?limit=100"));
        page["items"].as_array().unwrap().iter().map(|one| number_of(one) % 2).collect::<BTreeSet<usize>>()
    };
    assert_eq!(keys_of(&second).into_iter().collect::<BTreeSet<_>>(), ["g1", "g2"].map(String::from).into());
    assert_ne!(members("g1"), members("g2"));
    for group in second["groups"].as_array().unwrap() {
        let was = &group["was"][0];
        assert_eq!((&was["key"], &was["share"], &was["n"]), (&group["key"], &json!(1.0), &json!(N_CUSTOMERS / 2)));
        assert_eq!(group["name"], was["name"]);
    }
    let counts: u64 = second["before"]["counts"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row.as_array().unwrap())
        .map(|n| n.as_u64().unwrap())
        .sum();
    assert_eq!((counts, &second["before"]["version"]), (N_CUSTOMERS as u64, &first["version"]));
    // More groups and fewer, again and again: a key that was lost does not come back for somebody else.
    let (mut ever, mut before) = (BTreeSet::from(["g1".to_owned(), "g2".to_owned()]), keys_of(&second));
    for n in [5, 2, 4, 3] {
        assert_eq!(served.job("segment", json!({"n_clusters": n}))["state"], "done");
        let made = served.get("/v1/segments");
        let now = keys_of(&made);
        assert_eq!(now.iter().collect::<BTreeSet<_>>().len(), n, "{now:?}");
        assert!(
            now.iter().all(|key| before.contains(key) || !ever.contains(key)),
            "{before:?} -> {now:?}, ever {ever:?}"
        );
        ever.extend(now.iter().cloned());
        before = now;
    }
}

#[test]
fn an_audience_of_a_lost_group_stays_as_it_was() {
    let (_folder, served) = grouped();
    assert_eq!(served.job("segment", json!({"n_clusters": 5}))["state"], "done");
    let keys = keys_of(&served.get("/v1/segments"));
    let made: Vec<Value> =
        keys.iter().map(|key| create(&served, key, json!({"field": "segment", "op": "=", "value": key}))).collect();
    assert_eq!(served.job("segment", json!({"n_clusters": 2}))["state"], "done");
    let now = served.get("/v1/segments");
    let mut n_lost = 0;
    for (key, before) in keys.iter().zip(&made) {
        let after = served.get(&format!("/v1/audiences/{}", before["id"].as_str().unwrap()));
        match now["groups"].as_array().unwrap().iter().find(|group| group["key"] == *key) {
            // Made anew at once, since what it asks for is another set now.
            Some(group) => {
                assert_eq!((&after["n_customers"], &after["lost_groups"]), (&group["n_customers"], &json!([])))
            }
            None => {
                assert_eq!((&after["n_customers"], &after["lost_groups"]), (&before["n_customers"], &json!([key])));
                n_lost += 1;
            }
        }
    }
    assert!(n_lost >= 3, "{keys:?} -> {:?}", keys_of(&now));
    // Nobody can begin with a group that is not there, of either kind.
    for conditions in [
        json!({"field": "segment", "op": "in", "value": ["g1", "g99"]}),
        json!({"field": "rfm", "op": "=", "value": "kings"}),
    ] {
        let refused = served.call("POST", "/v1/audiences", Some(json!({"name": "x", "conditions": conditions})));
        assert_eq!(refused.status, 404, "{}", refused.body);
        assert!(refused.json()["error"]["help"].as_str().unwrap().starts_with("there are: "), "{}", refused.body);
    }
}

/// Beside what everybody bought, who is even buys at nine in the evening and ever more; who is odd bought much a season before.
fn with_habits() -> (shop::Folder, Served) {
    const HOUR_MS: i64 = 3_600_000;
    let folder = shop::make();
    let mut orders = Vec::new();
    for who in 0..N_CUSTOMERS as i64 {
        for step in 0..if who % 2 == 0 { 40 } else { 8 } {
            // Nine in the evening in Shanghai is 13:00 UTC.
            let at = match who % 2 {
                0 => START + (step % 10) * 24 * HOUR_MS + 13 * HOUR_MS + who * 60_000 + step,
                _ => START - (100 + 9 * step) * 24 * HOUR_MS + 2 * HOUR_MS,
            };
            orders
                .push(json!({"order_id": format!("h{who}-{step}"), "ordered_at": at, "customer_id": format!("c{who}"),
                "product_id": format!("p{}", who % 2), "quantity": 1, "unit_price_cents": 5000}));
        }
    }
    // So that both periods are known whole.
    orders.push(json!({"order_id": "old", "ordered_at": START - 400 * 24 * HOUR_MS, "customer_id": "c1", "product_id": "p1", "quantity": 1, "unit_price_cents": 100}));
    shop::write::<Order>(&Shop::open(folder.shop()).unwrap(), &orders);
    let key = shop::key(&folder.shop(), &Scope::ALL);
    let served = serve(&folder.shop(), key);
    assert_eq!(served.job("segment", json!({"n_clusters": 2}))["state"], "done");
    (folder, served)
}

#[test]
fn hours_and_trends_are_told_of_groups() {
    let (_folder, served) = with_habits();
    let made = served.get("/v1/segments");
    for group in made["groups"].as_array().unwrap() {
        let page = served.get(&format!("/v1/segments/{}/customers?limit=1", group["key"].as_str().unwrap()));
        let is_even = number_of(&page["items"][0]).is_multiple_of(2);
        let evening =
            group["traits"].as_array().unwrap().iter().find(|one| one["kind"] == "hour" && one["level"] == "21");
        let direction = evening.map(|one| one["direction"].as_str().unwrap());
        assert_eq!(direction, Some(if is_even { "over" } else { "under" }), "{}", group["traits"]);
        // Six purchases of everybody and forty of the even ones lately; of the odd ones' eight, most in the season before.
        let trend = &group["trend"];
        let n = (N_CUSTOMERS / 2) as i64;
        let (now, before) = (trend["value_cents"].as_i64().unwrap(), trend["value_cents_before"].as_i64().unwrap());
        assert_eq!(now, n * 5000 * if is_even { 46 } else { 6 }, "{trend}");
        match is_even {
            true => assert_eq!((before, &trend["value_change"]), (0, &Value::Null)),
            false => {
                assert!(before > 0 && before % (n * 5000) == 0, "{trend}");
                let change = trend["value_change"].as_f64().unwrap();
                assert!((change - (now as f64 / before as f64 - 1.0)).abs() < 1e-12, "{trend}");
                assert!(
                    group["description"]["en"].as_str().unwrap().contains("In the last 90 days they spent"),
                    "{group}"
                );
            }
        }
    }
}

#[test]
fn what_people_would_be_recommended_chooses_them() {
    let (_folder, served) = grouped();
    let music = json!({"recommended": {"category": "Music"}, "within_first": 1});
    let refused = served.call("POST", "/v1/audiences/count", Some(json!({"conditions": music})));
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert!(refused.json()["error"]["help"].as_str().unwrap().contains("predict"), "{}", refused.body);
    assert_eq!(served.get("/v1/audiences/fields")["recommended"], Value::Null);
    let trained = served.job("train", json!({"algorithm": "ease"}));
    assert_eq!(trained["state"], "done");
    let job = served.job("predict", json!({}));
    assert_eq!((&job["state"], &job["result"]["n_customers"]), (&json!("done"), &json!(N_CUSTOMERS)), "{job}");
    let kept = served.get("/v1/audiences/fields")["recommended"].clone();
    assert_eq!(kept["model_version"], trained["result"]["version"]);
    assert!(kept["model_version"].is_string() && kept["n"] == 10, "{kept}");
    // The even ones buy music, and would be recommended more of it.
    let made = create(&served, "Music next", music);
    assert_eq!(made["n_customers"], N_CUSTOMERS / 2, "{made}");
    let members = served.get(&format!("/v1/audiences/{}/customers?limit=100", made["id"].as_str().unwrap()));
    for member in members["items"].as_array().unwrap() {
        assert!(number_of(member).is_multiple_of(2), "{member}");
        let list = served.get(&format!("/v1/recommendations?customer={}&n=1", member["customer_id"].as_str().unwrap()));
        let product = list["items"][0]["product_id"].as_str().unwrap();
        let own = json!({"all": [{"field": "customer_id", "op": "=", "value": member["customer_id"]}, {"recommended": {"product": product}, "within_first": 1}]});
        assert_eq!(count(&served, own)["n"], 1);
    }
    assert_eq!(count(&served, json!({"recommended": {"brand": "Acme"}}))["n"], N_CUSTOMERS);
    assert_eq!(count(&served, json!({"not": {"recommended": {"brand": "Acme"}}}))["n"], 0);
    assert_eq!(count(&served, json!({"recommended": {"category": "Garden"}}))["n"], 0);
}

#[test]
fn what_people_are_drawn_to_chooses_them() {
    let (_folder, served) = grouped();
    let music = |least: f64| json!({"taste": {"category": "Music"}, "at_least": least});
    let refused = served.call("POST", "/v1/audiences/count", Some(json!({"conditions": music(0.5)})));
    assert_eq!((refused.status, refused.json()["error"]["code"].as_str()), (409, Some("tastes")), "{}", refused.body);
    assert_eq!(served.job("predict", json!({}))["state"], "done");
    // The even ones buy music.
    let made = create(&served, "Music lovers", music(0.5));
    assert_eq!(made["n_customers"], N_CUSTOMERS / 2, "{made}");
    let sql = made["sql"].as_str().unwrap();
    assert!(sql.contains("t.kind = 'category' and t.name = 'Music' and t.affinity >= 0.5"), "{sql}");
    let members = served.get(&format!("/v1/audiences/{}/customers?limit=100", made["id"].as_str().unwrap()));
    assert!(members["items"].as_array().unwrap().iter().all(|member| number_of(member).is_multiple_of(2)), "{members}");
    let below = json!({"taste": {"category": "Music/Pop"}, "at_least": 0.2});
    assert_eq!(count(&served, below)["n"], N_CUSTOMERS / 2);
    let others = json!({"not": {"taste": {"category": "Movies"}}});
    assert_eq!(count(&served, others)["n"], N_CUSTOMERS / 2);
    let misspelt = json!({"conditions": {"taste": {"category": "Musik"}}});
    let refused = served.call("POST", "/v1/audiences/count", Some(misspelt));
    assert_eq!(
        (refused.status, &refused.json()["error"]["help"]),
        (404, &json!("did you mean Music?")),
        "{}",
        refused.body
    );
    // There is one brand: it sets nobody apart.
    let brand = json!({"conditions": {"taste": {"brand": "Acme"}}});
    let refused = served.call("POST", "/v1/audiences/count", Some(brand));
    assert_eq!(refused.status, 404, "{}", refused.body);
    // Who is erased has no taste.
    assert_eq!(served.call("DELETE", "/v1/customers/c2", None).status, 200);
    assert_eq!(count(&served, music(0.5))["n"], N_CUSTOMERS / 2 - 1);
}

#[test]
fn an_audience_is_recommended_to_within_its_consent() {
    let (_folder, served) = grouped();
    let music = create(&served, "Music", json!({"did": "bought", "what": {"category": "Music"}}));
    let id = music["id"].as_str().unwrap();
    let file = |job: &Value| served.call("GET", &format!("/v1/jobs/{}/file", job["id"].as_str().unwrap()), None);
    let job = served.job("recommend", json!({"audience": id, "n": 3, "channel": "sms"}));
    assert_eq!(job["result"]["n_customers"], N_CUSTOMERS / 2, "{job}");
    let csv = file(&job);
    let mut lines = csv.body.lines();
    assert_eq!((csv.status, lines.next()), (200, Some("customer_id,position,product_id,score,propensity")));
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), N_CUSTOMERS / 2 * 3);
    assert!(rows.iter().all(|row| row[0][1..].parse::<usize>().unwrap().is_multiple_of(2) && row.len() == 5));
    // Who did not agree is not in it; all are only on request.
    assert_eq!(file(&served.job("recommend", json!({"audience": id, "channel": "email"}))).body.lines().count(), 1);
    let all = served.job("recommend", json!({"audience": id, "n": 1, "all": true}));
    assert_eq!(file(&all).body.lines().count(), 1 + N_CUSTOMERS / 2);
    for (params, status) in [
        (json!({"audience": id}), 400),
        (json!({"audience": "aud_none", "all": true}), 404),
        (json!({"audience": id, "all": true, "n": 501}), 400),
        (json!({"audience": id, "all": true, "colour": "red"}), 400),
    ] {
        let answer = served.call("POST", "/v1/jobs", Some(json!({"kind": "recommend", "params": params})));
        assert_eq!(answer.status, status, "{params}: {}", answer.body);
    }
    // Erased from the files, too; and other jobs have none.
    assert_eq!(served.call("DELETE", "/v1/customers/c2", None).status, 200);
    let gone = file(&job);
    assert_eq!(gone.status, 404, "{}", gone.body);
    assert!(gone.body.contains("erased"), "{}", gone.body);
    let other =
        served.get("/v1/jobs")["items"].as_array().unwrap().iter().find(|job| job["kind"] == "segment").cloned();
    assert_eq!(file(&other.unwrap()).status, 404);
}

#[test]
fn audiences_are_renamed_without_being_made_anew() {
    let (_folder, served) = grouped();
    let few: Vec<String> = (0..14).map(|at| format!("c{}", 2 * at)).collect();
    let seeds = create(&served, "Seeds", json!({"field": "customer_id", "op": "in", "value": few}));
    let body = json!({"name": "More", "seed": seeds["id"], "size": 6});
    let started = served.call("POST", "/v1/audiences/lookalike", Some(body)).json();
    let alike = loop {
        let job = served.get(&format!("/v1/jobs/{}", started["id"].as_str().unwrap()));
        if !["queued", "running"].contains(&job["state"].as_str().unwrap()) {
            break job["result"].clone();
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    let path = format!("/v1/audiences/{}", alike["id"].as_str().unwrap());
    let renamed = served.call("PATCH", &path, Some(json!({"name": "  Their kin "})));
    assert_eq!((renamed.status, &renamed.json()["name"]), (200, &json!("Their kin")), "{}", renamed.body);
    assert_eq!((&renamed.json()["refreshed_at"], &renamed.json()["n_customers"]), (&alike["refreshed_at"], &json!(6)));
    assert_eq!(served.call("PATCH", &path, Some(json!({"name": "Seeds"}))).status, 409);
    assert_eq!(served.call("PATCH", &path, Some(json!({"name": ""}))).status, 400);
    assert_eq!(served.call("PATCH", &path, Some(json!({"refresh": "daily"}))).status, 409);
    // Its scores can be asked for.
    let members = served.get(&format!("{path}/customers"));
    let third = members["items"][2]["score"].as_f64().unwrap();
    assert_eq!(count(&served, json!({"audience": alike["id"], "score_min": third}))["n"], 3);
}

/// A large shop is read slice by slice; the answer is that of reading all at once.
#[test]
fn slices_of_customers_change_nothing() {
    let told = |slice_max: usize| {
        let folder = shop::make();
        let shop = Shop::open(folder.shop()).unwrap();
        let lines: Vec<Value> = (0..shop::N_PRODUCTS)
            .map(|at| {
                let channel = ["web", "store"][at % 2];
                json!({"order_id": format!("long{}", at % 3), "ordered_at": START + 86_400_000, "quantity": 1 + at % 2,
                    "customer_id": format!("c{}", at % 3), "product_id": format!("p{at}"), "unit_price_cents": 100 * at,
                    "channel": channel, "discount_cents": at % 5})
            })
            .collect();
        shop::write::<Order>(&shop, &lines);
        let request = SegmentRequest {
            by: By::Behaviour,
            n_clusters: Some(3),
            algorithm: None,
            set: Vec::new(),
            seed: 1,
            n_threads: 1,
            slice_max,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let made = runtime.block_on(segment::train(&shop, request, &|_, _| true)).unwrap();
        let orders: u64 = made.groups.iter().map(|group| group.n_orders).sum();
        assert_eq!(orders, 6 * shop::N_CUSTOMERS as u64 + 3, "a long order is one");
        let mut told = serde_json::to_value(&made).unwrap();
        for changing in ["version", "trained_at", "seconds"] {
            told.as_object_mut().unwrap().remove(changing).unwrap();
        }
        told
    };
    let (in_slices, at_once) = (told(7), told(1000));
    assert!(is_near(&in_slices, &at_once), "{in_slices}\n{at_once}");
}

/// Equal, but for the order in which fractions were added up.
fn is_near(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_near(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| is_near(a, b)))
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= 1e-9 * (1.0 + a.abs())
        }
        _ => a == b,
    }
}
