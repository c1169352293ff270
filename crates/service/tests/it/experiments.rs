//! Experiments over HTTP: arms stay, a process that starts anew knows the same, what had its time is read as a campaign is.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use service::auth::Scope;

use crate::http::Response;
use crate::shop::{Served, key, key_of, make, serve};

fn decide(served: &Served, id: &str, customer: &str, attributes: Value) -> Response {
    let body = json!({"customer_id": customer, "attributes": attributes});
    served.call("POST", &format!("/v1/experiments/{id}/decide"), Some(body))
}

fn arm_of(served: &Served, id: &str, customer: &str) -> Value {
    let response = decide(served, id, customer, json!({}));
    assert_eq!(response.status, 200, "{}", response.body);
    response.json()
}

fn start(served: &Served, body: Value) {
    let response = served.call("POST", "/v1/experiments", Some(body));
    assert_eq!(response.status, 201, "{}", response.body);
}

fn outcome(served: &Served, id: &str, customer: &str, reward: f64) -> u16 {
    let body = json!({"customer_id": customer, "reward": reward});
    served.call("POST", &format!("/v1/experiments/{id}/outcome"), Some(body)).status
}

fn stop(served: &Served, id: &str) -> Value {
    let response = served.call("POST", &format!("/v1/experiments/{id}/stop"), None);
    assert_eq!(response.status, 200, "{}", response.body);
    response.json()
}

const ARMS: [&str; 2] = ["control", "blue"];

/// Of those who saw blue every second responds, of the others every tenth.
#[test]
fn a_split_stays_is_measured_and_read_as_a_campaign() {
    let folder = make();
    let key = key(&folder.shop(), &Scope::ALL);
    let mut served = serve(&folder.shop(), key.clone());
    let arms = json!([{"name": "control"}, {"name": "blue", "weight": 2}]);
    start(&served, json!({"id": "button", "arms": arms, "traffic": 0.9, "holdout": 0.1}));
    let customers: Vec<String> = (0..600).map(|n| format!("v{n}")).collect();
    let first: Vec<Value> = customers.iter().map(|customer| arm_of(&served, "button", customer)).collect();
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for (customer, decided) in customers.iter().zip(&first) {
        let place = decided["arm"].as_str().or(decided["place"].as_str()).unwrap();
        *counts.entry(place.to_owned()).or_default() += 1;
        let Some(arm) = decided["arm"].as_str() else { continue };
        let chance = if arm == "blue" { 2.0 / 3.0 } else { 1.0 / 3.0 };
        assert!((decided["propensity"].as_f64().unwrap() - chance).abs() < 1e-12, "{decided}");
        let n = counts[arm];
        let responds = if arm == "blue" { n.is_multiple_of(2) } else { n.is_multiple_of(10) };
        if responds {
            assert_eq!(outcome(&served, "button", customer, 1.0), 204);
        }
    }
    let within = |place: &str, low, high| assert!((low..high).contains(&counts[place]), "{place}: {counts:?}");
    within("holdout", 30, 95);
    within("outside", 25, 90);
    within("control", 120, 210);
    within("blue", 270, 400);
    assert_eq!(outcome(&served, "button", "nobody", 1.0), 409);
    // Nobody has had a day yet.
    let standing = served.get("/v1/experiments/button");
    assert_eq!(
        (&standing["standing"][1]["n"], &standing["standing"][1]["n_waiting"]),
        (&json!(0), &json!(counts["blue"]))
    );
    served.stop();
    let served = serve(&folder.shop(), key);
    for (customer, before) in customers.iter().zip(&first) {
        let again = arm_of(&served, "button", customer);
        assert_eq!((&again["place"], &again["arm"]), (&before["place"], &before["arm"]), "{customer}");
        assert_eq!(again["is_kept"], json!(before["arm"].is_string()), "{again}");
    }
    assert!(stop(&served, "button")["stopped_at"].is_i64());
    assert_eq!(stop(&served, "button")["id"], "button", "stopping again changes nothing");
    let refused = decide(&served, "button", "v1", json!({}));
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (409, &json!("ended")));
    let campaigns = served.get("/v1/campaigns");
    let campaign = campaigns["items"].as_array().unwrap().iter().find(|item| item["campaign_id"] == "button").unwrap();
    let told = |arm: &str| campaign["arms"].as_array().unwrap().iter().find(|item| item["arm"] == arm).unwrap().clone();
    for (arm, every) in [("control", 10), ("blue", 2)] {
        let expected = (json!(counts[arm]), json!(counts[arm] / every));
        assert_eq!((told(arm)["n_customers"].clone(), told(arm)["n_responded"].clone()), expected, "{campaign}");
    }
    let verdict = served.get("/v1/campaigns/button/verdict?outcome=response&method=sequential");
    assert_eq!(
        (&verdict["arms"][0]["arm"], &verdict["arms"][0]["shows"]),
        (&json!("blue"), &json!("above")),
        "{verdict}"
    );
    // It can be forgotten; what was measured stays.
    assert_eq!(served.call("DELETE", "/v1/experiments/button", None).status, 204);
    assert_eq!(served.call("GET", "/v1/experiments/button", None).status, 404);
    assert_eq!(served.get("/v1/campaigns")["items"], campaigns["items"]);
    let taken = served.call("POST", "/v1/experiments", Some(json!({"id": "button", "arms": arms})));
    assert_eq!(taken.status, 409, "{}", taken.body);
}

/// Members like blue, others do not: after a round in which outcomes came in, each kind gets its own.
#[test]
fn a_tree_learns_what_each_kind_likes_and_says_why() {
    let folder = make();
    let key = key(&folder.shop(), &Scope::ALL);
    let mut served = serve(&folder.shop(), key.clone());
    start(
        &served,
        json!({"id": "hero", "arms": [{"name": "control"}, {"name": "blue"}], "chooser": "tree", "attributes": ["member"],
            "floor": 0.1}),
    );
    for n in 0..800 {
        let member = n % 2 == 0;
        let attributes = json!({"member": if member { "yes" } else { "no" }, "phone": "13812345678"});
        let decided = decide(&served, "hero", &format!("v{n}"), attributes).json();
        let likes = if member { "blue" } else { "control" };
        if decided["arm"] == likes && n % 5 != 0 {
            assert_eq!(outcome(&served, "hero", &format!("v{n}"), 1.0), 204);
        }
    }
    // What moves trials once a minute, here at the end of a process.
    served.stop();
    let shop = data::Shop::open(folder.shop()).unwrap();
    assert_eq!(shop.flush_trials(&[("hero".to_owned(), i64::MAX)]).unwrap(), 800);
    assert_eq!(shop.flush_trials(&[("hero".to_owned(), i64::MAX)]).unwrap(), 0, "each moves once");
    let kept = shop.state().unwrap().trial("hero", "v0").unwrap().unwrap();
    assert_eq!(kept.attributes, r#"{"member":"yes"}"#, "what is not asked for is not kept");
    drop(shop);
    let served = serve(&folder.shop(), key);
    assert_eq!(served.get("/v1/experiments/hero")["n_kinds"], 2);
    for (value, likes) in [("yes", "blue"), ("no", "control")] {
        let mut n_liked = 0;
        for n in 0..60 {
            let decided = decide(&served, "hero", &format!("new-{value}-{n}"), json!({"member": value})).json();
            n_liked += u32::from(decided["arm"] == likes);
            let chance = if decided["arm"] == likes { 0.95 } else { 0.05 };
            assert!((decided["propensity"].as_f64().unwrap() - chance).abs() < 0.001, "{decided}");
            let because = &decided["because"][0];
            assert_eq!(because["attribute"], "member", "{decided}");
        }
        // Of 60 with chance 0.95: fewer than 50 once in 10,000.
        assert!(n_liked >= 50, "{value}: {n_liked}");
    }
    assert_eq!(outcome(&served, "hero", "v1", 1.0), 409, "its time is over");
}

#[test]
fn what_is_wrong_is_said_and_who_may_not_is_told() {
    let folder = make();
    let serve_key = key_of("page", &folder.shop(), &[Scope::Serve]);
    let served = serve(&folder.shop(), key(&folder.shop(), &Scope::ALL));
    for (body, said) in [
        (json!({"id": "x", "arms": [{"name": "a"}]}), "allowed: 2 to 20"),
        (json!({"id": "x", "arms": [{"name": "a"}, {"name": "a"}]}), "'a' again"),
        (json!({"id": "x\n", "arms": [{"name": "a"}, {"name": "b"}]}), "the experiment's id"),
        (json!({"id": "x", "arms": [{"name": "a"}, {"name": "b"}], "chooser": "dice"}), "dice"),
        (json!({"id": "x", "arms": [{"name": "a"}, {"name": "b"}], "chooser": "tree"}), "attributes"),
    ] {
        let response = served.call("POST", "/v1/experiments", Some(body));
        assert_eq!(response.status, 400, "{}", response.body);
        assert!(response.body.contains(said), "{said} is not in {}", response.body);
    }
    assert_eq!(decide(&served, "none", "c1", json!({})).status, 404);
    start(&served, json!({"id": "x", "arms": [{"name": ARMS[0]}, {"name": ARMS[1]}]}));
    let again =
        served.call("POST", "/v1/experiments", Some(json!({"id": "x", "arms": [{"name": "a"}, {"name": "b"}]})));
    assert_eq!(again.status, 409);
    assert_eq!(served.call("DELETE", "/v1/experiments/x", None).status, 409, "it runs");
    assert_eq!(decide(&served, "x", "", json!({})).status, 400);
    assert_eq!(outcome(&served, "x", "c1", 1.5), 400);
    let of_page = |method: &str, path: &str, body: Option<Value>| served.call_by(&serve_key, method, path, body).status;
    assert_eq!(of_page("POST", "/v1/experiments/x/decide", Some(json!({"customer_id": "c1"}))), 200);
    assert_eq!(of_page("POST", "/v1/experiments/x/outcome", Some(json!({"customer_id": "c1", "reward": 1}))), 403);
    assert_eq!(of_page("POST", "/v1/experiments/x/stop", None), 403);
    // Who is erased is in no experiment.
    assert!(served.call("DELETE", "/v1/customers/c1", None).status < 300);
    assert_eq!(outcome(&served, "x", "c1", 1.0), 409);
}
