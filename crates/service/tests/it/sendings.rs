//! Sendings from outside: a server that sends by itself through a program's endpoint, a program that takes mails, and as a file; whom it
//! leaves alone, what it counts as a contact, and who may say that it goes.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use service::auth::Scope;
use service::channels::signed;

use crate::channels::{Endpoint, Sendmail, header};
use crate::content::{error, goods, post, write};
use crate::decisions::{STOCK, customers, decide, made, n_exposures, of_kind};
use crate::http::Got;
use crate::shop::{Folder, N_CUSTOMERS, Served, key, key_of, serve};

/// A variable that every process has, of enough characters for a secret.
const VARIABLE: &str = "PATH";

/// Phones, and customers who agreed to text messages; at no time of day is it quiet.
fn shop_with(channels: &str) -> (Folder, Served, String) {
    shop_of(channels, &[])
}

const RULES: &str = "[proactive]\nquiet_from = \"09:00\"\nquiet_until = \"09:00\"\nstop_zh = \"回复 TD 退订\"\nstop_en = \"Reply STOP\"\n";

/// The same with other rows of some customers.
fn shop_of(channels: &str, customers: &[Value]) -> (Folder, Served, String) {
    let folder = goods(|_| {});
    let opened = data::Shop::open(folder.shop()).unwrap();
    crate::shop::write::<domain::Customer>(&opened, customers);
    drop(opened);
    let config = folder.shop().join("tercet.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let text = text.replacen("[decisions]\n", "[decisions]\ncontrol = 0.25\n", 1);
    let text = text.replacen("[content]\n", "[content]\nproduct_url = \"https://a.example/p/{product_id}\"\n", 1);
    std::fs::write(&config, format!("{text}\n{channels}")).unwrap();
    std::fs::write(folder.shop().join("service.toml"), RULES).unwrap();
    let second = key_of("second", &folder.shop(), &[Scope::Manage, Scope::Approve]);
    let first = key(&folder.shop(), &Scope::ALL);
    let served = serve(&folder.shop(), first);
    (folder, served, second)
}

/// A copy of a channel that somebody else approved.
fn approved(served: &Served, second: &str, product: &str, channel: &str) -> String {
    let written = write(served, product, channel, json!({"n_variants": 1}));
    let brief = json!({"product_ids": [product], "channel": channel, "goal": "launch", "language": "zh"});
    let body = json!({"brief": brief, "draft": written["variants"][0]["draft"]});
    let made = post(served, "/v1/content/drafts", body).json();
    let id = made["row"]["draft_id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    let body = json!({"to": "approved", "version": made["row"]["version"]});
    let response = served.call_by(second, "POST", &format!("/v1/content/drafts/{id}/state"), Some(body));
    assert_eq!(response.status, 200, "{}", response.body);
    id
}

fn everybody(served: &Served) {
    let made = post(served, "/v1/audiences", json!({"name": "All", "conditions": {"all": []}}));
    assert_eq!(made.status, 201, "{}", made.body);
}

fn create(served: &Served, body: Value) -> String {
    let made = post(served, "/v1/sendings", body);
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()["id"].as_str().unwrap().to_owned()
}

fn moved(served: &Served, by: &str, id: &str, to: &str) -> crate::http::Response {
    served.call_by(by, "POST", &format!("/v1/sendings/{id}/state"), Some(json!({"to": to, "why": "a test"})))
}

fn view(served: &Served, id: &str) -> Value {
    served.get(&format!("/v1/sendings/{id}"))
}

/// The sending once it is in this state.
fn wait_for(served: &Served, id: &str, state: &str) -> Value {
    loop {
        let told = view(served, id);
        if told["state"] == state {
            return told;
        }
        assert!(!["cancelled", "sent"].contains(&told["state"].as_str().unwrap()), "{told}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

fn n_of(told: &Value, state: &str, reason: Option<&str>) -> u64 {
    let all = told["counts"].as_array().unwrap().iter();
    let alike = |one: &&Value| one["state"] == state && reason.is_none_or(|reason| one["reason"] == reason);
    all.filter(alike).map(|one| one["n"].as_u64().unwrap()).sum()
}

fn webhook(endpoint: &Endpoint, more: &str) -> String {
    format!(
        "[channels.app]\nkind = \"webhook\"\nsecret_env = \"{VARIABLE}\"\nreply_url = \"http://{}/out\"\ncampaigns = [\"sms\"]\n{more}",
        endpoint.address
    )
}

/// Those whom the exposures of a campaign tell of: contacts, and controls.
fn exposed(served: &Served, campaign: &str) -> (u64, u64) {
    let all = served.get("/v1/campaigns");
    let found = all["items"].as_array().unwrap().iter().find(|one| one["campaign_id"] == campaign);
    let n = |arm: &str| {
        let arms = found.map(|one| one["arms"].as_array().unwrap().clone()).unwrap_or_default();
        arms.iter().find(|one| one["arm"] == arm).map_or(0, |one| one["n_customers"].as_u64().unwrap())
    };
    (n("contact"), n("control"))
}

fn ids_of(got: &[Got]) -> BTreeSet<String> {
    got.iter().map(|one| one.json()["customer_id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_audience_is_written_to_once_by_who_may_say_so() {
    let endpoint = Endpoint::start(|_| (200, json!({})));
    let (_folder, served, second) = shop_with(&webhook(&endpoint, ""));
    let draft = approved(&served, &second, "s5", "sms");
    everybody(&served);
    let wanted = json!({"name": "618", "audience_id": "All", "routes": [{"way": "sms", "channel": "app", "draft_ids": [draft]}]});
    let id = create(&served, wanted.clone());
    // One wants no more, one is erased.
    let quiet = json!({"region": "North", "consent": []});
    assert!(served.call("PUT", "/v1/customers/c1", Some(quiet)).status < 300);
    let tried = served.get(&format!("/v1/sendings/{id}/preview"));
    let n = N_CUSTOMERS as u64;
    assert_eq!((&tried["n_listed"], &tried["blocked"]), (&json!(n), &json!([])), "{tried}");
    assert_eq!(tried["n_to_send"].as_u64().unwrap() + tried["n_control"].as_u64().unwrap(), n - 1, "{tried}");
    assert_eq!((&tried["left_out"][0]["reason"], &tried["left_out"][0]["n"]), (&json!("no_consent"), &json!(1)));
    assert!(tried["shown"][0]["text"].as_str().unwrap().contains("拒收请回复"), "{tried}");
    assert!(endpoint.got.0.lock().unwrap().is_empty(), "a dry run sends nothing");

    error(&moved(&served, &served.key, &id, "approve"), 403, "four_eyes");
    error(&moved(&served, &second, &id, "pause"), 409, "state");
    assert_eq!(moved(&served, &second, &id, "approve").status, 200);
    let told = wait_for(&served, &id, "sent");
    let (n_sent, n_control) = (told["n_sent"].as_u64().unwrap(), told["n_control"].as_u64().unwrap());
    assert_eq!((n_sent, n_control), (tried["n_to_send"].as_u64().unwrap(), tried["n_control"].as_u64().unwrap()));
    assert_eq!((n_of(&told, "left_out", Some("no_consent")), n_of(&told, "waiting", None)), (1, 0), "{told}");
    let got = endpoint.wait("/out", n_sent as usize);
    assert_eq!((got.len() as u64, ids_of(&got).len() as u64), (n_sent, n_sent), "nobody twice");
    assert!(!ids_of(&got).contains("c1"));
    let secret = std::env::var(VARIABLE).unwrap();
    for one in &got {
        let (time, given) = (one.header("X-Tercet-Time"), one.header("X-Tercet-Signature"));
        let now: i64 = time.parse().unwrap();
        assert_eq!(signed::verify(secret.trim(), &time, &given, one.body.as_bytes(), now), Ok(()));
        assert_eq!(one.json()["id"].as_str(), Some(one.header("X-Tercet-Id").as_str()));
        assert_eq!(one.json()["campaign"]["draft_id"], draft.as_str());
    }
    assert_eq!(exposed(&served, &id), (n_sent, n_control));

    // A reply of STOP takes the consent away.
    let key = got[0].json()["id"].clone();
    let out = || post(&served, "/v1/sendings/opt-out", json!({"key": key})).json();
    assert_eq!((out()["had_agreed"].clone(), out()["had_agreed"].clone()), (json!(true), json!(false)));
    error(&post(&served, "/v1/sendings/opt-out", json!({"key": "sd_none"})), 404, "not_found");
    let who = got[0].json()["customer_id"].as_str().unwrap().to_owned();
    assert_eq!(served.get(&format!("/v1/customers/{who}"))["consent"], json!([]));

    // A second one within the days of rest reaches nobody: who was left out as a control rests as those who were written to do.
    let again =
        create(&served, json!({"control": 0, "name": "again", "audience_id": "All", "routes": wanted["routes"]}));
    assert_eq!(moved(&served, &second, &again, "approve").status, 200);
    let told = wait_for(&served, &again, "sent");
    assert_eq!(
        (n_of(&told, "sent", None), n_of(&told, "left_out", Some("control")), n_of(&told, "left_out", Some("rests"))),
        (0, n_control, n_sent - 1),
        "{told}"
    );
    error(&moved(&served, &second, &again, "cancel"), 409, "state");
}

#[test]
fn a_receiver_that_fails_half_way_is_gone_on_with_and_a_withdrawn_draft_stops_it() {
    let taken = std::sync::atomic::AtomicUsize::new(0);
    // After the fifth nothing is taken.
    let endpoint = Endpoint::start(move |_| match taken.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0..5 => (200, json!({})),
        _ => (503, json!({})),
    });
    let (folder, mut served, second) = shop_with(&webhook(&endpoint, ""));
    let draft = approved(&served, &second, "s5", "sms");
    everybody(&served);
    let routes = json!([{"way": "sms", "channel": "app", "draft_ids": [draft]}]);
    let id = create(&served, json!({"name": "a", "audience_id": "All", "routes": routes}));
    assert_eq!(moved(&served, &second, &id, "approve").status, 200);
    endpoint.wait("/out", 8);
    let told = view(&served, &id);
    assert_eq!(told["state"], "sending", "{told}");
    assert_eq!(moved(&served, &second, &id, "pause").status, 200);
    assert_eq!(view(&served, &id)["n_sent"], 5);
    served.stop();
    endpoint.answer(|_| (200, json!({})));
    while data::Shop::open(folder.shop()).and_then(|shop| shop.lock_for_writing()).is_err() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let served = serve(&folder.shop(), served.key.clone());
    // While it is paused its draft is taken back: it pauses again by itself, and says why.
    let version = served.get(&format!("/v1/content/drafts/{draft}"))["row"]["version"].clone();
    let back = json!({"to": "draft", "version": version});
    assert_eq!(post(&served, &format!("/v1/content/drafts/{draft}/state"), back).status, 200);
    assert_eq!(moved(&served, &second, &id, "resume").status, 200);
    let told = wait_for(&served, &id, "paused");
    assert!(told["note"]["en"].as_str().unwrap().contains("the draft is draft"), "{told}");
    assert_eq!(told["n_sent"], 5);
    assert_eq!(moved(&served, &second, &id, "cancel").status, 200);
    let told = view(&served, &id);
    let n_control = told["n_control"].as_u64().unwrap();
    let n_cancelled = N_CUSTOMERS as u64 - 5 - n_control;
    assert_eq!((&told["n_left"], n_of(&told, "left_out", Some("cancelled"))), (&json!(0), n_cancelled), "{told}");
    assert_eq!(exposed(&served, &id), (5, n_control), "who was not reached is no contact");
}

/// More customers than one run takes, and a receiver that takes a hundred and five: after three failures it is left alone, the sending says so,
/// and whom it has reached until then is in the exposures.
#[test]
fn a_receiver_that_takes_no_more_is_left_alone_however_many_are_due() {
    let taken = std::sync::atomic::AtomicUsize::new(0);
    let endpoint = Endpoint::start(move |_| match taken.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0..105 => (200, json!({})),
        _ => (503, json!({})),
    });
    let rows: Vec<Value> = (0..220).map(|who| json!({"customer_id": format!("m{who}"), "consent": ["sms"]})).collect();
    let (_folder, served, second) = shop_of(&webhook(&endpoint, ""), &rows);
    let draft = approved(&served, &second, "s5", "sms");
    everybody(&served);
    let routes = json!([{"way": "sms", "channel": "app", "draft_ids": [draft]}]);
    let id = create(&served, json!({"name": "a", "audience_id": "All", "routes": routes, "control": 0}));
    assert_eq!(moved(&served, &second, &id, "approve").status, 200);
    let told = loop {
        let told = view(&served, &id);
        if !told["note"].is_null() {
            break told;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    assert!(told["state"] == "sending" && told["note"]["en"].as_str().unwrap().contains("receiver of app"), "{told}");
    assert!(told["rests"]["app"].is_i64() && told["note"]["zh"].as_str().unwrap().contains("app"), "{told}");
    assert_eq!(endpoint.got.0.lock().unwrap().len(), 108, "it is left alone");
    assert_eq!((&told["n_sent"], exposed(&served, &id)), (&json!(105), (105, 0)));
    // Whoever pauses it and lets it go on wants it tried now.
    assert_eq!(moved(&served, &second, &id, "pause").status, 200);
    endpoint.answer(|_| (200, json!({})));
    assert_eq!(moved(&served, &second, &id, "resume").status, 200);
    endpoint.wait("/out", 120);
}

#[test]
fn those_whom_the_other_side_did_not_take_may_be_tried_again() {
    let endpoint = Endpoint::start(|_| (400, json!({})));
    let (_folder, served, second) = shop_with(&webhook(&endpoint, ""));
    let draft = approved(&served, &second, "s5", "sms");
    everybody(&served);
    let routes = json!([{"way": "sms", "channel": "app", "draft_ids": [draft]}]);
    let id = create(&served, json!({"name": "a", "audience_id": "All", "routes": routes}));
    error(&moved(&served, &second, &id, "retry"), 409, "state");
    assert_eq!(moved(&served, &second, &id, "approve").status, 200);
    let told = wait_for(&served, &id, "sent");
    let n_failed = n_of(&told, "failed", None);
    assert_eq!((&told["n_sent"], n_failed), (&json!(0), N_CUSTOMERS as u64 - told["n_control"].as_u64().unwrap()));
    endpoint.answer(|_| (200, json!({})));
    let retried = moved(&served, &second, &id, "retry");
    assert_eq!((retried.status, &retried.json()["state"]), (200, &json!("sending")), "{}", retried.body);
    let told = wait_for(&served, &id, "sent");
    assert_eq!((told["n_sent"].as_u64(), n_of(&told, "failed", None)), (Some(n_failed), 0), "{told}");
    assert_eq!(exposed(&served, &id).0, n_failed);
    error(&moved(&served, &second, &id, "retry"), 409, "nobody");
}

/// A budget that nothing can be counted against holds nobody back; so it is refused.
#[test]
fn a_budget_needs_what_a_contact_costs() {
    let endpoint = Endpoint::start(|_| (200, json!({})));
    let (_folder, served, second) = shop_with(&webhook(&endpoint, ""));
    let draft = approved(&served, &second, "s5", "sms");
    everybody(&served);
    let routes = json!([{"way": "sms", "channel": "app", "draft_ids": [draft]}]);
    let wanted = json!({"name": "a", "audience_id": "All", "routes": routes, "budget_cents": 1});
    let refused = post(&served, "/v1/sendings", wanted);
    error(&refused, 400, "budget");
    assert!(refused.body.contains("'sms' costs") && refused.body.contains("contact_costs"), "{}", refused.body);
}

#[test]
fn a_list_that_is_handed_over_as_a_file_counts_who_is_in_it() {
    let (folder, served) = made();
    let made = post(&served, "/v1/keys", json!({"name": "second", "scopes": ["manage", "approve"]}));
    let second = made.json()["secret"].as_str().unwrap_or_else(|| panic!("{}", made.body)).to_owned();
    let draft = approved(&served, &second, "case", "push");
    let told = decide(&served);
    let decision = of_kind(&told, "accessory").unwrap()["id"].as_str().unwrap().to_owned();
    let routes: Vec<Value> =
        ["sms", "email"].iter().map(|way| json!({"way": way, "channel": "csv", "draft_ids": [draft]})).collect();
    let wanted = json!({"name": "cases", "decision_id": decision, "routes": routes});
    error(&post(&served, "/v1/sendings", wanted.clone()), 409, "open");
    assert_eq!(post(&served, &format!("/v1/decisions/{decision}/accept"), json!({})).status, 200);
    assert_eq!(n_exposures(&served, &decision), STOCK as u64);
    let listed = customers(&served.call("GET", &format!("/v1/decisions/{decision}/customers"), None).body);
    let id = create(&served, wanted.clone());
    error(&post(&served, "/v1/sendings", wanted), 409, "exists");
    let file = format!("/v1/sendings/{id}/file");
    error(&served.call("GET", &file, None), 409, "not_begun");
    let gone = listed.first().unwrap();
    let quiet = json!({"consent": []});
    assert!(served.call("PUT", &format!("/v1/customers/{gone}"), Some(quiet)).status < 300);
    // Nobody says how customers end it: nothing that promotes leaves like that, and the dry run says so too.
    let tried = served.get(&format!("/v1/sendings/{id}/preview"));
    assert!(tried["blocked"][0]["en"].as_str().unwrap().contains("how to end it"), "{tried}");
    error(&moved(&served, &second, &id, "approve"), 409, "no_stop");
    std::fs::write(folder.shop().join("service.toml"), RULES).unwrap();
    assert_eq!(moved(&served, &second, &id, "approve").status, 200);
    let told = wait_for(&served, &id, "sent");
    assert_eq!((&told["n_listed"], n_of(&told, "left_out", Some("no_consent"))), (&json!(STOCK), 1), "{told}");
    let csv = served.call("GET", &file, None);
    assert_eq!(csv.status, 200, "{}", csv.body);
    let rows = csv.body.matches(&format!("{decision},new")).count();
    assert_eq!((rows, told["n_sent"].as_u64().unwrap() as usize), (listed.len() - 1, listed.len() - 1), "{}", csv.body);
    assert!(csv.body.contains("回复 TD 退订") && !csv.body.contains(&format!(",{gone},")), "{}", csv.body);
    // Who was not handed over is no contact, and the list leaves by one way only.
    assert_eq!(n_exposures(&served, &decision), STOCK as u64 - 1);
    error(&served.call("GET", &format!("/v1/decisions/{decision}/customers"), None), 409, "is_sent");
    // Whoever is erased goes from everywhere; what was told of numbers stays.
    let erased = listed.iter().nth(1).unwrap();
    assert!(served.call("DELETE", &format!("/v1/customers/{erased}"), None).status < 300);
    assert!(!served.call("GET", &file, None).body.contains(&format!(",{erased},")));
    assert_eq!(n_exposures(&served, &decision), STOCK as u64 - 2);
    assert_eq!(view(&served, &id)["n_sent"], told["n_sent"]);
}

#[test]
fn mails_go_to_the_address_of_the_row_and_one_that_comes_back_ends_them() {
    let outside = tempfile::tempdir().unwrap();
    let sent = Sendmail::new(outside.path());
    let config = format!(
        "[channels.email]\nkind = \"email\"\naddress = \"service@shop.example\"\ninbox = \"mail\"\nsendmail = \"{}\"\n\
         campaigns = [\"email\"]\n",
        sent.folder.join("sendmail").display()
    );
    let row = |id: &str, extra: Value| json!({"customer_id": id, "consent": ["email"], "extra": extra.to_string()});
    let rows = [
        row("c1", json!({"email": "li@example.com", "name": "Li <b>"})),
        row("c2", json!({"email": "LI@example.com"})),
        row("c3", json!({})),
    ];
    let (folder, served, second) = shop_of(&config, &rows);
    let draft = approved(&served, &second, "s5", "email");
    let detail = served.get(&format!("/v1/content/drafts/{draft}"));
    let field = |name: &str| {
        let fields = detail["draft"]["fields"].as_array().unwrap();
        fields.iter().find(|field| field["name"] == name).unwrap()["text"].as_str().unwrap().to_owned()
    };
    // A name in the text and in the page.
    let fields = json!({"text": format!("{{{{name|您好}}}}\n{}", field("text")),
        "html": field("html").replacen("<p", "<p>{{name|您好}}</p><p", 1)});
    let edit = json!({"fields": fields, "version": detail["row"]["version"]});
    let edited = served.call("PUT", &format!("/v1/content/drafts/{draft}"), Some(edit));
    assert_eq!(edited.status, 200, "{}", edited.body);
    let body = json!({"to": "approved", "version": edited.json()["row"]["version"]});
    let response = served.call_by(&second, "POST", &format!("/v1/content/drafts/{draft}/state"), Some(body));
    assert_eq!(response.status, 200, "{}", response.body);
    everybody(&served);
    let routes = json!([{"way": "email", "channel": "email", "draft_ids": [draft]}]);
    let id = create(&served, json!({"name": "mail", "audience_id": "All", "routes": routes, "control": 0}));
    assert_eq!(moved(&served, &second, &id, "approve").status, 200);
    let told = wait_for(&served, &id, "sent");
    let n = |reason: &str| n_of(&told, "left_out", Some(reason));
    assert_eq!((&told["n_sent"], n("same_address"), n("no_address")), (&json!(1), 1, 1), "{told}");
    let mail = sent.nth(0);
    let (args, raw) = mail.split_once('\n').unwrap();
    assert!(args.to_lowercase().ends_with("-- li@example.com"), "{args}");
    let read = mail_parser(raw);
    assert!(
        read.0.contains("unsubscribe%20sd_") && read.1.starts_with("Li <b>") && read.2.contains("Li &lt;b&gt;"),
        "{read:?}"
    );
    let key = header(raw, "Message-ID").trim_start_matches('<').split('@').next().unwrap().to_owned();
    let inbox = folder.shop().join("mail");
    std::fs::create_dir_all(inbox.join("new")).unwrap();
    let mail = format!("From: li@example.com\r\nSubject: unsubscribe {key}\r\nMessage-ID: <u@x>\r\n\r\nno more");
    std::fs::write(inbox.join("unsubscribe"), mail).unwrap();
    std::fs::rename(inbox.join("unsubscribe"), inbox.join("new/1")).unwrap();
    let consent = |id: &str| served.get(&format!("/v1/customers/{id}"))["consent"].clone();
    while consent("c1") == json!(["email"]) && consent("c2") == json!(["email"]) {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// Where it ends, its text and its page, of a mail as it was handed over.
fn mail_parser(raw: &str) -> (String, String, String) {
    use base64::Engine;
    let decoded = |part: &str| {
        let body: String = part.split_once("\n\n").unwrap().1.lines().take_while(|line| !line.is_empty()).collect();
        String::from_utf8(base64::engine::general_purpose::STANDARD.decode(body).unwrap()).unwrap()
    };
    let parts: Vec<&str> = raw.split("--tercet-part").collect();
    (header(raw, "List-Unsubscribe").to_owned(), decoded(parts[1]), decoded(parts[2]))
}
