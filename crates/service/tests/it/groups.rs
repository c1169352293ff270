//! Customer groups and audiences from outside: found, shown, counted, refreshed, exported, erased.

use serde_json::{Value, json};

use crate::shop::{N_CUSTOMERS, Served, serve, served};

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
                (_, "in" | "not in") => json!(["a"]),
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
