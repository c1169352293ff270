//! Reports and alerts over a shop made by hand, where it is known what changed and why: the figures, the files, who gets them and how often,
//! what is out of order and what is not.

use std::time::Duration;

use data::Shop;
use data::simulate::{Language, Settings, Size, simulate};
use domain::{Day, Event, Order, Product, Spend};
use serde_json::{Value, json};
use service::alerts;
use service::auth::Scope;
use service::store::Store;

use crate::channels::{Endpoint, Sendmail, header};
use crate::shop::{Folder, N_CUSTOMERS, Served, key, make, serve, serve_with, write};

/// 2025-12-28, a Sunday, the last day of the data.
const END: i32 = 20_450;
const DAY_MS: i64 = 86_400_000;
const N_WEEKS: i32 = 70;
/// A variable that every process has, of enough characters for a secret.
const VARIABLE: &str = "PATH";

fn at(day: i32) -> i64 {
    i64::from(day) * DAY_MS + 36_000_000
}

/// About ten orders a day of a cable for 10.00; in the last week five a day, for 9.00.
fn n_orders(day: i32) -> i32 {
    if day > END - 7 { 5 } else { 10 + (day * 7919).rem_euclid(5) - 2 }
}

fn orders() -> Vec<Value> {
    let mut made = Vec::new();
    for day in END - 7 * N_WEEKS + 1..=END {
        for nth in 0..n_orders(day) {
            let price = if day > END - 7 { 900 } else { 1000 };
            let customer = (day * 31 + nth * 7).rem_euclid(400);
            made.push(json!({"order_id": format!("o{day}-{nth}"), "ordered_at": at(day), "customer_id": format!("c{customer}"),
                "product_id": "cable", "quantity": 1, "unit_price_cents": price, "channel": if nth % 2 == 0 { "app" } else { "web" }}));
        }
    }
    made
}

/// Money for search a day: about 100.00.
fn spend(day: i32) -> i64 {
    10_000 + i64::from((day * 7919).rem_euclid(13)) * 100
}

fn folder(config: &str) -> Folder {
    let folder = Folder(tempfile::tempdir().unwrap());
    let shop = Shop::create(folder.shop()).unwrap();
    let path = folder.shop().join("tercet.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.replacen("time_zone = \"Asia/Shanghai\"", "time_zone = \"UTC\"", 1);
    std::fs::write(&path, format!("{text}\n{config}")).unwrap();
    write::<Product>(
        &shop,
        &[
            json!({"product_id": "cable", "name": "Cable <1 m>", "category": "Accessories", "price_cents": 1000, "stock": 0}),
        ],
    );
    write::<Order>(&shop, &orders());
    let view = |day: i32| json!({"at": at(day), "customer_id": "c1", "kind": "view", "product_id": "cable"});
    write::<Event>(&shop, &(END - 60..=END).map(view).collect::<Vec<_>>());
    let day = |day: i32| json!({"day": Day(day).to_string(), "channel": "search", "spend_cents": spend(day)});
    write::<Spend>(&shop, &(END - 100..=END).map(day).collect::<Vec<_>>());
    folder
}

fn served(config: &str) -> (Folder, Served) {
    let folder = folder(config);
    let secret = key(&folder.shop(), &Scope::ALL);
    let served = serve_with(&folder.shop(), secret, |options| options.flush_every = Duration::from_millis(100));
    (folder, served)
}

/// All figures of a report, with their English labels.
fn figures(report: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for block in report["blocks"].as_array().unwrap() {
        let tiles = block["tiles"].as_array().into_iter().flatten().map(|tile| &tile["figure"]);
        for figure in block["figures"].as_array().into_iter().flatten().chain(tiles) {
            found.push((figure["label"]["en"].as_str().unwrap().to_owned(), figure.clone()));
        }
    }
    found
}

fn figure(report: &Value, label: &str) -> Value {
    let all = figures(report);
    let found = all.iter().find(|(name, _)| name == label);
    found.unwrap_or_else(|| panic!("no '{label}' in {report:#}")).1.clone()
}

fn value(report: &Value, label: &str) -> f64 {
    figure(report, label)["value"].as_f64().unwrap()
}

fn table<'a>(report: &'a Value, title: &str) -> Option<&'a Value> {
    report["blocks"].as_array().unwrap().iter().find(|block| block["part"] == "table" && block["title"]["en"] == title)
}

/// Everything that is said in English.
fn words(report: &Value) -> String {
    let blocks = report["blocks"].as_array().unwrap().iter();
    blocks.filter_map(|block| block["text"]["en"].as_str()).collect::<Vec<_>>().join("\n")
}

fn sold(from: i32, to: i32) -> f64 {
    (from..=to).map(n_orders).map(f64::from).sum()
}

#[test]
fn a_week_is_told_with_what_it_is_made_of() {
    let (_folder, served) = served("");
    let report = served.get("/v1/reports/weekly");
    assert_eq!(
        (&report["from"], &report["to"], &report["kind"]),
        (&json!("2025-12-22"), &json!("2025-12-28"), &json!("week"))
    );
    let (now, before) = (35.0, sold(END - 13, END - 7));
    assert_eq!((value(&report, "Revenue"), value(&report, "Orders")), (now * 900.0, now));
    let change = now * 900.0 - before * 1000.0;
    assert_eq!(value(&report, "difference of revenue"), change);
    // Half as many orders at nine tenths of the price; one product, so no mix.
    assert!((value(&report, "volume") - (now - before) * 1000.0).abs() < 1e-6, "{report:#}");
    assert!((value(&report, "price") + now * 100.0).abs() < 1e-6 && value(&report, "mix").abs() < 1e-6);
    assert_eq!(value(&report, "returns"), 0.0);
    let tiles = report["blocks"].as_array().unwrap().iter().find(|block| block["part"] == "tiles").unwrap();
    let against = &tiles["tiles"][1]["against"];
    assert_eq!(
        (&against[0]["with"], &against[0]["value"], &against[0]["shows"]),
        (&json!("before"), &json!(before), &json!("down"))
    );
    let year = sold(END - 6 - 364, END - 364);
    assert_eq!(
        (&against[1]["with"], &against[1]["value"], &against[1]["shows"]),
        (&json!("year_ago"), &json!(year), &json!("down"))
    );
    assert!(words(&report).contains("below what periods vary by anyway"), "{}", words(&report));
    let gone = table(&report, "Out of stock").unwrap();
    assert_eq!(gone["rows"][0][0]["text"]["en"], "Cable <1 m>");
    assert_eq!(gone["rows"][0][2]["value"], json!(35.0));
    // Every figure names a source that is there, and every statement gives an answer.
    let sources = report["sources"].as_array().unwrap();
    for (label, figure) in figures(&report) {
        let number = figure["source"].as_u64().unwrap_or_else(|| panic!("{label} has no source")) as usize;
        assert_eq!(sources[number - 1]["number"], number, "{label}");
    }
    let shop = Shop::open(_folder.shop()).unwrap();
    for source in sources {
        match (source["sql"].as_str(), source["api"].as_str()) {
            (Some(sql), None) => drop(shop.engine().unwrap().query(sql).unwrap()),
            (None, Some(api)) => assert!(api.starts_with("/v1/"), "{source}"),
            _ => panic!("{source}"),
        }
    }
}

#[test]
fn a_week_like_the_others_is_called_so() {
    let (_folder, served) = served("");
    let report = served.get("/v1/reports/weekly?day=2025-12-21");
    let tiles = report["blocks"].as_array().unwrap().iter().find(|block| block["part"] == "tiles").unwrap();
    for tile in tiles["tiles"].as_array().unwrap().iter().take(2) {
        for against in tile["against"].as_array().unwrap() {
            assert_eq!(against["shows"], "noise", "{tile}");
        }
    }
    assert!(!words(&report).contains("below what periods vary by anyway"));
    // A month is no week, and has too few of its kind before it to tell.
    let month = served.get("/v1/reports/days?from=2025-10-01&to=2025-12-20");
    assert_eq!(month["kind"], "period");
    assert!(words(&month).contains("fewer than 9 whole periods"), "{}", words(&month));
    let tiles = month["blocks"].as_array().unwrap().iter().find(|block| block["part"] == "tiles").unwrap();
    assert_eq!(tiles["tiles"][0]["against"][0]["shows"], "unknown", "{tiles}");
}

#[test]
fn thin_data_make_no_trend() {
    let (_folder, served) = served("");
    let after = served.get("/v1/reports/weekly?day=2026-01-04");
    assert!(
        words(&after).contains("The orders end on 2025-12-28: 7 days of the period have none"),
        "{}",
        words(&after)
    );
    let tiles = after["blocks"].as_array().unwrap().iter().find(|block| block["part"] == "tiles").unwrap();
    assert!(tiles["tiles"].as_array().unwrap().iter().all(|tile| tile["against"] == json!([])), "{tiles}");
    let early = served.get("/v1/reports/weekly?day=2024-10-01");
    assert!(words(&early).contains("there are no whole data"), "{}", words(&early));

    let empty = Folder(tempfile::tempdir().unwrap());
    drop(Shop::create(empty.shop()).unwrap());
    let nothing = serve(&empty.shop(), key(&empty.shop(), &Scope::ALL));
    let report = nothing.get("/v1/reports/weekly");
    assert!(
        words(&report).contains("There are no orders yet") && table(&report, "By category").is_none(),
        "{report:#}"
    );
    let page = nothing.call("GET", "/v1/reports/weekly?format=html&lang=zh", None);
    assert!(page.status == 200 && page.body.contains("还没有订单"), "{}", page.body);
    assert_eq!(nothing.get("/v1/reports")["items"], json!([]));
    assert_eq!(nothing.get("/v1/alerts")["open"], json!([]));
    // Where nothing can be known, nobody says that all is well.
    assert!(
        words(&report).contains("There was nothing to look at.") && words(&report).contains("spend: there are no rows")
    );
    let looked = nothing.call("POST", "/v1/alerts", None).json();
    assert_eq!((&looked["open"], looked["unchecked"].as_array().map(Vec::len)), (&json!([]), Some(alerts::N_CHECKED)));
    assert_eq!(nothing.get("/v1/alerts")["unchecked"], looked["unchecked"]);
}

#[test]
fn reports_leave_as_files_and_what_is_wrong_is_said() {
    let (_folder, served) = served("[report]\nchromium = \"/no/such/chromium\"\n");
    for (format, media, begins) in [
        ("html", "text/html", "<!doctype html>"),
        ("csv", "text/csv", "\u{feff}section,item,figure,value"),
        ("json", "application/json", "{"),
    ] {
        let file = served.call("GET", &format!("/v1/reports/weekly?format={format}&lang=zh"), None);
        assert!(file.status == 200 && file.body.starts_with(begins), "{format}: {}", file.body);
        assert!(file.header("content-type").is_some_and(|found| found.starts_with(media)), "{format}");
    }
    let page = served.call("GET", "/v1/reports/weekly?format=html&lang=en", None).body;
    assert!(page.contains("Cable &lt;1 m&gt;") && !page.contains("Cable <1 m>") && page.contains("Weekly report"));
    let pdf = served.call("GET", "/v1/reports/weekly?format=pdf", None);
    assert_eq!((pdf.status, &pdf.json()["error"]["code"]), (409, &json!("chromium")), "{}", pdf.body);
    assert!(pdf.json()["error"]["help"].as_str().unwrap().contains("apt install chromium"));
    for (address, status, code) in [
        ("weekly?day=soon", 400, "day"),
        ("weekly?format=doc", 400, "format"),
        ("weekly?lang=fr", 400, "lang"),
        ("weekly?dya=2025-12-01", 400, "query"),
        ("days?from=2025-12-01", 400, "query"),
        ("days?from=2025-12-02&to=2025-12-01", 400, "days"),
        ("days?from=2025-01-01&to=2025-12-01", 400, "days"),
        ("campaigns/nothing", 404, "not_found"),
        ("kept/000009", 404, "not_found"),
    ] {
        let answer = served.call("GET", &format!("/v1/reports/{address}"), None);
        assert_eq!(
            (answer.status, &answer.json()["error"]["code"]),
            (status, &json!(code)),
            "{address}: {}",
            answer.body
        );
    }
    let turned = served.call("GET", "/v1/reports/days?from=2025-12-28&to=2025-12-01", None);
    assert!(turned.body.contains("from 2025-12-28 to 2025-12-01, which is earlier"), "{}", turned.body);
    let reader = key(&_folder.shop(), &[Scope::Serve]);
    for path in ["/v1/reports/weekly", "/v1/reports", "/v1/alerts"] {
        let refused = served.call_by(&reader, "GET", path, None).status;
        assert!(refused == 401 || refused == 403, "{path}: {refused}");
    }
}

#[test]
fn a_campaign_is_told_with_what_it_brought() {
    let (_folder, served) = crate::decisions::made();
    let report = served.get("/v1/reports/campaigns/spring1");
    assert_eq!(report["kind"], "campaign");
    let spent = table(&report, "Spent within 30 days").unwrap();
    let row = &spent["rows"][0];
    assert_eq!((&row[0]["text"]["en"], &row[1]["value"]), (&json!("note"), &json!(60.0)));
    // Those who were written to spent a fifth more than 100.00.
    let difference = &row[4];
    assert!((difference["value"].as_f64().unwrap() - 2_000.0).abs() < 500.0, "{difference}");
    assert!(difference["low"].as_f64().unwrap() > 0.0 && row[5]["text"]["en"] == "above those left out", "{row}");
    assert_eq!(row[7]["value"], json!(120.0), "60 contacts for 0.02 each");
    let page = served.call("GET", "/v1/reports/campaigns/spring1?format=html&lang=en", None);
    assert!(page.status == 200 && page.body.contains("Campaign report: spring1"), "{}", page.body);
}

/// Mails with their attachments, and a webhook: each gets a week once, also when it is asked again.
#[test]
fn one_week_is_sent_once() {
    let outside = tempfile::tempdir().unwrap();
    let sent = Sendmail::new(outside.path());
    let endpoint = Endpoint::start(|_| (200, json!({})));
    let (_folder, served) = served(&format!(
        "[channels.email]\nkind = \"email\"\naddress = \"service@shop.example\"\ninbox = \"mail\"\nsendmail = \"{}/sendmail\"\n\
         [service.webhook]\nurl = \"http://{}/told\"\nsecret_env = \"{VARIABLE}\"\n\
         [[schedule]]\njob = \"report\"\nat = \"mon 07:00\"\n\
         params = {{ lang = \"en\", formats = [\"html\", \"xlsx\"], to = [\"email:boss@shop.example\", \"service-webhook\"], day = \"2025-12-28\" }}\n",
        sent.folder.display(),
        endpoint.address
    ));
    let params = json!({"lang": "en", "formats": ["html", "xlsx"], "to": ["email:boss@shop.example", "service-webhook"], "day": "2025-12-28"});
    let job = served.job("report", params.clone());
    assert_eq!(
        (&job["state"], &job["result"]["n_recipients"], &job["result"]["from"]),
        (&json!("done"), &json!(2), &json!("2025-12-22")),
        "{job}"
    );
    let mail = sent.nth(0);
    assert!(
        header(&mail, "Args").ends_with("boss@shop.example") && header(&mail, "To") == "boss@shop.example",
        "{mail}"
    );
    for name in ["report-2025-12-22-en.html", "report-2025-12-22-en.xlsx"] {
        assert!(mail.contains(&format!("filename=\"{name}\"")), "{name}");
    }
    let told = endpoint.wait("/told", 1)[0].json();
    assert_eq!((&told["event"], &told["report"]["from"]), (&json!("report"), &json!("2025-12-22")), "{told}");

    // Again by hand and by the schedule: it is the same week.
    let again = served.job("report", params);
    assert_eq!((&again["state"], &again["result"]["already"]), (&json!("done"), &json!(true)), "{again}");
    assert_eq!(served.call("POST", "/v1/schedule/report/run", None).status, 202);
    // Another recipient is another delivery; of the first there is none in between.
    let other = served.job(
        "report",
        json!({"lang": "en", "to": ["email:boss@shop.example", "email:li@shop.example"], "day": "2025-12-28"}),
    );
    assert_eq!(other["result"]["n_recipients"], json!(1), "{other}");
    assert!(header(&sent.nth(1), "To") == "li@shop.example");
    let kept = served.get("/v1/reports");
    assert_eq!(
        (kept["items"].as_array().unwrap().len(), &kept["items"][1]["formats"]),
        (2, &json!(["html", "xlsx"])),
        "{kept}"
    );
    let version = kept["items"][1]["version"].as_str().unwrap();
    let file = served.call("GET", &format!("/v1/reports/kept/{version}"), None);
    assert!(file.status == 200 && file.body.contains("Weekly report"), "{}", file.body);
    let missing = served.call("GET", &format!("/v1/reports/kept/{version}?format=csv"), None);
    assert_eq!((missing.status, &missing.json()["error"]["code"]), (404, &json!("format")));

    for (params, said) in [
        (json!({"to": ["fax"]}), "there is no such channel"),
        (json!({"to": ["email"]}), "needs an address"),
        (json!({"to": ["email:nobody"]}), "needs an address"),
        (json!({"to": ["service-webhook:x@y.example"]}), "a webhook has no address"),
        (json!({"formats": ["doc"]}), "allowed: html, pdf"),
        (json!({"lang": "fr"}), "allowed: zh, en"),
        (json!({"day": "soon"}), "allowed: a day"),
        (json!({"recipients": []}), "recipients"),
    ] {
        let refused = served.call("POST", "/v1/jobs", Some(json!({"kind": "report", "params": params})));
        assert!(refused.status == 400 && refused.body.contains(said), "{params}: {}", refused.body);
    }
}

/// Orders and events of a shop that has stopped long ago; then an event comes.
#[test]
fn alerts_are_told_once_and_told_when_over() {
    let endpoint = Endpoint::start(|_| (200, json!({})));
    let (_folder, served) = served(&format!(
        "[service.webhook]\nurl = \"http://{}/told\"\nsecret_env = \"{VARIABLE}\"\n\
         [alerts]\nto = [\"service-webhook\"]\noff = [\"silence.spend\", \"drift\"]\n",
        endpoint.address
    ));
    let looked = served.call("POST", "/v1/alerts", None);
    let keys = |all: &Value| {
        let mut keys: Vec<String> =
            all.as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap().to_owned()).collect();
        keys.sort();
        keys
    };
    assert_eq!(
        (looked.status, keys(&looked.json()["open"])),
        (200, vec!["silence.events".to_owned(), "silence.orders".to_owned()]),
        "{}",
        looked.body
    );
    let told: Vec<Value> = endpoint.wait("/told", 2).iter().map(|got| got.json()).collect();
    assert!(told.iter().all(|one| one["event"] == "alert" && one["alert"]["kind"] == "silence"), "{told:?}");
    let job = served.job("alerts", json!({}));
    assert_eq!(
        (&job["result"]["n_open"], &job["result"]["n_begun"], &job["result"]["n_over"]),
        (&json!(2), &json!(0), &json!(0)),
        "{job}"
    );

    let event = json!({"customer_id": "c1", "kind": "view", "product_id": "cable"});
    let sent = served.call("POST", "/v1/events", Some(event));
    assert_eq!(sent.status, 202, "{}", sent.body);
    let job = served.job("alerts", json!({}));
    assert_eq!((&job["result"]["n_open"], &job["result"]["n_over"]), (&json!(1), &json!(1)), "{job}");
    let all = served.get("/v1/alerts");
    assert_eq!(
        (keys(&all["open"]), keys(&all["over"])),
        (vec!["silence.orders".to_owned()], vec!["silence.events".to_owned()])
    );
    let told = endpoint.wait("/told", 3)[2].json();
    assert!(
        told["subject"].as_str().unwrap().contains("已恢复") || told["subject"].as_str().unwrap().contains("Over"),
        "{told}"
    );
}

fn looked(folder: &Folder, day: i32) -> Vec<String> {
    let shop = Shop::open(folder.shop()).unwrap();
    let store = Store::of(&shop).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let found = runtime.block_on(alerts::look(&shop, &store, Day(day))).unwrap();
    found.into_iter().map(|alert| alert.key).collect()
}

#[test]
fn planted_trouble_is_found_and_nothing_else() {
    let folder = folder("");
    assert_eq!(looked(&folder, END), [] as [&str; 0]);
    assert_eq!(looked(&folder, END + 1), [] as [&str; 0]);
    assert_eq!(looked(&folder, END + 2), ["silence.orders", "silence.events", "silence.spend"]);
    // Before it happened it was not to be seen.
    let shop = Shop::open(folder.shop()).unwrap();
    let day = |day: i32, cents: i64| json!({"day": Day(day).to_string(), "channel": "search", "spend_cents": cents});
    write::<Spend>(&shop, &[day(END + 1, 60_000), day(END + 2, 10_500)]);
    let order = |day: i32, nth: i32| {
        json!({"order_id": format!("p{day}-{nth}"), "ordered_at": at(day), "customer_id": format!("c{nth}"),
        "product_id": "cable", "quantity": 1, "unit_price_cents": 900, "channel": "phone"})
    };
    let odd: Vec<Value> = (END + 3..=END + 4).flat_map(|day| (0..60).map(move |nth| order(day, nth))).collect();
    write::<Order>(&shop, &odd);
    drop(shop);
    assert_eq!(looked(&folder, END), [] as [&str; 0]);
    assert_eq!(looked(&folder, END + 1), ["spend.search"]);
    let found = looked(&folder, END + 4);
    assert!(
        found.contains(&"drift.orders.channel".to_owned()) && found.contains(&"silence.events".to_owned()),
        "{found:?}"
    );
    let path = folder.shop().join("tercet.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(
        &path,
        format!("{text}\n[alerts]\noff = [\"drift.orders.channel\", \"silence\"]\nspend_times = 8.0\n"),
    )
    .unwrap();
    assert_eq!(looked(&folder, END + 4), [] as [&str; 0]);
    std::fs::write(&path, format!("{text}\n[alerts]\ndrift_max = 0\n")).unwrap();
    let shop = Shop::open(folder.shop()).unwrap();
    assert!(alerts::Rules::of(shop.config()).unwrap_err().message.contains("drift_max is 0"));
}

/// A model that was judged worse than most popular first.
#[test]
fn a_model_worse_than_the_simple_one_is_told() {
    let folder = make();
    let secret = key(&folder.shop(), &Scope::ALL);
    let served = serve(&folder.shop(), secret);
    let trained = served.job("train", json!({"algorithm": "ease"}));
    assert_eq!(trained["state"], "done", "{trained}");
    let judged =
        served.job("evaluate", json!({"algorithms": ["ease", "popularity"], "k": [10], "split": "leave-one-out"}));
    assert_eq!(judged["state"], "done", "{judged}");
    let report = served.get("/v1/reports/weekly");
    assert!(
        value(&report, "model") > value(&report, "most popular first"),
        "{N_CUSTOMERS} customers in two groups: {report:#}"
    );
    assert!(words(&report).contains("It is better than most popular first"), "{}", words(&report));
    // Another evaluation, in which the simple one was better.
    let mut worse = judged["result"].clone();
    worse["id"] = json!("later");
    worse["at"] = json!(worse["at"].as_i64().unwrap() + 1000);
    for row in worse["rows"].as_array_mut().unwrap() {
        let mean = if row["card"] == "popularity" { 0.9 } else { 0.1 };
        for metric in row["metrics"].as_object_mut().unwrap().values_mut() {
            *metric = json!({"mean": mean, "low": mean - 0.05, "high": mean + 0.05});
        }
    }
    let store = Store::open(&folder.shop()).unwrap();
    store.put_evaluation("later", worse["at"].as_i64().unwrap(), &worse).unwrap();
    let report = served.get("/v1/reports/weekly");
    assert!(words(&report).contains("It is worse than most popular first"), "{}", words(&report));
    let all = table(&report, "Out of order").unwrap();
    assert!(
        all["rows"]
            .as_array()
            .unwrap()
            .iter()
            .any(|row| row[0]["text"]["en"] == "The model is worse than the simple one"),
        "{all}"
    );
}

/// Half a year of the simulated shop, in which nothing is wrong: festivals, new products and flights of advertising are part of it.
#[test]
fn a_shop_without_trouble_is_rarely_alarmed() {
    let folder = Folder(tempfile::tempdir().unwrap());
    let shop = Shop::create(folder.shop()).unwrap();
    simulate(&shop, &Settings::new(Size::Tiny, 1, Day(END), Language::En), &mut |_, _| {}).unwrap();
    let store = Store::of(&shop).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut found = Vec::new();
    // Each look takes a second or two; more of them are held by the tests of the rules themselves.
    const N: i32 = 12;
    for look in 0..N {
        let day = Day(END - 14 * look);
        let all = runtime.block_on(alerts::look(&shop, &store, day)).unwrap();
        found.extend(all.into_iter().map(|alert| (day.to_string(), alert.key, alert.value, alert.limit)));
    }
    // At most one in ten looks, and none of data that never stopped.
    assert!(found.len() * 10 <= N as usize, "{found:#?}");
    assert!(!found.iter().any(|(_, key, ..)| key.starts_with("silence") || key.starts_with("spend")), "{found:#?}");
}
