//! Decisions over a shop made by hand, where it is known whom to write to and what runs out: gates, limits, answers, lists, and what
//! stays of a customer who is erased.

use std::collections::BTreeSet;

use data::Shop;
use data::state::conversations::Case;
use domain::{Customer, Day, Event, Exposure, Fit, Order, Product};
use serde_json::{Value, json};
use service::auth::Scope;

use crate::shop::{Folder, Served, key, serve, write};

/// 2025-12-31, the last day of the data.
const END: i32 = 20_453;
const DAY_MS: i64 = 86_400_000;
const N_RECENT: usize = 40;
pub const STOCK: usize = 25;

fn at(day: i32) -> i64 {
    i64::from(day) * DAY_MS + 36_000_000
}

fn order(id: String, day: i32, customer: &str, product: &str, quantity: i32, price: i32) -> Value {
    json!({"order_id": id, "ordered_at": at(day), "customer_id": customer, "product_id": product, "quantity": quantity, "unit_price_cents": price})
}

/// Of 100 who bought the phone in the half year before, 40 took the case that fits within the month. 40 bought it ten days ago.
fn phones() -> Vec<Value> {
    let mut orders = Vec::new();
    for who in 0..100 {
        let (id, day) = (format!("old{who}"), END - 170 + who);
        orders.push(order(format!("d{who}"), day, &id, "phone", 1, 500_000));
        if who % 5 < 2 {
            orders.push(order(format!("a{who}"), day + 10, &id, "case", 1, 10_000));
        }
    }
    orders
        .extend((0..N_RECENT).map(|who| order(format!("r{who}"), END - 10, &format!("new{who}"), "phone", 1, 500_000)));
    orders
}

/// Three campaigns: those who were written to spent a fifth more than those who were not.
fn campaigns() -> (Vec<Value>, Vec<Value>) {
    let (mut exposures, mut orders) = (Vec::new(), Vec::new());
    for (nth, first) in [END - 400, END - 300, END - 200].into_iter().enumerate() {
        for who in 0..120 {
            let (id, is_control) = (format!("e{nth}-{who}"), who % 2 == 0);
            let arm = if is_control { "control" } else { "note" };
            exposures
                .push(json!({"at": at(first), "customer_id": id, "campaign_id": format!("spring{nth}"), "arm": arm,
                "propensity": 0.5, "channel": "email", "cost_cents": if is_control { 0 } else { 2 }}));
            let noise = (who * 37 + nth * 11) % 21;
            let spent = if is_control { 10_000 } else { 12_000 } + (noise as i32 - 10) * 100;
            orders.push(order(format!("o{nth}-{who}"), first + 5, &id, "cable", 1, spent));
        }
    }
    (exposures, orders)
}

/// Sold four times a day for four weeks, and ten left.
fn cables() -> Vec<Value> {
    (0..28).map(|back| order(format!("c{back}"), END - back, &format!("walk-in{back}"), "cable", 4, 10_000)).collect()
}

pub fn made() -> (Folder, Served) {
    let folder = Folder(tempfile::tempdir().unwrap());
    let shop = Shop::create(folder.shop()).unwrap();
    let config = folder.shop().join("tercet.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    assert!(text.contains("[decisions]\n"));
    std::fs::write(&config, text.replacen("[decisions]\n", "[decisions]\ncontrol = 0.4\n", 1)).unwrap();
    let product = |id: &str, price: i32, stock: usize| {
        json!({"product_id": id, "name": format!("Acme {id}"), "category": "Phones", "price_cents": price,
            "cost_cents": price / 2, "stock": stock})
    };
    write::<Product>(
        &shop,
        &[product("phone", 500_000, 500), product("case", 10_000, STOCK), product("cable", 10_000, 10)],
    );
    write::<Fit>(&shop, &[json!({"product_id": "case", "with_product_id": "phone"})]);
    // The last four agreed to nothing; of the others one has a case open.
    let consent = |who: usize| if who < N_RECENT - 4 { json!(["email", "sms"]) } else { json!([]) };
    let customers: Vec<Value> =
        (0..N_RECENT).map(|who| json!({"customer_id": format!("new{who}"), "consent": consent(who)})).collect();
    write::<Customer>(&shop, &customers);
    let (exposures, spent) = campaigns();
    write::<Exposure>(&shop, &exposures);
    write::<Order>(&shop, &[phones(), spent, cables()].concat());
    write::<Event>(
        &shop,
        &[json!({"at": at(END), "customer_id": "new0", "kind": "view", "product_id": "case", "price_cents": 10_000})],
    );
    let body = json!({"form": "repair_booking", "title_zh": "r", "title_en": "r", "values": [], "allowed_by": [], "note": null});
    let case = Case {
        id: "r".to_owned(),
        at: at(END - 1),
        state: "open".to_owned(),
        customer_id: Some("new3".to_owned()),
        conversation_id: "before".to_owned(),
        body: body.to_string(),
    };
    shop.state().unwrap().put_case(case).unwrap();
    drop(shop);
    let secret = key(&folder.shop(), &Scope::ALL);
    let served = serve(&folder.shop(), secret);
    (folder, served)
}

pub fn decide(served: &Served) -> Value {
    let job = served.job("decide", json!({}));
    assert_eq!(job["state"], "done", "{job}");
    served.get("/v1/decisions")
}

fn all(told: &Value) -> impl Iterator<Item = &Value> {
    let part = |name: &str| told[name].as_array().unwrap().iter();
    part("today").chain(part("more"))
}

pub fn of_kind<'a>(told: &'a Value, kind: &str) -> Option<&'a Value> {
    all(told).find(|decision| decision["kind"] == kind)
}

fn quiet(told: &Value, kind: &str) -> String {
    let found = told["quiet"].as_array().unwrap().iter().find(|one| one["kind"] == kind);
    found.unwrap_or_else(|| panic!("{kind} is not quiet: {told}"))["why"]["en"].as_str().unwrap().to_owned()
}

fn answer(served: &Served, id: &str, what: &str) -> (u16, Value) {
    let answered = served.call("POST", &format!("/v1/decisions/{id}/{what}"), Some(json!({"note": "tried"})));
    (answered.status, answered.json())
}

#[test]
fn who_is_written_to_what_runs_out_and_what_became_of_it() {
    let (_folder, served) = made();
    let none = served.call("GET", "/v1/decisions", None);
    assert_eq!((none.status, &none.json()["error"]["code"]), (404, &json!("decisions")));
    let told = decide(&served);
    assert_eq!(
        (&told["day"], &told["as_of"], &told["n_held_back"]),
        (&json!("2025-12-31"), &json!("2025-12-31"), &json!(1))
    );
    accessories_are_offered(&told);
    cables_are_ordered(&told);
    assert!(quiet(&told, "budget_shift").len() > 5 && quiet(&told, "upgrade_due").contains("not trained"), "{told}");
    lists_are_handed_over_once(&served, &told);
    reordering_is_rejected(&served, &told);
}

/// 40 bought the phone: four agreed to nothing, one has a case open, and there are 25 cases for the 35 who are left.
fn accessories_are_offered(told: &Value) {
    let decision = of_kind(told, "accessory").unwrap_or_else(|| panic!("{told}"));
    let passed: Vec<(&str, u64)> = decision["gates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|gate| (gate["gate"].as_str().unwrap(), gate["n"].as_u64().unwrap()))
        .collect();
    let stock = STOCK as u64;
    assert_eq!(passed, [("matches", 40), ("eligible", 35), ("fits", 35), ("ranks", 35), ("reconciled", stock)]);
    let n_control = decision["n_control"].as_u64().unwrap();
    assert!((3..=20).contains(&n_control), "{n_control} of 25 with a chance of 0.4");
    // 0.4 of them buy a case that leaves 50.00 anyway; a fifth of that is what being written to adds. Six in ten are.
    let anyway = 0.6 * 25.0 * 0.4 * 5_000.0;
    let gain = &decision["gain_cents"];
    let value = gain["value"].as_f64().unwrap();
    assert!((value - (0.2 * anyway - 0.6 * 25.0 * 2.0)).abs() < 0.15 * value, "{gain}");
    assert!(
        gain["low"].as_f64().unwrap() < value
            && value < gain["high"].as_f64().unwrap()
            && decision["gain_of"] == "margin"
    );
    // The list is expected to bring all of it anyway; of that six in ten are written to. Every figure says where it is from.
    let figures = decision["figures"].as_array().unwrap();
    let of_list = figures[1]["value"].as_f64().unwrap();
    assert!(
        (of_list - 25.0 * 0.4 * 5_000.0).abs() < 1.0 && (figures[3]["value"].as_f64().unwrap() - anyway).abs() < 1.0
    );
    assert!(figures.iter().all(|figure| figure["sql"].is_string() || figure["api"].is_string()), "{figures:?}");
    assert!(
        decision["figures"]
            .as_array()
            .unwrap()
            .iter()
            .any(|figure| figure["unit"] == "share" && figure["value"] == json!(0.4)),
        "{decision}"
    );
}

/// Four a day for fourteen days and ten in stock: 46 will be missing, each leaving 50.00.
fn cables_are_ordered(told: &Value) {
    let decision = of_kind(told, "reorder").unwrap_or_else(|| panic!("{told}"));
    let gain = decision["gain_cents"]["value"].as_f64().unwrap();
    assert!((gain - 46.0 * 5_000.0).abs() < 2_000.0, "{decision}");
    assert_eq!((&decision["who"], &decision["n_customers"]), (&json!("buying"), &Value::Null));
}

pub fn customers(csv: &str) -> BTreeSet<String> {
    csv.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().to_owned()).collect()
}

pub fn n_exposures(served: &Served, campaign: &str) -> u64 {
    let read = served.get(&format!("/v1/campaigns/{campaign}/verdict?days=1"));
    read["n_too_recent"].as_u64().unwrap()
}

fn lists_are_handed_over_once(served: &Served, told: &Value) {
    let id = of_kind(told, "accessory").unwrap()["id"].as_str().unwrap();
    assert_eq!(id, "accessory.2025-12-31");
    let list = |status: u16| {
        let answered = served.call("GET", &format!("/v1/decisions/{id}/customers"), None);
        assert_eq!(answered.status, status, "{}", answered.body);
        answered.body
    };
    assert!(list(409).contains("not accepted yet"));
    let (status, settled) = answer(served, id, "accept");
    assert_eq!(
        (status, &settled["standing"], &settled["note"]),
        (200, &json!("accepted"), &json!("tried")),
        "{settled}"
    );
    assert_eq!(answer(served, id, "accept"), (200, settled.clone()));
    assert_eq!(answer(served, id, "reject").0, 409);
    let csv = list(200);
    let written = customers(&csv);
    let n_control = of_kind(told, "accessory").unwrap()["n_control"].as_u64().unwrap() as usize;
    assert_eq!(written.len(), STOCK - n_control);
    assert!(!written.contains("new3") && !written.contains("new39") && csv.contains(",case"), "{csv}");
    // Accepted twice, in the exposures once: those who are written to and those who are left out.
    assert_eq!(n_exposures(served, id), STOCK as u64);
    // Nobody is written to again within the week; the ten for whom there was no case are left.
    let again = decide(served);
    assert!(again["settled"][0]["decision"]["id"] == id && all(&again).all(|decision| decision["id"] != id));
    let gone = written.first().unwrap();
    let erased = served.call("DELETE", &format!("/v1/customers/{gone}"), None);
    assert!((200..300).contains(&erased.status), "{}", erased.body);
    let left = customers(&list(200));
    assert!(left.len() == written.len() - 1 && !left.contains(gone), "{left:?}");
}

fn reordering_is_rejected(served: &Served, told: &Value) {
    let id = of_kind(told, "reorder").unwrap()["id"].as_str().unwrap();
    assert_eq!(answer(served, id, "reject").0, 200);
    assert_eq!(answer(served, id, "accept").0, 409);
    let again = decide(served);
    assert!(of_kind(&again, "reorder").is_none() && quiet(&again, "reorder").contains("two weeks"), "{again}");
    let csv = served.call("GET", &format!("/v1/decisions/{id}/customers"), None);
    assert_eq!(csv.status, 409);
    assert_eq!(answer(served, "markdown.nothing.2025-12-31", "accept").0, 404);
    let early = served.job("decide", json!({"day": Day(END - 1).to_string()}));
    assert!(
        early["state"] == "failed" && early["error"]["message"].as_str().unwrap().contains("2025-12-31"),
        "{early}"
    );
    let wrong = served.call("POST", "/v1/jobs", Some(json!({"kind": "decide", "params": {"day": "yesterday"}})));
    assert_eq!(wrong.status, 400, "{}", wrong.body);
    let long = served.call("POST", "/v1/decisions/x/reject", Some(json!({"note": "a".repeat(2000)})));
    assert_eq!(long.status, 400, "{}", long.body);
}

/// Of nothing nothing follows, and each kind says why.
#[test]
fn an_empty_shop_has_nothing_to_decide() {
    let folder = Folder(tempfile::tempdir().unwrap());
    drop(Shop::create(folder.shop()).unwrap());
    let secret = key(&folder.shop(), &Scope::ALL);
    let served = serve(&folder.shop(), secret);
    let told = decide(&served);
    assert_eq!(all(&told).count(), 0, "{told}");
    for kind in service::decisions::kinds() {
        assert!(!quiet(&told, kind).is_empty(), "{kind}");
    }
}

/// One was sent something, another left out of it, and the exposures do not say so yet.
fn reached_a_moment_ago(shop: &Shop) {
    use data::state::sendings::{SendingItem, StoredSending};
    let stored = |version: i64, state: &str| StoredSending {
        id: "se_x".to_owned(),
        campaign_id: "se_x".to_owned(),
        state: state.to_owned(),
        version,
        at: at(END),
        body: "{}".to_owned(),
    };
    let item = |nth: i64, customer: &str, state: &str| SendingItem {
        sending_id: "se_x".to_owned(),
        nth,
        customer_id: customer.to_owned(),
        way: "email".to_owned(),
        is_control: state == "control",
        state: state.to_owned(),
        key: format!("sd_{nth:024}"),
        at: at(END),
        ..SendingItem::default()
    };
    let state = shop.state().unwrap();
    assert!(state.add_sending(stored(1, "draft")).unwrap());
    assert!(
        state
            .change_sending(stored(2, "cancelled"), vec![item(1, "new5", "sent"), item(2, "new6", "control")])
            .unwrap()
    );
}

/// Nobody has measured what being written to brings: no gain is told, and half is left out to find it. Orders alone are enough.
#[test]
fn what_nobody_measured_is_not_told() {
    let folder = Folder(tempfile::tempdir().unwrap());
    let shop = Shop::create(folder.shop()).unwrap();
    let product = |id: &str| json!({"product_id": id, "name": id, "price_cents": 9_000});
    write::<Product>(&shop, &[product("phone"), product("case"), product("sleeve")]);
    let fits = |id: &str| json!({"product_id": id, "with_product_id": "phone"});
    write::<Fit>(&shop, &[fits("case"), fits("sleeve")]);
    let customers: Vec<Value> =
        (0..N_RECENT).map(|who| json!({"customer_id": format!("new{who}"), "consent": ["email"]})).collect();
    write::<Customer>(&shop, &customers);
    let last = order("last".to_owned(), END, "walk-in", "case", 1, 10_000);
    // Two have something that fits already, if not what sells best.
    let sleeves = (0..2).map(|who| order(format!("s{who}"), END - 5, &format!("new{who}"), "sleeve", 1, 9_000));
    write::<Order>(&shop, &[phones(), vec![last], sleeves.collect()].concat());
    reached_a_moment_ago(&shop);
    drop(shop);
    let secret = key(&folder.shop(), &Scope::ALL);
    let served = serve(&folder.shop(), secret);
    let told = decide(&served);
    let decision = of_kind(&told, "accessory").unwrap_or_else(|| panic!("{told}"));
    assert_eq!(
        (&decision["gain_cents"], &decision["gain_of"], &decision["n_customers"]),
        (&Value::Null, &json!("sales"), &json!(36))
    );
    // What a contact adds is not known: nobody says that it is more than it costs.
    let gates: Vec<(&Value, &Value)> =
        decision["gates"].as_array().unwrap().iter().map(|gate| (&gate["gate"], &gate["n"])).collect();
    assert_eq!(gates[..2], [(&json!("matches"), &json!(38)), (&json!("eligible"), &json!(36))]);
    assert!(decision["gates"][3]["text"]["en"].as_str().unwrap().contains("not known"), "{decision}");
    // What was never trained is not told as nobody.
    for kind in ["win_back", "upgrade_due"] {
        assert!(quiet(&told, kind).contains("tercet train strategy"), "{told}");
    }
    let n_control = decision["n_control"].as_u64().unwrap();
    assert!((6..=30).contains(&n_control), "{n_control} of 36 with a chance of one half");
    let caveats: Vec<&str> =
        decision["caveats"].as_array().unwrap().iter().filter_map(|one| one["kind"].as_str()).collect();
    assert_eq!(caveats, ["no_experiment", "cost_unknown"]);
    assert!(quiet(&told, "reorder").contains("stocks"), "{told}");
}
